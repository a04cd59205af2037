//! What a push or a message contains.

use std::fmt;
use std::time::SystemTime;

use aliyun_runtime::ReceiptKind;
use serde_json::value::{RawValue, to_raw_value};

use crate::arrival::Arrival;

/// Reads the receipts of one kind in a body: an array of them, or a single one.
///
/// Any JSON is accepted. An element that is no object is a receipt too: nobody but its reader can tell what it is worth,
/// and what is not stored is lost.
///
/// # Errors
///
/// If the body is not JSON in UTF-8; a byte order mark before it is allowed.
pub fn read_batch(
    kind: &str,
    body: &[u8],
    kinds: &[ReceiptKind],
    received: SystemTime,
) -> Result<Vec<Arrival>, NotJson> {
    let text = std::str::from_utf8(body).map_err(|error| NotJson(error.to_string()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let elements: Vec<&RawValue> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text)
    } else {
        serde_json::from_str(text).map(|element| vec![element])
    }
    .map_err(|error| NotJson(error.to_string()))?;
    Ok(elements.into_iter().map(|element| Arrival::new(kind, element, kinds, received)).collect())
}

/// What arrived in place of a receipt and is not JSON, as a receipt that is a JSON text: so it is stored with the others,
/// and a person can look at it.
pub fn set_aside(kind: &str, body: &[u8], received: SystemTime) -> Option<Arrival> {
    let text = to_raw_value(&String::from_utf8_lossy(body)).ok()?;
    Some(Arrival::new(kind, &text, &[], received))
}

/// A body is not JSON in UTF-8. The text says where, and shows nothing of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotJson(String);

impl fmt::Display for NotJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body is not JSON: {}; send an array of receipts", self.0)
    }
}

impl std::error::Error for NotJson {}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8]) -> Result<Vec<String>, String> {
        let arrivals = read_batch("End", body, &[], SystemTime::UNIX_EPOCH).map_err(|error| error.to_string())?;
        Ok(arrivals.iter().map(|arrival| arrival.raw().as_str().to_owned()).collect())
    }

    #[test]
    fn any_json_is_a_batch() {
        for (body, elements) in [
            ("[]", &[][..]),
            ("{}", &["{}"]),
            (" [ {\"a\": 1}\n, 2,[3],\"4\", null ]\n", &["{\"a\": 1}", "2", "[3]", "\"4\"", "null"]),
            ("\u{feff}[{}]", &["{}"]),
            ("\"test\"", &["\"test\""]),
            ("{\n\"a\":\r\n\"\\n\"}", &["{ \"a\":  \"\\n\"}"]),
        ] {
            assert_eq!(read(body.as_bytes()).unwrap(), elements, "{body}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(read(deep.as_bytes()).unwrap().len(), 1);
        let many = format!("[{}1]", "{},".repeat(99_999));
        assert_eq!(read(many.as_bytes()).unwrap().len(), 100_000);
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        for (body, place) in [
            (&b""[..], "line 1 column 0"),
            (b"[{}", "line 1 column 3"),
            (b"[{}]\n,", "line 2 column 1"),
            (b"[{\"a\":1} {\"a\":2}]", "line 1 column 10"),
            (b"a=1", "line 1 column 1"),
            (b"[\"\xff\"]", "from index 2"),
            (b"[NaN]", "line 1 column 2"),
        ] {
            let error = read(body).unwrap_err();
            assert!(error.contains(place), "{error}");
        }
    }

    #[test]
    fn what_is_set_aside_is_a_json_text() {
        let arrival = set_aside("End", b"\xff\n\"", SystemTime::UNIX_EPOCH).unwrap();
        assert_eq!(arrival.raw().as_str(), "\"\u{fffd}\\n\\\"\"");
    }
}
