//! What requests are signed with, and where it comes from.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, OnceLock};

use zeroize::Zeroizing;

use crate::sign::SigningKey;
use crate::transport::BoxFuture;

/// An access key, with a security token if it is a temporary one. Clones share it.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

struct Inner {
    access_key_id: String,
    security_token: Option<Zeroizing<String>>,
    key: SigningKey,
}

impl Credentials {
    /// A permanent access key.
    #[must_use]
    pub fn new(access_key_id: impl Into<String>, access_key_secret: impl Into<String>) -> Self {
        Self::make(access_key_id.into(), &Zeroizing::new(access_key_secret.into()), None)
    }

    /// A temporary access key of the security token service.
    #[must_use]
    pub fn with_token(
        access_key_id: impl Into<String>,
        access_key_secret: impl Into<String>,
        security_token: impl Into<String>,
    ) -> Self {
        let token = Zeroizing::new(security_token.into());
        Self::make(access_key_id.into(), &Zeroizing::new(access_key_secret.into()), Some(token))
    }

    fn make(access_key_id: String, secret: &str, security_token: Option<Zeroizing<String>>) -> Self {
        Self(Arc::new(Inner { access_key_id, security_token, key: SigningKey::new(secret) }))
    }

    /// The access key id.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.0.access_key_id
    }

    pub(crate) fn security_token(&self) -> Option<&str> {
        self.0.security_token.as_deref().map(String::as_str)
    }

    /// Whether both are one key with one token.
    pub(crate) fn is_the_same(&self, other: &Self) -> bool {
        self.access_key_id() == other.access_key_id() && self.security_token() == other.security_token()
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.0.key
    }
}

/// The beginning of the id, and nothing else.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let beginning: String = self.0.access_key_id.chars().take(4).collect();
        f.debug_struct("Credentials").field("access_key_id", &format_args!("{beginning}***")).finish_non_exhaustive()
    }
}

/// Where credentials come from.
pub trait CredentialsProvider: Send + Sync + 'static {
    /// The credentials to sign the next request with. Called for every request, so what is expensive is kept.
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, CredentialsError>>;
}

impl CredentialsProvider for Credentials {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, CredentialsError>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

/// Why there are no credentials: every place that was looked at, and why it did not serve.
#[derive(Debug, Clone)]
pub struct CredentialsError(String);

impl CredentialsError {
    /// An error of a provider; the text names the place and what is wrong with it, and no secret.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for CredentialsError {}

/// Name of the environment variable with the access key id.
pub const ACCESS_KEY_ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
/// Name of the environment variable with the access key secret.
pub const ACCESS_KEY_SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
/// Name of the environment variable with the security token of a temporary key.
pub const SECURITY_TOKEN: &str = "ALIBABA_CLOUD_SECURITY_TOKEN";

/// Credentials of the environment variables [`ACCESS_KEY_ID`], [`ACCESS_KEY_SECRET`] and, for a temporary key,
/// [`SECURITY_TOKEN`]. They are read at the first call and kept from then on; a failure is not kept.
pub struct EnvironmentCredentials {
    variable: fn(&str) -> Option<String>,
    found: OnceLock<Credentials>,
}

impl EnvironmentCredentials {
    /// Those of this process.
    #[must_use]
    pub fn new() -> Self {
        Self::reading(|name| std::env::var(name).ok())
    }

    fn reading(variable: fn(&str) -> Option<String>) -> Self {
        Self { variable, found: OnceLock::new() }
    }

    fn read(&self) -> Result<Credentials, CredentialsError> {
        // A value read from a file often ends with a line break.
        let set = |name| {
            let value = Zeroizing::new((self.variable)(name)?);
            Some(Zeroizing::new(value.trim().to_owned())).filter(|value| !value.is_empty())
        };
        match (set(ACCESS_KEY_ID), set(ACCESS_KEY_SECRET)) {
            (Some(id), Some(secret)) => Ok(Credentials::make(id.as_str().to_owned(), &secret, set(SECURITY_TOKEN))),
            (id, secret) => {
                let state = |value: Option<Zeroizing<String>>| if value.is_some() { "set" } else { "not set" };
                Err(CredentialsError(format!(
                    "looked at the environment variables {ACCESS_KEY_ID} ({}) and {ACCESS_KEY_SECRET} ({})",
                    state(id),
                    state(secret)
                )))
            }
        }
    }
}

impl Default for EnvironmentCredentials {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for EnvironmentCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EnvironmentCredentials").field(&self.found.get()).finish()
    }
}

impl CredentialsProvider for EnvironmentCredentials {
    fn credentials(&self) -> BoxFuture<'_, Result<Credentials, CredentialsError>> {
        let credentials = match self.found.get() {
            Some(found) => Ok(found.clone()),
            None => self.read().map(|read| self.found.get_or_init(|| read).clone()),
        };
        Box::pin(std::future::ready(credentials))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_read_with_its_token() {
        let provider = EnvironmentCredentials::reading(|name| match name {
            ACCESS_KEY_ID => Some(" testid ".to_owned()),
            ACCESS_KEY_SECRET => Some("testsecret".to_owned()),
            SECURITY_TOKEN => Some("token\n".to_owned()),
            _ => None,
        });
        let read = provider.read().unwrap();
        assert_eq!((read.access_key_id(), read.security_token()), ("testid", Some("token")));
    }

    #[test]
    fn a_missing_secret_is_named_with_every_place() {
        let provider = EnvironmentCredentials::reading(|name| (name == ACCESS_KEY_ID).then(|| "testid".to_owned()));
        assert_eq!(
            provider.read().unwrap_err().to_string(),
            "looked at the environment variables ALIBABA_CLOUD_ACCESS_KEY_ID (set) and \
             ALIBABA_CLOUD_ACCESS_KEY_SECRET (not set)"
        );
    }

    #[test]
    fn debug_shows_the_beginning_of_the_id_only() {
        let credentials = Credentials::with_token("testid", "testsecret", "testtoken");
        assert_eq!(format!("{credentials:?}"), "Credentials { access_key_id: test***, .. }");
    }
}
