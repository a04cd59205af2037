//! Setting up an emulator.

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use aliyun_api_spec::model::Service;

use crate::behaviour::Behaviour;
use crate::emulator::{DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator};
use crate::engine::{Clock, Engine};
use crate::state::State;
use crate::state::limit::Limits;
use crate::verify::{Keys, Verifier};

/// Shared by all emulators: it is large.
static VOICE_SERVICE: LazyLock<Arc<Service>> = LazyLock::new(|| Arc::new(aliyun_api_spec::dyvmsapi().clone()));

/// Sets up an [`Emulator`]. Made by [`Emulator::builder`].
#[must_use = "nothing is set up before build"]
pub struct Builder {
    service: Option<Arc<Service>>,
    keys: Keys,
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
            keys: Keys::default(),
            clock: Arc::new(SystemTime::now),
            time_window: Duration::from_secs(15 * 60),
            read_timeout: Duration::from_secs(30),
            state: State::default(),
            limits: Limits::default(),
            seed: 0,
        }
    }

    /// Adds an access key. Without any, the emulator knows [`DEFAULT_KEY_ID`] with [`DEFAULT_KEY_SECRET`].
    pub fn key(mut self, id: impl Into<String>, secret: &str) -> Self {
        self.keys.permanent(id.into(), secret);
        self
    }

    /// Adds an access key that belongs to a security token, as STS gives them out. It is refused without the token, with
    /// another one, and from `expires` on by the emulator's clock.
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

    /// Adds an access key that its owner has switched off: it is refused with `InvalidAccessKeyId.Inactive`.
    pub fn inactive_key(mut self, id: impl Into<String>, secret: &str) -> Self {
        self.keys.inactive(id.into(), secret);
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
    /// requests. Default: 0.
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
            keys.permanent(DEFAULT_KEY_ID.to_owned(), DEFAULT_KEY_SECRET);
        }
        let service = self.service.unwrap_or_else(|| Arc::clone(&VOICE_SERVICE));
        let behaviour = Behaviour::new(self.state, self.limits, self.seed);
        let engine = Engine::new(service, Verifier::new(keys, self.time_window), self.clock, behaviour);
        Emulator::of(engine, self.read_timeout)
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("service", &self.service.as_ref().map(|service| &service.product))
            .field("keys", &self.keys.ids())
            .field("time_window", &self.time_window)
            .field("read_timeout", &self.read_timeout)
            .field("state", &self.state)
            .field("limits", &self.limits)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}
