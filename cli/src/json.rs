//! JSON as it is written: with all digits of numbers and the order of members.
//!
//! `serde_json::Value` keeps neither `100.00` nor a number of thirty digits, and does not report a member that occurs twice.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Json {
    #[default]
    Null,
    Bool(bool),
    /// A number, as its text.
    Number(String),
    Text(String),
    List(Vec<Self>),
    /// Members in their order.
    Object(Vec<(String, Self)>),
    /// A value that is not parsed, as its JSON text: a string with half of a surrogate pair, or one that is nested too deep.
    Raw(String),
}

/// The reason why a text is not JSON that can be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault(String);

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Deeper values are not parsed, so that a small text cannot overflow the stack.
const DEPTH: usize = 100;

impl Json {
    /// Parses JSON in which no object has a member twice.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let raw: &RawValue = serde_json::from_str(text).map_err(|error| Fault(error.to_string()))?;
        parse_value(raw.get(), DEPTH, &mut |why, at| Err(Fault(format!("{why} at {}", Position::of(text, at)))))
    }

    /// Parses a text that was already accepted as JSON. If a member occurs twice, the last one counts.
    pub(crate) fn read(text: &str) -> Self {
        match serde_json::from_str::<&RawValue>(text) {
            Ok(raw) => lenient(raw.get(), DEPTH),
            Err(_) => Self::Text(text.to_owned()),
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        *self == Self::Null
    }

    /// The member of an object.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.iter().find(|(known, _)| known == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// A text without quotation marks, any other value as JSON.
    pub(crate) fn plain(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) | Self::Number(text) => Cow::Borrowed(text),
            other => Cow::Owned(other.to_string()),
        }
    }
}

/// Whether a text is a JSON number.
pub(crate) fn is_number(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Sets the value at a path through objects, and leaves everything else in `text` unchanged. Missing objects on the path are
/// added.
pub(crate) fn put(text: &str, path: &[&str], value: &str) -> String {
    let Some((name, rest)) = path.split_first() else { return value.to_owned() };
    let Ok(Members(members)) = serde_json::from_str(text) else {
        let inner = put("", rest, value);
        return format!("{{{}:{inner}}}", Json::Text((*name).to_owned()));
    };
    let member = members.iter().rev().find(|(key, _)| decoded(key).is_some_and(|key| key == *name));
    if let Some((_, inner)) = member {
        let Range { start, end } = range(text, inner.get());
        return format!("{}{}{}", &text[..start], put(inner.get(), rest, value), &text[end..]);
    }
    // The last brace is the end of the object.
    let end = text.rfind('}').unwrap_or(text.len());
    let separator = if members.is_empty() { "" } else { "," };
    let name = Json::Text((*name).to_owned());
    format!("{}{separator}{name}:{}{}", &text[..end], put("", rest, value), &text[end..])
}

/// The items of a JSON list, each as its text.
pub(crate) fn items(text: &str) -> Vec<&str> {
    let items = serde_json::from_str(text).map(|Items(items)| items);
    items.unwrap_or_default().into_iter().map(RawValue::get).collect()
}

/// The members of a JSON object, each as its text.
pub(crate) fn members(text: &str) -> Vec<(String, &str)> {
    let members = serde_json::from_str(text).map(|Members(members)| members);
    let decoded = |(key, value): (&RawValue, _)| Some((decoded(key)?, RawValue::get(value)));
    members.unwrap_or_default().into_iter().filter_map(decoded).collect()
}

/// The text with other texts in place of some of its parts, which are slices of it in their order.
pub(crate) fn replaced(text: &str, parts: &[(&str, String)]) -> String {
    let (mut replaced, mut done) = (String::new(), 0);
    for (part, other) in parts {
        let Range { start, end } = range(text, part);
        replaced.push_str(text.get(done..start).unwrap_or_default());
        replaced.push_str(other);
        done = end;
    }
    replaced + text.get(done..).unwrap_or_default()
}

/// The range of `part` in `text`, of which it is a slice.
fn range(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    start..start + part.len()
}

/// A position in a text, for messages.
struct Position {
    line: usize,
    column: usize,
}

impl Position {
    fn of(text: &str, part: &str) -> Self {
        let before = text.get(..range(text, part).start).unwrap_or_default();
        let (lines, last) = (before.matches('\n').count(), before.rsplit('\n').next().unwrap_or_default());
        Self { line: lines + 1, column: last.chars().count() + 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// Parses a JSON text. `refuse` is called with each problem and its position. If it returns an error, parsing ends.
/// Otherwise a value with a problem is kept as its text, and of several members with one name the last one counts.
fn parse_value<E>(text: &str, depth: usize, refuse: &mut impl FnMut(String, &str) -> Result<(), E>) -> Result<Json, E> {
    Ok(match text.as_bytes().first() {
        Some(b'n') => Json::Null,
        Some(b't') => Json::Bool(true),
        Some(b'f') => Json::Bool(false),
        Some(b'"') => {
            if let Some(text) = decoded_text(text) {
                return Ok(Json::Text(text));
            }
            refuse("a text has half of a surrogate pair".to_owned(), text)?;
            Json::Raw(text.to_owned())
        }
        Some(b'[' | b'{') if depth == 0 => {
            refuse("values are nested too deep".to_owned(), text)?;
            // Line breaks occur between values only: JSON escapes them in strings.
            Json::Raw(text.replace(['\r', '\n'], ""))
        }
        Some(b'[') => {
            let items = items(text).into_iter().map(|item| parse_value(item, depth - 1, refuse));
            Json::List(items.collect::<Result<_, E>>()?)
        }
        Some(b'{') => object(text, depth, refuse)?,
        _ => Json::Number(text.to_owned()),
    })
}

fn object<E>(text: &str, depth: usize, refuse: &mut impl FnMut(String, &str) -> Result<(), E>) -> Result<Json, E> {
    let members = serde_json::from_str(text).map(|Members(members)| members).unwrap_or_default();
    let mut object: Vec<(String, Json)> = Vec::with_capacity(members.len());
    let mut known: HashMap<String, usize> = HashMap::with_capacity(members.len());
    for (key, value) in members {
        let name = if let Some(name) = decoded(key) {
            name
        } else {
            refuse("a name has half of a surrogate pair".to_owned(), key.get())?;
            key.get().trim_matches('"').to_owned()
        };
        let value = parse_value(value.get(), depth - 1, refuse)?;
        if let Some(earlier) = known.get(&name).and_then(|&at| object.get_mut(at)) {
            refuse(format!("the member {} is given twice, again", shown(&name)), key.get())?;
            earlier.1 = value;
        } else {
            known.insert(name.clone(), object.len());
            object.push((name, value));
        }
    }
    Ok(Json::Object(object))
}

fn lenient(text: &str, depth: usize) -> Json {
    let kept: Result<Json, std::convert::Infallible> = parse_value(text, depth, &mut |_, _| Ok(()));
    match kept {
        Ok(json) => json,
        Err(never) => match never {},
    }
}

/// A text with stars in place of long runs of digits, since they may be phone numbers.
pub(crate) fn masked(text: &str) -> String {
    const RUN: usize = 5;
    let mut masked = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        masked.push_str(before);
        masked.push_str(if end >= RUN { "***" } else { &digits[..end] });
        rest = &digits[end..];
    }
    masked.push_str(rest);
    masked
}

/// A name for an error, on one line. A phone number in its place is not shown.
pub(crate) fn shown(name: &str) -> String {
    const LENGTH: usize = 40;
    let masked = masked(name);
    let beginning: String = masked.chars().take(LENGTH).collect();
    let ellipsis = if beginning.len() < masked.len() { "..." } else { "" };
    format!("{beginning:?}{ellipsis}")
}

fn decoded(key: &RawValue) -> Option<String> {
    decoded_text(key.get())
}

fn decoded_text(text: &str) -> Option<String> {
    serde_json::from_str(text).ok()
}

/// The items of a list, each as its text.
struct Items<'t>(Vec<&'t RawValue>);

/// The members of an object, each as its text.
struct Members<'t>(Vec<(&'t RawValue, &'t RawValue)>);

impl<'t> Deserialize<'t> for Items<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Walk;
        impl<'t> Visitor<'t> for Walk {
            type Value = Items<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<Items<'t>, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Items(list))
            }
        }
        deserializer.deserialize_seq(Walk)
    }
}

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Walk;
        impl<'t> Visitor<'t> for Walk {
            type Value = Members<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut members: A) -> Result<Members<'t>, A::Error> {
                let mut list = Vec::new();
                while let Some(member) = members.next_entry()? {
                    list.push(member);
                }
                Ok(Members(list))
            }
        }
        deserializer.deserialize_map(Walk)
    }
}

/// Writes JSON without white space.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(text) | Self::Raw(text) => {
                serde_json::from_str::<&RawValue>(text).map_err(S::Error::custom)?.serialize(serializer)
            }
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(items) => serializer.collect_seq(items),
            Self::Object(members) => serializer.collect_map(members.iter().map(|(name, value)| (name, value))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        Json::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_is_kept() {
        for text in [
            r#"{"b":100.00,"a":123456789012345678901234,"c":1e3,"d":-0,"e":-0.0,"f":1E+400}"#,
            r#"[null,true,false,"占线 \"x\"\n",[],{},[{}]]"#,
            "0.10",
            r#""""#,
        ] {
            assert_eq!(Json::parse(text).unwrap().to_string(), text);
            assert_eq!(Json::read(text).to_string(), text);
            let pretty = serde_json::to_string_pretty(&Json::read(text)).unwrap();
            assert_eq!(Json::read(&pretty), Json::read(text), "{pretty}");
        }
    }

    #[test]
    fn a_member_that_is_given_twice_is_named_with_its_place() {
        assert_eq!(fault(r#"{"a":1,"a":2}"#), r#"the member "a" is given twice, again at line 1 column 8"#);
        assert_eq!(
            fault("[1, {\"x\":\n {\"占\": 1, \"占\": 1}}]"),
            "the member \"占\" is given twice, again at line 2 column 11"
        );
        assert_eq!(fault(r#"{"a":1,"\u0061":1}"#), r#"the member "a" is given twice, again at line 1 column 8"#);
        assert_eq!(
            fault(r#"{"n13000000000":1,"n13000000000":2}"#),
            r#"the member "n***" is given twice, again at line 1 column 19"#
        );
        let long = "x".repeat(50);
        let expected = format!("the member \"{}\"... is given twice, again at line 1 column 57", &long[..40]);
        assert_eq!(fault(&format!("{{\"{long}\":1,\"{long}\":2}}")), expected);
        assert_eq!(Json::read(r#"{"a":1,"b":2,"a":3}"#).to_string(), r#"{"a":3,"b":2}"#);
        assert_eq!(Json::parse(r#"[{"a":1},{"a":1,"b":{"a":1}}]"#).unwrap().to_string().len(), 29);
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for (text, expected) in [
            ("{", "EOF while parsing an object at line 1 column 1"),
            ("", "EOF while parsing a value at line 1 column 0"),
            ("[1,]", "expected value at line 1 column 4"),
            ("{} {}", "trailing characters at line 1 column 4"),
            ("[01]", "invalid number at line 1 column 3"),
            ("[.5]", "expected value at line 1 column 2"),
            ("[NaN]", "expected value at line 1 column 2"),
            ("{'a':1}", "key must be a string at line 1 column 2"),
            (r#"["\ud83d"]"#, "a text has half of a surrogate pair at line 1 column 2"),
            (r#"{"\ud83d":1}"#, "a name has half of a surrogate pair at line 1 column 2"),
        ] {
            assert_eq!(fault(text), expected, "{text}");
        }
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(&deep(DEPTH)).is_ok());
        assert_eq!(fault(&deep(DEPTH + 1)), format!("values are nested too deep at line 1 column {}", DEPTH + 1));
        assert_eq!(Json::read(&deep(5_000)).to_string(), deep(5_000));
        assert_eq!(Json::read(r#"{"a":"x\ud83d","b":1.0}"#).to_string(), r#"{"a":"x\ud83d","b":1.0}"#);
    }

    #[test]
    fn a_value_is_put_where_it_belongs_and_nothing_else_changes() {
        let put = |text: &str| put(text, &["Page", "No"], "7");
        assert_eq!(put(""), r#"{"Page":{"No":7}}"#);
        assert_eq!(put("{}"), r#"{"Page":{"No":7}}"#);
        assert_eq!(put(r#"{ "x": 1.00 }"#), r#"{ "x": 1.00 ,"Page":{"No":7}}"#);
        assert_eq!(put(r#" { "Page" : { "No" : "3", "Size": 1e1 } } "#), r#" { "Page" : { "No" : 7, "Size": 1e1 } } "#);
        assert_eq!(put(r#"{"Page":null}"#), r#"{"Page":{"No":7}}"#);
        assert_eq!(put(r#"{"Page":{"Size":"}"}}"#), r#"{"Page":{"Size":"}","No":7}}"#);
    }

    #[test]
    fn numbers_are_known_as_json_writes_them() {
        for text in ["0", "-5", "100.00", "1e3", "123456789012345678901234"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "-", "007", "+5", ".5", "5.", "1 2", " 1", "1 ", "\"1\"", "1e", "NaN", "null", "[1]"] {
            assert!(!is_number(text), "{text}");
        }
    }
}
