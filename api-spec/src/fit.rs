//! Checks whether a value fits a type: strictly, as for examples of requests; as a gateway checks requests; or with the
//! leniency that responses need.

use std::borrow::Cow;

use aliyun_protocol::scalar::{self, Scalar};
use serde_json::{Map, Value};

use crate::bounds;
use crate::json::Node;
use crate::model::{EnumValue, Field, Kind, Shape, Style};
use crate::suggest::did_you_mean;
use crate::text;
use crate::types::{Type, Types};

/// How a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// For examples of requests: every value has its type, every required one is there, none is unknown.
    Strict,
    /// As the client reads a response: scalars are converted by [`scalar`], null and empty texts are absent, unknown members
    /// are ignored, aliases are accepted, and a text may contain JSON.
    Lenient,
    /// As a gateway reads a request: every value has its type and is inside its bounds, every required one is there. Null is
    /// absent, and unknown members are noted. No message shows a value.
    Wire,
}

/// A value that does not fit.
#[derive(Debug)]
pub(crate) struct Misfit {
    path: Vec<PathStep>,
    message: String,
    pub(crate) hint: Option<Cow<'static, str>>,
}

#[derive(Debug, Clone)]
pub(crate) enum PathStep {
    Name(String),
    Index(usize),
}

impl Misfit {
    /// The path of the value, and what is wrong with it.
    pub(crate) fn describe(&self) -> String {
        let mut path = String::new();
        for step in &self.path {
            match step {
                PathStep::Name(name) if path.is_empty() => path.push_str(name),
                PathStep::Name(name) => path.extend([".", name]),
                PathStep::Index(index) => path.extend(["[", &index.to_string(), "]"]),
            }
        }
        if path.is_empty() {
            return self.message.clone();
        }
        format!("{path}: {}", self.message)
    }

    /// The position of the value. A value inside a JSON text has the position of that text.
    pub(crate) fn locate(&self, root: &Node<'_>) -> usize {
        let mut node = root;
        for step in &self.path {
            let next = match step {
                PathStep::Name(name) => node.get(name),
                PathStep::Index(index) => node.elements().get(*index),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node.at
    }
}

/// Returns every difference between a value and a type.
pub(crate) fn value(value: &Value, shape: &Shape, types: Types<'_>, reading: Reading) -> Vec<Misfit> {
    let mut fit = Fit::new(types, reading);
    fit.shape(value, shape);
    fit.misfits
}

/// Returns every difference between an object and a table of fields. Messages call a field `what`.
pub(crate) fn record<'f>(
    members: &Map<String, Value>,
    fields: impl Iterator<Item = &'f Field> + Clone,
    what: &'static str,
    types: Types<'_>,
    reading: Reading,
) -> Vec<Misfit> {
    let mut fit = Fit::new(types, reading);
    fit.record(members, fields, what);
    fit.misfits
}

pub(crate) struct Fit<'m> {
    types: Types<'m>,
    reading: Reading,
    path: Vec<PathStep>,
    pub(crate) misfits: Vec<Misfit>,
    /// Values that are accepted but unusual.
    pub(crate) notes: Vec<Misfit>,
}

impl<'m> Fit<'m> {
    pub(crate) fn new(types: Types<'m>, reading: Reading) -> Self {
        Self { types, reading, path: Vec::new(), misfits: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn types(&self) -> Types<'m> {
        self.types
    }

    fn lenient(&self) -> bool {
        self.reading == Reading::Lenient
    }

    fn is_wire(&self) -> bool {
        self.reading == Reading::Wire
    }

    pub(crate) fn misfit(&mut self, message: String) {
        // A request may have any number of them.
        if !self.is_wire() || self.misfits.len() < MAX_MESSAGES {
            self.misfits.push(Misfit { path: self.path.clone(), message, hint: None });
        }
    }

    pub(crate) fn note(&mut self, message: String) {
        if self.notes.len() < MAX_MESSAGES {
            self.notes.push(Misfit { path: self.path.clone(), message, hint: None });
        }
    }

    fn expected(&mut self, wanted: &str, value: &Value) {
        if self.is_wire() {
            self.misfit(format!("expected {wanted}"));
        } else {
            self.misfit(format!("expected {wanted}, found {}", shown(value)));
        }
    }

    pub(crate) fn at<T>(&mut self, step: PathStep, inner: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let result = inner(self);
        self.path.pop();
        result
    }

    pub(crate) fn shape(&mut self, value: &Value, shape: &Shape) {
        self.styled(value, shape, shape.style);
    }

    /// `style` is that of the shape, or of the list or map around it.
    fn styled(&mut self, value: &Value, shape: &Shape, style: Option<Style>) {
        if value.is_null() && self.reading != Reading::Strict {
            return;
        }
        match self.types.resolve(&shape.kind) {
            Type::Array(items) => self.array(value, items, shape, style),
            Type::Map(items) => self.map(value, items, style),
            Type::Record(fields) => self.named_record(value, fields, style),
            Type::Enum { kind, .. } if self.lenient() => self.code(value, kind),
            Type::Enum { kind, values } => {
                self.scalar(value, kind);
                self.bounds(value, shape);
                self.known(value, values);
            }
            Type::Scalar(Kind::String) if self.lenient() && style == Some(Style::Json) => {}
            Type::Scalar(kind) => {
                self.scalar(value, kind);
                self.bounds(value, shape);
            }
            Type::Any => self.bounds(value, shape),
            Type::Unknown => {}
        }
    }

    fn bounds(&mut self, value: &Value, shape: &Shape) {
        if let Some(message) = bounds::broken(value, shape).filter(|_| self.is_wire()) {
            self.misfit(message);
        }
    }

    /// Notes a value that a named set does not have. The values of an unnamed set may be parts of a bit mask.
    fn known(&mut self, value: &Value, known: &[EnumValue]) {
        let text = value.as_str().map_or_else(|| Cow::Owned(value.to_string()), Cow::Borrowed);
        if self.is_wire() && known.iter().all(|known| known.value != text) {
            let known: Vec<&str> = known.iter().map(|known| known.value.as_str()).collect();
            self.note(format!("its value is none of the known {}", known.join(", ")));
        }
    }

    fn scalar(&mut self, value: &Value, kind: &Kind) {
        let wanted = match kind {
            Kind::String => "a text",
            Kind::Int32 => "a 32-bit integer",
            Kind::Int64 => "an integer",
            Kind::Number => "a number",
            Kind::Boolean => "true or false",
            Kind::Any | Kind::Array(_) | Kind::Map(_) | Kind::Named(_) => return,
        };
        let fits = if self.lenient() {
            with_scalar(value, |scalar| match kind {
                Kind::String => true,
                _ if scalar.is_absent() => true,
                Kind::Int32 => scalar.int32().is_some(),
                Kind::Int64 => scalar.int64().is_some(),
                Kind::Number => scalar.number().is_some(),
                _ => scalar.boolean().is_some(),
            })
        } else {
            match kind {
                Kind::String => value.is_string(),
                Kind::Int32 => value.as_i64().is_some_and(|integer| i32::try_from(integer).is_ok()),
                Kind::Int64 => value.is_i64(),
                Kind::Number => value.is_number(),
                _ => value.is_boolean(),
            }
        };
        if !fits {
            self.expected(wanted, value);
        }
    }

    /// Checks a value of an open set in a response.
    fn code(&mut self, value: &Value, kind: &Kind) {
        let fits = with_scalar(value, |scalar| {
            let is_of_kind = |value: Cow<'_, str>| *kind == Kind::String || value.parse::<i64>().is_ok();
            matches!(scalar, Scalar::Text(text) if scalar::is_blank(text)) || scalar.enum_values().any(is_of_kind)
        });
        if !fits {
            self.expected("a code", value);
        }
    }

    /// The JSON inside a text, where that is allowed. An empty text in a response is `null`.
    fn opened<'v>(&self, value: &'v Value, style: Option<Style>) -> Cow<'v, Value> {
        match value {
            Value::String(text) if self.lenient() && scalar::is_blank(text) => Cow::Owned(Value::Null),
            Value::String(text) if self.lenient() || (self.is_wire() && style == Some(Style::Json)) => {
                serde_json::from_str(text).map_or(Cow::Borrowed(value), Cow::Owned)
            }
            _ => Cow::Borrowed(value),
        }
    }

    fn array(&mut self, value: &Value, items: &Shape, shape: &Shape, style: Option<Style>) {
        let inner = style.filter(|_| self.lenient() && value.is_array());
        let value = match value {
            Value::String(text)
                if style == Some(Style::Simple)
                    && self.lenient()
                    && !scalar::is_blank(text)
                    && !scalar::is_json(text) =>
            {
                Cow::Owned(text.split(',').map(Value::from).collect())
            }
            Value::String(text) if style == Some(Style::Simple) && self.is_wire() => {
                Cow::Owned(text.split(',').map(|text| text::value(text, &items.kind, self.types)).collect())
            }
            value => self.opened(value, style),
        };
        match &*value {
            Value::Array(elements) => {
                if let Some(message) = bounds::too_many(elements.len(), shape).filter(|_| self.is_wire()) {
                    self.misfit(message);
                }
                for (index, element) in elements.iter().enumerate() {
                    self.at(PathStep::Index(index), |fit| {
                        fit.styled(element, items, inner);
                        // The bounds of an array are those of its items.
                        fit.bounds(element, shape);
                    });
                }
            }
            Value::Null if self.reading != Reading::Strict => {}
            other => self.expected("a list", other),
        }
    }

    fn map(&mut self, value: &Value, items: &Shape, style: Option<Style>) {
        let inner = style.filter(|_| self.lenient() && value.is_object());
        match &*self.opened(value, style) {
            Value::Object(members) => {
                for (name, member) in members {
                    self.at(PathStep::Name(name.clone()), |fit| {
                        // Such maps are variables of a template. Callers also write numbers.
                        if fit.is_wire() && items.kind == Kind::String && (member.is_number() || member.is_boolean()) {
                            fit.note("the specification wants a text".to_owned());
                        } else {
                            fit.styled(member, items, inner);
                        }
                    });
                }
            }
            Value::Null if self.reading != Reading::Strict => {}
            other => self.expected("an object", other),
        }
    }

    fn named_record(&mut self, value: &Value, fields: &[Field], style: Option<Style>) {
        match &*self.opened(value, style) {
            Value::Object(members) => self.record(members, fields.iter(), "member"),
            Value::Null if self.reading != Reading::Strict => {}
            other => self.expected("an object", other),
        }
    }

    fn record<'f>(
        &mut self,
        members: &Map<String, Value>,
        fields: impl Iterator<Item = &'f Field> + Clone,
        what: &str,
    ) {
        for (name, member) in members {
            let lenient = self.lenient();
            let field =
                fields.clone().find(|field| field.wire_name == *name || (lenient && field.aliases.contains(name)));
            if let Some(field) = field {
                self.at(PathStep::Name(name.clone()), |fit| fit.shape(member, &field.shape));
            } else if self.is_wire() {
                self.at(PathStep::Name(name.clone()), |fit| fit.note(format!("unknown {what}")));
            } else if !lenient {
                let hint = did_you_mean(name, fields.clone().map(|field| field.wire_name.as_str()));
                let mut path = self.path.clone();
                path.push(PathStep::Name(name.clone()));
                let message = format!("unknown {what}");
                self.misfits.push(Misfit { path, message, hint });
            }
        }
        if self.lenient() {
            return;
        }
        for field in fields.filter(|field| field.required) {
            if members.get(&field.wire_name).is_none_or(|member| self.is_wire() && is_blank(member)) {
                self.misfit(format!("the required {what} \"{}\" is missing", field.wire_name));
            }
        }
    }
}

/// The largest number of misfits, and of notes, that are collected for a parameter of a request.
const MAX_MESSAGES: usize = 20;

/// Whether a value counts as absent where one is required.
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// Asks whether a scalar fits, as the client reads it. Any other value does not.
fn with_scalar(value: &Value, fits: impl FnOnce(Scalar<'_>) -> bool) -> bool {
    match value {
        Value::String(text) => fits(Scalar::Text(text)),
        Value::Number(number) => fits(Scalar::Number(&number.to_string())),
        Value::Bool(value) => fits(Scalar::Boolean(*value)),
        _ => false,
    }
}

/// A value for a message, shortened.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(text) if text.chars().count() > 40 => {
            format!("\"{}...\"", text.chars().take(37).collect::<String>())
        }
        scalar => scalar.to_string(),
    }
}
