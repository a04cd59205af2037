//! Exports a service as an OpenAPI document, for tools that read those.
//!
//! An RPC service has one path and a signature that OpenAPI cannot express. So the document describes a gateway that signs:
//! it has one path for each operation, takes parameters as JSON, and answers with the response as the client reads it.

mod schema;

use std::collections::BTreeMap;

use aliyun_api_spec::model::{By, Group, Operation, OperationType, Service};
use aliyun_api_spec::types::Types;
use serde_json::{Map, Value, json};

use self::schema::Schemas;

/// The versions of OpenAPI that can be written. Both documents use what the versions have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OpenApiVersion {
    /// 3.1.
    #[default]
    V3_1,
    /// 3.0, for older tools.
    V3_0,
}

/// What a document says beyond the specification.
#[derive(Debug, Clone, Default)]
pub struct OpenApiOptions {
    /// The version of OpenAPI.
    pub version: OpenApiVersion,
    /// Addresses of gateways, and what each is, such as `/emulator` and `The emulator`.
    pub servers: Vec<(String, String)>,
}

/// The OpenAPI document of a service: `POST /v1/<Action>` for each operation.
///
/// Parameters and responses have the names on the wire. JSON within texts is expanded, since a client reads it. An error has
/// one form, whatever happened.
#[must_use]
pub fn openapi(service: &Service, options: &OpenApiOptions) -> Value {
    let mut schemas = Schemas::new(service);
    let paths: Map<String, Value> = service
        .operations
        .iter()
        .map(|operation| {
            (format!("/v1/{}", operation.action), json!({ "post": self::operation(service, operation, &mut schemas) }))
        })
        .collect();
    let tags: Vec<Value> =
        service.groups.iter().map(|group| json!({ "name": group.id, "description": of_group(group) })).collect();
    let servers: Vec<Value> =
        options.servers.iter().map(|(url, what)| json!({ "url": url, "description": what })).collect();
    let mut schemas = schemas.into_map();
    schemas.insert("Error".to_owned(), error_schema());
    let mut document = Map::new();
    let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
    put(
        "openapi",
        match options.version {
            OpenApiVersion::V3_1 => "3.1.0",
            OpenApiVersion::V3_0 => "3.0.3",
        }
        .into(),
    );
    put(
        "info",
        json!({
            "title": service.title,
            "version": service.version,
            "description": format!(
                "{} {}, through a gateway that signs. Unofficial: this document is neither made nor endorsed by Alibaba Cloud.",
                service.product, service.version
            ),
        }),
    );
    if !servers.is_empty() {
        put("servers", servers.into());
    }
    put("tags", tags.into());
    put("paths", paths.into());
    put("components", json!({ "schemas": schemas, "responses": { "Error": error_response() } }));
    document.into()
}

fn operation<'s>(service: &'s Service, operation: &'s Operation, schemas: &mut Schemas<'s>) -> Value {
    let types = Types::of(operation, service);
    let request = schemas.request(operation, types);
    let response = schemas.response(operation, types);
    let mut item = Map::new();
    let mut put = |key: &str, value: Value| item.insert(key.to_owned(), value);
    put("operationId", operation.action.as_str().into());
    put("tags", json!([operation.group]));
    if !operation.summary.is_empty() {
        put("summary", operation.summary.as_str().into());
    }
    put("description", description(operation).into());
    if operation.deprecated.is_some() {
        put("deprecated", true.into());
    }
    put("x-operation-type", if operation.operation_type == OperationType::Read { "read" } else { "write" }.into());
    put("x-idempotent", operation.idempotent.into());
    put("x-dials", operation.reaches.is_some().into());
    if let Some(reach) = &operation.reaches {
        let mut reaches = json!({ "by": by(reach.by), "whom": reach.whom });
        if !reach.when.is_empty() {
            reaches["when"] = reach.when.iter().cloned().collect::<BTreeMap<_, _>>().into_iter().collect();
        }
        put("x-reaches", reaches);
    }
    let is_required = operation.parameters.iter().any(|field| field.required);
    let mut content = json!({ "schema": request });
    let mut examples = Map::new();
    for example in &operation.examples {
        examples.insert(example.name.clone(), json!({ "value": example.request }));
    }
    if !examples.is_empty() {
        content["examples"] = examples.into();
    }
    put("requestBody", json!({ "required": is_required, "content": { "application/json": content } }));
    let mut content = json!({ "schema": response });
    let mut examples = Map::new();
    for example in &operation.examples {
        if let Some(value) = &example.response {
            let value = schema::expanded(value, service.response_fields(operation), types);
            examples.insert(example.name.clone(), json!({ "value": value }));
        }
    }
    if !examples.is_empty() {
        content["examples"] = examples.into();
    }
    put(
        "responses",
        json!({
            "200": { "description": "The response of the service.", "content": { "application/json": content } },
            "default": { "$ref": "#/components/responses/Error" },
        }),
    );
    item.into()
}

/// The details of an operation, with the facts that OpenAPI has no place for.
fn of_group(group: &Group) -> String {
    match &group.summary_zh {
        Some(chinese) => format!("{} {chinese}", group.summary),
        None => group.summary.clone(),
    }
}

fn description(operation: &Operation) -> String {
    // OpenAPI has one place for a title, which is English. Tools show this one at the top.
    let mut paragraphs: Vec<String> = operation.summary_zh.iter().cloned().collect();
    if let Some(why) = &operation.deprecated {
        paragraphs.push(format!("**Deprecated.** {why}"));
    }
    paragraphs.extend(operation.description.clone());
    if let Some(reach) = &operation.reaches {
        paragraphs.push(format!(
            "**It reaches a person** (by {}, `{}`). It is never sent again unless it certainly was not sent.",
            by(reach.by),
            reach.whom
        ));
    }
    for (sets, rule) in [(&operation.at_least_one, "at least"), (&operation.at_most_one, "at most")] {
        for set in sets {
            paragraphs.push(format!("A request has {rule} one of `{}`.", set.join("`, `")));
        }
    }
    if let Some(number) = operation.limits.per_second {
        paragraphs.push(format!("Limit: {number} requests per second and account."));
    }
    if !operation.limits.per_number.is_empty() {
        let rates: Vec<String> = operation.limits.per_number.iter().map(ToString::to_string).collect();
        paragraphs.push(format!("Limits for one number: {}.", rates.join(", ")));
    }
    paragraphs.join("\n\n")
}

fn by(by: By) -> &'static str {
    match by {
        By::Call => "call",
        By::Message => "message",
    }
}

fn error_response() -> Value {
    json!({
        "description": "The call failed, or its outcome is not known.",
        "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } },
    })
}

/// The one form of errors.
fn error_schema() -> Value {
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "required": ["message", "kind", "sent", "outcomeUnknown"],
        "properties": {
            "message": text("What happened, and what to do, on one line."),
            "kind": text("Kind of the error, such as `Service` or `Timeout`."),
            "sent": text("Whether the request was sent: `No`, `Yes` or `Maybe`."),
            "outcomeUnknown": { "type": "boolean",
                "description": "Whether the operation may have had its effect although the call failed." },
            "code": text("The code that the service or the gateway stated."),
            "requestId": text("Id of the request, which Alibaba's support asks for."),
            "advice": text("What to do about the code."),
            "explanations": {
                "type": "array",
                "description": "What is known of the code.",
                "items": { "type": "object", "properties": {
                    "code": text("The code."),
                    "of": text("What it is a code of."),
                    "meaning": text("What it means."),
                    "consequence": text("What the client makes of it."),
                    "advice": text("What to do."),
                } },
            },
        },
    })
}
