//! The JSON Schema that editors check and complete specification files with, made from the keys of the dialect.

use serde_json::{Map, Value, json};

use crate::keys::{BUILT_IN, Form, OPERATION, Record, SERVICE};

/// The schema of operation files and of `service.json`, as text; `spec.schema.json` holds the same.
pub fn schema() -> String {
    let mut definitions = Map::new();
    define(&OPERATION, &mut definitions);
    define(&SERVICE, &mut definitions);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Specification of an Alibaba Cloud operation, or of the service that operations share",
        "if": { "type": "object", "required": ["product"] },
        "then": reference(&SERVICE),
        "else": reference(&OPERATION),
        "$defs": definitions,
    });
    // Printing a value of texts and numbers into memory has no way to fail.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Adds a record and all that it leads to.
fn define(record: &'static Record, definitions: &mut Map<String, Value>) {
    if definitions.contains_key(id(record)) {
        return;
    }
    definitions.insert(id(record).to_owned(), Value::Null);
    let mut properties = Map::new();
    for key in record.keys {
        let mut property = form(&key.form, definitions);
        if let Value::Object(property) = &mut property {
            property.insert("description".to_owned(), key.meaning.into());
            if key.name == "type" && matches!(key.form, Form::Text) {
                property.insert("examples".to_owned(), BUILT_IN.into());
            }
        }
        properties.insert(key.name.to_owned(), property);
    }
    let required: Vec<&str> = record.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut definition = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if let (false, Value::Object(definition)) = (required.is_empty(), &mut definition) {
        definition.insert("required".to_owned(), required.into());
    }
    definitions.insert(id(record).to_owned(), definition);
}

fn form(form: &'static Form, definitions: &mut Map<String, Value>) -> Value {
    match form {
        Form::Text | Form::Prose => json!({ "type": "string", "minLength": 1 }),
        Form::Note => json!({ "type": "string" }),
        Form::OneOf(words) => json!({ "enum": words }),
        Form::Flag => json!({ "type": "boolean" }),
        Form::Integer => json!({ "type": "integer" }),
        Form::Count => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Form::Number => json!({ "type": "number" }),
        Form::Any => json!({}),
        Form::Object => json!({ "type": "object" }),
        Form::List(of) => json!({ "type": "array", "items": self::form(of, definitions) }),
        Form::Table(of, _) => {
            json!({ "type": "object", "additionalProperties": self::form(of, definitions) })
        }
        Form::Record(record) => {
            define(record, definitions);
            reference(record)
        }
        Form::TextOr(record) => {
            define(record, definitions);
            json!({ "anyOf": [{ "type": "string", "minLength": 1 }, reference(record)] })
        }
    }
}

fn reference(record: &Record) -> Value {
    json!({ "$ref": format!("#/$defs/{}", id(record)) })
}

/// What the record is, without its article.
fn id(record: &Record) -> &'static str {
    record.what.split_once(' ').map_or(record.what, |(_, noun)| noun)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_file_for_editors_holds_this_schema() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/spec.schema.json");
        let schema = schema();
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, &schema).unwrap();
        }
        let held = std::fs::read_to_string(path).unwrap();
        assert!(held == schema, "write it anew: UPDATE_SCHEMA=1 cargo test -p aliyun-api-spec schema");
    }

    #[test]
    fn every_reference_leads_to_a_definition() {
        let text = schema();
        let schema: Value = serde_json::from_str(&text).unwrap();
        let references: Vec<&str> =
            text.split("#/$defs/").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert!(references.contains(&"field"), "{references:?}");
        for reference in references {
            assert!(schema["$defs"][reference]["properties"].is_object(), "{reference}");
        }
    }
}
