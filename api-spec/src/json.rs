//! JSON as a tree that keeps the position of each value, for messages about files.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Number, Value};

use crate::fault::Report;

/// A JSON value with the byte positions of its start and its end.
#[derive(Debug)]
pub struct Node<'t> {
    /// Byte position of its start.
    pub at: usize,
    /// Byte position of its end.
    pub end: usize,
    /// The value.
    pub json: Json<'t>,
}

/// A JSON value. Members are in the order of the file, and no name occurs twice.
#[derive(Debug)]
pub enum Json<'t> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// The number as it is written.
    Number(&'t str),
    /// A string, without its escapes.
    Text(Cow<'t, str>),
    /// A list.
    List(Vec<Node<'t>>),
    /// An object.
    Object(Vec<Member<'t>>),
}

/// A member of an object, with the byte position of its name.
#[derive(Debug)]
pub struct Member<'t> {
    /// Byte position of its name.
    pub at: usize,
    /// Its name.
    pub name: Cow<'t, str>,
    /// Its value.
    pub value: Node<'t>,
}

/// Parses strict JSON. Returns `None` if the text is not JSON. A key that occurs twice is a fault; the first one is kept.
pub fn parse<'t>(text: &'t str, report: &mut Report<'t>) -> Option<Node<'t>> {
    // serde_json decides what is JSON, and how deep it may be (128). jsonc-parser accepts more, but keeps positions.
    if let Err(error) = serde_json::from_str::<Value>(text) {
        let rule = error.to_string();
        let rule = rule.split(" at line ").next().unwrap_or_default();
        let at = byte_of(text, error.line(), error.column());
        report.add(at, format!("not JSON: {rule}"));
        return None;
    }
    let options = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    match parse_to_ast(text, &CollectOptions::default(), &options) {
        Ok(parsed) => Some(node(parsed.value?, report)),
        Err(error) => {
            report.add(error.range().start, format!("not JSON: {}", error.kind()));
            None
        }
    }
}

/// The byte position of a line and a column. Both are counted from 1, and the column in bytes.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

// The recursion is bounded: serde_json has refused deeper texts.
fn node<'t>(value: ast::Value<'t>, report: &mut Report<'t>) -> Node<'t> {
    let range = value.range();
    let json = match value {
        ast::Value::NullKeyword(_) => Json::Null,
        ast::Value::BooleanLit(literal) => Json::Flag(literal.value),
        ast::Value::NumberLit(literal) => Json::Number(literal.value),
        ast::Value::StringLit(literal) => Json::Text(literal.value),
        ast::Value::Array(array) => {
            Json::List(array.elements.into_iter().map(|element| node(element, report)).collect())
        }
        ast::Value::Object(object) => Json::Object(members(object, report)),
    };
    Node { at: range.start, end: range.end, json }
}

fn members<'t>(object: ast::Object<'t>, report: &mut Report<'t>) -> Vec<Member<'t>> {
    let mut members: Vec<Member<'t>> = Vec::with_capacity(object.properties.len());
    let mut seen: HashMap<Cow<'t, str>, usize> = HashMap::with_capacity(object.properties.len());
    for property in object.properties {
        let at = property.range.start;
        let name = match property.name {
            ast::ObjectPropName::String(literal) => literal.value,
            ast::ObjectPropName::Word(literal) => Cow::Borrowed(literal.value),
        };
        let value = node(property.value, report);
        match seen.entry(name.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(at);
                members.push(Member { at, name, value });
            }
            Entry::Occupied(entry) => {
                let first = report.place(*entry.get());
                report.add(at, format!("the key \"{name}\" is repeated; the first is at {first}"));
            }
        }
    }
    members
}

impl Member<'_> {
    /// The byte range from the start of its name to the end of its value.
    pub fn range(&self) -> Range<usize> {
        self.at..self.value.end
    }
}

impl<'t> Node<'t> {
    /// The member with this name, if this is an object that has it.
    pub fn member(&self, name: &str) -> Option<&Member<'t>> {
        self.members().iter().find(|member| member.name == name)
    }

    /// The position of the key with this name, or else of the object.
    pub fn at_key(&self, name: &str) -> usize {
        self.member(name).map_or(self.at, |member| member.at)
    }

    /// The position of the value with this name, or else of the object.
    pub fn at_value(&self, name: &str) -> usize {
        self.get(name).map_or(self.at, |node| node.at)
    }

    /// The value of the member with this name, if this is an object that has it.
    pub fn get(&self, name: &str) -> Option<&Node<'t>> {
        self.member(name).map(|member| &member.value)
    }

    /// The members, if this is an object.
    pub fn members(&self) -> &[Member<'t>] {
        match &self.json {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// The members of the object with this name.
    pub fn table(&self, name: &str) -> &[Member<'t>] {
        self.get(name).map_or(&[], Node::members)
    }

    /// The elements, if this is a list.
    pub fn elements(&self) -> &[Node<'t>] {
        match &self.json {
            Json::List(elements) => elements,
            _ => &[],
        }
    }

    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        match &self.json {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if this is one.
    pub fn flag(&self) -> Option<bool> {
        match self.json {
            Json::Flag(flag) => Some(flag),
            _ => None,
        }
    }

    /// The number, if this is one of the type `T`.
    pub fn number<T: std::str::FromStr>(&self) -> Option<T> {
        match self.json {
            Json::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// The value without positions.
    pub fn to_value(&self) -> Value {
        match &self.json {
            Json::Null => Value::Null,
            Json::Flag(flag) => Value::Bool(*flag),
            Json::Number(number) => number.parse::<Number>().map_or(Value::Null, Value::Number),
            Json::Text(text) => Value::String(text.to_string()),
            Json::List(elements) => elements.iter().map(Node::to_value).collect(),
            Json::Object(_) => Value::Object(self.to_map()),
        }
    }

    /// The members without positions.
    pub fn to_map(&self) -> Map<String, Value> {
        self.members().iter().map(|member| (member.name.to_string(), member.value.to_value())).collect()
    }
}
