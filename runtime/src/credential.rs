//! What requests are signed with, and where it comes from.

use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::sign::{Signer, SigningKey};
use crate::transport::BoxFuture;

mod chain;
mod cloud_sso;
mod context;
mod ecs;
mod entry;
mod environment;
mod external;
mod file;
mod ini;
mod oauth;
mod process_environment;
mod profile;
mod profile_file;
mod refresh;
mod search;
mod section;
mod sts;
mod temporary;
#[cfg(test)]
mod testing;
mod tool;
mod tool_file;
mod uri;

pub use chain::DefaultChain;
pub use context::Context;
pub use ecs::EcsRamRole;
pub use environment::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, Environment, SECURITY_TOKEN};
pub use profile::Profile;
pub(crate) use refresh::Refresher;
pub use sts::{AssumeRole, OidcRole};
pub use tool_file::{MemberKind, Outline, ProfileOutline, ProfileState, ToolFile, members, modes};
pub use uri::CredentialsUri;

/// An access key, with a security token if it is a temporary one. Clones share it.
#[derive(Clone)]
pub struct Credentials {
    inner: Arc<Inner>,
    expiration: Option<SystemTime>,
}

struct Inner {
    access_key_id: String,
    security_token: Option<Zeroizing<String>>,
    key: SigningKey,
}

impl Credentials {
    /// A permanent access key. White space around it is removed, since what is read from a file often ends with a line
    /// break.
    #[must_use]
    pub fn new(access_key_id: impl Into<String>, access_key_secret: impl Into<String>) -> Self {
        Self::make(&access_key_id.into(), &Zeroizing::new(access_key_secret.into()), None)
    }

    /// A temporary access key of the security token service. White space around it is removed.
    #[must_use]
    pub fn with_token(
        access_key_id: impl Into<String>,
        access_key_secret: impl Into<String>,
        security_token: impl Into<String>,
    ) -> Self {
        let token = Zeroizing::new(security_token.into());
        Self::make(&access_key_id.into(), &Zeroizing::new(access_key_secret.into()), Some(&token))
    }

    /// Every key is created here, wherever it comes from.
    fn make(access_key_id: &str, secret: &str, security_token: Option<&str>) -> Self {
        let trimmed = |text: &str| text.trim().to_owned();
        let inner = Inner {
            access_key_id: trimmed(access_key_id),
            security_token: security_token.map(|token| Zeroizing::new(trimmed(token))),
            key: SigningKey::new(secret.trim()),
        };
        Self { inner: Arc::new(inner), expiration: None }
    }

    /// The same key with the time of its expiration. The client keeps credentials of a [`CredentialsProvider`] that
    /// have one, and requests new ones ahead of it.
    #[must_use]
    pub fn expires_at(mut self, expiration: SystemTime) -> Self {
        self.expiration = Some(expiration);
        self
    }

    /// The access key id.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.inner.access_key_id
    }

    /// The beginning of the access key id, for messages.
    #[must_use]
    pub fn redacted_access_key_id(&self) -> String {
        redacted(self.access_key_id())
    }

    /// When the key expires, if that is known.
    #[must_use]
    pub fn expiration(&self) -> Option<SystemTime> {
        self.expiration
    }

    pub(crate) fn security_token(&self) -> Option<&str> {
        self.inner.security_token.as_deref().map(String::as_str)
    }

    pub(crate) fn signer(&self) -> Signer<'_> {
        Signer { access_key_id: self.access_key_id(), security_token: self.security_token(), key: self.key() }
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.inner.key
    }

    /// Whether both are the same key with the same token.
    pub(crate) fn is_the_same(&self, other: &Self) -> bool {
        self.access_key_id() == other.access_key_id() && self.security_token() == other.security_token()
    }

    /// Whether both are clones of each other, and not merely equal.
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}

/// The beginning of an access key id.
fn redacted(access_key_id: &str) -> String {
    let beginning: String = access_key_id.trim().chars().take(4).collect();
    beginning + "***"
}

/// Shows the beginning of the id and the expiration only.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Credentials");
        shown.field("access_key_id", &format_args!("{}", self.redacted_access_key_id()));
        if let Some(time) = self.expiration.and_then(|time| jiff::Timestamp::try_from(time).ok()) {
            shown.field("expiration", &format_args!("{time:.0}"));
        }
        shown.finish_non_exhaustive()
    }
}

/// Where credentials come from.
///
/// ```
/// use aliyun_runtime::credentials::Context;
/// use aliyun_runtime::{BoxFuture, Credentials, CredentialsError, CredentialsProvider};
///
/// /// A key that another part of the program keeps up to date.
/// struct Vault;
///
/// impl CredentialsProvider for Vault {
///     fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
///         Box::pin(async { Ok(Credentials::new("testid", "testsecret")) })
///     }
/// }
/// ```
pub trait CredentialsProvider: Send + Sync + 'static {
    /// The credentials to sign the next request with.
    ///
    /// The client keeps credentials that [expire](Credentials::expires_at): this is called ahead of the expiration,
    /// once for all waiting calls of a tokio runtime, and at the next call after it failed. Credentials that do not
    /// expire are requested for every request, so a provider keeps them itself if they are expensive.
    ///
    /// The future is polled within the call first. If it is not ready then, it continues in a task of the same runtime,
    /// even if the call is dropped, for at most 90 seconds. A panic is an error of that attempt.
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>>;

    /// Called when the service refused credentials of this provider as expired or unknown, or when a role could not be
    /// assumed with them, for whatever reason: the provider should discard what it keeps of them, so that the next
    /// request gets others. By default it does nothing.
    fn invalidate(&self, credentials: &Credentials) {
        let _ = credentials;
    }

    /// Where the credentials come from, for people, such as a file and the profile in it; `None` if that is not known, or
    /// nothing was found yet. It contains no secret.
    fn place(&self) -> Option<String> {
        None
    }
}

impl CredentialsProvider for Credentials {
    fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(std::future::ready(Ok(self.clone())))
    }
}

/// A provider that several clients share.
impl<P: CredentialsProvider + ?Sized> CredentialsProvider for Arc<P> {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        P::credentials(self, context)
    }

    fn invalidate(&self, credentials: &Credentials) {
        P::invalidate(self, credentials);
    }

    fn place(&self) -> Option<String> {
        P::place(self)
    }
}

/// A source of credentials whose type does not matter.
type Source = Arc<dyn CredentialsProvider>;

/// Why there are no credentials: every source that was searched, and why it has none.
#[derive(Debug, Clone)]
pub struct CredentialsError {
    what: String,
    /// Whether the source is not set up, so that the search goes on.
    absent: bool,
}

impl CredentialsError {
    /// An error of a provider. The text names the source and what is wrong with it, and no secret.
    #[must_use]
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), absent: false }
    }

    /// The source is not set up.
    fn absent(place: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self { what: format!("{place} ({why})"), absent: true }
    }

    /// The source is set up, and does not work.
    fn broken(place: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::new(format!("{place}: {why}"))
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for CredentialsError {}

/// Credentials without an expiration, kept until they are refused: getting them reads a file or more.
#[derive(Debug, Default)]
struct Found(Mutex<Option<Credentials>>);

impl Found {
    fn get(&self) -> Option<Credentials> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps them, unless they expire: the caller keeps those, and requests new ones in time.
    fn keep(&self, credentials: &Credentials) {
        if credentials.expiration.is_none() {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(credentials.clone());
        }
    }

    fn forget(&self, refused: &Credentials) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take_if(|found| found.is(refused));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_break_at_the_end_of_a_key_is_removed() {
        let signature = |credentials: &Credentials| {
            let mut parameters = aliyun_protocol::Parameters::default();
            parameters.push("Action", "Ring");
            credentials.key().sign_v1("POST", &mut parameters).as_str().to_owned()
        };
        let expected = Credentials::with_token("testid", "testsecret", "testtoken");
        for end in ["\n", "\r\n", " ", "\t\n\n"] {
            let with = |text: &str| format!("{end}{text}{end}");
            let key = Credentials::with_token(with("testid"), with("testsecret"), with("testtoken"));
            assert!(key.is_the_same(&expected), "{end:?}");
            assert_eq!(signature(&key), signature(&expected), "{end:?}");
            let permanent = Credentials::new(with("testid"), with("testsecret"));
            assert_eq!((permanent.access_key_id(), signature(&permanent)), ("testid", signature(&expected)));
        }
    }

    #[test]
    fn debug_shows_the_beginning_of_the_id_and_the_expiration_only() {
        let credentials = Credentials::with_token("testid", "testsecret", "testtoken");
        assert_eq!(format!("{credentials:?}"), "Credentials { access_key_id: test***, .. }");
        let credentials = credentials.expires_at(SystemTime::UNIX_EPOCH + Duration::from_secs(90));
        assert_eq!(
            format!("{credentials:?}"),
            "Credentials { access_key_id: test***, expiration: 1970-01-01T00:01:30Z, .. }"
        );
    }
}
