//! The values of one column in a group of rows.

use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use ::parquet::errors::Result;
use ::parquet::file::writer::SerializedColumnWriter;
use aliyun_protocol::scalar::Scalar;

use crate::json::{self, Json};
use crate::rows::Values;

/// The values of a column in a group of rows.
#[derive(Debug)]
pub(super) struct Chunk {
    /// For each row 1 if it has a value, otherwise 0.
    levels: Vec<i16>,
    cells: Cells,
    /// Whether a value was not of the type of the column, in this group or before.
    pub(super) is_misfit: bool,
}

#[derive(Debug)]
enum Cells {
    /// All texts, and where each of them ends.
    Texts(Vec<u8>, Vec<usize>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Booleans(Vec<bool>),
}

impl Chunk {
    pub(super) fn of(values: Values) -> Self {
        let cells = match values {
            Values::Text => Cells::Texts(Vec::new(), Vec::new()),
            Values::Integers => Cells::Integers(Vec::new()),
            Values::Numbers => Cells::Numbers(Vec::new()),
            Values::Booleans => Cells::Booleans(Vec::new()),
        };
        Self { levels: Vec::new(), cells, is_misfit: false }
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.levels.len()
    }

    /// Length of all texts.
    pub(super) fn bytes(&self) -> usize {
        if let Cells::Texts(texts, _) = &self.cells { texts.len() } else { 0 }
    }

    /// Adds the value of a row.
    pub(super) fn push(&mut self, value: Option<&Json>) {
        let value = value.filter(|value| matches!(self.cells, Cells::Texts(..)) || !is_absent(value));
        self.levels.push(i16::from(value.is_some()));
        let Some(value) = value else { return };
        let fits = match &mut self.cells {
            Cells::Texts(texts, ends) => {
                texts.extend_from_slice(value.plain().as_bytes());
                ends.push(texts.len());
                true
            }
            Cells::Integers(integers) => put(integers, scalar(value).and_then(Scalar::int64)),
            Cells::Numbers(numbers) => put(numbers, scalar(value).and_then(number)),
            Cells::Booleans(booleans) => put(booleans, scalar(value).and_then(Scalar::boolean)),
        };
        self.is_misfit |= !fits;
    }

    /// Writes the values, and forgets them.
    pub(super) fn write(&mut self, mut column: SerializedColumnWriter<'_>) -> Result<()> {
        fn batch<T: DataType>(
            column: &mut SerializedColumnWriter<'_>,
            levels: &[i16],
            values: &[T::T],
        ) -> Result<usize> {
            column.typed::<T>().write_batch(values, Some(levels), None)
        }
        let levels = &self.levels;
        match &mut self.cells {
            Cells::Texts(texts, ends) => {
                let all = ByteArray::from(std::mem::take(texts));
                let starts = std::iter::once(&0).chain(&*ends);
                let texts: Vec<_> = starts.zip(&*ends).map(|(start, end)| all.slice(*start, end - start)).collect();
                batch::<ByteArrayType>(&mut column, levels, &texts)?
            }
            Cells::Integers(values) => batch::<Int64Type>(&mut column, levels, values)?,
            Cells::Numbers(values) => batch::<DoubleType>(&mut column, levels, values)?,
            Cells::Booleans(values) => batch::<BoolType>(&mut column, levels, values)?,
        };
        column.close()?;
        self.clear();
        Ok(())
    }

    /// Forgets the values.
    pub(super) fn clear(&mut self) {
        self.levels.clear();
        match &mut self.cells {
            Cells::Texts(texts, ends) => {
                texts.clear();
                ends.clear();
            }
            Cells::Integers(values) => values.clear(),
            Cells::Numbers(values) => values.clear(),
            Cells::Booleans(values) => values.clear(),
        }
    }
}

fn put<T>(values: &mut Vec<T>, value: Option<T>) -> bool {
    let fits = value.is_some();
    values.extend(value);
    fits
}

/// A value as the client reads it: a text can be a number or a boolean.
fn scalar(value: &Json) -> Option<Scalar<'_>> {
    match value {
        Json::Bool(truth) => Some(Scalar::Boolean(*truth)),
        Json::Number(digits) => Some(Scalar::Number(digits)),
        Json::Text(text) => Some(Scalar::Text(text)),
        Json::Null | Json::List(_) | Json::Object(_) | Json::Raw(_) => None,
    }
}

fn is_absent(value: &Json) -> bool {
    scalar(value).is_some_and(Scalar::is_absent)
}

/// The number that a value stands for, if it keeps all digits.
fn number(value: Scalar<'_>) -> Option<f64> {
    let number = value.number()?;
    (decimal(value.text().trim())? == decimal(&format!("{number:e}"))?).then_some(number)
}

/// The digits of a JSON number without zeros at both ends, and the exponent of the first digit.
fn decimal(text: &str) -> Option<(String, i64)> {
    if !json::is_number(text) {
        return None;
    }
    let unsigned = text.trim_start_matches('-');
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0');
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let exponent = exponent.parse::<i64>().ok()?.checked_add(i64::try_from(whole.len()).ok()? - zeros)?;
    let significant = significant.trim_end_matches('0');
    Some((significant.to_owned(), if significant.is_empty() { 0 } else { exponent }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_all_digits() {
        for (text, expected) in [
            ("0", 0.0),
            ("0.0e7", 0.0),
            ("-0", -0.0),
            ("100.00", 100.0),
            ("-0.10", -0.1),
            ("1e3", 1000.0),
            ("1000", 1000.0),
            ("0.001E+6", 1000.0),
            ("0.30000000000000004", 0.300_000_000_000_000_04),
            ("123456789012345.6", 123_456_789_012_345.6),
            ("1e300", 1e300),
            ("5e-324", 5e-324),
        ] {
            let number = number(Scalar::Number(text)).unwrap();
            assert!((number, number.is_sign_negative()) == (expected, expected.is_sign_negative()), "{text}: {number}");
        }
        for text in [
            "",
            "x",
            "NaN",
            "inf",
            "1e400",
            "1e-400",
            "1e99999999999999999999",
            "0.1000000000000000055511151231257827",
            "123456789012345678901234",
            "9007199254740993",
            "+1",
            ".5",
            "[1]",
        ] {
            assert_eq!(number(Scalar::Text(text)), None, "{text}");
        }
    }

    fn pushed(values: Values, value: &str) -> Chunk {
        let mut chunk = Chunk::of(values);
        chunk.push(Some(&Json::read(value)));
        chunk
    }

    #[test]
    fn a_value_is_what_the_client_reads() {
        for (value, integer, number, boolean) in [
            ("7", Some(7), Some(7.0), None),
            ("1", Some(1), Some(1.0), Some(true)),
            (r#"" 7.0 ""#, Some(7), Some(7.0), None),
            ("7.5", None, Some(7.5), None),
            ("9223372036854775807", Some(i64::MAX), None, None),
            ("9223372036854775808", None, None, None),
            ("true", Some(1), None, Some(true)),
            (r#""FALSE""#, None, None, Some(false)),
            (r#""x""#, None, None, None),
            ("[1]", None, None, None),
            ("{}", None, None, None),
        ] {
            let integers = pushed(Values::Integers, value);
            let numbers = pushed(Values::Numbers, value);
            let booleans = pushed(Values::Booleans, value);
            assert!(matches!(&integers.cells, Cells::Integers(one) if *one == integer.as_slice()), "{integers:?}");
            assert!(matches!(&numbers.cells, Cells::Numbers(one) if *one == number.as_slice()), "{numbers:?}");
            assert!(matches!(&booleans.cells, Cells::Booleans(one) if *one == boolean.as_slice()), "{booleans:?}");
            let misfits = [integers, numbers, booleans].map(|chunk| chunk.is_misfit);
            assert_eq!(misfits, [integer.is_none(), number.is_none(), boolean.is_none()], "{value}");
        }
    }

    #[test]
    fn an_empty_text_is_a_value_of_texts_only() {
        for values in [Values::Integers, Values::Numbers, Values::Booleans, Values::Text] {
            for text in [r#""""#, r#"" ""#] {
                let chunk = pushed(values, text);
                let level = i16::from(values == Values::Text);
                assert_eq!((chunk.levels, chunk.is_misfit), (vec![level], false), "{values:?} {text}");
            }
            let mut chunk = Chunk::of(values);
            chunk.push(None);
            assert_eq!((chunk.levels, chunk.is_misfit), (vec![0], false), "{values:?}");
        }
    }

    #[test]
    fn a_text_column_has_anything_as_the_csv_has_it() {
        let mut chunk = Chunk::of(Values::Text);
        for value in ["7.50", "true", "[1, 2.0]", r#""占线""#, r#""\ud83d""#] {
            chunk.push(Some(&Json::read(value)));
        }
        let Cells::Texts(texts, ends) = chunk.cells else { panic!("it has texts") };
        assert_eq!(std::str::from_utf8(&texts).unwrap(), r#"7.50true[1,2.0]占线"\ud83d""#);
        assert_eq!(ends, [4, 8, 15, 21, 29]);
    }
}
