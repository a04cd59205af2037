//! Which types requests carry and which answers carry.

use std::collections::HashSet;

use aliyun_api_spec::model::{Operation, Service};
use aliyun_api_spec::types::Types;

/// Names of the types that are reached.
pub(crate) struct Reach<'a> {
    /// From parameters.
    pub(crate) sent: HashSet<&'a str>,
    /// From responses.
    pub(crate) read: HashSet<&'a str>,
}

pub(crate) fn of<'a>(service: &'a Service, operations: &[&'a Operation]) -> Reach<'a> {
    let mut reach = Reach { sent: HashSet::new(), read: HashSet::new() };
    for operation in operations {
        let types = Types::of(operation, service);
        let names = |named: &'a aliyun_api_spec::model::NamedType| named.name.as_str();
        reach.sent.extend(types.used_by(&operation.parameters).into_iter().map(names));
        reach.read.extend(types.used_by(service.response_fields(operation)).into_iter().map(names));
    }
    reach
}
