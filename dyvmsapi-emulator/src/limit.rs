//! The documented limits of calls to one number.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aliyun_api_spec::model::{Operation, Rate};

use crate::arguments::Parameters;
use crate::time::{DAY, HOUR, Time};

/// Maximum number of called numbers that are counted. The number that was called longest ago is evicted.
const MOST_NUMBERS: usize = 100_000;

/// Maximum length of a number that is compared.
const SHOWN_LENGTH: usize = 64;

/// The counted calls. A window opens with the first call that is counted in it.
#[derive(Default)]
pub(crate) struct Limiter {
    calls: HashMap<Arc<Pair>, Counted>,
    /// The same, in the order of their last call.
    by_call: BTreeMap<u64, Arc<Pair>>,
    counted: u64,
}

/// A called number and its caller ID.
type Pair = (String, String);

/// The calls to a number.
struct Counted {
    /// The number of its last call among all calls.
    last: u64,
    /// One window for each limit.
    windows: Vec<Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    from: Time,
    length: i64,
    count: u32,
}

impl Window {
    fn new(from: Time, length: i64) -> Self {
        Self { from, length, count: 0 }
    }

    fn is_over(&self, now: Time) -> bool {
        // A clock that was set back ends every window.
        !(0..self.length).contains(&now.since(self.from))
    }

    fn renew(&mut self, now: Time) {
        if self.is_over(now) {
            *self = Self::new(now, self.length);
        }
    }
}

/// A limit that was reached: the number of calls, and the window.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    most: u32,
    window: &'static str,
}

impl Reached {
    /// The message of Alibaba's flow control.
    pub(crate) fn message(&self) -> String {
        format!("触发{}流控Permits:{}", self.window, self.most)
    }
}

impl Limiter {
    /// Counts the call that an operation places, or returns the limit that it would exceed. Calls from different caller
    /// IDs are counted apart.
    pub(crate) fn count(&mut self, operation: &Operation, parameters: &Parameters, now: Time) -> Result<(), Reached> {
        let Some(dials) = operation.reaches.as_ref().map(|reach| &reach.whom) else { return Ok(()) };
        let value = |name: &str| parameters.get(name).map(String::as_str).unwrap_or_default();
        self.call(operation, value(dials), value("CalledShowNumber"), now)
    }

    /// Counts a call, or returns the limit that it would exceed.
    fn call(&mut self, operation: &Operation, called: &str, shown: &str, now: Time) -> Result<(), Reached> {
        let limits = &operation.limits.per_number;
        if limits.is_empty() {
            return Ok(());
        }
        let key = |text: &str| text.chars().take(SHOWN_LENGTH).collect::<String>();
        let pair = (key(called), key(shown));
        let mut windows = self.calls.get(&pair).map(|counted| counted.windows.clone()).unwrap_or_default();
        for (index, limit) in limits.iter().enumerate() {
            let (length, name) = window(limit);
            match windows.get_mut(index) {
                Some(window) => window.renew(now),
                None => windows.push(Window::new(now, length)),
            }
            if windows.get(index).is_some_and(|window| window.count >= limit.count) {
                return Err(Reached { most: limit.count, window: name });
            }
        }
        for window in &mut windows {
            window.count += 1;
        }
        self.remember(pair, windows, now);
        Ok(())
    }

    fn remember(&mut self, pair: Pair, windows: Vec<Window>, now: Time) {
        let pair = match self.calls.remove_entry(&pair) {
            Some((pair, counted)) => {
                self.by_call.remove(&counted.last);
                pair
            }
            None => Arc::new(pair),
        };
        // Evicts entries whose windows have passed, oldest first, and the oldest one when the store is full.
        while let Some((_, oldest)) = self.by_call.first_key_value() {
            let is_over = |counted: &Counted| counted.windows.iter().all(|window| window.is_over(now));
            if self.calls.len() < MOST_NUMBERS && !self.calls.get(oldest).is_none_or(is_over) {
                break;
            }
            self.calls.remove(oldest);
            self.by_call.pop_first();
        }
        self.by_call.insert(self.counted, Arc::clone(&pair));
        self.calls.insert(pair, Counted { last: self.counted, windows });
        self.counted += 1;
    }
}

/// The length of a limit's window in milliseconds, and the service's name for it.
fn window(limit: &Rate) -> (i64, &'static str) {
    let length = i64::try_from(limit.window.as_millis()).unwrap_or(i64::MAX);
    let name = match length {
        DAY.. => "天级",
        HOUR.. => "小时级",
        _ => "分钟级",
    };
    (length, name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MINUTE;

    fn operation(per_number: &[&str]) -> Operation {
        let mut operation = aliyun_api_spec::dyvmsapi().operation("SingleCallByTts").unwrap().clone();
        operation.limits.per_number = per_number.iter().map(|limit| Rate::parse(limit).unwrap()).collect();
        operation
    }

    fn at(millis: i64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn calls_to_a_number_are_counted_in_each_window() {
        let (mut limiter, operation) = (Limiter::default(), operation(&["1/min", "5/h", "20/24h"]));
        let mut call = |millis| limiter.call(&operation, "13000000000", "", at(millis)).map_err(|r| r.message());
        assert_eq!(call(0), Ok(()));
        assert_eq!(call(MINUTE - 1), Err("触发分钟级流控Permits:1".to_owned()));
        for minute in 1..5 {
            assert_eq!(call(minute * MINUTE), Ok(()), "{minute}");
        }
        assert_eq!(call(5 * MINUTE), Err("触发小时级流控Permits:5".to_owned()));
        for index in 0..15 {
            assert_eq!(call((1 + index / 5) * HOUR + (index % 5) * MINUTE), Ok(()), "{index}");
        }
        assert_eq!(call(10 * HOUR), Err("触发天级流控Permits:20".to_owned()));
        assert_eq!(call(DAY), Ok(()));
    }

    #[test]
    fn each_number_and_each_number_shown_counts_for_itself() {
        let (mut limiter, operation) = (Limiter::default(), operation(&["1/min"]));
        let mut call = |called: &str, shown: &str| limiter.call(&operation, called, shown, at(0)).is_ok();
        assert!(call("13000000000", "") && call("13000000001", "") && call("13000000000", "05710000000"));
        assert!(!call("13000000000", "") && !call("13000000000", "05710000000"));
    }

    #[test]
    fn the_number_called_longest_ago_makes_room_and_no_other() {
        let (mut limiter, operation) = (Limiter::default(), operation(&["2/min"]));
        let call =
            |limiter: &mut Limiter, number: usize| limiter.call(&operation, &number.to_string(), "", at(0)).is_ok();
        // The first to be called is the largest number. One more call to it makes the next one the oldest.
        for number in (1..=MOST_NUMBERS).rev() {
            assert!(call(&mut limiter, number));
        }
        assert!(call(&mut limiter, MOST_NUMBERS));
        assert_eq!((limiter.calls.len(), limiter.by_call.len()), (MOST_NUMBERS, MOST_NUMBERS));
        // A number that is counted already takes nobody's room.
        assert!(!call(&mut limiter, MOST_NUMBERS));
        assert!(call(&mut limiter, 1));
        assert_eq!(limiter.calls.len(), MOST_NUMBERS);
        let counts = |limiter: &Limiter, number: usize| {
            limiter.calls.get(&(number.to_string(), String::new())).map_or(0, |counted| counted.windows[0].count)
        };
        for (new, gone) in [(0, MOST_NUMBERS - 1), (MOST_NUMBERS + 1, MOST_NUMBERS - 2)] {
            assert_eq!(counts(&limiter, gone), 1);
            assert!(call(&mut limiter, new));
            assert_eq!((counts(&limiter, gone), counts(&limiter, gone - 1)), (0, 1));
            assert_eq!((limiter.calls.len(), limiter.by_call.len()), (MOST_NUMBERS, MOST_NUMBERS));
        }
        assert_eq!((counts(&limiter, MOST_NUMBERS), counts(&limiter, 1)), (2, 2));
    }

    #[test]
    fn forgets_numbers_whose_windows_are_over() {
        let (mut limiter, operation) = (Limiter::default(), operation(&["1/min"]));
        for number in ["a", "b", "c"] {
            assert_eq!(limiter.call(&operation, number, "", at(0)), Ok(()));
        }
        assert_eq!(limiter.call(&operation, "x", "", at(MINUTE - 1)), Ok(()));
        assert_eq!(limiter.calls.len(), 4);
        assert_eq!(limiter.call(&operation, "x", "", at(MINUTE)), Err(Reached { most: 1, window: "分钟级" }));
        assert_eq!(limiter.call(&operation, "y", "", at(MINUTE)), Ok(()));
        assert_eq!((limiter.calls.len(), limiter.by_call.len()), (2, 2));
    }
}
