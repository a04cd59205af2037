//! The tests of this folder, one module a file; `cargo test -p workspace-tests --test all answers::` runs those of one.
//! `fault_matrix.rs` and `snapshots.rs` are targets of their own, because commands name them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod account;
mod alerting;
mod answers;
mod dependencies;
mod emulator_control;
mod emulator_faults;
mod emulator_rules;
mod envelope;
mod examples;
mod facts;
mod guide;
mod load;
mod macro_ui;
mod modules;
mod never_shown;
mod outcomes;
mod packages;
mod receipt_delivery;
mod receipt_examples;
mod receipts;
mod repetition;
mod retries;
mod specimens;
mod traces;
mod vectors;
mod wire;

/// A file that nobody lists would not be run.
#[test]
fn every_file_is_listed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let stem = name.trim_end_matches(".rs");
        let listed = include_str!("main.rs").contains(&format!("\nmod {stem};\n"));
        assert!(
            listed || ["main", "fault_matrix", "snapshots"].contains(&stem),
            "tests/tests/main.rs does not list {name}"
        );
    }
}
