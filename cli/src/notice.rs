//! What is said on standard error, beside the result.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write as _};

/// Says why the command fails.
pub(crate) fn error(message: &str) {
    line("error", message);
}

/// Says why what was said last happened.
pub(crate) fn cause(message: &str) {
    line("  caused by", message);
}

/// Says what is good to know of the result.
pub(crate) fn note(message: &str) {
    line("note", message);
}

/// A number of things, such as `1 item` and `2 items`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{ending}")
}

/// A text of the service on one line: what would move a terminal's cursor, change the direction of the text or take no
/// room is written out.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match c {
        '\n' => r"\n".to_owned(),
        '\r' => r"\r".to_owned(),
        '\t' => r"\t".to_owned(),
        c if is_hidden(c) => c.escape_unicode().to_string(),
        c => c.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Control characters, format characters (category Cf), separators of lines and paragraphs, and others that fonts draw
/// as nothing. Variation selectors are none of them: they belong to the character before.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}'
                | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
                | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// The most names that a notice shows.
pub(crate) const MOST_NAMES: usize = 10;

/// Names that the service gave, in a notice: neither many nor long.
pub(crate) fn names(names: &[String]) -> String {
    const LONGEST: usize = 40;
    let shown = |name: &String| {
        let name = visible(name);
        match name.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
            None => name.into_owned(),
        }
    };
    let others = if names.len() > MOST_NAMES { " and others" } else { "" };
    names.iter().take(MOST_NAMES).map(shown).collect::<Vec<_>>().join(", ") + others
}

/// Says what happens while a server runs.
pub(crate) fn log(message: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{message}");
}

fn line(kind: &str, message: &str) {
    log(&format!("{kind}: {message}"));
}

/// How far a long task is, on a line of its own that vanishes at the end; nothing unless a person watches.
#[derive(Debug)]
pub(crate) struct Progress {
    watched: bool,
}

impl Progress {
    /// `shared`: whether the result is written to standard output meanwhile, where it could meet the line.
    pub(crate) fn new(shared: bool) -> Self {
        Self { watched: io::stderr().is_terminal() && !(shared && io::stdout().is_terminal()) }
    }

    pub(crate) fn show(&self, message: &str) {
        if self.watched {
            let _ = write!(io::stderr(), "\r\x1b[K{message}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_not_many() {
        assert_eq!([0, 1, 2].map(|number| count(number, "item")), ["0 items", "1 item", "2 items"]);
    }

    #[test]
    fn what_would_move_the_cursor_or_is_not_seen_is_written_out() {
        for (text, shown) in [
            ("a\nb\u{1b}[2J占线", r"a\nb\u{1b}[2J占线"),
            ("\r\t\u{7f}\u{9b}", r"\r\t\u{7f}\u{9b}"),
            // What turns the direction of a text, or takes no room in it.
            ("\u{202e}txt.exe\u{202c}", r"\u{202e}txt.exe\u{202c}"),
            ("\u{2066}a\u{2069}", r"\u{2066}a\u{2069}"),
            ("\u{61c}\u{200e}\u{200f}", r"\u{61c}\u{200e}\u{200f}"),
            ("1\u{200b}2\u{2060}3\u{feff}4\u{ad}", r"1\u{200b}2\u{2060}3\u{feff}4\u{ad}"),
            ("\u{200c}\u{200d}", r"\u{200c}\u{200d}"),
            ("\u{2028}\u{2029}", r"\u{2028}\u{2029}"),
            ("\u{3164}\u{115f}\u{ffa0}", r"\u{3164}\u{115f}\u{ffa0}"),
            ("\u{fff9}\u{e0041}", r"\u{fff9}\u{e0041}"),
            // What people write.
            (
                "占线\u{3000}“it's” \\ e\u{301} ❤\u{fe0f} \u{a0}한글 עברית",
                "占线\u{3000}“it's” \\ e\u{301} ❤\u{fe0f} \u{a0}한글 עברית",
            ),
        ] {
            assert_eq!(visible(text), shown, "{}", text.escape_unicode());
        }
    }

    #[test]
    fn names_are_bounded() {
        let many: Vec<String> = (0..13).map(|number| format!("n{number}")).collect();
        assert_eq!(names(&many[..2]), "n0, n1");
        assert_eq!(names(&many[..10]), "n0, n1, n2, n3, n4, n5, n6, n7, n8, n9");
        assert_eq!(names(&many[..11]), "n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and others");
        assert_eq!(names(&["长".repeat(41), "a\u{202e}".to_owned()]), format!(r"{}…, a\u{{202e}}", "长".repeat(40)));
    }
}
