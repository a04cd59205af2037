//! The state of an account: what operations left behind, and what time made of it since.
//!
//! Nothing here runs by itself. What will become of a call is decided when it is placed, and every question is answered
//! from that and from the moment it is asked at, so that virtual time may move as it likes.

mod asked;
mod call;
mod life;
pub(crate) mod limit;
mod number;
mod robot;
mod run;
mod task;
mod time;

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use self::asked::Asked;
use self::limit::Limits;
pub(crate) use self::time::Time;
use crate::random::Random;
use crate::refuse::Refusal;
use crate::wire::Parameters;

/// What an emulator knows when it starts, and whether it remembers anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum State {
    /// Three robot tasks that are done, with their calls, and everything that requests add.
    #[default]
    Sample,
    /// Nothing at first, and everything that requests add.
    Empty,
    /// Nothing ever: each operation answers the first example of its specification that shows a success.
    Examples,
}

/// The members that an operation adds to its envelope.
type Answer = Result<Vec<(&'static str, Value)>, Problem>;

/// Why there is no good answer.
#[derive(Debug, PartialEq)]
pub(crate) enum Problem {
    /// The gateway's refusal.
    Refused(Refusal),
    /// The product's: HTTP 200 with a code that shows no success.
    Failed { code: &'static str, message: Cow<'static, str> },
}

impl Problem {
    fn failed(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Failed { code, message: message.into() }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// All that an account has. Like everything here that holds a number of a person, it cannot be shown.
pub(crate) struct Account {
    calls: call::Calls,
    robot: robot::Robot,
    tasks: task::Tasks,
    numbers: number::Numbers,
}

impl Account {
    pub(crate) fn new(seed: u64, with_sample: bool, limits: Limits) -> Self {
        let hours = if limits == Limits::Documented { run::Hours::Day } else { run::Hours::Always };
        Self {
            calls: call::Calls::new(seed),
            robot: robot::Robot::new(seed, with_sample),
            tasks: task::Tasks::new(seed, hours),
            numbers: number::Numbers::default(),
        }
    }

    /// What an operation adds to its envelope; nothing where it has no state here.
    pub(crate) fn answer(&mut self, action: &str, parameters: &Parameters, now: Time) -> Option<Answer> {
        let asked = Asked { parameters, now };
        self.calls
            .answer(action, asked)
            .or_else(|| self.robot.answer(action, asked))
            .or_else(|| self.tasks.answer(action, asked))
            .or_else(|| self.numbers.answer(action, asked))
    }

    /// Calls that are not over, and tasks with numbers still to call.
    pub(crate) fn pending(&self, now: Time) -> Pending {
        let mut pending = Pending::default();
        self.calls.pending(now, &mut pending);
        self.robot.pending(now, &mut pending);
        self.tasks.pending(now, &mut pending);
        pending
    }
}

/// Calls that are not over. Its text shows no more than the last two digits of a number.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    calls: usize,
    told: Vec<String>,
}

impl Pending {
    const TOLD: usize = 5;

    fn add(&mut self, calls: usize, tell: impl FnOnce() -> String) {
        if calls > 0 && self.told.len() < Self::TOLD {
            self.told.push(tell());
        }
        self.calls += calls;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls == 0
    }
}

impl fmt::Display for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = if self.calls == 1 { "call is" } else { "calls are" };
        write!(f, "{} {calls} pending: {}", self.calls, self.told.join("; "))?;
        if self.told.len() == Self::TOLD { f.write_str("; ...") } else { Ok(()) }
    }
}

/// Random numbers of one thing, independent of what else happens in the account.
fn random_of(seed: u64, id: u64, index: u64) -> Random {
    let mut random = Random::new(seed ^ id.rotate_left(32));
    Random::new(random.next() ^ index.rotate_left(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation with every parameter at once, and at the ends of time.
    #[test]
    fn no_value_and_no_moment_is_too_much() {
        let service = aliyun_api_spec::dyvmsapi();
        let values = [
            "",
            "0",
            "1",
            "-1",
            "true",
            "9223372036854775807",
            "18446744073709551615",
            "13000000002",
            "13000000002,13000000099,,",
            "占线，\u{0}^",
            "116012354148^102813780000",
            "^18446744073709551615",
            "[",
            "{\"calleeList\":[{\"callee\":\"13000000000\"}]}",
            "-9999-01-01 00:00:00",
            "9999-12-30 23:59:59",
            "RUNNING",
            "STOP",
        ];
        let moments = [i64::MIN, -1, 1_772_416_800_000, i64::MAX];
        let mut answers = 0;
        for limits in [Limits::Off, Limits::Documented] {
            let mut account = Account::new(0, true, limits);
            for round in 0..2 {
                for operation in &service.operations {
                    for (value, &now) in values.iter().flat_map(|value| moments.iter().map(move |now| (value, now))) {
                        let mut parameters = Parameters::new();
                        for field in &operation.parameters {
                            parameters.insert(field.wire_name.clone(), (*value).to_owned());
                        }
                        // Ids that exist, so that the tasks are worked on too.
                        if round > 0 && parameters.contains_key("TaskId") {
                            let id = if operation.group == "robot" { "4001110002" } else { "123456" };
                            parameters.insert("TaskId".to_owned(), id.to_owned());
                        }
                        let answer = account.answer(&operation.action, &parameters, Time::from_millis(now));
                        answers += usize::from(answer.is_some());
                    }
                }
                for now in moments {
                    let _ = account.pending(Time::from_millis(now)).to_string();
                }
            }
        }
        assert_eq!(answers, 27 * values.len() * moments.len() * 4);
    }
}
