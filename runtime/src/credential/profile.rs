//! Profiles: the configuration of Alibaba's command line tool, and credentials files.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use zeroize::Zeroizing;

use super::chain::Search;
use super::cloud_sso::CloudSso;
use super::ecs::EcsRamRole;
use super::external::External;
use super::file::{self, FileError};
use super::ini::{self, Section};
use super::sts::{AssumeRole, OidcRole, Role};
use super::surroundings::Surroundings;
use super::temporary::misfit;
use super::uri::CredentialsUri;
use super::{Context, Credentials, CredentialsError, CredentialsProvider, Found};
use crate::transport::BoxFuture;

/// A profile by its name: that of the command line tool (`~/.aliyun/config.json`) or, if it has none of this name, the
/// section of the credentials file (`~/.alibabacloud/credentials` or `~/.alibabacloud/credentials.ini`).
///
/// The variables `ALIBABA_CLOUD_CONFIG_FILE` and `ALIBABA_CLOUD_CREDENTIALS_FILE` name other files,
/// `ALIBABA_CLOUD_CLI_PROFILE_DISABLED` leaves the first out.
///
/// Modes of the tool that are understood: AK, `StsToken`, `RamRoleArn`, `ChainableRamRoleArn`, `EcsRamRole`, OIDC,
/// External, `CredentialsURI` and `CloudSSO`. The files are never written: a `CloudSSO` login that has expired is
/// renewed with the tool. Types of the credentials file: `access_key`, `ram_role_arn`, `oidc_role_arn`, `ecs_ram_role`.
pub struct Profile {
    name: String,
    search: Search,
}

impl Profile {
    /// The profile of this name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self::of(&Surroundings::of_process(), name.into())
    }

    pub(super) fn of(surroundings: &Surroundings, name: String) -> Self {
        let mut search = Search::default();
        search.profiles(surroundings, Some(name.clone()));
        Self { name, search }
    }
}

impl CredentialsProvider for Profile {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        self.search.credentials(context)
    }

    fn refused(&self, credentials: &Credentials) {
        self.search.refused(credentials);
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
    pub(super) fn of_tool(surroundings: &Surroundings) -> Vec<Result<Self, CredentialsError>> {
        Self::of(surroundings, "the CLI profile", "ALIBABA_CLOUD_CONFIG_FILE", &[".aliyun/config.json"], Format::Json)
    }

    /// The credentials files: Alibaba's own clients do not agree on the name.
    pub(super) fn of_credentials(surroundings: &Surroundings) -> Vec<Result<Self, CredentialsError>> {
        const PATHS: [&str; 2] = [".alibabacloud/credentials", ".alibabacloud/credentials.ini"];
        Self::of(surroundings, "the credentials file", "ALIBABA_CLOUD_CREDENTIALS_FILE", &PATHS, Format::Ini)
    }

    fn of(
        surroundings: &Surroundings,
        kind: &str,
        variable: &'static str,
        paths: &[&str],
        format: Format,
    ) -> Vec<Result<Self, CredentialsError>> {
        let file = |path: PathBuf, named_by| {
            let place = format!("{kind} {}", surroundings.shown(&path));
            Ok(Self { place, path, named_by, format })
        };
        if let Some(path) = surroundings.text(variable) {
            return vec![file(path.into(), Some(variable))];
        }
        let at_home = |path: &&str| match surroundings.at_home(path) {
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
    surroundings: Surroundings,
    name: Option<String>,
    file: ProfileFile,
    found: Found,
}

type Source = Arc<dyn CredentialsProvider>;

impl FileProfile {
    pub(super) fn new(surroundings: &Surroundings, name: Option<String>, file: ProfileFile) -> Self {
        Self { surroundings: surroundings.clone(), name, file, found: Found::default() }
    }

    async fn look(&self, context: &Context) -> Result<Credentials, CredentialsError> {
        if let Some(found) = self.found.get() {
            return Ok(found);
        }
        let text = self.file.read()?;
        let text = text.trim_start_matches('\u{feff}');
        let (place, source) = match self.file.format {
            Format::Json => self.tool(text)?,
            Format::Ini => self.credentials_file(text)?,
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
        let configuration: Configuration = serde_json::from_str(text)
            .map_err(|error| CredentialsError::broken(file, format!("the file {}", misfit(&error))))?;
        let name = match (&self.name, &configuration.current) {
            (Some(name), _) => name,
            (None, Some(current)) if !current.is_empty() => current,
            (None, _) => "default",
        };
        let Some(profile) = configuration.profile(name) else {
            let why = format!("no profile {name:?}");
            // What the file itself points at should be there.
            let dangling = self.name.is_none() && !configuration.profiles.is_empty();
            let error = if dangling { CredentialsError::broken } else { CredentialsError::absent };
            return Err(error(file, why));
        };
        let place = format!("{file}, profile {name:?}");
        if profile.is_blank() {
            return Err(CredentialsError::absent(place, "it holds no key"));
        }
        let source = configuration.source(name, &mut Vec::new(), &self.surroundings);
        source.map(|source| (place.clone(), source)).map_err(|why| CredentialsError::broken(place, why))
    }

    /// The section of a credentials file.
    fn credentials_file(&self, text: &str) -> Result<(String, Source), CredentialsError> {
        let file = &self.file.place;
        let name = self.name.as_deref().unwrap_or("default");
        let section = ini::section(text, name).map_err(|why| CredentialsError::broken(file, why))?;
        let Some(section) = section else {
            return Err(CredentialsError::absent(file, format!("no section [{name}]")));
        };
        let place = format!("{file}, section [{name}]");
        let source = section_source(&section, &self.surroundings);
        source.map(|source| (place.clone(), source)).map_err(|why| CredentialsError::broken(place, why))
    }
}

impl CredentialsProvider for FileProfile {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(self.look(context))
    }

    fn refused(&self, credentials: &Credentials) {
        self.found.forget(credentials);
    }
}

/// The configuration of the command line tool, as far as it says something about credentials.
#[derive(Deserialize)]
struct Configuration {
    current: Option<String>,
    #[serde(default)]
    profiles: Vec<CliProfile>,
}

#[derive(Deserialize)]
struct CliProfile {
    name: Option<String>,
    mode: Option<String>,
    access_key_id: Option<String>,
    access_key_secret: Option<Zeroizing<String>>,
    sts_token: Option<Zeroizing<String>>,
    sts_expiration: Option<i64>,
    ram_role_arn: Option<String>,
    ram_role_name: Option<String>,
    ram_session_name: Option<String>,
    role_session_name: Option<String>,
    expired_seconds: Option<u64>,
    policy: Option<String>,
    external_id: Option<String>,
    sts_region: Option<String>,
    enable_vpc: Option<bool>,
    source_profile: Option<String>,
    oidc_provider_arn: Option<String>,
    oidc_token_file: Option<String>,
    process_command: Option<Zeroizing<String>>,
    credentials_uri: Option<String>,
    cloud_sso_sign_in_url: Option<String>,
    cloud_sso_account_id: Option<String>,
    cloud_sso_access_config: Option<String>,
    access_token: Option<Zeroizing<String>>,
    cloud_sso_access_token_expire: Option<i64>,
}

impl Configuration {
    fn profile(&self, name: &str) -> Option<&CliProfile> {
        self.profiles.iter().find(|profile| profile.name.as_deref() == Some(name))
    }

    /// Where the credentials of a profile come from; `way` has the profiles that led to it.
    fn source(&self, name: &str, way: &mut Vec<String>, surroundings: &Surroundings) -> Result<Source, String> {
        let round = way.iter().any(|passed| passed == name);
        way.push(name.to_owned());
        if round {
            return Err(format!("its source_profile leads back to itself: {}", way.join(" -> ")));
        }
        let Some(profile) = self.profile(name) else { return Err(format!("there is no profile {name:?}")) };
        let mode = profile.mode.as_deref().unwrap_or_default();
        Ok(match mode {
            "AK" | "" => Arc::new(profile.key(false)?),
            "StsToken" => Arc::new(profile.key(true)?),
            "RamRoleArn" => Arc::new(profile.assume(profile.key(false)?, surroundings)?),
            "ChainableRamRoleArn" => {
                let before = required(profile.source_profile.as_ref(), "source_profile")?;
                Arc::new(profile.assume(self.source(before, way, surroundings)?, surroundings)?)
            }
            "EcsRamRole" => Arc::new(ecs(profile.ram_role_name.as_deref(), surroundings)?),
            "OIDC" => Arc::new(profile.oidc(surroundings)?),
            "External" => Arc::new(External {
                command: required_secret(profile.process_command.as_ref(), "process_command")?.to_string(),
            }),
            "CredentialsURI" => {
                Arc::new(CredentialsUri::new(required(profile.credentials_uri.as_ref(), "credentials_uri")?))
            }
            "CloudSSO" => Arc::new(profile.cloud_sso()?),
            "OAuth" | "RsaKeyPair" | "RamRoleArnWithRoleName" | "BearerToken" | "Anonymous" => {
                return Err(format!("its mode {mode} is not supported by this client"));
            }
            _ => return Err("its mode is not known to this client".to_owned()),
        })
    }
}

impl CliProfile {
    /// What the tool writes before anything was configured.
    fn is_blank(&self) -> bool {
        matches!(self.mode.as_deref(), None | Some("" | "AK"))
            && self.access_key_id.as_deref().is_none_or(str::is_empty)
            && self.access_key_secret.as_ref().is_none_or(|secret| secret.is_empty())
    }

    /// The key that stands in the profile.
    fn key(&self, with_token: bool) -> Result<Credentials, String> {
        let id = required(self.access_key_id.as_ref(), "access_key_id")?;
        let secret = required_secret(self.access_key_secret.as_ref(), "access_key_secret")?;
        let token = with_token.then(|| required_secret(self.sts_token.as_ref(), "sts_token").cloned()).transpose()?;
        let credentials = Credentials::make(id.to_owned(), secret, token);
        Ok(match self.sts_expiration.filter(|_| with_token).and_then(seconds) {
            Some(expiration) => credentials.expires_at(expiration),
            None => credentials,
        })
    }

    fn assume(&self, source: impl CredentialsProvider, surroundings: &Surroundings) -> Result<AssumeRole, String> {
        let mut assume = AssumeRole::new(source, required(self.ram_role_arn.as_ref(), "ram_role_arn")?);
        if let Some(id) = set(self.external_id.as_ref()) {
            assume = assume.external_id(id);
        }
        self.session(&mut assume.role, surroundings);
        Ok(assume)
    }

    fn oidc(&self, surroundings: &Surroundings) -> Result<OidcRole, String> {
        let mut oidc = OidcRole::new(
            required(self.ram_role_arn.as_ref(), "ram_role_arn")?,
            required(self.oidc_provider_arn.as_ref(), "oidc_provider_arn")?,
            required(self.oidc_token_file.as_ref(), "oidc_token_file")?,
        );
        self.session(&mut oidc.role, surroundings);
        Ok(oidc)
    }

    /// What the profile says of the session of a role.
    fn session(&self, role: &mut Role, surroundings: &Surroundings) {
        role.session_name =
            set(self.ram_session_name.as_ref()).or(set(self.role_session_name.as_ref())).map(str::to_owned);
        role.policy = set(self.policy.as_ref()).map(str::to_owned);
        if let Some(seconds) = self.expired_seconds.filter(|&seconds| seconds > 0) {
            role.duration = Duration::from_secs(seconds);
        }
        role.region = set(self.sts_region.as_ref()).map(str::to_owned);
        role.vpc = self.enable_vpc == Some(true);
        role.within(surroundings);
    }

    fn cloud_sso(&self) -> Result<CloudSso, String> {
        let login = "log in with the aliyun command";
        Ok(CloudSso {
            sign_in_url: required(self.cloud_sso_sign_in_url.as_ref(), "cloud_sso_sign_in_url")?.to_owned(),
            account: required(self.cloud_sso_account_id.as_ref(), "cloud_sso_account_id")?.to_owned(),
            access_configuration: required(self.cloud_sso_access_config.as_ref(), "cloud_sso_access_config")?
                .to_owned(),
            access_token: required_secret(self.access_token.as_ref(), "access_token")
                .map_err(|why| format!("{why}; {login}"))?
                .clone(),
            access_token_expires: self
                .cloud_sso_access_token_expire
                .and_then(seconds)
                .ok_or_else(|| format!("cloud_sso_access_token_expire is missing; {login}"))?,
            bought: self.key(true).ok().filter(|bought| bought.expiration().is_some()),
        })
    }
}

/// Where the credentials of a section come from.
fn section_source(section: &Section<'_>, surroundings: &Surroundings) -> Result<Source, String> {
    let value = |key: &str| section.get(key).copied().filter(|value| !value.is_empty());
    let required = |key: &str| value(key).ok_or_else(|| format!("{key} is missing"));
    let key = || {
        Ok::<_, String>(Credentials::make(required("access_key_id")?.to_owned(), required("access_key_secret")?, None))
    };
    let session = |role: &mut Role| {
        role.session_name = value("role_session_name").map(str::to_owned);
        role.policy = value("policy").map(str::to_owned);
        role.within(surroundings);
    };
    Ok(match required("type")? {
        "access_key" => Arc::new(key()?),
        "ram_role_arn" => {
            let mut assume = AssumeRole::new(key()?, required("role_arn")?);
            session(&mut assume.role);
            Arc::new(assume)
        }
        "oidc_role_arn" => {
            let file = required("oidc_token_file_path")?;
            let mut oidc = OidcRole::new(required("role_arn")?, required("oidc_provider_arn")?, file);
            session(&mut oidc.role);
            Arc::new(oidc)
        }
        "ecs_ram_role" => Arc::new(ecs(value("role_name"), surroundings)?),
        "rsa_key_pair" => return Err("its type rsa_key_pair is not supported by this client".to_owned()),
        _ => return Err("its type is not known to this client".to_owned()),
    })
}

fn ecs(role: Option<&str>, surroundings: &Surroundings) -> Result<EcsRamRole, String> {
    let ecs = EcsRamRole::of(surroundings).map_err(|error| error.to_string())?;
    Ok(match role.filter(|role| !role.is_empty()) {
        Some(role) => ecs.role(role),
        None => ecs,
    })
}

fn set(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn required<'a>(text: Option<&'a String>, member: &str) -> Result<&'a str, String> {
    set(text).ok_or_else(|| format!("{member} is missing"))
}

fn required_secret<'a>(secret: Option<&'a Zeroizing<String>>, member: &str) -> Result<&'a Zeroizing<String>, String> {
    secret.filter(|secret| !secret.is_empty()).ok_or_else(|| format!("{member} is missing"))
}

/// A time in seconds since 1970; nought stands for none.
fn seconds(seconds: i64) -> Option<SystemTime> {
    let seconds = u64::try_from(seconds).ok().filter(|&seconds| seconds > 0)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tempfile::TempDir;

    use super::super::testing::{Reply, StandIn, assumed, key, ok};
    use super::*;

    struct Home {
        folder: TempDir,
        http: StandIn,
        variables: Vec<(&'static str, String)>,
    }

    impl Home {
        fn new() -> Self {
            Self {
                folder: tempfile::tempdir().unwrap(),
                http: StandIn::new(|_| assumed("STS.testid")),
                variables: Vec::new(),
            }
        }

        /// One whose tool has these profiles.
        fn tool(profiles: &Value) -> Self {
            let home = Self::new();
            home.write(".aliyun/config.json", &json!({ "current": "default", "profiles": profiles }).to_string());
            home
        }

        /// One whose tool has one profile: a key, and these members.
        fn profile(members: &Value) -> Self {
            let mut profile =
                json!({ "name": "default", "access_key_id": "testid", "access_key_secret": "testsecret" });
            for (name, value) in members.as_object().unwrap() {
                profile[name] = value.clone();
            }
            Self::tool(&json!([profile]))
        }

        fn ini(text: &str) -> Self {
            let home = Self::new();
            home.write(".alibabacloud/credentials", text);
            home
        }

        fn answering(mut self, script: impl Fn(&http::Request<bytes::Bytes>) -> Reply + Send + Sync + 'static) -> Self {
            self.http = StandIn::new(script);
            self
        }

        fn with(mut self, variable: &'static str, value: &str) -> Self {
            self.variables.push((variable, value.to_owned()));
            self
        }

        fn write(&self, path: &str, content: &str) {
            let path = self.folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }

        fn surroundings(&self) -> Surroundings {
            let variables: Vec<(&str, &str)> = self.variables.iter().map(|(name, it)| (*name, it.as_str())).collect();
            Surroundings::new(&variables, self.folder.path())
        }

        fn named(&self, name: &str) -> Profile {
            Profile::of(&self.surroundings(), name.to_owned())
        }

        async fn get(&self) -> Result<Credentials, String> {
            self.named("default").credentials(&self.http.context()).await.map_err(|error| error.to_string())
        }

        /// What is wrong with the profile `default` of the tool.
        async fn fault(&self) -> String {
            const PLACE: &str = r#"the CLI profile ~/.aliyun/config.json, profile "default": "#;
            let error = self.get().await.unwrap_err();
            error.strip_prefix(PLACE).unwrap_or_else(|| panic!("{error}")).to_owned()
        }

        fn sent(&self, name: &str) -> Option<String> {
            self.http.form(0).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
        }
    }

    #[tokio::test]
    async fn keys_of_the_tool() {
        let plain = Home::profile(&json!({ "mode": "AK" })).get().await.unwrap();
        assert_eq!((plain.access_key_id(), plain.security_token(), plain.expiration()), ("testid", None, None));
        let sts =
            Home::profile(&json!({ "mode": "StsToken", "sts_token": "testtoken", "sts_expiration": 1_772_372_096 }));
        let sts = sts.get().await.unwrap();
        assert_eq!(sts.security_token(), Some("testtoken"));
        assert_eq!(sts.expiration(), seconds(1_772_372_096));
    }

    #[tokio::test]
    async fn roles_of_the_tool_are_assumed_as_the_profile_says() {
        let home = Home::profile(&json!({
            "mode": "RamRoleArn", "ram_role_arn": "acs:ram::1:role/operator", "ram_session_name": "night",
            "expired_seconds": 900, "policy": "{}", "external_id": "e1", "sts_region": "cn-shanghai", "enable_vpc": true,
        }));
        assert_eq!(home.get().await.unwrap().access_key_id(), "STS.testid");
        assert_eq!(home.http.requests(), ["POST https://sts-vpc.cn-shanghai.aliyuncs.com/"]);
        let sent =
            ["RoleArn", "RoleSessionName", "DurationSeconds", "Policy", "ExternalId"].map(|name| home.sent(name));
        let expected = ["acs:ram::1:role/operator", "night", "900", "{}", "e1"].map(|value| Some(value.to_owned()));
        assert_eq!(sent, expected);

        let home = Home::profile(&json!({ "mode": "RamRoleArn", "ram_role_arn": "r", "expired_seconds": 0 }))
            .with("ALIBABA_CLOUD_STS_REGION", "cn-beijing");
        home.get().await.unwrap();
        assert_eq!(home.http.requests(), ["POST https://sts.cn-beijing.aliyuncs.com/"]);
        assert_eq!(home.sent("DurationSeconds").unwrap(), "3600");
    }

    #[tokio::test]
    async fn roles_follow_one_another_but_not_in_a_circle() {
        let chained = |name: &str, source: &str| json!({ "name": name, "mode": "ChainableRamRoleArn", "source_profile": source, "ram_role_arn": name });
        let key = json!({ "name": "key", "mode": "AK", "access_key_id": "testid", "access_key_secret": "testsecret" });
        let home = Home::tool(&json!([chained("default", "middle"), chained("middle", "key"), key]));
        home.get().await.unwrap();
        let roles = [0, 1].map(|index| {
            let form = home.http.form(index);
            let of = |name: &str| form.iter().find(|(known, _)| known == name).unwrap().1.clone();
            (of("RoleArn"), of("AccessKeyId"))
        });
        let pair = |role: &str, key: &str| (role.to_owned(), key.to_owned());
        assert_eq!(roles, [pair("middle", "testid"), pair("default", "STS.testid")]);

        let home = Home::tool(&json!([chained("default", "b"), chained("b", "c"), chained("c", "b")]));
        assert_eq!(home.fault().await, "its source_profile leads back to itself: default -> b -> c -> b");
        let home = Home::tool(&json!([chained("default", "b")]));
        assert_eq!(home.fault().await, r#"there is no profile "b""#);
    }

    #[tokio::test]
    async fn other_sources_of_the_tool() {
        let ecs = Home::profile(&json!({ "mode": "EcsRamRole", "ram_role_name": "operator" }))
            .answering(|_| ok(key("ecs", "2026-03-01T18:34:56Z")));
        assert_eq!(ecs.get().await.unwrap().access_key_id(), "ecs");
        assert!(ecs.http.requests()[1].ends_with("/security-credentials/operator"));

        let uri = Home::profile(&json!({ "mode": "CredentialsURI", "credentials_uri": "http://localhost:1/" }))
            .answering(|_| ok(key("uri", "2026-03-01T18:34:56Z")));
        assert_eq!(uri.get().await.unwrap().access_key_id(), "uri");

        let home = Home::new();
        home.write("token", "testtoken");
        let file = home.folder.path().join("token").display().to_string();
        let oidc = Home::profile(&json!({
            "mode": "OIDC", "ram_role_arn": "r", "oidc_provider_arn": "p", "oidc_token_file": file, "ram_session_name": "s",
        }));
        assert_eq!(oidc.get().await.unwrap().access_key_id(), "STS.testid");
        assert_eq!(oidc.sent("OIDCToken").unwrap(), "testtoken");
    }

    fn login(expires: i64) -> Value {
        json!({
            "mode": "CloudSSO", "cloud_sso_sign_in_url": "https://signin.example.com/x/login",
            "cloud_sso_account_id": "1", "cloud_sso_access_config": "ac-1", "access_token": "testlogin",
            "cloud_sso_access_token_expire": expires,
        })
    }

    /// The time that the tests begin at.
    const NOW: i64 = 1_772_368_496;

    #[tokio::test(start_paused = true)]
    async fn a_login_buys_a_key() {
        let home = Home::profile(&login(NOW + 60))
            .answering(|_| ok(format!(r#"{{"CloudCredential":{}}}"#, key("sso", "2026-03-01T13:34:56Z"))));
        assert_eq!(home.get().await.unwrap().access_key_id(), "sso");
        assert_eq!(home.http.requests(), ["POST https://signin.example.com/cloud-credentials"]);
        assert_eq!(home.http.header(0, "authorization").unwrap(), "Bearer testlogin");
        let body: Value = serde_json::from_str(&home.http.body(0)).unwrap();
        assert_eq!(body, json!({ "AccountId": "1", "AccessConfigurationId": "ac-1" }));

        let mut bought = login(NOW + 60);
        bought["sts_token"] = "testtoken".into();
        bought["sts_expiration"] = (NOW + 1000).into();
        assert_eq!(Home::profile(&bought).get().await.unwrap().access_key_id(), "testid");
        // One that is nearly over still serves where a new one cannot be had.
        bought["sts_expiration"] = (NOW + 800).into();
        let home = Home::profile(&bought).answering(|_| Reply::Unreachable);
        assert_eq!(home.get().await.unwrap().access_key_id(), "testid");
        assert_eq!(home.http.requests().len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_that_is_over_is_renewed_with_the_tool() {
        assert_eq!(
            Home::profile(&login(NOW - 1)).fault().await,
            "the CloudSSO login has expired; log in again with the aliyun command"
        );
        assert_eq!(
            Home::profile(&login(0)).fault().await,
            "cloud_sso_access_token_expire is missing; log in with the aliyun command"
        );
        let mut clear = login(NOW + 60);
        clear["cloud_sso_sign_in_url"] = "http://signin.example.com/x/login".into();
        assert_eq!(Home::profile(&clear).fault().await, "cloud_sso_sign_in_url is no https URL");
        let home = Home::profile(&login(NOW + 60))
            .answering(|_| Reply::Body(401, r#"{"ErrorCode":"Expired","ErrorMessage":"Log in."}"#.to_owned()));
        assert_eq!(home.fault().await, "CloudSSO at signin.example.com: Expired: Log in (HTTP 401)");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_command_prints_credentials() {
        const PLACE: &str = r#"the CLI profile ~/.aliyun/config.json, profile "default": its process_command: "#;
        let run = async |script: &str| {
            let home = Home::profile(&json!({ "mode": "External" }));
            home.write("print.sh", script);
            let script = home.folder.path().join("print.sh").display().to_string();
            let command = format!("sh '{script}' 'two words'");
            home.write(
                ".aliyun/config.json",
                &json!({ "profiles": [{ "name": "default", "mode": "External", "process_command": command }] })
                    .to_string(),
            );
            home.get().await.map(|credentials| {
                let token = credentials.security_token().map(str::to_owned);
                (credentials.access_key_id().to_owned(), token, credentials.expiration().is_some())
            })
        };
        let key = r#"echo '{"mode":"AK","access_key_id":"'"$1"'","access_key_secret":"testsecret"}'"#;
        assert_eq!(run(key).await.unwrap(), ("two words".to_owned(), None, false));
        let token = r#"echo '{"mode":"StsToken","access_key_id":"a","access_key_secret":"b","sts_token":"c","expiration":"2026-03-01T13:34:56Z"}'"#;
        assert_eq!(run(token).await.unwrap(), ("a".to_owned(), Some("c".to_owned()), true));
        for (script, why) in [
            ("echo testsecret >&2; exit 3", "it failed (exit status: 3); run it by hand to see why"),
            ("echo testsecret", "what it prints is broken JSON at line 1, column 2"),
            (r#"echo '{"access_key_id":"a"}'"#, "what it prints has no access_key_secret"),
            (
                r#"echo '{"mode":"StsToken","access_key_id":"a","access_key_secret":"b"}'"#,
                "what it prints has no sts_token",
            ),
            (r#"echo '{"mode":"RamRoleArn"}'"#, "the mode that it prints is neither AK nor StsToken"),
            ("yes", "it prints more than 65536 bytes"),
        ] {
            assert_eq!(run(script).await.unwrap_err(), format!("{PLACE}{why}"));
        }
    }

    #[cfg(unix)]
    #[tokio::test(start_paused = true)]
    async fn a_command_that_does_not_end_is_stopped() {
        let home = Home::profile(&json!({ "mode": "External", "process_command": "sleep 1000" }));
        assert_eq!(home.fault().await, "its process_command: it did not end within 60s");
        let home = Home::profile(&json!({ "mode": "External", "process_command": "no-such-command-here testsecret" }));
        assert!(home.fault().await.starts_with("its process_command: it cannot be started: "));
        let home = Home::profile(&json!({ "mode": "External", "process_command": "print 'testsecret" }));
        assert_eq!(home.fault().await, "its process_command: it has a quotation mark that is not closed");
    }

    #[tokio::test]
    async fn what_is_missing_or_unknown_is_named() {
        for (members, fault) in [
            (json!({ "mode": "StsToken" }), "sts_token is missing"),
            (json!({ "mode": "AK", "access_key_secret": "" }), "access_key_secret is missing"),
            (json!({ "mode": "RamRoleArn" }), "ram_role_arn is missing"),
            (json!({ "mode": "ChainableRamRoleArn" }), "source_profile is missing"),
            (json!({ "mode": "OIDC", "ram_role_arn": "r", "oidc_provider_arn": "p" }), "oidc_token_file is missing"),
            (json!({ "mode": "External" }), "process_command is missing"),
            (json!({ "mode": "CredentialsURI" }), "credentials_uri is missing"),
            (json!({ "mode": "OAuth" }), "its mode OAuth is not supported by this client"),
            (json!({ "mode": "BearerToken" }), "its mode BearerToken is not supported by this client"),
            (json!({ "mode": "testsecret" }), "its mode is not known to this client"),
        ] {
            assert_eq!(Home::profile(&members).fault().await, fault);
        }
        let off = Home::profile(&json!({ "mode": "EcsRamRole" })).with("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
        assert_eq!(off.fault().await, "the ECS RAM role (switched off by ALIBABA_CLOUD_ECS_METADATA_DISABLED)");
    }

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
            "the CLI profile ~/.aliyun/config.json: the file is broken JSON at line 2, column 37"
        );
        assert_eq!(
            fault(file(r#"{"profiles": "testsecret"}"#)).await,
            "the CLI profile ~/.aliyun/config.json: the file has a member of another type than expected at line 1, \
             column 25"
        );
        assert_eq!(
            fault(Home::ini("[default]\ntestsecret\n")).await,
            "the credentials file ~/.alibabacloud/credentials: line 2 is neither a [section] nor a key = value nor a \
             comment; looked before at: the CLI profile ~/.aliyun/config.json (no such file)"
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
    async fn the_profile_that_the_tool_uses_now_is_taken_unless_another_is_named() {
        let key = |name: &str| json!({ "name": name, "mode": "AK", "access_key_id": name, "access_key_secret": "s" });
        let of_tool = async |configuration: Value| {
            let home = Home::new();
            home.write(".aliyun/config.json", &configuration.to_string());
            let file = ProfileFile::of_tool(&home.surroundings()).remove(0).unwrap();
            let profile = FileProfile::new(&home.surroundings(), None, file);
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
    async fn sections_of_a_credentials_file() {
        const PLACE: &str = "the credentials file ~/.alibabacloud/credentials, section [default]: ";
        const KEY: &str = "access_key_id = testid\naccess_key_secret = testsecret # comment\n";
        let plain = Home::ini(&format!("[default]\ntype = access_key\n{KEY}")).get().await.unwrap();
        assert_eq!((plain.access_key_id(), plain.security_token()), ("testid", None));

        let role = Home::ini(&format!(
            "[default]\ntype = ram_role_arn\n{KEY}role_arn = r\nrole_session_name = night\npolicy = {{\"a\": 1}}\n"
        ));
        assert_eq!(role.get().await.unwrap().access_key_id(), "STS.testid");
        let sent = ["RoleArn", "RoleSessionName", "Policy"].map(|name| role.sent(name).unwrap());
        assert_eq!(sent, ["r", "night", r#"{"a": 1}"#]);

        let home = Home::new();
        home.write("token", "testtoken");
        let oidc = Home::ini(&format!(
            "[default]\ntype = oidc_role_arn\nrole_arn = r\noidc_provider_arn = p\noidc_token_file_path = {}\n",
            home.folder.path().join("token").display()
        ));
        assert_eq!(oidc.get().await.unwrap().access_key_id(), "STS.testid");

        let ecs = Home::ini("[default]\ntype = ecs_ram_role\nrole_name = operator\n")
            .answering(|_| ok(key("ecs", "2026-03-01T18:34:56Z")));
        assert_eq!(ecs.get().await.unwrap().access_key_id(), "ecs");

        for (section, fault) in [
            ("", "type is missing"),
            ("type = access_key\naccess_key_id = testid", "access_key_secret is missing"),
            ("type = rsa_key_pair", "its type rsa_key_pair is not supported by this client"),
            ("type = testsecret", "its type is not known to this client"),
        ] {
            let error = Home::ini(&format!("[default]\n{section}\n")).get().await.unwrap_err();
            assert!(error.starts_with(&format!("{PLACE}{fault}")), "{error}");
        }
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
        profile.refused(&first);
        assert_eq!(profile.credentials(&context).await.unwrap().access_key_id(), "rotated");
    }

    #[test]
    fn debug_shows_the_name() {
        assert_eq!(format!("{:?}", Home::new().named("office")), r#"Profile { name: "office", .. }"#);
    }
}
