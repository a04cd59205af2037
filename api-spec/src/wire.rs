//! Checks the parameters of a request against an operation, as a gateway does.
//!
//! The texts of a parameter are first converted to the value that they stand for. The same check as for examples and
//! responses then compares this value with the type of the parameter.

use std::collections::BTreeMap;
use std::ops::Bound;

use aliyun_protocol::visible::escaped;
use serde_json::{Map, Value};

use crate::fit::{Fit, Misfit, PathStep, Reading};
use crate::model::{Field, Kind, Operation, Service, Shape, Style};
use crate::text::{self, is_shortest};
use crate::types::{Type, Types};

/// The largest number of parts of a flattened name such as `List.1.Key`.
const MAX_DEPTH: usize = 32;

/// The result of checking a parameter. No line shows a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// What the specification forbids. Empty if the parameter fits.
    pub misfits: Vec<String>,
    /// What a service accepts: unknown members, and values that are not known.
    pub notes: Vec<String>,
}

/// Checks one parameter of a request against its type and bounds.
///
/// `request` has all parameters of the request by name. Those of a flattened parameter are found by the beginning of their
/// names: `List.1.Key` belongs to `List`. An empty text counts as absent. A required parameter may be absent here, but not a
/// required member of a parameter that is there.
#[must_use]
pub fn check(service: &Service, operation: &Operation, field: &Field, request: &BTreeMap<String, String>) -> Findings {
    let texts = texts_of(service, operation, field, request);
    let mut fit = Fit::new(Types::of(operation, service), Reading::Wire);
    let value = if field.shape.style == Some(Style::Flat) {
        flat(&mut fit, &field.shape, texts, 0)
    } else {
        let mut value = Value::Null;
        for (rest, text) in texts {
            if rest.is_empty() {
                value = whole(&mut fit, text, &field.shape);
            } else if field.shape.style.is_some() {
                fit.misfit("expected one text, found a flattened name".to_owned());
            } else {
                note_unknown(&mut fit, rest);
            }
        }
        value
    };
    fit.shape(&value, &field.shape);
    let lines = |found: &[Misfit]| found.iter().map(|misfit| shown(&misfit.describe())).collect();
    Findings { misfits: lines(&fit.misfits), notes: lines(&fit.notes) }
}

/// The parameter that a name on the wire belongs to, and the rest of a flattened name: `Menus` and `1.Key` for
/// `Menus.1.Key`.
#[must_use]
pub fn parameter_of<'s, 'n>(
    service: &'s Service,
    operation: &'s Operation,
    name: &'n str,
) -> Option<(&'s Field, &'n str)> {
    let field = |wanted: &str| {
        let mut fields = operation.parameters.iter().chain(&service.common_parameters);
        fields.find(|field| field.wire_name == wanted)
    };
    let (base, rest) = name.split_once('.').unwrap_or((name, ""));
    field(name).map(|field| (field, "")).or_else(|| Some((field(base)?, rest)))
}

/// The texts that belong to a parameter, each with the rest of its flattened name.
fn texts_of<'r>(
    service: &Service,
    operation: &Operation,
    field: &Field,
    request: &'r BTreeMap<String, String>,
) -> Vec<(&'r str, &'r str)> {
    let own = request.get(&field.wire_name).map(|text| ("", text.as_str()));
    let below = format!("{}.", field.wire_name);
    let flattened = request
        .range::<str, _>((Bound::Excluded(below.as_str()), Bound::Unbounded))
        .take_while(|(name, _)| name.starts_with(&below))
        // The name of another parameter may start with this one.
        .filter(|(name, _)| parameter_of(service, operation, name).is_some_and(|(found, _)| std::ptr::eq(found, field)))
        .map(|(name, text)| (name.get(below.len()..).unwrap_or_default(), text.as_str()));
    own.into_iter().chain(flattened).collect()
}

/// The end of a line, which says what is wrong. The path before it may have been written by the sender.
fn shown(line: &str) -> String {
    const LENGTH: usize = 200;
    let skipped = line.chars().count().saturating_sub(LENGTH);
    let dots = if skipped > 0 { "..." } else { "" };
    let end: String = line.chars().skip(skipped).collect();
    format!("{dots}{}", escaped(&end))
}

/// The value of a text whose name is not flattened any further.
fn whole(fit: &mut Fit<'_>, text: &str, shape: &Shape) -> Value {
    let of = fit.types().resolve(&shape.kind);
    let is_structure = matches!(of, Type::Any | Type::Array(_) | Type::Map(_) | Type::Record(_));
    match shape.style {
        _ if text.is_empty() => Value::Null,
        Some(Style::Json) if is_structure => {
            let wrong = match serde_json::from_str(text) {
                Ok(Value::String(_)) if shape.kind != Kind::Any => "expected JSON, found a JSON text",
                Ok(value) => return value,
                Err(error) if error.to_string().starts_with("recursion limit") => "expected JSON that is less deep",
                Err(_) => "expected JSON",
            };
            fit.misfit(wrong.to_owned());
            Value::Null
        }
        // A list that is joined by commas is split when it is compared with its type.
        Some(Style::Simple) => Value::from(text),
        _ => text::value(text, &shape.kind, fit.types()),
    }
}

/// The value of flattened texts.
fn flat(fit: &mut Fit<'_>, shape: &Shape, texts: Vec<(&str, &str)>, depth: usize) -> Value {
    if texts.is_empty() {
        return Value::Null;
    }
    let is_leaf = shape.style.is_some_and(|style| style != Style::Flat);
    let of = fit.types().resolve(&shape.kind);
    if is_leaf || !matches!(of, Type::Array(_) | Type::Map(_) | Type::Record(_)) {
        return leaf(fit, shape, &texts);
    }
    if depth == MAX_DEPTH {
        fit.misfit(format!("expected a name of at most {MAX_DEPTH} parts"));
        return Value::Null;
    }
    let mut parts: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for (rest, text) in texts {
        let (part, rest) = rest.split_once('.').unwrap_or((rest, ""));
        if !part.is_empty() {
            parts.entry(part).or_default().push((rest, text));
        } else if !text.is_empty() {
            fit.misfit("expected flattened names".to_owned());
        }
    }
    match of {
        Type::Array(items) => list(fit, shape, items, parts, depth),
        Type::Map(items) => {
            let member = |(name, texts): (&str, Vec<(&str, &str)>)| {
                (name.to_owned(), fit.at(PathStep::Name(name.to_owned()), |fit| flat(fit, items, texts, depth + 1)))
            };
            Value::Object(parts.into_iter().map(member).collect())
        }
        Type::Record(fields) => {
            let mut members = Map::new();
            for (name, texts) in parts {
                let Some(field) = fields.iter().find(|field| field.wire_name == name) else {
                    note_unknown(fit, name);
                    continue;
                };
                let step = PathStep::Name(name.to_owned());
                let value = fit.at(step, |fit| flat(fit, &field.shape, texts, depth + 1));
                members.insert(name.to_owned(), value);
            }
            Value::Object(members)
        }
        _ => Value::Null,
    }
}

/// The items in their order. Clients count from 1, and leave out those that are null.
fn list(
    fit: &mut Fit<'_>,
    shape: &Shape,
    items: &Shape,
    parts: BTreeMap<&str, Vec<(&str, &str)>>,
    depth: usize,
) -> Value {
    let mut numbered = BTreeMap::new();
    for (part, texts) in parts {
        match part.parse::<u32>().ok().filter(|index| *index > 0 && is_shortest::<u32>(part)) {
            Some(index) if shape.max_items.is_some_and(|most| u64::from(index) > most) => {
                fit.misfit(format!("expected at most {} items", shape.max_items.unwrap_or_default()));
            }
            Some(index) => {
                numbered.insert(index, texts);
            }
            None => fit.misfit("expected the number of an item, counted from 1".to_owned()),
        }
    }
    let item =
        |(index, texts): (usize, Vec<_>)| fit.at(PathStep::Index(index), |fit| flat(fit, items, texts, depth + 1));
    Value::Array(numbered.into_values().enumerate().map(item).collect())
}

/// The value of a flattened name that has no further parts.
fn leaf(fit: &mut Fit<'_>, shape: &Shape, texts: &[(&str, &str)]) -> Value {
    let mut value = Value::Null;
    for &(rest, text) in texts {
        if rest.is_empty() {
            value = whole(fit, text, shape);
        } else if shape.kind != Kind::Any {
            note_unknown(fit, rest);
        }
    }
    value
}

fn note_unknown(fit: &mut Fit<'_>, name: &str) {
    fit.at(PathStep::Name(name.to_owned()), |fit| fit.note("unknown member".to_owned()));
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{SourceFile, parse};

    const SERVICE: &str = r#"{
        "product": "Example", "version": "2020-01-01", "title": "An example",
        "endpoints": { "default": "example.aliyuncs.com" },
        "envelope": { "requestId": "RequestId", "fields": { "RequestId": { "type": "string" } } },
        "commonParameters": { "OwnerId": { "type": "int64" } },
        "groups": { "all": "All." }
    }"#;

    const OPERATION: &str = r#"{
        "action": "Set", "group": "all", "operationType": "write", "summary": "Sets.",
        "parameters": {
            "Menus": { "type": "array", "items": "Menu", "style": "flat", "maxItems": 2 },
            "Menus.All": { "type": "boolean" },
            "Tags": { "type": "array", "items": "int32", "style": "simple" }
        },
        "response": {},
        "types": { "Menu": { "fields": { "Key": { "type": "string", "required": true }, "Times": { "type": "int32" } } } }
    }"#;

    fn service() -> Service {
        let file = |path, text| SourceFile { path, text };
        let loaded = parse(&[file("service.json", SERVICE), file("operations/Set.json", OPERATION)]);
        assert_eq!(loaded.faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
        loaded.service.unwrap()
    }

    #[test]
    fn a_name_belongs_to_the_parameter_with_the_longest_match() {
        let service = service();
        let operation = service.operation("Set").unwrap();
        let owner = |name| parameter_of(&service, operation, name).map(|(field, rest)| (&*field.wire_name, rest));
        assert_eq!(owner("Menus"), Some(("Menus", "")));
        assert_eq!(owner("Menus.1.Key"), Some(("Menus", "1.Key")));
        assert_eq!(owner("Menus.All"), Some(("Menus.All", "")));
        assert_eq!(owner("OwnerId"), Some(("OwnerId", "")));
        assert_eq!(owner("Menu.1"), None);
    }

    #[test]
    fn a_parameter_is_checked_with_all_its_flattened_names() {
        let service = service();
        let operation = service.operation("Set").unwrap();
        let findings = |name: &str, pairs: &[(&str, &str)]| {
            let request = pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            let Findings { misfits, notes } = check(&service, operation, operation.parameter(name).unwrap(), &request);
            [misfits, notes].concat()
        };
        let menus = |pairs: &[(&str, &str)]| findings("Menus", pairs);
        assert_eq!(menus(&[("Menus.1.Key", "1"), ("Menus.2.Key", "2"), ("Menus.2.Times", "3")]), [""; 0]);
        // Another parameter whose name starts with this one, and one that follows it in the order of names.
        assert_eq!(menus(&[("Menus.All", "x"), ("Menus2", "x"), ("Menus", "")]), [""; 0]);
        assert_eq!(
            menus(&[("Menus.1.Times", "x"), ("Menus.3.Key", "1"), ("Menus.1.New", "1")]),
            [
                "expected at most 2 items",
                "[0].Times: expected a 32-bit integer",
                "[0]: the required member \"Key\" is missing",
                "[0].New: unknown member",
            ]
        );
        assert_eq!(findings("Tags", &[("Tags", "1,2")]), [""; 0]);
        assert_eq!(findings("Tags", &[("Tags", "1,x")]), ["[1]: expected a 32-bit integer"]);
        assert_eq!(findings("Tags", &[("Tags.1", "1")]), ["expected one text, found a flattened name"]);
    }
}
