//! The emulator.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aliyun_runtime::Operation;
use aliyun_runtime::parameters_of;
use bytes::Bytes;
use http::{Request, Response};

use crate::dial::Dial;
use crate::engine::Engine;
use crate::queue::{self, UnknownQueue};
use crate::queue_endpoint;
use crate::receipt::SentReceipt;
use crate::received::Received;
use crate::rule::{Connection, Push, Rule, When};
use crate::rule_file::{self, RulesError};

/// The access key id that an emulator knows by default.
pub const DEFAULT_KEY_ID: &str = "testid";

/// The secret of [`DEFAULT_KEY_ID`].
pub const DEFAULT_KEY_SECRET: &str = "testsecret";

/// An emulated gateway of Alibaba Cloud.
///
/// A clone is another handle to the same emulator.
#[derive(Clone)]
pub struct Emulator {
    engine: Arc<Engine>,
    connections: Connections,
}

/// How a server treats connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connections {
    pub(crate) read_timeout: Duration,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) control_from_anywhere: bool,
}

impl Emulator {
    pub(crate) fn of(engine: Engine, connections: Connections) -> Self {
        Self { engine: Arc::new(engine), connections }
    }

    /// Answers one whole request, as the transport and the server do. A fault that damages the connection has no effect here,
    /// and a request to a queue does not wait for a message.
    pub fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        if queue_endpoint::is_meant(&parts.uri) {
            return queue_endpoint::answer(&self.engine, &parts, Ok(&body)).response;
        }
        self.engine.answer(&parts, Ok(&body)).response
    }

    /// A rule for requests of an operation with the parameters that are set in `request`; the request may have more. An
    /// empty text matches any value. A request that cannot be sent, such as one with an infinite number, matches
    /// nothing.
    #[allow(clippy::needless_pass_by_value, reason = "a request is built where it is given")]
    pub fn on<O: Operation>(&self, request: O) -> Rule<O::Output> {
        self.engine.rules().add(match parameters_of(&request) {
            Ok(parameters) => When::Request { action: Some(O::FACTS.action.to_owned()), parameters },
            Err(_) => When::Never,
        })
    }

    /// A rule for all requests of an operation by its name.
    pub fn on_action(&self, action: impl Into<String>) -> Rule {
        self.engine.rules().add(When::Request { action: Some(action.into()), parameters: Vec::new() })
    }

    /// A rule for all requests.
    pub fn on_any(&self) -> Rule {
        self.engine.rules().add(When::Request { action: None, parameters: Vec::new() })
    }

    /// A rule for connections, before anything is read from them. Each request of the in-process transport counts as a
    /// connection.
    pub fn on_connection(&self) -> Rule<Connection> {
        self.engine.rules().add(When::Connection)
    }

    /// Adds rules in JSON, all or none. Errors have a line and a column.
    ///
    /// A rule states when it matches and what happens to the request, with the names of [`Rule`] and
    /// [`Fault`](crate::Fault); `then` continues a sequence. Later rules are asked before earlier ones:
    ///
    /// ```
    /// let emulator = aliyun_emulator::Emulator::new(aliyun_api_spec::dyvmsapi());
    /// let rules = emulator.add_rules(r#"[
    ///   { "when": { "action": "SingleCallByTts" }, "probability": 0.05,
    ///     "fault": { "kind": "reset", "after_effect": true } },
    ///   { "when": { "action": "SingleCallByTts", "parameters": { "CalledNumber": "13000000000" } },
    ///     "refuse": { "code": "isv.BUSINESS_LIMIT_CONTROL", "message": "Trigger a flow control" }, "times": 2,
    ///     "then": [{ "reply": { "CallId": "1^2" } }] },
    ///   { "when": {}, "gateway_error": { "status": 503, "code": "ServiceUnavailable", "message": "Later" }, "times": 1 },
    ///   { "when": { "connection": true }, "pass": true, "times": 10, "then": [{ "fault": "reset", "times": 1 }] }
    /// ]"#)?;
    /// assert_eq!(rules.len(), 4);
    /// # Ok::<(), aliyun_emulator::RulesError>(())
    /// ```
    pub fn add_rules(&self, json: &str) -> Result<Vec<Rule>, RulesError> {
        rule_file::add(json, self.engine.services(), self.engine.rules())
    }

    /// A rule for receipts of a kind, such as `VoiceReport`, each time when one is sent.
    pub fn on_receipt(&self, kind: impl Into<String>) -> Rule<Push> {
        self.engine.rules().add(When::Receipt(kind.into()))
    }

    /// Removes all rules.
    pub fn clear_rules(&self) {
        self.engine.rules().clear();
    }

    /// The emulator's time.
    pub fn time(&self) -> SystemTime {
        self.engine.clock().now()
    }

    /// Advances the emulator's time: calls end, limits are over, temporary keys expire.
    ///
    /// The gateway's own clock, against which the time stamps of requests are checked, does not move: the clock of a
    /// client under test does not move either.
    pub fn advance(&self, by: Duration) {
        self.engine.clock().advance(by);
        self.engine.queues().wake();
    }

    /// Sets the emulator's time, which runs on from there, and the gateway's clock with it: a client whose clock
    /// differs too much is refused with `InvalidTimeStamp.Expired`.
    pub fn set_time(&self, time: SystemTime) {
        self.engine.clock().set(time);
        self.engine.queues().wake();
    }

    /// Resets the emulator: no requests, no dials, no rules, empty queues, the initial state and clock. Nonces stay used, and request
    /// ids are not used again.
    pub fn reset(&self) {
        self.engine.reset();
    }

    /// Puts a message into a queue, as services do: its body is sent in base64. The queue was declared with
    /// [`Builder::queue`](crate::Builder::queue).
    pub fn put_message(&self, queue: &str, body: impl AsRef<[u8]>) -> Result<(), UnknownQueue> {
        self.put_raw_message(queue, queue::encoded(body.as_ref()))
    }

    /// Puts a message into a queue with a body as it is sent, which need not be valid base64.
    pub fn put_raw_message(&self, queue: &str, body: impl Into<String>) -> Result<(), UnknownQueue> {
        let engine = &self.engine;
        engine.queues().put(queue, engine.next_request_id(), body.into(), engine.clock().now())
    }

    /// The number of messages in a queue, visible or not; 0 if there is no such queue.
    pub fn queued(&self, queue: &str) -> usize {
        self.engine.queues().len(queue)
    }

    /// The dials so far, oldest first: the latest 200,000.
    pub fn dials(&self) -> Vec<Dial> {
        self.engine.dials()
    }

    /// The dials of one number, as written in the request.
    pub fn dials_to(&self, number: &str) -> Vec<Dial> {
        self.engine.dials_to(number)
    }

    /// Asserts that exactly one request dialled this number, once.
    ///
    /// # Panics
    ///
    /// If it was dialled less or more often. The message lists the requests, without any number.
    #[track_caller]
    pub fn assert_dialled_once(&self, number: &str) {
        let count = self.dials_to(number).len();
        assert!(
            count == 1,
            "expected the number to be dialled once, but it was dialled {count} times; {}",
            self.what_came(number)
        );
    }

    /// The latest requests, with a mark at those that dialled the number.
    fn what_came(&self, number: &str) -> String {
        const SHOWN: usize = 20;
        let requests = self.requests();
        let skipped = requests.len().saturating_sub(SHOWN);
        let mut text = match requests.len() {
            0 => return "no request came".to_owned(),
            count if skipped > 0 => format!("the last {SHOWN} of {count} requests were:"),
            _ => "the requests were:".to_owned(),
        };
        for request in requests.iter().skip(skipped) {
            let rang = if request.dialled().iter().any(|called| called == number) { " <- this number" } else { "" };
            // Writing into memory cannot fail.
            let _ = write!(text, "\n  {request}{rang}");
        }
        text
    }

    /// The requests so far, refused or not, oldest first: the latest 10,000, or fewer if they are large.
    pub fn requests(&self) -> Vec<Received> {
        self.engine.requests()
    }

    /// Sends the receipts that are due by the emulator's clock, in the order of their times, and again those that were not
    /// acknowledged and whose time has come. Returns the number of attempts.
    ///
    /// A [server](Self::serve) does this by itself. With the in-process transport, a test calls it after it
    /// [advanced](Self::advance) the time. Must be called inside a Tokio runtime.
    pub async fn deliver_receipts(&self) -> usize {
        self.engine.deliver().await
    }

    /// The receipts so far, sent or not, oldest first: the latest 200,000. Only kinds for which there is an
    /// [address](crate::Builder::push_receipts) are among them.
    pub fn receipts(&self) -> Vec<SentReceipt> {
        self.engine.courier().receipts()
    }

    /// Asserts that everything that requests started is finished by the emulator's clock, as the
    /// [accounts](crate::Account) of the services tell.
    ///
    /// # Panics
    ///
    /// If something is pending. The message says what, without any number of a person.
    #[track_caller]
    pub fn assert_nothing_pending(&self) {
        let pending = self.engine.pending();
        assert!(pending.is_none(), "{}", pending.unwrap_or_default());
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn connections(&self) -> Connections {
        self.connections
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("services", self.engine.services())
            .field("verifier", self.engine.verifier())
            .finish_non_exhaustive()
    }
}
