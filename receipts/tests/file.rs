//! The inbox in a file, as another process, a person or the system sees it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::time::SystemTime;

use aliyun_receipts::{Arrival, FileInbox, Inbox, ReceiptKind, read_batch};

const KINDS: &[ReceiptKind] = &[ReceiptKind::new("End", &["id"]).id("id")];

fn batch(body: &str) -> Vec<Arrival> {
    read_batch("End", body.as_bytes(), KINDS, SystemTime::UNIX_EPOCH).unwrap()
}

#[tokio::test]
async fn an_inbox_is_open_once_and_read_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipts.jsonl");
    let inbox = FileInbox::open(&path).unwrap();
    let error = FileInbox::open(&path).unwrap_err().to_string();
    assert!(error.ends_with("is open in another process; stop that, or use another file"), "{error}");
    let stored = inbox.store(batch(r#"[{"id":"1"},{"id":1},"x"]"#)).await.unwrap();
    assert_eq!((stored.new.len(), stored.seen), (2, 1));
    let read = |path| FileInbox::read(path).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(read(&path), stored.new);
    drop(inbox);
    let inbox = FileInbox::open(&path).unwrap();
    assert_eq!(inbox.store(batch(r#"[{"id":"1"},"x"]"#)).await.unwrap().seen, 2);
    assert_eq!(read(&path), stored.new);
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_new_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipts.jsonl");
    drop(FileInbox::open(&path).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_cannot_be_an_inbox_is_named_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "shopping list").unwrap();
    let error = FileInbox::open(&path).unwrap_err().to_string();
    assert!(
        error.ends_with("notes.txt is not the file of an inbox, and nothing was changed in it; use another file"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "shopping list");
    for path in [folder.path().to_owned(), folder.path().join("no/such/folder.jsonl")] {
        let error = FileInbox::open(&path).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()) && error.contains("cannot be opened"), "{error}");
        assert!(FileInbox::read(path.join("x")).unwrap_err().to_string().contains("cannot be read"));
    }
}

#[test]
fn a_line_that_is_no_receipt_is_an_error_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipts.jsonl");
    let line =
        r#"{"key":"00000000000000000000000000000000","received":"2026-03-02T02:00:00Z","kind":"End","receipt":{}}"#;
    fs::write(&path, format!("{line}\nx\n{line}\n{}", &line[..50])).unwrap();
    let read: Vec<String> = FileInbox::read(&path)
        .unwrap()
        .map(|read| read.map_or_else(|error| error.to_string(), |arrival| arrival.kind().to_owned()))
        .collect();
    assert_eq!(read[0], "End");
    assert!(
        read[1].ends_with("receipts.jsonl:2: the line is not a receipt; something else wrote to the file"),
        "{}",
        read[1]
    );
    assert_eq!(read[2..], ["End"]);
    assert_eq!(FileInbox::open(&path).unwrap().unreadable(), 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{line}\nx\n{line}\n"));
}
