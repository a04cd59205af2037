//! JSON, token by token.
//!
//! The scanner returns numbers as they are written, and finds the end of every string without decoding it, so that an
//! invalid escape affects only its own string. JSON inside a string is read in place if `\"` is its only escape, as in
//! most responses: no copy is made.

use std::borrow::Cow;

/// Why no further token can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Halt {
    /// Something else was expected at this byte.
    Expected(&'static str, usize),
    /// The caller ended the reading.
    Cancelled,
}

/// One value, or the start of one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Token<'t> {
    Null,
    Bool(bool),
    Number(&'t str),
    Text(Raw<'t>),
    /// `[` was read.
    List,
    /// `{` was read.
    Object,
}

/// A string as it is written, without its quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Raw<'t> {
    pub(crate) inside: &'t str,
    pub(crate) escapes: Escapes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    None,
    /// Only `\"`: JSON inside the string can be read in place.
    Quotes,
    Any,
}

/// A position in a text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// Whether the text is the inside of a string whose only escapes are `\"`: then this is what a quote looks like.
    quoted: bool,
}

impl<'t> Scanner<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, quoted: false }
    }

    /// Over the JSON inside a string whose only escape is `\"`.
    pub(crate) fn inside(text: &'t str) -> Self {
        Self { text, at: 0, quoted: true }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte after white space.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                byte => return byte,
            }
        }
    }

    fn expected<T>(&self, what: &'static str) -> Result<T, Halt> {
        Err(Halt::Expected(what, self.at))
    }

    fn slice(&self, from: usize, to: usize) -> &'t str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// The next value; for a list or an object only its bracket.
    #[inline]
    pub(crate) fn value(&mut self) -> Result<Token<'t>, Halt> {
        match self.peek() {
            Some(b'"' | b'\\') => Ok(Token::Text(self.string()?)),
            Some(b'{') => {
                self.at += 1;
                Ok(Token::Object)
            }
            Some(b'[') => {
                self.at += 1;
                Ok(Token::List)
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Token::Bool(true)),
            Some(b'f') => self.word("false", Token::Bool(false)),
            Some(b'n') => self.word("null", Token::Null),
            _ => self.expected("a value"),
        }
    }

    fn word(&mut self, word: &'static str, token: Token<'t>) -> Result<Token<'t>, Halt> {
        for expected in word.bytes() {
            if self.byte() != Some(expected) {
                return self.expected(word);
            }
            self.at += 1;
        }
        Ok(token)
    }

    #[inline]
    fn digits(&mut self) -> Result<(), Halt> {
        if !matches!(self.byte(), Some(b'0'..=b'9')) {
            return self.expected("a digit");
        }
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        Ok(())
    }

    #[inline]
    fn number(&mut self) -> Result<Token<'t>, Halt> {
        let start = self.at;
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Token::Number(self.slice(start, self.at)))
    }

    /// Reads a quote.
    #[inline]
    fn quote(&mut self) -> Result<(), Halt> {
        let bytes = self.text.as_bytes();
        if !self.quoted && bytes.get(self.at) == Some(&b'"') {
            self.at += 1;
            return Ok(());
        }
        // In such a text, a quote follows every backslash.
        if self.quoted && bytes.get(self.at) == Some(&b'\\') {
            self.at += 2;
            return Ok(());
        }
        self.expected("a quote")
    }

    /// A string. White space before it was read.
    #[inline]
    fn string(&mut self) -> Result<Raw<'t>, Halt> {
        self.quote()?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut escapes = Escapes::None;
        loop {
            self.at = special(bytes, self.at);
            match bytes.get(self.at) {
                Some(b'\\') if self.quoted => break,
                Some(b'\\') => {
                    if bytes.get(self.at + 1) != Some(&b'"') {
                        escapes = Escapes::Any;
                        self.at += 2;
                        continue;
                    }
                    if escapes == Escapes::None {
                        escapes = Escapes::Quotes;
                    }
                    self.at = after_quotes(bytes, self.at + 2);
                }
                Some(_) => break,
                None => {
                    self.at = bytes.len();
                    return self.expected("the end of a string");
                }
            }
        }
        let inside = self.slice(start, self.at);
        self.at += 1 + usize::from(self.quoted);
        Ok(Raw { inside, escapes })
    }

    /// Whether a list has another item, which is read next.
    #[inline]
    pub(crate) fn item(&mut self, first: &mut bool) -> Result<bool, Halt> {
        let first = std::mem::take(first);
        match self.peek() {
            Some(b']') => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                Ok(true)
            }
            Some(_) if first => Ok(true),
            _ => self.expected(if first { "a value or `]`" } else { "`,` or `]`" }),
        }
    }

    /// Whether an object has another member, whose name is read next.
    #[inline]
    pub(crate) fn member(&mut self, first: &mut bool) -> Result<bool, Halt> {
        let first = std::mem::take(first);
        match self.peek() {
            Some(b'}') => {
                self.at += 1;
                Ok(false)
            }
            Some(b',') if !first => {
                self.at += 1;
                self.peek();
                Ok(true)
            }
            Some(_) if first => Ok(true),
            _ => self.expected(if first { "a name or `}`" } else { "`,` or `}`" }),
        }
    }

    /// The name of a member, and the colon after it.
    pub(crate) fn name(&mut self) -> Result<Raw<'t>, Halt> {
        let name = self.string()?;
        self.colon()?;
        Ok(name)
    }

    #[inline]
    fn colon(&mut self) -> Result<(), Halt> {
        if self.peek() != Some(b':') {
            return self.expected("`:`");
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a name if it is this one: the order of members is usually known.
    #[inline]
    pub(crate) fn name_is(&mut self, name: &str) -> Result<bool, Halt> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let (quote, length): (&[u8], usize) = if self.quoted { (b"\\\"", 2) } else { (b"\"", 1) };
        let found = rest.strip_prefix(quote).and_then(|rest| rest.strip_prefix(name.as_bytes()));
        if !found.is_some_and(|rest| rest.starts_with(quote)) {
            return Ok(false);
        }
        self.at += name.len() + 2 * length;
        self.colon()?;
        Ok(true)
    }

    /// Nothing but white space may follow.
    pub(crate) fn end(&mut self) -> Result<(), Halt> {
        match self.peek() {
            None => Ok(()),
            Some(_) => self.expected("the end of the text"),
        }
    }

    /// The text from the bracket of a list or an object that was just read, to where another scanner over the same text
    /// is.
    pub(crate) fn text_until(&self, end: &Self) -> String {
        let text = self.slice(self.at.saturating_sub(1), end.at);
        if self.quoted { text.replace("\\\"", "\"") } else { text.to_owned() }
    }

    /// What is wrong at a byte, in words, and whether the text ends there.
    pub(crate) fn explain(&self, expected: &str, at: usize) -> (String, bool) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let mut column = before.len() - start + 1;
        if self.quoted {
            column -= before.bytes().skip(start).filter(|byte| *byte == b'\\').count();
        }
        let ended = at >= self.text.len();
        let end = if ended { "unexpected end, " } else { "" };
        (format!("{end}expected {expected} at line {line} column {column}"), ended)
    }
}

impl<'t> Raw<'t> {
    /// The decoded string, and whether it was valid. Invalid parts, such as half a surrogate pair, become U+FFFD.
    pub(crate) fn decode(self) -> (Cow<'t, str>, bool) {
        if self.escapes == Escapes::None {
            return (Cow::Borrowed(self.inside), true);
        }
        let mut decoded = String::with_capacity(self.inside.len());
        let mut valid = true;
        let mut rest = self.inside;
        while let Some((plain, escaped)) = rest.split_once('\\') {
            decoded.push_str(plain);
            let (character, after) = unescape(escaped);
            valid &= character.is_some();
            decoded.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = after;
        }
        decoded.push_str(rest);
        (Cow::Owned(decoded), valid)
    }
}

/// The character that an escape stands for, if any, and what follows the escape.
fn unescape(escaped: &str) -> (Option<char>, &str) {
    let mut characters = escaped.chars();
    let character = match characters.next() {
        Some(plain @ ('"' | '\\' | '/')) => plain,
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => {
            let rest = characters.as_str();
            let Some((unit, after)) = code_unit(rest) else { return (None, rest) };
            if !(0xD800..0xDC00).contains(&unit) {
                return (char::from_u32(unit), after);
            }
            let low = after.strip_prefix("\\u").and_then(code_unit);
            return match low {
                Some((low @ 0xDC00..0xE000, after)) => {
                    (char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)), after)
                }
                _ => (None, after),
            };
        }
        _ => return (None, characters.as_str()),
    };
    (Some(character), characters.as_str())
}

/// Four hexadecimal digits.
fn code_unit(text: &str) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(4)?;
    let unit = digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16));
    Some((unit?.ok()?, rest))
}

const ONES: u64 = u64::MAX / 255;
const HIGHEST: u64 = ONES << 7;

/// Eight bytes as a number, the first byte lowest.
#[inline]
fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..).and_then(|rest| rest.first_chunk()).map(|eight| u64::from_le_bytes(*eight))
}

/// The highest bit of each byte of `word` that equals `byte`.
#[inline]
fn places(word: u64, byte: u8) -> u64 {
    let word = word ^ (ONES * u64::from(byte));
    !(((word & !HIGHEST) + !HIGHEST) | word) & HIGHEST
}

/// Where the next quote or backslash is, from `at` on; eight bytes at a time, because strings are short and many.
#[inline]
fn special(bytes: &[u8], mut at: usize) -> usize {
    while let Some(word) = eight(bytes, at) {
        let found = places(word, b'"') | places(word, b'\\');
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\')) {
        at += 1;
    }
    at
}

/// Skips text of JSON in a string, where every backslash is before a quote and every quote after a backslash; eight
/// bytes at a time, because such text has many quotes.
fn after_quotes(bytes: &[u8], mut at: usize) -> usize {
    // Whether the last byte was a backslash.
    let mut open = 0;
    while let Some(word) = eight(bytes, at) {
        let backslashes = places(word, b'\\');
        if places(word, b'"') != (backslashes << 8 | open) {
            break;
        }
        open = backslashes >> 56;
        at += 8;
    }
    if open == 0 { at } else { at - 1 }
}
