//! Robot tasks, from being created to being deleted.

use std::collections::HashSet;

use dyvmsapi_emulator::State;
use serde_json::{Value, json};

use crate::story::{Story, column};

const SETTINGS: [(&str, &str); 9] = [
    ("TaskName", "Survey March"),
    ("DialogId", "1000002300001"),
    ("CorpName", "Example Ltd"),
    ("Caller", "05710000000,05710000001"),
    ("NumberStatusIdent", "true"),
    ("RetryType", "1"),
    ("RecallStateCodes", "200002,200010"),
    ("RecallTimes", "1"),
    ("RecallInterval", "5"),
];

fn create(story: &Story, numbers: &[&str]) -> String {
    let id = story.data("CreateRobotTask", &SETTINGS).as_str().unwrap().to_owned();
    if !numbers.is_empty() {
        let uploaded = story.data("UploadRobotTaskCalledFile", &[("Id", &id), ("CalledNumber", &numbers.join(","))]);
        assert_eq!(uploaded, *id);
    }
    id
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|index| format!("1300001{index:04}")).collect()
}

fn texts(numbers: &[String]) -> Vec<&str> {
    numbers.iter().map(String::as_str).collect()
}

fn detail(story: &Story, id: &str) -> Value {
    story.data("QueryRobotTaskDetail", &[("Id", id)])
}

fn status(story: &Story, id: &str) -> String {
    detail(story, id)["status"].as_str().unwrap().to_owned()
}

fn calls(story: &Story, id: &str) -> Vec<Value> {
    let mut calls = Vec::new();
    for page in 1.. {
        let parameters = [("TaskId", id), ("PageNo", &page.to_string()), ("PageSize", "100")];
        match story.data("QueryRobotTaskCallList", &parameters) {
            Value::Array(page) if page.is_empty() => break,
            Value::Array(page) => calls.extend(page),
            other => panic!("{other} is no page"),
        }
    }
    calls
}

#[test]
fn a_task_calls_its_numbers_one_after_the_other() {
    let story = Story::new();
    let numbers = numbers(150);
    let id = create(&story, &texts(&numbers));
    assert_eq!((id.as_str(), status(&story, &id).as_str()), ("4001110001", "INIT"));
    story.wait(60);
    assert_eq!(calls(&story, &id).len(), 0);

    assert_eq!(story.data("StartRobotTask", &[("TaskId", &id)]), "true");
    assert_eq!(status(&story, &id), "DISPATCH");
    story.wait(2);
    assert_eq!(status(&story, &id), "EXCUTING");
    let mut before = 0;
    while status(&story, &id) == "EXCUTING" {
        let made = calls(&story, &id).len();
        assert!(made >= before && story.pending().is_some());
        before = made;
        story.wait(60);
    }
    assert_eq!((status(&story, &id).as_str(), story.pending()), ("FINISH", None));
    let calls = calls(&story, &id);
    let called: HashSet<&str> = calls.iter().filter_map(|call| call["called"].as_str()).collect();
    assert_eq!(called, texts(&numbers).into_iter().collect());
    let ids: HashSet<&str> = calls.iter().filter_map(|call| call["callId"].as_str()).collect();
    assert_eq!(ids.len(), 150);
    let record = &story.data("QueryRobotTaskList", &[("TaskName", "Survey March")])[0];
    assert_eq!((&record["totalCount"], &record["finishCount"]), (&json!(150), &json!(150)));
    let last = calls.iter().map(|call| call["callEndTime"].as_str().unwrap()).max().unwrap();
    assert_eq!(record["completeTime"], last);
}

#[test]
fn its_detail_and_its_record_tell_what_it_was_given() {
    let story = Story::of(State::Empty);
    let id = create(&story, &["13000000000"]);
    story.wait(90);
    story.data("StartRobotTask", &[("TaskId", &id)]);
    assert_eq!(
        detail(&story, &id),
        json!({
            "id": 4_001_110_001_u64, "taskName": "Survey March", "robotId": 1_000_002_300_001_u64,
            "robotName": "Survey robot", "corpName": "Example Ltd", "caller": "05710000000,05710000001",
            "numberStatusIdent": true, "status": "DISPATCH", "scheduleType": "SINGLE", "retryType": 1,
            "recallStateCodes": "200002,200010", "recallTimes": 1, "recallInterval": 5,
            "createTime": "2026-03-01 20:34:56", "fireTime": "2026-03-01 20:36:26", "completeTime": "",
            "called": [{
                "fileName": "numbers-4001110001--robotCallApi",
                "ossFilePath": "https://example.com/numbers-4001110001--robotCallApi.xlsx",
            }],
        })
    );
    let answer = story.ask("QueryRobotTaskList", &[]);
    assert_eq!(
        ["PageNo", "PageSize", "TotalCount"].map(|name| answer[name].as_str().unwrap().to_owned()),
        ["1", "20", "1"]
    );
    assert_eq!(
        serde_json::from_str::<Value>(answer["Data"].as_str().unwrap()).unwrap(),
        json!([{
            "id": 4_001_110_001_u64, "taskName": "Survey March", "robotId": 1_000_002_300_001_u64,
            "robotName": "Survey robot", "status": "DISPATCH", "scheduleType": "SINGLE",
            "createTime": "2026.03.01 20:34:56", "completeTime": "", "fireTime": "2026.03.01 20:36:26", "totalCount": 1,
            "finishCount": 0,
        }])
    );
}

#[test]
fn a_number_is_called_again_after_the_outcomes_that_were_named() {
    let story = Story::new();
    let id = create(&story, &["13000000002", "13000000005"]);
    story.data("StartRobotTask", &[("TaskId", &id)]);
    let busy = |story: &Story| {
        let calls = story.data("QueryRobotTaskCallList", &[("TaskId", &id), ("CallResult", "200002")]);
        (calls[0]["called"].clone(), calls[0]["recallCurTimes"].clone(), calls[0]["callResult"].clone())
    };
    story.wait(60);
    assert_eq!(busy(&story), (json!("13000000002"), json!(0), json!("占线")));
    assert_eq!(status(&story, &id), "EXCUTING");
    story.wait(300);
    assert_eq!(busy(&story), (json!("13000000002"), json!(1), json!("占线")));
    assert_eq!(status(&story, &id), "FINISH");
    let unreachable = story.data("QueryRobotTaskCallList", &[("TaskId", &id), ("CallResult", "200005")]);
    assert_eq!(column(&unreachable, "recallCurTimes"), [0]);
}

#[test]
fn a_stopped_task_makes_no_progress_until_it_is_resumed() {
    let story = Story::with(State::Sample, |builder| builder.seed(0));
    let id = create(&story, &texts(&numbers(100)));
    story.data("StartRobotTask", &[("TaskId", &id)]);
    story.wait(30);
    assert_eq!(story.data("StopRobotTask", &[("TaskId", &id)]), "true");
    assert_eq!(story.data("StopRobotTask", &[("TaskId", &id)]), "true");
    story.wait(3600);
    let made = calls(&story, &id).len();
    assert_eq!((made, status(&story, &id).as_str(), story.pending()), (28, "MANUAL_STOP", None));
    assert_eq!(story.data("StartRobotTask", &[("TaskId", &id)]), "true");
    assert_eq!(status(&story, &id), "EXCUTING");
    // Two of those that were called are to be called again.
    assert_eq!(story.pending().unwrap(), "74 calls are pending: robot task 4001110001 has 74 numbers to call");
    story.wait(3600);
    assert_eq!((calls(&story, &id).len(), status(&story, &id).as_str()), (100, "FINISH"));
}

#[test]
fn a_start_at_a_later_time_can_be_called_off() {
    let story = Story::new();
    let (waiting, called_off) = (create(&story, &["13000000000"]), create(&story, &["13000000000"]));
    for id in [&waiting, &called_off] {
        story.data("StartRobotTask", &[("TaskId", id), ("ScheduleTime", "2026-03-01 21:00:00")]);
        assert_eq!((status(&story, id).as_str(), &detail(&story, id)["scheduleType"]), ("READY", &json!("ORDER")));
    }
    assert_eq!(story.data("CancelOrderRobotTask", &[("TaskId", &called_off)]), "true");
    assert_eq!(story.data("CancelOrderRobotTask", &[("TaskId", &called_off)]), "true");
    story.wait(25 * 60 + 4);
    assert_eq!((status(&story, &waiting).as_str(), status(&story, &called_off).as_str()), ("DISPATCH", "CANCEL"));
    story.wait(600);
    assert_eq!((calls(&story, &waiting).len(), calls(&story, &called_off).len()), (1, 0));
    let refused = story.reply("StartRobotTask", &[("TaskId", &waiting), ("ScheduleTime", "tomorrow")]);
    refused.assert_refused(400, "InvalidScheduleTime", "Specified parameter ScheduleTime is not valid.");
}

/// Every operation in every state: `+` is done, `-` is refused.
#[test]
fn only_legal_transitions_are_made() {
    const OPERATIONS: [(&str, &str); 6] = [
        ("UploadRobotTaskCalledFile", "Id"),
        ("StartRobotTask", "TaskId"),
        ("StopRobotTask", "TaskId"),
        ("CancelRobotTask", "TaskId"),
        ("CancelOrderRobotTask", "TaskId"),
        ("DeleteRobotTask", "TaskId"),
    ];
    let reach = |state: &str| {
        let story = Story::new();
        let id = create(&story, &["13000000002"]);
        let task = [("TaskId", id.as_str())];
        match state {
            "INIT" => {}
            "READY" => {
                story.data("StartRobotTask", &[task[0], ("ScheduleTime", "2026-03-02 10:00:00")]);
            }
            _ => {
                story.data("StartRobotTask", &task);
            }
        }
        match state {
            "EXCUTING" => story.wait(5),
            "MANUAL_STOP" => assert_eq!(story.data("StopRobotTask", &task), "true"),
            "CANCEL" => assert_eq!(story.data("CancelRobotTask", &task), "true"),
            "FINISH" => story.wait(3600),
            _ => {}
        }
        assert_eq!(status(&story, &id), state);
        (story, id)
    };
    for (state, expected) in [
        ("INIT", "++---+"),
        ("READY", "----+-"),
        ("DISPATCH", "--++--"),
        ("EXCUTING", "--++--"),
        ("MANUAL_STOP", "-+++--"),
        ("CANCEL", "---+++"),
        ("FINISH", "-----+"),
    ] {
        let mut done = String::new();
        for (action, name) in OPERATIONS {
            let (story, id) = reach(state);
            let code = story.code(action, &[(name, &id), ("CalledNumber", "13000000000")]);
            assert!(["OK", "isv.INVALID_PARAMETERS"].contains(&code.as_str()), "{action} of {state}: {code}");
            done.push(if code == "OK" { '+' } else { '-' });
        }
        assert_eq!(done, expected, "{state}");
    }
    let (story, id) = reach("FINISH");
    assert_eq!(story.ask("StartRobotTask", &[("TaskId", &id)])["Message"], "a task that is FINISH cannot be started");
}

#[test]
fn a_deleted_task_is_gone() {
    let story = Story::new();
    let id = create(&story, &["13000000000"]);
    assert_eq!(story.data("DeleteRobotTask", &[("TaskId", &id)]), "true");
    for action in ["StartRobotTask", "StopRobotTask", "CancelRobotTask", "CancelOrderRobotTask", "DeleteRobotTask"] {
        assert_eq!(story.code(action, &[("TaskId", &id)]), "100008.0", "{action}");
    }
    assert_eq!(story.code("QueryRobotTaskDetail", &[("Id", &id)]), "100008.0");
    assert_eq!(story.code("CancelRobotTask", &[]), "100008.0");
    assert_eq!(calls(&story, &id).len(), 0);
}

#[test]
fn a_task_without_numbers_is_not_started_and_too_many_at_once_are_refused() {
    let story = Story::new();
    let id = create(&story, &[]);
    assert_eq!(story.code("StartRobotTask", &[("TaskId", &id)]), "isv.INVALID_PARAMETERS");
    let upload = |count| {
        let numbers = numbers(count).join(",");
        story.code("UploadRobotTaskCalledFile", &[("Id", &id), ("CalledNumber", &numbers)])
    };
    assert_eq!((upload(1001), upload(1000)), ("isv.VOICE_ROBOT_CALLEE_LIMIT".to_owned(), "OK".to_owned()));
    let parameters = [("Id", id.as_str()), ("CalledNumber", "13000000000,none")];
    assert_eq!(story.code("UploadRobotTaskCalledFile", &parameters), "isv.MOBILE_NUMBER_ILLEGAL");
    assert_eq!(story.data("QueryRobotTaskList", &[("Status", "INIT")])[0]["totalCount"], 1000);
}

#[test]
fn lists_tasks_by_name_state_and_day_in_pages() {
    let story = Story::new();
    for _ in 0..3 {
        create(&story, &["13000000000"]);
    }
    let list = |parameters: &[(&str, &str)]| {
        let ids = story.data("QueryRobotTaskList", parameters);
        column(&ids, "id").into_iter().map(|id| id.as_u64().unwrap()).collect::<Vec<_>>()
    };
    let (sample, created) = ([1_045_001, 1_045_002, 1_045_003], [4_001_110_001, 4_001_110_002, 4_001_110_003]);
    assert_eq!(list(&[]), [sample, created].concat());
    assert_eq!(list(&[("Status", "FINISH")]), sample);
    assert_eq!(list(&[("TaskName", "Survey March")]), created);
    assert_eq!(list(&[("Time", "2026-03-01")]), created);
    assert_eq!(list(&[("Time", "2026-02-25")]), [1_045_002]);
    assert_eq!(list(&[("PageNo", "2"), ("PageSize", "4")]), created[1..]);
    assert_eq!(list(&[("PageNo", "3"), ("PageSize", "4")]), [0_u64; 0]);
    assert_eq!(story.ask("QueryRobotTaskList", &[("PageSize", "2")])["TotalCount"], "6");
    assert_eq!(list(&[("TaskName", "Other")]), [0_u64; 0]);
}

#[test]
fn the_tasks_of_the_data_set_can_be_queried_and_deleted() {
    let story = Story::new();
    let record = &story.data("QueryRobotTaskList", &[("Time", "2026-02-24")])[0];
    assert_eq!(
        *record,
        json!({
            "id": 1_045_001, "taskName": "Sample 1045001", "robotId": 1_000_000_075_003_u64, "robotName": "Survey robot",
            "status": "FINISH", "scheduleType": "SINGLE", "createTime": "2026.02.24 08:50:35",
            "completeTime": "2026.02.24 11:23:07", "fireTime": "2026.02.24 09:00:35", "totalCount": 347,
            "finishCount": 347,
        })
    );
    let call = &story.data("QueryRobotTaskCallList", &[("TaskId", "1045001"), ("DurationFrom", "30")])[0];
    let day = "1771898400000";
    let parameters = [("TaskId", "1045001"), ("Callee", call["called"].as_str().unwrap()), ("QueryDate", day)];
    let detail = story.data("QueryRobotTaskCallDetail", &parameters);
    for (name, value) in call.as_object().unwrap() {
        assert_eq!(detail[name], *value, "{name}");
    }
    assert_eq!((&detail["recordStatus"], detail["dialogDetail"].as_array().unwrap().len()), (&json!(1), 2));
    let by_task = story.data("QueryCallDetailByTaskId", &parameters);
    assert_eq!((&by_task["callId"], &by_task["callee"]), (&call["callId"], &call["called"]));
    let elsewhen = [parameters[0], parameters[1], ("QueryDate", "1771984800000")];
    assert_eq!(story.code("QueryRobotTaskCallDetail", &elsewhen), "100008.0");
    assert_eq!(story.code("QueryCallDetailByTaskId", &elsewhen), "100008.0");

    assert_eq!(story.data("DeleteRobotTask", &[("TaskId", "1045001")]), "true");
    assert_eq!(calls(&story, "1045001").len(), 0);
    assert_eq!(calls(&story, "1045002").len(), 512);
    assert_eq!(calls(&Story::of(State::Empty), "1045002").len(), 0);
}

#[test]
fn a_batch_is_created_and_started_at_once() {
    let story = Story::new();
    let settings = [
        ("CalledNumber", "13000000000,13000000002"),
        ("CalledShowNumber", "05710000000"),
        ("DialogId", "1234567"),
        ("TaskName", "Reminder"),
    ];
    let id = story.member("BatchRobotSmartCall", &settings, "TaskId").as_str().unwrap().to_owned();
    assert_eq!(status(&story, &id), "DISPATCH");
    story.wait(300);
    assert_eq!(status(&story, &id), "FINISH");
    let results: Vec<Value> = calls(&story, &id).into_iter().map(|call| call["callResult"].clone()).collect();
    assert_eq!(results, ["接通", "占线"]);
    let today = story.today();
    let parameters = [("TaskId", id.as_str()), ("Callee", "13000000002"), ("QueryDate", &today)];
    assert_eq!(story.data("QueryCallDetailByTaskId", &parameters)["state"], "200002");

    let later = (today.parse::<u64>().unwrap() + 60_000).to_string();
    let scheduled = [("ScheduleCall", "True"), ("ScheduleTime", later.as_str())];
    let id = story.member("BatchRobotSmartCall", &[&settings[..], &scheduled].concat(), "TaskId");
    assert_eq!(status(&story, id.as_str().unwrap()), "READY");
    assert_eq!(story.code("BatchRobotSmartCall", &[&settings[..], &scheduled[..1]].concat()), "isv.INVALID_PARAMETERS");
}

/// Texts that a lenient reader takes for the id of a task.
#[test]
fn an_id_is_the_number_as_it_is_printed() {
    let story = Story::new();
    let calls = |id: &str| story.data("QueryRobotTaskCallList", &[("TaskId", id)]).as_array().unwrap().len();
    assert_eq!(calls("1045001"), 20);
    for id in ["+1045001", "01045001", " 1045001", "1045001 ", "1045001.0", "１０４５００１"] {
        assert_eq!(calls(id), 0, "{id}");
    }
}
