//! Turns a checked specification into the tree of the generator. All names, types and sentences are decided here.

use aliyun_api_spec::model::{
    Envelope, Field, Kind, Method, NamedType, Operation, OperationType, PagePosition, Pagination, Position, Receipt,
    Service, ServiceError, Style, Time, TypeBody,
};
use aliyun_api_spec::name::{RECEIPT_MODULE, SHARED_MODULE, type_name};
use aliyun_api_spec::types::{Sensitivity, Type, Types};
use proc_macro2::{Literal, TokenStream};
use quote::{ToTokens as _, format_ident, quote};
use serde_json::Value;

use crate::options::Options;
use crate::tree::{
    self, Conversion, EnvelopeFacts, ErrorFacts, Item, Member, Module, NamedField, OpenSet, OpenValue, ReceiptFacts,
    ReceiptKind, Record, Root, ServiceFacts, ident,
};
use crate::{docs, reach};

pub(crate) fn root(service: &Service, options: &Options<'_>) -> Root {
    let chosen: Vec<&Operation> = service.operations.iter().filter(|operation| options.chooses(operation)).collect();
    let receipts: Vec<&Receipt> = service.receipts.iter().filter(|receipt| options.chooses_receipt(receipt)).collect();
    let reach = reach::of(service, &chosen, &receipts);
    let lower = Lower { service, options, reach };
    let groups = service.groups.iter().filter_map(|group| {
        let operations: Vec<_> = chosen.iter().filter(|operation| operation.group == group.id).collect();
        let items = operations.iter().flat_map(|operation| lower.operation(operation)).collect();
        let module = Module { docs: docs::group(group, &operations), name: ident(&group.id), items };
        (!operations.is_empty()).then_some(module)
    });
    let mut modules: Vec<Module> = groups.collect();
    if !receipts.is_empty() {
        let mut items: Vec<Item> = receipts.iter().flat_map(|receipt| lower.receipt(receipt)).collect();
        items.push(Item::Receipts(receipts.iter().map(|receipt| receipt_kind(receipt)).collect()));
        modules.push(Module { docs: docs::receipts(&receipts), name: ident(RECEIPT_MODULE), items });
    }
    let scope = Scope { types: Types::shared(service), is_shared: true };
    let shared: Vec<Item> = service.types.iter().filter_map(|named| lower.named(named, scope)).collect();
    if !shared.is_empty() {
        modules.push(Module { docs: docs::shared(), name: ident(SHARED_MODULE), items: shared });
    }
    Root {
        docs: docs::service(service),
        name: ident(&type_name(&service.product)),
        facts: ServiceFacts {
            product: service.product.clone(),
            version: service.version.clone(),
            endpoint: service.endpoints.default.clone().unwrap_or_default(),
            serves_all: service.endpoints.default_serves_all,
            regions: service.endpoints.regions.clone(),
            vpc: service.endpoints.vpc.clone(),
            envelope: envelope(&service.envelope),
            wording: service
                .wording
                .iter()
                .map(|(by, words)| (format_ident!("{}", by.variant_name()), words.maybe.clone(), words.nobody.clone()))
                .collect(),
            errors: service.errors.iter().map(error).collect(),
        },
        modules,
    }
}

fn flags(field: &Field, scope: Scope<'_>) -> Vec<&'static str> {
    let style = field.shape.style.map(|style| match style {
        Style::Flat => "FLAT",
        Style::Json => "JSON",
        Style::Simple => "SIMPLE",
    });
    let sensitive = (scope.types.sensitivity(&field.shape) == Sensitivity::Whole).then_some("SENSITIVE");
    let form = (field.position == Position::Form).then_some("FORM");
    let region = field.filled_by_region.then_some("REGION");
    sensitive.into_iter().chain(style).chain(form).chain(region).collect()
}

fn envelope(envelope: &Envelope) -> EnvelopeFacts {
    let name = |member: &Option<String>| member.clone().unwrap_or_default();
    EnvelopeFacts {
        code: name(&envelope.code),
        message: name(&envelope.message),
        request_id: name(&envelope.request_id),
        success: envelope.success.clone(),
        ok: name(&envelope.ok),
    }
}

fn error(error: &ServiceError) -> ErrorFacts {
    ErrorFacts {
        codes: [&error.code].into_iter().chain(&error.aliases).cloned().collect(),
        // Kinds have the same names in the specification and in the runtime.
        kind: error.kind.map(|kind| format_ident!("{}", kind.variant_name())),
        advice: error.advice.clone(),
        only_4xx: error.only_4xx,
    }
}

struct Lower<'a> {
    service: &'a Service,
    options: &'a Options<'a>,
    reach: reach::Reach<'a>,
}

/// The types that an item can name.
#[derive(Clone, Copy)]
struct Scope<'a> {
    types: Types<'a>,
    /// Whether the item is in the module of shared types. Other modules name these types by a path.
    is_shared: bool,
}

/// Which types the fields of a record have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holding {
    /// A request, or a type that only requests use: a required field is not an `Option`.
    Sent,
    /// A type that requests and responses use: every field is an `Option`, since a response may leave out any.
    Both,
    /// A response: lists and maps are empty if absent, every other field is an `Option`.
    Read,
    /// The envelope: texts are empty if absent, too.
    Envelope,
    /// A receipt: every field is an `Option`, since empty and absent differ.
    Receipt,
}

impl Lower<'_> {
    fn operation(&self, operation: &Operation) -> Vec<Item> {
        let scope = Scope { types: Types::of(operation, self.service), is_shared: false };
        let request = self.request(operation, scope);
        let response = self.response(operation, scope);
        let types = operation.types.iter().filter_map(|named| self.named(named, scope));
        [request, response].map(|record| Item::Record(Box::new(record))).into_iter().chain(types).collect()
    }

    fn request(&self, operation: &Operation, scope: Scope<'_>) -> Record {
        let service = ident(&type_name(&self.service.product));
        let facts = tree::OperationFacts {
            action: (operation.name != operation.action).then(|| operation.action.clone()),
            // Methods have the same names in the specification and in the runtime.
            method: (operation.method != Method::Post).then(|| format_ident!("{}", operation.method.variant_name())),
            signed: operation.signed,
            envelope: operation.envelope.as_ref().map(envelope),
            reads: operation.operation_type == OperationType::Read && operation.idempotent,
            idempotent: operation.idempotent,
            // Both have the same names in the specification and in the runtime.
            reaches: operation
                .reaches
                .as_ref()
                .map(|reach| (format_ident!("{}", reach.by.variant_name()), reach.whom.clone())),
            id: operation.id.clone(),
            per_second: operation.limits.per_second,
            service: quote!(super::#service),
            output: format_ident!("{}Response", operation.name),
            paging: operation.pagination.as_ref().map(|pagination| self.paging(operation, pagination, scope)),
        };
        Record {
            docs: docs::request(self.service, operation, self.options),
            deprecated: operation.deprecated.clone(),
            name: ident(&operation.name),
            members: operation.parameters.iter().map(|field| self.member(field, Holding::Sent, scope)).collect(),
            aliases: Vec::new(),
            sent: true,
            read: false,
            operation: Some(facts),
            receipt: None,
        }
    }

    fn response(&self, operation: &Operation, scope: Scope<'_>) -> Record {
        let own = operation.response.iter().map(|field| self.member(field, Holding::Read, scope));
        let rule = self.service.envelope_of(operation);
        let envelope = self.service.envelope_fields(operation).map(|field| {
            let mut member = self.member(field, Holding::Envelope, scope);
            if !rule.decides_success(&field.wire_name) {
                member.flags.push("LENIENT");
            }
            member
        });
        let members = own.chain(envelope).collect();
        Record {
            docs: docs::response(operation),
            deprecated: None,
            name: format_ident!("{}Response", operation.name),
            members,
            aliases: aliases(self.service.response_fields(operation)),
            sent: false,
            read: true,
            operation: None,
            receipt: None,
        }
    }

    fn receipt(&self, receipt: &Receipt) -> Vec<Item> {
        let scope = Scope { types: Types::of_receipt(receipt, Some(self.service)), is_shared: false };
        // The pattern that the typed accessors read.
        let is_wall_clock = |time: &Time| matches!(time, Time::Pattern(pattern) if pattern == "yyyy-MM-dd HH:mm:ss");
        let has_time =
            |field: &&Field| field.shape.kind == Kind::String && field.shape.time.as_ref().is_some_and(is_wall_clock);
        let facts = ReceiptFacts {
            zone: self.service.time_zone.clone(),
            times: receipt.fields.iter().filter(has_time).map(|field| ident(&field.rust_name)).collect(),
        };
        let record = Record {
            docs: docs::receipt(receipt, self.options),
            deprecated: None,
            name: ident(&receipt.kind),
            members: receipt.fields.iter().map(|field| self.member(field, Holding::Receipt, scope)).collect(),
            aliases: aliases(receipt.fields.iter()),
            sent: false,
            read: true,
            operation: None,
            receipt: Some(facts),
        };
        let types = receipt.types.iter().filter_map(|named| self.named(named, scope));
        [Item::Record(Box::new(record))].into_iter().chain(types).collect()
    }

    fn named(&self, named: &NamedType, scope: Scope<'_>) -> Option<Item> {
        let sent = self.reach.sent.contains(named.name.as_str());
        let read = self.reach.read.contains(named.name.as_str());
        if !sent && !read {
            return None;
        }
        let docs = docs::named(named);
        let name = ident(&named.name);
        Some(match &named.body {
            TypeBody::Record(fields) => {
                let holding = match (sent, read) {
                    (true, false) => Holding::Sent,
                    (true, true) => Holding::Both,
                    _ => Holding::Read,
                };
                Item::Record(Box::new(Record {
                    docs,
                    deprecated: None,
                    name,
                    members: fields.iter().map(|field| self.member(field, holding, scope)).collect(),
                    aliases: aliases(fields.iter()),
                    sent,
                    read,
                    operation: None,
                    receipt: None,
                }))
            }
            TypeBody::Enum { kind, values } => {
                let values = values.iter().map(|value| OpenValue {
                    docs: docs::value(value),
                    name: ident(&value.name),
                    wire: value.value.clone(),
                });
                Item::OpenSet(OpenSet { docs, name, integer: *kind != Kind::String, values: values.collect() })
            }
        })
    }

    fn member(&self, field: &Field, holding: Holding, scope: Scope<'_>) -> Member {
        let kind = &field.shape.kind;
        let inner = rust_type(kind, scope);
        let structured = matches!(kind, Kind::Array(_) | Kind::Map(_));
        let required = field.required && matches!(holding, Holding::Sent | Holding::Both);
        let optional = match holding {
            Holding::Sent => !required,
            Holding::Both | Holding::Receipt => true,
            Holding::Read => !structured,
            Holding::Envelope => !structured && *kind != Kind::String,
        };
        let (argument, conversion) = Self::argument(kind, scope);
        Member {
            docs: docs::field(field, self.service, scope.types),
            summary: docs::setter(field),
            deprecated: field.deprecated.clone(),
            name: ident(&field.rust_name),
            wire_name: field.wire_name.clone(),
            ty: if optional { quote!(Option<#inner>) } else { inner },
            argument,
            conversion,
            required,
            optional,
            flags: flags(field, scope),
        }
    }

    /// The type of the argument for a field, and the conversion to the value of the field.
    fn argument(kind: &Kind, scope: Scope<'_>) -> (TokenStream, Conversion) {
        let inner = rust_type(kind, scope);
        match scope.types.resolve(kind) {
            Type::Scalar(Kind::String) | Type::Enum { .. } | Type::Any => (quote!(impl Into<#inner>), Conversion::Into),
            Type::Scalar(_) | Type::Record(_) | Type::Unknown => (inner, Conversion::None),
            Type::Array(item) => {
                let item = item_argument(&item.kind, scope);
                (quote!(impl IntoIterator<Item = #item>), Conversion::List)
            }
            Type::Map(item) => {
                let item = item_argument(&item.kind, scope);
                (quote!(impl IntoIterator<Item = (impl Into<String>, #item)>), Conversion::Map)
            }
        }
    }

    fn paging(&self, operation: &Operation, pagination: &Pagination, scope: Scope<'_>) -> tree::Paging {
        let first = Literal::i64_unsuffixed(pagination.first);
        let (parameter, step) = match &pagination.position {
            PagePosition::Page(parameter) => (parameter, quote!(Page(#first))),
            PagePosition::Offset(parameter) => (parameter, quote!(Offset(#first))),
            PagePosition::Token { parameter, next } => (parameter, quote!(Token(#next))),
        };
        let (take_items, item) = self.items(operation, &pagination.items, scope);
        let set = pagination.set.iter().filter_map(|(name, value)| Some((operation.parameter(name)?, value)));
        let prepare = set.map(|(field, value)| {
            let name = ident(&field.rust_name);
            let value = literal(&field.shape.kind, value);
            quote!(request.#name = Some(#value);)
        });
        tree::Paging {
            step,
            items: pagination.items.clone(),
            total: pagination.total.clone(),
            item,
            position: self.position(operation, parameter, scope),
            take_items,
            prepare: prepare.collect(),
        }
    }

    /// The expression that leads from `request` to the parameter at a path, and creates missing records on it. In a checked
    /// service the path leads to a field. Otherwise the generated code would not compile.
    fn position(&self, operation: &Operation, path: &str, scope: Scope<'_>) -> TokenStream {
        let mut expression = quote!(&mut request);
        let mut holding = Holding::Sent;
        let mut fields = scope.types.follow(&operation.parameters, path).unwrap_or_default().into_iter().peekable();
        while let Some(field) = fields.next() {
            let name = ident(&field.rust_name);
            expression = quote!(#expression.#name);
            if fields.peek().is_some() {
                if holding == Holding::Both || !field.required {
                    expression = quote!(#expression.get_or_insert_with(Default::default));
                }
                let read = matches!(&field.shape.kind, Kind::Named(name) if self.reach.read.contains(name.as_str()));
                holding = if read { Holding::Both } else { Holding::Sent };
            }
        }
        expression
    }

    /// The expression that leads from `page` to the items at a path, and the type of an item.
    fn items(&self, operation: &Operation, path: &str, scope: Scope<'_>) -> (TokenStream, TokenStream) {
        let mut expression = quote!(page);
        let mut item = quote!(());
        let mut both = false;
        for field in scope.types.follow(self.service.response_fields(operation), path).unwrap_or_default() {
            let name = ident(&field.rust_name);
            expression = quote!(#expression.#name);
            match &field.shape.kind {
                Kind::Array(items) => item = rust_type(&items.kind, scope),
                Kind::Named(record) => {
                    expression = quote!(#expression.unwrap_or_default());
                    both = self.reach.sent.contains(record.as_str());
                }
                _ => {}
            }
        }
        // A list is an `Option` in a record that requests use, too.
        if both {
            expression = quote!(#expression.unwrap_or_default());
        }
        (expression, item)
    }
}

fn rust_type(kind: &Kind, scope: Scope<'_>) -> TokenStream {
    match kind {
        Kind::String => quote!(String),
        Kind::Int32 => quote!(i32),
        Kind::Int64 => quote!(i64),
        Kind::Number => quote!(f64),
        Kind::Boolean => quote!(bool),
        Kind::Any => quote!(rt::Value),
        Kind::Array(item) => {
            let item = rust_type(&item.kind, scope);
            quote!(Vec<#item>)
        }
        Kind::Map(item) => {
            let item = rust_type(&item.kind, scope);
            quote!(std::collections::BTreeMap<String, #item>)
        }
        Kind::Named(name) => {
            let ty = ident(name);
            if !scope.is_shared && !scope.types.is_own(name) {
                let module = ident(SHARED_MODULE);
                quote!(super::#module::#ty)
            } else {
                quote!(#ty)
            }
        }
    }
}

/// The type of an item in the argument for a list or a map: anything that converts into the item, unless the type of a
/// literal could then not be inferred.
fn item_argument(kind: &Kind, scope: Scope<'_>) -> TokenStream {
    let item = rust_type(kind, scope);
    if matches!(kind, Kind::Array(_) | Kind::Map(_)) { item } else { quote!(impl Into<#item>) }
}

fn receipt_kind(receipt: &Receipt) -> ReceiptKind {
    let named = |name: &Option<String>| {
        let field = receipt.fields.iter().find(|field| Some(&field.wire_name) == name.as_ref())?;
        Some(NamedField { name: ident(&field.rust_name), wire_name: field.wire_name.clone() })
    };
    ReceiptKind {
        name: ident(&receipt.kind),
        key: receipt.key.clone(),
        id: named(&receipt.id),
        own_id: named(&receipt.own_id),
    }
}

/// Other spellings, with the wire names that they stand for.
fn aliases<'f>(fields: impl Iterator<Item = &'f Field>) -> Vec<(String, String)> {
    let rows = fields.flat_map(|field| field.aliases.iter().map(|alias| (alias.clone(), field.wire_name.clone())));
    rows.collect()
}

/// A value of a scalar parameter as a Rust literal.
fn literal(kind: &Kind, value: &Value) -> TokenStream {
    match (kind, value) {
        (_, Value::Bool(value)) => quote!(#value),
        (_, Value::String(text)) => quote!(#text.into()),
        (Kind::Number, value) => Literal::f64_unsuffixed(value.as_f64().unwrap_or_default()).into_token_stream(),
        (_, value) => Literal::i64_unsuffixed(value.as_i64().unwrap_or_default()).into_token_stream(),
    }
}

#[cfg(test)]
mod tests {
    use aliyun_api_spec::{SourceFile, parse};

    use super::*;

    const SERVICE: &str = r#"{
        "product": "Example", "version": "2020-01-01", "title": "An example",
        "endpoints": { "default": "example.aliyuncs.com" },
        "envelope": { "requestId": "RequestId", "fields": { "RequestId": { "type": "string" } } },
        "groups": { "pages": "Pages." }
    }"#;

    /// The paging of an operation with this pagination.
    fn paging(pagination: &str) -> tree::Paging {
        let operation = format!(
            r#"{{
                "action": "List", "group": "pages", "operationType": "read", "summary": "Lists.",
                "parameters": {{
                    "PageNo": {{ "type": "int32" }},
                    "Token": {{ "type": "string", "required": true }},
                    "Needed": {{ "type": "Pager", "style": "json", "required": true }},
                    "Pager": {{ "type": "Pager", "style": "json" }},
                    "Shared": {{ "type": "Shared", "style": "json", "required": true }},
                    "Count.All": {{ "type": "boolean" }},
                    "Share": {{ "type": "number" }},
                    "Word": {{ "type": "string" }}
                }},
                "response": {{
                    "Rows": {{ "type": "array", "items": "int64" }},
                    "Data": {{ "type": "Data" }},
                    "Shared": {{ "type": "Shared" }}
                }},
                "types": {{
                    "Pager": {{ "fields": {{ "Page": {{ "type": "int64" }} }} }},
                    "Data": {{ "fields": {{ "List": {{ "type": "array", "items": "string" }}, "Next": {{ "type": "Next" }} }} }},
                    "Next": {{ "fields": {{ "List": {{ "type": "array", "items": "Next" }} }} }},
                    "Shared": {{ "fields": {{ "Inner": {{ "type": "Inner" }} }} }},
                    "Inner": {{ "fields": {{ "Page": {{ "type": "int32" }}, "List": {{ "type": "array", "items": "boolean" }} }} }}
                }},
                "pagination": {pagination}
            }}"#
        );
        let file = |path, text| SourceFile { path, text };
        let loaded = parse(&[file("service.json", SERVICE), file("operations/List.json", &operation)]);
        assert_eq!(loaded.faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
        let root = root(&loaded.service.unwrap(), &Options::default());
        let mut items = root.modules.into_iter().flat_map(|module| module.items);
        let paging = items.find_map(|item| match item {
            Item::Record(record) => record.operation?.paging,
            Item::OpenSet(_) | Item::Receipts(_) => None,
        });
        paging.unwrap()
    }

    #[test]
    fn a_pagination_without_faults_becomes_paging() {
        let position = |pagination: &str| paging(pagination).position.to_string();
        for (pagination, expected) in [
            (r#"{ "page": "PageNo", "items": "Rows" }"#, "& mut request . page_no"),
            (
                r#"{ "page": "Pager.Page", "items": "Rows" }"#,
                "& mut request . pager . get_or_insert_with (Default :: default) . page",
            ),
            (r#"{ "offset": "Needed.Page", "items": "Rows" }"#, "& mut request . needed . page"),
            (
                r#"{ "offset": "Shared.Inner.Page", "items": "Rows" }"#,
                "& mut request . shared . inner . get_or_insert_with (Default :: default) . page",
            ),
        ] {
            assert_eq!(position(pagination), expected);
        }
        for (path, expression, item) in [
            ("Rows", "page . rows", "i64"),
            ("Data.List", "page . data . unwrap_or_default () . list", "String"),
            ("Data.Next.List", "page . data . unwrap_or_default () . next . unwrap_or_default () . list", "Next"),
            (
                "Shared.Inner.List",
                "page . shared . unwrap_or_default () . inner . unwrap_or_default () . list . unwrap_or_default ()",
                "bool",
            ),
        ] {
            let paging = paging(&format!(r#"{{ "page": "PageNo", "items": "{path}" }}"#));
            assert_eq!((paging.take_items.to_string().as_str(), paging.item.to_string().as_str()), (expression, item));
        }
    }

    #[test]
    fn every_parameter_that_is_set_while_paging_is_set() {
        let set = r#"{ "Count.All": true, "PageNo": 1, "Share": 1, "Word": "x" }"#;
        let paging = paging(&format!(r#"{{ "page": "Needed.Page", "items": "Rows", "set": {set} }}"#));
        let prepare: Vec<String> = paging.prepare.iter().map(ToString::to_string).collect();
        assert_eq!(
            prepare,
            [
                "request . count_all = Some (true) ;",
                "request . page_no = Some (1) ;",
                "request . share = Some (1.0) ;",
                "request . word = Some (\"x\" . into ()) ;",
            ]
        );
    }
}
