//! Kinds of receipts.

use std::borrow::Cow;
use std::collections::HashSet;

use super::field::{self, Role};
use super::names::Space;
use super::types::Reach;
use super::{Draft, Scope, names};
use crate::fault::{Report, file_name};
use crate::fit::{self, Reading};
use crate::json::Node;
use crate::model::{Field, Kind, Receipt, Service};
use crate::suggest::did_you_mean;
use crate::types::Types;

/// Checks a kind of receipt, and returns the types that it uses. `service` is `None` if it could not be read.
pub(super) fn check(draft: &mut Draft<'_, Receipt>, service: Option<&Service>, space: &Space) -> Reach {
    let Draft { report, node, model: receipt } = draft;
    let types = Types::of_receipt(receipt, service);
    let scope = Scope { types, space: service.map(|_| space) };
    let name = file_name(report.file());
    let stem = name.strip_suffix(".json").unwrap_or(name);
    if !receipt.kind.is_empty() && receipt.kind != stem {
        let message = format!("the kind \"{}\" differs from the name of the file", receipt.kind);
        let hint = format!("name the file {}.json", receipt.kind);
        report.add_with(node.at_value("kind"), message, Cow::Owned(hint));
    }
    check_fields_named(receipt, node, report);
    let fields = node.table("fields");
    names::check_fields(&receipt.fields, fields, &[], false, report);
    for (_, member) in receipt.fields.iter().zip(fields).filter(|(field, _)| field.rust_name == "raw") {
        report.add(member.at, "the Rust name \"raw\" is reserved for the receipt as it arrived");
    }
    field::check_table(&receipt.fields, fields, Role::Response, scope, report);
    let reach = Reach::of(&[], &receipt.fields, types);
    super::types::check(&receipt.types, node.table("types"), scope, Some(&reach), report);
    let mut names = HashSet::new();
    let nodes = node.get("examples").map_or(&[][..], Node::elements);
    for ((name, example), node) in receipt.examples.iter().zip(nodes) {
        if !name.is_empty() && !names.insert(name.as_str()) {
            report.add(node.at_value("name"), format!("two examples have the name \"{name}\""));
        }
        let Some(node) = node.get("receipt") else { continue };
        for misfit in fit::record(example, receipt.fields.iter(), "field", types, Reading::Lenient) {
            let message = format!("the example does not fit the fields: {}", misfit.describe());
            report.add_with(misfit.locate(node), message, misfit.hint);
        }
    }
    reach
}

/// `key` names fields that have one value, and `id` and `ownId` name texts.
fn check_fields_named(receipt: &Receipt, node: &Node<'_>, report: &mut Report<'_>) {
    let keys = node.get("key").map_or(&[][..], Node::elements);
    if let Some(key) = node.get("key").filter(|_| keys.is_empty()) {
        report.add(key.at, "a receipt needs at least one field that identifies it");
    }
    let mut names = HashSet::new();
    for key in keys {
        let Some(field) = field_named(receipt, key, report) else { continue };
        if !names.insert(field.wire_name.as_str()) {
            report.add(key.at, format!("the field \"{}\" is named twice", field.wire_name));
        } else if matches!(field.shape.kind, Kind::Array(_) | Kind::Map(_) | Kind::Any) {
            report.add(key.at, "a field that identifies a receipt is a text, a number or a boolean");
        }
    }
    for id in node.get("id").into_iter().chain(node.get("ownId")) {
        let field = field_named(receipt, id, report);
        if field.is_some_and(|field| field.shape.kind != Kind::String) {
            report.add(id.at, "an id is a field of the type \"string\"");
        }
    }
}

/// The field that a node names. Reports a name that is not that of a field.
fn field_named<'r>(receipt: &'r Receipt, node: &Node<'_>, report: &mut Report<'_>) -> Option<&'r Field> {
    let name = node.text().filter(|name| !name.is_empty())?;
    let field = receipt.fields.iter().find(|field| field.wire_name == name);
    if field.is_none() {
        let known = receipt.fields.iter().map(|field| field.wire_name.as_str());
        report.add_with(node.at, format!("no field \"{name}\""), did_you_mean(name, known));
    }
    field
}
