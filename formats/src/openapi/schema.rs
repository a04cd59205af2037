//! Schemas of requests, responses and named types.

use std::fmt::Write as _;

use aliyun_api_spec::model::{
    EnumValue, Field, Kind, NamedType, Operation, Service, Shape, Style, Time, TypeBody, Unit,
};
use aliyun_api_spec::types::{Type, Types};
use serde_json::{Map, Value, json};

/// The schemas of a document, by name.
pub(super) struct Schemas<'s> {
    service: &'s Service,
    all: Map<String, Value>,
}

impl<'s> Schemas<'s> {
    pub(super) fn new(service: &'s Service) -> Self {
        Self { service, all: Map::new() }
    }

    pub(super) fn into_map(mut self) -> Map<String, Value> {
        self.all.sort_keys();
        self.all
    }

    /// A reference to the schema of a request.
    pub(super) fn request(&mut self, operation: &'s Operation, types: Types<'s>) -> Value {
        let schema = self.record(operation.parameters.iter(), types, true);
        self.add(format!("{}Request", operation.name), schema)
    }

    /// A reference to the schema of a response.
    pub(super) fn response(&mut self, operation: &'s Operation, types: Types<'s>) -> Value {
        let schema = self.record(self.service.response_fields(operation), types, false);
        self.add(format!("{}Response", operation.name), schema)
    }

    fn add(&mut self, name: String, schema: Value) -> Value {
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        self.all.insert(name, schema);
        reference
    }

    fn record(&mut self, fields: impl Iterator<Item = &'s Field>, types: Types<'s>, sent: bool) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            if field.required && sent {
                required.push(Value::from(field.wire_name.as_str()));
            }
            properties.insert(field.wire_name.clone(), self.field(field, types));
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            schema["required"] = required.into();
        }
        schema
    }

    fn field(&mut self, field: &'s Field, types: Types<'s>) -> Value {
        let mut schema = self.shape(&field.shape, types);
        if field.deprecated.is_some() {
            schema.insert("deprecated".to_owned(), true.into());
        }
        let texts = [
            field.description.clone().unwrap_or_default(),
            field.deprecated.as_ref().map(|why| format!("Deprecated: {why}")).unwrap_or_default(),
            details(&field.shape, self.service),
        ];
        let text = texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n");
        if !text.is_empty() {
            schema.insert("description".to_owned(), text.into());
        }
        beside_reference(schema)
    }

    fn shape(&mut self, shape: &'s Shape, types: Types<'s>) -> Map<String, Value> {
        let mut schema = match &shape.kind {
            Kind::Array(items) => {
                let items = self.item(items, types);
                object(json!({ "type": "array", "items": items }))
            }
            Kind::Map(values) => {
                let values = self.item(values, types);
                object(json!({ "type": "object", "additionalProperties": values }))
            }
            Kind::Named(name) => self.named(name, types),
            kind => scalar(kind),
        };
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                schema.insert(key.to_owned(), value);
            }
        };
        let is_confirmed = |key: &str| !shape.guessed.iter().any(|guess| guess == key);
        let number = |value: Option<f64>, key: &str| value.filter(|_| is_confirmed(key)).map(number);
        put("minimum", number(shape.minimum, "minimum"));
        put("maximum", number(shape.maximum, "maximum"));
        let count = |value: Option<u64>, key: &str| value.filter(|_| is_confirmed(key)).map(Value::from);
        put("minLength", count(shape.min_length, "minLength"));
        put("maxLength", count(shape.max_length, "maxLength"));
        put("maxItems", count(shape.max_items, "maxItems"));
        put("default", shape.default.clone().filter(|_| is_confirmed("default")));
        put("example", shape.example.clone());
        put("x-sensitive", shape.sensitive.then_some(Value::Bool(true)));
        schema
    }

    /// The type of an item, which has no description of its own.
    fn item(&mut self, shape: &'s Shape, types: Types<'s>) -> Value {
        beside_reference(self.shape(shape, types))
    }

    /// A reference to a record, or the schema of an open set of values.
    fn named(&mut self, name: &str, types: Types<'s>) -> Map<String, Value> {
        let Some(named) = types.named(name) else { return Map::new() };
        match &named.body {
            TypeBody::Enum { kind, values } => {
                let mut schema = scalar(kind);
                schema.insert("x-known-values".to_owned(), known(values));
                let text = meanings(named, values);
                schema.insert("description".to_owned(), text.into());
                self.all.insert(name.to_owned(), schema.into());
            }
            TypeBody::Record(fields) => {
                if !self.all.contains_key(name) {
                    // A record may contain itself.
                    self.all.insert(name.to_owned(), Value::Null);
                    let mut schema = self.record(fields.iter(), types, true);
                    if let Some(description) = &named.description {
                        schema["description"] = description.as_str().into();
                    }
                    self.all.insert(name.to_owned(), schema);
                }
            }
        }
        object(json!({ "$ref": format!("#/components/schemas/{name}") }))
    }
}

/// Moves a reference into a list of its own if other keys are beside it, which version 3.0 ignores.
fn beside_reference(mut schema: Map<String, Value>) -> Value {
    if schema.len() > 1
        && let Some(reference) = schema.remove("$ref")
    {
        schema.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
    }
    schema.into()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn scalar(kind: &Kind) -> Map<String, Value> {
    object(match kind {
        Kind::String => json!({ "type": "string" }),
        Kind::Int32 => json!({ "type": "integer", "format": "int32" }),
        Kind::Int64 => json!({ "type": "integer", "format": "int64" }),
        Kind::Number => json!({ "type": "number", "format": "double" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        _ => json!({}),
    })
}

/// A bound: without a fraction it is written as an integer.
#[allow(clippy::cast_possible_truncation, reason = "a number without a fraction in this range is an i64")]
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT { (value as i64).into() } else { value.into() }
}

fn known(values: &[EnumValue]) -> Value {
    values
        .iter()
        .map(|value| (value.value.clone(), value.description.clone().unwrap_or_default().into()))
        .collect::<Map<String, Value>>()
        .into()
}

/// The description of an open set, with its values as a table.
fn meanings(named: &NamedType, values: &[EnumValue]) -> String {
    let rows = values.iter().map(|value| (value.value.as_str(), value.description.as_deref().unwrap_or_default()));
    let text = named.description.clone().unwrap_or_default();
    format!("{text}\n\n{}\n\nOther values are possible.", table(rows)).trim().to_owned()
}

fn table<'v>(rows: impl Iterator<Item = (&'v str, &'v str)>) -> String {
    let mut table = "| value | meaning |\n| --- | --- |".to_owned();
    for (value, meaning) in rows {
        let meaning = meaning.replace('|', "\\|").replace('\n', " ");
        // Writing into memory cannot fail.
        let _ = write!(table, "\n| `{value}` | {meaning} |");
    }
    table
}

/// What a schema cannot say of a value: its unit, the form of a time, and the known values, which are not enforced.
fn details(shape: &Shape, service: &Service) -> String {
    let mut facts = Vec::new();
    match &shape.time {
        Some(Time::UnixSeconds) => facts.push("Seconds since 1970.".to_owned()),
        Some(Time::UnixMilliseconds) => facts.push("Milliseconds since 1970.".to_owned()),
        Some(Time::Pattern(pattern)) => facts.push(format!("Time `{pattern}`, UTC{}.", service.time_zone)),
        None => {}
    }
    if let Some(unit) = shape.unit {
        let unit = match unit {
            Unit::Milliseconds => "milliseconds",
            Unit::Seconds => "seconds",
            Unit::Minutes => "minutes",
            Unit::Hours => "hours",
        };
        facts.push(format!("In {unit}."));
    }
    if shape.style == Some(Style::Json) {
        facts.push("JSON in a text on the wire; the gateway converts it.".to_owned());
    }
    let text = facts.join(" ");
    if shape.values.is_empty() {
        return text;
    }
    let rows = shape.values.iter().map(|(value, meaning)| (value.as_str(), meaning.as_str()));
    format!("{text}\n\n{}", table(rows)).trim().to_owned()
}

/// A documented response with the JSON in its texts expanded.
pub(super) fn expanded<'s>(value: &Value, fields: impl Iterator<Item = &'s Field>, types: Types<'s>) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let mut members = members.clone();
    for field in fields {
        let names = std::iter::once(&field.wire_name).chain(&field.aliases);
        for name in names {
            if let Some(member) = members.get_mut(name) {
                *member = of_shape(member, &field.shape, types);
            }
        }
    }
    members.into()
}

fn of_shape<'s>(value: &Value, shape: &'s Shape, types: Types<'s>) -> Value {
    let parsed = match value {
        Value::String(text) if shape.style == Some(Style::Json) => serde_json::from_str(text).ok(),
        _ => None,
    };
    let value = parsed.as_ref().unwrap_or(value);
    match (types.resolve(&shape.kind), value) {
        (Type::Record(fields), Value::Object(_)) => expanded(value, fields.iter(), types),
        (Type::Array(items), Value::Array(values)) => {
            values.iter().map(|value| of_shape(value, items, types)).collect::<Vec<_>>().into()
        }
        (Type::Map(items), Value::Object(members)) => members
            .iter()
            .map(|(key, value)| (key.clone(), of_shape(value, items, types)))
            .collect::<Map<String, Value>>()
            .into(),
        _ => value.clone(),
    }
}
