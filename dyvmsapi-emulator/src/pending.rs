//! Unfinished calls.

use std::fmt;

/// Calls that are not over. The text shows at most the last two digits of a number.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    calls: usize,
    told: Vec<String>,
}

impl Pending {
    const TOLD: usize = 5;

    pub(crate) fn add(&mut self, calls: usize, tell: impl FnOnce() -> String) {
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
