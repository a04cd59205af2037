use std::collections::HashSet;

use super::*;
use crate::robot::Robot;
use aliyun_emulator::Problem;

fn try_list(pairs: &[(&str, &str)]) -> Result<Vec<Value>, Problem> {
    let parameters = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    let arguments = Arguments { parameters: &parameters, now: Time::from_millis(0) };
    let answer = Robot::new(0, true).answer("QueryRobotTaskCallList", arguments).unwrap()?;
    match &answer[..] {
        [("Data", Value::Array(calls))] => Ok(calls.clone()),
        other => panic!("{other:?} is no list"),
    }
}

fn list(pairs: &[(&str, &str)]) -> Vec<Value> {
    try_list(pairs).unwrap()
}

/// All pages of 100.
fn all(pairs: &[(&str, &str)]) -> Vec<Value> {
    let mut calls = Vec::new();
    for page in 1.. {
        let page = list(&[pairs, &[("PageNo", &page.to_string()), ("PageSize", "100")]].concat());
        if page.is_empty() {
            break;
        }
        calls.extend(page);
    }
    calls
}

fn number(call: &Value, name: &str) -> u64 {
    call[name].as_str().and_then(|text| text.parse().ok()).or_else(|| call[name].as_u64()).unwrap()
}

#[test]
fn has_three_tasks_and_every_call_of_them_once() {
    for (task, count) in SAMPLE {
        let calls = all(&[("TaskId", &task.to_string())]);
        assert_eq!(calls.len(), count as usize);
        assert!(calls.iter().all(|call| call["taskId"] == task));
    }
    let calls = all(&[]);
    assert_eq!(calls.len(), 347 + 512 + 260);
    let ids: HashSet<&str> = calls.iter().filter_map(|call| call["callId"].as_str()).collect();
    assert_eq!(ids.len(), calls.len());
    assert_eq!(all(&[]), calls);
}

#[test]
fn a_record_has_every_member_in_the_form_of_the_service() {
    let calls = all(&[("TaskId", "1045002")]);
    let first = calls.into_iter().find(|call| call["transferResult"] == "0").unwrap();
    assert_eq!(
        first,
        json!({
            "taskId": 1_045_002,
            "caller": "05710005002",
            "called": "13000003383",
            "duration": "50",
            "label": "有意向,有房",
            "dialogCount": "5",
            "callResult": "接通",
            "hangupDirection": "1",
            "transferResult": "0",
            "transferNumber": "05710009002",
            "transferFailReason": "坐席忙",
            "callId": "116951045002^103700200633",
            "recallCurTimes": 0,
            "callStartTime": "2026.02.25 09:37:40",
            "callEndTime": "2026.02.25 09:38:53",
            "sureCount": 3,
            "denyCount": 0,
            "rejectCount": 0,
            "customCount": 1,
            "konwledgeCount": 0,
            "defaultCount": 1,
            "knowledgeBusinessCount": 0,
            "knowledgeCommonCount": 0,
        }),
    );
}

#[test]
fn records_are_true_to_themselves() {
    for call in all(&[]) {
        let digits = |name: &str, prefix: &str| {
            let text = call[name].as_str().unwrap();
            assert!(text.len() == 11 && text.starts_with(prefix) && text.bytes().all(|b| b.is_ascii_digit()), "{call}");
        };
        digits("called", "1300000");
        digits("caller", "0571000");
        let answered = call["callResult"] == ANSWERED;
        assert_eq!(number(&call, "dialogCount") > 0, answered, "{call}");
        assert_eq!(number(&call, "duration") > 0, answered, "{call}");
        match call["transferResult"].as_str().unwrap() {
            "3" => assert_eq!(call["transferNumber"], ""),
            "1" => assert_eq!(call["transferFailReason"], ""),
            "0" => assert_ne!(call["transferFailReason"], ""),
            other => panic!("transferResult {other}"),
        }
        assert_eq!(
            number(&call, "konwledgeCount"),
            number(&call, "knowledgeBusinessCount") + number(&call, "knowledgeCommonCount")
        );
        let said = ["sureCount", "denyCount", "rejectCount", "customCount", "konwledgeCount", "defaultCount"];
        assert_eq!(said.map(|name| number(&call, name)).iter().sum::<u64>(), number(&call, "dialogCount"));
        let time = |name: &str| DateTime::strptime("%Y.%m.%d %H:%M:%S", call[name].as_str().unwrap()).unwrap();
        let length = time("callStartTime").duration_until(time("callEndTime"));
        assert!(length.as_secs() > i64::try_from(number(&call, "duration")).unwrap(), "{call}");
    }
}

#[test]
fn filters_by_outcome() {
    let mut counts = Vec::new();
    for code in UNANSWERED {
        let text = Outcome::of_code(code).unwrap().words;
        let calls = all(&[("TaskId", "1045001"), ("CallResult", code)]);
        assert!(calls.iter().all(|call| call["callResult"] == text), "{code}");
        counts.push(calls.len());
    }
    let answered = all(&[("TaskId", "1045001")]).iter().filter(|call| call["callResult"] == ANSWERED).count();
    assert_eq!((answered, counts.as_slice()), (205, [34, 28, 22, 31, 27].as_slice()));
    assert_eq!(all(&[("CallResult", "200000")]).len(), 0);
}

#[test]
fn filters_by_side_that_hung_up() {
    let counts = ["0", "1", "2"].map(|side| {
        let calls = all(&[("TaskId", "1045001"), ("HangupDirection", side)]);
        assert!(calls.iter().all(|call| call["hangupDirection"] == side));
        calls.len()
    });
    assert_eq!(counts, [118, 229, 0]);
}

#[test]
fn filters_by_number() {
    let called = list(&[("TaskId", "1045002")])[3]["called"].as_str().unwrap().to_owned();
    let calls = all(&[("Called", &called)]);
    assert!(!calls.is_empty() && calls.iter().all(|call| call["called"] == *called));
    assert_eq!(list(&[("Called", "13000000")]).len(), 0);
}

#[test]
fn ranges_include_their_ends() {
    let rounds = |from: &str, to: &str| all(&[("TaskId", "1045001"), ("DialogCountFrom", from), ("DialogCountTo", to)]);
    let calls = rounds("2", "4");
    let seen: HashSet<u64> = calls.iter().map(|call| number(call, "dialogCount")).collect();
    assert_eq!(seen, HashSet::from([2, 3, 4]));
    assert_eq!([calls.len(), rounds("4", "2").len(), rounds("0", "0").len(), rounds("", "").len()], [50, 0, 142, 347]);

    let duration = |from: &str, to: &str| all(&[("TaskId", "1045001"), ("DurationFrom", from), ("DurationTo", to)]);
    let calls = duration("30", "60");
    assert!(calls.iter().all(|call| (30..=60).contains(&number(call, "duration"))));
    assert_eq!([calls.len(), duration("1", "").len(), duration("", "0").len()], [73, 205, 142]);
    let exactly = number(&calls[0], "duration").to_string();
    assert!(duration(&exactly, &exactly).iter().all(|call| call["duration"] == *exactly));
}

#[test]
fn filters_add_up() {
    let calls = all(&[("TaskId", "1045003"), ("HangupDirection", "0"), ("DialogCountFrom", "5"), ("DurationTo", "60")]);
    let by_hand = all(&[("TaskId", "1045003")]).into_iter().filter(|call| {
        call["hangupDirection"] == "0" && number(call, "dialogCount") >= 5 && number(call, "duration") <= 60
    });
    assert_eq!(calls, by_hand.collect::<Vec<_>>());
    assert_eq!(calls.len(), 20);
}

#[test]
fn pages_follow_each_other_and_end_with_an_empty_one() {
    let task = ("TaskId", "1045001");
    let page = |number: &str| list(&[task, ("PageNo", number), ("PageSize", "50")]);
    assert_eq!([page("1").len(), page("6").len(), page("7").len(), page("8").len()], [50, 50, 47, 0]);
    assert_eq!(list(&[task]), page("1")[..20]);
    assert_eq!(list(&[task, ("PageNo", "2"), ("PageSize", "30")]), [&page("1")[30..], &page("2")[..10]].concat());
    assert_eq!(page("18446744073709551615").len(), 0);
}

#[test]
fn an_unknown_task_has_no_calls() {
    assert_eq!(list(&[("TaskId", "1045004")]).len(), 0);
    assert_eq!(list(&[("TaskId", "task")]).len(), 0);
    assert_eq!(list(&[("TaskId", "")]).len(), 20);
}

#[test]
fn refuses_numbers_that_are_none() {
    for (name, value) in [
        ("PageNo", "0"),
        ("PageNo", "-1"),
        ("PageSize", "0"),
        ("PageSize", "101"),
        ("PageSize", "ten"),
        ("DialogCountFrom", "few"),
        ("DialogCountTo", "-1"),
        ("DurationFrom", "1.5"),
        ("DurationTo", "60s"),
    ] {
        assert_eq!(try_list(&[(name, value)]), Err(Problem::invalid(name)), "{name}={value}");
    }
}
