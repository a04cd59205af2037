//! Call tasks: many numbers called with one template or file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::arguments::{Answer, Arguments, callable, showable};
use crate::life::Life;
use crate::life::random_of;
use crate::pending::Pending;
use crate::run::{Hours, Run};
use crate::time::{SECOND, Time};
use aliyun_emulator::Problem;

/// Maximum number of kept tasks.
const MOST_TASKS: usize = 1000;

/// The documented maximum of a task's numbers.
const MOST_CALLEES: usize = 1000;

const FIRST_ID: u64 = 123_456;

/// Reading the numbers takes this time; then numbers are called at this pace.
const READING: i64 = 2 * SECOND;
const PACE: i64 = SECOND;

pub(crate) struct Tasks {
    seed: u64,
    hours: Hours,
    created: u64,
    by_id: BTreeMap<u64, Task>,
}

struct Task {
    id: u64,
    seed: u64,
    name: String,
    kind: String,
    template: String,
    template_name: String,
    resource: String,
    data_type: String,
    callees: Vec<Box<str>>,
    run: Run,
    cancelled: bool,
}

/// Numbers with values for a template. The values are not needed here.
#[derive(Deserialize)]
struct CalleeTable {
    #[serde(rename = "calleeList")]
    callees: Vec<Callee>,
}

#[derive(Deserialize)]
struct Callee {
    callee: String,
}

fn invalid(message: impl Into<String>) -> Problem {
    Problem::failed("InvalidParameters", message.into())
}

impl Tasks {
    pub(crate) fn new(seed: u64, hours: Hours) -> Self {
        Self { seed, hours, created: 0, by_id: BTreeMap::new() }
    }

    pub(crate) fn answer(&mut self, action: &str, arguments: Arguments<'_>) -> Option<Answer> {
        Some(match action {
            "CreateCallTask" => self.create(arguments),
            "ExecuteCallTask" => self.execute(arguments),
            "ListCallTask" => self.list(arguments),
            "ListCallTaskDetail" => self.calls(arguments),
            _ => return None,
        })
    }

    fn create(&mut self, arguments: Arguments<'_>) -> Answer {
        let resource = showable(arguments.given("Resource").unwrap_or_default()).map_err(|_| invalid("Resource"))?;
        let id = FIRST_ID + self.created;
        let task = Task {
            id,
            seed: self.seed,
            name: arguments.text("TaskName")?,
            kind: arguments.text("BizType")?,
            template: arguments.text("TemplateCode")?,
            template_name: arguments.text("TemplateName")?,
            resource: resource.to_owned(),
            data_type: arguments.given("DataType").unwrap_or("LIST").to_owned(),
            callees: callees(arguments)?,
            run: Run::at_hours(self.hours),
            cancelled: false,
        };
        self.created += 1;
        self.by_id.insert(id, task);
        if self.by_id.len() > MOST_TASKS {
            self.by_id.pop_first();
        }
        Ok(vec![("Data", id.into())])
    }

    fn execute(&mut self, arguments: Arguments<'_>) -> Answer {
        let now = arguments.now;
        let fire = arguments.date_and_time("FireTime")?.filter(|time| *time > now);
        let task = arguments.id("TaskId").and_then(|id| self.by_id.get_mut(&id));
        let task = task.ok_or_else(|| invalid("there is no such task"))?;
        let status = task.status(now);
        let wrong = |what: &str| Err(invalid(format!("a task that is {status} cannot be {what}")));
        match (arguments.given("Status").unwrap_or_default(), status) {
            ("RUNNING", "INIT" | "STOP") if !task.run.is_open() => {
                if !task.run.start(fire.unwrap_or(now)) {
                    return wrong("started so often");
                }
            }
            ("RUNNING", _) => return wrong("started"),
            ("STOP", "RELEASE" | "RUNNING" | "SYSTEM_STOP") => task.run.stop(now),
            ("STOP", _) => return wrong("stopped"),
            ("CANCEL", "DONE" | "CANCEL") => return wrong("cancelled"),
            ("CANCEL", _) => {
                task.run.stop(now);
                task.cancelled = true;
            }
            _ => return Err(invalid("Status is none of RUNNING, STOP and CANCEL")),
        }
        Ok(vec![("Data", true.into())])
    }

    fn list(&self, arguments: Arguments<'_>) -> Answer {
        let page = arguments.page("PageNumber", "PageSize", 10)?;
        let matching = self.by_id.values().filter(|task| {
            arguments.admits("TaskId", &task.id.to_string())
                && arguments.admits("BizType", &task.kind)
                && arguments.admits("TaskName", &task.name)
                && arguments.admits("TemplateName", &task.template_name)
                && arguments.admits("Status", task.status(arguments.now))
        });
        let (records, total) = page.cut(matching, |task| task.record(arguments.now));
        Ok(vec![
            ("PageSize", page.size.into()),
            ("PageNumber", page.number.into()),
            ("Total", total.into()),
            ("Data", records),
        ])
    }

    /// An unknown task has no calls.
    fn calls(&self, arguments: Arguments<'_>) -> Answer {
        let page = arguments.page("PageNumber", "PageSize", 10)?;
        let task = arguments.id("TaskId").and_then(|id| self.by_id.get(&id));
        let calls = task.into_iter().flat_map(|task| {
            task.callees.iter().enumerate().map(move |(index, called)| {
                let life = task.life(index).filter(|life| life.ended <= arguments.now);
                let status = match &life {
                    None => "INIT",
                    Some(life) if life.outcome.is_answered() => "SUCCESS",
                    Some(_) => "FAIL",
                };
                (task, called, status, life.map_or(0, |life| life.talk()))
            })
        });
        let matching = calls.filter(|(_, called, status, _)| {
            arguments.admits("CalledNum", called) && arguments.admits("Status", status)
        });
        let (records, total) = page.cut(matching, |(task, called, status, duration)| {
            json!({
                "Status": status,
                "Duration": duration,
                "CalledNum": called,
                "Caller": task.resource,
                "Id": 0,
            })
        });
        Ok(vec![
            ("TotalPage", total.div_ceil(page.size).into()),
            ("PageSize", page.size.into()),
            ("PageNumber", page.number.into()),
            ("Total", total.into()),
            ("Data", records),
        ])
    }

    pub(crate) fn pending(&self, now: Time, pending: &mut Pending) {
        for task in self.by_id.values() {
            let left = task.lives().filter(|life| life.ended > now).count();
            pending.add(left, || format!("call task {} has {left} numbers to call", task.id));
        }
    }
}

fn callees(arguments: Arguments<'_>) -> Result<Vec<Box<str>>, Problem> {
    let given = arguments.given("Data").ok_or_else(|| invalid("Data"))?;
    let table: CalleeTable;
    let numbers: Vec<&str> = match arguments.given("DataType").unwrap_or("LIST") {
        "LIST" => arguments.list("Data").collect(),
        "JSON" => {
            table = serde_json::from_str(given).map_err(|_| invalid("Data has no list of callees"))?;
            table.callees.iter().map(|callee| callee.callee.as_str()).collect()
        }
        _ => return Err(invalid("DataType is neither LIST nor JSON")),
    };
    if numbers.is_empty() || numbers.len() > MOST_CALLEES {
        return Err(invalid(format!("a task calls 1 to {MOST_CALLEES} numbers")));
    }
    numbers
        .into_iter()
        .map(|number| callable(number).map(Into::into))
        .collect::<Result<_, _>>()
        .map_err(|_| invalid("a number in Data is not of digits only"))
}

impl Task {
    /// The call to one of the numbers, as the task is now: it may be in the future, or never be placed.
    fn life(&self, index: usize) -> Option<Life> {
        let called = self.callees.get(index)?;
        let order = i64::try_from(index).ok()?;
        let placed = self.run.at(READING + order * PACE)?;
        Some(Life::make_up(called, placed, &mut random_of(self.seed, self.id, order.unsigned_abs())))
    }

    fn lives(&self) -> impl Iterator<Item = Life> {
        (0..self.callees.len()).filter_map(|index| self.life(index))
    }

    fn finished(&self, now: Time) -> usize {
        self.lives().filter(|life| life.ended <= now).count()
    }

    fn status(&self, now: Time) -> &'static str {
        match (self.run.began(), self.run.resumed()) {
            _ if self.cancelled => "CANCEL",
            (None, _) => "INIT",
            _ if !self.run.is_open() => "STOP",
            (Some(began), _) if began > now => "INIT",
            // Resumes later: still stopped until then.
            (_, Some(resumed)) if resumed > now => "STOP",
            _ if self.finished(now) == self.callees.len() => "DONE",
            _ if self.run.is_paused(now) => "SYSTEM_STOP",
            _ if self.run.at(READING).is_some_and(|read| read > now) => "RELEASE",
            _ => "RUNNING",
        }
    }

    fn record(&self, now: Time) -> Value {
        let status = self.status(now);
        let (finished, total) = (self.finished(now), self.callees.len());
        let mut record = Map::new();
        let mut add = |name: &str, value: Value| record.insert(name.to_owned(), value);
        let text = |text: &str| Value::String(text.to_owned());
        let millis = |time: Time| Value::String(time.millis().to_string());
        add("Status", text(status));
        add("DataType", text(&self.data_type));
        add("CompletedCount", finished.into());
        add("TotalCount", total.into());
        if let (false, Some(stopped)) = (self.run.is_open(), self.run.stopped()) {
            add("StopTime", millis(stopped));
        }
        add("Resource", text(&self.resource));
        if let Some(began) = self.run.began() {
            add("FireTime", millis(began));
        }
        if let ("DONE", Some(completed)) = (status, self.lives().map(|life| life.ended).max()) {
            add("CompleteTime", millis(completed));
        }
        // The examples show 10000 for completed tasks.
        add("CompletedRate", (10_000 * finished / total.max(1)).into());
        add("Id", self.id.into());
        let given = [
            ("TaskName", &self.name),
            ("BizType", &self.kind),
            ("TemplateCode", &self.template),
            ("TemplateName", &self.template_name),
        ];
        for (name, value) in given.into_iter().filter(|(_, value)| !value.is_empty()) {
            add(name, text(value));
        }
        Value::Object(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Parameters;

    #[test]
    fn keeps_the_latest_tasks() {
        let mut tasks = Tasks::new(0, Hours::Always);
        let pairs = [("Resource", "05710000000"), ("Data", "13000000000")];
        let parameters: Parameters = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        for _ in 0..MOST_TASKS {
            tasks.create(Arguments { parameters: &parameters, now: Time::from_millis(0) }).unwrap();
        }
        assert_eq!((tasks.by_id.len(), tasks.by_id.first_key_value().map(|(id, _)| *id)), (MOST_TASKS, Some(FIRST_ID)));
        tasks.create(Arguments { parameters: &parameters, now: Time::from_millis(0) }).unwrap();
        let ids: Vec<u64> = tasks.by_id.keys().copied().collect();
        assert_eq!((ids.len(), ids[0], ids[MOST_TASKS - 1]), (MOST_TASKS, FIRST_ID + 1, FIRST_ID + 1000));
    }
}
