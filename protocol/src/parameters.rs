//! Percent-encoded parameters: the form body as it is sent, and the canonical query that is signed.
//!
//! Names and values are encoded once, into one buffer, in the order in which they are added. Signing sorts an index of
//! the pairs.

use std::cmp::Ordering;
use std::convert::Infallible;
use std::fmt::{self, Write as _};

use percent_encoding::percent_decode;

use crate::percent::{self, Encoder};

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
    /// The first bytes of the raw name as a number with the same order. It decides nearly every comparison.
    prefix: u64,
    /// Whether it belongs in the body where other parameters are in the URL.
    form: bool,
}

impl Parameters {
    /// Returns an empty list with capacity for `count` pairs and `bytes` encoded bytes in total.
    #[must_use]
    pub fn with_capacity(count: usize, bytes: usize) -> Self {
        Self { encoded: Vec::with_capacity(bytes), pairs: Vec::with_capacity(count) }
    }

    /// Adds a pair and encodes it.
    pub fn push(&mut self, name: &str, value: &str) {
        self.push_bytes(name.as_bytes(), value.as_bytes());
    }

    /// Adds a pair of raw bytes, which need not be UTF-8: a server passes what it received.
    pub fn push_bytes(&mut self, name: &[u8], value: &[u8]) {
        self.open(name);
        percent::encode(value, &mut self.encoded);
        self.close();
    }

    /// Adds a pair without encoding its name. Alibaba's Python and Node clients sign names this way under signature V3, so a
    /// server may have to check it. Names of real parameters are the same in both forms.
    pub fn push_plain_name(&mut self, name: &[u8], value: &[u8]) {
        self.open_as(name, |encoded| encoded.extend_from_slice(name));
        percent::encode(value, &mut self.encoded);
        self.close();
    }

    /// Adds a pair whose value is the `Display` text of `value`.
    pub fn push_display(&mut self, name: &str, value: &dyn fmt::Display) {
        let written: Result<(), Infallible> = self.push_with(name, |encoder| {
            // Writing into memory cannot fail; a `Display` that fails leaves a shorter value.
            let _ = write!(encoder, "{value}");
            Ok(())
        });
        written.unwrap_or_else(|never| match never {});
    }

    /// Adds a pair whose value is written by a function. Removes the pair if the function fails.
    pub fn push_with<E>(&mut self, name: &str, write: impl FnOnce(&mut Encoder<'_>) -> Result<(), E>) -> Result<(), E> {
        let mark = self.encoded.len();
        self.open(name.as_bytes());
        match write(&mut Encoder::new(&mut self.encoded)) {
            Ok(()) => self.close(),
            Err(error) => {
                self.encoded.truncate(mark);
                self.pairs.pop();
                return Err(error);
            }
        }
        Ok(())
    }

    fn open(&mut self, name: &[u8]) {
        self.open_as(name, |encoded| percent::encode(name, encoded));
    }

    fn open_as(&mut self, name: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        if !self.encoded.is_empty() {
            self.encoded.push(b'&');
        }
        let start = self.encoded.len();
        write(&mut self.encoded);
        let equals = self.encoded.len();
        self.encoded.push(b'=');
        self.pairs.push(Pair { start, equals, end: equals + 1, prefix: prefix(name), form: false });
    }

    fn close(&mut self) {
        let end = self.encoded.len();
        if let Some(pair) = self.pairs.last_mut() {
            pair.end = end;
        }
    }

    /// Returns the number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Returns whether there are no pairs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Returns whether there is a pair with this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        let encoded = |pair: &Pair| self.encoded.get(pair.start..pair.equals).unwrap_or_default();
        let prefix = prefix(name.as_bytes());
        let is_it = |pair: &Pair| pair.prefix == prefix && percent_decode(encoded(pair)).eq(name.bytes());
        self.pairs.iter().any(is_it)
    }

    /// Iterates over the decoded pairs in the order in which they were added.
    #[must_use]
    pub fn decoded(&self) -> Vec<(String, String)> {
        let text = |start: usize, end: usize| {
            percent_decode(self.encoded.get(start..end).unwrap_or_default()).decode_utf8_lossy().into_owned()
        };
        self.pairs.iter().map(|pair| (text(pair.start, pair.equals), text(pair.equals + 1, pair.end))).collect()
    }

    /// Returns the encoded pairs, joined by `&`, in the order in which they were added: a form body or a query.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Sorts the index by the bytes of the raw names, for [`Parameters::canonical_query`]. [`Parameters::encoded`] keeps its
    /// order.
    pub fn sort(&mut self) {
        let encoded = &self.encoded;
        let name = |pair: &Pair| encoded.get(pair.start..pair.equals).unwrap_or_default();
        self.pairs
            .sort_by(|left, right| left.prefix.cmp(&right.prefix).then_with(|| compare_names(name(left), name(right))));
    }

    /// Passes the canonical query, the sorted pairs joined by `&`, to a function in parts. Call [`Parameters::sort`] first.
    pub fn canonical(&self, mut piece: impl FnMut(&[u8])) {
        let mut separator: &[u8] = b"";
        for pair in &self.pairs {
            piece(separator);
            separator = b"&";
            piece(self.encoded.get(pair.start..pair.end).unwrap_or_default());
        }
    }

    /// Returns the canonical query as text.
    #[must_use]
    pub fn canonical_query(&self) -> String {
        let mut text = Vec::with_capacity(self.encoded.len());
        self.canonical(|piece| text.extend_from_slice(piece));
        percent::ascii(text)
    }

    /// Reads parameters that are already encoded, in the form of [`Parameters::encoded`].
    #[must_use]
    pub fn of_encoded(encoded: &[u8]) -> Self {
        let mut parameters = Self { encoded: encoded.to_vec(), pairs: Vec::new() };
        let mut start = 0;
        for pair in encoded.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            let length = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
            let mut name = [0; 8];
            for (byte, raw) in name.iter_mut().zip(percent_decode(&pair[..length])) {
                *byte = raw;
            }
            let (equals, end) = (start + length, start + pair.len());
            parameters.pairs.push(Pair { start, equals, end, prefix: prefix(&name), form: false });
            start = end + 1;
        }
        parameters
    }

    /// Marks every pair after the first `count` ones as a form parameter.
    pub fn mark_form(&mut self, count: usize) {
        for pair in self.pairs.iter_mut().skip(count) {
            pair.form = true;
        }
    }

    /// Returns the parameters of the URL and those of the body, if any is marked as a form parameter.
    #[must_use]
    pub fn split_form(&self) -> Option<(Self, Self)> {
        self.pairs.iter().any(|pair| pair.form).then(|| (self.part(false), self.part(true)))
    }

    fn part(&self, form: bool) -> Self {
        let mut pairs: Vec<&Pair> = self.pairs.iter().filter(|pair| pair.form == form).collect();
        pairs.sort_by_key(|pair| pair.start);
        let encoded: Vec<&[u8]> =
            pairs.iter().map(|pair| self.encoded.get(pair.start..pair.end).unwrap_or_default()).collect();
        Self::of_encoded(&encoded.join(&b'&'))
    }

    /// Removes every pair after the first `bytes` encoded bytes.
    pub fn truncate(&mut self, bytes: usize) {
        self.pairs.retain(|pair| pair.start < bytes);
        self.encoded.truncate(bytes);
    }
}

/// The first eight bytes of a name in big-endian order; a shorter name is padded with zeros.
fn prefix(name: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = name.len().min(bytes.len());
    bytes[..length].copy_from_slice(&name[..length]);
    u64::from_be_bytes(bytes)
}

/// Compares encoded names by their raw bytes. Encoding changes the order only at an escaped byte.
fn compare_names(left: &[u8], right: &[u8]) -> Ordering {
    if left.contains(&b'%') || right.contains(&b'%') {
        percent_decode(left).cmp(percent_decode(right))
    } else {
        left.cmp(right)
    }
}

/// Shows names only: values may be phone numbers, spoken texts or secrets.
impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |pair: &Pair| String::from_utf8_lossy(self.encoded.get(pair.start..pair.equals).unwrap_or_default());
        f.debug_list().entries(self.pairs.iter().map(name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_value_that_cannot_be_written_leaves_no_trace() {
        let mut parameters = Parameters::default();
        parameters.push("A", "1");
        let failed = parameters.push_with("B", |encoder| {
            encoder.write_str("half")?;
            Err(fmt::Error)
        });
        assert_eq!(failed, Err(fmt::Error));
        assert_eq!((parameters.len(), parameters.encoded()), (1, b"A=1".as_slice()));
        parameters.push_display("B", &format_args!("{} {}", 1, 2));
        assert_eq!(parameters.encoded(), b"A=1&B=1%202");
    }

    #[test]
    fn pairs_taken_back_leave_what_was_there_before() {
        let mut parameters = Parameters::default();
        parameters.push("b", "1");
        parameters.push("a b", "2");
        let (written, length) = (parameters.encoded().to_vec(), parameters.encoded().len());
        parameters.push("a", "3");
        parameters.sort();
        assert_eq!(parameters.canonical_query(), "a=3&a%20b=2&b=1");
        parameters.truncate(length);
        assert_eq!(parameters.encoded(), written);
        assert_eq!(parameters.canonical_query(), "a%20b=2&b=1");
        let mut read = Parameters::of_encoded(&written);
        read.sort();
        assert_eq!((read.len(), read.canonical_query()), (2, parameters.canonical_query()));
    }

    #[test]
    fn form_parameters_are_split_off_in_the_order_in_which_they_were_added() {
        let mut parameters = Parameters::default();
        parameters.push("b", "1");
        assert!(parameters.split_form().is_none());
        let before = parameters.len();
        parameters.push("z z", "2");
        parameters.push("a", "3");
        parameters.mark_form(before);
        parameters.push("0", "4");
        parameters.sort();
        let (query, form) = parameters.split_form().unwrap();
        assert_eq!(query.encoded(), b"b=1&0=4");
        assert_eq!(form.encoded(), b"z%20z=2&a=3");
    }

    #[test]
    fn a_name_is_found_as_it_was_given() {
        let mut parameters = Parameters::default();
        for name in ["A b", "CalledNumber", "键"] {
            parameters.push(name, "");
        }
        for name in ["A b", "CalledNumber", "键"] {
            assert!(parameters.contains(name), "{name}");
        }
        for name in ["", "A", "A%20b", "CalledNumbers", "CalledNumbe", "CalledNu", "callednumber"] {
            assert!(!parameters.contains(name), "{name}");
        }
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let mut parameters = Parameters::default();
        parameters.push("CalledNumber", "13000000000");
        assert_eq!(format!("{parameters:?}"), r#"["CalledNumber"]"#);
    }
}
