//! HTTP/1.1 over a pool of connections, with hyper.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::PROXY_AUTHORIZATION;
use http::uri::Scheme;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{Connected, capture_connection};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::connect::Connector;
use super::{
    BoxError, BoxFuture, ConnectTimeout, ConnectionSettings, Departure, HttpAnswer, Sent, Stage, Transport,
    TransportError, Watched, body, tls,
};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::proxy::{Protocol, Proxies};
use crate::timeout::Timeouts;

/// Sends over HTTP/1.1.
///
/// Of the head of an answer hyper takes 100 headers and about 400 KiB; what is longer is a failed answer.
#[derive(Clone)]
pub(crate) struct HttpTransport {
    client: Client<Connector, Watched>,
    proxies: Arc<Proxies>,
}

impl HttpTransport {
    /// A connection pool with these timeouts and settings, to call this endpoint and whatever gives its credentials.
    pub(crate) fn new(timeouts: &Timeouts, settings: &ConnectionSettings, endpoint: &Endpoint) -> Result<Self, Error> {
        if endpoint.is_tls() && !tls::AVAILABLE {
            return Err(Error::configuration(format!("{endpoint:?} needs TLS, and this build has none"))
                .hint("turn on the feature rustls or native-tls"));
        }
        // A value that is no text is one that cannot be used, and not one that is absent.
        let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let proxies = settings.proxy.proxies(variable)?;
        // Requests to other targets, such as those for credentials, tell it when they are sent.
        proxies.route(endpoint.target())?;
        Self::through(proxies, timeouts, &settings.roots)
    }

    fn through(proxies: Proxies, timeouts: &Timeouts, roots: &[u8]) -> Result<Self, Error> {
        let proxies = Arc::new(proxies);
        let connector = Connector::new(timeouts, tls::settings(roots)?, Arc::clone(&proxies));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(timeouts.idle)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .build(connector);
        Ok(Self { client, proxies })
    }

    /// Sends what a proxy must know of a request that it reads itself.
    fn authorize(&self, request: &mut Request<Watched>) -> Result<(), BoxError> {
        if request.uri().scheme() == Some(&Scheme::HTTP)
            && let Some(proxy) = self.proxies.route(request.uri())?
            && let Protocol::Http(Some(authorization)) = &proxy.protocol
        {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        Ok(())
    }
}

/// Without the pool.
impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        mut request: Request<Bytes>,
        body_limit: usize,
    ) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        Box::pin(async move {
            let departure = request.extensions_mut().remove::<Departure>().unwrap_or_default();
            let mut request = request.map(|body| Watched { body, departure: departure.clone() });
            self.authorize(&mut request).map_err(|source| TransportError { sent: Sent::No, source })?;
            let connection = capture_connection(&mut request);
            let answer = self.client.request(request);
            // What looked at the body until now did so before anything could be sent.
            departure.reach(Stage::HandedOver);
            let response = answer.await.map_err(|error| {
                let unsent = error.is_connect() || departure.stage() == Stage::Unsent;
                TransportError {
                    sent: if unsent { Sent::No } else { Sent::Maybe },
                    source: if error.is_connect() && is_timeout(&error) { ConnectTimeout.into() } else { error.into() },
                }
            })?;
            let (mut parts, incoming) = response.into_parts();
            // A server that fails, or a proxy that cannot reach one, mostly does so for a whole connection: the next
            // attempt must have a chance to meet another one.
            if parts.status.is_server_error() {
                connection.connection_metadata().as_ref().inspect(|connected| Connected::poison(connected));
            }
            let (body, ending) = body::read(incoming, &mut parts.headers, body_limit).await;
            Ok(HttpAnswer { status: parts.status.as_u16(), headers: parts.headers, body, ending })
        })
    }
}

/// Whether a connection was not made because its time, or that for one of its addresses, was over.
fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<ConnectTimeout>()
            || error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
        {
            return true;
        }
        cause = error.source();
    }
    false
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
    use crate::proxy::ProxyChoice;

    /// The beginning of what a listener receives; it answers with nothing.
    async fn received(listener: &TcpListener) -> String {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut beginning = [0; 22];
        stream.read_exact(&mut beginning).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        String::from_utf8_lossy(&beginning).into_owned()
    }

    /// A transport in an environment of these variables.
    fn transport(variables: &[(&str, String)]) -> HttpTransport {
        let variable = |name: &str| variables.iter().find(|pair| pair.0 == name).map(|pair| pair.1.clone());
        let proxies = ProxyChoice::Environment.proxies(variable).unwrap();
        HttpTransport::through(proxies, &Timeouts::default(), b"").unwrap()
    }

    async fn get(transport: &HttpTransport, url: &str) -> Result<u16, TransportError> {
        let request = Request::get(url).body(Bytes::new()).unwrap();
        Ok(transport.send(request, 0).await?.status)
    }

    #[tokio::test]
    async fn one_client_reaches_each_target_its_own_way() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        // Not among the names of this machine that no proxy is ever asked for, but it leads here.
        let url = format!("http://0.0.0.0:{port}/");
        let http_proxy = ("HTTP_PROXY", format!("user:test%20secret@{}", proxy.local_addr().unwrap()));
        let no_proxy = |hosts: &str| ("NO_PROXY", hosts.to_owned());

        let with_proxy = transport(&[http_proxy.clone(), no_proxy("127.0.0.0/8,example.com")]);
        let (at_proxy, status) = tokio::join!(received(&proxy), get(&with_proxy, &url));
        assert!(at_proxy.starts_with("GET http://0.0.0.0:") && status.unwrap() == 200, "{at_proxy}");
        // What is on this machine is reached directly by the same client.
        let loopback = format!("http://127.0.0.1:{port}/");
        let (at_server, _) = tokio::join!(received(&server), get(&with_proxy, &loopback));
        assert!(at_server.starts_with("GET / HTTP/1.1\r\n"), "{at_server}");

        let around = transport(&[http_proxy, no_proxy("example.com, 0.0.0.0")]);
        let (at_server, _) = tokio::join!(received(&server), get(&around, &url));
        assert!(at_server.starts_with("GET / HTTP/1.1\r\n"), "{at_server}");
    }

    #[tokio::test]
    async fn an_unusable_proxy_fails_the_requests_that_need_it_and_is_not_shown() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let transport = transport(&[("ALL_PROXY", "http://user:hunter2?x@127.0.0.1:9".to_owned())]);
        let url = format!("http://{}/", server.local_addr().unwrap());
        let (_, status) = tokio::join!(received(&server), get(&transport, &url));
        assert_eq!(status.unwrap(), 200);
        for url in ["http://sts.example.com/", "https://sts.example.com/"] {
            let error = get(&transport, url).await.unwrap_err();
            let mut said = format!("{error}; {error:?}");
            let mut cause = error.source.source();
            while let Some(error) = cause {
                said = format!("{said}; {error}");
                cause = error.source();
            }
            assert_eq!(error.sent, Sent::No);
            assert!(said.contains("the environment variable ALL_PROXY cannot be used: it has an @"), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}
