//! Signatures of requests: V1 over the parameters, V3 over the request as it travels.
//!
//! Both sides of the wire use this: a client signs, and a server signs what it received and compares.

pub mod v1;
pub mod v3;

use std::fmt;

use hmac::{Hmac, KeyInit as _};
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
        let v1_key = zeroize::Zeroizing::new([secret.as_bytes(), b"&"].concat());
        // HMAC takes keys of every length, so both are always `Some`.
        Self { v1: Hmac::new_from_slice(&v1_key).ok(), v3: Hmac::new_from_slice(secret.as_bytes()).ok() }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}

/// A signature or a hash as `N` characters of text.
#[derive(Clone, Copy)]
pub struct SignatureText<const N: usize>([u8; N]);

impl<const N: usize> SignatureText<N> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether a received text is this one, in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, received: &[u8]) -> bool {
        received.len() == N && self.0.iter().zip(received).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
    }
}
