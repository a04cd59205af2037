//! Parameters on the command line: which values they accept, and how these are sent.

use std::ffi::OsStr;

use aliyun_api_spec::model::{Field, Kind, Shape, Style};
use aliyun_api_spec::types::{Sensitivity, Type, Types};
use aliyun_protocol::scalar::is_json;
use aliyun_runtime::generated::{Entry, Fields, Flags, Member, Viewer};
use aliyun_runtime::parameters_of;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Command};
use serde_json::Value;

use crate::json::{self, Json};
use crate::{date, file_argument, help};

/// The argument for a parameter: `--TaskId <TEXT>`. Its value is a text that fits the parameter, as it was given. That of a
/// list may be given several times; see [`joined`].
pub(crate) fn argument(field: &'static Field, types: Types<'static>) -> Arg {
    let help = help::argument(field, types);
    let is_list = matches!(types.resolve(&field.shape.kind), Type::Array(_));
    Arg::new(field.wire_name.as_str())
        .action(if is_list { ArgAction::Append } else { ArgAction::Set })
        .long(field.wire_name.as_str())
        .value_name(value_name(&field.shape, types))
        .help(help.brief)
        .long_help(help.full)
        .allow_negative_numbers(true)
        .value_parser(Checker { field, types })
}

pub(crate) fn value_name(shape: &'static Shape, types: Types<'static>) -> &'static str {
    match types.resolve(&shape.kind) {
        Type::Scalar(kind) | Type::Enum { kind, .. } => match kind {
            Kind::Int32 | Kind::Int64 => "INTEGER",
            Kind::Number => "NUMBER",
            Kind::Boolean => "true|false",
            _ => "TEXT",
        },
        Type::Array(_) if shape.style == Some(Style::Simple) => "A,B,...",
        Type::Array(_) => "ITEM|JSON",
        _ => "JSON",
    }
}

/// Checks the value of a parameter.
#[derive(Clone)]
struct Checker {
    field: &'static Field,
    types: Types<'static>,
}

impl TypedValueParser for Checker {
    type Value = String;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<String, clap::Error> {
        let Field { wire_name: name, .. } = self.field;
        let refuse = |why| command.clone().error(ErrorKind::ValueValidation, format!("--{name}: {why}"));
        let Some(text) = value.to_str() else { return Err(refuse("expected UTF-8".to_owned())) };
        let text = file_argument::text(text).map_err(refuse)?;
        checked(self.field, &text, self.types).map_err(refuse)
    }
}

/// The text to send for a parameter, or what is wrong with it. A sensitive value is not shown.
pub(crate) fn checked(field: &'static Field, text: &str, types: Types<'static>) -> Result<String, String> {
    read(text, &field.shape, types).map_err(|expected| {
        if types.sensitivity(&field.shape) == Sensitivity::None {
            format!("expected {expected}, found {}", shown(text))
        } else {
            format!("expected {expected}; the given value is not shown")
        }
    })
}

/// The value of a parameter that was given several times: the items of all of them, in their order.
pub(crate) fn joined(field: &'static Field, texts: &[&str]) -> String {
    match texts {
        [text] => (*text).to_owned(),
        _ if field.shape.style == Some(Style::Simple) => texts.join(","),
        _ => {
            let items: Vec<&str> = texts.iter().flat_map(|text| json::items(text)).collect();
            format!("[{}]", items.join(","))
        }
    }
}

/// The start of a value, on one line.
fn shown(text: &str) -> String {
    const LENGTH: usize = 60;
    let beginning: String = text.chars().take(LENGTH).collect();
    let ellipsis = if beginning.len() < text.len() { "..." } else { "" };
    format!("{beginning:?}{ellipsis}")
}

/// Returns the text to send, or what is expected instead.
fn read(text: &str, shape: &'static Shape, types: Types<'static>) -> Result<String, String> {
    if let Some(number) = date::number(text, shape) {
        return Ok(number);
    }
    match types.resolve(&shape.kind) {
        Type::Scalar(kind) | Type::Enum { kind, .. } => scalar(text, kind).map(str::to_owned).map_err(str::to_owned),
        Type::Array(items) if shape.style == Some(Style::Simple) => simple(text, types.resolve(&items.kind)),
        Type::Array(items) => list(text, types.resolve(&items.kind)),
        Type::Map(_) | Type::Record(_) => json(text, |value| matches!(value, Json::Object(_)), "a JSON object"),
        Type::Any if is_json(text) => json(text, |_| true, "JSON"),
        Type::Any | Type::Unknown => Ok(text.to_owned()),
    }
}

/// A number or boolean is sent as it was given, without white space around it.
fn scalar<'t>(text: &'t str, kind: &Kind) -> Result<&'t str, &'static str> {
    let trimmed = text.trim();
    let integer = || !trimmed.starts_with('+');
    let (fits, expected) = match kind {
        Kind::Int32 => (integer() && trimmed.parse::<i32>().is_ok(), "a 32-bit integer"),
        Kind::Int64 => (integer() && trimmed.parse::<i64>().is_ok(), "an integer"),
        Kind::Number => (json::is_number(trimmed), "a number"),
        Kind::Boolean => (trimmed.parse::<bool>().is_ok(), "true or false"),
        _ => return Ok(text),
    };
    if fits { Ok(trimmed) } else { Err(expected) }
}

/// A list such as `a,b,c`, which can also be given as a JSON list.
fn simple(text: &str, items: Type<'static>) -> Result<String, String> {
    let (Type::Scalar(kind) | Type::Enum { kind, .. }) = items else { return Ok(text.to_owned()) };
    let joined = if text.trim_start().starts_with('[') {
        let Json::List(items) = parsed(text, "a JSON list")? else { return Err("a JSON list".to_owned()) };
        let scalar = |item: &Json| matches!(item, Json::Text(_) | Json::Number(_) | Json::Bool(_));
        if !items.iter().all(scalar) {
            return Err("a JSON list of texts, numbers, true or false".to_owned());
        }
        let items: Vec<_> = items.iter().map(Json::plain).collect();
        if items.iter().any(|item| item.contains(',')) {
            return Err("items without commas, since commas join them".to_owned());
        }
        items.join(",")
    } else {
        text.to_owned()
    };
    if !joined.is_empty()
        && let Some(expected) = joined.split(',').find_map(|item| scalar(item, kind).err())
    {
        return Err(format!("a list in which each item is {expected}"));
    }
    Ok(joined)
}

/// A list as JSON, or one item of it.
fn list(text: &str, items: Type<'static>) -> Result<String, String> {
    const LIST: &str = "a JSON list";
    if text.trim_start().starts_with('[') {
        return json(text, |value| matches!(value, Json::List(_)), LIST);
    }
    let or = |item: &str| format!("{LIST}, or one item, which is {item}");
    match items {
        Type::Scalar(kind) | Type::Enum { kind, .. } => {
            let item = scalar(text, kind).map_err(or)?;
            match kind {
                Kind::String => Ok(format!("[{}]", Json::Text(item.to_owned()))),
                // JSON has no leading zeros.
                _ if json::is_number(item) || *kind == Kind::Boolean => Ok(format!("[{item}]")),
                _ => Err(or("a JSON number")),
            }
        }
        Type::Record(_) | Type::Map(_) | Type::Any => {
            let expected = or("a JSON object");
            json(text, |value| matches!(value, Json::Object(_)), &expected).map(|item| format!("[{item}]"))
        }
        Type::Array(_) | Type::Unknown => Err(LIST.to_owned()),
    }
}

fn parsed(text: &str, expected: &str) -> Result<Json, String> {
    Json::parse(text).map_err(|fault| format!("{expected} ({fault})"))
}

/// JSON is sent as it was given, since digits of numbers and white space may matter to the service.
fn json(text: &str, fits: impl Fn(&Json) -> bool, expected: &str) -> Result<String, String> {
    if fits(&parsed(text, expected)?) { Ok(text.to_owned()) } else { Err(expected.to_owned()) }
}

/// Parameters with their values, for the runtime's encoder.
pub(crate) struct Values {
    table: &'static [Entry],
    values: Vec<Value>,
}

impl Values {
    /// The table for the encoder, which needs it for the rest of the process.
    pub(crate) fn table(fields: impl Iterator<Item = &'static Field>) -> &'static [Entry] {
        fields.map(|field| (field.wire_name.as_str(), Flags::FLAT)).collect::<Vec<Entry>>().leak()
    }

    /// Takes a value for each row of the table. `Null` is not sent.
    pub(crate) fn new(table: &'static [Entry], values: Vec<Value>) -> Self {
        Self { table, values }
    }

    /// Names and values as they are sent: `Name`, `Name.1` or `Name.Key`.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        // The encoder refuses infinite numbers and items with a comma. These values are texts.
        parameters_of(self).unwrap_or_default()
    }
}

impl Fields for Values {
    fn walk(&self, viewer: &mut dyn Viewer) {
        let members: Vec<&dyn Member> = self.values.iter().map(|value| value as &dyn Member).collect();
        viewer.members("Request", self.table, &members);
    }
}

/// The value of a parameter for the runtime's encoder. It is the text that was given, unless the parameter is flattened: then
/// it has the structure of the JSON.
pub(crate) fn value(field: &'static Field, text: &str, types: Types<'static>) -> Value {
    match field.shape.style {
        Some(Style::Flat) => flattened(text.trim(), Some(&field.shape), types, Style::Flat),
        _ => styled(text, &field.shape, types).map_or_else(|| text.into(), Value::from),
    }
}

/// The JSON of a list or an object in which each member with a style of its own is a text, as it is on the wire. Everything else
/// stays as it was given. `None` if nothing changes.
fn styled(text: &str, shape: &'static Shape, types: Types<'static>) -> Option<String> {
    let part = |part: &str, shape: &'static Shape| {
        let inner = styled(part, shape, types);
        match (shape.style, part.as_bytes().first()) {
            (Some(Style::Simple), Some(b'[')) => Some(Json::Text(comma_separated(part)).to_string()),
            (Some(Style::Json), Some(b'[' | b'{')) => {
                Some(Json::Text(inner.unwrap_or_else(|| part.to_owned())).to_string())
            }
            _ => inner,
        }
    };
    let member = |(name, value): (String, &'_ str)| match types.resolve(&shape.kind) {
        Type::Record(fields) => part(value, &fields.iter().find(|field| field.wire_name == name)?.shape),
        Type::Map(items) => part(value, items),
        _ => None,
    };
    let changed: Vec<(&str, String)> = match types.resolve(&shape.kind) {
        Type::Record(_) | Type::Map(_) => {
            json::members(text).into_iter().filter_map(|(name, value)| Some((value, member((name, value))?))).collect()
        }
        Type::Array(items) => {
            json::items(text).into_iter().filter_map(|item| Some((item, part(item, items)?))).collect()
        }
        _ => Vec::new(),
    };
    (!changed.is_empty()).then(|| json::replaced(text, &changed))
}

/// The items of a JSON list, with commas between them.
fn comma_separated(text: &str) -> String {
    let items = json::items(text).into_iter().map(|item| Json::read(item).plain().into_owned());
    items.collect::<Vec<_>>().join(",")
}

/// The value of a text that fits a parameter, with the type of the specification.
#[cfg(feature = "explorer")]
pub(crate) fn typed(shape: &'static Shape, text: &str, types: Types<'static>) -> Value {
    let json = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| text.into());
    match types.resolve(&shape.kind) {
        Type::Scalar(Kind::String) | Type::Enum { kind: Kind::String, .. } => text.into(),
        Type::Array(items) if shape.style == Some(Style::Simple) && !text.trim_start().starts_with('[') => {
            text.split(',').map(|item| typed(items, item, types)).collect()
        }
        Type::Any if !is_json(text) => text.into(),
        _ => json(text.trim()),
    }
}

/// The value of a JSON text in a flattened parameter. Members may have their own style.
fn flattened(text: &str, shape: Option<&'static Shape>, types: Types<'static>, inherited: Style) -> Value {
    let style = shape.and_then(|shape| shape.style).unwrap_or(inherited);
    let of = shape.map(|shape| types.resolve(&shape.kind));
    match (text.as_bytes().first(), style) {
        (Some(b'[' | b'{'), Style::Json) => {
            shape.and_then(|shape| styled(text, shape, types)).map_or_else(|| text.into(), Value::from)
        }
        (Some(b'['), Style::Simple) => comma_separated(text).into(),
        (Some(b'['), Style::Flat) => {
            let inner = of.and_then(|of| if let Type::Array(items) = of { Some(items) } else { None });
            json::items(text).into_iter().map(|item| flattened(item, inner, types, style)).collect()
        }
        (Some(b'{'), _) => {
            let member = |(key, member): (String, &str)| {
                let inner = match of {
                    Some(Type::Record(fields)) => {
                        fields.iter().find(|field| field.wire_name == key).map(|field| &field.shape)
                    }
                    Some(Type::Map(values)) => Some(values),
                    _ => None,
                };
                let value = flattened(member, inner, types, style);
                (key, value)
            };
            Value::Object(json::members(text).into_iter().map(member).collect())
        }
        (Some(b'n'), _) => Value::Null,
        _ => Json::read(text).plain().into(),
    }
}

#[cfg(test)]
mod tests {
    use aliyun_api_spec::model::Position;

    use super::*;

    fn shape(kind: Kind, style: Option<Style>) -> Shape {
        Shape { style, ..Shape::of(kind) }
    }

    /// A parameter `P` with the lifetime of those in the specification.
    fn field(kind: Kind, style: Option<Style>) -> &'static Field {
        Box::leak(Box::new(Field {
            wire_name: "P".to_owned(),
            rust_name: "p".to_owned(),
            shape: shape(kind, style),
            position: Position::Query,
            filled_by_region: false,
            required: false,
            aliases: Vec::new(),
            deprecated: None,
            description: None,
        }))
    }

    fn list(items: Kind) -> Kind {
        Kind::Array(Box::new(shape(items, None)))
    }

    fn pairs(field: &'static Field, text: &str, types: Types<'static>) -> Result<Vec<(String, String)>, String> {
        let text = read(text, &field.shape, types)?;
        Ok(Values::new(Values::table(std::iter::once(field)), vec![value(field, &text, types)]).pairs())
    }

    #[test]
    fn members_with_a_style_are_texts_within_json_and_all_else_stays() {
        let service = crate::spec::service();
        let sent = |action: &str, name: &str, text: &str| {
            let operation = service.operation(action).unwrap();
            let field = operation.parameter(name).unwrap();
            value(field, text, Types::of(operation, service)).as_str().unwrap().to_owned()
        };
        let list = |text: &str| sent("CloudImportTaskTel", "TaskTelList", text);
        for (given, expected) in [
            (
                r#"[ {"Tel":"1","BackupTels":["2", "3"],"Priority":5.0,"Property":{"order" : "4711"}} ]"#,
                r#"[ {"Tel":"1","BackupTels":"2,3","Priority":5.0,"Property":"{\"order\" : \"4711\"}"} ]"#,
            ),
            (r#"[{"BackupTels":[]},{"Property":{}}]"#, r#"[{"BackupTels":""},{"Property":"{}"}]"#),
        ] {
            assert_eq!(list(given), expected);
            // What is a text already is sent as it is.
            assert_eq!(list(expected), expected);
        }
        for unchanged in ["[]", "[ ]", r#"[{"Tel":"1","New":[1]}]"#, r#"[{"Property":null,"BackupTels":null}]"#] {
            assert_eq!(list(unchanged), unchanged);
        }
    }

    #[test]
    fn no_example_has_a_structure_where_the_wire_has_a_text() {
        let service = crate::spec::service();
        let mut changed = 0;
        for operation in &service.operations {
            let types = Types::of(operation, service);
            for (name, given) in operation.examples.iter().flat_map(|example| &example.request) {
                let field = operation.parameter(name).unwrap();
                let given = given.as_str().map_or_else(|| given.to_string(), str::to_owned);
                if let Value::String(text) = value(field, &given, types) {
                    changed += usize::from(text != given);
                    assert_eq!(styled(&text, &field.shape, types), None, "{} {name}", operation.action);
                }
            }
        }
        assert!(changed > 0);
    }

    /// The parameters that are sent for a text.
    fn sent(kind: Kind, style: Option<Style>, text: &str) -> Result<String, String> {
        let field = field(kind, style);
        let pairs: Vec<String> =
            pairs(field, text, Types::default())?.iter().map(|(name, value)| format!("{name}={value}")).collect();
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
        for digits in ["100.00", "1e3", "-0.10", "123456789012345678901234"] {
            assert_eq!(sent(Kind::Number, None, digits).unwrap(), format!("P={digits}"));
        }
        assert_eq!(sent(Kind::Boolean, None, "true").unwrap(), "P=true");
        assert_eq!(sent(Kind::String, None, " 占线 ").unwrap(), "P= 占线 ");
        assert_eq!(sent(Kind::Int32, None, "3000000000"), refused("a 32-bit integer"));
        assert_eq!(sent(Kind::Int64, None, "1.5"), refused("an integer"));
        assert_eq!(sent(Kind::Int64, None, "+5"), refused("an integer"));
        assert_eq!(sent(Kind::Number, None, ".5"), refused("a number"));
        assert_eq!(sent(Kind::Number, None, "NaN"), refused("a number"));
        assert_eq!(sent(Kind::Boolean, None, "1"), refused("true or false"));
    }

    #[test]
    fn joined_lists_are_taken_with_commas_and_as_json() {
        let simple = Some(Style::Simple);
        assert_eq!(sent(list(Kind::String), simple, "a,b,c").unwrap(), "P=a,b,c");
        assert_eq!(sent(list(Kind::String), simple, r#"["a", "b"]"#).unwrap(), "P=a,b");
        assert_eq!(sent(list(Kind::Int64), simple, "1,2").unwrap(), "P=1,2");
        assert_eq!(sent(list(Kind::String), simple, "a, b,").unwrap(), "P=a, b,");
        assert_eq!(sent(list(Kind::String), simple, "").unwrap(), "P=");
        assert_eq!(sent(list(Kind::Number), simple, "[1.50, 1e3]").unwrap(), "P=1.50,1e3");
        assert_eq!(sent(list(Kind::Int64), simple, "1,,2"), refused("a list in which each item is an integer"));
        let scalars = refused("a JSON list of texts, numbers, true or false");
        assert_eq!(sent(list(Kind::String), simple, r#"[{"a":1}]"#), scalars);
        assert_eq!(sent(list(Kind::Int64), simple, "1,x"), refused("a list in which each item is an integer"));
        let comma = sent(list(Kind::String), simple, r#"["a,b"]"#);
        assert_eq!(comma, refused("items without commas, since commas join them"));
    }

    #[test]
    fn json_is_checked_for_its_outer_shape() {
        let json = Some(Style::Json);
        let map = || Kind::Map(Box::new(shape(Kind::String, None)));
        assert_eq!(sent(map(), json, r#"{ "code": "1234" }"#).unwrap(), r#"P={ "code": "1234" }"#);
        assert_eq!(sent(map(), json, "[]"), refused("a JSON object"));
        assert_eq!(sent(map(), json, "{"), refused("a JSON object (EOF while parsing an object at line 1 column 1)"));
        assert_eq!(sent(list(Kind::Int64), json, "[1,2]").unwrap(), "P=[1,2]");
        assert_eq!(sent(list(Kind::Int64), json, "{}"), refused("a JSON list, or one item, which is an integer"));
        assert_eq!(sent(Kind::Any, json, r#"{"a":[]}"#).unwrap(), r#"P={"a":[]}"#);
        assert_eq!(sent(Kind::Any, json, "plain").unwrap(), "P=plain");
    }

    #[test]
    fn a_list_is_also_given_item_by_item() {
        let cases: [(Kind, Option<Style>, &[&str], &str); 8] = [
            (Kind::String, Some(Style::Json), &["a\"b", "占"], r#"P=["a\"b","占"]"#),
            (Kind::String, Some(Style::Json), &["1"], r#"P=["1"]"#),
            (Kind::String, Some(Style::Json), &[r#"["a", "b"]"#, "c"], r#"P=["a","b","c"]"#),
            (Kind::Int64, None, &["1", "-2"], "P=[1,-2]"),
            (Kind::Boolean, Some(Style::Json), &["true"], "P=[true]"),
            (Kind::String, Some(Style::Simple), &["a", "b,c"], "P=a,b,c"),
            (Kind::String, Some(Style::Flat), &["a", "b"], "P.1=a&P.2=b"),
            (Kind::Any, Some(Style::Flat), &[r#"{"N":1.0}"#, r#"{"N":2}"#], "P.1.N=1.0&P.2.N=2"),
        ];
        for (kind, style, texts, expected) in cases {
            let field = field(list(kind), style);
            let read: Vec<String> = texts.iter().map(|text| checked(field, text, Types::default()).unwrap()).collect();
            let text = joined(field, &read.iter().map(String::as_str).collect::<Vec<_>>());
            let pairs = Values::new(Values::table(std::iter::once(field)), vec![value(field, &text, Types::default())]);
            let pairs: Vec<String> = pairs.pairs().iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(pairs.join("&"), expected);
        }
        let number = refused("a JSON list, or one item, which is a JSON number");
        assert_eq!(sent(list(Kind::Int64), None, "007"), number);
        assert_eq!(sent(list(list(Kind::Int64)), None, "7"), refused("a JSON list"));
    }

    /// Each kind that is given as JSON, with a text whose digits, spaces, escapes and order must not change.
    #[test]
    fn json_is_sent_as_it_was_given() {
        let object = r#" { "amount" : 100.00,"order":123456789012345678901234,	"code":1e3, "b":-0.0,"a":"\u5360\/" } "#;
        let map = |inner: Kind| Kind::Map(Box::new(shape(inner, None)));
        let within = format!("[{object}, [1.0 , {object}]]");
        let kinds = [
            (map(Kind::String), object),
            (map(Kind::Any), object),
            (Kind::Any, object),
            (Kind::Any, &within),
            (list(Kind::Any), &within),
            (list(map(Kind::String)), &within),
            (list(list(Kind::Number)), &within),
        ];
        for (kind, text) in kinds {
            for style in [Some(Style::Json), None] {
                assert_eq!(sent(kind.clone(), style, text).unwrap(), format!("P={text}"), "{kind:?}");
            }
            let doubled = text.replacen("\"code\":1e3", "\"code\":1e3, \"order\":2", 1);
            let message = sent(kind.clone(), Some(Style::Json), &doubled).unwrap_err();
            let column = doubled.find("\"order\":2").unwrap() + 1;
            let expected = format!("(the member \"order\" is given twice, again at line 1 column {column})");
            assert!(message.ends_with(&expected), "{message}");
        }
    }

    #[test]
    fn json_within_a_flat_list_is_sent_as_it_was_given() {
        let operation = aliyun_api_spec::dyvmsapi().operation("IvrCall").unwrap();
        let field = operation.parameter("MenuKeyMap").unwrap();
        let text = r#"[ {"Key":"1", "TtsParams":{ "sum" : 100.00 } }, {"Key":"2","TtsParams":"{\"sum\":1e3}"} ]"#;
        let pairs = pairs(field, text, Types::of(operation, aliyun_api_spec::dyvmsapi())).unwrap();
        let expected = [
            ("MenuKeyMap.1.Key", "1"),
            ("MenuKeyMap.1.TtsParams", r#"{ "sum" : 100.00 }"#),
            ("MenuKeyMap.2.Key", "2"),
            ("MenuKeyMap.2.TtsParams", r#"{"sum":1e3}"#),
        ];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn flat_values_are_numbered_and_named() {
        let text = r#"[{"Number":"1","Tags":["x","y"]},{"Number":"2","Note":null}]"#;
        let pairs = "P.1.Number=1&P.1.Tags.1=x&P.1.Tags.2=y&P.2.Number=2";
        assert_eq!(sent(list(Kind::Any), Some(Style::Flat), text).unwrap(), pairs);
        assert_eq!(sent(list(Kind::Any), Some(Style::Flat), "[]").unwrap(), "");
        assert_eq!(sent(list(Kind::Any), Some(Style::Flat), " [1.00, true]").unwrap(), "P.1=1.00&P.2=true");
    }

    #[test]
    fn a_wrong_value_is_shown_unless_it_is_sensitive() {
        let refused = |name: &str| {
            let operation = crate::specimen::operation();
            let field = operation.parameter(name).unwrap();
            let types = Types::of(operation, aliyun_api_spec::dyvmsapi());
            let arguments = ["dyvms".to_owned(), format!("--{name}=13x")];
            let error = Command::new("dyvms").arg(argument(field, types)).try_get_matches_from(arguments).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            error.to_string().lines().next().unwrap().to_owned()
        };
        assert_eq!(refused("Timeout"), "error: --Timeout: expected an integer, found \"13x\"");
        assert_eq!(refused("Secret"), "error: --Secret: expected a 32-bit integer; the given value is not shown");
    }

    #[test]
    fn a_long_value_is_shown_by_its_beginning() {
        assert_eq!(shown("abc\n"), "\"abc\\n\"");
        assert_eq!(shown(&"x".repeat(61)), format!("\"{}\"...", "x".repeat(60)));
    }
}
