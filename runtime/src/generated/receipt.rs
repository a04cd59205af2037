//! Receipts: facts of a kind, as generated code states them, and what every receipt has.

use std::fmt;

use serde_json::Value;

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

/// A receipt as it arrived: its JSON text, with the members that its type does not list.
///
/// It may contain what must not be shown, so `Debug` states its length only.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Raw(Box<str>);

impl Raw {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The member of this name; `None` if there is none, or if the receipt is not an object.
    #[must_use]
    pub fn get(&self, member: &str) -> Option<Value> {
        let mut object: serde_json::Map<String, Value> = serde_json::from_str(&self.0).ok()?;
        object.remove(member)
    }
}

impl From<&str> for Raw {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// The point in time that a wall-clock text means in a time zone such as `+08:00`. `None` if there is no text, or if it is
/// empty or is not a time.
#[cfg(feature = "jiff")]
#[doc(hidden)]
#[must_use]
pub fn time(text: Option<&str>, zone: &str) -> Option<jiff::Timestamp> {
    let local: jiff::civil::DateTime = text?.trim().parse().ok()?;
    let zone = jiff::fmt::temporal::DateTimeParser::new().parse_time_zone(zone).ok()?;
    zone.to_timestamp(local).ok()
}
