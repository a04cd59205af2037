//! Reads the parameters of a request.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde_json::Value;

use crate::time::Time;
use aliyun_emulator::{Members, Problem};

/// A larger page is refused, not shortened: a client could take a short page for the last one.
const MAX_PAGE_SIZE: u64 = 100;

/// Maximum length of a stored text in characters, and of a number or id.
const LONGEST_TEXT: usize = 1000;
const LONGEST_NUMBER: usize = 32;

/// Parameters by name.
pub(crate) type Parameters = BTreeMap<String, String>;

/// The members that an operation adds to the envelope of its response, or why there are none.
pub(crate) type Answer = Result<Members, Problem>;

/// The parameters of one request, and its time.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'p> {
    pub(crate) parameters: &'p Parameters,
    pub(crate) now: Time,
}

impl<'p> Arguments<'p> {
    /// The value of a parameter; an empty one counts as absent.
    pub(crate) fn given(&self, name: &str) -> Option<&'p str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A text to be stored; empty if absent.
    pub(crate) fn text(&self, name: &str) -> Result<String, Problem> {
        match self.given(name).unwrap_or_default() {
            text if text.chars().nth(LONGEST_TEXT).is_some() => Err(Problem::invalid(name)),
            text => Ok(text.to_owned()),
        }
    }

    /// The value of a numeric parameter; the service declares some of them as text.
    pub(crate) fn whole(&self, name: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, Problem> {
        let Some(text) = self.given(name) else { return Ok(None) };
        match number(text) {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            _ => Err(Problem::invalid(name)),
        }
    }

    /// An id. A text that is not a number is the id of nothing.
    pub(crate) fn id(&self, name: &str) -> Option<u64> {
        number(self.given(name)?)
    }

    /// A time in milliseconds since 1970.
    pub(crate) fn time(&self, name: &str) -> Option<Time> {
        number(self.given(name)?).map(Time::from_millis)
    }

    /// A time as `yyyy-MM-dd HH:mm:ss`.
    pub(crate) fn date_and_time(&self, name: &str) -> Result<Option<Time>, Problem> {
        self.given(name).map(|text| Time::parse(text).ok_or_else(|| Problem::invalid(name))).transpose()
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.given(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The items of a list that is joined by commas.
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = &'p str> + use<'p> {
        self.given(name).into_iter().flat_map(|list| list.split(',')).map(str::trim)
    }

    /// Whether a record matches a filter; an absent filter matches everything.
    pub(crate) fn admits(&self, filter: &str, value: &str) -> bool {
        self.given(filter).is_none_or(|wanted| wanted == value)
    }

    pub(crate) fn page(&self, number: &str, size: &str, default_size: u64) -> Result<Page, Problem> {
        Ok(Page {
            number: self.whole(number, 1..=u64::MAX)?.unwrap_or(1),
            size: self.whole(size, 1..=MAX_PAGE_SIZE)?.unwrap_or(default_size),
        })
    }
}

/// The number in a text, in its canonical form: no sign `+`, no leading zeros, no spaces.
pub(crate) fn number<T: FromStr + ToString>(text: &str) -> Option<T> {
    text.parse().ok().filter(|number: &T| number.to_string() == text)
}

/// The requested part of a list. After the last page, pages are empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Page {
    pub(crate) number: u64,
    pub(crate) size: u64,
}

impl Page {
    fn first(self) -> u64 {
        (self.number - 1).saturating_mul(self.size)
    }

    /// The records of the page, without a total.
    pub(crate) fn part<T>(self, items: impl Iterator<Item = T>, record: impl Fn(T) -> Value) -> Value {
        let [skipped, taken] = [self.first(), self.size].map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        items.skip(skipped).take(taken).map(record).collect()
    }

    /// The records of the page, and the total.
    pub(crate) fn cut<T>(self, items: impl Iterator<Item = T>, record: impl Fn(T) -> Value) -> (Value, u64) {
        let first = self.first();
        let (mut records, mut total) = (Vec::new(), 0);
        for item in items {
            if total >= first && total - first < self.size {
                records.push(record(item));
            }
            total += 1;
        }
        (Value::Array(records), total)
    }
}

/// A number that can be called, by its form: digits, perhaps after a plus sign.
pub(crate) fn callable(number: &str) -> Result<&str, Problem> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    if (3..=LONGEST_NUMBER).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(number);
    }
    Err(Problem::failed("isv.MOBILE_NUMBER_ILLEGAL", "a number to be called is not of digits only"))
}

/// A caller ID: a number, or the id of a service instance.
pub(crate) fn showable(number: &str) -> Result<&str, Problem> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"+-_".contains(&byte);
    if (1..=LONGEST_NUMBER).contains(&number.len()) && number.bytes().all(known) {
        return Ok(number);
    }
    Err(Problem::failed("isv.DISPLAY_NUMBER_ILLEGAL", "a number to be shown is neither a number nor an id"))
}
