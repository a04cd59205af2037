//! The emulator from outside, over both of its doors.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod accepted;
mod observation;
mod official;
mod parameters;
mod refusals;
mod robot_tasks;
mod rules;
mod server;
mod signature;
mod signature_v3;
mod support;
