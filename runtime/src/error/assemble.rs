//! How the runtime builds an error: what the steps of a call add to it.

use std::any::Any;
use std::borrow::Cow;
use std::time::Duration;

use aliyun_protocol::RefusalKind;

use super::redaction::{self, Redactor};
use super::{BoxError, Error, ErrorKind, Inner, Sent, StartedId, Verdict, causes};
use crate::generated::operation::Facts;

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

    /// An error without a call.
    pub(crate) fn configuration(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, "", Sent::No, what)
    }

    /// Adds what to do, after the hints that are there.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        self.0.hint = Some(match self.0.hint.take() {
            Some(before) => format!("{before}; {hint}"),
            None => hint,
        });
        self
    }

    /// Adds the cause. An error-chain printer shows causes as they are, so one that must not be shown as it is, such as
    /// one with a phone number, is replaced by its redacted text.
    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(shown_cause(source.into(), |causes| redaction::causes(&redaction::digits(causes))));
        self
    }

    /// Redacts what was received.
    pub(crate) fn redact(mut self, redactor: &Redactor) -> Self {
        let inner = &mut *self.0;
        let causes = |text: &str| redaction::digits(&redactor.redact(text));
        inner.source = inner.source.take().map(|source| shown_cause(source, causes));
        inner.hint = inner.hint.take().map(|hint| redactor.redact(&hint));
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// The failure as the service stated it. A code that is listed, by itself (`Some(true)`) or by its family
    /// (`Some(false)`), is shown even if it contains a value of the request.
    pub(crate) fn said(mut self, code: &str, listed: Option<bool>, message: &str, redactor: &Redactor) -> Self {
        let shown = |text: &str| Some(redaction::line(&redaction::digits(text))).filter(|text| !text.is_empty());
        // A code that contains such a value in part is not shown either.
        let is_code = listed.is_some() || redaction::is_code(code) && redactor.redact(code) != "***";
        self.0.code = match listed {
            Some(true) => Some(code.to_owned()),
            _ if is_code => shown(code),
            _ => shown(&redactor.redact(code)),
        };
        self.0.message = shown(&redactor.redact(message));
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

    /// The request id, redacted: a response may have anything in its place.
    pub(crate) fn request(mut self, request_id: Option<&str>, redactor: &Redactor) -> Self {
        self.0.request_id = request_id.map(|id| redaction::id(&redactor.redact(id))).filter(|id| !id.is_empty());
        self
    }

    /// What the stated failure means.
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
            // This is not a refusal: the service says that it failed itself.
            Some(RefusalKind::Transient) => "the service failed",
            _ => "the service reported a failure",
        };
        what.clone_into(&mut inner.what);
        self
    }

    /// A failure whose only known facts are the status and the headers.
    pub(crate) fn told_by_status(mut self, retry_after: Option<Duration>) -> Self {
        if self.0.http_status == Some(429) {
            self.0.refusal = Some(RefusalKind::Throttled);
        }
        self.0.retry_after = retry_after;
        self
    }

    /// The time limit ended.
    pub(crate) fn late(mut self) -> Self {
        self.0.kind = ErrorKind::Timeout;
        self
    }

    /// The response ended early or was empty.
    pub(crate) fn broken(mut self) -> Self {
        self.0.broken = true;
        self
    }

    /// The call that it ended: the number of attempts, the facts of the operation, and whether attempts before the last
    /// one may have had an effect.
    pub(crate) fn ended(mut self, attempts: u32, facts: Facts, before: Sent) -> Self {
        let inner = &mut *self.0;
        inner.attempts = attempts;
        inner.facts = facts;
        inner.before = before;
        inner.sent = inner.sent.or_rather(before);
        self
    }

    /// Whether this failure may have had an effect: not if the request was refused before anything was done.
    pub(crate) fn effect(&self) -> Sent {
        if self.0.before_effect { Sent::No } else { self.0.sent }
    }

    /// One word for another error or a trace: the code, or the kind of the error.
    pub(crate) fn in_short(&self) -> Cow<'_, str> {
        match (&self.0.code, self.0.kind) {
            (Some(code), _) => Cow::Borrowed(code),
            (None, ErrorKind::Timeout) => Cow::Borrowed("timeout"),
            (None, ErrorKind::Transport) => Cow::Borrowed("transport"),
            (None, kind) => Cow::Owned(format!("{kind:?}").to_ascii_lowercase()),
        }
    }
}

/// The cause as it is, or the redacted text of the whole chain if the redaction changes it.
fn shown_cause(source: BoxError, redacted: impl FnOnce(&str) -> String) -> BoxError {
    let causes = causes(&*source);
    let redacted = redacted(&causes);
    if redacted == causes { source } else { redacted.into() }
}
