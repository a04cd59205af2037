//! Makes errors outside of the runtime: for tests, and for stand-ins of a client.

use std::time::Duration;

use aliyun_protocol::RefusalKind;

use super::{BoxError, Error, ErrorKind, Sent, Verdict};
use crate::generated::operation::Facts;

/// Makes an [`Error`], for tests and for stand-ins of a client; see [`Error::builder`].
#[must_use = "a builder does nothing until `build`"]
#[derive(Debug)]
pub struct ErrorBuilder(Error);

impl Error {
    /// An error of this kind, of a call of the operation with these facts: `SingleCallByTts::FACTS`, or
    /// [`Facts::operation`] for any other.
    ///
    /// Unless [`ErrorBuilder::sent`] says otherwise, the request was received ([`Sent::Yes`]) if the kind is `Service`,
    /// `Response` or `Paging`, may have been received if it is `Transport` or `Timeout`, and was not sent otherwise.
    ///
    /// ```
    /// use aliyun_runtime::{Error, ErrorKind, Facts, RefusalKind};
    ///
    /// let error = Error::builder(ErrorKind::Service, Facts::operation("SingleCallByTts"))
    ///     .code("isv.BUSINESS_LIMIT_CONTROL")
    ///     .refused(Some(RefusalKind::Quota))
    ///     .build();
    /// assert!(error.is_quota() && !error.is_outcome_unknown());
    /// ```
    pub fn builder(kind: ErrorKind, facts: Facts) -> ErrorBuilder {
        let (sent, what) = match kind {
            ErrorKind::Configuration => (Sent::No, "the client cannot be set up"),
            ErrorKind::Credentials => (Sent::No, "there are no credentials to sign with"),
            ErrorKind::Request => (Sent::No, "the request cannot be written"),
            ErrorKind::Transport => (Sent::Maybe, "no answer"),
            ErrorKind::Timeout => (Sent::Maybe, "no answer in time"),
            ErrorKind::Service => (Sent::Yes, "the service reported a failure"),
            ErrorKind::Response => (Sent::Yes, "the response cannot be read"),
            ErrorKind::Paging => (Sent::Yes, "the pages do not move on"),
        };
        let attempts = u32::from(sent != Sent::No);
        ErrorBuilder(Self::new(kind, facts.action, sent, what).ended(attempts, facts, Sent::No))
    }
}

impl ErrorBuilder {
    /// What happened, instead of a general sentence. It is shown as it is.
    pub fn what(mut self, what: impl Into<String>) -> Self {
        self.0.0.what = what.into();
        self
    }

    /// The service's code.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.0.0.code = Some(code.into());
        self
    }

    /// The service's message. It is shown as it is.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.0.0.message = Some(message.into());
        self
    }

    /// The request id.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.0.0.request_id = Some(id.into());
        self
    }

    /// HTTP status of the response.
    pub fn http_status(mut self, status: u16) -> Self {
        self.0.0.http_status = Some(status);
        self
    }

    /// Whether the service received the request.
    pub fn sent(mut self, sent: Sent) -> Self {
        self.0.0.sent = sent;
        self
    }

    /// The service refused the request, so that nothing was done. The kinds `Transient`, `Replayed` and `OutcomeUnknown`
    /// are not refusals: the outcome is then not known.
    pub fn refused(mut self, kind: Option<RefusalKind>) -> Self {
        use RefusalKind::{OutcomeUnknown, Replayed, Transient};
        let refused = !matches!(kind, Some(Transient | Replayed | OutcomeUnknown));
        let what = self.0.0.what.clone();
        self.0 = self.0.judged(Verdict { kind, refused, before_effect: false, advice: None }, None);
        self.0.0.what = what;
        self
    }

    /// How long the service asks to wait.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.0.0.retry_after = Some(wait);
        self
    }

    /// How often the call was attempted.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.0.0.attempts = attempts;
        self
    }

    /// The cause.
    pub fn source(mut self, source: impl Into<BoxError>) -> Self {
        self.0 = self.0.caused_by(source);
        self
    }

    /// The error.
    #[must_use]
    pub fn build(self) -> Error {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_the_careful_choice() {
        let dials = Facts::operation("Ring").reaches(crate::By::Call, "CalledNumber");
        for (kind, sent, unknown) in [
            (ErrorKind::Configuration, Sent::No, false),
            (ErrorKind::Credentials, Sent::No, false),
            (ErrorKind::Request, Sent::No, false),
            (ErrorKind::Transport, Sent::Maybe, true),
            (ErrorKind::Timeout, Sent::Maybe, true),
            (ErrorKind::Service, Sent::Yes, true),
            (ErrorKind::Response, Sent::Yes, true),
            (ErrorKind::Paging, Sent::Yes, false),
        ] {
            let error = Error::builder(kind, dials).build();
            assert_eq!((error.kind(), error.sent(), error.is_outcome_unknown()), (kind, sent, unknown), "{error}");
            assert_eq!(error.action(), "Ring");
        }
    }

    #[test]
    fn everything_said_is_what_the_error_says() {
        let error = Error::builder(ErrorKind::Service, Facts::operation("Ring"))
            .code("isv.X")
            .message("refused")
            .request_id("R-1")
            .http_status(400)
            .refused(None)
            .retry_after(Duration::from_secs(3))
            .attempts(2)
            .source("a cause")
            .build();
        assert_eq!((error.code(), error.message(), error.request_id()), (Some("isv.X"), Some("refused"), Some("R-1")));
        assert_eq!((error.http_status(), error.refusal(), error.attempts()), (Some(400), None, 2));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
        assert!(!error.is_outcome_unknown());
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "a cause");
        assert_eq!(
            error.to_string(),
            "Ring: the service reported a failure: isv.X: refused (HTTP 400, request R-1, 2 attempts)"
        );
        for kind in [RefusalKind::Transient, RefusalKind::Replayed, RefusalKind::OutcomeUnknown] {
            let error = Error::builder(ErrorKind::Service, Facts::operation("Ring")).refused(Some(kind)).build();
            assert!(error.is_outcome_unknown() && error.refusal() == Some(kind), "{kind:?}");
        }
    }
}
