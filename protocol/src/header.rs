//! Headers of the protocol, in small letters. Under signature V3 they carry what V1 puts into parameters.

/// Id of an access key with a token.
pub const ACCESS_KEY_ID: &str = "x-acs-accesskey-id";
/// Name of the operation.
pub const ACTION: &str = "x-acs-action";
/// Token of a bearer.
pub const BEARER_TOKEN: &str = "x-acs-bearer-token";
/// SHA-256 of the body, in hex.
pub const CONTENT_SHA256: &str = "x-acs-content-sha256";
/// Time of the request, as `2026-03-01T12:34:56Z`.
pub const DATE: &str = "x-acs-date";
/// Id of the request, in answers.
pub const REQUEST_ID: &str = "x-acs-request-id";
/// Milliseconds after which a refused request may be sent again, in answers.
pub const RETRY_AFTER: &str = "x-acs-retry-after";
/// Token of temporary credentials.
pub const SECURITY_TOKEN: &str = "x-acs-security-token";
/// A text that no other request of the key has.
pub const SIGNATURE_NONCE: &str = "x-acs-signature-nonce";
/// Version of the service's API, as `2017-05-25`.
pub const VERSION: &str = "x-acs-version";

/// Beginning of every header of the protocol. V3 signs all of them, and `host`.
pub const PREFIX: &str = "x-acs-";
