//! An import into a folder that exists: facts come from the source, and what people wrote is kept.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

/// The file of an operation as it was before the import.
#[derive(Debug)]
pub(crate) struct Earlier {
    file: Map<String, Value>,
    /// Types of service.json.
    shared: Map<String, Value>,
}

/// Keys of an operation that are judgements and texts of the project.
const OF_OPERATION: &[&str] = &[
    "name",
    "group",
    "operationType",
    "idempotent",
    "reaches",
    "id",
    "limits",
    "summary",
    "summaryZh",
    "description",
    "deprecated",
    "atLeastOne",
    "atMostOne",
    "envelope",
    "pagination",
    "examples",
];

/// Keys of a kind of receipt that are judgements and texts of the project.
const OF_RECEIPT: &[&str] = &["key", "id", "ownId", "summary", "description", "examples"];

/// Keys of a field that are judgements and texts of the project.
const OF_FIELD: &[&str] = &["name", "aliases", "enum", "time", "unit", "sensitive", "deprecated", "description"];

/// Keys of tables of fields, in an operation and in a kind of receipt.
const TABLES: &[&str] = &["parameters", "response", "fields"];

/// Those of them that are about values of its type.
const OF_VALUES: &[&str] = &["enum", "time", "unit"];

/// Keys of a field that are facts if a source states them. What it does not state, is kept.
const BOUNDS: &[&str] = &["default", "minimum", "maximum", "minLength", "maxLength", "maxItems", "example"];

const BUILT_IN: &[&str] = &["string", "int32", "int64", "number", "boolean", "any", "array", "map"];

/// Types of values that a receipt may contain as texts.
const SCALARS: &[&str] = &["int32", "int64", "number", "boolean"];

type Table = Map<String, Value>;

fn table<'v>(object: &'v Table, key: &str) -> Option<&'v Table> {
    object.get(key)?.as_object()
}

fn text<'v>(line: &'v Table, key: &str) -> &'v str {
    line.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The type of a field.
fn text_type(line: &Value) -> &str {
    line.get("type").and_then(Value::as_str).unwrap_or_default()
}

impl Earlier {
    pub(crate) fn new(file: Table, shared: Table) -> Self {
        Self { file, shared }
    }

    fn named(&self, name: &str) -> Option<&Table> {
        let own = table(&self.file, "types").and_then(|types| types.get(name));
        own.or_else(|| self.shared.get(name))?.as_object()
    }

    /// The names of its types, by whether they are in the response, and by path.
    pub(crate) fn known_types(&self) -> HashMap<(bool, String), String> {
        let mut known = HashMap::new();
        for (of_response, key) in [(false, "parameters"), (true, "response"), (true, "fields")] {
            if let Some(fields) = table(&self.file, key) {
                self.collect(fields, of_response, "", 0, &mut known);
            }
        }
        known
    }

    fn collect(
        &self,
        fields: &Table,
        of_response: bool,
        path: &str,
        depth: usize,
        known: &mut HashMap<(bool, String), String>,
    ) {
        for (name, line) in fields {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let Some(type_name) = line.as_object().map(innermost).filter(|_| depth < 32) else { continue };
            // A type of service.json is not renamed by an import.
            let is_own = table(&self.file, "types").is_some_and(|types| types.contains_key(type_name));
            if let Some(fields) = self.named(type_name).and_then(|body| table(body, "fields")) {
                if is_own {
                    known.insert((of_response, path.clone()), type_name.to_owned());
                }
                self.collect(fields, of_response, &path, depth + 1, known);
            }
        }
    }

    /// Merges the file into one that was just imported.
    ///
    /// `gives_up` are keys whose earlier value did not pass the check with the facts of the source.
    pub(crate) fn merge_operation(&self, new: &mut Table, gives_up: &[&str]) {
        self.merge(new, OF_OPERATION, gives_up);
    }

    /// Merges the file of a kind of receipt into one that was just imported.
    ///
    /// Every page of a kind lists the fields that arrive in one case, so those of the file stay, with types that say more
    /// than a text.
    pub(crate) fn merge_receipt(&self, new: &mut Table, gives_up: &[&str]) {
        if let (Some(old), Some(Value::Object(fields))) = (table(&self.file, "fields"), new.get_mut("fields")) {
            let mut all = old.clone();
            for (name, line) in std::mem::take(fields) {
                let known = all.get(&name).and_then(Value::as_object).filter(|_| text_type(&line) == "string");
                if known.is_none_or(|known| !SCALARS.contains(&text(known, "type"))) {
                    all.insert(name, line);
                }
            }
            *fields = all;
        }
        self.merge(new, OF_RECEIPT, gives_up);
    }

    fn merge(&self, new: &mut Table, keys: &[&str], gives_up: &[&str]) {
        for key in keys {
            if let Some(kept) = self.file.get(*key).filter(|_| !gives_up.contains(key)) {
                new.insert((*key).to_owned(), kept.clone());
            }
        }
        for key in TABLES {
            let (Some(old), Some(Value::Object(fields))) = (table(&self.file, key), new.get_mut(*key)) else {
                continue;
            };
            self.merge_table(old, fields);
        }
        let mut types = match new.remove("types") {
            Some(Value::Object(types)) => types,
            _ => Map::new(),
        };
        for (name, body) in &mut types {
            let (Some(old), Value::Object(body)) = (self.named(name), body) else { continue };
            if let Some(description) = old.get("description") {
                body.insert("description".to_owned(), description.clone());
            }
            if let (Some(old), Some(Value::Object(fields))) = (table(old, "fields"), body.get_mut("fields")) {
                self.merge_table(old, fields);
            }
        }
        // Types that kept fields name, and those that nothing names any more.
        let own = table(&self.file, "types");
        loop {
            let wanted = named_types(new, &types);
            let missing: Vec<&String> = wanted.iter().filter(|name| !types.contains_key(*name)).collect();
            let added: Vec<(String, Value)> =
                missing.into_iter().filter_map(|name| Some((name.clone(), own?.get(name)?.clone()))).collect();
            if added.is_empty() {
                types.retain(|name, _| wanted.contains(name));
                break;
            }
            types.extend(added);
        }
        if !types.is_empty() {
            new.insert("types".to_owned(), types.into());
        }
    }

    /// Merges a table of fields. Its order is that of the earlier file.
    fn merge_table(&self, old: &Table, new: &mut Table) {
        let mut fields = std::mem::take(new);
        for (name, line) in old {
            let Some(line) = line.as_object() else { continue };
            // The source may use another spelling of the name, or both.
            let aliases = line.get("aliases").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            let spelled: Vec<Value> = aliases.filter_map(|alias| fields.remove(alias)).collect();
            let Some(mut merged) = fields.remove(name).or_else(|| spelled.into_iter().next()) else { continue };
            if let Value::Object(merged) = &mut merged {
                self.merge_field(line, merged);
            }
            new.insert(name.clone(), merged);
        }
        new.extend(fields);
    }

    fn merge_field(&self, old: &Table, new: &mut Table) {
        if self.keeps_type(old, new) {
            for key in ["type", "items", "style"] {
                match old.get(key) {
                    Some(kept) => new.insert(key.to_owned(), kept.clone()),
                    None => new.remove(key),
                };
            }
            // What the source says of values is of its own type.
            for key in BOUNDS.iter().chain(&["enum", "guessed"]) {
                new.remove(*key);
            }
        }
        // What is known of values of another type is no longer true.
        let is_integer = |line: &Table| text(line, "type").starts_with("int");
        let same_type = old.get("items") == new.get("items")
            && (text(old, "type") == text(new, "type") || is_integer(old) && is_integer(new));
        for key in OF_FIELD.iter().filter(|key| same_type || !OF_VALUES.contains(key)) {
            if let Some(kept) = old.get(*key) {
                new.insert((*key).to_owned(), kept.clone());
            }
        }
        let listed = |line: &Table| -> Vec<String> {
            let list = line.get("guessed").and_then(Value::as_array).into_iter().flatten();
            list.filter_map(|key| Some(key.as_str()?.to_owned())).collect()
        };
        let mut guesses = listed(new);
        let before = listed(old);
        for key in BOUNDS.iter().chain(&["enum"]) {
            let is_guess = guesses.iter().any(|guess| guess == key);
            if let Some(kept) = old.get(*key).filter(|_| same_type && (is_guess || !new.contains_key(*key))) {
                new.insert((*key).to_owned(), kept.clone());
                guesses.retain(|guess| guess != key);
                guesses.extend(before.iter().filter(|guess| guess == key).cloned());
            }
        }
        // A named type has its values itself.
        if !BUILT_IN.contains(&innermost(new)) {
            new.remove("enum");
        }
        guesses.retain(|key| new.contains_key(key));
        if guesses.is_empty() {
            new.remove("guessed")
        } else {
            new.insert("guessed".to_owned(), guesses.into())
        };
    }

    /// Whether the type of the earlier file says more than that of the source: known values as a type, or the structure of
    /// JSON that the source has as a text.
    fn keeps_type(&self, old: &Table, new: &Table) -> bool {
        let (was, is) = (text(old, "type"), text(new, "type"));
        if is == "any" || is == "string" && matches!(text(old, "style"), "json" | "simple") {
            return true;
        }
        let set = self.named(innermost(old)).filter(|body| body.contains_key("enum"));
        if let Some(set) = set {
            let of_set = match text(set, "type") {
                "" => "string",
                kind => kind,
            };
            let same_shape = (was == "array") == (is == "array");
            return same_shape
                && (innermost(new) == of_set || (of_set != "string" && innermost(new).starts_with("int")));
        }
        false
    }
}

/// The type of a field, or of the items of its list or map.
fn innermost(line: &Table) -> &str {
    match text(line, "type") {
        "array" | "map" => match line.get("items") {
            Some(Value::String(name)) => name,
            Some(Value::Object(items)) => innermost(items),
            _ => "",
        },
        name => name,
    }
}

/// The types that the tables of an operation and of its types name.
fn named_types(operation: &Table, types: &Table) -> HashSet<String> {
    let mut wanted = HashSet::new();
    let mut open: Vec<&Table> = TABLES.iter().filter_map(|key| table(operation, key)).collect();
    while let Some(fields) = open.pop() {
        for name in fields.values().filter_map(Value::as_object).map(innermost) {
            if BUILT_IN.contains(&name) || !wanted.insert(name.to_owned()) {
                continue;
            }
            open.extend(types.get(name).and_then(Value::as_object).and_then(|body| table(body, "fields")));
        }
    }
    wanted
}
