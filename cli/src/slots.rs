//! Slots for a response, created from the specification. The runtime's reader fills them, so it decides whether a response
//! fits, as it does for the typed client.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aliyun_api_spec::model::{Field, Kind, Operation, Style};
use aliyun_api_spec::types::{Sensitivity, Type, Types};
use aliyun_protocol::scalar::is_json;
use aliyun_runtime::generated::{
    Choice, Entry, Fields, Filler, Flags, Grow, Keyed, List, Make, Map, Member, Place, Record, Slot, View, Viewer,
};
use serde_json::Value;

use crate::json::Json;
use crate::spec;

/// A response, and the text from which it was read.
pub(crate) struct Response {
    root: Root,
    text: String,
}

enum Root {
    /// The response of an operation in the specification.
    Known(RecordSlots),
    /// Any other response.
    Unknown(Value),
}

impl Response {
    /// An empty response of an operation.
    pub(crate) fn of(operation: Option<&'static Operation>) -> Self {
        let root = match operation {
            Some(operation) => Root::Known(RecordSlots::of(Layout::of_answer(operation))),
            None => Root::Unknown(Value::Null),
        };
        Self { root, text: String::new() }
    }

    /// The response to show: with the names and types of the specification, and the digits and order of the text. Members
    /// that the specification does not have are unchanged.
    pub(crate) fn show(&self) -> Json {
        let written = Json::read(&self.text);
        match &self.root {
            Root::Known(group) => group.show(written),
            Root::Unknown(_) => written,
        }
    }
}

impl Default for Response {
    fn default() -> Self {
        Self::of(None)
    }
}

impl Slot for Response {
    fn place(&mut self) -> Place<'_> {
        match &mut self.root {
            Root::Known(group) => Place::Record(group),
            Root::Unknown(value) => Place::Value(value),
        }
    }

    fn keep(&mut self, text: &str) {
        text.clone_into(&mut self.text);
    }
}

impl Member for Response {
    fn view(&self) -> View<'_> {
        match &self.root {
            Root::Known(group) => View::Record(group),
            Root::Unknown(value) => value.view(),
        }
    }
}

/// The members of a record, with their table for the reader.
struct Layout {
    fields: Vec<&'static Field>,
    table: &'static [Entry],
    types: Types<'static>,
}

/// Layouts by the address of the fields: one for each type of the operation.
static LAYOUTS: Mutex<BTreeMap<usize, &'static Layout>> = Mutex::new(BTreeMap::new());

impl Layout {
    fn of_answer(operation: &'static Operation) -> &'static Self {
        let service = spec::service();
        let envelope = service.envelope_of(operation);
        let lenient =
            |field: &Field| if envelope.decides_success(&field.wire_name) { Flags::NONE } else { Flags::LENIENT };
        Self::made_once(std::ptr::from_ref(operation).addr(), Types::of(operation, service), || {
            let own = operation.response.iter().map(|field| (field, Flags::NONE));
            own.chain(service.envelope_fields(operation).map(|field| (field, lenient(field)))).collect()
        })
    }

    fn of(fields: &'static [Field], types: Types<'static>) -> &'static Self {
        Self::made_once(fields.as_ptr().addr(), types, || fields.iter().map(|field| (field, Flags::NONE)).collect())
    }

    /// Creates a layout once and keeps it for the rest of the process, since the reader needs static tables.
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

    /// The row of the member with this name or alias.
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
struct RecordSlots {
    layout: &'static Layout,
    slots: Vec<AnySlot>,
}

impl RecordSlots {
    fn of(layout: &'static Layout) -> Self {
        let slots = layout.fields.iter().map(|field| AnySlot::empty(&field.shape.kind, layout.types, false));
        Self { layout, slots: slots.collect() }
    }

    /// Replaces aliases by the name of the member. If a name occurs twice, the last one counts.
    fn show(&self, written: Json) -> Json {
        let Json::Object(members) = written else { return written };
        let mut shown: Vec<(String, Json)> = Vec::with_capacity(members.len());
        for (name, value) in members {
            let row = self.layout.row(&name).and_then(|row| Some((self.layout.fields.get(row)?, self.slots.get(row)?)));
            let Some((field, slot)) = row else {
                shown.push((name, value));
                continue;
            };
            let value = slot.show(value);
            match shown.iter_mut().find(|(known, _)| *known == field.wire_name) {
                Some((_, earlier)) => *earlier = value,
                None => shown.push((field.wire_name.clone(), value)),
            }
        }
        Json::Object(shown)
    }
}

impl Fields for RecordSlots {
    fn walk(&self, viewer: &mut dyn Viewer) {
        let members: Vec<&dyn Member> = self.slots.iter().map(|slot| slot as &dyn Member).collect();
        viewer.members("Response", self.layout.table, &members);
    }
}

impl Record for RecordSlots {
    fn fill(&mut self, filler: &mut dyn Filler) {
        let mut slots: Vec<&mut dyn Slot> = self.slots.iter_mut().map(|slot| slot as &mut dyn Slot).collect();
        filler.fill(self.layout.table, &mut slots);
    }
}

/// The slot of a value: of a member of a record, or of an item of a list or a map.
struct AnySlot {
    of: Type<'static>,
    types: Types<'static>,
    /// An item exists from the start, a member only after a value was read.
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
    Record(Option<RecordSlots>),
    List(Option<Items>),
    Map(Option<Entries>),
}

impl AnySlot {
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

    /// The slot of an item.
    fn item(kind: &'static Kind, types: Types<'static>) -> Self {
        Self::empty(kind, types, true)
    }

    /// The value to show: converted as by the reader, but with the digits of the text.
    fn show(&self, written: Json) -> Json {
        // The value was read from JSON inside a text.
        let written = match (&self.held, written) {
            (Held::Record(Some(_)) | Held::List(Some(_)) | Held::Map(Some(_)), Json::Text(text)) => opened(text),
            (Held::Value(value), Json::Text(text)) => match value.as_ref() {
                Some(Value::Array(_) | Value::Object(_)) => opened(text),
                _ => Json::Text(text),
            },
            (_, written) => written,
        };
        match (&self.held, written) {
            (Held::Record(Some(group)), written @ Json::Object(_)) => group.show(written),
            (Held::List(Some(items)), Json::List(written)) => items.show(written),
            (Held::List(Some(items)), Json::Text(joined)) => {
                items.show(joined.split(',').map(|item| Json::Text(item.trim().to_owned())).collect())
            }
            (Held::Map(Some(entries)), Json::Object(written)) => entries.show(written),
            (Held::Text(Some(_)), Json::Number(digits)) => Json::Text(digits),
            // The reader replaces half of a surrogate pair.
            (Held::Text(Some(text)), Json::Bool(_) | Json::Raw(_)) => Json::Text(text.clone()),
            // A value that does not fit a lenient member leaves an earlier one in place.
            (Held::Text(Some(text)), Json::List(_) | Json::Object(_)) if !text.starts_with(['[', '{']) => {
                Json::Text(text.clone())
            }
            (Held::Bool(Some(value)), _) => Json::Bool(*value),
            (Held::Int32(Some(_)) | Held::Int64(Some(_)) | Held::Float(Some(_)), Json::Text(text)) => number(text),
            (Held::Code(Some(code)), written) => code.show(written),
            // A later `null` does not remove the value.
            (_, Json::Null) => self.read(),
            (_, written) => written,
        }
    }

    /// The value as the reader has converted it.
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
                let members = group.layout.fields.iter().zip(&group.slots);
                let members = members.map(|(field, slot)| (field.wire_name.clone(), slot.read()));
                Json::Object(members.filter(|(_, value)| !value.is_null()).collect())
            }
            Held::Map(Some(entries)) => {
                Json::Object(entries.slots.iter().map(|(key, slot)| (key.clone(), slot.read())).collect())
            }
            _ => Json::Null,
        }
    }
}

/// The JSON inside a text, if the text starts like a list or an object.
fn opened(text: String) -> Json {
    if is_json(&text) { Json::read(text.trim()) } else { Json::Text(text) }
}

/// A number that was sent as a text. One that is not a JSON number, such as `007`, stays a text, since its digits may matter.
fn number(text: String) -> Json {
    let trimmed = text.trim();
    if crate::json::is_number(trimmed) { Json::Number(trimmed.to_owned()) } else { Json::Text(text) }
}

impl Slot for AnySlot {
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

impl Make for AnySlot {
    fn make(&mut self) -> Place<'_> {
        match (&mut self.held, self.of) {
            (Held::Code(code), Type::Enum { kind, .. }) => Place::Choice(code.insert(Code::empty(kind))),
            (Held::Record(group), Type::Record(fields)) => {
                Place::Record(group.insert(RecordSlots::of(Layout::of(fields, self.types))))
            }
            (Held::List(list), Type::Array(items)) => {
                Place::List(list.insert(Items { kind: &items.kind, types: self.types, slots: Vec::new() }))
            }
            (Held::Map(map), Type::Map(values)) => {
                Place::Map(map.insert(Entries { kind: &values.kind, types: self.types, slots: BTreeMap::new() }))
            }
            _ => unreachable!("only slots of these types are created later"),
        }
    }
}

impl Member for AnySlot {
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

    fn show(&self, written: Json) -> Json {
        match (self, written) {
            (Self::Text(_), Json::Number(digits)) => Json::Text(digits),
            (Self::Integer(_), Json::Text(text)) => number(text),
            (_, Json::Null) => self.read(),
            (_, written) => written,
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
    slots: Vec<AnySlot>,
}

impl Items {
    /// Items to show. The reader skips `null`.
    fn show(&self, written: Vec<Json>) -> Json {
        let mut slots = self.slots.iter();
        let show = |written: Json| {
            if written.is_null() { written } else { slots.next().map_or(Json::Null, |slot| slot.show(written)) }
        };
        Json::List(written.into_iter().map(show).filter(|item| !item.is_null()).collect())
    }

    fn read(&self) -> Json {
        Json::List(self.slots.iter().map(AnySlot::read).collect())
    }
}

impl Grow for Items {
    fn clear(&mut self) {
        self.slots.clear();
    }

    fn grow(&mut self) -> Place<'_> {
        self.slots.push(AnySlot::item(self.kind, self.types));
        match self.slots.last_mut() {
            Some(slot) => slot.place(),
            None => unreachable!("an item was pushed in the line above"),
        }
    }

    fn item_size(&self) -> usize {
        size_of_item(self.kind, self.types)
    }
}

impl List for Items {
    fn count(&self) -> usize {
        self.slots.len()
    }

    fn item(&self, index: usize) -> View<'_> {
        self.slots.get(index).map_or(View::Absent, Member::view)
    }
}

/// Memory that an item takes with its members, in bytes.
fn size_of_item(kind: &'static Kind, types: Types<'static>) -> usize {
    (1 + types.fields(kind).len()) * size_of::<AnySlot>()
}

/// The entries of a map.
struct Entries {
    kind: &'static Kind,
    types: Types<'static>,
    slots: BTreeMap<String, AnySlot>,
}

impl Entries {
    fn show(&self, written: Vec<(String, Json)>) -> Json {
        let show = |(key, value): (String, Json)| {
            let value = match self.slots.get(&key) {
                Some(slot) => slot.show(value),
                None => value,
            };
            (key, value)
        };
        Json::Object(written.into_iter().map(show).collect())
    }
}

impl Keyed for Entries {
    fn clear(&mut self) {
        self.slots.clear();
    }

    fn under(&mut self, key: String) -> Place<'_> {
        let slot = self.slots.entry(key).or_insert_with(|| AnySlot::item(self.kind, self.types));
        *slot = AnySlot::item(self.kind, self.types);
        slot.place()
    }

    fn item_size(&self) -> usize {
        size_of::<String>() + size_of_item(self.kind, self.types)
    }
}

impl Map for Entries {
    fn entries(&self, each: &mut dyn FnMut(&str, View<'_>)) {
        for (key, slot) in &self.slots {
            each(key, slot.view());
        }
    }
}

#[cfg(test)]
mod tests;
