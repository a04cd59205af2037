//! The files that hold profiles: the configuration of Alibaba's command line tool, and credentials files.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use super::file::{self, FileError};
use super::process_environment::{ProcessEnvironment, variable};
use super::tool::Configuration;
use super::{Context, Credentials, CredentialsError, CredentialsProvider, Found, Source, ini, section};
use crate::transport::BoxFuture;

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
    /// The configuration of the command line tool, below the home directory.
    pub(super) const OF_TOOL: &str = ".aliyun/config.json";

    /// The configuration of the command line tool.
    pub(super) fn of_tool(environment: &ProcessEnvironment) -> Vec<Result<Self, CredentialsError>> {
        Self::of(environment, "the CLI profile", variable::CONFIG_FILE, &[Self::OF_TOOL], Format::Json)
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
    /// Where the credentials were found last.
    read_at: Mutex<Option<String>>,
}

impl FileProfile {
    pub(super) fn new(environment: &ProcessEnvironment, name: Option<String>, file: ProfileFile) -> Self {
        Self { environment: environment.clone(), name, file, found: Found::default(), read_at: Mutex::default() }
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
        let credentials = credentials.map_err(|error| CredentialsError::broken(&place, error))?;
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
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

    fn place(&self) -> Option<String> {
        self.read_at.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests;
