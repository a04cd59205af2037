//! Call tasks.

use serde_json::{Value, json};

use crate::story::{Story, column};

const SETTINGS: [(&str, &str); 6] = [
    ("TaskName", "March notices"),
    ("BizType", "VMS_VOICE_CODE"),
    ("TemplateCode", "a.wav"),
    ("TemplateName", "Notice"),
    ("Resource", "05710000000"),
    ("Data", "13000000000,13000000002,13000000001"),
];

fn create(story: &Story) -> String {
    story.data("CreateCallTask", &SETTINGS).as_u64().unwrap().to_string()
}

fn execute(story: &Story, id: &str, status: &str) -> String {
    story.code("ExecuteCallTask", &[("TaskId", id), ("Status", status)])
}

fn record(story: &Story, id: &str) -> Value {
    story.data("ListCallTask", &[("TaskId", id)])[0].clone()
}

#[test]
fn a_task_runs_until_all_numbers_are_called() {
    let story = Story::new();
    let id = create(&story);
    assert_eq!(
        record(&story, &id),
        json!({
            "Status": "INIT", "DataType": "LIST", "TaskName": "March notices", "CompletedCount": 0, "TotalCount": 3,
            "TemplateName": "Notice", "BizType": "VMS_VOICE_CODE", "Resource": "05710000000", "TemplateCode": "a.wav",
            "CompletedRate": 0, "Id": 123_456,
        })
    );
    assert_eq!(execute(&story, &id, "RUNNING"), "200");
    assert_eq!(record(&story, &id)["Status"], "RELEASE");
    story.wait(2);
    assert_eq!(record(&story, &id)["Status"], "RUNNING");
    let statuses = |story: &Story| {
        let calls = story.data("ListCallTaskDetail", &[("TaskId", &id)]);
        column(&calls, "Status").into_iter().map(|status| status.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(statuses(&story), ["INIT", "INIT", "INIT"]);
    assert!(story.pending().unwrap().ends_with("pending: call task 123456 has 3 numbers to call"));
    story.wait(120);
    assert_eq!((statuses(&story).join(" ").as_str(), story.pending()), ("SUCCESS FAIL SUCCESS", None));
    let done = record(&story, &id);
    assert_eq!(
        (&done["Status"], &done["CompletedCount"], &done["CompletedRate"]),
        (&json!("DONE"), &json!(3), &json!(10000))
    );
    assert_eq!(done["FireTime"], "1772368496000");
    assert!(done["CompleteTime"].as_str().unwrap() > "1772368500000");
}

#[test]
fn a_task_is_dialled_when_it_is_started_and_not_when_it_is_stopped() {
    let story = Story::new();
    let id = create(&story);
    let dialled = |status: &str| {
        assert_eq!(execute(&story, &id, status), "200");
        story.emulator.dials_to(&id).len()
    };
    assert_eq!(dialled("RUNNING"), 1);
    story.wait(3);
    assert_eq!([dialled("STOP"), dialled("RUNNING"), dialled("CANCEL")], [1, 2, 2]);
}

#[test]
fn only_legal_transitions_are_made() {
    let story = Story::new();
    let reach = |state: &str| {
        let id = create(&story);
        if state != "INIT" {
            assert_eq!(execute(&story, &id, "RUNNING"), "200");
        }
        match state {
            "RUNNING" => story.wait(3),
            "STOP" | "CANCEL" => assert_eq!(execute(&story, &id, state), "200"),
            "DONE" => story.wait(600),
            _ => {}
        }
        assert_eq!(record(&story, &id)["Status"], state);
        id
    };
    for (state, expected) in
        [("INIT", "+-+"), ("RELEASE", "-++"), ("RUNNING", "-++"), ("STOP", "+-+"), ("CANCEL", "---"), ("DONE", "---")]
    {
        let done =
            ["RUNNING", "STOP", "CANCEL"].map(|command| match execute(&story, &reach(state), command).as_str() {
                "200" => '+',
                "InvalidParameters" => '-',
                other => panic!("{command} of {state}: {other}"),
            });
        assert_eq!(done.iter().collect::<String>(), expected, "{state}");
    }
    assert_eq!(execute(&story, "7", "RUNNING"), "InvalidParameters");
    assert_eq!(execute(&story, &create(&story), "PAUSE"), "InvalidParameters");
}

#[test]
fn a_task_waits_for_its_time_and_makes_no_progress_while_stopped() {
    let story = Story::new();
    let id = create(&story);
    let fire = [("TaskId", id.as_str()), ("Status", "RUNNING"), ("FireTime", "2026-03-01 20:40:00")];
    assert_eq!(story.code("ExecuteCallTask", &fire), "200");
    assert_eq!(record(&story, &id)["Status"], "INIT");
    assert_eq!(execute(&story, &id, "RUNNING"), "InvalidParameters");
    story.wait(304 + 3);
    assert_eq!(execute(&story, &id, "STOP"), "200");
    story.wait(600);
    let stopped = record(&story, &id);
    // The second of two numbers was called within the three seconds.
    assert_eq!((&stopped["Status"], &stopped["CompletedCount"]), (&json!("STOP"), &json!(1)));
    assert_eq!(stopped["StopTime"], "1772368803000");
    assert_eq!(execute(&story, &id, "RUNNING"), "200");
    story.wait(600);
    assert_eq!(record(&story, &id)["Status"], "DONE");
}

#[test]
fn numbers_come_as_a_list_or_with_values() {
    let story = Story::new();
    let table =
        r#"{"paramNames":["code"],"calleeList":[{"callee":"13000000000","params":["1"]},{"callee":"13000000001"}]}"#;
    let create = |data_type: &str, data: &str| {
        let parameters = [("Resource", "05710000000"), ("DataType", data_type), ("Data", data)];
        story.code("CreateCallTask", &parameters)
    };
    assert_eq!(create("JSON", table), "200");
    let calls = story.data("ListCallTaskDetail", &[("TaskId", "123456")]);
    assert_eq!(column(&calls, "CalledNum"), ["13000000000", "13000000001"]);
    let many = |count| vec!["13000000000"; count].join(",");
    assert_eq!(create("LIST", &many(1000)), "200");
    for (data_type, data) in
        [("LIST", many(1001).as_str()), ("LIST", ""), ("LIST", "x"), ("JSON", "13000000000"), ("FILE", "a.xlsx")]
    {
        assert_eq!(create(data_type, data), "InvalidParameters", "{data_type}");
    }
}

#[test]
fn lists_by_filters_in_pages() {
    let story = Story::new();
    for _ in 0..12 {
        create(&story);
    }
    execute(&story, "123460", "CANCEL");
    let list = |parameters: &[(&str, &str)]| {
        let answer = story.ask("ListCallTask", parameters);
        (answer["Data"].as_array().unwrap().len(), answer["Total"].as_u64().unwrap())
    };
    assert_eq!(list(&[]), (10, 12));
    assert_eq!(list(&[("PageNumber", "2")]), (2, 12));
    assert_eq!(list(&[("Status", "CANCEL")]), (1, 1));
    assert_eq!(
        list(&[("TaskName", "March notices"), ("BizType", "VMS_VOICE_CODE"), ("TemplateName", "Notice")]),
        (10, 12)
    );
    assert_eq!(list(&[("TaskName", "April notices")]), (0, 0));

    let answer = story.ask("ListCallTaskDetail", &[("TaskId", "123456"), ("PageNumber", "2"), ("PageSize", "2")]);
    assert_eq!((&answer["Total"], &answer["TotalPage"], &answer["PageSize"]), (&json!(3), &json!(2), &json!(2)));
    assert_eq!(column(&answer["Data"], "CalledNum"), ["13000000001"]);
    let filtered = story.data("ListCallTaskDetail", &[("TaskId", "123456"), ("CalledNum", "13000000002")]);
    assert_eq!(column(&filtered, "CalledNum"), ["13000000002"]);
    assert_eq!(story.ask("ListCallTaskDetail", &[("TaskId", "123456"), ("Status", "FAIL")])["Total"], 0);
    assert_eq!(story.ask("ListCallTaskDetail", &[("TaskId", "1")])["TotalPage"], 0);
}
