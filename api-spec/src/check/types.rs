//! Named types: which are used, by requests or by responses, and which contain themselves.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::{Scope, field, names};
use crate::fault::Report;
use crate::json::{Member, Node};
use crate::model::{Field, Kind, NamedType, TypeBody};
use crate::text::is_shortest;
use crate::types::Types;

/// The names of the types that requests and responses use.
#[derive(Debug, Default)]
pub(super) struct Reach {
    sent: HashSet<String>,
    received: HashSet<String>,
}

impl Reach {
    pub(super) fn of(parameters: &[Field], response: &[Field], types: Types<'_>) -> Self {
        let names = |fields| types.used_by(fields).into_iter().map(|named| named.name.clone()).collect();
        Self { sent: names(parameters), received: names(response) }
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.sent.extend(other.sent.iter().cloned());
        self.received.extend(other.received.iter().cloned());
    }

    pub(super) fn any_of(&self, names: &HashSet<String>) -> bool {
        !self.sent.is_disjoint(names) || !self.received.is_disjoint(names)
    }

    fn is_sent(&self, name: &str) -> bool {
        self.sent.contains(name)
    }

    fn is_used(&self, name: &str) -> bool {
        self.is_sent(name) || self.received.contains(name)
    }
}

/// Checks the types of one file. Without `reach` it is not known which ones are used.
pub(super) fn check(
    types: &[NamedType],
    members: &[Member<'_>],
    scope: Scope<'_>,
    reach: Option<&Reach>,
    report: &mut Report<'_>,
) {
    for (named, member) in types.iter().zip(members) {
        if reach.is_some_and(|reach| !reach.is_used(&named.name)) {
            report.add(member.at, format!("the type \"{}\" is not used", named.name));
        }
        let node = &member.value;
        match (node.get("fields"), node.get("enum")) {
            (Some(_), Some(_)) => report.add(node.at_key("enum"), "a type has either `fields` or `enum`"),
            (None, None) => report.add(node.at, "a type needs `fields` or `enum`"),
            (Some(_), None) if node.get("type").is_some() => {
                report.add(node.at_key("type"), "`type` is only for enums");
            }
            _ => {}
        }
        match &named.body {
            TypeBody::Record(fields) => {
                let sent = reach.is_none_or(|reach| reach.is_sent(&named.name));
                let members = node.table("fields");
                names::check_fields(fields, members, &[], sent, report);
                field::check_table(fields, members, field::Role::Member { sent }, scope, report);
            }
            TypeBody::Enum { kind, values } => {
                let members = node.table("enum");
                if let Some(table) = node.get("enum")
                    && members.is_empty()
                {
                    report.add(table.at, "an enum needs at least one value");
                }
                names::check_values(values, members, report);
                check_values_fit(kind, members, report);
            }
        }
    }
    check_recursion(types, members, scope, report);
}

fn check_values_fit(kind: &Kind, members: &[Member<'_>], report: &mut Report<'_>) {
    let (fits, wanted): (fn(&str) -> bool, _) = match kind {
        Kind::Int32 => (is_shortest::<i32>, "a 32-bit integer without leading zeros or `+`"),
        Kind::Int64 => (is_shortest::<i64>, "an integer without leading zeros or `+`"),
        _ => (|text| !text.is_empty(), "a text that is not empty"),
    };
    for member in members.iter().filter(|member| !fits(&member.name)) {
        report.add(member.at, format!("expected {wanted} as a value, found \"{}\"", member.name));
    }
}

/// A type may contain itself through a list or a map only. Otherwise its values would be infinite.
fn check_recursion(types: &[NamedType], members: &[Member<'_>], scope: Scope<'_>, report: &mut Report<'_>) {
    let nodes: HashMap<&str, &Node<'_>> =
        types.iter().zip(members).map(|(named, member)| (named.name.as_str(), &member.value)).collect();
    let mut finished: HashSet<&str> = HashSet::new();
    for start in types {
        // The path from `start`: each type with the fields that are not followed yet.
        let mut path = vec![(start.name.as_str(), direct(start))];
        while let Some((holder, open)) = path.last_mut() {
            let (holder, Some((field, next))) = (*holder, open.pop()) else {
                if let Some((name, _)) = path.pop() {
                    finished.insert(name);
                }
                continue;
            };
            if let Some(begin) = path.iter().position(|(name, _)| *name == next) {
                let circle: Vec<&str> = path.iter().skip(begin).map(|(name, _)| *name).collect();
                let at = nodes.get(holder).map(|node| at_field(node, field));
                let message = format!("the type \"{next}\" contains itself: {} -> {next}", circle.join(" -> "));
                let hint = Cow::Borrowed("a type may contain itself through an array or a map");
                report.add_with(at.unwrap_or(0), message, hint);
            } else if nodes.contains_key(next)
                && !finished.contains(next)
                && let Some(named) = scope.types.named(next)
            {
                path.push((next, direct(named)));
            }
        }
    }
}

/// Fields whose type is a named one, without a list or a map between, in reverse order.
fn direct(named: &NamedType) -> Vec<(&str, &str)> {
    let TypeBody::Record(fields) = &named.body else {
        return Vec::new();
    };
    fields
        .iter()
        .rev()
        .filter_map(|field| match &field.shape.kind {
            Kind::Named(name) => Some((field.wire_name.as_str(), name.as_str())),
            _ => None,
        })
        .collect()
}

fn at_field(node: &Node<'_>, field: &str) -> usize {
    node.get("fields").map_or(node.at, |fields| fields.at_key(field))
}
