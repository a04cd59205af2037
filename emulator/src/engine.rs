//! From a whole request to a whole answer, without I/O: what both doors lead to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aliyun_api_spec::model::Service;
use aliyun_api_spec::suggest::nearest;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, DATE, HOST};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use serde_json::{Map, Value};

use crate::answer::{self, Format};
use crate::behaviour::{Behaviour, Call};
use crate::check;
use crate::random;
use crate::received::{Journal, Received};
use crate::refuse::Refusal;
use crate::state::Pending;
use crate::verify::{self, Verifier};
use crate::wire::{self, Decoded, Parameters};

/// The largest request body that is read, in bytes.
pub(crate) const MAX_BODY: usize = 10 * 1024 * 1024;

/// Request ids are made from this, so that a run can be repeated.
const REQUEST_ID_SEED: u64 = 0x4479_766d_7361_7069;

/// Where the time comes from.
pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

pub(crate) struct Engine {
    service: Arc<Service>,
    verifier: Verifier,
    clock: Clock,
    behaviour: Behaviour,
    journal: Mutex<Journal>,
    answered: AtomicU64,
}

impl Engine {
    pub(crate) fn new(service: Arc<Service>, verifier: Verifier, clock: Clock, behaviour: Behaviour) -> Self {
        Self { service, verifier, clock, behaviour, journal: Mutex::default(), answered: AtomicU64::new(0) }
    }

    /// Answers a request whose body came, or says why the body was not read.
    pub(crate) fn answer(&self, parts: &Parts, body: Result<&Bytes, Refusal>) -> Response<Bytes> {
        let now = (self.clock)();
        let request_id = random::request_id(REQUEST_ID_SEED, self.answered.fetch_add(1, Ordering::Relaxed));
        let (body, unread) = match body {
            Ok(body) if body.len() > MAX_BODY => (&Bytes::new(), Some(Refusal::body_too_large(MAX_BODY))),
            Ok(body) => (body, None),
            Err(refusal) => (&Bytes::new(), Some(refusal)),
        };
        let Decoded { parameters, fault } = wire::decode(parts, body);
        let format = Format::requested(&parameters);
        let outcome = match unread.or(fault) {
            Some(refusal) => Err(refusal),
            None => self.process(parts, &parameters, now, &request_id),
        };
        let format = format.unwrap_or(Format::Xml);
        let refusal = outcome.as_ref().err().map(|refusal| refusal.code.to_string());
        let retry_after = outcome.as_ref().err().and_then(|refusal| refusal.retry_after);
        let (status, body) = match outcome {
            Ok((action, members)) => (StatusCode::OK, answer::success(format, &action, members)),
            Err(refusal) => {
                let host = self.host(parts);
                let body = answer::refusal(format, &refusal, &request_id, &host, &self.service.product);
                (refusal.status, body)
            }
        };
        let mut response = respond(status, format, now, &request_id, body);
        if let Some(milliseconds) = retry_after.and_then(|wait| u64::try_from(wait.as_millis()).ok()) {
            response.headers_mut().insert("x-acs-retry-after", milliseconds.into());
        }
        self.with_journal(|journal| {
            journal.add(Received {
                service: Arc::clone(&self.service),
                at: now,
                method: parts.method.clone(),
                request_id,
                parameters: Arc::new(parameters),
                refusal,
            });
        });
        response
    }

    /// Checks in this order: HTTP, presence of the protocol's parameters, version and action, signature, business
    /// parameters. The first thing that is wrong is the answer.
    fn process(
        &self,
        parts: &Parts,
        parameters: &Parameters,
        now: SystemTime,
        request_id: &str,
    ) -> Result<(String, Map<String, Value>), Refusal> {
        if !matches!(parts.method, Method::GET | Method::POST) {
            return Err(Refusal::http_method());
        }
        if verify::is_v3(&parts.headers) {
            return Err(Refusal::signature_method_unsupported());
        }
        Format::requested(parameters)?;
        let value = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let action = value("Action").ok_or_else(|| Refusal::missing("Action"))?;
        if let Some(name) = verify::MANDATORY.iter().find(|name| value(name).is_none()) {
            return Err(Refusal::missing(name));
        }
        if !parameters.contains_key("Signature") {
            return Err(Refusal::missing("Signature"));
        }
        if value("Version") != Some(&self.service.version) {
            return Err(Refusal::invalid("Version"));
        }
        if parts.uri.path() != "/" {
            return Err(Refusal::api_not_found(None));
        }
        let operation = self.service.operation(action).ok_or_else(|| self.not_found(action))?;
        self.verifier.verify(parts.method.as_str(), parameters, now)?;
        check::check(&self.service, operation, parameters)?;
        let call = Call { service: &self.service, operation, parameters, request_id, now };
        self.behaviour.admit(call)?;
        Ok((operation.action.clone(), self.behaviour.answer(call)?))
    }

    fn not_found(&self, action: &str) -> Refusal {
        // Comparing takes time by length, and what is much longer than every action is near none of them.
        const LONGEST: usize = 100;
        let known = self.service.operations.iter().map(|operation| operation.action.as_str());
        Refusal::api_not_found(if action.len() > LONGEST { None } else { nearest(action, known) })
    }

    /// The endpoint that the client talked to.
    fn host(&self, parts: &Parts) -> String {
        let header = || parts.headers.get(HOST).map(|host| String::from_utf8_lossy(host.as_bytes()).into_owned());
        parts
            .uri
            .authority()
            .map(ToString::to_string)
            .or_else(header)
            .unwrap_or_else(|| self.service.endpoints.default.clone())
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.with_journal(|journal| journal.requests())
    }

    /// Calls that are not over by the emulator's clock.
    pub(crate) fn pending(&self) -> Pending {
        self.behaviour.pending((self.clock)())
    }

    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    fn with_journal<T>(&self, work: impl FnOnce(&mut Journal) -> T) -> T {
        work(&mut self.journal.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn respond(status: StatusCode, format: Format, now: SystemTime, request_id: &str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, format.content_type());
    // A time outside the calendar has no date; everything else in these two is printable ASCII.
    if let Some(date) = http_date(now).and_then(|date| HeaderValue::try_from(date).ok()) {
        headers.insert(DATE, date);
    }
    if let Ok(request_id) = HeaderValue::try_from(request_id) {
        headers.insert("x-acs-request-id", request_id);
    }
    response
}

fn http_date(time: SystemTime) -> Option<String> {
    let time = jiff::Timestamp::try_from(time).ok()?;
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&time).ok()
}
