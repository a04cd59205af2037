//! Whole lines at the end of a file, or nothing.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write as _};
use std::path::Path;

use super::record::{self, BEGINNING};
use crate::arrival::{Arrival, Identity};
use crate::inbox::{InboxError, Stored};

/// What a journal needs of a file.
pub(super) trait Media {
    /// Writes at the end: all of it, or any part of it if it fails.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes everything that was written survive a crash.
    fn sync(&mut self) -> io::Result<()>;
    /// Removes everything after this length.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
}

impl Media for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// The end of an inbox's file, and the receipts that it contains.
pub(super) struct Journal<M> {
    media: M,
    /// Length of what is known to be whole.
    length: u64,
    /// Whether something may follow that length, which a failed attempt left behind.
    is_torn: bool,
    known: HashSet<Identity>,
    unreadable: usize,
}

impl Journal<File> {
    pub(super) fn open(file: File, path: &Path) -> Result<Self, InboxError> {
        let failed = |error: io::Error| {
            InboxError::new(format!("the inbox {} cannot be read: {error}", path.display())).with_source(error)
        };
        let found = Found::scan(BufReader::new(&file)).map_err(failed)?;
        if !found.is_inbox {
            return Err(InboxError::new(format!(
                "{} is not the file of an inbox, and nothing was changed in it; use another file",
                path.display()
            )));
        }
        Self::new(file, found).map_err(failed)
    }
}

impl<M: Media> Journal<M> {
    /// Continues what was found.
    fn new(mut media: M, found: Found) -> io::Result<Self> {
        let Found { mut length, is_torn, lacks_break, known, unreadable, .. } = found;
        if lacks_break {
            media.append(b"\n")?;
            length += 1;
        }
        let mut journal = Self { media, length, is_torn, known, unreadable };
        journal.mend()?;
        Ok(journal)
    }

    pub(super) fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// Stores all batches, and synchronizes once, or nothing of any of them.
    pub(super) fn append(&mut self, batches: Vec<Vec<Arrival>>) -> io::Result<Vec<Stored>> {
        self.mend()?;
        let (mut lines, mut fresh) = (String::new(), HashSet::new());
        let stored = batches.into_iter().map(|batch| {
            let count = batch.len();
            let is_new = |arrival: &Arrival| {
                let identity = arrival.identity();
                !self.known.contains(&identity) && fresh.insert(identity)
            };
            let new: Vec<Arrival> = batch.into_iter().filter(is_new).collect();
            for arrival in &new {
                record::write(&mut lines, arrival);
            }
            let seen = count - new.len();
            Stored::new(new, seen)
        });
        let stored = stored.collect();
        if !lines.is_empty() {
            self.is_torn = true;
            if let Err(error) = self.media.append(lines.as_bytes()).and_then(|()| self.media.sync()) {
                // If this fails, the next attempt starts with it.
                let _ = self.mend();
                return Err(error);
            }
            self.is_torn = false;
            self.length += lines.len() as u64;
            self.known.extend(fresh);
        }
        Ok(stored)
    }

    /// Removes what a failed attempt left behind.
    fn mend(&mut self) -> io::Result<()> {
        if self.is_torn {
            self.media.truncate(self.length)?;
            self.media.sync()?;
            self.is_torn = false;
        }
        Ok(())
    }
}

/// What is in the file of an inbox.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// Length of the whole lines.
    length: u64,
    /// Whether the beginning of a line follows.
    is_torn: bool,
    /// Whether the last one is whole but for its line break.
    lacks_break: bool,
    known: HashSet<Identity>,
    /// Number of lines that are no records.
    unreadable: usize,
    is_inbox: bool,
}

impl Found {
    fn scan(mut lines: BufReader<impl Read>) -> io::Result<Self> {
        let mut found = Self { is_inbox: true, ..Self::default() };
        let mut line = Vec::new();
        while {
            line.clear();
            lines.read_until(b'\n', &mut line)?
        } > 0
        {
            let is_whole = line.last() == Some(&b'\n');
            match record::parse(&line) {
                Some(arrival) => {
                    found.known.insert(arrival.identity());
                    found.lacks_break = !is_whole;
                }
                None if is_whole => found.unreadable += 1,
                // The last write did not end, so its sender was not answered.
                None => {
                    let beginning = &line[..line.len().min(BEGINNING.len())];
                    found.is_torn = true;
                    found.is_inbox = BEGINNING.as_bytes().starts_with(beginning);
                    break;
                }
            }
            found.length += line.len() as u64;
        }
        found.is_inbox &= found.unreadable == 0 || !found.known.is_empty();
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
