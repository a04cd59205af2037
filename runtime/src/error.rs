//! The one error of a call: what happened, where, and what to do.

use std::any::Any;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use aliyun_protocol::RefusalKind;

use crate::mask::{self, Hidden};
use crate::operation::Facts;
use crate::refusal::Verdict;
use crate::retry::Failed;
use crate::transport::{BoxError, Sent};

/// Why a call failed.
///
/// `Display` is one line that a person can act on. Neither it nor `Debug` shows a secret, a phone number or a
/// spoken text: what a service said is shown with long runs of digits and all values of sensitive parameters masked, and
/// of a body only its shape.
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
    /// What attempts before the last one may have brought about.
    before: Sent,
    source: Option<BoxError>,
    /// The source and what caused it, in words.
    causes: String,
    attempts: u32,
    /// What is known of the operation.
    facts: Facts,
    refusal: Option<RefusalKind>,
    /// Whether the request was refused, so that nothing was done.
    refused: bool,
    /// Whether the gateway refused before it passed the request on.
    before_effect: bool,
    /// Whether the answer broke off or was empty.
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

/// What went wrong, as far as a program may want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client cannot be built as asked: an endpoint or an option is not valid.
    Configuration,
    /// There are no credentials to sign with.
    Credentials,
    /// The request has no form on the wire.
    Request,
    /// No answer: the service could not be reached, or the connection broke.
    Transport,
    /// No answer in time.
    Timeout,
    /// The service or its gateway refused: [`Error::code`] says why.
    Service,
    /// The service answered something that is not an answer of this operation.
    Answer,
    /// Pages do not move on.
    Paging,
}

impl Error {
    pub(crate) fn new(
        kind: ErrorKind,
        action: impl Into<Cow<'static, str>>,
        sent: Sent,
        what: impl Into<String>,
    ) -> Self {
        Self(Box::new(Inner {
            kind,
            action: action.into(),
            what: what.into(),
            hint: None,
            code: None,
            message: None,
            request_id: None,
            http_status: None,
            sent,
            before: Sent::No,
            source: None,
            causes: String::new(),
            attempts: 0,
            facts: Facts::operation(""),
            refusal: None,
            refused: false,
            before_effect: false,
            broken: false,
            retry_after: None,
            advice: None,
            id: None,
            response: None,
        }))
    }

    /// An error before there was a call.
    pub(crate) fn configuration(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, "", Sent::No, what)
    }

    /// Adds what to do, behind what is there.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        self.0.hint = Some(match self.0.hint.take() {
            Some(before) => format!("{before}; {hint}"),
            None => hint,
        });
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        let source = source.into();
        let mut causes = source.to_string();
        let mut below = source.source();
        while let Some(cause) = below {
            causes.push_str(": ");
            causes.push_str(&cause.to_string());
            below = cause.source();
        }
        self.0.causes = causes;
        self.0.source = Some(source);
        self
    }

    /// Masks what came from outside. A cause that says what must not show is replaced by its masked words, since
    /// whoever prints an error may print its causes as they are.
    pub(crate) fn hide(mut self, hidden: &Hidden) -> Self {
        let inner = &mut *self.0;
        let causes = mask::digits(&hidden.hide(&inner.causes));
        if causes != inner.causes {
            inner.source = Some(causes.clone().into());
            inner.causes = causes;
        }
        inner.hint = inner.hint.take().map(|hint| hidden.hide(&hint));
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// What the service said of the failure. A code that is listed, by itself (`Some(true)`) or in a family, is not a value
    /// of the request, whatever it has in common with one.
    pub(crate) fn said(mut self, code: &str, listed: Option<bool>, message: &str, hidden: &Hidden) -> Self {
        let shown = |text: &str| Some(mask::line(&mask::digits(text))).filter(|text| !text.is_empty());
        // Nor is a code of which only a part is such a value.
        let is_code = listed.is_some() || mask::is_code(code) && hidden.hide(code) != "***";
        self.0.code = match listed {
            Some(true) => Some(code.to_owned()),
            _ if is_code => shown(code),
            _ => shown(&hidden.hide(code)),
        };
        self.0.message = shown(&hidden.hide(message));
        self
    }

    /// What was read of a response that states success, and the id in it of what was started.
    pub(crate) fn keep(mut self, id: Option<StartedId>, response: Box<dyn Any + Send + Sync>) -> Self {
        self.0.id = id;
        self.0.response = Some(response);
        self
    }

    pub(crate) fn sent_to(mut self, sent: Sent) -> Self {
        self.0.sent = sent;
        self
    }

    /// The request id, of which only what it must not hold is taken out: anything may stand in its place.
    pub(crate) fn request(mut self, request_id: Option<&str>, hidden: &Hidden) -> Self {
        self.0.request_id = request_id.map(|id| mask::id(&hidden.hide(id))).filter(|id| !id.is_empty());
        self
    }

    /// What the failure means that the service stated.
    pub(crate) fn judged(mut self, verdict: Verdict, retry_after: Option<Duration>) -> Self {
        let inner = &mut *self.0;
        let Verdict { kind, refused, before_effect, advice } = verdict;
        (inner.refusal, inner.refused, inner.before_effect, inner.advice) = (kind, refused, before_effect, advice);
        inner.retry_after = retry_after;
        if kind == Some(RefusalKind::Replayed) {
            inner.sent = Sent::Maybe;
        }
        let what = match kind {
            _ if refused => "the service refused the request",
            // It did not refuse: it says that something went wrong on its side.
            Some(RefusalKind::Transient) => "the service failed",
            _ => "the service reported a failure",
        };
        what.clone_into(&mut inner.what);
        self
    }

    /// A failure of which only the status and the headers are known to mean something.
    pub(crate) fn told_by_status(mut self, retry_after: Option<Duration>) -> Self {
        if self.0.http_status == Some(429) {
            self.0.refusal = Some(RefusalKind::Throttled);
        }
        self.0.retry_after = retry_after;
        self
    }

    /// The time was over.
    pub(crate) fn late(mut self) -> Self {
        self.0.kind = ErrorKind::Timeout;
        self
    }

    /// The answer broke off or was empty.
    pub(crate) fn broken(mut self) -> Self {
        self.0.broken = true;
        self
    }

    /// The call it ended: how often it was attempted, what is known of its operation, and what attempts before the last one
    /// may have brought about.
    pub(crate) fn ended(mut self, attempts: u32, facts: Facts, before: Sent) -> Self {
        let inner = &mut *self.0;
        inner.attempts = attempts;
        inner.facts = facts;
        inner.before = before;
        inner.sent = inner.sent.or_rather(before);
        self
    }

    /// What the next step depends on.
    pub(crate) fn failed(&self) -> Failed {
        let inner = &*self.0;
        Failed {
            kind: inner.kind,
            refusal: inner.refusal,
            before_effect: inner.before_effect,
            sent: inner.sent,
            status: inner.http_status,
            broken: inner.broken,
            attempts: 0,
            left: Duration::ZERO,
            took: Duration::ZERO,
            retry_after: inner.retry_after,
            refreshed: false,
        }
    }

    /// What this failure may have brought about: nothing where it was refused before anything was done.
    pub(crate) fn effect(&self) -> Sent {
        if self.0.before_effect { Sent::No } else { self.0.sent }
    }

    /// In a word, for another error or a trace: the code, the kind of error.
    pub(crate) fn in_short(&self) -> Cow<'_, str> {
        match (&self.0.code, self.0.kind) {
            (Some(code), _) => Cow::Borrowed(code),
            (None, ErrorKind::Timeout) => Cow::Borrowed("timeout"),
            (None, ErrorKind::Transport) => Cow::Borrowed("transport"),
            (None, kind) => Cow::Owned(format!("{kind:?}").to_ascii_lowercase()),
        }
    }

    /// What went wrong, as far as a program may want to know.
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

    /// The service's words, with long runs of digits masked and without the string to sign.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The request id: name it when you ask Alibaba.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// HTTP status of the answer, if there was one.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// What to do about the code, where the service's error table knows it.
    #[must_use]
    pub fn advice(&self) -> Option<&'static str> {
        self.0.advice
    }

    /// How often the call was attempted: 0 where it failed before the first attempt. An attempt need not have come to
    /// sending: [`Error::sent`] tells.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the service, or a proxy before it, asks to wait before the next request, if it says so:
    /// `x-acs-retry-after`, `Retry-After`, or `TimeLeft` of `x-ratelimit-user` or `x-ratelimit-user-api`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the service refused because too many requests came: slow down.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.0.refusal == Some(RefusalKind::Throttled)
    }

    /// Whether the account, its user or its role may not do this.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.0.refusal == Some(RefusalKind::Denied)
    }

    /// Whether what the request names does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.0.refusal == Some(RefusalKind::NotFound)
    }

    /// Whether it may pass by itself: the service or the way to it failed, or too many requests came. That the same
    /// call may succeed later does not say that it may be repeated: [`Error::sent`] does.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let inner = &*self.0;
        matches!(inner.kind, ErrorKind::Transport | ErrorKind::Timeout)
            || matches!(inner.refusal, Some(RefusalKind::Throttled | RefusalKind::Transient | RefusalKind::Replayed))
            || inner.kind == ErrorKind::Answer
                && (inner.broken || inner.http_status.is_some_and(|status| status >= 500))
    }

    /// Whether there are no credentials to sign with, or the service refused them or the signature.
    #[must_use]
    pub fn is_credentials(&self) -> bool {
        self.0.kind == ErrorKind::Credentials
            || matches!(self.0.refusal, Some(RefusalKind::Credentials | RefusalKind::Expired))
    }

    /// Whether a limit of the account is used up: its money, or the calls that one number may get in a minute, an hour
    /// or a day. Sending again soon does not help.
    #[must_use]
    pub fn is_quota(&self) -> bool {
        self.0.refusal == Some(RefusalKind::Quota)
    }

    /// Whether the service received the request. After `Sent::Maybe` of an operation that dials, a phone may be
    /// ringing: look the call up before you place it again. [`Error::is_outcome_unknown`] tells of every failure that
    /// leaves this open.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// Whether something may have come of the call although it failed: after one that dials, a phone may be ringing, so
    /// look it up before you place it again.
    ///
    /// It is so always after `Sent::Maybe` and never after `Sent::No`. After `Sent::Yes` it is so unless the failure is a
    /// refusal: for an operation that must not be repeated, one whose code the specification lists as such. What an earlier
    /// attempt of the call left open stays open.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        let inner = &*self.0;
        match inner.sent {
            Sent::No => false,
            Sent::Maybe => true,
            Sent::Yes => inner.before != Sent::No || !(inner.refused || inner.kind == ErrorKind::Paging),
        }
    }

    /// The id of what was started, such as a `CallId`, where the response states success and carries it, although the call
    /// failed: something else in the response could not be read.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.0.id.as_ref().map(|id| id.value.as_str())
    }

    /// What was read of a response that states success although the call failed: `T` is the type that the call would have
    /// returned. Members that could not be read are absent.
    #[must_use]
    pub fn response<T: 'static>(&self) -> Option<&T> {
        self.0.response.as_ref()?.downcast_ref()
    }
}

impl Error {
    /// Whether the service received the request, where that is not plain from what happened.
    fn reception(&self) -> &'static str {
        let Inner { kind, sent, facts, .. } = *self.0;
        let dials = facts.dials.is_some();
        match (sent, kind) {
            (Sent::Maybe, _) if dials => {
                "; it is not known whether the service received the request: a phone may be ringing, so look the call up \
                 before you place it again"
            }
            (Sent::Maybe, _) if facts.reads => "; it is not known whether the service received the request",
            (Sent::Maybe, _) => {
                "; it is not known whether the service received the request: the change may have been made, so look \
                 before you send it again"
            }
            (Sent::Yes, _) if facts.reads || !self.is_outcome_unknown() => "",
            (Sent::Yes, _) if dials => {
                "; the service received the request: a phone may be ringing, so look the call up before you place it again"
            }
            (Sent::Yes, _) => {
                "; the service received the request: the change may have been made, so look before you send it again"
            }
            (Sent::No, ErrorKind::Transport | ErrorKind::Timeout | ErrorKind::Credentials) if dials => {
                "; nothing was sent, so no phone rings"
            }
            _ => "",
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
        if !inner.causes.is_empty() {
            write!(f, ": {}", mask::causes(&mask::digits(&inner.causes)))?;
        }
        f.write_str(self.reception())?;
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

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("sent", &self.0.sent)
            .field("display", &format_args!("{self}"))
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
