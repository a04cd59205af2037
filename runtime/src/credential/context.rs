//! What a provider gets from the client.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Request;

use crate::error::BoxError;
use crate::transport::timeout::Timeouts;
use crate::transport::{Ending, HttpResponse, Transport};

/// What a client gives its [`CredentialsProvider`](crate::CredentialsProvider): its transport, so that requests for
/// credentials use the same proxy and time limits as calls, and its clock.
#[derive(Clone)]
pub struct Context {
    http: Arc<dyn Transport>,
    clock: fn() -> SystemTime,
    random: fn() -> u128,
    timeout: Duration,
}

/// Responses have a few hundred bytes.
const BODY_LIMIT: usize = 256 << 10;

impl Context {
    /// A context with the clock of this machine and 10 seconds for a request, to try out a provider.
    ///
    /// ```
    /// use aliyun_runtime::credentials::{Context, Environment};
    /// use aliyun_runtime::{CredentialsProvider, Transport};
    ///
    /// async fn key_id(transport: impl Transport) -> Result<String, aliyun_runtime::CredentialsError> {
    ///     let found = Environment::new().credentials(&Context::new(transport)).await?;
    ///     Ok(found.access_key_id().to_owned())
    /// }
    /// ```
    pub fn new(http: impl Transport) -> Self {
        Self::of(Arc::new(http), SystemTime::now, rand::random, Timeouts::default().call)
    }

    pub(crate) fn of(
        http: Arc<dyn Transport>,
        clock: fn() -> SystemTime,
        random: fn() -> u128,
        timeout: Duration,
    ) -> Self {
        Self { http, clock, random, timeout }
    }

    /// The client's transport.
    pub fn http(&self) -> &dyn Transport {
        &*self.http
    }

    /// The time, by the client's clock.
    pub fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// Time limit for one request: that of a call of the client.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn random(&self) -> u128 {
        (self.random)()
    }

    /// Sends a request and reads the whole response within `timeout`. Errors show neither address nor content.
    pub(super) async fn fetch(&self, request: Request<Bytes>, timeout: Duration) -> Result<HttpResponse, String> {
        let Ok(outcome) = tokio::time::timeout(timeout, self.http.send(request, BODY_LIMIT)).await else {
            return Err(format!("no answer within {timeout:?}"));
        };
        let answer = outcome.map_err(|error| format!("no answer: {}", causes(&error.source)))?;
        match &answer.ending {
            Ending::Complete => Ok(answer),
            Ending::CutShort(cause) => Err(format!("the answer was cut short: {}", causes(cause))),
            Ending::Late => Err("the answer did not come whole in time".to_owned()),
            Ending::TooLong => Err(format!("the answer is longer than {BODY_LIMIT} bytes")),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// An error with its causes, on one line.
fn causes(error: &BoxError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = StdError::source(cause);
    }
    text
}
