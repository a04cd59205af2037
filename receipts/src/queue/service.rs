//! Exchanges with the service that has the queues.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aliyun_protocol::mns::{self, Signed};
use aliyun_runtime::{Ending, Endpoint, HttpResponse, Transport};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request};
use quick_xml::escape::escape;

use super::error::Fault;
use super::key::QueueKey;
use super::message::{self, Message};

/// Time limit for a response, in addition to the time that the queue waits.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum size of a response: 16 messages have at most 64 KiB each.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

const OWN_NAME: &str = concat!("aliyun-rust/", env!("CARGO_PKG_VERSION"));

/// The service that has a queue.
#[derive(Clone)]
pub(super) struct QueueService {
    transport: Arc<dyn Transport>,
    pub(super) endpoint: Endpoint,
    queue: String,
}

/// A request to be signed and sent.
pub(super) struct Exchange {
    method: Method,
    resource: String,
    content_type: &'static str,
    body: Bytes,
    timeout: Duration,
}

impl QueueService {
    pub(super) fn new(transport: Arc<dyn Transport>, endpoint: Endpoint, queue: String) -> Self {
        Self { transport, endpoint, queue }
    }

    /// A request for at most this number of messages.
    pub(super) fn receive(&self, most: u32, wait_seconds: u32) -> Exchange {
        Exchange {
            method: Method::GET,
            resource: mns::receive(&self.queue, most, wait_seconds),
            content_type: "",
            body: Bytes::new(),
            timeout: Duration::from_secs(wait_seconds.into()) + TIMEOUT,
        }
    }

    /// A request to delete messages.
    pub(super) fn delete(&self, messages: &[Message]) -> Exchange {
        let mut body =
            format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><ReceiptHandles xmlns=\"{}\">", mns::NAMESPACE);
        // A message without a handle cannot be deleted, and would make the request invalid for the others.
        for message in messages.iter().filter(|message| !message.handle.is_empty()) {
            // Writing into memory cannot fail.
            let _ = write!(body, "<ReceiptHandle>{}</ReceiptHandle>", escape(&*message.handle));
        }
        body.push_str("</ReceiptHandles>");
        Exchange {
            method: Method::DELETE,
            resource: mns::messages(&self.queue),
            content_type: mns::CONTENT_TYPE,
            body: body.into(),
            timeout: TIMEOUT,
        }
    }

    /// Sends a request, and returns the body of a response that states success.
    pub(super) async fn send(&self, exchange: &Exchange, key: &QueueKey, now: SystemTime) -> Result<Bytes, Fault> {
        let request = self.request(exchange, key, now)?;
        let sending = self.transport.send(request, BODY_LIMIT);
        let Ok(outcome) = tokio::time::timeout(exchange.timeout, sending).await else {
            return Err(Fault::unavailable(format!("no response within {:?}", exchange.timeout)));
        };
        let response = outcome.map_err(|error| Fault::Unavailable("no response".to_owned(), Some(error.into())))?;
        let judged = judge(response);
        // A key that was rejected is not accepted, whatever else went wrong.
        if !matches!(judged, Err(Fault::Rejected(_))) {
            key.set_used();
        }
        judged
    }

    fn request(&self, exchange: &Exchange, key: &QueueKey, now: SystemTime) -> Result<Request<Bytes>, Fault> {
        let invalid = |_| Fault::Refused("it cannot be written as HTTP".to_owned());
        let date = jiff::Timestamp::try_from(now)
            .and_then(|now| jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now))
            .map_err(|_| {
                Fault::Refused("the clock of this machine shows no time that can be sent; set it".to_owned())
            })?;
        let signed = Signed {
            method: exchange.method.as_str(),
            content_md5: "",
            content_type: exchange.content_type,
            date: &date,
            resource: &exchange.resource,
        };
        let text = mns::string_to_sign(signed, &[(mns::VERSION_HEADER, mns::VERSION)]);
        let authorization =
            key.authorization(&text).ok_or_else(|| Fault::Refused("its signature cannot be sent".to_owned()))?;
        let mut request = Request::builder()
            .method(exchange.method.clone())
            .uri(self.endpoint.url(&exchange.resource).map_err(invalid)?)
            .header(HOST, self.endpoint.host().clone())
            .header(DATE, date)
            .header(USER_AGENT, OWN_NAME)
            .header(mns::VERSION_HEADER, mns::VERSION)
            .header(mns::SECURITY_TOKEN, key.token())
            .header(AUTHORIZATION, authorization)
            .body(exchange.body.clone())
            .map_err(invalid)?;
        if !exchange.content_type.is_empty() {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(exchange.content_type));
        }
        Ok(request)
    }
}

/// What a response means.
fn judge(response: HttpResponse) -> Result<Bytes, Fault> {
    let HttpResponse { status, headers, body, ending, .. } = response;
    match ending {
        Ending::Complete => {}
        Ending::CutShort(cause) => {
            return Err(Fault::Unavailable("its response was cut short".to_owned(), Some(cause)));
        }
        Ending::TooLong => return Err(Fault::unavailable(format!("its response is longer than {BODY_LIMIT} bytes"))),
        _ => return Err(Fault::unavailable("its response did not arrive in time")),
    }
    let failure = message::failure(&body);
    if let Some(message::Failure::Undeleted { count, code }) = failure {
        return Err(Fault::Undeleted { count, code });
    }
    let code = match failure {
        Some(message::Failure::Whole { code }) => code,
        _ if (200..300).contains(&status) => return Ok(body),
        _ => String::new(),
    };
    let request_id = headers.get(mns::REQUEST_ID).and_then(|id| id.to_str().ok()).map(message::shown);
    let mut what = format!("HTTP {status}");
    for part in [Some(&code).filter(|code| !code.is_empty()), request_id.as_ref()].into_iter().flatten() {
        what.push_str(", ");
        what.push_str(part);
    }
    Err(match (status, &*code) {
        (_, mns::MESSAGE_NOT_EXIST) => Fault::Empty,
        (_, mns::QUEUE_NOT_EXIST) => Fault::Missing,
        (_, "TimeExpired") => Fault::Refused(format!("{what}; set the clock of this machine")),
        (401 | 403, _) => Fault::Rejected(what),
        (408 | 429, _) | (_, "QpsLimitExceeded") => Fault::unavailable(what),
        (400..500, _) => Fault::Refused(what),
        _ => Fault::unavailable(what),
    })
}

#[cfg(test)]
mod tests;
