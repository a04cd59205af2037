//! `dyvms explain`: what a code means, why it is likely to have happened, and what to do.

mod status;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};

use aliyun_api_spec::model::{ServiceError, TypeBody};
use aliyun_api_spec::suggest;
use aliyun_protocol::RefusalKind;
use aliyun_protocol::gateway;

use crate::failure::Failure;
use crate::json::Json;
use crate::language::{Language, pick, text};
use crate::{candidates, lines, notice, output, spec, terminal};

/// Options of `dyvms explain`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// A code, an HTTP status, or an error as it was printed; `-` reads it from standard input
    #[arg(value_name = "CODE|TEXT", required = true, add = candidates::codes())]
    text: Vec<String>,
    /// Format of the result
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// Sentences for people
    #[default]
    Text,
    /// A list of objects
    Json,
}

/// What is known of one code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Explained {
    /// The code.
    pub(crate) code: String,
    /// What it is a code of.
    pub(crate) of: String,
    pub(crate) meaning: String,
    /// What the client makes of it; empty if nothing is certain.
    pub(crate) consequence: String,
    /// What to do; empty if nothing is known.
    pub(crate) advice: String,
}

/// Explains the codes of a text.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let mut text = options.text.join(" ");
    if text == "-" {
        text.clear();
        io::stdin().lock().read_to_string(&mut text).map_err(|error| Failure::system("cannot read the text", error))?;
    }
    let found = explained(&text);
    if found.is_empty() {
        return Err(Failure::Usage(unknown(&text)));
    }
    if options.output == Format::Json {
        return Ok(output::write_json(io::stdout().lock(), &Json::List(found.iter().map(as_json).collect()))?);
    }
    let shown: Vec<String> = found.iter().map(as_text).collect();
    let shown = lines::fitted(&shown.join("\n"), 0, terminal::result_width());
    Ok(io::stdout().lock().write_all(shown.as_bytes())?)
}

/// Prints what the code of an error means, for those who want to read it in Chinese. The error itself is English.
pub(crate) fn add_chinese(code: Option<&str>) {
    for text in code.map(in_chinese).unwrap_or_default() {
        notice::note(&text);
    }
}

/// What a code means, for those who want to read it in Chinese.
pub(crate) fn in_chinese(code: &str) -> Vec<String> {
    if Language::current() == Language::English {
        return Vec::new();
    }
    let text = |Explained { meaning, consequence, advice, .. }| format!("{meaning}{consequence}{advice}");
    explained(code).into_iter().map(text).collect()
}

/// What is known of the codes in a text, in their order. A text that is only a code is looked up as such.
pub(crate) fn explained(text: &str) -> Vec<Explained> {
    let words: Vec<&str> = words(text).collect();
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| words.get(before)).copied();
        let is_alone = words.len() == 1;
        let all = error(word).into_iter().chain(value(word, is_alone)).chain(status::explain(word, before, is_alone));
        found.extend(all.filter(|explained| known.insert((explained.code.clone(), explained.of.clone()))));
    }
    found
}

/// The parts of a text that can be codes.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-');
    text.split(move |character| !is_part(character))
        .map(|word| word.trim_matches(['.', '-']))
        .filter(|word| !word.is_empty())
}

/// A code with which the service or its gateway refuses requests.
fn error(word: &str) -> Option<Explained> {
    let service = spec::service();
    let facts = spec::errors();
    let exact = gateway::find(facts, word).filter(|(_, is_exact)| *is_exact);
    let (facts, code) = match exact {
        Some((facts, _)) => (facts, word),
        // Somebody typed it.
        None => match codes().find(|code| code.eq_ignore_ascii_case(word)) {
            Some(code) => (gateway::find(facts, code)?.0, code),
            None => (gateway::find(facts, word).filter(|_| is_code(word))?.0, word),
        },
    };
    let own: Option<&ServiceError> =
        service.errors.iter().find(|error| facts.codes.first() == Some(&error.code.as_str()));
    let meaning = own.map_or_else(
        || pick("The gateway refuses the request with this code.", Some("网关以此错误码拒绝请求。")),
        |own| pick(&own.description, own.description_zh.as_deref()),
    );
    let advice = own
        .map_or_else(|| pick(facts.advice, Some(facts.advice_zh)), |own| pick(&own.advice, own.advice_zh.as_deref()));
    Some(Explained {
        code: code.to_owned(),
        of: pick("an error code", Some("错误码")).to_owned(),
        meaning: meaning.to_owned(),
        consequence: consequence(facts.kind).to_owned(),
        advice: advice.to_owned(),
    })
}

/// Whether a word that belongs to a family of codes is one: a word of a sentence is not.
fn is_code(word: &str) -> bool {
    let inner = word.get(1..).unwrap_or_default();
    word.contains('.') || inner.contains(|character: char| character.is_ascii_uppercase())
}

/// All listed codes of the service and the gateway.
fn codes() -> impl Iterator<Item = &'static str> {
    let all = spec::errors().iter().chain(gateway::CODES).flat_map(|facts| facts.codes);
    all.copied().filter(|code| !code.ends_with('*'))
}

/// What the client makes of a refusal.
fn consequence(kind: Option<RefusalKind>) -> &'static str {
    match kind {
        None => {
            pick("Nothing was done. The same request is refused again.", Some("请求未被执行；原样重发仍会被拒绝。"))
        }
        Some(RefusalKind::Throttled) => pick(
            "Nothing was done. The client sends the request again by itself.",
            Some("请求未被执行；客户端会自动重试。"),
        ),
        Some(RefusalKind::Transient | RefusalKind::OutcomeUnknown) => pick(
            "It is not known whether something was done. The client sends only what is safe to send twice again.",
            Some("无法确定请求是否已被执行；客户端只会重试可以安全重复的请求。"),
        ),
        Some(RefusalKind::Expired) => pick(
            "Nothing was done. The client gets new credentials and sends it again.",
            Some("请求未被执行；客户端会更新凭证后重试。"),
        ),
        Some(RefusalKind::Replayed) => pick(
            "The gateway received this request before: the outcome is that of the first time.",
            Some("网关此前已收到同一请求，结果以第一次为准。"),
        ),
        Some(_) => pick("Nothing was done.", Some("请求未被执行。")),
    }
}

/// A value of an open set, such as the state of a call. Short values are only looked up by themselves, since they are in
/// every text.
fn value(word: &str, is_alone: bool) -> Vec<Explained> {
    const SHORTEST: usize = 4;
    if !is_alone && word.len() < SHORTEST {
        return Vec::new();
    }
    let service = spec::service();
    let own = service.operations.iter().flat_map(|operation| &operation.types);
    let own = own.chain(service.receipts.iter().flat_map(|receipt| &receipt.types));
    let mut found: Vec<Explained> = Vec::new();
    for named in service.types.iter().chain(own) {
        let TypeBody::Enum { values, .. } = &named.body else { continue };
        let Some(value) = values.iter().find(|value| value.value == word) else { continue };
        let meaning = pick(value.description.as_deref().unwrap_or(&value.name), value.description_zh.as_deref());
        // The first one is that of the service; in a text, the others only repeat it.
        if found.iter().any(|found| !is_alone || found.meaning == meaning) {
            continue;
        }
        found.push(Explained {
            code: word.to_owned(),
            of: format!("{} {}", pick("a value of", Some("取值，属于")), named.name),
            meaning: meaning.to_owned(),
            consequence: String::new(),
            advice: String::new(),
        });
    }
    found
}

/// Why nothing is explained, with the nearest code.
fn unknown(text: &str) -> String {
    let hint = || {
        let nearest = words(text).find_map(|word| suggest::nearest(word, codes()))?;
        Some(text!("did you mean {nearest}?", "是否指 {nearest}？"))
    };
    let hint = hint().unwrap_or_else(|| {
        let english =
            "`dyvms describe CallStatusCode` lists the states of a call, and `dyvms doctor` checks this machine";
        pick(english, Some("`dyvms describe CallStatusCode` 列出呼叫状态，`dyvms doctor` 检查本机")).to_owned()
    });
    text!("the text contains no known code; {hint}", "文本中没有已知的错误码或状态码；{hint}")
}

fn as_text(explained: &Explained) -> String {
    let Explained { code, of, meaning, consequence, advice } = explained;
    let mut text = format!("{code} ({of})\n  {meaning}\n");
    for line in [consequence, advice] {
        if !line.is_empty() {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

pub(crate) fn as_json(explained: &Explained) -> Json {
    let Explained { code, of, meaning, consequence, advice } = explained;
    let member = |name: &str, text: &str| (name.to_owned(), Json::Text(text.to_owned()));
    Json::Object(vec![
        member("code", code),
        member("of", of),
        member("meaning", meaning),
        member("consequence", consequence),
        member("advice", advice),
    ])
}

#[cfg(test)]
mod tests;
