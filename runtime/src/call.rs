//! One call: encode, sign, send, read.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT};
use jiff::Timestamp;

use crate::answer::{Answer, Received};
use crate::client::{Core, Format};
use crate::credential::Credentials;
use crate::encode::encode;
use crate::error::{Error, ErrorKind};
use crate::field::Fields;
use crate::operation::{Facts, Method};
use crate::parameter::Parameters;
use crate::sign::PROTOCOL_PARAMETERS;
use crate::transport::{BoxFuture, Sent};

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
    /// The body that would be sent, for benches.
    #[doc(hidden)]
    #[must_use]
    pub fn signed_body(self, credentials: &Credentials) -> Bytes {
        let Prepared { action, method, mut parameters, .. } = self.prepared;
        sign_v1(&self.core, &action, method, credentials, &mut parameters);
        parameters.into_sent().encoded()
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
    let handed_over = AtomicBool::new(false);
    let attempt = attempt(&core, prepared.action.clone(), prepared.method, prepared.parameters, &handed_over);
    if let Ok(outcome) = tokio::time::timeout(timeout, attempt).await {
        return outcome;
    }
    let sent = if handed_over.load(Ordering::Relaxed) { Sent::Maybe } else { Sent::No };
    fail(ErrorKind::Timeout, sent, format!("no answer within {timeout:?} from {:?}", core.endpoint))
}

async fn attempt(
    core: &Arc<Core>,
    action: Cow<'static, str>,
    method: Method,
    mut parameters: Parameters,
    handed_over: &AtomicBool,
) -> Result<Received, Error> {
    let credentials = core.credentials.credentials().await.map_err(|error| {
        Error::new(ErrorKind::Credentials, action.clone(), Sent::No, "there are no credentials to sign with")
            .caused_by(error)
            .hint("set them, or build the client with credentials of its own")
    })?;
    sign_v1(core, &action, method, &credentials, &mut parameters);
    let parameters = parameters.into_sent();
    let request = http_request(core, method, parameters.encoded()).map_err(|error| {
        Error::new(ErrorKind::Request, action.clone(), Sent::No, "the request cannot be written").caused_by(error)
    })?;
    handed_over.store(true, Ordering::Relaxed);
    match core.transport.send(request, core.limits.body).await {
        Ok(http) => Ok(Received { core: Arc::clone(core), action, method, http, parameters }),
        Err(error) => {
            let what = format!("no answer from {:?}", core.endpoint);
            Err(Error::new(ErrorKind::Transport, action.clone(), error.sent, what).caused_by(error.source))
        }
    }
}

/// Adds the parameters of the protocol, and the signature over all of them.
pub(crate) fn sign_v1(
    core: &Core,
    action: &str,
    method: Method,
    credentials: &Credentials,
    parameters: &mut Parameters,
) {
    parameters.push("AccessKeyId", credentials.access_key_id());
    parameters.push("Action", action);
    parameters.push(
        "Format",
        match core.format {
            Format::Json => "JSON",
            Format::Xml => "XML",
        },
    );
    if let Some(token) = credentials.security_token() {
        parameters.push("SecurityToken", token);
    }
    parameters.push("SignatureMethod", "HMAC-SHA1");
    parameters.push_bytes(b"SignatureNonce", &hex((core.nonce)()));
    parameters.push("SignatureVersion", "1.0");
    // Beyond the year 9999 there is no such clock.
    let now = Timestamp::try_from((core.clock)()).unwrap_or(Timestamp::UNIX_EPOCH);
    parameters.push_display("Timestamp", &format_args!("{now:.0}"));
    parameters.push("Version", core.service.version);
    let signature = credentials.key().sign_v1(method.as_str(), parameters);
    parameters.push("Signature", signature.as_str());
}

/// 32 digits in small letters.
fn hex(number: u128) -> [u8; 32] {
    let mut rest = number;
    let mut digits = [0; 32];
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(rest & 15) as usize];
        rest >>= 4;
    }
    digits
}

fn http_request(core: &Core, method: Method, encoded: Bytes) -> Result<http::Request<Bytes>, http::Error> {
    const AGENT: HeaderValue = HeaderValue::from_static(concat!("aliyun-rust/", env!("CARGO_PKG_VERSION")));
    const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
    let accept = HeaderValue::from_static(match core.format {
        Format::Json => "application/json",
        Format::Xml => "text/xml",
    });
    let request = http::Request::builder().header(USER_AGENT, AGENT).header(ACCEPT, accept);
    match method {
        Method::Post => {
            request.method(http::Method::POST).uri(core.endpoint.uri(None)?).header(CONTENT_TYPE, FORM).body(encoded)
        }
        Method::Get => request.method(http::Method::GET).uri(core.endpoint.uri(Some(&encoded))?).body(Bytes::new()),
    }
}
