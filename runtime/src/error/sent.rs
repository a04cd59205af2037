//! Whether a request reached the service.

/// Whether a request reached the service. For an operation that reaches a person this is the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sent {
    /// No: nothing was sent, so sending again is safe.
    No,
    /// Not known: it may have had its effect.
    Maybe,
    /// Yes: the service answered.
    Yes,
}

impl Sent {
    /// The stronger of what two attempts of one call may have brought about.
    pub(crate) fn or_rather(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Maybe, _) | (_, Self::Maybe) => Self::Maybe,
            (Self::No, Self::No) => Self::No,
        }
    }
}
