//! Turns the tree of a file into the model. Values of a wrong form were reported before and are left out. A missing type
//! becomes the type with an empty name, about which nothing else is reported.

use crate::json::{Member, Node};
use crate::model::{
    By, Endpoints, EnumValue, Envelope, Example, Field, Group, Kind, Limits, Method, NamedType, Operation,
    OperationType, PagePosition, Pagination, Position, Rate, Reach, Receipt, RefusalKind, Service, ServiceError, Shape,
    Style, Time, TypeBody, Unit, Words,
};
use crate::name::snake_case;

/// A service without operations.
pub(crate) fn service(node: &Node<'_>) -> Service {
    Service {
        product: text(node, "product"),
        version: text(node, "version"),
        title: text(node, "title"),
        endpoints: node.get("endpoints").map(endpoints).unwrap_or_default(),
        envelope: node.get("envelope").map(envelope).unwrap_or_default(),
        common_parameters: fields(node.table("commonParameters")),
        time_zone: text_of(node, "timeZone").unwrap_or_else(|| "+08:00".to_owned()),
        groups: groups(node),
        wording: node.table("wording").iter().filter_map(words).collect(),
        types: node.table("types").iter().map(named_type).collect(),
        errors: node.table("errors").iter().map(service_error).collect(),
        operations: Vec::new(),
        receipts: Vec::new(),
    }
}

fn words(member: &Member<'_>) -> Option<(By, Words)> {
    let words = Words { maybe: text(&member.value, "maybe"), nobody: text(&member.value, "nobody") };
    Some((By::of_name(&member.name)?, words))
}

fn endpoints(node: &Node<'_>) -> Endpoints {
    let hosts = |key| {
        let members = node.table(key).iter();
        let pairs = members.filter_map(|host| Some((host.name.to_string(), host.value.text()?)));
        pairs.map(|(region, host)| (region, host.to_owned())).collect()
    };
    Endpoints {
        default: text_of(node, "default"),
        default_serves_all: flag(node, "defaultServesAll"),
        regions: hosts("regions"),
        vpc: hosts("vpc"),
    }
}

fn envelope(node: &Node<'_>) -> Envelope {
    Envelope {
        fields: fields(node.table("fields")),
        code: text_of(node, "code"),
        message: text_of(node, "message"),
        request_id: text_of(node, "requestId"),
        success: texts(node, "success"),
        ok: text_of(node, "ok"),
    }
}

fn groups(node: &Node<'_>) -> Vec<Group> {
    let chinese = node.get("groupsZh");
    let group = |member: &Member<'_>| Group {
        id: member.name.to_string(),
        summary: member.value.text().unwrap_or_default().to_owned(),
        summary_zh: chinese.and_then(|table| text_of(table, &member.name)),
    };
    node.table("groups").iter().map(group).collect()
}

fn service_error(member: &Member<'_>) -> ServiceError {
    let node = &member.value;
    ServiceError {
        code: member.name.to_string(),
        aliases: texts(node, "aliases"),
        description: text(node, "description"),
        description_zh: text_of(node, "descriptionZh"),
        only_4xx: text_of(node, "status").is_some(),
        advice: text(node, "advice"),
        advice_zh: text_of(node, "adviceZh"),
        kind: node.get("kind").and_then(Node::text).and_then(RefusalKind::of_name),
    }
}

/// An operation. `file` is its path in the service folder.
pub(crate) fn operation(node: &Node<'_>, file: &str) -> Operation {
    let operation_type = match node.get("operationType").and_then(Node::text) {
        Some("read") => OperationType::Read,
        _ => OperationType::Write,
    };
    let reaches = node.get("reaches").map(reach);
    let harmless = operation_type == OperationType::Read && reaches.is_none();
    Operation {
        action: text(node, "action"),
        name: text_of(node, "name").unwrap_or_else(|| text(node, "action")),
        group: text(node, "group"),
        operation_type,
        idempotent: node.get("idempotent").and_then(Node::flag).unwrap_or(harmless),
        reaches,
        id: text_of(node, "id"),
        method: node.get("method").and_then(Node::text).and_then(Method::of_name).unwrap_or(Method::Post),
        signed: node.get("signed").and_then(Node::flag).unwrap_or(true),
        envelope: node.get("envelope").map(envelope),
        limits: node.get("limits").map(limits).unwrap_or_default(),
        summary: text(node, "summary"),
        summary_zh: text_of(node, "summaryZh"),
        description: text_of(node, "description"),
        deprecated: text_of(node, "deprecated"),
        parameters: fields(node.table("parameters")),
        at_least_one: name_sets(node, "atLeastOne"),
        at_most_one: name_sets(node, "atMostOne"),
        response: fields(node.table("response")),
        types: node.table("types").iter().map(named_type).collect(),
        pagination: node.get("pagination").and_then(pagination),
        examples: node.get("examples").map(examples).unwrap_or_default(),
        file: file.to_owned(),
    }
}

/// A kind of receipt. `file` is its path in the service folder.
pub(crate) fn receipt(node: &Node<'_>, file: &str) -> Receipt {
    let example = |node: &Node<'_>| (text(node, "name"), node.get("receipt").map(Node::to_map).unwrap_or_default());
    Receipt {
        kind: text(node, "kind"),
        key: texts(node, "key"),
        id: text_of(node, "id"),
        own_id: text_of(node, "ownId"),
        summary: text(node, "summary"),
        description: text_of(node, "description"),
        fields: fields(node.table("fields")),
        types: node.table("types").iter().map(named_type).collect(),
        examples: node.get("examples").map_or(&[][..], Node::elements).iter().map(example).collect(),
        file: file.to_owned(),
    }
}

fn reach(node: &Node<'_>) -> Reach {
    Reach {
        by: node.get("by").and_then(Node::text).and_then(By::of_name).unwrap_or(By::Call),
        whom: text(node, "whom"),
        when: conditions(node.table("when")),
    }
}

fn limits(node: &Node<'_>) -> Limits {
    Limits {
        per_second: node.get("perSecond").and_then(Node::number),
        per_number: texts(node, "perNumber").iter().filter_map(|rate| Rate::parse(rate)).collect(),
    }
}

fn conditions(table: &[Member<'_>]) -> Vec<(String, String)> {
    let pair = |member: &Member<'_>| Some((member.name.to_string(), member.value.text()?.to_owned()));
    table.iter().filter_map(pair).collect()
}

fn name_sets(node: &Node<'_>, key: &str) -> Vec<Vec<String>> {
    let sets = node.get(key).map_or(&[][..], Node::elements);
    sets.iter().map(text_list).collect()
}

fn pagination(node: &Node<'_>) -> Option<Pagination> {
    let position = if let Some(parameter) = text_of(node, "page") {
        PagePosition::Page(parameter)
    } else if let Some(parameter) = text_of(node, "offset") {
        PagePosition::Offset(parameter)
    } else {
        PagePosition::Token { parameter: text_of(node, "token")?, next: text(node, "next") }
    };
    let first = i64::from(matches!(position, PagePosition::Page(_)));
    Some(Pagination {
        position,
        first: node.get("first").and_then(Node::number).unwrap_or(first),
        size: text_of(node, "size"),
        total: text_of(node, "total"),
        items: text(node, "items"),
        set: node.get("set").map(Node::to_map).unwrap_or_default(),
        guessed: flag(node, "guessed"),
    })
}

fn examples(node: &Node<'_>) -> Vec<Example> {
    let example = |node: &Node<'_>| Example {
        name: text(node, "name"),
        request: node.get("request").map(Node::to_map).unwrap_or_default(),
        response: node.get("response").map(Node::to_value),
        xml: text_of(node, "xml"),
    };
    node.elements().iter().map(example).collect()
}

fn named_type(member: &Member<'_>) -> NamedType {
    let node = &member.value;
    let body = if node.get("enum").is_some() {
        TypeBody::Enum {
            kind: match node.get("type").and_then(Node::text) {
                Some("int32") => Kind::Int32,
                Some("int64") => Kind::Int64,
                _ => Kind::String,
            },
            values: node.table("enum").iter().map(enum_value).collect(),
        }
    } else {
        TypeBody::Record(fields(node.table("fields")))
    };
    NamedType { name: member.name.to_string(), description: text_of(node, "description"), body }
}

fn enum_value(member: &Member<'_>) -> EnumValue {
    EnumValue {
        value: member.name.to_string(),
        name: text(&member.value, "name"),
        description: text_of(&member.value, "description"),
        description_zh: text_of(&member.value, "descriptionZh"),
    }
}

/// One field for each member, in the same order.
fn fields(members: &[Member<'_>]) -> Vec<Field> {
    members.iter().map(field).collect()
}

fn field(member: &Member<'_>) -> Field {
    let node = &member.value;
    Field {
        wire_name: member.name.to_string(),
        rust_name: text_of(node, "name").unwrap_or_else(|| snake_case(&member.name)),
        shape: shape(node),
        position: match node.get("in").and_then(Node::text) {
            Some("formData") => Position::Form,
            _ => Position::Query,
        },
        required: flag(node, "required"),
        filled_by_region: node.get("fill").is_some(),
        aliases: texts(node, "aliases"),
        deprecated: text_of(node, "deprecated"),
        description: text_of(node, "description"),
    }
}

fn shape(node: &Node<'_>) -> Shape {
    let number = |key| node.get(key).and_then(Node::number);
    let count = |key| node.get(key).and_then(Node::number::<u32>).map(u64::from);
    let values = node.table("enum").iter();
    Shape {
        style: node.get("style").and_then(Node::text).and_then(style),
        values: values
            .map(|value| (value.name.to_string(), value.value.text().unwrap_or_default().to_owned()))
            .collect(),
        default: node.get("default").map(Node::to_value),
        minimum: number("minimum"),
        maximum: number("maximum"),
        min_length: count("minLength"),
        max_length: count("maxLength"),
        max_items: count("maxItems"),
        time: text_of(node, "time").map(time),
        unit: node.get("unit").and_then(Node::text).and_then(unit),
        sensitive: flag(node, "sensitive"),
        guessed: texts(node, "guessed"),
        example: node.get("example").map(Node::to_value),
        ..Shape::of(kind(node))
    }
}

fn kind(node: &Node<'_>) -> Kind {
    let items = || {
        Box::new(match node.get("items") {
            Some(items) => match items.text() {
                Some(name) => Shape::of(kind_named(name)),
                None => shape(items),
            },
            None => Shape::of(Kind::Named(String::new())),
        })
    };
    match node.get("type").and_then(Node::text).unwrap_or_default() {
        "array" => Kind::Array(items()),
        "map" => Kind::Map(items()),
        name => kind_named(name),
    }
}

/// The type with this name. Arrays and maps without items are reported by the check.
fn kind_named(name: &str) -> Kind {
    match name {
        "string" => Kind::String,
        "int32" => Kind::Int32,
        "int64" => Kind::Int64,
        "number" => Kind::Number,
        "boolean" => Kind::Boolean,
        "any" => Kind::Any,
        "array" | "map" => Kind::Named(String::new()),
        name => Kind::Named(name.to_owned()),
    }
}

fn style(word: &str) -> Option<Style> {
    match word {
        "flat" => Some(Style::Flat),
        "json" => Some(Style::Json),
        "simple" => Some(Style::Simple),
        _ => None,
    }
}

fn time(pattern: String) -> Time {
    match pattern.as_str() {
        "unix-s" => Time::UnixSeconds,
        "unix-ms" => Time::UnixMilliseconds,
        _ => Time::Pattern(pattern),
    }
}

fn unit(word: &str) -> Option<Unit> {
    match word {
        "milliseconds" => Some(Unit::Milliseconds),
        "seconds" => Some(Unit::Seconds),
        "minutes" => Some(Unit::Minutes),
        "hours" => Some(Unit::Hours),
        _ => None,
    }
}

fn text(node: &Node<'_>, key: &str) -> String {
    text_of(node, key).unwrap_or_default()
}

fn text_of(node: &Node<'_>, key: &str) -> Option<String> {
    node.get(key).and_then(Node::text).map(str::to_owned)
}

fn flag(node: &Node<'_>, key: &str) -> bool {
    node.get(key).and_then(Node::flag).unwrap_or(false)
}

fn texts(node: &Node<'_>, key: &str) -> Vec<String> {
    node.get(key).map(text_list).unwrap_or_default()
}

fn text_list(node: &Node<'_>) -> Vec<String> {
    let texts = node.elements().iter().filter_map(Node::text);
    texts.map(str::to_owned).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::fault::Report;
    use crate::json::parse;

    fn read(text: &str) -> Operation {
        let node = parse(text, &mut Report::new("operations/X.json", text)).unwrap();
        operation(&node, "operations/X.json")
    }

    #[test]
    fn an_operation_that_reads_and_reaches_nobody_is_idempotent() {
        assert!(read(r#"{ "operationType": "read" }"#).idempotent);
        assert!(!read(r#"{ "operationType": "write" }"#).idempotent);
        assert!(read(r#"{ "operationType": "write", "idempotent": true }"#).idempotent);
        assert!(!read(r#"{ "operationType": "read", "reaches": { "by": "call", "whom": "Tel" } }"#).idempotent);
    }

    #[test]
    fn a_field_keeps_all_that_is_said_of_it() {
        let operation = read(
            r#"{ "parameters": { "VPCId": {
                "type": "array", "items": { "type": "map", "items": "int64", "minLength": 2 }, "style": "flat",
                "in": "formData", "required": true, "aliases": ["VpcId"], "enum": { "1": "one" }, "default": 1,
                "minimum": 0.5, "maximum": 2, "minLength": 1, "maxLength": 3, "maxItems": 4, "time": "unix-ms",
                "unit": "hours", "sensitive": true, "deprecated": "gone", "example": [{ "a": 1 }], "description": "d"
            } } }"#,
        );
        let [field] = operation.parameters.as_slice() else { panic!("one field") };
        assert_eq!((field.wire_name.as_str(), field.rust_name.as_str()), ("VPCId", "vpc_id"));
        assert_eq!((field.position, field.required), (Position::Form, true));
        assert_eq!(field.aliases, ["VpcId"]);
        assert_eq!(field.deprecated.as_deref(), Some("gone"));
        assert_eq!(field.description.as_deref(), Some("d"));
        let map = Kind::Map(Box::new(Shape::of(Kind::Int64)));
        let expected = Shape {
            kind: Kind::Array(Box::new(Shape { min_length: Some(2), ..Shape::of(map) })),
            style: Some(Style::Flat),
            values: vec![("1".to_owned(), "one".to_owned())],
            default: Some(1.into()),
            minimum: Some(0.5),
            maximum: Some(2.0),
            min_length: Some(1),
            max_length: Some(3),
            max_items: Some(4),
            time: Some(Time::UnixMilliseconds),
            unit: Some(Unit::Hours),
            sensitive: true,
            guessed: Vec::new(),
            example: Some(serde_json::json!([{ "a": 1 }])),
        };
        assert_eq!(field.shape, expected);
    }

    #[test]
    fn pages_are_counted_from_1_and_rows_from_0() {
        let first = |text: &str| read(text).pagination.map(|pagination| (pagination.position, pagination.first));
        assert_eq!(
            first(r#"{ "pagination": { "page": "PageNo", "items": "Data" } }"#),
            Some((PagePosition::Page("PageNo".to_owned()), 1))
        );
        assert_eq!(
            first(r#"{ "pagination": { "offset": "Start", "items": "Data" } }"#),
            Some((PagePosition::Offset("Start".to_owned()), 0))
        );
        assert_eq!(
            first(r#"{ "pagination": { "page": "PageNo", "first": 0, "items": "Data" } }"#),
            Some((PagePosition::Page("PageNo".to_owned()), 0))
        );
        let token = PagePosition::Token { parameter: "T".to_owned(), next: "Next.T".to_owned() };
        assert_eq!(first(r#"{ "pagination": { "token": "T", "next": "Next.T", "items": "Data" } }"#), Some((token, 0)));
        assert_eq!(first(r#"{ "pagination": { "items": "Data" } }"#), None);
    }

    #[test]
    fn names_of_fields_end_clashes() {
        let operation = read(r#"{ "response": { "TaskID": { "type": "string", "name": "task" }, "Type": {} } }"#);
        let names: Vec<&str> = operation.response.iter().map(|field| field.rust_name.as_str()).collect();
        assert_eq!(names, ["task", "type"]);
    }
}
