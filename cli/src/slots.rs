//! Slots for an answer, made of its specification: what the runtime's reader fills and so decides whether it fits, as it
//! does for the typed client.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aliyun_api_spec::dyvmsapi;
use aliyun_api_spec::model::{Field, Kind, Operation, Style};
use aliyun_api_spec::types::{Sensitivity, Type, Types};
use aliyun_runtime::generated::{
    Choice, Entry, Fields, Filler, Flags, Grow, Keyed, List, Make, Map, Member, Place, Record, Slot, View, Viewer,
};
use serde_json::Value;

use crate::json::Json;

/// An answer, and the text that it was read from.
pub(crate) struct Answer {
    root: Root,
    text: String,
}

enum Root {
    /// Of an operation that the specification knows.
    Group(Group),
    /// Of any other.
    Free(Value),
}

impl Answer {
    /// An empty answer of an operation.
    pub(crate) fn of(operation: Option<&'static Operation>) -> Self {
        let root = match operation {
            Some(operation) => Root::Group(Group::of(Layout::of_answer(operation))),
            None => Root::Free(Value::Null),
        };
        Self { root, text: String::new() }
    }

    /// The answer as it is shown: by the names and types of its specification, with the digits and in the order of its
    /// text. What the specification does not know stays as it came.
    pub(crate) fn show(&self) -> Json {
        let came = Json::read(&self.text);
        match &self.root {
            Root::Group(group) => group.show(came),
            Root::Free(_) => came,
        }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self::of(None)
    }
}

impl Slot for Answer {
    fn place(&mut self) -> Place<'_> {
        match &mut self.root {
            Root::Group(group) => Place::Record(group),
            Root::Free(value) => Place::Value(value),
        }
    }

    fn keep(&mut self, text: &str) {
        text.clone_into(&mut self.text);
    }
}

impl Member for Answer {
    fn view(&self) -> View<'_> {
        match &self.root {
            Root::Group(group) => View::Record(group),
            Root::Free(value) => value.view(),
        }
    }
}

/// The members of a record, and their table.
struct Layout {
    fields: Vec<&'static Field>,
    table: &'static [Entry],
    types: Types<'static>,
}

/// By the address of the fields. There is one for each type of the operation that this process calls.
static LAYOUTS: Mutex<BTreeMap<usize, &'static Layout>> = Mutex::new(BTreeMap::new());

impl Layout {
    fn of_answer(operation: &'static Operation) -> &'static Self {
        let service = dyvmsapi();
        let envelope = &service.envelope;
        // What tells success from failure has to fit; whatever else stands around the answer must not spoil it.
        let lenient = |field: &&Field| {
            let decides = [&envelope.code, &envelope.ok].into_iter().flatten().any(|name| *name == field.wire_name);
            if decides { Flags::NONE } else { Flags::LENIENT }
        };
        Self::made_once(std::ptr::from_ref(operation).addr(), Types::of(operation, service), || {
            let own = operation.response.iter().map(|field| (field, Flags::NONE));
            own.chain(envelope.fields.iter().map(|field| (field, lenient(&field)))).collect()
        })
    }

    fn of(fields: &'static [Field], types: Types<'static>) -> &'static Self {
        Self::made_once(fields.as_ptr().addr(), types, || fields.iter().map(|field| (field, Flags::NONE)).collect())
    }

    /// Kept for the rest of the process: tables of the reader live as long.
    fn made_once(
        key: usize,
        types: Types<'static>,
        fields: impl FnOnce() -> Vec<(&'static Field, Flags)>,
    ) -> &'static Self {
        let mut layouts = LAYOUTS.lock().unwrap_or_else(PoisonError::into_inner);
        layouts.entry(key).or_insert_with(|| {
            let (fields, table): (Vec<&'static Field>, Vec<Entry>) = fields()
                .into_iter()
                .map(|(field, more)| (field, (field.wire_name.as_str(), flags(field, types).and(more))))
                .unzip();
            let aliases = fields.iter().zip(0..).flat_map(|(field, index)| {
                field.aliases.iter().map(move |alias| (alias.as_str(), Flags::alias_of(index)))
            });
            let table: Vec<Entry> = table.into_iter().chain(aliases).collect();
            Box::leak(Box::new(Self { fields, table: table.leak(), types }))
        })
    }

    /// The row of the member of that name, or of that other spelling.
    fn row(&self, name: &str) -> Option<usize> {
        let exact = self.fields.iter().position(|field| field.wire_name == name);
        exact.or_else(|| self.fields.iter().position(|field| field.aliases.iter().any(|alias| alias == name)))
    }
}

fn flags(field: &'static Field, types: Types<'static>) -> Flags {
    let style = match field.shape.style {
        Some(Style::Flat) => Flags::FLAT,
        Some(Style::Json) => Flags::JSON,
        Some(Style::Simple) => Flags::SIMPLE,
        None => Flags::NONE,
    };
    if types.sensitivity(&field.shape) == Sensitivity::Whole { style.and(Flags::SENSITIVE) } else { style }
}

/// A record.
struct Group {
    layout: &'static Layout,
    cells: Vec<Cell>,
}

impl Group {
    fn of(layout: &'static Layout) -> Self {
        let cells = layout.fields.iter().map(|field| Cell::empty(&field.shape.kind, layout.types, false));
        Self { layout, cells: cells.collect() }
    }

    /// A member under another spelling gets its right name. Where a name came twice, the last one counts.
    fn show(&self, came: Json) -> Json {
        let Json::Object(members) = came else { return came };
        let mut shown: Vec<(String, Json)> = Vec::with_capacity(members.len());
        for (name, value) in members {
            let row = self.layout.row(&name).and_then(|row| Some((self.layout.fields.get(row)?, self.cells.get(row)?)));
            let Some((field, cell)) = row else {
                shown.push((name, value));
                continue;
            };
            let value = cell.show(value);
            match shown.iter_mut().find(|(known, _)| *known == field.wire_name) {
                Some((_, earlier)) => *earlier = value,
                None => shown.push((field.wire_name.clone(), value)),
            }
        }
        Json::Object(shown)
    }
}

impl Fields for Group {
    fn walk(&self, viewer: &mut dyn Viewer) {
        let members: Vec<&dyn Member> = self.cells.iter().map(|cell| cell as &dyn Member).collect();
        viewer.members("Answer", self.layout.table, &members);
    }
}

impl Record for Group {
    fn fill(&mut self, filler: &mut dyn Filler) {
        let mut slots: Vec<&mut dyn Slot> = self.cells.iter_mut().map(|cell| cell as &mut dyn Slot).collect();
        filler.fill(self.layout.table, &mut slots);
    }
}

/// A value: a member of a record, or an item of a list or a map.
struct Cell {
    of: Type<'static>,
    types: Types<'static>,
    /// Items are there as soon as there is a place for them; members only when something was read.
    item: bool,
    held: Held,
}

enum Held {
    Text(Option<String>),
    Bool(Option<bool>),
    Int32(Option<i32>),
    Int64(Option<i64>),
    Float(Option<f64>),
    Value(Box<Option<Value>>),
    Code(Option<Code>),
    Record(Option<Group>),
    List(Option<Items>),
    Map(Option<Entries>),
}

impl Cell {
    fn empty(kind: &'static Kind, types: Types<'static>, item: bool) -> Self {
        let of = types.resolve(kind);
        let held = match of {
            Type::Scalar(Kind::Int32) => Held::Int32(None),
            Type::Scalar(Kind::Int64) => Held::Int64(None),
            Type::Scalar(Kind::Number) => Held::Float(None),
            Type::Scalar(Kind::Boolean) => Held::Bool(None),
            Type::Scalar(_) => Held::Text(None),
            Type::Enum { .. } => Held::Code(None),
            Type::Any | Type::Unknown => Held::Value(Box::new(None)),
            Type::Array(_) => Held::List(None),
            Type::Map(_) => Held::Map(None),
            Type::Record(_) => Held::Record(None),
        };
        Self { of, types, item, held }
    }

    /// An item, which is there from the beginning.
    fn item(kind: &'static Kind, types: Types<'static>) -> Self {
        Self::empty(kind, types, true)
    }

    /// The value as it is shown: what the reader made of it, in the words of the text.
    fn show(&self, came: Json) -> Json {
        // It was read from a text that holds JSON.
        let came = match (&self.held, came) {
            (Held::Record(Some(_)) | Held::List(Some(_)) | Held::Map(Some(_)), Json::Text(text)) => opened(text),
            (Held::Value(value), Json::Text(text)) => match value.as_ref() {
                Some(Value::Array(_) | Value::Object(_)) => opened(text),
                _ => Json::Text(text),
            },
            (_, came) => came,
        };
        match (&self.held, came) {
            (Held::Record(Some(group)), came @ Json::Object(_)) => group.show(came),
            (Held::List(Some(items)), Json::List(came)) => items.show(came),
            (Held::List(Some(items)), Json::Text(joined)) => {
                items.show(joined.split(',').map(|item| Json::Text(item.trim().to_owned())).collect())
            }
            (Held::Map(Some(entries)), Json::Object(came)) => entries.show(came),
            (Held::Text(Some(_)), Json::Number(digits)) => Json::Text(digits),
            // Half a character is read as one that stands for it.
            (Held::Text(Some(text)), Json::Bool(_) | Json::Raw(_)) => Json::Text(text.clone()),
            // What did not fit where that does not matter left an earlier value.
            (Held::Text(Some(text)), Json::List(_) | Json::Object(_)) if !text.starts_with(['[', '{']) => {
                Json::Text(text.clone())
            }
            (Held::Bool(Some(value)), _) => Json::Bool(*value),
            (Held::Int32(Some(_)) | Held::Int64(Some(_)) | Held::Float(Some(_)), Json::Text(text)) => number(text),
            (Held::Code(Some(code)), came) => code.show(came),
            // A later `null` takes nothing back.
            (_, Json::Null) => self.read(),
            (_, came) => came,
        }
    }

    /// The value as the reader made it.
    fn read(&self) -> Json {
        match &self.held {
            Held::Text(Some(text)) => Json::Text(text.clone()),
            Held::Bool(Some(value)) => Json::Bool(*value),
            Held::Int32(Some(number)) => Json::Number(number.to_string()),
            Held::Int64(Some(number)) => Json::Number(number.to_string()),
            Held::Float(Some(number)) => Json::read(&Value::from(*number).to_string()),
            Held::Value(value) => value.as_ref().as_ref().map_or(Json::Null, |value| Json::read(&value.to_string())),
            Held::Code(Some(code)) => code.read(),
            Held::List(Some(items)) => items.read(),
            Held::Record(Some(group)) => {
                let members = group.layout.fields.iter().zip(&group.cells);
                let members = members.map(|(field, cell)| (field.wire_name.clone(), cell.read()));
                Json::Object(members.filter(|(_, value)| !value.is_null()).collect())
            }
            Held::Map(Some(entries)) => {
                Json::Object(entries.cells.iter().map(|(key, cell)| (key.clone(), cell.read())).collect())
            }
            _ => Json::Null,
        }
    }
}

/// JSON within a text, which may be a text again.
fn opened(text: String) -> Json {
    if text.trim_start().starts_with(['{', '[']) { Json::read(text.trim()) } else { Json::Text(text) }
}

/// A number that came as a text; one that JSON writes otherwise, such as `007`, stays a text, since its digits may matter.
fn number(text: String) -> Json {
    let trimmed = text.trim();
    if crate::json::is_number(trimmed) { Json::Number(trimmed.to_owned()) } else { Json::Text(text) }
}

impl Slot for Cell {
    fn place(&mut self) -> Place<'_> {
        if matches!(self.held, Held::Code(_) | Held::Record(_) | Held::List(_) | Held::Map(_)) {
            return if self.item { self.make() } else { Place::Made(self) };
        }
        match (&mut self.held, self.item) {
            (Held::Text(text), false) => Place::OptionalText(text),
            (Held::Bool(value), false) => Place::OptionalBool(value),
            (Held::Int32(number), false) => Place::OptionalInt32(number),
            (Held::Int64(number), false) => Place::OptionalInt64(number),
            (Held::Float(number), false) => Place::OptionalFloat(number),
            (Held::Value(value), false) => Place::OptionalValue(value),
            (Held::Text(text), true) => Place::Text(text.get_or_insert_default()),
            (Held::Bool(value), true) => Place::Bool(value.get_or_insert_default()),
            (Held::Int32(number), true) => Place::Int32(number.get_or_insert_default()),
            (Held::Int64(number), true) => Place::Int64(number.get_or_insert_default()),
            (Held::Float(number), true) => Place::Float(number.get_or_insert_default()),
            (Held::Value(value), true) => Place::Value(value.get_or_insert_default()),
            (Held::Code(_) | Held::Record(_) | Held::List(_) | Held::Map(_), _) => {
                unreachable!("these were made in the lines above")
            }
        }
    }
}

impl Make for Cell {
    fn make(&mut self) -> Place<'_> {
        match (&mut self.held, self.of) {
            (Held::Code(code), Type::Enum { kind, .. }) => Place::Choice(code.insert(Code::empty(kind))),
            (Held::Record(group), Type::Record(fields)) => {
                Place::Record(group.insert(Group::of(Layout::of(fields, self.types))))
            }
            (Held::List(list), Type::Array(items)) => {
                Place::List(list.insert(Items { kind: &items.kind, types: self.types, cells: Vec::new() }))
            }
            (Held::Map(map), Type::Map(values)) => {
                Place::Map(map.insert(Entries { kind: &values.kind, types: self.types, cells: BTreeMap::new() }))
            }
            _ => unreachable!("only what has such a type is made, and holds what its type says"),
        }
    }
}

impl Member for Cell {
    fn view(&self) -> View<'_> {
        match &self.held {
            Held::Text(text) => text.view(),
            Held::Bool(value) => value.view(),
            Held::Int32(number) => number.view(),
            Held::Int64(number) => number.view(),
            Held::Float(number) => number.view(),
            Held::Value(value) => value.view(),
            Held::Code(code) => code.as_ref().map_or(View::Absent, Code::view),
            Held::Record(group) => group.as_ref().map_or(View::Absent, |group| View::Record(group)),
            Held::List(items) => items.as_ref().map_or(View::Absent, |items| View::List(items)),
            Held::Map(entries) => entries.as_ref().map_or(View::Absent, |entries| View::Map(entries)),
        }
    }
}

/// A value of an open set.
enum Code {
    Text(String),
    Integer(i64),
}

impl Code {
    fn empty(kind: &Kind) -> Self {
        if *kind == Kind::String { Self::Text(String::new()) } else { Self::Integer(0) }
    }

    fn view(&self) -> View<'_> {
        match self {
            Self::Text(text) => View::Text(text),
            Self::Integer(number) => View::Integer(*number),
        }
    }

    fn show(&self, came: Json) -> Json {
        match (self, came) {
            (Self::Text(_), Json::Number(digits)) => Json::Text(digits),
            (Self::Integer(_), Json::Text(text)) => number(text),
            (_, Json::Null) => self.read(),
            (_, came) => came,
        }
    }

    fn read(&self) -> Json {
        match self {
            Self::Text(text) => Json::Text(text.clone()),
            Self::Integer(number) => Json::Number(number.to_string()),
        }
    }
}

impl Choice for Code {
    fn choose(&mut self, wire: &str) -> bool {
        match self {
            Self::Text(text) => wire.clone_into(text),
            Self::Integer(number) => match wire.parse() {
                Ok(read) => *number = read,
                Err(_) => return false,
            },
        }
        true
    }
}

/// The items of a list.
struct Items {
    kind: &'static Kind,
    types: Types<'static>,
    cells: Vec<Cell>,
}

impl Items {
    /// The reader passes over `null`.
    fn show(&self, came: Vec<Json>) -> Json {
        let mut cells = self.cells.iter();
        let show =
            |came: Json| if came.is_null() { came } else { cells.next().map_or(Json::Null, |cell| cell.show(came)) };
        Json::List(came.into_iter().map(show).filter(|item| !item.is_null()).collect())
    }

    fn read(&self) -> Json {
        Json::List(self.cells.iter().map(Cell::read).collect())
    }
}

impl Grow for Items {
    fn clear(&mut self) {
        self.cells.clear();
    }

    fn grow(&mut self) -> Place<'_> {
        self.cells.push(Cell::item(self.kind, self.types));
        match self.cells.last_mut() {
            Some(cell) => cell.place(),
            None => unreachable!("an item was pushed in the line above"),
        }
    }

    fn item_size(&self) -> usize {
        size_of_item(self.kind, self.types)
    }
}

impl List for Items {
    fn count(&self) -> usize {
        self.cells.len()
    }

    fn item(&self, index: usize) -> View<'_> {
        self.cells.get(index).map_or(View::Absent, Member::view)
    }
}

/// Memory of an item with its members, in bytes.
fn size_of_item(kind: &'static Kind, types: Types<'static>) -> usize {
    (1 + types.fields(kind).len()) * size_of::<Cell>()
}

/// The entries of a map.
struct Entries {
    kind: &'static Kind,
    types: Types<'static>,
    cells: BTreeMap<String, Cell>,
}

impl Entries {
    fn show(&self, came: Vec<(String, Json)>) -> Json {
        let show = |(key, value): (String, Json)| {
            let value = match self.cells.get(&key) {
                Some(cell) => cell.show(value),
                None => value,
            };
            (key, value)
        };
        Json::Object(came.into_iter().map(show).collect())
    }
}

impl Keyed for Entries {
    fn clear(&mut self) {
        self.cells.clear();
    }

    fn under(&mut self, key: String) -> Place<'_> {
        let cell = self.cells.entry(key).or_insert_with(|| Cell::item(self.kind, self.types));
        *cell = Cell::item(self.kind, self.types);
        cell.place()
    }

    fn item_size(&self) -> usize {
        size_of::<String>() + size_of_item(self.kind, self.types)
    }
}

impl Map for Entries {
    fn entries(&self, each: &mut dyn FnMut(&str, View<'_>)) {
        for (key, cell) in &self.cells {
            each(key, cell.view());
        }
    }
}

#[cfg(test)]
mod tests;
