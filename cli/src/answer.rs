//! An answer as its specification reads it, and what of it is shown as rows.
//!
//! The wire is untidy: numbers come as texts, lists as JSON texts, names misspelt. Whatever form an answer has, it is
//! shown in one: that of the typed client. What does not fit the specification is shown as it came.

use aliyun_api_spec::dyvmsapi;
use aliyun_api_spec::model::{Field, Kind, Operation, Shape, Style};
use serde_json::{Map, Value};

use crate::parameter::plain;
use crate::shape::{self, Type};

/// Brings an answer into the form of its specification.
pub(crate) fn tidy(operation: &'static Operation, answer: &mut Value) {
    if let Value::Object(members) = answer {
        tidy_members(members, &|name| find(shape::members(operation), name));
    }
}

fn find(mut fields: impl Iterator<Item = &'static Field>, name: &str) -> Option<&'static Field> {
    fields.find(|field| field.wire_name == name || field.aliases.iter().any(|alias| alias == name))
}

fn tidy_members(members: &mut Map<String, Value>, field: &dyn Fn(&str) -> Option<&'static Field>) {
    let mut tidied = Map::with_capacity(members.len());
    for (name, mut value) in std::mem::take(members) {
        let Some(field) = field(&name) else {
            tidied.insert(name, value);
            continue;
        };
        tidy_value(&mut value, Type::of(&field.shape), field.shape.style);
        // A misspelt name beside the right one stays.
        let known = if tidied.contains_key(&field.wire_name) { name } else { field.wire_name.clone() };
        tidied.insert(known, value);
    }
    *members = tidied;
}

fn tidy_value(value: &mut Value, of: Type, style: Option<Style>) {
    match of {
        Type::Scalar(kind) => tidy_scalar(value, kind),
        Type::Any => open(value, style),
        Type::List(items) => {
            split(value, style);
            open(value, style);
            let (of, style) = (Type::of(items), items.style);
            for item in value.as_array_mut().into_iter().flatten() {
                tidy_value(item, of, style);
            }
        }
        Type::Map(values) => {
            open(value, style);
            let (of, style) = (Type::of(values), values.style);
            for (_, value) in value.as_object_mut().into_iter().flatten() {
                tidy_value(value, of, style);
            }
        }
        Type::Record(fields) => {
            open(value, style);
            if let Value::Object(members) = value {
                tidy_members(members, &|name| find(fields.iter(), name));
            }
        }
    }
}

/// Numbers and truth values may be texts, and texts numbers.
fn tidy_scalar(value: &mut Value, kind: &Kind) {
    let tidied = match (kind, &*value) {
        (Kind::String, Value::Number(_) | Value::Bool(_)) => Some(Value::from(value.to_string())),
        (Kind::Int32 | Kind::Int64, Value::String(text)) => text.trim().parse::<i64>().ok().map(Value::from),
        (Kind::Number, Value::String(text)) => text.trim().parse().ok().map(Value::Number),
        (Kind::Boolean, Value::String(text)) => text.trim().to_ascii_lowercase().parse::<bool>().ok().map(Value::from),
        _ => None,
    };
    if let Some(tidied) = tidied {
        *value = tidied;
    }
}

/// Reads a text that holds a list or an object.
fn open(value: &mut Value, style: Option<Style>) {
    if let Value::String(text) = &*value
        && (style == Some(Style::Json) || text.trim_start().starts_with(['[', '{']))
        && let Ok(opened @ (Value::Array(_) | Value::Object(_))) = serde_json::from_str(text)
    {
        *value = opened;
    }
}

/// Cuts a text that is joined by commas.
fn split(value: &mut Value, style: Option<Style>) {
    if let (Value::String(text), Some(Style::Simple)) = (&*value, style) {
        *value = text.split(',').filter(|item| !item.is_empty()).map(Value::from).collect();
    }
}

/// What of an answer is shown as rows.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// The items of a list.
    List {
        /// Dotted path of the list.
        path: String,
        /// Columns that the specification knows.
        columns: Vec<Column>,
    },
    /// The answer itself, as one row.
    Answer(Vec<Column>),
}

/// A column: a member of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Wire name of the member; of rows that are no records, the name of their list.
    pub(crate) name: String,
    /// Whether it holds numbers.
    pub(crate) numeric: bool,
}

impl Rows {
    /// The list whose pages are turned, else the only list of records in the answer, else the answer itself.
    pub(crate) fn of(operation: &'static Operation) -> Self {
        let paged = operation.pagination.as_ref().and_then(|pagination| {
            let field = shape::at_path(shape::members(operation), &pagination.items)?;
            match Type::of(&field.shape) {
                Type::List(items) => Some((pagination.items.clone(), items)),
                _ => None,
            }
        });
        let list = paged.or_else(|| {
            let mut lists = Vec::new();
            lists_of_records("", &operation.response, &mut lists);
            if lists.len() == 1 { lists.pop() } else { None }
        });
        match list {
            Some((path, items)) => Self::List { columns: columns_of_items(&path, items), path },
            None => Self::Answer(columns_of(shape::members(operation))),
        }
    }

    /// The rows of an answer.
    pub(crate) fn take(&self, mut answer: Value) -> Vec<Value> {
        let Self::List { path, .. } = self else { return vec![answer] };
        let mut list = Some(&mut answer);
        for step in path.split('.') {
            list = list.and_then(|value| value.get_mut(step));
        }
        match list.map(Value::take) {
            Some(Value::Array(rows)) => rows,
            _ => Vec::new(),
        }
    }

    /// Columns that the specification knows; none where it leaves the rows open.
    pub(crate) fn columns(&self) -> &[Column] {
        match self {
            Self::List { columns, .. } | Self::Answer(columns) => columns,
        }
    }
}

/// Lists of records with their paths, through records and not through lists: a list inside a list is a cell.
fn lists_of_records(path: &str, fields: &'static [Field], lists: &mut Vec<(String, &'static Shape)>) {
    for field in fields {
        let path = if path.is_empty() { field.wire_name.clone() } else { format!("{path}.{}", field.wire_name) };
        match Type::of(&field.shape) {
            Type::List(items) if matches!(Type::of(items), Type::Record(_)) => lists.push((path, items)),
            Type::Record(fields) => lists_of_records(&path, fields, lists),
            _ => {}
        }
    }
}

fn columns_of_items(path: &str, items: &'static Shape) -> Vec<Column> {
    match Type::of(items) {
        Type::Record(fields) => columns_of(fields.iter()),
        Type::Any | Type::Map(_) => Vec::new(),
        of => {
            let (_, name) = path.rsplit_once('.').unwrap_or(("", path));
            vec![Column { name: name.to_owned(), numeric: of.is_numeric() }]
        }
    }
}

fn columns_of(fields: impl Iterator<Item = &'static Field>) -> Vec<Column> {
    fields.map(|field| Column { name: field.wire_name.clone(), numeric: Type::of(&field.shape).is_numeric() }).collect()
}

/// The known columns, and those that rows have beyond them, in the order of their appearance.
pub(crate) fn with_unknown_columns(known: &[Column], rows: &[Value]) -> Vec<Column> {
    let mut columns = known.to_vec();
    for (name, value) in rows.iter().filter_map(Value::as_object).flatten() {
        if columns.iter().all(|column| column.name != *name) {
            columns.push(Column { name: name.clone(), numeric: value.is_number() });
        }
    }
    columns
}

/// What a row has in a column: a text as it is, anything else as JSON, and nothing for what is absent.
pub(crate) fn cell(row: &Value, column: &Column) -> String {
    let value = match row {
        Value::Object(members) => members.get(&column.name),
        scalar => Some(scalar),
    };
    value.filter(|value| !value.is_null()).map(plain).unwrap_or_default()
}

/// The members of an answer that hold something, with dotted names; those of every answer come last.
pub(crate) fn members(answer: &Value) -> Vec<(String, String)> {
    fn collect(path: &str, value: &Value, members: &mut Vec<(String, String)>) {
        match value {
            Value::Null => {}
            Value::Object(inner) if !inner.is_empty() => {
                for (name, value) in inner {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    collect(&path, value, members);
                }
            }
            value => members.push((path.to_owned(), plain(value))),
        }
    }
    let mut members = Vec::new();
    collect("", answer, &mut members);
    let envelope = |name: &str| dyvmsapi().envelope.fields.iter().any(|field| field.wire_name == name);
    members.sort_by_key(|(name, _)| envelope(name));
    members
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn operation() -> &'static Operation {
        dyvmsapi().operation("QueryRobotTaskCallList").unwrap()
    }

    #[test]
    fn untidy_answers_read_as_their_specification_says() {
        let record = json!({ "taskId": 1_045_001, "duration": "60", "konwledgeCount": 2, "new": "7", "label": null });
        let tidy_record =
            json!({ "taskId": "1045001", "duration": 60, "knowledgeCount": 2, "new": "7", "label": null });
        for data in [json!([record]), json!([record].to_vec()).to_string().into()] {
            let mut answer = json!({ "Code": "OK", "Data": data });
            tidy(operation(), &mut answer);
            assert_eq!(answer, json!({ "Code": "OK", "Data": [tidy_record] }));
        }
    }

    #[test]
    fn what_does_not_fit_stays_as_it_came() {
        let came = json!({ "Data": [{ "duration": "long", "knowledgeCount": 1, "konwledgeCount": 2 }, 7] });
        let mut answer = came.clone();
        tidy(operation(), &mut answer);
        assert_eq!(answer, came);
        let mut answer = json!({ "Data": "[1," });
        tidy(operation(), &mut answer);
        assert_eq!(answer, json!({ "Data": "[1," }));
    }

    #[test]
    fn rows_are_the_items_that_pages_hold() {
        let rows = Rows::of(operation());
        let names: Vec<&str> = rows.columns().iter().map(|column| column.name.as_str()).take(3).collect();
        assert_eq!(names, ["taskId", "callId", "caller"]);
        assert_eq!(rows.take(json!({ "Code": "OK", "Data": [{ "callId": "1" }] })), [json!({ "callId": "1" })]);
        assert_eq!(rows.take(json!({ "Code": "OK" })), Vec::<Value>::new());
    }

    #[test]
    fn rows_without_a_specification_bring_their_columns() {
        let rows = [json!({ "b": 1, "a": null }), json!({ "c": "x", "b": 2 })];
        let columns = with_unknown_columns(&[], &rows);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!(columns.iter().map(|column| column.numeric).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(columns.iter().map(|column| cell(&rows[0], column)).collect::<Vec<_>>(), ["1", "", ""]);
    }

    #[test]
    fn members_of_records_have_dotted_names() {
        let answer = json!({ "Code": "OK", "Data": { "CallId": "1^2", "Tags": ["a"], "Gone": null }, "New": {} });
        let expected = [("Data.CallId", "1^2"), ("Data.Tags", r#"["a"]"#), ("New", "{}"), ("Code", "OK")];
        assert_eq!(members(&answer), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
