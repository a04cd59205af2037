//! Setting up an emulator.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use aliyun_api_spec::model::Service;
use aliyun_runtime::sign::SigningKey;

use crate::behaviour::Behaviour;
use crate::emulator::{DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator};
use crate::engine::{Clock, Engine};
use crate::state::State;
use crate::state::limit::Limits;
use crate::verify::Verifier;

/// Shared by all emulators: it is large.
static VOICE_SERVICE: LazyLock<Arc<Service>> = LazyLock::new(|| Arc::new(aliyun_api_spec::dyvmsapi().clone()));

/// What chance is made of unless told otherwise.
const SEED: u64 = 0x4479_766d_7361_7069;

/// Sets up an [`Emulator`]. Made by [`Emulator::builder`].
#[must_use = "nothing is set up before build"]
pub struct Builder {
    service: Option<Arc<Service>>,
    keys: HashMap<String, SigningKey>,
    clock: Clock,
    time_window: Duration,
    read_timeout: Duration,
    state: State,
    limits: Limits,
    seed: u64,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            service: None,
            keys: HashMap::new(),
            clock: Arc::new(SystemTime::now),
            time_window: Duration::from_secs(15 * 60),
            read_timeout: Duration::from_secs(30),
            state: State::default(),
            limits: Limits::default(),
            seed: SEED,
        }
    }

    /// Adds an access key. Without any, the emulator knows [`DEFAULT_KEY_ID`] with [`DEFAULT_KEY_SECRET`].
    pub fn key(mut self, id: impl Into<String>, secret: &str) -> Self {
        self.keys.insert(id.into(), SigningKey::new(secret));
        self
    }

    /// Sets where the time comes from. Default: the system's clock.
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets how far a request's time stamp may be from the clock, either way. Default: 15 minutes.
    pub fn time_window(mut self, window: Duration) -> Self {
        self.time_window = window;
        self
    }

    /// Sets how long a server waits for the headers of a request, and then for its body. Default: 30 seconds.
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// Sets what the emulator knows at first, and whether it remembers. Default: [`State::Sample`].
    pub fn state(mut self, state: State) -> Self {
        self.state = state;
        self
    }

    /// Sets whether the documented limits hold. Default: [`Limits::Off`], since tests send more than an application
    /// does, and at less of a distance in time.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what chance decides, such as what becomes of a call: the same for the same seed and the same order of
    /// requests. Default: always the same.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the service to stand in for. Default: the voice service Dyvmsapi 2017-05-25.
    pub fn service(mut self, service: impl Into<Arc<Service>>) -> Self {
        self.service = Some(service.into());
        self
    }

    /// The emulator.
    pub fn build(self) -> Emulator {
        let mut keys = self.keys;
        if keys.is_empty() {
            keys.insert(DEFAULT_KEY_ID.to_owned(), SigningKey::new(DEFAULT_KEY_SECRET));
        }
        let service = self.service.unwrap_or_else(|| Arc::clone(&VOICE_SERVICE));
        let behaviour = Behaviour::new(self.state, self.limits, self.seed);
        let engine = Engine::new(service, Verifier::new(keys, self.time_window), self.clock, behaviour);
        Emulator::of(engine, self.read_timeout)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut keys: Vec<&String> = self.keys.keys().collect();
        keys.sort();
        f.debug_struct("Builder")
            .field("service", &self.service.as_ref().map(|service| &service.product))
            .field("keys", &keys)
            .field("time_window", &self.time_window)
            .field("read_timeout", &self.read_timeout)
            .field("state", &self.state)
            .field("limits", &self.limits)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
