//! The tests of this folder, one module a file; `cargo test -p aliyun-runtime --test all pages::` runs those of one.
//! `fuzz_seeds.rs` is a target of its own, because commands name it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod addresses;
mod credentials;
mod pages;
mod pages_ends;
mod pages_stream;
mod properties;
mod properties_read;
mod request;
mod specimen;
mod transport;
mod voice;

/// A file that nobody lists would not be run.
#[test]
fn every_file_is_listed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stem = name.trim_end_matches(".rs");
        let listed = include_str!("main.rs").contains(&format!("\nmod {stem};\n"));
        assert!(listed || ["main", "fuzz_seeds"].contains(&stem), "runtime/tests/main.rs does not list {name}");
    }
}
