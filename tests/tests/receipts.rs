//! Receipts as the service sends them, and as it should not: what is read, what is kept, what is never shown.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use dyvmsapi::receipt::{KINDS, Receipt, VoiceCallReport, VoiceReport};
use dyvmsapi::types::CallStatusCode;
use serde_json::{Value, json};
use workspace_tests::receipt::Receipt as Specimen;
use workspace_tests::types::Level;

fn voice_report(text: &str) -> VoiceReport {
    match Receipt::read("VoiceReport", text) {
        Receipt::VoiceReport(report) => report,
        other => panic!("a VoiceReport, not {other:?}"),
    }
}

fn voice_call_report(text: &str) -> VoiceCallReport {
    match Receipt::read("VoiceCallReport", text) {
        Receipt::VoiceCallReport(report) => report,
        other => panic!("a VoiceCallReport, not {other:?}"),
    }
}

/// The typed receipt as JSON.
fn typed(receipt: &Receipt) -> Value {
    match receipt {
        Receipt::VoiceReport(receipt) => json!(receipt),
        Receipt::VoiceCallReport(receipt) => json!(receipt),
        Receipt::VoiceRecordReport(receipt) => json!(receipt),
        Receipt::VoiceRTASRReport(receipt) => json!(receipt),
        other => panic!("a known kind, not {other:?}"),
    }
}

#[test]
fn every_documented_receipt_is_read_member_by_member() {
    let mut examples = 0;
    for kind in &aliyun_api_spec::dyvmsapi().receipts {
        for (name, example) in &kind.examples {
            examples += 1;
            let text = json!(example).to_string();
            let receipt = Receipt::read(&kind.kind, &text);
            assert_eq!(receipt.kind(), kind.kind);
            assert_eq!(receipt.raw().as_str(), text);
            let member = |name: &Option<String>| name.as_ref().and_then(|name| example.get(name)?.as_str());
            assert_eq!(receipt.id(), member(&kind.id), "{} {name}", kind.kind);
            assert_eq!(receipt.own_id(), member(&kind.own_id), "{} {name}", kind.kind);
            // Numbers in texts and numbers are the same.
            let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let typed = typed(&receipt);
            let read: Vec<_> = typed.as_object().unwrap().iter().map(|(name, value)| (name, plain(value))).collect();
            let mut sent: Vec<_> = example.iter().map(|(name, value)| (name, plain(value))).collect();
            sent.sort();
            let mut read = read;
            read.retain(|(_, value)| value != "null");
            read.sort();
            assert_eq!(read, sent, "{} {name}", kind.kind);
        }
    }
    assert_eq!(examples, 10);
}

#[test]
fn the_table_of_kinds_is_that_of_the_specification() {
    let specified = aliyun_api_spec::dyvmsapi().receipts.iter();
    let specified: Vec<_> = specified
        .map(|kind| {
            let name = |name: &Option<String>| name.clone().unwrap_or_default();
            (kind.kind.clone(), kind.key.clone(), name(&kind.id), name(&kind.own_id))
        })
        .collect();
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let generated: Vec<_> = KINDS
        .iter()
        .map(|kind| (kind.name.to_owned(), owned(kind.key), kind.id.to_owned(), kind.own_id.to_owned()))
        .collect();
    assert_eq!(generated, specified);
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    assert_eq!(names, ["VoiceCallReport", "VoiceRTASRReport", "VoiceRecordReport", "VoiceReport"]);
}

/// A receiver that demands times loses exactly the calls that failed.
#[test]
fn the_empty_times_of_an_unanswered_call_are_empty_and_not_absent() {
    let report = voice_report(
        r#"{"call_id":"1^2","status_code":"200003","start_time":"","end_time":"","ring_time":"","duration":"0"}"#,
    );
    assert_eq!(report.start_time.as_deref(), Some(""));
    assert_eq!(report.end_time.as_deref(), Some(""));
    assert_eq!(report.originate_time, None);
    assert_eq!(report.duration, Some(0));
    assert_eq!(report.start_time(), None);
    assert_eq!(report.status_code, Some(CallStatusCode::NoAnswer));
}

#[test]
fn numbers_may_be_texts_and_texts_may_be_numbers() {
    for (text, duration, code) in [
        (r#"{"duration":"10","status_code":"200000"}"#, Some(10), "200000"),
        (r#"{"duration":10,"status_code":200000}"#, Some(10), "200000"),
        (r#"{"duration":"","status_code":486}"#, None, "486"),
        (r#"{"duration":null,"status_code":"486"}"#, None, "486"),
        // Not a whole number of seconds: left out, and still in the receipt as it arrived.
        (r#"{"duration":"10.5","status_code":"200000"}"#, None, "200000"),
        (r#"{"duration":{"s":10},"status_code":"200000"}"#, None, "200000"),
        (r#"{"duration":99999999999999999999,"status_code":"200000"}"#, None, "200000"),
    ] {
        let report = voice_report(text);
        assert_eq!(report.duration, duration, "{text}");
        assert_eq!(report.status_code.unwrap().as_str(), code, "{text}");
        assert_eq!(report.raw.as_str(), text);
    }
    assert_eq!(voice_report(r#"{"call_id":7,"out_id":true}"#).call_id.as_deref(), Some("7"));
}

#[test]
fn a_value_that_does_not_fit_takes_nothing_else_along() {
    let report = voice_report(r#"{"call_id":["x"],"status_code":{"a":1},"out_id":"o","start_time":[]}"#);
    assert_eq!((report.call_id, report.start_time), (None, None));
    assert_eq!(report.status_code.unwrap().as_str(), "");
    assert_eq!(report.out_id.as_deref(), Some("o"));
    assert_eq!(report.raw.get("call_id"), Some(json!(["x"])));
}

#[test]
fn an_intermediate_code_is_no_failure_and_an_unknown_code_is_kept() {
    for code in ["200101", "200201", "200102", "200100"] {
        let report = voice_call_report(&format!(r#"{{"status_code":"{code}"}}"#));
        let code = report.status_code.unwrap();
        assert!(code.is_intermediate() && code.was_answered().is_none(), "{code:?}");
    }
    let report = voice_report(r#"{"status_code":"200999"}"#);
    assert_eq!(report.status_code, Some(CallStatusCode::Other("200999".to_owned())));
}

#[test]
fn unknown_members_are_kept() {
    let text = r#"{"call_id":"1^2","new_member":{"a":[1,2]},"big":12345678901234567890123}"#;
    let report = voice_report(text);
    assert_eq!(report.raw.get("new_member"), Some(json!({ "a": [1, 2] })));
    assert_eq!(report.raw.get("missing"), None);
    assert_eq!(report.raw.as_str(), text, "with all digits");
}

#[test]
fn what_is_no_receipt_of_a_known_kind_is_other_and_kept() {
    for (kind, text) in [
        ("ArtcCdrReport", r#"{"call_id":"1^2"}"#),
        ("voicereport", "{}"),
        ("", "{}"),
        ("VoiceReport", "[]"),
        ("VoiceReport", "null"),
        ("VoiceReport", "17"),
        ("VoiceReport", r#""a text""#),
        ("VoiceReport", r#""{\"call_id\":\"1^2\"}""#),
        ("VoiceReport", r#"{"call_id":"1^2""#),
        ("VoiceReport", r#"{"call_id":"1^2"} {}"#),
        ("VoiceReport", "{call_id:1}"),
        ("VoiceReport", ""),
        ("VoiceReport", "\u{feff}{}"),
    ] {
        let receipt = Receipt::read(kind, text);
        let Receipt::Other { kind: found, raw } = &receipt else { panic!("{kind} {text} is {receipt:?}") };
        assert_eq!((found.as_str(), raw.as_str()), (kind, text));
        assert_eq!((receipt.kind(), receipt.id(), receipt.own_id()), (kind, None, None));
    }
    assert!(
        matches!(Receipt::read("VoiceReport", " \t\r\n{} "), Receipt::VoiceReport(_)),
        "space around it is allowed"
    );
}

#[test]
fn numbers_words_and_keys_are_not_shown() {
    let secrets = ["13000000000", "05710000000", "wordsspoken", "4711", "https://example.com/secret"];
    let texts = [
        ("VoiceReport", r#"{"call_id":"1^2","caller":"05710000000","callee":"13000000000","dtmf":"4711","x":"4711"}"#),
        ("VoiceReport", r#"{"caller_show_num":"05710000000","callee_show_num":"13000000000"}"#),
        ("VoiceCallReport", r#"{"dtmf":"4711"}"#),
        ("VoiceRTASRReport", r#"{"words":"wordsspoken"}"#),
        ("VoiceRecordReport", r#"{"record_file":"https://example.com/secret"}"#),
        ("Unknown", r#"{"callee":"13000000000"}"#),
        ("VoiceReport", r#"["13000000000"]"#),
    ];
    for (kind, text) in texts {
        let shown = format!("{:?} {:#?}", Receipt::read(kind, text), Receipt::read(kind, text));
        for secret in secrets {
            assert!(!shown.contains(secret), "{kind}: {shown}");
        }
    }
    assert!(format!("{:?}", voice_report(texts[0].1)).contains("1^2"));
}

#[test]
fn times_are_wall_clock_texts_of_utc_plus_8() {
    let report = voice_report(r#"{"start_time":"2026-03-09 10:00:00","end_time":"2026-03-09 00:00:07"}"#);
    assert_eq!(report.start_time().unwrap().to_string(), "2026-03-09T02:00:00Z");
    assert_eq!(report.end_time().unwrap().to_string(), "2026-03-08T16:00:07Z");
    for text in ["", " ", "2026-02-30 10:00:00", "10:00", "yesterday", "7000000", "10000-01-01 00:00:00"] {
        let report = voice_report(&json!({ "start_time": text }).to_string());
        assert_eq!(report.start_time(), None, "{text}");
        assert_eq!(report.start_time.as_deref(), Some(text));
    }
}

#[test]
fn one_of_everything_that_a_receipt_can_have() {
    let loaded = aliyun_api_spec::load(std::path::Path::new("services/specimens")).service.unwrap();
    let example = json!(loaded.receipts[0].examples[0].1).to_string();
    let Specimen::Awkward(receipt) = Specimen::read("Awkward", &example) else { panic!("an Awkward") };
    assert_eq!(receipt.id.as_deref(), Some("1"));
    assert_eq!(receipt.r#type.as_deref(), Some("3"));
    assert_eq!(receipt.level, Some(Level::High));
    assert_eq!((receipt.flag, receipt.share, receipt.count), (Some(true), Some(0.5), Some(7)));
    assert_eq!(receipt.at().unwrap().to_string(), "2026-03-09T02:00:00Z");
    assert_eq!(receipt.words, Some(vec!["a".to_owned()]));
    assert_eq!(receipt.inner.unwrap().tree.unwrap().name.as_deref(), Some("root"));
    assert_eq!(receipt.names.unwrap()["a"], "b");
    assert_eq!(receipt.free, Some(json!([1])));
    let receipt = Specimen::read("Awkward", r#"{"Id":"7","own-id":"8"}"#);
    assert_eq!((receipt.id(), receipt.own_id()), (Some("7"), Some("8")));
    let bare = Specimen::read("Bare", r#"{"a":"1"}"#);
    assert_eq!((bare.id(), bare.own_id(), bare.kind()), (None, None, "Bare"));
}
