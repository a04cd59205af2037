//! Turns the tree into tokens. This cannot fail, and decides nothing: every name and type is in the tree.
//!
//! A record becomes a struct and lists. Macros of the runtime turn these lists into implementations
//! (`runtime/src/generated.rs`).

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use crate::tree::{
    EnvelopeFacts, ErrorFacts, Item, Member, Module, NamedField, OpenSet, OpenValue, OperationFacts, Paging,
    ReceiptFacts, ReceiptKind, Record, Root,
};

pub(crate) fn root(root: &Root) -> TokenStream {
    let Root { docs, name, facts, modules } = root;
    let docs = docs_of(docs);
    let modules = modules.iter().map(module);
    let (product, version, endpoint) = (&facts.product, &facts.version, &facts.endpoint);
    let envelope = envelope(&facts.envelope);
    let wording = facts.wording.iter().map(|(by, maybe, nobody)| quote!(.wording(rt::By::#by, #maybe, #nobody)));
    let serves_all = facts.serves_all.then(|| quote!(.serves_all()));
    let regions = hosts("regions", &facts.regions);
    let vpc = hosts("vpc", &facts.vpc);
    let errors = facts.errors.iter().map(|error| {
        let ErrorFacts { codes, kind, advice, only_4xx } = error;
        let kind = kind.as_ref().map_or_else(|| quote!(None), |kind| quote!(Some(rt::RefusalKind::#kind)));
        let status = only_4xx.then(|| quote!(.only_4xx()));
        quote!(rt::ErrorFacts::new(&[#(#codes),*], #kind, #advice)#status)
    });
    let client = docs_of(&format!("A client of [`{name}`]. Clones share connections and credentials."));
    quote! {
        #docs
        #[derive(Debug, Clone, Copy)]
        pub enum #name {}

        impl ::aliyun_runtime::generated::Service for #name {
            const FACTS: &'static ::aliyun_runtime::generated::ServiceFacts =
                {
                    use ::aliyun_runtime::generated as rt;

                    &rt::ServiceFacts::new(
                        #product, #version, #endpoint,
                        #envelope,
                        &[#(#errors),*],
                    )
                    #serves_all
                    #regions
                    #vpc
                    #(#wording)*
                };
        }

        #client
        pub type Client = ::aliyun_runtime::Client<#name>;

        #(#modules)*
    }
}

fn envelope(envelope: &EnvelopeFacts) -> TokenStream {
    let EnvelopeFacts { code, message, request_id, success, ok } = envelope;
    quote!(rt::EnvelopeFacts::new(#code, #message, #request_id, &[#(#success),*], #ok))
}

/// A table of hosts by region, if there are any.
fn hosts(table: &str, hosts: &[(String, String)]) -> Option<TokenStream> {
    let table = format_ident!("{table}");
    let rows = hosts.iter().map(|(region, host)| quote!((#region, #host)));
    (!hosts.is_empty()).then(|| quote!(.#table(&[#(#rows),*])))
}

fn module(module: &Module) -> TokenStream {
    let Module { docs, name, items } = module;
    // Inside, where the names of its operations are in scope.
    let docs = docs.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    let items = items.iter().map(|item| match item {
        Item::Record(item) => record(item),
        Item::OpenSet(item) => open_set(item),
        Item::Receipts(kinds) => receipts(kinds),
    });
    quote! {
        pub mod #name {
            #(#![doc = #docs])*

            use ::aliyun_runtime::generated as rt;

            #(#items)*
        }
    }
}

fn record(record: &Record) -> TokenStream {
    let Record { docs, deprecated, name, members, .. } = record;
    let docs = docs_of(docs);
    let deprecated_item = deprecated_of(deprecated.as_deref());
    let allowed = allow_deprecated(record);
    // With a required member there is no default: an empty value could not be sent.
    let default = members.iter().all(|member| member.optional || !member.required).then(|| quote!(, Default));
    let fields = members.iter().map(|Member { docs, deprecated, name, ty, .. }| {
        let docs = docs_of(docs);
        let deprecated = deprecated_of(deprecated.as_deref());
        quote! { #docs #deprecated pub #name: #ty }
    });
    let builder = record.sent.then(|| builder(record));
    let table = self::members(record);
    let operation = record.operation.as_ref().map(|item| self::operation(name, item));
    let raw = record.receipt.as_ref().map(|_| {
        quote! {
            /// The receipt as it arrived, with members that are not listed here.
            pub raw: rt::Raw
        }
    });
    let times = record.receipt.as_ref().and_then(|facts| times(name, facts));
    let fields = fields.chain(raw);
    quote! {
        #docs
        #deprecated_item
        #allowed
        #[derive(Clone #default)]
        #[non_exhaustive]
        pub struct #name { #(#fields),* }

        #builder
        #table
        #operation
        #times
    }
}

fn times(name: &Ident, facts: &ReceiptFacts) -> Option<TokenStream> {
    let ReceiptFacts { zone, times } = facts;
    (!times.is_empty()).then(|| quote!(rt::times!(#name #zone { #(#times,)* });))
}

fn receipts(kinds: &[ReceiptKind]) -> TokenStream {
    let rows = kinds.iter().map(|ReceiptKind { name, key, id, own_id }| {
        let id = id.as_ref().map(|NamedField { name, wire_name }| quote!(, id: #name = #wire_name));
        let own_id = own_id.as_ref().map(|NamedField { name, wire_name }| quote!(, own_id: #name = #wire_name));
        quote!(#name { key: [#(#key),*] #id #own_id })
    });
    quote!(rt::receipts! { #(#rows),* })
}

/// The constructor with the required members, and a setter for each other one.
fn builder(record: &Record) -> TokenStream {
    let Record { name, members, .. } = record;
    let (required, others): (Vec<&Member>, Vec<&Member>) = members.iter().partition(|member| member.required);
    let arguments = required.iter().map(|Member { name, argument, conversion, optional, .. }| {
        let value = held(conversion.of(name), *optional);
        quote!(#name: #argument = #value,)
    });
    let setters = others.iter().map(|Member { summary, deprecated, name, argument, conversion, optional, .. }| {
        let docs = docs_of(summary);
        let deprecated = deprecated_of(deprecated.as_deref());
        let value = held(conversion.of(&format_ident!("value")), *optional);
        quote!(#docs #deprecated #name(value: #argument) = #value,)
    });
    let new = (!required.is_empty()).then(|| quote!(new { #(#arguments)* }));
    let set = (!others.is_empty()).then(|| quote!(set { #(#setters)* }));
    quote!(rt::builder!(#name #new #set);)
}

/// The value that the field has for an argument.
fn held(value: TokenStream, optional: bool) -> TokenStream {
    if optional { quote!(Some(#value)) } else { value }
}

/// The table of the members, which `Debug`, the encoder and the reader use.
fn members(record: &Record) -> TokenStream {
    let Record { name, members, aliases, read, .. } = record;
    let rows = members.iter().map(|Member { name, wire_name, flags, .. }| {
        let flags = flags.iter().map(|flag| format_ident!("{flag}"));
        quote!(#name: #wire_name #(#flags)*,)
    });
    // Only responses have other spellings.
    let read = read.then(|| {
        let rows = aliases.iter().map(|(alias, wire_name)| quote!(#alias => #wire_name,));
        (quote!(: Record), (!aliases.is_empty()).then(|| quote!(aliases { #(#rows)* })))
    });
    let (record, aliases) = read.unzip();
    quote!(rt::members!(#name #record { #(#rows)* } #aliases);)
}

fn operation(name: &Ident, operation: &OperationFacts) -> TokenStream {
    let OperationFacts { action, method, signed, envelope, reads, idempotent, reaches, id, per_second, .. } = operation;
    let OperationFacts { service, output, paging, .. } = operation;
    let action = action.as_ref().map(|action| quote!(action(#action),));
    let method = method.as_ref().map(|method| quote!(method(rt::Method::#method),));
    let unsigned = (!signed).then(|| quote!(unsigned,));
    let envelope = envelope.as_ref().map(self::envelope).map(|envelope| quote!(envelope(&#envelope),));
    let idempotent = match (reads, idempotent) {
        (true, _) => Some(quote!(reads,)),
        (false, true) => Some(quote!(idempotent,)),
        (false, false) => None,
    };
    let reaches = reaches.as_ref().map(|(by, whom)| quote!(reaches(rt::By::#by, #whom),));
    let id = id.as_ref().map(|id| quote!(id(#id),));
    let per_second = per_second.map(Literal::u32_unsuffixed).map(|number| quote!(per_second(#number),));
    let paging = paging.as_ref().map(|paging| self::paging(name, paging));
    quote! {
        rt::operation!(#name -> #output {
            service: #service, #action #method #unsigned #envelope #idempotent #reaches #id #per_second
        });

        #paging
    }
}

fn paging(name: &Ident, paging: &Paging) -> TokenStream {
    let Paging { step, items, total, item, position, take_items, prepare } = paging;
    let total = total.as_ref().map(|total| quote!(total: #total,));
    let prepare = (!prepare.is_empty()).then(|| quote!(prepare: |request| { #(#prepare)* },));
    quote! {
        rt::paged!(#name -> #item {
            items: #items = |page| #take_items,
            position: #step = |request| #position,
            #total
            #prepare
        });
    }
}

fn open_set(set: &OpenSet) -> TokenStream {
    let OpenSet { docs, name, integer, values } = set;
    let docs = docs_of(docs);
    let values = values.iter().map(|OpenValue { docs, name, wire }| {
        let docs = docs_of(docs);
        let wire = match integer {
            true => Literal::i64_unsuffixed(wire.parse().unwrap_or_default()),
            false => Literal::string(wire),
        };
        quote!(#docs #name = #wire,)
    });
    let wire = if *integer { quote!(i64) } else { quote!(String) };
    quote! {
        rt::open_set! { #docs pub enum #name: #wire { #(#values)* } }
    }
}

/// One `#[doc]` attribute per line, so that printed source has comments.
fn docs_of(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

fn deprecated_of(note: Option<&str>) -> Option<TokenStream> {
    note.map(|note| quote!(#[deprecated(note = #note)]))
}

/// For derived code, which uses the deprecated item itself.
fn allow_deprecated(record: &Record) -> TokenStream {
    let any = record.deprecated.is_some() || record.members.iter().any(|member| member.deprecated.is_some());
    if any { quote!(#[allow(deprecated, reason = "an item may use itself")]) } else { TokenStream::new() }
}
