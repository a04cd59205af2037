//! Receipts: what an account reports by itself, and what becomes of it on its way.

use std::fmt;
use std::time::SystemTime;

use serde_json::Value;

/// A receipt that is due: what an [`Account`](crate::Account) reports, without being asked, about something that was
/// started. `Debug` does not show its body.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct DueReceipt {
    /// Its kind, such as `VoiceReport`.
    pub kind: &'static str,
    /// When it is due by the emulator's clock.
    pub due: SystemTime,
    /// The receipt.
    pub body: Value,
}

impl DueReceipt {
    /// A receipt of this kind that is due at this time.
    pub fn new(kind: &'static str, due: SystemTime, body: Value) -> Self {
        Self { kind, due, body }
    }
}

impl fmt::Debug for DueReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DueReceipt").field("kind", &self.kind).field("due", &self.due).finish_non_exhaustive()
    }
}

/// A receipt that the emulator sent, or will send. `Debug` does not show its body.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct SentReceipt {
    /// Its kind, such as `VoiceReport`.
    pub kind: &'static str,
    /// When it was due by the emulator's clock.
    pub due: SystemTime,
    /// The receipt.
    pub body: Value,
    /// When it was sent, by the emulator's clock, and whether the receiver acknowledged it.
    pub attempts: Vec<(SystemTime, bool)>,
    /// What became of it.
    pub state: ReceiptState,
}

impl fmt::Debug for SentReceipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentReceipt")
            .field("kind", &self.kind)
            .field("due", &self.due)
            .field("attempts", &self.attempts)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// What became of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiptState {
    /// It will be sent, or sent again.
    Waiting,
    /// The receiver acknowledged it, or it is in its queue.
    Acknowledged,
    /// It will not be sent again.
    Dropped,
}
