//! Guesses how the pages of an operation are requested, from the names of its parameters and the only list of its response.

use serde_json::{Map, Value};

use crate::draft::{Field, Kind, Operation, Service, Shape};

const PAGE: &[&str] = &["pagenumber", "pageno", "currentpage", "pagenum", "pageindex"];
const SIZE: &[&str] = &["pagesize", "maxresults", "limit"];
const TOTAL: &[&str] = &["totalcount", "total", "totalnum"];
const TOKEN: &str = "nexttoken";

/// The pagination of an operation that looks like a list, if there is exactly one list that can be its items.
pub(crate) fn guess_pages(operation: &Operation, service: &Service) -> Option<Value> {
    if operation.reads == Some(false) {
        return None;
    }
    let parameter = |names: &[&str]| {
        let is_fit = |field: &&Field| {
            matches!(field.shape.kind, Kind::String | Kind::Int32 | Kind::Int64)
                && names.contains(&field.name.to_ascii_lowercase().as_str())
        };
        operation.parameters.iter().find(is_fit).map(|field| field.name.clone())
    };
    let mut found = Found::default();
    found.walk(&operation.response, &mut Vec::new(), service, 0);
    // The only list of objects, or else the only list.
    let (([items], _) | ([], [items])) = (found.records.as_slice(), found.lists.as_slice()) else { return None };
    let mut pages = Map::new();
    let next = found.strings.iter().find(|path| last(path) == TOKEN);
    match (parameter(PAGE), parameter(&[TOKEN]), next) {
        (Some(page), ..) => {
            pages.insert("page".to_owned(), page.into());
        }
        (None, Some(token), Some(next)) => {
            let is_string =
                operation.parameters.iter().any(|field| field.name == token && field.shape.kind == Kind::String);
            if !is_string {
                return None;
            }
            pages.insert("token".to_owned(), token.into());
            pages.insert("next".to_owned(), next.as_str().into());
        }
        _ => return None,
    }
    if let Some(size) = parameter(SIZE) {
        pages.insert("size".to_owned(), size.into());
    }
    let total = found.numbers.iter().find(|path| TOTAL.contains(&last(path).as_str()));
    if let Some(total) = total {
        pages.insert("total".to_owned(), total.as_str().into());
    }
    pages.insert("items".to_owned(), items.as_str().into());
    pages.insert("guessed".to_owned(), true.into());
    Some(pages.into())
}

fn last(path: &str) -> String {
    path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase()
}

/// Dotted paths of a response, by what they lead to.
#[derive(Default)]
struct Found {
    records: Vec<String>,
    lists: Vec<String>,
    strings: Vec<String>,
    numbers: Vec<String>,
}

impl Found {
    fn walk(&mut self, fields: &[Field], path: &mut Vec<String>, service: &Service, depth: usize) {
        if depth > 4 {
            return;
        }
        for field in fields {
            // A dot in a name cannot be a part of a path.
            if field.name.contains('.') {
                continue;
            }
            path.push(field.name.clone());
            let joined = path.join(".");
            match &field.shape.kind {
                Kind::Array(items) if matches!(items.kind, Kind::Object(_) | Kind::Shared(_)) => {
                    self.records.push(joined);
                }
                Kind::Array(_) => self.lists.push(joined),
                Kind::String => self.strings.push(joined),
                Kind::Int32 | Kind::Int64 => self.numbers.push(joined),
                Kind::Object(object) => self.walk(&object.fields, path, service, depth + 1),
                Kind::Shared(name) => {
                    let component = service.components.iter().find(|(known, _)| known == name);
                    if let Some((_, Shape { kind: Kind::Object(object), .. })) = component {
                        self.walk(&object.fields, path, service, depth + 1);
                    }
                }
                _ => {}
            }
            path.pop();
        }
    }
}
