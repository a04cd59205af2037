//! Making a connection to a target: directly or through its proxy, with TLS where its scheme asks for it.

use std::error::Error as StdError;
use std::fmt;
use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use tower_service::Service;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
use super::tls::Https;
use super::tls::Tls;
use super::{BoxError, BoxFuture, ConnectTimeout};
use crate::proxy::{Protocol, Proxies, Proxy};
use crate::timeout::Timeouts;

/// Makes connections for hyper's pool.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector,
    tls: Tls,
    proxies: Arc<Proxies>,
    timeout: Duration,
}

impl Connector {
    pub(super) fn new(timeouts: &Timeouts, tls: Tls, proxies: Arc<Proxies>) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(timeouts.keepalive));
        // Of several addresses each gets its part of it.
        tcp.set_connect_timeout(Some(timeouts.connect));
        Self { tcp, tls, proxies, timeout: timeouts.connect }
    }

    async fn connect(self, target: Uri) -> Result<Stream, BoxError> {
        match self.proxies.route(&target)? {
            None => {
                let stream = self.tcp(&target).await?;
                self.secured(stream, &target).await
            }
            Some(proxy) => self.through(proxy, &target).await.map_err(|cause| {
                let proxy = proxy.uri.clone();
                ThroughProxy { proxy, cause }.into()
            }),
        }
    }

    async fn through(&self, proxy: &Proxy, target: &Uri) -> Result<Stream, BoxError> {
        let stream = self.tcp(&proxy.uri).await?;
        // Neither Tunnel nor SocksV5 connects by itself: SocksV5 does not tell why that failed.
        let stream = match &proxy.protocol {
            Protocol::Socks { user, local_names } => {
                let mut socks = SocksV5::new(proxy.uri.clone(), Established(Some(stream)));
                if let Some((name, password)) = user.clone() {
                    socks = socks.with_auth(name, password);
                }
                socks.call(socks_target(target, *local_names).await?).await?
            }
            Protocol::Http(authorization) => {
                let stream = self.secured(stream, &proxy.uri).await?;
                if target.scheme() != Some(&Scheme::HTTPS) {
                    // The proxy reads the request itself.
                    return Ok(Stream { proxied: true, ..stream });
                }
                let mut tunnel = Tunnel::new(proxy.uri.clone(), Established(Some(stream)));
                if let Some(authorization) = authorization {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                tunnel.call(target.clone()).await?
            }
        };
        self.secured(stream, target).await
    }

    async fn tcp(&self, target: &Uri) -> Result<Stream, BoxError> {
        Ok(Stream::new(self.tcp.clone().call(target.clone()).await?))
    }

    /// The stream with TLS over it, if the scheme of `server` is one that asks for it.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    async fn secured(&self, stream: Stream, server: &Uri) -> Result<Stream, BoxError> {
        if server.scheme() != Some(&Scheme::HTTPS) {
            return Ok(stream);
        }
        let mut https = Https::from((Established(Some(stream)), self.tls.clone()));
        Ok(Stream::new(https.call(server.clone()).await?))
    }

    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    fn secured(&self, stream: Stream, server: &Uri) -> Ready<Result<Stream, BoxError>> {
        let () = self.tls;
        let secure = server.scheme() == Some(&Scheme::HTTPS);
        ready(if secure { Err("TLS is needed, and this build has none".into()) } else { Ok(stream) })
    }
}

/// Why a target was not reached through its proxy.
#[derive(Debug)]
struct ThroughProxy {
    proxy: Uri,
    cause: BoxError,
}

impl fmt::Display for ThroughProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "through the proxy {}", self.proxy.to_string().trim_end_matches('/'))
    }
}

impl StdError for ThroughProxy {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.cause)
    }
}

/// The target as a SOCKS proxy is told it: with its port, which has no default there.
async fn socks_target(target: &Uri, local_names: bool) -> Result<Uri, BoxError> {
    let host = target.host().unwrap_or_default();
    let port = target.port_u16().unwrap_or(if target.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 });
    let scheme = target.scheme_str().unwrap_or_default();
    if !local_names || host.starts_with('[') {
        return Ok(format!("{scheme}://{host}:{port}").parse()?);
    }
    let address = tokio::net::lookup_host((host, port)).await?.next();
    let address = address.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address"))?;
    Ok(format!("{scheme}://{address}").parse()?)
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Stream, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let limit = connector.timeout;
            match tokio::time::timeout(limit, connector.connect(target)).await {
                Ok(connected) => connected,
                Err(_) => Err(ConnectTimeout.into()),
            }
        })
    }
}

/// Hands on a stream that is connected already: what is spoken over it goes over it, whatever the target.
struct Established(Option<Stream>);

impl Service<Uri> for Established {
    type Response = Stream;
    type Error = io::Error;
    type Future = Ready<io::Result<Stream>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

/// A connection, of however many layers.
pub(super) struct Stream {
    io: Box<dyn Io>,
    /// Whether a proxy reads the requests.
    proxied: bool,
}

trait Io: Read + Write + Send + Unpin {}

impl<T: Read + Write + Send + Unpin> Io for T {}

impl Stream {
    fn new(io: impl Io + 'static) -> Self {
        Self { io: Box::new(io), proxied: false }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.proxied)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.io).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.io).poll_write_vectored(context, slices)
    }
}
