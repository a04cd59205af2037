//! The command as a person at a shell meets it: what it prints, and how it exits.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod answers;
mod beginning;
mod call;
mod chinese;
mod completion;
mod configure;
mod doctor;
mod emulator;
mod explain;
#[cfg(feature = "explorer")]
mod explore;
#[cfg(unix)]
mod export;
mod network;
mod parameters;
#[cfg(all(unix, feature = "parquet"))]
mod parquet;
mod receipts;
mod results;
mod spec;
mod support;
#[cfg(unix)]
mod terminal;
