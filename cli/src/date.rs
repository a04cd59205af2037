//! Dates for parameters that count seconds or milliseconds since 1970: people have the day of a call, not its number.

use aliyun_api_spec::model::{Kind, Shape, Time};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use crate::language::text;
use crate::spec;

/// How many of the units of a parameter are in a second. `None` if it is not a number since 1970.
fn per_second(shape: &Shape) -> Option<i64> {
    let is_integer = matches!(shape.kind, Kind::Int32 | Kind::Int64);
    match &shape.time {
        Some(Time::UnixSeconds) if is_integer => Some(1),
        Some(Time::UnixMilliseconds) if is_integer => Some(1000),
        _ => None,
    }
}

/// What the help adds for such a parameter.
pub(crate) fn help(shape: &Shape) -> Option<String> {
    per_second(shape)?;
    let zone = &spec::service().time_zone;
    Some(text!(
        "A date can be given too, such as 2026-03-01 or 2026-03-01T12:34:56, in UTC{zone}.",
        "也可给出日期，如 2026-03-01 或 2026-03-01T12:34:56（UTC{zone}）。"
    ))
}

/// The number for a date, which is in the time zone of the service unless it names another. `None` if it is not a date.
pub(crate) fn number(text: &str, shape: &Shape) -> Option<String> {
    let per_second = per_second(shape)?;
    let text = text.trim();
    // A number of digits alone is what the service takes.
    if !text.contains('-') {
        return None;
    }
    let local = || {
        let local: DateTime = text.parse().ok()?;
        format!("{local}{}", spec::service().time_zone).parse().ok()
    };
    let time: Timestamp = text.parse().ok().or_else(local)?;
    Some((time.as_millisecond() * per_second / 1000).to_string())
}

/// The date of a number, if that is exact.
pub(crate) fn of_number(number: &str, shape: &Shape) -> Option<String> {
    let number: i64 = number.parse().ok()?;
    let milliseconds = number.checked_mul(1000)?.checked_div(per_second(shape)?)?;
    let time = Timestamp::from_millisecond(milliseconds).ok()?;
    // `%:z` reads the zone of the service; the day of the time is only for that.
    let zone = format!("1970-01-01 {}", spec::service().time_zone);
    let offset = jiff::fmt::strtime::parse("%Y-%m-%d %:z", zone).ok()?.offset()?;
    let local = time.to_zoned(TimeZone::fixed(offset)).datetime();
    if local.round(Unit::Second).ok()? != local {
        return None;
    }
    let is_midnight = local.date().to_datetime(jiff::civil::Time::midnight()) == local;
    Some(if is_midnight { local.date().to_string() } else { local.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(kind: Kind, time: Option<Time>) -> Shape {
        Shape { time, ..Shape::of(kind) }
    }

    #[test]
    fn a_date_is_a_number_in_the_time_zone_of_the_service() {
        let milliseconds = shape(Kind::Int64, Some(Time::UnixMilliseconds));
        let seconds = shape(Kind::Int32, Some(Time::UnixSeconds));
        for (date, expected) in [
            ("2022-12-21", "1671552000000"),
            ("2022-12-21T00:00:00", "1671552000000"),
            (" 2022-12-21 12:02:10 ", "1671595330000"),
            ("2022-12-20T16:00:00Z", "1671552000000"),
            ("2022-12-21T01:00:00+09:00", "1671552000000"),
        ] {
            assert_eq!(number(date, &milliseconds).as_deref(), Some(expected), "{date}");
            assert_eq!(number(date, &seconds).as_deref(), expected.strip_suffix("000"), "{date}");
        }
        for other in ["1671552000000", "20221221", "-5", "yesterday", "2022-13-01", "2022-12-21T", ""] {
            assert_eq!(number(other, &milliseconds), None, "{other}");
        }
        assert_eq!(number("2022-12-21", &shape(Kind::Int64, None)), None);
        assert_eq!(number("2022-12-21", &shape(Kind::String, Some(Time::UnixMilliseconds))), None);
    }

    #[test]
    fn a_number_is_a_date_if_that_is_exact() {
        let milliseconds = shape(Kind::Int64, Some(Time::UnixMilliseconds));
        for (text, date) in [
            ("1671552000000", Some("2022-12-21")),
            ("1671595330000", Some("2022-12-21T12:02:10")),
            ("1671595330001", None),
            ("9223372036854775807", None),
            ("x", None),
        ] {
            assert_eq!(of_number(text, &milliseconds).as_deref(), date, "{text}");
            if let Some(date) = date {
                assert_eq!(number(date, &milliseconds).as_deref(), Some(text));
            }
        }
        assert_eq!(
            of_number("1671552000", &shape(Kind::Int64, Some(Time::UnixSeconds))).as_deref(),
            Some("2022-12-21")
        );
        assert_eq!(of_number("7", &shape(Kind::Int64, None)), None);
    }
}
