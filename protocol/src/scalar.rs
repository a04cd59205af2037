//! The table of conversions between scalars: what a text, a number or a boolean in a response stands for, where another
//! type is declared.
//!
//! Services are untidy: numbers and booleans are sent as texts, and texts as numbers. The reader of responses and the check
//! of examples both convert with this table, so that an example fits exactly if the client reads it.

use std::borrow::Cow;

/// A scalar as it is written in a response.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'t> {
    /// The content of a JSON string.
    Text(&'t str),
    /// A JSON number as it is written.
    Number(&'t str),
    /// `true` or `false`.
    Boolean(bool),
}

impl<'t> Scalar<'t> {
    /// Whether it is a text of white space, which stands for an absent number or boolean.
    #[must_use]
    pub fn is_absent(self) -> bool {
        matches!(self, Self::Text(text) if text.trim().is_empty())
    }

    /// The text that it stands for: every scalar is one. A number keeps all its digits.
    #[inline]
    #[must_use]
    pub fn text(self) -> Cow<'t, str> {
        match self {
            Self::Text(text) | Self::Number(text) => Cow::Borrowed(text),
            Self::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        }
    }

    /// The boolean that it stands for: `true` and `false` in any case, 1 and 0.
    #[inline]
    #[must_use]
    pub fn boolean(self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(value),
            Self::Number(_) => match self.int64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
            Self::Text(text) => match text.trim() {
                "0" => Some(false),
                "1" => Some(true),
                word if word.eq_ignore_ascii_case("false") => Some(false),
                word if word.eq_ignore_ascii_case("true") => Some(true),
                _ => None,
            },
        }
    }

    /// The 64-bit integer that it stands for, such as 60 for `60`, `"60"` and `60.0`; 1 for `true` and 0 for `false`.
    #[inline]
    #[must_use]
    pub fn int64(self) -> Option<i64> {
        match self {
            Self::Boolean(value) => Some(i64::from(value)),
            Self::Number(text) => integer(text),
            Self::Text(text) => integer(text.trim()),
        }
    }

    /// The 32-bit integer that it stands for, by the rules of [`Scalar::int64`].
    #[inline]
    #[must_use]
    pub fn int32(self) -> Option<i32> {
        self.int64().and_then(|number| number.try_into().ok())
    }

    /// The finite number that it stands for. A boolean is not a number.
    #[inline]
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Boolean(_) => None,
            Self::Number(text) => finite(text),
            Self::Text(text) => finite(text.trim()),
        }
    }

    /// The values of an enum that it may stand for, in the order in which they are tried: as it is written, and for a
    /// number such as `200.0` also `200`. A boolean is not a value of an enum.
    pub fn enum_values(self) -> impl Iterator<Item = Cow<'t, str>> {
        let written = match self {
            Self::Boolean(_) => None,
            Self::Number(text) => Some(text),
            Self::Text(text) => Some(text.trim()),
        };
        let whole = move || match self {
            Self::Number(text) => integer(text).map(|number| Cow::Owned(number.to_string())),
            _ => None,
        };
        written.map(Cow::Borrowed).into_iter().chain(std::iter::once_with(whole).flatten())
    }
}

/// Whether a text in place of a list, an object or an enum stands for an absent one.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    matches!(text.trim(), "" | "null")
}

/// Whether a text in place of a list or an object starts like one: then it is read as JSON.
#[must_use]
pub fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

#[inline]
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn integer(text: &str) -> Option<i64> {
    // A floating point number beyond this is not exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let number = finite(text)?;
    #[allow(clippy::cast_possible_truncation, reason = "the range was checked")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use super::Scalar::{Boolean, Number, Text};
    use super::*;

    #[test]
    fn each_scalar_has_these_values() {
        // Scalar, and what it is as boolean, 32-bit integer, 64-bit integer and number.
        for (scalar, boolean, int32, int64, number) in [
            (Boolean(true), Some(true), Some(1), Some(1), None),
            (Boolean(false), Some(false), Some(0), Some(0), None),
            (Number("0"), Some(false), Some(0), Some(0), Some(0.0)),
            (Number("1"), Some(true), Some(1), Some(1), Some(1.0)),
            (Number("1.0"), Some(true), Some(1), Some(1), Some(1.0)),
            (Number("-0"), Some(false), Some(0), Some(0), Some(-0.0)),
            (Number("2"), None, Some(2), Some(2), Some(2.0)),
            (Number("1.5"), None, None, None, Some(1.5)),
            (Number("1e3"), None, Some(1000), Some(1000), Some(1000.0)),
            (Number("2147483648"), None, None, Some(2_147_483_648), Some(2_147_483_648.0)),
            (Number("9223372036854775807"), None, None, Some(i64::MAX), Some(9_223_372_036_854_775_807.0)),
            (Number("9223372036854775808"), None, None, None, Some(9_223_372_036_854_775_808.0)),
            (Number("1e400"), None, None, None, None),
            (Text("0"), Some(false), Some(0), Some(0), Some(0.0)),
            (Text("1"), Some(true), Some(1), Some(1), Some(1.0)),
            (Text("1.0"), None, Some(1), Some(1), Some(1.0)),
            (Text(" 7 "), None, Some(7), Some(7), Some(7.0)),
            (Text("TRUE"), Some(true), None, None, None),
            (Text(" false "), Some(false), None, None, None),
            (Text("yes"), None, None, None, None),
            (Text("NaN"), None, None, None, None),
            (Text("inf"), None, None, None, None),
            (Text(""), None, None, None, None),
        ] {
            assert_eq!(scalar.boolean(), boolean, "{scalar:?}");
            assert_eq!(scalar.int32(), int32, "{scalar:?}");
            assert_eq!(scalar.int64(), int64, "{scalar:?}");
            assert_eq!(scalar.number(), number, "{scalar:?}");
        }
    }

    #[test]
    fn each_scalar_is_a_text_with_all_its_digits() {
        for (scalar, text) in [(Boolean(true), "true"), (Number("100.00"), "100.00"), (Text(" a "), " a ")] {
            assert_eq!(scalar.text(), text);
        }
    }

    #[test]
    fn an_enum_is_tried_as_written_and_then_as_an_integer() {
        for (scalar, values) in [
            (Number("200.0"), &["200.0", "200"] as &[&str]),
            (Number("200"), &["200", "200"]),
            (Number("1.5"), &["1.5"]),
            (Text(" 200.0 "), &["200.0"]),
            (Text(""), &[""]),
            (Boolean(true), &[]),
        ] {
            assert_eq!(scalar.enum_values().collect::<Vec<_>>(), values, "{scalar:?}");
        }
    }

    #[test]
    fn blank_texts_are_absent() {
        for (text, absent, blank) in
            [("", true, true), (" \n", true, true), ("null", false, true), (" null ", false, true), ("0", false, false)]
        {
            assert_eq!((Text(text).is_absent(), is_blank(text)), (absent, blank), "{text:?}");
        }
        assert!(!Boolean(false).is_absent() && !Number("0").is_absent());
        for (text, json) in [("{}", true), (" [1]", true), ("7", false), ("\"x\"", false), ("", false)] {
            assert_eq!(is_json(text), json, "{text:?}");
        }
    }
}
