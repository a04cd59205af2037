//! One call: encode, sign, send, read.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, sleep, timeout_at};

use crate::answer::{Answer, Received};
use crate::client::Core;
use crate::credential::{Credentials, CredentialsError};
use crate::encode::encode;
use crate::error::{Error, ErrorKind};
use crate::field::{Entry, Fields};
use crate::limit::Rate;
use crate::mask::Hidden;
use crate::operation::{Facts, Method};
use crate::parameter::Parameters;
use crate::request::{Signed, Unsigned};
use crate::retry::{Budget, Failed, Next, Retries, next};
use crate::sign::PROTOCOL_PARAMETERS;
use crate::trace::Span;
use crate::transport::{BoxFuture, ConnectTimeout, Departure, HttpAnswer, Sent, Stage};

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
    nature: Nature,
    timeout: Option<Duration>,
    retries: Option<Retries>,
    /// Why the request cannot be sent.
    fault: Option<String>,
}

/// What is known of an operation.
#[derive(Clone, Copy, Default)]
pub(crate) struct Nature {
    /// Whether it may be repeated without harm.
    idempotent: bool,
    /// Whether it rings someone.
    dials: bool,
    /// Documented requests in a second.
    rate: Option<Rate>,
    /// Its parameters.
    pub(crate) table: &'static [Entry],
}

impl Nature {
    fn of(facts: Facts) -> Self {
        let Facts { action, idempotent, dials, per_second, .. } = facts;
        let dials = dials.is_some();
        // Whatever else is said of it, what rings a phone is not repeated.
        let idempotent = idempotent && !dials;
        Self { idempotent, dials, rate: per_second.map(|rate| (action, rate)), table: &[] }
    }
}

/// Room for a usual request, so that its buffer never moves: the protocol's own parameters take about 320 bytes.
const PAIRS: usize = 24;
const BYTES: usize = 1024;

impl Prepared {
    /// Not generic, as everything that does not need the type of the answer: a program compiles it once.
    fn of(facts: Facts, request: &dyn Fields) -> Self {
        let mut parameters = Parameters::with_capacity(PAIRS, BYTES);
        let (table, fault) = encode(request, &mut parameters);
        let nature = Nature { table, ..Nature::of(facts) };
        Self { nature, fault, ..Self::new(Cow::Borrowed(facts.action), facts.method, parameters) }
    }

    fn new(action: Cow<'static, str>, method: Method, parameters: Parameters) -> Self {
        Self { action, method, parameters, nature: Nature::default(), timeout: None, retries: None, fault: None }
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
        let fault = if PROTOCOL_PARAMETERS.contains(&name) {
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
        self.prepared.nature = Nature { table: self.prepared.nature.table, ..Nature::of(facts) };
        self
    }

    /// Makes the call, and reads its answer into what `blank` makes instead of a free value: for whoever knows the type of
    /// an answer at run time only.
    #[doc(hidden)]
    pub fn read_into<T: Answer>(self, blank: impl Fn() -> T + Send + Sync + 'static) -> CallFuture<T> {
        CallFuture { received: start(self.core, self.prepared), blank: Box::new(blank) }
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

impl<T: Answer + Default + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    #[inline]
    fn into_future(self) -> CallFuture<T> {
        CallFuture { received: start(self.core, self.prepared), blank: Box::new(T::default) }
    }
}

/// Begins a call, which does nothing until it is polled.
fn start(core: Arc<Core>, prepared: Prepared) -> Receiving {
    Box::pin(begin(core, prepared))
}

/// An answer on its way, that of a further attempt if need be.
type Receiving = BoxFuture<'static, Result<Received, Error>>;

/// A call under way. Dropping it cancels it; what was sent by then stays sent.
#[must_use = "a future does nothing until it is awaited"]
pub struct CallFuture<T> {
    received: Receiving,
    /// Makes what the answer of an attempt is read into. A function without captures takes no memory.
    blank: Box<dyn Fn() -> T + Send + Sync>,
}

impl<T: Answer> Future for CallFuture<T> {
    type Output = Result<T, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let Poll::Ready(received) = self.received.as_mut().poll(context) else { return Poll::Pending };
            let mut answer = (self.blank)();
            match read(received, &mut answer) {
                Ok(None) => return Poll::Ready(Ok(answer)),
                Ok(Some(again)) => self.received = again,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

/// Reads what was received into an answer. Where that is a failure that another attempt may mend, begins it.
fn read(received: Result<Received, Error>, answer: &mut dyn Answer) -> Result<Option<Receiving>, Error> {
    let received = received?;
    let outcome = received.read(answer);
    received.traced();
    let Received { core, action, method, parameters, mut progress, .. } = received;
    let Err(error) = outcome else {
        core.budget.earn(progress.spent);
        return Ok(None);
    };
    let pause = progress.after(&core, error)?;
    Ok(Some(Box::pin(execute(Run { core, action, method, parameters, progress }, pause))))
}

impl<T> fmt::Debug for CallFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").finish_non_exhaustive()
    }
}

/// A call between its attempts.
struct Run {
    core: Arc<Core>,
    action: Cow<'static, str>,
    method: Method,
    /// Those of the operation: signing leaves them as they are.
    parameters: Parameters,
    progress: Progress,
}

/// How far a call has come.
pub(crate) struct Progress {
    pub(crate) nature: Nature,
    retries: Retries,
    timeout: Duration,
    deadline: Instant,
    attempts: u32,
    /// When the last attempt began.
    began: Instant,
    /// What attempts before the last one may have brought about.
    before: Sent,
    /// What the last repetition took out of the client's budget.
    spent: u32,
    /// How the attempt before the last one ended.
    last: Option<String>,
    /// What the provider gave for the next attempt, if it was asked already.
    ready: Option<Result<Credentials, CredentialsError>>,
    /// What the last attempt was signed with.
    credentials: Option<Credentials>,
    /// Credentials that the service refused as expired, and with what words.
    expired: Option<(Credentials, Error)>,
    refreshed: bool,
    span: Span,
    pub(crate) attempt: Span,
}

impl Progress {
    /// How long to wait before the next attempt, or the error that the call ends with.
    fn after(&mut self, core: &Core, error: Error) -> Result<Duration, Error> {
        let now = Instant::now();
        let failed = Failed {
            attempts: self.attempts,
            left: self.deadline.saturating_duration_since(now),
            took: now.saturating_duration_since(self.began),
            refreshed: self.refreshed,
            ..error.failed()
        };
        self.attempt.failed(&error);
        // The upper half of a random number is one.
        #[allow(clippy::cast_possible_truncation, reason = "half of the number is enough")]
        let decided = next(&failed, self.nature.idempotent, self.retries, ((core.nonce)() >> 64) as u64);
        let cost = Budget::cost(error.kind());
        let error = match decided {
            Next::Final | Next::Attempts => error,
            Next::Time(_) if failed.left.is_zero() => error,
            Next::Time(pause) if failed.retry_after.is_some() => error.hint(format!(
                "the service asks for a pause of {pause:?}, and {:?} are left of the call: send it again after that",
                rounded(failed.left)
            )),
            Next::Time(_) => error.hint("there is no time left for another attempt"),
            Next::Again(_) | Next::Refresh if !core.budget.spend(cost) => {
                error.hint("it was not repeated, because too many calls of this client failed lately")
            }
            Next::Again(pause) => {
                self.before = self.before.or_rather(error.effect());
                self.spent = cost;
                self.span.repeats(pause, &error);
                self.last = Some(match error.request_id() {
                    Some(id) => format!("{}, request {id}", error.in_short()),
                    None => error.in_short().into_owned(),
                });
                return Ok(pause);
            }
            Next::Refresh => {
                self.spent = cost;
                self.refreshed = true;
                self.span.repeats(Duration::ZERO, &error);
                self.expired = self.credentials.take().map(|credentials| (credentials, error));
                return Ok(Duration::ZERO);
            }
        };
        Err(self.end(error))
    }

    /// What must not show of the last attempt.
    pub(crate) fn hidden(&self, signed: &Signed, parameters: &Parameters) -> Hidden {
        let sent = signed.sent(parameters, self.credentials.as_ref());
        Hidden::of(sent.into_iter(), self.nature.table)
    }

    fn end(&mut self, error: Error) -> Error {
        let error = error.ended(self.attempts, self.nature.dials, self.before);
        let error = match self.last.take() {
            Some(last) => error.hint(format!("the attempt before ended with {last}")),
            None => error,
        };
        self.span.failed(&error);
        error
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

/// The pipeline: the same compiled code for every operation.
async fn begin(core: Arc<Core>, prepared: Prepared) -> Result<Received, Error> {
    let Prepared { action, method, parameters, nature, timeout, retries, fault } = prepared;
    let fail = |kind, what: String| Error::new(kind, action.clone(), Sent::No, what).ended(0, nature.dials, Sent::No);
    if let Some(fault) = fault {
        return Err(fail(ErrorKind::Request, fault));
    }
    if tokio::runtime::Handle::try_current().is_err() {
        let error = fail(ErrorKind::Configuration, "the call is not made within a tokio runtime".to_owned());
        return Err(error.hint("await it in a task of tokio, or let a tokio runtime block on it"));
    }
    let timeout = timeout.unwrap_or(core.timeouts.call);
    let now = Instant::now();
    let progress = Progress {
        nature,
        retries: retries.unwrap_or(core.retries),
        timeout,
        // A time beyond what a clock can say is no limit.
        deadline: now.checked_add(timeout).unwrap_or(now + FOREVER),
        attempts: 0,
        began: now,
        before: Sent::No,
        spent: 0,
        last: None,
        ready: None,
        credentials: None,
        expired: None,
        refreshed: false,
        span: Span::operation(&core, &action),
        attempt: Span::none(),
    };
    execute(Run { core, action, method, parameters, progress }, Duration::ZERO).await
}

/// As tokio counts it: about 30 years.
const FOREVER: Duration = Duration::from_secs(86_400 * 365 * 30);

/// Attempts, until there is an answer or nothing more is to be tried. Whether an answer is a failure shows when it is
/// read, which is not done here: the type of the answer is known there.
async fn execute(mut run: Run, mut pause: Duration) -> Result<Received, Error> {
    let core = Arc::clone(&run.core);
    let span = run.progress.span.clone();
    span.within(async move {
        loop {
            if !pause.is_zero() {
                sleep(pause).await;
            }
            if run.rate().is_some() {
                // A moment that is kept for this request must not pass while keys are fetched.
                let Ok(ready) = timeout_at(run.progress.deadline, core.credentials.credentials()).await else {
                    let error = run.no_credentials(run.progress.timeout);
                    return Err(run.progress.end(error));
                };
                run.progress.ready = Some(ready);
            }
            let permit = match admit(&core, &run).await {
                Ok(permit) => permit,
                Err(error) => return Err(run.progress.end(error)),
            };
            let outcome = run.attempt().await;
            drop(permit);
            match outcome {
                Ok((http, signed)) => {
                    let Run { core, action, method, parameters, progress } = run;
                    return Ok(Received { core, action, method, http, parameters, signed, progress });
                }
                Err(error) => pause = run.progress.after(&core, error)?,
            }
        }
    })
    .await
}

/// What to do where nothing could be sent.
const CHECK_THE_WAY: &str = "check the network, the endpoint and the proxy settings, and over TLS that the certificate of the other side is trusted";

/// Waits until the limits of the client let an attempt pass.
async fn admit<'c>(core: &'c Core, run: &Run) -> Result<Option<SemaphorePermit<'c>>, Error> {
    let deadline = run.progress.deadline;
    let refuse = |what: String| {
        let error = Error::new(ErrorKind::Timeout, run.action.clone(), Sent::No, what);
        error.hint("make fewer calls at once, give the call more time, or raise the limit of the client")
    };
    let rate = run.rate();
    loop {
        if let Some(rate @ (_, per_second)) = rate {
            core.rates.wait(rate, deadline).await.map_err(|wait| {
                refuse(format!(
                    "this client sends no more than {per_second} requests of this operation in a second, and it would \
                     be this one's turn in {:?}, after the time of the call",
                    rounded(wait)
                ))
            })?;
        }
        let Some(in_flight) = &core.in_flight else { return Ok(None) };
        if let Ok(permit) = in_flight.try_acquire() {
            return Ok(Some(permit));
        }
        let Ok(permit) = timeout_at(deadline, in_flight.acquire()).await else {
            return Err(refuse(format!(
                "this client has as many requests on their way as it may have at once, and it was not this one's turn \
                 within {:?}",
                run.progress.timeout
            )));
        };
        // Its moment has passed meanwhile. Who waits for another one does so without a permit, which others can use.
        if rate.is_none_or(|rate| core.rates.take(rate)) {
            // It is never closed.
            return Ok(permit.ok());
        }
    }
}

impl Run {
    fn rate(&self) -> Option<Rate> {
        self.core.rates.of(&self.action, self.progress.nature.rate)
    }

    /// One attempt, in its time.
    async fn attempt(&mut self) -> Result<(HttpAnswer, Signed), Error> {
        let progress = &mut self.progress;
        progress.attempts += 1;
        progress.began = Instant::now();
        progress.attempt = progress.span.attempt(&self.core, self.method, progress.attempts);
        let own = progress.retries.time_of_attempt();
        let end = own.and_then(|time| progress.began.checked_add(time)).filter(|end| *end < progress.deadline);
        let deadline = end.unwrap_or(progress.deadline);
        let time = own.filter(|_| end.is_some()).unwrap_or(progress.timeout);
        // A timer lets what it guards begin even so, and then a phone might ring that nobody waits for.
        if deadline <= progress.began {
            let what = format!("no time was left of {time:?} when it was its turn");
            return Err(Error::new(ErrorKind::Timeout, self.action.clone(), Sent::No, what));
        }
        let span = progress.attempt.clone();
        let departure = Departure::default();
        if let Ok(outcome) = timeout_at(deadline, span.within(self.exchange(&departure))).await {
            return outcome;
        }
        let endpoint = &self.core.endpoint;
        let late = |sent, what| Error::new(ErrorKind::Timeout, self.action.clone(), sent, what);
        // The exchange is dropped by now: before that, a request that has not left may still do so.
        Err(match departure.stage() {
            Stage::Preparing => self.no_credentials(time),
            Stage::Unsent => {
                late(Sent::No, format!("no connection within {time:?} to {endpoint:?}")).hint(CHECK_THE_WAY)
            }
            Stage::HandedOver | Stage::Gone => {
                late(Sent::Maybe, format!("no answer within {time:?} from {endpoint:?}"))
            }
        })
    }

    fn no_credentials(&self, time: Duration) -> Error {
        let what = format!("no credentials within {time:?}");
        Error::new(ErrorKind::Timeout, self.action.clone(), Sent::No, what)
            .hint("see whether what provides them can be reached, or give the call more time")
    }

    /// Credentials, signature, request, answer.
    async fn exchange(&mut self, departure: &Departure) -> Result<(HttpAnswer, Signed), Error> {
        let Self { core, action, method, parameters, progress } = self;
        let ready = match progress.ready.take() {
            Some(ready) => ready,
            None => core.credentials.credentials().await,
        };
        let credentials = ready.map_err(|error| {
            Error::new(ErrorKind::Credentials, action.clone(), Sent::No, "there are no credentials to sign with")
                .caused_by(error)
                .hint("set them, or build the client with credentials of its own")
        })?;
        if let Some((refused, error)) = progress.expired.take()
            && refused.is_the_same(&credentials)
        {
            progress.attempts -= 1;
            return Err(error.hint("there are no other credentials yet"));
        }
        progress.credentials = Some(credentials.clone());
        let unsigned = Unsigned { core, action, method: *method, parameters };
        let (mut request, signed) = unsigned.sign(&credentials).map_err(|cause| unwritable(action.clone(), cause))?;
        departure.reach(Stage::HandedOver);
        request.extensions_mut().insert(departure.clone());
        match core.transport.send(request, core.limits.body).await {
            Ok(http) => {
                core.credentials.learn(&credentials, &http);
                Ok((http, signed))
            }
            Err(error) if error.source.is::<ConnectTimeout>() => {
                let what = format!("no connection within {:?} to {:?}", core.timeouts.connect, core.endpoint);
                Err(Error::new(ErrorKind::Timeout, action.clone(), error.sent, what).hint(CHECK_THE_WAY))
            }
            Err(error) => {
                let what = format!("no answer from {:?}", core.endpoint);
                let sent = error.sent;
                let error = Error::new(ErrorKind::Transport, action.clone(), sent, what)
                    .caused_by(error.source)
                    .hide(&progress.hidden(&signed, parameters));
                Err(if sent == Sent::No { error.hint(CHECK_THE_WAY) } else { error })
            }
        }
    }
}
