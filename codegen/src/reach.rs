//! Which types requests use, and which responses and receipts use.

use std::collections::HashSet;

use aliyun_api_spec::model::{NamedType, Operation, Receipt, Service};
use aliyun_api_spec::types::Types;

/// Names of types.
pub(crate) struct Reach<'a> {
    /// Types that requests use.
    pub(crate) sent: HashSet<&'a str>,
    /// Types that responses and receipts use.
    pub(crate) read: HashSet<&'a str>,
}

pub(crate) fn of<'a>(service: &'a Service, operations: &[&'a Operation], receipts: &[&'a Receipt]) -> Reach<'a> {
    let mut reach = Reach { sent: HashSet::new(), read: HashSet::new() };
    let names = |named: &'a NamedType| named.name.as_str();
    for operation in operations {
        let types = Types::of(operation, service);
        reach.sent.extend(types.used_by(&operation.parameters).into_iter().map(names));
        reach.read.extend(types.used_by(service.response_fields(operation)).into_iter().map(names));
    }
    for receipt in receipts {
        let types = Types::of_receipt(receipt, Some(service));
        reach.read.extend(types.used_by(&receipt.fields).into_iter().map(names));
    }
    reach
}
