//! Virtual time, and how the service writes it: in China's time zone.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, offset};

const CHINA: Offset = offset(8);

pub(crate) const SECOND: i64 = 1000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Milliseconds since 1970, the resolution of the service. Arithmetic on it cannot fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(i64);

impl Time {
    /// A time outside the calendar becomes the nearest end of the calendar.
    pub(crate) fn of(time: SystemTime) -> Self {
        let end = if time < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
        Self(Timestamp::try_from(time).unwrap_or(end).as_millisecond())
    }

    /// The nearest time that the system can represent.
    fn system(self) -> SystemTime {
        let millis = Duration::from_millis(self.0.unsigned_abs());
        let moved = if self.0 < 0 {
            SystemTime::UNIX_EPOCH.checked_sub(millis)
        } else {
            SystemTime::UNIX_EPOCH.checked_add(millis)
        };
        moved.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    pub(crate) fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// A date and time in China; `None` at the ends of the calendar.
    pub(crate) fn of_china(time: DateTime) -> Option<Self> {
        CHINA.to_timestamp(time).ok().map(|time| Self(time.as_millisecond()))
    }

    /// Parses `yyyy-MM-dd HH:mm:ss`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok().and_then(Self::of_china)
    }

    pub(crate) fn millis(self) -> i64 {
        self.0
    }

    pub(crate) fn after(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The day in China, counted from 1970, and the milliseconds since its start.
    pub(crate) fn day_and_clock(self) -> (i64, i64) {
        let china = self.0.saturating_add(8 * HOUR);
        (china.div_euclid(DAY), china.rem_euclid(DAY))
    }

    pub(crate) fn of_day_and_clock(day: i64, clock: i64) -> Self {
        Self(day.saturating_mul(DAY).saturating_add(clock - 8 * HOUR))
    }

    /// Milliseconds since an earlier time.
    pub(crate) fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    pub(crate) fn day(self) -> Date {
        self.china().date()
    }

    /// `yyyy-MM-dd HH:mm:ss`
    pub(crate) fn dashed(self) -> String {
        self.china().strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// `yyyy.MM.dd HH:mm:ss`
    pub(crate) fn dotted(self) -> String {
        self.china().strftime("%Y.%m.%d %H:%M:%S").to_string()
    }

    /// As in `Wed Dec 21 12:02:05 CST 2022`.
    pub(crate) fn spelled(self) -> String {
        self.china().strftime("%a %b %d %H:%M:%S CST %Y").to_string()
    }

    fn china(self) -> DateTime {
        let end = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        CHINA.to_datetime(Timestamp::from_millisecond(self.0).unwrap_or(end))
    }
}

impl From<Time> for SystemTime {
    fn from(time: Time) -> Self {
        time.system()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn is_written_in_chinas_time() {
        let time = Time::of(SystemTime::UNIX_EPOCH + Duration::from_millis(1_671_595_325_999));
        assert_eq!(time.dashed(), "2022-12-21 12:02:05");
        assert_eq!(time.dotted(), "2022.12.21 12:02:05");
        assert_eq!(time.spelled(), "Wed Dec 21 12:02:05 CST 2022");
        assert_eq!(Time::parse("2022-12-21 12:02:05"), Some(time.after(-999)));
        assert_eq!([Time::parse("2022-12-21"), Time::parse("9999-12-31 23:59:59")], [None, None]);
        assert_eq!(time.after(12 * HOUR).day().to_string(), "2022-12-22");
    }

    #[test]
    fn ends_where_the_calendar_ends() {
        assert_eq!(Time::from_millis(i64::MAX).after(1).dashed(), "9999-12-31 06:00:00");
        assert_eq!(Time::from_millis(i64::MIN).day().year(), -9999);
    }
}
