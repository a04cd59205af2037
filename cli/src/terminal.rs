//! The width of the terminal, for results and for notes.

use std::io;

use terminal_size::{Width, terminal_size_of};

/// Width of the terminal to which the result is written. `None` if it goes to a file or a program.
pub(crate) fn result_width() -> Option<u16> {
    terminal_size_of(io::stdout()).map(|(Width(width), _)| width)
}

/// Width of the terminal to which notes are written.
pub(crate) fn note_width() -> Option<u16> {
    terminal_size_of(io::stderr()).map(|(Width(width), _)| width)
}
