//! The layout of specification files: one field per line, the wire name first, keys in the order of the dialect.

use crate::fault::{Fault, Report};
use crate::json::{self, Json, Member, Node};
use crate::keys::{self, Form, Key, Lines, Object};
use crate::load::{is_receipt, is_service};

/// Length of a line, in columns.
const WIDTH: usize = 140;

/// Formats a specification file. A file named `service.json` describes the service, a file in a folder `receipts` a kind of
/// receipt, every other file an operation.
///
/// Only a text that is not JSON is an error. Unknown keys and wrong values are kept. Formatting the result again changes
/// nothing.
///
/// ```
/// let text = r#"{"parameters":{"Tel":{"description":"Who is called.","type":"string"}},"action":"Call"}"#;
/// assert_eq!(
///     aliyun_api_spec::format("operations/Call.json", text)?,
///     r#"{
///   "action": "Call",
///   "parameters": {
///     "Tel": { "type": "string", "description": "Who is called." }
///   }
/// }
/// "#,
/// );
/// # Ok::<(), Vec<aliyun_api_spec::Fault>>(())
/// ```
pub fn format(path: &str, text: &str) -> Result<String, Vec<Fault>> {
    let mut report = Report::new(path, text);
    let node = json::parse(text, &mut report);
    let Some(node) = node.filter(|_| report.is_clean()) else {
        return Err(report.into_faults());
    };
    let object = match path {
        path if is_service(path) => &keys::SERVICE,
        path if is_receipt(path) => &keys::RECEIPT,
        _ => &keys::OPERATION,
    };
    let mut writer = Writer::default();
    writer.object(&node, object, 0);
    writer.text.push('\n');
    Ok(writer.text)
}

/// The text so far. Each method writes one value at the end of the last line; `indent` is the indentation of that line.
#[derive(Default)]
struct Writer {
    text: String,
}

impl Writer {
    fn form(&mut self, node: &Node<'_>, form: &Form, indent: usize) {
        match form {
            Form::Object(object) | Form::TextOr(object) => self.object(node, object, indent),
            Form::Table(of, lines) => self.table(node, of, *lines, indent),
            Form::List(Form::Object(object)) if object.lines == Lines::Each => {
                self.list(node, indent, |writer, element| writer.object(element, object, indent + 2));
            }
            Form::AnyObject if matches!(node.json, Json::Object(_)) => self.any_object(node, indent),
            _ => self.value(node, indent),
        }
    }

    fn object(&mut self, node: &Node<'_>, object: &Object, indent: usize) {
        let Json::Object(members) = &node.json else {
            return self.value(node, indent);
        };
        let members = in_order(members, object.keys);
        let form = |member: &Member<'_>| {
            let key = object.keys.iter().find(|key| key.name == member.name);
            key.map_or(&Form::Any, |key| &key.form)
        };
        match object.lines {
            Lines::Fit if self.fits(&inline_object(&members)) => self.text.push_str(&inline_object(&members)),
            Lines::Each | Lines::Fit => self.block(&members, indent, |writer, member| {
                writer.form(&member.value, form(member), indent + 2);
            }),
            Lines::One => self.line(&members, indent),
            Lines::Open => match members.split_last() {
                Some((last, before)) if !last.value.members().is_empty() => {
                    let Form::Table(of, _) = form(last) else {
                        return self.line(&members, indent);
                    };
                    let comma = if before.is_empty() { " " } else { ", " };
                    let opening = format!("{comma}{}: {{", quoted(&last.name));
                    self.line_before(before, &opening, indent);
                    self.rows(last.value.members(), of, indent);
                    self.text.push_str("} }");
                }
                _ => self.line(&members, indent),
            },
        }
    }

    fn table(&mut self, node: &Node<'_>, of: &Form, lines: Lines, indent: usize) {
        let Json::Object(members) = &node.json else {
            return self.value(node, indent);
        };
        if members.is_empty() || (lines == Lines::Fit && self.fits(&inline(node))) {
            return self.text.push_str(&inline(node));
        }
        self.text.push('{');
        self.rows(members, of, indent);
        self.text.push('}');
    }

    /// Writes the members of a table, one per line, after the opening brace and up to the closing one.
    fn rows(&mut self, members: &[Member<'_>], of: &Form, indent: usize) {
        for (index, member) in members.iter().enumerate() {
            self.separate(index, indent + 2);
            self.name(&member.name);
            self.form(&member.value, of, indent + 2);
        }
        self.break_line(indent);
    }

    /// Writes the members of an object, one per line.
    fn block(&mut self, members: &[&Member<'_>], indent: usize, mut write: impl FnMut(&mut Self, &Member<'_>)) {
        if members.is_empty() {
            return self.text.push_str("{}");
        }
        self.text.push('{');
        for (index, member) in members.iter().enumerate() {
            self.separate(index, indent + 2);
            self.name(&member.name);
            write(self, member);
        }
        self.break_line(indent);
        self.text.push('}');
    }

    /// Writes members on one line. If it is too long, `description` starts a second line, and `descriptionZh` a third one if
    /// it needs to.
    fn line(&mut self, members: &[&Member<'_>], indent: usize) {
        if members.is_empty() {
            self.text.push_str("{}");
        } else {
            self.line_before(members, " }", indent);
        }
    }

    /// Does the same, with an end that may differ from that of the object.
    fn line_before(&mut self, members: &[&Member<'_>], end: &str, indent: usize) {
        let whole = format!("{{{}{end}", spaced(members));
        let description = members.iter().position(|member| member.name == "description");
        let (Some(description), false) = (description, self.fits(&whole)) else {
            return self.text.push_str(&whole);
        };
        let (before, after) = members.split_at(description);
        self.text.push('{');
        self.text.push_str(&spaced(before));
        if !before.is_empty() {
            self.text.push(',');
        }
        self.break_line(indent + 1);
        // A Chinese description that does not fit beside the other one starts a third line.
        let chinese = after.iter().position(|member| member.name == "descriptionZh");
        let rest = format!("{}{end}", spaced(after));
        let (Some(chinese), false) = (chinese, self.fits(&rest)) else {
            return self.text.push_str(&rest);
        };
        let (after, chinese) = after.split_at(chinese);
        self.text.push_str(&spaced(after));
        self.text.push(',');
        self.break_line(indent + 1);
        self.text.push_str(&spaced(chinese));
        self.text.push_str(end);
    }

    fn list(&mut self, node: &Node<'_>, indent: usize, mut write: impl FnMut(&mut Self, &Node<'_>)) {
        let Json::List(elements) = &node.json else {
            return self.value(node, indent);
        };
        if elements.is_empty() {
            return self.text.push_str("[]");
        }
        self.text.push('[');
        for (index, element) in elements.iter().enumerate() {
            self.separate(index, indent + 2);
            write(self, element);
        }
        self.break_line(indent);
        self.text.push(']');
    }

    /// Writes an object of an example: on one line if it fits, otherwise one member per line.
    fn any_object(&mut self, node: &Node<'_>, indent: usize) {
        let whole = inline(node);
        if self.fits(&whole) {
            return self.text.push_str(&whole);
        }
        let members: Vec<&Member<'_>> = node.members().iter().collect();
        self.block(&members, indent, |writer, member| writer.value(&member.value, indent + 2));
    }

    /// Writes any value: on one line if it fits, otherwise on several.
    fn value(&mut self, node: &Node<'_>, indent: usize) {
        let whole = inline(node);
        match &node.json {
            _ if self.fits(&whole) => self.text.push_str(&whole),
            Json::List(elements) if elements.iter().all(is_scalar) => self.filled_list(elements, indent),
            Json::List(_) => self.list(node, indent, |writer, element| writer.value(element, indent + 2)),
            Json::Object(members) if members.iter().all(|member| fits_a_line(member, indent)) => {
                self.filled_object(members, indent);
            }
            Json::Object(_) => self.any_object(node, indent),
            Json::Null | Json::Flag(_) | Json::Number(_) | Json::Text(_) => self.text.push_str(&whole),
        }
    }

    /// Writes an object of an example: on each line as many members as fit.
    fn filled_object(&mut self, members: &[Member<'_>], indent: usize) {
        self.text.push('{');
        let parts: Vec<String> = members.iter().map(inline_member).collect();
        self.fill(&parts, 2, indent);
        self.text.push_str(" }");
    }

    fn filled_list(&mut self, elements: &[Node<'_>], indent: usize) {
        self.text.push('[');
        self.break_line(indent + 1);
        let parts: Vec<String> = elements.iter().map(inline).collect();
        self.fill(&parts, 0, indent);
        self.break_line(indent);
        self.text.push(']');
    }

    /// Writes parts with a space before each. `tail` columns must remain after the last one.
    fn fill(&mut self, parts: &[String], tail: usize, indent: usize) {
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            let after = if last { tail } else { 0 };
            // A comma always follows: after this part or after the whole.
            if index > 0 && self.column() + 1 + width(part) + after + 1 > WIDTH {
                self.break_line(indent + 1);
            }
            self.text.push(' ');
            self.text.push_str(part);
            if !last {
                self.text.push(',');
            }
        }
    }

    fn name(&mut self, name: &str) {
        self.text.push_str(&quoted(name));
        self.text.push_str(": ");
    }

    /// Starts the line of the member or element with this index, after a comma if it is not the first one.
    fn separate(&mut self, index: usize, indent: usize) {
        if index > 0 {
            self.text.push(',');
        }
        self.break_line(indent);
    }

    fn break_line(&mut self, indent: usize) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n(' ', indent));
    }

    /// Whether a text and a comma fit on the last line.
    fn fits(&self, text: &str) -> bool {
        self.column() + width(text) < WIDTH
    }

    fn column(&self) -> usize {
        let start = self.text.rfind('\n').map_or(0, |at| at + 1);
        self.text.get(start..).map_or(0, width)
    }
}

/// Sorts members into the order of the keys. Unknown ones come before the last key, which is the longest.
fn in_order<'m, 't>(members: &'m [Member<'t>], keys: &[Key]) -> Vec<&'m Member<'t>> {
    let rank = |member: &&Member<'_>| {
        let known = keys.iter().position(|key| key.name == member.name);
        known.map_or(keys.len() * 2 - 3, |index| index * 2)
    };
    let mut members: Vec<&Member<'_>> = members.iter().collect();
    members.sort_by_key(rank);
    members
}

fn is_scalar(node: &Node<'_>) -> bool {
    !matches!(node.json, Json::List(_) | Json::Object(_))
}

/// Whether a member fits on one line inside an object with this indentation.
fn fits_a_line(member: &Member<'_>, indent: usize) -> bool {
    is_scalar(&member.value) || indent + 2 + width(&inline_member(member)) + 3 <= WIDTH
}

fn inline(node: &Node<'_>) -> String {
    match &node.json {
        Json::Null => "null".to_owned(),
        Json::Flag(flag) => flag.to_string(),
        Json::Number(number) => (*number).to_owned(),
        Json::Text(text) => quoted(text),
        Json::List(elements) => {
            let elements: Vec<String> = elements.iter().map(inline).collect();
            format!("[{}]", elements.join(", "))
        }
        Json::Object(members) => inline_object(&members.iter().collect::<Vec<_>>()),
    }
}

fn inline_object(members: &[&Member<'_>]) -> String {
    match members {
        [] => "{}".to_owned(),
        members => format!("{{{} }}", spaced(members)),
    }
}

/// Joins members by commas, with a space before each.
fn spaced(members: &[&Member<'_>]) -> String {
    let members: Vec<String> = members.iter().map(|member| format!(" {}", inline_member(member))).collect();
    members.join(",")
}

fn inline_member(member: &Member<'_>) -> String {
    format!("{}: {}", quoted(&member.name), inline(&member.value))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Width of a text in columns. Chinese, Japanese and Korean characters take two.
fn width(text: &str) -> usize {
    let columns = |c: char| match u32::from(c) {
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF00..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    };
    text.chars().map(columns).sum()
}
