//! Requests to queues: from HTTP to what happens, and to the response.

use std::sync::Arc;
use std::time::Duration;

use aliyun_protocol::mns;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, Uri};
use tokio::time::Instant;

use crate::delivery;
use crate::engine::{self, Engine, Outgoing};
use crate::fault::{Delivery, Fault};
use crate::parameters::{self, Parameters};
use crate::queue::{self, DELETE, Failure, RECEIVE};
use crate::received::Received;
use crate::refusal::Refusal;
use crate::rule::Action;

/// Whether a request is for queues and not for a service.
pub(crate) fn is_meant(uri: &Uri) -> bool {
    mns::is_of_queues(uri.path())
}

/// What a request asks for.
enum Order {
    Receive { queue: String, most: usize, wait: Duration },
    Delete { queue: String, handles: Vec<String> },
}

impl Order {
    fn action(&self) -> &'static str {
        match self {
            Self::Receive { .. } => RECEIVE,
            Self::Delete { .. } => DELETE,
        }
    }

    fn queue(&self) -> &str {
        match self {
            Self::Receive { queue, .. } | Self::Delete { queue, .. } => queue,
        }
    }
}

/// A request that was read, and what is noted of it.
struct Asked {
    order: Result<Order, Failure>,
    fault: Option<Fault>,
    note: Received,
    resets: u64,
}

/// Answers a request without waiting for a message.
pub(crate) fn answer(engine: &Engine, parts: &Parts, body: Result<&Bytes, Refusal>) -> Outgoing {
    let asked = read(engine, parts, body);
    let done = asked.order.as_ref().map_err(Failure::clone).and_then(|order| perform(engine, order));
    asked.respond(engine, parts, done)
}

/// Answers a request. One that receives waits for the first message as long as it says, by tokio's clock.
pub(crate) async fn attend(engine: &Engine, parts: &Parts, body: Result<&Bytes, Refusal>) -> Outgoing {
    let asked = read(engine, parts, body);
    let queues = engine.queues();
    let done = match &asked.order {
        Ok(order @ Order::Receive { wait, .. }) => {
            let end = Instant::now() + *wait;
            loop {
                // It is awaited from here on, so that no arrival is missed in between.
                let mut arrival = std::pin::pin!(queues.arrival());
                arrival.as_mut().enable();
                let done = perform(engine, order);
                let is_empty = done == Err(Failure::message_not_exist());
                if !is_empty {
                    break done;
                }
                if tokio::time::timeout_at(end, arrival).await.is_err() {
                    break perform(engine, order);
                }
            }
        }
        Ok(order) => perform(engine, order),
        Err(failure) => Err(failure.clone()),
    };
    asked.respond(engine, parts, done)
}

/// Checks a request, and applies the rules to it.
fn read(engine: &Engine, parts: &Parts, body: Result<&Bytes, Refusal>) -> Asked {
    let moment = engine.clock().moment();
    let mut warnings = Vec::new();
    let mut parameters = Parameters::new();
    let order = body
        .map_err(Failure::from)
        .and_then(|body| order(parts, body, &mut parameters, &mut warnings))
        .and_then(|order| engine.queues().check(parts, moment, engine.time_window()).map(|()| order))
        .and_then(
            |order| if engine.queues().exists(order.queue()) { Ok(order) } else { Err(Failure::queue_not_exist()) },
        );
    let action = order.as_ref().map_or("", Order::action);
    let (order, fault) = match order {
        Ok(order) => decide(engine, order, &parameters),
        Err(failure) => (Err(failure), None),
    };
    let note = Received {
        service: Arc::clone(engine.services().first()),
        at: moment.now,
        method: parts.method.clone(),
        action: action.to_owned(),
        warnings,
        request_id: engine.next_request_id(),
        parameters: Arc::new(parameters),
        status: None,
        refusal: None,
        dialled: Vec::new(),
        fault: fault.as_ref().map(Fault::name),
    };
    Asked { order, fault, note, resets: engine.resets() }
}

/// What the rules make of a valid request. They refuse it or play a fault; there is no other response to put in place of
/// its own.
fn decide(engine: &Engine, order: Order, parameters: &Parameters) -> (Result<Order, Failure>, Option<Fault>) {
    let takes_effect = |fault: &Fault| fault.takes_effect(engine.time_window());
    let decision = engine.rules().decide(order.action(), parameters, None, takes_effect);
    let order = match (&decision.fault, decision.answer) {
        (Some(fault), _) if !takes_effect(fault) => Err(fault.refusal().into()),
        (_, Some(Action::Refuse { code, message })) => Err(Failure::new(StatusCode::BAD_REQUEST, code, message)),
        (_, Some(Action::GatewayError(refusal))) => Err(refusal.into()),
        _ => Ok(order),
    };
    (order, decision.fault)
}

/// Reads what a request asks for.
fn order(
    parts: &Parts,
    body: &[u8],
    parameters: &mut Parameters,
    warnings: &mut Vec<String>,
) -> Result<Order, Failure> {
    let invalid_url = || Failure::bad("InvalidRequestURL", "Http request URL format invalid.");
    let queue = mns::queue_of(parts.uri.path()).ok_or_else(invalid_url)?;
    let query = parameters::query(&parts.uri)
        .map_err(|_| Failure::bad("InvalidQueryString", "Http request URL contains invalid querystring."))?;
    parameters.insert("QueueName".to_owned(), queue.clone());
    let mut number = |name: &str, low: u32, high: u32, unset: Option<u32>| {
        let found = query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        let Some((key, value)) = found else {
            return unset.ok_or_else(|| Failure::out_of_range(name, low, high));
        };
        if key != name {
            warnings.push(format!("{key}: one client writes it so; others write {name}"));
        }
        parameters.insert(name.to_owned(), value.clone());
        let is_plain = value.bytes().all(|byte| byte.is_ascii_digit());
        let value = value.parse().ok().filter(|value| is_plain && (low..=high).contains(value));
        value.ok_or_else(|| Failure::out_of_range(name, low, high))
    };
    match parts.method {
        Method::GET => {
            let most = number(mns::NUM_OF_MESSAGES, 1, mns::MAX_MESSAGES, None)?;
            let wait = number(mns::WAIT_SECONDS, 0, mns::MAX_WAIT_SECONDS, Some(0))?;
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            Ok(Order::Receive { queue, most, wait: Duration::from_secs(wait.into()) })
        }
        Method::DELETE => Ok(Order::Delete { queue, handles: queue::handles(body)? }),
        _ => Err(Failure::new(StatusCode::METHOD_NOT_ALLOWED, "InvalidRequestURL", "Http method is not supported.")),
    }
}

/// Does what a valid request asks for. Returns the status and the body of the response.
fn perform(engine: &Engine, order: &Order) -> Result<(StatusCode, Bytes), Failure> {
    let (queues, now) = (engine.queues(), engine.clock().now());
    match order {
        Order::Receive { queue, most, .. } => {
            let messages = queues.receive(queue, *most, now);
            if messages.is_empty() {
                return Err(Failure::message_not_exist());
            }
            Ok((StatusCode::OK, queue::messages(&messages)))
        }
        Order::Delete { queue, handles } => {
            let undeleted = queues.delete(queue, handles.clone(), now);
            if undeleted.is_empty() {
                return Ok((StatusCode::NO_CONTENT, Bytes::new()));
            }
            Ok((StatusCode::NOT_FOUND, queue::undeleted(&undeleted)))
        }
    }
}

impl Asked {
    fn respond(self, engine: &Engine, parts: &Parts, done: Result<(StatusCode, Bytes), Failure>) -> Outgoing {
        let Self { fault, mut note, resets, .. } = self;
        let delivery = fault.as_ref().map_or(Delivery::Whole, Fault::delivery);
        let done = match &fault {
            Some(fault) if fault.replaces_answer() => Err(fault.refusal().into()),
            _ => done,
        };
        let host = engine::host(parts).unwrap_or_default();
        note.refusal = done.as_ref().err().map(|failure| failure.code.to_string());
        let (status, body) = done.unwrap_or_else(|failure| (failure.status, failure.body(&note.request_id, &host)));
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if status != StatusCode::NO_CONTENT {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml;charset=utf-8"));
        }
        headers.insert(mns::VERSION_HEADER, HeaderValue::from_static(mns::VERSION));
        if let Ok(id) = HeaderValue::try_from(note.request_id.as_str()) {
            headers.insert(mns::REQUEST_ID, id);
        }
        if let Some(date) = engine::http_date(engine.clock().moment().stamps) {
            headers.insert(DATE, date);
        }
        if let Some(fault) = &fault {
            fault.damage(&mut response);
        }
        if delivery::is_answered(&delivery) {
            note.status = Some(response.status());
        } else {
            note.refusal = None;
        }
        engine.note(note, resets);
        Outgoing { response, delivery }
    }
}
