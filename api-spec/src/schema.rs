//! The JSON Schema with which editors check and complete specification files, made from the keys of the dialect.

use serde_json::{Map, Value, json};

use crate::keys::{BUILT_IN, Form, OPERATION, Object, RECEIPT, SERVICE};

/// The JSON Schema of operation files and of `service.json`, as text. The file `spec.schema.json` has the same text.
pub fn schema() -> String {
    let mut definitions = Map::new();
    define(&OPERATION, &mut definitions);
    define(&SERVICE, &mut definitions);
    define(&RECEIPT, &mut definitions);
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Specification of an Alibaba Cloud operation, of a kind of receipt, or of the service that they share",
        "if": { "type": "object", "required": ["product"] },
        "then": reference(&SERVICE),
        "else": {
            "if": { "type": "object", "required": ["kind"] },
            "then": reference(&RECEIPT),
            "else": reference(&OPERATION),
        },
        "$defs": definitions,
    });
    // Printing texts and numbers into memory cannot fail.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Adds the definition of an object, and of the objects in it.
fn define(object: &'static Object, definitions: &mut Map<String, Value>) {
    if definitions.contains_key(id(object)) {
        return;
    }
    definitions.insert(id(object).to_owned(), Value::Null);
    let mut properties = Map::new();
    for key in object.keys {
        let mut property = form(&key.form, definitions);
        if let Value::Object(property) = &mut property {
            property.insert("description".to_owned(), key.meaning.into());
            if key.name == "type" && matches!(key.form, Form::Text) {
                property.insert("examples".to_owned(), BUILT_IN.into());
            }
        }
        properties.insert(key.name.to_owned(), property);
    }
    let required: Vec<&str> = object.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut definition = json!({ "type": "object", "additionalProperties": false, "properties": properties });
    if let (false, Value::Object(definition)) = (required.is_empty(), &mut definition) {
        definition.insert("required".to_owned(), required.into());
    }
    definitions.insert(id(object).to_owned(), definition);
}

fn form(form: &'static Form, definitions: &mut Map<String, Value>) -> Value {
    match form {
        Form::Text | Form::Prose | Form::Chinese => json!({ "type": "string", "minLength": 1 }),
        Form::Note => json!({ "type": "string" }),
        Form::OneOf(words) => json!({ "enum": words }),
        Form::Flag => json!({ "type": "boolean" }),
        Form::Integer => json!({ "type": "integer" }),
        Form::Count => json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        Form::Number => json!({ "type": "number" }),
        Form::Any => json!({}),
        Form::AnyObject => json!({ "type": "object" }),
        Form::List(of) => json!({ "type": "array", "items": self::form(of, definitions) }),
        Form::Table(of, _) => {
            json!({ "type": "object", "additionalProperties": self::form(of, definitions) })
        }
        Form::Object(object) => {
            define(object, definitions);
            reference(object)
        }
        Form::TextOr(object) => {
            define(object, definitions);
            json!({ "anyOf": [{ "type": "string", "minLength": 1 }, reference(object)] })
        }
    }
}

fn reference(object: &Object) -> Value {
    json!({ "$ref": format!("#/$defs/{}", id(object)) })
}

/// The noun that describes the object, without its article.
fn id(object: &Object) -> &'static str {
    object.what.split_once(' ').map_or(object.what, |(_, noun)| noun)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_file_for_editors_has_this_schema() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/spec.schema.json");
        let schema = schema();
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, &schema).unwrap();
        }
        let held = std::fs::read_to_string(path).unwrap();
        assert!(held == schema, "it is out of date; run UPDATE_SCHEMA=1 cargo test -p aliyun-api-spec schema");
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
