//! Every example of every operation: sent as the typed request, answered by the emulator or as the file says, through
//! both doors, in both formats, and read as the typed answer.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(deprecated, reason = "deprecated operations have examples too")]

use std::collections::BTreeSet;
use std::pin::Pin;

use aliyun_api_spec::model::{Example, Operation};
use dyvmsapi::{Client, Credentials, Error, Format, Transport};
use dyvmsapi_emulator::State;
use serde_json::Value;
use workspace_tests::Canned;

type Sending<'c> = Pin<Box<dyn Future<Output = Result<Value, Error>> + 'c>>;

/// Action, name of the example, and what sends it.
type Entry = (&'static str, &'static str, for<'c> fn(&'c Client) -> Sending<'c>);

fn entries() -> Vec<Entry> {
    let entries: &[Entry] = &aliyun_codegen_macros::examples!(dyvmsapi);
    entries.to_vec()
}

fn example(action: &str, name: &str) -> (&'static Operation, &'static Example) {
    let operation = aliyun_api_spec::dyvmsapi().operation(action).unwrap();
    (operation, operation.examples.iter().find(|example| example.name == name).unwrap())
}

fn client(transport: impl Transport) -> Client {
    Client::builder().credentials(Credentials::new("testid", "testsecret")).transport(transport).build().unwrap()
}

/// Whether an example shows a refusal.
fn refusal(example: &Example) -> Option<&str> {
    let code = example.response.as_ref()?.get("Code")?.as_str()?;
    let success = &aliyun_api_spec::dyvmsapi().envelope.success;
    (!success.iter().any(|known| known == code)).then_some(code)
}

/// A value with everything that the wire may write in two ways written in one: JSON texts opened, scalars as text, lists of
/// texts joined,
/// what is empty left out.
fn plain(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with(['{', '[']) => {
            serde_json::from_str(text).map_or_else(|_| value.clone(), |inner| plain(&inner))
        }
        Value::Bool(_) => Value::String(value.to_string()),
        // An integer may be written as 60.0, and a number of 1.5 is one either way.
        Value::Number(number) => Value::String(number.to_string().trim_end_matches(".0").to_owned()),
        Value::String(text) => Value::String(text.trim_end_matches(".0").to_owned()),
        Value::Array(items) => joined(items.iter().map(plain).collect()),
        Value::Object(members) => {
            let kept = members.iter().map(|(name, value)| (name.clone(), plain(value)));
            Value::Object(kept.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Null => Value::Null,
    }
}

/// A list of texts, which may also come joined by commas.
fn joined(items: Vec<Value>) -> Value {
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    match texts {
        Some(texts) if !texts.is_empty() => Value::String(texts.join(",")),
        _ => Value::Array(items),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[tokio::test]
async fn the_response_of_every_example_is_read_without_a_loss() {
    let mut read = 0;
    for (action, name, send) in entries() {
        let (_, example) = example(action, name);
        let Some(response) = &example.response else { continue };
        let outcome = send(&client(Canned::ok(response.to_string()))).await;
        if let Some(code) = refusal(example) {
            assert_eq!(outcome.unwrap_err().code(), Some(code), "{action}: {name}");
        } else {
            let answer = plain(&outcome.unwrap_or_else(|error| panic!("{action}: {name}: {error}")));
            assert_eq!(answer, with_documented_spelling(action, &plain(response)), "{action}: {name}");
        }
        read += 1;
    }
    assert!(read >= aliyun_api_spec::dyvmsapi().operations.len());
}

/// The answer with aliases replaced by the names they stand for.
fn with_documented_spelling(action: &str, value: &Value) -> Value {
    let service = aliyun_api_spec::dyvmsapi();
    let operation = service.operation(action).unwrap();
    let mut text = value.to_string();
    let fields =
        operation.response.iter().chain(operation.types.iter().chain(&service.types).flat_map(
            |named| match &named.body {
                aliyun_api_spec::model::TypeBody::Record(fields) => fields.as_slice(),
                aliyun_api_spec::model::TypeBody::Enum { .. } => &[],
            },
        ));
    for field in fields {
        for alias in &field.aliases {
            text = text.replace(&format!("\"{alias}\":"), &format!("\"{}\":", field.wire_name));
        }
    }
    serde_json::from_str(&text).unwrap()
}

/// What the emulator answers is the first example that succeeds, whatever was asked for.
#[tokio::test]
async fn the_emulator_answers_every_request_in_process_and_over_http_in_both_formats() {
    let emulator = dyvmsapi_emulator::builder_with(State::Examples).build();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    let credentials = || Credentials::new("testid", "testsecret");
    let mut clients = Vec::new();
    for format in [Format::Json, Format::Xml] {
        let builder = || Client::builder().credentials(credentials()).format(format);
        clients.push(builder().transport(emulator.transport()).build().unwrap());
        clients.push(builder().endpoint(server.url()).build().unwrap());
    }
    let mut actions = BTreeSet::new();
    for (action, name, send) in entries() {
        let (operation, shown) = example(action, name);
        let succeeds = |example: &&Example| example.response.is_some() && refusal(example).is_none();
        let answered = operation.examples.iter().find(succeeds).unwrap_or(shown);
        let expected =
            plain(&send(&client(Canned::ok(answered.response.as_ref().unwrap().to_string()))).await.unwrap());
        for client in &clients {
            let answer = send(client).await.unwrap_or_else(|error| panic!("{action}: {name}: {error}"));
            assert_eq!(without_request_id(plain(&answer)), without_request_id(expected.clone()), "{action}: {name}");
        }
        actions.insert(action);
    }
    let all: BTreeSet<_> =
        aliyun_api_spec::dyvmsapi().operations.iter().map(|operation| operation.action.as_str()).collect();
    assert_eq!(actions, all, "every operation has an example");
}

/// Each answer has an id of its own.
fn without_request_id(mut value: Value) -> Value {
    value.as_object_mut().unwrap().remove("RequestId");
    value
}
