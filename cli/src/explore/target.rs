//! Whom a call of the page reaches: the emulator, or the service itself.

use dyvmsapi::Client;

use crate::client::{Connection, Options};
use crate::failure::Failure;
use crate::request::Request;

/// Whom a call reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Emulator,
    Live,
}

impl Target {
    /// The name in paths.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Emulator => "emulator",
            Self::Live => "live",
        }
    }
}

/// A client, and the options that say the same on a command line.
pub(crate) struct Route {
    client: Client,
    options: Options,
}

impl Route {
    fn new(options: Options) -> Result<Self, Failure> {
        Ok(Self { client: options.settings()?.build()?, options })
    }

    pub(crate) fn connection(&self, request: &Request) -> Connection {
        Connection::shared(&self.client, &self.options, request)
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }
}

/// The clients. All calls of a target share one, so that its limits apply to all of them.
pub(crate) struct Targets {
    emulator: Route,
    live: Option<Route>,
}

impl Targets {
    pub(crate) fn new(options: &Options, emulator: String, is_live: bool) -> Result<Self, Failure> {
        let live = if is_live { Some(Route::new(options.clone())?) } else { None };
        Ok(Self { emulator: Route::new(options.emulated(emulator))?, live })
    }

    /// The target with this name, if calls can reach it.
    pub(crate) fn find(&self, name: &str) -> Option<(Target, &Route)> {
        match name {
            "emulator" => Some((Target::Emulator, &self.emulator)),
            "live" => Some((Target::Live, self.live.as_ref()?)),
            _ => None,
        }
    }
}
