//! An answer of any status that is none, or one of a failure.

#![no_main]

#[path = "../input.rs"]
mod input;
#[path = "../../tests/specimen/mod.rs"]
mod specimen;

libfuzzer_sys::fuzz_target!(|data: &[u8]| input::error(data));
