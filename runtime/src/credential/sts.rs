//! Roles, assumed through the security token service (STS, version 2015-04-01).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aliyun_protocol::{Method, Parameters, parameter};
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};
use jiff::Timestamp;
use serde::Deserialize;

use super::file;
use super::process_environment::{ProcessEnvironment, variable};
use super::temporary::{TemporaryKey, read_json, refusal};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::error::redaction;
use crate::sign::{ProtocolParameters, nonce_text};
use crate::transport::BoxFuture;
use crate::transport::endpoint::{Endpoint, PlainHttp, is_region};

/// What both ways to assume a role have in common.
#[derive(Clone)]
pub(super) struct Role {
    arn: String,
    pub(super) session_name: Option<String>,
    pub(super) policy: Option<String>,
    pub(super) duration: Duration,
    region: Option<String>,
    /// Whether the region is asked by its address within a VPC, if anything was said; without a region it means nothing.
    pub(super) vpc: Option<bool>,
    endpoint: Option<String>,
}

/// Shortest session that the service grants.
pub(super) const SHORTEST: Duration = Duration::from_secs(900);

/// Version of the service.
const VERSION: &str = "2015-04-01";
/// Format of its answers.
const FORMAT: &str = "JSON";

/// What is wrong with a region, without a word of it: what was written there by mistake may be a secret.
const NO_REGION: &str = "expected a region id, such as cn-shanghai, of small letters, digits and hyphens";

/// An address of the service. Access key ids and tokens travel there, and secrets come back.
fn address(text: &str) -> Result<Endpoint, String> {
    let plain_http = PlainHttp::Refused { sends: "credentials", hint: "use https" };
    Endpoint::parse(text, plain_http).map_err(|error| error.to_string())
}

impl Role {
    fn new(arn: String) -> Self {
        Self {
            arn,
            session_name: None,
            policy: None,
            duration: Duration::from_secs(3600),
            region: None,
            vpc: None,
            endpoint: None,
        }
    }

    /// With the address, region and network of the variables `ALIBABA_CLOUD_STS_ENDPOINT`, `ALIBABA_CLOUD_STS_REGION`
    /// and `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED`, each where nothing else was said.
    pub(super) fn within(&mut self, environment: &ProcessEnvironment) -> Result<(), String> {
        if let (None, Some(endpoint)) = (&self.endpoint, environment.text(variable::STS_ENDPOINT)) {
            self.set_endpoint(&endpoint, variable::STS_ENDPOINT)?;
        }
        if let (None, Some(region)) = (&self.region, environment.text(variable::STS_REGION)) {
            self.set_region(&region, variable::STS_REGION)?;
        }
        if self.vpc.is_none() {
            self.vpc = Some(environment.switch(variable::VPC_ENDPOINT_ENABLED)?);
        }
        Ok(())
    }

    /// Asks the service at an address that `place`, a member of a file or a variable, says.
    pub(super) fn set_endpoint(&mut self, endpoint: &str, place: &str) -> Result<(), String> {
        address(endpoint).map_err(|why| format!("{place}: {why}"))?;
        self.endpoint = Some(endpoint.to_owned());
        Ok(())
    }

    /// Asks the service of a region that `place`, a member of a file or a variable, says.
    pub(super) fn set_region(&mut self, region: &str, place: &str) -> Result<(), String> {
        if !is_region(region) {
            return Err(format!("{place}: {NO_REGION}"));
        }
        self.region = Some(region.to_owned());
        Ok(())
    }

    /// The role for people: the number of an account in it is masked.
    fn shown(&self) -> String {
        redaction::digits(&self.arn)
    }

    fn endpoint(&self) -> Result<Endpoint, String> {
        if self.region.as_ref().is_some_and(|region| !is_region(region)) {
            return Err(format!("the region: {NO_REGION}"));
        }
        let host = match (&self.endpoint, &self.region) {
            (Some(endpoint), _) => endpoint.clone(),
            // The network of a region is reached within that region only.
            (None, None) => "sts.aliyuncs.com".to_owned(),
            (None, Some(region)) if self.vpc == Some(true) => format!("sts-vpc.{region}.aliyuncs.com"),
            (None, Some(region)) => format!("sts.{region}.aliyuncs.com"),
        };
        address(&host)
    }

    /// The parameters of the role, and the time that the request is of.
    fn parameters(&self, now: SystemTime) -> Result<(Parameters, Timestamp), String> {
        if self.duration < SHORTEST {
            return Err(format!("a session lasts {SHORTEST:?} or longer, not {:?}", self.duration));
        }
        let now = Timestamp::try_from(now).map_err(|_| "the clock shows no time that can be written".to_owned())?;
        let mut parameters = Parameters::with_capacity(16, 2048);
        parameters.push("RoleArn", &self.arn);
        match &self.session_name {
            Some(name) => parameters.push("RoleSessionName", name),
            None => parameters.push_display("RoleSessionName", &format_args!("aliyun-rust-{}", now.as_second())),
        }
        parameters.push_display("DurationSeconds", &self.duration.as_secs());
        if let Some(policy) = &self.policy {
            parameters.push("Policy", policy);
        }
        Ok((parameters, now))
    }

    async fn assume(&self, context: &Context, parameters: &Parameters) -> Result<Credentials, String> {
        #[derive(Deserialize)]
        struct Assumed {
            #[serde(rename = "Credentials")]
            credentials: TemporaryKey,
        }
        let endpoint = self.endpoint()?;
        let request = endpoint
            .uri(None)
            .and_then(|uri| {
                Request::post(uri)
                    .header(ACCEPT, "application/json")
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(parameters.encoded().to_vec().into())
            })
            .map_err(|error| error.to_string())?;
        let at = |error: String| format!("{endpoint:?}: {error}");
        let answer = context.fetch(request, context.timeout()).await.map_err(at)?;
        if answer.status != 200 {
            return Err(at(refusal(&answer)));
        }
        read_json::<Assumed>(answer).and_then(|assumed| assumed.credentials.credentials()).map_err(at)
    }
}

/// The settings that both providers have, written once.
macro_rules! role_settings {
    () => {
        /// Names the session, as the audit trail shows it; `aliyun-rust-` and the time in seconds unless set.
        #[must_use]
        pub fn session_name(mut self, name: impl Into<String>) -> Self {
            self.role.session_name = Some(name.into());
            self
        }

        /// Narrows what the session may do: a policy in JSON.
        #[must_use]
        pub fn policy(mut self, policy: impl Into<String>) -> Self {
            self.role.policy = Some(policy.into());
            self
        }

        /// How long a session lasts: from 15 minutes to what the role allows, in whole seconds; one hour unless set.
        #[must_use]
        pub fn duration(mut self, duration: Duration) -> Self {
            self.role.duration = duration;
            self
        }

        /// Asks the service of a region, `sts.<region>.aliyuncs.com`, instead of `sts.aliyuncs.com`.
        #[must_use]
        pub fn region(mut self, region: impl Into<String>) -> Self {
            self.role.region = Some(region.into());
            self
        }

        /// Asks the service of a region by its address within a VPC, `sts-vpc.<region>.aliyuncs.com`.
        #[must_use]
        pub fn vpc_region(mut self, region: impl Into<String>) -> Self {
            self.role.region = Some(region.into());
            self.role.vpc = Some(true);
            self
        }

        /// Asks this host instead: `host`, `host:port` or a URL without path; plain HTTP on loopback only.
        #[must_use]
        pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
            self.role.endpoint = Some(endpoint.into());
            self
        }
    };
}

/// A role, assumed with other credentials (STS `AssumeRole`).
///
/// ```
/// use aliyun_runtime::Credentials;
/// use aliyun_runtime::credentials::AssumeRole;
///
/// let operator = AssumeRole::new(Credentials::new("testid", "testsecret"), "acs:ram::1:role/operator")
///     .session_name("night-shift");
/// ```
pub struct AssumeRole {
    source: Arc<dyn CredentialsProvider>,
    pub(super) role: Role,
    external_id: Option<String>,
}

impl AssumeRole {
    /// The role `role_arn`, such as `acs:ram::1:role/operator`, assumed with the credentials of `source`, which are
    /// asked for at each refresh.
    #[must_use]
    pub fn new(source: impl CredentialsProvider, role_arn: impl Into<String>) -> Self {
        Self { source: Arc::new(source), role: Role::new(role_arn.into()), external_id: None }
    }

    /// The external id that the trust policy of the role asks for.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.external_id = Some(id.into());
        self
    }

    role_settings!();

    async fn assume(&self, context: &Context) -> Result<Credentials, CredentialsError> {
        let fail = |why: String| CredentialsError::broken(format_args!("assuming the role {}", self.role.shown()), why);
        let source = self.source.credentials(context).await.map_err(|error| fail(error.to_string()))?;
        let (mut parameters, timestamp) = self.role.parameters(context.now()).map_err(fail)?;
        if let Some(id) = &self.external_id {
            parameters.push("ExternalId", id);
        }
        let protocol = ProtocolParameters {
            method: Method::Post,
            action: "AssumeRole",
            format: FORMAT,
            version: VERSION,
            nonce: &nonce_text(context.random()),
            timestamp,
        };
        protocol.add_to(&mut parameters, Some(source.signer()));
        let assumed = self.role.assume(context, &parameters).await;
        // The source may keep a key that is not good any more.
        assumed.inspect_err(|_| self.source.invalidate(&source)).map_err(fail)
    }
}

impl CredentialsProvider for AssumeRole {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(self.assume(context))
    }
}

impl fmt::Debug for AssumeRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssumeRole").field("role", &self.role.shown()).finish_non_exhaustive()
    }
}

/// A role, assumed with a token of an identity provider (STS `AssumeRoleWithOIDC`), as in the pods of a cluster.
pub struct OidcRole {
    pub(super) role: Role,
    provider_arn: String,
    token_file: PathBuf,
}

impl OidcRole {
    /// The role `role_arn`, assumed with the token in a file that is read anew at each refresh, and which the identity
    /// provider `provider_arn` issued.
    #[must_use]
    pub fn new(role_arn: impl Into<String>, provider_arn: impl Into<String>, token_file: impl Into<PathBuf>) -> Self {
        Self { role: Role::new(role_arn.into()), provider_arn: provider_arn.into(), token_file: token_file.into() }
    }

    role_settings!();

    /// That of the variables `ALIBABA_CLOUD_ROLE_ARN`, `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`,
    /// `ALIBABA_CLOUD_OIDC_TOKEN_FILE` and `ALIBABA_CLOUD_ROLE_SESSION_NAME`.
    pub(super) fn of(environment: &ProcessEnvironment) -> Result<Self, CredentialsError> {
        const NAMES: [&str; 3] = [variable::ROLE_ARN, variable::OIDC_PROVIDER_ARN, variable::OIDC_TOKEN_FILE];
        let [Some(role), Some(provider), Some(file)] = NAMES.map(|name| environment.text(name)) else {
            let missing: Vec<&str> = NAMES.into_iter().filter(|name| environment.text(name).is_none()).collect();
            return Err(CredentialsError::absent("an OIDC role", format!("{} not set", missing.join(", "))));
        };
        let mut oidc = Self::new(role, provider, file);
        oidc.role.within(environment).map_err(|why| CredentialsError::broken("an OIDC role", why))?;
        oidc.role.session_name = environment.text(variable::ROLE_SESSION_NAME);
        Ok(oidc)
    }

    async fn assume(&self, context: &Context) -> Result<Credentials, CredentialsError> {
        let place = || format!("assuming the role {} by OIDC", self.role.shown());
        let fail = |why: String| CredentialsError::broken(place(), why);
        let (mut parameters, timestamp) = self.role.parameters(context.now()).map_err(fail)?;
        let token = file::read(&self.token_file)
            .map_err(|error| fail(format!("the token file {}: {error}", self.token_file.display())))?;
        if token.trim().is_empty() {
            return Err(fail(format!("the token file {} is empty", self.token_file.display())));
        }
        // The token stands for a signature.
        parameters.push(parameter::ACTION, "AssumeRoleWithOIDC");
        parameters.push(parameter::FORMAT, FORMAT);
        parameters.push(parameter::VERSION, VERSION);
        parameters.push_display(parameter::TIMESTAMP, &format_args!("{timestamp:.0}"));
        parameters.push("OIDCProviderArn", &self.provider_arn);
        parameters.push("OIDCToken", token.trim());
        self.role.assume(context, &parameters).await.map_err(fail)
    }
}

impl CredentialsProvider for OidcRole {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(self.assume(context))
    }

    fn place(&self) -> Option<String> {
        Some(format!("the OIDC role {}", self.role.shown()))
    }
}

impl fmt::Debug for OidcRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcRole")
            .field("role", &self.role.shown())
            .field("token_file", &self.token_file)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
