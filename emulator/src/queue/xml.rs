//! Bodies of requests and responses of queues, and the failures.

use std::borrow::Cow;
use std::time::SystemTime;

use aliyun_protocol::mns;
use bytes::Bytes;
use http::StatusCode;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use serde::Deserialize;

use super::Message;
use crate::refusal::Refusal;

/// Why a request has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
}

impl Failure {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    pub(crate) fn bad(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn forbidden(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(crate) fn time_expired() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "TimeExpired", "The http request you sent is expired.")
    }

    pub(crate) fn queue_not_exist() -> Self {
        Self::new(StatusCode::NOT_FOUND, mns::QUEUE_NOT_EXIST, "The queue name you provided is not exist.")
    }

    pub(crate) fn message_not_exist() -> Self {
        Self::new(StatusCode::NOT_FOUND, mns::MESSAGE_NOT_EXIST, "Message not exist.")
    }

    /// A range that a value is out of.
    pub(crate) fn out_of_range(name: &str, low: u32, high: u32) -> Self {
        let message = format!("The value of {name} should between {low} and {high}.");
        Self::new(StatusCode::BAD_REQUEST, "InvalidArgument", message)
    }

    pub(crate) fn body(&self, request_id: &str, host: &str) -> Bytes {
        let texts = [("Code", &*self.code), ("Message", &*self.message), ("RequestId", request_id), ("HostId", host)];
        document("Error", |writer| texts.iter().try_for_each(|(name, text)| text_element(writer, name, text)))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self { status: refusal.status, code: refusal.code, message: refusal.message }
    }
}

/// The body of received messages. Digests of bodies are left out: no client needs them.
pub(crate) fn messages(messages: &[Message]) -> Bytes {
    let millis =
        |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis()).to_string();
    document("Messages", |writer| {
        messages.iter().try_for_each(|message| {
            let members = [
                ("MessageId", message.id.clone()),
                ("ReceiptHandle", message.handle()),
                ("MessageBody", message.body.clone()),
                ("EnqueueTime", millis(message.enqueued)),
                ("NextVisibleTime", millis(message.visible)),
                ("FirstDequeueTime", millis(message.first_received)),
                ("DequeueCount", message.received.to_string()),
                ("Priority", "8".to_owned()),
            ];
            let content = |writer: &mut Writer<Vec<u8>>| {
                members.iter().try_for_each(|(name, text)| text_element(writer, name, text))
            };
            writer.create_element("Message").write_inner_content(content).map(drop)
        })
    })
}

/// The body of a deletion that failed for these handles.
pub(crate) fn undeleted(handles: &[String]) -> Bytes {
    document("Errors", |writer| {
        handles.iter().try_for_each(|handle| {
            let content = |writer: &mut Writer<Vec<u8>>| {
                text_element(writer, "ErrorCode", "ReceiptHandleError")?;
                text_element(writer, "ErrorMessage", "The receipt handle you provide is not valid.")?;
                text_element(writer, "ReceiptHandle", handle)
            };
            writer.create_element("Error").write_inner_content(content).map(drop)
        })
    })
}

/// The handles of the body of a request.
pub(crate) fn handles(body: &[u8]) -> Result<Vec<String>, Failure> {
    #[derive(Deserialize)]
    struct ReceiptHandles {
        #[serde(rename = "ReceiptHandle", default)]
        handles: Vec<String>,
    }
    let malformed = || Failure::bad("MalformedXML", "The XML you provided was not well-formed.");
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let read: ReceiptHandles = quick_xml::de::from_str(text).map_err(|_| malformed())?;
    let most = mns::MAX_MESSAGES;
    let is_valid = (1..=usize::try_from(most).unwrap_or(usize::MAX)).contains(&read.handles.len());
    if is_valid { Ok(read.handles) } else { Err(Failure::out_of_range("ReceiptHandles", 1, most)) }
}

fn document(root: &str, content: impl FnOnce(&mut Writer<Vec<u8>>) -> std::io::Result<()>) -> Bytes {
    let mut writer = Writer::new(Vec::new());
    // Writing into memory cannot fail.
    let _ = writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)));
    let _ =
        writer.create_element(root).with_attribute(("xmlns", mns::NAMESPACE)).write_inner_content(content).map(drop);
    writer.into_inner().into()
}

fn text_element(writer: &mut Writer<Vec<u8>>, name: &str, text: &str) -> std::io::Result<()> {
    writer.create_element(name).write_text_content(BytesText::new(text)).map(drop)
}
