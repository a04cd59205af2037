//! Texts of signatures and hashes.

use std::fmt;

/// A signature or a hash: `N` ASCII characters.
#[derive(Clone, Copy)]
pub struct SignatureText<const N: usize>([u8; N]);

impl<const N: usize> SignatureText<N> {
    /// Of ASCII characters.
    pub(crate) const fn new(ascii: [u8; N]) -> Self {
        Self(ascii)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Compares with received text in constant time.
    #[must_use]
    pub fn matches(&self, received: &[u8]) -> bool {
        received.len() == N && self.0.iter().zip(received).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
    }
}

/// Shows no content. With the signature, another person could send the request.
impl<const N: usize> fmt::Debug for SignatureText<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignatureText").finish_non_exhaustive()
    }
}
