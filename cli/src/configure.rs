//! `dyvms configure`: the profiles that this command shares with Alibaba's own.

mod configuration;
mod input;

use std::fmt;
use std::io::{self, Write as _};

use aliyun_runtime::credentials::Profile;
use terminal_size::Width;

use self::configuration::Configuration;
use crate::failure::Failure;
use crate::json::Json;
use crate::rows::Column;
use crate::{notice, output, table};

/// Options of `dyvms configure`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// List the profiles; the current one is marked
    List(List),
    /// Add a profile; what its mode needs and is not given is asked for
    Add(Add),
    /// Change members of a profile
    Set(Set),
    /// Make a profile the current one, which is used if none is named
    Use(Use),
}

#[derive(Debug, clap::Args)]
struct List {
    /// Format of the result
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// A table for people
    #[default]
    Table,
    /// A list of objects
    Json,
}

#[derive(clap::Args)]
struct Add {
    /// Name of the new profile
    #[arg(value_name = "NAME")]
    name: String,
    /// Where its credentials come from, such as AK, `StsToken`, `RamRoleArn` or `EcsRamRole`
    #[arg(long, value_name = "MODE", default_value = "AK")]
    mode: String,
    /// Members and their values; never a secret, which is asked for
    // Texts, because an error of the command line would show a secret.
    #[arg(value_name = "MEMBER=VALUE")]
    members: Vec<String>,
}

#[derive(clap::Args)]
struct Set {
    /// Name of the profile
    #[arg(value_name = "NAME")]
    name: String,
    /// Members and their values; a member without a value is asked for, as every secret is
    #[arg(value_name = "MEMBER[=VALUE]", required = true)]
    members: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Use {
    /// Name of the profile
    #[arg(value_name = "NAME")]
    name: String,
}

/// Without values: somebody may have written a secret there.
impl fmt::Debug for Add {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Add").field("name", &self.name).field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// Without values: somebody may have written a secret there.
impl fmt::Debug for Set {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Set").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The members that a profile of a mode cannot do without.
const NEEDED: [(&str, &[&str]); 9] = [
    ("AK", &["access_key_id", "access_key_secret"]),
    ("StsToken", &["access_key_id", "access_key_secret", "sts_token"]),
    ("RamRoleArn", &["access_key_id", "access_key_secret", "ram_role_arn"]),
    ("ChainableRamRoleArn", &["source_profile", "ram_role_arn"]),
    ("RamRoleArnWithRoleName", &["ram_role_name", "ram_role_arn"]),
    ("EcsRamRole", &[]),
    ("OIDC", &["oidc_provider_arn", "oidc_token_file", "ram_role_arn"]),
    ("External", &["process_command"]),
    ("CredentialsURI", &["credentials_uri"]),
];

/// Performs the task.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let path = Profile::file().ok_or_else(|| {
        Failure::Usage("the home directory is not known; ALIBABA_CLOUD_CONFIG_FILE can name the file".to_owned())
    })?;
    let mut configuration = Configuration::read(path)?;
    match &options.task {
        Task::List(options) => list(&configuration, options.output),
        Task::Add(options) => add(&mut configuration, options),
        Task::Set(options) => set(&mut configuration, options),
        Task::Use(options) => {
            configuration.profile(&options.name)?;
            configuration.set_current(&options.name);
            configuration.write()?;
            notice::note(&format!("{} is the current profile", quoted(&options.name)));
            if let Some(name) = Profile::named_by_environment().filter(|name| *name != options.name) {
                notice::note(&format!("ALIBABA_CLOUD_PROFILE is set, so {} is used all the same", quoted(&name)));
            }
            Ok(())
        }
    }
}

fn list(configuration: &Configuration, format: Format) -> Result<(), Failure> {
    let rows: Vec<Json> = configuration.summaries();
    if format == Format::Json {
        return Ok(output::write_json(io::stdout().lock(), &Json::List(rows))?);
    }
    let columns = configuration::COLUMNS.map(|name| Column { name: name.to_owned(), numeric: false });
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(Width(width), _)| width);
    match table::draw(&columns, &rows, width) {
        Some(drawing) => writeln!(io::stdout().lock(), "{}", drawing.text)?,
        None => {
            notice::note(&format!("{} has no profiles; `dyvms configure add NAME` adds one", configuration.shown()));
        }
    }
    Ok(())
}

fn add(configuration: &mut Configuration, options: &Add) -> Result<(), Failure> {
    let known = NEEDED.iter().find(|(mode, _)| mode.eq_ignore_ascii_case(&options.mode));
    let Some((mode, needed)) = known else {
        let modes = NEEDED.map(|(mode, _)| mode).join(", ");
        return Err(Failure::Usage(format!("--mode: {} is not one of {modes}", quoted(&options.mode))));
    };
    configuration.add(&options.name, mode)?;
    let members = input::members(&options.members)?;
    let given = |member: &str| members.iter().any(|(name, _)| name == member);
    let missing = needed.iter().filter(|member| !given(member)).map(|member| ((*member).to_owned(), None));
    let members: Vec<(String, Option<String>)> = missing.chain(members.iter().cloned()).collect();
    for (member, value) in input::values(members)? {
        configuration.set(&options.name, &member, value);
    }
    configuration.write()?;
    notice::note(&format!("{} was added to {}", quoted(&options.name), configuration.shown()));
    Ok(())
}

fn set(configuration: &mut Configuration, options: &Set) -> Result<(), Failure> {
    configuration.profile(&options.name)?;
    for (member, value) in input::values(input::members(&options.members)?)? {
        configuration.set(&options.name, &member, value);
    }
    configuration.write()?;
    notice::note(&format!("{} was changed in {}", quoted(&options.name), configuration.shown()));
    Ok(())
}

/// A name as a message shows it.
fn quoted(name: &str) -> String {
    format!("{name:?}")
}
