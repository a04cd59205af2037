//! Documented limits: requests per second of an operation.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use aliyun_api_spec::model::Operation;

/// Whether documented limits are enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Limits {
    /// They are not.
    #[default]
    Off,
    /// They are, by the limits of the specification and in the emulator's time.
    ///
    /// A request beyond the documented number per second of its operation is refused with `Throttling.User`; the header
    /// `x-acs-retry-after` states the milliseconds to wait. The account of a service may have further limits.
    Documented,
}

const SECOND: Duration = Duration::from_secs(1);

/// Counts the requests of each operation. A window opens with the first request that is counted in it.
#[derive(Default)]
pub(crate) struct Limiter {
    windows: HashMap<String, Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    start: SystemTime,
    count: u32,
}

impl Limiter {
    /// Counts a request, or returns how long to wait.
    pub(crate) fn count(&mut self, operation: &Operation, now: SystemTime) -> Result<(), Duration> {
        let Some(limit) = operation.limits.per_second else { return Ok(()) };
        let new = Window { start: now, count: 0 };
        let window = match self.windows.get_mut(&operation.action) {
            Some(window) => window,
            None => self.windows.entry(operation.action.clone()).or_insert(new),
        };
        // A clock that was set back ends the window too.
        let passed = now.duration_since(window.start).unwrap_or(SECOND);
        if passed >= SECOND {
            *window = new;
        } else if window.count >= limit {
            return Err(SECOND.saturating_sub(passed));
        }
        window.count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen;

    #[test]
    fn a_second_begins_with_the_first_request_that_is_counted_in_it() {
        let (mut limiter, mut operation) = (Limiter::default(), specimen::operation("Do"));
        operation.limits.per_second = Some(2);
        let mut count = |millis| {
            let now = SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
            limiter.count(&operation, now).map_err(|wait| wait.as_millis())
        };
        assert_eq!([count(300), count(900), count(901), count(1299)], [Ok(()), Ok(()), Err(399), Err(1)]);
        assert_eq!([count(1300), count(1300), count(1300)], [Ok(()), Ok(()), Err(1000)]);
        // The clock was set back.
        assert_eq!(count(0), Ok(()));
    }

    #[test]
    fn an_operation_without_a_limit_is_not_counted() {
        let (mut limiter, operation) = (Limiter::default(), specimen::operation("Do"));
        for _ in 0..100 {
            assert_eq!(limiter.count(&operation, SystemTime::UNIX_EPOCH), Ok(()));
        }
    }
}
