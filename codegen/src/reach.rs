//! Which types requests carry and which answers carry.

use std::collections::HashSet;

use aliyun_api_spec::model::{Field, Kind, Operation, Service, TypeBody};

/// Names of the types that are reached.
pub(crate) struct Reach<'a> {
    /// From parameters.
    pub(crate) sent: HashSet<&'a str>,
    /// From answers.
    pub(crate) read: HashSet<&'a str>,
}

pub(crate) fn of<'a>(service: &'a Service, operations: &[&'a Operation]) -> Reach<'a> {
    let mut reach = Reach { sent: HashSet::new(), read: HashSet::new() };
    for operation in operations {
        walk(service, operation, &service.envelope.fields, &mut reach.read);
        walk(service, operation, &operation.parameters, &mut reach.sent);
        walk(service, operation, &operation.response, &mut reach.read);
    }
    reach
}

fn walk<'a>(service: &'a Service, operation: &'a Operation, fields: &'a [Field], reached: &mut HashSet<&'a str>) {
    for field in fields {
        walk_kind(service, operation, &field.shape.kind, reached);
    }
}

fn walk_kind<'a>(service: &'a Service, operation: &'a Operation, kind: &'a Kind, reached: &mut HashSet<&'a str>) {
    match kind {
        Kind::Array(item) | Kind::Map(item) => walk_kind(service, operation, &item.kind, reached),
        Kind::Named(name) if reached.insert(name) => {
            let named = operation.types.iter().chain(&service.types).find(|named| named.name == *name);
            if let Some(TypeBody::Record(fields)) = named.map(|named| &named.body) {
                walk(service, operation, fields, reached);
            }
        }
        _ => {}
    }
}
