//! The lines of an inbox.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::arrival::{Arrival, Identity};
use crate::inbox::InboxError;

/// How every line begins.
pub(super) const BEGINNING: &str = "{\"key\":\"";

/// A line as it is read.
#[derive(Deserialize)]
struct Record<'a> {
    key: String,
    received: Timestamp,
    kind: String,
    #[serde(borrow)]
    receipt: &'a RawValue,
}

/// Adds the line of a receipt.
pub(super) fn write(lines: &mut String, arrival: &Arrival) {
    let received = Timestamp::try_from(arrival.received()).unwrap_or(Timestamp::UNIX_EPOCH);
    let kind = serde_json::Value::from(arrival.kind());
    // Writing into memory cannot fail.
    let _ = writeln!(
        lines,
        "{BEGINNING}{}\",\"received\":\"{received:.3}\",\"kind\":{kind},\"receipt\":{}}}",
        arrival.identity(),
        arrival.raw().as_str()
    );
}

/// The receipt of a line; `None` if the line is not a record.
pub(super) fn parse(line: &[u8]) -> Option<Arrival> {
    let record: Record<'_> = serde_json::from_slice(line).ok()?;
    let identity = Identity::parse(&record.key)?;
    Some(Arrival::stored(record.kind, record.receipt.get(), identity, SystemTime::from(record.received)))
}

/// The receipts in a file, oldest first. Made by [`FileInbox::read`](crate::FileInbox::read).
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    lines: BufReader<File>,
    number: usize,
}

impl Records {
    pub(super) fn open(path: &Path) -> Result<Self, InboxError> {
        let file = File::open(path).map_err(|error| cannot_be_read(path, error))?;
        Ok(Self { path: path.to_owned(), lines: BufReader::new(file), number: 0 })
    }
}

impl Iterator for Records {
    type Item = Result<Arrival, InboxError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = Vec::new();
        match self.lines.read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(cannot_be_read(&self.path, error))),
        }
        self.number += 1;
        let arrival = parse(&line);
        if arrival.is_none() && line.last() != Some(&b'\n') {
            return None;
        }
        Some(arrival.ok_or_else(|| {
            InboxError::new(format!(
                "{}:{}: the line is not a receipt; something else wrote to the file",
                self.path.display(),
                self.number
            ))
        }))
    }
}

fn cannot_be_read(path: &Path, error: io::Error) -> InboxError {
    InboxError::new(format!("the inbox {} cannot be read: {error}", path.display())).with_source(error)
}
