//! Sends a signed request to the service and receives the response.

pub(crate) mod address;
mod body;
mod clients;
pub(crate) mod connection;
pub(crate) mod endpoint;
pub(crate) mod http;
pub(crate) mod proxy;
pub(crate) mod send_progress;
pub(crate) mod setting;
pub(crate) mod timeout;

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;

use ::http::{HeaderMap, Request};
use bytes::Bytes;

use crate::error::{BoxError, Sent};

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends requests: over HTTP by default, to an emulator in tests.
///
/// A transport sends a request once. It follows no redirect and never retries: only the client above it knows whether
/// a second request could have its effect twice.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request and receives the response, of whose body at most `body_limit` bytes are kept.
    ///
    /// The limit bounds memory: it counts the bytes of the decoded body, whatever the size of the pieces that arrive. A
    /// transport that decodes a `Content-Encoding` removes that header; the error names one that remains.
    fn send(&self, request: Request<Bytes>, body_limit: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>>;
}

/// A response, as far as it arrived.
#[non_exhaustive]
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, or its beginning.
    pub body: Bytes,
    /// Whether that is the whole body.
    pub ending: Ending,
}

impl HttpResponse {
    /// A response that arrived as a whole. Set [`ending`](Self::ending) for one that did not.
    pub fn new(status: u16, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self { status, headers, body: body.into(), ending: Ending::Complete }
    }

    /// Says how the body ended.
    #[must_use]
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }
}

/// Without headers and body, which may hold anything.
impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

/// How the body of a response ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Ending {
    /// The whole body arrived.
    Complete,
    /// The connection broke before the end.
    CutShort(BoxError),
    /// The body is longer than the limit.
    TooLong,
    /// The time limit of the request ended before the body did.
    Late,
}

/// Why there is no response.
#[derive(Debug)]
#[non_exhaustive]
pub struct TransportError {
    /// Whether the service can have received the request.
    pub sent: Sent,
    /// The cause.
    pub source: BoxError,
}

impl TransportError {
    /// An error of a request that the service received, may have received, or cannot have received. Say [`Sent::No`]
    /// only if it is certain: such a request is sent again.
    pub fn new(sent: Sent, source: impl Into<BoxError>) -> Self {
        Self { sent, source: source.into() }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.sent {
            Sent::No => "the request was not sent",
            Sent::Maybe => "there is no response, and the service may have received the request",
            Sent::Yes => "there is no response, although the service received the request",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// Asks for a connection that no request used before, among the extensions of a request: the connection used before may
/// be bound to a server that fails.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FreshConnection;

/// When the time limit of a request ends, among its extensions. The part of a body that arrived by then is kept, since it
/// may hold the id of what was started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadUntil(pub(crate) tokio::time::Instant);

/// There was no connection within the time limit, so nothing was sent.
#[derive(Debug)]
pub(crate) struct ConnectTimeout;

impl fmt::Display for ConnectTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no connection within the time limit")
    }
}

impl StdError for ConnectTimeout {}
