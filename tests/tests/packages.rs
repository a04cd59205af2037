//! What every published package carries: a README, its licences, categories, and what docs.rs builds.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What a package of `cargo metadata` lacks. `has` tells whether its folder has a file.
fn faults(package: &Value, has: &dyn Fn(&str) -> bool) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let mut faults = Vec::new();
    let mut require = |holds: bool, what: &str| {
        if !holds {
            faults.push(format!("{name}: {what}"));
        }
    };
    let texts = |key: &str| package[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    require(package["readme"] == "README.md" && has("README.md"), "no README.md");
    require(package["license"] == "MIT OR Apache-2.0", "another license than the workspace");
    require(has("LICENSE-MIT") && has("LICENSE-APACHE"), "no licence files");
    require(package["rust_version"] == "1.88", "another rust-version than the workspace");
    require(package["description"].as_str().is_some_and(|text| !text.is_empty()), "no description");
    require(!texts("categories").is_empty(), "no categories");
    // crates.io takes no more than five.
    require((1..=5).contains(&texts("keywords").len()), "no keywords, or more than 5");
    let docs = &package["metadata"]["docs"]["rs"];
    let documented: Option<Vec<&str>> =
        docs["features"].as_array().map(|features| features.iter().filter_map(Value::as_str).collect());
    let mut features: Vec<&str> =
        package["features"].as_object().into_iter().flatten().map(|(key, _)| &**key).collect();
    features.retain(|feature| *feature != "default");
    features.sort_unstable();
    require(documented == Some(features), "package.metadata.docs.rs does not list every feature, in order");
    require(docs["rustdoc-args"] == serde_json::json!(["--cfg", "docsrs"]), "docs.rs shows no badges of features");
    faults
}

#[test]
fn every_package_can_be_published() {
    let output = Command::new(option_env!("CARGO").unwrap_or("cargo"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let published = packages.iter().filter(|package| package["publish"].is_null());
    let mut wrong = Vec::new();
    let mut count = 0;
    for package in published {
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        wrong.extend(faults(package, &|file| folder.join(file).is_file()));
        count += 1;
    }
    assert_eq!(wrong, [""; 0]);
    assert_eq!(count, packages.len() - 3, "the tests and the two examples are not published");
}

#[test]
fn what_a_package_lacks_is_named() {
    let package = serde_json::json!({
        "name": "small",
        "readme": "README.md",
        "license": "MIT OR Apache-2.0",
        "rust_version": "1.88",
        "description": "Small.",
        "categories": ["api-bindings"],
        "keywords": ["small"],
        "features": { "default": ["one"], "two": [], "one": [] },
        "metadata": { "docs": { "rs": { "features": ["one", "two"], "rustdoc-args": ["--cfg", "docsrs"] } } },
    });
    assert_eq!(faults(&package, &|_| true), [""; 0]);
    assert_eq!(faults(&package, &|file| file != "LICENSE-MIT"), ["small: no licence files"]);
    let mut wrong = package;
    wrong["metadata"]["docs"]["rs"]["features"] = serde_json::json!(["one"]);
    wrong["categories"] = serde_json::json!([]);
    wrong["keywords"] = serde_json::json!(["a", "b", "c", "d", "e", "f"]);
    assert_eq!(
        faults(&wrong, &|_| true),
        [
            "small: no categories",
            "small: no keywords, or more than 5",
            "small: package.metadata.docs.rs does not list every feature, in order",
        ]
    );
}
