//! A call: one sending of a request, with all its attempts, until there is a response or an error.

pub(crate) mod attempt;
pub(crate) mod core;
pub(crate) mod limit;
pub(crate) mod page;
pub(crate) mod paginator;
pub(crate) mod pending;
pub(crate) mod retry;
pub(crate) mod task;
pub(crate) mod trace;
