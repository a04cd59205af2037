//! What is reported for specifications with faults: each folder of `faults/` is a case, with its report beside it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use aliyun_api_spec::types::Types;
use aliyun_api_spec::{Loaded, SourceFile, load, parse};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults")
}

/// Reads a case, with the common `service.json` where it has none of its own.
fn read(case: &str) -> Loaded {
    let case = folder().join(case);
    let service = fs::read_to_string(case.join("service.json"))
        .or_else(|_| fs::read_to_string(folder().join("service.json")))
        .unwrap();
    let mut texts = vec![("service.json".to_owned(), service)];
    for kind in ["operations", "receipts"] {
        let Ok(entries) = fs::read_dir(case.join(kind)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            texts.push((format!("{kind}/{name}"), text));
        }
    }
    let files: Vec<SourceFile<'_>> = texts.iter().map(|(path, text)| SourceFile { path, text }).collect();
    parse(&files)
}

fn lines(loaded: &Loaded) -> String {
    loaded.faults.iter().fold(String::new(), |lines, fault| lines + &fault.to_string() + "\n")
}

fn actions(loaded: &Loaded) -> Option<Vec<&str>> {
    let service = loaded.service.as_ref()?;
    Some(service.operations.iter().map(|operation| operation.action.as_str()).collect())
}

#[test]
fn every_case_gives_its_report() {
    let mut wrong = String::new();
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    for case in cases {
        let name = case.file_name().unwrap().to_str().unwrap();
        let found = lines(&read(name));
        let golden = case.join("faults.txt");
        if std::env::var_os("UPDATE_FAULTS").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert!(!found.is_empty(), "{name} has no fault");
        if found != expected {
            wrong += &["\n", name, "\n--- faults.txt\n", &expected, "--- found\n", &found].concat();
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nif the new reports are better: UPDATE_FAULTS=1 cargo test -p aliyun-api-spec");
}

#[test]
fn faults_are_sorted_by_place() {
    let loaded = read("two-files");
    let files: Vec<&str> = loaded.faults.iter().map(|fault| fault.file.as_str()).collect();
    assert_eq!(files, ["operations/Dial.json", "operations/Hang.json"]);
    let places: Vec<(usize, usize)> = read("examples").faults.iter().map(|fault| (fault.line, fault.column)).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn one_bad_operation_does_not_keep_the_others() {
    assert_eq!(actions(&read("two-files")), Some(vec!["Ring"]));
    assert_eq!(actions(&read("pagination")), Some(vec!["Fine"]));
}

#[test]
fn a_broken_shared_type_takes_only_its_users_along() {
    let loaded = read("broken-shared-type");
    assert_eq!(actions(&loaded), Some(vec!["Hang"]));
    let service = loaded.service.unwrap();
    assert!(Types::shared(&service).named("Broken").is_none());
    assert!(Types::shared(&service).named("Sound").is_some());
    let codes: Vec<&str> = service.errors.iter().map(|error| error.code.as_str()).collect();
    assert_eq!(codes, ["isv.A"]);
}

#[test]
fn a_broken_service_file_leaves_no_service() {
    let loaded = read("service");
    assert!(loaded.service.is_none());
    assert!(loaded.faults.iter().all(|fault| fault.file == "service.json"), "{:?}", loaded.faults);
}

#[test]
fn the_order_of_files_does_not_matter() {
    let (service, call, hang) = (
        fs::read_to_string(folder().join("service.json")).unwrap(),
        fs::read_to_string(folder().join("two-files/operations/Dial.json")).unwrap(),
        fs::read_to_string(folder().join("two-files/operations/Hang.json")).unwrap(),
    );
    let mut files = [
        SourceFile { path: "service.json", text: &service },
        SourceFile { path: "operations/Dial.json", text: &call },
        SourceFile { path: "operations/Hang.json", text: &hang },
    ];
    let before = lines(&parse(&files));
    files.reverse();
    assert_eq!(lines(&parse(&files)), before);
}

#[test]
fn a_missing_folder_is_named_as_it_was_given() {
    let loaded = load(Path::new("services/none"));
    assert_eq!(
        lines(&loaded),
        "services/none: no such folder; expected a folder with service.json, and operations/ or receipts/\n",
    );
    assert!(loaded.service.is_none());
    assert_eq!(loaded.files, Vec::<PathBuf>::new());
}

#[test]
fn a_file_is_not_a_folder() {
    let loaded = load(Path::new("Cargo.toml"));
    assert_eq!(
        lines(&loaded),
        "Cargo.toml: is not a folder; expected a folder with service.json, and operations/ or receipts/\n",
    );
}

#[test]
fn a_folder_without_a_service_says_what_it_lacks() {
    let loaded = load(Path::new("tests"));
    assert_eq!(lines(&loaded), "tests/operations: is missing\ntests/service.json: is missing\n");
    assert!(loaded.service.is_none());
}

#[test]
fn a_folder_is_read_with_its_paths() {
    let loaded = load(Path::new("tests/faults/broken-shared-type"));
    let base = Path::new("tests/faults/broken-shared-type");
    let files = ["service.json", "operations/Dial.json", "operations/Hang.json"];
    assert_eq!(loaded.files, files.map(|file| base.join(file)));
    let last = loaded.faults.last().unwrap();
    assert_eq!(last.file, "tests/faults/broken-shared-type/service.json");
    let service = loaded.service.unwrap();
    assert_eq!(service.operation("Hang").unwrap().file, "operations/Hang.json");
}

#[test]
fn an_empty_list_of_files_lacks_a_service() {
    assert_eq!(lines(&parse(&[])), "service.json: is missing\n");
}

#[test]
fn deep_nesting_is_a_fault_and_no_crash() {
    for text in ["[".repeat(100_000), "{\"a\":".repeat(100_000), format!("{{\"a\": {}", "[".repeat(100_000))] {
        let loaded = parse(&[SourceFile { path: "operations/Deep.json", text: &text }]);
        let messages: Vec<&str> = loaded.faults.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(messages, ["not JSON: recursion limit exceeded", "is missing"]);
    }
}
