//! One robot task: its state, and the calls that it has made.

use std::borrow::Cow;
use std::iter;

use serde_json::{Map, Value, json};

use super::call::Call;
use super::wrong_state;
use crate::life::Life;
use crate::life::random_of;
use crate::run::Run;
use crate::time::{SECOND, Time};
use aliyun_emulator::Problem;
use aliyun_emulator::Random;

/// Reading the numbers takes this time; then numbers are called at this pace.
const READING: i64 = 2 * SECOND;
const PACE: i64 = SECOND;

/// State of a task. Stops and cancels by the platform do not happen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Init,
    Ready,
    Dispatch,
    Executing,
    ManualStop,
    Cancel,
    Finish,
}

impl Status {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Init => "INIT",
            Self::Ready => "READY",
            Self::Dispatch => "DISPATCH",
            // The spelling of the service.
            Self::Executing => "EXCUTING",
            Self::ManualStop => "MANUAL_STOP",
            Self::Cancel => "CANCEL",
            Self::Finish => "FINISH",
        }
    }
}

/// The data of a task, in every way of creating one.
pub(super) struct Given {
    pub(super) seed: u64,
    pub(super) name: String,
    pub(super) robot: u64,
    pub(super) company: String,
    pub(super) created: Time,
}

/// When a number is called again.
#[derive(Debug, Default)]
pub(super) struct Recall {
    pub(super) codes: Vec<String>,
    pub(super) times: u32,
    pub(super) pause: i64,
}

pub(super) struct Task {
    pub(super) id: u64,
    pub(super) given: Given,
    pub(super) shown: Vec<Box<str>>,
    pub(super) callees: Vec<Box<str>>,
    pub(super) recall: Recall,
    pub(super) finds_reason: bool,
    pub(super) run: Run,
    pub(super) is_scheduled: bool,
    pub(super) is_cancelled: bool,
    /// The completed calls of a task of the data set, instead of callees.
    pub(super) sample: Vec<Call>,
}

/// An attempt to call a number, perhaps in the future.
struct Attempt {
    life: Life,
    retries: u32,
    is_last: bool,
    random: Random,
}

impl Task {
    pub(super) fn new(id: u64, given: Given) -> Self {
        Self {
            id,
            given,
            shown: Vec::new(),
            callees: Vec::new(),
            recall: Recall::default(),
            finds_reason: false,
            run: Run::default(),
            is_scheduled: false,
            is_cancelled: false,
            sample: Vec::new(),
        }
    }

    /// A completed task.
    pub(super) fn sample(id: u64, calls: Vec<Call>) -> Self {
        let first = calls.first();
        let created = first.map_or(Time::from_millis(0), |call| call.start.after(-600 * SECOND));
        let given = Given {
            seed: 0,
            name: format!("Sample {id}"),
            robot: 1_000_000_075_003,
            company: "Example Ltd".to_owned(),
            created,
        };
        let shown = first.map(|call| call.shown.as_str().into()).into_iter().collect();
        Self { shown, finds_reason: true, sample: calls, ..Self::new(id, given) }
    }

    pub(super) fn start(&mut self, scheduled: Option<Time>, now: Time) -> Result<(), Problem> {
        let scheduled = scheduled.filter(|time| *time > now);
        match self.status(now) {
            Status::Init | Status::ManualStop => {}
            other => return Err(wrong_state("started", other)),
        }
        if self.callees.is_empty() {
            return Err(Problem::failed("isv.INVALID_PARAMETERS", "the task has no numbers to call"));
        }
        if !self.run.start(scheduled.unwrap_or(now)) {
            return Err(Problem::failed("isv.INVALID_PARAMETERS", "the task was started too often"));
        }
        self.is_scheduled = scheduled.is_some();
        Ok(())
    }

    pub(super) fn cancel(&mut self, now: Time) {
        self.run.stop(now);
        self.is_cancelled = true;
    }

    pub(super) fn status(&self, now: Time) -> Status {
        match (self.run.began(), self.run.resumed()) {
            _ if !self.sample.is_empty() => Status::Finish,
            _ if self.is_cancelled => Status::Cancel,
            (Some(_), _) if !self.run.is_open() => Status::ManualStop,
            (_, Some(resumed)) if resumed > now => Status::Ready,
            (Some(began), _) if began.after(READING) > now => Status::Dispatch,
            (Some(_), _) if self.is_finished(now) => Status::Finish,
            (Some(_), _) => Status::Executing,
            (None, _) => Status::Init,
        }
    }

    /// The start of the task, which may be in the future.
    pub(super) fn fired(&self) -> Option<Time> {
        self.sample.first().map(|call| call.start).or_else(|| self.run.began())
    }

    fn is_finished(&self, now: Time) -> bool {
        (0..self.callees.len()).rev().all(|index| self.finish(index).is_some_and(|time| time <= now))
    }

    /// When the last attempt at a number is over, as the task is now.
    fn finish(&self, index: usize) -> Option<Time> {
        self.attempts(index).find(|attempt| attempt.is_last).map(|attempt| attempt.life.ended)
    }

    /// When the task was completed, if it is.
    fn completed(&self, status: Status) -> Option<Time> {
        if status != Status::Finish {
            return None;
        }
        let last = self.sample.iter().map(|call| call.end).max();
        last.or_else(|| (0..self.callees.len()).filter_map(|index| self.finish(index)).max())
    }

    /// The attempts at a number in order, as the task is now.
    fn attempts(&self, index: usize) -> impl Iterator<Item = Attempt> {
        let number = self.callees.get(index);
        let order = i64::try_from(index).unwrap_or(i64::MAX);
        let mut work = Some(READING.saturating_add(order.saturating_mul(PACE)));
        let mut retries = 0;
        iter::from_fn(move || {
            let placed = self.run.at(work?)?;
            let mut random = random_of(self.given.seed, self.id, order.unsigned_abs());
            for _ in 0..retries {
                random = Random::new(random.next());
            }
            let life = Life::make_up(number?, placed, &mut random);
            let is_last =
                retries >= self.recall.times || !self.recall.codes.iter().any(|code| code == life.outcome.code);
            let again = life.ended.since(placed).saturating_add(self.recall.pause);
            work = work.filter(|_| !is_last).map(|work| work.saturating_add(again));
            retries += 1;
            Some(Attempt { life, retries: retries - 1, is_last, random })
        })
    }

    /// The latest completed call to each number, or to one number only.
    pub(super) fn calls<'t>(&'t self, now: Time, called: Option<&'t str>) -> impl Iterator<Item = Cow<'t, Call>> {
        let wanted = move |number: &str| called.is_none_or(|called| called == number);
        let indices = self.callees.iter().enumerate().filter(move |(_, callee)| wanted(callee)).map(|(index, _)| index);
        let made = indices.filter_map(move |index| self.call(index, now));
        let sample = self.sample.iter().filter(move |call| wanted(&call.called));
        sample.map(Cow::Borrowed).chain(made.map(Cow::Owned))
    }

    fn call(&self, index: usize, now: Time) -> Option<Call> {
        let called = self.callees.get(index)?;
        let mut attempt = self.attempts(index).take_while(|attempt| attempt.life.ended <= now).last()?;
        let shown = self.shown.get(index % self.shown.len().max(1)).map_or("", |shown| shown);
        let serial = u32::try_from(index).unwrap_or(u32::MAX);
        Some(Call::of_life(&attempt.life, (self.id, serial, attempt.retries), (shown, called), &mut attempt.random))
    }

    /// Numbers with a call in progress or in the future.
    pub(super) fn pending(&self, now: Time) -> usize {
        let is_pending = |&index: &usize| self.attempts(index).any(|attempt| attempt.life.ended > now);
        (0..self.callees.len()).filter(is_pending).count()
    }

    fn schedule(&self) -> &'static str {
        if self.is_scheduled { "ORDER" } else { "SINGLE" }
    }

    pub(super) fn record(&self, now: Time) -> Value {
        let status = self.status(now);
        let finished = (0..self.callees.len()).filter(|&index| self.finish(index).is_some_and(|time| time <= now));
        let dotted = |time: Option<Time>| time.map(Time::dotted).unwrap_or_default();
        json!({
            "id": self.id,
            "taskName": self.given.name,
            "robotId": self.given.robot,
            "robotName": ROBOT_NAME,
            "status": status.code(),
            "scheduleType": self.schedule(),
            "createTime": self.given.created.dotted(),
            "completeTime": dotted(self.completed(status)),
            "fireTime": dotted(self.fired()),
            "totalCount": self.callees.len() + self.sample.len(),
            "finishCount": finished.count() + self.sample.len(),
        })
    }

    pub(super) fn detail(&self, now: Time) -> Value {
        let status = self.status(now);
        let dashed = |time: Option<Time>| time.map(Time::dashed).unwrap_or_default();
        let mut record = Map::new();
        let mut add = |name: &str, value: Value| record.insert(name.to_owned(), value);
        add("id", self.id.into());
        add("taskName", self.given.name.as_str().into());
        add("robotId", self.given.robot.into());
        add("robotName", ROBOT_NAME.into());
        add("corpName", self.given.company.as_str().into());
        add("caller", self.shown.join(",").into());
        add("numberStatusIdent", self.finds_reason.into());
        add("status", status.code().into());
        add("scheduleType", self.schedule().into());
        add("retryType", u32::from(self.recall.times > 0).into());
        add("recallStateCodes", self.recall.codes.join(",").into());
        add("recallTimes", self.recall.times.into());
        add("recallInterval", (self.recall.pause / (60 * SECOND)).into());
        add("createTime", self.given.created.dashed().into());
        add("fireTime", dashed(self.fired()).into());
        add("completeTime", dashed(self.completed(status)).into());
        // All uploads count as one file here.
        let has_numbers = !self.callees.is_empty() || !self.sample.is_empty();
        let name = format!("numbers-{}--robotCallApi", self.id);
        let file = json!({ "fileName": name, "ossFilePath": format!("https://example.com/{name}.xlsx") });
        add("called", has_numbers.then_some(file).into_iter().collect());
        Value::Object(record)
    }
}

/// Requests do not contain this value.
const ROBOT_NAME: &str = "Survey robot";
