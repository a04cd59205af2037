//! The request of a command line, and its position among the pages.

use aliyun_api_spec::model::{Field, Kind, Operation, PagePosition, Pagination};
use aliyun_api_spec::types::Types;
use aliyun_runtime::generated::Entry;
use aliyun_runtime::{Paginator, Paging, Position, Step};
use clap::ArgMatches;
#[cfg(feature = "explorer")]
use serde_json::Map;
use serde_json::Value;

use crate::failure::Failure;
use crate::json::{self, Json};
use crate::parameter::{self, Values};
use crate::{params, spec};

/// A request: an operation and its parameters.
pub(crate) struct Request {
    /// The name of the operation.
    action: &'static str,
    /// The operation, if the specification has it.
    operation: Option<&'static Operation>,
    /// The table of its possible parameters, for the encoder.
    table: &'static [Entry],
    /// Wire names and given texts of the parameters, in the order of the specification.
    values: Vec<(String, String)>,
}

/// Shows names only: values may be phone numbers, spoken texts or secrets.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.values.iter().map(|(name, _)| name).collect();
        f.debug_struct("Request").field("action", &self.action).field("parameters", &names).finish_non_exhaustive()
    }
}

impl Request {
    /// The request of a command line with the arguments of the operation. `paged` means that paging sets the position.
    pub(crate) fn of(operation: &'static Operation, matches: &ArgMatches, paged: bool) -> Result<Self, Failure> {
        let file = match matches.get_one::<String>(params::ID) {
            Some(path) => params::typed(path, operation)?,
            None => Vec::new(),
        };
        let given = |field: &'static Field| {
            let texts = matches.get_many::<String>(&field.wire_name);
            let text = texts.map(|texts| parameter::joined(field, &texts.map(String::as_str).collect::<Vec<_>>()));
            // What the command line has counts, and not what the file has.
            let text =
                text.or_else(|| file.iter().find(|(name, _)| *name == field.wire_name).map(|(_, text)| text.clone()));
            Some((field.wire_name.clone(), text?))
        };
        let mut request = Self::typed(operation, spec::parameters(operation).filter_map(given).collect());
        if let Ok(Some(size)) = matches.try_get_one::<i64>(PAGE_SIZE) {
            request.set_page_size(*size);
        }
        let absent = request.absent().filter(|name| !(paged && position_path(operation) == Some(*name)));
        let absent: Vec<String> = absent.map(|name| format!("--{name}")).collect();
        if absent.is_empty() {
            return Ok(request);
        }
        Err(Failure::Usage(format!("neither the command line nor the file of --params has {}", absent.join(", "))))
    }

    pub(crate) fn typed(operation: &'static Operation, values: Vec<(String, String)>) -> Self {
        let table = Values::table(spec::parameters(operation));
        Self { action: &operation.action, operation: Some(operation), table, values }
    }

    /// A request with these parameters, by their wire names, in the order of the specification.
    #[cfg(feature = "explorer")]
    pub(crate) fn in_order(operation: &'static Operation, values: &[(String, String)]) -> Self {
        let given = |field: &Field| values.iter().find(|(name, _)| *name == field.wire_name).cloned();
        Self::typed(operation, spec::parameters(operation).filter_map(given).collect())
    }

    /// A request of an unknown operation. Its parameters are sent unchanged.
    pub(crate) fn untyped(action: String, values: Vec<(String, String)>) -> Self {
        Self { action: action.leak(), operation: None, table: &[], values }
    }

    /// The name of the operation.
    pub(crate) fn action(&self) -> &'static str {
        self.action
    }

    /// The operation, if the specification has it.
    pub(crate) fn operation(&self) -> Option<&'static Operation> {
        self.operation
    }

    /// The required parameters that it does not have.
    pub(crate) fn absent(&self) -> impl Iterator<Item = &'static str> {
        let required = self.operation.into_iter().flat_map(|operation| &operation.parameters);
        let absent = |field: &&Field| field.required && self.value(&field.wire_name).is_none();
        required.filter(absent).map(|field| field.wire_name.as_str())
    }

    /// Names and values as they are sent.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let Some(operation) = self.operation else { return self.values.clone() };
        let types = Types::of(operation, spec::service());
        let value = |field: &'static Field| {
            self.value(&field.wire_name).map_or(Value::Null, |text| parameter::value(field, text, types))
        };
        Values::new(self.table, spec::parameters(operation).map(value).collect()).pairs()
    }

    /// The given parameters by their wire names, with the types of the specification.
    #[cfg(feature = "explorer")]
    pub(crate) fn typed_values(&self) -> Map<String, Value> {
        let Some(operation) = self.operation else { return Map::new() };
        let types = Types::of(operation, spec::service());
        let value = |field: &'static Field| {
            Some((field.wire_name.clone(), parameter::typed(&field.shape, self.value(&field.wire_name)?, types)))
        };
        operation.parameters.iter().filter_map(value).collect()
    }

    /// Whether it may call somebody. An unknown operation may.
    pub(crate) fn places_call(&self) -> bool {
        // How the service reads another case, or spaces around it, is not documented.
        let is = |given: &str, value: &str| given.trim().eq_ignore_ascii_case(value);
        let has = |(name, value): &(String, String)| self.value(name).is_some_and(|given| is(given, value));
        self.operation
            .is_none_or(|operation| operation.reaches.as_ref().is_some_and(|reach| reach.when.iter().all(has)))
    }

    /// Whether it may call somebody: if the specification says so of the operation, or does not have it.
    pub(crate) fn may_dial(&self) -> bool {
        self.operation.is_none_or(|operation| operation.reaches.is_some())
    }

    /// Sets the number of items of a page, where it is a member of a JSON parameter. Elsewhere it is a parameter itself.
    fn set_page_size(&mut self, size: i64) {
        let path = self.operation.and_then(|operation| operation.pagination.as_ref()?.size.as_deref());
        if let Some(path) = path {
            self.put(path, size.to_string());
        }
    }

    /// The given parameters: wire names and texts.
    #[cfg(feature = "explorer")]
    pub(crate) fn given(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    fn set(&mut self, name: &str, text: String) {
        match self.values.iter_mut().find(|(known, _)| known == name) {
            Some((_, value)) => *value = text,
            None => self.values.push((name.to_owned(), text)),
        }
    }

    /// The paginator that starts at the position of this request. `None` if the operation has no pages.
    pub(crate) fn paginator(&self) -> Option<Paginator> {
        let operation = self.operation?;
        let paging = paging(operation.pagination.as_ref()?);
        let start = position_path(operation).and_then(|path| self.position(path));
        let start = start.and_then(|text| Position::of_text(&text, paging.step));
        Some(Paginator::new(self.action, paging, start))
    }

    /// The paginator that goes on at a position, after this number of items. `None` if the operation has no pages.
    pub(crate) fn paginator_after(&self, position: Position, items: u64) -> Option<Paginator> {
        let operation = self.operation?;
        let pagination = operation.pagination.as_ref()?;
        let paging = paging(pagination);
        // An offset counts the items itself. Elsewhere they are counted if the first page was among them.
        let given = position_path(operation).and_then(|path| self.position(path));
        let is_counted = match paging.step {
            Step::Offset(_) => false,
            Step::Page(first) => given.is_none_or(|given| given.trim() == first.to_string()),
            Step::Token(_) => given.is_none_or(|given| given.is_empty()),
        };
        let paginator = Paginator::new(self.action, paging, Some(position));
        Some(if is_counted { paginator.after_items(i64::try_from(items).unwrap_or(i64::MAX)) } else { paginator })
    }

    /// Sets the parameters for paging.
    pub(crate) fn prepare(&mut self) {
        if let Some(pagination) = self.operation.and_then(|operation| operation.pagination.as_ref()) {
            for (name, value) in &pagination.set {
                self.set(name, Json::read(&value.to_string()).plain().into_owned());
            }
        }
    }

    /// The text at a path, if the request has one.
    fn position(&self, path: &str) -> Option<String> {
        let Some((name, rest)) = path.split_once('.') else { return self.value(path).map(str::to_owned) };
        let parameter = Json::read(self.value(name)?);
        let value = rest.split('.').try_fold(&parameter, |value, step| value.get(step))?;
        if value.is_null() { None } else { Some(value.plain().into_owned()) }
    }

    /// Moves to a page. In a JSON parameter, only the position changes.
    pub(crate) fn move_to(&mut self, position: &Position) {
        let Some(operation) = self.operation else { return };
        let Some(path) = position_path(operation) else { return };
        let text = match position {
            Position::Start => return,
            Position::Number(number) => number.to_string(),
            Position::Token(token) => token.clone(),
        };
        self.put(path, text);
    }

    /// Sets the value at a path. In a JSON parameter, nothing else changes.
    fn put(&mut self, path: &'static str, text: String) {
        let (Some(operation), Some((name, rest))) = (self.operation, path.split_once('.')) else {
            return self.set(path, text);
        };
        let fields = Types::of(operation, spec::service()).follow(&operation.parameters, path).unwrap_or_default();
        let is_text = fields.last().is_some_and(|field| field.shape.kind == Kind::String);
        let text = if is_text { Json::Text(text).to_string() } else { text };
        let path: Vec<&str> = rest.split('.').collect();
        let moved = json::put(self.value(name).unwrap_or_default(), &path, &text);
        self.set(name, moved);
    }
}

/// Id of the argument that sets the number of items of a page.
pub(crate) const PAGE_SIZE: &str = "page-size";

/// Path of the parameter that selects the page, if the operation has pages.
pub(crate) fn position_path(operation: &'static Operation) -> Option<&'static str> {
    operation.pagination.as_ref().map(|pagination| pagination.position.parameter())
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

#[cfg(test)]
mod tests {
    use aliyun_runtime::generated::View;
    use serde_json::{Value, json};

    use super::*;
    use crate::specimen;

    fn request(operation: &'static Operation, values: &[(&str, &str)]) -> Request {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Request::typed(operation, values)
    }

    /// The parameters that are sent for each page, given the responses.
    fn sent(mut request: Request, pages: &[Value]) -> Vec<String> {
        request.prepare();
        let mut paginator = request.paginator().unwrap();
        let mut sent = Vec::new();
        for page in pages {
            request.move_to(paginator.position().unwrap().unwrap());
            let pairs = request.pairs();
            sent.push(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"));
            paginator.turn(View::Value(page)).unwrap();
        }
        assert_eq!(paginator.position().unwrap(), None, "the last page ends it");
        sent
    }

    #[test]
    fn a_page_number_inside_a_json_parameter_moves_on_and_nothing_else_changes() {
        let pages = [json!({ "List": ["a", "b"] }), json!({ "List": [] })];
        let given = r#"{ "PageSize": 2.0 ,"PageIndex" : 1 }"#;
        let second = r#"Pager={ "PageSize": 2.0 ,"PageIndex" : 2 }"#;
        let sent_pages = sent(request(specimen::paged_by_record(), &[("Pager", given)]), &pages);
        assert_eq!(sent_pages, [format!("Pager={given}"), second.to_owned()]);
        let given = r#"{"PageSize":2}"#;
        let sent_pages = sent(request(specimen::paged_by_record(), &[("Pager", given)]), &pages);
        let page = |number| format!(r#"Pager={{"PageSize":2,"PageIndex":{number}}}"#);
        assert_eq!(sent_pages, [page(1), page(2)]);
        let bare = request(specimen::paged_by_record(), &[]);
        assert_eq!(sent(bare, &pages), [r#"Pager={"PageIndex":1}"#, r#"Pager={"PageIndex":2}"#]);
    }

    #[test]
    fn pages_begin_where_the_request_does() {
        let pages = [json!({ "List": ["a", "b"] }), json!({ "List": [] })];
        let given = [("Pager", r#"{ "PageIndex": "7" }"#)];
        let sent_pages = sent(request(specimen::paged_by_record(), &given), &pages);
        assert_eq!(sent_pages, [r#"Pager={ "PageIndex": 7 }"#, r#"Pager={ "PageIndex": 8 }"#]);
        let given = [("CalledNumber", "13000000000"), ("Start", "4")];
        let sent_pages = sent(request(specimen::operation(), &given), &pages);
        let row = |start| format!("CalledNumber=13000000000&Start={start}&Timeout=30");
        assert_eq!(sent_pages, [row(4), row(6)]);
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let request = request(specimen::operation(), &[("CalledNumber", "13000000000")]);
        assert_eq!(format!("{request:?}"), r#"Request { action: "Specimen", parameters: ["CalledNumber"], .. }"#);
    }
}
