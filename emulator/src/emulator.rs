//! The handle that users hold.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aliyun_runtime::Operation;
use aliyun_runtime::parameters_of;
use bytes::Bytes;
use http::{Request, Response};

use crate::dial::Dial;
use crate::engine::Engine;
use crate::received::Received;
use crate::rule::{Connection, Rule, When};
use crate::rule_file::{self, RulesError};

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

    /// Answers one whole request, as the transport and the server do. A fault that damages the connection has no effect here.
    pub fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let (parts, body) = request.into_parts();
        self.engine.answer(&parts, Ok(&body)).response
    }

    /// A rule for requests of an operation that have the parameters set in `request`, and perhaps more. An empty text
    /// stands for any value. A request that could not be sent, such as one with an infinite number, matches nothing.
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

    /// Adds rules that are written as JSON, all or none; what was wrong is said with line and column.
    ///
    /// A rule says when it matches and what becomes of the request, in the words of [`Rule`] and
    /// [`Fault`](crate::Fault); `then` continues a sequence. Later rules come before earlier ones:
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

    /// Takes all rules out of force.
    pub fn clear_rules(&self) {
        self.engine.rules().clear();
    }

    /// The emulator's time.
    pub fn time(&self) -> SystemTime {
        self.engine.clock().now()
    }

    /// Moves the emulator's time on: calls end, limits are over, temporary keys expire.
    ///
    /// The gateway's own clock, against which the time stamps of requests are held, takes no part in it: the clock of a
    /// client under test does not know of it either.
    pub fn advance(&self, by: Duration) {
        self.engine.clock().advance(by);
    }

    /// Sets the emulator's time, from which it goes on, and the gateway's clock with it: a client whose own clock says
    /// something else is refused with `InvalidTimeStamp.Expired`.
    pub fn set_time(&self, time: SystemTime) {
        self.engine.clock().set(time);
    }

    /// Starts again: no request, no dial, no rule, the state and the clock of the beginning. Nonces stay used, and request
    /// ids are not given twice.
    pub fn reset(&self) {
        self.engine.reset();
    }

    /// Who was rung so far, oldest first: the latest 200,000 dials.
    pub fn dials(&self) -> Vec<Dial> {
        self.engine.dials()
    }

    /// The dials of one number, written as in the request.
    pub fn dials_to(&self, number: &str) -> Vec<Dial> {
        self.engine.dials_to(number)
    }

    /// Asserts that exactly one request rang this number, once.
    ///
    /// # Panics
    ///
    /// Where it was rung less or more often: the message lists what came instead, without any number.
    #[track_caller]
    pub fn assert_dialled_once(&self, number: &str) {
        let count = self.dials_to(number).len();
        assert!(
            count == 1,
            "expected the number to be dialled once, but it was dialled {count} times; {}",
            self.what_came(number)
        );
    }

    /// The latest requests, with a mark where they rang a number.
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

    /// What came so far, refused or not, oldest first: the latest 10,000 requests, or fewer where they are large.
    pub fn requests(&self) -> Vec<Received> {
        self.engine.requests()
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
