//! The emulator's rules, observation and time, with the typed client.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::{Duration, SystemTime};

use dyvmsapi::call::{IvrCall, SingleCallByTts, SingleCallByTtsResponse};
use dyvmsapi::robot::QueryRobotTaskCallList;
use dyvmsapi::{Client, Credentials, ErrorKind};
use dyvmsapi_emulator::{Emulator, Fault, Received, State};
use serde_json::json;

const ONE: &str = "13000000000";
const TWO: &str = "13000000001";

/// Without a memory, the same call has the same answer.
fn emulator() -> Emulator {
    dyvmsapi_emulator::builder_with(State::Examples).build()
}

fn client(emulator: &Emulator) -> Client {
    let credentials = Credentials::new("testid", "testsecret");
    Client::builder().credentials(credentials).transport(emulator.transport()).build().unwrap()
}

fn call(number: &str) -> SingleCallByTts {
    SingleCallByTts::new(number, "TTS_10001")
}

/// The call id, or the code of the failure.
async fn outcome(client: &Client, request: SingleCallByTts) -> String {
    match client.send(request).await {
        Ok(answer) => answer.call_id.unwrap_or_default(),
        Err(error) => error.code().unwrap_or_else(|| panic!("{error}")).to_owned(),
    }
}

fn answer(call_id: &str) -> SingleCallByTtsResponse {
    let mut answer = SingleCallByTtsResponse::default();
    answer.call_id = Some(call_id.to_owned());
    answer
}

#[tokio::test]
async fn a_typed_request_matches_as_a_subset() {
    let emulator = emulator();
    let client = client(&emulator);
    let rule = emulator.on(call(ONE).tts_param([("code", "1")])).reply(answer("1^1"));
    let default = outcome(&client, call(ONE)).await;
    assert_ne!(default, "1^1");
    assert_eq!(outcome(&client, call(TWO).tts_param([("code", "1")])).await, default);
    assert_eq!(outcome(&client, call(ONE).tts_param([("code", "2")])).await, default);
    assert_eq!(rule.matched(), 0);
    assert_eq!(outcome(&client, call(ONE).tts_param([("code", "1")]).play_times(2)).await, "1^1");
    assert_eq!(rule.matched(), 1);
}

#[tokio::test]
async fn json_parameters_are_compared_as_json_and_an_empty_text_is_any() {
    let emulator = emulator();
    let client = client(&emulator);
    emulator
        .on(SingleCallByTts::new("", "TTS_10001"))
        .with_parameter("TtsParam", r#"{ "a": "1", "b": "2" }"#)
        .reply(answer("1^1"));
    assert_eq!(outcome(&client, call(TWO).tts_param([("b", "2"), ("a", "1")])).await, "1^1");
    assert_ne!(outcome(&client, call(TWO).tts_param([("b", "2")])).await, "1^1");
    assert_ne!(outcome(&client, SingleCallByTts::new(TWO, "TTS_2").tts_param([("a", "1"), ("b", "2")])).await, "1^1");
}

#[tokio::test]
async fn the_latest_rule_decides_until_it_is_used_up_or_removed() {
    let emulator = emulator();
    let client = client(&emulator);
    let default = outcome(&client, call(ONE)).await;
    let older = emulator.on_action("SingleCallByTts").reply(json!({ "CallId": "older" }));
    let newer = emulator.on(call(ONE)).reply(answer("newer")).times(1);
    assert_eq!(outcome(&client, call(ONE)).await, "newer");
    assert_eq!(outcome(&client, call(ONE)).await, "older");
    older.remove();
    assert_eq!(outcome(&client, call(ONE)).await, default);
    assert_eq!((older.matched(), newer.matched()), (1, 1));
    emulator.on_any().refuse("isv.ACCOUNT_ABNORMAL", "");
    assert_eq!(outcome(&client, call(ONE)).await, "isv.ACCOUNT_ABNORMAL");
    emulator.clear_rules();
    assert_eq!(outcome(&client, call(ONE)).await, default);
}

#[tokio::test]
async fn responses_are_used_in_their_order() {
    let emulator = emulator();
    let client = client(&emulator);
    emulator
        .on(call(ONE))
        .refuse("isv.BUSINESS_LIMIT_CONTROL", "Trigger a flow control")
        .times(2)
        .gateway_error(403, "Forbidden.RAM", "no")
        .reply(answer("1^1"))
        .reply_json(json!({ "CallId": "1^2" }));
    let mut outcomes = Vec::new();
    for _ in 0..6 {
        outcomes.push(outcome(&client, call(ONE)).await);
    }
    let limited = "isv.BUSINESS_LIMIT_CONTROL";
    assert_eq!(outcomes, [limited, limited, "Forbidden.RAM", "1^1", "1^2", "1^2"]);
}

#[tokio::test]
async fn a_rule_without_a_response_only_counts() {
    let emulator = emulator();
    let client = client(&emulator);
    emulator.on_any().reply(json!({ "CallId": "1^1" }));
    let calls = emulator.on(call(ONE));
    assert_eq!(outcome(&client, call(ONE)).await, "1^1");
    assert_eq!(outcome(&client, call(TWO)).await, "1^1");
    assert_eq!(calls.matched(), 1);
}

#[tokio::test]
async fn a_function_sees_the_request_and_the_default_response() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496);
    let emulator = emulator();
    emulator.on_action("IvrCall").reply_with(|call| {
        let mut answer = call.default_answer();
        answer["CallId"] = format!("{} {}", call.action(), call.parameter("CalledNumber").unwrap()).into();
        answer
    });
    emulator.on(call("")).reply_with(move |call| {
        assert!(call.time() > now);
        assert_eq!(call.request_id().len(), 36);
        let mut answer = call.default_answer();
        if call.parameter("CalledNumber") == Some(TWO) {
            "isv.MOBILE_NUMBER_ILLEGAL".clone_into(&mut answer.code);
        }
        answer
    });
    let client = client(&emulator);
    let answer = client.send(IvrCall::new(ONE, "05710000000", "TTS_1")).await.unwrap();
    assert_eq!(answer.call_id.as_deref(), Some("IvrCall 13000000000"));
    assert_eq!(outcome(&client, call(ONE)).await, "116012354148^102813780000");
    assert_eq!(outcome(&client, call(TWO)).await, "isv.MOBILE_NUMBER_ILLEGAL");
    let dialled: Vec<_> = emulator.dials().iter().map(|dial| dial.called().to_owned()).collect();
    assert_eq!(dialled, [ONE, ONE]);
}

#[tokio::test]
async fn where_the_emulator_refuses_a_function_cannot_accept() {
    let emulator = dyvmsapi_emulator::emulator();
    emulator.on(QueryRobotTaskCallList::new()).reply_with(|call| {
        let mut answer = call.default_answer();
        "OK".clone_into(&mut answer.code);
        answer
    });
    let error = client(&emulator).send(QueryRobotTaskCallList::new().page_size(1_000_000)).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Service, Some("InvalidPageSize")));
}

#[tokio::test]
async fn chances_are_the_same_in_every_run_with_the_same_seed() {
    async fn run(seed: u64) -> Vec<bool> {
        let emulator = dyvmsapi_emulator::builder().seed(seed).build();
        let client = client(&emulator);
        let rule = emulator.on_any().with_probability(0.25).refuse("isv.UNKNOWN", "");
        let mut refused = Vec::new();
        for _ in 0..200 {
            refused.push(outcome(&client, call(ONE)).await == "isv.UNKNOWN");
        }
        assert_eq!(refused.iter().filter(|&&refused| refused).count() as u64, rule.matched());
        refused
    }
    let first = run(1).await;
    assert_eq!(first, run(1).await);
    assert_ne!(first, run(2).await);
    let count = first.iter().filter(|&&refused| refused).count();
    assert!((30..70).contains(&count), "{count} of 200");
}

#[tokio::test]
async fn a_response_keeps_its_own_request_id_and_gets_the_rest_of_the_envelope() {
    let emulator = emulator();
    let client = client(&emulator);
    emulator.on_any().reply(json!({ "CallId": "1^1", "RequestId": "R-1" })).reply(json!({ "CallId": "1^2" }));
    let first = client.send(call(ONE)).await.unwrap();
    assert_eq!((first.code.as_str(), first.message.as_str(), first.request_id.as_str()), ("OK", "OK", "R-1"));
    let second = client.send(call(ONE)).await.unwrap();
    let requests = emulator.requests();
    assert_eq!((requests[0].request_id(), requests[1].request_id()), ("R-1", second.request_id.as_str()));
    assert_eq!(second.request_id.len(), 36);
}

#[tokio::test]
async fn a_refused_request_reaches_no_rule() {
    let emulator = emulator();
    let rule = emulator.on_any().reply(json!({}));
    let wrong = Client::builder()
        .credentials(Credentials::new("testid", "wrong"))
        .transport(emulator.transport())
        .build()
        .unwrap();
    assert_eq!(outcome(&wrong, call(ONE)).await, "SignatureDoesNotMatch");
    assert_eq!((rule.matched(), emulator.dials().len()), (0, 0));
}

#[tokio::test]
async fn dials_are_what_operations_rang_with_success() {
    let emulator = emulator();
    let client = client(&emulator);
    emulator.on(call(TWO)).refuse("isv.BUSINESS_LIMIT_CONTROL", "");
    client.send(call(ONE)).await.unwrap();
    client.send(call(TWO)).await.unwrap_err();
    client.send(QueryRobotTaskCallList::new().called(ONE)).await.unwrap();
    client
        .send_action(
            "BatchRobotSmartCall",
            &[
                ("CalledNumber", "13000000000,13000000002"),
                ("CalledShowNumber", "05710000000"),
                ("CorpName", "c"),
                ("DialogId", "1"),
                ("EarlyMediaAsr", "false"),
                ("IsSelfLine", "false"),
                ("ScheduleCall", "false"),
                ("ScheduleTime", "1"),
                ("TaskName", "t"),
                ("TtsParam", "[]"),
                ("TtsParamHead", "[]"),
            ],
        )
        .await
        .unwrap();
    let dials: Vec<_> =
        emulator.dials().iter().map(|dial| (dial.called().to_owned(), dial.action().to_owned())).collect();
    let dial = |called: &str, action: &str| (called.to_owned(), action.to_owned());
    let batch = "BatchRobotSmartCall";
    assert_eq!(dials, [dial(ONE, "SingleCallByTts"), dial(ONE, batch), dial("13000000002", batch)]);
    assert_eq!(emulator.dials_to(ONE).len(), 2);
    let requests = emulator.requests();
    let dialled: Vec<_> = requests.iter().map(Received::dialled).map(<[String]>::len).collect();
    assert_eq!(dialled, [1, 0, 0, 2]);
    assert_eq!(emulator.dials()[0].request_id(), requests[0].request_id());
    assert_eq!(requests[1].refusal(), Some("isv.BUSINESS_LIMIT_CONTROL"));
    emulator.assert_dialled_once("13000000002");
    assert!(!format!("{:?}", emulator.dials()).contains("1300"));
}

#[tokio::test]
async fn the_assertion_lists_the_requests_without_numbers() {
    let emulator = dyvmsapi_emulator::builder().clock(|| SystemTime::UNIX_EPOCH).time_window(Duration::MAX).build();
    let said = |number: &'static str| {
        let assert = std::panic::AssertUnwindSafe(|| emulator.assert_dialled_once(number));
        let panic = std::panic::catch_unwind(assert).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    };
    assert_eq!(said(ONE), "expected the number to be dialled once, but it was dialled 0 times; no request came");
    let client = client(&emulator);
    emulator.on(call(TWO)).refuse("isv.BUSINESS_LIMIT_CONTROL", "").times(1).fault(Fault::reset().after_effect());
    for number in [ONE, ONE, TWO, TWO] {
        let _ = client.send(call(number)).await;
    }
    let ids: Vec<_> = emulator.requests().iter().map(|request| request.request_id().to_owned()).collect();
    let at = "1970-01-01T00:00:00Z SingleCallByTts POST";
    assert_eq!(
        said(ONE),
        format!(
            "expected the number to be dialled once, but it was dialled 2 times; the requests were:\n  {at} 200, dialled \
             1 (request {}) <- this number\n  {at} 200, dialled 1 (request {}) <- this number\n  {at} 200 \
             isv.BUSINESS_LIMIT_CONTROL (request {})\n  {at} unanswered, dialled 1, fault reset (request {})",
            ids[0], ids[1], ids[2], ids[3]
        )
    );
    emulator.assert_dialled_once(TWO);
}

#[tokio::test]
async fn requests_are_compared_with_typed_ones() {
    let emulator = emulator();
    client(&emulator).send(call(ONE).out_id("order-1").play_times(2)).await.unwrap();
    let received = &emulator.requests()[0];
    assert!(received.matches(&call(ONE)));
    assert!(received.matches(&call("").play_times(2)));
    assert!(!received.matches(&call(TWO)));
    assert!(!received.matches(&call(ONE).out_id("order-2")));
    assert!(!received.matches(&call(ONE).volume(1)));
    assert!(!received.matches(&QueryRobotTaskCallList::new()));
}

#[tokio::test]
async fn time_is_advanced_by_tests_and_reset_starts_again() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496);
    let emulator = dyvmsapi_emulator::builder().time_starts_at(start).time_scale(0).time_window(Duration::MAX).build();
    let client = client(&emulator);
    emulator.on_any().reply(json!({ "CallId": "1^1" }));
    client.send(call(ONE)).await.unwrap();
    emulator.advance(Duration::from_secs(61));
    client.send(call(ONE)).await.unwrap();
    let times: Vec<_> = emulator.requests().iter().map(Received::at).collect();
    assert_eq!(times, [start, start + Duration::from_secs(61)]);
    assert_eq!(emulator.dials()[1].at(), emulator.time());
    emulator.set_time(SystemTime::UNIX_EPOCH);
    assert_eq!(emulator.time(), SystemTime::UNIX_EPOCH);
    emulator.reset();
    assert_eq!((emulator.requests().len(), emulator.dials().len(), emulator.time()), (0, 0, start));
    assert_ne!(outcome(&client, call(ONE)).await, "1^1");
}

#[tokio::test]
async fn calls_end_as_time_is_advanced() {
    let emulator = dyvmsapi_emulator::emulator();
    client(&emulator).send(call(ONE)).await.unwrap();
    let assert = std::panic::AssertUnwindSafe(|| emulator.assert_nothing_pending());
    assert!(std::panic::catch_unwind(assert).is_err());
    emulator.advance(Duration::from_secs(600));
    emulator.assert_nothing_pending();
    client(&emulator).send(call(TWO)).await.unwrap();
    emulator.reset();
    emulator.assert_nothing_pending();
}

#[tokio::test]
async fn a_clock_that_is_set_beyond_the_window_refuses_and_one_that_is_advanced_does_not() {
    let emulator = emulator();
    emulator.advance(Duration::from_secs(16 * 60));
    client(&emulator).send(call(ONE)).await.unwrap();
    emulator.set_time(emulator.time());
    assert_eq!(outcome(&client(&emulator), call(ONE)).await, "InvalidTimeStamp.Expired");
}

#[tokio::test]
async fn an_observer_sees_one_line_for_each_request_with_nothing_to_hide() {
    let (sender, lines) = std::sync::mpsc::channel();
    let emulator = dyvmsapi_emulator::builder()
        .clock(|| SystemTime::UNIX_EPOCH)
        .time_window(Duration::MAX)
        .observer(move |received| sender.send(received.to_string()).unwrap())
        .build();
    let client = client(&emulator);
    client.send(call(ONE).tts_param([("what", "secret words")])).await.unwrap();
    client.send_action("Call13000000000", &[]).await.unwrap_err();
    let shown: Vec<String> = lines.try_iter().collect();
    let ids: Vec<_> = emulator.requests().iter().map(|request| request.request_id().to_owned()).collect();
    let expected = [
        format!("1970-01-01T00:00:00Z SingleCallByTts POST 200, dialled 1 (request {})", ids[0]),
        format!("1970-01-01T00:00:00Z (no known operation) POST 404 InvalidApi.NotFound (request {})", ids[1]),
    ];
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn rules_are_read_from_json() {
    let emulator = emulator();
    let client = client(&emulator);
    let rules = emulator
        .add_rules(
            r#"[
              { "when": { "action": "SingleCallByTts" }, "reply": { "CallId": "1^1" } },
              { "when": { "action": "SingleCallByTts", "parameters": { "CalledNumber": 13000000000 } },
                "refuse": { "code": "isv.BUSINESS_LIMIT_CONTROL" }, "times": 2,
                "then": [{ "gateway_error": { "status": 403, "code": "Forbidden.RAM" }, "times": 1 }] },
              { "when": {}, "probability": 0.0, "fault": "reset" }
            ]"#,
        )
        .unwrap();
    let mut outcomes = Vec::new();
    for number in [TWO, ONE, ONE, ONE, ONE] {
        outcomes.push(outcome(&client, call(number)).await);
    }
    let limited = "isv.BUSINESS_LIMIT_CONTROL";
    assert_eq!(outcomes, ["1^1", limited, limited, "Forbidden.RAM", "1^1"]);
    assert_eq!(rules.iter().map(dyvmsapi_emulator::Rule::matched).collect::<Vec<_>>(), [2, 3, 0]);
    assert_eq!(emulator.add_rules(r#"{ "when": {}, "pass": true }"#).unwrap().len(), 1);
}

#[test]
fn mistakes_in_rules_are_named_with_line_and_column_and_nothing_is_added() {
    let emulator = emulator();
    let cases = [
        ("", "line 1, column 1: EOF while parsing a value"),
        ("[\n  {]", "line 2, column 4: key must be a string"),
        (
            r#"{ "when": { "receipt": "VoiceReprt" }, "delivery": "fail" }"#,
            "line 1, column 24: there is no kind of receipts VoiceReprt; did you mean VoiceReport?",
        ),
        (
            r#"{ "when": { "receipt": "VoiceReport", "action": "IvrCall" }, "pass": true }"#,
            "line 1, column 13: a receipt has neither action nor parameters",
        ),
        (
            r#"{ "when": { "receipt": "VoiceReport", "connection": true }, "pass": true }"#,
            "line 1, column 39: a connection has neither action nor parameters, and is no receipt",
        ),
        (
            r#"{ "when": { "receipt": "VoiceReport" }, "fault": "reset" }"#,
            "line 1, column 13: a receipt can pass, or have a delivery: repeat, lose_response, fail, drop or \
             {\"delay_seconds\": 60}",
        ),
        (r#"{ "when": {}, "delivery": "drop" }"#, "line 1, column 15: only a receipt has a delivery"),
        (
            r#"[{ "when": {} }]"#,
            "line 1, column 2: expected one of reply, refuse, gateway_error, fault, delivery and pass",
        ),
        (r#"[{ "reply": {} }]"#, "line 1, column 16: missing field `when`"),
        (
            "[\n {\"when\": {},\n  \"repyl\": {}}]",
            "line 3, column 9: unknown field `repyl`, expected one of `when`, `probability`, `reply`, `refuse`, \
             `gateway_error`, `fault`, `delivery`, `pass`, `times`, `then`",
        ),
        (
            "[\n  { \"when\": { \"action\": \"SingleCallByTss\" }, \"reply\": {} }]",
            "line 2, column 25: there is no operation SingleCallByTss; did you mean SingleCallByTts?",
        ),
        (
            r#"{ "when": { "action": "SingleCallByTts", "parameters": { "CaledNumber": 1 } }, "reply": {} }"#,
            "line 1, column 58: SingleCallByTts has no parameter CaledNumber; did you mean CalledNumber?",
        ),
        (r#"{ "when": {}, "probability": 2, "reply": {} }"#, "line 1, column 15: probability is not within 0.0 to 1.0"),
        (
            r#"{ "when": {}, "reply": {}, "fault": "reset" }"#,
            "line 1, column 1: expected one of reply, refuse, gateway_error, fault, delivery and pass",
        ),
        (r#"{ "when": {}, "fault": { "kind": "delay" } }"#, "line 1, column 15: fault delay needs milliseconds"),
        (
            r#"{ "when": { "connection": true }, "fault": "html" }"#,
            "line 1, column 13: a connection can pass, or have the fault reset or silence",
        ),
        (
            r#"{ "when": {}, "gateway_error": { "status": 42, "code": "X" } }"#,
            "line 1, column 15: status 42 is not within 200 to 599",
        ),
    ];
    for (text, said) in cases {
        assert_eq!(emulator.add_rules(text).unwrap_err().to_string(), said, "{text}");
    }
    let two = emulator
        .add_rules(
            "[\n{\"when\": {}},\n{\"when\": {}, \"pass\": true},\n{\"when\": {\"action\": \"X\"}, \"pass\": true}]",
        )
        .unwrap_err();
    assert_eq!(
        two.mistakes().collect::<Vec<_>>(),
        [
            (2, 1, "expected one of reply, refuse, gateway_error, fault, delivery and pass"),
            (4, 21, "there is no operation X")
        ]
    );
    let unused = emulator.on_any();
    assert_eq!(format!("{unused:?}"), "Rule { id: 1, matched: 0, .. }");
}
