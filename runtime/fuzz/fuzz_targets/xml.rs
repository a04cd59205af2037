//! An answer in XML.

#![no_main]

#[path = "../input.rs"]
mod input;
#[path = "../../tests/specimen/mod.rs"]
mod specimen;

libfuzzer_sys::fuzz_target!(|data: &[u8]| input::xml(data));
