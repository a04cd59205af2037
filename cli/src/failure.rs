//! Why the command fails, and the exit status that says so.

use std::io;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use dyvmsapi::{Error, ErrorKind, Sent};

use crate::notice;

/// What the exit status means, for `--help`.
pub(crate) const EXIT_STATUS: &str = "Exit status:
  0  the service did what was asked
  1  another failure, such as an answer that cannot be read, or a result that cannot be
     written: the error then says if the call was placed or the change was made; of an
     operation that rings nobody, also that its outcome is not known: where it changes
     something, the change may have been made
  2  the command line is wrong; nothing was sent
  3  the service refused the request
  4  the service was not reached; nothing was sent
  5  a phone may be ringing: the operation rings somebody (with --untyped, any may), and
     its outcome is not known, because no answer came, or none that can be read, or the
     service failed on its way
  6  there are no credentials to sign with; nothing was sent";

const OTHER: u8 = 1;
const USAGE: u8 = 2;
const REFUSED: u8 = 3;
const NOT_SENT: u8 = 4;
const RINGING: u8 = 5;
const CREDENTIALS: u8 = 6;

/// Why the command fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line cannot be read; or it asks for help, which is no failure.
    CommandLine(clap::Error),
    /// The command line asks for what cannot be done.
    Usage(String),
    /// The call failed.
    Call {
        error: Error,
        /// Whether the operation rings somebody.
        dials: bool,
    },
    /// The result cannot be written.
    Output {
        error: io::Error,
        /// What was done all the same, and is known from nowhere else; nothing by what only reads.
        done: Option<String>,
    },
    /// This machine does not give what is needed.
    System(String, io::Error),
}

impl Failure {
    pub(crate) fn system(what: impl Into<String>, error: io::Error) -> Self {
        Self::System(what.into(), error)
    }

    pub(crate) fn call(error: Error, dials: bool) -> Self {
        Self::Call { error, dials }
    }

    /// The failure of what comes after something was done.
    pub(crate) fn after(self, done: Option<String>) -> Self {
        match self {
            Self::Output { error, .. } => Self::Output { error, done },
            other => other,
        }
    }

    /// Says on standard error what is wrong, and how the command exits.
    pub(crate) fn report(self) -> ExitCode {
        let status = self.status();
        match self {
            Self::CommandLine(error) => {
                // Nobody may be reading, as in `dyvms --help | head -1`.
                let _ = error.print();
            }
            Self::Usage(message) => notice::error(&message),
            Self::Call { error, .. } => {
                notice::error(&error.to_string());
                let below = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
                below.for_each(|cause| notice::cause(&cause.to_string()));
            }
            Self::Output { error, done: Some(done) } => {
                notice::error(&format!("{done}, but the result cannot be written: {error}"));
            }
            Self::Output { error, done: None } if error.kind() == io::ErrorKind::BrokenPipe => {}
            Self::Output { error, done: None } => notice::error(&format!("the result cannot be written: {error}")),
            Self::System(what, error) => notice::error(&format!("{what}: {error}")),
        }
        ExitCode::from(status)
    }

    fn status(&self) -> u8 {
        match self {
            Self::CommandLine(error) => u8::try_from(error.exit_code()).unwrap_or(USAGE),
            Self::Usage(_) => USAGE,
            Self::Call { error, dials } => {
                status_of(error.kind(), error.sent(), error.is_outcome_unknown().then_some(*dials))
            }
            // The reader has what it wanted, as in `dyvms call ... | head`.
            Self::Output { error, done: None } if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Output { .. } | Self::System(..) => OTHER,
        }
    }
}

/// `unknown`: where the outcome is not known, whether a phone may be ringing.
fn status_of(kind: ErrorKind, sent: Sent, unknown: Option<bool>) -> u8 {
    match unknown {
        Some(true) => return RINGING,
        Some(false) => return OTHER,
        None => {}
    }
    match (kind, sent) {
        (ErrorKind::Configuration | ErrorKind::Request, _) => USAGE,
        (ErrorKind::Credentials, _) => CREDENTIALS,
        (ErrorKind::Transport | ErrorKind::Timeout, Sent::No) => NOT_SENT,
        (ErrorKind::Service, _) => REFUSED,
        _ => OTHER,
    }
}

/// An error beside the call itself: of a client that cannot be built, of pages, which ring nobody.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::call(error, false)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output { error, done: None }
    }
}

impl From<clap::Error> for Failure {
    /// A stray value is not shown: it may be the end of a number or of a spoken text that was not quoted.
    fn from(error: clap::Error) -> Self {
        match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(argument))
                if error.kind() == clap::error::ErrorKind::UnknownArgument && !argument.starts_with('-') =>
            {
                let message = "a value follows no name; write --Name value, and quote a value that has blanks";
                Self::Usage(message.to_owned())
            }
            _ => Self::CommandLine(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_tells_what_may_have_happened() {
        let statuses = [
            (ErrorKind::Configuration, Sent::No, None, 2),
            (ErrorKind::Request, Sent::No, None, 2),
            (ErrorKind::Service, Sent::Yes, None, 3),
            (ErrorKind::Service, Sent::Yes, Some(true), 5),
            (ErrorKind::Service, Sent::Yes, Some(false), 1),
            (ErrorKind::Transport, Sent::No, None, 4),
            (ErrorKind::Timeout, Sent::No, None, 4),
            (ErrorKind::Transport, Sent::Maybe, Some(true), 5),
            (ErrorKind::Timeout, Sent::Maybe, Some(true), 5),
            (ErrorKind::Timeout, Sent::Maybe, Some(false), 1),
            (ErrorKind::Credentials, Sent::No, None, 6),
            (ErrorKind::Response, Sent::Yes, Some(true), 5),
            (ErrorKind::Response, Sent::Yes, Some(false), 1),
            (ErrorKind::Paging, Sent::Yes, None, 1),
        ];
        for (kind, sent, unknown, status) in statuses {
            assert_eq!(status_of(kind, sent, unknown), status, "{kind:?}, {sent:?}, {unknown:?}");
            assert!(EXIT_STATUS.contains(&format!("\n  {status}  ")), "{status} is documented");
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure_of_what_only_reads() {
        let failure = |kind: io::ErrorKind| Failure::from(io::Error::from(kind));
        let done = || Some("the change was made".to_owned());
        assert_eq!(failure(io::ErrorKind::BrokenPipe).status(), 0);
        assert_eq!(failure(io::ErrorKind::StorageFull).status(), 1);
        assert_eq!(failure(io::ErrorKind::BrokenPipe).after(None).status(), 0);
        assert_eq!(failure(io::ErrorKind::BrokenPipe).after(done()).status(), 1);
        assert_eq!(failure(io::ErrorKind::StorageFull).after(done()).status(), 1);
        assert_eq!(Failure::Usage(String::new()).after(done()).status(), 2);
    }
}
