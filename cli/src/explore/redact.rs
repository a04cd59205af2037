//! Responses without phone numbers, spoken texts and secrets.

use aliyun_api_spec::model::{Field, Operation, Shape};
use aliyun_api_spec::types::{Sensitivity, Type, Types};

use crate::json::{self, Json};
use crate::spec;

/// What is shown instead of a value.
const STARS: &str = "***";

/// A response as it is shown: what the specification calls sensitive is replaced. Where it does not say what a value is, long
/// runs of digits are, since they may be phone numbers.
pub(crate) fn response(response: Json, operation: &'static Operation) -> Json {
    let service = spec::service();
    let types = Types::of(operation, service);
    members(response, |name| service.response_fields(operation).find(|field| field.wire_name == name), types)
}

fn members(value: Json, find: impl Fn(&str) -> Option<&'static Field>, types: Types<'static>) -> Json {
    let Json::Object(members) = value else { return unknown(value) };
    let redacted = members.into_iter().map(|(name, value)| {
        let value = match find(&name) {
            Some(field) => known(value, &field.shape, types),
            None => unknown(value),
        };
        (json::masked(&name), value)
    });
    Json::Object(redacted.collect())
}

fn known(value: Json, shape: &'static Shape, types: Types<'static>) -> Json {
    if types.sensitivity(shape) == Sensitivity::Whole {
        return starred(value);
    }
    match (types.resolve(&shape.kind), value) {
        (Type::Record(fields), value @ Json::Object(_)) => {
            members(value, |name| fields.iter().find(|field| field.wire_name == name), types)
        }
        (Type::Array(items), Json::List(list)) => {
            Json::List(list.into_iter().map(|item| known(item, items, types)).collect())
        }
        (Type::Map(items), Json::Object(members)) => Json::Object(
            members.into_iter().map(|(name, value)| (json::masked(&name), known(value, items, types))).collect(),
        ),
        // The specification says what it is, and that it is not sensitive.
        (Type::Scalar(_) | Type::Enum { .. }, value @ (Json::Text(_) | Json::Number(_) | Json::Bool(_))) => value,
        (_, value) => unknown(value),
    }
}

/// A sensitive value. Whether it is there at all is shown.
fn starred(value: Json) -> Json {
    match value {
        Json::Null => Json::Null,
        Json::Text(text) if text.is_empty() => Json::Text(text),
        Json::List(items) => Json::List(items.into_iter().map(starred).collect()),
        _ => Json::Text(STARS.to_owned()),
    }
}

/// A value of which nothing is known.
fn unknown(value: Json) -> Json {
    match value {
        Json::Text(text) => Json::Text(json::masked(&text)),
        Json::Number(digits) => {
            let masked = json::masked(&digits);
            if masked == digits { Json::Number(digits) } else { Json::Text(STARS.to_owned()) }
        }
        Json::Raw(_) => Json::Text(STARS.to_owned()),
        Json::List(items) => Json::List(items.into_iter().map(unknown).collect()),
        Json::Object(members) => {
            Json::Object(members.into_iter().map(|(name, value)| (json::masked(&name), unknown(value))).collect())
        }
        value @ (Json::Null | Json::Bool(_)) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(action: &str, response: &str) -> String {
        let operation = spec::service().operation(action).unwrap();
        super::response(Json::read(response), operation).to_string()
    }

    #[test]
    fn what_is_sensitive_or_may_be_a_number_is_not_shown() {
        let list = |data: &str| shown("QueryRobotTaskCallList", &format!(r#"{{"Code":"OK","Data":{data}}}"#));
        for (data, expected) in [
            (
                r#"[{"called":"a b","callId":"116012345678^1","callResult":"200002"}]"#,
                r#"[{"called":"***","callId":"116012345678^1","callResult":"200002"}]"#,
            ),
            (r#"[{"called":1},{"called":null},{"called":""}]"#, r#"[{"called":"***"},{"called":null},{"called":""}]"#),
            (
                r#"[{"new":"call 13000000000 now","n":13000000000,"s":12}]"#,
                r#"[{"new":"call *** now","n":"***","s":12}]"#,
            ),
            (r#"{"13000000000":{"x":["13000000000"]}}"#, r#"{"***":{"x":["***"]}}"#),
            (r#""13000000000""#, r#""***""#),
        ] {
            assert_eq!(list(data), format!(r#"{{"Code":"OK","Data":{expected}}}"#), "{data}");
        }
        assert_eq!(shown("QueryRobotTaskCallList", r#"["13000000000"]"#), r#"["***"]"#);
    }

    #[test]
    fn no_example_of_any_operation_shows_what_is_sensitive() {
        for operation in &spec::service().operations {
            for example in operation.examples.iter().filter_map(|example| example.response.as_ref()) {
                let text = super::response(Json::read(&example.to_string()), operation).to_string();
                assert!(!text.contains("13000000000"), "{}: {text}", operation.action);
            }
        }
    }
}
