//! An emulator with a clock that a test moves.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dyvmsapi_emulator::{Builder, Emulator, State};
use serde_json::{Map, Value};

use crate::support::{Call, Reply, now};

/// An emulator with the sample data, at the time of [`now`].
pub(crate) fn emulator() -> Emulator {
    dyvmsapi_emulator::builder().clock(now).build()
}

pub(crate) struct Story {
    pub(crate) emulator: Emulator,
    milliseconds: Arc<AtomicU64>,
    sent: Cell<u32>,
}

impl Story {
    /// Begins at 2026-03-01 20:34:56 in China.
    pub(crate) fn new() -> Self {
        Self::of(State::default())
    }

    pub(crate) fn of(state: State) -> Self {
        Self::with(state, |builder| builder)
    }

    pub(crate) fn with(state: State, setup: impl FnOnce(Builder) -> Builder) -> Self {
        let milliseconds = Arc::new(AtomicU64::new(0));
        let clock = Arc::clone(&milliseconds);
        let clock = move || now() + Duration::from_millis(clock.load(Ordering::Relaxed));
        // Requests keep one time stamp, while the clock goes on for days.
        let builder =
            dyvmsapi_emulator::builder_with(state).clock(clock).time_window(Duration::from_secs(10 * 365 * 86_400));
        Self { emulator: setup(builder).build(), milliseconds, sent: Cell::new(0) }
    }

    /// Moves the clock on.
    pub(crate) fn wait(&self, seconds: u64) {
        self.wait_milliseconds(seconds * 1000);
    }

    pub(crate) fn wait_milliseconds(&self, milliseconds: u64) {
        self.milliseconds.fetch_add(milliseconds, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> SystemTime {
        now() + Duration::from_millis(self.milliseconds.load(Ordering::Relaxed))
    }

    /// The clock as the service takes a time: milliseconds since 1970.
    pub(crate) fn today(&self) -> String {
        self.now().duration_since(UNIX_EPOCH).unwrap().as_millis().to_string()
    }

    pub(crate) fn reply(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.sent.set(self.sent.get() + 1);
        let mut call = Call::new().set("Action", action).set("SignatureNonce", &self.sent.get().to_string());
        for (name, value) in parameters {
            call = call.set(name, value);
        }
        call.to(&self.emulator)
    }

    /// The members of an answer, whatever they tell.
    pub(crate) fn ask(&self, action: &str, parameters: &[(&str, &str)]) -> Map<String, Value> {
        match self.reply(action, parameters).json() {
            Value::Object(members) => members,
            other => panic!("{other} is no answer"),
        }
    }

    pub(crate) fn code(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        self.ask(action, parameters)["Code"].as_str().unwrap().to_owned()
    }

    /// One member of an answer that shows a success; a text with JSON in it is opened.
    #[track_caller]
    pub(crate) fn member(&self, action: &str, parameters: &[(&str, &str)], name: &str) -> Value {
        let members = self.ask(action, parameters);
        assert!(["OK", "200"].contains(&members["Code"].as_str().unwrap()), "{action}: {members:?}");
        let member = members.get(name).unwrap_or_else(|| panic!("{action}: no {name} in {members:?}"));
        match member.as_str().filter(|text| text.starts_with(['[', '{'])) {
            Some(json) => serde_json::from_str(json).unwrap(),
            None => member.clone(),
        }
    }

    #[track_caller]
    pub(crate) fn data(&self, action: &str, parameters: &[(&str, &str)]) -> Value {
        self.member(action, parameters, "Data")
    }

    /// What `assert_nothing_pending` says where it panics.
    pub(crate) fn pending(&self) -> Option<String> {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.emulator.assert_nothing_pending()));
        outcome.err().map(|panic| panic.downcast_ref::<String>().unwrap().clone())
    }
}

/// One column of a list of records.
pub(crate) fn column<'v>(records: &'v Value, name: &str) -> Vec<&'v Value> {
    records.as_array().unwrap().iter().map(|record| &record[name]).collect()
}
