//! What is said on standard error, beside the result.

use std::io::{self, IsTerminal as _, Write as _};

/// Says why the command fails.
pub(crate) fn error(message: &str) {
    line("error", message);
}

/// Says what is good to know of the result.
pub(crate) fn note(message: &str) {
    line("note", message);
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
