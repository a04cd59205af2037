//! The work of the procedural macro: it parses the arguments, reads the specification and generates the client. It is here
//! and not in the crate of the macro, so that tests can read its messages without a second compiler.

use std::path::Path;

use aliyun_api_spec::Loaded;
use aliyun_api_spec::model::Service;
use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token, bracketed};

use crate::generate::{generate, unknown_operations, unknown_receipts};
use crate::options::Options;

/// Expands `client!(input)` in a package in the folder `package` and in a crate with the name `path`. Each fault of the
/// arguments or the specification becomes a `compile_error!` at the argument that it concerns.
#[must_use]
pub fn client(input: TokenStream, package: &Path, path: Option<&str>) -> TokenStream {
    match syn::parse2::<Arguments>(input) {
        Ok(request) => request.expand(package, path),
        Err(error) => error.into_compile_error(),
    }
}

/// The arguments of the macro.
struct Arguments {
    source: Source,
    operations: Vec<Ident>,
    receipts: Vec<Ident>,
    /// The module of the crate in which the macro is called, if it is not the root.
    module: Option<Ident>,
}

enum Source {
    Embedded(Ident),
    Folder(LitStr),
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let lookahead = input.lookahead1();
        let source = if lookahead.peek(LitStr) {
            Source::Folder(input.parse()?)
        } else if lookahead.peek(Ident) {
            Source::Embedded(input.parse()?)
        } else {
            return Err(lookahead.error());
        };
        let (mut operations, mut receipts, mut module) = (Vec::new(), Vec::new(), None);
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key: Ident = input.parse()?;
            let names = match key.to_string().as_str() {
                "operations" => &mut operations,
                "receipts" => &mut receipts,
                "module" => {
                    input.parse::<Token![=]>()?;
                    module = Some(input.parse()?);
                    continue;
                }
                _ => {
                    let expected = "expected `operations = [..]`, `receipts = [..]` or `module = ..`";
                    return Err(syn::Error::new(key.span(), expected));
                }
            };
            input.parse::<Token![=]>()?;
            let list;
            bracketed!(list in input);
            names.extend(Punctuated::<Ident, Token![,]>::parse_terminated(&list)?);
        }
        Ok(Self { source, operations, receipts, module })
    }
}

impl Arguments {
    fn expand(&self, package: &Path, path: Option<&str>) -> TokenStream {
        let (loaded, link, span) = match &self.source {
            Source::Embedded(name) => match aliyun_api_spec::service(&name.to_string()) {
                // These files are part of the macro: if one changes, Cargo rebuilds the crate anyway.
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
            let (operations, receipts) = (texts(&self.operations), texts(&self.receipts));
            let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
            let receipts: Vec<&str> = receipts.iter().map(String::as_str).collect();
            let actions = service.operations.iter().map(|operation| operation.action.as_str());
            let kinds = service.receipts.iter().map(|receipt| receipt.kind.as_str());
            let unknown: TokenStream = unknown_operations(service, &operations)
                .into_iter()
                .map(|name| unknown(service, "operation", name, actions.clone(), &self.operations, span))
                .chain(
                    unknown_receipts(service, &receipts)
                        .into_iter()
                        .map(|name| unknown(service, "receipt", name, kinds.clone(), &self.receipts, span)),
                )
                .collect();
            let path = path.map(|path| match &self.module {
                Some(module) => format!("{path}::{module}"),
                None => path.to_owned(),
            });
            let options = Options { operations, receipts, path: path.as_deref(), link: link.as_deref() };
            let items = generate(service, &options);
            quote!(#unknown #items)
        });
        quote!(#(#tracked)* #(#faults)* #items)
    }
}

fn texts(names: &[Ident]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// The error for a name that the service does not have, at the argument.
fn unknown<'n>(
    service: &Service,
    what: &str,
    name: &'n str,
    known: impl Iterator<Item = &'n str>,
    arguments: &[Ident],
    span: Span,
) -> TokenStream {
    let span = arguments.iter().find(|ident| *ident == name).map_or(span, Ident::span);
    let hint = aliyun_api_spec::suggest::nearest(name, known)
        .map_or_else(String::new, |near| format!("; did you mean {near}?"));
    compile_error(span, &format!("{} has no {what} {name}{hint}", service.product))
}

/// The address of the files of an embedded service.
fn link(id: &str) -> Option<String> {
    let service = aliyun_api_spec::embedded().iter().find(|service| service.id == id)?;
    let version = env!("CARGO_PKG_VERSION");
    Some(format!("https://docs.rs/crate/aliyun-api-spec/{version}/source/services/{}/", service.folder))
}

/// Loads a folder relative to the package. Faults name files by the path that the macro was called with.
fn load(package: &Path, path: &str) -> Loaded {
    let mut loaded = aliyun_api_spec::load(&package.join(path));
    for fault in &mut loaded.faults {
        if let Ok(relative) = Path::new(&fault.file).strip_prefix(package) {
            fault.file = relative.display().to_string();
        }
    }
    loaded
}

/// The error for a name that is not that of an embedded service.
#[must_use]
pub fn unknown_service(name: &Ident) -> TokenStream {
    let ids: Vec<&str> = aliyun_api_spec::embedded().iter().map(|service| service.id).collect();
    let message = format!(
        "there is no embedded service {name}, only {}; to use a folder, write its path as a string: client!(\"path/to/service\")",
        ids.join(", ")
    );
    compile_error(name.span(), &message)
}

fn compile_error(span: Span, message: &str) -> TokenStream {
    syn::Error::new(span, message).into_compile_error()
}
