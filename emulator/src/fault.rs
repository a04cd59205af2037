//! Faults: what can go wrong between a client and the service, and how the client sees it.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response};
use serde::Deserialize;

use crate::refusal::Refusal;
use crate::time::{earlier, later};

/// Something that goes wrong with one request.
///
/// Each fault states whether the operation takes effect: whether the account changes, and the dial is counted.
/// If both are possible, the operation has no effect unless [`Fault::after_effect`] is set. A fault with effect decides
/// how the response is delivered; the response itself is that of the other rules.
///
/// A rule plays it ([`Rule::fault`](crate::Rule::fault)), or a request asks for it in the header `x-emulator-fault`, if
/// [`Builder::fault_header`](crate::Builder::fault_header) allows that: `reset`, or
/// `{"kind":"reset","after_effect":true}`. The JSON names are listed with each fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: Kind,
    after_effect: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Throttled(Option<Duration>),
    Error(StatusCode, Dress),
    Delay(Duration),
    Reset,
    ResetWithinAnswer,
    Silence,
    Slow(Duration),
    WrongLength,
    Cut,
    Malformed,
    ClockAhead(Duration),
    ClockBehind(Duration),
}

/// The form of a server error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dress {
    /// A gateway error in the requested format.
    Asked,
    Xml,
    NoCode,
    Html,
    Empty,
}

/// How a response is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Delivery {
    Whole,
    /// Whole, after this time.
    Delayed(Duration),
    /// In pieces with this time between them.
    Slow(Duration),
    /// Half of it, then the connection is reset.
    ResetWithin,
    /// All of it, but more was announced.
    Short,
    /// Not at all: the connection is reset.
    Reset,
    /// Not at all, and nothing else happens for a long time.
    Silence,
}

/// How long a silent connection is held; then it is reset.
pub(crate) const SILENCE: Duration = Duration::from_secs(600);

/// Number of pieces of a slow response, if it is long enough.
pub(crate) const PIECES: usize = 8;

/// Number of missing bytes of a response with a wrong length.
pub(crate) const MISSING: usize = 100;

impl Fault {
    const fn of(kind: Kind) -> Self {
        Self { kind, after_effect: false }
    }

    /// `Throttling.User` with HTTP 400, as the gateway refuses an account that sends too many requests. No effect.
    /// JSON: `throttled`.
    #[must_use]
    pub const fn throttled() -> Self {
        Self::of(Kind::Throttled(None))
    }

    /// The same with `x-acs-retry-after`, in whole milliseconds. JSON: `throttled` with `milliseconds`.
    #[must_use]
    pub const fn throttled_for(retry_after: Duration) -> Self {
        Self::of(Kind::Throttled(Some(retry_after)))
    }

    /// A gateway error with this HTTP status, in the requested format: `InternalError` for 500, `ServiceUnavailable`
    /// for 503 and every other. A status outside 200 to 599 counts as 500, here and below. JSON: `server-error` with
    /// `status`.
    #[must_use]
    pub fn server_error(status: u16) -> Self {
        Self::error(status, Dress::Asked)
    }

    /// The same as XML, whatever the requested format. JSON: `xml-error` with `status`.
    #[must_use]
    pub fn xml_error(status: u16) -> Self {
        Self::error(status, Dress::Xml)
    }

    /// An HTTP status with JSON without a code. JSON: `no-code` with `status`.
    #[must_use]
    pub fn no_code(status: u16) -> Self {
        Self::error(status, Dress::NoCode)
    }

    /// An HTML page, as a proxy sends one. JSON: `html` with `status`.
    #[must_use]
    pub fn html(status: u16) -> Self {
        Self::error(status, Dress::Html)
    }

    /// A response without a body. JSON: `empty` with `status`.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self::error(status, Dress::Empty)
    }

    fn error(status: u16, dress: Dress) -> Self {
        Self::of(Kind::Error(status_of(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), dress))
    }

    /// The response is delayed by this time, by tokio's clock, which a test may pause. With effect. JSON: `delay` with
    /// `milliseconds`.
    #[must_use]
    pub const fn delay(delay: Duration) -> Self {
        Self::of(Kind::Delay(delay))
    }

    /// The request is read and the connection reset, without a response. JSON: `reset`.
    #[must_use]
    pub const fn reset() -> Self {
        Self::of(Kind::Reset)
    }

    /// The connection is reset in the middle of the response's body. With effect. JSON: `reset-within-answer`.
    #[must_use]
    pub const fn reset_within_answer() -> Self {
        Self::of(Kind::ResetWithinAnswer)
    }

    /// The request is read and never answered; after ten minutes the connection is reset. JSON: `silence`.
    #[must_use]
    pub const fn silence() -> Self {
        Self::of(Kind::Silence)
    }

    /// The body is sent in eight pieces with this time between them, by tokio's clock. With effect. JSON: `slow` with
    /// `milliseconds`.
    #[must_use]
    pub const fn slow(pause: Duration) -> Self {
        Self::of(Kind::Slow(pause))
    }

    /// `Content-Length` announces more than is sent before the connection is closed. With effect. JSON: `wrong-length`.
    #[must_use]
    pub const fn wrong_length() -> Self {
        Self::of(Kind::WrongLength)
    }

    /// A complete HTTP response with the first half of its body. With effect. JSON: `cut`.
    #[must_use]
    pub const fn cut() -> Self {
        Self::of(Kind::Cut)
    }

    /// A complete HTTP response whose body is neither JSON nor XML. With effect. JSON: `malformed`.
    #[must_use]
    pub const fn malformed() -> Self {
        Self::of(Kind::Malformed)
    }

    /// The service's clock is ahead of the emulator's, for this request: `Date` says so, and beyond the
    /// [time window](crate::Builder::time_window) the request is refused with `InvalidTimeStamp.Expired`, without
    /// effect. JSON: `clock-ahead` with `milliseconds`.
    #[must_use]
    pub const fn clock_ahead(by: Duration) -> Self {
        Self::of(Kind::ClockAhead(by))
    }

    /// The service's clock is behind, likewise. JSON: `clock-behind` with `milliseconds`.
    #[must_use]
    pub const fn clock_behind(by: Duration) -> Self {
        Self::of(Kind::ClockBehind(by))
    }

    /// The operation takes effect before the fault: the account changes, and the client gets no proper response. JSON:
    /// `"after_effect": true`.
    ///
    /// It changes `reset`, `silence` and the errors with a status. The service never throttles a request that it has
    /// started, and the other faults always have an effect.
    #[must_use]
    pub const fn after_effect(mut self) -> Self {
        self.after_effect = true;
        self
    }

    /// Its name in JSON.
    pub fn name(&self) -> &'static str {
        match self.kind {
            Kind::Throttled(_) => "throttled",
            Kind::Error(_, Dress::Asked) => "server-error",
            Kind::Error(_, Dress::Xml) => "xml-error",
            Kind::Error(_, Dress::NoCode) => "no-code",
            Kind::Error(_, Dress::Html) => "html",
            Kind::Error(_, Dress::Empty) => "empty",
            Kind::Delay(_) => "delay",
            Kind::Reset => "reset",
            Kind::ResetWithinAnswer => "reset-within-answer",
            Kind::Silence => "silence",
            Kind::Slow(_) => "slow",
            Kind::WrongLength => "wrong-length",
            Kind::Cut => "cut",
            Kind::Malformed => "malformed",
            Kind::ClockAhead(_) => "clock-ahead",
            Kind::ClockBehind(_) => "clock-behind",
        }
    }

    /// Whether the operation takes effect, with this time window of requests.
    pub(crate) fn takes_effect(&self, window: Duration) -> bool {
        match self.kind {
            Kind::Throttled(_) => false,
            Kind::Error(..) | Kind::Reset | Kind::Silence => self.after_effect,
            Kind::ClockAhead(by) | Kind::ClockBehind(by) => by <= window,
            Kind::Delay(_)
            | Kind::ResetWithinAnswer
            | Kind::Slow(_)
            | Kind::WrongLength
            | Kind::Cut
            | Kind::Malformed => true,
        }
    }

    /// The response instead of an operation without effect.
    pub(crate) fn refusal(&self) -> Refusal {
        match self.kind {
            Kind::Throttled(retry_after) => Refusal::throttled(retry_after),
            Kind::ClockAhead(_) | Kind::ClockBehind(_) => Refusal::timestamp_expired(),
            Kind::Error(status, _) => Refusal::server_error(status),
            // Nobody sees it.
            _ => Refusal::server_error(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    /// Whether this fault has its own response after the effect.
    pub(crate) fn replaces_answer(&self) -> bool {
        matches!(self.kind, Kind::Error(..))
    }

    /// Whether its response is always XML.
    pub(crate) fn forces_xml(&self) -> bool {
        matches!(self.kind, Kind::Error(_, Dress::Xml))
    }

    /// The time of the service's clock when the emulator's is `now`.
    pub(crate) fn clock(&self, now: SystemTime) -> SystemTime {
        match self.kind {
            Kind::ClockAhead(by) => later(now, by),
            Kind::ClockBehind(by) => earlier(now, by),
            _ => now,
        }
    }

    /// Damages the bytes of a finished response.
    pub(crate) fn damage(&self, response: &mut Response<Bytes>) {
        let body = response.body();
        let (start, end) = body.split_at(body.len() / 2);
        let (content_type, body) = match self.kind {
            Kind::Cut => (None, Bytes::copy_from_slice(start)),
            Kind::Malformed => (None, [start, b"\"}]</>", end].concat().into()),
            Kind::Error(status, Dress::NoCode) => {
                (Some("application/json;charset=utf-8"), format!("{{\"status\":{}}}", status.as_u16()).into())
            }
            Kind::Error(status, Dress::Html) => (Some("text/html"), page(status).into()),
            Kind::Error(_, Dress::Empty) => (Some("text/plain"), Bytes::new()),
            _ => return,
        };
        *response.body_mut() = body;
        if let Some(content_type) = content_type {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Kind::Error(_, Dress::Html | Dress::Empty | Dress::NoCode) = self.kind {
            // A proxy has no request id.
            response.headers_mut().remove(aliyun_protocol::header::REQUEST_ID);
        }
    }

    pub(crate) fn delivery(&self) -> Delivery {
        match self.kind {
            Kind::Delay(delay) => Delivery::Delayed(delay),
            Kind::Reset => Delivery::Reset,
            Kind::ResetWithinAnswer => Delivery::ResetWithin,
            Kind::Silence => Delivery::Silence,
            Kind::Slow(pause) => Delivery::Slow(pause),
            Kind::WrongLength => Delivery::Short,
            _ => Delivery::Whole,
        }
    }

    /// Parses the value of the header that asks for a fault: JSON, or a name.
    pub(crate) fn from_header(value: &HeaderValue) -> Result<Self, String> {
        let text = value.to_str().map_err(|_| "it is not ASCII".to_owned())?.trim();
        if text.starts_with('{') {
            return serde_json::from_str(text).map_err(|error| error.to_string());
        }
        Self::try_from(Whole { kind: text.to_owned(), ..Whole::default() })
    }
}

fn status_of(status: u16) -> Option<StatusCode> {
    StatusCode::from_u16(status).ok().filter(|_| (200..600).contains(&status))
}

fn page(status: StatusCode) -> String {
    let status = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Unknown"));
    format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
}

/// A fault in JSON. A text is the fault of that kind.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Whole {
    kind: String,
    milliseconds: Option<u64>,
    status: Option<u16>,
    #[serde(default)]
    after_effect: bool,
}

impl TryFrom<Whole> for Fault {
    type Error = String;

    fn try_from(whole: Whole) -> Result<Self, String> {
        let Whole { kind, milliseconds, status, after_effect } = whole;
        if let Some(status) = status.filter(|&status| status_of(status).is_none()) {
            return Err(format!("status {status} is not within 200 to 599"));
        }
        let time = milliseconds.map(Duration::from_millis);
        let needed = || time.ok_or_else(|| format!("fault {kind} needs milliseconds"));
        let (takes_time, takes_status, fault) = match kind.as_str() {
            "throttled" => (true, false, Self::of(Kind::Throttled(time))),
            "delay" => (true, false, Self::delay(needed()?)),
            "slow" => (true, false, Self::slow(needed()?)),
            "clock-ahead" => (true, false, Self::clock_ahead(needed()?)),
            "clock-behind" => (true, false, Self::clock_behind(needed()?)),
            "server-error" => (false, true, Self::server_error(status.unwrap_or(503))),
            "xml-error" => (false, true, Self::xml_error(status.unwrap_or(503))),
            "no-code" => (false, true, Self::no_code(status.unwrap_or(503))),
            "html" => (false, true, Self::html(status.unwrap_or(502))),
            "empty" => (false, true, Self::empty(status.unwrap_or(200))),
            "reset" => (false, false, Self::reset()),
            "reset-within-answer" => (false, false, Self::reset_within_answer()),
            "silence" => (false, false, Self::silence()),
            "wrong-length" => (false, false, Self::wrong_length()),
            "cut" => (false, false, Self::cut()),
            "malformed" => (false, false, Self::malformed()),
            unknown => {
                return Err(format!("there is no fault `{}`; known are {}", unknown.escape_debug(), NAMES.join(", ")));
            }
        };
        if time.is_some() && !takes_time {
            return Err(format!("fault {kind} takes no milliseconds"));
        }
        if status.is_some() && !takes_status {
            return Err(format!("fault {kind} takes no status"));
        }
        Ok(Self { after_effect, ..fault })
    }
}

/// Not an untagged enum, which would not report which field is wrong.
impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let whole = match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(kind) => Whole { kind, ..Whole::default() },
            value => Whole::deserialize(value).map_err(D::Error::custom)?,
        };
        Self::try_from(whole).map_err(D::Error::custom)
    }
}

const NAMES: [&str; 16] = [
    "throttled",
    "server-error",
    "xml-error",
    "no-code",
    "html",
    "empty",
    "delay",
    "slow",
    "reset",
    "reset-within-answer",
    "silence",
    "wrong-length",
    "cut",
    "malformed",
    "clock-ahead",
    "clock-behind",
];

#[cfg(test)]
mod tests;
