//! Operations.

use std::borrow::Cow;
use std::collections::HashSet;

use aliyun_protocol::success::Statement;
use serde_json::Value;

use super::field::{self, Role};
use super::names::Space;
use super::types::Reach;
use super::{Draft, Scope, names, pagination};
use crate::fault::{Report, file_name};
use crate::fit::{self, Misfit, Reading};
use crate::json::{Member, Node};
use crate::model::{Envelope, Example, Field, Kind, Operation, Rate, Service};
use crate::suggest::did_you_mean;
use crate::types::Types;

/// Checks an operation, and returns the types that it uses. `service` is `None` if it could not be read.
pub(super) fn check(draft: &mut Draft<'_, Operation>, service: Option<&Service>, space: &Space) -> Reach {
    let Draft { report, node, model: operation } = draft;
    let types = service.map_or_else(|| Types::without_service(operation), |service| Types::of(operation, service));
    let scope = Scope { types, space: service.map(|_| space) };
    check_file(operation, node, report);
    if let Some(service) = service {
        check_group(operation, service, node, report);
        check_common(operation, service, node, report);
    }
    names::check_parameters(node.table("parameters"), report);
    check_parameter_names(operation, node, report);
    check_id(operation, node, report);
    check_limits(operation, node, report);

    let no_service = Service::default();
    let service = service.unwrap_or(&no_service);
    let envelope = service.envelope_of(operation);
    let before: Vec<Field> = service.envelope_fields(operation).cloned().collect();
    let (parameters, response) = (node.table("parameters"), node.table("response"));
    names::check_fields(&operation.parameters, parameters, &[], true, report);
    names::check_fields(&operation.response, response, &before, false, report);
    check_replaced(operation, service, response, report);
    if let Some(node) = node.get("envelope") {
        super::service::check_rule(envelope, &service.response_fields(operation), "the response", node, report);
    }
    field::check_table(&operation.parameters, parameters, Role::Parameter, scope, report);
    field::check_table(&operation.response, response, Role::Response, scope, report);

    let reach = Reach::of(&operation.parameters, &operation.response, types);
    super::types::check(&operation.types, node.table("types"), scope, Some(&reach), report);
    if let Some(node) = node.get("pagination") {
        pagination::check(operation, service, node, types, report);
    }
    let nodes = node.get("examples").map_or(&[][..], Node::elements);
    let mut names = HashSet::new();
    for (example, node) in operation.examples.iter().zip(nodes) {
        if !example.name.is_empty() && !names.insert(example.name.as_str()) {
            let message = format!("two examples have the name \"{}\"", example.name);
            report.add(node.at_value("name"), message);
        }
        check_request(example, operation, node, types, report);
        check_response(example, operation, service, node, types, report);
        check_xml(example, operation, envelope, node, report);
    }
    reach
}

fn check_file(operation: &Operation, node: &Node<'_>, report: &mut Report<'_>) {
    let name = file_name(report.file());
    let stem = name.strip_suffix(".json").unwrap_or(name);
    if !operation.action.is_empty() && operation.action != stem {
        let message = format!("the action \"{}\" differs from the name of the file", operation.action);
        let hint = format!("name the file {}.json", operation.action);
        report.add_with(node.at_value("action"), message, Cow::Owned(hint));
    }
}

fn check_group(operation: &Operation, service: &Service, node: &Node<'_>, report: &mut Report<'_>) {
    let groups = || service.groups.iter().map(|group| group.id.as_str());
    if operation.group.is_empty() || groups().any(|id| id == operation.group) {
        return;
    }
    let hint = did_you_mean(&operation.group, groups()).unwrap_or_else(|| {
        let known: Vec<&str> = groups().collect();
        format!("service.json has {}", known.join(", ")).into()
    });
    report.add_with(node.at_value("group"), format!("unknown group \"{}\"", operation.group), hint);
}

fn check_common(operation: &Operation, service: &Service, node: &Node<'_>, report: &mut Report<'_>) {
    for member in node.table("parameters") {
        let common = service.common_parameters.iter().any(|field| field.wire_name == member.name);
        if common && operation.parameter(&member.name).is_some() {
            report.add(member.at, format!("\"{}\" is a common parameter of the service", member.name));
        }
    }
}

/// `reaches`, `atLeastOne` and `atMostOne` must name parameters.
fn check_parameter_names(operation: &Operation, node: &Node<'_>, report: &mut Report<'_>) {
    if let (Some(_), Some(true)) = (&operation.reaches, node.get("idempotent").and_then(Node::flag)) {
        report.add(node.at_key("idempotent"), "an operation that reaches a person is never idempotent");
    }
    let mut named: Vec<&Node<'_>> = node.get("reaches").and_then(|reach| reach.get("whom")).into_iter().collect();
    for key in ["atLeastOne", "atMostOne"] {
        let sets = node.get(key).map_or(&[][..], Node::elements);
        for set in sets {
            if set.elements().len() < 2 {
                report.add(set.at, format!("a set of `{key}` needs at least two parameters"));
            }
            named.extend(set.elements());
        }
    }
    let named = named.into_iter().filter_map(|node| Some((node.at, node.text().filter(|name| !name.is_empty())?)));
    let conditions = node.get("reaches").map_or(&[][..], |reach| reach.table("when"));
    let conditions = conditions.iter().map(|member| (member.at, &*member.name));
    for (at, name) in named.chain(conditions) {
        if operation.parameter(name).is_none() {
            let known = operation.parameters.iter().map(|field| field.wire_name.as_str());
            report.add_with(at, format!("no parameter \"{name}\""), did_you_mean(name, known));
        }
    }
}

/// A member may replace one of the envelope, to have another type.
fn check_replaced(operation: &Operation, service: &Service, members: &[Member<'_>], report: &mut Report<'_>) {
    for (field, member) in operation.response.iter().zip(members) {
        let replaced = service.envelope.fields.iter().find(|other| other.wire_name == field.wire_name);
        if replaced.is_some_and(|other| other.shape.kind == field.shape.kind) {
            report.add(member.at, format!("\"{}\" is in the envelope of every response", field.wire_name));
        }
    }
}

/// `id` must name a member of the response that is a string or an integer.
fn check_id(operation: &Operation, node: &Node<'_>, report: &mut Report<'_>) {
    let (Some(name), Some(at)) = (&operation.id, node.get("id").map(|id| id.at)) else { return };
    match operation.response.iter().find(|field| field.wire_name == *name) {
        None => {
            let known = operation.response.iter().map(|field| field.wire_name.as_str());
            report.add_with(at, format!("no response member \"{name}\""), did_you_mean(name, known));
        }
        Some(field) if !matches!(field.shape.kind, Kind::String | Kind::Int32 | Kind::Int64) => {
            report.add(at, "an id is a string, an int32 or an int64");
        }
        Some(_) => {}
    }
}

fn check_limits(operation: &Operation, node: &Node<'_>, report: &mut Report<'_>) {
    let Some(limits) = node.get("limits") else { return };
    if let Some(0) = operation.limits.per_second {
        report.add(limits.at_value("perSecond"), "a limit of 0 allows no request");
    }
    let Some(per_number) = limits.get("perNumber") else {
        return;
    };
    if operation.reaches.is_none() {
        report.add(limits.at_key("perNumber"), "`perNumber` needs `reaches`, which is absent");
    }
    for limit in per_number.elements() {
        let Some(text) = limit.text().filter(|text| Rate::parse(text).is_none()) else {
            continue;
        };
        report.add(limit.at, format!("expected a rate such as 1/min, 5/h or 20/24h, found \"{text}\""));
    }
}

fn check_request(example: &Example, operation: &Operation, node: &Node<'_>, types: Types<'_>, report: &mut Report<'_>) {
    let Some(node) = node.get("request") else { return };
    let fields = operation.parameters.iter();
    let misfits = fit::record(&example.request, fields, "parameter", types, Reading::Strict);
    add_misfits("the request does not fit the parameters", misfits, node, report);
}

/// Of a response that states failure only the envelope is checked, since it has no data.
fn check_response(
    example: &Example,
    operation: &Operation,
    service: &Service,
    node: &Node<'_>,
    types: Types<'_>,
    report: &mut Report<'_>,
) {
    if node.get("response").is_none() && node.get("xml").is_none() {
        report.add(node.at, "an example needs `response`, `xml` or both");
    }
    let (Some(members), Some(node)) = (example.response.as_ref().and_then(Value::as_object), node.get("response"))
    else {
        return;
    };
    let failed = service.envelope_of(operation).statement(members) == Statement::Failure;
    let data = if failed { &[] } else { operation.response.as_slice() };
    let fields = service.envelope_fields(operation).chain(data);
    let misfits = fit::record(members, fields, "member", types, Reading::Lenient);
    add_misfits("the response does not fit the operation", misfits, node, report);
}

/// The root element of XML is that of the response, or that of a refusal by the gateway.
fn check_xml(example: &Example, operation: &Operation, envelope: &Envelope, node: &Node<'_>, report: &mut Report<'_>) {
    let (Some(text), Some(node)) = (example.xml.as_deref().filter(|text| !text.trim().is_empty()), node.get("xml"))
    else {
        return;
    };
    let root = match crate::xml::root(text) {
        Ok(root) => root,
        Err(rule) => return report.add(node.at, format!("not well-formed XML: {rule}")),
    };
    let response = example.response.as_ref().and_then(Value::as_object);
    let refused = response.map(|members| envelope.statement(members)) != Some(Statement::Success);
    let action = &operation.action;
    if action.is_empty() || root == format!("{action}Response") || (root == "Error" && refused) {
        return;
    }
    let hint = if root == "Error" {
        "the `response` beside it is not a refusal"
    } else {
        "only a refusal has the root <Error>"
    };
    let message = format!("expected the root <{action}Response>, found <{root}>");
    report.add_with(node.at, message, Cow::Borrowed(hint));
}

fn add_misfits(what: &str, misfits: Vec<Misfit>, node: &Node<'_>, report: &mut Report<'_>) {
    for misfit in misfits {
        let message = format!("{what}: {}", misfit.describe());
        report.add_with(misfit.locate(node), message, misfit.hint);
    }
}
