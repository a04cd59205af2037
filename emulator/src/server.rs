//! The door to the network: an HTTP/1.1 server.
//!
//! What a connection may hold of memory is bounded, however many there are and whatever they send: its headers, a small
//! body, and a share of what few large bodies may hold together.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use crate::engine::MAX_BODY;
use crate::refuse::Refusal;
use crate::{Emulator, Received};

/// How long requests that are on their way may take when the server stops.
const GRACE: Duration = Duration::from_secs(2);

/// A pause after a connection could not be accepted, as when the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// An emulator that listens. Made by [`Emulator::serve`].
///
/// It stops when it is dropped, cutting what is on its way; [`Server::stop`] lets that finish.
#[derive(Debug)]
pub struct Server {
    emulator: Emulator,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    accepting: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(emulator: Emulator, address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let accepting = tokio::spawn(accept(listener, emulator.clone(), stopped));
        Ok(Self { emulator, address, stop: Some(stop), accepting })
    }

    /// The address it listens on, with the port that was picked where 0 was asked for.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a URL, such as `http://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The emulator behind it.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// What it received; see [`Emulator::requests`].
    pub fn requests(&self) -> Vec<Received> {
        self.emulator.requests()
    }

    /// Accepts no more connections, lets the requests that came be answered, for no longer than two seconds, and
    /// closes the connections.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // It fails where the task has ended already.
            let _ = stop.send(());
        }
        // So does this; there is nothing left to stop then.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Connections end with the task that holds them.
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, emulator: Emulator, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(attend(stream, emulator.clone(), graceful.watcher()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    // What has not ended by then is cut when the set is dropped.
    let _ = tokio::time::timeout(GRACE, graceful.shutdown()).await;
}

/// Answers the requests of one connection until it ends.
async fn attend(stream: TcpStream, emulator: Emulator, watcher: Watcher) {
    // Answers are small and whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(emulator.read_timeout())
        // A client may close its side after the request and still read the answer.
        .half_close(true)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service_fn(|request| answer(&emulator, request)));
    // A connection that fails is the client's trouble, and nobody is left to tell.
    let _ = watcher.watch(connection).await;
}

/// The most bytes of headers that a connection may send; the target alone may have 64 KiB.
const MAX_HEAD: usize = 128 * 1024;

/// Bodies up to this many bytes are read at any time.
const SMALL_BODY: usize = 64 * 1024;

/// How many larger bodies are read at a time; the others wait, for no longer than a body may take.
static LARGE_BODIES: Semaphore = Semaphore::const_new(16);

type BoxError = Box<dyn Error + Send + Sync>;

async fn answer(emulator: &Emulator, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = read(body, emulator.read_timeout()).await?;
    let unread = body.is_err();
    let mut response = emulator.engine().answer(&parts, body.as_ref().map(Body::bytes).map_err(Refusal::clone));
    if unread {
        // The rest of the body would be taken for the next request.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(Full::new))
}

/// A body that was read, and the leave to hold it.
struct Body {
    bytes: Bytes,
    _large: Option<SemaphorePermit<'static>>,
}

impl Body {
    fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// Reads a body, or says what to answer instead; fails where the client went away.
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
    // Most bodies are one frame, which is taken as it came.
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
