//! An answer in JSON.

#![no_main]

#[path = "../input.rs"]
mod input;
#[path = "../../tests/specimen/mod.rs"]
mod specimen;

libfuzzer_sys::fuzz_target!(|data: &[u8]| input::json(data));
