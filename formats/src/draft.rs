//! A service as a source describes it, before it is written in the dialect. Types are still where they are used.

use aliyun_protocol::Method;
use serde_json::Value;

/// A byte position in the source. It does not count when drafts are compared.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct At(pub(crate) usize);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What a source says of a service.
#[derive(Debug, Default)]
pub(crate) struct Service {
    pub(crate) product: String,
    pub(crate) version: String,
    pub(crate) title: Option<String>,
    /// Region id and host.
    pub(crate) endpoints: Vec<(String, String)>,
    pub(crate) groups: Vec<Group>,
    /// Schemas that several operations use, by name.
    pub(crate) components: Vec<(String, Shape)>,
    /// Codes of all operations.
    pub(crate) errors: Vec<ErrorCode>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) receipts: Vec<Receipt>,
}

/// A kind of receipt.
#[derive(Debug)]
pub(crate) struct Receipt {
    pub(crate) at: usize,
    pub(crate) kind: String,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) fields: Vec<Field>,
    /// Receipts as they arrive, each with its position.
    pub(crate) examples: Vec<(usize, Value)>,
}

#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) line: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorCode {
    pub(crate) code: String,
    /// HTTP status, if the source says it.
    pub(crate) status: Option<u16>,
    pub(crate) description: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) at: usize,
    pub(crate) action: String,
    pub(crate) group: String,
    pub(crate) method: Method,
    pub(crate) signed: bool,
    /// Whether it only reads, if the source says it.
    pub(crate) reads: Option<bool>,
    pub(crate) deprecated: bool,
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) parameters: Vec<Field>,
    pub(crate) response: Vec<Field>,
    pub(crate) examples: Vec<Example>,
    pub(crate) errors: Vec<ErrorCode>,
    /// Members of the envelope that its response does not have.
    pub(crate) lacks: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Example {
    pub(crate) at: usize,
    /// Parameters as they are written; `None` if the source has no request.
    pub(crate) request: Option<Vec<(String, String)>>,
    pub(crate) json: Option<Value>,
    pub(crate) xml: Option<String>,
    /// Whether it shows a failure.
    pub(crate) fails: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) at: At,
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    pub(crate) form: bool,
    pub(crate) deprecated: bool,
    pub(crate) description: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    pub(crate) kind: Kind,
    pub(crate) style: Option<&'static str>,
    /// Known values and their meanings, which may be empty.
    pub(crate) values: Vec<(String, String)>,
    pub(crate) default: Option<Value>,
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) max_items: Option<u64>,
    pub(crate) example: Option<Value>,
    /// Keys that were read from prose.
    pub(crate) guessed: Vec<&'static str>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    String,
    Int32,
    Int64,
    Number,
    Boolean,
    Any,
    Array(Box<Shape>),
    Map(Box<Shape>),
    Object(Object),
    /// A component.
    Shared(String),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Object {
    /// The name of its type, once it has one.
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) fields: Vec<Field>,
}

impl Shape {
    pub(crate) fn of(kind: Kind) -> Self {
        Self {
            kind,
            style: None,
            values: Vec::new(),
            default: None,
            minimum: None,
            maximum: None,
            min_length: None,
            max_length: None,
            max_items: None,
            example: None,
            guessed: Vec::new(),
        }
    }

    /// Replaces the type. What was known of values of the old one is lost.
    pub(crate) fn become_kind(&mut self, kind: Kind) {
        let example = self.example.take();
        *self = Self { style: self.style, ..Self::of(kind) };
        self.example = example.filter(|example| self.kind.takes(example));
    }
}

impl Kind {
    pub(crate) fn is_scalar(&self) -> bool {
        matches!(self, Self::String | Self::Int32 | Self::Int64 | Self::Number | Self::Boolean)
    }

    /// The word for it in messages and in the dialect.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::String => "string",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Any => "any",
            Self::Array(_) => "array",
            Self::Map(_) => "map",
            Self::Object(_) => "object",
            Self::Shared(name) => name,
        }
    }

    /// Whether a value is one of this scalar type, as a request has it.
    pub(crate) fn takes(&self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Int32 => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            Self::Int64 => value.is_i64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Any => true,
            _ => false,
        }
    }

    /// The value of this scalar type that a text stands for.
    pub(crate) fn value_of(&self, text: &str) -> Option<Value> {
        let trimmed = text.trim();
        let value = match self {
            Self::String => Value::from(text),
            Self::Int32 | Self::Int64 => Value::from(trimmed.parse::<i64>().ok()?),
            Self::Number => serde_json::from_str(trimmed).ok()?,
            Self::Boolean => Value::from(trimmed.to_ascii_lowercase().parse::<bool>().ok()?),
            _ => return None,
        };
        Some(value).filter(|value| self.takes(value))
    }
}
