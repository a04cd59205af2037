//! The default chain: the sources of credentials that Alibaba's own clients search.

use std::fmt;

use super::ecs::EcsRamRole;
use super::environment::Environment;
use super::process_environment::{ProcessEnvironment, variable};
use super::search::{RequestedBy, Search};
use super::sts::OidcRole;
use super::uri::CredentialsUri;
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;

/// Searches the sources that Alibaba's own clients search, in their order, and keeps the first one that has
/// credentials:
///
/// 1. the environment: `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and, for a temporary key,
///    `ALIBABA_CLOUD_SECURITY_TOKEN`;
/// 2. an OIDC role: `ALIBABA_CLOUD_ROLE_ARN`, `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`, `ALIBABA_CLOUD_OIDC_TOKEN_FILE` and,
///    if wanted, `ALIBABA_CLOUD_ROLE_SESSION_NAME`;
/// 3. the profile of the command line tool, `~/.aliyun/config.json` or `ALIBABA_CLOUD_CONFIG_FILE`;
/// 4. the credentials file `~/.alibabacloud/credentials`, `~/.alibabacloud/credentials.ini` or
///    `ALIBABA_CLOUD_CREDENTIALS_FILE`;
/// 5. the RAM role of the ECS instance; `ALIBABA_CLOUD_ECS_METADATA` names it;
/// 6. the address in `ALIBABA_CLOUD_CREDENTIALS_URI`.
///
/// `ALIBABA_CLOUD_PROFILE` names the profile of 3 and 4. Roles are assumed at `ALIBABA_CLOUD_STS_ENDPOINT`, or else in
/// the region `ALIBABA_CLOUD_STS_REGION`, unless the profile sets one.
///
/// Switches are on if they are `true` or `1`, in any case, and off if they are `false`, `0` or not set; anything else is
/// an error:
///
/// | switch | effect |
/// | --- | --- |
/// | `ALIBABA_CLOUD_IGNORE_PROFILE` | 3 and 4 are skipped, even if a profile is named |
/// | `ALIBABA_CLOUD_CLI_PROFILE_DISABLED` | 3 is skipped |
/// | `ALIBABA_CLOUD_ECS_METADATA_DISABLED` | 5 is skipped, and no profile uses the role of the machine |
/// | `ALIBABA_CLOUD_IMDSV1_DISABLED` | the metadata service is not used without a session token |
/// | `ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS` | 6 is skipped, and no profile runs a command or uses a credentials URI |
/// | `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED` | roles are assumed at the address of the region within a VPC |
///
/// `ALIBABA_CLOUD_PROFILE_MODE=Anonymous` is an error at 3, and `ALIBABA_CLOUD_BEARER_TOKEN` cannot be used: calls are
/// signed.
///
/// A source that is not set up is skipped. A source that is set up and fails ends the search with an error, since the
/// next one would act under another identity than intended. The variables of 2, 5 and 6 and the switches of sources are
/// read when the chain is created, everything else at the first call.
pub struct DefaultChain(Search);

impl DefaultChain {
    /// The chain of this process.
    #[must_use]
    pub fn new() -> Self {
        Self::of(&ProcessEnvironment::of_process())
    }

    pub(super) fn of(environment: &ProcessEnvironment) -> Self {
        let mut search = Search::default();
        search.add(Ok(Environment::of(environment.clone())));
        search.add(OidcRole::of(environment));
        search.profiles(environment, environment.text(variable::PROFILE), RequestedBy::ByVariable);
        search.add(EcsRamRole::of(environment));
        search.add(CredentialsUri::of(environment));
        if environment.variable(variable::BEARER_TOKEN).is_some() {
            let why = format!("{} is set, but the calls of this client are signed", variable::BEARER_TOKEN);
            search.add_error(CredentialsError::absent("a bearer token", why));
        }
        Self(search)
    }
}

impl Default for DefaultChain {
    fn default() -> Self {
        Self::new()
    }
}

impl CredentialsProvider for DefaultChain {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        self.0.credentials(context)
    }

    fn invalidate(&self, credentials: &Credentials) {
        self.0.invalidate(credentials);
    }

    fn place(&self) -> Option<String> {
        self.0.place()
    }
}

impl fmt::Debug for DefaultChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultChain").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
