//! Generates tokens from a checked service.

use aliyun_api_spec::model::Service;
use proc_macro2::TokenStream;

use crate::options::Options;
use crate::{expand, lower};

/// The Rust items of a service: a marker type, `Client`, and a module for each group of operations.
///
/// This cannot fail: a [`Service`] has passed every check. Names in [`Options::operations`] that are not operations
/// of the service are ignored; [`unknown_operations`] finds them.
#[must_use]
pub fn generate(service: &Service, options: &Options<'_>) -> TokenStream {
    expand::root(&lower::root(service, options))
}

/// The names that are not operations of the service.
#[must_use]
pub fn unknown_operations<'n>(service: &Service, names: &[&'n str]) -> Vec<&'n str> {
    names.iter().copied().filter(|name| service.operation(name).is_none()).collect()
}
