//! Queues: what is checked, what is answered, and what is remembered.

use std::time::Duration;

use aliyun_emulator::{Emulator, Fault};
use aliyun_protocol::mns::{self, Signed};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::HOST;
use http::{HeaderValue, Request};
use sha1::Sha1;

use crate::support::{Call, Reply, builder, send};

const MESSAGES: &str = "/queues/q/messages";

fn emulator() -> Emulator {
    builder().queue("q").build()
}

/// A key for queues.
struct Key {
    id: String,
    secret: String,
    token: String,
    expires: String,
}

impl Key {
    fn of(emulator: &Emulator, nonce: &str) -> Self {
        let call = Call::new().set("Action", "QueryTokenForMnsQueue").set("MessageType", "VoiceReport");
        let mut request = call.set("SignatureNonce", nonce).in_form();
        request.headers_mut().insert(HOST, HeaderValue::from_static("dybaseapi.aliyuncs.com"));
        let reply = send(emulator, request);
        reply.assert_accepted();
        let token = &reply.json()["MessageTokenDTO"];
        let text = |name: &str| token[name].as_str().unwrap().to_owned();
        assert_eq!(text("CreateTime"), "2026-03-01 20:34:56");
        Self {
            id: text("AccessKeyId"),
            secret: text("AccessKeySecret"),
            token: text("SecurityToken"),
            expires: text("ExpireTime"),
        }
    }
}

/// A request to a queue.
struct ToQueue<'k> {
    key: &'k Key,
    method: &'static str,
    resource: String,
    body: String,
    /// Headers that are changed after signing; an empty value removes one.
    changed: Vec<(&'static str, &'static str)>,
    date: &'static str,
}

impl<'k> ToQueue<'k> {
    fn new(key: &'k Key, method: &'static str, resource: impl Into<String>) -> Self {
        let date = "Sun, 01 Mar 2026 12:34:56 GMT";
        Self { key, method, resource: resource.into(), body: String::new(), changed: Vec::new(), date }
    }

    fn receive(key: &'k Key, query: &str) -> Self {
        Self::new(key, "GET", format!("{MESSAGES}?{query}"))
    }

    fn delete(key: &'k Key, handles: &[String]) -> Self {
        let elements: Vec<String> =
            handles.iter().map(|handle| format!("<ReceiptHandle>{handle}</ReceiptHandle>")).collect();
        let handles = elements.concat();
        Self::new(key, "DELETE", MESSAGES).body(format!("<ReceiptHandles>{handles}</ReceiptHandles>"))
    }

    fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    fn changed(mut self, name: &'static str, value: &'static str) -> Self {
        self.changed.push((name, value));
        self
    }

    fn date(mut self, date: &'static str) -> Self {
        self.date = date;
        self
    }

    fn to(&self, emulator: &Emulator) -> Reply {
        let content_type = if self.body.is_empty() { "" } else { "text/xml" };
        let signed =
            Signed { method: self.method, content_md5: "", content_type, date: self.date, resource: &self.resource };
        let mut mac = Hmac::<Sha1>::new_from_slice(self.key.secret.as_bytes()).unwrap();
        mac.update(mns::string_to_sign(signed, &[("x-mns-version", "2015-06-06")]).as_bytes());
        let signature = mns::signature(&mac.finalize().into_bytes().into());
        let mut headers = vec![
            ("host", "queues.example.com".to_owned()),
            ("date", self.date.to_owned()),
            ("content-type", content_type.to_owned()),
            ("x-mns-version", "2015-06-06".to_owned()),
            ("security-token", self.key.token.clone()),
            ("authorization", mns::authorization(&self.key.id, &signature)),
        ];
        for (name, value) in &self.changed {
            headers.retain(|(known, _)| known != name);
            headers.push((name, (*value).to_owned()));
        }
        let mut request = Request::builder().method(self.method).uri(&self.resource);
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, value);
        }
        send(emulator, request.body(Bytes::from(self.body.clone())).unwrap())
    }
}

/// The content of the first element of this name.
fn element<'r>(reply: &'r Reply, name: &str) -> &'r str {
    let rest = reply.text().split_once(&format!("<{name}>")).map_or("", |(_, rest)| rest);
    rest.split_once(&format!("</{name}>")).map_or("", |(text, _)| text)
}

fn outcome(reply: &Reply) -> (u16, &str) {
    (reply.status(), element(reply, "Code"))
}

#[test]
fn a_message_is_received_and_deleted() {
    let emulator = emulator();
    let key = Key::of(&emulator, "1");
    assert_eq!(key.expires, "2026-03-01 21:34:56");
    emulator.put_message("q", r#"{"call_id":"1"}"#).unwrap();

    let reply = ToQueue::receive(&key, "numOfMessages=16&waitseconds=0").to(&emulator);
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.header("content-type"), "text/xml;charset=utf-8");
    assert_eq!(reply.header("x-mns-version"), "2015-06-06");
    assert_eq!(reply.header("date"), "Sun, 01 Mar 2026 12:34:56 GMT");
    assert_ne!(reply.header("x-mns-request-id"), "");
    let (id, handle) = (element(&reply, "MessageId"), element(&reply, "ReceiptHandle"));
    assert_eq!(
        reply.text(),
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Messages xmlns=\"http://mns.aliyuncs.com/doc/v1/\"><Message>\
             <MessageId>{id}</MessageId><ReceiptHandle>{handle}</ReceiptHandle>\
             <MessageBody>eyJjYWxsX2lkIjoiMSJ9</MessageBody><EnqueueTime>1772368496000</EnqueueTime>\
             <NextVisibleTime>1772368526000</NextVisibleTime><FirstDequeueTime>1772368496000</FirstDequeueTime>\
             <DequeueCount>1</DequeueCount><Priority>8</Priority></Message></Messages>"
        )
    );
    assert_eq!(outcome(&ToQueue::receive(&key, "numOfMessages=16").to(&emulator)), (404, "MessageNotExist"));

    let handles = [handle.to_owned(), "1-other".to_owned()];
    let deleted = ToQueue::delete(&key, &handles).to(&emulator);
    assert_eq!(
        (deleted.status(), deleted.text()),
        (
            404,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Errors xmlns=\"http://mns.aliyuncs.com/doc/v1/\"><Error>\
             <ErrorCode>ReceiptHandleError</ErrorCode><ErrorMessage>The receipt handle you provide is not valid.\
             </ErrorMessage><ReceiptHandle>1-other</ReceiptHandle></Error></Errors>"
        )
    );
    assert_eq!(emulator.queued("q"), 0);
    emulator.put_message("q", "{}").unwrap();
    let reply = ToQueue::receive(&key, "numOfMessages=1").to(&emulator);
    let handle = element(&reply, "ReceiptHandle").to_owned();
    let deleted = ToQueue::delete(&key, &[handle]).to(&emulator);
    assert_eq!((deleted.status(), deleted.text()), (204, ""));
}

#[test]
fn what_signs_a_request_is_checked() {
    let emulator = emulator();
    let key = Key::of(&emulator, "1");
    let other = Key { id: "nobody".to_owned(), secret: String::new(), token: String::new(), expires: String::new() };
    let wrong = Key { secret: "wrong".to_owned(), ..Key::of(&emulator, "2") };
    let swapped = Key { token: key.token.clone(), ..Key::of(&emulator, "3") };
    let receive = || ToQueue::receive(&key, "numOfMessages=16");
    for (request, expected) in [
        (receive(), (404, "MessageNotExist")),
        (receive().changed("x-mns-version", ""), (400, "InvalidArgument")),
        (receive().changed("x-mns-version", "2015-06-07"), (400, "InvalidArgument")),
        (receive().changed("date", ""), (400, "MissingDateHeader")),
        (receive().changed("date", "2026-03-01T12:34:56Z"), (400, "InvalidDateHeader")),
        (receive().date("Sun, 01 Mar 2026 12:49:56 GMT"), (404, "MessageNotExist")),
        (receive().date("Sun, 01 Mar 2026 12:49:57 GMT"), (408, "TimeExpired")),
        (receive().date("Sun, 01 Mar 2026 12:19:56 GMT"), (404, "MessageNotExist")),
        (receive().date("Sun, 01 Mar 2026 12:19:55 GMT"), (408, "TimeExpired")),
        (receive().changed("date", "Sun, 01 Mar 2026 12:34:57 GMT"), (403, "SignatureDoesNotMatch")),
        (receive().changed("authorization", ""), (400, "MissingAuthorizationHeader")),
        (receive().changed("authorization", "MNS x"), (400, "InvalidAuthorizationHeader")),
        (receive().changed("security-token", ""), (403, "AccessDenied")),
        (receive().changed("content-type", "text/xml"), (403, "SignatureDoesNotMatch")),
        (receive().changed("content-md5", "x"), (403, "SignatureDoesNotMatch")),
        (receive().changed("x-mns-other", "x"), (403, "SignatureDoesNotMatch")),
        (ToQueue::receive(&other, "numOfMessages=16"), (403, "InvalidAccessKeyId")),
        (ToQueue::receive(&wrong, "numOfMessages=16"), (403, "SignatureDoesNotMatch")),
        (ToQueue::receive(&swapped, "numOfMessages=16"), (403, "AccessDenied")),
    ] {
        let reply = request.to(&emulator);
        assert_eq!(outcome(&reply), expected, "{:?}", request.changed);
        assert_eq!(element(&reply, "HostId"), "queues.example.com");
        assert_eq!(element(&reply, "RequestId"), reply.header("x-mns-request-id"));
    }
}

#[test]
fn a_key_ends_by_the_clock_of_the_emulator() {
    let emulator = builder().queue("q").queue_token_lifetime(Duration::from_secs(60)).build();
    let key = Key::of(&emulator, "1");
    assert_eq!(key.expires, "2026-03-01 20:35:56");
    emulator.advance(Duration::from_secs(59));
    assert_eq!(outcome(&ToQueue::receive(&key, "numOfMessages=1").to(&emulator)), (404, "MessageNotExist"));
    emulator.advance(Duration::from_secs(1));
    assert_eq!(outcome(&ToQueue::receive(&key, "numOfMessages=1").to(&emulator)), (403, "AccessDenied"));
}

#[test]
fn what_a_request_asks_for_is_checked() {
    let emulator = emulator();
    let key = Key::of(&emulator, "1");
    let handles = |count: usize| vec!["1-x".to_owned(); count];
    for (request, expected) in [
        (ToQueue::receive(&key, "numOfMessages=1&waitseconds=30"), (404, "MessageNotExist")),
        (ToQueue::receive(&key, "numOfMessages=16&waitseconds=0"), (404, "MessageNotExist")),
        (ToQueue::receive(&key, "NumOfMessages=16&WaitSeconds=0"), (404, "MessageNotExist")),
        (ToQueue::receive(&key, "numOfMessages=0"), (400, "InvalidArgument")),
        (ToQueue::receive(&key, "numOfMessages=17"), (400, "InvalidArgument")),
        (ToQueue::receive(&key, "numOfMessages=+1"), (400, "InvalidArgument")),
        (ToQueue::receive(&key, "numOfMessages="), (400, "InvalidArgument")),
        (ToQueue::receive(&key, "waitseconds=0"), (400, "InvalidArgument")),
        (ToQueue::receive(&key, "numOfMessages=1&waitseconds=31"), (400, "InvalidArgument")),
        (ToQueue::receive(&key, "numOfMessages=1&waitseconds=-1"), (400, "InvalidArgument")),
        (ToQueue::receive(&key, "numOfMessages=1&numOfMessages=1"), (400, "InvalidQueryString")),
        (ToQueue::new(&key, "GET", "/queues/other/messages?numOfMessages=1"), (404, "QueueNotExist")),
        (ToQueue::new(&key, "GET", "/queues/q?numOfMessages=1"), (400, "InvalidRequestURL")),
        (ToQueue::new(&key, "GET", "/queues/"), (400, "InvalidRequestURL")),
        (ToQueue::new(&key, "PUT", MESSAGES), (405, "InvalidRequestURL")),
        (ToQueue::delete(&key, &handles(0)), (400, "InvalidArgument")),
        (ToQueue::delete(&key, &handles(1)), (404, "")),
        (ToQueue::delete(&key, &handles(16)), (404, "")),
        (ToQueue::delete(&key, &handles(17)), (400, "InvalidArgument")),
        (ToQueue::new(&key, "DELETE", MESSAGES), (400, "MalformedXML")),
        (ToQueue::new(&key, "DELETE", MESSAGES).body("<ReceiptHandles>"), (400, "MalformedXML")),
        (ToQueue::new(&key, "DELETE", MESSAGES).body("[]"), (400, "MalformedXML")),
    ] {
        assert_eq!(outcome(&request.to(&emulator)), expected, "{} {}", request.resource, request.body);
    }
}

#[test]
fn requests_to_queues_are_remembered_and_rules_apply_to_them() {
    let emulator = emulator();
    let key = Key::of(&emulator, "1");
    emulator.put_message("q", "{}").unwrap();
    let receive = || ToQueue::receive(&key, "NumOfMessages=16&waitseconds=0").to(&emulator);

    let rule = emulator.on_action("BatchReceiveMessage").with_parameter("QueueName", "q").refuse("Other", "words");
    assert_eq!(outcome(&receive()), (400, "Other"));
    rule.remove();
    let rule = emulator.on_action("BatchReceiveMessage").fault(Fault::server_error(500).after_effect());
    assert_eq!(receive().status(), 500);
    rule.remove();
    assert_eq!(outcome(&receive()), (404, "MessageNotExist"), "the message was received");

    let requests = emulator.requests();
    let [_, refused, failed, empty] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((refused.action(), refused.refusal()), (Some("BatchReceiveMessage"), Some("Other")));
    assert_eq!(failed.status().unwrap().as_u16(), 500);
    assert_eq!((empty.parameter("QueueName"), empty.parameter("numOfMessages")), (Some("q"), Some("16")));
    assert_eq!(empty.warnings(), ["NumOfMessages: one client writes it so; others write numOfMessages"]);
    let line = empty.to_string();
    assert!(line.starts_with("2026-03-01T12:34:56Z BatchReceiveMessage GET 404 MessageNotExist "), "{line}");
}

#[test]
fn an_emulator_without_queues_has_no_operation_for_them() {
    let emulator = builder().build();
    let call = Call::new().set("Action", "QueryTokenForMnsQueue").set("MessageType", "VoiceReport");
    assert_eq!(call.to(&emulator).member("Code"), "InvalidApi.NotFound");
    assert!(emulator.put_message("q", "{}").is_err());
    assert!(emulator.put_raw_message("q", "%").is_err());
    assert_eq!(emulator.queued("q"), 0);
}

#[test]
fn a_reset_keeps_queues_and_forgets_messages_and_keys() {
    let emulator = emulator();
    let key = Key::of(&emulator, "1");
    emulator.put_message("q", "{}").unwrap();
    emulator.reset();
    assert_eq!(emulator.queued("q"), 0);
    assert_eq!(outcome(&ToQueue::receive(&key, "numOfMessages=1").to(&emulator)), (403, "InvalidAccessKeyId"));
    emulator.put_message("q", "{}").unwrap();
    let key = Key::of(&emulator, "2");
    assert_eq!(ToQueue::receive(&key, "numOfMessages=1").to(&emulator).status(), 200);
}
