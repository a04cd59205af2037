//! What the codes of a response mean, for a person who reads it as a table.

use aliyun_api_spec::model::{Field, Operation, OperationType};
use aliyun_api_spec::types::{Type, Types};

use crate::json::Json;
use crate::language::{pick, text};
use crate::spec;

/// Notes about a response: the meanings of its codes, and why what was asked for is missing.
pub(crate) fn notes(operation: &'static Operation, response: &Json) -> Vec<String> {
    let types = Types::of(operation, spec::service());
    let mut notes = Vec::new();
    let is_read = operation.operation_type == OperationType::Read;
    let is_missing = |field: &&Field| {
        let is_record = matches!(types.resolve(&field.shape.kind), Type::Record(_));
        is_record && !matches!(response.get(&field.wire_name), Some(Json::Object(members)) if !members.is_empty())
    };
    for field in operation.response.iter().filter(|_| is_read).filter(is_missing) {
        let (name, why) = (&field.wire_name, field.description.as_deref().unwrap_or_default());
        let separator = if why.is_empty() { "" } else { pick(": ", Some("：")) };
        notes.push(text!("the response has no {name}{separator}{why}", "响应中没有 {name}{separator}{why}"));
    }
    add_codes("", &operation.response, response, types, &mut notes);
    notes
}

/// Adds the meanings of the codes of a record.
fn add_codes(path: &str, fields: &'static [Field], record: &Json, types: Types<'static>, notes: &mut Vec<String>) {
    for field in fields {
        let Some(value) = record.get(&field.wire_name) else { continue };
        let path = format!("{path}{}", field.wire_name);
        match types.resolve(&field.shape.kind) {
            Type::Record(inner) => add_codes(&format!("{path}."), inner, value, types, notes),
            Type::Enum { values, .. } => {
                let code = value.plain();
                let Some(known) = values.iter().find(|known| known.value == code) else { continue };
                let meaning = pick(known.description.as_deref().unwrap_or_default(), known.description_zh.as_deref());
                if !meaning.is_empty() {
                    notes.push(text!("{path} {code}: {meaning}", "{path} {code}：{meaning}"));
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(response: &str) -> Vec<String> {
        notes(spec::service().operation("QueryCallDetailByCallId").unwrap(), &Json::read(response))
    }

    #[test]
    fn a_code_has_its_meaning() {
        let busy = ["Data.state 200002: the line was busy"];
        assert_eq!(of(r#"{"Code":"OK","Data":{"state":"200002","stateDesc":"200002"}}"#), busy);
        assert_eq!(of(r#"{"Code":"OK","Data":{"state":"299999"}}"#), [""; 0]);
    }

    #[test]
    fn what_is_missing_is_explained() {
        for response in [r#"{"Code":"OK"}"#, r#"{"Data":null}"#, r#"{"Data":{}}"#] {
            let notes = of(response);
            let expected =
                "the response has no Data: The call; absent or empty where CallId, ProdId and QueryDate do not belong";
            assert!(notes.len() == 1 && notes[0].starts_with(expected), "{notes:?}");
        }
        // An operation that changes something was not asked for a record.
        let written =
            spec::service().operations.iter().find(|operation| operation.operation_type == OperationType::Write);
        assert_eq!(notes(written.unwrap(), &Json::read("{}")), [""; 0]);
    }
}
