//! From the tree to tokens. This cannot fail, and decides nothing: every name and type is in the tree.
//!
//! The shape is bought by measurement: one table of names per type, slices of fields without names, `#[inline]` on
//! every function, no derive that generates code per field.

use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};

use crate::tree::{ErrorFacts, Item, Member, Module, OpenSet, OpenValue, Operation, Paging, Record, Root};

pub(crate) fn root(root: &Root) -> TokenStream {
    let Root { docs, name, facts, modules } = root;
    let docs = docs_of(docs);
    let modules = modules.iter().map(module);
    let (product, version, endpoint) = (&facts.product, &facts.version, &facts.endpoint);
    let (code, message, request_id, success, ok) =
        (&facts.code, &facts.message, &facts.request_id, &facts.success, &facts.ok);
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
                        rt::EnvelopeFacts::new(#code, #message, #request_id, &[#(#success),*], #ok),
                        &[#(#errors),*],
                    )
                    #regions
                    #vpc
                };
        }

        #client
        pub type Client = ::aliyun_runtime::generated::Client<#name>;

        #(#modules)*
    }
}

/// A table of hosts by region, where there is one.
fn hosts(table: &str, hosts: &[(String, String)]) -> Option<TokenStream> {
    let table = format_ident!("{table}");
    let rows = hosts.iter().map(|(region, host)| quote!((#region, #host)));
    (!hosts.is_empty()).then(|| quote!(.#table(&[#(#rows),*])))
}

fn module(module: &Module) -> TokenStream {
    let Module { docs, name, items } = module;
    let docs = docs_of(docs);
    let items = items.iter().map(|item| match item {
        Item::Record(item) => record(item),
        Item::OpenSet(item) => open_set(item),
    });
    quote! {
        #docs
        pub mod #name {
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
    // Where a member is required, an empty value would be one that cannot be sent.
    let default = members.iter().all(|member| member.optional || !member.required).then(|| quote!(, Default));
    let fields = members.iter().map(|Member { docs, deprecated, name, ty, .. }| {
        let docs = docs_of(docs);
        let deprecated = deprecated_of(deprecated.as_deref());
        quote! { #docs #deprecated pub #name: #ty }
    });
    let constructor = record.sent.then(|| builder(record, &allowed));
    let implementations = implementations(record, &allowed);
    quote! {
        #docs
        #deprecated_item
        #allowed
        #[derive(Clone #default)]
        #[non_exhaustive]
        pub struct #name { #(#fields),* }

        #constructor
        #implementations
    }
}

/// The constructor, which takes what is required, and a setter for everything else.
fn builder(record: &Record, allowed: &TokenStream) -> TokenStream {
    let Record { name, members, .. } = record;
    let required: Vec<&Member> = members.iter().filter(|member| member.required).collect();
    let new = if required.is_empty() {
        quote! {
            /// One with nothing set.
            #[inline]
            #[must_use]
            pub fn new() -> Self { Default::default() }
        }
    } else {
        let arguments = required.iter().map(|Member { name, argument, .. }| quote!(#name: #argument));
        let values = members.iter().map(|Member { name, conversion, required, optional, .. }| {
            let value = match (required, optional) {
                (true, false) => quote!({ let value = #name; #conversion }),
                (true, true) => quote!(Some({ let value = #name; #conversion })),
                (false, _) => quote!(Default::default()),
            };
            // `value` is the name the conversions are written for; where the argument has it, nothing is renamed.
            quote!(#name: #value)
        });
        // From eight arguments on, clippy would have them in a struct: this is the struct.
        let many = (required.len() > 7)
            .then(|| quote!(#[allow(clippy::too_many_arguments, reason = "the service requires as many parameters")]));
        quote! {
            /// One with what is required.
            #many
            #[inline]
            #[must_use]
            pub fn new(#(#arguments),*) -> Self { Self { #(#values),* } }
        }
    };
    let setters = members.iter().filter(|member| !member.required).map(|member| {
        let Member { summary, deprecated, name, argument, conversion, optional, .. } = member;
        let docs = docs_of(summary);
        let deprecated = deprecated_of(deprecated.as_deref());
        let value = if *optional { quote!(Some(#conversion)) } else { conversion.clone() };
        quote! {
            #docs
            #deprecated
            #[inline]
            #[must_use]
            pub fn #name(mut self, value: #argument) -> Self {
                self.#name = #value;
                self
            }
        }
    });
    quote! {
        #allowed
        impl #name {
            #new
            #(#setters)*
        }
    }
}

fn implementations(record: &Record, allowed: &TokenStream) -> TokenStream {
    let Record { name, members, aliases, read, operation, .. } = record;
    let rows = members.iter().map(|Member { wire_name, flags, .. }| {
        let flags = flags.iter().map(|flag| format_ident!("{flag}"));
        let flags = flags.map(|flag| quote!(rt::Flags::#flag)).reduce(|all, flag| quote!(#all.and(#flag)));
        let flags = flags.unwrap_or_else(|| quote!(rt::Flags::NONE));
        quote!((#wire_name, #flags))
    });
    let alias_rows = aliases.iter().map(|(alias, index)| {
        let index = Literal::u16_unsuffixed(*index);
        quote!((#alias, rt::Flags::alias_of(#index)))
    });
    let names: Vec<_> = members.iter().map(|member| &member.name).collect();
    let fill = read.then(|| {
        quote! {
            impl rt::Record for #name {
                #[inline]
                fn fill(&mut self, filler: &mut dyn rt::Filler) {
                    rt::Filler::fill(filler, TABLE, &mut [#(&mut self.#names),*]);
                }
            }
        }
    });
    let operation = operation.as_ref().map(|item| self::operation(record, item));
    let shown = shown(name);
    let text = name.to_string();
    quote! {
        #allowed
        const _: () = {
            const TABLE: &[rt::Entry] = &[#(#rows,)* #(#alias_rows,)*];

            impl rt::Fields for #name {
                #[inline]
                fn walk(&self, viewer: &mut dyn rt::Viewer) {
                    rt::Viewer::members(viewer, #text, TABLE, &[#(&self.#names),*]);
                }
            }

            #fill
            #operation
            #shown
        };
    }
}

fn operation(record: &Record, operation: &Operation) -> TokenStream {
    let name = &record.name;
    let Operation { action, get, reads, idempotent, dials, id, per_second, service, output, paging } = operation;
    let get = get.then(|| quote!(.get()));
    let idempotent = match (reads, idempotent) {
        (true, _) => Some(quote!(.reads())),
        (false, true) => Some(quote!(.idempotent())),
        (false, false) => None,
    };
    let dials = dials.as_ref().map(|dials| quote!(.dials(#dials)));
    let id = id.as_ref().map(|id| quote!(.id(#id)));
    let per_second = per_second.map(Literal::u32_unsuffixed).map(|number| quote!(.per_second(#number)));
    let paging = paging.as_ref().map(|paging| self::paging(name, paging));
    quote! {
        impl rt::Operation for #name {
            const FACTS: rt::Facts = rt::Facts::operation(#action)#get #idempotent #dials #id #per_second;
            type Service = #service;
            type Output = #output;
        }

        #paging
    }
}

fn paging(name: &impl ToTokens, paging: &Paging) -> TokenStream {
    let Paging { step, items, total, item, position, take_items, prepare } = paging;
    let total = total.as_ref().map(|total| quote!(.total(#total)));
    let prepare = (!prepare.is_empty()).then(|| {
        quote! {
            #[inline]
            fn prepare(&mut self) { #(#prepare)* }
        }
    });
    quote! {
        impl rt::Paged for #name {
            const PAGING: rt::Paging = rt::Paging::of(#items, #step)#total;
            type Item = #item;

            #prepare

            #[inline]
            fn position(&mut self) -> rt::Place<'_> { rt::Slot::place(#position) }

            #[inline]
            fn items(page: Self::Output) -> Vec<#item> { #take_items }
        }
    }
}

/// `Debug` and `Serialize`, which forward to the walk.
fn shown(name: &impl ToTokens) -> TokenStream {
    quote! {
        impl std::fmt::Debug for #name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { rt::debug(self, f) }
        }

        impl rt::serde::Serialize for #name {
            #[inline]
            fn serialize<S: rt::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                rt::serialize(self, serializer)
            }
        }
    }
}

fn open_set(set: &OpenSet) -> TokenStream {
    let OpenSet { docs, name, integer, values } = set;
    let docs = docs_of(docs);
    let variants = values.iter().map(|OpenValue { docs, name, .. }| {
        let docs = docs_of(docs);
        quote!(#docs #name)
    });
    let names: Vec<_> = values.iter().map(|value| &value.name).collect();
    let (other, conversions) = if *integer { integer_set(set) } else { text_set(set, &names) };
    quote! {
        #docs
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// Any other value, as it is on the wire.
            Other(#other),
        }

        #conversions
    }
}

fn text_set(set: &OpenSet, names: &[&proc_macro2::Ident]) -> (TokenStream, TokenStream) {
    let name = &set.name;
    let wires: Vec<_> = set.values.iter().map(|value| &value.wire).collect();
    let conversions = quote! {
        impl #name {
            /// The value on the wire.
            #[inline]
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    #(Self::#names => #wires,)*
                    Self::Other(other) => other,
                }
            }
        }

        impl From<&str> for #name {
            #[inline]
            fn from(wire: &str) -> Self {
                match wire {
                    #(#wires => Self::#names,)*
                    other => Self::Other(other.to_owned()),
                }
            }
        }

        impl From<String> for #name {
            #[inline]
            fn from(wire: String) -> Self { Self::from(wire.as_str()) }
        }

        impl std::fmt::Display for #name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.as_str()) }
        }

        impl rt::serde::Serialize for #name {
            #[inline]
            fn serialize<S: rt::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl rt::Member for #name {
            #[inline]
            fn view(&self) -> rt::View<'_> { rt::View::Text(self.as_str()) }
        }

        impl rt::Slot for #name {
            #[inline]
            fn place(&mut self) -> rt::Place<'_> { rt::Place::Choice(self) }
        }

        impl rt::Choice for #name {
            #[inline]
            fn choose(&mut self, wire: &str) -> bool {
                *self = Self::from(wire);
                true
            }
        }

        impl rt::Blank for #name {
            #[inline]
            fn blank() -> Self { Self::Other(String::new()) }
        }
    };
    (quote!(String), conversions)
}

fn integer_set(set: &OpenSet) -> (TokenStream, TokenStream) {
    let name = &set.name;
    let names: Vec<_> = set.values.iter().map(|value| &value.name).collect();
    let wires: Vec<_> =
        set.values.iter().map(|value| Literal::i64_unsuffixed(value.wire.parse().unwrap_or_default())).collect();
    let conversions = quote! {
        impl #name {
            /// The value on the wire.
            #[inline]
            #[must_use]
            pub fn as_i64(&self) -> i64 {
                match self {
                    #(Self::#names => #wires,)*
                    Self::Other(other) => *other,
                }
            }
        }

        impl From<i64> for #name {
            #[inline]
            fn from(wire: i64) -> Self {
                match wire {
                    #(#wires => Self::#names,)*
                    other => Self::Other(other),
                }
            }
        }

        impl std::fmt::Display for #name {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.as_i64().fmt(f) }
        }

        impl rt::serde::Serialize for #name {
            #[inline]
            fn serialize<S: rt::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.as_i64())
            }
        }

        impl rt::Member for #name {
            #[inline]
            fn view(&self) -> rt::View<'_> { rt::View::Integer(self.as_i64()) }
        }

        impl rt::Slot for #name {
            #[inline]
            fn place(&mut self) -> rt::Place<'_> { rt::Place::Choice(self) }
        }

        impl rt::Choice for #name {
            #[inline]
            fn choose(&mut self, wire: &str) -> bool {
                match wire.parse() {
                    Ok(number) => {
                        *self = <Self as From<i64>>::from(number);
                        true
                    }
                    Err(_) => false,
                }
            }
        }

        impl rt::Blank for #name {
            #[inline]
            fn blank() -> Self { Self::Other(0) }
        }
    };
    (quote!(i64), conversions)
}

/// One `#[doc]` per line, so that printed source reads as comments.
fn docs_of(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!(" {line}") });
    quote!(#(#[doc = #lines])*)
}

fn deprecated_of(note: Option<&str>) -> Option<TokenStream> {
    note.map(|note| quote!(#[deprecated(note = #note)]))
}

/// Generated code of a deprecated item uses the item.
fn allow_deprecated(record: &Record) -> TokenStream {
    let any = record.deprecated.is_some() || record.members.iter().any(|member| member.deprecated.is_some());
    if any { quote!(#[allow(deprecated, reason = "an item may use itself")]) } else { TokenStream::new() }
}
