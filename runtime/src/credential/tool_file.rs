//! The configuration file of Alibaba's command line tool, for a program that shows or changes its profiles.

use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::CredentialsError;
use super::entry::Shape;
use super::file::{self, FileError};
use super::process_environment::{ProcessEnvironment, variable};
use super::profile_file::ProfileFile;
use super::tool::{Configuration, MEMBERS, MODES, Mode};
pub use super::tool::{ProfileOutline, ProfileState};

/// What a member of a profile may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberKind {
    /// A text.
    Text,
    /// A text that nobody should see.
    Secret,
    /// A non-negative integer.
    Number,
    /// `true` or `false`.
    Switch,
}

/// Members with secrets.
const SECRETS: [&str; 6] =
    ["access_key_secret", "sts_token", "access_token", "oauth_access_token", "private_key", "bearer_token"];

/// Members that are not about credentials, which the tool reads.
const OF_TOOL: [(&str, MemberKind); 6] = [
    ("region_id", MemberKind::Text),
    ("output_format", MemberKind::Text),
    ("language", MemberKind::Text),
    ("retry_timeout", MemberKind::Number),
    ("connect_timeout", MemberKind::Number),
    ("retry_count", MemberKind::Number),
];

/// The modes that a person can set up, and the members that each one needs. Logins are set up by the tool.
const NEEDS: [(Mode, &[&str]); 9] = [
    (Mode::AccessKey, &["access_key_id", "access_key_secret"]),
    (Mode::StsToken, &["access_key_id", "access_key_secret", "sts_token"]),
    (Mode::Role, &["access_key_id", "access_key_secret", "ram_role_arn"]),
    (Mode::RoleOfRole, &["source_profile", "ram_role_arn"]),
    (Mode::EcsRole, &[]),
    (Mode::RoleOfEcsRole, &["ram_role_arn"]),
    (Mode::Oidc, &["oidc_provider_arn", "oidc_token_file", "ram_role_arn"]),
    (Mode::Command, &["process_command"]),
    (Mode::Uri, &["credentials_uri"]),
];

/// The members of profiles that this client or the tool reads.
pub fn members() -> impl Iterator<Item = (&'static str, MemberKind)> {
    let kind = |name: &str, shape: Shape| match shape {
        Shape::Text if SECRETS.contains(&name) => MemberKind::Secret,
        Shape::Text => MemberKind::Text,
        Shape::Number => MemberKind::Number,
        Shape::Switch => MemberKind::Switch,
    };
    MEMBERS.iter().map(move |known| (known.name, kind(known.name, known.shape))).chain(OF_TOOL)
}

/// The modes that a person can set up, each with the members that it needs. The mode is how a profile gets credentials.
pub fn modes() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let needs = |mode: Mode| NEEDS.iter().find(|(known, _)| *known == mode).map(|(_, needs)| *needs);
    MODES.iter().filter_map(move |(name, mode)| Some((*name, needs(*mode)?)))
}

/// The file with the profiles that Alibaba's command line tool and this client share.
pub struct ToolFile {
    environment: ProcessEnvironment,
    path: PathBuf,
    place: String,
}

impl ToolFile {
    /// The file that `ALIBABA_CLOUD_CONFIG_FILE` names, or else `~/.aliyun/config.json`. It need not exist.
    pub fn of_process() -> Result<Self, CredentialsError> {
        Self::of(ProcessEnvironment::of_process())
    }

    fn of(environment: ProcessEnvironment) -> Result<Self, CredentialsError> {
        let path = match environment.text(variable::CONFIG_FILE) {
            Some(path) => PathBuf::from(path),
            None => environment
                .at_home(ProfileFile::OF_TOOL)
                .ok_or_else(|| CredentialsError::new("the home directory is not known; set HOME"))?,
        };
        let place = environment.shown(&path);
        Ok(Self { environment, path, place })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The variable that selects a profile, if it is set: the profile that the file selects then has no effect.
    #[must_use]
    pub fn selected_by_variable(&self) -> Option<(&'static str, String)> {
        Some((variable::PROFILE, self.environment.text(variable::PROFILE)?))
    }

    /// Its text; `None` if there is no such file. It contains secrets.
    pub fn read(&self) -> Result<Option<Zeroizing<String>>, CredentialsError> {
        match file::read(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(FileError::Absent) => Ok(None),
            Err(error) => Err(CredentialsError::broken(&self.place, error)),
        }
    }

    /// What a text says as such a file, or what is wrong with it, and where.
    pub fn outline(&self, text: &str) -> Result<Outline, CredentialsError> {
        let broken = |why| CredentialsError::broken(&self.place, why);
        let configuration = Configuration::read(text).map_err(broken)?;
        let current = configuration.current().map_err(broken)?;
        let profiles = configuration.outline(&self.environment);
        Ok(Outline { current, profiles })
    }
}

/// The path for people, with `~` for the home directory.
impl fmt::Display for ToolFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place)
    }
}

impl fmt::Debug for ToolFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToolFile").field(&self.place).finish()
    }
}

/// The profiles of the file, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The profile that the file selects.
    pub current: String,
    /// All profiles, in their order.
    pub profiles: Vec<ProfileOutline>,
}

impl Outline {
    /// The profile with this name.
    #[must_use]
    pub fn profile(&self, name: &str) -> Option<&ProfileOutline> {
        self.profiles.iter().find(|profile| profile.name == name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::Home;
    use super::*;

    fn outline(home: &Home, text: &str) -> Result<Outline, String> {
        ToolFile::of(home.environment()).unwrap().outline(text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_mode_needs_its_members_and_no_others() {
        let home = Home::new();
        assert_eq!(modes().count(), NEEDS.len());
        for (mode, needs) in modes() {
            let state = |left_out: Option<&str>| {
                let mut profile = json!({ "name": "a", "mode": mode });
                for name in needs.iter().filter(|name| Some(**name) != left_out) {
                    let value = if name.ends_with("uri") { "http://127.0.0.1/k" } else { "testvalue" };
                    profile[*name] = if *name == "source_profile" { "b" } else { value }.into();
                }
                let key = json!({ "name": "b", "mode": "AK", "access_key_id": "i", "access_key_secret": "s" });
                let text = json!({ "profiles": [profile, key] }).to_string();
                outline(&home, &text).unwrap().profile("a").unwrap().state.clone()
            };
            assert_eq!(state(None), ProfileState::Complete, "{mode}");
            for name in needs {
                let ProfileState::Unusable(why) = state(Some(name)) else { panic!("{mode} does not need {name}") };
                assert!(why.contains(name), "{mode}: {why}");
            }
            assert!(needs.iter().all(|name| members().any(|(known, _)| known == *name)), "{mode}");
        }
    }

    #[test]
    fn an_outline_has_no_secret_and_says_what_is_wrong() {
        let text = json!({ "current": "work", "profiles": [
            { "name": "work", "mode": "AK", "access_key_id": "testid", "access_key_secret": "testsecret",
              "region_id": "cn-hangzhou" },
            { "name": "new", "mode": "AK", "access_key_id": "", "access_key_secret": "" },
            { "name": "old", "mode": "RsaKeyPair", "private_key": "testsecret" },
            7,
        ] });
        let home = Home::new();
        let outline = outline(&home, &text.to_string()).unwrap();
        assert_eq!((outline.current.as_str(), outline.profiles.len()), ("work", 3));
        let work = outline.profile("work").unwrap();
        assert_eq!((work.access_key.as_str(), work.region.as_str()), ("test***", "cn-hangzhou"));
        assert_eq!(work.state, ProfileState::Complete);
        assert_eq!(outline.profile("new").unwrap().state, ProfileState::Empty);
        let ProfileState::Unusable(why) = &outline.profile("old").unwrap().state else { panic!("it is refused") };
        assert!(why.contains("RsaKeyPair is not supported"), "{why}");
        assert!(!format!("{outline:?}").contains("testsecret"));
    }

    #[test]
    fn a_broken_file_is_an_error_with_its_position() {
        let why = outline(&Home::new(), "{\"profiles\": [\n{]}").unwrap_err();
        assert!(why.starts_with("~/.aliyun/config.json: the file is broken JSON at line 2, column 2"), "{why}");
    }

    #[test]
    fn the_variable_names_the_file() {
        let home =
            Home::new().with("ALIBABA_CLOUD_CONFIG_FILE", "/elsewhere/c.json").with("ALIBABA_CLOUD_PROFILE", "x");
        let file = ToolFile::of(home.environment()).unwrap();
        assert_eq!(file.path(), Path::new("/elsewhere/c.json"));
        assert_eq!(file.selected_by_variable(), Some(("ALIBABA_CLOUD_PROFILE", "x".to_owned())));
        let file = ToolFile::of(Home::new().environment()).unwrap();
        assert_eq!((file.to_string().as_str(), file.selected_by_variable()), ("~/.aliyun/config.json", None));
        assert_eq!(file.read().unwrap(), None);
    }
}
