//! From what came back to a typed answer, or to the error that it is.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::call::Progress;
use crate::client::Core;
use crate::error::{Error, ErrorKind};
use crate::fault::Fault;
use crate::field::{Member, View, at_path, with_text};
use crate::mask::{self, Hidden};
use crate::operation::Method;
use crate::parameter::Parameters;
use crate::read::{Origin, read};
use crate::request::Signed;
use crate::slot::Slot;
use crate::transport::{Ending, HttpAnswer, Sent};
use crate::xml;

/// A type that an answer is read into: a generated answer, or a free JSON value.
pub trait Answer: Slot + Member {}

impl<T: Slot + Member> Answer for T {}

/// Reads the body of a successful JSON answer: what a call does after the transport, for benches.
pub fn read_body(body: &[u8], answer: &mut dyn Answer) -> Result<(), String> {
    let text = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    let memory = crate::client::Limits::default().memory;
    read(text, answer.place(), Origin::Json, memory).map_err(|fault| fault.to_string())
}

/// An answer as it came, with what is needed to say what is wrong with it.
pub(crate) struct Received {
    pub(crate) core: Arc<Core>,
    pub(crate) action: Cow<'static, str>,
    pub(crate) method: Method,
    pub(crate) http: HttpAnswer,
    /// Those of the operation.
    pub(crate) parameters: Parameters,
    pub(crate) signed: Signed,
    pub(crate) progress: Progress,
}

impl Received {
    /// Reads the answer, or explains why it is none.
    pub(crate) fn read(&self, answer: &mut dyn Answer) -> Result<(), Error> {
        let core = &*self.core;
        let memory = core.limits.memory;
        let (text, origin) = self.text(memory)?;
        if !self.succeeded() {
            return Err(self.refused(core, &text));
        }
        match read(&text, answer.place(), origin, memory) {
            Ok(()) if !has_envelope(core, answer.view()) => {
                Err(self.foreign("the answer has neither code nor request id, so it is not the service's"))
            }
            Ok(()) => {
                self.success(core, answer.view())?;
                answer.keep(&text);
                Ok(())
            }
            // A failing answer may carry something else in place of its data: its code matters more.
            Err(fault) => Err(self.refusal(core, &text).unwrap_or_else(|| self.misfit(&fault))),
        }
    }

    /// Says to the traces what came.
    pub(crate) fn traced(&self) {
        self.progress.attempt.answered(self.http.status, || self.request_id());
    }

    fn succeeded(&self) -> bool {
        (200..300).contains(&self.http.status)
    }

    /// The body as JSON text.
    fn text(&self, memory: usize) -> Result<(Cow<'_, str>, Origin), Error> {
        let body = &*self.http.body;
        match &self.http.ending {
            Ending::Complete => {}
            Ending::CutShort(cause) => {
                let error = self.unreadable("the answer was cut short").broken();
                return Err(error.caused_by(mask::digits(&self.hidden().hide(&cause.to_string()))));
            }
            Ending::TooLong => {
                return Err(self.unreadable(format!("the answer is longer than the limit of {} bytes", body.len())));
            }
        }
        let text = std::str::from_utf8(body)
            .map_err(|error| self.foreign(format!("the answer is not UTF-8 from byte {}", error.valid_up_to())))?;
        let start = text.trim_start_matches('\u{feff}').trim_start();
        match start.as_bytes().first() {
            None => Err(self.foreign("the answer is empty").broken()),
            Some(b'{') => Ok((Cow::Borrowed(start), Origin::Json)),
            Some(b'<') => self.xml(start, memory),
            // JSON all the same, or the beginning of it: no answer of an operation, whatever it is.
            Some(b'[' | b'"' | b'-' | b'0'..=b'9') => Err(self.foreign("the answer is no JSON object")),
            Some(_) => Err(self.foreign("the answer is neither JSON nor XML")),
        }
    }

    /// An XML body as JSON text. Only what an RPC gateway writes is one: another root is that of somebody else's page.
    fn xml(&self, text: &str, memory: usize) -> Result<(Cow<'_, str>, Origin), Error> {
        let html = || {
            self.foreign("the answer is an HTML page, so it comes from a proxy or another server")
                .hint("check the endpoint and the proxy settings")
        };
        let beginning = text.get(..text.len().min(15)).unwrap_or(text).to_ascii_lowercase();
        if beginning.starts_with("<!doctype html") || beginning.starts_with("<html") {
            return Err(html());
        }
        match xml::to_json(text, memory) {
            Ok((root, _)) if root.eq_ignore_ascii_case("html") => Err(html()),
            Ok((root, value)) if root == "Error" || root.ends_with("Response") => {
                Ok((Cow::Owned(value.to_string()), Origin::Xml))
            }
            Ok((root, _)) => {
                let root = mask::line(&mask::digits(&root));
                Err(self.foreign(format!("the answer is XML of another kind, with the root <{root}>")))
            }
            Err(what) => Err(self.foreign(format!("the answer is not XML: {what}"))),
        }
    }

    /// Whether the envelope of a readable answer says success.
    fn success(&self, core: &Core, view: View<'_>) -> Result<(), Error> {
        let envelope = &core.service.envelope;
        let mut failed = false;
        if !envelope.code.is_empty() {
            with_text(view, envelope.code, &mut |code| failed = !code.is_empty() && !envelope.success.contains(&code));
        }
        if !envelope.ok.is_empty() {
            at_path(view, envelope.ok, &mut |ok| {
                failed |= match ok {
                    View::Bool(ok) | View::Value(&Value::Bool(ok)) => !ok,
                    View::Value(Value::String(text)) => text.eq_ignore_ascii_case("false"),
                    _ => false,
                };
            });
        }
        if failed { Err(self.said(view, [envelope.code], [envelope.message], [envelope.request_id])) } else { Ok(()) }
    }

    /// The failure that a body states which does not fit the answer, if it states one.
    fn refusal(&self, core: &Core, text: &str) -> Option<Error> {
        let mut value = Value::Null;
        read(text, value.place(), Origin::Json, core.limits.memory).ok()?;
        self.success(core, View::Value(&value)).err()
    }

    /// What a gateway says with an HTTP status of its own.
    fn refused(&self, core: &Core, text: &str) -> Error {
        let mut value = Value::Null;
        // A body that cannot be read names no code.
        let _ = read(text, value.place(), Origin::Json, core.limits.memory);
        let view = View::Value(&value);
        let envelope = &core.service.envelope;
        let error = self.said(
            view,
            [envelope.code, "Code", "code"],
            [envelope.message, "Message", "message"],
            [envelope.request_id, "RequestId", "requestId"],
        );
        if error.code().is_some() {
            return error;
        }
        // A gateway names a code; this may have come from a proxy on the way, before the service or after it.
        let what = if (300..400).contains(&self.http.status) {
            "the service answered with a redirect, which is not followed"
        } else {
            "the service answered with a failure that names no code"
        };
        self.foreign(what)
    }

    fn said<const A: usize, const B: usize>(
        &self,
        view: View<'_>,
        code: [&str; A],
        message: [&str; B],
        request_id: [&str; B],
    ) -> Error {
        let first = |names: &[&str]| {
            let mut text = String::new();
            for name in names.iter().filter(|name| !name.is_empty()) {
                if text.is_empty() {
                    with_text(view, name, &mut |found| found.clone_into(&mut text));
                }
            }
            text
        };
        let (code, message) = (first(&code), first(&message));
        let request_id = Some(first(&request_id)).filter(|id| !id.is_empty()).or_else(|| self.request_id());
        let error = self.error(ErrorKind::Service, "the service refused the request");
        // Whatever the code: a string to sign holds every parameter.
        let (words, theirs) = split_string_to_sign(&message);
        let hidden = self.hidden();
        let error = error.said(&code, words, &hidden).request(request_id.as_deref());
        let error = error.refused(self.core.service, &code, self.retry_after());
        match &*code {
            "SignatureDoesNotMatch" => error.hint(self.signed.explain(theirs)).hide(&hidden),
            "InvalidTimeStamp.Expired" => match self.clock_difference() {
                Some(difference) => error.hint(difference),
                None => error,
            },
            _ => error,
        }
    }

    fn hidden(&self) -> Hidden {
        self.progress.hidden(&self.signed, &self.parameters)
    }

    /// How long the service asks to wait: a number of milliseconds, else nothing.
    fn retry_after(&self) -> Option<Duration> {
        let header = self.http.headers.get("x-acs-retry-after")?.to_str().ok()?;
        header.trim().parse().ok().filter(|milliseconds| *milliseconds > 0).map(Duration::from_millis)
    }

    /// How far this machine's clock is from that of the service, by its `Date`.
    fn clock_difference(&self) -> Option<String> {
        let date = self.http.headers.get(http::header::DATE)?.to_str().ok()?;
        let theirs = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok()?;
        let ours = (self.core.clock)();
        let (difference, side) = match ours.duration_since(SystemTime::from(theirs)) {
            Ok(ahead) => (ahead, "ahead of"),
            Err(behind) => (behind.duration(), "behind"),
        };
        Some(match difference.as_secs() {
            0..60 => "this machine's clock agrees with the service's, so the request was held up on its way".to_owned(),
            _ => format!("this machine's clock is {} {side} the service's", spoken(difference)),
        })
    }

    fn misfit(&self, fault: &Fault) -> Error {
        if fault.ended_early() {
            return self.unreadable("the answer was cut short").broken();
        }
        self.unreadable(format!("the answer does not fit the operation: {fault}"))
    }

    /// An answer that cannot be read, with the beginning of it. Where the status is a failure, a proxy may have given it.
    fn unreadable(&self, what: impl Into<String>) -> Error {
        let hidden = self.hidden();
        let mut what = hidden.hide(&what.into());
        let beginning = hidden.beginning(&self.http.body);
        if !beginning.is_empty() {
            what.push_str("; it begins ");
            what.push_str(&beginning);
        }
        let error = self.error(ErrorKind::Answer, what).request(self.request_id().as_deref());
        if self.succeeded() { error } else { error.sent_to(Sent::Maybe).throttled_by_status(self.retry_after()) }
    }

    /// An answer that need not be the service's: whether the service received the request is not known.
    fn foreign(&self, what: impl Into<String>) -> Error {
        self.unreadable(what).sent_to(Sent::Maybe)
    }

    fn error(&self, kind: ErrorKind, what: impl Into<String>) -> Error {
        Error::new(kind, self.action.clone(), Sent::Yes, what).status(self.http.status)
    }

    /// The request id of the headers, or of a body that cannot be read as a whole.
    fn request_id(&self) -> Option<String> {
        if let Some(id) = self.http.headers.get("x-acs-request-id").and_then(|id| id.to_str().ok()) {
            return Some(id.to_owned());
        }
        let body = String::from_utf8_lossy(self.http.body.get(..self.http.body.len().min(65_536)).unwrap_or_default());
        let after = |start: &str, end: char| {
            let (_, rest) = body.split_once(start)?;
            let (id, _) = rest.trim_start().trim_start_matches([':', ' ', '"']).split_once(end)?;
            let plausible =
                (8..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            plausible.then(|| id.to_owned())
        };
        after("\"RequestId\"", '"').or_else(|| after("<RequestId>", '<'))
    }
}

/// A duration as people say it, in its largest unit.
fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// Whether an answer carries what every answer of the service carries: its code or its request id.
fn has_envelope(core: &Core, view: View<'_>) -> bool {
    let envelope = &core.service.envelope;
    let mut found = envelope.code.is_empty() && !envelope.ok.is_empty();
    for name in [envelope.code, envelope.request_id] {
        if !name.is_empty() {
            with_text(view, name, &mut |text| found |= !text.is_empty());
        }
    }
    found
}

/// The words of a refused signature, and the string to sign of the server, which under V1 holds every parameter.
fn split_string_to_sign(message: &str) -> (&str, Option<&str>) {
    let split = |marker| message.split_once(marker);
    match split("server string to sign is:").or_else(|| split("server StringToSign is")) {
        Some((words, theirs)) => (words.trim_end(), Some(theirs.trim())),
        None => (message, None),
    }
}
