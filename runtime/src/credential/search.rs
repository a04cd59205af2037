//! Searches sources of credentials, one after the other.

use std::sync::{Arc, OnceLock};

use super::process_environment::{ProcessEnvironment, variable};
use super::profile_file::{FileProfile, ProfileFile};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;

/// Who requested a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestedBy {
    /// The program.
    ByProgram,
    /// A variable, or nobody.
    ByVariable,
}

/// Sources to search, in order.
#[derive(Default)]
pub(super) struct Search {
    places: Vec<Result<Arc<dyn CredentialsProvider>, CredentialsError>>,
    /// The source that had credentials.
    found: OnceLock<Arc<dyn CredentialsProvider>>,
}

impl Search {
    pub(super) fn add(&mut self, place: Result<impl CredentialsProvider, CredentialsError>) {
        self.places.push(place.map(|place| Arc::new(place) as Arc<dyn CredentialsProvider>));
    }

    /// Adds a source that cannot be used.
    pub(super) fn add_error(&mut self, error: CredentialsError) {
        self.places.push(Err(error));
    }

    /// Adds the files with profiles. A profile that was requested by name must be in one of them.
    pub(super) fn profiles(
        &mut self,
        environment: &ProcessEnvironment,
        name: Option<String>,
        requested_by: RequestedBy,
    ) {
        const PROFILES: &str = "the profiles";
        const TOOL: &str = "the CLI profile";
        match environment.switch(variable::IGNORE_PROFILE) {
            Ok(false) => {}
            // A variable that names a profile has no effect then, as for the command.
            Ok(true) if requested_by == RequestedBy::ByVariable => {
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
            Ok(false) => {
                match environment.text(variable::PROFILE_MODE).filter(|_| requested_by == RequestedBy::ByVariable) {
                    Some(mode) if mode.eq_ignore_ascii_case("Anonymous") => {
                        let why = format!(
                            "{} is {mode}, and the calls of this client are signed; unset it",
                            variable::PROFILE_MODE
                        );
                        vec![Err(CredentialsError::broken(TOOL, why))]
                    }
                    // The command ignores other modes.
                    _ => ProfileFile::of_tool(environment),
                }
            }
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
                        // Another search at the same time found the same source.
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

    pub(super) fn place(&self) -> Option<String> {
        self.found.get()?.place()
    }

    pub(super) fn invalidate(&self, credentials: &Credentials) {
        if let Some(found) = self.found.get() {
            found.invalidate(credentials);
        }
    }
}
