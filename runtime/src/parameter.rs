//! Percent-encoded parameters: the form body as it is sent, and the canonical query that is signed.
//!
//! Names and values are encoded once, into one buffer, in the order they are written; an index of the pairs is
//! sorted when a signature is made. Rules: `E(s)` keeps `A-Z a-z 0-9 - _ . ~` and writes every other byte of
//! the UTF-8 text as `%XX` in upper-case hex.

use std::cmp::Ordering;
use std::fmt;
use std::io;

use bytes::Bytes;

/// Parameters of one request, encoded.
#[derive(Clone, Default)]
pub struct Parameters {
    /// `name=value` pairs joined by `&`, in the order written.
    encoded: Vec<u8>,
    pairs: Vec<Pair>,
}

#[derive(Clone, Copy)]
struct Pair {
    start: usize,
    equals: usize,
    end: usize,
    /// The first bytes of the raw name, as a number that orders as they do: it decides nearly every comparison.
    prefix: u64,
}

impl Parameters {
    /// No parameters, with room for `count` pairs of `bytes` encoded bytes in all.
    #[must_use]
    pub fn with_capacity(count: usize, bytes: usize) -> Self {
        Self { encoded: Vec::with_capacity(bytes), pairs: Vec::with_capacity(count) }
    }

    /// Adds a pair.
    pub fn push(&mut self, name: &str, value: &str) {
        self.push_bytes(name.as_bytes(), value.as_bytes());
    }

    /// Adds a pair of raw bytes, which need not be UTF-8: what a server reads off the wire.
    pub fn push_bytes(&mut self, name: &[u8], value: &[u8]) {
        self.open(name);
        encode(value, &mut self.encoded);
        self.close();
    }

    /// Adds a pair whose value is an integer in decimal.
    pub(crate) fn push_integer(&mut self, name: &str, value: i64) {
        self.push(name, itoa::Buffer::new().format(value));
    }

    /// Adds a pair whose value is what `value` displays as.
    pub(crate) fn push_display(&mut self, name: &str, value: &dyn fmt::Display) {
        self.open(name.as_bytes());
        // Writing into memory cannot fail; a `Display` that fails leaves a shorter value.
        let _ = fmt::Write::write_fmt(&mut PercentWriter(&mut self.encoded), format_args!("{value}"));
        self.close();
    }

    /// Adds a pair whose value is the JSON text of `value`, without blanks.
    ///
    /// On failure the pair is taken back.
    pub(crate) fn push_json(&mut self, name: &str, value: &impl serde::Serialize) -> Result<(), serde_json::Error> {
        let mark = self.encoded.len();
        self.open(name.as_bytes());
        match serde_json::to_writer(PercentWriter(&mut self.encoded), value) {
            Ok(()) => {
                self.close();
                Ok(())
            }
            Err(error) => {
                self.encoded.truncate(mark);
                self.pairs.pop();
                Err(error)
            }
        }
    }

    fn open(&mut self, name: &[u8]) {
        if !self.encoded.is_empty() {
            self.encoded.push(b'&');
        }
        let start = self.encoded.len();
        encode(name, &mut self.encoded);
        let equals = self.encoded.len();
        self.encoded.push(b'=');
        self.pairs.push(Pair { start, equals, end: equals + 1, prefix: prefix(name) });
    }

    fn close(&mut self) {
        let end = self.encoded.len();
        if let Some(pair) = self.pairs.last_mut() {
            pair.end = end;
        }
    }

    /// Number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Whether a parameter of this name is among them.
    pub(crate) fn contains(&self, name: &str) -> bool {
        let encoded = |pair: &Pair| self.encoded.get(pair.start..pair.equals).unwrap_or_default();
        self.pairs.iter().any(|pair| raw(encoded(pair)).eq(name.bytes()))
    }

    /// The encoded pairs joined by `&`, in the order written: a form body or a query.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Sorts the pairs by their raw names, by bytes, as [`Parameters::canonical_query`] shows them. The encoded bytes stay
    /// as they were written.
    pub fn sort(&mut self) {
        let encoded = &self.encoded;
        let name = |pair: &Pair| encoded.get(pair.start..pair.equals).unwrap_or_default();
        self.pairs
            .sort_by(|left, right| left.prefix.cmp(&right.prefix).then_with(|| compare_names(name(left), name(right))));
    }

    /// Hands out the canonical query piece by piece: sorted pairs joined by `&`. Call [`Parameters::sort`] before.
    pub(crate) fn canonical(&self, mut piece: impl FnMut(&[u8])) {
        let mut separator: &[u8] = b"";
        for pair in &self.pairs {
            piece(separator);
            separator = b"&";
            piece(self.encoded.get(pair.start..pair.end).unwrap_or_default());
        }
    }

    /// The canonical query as text.
    #[must_use]
    pub fn canonical_query(&self) -> String {
        let mut text = Vec::with_capacity(self.encoded.len());
        self.canonical(|piece| text.extend_from_slice(piece));
        ascii(text)
    }
}

/// Parameters that are on their way: the bytes are shared with what sends them.
pub(crate) struct SentParameters {
    encoded: Bytes,
    pairs: Vec<Pair>,
}

impl Parameters {
    /// The encoded bytes, and what is needed to explain a refused signature.
    pub(crate) fn into_sent(self) -> SentParameters {
        SentParameters { encoded: self.encoded.into(), pairs: self.pairs }
    }
}

impl SentParameters {
    pub(crate) fn encoded(&self) -> Bytes {
        self.encoded.clone()
    }

    /// Names and values, decoded.
    pub(crate) fn decoded(&self) -> impl Iterator<Item = (String, String)> {
        let text = |range| {
            String::from_utf8_lossy(&raw(self.encoded.get(range).unwrap_or_default()).collect::<Vec<_>>()).into_owned()
        };
        self.pairs.iter().map(move |pair| (text(pair.start..pair.equals), text(pair.equals + 1..pair.end)))
    }

    /// The parameters of the first so many encoded bytes, to be signed afresh.
    pub(crate) fn back_to(&self, bytes: usize) -> Parameters {
        let mut pairs = self.pairs.clone();
        // They were sorted since; what was written first is what ends before the mark.
        pairs.retain(|pair| pair.end <= bytes);
        let mut encoded = Vec::with_capacity(self.encoded.len());
        encoded.extend_from_slice(self.encoded.get(..bytes).unwrap_or_default());
        Parameters { encoded, pairs }
    }

    /// The parameters that were signed: all but the signature, which is written last.
    pub(crate) fn signed(&self) -> Parameters {
        let mut pairs = self.pairs.clone();
        pairs.retain(|pair| self.encoded.get(pair.start..pair.equals) != Some(b"Signature".as_slice()));
        Parameters { encoded: self.encoded.to_vec(), pairs }
    }
}

/// The first eight bytes of a name, the first of them highest; a shorter name is filled up with noughts.
fn prefix(name: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = name.len().min(bytes.len());
    bytes[..length].copy_from_slice(&name[..length]);
    u64::from_be_bytes(bytes)
}

/// Orders encoded names as their raw bytes order. Encoding changes the order only around an escaped byte.
fn compare_names(left: &[u8], right: &[u8]) -> Ordering {
    if left.contains(&b'%') || right.contains(&b'%') { raw(left).cmp(raw(right)) } else { left.cmp(right) }
}

/// The bytes that an encoded text stands for.
fn raw(encoded: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16)).unwrap_or_default();
    let mut bytes = encoded.iter();
    std::iter::from_fn(move || match bytes.next()? {
        b'%' => u8::try_from(digit(bytes.next()) * 16 + digit(bytes.next())).ok(),
        &byte => Some(byte),
    })
}

/// Text of bytes that [`encode`] wrote.
pub(crate) fn ascii(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

const fn unreserved_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[allow(clippy::cast_possible_truncation, reason = "the loop ends at 256")]
        let value = byte as u8;
        table[byte] = value.is_ascii_alphanumeric() || matches!(value, b'-' | b'_' | b'.' | b'~');
        byte += 1;
    }
    table
}

/// Bytes that `E` keeps.
const UNRESERVED: [bool; 256] = unreserved_table();

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `E(text)`: runs of kept bytes are copied whole.
pub(crate) fn encode(text: &[u8], into: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        let run = rest.iter().position(|&byte| !UNRESERVED[usize::from(byte)]).unwrap_or(rest.len());
        let (kept, escaped) = rest.split_at(run);
        into.extend_from_slice(kept);
        let Some((&byte, tail)) = escaped.split_first() else { return };
        into.extend_from_slice(&[b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        rest = tail;
    }
}

/// Encodes whatever is written to it.
struct PercentWriter<'a>(&'a mut Vec<u8>);

impl fmt::Write for PercentWriter<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        encode(text.as_bytes(), self.0);
        Ok(())
    }
}

impl io::Write for PercentWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        encode(bytes, self.0);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Names only: values may be numbers of people, spoken texts or secrets.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |pair: &Pair| String::from_utf8_lossy(self.encoded.get(pair.start..pair.equals).unwrap_or_default());
        f.debug_list().entries(self.pairs.iter().map(name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        let mut into = Vec::new();
        encode(text.as_bytes(), &mut into);
        ascii(into)
    }

    #[test]
    fn keeps_only_unreserved_bytes() {
        assert_eq!(encoded("aZ09-_.~"), "aZ09-_.~");
        assert_eq!(encoded("a b*+/!'()"), "a%20b%2A%2B%2F%21%27%28%29");
        assert_eq!(encoded("占线"), "%E5%8D%A0%E7%BA%BF");
        assert_eq!(encoded(""), "");
    }

    #[test]
    fn sorts_by_raw_bytes_and_keeps_the_written_order() {
        let mut parameters = Parameters::default();
        for name in ["a.10", "b", "a.2", "B", "_", "键", "a.1", "{", "z"] {
            parameters.push(name, "");
        }
        let written = parameters.encoded().to_vec();
        parameters.sort();
        assert_eq!(parameters.canonical_query(), "B=&_=&a.1=&a.10=&a.2=&b=&z=&%7B=&%E9%94%AE=");
        assert_eq!(parameters.encoded(), written);
    }

    #[test]
    fn a_failed_json_value_leaves_no_trace() {
        struct Broken;
        impl serde::Serialize for Broken {
            fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
                Err(serde::ser::Error::custom("broken"))
            }
        }
        let mut parameters = Parameters::default();
        parameters.push("A", "1");
        assert!(parameters.push_json("B", &Broken).is_err());
        assert_eq!((parameters.len(), parameters.encoded()), (1, b"A=1".as_slice()));
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let mut parameters = Parameters::default();
        parameters.push("CalledNumber", "13000000000");
        assert_eq!(format!("{parameters:?}"), r#"["CalledNumber"]"#);
    }
}
