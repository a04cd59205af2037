//! An inbox in memory, for tests.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use aliyun_runtime::BoxFuture;

use crate::arrival::{Arrival, Identity};
use crate::inbox::{Inbox, InboxError, Stored};

/// An inbox in memory, for tests: it forgets everything with the process. A clone is another handle to the same inbox.
#[derive(Debug, Clone, Default)]
pub struct MemoryInbox {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    arrivals: Vec<Arrival>,
    known: HashSet<Identity>,
}

impl MemoryInbox {
    /// An empty inbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// The stored receipts, oldest first.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).arrivals.clone()
    }
}

impl Inbox for MemoryInbox {
    fn store(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Stored, InboxError>> {
        Box::pin(async move {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let count = batch.len();
            let new: Vec<Arrival> = batch.into_iter().filter(|arrival| kept.known.insert(arrival.identity())).collect();
            kept.arrivals.extend(new.iter().cloned());
            let seen = count - new.len();
            Ok(Stored::new(new, seen))
        })
    }
}
