//! Messages on standard error.

use std::io::{self, IsTerminal as _, Write as _};

use aliyun_protocol::visible::escaped;

use crate::{lines, terminal};

/// Prints why the command fails.
pub(crate) fn error(message: &str) {
    line("error", message);
}

/// Prints why the error that was printed last happened.
pub(crate) fn cause(message: &str) {
    line("  caused by", message);
}

/// Prints a note about the result. Its first line is wrapped for a terminal. Further ones are not, such as a command to copy,
/// and neither are errors, which people copy too, for example for `dyvms explain`.
pub(crate) fn note(message: &str) {
    const MARK: &str = "note: ";
    let (first, rest) = message.split_at(message.find('\n').unwrap_or(message.len()));
    let first = format!("{MARK}{first}");
    let width = terminal::note_width().map(usize::from);
    log(&(width.map_or(first.clone(), |width| lines::filled(&first, MARK.len(), width)) + rest));
}

/// A number with a noun, such as `1 item` and `2 items`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{ending}")
}

/// The largest number of names in a message.
pub(crate) const MOST_NAMES: usize = 10;

/// Names from a response, for a message. Long names are truncated, and further ones left out.
pub(crate) fn names(names: &[String]) -> String {
    const LONGEST: usize = 40;
    let shown = |name: &String| {
        let name = escaped(name);
        match name.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
            None => name.into_owned(),
        }
    };
    let others = if names.len() > MOST_NAMES { " and others" } else { "" };
    names.iter().take(MOST_NAMES).map(shown).collect::<Vec<_>>().join(", ") + others
}

/// Prints an event of a running server.
pub(crate) fn log(message: &str) {
    // If standard error is closed, the message is lost, which is not an error.
    let _ = writeln!(io::stderr(), "{message}");
}

fn line(kind: &str, message: &str) {
    log(&format!("{kind}: {message}"));
}

/// A line with the progress of a long task. It is removed at the end, and only shown on a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    watched: bool,
}

impl Progress {
    /// `shared` means that the result is written to standard output at the same time. On a terminal both would be mixed.
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
    fn names_are_bounded() {
        let many: Vec<String> = (0..13).map(|number| format!("n{number}")).collect();
        assert_eq!(names(&many[..2]), "n0, n1");
        assert_eq!(names(&many[..10]), "n0, n1, n2, n3, n4, n5, n6, n7, n8, n9");
        assert_eq!(names(&many[..11]), "n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and others");
        assert_eq!(names(&["长".repeat(41), "a\u{202e}".to_owned()]), format!(r"{}…, a\u{{202e}}", "长".repeat(40)));
    }
}
