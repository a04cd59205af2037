use aliyun_api_spec::model::{Kind, Shape};

use super::*;
use crate::specimen::{field, operation, service, shape};

fn received(pairs: &[(&str, &str)]) -> Received {
    let mut service = service();
    let mut operation = operation("Do");
    let secret = Shape { sensitive: true, ..shape(Kind::String) };
    operation.parameters = vec![
        field("Plain", shape(Kind::String)),
        field("Called", secret),
        field("Menus", shape(Kind::Array(Box::new(shape(Kind::String))))),
    ];
    service.operations = vec![operation];
    Received {
        service: Arc::new(service),
        at: SystemTime::UNIX_EPOCH,
        method: Method::POST,
        action: pairs
            .iter()
            .find(|(name, _)| *name == "Action")
            .map(|(_, value)| (*value).to_owned())
            .unwrap_or_default(),
        warnings: Vec::new(),
        request_id: "R".to_owned(),
        parameters: Arc::new(pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()),
        status: Some(StatusCode::OK),
        refusal: None,
        dialled: Vec::new(),
        fault: None,
    }
}

#[test]
fn debug_shows_only_what_is_known_to_be_harmless() {
    let all = received(&[
        ("AccessKeyId", "testid"),
        ("Action", "Do"),
        ("Called", "hidden-1"),
        ("Menus.1", "hidden-2"),
        ("Plain", "shown"),
        ("SecurityToken", "hidden-3"),
        ("Signature", "hidden-4"),
        ("Unknown", "hidden-5"),
    ]);
    assert_eq!(
        format!("{all:?}"),
        r#"Received { method: POST, action: "Do", parameters: {"AccessKeyId": "testid", "Action": "Do", "Called": "***", "Menus.1": "***", "Plain": "shown", "SecurityToken": "***", "Signature": "***", "Unknown": "***"}, request_id: "R", refusal: None, warnings: [], .. }"#
    );
    assert_eq!(all.parameter("Called"), Some("hidden-1"));
    let unknown_action = received(&[("Action", "Dont"), ("Plain", "hidden")]);
    assert!(!format!("{unknown_action:?}").contains("hidden"));
}

#[test]
fn forgets_the_oldest_when_there_are_too_many_or_too_large_ones() {
    let mut journal = Journal::default();
    for index in 0..Journal::MAX_REQUESTS + 5 {
        journal.add(received(&[("Plain", &index.to_string())]));
    }
    let requests = journal.requests();
    assert_eq!((requests.len(), requests[0].parameter("Plain")), (Journal::MAX_REQUESTS, Some("5")));

    let large = "x".repeat(Journal::MAX_BYTES / 2 - 200);
    for name in ["A", "B", "C"] {
        journal.add(received(&[(name, &large)]));
    }
    let names: Vec<String> = journal.requests().iter().flat_map(|request| request.parameters.keys().cloned()).collect();
    assert_eq!(names, ["B", "C"]);
    assert_eq!(journal.bytes, 2 * (large.len() + 1 + 2 * 64));
}

#[test]
fn many_small_texts_count_for_what_they_take() {
    let mut journal = Journal::default();
    let names: Vec<String> = (0..10_000).map(|index| index.to_string()).collect();
    let mut request = received(&names.iter().map(|name| (name.as_str(), "")).collect::<Vec<_>>());
    request.dialled = vec!["1".to_owned(); 10_000];
    for _ in 0..100 {
        journal.add(request.clone());
    }
    // Each takes some 2 MB.
    assert_eq!(journal.requests().len(), 34);
}
