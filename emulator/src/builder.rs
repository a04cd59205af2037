//! Sets up an emulator.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aliyun_runtime::BoxError;
use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use crate::courier::{Channel, Courier, Push};
use crate::emulator::{Connections, DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator};
use crate::engine::{Engine, Observer, Setup};
use crate::limit::Limits;
use crate::queue::{self, QueueSettings, Queues};
use crate::received::Received;
use crate::service::{DuplicateService, EmulatedService, Services};
use crate::time::{Clock, TimeSource};
use crate::verify::{Keys, Verifier};

/// The default seed.
const SEED: u64 = 0x4479_766d_7361_7069;

impl Emulator {
    /// An emulator of a service with the default key and the system's clock.
    #[must_use]
    pub fn new(service: impl Into<EmulatedService>) -> Self {
        Self::builder(service).build()
    }

    /// Sets up an emulator of a service. [`Builder::service`] adds further services.
    pub fn builder(service: impl Into<EmulatedService>) -> Builder {
        Builder::new(service.into())
    }
}

/// Sets up an [`Emulator`]. Made by [`Emulator::builder`].
#[must_use = "nothing is set up before build"]
pub struct Builder {
    services: Services,
    keys: Keys,
    clock: TimeSource,
    start: Option<SystemTime>,
    time_scale: u32,
    time_window: Duration,
    limits: Limits,
    seed: u64,
    fault_header: bool,
    observer: Option<Observer>,
    channels: BTreeMap<String, Channel>,
    connections: Connections,
    queues: QueueSettings,
}

impl Builder {
    pub(crate) fn new(service: EmulatedService) -> Self {
        Self {
            services: Services::of(service),
            keys: Keys::default(),
            clock: Arc::new(SystemTime::now),
            start: None,
            time_scale: 1,
            time_window: Duration::from_secs(15 * 60),
            limits: Limits::default(),
            seed: SEED,
            fault_header: false,
            observer: None,
            channels: BTreeMap::new(),
            connections: Connections {
                read_timeout: Duration::from_secs(30),
                idle_timeout: None,
                control_from_anywhere: false,
            },
            queues: QueueSettings::default(),
        }
    }

    /// Adds an access key. Without any, the emulator knows [`DEFAULT_KEY_ID`] with [`DEFAULT_KEY_SECRET`].
    pub fn key(mut self, id: impl Into<String>, secret: &str) -> Self {
        self.keys.permanent(id.into(), secret);
        self
    }

    /// Adds an access key with a security token, as STS issues them. It is refused without the token, with another
    /// token, and from `expires` on by the emulator's clock.
    pub fn temporary_key(
        mut self,
        id: impl Into<String>,
        secret: &str,
        token: impl Into<String>,
        expires: SystemTime,
    ) -> Self {
        self.keys.temporary(id.into(), secret, token.into(), expires);
        self
    }

    /// Adds a disabled access key: it is refused with `InvalidAccessKeyId.Inactive`.
    pub fn inactive_key(mut self, id: impl Into<String>, secret: &str) -> Self {
        self.keys.inactive(id.into(), secret);
        self
    }

    /// Sets the source of the time. Default: the system's clock. [`Emulator::advance`] moves the time too.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the initial time. Default: the time of the clock.
    pub fn time_starts_at(mut self, start: SystemTime) -> Self {
        self.start = Some(start);
        self
    }

    /// Sets how many seconds of the emulator pass in one second of the clock. Default: 1. With 0 the time stands still
    /// until it is [advanced](Emulator::advance).
    ///
    /// The gateway's clock, against which time stamps are checked, never runs faster than [`Builder::clock`], and
    /// stands still only with 0 and a time that was set: then a recorded request is valid at any time.
    pub fn time_scale(mut self, scale: u32) -> Self {
        self.time_scale = scale;
        self
    }

    /// Allows a request to ask for a [`Fault`](crate::Fault) in its header `x-emulator-fault`. Default: the header is
    /// ignored.
    pub fn fault_header(mut self, allowed: bool) -> Self {
        self.fault_header = allowed;
        self
    }

    /// Calls a function with every request after its response was made. The `Display` of a request is a line for a log,
    /// without sensitive values. The response waits for the function.
    pub fn observer(mut self, observer: impl Fn(&Received) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Pushes receipts of a kind, such as `VoiceReport`, to this address, as the console of the service has one for each kind.
    ///
    /// A push is an array of receipts. It is acknowledged by the status 200 and JSON with a number as `code` within 700 ms.
    /// Otherwise it is repeated one, five and ten minutes after the first time, by the emulator's clock. A
    /// [server](Emulator::serve) pushes by itself, and [`Emulator::deliver_receipts`] at once.
    ///
    /// # Errors
    ///
    /// If the address is not a URL with `http`: the emulator pushes without TLS.
    pub fn push_receipts(mut self, kind: impl Into<String>, address: &str) -> Result<Self, InvalidAddress> {
        let uri: Option<Uri> = address.parse().ok();
        let uri = uri.filter(|uri| uri.scheme_str() == Some("http") && uri.host().is_some());
        let receiver = Push::http(uri.ok_or(InvalidAddress(()))?);
        self.channels.insert(kind.into(), Channel::Push(receiver));
        Ok(self)
    }

    /// The same to a service of tower in this process, such as `aliyun_receipts::Receiver`, with this path.
    ///
    /// # Errors
    ///
    /// If the path is not one.
    pub fn push_receipts_to<S, B>(
        mut self,
        kind: impl Into<String>,
        path: &str,
        receiver: S,
    ) -> Result<Self, InvalidAddress>
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let uri = path.parse().map_err(|_| InvalidAddress(()))?;
        self.channels.insert(kind.into(), Channel::Push(Push::in_process(uri, receiver)));
        Ok(self)
    }

    /// Puts receipts of a kind, such as `VoiceReport`, into the queue of this name, which is [declared](Self::queue) with it. A
    /// receipt counts as acknowledged once it is there.
    pub fn queue_receipts(mut self, kind: impl Into<String>, queue: impl Into<String>) -> Self {
        let queue = queue.into();
        self.channels.insert(kind.into(), Channel::Queue(queue.clone()));
        if self.queues.names.contains(&queue) { self } else { self.queue(queue) }
    }

    /// Sets the time without a request after which a server closes a connection. Default and maximum: the read timeout.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.connections.idle_timeout = Some(timeout);
        self
    }

    /// Answers `/_emulator/` of a server, which can change rules and the clock and shows whole requests, to every peer
    /// under every name and to pages in browsers, and not only to peers on a loopback address.
    pub fn control_from_anywhere(mut self, allowed: bool) -> Self {
        self.connections.control_from_anywhere = allowed;
        self
    }

    /// Sets the maximum difference between a request's time stamp and the gateway's clock, in both directions. Default:
    /// 15 minutes.
    pub fn time_window(mut self, window: Duration) -> Self {
        self.time_window = window;
        self
    }

    /// Sets how long a server waits for the headers of a request, and then for its body. Default: 30 seconds.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.connections.read_timeout = timeout;
        self
    }

    /// Sets whether documented limits are enforced. Default: [`Limits::Off`], since tests send more requests in less
    /// time than an application.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the seed of random decisions, such as the outcome of a call, whether a rule matches, and request ids: they
    /// are the same for the same seed and the same order of requests. Default: a fixed seed.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Adds a further service. A request is for the service of its version. If several services share a version, the host
    /// of the request decides, and for a host of none of them the operation.
    pub fn service(mut self, service: impl Into<EmulatedService>) -> Result<Self, DuplicateService> {
        self.services.add(service.into())?;
        Ok(self)
    }

    /// Declares a queue, which exists from the start and is empty. The operation that issues keys for queues is served too:
    /// `QueryTokenForMnsQueue` of the service `Dybaseapi`, unless that service was added.
    pub fn queue(mut self, name: impl Into<String>) -> Self {
        self.queues.names.push(name.into());
        self
    }

    /// Sets how long a message is invisible after it was received, by the emulator's clock. Default: 30 seconds.
    pub fn visibility_timeout(mut self, timeout: Duration) -> Self {
        self.queues.visibility_timeout = timeout;
        self
    }

    /// Sets how long a key for queues is valid, by the emulator's clock. Default: one hour.
    pub fn queue_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.queues.token_lifetime = lifetime;
        self
    }

    /// The emulator.
    pub fn build(self) -> Emulator {
        let has_queues = !self.queues.names.is_empty();
        let queues = Arc::new(Queues::new(self.queues));
        let mut services = self.services;
        if let Some(service) = queue::service(&queues).filter(|_| has_queues) {
            // A service that was added answers itself.
            let _ = services.add(service);
        }
        let mut keys = self.keys;
        if keys.is_empty() {
            keys.permanent(DEFAULT_KEY_ID.to_owned(), DEFAULT_KEY_SECRET);
        }
        let engine = Engine::new(Setup {
            services,
            queues,
            verifier: Verifier::new(keys, self.time_window),
            clock: Clock::new(self.clock, self.start, self.time_scale),
            time_window: self.time_window,
            limits: self.limits,
            seed: self.seed,
            fault_header: self.fault_header,
            observer: self.observer,
            courier: Courier::new(self.channels),
        });
        Emulator::of(engine, self.connections)
    }
}

/// An address cannot receive receipts. The text does not show the address: it contains a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidAddress(());

impl fmt::Display for InvalidAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address for receipts is not usable; give one such as http://127.0.0.1:8080/receipts/<secret>/voice-report")
    }
}

impl std::error::Error for InvalidAddress {}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("services", &self.services)
            .field("keys", &self.keys.ids())
            .field("time_window", &self.time_window)
            .field("connections", &self.connections)
            .field("limits", &self.limits)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
