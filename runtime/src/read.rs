//! The reader: from the text of an answer straight into its record, without a tree of values in between.
//!
//! The wire is untidy, and this is the one place that is lenient: numbers and booleans may come as text and texts
//! as numbers, `null` is absent, unknown members are ignored, a text that starts like JSON is read as JSON where a
//! list, a record or a map is wanted. What does not fit even so is a [`Fault`] with a path.

use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::fault::{Fault, Found, What};
use crate::field::{Entry, Flags};
use crate::slot::{Filler, Grow, Place, Slot};

/// Where a text came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was JSON.
    Json,
    /// It was XML, where lists have wrappers.
    Xml,
}

/// Reads a JSON text into a place. `memory` is what all records may take, in bytes: a small text can stand for many
/// empty records.
pub(crate) fn read(text: &str, place: Place<'_>, origin: Origin, memory: usize) -> Result<(), Fault> {
    let mut context = Context {
        memory_left: memory,
        memory,
        xml: origin == Origin::Xml,
        depth: 0,
        fault: None,
        order: Order::default(),
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let reader = Reader { target: Target::Place(place), flags: Flags::NONE, context: &mut context };
    let outcome = reader.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    outcome.map_err(|error| context.fault.unwrap_or_else(|| syntax(&error)))
}

fn syntax(error: &serde_json::Error) -> Fault {
    Fault::new(What::Syntax { message: error.to_string(), ended: error.is_eof() })
}

struct Context {
    memory: usize,
    memory_left: usize,
    xml: bool,
    /// How many texts within texts are being read. Each is a parser of its own, with its own stack.
    depth: usize,
    /// The fault that stopped the reading. It travels here, beside serde's error, which would flatten it to text.
    fault: Option<Fault>,
    order: Order,
}

/// The rows of the members of the last record, in the order they came: the next record of its list has them in the
/// same order, so that each name is compared once.
#[derive(Default)]
struct Order {
    table: &'static [Entry],
    rows: Vec<usize>,
}

impl Context {
    fn stop<E: serde::de::Error>(&mut self, what: What) -> E {
        self.fault = Some(Fault::new(what));
        E::custom("")
    }

    fn misfit<E: serde::de::Error>(&mut self, place: &Place<'_>, found: Found) -> E {
        self.stop(What::Misfit { expected: expected(place), found })
    }

    fn charge<E: serde::de::Error>(&mut self, bytes: usize) -> Result<(), E> {
        match self.memory_left.checked_sub(bytes) {
            Some(left) => {
                self.memory_left = left;
                Ok(())
            }
            None => Err(self.stop(What::TooLarge { limit: self.memory })),
        }
    }
}

fn expected(place: &Place<'_>) -> &'static str {
    match place {
        Place::Text(_) | Place::OptionalText(_) => "a text",
        Place::Bool(_) | Place::OptionalBool(_) => "true or false",
        Place::Int32(_) | Place::OptionalInt32(_) => "an integer of 32 bits",
        Place::Int64(_) | Place::OptionalInt64(_) => "an integer",
        Place::Float(_) | Place::OptionalFloat(_) => "a number",
        Place::Value(_) | Place::OptionalValue(_) => "a value",
        Place::Choice(_) => "a code",
        Place::Record(_) | Place::Made(_) => "an object",
        Place::List(_) => "a list",
        Place::Map(_) => "an object of keys and values",
    }
}

/// Where a value goes: an item is added to its list only when there is a value for it.
enum Target<'a> {
    Place(Place<'a>),
    Item(&'a mut dyn Grow),
}

struct Reader<'a, 'c> {
    target: Target<'a>,
    flags: Flags,
    context: &'c mut Context,
}

impl<'a, 'c> Reader<'a, 'c> {
    /// The place, now that there is a value for it.
    #[inline]
    fn open<E: serde::de::Error>(self) -> Result<(Place<'a>, Flags, &'c mut Context), E> {
        let place = match self.target {
            Target::Place(place) => place,
            Target::Item(list) => {
                self.context.charge(list.item_size())?;
                list.grow()
            }
        };
        let place = match place {
            Place::Made(make) => make.make(),
            place => place,
        };
        Ok((place, self.flags, self.context))
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_, '_> {
    type Value = ();

    #[inline]
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<(), E> {
        let (place, _, context) = self.open()?;
        match place {
            Place::Bool(slot) => *slot = value,
            Place::OptionalBool(slot) => *slot = Some(value),
            Place::Text(slot) => *slot = value.to_string(),
            Place::OptionalText(slot) => *slot = Some(value.to_string()),
            Place::Value(slot) => *slot = Value::Bool(value),
            Place::OptionalValue(slot) => *slot = Some(Value::Bool(value)),
            Place::Int32(slot) => *slot = i32::from(value),
            Place::OptionalInt32(slot) => *slot = Some(i32::from(value)),
            Place::Int64(slot) => *slot = i64::from(value),
            Place::OptionalInt64(slot) => *slot = Some(i64::from(value)),
            place => return Err(context.misfit(&place, Found::Shown(value.to_string()))),
        }
        Ok(())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<(), E> {
        // Nearly all numbers go here.
        if let Target::Place(Place::OptionalInt64(slot)) = self.target {
            *slot = Some(number);
            return Ok(());
        }
        let (place, _, context) = self.open()?;
        integer(place, number).map_err(|place| context.misfit(&place, Found::Shown(number.to_string())))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        if let Ok(number) = i64::try_from(number) {
            return self.visit_i64(number);
        }
        let (place, _, context) = self.open()?;
        match place {
            Place::Text(slot) => *slot = number.to_string(),
            Place::OptionalText(slot) => *slot = Some(number.to_string()),
            Place::Value(slot) => *slot = Value::from(number),
            Place::OptionalValue(slot) => *slot = Some(Value::from(number)),
            #[allow(clippy::cast_precision_loss, reason = "a floating point field holds what fits into one")]
            Place::Float(slot) => *slot = number as f64,
            #[allow(clippy::cast_precision_loss, reason = "a floating point field holds what fits into one")]
            Place::OptionalFloat(slot) => *slot = Some(number as f64),
            place => return Err(context.misfit(&place, Found::Shown(number.to_string()))),
        }
        Ok(())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        let (place, _, context) = self.open()?;
        // Beyond 64 bits an integer has lost its last digits, and as a text it would be another id.
        if matches!(place, Place::Text(_) | Place::OptionalText(_))
            && !(number > -9_223_372_036_854_775_808.0 && number < 18_446_744_073_709_551_616.0)
        {
            return Err(context.misfit(&place, Found::Kind("a number too long to be kept exactly")));
        }
        float(place, number).map_err(|place| context.misfit(&place, Found::Shown(number.to_string())))
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> Result<(), E> {
        // Many numbers come in quotes.
        if let Target::Place(Place::OptionalInt64(slot)) = &mut self.target
            && let Ok(number) = text.parse()
        {
            **slot = Some(number);
            return Ok(());
        }
        match self.target {
            // Nearly all texts go here.
            Target::Place(Place::OptionalText(slot)) => {
                *slot = Some(text.to_owned());
                return Ok(());
            }
            // An empty text is no record: what would hold one stays empty.
            Target::Place(Place::Made(_)) if is_blank(text) => return Ok(()),
            _ => {}
        }
        let (place, flags, context) = self.open()?;
        match place {
            Place::OptionalText(slot) => *slot = Some(text.to_owned()),
            Place::Text(slot) => text.clone_into(slot),
            Place::Record(_) | Place::List(_) | Place::Map(_) => return structured(text, place, flags, context),
            Place::Value(slot) => *slot = free(text, flags, context)?,
            Place::OptionalValue(slot) => *slot = Some(free(text, flags, context)?),
            place => {
                return scalar(place, text.trim())
                    .map_err(|place| context.misfit(&place, Found::Shown(format!("{text:?}"))));
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let (place, flags, context) = self.open()?;
        match place {
            Place::List(list) => {
                list.clear();
                let mut index = 0;
                loop {
                    let item = Reader { target: Target::Item(list), flags, context };
                    match items.next_element_seed(item) {
                        Ok(Some(())) => index += 1,
                        Ok(None) => return Ok(()),
                        Err(error) => return Err(below(error, context, |fault| fault.below_index(index))),
                    }
                }
            }
            Place::Value(slot) => *slot = FreeList { context }.visit_seq(items)?,
            Place::OptionalValue(slot) => *slot = Some(FreeList { context }.visit_seq(items)?),
            Place::Text(slot) if flags.has(Flags::JSON) => *slot = FreeList { context }.visit_seq(items)?.to_string(),
            Place::OptionalText(slot) if flags.has(Flags::JSON) => {
                *slot = Some(FreeList { context }.visit_seq(items)?.to_string());
            }
            place => return Err(context.misfit(&place, Found::Kind("a list"))),
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let (place, flags, context) = self.open()?;
        match place {
            Place::Record(record) => {
                let mut filler = MembersFiller { members, context, error: None };
                record.fill(&mut filler);
                return filler.error.map_or(Ok(()), Err);
            }
            Place::Map(map) => {
                map.clear();
                let mut count = 0;
                while let Some(key) = members.next_key::<String>()? {
                    context.charge(map_charge(count, map.item_size()) + key.capacity())?;
                    count += 1;
                    let value = Reader { target: Target::Place(map.under(key)), flags, context };
                    if let Err(error) = members.next_value_seed(value) {
                        return Err(below(error, context, Fault::below_key));
                    }
                }
            }
            Place::List(list) if context.xml => {
                let value = FreeMap { context }.visit_map(members)?;
                return unwrapped(value, list, flags, context);
            }
            Place::Value(slot) => *slot = FreeMap { context }.visit_map(members)?,
            Place::OptionalValue(slot) => *slot = Some(FreeMap { context }.visit_map(members)?),
            Place::Text(slot) if flags.has(Flags::JSON) => *slot = FreeMap { context }.visit_map(members)?.to_string(),
            Place::OptionalText(slot) if flags.has(Flags::JSON) => {
                *slot = Some(FreeMap { context }.visit_map(members)?.to_string());
            }
            place => return Err(context.misfit(&place, Found::Kind("an object"))),
        }
        Ok(())
    }
}

/// Adds a step to the path of the fault on its way out. A syntax error of the text around has no path.
fn below<E>(error: E, context: &mut Context, step: impl FnOnce(&mut Fault)) -> E {
    if let Some(fault) = &mut context.fault {
        step(fault);
    }
    error
}

fn integer(place: Place<'_>, number: i64) -> Result<(), Place<'_>> {
    match place {
        Place::Int64(slot) => *slot = number,
        Place::OptionalInt64(slot) => *slot = Some(number),
        Place::Int32(slot) => match i32::try_from(number) {
            Ok(number) => *slot = number,
            Err(_) => return Err(Place::Int32(slot)),
        },
        Place::OptionalInt32(slot) => match i32::try_from(number) {
            Ok(number) => *slot = Some(number),
            Err(_) => return Err(Place::OptionalInt32(slot)),
        },
        #[allow(clippy::cast_precision_loss, reason = "a floating point field holds what fits into one")]
        Place::Float(slot) => *slot = number as f64,
        #[allow(clippy::cast_precision_loss, reason = "a floating point field holds what fits into one")]
        Place::OptionalFloat(slot) => *slot = Some(number as f64),
        Place::Text(slot) => *slot = decimal(number),
        Place::OptionalText(slot) => *slot = Some(decimal(number)),
        Place::Bool(slot) if matches!(number, 0 | 1) => *slot = number == 1,
        Place::OptionalBool(slot) if matches!(number, 0 | 1) => *slot = Some(number == 1),
        Place::Value(slot) => *slot = Value::from(number),
        Place::OptionalValue(slot) => *slot = Some(Value::from(number)),
        Place::Choice(choice) => {
            if !choice.choose(itoa::Buffer::new().format(number)) {
                return Err(Place::Choice(choice));
            }
        }
        place => return Err(place),
    }
    Ok(())
}

fn decimal(number: i64) -> String {
    itoa::Buffer::new().format(number).to_owned()
}

fn float(place: Place<'_>, number: f64) -> Result<(), Place<'_>> {
    match place {
        Place::Float(slot) => *slot = number,
        Place::OptionalFloat(slot) => *slot = Some(number),
        Place::Text(slot) => *slot = number.to_string(),
        Place::OptionalText(slot) => *slot = Some(number.to_string()),
        Place::Value(slot) => *slot = Value::from(number),
        Place::OptionalValue(slot) => *slot = Some(Value::from(number)),
        place => match whole(number) {
            Some(number) => return integer(place, number),
            None => return Err(place),
        },
    }
    Ok(())
}

/// The integer that a floating point number stands for, such as 60 for `60.0`.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, reason = "the range was checked")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// A text where a number, a boolean or a code is wanted. An empty one is absent, except as a code.
fn scalar<'a>(place: Place<'a>, text: &str) -> Result<(), Place<'a>> {
    match place {
        Place::Choice(choice) => {
            if choice.choose(text) {
                return Ok(());
            }
            return Err(Place::Choice(choice));
        }
        _ if text.is_empty() => return Ok(()),
        Place::Bool(slot) => match truth(text) {
            Some(value) => *slot = value,
            None => return Err(Place::Bool(slot)),
        },
        Place::OptionalBool(slot) => match truth(text) {
            Some(value) => *slot = Some(value),
            None => return Err(Place::OptionalBool(slot)),
        },
        place => {
            if let Ok(number) = text.parse::<i64>() {
                return integer(place, number);
            }
            return match text.parse::<f64>() {
                Ok(number) if number.is_finite() => float(place, number),
                _ => Err(place),
            };
        }
    }
    Ok(())
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn is_blank(text: &str) -> bool {
    matches!(text.trim(), "" | "null")
}

fn is_structured(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// A text where a list, a record or a map is wanted.
fn structured<E: serde::de::Error>(text: &str, place: Place<'_>, flags: Flags, context: &mut Context) -> Result<(), E> {
    if is_structured(text) {
        return nested(text, place, context);
    }
    match place {
        _ if is_blank(text) => Ok(()),
        Place::List(list) if flags.has(Flags::SIMPLE) => {
            list.clear();
            for (index, item) in text.split(',').enumerate() {
                let reader = Reader { target: Target::Item(list), flags, context };
                if let Err(error) = reader.visit_str::<E>(item.trim()) {
                    return Err(below(error, context, |fault| fault.below_index(index)));
                }
            }
            Ok(())
        }
        Place::List(list) if context.xml => {
            // The only item of a list whose elements are repeated without a wrapper.
            list.clear();
            Reader { target: Target::Item(list), flags, context }.visit_str(text)
        }
        // What is below is not known to be harmless, so the text is not shown.
        place => Err(context.misfit(&place, Found::Kind("a text that is no JSON"))),
    }
}

/// A text as a free value: opened where it is declared to hold JSON and does.
fn free<E: serde::de::Error>(text: &str, flags: Flags, context: &mut Context) -> Result<Value, E> {
    if flags.has(Flags::JSON) && is_structured(text) && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        let mut value = Value::Null;
        nested(text, Place::Value(&mut value), context)?;
        return Ok(value);
    }
    Ok(Value::from(text))
}

/// JSON inside a text.
fn nested<E: serde::de::Error>(text: &str, place: Place<'_>, context: &mut Context) -> Result<(), E> {
    const DEPTH: usize = 4;
    if context.depth == DEPTH {
        return Err(context.misfit(&place, Found::Kind("JSON within text, nested too deep")));
    }
    context.depth += 1;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let reader = Reader { target: Target::Place(place), flags: Flags::NONE, context };
    let outcome = reader.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    context.depth -= 1;
    outcome.map_err(|error| {
        if context.fault.is_none() {
            context.fault = Some(syntax(&error));
        }
        E::custom("")
    })
}

/// An object where a list is wanted, in XML: either a wrapper such as `<Data><Item/><Item/></Data>`, whose one
/// member holds the items, or the only item itself.
fn unwrapped<E: serde::de::Error>(
    value: Value,
    list: &mut dyn Grow,
    flags: Flags,
    context: &mut Context,
) -> Result<(), E> {
    let items = match value {
        Value::Object(mut members) if members.len() == 1 && !is_item(&members, list) => {
            match members.values_mut().next().map(Value::take) {
                Some(Value::Array(items)) => items,
                inner => inner.into_iter().collect(),
            }
        }
        item => vec![item],
    };
    list.clear();
    let reader = Reader { target: Target::Place(Place::List(list)), flags, context };
    reader.deserialize(Value::Array(items)).map_err(|error| E::custom(error))
}

/// Whether an object with one member is an item of the list, and not a wrapper: a record of the list has that member.
fn is_item(members: &serde_json::Map<String, Value>, list: &mut dyn Grow) -> bool {
    struct Names<'m> {
        members: &'m serde_json::Map<String, Value>,
        known: bool,
    }
    impl Filler for Names<'_> {
        fn fill(&mut self, table: &'static [Entry], _: &mut [&mut dyn Slot]) {
            self.known = self.members.keys().any(|name| table.iter().any(|row| row.0 == name));
        }
    }
    let mut names = Names { members, known: false };
    if let Place::Record(record) = list.grow() {
        record.fill(&mut names);
    }
    names.known
}

/// Fills a record from the members of an object.
struct MembersFiller<'c, A, E> {
    members: A,
    context: &'c mut Context,
    error: Option<E>,
}

impl<'de, A: MapAccess<'de>> Filler for MembersFiller<'_, A, A::Error> {
    fn fill(&mut self, table: &'static [Entry], slots: &mut [&mut dyn Slot]) {
        let mut order = std::mem::take(&mut self.context.order);
        if !std::ptr::eq(order.table, table) {
            order = Order { table, rows: Vec::with_capacity(slots.len()) };
        }
        self.fill_in(&mut order, table, slots);
        self.context.order = order;
    }
}

impl<'de, A: MapAccess<'de>> MembersFiller<'_, A, A::Error> {
    fn fill_in(&mut self, order: &mut Order, table: &'static [Entry], slots: &mut [&mut dyn Slot]) {
        for at in 0.. {
            let guess = order.rows.get(at).copied().unwrap_or(at);
            let row = match self.members.next_key_seed(Row { table, guess }) {
                Ok(Some(row)) => row,
                Ok(None) => return,
                Err(error) => return self.error = Some(error),
            };
            // An unknown name is guessed to be the row that is behind the table.
            let found = row.unwrap_or(table.len());
            match order.rows.get_mut(at) {
                Some(known) => *known = found,
                None if at < table.len() => order.rows.push(found),
                None => {}
            }
            let outcome = match member_of(table, slots, found) {
                None => self.members.next_value::<IgnoredAny>().map(drop),
                Some((name, flags, place)) => {
                    let reader = Reader { target: Target::Place(place), flags, context: self.context };
                    self.members.next_value_seed(reader).map_err(|error| {
                        below(error, self.context, |fault| fault.below_name(name, flags.has(Flags::SENSITIVE)))
                    })
                }
            };
            if let Err(error) = outcome {
                return self.error = Some(error);
            }
        }
    }
}

/// Name, facts and place of the member that a row speaks of. An alias has its own name and its member's facts.
#[inline]
fn member_of<'s>(
    table: &'static [Entry],
    slots: &'s mut [&mut dyn Slot],
    row: usize,
) -> Option<(&'static str, Flags, Place<'s>)> {
    let (name, flags) = *table.get(row)?;
    let member = flags.member(row);
    let flags = if member == row { flags } else { table.get(member)?.1 };
    Some((name, flags, slots.get_mut(member)?.place()))
}

/// Finds the row of a name.
struct Row {
    table: &'static [Entry],
    guess: usize,
}

impl<'de> DeserializeSeed<'de> for Row {
    type Value = Option<usize>;

    #[inline]
    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Row {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    #[inline]
    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Self::Value, E> {
        if self.table.get(self.guess).is_some_and(|row| row.0 == name) {
            return Ok(Some(self.guess));
        }
        Ok(self.table.iter().position(|row| row.0 == name))
    }
}

/// Memory that one more entry of a map takes: a node has room for eleven, and is taken with the first.
fn map_charge(entries: usize, entry: usize) -> usize {
    const NODE: usize = 11;
    if entries.is_multiple_of(NODE) { NODE * entry } else { entry / 2 }
}

/// A free list; every item is charged.
struct FreeList<'c> {
    context: &'c mut Context,
}

impl FreeList<'_> {
    fn visit_seq<'de, A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list: Vec<Value> = Vec::new();
        loop {
            let reader = FreeItem { list: &mut list, context: self.context };
            if items.next_element_seed(reader)?.is_none() {
                return Ok(Value::Array(list));
            }
        }
    }
}

struct FreeItem<'a, 'c> {
    list: &'a mut Vec<Value>,
    context: &'c mut Context,
}

impl<'de> DeserializeSeed<'de> for FreeItem<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.context.charge(size_of::<Value>())?;
        let mut value = Value::Null;
        let target = Target::Place(Place::Value(&mut value));
        deserializer.deserialize_any(Reader { target, flags: Flags::NONE, context: self.context })?;
        self.list.push(value);
        Ok(())
    }
}

/// A free object; every member is charged.
struct FreeMap<'c> {
    context: &'c mut Context,
}

impl FreeMap<'_> {
    fn visit_map<'de, A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = serde_json::Map::new();
        while let Some(key) = members.next_key::<String>()? {
            self.context.charge(map_charge(map.len(), size_of::<String>() + size_of::<Value>()) + key.capacity())?;
            let mut value = Value::Null;
            let target = Target::Place(Place::Value(&mut value));
            members.next_value_seed(Reader { target, flags: Flags::NONE, context: self.context })?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests;
