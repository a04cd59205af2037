//! Signing: the HMACs over the strings to sign of the protocol.

mod difference;

use std::fmt;

use aliyun_protocol::v3::Header;
use aliyun_protocol::{Parameters, v1, v3};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

pub(crate) use self::difference::first_difference;

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

    /// The V1 signature of parameters, which are sorted by this.
    #[must_use]
    pub fn sign_v1(&self, method: &str, parameters: &mut Parameters) -> v1::Signature {
        self.sign_v1_pieces(|mac| v1::string_to_sign_pieces(method, parameters, |piece| mac.update(piece)))
    }

    /// The V1 signature of a text: what remains of [`SigningKey::sign_v1`] when the text is there, for benches.
    #[doc(hidden)]
    #[must_use]
    pub fn sign_v1_text(&self, text: &[u8]) -> v1::Signature {
        self.sign_v1_pieces(|mac| mac.update(text))
    }

    fn sign_v1_pieces(&self, feed: impl FnOnce(&mut Hmac<Sha1>)) -> v1::Signature {
        let mut hmac = [0; 20];
        if let Some(mut mac) = self.v1.clone() {
            feed(&mut mac);
            hmac = mac.finalize().into_bytes().into();
        }
        v1::signature(&hmac)
    }

    /// The V3 signature of a request. The query and the headers are sorted by this.
    ///
    /// `payload_hash` is the SHA-256 of the body in hex: [`v3::payload_hash`], or [`v3::EMPTY_PAYLOAD`].
    #[must_use]
    pub fn sign_v3(
        &self,
        method: &str,
        query: &mut Parameters,
        headers: &mut [Header<'_>],
        payload_hash: &str,
    ) -> v3::Signature {
        self.sign_v3_hash(&v3::request_hash(method, query, headers, payload_hash))
    }

    /// The V3 signature of a canonical request that is there, as of [`v3::canonical_request`].
    #[must_use]
    pub fn sign_v3_request(&self, canonical_request: &[u8]) -> v3::Signature {
        self.sign_v3_hash(&v3::payload_hash(canonical_request))
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

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}
