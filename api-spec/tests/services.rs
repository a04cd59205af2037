//! What the embedded specifications say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use aliyun_api_spec::model::{Kind, Operation, OperationType, PagePosition, RefusalKind, Service, Style};
use aliyun_api_spec::types::Types;
use aliyun_api_spec::{dyvmsapi, embedded, service};

fn services() -> Vec<Service> {
    let loaded = embedded().iter().map(|embedded| service(embedded.id).unwrap());
    loaded.map(|loaded| loaded.service.unwrap()).collect()
}

#[test]
fn everything_has_a_description() {
    for service in services() {
        assert_eq!(service.undescribed(), [""; 0]);
    }
}

fn robot_task_calls() -> &'static Operation {
    dyvmsapi().operation("QueryRobotTaskCallList").unwrap()
}

#[test]
fn robot_task_calls_take_the_ten_documented_parameters_and_require_none() {
    let operation = robot_task_calls();
    let mut names: Vec<&str> = operation.parameters.iter().map(|field| field.wire_name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "CallResult",
            "Called",
            "DialogCountFrom",
            "DialogCountTo",
            "DurationFrom",
            "DurationTo",
            "HangupDirection",
            "PageNo",
            "PageSize",
            "TaskId",
        ]
    );
    assert!(operation.parameters.iter().all(|field| !field.required));
    assert_eq!(operation.operation_type, OperationType::Read);
    assert!(operation.idempotent);
    assert_eq!(operation.limits.per_second, Some(100));
}

#[test]
fn robot_task_calls_come_as_records_of_23_members() {
    let operation = robot_task_calls();
    let [data] = operation.response.as_slice() else {
        panic!("one member beside the envelope");
    };
    assert_eq!(data.shape.style, Some(Style::Json));
    let Kind::Array(items) = &data.shape.kind else {
        panic!("a list");
    };
    assert_eq!(items.kind, Kind::Named("RobotTaskCall".to_owned()));
    let members = Types::of(operation, dyvmsapi()).fields(&items.kind);
    assert_eq!(members.len(), 23);
    let aliases: Vec<(&str, &[String])> = members
        .iter()
        .filter(|member| !member.aliases.is_empty())
        .map(|member| (member.rust_name.as_str(), member.aliases.as_slice()))
        .collect();
    assert_eq!(
        aliases,
        [
            ("transfer_fail_reason", ["transferFailReson".to_owned()].as_slice()),
            ("knowledge_count", ["konwledgeCount".to_owned()].as_slice()),
        ]
    );
    let integers = members.iter().filter(|member| member.shape.kind == Kind::Int64).count();
    assert_eq!(integers, 11);
}

#[test]
fn robot_task_calls_are_paged_by_number() {
    let pagination = robot_task_calls().pagination.as_ref().unwrap();
    assert_eq!(pagination.position, PagePosition::Page("PageNo".to_owned()));
    assert_eq!(pagination.first, 1);
    assert_eq!(pagination.size.as_deref(), Some("PageSize"));
    assert_eq!(pagination.items, "Data");
}

#[test]
fn the_service_knows_its_hosts_and_errors() {
    let service = dyvmsapi();
    assert_eq!(service.endpoints.default.as_deref(), Some("dyvmsapi.aliyuncs.com"));
    let vpc = [("cn-shanghai".to_owned(), "dyvmsapi.vpc-proxy.aliyuncs.com".to_owned())];
    assert_eq!(service.endpoints.vpc, vpc);
    let error = |code: &str| service.errors.iter().find(|error| error.code == code).unwrap();
    assert_eq!(error("Throttling.User").kind, Some(RefusalKind::Throttled));
    assert_eq!(error("isv.AMOUNT_NOT_ENOUGH").kind, Some(RefusalKind::Quota));
    assert_eq!(error("InvalidVersion").kind, None);
    assert_eq!(error("isv.AMOUNT_NOT_ENOUGH").aliases, ["isv.AMOUNT_NOT_ENOUG"]);
}
