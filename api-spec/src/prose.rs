//! Texts that are copied into documentation, and Chinese texts.

/// Why a text cannot be shown as a Chinese text, which has one line.
pub(crate) fn fault_of_chinese(text: &str) -> Option<&'static str> {
    // The blocks of unified ideographs that text of today uses.
    let is_han =
        |c: char| matches!(u32::from(c), 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFD);
    if text.trim().is_empty() {
        Some("expected a text that is not empty")
    } else if text.contains(char::is_control) {
        Some("expected a text on one line")
    } else if !text.contains(is_han) {
        Some("expected a Chinese text, found no Chinese character")
    } else {
        None
    }
}

/// Whether the text has a code block of Markdown: a fence, or lines that are indented by four columns and do not continue a
/// paragraph. Rust would compile such a block and run it as a test.
pub(crate) fn has_code_block(text: &str) -> bool {
    let mut in_paragraph = false;
    text.lines().any(|line| {
        let (rest, indented) = content(line, in_paragraph);
        in_paragraph = !ends_paragraph(rest);
        let fence = rest.starts_with("```") || rest.starts_with("~~~");
        fence || (indented && !rest.is_empty())
    })
}

/// A line without its quote and list markers, and whether the rest is indented as code.
fn content(line: &str, mut in_paragraph: bool) -> (&str, bool) {
    let mut rest = line;
    loop {
        let text = rest.trim_start();
        if columns(rest) >= 4 && !in_paragraph {
            return (text, true);
        }
        let Some(inner) = without_mark(text) else { return (text, false) };
        // A quote may continue its paragraph; a list item starts a new one.
        in_paragraph &= text.starts_with('>');
        rest = inner;
    }
}

/// Width of the white space at the start of a line.
fn columns(line: &str) -> usize {
    let blank = line.chars().take_while(|c| matches!(c, ' ' | '\t'));
    blank.fold(0, |column, c| if c == '\t' { column / 4 * 4 + 4 } else { column + 1 })
}

/// What follows a quote or list marker and the space that belongs to the marker.
fn without_mark(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('>') {
        return Some(rest.strip_prefix(' ').unwrap_or(rest));
    }
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest =
        if number.len() == text.len() { text.strip_prefix(['-', '*', '+']) } else { number.strip_prefix(['.', ')']) };
    rest?.strip_prefix([' ', '\t'])
}

/// Whether a line ends a paragraph: it is blank, a heading or a rule.
fn ends_paragraph(text: &str) -> bool {
    text.starts_with('#') || text.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '=' | '*' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_blocks_of_code() {
        let texts = [
            "```\nlet a = 1;\n```",
            "See:\n~~~json\n{}\n~~~",
            "See:\n   ```text",
            "- ```\n  a\n  ```",
            "1. > ```",
            "See:\n\n    let a = 1;",
            "See:\r\n\r\n    let a = 1;",
            "See:\n \n\tlet a = 1;",
            "See:\n\n  \tlet a = 1;",
            "    let a = 1;",
            "# Codes\n    let a = 1;",
            "Codes\n=====\n    let a = 1;",
            "> See:\n>\n>     let a = 1;",
            "-     let a = 1;",
            "- See:\n\n      let a = 1;",
        ];
        for text in texts {
            assert!(has_code_block(text), "{text}");
        }
    }

    #[test]
    fn a_chinese_text_has_one_line_and_a_chinese_character() {
        for text in ["呼叫", "用 SingleCallByTts 呼叫", "㐀", "\u{20000}"] {
            assert_eq!(fault_of_chinese(text), None, "{text}");
        }
        for (text, word) in [
            ("", "not empty"),
            (" \u{3000}", "not empty"),
            ("Calls.", "no Chinese"),
            // Full-width punctuation, Hiragana and Hangul are not Chinese characters.
            ("，。", "no Chinese"),
            ("ひらがな", "no Chinese"),
            ("한글", "no Chinese"),
            ("呼叫\n被叫", "one line"),
            ("呼叫\r", "one line"),
        ] {
            assert!(fault_of_chinese(text).is_some_and(|fault| fault.contains(word)), "{text:?}");
        }
    }

    #[test]
    fn leaves_everything_else_alone() {
        let texts = [
            "",
            "One sentence, with `code` and ``more ` code``.",
            "A paragraph\n    that goes on.",
            "- One\n- Two\n  goes on\n\n  and on",
            "- One\n    - Two\n      goes on",
            "1. One\n\n   goes on",
            "> See:\n>    below.",
            "| a | b |\n| --- | --- |\n| ` ``` ` | x |",
            "Blank lines\n    \n\nmean nothing.",
            "2023-01-01 10:00:00",
            "-1 is less than 0, **always**.",
        ];
        for text in texts {
            assert!(!has_code_block(text), "{text}");
        }
    }
}
