//! Reads a reference page in Markdown into a draft.
//!
//! Headings and blocks of code are Markdown. Tables are read by [`table`], columns by their header words, and the nesting of
//! a response is rebuilt from its table and its JSON example together ([`response`]).

mod examples;
mod receipt;
mod request;
mod response;
mod row;
mod table;

use std::ops::Range;

use aliyun_api_spec::Fault;
use pulldown_cmark::{Event, HeadingLevel, Options as Markdown, Parser, Tag, TagEnd};
use serde_json::Value;

use self::row::{Columns, Line};
use self::table::{Row, Table};
use crate::draft::{ErrorCode, Group, Operation, Service};
use crate::folder::{Existing, Options};
use crate::metadata::free_group;
use crate::names::camel;
use crate::note::Notes;
use crate::prose;

/// The largest page, in bytes: a hundred times what pages have.
const LARGEST: usize = 4 * 1024 * 1024;

/// The most headings, and the most blocks of code.
const MOST: usize = 1000;

/// A page, cut into its parts.
struct Page<'t> {
    text: &'t str,
    /// The first heading: its text, id and position.
    title: Heading<'t>,
    sections: Vec<Section<'t>>,
    /// Blocks of code: what is written after the fence, the content, and the whole.
    blocks: Vec<Block<'t>>,
}

#[derive(Clone, Default)]
struct Heading<'t> {
    text: String,
    id: &'t str,
    at: usize,
}

struct Section<'t> {
    heading: Heading<'t>,
    /// The part of the page below its heading.
    body: Range<usize>,
}

struct Block<'t> {
    info: String,
    content: &'t str,
    whole: Range<usize>,
}

/// What a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Description,
    Link,
    Syntax,
    Parameters,
    Response,
    Examples,
    Errors,
    Other,
}

fn topic(heading: &Heading<'_>) -> Topic {
    match heading.id {
        "description" => return Topic::Description,
        "apiExplorer" | "api_explorer" => return Topic::Link,
        "parameters" => return Topic::Parameters,
        "resultMapping" => return Topic::Response,
        "demo" => return Topic::Examples,
        _ => {}
    }
    let words = heading.text.trim().to_lowercase();
    let is = |known: &[&str]| known.iter().any(|known| words == *known || words.trim_end_matches('s') == *known);
    if is(&["接口说明", "描述", "description", "功能描述"]) {
        Topic::Description
    } else if is(&["调试", "debug", "debugging"]) {
        Topic::Link
    } else if is(&["请求语法", "request syntax", "请求结构"]) {
        Topic::Syntax
    } else if is(&["请求参数", "request parameter", "入参", "输入参数", "参数"]) {
        Topic::Parameters
    } else if is(&[
        "返回数据",
        "返回参数",
        "返回结果",
        "响应参数",
        "出参",
        "response parameter",
        "response",
        "return parameter",
        "返回值",
    ]) {
        Topic::Response
    } else if is(&["示例", "example", "请求示例", "返回示例"]) {
        Topic::Examples
    } else if is(&["错误码", "error code", "error", "错误代码"]) {
        Topic::Errors
    } else {
        Topic::Other
    }
}

impl<'t> Page<'t> {
    fn read(text: &'t str) -> Self {
        let mut page = Self { text, title: Heading::default(), sections: Vec::new(), blocks: Vec::new() };
        let mut heading: Option<(HeadingLevel, Heading<'t>)> = None;
        let mut code: Option<(String, Option<Range<usize>>)> = None;
        let options = Markdown::ENABLE_HEADING_ATTRIBUTES;
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            match event {
                Event::Start(Tag::Heading { level, .. }) => {
                    heading = Some((level, Heading { at: range.start, ..Heading::default() }));
                }
                Event::End(TagEnd::Heading(_)) => {
                    let Some((level, mut heading)) = heading.take() else { continue };
                    heading.id = id_of(text.get(range.clone()).unwrap_or_default());
                    heading.text.truncate(heading.text.trim_end().len());
                    if let Some(last) = page.sections.last_mut() {
                        last.body.end = heading.at;
                    }
                    if level == HeadingLevel::H1 && page.title.text.is_empty() {
                        page.title = heading.clone();
                    }
                    page.sections.push(Section { heading, body: range.end..text.len() });
                }
                Event::Start(Tag::CodeBlock(pulldown_cmark::CodeBlockKind::Fenced(info))) => {
                    code = Some((info.to_string(), None));
                }
                Event::End(TagEnd::CodeBlock) => {
                    if let Some((info, content)) = code.take() {
                        let content = content.and_then(|content| text.get(content)).unwrap_or_default();
                        page.blocks.push(Block { info, content, whole: range });
                    }
                }
                Event::Text(words) => match (&mut heading, &mut code) {
                    (Some((_, heading)), _) => heading.text.push_str(&words),
                    (None, Some((_, content))) => {
                        let start = content.as_ref().map_or(range.start, |content| content.start);
                        *content = Some(start..range.end);
                    }
                    _ => {}
                },
                Event::Code(words) => {
                    if let Some((_, heading)) = &mut heading {
                        heading.text.push_str(&words);
                    }
                }
                _ => {}
            }
        }
        page
    }

    fn of(&self, topic: Topic) -> impl Iterator<Item = &Section<'t>> {
        self.sections.iter().filter(move |section| self::topic(&section.heading) == topic)
    }

    fn tables(&self, section: &Section<'t>) -> Vec<Table<'t>> {
        let skipped: Vec<Range<usize>> = self.blocks.iter().map(|block| block.whole.clone()).collect();
        table::tables(self.text, section.body.start, section.body.end, &skipped)
    }

    /// The text of a section.
    fn body(&self, section: &Section<'t>) -> &'t str {
        self.text.get(section.body.clone()).unwrap_or_default()
    }

    /// The value of a parameter in a link of the page, such as `version` in `...&version=2017-05-25)`.
    fn in_link(&self, name: &str) -> Option<&'t str> {
        ["?", "&", "#", "&amp;"].iter().find_map(|before| {
            let mark = format!("{before}{name}=");
            let at = self.text.find(&mark)? + mark.len();
            let rest = self.text.get(at..)?;
            let end =
                rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))).unwrap_or(rest.len());
            rest.get(..end).filter(|value| !value.is_empty())
        })
    }
}

/// The id in the attributes of a heading, such as `{#parameters .section}`.
fn id_of(heading: &str) -> &str {
    let attributes = heading.trim_end().strip_suffix('}').and_then(|text| text.rsplit_once('{')).map(|(_, text)| text);
    let words = attributes.unwrap_or_default().split_whitespace();
    words.into_iter().find_map(|word| word.strip_prefix('#')).unwrap_or_default()
}

/// Reads a page. The error is why it does not become an operation or a kind of receipt.
pub(crate) fn read(
    text: &str,
    options: &Options,
    existing: Option<&Existing>,
    notes: &mut Notes<'_>,
) -> Result<Service, Fault> {
    if text.len() > LARGEST {
        return Err(notes.fault(0, format!("a reference page has at most {} KB", LARGEST / 1024)));
    }
    let page = Page::read(text);
    if page.sections.len() > MOST || page.blocks.len() > MOST {
        return Err(notes.fault(0, format!("a reference page has at most {MOST} headings and blocks of code")));
    }
    let action = action(&page, notes)?;
    let (product, version) = identity(&page, &action, options, existing, notes)?;
    if receipt::is_receipt(&page, &action) {
        let receipts = vec![receipt::read(&page, action, notes)?];
        return Ok(Service { product, version, receipts, ..Service::default() });
    }
    refuse_paths(&page, &action, notes)?;
    let (examples, failures) = examples::read(&page, &action, notes);
    let parameters = parameters(&page, &action, notes)?;
    let json: Option<Value> = examples.iter().find_map(|example| example.json.clone());
    let response = self::response(&page, &action, json.as_ref(), notes);
    let (summary, description) = texts(&page);
    let mut service = Service { product, version, ..Service::default() };
    let group = group(existing, &action, &mut service.groups);
    notes.guess(
        page.title.at,
        format!("{action}: a page does not say whether it only reads; it is taken for a write that must not be sent twice, so a person should look at it"),
    );
    service.operations.push(Operation {
        at: page.title.at,
        action,
        group,
        method: aliyun_protocol::Method::Post,
        signed: true,
        reads: None,
        deprecated: false,
        summary,
        description,
        parameters,
        response,
        examples: examples.into_iter().chain(failures).collect(),
        errors: errors(&page, notes),
        lacks: Vec::new(),
    });
    Ok(service)
}

fn action(page: &Page<'_>, notes: &Notes<'_>) -> Result<String, Fault> {
    let title = prose::unescaped(&page.title.text);
    let from_id = page.title.id.strip_prefix("doc_api_").and_then(|id| id.rsplit_once('_')).map(|(_, action)| action);
    let is_action =
        |name: &str| !camel([name]).is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let candidates = [Some(title.trim()), from_id, page.in_link("api")];
    if let Some(action) = candidates.into_iter().flatten().find(|name| is_action(name)) {
        return Ok(action.to_owned());
    }
    if page.sections.is_empty() {
        let what = "this is not a reference page in Markdown: it has no heading";
        return Err(notes.fault(0, what));
    }
    Err(notes
        .fault(page.title.at, format!("the heading {title:?} is not the name of an operation, such as CancelCall")))
}

/// The product and the version: from the page, the options or the folder.
fn identity(
    page: &Page<'_>,
    action: &str,
    options: &Options,
    existing: Option<&Existing>,
    notes: &mut Notes<'_>,
) -> Result<(String, String), Fault> {
    let in_title = page.title.id.strip_prefix("doc_api_").and_then(|id| id.strip_suffix(&format!("_{action}")));
    let in_link = page.in_link("product");
    if let (Some(title), Some(link)) = (in_title, in_link)
        && !title.eq_ignore_ascii_case(link)
    {
        notes.contradiction(
            page.title.at,
            format!("the product is {title} in the heading and {link} in the link; {link} is taken"),
        );
    }
    let of_folder = |key: &str| existing.and_then(|existing| existing.word(key)).map(str::to_owned);
    let of_page = in_link.or(in_title).map(str::to_owned);
    // The capitals of a folder's product are right, those of a link need not be.
    let known = options.product.clone().or_else(|| of_folder("product"));
    let product = match (known, of_page) {
        (Some(known), Some(page)) if known.eq_ignore_ascii_case(&page) => Some(known),
        (Some(known), None) => Some(known),
        (Some(known), Some(other)) => {
            let what = format!("{action}: its product is {other}, and not {known}");
            return Err(notes.fault(page.title.at, what).with_hint("import it into another folder"));
        }
        (None, page) => page,
    };
    let version = page.in_link("version").map(str::to_owned);
    let known = options.version.clone().or_else(|| of_folder("version"));
    let version = match (known, version) {
        (Some(known), Some(page)) if known != page => {
            let what = format!("{action}: its version is {page}, and not {known}");
            return Err(notes.fault(0, what).with_hint("import it into another folder"));
        }
        (known, page) => known.or(page),
    };
    let missing = match (&product, &version) {
        (None, None) => "neither product nor version; give --product and --version",
        (None, _) => "no product; give --product",
        (_, None) => "no version; give --version, or import into a folder that has one",
        (Some(_), Some(_)) => return Ok((product.unwrap_or_default(), version.unwrap_or_default())),
    };
    Err(notes.fault(page.title.at, format!("{action}: the page names {missing}")))
}

/// A page that shows a path of its own describes an operation that is not RPC.
fn refuse_paths(page: &Page<'_>, action: &str, notes: &Notes<'_>) -> Result<(), Fault> {
    for section in page.of(Topic::Syntax) {
        for block in page.blocks.iter().filter(|block| section.body.contains(&block.whole.start)) {
            let line = block.content.trim_start().lines().next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            let is_method = matches!(method, "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "HEAD" | "OPTIONS");
            if is_method && path.starts_with('/') && path != "/" {
                let what = format!("{action}: its path is {path}; an RPC operation has the path /");
                return Err(notes.fault(block.whole.start, what));
            }
        }
    }
    Ok(())
}

/// The first table of a topic whose header has the columns of fields.
fn field_table<'t>(page: &Page<'t>, topic: Topic, notes: &mut Notes<'_>) -> Option<(Columns, Vec<Line>)> {
    let mut found: Option<(Columns, Vec<Line>)> = None;
    let mut unknown: Option<&Row<'t>> = None;
    let tables: Vec<Table<'t>> = page.of(topic).flat_map(|section| page.tables(section)).collect();
    for table in &tables {
        let Some(columns) = Columns::of(&table.header) else {
            unknown = unknown.or(Some(&table.header));
            continue;
        };
        if found.is_some() {
            notes.loss(table.header.at, "a second table of fields in the section is not read");
            continue;
        }
        let lines = table.rows.iter().filter_map(|row| Line::of(row, &columns, notes)).collect();
        found = Some((columns, lines));
    }
    if let (None, Some(header)) = (&found, unknown) {
        let words: Vec<&str> = header.cells.iter().map(|cell| cell.text).collect();
        notes.loss(header.at, format!("the table has none of the known columns: {}", words.join(", ")));
    }
    found
}

fn parameters(page: &Page<'_>, action: &str, notes: &mut Notes<'_>) -> Result<Vec<crate::draft::Field>, Fault> {
    let Some((columns, lines)) = field_table(page, Topic::Parameters, notes) else {
        let Some(section) = page.of(Topic::Parameters).next() else {
            let what = format!("{action}: there is no section with the request parameters");
            return Err(notes.fault(page.title.at, what));
        };
        let text = prose::plain(page.body(section));
        let text = text.trim();
        // `无` and the like.
        if text.is_empty() || text.chars().count() < 60 && !text.contains('|') {
            notes.guess(
                section.heading.at,
                format!("{action}: there is no table of parameters; it is taken to have none"),
            );
            return Ok(Vec::new());
        }
        return Err(notes.fault(section.heading.at, format!("{action}: there is no table of request parameters")));
    };
    if let Some(line) = lines.iter().find(|line| matches!(line.position.as_str(), "path" | "body" | "header")) {
        let what = format!(
            "{action}: its parameter {} is in the {}; only query and form can be expressed",
            line.name, line.position
        );
        return Err(notes.fault(line.at, what));
    }
    Ok(request::fields(&lines, columns.has_required(), notes))
}

fn response(page: &Page<'_>, action: &str, json: Option<&Value>, notes: &mut Notes<'_>) -> Vec<crate::draft::Field> {
    if let Some((_, lines)) = field_table(page, Topic::Response, notes) {
        response::fields(&lines, json, notes)
    } else {
        let at = page.of(Topic::Response).next().map_or(page.title.at, |section| section.heading.at);
        notes.loss(at, format!("{action}: there is no table of the response; it is taken from the example"));
        json.and_then(Value::as_object)
            .map(|members| members.iter().map(|(name, value)| crate::widen::field_of(name, value)).collect())
            .unwrap_or_default()
    }
}

/// The summary and the description.
fn texts(page: &Page<'_>) -> (Option<String>, Option<String>) {
    let Some(first) = page.sections.first() else { return (None, None) };
    let intro = page.body(first).trim();
    let mut paragraphs = intro.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
    let summary = paragraphs.next().map(str::to_owned);
    let mut rest: Vec<&str> = paragraphs.filter(|text| Some(*text) != summary.as_deref()).collect();
    for section in page.of(Topic::Description) {
        rest.push(page.body(section).trim());
    }
    let description = rest.join("\n\n");
    (summary, Some(description).filter(|text| !text.trim().is_empty()))
}

fn group(existing: Option<&Existing>, action: &str, groups: &mut Vec<Group>) -> String {
    let own = existing.and_then(|existing| existing.operations.get(action)?.get("group")?.as_str());
    if let Some(own) = own {
        return own.to_owned();
    }
    let known = existing.and_then(|existing| existing.service.as_ref()?.get("groups")?.as_object());
    let ids: Vec<&String> = known.into_iter().flat_map(serde_json::Map::keys).collect();
    if let [only] = ids.as_slice() {
        return (*only).clone();
    }
    let id = if known.is_some() { "imported".to_owned() } else { free_group("operations", groups) };
    groups.push(Group { id: id.clone(), line: None });
    id
}

fn errors(page: &Page<'_>, notes: &mut Notes<'_>) -> Vec<ErrorCode> {
    let mut codes = Vec::new();
    for table in page.of(Topic::Errors).flat_map(|section| page.tables(section)) {
        let column = |words: &[&str]| {
            table.header.cells.iter().position(|cell| {
                let text = prose::plain(cell.text).trim().to_lowercase().replace([' ', '\u{a0}'], "");
                words.contains(&text.as_str())
            })
        };
        let status = column(&["httpcode", "httpstatuscode", "http状态码", "状态码", "httpstatus"]);
        let Some(code) = column(&["错误码", "错误代码", "errorcode", "code"]) else { continue };
        let text = column(&["描述", "说明", "description"]).or(column(&["错误信息", "errormessage"]));
        for row in &table.rows {
            let cell = |index: Option<usize>| index.and_then(|index| row.cells.get(index)).map_or("", |cell| cell.text);
            let name = prose::unescaped(cell(Some(code)));
            if name.trim().is_empty() {
                notes.loss(row.at, "an error has no code");
                continue;
            }
            codes.push(ErrorCode {
                code: name.trim().to_owned(),
                status: cell(status).trim().parse().ok(),
                description: Some(cell(text).to_owned()).filter(|text| !text.is_empty()),
            });
        }
    }
    codes
}
