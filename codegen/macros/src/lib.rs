//! The procedural macro over `aliyun-codegen`: it finds the specification and hands it to the generator.

use std::path::{Path, PathBuf};

use aliyun_api_spec::Loaded;
use aliyun_api_spec::model::Service;
use aliyun_codegen::{Options, generate, unknown_operations};
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token, bracketed};

/// Generates the client of a service: a marker type, `Client`, and a module of request and response types for each
/// group of operations.
///
/// * `client!(dyvmsapi)` takes a service that is embedded in `aliyun-api-spec`.
/// * `client!("path/to/service")` takes a folder with `service.json` and `operations/*.json`, relative to the
///   package's `Cargo.toml`. The crate is built again when one of these files changes; so that it also is when a file
///   is added, a build script prints `cargo::rerun-if-changed=path/to/service`.
/// * `client!(dyvmsapi, operations = [QueryRobotTaskCallList])` takes only some operations, of either.
///
/// Call it at the root of a crate that depends on `aliyun-runtime`. Every fault of the specification is reported, each
/// as `file:line:column: message`; operations without a fault are generated all the same.
#[proc_macro]
pub fn client(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    match syn::parse::<Request>(input) {
        Ok(request) => request.expand().into(),
        Err(error) => error.into_compile_error().into(),
    }
}

/// The example requests of an embedded service, for the tests of its client: `examples!(dyvmsapi)` is an array of action,
/// name and a function that sends the typed request.
#[doc(hidden)]
#[proc_macro]
pub fn examples(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    of_embedded(input, aliyun_codegen::examples)
}

/// A program that uses every operation of an embedded service, for benches: `uses!(dyvmsapi)` sends the first
/// example of each with the variable `client` and prints the answer.
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
        return compile_error(name.span(), &unknown_service(&name.to_string())).into();
    };
    make(&service, &name.to_string()).into()
}

/// What the macro was called with.
struct Request {
    source: Source,
    operations: Vec<Ident>,
}

enum Source {
    Embedded(Ident),
    Folder(LitStr),
}

impl Parse for Request {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let lookahead = input.lookahead1();
        let source = if lookahead.peek(LitStr) {
            Source::Folder(input.parse()?)
        } else if lookahead.peek(Ident) {
            Source::Embedded(input.parse()?)
        } else {
            return Err(lookahead.error());
        };
        let mut operations = Vec::new();
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
        if !input.is_empty() {
            let key: Ident = input.parse()?;
            if key != "operations" {
                return Err(syn::Error::new(key.span(), "expected `operations = [..]`"));
            }
            input.parse::<Token![=]>()?;
            let list;
            bracketed!(list in input);
            operations = Punctuated::<Ident, Token![,]>::parse_terminated(&list)?.into_iter().collect();
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(Self { source, operations })
    }
}

impl Request {
    fn expand(&self) -> TokenStream {
        let (loaded, link, span) = match &self.source {
            Source::Embedded(name) => match aliyun_api_spec::service(&name.to_string()) {
                // A change of these files changes this macro, which builds the crate again.
                Some(loaded) => (Loaded { files: Vec::new(), ..loaded }, link(&name.to_string()), name.span()),
                None => return compile_error(name.span(), &unknown_service(&name.to_string())),
            },
            Source::Folder(path) => (load(&path.value()), None, path.span()),
        };
        let tracked = loaded.files.iter().map(|file| {
            let file = file.to_string_lossy();
            quote!(
                const _: &[u8] = include_bytes!(#file);
            )
        });
        let faults = loaded.faults.iter().map(|fault| compile_error(span, &fault.to_string()));
        let items = loaded.service.as_ref().map(|service| {
            let names: Vec<String> = self.operations.iter().map(ToString::to_string).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let unknown = unknown_operations(service, &names).into_iter().map(|name| {
                let span = self.operations.iter().find(|ident| *ident == name).map_or(span, Ident::span);
                let known = service.operations.iter().map(|operation| operation.action.as_str());
                let hint = aliyun_api_spec::suggest::nearest(name, known)
                    .map_or_else(String::new, |near| format!("; did you mean {near}?"));
                compile_error(span, &format!("{} has no operation {name}{hint}", service.product))
            });
            let unknown: TokenStream = unknown.collect();
            let path = std::env::var("CARGO_CRATE_NAME").ok();
            let items = generate(service, &Options { operations: names, path: path.as_deref(), link: link.as_deref() });
            quote!(#unknown #items)
        });
        quote!(#(#tracked)* #(#faults)* #items)
    }
}

/// Where the files of an embedded service can be read.
fn link(id: &str) -> Option<String> {
    let service = aliyun_api_spec::embedded().iter().find(|service| service.id == id)?;
    let version = env!("CARGO_PKG_VERSION");
    Some(format!("https://docs.rs/crate/aliyun-api-spec/{version}/source/services/{}/", service.folder))
}

/// Loads a folder relative to the package that is compiled. Faults name files as the call of the macro does.
fn load(path: &str) -> Loaded {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    let mut loaded = aliyun_api_spec::load(&package.join(Path::new(path)));
    for fault in &mut loaded.faults {
        if let Ok(relative) = Path::new(&fault.file).strip_prefix(&package) {
            fault.file = relative.display().to_string();
        }
    }
    loaded
}

fn unknown_service(name: &str) -> String {
    let ids: Vec<&str> = aliyun_api_spec::embedded().iter().map(|service| service.id).collect();
    format!(
        "no service {name} is embedded; there is {}; a folder is given as a string: client!(\"path/to/service\")",
        ids.join(", ")
    )
}

fn compile_error(span: Span, message: &str) -> TokenStream {
    syn::Error::new(span, message).into_compile_error()
}
