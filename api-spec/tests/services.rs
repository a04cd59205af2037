//! What the embedded specifications say.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use aliyun_api_spec::model::{
    Group, Kind, NamedType, Operation, OperationType, PagePosition, RefusalKind, Service, Style, TypeBody,
};
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

/// An English text of the specification, and the same in Chinese.
struct Translation<'s> {
    place: String,
    english: &'s str,
    chinese: Option<&'s str>,
    is_sentence: bool,
}

fn values_of(types: &[NamedType]) -> impl Iterator<Item = Translation<'_>> {
    let values = types.iter().filter_map(|named| match &named.body {
        TypeBody::Enum { values, .. } => Some((named, values)),
        TypeBody::Record(_) => None,
    });
    values.flat_map(|(named, values)| {
        values.iter().filter_map(|value| {
            Some(Translation {
                place: format!("{}.{}", named.name, value.value),
                english: value.description.as_deref()?,
                chinese: value.description_zh.as_deref(),
                is_sentence: false,
            })
        })
    })
}

fn translations(service: &Service) -> Vec<Translation<'_>> {
    let mut all: Vec<Translation<'_>> = Vec::new();
    let mut sentence = |place: &str, english, chinese| {
        all.push(Translation { place: place.to_owned(), english, chinese, is_sentence: true });
    };
    for Operation { action, summary, summary_zh, .. } in &service.operations {
        sentence(action, summary, summary_zh.as_deref());
    }
    for Group { id, summary, summary_zh } in &service.groups {
        sentence(id, summary, summary_zh.as_deref());
    }
    for error in &service.errors {
        sentence(&error.code, &error.advice, error.advice_zh.as_deref());
        sentence(&error.code, &error.description, error.description_zh.as_deref());
    }
    all.extend(values_of(&service.types));
    all.extend(service.operations.iter().flat_map(|operation| values_of(&operation.types)));
    all.extend(service.receipts.iter().flat_map(|receipt| values_of(&receipt.types)));
    all.retain(|text| !text.english.is_empty());
    all
}

#[test]
fn operations_groups_values_and_errors_are_also_chinese() {
    let service = dyvmsapi();
    let texts = translations(service);
    let count = |is_sentence| texts.iter().filter(|text| text.is_sentence == is_sentence).count();
    assert_eq!(count(true), service.operations.len() + service.groups.len() + 2 * service.errors.len());
    assert!(count(false) > 0);

    let is_han = |c: char| ('\u{4E00}'..='\u{9FFF}').contains(&c);
    for Translation { place, chinese, is_sentence, .. } in &texts {
        let chinese = chinese.unwrap_or_else(|| panic!("{place} has no Chinese text"));
        assert!(chinese.contains(is_han), "{place}: {chinese}");
        assert_eq!(chinese.ends_with('。'), *is_sentence, "{place}: {chinese}");
    }
}

#[test]
fn chinese_texts_keep_the_names_in_the_english_ones() {
    for Translation { place, english, chinese, .. } in translations(dyvmsapi()) {
        let chinese = chinese.unwrap_or_default();
        // Every second part is between backticks.
        for code in english.split('`').skip(1).step_by(2) {
            assert!(chinese.contains(&format!("`{code}`")), "{place}: {chinese}");
        }
        let is_named = |action: &&str| english.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == *action);
        let actions = dyvmsapi().operations.iter().map(|operation| operation.action.as_str());
        for action in actions.filter(is_named) {
            assert!(chinese.contains(action), "{place}: {chinese}");
        }
    }
}

#[test]
fn the_same_english_text_has_the_same_chinese_one() {
    let mut known = BTreeMap::new();
    for Translation { place, english, chinese, .. } in translations(dyvmsapi()) {
        assert_eq!(*known.entry(english).or_insert(chinese), chinese, "{place}: {english}");
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
