//! What an importer tells about a source: guesses, contradictions and losses, each with its position.

use std::fmt;

use aliyun_api_spec::{Fault, Report};

/// Something that a person should look at. It did not stop the import.
///
/// Prints as one line, such as `page.md:12:1: guess: the range 1 to 3 was read from prose`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What kind of a note it is.
    pub kind: NoteKind,
    /// What it says, and where.
    pub fault: Fault,
}

/// Kinds of notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoteKind {
    /// The source does not state it; it was inferred.
    Guess,
    /// The source states two things that cannot both be true.
    Contradiction,
    /// The source states something that the specification cannot hold.
    Loss,
}

impl NoteKind {
    /// The word for it in messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Guess => "guess",
            Self::Contradiction => "contradiction",
            Self::Loss => "loss",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { message, .. } = &self.fault;
        let fault = Fault { message: format!("{}: {message}", self.kind.word()), ..self.fault.clone() };
        write!(f, "{fault}")
    }
}

/// Collects the notes about one source.
pub(crate) struct Notes<'t> {
    report: Report<'t>,
    notes: Vec<Note>,
}

impl<'t> Notes<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self { report: Report::new(file, text), notes: Vec::new() }
    }

    pub(crate) fn guess(&mut self, at: usize, message: impl Into<String>) {
        self.add(NoteKind::Guess, at, message);
    }

    pub(crate) fn contradiction(&mut self, at: usize, message: impl Into<String>) {
        self.add(NoteKind::Contradiction, at, message);
    }

    pub(crate) fn loss(&mut self, at: usize, message: impl Into<String>) {
        self.add(NoteKind::Loss, at, message);
    }

    fn add(&mut self, kind: NoteKind, at: usize, message: impl Into<String>) {
        let fault = self.fault(at, message);
        self.notes.push(Note { kind, fault });
    }

    /// A fault of the source that does not stop the import.
    pub(crate) fn contradiction_of(&mut self, fault: Fault) {
        self.notes.push(Note { kind: NoteKind::Contradiction, fault });
    }

    /// A fault at a position.
    pub(crate) fn fault(&self, at: usize, message: impl Into<String>) -> Fault {
        let (line, column) = self.report.position(at);
        Fault { line, column, ..Fault::of_file(self.report.file(), message) }
    }

    pub(crate) fn into_notes(self) -> Vec<Note> {
        let mut notes = self.notes;
        notes.sort_by(|one, other| (&one.fault, one.kind).cmp(&(&other.fault, other.kind)));
        notes.dedup();
        notes
    }
}
