//! No file causes a panic, and the layout keeps everything.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aliyun_api_spec::{SourceFile, embedded, format as lay_out, parse};
use serde_json::Value;

fn voice_service() -> &'static [SourceFile<'static>] {
    embedded().iter().find(|service| service.id == "dyvmsapi").unwrap().files
}

/// Reads and formats an operation beside the embedded service. Returns whether it is JSON.
fn survives(text: &str) -> bool {
    let path = "operations/QueryRobotTaskCallList.json";
    let service = voice_service().first().unwrap();
    let loaded = parse(&[*service, SourceFile { path, text }]);
    let is_json = loaded.faults.iter().all(|fault| !fault.message.starts_with("not JSON"));
    if let Ok(laid_out) = lay_out(path, text) {
        let (before, after): (Value, Value) =
            (serde_json::from_str(text).unwrap(), serde_json::from_str(&laid_out).unwrap());
        assert_eq!(before, after);
        assert_eq!(lay_out(path, &laid_out).unwrap(), laid_out);
    }
    is_json
}

fn operation() -> &'static str {
    let files = voice_service();
    files.iter().find(|file| file.path == "operations/QueryRobotTaskCallList.json").unwrap().text
}

#[test]
fn a_file_cut_anywhere_is_not_json() {
    let text = operation();
    for (at, _) in text.char_indices().step_by(211) {
        assert!(!survives(text.get(..at).unwrap()), "cut at {at}");
    }
}

#[test]
fn a_file_with_any_value_replaced_is_read() {
    let whole: Value = serde_json::from_str(operation()).unwrap();
    let mut paths = Vec::new();
    collect_paths(&whole, String::new(), &mut paths);
    assert!(paths.len() > 100);
    let (text, list) = (format!("\"{}\"", "long ".repeat(40)), format!("[{}{{}}]", "[\"long\"],".repeat(40)));
    let others =
        [&text, &list, "null", "\"\"", "\"x\"", "-1", "1e400", "true", "[]", "[[]]", "{}", r#"{ "type": "array" }"#];
    for (index, path) in paths.iter().enumerate() {
        let other = others.get(index % others.len()).unwrap();
        let Ok(other) = serde_json::from_str(other) else {
            continue;
        };
        let mut changed = whole.clone();
        *changed.pointer_mut(path).unwrap() = other;
        assert!(survives(&changed.to_string()), "{path}");
    }
}

fn collect_paths(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect_paths(member, format!("{path}/{name}"), paths);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                collect_paths(element, format!("{path}/{index}"), paths);
            }
        }
        _ => {}
    }
    paths.push(path);
}
