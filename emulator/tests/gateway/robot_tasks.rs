//! The robot tasks, as a client sees them.

use aliyun_runtime::{Ending, Transport as _};
use serde_json::{Value, json};

use crate::support::{Call, emulator, send};

#[test]
fn lists_calls_in_json_with_data_as_a_text() {
    let reply = Call::new().set("TaskId", "1045001").to(&emulator());
    let answer = reply.json();
    let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(names, ["Code", "Message", "RequestId", "Data"]);
    assert_eq!((&answer["Code"], &answer["Message"]), (&json!("OK"), &json!("OK")));
    assert_eq!(answer["RequestId"], reply.header("x-acs-request-id"));
    assert_eq!(reply.header("content-type"), "application/json;charset=utf-8");

    let data = answer["Data"].as_str().unwrap();
    let calls: Vec<Value> = serde_json::from_str(data).unwrap();
    assert_eq!(calls.len(), 20);
    assert!(data.starts_with(
        "[{\"taskId\":1045001,\"caller\":\"05710005001\",\"called\":\"13000009073\",\"duration\":\"0\",\"label\":\"\",\
         \"dialogCount\":\"0\",\"callResult\":\"停机\","
    ));
}

#[test]
fn lists_the_same_calls_in_xml() {
    let emulator = emulator();
    let call = Call::new().set("TaskId", "1045002").set("PageNo", "3").set("PageSize", "7");
    let expected = call.to(&emulator).member("Data");
    let reply = call.set("Format", "xml").set("SignatureNonce", "2").to(&emulator);
    assert_eq!((reply.status(), reply.header("content-type")), (200, "text/xml;charset=utf-8"));
    let id = reply.header("x-acs-request-id");
    let start = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><QueryRobotTaskCallListResponse><Code>OK</Code>\
         <Message>OK</Message><RequestId>{id}</RequestId><Data>"
    );
    let data = reply.text().strip_prefix(&start).unwrap();
    let data = data.strip_suffix("</Data></QueryRobotTaskCallListResponse>").unwrap();
    assert_eq!(quick_xml::escape::unescape(data).unwrap(), expected);
}

#[test]
fn honours_filters_and_pages_together() {
    let emulator = emulator();
    let mut sizes = Vec::new();
    for page in ["1", "2", "3", "4"] {
        let call = Call::new()
            .set("TaskId", "1045001")
            .set("CallResult", "200002")
            .set("PageNo", page)
            .set("PageSize", "15")
            .set("SignatureNonce", page);
        let calls: Vec<Value> = serde_json::from_str(&call.to(&emulator).member("Data")).unwrap();
        assert!(calls.iter().all(|call| call["callResult"] == "占线"));
        sizes.push(calls.len());
    }
    assert_eq!(sizes, [15, 15, 4, 0]);
}

#[test]
fn an_unknown_task_is_an_empty_list_and_no_failure() {
    let reply = Call::new().set("TaskId", "7").to(&emulator());
    reply.assert_accepted();
    assert_eq!(reply.member("Data"), "[]");
}

#[test]
fn two_emulators_answer_the_same() {
    let call = Call::new().set("TaskId", "1045003");
    assert_eq!(call.to(&emulator()).text(), call.to(&emulator()).text());
}

#[tokio::test]
async fn the_transport_answers_like_the_engine() {
    let mut request = Call::new().set("PageSize", "2").in_form();
    *request.uri_mut() = "https://dyvmsapi.aliyuncs.com/".parse().unwrap();
    let expected = send(&emulator(), request.clone());
    let answer = emulator().transport().send(request, 1 << 20).await.unwrap();
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["x-acs-request-id"], expected.header("x-acs-request-id"));
    assert_eq!(answer.body, expected.text());
    assert!(matches!(answer.ending, Ending::Complete));
}

#[tokio::test]
async fn the_transport_keeps_to_the_body_limit() {
    let request = Call::new().in_form();
    let whole = send(&emulator(), request.clone()).text().to_owned();
    for (limit, complete) in [(whole.len() - 1, false), (whole.len(), true), (0, false)] {
        let answer = emulator().transport().send(request.clone(), limit).await.unwrap();
        assert_eq!(answer.body, whole.as_bytes()[..limit]);
        assert_eq!(matches!(answer.ending, Ending::Complete), complete);
        assert_eq!(matches!(answer.ending, Ending::TooLong), !complete);
    }
}
