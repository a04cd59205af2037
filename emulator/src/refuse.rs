//! What the gateway refuses, with its codes, HTTP statuses and texts: the one table of them.
//!
//! Texts are the service's own, word for word, because clients look into them. A text of the emulator's own, where
//! there is any, follows the official one.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;

/// A gateway error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
    /// When to come again, which travels in a header.
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code: code.into(), message: message.into(), retry_after: None }
    }

    fn bad(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A parameter that the protocol or the operation requires is absent.
    pub(crate) fn missing(name: &str) -> Self {
        Self::bad(format!("Missing{name}"), format!("{name} is mandatory for this action."))
    }

    /// A parameter of the protocol or of the operation has a value that is none.
    pub(crate) fn invalid(name: &str) -> Self {
        Self::bad(format!("Invalid{name}"), format!("Specified parameter {name} is not valid."))
    }

    /// A pair that cannot be read. Its name is the sender's, so it does not become part of the code, and is shown
    /// without control characters and not at any length.
    pub(crate) fn unreadable(name: &[u8], why: &str) -> Self {
        const SHOWN: usize = 64;
        let name = String::from_utf8_lossy(name);
        let shown: String = name.chars().take(SHOWN).flat_map(char::escape_debug).collect();
        let more = if name.chars().nth(SHOWN).is_some() { "..." } else { "" };
        Self::bad("InvalidParameter", format!("Specified parameter {shown}{more} is not valid. {why}"))
    }

    pub(crate) fn too_many_parameters(limit: usize) -> Self {
        Self::bad("InvalidParameter", format!("The request has more than {limit} parameters."))
    }

    pub(crate) fn body_too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLarge",
            format!("The request body has more than {limit} bytes."),
        )
    }

    pub(crate) fn body_timed_out() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "RequestTimeout", "The request body did not arrive in time.")
    }

    pub(crate) fn format() -> Self {
        Self::bad("InvalidParameter.Format", "Specified parameter format is not valid.")
    }

    pub(crate) fn http_method() -> Self {
        Self::bad("UnsupportedHTTPMethod", "This http method is not supported.")
    }

    /// An unknown action or path, with the known action that looks most like it.
    pub(crate) fn api_not_found(nearest: Option<&str>) -> Self {
        let official = "Specified api is not found, please check your url and method.";
        let message = match nearest {
            Some(action) => format!("{official} Did you mean {action}?").into(),
            None => Cow::Borrowed(official),
        };
        Self::new(StatusCode::NOT_FOUND, "InvalidApi.NotFound", message)
    }

    pub(crate) fn access_key_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
    }

    pub(crate) fn signature_method() -> Self {
        Self::bad("InvalidSignatureMethod", "Specified signature method is not valid.")
    }

    /// A signature of a kind that this emulator does not check.
    pub(crate) fn signature_method_unsupported() -> Self {
        Self::bad(
            "InvalidSignatureMethod",
            "Specified signature method is not valid. This emulator checks HMAC-SHA1 (SignatureVersion 1.0) only.",
        )
    }

    pub(crate) fn incomplete_signature() -> Self {
        Self::bad("IncompleteSignature", "The request signature does not conform to Aliyun standards.")
    }

    pub(crate) fn timestamp_format() -> Self {
        Self::bad("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")
    }

    pub(crate) fn timestamp_expired() -> Self {
        Self::bad("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
    }

    pub(crate) fn nonce_used() -> Self {
        Self::bad("SignatureNonceUsed", "Specified signature nonce was used already.")
    }

    /// The flow control of an account; it comes with the time to wait where that is known.
    pub(crate) fn throttled(retry_after: Option<Duration>) -> Self {
        let refusal = Self::bad("Throttling.User", "Request was denied due to user flow control.");
        Self { retry_after, ..refusal }
    }

    /// The classic Python client takes this text apart at its colon, so not a letter may change.
    pub(crate) fn signature_mismatch(string_to_sign: &str) -> Self {
        Self::bad(
            "SignatureDoesNotMatch",
            format!(
                "Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}"
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_name_is_shown_short_and_without_control_characters() {
        let long = [b"a\n\xff".as_slice(), &[b'x'; 100]].concat();
        let refusal = Refusal::unreadable(&long, "Its name is broken.");
        assert_eq!(refusal.code, "InvalidParameter");
        assert_eq!(
            refusal.message,
            format!("Specified parameter a\\n\u{fffd}{}... is not valid. Its name is broken.", "x".repeat(61))
        );
    }
}
