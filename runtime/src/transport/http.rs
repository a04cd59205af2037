//! HTTP/1.1 with a connection pool, by reqwest.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::{HeaderValue, Request, Uri};
use reqwest::Url;

use super::clients::{Clients, Settings};
use super::{BoxFuture, ConnectTimeout, FreshConnection, HttpResponse, ReadUntil, Transport, TransportError, body};
use crate::error::{BoxError, Sent};
use crate::transport::connection::ConnectionSettings;
use crate::transport::endpoint::Endpoint;
use crate::transport::proxy::{Proxies, Proxy};
use crate::transport::send_progress::{ObservedBody, SendProgress, Stage};
use crate::transport::setting::InvalidSetting;
use crate::transport::timeout::Timeouts;

/// Whether this build has TLS.
const TLS: bool = cfg!(any(feature = "rustls", feature = "native-tls"));

/// Sends over HTTP/1.1.
///
/// hyper accepts up to 100 headers and about 400 KiB of them; more is a failure of the request.
pub(crate) struct HttpTransport {
    clients: Clients,
    proxies: Arc<Proxies>,
    /// The endpoint in both forms: parsing a URL for each request takes half the time of its signature.
    endpoint: Option<(Uri, Url)>,
}

impl HttpTransport {
    /// A connection pool with these timeouts and settings, for this endpoint and for what provides its credentials.
    pub(crate) fn new(
        timeouts: &Timeouts,
        settings: &ConnectionSettings,
        endpoint: &Endpoint,
    ) -> Result<Self, InvalidSetting> {
        if endpoint.is_tls() && !TLS {
            return Err(InvalidSetting::new(format!("{endpoint:?} needs TLS, and this build has none"))
                .hint("turn on the feature rustls or native-tls"));
        }
        let proxies = Self::proxies(settings)?;
        let uri = endpoint.target();
        let url = Self::target(endpoint)?;
        // The proxies of other targets, such as those for credentials, are checked when requests are sent.
        proxies.route(&url)?;
        let transport = Self::through(proxies, *timeouts, settings.clone())?;
        Ok(Self { endpoint: Some((uri.clone(), url)), ..transport })
    }

    /// The proxies of these settings.
    pub(crate) fn proxies(settings: &ConnectionSettings) -> Result<Proxies, InvalidSetting> {
        // A value that is not Unicode is unusable, and not absent.
        let variable = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Ok(settings.proxy.proxies(variable)?)
    }

    /// The URL of an endpoint.
    pub(crate) fn target(endpoint: &Endpoint) -> Result<Url, InvalidSetting> {
        Url::parse(&endpoint.target().to_string())
            .map_err(|error| InvalidSetting::new(format!("the endpoint {endpoint:?} is no URL")).caused_by(error))
    }

    fn through(proxies: Proxies, timeouts: Timeouts, connections: ConnectionSettings) -> Result<Self, InvalidSetting> {
        let proxies = Arc::new(proxies);
        let clients = Clients::new(Settings { proxies: Arc::clone(&proxies), timeouts, connections })?;
        Ok(Self { clients, proxies, endpoint: None })
    }

    /// The URL of a request.
    fn url(&self, uri: &Uri) -> Result<Url, BoxError> {
        match &self.endpoint {
            Some((own, url))
                if own.scheme() == uri.scheme() && own.authority() == uri.authority() && uri.path() == "/" =>
            {
                let mut url = url.clone();
                url.set_query(uri.query());
                Ok(url)
            }
            _ => Ok(Url::parse(&uri.to_string())?),
        }
    }

    /// The URL of a request, and its proxy.
    fn way(&self, uri: &Uri) -> Result<(Url, Option<&Proxy>), BoxError> {
        let url = self.url(uri)?;
        if url.scheme() == "https" && !TLS {
            // reqwest would send it through a proxy in plain text.
            return Err("TLS is needed, and this build has none".into());
        }
        let proxy = self.proxies.route(&url)?;
        Ok((url, proxy))
    }
}

/// Without the pool.
impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request<Bytes>, body_limit: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let progress = parts.extensions.remove::<SendProgress>().unwrap_or_default();
            let until = parts.extensions.remove::<ReadUntil>().map(|until| until.0);
            let fresh = parts.extensions.remove::<FreshConnection>().is_some();
            let not_sent = |source| TransportError::new(Sent::No, source);
            let (url, proxy) = self.way(&parts.uri).map_err(not_sent)?;
            let client = self.clients.client(fresh).map_err(|error| not_sent(error.into()))?;
            // As Alibaba's clients do. Some gateways encode responses all the same.
            parts.headers.entry(ACCEPT_ENCODING).or_insert(HeaderValue::from_static("identity"));
            let mut request = reqwest::Request::new(parts.method, url);
            *request.headers_mut() = parts.headers;
            *request.body_mut() = Some(reqwest::Body::wrap(ObservedBody { body, progress: progress.clone() }));
            let answer = client.http.execute(request);
            // Reads of the body up to here happened before anything could be sent.
            progress.reach(Stage::HandedOver);
            let mut response = answer.await.map_err(|error| {
                let not_sent = error.is_builder() || error.is_connect() || progress.stage() == Stage::NotSent;
                TransportError::new(if not_sent { Sent::No } else { Sent::Maybe }, cause(error, proxy))
            })?;
            let status = response.status();
            if status.is_server_error() {
                client.server_failed();
            }
            let headers = std::mem::take(response.headers_mut());
            let (body, ending) = body::read(&mut response, body_limit, until).await;
            Ok(HttpResponse::new(status.as_u16(), headers, body).ending(ending))
        })
    }
}

/// Why there is no response.
fn cause(error: reqwest::Error, proxy: Option<&Proxy>) -> BoxError {
    // The URL of a GET contains every parameter.
    let error = error.without_url();
    match proxy {
        _ if !error.is_connect() => error.into(),
        _ if error.is_timeout() => ConnectTimeout.into(),
        Some(proxy) => ThroughProxy { proxy: proxy.uri.clone(), cause: error }.into(),
        None => error.into(),
    }
}

/// A target was not reached through its proxy.
#[derive(Debug)]
struct ThroughProxy {
    proxy: Uri,
    cause: reqwest::Error,
}

impl fmt::Display for ThroughProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "through the proxy {}", self.proxy.to_string().trim_end_matches('/'))
    }
}

impl StdError for ThroughProxy {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.cause)
    }
}

#[cfg(all(test, not(any(feature = "rustls", feature = "native-tls"))))]
mod tests {
    use super::*;
    use crate::transport::endpoint::PlainHttp;

    #[test]
    fn a_build_without_tls_says_so() {
        let build = |endpoint, roots: &[u8]| {
            let settings = ConnectionSettings { roots: roots.to_vec(), ..ConnectionSettings::default() };
            let endpoint = Endpoint::parse(endpoint, PlainHttp::Allowed).unwrap();
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

    #[tokio::test]
    async fn a_build_without_tls_sends_nothing_in_plain_text_instead() {
        let proxy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", proxy.local_addr().unwrap());
        let proxies = crate::transport::proxy::ProxyChoice::Url(url).proxies(|_| None).unwrap();
        let transport = HttpTransport::through(proxies, Timeouts::default(), ConnectionSettings::default()).unwrap();
        let request = Request::get("https://sts.example.com/").body(Bytes::new()).unwrap();
        let error = transport.send(request, 0).await.unwrap_err();
        assert_eq!((error.sent, error.to_string()), (Sent::No, "TLS is needed, and this build has none".to_owned()));
    }
}

#[cfg(all(test, any(feature = "rustls", feature = "native-tls")))]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::transport::proxy::ProxyChoice;

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
        HttpTransport::through(proxies, Timeouts::default(), ConnectionSettings::default()).unwrap()
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

    #[test]
    fn memory_is_bounded_whatever_the_decoded_size_of_the_body() {
        use std::io::{Read, Write};

        const LIMIT: usize = 64 << 10;
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(&vec![b' '; 64 << 20]).unwrap();
        let bomb = encoder.finish().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            assert_ne!(stream.read(&mut [0; 4_096]).unwrap(), 0);
            let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
            // The client ends the connection when it has read enough.
            let _ = stream.write_all(&[head.as_bytes(), &bomb].concat());
        });
        let transport = transport(&[]);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let used = allocation_counter::measure(|| {
            let request = Request::get(&url).body(Bytes::new()).unwrap();
            let answer = runtime.block_on(transport.send(request, LIMIT)).unwrap();
            assert!(matches!(answer.ending, super::super::Ending::TooLong));
            assert_eq!(answer.body, vec![b' '; LIMIT]);
        });
        assert!(used.bytes_max < 1 << 20, "{}", used.bytes_max);
        server.join().unwrap();
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
