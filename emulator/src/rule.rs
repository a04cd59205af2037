//! Rules of a test: which requests they are for, and what becomes of these.

mod rules;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use aliyun_runtime::generated::Output;
use aliyun_runtime::testing::read_body;
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::rules::{Action, Ready, Rules, Summary, When, includes};
use self::rules::{Entry, Step};
use crate::fault::Fault;
use crate::refuse::Refusal;
use crate::wire::Parameters;

/// A rule: which requests it is for, what becomes of them, how often and how probably. Made by
/// [`Emulator::on`](crate::Emulator::on), [`Emulator::on_action`](crate::Emulator::on_action),
/// [`Emulator::on_any`](crate::Emulator::on_any) and [`Emulator::on_connection`](crate::Emulator::on_connection). It stays
/// in force when this handle is dropped. A clone is another handle to the same rule.
///
/// # When it takes effect
///
/// The methods of one chain are one change: no request meets a rule of which a part is still missing, also where other
/// threads send requests meanwhile. The change takes effect when the handle is dropped (at the end of the statement,
/// where it is not kept), when [`Rule::matched`] or [`Rule::remove`] is called or the handle is cloned, or when a request
/// comes on the same thread. Where the handle is kept and a request that the rule can match comes on another thread, that
/// request waits for half a second, to see whether the chain goes on; [`Rule::matched`] before it spares the wait.
///
/// A rule that is dropped without an answer has no effect and is forgotten.
///
/// # Which rule decides
///
/// Requests that the gateway refuses (signature, parameters and so on) never come to a rule. Of the rules that match an
/// accepted request the **latest made** decides. A rule does not match when its answers are used up, or when chance
/// says no; then the next older one is asked, and in the end the emulator answers by itself. What a rule answers leaves
/// the emulator's [state](crate::State) as it was; the dial of a success is counted all the same.
///
/// A [`Fault`] with effect leaves the answer itself to the older rules, so that one rule can say what is answered and
/// another how it travels. At most one fault is played for a request.
///
/// # Sequences
///
/// Answers that are given one after another are used one after another: each once, or as often as
/// [`Rule::times`] says right behind it, and the last one for ever unless it has a number too:
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
/// `A` is the type of answers: the operation's own for [`Emulator::on`](crate::Emulator::on), else any JSON.
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

/// Stands for a connection in a [`Rule`] that is asked before a request is read.
#[derive(Debug)]
pub enum Connection {}

/// What every rule can do.
#[allow(clippy::return_self_not_must_use, reason = "a rule is in force without its handle")]
impl<A> Rule<A> {
    /// Lets it pass to the older rules. A rule without any answer does only this: it counts.
    pub fn pass(self) -> Self {
        self.step(Action::Pass)
    }

    /// Limits how often the answer before this is used. It has no meaning before the first answer.
    pub fn times(self, times: u64) -> Self {
        self.edit(move |entry| {
            if let Some(step) = entry.steps.last_mut() {
                step.times = Some(times);
            }
        });
        self
    }

    /// Makes it match in this share of cases, from 0.0 (never) to 1.0 (always, as without this). The choice depends on
    /// [`Builder::seed`](crate::Builder::seed), the order of rules and how often this one was asked, and on nothing else.
    pub fn with_probability(self, probability: f64) -> Self {
        // What is no number is no chance.
        self.edit(move |entry| entry.probability = probability.max(0.0));
        self
    }

    /// How often it decided, or let pass, what came; it keeps its number when it is removed.
    pub fn matched(&self) -> u64 {
        self.handle.rules.complete(self.handle.id);
        self.handle.matched.load(Ordering::Relaxed)
    }

    /// Takes it out of force, for all its handles.
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

/// What becomes of requests.
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

    /// Answers this. Members of the envelope that it leaves out or empty are filled in as for a success: code, message
    /// and request id.
    #[allow(clippy::needless_pass_by_value, reason = "an answer is built where it is given")]
    pub fn reply(self, answer: A) -> Self {
        self.step(Action::Reply(value_of(&answer)))
    }

    /// The same with JSON, which need not be of the operation's type: an object that leaves members out, or anything
    /// else, which is answered as it is.
    pub fn reply_json(self, answer: Value) -> Self {
        self.step(Action::Reply(answer))
    }

    /// Answers a business error: HTTP 200 with this code, such as `isv.BUSINESS_LIMIT_CONTROL`, and message.
    pub fn refuse(self, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.step(Action::Refuse { code: code.into(), message: message.into() })
    }

    /// Refuses as the gateway does, with an HTTP status of its own; one outside 200 to 599 counts as 500.
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
    /// Answers what a function makes of the request. A code in its answer that is no success makes it a business error.
    pub fn reply_with(self, answer: impl Fn(&Accepted<'_, A>) -> A + Send + Sync + 'static) -> Self {
        self.step(Action::ReplyWith(Arc::new(move |call| value_of(&answer(&Accepted { call, answer: PhantomData })))))
    }
}

/// What becomes of connections.
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

/// A typed answer as JSON.
fn value_of<A: Serialize>(answer: &A) -> Value {
    // Generated types hold nothing that JSON cannot say.
    serde_json::to_value(answer).unwrap_or_default()
}

/// A request that passed every check, as [`Rule::reply_with`] sees it.
pub struct Accepted<'a, A> {
    call: &'a dyn Incoming,
    answer: PhantomData<fn() -> A>,
}

/// What the engine tells about a request.
pub(crate) trait Incoming {
    fn action(&self) -> &str;
    fn parameters(&self) -> &Parameters;
    fn time(&self) -> SystemTime;
    fn request_id(&self) -> &str;
    /// What the emulator answers by itself.
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

    /// The request id of the answer, unless the answer brings its own.
    pub fn request_id(&self) -> &str {
        self.call.request_id()
    }
}

impl<A: Output + Default> Accepted<'_, A> {
    /// What the emulator would have answered by itself. To ask is to let the operation take place where it has state
    /// behind it. Where the emulator refuses, the request is refused, whatever is answered then.
    pub fn default_answer(&self) -> A {
        let mut answer = A::default();
        // An emulator's own answer fits the operation; what does not fit would be left out.
        let _ = read_body(self.call.default_answer().to_string().as_bytes(), &mut answer);
        answer
    }
}

impl<A> fmt::Debug for Accepted<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted").field("action", &self.action()).finish_non_exhaustive()
    }
}
