//! A service with one operation that has a member of every kind, and one whose answers are pages; and a transport that
//! answers by a function. All as the generator writes it.

#![allow(dead_code, reason = "each test uses what it needs")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aliyun_runtime::generated::{Blank, Choice, Entry, EnvelopeFacts, Fields, Filler, Flags, Member, Place};
use aliyun_runtime::generated::{Record, Slot, View, Viewer};
use aliyun_runtime::http::{HeaderMap, Request};
use aliyun_runtime::{
    BoxFuture, Bytes, Client, ClientBuilder, Credentials, Facts, HttpResponse, Operation, Paged, Paging, Service,
    ServiceFacts, Step, Transport, TransportError, Value,
};

#[derive(Debug)]
pub(crate) struct Specimens;

impl Service for Specimens {
    const FACTS: &'static ServiceFacts = &ServiceFacts::new(
        "Specimens",
        "2026-01-01",
        "specimens.example.com",
        EnvelopeFacts::new("Code", "Message", "RequestId", &["OK", "200"], "Success"),
        &[],
    );
}

macro_rules! record {
    ($type:ident, $table:ident = [$($name:literal, $flags:expr, $field:ident;)*] $($alias:literal => $row:literal)*) => {
        const $table: &[Entry] = &[$(($name, $flags),)* $(($alias, Flags::alias_of($row)),)*];

        impl Fields for $type {
            fn walk(&self, viewer: &mut dyn Viewer) {
                viewer.members(stringify!($type), $table, &[$(&self.$field as &dyn Member),*]);
            }
        }

        impl Record for $type {
            fn fill(&mut self, filler: &mut dyn Filler) {
                filler.fill($table, &mut [$(&mut self.$field as &mut dyn Slot),*]);
            }
        }
    };
}

/// A member of every kind. It is a request too: what is sent can be compared with what was meant.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Shapes {
    pub(crate) code: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) plain: String,
    pub(crate) int32: Option<i32>,
    pub(crate) int64: Option<i64>,
    pub(crate) float: Option<f64>,
    pub(crate) truth: Option<bool>,
    pub(crate) free: Option<Value>,
    pub(crate) opened: Option<Value>,
    pub(crate) inner: Option<Inner>,
    pub(crate) list: Vec<Inner>,
    pub(crate) flat: Vec<Inner>,
    pub(crate) texts: Vec<String>,
    pub(crate) joined: Vec<i64>,
    pub(crate) nested: Vec<Vec<i64>>,
    pub(crate) map: BTreeMap<String, i64>,
    pub(crate) table: BTreeMap<String, Vec<Inner>>,
    pub(crate) color: Option<Color>,
    pub(crate) secret: Option<String>,
}

record!(Shapes, SHAPES = [
    "Code", Flags::NONE, code;
    "RequestId", Flags::NONE, request_id;
    "Message", Flags::NONE, message;
    "Text", Flags::NONE, text;
    "Plain", Flags::NONE, plain;
    "Int32", Flags::NONE, int32;
    "Int64", Flags::NONE, int64;
    "Float", Flags::NONE, float;
    "Truth", Flags::NONE, truth;
    "Free", Flags::FLAT, free;
    "Opened", Flags::JSON, opened;
    "Inner", Flags::FLAT, inner;
    "List", Flags::JSON, list;
    "Flat", Flags::FLAT, flat;
    "Texts", Flags::FLAT, texts;
    "Joined", Flags::SIMPLE, joined;
    "Nested", Flags::FLAT, nested;
    "Map", Flags::FLAT, map;
    "Table", Flags::FLAT, table;
    "Color", Flags::NONE, color;
    "Secret", Flags::SENSITIVE, secret;
] "int_64" => 6);

impl Operation for Shapes {
    const FACTS: Facts = Facts::operation("Shapes");
    type Service = Specimens;
    type Output = Self;
}

#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Inner {
    pub(crate) name: Option<String>,
    pub(crate) count: Option<i64>,
    pub(crate) detail: Option<Detail>,
    pub(crate) names: Vec<String>,
}

record!(Inner, INNER = [
    "name", Flags::NONE, name;
    "count", Flags::NONE, count;
    "detail", Flags::NONE, detail;
    "names", Flags::NONE, names;
]);

/// One level further down.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Detail {
    pub(crate) name: Option<String>,
    pub(crate) truth: Option<bool>,
}

record!(Detail, DETAIL = [
    "name", Flags::NONE, name;
    "truth", Flags::NONE, truth;
]);

/// A value of an open set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Color {
    Red,
    Other(String),
}

impl Member for Color {
    fn view(&self) -> View<'_> {
        View::Text(match self {
            Self::Red => "red",
            Self::Other(wire) => wire,
        })
    }
}

impl Slot for Color {
    fn place(&mut self) -> Place<'_> {
        Place::Choice(self)
    }
}

impl Choice for Color {
    fn choose(&mut self, wire: &str) -> bool {
        *self = if wire == "red" { Self::Red } else { Self::Other(wire.to_owned()) };
        true
    }
}

impl Blank for Color {
    fn blank() -> Self {
        Self::Other(String::new())
    }
}

/// An operation whose answers are pages.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct ListThings {
    pub(crate) page: Option<i64>,
}

record!(ListThings, LIST_THINGS = ["Page", Flags::NONE, page;]);

#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct ThingPage {
    pub(crate) code: Option<String>,
    pub(crate) total: Option<i64>,
    pub(crate) things: Vec<Thing>,
}

record!(ThingPage, THING_PAGE = [
    "Code", Flags::NONE, code;
    "Total", Flags::NONE, total;
    "Things", Flags::NONE, things;
]);

#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Thing {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
}

record!(Thing, THING = [
    "id", Flags::NONE, id;
    "name", Flags::NONE, name;
]);

impl Operation for ListThings {
    const FACTS: Facts = Facts::operation("ListThings").idempotent();
    type Service = Specimens;
    type Output = ThingPage;
}

impl Paged for ListThings {
    const PAGING: Paging = Paging::of("Things", Step::Page(1)).total("Total");
    type Item = Thing;

    fn position(&mut self) -> Place<'_> {
        self.page.place()
    }

    fn items(page: ThingPage) -> Vec<Thing> {
        page.things
    }
}

/// Answers by a function of the request, at once.
pub(crate) struct Answers<F>(pub(crate) F);

impl<F: Fn(Request<Bytes>) -> Result<HttpResponse, TransportError> + Send + Sync + 'static> Transport for Answers<F> {
    fn send(&self, request: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(std::future::ready((self.0)(request)))
    }
}

pub(crate) fn answer(status: u16, body: impl Into<Bytes>) -> HttpResponse {
    HttpResponse::new(status, HeaderMap::new(), body)
}

pub(crate) fn builder() -> ClientBuilder<Specimens> {
    Client::builder()
        .credentials(Credentials::new("testid", "testsecret"))
        .clock_and_nonce(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496), || 0x1234)
}

pub(crate) fn client(transport: impl Transport) -> Client<Specimens> {
    builder().transport(transport).build().unwrap()
}

/// The value of a parameter in a form body, still encoded.
pub(crate) fn parameter<'b>(body: &'b [u8], name: &str) -> Option<&'b str> {
    std::str::from_utf8(body).ok()?.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

/// An error and its causes, as the printer of an error chain shows them.
pub(crate) fn chain(error: &aliyun_runtime::Error) -> String {
    let mut chain = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}
