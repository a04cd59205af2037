//! From the HTTP response to a typed value, or to the error that it is.

pub(crate) mod body;
mod fault;
pub(crate) mod judge;
mod read;
pub(crate) mod receipt;
mod refusal;
mod retry_after;
mod xml;
