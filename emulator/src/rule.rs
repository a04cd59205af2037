//! Rules of a test: which requests they are for, and what happens to these.

mod rules;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aliyun_runtime::generated::Output;
use aliyun_runtime::testing::read_body;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::rules::{Action, Mishap, Ready, Rules, Summary, When, includes};
use self::rules::{Entry, Step};
use crate::fault::Fault;
use crate::parameters::Parameters;
use crate::refusal::Refusal;

/// A rule: which requests it is for, what happens to them, how often and with what probability. Made by
/// [`Emulator::on`](crate::Emulator::on), [`Emulator::on_action`](crate::Emulator::on_action),
/// [`Emulator::on_any`](crate::Emulator::on_any) and [`Emulator::on_connection`](crate::Emulator::on_connection). It
/// stays in force when this handle is dropped. A clone is another handle to the same rule.
///
/// # When it takes effect
///
/// The methods of one chain are one change: no request sees an incomplete rule, even if other threads send requests
/// meanwhile. The change takes effect when the handle is dropped (at the end of the statement, if it is not kept), when
/// [`Rule::matched`] or [`Rule::remove`] is called or the handle is cloned, or when a request is sent on the same
/// thread. If the handle is kept and another thread sends a request that the rule can match, that request waits for
/// half a second, to see whether the chain continues; [`Rule::matched`] before it avoids the wait.
///
/// A rule that is dropped without a response has no effect and is removed.
///
/// # Which rule decides
///
/// A request that the gateway refuses (signature, parameters and so on) does not reach the rules. Of the rules that
/// match an accepted request, the **latest** decides. A rule does not match when its responses are used up, or by its
/// probability; then the next older one is asked, and finally the emulator answers by itself. A rule's response leaves
/// the state of the [account](crate::Account) unchanged; the dial of a success is counted all the same.
///
/// A [`Fault`] with effect leaves the response to the older rules, so that one rule can decide what is answered and
/// another how it is delivered. At most one fault is played for a request.
///
/// # Sequences
///
/// Responses that follow one another are used in this order: each once, or as often as [`Rule::times`] after it states,
/// and the last one without end unless it has a number too:
///
/// ```
/// use aliyun_emulator::{Emulator, Fault};
/// use serde_json::json;
///
/// let emulator = Emulator::new(aliyun_api_spec::dyvmsapi());
/// emulator
///     .on_action("SingleCallByTts")
///     .fault(Fault::throttled())
///     .times(2)
///     .refuse("isv.BUSINESS_LIMIT_CONTROL", "Trigger a flow control")
///     .reply(json!({ "CallId": "116012354148^102813780000" }));
/// ```
///
/// `A` is the type of responses: the operation's own for [`Emulator::on`](crate::Emulator::on), else any JSON.
pub struct Rule<A = Value> {
    handle: Arc<Handle>,
    answer: PhantomData<fn() -> A>,
}

/// What all clones of a rule share.
struct Handle {
    rules: Arc<Rules>,
    id: u64,
    matched: Arc<AtomicU64>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.rules.release(self.id);
    }
}

/// Marks a [`Rule`] for connections, which is asked before a request is read.
#[derive(Debug)]
pub enum Connection {}

/// Marks a [`Rule`] for receipts, which is asked each time when one is sent.
#[derive(Debug)]
pub enum Push {}

/// Methods of every rule.
#[allow(clippy::return_self_not_must_use, reason = "a rule is in force without its handle")]
impl<A> Rule<A> {
    /// Passes the request to the older rules. A rule without any response does only this: it counts.
    pub fn pass(self) -> Self {
        self.step(Action::Pass)
    }

    /// Limits how often the response before this is used. It has no effect before the first response.
    pub fn times(self, times: u64) -> Self {
        self.edit(move |entry| {
            if let Some(step) = entry.steps.last_mut() {
                step.times = Some(times);
            }
        });
        self
    }

    /// Matches with this probability, from 0.0 (never) to 1.0 (always, the default). The decision depends only on
    /// [`Builder::seed`](crate::Builder::seed), the order of rules and how often this one was asked.
    pub fn with_probability(self, probability: f64) -> Self {
        // NaN counts as 0.
        self.edit(move |entry| entry.probability = probability.max(0.0));
        self
    }

    /// Number of requests that it decided or passed; it keeps the number when it is removed.
    pub fn matched(&self) -> u64 {
        self.handle.rules.complete(self.handle.id);
        self.handle.matched.load(Ordering::Relaxed)
    }

    /// Removes it, for all its handles.
    pub fn remove(&self) {
        self.handle.rules.remove(self.handle.id);
    }

    pub(crate) fn id(&self) -> u64 {
        self.handle.id
    }

    fn step(self, action: Action) -> Self {
        self.edit(|entry| entry.steps.push(Step::new(action, None)));
        self
    }

    fn edit(&self, edit: impl FnOnce(&mut Entry) + Send + 'static) {
        self.handle.rules.edit(self.handle.id, Box::new(edit));
    }
}

/// Methods for requests.
#[allow(clippy::return_self_not_must_use, reason = "a rule is in force without its handle")]
impl<A: Serialize> Rule<A> {
    /// Matches only requests with this parameter as well: its name on the wire and its text there. Texts that hold JSON
    /// are compared as JSON, and an empty text stands for any value.
    pub fn with_parameter(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let pair = (name.into(), value.into());
        self.edit(move |entry| {
            if let When::Request { parameters, .. } = &mut entry.when {
                parameters.push(pair);
            }
        });
        self
    }

    /// Answers with this. Members of the envelope that are absent or empty are filled in as for a success: code,
    /// message and request id.
    #[allow(clippy::needless_pass_by_value, reason = "an answer is built where it is given")]
    pub fn reply(self, answer: A) -> Self {
        self.step(Action::Reply(value_of(&answer)))
    }

    /// The same with JSON, which need not have the operation's type: an object may omit members, and any other value is
    /// sent as it is.
    pub fn reply_json(self, answer: Value) -> Self {
        self.step(Action::Reply(answer))
    }

    /// Answers with a business error: HTTP 200 with this code, such as `isv.BUSINESS_LIMIT_CONTROL`, and message.
    pub fn refuse(self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.step(Action::Refuse { code: code.into(), message: message.into() })
    }

    /// Refuses as the gateway does, with an HTTP status; one outside 200 to 599 counts as 500.
    pub fn gateway_error(self, status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).ok().filter(|_| (200..600).contains(&status));
        let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.step(Action::GatewayError(Refusal::by_rule(status, code.into(), message.into())))
    }

    /// Plays a fault.
    pub fn fault(self, fault: Fault) -> Self {
        self.step(Action::Fault(fault))
    }
}

#[allow(clippy::return_self_not_must_use, reason = "a rule is in force without its handle")]
impl<A: Serialize + Output + Default + 'static> Rule<A> {
    /// Answers with what a function returns for the request. A code in it that is not a success code makes it a
    /// business error.
    pub fn reply_with(self, answer: impl Fn(&Accepted<'_, A>) -> A + Send + Sync + 'static) -> Self {
        self.step(Action::ReplyWith(Arc::new(move |call| value_of(&answer(&Accepted { call, answer: PhantomData })))))
    }
}

/// Methods for connections.
#[allow(clippy::return_self_not_must_use, reason = "a rule is in force without its handle")]
impl Rule<Connection> {
    /// Resets the connection before anything is read from it.
    pub fn reset(self) -> Self {
        self.step(Action::Fault(Fault::reset()))
    }

    /// Accepts the connection and neither reads nor answers; after ten minutes it is reset.
    pub fn silence(self) -> Self {
        self.step(Action::Fault(Fault::silence()))
    }
}

/// Methods for receipts.
#[allow(clippy::return_self_not_must_use, reason = "a rule is in force without its handle")]
impl Rule<Push> {
    /// Sends the receipt twice at once.
    pub fn repeat(self) -> Self {
        self.step(Action::Mishap(Mishap::Repeat))
    }

    /// Sends the receipt later by the emulator's clock, so that others overtake it. A receipt is delayed once.
    pub fn delay(self, by: Duration) -> Self {
        self.step(Action::Mishap(Mishap::Delay(by)))
    }

    /// Sends the receipt and loses the acknowledgement, so that it is sent again.
    pub fn lose_response(self) -> Self {
        self.step(Action::Mishap(Mishap::LoseResponse))
    }

    /// Fails to reach the receiver, so that the receipt is sent again.
    pub fn fail(self) -> Self {
        self.step(Action::Mishap(Mishap::Fail))
    }

    /// Never sends the receipt.
    pub fn drop(self) -> Self {
        self.step(Action::Mishap(Mishap::Drop))
    }
}

impl<A> Clone for Rule<A> {
    fn clone(&self) -> Self {
        self.handle.rules.complete(self.handle.id);
        Self { handle: Arc::clone(&self.handle), answer: PhantomData }
    }
}

impl<A> fmt::Debug for Rule<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule").field("id", &self.id()).field("matched", &self.matched()).finish_non_exhaustive()
    }
}

/// A typed response as JSON.
fn value_of<A: Serialize>(answer: &A) -> Value {
    // Generated types contain nothing that JSON cannot represent.
    serde_json::to_value(answer).unwrap_or_default()
}

/// A request that passed every check, as [`Rule::reply_with`] sees it.
pub struct Accepted<'a, A> {
    call: &'a dyn Incoming,
    answer: PhantomData<fn() -> A>,
}

/// What the engine provides about a request.
pub(crate) trait Incoming {
    fn action(&self) -> &str;
    fn parameters(&self) -> &Parameters;
    fn time(&self) -> SystemTime;
    fn request_id(&self) -> &str;
    /// The response without rules.
    fn default_answer(&self) -> Value;
}

impl<A> Accepted<'_, A> {
    /// The operation.
    pub fn action(&self) -> &str {
        self.call.action()
    }

    /// One of its parameters, by its name on the wire.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.call.parameters().get(name).map(String::as_str)
    }

    /// All its parameters, with those of the protocol.
    pub fn parameters(&self) -> &Parameters {
        self.call.parameters()
    }

    /// The emulator's time.
    pub fn time(&self) -> SystemTime {
        self.call.time()
    }

    /// The request id of the response, unless the response contains another one.
    pub fn request_id(&self) -> &str {
        self.call.request_id()
    }
}

impl<A: Output + Default> Accepted<'_, A> {
    /// The response without rules. Calling this executes the operation if it has state. If the emulator refuses the
    /// request, the request is refused, whatever the function returns.
    pub fn default_answer(&self) -> A {
        let mut answer = A::default();
        // The emulator's own response fits the operation.
        let _ = read_body(self.call.default_answer().to_string().as_bytes(), &mut answer);
        answer
    }
}

impl<A> fmt::Debug for Accepted<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted").field("action", &self.action()).finish_non_exhaustive()
    }
}
