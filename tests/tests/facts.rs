//! The specification of the voice service held against facts derived from Alibaba's official client, and its house
//! rules: descriptions everywhere, invented phone numbers only, pages that are turned.
//!
//! `data/facts.json` has a line for each operation, with the type of every parameter and every member of the answer
//! by its path: `string`, `int32`, `int64`, `number`, `boolean`, `object`, `map`, `array of X`, then `, required`, then
//! what is known of the serialisation: `, flat` and `, json` of structures, `, JSON` of a text known to hold JSON,
//! `, joined` of a text known to be joined by commas. The parameters that every operation shares are left out.
//!
//! The specification is written down in the same words, and what differs stands in `data/differences.json`, each with
//! its reason, unless it is of one of the classes at [`same`], [`beneath`] and [`comparison`].

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use aliyun_api_spec::model::{Field, Kind, Operation, Service, Style, TypeBody};
use aliyun_api_spec::types::{Type, Types};
use serde_json::{Value, json};

/// The types of one side of an operation, as texts by path.
type TypeTexts = BTreeMap<String, String>;

fn facts() -> BTreeMap<String, [TypeTexts; 2]> {
    let facts: Value = serde_json::from_str(include_str!("../data/facts.json")).unwrap();
    let types = |types: &Value| -> TypeTexts {
        let types = types.as_object().unwrap().iter();
        types.map(|(path, text)| (path.clone(), text.as_str().unwrap().to_owned())).collect()
    };
    let facts = facts.as_object().unwrap().iter();
    facts.map(|(action, sides)| (action.clone(), [types(&sides["parameters"]), types(&sides["response"])])).collect()
}

/// The specification in the words of the facts.
struct Flat<'a> {
    types: Types<'a>,
    /// Types that are being written down, so that one that holds itself comes to an end.
    open: Vec<&'a Kind>,
    written: TypeTexts,
}

impl<'a> Flat<'a> {
    fn of(types: Types<'a>, fields: &'a [Field]) -> TypeTexts {
        let mut flat = Flat { types, open: Vec::new(), written: TypeTexts::new() };
        flat.fields(fields, "");
        flat.written
    }

    fn fields(&mut self, fields: &'a [Field], before: &str) {
        for field in fields {
            let path = format!("{before}{}", field.wire_name);
            let mut text = self.kind(&field.shape.kind, &path);
            if field.required {
                text += ", required";
            }
            text += match field.shape.style {
                Some(Style::Flat) => ", flat",
                Some(Style::Json) => ", json",
                Some(Style::Simple) => ", simple",
                None => "",
            };
            self.written.insert(path, text);
        }
    }

    fn kind(&mut self, kind: &'a Kind, path: &str) -> String {
        match self.types.resolve(kind) {
            Type::Scalar(Kind::Int32) => "int32".to_owned(),
            Type::Scalar(Kind::Int64) => "int64".to_owned(),
            Type::Scalar(Kind::Number) => "number".to_owned(),
            Type::Scalar(Kind::Boolean) => "boolean".to_owned(),
            Type::Scalar(_) => "string".to_owned(),
            Type::Any => "any".to_owned(),
            Type::Array(items) => format!("array of {}", self.kind(&items.kind, &format!("{path}[]"))),
            Type::Map(values) => {
                self.kind(&values.kind, &format!("{path}{{}}"));
                "map".to_owned()
            }
            Type::Enum { kind, .. } => self.kind(kind, path),
            Type::Record(fields) => {
                if !self.open.contains(&kind) {
                    self.open.push(kind);
                    self.fields(fields, &format!("{path}."));
                    self.open.pop();
                }
                "object".to_owned()
            }
            Type::Unknown => unreachable!("a checked service has no unknown type"),
        }
    }
}

/// A type text in its parts.
struct Parts<'a> {
    kind: &'a str,
    required: bool,
    style: &'a str,
}

impl<'a> Parts<'a> {
    fn of(text: &'a str) -> Self {
        let mut parts = Self { kind: "", required: false, style: "" };
        for (index, part) in text.split(", ").enumerate() {
            match part {
                kind if index == 0 => parts.kind = kind,
                "required" => parts.required = true,
                style => parts.style = style,
            }
        }
        parts
    }
}

/// Whether the specification says what the facts say, or what it may say instead.
fn same(fact: &str, here: &str) -> bool {
    let (fact, here) = (Parts::of(fact), Parts::of(here));
    let kind = match (fact.kind, fact.style) {
        // A text known to hold JSON may be its content: a caller should not write JSON by hand, and the wire has the
        // same text. One whose content nobody knows stays a text.
        ("string", "JSON") => here.style == "json" || (here.kind, here.style) == ("string", ""),
        // A text known to be joined by commas may be a list: the wire has the same text. One that is hardly ever more
        // than a single value stays a text.
        ("string", "joined") => {
            (here.kind.starts_with("array of ") && here.style == "simple") || (here.kind, here.style) == ("string", "")
        }
        (kind, style) => (here.kind, here.style) == (kind, style),
    };
    kind && fact.required == here.required
}

/// Whether the path leads through one where the facts have no structure or the two sides have different ones.
///
/// Of the content of a text, and of the values of a map, the facts say nothing: members of these stand only in the
/// specification. Where a structure differs it is listed itself, and its members with it.
fn beneath(path: &str, facts: &TypeTexts, spec: &TypeTexts) -> bool {
    let ends = path.match_indices(['.', '[', '{']).map(|(index, _)| &path[..index]);
    ends.into_iter().any(|above| match (facts.get(above), spec.get(above)) {
        (Some(fact), Some(here)) => Parts::of(fact).kind != Parts::of(here).kind || Parts::of(fact).kind == "map",
        // The first of an addition or loss speaks for what is below it.
        (Some(_), None) | (None, Some(_)) => true,
        (None, None) => false,
    })
}

/// One place where the specification is not what the facts say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    operation: String,
    path: String,
    fact: String,
    here: String,
}

impl fmt::Display for Difference {
    /// A line of `differences.json` that lacks its reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, path, fact, here } = self;
        let [operation, path, fact, here] = [operation, path, fact, here].map(|text| json!(text));
        write!(f, r#"{{ "operation": {operation}, "path": {path}, "fact": {fact}, "here": {here}, "reason": "" }},"#)
    }
}

/// What was compared, and what differs.
#[derive(Default)]
struct Comparison {
    parameters: usize,
    members: usize,
    differences: BTreeSet<Difference>,
}

/// Compares all operations that both sides have.
///
/// The members of the envelope belong to every answer of the specification. An answer whose facts lack one (twelve lack
/// `RequestId`, five `Message`, forty `AccessDeniedDetail`) is accepted: the envelope is declared once for the service,
/// and a reader takes an absent member as none. Where the facts have one, its type is compared.
fn comparison(service: &Service) -> Comparison {
    let envelope = Flat::of(Types::shared(service), &service.envelope.fields);
    let mut comparison = Comparison::default();
    for (action, [parameters, response]) in facts() {
        let Some(operation) = service.operation(&action) else { continue };
        comparison.parameters += parameters.len();
        comparison.members += response.len();
        let mut answer = Flat::of(Types::of(operation, service), &operation.response);
        let listed = envelope.iter().filter(|(path, _)| response.contains_key(*path));
        answer.extend(listed.map(|(path, text)| (path.clone(), text.clone())));
        for (side, facts, spec) in [
            ("parameters", &parameters, &Flat::of(Types::of(operation, service), &operation.parameters)),
            ("response", &response, &answer),
        ] {
            let paths: BTreeSet<&String> = facts.keys().chain(spec.keys()).collect();
            for path in paths.into_iter().filter(|path| !beneath(path, facts, spec)) {
                let (fact, here) = (facts.get(path), spec.get(path));
                if !fact.zip(here).is_some_and(|(fact, here)| same(fact, here)) {
                    let text = |text: Option<&String>| text.map_or("absent", |text| text).to_owned();
                    comparison.differences.insert(Difference {
                        operation: action.clone(),
                        path: format!("{side}.{path}"),
                        fact: text(fact),
                        here: text(here),
                    });
                }
            }
        }
    }
    comparison
}

#[test]
fn every_action_of_the_facts_and_no_other() {
    let facts = facts();
    let actions: Vec<&str> = facts.keys().map(String::as_str).collect();
    let specified = &aliyun_api_spec::dyvmsapi().operations;
    let specified: Vec<&str> = specified.iter().map(|operation| operation.action.as_str()).collect();
    assert_eq!(specified, actions);
    assert_eq!(actions.len(), 159);
}

#[test]
fn what_differs_from_the_facts_is_listed_with_its_reason() {
    let listed: Value = serde_json::from_str(include_str!("../data/differences.json")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let listed: Vec<(Difference, String)> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            assert_eq!(line.as_object().unwrap().len(), 5, "{line}");
            let [operation, path, fact, here] = ["operation", "path", "fact", "here"].map(|key| text(&line[key]));
            (Difference { operation, path, fact, here }, text(&line["reason"]))
        })
        .collect();
    let comparison = comparison(aliyun_api_spec::dyvmsapi());
    println!(
        "{} parameters and {} members of answers compared, {} differences",
        comparison.parameters,
        comparison.members,
        comparison.differences.len()
    );

    let mut faults = String::new();
    for difference in &comparison.differences {
        if !listed.iter().any(|(known, _)| known == difference) {
            writeln!(faults, "not listed: {difference}").unwrap();
        }
    }
    for (known, reason) in &listed {
        if !comparison.differences.contains(known) {
            writeln!(faults, "no difference any more: {known}").unwrap();
        }
        if !reason.ends_with('.') {
            writeln!(faults, "without a sentence as its reason: {known}").unwrap();
        }
    }
    for pair in listed.windows(2) {
        if pair[0].0 >= pair[1].0 {
            writeln!(faults, "not sorted by operation and path: {}", pair[1].0).unwrap();
        }
    }
    assert!(faults.is_empty(), "tests/data/differences.json:\n{faults}");
}

#[test]
fn every_field_has_a_description() {
    let service = aliyun_api_spec::dyvmsapi();
    let mut lists: Vec<(String, &[Field])> = vec![
        ("service.json, envelope".to_owned(), &service.envelope.fields),
        ("service.json, commonParameters".to_owned(), &service.common_parameters),
    ];
    let mut types: Vec<(&str, _)> = service.types.iter().map(|named| ("service.json", named)).collect();
    for operation in &service.operations {
        lists.push((format!("{}, parameters", operation.file), &operation.parameters));
        lists.push((format!("{}, response", operation.file), &operation.response));
        types.extend(operation.types.iter().map(|named| (operation.file.as_str(), named)));
    }
    let mut missing = String::new();
    let said = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
    for (file, named) in types {
        if !said(&named.description) {
            writeln!(missing, "{file}, types: {}", named.name).unwrap();
        }
        if let TypeBody::Record(fields) = &named.body {
            lists.push((format!("{file}, {}", named.name), fields));
        }
    }
    for (place, fields) in lists {
        for field in fields.iter().filter(|field| !said(&field.description)) {
            writeln!(missing, "{place}: {}", field.wire_name).unwrap();
        }
    }
    assert!(missing.is_empty(), "without a description:\n{missing}");
}

/// Digits that could be the number of a person, a mobile number or one with an area code, and are not an invented one.
fn real_phone(word: &str) -> bool {
    let like_one = match word.len() {
        11 => word.starts_with(['0', '1']),
        10 | 12 => word.starts_with('0'),
        _ => false,
    };
    let invented = word.len() == 11 && (word.starts_with("1300000000") || word.starts_with("0571000000"));
    like_one && word.bytes().all(|byte| byte.is_ascii_digit()) && !invented
}

/// Calls back with every text, key and number, as text.
fn each_text(value: &Value, with: &mut impl FnMut(&str)) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => with(&number.to_string()),
        Value::String(text) => with(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, with)),
        Value::Object(members) => members.iter().for_each(|(key, member)| {
            with(key);
            each_text(member, with);
        }),
    }
}

/// All texts are searched and not only examples: descriptions hold numbers too. Digits next to letters are part of an
/// id, such as one in hexadecimal.
#[test]
fn no_text_holds_a_mask_or_the_number_of_a_person() {
    let mut faults = String::new();
    for file in aliyun_api_spec::embedded().iter().flat_map(|service| service.files) {
        each_text(&serde_json::from_str(file.text).unwrap(), &mut |text| {
            let mut words = text.split(|char: char| !char.is_ascii_alphanumeric());
            if text.contains("****") || words.any(real_phone) {
                writeln!(faults, "{}: {text}", file.path).unwrap();
            }
        });
    }
    assert!(faults.is_empty(), "{faults}");
}

/// Parameters that say which page is read.
const POSITIONS: [&str; 5] = ["PageNo", "PageNumber", "PageIndex", "Offset", "Start"];
/// Parameters that say how much is on a page.
const SIZES: [&str; 3] = ["Limit", "PageSize", "Size"];

/// Operations that have pages which are not turned, with the reason.
const WITHOUT_PAGINATION: [(&str, &str); 1] =
    [("QueryVirtualNumberRelation", "its page is JSON of no known layout, so that nothing can be named as its items")];

/// Whether there are a position and a size in one record.
fn looks_like_pages<'a>(paths: impl Iterator<Item = &'a String>) -> bool {
    let mut records: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for path in paths {
        let (record, name) = path.rsplit_once('.').unwrap_or(("", path));
        records.entry(record).or_default().insert(name);
    }
    let any = |names: &BTreeSet<&str>, of: &[&str]| {
        names.iter().any(|name| of.iter().any(|of| of.eq_ignore_ascii_case(name)))
    };
    records.values().any(|names| any(names, &POSITIONS) && any(names, &SIZES))
}

#[test]
fn what_looks_like_pages_is_turned() {
    let service = aliyun_api_spec::dyvmsapi();
    let facts = facts();
    let paged = |operation: &&Operation| {
        let specified = Flat::of(Types::of(operation, service), &operation.parameters);
        looks_like_pages(specified.keys()) || looks_like_pages(facts[&operation.action][0].keys())
    };
    let paged: Vec<&Operation> = service.operations.iter().filter(paged).collect();
    assert!(paged.len() >= 30, "{}", paged.len());
    let not_turned = paged.iter().filter(|operation| operation.pagination.is_none());
    let not_turned: BTreeSet<&str> = not_turned.map(|operation| operation.action.as_str()).collect();
    assert_eq!(not_turned, WITHOUT_PAGINATION.into_iter().map(|(action, _)| action).collect());
}

#[test]
fn the_classes_accept_what_they_say_and_no_more() {
    for (fact, here) in [
        ("string, JSON", "array of object, json"),
        ("string, required, JSON", "any, required, json"),
        ("string, JSON", "string"),
        ("string, joined", "array of int64, simple"),
        ("string, joined", "string"),
        ("array of object, flat", "array of object, flat"),
    ] {
        assert!(same(fact, here), "{fact} / {here}");
    }
    for (fact, here) in [
        ("string", "any, json"),
        ("string", "array of string, simple"),
        ("string, JSON", "array of string, simple"),
        ("string, JSON", "object"),
        ("string, JSON", "int64"),
        ("string, required, JSON", "any, json"),
        ("string, joined", "array of string, json"),
        ("array of object, flat", "array of object, json"),
        ("array of object, json", "array of string, json"),
        ("object", "object, json"),
        ("string", "string, required"),
        ("int64", "int32"),
    ] {
        assert!(!same(fact, here), "{fact} / {here}");
    }
}
