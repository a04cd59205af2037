//! What the procedural macro does with what it is called with: it finds the specification and has it generated. It
//! stands here, and not in the macro's crate, so that a test can read the messages without a second compiler.

use std::path::Path;

use aliyun_api_spec::Loaded;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token, bracketed};

use crate::generate::{generate, unknown_operations};
use crate::options::Options;

/// What `client!(input)` stands for in a package in the folder `package`, in a crate of the name `path`. What is wrong
/// with the call or with the specification becomes a `compile_error!` at the word of the call that it is about.
#[must_use]
pub fn client(input: TokenStream, package: &Path, path: Option<&str>) -> TokenStream {
    match syn::parse2::<Request>(input) {
        Ok(request) => request.expand(package, path),
        Err(error) => error.into_compile_error(),
    }
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
    fn expand(&self, package: &Path, path: Option<&str>) -> TokenStream {
        let (loaded, link, span) = match &self.source {
            Source::Embedded(name) => match aliyun_api_spec::service(&name.to_string()) {
                // A change of these files changes this macro, which builds the crate again.
                Some(loaded) => (Loaded { files: Vec::new(), ..loaded }, link(&name.to_string()), name.span()),
                None => return unknown_service(name),
            },
            Source::Folder(folder) => (load(package, &folder.value()), None, folder.span()),
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
            let items = generate(service, &Options { operations: names, path, link: link.as_deref() });
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

/// Loads a folder relative to the package. Faults name files as the call of the macro does.
fn load(package: &Path, path: &str) -> Loaded {
    let mut loaded = aliyun_api_spec::load(&package.join(path));
    for fault in &mut loaded.faults {
        if let Ok(relative) = Path::new(&fault.file).strip_prefix(package) {
            fault.file = relative.display().to_string();
        }
    }
    loaded
}

/// The error that no service of this name is embedded.
#[must_use]
pub fn unknown_service(name: &Ident) -> TokenStream {
    let ids: Vec<&str> = aliyun_api_spec::embedded().iter().map(|service| service.id).collect();
    let message = format!(
        "no service {name} is embedded; there is {}; a folder is given as a string: client!(\"path/to/service\")",
        ids.join(", ")
    );
    compile_error(name.span(), &message)
}

fn compile_error(span: Span, message: &str) -> TokenStream {
    syn::Error::new(span, message).into_compile_error()
}
