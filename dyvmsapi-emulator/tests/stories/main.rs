//! What an account remembers, and what time makes of it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod call_tasks;
mod calls;
mod limits;
mod numbers;
mod robot_tasks;
mod sample;
mod services;
mod shapes;
mod story;
#[path = "../../../emulator/tests/gateway/support.rs"]
#[allow(dead_code, reason = "the gateway's tests need more of it")]
mod support;
