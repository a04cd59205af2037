//! Dependencies between packages, and between the modules of the runtime, point one way: ARCHITECTURE.md draws them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// The packages, from the bottom up, each with the crates that it would need for what it must not know. A package may
/// depend on packages above it in this list; in its tests it may use any.
const PACKAGES: &[(&str, &[&str])] = &[
    // No keys, no sockets, no operations.
    ("aliyun-protocol", &["hmac", "http", "hyper", "reqwest", "serde", "syn", "tokio"]),
    // No Rust code, no HTTP.
    ("aliyun-api-spec", &["hmac", "http", "hyper", "proc-macro2", "quote", "reqwest", "syn", "tokio"]),
    // No Rust code, no HTTP.
    ("aliyun-api-formats", &["hmac", "http", "hyper", "proc-macro2", "quote", "reqwest", "syn", "tokio"]),
    // No HTTP.
    ("aliyun-codegen", &["hmac", "http", "hyper", "reqwest", "tokio"]),
    ("aliyun-codegen-macros", &["hmac", "http", "hyper", "reqwest", "tokio"]),
    // No operation: neither specifications nor what is generated from them.
    ("aliyun-runtime", &["aliyun-api-spec", "aliyun-codegen", "aliyun-codegen-macros", "jsonc-parser", "quote", "syn"]),
    ("dyvmsapi", &["aliyun-api-spec", "aliyun-codegen", "hyper", "reqwest"]),
    // No kind of receipt.
    ("aliyun-receipts", &["aliyun-codegen", "dyvmsapi", "syn"]),
    // No generated type, and no HTTP client.
    (
        "aliyun-emulator",
        &["aliyun-codegen", "aliyun-codegen-macros", "dyvmsapi", "dyvmsapi-emulator", "reqwest", "syn"],
    ),
    // No HTTP.
    ("dyvmsapi-emulator", &["aliyun-codegen", "dyvmsapi", "http", "hyper", "reqwest", "syn", "tokio"]),
    // What it shows in Rust comes from the generator.
    ("dyvms", &["aliyun-codegen-macros", "reqwest", "syn"]),
    ("workspace-tests", &[]),
    ("other-product", &[]),
    ("build-script", &[]),
];

/// The modules of the runtime, from the bottom up. A module may use those before it.
const RUNTIME: &[&str] =
    &["generated", "error", "transport", "sign", "credential", "request", "response", "receipt", "call", "client"];

/// What breaks the order of packages in the output of `cargo metadata`.
fn faults_of_packages(metadata: &Value) -> Vec<String> {
    let position = |name: &str| PACKAGES.iter().position(|(known, _)| *known == name);
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(own) = position(name) else {
            faults.push(format!("{name} has no place in PACKAGES"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let target = dependency["name"].as_str().unwrap_or_default();
            // Tests may use every package.
            if dependency["kind"] == "dev" {
                continue;
            }
            if PACKAGES[own].1.contains(&target) {
                faults.push(format!("{name} depends on {target}, of which it must know nothing"));
            } else if position(target).is_some_and(|target| target >= own) {
                faults.push(format!("{name} depends on {target}, which is not above it"));
            }
        }
    }
    faults
}

#[test]
fn packages_depend_only_on_packages_above_them() {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(metadata["packages"].as_array().unwrap().len(), PACKAGES.len());
    assert_eq!(faults_of_packages(&metadata), [""; 0]);
}

#[test]
fn a_dependency_that_points_down_is_found() {
    let package = |name: &str, dependency: &str, kind: Value| {
        let metadata = serde_json::json!({
            "packages": [{"name": name, "dependencies": [{"name": dependency, "kind": kind}]}]
        });
        faults_of_packages(&metadata)
    };
    assert_eq!(package("aliyun-runtime", "aliyun-protocol", Value::Null), [""; 0]);
    assert_eq!(package("aliyun-runtime", "dyvmsapi", "dev".into()), [""; 0]);
    assert_eq!(
        package("aliyun-protocol", "aliyun-runtime", Value::Null),
        ["aliyun-protocol depends on aliyun-runtime, which is not above it"]
    );
    assert_eq!(
        package("aliyun-api-spec", "reqwest", "build".into()),
        ["aliyun-api-spec depends on reqwest, of which it must know nothing"]
    );
    assert_eq!(package("another", "serde", Value::Null), ["another has no place in PACKAGES"]);
}

/// What breaks the order of the runtime's modules: files by their path within `src`, with their text.
fn faults_of_runtime(files: &BTreeMap<String, String>) -> Vec<String> {
    let position = |module: &str| RUNTIME.iter().position(|known| *known == module);
    let mut faults = Vec::new();
    for (file, text) in files {
        let module = file.split(['/', '.']).next().unwrap_or_default();
        if module == "lib" {
            continue;
        }
        let Some(own) = position(module) else {
            faults.push(format!("{file}: {module} has no place in RUNTIME"));
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            // `$crate::` names what the runtime exports, for the code that a macro becomes elsewhere.
            let names = code.split("crate::").skip(1).zip(code.split("crate::"));
            for (after, before) in names {
                let used: String = after.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                if !before.ends_with('$') && position(&used).is_some_and(|used| used > own) {
                    faults.push(format!("{file}:{}: {module} uses {used}, which is above it", number + 1));
                }
            }
        }
    }
    faults
}

#[test]
fn modules_of_the_runtime_use_only_modules_below_them() {
    fn add(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
            if path.is_dir() {
                add(&path, &format!("{name}/"), files);
            } else {
                files.insert(name, fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    add(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime/src"), "", &mut files);
    assert!(files.len() > 40, "{}", files.len());
    assert_eq!(faults_of_runtime(&files), [""; 0]);
}

#[test]
fn a_use_of_a_module_above_is_found() {
    let faults = |file: &str, text: &str| faults_of_runtime(&BTreeMap::from([(file.to_owned(), text.to_owned())]));
    assert_eq!(faults("call/task.rs", "use crate::error::Error;\n// crate::client\n$crate::client!()"), [""; 0]);
    assert_eq!(
        faults("error.rs", "use std::fmt;\nuse crate::call::retry::Failed;"),
        ["error.rs:2: error uses call, which is above it"]
    );
    assert_eq!(faults("answer.rs", ""), ["answer.rs: answer has no place in RUNTIME"]);
}
