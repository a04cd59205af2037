//! Parameters on the command line: what they take, and how they travel.

use std::ffi::OsStr;

use aliyun_api_spec::model::{EnumValue, Field, Kind, Shape, Style, TypeBody};
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};
use serde_json::{Number, Value};

use crate::help;
use crate::shape::{self, Type};

/// The argument of a parameter: `--TaskId <TEXT>`. Its value is a JSON value that fits the parameter.
pub(crate) fn argument(field: &'static Field) -> Arg {
    let help = help::parameter(field);
    Arg::new(field.wire_name.as_str())
        .long(field.wire_name.as_str())
        .value_name(value_name(&field.shape))
        .help(help.brief)
        .long_help(help.full)
        .allow_negative_numbers(true)
        .value_parser(Reader(field))
}

fn value_name(shape: &'static Shape) -> &'static str {
    match Type::of(shape) {
        Type::Scalar(Kind::Int32 | Kind::Int64) => "INTEGER",
        Type::Scalar(Kind::Number) => "NUMBER",
        Type::Scalar(Kind::Boolean) => "true|false",
        Type::Scalar(_) => "TEXT",
        Type::List(_) if shape.style == Some(Style::Simple) => "A,B,...",
        _ => "JSON",
    }
}

/// The known values of a shape with their meanings.
pub(crate) fn known_values(shape: &'static Shape) -> Vec<(&'static str, &'static str)> {
    if let Kind::Named(name) = &shape.kind
        && let Some(named) = aliyun_api_spec::dyvmsapi().named_type(name)
        && let TypeBody::Enum { values, .. } = &named.body
    {
        let meaning = |value: &'static EnumValue| value.description.as_deref().unwrap_or(&value.name);
        return values.iter().map(|value| (value.value.as_str(), meaning(value))).collect();
    }
    shape.values.iter().map(|(value, meaning)| (value.as_str(), meaning.as_str())).collect()
}

/// Reads the value of a parameter.
#[derive(Clone)]
struct Reader(&'static Field);

impl TypedValueParser for Reader {
    type Value = Value;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<Value, clap::Error> {
        let name = &self.0.wire_name;
        let refuse = |why| command.clone().error(ErrorKind::ValueValidation, format!("--{name}: {why}"));
        let Some(text) = value.to_str() else { return Err(refuse("expected UTF-8".to_owned())) };
        read(text, &self.0.shape).map_err(|expected| {
            if shape::is_sensitive(&self.0.shape) {
                refuse(format!("expected {expected}; what was given is not shown"))
            } else {
                refuse(format!("expected {expected}, found {}", shown(text)))
            }
        })
    }
}

/// The beginning of a value, on one line.
fn shown(text: &str) -> String {
    const LENGTH: usize = 60;
    let beginning: String = text.chars().take(LENGTH).collect();
    let ellipsis = if beginning.len() < text.len() { "..." } else { "" };
    format!("{beginning:?}{ellipsis}")
}

/// The value that a text stands for, or what is expected instead.
fn read(text: &str, shape: &'static Shape) -> Result<Value, String> {
    match Type::of(shape) {
        Type::Scalar(kind) => scalar(text, kind),
        Type::List(items) if shape.style == Some(Style::Simple) => simple(text, items),
        Type::List(_) => json(text, Value::is_array, "a JSON list"),
        Type::Map(_) | Type::Record(_) => json(text, Value::is_object, "a JSON object"),
        Type::Any if text.trim_start().starts_with(['{', '[']) => json(text, |_| true, "JSON"),
        Type::Any => Ok(text.into()),
    }
}

fn scalar(text: &str, kind: &Kind) -> Result<Value, String> {
    let trimmed = text.trim();
    let (value, expected) = match kind {
        Kind::Int32 => (trimmed.parse::<i32>().ok().map(Value::from), "a 32-bit integer"),
        Kind::Int64 => (trimmed.parse::<i64>().ok().map(Value::from), "an integer"),
        Kind::Number => (trimmed.parse::<Number>().ok().map(Value::Number), "a number"),
        Kind::Boolean => (trimmed.parse::<bool>().ok().map(Value::from), "true or false"),
        _ => (Some(text.into()), "a text"),
    };
    value.ok_or_else(|| expected.to_owned())
}

/// `a,b,c`, or the same as a JSON list.
fn simple(text: &str, items: &'static Shape) -> Result<Value, String> {
    let Type::Scalar(kind) = Type::of(items) else { return Ok(text.into()) };
    let texts: Vec<String> = if text.trim_start().starts_with('[') {
        let list: Vec<Value> = serde_json::from_str(text).map_err(|error| format!("a JSON list ({error})"))?;
        list.iter().map(plain).collect()
    } else {
        text.split(',').filter(|item| !item.is_empty()).map(str::to_owned).collect()
    };
    if texts.iter().any(|item| item.contains(',')) {
        return Err("items without commas, because commas join them".to_owned());
    }
    let items: Result<Value, String> = texts.iter().map(|item| scalar(item, kind)).collect();
    items.map_err(|expected| format!("a list in which each item is {expected}"))
}

fn json(text: &str, fits: impl Fn(&Value) -> bool, expected: &str) -> Result<Value, String> {
    let value = serde_json::from_str(text).map_err(|error| format!("{expected} ({error})"))?;
    if fits(&value) { Ok(value) } else { Err(expected.to_owned()) }
}

/// Adds a parameter as it travels: `Name`, `Name.1` or `Name.Key`.
pub(crate) fn write(field: &Field, value: &Value, pairs: &mut Vec<(String, String)>) {
    match (value, field.shape.style) {
        (Value::Array(_) | Value::Object(_), Some(Style::Flat)) => flatten(field.wire_name.clone(), value, pairs),
        (Value::Array(items), Some(Style::Simple)) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            pairs.push((field.wire_name.clone(), items.join(",")));
        }
        _ => pairs.push((field.wire_name.clone(), plain(value))),
    }
}

fn flatten(name: String, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            for (item, number) in items.iter().zip(1..) {
                flatten(format!("{name}.{number}"), item, pairs);
            }
        }
        Value::Object(members) => {
            for (key, member) in members {
                flatten(format!("{name}.{key}"), member, pairs);
            }
        }
        scalar => pairs.push((name, plain(scalar))),
    }
}

/// A text as it is, anything else as JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use aliyun_api_spec::model::Position;
    use serde_json::json;

    use super::*;

    fn shape(kind: Kind, style: Option<Style>) -> Shape {
        Shape { style, ..Shape::of(kind) }
    }

    /// A parameter `P` that lives as long as those of a specification.
    fn field(kind: Kind, style: Option<Style>) -> &'static Field {
        Box::leak(Box::new(Field {
            wire_name: "P".to_owned(),
            rust_name: "p".to_owned(),
            shape: shape(kind, style),
            position: Position::Query,
            required: false,
            aliases: Vec::new(),
            deprecated: None,
            description: None,
        }))
    }

    fn list(items: Kind) -> Kind {
        Kind::Array(Box::new(shape(items, None)))
    }

    /// What a parameter sends for a text.
    fn sent(kind: Kind, style: Option<Style>, text: &str) -> Result<String, String> {
        let field = field(kind, style);
        let mut pairs = Vec::new();
        write(field, &read(text, &field.shape)?, &mut pairs);
        let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Ok(pairs.join("&"))
    }

    fn refused(expected: &str) -> Result<String, String> {
        Err(expected.to_owned())
    }

    #[test]
    fn scalars_are_checked_and_travel_as_text() {
        assert_eq!(sent(Kind::Int32, None, "-500").unwrap(), "P=-500");
        assert_eq!(sent(Kind::Int64, None, " 3000000000 ").unwrap(), "P=3000000000");
        assert_eq!(sent(Kind::Number, None, "0.5").unwrap(), "P=0.5");
        assert_eq!(sent(Kind::Number, None, "7").unwrap(), "P=7");
        assert_eq!(sent(Kind::Boolean, None, "true").unwrap(), "P=true");
        assert_eq!(sent(Kind::String, None, " 占线 ").unwrap(), "P= 占线 ");
        assert_eq!(sent(Kind::Int32, None, "3000000000"), refused("a 32-bit integer"));
        assert_eq!(sent(Kind::Int64, None, "1.5"), refused("an integer"));
        assert_eq!(sent(Kind::Number, None, "NaN"), refused("a number"));
        assert_eq!(sent(Kind::Boolean, None, "1"), refused("true or false"));
    }

    #[test]
    fn joined_lists_are_taken_with_commas_and_as_json() {
        let simple = Some(Style::Simple);
        assert_eq!(sent(list(Kind::String), simple, "a,b,c").unwrap(), "P=a,b,c");
        assert_eq!(sent(list(Kind::String), simple, r#"["a", "b"]"#).unwrap(), "P=a,b");
        assert_eq!(sent(list(Kind::Int64), simple, "1,2").unwrap(), "P=1,2");
        assert_eq!(sent(list(Kind::Int64), simple, "1,x"), refused("a list in which each item is an integer"));
        let comma = sent(list(Kind::String), simple, r#"["a,b"]"#);
        assert_eq!(comma, refused("items without commas, because commas join them"));
    }

    #[test]
    fn json_is_checked_for_its_outer_shape() {
        let json = Some(Style::Json);
        let map = || Kind::Map(Box::new(shape(Kind::String, None)));
        assert_eq!(sent(map(), json, r#"{ "code": "1234" }"#).unwrap(), r#"P={"code":"1234"}"#);
        assert_eq!(sent(map(), json, "[]"), refused("a JSON object"));
        assert_eq!(sent(map(), json, "{"), refused("a JSON object (EOF while parsing an object at line 1 column 1)"));
        assert_eq!(sent(list(Kind::Int64), json, "[1,2]").unwrap(), "P=[1,2]");
        assert_eq!(sent(list(Kind::Int64), json, "{}"), refused("a JSON list"));
        assert_eq!(sent(Kind::Any, json, r#"{"a":[]}"#).unwrap(), r#"P={"a":[]}"#);
        assert_eq!(sent(Kind::Any, json, "plain").unwrap(), "P=plain");
    }

    #[test]
    fn flat_values_are_numbered_and_named() {
        let text = r#"[{"Number":"1","Tags":["x","y"]},{"Number":"2","Note":null}]"#;
        let pairs = "P.1.Number=1&P.1.Tags.1=x&P.1.Tags.2=y&P.2.Number=2";
        assert_eq!(sent(list(Kind::Any), Some(Style::Flat), text).unwrap(), pairs);
        assert_eq!(sent(list(Kind::Any), Some(Style::Flat), "[]").unwrap(), "");
    }

    #[test]
    fn a_wrong_value_is_shown_unless_it_is_sensitive() {
        let refused = |name: &str| {
            let field = crate::specimen::operation().parameter(name).unwrap();
            let arguments = ["dyvms".to_owned(), format!("--{name}=13x")];
            let error = Command::new("dyvms").arg(argument(field)).try_get_matches_from(arguments).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            error.to_string().lines().next().unwrap().to_owned()
        };
        assert_eq!(refused("Timeout"), "error: --Timeout: expected an integer, found \"13x\"");
        assert_eq!(refused("Secret"), "error: --Secret: expected a 32-bit integer; what was given is not shown");
    }

    #[test]
    fn a_long_value_is_shown_by_its_beginning() {
        assert_eq!(shown("abc\n"), "\"abc\\n\"");
        assert_eq!(shown(&"x".repeat(61)), format!("\"{}\"...", "x".repeat(60)));
        assert_eq!(plain(&json!(["a"])), "[\"a\"]");
    }
}
