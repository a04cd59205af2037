//! The account of the voice service: what operations leave behind, and what becomes of it with time.
//!
//! Nothing runs in the background. The outcome of a call is decided when the call is placed, and every query is answered
//! from that and from the time at which it is made, so that the emulator's time may move in any way.

use std::time::SystemTime;

use aliyun_emulator::{Account, DueReceipt, Limits, Members, Problem, ValidRequest};

use crate::State;
use crate::arguments::{Answer, Arguments, Parameters};
use crate::call::Calls;
use crate::limit::Limiter;
use crate::number::Numbers;
use crate::pending::Pending;
use crate::robot::Robot;
use crate::run::Hours;
use crate::task::Tasks;
use crate::time::Time;

/// The state of an account. It holds numbers of people, so it has no `Debug`.
pub(crate) struct VoiceAccount {
    /// Whether requests leave anything behind except what limits count.
    remembers: bool,
    calls: Calls,
    robot: Robot,
    tasks: Tasks,
    numbers: Numbers,
    limiter: Option<Limiter>,
}

impl VoiceAccount {
    pub(crate) fn new(state: State, seed: u64, limits: Limits) -> Self {
        let hours = if limits == Limits::Documented { Hours::Day } else { Hours::Always };
        Self {
            remembers: state != State::Examples,
            calls: Calls::new(seed),
            robot: Robot::new(seed, state == State::Sample),
            tasks: Tasks::new(seed, hours),
            numbers: Numbers::default(),
            limiter: (limits == Limits::Documented).then(Limiter::default),
        }
    }

    /// The members that an operation adds to its envelope; `None` if it has no state here.
    fn answer(&mut self, action: &str, parameters: &Parameters, now: Time) -> Option<Answer> {
        let arguments = Arguments { parameters, now };
        self.calls
            .answer(action, arguments)
            .or_else(|| self.robot.answer(action, arguments))
            .or_else(|| self.tasks.answer(action, arguments))
            .or_else(|| self.numbers.answer(action, arguments))
    }

    /// Calls that are not over, and tasks with numbers still to call.
    fn pending_at(&self, now: Time) -> Pending {
        let mut pending = Pending::default();
        self.calls.pending(now, &mut pending);
        self.robot.pending(now, &mut pending);
        self.tasks.pending(now, &mut pending);
        pending
    }
}

impl Account for VoiceAccount {
    fn answer(&mut self, request: ValidRequest<'_>) -> Option<Result<Members, Problem>> {
        let (now, parameters) = (Time::of(request.now()), request.parameters());
        if let Some(limiter) = &mut self.limiter
            && let Err(reached) = limiter.count(request.operation(), parameters, now)
        {
            return Some(Err(Problem::failed("isv.BUSINESS_LIMIT_CONTROL", reached.message())));
        }
        if self.remembers { self.answer(&request.operation().action, parameters, now) } else { None }
    }

    fn receipts(&mut self, until: SystemTime) -> Vec<DueReceipt> {
        self.calls.receipts(until)
    }

    fn pending(&self, now: SystemTime) -> Option<String> {
        let pending = self.pending_at(Time::of(now));
        (!pending.is_empty()).then(|| pending.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every operation with every parameter at once, at the limits of time.
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
            let mut account = VoiceAccount::new(State::Sample, 0, limits);
            for round in 0..2 {
                for operation in &service.operations {
                    for (value, &now) in values.iter().flat_map(|value| moments.iter().map(move |now| (value, now))) {
                        let mut parameters = Parameters::new();
                        for field in &operation.parameters {
                            parameters.insert(field.wire_name.clone(), (*value).to_owned());
                        }
                        // Ids that exist, so that the tasks are used too.
                        if round > 0 && parameters.contains_key("TaskId") {
                            let id = if operation.group == "robot" { "4001110002" } else { "123456" };
                            parameters.insert("TaskId".to_owned(), id.to_owned());
                        }
                        let answer = account.answer(&operation.action, &parameters, Time::from_millis(now));
                        answers += usize::from(answer.is_some());
                    }
                }
                for now in moments {
                    let _ = account.receipts(Time::from_millis(now).into());
                    let _ = account.pending_at(Time::from_millis(now)).to_string();
                }
            }
        }
        assert_eq!(answers, 27 * values.len() * moments.len() * 4);
    }
}
