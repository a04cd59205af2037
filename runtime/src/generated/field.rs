//! Writing: how a request or a response shows its members.
//!
//! Generated code states facts: a table of wire names and a slice of members. What is done with them (encoding,
//! redacted `Debug`, JSON) is written once, as a [`Viewer`].

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::Value;

/// A row of a table: the wire name of a member and its flags.
pub type Entry = (&'static str, Flags);

/// Facts about one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    /// Nothing special.
    pub const NONE: Self = Self(0);
    /// Never shown: phone numbers, spoken texts, secrets.
    pub const SENSITIVE: Self = Self(1);
    /// On the wire as `Name.1`, `Name.Key`.
    pub const FLAT: Self = Self(1 << 1);
    /// On the wire as a text that contains JSON.
    pub const JSON: Self = Self(1 << 2);
    /// On the wire as a text joined by commas.
    pub const SIMPLE: Self = Self(1 << 3);

    /// No decision needs it: a value of another type, or with an invalid escape, is left out of the response.
    pub const LENIENT: Self = Self(1 << 4);

    /// Sent in the body, where other parameters are in the URL.
    pub const FORM: Self = Self(1 << 5);
    /// If a request does not have it, the client's region is sent.
    pub const REGION: Self = Self(1 << 6);

    const ALIAS_SHIFT: u32 = 16;

    /// Both flags.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Marks a row as another spelling of the member at `index`. Such rows follow the rows of the members.
    #[must_use]
    pub const fn alias_of(index: u16) -> Self {
        Self((index as u32 + 1) << Self::ALIAS_SHIFT)
    }

    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The member that row `row` of a table refers to.
    pub(crate) const fn member(self, row: usize) -> usize {
        match self.0 >> Self::ALIAS_SHIFT {
            0 => row,
            index => index as usize - 1,
        }
    }
}

/// The value of a member, borrowed.
#[derive(Clone, Copy)]
pub enum View<'a> {
    /// Nothing: it is not sent and not shown.
    Absent,
    /// A Boolean.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A floating point number.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// A record.
    Record(&'a dyn Fields),
    /// A list.
    List(&'a dyn List),
    /// Text keys and values.
    Map(&'a dyn Map),
    /// A free JSON value.
    Value(&'a Value),
}

/// Something with named members: a request, a response, a record in one of them.
pub trait Fields {
    /// Shows the members to a viewer, all at once.
    fn walk(&self, viewer: &mut dyn Viewer);
}

/// What acts on members.
pub trait Viewer {
    /// Takes the name of the type and the members in the order of their rows; rows beyond the members are aliases.
    fn members(&mut self, name: &str, table: &'static [Entry], members: &[&dyn Member]);
}

/// A value that can be viewed.
pub trait Member {
    /// Its value.
    fn view(&self) -> View<'_>;
}

/// A list of viewable values.
pub trait List {
    /// Number of items.
    fn count(&self) -> usize;
    /// The item at `index`; absent beyond the end.
    fn item(&self, index: usize) -> View<'_>;
}

/// Viewable values under text keys.
pub trait Map {
    /// Shows every entry, in the order of the keys.
    fn entries(&self, each: &mut dyn FnMut(&str, View<'_>));
}

impl<T: Fields> Member for T {
    #[inline]
    fn view(&self) -> View<'_> {
        View::Record(self)
    }
}

impl<T: Member> Member for Option<T> {
    #[inline]
    fn view(&self) -> View<'_> {
        self.as_ref().map_or(View::Absent, Member::view)
    }
}

impl<T: Member> Member for Vec<T> {
    #[inline]
    fn view(&self) -> View<'_> {
        View::List(self)
    }
}

impl<T: Member> List for Vec<T> {
    #[inline]
    fn count(&self) -> usize {
        self.len()
    }

    #[inline]
    fn item(&self, index: usize) -> View<'_> {
        self.get(index).map_or(View::Absent, Member::view)
    }
}

impl<T: Member> Member for BTreeMap<String, T> {
    #[inline]
    fn view(&self) -> View<'_> {
        View::Map(self)
    }
}

impl<T: Member> Map for BTreeMap<String, T> {
    fn entries(&self, each: &mut dyn FnMut(&str, View<'_>)) {
        for (key, value) in self {
            each(key, value.view());
        }
    }
}

macro_rules! members {
    ($($type:ty => |$value:ident| $view:expr;)*) => {$(
        impl Member for $type {
            #[inline]
            fn view(&self) -> View<'_> {
                let $value = self;
                $view
            }
        }
    )*};
}

members! {
    String => |text| View::Text(text);
    bool => |value| View::Bool(*value);
    i32 => |number| View::Integer(i64::from(*number));
    i64 => |number| View::Integer(*number);
    f64 => |number| View::Float(*number);
    Value => |value| match value { Value::Null => View::Absent, value => View::Value(value) };
}

/// Calls `found` with the member at a dotted path of wire names, if there is one. Indices are not part of paths.
pub(crate) fn at_path(view: View<'_>, path: &str, found: &mut dyn FnMut(View<'_>)) {
    struct Step<'a> {
        name: &'a str,
        rest: &'a str,
        found: &'a mut dyn FnMut(View<'_>),
    }
    impl Viewer for Step<'_> {
        fn members(&mut self, _: &str, table: &'static [Entry], members: &[&dyn Member]) {
            let row = table.iter().zip(members).find(|((name, _), _)| *name == self.name);
            if let Some((_, member)) = row {
                at_path(member.view(), self.rest, self.found);
            }
        }
    }
    if path.is_empty() {
        return found(view);
    }
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    match view {
        View::Record(record) => record.walk(&mut Step { name, rest, found }),
        View::Map(map) => map.entries(&mut |key, view| {
            if key == name {
                at_path(view, rest, found);
            }
        }),
        View::Value(Value::Object(members)) => {
            if let Some(value) = members.get(name) {
                at_path(View::Value(value), rest, found);
            }
        }
        View::Value(Value::String(text)) if text.trim_start().starts_with(['{', '[']) => {
            if let Ok(value) = serde_json::from_str::<Value>(text) {
                at_path(View::Value(&value), path, found);
            }
        }
        _ => {}
    }
}

/// Calls `found` with the text at a dotted path; numbers are written as text.
pub(crate) fn with_text(view: View<'_>, path: &str, found: &mut dyn FnMut(&str)) {
    at_path(view, path, &mut |view| match view {
        View::Text(text) => found(text),
        View::Value(Value::String(text)) => found(text),
        View::Integer(number) => found(&number.to_string()),
        View::Value(Value::Number(number)) => found(&number.to_string()),
        _ => {}
    });
}

/// Serialises a generated type by wire names, without absent members.
pub fn serialize<S: Serializer>(fields: &dyn Fields, serializer: S) -> Result<S::Ok, S::Error> {
    Shown(View::Record(fields)).serialize(serializer)
}

/// A view for serde: values as they are.
pub(crate) struct Shown<'a>(pub(crate) View<'a>);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Json { view: self.0, styled: false }.serialize(serializer)
    }
}

/// A view as the JSON of a parameter: members with a style of their own are texts, and numbers are finite.
pub(crate) struct Sent<'a>(pub(crate) View<'a>);

impl Serialize for Sent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Json { view: self.0, styled: true }.serialize(serializer)
    }
}

struct Json<'a> {
    view: View<'a>,
    styled: bool,
}

impl Json<'_> {
    fn within<'v>(&self, view: View<'v>) -> Json<'v> {
        Json { view, styled: self.styled }
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.view {
            View::Absent => serializer.serialize_unit(),
            View::Bool(value) => serializer.serialize_bool(value),
            View::Integer(number) => serializer.serialize_i64(number),
            View::Float(number) if self.styled && !number.is_finite() => {
                Err(serde::ser::Error::custom("a number is infinite or not a number"))
            }
            View::Float(number) => serializer.serialize_f64(number),
            View::Text(text) => serializer.serialize_str(text),
            View::Record(record) => {
                let mut walk = RecordWalk { serializer: Some(serializer), styled: self.styled, outcome: None };
                record.walk(&mut walk);
                walk.outcome.unwrap_or_else(|| Err(serde::ser::Error::custom("the record showed no members")))
            }
            View::List(list) => serializer.collect_seq((0..list.count()).map(|index| self.within(list.item(index)))),
            View::Map(map) => {
                let mut serializer = serializer.serialize_map(None)?;
                let mut outcome = Ok(());
                map.entries(&mut |key, view| {
                    if outcome.is_ok() {
                        outcome = serializer.serialize_entry(key, &self.within(view));
                    }
                });
                outcome?;
                serializer.end()
            }
            View::Value(value) => value.serialize(serializer),
        }
    }
}

fn is_structured(view: View<'_>) -> bool {
    matches!(view, View::Record(_) | View::List(_) | View::Map(_) | View::Value(Value::Array(_) | Value::Object(_)))
}

struct RecordWalk<S: Serializer> {
    serializer: Option<S>,
    styled: bool,
    outcome: Option<Result<S::Ok, S::Error>>,
}

impl<S: Serializer> Viewer for RecordWalk<S> {
    fn members(&mut self, _: &str, table: &'static [Entry], members: &[&dyn Member]) {
        let Some(serializer) = self.serializer.take() else { return };
        let write = || {
            let mut serializer = serializer.serialize_map(None)?;
            for ((name, flags), member) in table.iter().zip(members) {
                match member.view() {
                    View::Absent => {}
                    view if self.styled && is_structured(view) && flags.has(Flags::JSON) => {
                        let text = serde_json::to_string(&Sent(view)).map_err(serde::ser::Error::custom)?;
                        serializer.serialize_entry(name, &text)?;
                    }
                    view if self.styled && is_structured(view) && flags.has(Flags::SIMPLE) => {
                        let text = joined(view).map_err(serde::ser::Error::custom)?;
                        serializer.serialize_entry(name, &text)?;
                    }
                    view => serializer.serialize_entry(name, &Json { view, styled: self.styled })?,
                }
            }
            serializer.end()
        };
        self.outcome = Some(write());
    }
}

/// Items joined by commas. An item with a comma would be read back as two.
pub(crate) fn joined(view: View<'_>) -> Result<String, &'static str> {
    let View::List(list) = view else { return Err("is no list and cannot be joined by commas") };
    let mut text = String::new();
    for index in 0..list.count() {
        let separator = if index == 0 { "" } else { "," };
        let _ = match list.item(index) {
            View::Text(item) if item.contains(',') => return Err("has an item with a comma, which joins items"),
            View::Text(item) => write!(text, "{separator}{item}"),
            View::Integer(number) => write!(text, "{separator}{number}"),
            View::Float(number) if number.is_finite() => write!(text, "{separator}{number}"),
            View::Bool(value) => write!(text, "{separator}{value}"),
            _ => return Err("has an item that cannot be joined by commas"),
        };
    }
    Ok(text)
}

/// Formats a generated type by wire names, with sensitive members masked and absent ones left out.
pub fn debug(fields: &dyn Fields, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    struct Walk<'a, 'f> {
        f: &'a mut fmt::Formatter<'f>,
        outcome: fmt::Result,
    }
    impl Viewer for Walk<'_, '_> {
        fn members(&mut self, name: &str, table: &'static [Entry], members: &[&dyn Member]) {
            let mut shown = self.f.debug_struct(name);
            for ((name, flags), member) in table.iter().zip(members) {
                match member.view() {
                    View::Absent => {}
                    _ if flags.has(Flags::SENSITIVE) => _ = shown.field(name, &format_args!("***")),
                    view => _ = shown.field(name, &Masked(view)),
                }
            }
            self.outcome = shown.finish_non_exhaustive();
        }
    }
    let mut walk = Walk { f, outcome: Ok(()) };
    fields.walk(&mut walk);
    walk.outcome
}

/// A view for people, with sensitive members of records masked.
struct Masked<'a>(View<'a>);

impl fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            View::Absent => f.write_str("absent"),
            View::Bool(value) => value.fmt(f),
            View::Integer(number) => number.fmt(f),
            View::Float(number) => number.fmt(f),
            View::Text(text) => text.fmt(f),
            View::Record(record) => debug(record, f),
            View::List(list) => {
                f.debug_list().entries((0..list.count()).map(|index| Masked(list.item(index)))).finish()
            }
            View::Map(map) => {
                let mut shown = f.debug_map();
                // Keys are data too.
                map.entries(&mut |_, view| _ = shown.entry(&format_args!("***"), &Masked(view)));
                shown.finish()
            }
            // A free value has no table that says what may be shown.
            View::Value(_) => f.write_str("***"),
        }
    }
}
