//! The one error of a call: what happened, where, and what to do.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::mask;
use crate::transport::{BoxError, Sent};

/// Why a call failed.
///
/// `Display` is one line that a person can act on. Neither it nor `Debug` shows a secret, a phone number or a
/// spoken text: what a service said is shown with long runs of digits masked, and of a body only its shape.
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
    source: Option<BoxError>,
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
            source: None,
        }))
    }

    /// An error before there was a call.
    pub(crate) fn configuration(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Configuration, "", Sent::No, what)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.0.http_status = Some(status);
        self
    }

    /// What the service said of the failure.
    pub(crate) fn said(mut self, code: &str, message: &str, request_id: &str) -> Self {
        self.0.code = Some(mask::line(code)).filter(|code| !code.is_empty());
        self.0.message = Some(mask::line(&mask::digits(message))).filter(|message| !message.is_empty());
        self.0.request_id = Some(mask::line(request_id)).filter(|id| !id.is_empty());
        self
    }

    pub(crate) fn sent_to(mut self, sent: Sent) -> Self {
        self.0.sent = sent;
        self
    }

    pub(crate) fn request(mut self, request_id: Option<String>) -> Self {
        self.0.request_id = request_id;
        self
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

    /// Whether the service received the request. After `Sent::Maybe` of an operation that dials, a phone may be
    /// ringing: look the call up before you place it again.
    #[must_use]
    pub fn sent(&self) -> Sent {
        self.0.sent
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
        let mut source = inner.source.as_deref().map(|source| source as &dyn StdError);
        while let Some(cause) = source {
            write!(f, ": {}", mask::digits(&cause.to_string()))?;
            source = cause.source();
        }
        if inner.sent == Sent::Maybe {
            f.write_str("; it is not known whether the service received the request")?;
        }
        if let Some(hint) = &inner.hint {
            write!(f, "; {hint}")?;
        }
        let separator = match (inner.http_status, &inner.request_id) {
            (Some(status), Some(id)) => return write!(f, " (HTTP {status}, request {id})"),
            (Some(status), None) => return write!(f, " (HTTP {status})"),
            (None, Some(id)) => id,
            (None, None) => return Ok(()),
        };
        write!(f, " (request {separator})")
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
