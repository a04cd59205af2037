//! The working time of a task: a clock that stops while the task is stopped.

use crate::time::{HOUR, Time};

/// Maximum number of starts of a task.
const MOST_STARTS: usize = 1000;

/// The hours in which a task works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Hours {
    #[default]
    Always,
    /// From 9:00 to 12:00 and from 14:00 to 21:00 in China.
    Day,
}

impl Hours {
    const A_DAY: i64 = 10 * HOUR;

    /// Milliseconds in which work was possible, since a fixed time.
    fn count(self, time: Time) -> i64 {
        let (day, clock) = time.day_and_clock();
        match self {
            Self::Always => time.millis(),
            Self::Day => {
                let morning = clock.clamp(9 * HOUR, 12 * HOUR) - 9 * HOUR;
                let afternoon = clock.clamp(14 * HOUR, 21 * HOUR) - 14 * HOUR;
                day.saturating_mul(Self::A_DAY).saturating_add(morning + afternoon)
            }
        }
    }

    /// The earliest start time after a delay of this number of milliseconds.
    fn moment(self, count: i64) -> Time {
        match self {
            Self::Always => Time::from_millis(count),
            Self::Day => {
                let (day, rest) = (count.div_euclid(Self::A_DAY), count.rem_euclid(Self::A_DAY));
                let clock = if rest < 3 * HOUR { 9 * HOUR + rest } else { 11 * HOUR + rest };
                Time::of_day_and_clock(day, clock)
            }
        }
    }

    pub(crate) fn are_open(self, now: Time) -> bool {
        self.moment(self.count(now)) <= now
    }

    fn between(self, from: Time, until: Time) -> i64 {
        self.count(until).saturating_sub(self.count(from))
    }

    fn after(self, from: Time, work: i64) -> Time {
        self.moment(self.count(from).saturating_add(work))
    }
}

/// The periods in which a task works, in order; the last one may be open.
#[derive(Debug, Default)]
pub(crate) struct Run {
    hours: Hours,
    spans: Vec<Span>,
}

#[derive(Debug)]
struct Span {
    from: Time,
    until: Option<Time>,
    /// Milliseconds of work before this period.
    before: i64,
}

impl Span {
    /// Milliseconds of work until the end of a period that has one.
    fn after(&self, hours: Hours) -> Option<i64> {
        self.until.map(|until| self.before.saturating_add(hours.between(self.from, until)))
    }
}

impl Run {
    pub(crate) fn at_hours(hours: Hours) -> Self {
        Self { hours, spans: Vec::new() }
    }

    /// Whether the task does not work at this hour.
    pub(crate) fn is_paused(&self, now: Time) -> bool {
        !self.hours.are_open(now)
    }

    /// Resumes at a time that may be in the future. `false` if the task was started too often.
    #[must_use]
    pub(crate) fn start(&mut self, from: Time) -> bool {
        if self.spans.len() >= MOST_STARTS {
            return false;
        }
        let before = self.spans.last().and_then(|span| span.after(self.hours)).unwrap_or(0);
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

    /// The start of the task, which may be in the future.
    pub(crate) fn began(&self) -> Option<Time> {
        self.spans.first().map(|span| span.from)
    }

    /// The start of the current period, which may be in the future.
    pub(crate) fn resumed(&self) -> Option<Time> {
        self.spans.last().map(|span| span.from)
    }

    /// When the task was last stopped.
    pub(crate) fn stopped(&self) -> Option<Time> {
        self.spans.iter().rev().find_map(|span| span.until)
    }

    /// When this number of milliseconds of work will be done, as the task is now; `None` if the task stops before.
    pub(crate) fn at(&self, work: i64) -> Option<Time> {
        let next = self.spans.partition_point(|span| span.before <= work);
        let span = self.spans.get(next.checked_sub(1)?)?;
        match span.after(self.hours) {
            Some(after) if after <= work => None,
            _ => Some(self.hours.after(span.from, work - span.before)),
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
    fn works_at_its_hours_only() {
        let china = |text: &str| Time::parse(text).unwrap();
        let after = |from: &str, work| Hours::Day.after(china(from), work).dashed();
        assert_eq!(after("2026-03-02 10:00:00", HOUR), "2026-03-02 11:00:00");
        assert_eq!(after("2026-03-02 10:00:00", 2 * HOUR), "2026-03-02 14:00:00");
        assert_eq!(after("2026-03-02 13:00:00", 0), "2026-03-02 14:00:00");
        assert_eq!(after("2026-03-02 20:59:59", 1000), "2026-03-03 09:00:00");
        assert_eq!(after("2026-03-02 21:00:00", 25 * HOUR), "2026-03-05 16:00:00");
        let open = |text: &str| Hours::Day.are_open(china(text));
        assert!(open("2026-03-02 09:00:00") && open("2026-03-02 11:59:59") && open("2026-03-02 14:00:00"));
        assert!(!open("2026-03-02 08:59:59") && !open("2026-03-02 12:00:00") && !open("2026-03-02 21:00:00"));

        let mut run = Run::at_hours(Hours::Day);
        assert!(run.start(china("2026-03-02 11:00:00")));
        run.stop(china("2026-03-02 15:00:00"));
        assert!(run.start(china("2026-03-02 22:00:00")));
        assert_eq!(run.at(2 * HOUR - 1).unwrap().dashed(), "2026-03-02 14:59:59");
        assert_eq!(run.at(2 * HOUR).unwrap().dashed(), "2026-03-03 09:00:00");
        // However far in the future, there is such a time.
        assert!(Hours::Day.after(time(i64::MIN), 0) < time(0) && Hours::Day.after(time(i64::MAX), i64::MAX) > time(0));
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
