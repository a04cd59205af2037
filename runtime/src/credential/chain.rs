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
        let chain = DefaultChain::of(&ProcessEnvironment::new(variables, home.path()));
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
                "the CLI profile ~/.aliyun/config.json: the file is broken JSON at line 2, column 15; \
                 correct it, or write it anew with `aliyun configure`; looked before at: \
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
        let chain = DefaultChain::of(&ProcessEnvironment::new(&variables, files.path()));
        chain.credentials(&http.context()).await.unwrap();
        let first = http.requests().len();
        chain.credentials(&http.context()).await.unwrap();
        assert_eq!(http.requests()[first..], ["GET http://keys.internal/"]);
    }

    /// A home directory with a profile of the tool and a credentials file, and nothing else but the role of a machine
    /// and a credentials URI.
    async fn with_profiles(variables: &[(&str, &str)]) -> Result<String, String> {
        let files = home(&[
            (
                ".aliyun/config.json",
                r#"{"profiles":[{"name":"default","mode":"AK","access_key_id":"cli","access_key_secret":"testsecret"}]}"#,
            ),
            (
                ".alibabacloud/credentials",
                "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = testsecret\n",
            ),
        ]);
        let mut variables = variables.to_vec();
        variables.push(("ALIBABA_CLOUD_CREDENTIALS_URI", "http://keys.internal/"));
        ask(&variables, &files, &everything()).await
    }

    const IGNORE: &str = "ALIBABA_CLOUD_IGNORE_PROFILE";
    const NO_CLI: &str = "ALIBABA_CLOUD_CLI_PROFILE_DISABLED";
    const NO_ECS: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
    const NO_EXTERNAL: &str = "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS";

    #[tokio::test]
    async fn switches_leave_places_out() {
        for (switches, expected) in [
            (vec![], "cli"),
            (vec![IGNORE], "ecs"),
            (vec![NO_CLI], "ini"),
            (vec![NO_ECS], "cli"),
            (vec![IGNORE, NO_ECS], "uri"),
            (vec![NO_EXTERNAL], "cli"),
        ] {
            for (value, expected) in
                [("TRUE", expected), ("true", expected), ("1", expected), ("false", "cli"), ("0", "cli"), (" ", "cli")]
            {
                let variables: Vec<_> = switches.iter().map(|switch| (*switch, value)).collect();
                assert_eq!(with_profiles(&variables).await.unwrap(), expected, "{variables:?}");
            }
        }
        let off = with_profiles(&[(IGNORE, "TRUE"), (NO_ECS, "true"), (NO_EXTERNAL, "true")]).await.unwrap_err();
        for said in [
            "the profiles (switched off by ALIBABA_CLOUD_IGNORE_PROFILE)",
            "the ECS RAM role (switched off by ALIBABA_CLOUD_ECS_METADATA_DISABLED)",
            "a credentials URI (switched off by ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS)",
        ] {
            assert!(off.contains(said), "{off}");
        }
    }

    #[tokio::test]
    async fn a_switch_that_is_neither_on_nor_off_ends_the_search() {
        for (switch, before) in [
            (IGNORE, vec![]),
            (NO_CLI, vec![]),
            (NO_ECS, vec![(IGNORE, "true")]),
            ("ALIBABA_CLOUD_IMDSV1_DISABLED", vec![(IGNORE, "true")]),
            (NO_EXTERNAL, vec![(IGNORE, "true"), (NO_ECS, "true")]),
        ] {
            let mut variables = before;
            variables.push((switch, "yes"));
            let error = with_profiles(&variables).await.unwrap_err();
            let expected = format!("{switch} is neither true nor false; set it to one of these, or unset it");
            assert!(error.contains(&format!(": {expected}; looked before at: ")), "{error}");
        }
        // A place before it serves even so.
        assert_eq!(with_profiles(&[(NO_ECS, "yes")]).await.unwrap(), "cli");
        let oidc = [
            ("ALIBABA_CLOUD_ROLE_ARN", "r"),
            ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p"),
            ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "/none"),
            ("ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED", "yes"),
        ];
        let error = with_profiles(&oidc).await.unwrap_err();
        assert!(error.starts_with("an OIDC role: ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED is neither true nor"), "{error}");
    }

    #[tokio::test]
    async fn profiles_that_are_ignored_are_so_whoever_names_one() {
        let named = [("ALIBABA_CLOUD_PROFILE", "office"), (IGNORE, "TRUE")];
        assert_eq!(with_profiles(&named).await.unwrap(), "ecs");
        let environment = ProcessEnvironment::new(&[(IGNORE, "TRUE")], std::path::Path::new("/home/test"));
        let profile = super::super::Profile::of(&environment, "default".to_owned());
        assert_eq!(
            profile.credentials(&StandIn::nowhere().context()).await.unwrap_err().to_string(),
            "the profiles: switched off by ALIBABA_CLOUD_IGNORE_PROFILE; unset it to use a profile"
        );
    }

    #[tokio::test]
    async fn a_mode_without_credentials_is_refused_by_name() {
        const MODE: &str = "ALIBABA_CLOUD_PROFILE_MODE";
        let error = with_profiles(&[(MODE, "anonymous")]).await.unwrap_err();
        let expected = "the CLI profile: ALIBABA_CLOUD_PROFILE_MODE is anonymous, and the calls of this client are signed; \
                        unset it; looked before at: ";
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(with_profiles(&[(MODE, "AK")]).await.unwrap(), "cli");
        assert_eq!(with_profiles(&[(MODE, "Anonymous"), (IGNORE, "TRUE")]).await.unwrap(), "ecs");
    }

    #[tokio::test]
    async fn a_bearer_token_is_named_where_nothing_else_serves() {
        let token = [("ALIBABA_CLOUD_BEARER_TOKEN", "testsecret")];
        let error = ask(&token, &home(&[]), &StandIn::nowhere()).await.unwrap_err();
        let end = "; a bearer token (ALIBABA_CLOUD_BEARER_TOKEN is set, but the calls of this client are signed)";
        assert!(error.ends_with(end), "{error}");
        assert_eq!(with_profiles(&token).await.unwrap(), "cli");
    }

    #[tokio::test]
    async fn roles_are_assumed_where_a_variable_says() {
        let files = home(&[("token", "\u{feff}testtoken\r\n")]);
        let token = files.path().join("token").display().to_string();
        let http = everything();
        let variables = [
            ("ALIBABA_CLOUD_ROLE_ARN", "r"),
            ("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", "p"),
            ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", token.as_str()),
            ("ALIBABA_CLOUD_STS_ENDPOINT", "sts-vpc.cn-hangzhou.aliyuncs.com"),
            ("ALIBABA_CLOUD_STS_REGION", "cn-shanghai"),
        ];
        assert_eq!(ask(&variables, &files, &http).await.unwrap(), "sts");
        assert_eq!(http.requests(), ["POST https://sts-vpc.cn-hangzhou.aliyuncs.com/"]);
        assert!(http.form(0).contains(&("OIDCToken".to_owned(), "testtoken".to_owned())));
    }

    #[test]
    fn debug_shows_nothing() {
        let variables = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "testid"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret")];
        let environment = ProcessEnvironment::new(&variables, std::path::Path::new("/home/test"));
        assert_eq!(format!("{:?}", DefaultChain::of(&environment)), "DefaultChain { .. }");
        assert_eq!(format!("{environment:?}"), "ProcessEnvironment");
    }
}
