//! Sections of an ini file, as in credentials files.
//!
//! This is our own parser since Alibaba's clients do not agree: configparser of Python, ini of npm and go-ini differ on
//! quotes, comments and separators, and no parser reads what all of them do. Where they differ, we follow the majority.

use zeroize::Zeroizing;

/// A value of a section and its line, from 1. It may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) key: String,
    pub(super) text: Zeroizing<String>,
    pub(super) line: usize,
}

/// A section: its values in the order of the file, with keys in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// The line of its header, from 1.
    pub(super) line: usize,
    pub(super) values: Vec<Value>,
}

/// The section of a name; `None` if there is none. Parts of one section are merged. Mistakes in other sections do not
/// matter.
pub(super) fn section(text: &str, name: &str) -> Result<Option<Section>, String> {
    let mut found: Option<Section> = None;
    let mut within = false;
    let mut unclosed = None;
    for (line, content) in lines(text) {
        let content = content.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = content.strip_prefix('[') {
            let header = rest.split_once(']').filter(|(_, after)| uncommented(after).trim().is_empty());
            let Some((header, _)) = header else {
                // What follows belongs to no known section.
                within = false;
                unclosed.get_or_insert(line);
                continue;
            };
            within = header.trim() == name;
            if within {
                found.get_or_insert_with(|| Section { line, values: Vec::new() });
            }
            continue;
        }
        let Some(section) = found.as_mut().filter(|_| within) else { continue };
        let Some((key, value)) = content.split_once(['=', ':']) else {
            return Err(format!(
                "line {line} is neither a [section] nor a key = value nor a comment; correct it, or put a # before it"
            ));
        };
        let key = key.trim().to_ascii_lowercase();
        let text = unquoted(value.trim()).ok_or_else(|| {
            format!("line {line}: the value of {key} begins with a quotation mark that is not closed; close it")
        })?;
        section.values.push(Value { key, text, line });
    }
    match (found, unclosed) {
        (None, Some(line)) => Err(format!("line {line}: the [ of a section is not closed by a ] on its own line")),
        (found, _) => Ok(found),
    }
}

/// The lines with their numbers. A carriage return ends one too.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let whole = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    whole.flat_map(|line| line.split('\r')).enumerate().map(|(index, line)| (index + 1, line))
}

/// A value without its comment, which begins with `#` or `;` unless a backslash precedes it.
fn uncommented(value: &str) -> &str {
    let mut escaped = false;
    let end = value.find(|character| {
        let comment = matches!(character, '#' | ';') && !escaped;
        escaped = character == '\\' && !escaped;
        comment
    });
    value.get(..end.unwrap_or(value.len())).unwrap_or_default()
}

/// The meaning of a value; `None` if its quotation mark is not closed.
fn unquoted(value: &str) -> Option<Zeroizing<String>> {
    let Some(mark) = value.chars().next().filter(|mark| matches!(mark, '"' | '\'')) else {
        let value = Zeroizing::new(uncommented(value).replace("\\#", "#"));
        return Some(Zeroizing::new(value.replace("\\;", ";").trim().to_owned()));
    };
    let ends = |(index, _): &(usize, &str)| {
        let after = value.get(index + 1..).unwrap_or_default();
        let comment = after.trim_start();
        comment.is_empty() || comment.len() < after.len() && comment.starts_with(['#', ';'])
    };
    let (end, _) = value.match_indices(mark).skip(1).find(ends)?;
    let quoted = value.get(..=end)?;
    // Double quotes allow escapes, as in JSON; a text with other escapes is taken as it is.
    let decoded = Some(quoted).filter(|_| mark == '"').and_then(|quoted| serde_json::from_str(quoted).ok());
    Some(decoded.unwrap_or_else(|| Zeroizing::new(value.get(1..end).unwrap_or_default().to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let section = section(text, "default").unwrap().unwrap();
        section.values.into_iter().map(|Value { key, text, .. }| (key, text.to_string())).collect()
    }

    #[test]
    fn a_section_is_found_with_its_values_and_their_lines() {
        let text = "; comment\n[other]\ntype = x\n\r\n[ default ] # the usual\nTYPE=access_key # a comment\n\
                    access_key_id = testid\n# access_key_id = no\npolicy = {\"a\":\"b=c\"}\n[more]\nkey = 1\n";
        let section = section(text, "default").unwrap().unwrap();
        assert_eq!(section.line, 5);
        let values: Vec<(&str, &str, usize)> =
            section.values.iter().map(|value| (value.key.as_str(), value.text.as_str(), value.line)).collect();
        let expected = [("type", "access_key", 6), ("access_key_id", "testid", 7), ("policy", r#"{"a":"b=c"}"#, 9)];
        assert_eq!(values, expected);
    }

    #[test]
    fn values_mean_what_they_mean_to_most_of_the_official_readers() {
        for (written, meant) in [
            ("testsecret", "testsecret"),
            ("  testsecret \t", "testsecret"),
            ("testsecret\r", "testsecret"),
            ("testsecret # comment", "testsecret"),
            ("testsecret ; comment", "testsecret"),
            ("testsecret# comment", "testsecret"),
            ("testsecret;comment", "testsecret"),
            ("\"testsecret\"", "testsecret"),
            ("'testsecret'", "testsecret"),
            ("\"testsecret\" ; comment", "testsecret"),
            ("'testsecret'\t# it's a comment", "testsecret"),
            ("\"test;#secret\"", "test;#secret"),
            ("'test;#secret'", "test;#secret"),
            (r"test\#secret\;", "test#secret;"),
            (r"C:\keys\token", r"C:\keys\token"),
            (r#""{\"Version\": \"1\"}""#, r#"{"Version": "1"}"#),
            (r#""{"Version": "1"}""#, r#"{"Version": "1"}"#),
            (r#"'{"Version": "1"}'"#, r#"{"Version": "1"}"#),
            (r#"{"Version": "1"}"#, r#"{"Version": "1"}"#),
            ("''", ""),
            ("", ""),
            ("; comment", ""),
            ("a=b:c", "a=b:c"),
        ] {
            for delimiter in ["=", " = ", ": "] {
                let text = format!("[default]\nkey{delimiter}{written}\n");
                assert_eq!(pairs(&text), [("key".to_owned(), meant.to_owned())], "{text:?}");
            }
        }
        for open in ["\"testsecret", "'testsecret", "\"", "\"testsecret'", "'testsecret'x"] {
            let error = section(&format!("[default]\n\nKEY = {open}\n"), "default").unwrap_err();
            let expected = "line 3: the value of key begins with a quotation mark that is not closed; close it";
            assert_eq!(error, expected, "{open}");
        }
    }

    #[test]
    fn lines_end_as_on_any_system() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["[default]", "a = 1", "", "  b = 2  "].join(end);
            assert_eq!(pairs(&text), [("a", "1"), ("b", "2")].map(|(key, text)| (key.to_owned(), text.to_owned())));
            assert_eq!(section(&text, "default").unwrap().unwrap().values[1].line, 4);
        }
    }

    #[test]
    fn what_is_wrong_elsewhere_does_not_matter() {
        let other = "[a]\ntestsecret\nkey = \"open\n[b\nkey = 1\n";
        let text = format!("testsecret\n{other}[default]\nkey = 2\n{other}");
        assert_eq!(pairs(&text), [("key".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn a_missing_section_and_a_broken_line_are_different_errors() {
        assert_eq!(section("[a]\nb = 1\n", "default"), Ok(None));
        assert_eq!(section("[default]\n", "default"), Ok(Some(Section { line: 1, values: Vec::new() })));
        assert_eq!(
            section("[default]\n\ntestsecret\n", "default").unwrap_err(),
            "line 3 is neither a [section] nor a key = value nor a comment; correct it, or put a # before it"
        );
        for header in ["[default", "[default] x"] {
            assert_eq!(
                section(&format!("\n{header}\nkey = 1\n"), "default").unwrap_err(),
                "line 2: the [ of a section is not closed by a ] on its own line",
                "{header}"
            );
        }
    }
}
