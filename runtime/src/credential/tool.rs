//! The configuration of Alibaba's command line tool, `~/.aliyun/config.json`: what its profiles may say, and where the
//! credentials of one come from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::cloud_sso::{self, CloudSso};
use super::entry::{Entry, Known, Located, RoleNames, Shape, Value};
use super::external::External;
use super::oauth::{self, OAuth};
use super::process_environment::{ProcessEnvironment, variable};
use super::temporary::{misfit, seconds};
use super::uri::CredentialsUri;
use super::{Credentials, Source, redacted};

const fn known(name: &'static str, shape: Shape, variable: Option<&'static str>) -> Known {
    Known { name, shape, variable }
}

/// All that the tool and Alibaba's clients know of credentials. What else a profile has is about regions, endpoints of
/// services, time limits, output, the renewal of logins, and the tool itself.
pub(super) const MEMBERS: [Known; 32] = [
    known("mode", Shape::Text, None),
    known("access_key_id", Shape::Text, None),
    known("access_key_secret", Shape::Text, None),
    known("sts_token", Shape::Text, None),
    known("sts_expiration", Shape::Number, None),
    known("ram_role_arn", Shape::Text, Some(variable::ROLE_ARN)),
    known("ram_role_name", Shape::Text, Some(variable::ECS_METADATA)),
    known("ram_session_name", Shape::Text, Some(variable::ROLE_SESSION_NAME)),
    known("role_session_name", Shape::Text, None),
    known("external_id", Shape::Text, Some(variable::EXTERNAL_ID)),
    known("policy", Shape::Text, None),
    known("expired_seconds", Shape::Number, None),
    known("duration_seconds", Shape::Number, None),
    known("sts_endpoint", Shape::Text, Some(variable::STS_ENDPOINT)),
    known("sts_region", Shape::Text, Some(variable::STS_REGION)),
    known("enable_vpc", Shape::Switch, Some(variable::VPC_ENDPOINT_ENABLED)),
    known("source_profile", Shape::Text, None),
    known("oidc_provider_arn", Shape::Text, Some(variable::OIDC_PROVIDER_ARN)),
    known("oidc_token_file", Shape::Text, Some(variable::OIDC_TOKEN_FILE)),
    known("process_command", Shape::Text, None),
    known("credentials_uri", Shape::Text, Some(variable::CREDENTIALS_URI)),
    known("cloud_sso_sign_in_url", Shape::Text, None),
    known("cloud_sso_account_id", Shape::Text, None),
    known("cloud_sso_access_config", Shape::Text, None),
    known("access_token", Shape::Text, None),
    known("cloud_sso_access_token_expire", Shape::Number, None),
    known("oauth_site_type", Shape::Text, None),
    known("oauth_access_token", Shape::Text, None),
    known("oauth_access_token_expire", Shape::Number, None),
    // Of modes that are not supported.
    known("private_key", Shape::Text, None),
    known("key_pair_name", Shape::Text, None),
    known("bearer_token", Shape::Text, None),
];

/// What the tool calls a mode: a way to credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    AccessKey,
    StsToken,
    Role,
    RoleOfRole,
    EcsRole,
    RoleOfEcsRole,
    Oidc,
    Command,
    Uri,
    CloudSso,
    OAuth,
    /// Not supported: its name, and why and what to do instead.
    Refused(&'static str, &'static str),
}

/// The modes of the tool, which reads their names in any case.
pub(super) const MODES: [(&str, Mode); 14] = [
    ("AK", Mode::AccessKey),
    ("StsToken", Mode::StsToken),
    ("RamRoleArn", Mode::Role),
    ("ChainableRamRoleArn", Mode::RoleOfRole),
    ("EcsRamRole", Mode::EcsRole),
    ("RamRoleArnWithRoleName", Mode::RoleOfEcsRole),
    ("OIDC", Mode::Oidc),
    ("External", Mode::Command),
    ("CredentialsURI", Mode::Uri),
    ("CloudSSO", Mode::CloudSso),
    ("OAuth", Mode::OAuth),
    ("RsaKeyPair", Mode::Refused("RsaKeyPair", "the tool itself advises against it; use an access key or a role")),
    ("BearerToken", Mode::Refused("BearerToken", "its calls are signed; use a profile with an access key or a role")),
    ("Anonymous", Mode::Refused("Anonymous", "its calls are signed; use a profile with an access key or a role")),
];

/// The modes of profiles that do not say theirs: the first whose members are all there.
const BY_MEMBERS: [(&[&str], &str); 9] = [
    (&["access_key_id", "access_key_secret", "sts_token"], "StsToken"),
    (&["access_key_id", "access_key_secret", "ram_role_arn"], "RamRoleArn"),
    (&["access_key_id", "access_key_secret"], "AK"),
    (&["private_key", "key_pair_name"], "RsaKeyPair"),
    (&["ram_role_name"], "EcsRamRole"),
    (&["process_command"], "External"),
    (&["oidc_provider_arn", "oidc_token_file", "ram_role_arn"], "OIDC"),
    (&["cloud_sso_sign_in_url"], "CloudSSO"),
    (&["bearer_token"], "BearerToken"),
];

const ROLE: RoleNames = RoleNames {
    arn: "ram_role_arn",
    session_name: &["ram_session_name", "role_session_name"],
    external_id: "external_id",
    duration: &["expired_seconds", "duration_seconds"],
    oidc_provider_arn: "oidc_provider_arn",
    oidc_token_file: "oidc_token_file",
    endpoint: Some("sts_endpoint"),
    region: "sts_region",
    vpc: Some("enable_vpc"),
};

const TEXT: &str = "a text";
const NUMBER: &str = "a whole number, 0 or more";

type Object<'a> = BTreeMap<String, &'a RawValue>;

/// A profile, without secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileOutline {
    /// Its name.
    pub name: String,
    /// The mode as the file states it; empty if it states none.
    pub mode: String,
    /// The beginning of the access key id; empty if it has none.
    pub access_key: String,
    /// The region; empty if it has none.
    pub region: String,
    /// Whether this client can use it. It is not checked whether the service accepts its key.
    pub state: ProfileState,
}

/// Whether a profile can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileState {
    /// It has what its mode needs.
    Complete,
    /// It was never set up.
    Empty,
    /// It cannot be used, for this reason.
    Unusable(String),
}

/// The configuration. Only its outline is read at first, so that what is wrong in a profile that is not used does not
/// matter.
pub(super) struct Configuration<'a> {
    text: &'a str,
    current: Option<&'a RawValue>,
    profiles: Vec<Profile<'a>>,
}

/// A profile of the configuration, unread.
pub(super) struct Profile<'a> {
    /// The line that it begins in, from 1.
    pub(super) line: usize,
    members: Object<'a>,
}

impl<'a> Configuration<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        let outline: Object<'a> = serde_json::from_str(text).map_err(|error| {
            let why = if error.is_data() { "is not a JSON object".to_owned() } else { misfit(text.as_bytes(), &error) };
            format!("the file {why}; correct it, or write it anew with `aliyun configure`")
        })?;
        let mut configuration = Self { text, current: outline.get("current").copied(), profiles: Vec::new() };
        if let Some(profiles) = outline.get("profiles") {
            let listed: Option<Vec<&'a RawValue>> = serde_json::from_str(profiles.get())
                .map_err(|_| configuration.unfit("profiles", profiles, "a list of profiles"))?;
            let read = |raw: &'a RawValue| {
                Some(Profile { line: configuration.line(raw), members: serde_json::from_str(raw.get()).ok()? })
            };
            configuration.profiles = listed.unwrap_or_default().into_iter().filter_map(read).collect();
        }
        Ok(configuration)
    }

    /// The line that a value begins in, from 1.
    fn line(&self, raw: &RawValue) -> usize {
        let offset = raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        1 + self.text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
    }

    /// What is wrong with a value of another type than expected. The value itself may be a secret.
    fn unfit(&self, name: &str, raw: &RawValue, expected: &str) -> String {
        let found = match raw.get().as_bytes().first() {
            Some(b'"') if expected == TEXT => "one with an escape that stands for no character",
            Some(b'"') => "a text",
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b't' | b'f') => "true or false",
            _ if expected == NUMBER => "another number",
            _ => "a number",
        };
        format!("{name} (line {}): expected {expected}, found {found}", self.line(raw))
    }

    /// The name of the profile that the tool uses now.
    pub(super) fn current(&self) -> Result<String, String> {
        let current = self.current.map(|raw| {
            serde_json::from_str::<Option<String>>(raw.get())
                .map_err(|_| self.unfit("current", raw, "the name of a profile"))
        });
        Ok(current.transpose()?.flatten().filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    pub(super) fn profile(&self, name: &str) -> Option<&Profile<'a>> {
        let named = |profile: &&Profile<'_>| {
            let raw = profile.members.get("name");
            raw.is_some_and(|raw| serde_json::from_str::<String>(raw.get()).is_ok_and(|found| found == name))
        };
        self.profiles.iter().find(named)
    }

    /// All profiles without their secrets.
    pub(super) fn outline(&self, environment: &ProcessEnvironment) -> Vec<ProfileOutline> {
        let of_profile = |profile: &Profile<'_>| {
            let text = |member: &str| profile.members.get(member).and_then(|raw| read::<String>(raw));
            let name = text("name")?;
            let state = match self.source(&name, environment) {
                Ok(Some(_)) => ProfileState::Complete,
                Ok(None) => ProfileState::Empty,
                Err(why) => ProfileState::Unusable(why),
            };
            let access_key = text("access_key_id").filter(|id| !id.trim().is_empty());
            Some(ProfileOutline {
                name,
                mode: text("mode").unwrap_or_default(),
                access_key: access_key.map(|id| redacted(&id)).unwrap_or_default(),
                region: text("region_id").unwrap_or_default(),
                state,
            })
        };
        self.profiles.iter().filter_map(of_profile).collect()
    }

    /// Where the credentials of a profile come from; `None` if it was never configured.
    pub(super) fn source(&self, name: &str, environment: &ProcessEnvironment) -> Result<Option<Source>, String> {
        self.source_on(name, &mut Vec::new(), environment)
    }

    /// `way` has the profiles that led to this one.
    fn source_on(
        &self,
        name: &str,
        way: &mut Vec<String>,
        environment: &ProcessEnvironment,
    ) -> Result<Option<Source>, String> {
        let round = way.iter().any(|passed| passed == name);
        way.push(name.to_owned());
        if round {
            return Err(format!("it leads back to itself: {}; name a profile with credentials", way.join(" -> ")));
        }
        let Some(profile) = self.profile(name) else { return Err(format!("there is no profile {name:?}")) };
        let mut entry = self.entry(profile, environment)?;
        let mode = mode(&entry)?;
        entry.fill()?;
        Ok(Some(match mode {
            Mode::AccessKey => match entry.key(None) {
                // What the tool writes before anything was configured.
                Err(_) if !entry.has("access_key_id") && !entry.has("access_key_secret") => return Ok(None),
                key => Arc::new(key?),
            },
            Mode::StsToken => Arc::new(temporary(&entry)?),
            Mode::Role if entry.has("sts_token") => Arc::new(entry.assume(&ROLE, entry.key(Some("sts_token"))?)?),
            Mode::Role => Arc::new(entry.assume(&ROLE, entry.key(None)?)?),
            Mode::RoleOfRole => {
                let before = entry.required("source_profile")?;
                let at = |why: String| format!("{}: {why}", entry.at("source_profile"));
                let source = self.source_on(before, way, environment).map_err(|why| match self.profile(before) {
                    Some(profile) => at(format!("profile {before:?} (line {}): {why}", profile.line)),
                    None => at(why),
                })?;
                let source = source.ok_or_else(|| at(format!("profile {before:?} holds no credentials")))?;
                Arc::new(entry.assume(&ROLE, source)?)
            }
            Mode::EcsRole => Arc::new(entry.ecs("ram_role_name")?),
            Mode::RoleOfEcsRole => Arc::new(entry.assume(&ROLE, entry.ecs("ram_role_name")?)?),
            Mode::Oidc => Arc::new(entry.oidc(&ROLE)?),
            Mode::Command => {
                entry.unless(variable::DISABLE_EXTERNAL_PROCESS, "mode External")?;
                let command = entry.required("process_command")?;
                let place = entry.at("process_command");
                let provider = External::new(command).map_err(|why| format!("{place}: {why}"))?;
                Arc::new(Located { place, provider })
            }
            Mode::Uri => {
                entry.unless(variable::DISABLE_EXTERNAL_PROCESS, "mode CredentialsURI")?;
                let provider = CredentialsUri::new(entry.required("credentials_uri")?);
                Arc::new(Located { place: entry.at("credentials_uri"), provider })
            }
            Mode::CloudSso => Arc::new(cloud_sso(&entry)?),
            Mode::OAuth => Arc::new(oauth(&entry)),
            Mode::Refused(name, why) => {
                return Err(format!("{}: {name} is not supported by this client: {why}", entry.at("mode")));
            }
        }))
    }

    /// The members of a profile that the table knows.
    fn entry(&self, profile: &Profile<'_>, environment: &ProcessEnvironment) -> Result<Entry, String> {
        let mut entry = Entry::new(&MEMBERS, environment);
        for known in &MEMBERS {
            let Some(raw) = profile.members.get(known.name).filter(|raw| raw.get() != "null") else { continue };
            let value = match known.shape {
                Shape::Text => read::<Zeroizing<String>>(raw).map(Value::Text),
                Shape::Number => read(raw).map(Value::Number),
                Shape::Switch => read(raw).map(Value::Switch),
            };
            let expected = match known.shape {
                Shape::Text => TEXT,
                Shape::Number => NUMBER,
                Shape::Switch => "true or false",
            };
            let value = value.ok_or_else(|| self.unfit(known.name, raw, expected))?;
            entry.set(known, value, self.line(raw));
        }
        Ok(entry)
    }
}

fn read<T: DeserializeOwned>(raw: &RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

/// The mode of a profile. One without is taken as the tool takes it, by the members that it has.
fn mode(entry: &Entry) -> Result<Mode, String> {
    if let Some(name) = entry.text("mode") {
        let known = || MODES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        let unknown = || format!("{}: it is not known to this client; expected one of {}", entry.at("mode"), known());
        return find(name).ok_or_else(unknown);
    }
    let name = match BY_MEMBERS.iter().find(|(members, _)| members.iter().all(|name| entry.has(name))) {
        Some((_, name)) => name,
        None => "AK",
    };
    find(name).ok_or_else(|| entry.missing("mode"))
}

fn find(name: &str) -> Option<Mode> {
    MODES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, mode)| *mode)
}

/// A temporary key that stands in the profile, with its end if that stands there too.
fn temporary(entry: &Entry) -> Result<Credentials, String> {
    let credentials = entry.key(Some("sts_token"))?;
    Ok(match entry.number("sts_expiration").filter(|_| entry.has("sts_token")).and_then(time) {
        Some(expiration) => credentials.expires_at(expiration),
        None => credentials,
    })
}

/// The key that a login of the tool bought last.
fn bought(entry: &Entry) -> Option<Credentials> {
    let complete = ["access_key_id", "access_key_secret", "sts_token"].iter().all(|name| entry.has(name));
    complete.then(|| temporary(entry).ok()).flatten().filter(|bought| bought.expiration().is_some())
}

fn time(at: u64) -> Option<SystemTime> {
    i64::try_from(at).ok().and_then(seconds)
}

fn cloud_sso(entry: &Entry) -> Result<CloudSso, String> {
    let owned = |name: &str| entry.required(name).map(str::to_owned);
    let expires = "cloud_sso_access_token_expire";
    let login = |why: String| format!("{why}: log in with the aliyun command");
    let url = "cloud_sso_sign_in_url";
    Ok(CloudSso {
        exchange: cloud_sso::exchange(entry.required(url)?).map_err(|why| format!("{}: {why}", entry.at(url)))?,
        account: owned("cloud_sso_account_id")?,
        access_configuration: owned("cloud_sso_access_config")?,
        access_token: Zeroizing::new(owned("access_token").map_err(login)?),
        access_token_expires: entry.number(expires).and_then(time).ok_or_else(|| login(entry.missing(expires)))?,
        bought: bought(entry),
    })
}

fn oauth(entry: &Entry) -> OAuth {
    let site = "oauth_site_type";
    let host = entry
        .required(site)
        .and_then(|name| oauth::host(name).ok_or_else(|| format!("{}: expected CN or INTL", entry.at(site))));
    OAuth {
        host,
        access_token: entry.text("oauth_access_token").map(|token| Zeroizing::new(token.to_owned())),
        access_token_expires: entry.number("oauth_access_token_expire").and_then(time),
        bought: bought(entry),
    }
}

#[cfg(test)]
mod tests;
