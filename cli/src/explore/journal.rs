//! The log of calls since the command started.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::problem::Problem;
use super::target::Target;
use crate::json::Json;

/// Calls that are kept. Older ones are forgotten.
const MOST: usize = 500;

/// The log.
#[derive(Debug, Default)]
pub(crate) struct Journal(Mutex<Calls>);

#[derive(Debug, Default)]
struct Calls {
    /// Calls that were logged, with those that are forgotten.
    count: u64,
    /// The newest one comes first.
    kept: VecDeque<Entry>,
}

/// A call. It has no values of parameters.
#[derive(Debug)]
struct Entry {
    number: u64,
    at: Timestamp,
    target: Target,
    action: &'static str,
    /// `None` while the call is in progress.
    end: Option<End>,
}

/// How a call ended.
#[derive(Debug)]
pub(crate) struct End {
    /// `OK`, a code, or the kind of an error.
    pub(crate) outcome: String,
    pub(crate) request_id: Option<String>,
    is_outcome_unknown: bool,
    /// Why it failed. Empty if it did not.
    message: String,
    explanations: Json,
    took: Duration,
}

/// A call in progress. One that is dropped without an end stays in progress.
#[derive(Debug)]
pub(crate) struct Started {
    number: u64,
    at: Instant,
}

impl Journal {
    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs a call that is about to be sent.
    pub(crate) fn start(&self, target: Target, action: &'static str) -> Started {
        let mut calls = self.calls();
        calls.count += 1;
        let number = calls.count;
        calls.kept.push_front(Entry { number, at: Timestamp::now(), target, action, end: None });
        calls.kept.truncate(MOST);
        Started { number, at: Instant::now() }
    }

    /// Logs that a call succeeded.
    pub(crate) fn succeeded(&self, started: &Started, request_id: Option<String>) {
        let end = End {
            outcome: "OK".to_owned(),
            request_id,
            is_outcome_unknown: false,
            message: String::new(),
            explanations: Json::List(Vec::new()),
            took: started.at.elapsed(),
        };
        self.end(started, end);
    }

    /// Logs that a call failed.
    pub(crate) fn failed(&self, started: &Started, problem: &Problem) {
        let end = End {
            outcome: problem.outcome().to_owned(),
            request_id: problem.request_id().map(str::to_owned),
            is_outcome_unknown: problem.is_outcome_unknown(),
            message: problem.message().to_owned(),
            explanations: problem.explanations(),
            took: started.at.elapsed(),
        };
        self.end(started, end);
    }

    fn end(&self, started: &Started, end: End) {
        let mut calls = self.calls();
        if let Some(entry) = calls.kept.iter_mut().find(|entry| entry.number == started.number) {
            entry.end = Some(end);
        }
    }

    /// The log as the page gets it, the newest call first.
    pub(crate) fn json(&self) -> Json {
        Json::List(self.calls().kept.iter().map(Entry::json).collect())
    }
}

impl Entry {
    fn json(&self) -> Json {
        let text = |text: &str| Json::Text(text.to_owned());
        let mut members = vec![
            ("number", Json::Number(self.number.to_string())),
            // Seconds are enough for a person.
            ("at", Json::Text(self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())),
            ("target", text(self.target.name())),
            ("action", text(self.action)),
        ];
        if let Some(end) = &self.end {
            members.push(("outcome", text(&end.outcome)));
            members.push(("outcomeUnknown", Json::Bool(end.is_outcome_unknown)));
            members.push(("requestId", end.request_id.as_deref().map_or(Json::Null, text)));
            members.push(("milliseconds", Json::Number(end.took.as_millis().to_string())));
            members.push(("message", text(&end.message)));
            members.push(("explanations", end.explanations.clone()));
        }
        Json::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_calls_are_kept_and_their_ends_find_them() {
        let journal = Journal::default();
        let first = journal.start(Target::Emulator, "CancelCall");
        let second = journal.start(Target::Live, "SingleCallByTts");
        journal.succeeded(&first, Some("1A".to_owned()));
        journal.failed(&second, &Problem::invalid("TtsCode is required"));
        let Json::List(calls) = journal.json() else { panic!("it is a list") };
        let of = |call: &Json, name: &str| call.get(name).map(|value| value.plain().into_owned());
        assert_eq!(of(&calls[0], "outcome").as_deref(), Some("Request"));
        assert_eq!(of(&calls[0], "message").as_deref(), Some("TtsCode is required"));
        assert_eq!(of(&calls[1], "outcome").as_deref(), Some("OK"));
        assert_eq!(of(&calls[1], "requestId").as_deref(), Some("1A"));
        for _ in 0..MOST - 1 {
            journal.start(Target::Emulator, "QueryRobotTaskList");
        }
        let Json::List(calls) = journal.json() else { panic!("it is a list") };
        assert_eq!(calls.len(), MOST);
        assert_eq!(of(&calls[MOST - 1], "number").as_deref(), Some("2"), "the first one is forgotten");
        assert_eq!(of(&calls[0], "outcome"), None, "it is in progress");
        // A call that is forgotten has an end that nobody reads.
        journal.succeeded(&first, None);
    }
}
