//! The rows and columns in which a response is shown.

use aliyun_api_spec::model::{Field, Kind, Operation, Shape};
use aliyun_api_spec::suggest;
use aliyun_api_spec::types::{Type, Types};

use crate::json::Json;
use crate::spec;

/// The part of a response that is shown as rows.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// The items of a list.
    List {
        /// Dotted path of the list.
        path: String,
        /// Columns in the specification.
        columns: Vec<Column>,
    },
    /// The response itself, as one row.
    Response(Vec<Column>),
    /// The items of a list that is the whole value, as a query selects it.
    Items(Vec<Column>),
}

/// A column: a member of the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    /// Wire name of the member. For rows that are not records, the name of their list.
    pub(crate) name: String,
    /// What its values are.
    pub(crate) values: Values,
}

/// The values of a column: what the specification says, or what is seen if it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// Texts, or anything as its JSON text.
    Text,
    Integers,
    Numbers,
    Booleans,
}

impl Values {
    pub(crate) fn are_numbers(self) -> bool {
        matches!(self, Self::Integers | Self::Numbers)
    }

    fn of(of: Type<'_>) -> Self {
        let (Type::Scalar(kind) | Type::Enum { kind, .. }) = of else { return Self::Text };
        match kind {
            Kind::Int32 | Kind::Int64 => Self::Integers,
            Kind::Number => Self::Numbers,
            Kind::Boolean => Self::Booleans,
            _ => Self::Text,
        }
    }

    /// Of values that the specification does not describe.
    fn seen(are_numbers: bool) -> Self {
        if are_numbers { Self::Numbers } else { Self::Text }
    }
}

impl Column {
    /// A column of texts.
    pub(crate) fn text(name: impl Into<String>) -> Self {
        Self { name: name.into(), values: Values::Text }
    }
}

impl Rows {
    /// The list of a paged operation, otherwise the only list of records in the response, otherwise the response itself.
    pub(crate) fn of(operation: &'static Operation) -> Self {
        let service = spec::service();
        let types = Types::of(operation, service);
        let fields = || service.response_fields(operation);
        let paged = operation.pagination.as_ref().and_then(|pagination| {
            let path = types.follow(fields(), &pagination.items).ok()?;
            match types.resolve(&path.last()?.shape.kind) {
                Type::Array(items) => Some((pagination.items.clone(), items)),
                _ => None,
            }
        });
        let list = paged.or_else(|| {
            let mut lists = Vec::new();
            lists_of_records("", &operation.response, types, &mut lists);
            if lists.len() == 1 { lists.pop() } else { None }
        });
        match list {
            Some((path, items)) => Self::List { columns: columns_of_items(&path, items, types), path },
            None => Self::Response(columns_of(fields(), types)),
        }
    }

    /// The rows of what a query has selected. A row that is a list becomes a record with numbers as names.
    pub(crate) fn of_selected(value: &mut Json) -> Self {
        let Json::List(rows) = value else { return Self::Response(Vec::new()) };
        for row in rows.iter_mut() {
            if let Json::List(cells) = row {
                let named =
                    (1..).zip(std::mem::take(cells)).map(|(number, cell): (usize, Json)| (number.to_string(), cell));
                *row = Json::Object(named.collect());
            }
        }
        let is_scalar = |row: &Json| !matches!(row, Json::Object(_));
        let values = Values::seen(rows.iter().all(|row| matches!(row, Json::Number(_))));
        let value = Column { name: "value".to_owned(), values };
        Self::Items(if !rows.is_empty() && rows.iter().all(is_scalar) { vec![value] } else { Vec::new() })
    }

    /// Keeps these columns, in this order.
    pub(crate) fn choose(&mut self, chosen: &[String]) {
        let (Self::List { columns, .. } | Self::Response(columns) | Self::Items(columns)) = self;
        let column = |name: &String| {
            let known = columns.iter().find(|column| column.name == *name);
            known.cloned().unwrap_or_else(|| Column::text(name))
        };
        *columns = chosen.iter().map(column).collect();
    }

    /// Checks that the rows have these columns, as far as the specification describes them.
    pub(crate) fn check(&self, chosen: &[String]) -> Result<(), String> {
        let known = self.columns();
        let unknown = chosen.iter().find(|name| known.iter().all(|column| column.name != **name));
        let Some(unknown) = unknown.filter(|_| !known.is_empty()) else { return Ok(()) };
        let names = || known.iter().map(|column| column.name.as_str());
        let hint = suggest::nearest(unknown, names()).map_or_else(
            || format!("known: {}", names().collect::<Vec<_>>().join(", ")),
            |nearest| format!("did you mean {nearest}?"),
        );
        Err(format!("--columns: there is no column {unknown:?}; {hint}"))
    }

    /// The rows of a response.
    pub(crate) fn take(&self, response: Json) -> Vec<Json> {
        match (self, response) {
            (Self::List { path, .. }, response) => items_at(path, response),
            (Self::Items(_), Json::List(rows)) => rows,
            (_, response) => vec![response],
        }
    }

    /// Columns in the specification; none if it does not describe the rows.
    pub(crate) fn columns(&self) -> &[Column] {
        match self {
            Self::List { columns, .. } | Self::Response(columns) | Self::Items(columns) => columns,
        }
    }
}

/// The items of the list at a path.
fn items_at(path: &str, response: Json) -> Vec<Json> {
    let list = path.split('.').try_fold(response, |value, step| match value {
        Json::Object(members) => members.into_iter().find(|(name, _)| name == step).map(|(_, value)| value),
        _ => None,
    });
    match list {
        Some(Json::List(rows)) => rows,
        // A list that is absent or empty has no rows.
        _ => Vec::new(),
    }
}

/// A row with these members only, in this order. A row that is not a record has no members.
pub(crate) fn select(row: Json, chosen: &[String]) -> Json {
    let Json::Object(mut members) = row else { return row };
    let mut member = |name: &String| members.iter_mut().find(|(known, _)| known == name).map(std::mem::take);
    Json::Object(chosen.iter().filter_map(&mut member).collect())
}

/// Lists of records with their paths. Paths do not pass through lists: a list inside a list is a cell.
fn lists_of_records(
    path: &str,
    fields: &'static [Field],
    types: Types<'static>,
    lists: &mut Vec<(String, &'static Shape)>,
) {
    for field in fields {
        let path = if path.is_empty() { field.wire_name.clone() } else { format!("{path}.{}", field.wire_name) };
        match types.resolve(&field.shape.kind) {
            Type::Array(items) if matches!(types.resolve(&items.kind), Type::Record(_)) => lists.push((path, items)),
            Type::Record(fields) => lists_of_records(&path, fields, types, lists),
            _ => {}
        }
    }
}

fn columns_of_items(path: &str, items: &'static Shape, types: Types<'static>) -> Vec<Column> {
    match types.resolve(&items.kind) {
        Type::Record(fields) => columns_of(fields.iter(), types),
        Type::Any | Type::Map(_) => Vec::new(),
        of => {
            let (_, name) = path.rsplit_once('.').unwrap_or(("", path));
            vec![Column { name: name.to_owned(), values: Values::of(of) }]
        }
    }
}

fn columns_of(fields: impl Iterator<Item = &'static Field>, types: Types<'static>) -> Vec<Column> {
    let column = |field: &'static Field| Column {
        name: field.wire_name.clone(),
        values: Values::of(types.resolve(&field.shape.kind)),
    };
    fields.map(column).collect()
}

/// The known columns, and further members of the rows in the order of their appearance.
pub(crate) fn with_unknown_columns(known: &[Column], rows: &[Json]) -> Vec<Column> {
    let mut columns = known.to_vec();
    for row in rows {
        let Json::Object(members) = row else { continue };
        for (name, value) in members {
            if columns.iter().all(|column| column.name != *name) {
                let values = Values::seen(matches!(value, Json::Number(_)));
                columns.push(Column { name: name.clone(), values });
            }
        }
    }
    columns
}

/// The value of a row in a column, if there is one.
pub(crate) fn cell<'r>(row: &'r Json, column: &Column) -> Option<&'r Json> {
    let value = match row {
        Json::Object(_) => row.get(&column.name),
        scalar => Some(scalar),
    };
    value.filter(|value| !value.is_null())
}

/// The members of a response that have a value, with the names on their paths joined by dots. The envelope comes last.
pub(crate) fn members(response: &Json) -> Vec<(String, String)> {
    fn collect(path: &str, value: &Json, members: &mut Vec<(String, String)>) {
        match value {
            Json::Null => {}
            Json::Object(inner) if !inner.is_empty() => {
                for (name, value) in inner {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    collect(&path, value, members);
                }
            }
            value => members.push((path.to_owned(), value.plain().into_owned())),
        }
    }
    let mut members = Vec::new();
    collect("", response, &mut members);
    let envelope = |name: &str| spec::service().envelope.fields.iter().any(|field| field.wire_name == name);
    members.sort_by_key(|(name, _)| envelope(name));
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation() -> &'static Operation {
        spec::service().operation("QueryRobotTaskCallList").unwrap()
    }

    #[test]
    fn rows_are_the_items_that_pages_hold() {
        let rows = Rows::of(operation());
        let names: Vec<&str> = rows.columns().iter().map(|column| column.name.as_str()).take(3).collect();
        assert_eq!(names, ["taskId", "callId", "caller"]);
        let response = Json::read(r#"{"Code":"OK","Data":[{"callId":"1"}]}"#);
        assert_eq!(rows.take(response), [Json::read(r#"{"callId":"1"}"#)]);
        for nothing in [r#"{"Code":"OK"}"#, r#"{"Data":null}"#, r#"{"Data":""}"#] {
            assert_eq!(rows.take(Json::read(nothing)), [], "{nothing}");
        }
    }

    #[test]
    fn rows_without_a_specification_bring_their_columns() {
        let rows = [r#"{"b":1,"a":null}"#, r#"{"c":"x","b":2}"#].map(Json::read);
        let columns = with_unknown_columns(&[], &rows);
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!(columns.iter().map(|column| column.values.are_numbers()).collect::<Vec<_>>(), [true, false, false]);
        let cells: Vec<_> = columns.iter().map(|column| cell(&rows[0], column).map(Json::plain)).collect();
        assert_eq!(cells, [Some("1".into()), None, None]);
    }

    #[test]
    fn chosen_columns_are_checked_and_come_in_their_order() {
        let mut rows = Rows::of(operation());
        let chosen = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(rows.check(&chosen(&["duration", "callId"])), Ok(()));
        let fault = rows.check(&chosen(&["callID"])).unwrap_err();
        assert_eq!(fault, "--columns: there is no column \"callID\"; did you mean callId?");
        assert!(rows.check(&chosen(&["zzzzzzzz"])).unwrap_err().contains("known: taskId, callId, caller"));
        rows.choose(&chosen(&["duration", "callId"]));
        let shown: Vec<(&str, Values)> =
            rows.columns().iter().map(|column| (column.name.as_str(), column.values)).collect();
        assert_eq!(shown, [("duration", Values::Integers), ("callId", Values::Text)]);
        let row = Json::read(r#"{"callId":"1","other":2,"duration":3}"#);
        assert_eq!(select(row, &chosen(&["duration", "gone", "callId"])).to_string(), r#"{"duration":3,"callId":"1"}"#);
        assert_eq!(Rows::Response(Vec::new()).check(&chosen(&["anything"])), Ok(()));
    }

    #[test]
    fn what_a_query_selects_has_rows_too() {
        let rows = |text: &str| {
            let mut value = Json::read(text);
            let rows = Rows::of_selected(&mut value);
            (rows.columns().to_vec(), Json::List(rows.take(value)).to_string())
        };
        let value = |values| vec![Column { name: "value".to_owned(), values }];
        assert_eq!(rows(r#"["a","b"]"#), (value(Values::Text), r#"["a","b"]"#.to_owned()));
        assert_eq!(rows("[1,2.50]"), (value(Values::Numbers), "[1,2.50]".to_owned()));
        assert_eq!(rows(r#"[["a",1]]"#), (Vec::new(), r#"[{"1":"a","2":1}]"#.to_owned()));
        assert_eq!(rows(r#"{"a":1}"#), (Vec::new(), r#"[{"a":1}]"#.to_owned()));
        assert_eq!(rows("[]"), (Vec::new(), "[]".to_owned()));
    }

    #[test]
    fn members_of_records_have_dotted_names() {
        let response =
            Json::read(r#"{"Code":"OK","Data":{"CallId":"1^2","Tags":["a"],"Gone":null,"Sum":1.50},"New":{}}"#);
        let expected =
            [("Data.CallId", "1^2"), ("Data.Tags", r#"["a"]"#), ("Data.Sum", "1.50"), ("New", "{}"), ("Code", "OK")];
        assert_eq!(members(&response), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
