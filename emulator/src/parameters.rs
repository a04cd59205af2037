//! Parses the parameters of a request, from its query and its form body.
//!
//! Both are decoded as `application/x-www-form-urlencoded`, because official clients write a space as `+` and as `%20`.
//! A name in the body overrides the same name in the query, as in the set that the official clients sign. A name that
//! occurs twice in one of them is refused: no official client sends that, and the service's reaction is not documented.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use aliyun_protocol::percent;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};

use crate::refusal::Refusal;

/// Parameters by name, sorted as a signature wants them.
pub(crate) type Parameters = BTreeMap<String, String>;

/// The most parameters a request may have, in query and body together.
pub(crate) const MAX_PARAMETERS: usize = 10_000;

/// The decoded parameters, and the first fault.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    pub(crate) parameters: Parameters,
    pub(crate) fault: Option<Refusal>,
}

/// Parses the parameters of a request. A fault does not stop the parsing, so that the response can still have the
/// requested format.
pub(crate) fn decode(parts: &Parts, body: &[u8]) -> Decoded {
    let mut decoded = Decoded::default();
    let query = parts.uri.query().unwrap_or_default();
    decoded.read(query.as_bytes());
    if matches!(parts.method, Method::POST | Method::PUT) && is_form(&parts.headers) {
        let mut form = Decoded::default();
        form.read(body);
        decoded.parameters.append(&mut form.parameters);
        decoded.fault = decoded.fault.or(form.fault);
        if decoded.parameters.len() > MAX_PARAMETERS {
            decoded.fault.get_or_insert_with(|| Refusal::too_many_parameters(MAX_PARAMETERS));
        }
    }
    decoded
}

/// The parameters of a query, if it can be decoded.
pub(crate) fn query(uri: &Uri) -> Result<Parameters, Refusal> {
    let mut decoded = Decoded::default();
    decoded.read(uri.query().unwrap_or_default().as_bytes());
    decoded.fault.map_or(Ok(decoded.parameters), Err)
}

/// The decoded pairs of the query, as they were sent. Pairs that cannot be decoded are left out: [`decode`] reports
/// them.
pub(crate) fn query_pairs(parts: &Parts) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    pairs(parts.uri.query().unwrap_or_default().as_bytes())
        .filter_map(|(name, value)| Some((text(name).ok()?, text(value).ok()?)))
}

/// The pairs of an encoded text, still encoded.
fn pairs(encoded: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    encoded.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        (&pair[..equals], pair.get(equals + 1..).unwrap_or_default())
    })
}

impl Decoded {
    fn read(&mut self, encoded: &[u8]) {
        for (name, value) in pairs(encoded) {
            if self.parameters.len() == MAX_PARAMETERS {
                self.fault.get_or_insert_with(|| Refusal::too_many_parameters(MAX_PARAMETERS));
                return;
            }
            if let Err(refusal) = self.read_pair(name, value) {
                self.fault.get_or_insert(refusal);
            }
        }
    }

    fn read_pair(&mut self, raw_name: &[u8], value: &[u8]) -> Result<(), Refusal> {
        let name = text(raw_name).map_err(|why| Refusal::unreadable(raw_name, why))?;
        let value = text(value).map_err(|why| Refusal::unreadable(name.as_bytes(), why))?;
        match self.parameters.entry(name.into_owned()) {
            Entry::Occupied(known) => Err(Refusal::unreadable(known.key().as_bytes(), "It is given twice.")),
            Entry::Vacant(place) => {
                place.insert(value.into_owned());
                Ok(())
            }
        }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes).unwrap_or_default();
    let essence = content_type.split(|&byte| byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}

fn text(encoded: &[u8]) -> Result<Cow<'_, str>, &'static str> {
    match percent::decode_form(encoded).ok_or("Its percent-encoding is broken.")? {
        Cow::Borrowed(bytes) => str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| "It is not UTF-8."),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|_| "It is not UTF-8."),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn decoded(method: &str, uri: &str, content_type: &str, body: &str) -> Decoded {
        let request = Request::builder().method(method).uri(uri).header(CONTENT_TYPE, content_type).body(()).unwrap();
        decode(&request.into_parts().0, body.as_bytes())
    }

    fn pairs(decoded: &Decoded) -> Vec<(&str, &str)> {
        decoded.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[test]
    fn reads_both_places_and_the_body_wins() {
        let decoded = decoded(
            "POST",
            "/?A=query&B=a+b%20c%2B&&C",
            "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
            "A=%E5%8D%A0&D==",
        );
        assert_eq!(pairs(&decoded), [("A", "占"), ("B", "a b c+"), ("C", ""), ("D", "=")]);
        assert_eq!(decoded.fault, None);
    }

    #[test]
    fn only_a_posted_form_is_read() {
        assert_eq!(pairs(&decoded("POST", "/?A=1", "application/json", "B=2")), [("A", "1")]);
        assert_eq!(pairs(&decoded("GET", "/?A=1", FORM, "B=2")), [("A", "1")]);
    }

    #[test]
    fn names_what_cannot_be_read_and_reads_on() {
        for (query, message) in [
            ("A=%2", "Specified parameter A is not valid. Its percent-encoding is broken."),
            ("A=%zz", "Specified parameter A is not valid. Its percent-encoding is broken."),
            ("A=%FF", "Specified parameter A is not valid. It is not UTF-8."),
            ("%FF=1", "Specified parameter %FF is not valid. It is not UTF-8."),
            ("A=1&A=1", "Specified parameter A is not valid. It is given twice."),
        ] {
            let decoded = decoded("POST", &format!("/?{query}&Format=JSON"), FORM, "Last=1");
            let fault = decoded.fault.as_ref().unwrap();
            assert_eq!((fault.status.as_u16(), &*fault.code, &*fault.message), (400, "InvalidParameter", message));
            assert_eq!(decoded.parameters.get("Format").map(String::as_str), Some("JSON"));
            assert_eq!(decoded.parameters.get("Last").map(String::as_str), Some("1"));
        }
    }

    #[test]
    fn stops_at_too_many_parameters() {
        use std::fmt::Write as _;
        let mut query = String::new();
        for index in 0..MAX_PARAMETERS {
            let _ = write!(query, "&{index}");
        }
        let full = decoded("POST", "/", FORM, &query);
        assert_eq!((full.parameters.len(), full.fault), (MAX_PARAMETERS, None));
        let more = decoded("POST", "/", FORM, &format!("{query}&more"));
        assert_eq!(more.fault.unwrap().message, "The request has more than 10000 parameters.");
        let elsewhere = decoded("POST", "/?more", FORM, &query);
        assert_eq!(elsewhere.fault.unwrap().message, "The request has more than 10000 parameters.");
    }
}
