//! The request that a command line stands for, and its position among the pages.

use aliyun_api_spec::dyvmsapi;
use aliyun_api_spec::model::{Field, Kind, Operation, PagePosition, Pagination};
use aliyun_runtime::{PageTurner, Paging, Position, Step};
use clap::ArgMatches;
use serde_json::{Map, Value};

use crate::parameter;
use crate::shape::{self, Type};

/// The parameters of one operation.
pub(crate) struct Request {
    operation: &'static Operation,
    /// By wire name, in the order of the specification.
    values: Map<String, Value>,
}

/// Names only: values may be numbers of people, spoken texts or secrets.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.values.keys().collect();
        f.debug_struct("Request").field("action", &self.operation.action).field("parameters", &names).finish()
    }
}

impl Request {
    /// The request of a command line, whose arguments are those of the operation.
    pub(crate) fn of(operation: &'static Operation, matches: &ArgMatches) -> Self {
        let given = |field: &'static Field| {
            let value = matches.get_one::<Value>(&field.wire_name)?;
            Some((field.wire_name.clone(), value.clone()))
        };
        Self { operation, values: fields(operation).filter_map(given).collect() }
    }

    /// The operation.
    pub(crate) fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// Names and values as they travel.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for field in fields(self.operation) {
            if let Some(value) = self.values.get(&field.wire_name) {
                parameter::write(field, value, &mut pairs);
            }
        }
        pairs
    }

    /// Decides where pages begin, from where this request begins; `None` if the operation has no pages.
    pub(crate) fn turner(&self) -> Option<PageTurner> {
        let pagination = self.operation.pagination.as_ref()?;
        let paging = paging(pagination);
        let start = position_path(self.operation).and_then(|path| self.position(path));
        let start = start.and_then(|text| Position::of_text(&text, paging.step));
        Some(PageTurner::new(&self.operation.action, paging, start))
    }

    /// Sets what must be asked for so that pages can be counted.
    pub(crate) fn prepare(&mut self) {
        if let Some(pagination) = &self.operation.pagination {
            self.values.extend(pagination.set.clone());
        }
    }

    /// The text at a dotted path, where the request has one.
    fn position(&self, path: &str) -> Option<String> {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let mut value = self.values.get(name)?;
        for step in rest.split('.').filter(|step| !step.is_empty()) {
            value = value.get(step)?;
        }
        if value.is_null() {
            return None;
        }
        Some(parameter::plain(value))
    }

    /// Moves to a page.
    pub(crate) fn move_to(&mut self, position: &Position) {
        let Some(path) = position_path(self.operation) else { return };
        let text = shape::at_path(self.operation.parameters.iter(), path)
            .is_some_and(|field| matches!(Type::of(&field.shape), Type::Scalar(Kind::String)));
        let value = match position {
            Position::Start => return,
            Position::Number(number) if text => number.to_string().into(),
            Position::Number(number) => (*number).into(),
            Position::Token(token) => token.as_str().into(),
        };
        put(&mut self.values, path, value);
    }
}

/// Parameters of an operation, and those that every operation takes.
fn fields(operation: &'static Operation) -> impl Iterator<Item = &'static Field> {
    operation.parameters.iter().chain(&dyvmsapi().common_parameters)
}

/// Dotted path of the parameter that moves from page to page, if the operation has pages.
pub(crate) fn position_path(operation: &'static Operation) -> Option<&'static str> {
    match &operation.pagination.as_ref()?.position {
        PagePosition::Page(path) | PagePosition::Offset(path) | PagePosition::Token { parameter: path, .. } => {
            Some(path)
        }
    }
}

fn paging(pagination: &'static Pagination) -> Paging {
    let step = match &pagination.position {
        PagePosition::Page(_) => Step::Page(pagination.first),
        PagePosition::Offset(_) => Step::Offset(pagination.first),
        PagePosition::Token { next, .. } => Step::Token(next),
    };
    let paging = Paging::of(&pagination.items, step);
    pagination.total.as_deref().map_or(paging, |total| paging.total(total))
}

/// Puts a value at a dotted path; what is missing on the way becomes an object.
fn put(members: &mut Map<String, Value>, path: &str, value: Value) {
    let Some((name, rest)) = path.split_once('.') else {
        members.insert(path.to_owned(), value);
        return;
    };
    if let Value::Object(members) = members.entry(name).or_insert_with(|| Map::new().into()) {
        put(members, rest, value);
    }
}

#[cfg(test)]
mod tests {
    use aliyun_runtime::generated::View;
    use serde_json::json;

    use super::*;
    use crate::specimen;

    fn request(operation: &'static Operation, values: Value) -> Request {
        let Value::Object(values) = values else { panic!("{values} is no object") };
        Request { operation, values }
    }

    /// What is sent for each page, given the answers.
    fn sent(mut request: Request, pages: &[Value]) -> Vec<String> {
        request.prepare();
        let mut turner = request.turner().unwrap();
        let mut sent = Vec::new();
        for page in pages {
            request.move_to(turner.position().unwrap().unwrap());
            let pairs = request.pairs();
            sent.push(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"));
            turner.turn(View::Value(page)).unwrap();
        }
        assert_eq!(turner.position().unwrap(), None, "the last page ends it");
        sent
    }

    #[test]
    fn a_page_number_inside_a_json_parameter_moves_on() {
        let pages = [json!({ "List": ["a", "b"] }), json!({ "List": [] })];
        let given = json!({ "Pager": { "PageSize": 2 } });
        let first = r#"Pager={"PageSize":2,"PageIndex":1}"#;
        let second = r#"Pager={"PageSize":2,"PageIndex":2}"#;
        assert_eq!(sent(request(specimen::paged_by_record(), given), &pages), [first, second]);
        let bare = request(specimen::paged_by_record(), json!({}));
        assert_eq!(sent(bare, &pages), [r#"Pager={"PageIndex":1}"#, r#"Pager={"PageIndex":2}"#]);
    }

    #[test]
    fn pages_begin_where_the_request_does() {
        let pages = [json!({ "List": ["a", "b"] }), json!({ "List": [] })];
        let given = json!({ "Pager": { "PageIndex": "7" } });
        let sent_pages = sent(request(specimen::paged_by_record(), given), &pages);
        assert_eq!(sent_pages, [r#"Pager={"PageIndex":7}"#, r#"Pager={"PageIndex":8}"#]);
        let given = json!({ "CalledNumber": "13000000000", "Start": 4 });
        let sent_pages = sent(request(specimen::operation(), given), &pages);
        let row = |start| format!("CalledNumber=13000000000&Start={start}&Timeout=30");
        assert_eq!(sent_pages, [row(4), row(6)]);
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let request = request(specimen::operation(), json!({ "CalledNumber": "13000000000" }));
        assert_eq!(format!("{request:?}"), r#"Request { action: "Specimen", parameters: ["CalledNumber"] }"#);
    }
}
