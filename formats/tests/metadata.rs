//! Metadata of a product becomes a service folder.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use aliyun_api_formats::{Imported, Options, import_metadata};
use aliyun_api_spec::SourceFile;
use serde_json::{Value, json};

/// The metadata of a product with these operations.
fn product(apis: &Value) -> Value {
    json!({
        "version": "1.0",
        "info": { "style": "RPC", "product": "Mailroom", "version": "2020-02-02" },
        "directories": [
            { "id": 1, "title": "Boxes and letters", "type": "directory", "children": [
                "ListBoxes", { "id": 2, "title": "deeper", "type": "directory", "children": ["OpenBox"] }
            ] },
            { "id": 3, "title": "move", "type": "directory", "children": ["MoveBox"] },
            { "id": 4, "title": null, "type": "directory", "children": ["Nowhere"] }
        ],
        "components": { "schemas": {
            "Parcel": { "type": "object", "properties": {
                "id": { "type": "string", "required": true },
                "inside": { "type": "array", "items": { "$ref": "#/components/schemas/Parcel" } },
                "twin": { "$ref": "#/components/schemas/Parcel" }
            } },
            "Ids": { "type": "array", "items": { "type": "integer", "format": "int64" } },
            "Unused": { "type": "object", "properties": { "a": { "type": "string" } } }
        } },
        "endpoints": [
            { "regionId": "cn-a", "endpoint": "mailroom.cn-a.example.com" },
            { "regionId": "cn-b", "endpoint": "mailroom.aliyuncs.com" }
        ],
        "apis": apis
    })
}

/// An operation with this response and these further keys.
fn api(properties: &Value, more: &Value) -> Value {
    let mut api = json!({
        "methods": ["post", "get"], "schemes": ["https"], "security": [{ "AK": [] }], "operationType": "read",
        "parameters": [], "responses": { "200": { "schema": { "type": "object", "properties": properties } } }
    });
    api.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api
}

fn import(metadata: &Value) -> Imported {
    let imported = import_metadata(&SourceFile { path: "docs.json", text: &metadata.to_string() }, &Options::default());
    let files: Vec<SourceFile<'_>> =
        imported.files.iter().map(|file| SourceFile { path: &file.path, text: &file.text }).collect();
    if !files.is_empty() {
        assert_eq!(aliyun_api_spec::parse(&files).faults, []);
    }
    imported
}

fn file(imported: &Imported, path: &str) -> Value {
    let found = imported.files.iter().find(|file| file.path == path);
    serde_json::from_str(&found.unwrap_or_else(|| panic!("no {path}: {:?}", imported.refused)).text).unwrap()
}

fn operation(imported: &Imported, action: &str) -> Value {
    file(imported, &format!("operations/{action}.json"))
}

/// The messages, without the column: the text has one line.
fn notes(imported: &Imported) -> Vec<String> {
    let without_place = |line: String| line.splitn(4, ':').nth(3).unwrap_or_default().trim().to_owned();
    imported.notes.iter().map(|note| without_place(note.to_string())).collect()
}

fn refusals(imported: &Imported) -> Vec<String> {
    imported.refused.iter().map(|fault| fault.message.clone()).collect()
}

fn parameter(name: &str, more: &Value) -> Value {
    let mut parameter = json!({ "name": name, "in": "query", "schema": { "type": "string" } });
    parameter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    parameter
}

#[test]
#[allow(clippy::too_many_lines, reason = "one product shows everything")]
fn a_product_becomes_a_folder() {
    let envelope = json!({ "RequestId": { "type": "string" }, "Code": { "type": "string", "example": "OK", "description": "OK means success." } });
    let with = |own: Value| {
        let mut all = envelope.clone();
        all.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        all
    };
    let mut apis = serde_json::Map::new();
    apis.insert(
        "ListBoxes".to_owned(),
        api(
            &with(json!({
                "Boxes": { "type": "array", "items": { "$ref": "#/components/schemas/Parcel" } },
                "Ids": { "$ref": "#/components/schemas/Ids" },
                "TotalCount": { "type": "integer", "format": "int32" }
            })),
            &json!({
                "parameters": [
                    parameter("PageNumber", &json!({ "schema": { "type": "integer", "format": "int32", "minimum": "1", "maximum": "9223372036854775807", "default": "1", "example": "2" } })),
                    parameter("RegionId", &json!({})),
                    parameter("Kind", &json!({ "schema": { "type": "integer", "enum": ["0", "1", "x"], "enumValueTitles": { "0": "a" }, "example": "no" } })),
                    parameter("Password", &json!({ "schema": { "type": "string", "docRequired": true, "required": false } })),
                    parameter("Body", &json!({ "in": "formData", "style": "json", "schema": { "type": "array", "items": { "type": "object", "properties": { "K": { "type": "string" }, "k": { "type": "boolean", "example": "True" } } } } })),
                    parameter("Ids", &json!({ "style": "repeatList", "schema": { "type": "array", "items": { "type": "string" }, "maxItems": 3 } })),
                    parameter("Names", &json!({ "style": "simple", "schema": { "type": "array", "items": { "type": "string" }, "example": "[\"a\"]" } })),
                    parameter("Action", &json!({})),
                ],
                "responseDemo": json!([{ "type": "json", "example": "{\"Code\":\"OK\",\"RequestId\":\"R\",\"TotalCount\":3517972480,\"Boxes\":[{\"id\":\"1\"}]}", "errorExample": "" }]).to_string(),
                "errorCodes": { "404": [{ "errorCode": "NoBox", "errorMessage": "none" }], "500": [{ "errorCode": "Broken", "errorMessage": "" }], "400": [{ "errorCode": "Throttling.User", "errorMessage": "" }] }
            }),
        ),
    );
    apis.insert(
        "OpenBox".to_owned(),
        api(
            &with(json!({ "Success": { "type": "boolean" } })),
            &json!({ "operationType": "readAndWrite", "methods": ["put"] }),
        ),
    );
    apis.insert("MoveBox".to_owned(), api(&with(json!({ "Code": { "type": "integer", "format": "int32" } })), &json!({ "operationType": "write", "methods": ["delete"], "security": [{ "Anonymous": [] }], "deprecated": true })));
    apis.insert("Page".to_owned(), api(&with(json!({})), &json!({ "parameters": [parameter("box", &json!({ "style": "flat", "schema": { "$ref": "#/components/schemas/Parcel" } }))] })));
    apis.insert("Price".to_owned(), api(&json!({ "Price": { "type": "number" } }), &json!({})));
    let imported = import(&product(&apis.into()));
    assert_eq!(refusals(&imported), [""; 0]);
    assert_eq!(imported.operations, ["ListBoxes", "OpenBox", "MoveBox", "Page", "Price"]);
    let service = file(&imported, "service.json");
    assert_eq!(
        service["endpoints"],
        json!({ "default": "mailroom.aliyuncs.com", "regions": { "cn-a": "mailroom.cn-a.example.com", "cn-b": "mailroom.aliyuncs.com" } })
    );
    assert_eq!(
        service["envelope"],
        json!({
            "fields": { "RequestId": { "type": "string" }, "Code": { "type": "string", "example": "OK" } },
            "code": "Code", "requestId": "RequestId", "success": ["OK"]
        })
    );
    assert_eq!(service["groups"], json!({ "boxes_and_letters": "", "move_group": "", "other": "" }));
    assert_eq!(service["errors"], json!({ "NoBox": { "status": "4xx" }, "Broken": { "kind": "transient" } }));
    assert_eq!(
        service["types"],
        json!({ "Parcel": { "fields": {
            "id": { "type": "string", "required": true },
            "inside": { "type": "array", "items": "Parcel" },
            "twin": { "type": "any" }
        } } }),
        "a type that contains itself has no size, and one that nothing uses is left out"
    );
    let list = operation(&imported, "ListBoxes");
    assert_eq!(
        list["parameters"],
        json!({
            "PageNumber": { "type": "int32", "default": 1, "minimum": 1, "example": 2 },
            "RegionId": { "type": "string", "fill": "region" },
            "Kind": { "type": "int64", "enum": { "0": "", "1": "" } },
            "Password": { "type": "string", "required": true, "sensitive": true },
            "Body": { "type": "array", "items": "ListBoxesBody", "style": "json", "in": "formData" },
            "Ids": { "type": "array", "items": "string", "style": "flat", "maxItems": 3 },
            "Names": { "type": "array", "items": "string", "style": "simple", "example": ["a"] }
        })
    );
    assert_eq!(
        list["types"]["ListBoxesBody"]["fields"],
        json!({ "K": { "type": "string" }, "k": { "type": "boolean", "name": "k_2", "example": true } })
    );
    assert_eq!(
        list["response"],
        json!({ "Boxes": { "type": "array", "items": "Parcel" }, "Ids": { "type": "array", "items": "int64" }, "TotalCount": { "type": "int64" } })
    );
    assert_eq!(
        list["pagination"],
        json!({ "page": "PageNumber", "total": "TotalCount", "guessed": true, "items": "Boxes" })
    );
    let open = operation(&imported, "OpenBox");
    assert_eq!(
        (&open["operationType"], &open["method"], open.get("idempotent")),
        (&json!("write"), &json!("PUT"), None)
    );
    assert_eq!(
        open["envelope"],
        json!({ "code": "Code", "requestId": "RequestId", "ok": "Success", "success": ["OK"] })
    );
    let moved = operation(&imported, "MoveBox");
    assert_eq!(
        (&moved["signed"], &moved["method"], moved["deprecated"].is_string()),
        (&json!(false), &json!("DELETE"), true)
    );
    assert_eq!(moved["response"], json!({}), "a string reads integers too");
    let page = operation(&imported, "Page");
    assert_eq!((&page["name"], &page["group"]), (&json!("PageAction"), &json!("other")));
    // Its responses have neither request id nor code.
    assert_eq!(operation(&imported, "Price")["envelope"], json!({}));
    let notes = notes(&imported);
    for expected in [
        "loss: the maximum \"9223372036854775807\" is not an int32",
        "loss: the value \"x\" is not an int64",
        "loss: the example \"no\" is not an int64",
        "loss: the parameter Action is one of the protocol, which the client sets",
        "guess: OpenBox: the operation type is readAndWrite; it is taken for a write that must not be sent twice, so a person should look at it",
        "guess: ListBoxes: its pages were guessed from the names of its parameters",
        "guess: the codes of success are OK, as prose says",
        "contradiction: ListBoxes: TotalCount: it is documented as int32, and the example needs int64",
        "contradiction: MoveBox: \"Code\" is int32 here, and string in most responses; string is taken",
        "loss: the component Parcel contains Parcel, which contains it; any value is taken there",
    ] {
        assert!(notes.iter().any(|note| note == expected), "{expected}\n{notes:#?}");
    }
}

#[test]
fn what_cannot_be_expressed_is_refused_by_name_and_the_rest_is_imported() {
    let fine = api(&json!({ "RequestId": { "type": "string" } }), &json!({}));
    for (key, value, expected) in [
        ("path", json!("/v2/boxes"), "Odd: its path is /v2/boxes; an RPC operation has the path /"),
        ("schemes", json!(["https", "sse"]), "Odd: its response is a stream of events, which cannot be expressed"),
        ("schemes", json!(["wss"]), "Odd: it uses web sockets, which cannot be expressed"),
        ("methods", json!(["patch"]), "Odd: its methods are patch; POST, GET, PUT and DELETE can be expressed"),
        (
            "parameters",
            json!([parameter("X", &json!({ "in": "body" }))]),
            "Odd: its parameter X is in the body; only query and form can be expressed",
        ),
        (
            "parameters",
            json!([parameter("x-*", &json!({}))]),
            "Odd: its parameter x-* stands for any number of parameters",
        ),
        ("parameters", json!([{ "in": "query" }]), "has no name"),
        (
            "responses",
            json!({ "200": { "schema": { "type": "array", "items": { "type": "string" } } } }),
            "Odd: its response is an array; only an object can be expressed",
        ),
        (
            "responses",
            json!({ "200": { "schema": { "type": "string" } } }),
            "Odd: its response is a string; only an object can be expressed",
        ),
    ] {
        let mut odd = fine.clone();
        odd[key] = value;
        let imported = import(&product(&json!({ "Fine": fine, "Odd": odd })));
        assert_eq!(imported.operations, ["Fine"], "{key}");
        let refused = refusals(&imported);
        assert!(refused.len() == 1 && refused[0].contains(expected), "{key}: {refused:?}");
    }
    let imported = import(&product(&json!({ "Fine": fine, "odd.name": fine, "Text": "x" })));
    assert_eq!(
        refusals(&imported),
        [
            "odd.name: its name has characters other than letters, digits and `_`",
            "Text: its description is not an object"
        ]
    );
}

/// The metadata of the international voice service says that placing a call is a read.
#[test]
fn a_read_is_believed_only_if_its_name_says_so() {
    let fine = api(&json!({ "RequestId": { "type": "string" } }), &json!({}));
    for (action, expected) in [
        ("GetBox", "read"),
        ("ListBoxes", "read"),
        ("BatchQueryBoxes", "read"),
        ("CloudGetBox", "read"),
        ("VoiceSingleCall", "write"),
        ("SendList", "write"),
        ("CreateListing", "write"),
        ("Page", "write"),
    ] {
        let imported = import(&product(&json!({ action: fine })));
        assert_eq!(operation(&imported, action)["operationType"], expected, "{action}");
        let is_noted = notes(&imported)
            .iter()
            .any(|note| note.starts_with(&format!("contradiction: {action}: the operation type is read")));
        assert_eq!(is_noted, expected == "write", "{action}");
    }
}

#[test]
fn names_that_rust_cannot_have_get_others() {
    let fine = api(&json!({ "RequestId": { "type": "string" } }), &json!({}));
    let imported = import(&product(&json!({ "Mailroom": fine, "openBox": fine, "OpenBox": fine, "Client": fine })));
    assert_eq!(refusals(&imported), [""; 0]);
    let names = ["Mailroom", "openBox", "OpenBox", "Client"].map(|action| operation(&imported, action)["name"].clone());
    assert_eq!(names, [json!("MailroomAction"), json!("OpenBoxAction"), Value::Null, json!("ClientAction")]);
}

#[test]
fn flawed_schemas_become_types_that_read_everything() {
    let properties = json!({
        "RequestId": { "type": "string" },
        "Dangling": { "$ref": "#/components/schemas/None" },
        "Bare": { "type": "object" },
        "Map": { "type": "object", "additionalProperties": { "type": "integer" } },
        "List": { "type": "array" },
        "Odd": { "type": "blob" },
        "Untyped": {},
        "Enum": { "type": "string", "enum": [] },
        "Rate": { "type": "integer", "example": "272.444" },
        "Self": { "type": "boolean", "example": "maybe", "default": "true" }
    });
    let demo = json!([{ "type": "json", "example": "{\"Rate\":272.444,\"Bare\":[1],\"New\":1}" }, { "type": "yaml", "example": "a" }]);
    let imported = import(&product(&json!({ "Get": api(&properties, &json!({ "responseDemo": demo.to_string() })) })));
    let get = operation(&imported, "Get");
    assert_eq!(
        get["response"],
        json!({
            "Dangling": { "type": "any" }, "Bare": { "type": "any" }, "Map": { "type": "map", "items": "int64" },
            "List": { "type": "array", "items": "any" }, "Odd": { "type": "any" }, "Untyped": { "type": "any" },
            "Enum": { "type": "string" }, "Rate": { "type": "number" },
            "Self": { "type": "boolean", "name": "self_value", "default": true }
        })
    );
    let notes = notes(&imported);
    for expected in [
        "loss: \"#/components/schemas/None\" does not exist; it is taken for any value",
        "guess: a list has no items; they are taken for any values",
        "guess: the type is unknown (\"blob\"); any value is taken",
        "guess: there is no type; any value is taken",
        "loss: the example \"272.444\" is not an int64",
        "loss: the example \"maybe\" is not a boolean",
        "loss: Get: a response of the unknown type \"yaml\"",
        "contradiction: Get: Rate: it is documented as int64, and the example needs number",
        "loss: Get: New: the example has it, and its type does not",
    ] {
        assert!(notes.iter().any(|note| note == expected), "{expected}\n{notes:#?}");
    }
}

#[test]
fn bounds_that_the_example_breaks_are_left_out() {
    let shape = |more: Value| {
        let parameters = json!([parameter("A", &json!({ "schema": more }))]);
        let imported = import(&product(
            &json!({ "Get": api(&json!({ "RequestId": { "type": "string" } }), &json!({ "parameters": parameters })) }),
        ));
        let is_noted = notes(&imported).iter().any(|note| note.starts_with("contradiction: the example"));
        (operation(&imported, "Get")["parameters"]["A"].clone(), is_noted)
    };
    let number = |example: &str| {
        shape(json!({ "type": "integer", "format": "int32", "minimum": "1", "maximum": "9", "example": example }))
    };
    assert_eq!(number("1"), (json!({ "type": "int32", "minimum": 1, "maximum": 9, "example": 1 }), false));
    assert_eq!(number("9"), (json!({ "type": "int32", "minimum": 1, "maximum": 9, "example": 9 }), false));
    assert_eq!(number("0"), (json!({ "type": "int32", "example": 0 }), true));
    assert_eq!(number("10"), (json!({ "type": "int32", "example": 10 }), true));
    let text = |example: &str| shape(json!({ "type": "string", "minLength": 2, "maxLength": 3, "example": example }));
    assert_eq!(text("占线"), (json!({ "type": "string", "minLength": 2, "maxLength": 3, "example": "占线" }), false));
    assert_eq!(text("a"), (json!({ "type": "string", "example": "a" }), true));
    assert_eq!(text("abcd"), (json!({ "type": "string", "example": "abcd" }), true));
}

#[test]
fn parameters_that_are_listed_twice_are_one() {
    let twice = |second: &Value| {
        let parameters = json!([
            parameter("A", &json!({ "style": "odd", "schema": { "type": "array", "items": { "type": "string" } } })),
            second
        ]);
        import(&product(
            &json!({ "Get": api(&json!({ "RequestId": { "type": "string" } }), &json!({ "parameters": parameters })) }),
        ))
    };
    let same = twice(&parameter(
        "A",
        &json!({ "style": "odd", "schema": { "type": "array", "items": { "type": "string" } } }),
    ));
    assert!(
        notes(&same).iter().any(|note| note == "loss: the parameter A is listed twice; both are the same"),
        "{:?}",
        notes(&same)
    );
    assert!(notes(&same).iter().any(|note| note == "guess: the style \"odd\" of the parameter A is unknown or does not fit; json is taken"));
    let other = twice(&parameter("A", &json!({})));
    assert!(
        notes(&other)
            .iter()
            .any(|note| note
                .starts_with("contradiction: the parameter A is listed twice, and differs from docs.json:1:"))
    );
    assert_eq!(operation(&other, "Get")["parameters"]["A"]["style"], "json");
}

#[test]
fn what_is_not_the_metadata_of_an_rpc_product_is_refused() {
    let fine = product(&json!({}));
    let mut roa = fine.clone();
    roa["info"]["style"] = "ROA".into();
    let mut nameless = fine.clone();
    nameless["info"]["product"] = "".into();
    for (text, expected) in [
        (String::new(), "docs.json:1:1: not JSON: EOF while parsing a value"),
        (fine.to_string().get(..200).unwrap().to_owned(), "not JSON: EOF while parsing a string"),
        ("[]".to_owned(), "docs.json:1:1: this is not the metadata of a product: it has no \"info\""),
        (
            "{\"info\": {\"product\": \"P\", \"version\": \"1\"}}".to_owned(),
            "docs.json:1:1: the metadata has no \"apis\"",
        ),
        (roa.to_string(), "the style of the product is ROA; only RPC can be expressed"),
        (nameless.to_string(), "\"info\" has no \"product\""),
        (fine.to_string(), "docs.json:1:1: there is no operation"),
        (format!("{}1", "[".repeat(200)), "not JSON: recursion limit exceeded"),
    ] {
        let imported = import_metadata(&SourceFile { path: "docs.json", text: &text }, &Options::default());
        assert!(imported.files.is_empty());
        let refused: Vec<String> = imported.refused.iter().map(ToString::to_string).collect();
        assert!(refused.len() == 1 && refused[0].contains(expected), "{expected}: {refused:?}");
    }
    // Schemas that are a list.
    let mut odd = product(&json!({ "Get": api(&json!({ "RequestId": { "type": "string" } }), &json!({})) }));
    odd["components"]["schemas"] = json!([]);
    assert_eq!(import(&odd).operations, ["Get"]);
}

#[test]
fn a_code_counts_only_if_prose_and_examples_agree() {
    const OK: &str = "The value OK means success.";
    let get = |code: &str, description: &str| {
        let demo = json!([{ "type": "json", "example": json!({ "Code": code, "RequestId": "R" }).to_string() }]);
        api(
            &json!({ "RequestId": { "type": "string" }, "Code": { "type": "string", "description": description } }),
            &json!({ "responseDemo": demo.to_string() }),
        )
    };
    let success = |apis: Value| file(&import(&product(&apis)), "service.json")["envelope"].get("success").cloned();
    assert_eq!(success(json!({ "A": get("OK", OK), "B": get("OK", "") })), Some(json!(["OK"])));
    assert_eq!(success(json!({ "A": get("00000", "The code.") })), None);
    assert_eq!(success(json!({ "A": get("OK", OK), "B": get("NoData", "") })), None);
    let five = json!({ "A": get("OK", OK), "B": get("OK", ""), "C": get("OK", ""), "D": get("OK", ""), "E": get("NoData", "") });
    assert_eq!(success(five), Some(json!(["OK"])));
}
