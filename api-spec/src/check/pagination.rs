//! Pagination: every path must lead to a field of the right type.

use std::borrow::Cow;

use crate::fault::Report;
use crate::fit::{self, Reading};
use crate::json::Node;
use crate::model::{Field, Kind, Operation, PagePosition, Pagination, Service};
use crate::suggest::did_you_mean;
use crate::types::{PathError, Type, Types};

pub(super) fn check(
    operation: &Operation,
    service: &Service,
    node: &Node<'_>,
    types: Types<'_>,
    report: &mut Report<'_>,
) {
    let given = ["page", "offset", "token"].iter().filter(|key| node.get(key).is_some());
    if given.count() != 1 {
        report.add(node.at, "a pagination needs exactly one of `page`, `offset` and `token`");
        return;
    }
    let token = node.get("token").is_some();
    if token && node.get("next").is_none() {
        report.add(node.at, "a pagination with `token` needs `next`");
    }
    for (key, misplaced) in [("next", !token), ("first", token)] {
        if misplaced && node.get(key).is_some() {
            let needed = if token { "`page` or `offset`" } else { "`token`" };
            report.add(node.at_key(key), format!("`{key}` is only for a pagination with {needed}"));
        }
    }
    let Some(pagination) = &operation.pagination else {
        return;
    };
    for (key, path, of_request, target) in paths(pagination) {
        let Some(value) = node.get(key) else { continue };
        let (passed, what) = if of_request {
            (types.follow(&operation.parameters, path), "parameter")
        } else {
            (types.follow(service.response_fields(operation), path), "response member")
        };
        match passed {
            Ok(passed) => {
                let Some((field, through)) = passed.split_last() else { continue };
                if !target.takes(&field.shape.kind) {
                    report.add(value.at, format!("`{key}` leads to a {what} that is not {}", target.word()));
                }
                if of_request {
                    check_records(key, through, value, types, report);
                }
            }
            // Reported where the type is named.
            Err(PathError::UnknownType) => {}
            Err(PathError::Collection { name }) => {
                report.add(value.at, format!("`{key}` passes through \"{name}\", which is a list or a map"));
            }
            Err(PathError::NoField { name, known }) => {
                let hint = did_you_mean(name, known);
                report.add_with(value.at, format!("`{key}` leads to no field: there is no {what} \"{name}\""), hint);
            }
        }
    }
    check_set(operation, pagination, node, types, report);
}

/// Paging adds a record that the request lacks, but cannot fill its required fields.
fn check_records(key: &str, through: &[&Field], value: &Node<'_>, types: Types<'_>, report: &mut Report<'_>) {
    for field in through.iter().filter(|field| !field.required) {
        let members = types.fields(&field.shape.kind);
        if let Some(member) = members.iter().find(|member| member.required) {
            let (name, inner) = (&field.wire_name, &member.wire_name);
            let message =
                format!("`{key}` passes through the optional \"{name}\", which has the required field \"{inner}\"");
            report.add_with(value.at, message, Cow::Owned(format!("make \"{name}\" required")));
        }
    }
}

/// The kind of field that a path must lead to.
#[derive(Clone, Copy)]
enum Target {
    Number,
    Token,
    Next,
    List,
}

impl Target {
    /// Services also send numbers as strings, and tokens as numbers.
    fn takes(self, kind: &Kind) -> bool {
        match self {
            Self::Token => matches!(kind, Kind::String),
            Self::Number | Self::Next => matches!(kind, Kind::Int32 | Kind::Int64 | Kind::String),
            Self::List => matches!(kind, Kind::Array(_)),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Number => "an integer or a string",
            Self::Token => "a string",
            Self::Next => "a string or an integer",
            Self::List => "an array",
        }
    }
}

/// Every path with its key, whether it starts at the request, and the kind of field that it must lead to.
fn paths(pagination: &Pagination) -> Vec<(&'static str, &str, bool, Target)> {
    let mut paths = match &pagination.position {
        PagePosition::Page(path) => vec![("page", path.as_str(), true, Target::Number)],
        PagePosition::Offset(path) => vec![("offset", path.as_str(), true, Target::Number)],
        PagePosition::Token { parameter, next } => {
            vec![("token", parameter.as_str(), true, Target::Token), ("next", next.as_str(), false, Target::Next)]
        }
    };
    paths.extend(pagination.size.iter().map(|path| ("size", path.as_str(), true, Target::Number)));
    paths.extend(pagination.total.iter().map(|path| ("total", path.as_str(), false, Target::Number)));
    paths.push(("items", &pagination.items, false, Target::List));
    paths
}

/// Parameters that paging sets must be optional scalars, so that no constructor and no conversion is needed.
fn check_set(
    operation: &Operation,
    pagination: &Pagination,
    node: &Node<'_>,
    types: Types<'_>,
    report: &mut Report<'_>,
) {
    for member in node.table("set") {
        let name = &*member.name;
        let Some(field) = operation.parameter(name) else {
            let known = operation.parameters.iter().map(|field| field.wire_name.as_str());
            report.add_with(member.at, format!("no parameter \"{name}\""), did_you_mean(name, known));
            continue;
        };
        let Some(value) = pagination.set.get(name) else { continue };
        if field.required {
            report.add(member.at, format!("\"{name}\" is required, so every request has its own value"));
            continue;
        }
        match types.resolve(&field.shape.kind) {
            Type::Scalar(_) => {}
            // Reported where it is named.
            Type::Unknown => continue,
            _ => {
                report.add(member.at, format!("`set` is only for scalar parameters, and \"{name}\" is not one"));
                continue;
            }
        }
        for misfit in fit::value(value, &field.shape, types, Reading::Strict) {
            let message = format!("\"{name}\" does not fit its type: {}", misfit.describe());
            report.add_with(misfit.locate(&member.value), message, misfit.hint);
        }
    }
}
