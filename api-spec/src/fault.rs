//! Faults in a specification, with their positions.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// A fault: something in a specification file breaks a rule of the dialect.
///
/// Prints as one line, `operations/X.json:5:34: unknown key "exmaple"; did you mean "example"?`.
/// Faults sort by file, line and column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault {
    /// Path of the file, as it was passed in.
    pub file: String,
    /// Line, counted from 1. 0 if the fault concerns the whole file or folder.
    pub line: usize,
    /// Column in characters, counted from 1. 0 if `line` is 0.
    pub column: usize,
    /// The rule that is broken.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// A fault that concerns a whole file or folder.
    pub fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0, message: message.into(), hint: None }
    }

    /// Adds a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Collects the faults of one file by byte position, and converts positions to lines and columns.
#[derive(Debug)]
pub struct Report<'t> {
    file: &'t str,
    text: &'t str,
    line_starts: Vec<usize>,
    /// Number of characters before each multiple of [`STEP`] bytes: a line may be a whole file.
    characters: Vec<usize>,
    faults: Vec<Unlocated>,
}

#[derive(Debug)]
struct Unlocated {
    at: usize,
    message: String,
    hint: Option<String>,
}

impl<'t> Report<'t> {
    /// A report about a file without faults.
    pub fn new(file: &'t str, text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Self {
            file,
            text,
            line_starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect(),
            characters: text
                .as_bytes()
                .chunks(STEP)
                .scan(0, |before, chunk| Some(std::mem::replace(before, *before + characters(chunk))))
                .collect(),
            faults: Vec::new(),
        }
    }

    /// Path of the file.
    pub fn file(&self) -> &'t str {
        self.file
    }

    /// Adds a fault at a byte position.
    pub fn add(&mut self, at: usize, message: impl Into<String>) {
        self.add_with(at, message, None);
    }

    /// Adds a fault at a byte position, with a hint if there is one.
    pub fn add_with<'h>(&mut self, at: usize, message: impl Into<String>, hint: impl Into<Option<Cow<'h, str>>>) {
        self.faults.push(Unlocated { at, message: message.into(), hint: hint.into().map(Cow::into_owned) });
    }

    /// Whether there is no fault.
    pub fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether there is a fault in this part of the file.
    pub(crate) fn any_in(&self, part: &Range<usize>) -> bool {
        self.faults.iter().any(|fault| part.contains(&fault.at))
    }

    /// Whether there is a fault outside of these parts of the file.
    pub(crate) fn any_outside(&self, parts: &[Range<usize>]) -> bool {
        let outside = |fault: &Unlocated| !parts.iter().any(|part| part.contains(&fault.at));
        self.faults.iter().any(outside)
    }

    /// A byte position as `file:line:column`, for the message of a fault elsewhere.
    pub fn place(&self, at: usize) -> String {
        let (line, column) = self.position(at);
        format!("{}:{line}:{column}", self.file)
    }

    /// The faults, sorted by position.
    pub fn into_faults(mut self) -> Vec<Fault> {
        let faults = std::mem::take(&mut self.faults);
        let fault = |fault: Unlocated| {
            let (line, column) = self.position(fault.at);
            Fault { file: self.file.to_owned(), line, column, message: fault.message, hint: fault.hint }
        };
        let mut faults: Vec<Fault> = faults.into_iter().map(fault).collect();
        faults.sort();
        faults.dedup();
        faults
    }

    /// Line and column of a byte position, both counted from 1; the column in characters.
    pub fn position(&self, at: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|&start| start <= at);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        (line, self.characters_before(at).saturating_sub(self.characters_before(start)) + 1)
    }

    fn characters_before(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        let step = at / STEP;
        let rest = self.text.as_bytes().get(step * STEP..at).unwrap_or_default();
        self.characters.get(step).copied().unwrap_or_else(|| characters(self.text.as_bytes())) + characters(rest)
    }
}

/// Bytes between two entries of [`Report`]'s table of characters.
const STEP: usize = 4096;

/// The number of characters that start in these bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// The name of the file at a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_columns_in_characters() {
        let mut report = Report::new("x.json", "{\n  \"无法\": 1\n}");
        report.add(11, "wrong");
        report.add_with(0, "also wrong", Cow::Borrowed("fix it"));
        let printed: Vec<String> = report.into_faults().iter().map(ToString::to_string).collect();
        assert_eq!(printed, ["x.json:1:1: also wrong; fix it", "x.json:2:6: wrong",]);
    }

    #[test]
    fn counts_columns_in_lines_of_any_length() {
        let line = "无a".repeat(5000);
        let text = format!("x\n{line}\n{line}");
        let report = Report::new("x.json", &text);
        for (characters, bytes) in [(0, 0), (1, 3), (2, 4), (3000, 6000), (9999, 19_999), (10_000, 20_000)] {
            assert_eq!(report.position(2 + bytes), (2, characters + 1));
            assert_eq!(report.position(2 + 20_001 + bytes), (3, characters + 1));
        }
        assert_eq!(report.position(usize::MAX), (3, 10_001));
    }

    #[test]
    fn a_fault_of_a_whole_file_has_no_line() {
        let fault = Fault::of_file("services/none", "no such folder").with_hint("look again");
        assert_eq!(fault.to_string(), "services/none: no such folder; look again");
    }
}
