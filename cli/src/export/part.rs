//! The files of an export.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use fs4::TryLockError;

use crate::failure::Failure;
use crate::notice;

/// The names of the files.
#[derive(Debug)]
pub(super) struct Paths {
    /// The result.
    pub(super) out: PathBuf,
    /// The data so far.
    pub(super) part: PathBuf,
    /// The state.
    pub(super) resume: PathBuf,
    /// A state that is being written.
    pub(super) new_resume: PathBuf,
    /// The result while the data is converted to it.
    #[cfg(feature = "parquet")]
    pub(super) converted: PathBuf,
}

impl Paths {
    pub(super) fn of(out: &Path) -> Self {
        let with = |ending: &str| {
            let mut name: OsString = out.into();
            name.push(ending);
            PathBuf::from(name)
        };
        Self {
            out: out.to_owned(),
            part: with(".part"),
            resume: with(".resume"),
            new_resume: with(".resume.new"),
            #[cfg(feature = "parquet")]
            converted: with(".new"),
        }
    }

    /// The failure if the data or the state cannot be written. `kept` is the number of items that are safe.
    pub(super) fn not_written(&self, error: io::Error, kept: u64) -> Failure {
        let what = format!(
            "cannot write {}; {}it keeps {}, and the same command goes on",
            self.part.display(),
            advice(&error),
            items(kept)
        );
        Failure::system(what, error)
    }

    /// Gives the data its final name, and removes the state. Another file of that name is only replaced if it was agreed to.
    pub(super) fn publish(&self, may_replace: bool) -> Result<(), Failure> {
        self.rename(&self.part, may_replace)?;
        // A state without its data is ignored.
        let _ = std::fs::remove_file(&self.resume);
        Ok(())
    }

    /// Gives a file with all items the final name.
    fn rename(&self, whole: &Path, may_replace: bool) -> Result<(), Failure> {
        let renamed = if may_replace { std::fs::rename(whole, &self.out) } else { self.rename_new(whole) };
        renamed.map_err(|error| {
            let (whole, out) = (whole.display(), self.out.display());
            Failure::system(format!("cannot rename {whole}, which has all items, to {out}"), error)
        })
    }

    /// Renames a file, unless another one has appeared under the final name in the meantime.
    fn rename_new(&self, whole: &Path) -> io::Result<()> {
        match std::fs::hard_link(whole, &self.out) {
            Ok(()) => std::fs::remove_file(whole),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // Some file systems have no links.
            Err(_) if self.out.exists() => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => std::fs::rename(whole, &self.out),
        }
    }
}

/// What is done at the end of an export whose data is converted.
#[cfg(feature = "parquet")]
impl Paths {
    /// The failure if the result cannot be written. The data has all items.
    pub(super) fn not_converted(&self, error: io::Error, all: u64) -> Failure {
        let what = format!(
            "cannot write {}; {}{} has all {}, and the same command goes on",
            self.converted.display(),
            advice(&error),
            self.part.display(),
            items(all)
        );
        Failure::system(what, error)
    }

    /// Gives the result its final name, and removes data and state.
    pub(super) fn publish_converted(&self, may_replace: bool) -> Result<(), Failure> {
        self.rename(&self.converted, may_replace)?;
        // If they stay, the state says that the result is there.
        let _ = std::fs::remove_file(&self.part);
        let _ = std::fs::remove_file(&self.resume);
        Ok(())
    }
}

fn advice(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::StorageFull { "free some space; " } else { "" }
}

/// A number of items, for a message.
pub(super) fn items(count: u64) -> String {
    notice::count(usize::try_from(count).unwrap_or(usize::MAX), "item")
}

/// The data, which is written page by page.
#[derive(Debug)]
pub(super) struct Part {
    file: BufWriter<File>,
    bytes: u64,
}

fn cannot_write(paths: &Paths, error: io::Error) -> Failure {
    Failure::system(format!("cannot write {}", paths.part.display()), error)
}

/// Large enough for a page, so that it is written at once.
const BUFFER: usize = 256 * 1024;

impl Part {
    /// Opens the data, and changes nothing in it. It belongs to this process until the result is dropped.
    pub(super) fn open(paths: &Paths) -> Result<Self, Failure> {
        let open = || {
            let file = OpenOptions::new().create(true).read(true).write(true).truncate(false).open(&paths.part)?;
            let bytes = file.metadata()?.len();
            Ok((file, bytes))
        };
        let (file, bytes) = open().map_err(|error| cannot_write(paths, error))?;
        // Some file systems have no locks, which is not an error.
        if matches!(fs4::FileExt::try_lock(&file), Err(TryLockError::WouldBlock)) {
            let part = paths.part.display();
            let why = format!("another process is writing {part}; wait for its end, or choose another --out");
            return Err(Failure::Usage(why));
        }
        Ok(Self { file: BufWriter::with_capacity(BUFFER, file), bytes })
    }

    /// Length of the data.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Drops what the data has after `bytes`.
    pub(super) fn rewind(&mut self, paths: &Paths, bytes: u64) -> Result<(), Failure> {
        let file = self.file.get_mut();
        let shorten = || if self.bytes > bytes { file.set_len(bytes) } else { Ok(()) };
        shorten().and_then(|()| file.seek(SeekFrom::Start(bytes))).map_err(|error| cannot_write(paths, error))?;
        self.bytes = bytes;
        Ok(())
    }

    /// The data from its start. Only this handle may read it, where locks are for everybody.
    #[cfg(feature = "parquet")]
    pub(super) fn reader(&mut self) -> io::Result<impl io::BufRead> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.rewind()?;
        Ok(io::BufReader::with_capacity(BUFFER, file))
    }

    /// Writes everything to the disk, and returns the length.
    pub(super) fn sync(&mut self) -> io::Result<u64> {
        self.file.flush()?;
        self.file.get_ref().sync_data()?;
        Ok(self.bytes)
    }
}

impl Write for Part {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let written = self.file.write(data)?;
        self.bytes += written as u64;
        Ok(written)
    }

    /// Does nothing: data is flushed when the state is written.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
