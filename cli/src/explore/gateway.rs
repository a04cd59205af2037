//! The gateway: a call of the page or of another program, as JSON, through the client.

use std::sync::Arc;

use aliyun_api_spec::suggest;
use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use tokio::sync::mpsc;

use super::guard::{CONFIRM, Guard};
use super::journal::{Journal, Started};
use super::problem::{self, Problem};
use super::redact;
use super::snippet::{self, Address};
use super::target::{Route, Target, Targets};
use crate::client::Connection;
use crate::failure::Failure;
use crate::json::Json;
use crate::params;
use crate::request::Request;
use crate::spec;

/// The largest body. No operation needs more.
const LARGEST: usize = 1024 * 1024;

/// What all calls need.
pub(crate) struct Gateway {
    targets: Targets,
    journal: Arc<Journal>,
    shows_numbers: bool,
    /// Held by each call in progress, so that the command can wait for the last one. It is gone when the command has ended.
    working: mpsc::WeakSender<()>,
    address: Address,
}

impl Gateway {
    pub(crate) fn new(
        targets: Targets,
        journal: Arc<Journal>,
        shows_numbers: bool,
        working: mpsc::WeakSender<()>,
        guard: &Guard,
        url: &str,
    ) -> Self {
        let address = Address { url: url.to_owned(), token: guard.token().to_owned() };
        Self { targets, journal, shows_numbers, working, address }
    }

    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route("/{target}/v1/{action}", post(call))
            .route("/{target}/snippets/{action}", post(snippets))
            .layer(DefaultBodyLimit::max(LARGEST))
            .with_state(Arc::new(self))
    }

    fn find(&self, target: &str) -> Result<(Target, &Route), Problem> {
        self.targets.find(target).ok_or_else(|| {
            let why = match target {
                "live" => "the service itself can be called after a start with `dyvms explore --live`",
                _ => "the path of a call starts with /emulator or /live",
            };
            Problem::refused(StatusCode::NOT_FOUND, "NotFound", why)
        })
    }
}

/// A path that is not served.
pub(crate) async fn nothing_here() -> Problem {
    let why = "there is nothing at this path; a call is POST /emulator/v1/<Action>";
    Problem::refused(StatusCode::NOT_FOUND, "NotFound", why)
}

/// A path that is served for another method.
pub(crate) async fn wrong_method() -> Problem {
    let why = "a call is a POST, and files of the page are read with GET";
    Problem::refused(StatusCode::METHOD_NOT_ALLOWED, "Request", why)
}

/// Calls an operation.
async fn call(
    State(gateway): State<Arc<Gateway>>,
    path: Result<Path<(String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    // It fails if the path is not UTF-8.
    let Ok(Path((target, action))) = path else { return nothing_here().await.into_response() };
    let checked = gateway.find(&target).and_then(|(target, route)| {
        let request = read(&action, body)?;
        let absent: Vec<&str> = request.absent().collect();
        if !absent.is_empty() {
            let why = format!("{action} requires {}, which the body does not have", absent.join(" and "));
            return Err(Problem::invalid(why));
        }
        confirmed(target, &request, &headers)?;
        let working = gateway.working.upgrade().ok_or_else(|| {
            let why = "the command is ending, so nothing was sent";
            Problem::refused(StatusCode::SERVICE_UNAVAILABLE, "Request", why)
        })?;
        Ok((target, route.connection(&request), request, working))
    });
    let (target, connection, request, working) = match checked {
        Ok(checked) => checked,
        Err(problem) => return problem.into_response(),
    };
    let started = gateway.journal.start(target, request.action());
    // A task of its own: if the browser disconnects, the call goes on, and the log gets its outcome.
    let task = tokio::spawn(async move {
        let _working = working;
        send(&gateway, &started, &connection, &request).await
    });
    // It fails if the task panics, which would be a defect.
    task.await.unwrap_or_else(|_| Problem::lost().into_response())
}

async fn send(gateway: &Gateway, started: &Started, connection: &Connection, request: &Request) -> Response {
    match connection.send(request).await {
        Ok(response) => {
            let response = response.show();
            gateway.journal.succeeded(started, request_id(request, &response));
            let shown = match request.operation() {
                Some(operation) if !gateway.shows_numbers => redact::response(response, operation),
                _ => response,
            };
            problem::json(StatusCode::OK, &shown)
        }
        Err(failure) => {
            let problem = match &failure {
                Failure::Call { error, .. } => Problem::of(error),
                // A call has no other failure. If it ever had, nothing would be known of the outcome.
                _ => Problem::lost(),
            };
            gateway.journal.failed(started, &problem);
            problem.into_response()
        }
    }
}

/// The id of a request that succeeded.
fn request_id(request: &Request, response: &Json) -> Option<String> {
    let envelope = spec::service().envelope_of(request.operation()?);
    let id = response.get(envelope.request_id.as_deref()?)?;
    (!id.is_null()).then(|| id.plain().into_owned())
}

/// The request of a body.
fn read(action: &str, body: Result<Bytes, BytesRejection>) -> Result<Request, Problem> {
    let service = spec::service();
    let Some(operation) = service.operation(action) else {
        let known = service.operations.iter().map(|operation| operation.action.as_str());
        let hint = suggest::nearest(action, known)
            .map_or_else(|| "the page lists the operations".to_owned(), |nearest| format!("did you mean {nearest}?"));
        let why = format!("the specification has no action {action:?}; {hint}");
        return Err(Problem::refused(StatusCode::NOT_FOUND, "NotFound", why));
    };
    let body = body.map_err(|rejection| {
        let why = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => "the body is longer than 1 MiB".to_owned(),
            _ => format!("the body cannot be read: {}", rejection.body_text()),
        };
        Problem::refused(rejection.status(), "Request", why)
    })?;
    let text = std::str::from_utf8(&body).map_err(|error| {
        let at = error.valid_up_to() + 1;
        Problem::invalid(format!("the body is not UTF-8: byte {at} does not belong to a character"))
    })?;
    // An operation whose parameters are all optional needs no body.
    let text = if text.trim().is_empty() { "{}" } else { text };
    let values = params::of_object(text, operation).map_err(|why| Problem::invalid(format!("the body: {why}")))?;
    Ok(Request::in_order(operation, &values))
}

/// Refuses a real call to somebody that no person has confirmed.
fn confirmed(target: Target, request: &Request, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(reach) = request.operation().and_then(|operation| operation.reaches.as_ref()) else { return Ok(()) };
    let is_confirmed = headers.get(CONFIRM).is_some_and(|value| value == HeaderValue::from_static("yes"));
    if target == Target::Emulator || !request.places_call() || is_confirmed {
        return Ok(());
    }
    let why = format!(
        "not confirmed, so nothing was sent: this is a real call to the person behind {}, which the header \
         X-Dyvms-Confirm-Dial: yes confirms",
        reach.whom
    );
    Err(Problem::refused(StatusCode::PRECONDITION_REQUIRED, "NotConfirmed", why))
}

/// The same call as a program in Rust, as a command, and for curl.
async fn snippets(
    State(gateway): State<Arc<Gateway>>,
    path: Result<Path<(String, String)>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let Ok(Path((target, action))) = path else { return nothing_here().await.into_response() };
    let written = gateway.find(&target).and_then(|(target, route)| {
        let text = body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default();
        let request = read(&action, body)?;
        Ok(snippet::all(&request, target, route.options(), &gateway.address, &text))
    });
    written.map_or_else(Problem::into_response, |snippets| problem::json(StatusCode::OK, &snippets))
}
