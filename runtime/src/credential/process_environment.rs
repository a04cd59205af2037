//! The environment variables and the home directory that credentials are looked for in.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// The variables that Alibaba's command and clients document, besides those of [`super::environment`].
pub(super) mod variable {
    /// The profile to use.
    pub(crate) const PROFILE: &str = "ALIBABA_CLOUD_PROFILE";
    /// A switch: profiles are not looked at.
    pub(crate) const IGNORE_PROFILE: &str = "ALIBABA_CLOUD_IGNORE_PROFILE";
    /// A mode to use instead of a profile.
    pub(crate) const PROFILE_MODE: &str = "ALIBABA_CLOUD_PROFILE_MODE";
    /// The configuration of the command.
    pub(crate) const CONFIG_FILE: &str = "ALIBABA_CLOUD_CONFIG_FILE";
    /// A switch: the configuration of the command is not looked at.
    pub(crate) const CLI_PROFILE_DISABLED: &str = "ALIBABA_CLOUD_CLI_PROFILE_DISABLED";
    /// The credentials file.
    pub(crate) const CREDENTIALS_FILE: &str = "ALIBABA_CLOUD_CREDENTIALS_FILE";
    /// A switch: no command of a profile is run, and no credentials URI is asked.
    pub(crate) const DISABLE_EXTERNAL_PROCESS: &str = "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS";
    pub(crate) const CREDENTIALS_URI: &str = "ALIBABA_CLOUD_CREDENTIALS_URI";
    /// A token to call without a signature, which this client does not do.
    pub(crate) const BEARER_TOKEN: &str = "ALIBABA_CLOUD_BEARER_TOKEN";
    pub(crate) const ROLE_ARN: &str = "ALIBABA_CLOUD_ROLE_ARN";
    pub(crate) const ROLE_SESSION_NAME: &str = "ALIBABA_CLOUD_ROLE_SESSION_NAME";
    pub(crate) const EXTERNAL_ID: &str = "ALIBABA_CLOUD_EXTERNAL_ID";
    pub(crate) const OIDC_PROVIDER_ARN: &str = "ALIBABA_CLOUD_OIDC_PROVIDER_ARN";
    pub(crate) const OIDC_TOKEN_FILE: &str = "ALIBABA_CLOUD_OIDC_TOKEN_FILE";
    /// The address of the security token service.
    pub(crate) const STS_ENDPOINT: &str = "ALIBABA_CLOUD_STS_ENDPOINT";
    pub(crate) const STS_REGION: &str = "ALIBABA_CLOUD_STS_REGION";
    /// A switch: the address within a VPC is used.
    pub(crate) const VPC_ENDPOINT_ENABLED: &str = "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED";
    /// The role of the ECS instance.
    pub(crate) const ECS_METADATA: &str = "ALIBABA_CLOUD_ECS_METADATA";
    /// A switch: the metadata service is not asked.
    pub(crate) const ECS_METADATA_DISABLED: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
    /// A switch: the metadata service is asked with a session token only.
    pub(crate) const IMDSV1_DISABLED: &str = "ALIBABA_CLOUD_IMDSV1_DISABLED";
}

/// Where a program runs: looked up, so that tests can make one up.
#[derive(Clone)]
pub(super) struct ProcessEnvironment {
    variable: Arc<Lookup>,
    home: Option<PathBuf>,
}

impl ProcessEnvironment {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        // What is no Unicode is not passed over: it is set, and wrong.
        let variable = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        Self { variable: Arc::new(variable), home: std::env::home_dir() }
    }

    #[cfg(test)]
    pub(super) fn new(variables: &[(&str, &str)], home: &Path) -> Self {
        let variables: std::collections::HashMap<String, String> =
            variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { variable: Arc::new(move |name| variables.get(name).cloned()), home: Some(home.to_owned()) }
    }

    /// The value of a variable, unless it is empty or blank. One read from a file often ends with a line break.
    pub(super) fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        let value = Zeroizing::new((self.variable)(name)?);
        Some(Zeroizing::new(value.trim().to_owned())).filter(|value| !value.is_empty())
    }

    /// The value of a variable that holds no secret.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.variable(name).map(|value| value.as_str().to_owned())
    }

    /// Whether a switch is on: `true` or `1`, in any case, since Alibaba's tools do not agree. A switch that is set to
    /// something else is an error: what it would switch off must not go on unnoticed.
    pub(super) fn switch(&self, name: &str) -> Result<bool, String> {
        match self.variable(name) {
            None => Ok(false),
            Some(value) if value.eq_ignore_ascii_case("true") || *value == "1" => Ok(true),
            Some(value) if value.eq_ignore_ascii_case("false") || *value == "0" => Ok(false),
            Some(_) => Err(format!("{name} is neither true nor false; set it to one of these, or unset it")),
        }
    }

    /// A path below the home directory, if there is one.
    pub(super) fn at_home(&self, path: &str) -> Option<PathBuf> {
        Some(self.home.as_ref()?.join(path))
    }

    /// A path for people: with `~` for the home directory.
    pub(super) fn shown(&self, path: &Path) -> String {
        let below = self.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
        match below {
            Some(below) => format!("~/{}", below.display()),
            None => path.display().to_string(),
        }
    }
}

impl fmt::Debug for ProcessEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProcessEnvironment")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_on_off_or_an_error() {
        let switch = |value| ProcessEnvironment::new(&[("SWITCH", value)], Path::new("/home/test")).switch("SWITCH");
        for (value, expected) in [
            ("true", true),
            ("TRUE", true),
            (" True\n", true),
            ("1", true),
            ("false", false),
            ("False", false),
            ("0", false),
            ("", false),
            (" ", false),
        ] {
            assert_eq!(switch(value), Ok(expected), "{value:?}");
        }
        for value in ["yes", "on", "2", "tru"] {
            let error = "SWITCH is neither true nor false; set it to one of these, or unset it";
            assert_eq!(switch(value).unwrap_err(), error, "{value:?}");
        }
        assert_eq!(ProcessEnvironment::new(&[], Path::new("/home/test")).switch("SWITCH"), Ok(false));
    }
}
