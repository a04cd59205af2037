//! Why a call of the page has no response: the one form of errors that the OpenAPI document states.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use dyvmsapi::{Error, ErrorKind, Sent};

use crate::explain::{self, explained};
use crate::failure::causes;
use crate::json::Json;

/// An error as the page gets it.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    /// A kind of the client's errors, or one of the gateway's own.
    kind: String,
    message: String,
    /// What is known of the call. `None` if nothing was sent.
    call: Option<Box<FailedCall>>,
}

/// What is known of a call that failed.
#[derive(Debug)]
struct FailedCall {
    sent: Sent,
    is_outcome_unknown: bool,
    code: Option<String>,
    request_id: Option<String>,
    advice: Option<&'static str>,
}

impl Problem {
    /// A request that the gateway itself refuses: nothing was sent.
    pub(crate) fn refused(status: StatusCode, kind: &str, message: impl Into<String>) -> Self {
        Self { status, kind: kind.to_owned(), message: message.into(), call: None }
    }

    /// A request whose parameters do not fit the operation.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, "Request", message)
    }

    /// A call that failed.
    pub(crate) fn of(error: &Error) -> Self {
        let message = causes(error).fold(error.to_string(), |message, cause| format!("{message}; caused by {cause}"));
        let text = |text: Option<&str>| text.map(str::to_owned);
        let call = FailedCall {
            sent: error.sent(),
            is_outcome_unknown: error.is_outcome_unknown(),
            code: text(error.code()),
            request_id: text(error.request_id()),
            advice: error.advice(),
        };
        Self {
            status: status_of(error.kind(), error.is_outcome_unknown()),
            kind: format!("{:?}", error.kind()),
            message,
            call: Some(Box::new(call)),
        }
    }

    /// A call of which nothing is known, since it ended by a defect.
    pub(crate) fn lost() -> Self {
        let message = "the call ended without an outcome: look it up before you send it again";
        let call =
            FailedCall { sent: Sent::Maybe, is_outcome_unknown: true, code: None, request_id: None, advice: None };
        Self { call: Some(Box::new(call)), ..Self::refused(StatusCode::INTERNAL_SERVER_ERROR, "Response", message) }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The code, or the kind if there is none.
    pub(crate) fn outcome(&self) -> &str {
        self.code().unwrap_or(&self.kind)
    }

    fn code(&self) -> Option<&str> {
        self.call.as_ref()?.code.as_deref()
    }

    pub(crate) fn request_id(&self) -> Option<&str> {
        self.call.as_ref()?.request_id.as_deref()
    }

    pub(crate) fn is_outcome_unknown(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.is_outcome_unknown)
    }

    /// What is known of the code, as `dyvms explain` shows it.
    pub(crate) fn explanations(&self) -> Json {
        let found = self.code().map(explained).unwrap_or_default();
        Json::List(found.iter().map(explain::as_json).collect())
    }

    fn json(&self) -> Json {
        let text = |text: &str| Json::Text(text.to_owned());
        let call = self.call.as_ref();
        let sent = call.map_or(Sent::No, |call| call.sent);
        let mut members = vec![
            ("message", text(&self.message)),
            ("kind", text(&self.kind)),
            ("sent", Json::Text(format!("{sent:?}"))),
            ("outcomeUnknown", Json::Bool(self.is_outcome_unknown())),
        ];
        let advice = call.and_then(|call| call.advice);
        for (name, value) in [("code", self.code()), ("requestId", self.request_id()), ("advice", advice)] {
            members.extend(value.map(|value| (name, text(value))));
        }
        if self.code().is_some() {
            members.push(("explanations", self.explanations()));
        }
        Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        json(self.status, &self.json())
    }
}

/// A response of JSON.
pub(crate) fn json(status: StatusCode, value: &Json) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// The HTTP status for a failed call. 4xx means that nothing was done, whatever the reason.
fn status_of(kind: ErrorKind, is_outcome_unknown: bool) -> StatusCode {
    match kind {
        ErrorKind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        _ if is_outcome_unknown => StatusCode::BAD_GATEWAY,
        ErrorKind::Configuration | ErrorKind::Request => StatusCode::BAD_REQUEST,
        ErrorKind::Service => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Credentials => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_below_500_means_that_nothing_was_done() {
        for (kind, is_unknown, status) in [
            (ErrorKind::Configuration, false, 400),
            (ErrorKind::Request, false, 400),
            (ErrorKind::Service, false, 422),
            (ErrorKind::Service, true, 502),
            (ErrorKind::Credentials, false, 503),
            (ErrorKind::Transport, false, 502),
            (ErrorKind::Transport, true, 502),
            (ErrorKind::Timeout, false, 504),
            (ErrorKind::Timeout, true, 504),
            (ErrorKind::Response, true, 502),
        ] {
            assert_eq!(status_of(kind, is_unknown).as_u16(), status, "{kind:?}, {is_unknown}");
            assert!(!is_unknown || status >= 500);
        }
    }

    #[test]
    fn a_problem_has_the_members_of_the_documents_schema() {
        let options = aliyun_api_formats::OpenApiOptions::default();
        let document = aliyun_api_formats::openapi(crate::spec::service(), &options);
        let schema = &document["components"]["schemas"]["Error"]["properties"];
        let problem = Problem::invalid("TaskId is required");
        let expected = r#"{"message":"TaskId is required","kind":"Request","sent":"No","outcomeUnknown":false}"#;
        assert_eq!(problem.json().to_string(), expected);
        let call = FailedCall {
            sent: Sent::Yes,
            is_outcome_unknown: false,
            code: Some("isv.BUSINESS_LIMIT_CONTROL".to_owned()),
            request_id: Some("1".to_owned()),
            advice: Some("wait"),
        };
        let problem = Problem { call: Some(Box::new(call)), ..problem };
        let Json::Object(members) = problem.json() else { panic!("it is an object") };
        assert_eq!(members.len(), schema.as_object().unwrap().len());
        for (name, value) in members {
            assert!(schema.get(&name).is_some(), "{name}");
            assert!(name != "explanations" || value.to_string().contains(r#""code":"isv.BUSINESS_LIMIT_CONTROL""#));
        }
    }
}
