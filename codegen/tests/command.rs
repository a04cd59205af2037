//! The command `aliyun-codegen`: what it writes, prints and refuses.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const PAGE: &str = "# DropMessage\n\nDrops.\n\n## Request parameters\n\n|Name|Type|Required|\n|--|--|--|\n|MessageId|String|Yes|\n\n\
                    ## Response parameters\n\n|Name|Type|\n|--|--|\n|RequestId|String|\n|Dropped|Boolean|\n";

/// Exit status, standard output and standard error of the command in a folder.
fn run(folder: &TempDir, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output =
        Command::new(env!("CARGO_BIN_EXE_aliyun-codegen")).args(arguments).current_dir(folder.path()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

const IMPORT: &[&str] = &["import", "--product", "Mailroom", "--version", "2020-02-02", "--out", "spec", "--page"];

fn import(folder: &TempDir, page: &str) -> (Option<i32>, String, String) {
    run(folder, &[IMPORT, &[page]].concat())
}

fn with_page() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("DropMessage.md"), PAGE).unwrap();
    folder
}

/// Every file below a folder, by its path.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().display().to_string());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_page_is_imported_checked_and_printed() {
    let folder = with_page();
    let (status, output, notes) = import(&folder, "DropMessage.md");
    assert_eq!((status, output.as_str()), (Some(0), "spec: 1 operation imported, 2 files written\n"), "{notes}");
    assert!(notes.ends_with("1 warning: 1 guess, 0 contradictions, 0 losses\n"), "{notes}");
    assert_eq!(files(&folder.path().join("spec")), ["operations/DropMessage.json", "service.json"]);
    let (status, output, _) = run(&folder, &["check", "spec"]);
    assert_eq!((status, output.as_str()), (Some(0), "spec: 1 operation, no fault; 5 descriptions are missing\n"));
    let (status, output, _) = run(&folder, &["print", "spec", "--operation", "DropMessage"]);
    assert!(status == Some(0) && output.contains("pub message_id: String"), "{output}");
    // A second time nothing changes.
    let (_, output, _) = import(&folder, "DropMessage.md");
    assert_eq!(output, "spec: 1 operation imported, 0 files written\n");
}

#[test]
fn one_page_that_cannot_be_imported_fails_the_command_and_the_others_are_written() {
    let folder = with_page();
    fs::write(folder.path().join("wrong.md"), "no page\n").unwrap();
    let (status, output, notes) = run(&folder, &[IMPORT, &["wrong.md", "DropMessage.md"]].concat());
    assert_eq!((status, output.as_str()), (Some(1), "spec: 1 operation imported, 2 files written\n"));
    assert!(notes.contains("wrong.md:1:1: this is not a reference page in Markdown: it has no heading\n"), "{notes}");
    assert!(notes.ends_with("1 operation was not imported\n"), "{notes}");
}

#[test]
fn a_folder_is_written_as_a_whole_or_not_at_all() {
    // The place of the operations is taken, as in a folder that cannot be written to.
    let folder = with_page();
    fs::create_dir(folder.path().join("spec")).unwrap();
    fs::write(folder.path().join("spec/operations"), "in the way").unwrap();
    let (status, output, notes) = import(&folder, "DropMessage.md");
    assert_eq!((status, output.as_str()), (Some(1), ""));
    assert!(notes.contains("operations: "), "{notes}");
    assert_eq!(files(&folder.path().join("spec")), ["operations"]);
    // The place of one file is taken: no other file appears.
    let folder = with_page();
    fs::create_dir_all(folder.path().join("spec/operations/DropMessage.json.importing")).unwrap();
    let (status, _, notes) = import(&folder, "DropMessage.md");
    assert!(status == Some(1) && notes.contains("nothing was written"), "{notes}");
    assert_eq!(files(&folder.path().join("spec")), [""; 0]);
}

#[test]
fn a_dry_run_writes_nothing_and_says_what_would_change() {
    let folder = with_page();
    let (status, output, _) = run(&folder, &[IMPORT, &["DropMessage.md", "--dry-run"]].concat());
    assert_eq!((status, output.as_str()), (Some(0), "spec: a new folder with 1 operation; nothing was written\n"));
    assert!(!folder.path().join("spec").exists());
    import(&folder, "DropMessage.md");
    let changed = PAGE.replace("|MessageId|String|Yes|", "|MessageId|Long|Yes|\n|Reason|String|No|");
    fs::write(folder.path().join("changed.md"), changed).unwrap();
    let (status, output, _) = run(&folder, &[IMPORT, &["changed.md", "--dry-run"]].concat());
    let expected = "breaking: DropMessage: the type of parameter MessageId was string, and is int64\n\
                    compatible: DropMessage: parameter Reason is new\n\
                    2 changes, 1 of them breaking\nspec: nothing was written\n";
    assert_eq!((status, output.as_str()), (Some(0), expected));
    // `diff` compares two folders in the same way, and fails.
    let (status, _, _) =
        run(&folder, &["import", "--page", "changed.md", "--product=Mailroom", "--version=2020-02-02", "--out", "new"]);
    assert_eq!(status, Some(0));
    let (status, output, notes) = run(&folder, &["diff", "spec", "new"]);
    assert_eq!((status, notes.as_str()), (Some(1), "1 change is breaking\n"));
    assert!(output.starts_with("breaking: DropMessage: the type of parameter MessageId"), "{output}");
    let (status, output, _) = run(&folder, &["diff", "spec", "spec"]);
    assert_eq!((status, output.as_str()), (Some(0), "0 changes, 0 of them breaking\n"));
}

#[test]
fn input_that_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("latin.md"), b"# X\xff\n").unwrap();
    for (page, expected) in [("none.md", "none.md: no such file\n"), ("latin.md", "latin.md: is not UTF-8\n")] {
        let (status, output, notes) = import(&folder, page);
        assert_eq!((status, output.as_str(), notes.as_str()), (Some(1), "", expected));
    }
    let (status, _, notes) = run(&folder, &["import", "--out", "spec"]);
    assert!(status == Some(2) && notes.contains("--page"), "{notes}");
}

/// Nothing in such a file takes long, or more memory than it has.
#[test]
fn fifty_megabytes_are_refused_or_imported_in_good_time() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("large.md"), "# X\n\n|a|".repeat(6_500_000)).unwrap();
    let (status, _, notes) = import(&folder, "large.md");
    assert!(status == Some(1) && notes.contains("large.md:1:1: a reference page has at most 4096 KB"), "{notes}");
    let space = " ".repeat(50_000_000);
    let text = format!(r#"{{"info":{{"style":"RPC","product":"P","version":"1"}},{space}"apis":{{"x":1}}}}"#);
    fs::write(folder.path().join("large.json"), text).unwrap();
    let (status, _, notes) = run(&folder, &["import", "--metadata", "large.json", "--out", "spec"]);
    assert!(status == Some(1) && notes.contains(": x: its description is not an object"), "{notes}");
    assert!(!folder.path().join("spec").exists());
}

#[test]
fn a_skeleton_is_written_once() {
    let folder = with_page();
    import(&folder, "DropMessage.md");
    let (status, output, _) = run(&folder, &["new", "OpenBox", "--out", "spec"]);
    let expected = "spec/operations/OpenBox.json written; fill it in, and run `aliyun-codegen check spec`\n";
    assert_eq!((status, output.as_str()), (Some(0), expected));
    let (status, output, _) = run(&folder, &["check", "spec"]);
    assert_eq!((status, output.as_str()), (Some(0), "spec: 2 operations, no fault; 5 descriptions are missing\n"));
    let (status, _, notes) = run(&folder, &["new", "OpenBox", "--out", "spec"]);
    assert_eq!(
        (status, notes.as_str()),
        (Some(1), "spec/operations/OpenBox.json exists already; it was not changed\n")
    );
    let (status, _, notes) = run(&folder, &["new", "openBox", "--out", "spec"]);
    assert_eq!(
        (status, notes.as_str()),
        (Some(1), "\"openBox\" is not the name of an operation, such as CancelCall\n")
    );
    let (status, _, notes) = run(&folder, &["new", "OpenBox", "--out", "none"]);
    assert!(status == Some(1) && notes.starts_with("none/service.json: "), "{notes}");
    let (status, output, _) = run(&folder, &["schema"]);
    assert!(status == Some(0) && output.starts_with('{'));
}

#[test]
fn faults_are_shown_in_their_lines() {
    let folder = with_page();
    import(&folder, "DropMessage.md");
    let path = folder.path().join("spec/operations/DropMessage.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"boolean\"", "\"bool\"");
    fs::write(&path, text).unwrap();
    let (status, _, notes) = run(&folder, &["check", "spec"]);
    let expected = "error: unknown type \"bool\"\n --> spec/operations/DropMessage.json:9:26\n  |\n\
                    9 |     \"Dropped\": { \"type\": \"bool\" }\n  |                          ^^^^^^\n\n1 fault\n";
    assert_eq!((status, notes.as_str()), (Some(1), expected));
}
