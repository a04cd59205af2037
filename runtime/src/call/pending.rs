//! A request that is ready to be sent, and the future of its response.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use aliyun_protocol::{Method, Parameters, parameter};
use bytes::Bytes;
use serde_json::Value;
use tokio::task::{JoinError, JoinHandle};

use crate::call::attempt::{Call, OTHER_CREDENTIALS, unwritable};
use crate::call::core::Core;
use crate::call::retry::Retries;
use crate::call::task::{Ended, Prepared};
#[cfg(feature = "test-util")]
use crate::credential::Credentials;
use crate::error::{Error, ErrorKind, Sent};
use crate::generated::field::Fields;
use crate::generated::operation::Facts;
use crate::generated::output::Output;
use crate::request::encode::encode;
use crate::request::{Stamp, Unsigned};
use crate::response::body::{Blank, blank};

/// A request that is ready to be sent: `.await` it. The options of the call are set here; the parameters belong to the
/// request.
#[must_use = "a call does nothing until it is awaited"]
pub struct PendingRequest<T> {
    core: Arc<Core>,
    prepared: Prepared,
    output: PhantomData<fn() -> T>,
}

/// Room for a typical request, so that its buffer is not moved: the protocol's own parameters take about 320 bytes.
const PAIRS: usize = 24;
const BYTES: usize = 1024;

impl Prepared {
    /// Not generic, like everything that does not need the output type: a program compiles it once.
    fn of(core: &Core, facts: Facts, request: &dyn Fields) -> Self {
        let mut parameters = Parameters::with_capacity(PAIRS, BYTES);
        let (table, fault) = encode(request, core.request.region.as_deref(), &mut parameters);
        Self { facts, table, fault, ..Self::new(Cow::Borrowed(facts.action), facts.method, parameters) }
    }

    fn new(action: Cow<'static, str>, method: Method, parameters: Parameters) -> Self {
        let facts = Facts::operation("");
        Self { action, method, parameters, facts, table: &[], timeout: None, retries: None, fault: None }
    }
}

impl<T> PendingRequest<T> {
    /// A request of a known operation.
    #[inline]
    pub(crate) fn of(core: &Arc<Core>, facts: Facts, request: &dyn Fields) -> Self {
        Self::new(core, Prepared::of(core, facts, request))
    }

    /// A request of an operation that is known only by name.
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
        Self { core: Arc::clone(core), prepared, output: PhantomData }
    }

    /// Time limit for this call, with all its attempts and back-offs.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.prepared.timeout = Some(timeout);
        self
    }

    /// The attempts of this call, instead of the client's setting; [`Retries::never`] for one attempt.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.prepared.retries = Some(retries);
        self
    }

    /// Uses this HTTP method instead of the operation's own.
    pub fn method(mut self, method: Method) -> Self {
        self.prepared.method = method;
        self
    }

    /// Adds a parameter that the request type does not have, such as `OwnerId`, which every operation of the service
    /// accepts. The name must not be one of the request or of the protocol.
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

impl PendingRequest<Value> {
    /// States the facts of an operation that is sent by its name: its HTTP method, whether it can be sent twice without
    /// harm, whether it reaches a person, how many requests per second it accepts. The facts of a typed operation are in
    /// its specification.
    ///
    /// A call of an idempotent operation is retried if it is not known whether the service received it, unless the
    /// operation also reaches a person.
    pub fn facts(mut self, facts: Facts) -> Self {
        self.prepared.method = facts.method;
        self.prepared.facts = facts;
        self
    }

    /// Parameters after the first `count` are form parameters: for callers that know the operation at run time only.
    #[doc(hidden)]
    pub fn form_after(mut self, count: usize) -> Self {
        self.prepared.parameters.mark_form(count);
        self
    }

    /// Sends the request, and reads the response into the value that `blank` makes: for callers that know the output
    /// type at run time only.
    #[doc(hidden)]
    pub fn read_into<T: Output + Default>(self, blank: impl Fn() -> T + Send + Sync + 'static) -> ResponseFuture<T> {
        ResponseFuture::new(self.core, self.prepared, Box::new(move || Box::new(blank())))
    }
}

impl<T> PendingRequest<T> {
    /// The request of one attempt, signed and not sent, with this time stamp and nonce where they are given: for callers
    /// that show a request, or compare its signature with that of another client. Credentials are requested where they
    /// come from a service.
    #[doc(hidden)]
    pub async fn sign(self, time: Option<SystemTime>, nonce: Option<String>) -> Result<http::Request<Bytes>, Error> {
        let Self { core, prepared, .. } = self;
        let Prepared { action, method, mut parameters, facts, fault, .. } = prepared;
        let fail = |kind, what: String| Error::new(kind, action.clone(), Sent::No, what).ended(0, facts, Sent::No);
        if let Some(fault) = fault {
            return Err(fail(ErrorKind::Request, fault));
        }
        let credentials = if facts.signed {
            let provided = core.credentials.credentials().await.map_err(|error| {
                fail(ErrorKind::Credentials, "there are no credentials to sign with".to_owned())
                    .caused_by(error)
                    .hint(OTHER_CREDENTIALS)
            });
            Some(provided?)
        } else {
            None
        };
        let stamp = Stamp { time, nonce };
        let unsigned =
            Unsigned { settings: &core.request, action: &action, method, parameters: &mut parameters, stamp: &stamp };
        let signed = unsigned.sign(credentials.as_ref());
        signed.map(|(request, _)| request).map_err(|cause| unwritable(action.clone(), cause))
    }
}

#[cfg(feature = "test-util")]
impl<T> PendingRequest<T> {
    /// The body that signature V1 sends.
    #[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
    #[must_use]
    pub fn signed_body(mut self, credentials: &Credentials) -> Bytes {
        self.unsigned().v1(credentials)
    }

    /// The headers that signature V3 sends; none if a header cannot hold the credentials.
    #[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
    #[must_use]
    pub fn signed_headers(mut self, credentials: &Credentials) -> Vec<(http::HeaderName, http::HeaderValue)> {
        self.unsigned().v3(credentials).map(|(headers, _)| headers).unwrap_or_default()
    }

    fn unsigned(&mut self) -> Unsigned<'_> {
        let Prepared { action, method, parameters, .. } = &mut self.prepared;
        Unsigned { settings: &self.core.request, action, method: *method, parameters, stamp: Stamp::NEW }
    }
}

impl<T> fmt::Debug for PendingRequest<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingRequest")
            .field("action", &self.prepared.action)
            .field("parameters", &self.prepared.parameters)
            .finish_non_exhaustive()
    }
}

impl<T: Output + Default> IntoFuture for PendingRequest<T> {
    type Output = Result<T, Error>;
    type IntoFuture = ResponseFuture<T>;

    #[inline]
    fn into_future(self) -> ResponseFuture<T> {
        let Self { core, prepared, .. } = self;
        ResponseFuture::new(core, prepared, Box::new(blank::<T>))
    }
}

/// A call in progress. Dropping it cancels the call; what was sent by then stays sent.
///
/// From its first poll on, a call is a task of its own: it goes on, and ends within its time limit, whether or not this
/// future is polled. So a call that nobody polls does not block others.
#[must_use = "a future does nothing until it is awaited"]
pub struct ResponseFuture<T> {
    state: State,
    output: PhantomData<fn() -> T>,
}

enum State {
    New(Option<Box<(Arc<Core>, Prepared, Blank)>>),
    Started(Task),
}

/// The task of a call. It is aborted when this is dropped.
struct Task {
    handle: JoinHandle<Ended>,
    action: Cow<'static, str>,
    facts: Facts,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl<T> ResponseFuture<T> {
    fn new(core: Arc<Core>, prepared: Prepared, blank: Blank) -> Self {
        Self { state: State::New(Some(Box::new((core, prepared, blank)))), output: PhantomData }
    }
}

impl<T: Output + Default> Future for ResponseFuture<T> {
    type Output = Result<T, Error>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer: Box<dyn std::any::Any> = ready!(self.state.poll(context))?;
        // The output was made for this type.
        Poll::Ready(Ok(answer.downcast::<T>().map(|answer| *answer).unwrap_or_default()))
    }
}

impl State {
    /// The same compiled code for every operation.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<Box<dyn Output>, Error>> {
        if let Self::New(call) = self
            && let Some(call) = call.take()
        {
            let (core, prepared, blank) = *call;
            let (action, facts) = (prepared.action.clone(), prepared.facts);
            *self = Self::Started(Task { handle: Call::start(core, prepared, blank)?, action, facts });
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
    /// The task was stopped from outside.
    fn stopped(&self, error: JoinError) -> Error {
        if let Ok(panic) = error.try_into_panic() {
            // A panic of a custom transport or of a provider of credentials, which belong to the caller.
            std::panic::resume_unwind(panic);
        }
        let what = "the tokio runtime of the call was shut down";
        // An attempt may have been in progress.
        Error::new(ErrorKind::Transport, self.action.clone(), Sent::Maybe, what).ended(1, self.facts, Sent::No)
    }
}

impl<T> fmt::Debug for ResponseFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
