//! Looking for credentials in one place after the other.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::ecs::EcsRamRole;
use super::environment::Environment;
use super::profile::{FileProfile, ProfileFile};
use super::sts::OidcRole;
use super::surroundings::Surroundings;
use super::uri::CredentialsUri;
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;

/// Looks where Alibaba's own clients look, in their order, and stays with the first place that serves:
///
/// 1. the environment: `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and, for a temporary key,
///    `ALIBABA_CLOUD_SECURITY_TOKEN`;
/// 2. an OIDC role: `ALIBABA_CLOUD_ROLE_ARN`, `ALIBABA_CLOUD_OIDC_PROVIDER_ARN`, `ALIBABA_CLOUD_OIDC_TOKEN_FILE` and,
///    if wanted, `ALIBABA_CLOUD_ROLE_SESSION_NAME`;
/// 3. the profile of the command line tool, `~/.aliyun/config.json` or `ALIBABA_CLOUD_CONFIG_FILE`, unless
///    `ALIBABA_CLOUD_CLI_PROFILE_DISABLED` is `true`;
/// 4. the credentials file `~/.alibabacloud/credentials`, `~/.alibabacloud/credentials.ini` or
///    `ALIBABA_CLOUD_CREDENTIALS_FILE`;
/// 5. the RAM role of the ECS instance, unless `ALIBABA_CLOUD_ECS_METADATA_DISABLED` is `true`;
///    `ALIBABA_CLOUD_ECS_METADATA` names it, and `ALIBABA_CLOUD_IMDSV1_DISABLED` refuses to ask without a session token;
/// 6. the address in `ALIBABA_CLOUD_CREDENTIALS_URI`.
///
/// `ALIBABA_CLOUD_PROFILE` names the profile of 3 and 4. `ALIBABA_CLOUD_STS_REGION` and
/// `ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED` say where roles are assumed.
///
/// A place where nothing is set up is passed over; one that is set up and does not work ends the search with an error,
/// since going on would act under another identity than the one meant. The variables are read when the chain is made,
/// everything else at the first call.
pub struct DefaultChain(Search);

impl DefaultChain {
    /// One that looks around this process.
    #[must_use]
    pub fn new() -> Self {
        Self::of(&Surroundings::of_process())
    }

    pub(super) fn of(surroundings: &Surroundings) -> Self {
        let mut search = Search::default();
        search.add(Ok(Environment::of(surroundings.clone())));
        search.add(OidcRole::of(surroundings));
        search.profiles(surroundings, surroundings.text("ALIBABA_CLOUD_PROFILE"));
        search.add(EcsRamRole::of(surroundings));
        search.add(CredentialsUri::of(surroundings));
        Self(search)
    }
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
    pub(super) fn profiles(&mut self, surroundings: &Surroundings, name: Option<String>) {
        const OFF: &str = "ALIBABA_CLOUD_CLI_PROFILE_DISABLED";
        let tool = if surroundings.is_on(OFF) {
            vec![Err(CredentialsError::absent("the CLI profile", format!("switched off by {OFF}")))]
        } else {
            ProfileFile::of_tool(surroundings)
        };
        for file in tool.into_iter().chain(ProfileFile::of_credentials(surroundings)) {
            self.add(file.map(|file| FileProfile::new(surroundings, name.clone(), file)));
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

    pub(super) fn refused(&self, credentials: &Credentials) {
        if let Some(found) = self.found.get() {
            found.refused(credentials);
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

    fn refused(&self, credentials: &Credentials) {
        self.0.refused(credentials);
    }
}

impl fmt::Debug for DefaultChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultChain").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::super::testing::{Reply, StandIn, assumed, key, ok};
    use super::*;

    const NO_KEY: &str = "the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET not set)";

    /// A home directory with these files.
    fn home(files: &[(&str, &str)]) -> TempDir {
        let home = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        home
    }

    async fn ask(variables: &[(&str, &str)], home: &TempDir, http: &StandIn) -> Result<String, String> {
        let chain = DefaultChain::of(&Surroundings::new(variables, home.path()));
        let credentials = chain.credentials(&http.context()).await.map_err(|error| error.to_string())?;
        Ok(credentials.access_key_id().to_owned())
    }

    /// One HTTP server for every place: ECS, the security token service, a credentials URI.
    fn everything() -> StandIn {
        StandIn::new(|request| match (request.uri().host(), request.uri().path()) {
            (Some("100.100.100.200"), "/latest/api/token") => ok("testtoken"),
            (Some("100.100.100.200"), path) if path.ends_with('/') => ok("operator"),
            (Some("100.100.100.200"), _) => ok(key("ecs", "2026-03-01T18:34:56Z")),
            (Some("keys.internal"), _) => ok(key("uri", "2026-03-01T18:34:56Z")),
            _ => assumed("sts"),
        })
    }

    #[tokio::test]
    async fn places_are_looked_at_in_the_official_order() {
        let files = home(&[
            (
                ".aliyun/config.json",
                r#"{"current":"a","profiles":[{"name":"a","mode":"AK","access_key_id":"cli","access_key_secret":"testsecret"}]}"#,
            ),
            (
                ".alibabacloud/credentials",
                "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = testsecret\n",
            ),
            ("token", "testtoken"),
        ]);
        let token = files.path().join("token").display().to_string();
        let mut variables = vec![
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "env"),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret"),
            ("ALIBABA_CLOUD_ROLE_ARN", "acs:ram::1:role/operator"),
            ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "acs:ram::1:oidc-provider/cluster"),
            ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", token.as_str()),
            ("ALIBABA_CLOUD_CREDENTIALS_URI", "http://keys.internal/"),
        ];
        let http = everything();
        let mut found = vec![ask(&variables, &files, &http).await.unwrap()];
        variables.drain(..2);
        found.push(ask(&variables, &files, &http).await.unwrap());
        variables.drain(..3);
        found.push(ask(&variables, &files, &http).await.unwrap());
        for switch in ["ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "ALIBABA_CLOUD_ECS_METADATA_DISABLED"] {
            variables.push((switch, "True"));
            found.push(ask(&variables, &files, &http).await.unwrap());
            std::fs::remove_dir_all(files.path().join(".alibabacloud")).unwrap_or_default();
            found.push(ask(&variables, &files, &http).await.unwrap());
        }
        assert_eq!(found, ["env", "sts", "cli", "ini", "ecs", "uri", "uri"]);
    }

    #[tokio::test]
    async fn where_nothing_serves_every_place_is_named() {
        let error = ask(&[], &home(&[]), &StandIn::nowhere()).await.unwrap_err();
        assert_eq!(
            error,
            format!(
                "looked at: {NO_KEY}; an OIDC role (ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN, \
                 ALIBABA_CLOUD_OIDC_TOKEN_FILE not set); the CLI profile ~/.aliyun/config.json (no such file); the \
                 credentials file ~/.alibabacloud/credentials (no such file); the credentials file \
                 ~/.alibabacloud/credentials.ini (no such file); the ECS RAM role at http://100.100.100.200 (no answer: connection refused); a credentials URI \
                 (ALIBABA_CLOUD_CREDENTIALS_URI not set)"
            )
        );
    }

    #[tokio::test]
    async fn a_place_that_is_set_up_and_fails_ends_the_search() {
        let http = everything();
        let half = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "env")];
        assert_eq!(
            ask(&half, &home(&[]), &http).await.unwrap_err(),
            "the environment: ALIBABA_CLOUD_ACCESS_KEY_ID is set, but ALIBABA_CLOUD_ACCESS_KEY_SECRET is not"
        );
        let broken = home(&[(".aliyun/config.json", "{\n  \"current\": testsecret\n}")]);
        let switched = [("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/none")];
        assert_eq!(
            ask(&switched, &broken, &http).await.unwrap_err(),
            format!(
                "the CLI profile ~/.aliyun/config.json: the file is broken JSON at line 2, column 15; looked before at: \
                 {NO_KEY}; an OIDC role (ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN not set)"
            )
        );
        assert_eq!(http.requests().len(), 0);
    }

    #[tokio::test]
    async fn a_profile_that_is_asked_for_must_be_there() {
        let variables = [("ALIBABA_CLOUD_PROFILE", "office")];
        let files = home(&[(".aliyun/config.json", r#"{"current":"a","profiles":[]}"#)]);
        let error = ask(&variables, &files, &everything()).await.unwrap_err();
        assert!(error.starts_with(r#"there is no profile "office"; looked before at: "#), "{error}");
        assert!(error.contains(r#"the CLI profile ~/.aliyun/config.json (no profile "office")"#), "{error}");

        let ini = "[office]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = testsecret\n";
        let files = home(&[(".alibabacloud/credentials.ini", ini)]);
        assert_eq!(ask(&variables, &files, &everything()).await.unwrap(), "ini");
    }

    #[tokio::test]
    async fn the_place_that_served_is_remembered() {
        let variables = [("ALIBABA_CLOUD_CREDENTIALS_URI", "http://keys.internal/")];
        let http = StandIn::new(|request| match request.uri().host() {
            Some("keys.internal") => ok(key("uri", "2026-03-01T18:34:56Z")),
            _ => Reply::Unreachable,
        });
        let files = home(&[]);
        let chain = DefaultChain::of(&Surroundings::new(&variables, files.path()));
        chain.credentials(&http.context()).await.unwrap();
        let first = http.requests().len();
        chain.credentials(&http.context()).await.unwrap();
        assert_eq!(http.requests()[first..], ["GET http://keys.internal/"]);
    }

    #[test]
    fn debug_shows_nothing() {
        let variables = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "testid"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret")];
        let surroundings = Surroundings::new(&variables, std::path::Path::new("/home/test"));
        assert_eq!(format!("{:?}", DefaultChain::of(&surroundings)), "DefaultChain { .. }");
        assert_eq!(format!("{surroundings:?}"), "Surroundings");
    }
}
