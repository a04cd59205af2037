//! `dyvms export` to Parquet: what is in the file, read by the library that writes it, and what interrupts the way there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use aliyun_protocol::v3::payload_hash;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};

use crate::export::{Files, LOCAL, interrupt, page, refusal};
use crate::support::{Canned, Outcome, Stalling, command, outcome, with_key};

/// The columns of a file with their types.
fn columns(path: &Path) -> Vec<(String, &'static str)> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr();
    let column = |column: &parquet::schema::types::ColumnDescPtr| {
        assert_eq!(column.self_type().get_basic_info().repetition(), Repetition::OPTIONAL);
        let kind = match (column.physical_type(), column.logical_type_ref()) {
            (Physical::BYTE_ARRAY, Some(LogicalType::String)) => "text",
            (Physical::INT64, None) => "integer",
            (Physical::DOUBLE, None) => "number",
            (Physical::BOOLEAN, None) => "boolean",
            other => panic!("{other:?}"),
        };
        (column.name().to_owned(), kind)
    };
    schema.columns().iter().map(column).collect()
}

/// The rows of a file, each with the columns in which it has a value.
fn rows(path: &Path) -> Vec<Value> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let value = |field: &Field| match field {
        Field::Null => None,
        Field::Str(text) => Some(json!(text)),
        Field::Long(integer) => Some(json!(integer)),
        Field::Double(number) => Some(json!(number)),
        Field::Bool(truth) => Some(json!(truth)),
        other => panic!("{other:?}"),
    };
    let row = |row: parquet::record::Row| {
        Value::Object(row.get_column_iter().filter_map(|(name, field)| Some((name.clone(), value(field)?))).collect())
    };
    reader.get_row_iter(None).unwrap().map(|read| row(read.unwrap())).collect()
}

fn number_of_groups(path: &Path) -> usize {
    SerializedFileReader::new(File::open(path).unwrap()).unwrap().metadata().num_row_groups()
}

/// The tasks of `pages` pages.
fn tasks(pages: usize) -> Vec<Value> {
    let page = |number| [json!({"id": format!("{number}1"), "taskName": "停机"}), json!({"id": format!("{number}2")})];
    (1..=pages).flat_map(page).collect()
}

/// Exports boxes, which have members of every type, or which the specification does not describe.
fn export_boxes(files: &Files, items: &str, pages: &[&str], options: &[&str]) -> Outcome {
    let service = r#"{"product":"Boxes","version":"2020-01-01","title":"Boxes","endpoints":{"default":"boxes.example.com"},
        "envelope":{"fields":{"RequestId":{"type":"string"}},"requestId":"RequestId"},"groups":{"boxes":"Boxes."}}"#;
    let list = format!(
        r#"{{"action":"ListBoxes","group":"boxes","operationType":"read","summary":"Lists boxes.",
        "parameters":{{"Token":{{"type":"string"}}}},
        "response":{{"Next":{{"type":"string"}},"Boxes":{{"type":"array","items":"{items}"}}}},
        "types":{types},"pagination":{{"token":"Token","next":"Next","items":"Boxes"}}}}"#,
        types = if items == "Parcel" { PARCEL } else { "{}" }
    );
    std::fs::create_dir_all(files.path("spec/operations")).unwrap();
    std::fs::write(files.path("spec/service.json"), service).unwrap();
    std::fs::write(files.path("spec/operations/ListBoxes.json"), list).unwrap();
    let answer = |(number, page): (usize, &&str)| {
        let next = if number == pages.len() { String::new() } else { format!("t{number}") };
        (200, format!(r#"{{"RequestId":"R-1","Boxes":{page},"Next":"{next}"}}"#))
    };
    let server = Canned::serve((1..).zip(pages).map(answer).collect());
    let (spec, out) = (files.path("spec"), files.path("boxes.parquet"));
    let [spec, out] = [&spec, &out].map(|path| path.to_str().unwrap());
    let arguments = ["--spec", spec, "export", "ListBoxes", "--endpoint", &server.url, "--out", out];
    outcome(with_key(&[&arguments, options].concat(), "testid", "testsecret"))
}

const PARCEL: &str = r#"{
    "Parcel": {"description": "A parcel.", "fields": {
        "text": {"type": "string", "description": "A text."},
        "small": {"type": "int32", "description": "An integer."},
        "large": {"type": "int64", "description": "An integer."},
        "share": {"type": "number", "description": "A number."},
        "truth": {"type": "boolean", "description": "A boolean."},
        "level": {"type": "Level", "description": "A level."},
        "owner": {"type": "Owner", "description": "A record."},
        "labels": {"type": "array", "items": "string", "description": "A list."}}},
    "Owner": {"description": "An owner.", "fields": {"name": {"type": "string", "description": "A name."}}},
    "Level": {"description": "A level.", "type": "int32", "enum": {"9": {"name": "High", "description": "High."}}}}"#;

const PARCEL_TYPES: [(&str, &str); 8] = [
    ("text", "text"),
    ("small", "integer"),
    ("large", "integer"),
    ("share", "number"),
    ("truth", "boolean"),
    ("level", "integer"),
    ("owner", "text"),
    ("labels", "text"),
];

fn named(columns: &[(&str, &'static str)]) -> Vec<(String, &'static str)> {
    columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
}

#[test]
fn a_list_has_the_values_of_its_lines_of_json() {
    let files = Files::new();
    let export = |name: &str| {
        let path = files.path(name);
        let exported = outcome(command(&[LOCAL, &["--page-size", "50", "--out", path.to_str().unwrap()]].concat()));
        assert_eq!((exported.status, exported.output.as_str(), exported.notices.as_str()), (Some(0), "", ""));
        path
    };
    let (path, _) = (export("calls.parquet"), export("calls.jsonl"));
    let kinds: BTreeMap<String, &str> = columns(&path).into_iter().collect();
    assert_eq!((kinds["callResult"], kinds["duration"]), ("text", "integer"));
    // What has a type has no empty texts.
    let expected = files.read("calls.jsonl");
    let expected: Vec<Value> = expected
        .lines()
        .map(|line| {
            let Value::Object(mut members) = serde_json::from_str(line).unwrap() else { panic!("{line}") };
            members.retain(|name, value| !value.is_null() && (kinds[name] == "text" || value != ""));
            Value::Object(members)
        })
        .collect();
    assert_eq!(expected.len(), 347);
    assert_eq!(rows(&path), expected);
    assert_eq!(files.names(), ["calls.jsonl", "calls.parquet"], "nothing else is left");

    let some = files.path("some.parquet");
    let options = ["--columns", "duration,callResult,duration", "--out", some.to_str().unwrap()];
    assert_eq!(outcome(command(&[LOCAL, &options].concat())).status, Some(0));
    assert_eq!(columns(&some), named(&[("duration", "integer"), ("callResult", "text")]));
    assert_eq!(
        rows(&some)[..2],
        [json!({"duration": 0, "callResult": "停机"}), json!({"duration": 129, "callResult": "接通"})]
    );
}

#[test]
fn every_type_of_the_specification_has_its_column() {
    let files = Files::new();
    let pages = [
        r#"[{"text":"占线 \"x\"\n","small":-5,"large":9223372036854775807,"share":0.30,"truth":true,"level":9,
            "owner":{"name":"王"},"labels":["a","占"]}]"#,
        r#"[{},{"text":"","small":"","large":"123","share":"1e3","truth":"FALSE","level":"","owner":"","labels":[]},
            {"text":null,"small":null,"share":null,"truth":null}]"#,
    ];
    let exported = export_boxes(&files, "Parcel", &pages, &[]);
    assert_eq!((exported.status, exported.notices.as_str()), (Some(0), ""));
    let path = files.path("boxes.parquet");
    assert_eq!(columns(&path), named(&PARCEL_TYPES));
    let expected = [
        json!({"text": "占线 \"x\"\n", "small": -5, "large": i64::MAX, "share": 0.3, "truth": true, "level": 9,
            "owner": "{\"name\":\"王\"}", "labels": "[\"a\",\"占\"]"}),
        json!({}),
        json!({"text": "", "large": 123, "share": 1000.0, "truth": false, "owner": "", "labels": "[]"}),
        json!({}),
    ];
    assert_eq!(rows(&path), expected);
    assert_eq!(files.names(), ["boxes.parquet", "spec"]);
}

#[test]
fn a_column_with_a_value_of_another_type_is_text_and_no_value_is_lost() {
    let files = Files::new();
    let pages = [
        r#"[{"text":1.50,"small":1,"share":1.50,"new":1}]"#,
        r#"[{"text":2,"small":2,"share":123456789012345678901234,"new":2,"zz":null,"other":{}}]"#,
        r#"[{"small":3,"share":"0.1"}]"#,
    ];
    let exported = export_boxes(&files, "Parcel", &pages, &[]);
    let notes = "note: share is text, because not all of its values fit the type in the specification\n\
                 note: the file has no columns for new, other, which a .jsonl file has\n";
    assert_eq!((exported.status, exported.notices.as_str()), (Some(0), notes));
    let path = files.path("boxes.parquet");
    let mut kinds = named(&PARCEL_TYPES);
    kinds[3].1 = "text";
    assert_eq!(columns(&path), kinds);
    let expected = [
        json!({"text": "1.50", "small": 1, "share": "1.50"}),
        json!({"text": "2", "small": 2, "share": "123456789012345678901234"}),
        json!({"small": 3, "share": "0.1"}),
    ];
    assert_eq!(rows(&path), expected);
}

#[test]
fn rows_that_the_specification_does_not_describe_have_the_columns_that_occur() {
    let files = Files::new();
    let pages = [r#"[{"b":1,"a":null},{"占":"x"}]"#, r#"[{"c":[1.50],"b":"y"}]"#];
    assert_eq!(export_boxes(&files, "any", &pages, &[]).notices, "");
    let path = files.path("boxes.parquet");
    assert_eq!(columns(&path), named(&[("b", "text"), ("a", "text"), ("占", "text"), ("c", "text")]));
    assert_eq!(rows(&path), [json!({"b": "1"}), json!({"占": "x"}), json!({"c": "[1.50]", "b": "y"})]);

    assert_eq!(export_boxes(&files, "any", &[r#"[1,"x"]"#], &["--force"]).notices, "");
    assert_eq!(columns(&path), named(&[("value", "text")]));
    assert_eq!(rows(&path), [json!({"value": "1"}), json!({"value": "x"})]);

    assert_eq!(export_boxes(&files, "int64", &[r#"[1,"2"]"#], &["--force"]).notices, "");
    assert_eq!(columns(&path), named(&[("Boxes", "integer")]));
    assert_eq!(rows(&path), [json!({"Boxes": 1}), json!({"Boxes": 2})]);
}

#[test]
fn a_list_without_items_has_its_columns() {
    let files = Files::new();
    for (items, expected) in [("Parcel", &PARCEL_TYPES[..]), ("any", &[("value", "text")])] {
        let exported = export_boxes(&files, items, &["[]"], &["--force"]);
        assert_eq!((exported.status, exported.notices.as_str()), (Some(0), ""));
        let path = files.path("boxes.parquet");
        assert_eq!((columns(&path), rows(&path)), (named(expected), Vec::new()));
    }
}

#[test]
fn an_export_goes_on_after_a_failure_and_after_a_kill() {
    let files = Files::of("tasks.parquet");
    let server = Canned::serve(vec![(200, page(1, 6)), (200, page(2, 6)), refusal(), (200, page(3, 6))]);
    assert_eq!(files.export(&server.url, &[]).status, Some(3));
    assert_eq!(files.names(), ["tasks.parquet.part", "tasks.parquet.resume"]);
    let second = files.export(&server.url, &[]);
    assert_eq!((second.status, second.notices.as_str()), (Some(0), ""));
    assert_eq!((rows(&files.path("tasks.parquet")), files.names()), (tasks(3), vec!["tasks.parquet".to_owned()]));
    assert_eq!(server.sent("PageNo"), ["1", "2", "3", "3"].map(|number| Some(number.to_owned())));

    let files = Files::of("tasks.parquet");
    let server = Stalling::serve(vec![page(1, 6)]);
    let mut child = files.command(&server.url, &[]).spawn().unwrap();
    let stalled = server.stalled();
    child.kill().unwrap();
    child.wait().unwrap();
    drop(stalled);
    // The state may be older than the last page. Its endpoint is another one now.
    let state: Value = serde_json::from_str(&files.read("tasks.parquet.resume")).unwrap();
    let next = state["position"]["number"].as_u64().map_or(1, |number| usize::try_from(number).unwrap());
    let rest = Canned::serve((next..=3).map(|number| (200, page(number, 6))).collect());
    let identity = |url: &str| payload_hash(url.as_bytes()).as_str().to_owned();
    let moved = files.read("tasks.parquet.resume").replace(&identity(&server.url), &identity(&rest.url));
    std::fs::write(files.path("tasks.parquet.resume"), moved).unwrap();
    assert_eq!(files.export(&rest.url, &[]).status, Some(0));
    assert_eq!((rows(&files.path("tasks.parquet")), files.names()), (tasks(3), vec!["tasks.parquet".to_owned()]));
}

/// Pages of tasks with long texts that cannot be compressed much, for several groups of rows.
fn large_pages() -> Vec<Value> {
    let name = |number: usize| {
        let parts = (0..16_384).map(|part| payload_hash(format!("{number} {part}").as_bytes()).as_str().to_owned());
        parts.collect::<String>()
    };
    let tasks: Vec<Value> = (0..20).map(|number| json!({"id": number.to_string(), "taskName": name(number)})).collect();
    let page = |tasks: &[Value]| json!({"Code": "OK", "RequestId": "R-1", "TotalCount": 20, "Data": tasks});
    tasks.chunks(4).map(page).collect()
}

/// The pipe of an export that writes its result to it, and so waits for the reader in the middle of that.
fn opened(pipe: &Path) -> File {
    let (sender, receiver) = mpsc::channel();
    let path = pipe.to_owned();
    // Waits for the writer.
    std::thread::spawn(move || sender.send(File::open(path).unwrap()));
    let mut reader = receiver.recv_timeout(Duration::from_secs(60)).unwrap();
    let mut start = [0; 4];
    reader.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"PAR1");
    reader
}

#[test]
fn what_ends_the_conversion_leaves_the_data_and_no_result() {
    let pages = large_pages();
    let answers: Vec<_> = pages.iter().map(|page| (200, page.to_string())).collect();
    let expected: Vec<Value> = pages.iter().flat_map(|page| page["Data"].as_array().unwrap().clone()).collect();
    for is_killed in [true, false] {
        let files = Files::of("tasks.parquet");
        let server = Canned::serve(answers.clone());
        let pipe = files.path("tasks.parquet.new");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut child = files.command(&server.url, &[]).stderr(Stdio::piped()).spawn().unwrap();
        let mut reader = opened(&pipe);
        if is_killed {
            child.kill().unwrap();
            child.wait().unwrap();
            drop(reader);
            assert_eq!(files.names(), ["tasks.parquet.new", "tasks.parquet.part", "tasks.parquet.resume"]);
            // Without a pipe, the kill would have left a part of the result.
            std::fs::remove_file(&pipe).unwrap();
            std::fs::write(&pipe, "PAR1 and what is longer than the result".repeat(1_000_000)).unwrap();
        } else {
            interrupt(child.id());
            std::io::copy(&mut reader, &mut std::io::sink()).unwrap();
            let ended = child.wait_with_output().unwrap();
            let part = files.path("tasks.parquet.part");
            let message =
                format!("error: interrupted; {} has all 20 items; the same command goes on\n", part.display());
            assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap()), (Some(130), message));
            assert_eq!(files.names(), ["tasks.parquet.part", "tasks.parquet.resume"]);
        }
        let again = files.export(&server.url, &[]);
        assert_eq!((again.status, again.notices.as_str()), (Some(0), ""));
        assert_eq!(server.sent("Action").len(), 5, "no page is requested again");
        assert_eq!(files.names(), ["tasks.parquet"]);
        let path = files.path("tasks.parquet");
        assert_eq!((number_of_groups(&path), rows(&path) == expected), (3, true));
    }
}

#[test]
fn an_existing_file_is_replaced_by_a_whole_one_only() {
    let files = Files::of("tasks.parquet");
    let out = files.path("tasks.parquet");
    let server = Canned::ok(&page(1, 2));
    std::fs::write(&out, "mine").unwrap();
    let refused = files.export(&server.url, &[]);
    let expected = format!("error: {} exists; --force replaces it, or choose another --out\n", out.display());
    assert_eq!((refused.status, refused.notices), (Some(2), expected));
    let failing = Canned::serve(vec![(200, page(1, 4)), refusal()]);
    assert_eq!(files.export(&failing.url, &["--force"]).status, Some(3));
    assert_eq!(files.read("tasks.parquet"), "mine", "the file stays until the new one is whole");
    assert_eq!(files.export(&server.url, &["--force"]).status, Some(0));
    assert_eq!((rows(&out), files.names()), (tasks(1), vec!["tasks.parquet".to_owned()]));
}

#[test]
fn a_file_that_appears_in_the_meantime_is_not_replaced() {
    let files = Files::of("tasks.parquet");
    let server = Stalling::serve(vec![page(1, 4)]);
    let child = files.command(&server.url, &[]).stderr(Stdio::piped()).spawn().unwrap();
    let mut stalled = server.stalled();
    let out = files.path("tasks.parquet");
    std::fs::write(&out, "mine").unwrap();
    let body = page(2, 4);
    write!(stalled, "HTTP/1.1 200 X\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let ended = child.wait_with_output().unwrap();
    let whole = files.path("tasks.parquet.new");
    let expected = format!(
        "error: cannot rename {}, which has all items, to {}: File exists (os error 17)\n",
        whole.display(),
        out.display()
    );
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap()), (Some(1), expected));
    assert_eq!((files.read("tasks.parquet").as_str(), rows(&whole)), ("mine", tasks(2)));
    // The state knows the length of the new file, which is not that of the old one.
    assert_eq!(files.export(&server.url, &["--force"]).status, Some(0));
    assert_eq!((rows(&out), files.names()), (tasks(2), vec!["tasks.parquet".to_owned()]));
}

#[test]
fn what_is_left_of_an_export_that_has_ended_is_not_exported_again() {
    let files = Files::of("tasks.parquet");
    let out = files.path("tasks.parquet");
    let server = Canned::serve(vec![(200, page(1, 2)), (200, page(2, 2))]);
    // A folder has its name, so the result cannot be renamed.
    std::fs::create_dir(&out).unwrap();
    assert_eq!(files.export(&server.url, &["--force"]).status, Some(1));
    // As if the process had been killed after that, and before the data was removed.
    std::fs::remove_dir(&out).unwrap();
    std::fs::rename(files.path("tasks.parquet.new"), &out).unwrap();
    assert_eq!(rows(&out), tasks(1));
    assert_eq!(files.names(), ["tasks.parquet", "tasks.parquet.part", "tasks.parquet.resume"]);
    assert_eq!(files.export(&server.url, &["--force"]).status, Some(0));
    assert_eq!((rows(&out), files.names()), (tasks(2)[2..].to_vec(), vec!["tasks.parquet".to_owned()]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_the_data_and_no_result() {
    let files = Files::of("tasks.parquet");
    let server = Canned::ok(&page(1, 2));
    let new = files.path("tasks.parquet.new");
    std::os::unix::fs::symlink("/dev/full", &new).unwrap();
    let full = files.export(&server.url, &[]);
    let expected = format!(
        "error: cannot write {}; free some space; {} has all 2 items, and the same command goes on: No space left on device \
         (os error 28)\n",
        new.display(),
        files.path("tasks.parquet.part").display()
    );
    assert_eq!((full.status, full.notices), (Some(1), expected));
    assert_eq!(files.names(), ["tasks.parquet.part", "tasks.parquet.resume"]);
    assert_eq!(files.export(&server.url, &[]).status, Some(0));
    assert_eq!((rows(&files.path("tasks.parquet")), server.sent("Action").len()), (tasks(1), 1));
    assert_eq!(files.names(), ["tasks.parquet"]);
}
