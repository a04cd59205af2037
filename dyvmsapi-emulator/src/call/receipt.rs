//! The receipts of a call: its states while it lasts, and its outcome.

use aliyun_emulator::DueReceipt;
use serde_json::{Map, Value};

use super::Call;
use crate::life::{CALLING, OVER, RINGING, TALKING};
use crate::time::{SECOND, Time};

/// The state of a call in which a key was pressed.
const KEY_PRESSED: &str = "300000";

/// A key is pressed this time after the answer, which is before every end of a call that is heard to the end.
const UNTIL_A_KEY: i64 = 4 * SECOND;

/// The outcome is reported this time after the end.
const UNTIL_THE_OUTCOME: i64 = SECOND;

/// All receipts of a call, in the order of their times.
pub(super) fn of(call: &Call) -> Vec<DueReceipt> {
    let life = &call.life;
    let key = call.key.as_deref().filter(|_| life.outcome.is_heard());
    let pressed = life.answered.map(|answered| answered.after(UNTIL_A_KEY));
    let states = [
        (Some(life.placed), CALLING, None),
        (life.ringing, RINGING, None),
        (life.answered, TALKING, None),
        (pressed.filter(|_| key.is_some()), KEY_PRESSED, key),
        (Some(life.ended), OVER, None),
    ];
    let states = states.into_iter().filter_map(|(time, code, key)| Some(state(call, time?, code, key)));
    let recording = life.answered.filter(|_| call.is_recorded).map(|answered| recording(call, answered));
    states.chain([outcome(call)]).chain(recording).collect()
}

fn due(kind: &'static str, time: Time, members: Members) -> DueReceipt {
    DueReceipt::new(kind, time.into(), Value::Object(members.0))
}

/// The members of a receipt.
struct Members(Map<String, Value>);

impl Members {
    fn of(call: &Call) -> Self {
        let mut members = Self(Map::new());
        members.add("call_id", &call.id);
        if let Some(own_id) = &call.own_id {
            members.add("out_id", own_id);
        }
        members
    }

    fn add(&mut self, name: &str, text: impl Into<String>) {
        self.0.insert(name.to_owned(), Value::String(text.into()));
    }

    /// A time; empty if there was none.
    fn add_time(&mut self, name: &str, time: Option<Time>) {
        self.add(name, time.map(Time::dashed).unwrap_or_default());
    }
}

fn state(call: &Call, time: Time, code: &str, key: Option<&str>) -> DueReceipt {
    let mut members = Members::of(call);
    members.add("status_code", code);
    members.add_time("status_time", Some(time));
    if let Some(key) = key {
        members.add("dtmf", key);
    }
    due("VoiceCallReport", time, members)
}

fn outcome(call: &Call) -> DueReceipt {
    let life = &call.life;
    let mut members = Members::of(call);
    members.add("status_code", life.outcome.code);
    members.add("status_msg", life.outcome.words);
    members.add_time("originate_time", Some(life.placed));
    members.add_time("ring_time", life.ringing);
    members.add_time("start_time", life.answered);
    members.add_time("end_time", life.answered.and(Some(life.ended)));
    members.add("duration", life.talk().to_string());
    members.add("caller", &call.caller);
    members.add("callee", &call.called);
    members.add("hangup_direction", if life.outcome.is_heard() { "机器" } else { "用户" });
    members.add("toll_type", "UNKNOWN");
    members.add("voice_type", "voice");
    due("VoiceReport", life.ended.after(UNTIL_THE_OUTCOME), members)
}

fn recording(call: &Call, answered: Time) -> DueReceipt {
    let life = &call.life;
    let mut members = Members::of(call);
    members.add("status_code", life.outcome.code);
    members.add_time("start_time", Some(answered));
    members.add_time("end_time", Some(life.ended));
    members.add("duration", life.talk().to_string());
    members.add("record_file", format!("https://example.com/record-{}.wav", call.id.replace('^', "-")));
    members.add_time("record_begin_time", Some(answered));
    due("VoiceRecordReport", life.ended.after(UNTIL_THE_OUTCOME), members)
}
