//! Documented rates, such as 5 calls per hour.

use std::fmt;
use std::time::Duration;

/// The largest number of events within a window of time, such as `1/min`, `5/h` or `20/24h`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The largest number of events, 1 or more.
    pub count: u32,
    /// The window, one second or longer.
    pub window: Duration,
    text: String,
}

impl Rate {
    /// Parses a count, a slash, an optional number and a unit of time: `s`, `min`, `h` or `d`. Both numbers are positive.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (count, window) = text.split_once('/')?;
        let unit = window.trim_start_matches(|c: char| c.is_ascii_digit());
        let many = window.strip_suffix(unit).filter(|many| !many.is_empty()).unwrap_or("1");
        let positive = |digits: &str| digits.parse::<u32>().ok().filter(|number| *number > 0);
        let seconds: u64 = match unit {
            "s" => 1,
            "min" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return None,
        };
        let window = Duration::from_secs(seconds * u64::from(positive(many)?));
        Some(Self { count: positive(count)?, window, text: text.to_owned() })
    }

    /// The rate as it is written in the specification.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_counts_and_windows() {
        let day = 24 * 60 * 60;
        for (text, count, seconds) in [
            ("1/s", 1, 1),
            ("1/min", 1, 60),
            ("5/h", 5, 3_600),
            ("20/24h", 20, day),
            ("7/2d", 7, 2 * day),
            ("4294967295/4294967295d", u32::MAX, u64::from(u32::MAX) * day),
        ] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!((rate.count, rate.window), (count, Duration::from_secs(seconds)), "{text}");
            assert_eq!(rate.to_string(), text);
        }
    }

    #[test]
    fn a_rate_is_positive_and_has_a_known_unit() {
        for text in [
            "",
            "1",
            "1/",
            "/h",
            "0/h",
            "1/0h",
            "x/h",
            "-1/h",
            "1/week",
            "1/H",
            "1 /h",
            "4294967296/h",
            "1/4294967296s",
        ] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }
}
