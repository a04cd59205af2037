//! Decides what a response means: success, a refusal, or an error that leaves the outcome open.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime};

use aliyun_protocol::success::{Evidence, Statement};
use aliyun_protocol::{Parameters, header};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, HeaderValue};
use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::credential::Credentials;
use crate::error::redaction::{self, Redactor};
use crate::error::{Error, ErrorKind, Sent, StartedId};
use crate::generated::field::{Entry, View, at_path, with_text};
use crate::generated::operation::{EnvelopeFacts, Facts, ServiceFacts};
use crate::generated::output::Output;
use crate::request::Signed;
use crate::response::body::{Blank, Body, Unreadable, blank};
use crate::response::refusal::{Stated, verdict};
use crate::response::retry_after::retry_after;
use crate::transport::{Ending, HttpResponse};

/// A response with its request: what is needed to explain what is wrong with it.
pub(crate) struct Response<'a> {
    /// The service that was called.
    pub(crate) service: &'static ServiceFacts,
    pub(crate) clock: fn() -> SystemTime,
    pub(crate) action: &'a Cow<'static, str>,
    pub(crate) facts: Facts,
    /// The table of the operation's parameters.
    pub(crate) table: &'static [Entry],
    pub(crate) parameters: &'a Parameters,
    pub(crate) credentials: Option<&'a Credentials>,
    pub(crate) signed: &'a Signed,
    pub(crate) http: &'a HttpResponse,
    /// The time limit of the attempt.
    pub(crate) time: Duration,
}

/// Redacts what an error of this attempt must not show.
pub(crate) fn redactor(
    signed: &Signed,
    parameters: &Parameters,
    credentials: Option<&Credentials>,
    table: &'static [Entry],
) -> Redactor {
    Redactor::of(signed.sent(parameters, credentials).into_iter(), table)
}

impl Response<'_> {
    /// The output that the body is read into. What a gateway states about a failure has no type.
    pub(crate) fn blank(&self, success: &Blank) -> Box<dyn Output> {
        if self.succeeded() { success() } else { blank::<Value>() }
    }

    fn succeeded(&self) -> bool {
        (200..300).contains(&self.http.status)
    }

    /// The output, or the error. A success is stated, whole, and has the id of what was started.
    pub(crate) fn judge(&self, body: Body) -> Result<Box<dyn Output>, Error> {
        let Body { answer, outcome } = body;
        if (300..400).contains(&self.http.status) {
            return Err(self.foreign("the service answered with a redirect, which is not followed"));
        }
        if !self.succeeded() {
            return Err(self.failed(&*answer, outcome));
        }
        let says = self.statement(answer.view());
        let error = match (&self.http.ending, outcome) {
            (Ending::Complete, Ok(())) => match says {
                _ if !self.facts.is_repeatable()
                    && let Some(what) = self.contradiction(says) =>
                {
                    self.unreadable(format!("the response contradicts itself: {what}"))
                }
                Statement::Failure => return Err(self.stated_failure(answer.view())),
                Statement::Nothing => return Err(self.without_outcome(answer.view())),
                Statement::Success => match self.facts.id {
                    Some(name) if self.id(answer.view()).is_none() => {
                        self.unreadable(format!("the response states success but has no {name}"))
                    }
                    _ => return Ok(answer),
                },
            },
            // Its code matters more than the value that does not fit.
            (Ending::Complete, Err(Unreadable::Misfit(fault)))
                if says == Statement::Failure && !fault.ends_answer() =>
            {
                return Err(self.stated_failure(answer.view()));
            }
            (Ending::Complete, Err(why)) => self.explained(why),
            (ending, _) => self.cut(ending),
        };
        let id = self.id(answer.view());
        if says != Statement::Success && id.is_none() {
            return Err(error);
        }
        Err(error.keep(id, answer))
    }

    /// The time limit ended before the response was read.
    pub(crate) fn not_read(&self) -> Error {
        let what = format!("the response could not be read within {:?}", self.time);
        self.error(ErrorKind::Timeout, what).request(self.request_id().as_deref(), &self.redactor())
    }

    /// A response with an HTTP status of failure.
    fn failed(&self, answer: &dyn Output, outcome: Result<(), Unreadable>) -> Error {
        if !matches!(self.http.ending, Ending::Complete) {
            return self.cut(&self.http.ending);
        }
        match outcome {
            Ok(()) => {
                let error = self.stated_failure(answer.view());
                if error.code().is_some() {
                    return error;
                }
            }
            // A body that cannot be read as a whole has no reliable code.
            Err(Unreadable::Misfit(_)) => {}
            Err(why) => return self.explained(why),
        }
        // A gateway states a code. This may be from a proxy, before the service or after it.
        self.foreign("the service answered with a failure that names no code")
    }

    /// Why a body is not a response of the operation.
    fn explained(&self, why: Unreadable) -> Error {
        match why {
            Unreadable::NotUtf8 { valid_up_to } => {
                self.foreign(self.encoded(&format!("is not UTF-8 from byte {valid_up_to}")))
            }
            Unreadable::Empty => self.foreign("the answer is empty").broken(),
            Unreadable::NotAnObject => self.foreign("the answer is no JSON object"),
            Unreadable::NeitherJsonNorXml => self.foreign(self.encoded("is neither JSON nor XML")),
            Unreadable::Html => self
                .foreign("the answer is an HTML page, so it comes from a proxy or another server")
                .hint("check the endpoint and the proxy settings"),
            Unreadable::OtherXml { root } => {
                let root = redaction::line(&redaction::digits(&root));
                self.foreign(format!("the answer is XML of another kind, with the root <{root}>"))
            }
            Unreadable::NotXml { what } => self.foreign(format!("the answer is not XML: {what}")),
            Unreadable::Misfit(fault) if fault.ended_early() => self.unreadable("the answer was cut short").broken(),
            Unreadable::Misfit(fault) => self.unreadable(format!("the answer does not fit the operation: {fault}")),
        }
    }

    /// What is wrong with a body that may have an encoding which the transport does not decode.
    fn encoded(&self, what: &str) -> String {
        match encodings(&self.http.headers).next() {
            None => format!("the answer {what}"),
            Some(encoding) => {
                let encoding = redaction::line(&redaction::digits(encoding));
                format!("the answer {what}, and has the encoding {encoding:?}, which is not supported")
            }
        }
    }

    /// A response that did not arrive as a whole.
    fn cut(&self, ending: &Ending) -> Error {
        match ending {
            Ending::CutShort(cause) => self
                .unreadable("the answer was cut short")
                .broken()
                .caused_by(redaction::digits(&self.redactor().redact(&cause.to_string()))),
            Ending::Late => {
                let what = format!("the answer did not come whole within {:?}", self.time);
                self.unreadable(what).late()
            }
            _ => self.unreadable(format!("the answer is longer than the limit of {} bytes", self.http.body.len())),
        }
    }

    /// The members of the response that state its outcome.
    fn envelope(&self) -> &'static EnvelopeFacts {
        self.facts.envelope.unwrap_or(&self.service.envelope)
    }

    /// What the envelope of a response states.
    fn statement(&self, view: View<'_>) -> Statement {
        let envelope = self.envelope();
        let has = |member: &str| !member.is_empty();
        let mut flag = None;
        if has(envelope.ok) {
            at_path(view, envelope.ok, &mut |ok| {
                flag = match ok {
                    View::Bool(ok) | View::Value(&Value::Bool(ok)) => Some(ok),
                    View::Value(Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(true),
                    View::Value(Value::String(text)) if text.eq_ignore_ascii_case("false") => Some(false),
                    _ => None,
                };
            });
        }
        let flag = has(envelope.ok).then_some(flag);
        // Of the other two only one counts.
        let by_code = has(envelope.code) && !envelope.success.is_empty();
        let member = if by_code { envelope.code } else { envelope.request_id };
        let with = |text: &str| {
            let text = has(member).then_some(text);
            let (code, request_id) = if by_code { (text, None) } else { (None, text) };
            Evidence { code, flag, request_id }.statement(envelope.success)
        };
        let mut statement = with("");
        if has(member) {
            with_text(view, member, &mut |text| statement = with(text));
        }
        statement
    }

    /// What contradicts itself in a response, if anything.
    fn contradiction(&self, says: Statement) -> Option<String> {
        let envelope = self.envelope();
        let body = std::str::from_utf8(&self.http.body).ok()?;
        let decides = |name: &str| name == envelope.code || Some(name) == self.facts.id;
        let mut seen: Vec<(String, &RawValue)> = Vec::new();
        for (name, value) in members(body.trim_start_matches('\u{feff}')) {
            if name.eq_ignore_ascii_case("success") && name != envelope.ok && says == Statement::Success {
                let denied = value.get().trim_matches('"').eq_ignore_ascii_case("false");
                if denied {
                    return Some(format!("its code is one of success and its {name} is false"));
                }
            }
            if decides(&name) {
                if seen.iter().any(|(known, before)| *known == name && before.get() != value.get()) {
                    return Some(format!("it has two different values of {name}"));
                }
                seen.push((name, value));
            }
        }
        None
    }

    /// A response that states neither success nor failure.
    fn without_outcome(&self, view: View<'_>) -> Error {
        let envelope = self.envelope();
        let mut request_id = self.request_id().is_some();
        if !envelope.request_id.is_empty() {
            with_text(view, envelope.request_id, &mut |id| request_id |= !id.is_empty());
        }
        let wanted = if envelope.success.is_empty() { envelope.request_id } else { envelope.code };
        if request_id {
            self.unreadable(format!("the response states neither success nor failure: it has no {wanted}"))
        } else {
            self.foreign("the answer has neither code nor request id, so it is not the service's")
        }
    }

    /// The id of what was started, if the operation has one and the response contains it.
    fn id(&self, view: View<'_>) -> Option<StartedId> {
        let name = self.facts.id?;
        let mut id = None;
        // What some services send instead of an id.
        let none = |id: &String| matches!(id.as_str(), "" | "0" | "null" | "false" | "true");
        with_text(view, name, &mut |text| id = Some(text.trim().to_owned()).filter(|id| !none(id)));
        let value = id?;
        // A response may have anything in the place of an id.
        let shown = redaction::is_id(&value) && self.redactor().redact(&value) == value;
        Some(StartedId { name, value, shown })
    }

    /// The failure that a response states.
    fn stated_failure(&self, view: View<'_>) -> Error {
        let envelope = self.envelope();
        let first = |member: &str, otherwise: &str| {
            let mut text = String::new();
            if !member.is_empty() {
                with_text(view, member, &mut |found| found.clone_into(&mut text));
            }
            if text.is_empty() { said_as(view, otherwise) } else { text }
        };
        let code = first(envelope.code, "code");
        let message = first(envelope.message, "message");
        let request_id =
            Some(first(envelope.request_id, "requestid")).filter(|id| !id.is_empty()).or_else(|| self.request_id());
        let retry_after = self.retry_after();
        let service = self.service;
        let stated = Stated {
            code: &code,
            status: self.http.status,
            has_request_id: request_id.is_some(),
            has_retry_after: retry_after.is_some(),
        };
        // Whatever the code: a string to sign contains every parameter.
        let (words, theirs) = split_string_to_sign(&message);
        let redactor = self.redactor();
        let error = self
            .error(ErrorKind::Service, "")
            .said(&code, service.error(&code).map(|(_, exactly)| exactly), words, &redactor)
            .request(request_id.as_deref(), &redactor)
            .judged(verdict(service, stated, self.facts.is_repeatable()), retry_after);
        match &*code {
            "SignatureDoesNotMatch" => error.hint(self.signed.explain(theirs)).redact(&redactor),
            "InvalidTimeStamp.Expired" => match self.clock_difference() {
                Some(difference) => error.hint(difference),
                None => error,
            },
            _ => error,
        }
    }

    fn redactor(&self) -> Redactor {
        redactor(self.signed, self.parameters, self.credentials, self.table)
    }

    /// How long the service asks to wait.
    fn retry_after(&self) -> Option<Duration> {
        retry_after(&self.http.headers, (self.clock)())
    }

    /// How far this machine's clock is from that of the service, by its `Date`.
    fn clock_difference(&self) -> Option<String> {
        let date = self.http.headers.get(http::header::DATE)?.to_str().ok()?;
        let theirs = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
        let ours = (self.clock)();
        let (difference, side) = match ours.duration_since(SystemTime::from(theirs)) {
            Ok(ahead) => (ahead, "ahead of"),
            Err(behind) => (behind.duration(), "behind"),
        };
        Some(match difference.as_secs() {
            0..60 => "this machine's clock agrees with the service's, so the request was held up on its way".to_owned(),
            _ => format!("this machine's clock is {} {side} the service's", spoken(difference)),
        })
    }

    /// A response that cannot be read, with its start. If the status is a failure, a proxy may have sent it.
    fn unreadable(&self, what: impl Into<String>) -> Error {
        let redactor = self.redactor();
        let mut what = redactor.redact(&what.into());
        let beginning = redactor.beginning(&self.http.body);
        if !beginning.is_empty() {
            what.push_str("; it begins ");
            what.push_str(&beginning);
        }
        let error = self.error(ErrorKind::Response, what).request(self.request_id().as_deref(), &redactor);
        if self.succeeded() { error } else { error.sent_to(Sent::Maybe).told_by_status(self.retry_after()) }
    }

    /// A response that need not be the service's: it is not known whether the service received the request.
    fn foreign(&self, what: impl Into<String>) -> Error {
        self.unreadable(what).sent_to(Sent::Maybe)
    }

    fn error(&self, kind: ErrorKind, what: impl Into<String>) -> Error {
        Error::new(kind, self.action.clone(), Sent::Yes, what).status(self.http.status)
    }

    /// The request id, redacted for a trace.
    pub(crate) fn shown_request_id(&self) -> Option<String> {
        self.request_id().map(|id| self.redactor().redact(&id))
    }

    /// The request id of the headers, or of a body that cannot be read as a whole.
    fn request_id(&self) -> Option<String> {
        if let Some(id) = self.http.headers.get(header::REQUEST_ID).and_then(|id| id.to_str().ok()) {
            return Some(id.to_owned());
        }
        let body = String::from_utf8_lossy(self.http.body.get(..self.http.body.len().min(65_536)).unwrap_or_default());
        let folded = body.to_ascii_lowercase();
        let after = |start: &str, end: char| {
            let rest = body.get(folded.find(start)? + start.len()..)?;
            let (id, _) = rest.trim_start().trim_start_matches([':', ' ', '"']).split_once(end)?;
            let plausible =
                (8..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            plausible.then(|| id.to_owned())
        };
        after("\"requestid\"", '"').or_else(|| after("<requestid>", '<'))
    }
}

/// A duration in words, in its largest unit.
fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// The encodings that a response states, without `identity`.
fn encodings(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(CONTENT_ENCODING).iter();
    values
        .flat_map(|value| HeaderValue::to_str(value).unwrap_or("unknown").split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"))
}

/// The members of a JSON object as they are written, in order; none if the text is not an object.
fn members(text: &str) -> Vec<(String, &RawValue)> {
    struct Members;
    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    serde_json::Deserializer::from_str(text).deserialize_map(Members).unwrap_or_default()
}

/// The text of the member of a free value with this name, in any case.
fn said_as(view: View<'_>, name: &str) -> String {
    let View::Value(Value::Object(members)) = view else { return String::new() };
    let member = members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let mut text = String::new();
    if let Some((known, _)) = member {
        with_text(view, known, &mut |found| found.clone_into(&mut text));
    }
    text
}

/// The message about a refused signature, and the server's string to sign, which contains every parameter under V1.
fn split_string_to_sign(message: &str) -> (&str, Option<&str>) {
    let split = |marker| message.split_once(marker);
    match split("server string to sign is:").or_else(|| split("server StringToSign is")) {
        Some((words, theirs)) => (words.trim_end(), Some(theirs.trim())),
        None => (message, None),
    }
}
