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

use crate::answer::{Answer, Received};
use crate::client::Core;
use crate::credential::Credentials;
use crate::encode::encode;
use crate::error::{Error, ErrorKind};
use crate::field::Fields;
use crate::operation::{Facts, Method};
use crate::parameter::Parameters;
use crate::request::Unsigned;
use crate::sign::PROTOCOL_PARAMETERS;
use crate::transport::{BoxFuture, ConnectTimeout, Progress, Sent, Stage};

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
    timeout: Option<Duration>,
    /// Why the request cannot be sent.
    fault: Option<String>,
}

/// Room for a usual request, so that its buffer never moves: the protocol's own parameters take about 320 bytes.
const PAIRS: usize = 24;
const BYTES: usize = 1024;

impl Prepared {
    /// Not generic, as everything that does not need the type of the answer: a program compiles it once.
    fn of(facts: Facts, request: &dyn Fields) -> Self {
        let mut parameters = Parameters::with_capacity(PAIRS, BYTES);
        let fault = encode(request, &mut parameters).err();
        Self { action: Cow::Borrowed(facts.action), method: facts.method, parameters, timeout: None, fault }
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
        let action = Cow::Owned(action);
        Self::new(core, Prepared { action, method: Method::Post, parameters, timeout: None, fault: None })
    }

    #[inline]
    fn new(core: &Arc<Core>, prepared: Prepared) -> Self {
        Self { core: Arc::clone(core), prepared, answer: PhantomData }
    }

    /// How long this call may take in all.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.prepared.timeout = Some(timeout);
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
        if PROTOCOL_PARAMETERS.contains(&name) {
            self.prepared.fault = Some(format!("parameter {name} belongs to the protocol and is set by the client"));
        } else if self.prepared.parameters.contains(name) {
            self.prepared.fault = Some(format!("parameter {name} is given twice"));
        } else {
            self.prepared.parameters.push(name, value);
        }
        self
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
        CallFuture { received: start(self.core, self.prepared), answer: PhantomData }
    }
}

/// Begins a call, which does nothing until it is polled.
fn start(core: Arc<Core>, prepared: Prepared) -> BoxFuture<'static, Result<Received, Error>> {
    Box::pin(execute(core, prepared))
}

/// A call under way. Dropping it cancels it; what was sent by then stays sent.
#[must_use = "a future does nothing until it is awaited"]
pub struct CallFuture<T> {
    received: BoxFuture<'static, Result<Received, Error>>,
    answer: PhantomData<fn() -> T>,
}

impl<T: Answer + Default> Future for CallFuture<T> {
    type Output = Result<T, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Poll::Ready(received) = self.received.as_mut().poll(context) else { return Poll::Pending };
        let mut answer = T::default();
        Poll::Ready(match read(received, &mut answer) {
            None => Ok(answer),
            Some(error) => Err(error),
        })
    }
}

/// Reads what was received into an answer; what went wrong, if something did.
fn read(received: Result<Received, Error>, answer: &mut dyn Answer) -> Option<Error> {
    received.and_then(|received| received.read(answer)).err()
}

impl<T> fmt::Debug for CallFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").finish_non_exhaustive()
    }
}

/// The pipeline: the same compiled code for every operation.
async fn execute(core: Arc<Core>, prepared: Prepared) -> Result<Received, Error> {
    let fail = |kind, sent, what: String| Err(Error::new(kind, prepared.action.clone(), sent, what));
    if let Some(fault) = prepared.fault {
        return fail(ErrorKind::Request, Sent::No, fault);
    }
    if tokio::runtime::Handle::try_current().is_err() {
        return fail(ErrorKind::Configuration, Sent::No, "the call is not made within a tokio runtime".to_owned());
    }
    let timeout = prepared.timeout.unwrap_or(core.timeouts.call);
    let progress = Progress::default();
    let attempt = attempt(&core, prepared.action.clone(), prepared.method, prepared.parameters, &progress);
    if let Ok(outcome) = tokio::time::timeout(timeout, attempt).await {
        return outcome;
    }
    let endpoint = &core.endpoint;
    let (sent, what) = match progress.stage() {
        Stage::Preparing => (Sent::No, format!("no credentials within {timeout:?}")),
        Stage::Unsent => (Sent::No, format!("no connection within {timeout:?} to {endpoint:?}")),
        Stage::HandedOver | Stage::Gone => (Sent::Maybe, format!("no answer within {timeout:?} from {endpoint:?}")),
    };
    fail(ErrorKind::Timeout, sent, what)
}

async fn attempt(
    core: &Arc<Core>,
    action: Cow<'static, str>,
    method: Method,
    mut parameters: Parameters,
    progress: &Progress,
) -> Result<Received, Error> {
    let credentials = core.credentials.credentials().await.map_err(|error| {
        Error::new(ErrorKind::Credentials, action.clone(), Sent::No, "there are no credentials to sign with")
            .caused_by(error)
            .hint("set them, or build the client with credentials of its own")
    })?;
    let unsigned = Unsigned { core, action: &action, method, parameters: &mut parameters };
    let (mut request, signed) = unsigned.sign(&credentials).map_err(|error| {
        Error::new(ErrorKind::Request, action.clone(), Sent::No, "the request cannot be written").caused_by(error)
    })?;
    progress.reach(Stage::HandedOver);
    request.extensions_mut().insert(progress.clone());
    match core.transport.send(request, core.limits.body).await {
        Ok(http) => {
            core.credentials.learn(&credentials, &http);
            Ok(Received { core: Arc::clone(core), action, http, signed })
        }
        Err(error) => {
            if error.source.is::<ConnectTimeout>() {
                let what = format!("no connection within {:?} to {:?}", core.timeouts.connect, core.endpoint);
                return Err(Error::new(ErrorKind::Timeout, action.clone(), error.sent, what));
            }
            let what = format!("no answer from {:?}", core.endpoint);
            Err(Error::new(ErrorKind::Transport, action.clone(), error.sent, what).caused_by(error.source))
        }
    }
}
