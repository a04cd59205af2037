//! Kinds of refusals.

/// Declares the enum together with the names of its variants, so that each kind is listed once.
macro_rules! refusal_kinds {
    ($($(#[$docs:meta])* $variant:ident = $name:literal,)*) => {
        /// What a refusal means to the client.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum RefusalKind {
            $($(#[$docs])* $variant,)*
        }

        impl RefusalKind {
            /// Every kind, in the order of [`RefusalKind::NAMES`].
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The names of the kinds in specifications.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// The name of the variant in Rust, for code generators.
            #[must_use]
            pub const fn variant_name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }
        }
    };
}

refusal_kinds! {
    /// Too many requests were sent; nothing was done.
    Throttled = "throttled",
    /// The gateway has seen the nonce before: it received the same bytes twice.
    Replayed = "replayed",
    /// The service failed; it is not known whether something was done.
    Transient = "transient",
    /// The code does not say whether something was done.
    OutcomeUnknown = "outcomeUnknown",
    /// The temporary credentials have expired; nothing was done.
    Expired = "expired",
    /// The access key or the signature is not valid.
    Credentials = "credentials",
    /// The account, its user or its role has no permission.
    Denied = "denied",
    /// A quota of the account is exhausted, such as its balance or the number of requests to one target.
    Quota = "quota",
    /// A resource named in the request does not exist.
    NotFound = "notFound",
}

impl RefusalKind {
    /// Returns the kind for a name in [`RefusalKind::NAMES`]; case matters.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().zip(Self::ALL).find(|(known, _)| **known == name).map(|(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_its_name_only() {
        assert_eq!(RefusalKind::NAMES.len(), 9);
        for (name, kind) in RefusalKind::NAMES.iter().zip(RefusalKind::ALL) {
            assert_eq!(RefusalKind::of_name(name), Some(*kind));
            // Both names are the same words.
            assert_eq!(format!("{kind:?}"), kind.variant_name());
            assert!(name.eq_ignore_ascii_case(kind.variant_name()), "{name}");
        }
        assert_eq!(["Throttled", "notfound", ""].map(RefusalKind::of_name), [None; 3]);
    }
}
