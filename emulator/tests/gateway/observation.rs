//! What the emulator tells about the requests it received.

use std::time::Duration;

use http::Method;

use crate::support::{Call, builder, emulator, now, request, send};

#[test]
fn keeps_every_request_accepted_or_not() {
    let emulator = emulator();
    assert_eq!(emulator.requests().len(), 0);
    let accepted = send(&emulator, Call::new().method("GET").set("TaskId", "1045001").in_query());
    Call::new().set("SignatureNonce", "2").secret("wrong").to(&emulator);
    send(&emulator, request("POST", "/", "Broken=%"));

    // A clone is another handle to the same emulator.
    let requests = emulator.clone().requests();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0].action(), Some("QueryRobotTaskCallList"));
    assert_eq!(requests[0].parameter("TaskId"), Some("1045001"));
    assert_eq!((requests[0].parameter("PageNo"), requests[0].refusal()), (None, None));
    assert_eq!((requests[0].method(), requests[0].at()), (&Method::GET, now()));
    assert_eq!(requests[0].request_id(), accepted.member("RequestId"));
    assert_eq!(requests[0].parameters().len(), 10);
    assert_eq!((requests[1].method(), requests[1].refusal()), (&Method::POST, Some("SignatureDoesNotMatch")));
    assert_eq!((requests[2].action(), requests[2].refusal()), (None, Some("InvalidParameter")));
    assert_ne!(requests[1].request_id(), requests[0].request_id());
}

#[test]
fn no_sensitive_value_is_shown() {
    let hidden = ["13000001234", "a-token", "unknown-value"];
    let emulator = builder().temporary_key("testid", "testsecret", hidden[1], now() + Duration::from_secs(1)).build();
    let call = Call::new()
        .set("TaskId", "1045001")
        .set("Called", hidden[0])
        .set("SecurityToken", hidden[1])
        .set("Unknown", hidden[2]);
    let reply = call.to(&emulator);
    reply.assert_accepted();
    let received = emulator.requests();
    let signature = received[0].parameter("Signature").unwrap();
    let shown = format!("{received:?} {received:#?} {emulator:?} {:?}", emulator.transport());
    for value in hidden.into_iter().chain([signature, "testsecret"]) {
        assert!(!shown.contains(value), "{value} in {shown}");
    }
    assert!(shown.contains(r#""TaskId": "1045001""#));
    assert!(shown.contains(r#""Called": "***""#));
    assert_eq!(received[0].parameter("Called"), Some(hidden[0]));
}

#[test]
fn requests_before_a_reset_are_not_listed_after_it() {
    let emulator = emulator();
    let inside = emulator.clone();
    emulator.on_any().reply_with(move |call| {
        // The request came, and is not answered yet.
        inside.reset();
        call.default_answer()
    });
    let call = Call::new().set("Action", "SingleCallByTts").set("CalledNumber", "13000000000").set("TtsCode", "TTS_1");
    call.to(&emulator).assert_accepted();
    assert_eq!((emulator.requests().len(), emulator.dials().len()), (0, 0));
    call.set("SignatureNonce", "2").to(&emulator).assert_accepted();
    assert_eq!((emulator.requests().len(), emulator.dials().len()), (1, 1));
}

#[test]
fn an_observer_finds_what_it_is_shown() {
    let (sender, shown) = std::sync::mpsc::channel();
    let emulator = std::sync::Arc::new(std::sync::OnceLock::<aliyun_emulator::Emulator>::new());
    let inside = std::sync::Arc::downgrade(&emulator);
    let observer = move |received: &aliyun_emulator::Received| {
        let emulator = inside.upgrade().unwrap();
        let emulator = emulator.get().unwrap();
        let last = emulator.requests().last().unwrap().request_id().to_owned();
        sender.send((last == received.request_id(), emulator.dials().len())).unwrap();
    };
    emulator.set(builder().observer(observer).build()).unwrap();
    let call = Call::new().set("Action", "SingleCallByTts").set("CalledNumber", "13000000000").set("TtsCode", "TTS_1");
    call.to(emulator.get().unwrap()).assert_accepted();
    assert_eq!(shown.recv().unwrap(), (true, 1));
}
