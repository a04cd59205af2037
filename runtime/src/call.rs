//! One call: encode, sign, send, read.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use aliyun_protocol::{Method, Parameters, parameter};
use bytes::Bytes;
use serde_json::Value;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep, timeout_at};

use crate::answer::{Answer, Blank, Body, Response, blank, hidden};
use crate::client::Core;
use crate::credential::Credentials;
use crate::encode::encode;
use crate::error::{Error, ErrorKind};
use crate::field::{Entry, Fields};
use crate::limit::{NotAdmitted, Ticket};
use crate::operation::Facts;
use crate::request::Unsigned;
use crate::retry::{Budget, Failed, Next, Retries, next};
use crate::trace::Span;
use crate::transport::{ConnectTimeout, Departure, FreshConnection, ReadUntil, Sent, Stage, TransportError};

/// A call that is ready to be made: `.await` it. Options of the call are set here; fields belong to the request.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<T> {
    core: Arc<Core>,
    prepared: Prepared,
    answer: PhantomData<fn() -> T>,
}

/// A call without the type of its answer.
pub(crate) struct Prepared {
    action: Cow<'static, str>,
    method: Method,
    parameters: Parameters,
    /// What is known of the operation.
    facts: Facts,
    /// The parameters that it is known to have.
    table: &'static [Entry],
    timeout: Option<Duration>,
    retries: Option<Retries>,
    /// Why the request cannot be sent.
    fault: Option<String>,
}

/// Room for a usual request, so that its buffer never moves: the protocol's own parameters take about 320 bytes.
const PAIRS: usize = 24;
const BYTES: usize = 1024;

/// What to do without credentials, at a shell and in a program.
const OTHER_CREDENTIALS: &str = "correct that, or use other credentials: ALIBABA_CLOUD_ACCESS_KEY_ID and \
                                 ALIBABA_CLOUD_ACCESS_KEY_SECRET, another profile, or in a program credentials() of \
                                 the client";

impl Prepared {
    /// Not generic, as everything that does not need the type of the answer: a program compiles it once.
    fn of(facts: Facts, request: &dyn Fields) -> Self {
        let mut parameters = Parameters::with_capacity(PAIRS, BYTES);
        let (table, fault) = encode(request, &mut parameters);
        Self { facts, table, fault, ..Self::new(Cow::Borrowed(facts.action), facts.method, parameters) }
    }

    fn new(action: Cow<'static, str>, method: Method, parameters: Parameters) -> Self {
        let facts = Facts::operation("");
        Self { action, method, parameters, facts, table: &[], timeout: None, retries: None, fault: None }
    }
}

impl<T> Call<T> {
    /// A call of an operation that is known.
    #[inline]
    pub(crate) fn of(core: &Arc<Core>, facts: Facts, request: &dyn Fields) -> Self {
        Self::new(core, Prepared::of(facts, request))
    }

    /// A call of an operation of which only the name is known.
    pub(crate) fn untyped(core: &Arc<Core>, action: String) -> Self {
        let parameters = Parameters::with_capacity(PAIRS, BYTES);
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if !action.is_empty() && action.bytes().all(plain) {
            return Self::new(core, Prepared::new(Cow::Owned(action), Method::Post, parameters));
        }
        let fault = format!("{action:?} is no name of an operation, such as \"CancelCall\"");
        Self::new(core, Prepared { fault: Some(fault), ..Prepared::new(Cow::Borrowed(""), Method::Post, parameters) })
    }

    #[inline]
    fn new(core: &Arc<Core>, prepared: Prepared) -> Self {
        Self { core: Arc::clone(core), prepared, answer: PhantomData }
    }

    /// How long this call may take in all, with all its attempts and the pauses between them.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.prepared.timeout = Some(timeout);
        self
    }

    /// How often this call is attempted, instead of as the client says; [`Retries::never`] for once.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.prepared.retries = Some(retries);
        self
    }

    /// Sends by this HTTP method instead of the operation's own.
    pub fn method(mut self, method: Method) -> Self {
        self.prepared.method = method;
        self
    }

    /// Sends a further parameter, such as `OwnerId`, which every operation of the service accepts and no request
    /// carries. The name must not be one of the request or of the protocol.
    pub fn parameter(mut self, name: &str, value: &str) -> Self {
        let fault = if parameter::ALL.contains(&name) {
            format!("parameter {name} belongs to the protocol and is set by the client")
        } else if self.prepared.parameters.contains(name) {
            format!("parameter {name} is given twice")
        } else {
            self.prepared.parameters.push(name, value);
            return self;
        };
        self.prepared.fault.get_or_insert(fault);
        self
    }
}

impl Call<Value> {
    /// Says of an operation that is called by its name what is known of it: its HTTP method, whether it may be repeated
    /// without harm, whether it rings someone, how many requests a second it takes. What is known of an operation that has
    /// a type stands in its specification.
    ///
    /// A call that is said to be idempotent is repeated where it is not known whether the service received it, unless it is
    /// said to ring someone too.
    pub fn facts(mut self, facts: Facts) -> Self {
        self.prepared.method = facts.method;
        self.prepared.facts = facts;
        self
    }

    /// Makes the call, and reads its answer into what `blank` makes instead of a free value: for whoever knows the type of
    /// an answer at run time only.
    #[doc(hidden)]
    pub fn read_into<T: Answer + Default>(self, blank: impl Fn() -> T + Send + Sync + 'static) -> CallFuture<T> {
        CallFuture::new(self.core, self.prepared, Box::new(move || Box::new(blank())))
    }
}

impl<T> Call<T> {
    /// The body that V1 would send, for benches.
    #[doc(hidden)]
    #[must_use]
    pub fn signed_body(mut self, credentials: &Credentials) -> Bytes {
        self.unsigned().v1(credentials)
    }

    /// The headers that V3 would send, for benches.
    #[doc(hidden)]
    #[must_use]
    pub fn signed_headers(mut self, credentials: &Credentials) -> Vec<(http::HeaderName, http::HeaderValue)> {
        self.unsigned().v3(credentials).map(|(headers, _)| headers).unwrap_or_default()
    }

    fn unsigned(&mut self) -> Unsigned<'_> {
        let Prepared { action, method, parameters, .. } = &mut self.prepared;
        Unsigned { core: &self.core, action, method: *method, parameters }
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("action", &self.prepared.action)
            .field("parameters", &self.prepared.parameters)
            .finish_non_exhaustive()
    }
}

impl<T: Answer + Default> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    #[inline]
    fn into_future(self) -> CallFuture<T> {
        let Self { core, prepared, .. } = self;
        CallFuture::new(core, prepared, Box::new(blank::<T>))
    }
}

/// A call under way. Dropping it cancels it; what was sent by then stays sent.
///
/// From its first poll on, a call is a task of its own: it goes on, and ends in its time, whether or not this is polled.
/// So a call that nobody looks after holds nothing that others wait for.
#[must_use = "a future does nothing until it is awaited"]
pub struct CallFuture<T> {
    state: State,
    answer: PhantomData<fn() -> T>,
}

enum State {
    New(Option<Box<(Arc<Core>, Prepared, Blank)>>),
    Started(Task),
}

/// The task of a call, which ends with this.
struct Task {
    handle: JoinHandle<Ended>,
    action: Cow<'static, str>,
    facts: Facts,
}

/// How a call ended.
type Ended = Result<Box<dyn Answer>, Error>;

impl Drop for Task {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl<T> CallFuture<T> {
    fn new(core: Arc<Core>, prepared: Prepared, blank: Blank) -> Self {
        Self { state: State::New(Some(Box::new((core, prepared, blank)))), answer: PhantomData }
    }
}

impl<T: Answer + Default> Future for CallFuture<T> {
    type Output = Result<T, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer: Box<dyn std::any::Any> = ready!(self.state.poll(context))?;
        // The answer was made for this type.
        Poll::Ready(Ok(answer.downcast::<T>().map(|answer| *answer).unwrap_or_default()))
    }
}

impl State {
    /// The same compiled code for every operation.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Box<dyn Answer>, Error>> {
        if let Self::New(call) = self
            && let Some(call) = call.take()
        {
            let (core, prepared, blank) = *call;
            let (action, facts) = (prepared.action.clone(), prepared.facts);
            *self = Self::Started(Task { handle: Run::start(core, prepared, blank)?, action, facts });
        }
        match self {
            Self::New(_) => Poll::Pending,
            Self::Started(task) => {
                let ended = ready!(Pin::new(&mut task.handle).poll(context));
                Poll::Ready(ended.unwrap_or_else(|error| Err(task.stopped(error))))
            }
        }
    }
}

impl Task {
    /// The task came to no end of its own.
    fn stopped(&self, error: JoinError) -> Error {
        if let Ok(panic) = error.try_into_panic() {
            // That of a transport or a provider of credentials, which belongs to the caller.
            std::panic::resume_unwind(panic);
        }
        let what = "the tokio runtime of the call was shut down";
        // An attempt may have been under way.
        Error::new(ErrorKind::Transport, self.action.clone(), Sent::Maybe, what).ended(1, self.facts, Sent::No)
    }
}

impl<T> fmt::Debug for CallFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").finish_non_exhaustive()
    }
}

/// A call under way: what stays the same in all its attempts.
struct Run {
    core: Arc<Core>,
    action: Cow<'static, str>,
    method: Method,
    /// Those of the operation: signing leaves them as they are.
    parameters: Parameters,
    facts: Facts,
    table: &'static [Entry],
    blank: Blank,
    retries: Retries,
    timeout: Duration,
    deadline: Instant,
    span: Span,
}

/// What earlier attempts of a call leave behind.
#[derive(Default)]
struct History {
    attempts: u32,
    /// What they may have brought about.
    before: Option<Sent>,
    /// The error of the last one.
    last: Option<Error>,
    /// Whether it was answered with a 5xx status.
    server_failed: bool,
    /// What the last repetition took out of the client's budget.
    spent: u32,
    /// Credentials that the service refused as expired, and with what words.
    expired: Option<(Credentials, Error)>,
    refreshed: bool,
}

/// An attempt under way.
struct Attempt {
    began: Instant,
    span: Span,
    /// What it was signed with.
    credentials: Option<Credentials>,
    /// Whether the limits of the client let it pass.
    is_admitted: bool,
}

/// As tokio counts it: about 30 years.
const FOREVER: Duration = Duration::from_secs(86_400 * 365 * 30);

/// A longer body is read on a thread for blocking work, so that it holds up no other task and its call can end in time.
const READ_AT_ONCE: usize = 64 * 1024;

/// What to do where nothing could be sent.
const CHECK_THE_WAY: &str = "check the network, the endpoint and the proxy settings, and over TLS that the certificate of the other side is trusted";

impl Run {
    /// Begins a call. It takes its place among the waiting ones here, so that calls go in the order of their first polls.
    fn start(core: Arc<Core>, prepared: Prepared, blank: Blank) -> Result<JoinHandle<Ended>, Error> {
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
            // A time beyond what a clock can say is no limit.
            deadline: now.checked_add(timeout).unwrap_or(now + FOREVER),
            span: Span::operation(&core, &action),
            core,
            action,
        };
        let ticket = run.enter();
        let span = run.span.clone();
        Ok(runtime.spawn(span.within(run.drive(ticket))))
    }

    /// Attempts, until there is an answer or nothing more is to be tried.
    async fn drive(mut self, mut ticket: Result<Ticket, NotAdmitted>) -> Result<Box<dyn Answer>, Error> {
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
                // It would not be admitted later either. What the service said before matters more.
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

    /// One attempt: credentials, admission, signing, sending, reading, in this order.
    async fn attempt(
        &mut self,
        history: &mut History,
        attempt: &mut Attempt,
        ticket: Result<Ticket, NotAdmitted>,
    ) -> Result<Box<dyn Answer>, Error> {
        // Credentials.
        let own = self.retries.time_of_attempt();
        let end_after = |began: Instant| {
            let end = own.and_then(|time| began.checked_add(time)).filter(|end| *end < self.deadline);
            end.map_or((self.deadline, self.timeout), |end| (end, own.unwrap_or(self.timeout)))
        };
        let (end, time) = end_after(attempt.began);
        let provided = timeout_at(end, self.core.credentials.credentials()).await;
        let credentials = provided.map_err(|_| self.no_credentials(time))?.map_err(|error| {
            self.error(ErrorKind::Credentials, Sent::No, "there are no credentials to sign with")
                .caused_by(error)
                .hint(OTHER_CREDENTIALS)
        })?;
        if let Some((expired, error)) = history.expired.take()
            && expired.is_the_same(&credentials)
        {
            return Err(error.hint("there are no other credentials yet"));
        }

        // Admission. An attempt's own time does not run while it waits for its turn.
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
        // A timer lets what it guards begin even so, and then a phone might ring that nobody waits for.
        if deadline <= Instant::now() {
            let what = format!("no time was left of {time:?} when it was its turn");
            return Err(self.error(ErrorKind::Timeout, Sent::No, what));
        }

        // Signing.
        let Self { core, action, method, parameters, .. } = self;
        let unsigned = Unsigned { core, action, method: *method, parameters };
        let signed = unsigned.sign(&credentials);
        let (mut request, signed) = signed.map_err(|cause| unwritable(self.action.clone(), cause))?;
        attempt.credentials = Some(credentials.clone());

        // Sending.
        let departure = Departure::default();
        departure.reach(Stage::HandedOver);
        request.extensions_mut().insert(departure.clone());
        request.extensions_mut().insert(ReadUntil(deadline));
        if history.server_failed {
            request.extensions_mut().insert(FreshConnection);
        }
        let core = &self.core;
        let sent = timeout_at(deadline, attempt.span.within(core.transport.send(request, core.limits.body))).await;
        drop(permit);
        // The exchange is dropped by now: before that, a request that has not left may still do so.
        let http = match sent {
            Ok(Ok(http)) => http,
            Ok(Err(error)) => {
                let hidden = || hidden(&signed, &self.parameters, &credentials, self.table);
                return Err(self.not_answered(error, hidden));
            }
            Err(_) => return Err(self.late(&departure, time)),
        };
        core.credentials.learn(&credentials, &http);

        // Reading.
        let response = Response {
            core,
            action: &self.action,
            facts: self.facts,
            table: self.table,
            parameters: &self.parameters,
            credentials: &credentials,
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

    /// How long to wait before the next attempt, or the error that the call ends with.
    fn next(&self, history: &mut History, attempt: Attempt, error: Error) -> Result<Duration, Error> {
        let now = Instant::now();
        let failed = Failed {
            attempts: history.attempts,
            left: self.deadline.saturating_duration_since(now),
            took: now.saturating_duration_since(attempt.began),
            refreshed: history.refreshed,
            ..error.failed()
        };
        attempt.span.failed(&error);
        history.server_failed = failed.status.is_some_and(|status| (500..600).contains(&status));
        // The upper half of a random number is one.
        #[allow(clippy::cast_possible_truncation, reason = "half of the number is enough")]
        let random = ((self.core.nonce)() >> 64) as u64;
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
            // It costs nothing: that a key expires is not a sign of a service that is down.
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

    fn error(&self, kind: ErrorKind, sent: Sent, what: impl Into<String>) -> Error {
        Error::new(kind, self.action.clone(), sent, what)
    }

    /// A place among the waiting requests.
    fn enter(&self) -> Result<Ticket, NotAdmitted> {
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

    /// No response came in time.
    fn late(&self, departure: &Departure, time: Duration) -> Error {
        let endpoint = &self.core.endpoint;
        match departure.stage() {
            Stage::Preparing | Stage::Unsent => {
                let what = format!("no connection within {time:?} to {endpoint:?}");
                self.error(ErrorKind::Timeout, Sent::No, what).hint(CHECK_THE_WAY)
            }
            Stage::HandedOver | Stage::Gone => {
                let what = format!("no answer within {time:?} from {endpoint:?}");
                self.error(ErrorKind::Timeout, Sent::Maybe, what)
            }
        }
    }

    /// The transport gave no response.
    fn not_answered(&self, error: TransportError, hidden: impl FnOnce() -> crate::mask::Hidden) -> Error {
        let Core { endpoint, timeouts, .. } = &*self.core;
        let TransportError { sent, source } = error;
        if source.is::<ConnectTimeout>() {
            let what = format!("no connection within {:?} to {endpoint:?}", timeouts.connect);
            return self.error(ErrorKind::Timeout, sent, what).hint(CHECK_THE_WAY);
        }
        let what = format!("no answer from {endpoint:?}");
        let error = self.error(ErrorKind::Transport, sent, what).caused_by(source).hide(&hidden());
        if sent == Sent::No { error.hint(CHECK_THE_WAY) } else { error }
    }
}

/// A request that HTTP has no form for.
fn unwritable(action: Cow<'static, str>, cause: http::Error) -> Error {
    let hint = if cause.is::<http::header::InvalidHeaderValue>() {
        "the access key id or the security token holds a line break or another character that no header may hold"
    } else {
        "its parameters are more than a URL may hold: send them by POST with signature V1, in the body"
    };
    Error::new(ErrorKind::Request, action, Sent::No, "the request cannot be written").caused_by(cause).hint(hint)
}

/// Without the digits that nobody reads.
fn rounded(duration: Duration) -> Duration {
    Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
