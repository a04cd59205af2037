//! The client of a service: what a call is made with.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::call::Call;
use crate::credential::{Context, CredentialsProvider, DefaultChain, Refresher};
use crate::endpoint::{Endpoint, Place};
use crate::error::Error;
use crate::limit::{Admission, Rates};
use crate::operation::{Operation, Paged, Service, ServiceFacts};
use crate::page::{Items, Pages};
use crate::proxy::ProxyChoice;
use crate::retry::{Budget, Retries};
use crate::timeout::Timeouts;
use crate::transport::{ConnectionSettings, HttpTransport, Transport};

/// A client of the service `S`. Clones share connections and credentials.
pub struct Client<S> {
    core: Arc<Core>,
    service: PhantomData<fn() -> S>,
}

/// What all calls of a client share; knows no operation and no service type.
pub(crate) struct Core {
    pub(crate) service: &'static ServiceFacts,
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: Refresher,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) timeouts: Timeouts,
    pub(crate) limits: Limits,
    pub(crate) retries: Retries,
    pub(crate) budget: Budget,
    pub(crate) admission: Admission,
    pub(crate) format: Format,
    pub(crate) signature: Signature,
    pub(crate) user_agent: HeaderValue,
    pub(crate) clock: fn() -> SystemTime,
    pub(crate) nonce: fn() -> u128,
}

/// What one answer may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes of its body.
    pub(crate) body: usize,
    /// Bytes of memory of its records: a small body can stand for many empty ones.
    pub(crate) memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { body: 16 << 20, memory: 256 << 20 }
    }
}

/// What answers are asked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// XML, which older gateways answer by default.
    Xml,
}

/// How requests are signed. Both prove the same; they differ in what travels where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Signature {
    /// HMAC-SHA1 over all parameters, which Alibaba also calls version 1.0 and V2. Parameters of a POST travel in its
    /// body, so that no phone number lands in a URL.
    #[default]
    V1,
    /// ACS3-HMAC-SHA256 over the request as it travels: parameters are in the URL, as Alibaba's own clients send them,
    /// the rest is in headers. Servers limit the length of a URL, so a request of many numbers fits V1 better. The
    /// answer is JSON.
    V3,
}

impl<S: Service> Client<S> {
    /// A client with the credentials that its surroundings provide, looked for by the
    /// [`DefaultChain`](crate::credentials::DefaultChain): first in the environment variables
    /// `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and, for temporary ones,
    /// `ALIBABA_CLOUD_SECURITY_TOKEN`, then wherever Alibaba's own clients look.
    ///
    /// They are looked for at the first call, which fails if there are none.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// A client with everything settable.
    pub fn builder() -> ClientBuilder<S> {
        ClientBuilder {
            place: Place::default(),
            credentials: None,
            transport: None,
            connections: ConnectionSettings::default(),
            timeouts: Timeouts::default(),
            limits: Limits::default(),
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

    /// A call of an operation: `.await` it, or set its options first.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a request is built where it is sent; `&` would stand in every call"
    )]
    pub fn send<O: Operation<Service = S>>(&self, operation: O) -> Call<O::Output> {
        Call::of(&self.core, O::FACTS, &operation)
    }

    /// A call of any operation by its name, with parameters by their wire names, answered as a JSON value.
    ///
    /// Nothing is known of such an operation, so it is treated as one that must not be repeated, unless
    /// [`Call::facts`] says otherwise. Structured
    /// parameters are given as they travel: `Name.1` for flat lists, JSON text for JSON parameters.
    pub fn call(&self, action: impl Into<String>, parameters: &[(&str, &str)]) -> Call<Value> {
        let mut call = Call::untyped(&self.core, action.into());
        for (name, value) in parameters {
            call = call.parameter(name, value);
        }
        call
    }

    /// The pages of an operation, turned one by one.
    pub fn pages<O: Paged<Service = S>>(&self, operation: O) -> Pages<O> {
        Pages::new(&self.core, operation)
    }

    /// The items of all pages of an operation, one by one.
    pub fn items<O: Paged<Service = S>>(&self, operation: O) -> Items<O> {
        Items::new(self.pages(operation))
    }
}

impl<S> Clone for Client<S> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), service: PhantomData }
    }
}

impl<S> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("product", &self.core.service.product)
            .field("endpoint", &self.core.endpoint)
            .finish_non_exhaustive()
    }
}

/// Builds a [`Client`].
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder<S> {
    place: Place,
    credentials: Option<Arc<dyn CredentialsProvider>>,
    transport: Option<Arc<dyn Transport>>,
    connections: ConnectionSettings,
    timeouts: Timeouts,
    limits: Limits,
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
    /// Calls this host instead of the service's own: `host`, `host:port`, or a URL without path. It wins over
    /// [`ClientBuilder::region`] and [`ClientBuilder::vpc`].
    ///
    /// `https` is assumed. `http` is accepted for a loopback address, and elsewhere only after
    /// [`ClientBuilder::allow_plain_http`].
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.place.endpoint = Some(endpoint.into());
        self
    }

    /// Calls the service in this region, such as `cn-shanghai`: at the region's own host where the service has one, else
    /// at the central one, which serves every region.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.place.region = Some(region.into());
        self
    }

    /// Calls the host within the VPC of the [`ClientBuilder::region`]. Only some regions have one.
    pub fn vpc(mut self) -> Self {
        self.place.vpc = true;
        self
    }

    /// Accepts an `http` endpoint that is not on this machine: all that requests say then travels in the clear.
    pub fn allow_plain_http(mut self) -> Self {
        self.place.plain_http = true;
        self
    }

    /// Signs with these: [`crate::Credentials`], or a provider of them; unless set, those that the
    /// [`DefaultChain`](crate::credentials::DefaultChain) finds.
    pub fn credentials(mut self, credentials: impl CredentialsProvider) -> Self {
        self.credentials = Some(Arc::new(credentials));
        self
    }

    /// Sends through this instead of HTTP, for tests.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Reaches the service and whatever gives its credentials through this proxy, whatever the environment says:
    /// `http://host:port`, `https://user:password@host:port`, `socks5://host:port`, or `socks5h://host:port`, where the
    /// proxy looks up names. Reserved characters in user name and password are percent-encoded.
    ///
    /// Without it the environment's proxies are used: `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY`, but not for hosts in
    /// `NO_PROXY`, each in small letters as well. Each request goes through the proxy of its own target. One that cannot
    /// be used fails the requests that would go through it; [`ClientBuilder::build`] fails where the endpoint would.
    ///
    /// No proxy is ever asked for this machine itself or for the metadata service of an ECS instance,
    /// `100.100.100.200`.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.connections.proxy = ProxyChoice::Url(url.into());
        self
    }

    /// Reaches the service without a proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.connections.proxy = ProxyChoice::Direct;
        self
    }

    /// Trusts these certificates in PEM, one or more, besides those of the system: for a gateway or a proxy with a
    /// certificate authority of its own.
    pub fn root_certificate_pem(mut self, pem: impl AsRef<[u8]>) -> Self {
        // One file may end without a line break.
        self.connections.roots.extend_from_slice(b"\n");
        self.connections.roots.extend_from_slice(pem.as_ref());
        self
    }

    /// How long a call may take in all, from credentials to answer; 10 seconds unless set. A call can have its own:
    /// [`Call::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.call = timeout;
        self
    }

    /// How long it may take until a connection stands; 5 seconds unless set. A call that ends here was surely not
    /// sent.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.timeouts.connect = timeout;
        self
    }

    /// The largest body of an answer, in bytes after decoding; 16 MiB unless set. It limits the memory that a body takes,
    /// however it arrives. Answers with credentials have a limit of their own, 256 KiB.
    pub fn max_answer_bytes(mut self, bytes: usize) -> Self {
        self.limits.body = bytes;
        self
    }

    /// Signs requests so; V1 unless set.
    pub fn signature(mut self, signature: Signature) -> Self {
        self.signature = signature;
        self
    }

    /// Names the caller behind this client's own name in the header `User-Agent`, as in `alerting/1.2`.
    pub fn user_agent(mut self, caller: impl Into<String>) -> Self {
        self.user_agent = Some(caller.into());
        self
    }

    /// Asks for answers in this format; JSON unless set. XML goes with signature V1 only, whose protocol has a
    /// parameter for it.
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// How often calls are attempted; as [`Retries::new`] unless set. A call can have its own: [`Call::retries`].
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Sends at most so many requests of the operation `O` in a second, instead of as many as are documented; 0 sets no
    /// limit. A request that would be too many waits, in the order in which they came; where that would take longer
    /// than the call may, the call fails at once, and nothing was sent. Clones of a client share the limit.
    pub fn rate_limit<O: Operation<Service = S>>(mut self, per_second: u32) -> Self {
        self.rates.set(O::FACTS.action, per_second);
        self
    }

    /// Keeps none of the documented limits of requests in a second: the service then refuses what is too much.
    pub fn no_rate_limits(mut self) -> Self {
        self.rates.turn_off();
        self
    }

    /// Sends at most so many requests at once, over all operations and clones of the client; no limit unless set. A
    /// further request waits, in the order in which they came, and fails where that takes longer than the call may.
    /// 0 counts as 1.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.in_flight = Some(requests.clamp(1, Semaphore::MAX_PERMITS));
        self
    }

    /// Takes the time, and the nonces of requests and the chance in their pauses, from these, for tests.
    pub fn clock_and_nonce(mut self, clock: fn() -> SystemTime, nonce: fn() -> u128) -> Self {
        self.clock = clock;
        self.nonce = nonce;
        self
    }

    /// The client, or what is wrong with its settings. Nothing is sent yet.
    pub fn build(self) -> Result<Client<S>, Error> {
        let endpoint = self.place.endpoint(S::FACTS)?;
        if self.signature == Signature::V3 && self.format == Format::Xml {
            return Err(Error::configuration("answers to signature V3 are JSON; XML goes with signature V1 only"));
        }
        let user_agent = user_agent(self.user_agent.as_deref())?;
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(HttpTransport::new(&self.timeouts, &self.connections, &endpoint)?),
        };
        let context = Context::of(Arc::clone(&transport), self.clock, self.nonce, self.timeouts.call);
        let provider = self.credentials.unwrap_or_else(|| Arc::new(DefaultChain::new()));
        let core = Core {
            service: S::FACTS,
            endpoint,
            credentials: Refresher::new(provider, context),
            transport,
            timeouts: self.timeouts,
            limits: self.limits,
            retries: self.retries,
            budget: Budget::new(),
            admission: Admission::new(self.rates, self.in_flight),
            format: self.format,
            signature: self.signature,
            user_agent,
            clock: self.clock,
            nonce: self.nonce,
        };
        Ok(Client { core: Arc::new(core), service: PhantomData })
    }
}

fn user_agent(caller: Option<&str>) -> Result<HeaderValue, Error> {
    const OWN: &str = concat!("aliyun-rust/", env!("CARGO_PKG_VERSION"));
    let Some(caller) = caller else { return Ok(HeaderValue::from_static(OWN)) };
    HeaderValue::try_from(format!("{OWN} {}", caller.trim())).map_err(|_| {
        Error::configuration(format!(
            "the user agent {caller:?} is no header value; use printable ASCII such as \"alerting/1.2\""
        ))
    })
}

impl<S> fmt::Debug for ClientBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.place.endpoint.as_deref().map(|endpoint| crate::address::shown(endpoint, Some("https")));
        f.debug_struct("ClientBuilder")
            .field("endpoint", &endpoint)
            .field("region", &self.place.region)
            .field("vpc", &self.place.vpc)
            .finish_non_exhaustive()
    }
}
