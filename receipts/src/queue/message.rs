//! Messages and failures, as a queue writes them in XML.

use std::time::SystemTime;

use aliyun_runtime::ReceiptKind;
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::error::Fault;
use crate::arrival::Arrival;
use crate::batch::{read_batch, set_aside};

/// Padding may be absent: some clients leave it out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A body, by the name of its root.
#[derive(Deserialize)]
enum Document {
    Messages(Messages),
    Message(Message),
    Error(WholeFailure),
    Errors(Failures),
}

#[derive(Deserialize)]
struct Messages {
    #[serde(rename = "Message", default)]
    messages: Vec<Message>,
}

/// A message. It has no `Debug`: its body is a receipt.
#[derive(Deserialize)]
pub(super) struct Message {
    #[serde(rename = "MessageId", default)]
    id: String,
    #[serde(rename = "ReceiptHandle", default)]
    pub(super) handle: String,
    #[serde(rename = "MessageBody", default)]
    body: String,
}

#[derive(Deserialize)]
struct WholeFailure {
    #[serde(rename = "Code", default)]
    code: String,
}

#[derive(Deserialize)]
struct Failures {
    #[serde(rename = "Error", default)]
    failures: Vec<PartFailure>,
}

#[derive(Deserialize)]
struct PartFailure {
    #[serde(rename = "ErrorCode", default)]
    code: String,
}

/// What a response says went wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nothing was done.
    Whole { code: String },
    /// Some messages were not deleted. The code is that of the first one.
    Undeleted { count: usize, code: String },
}

fn parse(body: &[u8]) -> Result<Document, quick_xml::DeError> {
    quick_xml::de::from_str(&String::from_utf8_lossy(body))
}

/// The messages of a response that states success.
pub(super) fn messages(body: &[u8]) -> Result<Vec<Message>, Fault> {
    match parse(body) {
        Ok(Document::Messages(messages)) => Ok(messages.messages),
        Ok(Document::Message(message)) => Ok(vec![message]),
        // The error of the parser would show a part of the body.
        Ok(Document::Error(_) | Document::Errors(_)) | Err(_) => {
            Err(Fault::unavailable("its response is not a list of messages in XML"))
        }
    }
}

/// What went wrong, if a response says so.
pub(super) fn failure(body: &[u8]) -> Option<Failure> {
    match parse(body).ok()? {
        Document::Error(failure) => Some(Failure::Whole { code: shown(&failure.code) }),
        Document::Errors(Failures { failures }) => {
            let code = failures.first().map(|first| shown(&first.code)).unwrap_or_default();
            Some(Failure::Undeleted { count: failures.len(), code })
        }
        Document::Messages(_) | Document::Message(_) => None,
    }
}

/// The beginning of a code or an id, without what may not be shown.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 64;
    text.trim()
        .chars()
        .filter(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | '_'))
        .take(LONGEST)
        .collect()
}

/// What a message contains.
pub(super) struct Read {
    pub(super) arrivals: Vec<Arrival>,
    /// Why the message is not a receipt.
    pub(super) why_set_aside: Option<&'static str>,
}

impl Message {
    pub(super) fn shown_id(&self) -> String {
        shown(&self.id)
    }

    /// The receipts of a message: usually one. What is not a receipt is set aside.
    pub(super) fn read(&self, kind: &str, kinds: &[ReceiptKind], received: SystemTime) -> Read {
        let (bytes, why) = match decoded(&self.body) {
            Some(bytes) => (bytes, "its body is not JSON"),
            // Queues can carry bodies as they are.
            None => (self.body.as_bytes().to_vec(), "its body is not base64"),
        };
        match read_batch(kind, &bytes, kinds, received) {
            Ok(arrivals) => Read { arrivals, why_set_aside: None },
            Err(_) => {
                Read { arrivals: set_aside(kind, &bytes, received).into_iter().collect(), why_set_aside: Some(why) }
            }
        }
    }
}

/// The bytes of a body. Encoders for mail break it into lines.
fn decoded(body: &str) -> Option<Vec<u8>> {
    let text: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(text).ok()
}

#[cfg(test)]
mod tests;
