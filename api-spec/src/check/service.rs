//! The file `service.json`, which all operations share.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::field::{self, Role};
use super::names::Space;
use super::types::{self, Reach};
use super::{Draft, Scope, names};
use crate::fault::Report;
use crate::json::{Member, Node};
use crate::model::{Envelope, Field, Kind, Service};
use crate::name::{RECEIPT_MODULE, SHARED_MODULE, is_module};
use crate::suggest::did_you_mean;
use crate::types::Types;

/// Checks `service.json`. Without `reach` it is not known which types operations use.
///
/// Returns the broken types, or `None` if there are faults outside of types and errors.
pub(super) fn check(draft: &mut Draft<'_, Service>, reach: Option<&Reach>, space: &Space) -> Option<HashSet<String>> {
    let Draft { report, node, model: service } = draft;
    let scope = Scope { types: Types::shared(service), space: Some(space) };
    check_hosts(node, report);
    check_default_host(service, node, report);
    check_time_zone(service, node, report);
    check_groups(node, report);
    check_envelope(service, node, scope, report);
    let common = node.table("commonParameters");
    names::check_parameters(common, report);
    names::check_fields(&service.common_parameters, common, &[], true, report);
    field::check_table(&service.common_parameters, common, Role::Parameter, scope, report);
    let of_service = Reach::of(&service.common_parameters, &service.envelope.fields, scope.types);
    let reach = reach.map(|reach| {
        let mut all = of_service;
        all.extend(reach);
        all
    });
    types::check(&service.types, node.table("types"), scope, reach.as_ref(), report);
    check_errors(node, report);

    let (types, errors) = (node.member("types"), node.member("errors"));
    let parts: Vec<Range<usize>> = [types, errors].into_iter().flatten().map(Member::range).collect();
    if report.any_outside(&parts) {
        return None;
    }
    let broken = |members: &[Member<'_>]| -> HashSet<String> {
        let broken = members.iter().filter(|member| report.any_in(&member.range()));
        broken.map(|member| member.name.to_string()).collect()
    };
    let broken_errors = broken(node.table("errors"));
    let broken_types = broken(node.table("types"));
    service.errors.retain(|error| !broken_errors.contains(&error.code));
    Some(broken_types)
}

fn check_hosts(node: &Node<'_>, report: &mut Report<'_>) {
    let Some(endpoints) = node.get("endpoints") else {
        return;
    };
    let tables = ["regions", "vpc"].into_iter().flat_map(|key| endpoints.table(key));
    let hosts = endpoints.get("default").into_iter().chain(tables.map(|member| &member.value));
    for host in hosts {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
        let Some(name) = host.text().filter(|name| !name.chars().all(legal)) else {
            continue;
        };
        let hint = "leave out scheme and path";
        report.add_with(host.at, format!("expected a host name, found \"{name}\""), Cow::Borrowed(hint));
    }
}

/// Without a default host, each region needs its own.
fn check_default_host(service: &Service, node: &Node<'_>, report: &mut Report<'_>) {
    let (Some(node), endpoints) = (node.get("endpoints"), &service.endpoints) else { return };
    if endpoints.default.is_none() && endpoints.regions.is_empty() {
        report.add(node.at, "a service needs a `default` host or hosts of `regions`");
    }
    if endpoints.default.is_none() && endpoints.default_serves_all {
        report.add(node.at_key("defaultServesAll"), "`defaultServesAll` needs `default`, which is absent");
    }
}

fn check_time_zone(service: &Service, node: &Node<'_>, report: &mut Report<'_>) {
    let zone = service.time_zone.as_bytes();
    let legal = match zone {
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|digit| digit.is_ascii_digit()),
        _ => false,
    };
    if !legal {
        let message = format!("expected a time zone such as +08:00, found \"{}\"", service.time_zone);
        report.add(node.at_value("timeZone"), message);
    }
}

fn check_groups(node: &Node<'_>, report: &mut Report<'_>) {
    for member in node.table("groups") {
        if member.name == RECEIPT_MODULE {
            report.add(member.at, format!("the name \"{RECEIPT_MODULE}\" is reserved for the module of receipts"));
        } else if member.name == SHARED_MODULE {
            report.add(member.at, format!("the name \"{SHARED_MODULE}\" is reserved for the module of shared types"));
        } else if !is_module(&member.name) {
            let rule = "a group becomes a Rust module, so its name has only lower-case letters, digits and `_`, and is not a keyword";
            report.add(member.at, format!("{rule}, found \"{}\"", member.name));
        }
    }
    let groups = || node.table("groups").iter().map(|group| &*group.name);
    for member in node.table("groupsZh") {
        if !groups().any(|id| id == member.name) {
            let message = format!("`groups` has no group \"{}\"", member.name);
            report.add_with(member.at, message, did_you_mean(&member.name, groups()));
        }
    }
}

fn check_envelope(service: &Service, node: &Node<'_>, scope: Scope<'_>, report: &mut Report<'_>) {
    let Some(node) = node.get("envelope") else { return };
    let envelope = &service.envelope;
    let members = node.table("fields");
    names::check_fields(&envelope.fields, members, &[], false, report);
    field::check_table(&envelope.fields, members, Role::Response, scope, report);
    check_rule(envelope, &envelope.fields.iter(), "the envelope", node, report);
}

/// The members that state success must be among the fields of `what`, and have their types.
pub(super) fn check_rule<'f>(
    envelope: &Envelope,
    fields: &(impl Iterator<Item = &'f Field> + Clone),
    what: &str,
    node: &Node<'_>,
    report: &mut Report<'_>,
) {
    for key in ["code", "message", "requestId", "ok"] {
        let Some(value) = node.get(key) else { continue };
        let Some(name) = value.text().filter(|name| !name.is_empty()) else {
            continue;
        };
        let known = || fields.clone().map(|field| field.wire_name.as_str());
        let Some(field) = fields.clone().find(|field| field.wire_name == name) else {
            let message = format!("{what} has no field \"{name}\"");
            report.add_with(value.at, message, did_you_mean(name, known()));
            continue;
        };
        let (wanted, word) = match key {
            "ok" => (Kind::Boolean, "a boolean"),
            _ => (Kind::String, "a string"),
        };
        if field.shape.kind != wanted {
            report.add(value.at, format!("`{key}` must name {word}"));
        }
    }
    if envelope.code.is_none() && !envelope.success.is_empty() {
        report.add(node.at_key("success"), "`success` needs `code`");
    }
}

/// A code or alias must not occur twice.
fn check_errors(node: &Node<'_>, report: &mut Report<'_>) {
    let mut places: HashMap<&str, usize> = HashMap::new();
    for member in node.table("errors") {
        let aliases = member.value.get("aliases").map_or(&[][..], Node::elements);
        let aliases = aliases.iter().filter_map(|alias| Some((alias.text()?, alias.at)));
        for (code, at) in [(&*member.name, member.at)].into_iter().chain(aliases) {
            if matches!(code.find('*'), Some(star) if star == 0 || star + 1 < code.len()) {
                report.add(
                    at,
                    format!("`*` is allowed at the end of a code only, after other characters, found \"{code}\""),
                );
            }
            if let Some(first) = places.insert(code, at) {
                let first = report.place(first);
                report.add(at, format!("the code \"{code}\" is already listed at {first}"));
            }
        }
    }
}
