//! Robot call tasks: created, filled, started, stopped and ended, with their calls.

mod call;
mod task;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::call::{Call, Filter, SAMPLE};
use self::task::{Recall, Status, Task};
use crate::arguments::{Answer, Arguments, callable, number, showable};
use crate::pending::Pending;
use crate::time::{MINUTE, Time};
use aliyun_emulator::Problem;

/// Maximum number of kept tasks, and of their numbers in total.
const MOST_TASKS: usize = 1000;
const MOST_CALLEES: usize = 1_000_000;

/// The documented maximum of one upload, and of a task.
const MOST_UPLOADED: usize = 1000;
const MOST_CALLEES_OF_TASK: usize = 300_000;

/// The documented maximum of caller IDs.
const MOST_SHOWN: usize = 100;

const FIRST_ID: u64 = 4_001_110_001;

/// The documentation has no maximum for retries; an unlimited robot would be a mistake.
const MOST_RECALLS: u64 = 10;

/// Maximum length of `TaskName`, in characters.
const LONGEST_NAME: usize = 30;

pub(crate) struct Robot {
    seed: u64,
    created: u64,
    tasks: BTreeMap<u64, Task>,
}

impl Robot {
    pub(crate) fn new(seed: u64, with_sample: bool) -> Self {
        let sample = SAMPLE.into_iter().zip(0..).filter(|_| with_sample);
        let tasks = sample.map(|((id, count), day)| (id, Task::sample(id, Call::sample(id, count, day))));
        Self { seed, created: 0, tasks: tasks.collect() }
    }

    pub(crate) fn answer(&mut self, action: &str, arguments: Arguments<'_>) -> Option<Answer> {
        Some(match action {
            "CreateRobotTask" => self.create(arguments).map(|id| vec![("Data", id.to_string().into())]),
            "UploadRobotTaskCalledFile" => self.upload(arguments),
            "StartRobotTask" => self.start(arguments),
            "StopRobotTask" => self.stop(arguments),
            "CancelRobotTask" => self.cancel(arguments),
            "CancelOrderRobotTask" => self.call_off(arguments),
            "DeleteRobotTask" => self.delete(arguments),
            "BatchRobotSmartCall" => self.call_batch(arguments),
            "QueryRobotTaskList" => self.list(arguments),
            "QueryRobotTaskDetail" => self.detail(arguments),
            "QueryRobotTaskCallList" => self.calls(arguments),
            "QueryRobotTaskCallDetail" => self.call_detail(arguments),
            "QueryCallDetailByTaskId" => self.call_detail_by_task(arguments),
            _ => return None,
        })
    }

    fn create(&mut self, arguments: Arguments<'_>) -> Result<u64, Problem> {
        let shown = shown(arguments, "Caller")?;
        let times = arguments.whole("RecallTimes", 0..=MOST_RECALLS)?.unwrap_or(0);
        let minutes = arguments.whole("RecallInterval", 2..=30)?.unwrap_or(2);
        let recall = Recall {
            codes: arguments.list("RecallStateCodes").take(20).map(|code| code.chars().take(10).collect()).collect(),
            times: if arguments.given("RetryType") == Some("1") { u32::try_from(times).unwrap_or(0) } else { 0 },
            pause: i64::try_from(minutes).unwrap_or(2) * MINUTE,
        };
        let finds_reason = arguments.is_true("NumberStatusIdent");
        self.add(arguments, |id, given| Task { shown, recall, finds_reason, ..Task::new(id, given) })
    }

    /// Adds a task, with what all ways of creating one have in common.
    fn add(&mut self, arguments: Arguments<'_>, finish: impl FnOnce(u64, task::Given) -> Task) -> Result<u64, Problem> {
        let name = arguments.text("TaskName")?;
        if name.chars().count() > LONGEST_NAME {
            return Err(Problem::failed("isv.INVALID_PARAMETERS", "TaskName has more than 30 characters"));
        }
        let given = task::Given {
            seed: self.seed,
            name,
            robot: arguments.id("DialogId").unwrap_or(0),
            company: arguments.text("CorpName")?,
            created: arguments.now,
        };
        let id = FIRST_ID + self.created;
        self.created += 1;
        self.tasks.insert(id, finish(id, given));
        self.forget(id);
        Ok(id)
    }

    /// Evicts the oldest tasks, but not this one, if there are too many tasks or numbers.
    fn forget(&mut self, but: u64) {
        let mut callees: usize = self.tasks.values().map(|task| task.callees.len()).sum();
        while self.tasks.len() > MOST_TASKS || callees > MOST_CALLEES {
            let Some(oldest) = self.tasks.keys().find(|&&id| id != but).copied() else { break };
            callees -= self.tasks.remove(&oldest).map_or(0, |task| task.callees.len());
        }
    }

    fn task(&mut self, id: Option<u64>) -> Result<&mut Task, Problem> {
        id.and_then(|id| self.tasks.get_mut(&id)).ok_or_else(no_task)
    }

    fn upload(&mut self, arguments: Arguments<'_>) -> Answer {
        let callees = callees(arguments)?;
        let task = self.task(arguments.id("Id"))?;
        let status = task.status(arguments.now);
        if status != Status::Init {
            return Err(wrong_state("given numbers", status));
        }
        if task.callees.len() + callees.len() > MOST_CALLEES_OF_TASK {
            return Err(too_many());
        }
        task.callees.extend(callees);
        let id = task.id;
        self.forget(id);
        Ok(vec![("Data", id.to_string().into())])
    }

    fn start(&mut self, arguments: Arguments<'_>) -> Answer {
        let scheduled = arguments.date_and_time("ScheduleTime")?;
        self.task(arguments.id("TaskId"))?.start(scheduled, arguments.now)?;
        Ok(done())
    }

    /// A second stop changes nothing, and neither does a second cancel.
    fn stop(&mut self, arguments: Arguments<'_>) -> Answer {
        let task = self.task(arguments.id("TaskId"))?;
        match task.status(arguments.now) {
            Status::Dispatch | Status::Executing => task.run.stop(arguments.now),
            Status::ManualStop => {}
            other => return Err(wrong_state("stopped", other)),
        }
        Ok(done())
    }

    fn cancel(&mut self, arguments: Arguments<'_>) -> Answer {
        let task = self.task(arguments.id("TaskId"))?;
        match task.status(arguments.now) {
            Status::Dispatch | Status::Executing | Status::ManualStop => task.cancel(arguments.now),
            Status::Cancel => {}
            other => return Err(wrong_state("ended", other)),
        }
        Ok(done())
    }

    fn call_off(&mut self, arguments: Arguments<'_>) -> Answer {
        let task = self.task(arguments.id("TaskId"))?;
        match task.status(arguments.now) {
            Status::Ready => task.cancel(arguments.now),
            Status::Cancel => {}
            other => return Err(wrong_state("called off", other)),
        }
        Ok(done())
    }

    fn delete(&mut self, arguments: Arguments<'_>) -> Answer {
        let task = self.task(arguments.id("TaskId"))?;
        match task.status(arguments.now) {
            Status::Init | Status::Finish | Status::Cancel => {}
            other => return Err(wrong_state("deleted", other)),
        }
        let id = task.id;
        self.tasks.remove(&id);
        Ok(done())
    }

    /// Creates a task, adds its numbers and starts it.
    fn call_batch(&mut self, arguments: Arguments<'_>) -> Answer {
        let callees = callees(arguments)?;
        let shown = shown(arguments, "CalledShowNumber")?;
        let is_scheduled = arguments.is_true("ScheduleCall");
        let time = arguments.time("ScheduleTime").filter(|_| is_scheduled);
        if is_scheduled && time.is_none() {
            return Err(Problem::failed("isv.INVALID_PARAMETERS", "ScheduleCall is true, and ScheduleTime is missing"));
        }
        let id = self.add(arguments, |id, given| Task { shown, callees, ..Task::new(id, given) })?;
        self.task(Some(id))?.start(time, arguments.now)?;
        Ok(vec![("TaskId", id.to_string().into())])
    }

    fn list(&self, arguments: Arguments<'_>) -> Answer {
        let page = arguments.page("PageNo", "PageSize", 20)?;
        let matching = self.tasks.values().filter(|task| {
            arguments.admits("TaskName", &task.given.name)
                && arguments.admits("Status", task.status(arguments.now).code())
                && arguments.admits("Time", &task.given.created.day().to_string())
        });
        let (records, total) = page.cut(matching, |task| task.record(arguments.now));
        Ok(vec![
            ("Data", records),
            ("PageNo", page.number.to_string().into()),
            ("PageSize", page.size.to_string().into()),
            ("TotalCount", total.to_string().into()),
        ])
    }

    fn detail(&self, arguments: Arguments<'_>) -> Answer {
        let task = arguments.id("Id").and_then(|id| self.tasks.get(&id)).ok_or_else(no_task)?;
        Ok(vec![("Data", task.detail(arguments.now))])
    }

    /// One page of calls that are over.
    ///
    /// Without a task, the calls of all tasks; of an unknown task, none, as for any other filter that nothing
    /// matches.
    fn calls(&self, arguments: Arguments<'_>) -> Answer {
        let filter = Filter::read(arguments)?;
        let page = arguments.page("PageNo", "PageSize", 20)?;
        let asked_for = |task: &&Task| arguments.given("TaskId").is_none_or(|id| number(id) == Some(task.id));
        let calls =
            self.tasks.values().filter(asked_for).flat_map(|task| task.calls(arguments.now, arguments.given("Called")));
        Ok(vec![("Data", page.part(calls.filter(|call| filter.matches(call)), |call| call.record()))])
    }

    /// The latest call to a number on a day.
    fn call_detail(&self, arguments: Arguments<'_>) -> Answer {
        let day = arguments.time("QueryDate").map(Time::day);
        let call = self.latest_call(arguments, |_, call| Some(call.start.day()) == day);
        Ok(vec![("Data", call.ok_or_else(no_call)?.detail())])
    }

    /// The latest call to a number, of a task that began on a day.
    fn call_detail_by_task(&self, arguments: Arguments<'_>) -> Answer {
        let day = arguments.time("QueryDate").map(Time::day);
        let call = self.latest_call(arguments, |task, _| task.fired().map(Time::day) == day);
        Ok(vec![("Data", call.ok_or_else(no_call)?.detail_by_task())])
    }

    fn latest_call(&self, arguments: Arguments<'_>, matches: impl Fn(&Task, &Call) -> bool) -> Option<Call> {
        let task = arguments.id("TaskId").and_then(|id| self.tasks.get(&id))?;
        let calls = task.calls(arguments.now, Some(arguments.given("Callee")?)).filter(|call| matches(task, call));
        calls.max_by_key(|call| call.start).map(Cow::into_owned)
    }

    pub(crate) fn pending(&self, now: Time, pending: &mut Pending) {
        for task in self.tasks.values() {
            let left = task.pending(now);
            pending.add(left, || format!("robot task {} has {left} numbers to call", task.id));
        }
    }
}

fn done() -> Vec<(&'static str, Value)> {
    vec![("Data", json!("true"))]
}

fn no_task() -> Problem {
    Problem::failed("100008.0", "there is no such task")
}

fn no_call() -> Problem {
    Problem::failed("100008.0", "there is no such call")
}

fn too_many() -> Problem {
    Problem::failed("isv.VOICE_ROBOT_CALLEE_LIMIT", "there are too many numbers to call")
}

/// The documentation has no code for a task in the wrong state; this is the code for a parameter with a wrong value.
fn wrong_state(what: &str, status: Status) -> Problem {
    Problem::failed("isv.INVALID_PARAMETERS", format!("a task that is {} cannot be {what}", status.code()))
}

fn callees(arguments: Arguments<'_>) -> Result<Vec<Box<str>>, Problem> {
    if arguments.list("CalledNumber").nth(MOST_UPLOADED).is_some() {
        return Err(too_many());
    }
    arguments.list("CalledNumber").map(|number| callable(number).map(Into::into)).collect()
}

fn shown(arguments: Arguments<'_>, name: &str) -> Result<Vec<Box<str>>, Problem> {
    if arguments.list(name).nth(MOST_SHOWN).is_some() {
        return Err(Problem::failed("isv.DISPLAY_NUMBER_ILLEGAL", "there are too many numbers to be shown"));
    }
    arguments.list(name).map(|number| showable(number).map(Into::into)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Parameters;

    fn create(robot: &mut Robot) -> u64 {
        let parameters: Parameters = [("Caller".to_owned(), "05710000000".to_owned())].into();
        robot.create(Arguments { parameters: &parameters, now: Time::from_millis(0) }).unwrap()
    }

    #[test]
    fn keeps_the_latest_tasks() {
        let mut robot = Robot::new(0, true);
        let ids: Vec<u64> = (0..MOST_TASKS).map(|_| create(&mut robot)).collect();
        assert_eq!(robot.tasks.keys().copied().collect::<Vec<_>>(), ids);
        create(&mut robot);
        assert_eq!(robot.tasks.first_key_value().unwrap().0, &ids[1]);
    }

    #[test]
    fn keeps_no_more_numbers_than_there_is_room_for() {
        let mut robot = Robot::new(0, false);
        let ids = [(); 4].map(|()| create(&mut robot));
        for id in ids {
            robot.task(Some(id)).unwrap().callees = vec!["13000000000".into(); MOST_CALLEES_OF_TASK];
        }
        // The oldest task is evicted, but not the one that is being filled.
        robot.forget(ids[0]);
        assert_eq!(robot.tasks.keys().copied().collect::<Vec<_>>(), [ids[0], ids[2], ids[3]]);
    }
}
