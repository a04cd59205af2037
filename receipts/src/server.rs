//! An HTTP/1.1 server in front of a receiver.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::receiver::Receiver;

/// Connections at the same time. Others wait.
const MOST_CONNECTIONS: usize = 256;

/// How long the headers of a request may take, also those of the next one on a connection.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long requests in progress may take when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// Delay after a connection could not be accepted, for example because the process has no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A server for a [`Receiver`], without TLS: put it behind a reverse proxy that has a certificate.
///
/// It has at most 256 connections, and waits ten seconds for headers and for a body. Dropping it ends requests in progress;
/// [`Server::stop`] waits for them.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Listens on an address; port 0 selects a free one. Must be called inside a Tokio runtime.
    pub async fn start(receiver: Receiver, address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        Ok(Self { address, stop: Some(stop), accepting: tokio::spawn(accept(listener, receiver, stopped)) })
    }

    /// The address on which it listens, with the selected port if 0 was given.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a URL, such as `http://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Accepts no more connections, waits up to five seconds for requests in progress, and closes the connections.
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
    }
}

async fn accept(listener: TcpListener, receiver: Receiver, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    let graceful = GracefulShutdown::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    let connection = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEADER_TIMEOUT)
                        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(receiver.clone()));
                    let watched = graceful.watch(connection);
                    connections.spawn(async move {
                        // A connection that fails is the sender's.
                        let _ = watched.await;
                    });
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
