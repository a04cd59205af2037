//! A receipt that arrived, and what identifies it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

use aliyun_runtime::{Raw, ReceiptKind};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// A receipt that arrived. `Debug` does not show its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    kind: String,
    raw: Raw,
    identity: Identity,
    received: SystemTime,
}

impl Arrival {
    /// A receipt of this kind, with what identifies it according to the table of kinds. A kind that is not in the table
    /// is identified by its whole text.
    pub(crate) fn new(kind: &str, text: &RawValue, kinds: &[ReceiptKind], received: SystemTime) -> Self {
        // JSON has line breaks between values only, where a blank means the same. So each receipt is one line.
        let text = text.get().replace(['\n', '\r'], " ");
        let facts = kinds.iter().find(|known| known.name == kind);
        Self { kind: kind.to_owned(), identity: Identity::of(kind, facts, &text), raw: Raw::from(&*text), received }
    }

    /// A receipt that was stored.
    pub(crate) fn stored(kind: String, text: &str, identity: Identity, received: SystemTime) -> Self {
        Self { kind, raw: Raw::from(text), identity, received }
    }

    /// Name of its kind, such as `VoiceReport`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The receipt as it arrived: JSON in one line.
    pub fn raw(&self) -> &Raw {
        &self.raw
    }

    /// What identifies it: two receipts with the same identity are duplicates.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// When it arrived.
    pub fn received(&self) -> SystemTime {
        self.received
    }
}

/// What identifies a receipt: a digest of its kind and its key fields. `Display` writes 32 hexadecimal digits, which can be
/// a unique column of a database.
///
/// A receipt without the id of what was started is identified by its whole text: two of them must not be taken for one
/// because what tells them apart is missing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity([u8; 16]);

impl Identity {
    fn of(kind: &str, facts: Option<&ReceiptKind>, text: &str) -> Self {
        let mut digest = Sha256::new();
        let mut part = |part: &str| {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        };
        part(kind);
        match facts.and_then(|facts| key_of(facts, text)) {
            Some(key) => key.iter().for_each(|(field, value)| {
                part(field);
                part(value);
            }),
            None => part(text),
        }
        let mut half = [0; 16];
        half.copy_from_slice(&digest.finalize()[..16]);
        Self(half)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        // The digits are checked by the conversion, but it allows a sign.
        (text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
            .then(|| u128::from_str_radix(text, 16).ok())?
            .map(|number| Self(number.to_be_bytes()))
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({self})")
    }
}

/// The key fields that a receipt has, with their values as text. `None` if the receipt lacks what it is about.
fn key_of(facts: &ReceiptKind, text: &str) -> Option<Vec<(&'static str, String)>> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    let key: Vec<_> = facts.key.iter().filter_map(|field| Some((*field, scalar(members.get(*field)?)))).collect();
    let is_complete = if facts.id.is_empty() {
        key.len() == facts.key.len()
    } else {
        key.iter().any(|(field, value)| *field == facts.id && !value.is_empty())
    };
    is_complete.then_some(key)
}

/// A number and the same number as text are the same value.
fn scalar(value: &RawValue) -> String {
    serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| match value.get() {
        "null" => String::new(),
        other => other.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &[ReceiptKind] =
        &[ReceiptKind::new("End", &["id", "code"]).id("id"), ReceiptKind::new("Word", &["line", "begin"])];

    fn identity(kind: &str, text: &str) -> Identity {
        let text = RawValue::from_string(text.to_owned()).unwrap();
        Arrival::new(kind, &text, KINDS, SystemTime::UNIX_EPOCH).identity()
    }

    #[test]
    fn the_key_fields_identify_a_receipt() {
        let same = [
            (r#"{"id":"1","code":"2"}"#, r#"{ "code": 2, "more": [1],"id":"\u0031" }"#),
            (r#"{"id":"1"}"#, r#"{"id":"1","x":null}"#),
            (r#"{"id":"1","code":null}"#, r#"{"id":"1","code":""}"#),
        ];
        for (one, other) in same {
            assert_eq!(identity("End", one), identity("End", other), "{one} {other}");
        }
        let different = [
            (r#"{"id":"1","code":"2"}"#, r#"{"id":"12","code":""}"#),
            (r#"{"id":"1","code":"2"}"#, r#"{"id":"1","code":"3"}"#),
            (r#"{"id":"1"}"#, r#"{"id":"1","code":""}"#),
        ];
        for (one, other) in different {
            assert_ne!(identity("End", one), identity("End", other), "{one} {other}");
        }
        assert_ne!(identity("End", r#"{"id":"1"}"#), identity("Other", r#"{"id":"1"}"#));
    }

    #[test]
    fn a_receipt_that_lacks_what_it_is_about_is_identified_by_its_whole_text() {
        for (one, other) in [
            (r#"{"code":"2","at":1}"#, r#"{"code":"2","at":2}"#),
            (r#"{"id":"","code":"2","at":1}"#, r#"{"id":"","code":"2","at":2}"#),
            (r#"{"id":null,"at":1}"#, r#"{"id":null,"at":2}"#),
            ("1", "2"),
            ("[]", "{}"),
        ] {
            assert_ne!(identity("End", one), identity("End", other), "{one} {other}");
            assert_eq!(identity("End", one), identity("End", one));
        }
        let word = |text| identity("Word", text);
        assert_ne!(word(r#"{"line":"1","at":1}"#), word(r#"{"line":"1","at":2}"#));
        assert_eq!(word(r#"{"line":"1","begin":1,"at":1}"#), word(r#"{"line":"1","begin":1,"at":2}"#));
        assert_ne!(identity("Unknown", r#"{"id":"1","a":1}"#), identity("Unknown", r#"{"id":"1","a":2}"#));
    }

    #[test]
    fn an_identity_is_read_back() {
        let one = identity("End", r#"{"id":"1"}"#);
        assert_eq!(Identity::parse(&one.to_string()), Some(one));
        for text in [
            "",
            "1",
            "+0000000000000000000000000000000",
            "g0000000000000000000000000000000",
            "000000000000000000000000000000000",
        ] {
            assert_eq!(Identity::parse(text), None, "{text}");
        }
    }
}
