//! Parameters of the protocol. Under signature V1 each request sends them together with the parameters of the operation.

/// Id of the access key that signs.
pub const ACCESS_KEY_ID: &str = "AccessKeyId";
/// Name of the operation.
pub const ACTION: &str = "Action";
/// Format of the response: `JSON` or `XML`.
pub const FORMAT: &str = "Format";
/// Token of temporary credentials.
pub const SECURITY_TOKEN: &str = "SecurityToken";
/// The signature.
pub const SIGNATURE: &str = "Signature";
/// Algorithm of the signature.
pub const SIGNATURE_METHOD: &str = "SignatureMethod";
/// Text that is unique among the requests of an access key.
pub const SIGNATURE_NONCE: &str = "SignatureNonce";
/// Kind of the signature: empty or absent, except for bearer tokens.
pub const SIGNATURE_TYPE: &str = "SignatureType";
/// Version of the signature.
pub const SIGNATURE_VERSION: &str = "SignatureVersion";
/// Time of the request, as `2026-03-01T12:34:56Z`.
pub const TIMESTAMP: &str = "Timestamp";
/// Version of the service's API, as `2017-05-25`.
pub const VERSION: &str = "Version";

/// All names above, sorted. They are reserved: no operation may use one for a parameter.
pub const ALL: [&str; 11] = [
    ACCESS_KEY_ID,
    ACTION,
    FORMAT,
    SECURITY_TOKEN,
    SIGNATURE,
    SIGNATURE_METHOD,
    SIGNATURE_NONCE,
    SIGNATURE_TYPE,
    SIGNATURE_VERSION,
    TIMESTAMP,
    VERSION,
];

/// Parameters whose values are never shown. With them, another person could send the request.
pub const SECRET: [&str; 2] = [SECURITY_TOKEN, SIGNATURE];

/// Returns whether `name` is a protocol parameter whose value may be shown.
#[must_use]
pub fn is_public(name: &str) -> bool {
    ALL.contains(&name) && !SECRET.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_listed_once_and_sorted() {
        assert!(ALL.is_sorted_by(|a, b| a < b));
        assert!(SECRET.iter().all(|name| ALL.contains(name)));
    }

    #[test]
    fn only_known_parameters_without_secrets_are_public() {
        let public: Vec<&str> = ALL.into_iter().filter(|name| is_public(name)).collect();
        assert_eq!(public.len(), 9);
        assert_eq!([SECURITY_TOKEN, SIGNATURE, "CalledNumber", "action", ""].map(is_public), [false; 5]);
    }
}
