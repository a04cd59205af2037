//! Sections of an ini file, as credentials files have them.
//!
//! Written here since it is a few lines and lends what it finds: a parser of its own would leave copies of secrets in
//! memory.

use std::collections::BTreeMap;

/// The keys, in small letters, and values of a section.
pub(super) type Section<'a> = BTreeMap<String, &'a str>;

/// The section of a name; `None` if there is none. A value ends at a `#`, as it does for Alibaba's clients.
pub(super) fn section<'a>(text: &'a str, name: &str) -> Result<Option<Section<'a>>, String> {
    let mut found: Option<Section<'a>> = None;
    let mut within = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let line = line.split('#').next().unwrap_or_default().trim_end();
        if let Some(header) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            within = header.trim() == name;
            if within {
                found.get_or_insert_default();
            }
        } else if let Some((key, value)) = line.split_once('=') {
            if let Some(section) = found.as_mut().filter(|_| within) {
                section.insert(key.trim().to_ascii_lowercase(), value.trim());
            }
        } else {
            return Err(format!("line {} is neither a [section] nor a key = value nor a comment", index + 1));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_found_with_its_values() {
        let text = "; comment\n[other]\ntype = x\n\r\n[ default ] # the usual\nTYPE=access_key # a comment\n\
                    access_key_id = testid\n# access_key_id = no\npolicy = {\"a\":\"b=c\"}\n[more]\nkey = 1\n";
        let section = section(text, "default").unwrap().unwrap();
        let pairs: Vec<(&str, &str)> = section.iter().map(|(key, &value)| (key.as_str(), value)).collect();
        assert_eq!(pairs, [("access_key_id", "testid"), ("policy", r#"{"a":"b=c"}"#), ("type", "access_key")]);
    }

    #[test]
    fn a_missing_section_and_a_broken_line_are_told_apart() {
        assert_eq!(section("[a]\nb = 1\n", "default"), Ok(None));
        assert_eq!(section("[default]\n", "default"), Ok(Some(Section::new())));
        assert_eq!(
            section("[default]\n\ntestsecret\n", "default").unwrap_err(),
            "line 3 is neither a [section] nor a key = value nor a comment"
        );
    }
}
