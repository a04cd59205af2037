//! What the macro says of a wrong call and of a wrong specification.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::{fs, io};

/// The macro finds folders relative to the package that it is called in, and here that is one which trybuild makes in
/// the target folder: the specifications are put there first.
fn put(folder: &str) -> io::Result<()> {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tests/trybuild").join(env!("CARGO_PKG_NAME"));
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &package.join(folder))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[test]
fn faults_are_reported_where_the_macro_is_called() {
    put("ui/services").unwrap();
    put("services").unwrap();
    let cases = trybuild::TestCases::new();
    cases.pass("ui/some_operations.rs");
    for case in ["bad_path", "one_fault", "two_faults", "unknown_service", "unknown_operation", "unknown_option"] {
        cases.compile_fail(format!("ui/{case}.rs"));
    }
}
