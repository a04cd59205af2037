//! The values that texts of requests stand for. Each value has one spelling only, so conversion is strict.

use std::str::FromStr;

use serde_json::{Number, Value};

use crate::model::Kind;
use crate::types::{Type, Types};

/// The value that a text stands for as a scalar of this kind. An empty text is `null`; a text that is not of the kind
/// stays a text.
pub(crate) fn value(text: &str, kind: &Kind, types: Types<'_>) -> Value {
    let (Type::Scalar(kind) | Type::Enum { kind, .. }) = types.resolve(kind) else {
        return if text.is_empty() { Value::Null } else { text.into() };
    };
    let value = match kind {
        _ if text.is_empty() => Some(Value::Null),
        Kind::Int32 | Kind::Int64 => text.parse::<i64>().ok().filter(|_| is_shortest::<i64>(text)).map(Value::from),
        Kind::Number => text.parse::<Number>().ok().map(Value::Number),
        // The Python clients write `True`.
        Kind::Boolean if text.eq_ignore_ascii_case("true") => Some(true.into()),
        Kind::Boolean if text.eq_ignore_ascii_case("false") => Some(false.into()),
        _ => None,
    };
    value.unwrap_or_else(|| text.into())
}

/// Whether a text is a number exactly as it is printed: no `+`, no leading zeros, no blanks. So two different texts are
/// never the same number.
pub(crate) fn is_shortest<T: FromStr + ToString>(text: &str) -> bool {
    text.parse::<T>().is_ok_and(|number| number.to_string() == text)
}
