//! How long the service asks to wait before the next attempt.

use std::time::{Duration, SystemTime};

use http::HeaderMap;

/// Milliseconds, as the gateway states them.
const MILLISECONDS: &str = aliyun_protocol::header::RETRY_AFTER;
/// Seconds or an HTTP date, as proxies and load balancers state them.
const STANDARD: &str = "retry-after";
/// Pairs such as `Limit:100,Remain:0,TimeLeft:5000`, with `TimeLeft` in milliseconds: the limit of an account for one
/// operation, and for all operations.
const LIMITS: [&str; 2] = ["x-ratelimit-user-api", "x-ratelimit-user"];

/// A longer wait counts as this one: no call lasts that long, and sums with it do not overflow.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

/// The longest wait that the headers of a response state, up to a year. Values that are not a wait are ignored: 0,
/// dates in the past, and what is not a number or a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let stated = values(headers, MILLISECONDS).filter_map(milliseconds);
    let standard = values(headers, STANDARD).filter_map(|value| seconds_or_date(value, now));
    let limits = LIMITS.into_iter().flat_map(|name| values(headers, name)).filter_map(time_left);
    let longest = stated.chain(standard).chain(limits).filter(|wait| !wait.is_zero()).max();
    longest.map(|wait| wait.min(LONGEST))
}

/// The values of a header that are text.
fn values<'h>(headers: &'h HeaderMap, name: &'static str) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).map(str::trim)
}

fn milliseconds(value: &str) -> Option<Duration> {
    number(value).map(Duration::from_millis)
}

fn seconds_or_date(value: &str, now: SystemTime) -> Option<Duration> {
    match number(value) {
        Some(seconds) => Some(Duration::from_secs(seconds)),
        None => httpdate::parse_http_date(value).ok()?.duration_since(now).ok(),
    }
}

fn time_left(value: &str) -> Option<Duration> {
    let pairs = value.split(',').filter_map(|pair| pair.split_once(':'));
    let left = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("TimeLeft"));
    left.filter_map(|(_, value)| milliseconds(value.trim())).max()
}

/// A number of digits only; one that is too large is the largest.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    /// 2026-03-01T12:34:56Z, a Sunday.
    const NOW: u64 = 1_772_368_496;

    fn asked(headers: &[(&'static str, &[u8])]) -> Option<Duration> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        }
        retry_after(&map, SystemTime::UNIX_EPOCH + Duration::from_secs(NOW))
    }

    #[test]
    fn every_form_of_a_wait_is_read_and_nonsense_is_none() {
        let milliseconds = |number| Some(Duration::from_millis(number));
        let table: &[(&'static str, &str, Option<Duration>)] = &[
            (MILLISECONDS, "250", milliseconds(250)),
            (MILLISECONDS, " 250 ", milliseconds(250)),
            (MILLISECONDS, "1", milliseconds(1)),
            (MILLISECONDS, "0", None),
            (MILLISECONDS, "-1", None),
            (MILLISECONDS, "+1", None),
            (MILLISECONDS, "1.5", None),
            (MILLISECONDS, "", None),
            (MILLISECONDS, "soon", None),
            (MILLISECONDS, "Sun, 01 Mar 2026 12:35:06 GMT", None),
            (MILLISECONDS, "18446744073709551615", Some(LONGEST)),
            (MILLISECONDS, "18446744073709551616", Some(LONGEST)),
            (MILLISECONDS, "99999999999999999999999999", Some(LONGEST)),
            (STANDARD, "2", milliseconds(2_000)),
            (STANDARD, "0", None),
            (STANDARD, "-2", None),
            (STANDARD, "2s", None),
            (STANDARD, "31536000", Some(LONGEST)),
            (STANDARD, "31536001", Some(LONGEST)),
            (STANDARD, "99999999999999999999999999", Some(LONGEST)),
            (STANDARD, "Sun, 01 Mar 2026 12:35:06 GMT", milliseconds(10_000)),
            (STANDARD, "Sunday, 01-Mar-26 12:35:06 GMT", milliseconds(10_000)),
            (STANDARD, "Sun Mar  1 12:35:06 2026", milliseconds(10_000)),
            (STANDARD, "Sun, 01 Mar 2026 12:34:56 GMT", None),
            (STANDARD, "Sun, 01 Mar 2026 12:34:46 GMT", None),
            (STANDARD, "Fri, 31 Dec 9999 23:59:59 GMT", Some(LONGEST)),
            (STANDARD, "Sun, 99 Mar 2026 12:35:06 GMT", None),
            (LIMITS[0], "Limit:100,Remain:0,TimeLeft:5000", milliseconds(5_000)),
            (LIMITS[0], "TimeLeft : 5000 , Limit : 100", milliseconds(5_000)),
            (LIMITS[0], "timeleft:5000", milliseconds(5_000)),
            (LIMITS[0], "TimeLeft:5000,TimeLeft:7000", milliseconds(7_000)),
            (LIMITS[0], "TimeLeft:0", None),
            (LIMITS[0], "TimeLeft:-5", None),
            (LIMITS[0], "TimeLeft", None),
            (LIMITS[0], "TimeLeft:1:2", None),
            (LIMITS[0], "Limit:100,Remain:0", None),
            (LIMITS[0], "5000", None),
            (LIMITS[1], "Limit:100,broken,TimeLeft:40", milliseconds(40)),
            ("x-ratelimit", "TimeLeft:40", None),
        ];
        for (name, value, expected) in table {
            assert_eq!(asked(&[(name, value.as_bytes())]), *expected, "{name}: {value}");
        }
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn of_several_the_longest_counts() {
        let limits: &[(&'static str, &[u8])] = &[(LIMITS[0], b"TimeLeft:300"), (LIMITS[1], b"TimeLeft:700")];
        assert_eq!(asked(limits), Some(Duration::from_millis(700)));
        assert_eq!(asked(&[(STANDARD, b"1"), (MILLISECONDS, b"1500")]), Some(Duration::from_millis(1_500)));
        assert_eq!(asked(&[(STANDARD, b"soon"), (STANDARD, b"3"), (STANDARD, b"1")]), Some(Duration::from_secs(3)));
    }

    #[test]
    fn a_value_that_is_not_text_does_not_spoil_the_others() {
        assert_eq!(asked(&[(MILLISECONDS, b"\xff"), (MILLISECONDS, b"5")]), Some(Duration::from_millis(5)));
        assert_eq!(asked(&[(STANDARD, b"\xff1")]), None);
    }
}
