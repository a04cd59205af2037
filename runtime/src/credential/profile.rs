//! Profiles: the configuration of Alibaba's command line tool, and credentials files.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use zeroize::Zeroizing;

use super::chain::{Asked, Search};
use super::file::{self, FileError};
use super::process_environment::{ProcessEnvironment, variable};
use super::tool::Configuration;
use super::{Context, Credentials, CredentialsError, CredentialsProvider, Found, ini, section};
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
        search.profiles(environment, Some(name.clone()), Asked::ByProgram);
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
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A file with profiles.
#[derive(Clone)]
pub(super) struct ProfileFile {
    /// For people: what it is, and where.
    place: String,
    path: PathBuf,
    /// The variable that names it: then it must be there.
    named_by: Option<&'static str>,
    format: Format,
}

#[derive(Clone, Copy)]
enum Format {
    /// The configuration of the command line tool.
    Json,
    /// A credentials file.
    Ini,
}

impl ProfileFile {
    /// The configuration of the command line tool.
    pub(super) fn of_tool(environment: &ProcessEnvironment) -> Vec<Result<Self, CredentialsError>> {
        Self::of(environment, "the CLI profile", variable::CONFIG_FILE, &[".aliyun/config.json"], Format::Json)
    }

    /// The credentials files: Alibaba's own clients do not agree on the name.
    pub(super) fn of_credentials(environment: &ProcessEnvironment) -> Vec<Result<Self, CredentialsError>> {
        const PATHS: [&str; 2] = [".alibabacloud/credentials", ".alibabacloud/credentials.ini"];
        Self::of(environment, "the credentials file", variable::CREDENTIALS_FILE, &PATHS, Format::Ini)
    }

    fn of(
        environment: &ProcessEnvironment,
        kind: &str,
        variable: &'static str,
        paths: &[&str],
        format: Format,
    ) -> Vec<Result<Self, CredentialsError>> {
        let file = |path: PathBuf, named_by| {
            let place = format!("{kind} {}", environment.shown(&path));
            Ok(Self { place, path, named_by, format })
        };
        if let Some(path) = environment.text(variable) {
            return vec![file(path.into(), Some(variable))];
        }
        let at_home = |path: &&str| match environment.at_home(path) {
            Some(path) => file(path, None),
            None => Err(CredentialsError::absent(format!("{kind} ~/{path}"), "the home directory is not known")),
        };
        paths.iter().map(at_home).collect()
    }

    fn read(&self) -> Result<Zeroizing<String>, CredentialsError> {
        file::read(&self.path).map_err(|error| match (self.named_by, &error) {
            (Some(variable), _) => CredentialsError::broken(&self.place, format!("{error} (named by {variable})")),
            // A service often runs with the home directory of a user whose files it may not see.
            (None, FileError::Absent | FileError::Denied) => CredentialsError::absent(&self.place, error),
            (None, FileError::Unreadable(_)) => CredentialsError::broken(&self.place, error),
        })
    }
}

/// The profile of a file, which is read anew whenever credentials are asked for and none are kept.
pub(super) struct FileProfile {
    environment: ProcessEnvironment,
    name: Option<String>,
    file: ProfileFile,
    found: Found,
}

pub(super) type Source = Arc<dyn CredentialsProvider>;

impl FileProfile {
    pub(super) fn new(environment: &ProcessEnvironment, name: Option<String>, file: ProfileFile) -> Self {
        Self { environment: environment.clone(), name, file, found: Found::default() }
    }

    async fn look(&self, context: &Context) -> Result<Credentials, CredentialsError> {
        if let Some(found) = self.found.get() {
            return Ok(found);
        }
        let text = self.file.read()?;
        let (place, source) = match self.file.format {
            Format::Json => self.tool(&text)?,
            Format::Ini => self.credentials_file(&text)?,
        };
        let credentials = source.credentials(context).await;
        // Whatever is wrong now is wrong with something that is set up.
        let credentials = credentials.map_err(|error| CredentialsError::broken(place, error))?;
        self.found.keep(&credentials);
        Ok(credentials)
    }

    /// The profile of the command line tool.
    fn tool(&self, text: &str) -> Result<(String, Source), CredentialsError> {
        let file = &self.file.place;
        let broken = |why| CredentialsError::broken(file, why);
        let configuration = Configuration::read(text).map_err(broken)?;
        let name = match &self.name {
            Some(name) => name.clone(),
            None => configuration.current().map_err(broken)?,
        };
        let Some(profile) = configuration.profile(&name) else {
            let why = format!("no profile {name:?}");
            // What the file itself points at should be there.
            let dangling = self.name.is_none() && !configuration.is_empty();
            let error = if dangling { CredentialsError::broken } else { CredentialsError::absent };
            return Err(error(file, why));
        };
        let place = format!("{file}, profile {name:?} (line {})", profile.line);
        match configuration.source(&name, &self.environment) {
            Ok(Some(source)) => Ok((place, source)),
            Ok(None) => Err(CredentialsError::absent(place, "it holds no key")),
            Err(why) => Err(CredentialsError::broken(place, why)),
        }
    }

    /// The section of a credentials file.
    fn credentials_file(&self, text: &str) -> Result<(String, Source), CredentialsError> {
        let file = &self.file.place;
        let name = self.name.as_deref().unwrap_or("default");
        let section = ini::section(text, name).map_err(|why| CredentialsError::broken(file, why))?;
        let Some(section) = section else {
            return Err(CredentialsError::absent(file, format!("no section [{name}]")));
        };
        let place = format!("{file}, section [{name}] (line {})", section.line);
        match section::source(&section, &self.environment) {
            Ok(Some(source)) => Ok((place, source)),
            Ok(None) => Err(CredentialsError::absent(place, "it is switched off by enable = false")),
            Err(why) => Err(CredentialsError::broken(place, why)),
        }
    }
}

impl CredentialsProvider for FileProfile {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(self.look(context))
    }

    fn invalidate(&self, credentials: &Credentials) {
        self.found.forget(credentials);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::Home;
    use super::*;

    #[tokio::test]
    async fn files_that_cannot_be_used_are_named_with_the_place_of_the_fault() {
        let file = |content: &str| {
            let home = Home::new();
            home.write(".aliyun/config.json", content);
            home
        };
        let fault = async |home: Home| home.get().await.unwrap_err();
        assert_eq!(
            fault(file("{\"profiles\": [\n{\"name\": \"a\", \"access_key_secret\": testsecret}]}")).await,
            "the CLI profile ~/.aliyun/config.json: the file is broken JSON at line 2, column 37; \
             correct it, or write it anew with `aliyun configure`"
        );
        assert_eq!(
            fault(file(r#"{"profiles": "testsecret"}"#)).await,
            "the CLI profile ~/.aliyun/config.json: profiles (line 1): expected a list of profiles, found a text"
        );
        assert_eq!(
            fault(file("[]")).await,
            "the CLI profile ~/.aliyun/config.json: the file is not a JSON object; correct it, or write it anew with \
             `aliyun configure`"
        );
        assert_eq!(
            fault(Home::ini("[default]\ntestsecret\n")).await,
            "the credentials file ~/.alibabacloud/credentials: line 2 is neither a [section] nor a key = value nor a \
             comment; correct it, or put a # before it; looked before at: the CLI profile ~/.aliyun/config.json (no such file)"
        );
        let folder = Home::new();
        folder.write(".aliyun/config.json/file", "");
        assert_eq!(fault(folder).await, "the CLI profile ~/.aliyun/config.json: it is no file");
        let elsewhere = Home::new().with("ALIBABA_CLOUD_CONFIG_FILE", "/none/config.json");
        assert_eq!(
            fault(elsewhere).await,
            "the CLI profile /none/config.json: no such file (named by ALIBABA_CLOUD_CONFIG_FILE)"
        );
        let nowhere = Home::tool(&json!([]));
        nowhere.write(".alibabacloud/credentials", "[other]\n");
        assert_eq!(
            fault(nowhere).await,
            r#"there is no profile "default"; looked before at: the CLI profile ~/.aliyun/config.json (no profile "default"); the credentials file ~/.alibabacloud/credentials (no section [default]); the credentials file ~/.alibabacloud/credentials.ini (no such file)"#
        );
    }

    #[tokio::test]
    async fn a_byte_order_mark_is_no_part_of_a_file() {
        let json = r#"{"profiles":[{"name":"default","mode":"AK","access_key_id":"cli","access_key_secret":"s"}]}"#;
        let ini = "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = s\n";
        for (path, content, id) in [(".aliyun/config.json", json, "cli"), (".alibabacloud/credentials", ini, "ini")] {
            let home = Home::new();
            home.write(path, &format!("\u{feff}{content}"));
            assert_eq!(home.get().await.unwrap().access_key_id(), id);
        }
    }

    #[tokio::test]
    async fn the_profile_that_the_tool_uses_now_is_taken_unless_another_is_named() {
        let key = |name: &str| json!({ "name": name, "mode": "AK", "access_key_id": name, "access_key_secret": "s" });
        let of_tool = async |configuration: Value| {
            let home = Home::new();
            home.write(".aliyun/config.json", &configuration.to_string());
            let file = ProfileFile::of_tool(&home.environment()).remove(0).unwrap();
            let profile = FileProfile::new(&home.environment(), None, file);
            let credentials = profile.credentials(&home.http.context()).await;
            credentials.map(|it| it.access_key_id().to_owned()).map_err(|error| (error.absent, error.to_string()))
        };
        let profiles = json!([key("default"), key("office")]);
        assert_eq!(of_tool(json!({ "current": "office", "profiles": profiles })).await.unwrap(), "office");
        assert_eq!(of_tool(json!({ "profiles": profiles })).await.unwrap(), "default");
        assert_eq!(
            of_tool(json!({ "current": "home", "profiles": profiles })).await.unwrap_err(),
            (false, r#"the CLI profile ~/.aliyun/config.json: no profile "home""#.to_owned())
        );
        assert_eq!(
            of_tool(json!({ "current": 5, "profiles": profiles })).await.unwrap_err().1,
            "the CLI profile ~/.aliyun/config.json: current (line 1): expected the name of a profile, found a number"
        );
        assert_eq!(of_tool(json!({ "current": null, "profiles": profiles })).await.unwrap(), "default");
        let blank = of_tool(json!({})).await.unwrap_err();
        assert_eq!(blank, (true, r#"the CLI profile ~/.aliyun/config.json (no profile "default")"#.to_owned()));
    }

    #[tokio::test]
    async fn a_tool_that_was_never_configured_is_passed_over() {
        let home =
            Home::tool(&json!([{ "name": "default", "mode": "AK", "access_key_id": "", "access_key_secret": "" }]));
        home.write(
            ".alibabacloud/credentials",
            "[default]\ntype = access_key\naccess_key_id = ini\naccess_key_secret = testsecret",
        );
        assert_eq!(home.get().await.unwrap().access_key_id(), "ini");
    }

    #[tokio::test]
    async fn a_key_is_kept_until_it_is_refused() {
        let home = Home::profile(&json!({ "mode": "AK" }));
        let profile = home.named("default");
        let context = home.http.context();
        let first = profile.credentials(&context).await.unwrap();
        let rotated = json!({ "name": "default", "mode": "AK", "access_key_id": "rotated", "access_key_secret": "s" });
        home.write(".aliyun/config.json", &json!({ "profiles": [rotated] }).to_string());
        assert_eq!(profile.credentials(&context).await.unwrap().access_key_id(), "testid");
        profile.invalidate(&first);
        assert_eq!(profile.credentials(&context).await.unwrap().access_key_id(), "rotated");
    }

    #[test]
    fn debug_shows_the_name() {
        assert_eq!(format!("{:?}", Home::new().named("office")), r#"Profile { name: "office", .. }"#);
    }
}
