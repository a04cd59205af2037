//! What a profile states about credentials, whichever file it is in: its members, with their lines.

use std::collections::BTreeMap;
use std::time::Duration;

use zeroize::Zeroizing;

use super::ecs::EcsRamRole;
use super::environment::{ACCESS_KEY_ID, ACCESS_KEY_SECRET, SECURITY_TOKEN};
use super::process_environment::ProcessEnvironment;
use super::sts::{AssumeRole, OidcRole, Role, SHORTEST};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;

/// A member that profiles of a file may have: a line of its table.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    /// The variable that is used if the profile does not set the member.
    pub(super) variable: Option<&'static str>,
}

/// The type of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    /// A non-negative integer.
    Number,
    Switch,
}

pub(super) enum Value {
    Text(Zeroizing<String>),
    Number(u64),
    Switch(bool),
}

/// A profile: what it states about credentials, and what variables state instead.
pub(super) struct Entry {
    known: &'static [Known],
    members: BTreeMap<&'static str, Member>,
    environment: ProcessEnvironment,
}

struct Member {
    value: Value,
    /// The line in the file, from 1; `None` for a variable.
    line: Option<usize>,
}

impl Entry {
    /// An empty profile; [`Entry::set`] adds the members of the file, and [`Entry::fill`] those of variables.
    pub(super) fn new(known: &'static [Known], environment: &ProcessEnvironment) -> Self {
        Self { known, members: BTreeMap::new(), environment: environment.clone() }
    }

    /// Adds a member of the file. White space around a text is ignored, and an empty text is absent.
    pub(super) fn set(&mut self, known: &'static Known, value: Value, line: usize) {
        let value = match value {
            Value::Text(text) if text.trim().is_empty() => return,
            Value::Text(text) => Value::Text(Zeroizing::new(text.trim().to_owned())),
            value => value,
        };
        self.members.insert(known.name, Member { value, line: Some(line) });
    }

    /// Whether the file sets a member.
    pub(super) fn has(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|member| member.line.is_some())
    }

    /// Adds what variables state for members that the file does not set.
    pub(super) fn fill(&mut self) -> Result<(), String> {
        for known in self.known {
            let Some(variable) = known.variable.filter(|_| !self.members.contains_key(known.name)) else { continue };
            let value = match known.shape {
                Shape::Switch if self.environment.text(variable).is_some() => {
                    Value::Switch(self.environment.switch(variable)?)
                }
                Shape::Switch => continue,
                Shape::Text | Shape::Number => match self.environment.variable(variable) {
                    Some(text) => Value::Text(text),
                    None => continue,
                },
            };
            self.members.insert(known.name, Member { value, line: None });
        }
        Ok(())
    }

    fn member(&self, name: &str) -> Option<&Member> {
        debug_assert!(self.known.iter().any(|known| known.name == name), "{name} is not in the table");
        self.members.get(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match &self.member(name)?.value {
            Value::Text(text) => Some(text.as_str()),
            Value::Number(_) | Value::Switch(_) => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        match self.member(name)?.value {
            Value::Number(number) => Some(number),
            Value::Text(_) | Value::Switch(_) => None,
        }
    }

    pub(super) fn switch(&self, name: &str) -> Option<bool> {
        match self.member(name)?.value {
            Value::Switch(on) => Some(on),
            Value::Text(_) | Value::Number(_) => None,
        }
    }

    pub(super) fn required(&self, name: &str) -> Result<&str, String> {
        self.text(name).ok_or_else(|| self.missing(name))
    }

    pub(super) fn missing(&self, name: &str) -> String {
        let variable = self.known.iter().find(|known| known.name == name).and_then(|known| known.variable);
        let or = variable.map(|variable| format!(", or set {variable}")).unwrap_or_default();
        format!("{name} is missing; add it to the profile{or}")
    }

    /// The member with its position.
    pub(super) fn at(&self, name: &str) -> String {
        let known = self.known.iter().find(|known| known.name == name);
        match (self.member(name).map(|member| member.line), known.and_then(|known| known.variable)) {
            (Some(Some(line)), _) => format!("{name} (line {line})"),
            (Some(None), Some(variable)) => format!("{name} (of {variable})"),
            _ => name.to_owned(),
        }
    }

    /// The access key of the profile; a temporary one if the name of its `token` is given. Variables replace only a
    /// whole key: an id and a secret of different keys do not work together.
    pub(super) fn key(&self, token: Option<&str>) -> Result<Credentials, String> {
        const ID: &str = "access_key_id";
        const SECRET: &str = "access_key_secret";
        if ![ID, SECRET].iter().chain(&token).any(|name| self.has(name)) {
            let set = |name| self.environment.variable(name);
            let (id, secret, of_variable) = (set(ACCESS_KEY_ID), set(ACCESS_KEY_SECRET), set(SECURITY_TOKEN));
            return match (id, secret) {
                (Some(_), Some(_)) if token.is_some() && of_variable.is_none() => {
                    Err(format!("{}, or set {SECURITY_TOKEN}", self.missing(token.unwrap_or_default())))
                }
                (Some(id), Some(secret)) => {
                    Ok(Credentials::make(&id, &secret, of_variable.as_ref().map(|token| token.as_str())))
                }
                _ => Err(format!("{}, or set {ACCESS_KEY_ID} and {ACCESS_KEY_SECRET}", self.missing(ID))),
            };
        }
        let token = token.map(|member| self.required(member)).transpose();
        Ok(Credentials::make(self.required(ID)?, self.required(SECRET)?, token?))
    }

    /// The role of the profile, assumed with the credentials of `source`.
    pub(super) fn assume(&self, names: &RoleNames, source: impl CredentialsProvider) -> Result<AssumeRole, String> {
        let mut assume = AssumeRole::new(source, self.required(names.arn)?);
        if let Some(id) = self.text(names.external_id) {
            assume = assume.external_id(id);
        }
        self.session(names, &mut assume.role)?;
        Ok(assume)
    }

    /// The role of the profile, assumed with a token of an identity provider.
    pub(super) fn oidc(&self, names: &RoleNames) -> Result<OidcRole, String> {
        let mut oidc = OidcRole::new(
            self.required(names.arn)?,
            self.required(names.oidc_provider_arn)?,
            self.required(names.oidc_token_file)?,
        );
        self.session(names, &mut oidc.role)?;
        Ok(oidc)
    }

    /// The settings of a role's session.
    fn session(&self, names: &RoleNames, role: &mut Role) -> Result<(), String> {
        let owned = |name: &str| self.text(name).map(str::to_owned);
        role.session_name = names.session_name.iter().find_map(|name| owned(name));
        role.policy = owned("policy");
        let seconds = names.duration.iter().find_map(|name| Some((*name, self.number(name)?)));
        if let Some((name, seconds)) = seconds.filter(|&(_, seconds)| seconds > 0) {
            role.duration = Duration::from_secs(seconds);
            if role.duration < SHORTEST {
                return Err(format!("{}: a session lasts {} seconds or longer", self.at(name), SHORTEST.as_secs()));
            }
        }
        if let Some((name, endpoint)) = names.endpoint.and_then(|name| Some((name, self.text(name)?))) {
            role.set_endpoint(endpoint, &self.at(name))?;
        }
        if let Some(region) = self.text(names.region) {
            role.set_region(region, &self.at(names.region))?;
        }
        role.vpc = names.vpc.and_then(|name| self.switch(name));
        role.within(&self.environment)
    }

    /// The role of the machine, with the name in the profile.
    pub(super) fn ecs(&self, name: &str) -> Result<EcsRamRole, String> {
        let ecs = EcsRamRole::of(&self.environment).map_err(|error| error.to_string())?;
        Ok(match self.text(name) {
            Some(role) => ecs.role(role),
            None => ecs,
        })
    }

    /// Refuses a source that a switch of the environment disables.
    pub(super) fn unless(&self, switch: &str, way: &str) -> Result<(), String> {
        if self.environment.switch(switch)? {
            return Err(format!("{way} is switched off by {switch}; unset it, or use another profile"));
        }
        Ok(())
    }
}

/// A provider that a member states: its errors name the member too.
pub(super) struct Located<P> {
    pub(super) place: String,
    pub(super) provider: P,
}

impl<P: CredentialsProvider> CredentialsProvider for Located<P> {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(async {
            let found = self.provider.credentials(context).await;
            found.map_err(|error| CredentialsError::broken(&self.place, error))
        })
    }

    fn invalidate(&self, credentials: &Credentials) {
        self.provider.invalidate(credentials);
    }
}

/// The names of the members that configure a role, which differ from file to file.
pub(super) struct RoleNames {
    pub(super) arn: &'static str,
    pub(super) session_name: &'static [&'static str],
    pub(super) external_id: &'static str,
    pub(super) duration: &'static [&'static str],
    pub(super) oidc_provider_arn: &'static str,
    pub(super) oidc_token_file: &'static str,
    /// The address of the service.
    pub(super) endpoint: Option<&'static str>,
    pub(super) region: &'static str,
    pub(super) vpc: Option<&'static str>,
}
