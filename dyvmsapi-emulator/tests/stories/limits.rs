//! Documented limits.

use dyvmsapi_emulator::{Limits, State};

use crate::story::Story;

fn call(story: &Story, action: &str, number: &str, shown: &str) -> (String, String) {
    let code = if action == "SingleCallByTts" { ("TtsCode", "TTS_10001") } else { ("VoiceCode", "a.wav") };
    let answer = story.ask(action, &[("CalledNumber", number), ("CalledShowNumber", shown), code]);
    ["Code", "Message"].map(|name| answer[name].as_str().unwrap().to_owned()).into()
}

#[test]
fn are_enforced_only_when_requested() {
    let story = Story::new();
    for _ in 0..200 {
        assert_eq!(story.code("QueryRobotTaskDetail", &[("Id", "1045001")]), "OK");
        assert_eq!(call(&story, "SingleCallByTts", "13000000000", "").0, "OK");
    }
}

#[test]
fn queries_beyond_those_of_a_second_are_throttled() {
    let story = Story::with(State::Sample, |builder| builder.limits(Limits::Documented));
    story.wait_milliseconds(750);
    let ask = || story.reply("QueryRobotTaskDetail", &[("Id", "1045001")]);
    for _ in 0..100 {
        assert_eq!(ask().status(), 200);
    }
    story.wait_milliseconds(400);
    let throttled = ask();
    throttled.assert_refused(400, "Throttling.User", "Request was denied due to user flow control.");
    assert_eq!(throttled.header("x-acs-retry-after"), "600");
    // Every operation counts for itself.
    assert_eq!(story.code("QueryRobotTaskList", &[]), "OK");
    story.wait_milliseconds(600);
    assert_eq!(ask().status(), 200);
    let last = story.emulator.requests().pop().unwrap();
    assert_eq!(last.refusal(), None);
}

#[test]
fn call_tasks_stand_still_at_night() {
    let story = Story::with(State::Sample, |builder| builder.limits(Limits::Documented));
    let status = |story: &Story| story.data("ListCallTask", &[])[0]["Status"].as_str().unwrap().to_owned();
    let numbers = vec!["13000000000"; 1000].join(",");
    story.data("CreateCallTask", &[("Resource", "05710000000"), ("Data", &numbers)]);
    // 20:50:00 in China.
    story.wait(904);
    assert_eq!(story.code("ExecuteCallTask", &[("TaskId", "123456"), ("Status", "RUNNING")]), "200");
    story.wait(60);
    assert_eq!(status(&story), "RUNNING");
    story.wait(3 * 3600);
    assert_eq!(status(&story), "SYSTEM_STOP");
    // Ten minutes, but for two seconds in which the numbers were read.
    assert_eq!(story.data("ListCallTask", &[])[0]["CompletedCount"], 598);
    story.wait(9 * 3600 + 600);
    assert_eq!(status(&story), "RUNNING");
    story.wait(600);
    assert_eq!(status(&story), "DONE");
}

#[test]
fn calls_to_one_number_count_together_whatever_their_outcome() {
    for state in [State::Sample, State::Examples] {
        let story = Story::with(state, |builder| builder.limits(Limits::Documented));
        let ok = ("OK".to_owned(), "OK".to_owned());
        let refused = |window: &str| ("isv.BUSINESS_LIMIT_CONTROL".to_owned(), format!("触发{window}"));
        // Busy, and counted.
        assert_eq!(call(&story, "SingleCallByTts", "13000000002", ""), ok);
        assert_eq!(call(&story, "SingleCallByVoice", "13000000002", ""), refused("分钟级流控Permits:1"));
        assert_eq!(call(&story, "SingleCallByTts", "13000000002", "05710000000"), ok);
        assert_eq!(call(&story, "SingleCallByTts", "13000000001", ""), ok);
        for _ in 0..4 {
            story.wait(60);
            assert_eq!(call(&story, "SingleCallByVoice", "13000000002", ""), ok);
        }
        story.wait(60);
        assert_eq!(call(&story, "SingleCallByTts", "13000000002", ""), refused("小时级流控Permits:5"));
        for _ in 0..3 {
            story.wait(3600);
            for _ in 0..5 {
                assert_eq!(call(&story, "SingleCallByTts", "13000000002", ""), ok);
                story.wait(60);
            }
        }
        story.wait(3600);
        assert_eq!(call(&story, "SingleCallByTts", "13000000002", ""), refused("天级流控Permits:20"));
        story.wait(24 * 3600);
        assert_eq!(call(&story, "SingleCallByTts", "13000000002", ""), ok);
    }
}
