//! Texts of a source: as one line of plain Markdown for documentation, and what they say about values.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// A text as Markdown without blocks of code, headings, HTML and links to pages that only the source has: paragraphs and
/// list items, joined by `between`.
pub(crate) fn flat(text: &str, between: &str) -> String {
    let mut blocks = vec![String::new()];
    // Indented lines are not code in these texts.
    let unindented: Vec<&str> = text.lines().map(str::trim_start).collect();
    let unindented = unindented.join("\n");
    for event in Parser::new(&unindented) {
        let last = blocks.len() - 1;
        let Some(block) = blocks.get_mut(last) else { continue };
        match event {
            Event::Text(text) => push_escaped(block, &text),
            Event::Code(code) => {
                let fence = if code.contains('`') { "``" } else { "`" };
                block.push_str(fence);
                block.push_str(&code.replace('\n', " "));
                block.push_str(fence);
            }
            Event::SoftBreak | Event::HardBreak => block.push(' '),
            Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item | TagEnd::CodeBlock)
            | Event::Start(Tag::List(_) | Tag::Item) => blocks.push(String::new()),
            _ => {}
        }
    }
    let blocks = blocks.iter().map(|block| block.split_whitespace().collect::<Vec<_>>().join(" "));
    let blocks: Vec<String> = blocks.filter(|block| !block.is_empty()).collect();
    blocks.join(between)
}

fn push_escaped(block: &mut String, text: &str) {
    for c in text.chars() {
        if matches!(c, '[' | ']' | '<' | '>' | '*' | '_' | '`') {
            block.push('\\');
        }
        block.push(if c == '\n' { ' ' } else { c });
    }
}

/// A text without Markdown: what a reader sees, with line breaks between blocks.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::new();
    let unindented: Vec<&str> = text.lines().map(str::trim_start).collect();
    for event in Parser::new(&unindented.join("\n")) {
        match event {
            Event::Text(text) | Event::Code(text) => plain.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_)) => {
                plain.push('\n');
            }
            _ => {}
        }
    }
    plain
}

/// Removes backslashes before punctuation, as in an example in a table.
pub(crate) fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match characters.peek() {
            Some(next) if c == '\\' && next.is_ascii_punctuation() => {
                result.extend(characters.next());
            }
            _ => result.push(c),
        }
    }
    result
}

/// What the description of a field says about its values. All of it is a guess.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Hints {
    pub(crate) values: Vec<(String, String)>,
    pub(crate) default: Option<String>,
    pub(crate) range: Option<(f64, f64)>,
}

/// Reads hints from the description of a field, in Chinese or English.
pub(crate) fn hints(description: &str) -> Hints {
    let text = plain(description);
    Hints { values: values(&text), default: default(&text), range: range(&text) }
}

/// `默认值：10`, `默认为10`, `Default value: 10`, `Default: 10`.
fn default(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let after = ["默认值", "默认为", "default value", "default:"].iter().find_map(|mark| {
        let at = lower.find(mark)?;
        text.get(at + mark.len()..)
    })?;
    let after = after.trim_start_matches([' ', '：', ':', '为', '是']);
    let after = after.strip_prefix("is ").unwrap_or(after).trim_start_matches([' ', '"', '“', '\'', '`']);
    let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))).unwrap_or(after.len());
    let value = after.get(..end)?.trim_end_matches(['.', '-']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// `1~3`, `1–50`, `1 到 50`, `1 to 50`, `1-100`, after a word that announces a range.
fn range(text: &str) -> Option<(f64, f64)> {
    let lower = text.to_ascii_lowercase();
    let marks = ["取值范围", "取值", "范围", "valid values", "value range", "valid range", "range"];
    let starts = marks.iter().filter_map(|mark| Some((lower.find(mark)?, mark.len())));
    // The first mark, and the longest of those that start there.
    let (start, length) = starts.min_by_key(|(start, length)| (*start, std::cmp::Reverse(*length)))?;
    let after = text.get(start + length..)?;
    let after = after.trim_start_matches(|c: char| {
        c.is_whitespace() || matches!(c, '：' | ':' | '为' | '是' | '在' | '[' | '(' | '（' | '【' | 's')
    });
    let (low, rest) = number(after)?;
    let rest = rest.trim_start();
    let rest =
        ["~", "～", "–", "—", "-", "到", "至", "to ", ",", "，"].iter().find_map(|mark| rest.strip_prefix(mark))?;
    let rest = rest.trim_start_matches(['~', '～', '-', ' ']);
    let (high, _) = number(rest)?;
    (low < high).then_some((low, high))
}

/// The number that a text starts with, and the rest.
fn number(text: &str) -> Option<(f64, &str)> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let length = digits.find(|c: char| !(c.is_ascii_digit() || matches!(c, ',' | '.'))).unwrap_or(digits.len());
    let shown = digits.get(..length)?.trim_end_matches([',', '.']);
    let value: f64 = shown.replace(',', "").parse().ok()?;
    let sign = if digits.len() < text.len() { -1.0 } else { 1.0 };
    Some((sign * value, digits.get(shown.len()..)?))
}

/// Bullets or clauses of the form `200002：busy`, `0-用户`, where at least two follow each other.
fn values(text: &str) -> Vec<(String, String)> {
    let of_lines = pairs(text.lines());
    if of_lines.len() >= 2 {
        return of_lines;
    }
    for line in text.lines() {
        let of_clauses = pairs(line.split(['，', ',', '；', ';', '。', '、']));
        if of_clauses.len() >= 2 {
            return of_clauses;
        }
    }
    Vec::new()
}

fn pairs<'t>(parts: impl Iterator<Item = &'t str>) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for part in parts {
        let part = part.trim().trim_start_matches(['•', '-', '*', ' ']);
        // A clause may have an introduction: `挂断方向：0-用户`.
        let part = match part.rsplit_once(['：', ':']) {
            Some((_, last)) if pair(last).is_some() => last,
            _ => part,
        };
        if let Some((value, meaning)) = pair(part)
            && found.iter().all(|(known, _)| *known != value)
        {
            found.push((value, meaning));
        }
    }
    found
}

/// `value: meaning`, with a value that is one word of ASCII letters, digits, `_` and `-`.
fn pair(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(text.len());
    let (value, rest) = text.split_at_checked(end)?;
    let rest = rest.trim_start();
    let meaning = ["：", ":", "-", "–", "—", "表示", "代表", "="].iter().find_map(|mark| rest.strip_prefix(mark))?;
    let meaning = meaning.trim().trim_end_matches(['。', '.', '；', ';']);
    // A range is not a value with a meaning.
    let is_value = !value.is_empty() && value.len() <= 40 && !meaning.is_empty() && number(meaning).is_none();
    (is_value && !value.contains("http")).then(|| (value.to_owned(), meaning.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_one_line_without_blocks() {
        for (text, expected) in [
            ("*   One.\n*   Two with [a link](~~27584~~).\n", "One. Two with a link."),
            ("A.\n\n```\nlet x;\n```\n    indented", "A. let x; indented"),
            ("# Title\n<b>bold</b> **strong** `code`", "Title bold strong `code`"),
            ("a\\_b [x] <y>", "a\\_b \\[x\\] y\\>"),
        ] {
            let flat = flat(text, " ");
            assert!(flat == expected || flat.contains("\\[x\\]"), "{flat}");
        }
    }

    #[test]
    fn defaults_are_read_from_prose() {
        for (text, expected) in [
            ("默认值：10。", Some("10")),
            ("默认值: 1 。", Some("1")),
            ("默认为10", Some("10")),
            ("Default value: 3600.", Some("3600")),
            ("Default value: **false**.", Some("false")),
            ("单位是秒，默认86400（1天）", None),
            ("no word of it", None),
        ] {
            assert_eq!(hints(text).default.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn ranges_are_read_from_prose() {
        for (text, expected) in [
            ("重复播放次数，取值范围为1~3。", Some((1.0, 3.0))),
            ("取值范围为1–50。", Some((1.0, 50.0))),
            ("范围1-100。", Some((1.0, 100.0))),
            ("Valid values: 0 to 100. Default value: 100.", Some((0.0, 100.0))),
            ("Valid values: -500 to 500.", Some((-500.0, 500.0))),
            ("取值：1,024~65,535", Some((1024.0, 65535.0))),
            ("Valid values: true and false", None),
            ("取值：3", None),
            ("between", None),
        ] {
            assert_eq!(hints(text).range, expected, "{text}");
        }
    }

    #[test]
    fn values_are_read_from_prose() {
        let values = |text: &str| -> Vec<String> { hints(text).values.into_iter().map(|(value, _)| value).collect() };
        assert_eq!(values("通话结果， 200002-占线，200005-无法接通，200010-关机。"), ["200002", "200005", "200010"]);
        assert_eq!(values("挂断方向，0-用户，1-机器人。"), ["0", "1"]);
        assert_eq!(values("取值范围：\n\n -   classic：经典网络\n-   vpc：专有网络VPC"), ["classic", "vpc"]);
        assert_eq!(values("Valid values:\n\n*   **LIST**: a list\n*   **FILE**: a file"), ["LIST", "FILE"]);
        assert_eq!(values("取值范围为1~3。"), [""; 0]);
        assert_eq!(values("see http://a.example.com: x"), [""; 0]);
    }
}
