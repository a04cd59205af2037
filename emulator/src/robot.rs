//! Robot call tasks with their calls: a data set that is the same in every run.
//!
//! | task | calls |
//! | --- | --- |
//! | 1045001 | 347 |
//! | 1045002 | 512 |
//! | 1045003 | 260 |
//!
//! All of it is invented. Numbers have the forms 1300000xxxx (called) and 0571000xxxx (shown, and persons that a call
//! was passed on to), which belong to nobody.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use jiff::civil::{DateTime, date};
use jiff::{SignedDuration, ToSpan as _};
use serde_json::{Value, json};

use crate::random::Random;
use crate::refuse::Refusal;
use crate::wire::Parameters;

/// Task ids and how many calls each has made.
const TASKS: [(u32, u32); 3] = [(1_045_001, 347), (1_045_002, 512), (1_045_003, 260)];

const PAGE_SIZE: u64 = 20;

/// A larger page is refused, not shortened: a client would take a short page for the last one.
const MAX_PAGE_SIZE: u64 = 100;

const ANSWERED: &str = "接通";

/// Outcomes of calls that nobody answered: the code that the filter takes, and the text that a record has. An
/// answered call has no code that the reference page would list.
const UNANSWERED: [(&str, &str); 5] =
    [("200002", "占线"), ("200005", "无法接通"), ("200010", "关机"), ("200011", "停机"), ("200012", "呼损")];

const LABELS: [&str; 6] = ["有意向", "有意向,有房", "有意向,无车", "稍后联系", "暂不需要", "已报名,周末到店"];

const TRANSFER_FAILURES: [&str; 3] = ["用户挂断", "坐席忙", "坐席未应答"];

/// The tasks of one emulator.
#[derive(Debug)]
pub(crate) struct Robot {
    /// Sorted by task, and inside a task by time.
    calls: Vec<Call>,
}

#[derive(Debug)]
struct Call {
    task: u32,
    caller: String,
    called: String,
    result: &'static str,
    /// Seconds of talk.
    duration: u32,
    /// Rounds of talk.
    rounds: u32,
    label: &'static str,
    hung_up_by_robot: bool,
    transfer: Transfer,
    id: String,
    retries: u32,
    start: DateTime,
    end: DateTime,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Transfer {
    /// `1` done, `0` failed, `3` not asked for.
    result: &'static str,
    number: String,
    failure: &'static str,
}

/// What was said, round by round: together no more than the rounds of the call.
#[derive(Debug, Default)]
struct Counts {
    sure: u32,
    deny: u32,
    reject: u32,
    custom: u32,
    default: u32,
    business: u32,
    common: u32,
}

impl Robot {
    /// Makes the calls up.
    pub(crate) fn new() -> Self {
        let calls = TASKS.iter().zip(0..).flat_map(|(&(task, count), day)| {
            let mut random = Random::new(u64::from(task));
            let mut clock = date(2026, 2, 24).at(9, 0, 0, 0).saturating_add(day.days());
            (0..count).map(move |index| {
                clock = clock.saturating_add(seconds(5 + random.below(40)));
                Call::make_up(task, index, clock, &mut random)
            })
        });
        Self { calls: calls.collect() }
    }

    /// One page of calls, as `QueryRobotTaskCallList` selects them.
    ///
    /// Without a task, the calls of all tasks; of an unknown task, none, as for any other filter that nothing
    /// matches. Behind the last page there is an empty one.
    pub(crate) fn calls(&self, parameters: &Parameters) -> Result<Value, Refusal> {
        let filter = Filter::read(parameters)?;
        let page = bounded(parameters, "PageNo", 1, u64::MAX)?.unwrap_or(1);
        let size = bounded(parameters, "PageSize", 1, MAX_PAGE_SIZE)?.unwrap_or(PAGE_SIZE);
        let skipped = usize::try_from((page - 1).saturating_mul(size)).unwrap_or(usize::MAX);
        let taken = usize::try_from(size).unwrap_or(usize::MAX);
        let matching = self.calls.iter().filter(|call| filter.matches(call));
        Ok(matching.skip(skipped).take(taken).map(Call::record).collect())
    }
}

impl Call {
    fn make_up(task: u32, index: u32, start: DateTime, random: &mut Random) -> Self {
        let answered = random.chance(60);
        let ringing = 3 + random.below(25);
        let rounds = if answered { 1 + random.below(12) } else { 0 };
        let duration = if answered { rounds * (4 + random.below(9)) + random.below(10) } else { 0 };
        let retries = if answered { random.below(2) } else { random.below(4) };
        let unanswered = random.pick(&UNANSWERED).map_or("", |&(_, text)| text);
        Self {
            task,
            caller: format!("0571000{:04}", task % 10_000),
            called: format!("1300000{:04}", random.below(10_000)),
            result: if answered { ANSWERED } else { unanswered },
            duration,
            rounds,
            label: if answered { random.pick(&LABELS).copied().unwrap_or_default() } else { "" },
            hung_up_by_robot: !answered || random.chance(40),
            transfer: Transfer::make_up(answered, random),
            id: format!("11695{task}^1037{:03}{:05}", task % 1000, index * 7 + 3),
            retries,
            start,
            end: start.saturating_add(seconds(ringing + duration)),
            counts: Counts::make_up(rounds, random),
        }
    }

    /// The record as the service writes it: some numbers as text, one name misspelt.
    fn record(&self) -> Value {
        let counts = &self.counts;
        json!({
            "taskId": self.task,
            "caller": self.caller,
            "called": self.called,
            "duration": self.duration.to_string(),
            "label": self.label,
            "dialogCount": self.rounds.to_string(),
            "callResult": self.result,
            "hangupDirection": self.hangup_direction(),
            "transferResult": self.transfer.result,
            "transferNumber": self.transfer.number,
            "transferFailReason": self.transfer.failure,
            "callId": self.id,
            "recallCurTimes": self.retries,
            "callStartTime": time_text(self.start),
            "callEndTime": time_text(self.end),
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

fn seconds(count: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(count))
}

fn time_text(time: DateTime) -> String {
    let mut text = String::with_capacity(19);
    // Writing into memory cannot fail.
    let _ = write!(text, "{}", time.strftime("%Y.%m.%d %H:%M:%S"));
    text
}

/// What a call must be to be listed. Ranges include both of their ends.
#[derive(Debug)]
struct Filter<'p> {
    task: Option<&'p str>,
    called: Option<&'p str>,
    result: Option<&'p str>,
    hangup_direction: Option<&'p str>,
    rounds: RangeInclusive<u64>,
    duration: RangeInclusive<u64>,
}

impl<'p> Filter<'p> {
    fn read(parameters: &'p Parameters) -> Result<Self, Refusal> {
        let range = |from, to| {
            let from = bounded(parameters, from, 0, u64::MAX)?.unwrap_or(0);
            Ok(from..=bounded(parameters, to, 0, u64::MAX)?.unwrap_or(u64::MAX))
        };
        Ok(Self {
            task: given(parameters, "TaskId"),
            called: given(parameters, "Called"),
            result: given(parameters, "CallResult"),
            hangup_direction: given(parameters, "HangupDirection"),
            rounds: range("DialogCountFrom", "DialogCountTo")?,
            duration: range("DurationFrom", "DurationTo")?,
        })
    }

    fn matches(&self, call: &Call) -> bool {
        let result = |code| UNANSWERED.iter().any(|&(known, text)| known == code && text == call.result);
        self.task.is_none_or(|task| task.parse() == Ok(call.task))
            && self.called.is_none_or(|called| called == call.called)
            && self.result.is_none_or(result)
            && self.hangup_direction.is_none_or(|direction| direction == call.hangup_direction())
            && self.rounds.contains(&u64::from(call.rounds))
            && self.duration.contains(&u64::from(call.duration))
    }
}

/// The value of a parameter; an empty one counts as absent.
fn given<'p>(parameters: &'p Parameters, name: &str) -> Option<&'p str> {
    parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
}

/// The value of a numeric parameter, some of which the service declares as text.
fn bounded(parameters: &Parameters, name: &str, minimum: u64, maximum: u64) -> Result<Option<u64>, Refusal> {
    let Some(text) = given(parameters, name) else { return Ok(None) };
    match text.parse() {
        Ok(number) if (minimum..=maximum).contains(&number) => Ok(Some(number)),
        _ => Err(Refusal::invalid(name)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn list(pairs: &[(&str, &str)]) -> Vec<Value> {
        let parameters = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        match Robot::new().calls(&parameters).unwrap() {
            Value::Array(calls) => calls,
            other => panic!("{other} is no list"),
        }
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
        for (task, count) in TASKS {
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
                assert!(
                    text.len() == 11 && text.starts_with(prefix) && text.bytes().all(|b| b.is_ascii_digit()),
                    "{call}"
                );
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
        for (code, text) in UNANSWERED {
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
        let rounds =
            |from: &str, to: &str| all(&[("TaskId", "1045001"), ("DialogCountFrom", from), ("DialogCountTo", to)]);
        let calls = rounds("2", "4");
        let seen: HashSet<u64> = calls.iter().map(|call| number(call, "dialogCount")).collect();
        assert_eq!(seen, HashSet::from([2, 3, 4]));
        assert_eq!(
            [calls.len(), rounds("4", "2").len(), rounds("0", "0").len(), rounds("", "").len()],
            [50, 0, 142, 347]
        );

        let duration = |from: &str, to: &str| all(&[("TaskId", "1045001"), ("DurationFrom", from), ("DurationTo", to)]);
        let calls = duration("30", "60");
        assert!(calls.iter().all(|call| (30..=60).contains(&number(call, "duration"))));
        assert_eq!([calls.len(), duration("1", "").len(), duration("", "0").len()], [73, 205, 142]);
        let exactly = number(&calls[0], "duration").to_string();
        assert!(duration(&exactly, &exactly).iter().all(|call| call["duration"] == *exactly));
    }

    #[test]
    fn filters_add_up() {
        let calls =
            all(&[("TaskId", "1045003"), ("HangupDirection", "0"), ("DialogCountFrom", "5"), ("DurationTo", "60")]);
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
            let parameters = [(name.to_owned(), value.to_owned())].into();
            assert_eq!(Robot::new().calls(&parameters), Err(Refusal::invalid(name)), "{name}={value}");
        }
    }
}
