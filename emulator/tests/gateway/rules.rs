//! Rules that are added, changed and taken out while requests come on other threads: each request sees a rule whole or
//! not at all.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aliyun_emulator::{Emulator, Rule};
use serde_json::{Value, json};

use crate::support::{Call, emulator, send};

fn code(emulator: &Emulator, nonce: &str) -> String {
    Call::new().set("SignatureNonce", nonce).to(emulator).member("Code")
}

/// The codes of the requests that two threads send while a third one does `work` again and again, at least `most` times.
fn codes_during(emulator: &Emulator, most: usize, mut work: impl FnMut(usize)) -> BTreeMap<String, usize> {
    let (done, sent) = (AtomicBool::new(false), AtomicUsize::new(0));
    let sending = |thread: usize| {
        let mut codes = BTreeMap::<String, usize>::new();
        while !done.load(Ordering::Relaxed) {
            let number = sent.fetch_add(1, Ordering::Relaxed);
            *codes.entry(code(emulator, &format!("{thread}-{number}"))).or_default() += 1;
        }
        codes
    };
    let sending = &sending;
    std::thread::scope(|scope| {
        let senders = [0, 1].map(|thread| scope.spawn(move || sending(thread)));
        let mut round = 0;
        // As many requests as rules at least, however the threads are scheduled.
        while round < most || sent.load(Ordering::Relaxed) < most {
            work(round);
            round += 1;
            if round % 500 == 0 {
                emulator.clear_rules();
            }
        }
        done.store(true, Ordering::Relaxed);
        let mut codes = BTreeMap::new();
        for (code, count) in senders.into_iter().flat_map(|sender| sender.join().unwrap()) {
            *codes.entry(code).or_insert(0) += count;
        }
        codes
    })
}

#[track_caller]
fn assert_only_ok(codes: &BTreeMap<String, usize>) {
    assert_eq!(codes.keys().collect::<Vec<_>>(), ["OK"], "{codes:?}");
}

/// Every order of the parts, each of which takes the effect away in its last part.
#[test]
fn no_request_sees_an_incomplete_rule() {
    let emulator = emulator();
    let refuse = |rule: Rule| rule.refuse("isv.ACCOUNT_ABNORMAL", "");
    let builders: [&dyn Fn() -> Rule; 7] = [
        &|| refuse(emulator.on_any().with_probability(0.0)),
        &|| refuse(emulator.on_any()).with_probability(0.0),
        &|| refuse(emulator.on_any()).times(0),
        &|| refuse(emulator.on_any()).with_parameter("TaskId", "no such task"),
        &|| refuse(refuse(emulator.on_any()).times(0)).times(0).pass(),
        &|| emulator.on_any().gateway_error(503, "ServiceUnavailable", "").times(0).pass().with_probability(0.5),
        &|| emulator.on_action("QueryRobotTaskCallList").reply(json!({ "Code": "isv.UNKNOWN" })).with_probability(0.0),
    ];
    let codes = codes_during(&emulator, 3000, |round| drop(builders[round % builders.len()]()));
    assert_only_ok(&codes);
}

#[test]
fn no_request_meets_part_of_a_rule_or_of_a_list_in_json() {
    let emulator = emulator();
    let texts = [
        r#"{ "when": {}, "probability": 0.0, "refuse": { "code": "isv.ACCOUNT_ABNORMAL" } }"#,
        r#"{ "when": {}, "refuse": { "code": "isv.ACCOUNT_ABNORMAL" }, "times": 0, "then": [{ "pass": true }] }"#,
        // The later one comes first, so that the other is never asked.
        r#"[{ "when": {}, "gateway_error": { "status": 503, "code": "ServiceUnavailable" } },
            { "when": {}, "reply": { "Code": "OK" } }]"#,
    ];
    let codes = codes_during(&emulator, 3000, |round| drop(emulator.add_rules(texts[round % texts.len()]).unwrap()));
    assert_only_ok(&codes);
}

#[test]
fn a_number_of_responses_counts_from_the_first_request() {
    let emulator = emulator();
    let mut rules = Vec::new();
    let codes = codes_during(&emulator, 1000, |_| {
        if rules.len() < 100 {
            rules.push(emulator.on_any().refuse("isv.ACCOUNT_ABNORMAL", "").times(2).pass().times(1));
            rules.last().unwrap().clone().matched();
        }
    });
    let matched: u64 = rules.iter().map(Rule::matched).sum();
    assert!(codes.get("isv.ACCOUNT_ABNORMAL").is_none_or(|&count| count <= 200), "{codes:?}");
    assert!(matched <= 300, "{matched}");
    for rule in &rules {
        assert!(rule.matched() <= 3);
    }
}

#[test]
fn a_rule_whose_handle_is_kept_is_in_force_for_every_thread() {
    let emulator = emulator();
    let rule = emulator.on_any().refuse("isv.ACCOUNT_ABNORMAL", "");
    let elsewhere = std::thread::scope(|scope| scope.spawn(|| code(&emulator, "elsewhere")).join().unwrap());
    assert_eq!(
        (elsewhere.as_str(), code(&emulator, "here").as_str()),
        ("isv.ACCOUNT_ABNORMAL", "isv.ACCOUNT_ABNORMAL")
    );
    // A chain that goes on later is another change.
    let rule = rule.times(3).gateway_error(503, "ServiceUnavailable", "");
    assert_eq!(code(&emulator, "third"), "isv.ACCOUNT_ABNORMAL");
    let elsewhere = std::thread::scope(|scope| scope.spawn(|| code(&emulator, "fourth")).join().unwrap());
    assert_eq!((elsewhere.as_str(), rule.matched()), ("ServiceUnavailable", 4));
    rule.remove();
    assert_eq!(code(&emulator, "fifth"), "OK");
}

/// What `GET rules` tells: pairs of id and number of matches.
async fn told(server: &aliyun_emulator::Server) -> Vec<(u64, u64)> {
    let text = crate::server::get(server, "/_emulator/rules").await;
    let told: Value = serde_json::from_str(&text).unwrap();
    let rules = told["rules"].as_array().unwrap().iter();
    rules.map(|rule| (rule["id"].as_u64().unwrap(), rule["matched"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn a_rule_without_a_response_is_removed_when_it_is_dropped() {
    let emulator = emulator();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    drop(emulator.on_any().with_probability(1.0));
    let kept = emulator.on_any();
    drop(emulator.on_action("QueryRobotTaskCallList"));
    assert_eq!(code(&emulator, "1"), "OK");
    assert_eq!((kept.matched(), told(&server).await), (1, vec![(2, 1)]));
    let clone = kept.clone();
    drop(kept);
    assert_eq!((clone.matched(), told(&server).await), (1, vec![(2, 1)]));
    drop(clone);
    assert_eq!(told(&server).await, []);
}

#[test]
fn a_function_may_hold_the_handle_of_another_rule() {
    let emulator = emulator();
    for remove in [true, false] {
        let counted = emulator.on_action("QueryRobotTaskCallList").pass();
        let rule = emulator.on_any().reply_with(move |_| json!({ "CallId": counted.matched() }));
        let reply = send(&emulator, Call::new().set("SignatureNonce", &format!("{remove}")).in_form());
        assert_eq!(reply.json()["CallId"], 0);
        if remove {
            rule.remove();
        } else {
            emulator.clear_rules();
        }
    }
}

#[test]
fn a_list_that_would_be_too_long_adds_nothing() {
    let emulator = emulator();
    let list = |count: usize| {
        let rules = vec![r#"{ "when": {}, "refuse": { "code": "isv.ACCOUNT_ABNORMAL" }, "times": 1 }"#; count];
        format!("[{}]", rules.join(","))
    };
    assert_eq!(emulator.add_rules(&list(9_998)).unwrap().len(), 9_998);
    // A rule whose chain is not complete counts.
    let _begun = emulator.on_any();
    let error = emulator.add_rules(&list(2)).unwrap_err().to_string();
    assert_eq!(error, "line 1, column 1: there would be more than 10000 rules; take some out of force first");
    let newest = emulator.add_rules(&list(1)).unwrap();
    assert!(emulator.add_rules(&list(1)).is_err());
    assert_eq!(code(&emulator, "1"), "isv.ACCOUNT_ABNORMAL");
    assert_eq!(newest[0].matched(), 1);
}

/// Only requests that a kept rule can match wait to see whether its chain goes on.
#[test]
fn a_kept_rule_holds_up_no_request_of_another_action() {
    let emulator = emulator();
    let kept = emulator.on_action("SingleCallByVoice").refuse("isv.RULE", "said by a rule");
    let begun = std::time::Instant::now();
    let code = std::thread::scope(|scope| scope.spawn(|| code(&emulator, "other-1")).join().unwrap());
    // Less than the wait for a chain.
    assert!(begun.elapsed() < std::time::Duration::from_millis(450), "{:?}", begun.elapsed());
    assert_eq!((code.as_str(), kept.matched()), ("OK", 0));
}
