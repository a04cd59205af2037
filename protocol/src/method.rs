//! HTTP methods of the protocol.

/// Declares the enum together with the names, so that each method is listed once.
macro_rules! methods {
    ($($(#[$docs:meta])* $variant:ident = $name:literal,)*) => {
        /// HTTP method of an operation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Method {
            $($(#[$docs])* $variant,)*
        }

        impl Method {
            /// Every method, in the order of [`Method::NAMES`].
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The names of the methods.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// Returns the method as in a request line and in a string to sign, such as `POST`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

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

methods! {
    /// Under signature V1 parameters are sent in the body, which keeps their values out of URL logs. Under V3 they are sent
    /// in the URL, except for those that are declared as form parameters.
    Post = "POST",
    /// Parameters are sent in the URL.
    Get = "GET",
    /// Parameters are sent as with POST.
    Put = "PUT",
    /// Parameters are sent in the URL.
    Delete = "DELETE",
}

impl Method {
    /// Returns the method with this name in [`Method::NAMES`]; case matters.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().zip(Self::ALL).find(|(known, _)| **known == name).map(|(_, method)| *method)
    }

    /// Returns whether a request has a body, which can contain parameters.
    #[must_use]
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Post | Self::Put)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_found_by_its_name_only() {
        for method in Method::ALL {
            assert_eq!(Method::of_name(method.as_str()), Some(*method));
            assert_eq!(format!("{method:?}"), method.variant_name());
        }
        assert_eq!(["post", "PATCH", ""].map(Method::of_name), [None; 3]);
        let with_body: Vec<&str> =
            Method::ALL.iter().filter(|method| method.has_body()).map(|method| method.as_str()).collect();
        assert_eq!(with_body, ["POST", "PUT"]);
    }
}
