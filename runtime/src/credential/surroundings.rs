//! The environment variables and the home directory that credentials are looked for in.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

type Lookup = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Where a program runs: looked up, so that tests can make one up.
#[derive(Clone)]
pub(super) struct Surroundings {
    variable: Arc<Lookup>,
    home: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    pub(super) fn of_process() -> Self {
        Self { variable: Arc::new(|name| std::env::var(name).ok()), home: std::env::home_dir() }
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

    /// Whether a switch is `true`, in any case.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
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

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Surroundings")
    }
}
