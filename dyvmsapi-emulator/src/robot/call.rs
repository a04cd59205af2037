//! One call of a robot task: its record, and the filters of lists.

use std::ops::RangeInclusive;

use jiff::civil::{DateTime, date};
use serde_json::{Map, Value, json};

use crate::arguments::Arguments;
use crate::life::{ANSWERED, Life, Outcome};
use crate::time::{DAY, SECOND, Time};
use aliyun_emulator::{Problem, Random};

/// The tasks of the data set: their ids and numbers of calls.
pub(super) const SAMPLE: [(u64, u32); 3] = [(1_045_001, 347), (1_045_002, 512), (1_045_003, 260)];

/// When the calls of the first one began; each further one began a day later.
const SAMPLE_DAY: DateTime = date(2026, 2, 24).at(9, 0, 0, 0);

/// The codes of outcomes in the data set. Filters accept these for unanswered calls.
const UNANSWERED: [&str; 5] = ["200002", "200005", "200010", "200011", "200012"];

const LABELS: [&str; 6] = ["有意向", "有意向,有房", "有意向,无车", "稍后联系", "暂不需要", "已报名,周末到店"];

const TRANSFER_FAILURES: [&str; 3] = ["用户挂断", "坐席忙", "坐席未应答"];

/// A call that is over.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) task: u64,
    pub(super) shown: String,
    pub(super) called: String,
    result: &'static str,
    /// The code of `result`, for the filter.
    code: &'static str,
    /// Seconds of talk.
    duration: u32,
    /// Number of dialogue rounds.
    rounds: u32,
    label: &'static str,
    hung_up_by_robot: bool,
    transfer: Transfer,
    /// Its position in the task; part of its id.
    serial: u32,
    retries: u32,
    pub(super) start: Time,
    /// When the talk began.
    answered: Option<Time>,
    pub(super) end: Time,
    counts: Counts,
}

#[derive(Clone, Default)]
struct Transfer {
    /// `1` done, `0` failed, `3` not requested.
    result: &'static str,
    number: String,
    failure: &'static str,
}

/// The transcript, round by round: at most as many rounds as the call has.
#[derive(Debug, Clone, Default)]
struct Counts {
    sure: u32,
    deny: u32,
    reject: u32,
    custom: u32,
    default: u32,
    business: u32,
    common: u32,
}

impl Call {
    /// The calls of a task of the data set, in the order of time. All data is invented: numbers have the forms
    /// 1300000xxxx (called) and 0571000xxxx (caller IDs, and persons to whom a call was transferred), which belong to
    /// nobody.
    pub(super) fn sample(task: u64, count: u32, day: i64) -> Vec<Self> {
        let mut random = Random::new(task);
        let mut clock = Time::of_china(SAMPLE_DAY).unwrap_or(Time::from_millis(0)).after(day * DAY);
        let calls = (0..count).map(|index| {
            clock = clock.after(i64::from(5 + random.below(40)) * SECOND);
            Self::make_up(task, index, clock, &mut random)
        });
        calls.collect()
    }

    fn make_up(task: u64, index: u32, start: Time, random: &mut Random) -> Self {
        let is_answered = random.chance(60);
        let ringing = 3 + random.below(25);
        let rounds = if is_answered { 1 + random.below(12) } else { 0 };
        let duration = if is_answered { rounds * (4 + random.below(9)) + random.below(10) } else { 0 };
        let retries = if is_answered { random.below(2) } else { random.below(4) };
        let unanswered = random.pick(&UNANSWERED).and_then(|code| Outcome::of_code(code));
        let (code, result) = match unanswered.filter(|_| !is_answered) {
            Some(outcome) => (outcome.code, outcome.words),
            None => ("", ANSWERED),
        };
        let answered = start.after(i64::from(ringing) * SECOND);
        Self {
            task,
            shown: format!("0571000{:04}", task % 10_000),
            called: format!("1300000{:04}", random.below(10_000)),
            result,
            code,
            duration,
            rounds,
            label: if is_answered { random.pick(&LABELS).copied().unwrap_or_default() } else { "" },
            hung_up_by_robot: !is_answered || random.chance(40),
            transfer: Transfer::make_up(is_answered, random),
            serial: index * 7 + 3,
            retries,
            start,
            answered: is_answered.then_some(answered),
            end: answered.after(i64::from(duration) * SECOND),
            counts: Counts::make_up(rounds, random),
        }
    }

    /// A call whose course is known.
    pub(super) fn of_life(
        life: &Life,
        (task, serial, retries): (u64, u32, u32),
        (shown, called): (&str, &str),
        random: &mut Random,
    ) -> Self {
        let is_answered = life.outcome.is_answered();
        let duration = u32::try_from(life.talk()).unwrap_or(u32::MAX);
        let rounds = if is_answered { 1 + duration / 8 } else { 0 };
        Self {
            task,
            shown: shown.to_owned(),
            called: called.to_owned(),
            result: life.outcome.words,
            code: life.outcome.code,
            duration,
            rounds,
            label: if is_answered { random.pick(&LABELS).copied().unwrap_or_default() } else { "" },
            hung_up_by_robot: !is_answered || life.outcome.is_heard(),
            transfer: Transfer::make_up(is_answered, random),
            serial,
            retries,
            start: life.placed,
            answered: life.answered,
            end: life.ended,
            counts: Counts::make_up(rounds, random),
        }
    }

    pub(super) fn id(&self) -> String {
        format!("11695{}^1037{:03}{:05}", self.task, self.task % 1000, self.serial)
    }

    /// The record as the service writes it: some numbers are texts, one name is misspelt.
    pub(super) fn record(&self) -> Value {
        let counts = &self.counts;
        json!({
            "taskId": self.task,
            "caller": self.shown,
            "called": self.called,
            "duration": self.duration.to_string(),
            "label": self.label,
            "dialogCount": self.rounds.to_string(),
            "callResult": self.result,
            "hangupDirection": self.hangup_direction(),
            "transferResult": self.transfer.result,
            "transferNumber": self.transfer.number,
            "transferFailReason": self.transfer.failure,
            "callId": self.id(),
            "recallCurTimes": self.retries,
            "callStartTime": self.start.dotted(),
            "callEndTime": self.end.dotted(),
            "sureCount": counts.sure,
            "denyCount": counts.deny,
            "rejectCount": counts.reject,
            "customCount": counts.custom,
            "konwledgeCount": counts.business + counts.common,
            "defaultCount": counts.default,
            "knowledgeBusinessCount": counts.business,
            "knowledgeCommonCount": counts.common,
        })
    }

    /// The record with recording and transcript, if the call was answered.
    pub(super) fn detail(&self) -> Value {
        let mut record = self.record();
        if let Value::Object(members) = &mut record {
            self.add_recording(members);
            let said = self
                .said()
                .map(|(role, time, content)| json!({ "role": role, "speakTime": time.dashed(), "content": content }));
            members.insert("dialogDetail".to_owned(), said.collect());
        }
        record
    }

    /// The record of the same call in `QueryCallDetailByTaskId`.
    pub(super) fn detail_by_task(&self) -> Value {
        let counts = &self.counts;
        let said = self
            .said()
            .map(|(role, time, content)| json!({ "content": content, "startTime": time.spelled(), "role": role }));
        let mut members = Map::new();
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        add("rejectCount", counts.reject.into());
        add("dialogCount", self.rounds.into());
        add("tags", self.label.into());
        add("startDate", self.answered.map(Time::dashed).unwrap_or_default().into());
        add("gmtCreate", self.start.dashed().into());
        add("sureCount", counts.sure.into());
        // The data set has no details of how a talk ended, except who hung up.
        let heard = if self.hung_up_by_robot { "200000" } else { "200001" };
        add("state", if self.code.is_empty() { heard } else { self.code }.into());
        add("stateDesc", if self.answered.is_some() { "completed" } else { self.result }.into());
        add("defaultCount", counts.default.into());
        add("endDate", self.end.dashed().into());
        add("calleeShowNumber", self.shown.as_str().into());
        add("customCount", counts.custom.into());
        add("callId", self.id().into());
        add("dialogDetail", said.collect());
        add("knowledgeCount", (counts.business + counts.common).into());
        add("denyCount", counts.deny.into());
        add("duration", self.duration.into());
        add("knowledgeCommonCount", counts.common.into());
        add("callee", self.called.as_str().into());
        add("knowledgeBusinessCount", counts.business.into());
        add("hangupDirection", u32::from(self.hung_up_by_robot).into());
        self.add_recording(&mut members);
        Value::Object(members)
    }

    fn add_recording(&self, members: &mut Map<String, Value>) {
        let status = if self.answered.is_some() { 1 } else { 2 };
        members.insert("recordStatus".to_owned(), status.into());
        if self.answered.is_some() {
            let file = format!("https://example.com/records/{}-{}.wav", self.task, self.serial);
            members.insert("recordFile".to_owned(), file.into());
        }
    }

    /// How every talk begins: who says what, and when.
    fn said(&self) -> impl Iterator<Item = (&'static str, Time, &'static str)> {
        let lines = [("robot", 1, "Good morning, do you have a minute?"), ("custom", 2, "Hello?")];
        let answered = self.answered.into_iter();
        answered.flat_map(move |time| lines.map(|(role, second, text)| (role, time.after(second * SECOND), text)))
    }

    fn hangup_direction(&self) -> &'static str {
        if self.hung_up_by_robot { "1" } else { "0" }
    }
}

impl Transfer {
    fn make_up(answered: bool, random: &mut Random) -> Self {
        if !answered || !random.chance(15) {
            return Self { result: "3", ..Self::default() };
        }
        let number = format!("0571000{:04}", 9000 + random.below(20));
        if random.chance(70) {
            Self { result: "1", number, failure: "" }
        } else {
            Self { result: "0", number, failure: random.pick(&TRANSFER_FAILURES).copied().unwrap_or_default() }
        }
    }
}

impl Counts {
    fn make_up(rounds: u32, random: &mut Random) -> Self {
        let mut counts = Self::default();
        for _ in 0..rounds {
            let count = match random.below(8) {
                0 | 1 => &mut counts.sure,
                2 => &mut counts.deny,
                3 => &mut counts.reject,
                4 => &mut counts.custom,
                5 => &mut counts.business,
                6 => &mut counts.common,
                _ => &mut counts.default,
            };
            *count += 1;
        }
        counts
    }
}

/// The filters of a list. Ranges include both ends.
pub(super) struct Filter<'p> {
    result: Option<&'p str>,
    hangup_direction: Option<&'p str>,
    rounds: RangeInclusive<u64>,
    duration: RangeInclusive<u64>,
}

impl<'p> Filter<'p> {
    pub(super) fn read(arguments: Arguments<'p>) -> Result<Self, Problem> {
        let range = |from, to| {
            let from = arguments.whole(from, 0..=u64::MAX)?.unwrap_or(0);
            Ok(from..=arguments.whole(to, 0..=u64::MAX)?.unwrap_or(u64::MAX))
        };
        Ok(Self {
            result: arguments.given("CallResult"),
            hangup_direction: arguments.given("HangupDirection"),
            rounds: range("DialogCountFrom", "DialogCountTo")?,
            duration: range("DurationFrom", "DurationTo")?,
        })
    }

    pub(super) fn matches(&self, call: &Call) -> bool {
        self.result.is_none_or(|code| code == call.code)
            && self.hangup_direction.is_none_or(|direction| direction == call.hangup_direction())
            && self.rounds.contains(&u64::from(call.rounds))
            && self.duration.contains(&u64::from(call.duration))
    }
}

#[cfg(test)]
mod tests;
