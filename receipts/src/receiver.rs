//! Receives pushes: a service of tower.

mod body;

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use aliyun_runtime::{BoxError, BoxFuture, ReceiptKind};
use bytes::Bytes;
use http::header::{ALLOW, CONNECTION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;
use serde_json::json;
use tokio::sync::oneshot;
use tower_service::Service;

pub use self::body::ResponseBody;
use self::body::read;
use crate::arrival::Arrival;
use crate::batch::read_batch;
use crate::inbox::Inbox;
use crate::listeners::{Listeners, Problem, WhenDropped};
use crate::secret::Secret;

/// How long the service waits for a response.
const PATIENCE: Duration = Duration::from_millis(700);

/// Batches from this size on are read on another thread: that takes longer than others may wait.
const LARGE: usize = 64 * 1024;

/// Receives the receipts that a service pushes: a service of tower, for `axum`'s `Router::nest_service` or any other server.
/// [`Server`](crate::Server) is one that needs nothing else. A clone shares everything.
///
/// The address of a kind ends with the secret and the kind: `/receipts/<secret>/voice-report`, or `/VoiceReport`. What
/// is before that does not matter. A kind that is not listed is received too.
///
/// | status | when |
/// | --- | --- |
/// | 200 `{"code":0,..}` | all receipts of the body are stored, now or before |
/// | 400 | the body is not JSON in UTF-8 |
/// | 404 | another secret, or no kind |
/// | 405 | another method than POST |
/// | 408, 413 | the body did not arrive in time, or is too large |
/// | 503 | the receipts could not be stored in time; the service pushes them again after 1, 5 and 10 minutes |
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use aliyun_receipts::{MemoryInbox, ReceiptKind, Receiver, Secret};
///
/// const KINDS: &[ReceiptKind] = &[ReceiptKind::new("VoiceReport", &["call_id"]).id("call_id")];
///
/// let receiver = Receiver::new(MemoryInbox::new(), Secret::new("0123456789abcdef")?)
///     .kinds(KINDS)
///     .on_new(|arrivals| async move { println!("{} receipts", arrivals.len()) })
///     .on_problem(|problem| eprintln!("{problem}"));
/// // axum::Router::new().nest_service("/receipts", receiver)
/// # let _ = receiver;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Receiver {
    inbox: Arc<dyn Inbox>,
    settings: Arc<Settings>,
}

#[derive(Clone)]
struct Settings {
    secret: Secret,
    kinds: &'static [ReceiptKind],
    listeners: Listeners,
    body_limit: usize,
    store_timeout: Duration,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
}

impl Receiver {
    /// Stores what is pushed to paths with this secret.
    pub fn new(inbox: impl Inbox, secret: Secret) -> Self {
        let settings = Settings {
            secret,
            kinds: &[],
            listeners: Listeners::default(),
            body_limit: 16 * 1024 * 1024,
            store_timeout: Duration::from_millis(500),
            clock: Arc::new(SystemTime::now),
        };
        Self { inbox: Arc::new(inbox), settings: Arc::new(settings) }
    }

    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }

    /// Sets the kinds, whose key fields tell duplicates. A receipt of another kind is a duplicate if its text is the same.
    #[must_use]
    pub fn kinds(self, kinds: &'static [ReceiptKind]) -> Self {
        self.set(|settings| settings.kinds = kinds)
    }

    /// Calls a function with the receipts of a batch that had not been stored before, after the response, in a task of its
    /// own.
    ///
    /// It is not called again for these, even if the program ends before it does. A program reads its inbox when it starts.
    #[must_use]
    pub fn on_new<F>(self, listener: impl Fn(Vec<Arrival>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.set(|settings| settings.listeners.set_new(listener))
    }

    /// Calls a function with what a person should know about: batches that could not be stored or read. The response waits
    /// for it.
    #[must_use]
    pub fn on_problem(self, listener: impl Fn(&Problem) + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.listeners.set_problem(listener))
    }

    /// Sets the maximum size of a body in bytes. Default: 16 MiB.
    #[must_use]
    pub fn body_limit(self, bytes: usize) -> Self {
        self.set(|settings| settings.body_limit = bytes)
    }

    /// Sets how long storing a batch may take before the response is 503; it goes on after that. Default: 500 ms, and at
    /// most the 700 ms that the service waits.
    #[must_use]
    pub fn store_timeout(self, timeout: Duration) -> Self {
        self.set(|settings| settings.store_timeout = timeout.min(PATIENCE))
    }

    /// Sets the source of the time at which receipts arrive. Default: the system's clock.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.set(|settings| settings.clock = Arc::new(clock))
    }

    /// The kind that a path is for; `None` unless it has the secret.
    fn kind(&self, path: &str) -> Option<String> {
        let mut parts = path.rsplit('/');
        let (kind, secret) = (parts.next()?, parts.next()?);
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let is_kind = (1..=64).contains(&kind.len()) && kind.bytes().all(is_name);
        if !self.settings.secret.is(secret) || !is_kind {
            return None;
        }
        let known = self.settings.kinds.iter().find(|known| known.name == kind || in_path(known.name) == kind);
        Some(known.map_or(kind, |known| known.name).to_owned())
    }

    async fn receive<B>(&self, request: Request<B>) -> Response<ResponseBody>
    where
        B: Body<Error: Into<BoxError>> + Send + 'static,
    {
        let Some(kind) = self.kind(request.uri().path()) else {
            return refusal(StatusCode::NOT_FOUND, "there is nothing here");
        };
        if request.method() != Method::POST {
            let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, "send a POST");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        let body = match read(request.into_body(), self.settings.body_limit).await {
            Ok(body) => body,
            Err(unread) => {
                self.settings.listeners.report(format!("a batch of {kind} was refused: {unread}"));
                return refusal(unread.status(), &unread.to_string());
            }
        };
        let batch = match self.batch(kind.clone(), body).await {
            Ok(batch) => batch,
            Err(what) => {
                self.settings.listeners.report(format!("a batch of {kind} was refused: {what}"));
                return refusal(StatusCode::BAD_REQUEST, &what);
            }
        };
        match self.store(batch).await {
            Ok(news) => answer(StatusCode::OK, 0, "stored").map(|body| body.before(news)),
            Err(what) => {
                self.settings.listeners.report(format!("a batch of {kind} was not stored: {what}"));
                answer(StatusCode::SERVICE_UNAVAILABLE, 503, "the receipts are not stored; send them again")
            }
        }
    }

    async fn batch(&self, kind: String, body: Bytes) -> Result<Vec<Arrival>, String> {
        let (kinds, received) = (self.settings.kinds, (self.settings.clock)());
        let is_large = body.len() >= LARGE;
        let read = move || read_batch(&kind, &body, kinds, received).map_err(|error| error.to_string());
        if is_large {
            // It does not panic, so it fails only when the runtime ends.
            tokio::task::spawn_blocking(read).await.unwrap_or_else(|error| Err(error.to_string()))
        } else {
            read()
        }
    }

    /// Stores a batch, even if this future is dropped.
    async fn store(&self, batch: Vec<Arrival>) -> Result<WhenDropped, String> {
        if batch.is_empty() {
            return Ok(self.settings.listeners.when_dropped(Vec::new()));
        }
        let (told, outcome) = oneshot::channel();
        let (inbox, settings) = (Arc::clone(&self.inbox), Arc::clone(&self.settings));
        tokio::spawn(async move {
            let stored = inbox.store(batch).await;
            // If nobody waits any more, the news are dropped here, and so are passed on.
            let _ = told.send(stored.map(|stored| settings.listeners.when_dropped(stored.new)));
        });
        match tokio::time::timeout(self.settings.store_timeout, outcome).await {
            Ok(Ok(stored)) => stored.map_err(|error| error.to_string()),
            Ok(Err(_)) => Err("the inbox panicked".to_owned()),
            Err(_) => Err(format!(
                "the inbox needs more than {:?}; the batch will be known if the inbox finishes later",
                self.settings.store_timeout
            )),
        }
    }
}

impl<B> Service<Request<B>> for Receiver
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let receiver = self.clone();
        Box::pin(async move { Ok(receiver.receive(request).await) })
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("kinds", &self.settings.kinds.iter().map(|kind| kind.name).collect::<Vec<_>>())
            .field("listeners", &self.settings.listeners)
            .field("body_limit", &self.settings.body_limit)
            .field("store_timeout", &self.settings.store_timeout)
            .finish_non_exhaustive()
    }
}

/// A name such as `VoiceRTASRReport` as a part of a path: `voice-rtasr-report`.
fn in_path(name: &str) -> String {
    let bytes = name.as_bytes();
    let mut path = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        let follows = at.checked_sub(1).and_then(|before| bytes.get(before));
        let ends_a_word = follows.is_some_and(u8::is_ascii_lowercase)
            || (follows.is_some_and(u8::is_ascii_uppercase) && bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase));
        if byte.is_ascii_uppercase() && ends_a_word {
            path.push('-');
        }
        path.push(byte.to_ascii_lowercase().into());
    }
    path
}

/// A response with the members that the service reads.
fn answer(status: StatusCode, code: u16, message: &str) -> Response<ResponseBody> {
    let text = json!({ "code": code, "msg": message }).to_string();
    let mut response = Response::new(ResponseBody::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A response to what should not have been sent. The connection ends with it, since the rest of a body would be read as the
/// next request.
fn refusal(status: StatusCode, message: &str) -> Response<ResponseBody> {
    let mut response = answer(status, status.as_u16(), message);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests;
