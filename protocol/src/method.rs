//! HTTP methods of the protocol.

/// HTTP method of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Parameters travel in the body, which keeps their values out of logs of URLs; under signature V3, in the URL all the same.
    Post,
    /// Parameters travel in the URL.
    Get,
}

impl Method {
    /// The method in a request line and in a string to sign: `POST` or `GET`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Get => "GET",
        }
    }
}
