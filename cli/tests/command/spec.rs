//! `dyvms --spec FOLDER`: the command with another service than the voice service.

use std::path::Path;

use tempfile::TempDir;

use crate::support::{ServerProcess, command, outcome, refused, with_key};

const SERVICE: &str = r#"{
  "product": "Mailroom", "version": "2020-02-02", "title": "Mail room",
  "endpoints": { "regions": { "cn-a": "mailroom.cn-a.example.com" } },
  "envelope": { "fields": { "RequestId": { "type": "string" } }, "requestId": "RequestId" },
  "groups": { "boxes": "Boxes." },
  "errors": { "NoBox": { "status": "4xx", "kind": "notFound", "advice": "Look for another box." } }
}"#;

const OPEN: &str = r#"{
  "action": "OpenBox", "group": "boxes", "operationType": "write", "method": "PUT",
  "parameters": {
    "BoxId": { "type": "string", "required": true },
    "RegionId": { "type": "string", "fill": "region" },
    "Text": { "type": "string", "in": "formData" }
  },
  "response": { "Done": { "type": "boolean" } },
  "envelope": { "ok": "Done", "requestId": "RequestId" },
  "examples": [ { "name": "opened", "request": { "BoxId": "b" }, "response": { "RequestId": "R-1", "Done": true } } ]
}"#;

fn folder(operation: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("operations")).unwrap();
    std::fs::write(folder.path().join("service.json"), SERVICE).unwrap();
    std::fs::write(folder.path().join("operations/OpenBox.json"), operation).unwrap();
    folder
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().unwrap()
}

#[test]
fn an_operation_of_a_folder_is_called() {
    let folder = folder(OPEN);
    for arguments in [
        &["--spec", path(&folder), "call", "OpenBox", "--box-id", "b", "--region", "cn-a", "--local", "-o", "json"][..],
        &[&format!("--spec={}", path(&folder)), "call", "OpenBox", "--BoxId=b", "--region=cn-a", "--local", "-o=json"],
    ] {
        let outcome = outcome(command(arguments));
        assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
        assert!(outcome.output.contains("\"Done\": true"), "{}", outcome.output);
    }
    let help = outcome(command(&["--spec", path(&folder), "call", "OpenBox", "--help"])).output;
    assert!(help.contains("--BoxId <TEXT>") && help.contains("Changes data."), "{help}");
}

#[test]
fn its_emulator_gets_the_region_and_form_parameters_in_the_body() {
    let folder = folder(OPEN);
    let emulator = ServerProcess::start(&["--spec", path(&folder)]);
    let long = "x".repeat(20_000);
    for signature in ["v1", "v3"] {
        let arguments = [
            "--spec",
            path(&folder),
            "call",
            "OpenBox",
            "--BoxId",
            "b",
            "--Text",
            &long,
            "--region",
            "cn-a",
            "--endpoint",
            &emulator.url,
            "--signature",
            signature,
        ];
        let outcome = outcome(with_key(&arguments, "testid", "testsecret"));
        assert_eq!(outcome.status, Some(0), "{signature}: {}", outcome.notices);
    }
    let (_, requests) = emulator.http("GET", "/_emulator/requests", "", "");
    let requests: serde_json::Value = serde_json::from_str(&requests).unwrap();
    for request in requests["requests"].as_array().unwrap() {
        assert_eq!(request["parameters"]["RegionId"], "cn-a");
        assert_eq!(request["method"], "PUT");
        assert_eq!(request["parameters"]["Text"].as_str().unwrap().len(), 20_000);
    }
    assert_eq!(requests["count"], 2);
}

#[test]
fn what_is_wrong_with_a_folder_is_said_before_anything_is_sent() {
    let wrong = folder(&OPEN.replace("\"type\": \"boolean\"", "\"type\": \"bool\""));
    assert!(refused(&["--spec", path(&wrong), "call", "OpenBox", "--BoxId", "b"]).contains("unknown type \"bool\""));
    assert!(refused(&["--spec", "/nowhere", "call", "OpenBox"]).contains("/nowhere: no such folder"));
    assert!(refused(&["--spec"]).contains("--spec needs a folder"));
    let fine = folder(OPEN);
    let unknown = refused(&["--spec", path(&fine), "call", "OpenBoxx"]);
    assert!(unknown.contains("did you mean OpenBox?"), "{unknown}");
    // The region decides the endpoint.
    let without =
        outcome(with_key(&["--spec", path(&fine), "call", "OpenBox", "--BoxId", "b"], "testid", "testsecret"));
    assert!(
        without.notices.contains("depends on the region, and none is given; regions that have one: cn-a"),
        "{}",
        without.notices
    );
    assert!(Path::new(path(&fine)).exists());
}

#[test]
fn its_operations_are_listed_and_described() {
    let folder = folder(OPEN);
    let listed = outcome(command(&["--spec", path(&folder), "operations", "boxes"]));
    assert_eq!((listed.status, listed.output.lines().nth(2)), (Some(0), Some("| OpenBox   | boxes |")));
    assert_eq!(
        listed.notices,
        "note: 1 operation; `dyvms describe <ACTION>` shows one\nnote: an example of the first one:\n  dyvms call OpenBox --BoxId b\n"
    );
    let json = outcome(command(&["--spec", path(&folder), "operations", "-o", "json"]));
    assert!(json.output.contains("\"operation\": \"OpenBox\""), "{}", json.output);
    let described = outcome(command(&["--spec", path(&folder), "describe", "OpenBox"]));
    assert!(
        described.output.starts_with("OpenBox (boxes, writes)\n")
            && described.output.contains("  Done: true or false\n")
    );
    for (arguments, expected) in [
        (&["describe", "OpenBoxx"][..], "there is no operation, type or receipt \"OpenBoxx\"; did you mean OpenBox?"),
        (&["operations", "OpnBox"], "no operation has OpnBox; did you mean OpenBox?"),
        (&["operations", "xyz", "abc"], "no operation has xyz and abc; try fewer words"),
    ] {
        let refused = refused(&[&["--spec", path(&folder)], arguments].concat());
        assert!(refused.contains(expected), "{refused}");
    }
}

#[test]
fn an_openapi_document_is_printed_or_written_as_a_whole() {
    let folder = folder(OPEN);
    let printed = outcome(command(&["--spec", path(&folder), "openapi", "--openapi", "3.0"]));
    assert_eq!(printed.status, Some(0), "{}", printed.notices);
    let document: serde_json::Value = serde_json::from_str(&printed.output).unwrap();
    assert_eq!(document["openapi"], "3.0.3");
    assert_eq!(document["paths"]["/v1/OpenBox"]["post"]["x-dials"], false);
    assert_eq!(document["servers"][0]["url"], "http://127.0.0.1:8080/emulator");

    let file = folder.path().join("openapi.json");
    let written = outcome(command(&["--spec", path(&folder), "openapi", "--out", file.to_str().unwrap()]));
    assert_eq!((written.status, written.output.as_str()), (Some(0), ""), "{}", written.notices);
    let document: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");

    let nowhere = folder.path().join("nowhere/openapi.json");
    let failed = outcome(command(&["--spec", path(&folder), "openapi", "--out", nowhere.to_str().unwrap()]));
    assert_eq!((failed.status, failed.output.as_str()), (Some(1), ""));
    assert!(failed.notices.contains("cannot write") && failed.notices.contains("nowhere"), "{}", failed.notices);
    assert!(refused(&["openapi", "--openapi", "2.0"]).contains("invalid value '2.0'"));
}
