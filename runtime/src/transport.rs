//! Carrying a signed request to the service and its answer back.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request};

use crate::timeout::Timeouts;

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

/// Sends over HTTP/1.1 with `reqwest`.
#[derive(Debug, Clone)]
pub(crate) struct HttpTransport(reqwest::Client);

impl HttpTransport {
    /// A connection pool with these timeouts. Proxies are those of the environment, except for this machine itself,
    /// which no proxy reaches.
    pub(crate) fn new(timeouts: &Timeouts, loopback: bool) -> Result<Self, BoxError> {
        let builder = reqwest::Client::builder();
        let builder = if loopback { builder.no_proxy() } else { builder };
        let client = builder
            .connect_timeout(timeouts.connect)
            .pool_idle_timeout(timeouts.idle)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            .build()?;
        Ok(Self(client))
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<Bytes>, body_limit: usize) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request)
                .map_err(|error| TransportError { sent: Sent::No, source: error.without_url().into() })?;
            let mut response = self.0.execute(request).await.map_err(|error| TransportError {
                sent: if error.is_connect() { Sent::No } else { Sent::Maybe },
                // The URL of a GET holds every parameter.
                source: error.without_url().into(),
            })?;
            let status = response.status().as_u16();
            let headers = std::mem::take(response.headers_mut());
            let (body, ending) = read_body(&mut response, body_limit).await;
            Ok(HttpAnswer { status, headers, body, ending })
        })
    }
}

async fn read_body(response: &mut reqwest::Response, limit: usize) -> (Bytes, Ending) {
    let mut chunks = Vec::new();
    let mut length = 0;
    let ending = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                length += chunk.len();
                chunks.push(chunk);
                if length > limit {
                    break Ending::TooLong;
                }
            }
            Ok(None) => break Ending::Complete,
            Err(error) => break Ending::CutShort(error.without_url().into()),
        }
    };
    let mut body = joined(&chunks, length);
    body.truncate(limit);
    (body, ending)
}

/// The whole, copied once; a body in one piece is handed on as it is.
fn joined(chunks: &[Bytes], length: usize) -> Bytes {
    match chunks {
        [] => Bytes::new(),
        [only] => only.clone(),
        chunks => {
            let mut whole = BytesMut::with_capacity(length);
            for chunk in chunks {
                whole.extend_from_slice(chunk);
            }
            whole.freeze()
        }
    }
}
