//! The handle that users hold.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use tokio::net::ToSocketAddrs;

use crate::builder::Builder;
use crate::door::InProcess;
use crate::engine::Engine;
use crate::received::Received;
use crate::server::Server;

/// The access key id that an emulator knows unless it was given others.
pub const DEFAULT_KEY_ID: &str = "testid";

/// The secret of [`DEFAULT_KEY_ID`].
pub const DEFAULT_KEY_SECRET: &str = "testsecret";

/// A stand-in for Alibaba Cloud's gateway.
///
/// A clone is another handle to the same emulator.
#[derive(Clone)]
pub struct Emulator {
    engine: Arc<Engine>,
    read_timeout: Duration,
}

impl Emulator {
    /// An emulator of the voice service with the default key and the system's clock.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Sets one up otherwise.
    pub fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn of(engine: Engine, read_timeout: Duration) -> Self {
        Self { engine: Arc::new(engine), read_timeout }
    }

    /// A transport for clients of the same process: no socket, no port, no waiting.
    pub fn transport(&self) -> InProcess {
        InProcess { emulator: self.clone() }
    }

    /// Listens for HTTP/1.1 on an address; port 0 picks a free one. Must be called inside a Tokio runtime.
    pub async fn serve(&self, address: impl ToSocketAddrs) -> io::Result<Server> {
        Server::start(self.clone(), address).await
    }

    /// Answers one whole request: what both doors come down to.
    pub fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        self.engine.answer(&parts, Ok(&body))
    }

    /// What came so far, refused or not, oldest first: the latest 10,000 requests, or fewer where they are large.
    pub fn requests(&self) -> Vec<Received> {
        self.engine.requests()
    }

    /// Asserts that every call is over by the emulator's clock: no call to one number is being set up, rings or is
    /// answered, and no task that was started has numbers still to call.
    ///
    /// # Panics
    ///
    /// Where one is not. The message tells what is pending, and of numbers no more than their last two digits.
    #[track_caller]
    pub fn assert_no_call_pending(&self) {
        let pending = self.engine.pending();
        assert!(pending.is_empty(), "{pending}");
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn read_timeout(&self) -> Duration {
        self.read_timeout
    }
}

impl Default for Emulator {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("service", &self.engine.service().product)
            .field("verifier", self.engine.verifier())
            .finish_non_exhaustive()
    }
}
