//! When a task was at work: a clock that stands still while the task is stopped.

use super::time::Time;

/// A task can be started so many times.
const MOST_STARTS: usize = 1000;

/// The spans of time in which a task works, one after the other; the last may be open.
#[derive(Debug, Default)]
pub(crate) struct Run {
    spans: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    from: Time,
    until: Option<Time>,
    /// Milliseconds of work before this span.
    before: i64,
}

impl Span {
    /// Milliseconds of work up to the end of a span that has one.
    fn after(&self) -> Option<i64> {
        self.until.map(|until| self.before.saturating_add(until.since(self.from)))
    }
}

impl Run {
    /// Goes on from a moment that may be still to come. False where the task was started too often.
    #[must_use]
    pub(crate) fn start(&mut self, from: Time) -> bool {
        if self.spans.len() >= MOST_STARTS {
            return false;
        }
        let before = self.spans.last().and_then(Span::after).unwrap_or(0);
        self.spans.push(Span { from, until: None, before });
        true
    }

    pub(crate) fn stop(&mut self, now: Time) {
        if let Some(span) = self.spans.last_mut().filter(|span| span.until.is_none()) {
            span.until = Some(now.max(span.from));
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.spans.last().is_some_and(|span| span.until.is_none())
    }

    /// When the task began, or is to begin.
    pub(crate) fn began(&self) -> Option<Time> {
        self.spans.first().map(|span| span.from)
    }

    /// When the present span began, or is to begin.
    pub(crate) fn resumed(&self) -> Option<Time> {
        self.spans.last().map(|span| span.from)
    }

    /// When the task was stopped last.
    pub(crate) fn stopped(&self) -> Option<Time> {
        self.spans.iter().rev().find_map(|span| span.until)
    }

    /// When so many milliseconds of work are done, as things stand; never where the task stopped before.
    pub(crate) fn at(&self, work: i64) -> Option<Time> {
        let next = self.spans.partition_point(|span| span.before <= work);
        let span = self.spans.get(next.checked_sub(1)?)?;
        match span.after() {
            Some(after) if after <= work => None,
            _ => Some(span.from.after(work - span.before)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(millis: i64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn stands_still_while_stopped() {
        let mut run = Run::default();
        assert_eq!((run.at(0), run.is_open()), (None, false));
        assert!(run.start(time(100)));
        assert_eq!((run.at(0), run.at(50)), (Some(time(100)), Some(time(150))));
        run.stop(time(130));
        assert_eq!((run.at(29), run.at(30), run.is_open()), (Some(time(129)), None, false));
        assert!(run.start(time(1000)));
        assert_eq!((run.at(29), run.at(30), run.at(31)), (Some(time(129)), Some(time(1000)), Some(time(1001))));
        assert_eq!((run.began(), run.resumed(), run.stopped()), (Some(time(100)), Some(time(1000)), Some(time(130))));
    }

    #[test]
    fn a_stop_before_the_start_leaves_no_work() {
        let mut run = Run::default();
        assert!(run.start(time(100)));
        run.stop(time(50));
        assert_eq!(run.at(0), None);
        assert!(run.start(time(200)));
        assert_eq!(run.at(0), Some(time(200)));
    }

    #[test]
    fn has_an_end_of_starts() {
        let mut run = Run::default();
        for _ in 0..MOST_STARTS {
            assert!(run.start(time(0)));
            run.stop(time(0));
        }
        assert!(!run.start(time(0)));
    }
}
