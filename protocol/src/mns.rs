//! Queues of the Message Service (MNS): names of headers and codes, resources, and the string to sign.
//!
//! `string to sign = METHOD \n content-md5 \n content-type \n date \n x-mns-*:value \n .. resource`, signed with the secret
//! by HMAC-SHA1. The security token is sent in a header that is not signed.

use crate::percent;
pub use crate::v1::{Signature, signature};

/// Header with the version of the protocol.
pub const VERSION_HEADER: &str = "x-mns-version";
/// Value of [`VERSION_HEADER`].
pub const VERSION: &str = "2015-06-06";
/// Header with the id of a request; sent in responses.
pub const REQUEST_ID: &str = "x-mns-request-id";
/// Prefix of the headers that are signed.
pub const PREFIX: &str = "x-mns-";
/// Header with the token of a temporary key.
pub const SECURITY_TOKEN: &str = "security-token";
/// Header with a digest of the body. It may be absent, and is signed if it is not.
pub const CONTENT_MD5: &str = "content-md5";
/// Content type of bodies.
pub const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";
/// Namespace of the elements of bodies.
pub const NAMESPACE: &str = "http://mns.aliyuncs.com/doc/v1/";

/// Parameter of a resource: the maximum number of messages to receive.
pub const NUM_OF_MESSAGES: &str = "numOfMessages";
/// Parameter of a resource: how long to wait for a message, in seconds.
pub const WAIT_SECONDS: &str = "waitseconds";
/// Maximum number of messages that are received or deleted with one request. The minimum is 1.
pub const MAX_MESSAGES: u32 = 16;
/// Maximum time that a request may wait for a message, in seconds. The minimum is 0.
pub const MAX_WAIT_SECONDS: u32 = 30;

/// Code of a queue that is empty, with HTTP 404.
pub const MESSAGE_NOT_EXIST: &str = "MessageNotExist";
/// Code of a queue that does not exist, with HTTP 404.
pub const QUEUE_NOT_EXIST: &str = "QueueNotExist";

/// Scheme of the header `Authorization`.
const SCHEME: &str = "MNS ";
const BEFORE_QUEUE: &str = "/queues/";
const AFTER_QUEUE: &str = "/messages";

/// The resource of the messages of a queue, to delete some.
#[must_use]
pub fn messages(queue: &str) -> String {
    format!("{BEFORE_QUEUE}{}{AFTER_QUEUE}", percent::encoded(queue.as_bytes()))
}

/// The resource of the messages of a queue, to receive at most this number, and to wait for the first one.
#[must_use]
pub fn receive(queue: &str, most: u32, wait_seconds: u32) -> String {
    format!("{}?{NUM_OF_MESSAGES}={most}&{WAIT_SECONDS}={wait_seconds}", messages(queue))
}

/// Whether a path is one of queues.
#[must_use]
pub fn is_of_queues(path: &str) -> bool {
    path.starts_with(BEFORE_QUEUE)
}

/// The queue whose messages a path names.
#[must_use]
pub fn queue_of(path: &str) -> Option<String> {
    let queue = path.strip_prefix(BEFORE_QUEUE)?.strip_suffix(AFTER_QUEUE)?;
    let decoded = percent::decode_form(queue.as_bytes())?;
    std::str::from_utf8(&decoded).ok().filter(|queue| !queue.is_empty() && !queue.contains('/')).map(str::to_owned)
}

/// What is signed of a request. Absent headers are empty.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The method, in capitals.
    pub method: &'a str,
    /// The header [`CONTENT_MD5`].
    pub content_md5: &'a str,
    /// The header `Content-Type`.
    pub content_type: &'a str,
    /// The header `Date`.
    pub date: &'a str,
    /// Path and query, as they are sent.
    pub resource: &'a str,
}

/// Returns the string to sign. `headers` are those with [`PREFIX`], in lower case, in any order.
#[must_use]
pub fn string_to_sign(signed: Signed<'_>, headers: &[(&str, &str)]) -> String {
    let Signed { method, content_md5, content_type, date, resource } = signed;
    let mut headers = headers.to_vec();
    headers.sort_unstable();
    let mut text = format!("{method}\n{content_md5}\n{content_type}\n{date}\n");
    for (name, value) in headers {
        text.extend([name, ":", value, "\n"]);
    }
    text.push_str(resource);
    text
}

/// The value of the header `Authorization`.
#[must_use]
pub fn authorization(access_key_id: &str, signature: &Signature) -> String {
    format!("{SCHEME}{access_key_id}:{}", signature.as_str())
}

/// The id of the access key and the signature of a header `Authorization`.
#[must_use]
pub fn parse_authorization(value: &str) -> Option<(&str, &str)> {
    value.strip_prefix(SCHEME)?.split_once(':').filter(|(id, signature)| !id.is_empty() && !signature.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_names_its_queue() {
        assert_eq!(messages("Alicom-Queue-1-VoiceReport"), "/queues/Alicom-Queue-1-VoiceReport/messages");
        assert_eq!(receive("q", 16, 30), "/queues/q/messages?numOfMessages=16&waitseconds=30");
        assert_eq!(messages("a/b c"), "/queues/a%2Fb%20c/messages");
        assert_eq!(
            queue_of("/queues/Alicom-Queue-1-VoiceReport/messages").as_deref(),
            Some("Alicom-Queue-1-VoiceReport")
        );
        assert_eq!(queue_of("/queues/%E5%8D%A0/messages").as_deref(), Some("占"));
        for other in [
            "/",
            "/queues/q",
            "/queues//messages",
            "/queues/a/b/messages",
            "/queues/a%2Fb/messages",
            "/queues/%zz/messages",
            "/topics/q/messages",
        ] {
            assert_eq!(queue_of(other), None, "{other}");
        }
        assert!(is_of_queues("/queues/q") && !is_of_queues("/queue/q"));
    }

    #[test]
    fn the_string_to_sign_has_sorted_headers_and_a_line_for_each_absent_one() {
        let signed = Signed {
            method: "GET",
            content_md5: "",
            content_type: "",
            date: "Mon, 09 Mar 2026 02:00:00 GMT",
            resource: "/queues/q/messages?numOfMessages=16&waitseconds=30",
        };
        assert_eq!(
            string_to_sign(signed, &[("x-mns-version", "2015-06-06"), ("x-mns-user-request-id", "1")]),
            "GET\n\n\nMon, 09 Mar 2026 02:00:00 GMT\nx-mns-user-request-id:1\nx-mns-version:2015-06-06\n\
             /queues/q/messages?numOfMessages=16&waitseconds=30"
        );
    }

    #[test]
    fn authorization_is_read_back() {
        let signature = signature(&[0; 20]);
        let value = authorization("testid", &signature);
        assert_eq!(value, "MNS testid:AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        assert_eq!(parse_authorization(&value), Some(("testid", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")));
        for other in ["", "MNS", "MNS testid", "MNS :x", "MNS testid:", "ACS testid:x", "testid:x"] {
            assert_eq!(parse_authorization(other), None, "{other}");
        }
    }
}
