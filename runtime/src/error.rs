//! The one error of a call: what happened, where, and what to do.

mod assemble;
mod builder;
pub(crate) mod redaction;
mod sent;

use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use aliyun_protocol::RefusalKind;

pub use self::builder::ErrorBuilder;
pub use self::sent::Sent;
use crate::generated::operation::Facts;

/// A cause of any type.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a call failed.
///
/// `Display` is one line that says what happened and what to do. It does not repeat [`source`](StdError::source), which
/// leads to the causes: print the whole chain, as anyhow and eyre do. `Display`, `Debug` and the causes never show a
/// secret, a phone number or a spoken text: in what a service sent, long runs of digits and all values of sensitive
/// parameters are masked, and of a body only its shape is shown.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    action: Cow<'static, str>,
    /// What happened, for people; without the parts that have accessors of their own.
    what: String,
    hint: Option<String>,
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    http_status: Option<u16>,
    sent: Sent,
    /// Whether attempts before the last one may have had an effect.
    before: Sent,
    source: Option<BoxError>,
    attempts: u32,
    /// What is known of the operation.
    facts: Facts,
    refusal: Option<RefusalKind>,
    /// Whether the request was refused, so that nothing was done.
    refused: bool,
    /// Whether the gateway refused before it passed the request on.
    before_effect: bool,
    /// Whether the response ended early or was empty.
    broken: bool,
    retry_after: Option<Duration>,
    advice: Option<&'static str>,
    /// The id of what was started.
    id: Option<StartedId>,
    /// What was read of a response that states success.
    response: Option<Box<dyn Any + Send + Sync>>,
}

/// The id of what was started, as a response gives it.
pub(crate) struct StartedId {
    /// The member of the response.
    pub(crate) name: &'static str,
    pub(crate) value: String,
    /// Whether it looks like an id, so that it may be shown.
    pub(crate) shown: bool,
}

/// What a stated failure means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) kind: Option<RefusalKind>,
    /// Whether the request was refused, so that nothing was done.
    pub(crate) refused: bool,
    /// Whether the gateway refused before it passed the request on, so that any operation may be sent again.
    pub(crate) before_effect: bool,
    /// What to do about the code.
    pub(crate) advice: Option<&'static str>,
}

/// What went wrong, for a program to distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client cannot be built: an endpoint or a setting is not valid.
    Configuration,
    /// There are no credentials to sign with.
    Credentials,
    /// The request cannot be written as HTTP.
    Request,
    /// No response: the service could not be reached, or the connection broke.
    Transport,
    /// No response within the time limit.
    Timeout,
    /// The service or its gateway refused: [`Error::code`] says why.
    Service,
    /// The response is not a valid response of this operation.
    Response,
    /// The pages do not progress, or end too early.
    Paging,
}

impl Error {
    /// Whether the gateway refused before it passed the request on: see [`Verdict`].
    pub(crate) fn is_before_effect(&self) -> bool {
        self.0.before_effect
    }

    /// Whether the response ended early or was empty.
    pub(crate) fn is_broken(&self) -> bool {
        self.0.broken
    }

    /// What went wrong, for a program to distinguish.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that was called; empty if the client was not built.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.0.action
    }

    /// The service's code, such as `isv.BUSINESS_LIMIT_CONTROL` or `SignatureDoesNotMatch`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The service's message, with long runs of digits masked and without the string to sign.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The request id: name it when you contact Alibaba.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// HTTP status of the response, if there was one.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// What to do about the code, if the service's error table lists it.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        self.0.advice
    }

    /// The number of attempts: 0 if the call failed before the first one. An attempt need not have sent anything: see
    /// [`Error::sent`].
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the service, or a proxy before it, asks to wait before the next request, if the response says so:
    /// `x-acs-retry-after`, `Retry-After`, or `TimeLeft` of `x-ratelimit-user` or `x-ratelimit-user-api`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The kind of refusal that the service stated, or that its HTTP status implies, if any.
    #[must_use]
    pub fn refusal(&self) -> Option<RefusalKind> {
        self.0.refusal
    }

    /// Whether the service refused the request because there were too many: send fewer.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.0.refusal == Some(RefusalKind::Throttled)
    }

    /// Whether the account, its user or its role lacks a permission.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.0.refusal == Some(RefusalKind::Denied)
    }

    /// Whether something that the request names does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.refusal == Some(RefusalKind::NotFound)
    }

    /// Whether the failure is temporary: of the service, of the network, or because of too many requests. The same call
    /// may succeed later. Whether it is safe to send it again is another question: see [`Error::sent`].
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let inner = &*self.0;
        matches!(inner.kind, ErrorKind::Transport | ErrorKind::Timeout)
            || matches!(inner.refusal, Some(RefusalKind::Throttled | RefusalKind::Transient | RefusalKind::Replayed))
            || inner.kind == ErrorKind::Response
                && (inner.broken || inner.http_status.is_some_and(|status| status >= 500))
    }

    /// Whether there are no credentials to sign with, or the service refused them or the signature.
    #[must_use]
    pub fn is_credentials(&self) -> bool {
        self.0.kind == ErrorKind::Credentials
            || matches!(self.0.refusal, Some(RefusalKind::Credentials | RefusalKind::Expired))
    }

    /// Whether a limit of the account is used up: its money, or the calls to one number in a minute, an hour or a day.
    /// Sending again soon does not help.
    #[must_use]
    pub fn is_quota(&self) -> bool {
        self.0.refusal == Some(RefusalKind::Quota)
    }

    /// Whether the service received the request. After `Sent::Maybe` of an operation that reaches a person, it may have
    /// done so: find out before you send it again. [`Error::is_outcome_unknown`] covers every failure that
    /// leaves the outcome open.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// Whether the call may have had an effect although it failed: an operation that reaches a person may have done so,
    /// so find out before you send it again.
    ///
    /// It is always true after `Sent::Maybe`, and never after `Sent::No`. After `Sent::Yes` it is true unless the
    /// failure is a refusal; for an operation that must not be sent twice, only a code that the specification lists is
    /// one. If an earlier attempt of the call left the outcome open, it stays open.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        let inner = &*self.0;
        match inner.sent {
            Sent::No => false,
            Sent::Maybe => true,
            Sent::Yes => inner.before != Sent::No || !(inner.refused || inner.kind == ErrorKind::Paging),
        }
    }

    /// The id of what was started, such as a `CallId`, if the response states success and contains it although the call
    /// failed: something else in the response could not be read.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_ref().map(|id| id.value.as_str())
    }

    /// What was read of a response that states success although the call failed. `T` is the output type of the call.
    /// Members that could not be read are absent.
    #[must_use]
    pub fn response<T: 'static>(&self) -> Option<&T> {
        self.0.response.as_ref()?.downcast_ref()
    }
}

impl Error {
    /// Whether the service received the request, if what happened does not make that clear: a beginning, and what follows
    /// from it.
    fn reception(&self) -> Option<(&'static str, &'static str)> {
        const MAYBE: &str = "; it is not known whether the service received the request";
        const YES: &str = "; the service received the request";
        const CHANGED: &str = "the change may have been made, so look before you send it again";
        let Inner { kind, sent, facts, .. } = *self.0;
        match (sent, kind, facts.reaches) {
            (Sent::Maybe, _, Some(reach)) => Some((MAYBE, reach.words.maybe)),
            (Sent::Maybe, ..) if facts.reads => Some((MAYBE, "")),
            (Sent::Maybe, ..) => Some((MAYBE, CHANGED)),
            (Sent::Yes, ..) if facts.reads || !self.is_outcome_unknown() => None,
            (Sent::Yes, _, Some(reach)) => Some((YES, reach.words.maybe)),
            (Sent::Yes, ..) => Some((YES, CHANGED)),
            (Sent::No, ErrorKind::Transport | ErrorKind::Timeout | ErrorKind::Credentials, Some(reach)) => {
                Some(("; nothing was sent, so ", reach.words.nobody))
            }
            (Sent::No, ..) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if !inner.action.is_empty() {
            write!(f, "{}: ", inner.action)?;
        }
        f.write_str(&inner.what)?;
        if let Some(code) = &inner.code {
            write!(f, ": {code}")?;
        }
        if let Some(message) = &inner.message {
            write!(f, ": {}", message.trim_end_matches('.'))?;
        }
        match self.reception() {
            None => {}
            Some((beginning, "")) => f.write_str(beginning)?,
            Some((beginning, rest)) if beginning.ends_with(' ') => write!(f, "{beginning}{rest}")?,
            Some((beginning, rest)) => write!(f, "{beginning}: {rest}")?,
        }
        if let Some(hint) = &inner.hint {
            write!(f, "; {hint}")?;
        }
        let mut separator = " (";
        let mut fact = |f: &mut fmt::Formatter<'_>, fact: fmt::Arguments<'_>| {
            f.write_str(std::mem::replace(&mut separator, ", "))?;
            f.write_fmt(fact)
        };
        if let Some(status) = inner.http_status {
            fact(f, format_args!("HTTP {status}"))?;
        }
        if let Some(id) = &inner.request_id {
            fact(f, format_args!("request {id}"))?;
        }
        if let Some(StartedId { name, value, .. }) = inner.id.as_ref().filter(|id| id.shown) {
            fact(f, format_args!("{name} {value}"))?;
        }
        if inner.attempts > 1 {
            fact(f, format_args!("{} attempts", inner.attempts))?;
        }
        if separator != " (" {
            f.write_str(")")?;
        }
        if let Some(advice) = inner.advice {
            write!(f, ". {advice}")?;
        }
        Ok(())
    }
}

/// The text of a cause and of those below it.
fn causes(cause: &(dyn StdError + 'static)) -> String {
    let texts: Vec<String> =
        std::iter::successors(Some(cause), |cause| (*cause).source()).map(ToString::to_string).collect();
    texts.join(": ")
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Error");
        shown.field("kind", &self.0.kind).field("sent", &self.0.sent).field("display", &format_args!("{self}"));
        if let Some(source) = self.source() {
            // The text of the causes is redacted, their `Debug` is not.
            shown.field("causes", &format_args!("{}", causes(source)));
        }
        shown.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
