//! The task of a call: it attempts the call until there is a response, or no retry is possible.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use aliyun_protocol::{Method, Parameters};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::call::attempt::{Attempt, Call, History, rounded};
use crate::call::core::Core;
use crate::call::limit::{NotAdmitted, Ticket};
use crate::call::retry::{Budget, Failed, Next, Retries, next};
use crate::call::trace::Span;
use crate::error::{Error, ErrorKind, Sent};
use crate::generated::field::Entry;
use crate::generated::operation::Facts;
use crate::generated::output::Output;
use crate::response::body::Blank;

/// How a call ended.
pub(super) type Ended = Result<Box<dyn Output>, Error>;

/// About 30 years, as tokio defines it.
const FOREVER: Duration = Duration::from_secs(86_400 * 365 * 30);

/// A call without the type of its response.
pub(crate) struct Prepared {
    pub(super) action: Cow<'static, str>,
    pub(super) method: Method,
    pub(super) parameters: Parameters,
    /// The facts of the operation.
    pub(super) facts: Facts,
    /// The table of its parameters.
    pub(super) table: &'static [Entry],
    pub(super) timeout: Option<Duration>,
    pub(super) retries: Option<Retries>,
    /// Why the request cannot be sent.
    pub(super) fault: Option<String>,
}

impl Call {
    /// Starts a call. It joins the queues here, so that calls go in the order of their first polls.
    pub(super) fn start(core: Arc<Core>, prepared: Prepared, blank: Blank) -> Result<JoinHandle<Ended>, Error> {
        let Prepared { action, method, parameters, facts, table, timeout, retries, fault } = prepared;
        let fail = |kind, what: String| Error::new(kind, action.clone(), Sent::No, what).ended(0, facts, Sent::No);
        if let Some(fault) = fault {
            return Err(fail(ErrorKind::Request, fault));
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            let error = fail(ErrorKind::Configuration, "the call is not made within a tokio runtime".to_owned());
            return Err(error.hint("await it in a task of tokio, or let a tokio runtime block on it"));
        };
        let timeout = timeout.unwrap_or(core.timeouts.call);
        let now = Instant::now();
        let run = Self {
            method,
            parameters,
            facts,
            table,
            blank,
            retries: retries.unwrap_or(core.retries),
            timeout,
            // A time limit beyond the range of the clock is no limit.
            deadline: now.checked_add(timeout).unwrap_or(now + FOREVER),
            span: Span::operation(&core, &action),
            core,
            action,
        };
        let ticket = run.enter();
        let span = run.span.clone();
        Ok(runtime.spawn(span.within(run.drive(ticket))))
    }

    /// Attempts the call until there is a response, or no retry is possible.
    async fn drive(mut self, mut ticket: Result<Ticket, NotAdmitted>) -> Result<Box<dyn Output>, Error> {
        let mut history = History::default();
        loop {
            let mut attempt =
                Attempt { began: Instant::now(), span: Span::none(), credentials: None, is_admitted: true };
            let error = match self.attempt(&mut history, &mut attempt, ticket).await {
                Ok(answer) => {
                    self.core.budget.earn(history.spent);
                    return Ok(answer);
                }
                Err(error) if attempt.is_admitted => error,
                // A later attempt would not be admitted either. The error of the attempt before is more useful.
                Err(error) => {
                    let last = history.last.take();
                    let hint = "there is no time left for another attempt within the limits of the client";
                    return Err(self.end(history, last.map_or(error, |last| last.hint(hint))));
                }
            };
            let pause = match self.next(&mut history, attempt, error) {
                Ok(pause) => pause,
                Err(error) => return Err(self.end(history, error)),
            };
            if !pause.is_zero() {
                sleep(pause).await;
            }
            ticket = self.enter();
        }
    }

    /// The back-off before the next attempt, or the error that the call ends with.
    fn next(&self, history: &mut History, attempt: Attempt, error: Error) -> Result<Duration, Error> {
        let now = Instant::now();
        let failed = Failed {
            attempts: history.attempts,
            left: self.deadline.saturating_duration_since(now),
            took: now.saturating_duration_since(attempt.began),
            refreshed: history.refreshed,
            ..Failed::of(&error)
        };
        attempt.span.failed(&error);
        history.server_failed = failed.status.is_some_and(|status| (500..600).contains(&status));
        // The upper half of a random number is random too.
        #[allow(clippy::cast_possible_truncation, reason = "half of the number is enough")]
        let random = ((self.core.request.nonce)() >> 64) as u64;
        let idempotent = self.facts.is_repeatable();
        let cost = Budget::cost(error.kind());
        Err(match next(&failed, idempotent, self.retries, random) {
            Next::Final | Next::Attempts => error,
            Next::Time(_) if failed.left.is_zero() => error,
            Next::Time(pause) if failed.retry_after.is_some() => error.hint(format!(
                "the service asks for a pause of {pause:?}, and {:?} are left of the call: send it again after that",
                rounded(failed.left)
            )),
            Next::Time(_) => error.hint("there is no time left for another attempt"),
            Next::Again(_) if !self.core.budget.spend(cost) => {
                error.hint("it was not repeated, because too many calls of this client failed lately")
            }
            Next::Again(pause) => {
                history.before = Some(history.before.unwrap_or(Sent::No).or_rather(error.effect()));
                history.spent = cost;
                self.span.repeats(pause, &error);
                history.last = Some(error);
                return Ok(pause);
            }
            // It costs nothing: an expired key is not a sign of a failing service.
            Next::Refresh => {
                history.refreshed = true;
                self.span.repeats(Duration::ZERO, &error);
                history.expired = attempt.credentials.map(|credentials| (credentials, error));
                return Ok(Duration::ZERO);
            }
        })
    }

    /// The error that the call ends with.
    fn end(&self, history: History, error: Error) -> Error {
        let error = error.ended(history.attempts, self.facts, history.before.unwrap_or(Sent::No));
        let error = match history.last {
            Some(last) => {
                let short = last.in_short();
                let id = last.request_id().map(|id| format!(", request {id}")).unwrap_or_default();
                error.hint(format!("the attempt before ended with {short}{id}"))
            }
            None => error,
        };
        self.span.failed(&error);
        error
    }
}
