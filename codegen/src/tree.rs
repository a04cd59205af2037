//! The generator's own tree: a specification turned into Rust items, with every name, type and sentence decided.
//!
//! [`crate::lower`] builds it from a checked service, [`crate::expand`] prints it. Whatever can go wrong has gone
//! wrong before there is a tree, so printing cannot fail.

use aliyun_api_spec::name::KEYWORDS;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// A service: the items at the root.
pub(crate) struct Root {
    pub(crate) docs: String,
    pub(crate) name: Ident,
    pub(crate) facts: ServiceFacts,
    pub(crate) modules: Vec<Module>,
}

pub(crate) struct ServiceFacts {
    pub(crate) product: String,
    pub(crate) version: String,
    pub(crate) endpoint: String,
    /// Region and host.
    pub(crate) regions: Vec<(String, String)>,
    /// Region and host.
    pub(crate) vpc: Vec<(String, String)>,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: String,
    pub(crate) success: Vec<String>,
    pub(crate) ok: String,
    pub(crate) errors: Vec<ErrorFacts>,
}

pub(crate) struct ErrorFacts {
    /// The code and its aliases.
    pub(crate) codes: Vec<String>,
    pub(crate) kind: Option<Ident>,
    pub(crate) advice: String,
    pub(crate) only_4xx: bool,
}

/// A group of operations, or the shared types.
pub(crate) struct Module {
    pub(crate) docs: String,
    pub(crate) name: Ident,
    pub(crate) items: Vec<Item>,
}

pub(crate) enum Item {
    Record(Box<Record>),
    OpenSet(OpenSet),
}

/// A struct: a request, an answer, or a type in one of them.
pub(crate) struct Record {
    pub(crate) docs: String,
    pub(crate) deprecated: Option<String>,
    pub(crate) name: Ident,
    pub(crate) members: Vec<Member>,
    /// Other spellings, with the wire name that they stand for.
    pub(crate) aliases: Vec<(String, String)>,
    /// Whether requests carry it: then it has a constructor and setters.
    pub(crate) sent: bool,
    /// Whether answers carry it: then it can be read.
    pub(crate) read: bool,
    /// For a request, its operation.
    pub(crate) operation: Option<Operation>,
}

pub(crate) struct Member {
    pub(crate) docs: String,
    /// The first sentence, for the setter.
    pub(crate) summary: String,
    pub(crate) deprecated: Option<String>,
    pub(crate) name: Ident,
    pub(crate) wire_name: String,
    pub(crate) ty: TokenStream,
    /// Type of the argument of a setter, and how it becomes a value of the field.
    pub(crate) argument: TokenStream,
    pub(crate) conversion: Conversion,
    /// Whether a constructor takes it.
    pub(crate) required: bool,
    /// Whether the field is an `Option`.
    pub(crate) optional: bool,
    pub(crate) flags: Vec<&'static str>,
}

/// How an argument becomes a value of a field.
#[derive(Clone, Copy)]
pub(crate) enum Conversion {
    /// It is one.
    None,
    /// By `Into`.
    Into,
    /// Item by item.
    List,
    /// Entry by entry.
    Map,
}

impl Conversion {
    /// The expression that converts an argument.
    pub(crate) fn of(self, argument: &Ident) -> TokenStream {
        match self {
            Self::None => quote!(#argument),
            Self::Into => quote!(#argument.into()),
            Self::List => quote!(rt::list(#argument)),
            Self::Map => quote!(rt::map(#argument)),
        }
    }
}

/// The operation of a request, which is named like it.
pub(crate) struct Operation {
    pub(crate) get: bool,
    pub(crate) reads: bool,
    pub(crate) idempotent: bool,
    pub(crate) dials: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) per_second: Option<u32>,
    pub(crate) service: TokenStream,
    pub(crate) output: Ident,
    pub(crate) paging: Option<Paging>,
}

pub(crate) struct Paging {
    pub(crate) step: TokenStream,
    pub(crate) items: String,
    pub(crate) total: Option<String>,
    pub(crate) item: TokenStream,
    /// From the request to the parameter that moves, such as `request.page_no`.
    pub(crate) position: TokenStream,
    /// From `page` to its items.
    pub(crate) take_items: TokenStream,
    /// Statements that set what must be asked for.
    pub(crate) prepare: Vec<TokenStream>,
}

/// An open set of values.
pub(crate) struct OpenSet {
    pub(crate) docs: String,
    pub(crate) name: Ident,
    /// Whether the wire carries integers.
    pub(crate) integer: bool,
    pub(crate) values: Vec<OpenValue>,
}

pub(crate) struct OpenValue {
    pub(crate) docs: String,
    pub(crate) name: Ident,
    pub(crate) wire: String,
}

/// An identifier, raw where it is a keyword.
pub(crate) fn ident(name: &str) -> Ident {
    if KEYWORDS.contains(&name) { Ident::new_raw(name, Span::call_site()) } else { Ident::new(name, Span::call_site()) }
}
