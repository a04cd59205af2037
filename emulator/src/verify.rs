//! Authentication of a request: key, token, time stamp, nonce and signature.
//!
//! Signature V1 uses parameters, V3 headers. A [`Claim`] is what a request states, with either of them; a [`Verifier`]
//! checks the claim against the keys, the clock and the used nonces.

mod key;
mod nonce;
mod v1;
mod v3;

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aliyun_protocol::{header, parameter};
use http::HeaderMap;
use http::request::Parts;

pub(crate) use self::key::Keys;
use self::key::Secret;
use self::nonce::Nonces;
use self::v3::Authorization;
use crate::parameters::Parameters;
use crate::refusal::Refusal;
use crate::time::Moment;

/// The text of a header; an absent one and one that is not UTF-8 are empty.
fn header_text<'r>(headers: &'r HeaderMap, name: &str) -> &'r str {
    headers.get(name).and_then(|value| str::from_utf8(value.as_bytes()).ok()).unwrap_or_default().trim_ascii()
}

/// The text of a parameter; an absent one is empty.
fn parameter_text<'r>(parameters: &'r Parameters, name: &str) -> &'r str {
    parameters.get(name).map(String::as_str).unwrap_or_default()
}

/// Whether a request is signed in its headers, or only lacks the `Authorization` for that.
pub(crate) fn is_v3(headers: &HeaderMap, parameters: &Parameters) -> bool {
    v3::is_authorization(headers)
        || (headers.contains_key(header::CONTENT_SHA256) && !parameters.contains_key(parameter::SIGNATURE))
}

/// Whether a request has a signature, valid or not.
pub(crate) fn is_signed(headers: &HeaderMap, parameters: &Parameters) -> bool {
    headers.contains_key(http::header::AUTHORIZATION) || parameters.contains_key(parameter::SIGNATURE)
}

/// The operation that a request names, signed or not; empty if it names none.
///
/// V3 names it in a header; the parameter is used if the header is absent.
pub(crate) fn action<'r>(headers: &'r HeaderMap, parameters: &'r Parameters) -> &'r str {
    named(is_v3(headers, parameters), headers, header::ACTION, parameters, parameter::ACTION)
}

/// The version that a request names; empty if it names none.
pub(crate) fn version<'r>(headers: &'r HeaderMap, parameters: &'r Parameters) -> &'r str {
    named(is_v3(headers, parameters), headers, header::VERSION, parameters, parameter::VERSION)
}

fn named<'r>(
    is_v3: bool,
    headers: &'r HeaderMap,
    header_name: &str,
    parameters: &'r Parameters,
    parameter_name: &str,
) -> &'r str {
    let in_header = if is_v3 { header_text(headers, header_name) } else { "" };
    if in_header.is_empty() { parameter_text(parameters, parameter_name) } else { in_header }
}

/// What a request states about itself, in the terms of the protocol. Only the token may be empty.
pub(crate) struct Claim<'r> {
    parts: &'r Parts,
    body: &'r [u8],
    parameters: &'r Parameters,
    scheme: Scheme<'r>,
    key_id: &'r str,
    token: &'r str,
    nonce: &'r str,
    timestamp: &'r str,
}

enum Scheme<'r> {
    V1,
    V3(Authorization<'r>),
}

impl<'r> Claim<'r> {
    /// Reads it, or refuses a request that lacks a part.
    pub(crate) fn read(parts: &'r Parts, body: &'r [u8], parameters: &'r Parameters) -> Result<Self, Refusal> {
        let headers = &parts.headers;
        let bearer = parameter_text(parameters, parameter::SIGNATURE_TYPE).eq_ignore_ascii_case("BEARERTOKEN");
        if bearer || headers.contains_key(header::BEARER_TOKEN) {
            return Err(Refusal::bearer_token());
        }
        let is_v3 = is_v3(headers, parameters);
        let action = named(is_v3, headers, header::ACTION, parameters, parameter::ACTION);
        if action.is_empty() {
            return Err(Refusal::missing(parameter::ACTION));
        }
        if is_v3 {
            let authorization = Authorization::read(headers)?;
            v3::require(parts, parameters)?;
            Ok(Self {
                parts,
                body,
                parameters,
                key_id: authorization.key_id,
                token: header_text(headers, header::SECURITY_TOKEN),
                nonce: header_text(headers, header::SIGNATURE_NONCE),
                timestamp: header_text(headers, header::DATE),
                scheme: Scheme::V3(authorization),
            })
        } else {
            v1::require(parameters)?;
            Ok(Self {
                parts,
                body,
                parameters,
                key_id: parameter_text(parameters, parameter::ACCESS_KEY_ID),
                token: parameter_text(parameters, parameter::SECURITY_TOKEN),
                nonce: parameter_text(parameters, parameter::SIGNATURE_NONCE),
                timestamp: v1::timestamp(parameters),
                scheme: Scheme::V1,
            })
        }
    }

    /// Forms that the gateway accepts, or accepted once, although its documentation does not allow them.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let stamp = match &self.scheme {
            Scheme::V1 => parameter::TIMESTAMP,
            Scheme::V3(_) => header::DATE,
        };
        if self.timestamp.contains('.') {
            warnings.push(format!("{stamp}: the documentation has no milliseconds in it"));
        }
        match &self.scheme {
            Scheme::V1 => warnings.extend(v1::warnings(self.parameters)),
            Scheme::V3(authorization) => warnings.extend(authorization.warning()),
        }
        warnings
    }

    fn check_scheme(&self) -> Result<(), Refusal> {
        match &self.scheme {
            Scheme::V1 => v1::check(self.parameters),
            Scheme::V3(authorization) => authorization.check(&self.parts.headers),
        }
    }

    fn check_signature(&self, secret: &Secret) -> Result<(), Refusal> {
        match &self.scheme {
            Scheme::V1 => v1::check_signature(secret, self.parts.method.as_str(), self.parameters),
            Scheme::V3(authorization) => authorization.check_signature(secret, self.parts, self.body),
        }
    }
}

/// Knows the keys, and the nonces that were used.
pub(crate) struct Verifier {
    keys: Keys,
    window: Duration,
    nonces: Mutex<Nonces>,
    /// With a random key, so that nobody can construct two nonces with the same digest.
    hashers: [RandomState; 2],
}

impl Verifier {
    pub(crate) fn new(keys: Keys, window: Duration) -> Self {
        Self { keys, window, nonces: Mutex::default(), hashers: Default::default() }
    }

    /// Accepts a valid request, and remembers its nonce.
    pub(crate) fn verify(&self, claim: &Claim<'_>, moment: Moment) -> Result<(), Refusal> {
        let secret = self.keys.find(claim.key_id, claim.token, moment.now)?;
        claim.check_scheme()?;
        let timestamp = parse_timestamp(claim.timestamp).ok_or_else(Refusal::timestamp_format)?;
        if distance(moment.stamps, timestamp) > self.window {
            return Err(Refusal::timestamp_expired());
        }
        let nonce = self.digest(claim.key_id, claim.nonce);
        if self.with_nonces(|nonces| nonces.is_used(nonce, moment.stamps)) {
            return Err(Refusal::nonce_used());
        }
        claim.check_signature(secret)?;
        // Only now: otherwise anybody without a key could use up nonces of its owner.
        let forgotten_after = timestamp.checked_add(self.window).unwrap_or(timestamp);
        if self.with_nonces(|nonces| nonces.remember(nonce, forgotten_after)) {
            Ok(())
        } else {
            // The same request was received twice at the same moment; the other one was first.
            Err(Refusal::nonce_used())
        }
    }

    /// A digest of a nonce of a key: the client chooses the length of the text.
    fn digest(&self, key_id: &str, nonce: &str) -> u128 {
        let [high, low] = self.hashers.each_ref().map(|hasher| u128::from(hasher.hash_one((key_id, nonce))));
        (high << 64) | low
    }

    fn with_nonces<T>(&self, work: impl FnOnce(&mut Nonces) -> T) -> T {
        work(&mut self.nonces.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("keys", &self.keys.ids()).field("window", &self.window).finish_non_exhaustive()
    }
}

/// Parses `YYYY-MM-DDThh:mm:ssZ`.
///
/// The gateway also accepts milliseconds, as JavaScript's `toISOString` writes them, and then checks the signature. It
/// does not accept the six or nine digits of other languages.
fn parse_timestamp(text: &str) -> Option<SystemTime> {
    const FORMS: [&[u8]; 2] = [b"dddd-dd-ddTdd:dd:ddZ", b"dddd-dd-ddTdd:dd:dd.dddZ"];
    let is_of = |form: &[u8]| {
        let is_fit = |(byte, &form): (u8, &u8)| if form == b'd' { byte.is_ascii_digit() } else { byte == form };
        text.len() == form.len() && text.bytes().zip(form).all(is_fit)
    };
    let timestamp: jiff::Timestamp = text.parse().ok().filter(|_| FORMS.into_iter().any(is_of))?;
    Some(timestamp.into())
}

fn distance(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_the_forms_of_time_that_the_service_takes() {
        for (text, millis) in
            [("2026-03-01T12:34:56Z", 1_772_368_496_000), ("2026-03-01T12:34:56.789Z", 1_772_368_496_789)]
        {
            let read = parse_timestamp(text).unwrap();
            assert_eq!(read.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis(), millis);
        }
        for text in [
            "",
            "2026-03-01T12:34:56",
            "2026-03-01 12:34:56Z",
            "2026-03-01T12:34:56.7Z",
            "2026-03-01T12:34:56.789012Z",
            "2026-03-01T12:34:56.789012345Z",
            "2026-03-01T12:34:56,789Z",
            "2026-03-01T12:34:56.Z",
            "2026-03-01T12:34:56+08:00",
            "2026-03-01T12:34:56+00:00",
            "2026-03-01t12:34:56z",
            " 2026-03-01T12:34:56Z",
            "2026-03-01T12:34:56Z ",
            "2026-03-01T12:34Z",
            "26-03-01T12:34:56Z",
            "Sun, 01 Mar 2026 12:34:56 GMT",
            "2026-02-30T12:34:56Z",
            "2026-03-01T25:34:56Z",
            "20260301T123456Z",
            "1772368496",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn distinguishes_nonces_and_their_keys() {
        let verifier = Verifier::new(Keys::default(), Duration::ZERO);
        let digest = verifier.digest("key", "one");
        assert_eq!(verifier.digest("key", "one"), digest);
        assert_ne!(verifier.digest("key", "two"), digest);
        assert_ne!(verifier.digest("another", "one"), digest);
        assert_ne!(verifier.digest("keyo", "ne"), digest);
    }
}
