//! `dyvms doctor`: whether this machine can call the service, and what to do if not.

mod clock;
mod network;
mod signed;

use std::io::{self, Write as _};
use std::time::Duration;

use dyvmsapi::Retries;
use unicode_width::UnicodeWidthStr as _;

use self::network::Network;
use self::signed::Observed;
use crate::catalogue::Format;
use crate::client::{self, Connection};
use crate::failure::Failure;
use crate::json::Json;
use crate::language::{Language, pick, text};
use crate::{lines, notice, output, spec, terminal};

/// Options of `dyvms doctor`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    #[command(flatten)]
    client: client::Options,
    /// Format of the result
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
}

/// Details of the help.
pub(crate) const HELP: &str = "\
Check whether this machine can call the service, with the options that `dyvms call` has. One line for each check says what \
was found, and what to do if it is wrong.

One read operation is called, which changes nothing and calls nobody. Checks that need the network are left out if there is \
none. The exit status is 0 only if all checks have passed, and otherwise 1.";

const VERSION: &str = "version";
const SETTINGS: &str = "settings";
const PROXY: &str = "proxy";

/// The time limit of each check, unless that of a call is shorter.
const LONGEST: Duration = Duration::from_secs(5);

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    name: &'static str,
    result: CheckResult,
    detail: String,
    /// What to do; empty if nothing is wrong.
    remedy: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CheckResult {
    Passed,
    Failed,
    /// Another check that failed makes it impossible.
    NotChecked,
}

impl Check {
    fn passed(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, result: CheckResult::Passed, detail: detail.into(), remedy: String::new() }
    }

    fn failed(name: &'static str, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, result: CheckResult::Failed, detail: detail.into(), remedy: remedy.into() }
    }

    fn not_checked(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, result: CheckResult::NotChecked, detail: why.into(), remedy: String::new() }
    }
}

/// Checks this machine.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let (checks, is_offline) = checks(&options.client).await?;
    show(&checks, options.output)?;
    if is_offline {
        notice::note(pick(
            "the endpoint was not reached, so that this machine may be offline: only what needs no network was checked",
            Some("未连接到接入点，本机可能处于离线状态：只检查了不需要网络的项目"),
        ));
    }
    let wrong = checks.iter().filter(|check| check.result != CheckResult::Passed).count();
    if wrong > 0 {
        let (count, all) = (checks.len(), notice::count(checks.len(), "check"));
        let what = match Language::current() {
            Language::English => format!("{wrong} of {all} did not pass"),
            Language::Chinese => format!("{count} 项检查中有 {wrong} 项未通过"),
        };
        return Err(Failure::Checks(what));
    }
    Ok(())
}

/// All checks in their order, and whether the endpoint was not reached.
async fn checks(options: &client::Options) -> Result<(Vec<Check>, bool), Failure> {
    let service = spec::service();
    let version = format!("dyvms {}, {} {}", env!("CARGO_PKG_VERSION"), service.product, service.version);
    let mut checks = vec![Check::passed(VERSION, version)];
    let Some(request) = signed::request() else {
        return Err(Failure::Usage("the specification has no read operation without required parameters".to_owned()));
    };
    let limit = options.timeout().min(LONGEST);
    let (credentials, observed) = Observed::new(options.credentials());
    let builder = options.builder(&request)?.credentials(credentials).timeout(limit).retries(Retries::never());
    let connection = match Connection::with(options, &request, builder).await {
        Ok(connection) => connection,
        Err(Failure::Call { error, .. }) => {
            checks.push(Check::failed(
                SETTINGS,
                text!("{error}", "设置有误：{error}"),
                pick("correct the option or the variable that it names", Some("请更正其中提到的选项或环境变量")),
            ));
            return Ok((checks, false));
        }
        Err(failure) => return Err(failure),
    };
    let network = Network::new(connection.client(), limit);
    checks.push(network.endpoint());
    let proxy = network.proxy();
    checks.push(network.name(proxy.is_some()).await);
    checks.push(Check::passed(PROXY, proxy.unwrap_or_else(|| pick("none is used", Some("未使用")).to_owned())));
    let (reached, date) = network.reach().await;
    let is_reached = reached.result == CheckResult::Passed;
    checks.push(reached);
    checks.push(clock::check(date.as_deref(), is_reached));
    checks.extend(network.emulator(is_reached).await);
    // Credentials are looked for before anything is sent, whether or not it can be.
    let outcome = connection.send(&request).await;
    checks.push(observed.check());
    checks.extend(signed::checks(&request, outcome, observed.is_found(), is_reached));
    Ok((checks, !is_reached))
}

fn show(checks: &[Check], format: Format) -> io::Result<()> {
    if format == Format::Json {
        return output::write_json(io::stdout().lock(), &Json::List(checks.iter().map(as_json).collect()));
    }
    // It takes the colours off again unless this is a terminal that wants them.
    let mut stdout = anstream::stdout().lock();
    let column = if Language::current() == Language::Chinese { 8 } else { 11 };
    let width = terminal::result_width().map(usize::from);
    for Check { name, result, detail, remedy } in checks {
        let (colour, word) = match result {
            CheckResult::Passed => ("32", pick("ok", Some("通过"))),
            CheckResult::Failed => ("31", pick("failed", Some("失败"))),
            CheckResult::NotChecked => ("33", pick("not checked", Some("未检查"))),
        };
        let separator = if remedy.is_empty() { "" } else { pick("; ", Some("；")) };
        let (word, name) = (padded(word, column), padded(pick(name, in_chinese(name)), column));
        let line = format!("\x1b[{colour}m{word}\x1b[0m  {name}  {detail}{separator}{remedy}");
        writeln!(stdout, "{}", fitted(&line, 2 * (column + 2), width))?;
    }
    Ok(())
}

/// A line of a check for a terminal: what was found goes on in its column, or further to the left if there is little room.
fn fitted(line: &str, column: usize, width: Option<usize>) -> String {
    const LITTLE: usize = 60;
    match width {
        None => line.to_owned(),
        Some(width) => lines::filled(line, if width < LITTLE { 2 } else { column }, width),
    }
}

/// A text with spaces after it, to a width in columns of a terminal.
fn padded(text: &str, width: usize) -> String {
    text.to_owned() + &" ".repeat(width.saturating_sub(text.width()))
}

/// The name of a check for people. Programs get the English one.
fn in_chinese(name: &str) -> Option<&'static str> {
    let known = [
        (VERSION, "版本"),
        (SETTINGS, "设置"),
        (network::ENDPOINT, "接入点"),
        (network::NAME, "域名解析"),
        (PROXY, "代理"),
        (network::REACHED, "连接"),
        (clock::NAME, "时钟"),
        (network::EMULATOR, "模拟器"),
        (signed::CREDENTIALS, "凭证"),
        (signed::CALL, "调用"),
        (signed::PERMISSION, "权限"),
    ];
    known.into_iter().find(|(english, _)| *english == name).map(|(_, chinese)| chinese)
}

fn as_json(check: &Check) -> Json {
    let result = match check.result {
        CheckResult::Passed => "passed",
        CheckResult::Failed => "failed",
        CheckResult::NotChecked => "notChecked",
    };
    let member = |name: &str, text: &str| (name.to_owned(), Json::Text(text.to_owned()));
    Json::Object(vec![
        member("check", check.name),
        member("result", result),
        member("detail", &check.detail),
        member("remedy", &check.remedy),
    ])
}
