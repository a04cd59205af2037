//! From a whole request to a whole response, without I/O. The transport and the server use it.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aliyun_api_spec::model::Service;
use aliyun_api_spec::suggest::nearest;
use aliyun_protocol::{Method, header};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HOST};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};

use crate::account::{AccountSettings, ValidRequest};
use crate::answer::{self, Format};
use crate::behaviour::{self, Behaviour};
use crate::check;
use crate::courier::Courier;
use crate::delivery;
use crate::dial::{self, Dial, Dials};
use crate::fault::{Delivery, Fault};
use crate::limit::Limits;
use crate::parameters::{self, Decoded, Parameters};
use crate::queue::{self, Queues};
use crate::random;
use crate::received::{Journal, Received};
use crate::refusal::Refusal;
use crate::rule::{Action, Incoming, Rules};
use crate::service::{Services, Target};
use crate::time::{Clock, Moment};
use crate::verify::{self, Claim, Verifier};

/// Maximum size of a request body, in bytes.
pub(crate) const MAX_BODY: usize = 10 * 1024 * 1024;

/// The header that asks for a fault, if the builder allows it.
pub(crate) const FAULT_HEADER: &str = "x-emulator-fault";

/// A function that gets every request.
pub(crate) type Observer = Arc<dyn Fn(&Received) + Send + Sync>;

/// The parts of an engine.
pub(crate) struct Setup {
    pub(crate) services: Services,
    pub(crate) verifier: Verifier,
    pub(crate) queues: Arc<Queues>,
    pub(crate) clock: Clock,
    /// Maximum difference between a request's time stamp and the clock.
    pub(crate) time_window: Duration,
    pub(crate) limits: Limits,
    /// The seed of random decisions, so that a run can be reproduced.
    pub(crate) seed: u64,
    /// Whether a request may ask for a fault.
    pub(crate) fault_header: bool,
    pub(crate) observer: Option<Observer>,
    pub(crate) courier: Courier,
}

impl Setup {
    /// The initial state behind the operations.
    fn behaviour(&self) -> Behaviour {
        Behaviour::new(&self.services, AccountSettings { seed: self.seed, limits: self.limits })
    }
}

pub(crate) struct Engine {
    setup: Setup,
    rules: Arc<Rules>,
    behaviour: RwLock<Behaviour>,
    seen: Mutex<Seen>,
    answered: AtomicU64,
}

/// The requests and the dials. One request is added to both at once.
#[derive(Default)]
struct Seen {
    journal: Journal,
    dials: Dials,
    /// Number of resets: a request that was received before a reset and answered after it is not kept.
    resets: u64,
}

/// A finished response and how it is delivered.
pub(crate) struct Outgoing {
    pub(crate) response: Response<Bytes>,
    pub(crate) delivery: Delivery,
}

/// The result of a request.
struct Outcome {
    result: Result<(String, Value), Refusal>,
    dialled: Vec<String>,
    fault: Option<Fault>,
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        Self { result: Err(refusal), dialled: Vec::new(), fault: None }
    }
}

impl Engine {
    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            rules: Arc::new(Rules::new(setup.seed)),
            behaviour: RwLock::new(setup.behaviour()),
            seen: Mutex::default(),
            answered: AtomicU64::new(0),
            setup,
        }
    }

    /// Answers a request whose body was read, or the reason why it was not.
    pub(crate) fn answer(&self, parts: &Parts, body: Result<&Bytes, Refusal>) -> Outgoing {
        let resets = self.resets();
        let moment = self.setup.clock.moment();
        let mut request_id = self.next_request_id();
        let (body, unread) = match body {
            Ok(body) if body.len() > MAX_BODY => (&Bytes::new(), Some(Refusal::body_too_large(MAX_BODY))),
            Ok(body) => (body, None),
            Err(refusal) => (&Bytes::new(), Some(refusal)),
        };
        let Decoded { parameters, fault } = parameters::decode(parts, body);
        let unasked = if verify::is_v3(&parts.headers, &parameters) { Format::Json } else { Format::Xml };
        let format = Format::requested(&parameters, unasked);
        let mut warnings = Vec::new();
        let selected = self.select(parts, &parameters);
        let service = selected.unwrap_or_else(|| self.setup.services.first());
        let outcome = match unread.or(fault).or(format.as_ref().err().cloned()) {
            Some(refusal) => refusal.into(),
            None => self
                .process(selected, parts, body, &parameters, moment, &request_id, &mut warnings)
                .unwrap_or_else(Outcome::from),
        };
        let action = verify::action(&parts.headers, &parameters).to_owned();
        let Outcome { result, dialled, fault } = outcome;
        let forces_xml = fault.as_ref().is_some_and(Fault::forces_xml);
        let format = if forces_xml { Format::Xml } else { format.unwrap_or(unasked) };
        let clock = fault.as_ref().map_or(moment.stamps, |fault| fault.clock(moment.stamps));
        let delivery = fault.as_ref().map_or(Delivery::Whole, Fault::delivery);
        let is_answered = delivery::is_answered(&delivery);
        let envelope = |action: &str| {
            service.operation(action).map_or(&service.envelope, |operation| service.envelope_of(operation))
        };
        let refusal = match &result {
            Ok((action, answer)) => behaviour::failure(envelope(action), answer),
            // A fault without effect and without a response is not a refusal.
            Err(refusal) => is_answered.then(|| refusal.code.to_string()),
        };
        let mut response = match result {
            Ok((action, answer)) => {
                let own = envelope(&action).request_id.as_ref();
                if let Some(own) = own.and_then(|name| text_of(&answer, name)) {
                    request_id = own;
                }
                let body = match answer {
                    Value::Object(members) => answer::success(format, &action, members),
                    other => other.to_string().into(),
                };
                respond(StatusCode::OK, format, clock, &request_id, body)
            }
            Err(refusal) => {
                let host = host(parts).unwrap_or_else(|| service.endpoints.default.clone().unwrap_or_default());
                let body = answer::refusal(format, &refusal, &request_id, &host, &service.product);
                let mut response = respond(refusal.status, format, clock, &request_id, body);
                if let Some(wait) = refusal.retry_after {
                    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(milliseconds(wait)));
                }
                response
            }
        };
        if let Some(fault) = &fault {
            fault.damage(&mut response);
        }
        let received = Received {
            service: Arc::clone(service),
            at: moment.now,
            method: parts.method.clone(),
            action,
            warnings,
            request_id,
            parameters: Arc::new(parameters),
            status: is_answered.then(|| response.status()),
            refusal,
            dialled,
            fault: fault.as_ref().map(Fault::name),
        };
        self.note(received, resets);
        Outgoing { response, delivery }
    }

    /// Keeps the request, and passes it to the observer.
    pub(crate) fn note(&self, received: Received, resets: u64) {
        let shown = self.setup.observer.as_ref().map(|observer| (observer, received.clone()));
        self.with_seen(|seen| {
            if seen.resets != resets {
                return;
            }
            if let Some(action) = received.action() {
                seen.dials.add(&received.dialled, action, &received.request_id, received.at);
            }
            seen.journal.add(received);
        });
        if let Some((observer, received)) = shown {
            observer(&received);
        }
    }

    /// Checks in this order: HTTP, required parts of the protocol, version and action, signature, business parameters.
    /// The first error is the response. A request that passes goes to the rules.
    #[allow(clippy::too_many_arguments, reason = "a request is read in parts")]
    fn process(
        &self,
        service: Option<&Arc<Service>>,
        parts: &Parts,
        body: &[u8],
        parameters: &Parameters,
        moment: Moment,
        request_id: &str,
        warnings: &mut Vec<String>,
    ) -> Result<Outcome, Refusal> {
        let method = Method::of_name(parts.method.as_str()).ok_or_else(Refusal::http_method)?;
        let action = verify::action(&parts.headers, parameters);
        let known = service.and_then(|service| service.operation(action));
        let claim =
            if known.is_some_and(|operation| !operation.signed) && !verify::is_signed(&parts.headers, parameters) {
                None
            } else {
                Some(Claim::read(parts, body, parameters)?)
            };
        let Some(service) = service else { return Err(Refusal::invalid("Version")) };
        if parts.uri.path() != "/" {
            return Err(Refusal::api_not_found(None));
        }
        let operation = known.ok_or_else(|| not_found(service, action))?;
        if !matches!(method, Method::Get | Method::Post) && method != operation.method {
            return Err(Refusal::http_method());
        }
        if let Some(claim) = claim {
            self.setup.verifier.verify(&claim, moment)?;
            *warnings = claim.warnings();
        }
        check::check(service, operation, parameters, warnings)?;
        let call = ValidRequest { service, operation, parameters, request_id, now: moment.now };
        self.with_behaviour(|behaviour| behaviour.admit(call))?;
        let asked = match parts.headers.get(FAULT_HEADER).filter(|_| self.setup.fault_header) {
            Some(value) => Some(Fault::from_header(value).map_err(|why| Refusal::unknown_fault(&why))?),
            None => None,
        };
        Ok(self.perform(call, asked))
    }

    /// Applies the rules to a valid request.
    fn perform(&self, call: ValidRequest<'_>, asked: Option<Fault>) -> Outcome {
        let takes_effect = |fault: &Fault| fault.takes_effect(self.setup.time_window);
        let decision = self.rules.decide(&call.operation.action, call.parameters, asked, takes_effect);
        let fault = decision.fault;
        if let Some(fault) = fault.as_ref().filter(|fault| !takes_effect(fault)) {
            return Outcome { fault: Some(fault.clone()), ..Outcome::from(fault.refusal()) };
        }
        let result = self.answer_of(call, decision.answer);
        let succeeds = result.as_ref().is_ok_and(|answer| behaviour::failure(call.envelope(), answer).is_none());
        let dialled = if succeeds { dial::called(call.operation, call.parameters) } else { Vec::new() };
        let result = match &fault {
            Some(fault) if fault.replaces_answer() => Err(fault.refusal()),
            _ => result.map(|answer| (call.operation.action.clone(), answer)),
        };
        Outcome { result, dialled, fault }
    }

    fn answer_of(&self, call: ValidRequest<'_>, action: Option<Action>) -> Result<Value, Refusal> {
        let answer = match action {
            Some(Action::Reply(answer)) => answer,
            Some(Action::Refuse { code, message }) => {
                return behaviour::refused(call, &code, &message).map(Value::Object);
            }
            Some(Action::GatewayError(refusal)) => return Err(refusal),
            Some(Action::ReplyWith(answer)) => {
                let asked = Asked { engine: self, call, refusal: RefCell::new(None) };
                let answer = answer(&asked);
                if let Some(refusal) = asked.refusal.into_inner() {
                    return Err(refusal);
                }
                answer
            }
            Some(Action::Pass | Action::Fault(_) | Action::Mishap(_)) | None => return self.behave(call),
        };
        Ok(behaviour::completed(call, answer))
    }

    /// The response without rules.
    fn behave(&self, call: ValidRequest<'_>) -> Result<Value, Refusal> {
        self.with_behaviour(|behaviour| behaviour.answer(call)).map(Value::Object)
    }

    /// The service that a request is for, if there is one of its version.
    fn select(&self, parts: &Parts, parameters: &Parameters) -> Option<&Arc<Service>> {
        let target = Target {
            version: verify::version(&parts.headers, parameters),
            host: &host(parts).unwrap_or_default(),
            action: verify::action(&parts.headers, parameters),
        };
        self.setup.services.select(target)
    }

    /// Removes requests, dials and rules, and restores the initial clock and state. Nonces stay used.
    pub(crate) fn reset(&self) {
        self.rules.clear();
        self.with_seen(|seen| *seen = Seen { resets: seen.resets + 1, ..Seen::default() });
        *self.behaviour.write().unwrap_or_else(PoisonError::into_inner) = self.setup.behaviour();
        self.setup.queues.reset();
        self.setup.courier.reset();
        self.setup.clock.reset();
    }

    /// The number of resets so far, for [`Engine::note`].
    pub(crate) fn resets(&self) -> u64 {
        self.with_seen(|seen| seen.resets)
    }

    /// An id for the response to another request.
    pub(crate) fn next_request_id(&self) -> String {
        random::request_id(self.setup.seed, self.answered.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends the receipts that are due.
    pub(crate) async fn deliver(&self) -> usize {
        let now = self.setup.clock.now();
        let due = || self.with_behaviour(|behaviour| behaviour.receipts(now));
        let put = |queue: &str, body: &Value| {
            let body = queue::encoded(body.to_string().as_bytes());
            self.setup.queues.put(queue, self.next_request_id(), body, now).is_ok()
        };
        self.setup.courier.deliver(now, due, &self.rules, put).await
    }

    pub(crate) fn courier(&self) -> &Courier {
        &self.setup.courier
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.with_seen(|seen| seen.journal.requests())
    }

    pub(crate) fn dials(&self) -> Vec<Dial> {
        self.with_seen(|seen| seen.dials.all())
    }

    pub(crate) fn dials_to(&self, number: &str) -> Vec<Dial> {
        self.with_seen(|seen| seen.dials.to(number))
    }

    pub(crate) fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.setup.clock
    }

    /// What is unfinished by the emulator's clock.
    pub(crate) fn pending(&self) -> Option<String> {
        let now = self.setup.clock.now();
        self.with_behaviour(|behaviour| behaviour.pending(now))
    }

    pub(crate) fn services(&self) -> &Services {
        &self.setup.services
    }

    pub(crate) fn queues(&self) -> &Queues {
        &self.setup.queues
    }

    /// Maximum difference between a request's time stamp and the clock.
    pub(crate) fn time_window(&self) -> Duration {
        self.setup.time_window
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.setup.verifier
    }

    fn with_behaviour<T>(&self, work: impl FnOnce(&Behaviour) -> T) -> T {
        work(&self.behaviour.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_seen<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request as a rule's function sees it.
struct Asked<'a> {
    engine: &'a Engine,
    call: ValidRequest<'a>,
    /// Why the emulator would have refused.
    refusal: RefCell<Option<Refusal>>,
}

impl Incoming for Asked<'_> {
    fn action(&self) -> &str {
        &self.call.operation.action
    }

    fn parameters(&self) -> &Parameters {
        self.call.parameters
    }

    fn time(&self) -> SystemTime {
        self.call.now
    }

    fn request_id(&self) -> &str {
        self.call.request_id
    }

    fn default_answer(&self) -> Value {
        self.engine.behave(self.call).unwrap_or_else(|refusal| {
            self.refusal.replace(Some(refusal));
            Value::Object(Map::new())
        })
    }
}

fn not_found(service: &Service, action: &str) -> Refusal {
    // Comparing takes time by length, and a name that is much longer than every action is near none of them.
    const LONGEST: usize = 100;
    let known = service.operations.iter().map(|operation| operation.action.as_str());
    Refusal::api_not_found(if action.len() > LONGEST { None } else { nearest(action, known) })
}

/// The host that the client called.
pub(crate) fn host(parts: &Parts) -> Option<String> {
    let header = || parts.headers.get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
    parts.uri.authority().map(ToString::to_string).or_else(header)
}

/// The text of a member, if it has one.
fn text_of(answer: &Value, member: &str) -> Option<String> {
    answer.get(member)?.as_str().map(str::to_owned)
}

fn respond(status: StatusCode, format: Format, now: SystemTime, request_id: &str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, format.content_type());
    if let Some(date) = http_date(now) {
        headers.insert(DATE, date);
    }
    // It is printable ASCII.
    if let Ok(request_id) = HeaderValue::try_from(request_id) {
        headers.insert(header::REQUEST_ID, request_id);
    }
    response
}

/// At least 1: 0 would mean nothing to the client.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// The header `Date` of a response; `None` for a time outside the calendar.
pub(crate) fn http_date(time: SystemTime) -> Option<HeaderValue> {
    let time = jiff::Timestamp::try_from(time).ok()?;
    let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()?;
    HeaderValue::try_from(text).ok()
}
