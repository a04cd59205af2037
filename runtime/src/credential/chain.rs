//! Looking for credentials in one place after the other.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::ecs::EcsRamRole;
use super::environment::Environment;
use super::process_environment::{ProcessEnvironment, variable};
use super::profile::{FileProfile, ProfileFile};
use super::sts::OidcRole;
use super::uri::CredentialsUri;
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;

/// Looks where Alibaba's own clients look, in their order, and stays with the first place that serves:
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
/// the region `ALIBABA_CLOUD_STS_REGION`, unless the profile says where.
///
/// Switches are on if they are `true` or `1`, in any case, and off if they are `false`, `0` or not set; anything else is
/// an error:
///
/// | switch | effect |
/// | --- | --- |
/// | `ALIBABA_CLOUD_IGNORE_PROFILE` | 3 and 4 are left out, whatever names a profile |
/// | `ALIBABA_CLOUD_CLI_PROFILE_DISABLED` | 3 is left out |
/// | `ALIBABA_CLOUD_ECS_METADATA_DISABLED` | 5 is left out, and no profile uses the role of the machine |
/// | `ALIBABA_CLOUD_IMDSV1_DISABLED` | the metadata service is not asked without a session token |
/// | `ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS` | 6 is left out, and no profile runs a command or asks an address |
/// | `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED` | roles are assumed at the address of the region within a VPC |
///
/// `ALIBABA_CLOUD_PROFILE_MODE=Anonymous` is an error at 3, and `ALIBABA_CLOUD_BEARER_TOKEN` does not serve: calls are
/// signed.
///
/// A place where nothing is set up is passed over; one that is set up and does not work ends the search with an error,
/// since going on would act under another identity than the one meant. The variables of 2, 5 and 6 and the switches of
/// places are read when the chain is made, everything else at the first call.
pub struct DefaultChain(Search);

impl DefaultChain {
    /// One that looks around this process.
    #[must_use]
    pub fn new() -> Self {
        Self::of(&ProcessEnvironment::of_process())
    }

    pub(super) fn of(environment: &ProcessEnvironment) -> Self {
        let mut search = Search::default();
        search.add(Ok(Environment::of(environment.clone())));
        search.add(OidcRole::of(environment));
        search.profiles(environment, environment.text(variable::PROFILE), Asked::ByVariable);
        search.add(EcsRamRole::of(environment));
        search.add(CredentialsUri::of(environment));
        if environment.variable(variable::BEARER_TOKEN).is_some() {
            let why = format!("{} is set, but the calls of this client are signed", variable::BEARER_TOKEN);
            search.places.push(Err(CredentialsError::absent("a bearer token", why)));
        }
        Self(search)
    }
}

/// Who asks for a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// The program.
    ByProgram,
    /// A variable, or nobody.
    ByVariable,
}

/// Places to look at, in order.
#[derive(Default)]
pub(super) struct Search {
    places: Vec<Result<Arc<dyn CredentialsProvider>, CredentialsError>>,
    /// The place that served.
    found: OnceLock<Arc<dyn CredentialsProvider>>,
}

impl Search {
    fn add(&mut self, place: Result<impl CredentialsProvider, CredentialsError>) {
        self.places.push(place.map(|place| Arc::new(place) as Arc<dyn CredentialsProvider>));
    }

    /// The files with profiles. A profile that was asked for by name must be in one of them.
    pub(super) fn profiles(&mut self, environment: &ProcessEnvironment, name: Option<String>, asked: Asked) {
        const PROFILES: &str = "the profiles";
        const TOOL: &str = "the CLI profile";
        match environment.switch(variable::IGNORE_PROFILE) {
            Ok(false) => {}
            // A variable that names a profile has no effect then, as for the command.
            Ok(true) if asked == Asked::ByVariable => {
                let why = format!("switched off by {}", variable::IGNORE_PROFILE);
                return self.places.push(Err(CredentialsError::absent(PROFILES, why)));
            }
            Ok(true) => {
                let why = format!("switched off by {0}; unset it to use a profile", variable::IGNORE_PROFILE);
                return self.places.push(Err(CredentialsError::broken(PROFILES, why)));
            }
            Err(why) => return self.places.push(Err(CredentialsError::broken(PROFILES, why))),
        }
        let tool = match environment.switch(variable::CLI_PROFILE_DISABLED) {
            Ok(false) => match environment.text(variable::PROFILE_MODE).filter(|_| asked == Asked::ByVariable) {
                Some(mode) if mode.eq_ignore_ascii_case("Anonymous") => {
                    let why = format!(
                        "{} is {mode}, and the calls of this client are signed; unset it",
                        variable::PROFILE_MODE
                    );
                    vec![Err(CredentialsError::broken(TOOL, why))]
                }
                // The command pays no attention to others.
                _ => ProfileFile::of_tool(environment),
            },
            Ok(true) => {
                let why = format!("switched off by {}", variable::CLI_PROFILE_DISABLED);
                vec![Err(CredentialsError::absent(TOOL, why))]
            }
            Err(why) => vec![Err(CredentialsError::broken(TOOL, why))],
        };
        for file in tool.into_iter().chain(ProfileFile::of_credentials(environment)) {
            self.add(file.map(|file| FileProfile::new(environment, name.clone(), file)));
        }
        if let Some(name) = name {
            self.places.push(Err(CredentialsError::new(format!("there is no profile {name:?}"))));
        }
    }

    async fn look(&self, context: &Context) -> Result<Credentials, CredentialsError> {
        if let Some(found) = self.found.get() {
            return found.credentials(context).await;
        }
        let mut looked_at = Vec::new();
        for place in &self.places {
            let error = match place {
                Err(error) => error.clone(),
                Ok(provider) => match provider.credentials(context).await {
                    Err(error) => error,
                    Ok(credentials) => {
                        // Another search that ran at the same time found the same place.
                        let _ = self.found.set(Arc::clone(provider));
                        return Ok(credentials);
                    }
                },
            };
            if !error.absent {
                let before = if looked_at.is_empty() { "" } else { "; looked before at: " };
                return Err(CredentialsError::new(format!("{error}{before}{}", looked_at.join("; "))));
            }
            looked_at.push(error.to_string());
        }
        Err(CredentialsError::new(format!("looked at: {}", looked_at.join("; "))))
    }

    pub(super) fn credentials<'a>(
        &'a self,
        context: &'a Context,
    ) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(self.look(context))
    }

    pub(super) fn invalidate(&self, credentials: &Credentials) {
        if let Some(found) = self.found.get() {
            found.invalidate(credentials);
        }
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
}

impl fmt::Debug for DefaultChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultChain").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
