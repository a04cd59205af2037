//! The emulator's clock: virtual time that follows a source, at a scale, from a start, and that tests advance.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Where the time comes from.
pub(crate) type TimeSource = Arc<dyn Fn() -> SystemTime + Send + Sync>;

pub(crate) struct Clock {
    source: TimeSource,
    /// The initial virtual time; default: that of the source.
    start: Option<SystemTime>,
    /// Virtual seconds in a second of the source.
    scale: u32,
    anchor: Mutex<Anchor>,
}

/// The times of one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// The emulator's time.
    pub(crate) now: SystemTime,
    /// The time against which time stamps are checked.
    pub(crate) stamps: SystemTime,
}

/// A moment of the source, and the times of the two clocks at that moment.
#[derive(Clone, Copy)]
struct Anchor {
    source: SystemTime,
    /// Virtual time, in which accounts change and limits end.
    shown: SystemTime,
    /// The gateway's time, which clients must agree with: it is not advanced, and never runs faster than theirs.
    stamped: SystemTime,
    /// Whether the two were set, and do not come from the source.
    is_set: bool,
}

impl Clock {
    pub(crate) fn new(source: TimeSource, start: Option<SystemTime>, scale: u32) -> Self {
        let anchor = Anchor::now(&source, start);
        Self { source, start, scale, anchor: Mutex::new(anchor) }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.moment().now
    }

    /// The current times.
    pub(crate) fn moment(&self) -> Moment {
        let now = (self.source)();
        self.with_anchor(|anchor| Moment {
            now: moved(anchor.shown, anchor.source, now, self.scale),
            // A clock that was set can stand still, so that a recorded request is valid at any time. Otherwise it
            // follows the clients' clocks.
            stamps: moved(anchor.stamped, anchor.source, now, if anchor.is_set { self.scale.min(1) } else { 1 }),
        })
    }

    pub(crate) fn scale(&self) -> u32 {
        self.scale
    }

    /// Advances; a time out of the range of the system stays.
    pub(crate) fn advance(&self, by: Duration) {
        self.with_anchor(|anchor| anchor.shown = later(anchor.shown, by));
    }

    pub(crate) fn set(&self, time: SystemTime) {
        let source = (self.source)();
        self.with_anchor(|anchor| *anchor = Anchor { source, shown: time, stamped: time, is_set: true });
    }

    /// Returns to the initial time.
    pub(crate) fn reset(&self) {
        let begun = Anchor::now(&self.source, self.start);
        self.with_anchor(|anchor| *anchor = begun);
    }

    fn with_anchor<T>(&self, work: impl FnOnce(&mut Anchor) -> T) -> T {
        work(&mut self.anchor.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).field("scale", &self.scale).finish_non_exhaustive()
    }
}

impl Anchor {
    fn now(source: &TimeSource, start: Option<SystemTime>) -> Self {
        let now = source();
        let is_set = start.is_some();
        let start = start.unwrap_or(now);
        Self { source: now, shown: start, stamped: start, is_set }
    }
}

/// The time of a clock at a moment of its source, given its time at another moment.
fn moved(shown: SystemTime, then: SystemTime, now: SystemTime, scale: u32) -> SystemTime {
    match now.duration_since(then) {
        Ok(passed) => later(shown, passed.saturating_mul(scale)),
        // A source may be set back.
        Err(error) => earlier(shown, error.duration().saturating_mul(scale)),
    }
}

/// A later time, within the range of the system.
pub(crate) fn later(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_add(by).unwrap_or(time)
}

/// An earlier time, within the range of the system.
pub(crate) fn earlier(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_sub(by).unwrap_or(time)
}

/// `YYYY-MM-DDThh:mm:ssZ`, as the protocol writes a time; one outside the calendar shows as 1970.
pub(crate) fn text(time: SystemTime) -> String {
    let time = jiff::Timestamp::try_from(time).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{time:.0}")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn source(seconds: &Arc<AtomicU64>) -> TimeSource {
        let seconds = Arc::clone(seconds);
        Arc::new(move || at(seconds.load(Ordering::Relaxed)))
    }

    #[test]
    fn follows_its_source_both_ways() {
        let seconds = Arc::new(AtomicU64::new(100));
        let clock = Clock::new(source(&seconds), None, 1);
        assert_eq!(clock.now(), at(100));
        seconds.store(107, Ordering::Relaxed);
        assert_eq!(clock.now(), at(107));
        seconds.store(90, Ordering::Relaxed);
        assert_eq!(clock.now(), at(90));
    }

    #[test]
    fn runs_from_its_start_at_its_scale_and_is_advanced_set_and_reset() {
        let seconds = Arc::new(AtomicU64::new(100));
        let clock = Clock::new(source(&seconds), Some(at(5000)), 60);
        assert_eq!(clock.now(), at(5000));
        seconds.store(102, Ordering::Relaxed);
        assert_eq!(clock.now(), at(5120));
        clock.advance(Duration::from_secs(7));
        assert_eq!((clock.now(), clock.moment().stamps), (at(5127), at(5002)));
        clock.set(at(10));
        assert_eq!((clock.now(), clock.moment().stamps), (at(10), at(10)));
        seconds.store(103, Ordering::Relaxed);
        assert_eq!((clock.now(), clock.moment().stamps), (at(70), at(11)));
        clock.reset();
        assert_eq!((clock.now(), clock.moment().stamps), (at(5000), at(5000)));
    }

    #[test]
    fn time_stamps_are_checked_against_a_clock_that_stands_still_only_if_it_was_set() {
        let seconds = Arc::new(AtomicU64::new(100));
        let clock = Clock::new(source(&seconds), None, 0);
        seconds.store(102, Ordering::Relaxed);
        assert_eq!((clock.now(), clock.moment().stamps), (at(100), at(102)));
        clock.set(at(10));
        seconds.store(5000, Ordering::Relaxed);
        assert_eq!((clock.now(), clock.moment().stamps), (at(10), at(10)));
        clock.reset();
        seconds.store(5007, Ordering::Relaxed);
        assert_eq!((clock.now(), clock.moment().stamps), (at(5000), at(5007)));
    }

    #[test]
    fn stands_still_at_scale_0_and_never_overflows() {
        let seconds = Arc::new(AtomicU64::new(100));
        let clock = Clock::new(source(&seconds), Some(at(5)), 0);
        seconds.store(1_000_000, Ordering::Relaxed);
        assert_eq!(clock.now(), at(5));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), at(5));
        assert_eq!(text(clock.now()), "1970-01-01T00:00:05Z");
    }
}
