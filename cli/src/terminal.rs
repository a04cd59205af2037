//! The width of the terminal, for results and for notes.

use std::io;

use terminal_size::{Width, terminal_size_of};

/// Width of the terminal to which the result is written. `None` if it goes to a file or a program.
pub(crate) fn result_width() -> Option<u16> {
    of(terminal_size_of(io::stdout()))
}

/// Width of the terminal to which notes are written.
pub(crate) fn note_width() -> Option<u16> {
    of(terminal_size_of(io::stderr()))
}

fn of(size: Option<(Width, terminal_size::Height)>) -> Option<u16> {
    // Tests of the texts do not depend on the terminal in which they run.
    size.filter(|_| !cfg!(test)).map(|(Width(width), _)| width)
}
