//! The codes of Alibaba's gateway, which every product may answer with, and what is known of any code.
//!
//! The codes of the gateway are not in the metadata of products. They were collected from the error centre of the RPC
//! gateway and from recorded responses.

use crate::RefusalKind;

/// What is known of a code with which a service or its gateway refuses requests.
#[derive(Debug, Clone, Copy)]
pub struct ErrorFacts {
    /// The code and its other spellings. One that ends with `*` stands for every code with this prefix that is not listed
    /// itself.
    pub codes: &'static [&'static str],
    /// What a client makes of it; `None` if the request itself is wrong.
    pub kind: Option<RefusalKind>,
    /// What to do; empty if nothing is known.
    pub advice: &'static str,
    /// Whether it is a refusal only with an HTTP status of 4xx.
    pub only_4xx: bool,
}

impl ErrorFacts {
    /// A code that is a refusal with HTTP statuses 2xx and 4xx.
    #[must_use]
    pub const fn new(codes: &'static [&'static str], kind: Option<RefusalKind>, advice: &'static str) -> Self {
        Self { codes, kind, advice, only_4xx: false }
    }

    /// It is a refusal only with HTTP status 4xx.
    #[must_use]
    pub const fn only_4xx(mut self) -> Self {
        self.only_4xx = true;
        self
    }

    /// The length of the longest family that a code belongs to.
    fn family(&self, code: &str) -> Option<usize> {
        let families = self.codes.iter().filter_map(|family| family.strip_suffix('*'));
        families.filter(|family| code.starts_with(family)).map(str::len).max()
    }
}

/// What is known of a code, and whether it is listed itself. Otherwise it belongs to a family, the one with the longest
/// prefix. The codes of the service come before those of the gateway.
#[must_use]
pub fn find<'f>(of_service: &'f [ErrorFacts], code: &str) -> Option<(&'f ErrorFacts, bool)> {
    let all = || of_service.iter().chain(CODES);
    if let Some(exact) = all().find(|facts| facts.codes.contains(&code)) {
        return Some((exact, true));
    }
    let families = all().filter_map(|facts| Some((facts.family(code)?, facts)));
    // The first of several with the same length.
    let longest = families.reduce(|best, next| if next.0 > best.0 { next } else { best });
    longest.map(|(_, facts)| (facts, false))
}

const REQUEST: &str = "Compare the parameter that the message names with the description of the operation.";
const MISSING: &str = "Add the parameter that the message names.";
const WAIT: &str = "Wait, and send it again with increasing delays.";
const DENIED: &str = "Read the message: it says what the account or its user may not do.";
const SUPPORT: &str = "If it persists, contact Alibaba's support with the request id.";

/// The codes of the gateway.
pub const CODES: &[ErrorFacts] = &[
    ErrorFacts::new(
        &[
            "MissingParameter",
            "MissingAccessKeyId",
            "MissingAction",
            "MissingVersion",
            "MissingTimestamp",
            "MissingSignature",
            "MissingSignatureNonce",
        ],
        None,
        MISSING,
    ),
    ErrorFacts::new(&["InvalidParameter"], None, REQUEST),
    ErrorFacts::new(
        &["InvalidApi.NotFound", "InvalidAction.NotFound"],
        Some(RefusalKind::NotFound),
        "Check the name of the operation, its capital letters and the version.",
    ),
    ErrorFacts::new(&["InvalidVersion"], None, "Check the version of the product."),
    ErrorFacts::new(&["InvalidProduct.NotFound"], None, "Check the endpoint."),
    ErrorFacts::new(&["InvalidProtocol.NeedSsl"], None, "Use an https endpoint."),
    ErrorFacts::new(&["UnsupportedHTTPMethod"], None, "Use the HTTP method of the operation."),
    ErrorFacts::new(
        &["InvalidAccessKeyId.NotFound"],
        Some(RefusalKind::Credentials),
        "Check the access key id, and that it belongs to the right account and site.",
    ),
    ErrorFacts::new(
        &["InvalidAccessKeyId.Inactive"],
        Some(RefusalKind::Credentials),
        "Enable the access key in the RAM console, or use another one.",
    ),
    ErrorFacts::new(
        &["InvalidSecurityToken.Expired"],
        Some(RefusalKind::Expired),
        "Get new temporary credentials, and send it again.",
    ),
    ErrorFacts::new(
        &["MissingSecurityToken"],
        Some(RefusalKind::Credentials),
        "Send the security token together with the temporary access key that it belongs to.",
    ),
    ErrorFacts::new(
        &["InvalidSecurityToken.Malformed", "InvalidSecurityToken.MismatchWithAccessKey"],
        Some(RefusalKind::Credentials),
        "Take access key id, secret and token from one response of STS, unchanged.",
    ),
    ErrorFacts::new(&["InvalidTimeStamp.Format"], None, "Write the time stamp in UTC, such as 2026-01-31T12:00:00Z."),
    ErrorFacts::new(&["InvalidTimeStamp.Expired"], None, "Set the clock of this machine, preferably by NTP."),
    ErrorFacts::new(
        &["SignatureNonceUsed"],
        Some(RefusalKind::Replayed),
        "Something on the way sent the same request twice: find out the outcome of the first one, and look for a proxy that resends requests.",
    ),
    ErrorFacts::new(&["IncompleteSignature"], None, "Send all parameters or headers of the signature."),
    ErrorFacts::new(&["InvalidSignatureMethod"], None, "Sign with HMAC-SHA1 (version 1.0) or ACS3-HMAC-SHA256."),
    ErrorFacts::new(
        &["SignatureDoesNotMatch"],
        Some(RefusalKind::Credentials),
        "Check the access key secret first; if it is right, compare the string to sign in the message with your own.",
    ),
    ErrorFacts::new(
        &[
            "Throttling",
            "Throttling.User",
            "Throttling.Api",
            "RequestLimitExceeded",
            "TooManyRequests",
            "RateLimitExceeded",
            "QpsLimitExceeded",
        ],
        Some(RefusalKind::Throttled),
        WAIT,
    ),
    ErrorFacts::new(&["Forbidden"], Some(RefusalKind::Denied), DENIED),
    ErrorFacts::new(
        &["Forbidden.RAM", "NoPermission"],
        Some(RefusalKind::Denied),
        "Grant the action that the message names to the user or role.",
    ),
    ErrorFacts::new(&["Forbidden.RiskControl"], Some(RefusalKind::Denied), SUPPORT),
    ErrorFacts::new(
        &["Forbidden.UserVerification"],
        Some(RefusalKind::Denied),
        "Finish the verification of the account in the console.",
    ),
    ErrorFacts::new(&["InsufficientBalance"], Some(RefusalKind::Quota), "Top up the account."),
    ErrorFacts::new(&["InternalError", "InternalError.*"], Some(RefusalKind::Transient), SUPPORT),
    ErrorFacts::new(&["ServiceUnavailable", "ServiceUnavailable.*"], Some(RefusalKind::Transient), SUPPORT),
    ErrorFacts::new(&["Missing*"], None, MISSING).only_4xx(),
    ErrorFacts::new(&["Invalid*"], None, REQUEST).only_4xx(),
    ErrorFacts::new(&["Forbidden*"], Some(RefusalKind::Denied), DENIED).only_4xx(),
    ErrorFacts::new(&["Throttling*"], Some(RefusalKind::Throttled), WAIT).only_4xx(),
];

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &[ErrorFacts] = &[
        ErrorFacts::new(&["isv.A", "isv.B"], None, "own"),
        ErrorFacts::new(&["Throttling.User"], Some(RefusalKind::Quota), "own"),
        ErrorFacts::new(&["Invalid*"], Some(RefusalKind::NotFound), "own family"),
        ErrorFacts::new(&["isv.*"], None, "short"),
        ErrorFacts::new(&["isv.Long.*"], None, "long"),
    ];

    #[test]
    fn the_service_comes_before_the_gateway_and_a_code_before_its_family() {
        for (code, expected) in [
            ("isv.B", Some(("own", true))),
            ("isv.C", Some(("short", false))),
            ("isv.Long.C", Some(("long", false))),
            ("Throttling.User", Some(("own", true))),
            ("Throttling.Api", Some((WAIT, true))),
            ("Throttling.Other", Some((WAIT, false))),
            // Both have this family.
            ("InvalidThing", Some(("own family", false))),
            // The gateway's own code is more specific than the service's family.
            ("InvalidVersion", Some(("Check the version of the product.", true))),
            ("InternalError.Deep", Some((SUPPORT, false))),
            ("internalerror", None),
            ("isp.A", None),
            ("", None),
        ] {
            let found = find(SERVICE, code).map(|(facts, exactly)| (facts.advice, exactly));
            assert_eq!(found, expected, "{code}");
        }
    }

    #[test]
    fn every_service_knows_throttling_and_expired_tokens() {
        let kind = |code| find(&[], code).and_then(|(facts, _)| facts.kind);
        assert_eq!(kind("Throttling.User"), Some(RefusalKind::Throttled));
        assert_eq!(kind("InvalidSecurityToken.Expired"), Some(RefusalKind::Expired));
        assert_eq!(kind("SignatureNonceUsed"), Some(RefusalKind::Replayed));
    }

    #[test]
    fn no_code_is_listed_twice() {
        let mut codes: Vec<&str> = CODES.iter().flat_map(|facts| facts.codes).copied().collect();
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
