//! The model of a service, which the generator, the emulator and the command use.
//!
//! A [`Service`] that was read has passed every check: every named type exists, every Rust name is valid and unique, every
//! pagination path leads to a field, every example fits. So its users need no error handling for these cases.

use std::borrow::Cow;

use aliyun_protocol::success::{Evidence, Statement};
pub use aliyun_protocol::{By, Method, RefusalKind};
use serde_json::{Map, Value};

pub use crate::rate::Rate;

/// A version of a product, with its operations.
#[derive(Debug, Clone, Default)]
pub struct Service {
    /// Product code, such as `Dyvmsapi`.
    pub product: String,
    /// API version, such as `2017-05-25`.
    pub version: String,
    /// Display name of the product.
    pub title: String,
    /// Host names.
    pub endpoints: Endpoints,
    /// The members of every response.
    pub envelope: Envelope,
    /// Parameters that every operation accepts. Request types do not have them.
    pub common_parameters: Vec<Field>,
    /// Time zone of `time` patterns, such as `+08:00`.
    pub time_zone: String,
    /// Groups of operations, in the order of the file.
    pub groups: Vec<Group>,
    /// What errors say of operations that reach a person, where the service has its own words.
    pub wording: Vec<(By, Words)>,
    /// Types that several operations use.
    pub types: Vec<NamedType>,
    /// Known error codes.
    pub errors: Vec<ServiceError>,
    /// Operations, sorted by action.
    pub operations: Vec<Operation>,
    /// Kinds of receipts, sorted by name.
    pub receipts: Vec<Receipt>,
}

/// Host names of a product.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    /// The host without a region. `None` if every region has its own.
    pub default: Option<String>,
    /// Whether the default host also serves regions that are not listed.
    pub default_serves_all: bool,
    /// Region id and host.
    pub regions: Vec<(String, String)>,
    /// Region id and host inside a VPC.
    pub vpc: Vec<(String, String)>,
}

/// The members of every response, and which of them state success.
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    /// All members.
    pub fields: Vec<Field>,
    /// Member that contains the code.
    pub code: Option<String>,
    /// Member that contains the message for the code.
    pub message: Option<String>,
    /// Member that contains the request id.
    pub request_id: Option<String>,
    /// Codes that mean success. Without them a code means nothing.
    pub success: Vec<String>,
    /// Boolean member; it decides, whatever the code.
    pub ok: Option<String>,
}

/// A group of operations: a module of the generated client.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its id, a Rust module name.
    pub id: String,
    /// A one-line description.
    pub summary: String,
    /// The description in Chinese.
    pub summary_zh: Option<String>,
}

/// An error code that the service documents.
#[derive(Debug, Clone)]
pub struct ServiceError {
    /// The code.
    pub code: String,
    /// Other spellings. A code or alias that ends with `*` stands for every code that starts with it and is not listed.
    pub aliases: Vec<String>,
    /// Whether the code is a refusal only with an HTTP status of 4xx.
    pub only_4xx: bool,
    /// What it means.
    pub description: String,
    /// What it means, in Chinese.
    pub description_zh: Option<String>,
    /// What the caller can do.
    pub advice: String,
    /// What the caller can do, in Chinese.
    pub advice_zh: Option<String>,
    /// How the client classifies it.
    pub kind: Option<RefusalKind>,
}

/// An operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name on the wire.
    pub action: String,
    /// The name of its request in Rust.
    pub name: String,
    /// Id of its group.
    pub group: String,
    /// Whether it reads or writes.
    pub operation_type: OperationType,
    /// Whether a retry has no further effect.
    pub idempotent: bool,
    /// Whom it reaches. `None` if it reaches nobody.
    pub reaches: Option<Reach>,
    /// The response member with the id of what was started. Every success has it.
    pub id: Option<String>,
    /// HTTP method.
    pub method: Method,
    /// Whether requests are signed.
    pub signed: bool,
    /// Which members of its responses state success, in place of the service's envelope. It has no fields of its own.
    pub envelope: Option<Envelope>,
    /// Documented limits.
    pub limits: Limits,
    /// A one-sentence description; empty if nobody has written one yet.
    pub summary: String,
    /// The summary in Chinese.
    pub summary_zh: Option<String>,
    /// Details, as Markdown.
    pub description: Option<String>,
    /// Why it should not be used any more, and what to use instead.
    pub deprecated: Option<String>,
    /// Parameters of the operation, in the order of the file.
    pub parameters: Vec<Field>,
    /// A request needs at least one parameter of each of these sets.
    pub at_least_one: Vec<Vec<String>>,
    /// A request may have at most one parameter of each of these sets.
    pub at_most_one: Vec<Vec<String>>,
    /// Members of the response, without the envelope.
    pub response: Vec<Field>,
    /// Types of this operation.
    pub types: Vec<NamedType>,
    /// How to request one page after another.
    pub pagination: Option<Pagination>,
    /// Requests with their responses.
    pub examples: Vec<Example>,
    /// Path of its file in the service folder, such as `operations/SingleCallByTts.json`.
    pub file: String,
}

/// A kind of receipt: what the service reports, without being asked, about something that was started.
#[derive(Debug, Clone)]
pub struct Receipt {
    /// Its name.
    pub kind: String,
    /// Fields that together identify a receipt.
    pub key: Vec<String>,
    /// The field with the id of what was started.
    pub id: Option<String>,
    /// The field with the caller's own id.
    pub own_id: Option<String>,
    /// A one-sentence description; empty if nobody has written one yet.
    pub summary: String,
    /// Details, as Markdown.
    pub description: Option<String>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Types of this receipt.
    pub types: Vec<NamedType>,
    /// Receipts as they arrive, each with what it shows.
    pub examples: Vec<(String, Map<String, Value>)>,
    /// Path of its file in the service folder.
    pub file: String,
}

/// Whom an operation reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// How it reaches them.
    pub by: By,
    /// The parameter that says who is reached.
    pub whom: String,
    /// Parameter values with which it reaches somebody. If empty, it always does.
    pub when: Vec<(String, String)>,
}

/// What errors say of operations that reach a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// What may be if somebody may have been reached, and what to do.
    pub maybe: String,
    /// What is certain if nobody was reached.
    pub nobody: String,
}

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationType {
    /// It changes nothing.
    Read,
    /// It changes something.
    Write,
}

/// Documented limits of an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests per second of one account.
    pub per_second: Option<u32>,
    /// Calls to one number.
    pub per_number: Vec<Rate>,
}

/// A parameter, a response member or a field of a named type.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name on the wire.
    pub wire_name: String,
    /// Name in Rust and in the command, without `r#`.
    pub rust_name: String,
    /// The type of its value.
    pub shape: Shape,
    /// Where it is declared to be sent.
    pub position: Position,
    /// Whether a request must have it.
    pub required: bool,
    /// Whether the client sends its region if a request does not have it.
    pub filled_by_region: bool,
    /// Other names under which a response may have it.
    pub aliases: Vec<String>,
    /// Why it should not be used any more.
    pub deprecated: Option<String>,
    /// One sentence.
    pub description: Option<String>,
}

/// A type with everything that is known about its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The type.
    pub kind: Kind,
    /// How a structured value is sent.
    pub style: Option<Style>,
    /// Known values and their meanings, for documentation. Other values are accepted.
    pub values: Vec<(String, String)>,
    /// The value that the service assumes if it is absent.
    pub default: Option<Value>,
    /// Smallest value.
    pub minimum: Option<f64>,
    /// Largest value.
    pub maximum: Option<f64>,
    /// Smallest number of characters.
    pub min_length: Option<u64>,
    /// Largest number of characters.
    pub max_length: Option<u64>,
    /// Largest number of items.
    pub max_items: Option<u64>,
    /// Format of a time.
    pub time: Option<Time>,
    /// Unit of a number.
    pub unit: Option<Unit>,
    /// Whether it must not be shown: phone numbers, spoken texts, secrets.
    pub sensitive: bool,
    /// Keys of the specification that were read from prose and not confirmed. They are documented and not enforced.
    pub guessed: Vec<String>,
    /// A value for documentation.
    pub example: Option<Value>,
}

/// The type of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Text.
    String,
    /// 32-bit signed integer.
    Int32,
    /// 64-bit signed integer.
    Int64,
    /// 64-bit floating point number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Any JSON value.
    Any,
    /// List of values.
    Array(Box<Shape>),
    /// Text keys and values.
    Map(Box<Shape>),
    /// A type of the operation or of the service, by name. [`Types`](crate::types::Types) resolves it.
    Named(String),
}

/// How a structured value is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `Name.1`, `Name.Key`.
    Flat,
    /// A text that holds JSON.
    Json,
    /// Joined by commas.
    Simple,
}

/// Where a parameter is declared to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Query.
    Query,
    /// Form.
    Form,
}

/// Format of a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Time {
    /// Seconds since 1970.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMilliseconds,
    /// A pattern such as `yyyy.MM.dd HH:mm:ss`, in the service's time zone.
    Pattern(String),
}

/// Unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
}

/// A type with a name, which is also its name in Rust.
#[derive(Debug, Clone)]
pub struct NamedType {
    /// The name. It is written in the file, not derived.
    pub name: String,
    /// One sentence.
    pub description: Option<String>,
    /// Its members or values.
    pub body: TypeBody,
}

/// What a named type is.
#[derive(Debug, Clone)]
pub enum TypeBody {
    /// A record with these fields.
    Record(Vec<Field>),
    /// An open set of values: a service may send others.
    Enum {
        /// Type on the wire: `String`, `Int32` or `Int64`.
        kind: Kind,
        /// The known values.
        values: Vec<EnumValue>,
    },
}

/// A known value of an open set.
#[derive(Debug, Clone)]
pub struct EnumValue {
    /// The value on the wire.
    pub value: String,
    /// Its name in Rust.
    pub name: String,
    /// What it means.
    pub description: Option<String>,
    /// What it means, in Chinese.
    pub description_zh: Option<String>,
}

/// How to request the pages of an operation one after another. Paths are wire names joined by dots.
#[derive(Debug, Clone)]
pub struct Pagination {
    /// The parameter that selects the page.
    pub position: PagePosition,
    /// Value for the first page. By default 1 for page numbers and 0 for offsets.
    pub first: i64,
    /// Parameter with the number of items per page.
    pub size: Option<String>,
    /// Response member with the total number of items.
    pub total: Option<String>,
    /// Response member with the items.
    pub items: String,
    /// Parameters that paging sets, with their values.
    pub set: Map<String, Value>,
    /// Whether it was guessed and not confirmed.
    pub guessed: bool,
}

/// The parameter that selects the page, and what its value means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PagePosition {
    /// A page number.
    Page(String),
    /// A number of rows to skip.
    Offset(String),
    /// A token, and the response member that contains the next one.
    Token {
        /// The parameter.
        parameter: String,
        /// The response member.
        next: String,
    },
}

/// A request with its response, for documentation and tests.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Parameters, by wire name.
    pub request: Map<String, Value>,
    /// The whole response as JSON, with the envelope.
    pub response: Option<Value>,
    /// The whole response as XML.
    pub xml: Option<String>,
}

impl Envelope {
    /// Whether the member with this wire name states success, so that it must fit. The other members of the envelope need
    /// not: a response is still useful without them.
    #[must_use]
    pub fn decides_success(&self, wire_name: &str) -> bool {
        let code = self.code.as_ref().filter(|_| !self.success.is_empty());
        [code, self.ok.as_ref()].into_iter().flatten().any(|name| name == wire_name)
    }

    /// What a response with these members states about its request.
    #[must_use]
    pub fn statement(&self, members: &Map<String, Value>) -> Statement {
        let member = |name: &Option<String>| name.as_ref().map(|name| members.get(name).unwrap_or(&Value::Null));
        let code = member(&self.code).map(|code| match code {
            Value::Null => Cow::Borrowed(""),
            Value::String(code) => Cow::Borrowed(code.as_str()),
            code => Cow::Owned(code.to_string()),
        });
        let flag = member(&self.ok).map(|flag| match flag {
            Value::Bool(flag) => Some(*flag),
            Value::String(flag) => flag.to_ascii_lowercase().parse().ok(),
            _ => None,
        });
        let request_id = self.request_id.as_ref();
        let request_id = request_id.map(|name| members.get(name).and_then(Value::as_str).unwrap_or_default());
        Evidence { code: code.as_deref(), flag, request_id }.statement(&self.success)
    }
}

impl Service {
    /// What has no description yet: summaries, groups, codes, fields and values, each by the path of its names.
    #[must_use]
    pub fn undescribed(&self) -> Vec<String> {
        fn of_fields<'f>(owner: &'f str, fields: &'f [Field]) -> impl Iterator<Item = String> + 'f {
            let silent = fields.iter().filter(|field| field.description.as_deref().is_none_or(str::is_empty));
            silent.map(move |field| format!("{owner}.{}", field.wire_name))
        }
        fn of_types(types: &[NamedType]) -> Vec<String> {
            let of_type = |named: &NamedType| -> Vec<String> {
                match &named.body {
                    TypeBody::Record(fields) => of_fields(&named.name, fields).collect(),
                    TypeBody::Enum { values, .. } => {
                        let silent = values.iter().filter(|value| value.description.is_none());
                        silent.map(|value| format!("{}.{}", named.name, value.name)).collect()
                    }
                }
            };
            types.iter().flat_map(of_type).collect()
        }
        let mut missing: Vec<String> = of_fields("commonParameters", &self.common_parameters).collect();
        missing.extend(of_fields("envelope", &self.envelope.fields));
        missing.extend(self.groups.iter().filter(|group| group.summary.is_empty()).map(|group| group.id.clone()));
        let codes = self.errors.iter().filter(|error| error.description.is_empty() || error.advice.is_empty());
        missing.extend(codes.map(|error| error.code.clone()));
        missing.extend(of_types(&self.types));
        for operation in &self.operations {
            if operation.summary.is_empty() {
                missing.push(operation.action.clone());
            }
            missing.extend(of_fields(&operation.action, &operation.parameters));
            missing.extend(of_fields(&operation.action, &operation.response));
            missing.extend(of_types(&operation.types));
        }
        for receipt in &self.receipts {
            if receipt.summary.is_empty() {
                missing.push(receipt.kind.clone());
            }
            missing.extend(of_fields(&receipt.kind, &receipt.fields));
            missing.extend(of_types(&receipt.types));
        }
        missing
    }

    /// The operation with this name. Case matters.
    #[must_use]
    pub fn operation(&self, action: &str) -> Option<&Operation> {
        self.operations
            .binary_search_by(|operation| operation.action.as_str().cmp(action))
            .ok()
            .and_then(|index| self.operations.get(index))
    }

    /// The envelope by which the responses of an operation are judged.
    #[must_use]
    pub fn envelope_of<'s>(&'s self, operation: &'s Operation) -> &'s Envelope {
        operation.envelope.as_ref().unwrap_or(&self.envelope)
    }

    /// The members of the envelope that the responses of an operation have. A member of the operation with the same name
    /// replaces that of the envelope.
    pub fn envelope_fields<'s>(&'s self, operation: &'s Operation) -> impl Iterator<Item = &'s Field> + Clone {
        let is_own = |field: &Field| operation.response.iter().any(|own| own.wire_name == field.wire_name);
        self.envelope.fields.iter().filter(move |field| !is_own(field))
    }

    /// The members of an operation's response: its own, then those of the envelope.
    pub fn response_fields<'s>(&'s self, operation: &'s Operation) -> impl Iterator<Item = &'s Field> + Clone {
        operation.response.iter().chain(self.envelope_fields(operation))
    }
}

impl Kind {
    /// The type of the items of a list or map, at any depth. Any other type is its own innermost type.
    #[must_use]
    pub fn innermost(&self) -> &Self {
        let mut kind = self;
        while let Self::Array(items) | Self::Map(items) = kind {
            kind = &items.kind;
        }
        kind
    }
}

impl Shape {
    /// Whether a bound with this key is enforced: it is not one that was read from prose.
    #[must_use]
    pub fn enforces(&self, key: &str) -> bool {
        self.guessed.iter().all(|guessed| guessed != key)
    }

    /// A shape of which only the type is known.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self {
            kind,
            style: None,
            values: Vec::new(),
            default: None,
            minimum: None,
            maximum: None,
            min_length: None,
            max_length: None,
            max_items: None,
            time: None,
            unit: None,
            sensitive: false,
            guessed: Vec::new(),
            example: None,
        }
    }
}

impl PagePosition {
    /// Dotted path of the parameter.
    #[must_use]
    pub fn parameter(&self) -> &str {
        match self {
            Self::Page(parameter) | Self::Offset(parameter) | Self::Token { parameter, .. } => parameter,
        }
    }
}

impl Operation {
    /// The parameter with this wire name. Case matters.
    #[must_use]
    pub fn parameter(&self, wire_name: &str) -> Option<&Field> {
        self.parameters.iter().find(|field| field.wire_name == wire_name)
    }
}
