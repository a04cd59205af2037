//! What may be shown of a received text.
//!
//! Phone numbers, spoken texts and secrets never appear in errors, logs or traces, and a service may echo any of them.
//! So long runs of digits are removed from what is quoted, and of a body only the shape is kept.

use aliyun_protocol::visible::is_invisible;
use aliyun_protocol::{parameter, percent};
use serde_json::Value;

use crate::generated::field::{Entry, Flags};

/// Maximum number of consecutive digits. Codes are shorter; telephone numbers are longer.
const DIGITS: usize = 6;

/// The text with longer runs of digits replaced, even if punctuation groups them. Dates and IPv4 addresses stay.
pub(crate) fn digits(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, run) = rest.split_at(start);
        masked.push_str(before);
        if let Some((known, after)) = date(run).or_else(|| ipv4(run)) {
            masked.push_str(known);
            rest = after;
            continue;
        }
        let (run, after) = run.split_at(grouped(run));
        let count = run.bytes().filter(u8::is_ascii_digit).count();
        masked.push_str(if count > DIGITS { "***" } else { run });
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// The length of the digits at the start and of the groups of digits that follow: after spaces and hyphens, or after
/// one other character that is not a letter. A colon does not group, as in times and ports.
fn grouped(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut length = digits(text);
    loop {
        let rest = text.get(length..).unwrap_or_default();
        let loose = rest.len() - rest.trim_start_matches([' ', '-']).len();
        let gap = match rest.chars().next() {
            _ if loose > 0 => loose,
            Some(c) if !c.is_alphanumeric() && c != ':' => c.len_utf8(),
            _ => return length,
        };
        match digits(rest.get(gap..).unwrap_or_default()) {
            0 => return length,
            group => length += gap + group,
        }
    }
}

/// An IPv4 address at the beginning, and what follows it.
fn ipv4(text: &str) -> Option<(&str, &str)> {
    let length = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (address, after) = text.split_at(length);
    let without_stop = address.trim_end_matches('.');
    without_stop.parse::<std::net::Ipv4Addr>().is_ok().then_some((address, after))
}

/// A date such as `2017-05-25` at the beginning, and what follows it.
fn date(text: &str) -> Option<(&str, &str)> {
    let (date, after) = text.split_at_checked(10)?;
    let separator = date.as_bytes().get(4).filter(|byte| b"-./".contains(byte))?;
    let fits = date
        .bytes()
        .enumerate()
        .all(|(at, byte)| if at == 4 || at == 7 { byte == *separator } else { byte.is_ascii_digit() });
    let ends = !after.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    (fits && ends && date.starts_with(['1', '2'])).then_some((date, after))
}

/// Removes values that are never shown: those of sensitive parameters, and of unknown parameters.
pub(crate) struct Redactor(Vec<String>);

impl Redactor {
    /// For the parameters of a request, by the table of its type.
    pub(crate) fn of(parameters: impl Iterator<Item = (String, String)>, table: &[Entry]) -> Self {
        let mut redactor = Self(Vec::new());
        for (name, value) in parameters {
            let row = table.iter().find(|(known, _)| *known == name);
            let shown = if parameter::ALL.contains(&&*name) {
                parameter::is_public(&name)
            } else {
                // A structured parameter may contain anything.
                row.is_some_and(|(_, flags)| !flags.has(Flags::SENSITIVE)) && !value.starts_with(['{', '['])
            };
            if !shown {
                redactor.add(&value);
            }
        }
        redactor.0.sort_by_key(|value| std::cmp::Reverse(value.len()));
        redactor
    }

    /// Adds a value in every form in which it may be quoted, and the values inside it.
    fn add(&mut self, value: &str) {
        // A single letter or digit occurs in every text.
        if value.chars().nth(1).is_none() {
            return;
        }
        let once = percent::encoded(value.as_bytes());
        let forms =
            [value.to_owned(), once.replace("%20", "+"), percent::encoded(once.as_bytes()), once, quoted(value)];
        for form in forms {
            if !self.0.contains(&form) {
                self.0.push(form);
            }
        }
        match serde_json::from_str(value) {
            Ok(structure @ (Value::Array(_) | Value::Object(_))) => self.add_all(&structure),
            _ if value.contains(',') => value.split(',').for_each(|item| self.add(item)),
            _ => {}
        }
    }

    fn add_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(text),
            Value::Number(number) => self.add(&number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| self.add_all(item)),
            Value::Object(members) => members.values().for_each(|member| self.add_all(member)),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// The text without the values, and without invisible characters, which could split a value.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = visible(text);
        for value in &self.0 {
            if text.contains(value) {
                text = without(&text, value);
            }
        }
        text
    }

    /// The start of a body. Redacts before it truncates, so that no value is cut in half and missed.
    pub(crate) fn beginning(&self, body: &[u8]) -> String {
        let longest = self.0.first().map_or(0, String::len);
        let enough = body.len().min(4 * BEGINNING + longest);
        let text = String::from_utf8_lossy(body.get(..enough).unwrap_or(body));
        beginning(self.redact(&text).as_bytes(), body.len() > 4 * BEGINNING)
    }
}

/// The text without invisible characters, but with white space, and with escape characters of terminals.
fn visible(text: &str) -> String {
    text.chars().filter(|c| c.is_whitespace() || *c == '\u{1b}' || !is_invisible(*c)).collect()
}

/// As JSON quotes it, without the quotation marks.
fn quoted(value: &str) -> String {
    let quoted = Value::from(value).to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// The text without a value. A short value counts only if it stands alone: as a part of a word it reveals nothing.
fn without(text: &str, value: &str) -> String {
    const SHORT: usize = 6;
    let short = value.len() < SHORT && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(value) {
        let joined = before.ends_with(|c: char| c.is_ascii_alphanumeric())
            || after.starts_with(|c: char| c.is_ascii_alphanumeric());
        masked.push_str(before);
        masked.push_str(if short && joined { value } else { "***" });
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// A request id: letters, digits and hyphens, and not a number, which could be a phone number.
pub(crate) fn id(text: &str) -> String {
    let plain = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain && text.bytes().any(|byte| byte.is_ascii_alphabetic()) { text.to_owned() } else { line(&digits(text)) }
}

/// Whether a text can be the id of something, as services create them.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"^_.-".contains(&byte))
}

/// Whether a text has the shape of a code, such as `isv.LIMIT` or `InvalidParameter.Format`.
pub(crate) fn is_code(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// A received text on one line of limited length: control characters could add lines or control a terminal.
pub(crate) fn line(text: &str) -> String {
    cut(text, 500)
}

/// The causes of an error, on one line. It is long enough to name every source of credentials.
pub(crate) fn causes(text: &str) -> String {
    cut(text, 4000)
}

fn cut(text: &str, length: usize) -> String {
    let mut line: String = text.chars().take(length).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(length).is_some() {
        line.push('…');
    }
    line
}

/// Maximum number of characters of a body.
const BEGINNING: usize = 120;

/// The start of a body: names of JSON members and of tags stay, texts and long numbers are removed.
fn beginning(body: &[u8], longer: bool) -> String {
    let text = String::from_utf8_lossy(body.get(..body.len().min(4 * BEGINNING)).unwrap_or(body));
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let shown = match text.as_bytes().first() {
        Some(b'{' | b'[' | b'"') => json_shape(text),
        Some(b'<') if !text.get(..200.min(text.len())).unwrap_or(text).to_ascii_lowercase().contains("html") => {
            xml_shape(text)
        }
        Some(b'<') => plain(&html(text)),
        _ => plain(text),
    };
    let mut cut: String = shown.chars().take(BEGINNING).collect();
    if cut.len() < shown.len() || longer {
        cut.push('…');
    }
    cut
}

/// JSON, or the start of it, with empty texts and masked long numbers.
fn json_shape(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (before, quoted) = rest.split_at(start);
        shape.push_str(&plain(before));
        let inner = quoted.get(1..).unwrap_or_default();
        let mut escaped = false;
        let end = inner.find(|c: char| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            shape.push_str("\"…");
            return shape;
        };
        let (content, after) = inner.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        if rest.trim_start().starts_with(':') {
            shape.push('"');
            shape.push_str(&plain(content));
            shape.push('"');
        } else {
            shape.push_str(if content.is_empty() { "\"\"" } else { "\"…\"" });
        }
    }
    shape.push_str(&plain(rest));
    shape
}

/// An HTML page without longer numbers. Tags can group the digits of a number, so if the texts have many digits, only
/// those stay that are as short as a status.
fn html(text: &str) -> String {
    const STATUS: usize = 3;
    let texts = || text.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    if texts().flat_map(str::chars).filter(char::is_ascii_digit).count() <= DIGITS {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, run) = rest.split_at(start);
        let (digits, after) = run.split_at(run.find(|c: char| !c.is_ascii_digit()).unwrap_or(run.len()));
        shown.push_str(before);
        shown.push_str(if digits.len() > STATUS { "***" } else { digits });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// XML, or the start of it, with empty texts between the tags.
fn xml_shape(text: &str) -> String {
    let mut shape = String::with_capacity(text.len());
    for piece in text.split_inclusive('>') {
        let tag = piece.find('<').unwrap_or(piece.len());
        let (content, tag) = piece.split_at(tag);
        shape.push_str(if content.trim().is_empty() { "" } else { "…" });
        shape.push_str(&plain(tag));
    }
    shape
}

/// One line of ASCII: spoken texts are Chinese, and a page that quotes one keeps its tags.
fn plain(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in digits(text).chars() {
        let shown = if c.is_whitespace() {
            ' '
        } else if c.is_ascii() && !c.is_control() {
            c
        } else {
            '·'
        };
        if matches!(shown, ' ' | '·') && line.ends_with(shown) {
            continue;
        }
        line.push(shown);
    }
    line
}

#[cfg(test)]
mod tests;
