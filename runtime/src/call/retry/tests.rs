use super::*;

const LEFT: Duration = Duration::from_secs(10);

fn failed(kind: ErrorKind, sent: Sent) -> Failed {
    Failed {
        kind,
        refusal: None,
        before_effect: false,
        sent,
        status: None,
        broken: false,
        attempts: 1,
        left: LEFT,
        took: Duration::from_secs(1),
        retry_after: None,
        refreshed: false,
    }
}

fn refused(refusal: RefusalKind, status: u16, before_effect: bool) -> Failed {
    let failed = failed(ErrorKind::Service, Sent::Yes);
    Failed { refusal: Some(refusal), status: Some(status), before_effect, ..failed }
}

fn answered(status: u16) -> Failed {
    Failed { status: Some(status), ..failed(ErrorKind::Response, Sent::Maybe) }
}

/// Each failure, whether a call that must not be repeated is, and whether one that may be repeated is.
#[test]
fn only_a_request_without_effect_is_retried_for_every_operation() {
    use ErrorKind::{Configuration, Credentials, Paging, Request, Response, Service, Timeout, Transport};
    use RefusalKind::{Denied, Expired, NotFound, Quota, Replayed, Throttled, Transient};
    let cases = [
        ("not connected", failed(Transport, Sent::No), true, true),
        ("reset after sending", failed(Transport, Sent::Maybe), false, true),
        ("timed out before sending", failed(Timeout, Sent::No), true, true),
        ("timed out after sending", failed(Timeout, Sent::Maybe), false, true),
        ("throttled by the gateway", refused(Throttled, 400, true), true, true),
        ("throttled with 429", refused(Throttled, 429, true), true, true),
        ("429 of a code that nobody listed", refused(Throttled, 429, false), false, true),
        ("429 of a proxy", Failed { refusal: Some(Throttled), ..answered(429) }, false, true),
        ("throttled with 503", refused(Throttled, 503, false), false, true),
        ("throttled behind the gateway", refused(Throttled, 200, false), false, true),
        ("a nonce that was used", refused(Replayed, 400, true), false, true),
        ("a failure of the service", refused(Transient, 500, false), false, true),
        ("a failure of the platform at HTTP 200", refused(Transient, 200, false), false, true),
        ("503 with a code", refused(Transient, 503, false), false, true),
        ("502 of a proxy", answered(502), false, true),
        ("408 of a proxy", answered(408), false, true),
        ("an answer that broke off", Failed { broken: true, ..answered(200) }, false, true),
        ("a page that is no answer", answered(200), false, false),
        ("a redirect", answered(302), false, false),
        ("404 of a proxy", answered(404), false, false),
        ("too many calls to a number", refused(Quota, 400, true), false, false),
        ("too many calls to a number, with 429", refused(Quota, 429, true), false, false),
        ("denied", refused(Denied, 403, true), false, false),
        ("not found", refused(NotFound, 404, true), false, false),
        ("refused for another reason", failed(Service, Sent::Yes), false, false),
        ("an expired token that somebody else speaks of", refused(Expired, 200, false), false, false),
        ("no credentials", failed(Credentials, Sent::No), false, false),
        ("not to be written", failed(Request, Sent::No), false, false),
        ("not set up", failed(Configuration, Sent::No), false, false),
        ("pages that do not move on", failed(Paging, Sent::Yes), false, false),
        ("an answer that does not fit", failed(Response, Sent::Yes), false, false),
    ];
    for (case, failed, once, idempotent) in cases {
        for (may, repeated) in [(false, once), (true, idempotent)] {
            let next = next(&failed, may, Retries::new(), 0);
            let expected = if repeated { Next::Again(Duration::ZERO) } else { Next::Final };
            assert_eq!(next, expected, "{case}, idempotent: {may}");
        }
    }
}

#[test]
fn attempts_and_time_limit_every_retry() {
    let throttled = refused(RefusalKind::Throttled, 400, true);
    let after = |attempts, retries| next(&Failed { attempts, ..throttled }, false, retries, 0);
    assert_eq!(after(2, Retries::new()), Next::Again(Duration::ZERO));
    assert_eq!(after(3, Retries::new()), Next::Attempts);
    assert_eq!(after(1, Retries::never()), Next::Attempts);
    assert_eq!(after(1, Retries::new().attempts(0)), Next::Attempts);
    assert_eq!(
        next(&Failed { left: Duration::ZERO, ..throttled }, false, Retries::new(), 0),
        Next::Time(Duration::ZERO)
    );
}

#[test]
fn a_call_that_was_not_sent_stays_one_that_was_not_sent() {
    let slow =
        Failed { took: Duration::from_secs(5), left: Duration::from_secs(5), ..failed(ErrorKind::Transport, Sent::No) };
    assert_eq!(next(&slow, false, Retries::new(), 0), Next::Time(Duration::ZERO));
    assert_eq!(next(&slow, true, Retries::new(), 0), Next::Again(Duration::ZERO));
    assert_eq!(
        next(&Failed { took: Duration::from_secs(4), ..slow }, false, Retries::new(), 0),
        Next::Again(Duration::ZERO)
    );
}

#[test]
fn expired_credentials_are_fetched_once() {
    let expired = refused(RefusalKind::Expired, 400, true);
    assert_eq!(next(&expired, false, Retries::new(), 0), Next::Refresh);
    assert_eq!(next(&expired, false, Retries::never(), 0), Next::Attempts);
    assert_eq!(next(&Failed { refreshed: true, ..expired }, false, Retries::new(), 0), Next::Final);
}

#[test]
fn a_wait_that_the_service_asks_for_is_kept_or_named() {
    let throttled = refused(RefusalKind::Throttled, 400, true);
    let told = |seconds| Failed { retry_after: Some(Duration::from_secs(seconds)), ..throttled };
    assert_eq!(next(&told(5), false, Retries::new(), 0), Next::Again(Duration::from_secs(5)));
    // A tenth at most comes on top.
    let Next::Again(longest) = next(&told(5), false, Retries::new(), u64::MAX) else { panic!("given up") };
    assert!(longest > Duration::from_millis(5_490) && longest <= Duration::from_millis(5_500), "{longest:?}");
    assert_eq!(next(&told(10), false, Retries::new(), 0), Next::Time(Duration::from_secs(10)));
    assert_eq!(next(&told(u64::MAX), false, Retries::new(), 1), Next::Time(Duration::from_secs(u64::MAX)));
}

#[test]
fn back_offs_are_random_below_a_ceiling_that_doubles() {
    let retries = Retries::new();
    let ceilings = |throttled| -> Vec<u128> {
        [1, 2, 3, 9, 99].map(|attempts| retries.pause(attempts, throttled, u64::MAX).as_millis() + 1).into()
    };
    assert_eq!(ceilings(false), [100, 200, 400, 20_000, 20_000]);
    assert_eq!(ceilings(true), [500, 1000, 2000, 20_000, 20_000]);
    assert_eq!(retries.pause(1, false, u64::MAX / 2).as_millis() + 1, 50);
    assert_eq!(retries.pause(1, false, 0), Duration::ZERO);
    let endless = retries.back_off(Duration::MAX, Duration::MAX);
    assert_eq!(endless.pause(u32::MAX, true, u64::MAX), Duration::from_nanos(u64::MAX - 1));
}

#[test]
fn a_budget_that_is_spent_fills_up_with_successes() {
    let budget = Budget::new();
    let mut repetitions = 0;
    while budget.spend(Budget::cost(ErrorKind::Transport)) {
        repetitions += 1;
    }
    assert_eq!(repetitions, 50);
    assert!(!budget.spend(Budget::cost(ErrorKind::Service)));
    for _ in 0..5 {
        budget.earn(0);
    }
    assert!(budget.spend(5) && !budget.spend(5));
    for _ in 0..200 {
        budget.earn(10);
    }
    assert_eq!(budget.0.into_inner(), Budget::FULL);
}
