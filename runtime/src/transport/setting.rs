//! Why a setting of a client cannot be used.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::error::BoxError;

/// Why a setting cannot be used: a reason, of which the client makes an error.
#[derive(Debug)]
pub(crate) struct InvalidSetting {
    /// What is wrong, without secrets.
    pub(crate) what: String,
    /// What to do instead.
    pub(crate) hint: Option<Cow<'static, str>>,
    pub(crate) source: Option<BoxError>,
}

impl InvalidSetting {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, source: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for InvalidSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl StdError for InvalidSetting {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
