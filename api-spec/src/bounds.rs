//! The bounds of values: `minimum`, `maximum`, `minLength`, `maxLength`, `maxItems` and `time`.

use serde_json::Value;

use crate::model::{Shape, Time};
use crate::text::is_shortest;

/// Returns the bound that a single value violates. The bounds of an array, except for `maxItems`, are those of its items.
pub(crate) fn broken(value: &Value, shape: &Shape) -> Option<String> {
    let text = value.as_str();
    let number = value.as_f64().or_else(|| text.and_then(|text| text.parse().ok()));
    if let Some(number) = number {
        if let Some(minimum) = shape.minimum.filter(|&minimum| number < minimum && shape.enforces("minimum")) {
            return Some(format!("expected at least {minimum}"));
        }
        if let Some(maximum) = shape.maximum.filter(|&maximum| number > maximum && shape.enforces("maximum")) {
            return Some(format!("expected at most {maximum}"));
        }
    }
    let text = text?;
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if let Some(least) = shape.min_length.filter(|&least| length < least && shape.enforces("minLength")) {
        return Some(format!("expected at least {least} characters, found {length}"));
    }
    if let Some(most) = shape.max_length.filter(|&most| length > most && shape.enforces("maxLength")) {
        return Some(format!("expected at most {most} characters, found {length}"));
    }
    match &shape.time {
        Some(Time::UnixSeconds) if !is_shortest::<i64>(text) => Some("expected seconds since 1970".to_owned()),
        Some(Time::UnixMilliseconds) if !is_shortest::<i64>(text) => {
            Some("expected milliseconds since 1970".to_owned())
        }
        Some(Time::Pattern(pattern)) if !is_time(text, pattern) => Some(format!("expected a time such as {pattern}")),
        _ => None,
    }
}

/// Returns the bound that the number of items of a list violates.
pub(crate) fn too_many(items: usize, shape: &Shape) -> Option<String> {
    let items = u64::try_from(items).unwrap_or(u64::MAX);
    let most = shape.max_items.filter(|&most| items > most && shape.enforces("maxItems"))?;
    Some(format!("expected at most {most} items, found {items}"))
}

/// Whether a text matches a time pattern. A pattern with time zones or halves of the day is not checked: every text matches
/// it.
fn is_time(text: &str, pattern: &str) -> bool {
    if pattern.contains(['a', 'Z', 'X', 'x']) {
        return true;
    }
    let (mut text, mut pattern) = (text, pattern);
    let (mut year, mut month, mut day) = (0, 1, 1);
    while let Some(letter) = pattern.chars().next() {
        let rest = pattern.trim_start_matches(letter);
        if !"yMdHhmsS".contains(letter) {
            // Every other character stands for itself.
            let Some(after) = text.strip_prefix(letter) else { return false };
            (text, pattern) = (after, pattern.strip_prefix(letter).unwrap_or_default());
            continue;
        }
        let Some((digits, after)) = text.split_at_checked(pattern.len() - rest.len()) else { return false };
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let Some(number) = digits.parse::<u32>().ok().filter(|_| is_number) else { return false };
        let fits = match letter {
            'M' | 'h' => (1..=12).contains(&number),
            'd' => (1..=31).contains(&number),
            'H' => number < 24,
            'm' | 's' => number < 60,
            _ => true,
        };
        match letter {
            'y' => year = number,
            'M' => month = number,
            'd' => day = number,
            _ => {}
        }
        if !fits {
            return false;
        }
        (text, pattern) = (after, rest);
    }
    text.is_empty() && day <= days(year, month)
}

/// The number of days of a month. Without a year, which is 0 here, February has 29.
fn days(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn a_time_is_written_as_its_pattern() {
        for (pattern, right, wrong) in [
            (
                "yyyy-MM-dd HH:mm:ss",
                &["2026-03-01 00:00:00", "2024-02-29 23:59:59", "2000-02-29 12:00:00"] as &[&str],
                &[
                    "",
                    "2026-03-01",
                    "2026-03-01T00:00:00",
                    "2026-03-01 24:00:00",
                    "2026-03-01 00:60:00",
                    "2026-03-01 00:00:60",
                    "2026-02-29 00:00:00",
                    "1900-02-29 00:00:00",
                    "2026-13-01 00:00:00",
                    "2026-00-01 00:00:00",
                    "2026-04-31 00:00:00",
                    "2026-03-00 00:00:00",
                    "2026-3-1 00:00:00",
                    "2026-03-01 00:00:00 ",
                    " 2026-03-01 00:00:00",
                    "2026-03-01 00:00:+1",
                    "２026-03-01 00:00:00",
                    "2026/03/01 00:00:00",
                    "1760000000000",
                ] as &[&str],
            ),
            ("yyyyMMdd", &["20260301"], &["2026-03-01", "2026030", "202603011"]),
            ("HH:mm", &["00:00", "23:59"], &["24:00", "9:00", "09:00:00"]),
            ("yyyy.MM.dd", &["2026.12.31"], &["2026-12-31"]),
            ("hh:mm a", &["anything"], &[]),
        ] {
            for text in right {
                assert!(is_time(text, pattern), "{pattern}: {text}");
            }
            for text in wrong {
                assert!(!is_time(text, pattern), "{pattern}: {text}");
            }
        }
    }

    #[test]
    fn both_ends_of_every_bound_are_inside() {
        let shape = Shape {
            minimum: Some(-2.0),
            maximum: Some(3.0),
            min_length: Some(1),
            max_length: Some(4),
            max_items: Some(2),
            ..Shape::of(Kind::String)
        };
        let said = |value: Value| broken(&value, &shape);
        for fits in [Value::from(-2), 3.into(), "-2".into(), "占占占占".into(), "x".into()] {
            assert_eq!(said(fits.clone()), None, "{fits}");
        }
        assert_eq!(said(4.into()).as_deref(), Some("expected at most 3"));
        assert_eq!(said("-3".into()).as_deref(), Some("expected at least -2"));
        assert_eq!(said("".into()).as_deref(), Some("expected at least 1 characters, found 0"));
        assert_eq!(said("占占占占占".into()).as_deref(), Some("expected at most 4 characters, found 5"));
        assert_eq!(
            (too_many(2, &shape), too_many(3, &shape)),
            (None, Some("expected at most 2 items, found 3".into()))
        );
        assert_eq!(too_many(usize::MAX, &Shape::of(Kind::Any)), None);
    }
}
