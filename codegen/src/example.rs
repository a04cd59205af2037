//! Example requests as Rust: for the documentation, and for tests that send them.

use std::borrow::Cow;
use std::fmt::Write as _;

use aliyun_api_spec::model::{Field, Kind, Operation, Service};
use aliyun_api_spec::name::SHARED_MODULE;
use aliyun_api_spec::types::{Type, Types};
use serde_json::{Map, Value};

use crate::tree::ident;

/// The expression that makes a request of an operation from example values, if every required one is known. `name` is how
/// the request's type is written.
pub(crate) fn request(
    service: &Service,
    operation: &Operation,
    path: &str,
    name: &str,
    values: &Map<String, Value>,
) -> Option<String> {
    ExampleWriter { types: Types::of(operation, service), group: &operation.group, path }.record(
        name,
        &operation.parameters,
        values,
    )
}

/// Writes example values as Rust; nothing where a value is not of its type.
struct ExampleWriter<'a> {
    types: Types<'a>,
    group: &'a str,
    path: &'a str,
}

impl ExampleWriter<'_> {
    fn record(&self, name: &str, fields: &[Field], values: &Map<String, Value>) -> Option<String> {
        let mut arguments = Vec::new();
        for field in fields.iter().filter(|field| field.required) {
            arguments.push(self.value(&field.shape.kind, values.get(&field.wire_name)?)?);
        }
        let mut text = format!("{name}::new({})", arguments.join(", "));
        for field in fields.iter().filter(|field| !field.required) {
            let Some(value) = values.get(&field.wire_name).filter(|value| !is_nothing(value)) else { continue };
            let setter = ident(&field.rust_name);
            let _ = write!(text, "\n    .{setter}({})", self.value(&field.shape.kind, value)?);
        }
        Some(text)
    }

    /// A value as the argument of a setter.
    fn value(&self, kind: &Kind, value: &Value) -> Option<String> {
        match (kind, opened(kind, value).as_ref()) {
            (Kind::String, value) => Some(format!("{:?}", plain(value))),
            (Kind::Int32 | Kind::Int64, value) => plain(value).parse::<i64>().ok().map(|number| number.to_string()),
            (Kind::Number, value) => plain(value).parse::<f64>().ok().map(|number| format!("{number:?}")),
            (Kind::Boolean, value) => {
                plain(value).to_ascii_lowercase().parse::<bool>().ok().map(|value| value.to_string())
            }
            (Kind::Any, Value::String(text)) => Some(format!("{text:?}")),
            (Kind::Any, value) => Some(format!("serde_json::json!({value})")),
            (Kind::Array(item), Value::Array(items)) => {
                let items: Option<Vec<_>> = items.iter().map(|value| self.item(&item.kind, value)).collect();
                Some(format!("[{}]", items?.join(", ")))
            }
            (Kind::Map(item), Value::Object(members)) => {
                let entries: Option<Vec<_>> = members
                    .iter()
                    .map(|(key, value)| Some(format!("({key:?}, {})", self.item(&item.kind, value)?)))
                    .collect();
                Some(format!("[{}]", entries?.join(", ")))
            }
            (Kind::Named(name), value) => self.named(kind, name, value),
            _ => None,
        }
    }

    /// A value within a list or a map, where structured values are written as they are held.
    fn item(&self, kind: &Kind, value: &Value) -> Option<String> {
        match (kind, opened(kind, value).as_ref()) {
            (Kind::Array(item), Value::Array(items)) => {
                let items: Option<Vec<_>> = items.iter().map(|value| self.held(&item.kind, value)).collect();
                Some(format!("vec![{}]", items?.join(", ")))
            }
            (Kind::Map(item), Value::Object(members)) => {
                let entries: Option<Vec<_>> = members
                    .iter()
                    .map(|(key, value)| Some(format!("({key:?}.into(), {})", self.held(&item.kind, value)?)))
                    .collect();
                Some(format!("std::collections::BTreeMap::from([{}])", entries?.join(", ")))
            }
            (kind, value) => self.value(kind, value),
        }
    }

    /// A value within a list or a map that is itself within one: nothing converts it.
    fn held(&self, kind: &Kind, value: &Value) -> Option<String> {
        let text = self.item(kind, value)?;
        let converts = matches!(self.types.resolve(kind), Type::Scalar(Kind::String) | Type::Enum { .. } | Type::Any);
        Some(if converts { format!("{text}.into()") } else { text })
    }

    fn named(&self, kind: &Kind, name: &str, value: &Value) -> Option<String> {
        match (self.types.resolve(kind), value) {
            (Type::Enum { kind, .. }, value) => self.value(kind, value),
            (Type::Record(fields), Value::Object(members)) => {
                let module = if self.types.is_own(name) { self.group } else { SHARED_MODULE };
                self.record(&format!("{}::{module}::{name}", self.path), fields, members)
            }
            (Type::Record(_), Value::String(text)) => self.named(kind, name, &serde_json::from_str(text).ok()?),
            _ => None,
        }
    }
}

/// A value as a person would write it in a sentence.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// What would leave the type of an argument open, and says nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// A structured value that the example writes as the wire does: as JSON text, or joined by commas.
fn opened<'v>(kind: &Kind, value: &'v Value) -> Cow<'v, Value> {
    let (Kind::Array(_) | Kind::Map(_), Value::String(text)) = (kind, value) else { return Cow::Borrowed(value) };
    match serde_json::from_str::<Value>(text) {
        Ok(inner @ (Value::Array(_) | Value::Object(_))) => Cow::Owned(inner),
        _ => Cow::Owned(text.split(',').map(|item| Value::from(item.trim())).collect()),
    }
}
