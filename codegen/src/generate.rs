//! Generates tokens from a checked service.

use aliyun_api_spec::model::Service;
use proc_macro2::TokenStream;

use crate::options::Options;
use crate::{expand, lower};

/// The Rust items of a service: a marker type, `Client`, a module for each group of operations, and one for receipts.
///
/// This cannot fail: a [`Service`] has passed every check. Names in [`Options::operations`] and [`Options::receipts`] that
/// the service does not have are ignored; [`unknown_operations`] and [`unknown_receipts`] find them.
#[must_use]
pub fn generate(service: &Service, options: &Options<'_>) -> TokenStream {
    expand::root(&lower::root(service, options))
}

/// The names that are not operations of the service.
#[must_use]
pub fn unknown_operations<'n>(service: &Service, names: &[&'n str]) -> Vec<&'n str> {
    names.iter().copied().filter(|name| service.operation(name).is_none()).collect()
}

/// The names that are not kinds of receipts of the service.
#[must_use]
pub fn unknown_receipts<'n>(service: &Service, names: &[&'n str]) -> Vec<&'n str> {
    let known = |name: &&str| service.receipts.iter().any(|receipt| receipt.kind == *name);
    names.iter().copied().filter(|name| !known(name)).collect()
}
