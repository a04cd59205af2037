//! The refusals of the gateway, with their codes, HTTP statuses and texts: one table.
//!
//! Texts are the service's own, word for word, because clients parse them. A text of the emulator follows the official
//! one.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;

/// A gateway error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
    /// When the client may try again: the header `x-acs-retry-after`, in milliseconds.
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

    /// A header that the protocol requires is absent. A header that replaces a parameter is reported by the parameter's
    /// name.
    pub(crate) fn missing_header(name: &str) -> Self {
        Self::bad("MissingParameter", format!("{name} is mandatory for this action."))
    }

    /// A parameter of the protocol or of the operation has an invalid value.
    pub(crate) fn invalid(name: &str) -> Self {
        Self::bad(format!("Invalid{name}"), format!("Specified parameter {name} is not valid."))
    }

    /// A pair that cannot be decoded. Its name is the client's text, so it is not a part of the code, and is shown
    /// without control characters and with limited length.
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

    /// An unknown action or path, with the most similar known action.
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

    pub(crate) fn access_key_inactive() -> Self {
        Self::bad("InvalidAccessKeyId.Inactive", "Specified access key is disabled.")
    }

    pub(crate) fn token_expired() -> Self {
        Self::bad("InvalidSecurityToken.Expired", "Specified SecurityToken is expired.")
    }

    /// A token that was never issued.
    pub(crate) fn token_malformed() -> Self {
        Self::bad("InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
    }

    /// A token that was issued with another key.
    pub(crate) fn token_mismatch() -> Self {
        Self::bad("InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatch with the AccessKey.")
    }

    pub(crate) fn signature_method() -> Self {
        Self::bad("InvalidSignatureMethod", "Specified signature method is not valid.")
    }

    /// Credentials of a kind that this emulator does not check.
    pub(crate) fn bearer_token() -> Self {
        Self::bad(
            "InvalidSignatureType",
            "Specified parameter SignatureType is not valid. This emulator knows access keys and no bearer tokens.",
        )
    }

    /// A signature with a missing or malformed part; `why` may be empty.
    pub(crate) fn incomplete_signature(why: &str) -> Self {
        let official = "The request signature does not conform to Aliyun standards.";
        let separator = if why.is_empty() { "" } else { " " };
        Self::bad("IncompleteSignature", format!("{official}{separator}{why}"))
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

    /// The flow control of an account, with the time to wait if it is known.
    pub(crate) fn throttled(retry_after: Option<Duration>) -> Self {
        let refusal = Self::bad("Throttling.User", "Request was denied due to user flow control.");
        Self { retry_after, ..refusal }
    }

    /// An internal failure of the service.
    pub(crate) fn server_error(status: StatusCode) -> Self {
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            let message = "The request processing has failed due to some unknown error.";
            return Self::new(status, "InternalError", message);
        }
        Self::new(status, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
    }

    /// The refusal of a test's rule.
    pub(crate) fn by_rule(status: StatusCode, code: String, message: String) -> Self {
        Self::new(status, code, message)
    }

    /// A request that asks for an unknown fault.
    pub(crate) fn unknown_fault(why: &str) -> Self {
        Self::bad("InvalidFault", format!("The header x-emulator-fault asks for no fault: {why}."))
    }

    /// The classic Python client splits this text at its colon, so it must not change.
    pub(crate) fn signature_mismatch(string_to_sign: &str) -> Self {
        Self::bad(
            "SignatureDoesNotMatch",
            format!(
                "Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}"
            ),
        )
    }

    /// The brackets are the service's: clients search for the string to sign between them.
    pub(crate) fn signature_mismatch_v3(string_to_sign: &str, canonical_request: &str) -> Self {
        Self::bad(
            "SignatureDoesNotMatch",
            format!(
                "Specified signature does not match our calculation. server StringToSign is [{string_to_sign}] \
                 server CanonicalRequest is [{canonical_request}]"
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
