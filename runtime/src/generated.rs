//! What generated code builds on. Not for use by hand: it changes with the generator.

pub(crate) mod field;
mod macros;
pub(crate) mod operation;
pub(crate) mod output;
pub(crate) mod receipt;
pub(crate) mod slot;

use std::collections::BTreeMap;

pub use aliyun_protocol::RefusalKind;
pub use aliyun_protocol::{By, Method};
pub use serde;
pub use serde_json::Value;

pub use self::field::{Entry, Fields, Flags, List, Map, Member, View, Viewer, debug, serialize};
pub use self::operation::{EnvelopeFacts, ErrorFacts, Facts, Operation, Paged, Paging, Service, ServiceFacts, Step};
pub use self::output::Output;
#[cfg(feature = "jiff")]
pub use self::receipt::time;
pub use self::receipt::{Raw, ReceiptKind};
pub use self::slot::{Blank, Choice, Filler, Grow, Keyed, Make, Place, Record, Slot};
pub use crate::{builder, members, open_set, operation, paged, receipts, times};

/// The items of an argument, converted.
#[inline]
pub fn list<T>(items: impl IntoIterator<Item = impl Into<T>>) -> Vec<T> {
    items.into_iter().map(Into::into).collect()
}

/// The entries of an argument, converted.
#[inline]
pub fn map<T>(entries: impl IntoIterator<Item = (impl Into<String>, impl Into<T>)>) -> BTreeMap<String, T> {
    entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
}

/// The index of a wire name among those of a record; a list with none of that name does not compile.
#[must_use]
pub const fn index_of(names: &[&str], name: &str) -> u16 {
    let mut index: u16 = 0;
    loop {
        assert!((index as usize) < names.len(), "an alias is of a member");
        if is_same(names[index as usize].as_bytes(), name.as_bytes()) {
            return index;
        }
        index += 1;
    }
}

const fn is_same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}
