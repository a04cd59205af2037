//! Help for actions and their parameters.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::language::{pick, text};
use crate::{date, file_argument, spec, terminal};
use aliyun_api_spec::model::{By, EnumValue, Field, Operation, OperationType, Rate, Shape, Time, Unit};
use aliyun_api_spec::types::{Type, Types};
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// The help texts for `-h` and for `--help`.
#[derive(Debug)]
pub(crate) struct Help {
    /// One line.
    pub(crate) brief: String,
    /// With the known values and the members on further lines.
    pub(crate) full: String,
}

/// The help of a parameter.
pub(crate) fn parameter(field: &'static Field, types: Types<'static>) -> Help {
    let mut text = field.description.clone().unwrap_or_default();
    if let Some(deprecated) = &field.deprecated {
        text.push_str(&text!(" Deprecated: {deprecated}", " 已弃用：{deprecated}"));
    }
    let values = known_values(&field.shape, types);
    let codes = values.iter().map(|(value, _)| *value).collect::<Vec<_>>().join(", ");
    let known = (!values.is_empty()).then(|| text!("known values {codes}", "已知取值 {codes}"));
    let facts = facts(&field.shape);
    let brief = with_facts(&text, known.into_iter().chain(facts.iter().cloned()));
    let mut full = with_facts(&text, facts);
    let width = values.iter().map(|(value, _)| value.len()).max().unwrap_or_default();
    for (value, meaning) in values {
        let _ = write!(full, "\n  {value:width$}  {meaning}");
    }
    let fields = types.fields(&field.shape.kind);
    if !fields.is_empty() {
        let names: Vec<&str> = fields.iter().map(|field| field.wire_name.as_str()).collect();
        let names = names.join(", ");
        full.push_str(&text!("\nMembers: {names}", "\n成员：{names}"));
    }
    Help { brief, full }
}

/// The help of a parameter where its value is given: a date can stand for a number.
pub(crate) fn argument(field: &'static Field, types: Types<'static>) -> Help {
    let Help { mut brief, mut full } = parameter(field, types);
    if let Some(note) = date::help(&field.shape) {
        for text in [&mut brief, &mut full] {
            text.extend([if text.is_empty() { "" } else { " " }, note.as_str()]);
        }
    }
    Help { brief, full }
}

/// The known values with their meanings.
fn known_values(shape: &'static Shape, types: Types<'static>) -> Vec<(&'static str, &'static str)> {
    match types.resolve(&shape.kind) {
        Type::Enum { values, .. } => {
            let meaning = |value: &'static EnumValue| {
                pick(value.description.as_deref().unwrap_or(&value.name), value.description_zh.as_deref())
            };
            values.iter().map(|value| (value.value.as_str(), meaning(value))).collect()
        }
        _ => shape.values.iter().map(|(value, meaning)| (value.as_str(), meaning.as_str())).collect(),
    }
}

fn with_facts(text: &str, facts: impl IntoIterator<Item = String>) -> String {
    let facts = facts.into_iter().collect::<Vec<_>>().join(pick("; ", Some("；")));
    match (text, facts.as_str()) {
        (text, "") => text.to_owned(),
        ("", facts) => format!("[{facts}]"),
        (text, facts) => format!("{text} [{facts}]"),
    }
}

fn facts(shape: &Shape) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(unit) = shape.unit {
        let (english, chinese) = match unit {
            Unit::Milliseconds => ("in milliseconds", "单位毫秒"),
            Unit::Seconds => ("in seconds", "单位秒"),
            Unit::Minutes => ("in minutes", "单位分钟"),
            Unit::Hours => ("in hours", "单位小时"),
        };
        facts.push(pick(english, Some(chinese)).to_owned());
    }
    if let Some(time) = &shape.time {
        facts.push(match time {
            Time::UnixSeconds => pick("seconds since 1970", Some("自 1970 年起的秒数")).to_owned(),
            Time::UnixMilliseconds => pick("milliseconds since 1970", Some("自 1970 年起的毫秒数")).to_owned(),
            Time::Pattern(pattern) => {
                let zone = &spec::service().time_zone;
                text!("as {pattern}, UTC{zone}", "格式 {pattern}，UTC{zone}")
            }
        });
    }
    facts.extend(range(shape.minimum, shape.maximum));
    facts.extend(range(shape.min_length, shape.max_length).map(|range| text!("{range} characters", "{range} 个字符")));
    facts.extend(shape.max_items.map(|most| text!("at most {most} items", "最多 {most} 项")));
    facts.extend(shape.default.as_ref().map(|value| text!("default {}", "默认 {}", plain(value))));
    facts.extend(shape.example.as_ref().map(|value| text!("example {}", "示例 {}", plain(value))));
    facts
}

fn range<T: std::fmt::Display>(least: Option<T>, most: Option<T>) -> Option<String> {
    match (least, most) {
        (Some(least), Some(most)) => Some(text!("{least} to {most}", "{least} 到 {most}")),
        (Some(least), None) => Some(text!("at least {least}", "至少 {least}")),
        (None, Some(most)) => Some(text!("at most {most}", "最多 {most}")),
        (None, None) => None,
    }
}

/// The description of an action.
pub(crate) fn about(operation: &Operation) -> String {
    let mut about = pick(&operation.summary, operation.summary_zh.as_deref()).to_owned();
    let mut paragraph = |text: &str| {
        about.push_str("\n\n");
        about.push_str(text);
    };
    if let Some(deprecated) = &operation.deprecated {
        paragraph(&text!("Deprecated: {deprecated}", "已弃用：{deprecated}"));
    }
    if let Some(description) = &operation.description {
        paragraph(description);
    }
    paragraph(&effects(operation));
    for group in &operation.at_least_one {
        paragraph(&text!("Needs at least one of {}.", "以下参数至少指定一个：{}。", options(group)));
    }
    for group in &operation.at_most_one {
        paragraph(&text!("Accepts at most one of {}.", "以下参数最多指定一个：{}。", options(group)));
    }
    about
}

fn effects(operation: &Operation) -> String {
    let mut effects = match (&operation.reaches, operation.operation_type) {
        (Some(reach), _) => {
            let when = reach.when.iter();
            let when =
                when.map(|(name, value)| text!(", where --{name} is {value}", "（仅当 --{name} 为 {value} 时）"));
            let (whom, when) = (&reach.whom, when.collect::<String>());
            match reach.by {
                By::Call => text!(
                    "Calls the number in --{whom}{when}. A retry places another call.",
                    "呼叫 --{whom} 中的号码{when}。重试会再次呼叫。"
                ),
                By::Message => text!(
                    "Sends a message to --{whom}{when}. A retry sends another one.",
                    "向 --{whom} 发送消息{when}。重试会再次发送。"
                ),
            }
        }
        (None, OperationType::Read) => pick("Changes nothing.", Some("不改变任何数据。")).to_owned(),
        (None, OperationType::Write) => pick("Changes data.", Some("会改变数据。")).to_owned(),
    };
    if let Some(limit) = operation.limits.per_second {
        let what = text!(" At most {limit} requests per second per account.", "每个账号每秒最多 {limit} 次请求。");
        effects.push_str(&what);
    }
    let per_number: Vec<&str> = operation.limits.per_number.iter().map(Rate::as_str).collect();
    if !per_number.is_empty() {
        let rates = per_number.join(", ");
        effects.push_str(&text!(" At most {rates} to one number.", "对同一号码最多 {rates}。"));
    }
    effects
}

fn options(names: &[String]) -> String {
    names.iter().map(|name| format!("--{name}")).collect::<Vec<_>>().join(", ")
}

/// The usage of an action, with its required parameters.
pub(crate) fn usage(operation: &Operation) -> String {
    let mut usage = format!("dyvms call {}", operation.action);
    for field in operation.parameters.iter().filter(|field| field.required) {
        let _ = write!(usage, " --{} <value>", field.wire_name);
    }
    usage.push_str(" [--Name value]... [OPTIONS]");
    usage
}

/// Help is wrapped at 100 columns. A longer command would be split into two.
const WIDEST: usize = 96;

/// An example that can be run, and an empty line, for the terminal. Empty if the specification has no example.
pub(crate) fn example(operation: &Operation) -> String {
    example_for(operation, room())
}

/// The width for a command that is indented by two columns.
fn room() -> usize {
    terminal::result_width().map_or(WIDEST, |width| usize::from(width).saturating_sub(2).min(WIDEST))
}

fn example_for(operation: &Operation, width: usize) -> String {
    let Some(parameters) = example_values(operation) else { return String::new() };
    let line = command(&operation.action, parameters, ["--local".to_owned()], width);
    text!("Example:\n  {line}\n\n", "示例：\n  {line}\n\n")
}

/// A call of an operation with the parameters of an example, indented as a line of its own.
pub(crate) fn example_call(operation: &Operation) -> Option<String> {
    Some(format!("  {}", command(&operation.action, example_values(operation)?, [], room())))
}

/// The parameters of the first example, with dates where they are easier to read.
fn example_values(operation: &Operation) -> Option<impl Iterator<Item = (&str, String)>> {
    let value = |(name, value): (&'_ String, &Value)| {
        let value = plain(value);
        operation.parameter(name).and_then(|field| date::of_number(&value, &field.shape)).unwrap_or(value)
    };
    let example = operation.examples.first()?;
    Some(example.request.iter().map(move |(name, given)| (name.as_str(), value((name, given)))))
}

/// The command that calls an operation, for a POSIX shell.
#[cfg(feature = "explorer")]
pub(crate) fn call<'p>(
    action: &str,
    parameters: impl IntoIterator<Item = (&'p str, String)>,
    options: impl IntoIterator<Item = String>,
) -> String {
    command(action, parameters, options, WIDEST)
}

fn command<'p>(
    action: &str,
    parameters: impl IntoIterator<Item = (&'p str, String)>,
    options: impl IntoIterator<Item = String>,
    width: usize,
) -> String {
    let mut words = vec![format!("dyvms call {action}")];
    let parameter = |(name, value): (&str, String)| {
        // A value that begins like an option needs the other spelling.
        let separator = if value.starts_with('-') { '=' } else { ' ' };
        format!("--{name}{separator}{}", quoted(&file_argument::literal(&value)))
    };
    words.extend(parameters.into_iter().map(parameter));
    words.extend(options);
    let line = words.join(" ");
    if line.width() > width { words.join(" \\\n    ") } else { line }
}

/// A text without quotation marks, any other value as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Quotes a value for a POSIX shell.
pub(crate) fn quoted(text: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "-_./:,+@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::specimen;

    fn of(name: &str) -> Help {
        let operation = spec::service().operation("QueryRobotTaskCallList").unwrap();
        parameter(operation.parameter(name).unwrap(), Types::of(operation, spec::service()))
    }

    #[test]
    fn a_parameter_shows_its_facts_and_known_values() {
        assert_eq!(of("PageNo").brief, "Page to read, counted from 1. [at least 1; example 1]");
        assert!(of("DurationTo").brief.ends_with("[in seconds; example 60]"));
        assert_eq!(of("HangupDirection").brief, "Only calls that this side ended. [known values 0, 1; example 1]");
        let full = "Only calls that this side ended. [example 1]\n  0  the called person\n  1  the robot";
        assert_eq!(of("HangupDirection").full, full);
        assert!(of("CallResult").full.contains("\n  200002  the line was busy\n"));
    }

    #[test]
    fn an_action_shows_what_it_does() {
        let expected = "Calls one number.\n\nCalls the number in --CalledNumber. A retry places another call. \
                        At most 5 requests per second per account. At most 1/min, 5/h to one number.";
        assert_eq!(about(specimen::operation()), expected);
        let usage_line = "dyvms call Specimen --CalledNumber <value> --Start <value> [--Name value]... [OPTIONS]";
        assert_eq!(usage(specimen::operation()), usage_line);
        let listed = spec::service().operation("QueryRobotTaskCallList").unwrap();
        let line = "dyvms call QueryRobotTaskCallList --TaskId 1045001 --PageNo 1 --PageSize 20 --local";
        assert_eq!(example_for(listed, WIDEST), format!("Example:\n  {line}\n\n"));
        let expected = "\
Example:
  dyvms call Specimen \\
    --CalledNumber 13000000000 \\
    --Start 0 \\
    --Secret 123456789 \\
    --Timeout 1234567890123 \\
    --local

";
        assert_eq!(example_for(specimen::operation(), WIDEST), expected);
        assert_eq!(example_for(specimen::operation(), 20), expected);
    }

    #[test]
    fn values_of_examples_are_quoted_for_a_shell() {
        assert_eq!(quoted(&plain(&json!("1045001"))), "1045001");
        assert_eq!(quoted(&plain(&json!({ "name": "O'Neil" }))), r#"'{"name":"O'\''Neil"}'"#);
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("-1;$(reboot)"), "'-1;$(reboot)'");
        assert_eq!(quoted(""), "''");
    }
}
