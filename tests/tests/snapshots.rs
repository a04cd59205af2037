//! What the generator writes, pinned: a snapshot for each operation and each kind of receipt, one for what a service
//! shares, and one for the types that operations share.
//!
//! The snapshot of an operation is the part of its module that stands there because of it, so that a change of one
//! operation touches one snapshot. Review changes with `cargo insta review`, or look at the `.snap` files in git.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use aliyun_api_spec::model::Service;
use aliyun_codegen::{Options, generate_source};

fn source(service: &Service, options: &Options<'_>) -> String {
    generate_source(service, options).unwrap()
}

/// What stands in the module of a group: the part between what the service shares and the shared types.
fn module(source: &str) -> String {
    let start = source.find("\npub type Client").unwrap();
    let end = source.find(SHARED_TYPES).unwrap_or(source.len());
    source[start..end].lines().skip(2).collect::<Vec<_>>().join("\n")
}

/// The lines that the module of shared types begins with.
const SHARED_TYPES: &str = "\npub mod types {\n    //! Types that several operations use.";

fn snapshots(service: &Service, folder: &str, path: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new("../snapshots").join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        let options = Options { path: Some(path), ..Options::default() };
        for operation in &service.operations {
            let operations = vec![operation.action.as_str()];
            let source = source(service, &Options { operations, ..options.clone() });
            insta::assert_snapshot!(operation.action.as_str(), module(&source));
        }
        for receipt in &service.receipts {
            let receipts = vec![receipt.kind.as_str()];
            let source = source(service, &Options { receipts, ..options.clone() });
            insta::assert_snapshot!(receipt.kind.as_str(), module(&source));
        }
        let all = source(service, &options);
        if let Some(start) = all.find(SHARED_TYPES) {
            insta::assert_snapshot!("types", &all[start..]);
        }
        // No operation has this name, so only the root is left.
        insta::assert_snapshot!("service", source(service, &Options { operations: vec![""], ..options }));
    });
}

#[test]
fn every_operation_of_the_voice_service() {
    snapshots(aliyun_api_spec::dyvmsapi(), "dyvmsapi", "dyvmsapi");
}

#[test]
fn the_operation_that_opens_queues() {
    let service = aliyun_api_spec::service("dybaseapi").unwrap().service.unwrap();
    snapshots(&service, "dybaseapi", "aliyun_receipts::dybaseapi");
}

#[test]
fn every_specimen() {
    let loaded = aliyun_api_spec::load(Path::new("services/specimens"));
    assert_eq!(loaded.faults, []);
    snapshots(&loaded.service.unwrap(), "specimens", "specimens");
}

#[test]
fn every_specification_of_the_tests_is_in_the_layout() {
    let folder = Path::new("services/specimens");
    for file in aliyun_api_spec::load(folder).files {
        let text = std::fs::read_to_string(&file).unwrap();
        let name = file.strip_prefix(folder).unwrap().to_string_lossy();
        assert_eq!(
            aliyun_api_spec::format(&name, &text).unwrap(),
            text,
            "run `aliyun-codegen format tests/{}`",
            folder.display()
        );
    }
}
