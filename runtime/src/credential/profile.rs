//! A profile of Alibaba's command line tool, or of a credentials file.

use std::fmt;

use super::process_environment::ProcessEnvironment;
use super::search::{RequestedBy, Search};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;

/// A profile by its name: that of the command line tool (`~/.aliyun/config.json`) or, if it has none of this name, the
/// section of the credentials file (`~/.alibabacloud/credentials` or `~/.alibabacloud/credentials.ini`).
///
/// The variables `ALIBABA_CLOUD_CONFIG_FILE` and `ALIBABA_CLOUD_CREDENTIALS_FILE` name other files, and the switches of
/// [`DefaultChain`](crate::credentials::DefaultChain) apply. With `ALIBABA_CLOUD_IGNORE_PROFILE` there is no profile.
///
/// Modes of the tool, in any case. One that is not written is taken by the members that are there, as the tool does:
///
/// | mode | members |
/// | --- | --- |
/// | `AK` | `access_key_id`, `access_key_secret` |
/// | `StsToken` | those, `sts_token`, `sts_expiration` |
/// | `RamRoleArn` | a key with or without `sts_token`; of the role: `ram_role_arn`, `ram_session_name` or `role_session_name`, `expired_seconds` or `duration_seconds` (900 or more), `policy`, `external_id`, `sts_endpoint`, `sts_region`, `enable_vpc` |
/// | `ChainableRamRoleArn` | `source_profile`, and those of the role |
/// | `RamRoleArnWithRoleName` | `ram_role_name`, and those of the role |
/// | `EcsRamRole` | `ram_role_name`, if wanted |
/// | `OIDC` | `oidc_provider_arn`, `oidc_token_file`, and those of the role |
/// | `External` | `process_command`, which prints a key of the mode `AK` or `StsToken` |
/// | `CredentialsURI` | `credentials_uri` |
/// | `CloudSSO`, `OAuth` | what a login with the tool leaves there |
///
/// `RsaKeyPair`, `BearerToken` and `Anonymous` are refused. Other members of a profile are not about credentials, and
/// not read. The files are never written: a temporary key of a login is used until it expires, then another one is
/// bought as long as the login lasts, and a login that has expired is renewed with the tool.
///
/// Types of the credentials file: `access_key`, `sts`, `ram_role_arn`, `oidc_role_arn`, `ecs_ram_role`. `region_id`
/// is the region whose security token service is asked. A section with `enable = false` is passed over.
///
/// Variables stand in for members that are not there: `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and
/// `ALIBABA_CLOUD_SECURITY_TOKEN` together for a key, `ALIBABA_CLOUD_ROLE_ARN`, `ALIBABA_CLOUD_ROLE_SESSION_NAME`,
/// `ALIBABA_CLOUD_EXTERNAL_ID`, `ALIBABA_CLOUD_STS_ENDPOINT`, `ALIBABA_CLOUD_STS_REGION`,
/// `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED`, `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`, `ALIBABA_CLOUD_OIDC_TOKEN_FILE`,
/// `ALIBABA_CLOUD_ECS_METADATA` and `ALIBABA_CLOUD_CREDENTIALS_URI`.
///
/// What is wrong in another profile does not matter. An error in this one names the member and its line.
pub struct Profile {
    name: String,
    search: Search,
}

impl Profile {
    /// The profile of this name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self::of(&ProcessEnvironment::of_process(), name.into())
    }

    pub(super) fn of(environment: &ProcessEnvironment, name: String) -> Self {
        let mut search = Search::default();
        search.profiles(environment, Some(name.clone()), RequestedBy::ByProgram);
        Self { name, search }
    }
}

impl CredentialsProvider for Profile {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        self.search.credentials(context)
    }

    fn invalidate(&self, credentials: &Credentials) {
        self.search.invalidate(credentials);
    }

    fn place(&self) -> Option<String> {
        self.search.place()
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("name", &self.name).finish_non_exhaustive()
    }
}
