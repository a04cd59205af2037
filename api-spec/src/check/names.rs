//! Names of types, operations, fields and values.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use aliyun_protocol::parameter;

use super::Draft;
use crate::fault::Report;
use crate::json::{Member, Node};
use crate::model::{EnumValue, Field, Operation, Receipt, Service};
use crate::name::{RESERVED_TYPES, fault_of_identifier, is_camel_case, type_name};

/// The names of all types of a service, each with the position of its declaration.
#[derive(Debug, Default)]
pub(crate) struct Space {
    places: HashMap<String, String>,
    types: HashSet<String>,
}

impl Space {
    /// The position of the declaration of a type.
    pub(super) fn place_of_type(&self, name: &str) -> Option<&str> {
        let place = self.places.get(name).map(String::as_str);
        place.filter(|_| self.types.contains(name))
    }

    /// Takes a name, and returns whether it was free.
    fn claim(&mut self, name: &str, at: usize, report: &mut Report<'_>) -> bool {
        if let Some(first) = self.places.get(name) {
            let message = format!("the name \"{name}\" is already used at {first}");
            let hint = "names of the product, of operations, of their responses, of receipts and of types must be unique across all files";
            report.add_with(at, message, Cow::Borrowed(hint));
            return false;
        }
        self.places.insert(name.to_owned(), report.place(at));
        true
    }
}

/// The names of operations, of their responses and of all types must be unique.
pub(super) fn check_space(
    mut service: Option<&mut Draft<'_, Service>>,
    operations: &mut [Draft<'_, Operation>],
    receipts: &mut [Draft<'_, Receipt>],
) -> Space {
    let mut space = Space::default();
    if let Some(draft) = &mut service {
        check_product(draft, &mut space);
    }
    let mut responses = Vec::new();
    for (index, draft) in operations.iter_mut().enumerate() {
        let key = if draft.node.get("name").is_some() { "name" } else { "action" };
        let (name, at) = (&draft.model.name, draft.node.at_value(key));
        if name.is_empty() {
            continue;
        }
        check_type_name(name, at, &mut draft.report);
        if space.claim(name, at, &mut draft.report) {
            responses.push((index, at, format!("{name}Response")));
        }
    }
    for (index, at, response) in responses {
        if let Some(draft) = operations.get_mut(index) {
            space.claim(&response, at, &mut draft.report);
        }
    }
    for draft in &mut *receipts {
        let (kind, at) = (&draft.model.kind, draft.node.at_value("kind"));
        if !kind.is_empty() {
            check_type_name(kind, at, &mut draft.report);
            space.claim(kind, at, &mut draft.report);
        }
    }
    if let Some(draft) = service {
        claim_types(&draft.node, &mut draft.report, &mut space);
    }
    for draft in operations {
        claim_types(&draft.node, &mut draft.report, &mut space);
    }
    for draft in receipts {
        claim_types(&draft.node, &mut draft.report, &mut space);
    }
    space
}

/// The product also becomes a Rust type.
fn check_product(draft: &mut Draft<'_, Service>, space: &mut Space) {
    let (product, at) = (&draft.model.product, draft.node.at_value("product"));
    if product.trim().is_empty() {
        return;
    }
    let name = type_name(product);
    if RESERVED_TYPES.contains(&name.as_str()) {
        let rule = "is reserved for Rust or for the client";
        draft.report.add(at, format!("the Rust name of the product, \"{name}\", {rule}"));
    } else if !is_camel_case(&name) {
        let rule = "a product becomes a Rust type, so its name starts with a letter";
        draft.report.add(at, format!("{rule}, found \"{product}\""));
    } else {
        space.claim(&name, at, &mut draft.report);
    }
}

fn claim_types(node: &Node<'_>, report: &mut Report<'_>, space: &mut Space) {
    for member in node.table("types") {
        check_type_name(&member.name, member.at, report);
        if space.claim(&member.name, member.at, report) {
            space.types.insert(member.name.to_string());
        }
    }
}

fn check_type_name(name: &str, at: usize, report: &mut Report<'_>) {
    if RESERVED_TYPES.contains(&name) {
        report.add(at, format!("the name \"{name}\" is reserved for Rust or for the client"));
    } else if !is_camel_case(name) {
        let rule = "the name of a type starts with a capital letter and has only letters, digits and `_`";
        report.add(at, format!("{rule}, found \"{name}\""));
    }
}

/// A parameter must not have the name of one that the protocol sets.
pub(super) fn check_parameters(members: &[Member<'_>], report: &mut Report<'_>) {
    for member in members.iter().filter(|member| parameter::ALL.contains(&&*member.name)) {
        report.add(
            member.at,
            format!("\"{}\" is a parameter of the protocol, which the client sets itself", member.name),
        );
    }
}

/// Rust names of a table of fields must be valid, unique and different from those of `before`, the other fields of the same
/// struct. With `setters`, each one also becomes a method.
pub(super) fn check_fields(
    fields: &[Field],
    members: &[Member<'_>],
    before: &[Field],
    setters: bool,
    report: &mut Report<'_>,
) {
    let mut places: HashMap<&str, Option<usize>> = HashMap::new();
    places.extend(before.iter().map(|field| (field.rust_name.as_str(), None)));
    for (field, member) in fields.iter().zip(members) {
        if before.iter().any(|other| other.aliases.contains(&field.wire_name)) {
            report.add(member.at, format!("\"{}\" is an alias in the envelope of every response", field.wire_name));
        }
        let name = field.rust_name.as_str();
        let (at, hint) = match member.value.get("name") {
            Some(node) => (node.at, None),
            None => (member.at, Some(Cow::Borrowed("give it another \"name\""))),
        };
        if let Some(rule) = fault_of_identifier(name) {
            report.add_with(at, format!("the Rust name \"{name}\" {rule}"), hint);
        } else if setters && matches!(name, "new" | "clone") {
            let message = format!("the Rust name \"{name}\" is that of a method of every request");
            report.add_with(at, message, hint);
        } else {
            match places.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(Some(at));
                }
                Entry::Occupied(entry) => {
                    let place = match *entry.get() {
                        Some(first) => format!("at {}", report.place(first)),
                        None => "in the envelope of service.json".to_owned(),
                    };
                    let message = format!("two fields have the Rust name \"{name}\"; the first is {place}");
                    report.add_with(at, message, hint);
                }
            }
        }
    }
    check_aliases(fields, members, before, report);
}

/// No alias may be the name or an alias of another field.
fn check_aliases(fields: &[Field], members: &[Member<'_>], before: &[Field], report: &mut Report<'_>) {
    let in_envelope = |alias: &str| {
        before.iter().any(|field| field.wire_name == alias || field.aliases.iter().any(|other| other == alias))
    };
    let mut taken: HashSet<&str> = fields.iter().map(|field| field.wire_name.as_str()).collect();
    for (field, member) in fields.iter().zip(members) {
        let nodes = member.value.get("aliases").map_or(&[][..], Node::elements);
        let aliases = nodes.iter().filter(|node| node.text().is_some());
        for (alias, node) in field.aliases.iter().zip(aliases) {
            let alias = alias.as_str();
            if in_envelope(alias) {
                report.add(node.at, format!("the alias \"{alias}\" is in the envelope of every response"));
            }
            if !taken.insert(alias) {
                report.add(node.at, format!("the alias \"{alias}\" is already the name or an alias of a field"));
            }
        }
    }
}

/// Rust names of the values of an enum.
pub(super) fn check_values(values: &[EnumValue], members: &[Member<'_>], report: &mut Report<'_>) {
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (value, member) in values.iter().zip(members) {
        if value.name.is_empty() {
            continue;
        }
        let (name, at) = (value.name.as_str(), member.value.at_value("name"));
        if matches!(name, "Other" | "Self") {
            report.add(at, format!("the name \"{name}\" is reserved in enums"));
        } else if !is_camel_case(name) {
            let rule = "the name of a value starts with a capital letter and has only letters, digits and `_`";
            report.add(at, format!("{rule}, found \"{name}\""));
        }
        match places.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(at);
            }
            Entry::Occupied(entry) => {
                let first = report.place(*entry.get());
                report.add(at, format!("two values have the name \"{name}\"; the first is at {first}"));
            }
        }
    }
}
