//! What a caller is told of a call: placed, refused, or unknown.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use aliyun_runtime::http::HeaderMap;
use aliyun_runtime::{Ending, HttpResponse, Transport};
use dyvmsapi::call::{CancelCall, SingleCallByTts, SingleCallByTtsResponse};
use dyvmsapi::cloud::CloudCreateSkill;
use dyvmsapi::robot::{BatchRobotSmartCall, QueryRobotTaskCallList};
use dyvmsapi::{Client, Credentials, Error, ErrorKind, Facts, Retries, Sent};
use serde_json::{Value, json};
use workspace_tests::Canned;

fn client(transport: impl Transport) -> Client {
    Client::builder()
        .retries(Retries::never())
        .credentials(Credentials::new("testid", "testsecret"))
        .transport(transport)
        .build()
        .unwrap()
}

fn dial() -> SingleCallByTts {
    SingleCallByTts::new("13000000000", "TTS_10001")
}

async fn dialled(canned: Canned) -> Result<SingleCallByTtsResponse, Error> {
    client(canned).send(dial()).await
}

/// The whole of a response that states success, and everything that it may lack: then nobody knows what became of it.
#[tokio::test]
async fn a_call_is_placed_only_where_the_response_says_so() {
    let placed = [
        r#"{"Code":"OK","CallId":"1^2"}"#,
        r#"{"Code":"200","CallId":"1^2"}"#,
        r#"{"Code":200,"CallId":"1^2","RequestId":"R"}"#,
        r#"{"CallId":123,"Code":"OK"}"#,
        r#"{"CallId":"1^2","Code":"OK","Message":{},"AccessDeniedDetail":[]}"#,
    ];
    for body in placed {
        assert!(dialled(Canned::ok(body)).await.is_ok(), "{body}");
    }
    let unknown = [
        r#"{"RequestId":"R"}"#,
        r#"{"RequestId":"R","CallId":"1^2"}"#,
        r#"{"Code":"","RequestId":"R","CallId":"1^2"}"#,
        r#"{"Code":null,"RequestId":"R","CallId":"1^2"}"#,
        r#"{"Code":[],"RequestId":"R","CallId":"1^2"}"#,
        r#"{"Code":{},"RequestId":"R","CallId":"1^2"}"#,
        r#"{"Code":true,"RequestId":"R","CallId":"1^2"}"#,
        r#"{"Code":"ok","RequestId":"R","CallId":"1^2"}"#,
        r#"{"code":"OK","RequestId":"R","CallId":"1^2"}"#,
        r#"{"Success":false,"ErrorCode":"X"}"#,
        r#"{"Success":true,"RequestId":"R","CallId":"1^2"}"#,
        r#"{"Code":"OK"}"#,
        r#"{"Code":"OK","RequestId":"R"}"#,
        r#"{"Code":"OK","CallId":""}"#,
        r#"{"Code":"OK","CallId":" "}"#,
        r#"{"Code":"OK","CallId":null}"#,
        r#"{"Code":"OK","CallId":{}}"#,
        r#"{"Code":"OK","CallId":false}"#,
        r#"{"Code":"OK","CallId":0}"#,
        r#"{"Code":"OK","CallId":"null"}"#,
        r#"{"Code":"OK","Data":{"CallId":"1^2"}}"#,
        "{}",
        "[]",
        "null",
        "OK",
        r#""OK""#,
        "",
    ];
    for body in unknown {
        let error = dialled(Canned::ok(body)).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{body}: {error}");
        assert!(error.to_string().contains("a phone may be ringing, so look the call up"), "{body}: {error}");
    }
}

#[tokio::test]
async fn each_operation_that_dials_needs_the_id_that_it_always_carries() {
    let batch = BatchRobotSmartCall::new(["13000000000"], ["05710000000"], "1234567", "Survey");
    let send = async |body: &str| client(Canned::ok(body)).send(batch.clone()).await.map(|_| ());
    assert!(send(r#"{"Code":"OK","TaskId":"4001"}"#).await.is_ok());
    let error = send(r#"{"Code":"OK","CallId":"1^2","RequestId":"R-1"}"#).await.unwrap_err();
    assert!(error.is_outcome_unknown());
    assert!(error.to_string().contains("the response states success but has no TaskId"), "{error}");
    // Of an operation that is called by its name, what is said of it counts.
    for (facts, placed) in [
        (Facts::operation("SingleCallByTts").reaches(aliyun_runtime::By::Call, "CalledNumber").id("CallId"), false),
        (Facts::operation("SingleCallByTts").reaches(aliyun_runtime::By::Call, "CalledNumber"), true),
    ] {
        let call =
            client(Canned::ok(r#"{"Code":"OK"}"#)).send_action("SingleCallByTts", &[("CalledNumber", "13000000000")]);
        assert_eq!(call.facts(facts).await.is_ok(), placed);
    }
    // Every such operation of the specification that can have one.
    let ids: Vec<(&str, &str)> = aliyun_api_spec::dyvmsapi()
        .operations
        .iter()
        .filter(|operation| operation.reaches.is_some())
        .filter_map(|operation| Some((operation.action.as_str(), operation.id.as_deref()?)))
        .collect();
    assert_eq!(
        ids,
        [
            ("BatchRobotSmartCall", "TaskId"),
            ("IvrCall", "CallId"),
            ("SingleCallByTts", "CallId"),
            ("SingleCallByVideo", "CallId"),
            ("SingleCallByVoice", "CallId"),
            ("SmartCall", "CallId"),
        ]
    );
}

/// What says two things says nothing that is known, and the id is kept.
#[tokio::test]
async fn a_response_that_contradicts_itself_leaves_the_outcome_unknown() {
    for body in [
        r#"{"Code":"OK","CallId":"1^2","Code":"isv.LIMIT","RequestId":"R-1"}"#,
        r#"{"Code":"isv.LIMIT","Code":"OK","CallId":"1^2"}"#,
        r#"{"CallId":"1^3","Code":"OK","CallId":"1^2"}"#,
        r#"{"Code":"OK","Success":false,"ErrorCode":"X","CallId":"1^2"}"#,
        r#"{"success":"False","Code":"OK","CallId":"1^2"}"#,
    ] {
        let error = dialled(Canned::ok(body)).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{body}: {error}");
        assert!(error.to_string().contains("the response contradicts itself: it"), "{body}: {error}");
        assert_eq!(error.id(), Some("1^2"), "{body}");
    }
    for body in [
        r#"{"Code":"OK","Code":"OK","CallId":"1^2"}"#,
        r#"{"Code":"OK","Success":true,"CallId":"1^2"}"#,
        r#"{"Code":"OK","CallId":"1^2","Data":{"Code":"X","Success":false}}"#,
    ] {
        assert!(dialled(Canned::ok(body)).await.is_ok(), "{body}");
    }
    let refused = dialled(Canned::ok(r#"{"Code":"isv.LIMIT","CallId":"1^2"}"#)).await.unwrap_err();
    // A listed code is a refusal, whatever stands beside it.
    assert_eq!((refused.code(), refused.is_outcome_unknown()), (Some("isv.LIMIT"), false));
}

/// An error keeps what was read of a success, whatever the order of the members and wherever the text ends.
#[tokio::test]
async fn a_success_that_cannot_be_read_whole_keeps_its_id() {
    let whole = r#"{"Code":"OK","CallId":"116012354148^102813780000","RequestId":"R-1","Message":"OK"}"#;
    let id = "116012354148^102813780000";
    let (known, end) = (whole.find(id).unwrap() + id.len() + 1, whole.len());
    for length in 0..end {
        let body = &whole.as_bytes()[..length];
        let endings: [fn() -> Ending; 4] =
            [|| Ending::Complete, || Ending::CutShort("reset".into()), || Ending::TooLong, || Ending::Late];
        for ending in endings {
            let answer = HttpResponse::new(200, HeaderMap::new(), body.to_vec()).ending(ending());
            let error = dialled(Canned::default().then_answer(Ok(answer))).await.unwrap_err();
            assert!(error.is_outcome_unknown(), "{length}: {error}");
            let kept = (length >= known).then_some(id);
            assert_eq!(error.id(), kept, "{length}: {error}");
            assert_eq!(error.to_string().contains(&format!("CallId {id}")), kept.is_some(), "{length}: {error}");
            let response = error.response::<SingleCallByTtsResponse>();
            assert_eq!(response.and_then(|response| response.call_id.as_deref()), kept, "{length}");
        }
    }
}

/// Words in another character set, before the id and behind it.
#[tokio::test]
async fn invalid_utf8_does_not_remove_the_id() {
    for (before, behind) in [
        (r#"{"Code":"OK","CallId":"1^2","Message":""#, r#""}"#),
        (r#"{"Message":""#, r#"","Code":"OK","CallId":"1^2"}"#),
        (
            "<SingleCallByTtsResponse><Message>",
            "</Message><Code>OK</Code><CallId>1^2</CallId></SingleCallByTtsResponse>",
        ),
    ] {
        let body = [before.as_bytes(), b"\xb3\xc9\xb9\xa6", behind.as_bytes()].concat();
        let error = dialled(Canned::ok(body)).await.unwrap_err();
        assert!(error.is_outcome_unknown(), "{before}: {error}");
        assert!(error.to_string().contains("is not UTF-8 from byte"), "{before}: {error}");
        assert_eq!(error.id(), Some("1^2"), "{before}: {error}");
        let response = error.response::<SingleCallByTtsResponse>();
        assert_eq!(response.and_then(|response| response.call_id.as_deref()), Some("1^2"), "{before}");
    }
}

#[tokio::test]
async fn what_does_not_fit_does_not_take_the_id_along() {
    for body in [
        r#"{"Code":"OK","RequestId":"R-1","TaskId":"4001","Data":1}"#,
        r#"{"TaskId":"4001","Data":[{"a":"b"}],"Code":"OK","RequestId":"R-1"}"#,
    ] {
        let facts = Facts::operation("StartRobotTask").reaches(aliyun_runtime::By::Call, "TaskId").id("TaskId");
        let value =
            client(Canned::ok(body)).send_action("StartRobotTask", &[("TaskId", "4001")]).facts(facts).await.unwrap();
        assert_eq!(value["TaskId"], "4001");
    }
    // A list where a text belongs, in an operation that says what the id is.
    let start = dyvmsapi::robot::StartRobotTask::new(4001);
    let error = client(Canned::ok(r#"{"Data":[],"Code":"OK","RequestId":"R-1"}"#)).send(start).await.unwrap_err();
    assert_eq!((error.kind(), error.sent(), error.is_outcome_unknown()), (ErrorKind::Response, Sent::Yes, true));
    let kept = error.response::<dyvmsapi::robot::StartRobotTaskResponse>().unwrap();
    assert_eq!((&*kept.code, &*kept.request_id, &kept.data), ("OK", "R-1", &None));
}

/// Only what can be an id is shown as one.
#[tokio::test]
async fn an_id_that_is_none_does_not_show() {
    for id in ["13000000000", "call of 13000000000", "130-0000-0000\u{1b}[2J", "1 2", &"1".repeat(65)] {
        let body = json!({"Code": "OK", "CallId": id, "RequestId": "R-1"}).to_string();
        let cut = &body[..body.len() - 1];
        let error = dialled(Canned::ok(cut)).await.unwrap_err();
        assert_eq!(error.id(), Some(id));
        assert!(!error.to_string().contains("CallId 1") && !error.to_string().contains("130"), "{error}");
        assert!(!format!("{error:?}").contains("13000000000"), "{error:?}");
    }
}

/// Every code of the specification, one of each family and some that nobody lists, for each kind of operation: the line
/// of an error says of the operation what it can have done, and nothing else.
#[tokio::test]
async fn the_line_is_about_the_operation_that_was_called() {
    let service = aliyun_api_spec::dyvmsapi();
    let listed = service.errors.iter().flat_map(|error| [&error.code].into_iter().chain(&error.aliases));
    let codes = listed.map(|code| code.replace('*', "Odd")).chain(["SystemError".to_owned(), "X".to_owned()]);
    for code in codes {
        for status in [200, 400, 408, 499, 500] {
            let body = json!({"Code": code, "Message": "no", "RequestId": "R-1"}).to_string();
            let canned = || Canned::default().then(status, body.clone());
            let read = client(canned()).send(QueryRobotTaskCallList::new()).await.unwrap_err();
            let write = client(canned()).send(CloudCreateSkill::new(7_000_001, "french")).await.unwrap_err();
            let harmless = client(canned()).send(CancelCall::new("1^2")).await.unwrap_err();
            let dial = dialled(canned()).await.unwrap_err();
            let line = |error: &Error| error.to_string();
            for (error, dials) in [(&read, false), (&write, false), (&harmless, false), (&dial, true)] {
                let line = line(error);
                assert_eq!(error.code(), Some(&*code), "{line}");
                let unknown = error.is_outcome_unknown();
                assert_eq!(line.contains("a phone may be ringing"), dials && unknown, "{line}");
                let changes = !dials && error.action() != read.action();
                assert_eq!(line.contains("the change may have been made"), changes && unknown, "{line}");
                assert_eq!(line.contains("refused the request"), !unknown, "{line}");
                // Advice is the same for every operation.
                let advice = error.advice().unwrap_or_default();
                for words in ["placed", " rang ", "ringing", "call was"] {
                    assert!(!advice.contains(words), "{advice}");
                }
            }
        }
    }
}

/// A spoken text or a template that is a part of a code changes nothing of it.
#[tokio::test]
async fn a_code_is_shown_as_the_service_sent_it() {
    let service = aliyun_api_spec::dyvmsapi();
    for error in &service.errors {
        let code = error.code.replace('*', "NEW_CODE");
        for part in code.split(['.', '_']).chain([&*code]).filter(|part| part.len() > 1) {
            let request = SingleCallByTts::new("13000000000", part).tts_param([("text", part)]).out_id(part);
            let body = json!({"Code": code, "Message": format!("{part} is not heard"), "RequestId": "R-1"}).to_string();
            let failed = client(Canned::ok(body)).send(request).await.unwrap_err();
            assert_eq!(failed.code(), Some(&*code), "{part}");
            assert!(failed.to_string().contains(&format!(": {code}: ")), "{failed}");
        }
    }
    // One that nobody lists may be anything, such as a value of the request or a number.
    for (code, shown) in [
        ("13000000000", "***"),
        ("isv.13000000000", "isv.***"),
        ("mockingbird", "***"),
        ("mockingbirdBusy", "mockingbirdBusy"),
        ("mockingbird is busy", "*** is busy"),
    ] {
        let request = dial().tts_param([("text", "mockingbird")]);
        let body = json!({"Code": code, "RequestId": "R-1"}).to_string();
        assert_eq!(client(Canned::ok(body)).send(request).await.unwrap_err().code(), Some(shown));
    }
}

#[tokio::test]
async fn a_request_id_is_found_in_every_spelling() {
    for name in ["RequestId", "requestId", "requestid", "REQUESTID"] {
        for status in [200, 400] {
            let body = format!(r#"{{"Code":"isv.LIMIT","{name}":"R-1-8765"}}"#);
            let error = dialled(Canned::default().then(status, body)).await.unwrap_err();
            assert_eq!(error.request_id(), Some("R-1-8765"), "{name} with HTTP {status}");
        }
    }
}

/// Whatever says that too many requests came is known as that.
#[tokio::test]
async fn codes_of_throttling_are_known() {
    for code in
        ["Throttling", "Throttling.User", "Throttling.Api", "Throttling.New", "RequestLimitExceeded", "TooManyRequests"]
    {
        let body: Value = json!({"Code": code, "RequestId": "R-1"});
        let error = dialled(Canned::default().then(400, body.to_string())).await.unwrap_err();
        assert!(error.is_throttled() && !error.is_outcome_unknown(), "{error}");
    }
}
