//! The examples of a page: the request, and the responses as JSON and XML.

use serde_json::Value;

use super::{Block, Page, Topic};
use crate::draft::Example;
use crate::note::Notes;
use crate::prose;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    Request,
    Json,
    Xml,
}

/// The examples of a success and of failures.
pub(crate) fn read(page: &Page<'_>, action: &str, notes: &mut Notes<'_>) -> (Vec<Example>, Vec<Example>) {
    let mut success = Example::default();
    let mut failure = Example { fails: true, ..Example::default() };
    let in_examples =
        |block: &&Block<'_>| page.of(Topic::Examples).any(|section| section.body.contains(&block.whole.start));
    let mut request = None;
    for block in page.blocks.iter().filter(in_examples) {
        let at = block.whole.start;
        let text = without_comment(block.content.trim());
        let Some(content) = content(block, text) else {
            notes.loss(at, format!("{action}: an example is neither a request nor JSON nor XML"));
            continue;
        };
        let example = if shows_failure(page, block) { &mut failure } else { &mut success };
        example.at = at;
        match content {
            Content::Request if request.is_none() => request = Some(pairs(text)),
            Content::Json if example.json.is_none() => match json(text) {
                Some(value @ Value::Object(_)) => example.json = Some(value),
                Some(_) => notes.loss(at, format!("{action}: the JSON example is not an object")),
                None => {
                    let why =
                        serde_json::from_str::<Value>(text).err().map(|error| error.to_string()).unwrap_or_default();
                    notes.loss(at, format!("{action}: the example is not JSON: {why}"));
                }
            },
            Content::Xml if example.xml.is_none() && !text.is_empty() => example.xml = Some(text.to_owned()),
            _ => notes.loss(at, format!("{action}: a further example of the same kind is not read")),
        }
    }
    let is_there = |example: &Example| example.json.is_some() || example.xml.is_some();
    success.request = request;
    // The request of a failure is not documented.
    let failures = Some(failure).filter(is_there).into_iter().collect();
    (Some(success).filter(is_there).into_iter().collect(), failures)
}

/// Leaves out a first line such as `//json response`.
fn without_comment(text: &str) -> &str {
    match text.split_once('\n') {
        Some((first, rest)) if first.trim_start().starts_with("//") => rest.trim(),
        _ => text,
    }
}

fn content(block: &Block<'_>, text: &str) -> Option<Content> {
    let info = block.info.to_lowercase();
    if info.contains("request_demo") {
        Some(Content::Request)
    } else if info.contains("json") || text.starts_with(['{', '[']) {
        Some(Content::Json)
    } else if info.contains("xml") || text.starts_with('<') {
        Some(Content::Xml)
    } else if text.contains("Action=") || text.starts_with("http") || text.starts_with("/?") {
        Some(Content::Request)
    } else {
        None
    }
}

/// Whether a block shows a failure: its attributes say so, or the last words about a result before it.
fn shows_failure(page: &Page<'_>, block: &Block<'_>) -> bool {
    if block.info.contains("failed") {
        return true;
    }
    if block.info.contains("success") {
        return false;
    }
    let before = page.text.get(..block.whole.start).unwrap_or_default();
    let words =
        ["异常返回", "错误返回", "失败返回", "Error response", "Failed response", "Failure response", "Error Response"];
    let good =
        ["正常返回", "返回示例", "Successful response", "Normal response", "Success response", "Response example"];
    let last = |words: &[&str]| words.iter().filter_map(|word| before.rfind(word)).max();
    last(&words) > last(&good)
}

/// JSON, also with the quotation marks and commas of a text processor.
pub(crate) fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().or_else(|| {
        let plain = text.replace(['“', '”'], "\"").replace('，', ",").replace('：', ":");
        serde_json::from_str(&plain).ok()
    })
}

/// The parameters of a request such as `https://[Endpoint]/?Action=X`, with one `&Name=value` per line. Values are not
/// encoded, and may have an `&` themselves.
fn pairs(text: &str) -> Vec<(String, String)> {
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for line in query.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let starts_pair = line.starts_with('&') || pairs.is_empty();
        for (index, part) in line.trim_start_matches('&').split('&').enumerate() {
            let pair = part.split_once('=').filter(|(name, _)| is_name(name.trim()));
            match (pair, pairs.last_mut()) {
                (Some((name, value)), _) if index > 0 || starts_pair => {
                    pairs.push((name.trim().to_owned(), value.trim_end().to_owned()));
                }
                // `<公共请求参数>`.
                _ if part.trim_start().starts_with('<') && index == 0 => {}
                // A value that goes on.
                (_, Some((_, value))) => {
                    value.push_str(if index > 0 { "&" } else { "\n" });
                    value.push_str(part);
                }
                _ => {}
            }
        }
    }
    pairs.retain(|(name, _)| !aliyun_protocol::parameter::ALL.contains(&name.as_str()));
    pairs
}

fn is_name(text: &str) -> bool {
    let text = prose::unescaped(text);
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let pairs: Vec<String> = pairs(text).into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join(" | ")
    }

    #[test]
    fn requests_have_one_parameter_per_line_and_no_encoding() {
        for (text, expected) in [
            ("http(s)://[Endpoint]/?Action=X\n&A=1\n&B.1.Key=a b\n&<公共请求参数>", "A=1 | B.1.Key=a b"),
            ("http(s)://[Endpoint]/?A=1\n&B=2\n&<Common request parameters>", "A=1 | B=2"),
            ("/? Action=X\n&A=cn-beijing\n&<CommonParameters>", "A=cn-beijing"),
            ("https://x.aliyuncs.com/?Action=X&A=1&B=2", "A=1 | B=2"),
            ("https://x/?Action=X\n&A={\"a\":\"b&c\"}\n&B=", "A={\"a\":\"b&c\"} | B="),
            ("https://x/?Action=X\n&A=${code}\n&U=http://a/?x=1&y=2", "A=${code} | U=http://a/?x=1 | y=2"),
            ("", ""),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn curly_quotes_are_read_as_json() {
        assert_eq!(json("{ “a” ：1，“b”：“c” }"), Some(serde_json::json!({ "a": 1, "b": "c" })));
        assert_eq!(json("{ a: 1 }"), None);
    }
}
