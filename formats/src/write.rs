//! Writes drafts in the dialect, as JSON values whose layout `aliyun_api_spec::format` makes.

use std::collections::HashMap;

use aliyun_protocol::Method;
use serde_json::{Map, Value, json};

use crate::draft::{Example, Field, Kind, Object, Operation, Shape};
use crate::envelope::Envelope;
use crate::merge::Earlier;
use crate::names::field_names;
use crate::prose;

/// What of an operation is written. An operation with a fault is written again with less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extent {
    All,
    WithoutXml,
    WithoutExamples,
    WithoutValues,
    WithoutPages,
}

impl Extent {
    pub(crate) const ORDER: [Self; 5] =
        [Self::All, Self::WithoutXml, Self::WithoutExamples, Self::WithoutValues, Self::WithoutPages];

    /// What is lost with it.
    pub(crate) fn lost(self) -> &'static str {
        match self {
            Self::All => "nothing",
            Self::WithoutXml => "the XML examples, or those of the folder,",
            Self::WithoutExamples => "the examples",
            Self::WithoutValues => "the examples, defaults, bounds and known values",
            Self::WithoutPages => "the examples, defaults, bounds, known values and pages",
        }
    }
}

pub(crate) struct Writer<'a> {
    /// Whether texts of the source are kept.
    pub(crate) keeps_texts: bool,
    /// Whether named components are sent by any operation: only then may their fields be required.
    pub(crate) is_sent: &'a dyn Fn(&str) -> bool,
    /// The name of the type of a component.
    pub(crate) component: &'a dyn Fn(&str) -> String,
    pub(crate) extent: Extent,
}

impl Writer<'_> {
    pub(crate) fn text(&self, text: Option<&String>, between: &str) -> Option<String> {
        text.filter(|_| self.keeps_texts).map(|text| prose::flat(text, between)).filter(|text| !text.is_empty())
    }

    /// The file of an operation. `name` is that of its request, and `pages` its pagination.
    pub(crate) fn operation(
        &self,
        operation: &Operation,
        name: &str,
        envelope: &Envelope,
        pages: Option<Value>,
        earlier: Option<&Earlier>,
    ) -> Map<String, Value> {
        let mut file = Map::new();
        let mut put = |key: &str, value: Value| file.insert(key.to_owned(), value);
        put("action", operation.action.as_str().into());
        if name != operation.action {
            put("name", name.into());
        }
        put("group", operation.group.as_str().into());
        put("operationType", if operation.reads == Some(true) { "read" } else { "write" }.into());
        if operation.method != Method::Post {
            put("method", operation.method.as_str().into());
        }
        if !operation.signed {
            put("signed", false.into());
        }
        if let Some(summary) = self.text(operation.summary.as_ref(), " ") {
            put("summary", summary.into());
        }
        if let Some(description) = self.text(operation.description.as_ref(), "\n\n") {
            put("description", description.into());
        }
        if operation.deprecated {
            put("deprecated", "Its source marks it as deprecated.".into());
        }
        let mut types = Map::new();
        let mut parameters = self.table(&operation.parameters, &[], true, &mut types);
        for field in &operation.parameters {
            let line = parameters.get_mut(&field.name).and_then(Value::as_object_mut);
            if let Some(line) = line.filter(|_| is_region(field)) {
                line.insert("fill".to_owned(), "region".into());
            }
        }
        put("parameters", parameters.into());
        let before: Vec<String> = envelope.fields.iter().map(|field| field.name.clone()).collect();
        put("response", self.table(&operation.response, &before, false, &mut types).into());
        if let Some(rule) = envelope.rule_of(operation) {
            put("envelope", rule);
        }
        if !types.is_empty() {
            put("types", types.into());
        }
        if let Some(pages) = pages.filter(|_| self.extent < Extent::WithoutPages) {
            put("pagination", pages);
        }
        if self.extent < Extent::WithoutExamples {
            let examples: Vec<Value> =
                operation.examples.iter().filter_map(|example| self.example(operation, example)).collect();
            if !examples.is_empty() {
                put("examples", numbered(examples).into());
            }
        }
        if let Some(earlier) = earlier {
            let gives_up: &[&str] = match self.extent {
                Extent::All => &[],
                Extent::WithoutPages => &["examples", "pagination"],
                _ => &["examples"],
            };
            earlier.merge_operation(&mut file, gives_up);
        }
        file
    }

    /// A table of fields. Types of objects are added to `types`.
    pub(crate) fn table(
        &self,
        fields: &[Field],
        before: &[String],
        sent: bool,
        types: &mut Map<String, Value>,
    ) -> Map<String, Value> {
        let before: Vec<String> =
            before.iter().filter(|name| fields.iter().all(|field| field.name != **name)).cloned().collect();
        let names = field_names(fields, &before, sent);
        let mut table = Map::new();
        for (field, name) in fields.iter().zip(names) {
            let mut line = self.shape(&field.shape, sent, types);
            if field.form {
                line.insert("in".to_owned(), "formData".into());
            }
            if field.required && sent {
                line.insert("required".to_owned(), true.into());
            }
            if is_secret(&field.name) {
                line.insert("sensitive".to_owned(), true.into());
            }
            if let Some(name) = name {
                line.insert("name".to_owned(), name.into());
            }
            if field.deprecated {
                line.insert("deprecated".to_owned(), "Its source marks it as deprecated.".into());
            }
            if let Some(description) = self.text(field.description.as_ref(), " ") {
                line.insert("description".to_owned(), description.into());
            }
            table.insert(field.name.clone(), line.into());
        }
        table
    }

    fn shape(&self, shape: &Shape, sent: bool, types: &mut Map<String, Value>) -> Map<String, Value> {
        let mut line = Map::new();
        let mut put = |key: &str, value: Value| {
            line.insert(key.to_owned(), value);
        };
        match &shape.kind {
            Kind::Array(items) | Kind::Map(items) => {
                put("type", shape.kind.word().into());
                let mut of_items = self.shape(items, sent, types);
                of_items.remove("style");
                let only_type = of_items.len() == 1 && items.kind.word() != "array" && items.kind.word() != "map";
                put("items", if only_type { of_items.remove("type").unwrap_or_default() } else { of_items.into() });
            }
            Kind::Object(object) => {
                put("type", object.name.clone().unwrap_or_default().into());
                self.object(object, sent, types);
            }
            Kind::Shared(name) => put("type", (self.component)(name).into()),
            kind => put("type", kind.word().into()),
        }
        if let Some(style) = shape.style {
            put("style", style.into());
        }
        if self.extent >= Extent::WithoutValues {
            return line;
        }
        if !shape.values.is_empty() {
            let meaning = |meaning: &String| if self.keeps_texts { prose::flat(meaning, " ") } else { String::new() };
            let values = shape.values.iter().map(|(value, text)| (value.clone(), meaning(text).into()));
            put("enum", Value::Object(values.collect()));
        }
        // `1` and not `1.0`.
        let bound = |bound: f64| serde_json::from_str(&bound.to_string()).unwrap_or(Value::Null);
        let bounds = [
            ("default", shape.default.clone()),
            ("minimum", shape.minimum.map(bound)),
            ("maximum", shape.maximum.map(bound)),
            ("minLength", shape.min_length.map(Value::from)),
            ("maxLength", shape.max_length.map(Value::from)),
            ("maxItems", shape.max_items.map(Value::from)),
        ];
        for (key, value) in bounds {
            if let Some(value) = value {
                put(key, value);
            }
        }
        if !shape.guessed.is_empty() {
            put("guessed", shape.guessed.clone().into());
        }
        if let Some(example) = &shape.example {
            put("example", example.clone());
        }
        line
    }

    fn object(&self, object: &Object, sent: bool, types: &mut Map<String, Value>) {
        let name = object.name.clone().unwrap_or_default();
        if types.contains_key(&name) {
            return;
        }
        // The place in the file is that of the first use.
        types.insert(name.clone(), Value::Null);
        let body = self.record(object, sent, types);
        types.insert(name, body);
    }

    fn record(&self, object: &Object, sent: bool, types: &mut Map<String, Value>) -> Value {
        let mut body = Map::new();
        if let Some(description) = self.text(object.description.as_ref(), " ") {
            body.insert("description".to_owned(), description.into());
        }
        body.insert("fields".to_owned(), self.table(&object.fields, &[], sent, types).into());
        body.into()
    }

    /// The types of service.json: the components that are used, with the types within them.
    pub(crate) fn components<'c>(&self, components: impl Iterator<Item = (&'c str, &'c Object)>) -> Map<String, Value> {
        let mut types = Map::new();
        for (name, object) in components {
            let body = self.record(object, (self.is_sent)(name), &mut types);
            types.insert((self.component)(name), body);
        }
        types
    }

    fn example(&self, operation: &Operation, example: &Example) -> Option<Value> {
        let request = request(operation, example)?;
        let mut written = Map::new();
        written.insert("name".to_owned(), if example.fails { "a failure" } else { "documented" }.into());
        written.insert("request".to_owned(), request.into());
        if let Some(json) = &example.json {
            written.insert("response".to_owned(), json.clone());
        }
        if let Some(xml) = example.xml.as_ref().filter(|_| self.extent < Extent::WithoutXml || example.json.is_none()) {
            written.insert("xml".to_owned(), xml.as_str().into());
        }
        (example.json.is_some() || example.xml.is_some()).then(|| written.into())
    }
}

/// Whether the client can send its region in this parameter.
fn is_region(field: &Field) -> bool {
    field.name == "RegionId" && !field.required && field.shape.kind == Kind::String
}

/// Whether a name says that its values are secrets or numbers of people. This is a guess, on the safe side.
pub(crate) fn is_secret(name: &str) -> bool {
    const PARTS: &[&str] =
        &["password", "passwd", "secret", "phonenumber", "phonenum", "mobile", "callednumber", "callee", "idcard"];
    const WHOLE: &[&str] = &["called", "caller", "phone", "tel"];
    let name = name.to_ascii_lowercase();
    WHOLE.contains(&name.as_str()) || PARTS.iter().any(|part| name.contains(part))
}

/// Gives examples with the same name different ones.
pub(crate) fn numbered(mut examples: Vec<Value>) -> Vec<Value> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for example in &mut examples {
        let name = example["name"].as_str().unwrap_or_default().to_owned();
        let count = counts.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            example["name"] = format!("{name} {count}").into();
        }
    }
    examples
}

/// The request of an example: the documented pairs, and for the other parameters their own examples. `None` if a required
/// parameter has no value.
fn request(operation: &Operation, example: &Example) -> Option<Map<String, Value>> {
    let mut request = Map::new();
    for field in &operation.parameters {
        let value = match &example.request {
            Some(pairs) => {
                of_pairs(&field.shape, &field.name, pairs).or_else(|| of_shape(&field.shape).filter(|_| field.required))
            }
            None => of_shape(&field.shape),
        };
        match value {
            Some(value) => {
                request.insert(field.name.clone(), value);
            }
            None if field.required => {
                request.insert(field.name.clone(), placeholder(&field.shape)?);
            }
            None => {}
        }
    }
    Some(request)
}

/// The required parameters of which no example shows a value, if the operation has examples.
pub(crate) fn without_examples(operation: &Operation) -> Vec<&str> {
    let has_value = |field: &Field| {
        let pairs = operation.examples.iter().filter_map(|example| example.request.as_ref());
        of_shape(&field.shape).is_some()
            || pairs.into_iter().any(|pairs| of_pairs(&field.shape, &field.name, pairs).is_some())
    };
    let missing = operation.parameters.iter().filter(|field| field.required && !has_value(field));
    let missing = missing.map(|field| field.name.as_str()).collect();
    if operation.examples.is_empty() { Vec::new() } else { missing }
}

/// A value of a type of which no example is known.
fn placeholder(shape: &Shape) -> Option<Value> {
    Some(match &shape.kind {
        Kind::String => "example".into(),
        Kind::Int32 | Kind::Int64 => 1.into(),
        Kind::Number => serde_json::from_str(&shape.minimum.unwrap_or(1.0).to_string()).ok()?,
        Kind::Boolean => true.into(),
        Kind::Array(items) => json!([placeholder(items)?]),
        Kind::Any | Kind::Map(_) => json!({}),
        Kind::Object(object) => {
            let required = object.fields.iter().filter(|field| field.required);
            let members: Option<Map<String, Value>> =
                required.map(|field| Some((field.name.clone(), placeholder(&field.shape)?))).collect();
            members?.into()
        }
        Kind::Shared(_) => return None,
    })
}

/// The value that the example of a type and of the types within it make.
pub(crate) fn of_shape(shape: &Shape) -> Option<Value> {
    if let Some(example) = &shape.example {
        return Some(example.clone());
    }
    match &shape.kind {
        Kind::Array(items) => of_shape(items).map(|item| json!([item])),
        Kind::Object(object) => {
            let mut members = Map::new();
            for field in &object.fields {
                match of_shape(&field.shape) {
                    Some(value) => {
                        members.insert(field.name.clone(), value);
                    }
                    None if field.required => return None,
                    None => {}
                }
            }
            (!members.is_empty()).then(|| members.into())
        }
        Kind::Boolean => Some(true.into()),
        kind if kind.is_scalar() => shape.values.first().and_then(|(value, _)| kind.value_of(value)),
        _ => None,
    }
}

/// The value that parameters such as `Name`, `Name.1` and `Name.1.Key` make.
fn of_pairs(shape: &Shape, name: &str, pairs: &[(String, String)]) -> Option<Value> {
    let whole = || pairs.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
    match &shape.kind {
        Kind::Array(items) if shape.style == Some("flat") || shape.style.is_none() => {
            let values = (1..).map_while(|number| of_pairs(items, &format!("{name}.{number}"), pairs));
            let values: Vec<Value> = values.collect();
            (!values.is_empty()).then(|| values.into())
        }
        Kind::Array(items) if shape.style == Some("simple") => {
            whole()?.split(',').map(|text| items.kind.value_of(text)).collect::<Option<Vec<_>>>().map(Value::from)
        }
        Kind::Object(object) if shape.style == Some("flat") || shape.style.is_none() => {
            let members = object.fields.iter().filter_map(|field| {
                let value = of_pairs(&field.shape, &format!("{name}.{}", field.name), pairs)?;
                Some((field.name.clone(), value))
            });
            let members: Map<String, Value> = members.collect();
            (!members.is_empty()).then(|| members.into())
        }
        Kind::Array(_) | Kind::Map(_) | Kind::Object(_) | Kind::Shared(_) => serde_json::from_str(whole()?).ok(),
        Kind::Any => whole().map(|text| serde_json::from_str(text).unwrap_or_else(|_| text.into())),
        kind => kind.value_of(whole()?),
    }
}
