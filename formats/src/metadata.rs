//! Reads the public metadata of a product (`api-docs.json`) into a draft.

use std::collections::{HashMap, HashSet};

use aliyun_api_spec::json::{Member, Node};
use aliyun_api_spec::{Fault, Report, json};
use aliyun_protocol::{Method, parameter};
use serde_json::Value;

use crate::draft::{At, ErrorCode, Example, Field, Group, Kind, Object, Operation, Service, Shape};
use crate::names::camel;
use crate::note::Notes;
use aliyun_api_spec::name::{RECEIPT_MODULE, SHARED_MODULE, is_module, snake_case};

/// The deepest nesting of schemas. JSON itself allows 128 levels, of which a schema takes at least two.
const DEEPEST: usize = 48;

/// Reads metadata. The error is what makes it unusable as a whole; operations that cannot be expressed are in `refused`.
pub(crate) fn read<'t>(
    text: &'t str,
    notes: &mut Notes<'t>,
    report: &mut Report<'t>,
    refused: &mut Vec<Fault>,
) -> Option<Service> {
    let root = json::parse(text, report)?;
    let mut reader = Reader { notes, refused, components: HashMap::new(), spelled: HashMap::new() };
    let Some(info) = root.get("info") else {
        report.add(root.at, "this is not the metadata of a product: it has no \"info\"");
        return None;
    };
    let word = |key: &str| info.get(key).and_then(Node::text).unwrap_or_default().trim();
    for key in ["product", "version"] {
        if word(key).is_empty() {
            report.add(info.at_value(key), format!("\"info\" has no \"{key}\""));
            return None;
        }
    }
    if !matches!(word("style"), "RPC" | "") {
        let style = word("style");
        report.add(info.at_value("style"), format!("the style of the product is {style}; only RPC can be expressed"));
        return None;
    }
    let Some(apis) = root.get("apis") else {
        report.add(root.at, "the metadata has no \"apis\"");
        return None;
    };
    let schemas = root.get("components").map_or(&[][..], |components| components.table("schemas"));
    reader.components = schemas.iter().map(|member| (member.name.to_string(), &member.value)).collect();
    let mut service =
        Service { product: word("product").to_owned(), version: word("version").to_owned(), ..Service::default() };
    service.endpoints = reader.endpoints(&root);
    let of_operations = Reader::groups(&root, &mut service.groups);
    for member in schemas {
        let shape = reader.schema(&member.value, 0, Some(&member.name));
        if matches!(shape.kind, Kind::Object(_)) {
            service.components.push((member.name.to_string(), shape));
        }
    }
    service.errors = root.get("errorCodes").map(|list| reader.error_list(list.elements(), None)).unwrap_or_default();
    for api in apis.members() {
        match reader.operation(api) {
            Ok(mut operation) => {
                operation.group = of_operations.get(&operation.action).cloned().unwrap_or_default();
                service.operations.push(operation);
            }
            Err(why) => {
                let fault = reader.notes.fault(api.at, format!("{}: {why}", api.name));
                reader.refused.push(fault);
            }
        }
    }
    if service.operations.iter().any(|operation| operation.group.is_empty()) {
        let id = free_group("other", &service.groups);
        for operation in service.operations.iter_mut().filter(|operation| operation.group.is_empty()) {
            operation.group.clone_from(&id);
        }
        service.groups.push(Group { id, line: None });
    }
    let used: HashSet<&str> = service.operations.iter().map(|operation| operation.group.as_str()).collect();
    service.groups.retain(|group| used.contains(group.id.as_str()));
    Some(service)
}

/// An id for a group that no other has.
pub(crate) fn free_group(title: &str, groups: &[Group]) -> String {
    let plain: String = snake_case(title).chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let words: Vec<&str> = plain.split('_').filter(|word| !word.is_empty()).take(5).collect();
    let base = match words.join("_") {
        name if name.is_empty() => "group".to_owned(),
        name if name.starts_with(|c: char| c.is_ascii_digit()) => format!("group_{name}"),
        name if !is_module(&name) || [SHARED_MODULE, RECEIPT_MODULE].contains(&name.as_str()) => {
            format!("{name}_group")
        }
        name => name,
    };
    let numbered = (2..).map(|number| format!("{base}_{number}"));
    let is_free = |id: &String| groups.iter().all(|group| group.id != *id);
    std::iter::once(base.clone()).chain(numbered).find(is_free).unwrap_or_default()
}

struct Reader<'a, 't> {
    notes: &'a mut Notes<'t>,
    refused: &'a mut Vec<Fault>,
    components: HashMap<String, &'a Node<'t>>,
    /// Whether a component is a structure that is named, and not written where it is used.
    spelled: HashMap<String, bool>,
}

impl<'t> Reader<'_, 't> {
    fn endpoints(&mut self, root: &Node<'t>) -> Vec<(String, String)> {
        let mut endpoints: Vec<(String, String)> = Vec::new();
        for node in root.get("endpoints").map_or(&[][..], Node::elements) {
            let word = |key: &str| node.get(key).and_then(Node::text).unwrap_or_default().trim().to_owned();
            let (region, host) = (word("regionId"), word("endpoint"));
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
            if region.is_empty() || host.is_empty() || !host.chars().all(legal) {
                self.notes.loss(node.at, format!("the endpoint {host:?} of the region {region:?} is not a host"));
            } else if endpoints.iter().all(|(known, _)| *known != region) {
                endpoints.push((region, host));
            } else if !endpoints.contains(&(region.clone(), host.clone())) {
                self.notes.contradiction(node.at, format!("the region {region} has a second host, {host}"));
            }
        }
        endpoints
    }

    /// Adds the groups, and returns the group of each operation.
    fn groups(root: &Node<'t>, groups: &mut Vec<Group>) -> HashMap<String, String> {
        let mut of_operations = HashMap::new();
        for directory in root.get("directories").map_or(&[][..], Node::elements) {
            if directory.text().is_some() {
                continue;
            }
            let title = directory.get("title").and_then(Node::text).unwrap_or_default();
            let id = free_group(title, groups);
            groups
                .push(Group { id: id.clone(), line: Some(title.trim().to_owned()).filter(|title| !title.is_empty()) });
            let mut open: Vec<&Node<'t>> = vec![directory];
            while let Some(node) = open.pop() {
                for child in node.get("children").map_or(&[][..], Node::elements) {
                    match child.text() {
                        Some(action) => {
                            of_operations.entry(action.to_owned()).or_insert_with(|| id.clone());
                        }
                        None => open.push(child),
                    }
                }
            }
        }
        of_operations
    }

    fn operation(&mut self, api: &Member<'t>) -> Result<Operation, String> {
        let node = &api.value;
        let action = api.name.to_string();
        if !matches!(node.json, json::Json::Object(_)) {
            return Err("its description is not an object".to_owned());
        }
        if camel([action.as_str()]).is_empty() || !action.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err("its name has characters other than letters, digits and `_`".to_owned());
        }
        if let Some(path) = node.get("path").and_then(Node::text).filter(|path| !matches!(*path, "" | "/")) {
            return Err(format!("its path is {path}; an RPC operation has the path /"));
        }
        let words = |key: &str| -> Vec<String> {
            let list = node.get(key).map_or(&[][..], Node::elements);
            list.iter().filter_map(|node| Some(node.text()?.to_ascii_lowercase())).collect()
        };
        let schemes = words("schemes");
        if schemes.iter().any(|scheme| scheme == "sse")
            || words("produces").iter().any(|kind| kind.contains("event-stream"))
        {
            return Err("its response is a stream of events, which cannot be expressed".to_owned());
        }
        if !schemes.is_empty() && schemes.iter().all(|scheme| scheme.starts_with("ws")) {
            return Err("it uses web sockets, which cannot be expressed".to_owned());
        }
        let methods = words("methods");
        let method =
            ["post", "get", "put", "delete"].into_iter().find(|method| methods.iter().any(|known| known == method));
        let method = match method {
            Some(method) => Method::of_name(&method.to_ascii_uppercase()).unwrap_or(Method::Post),
            None if methods.is_empty() => Method::Post,
            None => {
                return Err(format!(
                    "its methods are {}; POST, GET, PUT and DELETE can be expressed",
                    methods.join(", ")
                ));
            }
        };
        let security: Vec<&str> = node
            .get("security")
            .map_or(&[][..], Node::elements)
            .iter()
            .flat_map(|node| node.members().iter().map(|member| &*member.name))
            .collect();
        let signed = security.is_empty() || security.iter().any(|scheme| !matches!(*scheme, "Anonymous" | "ARS_OIDC"));
        let parameters = self.parameters(node)?;
        let response = self.response(node)?;
        let reads = match node.get("operationType").and_then(Node::text) {
            Some("read") if reads_by_name(&action) => Some(true),
            // Metadata also calls operations that place a call a read.
            Some("read") => {
                let what = "the operation type is read, and the name does not say so; it is taken for a write that must \
                            not be sent twice, so a person should look at it";
                self.notes.contradiction(node.at_value("operationType"), format!("{action}: {what}"));
                None
            }
            Some("write") => Some(false),
            other => {
                let what = match other {
                    Some(word) if !word.is_empty() => format!("the operation type is {word}"),
                    _ => "there is no operation type".to_owned(),
                };
                let at = node.get("operationType").map_or(api.at, |node| node.at);
                self.notes.guess(
                    at,
                    format!("{action}: {what}; it is taken for a write that must not be sent twice, so a person should look at it"),
                );
                None
            }
        };
        let text =
            |key: &str| node.get(key).and_then(Node::text).map(str::to_owned).filter(|text| !text.trim().is_empty());
        let mut errors = Vec::new();
        for status in node.table("errorCodes") {
            let code = status.name.parse::<u16>().ok().filter(|code| (100..600).contains(code));
            errors.extend(self.error_list(status.value.elements(), code));
        }
        Ok(Operation {
            at: api.at,
            group: String::new(),
            method,
            signed,
            reads,
            deprecated: node.get("deprecated").and_then(Node::flag).unwrap_or(false),
            summary: text("summary").or_else(|| text("title")),
            description: text("description"),
            parameters,
            response,
            examples: self.examples(&action, node),
            errors,
            lacks: Vec::new(),
            action,
        })
    }

    fn error_list(&mut self, list: &[Node<'t>], status: Option<u16>) -> Vec<ErrorCode> {
        let mut codes = Vec::new();
        for node in list {
            let word = |key: &str| node.get(key).and_then(Node::text).map(str::trim).filter(|text| !text.is_empty());
            let Some(code) = word("errorCode").or_else(|| word("code")) else {
                self.notes.loss(node.at, "an error has no code");
                continue;
            };
            let status = status.or_else(|| word("http_code")?.parse().ok());
            let description = word("description").or_else(|| word("errorMessage")).or_else(|| word("message"));
            codes.push(ErrorCode { code: code.to_owned(), status, description: description.map(str::to_owned) });
        }
        codes
    }

    fn parameters(&mut self, node: &Node<'t>) -> Result<Vec<Field>, String> {
        let mut fields: Vec<(Field, &Node<'t>)> = Vec::new();
        for node in node.get("parameters").map_or(&[][..], Node::elements) {
            let Some(name) = node.get("name").and_then(Node::text).filter(|name| !name.trim().is_empty()) else {
                return Err(format!("the parameter at {} has no name", self.place(node.at)));
            };
            let position = node.get("in").and_then(Node::text).unwrap_or("query");
            if !matches!(position, "query" | "formData") {
                return Err(format!("its parameter {name} is in the {position}; only query and form can be expressed"));
            }
            if parameter::ALL.contains(&name) {
                self.notes.loss(node.at, format!("the parameter {name} is one of the protocol, which the client sets"));
                continue;
            }
            if name.contains('*') {
                return Err(format!("its parameter {name} stands for any number of parameters"));
            }
            let schema = node.get("schema");
            let mut shape = if let Some(schema) = schema {
                self.schema(schema, 0, None)
            } else {
                self.notes.guess(node.at, format!("the parameter {name} has no schema; it is taken for a string"));
                Shape::of(Kind::String)
            };
            shape.style = self.style(&shape, node, name);
            let flag = |key: &str| schema.and_then(|schema| schema.get(key)).and_then(Node::flag);
            let field = Field {
                at: At(node.at),
                name: name.to_owned(),
                required: flag("required").unwrap_or(false) || flag("docRequired").unwrap_or(false),
                form: position == "formData",
                deprecated: flag("deprecated").unwrap_or(false),
                description: description(schema),
                shape,
            };
            match fields.iter().find(|(known, _)| known.name == field.name) {
                Some((known, _)) if *known == field => {
                    self.notes.loss(node.at, format!("the parameter {name} is listed twice; both are the same"));
                }
                Some((_, first)) => {
                    let first = self.place(first.at);
                    self.notes.contradiction(
                        node.at,
                        format!("the parameter {name} is listed twice, and differs from {first}, which is taken"),
                    );
                }
                None => fields.push((field, node)),
            }
        }
        Ok(fields.into_iter().map(|(field, _)| field).collect())
    }

    /// How a structured parameter is sent.
    fn style(&mut self, shape: &Shape, node: &Node<'t>, name: &str) -> Option<&'static str> {
        let word = node.get("style").and_then(Node::text).unwrap_or_default();
        if shape.kind.is_scalar() {
            return (word == "json").then_some("json");
        }
        let of_scalars = matches!(&shape.kind, Kind::Array(items) if items.kind.is_scalar());
        match word {
            "json" => Some("json"),
            "simple" if of_scalars => Some("simple"),
            "repeatList" | "flat" => Some("flat"),
            "" => {
                // The gateway numbers lists and dots objects unless the metadata says otherwise.
                if shape.kind == Kind::Any {
                    return Some("json");
                }
                Some("flat")
            }
            other => {
                self.notes.guess(
                    node.at_value("style"),
                    format!("the style {other:?} of the parameter {name} is unknown or does not fit; json is taken"),
                );
                Some("json")
            }
        }
    }

    fn response(&mut self, node: &Node<'t>) -> Result<Vec<Field>, String> {
        let responses = node.table("responses");
        let of_status = |status: &str| responses.iter().find(|member| member.name == status);
        let success = of_status("200").or_else(|| responses.iter().find(|member| member.name.starts_with('2')));
        let Some(success) = success else {
            self.notes.loss(node.at, "there is no response with status 200; it is taken for an object without members");
            return Ok(Vec::new());
        };
        let Some(schema) = success.value.get("schema") else {
            self.notes.loss(success.at, "the response has no schema; it is taken for an object without members");
            return Ok(Vec::new());
        };
        let shape = self.schema(schema, 0, None);
        match shape.kind {
            Kind::Object(object) => Ok(object.fields),
            Kind::Shared(name) => {
                let Some(component) = self.components.get(&name).copied() else { return Ok(Vec::new()) };
                match self.schema(component, 0, Some(&name)).kind {
                    Kind::Object(object) => Ok(object.fields),
                    _ => Ok(Vec::new()),
                }
            }
            // An object of which nothing is known.
            Kind::Any | Kind::Map(_) => Ok(Vec::new()),
            other => Err(format!("its response is {}; only an object can be expressed", an(other.word()))),
        }
    }

    fn place(&self, at: usize) -> String {
        let fault = self.notes.fault(at, "");
        format!("{}:{}:{}", fault.file, fault.line, fault.column)
    }

    /// The type that a schema describes. `own` is the name of the component whose schema it is.
    fn schema(&mut self, node: &Node<'t>, depth: usize, own: Option<&str>) -> Shape {
        if depth > DEEPEST {
            self.notes.loss(node.at, "the schema is nested too deeply; everything below is any value");
            return Shape::of(Kind::Any);
        }
        if let Some(reference) = node.get("$ref").and_then(Node::text)
            && own.is_none()
        {
            return self.reference(reference, node, depth);
        }
        let kind = self.kind(node, depth);
        let mut shape = Shape::of(kind);
        self.values(&mut shape, node);
        shape
    }

    fn reference(&mut self, reference: &str, node: &Node<'t>, depth: usize) -> Shape {
        let name = reference.strip_prefix("#/components/schemas/").unwrap_or_default();
        let Some(component) = self.components.get(name).copied() else {
            self.notes.loss(node.at_value("$ref"), format!("{reference:?} does not exist; it is taken for any value"));
            return Shape::of(Kind::Any);
        };
        if is_record(component) {
            return Shape::of(Kind::Shared(name.to_owned()));
        }
        // Lists and scalars are written where they are used. A list of itself ends at the depth limit otherwise.
        if self.spelled.insert(name.to_owned(), true).is_some() {
            self.notes.loss(node.at, format!("the component {name} contains itself; any value is taken there"));
            return Shape::of(Kind::Any);
        }
        let shape = self.schema(component, depth + 1, None);
        self.spelled.remove(name);
        shape
    }

    fn kind(&mut self, node: &Node<'t>, depth: usize) -> Kind {
        let format = node.get("format").and_then(Node::text).unwrap_or_default();
        let word = node.get("type").and_then(Node::text).unwrap_or_default();
        match word {
            "string" | "file" => Kind::String,
            "boolean" => Kind::Boolean,
            "number" => Kind::Number,
            "integer" if format == "int32" => Kind::Int32,
            "integer" => Kind::Int64,
            "array" => {
                if let Some(items) = node.get("items") {
                    Kind::Array(Box::new(self.schema(items, depth + 1, None)))
                } else {
                    self.notes.guess(node.at, "a list has no items; they are taken for any values");
                    Kind::Array(Box::new(Shape::of(Kind::Any)))
                }
            }
            "object" => self.object(node, depth),
            "any" => Kind::Any,
            "" if node.get("properties").is_some() => self.object(node, depth),
            other => {
                let what = if other.is_empty() { "there is no type" } else { "the type is unknown" };
                self.notes.guess(node.at, format!("{what}{}; any value is taken", shown(other)));
                Kind::Any
            }
        }
    }

    fn object(&mut self, node: &Node<'t>, depth: usize) -> Kind {
        let members = node.table("properties");
        if members.is_empty() {
            return match node.get("additionalProperties") {
                Some(values) if matches!(values.json, json::Json::Object(_)) => {
                    Kind::Map(Box::new(self.schema(values, depth + 1, None)))
                }
                _ => Kind::Any,
            };
        }
        let mut fields: Vec<Field> = Vec::with_capacity(members.len());
        for member in members {
            let name = member.name.to_string();
            if name.trim().is_empty() {
                self.notes.loss(member.at, "a member has no name");
                continue;
            }
            let flag = |key: &str| member.value.get(key).and_then(Node::flag).unwrap_or(false);
            fields.push(Field {
                at: At(member.at),
                shape: self.schema(&member.value, depth + 1, None),
                required: flag("required"),
                form: false,
                deprecated: flag("deprecated"),
                description: description(Some(&member.value)),
                name,
            });
        }
        Kind::Object(Object { name: None, description: description(Some(node)), fields })
    }

    /// The known values, bounds and the example. What does not fit the type is left out.
    fn values(&mut self, shape: &mut Shape, node: &Node<'t>) {
        if !shape.kind.is_scalar() {
            self.structured_values(shape, node);
            return;
        }
        let kind = shape.kind.clone();
        let mut lose = |at: usize, key: &str, text: &str| {
            let text: String = text.chars().take(40).collect();
            self.notes.loss(at, format!("the {key} {text:?} is not {}", an(kind.word())));
        };
        let titles = node.table("enumValueTitles");
        let title = |value: &str| {
            let member = titles.iter().find(|member| member.name == value);
            member.and_then(|member| member.value.text()).unwrap_or_default().to_owned()
        };
        let listed = node.get("enum").map_or(&[][..], Node::elements);
        let listed = listed.iter().filter_map(|node| Some((node.at, node.text()?.to_owned())));
        let values: Vec<(usize, String)> = if node.get("enum").is_some_and(|list| !list.elements().is_empty()) {
            listed.collect()
        } else {
            titles.iter().map(|member| (member.at, member.name.to_string())).collect()
        };
        for (at, value) in values {
            let canonical = match &shape.kind {
                Kind::String => Some(value.clone()),
                kind => kind.value_of(&value).map(|value| value.to_string()),
            };
            match canonical {
                Some(canonical) if shape.values.iter().any(|(known, _)| *known == canonical) => {}
                Some(canonical) if shape.kind != Kind::String && canonical != value.trim() => lose(at, "value", &value),
                Some(canonical) => shape.values.push((canonical, title(&value))),
                None => lose(at, "value", &value),
            }
        }
        for key in ["default", "example"] {
            let Some((value, text)) = node.get(key).and_then(|node| Some((node, text_of(node)?))) else { continue };
            if text.is_empty() {
                continue;
            }
            let converted = shape.kind.value_of(&text);
            if converted.is_none() {
                lose(value.at, key, &text);
            }
            match key {
                "default" => shape.default = converted,
                _ => shape.example = converted,
            }
        }
        let is_number = matches!(shape.kind, Kind::Int32 | Kind::Int64 | Kind::Number);
        for key in ["minimum", "maximum"] {
            let Some((value, text)) = node.get(key).and_then(|node| Some((node, text_of(node)?))) else { continue };
            if text.trim().is_empty() {
                continue;
            }
            let bound = text.trim().parse::<f64>().ok().filter(|bound| bound.is_finite() && is_number);
            let is_beyond = |bound: f64| {
                shape.kind == Kind::Int32 && !(f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&bound)
                    || shape.kind == Kind::Int64 && bound.abs() >= 9_007_199_254_740_992.0
            };
            // A bound at or beyond that of the type bounds nothing.
            match bound.filter(|bound| !is_beyond(*bound)) {
                Some(bound) if key == "minimum" => shape.minimum = Some(bound),
                Some(bound) => shape.maximum = Some(bound),
                None => lose(value.at, key, &text),
            }
        }
        if shape.minimum.zip(shape.maximum).is_some_and(|(least, most)| least > most) {
            self.notes.contradiction(node.at, "the minimum is above the maximum; both are left out");
            (shape.minimum, shape.maximum) = (None, None);
        }
        let count = |key: &str| node.get(key).and_then(Node::number::<u32>).map(u64::from);
        if shape.kind == Kind::String {
            (shape.min_length, shape.max_length) = (count("minLength"), count("maxLength"));
        }
        if shape.min_length.zip(shape.max_length).is_some_and(|(least, most)| least > most) {
            self.notes.contradiction(node.at, "the smallest length is above the largest; both are left out");
            (shape.min_length, shape.max_length) = (None, None);
        }
        let example = shape.example.clone().unwrap_or_default();
        let number = example.as_f64();
        let is_outside = number.is_some_and(|number| {
            shape.minimum.is_some_and(|least| number < least) || shape.maximum.is_some_and(|most| number > most)
        });
        if is_outside {
            self.notes.contradiction(node.at, "the example is outside of the bounds; the bounds are left out");
            (shape.minimum, shape.maximum) = (None, None);
        }
        let length = example.as_str().map(|text| text.chars().count() as u64);
        let has_other_length = length.is_some_and(|length| {
            shape.min_length.is_some_and(|least| length < least) || shape.max_length.is_some_and(|most| length > most)
        });
        if has_other_length {
            self.notes
                .contradiction(node.at, "the example has another length than is allowed; the lengths are left out");
            (shape.min_length, shape.max_length) = (None, None);
        }
    }

    fn structured_values(&mut self, shape: &mut Shape, node: &Node<'t>) {
        if matches!(shape.kind, Kind::Array(_)) {
            shape.max_items =
                node.get("maxItems").and_then(Node::number::<u32>).map(u64::from).filter(|most| *most > 0);
        }
        for key in ["default", "enum", "minimum", "maximum"] {
            let Some(value) = node.get(key) else { continue };
            let is_empty = value.text().is_some_and(str::is_empty)
                || matches!(value.json, json::Json::List(_)) && value.elements().is_empty();
            if !is_empty {
                self.notes.loss(value.at, format!("the {key} of {} cannot be expressed", an(shape.kind.word())));
            }
        }
        let Some((at, text)) = node.get("example").and_then(|node| Some((node.at, text_of(node)?))) else { return };
        if text.trim().is_empty() {
            return;
        }
        let value: Option<Value> = serde_json::from_str(&text).ok();
        let fits = value.as_ref().is_some_and(|value| fits(shape, value));
        match (value, &mut shape.kind) {
            (Some(value), Kind::Any) => shape.example = Some(value),
            (None, Kind::Any) => shape.example = Some(text.into()),
            (Some(value), _) if fits => shape.example = Some(value),
            // The example of a list may be that of an item.
            (_, Kind::Array(items)) if items.kind.is_scalar() => {
                if items.example.is_none() {
                    items.example = items.kind.value_of(&text);
                }
            }
            _ => self.notes.loss(at, format!("the example is not {}", an(shape.kind.word()))),
        }
    }

    /// The documented responses.
    fn examples(&mut self, action: &str, node: &Node<'t>) -> Vec<Example> {
        let Some(demo) = node.get("responseDemo") else { return Vec::new() };
        let Some(text) = demo.text().filter(|text| !text.trim().is_empty()) else { return Vec::new() };
        let list: Vec<Value> = if let Ok(Value::Array(list)) = serde_json::from_str(text) {
            list
        } else {
            self.notes.loss(demo.at, format!("{action}: \"responseDemo\" is not a JSON list"));
            return Vec::new();
        };
        let mut success = Example { at: demo.at, ..Example::default() };
        let mut failure = Example { at: demo.at, fails: true, ..Example::default() };
        for entry in &list {
            let kind = entry["type"].as_str().unwrap_or_default();
            for (key, example) in [("example", &mut success), ("errorExample", &mut failure)] {
                let text = entry[key].as_str().unwrap_or_default().trim();
                if text.is_empty() {
                    continue;
                }
                match kind {
                    "json" => match serde_json::from_str::<Value>(text) {
                        Ok(value @ Value::Object(_)) => example.json = Some(value),
                        Ok(_) => self.notes.loss(demo.at, format!("{action}: a documented response is not an object")),
                        Err(error) => {
                            self.notes.loss(demo.at, format!("{action}: a documented response is not JSON: {error}"));
                        }
                    },
                    "xml" => example.xml = Some(text.to_owned()),
                    other => self.notes.loss(demo.at, format!("{action}: a response of the unknown type {other:?}")),
                }
            }
        }
        // What a failure looks like is known for every operation, so only a success makes an example.
        [success, failure].into_iter().filter(|example| example.json.is_some() || example.xml.is_some()).collect()
    }
}

/// Whether the first words of a name are those of an operation that reads.
fn reads_by_name(action: &str) -> bool {
    const READS: &[&str] = &[
        "get", "list", "query", "describe", "search", "find", "count", "check", "show", "fetch", "lookup", "inquire",
        "preview", "scan", "select", "view", "retrieve", "has", "is", "exist", "validate", "verify", "estimate",
        "detect",
    ];
    const WRITES: &[&str] =
        &["create", "add", "delete", "remove", "update", "set", "modify", "send", "start", "call", "batch"];
    let name = snake_case(action);
    let mut words = name.split('_');
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let is_write = WRITES.contains(&first) && first != "batch";
    READS.contains(&first) || (!is_write && READS.contains(&second))
}

/// Whether a component is written as a type: an object with members.
fn is_record(node: &Node<'_>) -> bool {
    !node.table("properties").is_empty()
}

/// Whether an example strictly is a value of a structured type.
fn fits(shape: &Shape, value: &Value) -> bool {
    match (&shape.kind, value) {
        (Kind::Array(items), Value::Array(values)) => values.iter().all(|value| fits(items, value)),
        (Kind::Map(items), Value::Object(members)) => members.values().all(|value| fits(items, value)),
        (Kind::Object(object), Value::Object(members)) => {
            let is_known = |(name, value): (&String, &Value)| {
                object.fields.iter().find(|field| field.name == *name).is_some_and(|field| fits(&field.shape, value))
            };
            members.iter().all(is_known)
                && object.fields.iter().all(|field| !field.required || members.contains_key(&field.name))
        }
        // Its fields are checked where it is written.
        (Kind::Shared(_), _) => false,
        (kind, value) => kind.takes(value),
    }
}

fn description(node: Option<&Node<'_>>) -> Option<String> {
    let text = |key: &str| node?.get(key)?.text().map(str::to_owned).filter(|text| !text.trim().is_empty());
    text("description").or_else(|| text("title"))
}

/// A scalar as text: metadata has them as strings, and sometimes as they are.
fn text_of(node: &Node<'_>) -> Option<String> {
    match &node.json {
        json::Json::Text(text) => Some(text.to_string()),
        json::Json::Number(number) => Some((*number).to_owned()),
        json::Json::Flag(flag) => Some(flag.to_string()),
        json::Json::Null => None,
        json::Json::List(_) | json::Json::Object(_) => Some(node.to_value().to_string()),
    }
}

fn shown(word: &str) -> String {
    if word.is_empty() { String::new() } else { format!(" ({word:?})") }
}

fn an(word: &str) -> String {
    let article = if word.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {word}")
}
