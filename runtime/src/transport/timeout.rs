//! How long to wait.

use std::time::Duration;

/// Timeouts of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// Until a connection stands, TLS included.
    pub(crate) connect: Duration,
    /// For the whole call: credentials, connection, request, answer.
    pub(crate) call: Duration,
    /// How long an unused connection is kept. Alibaba's gateways drop theirs after about ten seconds, and a request
    /// sent into a connection that the other side is closing is one that may or may not have been received.
    pub(crate) idle: Duration,
    /// How long a connection is silent before the system asks whether the other side is still there.
    pub(crate) keepalive: Duration,
}

impl Default for Timeouts {
    /// The defaults of Alibaba's own clients: 5 s to connect and 10 s to answer.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(10),
            idle: Duration::from_secs(5),
            keepalive: Duration::from_secs(15),
        }
    }
}
