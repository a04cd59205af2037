//! One attempt of a call: credentials, admission, signing, sending, reading, in this order.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use aliyun_protocol::{Method, Parameters};
use tokio::time::{Instant, timeout_at};

use crate::call::core::Core;
use crate::call::limit::{NotAdmitted, Ticket};
use crate::call::retry::Retries;
use crate::call::trace::Span;
use crate::credential::Credentials;
use crate::error::redaction::Redactor;
use crate::error::{Error, ErrorKind, Sent};
use crate::generated::field::Entry;
use crate::generated::operation::Facts;
use crate::generated::output::Output;
use crate::request::{Stamp, Unsigned};
use crate::response::body::{Blank, Body};
use crate::response::judge::{Response, redactor};
use crate::transport::send_progress::{SendProgress, Stage};
use crate::transport::{ConnectTimeout, FreshConnection, ReadUntil, TransportError};

/// A call in progress: what stays the same in all its attempts.
pub(super) struct Call {
    pub(super) core: Arc<Core>,
    pub(super) action: Cow<'static, str>,
    pub(super) method: Method,
    /// The parameters of the operation. Signing leaves them unchanged.
    pub(super) parameters: Parameters,
    pub(super) facts: Facts,
    pub(super) table: &'static [Entry],
    pub(super) blank: Blank,
    pub(super) retries: Retries,
    pub(super) timeout: Duration,
    pub(super) deadline: Instant,
    pub(super) span: Span,
}

/// What earlier attempts of a call leave behind.
#[derive(Default)]
pub(super) struct History {
    pub(super) attempts: u32,
    /// Whether they may have had an effect.
    pub(super) before: Option<Sent>,
    /// The error of the last one.
    pub(super) last: Option<Error>,
    /// Whether its response had a 5xx status.
    pub(super) server_failed: bool,
    /// The cost of the last retry.
    pub(super) spent: u32,
    /// Credentials that the service refused as expired, and the error.
    pub(super) expired: Option<(Credentials, Error)>,
    pub(super) refreshed: bool,
}

/// An attempt in progress.
pub(super) struct Attempt {
    pub(super) began: Instant,
    pub(super) span: Span,
    /// The credentials that it was signed with.
    pub(super) credentials: Option<Credentials>,
    /// Whether the limits of the client admitted it.
    pub(super) is_admitted: bool,
}

/// A longer body is read on a thread for blocking work, so that other tasks go on and the call can end in time.
const READ_AT_ONCE: usize = 64 * 1024;

/// The hint if nothing could be sent.
const CHECK_THE_WAY: &str = "check the network, the endpoint and the proxy settings, and over TLS that the certificate of the other side is trusted";

/// The hint if there are no credentials, for users of the command and for programs.
pub(super) const OTHER_CREDENTIALS: &str = "correct what the cause names, or use other credentials: ALIBABA_CLOUD_ACCESS_KEY_ID and \
                                 ALIBABA_CLOUD_ACCESS_KEY_SECRET, another profile, or in a program credentials() of \
                                 the client";

impl Call {
    /// One attempt: credentials, admission, signing, sending, reading, in this order.
    pub(super) async fn attempt(
        &mut self,
        history: &mut History,
        attempt: &mut Attempt,
        ticket: Result<Ticket, NotAdmitted>,
    ) -> Result<Box<dyn Output>, Error> {
        // Credentials.
        let own = self.retries.time_of_attempt();
        let end_after = |began: Instant| {
            let end = own.and_then(|time| began.checked_add(time)).filter(|end| *end < self.deadline);
            end.map_or((self.deadline, self.timeout), |end| (end, own.unwrap_or(self.timeout)))
        };
        let (end, time) = end_after(attempt.began);
        let credentials = if self.facts.signed {
            let provided = timeout_at(end, self.core.credentials.credentials()).await;
            let provided = provided.map_err(|_| self.no_credentials(time))?.map_err(|error| {
                self.error(ErrorKind::Credentials, Sent::No, "there are no credentials to sign with")
                    .caused_by(error)
                    .hint(OTHER_CREDENTIALS)
            });
            Some(provided?)
        } else {
            None
        };
        if let (Some((expired, error)), Some(credentials)) = (history.expired.take(), &credentials)
            && expired.is_the_same(credentials)
        {
            return Err(error.hint("there are no other credentials yet"));
        }

        // Admission. The time limit of the attempt does not run while it waits in a queue.
        let waits = Instant::now();
        let admitted = match ticket {
            Ok(ticket) => ticket.admit(self.deadline).await,
            Err(why) => Err(why),
        };
        attempt.is_admitted = admitted.is_ok();
        let permit = admitted.map_err(|why| self.not_admitted(why))?;
        let (deadline, time) = end_after(attempt.began + waits.elapsed());
        history.attempts += 1;
        attempt.span = self.span.attempt(&self.core, self.method, history.attempts);
        // A timer that has expired still polls its future once, which could have an effect that nobody waits for.
        if deadline <= Instant::now() {
            let what = format!("no time was left of {time:?} when it was its turn");
            return Err(self.error(ErrorKind::Timeout, Sent::No, what));
        }

        // Signing.
        let Self { core, action, method, parameters, .. } = self;
        let unsigned = Unsigned { settings: &core.request, action, method: *method, parameters, stamp: Stamp::NEW };
        let signed = unsigned.sign(credentials.as_ref());
        let (mut request, signed) = signed.map_err(|cause| unwritable(self.action.clone(), cause))?;
        attempt.credentials.clone_from(&credentials);

        // Sending.
        let progress = SendProgress::default();
        progress.reach(Stage::HandedOver);
        request.extensions_mut().insert(progress.clone());
        request.extensions_mut().insert(ReadUntil(deadline));
        if history.server_failed {
            request.extensions_mut().insert(FreshConnection);
        }
        let core = &self.core;
        let sent = timeout_at(deadline, attempt.span.within(core.transport.send(request, core.limits.body))).await;
        drop(permit);
        // The exchange is dropped by now. Before that, a request that was not sent could still be sent.
        let http = match sent {
            Ok(Ok(http)) => http,
            Ok(Err(error)) => {
                let redactor = || redactor(&signed, &self.parameters, credentials.as_ref(), self.table);
                return Err(self.not_answered(error, redactor));
            }
            Err(_) => return Err(self.late(&progress, time)),
        };
        if let Some(credentials) = &credentials {
            core.credentials.invalidate_if_refused(credentials, &http);
        }

        // Reading.
        let response = Response {
            service: core.request.service,
            clock: core.request.clock,
            action: &self.action,
            facts: self.facts,
            table: self.table,
            parameters: &self.parameters,
            credentials: credentials.as_ref(),
            signed: &signed,
            http: &http,
            time,
        };
        attempt.span.answered(http.status, || response.shown_request_id());
        let (answer, memory) = (response.blank(&self.blank), core.limits.memory);
        let body = if http.body.len() <= READ_AT_ONCE {
            Body::read(&http.body, answer, memory)
        } else {
            let reading = timeout_at(deadline, Body::read_aside(http.body.clone(), answer, memory)).await;
            let Ok(Some(body)) = reading else { return Err(response.not_read()) };
            body
        };
        response.judge(body)
    }

    pub(super) fn error(&self, kind: ErrorKind, sent: Sent, what: impl Into<String>) -> Error {
        Error::new(kind, self.action.clone(), sent, what)
    }

    /// Joins the queues.
    pub(super) fn enter(&self) -> Result<Ticket, NotAdmitted> {
        let rate = self.facts.per_second.map(|per_second| (self.facts.action, per_second));
        self.core.admission.enter(&self.action, rate, self.deadline)
    }

    fn not_admitted(&self, why: NotAdmitted) -> Error {
        let rate = |per_second: u32| {
            format!("this client sends no more than {per_second} requests of this operation in a second, and it")
        };
        let what = match why {
            NotAdmitted::TooLate { per_second, wait } => {
                format!(
                    "{} would be this one's turn in {:?}, after the time of the call",
                    rate(per_second),
                    rounded(wait)
                )
            }
            NotAdmitted::RateLimit { per_second } => {
                format!("{} was not this one's turn within {:?}", rate(per_second), self.timeout)
            }
            NotAdmitted::InFlight => format!(
                "this client has as many requests on their way as it may have at once, and it was not this one's turn \
                 within {:?}",
                self.timeout
            ),
        };
        let error = self.error(ErrorKind::Timeout, Sent::No, what);
        error.hint("make fewer calls at once, give the call more time, or raise the limit of the client")
    }

    fn no_credentials(&self, time: Duration) -> Error {
        let error = self.error(ErrorKind::Timeout, Sent::No, format!("no credentials within {time:?}"));
        error.hint("see whether what provides them can be reached, or give the call more time")
    }

    /// There was no response within the time limit.
    fn late(&self, progress: &SendProgress, time: Duration) -> Error {
        let endpoint = &self.core.request.endpoint;
        match progress.stage() {
            Stage::Preparing | Stage::NotSent => {
                let what = format!("no connection within {time:?} to {endpoint:?}");
                self.error(ErrorKind::Timeout, Sent::No, what).hint(CHECK_THE_WAY)
            }
            Stage::HandedOver | Stage::MaybeSent => {
                let what = format!("no answer within {time:?} from {endpoint:?}");
                self.error(ErrorKind::Timeout, Sent::Maybe, what)
            }
        }
    }

    /// The transport returned an error.
    fn not_answered(&self, error: TransportError, redactor: impl FnOnce() -> Redactor) -> Error {
        let (endpoint, timeouts) = (&self.core.request.endpoint, &self.core.timeouts);
        let TransportError { sent, source } = error;
        if source.is::<ConnectTimeout>() {
            let what = format!("no connection within {:?} to {endpoint:?}", timeouts.connect);
            return self.error(ErrorKind::Timeout, sent, what).hint(CHECK_THE_WAY);
        }
        let what = format!("no answer from {endpoint:?}");
        let error = self.error(ErrorKind::Transport, sent, what).caused_by(source).redact(&redactor());
        if sent == Sent::No { error.hint(CHECK_THE_WAY) } else { error }
    }
}

/// The request cannot be written as HTTP.
pub(super) fn unwritable(action: Cow<'static, str>, cause: http::Error) -> Error {
    let hint = if cause.is::<http::header::InvalidHeaderValue>() {
        "the access key id or the security token holds a line break or another character that no header may hold"
    } else {
        "its parameters are more than a URL may hold: send them by POST with signature V1, in the body"
    };
    Error::new(ErrorKind::Request, action, Sent::No, "the request cannot be written").caused_by(cause).hint(hint)
}

/// Rounds down to milliseconds.
pub(super) fn rounded(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
