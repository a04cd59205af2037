//! The emulator from outside, through the in-process transport and the HTTP server.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod accepted;
mod observation;
mod official;
mod parameters;
mod queues;
mod refusals;
mod responses;
mod rules;
mod server;
mod signature;
mod signature_v3;
mod support;
