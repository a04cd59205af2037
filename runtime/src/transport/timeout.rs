//! Time limits.

use std::time::Duration;

/// Time limits of a client.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeouts {
    /// For establishing a connection, TLS included.
    pub(crate) connect: Duration,
    /// For a call: credentials, connection, request, response.
    pub(crate) call: Duration,
    /// How long an unused connection is kept. Alibaba's gateways close theirs after about ten seconds, and it is not
    /// known whether a request on a connection that the other side is closing was received.
    pub(crate) idle: Duration,
    /// How long a connection is silent before the system checks whether the other side is still there.
    pub(crate) keepalive: Duration,
}

impl Default for Timeouts {
    /// The defaults of Alibaba's own clients: 5 s to connect and 10 s for the response.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(10),
            idle: Duration::from_secs(5),
            keepalive: Duration::from_secs(15),
        }
    }
}
