//! Signature V1 against requests of Alibaba's official clients and the worked examples of its documentation.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aliyun_runtime::Parameters;
use aliyun_runtime::sign::{SigningKey, string_to_sign};
use serde_json::Value;

fn text<'v>(case: &'v Value, name: &str) -> &'v str {
    case.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The parameters of a request as it was sent: of the query and the body, where the body wins.
fn parameters(case: &Value) -> Parameters {
    let query = text(case, "url").split_once('?').map_or("", |(_, query)| query);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for source in [query, text(case, "body")] {
        for (name, value) in form_urlencoded::parse(source.as_bytes()).into_owned() {
            pairs.retain(|(known, _)| *known != name);
            pairs.push((name, value));
        }
    }
    let mut parameters = Parameters::default();
    for (name, value) in pairs.iter().filter(|(name, _)| name != "Signature") {
        parameters.push(name, value);
    }
    parameters
}

#[test]
fn every_case_is_signed_byte_for_byte() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../data/v1.json")).unwrap();
    assert_eq!(cases.len(), 28);
    for case in &cases {
        let name = text(case, "name");
        let method = text(case, "method");
        let mut parameters = parameters(case);
        let expected = (text(case, "canonical_query"), text(case, "string_to_sign"));
        if expected.0.is_empty() {
            // The documentation publishes the signature only.
            assert!(text(case, "source").starts_with("worked example"), "{name}");
        } else {
            let signed = string_to_sign(method, &mut parameters);
            assert_eq!((&*parameters.canonical_query(), &*signed), expected, "{name}");
        }
        let signature = SigningKey::new(text(case, "secret")).sign(method, &mut parameters);
        assert_eq!(signature.as_str(), text(case, "signature"), "{name}");
        assert!(signature.matches(text(case, "signature").as_bytes()), "{name}");
    }
}

#[test]
fn one_changed_byte_is_another_signature() {
    let key = SigningKey::new("testsecret");
    let mut parameters = Parameters::default();
    parameters.push("A", "1");
    let signature = key.sign("POST", &mut parameters);
    assert!(!key.sign("GET", &mut parameters).matches(signature.as_str().as_bytes()));
    assert!(!SigningKey::new("testsecre").sign("POST", &mut parameters).matches(signature.as_str().as_bytes()));
    assert!(!signature.matches(b""));
    assert!(!signature.matches(format!("{}=", signature.as_str()).as_bytes()));
}

/// The client refuses what the specification refuses.
#[test]
fn both_sides_know_the_same_parameters_of_the_protocol() {
    let sorted = |names: &[&'static str]| {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    };
    assert_eq!(sorted(&aliyun_runtime::sign::PROTOCOL_PARAMETERS), sorted(aliyun_api_spec::name::PROTOCOL_PARAMETERS));
}
