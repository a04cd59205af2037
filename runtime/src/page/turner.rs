//! Where pages begin and end.
//!
//! Pages end where the announced total is reached, or at an empty page, or at one that is shorter than the page
//! before it. A first page that is shorter than was asked for ends nothing: a service that allows fewer items on a
//! page than were asked for answers so too, and what follows would be lost.

use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::field::{Entry, Member, View, Viewer, at_path, with_text};
use crate::operation::{Paging, Step};
use crate::slot::Place;
use crate::transport::Sent;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// A page number or the number of rows skipped.
    Number(i64),
    /// What the answer gave for it.
    Token(String),
    /// The beginning, where the answer gives the next position.
    Start,
}

impl Position {
    pub(super) fn read(place: Place<'_>, step: Step) -> Option<Self> {
        match place {
            Place::OptionalInt32(number) => number.map(|number| Self::Number(i64::from(number))),
            Place::OptionalInt64(number) => number.map(Self::Number),
            // A plain number is a required one: nought is what a page number never is, and where an offset begins.
            Place::Int32(number) => Some(Self::Number(i64::from(*number))).filter(|at| *at != Self::Number(0)),
            Place::Int64(number) => Some(Self::Number(*number)).filter(|at| *at != Self::Number(0)),
            Place::OptionalText(text) => text.as_deref().and_then(|text| Self::of_text(text, step)),
            Place::Text(text) => Self::of_text(text, step),
            _ => None,
        }
    }

    /// The position that a text says. A page number or an offset may travel as text; a token stays as it is.
    #[must_use]
    pub fn of_text(text: &str, step: Step) -> Option<Self> {
        match step {
            Step::Token(_) => Some(Self::Token(text.to_owned())).filter(|_| !text.is_empty()),
            Step::Page(_) | Step::Offset(_) => text.trim().parse().ok().map(Self::Number),
        }
    }

    pub(super) fn write(&self, place: Place<'_>) {
        match (place, self) {
            (Place::OptionalInt32(slot), Self::Number(number)) => *slot = i32::try_from(*number).ok(),
            (Place::OptionalInt64(slot), Self::Number(number)) => *slot = Some(*number),
            (Place::Int32(slot), Self::Number(number)) => *slot = i32::try_from(*number).unwrap_or(i32::MAX),
            (Place::Int64(slot), Self::Number(number)) => *slot = *number,
            (Place::OptionalText(slot), Self::Number(number)) => *slot = Some(number.to_string()),
            (Place::Text(slot), Self::Number(number)) => *slot = number.to_string(),
            (Place::OptionalText(slot), Self::Token(token)) => *slot = Some(token.clone()),
            (Place::Text(slot), Self::Token(token)) => token.clone_into(slot),
            _ => {}
        }
    }
}

/// Decides from page to page where the next one begins; for callers that send the pages themselves.
pub struct PageTurner {
    action: &'static str,
    paging: Paging,
    next: Option<Position>,
    /// Items seen in this run, and before it by the position it began at.
    seen: i64,
    /// Items on the page before.
    before: Option<i64>,
    /// Fingerprint of the items on the page before.
    fingerprint: Option<u64>,
}

impl PageTurner {
    /// Begins at `start`, or at the first page.
    #[must_use]
    pub fn new(action: &'static str, paging: Paging, start: Option<Position>) -> Self {
        let next = start.unwrap_or(match paging.step {
            Step::Page(first) | Step::Offset(first) => Position::Number(first),
            Step::Token(_) => Position::Start,
        });
        let seen = match (&paging.step, &next) {
            (Step::Offset(first), Position::Number(offset)) => offset - first,
            _ => 0,
        };
        Self { action, paging, next: Some(next), seen, before: None, fingerprint: None }
    }

    /// Where the next page begins; `None` after the last.
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        self.next.as_ref()
    }

    /// Takes a page and moves on. `false` if the page is empty and not the first, so that there is nothing to
    /// show of it.
    pub fn turn(&mut self, page: View<'_>) -> Result<bool, Error> {
        let first = self.before.is_none();
        let (count, fingerprint) = self.items_of(page);
        if count > 0 && self.fingerprint == Some(fingerprint) {
            return Err(self.stuck("the service answered the same page twice"));
        }
        let token = match self.paging.step {
            Step::Token(path) => text_at(page, path).filter(|token| !token.is_empty()).map(Position::Token),
            Step::Page(_) | Step::Offset(_) => None,
        };
        if token.is_some() && token == self.next {
            return Err(self.stuck("the service gave the token of a page that was just read"));
        }
        let position = self.next.take();
        // Counting from a page in the middle would need the size of the pages before it.
        let counted = matches!((&self.paging.step, &position), (Step::Page(start), Some(Position::Number(at))) if first && at != start);
        self.seen = if counted { i64::MIN } else { self.seen.saturating_add(count) };
        let last = match &self.paging.total {
            Some(path) if self.seen >= 0 && integer_at(page, path).is_some_and(|total| total > 0) => {
                integer_at(page, path).is_some_and(|total| self.seen >= total)
            }
            _ => self.before.is_some_and(|before| count < before),
        };
        self.next = match (&self.paging.step, position) {
            (Step::Token(_), _) => token,
            _ if last || count == 0 => None,
            (Step::Page(_), Some(Position::Number(at))) => Some(Position::Number(at.saturating_add(1))),
            (Step::Offset(_), Some(Position::Number(at))) => Some(Position::Number(at.saturating_add(count))),
            _ => None,
        };
        self.before = Some(count);
        self.fingerprint = Some(fingerprint);
        Ok(first || count > 0)
    }

    /// The position stays, so that the same page is asked for again.
    fn stuck(&self, what: &str) -> Error {
        Error::new(ErrorKind::Paging, self.action, Sent::Yes, format!("{what}, so the pages do not move on"))
    }

    /// Number and fingerprint of the items of a page.
    fn items_of(&self, page: View<'_>) -> (i64, u64) {
        let mut outcome = (0, 0);
        at_path(page, self.paging.items, &mut |items| {
            let parsed;
            let items = match items {
                View::Value(Value::String(text)) => {
                    parsed = serde_json::from_str::<Value>(text).unwrap_or_default();
                    View::Value(&parsed)
                }
                items => items,
            };
            let count = match items {
                View::List(list) => list.count(),
                View::Value(Value::Array(list)) => list.len(),
                _ => 0,
            };
            let mut fingerprint = Fingerprint(DefaultHasher::new());
            fingerprint.add(items);
            outcome = (i64::try_from(count).unwrap_or(i64::MAX), fingerprint.0.finish());
        });
        outcome
    }
}

impl fmt::Debug for PageTurner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PageTurner").field("action", &self.action).field("next", &self.next).finish_non_exhaustive()
    }
}

/// Hashes values in the order they come; names are those of the type and the same on every page.
struct Fingerprint(DefaultHasher);

impl Fingerprint {
    fn add(&mut self, view: View<'_>) {
        let hasher = &mut self.0;
        match view {
            View::Absent => hasher.write_u8(0),
            View::Bool(value) => value.hash(hasher),
            View::Integer(number) => number.hash(hasher),
            View::Float(number) => number.to_bits().hash(hasher),
            View::Text(text) => text.hash(hasher),
            View::Record(record) => record.walk(self),
            View::List(list) => {
                list.count().hash(hasher);
                for index in 0..list.count() {
                    self.add(list.item(index));
                }
            }
            View::Map(map) => map.entries(&mut |key, view| {
                key.hash(&mut self.0);
                self.add(view);
            }),
            View::Value(value) => value.hash(hasher),
        }
    }
}

impl Viewer for Fingerprint {
    fn members(&mut self, _: &str, _: &[Entry], members: &[&dyn Member]) {
        for member in members {
            self.add(member.view());
        }
    }
}

fn integer_at(view: View<'_>, path: &str) -> Option<i64> {
    text_at(view, path)?.trim().parse().ok()
}

fn text_at(view: View<'_>, path: &str) -> Option<String> {
    let mut text = None;
    with_text(view, path, &mut |found| text = Some(found.to_owned()));
    text
}
