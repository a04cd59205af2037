//! Help for actions and their parameters.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::language::pick;
use crate::{file_argument, spec};
use aliyun_api_spec::model::{By, EnumValue, Field, Operation, OperationType, Rate, Shape, Time, Unit};
use aliyun_api_spec::types::{Type, Types};
use serde_json::Value;

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
        let _ = write!(text, " Deprecated: {deprecated}");
    }
    let values = known_values(&field.shape, types);
    let codes = values.iter().map(|(value, _)| *value).collect::<Vec<_>>().join(", ");
    let known = (!values.is_empty()).then(|| format!("known values {codes}"));
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
        let _ = write!(full, "\nMembers: {}", names.join(", "));
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
    let facts = facts.into_iter().collect::<Vec<_>>().join("; ");
    match (text, facts.as_str()) {
        (text, "") => text.to_owned(),
        ("", facts) => format!("[{facts}]"),
        (text, facts) => format!("{text} [{facts}]"),
    }
}

fn facts(shape: &Shape) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(unit) = shape.unit {
        facts.push(match unit {
            Unit::Milliseconds => "in milliseconds".to_owned(),
            Unit::Seconds => "in seconds".to_owned(),
            Unit::Minutes => "in minutes".to_owned(),
            Unit::Hours => "in hours".to_owned(),
        });
    }
    if let Some(time) = &shape.time {
        facts.push(match time {
            Time::UnixSeconds => "seconds since 1970".to_owned(),
            Time::UnixMilliseconds => "milliseconds since 1970".to_owned(),
            Time::Pattern(pattern) => format!("as {pattern}, UTC{}", spec::service().time_zone),
        });
    }
    facts.extend(range(shape.minimum, shape.maximum));
    facts.extend(range(shape.min_length, shape.max_length).map(|range| format!("{range} characters")));
    facts.extend(shape.max_items.map(|most| format!("at most {most} items")));
    facts.extend(shape.default.as_ref().map(|value| format!("default {}", plain(value))));
    facts.extend(shape.example.as_ref().map(|value| format!("example {}", plain(value))));
    facts
}

fn range<T: std::fmt::Display>(least: Option<T>, most: Option<T>) -> Option<String> {
    match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}")),
        (Some(least), None) => Some(format!("at least {least}")),
        (None, Some(most)) => Some(format!("at most {most}")),
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
        paragraph(&format!("Deprecated: {deprecated}"));
    }
    if let Some(description) = &operation.description {
        paragraph(description);
    }
    paragraph(&effects(operation));
    for group in &operation.at_least_one {
        paragraph(&format!("Needs at least one of {}.", options(group)));
    }
    for group in &operation.at_most_one {
        paragraph(&format!("Accepts at most one of {}.", options(group)));
    }
    about
}

fn effects(operation: &Operation) -> String {
    let mut effects = match (&operation.reaches, operation.operation_type) {
        (Some(reach), _) => {
            let when = reach.when.iter().map(|(name, value)| format!(", where --{name} is {value}"));
            let when: String = when.collect();
            match reach.by {
                By::Call => format!("Calls the number in --{}{when}. A retry places another call.", reach.whom),
                By::Message => format!("Sends a message to --{}{when}. A retry sends another one.", reach.whom),
            }
        }
        (None, OperationType::Read) => "Changes nothing.".to_owned(),
        (None, OperationType::Write) => "Changes data.".to_owned(),
    };
    if let Some(limit) = operation.limits.per_second {
        let _ = write!(effects, " At most {limit} requests per second per account.");
    }
    let per_number: Vec<&str> = operation.limits.per_number.iter().map(Rate::as_str).collect();
    if !per_number.is_empty() {
        let _ = write!(effects, " At most {} to one number.", per_number.join(", "));
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

/// An example that can be run, and an empty line. Empty if the specification has no example.
pub(crate) fn example(operation: &Operation) -> String {
    let Some(example) = operation.examples.first() else { return String::new() };
    let parameters = example.request.iter().map(|(name, value)| (name.as_str(), plain(value)));
    format!("Example:\n  {}\n\n", call(&operation.action, parameters, ["--local".to_owned()]))
}

/// The command that calls an operation, for a POSIX shell.
pub(crate) fn call<'p>(
    action: &str,
    parameters: impl IntoIterator<Item = (&'p str, String)>,
    options: impl IntoIterator<Item = String>,
) -> String {
    // Help is wrapped at 100 columns. A longer line would be split into two commands.
    const WIDTH: usize = 96;
    let mut words = vec![format!("dyvms call {action}")];
    let parameter = |(name, value): (&str, String)| {
        // A value that begins like an option needs the other spelling.
        let separator = if value.starts_with('-') { '=' } else { ' ' };
        format!("--{name}{separator}{}", quoted(&file_argument::literal(&value)))
    };
    words.extend(parameters.into_iter().map(parameter));
    words.extend(options);
    let line = words.join(" ");
    if line.chars().count() > WIDTH { words.join(" \\\n    ") } else { line }
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
        assert_eq!(example(listed), format!("Example:\n  {line}\n\n"));
        let expected = "\
Example:
  dyvms call Specimen \\
    --CalledNumber 13000000000 \\
    --Start 0 \\
    --Secret 123456789 \\
    --Timeout 1234567890123 \\
    --local

";
        assert_eq!(example(specimen::operation()), expected);
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
