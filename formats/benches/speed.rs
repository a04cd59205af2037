//! How long an import, a check and the generation of a client take for a product with 350 operations, beside parsing the
//! same metadata with `serde_json`, which is the floor.
//!
//! `cargo bench -p aliyun-api-formats`

#![allow(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a bench may fail by panicking")]

use std::time::{Duration, Instant};

use aliyun_api_formats::{Options, import_metadata};
use aliyun_api_spec::SourceFile;
use serde_json::{Value, json};

const OPERATIONS: usize = 350;

/// Metadata with twenty parameters and thirty members for each operation, three levels deep.
fn metadata() -> String {
    let scalar = |index: usize| match index % 4 {
        0 => json!({ "type": "string", "description": "A text.", "example": "text" }),
        1 => json!({ "type": "integer", "format": "int32", "description": "Valid values: 1 to 9.", "example": "2" }),
        2 => json!({ "type": "boolean", "description": "A flag.", "example": "true" }),
        _ => json!({ "type": "integer", "format": "int64", "description": "A number.", "example": "3" }),
    };
    let members = |prefix: &str, count: usize| -> serde_json::Map<String, Value> {
        (0..count).map(|index| (format!("{prefix}{index}"), scalar(index))).collect()
    };
    let apis: serde_json::Map<String, Value> = (0..OPERATIONS)
        .map(|number| {
            let parameters: Vec<Value> = (0..20)
                .map(|index| json!({ "name": format!("Parameter{index}"), "in": "query", "schema": scalar(index) }))
                .collect();
            let mut inner = members("Inner", 10);
            inner.insert("Deep".to_owned(), json!({ "type": "array", "items": { "type": "object", "properties": members("Deep", 10) } }));
            let mut outer = members("Member", 10);
            outer.insert("RequestId".to_owned(), json!({ "type": "string" }));
            outer.insert("Items".to_owned(), json!({ "type": "array", "items": { "type": "object", "properties": inner } }));
            let demo = json!({ "RequestId": "R", "Member0": "text", "Items": [{ "Inner0": "text", "Deep": [{ "Deep1": 2 }] }] });
            let api = json!({
                "methods": ["post"], "schemes": ["https"], "operationType": "read", "parameters": parameters,
                "responses": { "200": { "schema": { "type": "object", "properties": outer } } },
                "responseDemo": json!([{ "type": "json", "example": demo.to_string() }]).to_string()
            });
            (format!("GetThing{number}"), api)
        })
        .collect();
    json!({ "info": { "style": "RPC", "product": "Mailroom", "version": "2020-02-02" }, "apis": apis }).to_string()
}

/// The shortest of several runs.
fn best<T>(mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut run = || {
        let start = Instant::now();
        let result = work();
        (start.elapsed(), result)
    };
    let mut best = run();
    for _ in 0..4 {
        let next = run();
        if next.0 < best.0 {
            best = next;
        }
    }
    best
}

fn main() {
    let text = metadata();
    let (floor, _) = best(|| serde_json::from_str::<Value>(&text).unwrap());
    let source = SourceFile { path: "api-docs.json", text: &text };
    let (import, imported) = best(|| import_metadata(&source, &Options::default()));
    assert_eq!(imported.operations.len(), OPERATIONS);
    let files: Vec<SourceFile<'_>> =
        imported.files.iter().map(|file| SourceFile { path: &file.path, text: &file.text }).collect();
    let (check, loaded) = best(|| aliyun_api_spec::parse(&files));
    assert_eq!(loaded.faults, []);
    let row = |what: &str, time: Duration| {
        let ratio = time.as_secs_f64() / floor.as_secs_f64();
        println!("{what:<44} {:>8.1} ms {ratio:>8.1}", time.as_secs_f64() * 1e3);
    };
    println!("{OPERATIONS} operations, {:.1} MB of metadata {:>21} {:>8}", text.len() as f64 / 1e6, "time", "ratio");
    row("serde_json parses the metadata (the floor)", floor);
    row("import, with the check of what it writes", import);
    row("check of the written folder", check);
}
