//! Generates Rust types for requests and responses from a specification.
//!
//! `aliyun-api-spec` parses and checks the specification. [`generate`] turns the checked service into a tree of Rust items,
//! and the tree into tokens. The procedural macro, the command `aliyun-codegen` and the snapshot tests all call this
//! function.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod docs;
mod example;
mod expand;
mod generate;
mod invocation;
mod lower;
mod options;
#[cfg(feature = "source")]
mod print;
mod reach;
mod tree;

use aliyun_api_spec::model::{Operation, Service};
pub use generate::{generate, unknown_operations, unknown_receipts};
pub use invocation::{client, unknown_service};
pub use options::Options;
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Map, Value};

/// An expression with all example requests of a service, for tests of the client crate at `path`.
///
/// It is an array. Each item has the action, the name of the example, and a function that sends the typed request with a
/// client and returns the typed response as JSON.
#[must_use]
pub fn examples(service: &Service, path: &str) -> TokenStream {
    let entries = example_requests(service, path, usize::MAX).map(|(action, name, request)| {
        quote! {
            (#action, #name, |client| ::std::boxed::Box::pin(async move {
                client.send(#request).await.map(|response| ::serde_json::json!(response))
            }))
        }
    });
    quote!([#(#entries),*])
}

/// How a [`program`] sends its request.
#[derive(Debug, Clone, Copy)]
pub struct Program<'p> {
    /// The crate of the client, such as `dyvmsapi`.
    pub path: &'p str,
    /// The expression that creates the client. It may use `Client`, the crate, and `?`.
    pub client: &'p str,
    /// Whether the pages of a list are read until the last one. Otherwise one request is sent.
    pub all_pages: bool,
}

impl<'p> Program<'p> {
    /// A program with the credentials of its environment that reads all pages of a list.
    #[must_use]
    pub fn new(path: &'p str) -> Self {
        Self { path, client: "Client::from_env()?", all_pages: true }
    }
}

/// A program that sends a request of an operation with these parameters, by their wire names, and prints what comes back. It
/// needs the crate of the client, and `tokio`.
///
/// `None` if a required parameter is missing, or if a value does not have the type of its parameter.
#[must_use]
pub fn program(
    service: &Service,
    operation: &Operation,
    program: Program<'_>,
    values: &Map<String, Value>,
) -> Option<String> {
    example::program(service, operation, program, values)
}

/// Statements that send the first example of every operation with `client` and print the response: a program that uses
/// every operation of a service.
#[must_use]
pub fn uses(service: &Service, path: &str) -> TokenStream {
    let module: TokenStream = path.parse().unwrap_or_default();
    let calls = example_requests(service, path, 1).map(|(_, _, request)| {
        quote! {
            {
                // Each call has its own function, as in a usual program. One function would be one large state machine.
                async fn call(client: &#module::Client) -> Result<(), #module::Error> {
                    println!("{:?}", client.send(#request).await?);
                    Ok(())
                }
                let call: ::std::pin::Pin<::std::boxed::Box<dyn Future<Output = Result<(), #module::Error>> + '_>> =
                    ::std::boxed::Box::pin(call(&client));
                call.await?;
            }
        }
    });
    quote!({ #(#calls)* })
}

/// The action, name and expression of the first `most` examples of each operation.
fn example_requests<'s>(
    service: &'s Service,
    path: &str,
    most: usize,
) -> impl Iterator<Item = (&'s str, &'s str, TokenStream)> {
    let examples = service
        .operations
        .iter()
        .flat_map(move |operation| operation.examples.iter().take(most).map(move |example| (operation, example)));
    examples.filter_map(move |(operation, example)| {
        let name = format!("{path}::{}::{}", operation.group, operation.name);
        let request = example::request(service, operation, path, &name, &example.request)?;
        Some((operation.action.as_str(), example.name.as_str(), request.parse().ok()?))
    })
}

/// The items of [`generate`] as formatted source.
#[cfg(feature = "source")]
pub fn generate_source(service: &Service, options: &Options<'_>) -> Result<String, SourceError> {
    print::source(generate(service, options)).map_err(|error| SourceError(error.to_string()))
}

/// The generated tokens are not valid Rust, which is a defect of the generator.
#[cfg(feature = "source")]
#[derive(Debug)]
pub struct SourceError(String);

#[cfg(feature = "source")]
impl std::fmt::Display for SourceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the generated tokens are not valid Rust, which is a defect of the generator: {}", self.0)
    }
}

#[cfg(feature = "source")]
impl std::error::Error for SourceError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documentation of each operation has the same statements, and its tests compile them.
    #[test]
    fn the_example_of_every_operation_is_a_program() {
        let service = aliyun_api_spec::dyvmsapi();
        for operation in &service.operations {
            let values = &operation.examples.first().unwrap().request;
            let program = super::program(service, operation, Program::new("dyvmsapi"), values).unwrap();
            syn::parse_file(&program).unwrap_or_else(|error| panic!("{}: {error}\n{program}", operation.action));
        }
        let list = service.operation("QueryRobotTaskCallList").unwrap();
        let values = [("TaskId".to_owned(), "1045001".into())].into_iter().collect();
        assert_eq!(
            program(service, list, Program::new("dyvmsapi"), &values).unwrap(),
            "use dyvmsapi::Client;\nuse dyvmsapi::robot::QueryRobotTaskCallList;\n\n#[tokio::main]\n\
             async fn main() -> Result<(), dyvmsapi::Error> {\n    let client = Client::from_env()?;\n\
             \x20   let mut items = client.items(QueryRobotTaskCallList::new()\n        .task_id(\"1045001\"));\n\
             \x20   while let Some(item) = items.next().await? {\n        println!(\"{item:?}\");\n    }\n    Ok(())\n}\n"
        );
        let client = "Client::builder().endpoint(\"http://localhost\").build()?";
        let single = Program { client, all_pages: false, ..Program::new("dyvmsapi") };
        let single = program(service, list, single, &values).unwrap();
        assert!(single.contains("    let client = Client::builder().endpoint(\"http://localhost\").build()?;\n"));
        assert!(single.contains("    let response = client.send(QueryRobotTaskCallList::new()\n"), "{single}");
        let values = [("TaskId".to_owned(), true.into())].into_iter().collect();
        assert_eq!(program(service, list, Program::new("dyvmsapi"), &values), None);
    }

    /// `tests/explorer/run` compiles the programs of all examples.
    #[test]
    fn a_program_needs_the_crate_of_the_client_only_and_its_values_have_one_type() {
        let service = aliyun_api_spec::dyvmsapi();
        let program = |action: &str, values: &Value| {
            let operation = service.operation(action).unwrap();
            super::program(service, operation, Program::new("dyvmsapi"), values.as_object().unwrap()).unwrap()
        };
        for operation in &service.operations {
            for example in &operation.examples {
                let program = program(&operation.action, &Value::Object(example.request.clone()));
                assert!(!program.contains("aliyun_runtime"), "{}: {program}", operation.action);
            }
        }
        let update = |strategy: Value| {
            let values = serde_json::json!({ "EnterpriseId": 7, "TaskId": "11", "RetryStrategy": strategy });
            program("CloudUpdateTask", &values)
        };
        let strategy = serde_json::json!({ "n": [13_000_000_000_u64, u64::MAX, 1.5, null] });
        let expected = "dyvmsapi::Value::from_iter([(\"n\", dyvmsapi::Value::from_iter([\
                        dyvmsapi::Value::from(13000000000_i64), dyvmsapi::Value::from(18446744073709551615_u64), \
                        dyvmsapi::Value::from(1.5), dyvmsapi::Value::Null]))])";
        let written = update(strategy);
        assert!(written.contains(expected), "{written}");
        let import = |property: Value| {
            let operation = service.operation("CloudImportTaskTel").unwrap();
            let mut values = operation.examples[0].request.clone();
            values["TaskTelList"][0]["Property"] = property;
            super::program(service, operation, Program::new("dyvmsapi"), &values).unwrap()
        };
        assert!(import(serde_json::json!({ "a": "x", "b": "y" })).contains(r#"[("a", "x"), ("b", "y")]"#));
        let mixed = import(serde_json::json!({ "a": "x", "b": 1 }));
        let expected = r#"[("a", dyvmsapi::Value::from("x")), ("b", dyvmsapi::Value::from(1_i64))]"#;
        assert!(mixed.contains(expected), "{mixed}");
        let create = service.operation("ClinkCreateClient").unwrap();
        let mut values = create.examples[0].request.clone();
        values.insert("CloudNumberModes".to_owned(), serde_json::json!([1, 3_000_000_000_u64]));
        let written = super::program(service, create, Program::new("dyvmsapi"), &values).unwrap();
        assert!(written.contains(".cloud_number_modes([1, 3000000000_i64])"), "{written}");
    }
}
