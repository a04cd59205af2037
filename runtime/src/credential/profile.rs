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
mod tests;
