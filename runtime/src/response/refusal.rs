//! What the code and the HTTP status of a failed response mean: one pure function with a table of its cases.
//!
//! A refusal means that nothing was done. For an operation that must not be sent twice, only the specification can say
//! this of a code: any other failure leaves the outcome unknown.

use aliyun_protocol::RefusalKind;

use crate::error::Verdict;
use crate::generated::operation::ServiceFacts;

/// A failure as the service or its gateway stated it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stated<'a> {
    pub(crate) code: &'a str,
    /// HTTP status.
    pub(crate) status: u16,
    /// Whether the response has a request id: a proxy's response has none.
    pub(crate) has_request_id: bool,
    /// Whether the response says how long to wait before the next request.
    pub(crate) has_retry_after: bool,
}

/// Decides what a stated failure means. `idempotent` says whether the operation can be sent twice without harm.
pub(crate) fn verdict(service: &ServiceFacts, stated: Stated<'_>, idempotent: bool) -> Verdict {
    use RefusalKind::{Denied, Expired, NotFound, OutcomeUnknown, Replayed, Throttled, Transient};
    let Stated { code, status, has_request_id, has_retry_after } = stated;
    let listed = service.error(code);
    // A timeout on either side of the gateway, or a failure: whatever the code, the gateway may have passed the request
    // on.
    let may_refuse = matches!(status, 200..300 | 400..500) && !matches!(status, 408 | 499);
    let of_gateway = may_refuse && status >= 400;
    let named = listed.and_then(|(facts, _)| facts.kind);
    let kind = named.or(match status {
        500.. | 408 | 499 => Some(Transient),
        _ if listed.is_some_and(|(_, exactly)| exactly) => None,
        429 => Some(Throttled),
        // The kind of a family is more specific than a header, which every response may have.
        _ if has_retry_after && listed.is_none() => Some(Throttled),
        403 => Some(Denied),
        404 => Some(NotFound),
        _ => None,
    });
    let before_effect = of_gateway && has_request_id && matches!(named, Some(Throttled | Expired));
    let is_refusal = listed.is_some_and(|(facts, _)| of_gateway || may_refuse && !facts.only_4xx);
    let refused = match kind {
        Some(Transient | Replayed | OutcomeUnknown) => false,
        // A limit behind the gateway, or of a proxy, need not come before the effect.
        Some(Throttled) if named.is_some() => before_effect,
        Some(Throttled) => is_refusal,
        _ => is_refusal || idempotent,
    };
    Verdict {
        kind,
        refused,
        before_effect,
        advice: listed.map(|(facts, _)| facts.advice).filter(|advice| !advice.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::operation::{EnvelopeFacts, ErrorFacts};

    const SERVICE: ServiceFacts = ServiceFacts::new(
        "Test",
        "2017-05-25",
        "test.example.com",
        EnvelopeFacts::new("Code", "Message", "RequestId", &["OK"], ""),
        &[
            ErrorFacts::new(&["InvalidOne"], None, ""),
            ErrorFacts::new(&["isv.LIMIT"], Some(RefusalKind::Quota), ""),
            ErrorFacts::new(&["isv.CALL_FAIL"], Some(RefusalKind::OutcomeUnknown), ""),
            ErrorFacts::new(&["isp.DENIED"], Some(RefusalKind::Denied), ""),
            ErrorFacts::new(&["InternalError"], Some(RefusalKind::Transient), ""),
            ErrorFacts::new(&["NonceUsed"], Some(RefusalKind::Replayed), ""),
            ErrorFacts::new(&["TokenExpired"], Some(RefusalKind::Expired), ""),
            ErrorFacts::new(&["Throttling", "SlowDown"], Some(RefusalKind::Throttled), ""),
            ErrorFacts::new(&["Throttling*"], Some(RefusalKind::Throttled), "").only_4xx(),
            ErrorFacts::new(&["Invalid*"], None, "").only_4xx(),
            ErrorFacts::new(&["Forbidden*"], Some(RefusalKind::Denied), "").only_4xx(),
            ErrorFacts::new(&["isv.*"], None, ""),
            ErrorFacts::new(&["isp.*"], Some(RefusalKind::Transient), ""),
        ],
    );

    /// Statuses of every class, with the bounds of the classes that matter.
    const STATUSES: [u16; 20] =
        [200, 201, 299, 300, 302, 399, 400, 401, 403, 404, 407, 408, 409, 428, 429, 498, 499, 500, 503, 599];

    fn of(code: &str, status: u16, has_request_id: bool, idempotent: bool) -> Verdict {
        verdict(&SERVICE, Stated { code, status, has_request_id, has_retry_after: false }, idempotent)
    }

    /// Each code, and the statuses with which it is a refusal of an operation that must not be sent twice.
    #[test]
    fn a_refusal_is_a_listed_code_with_a_status_that_refuses() {
        let never: fn(u16) -> bool = |_| false;
        let client_error: fn(u16) -> bool = |status| (400..500).contains(&status) && status != 408 && status != 499;
        let answered: fn(u16) -> bool =
            |status| (200..300).contains(&status) || (400..500).contains(&status) && status != 408 && status != 499;
        let cases = [
            ("InvalidOne", answered),
            ("isv.LIMIT", answered),
            ("isv.NEW", answered),
            ("isp.DENIED", answered),
            ("TokenExpired", answered),
            ("InvalidOther", client_error),
            // The gateway's own code, in any service.
            ("Forbidden.RAM", answered),
            ("Forbidden.Other", client_error),
            ("ForbiddenNew", client_error),
            ("Throttling", client_error),
            ("SlowDown", client_error),
            ("Throttling.New", client_error),
            ("isv.CALL_FAIL", never),
            ("isp.TIMEOUT", never),
            ("InternalError", never),
            ("NonceUsed", never),
            ("SystemError", never),
            ("429", never),
            ("", never),
        ];
        for (code, refuses) in cases {
            for status in STATUSES {
                assert_eq!(of(code, status, true, false).refused, refuses(status), "{code:?} with HTTP {status}");
            }
        }
    }

    /// Only a certain refusal allows to send any operation again.
    #[test]
    fn only_the_gateway_with_a_listed_code_refuses_before_the_effect() {
        for status in STATUSES {
            let client_error = (400..500).contains(&status) && status != 408 && status != 499;
            for code in ["Throttling", "SlowDown", "Throttling.New", "TokenExpired"] {
                for idempotent in [false, true] {
                    assert_eq!(of(code, status, true, idempotent).before_effect, client_error, "{code}, {status}");
                    assert!(!of(code, status, false, idempotent).before_effect, "{code}, {status} without an id");
                }
            }
            for code in ["InvalidOne", "InvalidNew", "isv.LIMIT", "isv.NEW", "isp.NEW", "SystemError", "429", ""] {
                assert!(!of(code, status, true, false).before_effect, "{code}, {status}");
            }
        }
    }

    /// An operation that can be sent twice: every code is a refusal, except for failures of the service and for limits
    /// behind the gateway.
    #[test]
    fn a_code_that_nobody_lists_refuses_what_may_be_repeated() {
        for (code, status, refused) in [
            ("SystemError", 200, true),
            ("SystemError", 400, true),
            ("isv.NEW", 200, true),
            ("SystemError", 408, false),
            ("SystemError", 429, false),
            ("SystemError", 499, false),
            ("SystemError", 500, false),
            ("isp.NEW", 200, false),
            ("isv.CALL_FAIL", 200, false),
        ] {
            assert_eq!(of(code, status, true, true).refused, refused, "{code} with HTTP {status}");
        }
    }

    #[test]
    fn the_kind_is_that_of_the_code_and_else_that_of_the_status() {
        use RefusalKind::{Denied, NotFound, OutcomeUnknown, Quota, Throttled, Transient};
        for (code, status, kind) in [
            ("isv.LIMIT", 429, Some(Quota)),
            ("isv.LIMIT", 503, Some(Quota)),
            ("isv.CALL_FAIL", 500, Some(OutcomeUnknown)),
            ("InvalidOne", 403, None),
            ("InvalidOne", 408, Some(Transient)),
            ("InvalidNew", 403, Some(Denied)),
            ("Odd", 404, Some(NotFound)),
            ("Odd", 429, Some(Throttled)),
            ("Odd", 499, Some(Transient)),
            ("Odd", 500, Some(Transient)),
            ("Odd", 400, None),
            ("isp.NEW", 200, Some(Transient)),
        ] {
            assert_eq!(of(code, status, true, false).kind, kind, "{code} with HTTP {status}");
        }
        let slow = Stated { code: "Odd", status: 400, has_request_id: true, has_retry_after: true };
        assert_eq!(verdict(&SERVICE, slow, false).kind, Some(Throttled));
        assert!(!verdict(&SERVICE, slow, false).refused);
        for (code, kind) in
            [("isv.NEW", None), ("InvalidNew", None), ("isp.NEW", Some(Transient)), ("InvalidOne", None)]
        {
            for idempotent in [false, true] {
                assert_eq!(verdict(&SERVICE, Stated { code, ..slow }, idempotent).kind, kind, "{code}");
            }
        }
    }
}
