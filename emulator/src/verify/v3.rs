//! Signature V3: ACS3-HMAC-SHA256 over method, query, the headers that the request names, and the hash of the body.

use std::borrow::Cow;

use aliyun_protocol::{header, parameter, v3};
use http::header::{AUTHORIZATION, HOST};
use http::request::Parts;
use http::{HeaderMap, HeaderName};

use super::key::Secret;
use super::{header_text, named};
use crate::parameters::{self, Parameters};
use crate::refusal::Refusal;

/// The content of an `Authorization` header.
pub(super) struct Authorization<'r> {
    algorithm: &'r str,
    pub(super) key_id: &'r str,
    signed_headers: &'r str,
    signature: &'r str,
    /// Whether there are spaces between the parts.
    is_spaced: bool,
}

pub(super) fn is_authorization(headers: &HeaderMap) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"ACS3-"))
}

/// Refuses a request without the required headers of V3.
pub(super) fn require(parts: &Parts, parameters: &Parameters) -> Result<(), Refusal> {
    if named(true, &parts.headers, header::VERSION, parameters, parameter::VERSION).is_empty() {
        return Err(Refusal::missing(parameter::VERSION));
    }
    for name in [header::DATE, header::SIGNATURE_NONCE, header::CONTENT_SHA256] {
        if header_text(&parts.headers, name).is_empty() {
            return Err(Refusal::missing_header(name));
        }
    }
    Ok(())
}

impl<'r> Authorization<'r> {
    /// Reads `ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=<a;b;c>,Signature=<hex>`.
    pub(super) fn read(headers: &'r HeaderMap) -> Result<Self, Refusal> {
        let text = header_text(headers, AUTHORIZATION.as_str());
        if text.is_empty() {
            return Err(Refusal::incomplete_signature("The header Authorization is absent or empty."));
        }
        Self::parse(text).ok_or_else(|| {
            Refusal::incomplete_signature(
                "The header Authorization is not of the form \
                 ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=<a;b;c>,Signature=<hex>.",
            )
        })
    }

    /// Hand-written clients add a space after each comma, as other clouds do.
    fn parse(text: &'r str) -> Option<Self> {
        let (algorithm, rest) = text.split_once(' ')?;
        let mut parts = rest.split(',').map(str::trim_ascii);
        let mut part =
            |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=').filter(|value| !value.is_empty());
        let (key_id, signed_headers, signature) = (part("Credential")?, part("SignedHeaders")?, part("Signature")?);
        let is_spaced = rest.contains(' ');
        let whole = !algorithm.is_empty() && parts.next().is_none();
        whole.then_some(Self { algorithm, key_id, signed_headers, signature, is_spaced })
    }

    pub(super) fn warning(&self) -> Option<String> {
        self.is_spaced.then(|| "Authorization: the documentation has no blanks between the parts".to_owned())
    }

    /// Refuses another algorithm, and a list of headers without those that must be signed.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if self.algorithm != v3::ALGORITHM {
            return Err(Refusal::signature_method());
        }
        let names: Vec<&str> = self.names().collect();
        let is_plain = |name: &&str| HeaderName::from_lowercase(name.as_bytes()).is_ok();
        if !names.iter().all(is_plain) || !names.is_sorted_by(|one, next| one < next) {
            return Err(Refusal::incomplete_signature(
                "SignedHeaders has to name each header once, in lower case and in order.",
            ));
        }
        let acs = headers.keys().map(HeaderName::as_str).filter(|name| name.starts_with(header::PREFIX));
        if let Some(name) = std::iter::once(HOST.as_str()).chain(acs).find(|name| !names.contains(name)) {
            return Err(Refusal::incomplete_signature(&format!("SignedHeaders lacks {name}.")));
        }
        Ok(())
    }

    fn names(&self) -> impl Iterator<Item = &'r str> {
        self.signed_headers.split(';')
    }

    pub(super) fn check_signature(&self, secret: &Secret, parts: &Parts, body: &[u8]) -> Result<(), Refusal> {
        let hash = v3::payload_hash(body);
        let hash_fits = hash.matches(header_text(&parts.headers, header::CONTENT_SHA256).as_bytes());
        let method = parts.method.as_str();
        let host = host(parts);
        let mut headers = self.headers(&parts.headers, &host);
        let mut query = aliyun_protocol::Parameters::default();
        for (name, value) in parameters::query_pairs(parts) {
            query.push(&name, &value);
        }
        let request = v3::request_hash(method, &mut query, &mut headers, hash.as_str());
        if hash_fits && secret.signed_v3(&request, self.signature) {
            return Ok(());
        }
        let mut raw = query_of_raw_names(parts);
        if hash_fits && raw.encoded() != query.encoded() {
            let request = v3::request_hash(method, &mut raw, &mut headers, hash.as_str());
            if secret.signed_v3(&request, self.signature) {
                return Ok(());
            }
        }
        let canonical = v3::canonical_request(method, &mut query, &mut headers, hash.as_str());
        Err(Refusal::signature_mismatch_v3(
            &v3::string_to_sign(method, &mut query, &mut headers, hash.as_str()),
            &String::from_utf8_lossy(&canonical),
        ))
    }

    /// The signed headers, with every value of each. One that is listed and absent has an empty value.
    fn headers<'h>(&self, headers: &'h HeaderMap, host: &'h [u8]) -> Vec<v3::Header<'h>>
    where
        'r: 'h,
    {
        let mut signed: Vec<v3::Header<'h>> = Vec::with_capacity(headers.len());
        for name in self.names() {
            let before = signed.len();
            if name == HOST.as_str() {
                signed.push((name, host));
            } else {
                signed.extend(headers.get_all(name).iter().map(|value| (name, value.as_bytes())));
            }
            if signed.len() == before {
                signed.push((name, b""));
            }
        }
        signed
    }
}

/// The query as the official clients of Python and Node sign it: with unencoded names of parameters. For most services'
/// names that makes no difference.
fn query_of_raw_names(parts: &Parts) -> aliyun_protocol::Parameters {
    let mut query = aliyun_protocol::Parameters::default();
    for (name, value) in parameters::query_pairs(parts) {
        query.push_plain_name(name.as_bytes(), value.as_bytes());
    }
    query
}

/// The host as it was sent: in its header, or in the URL of an in-process request.
fn host(parts: &Parts) -> Cow<'_, [u8]> {
    match (parts.headers.get(HOST), parts.uri.authority()) {
        (Some(value), _) => Cow::Borrowed(value.as_bytes()),
        (None, Some(authority)) => Cow::Borrowed(authority.as_str().as_bytes()),
        (None, None) => Cow::Borrowed(b""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<[&str; 4]> {
        let read = Authorization::parse(text)?;
        Some([read.algorithm, read.key_id, read.signed_headers, read.signature])
    }

    #[test]
    fn reads_only_whole_authorizations() {
        for (text, is_spaced) in [
            ("ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host;x-acs-date,Signature=00ff", false),
            ("ACS3-HMAC-SHA256 Credential=id, SignedHeaders=host;x-acs-date, Signature=00ff", true),
            ("ACS3-HMAC-SHA256  Credential=id ,SignedHeaders=host;x-acs-date,  Signature=00ff", true),
        ] {
            assert_eq!(parsed(text), Some(["ACS3-HMAC-SHA256", "id", "host;x-acs-date", "00ff"]), "{text}");
            assert_eq!(Authorization::parse(text).unwrap().warning().is_some(), is_spaced, "{text}");
        }
        for broken in [
            "",
            "ACS3-HMAC-SHA256",
            "ACS3-HMAC-SHA256 Credential=id",
            "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host",
            "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=00",
            "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=,Signature=00",
            "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host,Signature=",
            "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=host,Signature=00,More=1",
            "ACS3-HMAC-SHA256 Credential=id;SignedHeaders=host;Signature=00",
            "ACS3-HMAC-SHA256 Credential =id,SignedHeaders=host,Signature=00",
            "ACS3-HMAC-SHA256 credential=id,signedheaders=host,signature=00",
            "ACS3-HMAC-SHA256 SignedHeaders=host,Credential=id,Signature=00",
            "ACS3-HMAC-SHA256,Credential=id,SignedHeaders=host,Signature=00",
        ] {
            assert_eq!(parsed(broken), None, "{broken}");
        }
    }
}
