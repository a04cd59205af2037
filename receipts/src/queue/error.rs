//! What can go wrong with a queue.

use std::error::Error as StdError;
use std::fmt;

use aliyun_runtime::{BoxError, Error, ErrorKind, RefusalKind};

/// Why a queue cannot be polled, or a poll failed.
///
/// `Display` says what happened and what to do; [`source`](StdError::source) leads to the causes. It shows no key, no
/// number of an account and nothing of a receipt.
#[derive(Debug)]
pub struct QueueError {
    kind: QueueErrorKind,
    what: String,
    source: Option<BoxError>,
    /// Whether only a person can repair it.
    for_a_person: bool,
}

/// What went wrong, for a program to distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QueueErrorKind {
    /// A name, an endpoint or a limit is not valid.
    Setting,
    /// The queue does not exist: the account is not subscribed to these receipts.
    NotSubscribed,
    /// There is no key for the queue. The source says why.
    Key,
    /// The queue does not accept a key that was issued for it.
    Rejected,
    /// The queue does not accept the request.
    Refused,
    /// There is no usable response of the queue.
    Unavailable,
    /// The receipts could not be stored. They stay in the queue. The source is an [`InboxError`](crate::InboxError).
    Inbox,
}

impl QueueError {
    pub(super) fn new(kind: QueueErrorKind, what: impl Into<String>) -> Self {
        let for_a_person = matches!(kind, QueueErrorKind::Setting | QueueErrorKind::NotSubscribed);
        Self { kind, what: what.into(), source: None, for_a_person }
    }

    pub(super) fn setting(error: Error) -> Self {
        Self::new(QueueErrorKind::Setting, "the endpoint of the queue cannot be used").caused_by(error)
    }

    pub(super) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong, for a program to distinguish.
    pub fn kind(&self) -> QueueErrorKind {
        self.kind
    }

    /// Whether polling ends with it. What may pass if the queue worked before must be repaired if it never did.
    pub(super) fn is_final(&self, has_worked: bool) -> bool {
        let is_doubtful = matches!(self.kind, QueueErrorKind::Rejected | QueueErrorKind::Refused)
            || self.kind == QueueErrorKind::Key && self.is_key_refused();
        self.for_a_person || (is_doubtful && !has_worked)
    }

    /// Whether the service refused to issue a key, or there were no credentials to ask for one: their source may be out of
    /// order for a moment.
    fn is_key_refused(&self) -> bool {
        let error = self.source.as_ref().and_then(|source| source.downcast_ref::<Error>());
        error.is_some_and(|error| match error.kind() {
            ErrorKind::Credentials => true,
            ErrorKind::Service => !error.is_transient(),
            _ => false,
        })
    }

    /// The error with its causes, in one line.
    pub(super) fn with_causes(&self) -> String {
        let (mut text, mut cause) = (self.to_string(), self.source());
        while let Some(next) = cause {
            text = format!("{text}: {next}");
            cause = next.source();
        }
        text
    }
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl StdError for QueueError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Why an exchange with the queue gave no result.
#[derive(Debug)]
pub(super) enum Fault {
    /// There is no message.
    Empty,
    /// The queue does not exist.
    Missing,
    /// Some messages were not deleted.
    Undeleted { count: usize, code: String },
    /// The key was not accepted.
    Rejected(String),
    /// The request was not accepted.
    Refused(String),
    /// No usable response.
    Unavailable(String, Option<BoxError>),
    /// No key.
    Key(Box<Error>),
}

impl Fault {
    pub(super) fn unavailable(what: impl Into<String>) -> Self {
        Self::Unavailable(what.into(), None)
    }

    /// The error of a fault at the queue of these receipts.
    pub(super) fn error(self, message_type: &str) -> QueueError {
        let queue = format!("the queue of {message_type}");
        match self {
            Self::Missing => QueueError::new(
                QueueErrorKind::NotSubscribed,
                format!(
                    "{queue} does not exist: the account is not subscribed to these receipts, or the name of the queue \
                     or its endpoint is wrong; subscribe in the console, and copy the name from there"
                ),
            ),
            Self::Rejected(what) => QueueError::new(
                QueueErrorKind::Rejected,
                format!(
                    "{queue} does not accept its key: {what}; check that queue and endpoint are of the same account and region"
                ),
            ),
            Self::Refused(what) => {
                QueueError::new(QueueErrorKind::Refused, format!("{queue} refuses the request: {what}"))
            }
            Self::Unavailable(what, source) => QueueError {
                source,
                ..QueueError::new(QueueErrorKind::Unavailable, format!("{queue} does not answer: {what}"))
            },
            Self::Key(error) => {
                let for_a_person = error.kind() == ErrorKind::Configuration
                    || matches!(
                        error.refusal(),
                        Some(RefusalKind::Denied | RefusalKind::Credentials | RefusalKind::NotFound)
                    );
                let what = format!("there is no key for {queue}");
                QueueError { for_a_person, ..QueueError::new(QueueErrorKind::Key, what).caused_by(*error) }
            }
            Self::Empty => QueueError::new(QueueErrorKind::Unavailable, format!("{queue} is empty")),
            Self::Undeleted { count, code } => {
                QueueError::new(QueueErrorKind::Unavailable, format!("{queue} did not delete {count} messages: {code}"))
            }
        }
    }
}
