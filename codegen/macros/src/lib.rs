//! Procedural macros that generate clients. `aliyun-codegen` does the work.

use std::path::PathBuf;

use aliyun_api_spec::model::Service;
use proc_macro2::TokenStream;
use syn::Ident;

/// Generates the client of a service: a type for the service, `Client`, and a module with request and response types for
/// each group of operations, and one with the kinds of receipts if there are any.
///
/// * `client!(dyvmsapi)` uses a service that is embedded in `aliyun-api-spec`.
/// * `client!("path/to/service")` uses a folder with `service.json`, `operations/*.json` and `receipts/*.json`, relative to the `Cargo.toml` of
///   the package. Cargo rebuilds the crate if one of these files changes. For rebuilds after a file was added, a build
///   script must print `cargo::rerun-if-changed=path/to/service`.
/// * `client!(dyvmsapi, operations = [QueryRobotTaskCallList], receipts = [VoiceReport])` generates only these operations
///   and kinds of receipts, also of a folder.
/// * `client!(dybaseapi, module = dybaseapi)` is called in this module: the examples in the documentation name it.
///
/// Call it at the root of a crate that depends on `aliyun-runtime`, or in a module at the root. Every fault of the specification is a compile error of
/// the form `file:line:column: message`. Operations without a fault are generated even so.
#[proc_macro]
pub fn client(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    // Cargo sets the folder of the package and the name of the crate.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    let path = std::env::var("CARGO_CRATE_NAME").ok();
    aliyun_codegen::client(input.into(), &package, path.as_deref()).into()
}

/// The example requests of an embedded service, for tests of its client: `examples!(dyvmsapi)` is an array. Each item has the
/// action, the name of the example and a function that sends the typed request.
#[doc(hidden)]
#[proc_macro]
pub fn examples(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    of_embedded(input, aliyun_codegen::examples)
}

/// A program that uses every operation of an embedded service, for benchmarks: `uses!(dyvmsapi)` sends the first example of
/// each with the variable `client` and prints the response.
#[doc(hidden)]
#[proc_macro]
pub fn uses(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    of_embedded(input, aliyun_codegen::uses)
}

fn of_embedded(
    input: proc_macro::TokenStream,
    make: impl Fn(&Service, &str) -> TokenStream,
) -> proc_macro::TokenStream {
    let name = match syn::parse::<Ident>(input) {
        Ok(name) => name,
        Err(error) => return error.into_compile_error().into(),
    };
    let service = aliyun_api_spec::service(&name.to_string()).and_then(|loaded| loaded.service);
    let Some(service) = service else {
        return aliyun_codegen::unknown_service(&name).into();
    };
    make(&service, &name.to_string()).into()
}
