//! The RAM role of an ECS instance, from the metadata service of the machine.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Uri, request};

use super::process_environment::{ProcessEnvironment, variable};
use super::temporary::{TemporaryKey, read_json, refusal};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::address::{Address, shown};
use crate::transport::{BoxFuture, HttpResponse};

/// The role of the ECS instance on which the program runs.
///
/// The metadata service is called with a session token first (`IMDSv2`) and, if that fails, without one. The client's
/// own transport never uses a proxy for it, which would return the role of the proxy's machine.
#[derive(Clone)]
pub struct EcsRamRole {
    role: Option<String>,
    endpoint: String,
    token_required: bool,
    timeout: Duration,
}

const PLACE: &str = "the ECS RAM role";
const ROLES: &str = "/latest/meta-data/ram/security-credentials/";
/// Lifetime of a session token in seconds: six hours, as in Alibaba's clients.
const TOKEN_LIFETIME: &str = "21600";

impl EcsRamRole {
    /// The role of this machine, whatever its name.
    #[must_use]
    pub fn new() -> Self {
        Self {
            role: None,
            endpoint: "http://100.100.100.200".to_owned(),
            token_required: false,
            timeout: Duration::from_secs(1),
        }
    }

    /// The role of this name, which saves a request for the name.
    #[must_use]
    pub fn role(mut self, name: impl Into<String>) -> Self {
        self.role = Some(name.into());
        self
    }

    /// Never sends requests without a session token.
    #[must_use]
    pub fn token_required(mut self) -> Self {
        self.token_required = true;
        self
    }

    /// Time limit for each of up to six small requests; default one second.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Uses this address instead of `http://100.100.100.200`.
    #[must_use]
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = url.into();
        self
    }

    /// With the role of the variable `ALIBABA_CLOUD_ECS_METADATA`, unless `ALIBABA_CLOUD_ECS_METADATA_DISABLED`, and with
    /// what `ALIBABA_CLOUD_IMDSV1_DISABLED` says.
    pub(super) fn of(environment: &ProcessEnvironment) -> Result<Self, CredentialsError> {
        let switch = |name| environment.switch(name).map_err(|why| CredentialsError::broken(PLACE, why));
        if switch(variable::ECS_METADATA_DISABLED)? {
            let why = format!("switched off by {}", variable::ECS_METADATA_DISABLED);
            return Err(CredentialsError::absent(PLACE, why));
        }
        let mut provider = Self::new();
        provider.token_required = switch(variable::IMDSV1_DISABLED)?;
        provider.role = environment.text(variable::ECS_METADATA);
        Ok(provider)
    }

    async fn fetch(&self, context: &Context) -> Result<Credentials, Failure> {
        let with_token = match self.token(context).await {
            Ok(token) => self.with(context, Some(token)).await,
            Err(why) => Err(Failure { why, found: self.role.is_some() }),
        };
        if self.token_required || with_token.is_ok() {
            return with_token;
        }
        match self.with(context, None).await {
            Ok(credentials) => Ok(credentials),
            Err(without) => with_token.map_err(|with| with.or(&without)),
        }
    }

    async fn token(&self, context: &Context) -> Result<HeaderValue, String> {
        let request = self.request(Method::PUT, "/latest/api/token")?;
        let request = request.header("X-aliyun-ecs-metadata-token-ttl-seconds", TOKEN_LIFETIME);
        let answer = self.send(context, request).await?;
        let mut token = HeaderValue::from_bytes(answer.body.trim_ascii())
            .map_err(|_| "the session token is no value of a header".to_owned())?;
        token.set_sensitive(true);
        Ok(token)
    }

    async fn with(&self, context: &Context, token: Option<HeaderValue>) -> Result<Credentials, Failure> {
        let get = async |path: &str| {
            let mut request = self.request(Method::GET, path)?;
            if let Some(token) = &token {
                request = request.header("X-aliyun-ecs-metadata-token", token);
            }
            self.send(context, request).await
        };
        let role = match &self.role {
            Some(role) => role.clone(),
            None => {
                get(ROLES).await.and_then(|answer| role_name(&answer)).map_err(|why| Failure { why, found: false })?
            }
        };
        let read =
            get(&format!("{ROLES}{role}")).await.and_then(|answer| read_json::<TemporaryKey>(answer)?.credentials());
        read.map_err(|why| Failure { why: format!("role {role}: {why}"), found: true })
    }

    fn request(&self, method: Method, path: &str) -> Result<request::Builder, String> {
        let address =
            Address::parse(&self.endpoint, None).map_err(|reason| format!("its address is no URL: {reason}"))?;
        if address.has_user() || address.uri().query().is_some() {
            return Err("its address has a user name or a query".to_owned());
        }
        let base = address.to_string();
        let uri: Uri = format!("{}{path}", base.trim_end_matches('/'))
            .try_into()
            .map_err(|_| "its address is no URL".to_owned())?;
        Ok(Request::builder().method(method).uri(uri))
    }

    async fn send(&self, context: &Context, request: request::Builder) -> Result<HttpResponse, String> {
        let request = request.body(Bytes::new()).map_err(|error| error.to_string())?;
        let answer = context.fetch(request, self.timeout).await?;
        if answer.status == 200 { Ok(answer) } else { Err(refusal(&answer)) }
    }
}

/// Why there is no key, and whether there is a role at all: a machine that is not an ECS instance has none.
struct Failure {
    why: String,
    found: bool,
}

impl Failure {
    /// Of the two ways to ask, what is known of both.
    fn or(self, without_token: &Self) -> Self {
        let found = self.found || without_token.found;
        let why = if self.why == without_token.why {
            self.why
        } else {
            format!("with a session token: {}; without: {}", self.why, without_token.why)
        };
        Self { why, found }
    }
}

/// The name of the role, if the response is one: it may be a page of another server.
fn role_name(answer: &HttpResponse) -> Result<String, String> {
    let name = answer.body.trim_ascii();
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    match std::str::from_utf8(name) {
        Ok(name) if !name.is_empty() && name.len() <= 128 && name.bytes().all(|byte| fits(&byte)) => {
            Ok(name.to_owned())
        }
        _ => Err("the answer is no name of a role".to_owned()),
    }
}

impl Default for EcsRamRole {
    fn default() -> Self {
        Self::new()
    }
}

impl CredentialsProvider for EcsRamRole {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(async {
            self.fetch(context).await.map_err(|Failure { why, found }| {
                let place = format!("{PLACE} at {}", shown(&self.endpoint, None));
                if found { CredentialsError::broken(place, why) } else { CredentialsError::absent(place, why) }
            })
        })
    }

    fn place(&self) -> Option<String> {
        Some(format!("{PLACE} at {}", shown(&self.endpoint, None)))
    }
}

impl fmt::Debug for EcsRamRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EcsRamRole")
            .field("role", &self.role)
            .field("endpoint", &shown(&self.endpoint, None))
            .field("token_required", &self.token_required)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
