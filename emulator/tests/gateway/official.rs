//! Requests of official clients, byte for byte, and what signs like them.

use std::sync::Barrier;

use aliyun_emulator::{Emulator, State};
use bytes::Bytes;
use http::Request;
use serde_json::Value;

use crate::support::{Call, builder, emulator, request, send, service_with};

/// A request as an official client put it on the wire.
pub(crate) struct Recorded {
    name: String,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    string_to_sign: String,
}

impl Recorded {
    pub(crate) fn all() -> Vec<Self> {
        let data: Value = serde_json::from_str(include_str!("../data/official-v1.json")).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let recorded = |case: &Value| {
            let headers = case["headers"].as_object().unwrap().iter();
            Self {
                name: text(&case["name"]),
                method: text(&case["method"]),
                url: text(&case["url"]),
                headers: headers.map(|(name, value)| (name.clone(), text(value))).collect(),
                body: text(&case["body"]),
                string_to_sign: text(&case["string_to_sign"]),
            }
        };
        data.as_array().unwrap().iter().map(recorded).collect()
    }

    /// The same request with a piece of its URL or body replaced.
    fn with(&self, piece: &str, other: &str) -> Request<Bytes> {
        let (url, body) = (self.url.replacen(piece, other, 1), self.body.replacen(piece, other, 1));
        assert!(piece.is_empty() || url != self.url || body != self.body, "{}: no {piece}", self.name);
        let mut request = Request::builder().method(self.method.as_str()).uri(url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(body.into()).unwrap()
    }

    fn as_sent(&self) -> Request<Bytes> {
        self.with("", "")
    }
}

/// Knows the operations of the recorded requests, and remembers nothing of them.
pub(crate) fn emulator_of_recorded_operations() -> Emulator {
    builder()
        .state(State::Examples)
        .service(service_with(&["SingleCallByTts", "SingleCallByVoice", "CancelCall", "Custom"]))
        .build()
}

#[test]
fn accepts_requests_of_official_clients() {
    let emulator = emulator_of_recorded_operations();
    let all = Recorded::all();
    assert_eq!(all.len(), 13);
    for recorded in &all {
        let reply = send(&emulator, recorded.as_sent());
        assert_eq!((reply.status(), reply.member("Code").as_str()), (200, "OK"), "{}: {}", recorded.name, reply.text());
    }
    assert_eq!(emulator.requests().len(), 13);
}

#[test]
fn refuses_them_with_one_byte_changed() {
    let emulator = emulator_of_recorded_operations();
    for recorded in Recorded::all() {
        let changed = send(&emulator, recorded.with("SignatureNonce=n", "SignatureNonce=m"));
        let expected = recorded.string_to_sign.replacen("SignatureNonce%3Dn", "SignatureNonce%3Dm", 1);
        assert_ne!(expected, recorded.string_to_sign);
        changed.assert_refused(400, "SignatureDoesNotMatch", &mismatch(&expected));
    }
}

#[test]
fn shows_the_string_that_the_official_client_signed_where_only_the_signature_is_wrong() {
    let emulator = emulator_of_recorded_operations();
    for recorded in Recorded::all() {
        let reply = send(&emulator, recorded.with("&Signature=", "&Signature=A"));
        reply.assert_refused(400, "SignatureDoesNotMatch", &mismatch(&recorded.string_to_sign));
        // That did not use the nonce up.
        send(&emulator, recorded.as_sent()).assert_accepted();
    }
}

fn mismatch(string_to_sign: &str) -> String {
    format!("Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}")
}

#[test]
fn finds_parameters_in_query_and_form_of_get_and_post() {
    for (method, in_form) in [("GET", false), ("POST", false), ("POST", true)] {
        let call = Call::new().method(method).set("TaskId", "1045001").set("PageSize", "1");
        let reply = send(&emulator(), if in_form { call.in_form() } else { call.in_query() });
        reply.assert_accepted();
    }
    // A form that was signed for another method is not signed for this one.
    let posted = request("POST", "/", &Call::new().method("GET").encoded());
    assert_eq!(send(&emulator(), posted).member("Code"), "SignatureDoesNotMatch");
}

#[test]
fn reads_blanks_of_both_spellings() {
    let encoded = Call::new().set("Label", "a b c").encoded();
    let mixed = encoded.replacen("a%20b", "a+b", 1);
    assert_ne!(mixed, encoded);
    send(&emulator(), request("POST", "/", &mixed)).assert_accepted();
    send(&emulator(), request("POST", "/", &encoded)).assert_accepted();
}

#[test]
fn a_value_in_the_body_replaces_that_in_the_query() {
    let emulator = emulator();
    let call = Call::new().set("PageSize", "3");
    send(&emulator, request("POST", "/?PageSize=7&Signature=query", &call.encoded())).assert_accepted();
    assert_eq!(emulator.requests()[0].parameter("PageSize"), Some("3"));
}

#[test]
fn signs_the_token_and_an_empty_signature_type_like_any_parameter() {
    let call = Call::new().set("SecurityToken", "tok/+== ~*").set("SignatureType", "");
    call.to(&emulator()).assert_accepted();
    let tampered = call.encoded().replacen("SignatureType=&", "", 1);
    assert_eq!(send(&emulator(), request("POST", "/", &tampered)).member("Code"), "SignatureDoesNotMatch");
}

#[test]
fn knows_several_keys_each_with_its_secret() {
    let emulator = builder().key("first", "one").key("second", "two").build();
    let call = |id, secret, nonce| Call::new().set("AccessKeyId", id).set("SignatureNonce", nonce).secret(secret);
    call("first", "one", "1").to(&emulator).assert_accepted();
    // The same nonce under another key is another one.
    call("second", "two", "1").to(&emulator).assert_accepted();
    assert_eq!(call("first", "two", "2").to(&emulator).member("Code"), "SignatureDoesNotMatch");
    assert_eq!(Call::new().to(&emulator).member("Code"), "InvalidAccessKeyId.NotFound");
}

#[test]
fn of_many_equal_requests_at_the_same_moment_one_is_accepted() {
    let emulator = emulator();
    let start = Barrier::new(8);
    let codes: Vec<String> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    Call::new().to(&emulator).member("Code")
                })
            })
            .collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| *code == "OK").count(), 1);
    assert_eq!(codes.iter().filter(|code| *code == "SignatureNonceUsed").count(), 7);
}
