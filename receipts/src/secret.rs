//! The secret in the path of a receiver.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// The part of the path that only the service knows: pushes are not signed, so it alone tells them from forged ones.
///
/// It has at least 16 characters: letters, digits, `-` and `_`. `Debug` does not show it, and comparing takes the same time
/// for every other text.
#[derive(Clone)]
pub struct Secret {
    digest: [u8; 32],
}

impl Secret {
    /// Minimum number of characters.
    const SHORTEST: usize = 16;
    /// Maximum number of characters.
    const LONGEST: usize = 256;

    /// A secret with this text.
    ///
    /// # Errors
    ///
    /// If it is too short or too long, or has a character that has another form in a URL.
    pub fn new(text: &str) -> Result<Self, SecretError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let is_valid = (Self::SHORTEST..=Self::LONGEST).contains(&text.len()) && text.bytes().all(is_plain);
        if is_valid { Ok(Self { digest: Sha256::digest(text).into() }) } else { Err(SecretError(())) }
    }

    /// Whether a part of a path is this secret.
    pub(crate) fn is(&self, part: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(part).into();
        self.digest.ct_eq(&digest).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// A text cannot be a [`Secret`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretError(());

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shortest, longest) = (Secret::SHORTEST, Secret::LONGEST);
        write!(
            f,
            "the secret needs {shortest} to {longest} letters, digits, '-' or '_'; make one with `openssl rand -hex 16`"
        )
    }
}

impl std::error::Error for SecretError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_text_is_the_secret() {
        let secret = Secret::new("0123456789abcdef").unwrap();
        assert!(secret.is("0123456789abcdef"));
        for other in ["", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef0", "0123456789ABCDEF"] {
            assert!(!secret.is(other), "{other}");
        }
        assert_eq!(format!("{secret:?}"), "Secret(***)");
    }

    #[test]
    fn a_secret_is_long_and_the_same_in_a_url() {
        for (text, is_valid) in [
            ("a".repeat(15), false),
            ("a".repeat(16), true),
            ("a".repeat(256), true),
            ("a".repeat(257), false),
            ("Az09-_Az09-_Az09".to_owned(), true),
            ("0123456789abcde/".to_owned(), false),
            ("0123456789abcde%".to_owned(), false),
            ("0123456789abcdeé".to_owned(), false),
        ] {
            assert_eq!(Secret::new(&text).is_ok(), is_valid, "{text}");
        }
    }
}
