//! Where receipts are kept.

use std::fmt;
use std::sync::Arc;

use aliyun_runtime::{BoxError, BoxFuture};

use crate::arrival::Arrival;

/// Where receipts are kept: each one once, however often it arrives.
///
/// [`FileInbox`](crate::FileInbox) keeps them in a file. An application with a database implements this for a table whose
/// unique column is the [identity](Arrival::identity) of a receipt.
pub trait Inbox: Send + Sync + 'static {
    /// Stores a batch: all of it, or nothing. When this returns, the batch survives a crash, since the service is told then
    /// that it arrived and never sends it again.
    ///
    /// It is called from several tasks at once, possibly with the same receipts, and must finish what it began even if the
    /// future is dropped, or leave nothing of it.
    fn store(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Stored, InboxError>>;
}

/// An inbox with several users.
impl<I: Inbox + ?Sized> Inbox for Arc<I> {
    fn store(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Stored, InboxError>> {
        I::store(self, batch)
    }
}

/// What became of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stored {
    /// The receipts that were stored now.
    pub new: Vec<Arrival>,
    /// The number of receipts that had been stored before, or twice in the batch.
    pub seen: usize,
}

impl Stored {
    /// These were stored now, and this number of others before.
    pub fn new(new: Vec<Arrival>, seen: usize) -> Self {
        Self { new, seen }
    }
}

/// Why receipts are not stored. The text says what happened, where, and what to do, and shows nothing of a receipt.
#[derive(Debug)]
pub struct InboxError {
    what: String,
    source: Option<BoxError>,
}

impl InboxError {
    /// An error with this text.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), source: None }
    }

    /// Adds its cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for InboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for InboxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
