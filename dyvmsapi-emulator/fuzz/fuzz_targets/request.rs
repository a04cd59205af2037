//! The emulator answers whatever comes.

#![no_main]

#[path = "../reader.rs"]
mod reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| reader::read(bytes));
