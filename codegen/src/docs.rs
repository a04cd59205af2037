//! The text of the generated documentation, made from the model.

use std::fmt::Write as _;

use aliyun_api_spec::model::{
    By, EnumValue, Field, Group, NamedType, Operation, OperationType, Rate, Receipt, Service, Shape, Style, Time,
    TypeBody, Unit,
};
use aliyun_api_spec::types::{Sensitivity, Types};
use serde_json::{Map, Value};

use crate::example;
use crate::options::Options;

/// Paragraphs, separated by empty lines.
#[derive(Default)]
struct Paragraphs(String);

impl Paragraphs {
    fn add(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            if !self.0.is_empty() {
                self.0.push_str("\n\n");
            }
            self.0.push_str(text);
        }
    }
}

pub(crate) fn service(service: &Service) -> String {
    let mut docs = Paragraphs::default();
    docs.add(&format!(
        "{} ({} {}), as the type parameter of its client.",
        service.title, service.product, service.version
    ));
    if !service.errors.is_empty() {
        let mut table = "# Error codes\n\nThe documented codes. The service may return others.\n\n| code | meaning | what to do |\n| --- | --- | --- |\n".to_owned();
        for error in &service.errors {
            let aliases: String = error.aliases.iter().fold(String::new(), |mut all, alias| {
                let _ = write!(all, ", `{alias}`");
                all
            });
            let _ = writeln!(
                table,
                "| `{}`{aliases} | {} | {} |",
                error.code,
                cell(&error.description),
                cell(&error.advice)
            );
        }
        docs.add(&table);
    }
    docs.0
}

/// Escapes a text for a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

pub(crate) fn group(group: &Group, operations: &[&&Operation]) -> String {
    let mut docs = Paragraphs::default();
    docs.add(&group.summary);
    let mut table = "| operation | |\n| --- | --- |\n".to_owned();
    for operation in operations {
        let _ = writeln!(table, "| [`{}`] | {} |", operation.name, cell(&operation.summary));
    }
    docs.add(&table);
    docs.0
}

pub(crate) fn shared() -> String {
    "Types that several operations use.".to_owned()
}

pub(crate) fn receipts(kinds: &[&Receipt]) -> String {
    let mut docs = Paragraphs::default();
    docs.add("Receipts: what the service reports without being asked.");
    let mut table = "| kind | |\n| --- | --- |\n".to_owned();
    for receipt in kinds {
        let _ = writeln!(table, "| [`{}`] | {} |", receipt.kind, cell(&receipt.summary));
    }
    docs.add(&table);
    docs.0
}

pub(crate) fn receipt(receipt: &Receipt, options: &Options<'_>) -> String {
    let mut docs = Paragraphs::default();
    docs.add(&receipt.summary);
    docs.add(receipt.description.as_deref().unwrap_or_default());
    let key: Vec<String> = receipt.key.iter().map(|name| format!("`{name}`")).collect();
    docs.add(&format!(
        "Every field is optional, and an empty text differs from an absent one. A receipt with the same {} is a duplicate.",
        key.join(", ")
    ));
    docs.add(&format!("Specification: {}.", file_link(&receipt.file, options)));
    docs.0
}

fn file_link(file: &str, options: &Options<'_>) -> String {
    match options.link {
        Some(link) => format!("[`{file}`]({link}{file})"),
        None => format!("`{file}`"),
    }
}

pub(crate) fn request(service: &Service, operation: &Operation, options: &Options<'_>) -> String {
    let mut docs = Paragraphs::default();
    docs.add(&operation.summary);
    docs.add(operation.description.as_deref().unwrap_or_default());
    docs.add(&effects(operation));
    docs.add(&parameters(operation));
    docs.add(&groups_of_parameters(operation));
    docs.add(&response_paragraph(operation));
    if let Some(example) = options.path.and_then(|path| example(service, operation, path)) {
        docs.add(&example);
    }
    let name = aliyun_api_spec::name::type_name(&service.product);
    let link = file_link(&operation.file, options);
    docs.add(&format!("Specification: {link}. Error codes: see [`{name}`](super::{name})."));
    docs.0
}

/// What a call does, and whether it can be retried.
fn effects(operation: &Operation) -> String {
    let mut text = match (&operation.reaches, operation.operation_type, operation.idempotent) {
        (Some(reach), ..) => {
            let when = reach.when.iter().map(|(name, value)| format!(", where `{name}` is `{value}`"));
            let when: String = when.collect();
            let what = match reach.by {
                By::Call => "Calls somebody",
                By::Message => "Sends somebody a message",
            };
            format!("**{what}** (`{}`{when}). It is not retried if the service may have received it.", reach.whom)
        }
        (None, OperationType::Read, true) => "Reads only. It can be retried.".to_owned(),
        (None, OperationType::Read, false) => "Reads, but a retry is not safe.".to_owned(),
        (None, OperationType::Write, true) => "Changes data. A retry has no further effect.".to_owned(),
        (None, OperationType::Write, false) => "Changes data. A retry is not safe.".to_owned(),
    };
    if let Some(per_second) = operation.limits.per_second {
        let _ = write!(text, " At most {per_second} requests per second per account.");
    }
    let per_number: Vec<&str> = operation.limits.per_number.iter().map(Rate::as_str).collect();
    if !per_number.is_empty() {
        let _ = write!(text, " At most {} to one number.", per_number.join(", "));
    }
    text
}

fn parameters(operation: &Operation) -> String {
    let list = |required: bool| {
        let fields = operation.parameters.iter().filter(|field| field.required == required);
        let links = fields.map(|field| format!("[`{0}`](Self::{0})", field.rust_name));
        links.collect::<Vec<_>>().join(", ")
    };
    let (required, optional) = (list(true), list(false));
    match (required.is_empty(), optional.is_empty()) {
        (true, true) => "It has no parameters.".to_owned(),
        (true, false) => format!("All parameters are optional: {optional}."),
        (false, true) => format!("Required: {required}."),
        (false, false) => format!("Required: {required}. Optional: {optional}."),
    }
}

fn groups_of_parameters(operation: &Operation) -> String {
    let mut text = String::new();
    for (groups, what) in
        [(&operation.at_least_one, "A request needs at least"), (&operation.at_most_one, "A request may have at most")]
    {
        for group in groups {
            let _ = write!(text, "{what} one of `{}`. ", group.join("`, `"));
        }
    }
    text
}

fn response_paragraph(operation: &Operation) -> String {
    let mut text = format!("The response is [`{}Response`].", operation.name);
    if let Some(pagination) = &operation.pagination {
        let what = pagination.position.parameter();
        let _ = write!(
            text,
            " It is one page: `client.pages(request)` requests one page after another, with `{what}`, and \
             `client.items(request)` returns their `{}` one by one.",
            pagination.items
        );
    }
    text
}

pub(crate) fn response(operation: &Operation) -> String {
    format!("The response of [`{}`].", operation.name)
}

pub(crate) fn named(named: &NamedType) -> String {
    let mut docs = Paragraphs::default();
    docs.add(named.description.as_deref().unwrap_or_default());
    if let TypeBody::Enum { values, .. } = &named.body {
        if docs.0.is_empty() {
            let known: Vec<_> = values.iter().map(|value| format!("`{}`", value.value)).collect();
            docs.add(&format!("One of {}, or another value.", known.join(", ")));
        }
        docs.add("The set is open: unknown values are kept. It converts from and to texts.");
    }
    if docs.0.is_empty() {
        docs.add("A record.");
    }
    docs.0
}

pub(crate) fn value(value: &EnumValue) -> String {
    match &value.description {
        Some(description) => {
            let end = if description.ends_with('.') { "" } else { "." };
            format!("`{}`: {description}{end}", value.value)
        }
        None => format!("`{}`.", value.value),
    }
}

/// The description of a field, for its setter.
pub(crate) fn setter(field: &Field) -> String {
    match &field.description {
        Some(description) => description.clone(),
        None => format!("Sets `{}`.", field.wire_name),
    }
}

pub(crate) fn field(field: &Field, service: &Service, types: Types<'_>) -> String {
    let mut docs = Paragraphs::default();
    match &field.description {
        Some(description) => docs.add(description),
        None => docs.add(&format!("`{}`.", field.wire_name)),
    }
    docs.add(&values(&field.shape));
    docs.add(&details(field, service, types));
    docs.0
}

fn values(shape: &Shape) -> String {
    let mut text = String::new();
    for (value, meaning) in &shape.values {
        let _ = match meaning.as_str() {
            "" => writeln!(text, "* {}", code(value)),
            meaning => writeln!(text, "* {}: {meaning}", code(value)),
        };
    }
    text
}

/// The wire name, unit, range, default and example of a field, on one line.
fn details(field: &Field, service: &Service, types: Types<'_>) -> String {
    let shape = &field.shape;
    let mut facts = vec![format!("Wire name `{}`", field.wire_name)];
    if !field.aliases.is_empty() {
        facts.push(format!("also read as `{}`", field.aliases.join("`, `")));
    }
    match shape.style {
        Some(Style::Json) => facts.push("JSON in a text".to_owned()),
        Some(Style::Simple) => facts.push("joined by commas".to_owned()),
        Some(Style::Flat) => facts.push(format!("as `{}.1`, `{}.2` and so on", field.wire_name, field.wire_name)),
        None => {}
    }
    match &shape.time {
        Some(Time::UnixSeconds) => facts.push("seconds since 1970".to_owned()),
        Some(Time::UnixMilliseconds) => facts.push("milliseconds since 1970".to_owned()),
        Some(Time::Pattern(pattern)) => facts.push(format!("time `{pattern}`, UTC{}", service.time_zone)),
        None => {}
    }
    if let Some(unit) = shape.unit {
        facts.push(format!(
            "in {}",
            match unit {
                Unit::Milliseconds => "milliseconds",
                Unit::Seconds => "seconds",
                Unit::Minutes => "minutes",
                Unit::Hours => "hours",
            }
        ));
    }
    match (shape.minimum, shape.maximum) {
        (Some(minimum), Some(maximum)) => facts.push(format!("{minimum} to {maximum}")),
        (Some(minimum), None) => facts.push(format!("at least {minimum}")),
        (None, Some(maximum)) => facts.push(format!("at most {maximum}")),
        (None, None) => {}
    }
    match (shape.min_length, shape.max_length) {
        (Some(minimum), Some(maximum)) if minimum == maximum => facts.push(format!("{minimum} characters")),
        (Some(minimum), Some(maximum)) => facts.push(format!("{minimum} to {maximum} characters")),
        (Some(minimum), None) => facts.push(format!("at least {minimum} characters")),
        (None, Some(maximum)) => facts.push(format!("at most {maximum} characters")),
        (None, None) => {}
    }
    if let Some(items) = shape.max_items {
        facts.push(format!("at most {items} items"));
    }
    if let Some(default) = &shape.default {
        facts.push(format!("default {}", code(&plain(default))));
    }
    if let Some(example) = &shape.example {
        facts.push(format!("example {}", code(&plain(example))));
    }
    if types.sensitivity(shape) == Sensitivity::Whole {
        facts.push("masked in `Debug`".to_owned());
    }
    facts.join("; ") + "."
}

/// A text as code within a line: line breaks are written as escapes, and the fence is longer than any in the text.
fn code(text: &str) -> String {
    let text: String = text.chars().fold(String::new(), |mut line, c| {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c => line.push(c),
        }
        line
    });
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    match longest {
        0 if !text.trim().is_empty() => format!("`{text}`"),
        0 => "empty".to_owned(),
        _ => format!("{fence} {text} {fence}"),
    }
}

/// A text without quotation marks, any other value as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// The first example of the specification as code that compiles. `None` if the value of a required parameter is not known.
fn example(service: &Service, operation: &Operation, path: &str) -> Option<String> {
    let empty = Map::new();
    let values = operation.examples.first().map_or(&empty, |example| &example.request);
    let send = example::statements(service, operation, path, values)?;
    let group = &operation.group;
    let action = &operation.name;
    Some(format!(
        "# Example\n\n```no_run\n# async fn example(client: {path}::Client) -> Result<(), Box<dyn std::error::Error>> {{\n\
         use {path}::{group}::{action};\n\n{send}\n# Ok(())\n# }}\n```"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stays_on_its_line() {
        for (text, expected) in [
            ("200002", "`200002`"),
            ("a\nb\r\n\tc", "`a\\nb\\r\\n\\tc`"),
            ("a `b` c", "`` a `b` c ``"),
            ("```", "```` ``` ````"),
            (" ", "empty"),
        ] {
            assert_eq!(code(text), expected);
        }
    }

    #[test]
    fn the_sentence_of_a_value_ends_with_one_full_stop() {
        for (description, expected) in [
            (None, "`1`."),
            (Some("busy"), "`1`: busy."),
            (Some("busy."), "`1`: busy."),
            (Some("0..9 seconds"), "`1`: 0..9 seconds."),
        ] {
            let description = description.map(str::to_owned);
            let known = EnumValue { value: "1".to_owned(), name: "One".to_owned(), description, description_zh: None };
            assert_eq!(value(&known), expected);
        }
    }
}
