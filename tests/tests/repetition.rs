//! The table of repetitions beside the specification says what the specification says.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use aliyun_api_spec::model::OperationType;

const TABLE: &str = include_str!("../../api-spec/services/dyvmsapi-2017-05-25/IDEMPOTENCY.md");

#[test]
fn every_write_is_judged_with_a_reason() {
    let rows: BTreeMap<&str, (bool, Option<&str>)> = TABLE
        .lines()
        .skip_while(|line| !line.starts_with("| ---"))
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').splitn(4, '|').map(str::trim).collect();
            let [operation, repeatable, rings, reason] = cells[..] else { panic!("not four cells: {line}") };
            assert!(reason.len() > 10, "{operation} has no reason");
            assert!(matches!(repeatable, "yes" | "no"), "{operation}: {repeatable}");
            (operation, (repeatable == "yes", Some(rings.trim_matches('`')).filter(|rings| *rings != "-")))
        })
        .collect();
    let writes: BTreeMap<&str, (bool, Option<&str>)> = aliyun_api_spec::dyvmsapi()
        .operations
        .iter()
        .filter(|operation| operation.operation_type == OperationType::Write)
        .map(|operation| {
            (
                operation.action.as_str(),
                (operation.idempotent, operation.reaches.as_ref().map(|reach| reach.whom.as_str())),
            )
        })
        .collect();
    assert_eq!(rows, writes);
}

/// What rings a phone, by name: a change of this list is a change of what may be repeated.
#[test]
fn what_rings_a_phone_is_never_repeated() {
    let dialling: Vec<&str> = aliyun_api_spec::dyvmsapi()
        .operations
        .iter()
        .filter(|operation| operation.reaches.is_some())
        .map(|operation| operation.action.as_str())
        .collect();
    assert_eq!(
        dialling,
        [
            "BatchRobotSmartCall",
            "CloudImportTaskTel",
            "CloudPreviewoutcall",
            "CloudStartTask",
            "CloudWebcall",
            "ExecuteCallTask",
            "IvrCall",
            "SingleCallByTts",
            "SingleCallByVideo",
            "SingleCallByVoice",
            "SmartCall",
            "StartRobotTask",
        ]
    );
    assert!(
        aliyun_api_spec::dyvmsapi()
            .operations
            .iter()
            .all(|operation| !(operation.idempotent && operation.reaches.is_some()))
    );
}
