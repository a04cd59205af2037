//! The door to the network: an HTTP/1.1 server.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::oneshot;
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
        .serve_connection(TokioIo::new(stream), service_fn(|request| answer(&emulator, request)));
    // A connection that fails is the client's trouble, and nobody is left to tell.
    let _ = watcher.watch(connection).await;
}

type BoxError = Box<dyn Error + Send + Sync>;

async fn answer(emulator: &Emulator, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = read(body, emulator.read_timeout()).await?;
    let unread = body.is_err();
    let mut response = emulator.engine().answer(&parts, body.as_ref().map_err(Refusal::clone));
    if unread {
        // The rest of the body would be taken for the next request.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response.map(Full::new))
}

/// Reads a body, or says what to answer instead; fails where the client went away.
async fn read(body: Incoming, timeout: Duration) -> Result<Result<Bytes, Refusal>, BoxError> {
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Ok(Err(Refusal::body_too_large(MAX_BODY)));
    }
    match tokio::time::timeout(timeout, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => Ok(Ok(body.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Ok(Err(Refusal::body_too_large(MAX_BODY))),
        Ok(Err(error)) => Err(error),
        Err(_) => Ok(Err(Refusal::body_timed_out())),
    }
}
