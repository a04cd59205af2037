//! `dyvms operations` and `dyvms describe`: which operations there are, and what they take and return.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use aliyun_api_spec::model::{
    EnumValue, Field, Kind, NamedType, Operation, OperationType, Receipt, Service, Shape, Style, TypeBody,
};
use aliyun_api_spec::suggest;
use aliyun_api_spec::types::{Type, Types};
use aliyun_codegen::{Program, program};
use aliyun_protocol::gateway;

use crate::failure::Failure;
use crate::json::Json;
use crate::language::{Language, pick, text};
use crate::rows::Column;
use crate::{candidates, help, lines, notice, output, spec, terminal};

/// Options of `dyvms operations`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Search {
    /// Show only operations that have all of these words, in their names, texts or parameters; the best match comes first
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// Format of the result
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table for people
    #[default]
    Table,
    /// A list of objects
    Json,
}

/// Options of `dyvms describe`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Describe {
    /// An operation, such as `CancelCall`, a type that the description of one shows, or a receipt, such as `VoiceReport`
    #[arg(value_name = "ACTION|TYPE|RECEIPT", add = candidates::described())]
    name: String,
}

/// Lists operations.
pub(crate) fn search(options: &Search) -> Result<(), Failure> {
    let service = spec::service();
    let words: Vec<String> = options.words.iter().map(|word| word.to_lowercase()).collect();
    let found = ranked(service, &words);
    if found.is_empty() {
        let actions = service.operations.iter().map(|operation| operation.action.as_str());
        let nearest = options.words.first().and_then(|word| suggest::nearest(word, actions));
        let hint = nearest.map_or_else(|| "try fewer words".to_owned(), |nearest| format!("did you mean {nearest}?"));
        return Err(Failure::Usage(format!("no operation has {}; {hint}", options.words.join(" and "))));
    }
    // Programs get the English names.
    let names = match (options.output, Language::current()) {
        (Format::Table, Language::Chinese) => ["接口", "分组", "说明"],
        _ => ["operation", "group", "what"],
    };
    let row = |operation: &&Operation| {
        let summary = pick(&operation.summary, operation.summary_zh.as_deref());
        let cells = [operation.action.as_str(), operation.group.as_str(), summary];
        let members = names.iter().zip(cells);
        Json::Object(members.map(|(name, cell)| ((*name).to_owned(), Json::Text(cell.to_owned()))).collect())
    };
    let rows: Vec<Json> = found.iter().map(row).collect();
    if options.output == Format::Json {
        return Ok(output::write_json(io::stdout().lock(), &Json::List(rows))?);
    }
    output::write_table(&names.map(Column::text), &rows, |text| marked(text, &words))?;
    let (count, operations) = (found.len(), notice::count(found.len(), "operation"));
    notice::note(&text!(
        "{operations}; `dyvms describe <ACTION>` shows one",
        "共 {count} 个接口；`dyvms describe <ACTION>` 显示其中一个"
    ));
    // Who searches wants to call what fits best.
    let best = found.first().filter(|_| !words.is_empty()).and_then(|best| help::example_call(best));
    if let Some(call) = best {
        notice::note(&text!("an example of the first one:\n{call}", "第一个接口的示例：\n{call}"));
    }
    Ok(())
}

/// A text in which the words are bold, in any case. A border between two cells is not in a word.
fn marked(text: &str, words: &[String]) -> String {
    let lower = text.to_lowercase();
    // Then the places in both are the same.
    if lower.len() != text.len() {
        return text.to_owned();
    }
    let mut spans: Vec<(usize, usize)> = words
        .iter()
        .filter(|word| !word.is_empty())
        .flat_map(|word| lower.match_indices(word.as_str()).map(|(at, found)| (at, at + found.len())))
        .collect();
    spans.sort_unstable();
    let (mut marked, mut done) = (String::new(), 0);
    for (from, until) in spans {
        let (Some(before), Some(found)) = (text.get(done..from), text.get(from..until)) else { continue };
        marked.extend([before, "\x1b[1m", found, "\x1b[0m"]);
        done = until;
    }
    marked + text.get(done..).unwrap_or_default()
}

/// The operations that have all words, which are lower case, the best match first; without words, all of them by group.
pub(crate) fn ranked<'s>(service: &'s Service, words: &[String]) -> Vec<&'s Operation> {
    let place = |operation: &Operation| service.groups.iter().position(|group| group.id == operation.group);
    let mut found: Vec<(u32, Option<usize>, &Operation)> = service
        .operations
        .iter()
        .filter_map(|operation| Some((score(service, operation, words)?, place(operation), operation)))
        .collect();
    found.sort_by(|one, other| {
        other.0.cmp(&one.0).then(one.1.cmp(&other.1)).then_with(|| one.2.action.cmp(&other.2.action))
    });
    found.into_iter().map(|(_, _, operation)| operation).collect()
}

/// How well an operation matches. `None` if it does not have one of the words.
fn score(service: &Service, operation: &Operation, words: &[String]) -> Option<u32> {
    let action = operation.action.to_lowercase();
    let parts = aliyun_api_spec::name::snake_case(&operation.action);
    let group = service.groups.iter().find(|group| group.id == operation.group);
    let has = |text: &str, word: &str| text.to_lowercase().contains(word);
    let also = |text: &Option<String>, word: &str| text.as_ref().is_some_and(|text| has(text, word));
    let of_field = |field: &Field, word: &str| {
        let values = field.shape.values.iter().any(|(value, meaning)| has(value, word) || has(meaning, word));
        values || has(&field.wire_name, word) || also(&field.description, word)
    };
    let of_word = |word: &String| -> Option<u32> {
        let is_part = parts.split('_').any(|part| part == word);
        let fields = || operation.parameters.iter().chain(&operation.response);
        let types = Types::of(operation, service);
        let of_types = || types.used_by(fields()).into_iter().any(|named| type_has(named, word, &of_field));
        [
            (action == *word, 100),
            (is_part, 60),
            (action.contains(word.as_str()), 40),
            (has(&operation.summary, word) || also(&operation.summary_zh, word), 20),
            (
                group.is_some_and(|group| {
                    has(&group.id, word) || has(&group.summary, word) || also(&group.summary_zh, word)
                }),
                10,
            ),
            (also(&operation.description, word), 5),
            (fields().any(|field| of_field(field, word)) || of_types(), 2),
        ]
        .into_iter()
        .find_map(|(matches, score)| matches.then_some(score))
    };
    words.iter().map(of_word).sum()
}

fn type_has(named: &NamedType, word: &str, of_field: &dyn Fn(&Field, &str) -> bool) -> bool {
    let has = |text: &str| text.to_lowercase().contains(word);
    match &named.body {
        TypeBody::Record(fields) => fields.iter().any(|field| of_field(field, word)),
        TypeBody::Enum { values, .. } => values.iter().any(|value| {
            let texts = [&value.description, &value.description_zh];
            has(&value.value) || has(&value.name) || texts.into_iter().flatten().any(|text| has(text))
        }),
    }
}

/// Describes an operation or a type.
pub(crate) fn describe(options: &Describe) -> Result<(), Failure> {
    let service = spec::service();
    let Description { text, code } = if let Some(operation) = service.operation(&options.name) {
        of_operation(service, operation)
    } else if let Some((types, named)) = named(service, &options.name) {
        Description { text: of_type(types, named), code: String::new() }
    } else if let Some(receipt) = service.receipts.iter().find(|receipt| receipt.kind == options.name) {
        of_receipt(service, receipt)
    } else {
        let types = service.types.iter().chain(service.operations.iter().flat_map(|operation| &operation.types));
        let known = service.operations.iter().map(|operation| operation.action.as_str());
        let kinds = service.receipts.iter().map(|receipt| receipt.kind.as_str());
        let known = known.chain(types.map(|named| named.name.as_str())).chain(kinds);
        let nearest = suggest::nearest(&options.name, known);
        let hint = nearest.map_or_else(
            || "`dyvms operations` lists the operations".to_owned(),
            |nearest| format!("did you mean {nearest}?"),
        );
        return Err(Failure::Usage(format!("there is no operation, type or receipt \"{}\"; {hint}", options.name)));
    };
    let text = lines::fitted(&text, HANGING, terminal::result_width()) + &code;
    Ok(io::stdout().lock().write_all(text.as_bytes())?)
}

/// Columns by which a line goes on to the right of where it begins, so that members of members stay apart.
const HANGING: usize = 4;

/// What is shown of an operation, a type or a receipt.
struct Description {
    /// Lines that are wrapped for a terminal.
    text: String,
    /// Examples after them, which are not, because they are copied.
    code: String,
}

/// A type by its name, with the types that it can name.
fn named<'s>(service: &'s Service, name: &str) -> Option<(Types<'s>, &'s NamedType)> {
    let shared = Types::shared(service);
    if let Some(named) = shared.named(name) {
        return Some((shared, named));
    }
    service.operations.iter().find_map(|operation| {
        let types = Types::of(operation, service);
        Some((types, operation.types.iter().find(|named| named.name == name)?))
    })
}

fn of_operation(service: &'static Service, operation: &'static Operation) -> Description {
    let types = Types::of(operation, service);
    let mut text = operation.action.clone();
    let kind = match operation.operation_type {
        OperationType::Read => pick("reads", Some("只读")),
        OperationType::Write => pick("writes", Some("写")),
    };
    let _ = writeln!(text, " ({}, {kind})\n\n{}", operation.group, help::about(operation).trim());
    if !operation.parameters.is_empty() {
        text.push_str(pick("\nParameters\n", Some("\n接口参数\n")));
        for field in &operation.parameters {
            let required = if field.required { pick(", required", Some("，必填")) } else { "" };
            let kind = format!("{}{required}", kind_of(&field.shape));
            entry(&mut text, 1, field, &kind, &help::argument(field, types).brief);
            tree(&mut text, &field.shape, types, &mut Vec::new());
        }
    }
    text.push_str(pick("\nResponse\n", Some("\n响应\n")));
    for field in service.response_fields(operation) {
        line(&mut text, 1, field, &kind_of(&field.shape), types);
        tree(&mut text, &field.shape, types, &mut Vec::new());
    }
    let own = service
        .errors
        .iter()
        .map(|error| error.code.as_str())
        .filter(|code| !code.ends_with('*') && !is_of_gateway(code));
    let own: Vec<&str> = own.collect();
    if !own.is_empty() {
        text.push_str(&text!(
            "\nErrors of the service; `dyvms explain CODE` says what to do\n{}\n",
            "\n服务的错误码；处理方法见 `dyvms explain CODE`\n{}\n",
            lines::filled(&format!("  {}", own.join(", ")), 2, 100)
        ));
    }
    let mut code = String::new();
    let example = help::example(operation);
    if !example.is_empty() {
        let _ = write!(code, "\n{}\n", example.trim_end());
    }
    let values = operation.examples.first().map(|example| &example.request);
    let crate_name = service.product.to_lowercase().replace('-', "_");
    if let Some(program) = values.and_then(|values| program(service, operation, Program::new(&crate_name), values)) {
        code.push_str(&text!("\nIn Rust:\n{}", "\nRust 代码：\n{}", indented(&program)));
    }
    Description { text, code }
}

/// A text, moved to the right.
fn indented(text: &str) -> String {
    let mut moved = String::new();
    for line in text.lines() {
        moved.extend([if line.is_empty() { "" } else { "  " }, line, "\n"]);
    }
    moved
}

/// Whether a code is one with which the gateway of every service refuses requests.
fn is_of_gateway(code: &str) -> bool {
    gateway::CODES.iter().any(|facts| facts.codes.contains(&code))
}

fn of_receipt(service: &'static Service, receipt: &'static Receipt) -> Description {
    let types = Types::of_receipt(receipt, Some(service));
    let mut text = text!("{} (receipt)\n\n{}\n", "{} (回执)\n\n{}\n", receipt.kind, receipt.summary);
    if let Some(description) = &receipt.description {
        let _ = writeln!(text, "\n{description}");
    }
    text.push_str(pick("\nMembers, none of which is certain\n", Some("\n成员，均可能缺失\n")));
    for field in &receipt.fields {
        line(&mut text, 1, field, &kind_of(&field.shape), types);
        tree(&mut text, &field.shape, types, &mut Vec::new());
    }
    let key = receipt.key.join(", ");
    text.push_str(&text!("\nThe same receipt has the same {key}\n", "\n同一回执的以下成员相同：{key}\n"));
    let mut code = String::new();
    for (name, example) in &receipt.examples {
        let example = serde_json::to_string_pretty(example).unwrap_or_default();
        code.push_str(&text!("\nExample: {name}\n{example}\n", "\n示例：{name}\n{example}\n"));
    }
    Description { text, code }
}

fn of_type(types: Types<'static>, named: &'static NamedType) -> String {
    let mut text = format!("{}\n", named.name);
    if let Some(description) = &named.description {
        let _ = writeln!(text, "\n{description}");
    }
    match &named.body {
        TypeBody::Record(fields) => {
            text.push_str(pick("\nMembers\n", Some("\n成员\n")));
            for field in fields {
                line(&mut text, 1, field, &kind_of(&field.shape), types);
                tree(&mut text, &field.shape, types, &mut vec![named.name.as_str()]);
            }
        }
        TypeBody::Enum { values, .. } => {
            text.push_str(pick(
                "\nKnown values; others are kept as they are\n",
                Some("\n已知取值；其他取值原样保留\n"),
            ));
            for EnumValue { value, name, description, description_zh } in values {
                let meaning = pick(description.as_deref().unwrap_or(name), description_zh.as_deref());
                let _ = writeln!(text, "  {value}  {meaning}");
            }
        }
    }
    text
}

/// The members below a field. A type that contains itself is shown once.
fn tree(text: &mut String, shape: &'static Shape, types: Types<'static>, open: &mut Vec<&'static str>) {
    let Kind::Named(name) = shape.kind.innermost() else { return };
    let Type::Record(fields) = types.resolve(shape.kind.innermost()) else { return };
    if open.contains(&name.as_str()) {
        return;
    }
    open.push(name);
    for field in fields {
        line(text, open.len() + 1, field, &kind_of(&field.shape), types);
        tree(text, &field.shape, types, open);
    }
    open.pop();
}

fn line(text: &mut String, depth: usize, field: &'static Field, kind: &str, types: Types<'static>) {
    entry(text, depth, field, kind, &help::parameter(field, types).brief);
}

fn entry(text: &mut String, depth: usize, field: &Field, kind: &str, explained: &str) {
    let gap = if explained.is_empty() { "" } else { "  " };
    let _ = writeln!(text, "{:indent$}{}: {kind}{gap}{explained}", "", field.wire_name, indent = depth * 2);
}

/// A type in words.
fn kind_of(shape: &Shape) -> String {
    let kind = match &shape.kind {
        Kind::String => pick("text", Some("文本")).to_owned(),
        Kind::Int32 | Kind::Int64 => pick("integer", Some("整数")).to_owned(),
        Kind::Number => pick("number", Some("数字")).to_owned(),
        Kind::Boolean => pick("true or false", Some("true 或 false")).to_owned(),
        Kind::Any => pick("any JSON", Some("任意 JSON")).to_owned(),
        Kind::Array(items) => text!("list of {}", "{} 的列表", kind_of(items)),
        Kind::Map(items) => text!("map of {}", "{} 的映射", kind_of(items)),
        Kind::Named(name) => name.clone(),
    };
    match shape.style {
        Some(Style::Json) => text!("{kind}, as JSON in a text", "{kind}，写作 JSON 文本"),
        Some(Style::Simple) => text!("{kind}, joined by commas", "{kind}，以逗号分隔"),
        Some(Style::Flat) | None => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &str) -> Vec<&'static str> {
        let words: Vec<String> = words.split_whitespace().map(str::to_lowercase).collect();
        ranked(spec::service(), &words).into_iter().map(|operation| operation.action.as_str()).collect()
    }

    #[test]
    fn a_name_comes_before_a_text_and_every_word_counts() {
        assert_eq!(found("CancelCall").first(), Some(&"CancelCall"));
        assert!(found("cancel call").contains(&"CancelCall"));
        let busy = found("busy");
        assert!(busy.contains(&"QueryRobotTaskCallList"), "{busy:?}");
        let both = found("robot busy");
        assert!(both.len() < busy.len() && both.contains(&"QueryRobotTaskCallList"), "{both:?}");
        assert_eq!(found("robot nowhere-to-be-found"), [""; 0]);
        assert_eq!(found("").len(), 159);
        // Chinese texts that are examples or values are found, too.
        assert!(found("无法接通").contains(&"QueryRobotTaskCallList"));
    }

    #[test]
    fn an_operation_is_described_with_the_members_of_its_response() {
        let service = spec::service();
        let Description { text, code } = of_operation(service, service.operation("QueryRobotTaskCallList").unwrap());
        let text = text + &code;
        for expected in [
            "QueryRobotTaskCallList (robot, reads)\n",
            "  TaskId: text  Id of the robot call task",
            "  Data: list of RobotTaskCall, as JSON in a text",
            "    callId: text",
            "  RequestId: text",
            "Example:\n  dyvms call QueryRobotTaskCallList --TaskId 1045001",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        assert!(!text.contains("\n\n\n"), "{text}");
    }

    #[test]
    fn every_operation_and_type_has_a_description() {
        let service = spec::service();
        for operation in &service.operations {
            assert!(of_operation(service, operation).text.lines().count() > 5);
            for own in &operation.types {
                let (types, found) = named(service, &own.name).unwrap();
                assert!(of_type(types, found).lines().count() > 3, "{}", own.name);
            }
        }
        let (types, code) = named(service, "CallStatusCode").unwrap();
        assert!(of_type(types, code).contains("  200002  the line was busy\n"));
    }
}
