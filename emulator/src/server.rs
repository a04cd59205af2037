//! An HTTP/1.1 server in front of an emulator.
//!
//! The memory of connections is bounded, whatever their number and their input: headers, a small body, and a share of
//! what a few large bodies may take together.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::control;
use crate::delivery::{self, AnswerBody, Line, ResetSwitch};
use crate::emulator::Emulator;
use crate::engine::{MAX_BODY, Outgoing};
use crate::fault::{Delivery, SILENCE};
use crate::queue_endpoint;
use crate::received::Received;
use crate::refusal::Refusal;
#[cfg(feature = "tls")]
use crate::tls::Identity;

/// How long requests in progress may take when the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// Delay after a connection could not be accepted, for example because the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often a server looks for receipts that are due.
const DELIVERY_PAUSE: Duration = Duration::from_millis(50);

/// Whether a server speaks TLS.
enum Security {
    Plain,
    #[cfg(feature = "tls")]
    SelfSigned,
}

/// An emulator that listens. Made by [`Emulator::serve`].
///
/// Dropping it stops it and ends requests in progress; [`Server::stop`] waits for them.
#[derive(Debug)]
pub struct Server {
    emulator: Emulator,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    accepting: JoinHandle<()>,
    /// Sends receipts, if they go anywhere.
    delivering: Option<JoinHandle<()>>,
    #[cfg(feature = "tls")]
    certificate: Option<String>,
}

impl Emulator {
    /// Listens for HTTP/1.1 on an address; port 0 picks a free one. Must be called inside a Tokio runtime.
    pub async fn serve(&self, address: impl ToSocketAddrs) -> io::Result<Server> {
        Server::start(self.clone(), address, Security::Plain).await
    }

    /// Listens for HTTPS with a self-signed certificate for this server: clients must trust
    /// [`Server::certificate_pem`]. It is valid for `localhost`, the loopback addresses, the address of the server and
    /// the services' hosts.
    #[cfg(feature = "tls")]
    pub async fn serve_tls(&self, address: impl ToSocketAddrs) -> io::Result<Server> {
        Server::start(self.clone(), address, Security::SelfSigned).await
    }
}

impl Server {
    async fn start(emulator: Emulator, address: impl ToSocketAddrs, security: Security) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let wrapping = match security {
            Security::Plain => Wrapping::Plain,
            #[cfg(feature = "tls")]
            Security::SelfSigned => {
                let services = emulator.engine().services().iter();
                let hosts = services.filter_map(|service| service.specification.endpoints.default.clone());
                let names: Vec<String> = std::iter::once(address.ip().to_string()).chain(hosts).collect();
                Wrapping::Tls(Identity::new(&names.iter().map(String::as_str).collect::<Vec<_>>())?)
            }
        };
        #[cfg(feature = "tls")]
        let certificate = match &wrapping {
            Wrapping::Tls(identity) => Some(identity.certificate_pem().to_owned()),
            Wrapping::Plain => None,
        };
        let accepting = tokio::spawn(accept(listener, emulator.clone(), wrapping, stopped));
        let delivering = (!emulator.engine().courier().is_idle()).then(|| tokio::spawn(deliver(emulator.clone())));
        Ok(Self {
            emulator,
            address,
            delivering,
            stop: Some(stop),
            accepting,
            #[cfg(feature = "tls")]
            certificate,
        })
    }

    /// The address it listens on, with the selected port if 0 was given.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a URL, such as `http://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        #[cfg(feature = "tls")]
        if self.certificate.is_some() {
            return format!("https://{}", self.address);
        }
        format!("http://{}", self.address)
    }

    /// The certificate of a server started by [`Emulator::serve_tls`], as PEM, for clients to trust.
    #[cfg(feature = "tls")]
    pub fn certificate_pem(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// The emulator behind it.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// The received requests; see [`Emulator::requests`].
    pub fn requests(&self) -> Vec<Received> {
        self.emulator.requests()
    }

    /// Accepts no more connections, waits up to two seconds for requests in progress, and closes the connections.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // It fails if the task has ended already.
            let _ = stop.send(());
        }
        // It fails for the same reason; there is nothing left to stop then.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Connections end with the task that holds them.
        self.accepting.abort();
        if let Some(delivering) = &self.delivering {
            delivering.abort();
        }
    }
}

/// Whether connections use TLS.
#[derive(Clone)]
enum Wrapping {
    Plain,
    #[cfg(feature = "tls")]
    Tls(Identity),
}

async fn accept(listener: TcpListener, emulator: Emulator, wrapping: Wrapping, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let connection = Connection::new(&emulator, peer);
                    connections.spawn(connection.attend(stream, wrapping.clone(), graceful.watcher()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    // Connections that have not ended by then are closed when the set is dropped.
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

/// Sends receipts when they are due. The time may be advanced at any moment, so there is nothing to wait for.
async fn deliver(emulator: Emulator) {
    loop {
        emulator.deliver_receipts().await;
        tokio::time::sleep(DELIVERY_PAUSE).await;
    }
}

/// What the requests of one connection share.
struct Connection {
    emulator: Emulator,
    reset: ResetSwitch,
    /// Whether the peer may use the control endpoint.
    controls: bool,
}

/// Maximum size of the headers of a request; the target alone may have 64 KiB.
const MAX_HEAD: usize = 128 * 1024;

/// Bodies up to this size are read at any time.
const SMALL_BODY: usize = 64 * 1024;

/// Maximum number of larger bodies that are read at the same time; others wait, at most as long as a body may take.
static LARGE_BODIES: Semaphore = Semaphore::const_new(16);

type BoxError = Box<dyn Error + Send + Sync>;

impl Connection {
    fn new(emulator: &Emulator, peer: SocketAddr) -> Self {
        let controls = emulator.connections().control_from_anywhere || peer.ip().to_canonical().is_loopback();
        Self { emulator: emulator.clone(), reset: ResetSwitch::default(), controls }
    }

    /// Answers its requests until it ends.
    async fn attend(self, stream: TcpStream, wrapping: Wrapping, watcher: Watcher) {
        let line = Line::new(stream, self.reset.clone());
        if let Some(fault) = self.emulator.engine().rules().connect() {
            // A server that stops does not wait for it.
            drop(watcher);
            self.drop_unanswered(&fault.delivery()).await;
            return;
        }
        match wrapping {
            Wrapping::Plain => self.serve(line, watcher).await,
            #[cfg(feature = "tls")]
            Wrapping::Tls(identity) => {
                let shaking_hands = identity.accept(line);
                // A peer that does not use TLS, or not in time, is ignored.
                if let Ok(Ok(stream)) =
                    tokio::time::timeout(self.emulator.connections().read_timeout, shaking_hands).await
                {
                    self.serve(stream, watcher).await;
                }
            }
        }
    }

    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, watcher: Watcher) {
        let settings = self.emulator.connections();
        // The time limit for headers starts at the end of the response before.
        let waiting = settings.idle_timeout.map_or(settings.read_timeout, |idle| idle.min(settings.read_timeout));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(waiting)
            // A client may close its side after the request and still read the response.
            .half_close(true)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service_fn(|request| self.answer(request)));
        // A failed connection is the client's, or a fault that was asked for.
        let _ = watcher.watch(connection).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<AnswerBody>, BoxError> {
        let (parts, body) = request.into_parts();
        let body = read(body, self.emulator.connections().read_timeout).await?;
        let unread = body.is_err();
        let bytes = body.as_ref().map(Body::bytes).map_err(Refusal::clone);
        let Outgoing { mut response, delivery } = if control::is_meant(&parts.uri) {
            let response = control::answer(&self.emulator, self.controls, &parts, bytes);
            Outgoing { response, delivery: Delivery::Whole }
        } else if queue_endpoint::is_meant(&parts.uri) {
            queue_endpoint::attend(self.emulator.engine(), &parts, bytes).await
        } else {
            self.emulator.engine().answer(&parts, bytes)
        };
        // A slow response must not block others from sending a large body.
        drop(body);
        if unread {
            // The rest of the body would be parsed as the next request.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        match delivery {
            Delivery::Whole => Ok(delivery::whole(response)),
            Delivery::Slow(pause) => Ok(delivery::slow(response, pause)),
            Delivery::Short => Ok(delivery::short(response)),
            Delivery::Delayed(delay) => {
                tokio::time::sleep(delay).await;
                Ok(delivery::whole(response))
            }
            Delivery::ResetWithin => {
                self.reset.set();
                Ok(delivery::half(response))
            }
            Delivery::Reset | Delivery::Silence => {
                self.drop_unanswered(&delivery).await;
                Err(io::Error::from(io::ErrorKind::ConnectionReset).into())
            }
        }
    }

    /// Lets the connection end with a reset, at once or after a long silence.
    async fn drop_unanswered(&self, delivery: &Delivery) {
        if *delivery == Delivery::Silence {
            tokio::time::sleep(SILENCE).await;
        }
        self.reset.set();
    }
}

/// A body that was read, with its permit.
struct Body {
    bytes: Bytes,
    _large: Option<SemaphorePermit<'static>>,
}

impl Body {
    fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// Reads a body, or returns the refusal; fails if the client closed the connection.
async fn read(body: Incoming, timeout: Duration) -> Result<Result<Body, Refusal>, BoxError> {
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Ok(Err(Refusal::body_too_large(MAX_BODY)));
    }
    match tokio::time::timeout(timeout, collect(body)).await {
        Ok(collected) => collected,
        Err(_) => Ok(Err(Refusal::body_timed_out())),
    }
}

async fn collect(mut body: Incoming) -> Result<Result<Body, Refusal>, BoxError> {
    // Most bodies are one frame, which is used without a copy.
    let mut bytes = Bytes::new();
    let mut more = BytesMut::new();
    let mut large = None;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let length = bytes.len() + more.len() + data.len();
        if length > MAX_BODY {
            return Ok(Err(Refusal::body_too_large(MAX_BODY)));
        }
        if length > SMALL_BODY && large.is_none() {
            large = Some(LARGE_BODIES.acquire().await?);
        }
        if length == data.len() {
            bytes = data;
        } else {
            if more.is_empty() {
                more.extend_from_slice(&std::mem::take(&mut bytes));
            }
            more.extend_from_slice(&data);
        }
    }
    Ok(Ok(Body { bytes: if more.is_empty() { bytes } else { more.freeze() }, _large: large }))
}

#[cfg(test)]
mod tests;
