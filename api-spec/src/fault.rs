//! What is wrong with a specification, and where.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// Something in a specification file that breaks a rule of the dialect.
///
/// Prints as one line, `operations/X.json:5:34: unknown key "exmaple"; did you mean "example"?`.
/// Faults sort by file, line and column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fault {
    /// The file as it was named to the reader.
    pub file: String,
    /// Line, counted from 1; 0 where the fault is about the file or folder as a whole.
    pub line: usize,
    /// Column in characters, counted from 1; 0 where `line` is.
    pub column: usize,
    /// The rule that is broken.
    pub message: String,
    /// What to do about it.
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
    /// A fault of a file or folder as a whole.
    pub(crate) fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: 0, column: 0, message: message.into(), hint: None }
    }

    /// The same fault with advice.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Collects the faults of one file by byte, and knows where its bytes are.
pub(crate) struct Report<'t> {
    file: &'t str,
    text: &'t str,
    line_starts: Vec<usize>,
    findings: Vec<Finding>,
}

struct Finding {
    at: usize,
    message: String,
    hint: Option<String>,
}

impl<'t> Report<'t> {
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        Self {
            file,
            text,
            line_starts: std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect(),
            findings: Vec::new(),
        }
    }

    /// Path of the file.
    pub(crate) fn file(&self) -> &'t str {
        self.file
    }

    /// Records a fault at a byte of the file.
    pub(crate) fn add(&mut self, at: usize, message: impl Into<String>) {
        self.add_with(at, message, None);
    }

    /// Records a fault at a byte of the file, with advice if there is any.
    pub(crate) fn add_with<'h>(
        &mut self,
        at: usize,
        message: impl Into<String>,
        hint: impl Into<Option<Cow<'h, str>>>,
    ) {
        self.findings.push(Finding { at, message: message.into(), hint: hint.into().map(Cow::into_owned) });
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Whether something is wrong in this part of the file.
    pub(crate) fn any_in(&self, part: &Range<usize>) -> bool {
        self.findings.iter().any(|finding| part.contains(&finding.at))
    }

    /// Whether something is wrong outside these parts of the file.
    pub(crate) fn any_outside(&self, parts: &[Range<usize>]) -> bool {
        let outside = |finding: &Finding| !parts.iter().any(|part| part.contains(&finding.at));
        self.findings.iter().any(outside)
    }

    /// The place of a byte, to name it in a fault of another place: `file:line:column`.
    pub(crate) fn place(&self, at: usize) -> String {
        let (line, column) = self.position(at);
        format!("{}:{line}:{column}", self.file)
    }

    /// The faults, by place.
    pub(crate) fn into_faults(mut self) -> Vec<Fault> {
        let findings = std::mem::take(&mut self.findings);
        let fault = |finding: Finding| {
            let (line, column) = self.position(finding.at);
            Fault { file: self.file.to_owned(), line, column, message: finding.message, hint: finding.hint }
        };
        let mut faults: Vec<Fault> = findings.into_iter().map(fault).collect();
        faults.sort();
        faults.dedup();
        faults
    }

    fn position(&self, at: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|&start| start <= at);
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text.get(start..at).unwrap_or_default();
        (line, before.chars().count() + 1)
    }
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
        report.add_with(0, "also wrong", Cow::Borrowed("mend it"));
        let printed: Vec<String> = report.into_faults().iter().map(ToString::to_string).collect();
        assert_eq!(printed, ["x.json:1:1: also wrong; mend it", "x.json:2:6: wrong",]);
    }

    #[test]
    fn a_fault_of_a_whole_file_has_no_line() {
        let fault = Fault::of_file("services/none", "no such folder").with_hint("look again");
        assert_eq!(fault.to_string(), "services/none: no such folder; look again");
    }
}
