//! The settings of a client.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use tokio::sync::Semaphore;

use super::Client;
use crate::call::core::Core;
use crate::call::limit::{Admission, Rates};
use crate::call::retry::{Budget, Retries};
use crate::credential::{Context, CredentialsProvider, DefaultChain, Refresher};
use crate::error::Error;
use crate::generated::operation::{Operation, Service, ServiceFacts};
use crate::request::{Format, RequestSettings, Signature};
use crate::response::body::ResponseLimits;
use crate::transport::connection::ConnectionSettings;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use crate::transport::connection::Tls;
use crate::transport::endpoint::{Endpoint, EndpointChoice, PlainHttp};
use crate::transport::http::HttpTransport;
use crate::transport::proxy::ProxyChoice;
use crate::transport::setting::InvalidSetting;
use crate::transport::timeout::Timeouts;
use crate::transport::{Transport, address};

/// Sets up a [`Client`].
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder<S> {
    facts: &'static ServiceFacts,
    endpoint: EndpointChoice,
    credentials: Option<Arc<dyn CredentialsProvider>>,
    transport: Option<Arc<dyn Transport>>,
    connections: ConnectionSettings,
    /// Settings that only the HTTP transport knows, by the names of their methods.
    of_http: Vec<&'static str>,
    timeouts: Timeouts,
    limits: ResponseLimits,
    retries: Retries,
    rates: Rates,
    in_flight: Option<usize>,
    format: Format,
    signature: Signature,
    user_agent: Option<String>,
    clock: fn() -> SystemTime,
    nonce: fn() -> u128,
    service: PhantomData<fn() -> S>,
}

impl<S: Service> ClientBuilder<S> {
    pub(super) fn new() -> Self {
        Self {
            facts: S::FACTS,
            endpoint: EndpointChoice::default(),
            credentials: None,
            transport: None,
            connections: ConnectionSettings::default(),
            of_http: Vec::new(),
            timeouts: Timeouts::default(),
            limits: ResponseLimits::default(),
            retries: Retries::new(),
            rates: Rates::default(),
            in_flight: None,
            format: Format::default(),
            signature: Signature::default(),
            user_agent: None,
            clock: SystemTime::now,
            nonce: rand::random,
            service: PhantomData,
        }
    }

    /// Replaces the facts of the service: for callers that know it at run time only, and send operations by their names.
    #[doc(hidden)]
    pub fn facts(mut self, facts: &'static ServiceFacts) -> Self {
        self.facts = facts;
        self
    }

    /// Sends requests to this host instead of the service's own: `host`, `host:port`, or a URL without path. It overrides
    /// [`ClientBuilder::region`] and [`ClientBuilder::vpc`].
    ///
    /// `https` is the default scheme. `http` is accepted for a loopback address, and for others only after
    /// [`ClientBuilder::allow_plain_http`].
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint.address = Some(endpoint.into());
        self
    }

    /// Uses the service in this region, such as `cn-shanghai`: at the region's own host where the service has one, else
    /// at the central host, which serves every region.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.endpoint.region = Some(region.into());
        self
    }

    /// Uses the host within the VPC of the [`ClientBuilder::region`]. Only some regions have one.
    pub fn vpc(mut self) -> Self {
        self.endpoint.vpc = true;
        self
    }

    /// Accepts an `http` endpoint that is not on this machine: requests are then sent without encryption.
    pub fn allow_plain_http(mut self) -> Self {
        self.endpoint.plain_http = true;
        self
    }

    /// Signs with these [`Credentials`](crate::Credentials), or with those of a provider. Default: those that the
    /// [`DefaultChain`](crate::credentials::DefaultChain) finds.
    pub fn credentials(mut self, credentials: impl CredentialsProvider) -> Self {
        self.credentials = Some(Arc::new(credentials));
        self
    }

    /// Sends requests through this transport instead of HTTP, for tests. Settings that only HTTP has are then an error of
    /// [`ClientBuilder::build`]: [`proxy`](Self::proxy), [`no_proxy`](Self::no_proxy),
    /// [`root_certificate_pem`](Self::root_certificate_pem), [`connect_timeout`](Self::connect_timeout) and `tls`.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Connects through this proxy, for the service and for what provides credentials, and ignores the environment's
    /// proxies: `http://host:port`, `https://user:password@host:port`, `socks5://host:port`, or `socks5h://host:port`,
    /// where the proxy resolves names. Reserved characters in user name and password are percent-encoded.
    ///
    /// Default: the environment's proxies, `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY`, except for hosts in `NO_PROXY`;
    /// lower-case names work too. Each request uses the proxy of its own target. A proxy that cannot be used fails the
    /// requests that would use it, and [`ClientBuilder::build`] if the endpoint would.
    ///
    /// Requests to this machine and to the metadata service of an ECS instance, `100.100.100.200`, never use a proxy.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.connections.proxy = ProxyChoice::Url(url.into());
        self.http_only("proxy")
    }

    /// Connects without a proxy, and ignores the environment's proxies.
    pub fn no_proxy(mut self) -> Self {
        self.connections.proxy = ProxyChoice::Direct;
        self.http_only("no_proxy")
    }

    /// Trusts these certificates in PEM, one or more, in addition to those of the system: for a gateway or a proxy with
    /// its own certificate authority.
    pub fn root_certificate_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        // The text before may end without a line break.
        self.connections.roots.extend_from_slice(b"\n");
        self.connections.roots.extend_from_slice(pem.as_ref());
        self.http_only("root_certificate_pem")
    }

    /// Chooses the TLS library. Default: rustls, if the feature `rustls` is enabled, else the library of the system. A
    /// feature that another crate enables never changes the choice from rustls to the system's library.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    #[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.connections.tls = Some(tls);
        self.http_only("tls")
    }

    /// Time limit for establishing a connection; default 5 seconds. A call that ends for this reason was certainly not
    /// sent.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.connect = timeout;
        self.http_only("connect_timeout")
    }

    fn http_only(mut self, setting: &'static str) -> Self {
        if !self.of_http.contains(&setting) {
            self.of_http.push(setting);
        }
        self
    }

    /// Time limit for a call, from credentials to response, retries included; default 10 seconds. A call can have its own:
    /// [`PendingRequest::timeout`](crate::PendingRequest::timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.call = timeout;
        self
    }

    /// Largest body of a response, in bytes after decoding; default 16 MiB. It bounds the memory that a body takes, however
    /// it arrives. Responses with credentials have their own limit, 256 KiB.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// How requests are signed; default [`Signature::V1`].
    pub fn signature(mut self, signature: Signature) -> Self {
        self.signature = signature;
        self
    }

    /// Adds the name of the application to the header `User-Agent`, as in `alerting/1.2`, after this client's own name.
    pub fn user_agent(mut self, application: impl Into<String>) -> Self {
        self.user_agent = Some(application.into());
        self
    }

    /// The format that responses are asked for in; default JSON. XML requires [`Signature::V1`], whose protocol has a
    /// parameter for it.
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// How failed attempts of calls are retried; default [`Retries::new`]. A call can have its own:
    /// [`PendingRequest::retries`](crate::PendingRequest::retries).
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Sends at most this number of requests of the operation `O` per second, instead of the documented number; 0 removes
    /// the limit. Further requests wait in their order of arrival. A call that would have to wait longer than its time
    /// limit fails at once, and nothing is sent. Clones of a client share the limit.
    pub fn rate_limit<O: Operation<Service = S>>(mut self, per_second: u32) -> Self {
        self.rates.set(O::FACTS.action, per_second);
        self
    }

    /// Removes the documented limits of requests per second: the service then refuses excess requests.
    pub fn no_rate_limits(mut self) -> Self {
        self.rates.turn_off();
        self
    }

    /// Has at most this number of requests in flight at once, over all operations and clones of the client; default: no
    /// limit. Further requests wait in their order of arrival, and fail at the time limit of their call. 0 counts as 1.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.in_flight = Some(requests.clamp(1, Semaphore::MAX_PERMITS));
        self
    }

    /// Replaces the clock, and the source of nonces, whose upper half also decides the length of back-offs: for tests with
    /// reproducible requests.
    #[cfg(feature = "test-util")]
    #[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
    pub fn clock_and_nonce(mut self, clock: fn() -> SystemTime, nonce: fn() -> u128) -> Self {
        self.clock = clock;
        self.nonce = nonce;
        self
    }

    /// The client, or what is wrong with its settings. Nothing is sent yet.
    pub fn build(self) -> Result<Client<S>, Error> {
        let endpoint = self.endpoint.endpoint(self.facts).map_err(invalid)?;
        if self.signature == Signature::V3 && self.format == Format::Xml {
            return Err(Error::configuration("responses to signature V3 are JSON; XML requires signature V1"));
        }
        let user_agent = user_agent(self.user_agent.as_deref())?;
        let transport = match self.transport {
            Some(_) if !self.of_http.is_empty() => {
                let settings = self.of_http.join(", ");
                let what = format!("a transport of your own has no use for {settings}, which only HTTP has");
                return Err(Error::configuration(what).hint("leave out either the transport or these settings"));
            }
            Some(transport) => transport,
            None => Arc::new(HttpTransport::new(&self.timeouts, &self.connections, &endpoint).map_err(invalid)?),
        };
        let context = Context::of(Arc::clone(&transport), self.clock, self.nonce, self.timeouts.call);
        let provider = self.credentials.unwrap_or_else(|| Arc::new(DefaultChain::new()));
        let core = Core {
            request: RequestSettings {
                service: self.facts,
                endpoint,
                region: self.endpoint.region,
                format: self.format,
                signature: self.signature,
                user_agent,
                clock: self.clock,
                nonce: self.nonce,
            },
            credentials: Refresher::new(provider, context),
            transport,
            timeouts: self.timeouts,
            limits: self.limits,
            retries: self.retries,
            budget: Budget::new(),
            admission: Admission::new(self.rates, self.in_flight),
        };
        Ok(Client { core: Arc::new(core), service: PhantomData })
    }
}

impl Endpoint {
    /// An endpoint for another protocol: `host`, `host:port`, or a URL without path. `https` is the default scheme; `http`
    /// is accepted for a loopback address.
    pub fn new(address: &str) -> Result<Self, Error> {
        let plain_http = PlainHttp::Refused {
            sends: "all that requests say",
            hint: "use https; a program that wants it can allow plain HTTP",
        };
        Self::parse(address, plain_http).map_err(invalid)
    }

    /// Like [`Endpoint::new`], and `http` is accepted for every address: requests are then sent without encryption.
    pub fn allowing_plain_http(address: &str) -> Result<Self, Error> {
        Self::parse(address, PlainHttp::Allowed).map_err(invalid)
    }

    /// The proxy of the environment for this endpoint, without user name and password; `None` if it has none.
    pub fn proxy(&self) -> Result<Option<String>, Error> {
        let proxies = HttpTransport::proxies(&ConnectionSettings::default()).map_err(invalid)?;
        let url = HttpTransport::target(self).map_err(invalid)?;
        let proxy = proxies.route(&url).map_err(|unusable| invalid(unusable.into()))?;
        Ok(proxy.map(|proxy| format!("{proxy:?}").trim_end_matches('/').to_owned()))
    }
}

/// The error of a setting that cannot be used.
fn invalid(setting: InvalidSetting) -> Error {
    let InvalidSetting { what, hint, source } = setting;
    let error = Error::configuration(what);
    let error = match source {
        Some(source) => error.caused_by(source),
        None => error,
    };
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn user_agent(application: Option<&str>) -> Result<HeaderValue, Error> {
    const OWN: &str = concat!("aliyun-rust/", env!("CARGO_PKG_VERSION"));
    let Some(application) = application else { return Ok(HeaderValue::from_static(OWN)) };
    HeaderValue::try_from(format!("{OWN} {}", application.trim())).map_err(|_| {
        Error::configuration(format!(
            "the user agent {application:?} is not a valid header value; use printable ASCII such as \"alerting/1.2\""
        ))
    })
}

impl<S> fmt::Debug for ClientBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.endpoint.address.as_deref().map(|endpoint| address::shown(endpoint, Some("https")));
        f.debug_struct("ClientBuilder")
            .field("endpoint", &endpoint)
            .field("region", &self.endpoint.region)
            .field("vpc", &self.endpoint.vpc)
            .finish_non_exhaustive()
    }
}
