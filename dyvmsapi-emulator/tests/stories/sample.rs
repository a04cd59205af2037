//! The sample data: three robot tasks with their calls, as a client sees them.

use serde_json::{Value, json};

use crate::story::emulator;
use crate::support::Call;

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
fn two_emulators_give_equal_responses() {
    let call = Call::new().set("TaskId", "1045003");
    assert_eq!(call.to(&emulator()).text(), call.to(&emulator()).text());
}

#[test]
fn values_that_only_the_account_can_judge_are_refused() {
    let call = Call::new().set("TaskId", "1045001");
    for (name, value) in [("PageSize", "101"), ("DurationTo", "long")] {
        let refused = call.clone().set(name, value).to(&emulator());
        let message = format!("Specified parameter {name} is not valid.");
        refused.assert_refused(400, &format!("Invalid{name}"), &message);
    }
    call.set("PageSize", "100").set("DurationTo", "60").to(&emulator()).assert_accepted();
}
