//! Slots for an answer, made of its specification: what the runtime's reader fills and so decides whether it fits, as it
//! does for the typed client.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use aliyun_api_spec::model::{Field, Kind, Operation, Style};
use aliyun_runtime::generated::{
    Choice, Entry, Fields, Filler, Flags, Grow, Keyed, List, Make, Map, Member, Place, Record, Slot, View, Viewer,
};
use serde_json::Value;

use crate::json::Json;
use crate::shape::{self, Type};

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
}

/// By the address of the fields. There is one for each type of the operation that this process calls.
static LAYOUTS: Mutex<BTreeMap<usize, &'static Layout>> = Mutex::new(BTreeMap::new());

impl Layout {
    fn of_answer(operation: &'static Operation) -> &'static Self {
        Self::made_once(std::ptr::from_ref(operation).addr(), || shape::members(operation).collect())
    }

    fn of(fields: &'static [Field]) -> &'static Self {
        Self::made_once(fields.as_ptr().addr(), || fields.iter().collect())
    }

    /// Kept for the rest of the process: tables of the reader live as long.
    fn made_once(key: usize, fields: impl FnOnce() -> Vec<&'static Field>) -> &'static Self {
        let mut layouts = LAYOUTS.lock().unwrap_or_else(PoisonError::into_inner);
        layouts.entry(key).or_insert_with(|| {
            let fields = fields();
            let members = fields.iter().map(|field| (field.wire_name.as_str(), flags(field)));
            let aliases = fields.iter().zip(0..).flat_map(|(field, index)| {
                field.aliases.iter().map(move |alias| (alias.as_str(), Flags::alias_of(index)))
            });
            let table: Vec<Entry> = members.chain(aliases).collect();
            Box::leak(Box::new(Self { fields, table: table.leak() }))
        })
    }

    /// The row of the member of that name, or of that other spelling.
    fn row(&self, name: &str) -> Option<usize> {
        let exact = self.fields.iter().position(|field| field.wire_name == name);
        exact.or_else(|| self.fields.iter().position(|field| field.aliases.iter().any(|alias| alias == name)))
    }
}

fn flags(field: &Field) -> Flags {
    let style = match field.shape.style {
        Some(Style::Flat) => Flags::FLAT,
        Some(Style::Json) => Flags::JSON,
        Some(Style::Simple) => Flags::SIMPLE,
        None => Flags::NONE,
    };
    if shape::is_marked_sensitive(&field.shape) { style.and(Flags::SENSITIVE) } else { style }
}

/// A record.
struct Group {
    layout: &'static Layout,
    cells: Vec<Cell>,
}

impl Group {
    fn of(layout: &'static Layout) -> Self {
        let cells = layout.fields.iter().map(|field| Cell::empty(Type::of(&field.shape), false));
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
    of: Type,
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
    fn empty(of: Type, item: bool) -> Self {
        let held = match of {
            Type::Scalar(Kind::Int32) => Held::Int32(None),
            Type::Scalar(Kind::Int64) => Held::Int64(None),
            Type::Scalar(Kind::Number) => Held::Float(None),
            Type::Scalar(Kind::Boolean) => Held::Bool(None),
            Type::Scalar(_) => Held::Text(None),
            Type::Code(_) => Held::Code(None),
            Type::Any => Held::Value(Box::new(None)),
            Type::List(_) => Held::List(None),
            Type::Map(_) => Held::Map(None),
            Type::Record(_) => Held::Record(None),
        };
        Self { of, item, held }
    }

    /// An item, which is there from the beginning.
    fn item(of: Type) -> Self {
        Self::empty(of, true)
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
            (Held::Text(Some(text)), Json::Bool(_)) => Json::Text(text.clone()),
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
            (Held::Code(code), Type::Code(kind)) => Place::Choice(code.insert(Code::empty(kind))),
            (Held::Record(group), Type::Record(fields)) => Place::Record(group.insert(Group::of(Layout::of(fields)))),
            (Held::List(list), Type::List(items)) => {
                Place::List(list.insert(Items { of: Type::of(items), cells: Vec::new() }))
            }
            (Held::Map(map), Type::Map(values)) => {
                Place::Map(map.insert(Entries { of: Type::of(values), cells: BTreeMap::new() }))
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
    of: Type,
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
        self.cells.push(Cell::item(self.of));
        match self.cells.last_mut() {
            Some(cell) => cell.place(),
            None => unreachable!("an item was pushed in the line above"),
        }
    }

    fn item_size(&self) -> usize {
        size_of_item(self.of)
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
fn size_of_item(of: Type) -> usize {
    let members = match of {
        Type::Record(fields) => fields.len(),
        _ => 0,
    };
    (1 + members) * size_of::<Cell>()
}

/// The entries of a map.
struct Entries {
    of: Type,
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
        let cell = self.cells.entry(key).or_insert_with(|| Cell::item(self.of));
        *cell = Cell::item(self.of);
        cell.place()
    }

    fn item_size(&self) -> usize {
        size_of::<String>() + size_of_item(self.of)
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
mod tests {
    use aliyun_api_spec::dyvmsapi;
    use aliyun_runtime::Paged;
    use aliyun_runtime::generated::{read_body, serialize};
    use serde_json::Map as Members;

    use super::*;

    /// What a reader makes of a body: the members that hold something, or the error.
    type Read = Result<Value, String>;

    fn without_empty(value: Value) -> Value {
        match value {
            Value::Array(items) => Value::Array(items.into_iter().map(without_empty).collect()),
            Value::Object(members) => {
                let members = members.into_iter().map(|(name, value)| (name, without_empty(value)));
                let empty = |value: &Value| match value {
                    Value::Null => true,
                    Value::String(text) => text.is_empty(),
                    Value::Array(items) => items.is_empty(),
                    Value::Object(members) => members.is_empty(),
                    _ => false,
                };
                Value::Object(members.filter(|(_, value)| !empty(value)).collect::<Members<_, _>>())
            }
            value => value,
        }
    }

    /// What the typed client makes of a body.
    fn typed<O: Paged>(body: &str) -> Read {
        let mut output = O::Output::default();
        read_body(body.as_bytes(), &mut output)?;
        Ok(without_empty(serialize(&output, serde_json::value::Serializer).unwrap()))
    }

    /// With numbers in texts by their value: the digits that are shown may be more than those that a type keeps.
    fn by_value(value: Value) -> Value {
        match value {
            Value::String(text) => text.parse::<f64>().map_or(Value::String(text), Value::from),
            Value::Array(items) => Value::Array(items.into_iter().map(by_value).collect()),
            Value::Object(members) => {
                Value::Object(members.into_iter().map(|(name, value)| (name, by_value(value))).collect())
            }
            value => value,
        }
    }

    fn dynamic(operation: &'static Operation, body: &str) -> (Answer, Read) {
        let mut answer = Answer::of(Some(operation));
        let read = read_body(body.as_bytes(), &mut answer);
        answer.keep(body);
        let Root::Group(group) = &answer.root else { panic!("the operation is known") };
        let read = read.map(|()| without_empty(serialize(group, serde_json::value::Serializer).unwrap()));
        (answer, read)
    }

    /// Values as the wire may have them, and as nobody would expect them.
    const ODD: &[&str] = &[
        "null",
        "true",
        "false",
        "0",
        "1",
        "2",
        "-1",
        "7.0",
        "1.5",
        "100.00",
        "1e3",
        "-0",
        "3000000000",
        "9223372036854775807",
        "9223372036854775808",
        r#""""#,
        r#"" ""#,
        r#""x""#,
        r#""7""#,
        r#"" 7 ""#,
        r#""007""#,
        r#""+7""#,
        r#""7.0""#,
        r#""1.50""#,
        r#""1e400""#,
        r#""NaN""#,
        r#""true""#,
        r#""TRUE""#,
        r#""yes""#,
        r#""0""#,
        r#""1""#,
        r#""null""#,
        "[]",
        "[null]",
        "[1]",
        "[1,null,2.50]",
        r#"["a"]"#,
        r#"[""]"#,
        "[true]",
        "[{}]",
        "[[1]]",
        r#"["[1]"]"#,
        "{}",
        r#"{"a":1}"#,
        r#"{"a":null}"#,
        r#"{"a":{"b":[1.0]}}"#,
        r#"{"a":"{}"}"#,
        r#""[]""#,
        r#""[1]""#,
        r#""{}""#,
        r#""{\"a\":1.50}""#,
        r#""[{\"a\":1}]""#,
        r#""[{}""#,
        r#""[""#,
        r#""{""#,
        r#""[1] x""#,
        r#""a,b""#,
        r#""a, b,""#,
        r#""1,2""#,
        r#""1,,2.50""#,
        r#"",""#,
        r#""[\"\\ud83d\"]""#,
        r#""[{\"label\":\"\\ud83d\"}]""#,
        r#""占线""#,
    ];

    /// Bodies in which one member, at any depth, has an odd value: within lists, and within texts that hold JSON.
    fn bodies(operation: &'static Operation) -> Vec<String> {
        fn below(field: &'static Field, depth: usize, wrap: &dyn Fn(&str) -> String, bodies: &mut Vec<String>) {
            let names = std::iter::once(&field.wire_name).chain(&field.aliases);
            for name in names {
                let member = |value: &str| wrap(&format!("{{{}:{value}}}", Value::from(name.as_str())));
                bodies.extend(ODD.iter().map(|value| member(value)));
                let listed = |value: &str| member(&format!("[{value}]"));
                let text = |value: &str| member(&Value::from(format!("[{{}},{value}]")).to_string());
                match Type::of(&field.shape) {
                    _ if depth == 0 => {}
                    Type::Record(fields) => fields.iter().for_each(|field| below(field, depth - 1, &member, bodies)),
                    Type::List(items) => match Type::of(items) {
                        Type::Record(fields) => {
                            fields.iter().for_each(|field| below(field, depth - 1, &listed, bodies));
                            fields.iter().take(3).for_each(|field| below(field, 0, &text, bodies));
                        }
                        _ => bodies.extend(ODD.iter().map(|value| listed(value))),
                    },
                    Type::Map(_) => bodies.extend(ODD.iter().map(|value| member(&format!("{{\"k\":{value}}}")))),
                    _ => {}
                }
            }
        }
        let mut bodies = Vec::new();
        for field in shape::members(operation) {
            below(field, 3, &str::to_owned, &mut bodies);
        }
        let twice = bodies.iter().zip(bodies.iter().skip(ODD.len() / 2)).step_by(7);
        // A member that comes twice, with another value.
        let twice: Vec<String> =
            twice.map(|(one, other)| format!("{},{}", &one[..one.len() - 1], &other[1..])).collect();
        bodies.extend(twice);
        bodies
    }

    /// Both read a body to the same members, or refuse it in the same words.
    fn agree<O: Paged>() -> &'static str {
        let operation = dyvmsapi().operation(O::FACTS.action).unwrap();
        let (mut fits, mut misfits) = (0, 0);
        for body in bodies(operation) {
            let (answer, read) = dynamic(operation, &body);
            assert_eq!(read, typed::<O>(&body), "{}: {body}", O::FACTS.action);
            if read.is_err() {
                misfits += 1;
                continue;
            }
            fits += 1;
            // What is shown says the same, whatever form it came in.
            let shown = answer.show().to_string();
            let again = dynamic(operation, &shown).1.map(by_value);
            assert_eq!(again, read.map(by_value), "{}: {body} is shown as {shown}", O::FACTS.action);
        }
        assert!(fits > 100 && misfits > 100, "{fits} bodies fit, {misfits} do not");
        O::FACTS.action
    }

    macro_rules! all_agree {
        ($($module:ident::$operation:ident,)*) => {
            [$(agree::<dyvmsapi::$module::$operation>()),*]
        };
    }

    #[test]
    fn the_command_reads_every_list_as_the_typed_client_does() {
        let lists = all_agree![
            clink::ClinkAgentStatus,
            clink::ClinkListCdrIb,
            clink::ClinkListCdrIbAgent,
            clink::ClinkListCdrIbs,
            clink::ClinkListCdrOb,
            clink::ClinkListCdrObs,
            clink::ClinkListClients,
            clink::ClinkListExtens,
            clink::ClinkListQueues,
            cloud::CloudAgentMonitorStatistics,
            cloud::CloudAgentWorkloadReport,
            cloud::CloudListAgentGroup,
            cloud::CloudListCurlLog,
            cloud::CloudListExten,
            cloud::CloudListQueue,
            cloud::CloudListSkill,
            cloud::CloudListTaskFile,
            cloud::CloudOutboundObClidReport,
            cloud::CloudOutboundPreviewObReport,
            cloud::CloudQueryAgent,
            cloud::CloudQueryIbCdr,
            cloud::CloudQueryObCdr,
            cloud::CloudQueryPredictiveCallCdr,
            cloud::CloudQueryTask,
            cloud::CloudQueryWebcallCdr,
            task::ListCallTask,
            task::ListCallTaskDetail,
            hotline::ListHotlineTransferRegisterFile,
            instance::ListServiceInstanceForPage,
            hotline::QueryCallInTransferRecord,
            robot::QueryRobotTaskCallList,
            robot::QueryRobotTaskList,
            number::QueryVmsVirtualNumberRelationByPage,
        ];
        let known = dyvmsapi().operations.iter().filter(|operation| operation.pagination.is_some());
        assert_eq!(lists.as_slice(), known.map(|operation| operation.action.as_str()).collect::<Vec<_>>());
    }

    /// The examples of a specification are held to the same rules: each kind with each odd value, alone and in a list.
    #[test]
    fn a_specification_takes_as_an_example_what_the_reader_takes() {
        const SERVICE: &str = r#"{
          "product": "Specimens", "version": "2026-01-01", "title": "Specimens", "endpoints": { "default": "localhost" },
          "envelope": { "fields": { "RequestId": { "type": "string" } }, "requestId": "RequestId" },
          "groups": { "all": "All." },
          "types": { "CallStatusCode": { "enum": { "1": { "name": "One", "description": "one" } } } }
        }"#;
        let scalars = ["string", "int32", "int64", "number", "boolean", "any", "CallStatusCode"];
        let mut shapes: Vec<String> = scalars.iter().map(|kind| format!(r#""type": "{kind}""#)).collect();
        for items in scalars {
            for style in ["", r#", "style": "json""#, r#", "style": "simple""#] {
                // Commas join scalars only.
                if items == "any" && style.contains("simple") {
                    continue;
                }
                shapes.push(format!(r#""type": "array", "items": "{items}"{style}"#));
            }
            shapes.push(format!(r#""type": "map", "items": "{items}""#));
        }
        let mut compared = 0;
        for shape in shapes {
            let mut members = String::new();
            let named = ODD.iter().zip(0..).map(|(value, index)| {
                members.push_str(if members.is_empty() { "" } else { "," });
                members.push_str(&format!(r#""m{index}": {{ {shape} }}"#));
                (format!("m{index}"), *value)
            });
            let named: Vec<(String, &str)> = named.collect();
            let example: Vec<String> = named.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
            let text = format!(
                r#"{{ "action": "Odd", "group": "all", "operationType": "read", "summary": "Odd.", "parameters": {{}}, "response": {{ "used": {{ "type": "CallStatusCode" }}, {members} }},
                    "examples": [{{ "name": "odd", "request": {{}}, "response": {{ "RequestId": "1", {} }} }}] }}"#,
                example.join(",")
            );
            let files = [
                aliyun_api_spec::SourceFile { path: "service.json", text: SERVICE },
                aliyun_api_spec::SourceFile { path: "operations/Odd.json", text: &text },
            ];
            let faults: Vec<String> = aliyun_api_spec::parse(&files).faults.iter().map(ToString::to_string).collect();
            let others: Vec<&String> =
                faults.iter().filter(|fault| !fault.contains("the response does not decode")).collect();
            assert_eq!(others, Vec::<&String>::new(), "{shape}");
            // Without its example the operation is sound.
            let sound = text.replace(&example.join(","), r#""m0":null"#);
            let files = [files[0], aliyun_api_spec::SourceFile { path: "operations/Odd.json", text: &sound }];
            let loaded = Box::leak(Box::new(aliyun_api_spec::parse(&files)));
            let operation = loaded.service.as_ref().unwrap().operation("Odd").unwrap();
            for (name, value) in named {
                let reads = dynamic(operation, &format!("{{{name:?}:{value}}}")).1;
                let refused = faults.iter().find(|fault| {
                    fault.contains(&format!("{name}:"))
                        || fault.contains(&format!("{name}["))
                        || fault.contains(&format!("{name}."))
                });
                assert_eq!(reads.is_err(), refused.is_some(), "{shape} of {value}: {reads:?}, {refused:?}");
                compared += 1;
            }
        }
        assert!(compared > 1_000, "{compared} values");
    }

    fn shown(body: &str) -> String {
        let operation = dyvmsapi().operation("QueryRobotTaskCallList").unwrap();
        let (answer, read) = dynamic(operation, body);
        read.unwrap();
        answer.show().to_string()
    }

    #[test]
    fn an_answer_is_shown_by_its_specification_with_the_digits_and_in_the_order_that_came() {
        let record =
            r#"{"taskId":1045001,"duration":"60","konwledgeCount":2.0,"new":100.00,"label":null,"sureCount":"007"}"#;
        let tidy =
            r#"{"taskId":"1045001","duration":60,"knowledgeCount":2.0,"new":100.00,"label":null,"sureCount":"007"}"#;
        for data in [format!("[{record}]"), Value::from(format!(" [{record}]")).to_string()] {
            let body = format!(r#"{{"Odd":[1e3],"Data":{data},"Code":"OK","Message":"\ud83d"}}"#);
            let body = body.replace("\\ud83d", "fine");
            assert_eq!(shown(&body), format!(r#"{{"Odd":[1e3],"Data":[{tidy}],"Code":"OK","Message":"fine"}}"#));
        }
        assert_eq!(
            shown(r#"{"Data":[{"new":"\ud83d"}]}"#),
            r#"{"Data":[{"new":"\ud83d"}]}"#,
            "what nobody reads is kept"
        );
        assert_eq!(shown(r#"{"Data":"","Code":200.0}"#), r#"{"Data":"","Code":"200.0"}"#);
        assert_eq!(
            shown(r#"{"Data":[{"konwledgeCount":1,"knowledgeCount":2}]}"#),
            r#"{"Data":[{"knowledgeCount":2}]}"#
        );
    }

    #[test]
    fn without_a_specification_everything_is_kept() {
        let mut answer = Answer::of(None);
        let body = r#"{"Code":"OK","a":123456789012345678901234,"b":[{"c":1.50}]}"#;
        read_body(body.as_bytes(), &mut answer).unwrap();
        answer.keep(body);
        assert_eq!(answer.show().to_string(), body);
    }
}
