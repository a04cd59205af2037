//! Percent-encoding as the signatures require it, and decoding of received text.
//!
//! Both signatures use the same rule; their descriptions call it `E(s)`. `A-Z a-z 0-9 - _ . ~` stay as they are. Every
//! other byte of the UTF-8 text is written as `%XX` in upper-case hex.

use std::borrow::Cow;
use std::fmt;
use std::io;

use percent_encoding::percent_decode;

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

/// The bytes that `E` does not escape.
const UNRESERVED: [bool; 256] = unreserved_table();

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends `E(text)`.
pub fn encode(text: &[u8], into: &mut Vec<u8>) {
    // Copies runs of unescaped bytes at once. Every request is encoded here, and the iterator of the crate
    // `percent-encoding` takes two to three times as long.
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

/// Returns `E(text)` as a new string.
#[must_use]
pub fn encoded(text: &[u8]) -> String {
    let mut into = Vec::with_capacity(text.len());
    encode(text, &mut into);
    ascii(into)
}

/// Decodes a name or a value of a query or a form. `+` is a space.
///
/// Returns `None` if a `%` is not followed by two hexadecimal digits.
#[must_use]
pub fn decode_form(encoded: &[u8]) -> Option<Cow<'_, [u8]>> {
    // The crate's decoder copies an invalid escape unchanged, so escapes are checked first.
    let mut escapes = encoded.iter().enumerate().filter(|(_, byte)| **byte == b'%').map(|(index, _)| index);
    let is_whole = |index| encoded.get(index + 1..index + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit));
    if !escapes.all(is_whole) {
        return None;
    }
    if !encoded.contains(&b'+') {
        return Some(percent_decode(encoded).into());
    }
    let spaced: Vec<u8> = encoded.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    Some(Cow::Owned(percent_decode(&spaced).collect()))
}

/// A writer that appends the percent-encoded form of everything written to it.
pub struct Encoder<'a>(&'a mut Vec<u8>);

impl<'a> Encoder<'a> {
    /// Appends to a buffer.
    pub fn new(into: &'a mut Vec<u8>) -> Self {
        Self(into)
    }
}

impl fmt::Write for Encoder<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        encode(text.as_bytes(), self.0);
        Ok(())
    }
}

impl io::Write for Encoder<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        encode(bytes, self.0);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Shows no content: it may hold phone numbers, spoken texts or secrets.
impl fmt::Debug for Encoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

/// Converts bytes that [`encode`] wrote, which are ASCII, to text.
pub(crate) fn ascii(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_only_unreserved_bytes() {
        assert_eq!(encoded(b"aZ09-_.~"), "aZ09-_.~");
        assert_eq!(encoded(b"a b*+/!'()"), "a%20b%2A%2B%2F%21%27%28%29");
        assert_eq!(encoded("占线".as_bytes()), "%E5%8D%A0%E7%BA%BF");
        assert_eq!(encoded(b""), "");
    }

    #[test]
    fn every_byte_is_read_back() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut into = Vec::new();
        encode(&bytes, &mut into);
        assert_eq!(decode_form(&into).as_deref(), Some(&*bytes));
    }

    #[test]
    fn decodes_hex_of_any_case_and_rejects_invalid_escapes() {
        for (text, bytes) in
            [("", ""), ("plain", "plain"), ("a+b%2Bc%2bd", "a b+c+d"), ("%e5%8D%a0+", "占 "), ("%25", "%")]
        {
            assert_eq!(decode_form(text.as_bytes()).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        assert!(matches!(decode_form(b"plain"), Some(Cow::Borrowed(b"plain"))));
        for broken in ["%", "a%2", "%zz", "%+1", "%1+", "%%20", "%2%20"] {
            assert_eq!(decode_form(broken.as_bytes()), None, "{broken}");
        }
    }
}
