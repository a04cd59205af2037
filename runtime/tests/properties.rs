//! What must hold for everything that is written: encoding, order, flattening, nonces, masks.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use crate::specimen::{Answers, Color, Detail, Inner, ListThings, Shapes, Specimens, answer, client, parameter};
use aliyun_protocol::Parameters;
use aliyun_runtime::http::Request;
use aliyun_runtime::{Bytes, Client, Credentials, HttpResponse, Sent, TransportError, Value};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;

/// The same cases in every run.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(20_170_525),
        failure_persistence: None,
        cases,
        ..ProptestConfig::default()
    }
}

fn block_on<T>(future: impl IntoFuture<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future.into_future())
}

/// `E` of the signatures, byte by byte.
fn percent_encoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(char::from(byte)),
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        let (hex, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(hex, 16).unwrap());
        bytes.extend_from_slice(rest.as_bytes());
    }
    bytes
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_is_encoded_decodes_to_what_it_was(name in bytes(), value in bytes()) {
        let mut parameters = Parameters::default();
        parameters.push_bytes(&name, &value);
        let encoded = String::from_utf8(parameters.encoded().to_vec()).unwrap();
        prop_assert_eq!(&encoded, &format!("{}={}", percent_encoded(&name), percent_encoded(&value)));
        let (left, right) = encoded.split_once('=').unwrap();
        prop_assert_eq!((percent_decoded(left), percent_decoded(right)), (name, value));
    }

    #[test]
    fn the_canonical_query_is_sorted_by_raw_names(pairs in proptest::collection::vec((bytes(), bytes()), 0..12)) {
        let mut parameters = Parameters::default();
        for (name, value) in &pairs {
            parameters.push_bytes(name, value);
        }
        let mut sorted = pairs;
        // Of equal names the one that was written first comes first.
        sorted.sort_by(|(left, _), (right, _)| left.cmp(right));
        let pair = |(name, value): &(Vec<u8>, Vec<u8>)| format!("{}={}", percent_encoded(name), percent_encoded(value));
        let expected: Vec<String> = sorted.iter().map(pair).collect();
        parameters.sort();
        prop_assert_eq!(parameters.canonical_query(), expected.join("&"));
    }
}

/// Bytes of which many are alike, so that names share beginnings and differ around escaped bytes.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => b'a'..=b'c', 1 => Just(b'.'), 1 => Just(b'%'), 1 => Just(b'~'), 2 => any::<u8>()];
    proptest::collection::vec(byte, 0..14)
}

/// Any text, short ones and those of other scripts included.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,6}", "\\PC{0,8}", any::<String>()]
}

fn detail() -> impl Strategy<Value = Detail> {
    (any::<Option<bool>>(), proptest::option::of(text())).prop_map(|(truth, name)| Detail { name, truth })
}

prop_compose! {
    fn inner()(
        name in proptest::option::of(text()), count in any::<Option<i64>>(), detail in proptest::option::of(detail()),
        names in proptest::collection::vec(text(), 0..3),
    ) -> Inner {
        Inner { name, count, detail, names }
    }
}

/// A free value, three levels deep.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z.]{1,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

prop_compose! {
    fn shapes()(
        text in proptest::option::of(text()), plain in text(), int32 in any::<Option<i32>>(),
        truth in any::<Option<bool>>(), free in proptest::option::of(value()), opened in proptest::option::of(value()),
        inner in proptest::option::of(inner()), list in proptest::collection::vec(inner(), 0..3),
        flat in proptest::collection::vec(inner(), 0..3), joined in proptest::collection::vec(any::<i64>(), 0..4),
        nested in proptest::collection::vec(proptest::collection::vec(any::<i64>(), 0..3), 0..3),
        table in proptest::collection::btree_map("[a-z.]{1,3}", proptest::collection::vec(self::inner(), 0..2), 0..3),
    ) -> Shapes {
        let map = joined.iter().map(|number| (format!("k{}", number % 7), *number)).collect();
        let color = int32.map(|number| if number > 0 { Color::Red } else { Color::Other("blue".to_owned()) });
        let texts = list.iter().filter_map(|inner| inner.name.clone()).collect();
        Shapes {
            text, plain, int32, truth, free, opened, inner, list, flat, texts, joined, nested, map, table, color,
            ..Shapes::default()
        }
    }
}

/// The form body of a call, in pairs, without the parameters of the protocol.
fn sent(request: Shapes) -> Vec<(String, String)> {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&bodies);
    let client = client(Answers(move |request: Request<Bytes>| {
        kept.lock().unwrap().push(request.into_body());
        Ok(answer(200, r#"{"Code":"OK"}"#))
    }));
    block_on(client.send(request)).unwrap();
    let body = bodies.lock().unwrap().pop().unwrap();
    let pairs = form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), value.into_owned()));
    pairs.take_while(|(name, _)| name != "AccessKeyId").collect()
}

/// Flattening by its rule: dots, positions from one, nothing for an empty list.
fn flattened(name: &str, value: &Value, into: &mut Vec<(String, String)>) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                flattened(&format!("{name}.{}", index + 1), item, into);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                flattened(&format!("{name}.{key}"), value, into);
            }
        }
        Value::String(text) => into.push((name.to_owned(), text.clone())),
        scalar => into.push((name.to_owned(), scalar.to_string())),
    }
}

/// A record as a free value, absent members left out.
fn inner_value(inner: &Inner) -> Value {
    let mut members = serde_json::Map::new();
    let mut add = |name: &str, value: Option<Value>| value.map(|value| members.insert(name.to_owned(), value));
    add("name", inner.name.clone().map(Value::from));
    add("count", inner.count.map(Value::from));
    add(
        "detail",
        inner.detail.as_ref().map(|detail| {
            let mut members = serde_json::Map::new();
            detail.name.clone().map(|name| members.insert("name".to_owned(), name.into()));
            detail.truth.map(|truth| members.insert("truth".to_owned(), truth.into()));
            Value::Object(members)
        }),
    );
    add("names", Some(json!(inner.names)));
    Value::Object(members)
}

fn inner_values(list: &[Inner]) -> Value {
    list.iter().map(inner_value).collect()
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn requests_are_flattened_as_the_protocol_says(request in shapes()) {
        let mut expected = Vec::new();
        let mut flat = |name: &str, value: Value| flattened(name, &value, &mut expected);
        flat("Text", json!(request.text));
        flat("Plain", json!(request.plain));
        flat("Int32", json!(request.int32));
        flat("Truth", json!(request.truth));
        flat("Free", json!(request.free));
        if let Some(value) = request.opened.as_ref().filter(|value| !value.is_null()) {
            // A structured value is JSON; a scalar needs no quotes.
            let text = if value.is_array() || value.is_object() { json!(value.to_string()) } else { value.clone() };
            flat("Opened", text);
        }
        flat("Inner", request.inner.as_ref().map(inner_value).unwrap_or_default());
        // The text has members in the order of the record; a map of serde_json would sort them.
        let list: Vec<String> = request.list.iter().map(in_order).collect();
        flat("List", json!(format!("[{}]", list.join(","))));
        flat("Flat", inner_values(&request.flat));
        flat("Texts", json!(request.texts));
        let joined: Vec<String> = request.joined.iter().map(i64::to_string).collect();
        flat("Joined", json!(joined.join(",")));
        flat("Nested", json!(request.nested));
        flat("Map", json!(request.map));
        let table: BTreeMap<_, _> = request.table.iter().map(|(key, list)| (key, inner_values(list))).collect();
        flat("Table", json!(table));
        flat("Color", json!(request.color.as_ref().map(|color| match color {
            Color::Red => "red",
            Color::Other(wire) => wire,
        })));
        let mut sent = sent(request);
        // Members of a flattened record come in the order of its table, those of a free value in that of their names.
        sent.sort();
        expected.sort();
        prop_assert_eq!(sent, expected);
    }
}

/// The JSON of a record, by its table.
fn in_order(inner: &Inner) -> String {
    let value = inner_value(inner);
    let member = |name: &str| value.get(name).map(|value| format!("{}:{value}", json!(name)));
    let members: Vec<String> = ["name", "count", "detail", "names"].into_iter().filter_map(member).collect();
    format!("{{{}}}", members.join(","))
}

/// What a service, a proxy or a broken connection may say: digits among words, markup and other scripts.
fn saying() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[0-9]{1,15}",
        1 => "1[3-9][0-9 -]{9,13}",
        2 => "[ -~]{0,6}",
        1 => "\\PC{0,4}",
        1 => prop_oneof![Just("\""), Just("\\"), Just("<"), Just("&"), Just("server string to sign is:"), Just("POST&%2F&")]
            .prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

/// The longest run of digits.
fn digits(text: &str) -> usize {
    text.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default()
}

/// What a call that is answered so shows as an error; nothing where it is an answer after all.
fn failure(answered: impl Fn() -> Result<HttpResponse, TransportError> + Send + Sync + 'static) -> String {
    let outcome = block_on(client(Answers(move |_| answered())).send(Shapes::default()));
    outcome.err().map(|error| format!("{error} {error:?}")).unwrap_or_default()
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn no_error_shows_a_long_number_whatever_was_said(said in saying(), status in prop_oneof![Just(200), Just(403), Just(502)]) {
        let quoted = json!(said).to_string();
        let xml = said.replace(['<', '&', '\"'], " ");
        let bodies = [
            format!(r#"{{"Code":"isv.OUT_OF_SERVICE","Message":{quoted}}}"#),
            format!(r#"{{"Code":"SignatureDoesNotMatch","Message":{quoted}}}"#),
            format!(r#"{{"Code":"OK","Int64":{quoted},"Secret":{quoted}}}"#),
            format!(r#"{{"Code":"OK","List":[{{"count":{quoted}}}],"Map":{{{quoted}:"x"}}}}"#),
            format!(r#"{{"Code":"OK","List":{quoted}"#),
            format!("<Error><Code>x</Code><Message>{xml}</Message></Error>"),
            format!("<html><h1>{said}</h1>"),
            format!("<x{said}></x>"),
            format!("<xResponse><x{said}></x></xResponse>"),
            said.clone(),
        ];
        for body in bodies {
            let bytes = Bytes::from(body);
            let answered = bytes.clone();
            let shown = failure(move || Ok(answer(status, answered.clone())));
            prop_assert!(digits(&shown) < 7, "{shown} of {bytes:?}");
        }
        let shown = failure(move || Err(TransportError::new(Sent::Maybe, said.clone())));
        prop_assert!(!shown.is_empty() && digits(&shown) < 7, "{shown}");
    }
}

/// The nonces of signed bodies of one client.
fn nonces(client: &Client<Specimens>, count: usize) -> Vec<u128> {
    let credentials = Credentials::new("testid", "testsecret");
    let nonce = |_| {
        let body = client.send(ListThings::default()).signed_body(&credentials);
        let nonce = parameter(&body, "SignatureNonce").unwrap();
        assert_eq!(nonce.len(), 32, "{nonce}");
        u128::from_str_radix(nonce, 16).unwrap()
    };
    (0..count).map(nonce).collect()
}

/// A million are drawn in release by `cargo run --release -p dyvmsapi --example load`.
#[test]
fn nonces_are_unique_within_and_between_threads() {
    const EACH: usize = 10_000;
    let client: Client<Specimens> = Client::builder().build().unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || nonces(&client, EACH))
        })
        .collect();
    let seen: HashSet<u128> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    assert_eq!(seen.len(), 4 * EACH);
    // Each of the 128 bits is drawn: all ones or all noughts over forty thousand numbers would be one that is not.
    assert_eq!(seen.iter().fold(0, |bits, nonce| bits | nonce), u128::MAX);
    assert_eq!(seen.iter().fold(u128::MAX, |bits, nonce| bits & nonce), 0);
}
