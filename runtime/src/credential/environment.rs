//! An access key in environment variables.

use std::fmt;

use super::process_environment::ProcessEnvironment;
use super::{Context, Credentials, CredentialsError, CredentialsProvider, Found};
use crate::transport::BoxFuture;

/// Name of the environment variable with the access key id.
pub const ACCESS_KEY_ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
/// Name of the environment variable with the access key secret.
pub const ACCESS_KEY_SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
/// Name of the environment variable with the security token of a temporary key.
pub const SECURITY_TOKEN: &str = "ALIBABA_CLOUD_SECURITY_TOKEN";

/// Credentials of the environment variables [`ACCESS_KEY_ID`], [`ACCESS_KEY_SECRET`] and, for a temporary key,
/// [`SECURITY_TOKEN`], and of nowhere else. They are read at the first call and kept; a failure is not kept.
pub struct Environment {
    environment: ProcessEnvironment,
    found: Found,
}

impl Environment {
    /// The variables of this process.
    #[must_use]
    pub fn new() -> Self {
        Self::of(ProcessEnvironment::of_process())
    }

    pub(super) fn of(environment: ProcessEnvironment) -> Self {
        Self { environment, found: Found::default() }
    }

    fn read(&self) -> Result<Credentials, CredentialsError> {
        const PLACE: &str = "the environment";
        let set = |name| self.environment.variable(name);
        match (set(ACCESS_KEY_ID), set(ACCESS_KEY_SECRET)) {
            (Some(id), Some(secret)) => {
                Ok(Credentials::make(&id, &secret, set(SECURITY_TOKEN).as_ref().map(|token| token.as_str())))
            }
            (None, None) => {
                let why = format!("{ACCESS_KEY_ID} and {ACCESS_KEY_SECRET} not set");
                Err(CredentialsError::absent(PLACE, why))
            }
            // An error is better than another identity than the one that was set in part.
            (Some(_), None) => {
                Err(CredentialsError::broken(PLACE, format!("{ACCESS_KEY_ID} is set, but {ACCESS_KEY_SECRET} is not")))
            }
            (None, Some(_)) => {
                Err(CredentialsError::broken(PLACE, format!("{ACCESS_KEY_SECRET} is set, but {ACCESS_KEY_ID} is not")))
            }
        }
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Environment").field(&self.found.get()).finish()
    }
}

impl CredentialsProvider for Environment {
    fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        let credentials = match self.found.get() {
            Some(found) => Ok(found),
            None => self.read().inspect(|read| self.found.keep(read)),
        };
        Box::pin(std::future::ready(credentials))
    }

    fn invalidate(&self, credentials: &Credentials) {
        self.found.forget(credentials);
    }

    fn place(&self) -> Option<String> {
        let token = self.environment.variable(SECURITY_TOKEN).map_or("", |_| ", with a security token");
        Some(format!("{ACCESS_KEY_ID} and {ACCESS_KEY_SECRET} of the environment{token}"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::testing::StandIn;
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::of(ProcessEnvironment::new(variables, Path::new("/home/test")))
    }

    fn read(variables: &[(&str, &str)]) -> Result<Credentials, CredentialsError> {
        environment(variables).read()
    }

    #[tokio::test]
    async fn debug_shows_the_beginning_of_the_id_only() {
        let environment = environment(&[(ACCESS_KEY_ID, "testid"), (ACCESS_KEY_SECRET, "testsecret")]);
        assert_eq!(format!("{environment:?}"), "Environment(None)");
        environment.credentials(&StandIn::nowhere().context()).await.unwrap();
        assert_eq!(format!("{environment:?}"), "Environment(Some(Credentials { access_key_id: test***, .. }))");
    }

    #[test]
    fn the_environment_is_read_with_its_token() {
        let read = read(&[(ACCESS_KEY_ID, " testid "), (ACCESS_KEY_SECRET, "testsecret"), (SECURITY_TOKEN, "token\n")])
            .unwrap();
        assert_eq!((read.access_key_id(), read.security_token()), ("testid", Some("token")));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            read(&[(ACCESS_KEY_ID, " ")]).unwrap_err().to_string(),
            "the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET not set)"
        );
        let half = read(&[(ACCESS_KEY_ID, "testid")]).unwrap_err();
        assert_eq!(
            half.to_string(),
            "the environment: ALIBABA_CLOUD_ACCESS_KEY_ID is set, but ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"
        );
        assert!(!half.absent);
    }
}
