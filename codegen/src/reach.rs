//! Which types requests use, and which responses use.

use std::collections::HashSet;

use aliyun_api_spec::model::{Operation, Service};
use aliyun_api_spec::types::Types;

/// Names of types.
pub(crate) struct Reach<'a> {
    /// Types that requests use.
    pub(crate) sent: HashSet<&'a str>,
    /// Types that responses use.
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
