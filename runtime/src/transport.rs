//! Carrying a signed request to the service and its answer back.

mod body;
mod clients;
mod http1;

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, Request};

pub(crate) use self::http1::HttpTransport;
use crate::proxy::ProxyChoice;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A cause of any type.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Carries requests: over HTTP by default, into an emulator in tests.
///
/// A transport sends a request once. It follows no redirect and repeats nothing: only the client above it knows
/// whether a repetition would ring a phone twice.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request and reads the answer, of whose body no more than `body_limit` bytes are kept.
    ///
    /// The limit is one of memory: it counts the bytes of the decoded body, whatever the size of the pieces that it comes
    /// in. A transport that decodes a `Content-Encoding` removes that header; one that is left is named in the error.
    fn send(&self, request: Request<Bytes>, body_limit: usize) -> BoxFuture<'_, Result<HttpAnswer, TransportError>>;
}

/// What came back, as far as it came.
pub struct HttpAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, or its beginning.
    pub body: Bytes,
    /// Whether that is all of it.
    pub ending: Ending,
}

/// Without headers and body, which may hold anything.
impl fmt::Debug for HttpAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpAnswer")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

/// How the body of an answer ended.
#[derive(Debug)]
pub enum Ending {
    /// All of it came.
    Complete,
    /// The connection broke before the end.
    CutShort(BoxError),
    /// It went on past the limit.
    TooLong,
    /// The time of the request was over before the end.
    Late,
}

/// Why no answer came.
#[derive(Debug)]
pub struct TransportError {
    /// Whether the service can have received the request.
    pub sent: Sent,
    /// The cause.
    pub source: BoxError,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.source, f)
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// Whether a request reached the service. For a call that dials a phone this is the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sent {
    /// Surely not: nothing was sent, so sending again is safe.
    No,
    /// It may have: a phone may be ringing.
    Maybe,
    /// Surely: the service answered.
    Yes,
}

impl Sent {
    /// The stronger of what two attempts of one call may have brought about.
    pub(crate) fn or_rather(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Maybe, _) | (_, Self::Maybe) => Self::Maybe,
            (Self::No, Self::No) => Self::No,
        }
    }
}

/// How far a request got, for a caller that gives up waiting for its answer: whether it may send it again depends on it.
///
/// It travels among the extensions of the request. A transport that does not know when a request leaves lets it be, and
/// then the request counts as gone from the moment that it was handed over.
#[derive(Debug, Clone, Default)]
pub(crate) struct Departure(Arc<AtomicU8>);

/// A stage of [`Departure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The request is being made: surely nothing was sent.
    Preparing,
    /// It was handed to the transport and may leave at any moment.
    HandedOver,
    /// It may be on its way.
    Gone,
    /// It was given up before it could leave: surely nothing was sent.
    Unsent,
}

impl Departure {
    pub(crate) fn stage(&self) -> Stage {
        match self.0.load(Ordering::Acquire) {
            0 => Stage::Preparing,
            1 => Stage::HandedOver,
            3 => Stage::Unsent,
            _ => Stage::Gone,
        }
    }

    pub(crate) fn reach(&self, stage: Stage) {
        self.0.store(stage as u8, Ordering::Release);
    }

    /// The request does not exist any more: if nobody looked at it, nobody ever will.
    fn given_up(&self) {
        let (from, to) = (Stage::HandedOver as u8, Stage::Unsent as u8);
        // Where it is not what was expected, it is gone, and stays so.
        let _ = self.0.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed);
    }
}

/// Asks for a connection that no request used before, among the extensions of a request: the one before it may be bound to
/// a server that fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FreshConnection;

/// When the time of a request is over, among its extensions: a body that has come in part by then is handed on, since it
/// may hold the id of what was started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadUntil(pub(crate) tokio::time::Instant);

/// A body that tells when it is looked at, and when it is dropped before.
///
/// HTTP/1.1 announces in the head of a request whether there is a body, and of what length, so a client cannot write the
/// head without a look at the body: a body that was dropped without one belonged to a request that was never sent.
/// `tests/transport.rs` holds hyper to it.
struct Watched {
    body: Bytes,
    departure: Departure,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.departure.given_up();
    }
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        self.departure.reach(Stage::Gone);
        let body = std::mem::take(&mut self.body);
        Poll::Ready((!body.is_empty()).then(|| Ok(http_body::Frame::data(body))))
    }

    fn is_end_stream(&self) -> bool {
        self.departure.reach(Stage::Gone);
        self.body.is_empty()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.departure.reach(Stage::Gone);
        http_body::SizeHint::with_exact(self.body.len() as u64)
    }
}

/// No connection stood in time, so nothing was sent.
#[derive(Debug)]
pub(crate) struct ConnectTimeout;

impl fmt::Display for ConnectTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection stood in time")
    }
}

impl StdError for ConnectTimeout {}

/// How connections are made.
#[derive(Clone, Default)]
pub(crate) struct ConnectionSettings {
    pub(crate) proxy: ProxyChoice,
    /// Certificates that are trusted besides those of the system, in PEM.
    pub(crate) roots: Vec<u8>,
}
