//! Shows faults with the lines that they are in.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;

use aliyun_api_spec::Fault;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

/// Writes each fault with its line and a mark below it. Colours are for terminals.
pub(crate) fn show(faults: &[Fault]) {
    let mut texts: HashMap<&str, String> = HashMap::new();
    for fault in faults {
        let text = texts
            .entry(&fault.file)
            .or_insert_with(|| std::fs::read_to_string(Path::new(&fault.file)).unwrap_or_default());
        anstream::eprintln!("{}\n", rendered(fault, text));
    }
}

/// One fault, with the escapes of a terminal.
fn rendered(fault: &Fault, text: &str) -> String {
    let title = Level::ERROR.primary_title(&fault.message);
    let line = text.lines().nth(fault.line.wrapping_sub(1)).filter(|_| fault.line > 0);
    let group = match line {
        Some(line) => title.element(
            Snippet::source(line)
                .path(&fault.file)
                .line_start(fault.line)
                .annotation(AnnotationKind::Primary.span(span(line, fault.column))),
        ),
        None => title.element(Origin::path(&fault.file)),
    };
    let group = match &fault.hint {
        Some(hint) => group.element(Level::HELP.message(hint.as_str())),
        None => group,
    };
    Renderer::styled().render(&[group])
}

/// The bytes of a line from a column on that are marked: a string or a word of JSON.
fn span(line: &str, column: usize) -> Range<usize> {
    let start = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    let rest = line.get(start..).unwrap_or_default();
    let mut escaped = false;
    let is_end = |(at, c): (usize, char)| {
        let ends = c == '"' && at > 0 && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at + 1)
    };
    let length = if rest.starts_with('"') {
        rest.char_indices().find_map(is_end).unwrap_or(rest.len())
    } else {
        rest.find([',', ':', ' ', '}', ']']).unwrap_or(rest.len())
    };
    // A bracket is marked itself.
    let least = rest.chars().next().map_or(0, char::len_utf8);
    start..start + length.max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(fault: &Fault, text: &str) -> String {
        anstream::adapter::strip_str(&rendered(fault, text)).to_string()
    }

    #[test]
    fn a_fault_is_shown_in_its_line() {
        let text = "{\n  \"CallId\": { \"type\": \"无\" }\n}\n";
        let fault = Fault { line: 2, column: 23, ..Fault::of_file("voice/X.json", "unknown type \"无\"") };
        let fault = fault.with_hint("did you mean \"any\"?");
        assert_eq!(
            plain(&fault, text),
            "error: unknown type \"无\"\n \
              --> voice/X.json:2:23\n  \
               |\n\
             2 |   \"CallId\": { \"type\": \"无\" }\n  \
               |                       ^^^^\n  \
               |\n  \
               = help: did you mean \"any\"?"
        );
    }

    #[test]
    fn a_fault_of_a_whole_file_has_no_line() {
        let shown = plain(&Fault::of_file("voice", "no such folder"), "");
        assert!(shown.starts_with("error: no such folder\n") && shown.contains("voice"), "{shown}");
    }

    #[test]
    fn marks_are_those_of_a_value() {
        for (line, column, expected) in [
            ("{ \"a\": \"b\\\"c\" }", 8, "\"b\\\"c\""),
            ("{ \"a\": 12, \"b\": 1 }", 8, "12"),
            ("{ \"a\": {", 8, "{"),
            ("{ \"a\": [1]", 8, "[1"),
            ("\"open", 1, "\"open"),
            ("x", 9, ""),
        ] {
            assert_eq!(line.get(span(line, column)), Some(expected), "{line}");
        }
    }
}
