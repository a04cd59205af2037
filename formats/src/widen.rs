//! Makes a type wide enough for a documented value: where both contradict each other, the value is what the service sends.

use aliyun_protocol::scalar::{self, Scalar};
use serde_json::Value;

use crate::draft::{Field, Kind, Object, Shape};

/// Widens the types of a response.
pub(crate) struct Widen<'a> {
    /// Shared types. One that is being widened is taken out, so a type that contains itself is widened once.
    pub(crate) components: &'a mut Vec<(String, Shape)>,
    /// Whether members that only the value has are added to its type.
    pub(crate) adds: bool,
    /// What was changed: the path and a sentence.
    pub(crate) changes: Vec<(Change, String)>,
    pub(crate) path: Vec<String>,
}

/// What kind of a change was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The type was wrong.
    Type,
    /// A member was added.
    Added,
    /// A member is not in the type.
    Missing,
}

impl Widen<'_> {
    fn note(&mut self, change: Change, what: &str) {
        let path = self.path.join(".");
        self.changes.push((change, if path.is_empty() { what.to_owned() } else { format!("{path}: {what}") }));
    }

    fn become_kind(&mut self, shape: &mut Shape, kind: Kind) {
        let what = format!("it is documented as {}, and the example needs {}", shape.kind.word(), kind.word());
        self.note(Change::Type, &what);
        shape.become_kind(kind);
    }

    /// The members of an object.
    pub(crate) fn fields(&mut self, fields: &mut Vec<Field>, value: &Value) {
        let Some(members) = value.as_object() else { return };
        for (name, value) in members {
            self.path.push(name.clone());
            if let Some(field) = fields.iter_mut().find(|field| field.name == *name) {
                self.shape(&mut field.shape, value);
            } else if self.adds {
                self.note(Change::Added, "only the example has it");
                fields.push(field_of(name, value));
            } else if !value.is_null() {
                self.note(Change::Missing, "the example has it, and its type does not");
            }
            self.path.pop();
        }
    }

    pub(crate) fn shape(&mut self, shape: &mut Shape, value: &Value) {
        let blank = value.as_str().is_some_and(scalar::is_blank);
        if value.is_null() || blank {
            return;
        }
        match (&mut shape.kind, value) {
            (Kind::Any, _) => {}
            (Kind::String, Value::Array(_) | Value::Object(_)) => {
                let style = Some("json");
                let mut kind = shape_of(value);
                kind.style = style;
                let what = format!("it is documented as string, and the example has {}", found(value));
                self.note(Change::Type, &what);
                let example = kind.example.take();
                *shape = Shape { example, ..kind };
            }
            (kind, value) if kind.is_scalar() => {
                if let Some(wider) = wider(kind, value) {
                    self.become_kind(shape, wider);
                }
            }
            (Kind::Array(items), value) => match opened(value) {
                Some(Value::Array(values)) => {
                    let depth = self.path.len();
                    for value in &values {
                        self.shape(items, value);
                        self.path.truncate(depth);
                    }
                }
                _ if shape.style == Some("simple") && value.is_string() => {}
                _ => self.become_kind(shape, Kind::Any),
            },
            (Kind::Map(items), value) => match opened(value) {
                Some(Value::Object(members)) => {
                    for (name, value) in &members {
                        self.path.push(name.clone());
                        self.shape(items, value);
                        self.path.pop();
                    }
                }
                _ => self.become_kind(shape, Kind::Any),
            },
            (Kind::Object(object), value) => match opened(value) {
                Some(value @ Value::Object(_)) => self.fields(&mut object.fields, &value),
                _ => self.become_kind(shape, Kind::Any),
            },
            (Kind::Shared(name), value) => {
                let name = name.clone();
                let Some(index) = self.components.iter().position(|(known, _)| *known == name) else { return };
                let placeholder = Shape::of(Kind::Any);
                let mut component = std::mem::replace(&mut self.components[index].1, placeholder);
                let is_fit = matches!(opened(value), Some(Value::Object(_)));
                match &mut component.kind {
                    // It is being widened further up.
                    Kind::Any => {}
                    Kind::Object(_) if !is_fit => self.become_kind(shape, Kind::Any),
                    _ => self.shape(&mut component, value),
                }
                self.components[index].1 = component;
            }
            _ => {}
        }
    }
}

/// The structured value that a value is, or that a text contains.
fn opened(value: &Value) -> Option<Value> {
    match value {
        Value::Array(_) | Value::Object(_) => Some(value.clone()),
        Value::String(text) if scalar::is_json(text) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

fn found(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
        _ => "another value",
    }
}

/// The first type that a value of a response fits, if it does not fit this one.
fn wider(kind: &Kind, value: &Value) -> Option<Kind> {
    let order: &[Kind] = match kind {
        Kind::Int32 => &[Kind::Int32, Kind::Int64, Kind::Number, Kind::String],
        Kind::Int64 => &[Kind::Int64, Kind::Number, Kind::String],
        Kind::Number => &[Kind::Number, Kind::String],
        Kind::Boolean => &[Kind::Boolean, Kind::String],
        _ => &[Kind::String],
    };
    let wide = order.iter().find(|kind| reads(kind, value)).cloned().unwrap_or(Kind::Any);
    (wide != *kind).then_some(wide)
}

/// Whether the client reads a value into a scalar type.
fn reads(kind: &Kind, value: &Value) -> bool {
    let number;
    let scalar = match value {
        Value::String(text) => Scalar::Text(text),
        Value::Number(value) => {
            number = value.to_string();
            Scalar::Number(&number)
        }
        Value::Bool(value) => Scalar::Boolean(*value),
        _ => return false,
    };
    match kind {
        Kind::String => true,
        Kind::Int32 => scalar.int32().is_some(),
        Kind::Int64 => scalar.int64().is_some(),
        Kind::Number => scalar.number().is_some(),
        _ => scalar.boolean().is_some(),
    }
}

/// The type of a value of which nothing else is known.
pub(crate) fn shape_of(value: &Value) -> Shape {
    let kind = match value {
        Value::Null => Kind::Any,
        Value::Bool(_) => Kind::Boolean,
        Value::Number(number) if number.is_i64() => Kind::Int64,
        Value::Number(_) => Kind::Number,
        Value::String(_) => Kind::String,
        Value::Array(items) => Kind::Array(Box::new(items_of(items))),
        Value::Object(members) if members.is_empty() => Kind::Any,
        Value::Object(members) => {
            let fields = members.iter().map(|(name, value)| field_of(name, value)).collect();
            Kind::Object(Object { fields, ..Object::default() })
        }
    };
    let example = Some(value.clone()).filter(|_| kind.is_scalar());
    Shape { example, ..Shape::of(kind) }
}

/// One type for all items.
fn items_of(items: &[Value]) -> Shape {
    let Some((first, rest)) = items.split_first() else { return Shape::of(Kind::Any) };
    let mut shape = shape_of(first);
    let mut none = Vec::new();
    let mut widen = Widen { components: &mut none, adds: true, changes: Vec::new(), path: Vec::new() };
    for item in rest {
        if shape.kind == Kind::Any && !first.is_null() {
            break;
        }
        if first.is_null() && shape.kind == Kind::Any && !item.is_null() {
            shape = shape_of(item);
        }
        widen.shape(&mut shape, item);
    }
    shape
}

pub(crate) fn field_of(name: &str, value: &Value) -> Field {
    Field {
        at: crate::draft::At::default(),
        name: name.to_owned(),
        shape: shape_of(value),
        required: false,
        form: false,
        deprecated: false,
        description: None,
    }
}
