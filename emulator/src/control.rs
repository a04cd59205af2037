//! The JSON endpoint under `/_emulator/` of a server, for tests in other languages.
//!
//! The crate documentation describes the shapes, under "Control over HTTP".

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use aliyun_protocol::parameter;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Emulator;
use crate::dial::Dial;
use crate::parameters;
use crate::received::Received;
use crate::refusal::Refusal;
use crate::time;

const ROOT: &str = "/_emulator/";

/// The default and the maximum number of requests or dials in a response.
const LIMIT: usize = 1_000;
const MAX_LIMIT: usize = 10_000;

/// Whether a request is for this endpoint and not for a service.
pub(crate) fn is_meant(uri: &Uri) -> bool {
    uri.path().starts_with(ROOT)
}

pub(crate) fn answer(
    emulator: &Emulator,
    allowed: bool,
    parts: &Parts,
    body: Result<&Bytes, Refusal>,
) -> Response<Bytes> {
    let outcome = if !allowed {
        let why = "this endpoint answers loopback addresses only; Builder::control_from_anywhere changes that";
        Err(Failure::new(StatusCode::FORBIDDEN, why))
    } else if !emulator.connections().control_from_anywhere && may_be_of_a_page(&parts.headers) {
        let why =
            "this endpoint answers no web page: a request to it has no Origin, and its Host is localhost or an address";
        Err(Failure::new(StatusCode::FORBIDDEN, why))
    } else {
        body.map_err(|refusal| Failure::new(refusal.status, refusal.message))
            .and_then(|body| route(emulator, parts, body))
    };
    let (status, value, allow) = match outcome {
        Ok((status, value)) => (status, value, None),
        Err(Failure { status, why, allow }) => (status, json!({ "error": why }), allow),
    };
    let body = if status == StatusCode::NO_CONTENT { Bytes::new() } else { value.to_string().into() };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if status != StatusCode::NO_CONTENT {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(allow) = allow {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static(allow));
    }
    response
}

/// Whether a page in a browser on this machine may have sent a request. A browser states the origin of every page that
/// changes something elsewhere; a page can read if its own host name resolves to this machine.
fn may_be_of_a_page(headers: &HeaderMap) -> bool {
    let is_safe = |host: &HeaderValue| {
        let authority: Option<Authority> = host.to_str().ok().and_then(|host| host.parse().ok());
        authority.is_some_and(|authority| {
            let host = authority.host();
            let address = host.trim_start_matches('[').trim_end_matches(']');
            host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
        })
    };
    headers.contains_key(ORIGIN) || !headers.get_all(HOST).iter().all(is_safe)
}

/// Why something was not done.
#[derive(Debug)]
struct Failure {
    status: StatusCode,
    why: String,
    allow: Option<&'static str>,
}

impl Failure {
    fn new(status: StatusCode, why: impl Into<String>) -> Self {
        Self { status, why: why.into(), allow: None }
    }

    fn bad(why: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, why)
    }

    fn method(allow: &'static str) -> Self {
        let why = format!("this path takes {allow}");
        Self { status: StatusCode::METHOD_NOT_ALLOWED, why, allow: Some(allow) }
    }
}

type Outcome = Result<(StatusCode, Value), Failure>;

fn route(emulator: &Emulator, parts: &Parts, body: &[u8]) -> Outcome {
    let path = parts.uri.path().strip_prefix(ROOT).unwrap_or_default();
    let (path, id) = path.split_once('/').unwrap_or((path, ""));
    match (parts.method.as_str(), path, id) {
        ("GET", "requests", "") => requests(emulator, &parts.uri),
        ("GET", "dials", "") => dials(emulator, &parts.uri),
        ("GET", "rules", "") => Ok((StatusCode::OK, rules(emulator))),
        ("POST", "rules", "") => add_rules(emulator, body),
        ("DELETE", "rules", "") => {
            emulator.clear_rules();
            Ok(NOTHING)
        }
        ("DELETE", "rules", id) => remove_rule(emulator, id),
        ("GET", "clock", "") => Ok((StatusCode::OK, clock(emulator))),
        ("POST", "clock", "") => move_clock(emulator, body),
        ("POST", "reset", "") => {
            emulator.reset();
            Ok(NOTHING)
        }
        (_, "requests" | "dials", "") => Err(Failure::method("GET")),
        (_, "rules", "") => Err(Failure::method("GET, POST, DELETE")),
        (_, "rules", _) => Err(Failure::method("DELETE")),
        (_, "clock", "") => Err(Failure::method("GET, POST")),
        (_, "reset", "") => Err(Failure::method("POST")),
        _ => {
            let why = "there are requests, dials, rules, clock and reset under /_emulator/";
            Err(Failure::new(StatusCode::NOT_FOUND, why))
        }
    }
}

/// The response without content.
const NOTHING: (StatusCode, Value) = (StatusCode::NO_CONTENT, Value::Null);

/// What a query selects.
#[derive(Default)]
struct Selection {
    by: Option<String>,
    limit: Option<usize>,
}

impl Selection {
    fn read(uri: &Uri, by: &str) -> Result<Self, Failure> {
        let mut selection = Self::default();
        let pairs = parameters::query(uri).map_err(|refusal| Failure::bad(refusal.message))?;
        for (name, value) in pairs {
            if name == by {
                selection.by = Some(value);
            } else if name == "limit" {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                let why = || Failure::bad(format!("limit is not a number from 1 to {MAX_LIMIT}"));
                selection.limit = Some(limit.ok_or_else(why)?);
            } else {
                return Err(Failure::bad(format!("the query takes {by} and limit, not {}", name.escape_debug())));
            }
        }
        Ok(selection)
    }

    /// The latest matching ones, oldest first, as JSON under a name, with the number of all matching ones.
    fn answer<T>(self, name: &str, all: Vec<T>, key: impl Fn(&T) -> Option<&str>, show: impl Fn(&T) -> Value) -> Value {
        let fitting: Vec<T> =
            all.into_iter().filter(|item| self.by.as_deref().is_none_or(|by| key(item) == Some(by))).collect();
        let skipped = fitting.len().saturating_sub(self.limit.unwrap_or(LIMIT));
        let mut answer = Map::new();
        answer.insert("count".to_owned(), fitting.len().into());
        answer.insert(name.to_owned(), fitting.iter().skip(skipped).map(show).collect());
        Value::Object(answer)
    }
}

fn requests(emulator: &Emulator, uri: &Uri) -> Outcome {
    let selection = Selection::read(uri, "action")?;
    Ok((StatusCode::OK, selection.answer("requests", emulator.requests(), Received::action, request)))
}

fn request(request: &Received) -> Value {
    // Leaves out what would allow to sign requests or use a session.
    let visible = request.parameters().iter().filter(|(name, _)| !parameter::SECRET.contains(&name.as_str()));
    let parameters: Map<String, Value> = visible.map(|(name, value)| (name.clone(), value.as_str().into())).collect();
    json!({
        "at": time::text(request.at()),
        "method": request.method().as_str(),
        "action": request.action(),
        "parameters": parameters,
        "request_id": request.request_id(),
        "status": request.status().map(|status| status.as_u16()),
        "refusal": request.refusal(),
        "warnings": request.warnings(),
        "dialled": request.dialled(),
        "fault": request.fault(),
    })
}

fn dials(emulator: &Emulator, uri: &Uri) -> Outcome {
    let selection = Selection::read(uri, "called")?;
    let show = |dial: &Dial| {
        json!({
            "called": dial.called(),
            "action": dial.action(),
            "request_id": dial.request_id(),
            "at": time::text(dial.at()),
        })
    };
    Ok((StatusCode::OK, selection.answer("dials", emulator.dials(), |dial| Some(dial.called()), show)))
}

fn rules(emulator: &Emulator) -> Value {
    let summaries = emulator.engine().rules().summaries();
    let show = |rule: &crate::rule::Summary| json!({ "id": rule.id, "when": rule.when.to_json(), "matched": rule.matched, "used_up": rule.used_up });
    json!({ "rules": summaries.iter().map(show).collect::<Vec<_>>() })
}

fn add_rules(emulator: &Emulator, body: &[u8]) -> Outcome {
    let json = std::str::from_utf8(body).map_err(|_| Failure::bad("the body is not UTF-8"))?;
    let rules = emulator.add_rules(json).map_err(|error| Failure::bad(error.to_string()))?;
    let ids: Vec<u64> = rules.iter().map(crate::rule::Rule::id).collect();
    Ok((StatusCode::CREATED, json!({ "ids": ids })))
}

fn remove_rule(emulator: &Emulator, id: &str) -> Outcome {
    let known = id.parse().is_ok_and(|id| emulator.engine().rules().remove(id));
    if known { Ok(NOTHING) } else { Err(Failure::new(StatusCode::NOT_FOUND, "there is no rule of this id")) }
}

fn clock(emulator: &Emulator) -> Value {
    json!({ "time": time::text(emulator.time()), "scale": emulator.engine().clock().scale() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    advance_seconds: Option<u64>,
    set: Option<String>,
}

fn move_clock(emulator: &Emulator, body: &[u8]) -> Outcome {
    let wanted: Move = serde_json::from_slice(body).map_err(|error| Failure::bad(error.to_string()))?;
    match (wanted.advance_seconds, wanted.set) {
        (Some(seconds), None) => {
            let by = Duration::from_secs(seconds);
            let moved = emulator.time().checked_add(by).and_then(|time| jiff::Timestamp::try_from(time).ok());
            moved.ok_or_else(|| Failure::bad("advance_seconds leads beyond the year 9999"))?;
            emulator.advance(by);
        }
        (None, Some(text)) => {
            let time: jiff::Timestamp =
                text.parse().map_err(|_| Failure::bad("set is not a time such as 2026-03-01T12:34:56Z"))?;
            emulator.set_time(SystemTime::from(time));
        }
        _ => return Err(Failure::bad("expected one of advance_seconds and set")),
    }
    Ok((StatusCode::OK, clock(emulator)))
}

#[cfg(test)]
mod tests;
