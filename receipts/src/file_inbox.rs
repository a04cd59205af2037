//! An inbox in a file: one line for each receipt.

mod journal;
mod record;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;

use aliyun_runtime::BoxFuture;
use fs4::TryLockError;
use tokio::sync::oneshot;

use self::journal::Journal;
pub use self::record::Records;
use crate::arrival::Arrival;
use crate::inbox::{Inbox, InboxError, Stored};

/// Batches that are written together, so that one synchronization serves all senders that wait.
const MOST_BATCHES: usize = 1000;

/// An inbox in a file: each receipt is one line of JSON, which is on the disk before the service is told that the receipt
/// arrived. It is meant for one process.
///
/// * A process that is killed at any moment leaves whole lines and perhaps the beginning of one, whose sender was not
///   answered; [`FileInbox::open`] removes that.
/// * A batch that cannot be written, for example because the disk is full, leaves nothing, and the next one works.
/// * Receipts are known again after a restart, by the identities in the lines: 16 bytes of memory each and what the set of
///   them needs. Start a new file when this becomes too much; the service repeats a receipt for days at most.
/// * The file is locked while the inbox is open, and only its owner may read it: receipts contain phone numbers and the
///   like.
///
/// A line has the members `key` (the identity), `received` (a time in UTC), `kind` and `receipt`. [`FileInbox::read`] reads
/// them, also while the inbox is open.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use aliyun_receipts::FileInbox;
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("receipts.jsonl");
/// let inbox = FileInbox::open(&path)?;
/// // Give it to a receiver. What earlier processes stored is the beginning of the state:
/// for arrival in FileInbox::read(inbox.path())? {
///     println!("{}", arrival?.kind());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FileInbox {
    path: PathBuf,
    /// `None` only while it is dropped.
    orders: Option<mpsc::Sender<Order>>,
    writer: Option<JoinHandle<()>>,
    unreadable: usize,
}

/// A batch to store, and where to answer.
struct Order {
    batch: Vec<Arrival>,
    answer: oneshot::Sender<Result<Stored, InboxError>>,
}

impl FileInbox {
    /// Opens the file of an inbox, or creates it.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened or is not the file of an inbox, or if another process has it open.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, InboxError> {
        let path = path.as_ref();
        let failed = |what: &str, error: io::Error| {
            InboxError::new(format!("the inbox {} {what}: {error}", path.display())).with_source(error)
        };
        let file = create(path).map_err(|error| failed("cannot be opened", error))?;
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(InboxError::new(format!(
                    "the inbox {} is open in another process; stop that, or use another file",
                    path.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(failed("cannot be locked", error)),
        }
        let journal = Journal::open(file, path)?;
        sync_folder(path).map_err(|error| failed("cannot be made to last", error))?;
        let unreadable = journal.unreadable();
        let (orders, incoming) = mpsc::channel();
        let shown = path.to_owned();
        let writer = std::thread::Builder::new()
            .name("receipts".to_owned())
            .spawn(move || write(journal, &incoming, &shown))
            .map_err(|error| failed("has no thread to write", error))?;
        Ok(Self { path: path.to_owned(), orders: Some(orders), writer: Some(writer), unreadable })
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The number of lines that are not records, because something else wrote to the file. They are kept and ignored.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// Reads the receipts in the file of an inbox, oldest first, one at a time. The beginning of a line at the end is left
    /// out; it may be in the process of being written.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened. An item is an error if the file cannot be read, or for a line that is not a record,
    /// with its number; the items go on after that.
    pub fn read(path: impl AsRef<Path>) -> Result<Records, InboxError> {
        Records::open(path.as_ref())
    }
}

impl Inbox for FileInbox {
    fn store(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Stored, InboxError>> {
        let (answer, answered) = oneshot::channel();
        // It fails if the thread has ended; then the answer is dropped, too.
        let _ = self.orders.as_ref().map(|orders| orders.send(Order { batch, answer }));
        Box::pin(async move {
            answered.await.unwrap_or_else(|_| {
                Err(InboxError::new(format!(
                    "the inbox {} stopped writing; start the program again",
                    self.path.display()
                )))
            })
        })
    }
}

impl Drop for FileInbox {
    /// Waits until everything that was accepted is written, and unlocks the file.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(writer) = self.writer.take() {
            // A panic there has been reported already.
            let _ = writer.join();
        }
    }
}

/// Writes what is ordered until nobody orders any more.
fn write(mut journal: Journal<File>, orders: &mpsc::Receiver<Order>, path: &Path) {
    while let Ok(first) = orders.recv() {
        let others = orders.try_iter().take(MOST_BATCHES - 1);
        let (batches, answers): (Vec<_>, Vec<_>) =
            std::iter::once(first).chain(others).map(|order| (order.batch, order.answer)).unzip();
        match journal.append(batches) {
            // A sender that no longer waits is not interested in the answer.
            Ok(stored) => answers.into_iter().zip(stored).for_each(|(answer, stored)| drop(answer.send(Ok(stored)))),
            Err(error) => answers.into_iter().for_each(|answer| {
                let what = format!("the inbox {} cannot be written: {error}", path.display());
                drop(answer.send(Err(InboxError::new(what).with_source(io::Error::from(error.kind())))));
            }),
        }
    }
}

/// Opens a file to read it and to write at its end; a new one is for its owner only.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the name of a new file last.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
