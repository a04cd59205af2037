//! The one layout of specification files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aliyun_api_spec::{embedded, format};
use serde_json::Value;

const SPECIMEN: &str = include_str!("layout/Specimen.json");

/// Lines that differ, with their numbers.
fn difference(found: &str, expected: &str) -> String {
    let pairs = found.lines().zip(expected.lines()).enumerate();
    pairs.filter(|(_, (found, expected))| found != expected).fold(String::new(), |text, (index, (found, expected))| {
        text + &format!("{}\n  found    {found}\n  expected {expected}\n", index + 1)
    })
}

#[test]
fn every_embedded_file_has_the_layout() {
    for service in embedded() {
        for file in service.files {
            let laid_out = format(file.path, file.text).unwrap();
            assert!(
                laid_out == file.text,
                "services/{}/{}: write it with `aliyun-codegen format`\n{}",
                service.folder,
                file.path,
                difference(&laid_out, file.text),
            );
        }
    }
}

#[test]
fn a_file_without_line_breaks_gets_the_layout() {
    let value: Value = serde_json::from_str(SPECIMEN).unwrap();
    // Numbers are kept as written, which a value does not: they are put back.
    let minified = value.to_string().replace("0.5,", "0.50,").replace("1000.0", "1e3").replace("2.5,", "2.50,");
    let laid_out = format("operations/Specimen.json", &minified).unwrap();
    assert!(laid_out == SPECIMEN, "{}\n{laid_out}", difference(&laid_out, SPECIMEN));
}

#[test]
fn the_layout_of_the_layout_is_the_same() {
    let laid_out = format("operations/Specimen.json", SPECIMEN).unwrap();
    assert!(laid_out == SPECIMEN, "{}", difference(&laid_out, SPECIMEN));
}

#[test]
fn keys_are_sorted_and_fields_are_not() {
    let text = r#"{
        "types": { "B": { "fields": {}, "description": "B." }, "A": { "fields": {} } },
        "parameters": { "Z": { "description": "Z.", "style": "json", "type": "any" }, "Y": { "example": 1, "type": "int32" } },
        "action": "Sorted"
    }"#;
    let expected = r#"{
  "action": "Sorted",
  "parameters": {
    "Z": { "type": "any", "style": "json", "description": "Z." },
    "Y": { "type": "int32", "example": 1 }
  },
  "types": {
    "B": { "description": "B.", "fields": {} },
    "A": { "fields": {} }
  }
}
"#;
    assert_eq!(format("operations/Sorted.json", text).unwrap(), expected);
}

#[test]
fn wrong_and_unknown_things_are_kept() {
    let text = r#"{
        "colour": { "red": [1] },
        "parameters": [{ "type": "string" }],
        "response": { "Data": "string", "Code": { "description": "Code.", "exmaple": "OK", "type": 1 } },
        "types": { "A": [], "B": { "fields": 1 } },
        "examples": { "name": 1 }
    }"#;
    let laid_out = format("operations/Wrong.json", text).unwrap();
    let (before, after): (Value, Value) =
        (serde_json::from_str(text).unwrap(), serde_json::from_str(&laid_out).unwrap());
    assert_eq!(before, after);
    assert!(laid_out.contains(r#""Code": { "type": 1, "exmaple": "OK", "description": "Code." }"#), "{laid_out}");
}

#[test]
fn a_service_breaks_its_errors_and_keeps_its_endpoints() {
    let text = r#"{
        "errors": { "isv.A": { "description": "Long enough to be broken off, as it stands after the advice and not before it.", "advice": "Wait until it has passed.", "kind": "throttled" } },
        "groups": { "call": "Calls." },
        "endpoints": { "vpc": { "cn-shanghai": "b.example.com" }, "default": "a.example.com" },
        "product": "Voice"
    }"#;
    let expected = r#"{
  "product": "Voice",
  "endpoints": { "default": "a.example.com", "vpc": { "cn-shanghai": "b.example.com" } },
  "groups": {
    "call": "Calls."
  },
  "errors": {
    "isv.A": { "advice": "Wait until it has passed.", "kind": "throttled",
      "description": "Long enough to be broken off, as it stands after the advice and not before it." }
  }
}
"#;
    assert_eq!(format("service.json", text).unwrap(), expected);
}

#[test]
fn only_faults_of_json_stop_it() {
    let faults = format("operations/Cut.json", "{ \"a\": 1,").unwrap_err();
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults, ["operations/Cut.json:1:9: not JSON: EOF while parsing a value"]);
    let faults = format("operations/Two.json", "{ \"a\": 1, \"a\": 2 }").unwrap_err();
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        faults,
        ["operations/Two.json:1:11: the key \"a\" is repeated; the first is at operations/Two.json:1:3"],
    );
}
