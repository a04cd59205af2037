//! Both signatures against requests of Alibaba's official clients and the worked examples of its documentation.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use aliyun_protocol::v3::{self, payload_hash};
use aliyun_protocol::{Parameters, v1};
use aliyun_runtime::testing::SigningKey;
use serde_json::Value;

fn text<'v>(case: &'v Value, name: &str) -> &'v str {
    case.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn is_set(case: &Value, name: &str) -> bool {
    case.get(name).is_some()
}

fn query(case: &Value) -> &str {
    text(case, "url").split_once('?').map_or("", |(_, query)| query)
}

/// The parameters of a request as it was sent: of the query and the body, where the body wins.
fn parameters(case: &Value) -> Parameters {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for source in [query(case), text(case, "body")] {
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
fn every_v1_case_is_signed_byte_for_byte() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../data/v1.json")).unwrap();
    assert_eq!(cases.len(), 30);
    for case in &cases {
        let name = text(case, "name");
        let method = text(case, "method");
        let mut parameters = parameters(case);
        let signed = v1::string_to_sign(method, &mut parameters);
        for (what, ours) in [("canonical_query", parameters.canonical_query()), ("string_to_sign", signed)] {
            // Of some requests only the signature is known.
            if is_set(case, what) {
                assert_eq!(ours, text(case, what), "{name}");
            }
        }
        let signature = SigningKey::new(text(case, "secret")).sign_v1(method, &mut parameters);
        // That client signs blanks as `+`, which no server accepts.
        let right = !is_set(case, "wrong");
        assert_eq!(signature.as_str() == text(case, "signature"), right, "{name}");
        assert_eq!(signature.matches(text(case, "signature").as_bytes()), right, "{name}");
    }
}

/// The query as the client signed it: some write names as they are.
fn v3_query(case: &Value) -> Parameters {
    let mut parameters = Parameters::default();
    for (name, value) in form_urlencoded::parse(query(case).as_bytes()) {
        if is_set(case, "plain_names") {
            parameters.push_plain_name(name.as_bytes(), value.as_bytes());
        } else {
            parameters.push(&name, &value);
        }
    }
    parameters
}

#[test]
fn every_v3_case_is_signed_byte_for_byte() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../data/v3.json")).unwrap();
    assert_eq!(cases.len(), 28);
    for case in &cases {
        let name = text(case, "name");
        let method = text(case, "method");
        let mut query = v3_query(case);
        let sent: Vec<(&str, &str)> = case["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|header| (header[0].as_str().unwrap(), header[1].as_str().unwrap()))
            .collect();
        let header = |name: &str| sent.iter().find(|header| header.0 == name).map(|header| header.1);
        let mut signed: Vec<v3::Header<'_>> = sent
            .iter()
            .filter(|header| header.0 != "authorization")
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let hash = payload_hash(text(case, "body").as_bytes());
        assert_eq!(header("x-acs-content-sha256"), Some(hash.as_str()), "{name}");
        if is_set(case, "canonical_request") {
            let ours = v3::canonical_request(method, &mut query, &mut signed, hash.as_str());
            assert_eq!(String::from_utf8(ours).unwrap(), text(case, "canonical_request"), "{name}");
        }
        if is_set(case, "string_to_sign") {
            let ours = v3::string_to_sign(method, &mut query, &mut signed, hash.as_str());
            assert_eq!(ours, text(case, "string_to_sign"), "{name}");
        }
        let key = SigningKey::new(text(case, "secret"));
        let signature = key.sign_v3(method, &mut query, &mut signed, hash.as_str());
        assert_eq!(signature.as_str(), text(case, "signature"), "{name}");
        if let Some(authorization) = header("authorization") {
            let id = authorization.split(['=', ',']).nth(1).unwrap();
            assert_eq!(v3::authorization(id, &signed, &signature), authorization, "{name}");
        }
    }
}

#[test]
fn one_changed_byte_is_another_signature() {
    let key = SigningKey::new("testsecret");
    let mut parameters = Parameters::default();
    parameters.push("A", "1");
    let signature = key.sign_v1("POST", &mut parameters);
    assert!(!key.sign_v1("GET", &mut parameters).matches(signature.as_str().as_bytes()));
    assert!(!SigningKey::new("testsecre").sign_v1("POST", &mut parameters).matches(signature.as_str().as_bytes()));
    assert!(!signature.matches(b""));
    assert!(!signature.matches(format!("{}=", signature.as_str()).as_bytes()));

    let mut sign = |key: &SigningKey, method, headers: &mut [v3::Header<'_>], hash| {
        key.sign_v3(method, &mut parameters, headers, hash).as_str().to_owned()
    };
    let hash = payload_hash(b"1");
    let host: &mut [v3::Header<'_>] = &mut [("host", b"a")];
    let other: &mut [v3::Header<'_>] = &mut [("host", b"b")];
    let ours = sign(&key, "POST", host, v3::EMPTY_PAYLOAD);
    assert_eq!(sign(&key, "POST", &mut [("host", b" a\t")], v3::EMPTY_PAYLOAD), ours);
    assert_ne!(sign(&key, "GET", host, v3::EMPTY_PAYLOAD), ours);
    assert_ne!(sign(&key, "POST", other, v3::EMPTY_PAYLOAD), ours);
    assert_ne!(sign(&key, "POST", host, hash.as_str()), ours);
    assert_ne!(sign(&SigningKey::new("testsecre"), "POST", host, v3::EMPTY_PAYLOAD), ours);
}

#[test]
fn repeated_headers_are_sorted_and_joined() {
    let mut headers: [v3::Header<'_>; 4] = [("x-b", b" 2 "), ("x-a", b""), ("x-b", b"1"), ("x-b", b"1  0")];
    let text = v3::canonical_request("POST", &mut Parameters::default(), &mut headers, v3::EMPTY_PAYLOAD);
    let expected = format!("POST\n/\n\nx-a:\nx-b:1,1  0,2\n\nx-a;x-b\n{}", v3::EMPTY_PAYLOAD);
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    assert_eq!(payload_hash(b"").as_str(), v3::EMPTY_PAYLOAD);
}
