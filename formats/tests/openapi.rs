//! Services as OpenAPI documents.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use aliyun_api_formats::{OpenApiOptions, OpenApiVersion, openapi};
use serde_json::{Value, json};

fn voice() -> Value {
    openapi(aliyun_api_spec::dyvmsapi(), &OpenApiOptions::default())
}

#[test]
fn every_operation_has_a_path_with_its_facts() {
    let document = voice();
    let service = aliyun_api_spec::dyvmsapi();
    let paths = document["paths"].as_object().unwrap();
    assert_eq!(paths.len(), service.operations.len());
    for operation in &service.operations {
        let post = &paths[&format!("/v1/{}", operation.action)]["post"];
        assert_eq!(post["operationId"], operation.action);
        assert_eq!(post["summary"], operation.summary);
        let chinese = operation.summary_zh.as_ref().unwrap();
        assert!(post["description"].as_str().unwrap().starts_with(chinese), "{}", operation.action);
        assert_eq!(post["tags"], json!([operation.group]));
        assert_eq!(post["x-dials"], operation.reaches.is_some());
        assert_eq!(post["x-idempotent"], operation.idempotent);
        let of_body = post["requestBody"]["content"]["application/json"]["examples"].as_object();
        assert_eq!(of_body.map_or(0, serde_json::Map::len), operation.examples.len(), "{}", operation.action);
    }
}

/// Every reference, with the schema that it leads to.
fn references<'v>(value: &'v Value, found: &mut Vec<&'v str>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                assert_eq!(members.len(), 1, "version 3.0 ignores what is beside a reference: {members:?}");
                found.push(reference);
            }
            members.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_to_a_schema_and_every_schema_is_used() {
    let document = voice();
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in &found {
        let target = document.pointer(reference.strip_prefix('#').unwrap());
        assert!(target.is_some_and(Value::is_object), "{reference}");
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for name in schemas.keys() {
        let reference = format!("#/components/schemas/{name}");
        assert!(found.contains(&reference.as_str()), "{name} is not used");
    }
}

#[test]
fn parameters_have_their_types_bounds_units_and_meanings() {
    let document = voice();
    let schemas = &document["components"]["schemas"];
    let request = &schemas["SingleCallByTtsRequest"];
    assert_eq!(request["required"], json!(["CalledNumber", "TtsCode"]));
    let of = |name: &str| request["properties"][name].clone();
    assert_eq!(
        (of("PlayTimes")["type"].clone(), of("PlayTimes")["format"].clone()),
        (json!("integer"), json!("int32"))
    );
    assert_eq!((of("PlayTimes")["minimum"].clone(), of("PlayTimes")["maximum"].clone()), (json!(1), json!(3)));
    assert_eq!(of("PlayTimes")["default"], 3);
    assert_eq!(of("OutId")["maxLength"], 15);
    assert_eq!(of("CalledNumber")["x-sensitive"], true);
    assert_eq!(of("TtsParam")["additionalProperties"], json!({ "type": "string" }));
    let date = &schemas["QueryCallDetailByCallIdRequest"]["properties"]["QueryDate"];
    assert!(date["description"].as_str().unwrap().contains("Milliseconds since 1970."));
    let code = &schemas["CallStatusCode"];
    assert_eq!(code["type"], "string");
    assert_eq!(code["x-known-values"]["200002"], "the line was busy");
    assert!(code["description"].as_str().unwrap().contains("| `200002` | the line was busy |"));
    assert!(code.get("enum").is_none(), "the set is open");
}

/// The client returns records, also where the service writes JSON into a text.
#[test]
fn responses_show_the_records_in_their_texts() {
    let document = voice();
    let post = &document["paths"]["/v1/QueryRobotTaskCallList"]["post"];
    let content = &post["responses"]["200"]["content"]["application/json"];
    let schema = document.pointer(content["schema"]["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap();
    assert_eq!(schema["properties"]["Data"]["items"], json!({ "$ref": "#/components/schemas/RobotTaskCall" }));
    assert_eq!(schema["properties"]["RequestId"]["type"], "string");
    let example = content["examples"].as_object().unwrap().values().next().unwrap();
    assert!(example["value"]["Data"][0].is_object(), "{example}");
}

#[test]
fn both_versions_have_the_same_content() {
    let of = |version| openapi(aliyun_api_spec::dyvmsapi(), &OpenApiOptions { version, ..OpenApiOptions::default() });
    let (mut new, mut old) = (of(OpenApiVersion::V3_1), of(OpenApiVersion::V3_0));
    assert_eq!((new["openapi"].take(), old["openapi"].take()), (json!("3.1.0"), json!("3.0.3")));
    assert_eq!(new, old);
}

#[test]
fn servers_are_those_of_the_options() {
    let servers = vec![("/emulator".to_owned(), "The emulator".to_owned())];
    let document = openapi(aliyun_api_spec::dyvmsapi(), &OpenApiOptions { servers, ..OpenApiOptions::default() });
    assert_eq!(document["servers"], json!([{ "url": "/emulator", "description": "The emulator" }]));
    assert!(voice().get("servers").is_none());
}

/// Two readers that others wrote understand both versions as a whole.
#[test]
fn other_readers_find_every_operation() {
    let service = aliyun_api_spec::dyvmsapi();
    let text = |version| openapi(service, &OpenApiOptions { version, ..OpenApiOptions::default() }).to_string();
    let old: openapiv3::OpenAPI = serde_json::from_str(&text(OpenApiVersion::V3_0)).unwrap();
    let operations: Vec<_> = old.operations().map(|(_, method, operation)| (method, &operation.operation_id)).collect();
    assert_eq!(operations.len(), service.operations.len());
    for operation in &service.operations {
        assert!(operations.contains(&("post", &Some(operation.action.clone()))), "{}", operation.action);
    }
    let new = oas3::from_json(text(OpenApiVersion::V3_1)).unwrap();
    assert_eq!(new.operations().count(), service.operations.len());
    for (path, _, operation) in new.operations() {
        assert_eq!(operation.operation_id.as_ref().map(|id| format!("/v1/{id}")), Some(path));
        // A reference that leads nowhere is an error here.
        let body = operation.request_body(&new).unwrap().unwrap();
        assert!(body.content["application/json"].schema(&new).unwrap().is_some());
    }
}
