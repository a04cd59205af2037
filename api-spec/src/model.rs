//! The specification as checked data: what the generator, the emulator and the command read.
//!
//! A [`Service`] that the parser hands out has passed every check of its operations, so its readers need no
//! error paths of their own: every named type exists, every Rust name is legal and unique, every pagination
//! path leads somewhere, every example fits.

use std::borrow::Cow;

use aliyun_protocol::success::{Evidence, Statement};
pub use aliyun_protocol::{Method, RefusalKind};
use serde_json::{Map, Value};

pub use crate::rate::Rate;

/// A product in one version, with the operations that were read without a fault.
#[derive(Debug, Clone, Default)]
pub struct Service {
    /// Product code, such as `Dyvmsapi`.
    pub product: String,
    /// API version, such as `2017-05-25`.
    pub version: String,
    /// Name for people.
    pub title: String,
    /// Where the product is reached.
    pub endpoints: Endpoints,
    /// What every answer shares.
    pub envelope: Envelope,
    /// Parameters that every operation accepts and no request type carries.
    pub common_parameters: Vec<Field>,
    /// Zone of `time` patterns, such as `+08:00`.
    pub time_zone: String,
    /// Groups of operations, in the order of the file.
    pub groups: Vec<Group>,
    /// Types shared by operations.
    pub types: Vec<NamedType>,
    /// Known error codes.
    pub errors: Vec<ServiceError>,
    /// Operations, sorted by action.
    pub operations: Vec<Operation>,
}

/// Host names of a product.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    /// The host used when nothing else is said.
    pub default: String,
    /// Region id and host.
    pub regions: Vec<(String, String)>,
    /// Region id and host inside a VPC.
    pub vpc: Vec<(String, String)>,
}

/// The members that every answer carries, and which of them tell success.
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    /// All shared members.
    pub fields: Vec<Field>,
    /// Member with the service's code.
    pub code: Option<String>,
    /// Member with the code in words.
    pub message: Option<String>,
    /// Member with the request id.
    pub request_id: String,
    /// Codes that mean success.
    pub success: Vec<String>,
    /// Boolean member whose `false` means failure.
    pub ok: Option<String>,
}

/// A group of operations: a module of the generated client.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its id, a Rust module name.
    pub id: String,
    /// One line about it.
    pub summary: String,
}

/// An error code that the service documents.
#[derive(Debug, Clone)]
pub struct ServiceError {
    /// The code.
    pub code: String,
    /// Other spellings of it. A code or alias that ends with `*` is a family: every code that begins so and is not listed.
    pub aliases: Vec<String>,
    /// Whether the code is known to be a refusal only with an HTTP status of 4xx.
    pub only_4xx: bool,
    /// What it means.
    pub description: String,
    /// What to do.
    pub advice: String,
    /// What a client makes of it.
    pub kind: Option<RefusalKind>,
}

/// One operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name on the wire and in Rust.
    pub action: String,
    /// Id of its group.
    pub group: String,
    /// Reads or writes.
    pub operation_type: OperationType,
    /// Whether it may be repeated without harm.
    pub idempotent: bool,
    /// The parameter that says who is rung.
    pub dials: Option<String>,
    /// The member of the response that every success carries: the id of what was started.
    pub id: Option<String>,
    /// Parameters with the only values under which it rings anybody; empty where it always does.
    pub dials_when: Vec<(String, String)>,
    /// HTTP method.
    pub method: Method,
    /// Documented limits.
    pub limits: Limits,
    /// One sentence.
    pub summary: String,
    /// Markdown.
    pub description: Option<String>,
    /// Why it should no longer be used, and what instead.
    pub deprecated: Option<String>,
    /// Business parameters, in the order of the file.
    pub parameters: Vec<Field>,
    /// Of each of these groups at least one parameter is needed.
    pub at_least_one: Vec<Vec<String>>,
    /// Of each of these groups at most one parameter is accepted.
    pub at_most_one: Vec<Vec<String>>,
    /// Members of the answer beside the envelope.
    pub response: Vec<Field>,
    /// Types of this operation.
    pub types: Vec<NamedType>,
    /// How its pages are turned.
    pub pagination: Option<Pagination>,
    /// Requests with their answers.
    pub examples: Vec<Example>,
    /// Path of its file inside the service folder, such as `operations/SingleCallByTts.json`.
    pub file: String,
}

/// Whether an operation changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationType {
    /// It only looks.
    Read,
    /// It changes something.
    Write,
}

/// Documented limits of an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Queries per second of one account.
    pub per_second: Option<u32>,
    /// Calls to one number.
    pub per_number: Vec<Rate>,
}

/// One parameter, answer member or member of a named type.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name on the wire.
    pub wire_name: String,
    /// Name in Rust and at the command, without `r#`.
    pub rust_name: String,
    /// What the value is.
    pub shape: Shape,
    /// Query or form.
    pub position: Position,
    /// Whether a request must carry it.
    pub required: bool,
    /// Other spellings that a reader takes.
    pub aliases: Vec<String>,
    /// Why it should no longer be used.
    pub deprecated: Option<String>,
    /// One sentence.
    pub description: Option<String>,
}

/// A type with everything that is said about its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// The type.
    pub kind: Kind,
    /// How a structured value travels.
    pub style: Option<Style>,
    /// Known values and their meanings: documentation, never enforced.
    pub values: Vec<(String, String)>,
    /// The value assumed when absent.
    pub default: Option<Value>,
    /// Smallest value.
    pub minimum: Option<f64>,
    /// Largest value.
    pub maximum: Option<f64>,
    /// Shortest text.
    pub min_length: Option<u64>,
    /// Longest text.
    pub max_length: Option<u64>,
    /// Most items.
    pub max_items: Option<u64>,
    /// How a time is written.
    pub time: Option<Time>,
    /// Unit of a number.
    pub unit: Option<Unit>,
    /// Whether it must never be shown: numbers of people, spoken texts, secrets.
    pub sensitive: bool,
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
    /// Truth value.
    Boolean,
    /// Any JSON value.
    Any,
    /// List of values.
    Array(Box<Shape>),
    /// Text keys and values.
    Map(Box<Shape>),
    /// A type of the operation or of the service, by name.
    Named(String),
}

/// How a structured value travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `Name.1`, `Name.Key`.
    Flat,
    /// A text that holds JSON.
    Json,
    /// Joined by commas.
    Simple,
}

/// Where a parameter is declared to travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Query.
    Query,
    /// Form.
    Form,
}

/// How a time is written.
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

/// A type with a name: its name in Rust.
#[derive(Debug, Clone)]
pub struct NamedType {
    /// The name, written in the file and never computed.
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
    /// An open set of values.
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
}

/// How the pages of an operation are turned. Paths are dotted wire names.
#[derive(Debug, Clone)]
pub struct Pagination {
    /// The parameter that moves, and what it counts.
    pub position: PagePosition,
    /// Value of the first page: 1 for page numbers and 0 for offsets unless the file says otherwise.
    pub first: i64,
    /// Parameter with the number of items on a page.
    pub size: Option<String>,
    /// Answer member with the number of all items.
    pub total: Option<String>,
    /// Answer member with the items.
    pub items: String,
    /// Parameters set while paging.
    pub set: Map<String, Value>,
}

/// The parameter that moves from page to page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PagePosition {
    /// A page number.
    Page(String),
    /// Rows skipped.
    Offset(String),
    /// A token, and the answer member that brings the next one.
    Token {
        /// The parameter.
        parameter: String,
        /// The answer member.
        next: String,
    },
}

/// A request with its answer: documentation and test.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Parameters by wire name.
    pub request: Map<String, Value>,
    /// The whole JSON answer, with envelope.
    pub response: Option<Value>,
    /// The whole XML answer.
    pub xml: Option<String>,
}

impl Envelope {
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
        let request_id = members.get(&self.request_id).and_then(Value::as_str).unwrap_or_default();
        Evidence { code: code.as_deref(), flag, request_id }.statement(&self.success)
    }
}

impl Service {
    /// The operation of that name, exactly as written.
    #[must_use]
    pub fn operation(&self, action: &str) -> Option<&Operation> {
        self.operations
            .binary_search_by(|operation| operation.action.as_str().cmp(action))
            .ok()
            .and_then(|index| self.operations.get(index))
    }

    /// The members of an operation's response: its own, then those of the envelope.
    pub fn response_fields<'s>(&'s self, operation: &'s Operation) -> impl Iterator<Item = &'s Field> + Clone {
        operation.response.iter().chain(&self.envelope.fields)
    }
}

impl Kind {
    /// What lists and maps hold in the end; of any other type, itself.
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
    /// Values of a type of which nothing else is said.
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
    /// The parameter of that wire name, exactly as written.
    #[must_use]
    pub fn parameter(&self, wire_name: &str) -> Option<&Field> {
        self.parameters.iter().find(|field| field.wire_name == wire_name)
    }
}
