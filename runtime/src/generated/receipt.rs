//! Facts of a kind of receipt, as generated code states them.

/// A kind of receipt: what a service reports, without being asked, about something that was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceiptKind {
    /// Its name, such as `VoiceReport`. Queues of receipts end with it.
    pub name: &'static str,
    /// Fields that together identify a receipt: a second one with the same values is a duplicate.
    pub key: &'static [&'static str],
    /// The field with the id of what was started, such as `call_id`; empty if there is none.
    pub id: &'static str,
    /// The field with the caller's own id, such as `out_id`; empty if there is none.
    pub own_id: &'static str,
}

impl ReceiptKind {
    /// A kind of this name, whose receipts are identified by these fields.
    #[must_use]
    pub const fn new(name: &'static str, key: &'static [&'static str]) -> Self {
        Self { name, key, id: "", own_id: "" }
    }

    /// The field with the id of what was started.
    #[must_use]
    pub const fn id(mut self, field: &'static str) -> Self {
        self.id = field;
        self
    }

    /// The field with the caller's own id.
    #[must_use]
    pub const fn own_id(mut self, field: &'static str) -> Self {
        self.own_id = field;
        self
    }
}
