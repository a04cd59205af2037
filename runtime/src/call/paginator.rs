//! Where pages begin and end.
//!
//! Pages end at the announced total, and if none is announced, at an empty page. Tokens end when the service gives
//! none. A short page does not end the pages: a service that allows fewer items per page than requested, or leaves some
//! out, sends short pages too, and the rest would be missed. Pages that end before the announced total are an error.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use crate::error::Sent;
use crate::error::{Error, ErrorKind};
use crate::generated::field::{Entry, Member, View, Viewer, at_path, with_text};
use crate::generated::operation::{Paging, Step};
use crate::generated::slot::Place;

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Position {
    /// A page number or the number of rows skipped.
    Number(i64),
    /// The token of the response before.
    Token(String),
    /// The beginning, if responses give the next position.
    Start,
}

impl Position {
    pub(crate) fn read(place: Place<'_>, step: Step) -> Option<Self> {
        match place {
            Place::OptionalInt32(number) => number.map(|number| Self::Number(i64::from(number))),
            Place::OptionalInt64(number) => number.map(Self::Number),
            // A plain number is a required parameter. 0 is never a page number, and it is where an offset begins.
            Place::Int32(number) => Some(Self::Number(i64::from(*number))).filter(|at| *at != Self::Number(0)),
            Place::Int64(number) => Some(Self::Number(*number)).filter(|at| *at != Self::Number(0)),
            Place::OptionalText(text) => text.as_deref().and_then(|text| Self::of_text(text, step)),
            Place::Text(text) => Self::of_text(text, step),
            _ => None,
        }
    }

    /// The position that a text states. A page number or an offset may be a text on the wire; a token stays as it is.
    #[must_use]
    pub fn of_text(text: &str, step: Step) -> Option<Self> {
        match step {
            Step::Token(_) => Some(Self::Token(text.to_owned())).filter(|_| !text.is_empty()),
            Step::Page(_) | Step::Offset(_) => text.trim().parse().ok().map(Self::Number),
        }
    }

    pub(crate) fn write(&self, place: Place<'_>) {
        match (place, self) {
            (Place::OptionalInt32(slot), Self::Number(number)) => {
                *slot = Some(i32::try_from(*number).unwrap_or(i32::MAX));
            }
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

/// Decides from page to page where the next one begins; for callers that send the requests themselves.
pub struct Paginator {
    action: &'static str,
    paging: Paging,
    next: Next,
    /// Number of items before the next page: since the first item, or since this run began in the middle.
    seen: i64,
    /// Whether `seen` counts from the first of all.
    counted: bool,
    /// The number of all items, as last announced.
    total: Option<i64>,
    /// Whether a page was taken.
    begun: bool,
    /// Number of empty pages in a row.
    empty: u32,
    /// Hashes of the tokens so far.
    tokens: HashSet<u64>,
    /// Hashes of the pages without a total, in their order.
    pages: Vec<u64>,
}

/// What comes next.
enum Next {
    Page(Position),
    End,
    /// There is no next page, although there should be.
    Stuck(String),
}

/// Maximum number of empty pages in a row with a token. A filter may leave a page empty, but not endlessly.
const EMPTY_PAGES: u32 = 1_000;

impl Paginator {
    /// Begins at `start`, or at the first page.
    #[must_use]
    pub fn new(action: &'static str, paging: Paging, start: Option<Position>) -> Self {
        let next = start.unwrap_or(match paging.step {
            Step::Page(first) | Step::Offset(first) => Position::Number(first),
            Step::Token(_) => Position::Start,
        });
        let (seen, counted) = match (&paging.step, &next) {
            (Step::Offset(first), Position::Number(offset)) => (offset.saturating_sub(*first), true),
            // Counting from a page in the middle would need the size of the pages before it.
            (Step::Page(first), Position::Number(page)) => (0, page == first),
            (_, position) => (0, *position == Position::Start),
        };
        let tokens = match &next {
            Position::Token(token) => HashSet::from([hash(token)]),
            _ => HashSet::new(),
        };
        Self {
            action,
            paging,
            next: Next::Page(next),
            seen,
            counted,
            total: None,
            begun: false,
            empty: 0,
            tokens,
            pages: Vec::new(),
        }
    }

    /// States the number of items before the first page: for a caller that goes on where an earlier paginator, which had
    /// begun at the first page, had come to. The announced total then ends the pages, as it would have done there.
    #[must_use]
    pub fn after_items(mut self, items: i64) -> Self {
        (self.seen, self.counted) = (items, true);
        self
    }

    /// Where the next page begins; `None` after the last one. It is an error if the pages cannot go on although they
    /// should: the service gave a token twice, or none before the announced total.
    pub fn position(&self) -> Result<Option<&Position>, Error> {
        match &self.next {
            Next::Page(position) => Ok(Some(position)),
            Next::End => Ok(None),
            Next::Stuck(what) => Err(self.error(what.as_str())),
        }
    }

    /// Takes a page and moves on. `false` if the page is empty and not the first, so that there is nothing to show of
    /// it.
    ///
    /// It is an error if the page makes no progress: it is empty before the announced total, or it was received before
    /// and no total explains equal pages. The position then stays.
    pub fn turn(&mut self, page: View<'_>) -> Result<bool, Error> {
        let (count, hash) = self.items_of(page);
        let announced = self.paging.total.and_then(|path| integer_at(page, path));
        // A total that is not positive, or below the number of items on its own page, is not the number of all items.
        let total = announced.filter(|total| *total > 0 && *total >= count).or(self.total);
        let bounded = self.counted && total.is_some_and(|total| total > self.seen);
        let seen = self.seen.saturating_add(count);
        let missing = total.filter(|total| self.counted && *total > seen);
        if count > 0 && !bounded && self.goes_in_circles(hash) {
            return Err(self.error("the service answered the same page twice, so the pages do not move on"));
        }
        let next = match (self.paging.step, &self.next) {
            (Step::Token(path), _) => self.after_token(text_at(page, path), count, seen, total),
            _ if total.is_some_and(|total| seen >= total) => Next::End,
            _ if count == 0 => match missing {
                Some(total) => {
                    let what = format!("{seen} of {total} items came, and then an empty page");
                    return Err(self.error(what).hint(INCOMPLETE));
                }
                None => Next::End,
            },
            (Step::Page(_), Next::Page(Position::Number(at))) => Next::Page(Position::Number(at.saturating_add(1))),
            (Step::Offset(_), Next::Page(Position::Number(at))) => {
                Next::Page(Position::Number(at.saturating_add(count)))
            }
            _ => Next::End,
        };
        if count > 0 && !bounded {
            self.pages.push(hash);
        }
        self.empty = if count == 0 { self.empty + 1 } else { 0 };
        let first = !std::mem::replace(&mut self.begun, true);
        (self.next, self.seen, self.total) = (next, seen, total);
        Ok(first || count > 0)
    }

    /// Whether this page ends a second round of the same pages: of one page, if the service ignores the number, or of
    /// several, if it begins again after the last one. One equal page among others can be valid: items need not have
    /// ids.
    fn goes_in_circles(&self, hash: u64) -> bool {
        let count = self.pages.len();
        let before = |back: usize| count.checked_sub(back).and_then(|at| self.pages.get(at));
        (1..=count.div_ceil(2)).any(|length| {
            before(length) == Some(&hash) && (1..length).all(|back| before(back) == before(back + length))
        })
    }

    /// A token is more precise than a total: if both are present, the token counts. The page with an unusable token has
    /// items of its own, so the error comes after it.
    fn after_token(&mut self, token: Option<String>, count: i64, seen: i64, total: Option<i64>) -> Next {
        match (token.filter(|token| !token.is_empty()), total) {
            (Some(_), Some(total)) if count == 0 && seen >= total => Next::End,
            (Some(_), _) if count == 0 && self.empty + 1 >= EMPTY_PAGES => {
                Next::Stuck(format!("{EMPTY_PAGES} empty pages came in a row"))
            }
            (Some(token), _) if self.tokens.insert(hash(&token)) => Next::Page(Position::Token(token)),
            (Some(_), _) => Next::Stuck("the service gave a token twice, so the pages do not move on".to_owned()),
            (None, Some(total)) if self.counted && seen < total => {
                Next::Stuck(format!("{seen} of {total} items came, and then no token for a further page; {INCOMPLETE}"))
            }
            (None, _) => Next::End,
        }
    }

    fn error(&self, what: impl Into<String>) -> Error {
        Error::new(ErrorKind::Paging, self.action, Sent::Yes, what)
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

/// The hint if the service announces more items than it returns.
const INCOMPLETE: &str = "list again later, or narrow what is asked for";

/// Tokens and pages are remembered by their hashes, so that the memory does not depend on their length.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl fmt::Debug for Paginator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Paginator")
            .field("action", &self.action)
            .field("next", &self.position().ok().flatten())
            .field("seen", &self.seen)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// Hashes values in the order in which they arrive. Names are those of the type, and the same on every page.
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
