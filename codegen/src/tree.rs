//! The tree of the generator: the Rust items of a service, with all names, types and sentences.
//!
//! [`crate::lower`] builds it from a checked service, and [`crate::expand`] turns it into tokens. The specification was
//! checked before, so neither can fail.

use aliyun_api_spec::name::KEYWORDS;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// The items at the root: the type of the service, its facts and its modules.
pub(crate) struct Root {
    pub(crate) docs: String,
    pub(crate) name: Ident,
    pub(crate) facts: ServiceFacts,
    pub(crate) modules: Vec<Module>,
}

pub(crate) struct ServiceFacts {
    pub(crate) product: String,
    pub(crate) version: String,
    /// Empty if there is none.
    pub(crate) endpoint: String,
    pub(crate) serves_all: bool,
    /// Pairs of region and host.
    pub(crate) regions: Vec<(String, String)>,
    /// Pairs of region and host.
    pub(crate) vpc: Vec<(String, String)>,
    pub(crate) envelope: EnvelopeFacts,
    /// Own words for operations that reach a person: how, what may be, and what is certain if nobody was reached.
    pub(crate) wording: Vec<(Ident, String, String)>,
    pub(crate) errors: Vec<ErrorFacts>,
}

/// The members that state success. Names are empty if there is no such member.
pub(crate) struct EnvelopeFacts {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: String,
    pub(crate) success: Vec<String>,
    pub(crate) ok: String,
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
    /// The kinds of receipts, after their records.
    Receipts(Vec<ReceiptKind>),
}

/// What identifies receipts of a kind. Its record has the same name.
pub(crate) struct ReceiptKind {
    pub(crate) name: Ident,
    /// Wire names of the fields that identify one.
    pub(crate) key: Vec<String>,
    /// The field with the id of what was started.
    pub(crate) id: Option<NamedField>,
    /// The field with the caller's own id.
    pub(crate) own_id: Option<NamedField>,
}

/// A field, by its names in Rust and on the wire.
pub(crate) struct NamedField {
    pub(crate) name: Ident,
    pub(crate) wire_name: String,
}

/// What only the record of a receipt has.
pub(crate) struct ReceiptFacts {
    /// The time zone of its times.
    pub(crate) zone: String,
    /// Fields with times.
    pub(crate) times: Vec<Ident>,
}

/// A struct: a request, a response, or a type in one of them.
pub(crate) struct Record {
    pub(crate) docs: String,
    pub(crate) deprecated: Option<String>,
    pub(crate) name: Ident,
    pub(crate) members: Vec<Member>,
    /// Other spellings, with the wire names that they stand for.
    pub(crate) aliases: Vec<(String, String)>,
    /// Whether requests use it. Then it has a constructor and setters.
    pub(crate) sent: bool,
    /// Whether responses use it. Then it can be read.
    pub(crate) read: bool,
    /// The operation, if it is a request.
    pub(crate) operation: Option<OperationFacts>,
    /// Facts, if it is a receipt.
    pub(crate) receipt: Option<ReceiptFacts>,
}

pub(crate) struct Member {
    pub(crate) docs: String,
    /// The documentation of the setter.
    pub(crate) summary: String,
    pub(crate) deprecated: Option<String>,
    pub(crate) name: Ident,
    pub(crate) wire_name: String,
    pub(crate) ty: TokenStream,
    /// The type of the argument of a setter, and its conversion to the value of the field.
    pub(crate) argument: TokenStream,
    pub(crate) conversion: Conversion,
    /// Whether the constructor takes it.
    pub(crate) required: bool,
    /// Whether the field is an `Option`.
    pub(crate) optional: bool,
    pub(crate) flags: Vec<&'static str>,
}

/// How an argument is converted to the value of a field.
#[derive(Clone, Copy)]
pub(crate) enum Conversion {
    /// Not at all.
    None,
    /// With `Into`.
    Into,
    /// Each item with `Into`.
    List,
    /// Each key and value with `Into`.
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

/// The facts of an operation. Its request has the same name.
pub(crate) struct OperationFacts {
    /// The name on the wire, if it differs from that of the request.
    pub(crate) action: Option<String>,
    /// The HTTP method, if it is not POST.
    pub(crate) method: Option<Ident>,
    pub(crate) signed: bool,
    pub(crate) envelope: Option<EnvelopeFacts>,
    pub(crate) reads: bool,
    pub(crate) idempotent: bool,
    /// How the operation reaches a person, and the parameter that says whom.
    pub(crate) reaches: Option<(Ident, String)>,
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
    /// The parameter that selects the page, such as `request.page_no`.
    pub(crate) position: TokenStream,
    /// The items of `page`.
    pub(crate) take_items: TokenStream,
    /// Statements that set the parameters for paging.
    pub(crate) prepare: Vec<TokenStream>,
}

/// An open enum.
pub(crate) struct OpenSet {
    pub(crate) docs: String,
    pub(crate) name: Ident,
    /// Whether its values are sent as integers.
    pub(crate) integer: bool,
    pub(crate) values: Vec<OpenValue>,
}

pub(crate) struct OpenValue {
    pub(crate) docs: String,
    pub(crate) name: Ident,
    pub(crate) wire: String,
}

/// An identifier. A keyword becomes a raw one.
pub(crate) fn ident(name: &str) -> Ident {
    if KEYWORDS.contains(&name) { Ident::new_raw(name, Span::call_site()) } else { Ident::new(name, Span::call_site()) }
}
