//! The result of one check.

use std::fmt::Write as _;

use aliyun_protocol::visible::escaped;

use crate::json::Json;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    name: &'static str,
    state: State,
    /// What was found.
    found: String,
    /// What to do; empty unless it failed.
    remedy: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Passed,
    Failed,
    /// It depends on a check that failed.
    Skipped,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Passed => "ok",
            Self::Failed => "FAIL",
            Self::Skipped => "skip",
        }
    }
}

impl Check {
    pub(super) fn passed(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Passed, found: found.into(), remedy: String::new() }
    }

    pub(super) fn failed(name: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: State::Failed, found: found.into(), remedy: remedy.into() }
    }

    pub(super) fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, state: State::Skipped, found: why.into(), remedy: String::new() }
    }
}

/// A check that decides what others do is passed on as one or the other.
impl From<Result<Check, Check>> for Check {
    fn from(result: Result<Self, Self>) -> Self {
        result.unwrap_or_else(|failed| failed)
    }
}

/// All results, in their order.
#[derive(Debug, Default)]
pub(super) struct Checks(Vec<Check>);

impl Checks {
    pub(super) fn add(&mut self, check: impl Into<Check>) {
        self.0.push(check.into());
    }

    /// The number of failed checks.
    pub(super) fn failed(&self) -> usize {
        self.0.iter().filter(|check| check.state == State::Failed).count()
    }

    /// One line for each check.
    pub(super) fn as_text(&self) -> String {
        let width = self.0.iter().map(|check| check.name.len()).max().unwrap_or_default();
        let mut text = String::new();
        for Check { name, state, found, remedy } in &self.0 {
            let _ = write!(text, "{:4}  {name:width$}  {}", state.name(), escaped(found));
            if !remedy.is_empty() {
                let _ = write!(text, "; to do: {remedy}");
            }
            text.push('\n');
        }
        text
    }

    pub(super) fn as_json(&self) -> Json {
        let member = |name: &str, text: &str| (name.to_owned(), Json::Text(text.to_owned()));
        let row = |Check { name, state, found, remedy }: &Check| {
            let state = state.name().to_ascii_lowercase();
            Json::Object(vec![
                member("check", name),
                member("state", &state),
                member("found", found),
                member("remedy", remedy),
            ])
        };
        Json::List(self.0.iter().map(row).collect())
    }
}
