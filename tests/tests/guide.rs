//! The guides. The examples of docs/testing.md: those in Rust run here, and all stand there as they are in their files.
//! Those in other languages are run by `tests/official/run`. The tutorial of docs/dialect.md, and all links.

#[path = "../official/examples/in_process.rs"]
mod in_process;
#[path = "../official/examples/over_http.rs"]
mod over_http;

use std::fs;
use std::path::{Path, PathBuf};

use aliyun_api_spec::{SourceFile, parse};

const GUIDE: &str = include_str!("../../docs/testing.md");

#[test]
fn the_guide_shows_its_examples_as_they_are() {
    for (language, file, text) in [
        ("rust", "in_process.rs", include_str!("../official/examples/in_process.rs")),
        ("rust", "over_http.rs", include_str!("../official/examples/over_http.rs")),
        ("json", "rules.json", include_str!("../official/examples/rules.json")),
        ("python", "test_alert.py", include_str!("../official/examples/test_alert.py")),
        ("javascript", "alert.test.cjs", include_str!("../official/examples/alert.test.cjs")),
    ] {
        let block = format!("```{language}\n{text}```\n");
        assert!(GUIDE.contains(&block), "docs/testing.md does not show tests/official/examples/{file} as it is");
        assert!(GUIDE.contains(&format!("tests/official/examples/{file}")), "docs/testing.md does not name {file}");
    }
}

#[test]
fn the_guide_depends_on_packages_by_their_names_and_folders() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut packages = Vec::new();
    for line in GUIDE.lines() {
        let Some((name, rest)) = line.split_once(" = { path = \"../dyvmsapi-rust/") else { continue };
        let folder = rest.split('"').next().unwrap();
        let manifest = fs::read_to_string(root.join(folder).join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("\nname = \"{name}\"\n")), "{line}");
        packages.push(name.replace('-', "_"));
    }
    // The application depends on the client already.
    assert_eq!(packages, ["dyvmsapi_emulator"]);
    assert!(GUIDE.contains("use dyvmsapi_emulator::"));
    assert!(!GUIDE.contains("use aliyun_emulator::"));
}

const DIALECT: &str = include_str!("../../docs/dialect.md");

/// The blocks of JSON of the tutorial: the service, the operation with two mistakes, and without.
fn tutorial() -> [&'static str; 3] {
    let blocks = DIALECT.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().try_into().unwrap()
}

#[test]
fn the_tutorial_shows_the_faults_of_its_files() {
    let [service, wrong, right] = tutorial();
    let check = |operation| {
        parse(&[
            SourceFile { path: "voice/service.json", text: service },
            SourceFile { path: "voice/operations/CancelCall.json", text: operation },
        ])
    };

    let faults: Vec<String> = check(wrong).faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults.len(), 2);
    assert!(DIALECT.contains(&format!("check voice\n{}\n2 faults\n", faults.join("\n"))), "{faults:#?}");

    let loaded = check(right);
    assert!(loaded.faults.is_empty(), "{:#?}", loaded.faults);
    let options = aliyun_codegen::Options { operations: vec!["CancelCall"], ..aliyun_codegen::Options::default() };
    let source = aliyun_codegen::generate_source(&loaded.service.unwrap(), &options).unwrap();
    let shown = DIALECT.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(source.contains(shown), "{source}");
}

#[test]
fn every_link_of_the_guides_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = [
        ".",
        "docs",
        "api-spec",
        "codegen",
        "codegen/macros",
        "runtime",
        "dyvmsapi",
        "emulator",
        "dyvmsapi-emulator",
        "cli",
    ];
    let mut links = 0;
    for folder in folders.map(|folder| root.join(folder)) {
        let guides = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let guides: Vec<PathBuf> = guides.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
        assert!(!guides.is_empty(), "{} has no README.md", folder.display());
        for guide in guides {
            let text = fs::read_to_string(&guide).unwrap();
            for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let path = link.split('#').next().unwrap();
                if path.is_empty() || path.starts_with("http") {
                    continue;
                }
                links += 1;
                assert!(folder.join(path).exists(), "{} links to {link}", guide.display());
            }
        }
    }
    assert!(links > 50, "{links}");
}
