//! Headers of the protocol, in lower case. Signature V3 sends in headers what V1 sends in parameters.

/// Id of the access key of a bearer token.
pub const ACCESS_KEY_ID: &str = "x-acs-accesskey-id";
/// Name of the operation.
pub const ACTION: &str = "x-acs-action";
/// Bearer token.
pub const BEARER_TOKEN: &str = "x-acs-bearer-token";
/// SHA-256 of the body, in hex.
pub const CONTENT_SHA256: &str = "x-acs-content-sha256";
/// Time of the request, as `2026-03-01T12:34:56Z`.
pub const DATE: &str = "x-acs-date";
/// Id of the request; sent in responses.
pub const REQUEST_ID: &str = "x-acs-request-id";
/// Delay in milliseconds before a refused request may be sent again; sent in responses.
pub const RETRY_AFTER: &str = "x-acs-retry-after";
/// Token of temporary credentials.
pub const SECURITY_TOKEN: &str = "x-acs-security-token";
/// Text that is unique among the requests of an access key.
pub const SIGNATURE_NONCE: &str = "x-acs-signature-nonce";
/// Version of the service's API, as `2017-05-25`.
pub const VERSION: &str = "x-acs-version";

/// Prefix of every header of the protocol. V3 signs all headers with this prefix, and `host`.
pub const PREFIX: &str = "x-acs-";
