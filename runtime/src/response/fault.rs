//! Why a response does not fit its type: what was expected, what was found, and where.

use std::fmt;

/// A misfit, with its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    what: What,
    /// From the inside out: the path is built while the fault returns, which costs nothing without a fault.
    path: Vec<Step>,
    /// Whether a field on the path is sensitive: then the found value is not shown.
    sensitive: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A value of the wrong kind.
    Misfit { expected: &'static str, found: Found },
    /// The text is not JSON, or ends too early.
    Syntax { message: String, ended: bool },
    /// The records would need more memory than allowed.
    TooLarge { limit: usize },
    /// Lists and objects are nested deeper than allowed.
    TooDeep { limit: usize },
    /// The caller ended the reading.
    Cancelled,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// A value that may be shown unless a sensitive field is around it.
    Shown(String),
    /// A kind of value.
    Kind(&'static str),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(&'static str),
    Key,
    Index(usize),
}

impl Fault {
    pub(crate) fn new(what: What) -> Self {
        Self { what, path: Vec::new(), sensitive: false }
    }

    pub(crate) fn below_name(&mut self, name: &'static str, sensitive: bool) {
        self.path.push(Step::Name(name));
        self.sensitive |= sensitive;
    }

    /// A key of a map is data: it is not shown.
    pub(crate) fn below_key(&mut self) {
        self.path.push(Step::Key);
    }

    pub(crate) fn below_index(&mut self, index: usize) {
        self.path.push(Step::Index(index));
    }

    /// Whether the caller ended the reading.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.what == What::Cancelled
    }

    /// Whether a text is not JSON.
    pub(crate) fn is_syntax(&self) -> bool {
        matches!(self.what, What::Syntax { .. })
    }

    /// Whether the response itself is not JSON from some point on, so that nothing after it was read.
    pub(crate) fn ends_answer(&self) -> bool {
        self.is_syntax() && self.path.is_empty()
    }

    /// Whether the response ended early.
    pub(crate) fn ended_early(&self) -> bool {
        matches!(self.what, What::Syntax { ended: true, .. }) && self.path.is_empty()
    }
}

/// Maximum length of a found value that is shown, in characters.
const SHOWN: usize = 40;

/// `Data[3].duration: expected an integer, found "abc"`
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.path.iter().rev().enumerate() {
            match step {
                Step::Name(name) if index == 0 => write!(f, "{name}")?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::Key => f.write_str("[key]")?,
                Step::Index(number) => write!(f, "[{number}]")?,
            }
        }
        if !self.path.is_empty() {
            f.write_str(": ")?;
        }
        match &self.what {
            What::Misfit { expected, found: Found::Shown(found) } if !self.sensitive => {
                let shown: String = found.chars().take(SHOWN).collect();
                let more = if shown.len() < found.len() { "…" } else { "" };
                write!(f, "expected {expected}, found {}{more}", crate::error::redaction::digits(&shown))
            }
            What::Misfit { expected, found: Found::Shown(_) } => {
                write!(f, "expected {expected}, found another value (not shown)")
            }
            What::Misfit { expected, found: Found::Kind(kind) } => write!(f, "expected {expected}, found {kind}"),
            What::Syntax { message, .. } => write!(f, "the text is not JSON: {message}"),
            What::TooLarge { limit } => write!(f, "the records would need more than {limit} bytes of memory"),
            What::TooDeep { limit } => write!(f, "lists and objects are nested more than {limit} deep"),
            What::Cancelled => f.write_str("the reading was cancelled"),
        }
    }
}
