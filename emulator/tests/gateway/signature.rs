//! What is signed with V1, wherever it stands in the request.

use std::sync::Barrier;
use std::time::Duration;

use crate::support::{Call, builder, emulator, now, request, send};

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
    let token = "tok/+== ~*";
    let emulator = builder().temporary_key("testid", "testsecret", token, now() + Duration::from_secs(1)).build();
    let call = Call::new().set("SecurityToken", token).set("SignatureType", "");
    call.to(&emulator).assert_accepted();
    let tampered = call.set("SignatureNonce", "2").encoded().replacen("SignatureType=&", "", 1);
    assert_eq!(send(&emulator, request("POST", "/", &tampered)).member("Code"), "SignatureDoesNotMatch");
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
