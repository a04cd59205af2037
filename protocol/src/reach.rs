//! How an operation reaches a person.

/// How an operation reaches a person. Such an operation must never be sent twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    /// It calls somebody.
    Call,
    /// It sends somebody a message.
    Message,
}

impl By {
    /// Both, in the order of [`By::NAMES`].
    pub const ALL: &'static [Self] = &[Self::Call, Self::Message];

    /// The names in specifications.
    pub const NAMES: &'static [&'static str] = &["call", "message"];

    /// The name of the variant in Rust, for code generators.
    #[must_use]
    pub const fn variant_name(self) -> &'static str {
        match self {
            Self::Call => "Call",
            Self::Message => "Message",
        }
    }

    /// Returns the one with this name in [`By::NAMES`]; case matters.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().zip(Self::ALL).find(|(known, _)| **known == name).map(|(_, by)| *by)
    }
}
