use std::time::{Duration, SystemTime};

use aliyun_runtime::ReceiptKind;
use proptest::prelude::*;

use super::*;
use crate::batch::read_batch;

const KINDS: &[ReceiptKind] = &[ReceiptKind::new("End", &["id"]).id("id")];

fn batch(ids: &[u64]) -> Vec<Arrival> {
    let body = ids.iter().map(|id| format!("{{\"id\": {id},\n\"text\": \"占线\"}}")).collect::<Vec<_>>().join(",");
    let received = SystemTime::UNIX_EPOCH + Duration::from_millis(1_772_416_800_123);
    read_batch("End", format!("[{body}]").as_bytes(), KINDS, received).unwrap()
}

/// A file in memory whose disk is full or broken at times.
#[derive(Debug, Default)]
struct Memory {
    bytes: Vec<u8>,
    /// Room for this number of bytes.
    room: Option<usize>,
    broken_sync: bool,
    broken_truncate: bool,
}

impl Media for Memory {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fits = self.room.map_or(bytes.len(), |room| bytes.len().min(room.saturating_sub(self.bytes.len())));
        self.bytes.extend_from_slice(&bytes[..fits]);
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        if self.broken_sync { Err(io::Error::other("broken")) } else { Ok(()) }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        if self.broken_truncate {
            return Err(io::Error::other("broken"));
        }
        self.bytes.truncate(usize::try_from(length).unwrap());
        Ok(())
    }
}

fn reopen(bytes: &[u8]) -> Journal<Memory> {
    let found = Found::scan(BufReader::new(bytes)).unwrap();
    assert!(found.is_inbox);
    Journal::new(Memory { bytes: bytes.to_vec(), ..Memory::default() }, found).unwrap()
}

fn ids(bytes: &[u8]) -> Vec<u64> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines()
        .map(|line| record::parse(line.as_bytes()).unwrap().raw().get("id").unwrap().as_u64().unwrap())
        .collect()
}

fn stored(journal: &mut Journal<Memory>, batches: &[&[u64]]) -> Vec<(usize, usize)> {
    let stored = journal.append(batches.iter().map(|ids| batch(ids)).collect()).unwrap();
    stored.iter().map(|stored| (stored.new.len(), stored.seen)).collect()
}

#[test]
fn a_receipt_is_one_line() {
    let mut journal = reopen(b"");
    stored(&mut journal, &[&[7]]);
    let line = String::from_utf8(journal.media.bytes.clone()).unwrap();
    let identity = batch(&[7])[0].identity();
    assert_eq!(
        line,
        format!(
            "{{\"key\":\"{identity}\",\"received\":\"2026-03-02T02:00:00.123Z\",\"kind\":\"End\",\"receipt\":{{\"id\": 7, \"text\": \"占线\"}}}}\n"
        )
    );
    let read = record::parse(line.as_bytes()).unwrap();
    assert_eq!(read, batch(&[7])[0]);
}

#[test]
fn each_receipt_is_stored_once() {
    let mut journal = reopen(b"");
    assert_eq!(stored(&mut journal, &[&[1, 2, 1], &[2, 3], &[]]), [(2, 1), (1, 1), (0, 0)]);
    assert_eq!(stored(&mut journal, &[&[3, 1]]), [(0, 2)]);
    let mut journal = reopen(&journal.media.bytes);
    assert_eq!(stored(&mut journal, &[&[3, 4]]), [(1, 1)]);
    assert_eq!(ids(&journal.media.bytes), [1, 2, 3, 4]);
}

/// A process is killed after any byte of a write.
#[test]
fn a_kill_at_any_byte_leaves_whole_records() {
    let mut journal = reopen(b"");
    stored(&mut journal, &[&[1], &[2, 3]]);
    let whole = journal.media.bytes.clone();
    // A record is whole even if its line break is missing.
    let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
    for length in 0..=whole.len() {
        let mut journal = reopen(&whole[..length]);
        let kept = ends.iter().filter(|end| **end <= length).count();
        assert_eq!(ids(&journal.media.bytes), (1..=kept as u64).collect::<Vec<_>>(), "{length}");
        stored(&mut journal, &[&[1, 2, 3, 4]]);
        assert_eq!(ids(&journal.media.bytes), [1, 2, 3, 4], "{length}");
    }
}

#[test]
fn a_full_disk_leaves_nothing_of_a_batch_and_the_next_one_works() {
    let mut journal = reopen(b"");
    stored(&mut journal, &[&[1]]);
    let line = journal.media.bytes.len();
    for room in line..line * 3 {
        for broken_truncate in [false, true] {
            journal.media.room = Some(room);
            journal.media.broken_truncate = broken_truncate;
            let error = journal.append(vec![batch(&[2]), batch(&[3])]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{room}");
            journal.media.broken_truncate = false;
            // Space was freed, but a receipt is new only once.
            journal.media.room = None;
            assert_eq!(stored(&mut journal, &[&[2, 1]]), [(1, 1)], "{room}");
            assert_eq!(ids(&journal.media.bytes), [1, 2], "{room}");
            journal = reopen(&journal.media.bytes[..line]);
        }
    }
}

#[test]
fn what_was_not_synchronized_is_not_stored() {
    let mut journal = reopen(b"");
    journal.media.broken_sync = true;
    journal.append(vec![batch(&[1])]).unwrap_err();
    // Nothing can be stored while the file may end with something else.
    journal.append(vec![batch(&[1])]).unwrap_err();
    journal.media.broken_sync = false;
    assert_eq!(stored(&mut journal, &[&[1]]), [(1, 0)]);
    assert_eq!(ids(&journal.media.bytes), [1]);
}

#[test]
fn another_file_is_not_touched() {
    for text in ["x", "{", "{\"key\":\"x\"}\n", "name,value\n1,2\n", "{\"kez", "text without a line break"] {
        let found = Found::scan(BufReader::new(text.as_bytes())).unwrap();
        assert_eq!(found.is_inbox, BEGINNING.starts_with(text), "{text}");
    }
    // A line among others is kept, and counted.
    let mut journal = reopen(b"");
    stored(&mut journal, &[&[1]]);
    let mut bytes = journal.media.bytes.clone();
    bytes.extend_from_slice(b"something else \xff\n");
    stored(&mut journal, &[&[2]]);
    bytes.extend_from_slice(&journal.media.bytes);
    let journal = reopen(&bytes);
    assert_eq!((journal.unreadable(), journal.length, journal.known.len()), (1, bytes.len() as u64, 2));
}

proptest! {
    #[test]
    fn any_sequence_of_batches_and_failures_stores_each_receipt_once(
        steps in prop::collection::vec((prop::collection::vec(0..20u64, 0..6), 0..400usize, any::<bool>()), 0..30)
    ) {
        let mut journal = reopen(b"");
        let mut expected: Vec<u64> = Vec::new();
        for (ids, room, reopens) in steps {
            journal.media.room = (room < 300).then_some(journal.media.bytes.len() + room);
            if let Ok(stored) = journal.append(vec![batch(&ids)]) {
                let new = stored[0].new.iter().map(|arrival| arrival.raw().get("id").unwrap().as_u64().unwrap());
                expected.extend(new);
            }
            if reopens {
                journal = reopen(&journal.media.bytes);
            }
        }
        let mut once = expected.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), expected.len());
        prop_assert_eq!(ids(&journal.media.bytes[..usize::try_from(journal.length).unwrap()]), expected);
    }
}
