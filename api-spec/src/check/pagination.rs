//! How pages are turned: every path has to lead somewhere.

use std::borrow::Cow;

use super::Scope;
use crate::fault::Report;
use crate::fit::{self, Reading};
use crate::model::{Field, Kind, Operation, PagePosition, Pagination};
use crate::parse::Node;
use crate::suggest::did_you_mean;

pub(super) fn check(
    operation: &Operation,
    envelope: &[Field],
    node: &Node<'_>,
    scope: Scope<'_>,
    report: &mut Report<'_>,
) {
    let given = ["page", "offset", "token"].iter().filter(|key| node.get(key).is_some());
    if given.count() != 1 {
        report.add(node.at, "a pagination has exactly one of page, offset and token");
        return;
    }
    let token = node.get("token").is_some();
    if token && node.get("next").is_none() {
        report.add(node.at, "a pagination with token needs `next`");
    }
    for (key, misplaced) in [("next", !token), ("first", token)] {
        if misplaced && node.get(key).is_some() {
            let beside = if token { "page or offset" } else { "token" };
            report.add(node.at_key(key), format!("`{key}` goes with {beside}"));
        }
    }
    let Some(pagination) = &operation.pagination else {
        return;
    };
    let answer: Vec<&Field> = operation.response.iter().chain(envelope).collect();
    let parameters: Vec<&Field> = operation.parameters.iter().collect();
    for (key, path, of_request, role) in paths(pagination) {
        let Some(value) = node.get(key) else { continue };
        let (fields, what) = if of_request { (&parameters, "parameter") } else { (&answer, "member of the answer") };
        match follow(path, fields, scope) {
            Lead::To { field, through } => {
                if !role.takes(&field.shape.kind) {
                    report.add(value.at, format!("`{key}` leads to a {what} that is no {}", role.word()));
                }
                if of_request {
                    check_records(key, &through, value, scope, report);
                }
            }
            Lead::Unknown => {}
            Lead::Through { step } => {
                report.add(value.at, format!("`{key}` goes through \"{step}\", which is a list or a map"));
            }
            Lead::Nowhere { step, near } => {
                let hint = did_you_mean(&step, near);
                report.add_with(value.at, format!("`{key}` leads nowhere: no {what} \"{step}\""), hint);
            }
        }
    }
    check_set(operation, pagination, node, scope, report);
}

/// Paging makes a record that a request lacks, but not what that record requires.
fn check_records(key: &str, through: &[&Field], value: &Node<'_>, scope: Scope<'_>, report: &mut Report<'_>) {
    for field in through.iter().filter(|field| !field.required) {
        let members = scope.members(&field.shape.kind).unwrap_or_default();
        if let Some(member) = members.iter().find(|member| member.required) {
            let (name, inner) = (&field.wire_name, &member.wire_name);
            let message =
                format!("`{key}` goes through \"{name}\", which may be absent but has the required \"{inner}\"");
            report.add_with(value.at, message, Cow::Owned(format!("make \"{name}\" required")));
        }
    }
}

/// What a path has to lead to.
#[derive(Clone, Copy)]
enum Role {
    Number,
    Token,
    Next,
    List,
}

impl Role {
    /// Numbers may be texts on the wire, and the tokens of answers numbers.
    fn takes(self, kind: &Kind) -> bool {
        match self {
            Self::Token => matches!(kind, Kind::String),
            Self::Number | Self::Next => matches!(kind, Kind::Int32 | Kind::Int64 | Kind::String),
            Self::List => matches!(kind, Kind::Array(_)),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Number => "integer",
            Self::Token => "string",
            Self::Next => "text",
            Self::List => "array",
        }
    }
}

/// Every path with its key, whether it goes through the request, and what it has to lead to.
fn paths(pagination: &Pagination) -> Vec<(&'static str, &str, bool, Role)> {
    let mut paths = match &pagination.position {
        PagePosition::Page(path) => vec![("page", path.as_str(), true, Role::Number)],
        PagePosition::Offset(path) => vec![("offset", path.as_str(), true, Role::Number)],
        PagePosition::Token { parameter, next } => {
            vec![("token", parameter.as_str(), true, Role::Token), ("next", next.as_str(), false, Role::Next)]
        }
    };
    paths.extend(pagination.size.iter().map(|path| ("size", path.as_str(), true, Role::Number)));
    paths.extend(pagination.total.iter().map(|path| ("total", path.as_str(), false, Role::Number)));
    paths.push(("items", &pagination.items, false, Role::List));
    paths
}

/// Where a dotted path leads.
enum Lead<'m> {
    /// To a field, through these records.
    To {
        field: &'m Field,
        through: Vec<&'m Field>,
    },
    Nowhere {
        step: String,
        near: Vec<&'m str>,
    },
    /// Through a list or a map.
    Through {
        step: String,
    },
    /// Through a type that does not exist, which is reported where it is named.
    Unknown,
}

fn follow<'m>(path: &str, fields: &[&'m Field], scope: Scope<'m>) -> Lead<'m> {
    let mut fields = fields.to_vec();
    let mut through = Vec::new();
    let mut steps = path.split('.').peekable();
    while let Some(step) = steps.next() {
        let Some(&field) = fields.iter().find(|field| field.wire_name == step) else {
            let near = fields.iter().map(|field| field.wire_name.as_str()).collect();
            return Lead::Nowhere { step: step.to_owned(), near };
        };
        let Some(next) = steps.peek() else {
            return match &field.shape.kind {
                Kind::Named(name) if scope.find(name).is_none() => Lead::Unknown,
                _ => Lead::To { field, through },
            };
        };
        match (&field.shape.kind, scope.members(&field.shape.kind)) {
            (_, Some(members)) => {
                fields = members.iter().collect();
                through.push(field);
            }
            (Kind::Array(_) | Kind::Map(_), None) => return Lead::Through { step: step.to_owned() },
            (Kind::Named(name), None) if scope.find(name).is_none() => return Lead::Unknown,
            _ => return Lead::Nowhere { step: (*next).to_owned(), near: Vec::new() },
        }
    }
    Lead::Unknown
}

/// Parameters that are set while paging: optional scalars, which need neither a constructor nor a conversion.
fn check_set(
    operation: &Operation,
    pagination: &Pagination,
    node: &Node<'_>,
    scope: Scope<'_>,
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
            report.add(member.at, format!("\"{name}\" is required, so that each request has its own"));
            continue;
        }
        match &field.shape.kind {
            Kind::String | Kind::Int32 | Kind::Int64 | Kind::Number | Kind::Boolean => {}
            // Reported where it is named.
            Kind::Named(named) if scope.find(named).is_none() => continue,
            _ => {
                report.add(
                    member.at,
                    format!("`set` is for string, int32, int64, number and boolean, and \"{name}\" is none"),
                );
                continue;
            }
        }
        for misfit in fit::value(value, &field.shape, scope, Reading::Strict) {
            let message = format!("\"{name}\" is not of its type: {}", misfit.describe());
            report.add_with(misfit.locate(&member.value), message, misfit.hint);
        }
    }
}
