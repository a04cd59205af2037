//! Signing: the HMACs over the strings to sign of the protocol. It is separate from `request`, since credentials that
//! are requested from a service are requested with a signature too.

use std::fmt;

use aliyun_protocol::{Method, Parameters, parameter, v1, v3};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha1::Sha1;
use sha2::Sha256;

/// A secret prepared for signing: the key blocks of both signatures are hashed once, and the secret is not kept.
#[derive(Clone)]
pub struct SigningKey {
    v1: Option<Hmac<Sha1>>,
    v3: Option<Hmac<Sha256>>,
}

impl SigningKey {
    /// Prepares a secret.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        let v1_key = zeroize::Zeroizing::new([secret.as_bytes(), v1::SECRET_END].concat());
        // HMAC takes keys of every length, so both are always `Some`.
        Self { v1: Hmac::new_from_slice(&v1_key).ok(), v3: Hmac::new_from_slice(secret.as_bytes()).ok() }
    }

    /// The V1 signature of parameters. This sorts them.
    #[must_use]
    pub fn sign_v1(&self, method: &str, parameters: &mut Parameters) -> v1::Signature {
        self.sign_v1_pieces(|mac| v1::string_to_sign_pieces(method, parameters, |piece| mac.update(piece)))
    }

    fn sign_v1_pieces(&self, feed: impl FnOnce(&mut Hmac<Sha1>)) -> v1::Signature {
        let mut hmac = [0; 20];
        if let Some(mut mac) = self.v1.clone() {
            feed(&mut mac);
            hmac = mac.finalize().into_bytes().into();
        }
        v1::signature(&hmac)
    }

    /// The V3 signature of a canonical request whose hash is known.
    pub(crate) fn sign_v3_hash(&self, request_hash: &v3::Hash) -> v3::Signature {
        let mut hmac = [0; 32];
        if let Some(mut mac) = self.v3.clone() {
            v3::string_to_sign_pieces(request_hash, |piece| mac.update(piece));
            hmac = mac.finalize().into_bytes().into();
        }
        v3::signature(&hmac)
    }
}

/// Signatures of prepared input, for tests and benches.
#[cfg(feature = "test-util")]
impl SigningKey {
    /// The V1 signature of a string to sign.
    #[must_use]
    pub fn sign_v1_text(&self, text: &[u8]) -> v1::Signature {
        self.sign_v1_pieces(|mac| mac.update(text))
    }

    /// The V3 signature of a request. This sorts the query and the headers.
    ///
    /// `payload_hash` is the SHA-256 of the body in hex: [`v3::payload_hash`], or [`v3::EMPTY_PAYLOAD`].
    #[must_use]
    pub fn sign_v3(
        &self,
        method: &str,
        query: &mut Parameters,
        headers: &mut [v3::Header<'_>],
        payload_hash: &str,
    ) -> v3::Signature {
        self.sign_v3_hash(&v3::request_hash(method, query, headers, payload_hash))
    }

    /// The V3 signature of a canonical request, as returned by [`v3::canonical_request`].
    #[must_use]
    pub fn sign_v3_request(&self, canonical_request: &[u8]) -> v3::Signature {
        self.sign_v3_hash(&v3::payload_hash(canonical_request))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

/// The signer of a request.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub(crate) access_key_id: &'a str,
    pub(crate) security_token: Option<&'a str>,
    pub(crate) key: &'a SigningKey,
}

/// What the protocol adds to the parameters of an operation that is signed with V1.
pub(crate) struct ProtocolParameters<'a> {
    pub(crate) method: Method,
    pub(crate) action: &'a str,
    /// `JSON` or `XML`.
    pub(crate) format: &'static str,
    pub(crate) version: &'a str,
    pub(crate) nonce: &'a [u8],
    pub(crate) timestamp: Timestamp,
}

impl ProtocolParameters<'_> {
    /// Adds them to the parameters of the operation, and the signature over all of them if there is a signer.
    pub(crate) fn add_to(&self, parameters: &mut Parameters, signer: Option<Signer<'_>>) {
        if let Some(signer) = signer {
            parameters.push(parameter::ACCESS_KEY_ID, signer.access_key_id);
        }
        parameters.push(parameter::ACTION, self.action);
        parameters.push(parameter::FORMAT, self.format);
        if let Some(token) = signer.and_then(|signer| signer.security_token) {
            parameters.push(parameter::SECURITY_TOKEN, token);
        }
        if signer.is_some() {
            parameters.push(parameter::SIGNATURE_METHOD, v1::METHOD);
        }
        parameters.push_bytes(parameter::SIGNATURE_NONCE.as_bytes(), self.nonce);
        if signer.is_some() {
            parameters.push(parameter::SIGNATURE_VERSION, v1::VERSION);
        }
        parameters.push_display(parameter::TIMESTAMP, &format_args!("{:.0}", self.timestamp));
        parameters.push(parameter::VERSION, self.version);
        if let Some(signer) = signer {
            let signature = signer.key.sign_v1(self.method.as_str(), parameters);
            parameters.push(parameter::SIGNATURE, signature.as_str());
        }
    }
}

pub(crate) const NONCE_LENGTH: usize = 32;

/// 32 hexadecimal digits in lower case.
pub(crate) fn nonce_text(mut nonce: u128) -> [u8; NONCE_LENGTH] {
    let mut digits = [0; NONCE_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(nonce & 15) as usize];
        nonce >>= 4;
    }
    digits
}
