//! Checking a request's V1 signature: its key, its time, its nonce and the signature itself.
//!
//! The rule of the signature is the runtime's; here stands in which order the parts of it are refused.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aliyun_runtime::sign::SigningKey;
use aliyun_runtime::sign::v1::string_to_sign;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::refuse::Refusal;
use crate::wire::Parameters;

/// The parameters of the protocol that every signed request carries, beside `Action` and the signature itself. An
/// empty one counts as absent; an empty `Signature` is an incomplete one.
pub(crate) const MANDATORY: [&str; 6] =
    ["Version", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"];

/// Whether a request is signed with a newer scheme (ACS3-..., signature version 3), in headers.
pub(crate) fn is_v3(headers: &HeaderMap) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"ACS3-"))
}

/// Knows the keys, and the nonces that were used.
pub(crate) struct Verifier {
    keys: HashMap<String, SigningKey>,
    window: Duration,
    nonces: Mutex<Nonces>,
    /// Keyed at random, so that nobody can prepare two nonces with the same digest.
    hashers: [RandomState; 2],
}

impl Verifier {
    pub(crate) fn new(keys: HashMap<String, SigningKey>, window: Duration) -> Self {
        Self { keys, window, nonces: Mutex::default(), hashers: Default::default() }
    }

    /// Accepts a request whose [`MANDATORY`] parameters and `Signature` are there, and remembers its nonce.
    pub(crate) fn verify(&self, method: &str, parameters: &Parameters, now: SystemTime) -> Result<(), Refusal> {
        let value = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
        let key_id = value("AccessKeyId");
        let key = self.keys.get(key_id).ok_or_else(Refusal::access_key_not_found)?;
        if value("SignatureMethod") != "HMAC-SHA1" {
            return Err(Refusal::signature_method());
        }
        if value("SignatureVersion") != "1.0" || value("Signature").is_empty() {
            return Err(Refusal::incomplete_signature());
        }
        let timestamp = parse_timestamp(value("Timestamp")).ok_or_else(Refusal::timestamp_format)?;
        if distance(now, timestamp) > self.window {
            return Err(Refusal::timestamp_expired());
        }
        let nonce = self.digest(key_id, value("SignatureNonce"));
        if self.with_nonces(|nonces| nonces.is_used(nonce, now)) {
            return Err(Refusal::nonce_used());
        }
        let mut signed = signed_parameters(parameters);
        if !key.sign_v1(method, &mut signed).matches(value("Signature").as_bytes()) {
            return Err(Refusal::signature_mismatch(&string_to_sign(method, &mut signed)));
        }
        // Only now: a nonce that anyone could use up without a key would let them lock out its owner.
        let forgotten_after = timestamp.checked_add(self.window).unwrap_or(timestamp);
        if self.with_nonces(|nonces| nonces.remember(nonce, forgotten_after)) {
            Ok(())
        } else {
            // The same request came twice at the same moment; the other one was first.
            Err(Refusal::nonce_used())
        }
    }

    /// Stands for a nonce of a key in a fixed size: the length of the text is the sender's choice.
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
        let mut ids: Vec<&String> = self.keys.keys().collect();
        ids.sort();
        f.debug_struct("Verifier").field("keys", &ids).field("window", &self.window).finish_non_exhaustive()
    }
}

/// Everything but the signature itself is signed.
fn signed_parameters(parameters: &Parameters) -> aliyun_runtime::Parameters {
    let bytes = parameters.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut signed = aliyun_runtime::Parameters::with_capacity(parameters.len(), bytes);
    for (name, value) in parameters.iter().filter(|(name, _)| *name != "Signature") {
        signed.push(name, value);
    }
    signed
}

/// Reads `YYYY-MM-DDThh:mm:ssZ`, the only form that the service takes.
fn parse_timestamp(text: &str) -> Option<SystemTime> {
    const FORM: &[u8; 20] = b"dddd-dd-ddTdd:dd:ddZ";
    let fits = text.len() == FORM.len()
        && text.bytes().zip(FORM).all(|(byte, &form)| if form == b'd' { byte.is_ascii_digit() } else { byte == form });
    let timestamp: jiff::Timestamp = text.parse().ok().filter(|_| fits)?;
    Some(timestamp.into())
}

fn distance(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|error| error.duration())
}

/// The nonces that cannot be used again yet.
///
/// A nonce is forgotten when the time stamp that was signed with it has left the window: from then on the time stamp
/// itself stops a repetition.
#[derive(Debug, Default)]
struct Nonces {
    used: HashSet<u128>,
    by_end: BinaryHeap<Reverse<(SystemTime, u128)>>,
}

impl Nonces {
    /// More than this many nonces in one window are not kept: the first to end makes room.
    const LIMIT: usize = 1_000_000;

    fn is_used(&mut self, nonce: u128, now: SystemTime) -> bool {
        while let Some(&Reverse((end, ended))) = self.by_end.peek()
            && (end < now || self.used.len() > Self::LIMIT)
        {
            self.by_end.pop();
            self.used.remove(&ended);
        }
        self.used.contains(&nonce)
    }

    /// False where it was remembered already.
    fn remember(&mut self, nonce: u128, end: SystemTime) -> bool {
        let new = self.used.insert(nonce);
        if new {
            self.by_end.push(Reverse((end, nonce)));
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_the_service_s_own_form_of_time() {
        let read = parse_timestamp("2026-03-01T12:34:56Z").unwrap();
        assert_eq!(read.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs(), 1_772_368_496);
        for text in [
            "",
            "2026-03-01T12:34:56",
            "2026-03-01 12:34:56Z",
            "2026-03-01T12:34:56.000Z",
            "2026-03-01T12:34:56+08:00",
            "2026-02-30T12:34:56Z",
            "2026-03-01T25:34:56Z",
            "20260301T123456Z",
            "1772368496",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn tells_nonces_and_their_keys_apart() {
        let verifier = Verifier::new(HashMap::new(), Duration::ZERO);
        let digest = verifier.digest("key", "one");
        assert_eq!(verifier.digest("key", "one"), digest);
        assert_ne!(verifier.digest("key", "two"), digest);
        assert_ne!(verifier.digest("another", "one"), digest);
        assert_ne!(verifier.digest("keyo", "ne"), digest);
    }

    #[test]
    fn forgets_a_nonce_when_its_window_has_passed() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut nonces = Nonces::default();
        let (one, two) = (1, 2);
        assert!(nonces.remember(two, at(30)));
        assert!(nonces.remember(one, at(20)));
        assert!(!nonces.remember(one, at(20)));
        assert!(nonces.is_used(one, at(20)));
        assert!(!nonces.is_used(one, at(21)));
        assert!(nonces.is_used(two, at(21)));
        assert_eq!((nonces.used.len(), nonces.by_end.len()), (1, 1));
        assert!(!nonces.is_used(two, at(31)));
        assert_eq!((nonces.used.len(), nonces.by_end.len()), (0, 0));
    }
}
