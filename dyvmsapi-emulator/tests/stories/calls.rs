//! Calls to one number, from being placed to their record.

use std::collections::HashSet;

use dyvmsapi_emulator::State;
use serde_json::{Value, json};

use crate::story::{Story, emulator};
use crate::support::Call;

const VERIFICATION_CODE: &str = "11010000138001";
const NOTIFICATION: &str = "11000000300006";

fn place(story: &Story, number: &str) -> String {
    let id = story.member("SingleCallByTts", &[("CalledNumber", number), ("TtsCode", "TTS_10001")], "CallId");
    id.as_str().unwrap().to_owned()
}

fn detail(story: &Story, id: &str) -> Value {
    let today = story.today();
    let parameters = [("CallId", id), ("ProdId", VERIFICATION_CODE), ("QueryDate", today.as_str())];
    story.data("QueryCallDetailByCallId", &parameters)
}

#[test]
fn a_call_goes_through_its_states_to_its_record() {
    let story = Story::new();
    let id = place(&story, "13000000000");
    let mut states = Vec::new();
    for _ in 0..600 {
        let state = detail(&story, &id)["state"].clone();
        if states.last() != Some(&state) {
            states.push(state);
        }
        story.wait(1);
    }
    assert_eq!(states, ["200101", "200201", "200102", "200100", "200000"]);
}

#[test]
fn its_record_shows_what_has_happened() {
    let story = Story::with(State::Sample, |builder| builder.seed(0));
    let id = place(&story, "13000000000");
    let placed = json!({
        "caller": "05710007012", "startDate": "", "stateDesc": "200101", "duration": 0, "callerShowNumber": "05710007012",
        "gmtCreate": "2026-03-01 20:34:56", "state": "200101", "endDate": "", "calleeShowNumber": "05710007012",
        "callee": "13000000000",
    });
    assert_eq!(detail(&story, &id), placed);
    story.wait(600);
    let record = detail(&story, &id);
    assert_eq!(
        record,
        json!({
            "caller": "05710007012", "startDate": "2026-03-01 20:35:07", "stateDesc": "200000", "duration": 27,
            "callerShowNumber": "05710007012", "gmtCreate": "2026-03-01 20:34:56", "state": "200000",
            "endDate": "2026-03-01 20:35:34", "calleeShowNumber": "05710007012", "callee": "13000000000",
            "aRingTime": "2026-03-01 20:34:58", "aEndTime": "2026-03-01 20:35:07", "bRingTime": "2026-03-01 20:34:58",
            "bEndTime": "2026-03-01 20:35:07",
        })
    );
}

#[test]
fn the_last_two_digits_of_a_number_choose_the_outcome() {
    let story = Story::new();
    let outcomes = ["00", "01", "02", "03", "04", "05", "07", "10", "11", "12"];
    let ids = outcomes.map(|digits| place(&story, &format!("130000000{digits}")));
    story.wait(600);
    for (digits, id) in outcomes.iter().zip(&ids) {
        let record = detail(&story, id);
        assert_eq!(record["state"], format!("2000{digits}"));
        let is_answered = ["00", "01"].contains(digits);
        assert_eq!(record["duration"].as_u64().unwrap() > 0, is_answered, "{record}");
        assert_eq!(record["startDate"] != "", is_answered, "{record}");
        assert_eq!(record.get("bRingTime").is_some(), is_answered || *digits == "03", "{record}");
    }
}

#[test]
fn equal_seeds_make_equal_lives() {
    let lives = |seed| {
        let story = Story::with(State::Sample, |builder| builder.seed(seed));
        let ids: Vec<_> = (0..50).map(|_| place(&story, "13000000099")).collect();
        story.wait(600);
        ids.iter().map(|id| (id.clone(), detail(&story, id))).collect::<Vec<_>>()
    };
    assert_eq!(lives(1), lives(1));
    assert_ne!(lives(1), lives(2));
}

#[test]
fn is_found_by_the_id_the_product_and_the_day_together() {
    let story = Story::new();
    let id = place(&story, "13000000000");
    let today = story.today();
    let tomorrow = (today.parse::<u64>().unwrap() + 86_400_000).to_string();
    let ask = |id: &str, product: &str, day: &str| {
        let parameters = [("CallId", id), ("ProdId", product), ("QueryDate", day)];
        let members = story.ask("QueryCallDetailByCallId", &parameters);
        assert_eq!(members["Code"], "OK");
        members.contains_key("Data")
    };
    assert!(ask(&id, VERIFICATION_CODE, &today));
    // The pages do not agree which of the two a spoken text belongs to.
    assert!(ask(&id, NOTIFICATION, &today));
    assert!(!ask(&id, "11000000300005", &today));
    assert!(!ask(&id, VERIFICATION_CODE, &tomorrow));
    assert!(!ask("116012354148^102813780000", VERIFICATION_CODE, &today));
    assert!(!ask("no id", VERIFICATION_CODE, &today));
}

#[test]
fn every_operation_that_dials_one_number_places_a_call_of_its_product() {
    let story = Story::new();
    for (action, product, parameters) in [
        ("SingleCallByVoice", NOTIFICATION, &[("VoiceCode", "a.wav")][..]),
        ("SingleCallByVideo", NOTIFICATION, &[("VoiceCode", "a.wav"), ("VideoCode", "a.mp4")]),
        ("IvrCall", "11000000300005", &[("StartCode", "TTS_10001")]),
        ("SmartCall", "11030000180001", &[("VoiceCode", "a.wav")]),
    ] {
        let numbers = [("CalledNumber", "13000000000"), ("CalledShowNumber", "05710000000")];
        let id = story.member(action, &[&numbers, parameters].concat(), "CallId");
        let today = story.today();
        let parameters = [("CallId", id.as_str().unwrap()), ("ProdId", product), ("QueryDate", &today)];
        let record = story.data("QueryCallDetailByCallId", &parameters);
        assert_eq!((&record["callee"], &record["caller"]), (&json!("13000000000"), &json!("05710000000")), "{action}");
    }
}

#[test]
fn a_smart_call_is_operated_while_it_is_answered() {
    let story = Story::new();
    let numbers = [("CalledNumber", "13000000000"), ("CalledShowNumber", "05710000000"), ("VoiceCode", "a.wav")];
    let smart = story.member("SmartCall", &numbers, "CallId").as_str().unwrap().to_owned();
    let other = place(&story, "13000000000");
    let operate =
        |id: &str| story.member("SmartCallOperate", &[("CallId", id), ("Command", "parallelBridge")], "Status");
    let mut done = Vec::new();
    for _ in 0..120 {
        assert_eq!((operate(&other), operate("no id")), (json!(false), json!(false)));
        let status = operate(&smart);
        if done.last() != Some(&status) {
            done.push(status);
        }
        story.wait(1);
    }
    assert_eq!(done, [false, true, false]);
}

#[test]
fn numbers_that_are_none_are_refused_by_the_product() {
    let story = Story::new();
    for (called, shown, code) in [
        ("1300000000x", "", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("13", "", "isv.MOBILE_NUMBER_ILLEGAL"),
        (&"1".repeat(33), "", "isv.MOBILE_NUMBER_ILLEGAL"),
        ("13000000000", "a number", "isv.DISPLAY_NUMBER_ILLEGAL"),
        ("+8613000000000", "FC-100_1", "OK"),
    ] {
        let parameters = [("CalledNumber", called), ("CalledShowNumber", shown), ("TtsCode", "TTS_10001")];
        assert_eq!(story.code("SingleCallByTts", &parameters), code, "{called} {shown}");
    }
    let reply = story.reply("SingleCallByTts", &[("CalledNumber", "x"), ("TtsCode", "TTS_10001")]);
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.member("Message"), "a number to be called is not of digits only");
    assert_eq!(reply.member("RequestId"), reply.header("x-acs-request-id"));
}

#[test]
fn calls_placed_at_the_same_time_have_ids_of_their_own() {
    let emulator = emulator();
    let ids: HashSet<String> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..8)
            .map(|sender| {
                let emulator = &emulator;
                scope.spawn(move || {
                    let place = |index| {
                        let call = Call::new().set("Action", "SingleCallByTts").set("TtsCode", "TTS_10001");
                        let call = call.set("CalledNumber", "13000000000");
                        call.set("SignatureNonce", &format!("{sender}-{index}")).to(emulator).member("CallId")
                    };
                    (0..100).map(place).collect::<Vec<_>>()
                })
            })
            .collect();
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 800);
}

#[test]
fn pending_calls_are_listed_without_their_numbers() {
    let story = Story::new();
    assert_eq!(story.pending(), None);
    place(&story, "13000000000");
    place(&story, "13000000099");
    story.wait(3);
    assert_eq!(
        story.pending().unwrap(),
        "2 calls are pending: SingleCallByTts to ***00, placed at 2026-03-01 20:34:56 in China, is ringing; \
         SingleCallByTts to ***99, placed at 2026-03-01 20:34:56 in China, is ringing"
    );
    for _ in 0..10 {
        place(&story, "13000000000");
    }
    let told = story.pending().unwrap();
    assert!(told.starts_with("12 calls are pending: ") && told.ends_with("; ..."), "{told}");
    story.wait(120);
    assert_eq!(story.pending(), None);
}
