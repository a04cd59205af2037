//! Example requests as Rust code, for the documentation and for tests that send them.

use std::fmt::Write as _;

use aliyun_api_spec::model::{Field, Kind, Operation, Service};
use aliyun_api_spec::name::SHARED_MODULE;
use aliyun_api_spec::types::{Type, Types};
use serde_json::{Map, Value};

use crate::Program;
use crate::tree::ident;

/// An expression that creates a request from example values. `None` if the value of a required parameter is not known.
/// `name` is the name of the request type in the expression.
pub(crate) fn request(
    service: &Service,
    operation: &Operation,
    path: &str,
    name: &str,
    values: &Map<String, Value>,
) -> Option<String> {
    ExampleWriter::new(service, operation, path).record(name, &operation.parameters, values)
}

/// Statements that send a request with `client` and print what comes back. `None` as for [`request`].
pub(crate) fn statements(
    service: &Service,
    operation: &Operation,
    path: &str,
    values: &Map<String, Value>,
) -> Option<String> {
    ExampleWriter::new(service, operation, path).statements(operation, operation.pagination.is_some(), values)
}

/// A program that sends a request. `None` as for [`request`].
pub(crate) fn program(
    service: &Service,
    operation: &Operation,
    Program { path, client, all_pages }: Program<'_>,
    values: &Map<String, Value>,
) -> Option<String> {
    let all_pages = all_pages && operation.pagination.is_some();
    // The program depends on the crate of the client, and not on the runtime.
    let writer = ExampleWriter { value: format!("{path}::Value"), ..ExampleWriter::new(service, operation, path) };
    let statements = writer.statements(operation, all_pages, values)?;
    let (group, name) = (&operation.group, &operation.name);
    let mut body = String::new();
    for line in statements.lines() {
        body.extend(["    ", line, "\n"]);
    }
    Some(format!(
        "use {path}::Client;\nuse {path}::{group}::{name};\n\n#[tokio::main]\nasync fn main() -> Result<(), {path}::Error> {{\n\
         \x20   let client = {client};\n{body}    Ok(())\n}}\n"
    ))
}

/// Writes example values as Rust expressions. Returns `None` for a value that does not have its type.
struct ExampleWriter<'a> {
    types: Types<'a>,
    group: &'a str,
    path: &'a str,
    /// The type of free JSON values. A crate with a client depends on the runtime, and need not export it.
    value: String,
}

impl<'a> ExampleWriter<'a> {
    fn new(service: &'a Service, operation: &'a Operation, path: &'a str) -> Self {
        let value = "aliyun_runtime::Value".to_owned();
        Self { types: Types::of(operation, service), group: &operation.group, path, value }
    }

    fn statements(&self, operation: &Operation, all_pages: bool, values: &Map<String, Value>) -> Option<String> {
        let request = self.record(&operation.name, &operation.parameters, values)?;
        Some(if all_pages {
            format!(
                "let mut items = client.items({request});\nwhile let Some(item) = items.next().await? {{\n    println!(\"{{item:?}}\");\n}}"
            )
        } else {
            format!("let response = client.send({request}).await?;\nprintln!(\"{{response:?}}\");")
        })
    }

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

    /// A value as an argument of a constructor or a setter.
    fn value(&self, kind: &Kind, value: &Value) -> Option<String> {
        match (self.types.resolve(kind), value) {
            (Type::Scalar(Kind::String) | Type::Any, Value::String(text)) => Some(format!("{text:?}")),
            (Type::Scalar(Kind::Int32 | Kind::Int64), value) => Some(value.as_i64()?.to_string()),
            (Type::Scalar(Kind::Number), value) => Some(format!("{:?}", value.as_f64()?)),
            (Type::Scalar(Kind::Boolean), value) => Some(value.as_bool()?.to_string()),
            (Type::Enum { kind, .. }, value) => self.value(kind, value),
            (Type::Any, value) => Some(self.free(value)),
            (Type::Array(item), Value::Array(items)) => {
                let one_type = self.has_one_type(&item.kind, items);
                let item = |value| if one_type { self.item(&item.kind, value) } else { Some(self.free(value)) };
                let items: Option<Vec<_>> = items.iter().map(item).collect();
                Some(format!("[{}]", items?.join(", ")))
            }
            (Type::Map(item), Value::Object(members)) => {
                let one_type = self.has_one_type(&item.kind, members.values());
                let item = |value| if one_type { self.item(&item.kind, value) } else { Some(self.free(value)) };
                let entries: Option<Vec<_>> =
                    members.iter().map(|(key, value)| Some(format!("({key:?}, {})", item(value)?))).collect();
                Some(format!("[{}]", entries?.join(", ")))
            }
            (Type::Record(fields), Value::Object(members)) => {
                let Kind::Named(name) = kind else { return None };
                let module = if self.types.is_own(name) { self.group } else { SHARED_MODULE };
                self.record(&format!("{}::{module}::{name}", self.path), fields, members)
            }
            _ => None,
        }
    }

    /// Whether the expressions of all values have one type. Free JSON is written as a text or as a value.
    fn has_one_type<'v>(&self, kind: &Kind, values: impl IntoIterator<Item = &'v Value>) -> bool {
        !matches!(self.types.resolve(kind), Type::Any) || values.into_iter().all(Value::is_string)
    }

    /// An item of a list or a value of a map. A structured one has the type of the field: it is not converted.
    fn item(&self, kind: &Kind, value: &Value) -> Option<String> {
        match (self.types.resolve(kind), value) {
            (Type::Array(item), Value::Array(items)) => {
                let items: Option<Vec<_>> = items.iter().map(|value| self.held(&item.kind, value)).collect();
                Some(format!("vec![{}]", items?.join(", ")))
            }
            (Type::Map(item), Value::Object(members)) => {
                let entries: Option<Vec<_>> = members
                    .iter()
                    .map(|(key, value)| Some(format!("({key:?}.into(), {})", self.held(&item.kind, value)?)))
                    .collect();
                Some(format!("std::collections::BTreeMap::from([{}])", entries?.join(", ")))
            }
            // What is converted has no type of its own, and the compiler would read it as 32 bits.
            (Type::Scalar(Kind::Int64), value) if i32::try_from(value.as_i64()?).is_err() => {
                Some(format!("{value}_i64"))
            }
            _ => self.value(kind, value),
        }
    }

    /// A value two or more levels below the argument. It has the type of the field, so it is converted here.
    fn held(&self, kind: &Kind, value: &Value) -> Option<String> {
        let text = self.item(kind, value)?;
        let converts = matches!(self.types.resolve(kind), Type::Scalar(Kind::String) | Type::Enum { .. } | Type::Any);
        Some(if converts { format!("{text}.into()") } else { text })
    }

    /// A free JSON value, without a macro: not every crate with a client depends on `serde_json`.
    fn free(&self, value: &Value) -> String {
        let name = &self.value;
        match value {
            Value::Null => format!("{name}::Null"),
            // Without a suffix, the compiler would read it as 32 bits.
            Value::Number(number) if number.is_i64() => format!("{name}::from({number}_i64)"),
            Value::Number(number) if number.is_u64() => format!("{name}::from({number}_u64)"),
            Value::Bool(_) | Value::Number(_) => format!("{name}::from({value})"),
            Value::String(text) => format!("{name}::from({text:?})"),
            Value::Array(items) if items.is_empty() => format!("{name}::from_iter([\"\"; 0])"),
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.free(item)).collect();
                format!("{name}::from_iter([{}])", items.join(", "))
            }
            Value::Object(members) if members.is_empty() => format!("{name}::Object(Default::default())"),
            Value::Object(members) => {
                let members: Vec<String> =
                    members.iter().map(|(name, value)| format!("({name:?}, {})", self.free(value))).collect();
                format!("{name}::from_iter([{}])", members.join(", "))
            }
        }
    }
}

/// Whether a value is empty. The compiler could not infer the type of such an argument.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
