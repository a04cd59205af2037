//! The reader: from the text of a response straight into its record, without a tree of values in between.
//!
//! Services are inconsistent, and this is the one place that is lenient: numbers and Booleans may be texts and texts
//! may be numbers, `null` is absent, unknown members are ignored, and a text that starts like JSON is read as JSON if a
//! list, a record or a map is expected. A value that does not fit even so is a [`Fault`] with a path. The reader then
//! skips the value and goes on, so that the rest of the response is kept.
//!
//! Nothing here is generic over the output type, so that a program compiles it once.

use std::borrow::Cow;

use aliyun_protocol::scalar::{Scalar, is_blank, is_json};
use serde_json::Value;

use crate::generated::field::{Entry, Flags};
use crate::generated::slot::{Filler, Grow, Keyed, Place, Slot};
use crate::response::fault::{Fault, Found, What};

mod scanner;

use scanner::{Escapes, Halt, Raw, Scanner, Token};

/// The format of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// JSON.
    Json,
    /// XML, where lists have wrappers.
    Xml,
}

/// Deepest nesting of lists and objects that are kept. Skipped values may be nested deeper.
const DEPTH: usize = 128;

/// Deepest nesting of JSON in texts in JSON.
const TEXTS: usize = 4;

/// Number of values between two checks of `stop`: about 0.1 ms of work.
const VALUES: usize = 1024;

/// Reads a JSON text into a place.
///
/// `memory` limits what all records may take, in bytes: a small text can describe many empty records. `stop` is checked
/// regularly, and ends the reading when it returns `true`, with a fault that [is cancelled](Fault::cancelled).
///
/// The error is the first fault. What could be read is in its place even so: every value that fits, or if the text is
/// not JSON, is cut short, or the reading was cancelled, every value before that point.
pub(crate) fn read(
    text: &str,
    place: Place<'_>,
    origin: Origin,
    memory: usize,
    stop: &dyn Fn() -> bool,
) -> Result<(), Fault> {
    let mut context = Context::new(memory, stop);
    context.xml = origin == Origin::Xml;
    // The fault is more precise.
    let _ = Reader { scanner: Scanner::new(text), context: &mut context }.whole(place);
    context.fault.map_or(Ok(()), Err)
}

/// Reads the values of a JSON text that fit into a place, and leaves out the others. Only a text that is not JSON, or is too
/// large, is a fault.
pub(crate) fn read_what_fits(text: &str, place: Place<'_>, memory: usize) -> Result<(), Fault> {
    let mut context = Context::new(memory, &|| false);
    context.lenient = true;
    // The fault is more precise.
    let _ = Reader { scanner: Scanner::new(text), context: &mut context }.whole(place);
    context.fault.map_or(Ok(()), Err)
}

struct Context<'c> {
    memory: usize,
    memory_left: usize,
    /// Whether the memory is used up: then lists, maps and free values do not grow.
    exhausted: bool,
    xml: bool,
    /// Nesting of texts within texts.
    texts: usize,
    /// Nesting of lists and objects.
    depth: usize,
    values: usize,
    stop: &'c dyn Fn() -> bool,
    /// Whether the current member is one that no decision needs: a value that does not fit is left out.
    lenient: bool,
    /// The first fault, or the one that ended the reading.
    fault: Option<Fault>,
    order: Order,
}

/// The rows of the members of the last record, in order: the next record of its list has them in the same order, so
/// that each name is compared once.
#[derive(Default)]
struct Order {
    table: &'static [Entry],
    rows: Vec<usize>,
}

/// The result of reading a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
enum Outcome {
    /// Go on. Faults after the first one do not count.
    Read,
    /// The first fault is in this value. The reader of the enclosing value adds a step to the path, and goes on.
    Faulty,
    /// No further token can be read.
    Ended,
}

impl<'c> Context<'c> {
    fn new(memory: usize, stop: &'c dyn Fn() -> bool) -> Self {
        Self {
            memory,
            memory_left: memory,
            exhausted: false,
            xml: false,
            texts: 0,
            depth: 0,
            values: 0,
            stop,
            lenient: false,
            fault: None,
            order: Order::default(),
        }
    }

    fn fault(&mut self, what: What) -> Outcome {
        let ignored = self.lenient && !matches!(what, What::TooLarge { .. });
        if ignored || self.fault.is_some() {
            return Outcome::Read;
        }
        self.fault = Some(Fault::new(what));
        Outcome::Faulty
    }

    fn misfit(&mut self, expected: &'static str, found: Found) -> Outcome {
        self.fault(What::Misfit { expected, found })
    }

    /// Takes memory, if there is enough.
    fn charge(&mut self, bytes: usize) -> Outcome {
        if let Some(left) = self.memory_left.checked_sub(bytes) {
            self.memory_left = left;
            return Outcome::Read;
        }
        self.exhausted = true;
        self.fault(What::TooLarge { limit: self.memory })
    }

    /// Adds a step to the path of a fault.
    #[inline]
    fn below(&mut self, outcome: Outcome, step: impl FnOnce(&mut Fault)) {
        if outcome == Outcome::Faulty
            && let Some(fault) = &mut self.fault
        {
            step(fault);
        }
    }

    /// Counts a value, and checks whether to go on.
    #[inline]
    fn count(&mut self) -> Result<(), Halt> {
        self.values += 1;
        if self.values.is_multiple_of(VALUES) && (self.stop)() { Err(Halt::Cancelled) } else { Ok(()) }
    }
}

impl Outcome {
    /// The result of two values, one after the other.
    #[inline]
    fn then(self, next: Self) -> Self {
        match (self, next) {
            (_, Self::Ended) | (Self::Ended, _) => Self::Ended,
            (Self::Faulty, _) | (_, Self::Faulty) => Self::Faulty,
            _ => Self::Read,
        }
    }
}

/// Ends the reading if no token could be read.
macro_rules! next {
    ($reader:expr, $token:expr) => {
        match $token {
            Ok(token) => token,
            Err(halt) => return $reader.ended(halt),
        }
    };
}

/// Where a value goes. An item is added to its list only when it has a value.
enum Target<'a> {
    Place(Place<'a>),
    Item(&'a mut dyn Grow),
}

struct Reader<'t, 'r, 'c> {
    scanner: Scanner<'t>,
    context: &'r mut Context<'c>,
}

impl<'t> Reader<'t, '_, '_> {
    /// Reads a text that is one value.
    fn whole(&mut self, place: Place<'_>) -> Outcome {
        let token = next!(self, self.token());
        let outcome = self.value(token, Target::Place(place), Flags::NONE);
        if outcome != Outcome::Ended
            && let Err(halt) = self.scanner.end()
        {
            return self.ended(halt);
        }
        outcome
    }

    #[inline]
    fn token(&mut self) -> Result<Token<'t>, Halt> {
        self.context.count()?;
        self.scanner.value()
    }

    /// Why the reading ends. This overrides a value that did not fit.
    #[cold]
    fn ended(&mut self, halt: Halt) -> Outcome {
        let what = match halt {
            Halt::Cancelled => What::Cancelled,
            Halt::Expected(expected, at) => {
                let (message, ended) = self.scanner.explain(expected, at);
                What::Syntax { message, ended }
            }
        };
        self.context.fault = Some(Fault::new(what));
        Outcome::Ended
    }

    /// Skips a value.
    fn skip(&mut self, token: Token<'t>) -> Outcome {
        next!(self, self.pass(token));
        Outcome::Read
    }

    /// Skips a value whose first token was read, however deep it is nested.
    fn pass(&mut self, token: Token<'t>) -> Result<(), Halt> {
        let mut open = Vec::new();
        let mut first = true;
        match token {
            Token::List => open.push(false),
            Token::Object => open.push(true),
            _ => {}
        }
        while let Some(&object) = open.last() {
            let more = if object { self.scanner.member(&mut first) } else { self.scanner.item(&mut first) };
            if !more? {
                open.pop();
                continue;
            }
            if object {
                self.scanner.name()?;
            }
            match self.token()? {
                Token::List => open.push(false),
                Token::Object => open.push(true),
                _ => continue,
            }
            first = true;
        }
        Ok(())
    }

    /// Reports that a value does not fit, and skips the rest of it.
    fn misfit(&mut self, token: Token<'t>, place: &Place<'_>, found: Found) -> Outcome {
        let outcome = self.context.misfit(expected(place), found);
        outcome.then(self.skip(token))
    }

    /// Reads a value whose first token was read.
    #[inline]
    fn value(&mut self, token: Token<'t>, target: Target<'_>, flags: Flags) -> Outcome {
        match (token, target) {
            (Token::Null, _) => Outcome::Read,
            // The fast path: nearly all values are one of these.
            (Token::Text(Raw { inside, escapes: Escapes::None }), Target::Place(Place::OptionalText(slot))) => {
                *slot = Some(inside.to_owned());
                Outcome::Read
            }
            (token, Target::Place(place)) => self.place(token, place, flags),
            (token, Target::Item(list)) => self.item(token, list, flags),
        }
    }

    fn item(&mut self, token: Token<'t>, list: &mut dyn Grow, flags: Flags) -> Outcome {
        match self.room(list.item_size()) {
            Ok(()) => self.place(token, list.grow(), flags),
            Err(outcome) => outcome.then(self.skip(token)),
        }
    }

    /// Charges memory for an item of a list, a map or a free value.
    #[inline]
    fn room(&mut self, bytes: usize) -> Result<(), Outcome> {
        let outcome = if self.context.exhausted { Outcome::Read } else { self.context.charge(bytes) };
        if self.context.exhausted { Err(outcome) } else { Ok(()) }
    }

    fn place(&mut self, token: Token<'t>, place: Place<'_>, flags: Flags) -> Outcome {
        match token {
            Token::Null => Outcome::Read,
            Token::Text(raw) => self.string(raw, place, flags),
            Token::Number(text) => match scalar(made(place), Scalar::Number(text)) {
                Ok(()) => Outcome::Read,
                Err(place) => self.misfit(token, &place, Found::Shown(text.to_owned())),
            },
            Token::Bool(value) => match scalar(made(place), Scalar::Boolean(value)) {
                Ok(()) => Outcome::Read,
                Err(place) => self.misfit(token, &place, Found::Shown(value.to_string())),
            },
            Token::List | Token::Object => self.deeper(token, |reader| reader.structure(token, made(place), flags)),
        }
    }

    /// Reads a list or an object, unless it is nested too deep.
    fn deeper(&mut self, token: Token<'t>, read: impl FnOnce(&mut Self) -> Outcome) -> Outcome {
        if self.context.depth == DEPTH {
            return self.context.fault(What::TooDeep { limit: DEPTH }).then(self.skip(token));
        }
        self.context.depth += 1;
        let outcome = read(self);
        self.context.depth -= 1;
        outcome
    }

    fn structure(&mut self, token: Token<'t>, place: Place<'_>, flags: Flags) -> Outcome {
        let object = matches!(token, Token::Object);
        match place {
            Place::Record(record) if object => {
                let mut filler = MembersFiller { reader: self, outcome: Outcome::Read };
                record.fill(&mut filler);
                filler.outcome
            }
            Place::List(list) if !object => self.list(list, flags),
            Place::List(list) if self.context.xml => self.unwrapped(list, flags),
            Place::Map(map) if object => self.map(map, flags),
            Place::Value(slot) => self.free_structure(token, slot),
            Place::OptionalValue(slot) => self.free_structure(token, slot.insert(Value::Null)),
            // The text as it was sent, with the order of its members and all digits.
            Place::Text(slot) if flags.has(Flags::JSON) => {
                let (text, outcome) = self.text_of(token);
                *slot = text;
                outcome
            }
            Place::OptionalText(slot) if flags.has(Flags::JSON) => {
                let (text, outcome) = self.text_of(token);
                *slot = Some(text);
                outcome
            }
            place => self.misfit(token, &place, Found::Kind(if object { "an object" } else { "a list" })),
        }
    }

    fn text_of(&mut self, token: Token<'t>) -> (String, Outcome) {
        let start = self.scanner;
        let outcome = self.skip(token);
        (start.text_until(&self.scanner), outcome)
    }

    fn list(&mut self, list: &mut dyn Grow, flags: Flags) -> Outcome {
        list.clear();
        let (mut first, mut outcome) = (true, Outcome::Read);
        for index in 0.. {
            if !next!(self, self.scanner.item(&mut first)) {
                break;
            }
            let token = next!(self, self.token());
            let item = self.value(token, Target::Item(list), flags);
            self.context.below(item, |fault| fault.below_index(index));
            outcome = outcome.then(item);
            if outcome == Outcome::Ended {
                break;
            }
        }
        outcome
    }

    fn map(&mut self, map: &mut dyn Keyed, flags: Flags) -> Outcome {
        map.clear();
        let (mut first, mut outcome, mut count) = (true, Outcome::Read, 0);
        while next!(self, self.scanner.member(&mut first)) {
            let (key, valid) = next!(self, self.scanner.name()).decode();
            let token = next!(self, self.token());
            let mut entry = if valid { Outcome::Read } else { self.context.misfit("a key", INVALID) };
            entry = entry.then(match self.room(map_charge(count, map.item_size()) + key.len()) {
                Ok(()) => self.value(token, Target::Place(map.under(key.into_owned())), flags),
                Err(outcome) => outcome.then(self.skip(token)),
            });
            count += 1;
            self.context.below(entry, Fault::below_key);
            outcome = outcome.then(entry);
            if outcome == Outcome::Ended {
                break;
            }
        }
        outcome
    }

    /// A string, for a place of any type.
    fn string(&mut self, raw: Raw<'t>, place: Place<'_>, flags: Flags) -> Outcome {
        if raw.escapes == Escapes::Quotes && is_json(raw.inside) {
            match made(place) {
                place @ (Place::Record(_) | Place::List(_) | Place::Map(_)) => {
                    return self.nested(Scanner::inside(raw.inside), place);
                }
                place => return self.decoded(raw, place, flags),
            }
        }
        self.decoded(raw, place, flags)
    }

    fn decoded(&mut self, raw: Raw<'t>, place: Place<'_>, flags: Flags) -> Outcome {
        let (text, valid) = raw.decode();
        // A free value takes any text. A text that starts as JSON is checked for what else it contains.
        let free = matches!(place, Place::Value(_) | Place::OptionalValue(_));
        if valid || free || self.context.lenient {
            return self.text(text, place, flags);
        }
        let outcome = self.context.misfit(expected(&place), INVALID);
        if is_json(&text) { outcome.then(self.text(text, place, flags)) } else { outcome }
    }

    fn text(&mut self, text: Cow<'_, str>, place: Place<'_>, flags: Flags) -> Outcome {
        // An empty text is not a record: the place stays empty.
        if matches!(place, Place::Made(_)) && is_blank(&text) {
            return Outcome::Read;
        }
        match made(place) {
            Place::Text(slot) => *slot = text.into_owned(),
            Place::OptionalText(slot) => *slot = Some(text.into_owned()),
            place @ (Place::Record(_) | Place::List(_) | Place::Map(_)) => return self.structured(&text, place, flags),
            Place::Value(slot) => return self.free_text(text, slot, flags),
            Place::OptionalValue(slot) => return self.free_text(text, slot.insert(Value::Null), flags),
            place => {
                if let Err(place) = scalar(place, Scalar::Text(&text)) {
                    return self.context.misfit(expected(&place), Found::Shown(format!("{text:?}")));
                }
            }
        }
        Outcome::Read
    }

    /// A text, for a place that expects a list, a record or a map.
    fn structured(&mut self, text: &str, place: Place<'_>, flags: Flags) -> Outcome {
        if is_json(text) {
            return self.nested(Scanner::new(text), place);
        }
        match place {
            _ if is_blank(text) => Outcome::Read,
            Place::List(list) if flags.has(Flags::SIMPLE) => {
                list.clear();
                let mut outcome = Outcome::Read;
                for (index, item) in text.split(',').enumerate() {
                    let item = self.text_item(item.trim(), list, flags);
                    self.context.below(item, |fault| fault.below_index(index));
                    outcome = outcome.then(item);
                    if self.context.exhausted || outcome == Outcome::Ended {
                        break;
                    }
                }
                outcome
            }
            Place::List(list) if self.context.xml => {
                // The only item of a list whose elements have no wrapper.
                list.clear();
                self.text_item(text, list, flags)
            }
            // The text may contain anything, so it is not shown.
            place => self.context.misfit(expected(&place), Found::Kind("a text that is no JSON")),
        }
    }

    fn text_item(&mut self, text: &str, list: &mut dyn Grow, flags: Flags) -> Outcome {
        next!(self, self.context.count());
        match self.room(list.item_size()) {
            Ok(()) => self.text(Cow::Borrowed(text), list.grow(), flags),
            Err(outcome) => outcome,
        }
    }

    /// JSON inside a text. A mistake in it does not end the reading of the text around it.
    fn nested(&mut self, scanner: Scanner<'_>, place: Place<'_>) -> Outcome {
        if self.context.texts == TEXTS {
            return self.context.misfit(expected(&place), Found::Kind("JSON within text, nested too deep"));
        }
        let before = self.context.fault.take();
        self.context.texts += 1;
        let outcome = Reader { scanner, context: &mut *self.context }.whole(place);
        self.context.texts -= 1;
        match &self.context.fault {
            Some(fault) if fault.is_cancelled() => return Outcome::Ended,
            // It is not JSON, which does no harm if no decision needs it.
            Some(_) if outcome == Outcome::Ended && self.context.lenient => self.context.fault = None,
            _ => {}
        }
        if before.is_some() {
            self.context.fault = before;
            return Outcome::Read;
        }
        if self.context.fault.is_some() { Outcome::Faulty } else { Outcome::Read }
    }

    /// A text as a free value: parsed if it is declared to contain JSON and does.
    fn free_text(&mut self, text: Cow<'_, str>, slot: &mut Value, flags: Flags) -> Outcome {
        if flags.has(Flags::JSON) && is_json(&text) {
            let mut reader = Reader { scanner: Scanner::new(&text), context: &mut *self.context };
            let valid = reader.token().and_then(|token| reader.pass(token)).and_then(|()| reader.scanner.end());
            if valid.is_ok() {
                return self.nested(Scanner::new(&text), Place::Value(slot));
            }
        }
        *slot = Value::String(text.into_owned());
        Outcome::Read
    }

    fn free(&mut self, token: Token<'t>, slot: &mut Value) -> Outcome {
        match token {
            Token::Null => {}
            Token::Bool(value) => *slot = Value::Bool(value),
            Token::Number(text) => *slot = free_number(text),
            Token::Text(raw) => *slot = Value::String(raw.decode().0.into_owned()),
            Token::List | Token::Object => {
                return self.deeper(token, |reader| reader.free_structure(token, slot));
            }
        }
        Outcome::Read
    }

    /// A free list or object. Memory is charged for every item and member.
    fn free_structure(&mut self, token: Token<'t>, slot: &mut Value) -> Outcome {
        if matches!(token, Token::Object) {
            let mut map = serde_json::Map::new();
            let outcome = self.free_members(&mut map);
            *slot = Value::Object(map);
            outcome
        } else {
            let mut list = Vec::new();
            let outcome = self.free_items(&mut list);
            *slot = Value::Array(list);
            outcome
        }
    }

    fn free_items(&mut self, list: &mut Vec<Value>) -> Outcome {
        let (mut first, mut outcome) = (true, Outcome::Read);
        while outcome != Outcome::Ended && next!(self, self.scanner.item(&mut first)) {
            let token = next!(self, self.token());
            outcome = outcome.then(match self.room(size_of::<Value>()) {
                Ok(()) => {
                    let mut value = Value::Null;
                    let outcome = self.free(token, &mut value);
                    list.push(value);
                    outcome
                }
                Err(outcome) => outcome.then(self.skip(token)),
            });
        }
        outcome
    }

    fn free_members(&mut self, map: &mut serde_json::Map<String, Value>) -> Outcome {
        let (mut first, mut outcome) = (true, Outcome::Read);
        while outcome != Outcome::Ended && next!(self, self.scanner.member(&mut first)) {
            let name = next!(self, self.scanner.name()).decode().0;
            let token = next!(self, self.token());
            let size = map_charge(map.len(), size_of::<String>() + size_of::<Value>()) + name.len();
            outcome = outcome.then(match self.room(size) {
                Ok(()) => {
                    let mut value = Value::Null;
                    let outcome = self.free(token, &mut value);
                    map.insert(name.into_owned(), value);
                    outcome
                }
                Err(outcome) => outcome.then(self.skip(token)),
            });
        }
        outcome
    }

    /// An object where a list is expected, in XML: either a wrapper such as `<Data><Item/><Item/></Data>`, whose only
    /// member has the items, or the only item itself.
    fn unwrapped(&mut self, list: &mut dyn Grow, flags: Flags) -> Outcome {
        let object = self.scanner;
        let (mut first, mut members, mut inside) = (true, 0, None);
        while next!(self, self.scanner.member(&mut first)) {
            let name = next!(self, self.scanner.name());
            inside = Some((name.decode().0, self.scanner));
            members += 1;
            let token = next!(self, self.token());
            next!(self, self.pass(token));
        }
        let end = self.scanner;
        let inside = inside.filter(|(name, _)| members == 1 && !is_item(name, list));
        list.clear();
        let token = if let Some((_, value)) = inside {
            self.scanner = value;
            next!(self, self.token())
        } else {
            self.scanner = object;
            Token::Object
        };
        let outcome = if matches!(token, Token::List) {
            self.list(list, flags)
        } else {
            let outcome = self.value(token, Target::Item(list), flags);
            self.context.below(outcome, |fault| fault.below_index(0));
            outcome
        };
        if outcome != Outcome::Ended {
            self.scanner = end;
        }
        outcome
    }

    fn members(&mut self, order: &mut Order, table: &'static [Entry], slots: &mut [&mut dyn Slot]) -> Outcome {
        let (mut first, mut outcome) = (true, Outcome::Read);
        for at in 0.. {
            if !next!(self, self.scanner.member(&mut first)) {
                break;
            }
            let guess = order.rows.get(at).copied().unwrap_or(at);
            let guessed = match table.get(guess) {
                Some(row) => next!(self, self.scanner.name_is(row.0)),
                None => false,
            };
            let row = if guessed {
                guess
            } else {
                let name = next!(self, self.scanner.name()).decode().0;
                // An unknown name is assumed to be the row after the table.
                table.iter().position(|row| row.0 == name).unwrap_or(table.len())
            };
            match order.rows.get_mut(at) {
                Some(known) => *known = row,
                None if at < table.len() => order.rows.push(row),
                None => {}
            }
            let token = next!(self, self.token());
            let member = match member_of(table, slots, row) {
                None => self.skip(token),
                Some((name, flags, place)) => {
                    let lenient = self.context.lenient;
                    self.context.lenient |= flags.has(Flags::LENIENT);
                    let member = self.value(token, Target::Place(place), flags);
                    self.context.lenient = lenient;
                    self.context.below(member, |fault| fault.below_name(name, flags.has(Flags::SENSITIVE)));
                    member
                }
            };
            outcome = outcome.then(member);
            if outcome == Outcome::Ended {
                break;
            }
        }
        outcome
    }
}

/// Fills a record from the members of an object.
struct MembersFiller<'f, 't, 'r, 'c> {
    reader: &'f mut Reader<'t, 'r, 'c>,
    outcome: Outcome,
}

impl Filler for MembersFiller<'_, '_, '_, '_> {
    fn fill(&mut self, table: &'static [Entry], slots: &mut [&mut dyn Slot]) {
        let mut order = std::mem::take(&mut self.reader.context.order);
        if !std::ptr::eq(order.table, table) {
            order = Order { table, rows: Vec::with_capacity(slots.len()) };
        }
        self.outcome = self.reader.members(&mut order, table, slots);
        self.reader.context.order = order;
    }
}

const INVALID: Found = Found::Kind("a text with an invalid escape, such as half of a surrogate pair");

/// The place, created now that there is a value for it.
#[inline]
fn made(place: Place<'_>) -> Place<'_> {
    match place {
        Place::Made(make) => make.make(),
        place => place,
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

/// Converts a scalar to the type of its place, if the table of conversions has it. An empty text is absent, except as a
/// text or a code.
fn scalar<'a>(place: Place<'a>, scalar: Scalar<'_>) -> Result<(), Place<'a>> {
    macro_rules! put {
        ($slot:ident, $value:expr, $place:path) => {
            match $value {
                Some(value) => *$slot = value.into(),
                None if scalar.is_absent() => {}
                None => return Err($place($slot)),
            }
        };
    }
    match place {
        Place::Text(slot) => *slot = scalar.text().into_owned(),
        Place::OptionalText(slot) => *slot = Some(scalar.text().into_owned()),
        Place::Value(slot) => *slot = free(scalar),
        Place::OptionalValue(slot) => *slot = Some(free(scalar)),
        Place::Bool(slot) => put!(slot, scalar.boolean(), Place::Bool),
        Place::OptionalBool(slot) => put!(slot, scalar.boolean(), Place::OptionalBool),
        Place::Int32(slot) => put!(slot, scalar.int32(), Place::Int32),
        Place::OptionalInt32(slot) => put!(slot, scalar.int32(), Place::OptionalInt32),
        Place::Int64(slot) => put!(slot, scalar.int64(), Place::Int64),
        Place::OptionalInt64(slot) => put!(slot, scalar.int64(), Place::OptionalInt64),
        Place::Float(slot) => put!(slot, scalar.number(), Place::Float),
        Place::OptionalFloat(slot) => put!(slot, scalar.number(), Place::OptionalFloat),
        Place::Choice(choice) => {
            if !scalar.enum_values().any(|value| choice.choose(&value)) {
                return Err(Place::Choice(choice));
            }
        }
        place => return Err(place),
    }
    Ok(())
}

fn free(scalar: Scalar<'_>) -> Value {
    match scalar {
        Scalar::Boolean(value) => Value::Bool(value),
        Scalar::Number(text) => free_number(text),
        Scalar::Text(text) => Value::from(text),
    }
}

/// A number as a free value: a text if it is out of the range of one.
fn free_number(text: &str) -> Value {
    text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Number)
}

/// Whether an object with one member of this name is an item of the list and not a wrapper: a record of the list has
/// that member.
/// that member.
fn is_item(name: &str, list: &mut dyn Grow) -> bool {
    struct Names<'n> {
        name: &'n str,
        known: bool,
    }
    impl Filler for Names<'_> {
        fn fill(&mut self, table: &'static [Entry], _: &mut [&mut dyn Slot]) {
            self.known = table.iter().any(|row| row.0 == self.name);
        }
    }
    let mut names = Names { name, known: false };
    if let Place::Record(record) = list.grow() {
        record.fill(&mut names);
    }
    names.known
}

/// Name, flags and slot of the member that a row refers to. An alias has its own name and its member's flags.
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

/// Memory of one more entry of a map: a node has room for eleven, and is allocated with the first.
fn map_charge(entries: usize, entry: usize) -> usize {
    const NODE: usize = 11;
    if entries.is_multiple_of(NODE) { NODE * entry } else { entry / 2 }
}

#[cfg(test)]
mod tests;
