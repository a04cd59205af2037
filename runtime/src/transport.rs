//! Carrying a signed request to the service and its answer back.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request, Uri};

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::proxy::{ProxyChoice, Rule};
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

/// Sends over HTTP/1.1 with `reqwest`.
///
/// Of the head of an answer hyper takes 100 headers and about 400 KiB; what is longer is a failed answer.
#[derive(Debug, Clone)]
pub(crate) struct HttpTransport {
    client: reqwest::Client,
    /// The endpoint in both of its forms, so that the URL is not read anew for each request.
    endpoint: Option<(Uri, reqwest::Url)>,
}

impl HttpTransport {
    /// A connection pool with these timeouts and settings, to call this endpoint.
    pub(crate) fn new(timeouts: &Timeouts, settings: &ConnectionSettings, endpoint: &Endpoint) -> Result<Self, Error> {
        if endpoint.is_tls() && !cfg!(any(feature = "rustls", feature = "native-tls")) {
            return Err(Error::configuration(format!("{endpoint:?} needs TLS, and this build has none"))
                .hint("turn on the feature rustls or native-tls"));
        }
        // The environment's proxies have to make sense only where one of them could be used.
        let proxy = if endpoint.is_loopback() { &ProxyChoice::Direct } else { &settings.proxy };
        let rules = proxy.rules(|name| std::env::var(name).ok())?;
        // With no rule of our own reqwest would read the environment by itself.
        let mut builder = reqwest::Client::builder().no_proxy();
        for rule in rules {
            builder = builder.proxy(reqwest_proxy(&rule).map_err(cannot_be_set_up)?);
        }
        let client = with_tls(builder, &settings.roots)?
            .connect_timeout(timeouts.connect)
            .pool_idle_timeout(timeouts.idle)
            .tcp_keepalive(timeouts.keepalive)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            .build()
            .map_err(|error| {
                let error = cannot_be_set_up(error);
                if settings.roots.is_empty() { error } else { error.hint(CHECK_ROOTS) }
            })?;
        let uri =
            endpoint.uri(None).map_err(|error| Error::configuration("the endpoint is no URL").caused_by(error))?;
        let url = reqwest::Url::parse(&uri.to_string()).ok();
        Ok(Self { client, endpoint: url.map(|url| (uri, url)) })
    }

    /// The URL of a request.
    fn url(&self, uri: &Uri) -> Result<reqwest::Url, BoxError> {
        match &self.endpoint {
            Some((own, url))
                if own.scheme() == uri.scheme() && own.authority() == uri.authority() && uri.path() == "/" =>
            {
                let mut url = url.clone();
                url.set_query(uri.query());
                Ok(url)
            }
            _ => Ok(reqwest::Url::parse(&uri.to_string())?),
        }
    }
}

const CHECK_ROOTS: &str = "check the root certificates given in PEM";

fn cannot_be_set_up(error: reqwest::Error) -> Error {
    Error::configuration("the HTTP client cannot be set up").caused_by(error.without_url())
}

fn reqwest_proxy(rule: &Rule) -> Result<reqwest::Proxy, reqwest::Error> {
    let proxy = match rule.scheme {
        "https" => reqwest::Proxy::https(&rule.url),
        _ => reqwest::Proxy::http(&rule.url),
    };
    Ok(proxy?.no_proxy(reqwest::NoProxy::from_string(&rule.direct)))
}

/// TLS by the system's library where that was asked for: the feature `rustls` is on by default, so whoever turns on
/// `native-tls` means it.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn with_tls(builder: reqwest::ClientBuilder, roots: &[u8]) -> Result<reqwest::ClientBuilder, Error> {
    #[cfg(feature = "native-tls")]
    let builder = builder.tls_backend_native();
    #[cfg(not(feature = "native-tls"))]
    let builder = builder.tls_backend_rustls();
    if roots.is_empty() {
        return Ok(builder);
    }
    let refuse = |why: String| Err(Error::configuration(format!("the root certificates {why}")));
    let text = String::from_utf8_lossy(roots);
    let labels: Vec<&str> =
        text.split("-----BEGIN ").skip(1).filter_map(|rest| Some(rest.split_once("-----")?.0)).collect();
    if labels.is_empty() {
        return refuse("are no PEM: there is no line \"-----BEGIN CERTIFICATE-----\"".to_owned());
    }
    if !labels.contains(&"CERTIFICATE") {
        return refuse(format!("hold no CERTIFICATE, but {}", labels.join(", ")));
    }
    match reqwest::Certificate::from_pem_bundle(roots) {
        Ok(roots) if roots.len() == labels.iter().filter(|label| **label == "CERTIFICATE").count() => {
            Ok(builder.tls_certs_merge(roots))
        }
        Ok(_) => refuse("are cut short: a certificate has no end".to_owned()),
        Err(error) => {
            Err(Error::configuration("the root certificates cannot be read").caused_by(error).hint(CHECK_ROOTS))
        }
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn with_tls(builder: reqwest::ClientBuilder, roots: &[u8]) -> Result<reqwest::ClientBuilder, Error> {
    if roots.is_empty() {
        return Ok(builder);
    }
    Err(Error::configuration("root certificates are for TLS, and this build has none")
        .hint("turn on the feature rustls or native-tls"))
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<Bytes>, body_limit: usize) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let departure = parts.extensions.remove::<Departure>().unwrap_or_default();
            let url = self.url(&parts.uri).map_err(|source| TransportError { sent: Sent::No, source })?;
            let mut request = reqwest::Request::new(parts.method, url);
            *request.headers_mut() = parts.headers;
            *request.body_mut() = Some(reqwest::Body::wrap(Watched { body, departure: departure.clone() }));
            let answer = self.client.execute(request);
            // What looked at the body until now did so before anything could be sent.
            departure.reach(Stage::HandedOver);
            let mut response = answer.await.map_err(|error| {
                let unsent = error.is_builder() || error.is_connect() || departure.stage() == Stage::Unsent;
                TransportError {
                    sent: if unsent { Sent::No } else { Sent::Maybe },
                    source: if error.is_connect() && error.is_timeout() {
                        ConnectTimeout.into()
                    } else {
                        // The URL of a GET holds every parameter.
                        error.without_url().into()
                    },
                }
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

#[cfg(all(test, not(any(feature = "rustls", feature = "native-tls"))))]
mod tests {
    use super::*;

    #[test]
    fn a_build_without_tls_says_so() {
        let build = |endpoint, roots: &[u8]| {
            let settings = ConnectionSettings { roots: roots.to_vec(), ..ConnectionSettings::default() };
            let endpoint = Endpoint::parse(endpoint, false).unwrap();
            HttpTransport::new(&Timeouts::default(), &settings, &endpoint).map(drop).map_err(|error| error.to_string())
        };
        assert_eq!(build("http://127.0.0.1", b""), Ok(()));
        assert_eq!(
            build("voice.example.com", b"").unwrap_err(),
            "https://voice.example.com/ needs TLS, and this build has none; turn on the feature rustls or native-tls"
        );
        let roots = build("http://127.0.0.1", b"-----BEGIN CERTIFICATE-----").unwrap_err();
        assert!(roots.starts_with("root certificates are for TLS, and this build has none"), "{roots}");
    }
}

#[cfg(all(test, any(feature = "rustls", feature = "native-tls")))]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// The beginning of what a listener receives; it answers with nothing.
    async fn received(listener: &TcpListener) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut beginning = [0; 22];
        stream.read_exact(&mut beginning).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&beginning).into_owned()
    }

    #[tokio::test]
    async fn a_proxy_is_not_asked_for_hosts_that_are_reached_directly() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Not among the names of this machine that no proxy is ever asked for, but it leads here.
        let url = format!("http://0.0.0.0:{}/", server.local_addr().unwrap().port());
        let get = async |direct: &str| {
            let rule = Rule {
                scheme: "http",
                url: format!("http://{}", proxy.local_addr().unwrap()),
                direct: direct.to_owned(),
            };
            let builder = reqwest::Client::builder().no_proxy().proxy(reqwest_proxy(&rule).unwrap());
            builder.build().unwrap().get(&url).send().await.unwrap();
        };
        let (at_proxy, ()) = tokio::join!(received(&proxy), get("127.0.0.0/8,example.com"));
        assert!(at_proxy.starts_with("GET http://0.0.0.0:"), "{at_proxy}");
        let (at_server, ()) = tokio::join!(received(&server), get("example.com, 0.0.0.0"));
        assert!(at_server.starts_with("GET / HTTP/1.1\r\n"), "{at_server}");
    }
}
