//! HTTP methods of the protocol.

/// HTTP method of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Under signature V1 parameters are sent in the body, which keeps their values out of URL logs. Under V3 they are sent
    /// in the URL.
    Post,
    /// Parameters are sent in the URL.
    Get,
}

impl Method {
    /// Returns the method as in a request line and in a string to sign: `POST` or `GET`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
        }
    }
}
