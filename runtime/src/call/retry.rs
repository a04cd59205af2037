//! Whether a failed attempt is retried, and when.
//!
//! A request that reaches a person is retried only if it was certainly not sent, or if the gateway certainly refused it
//! before it passed it on. Other requests are retried after an unknown outcome only if sending the operation twice does
//! no harm.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aliyun_protocol::RefusalKind;

use crate::error::{Error, ErrorKind, Sent};

/// The number of attempts of a call, and the back-off between them.
///
/// Which failures are retried is not a setting: any operation is retried if nothing was sent or the gateway throttled
/// it; after other temporary failures, only an operation that can be sent twice without harm. A back-off is random,
/// between zero and a ceiling that doubles with each attempt. If the service says how long to wait, the back-off is at
/// least that. All attempts and back-offs share the time limit of the call. A client whose calls keep failing stops
/// retrying until some succeed.
///
/// ```
/// use std::time::Duration;
/// use aliyun_runtime::Retries;
///
/// let patient = Retries::new().attempts(5).attempt_timeout(Duration::from_secs(2));
/// # let _ = patient;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    attempts: u32,
    attempt_timeout: Option<Duration>,
    first: Duration,
    most: Duration,
}

impl Retries {
    /// 3 attempts in all; ceilings of the back-off from 100 ms to 20 s; no time limit for an attempt but that of the
    /// call.
    #[must_use]
    pub const fn new() -> Self {
        Self { attempts: 3, attempt_timeout: None, first: Duration::from_millis(100), most: Duration::from_secs(20) }
    }

    /// One attempt.
    #[must_use]
    pub const fn never() -> Self {
        Self::new().attempts(1)
    }

    /// Maximum number of attempts of one call, the first one included; 0 counts as 1.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// Time limit for one attempt, from credentials to response, without the time in which it waits in a queue. An
    /// attempt that was sent and reaches this limit may have been received: it is then retried only if sending the
    /// operation twice does no harm.
    #[must_use]
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Ceiling of the back-off before the second attempt, which doubles with each further attempt, and the highest
    /// ceiling. After throttling it is five times as high.
    #[must_use]
    pub const fn back_off(mut self, first: Duration, most: Duration) -> Self {
        self.first = first;
        self.most = most;
        self
    }

    pub(crate) const fn time_of_attempt(self) -> Option<Duration> {
        self.attempt_timeout
    }

    /// The back-off after this number of attempts. `random` is uniformly distributed.
    fn pause(self, attempts: u32, throttled: bool, random: u64) -> Duration {
        let factor = 2_u32.checked_pow(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = if throttled { factor.saturating_mul(5) } else { factor };
        let ceiling = self.first.saturating_mul(factor).min(self.most);
        // A ceiling above 584 years is cut to 584 years.
        let nanoseconds = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
        let drawn = (u128::from(nanoseconds) * u128::from(random)) >> u64::BITS;
        Duration::from_nanos(u64::try_from(drawn).unwrap_or(u64::MAX))
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self::new()
    }
}

/// The facts of a failed attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failed {
    pub(crate) kind: ErrorKind,
    pub(crate) refusal: Option<RefusalKind>,
    /// Whether the gateway refused before it passed the request on: see [`crate::error::Verdict`].
    pub(crate) before_effect: bool,
    pub(crate) sent: Sent,
    pub(crate) status: Option<u16>,
    /// Whether the response ended early or was empty.
    pub(crate) broken: bool,
    /// Number of attempts so far.
    pub(crate) attempts: u32,
    /// Time left for the call.
    pub(crate) left: Duration,
    /// How long the attempt took.
    pub(crate) took: Duration,
    /// How long the service asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Whether this call has already replaced expired credentials.
    pub(crate) refreshed: bool,
}

impl Failed {
    /// The facts that the error of an attempt has. The call adds the rest.
    pub(crate) fn of(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            refusal: error.refusal(),
            before_effect: error.is_before_effect(),
            sent: error.sent(),
            status: error.http_status(),
            broken: error.is_broken(),
            attempts: 0,
            left: Duration::ZERO,
            took: Duration::ZERO,
            retry_after: error.retry_after(),
            refreshed: false,
        }
    }
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another attempt after this back-off.
    Again(Duration),
    /// Another attempt at once, with other credentials.
    Refresh,
    /// No retry: the failure is permanent, or a retry could do harm.
    Final,
    /// No retry: all attempts are used.
    Attempts,
    /// No retry: this back-off is longer than the time left.
    Time(Duration),
}

/// What a failure means for another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing was sent, or the gateway refused the request before anything was done.
    NothingDone { throttled: bool },
    /// The gateway refused the request before anything was done, because the credentials have expired.
    Expired,
    /// The failure is temporary, and something may have been done.
    Unknown { throttled: bool },
    /// The failure is permanent.
    Lasting,
}

fn outcome(failed: &Failed) -> Outcome {
    match (failed.kind, failed.refusal) {
        (ErrorKind::Transport | ErrorKind::Timeout, _) if failed.sent == Sent::No => {
            Outcome::NothingDone { throttled: false }
        }
        (ErrorKind::Transport | ErrorKind::Timeout, _) => Outcome::Unknown { throttled: false },
        (ErrorKind::Service, Some(RefusalKind::Throttled)) if failed.before_effect => {
            Outcome::NothingDone { throttled: true }
        }
        (ErrorKind::Service, Some(RefusalKind::Expired)) if failed.before_effect => Outcome::Expired,
        // The nonces of a client are random: a used nonce means that somebody on the way sent the same bytes twice, and
        // the outcome of the first copy is not known.
        (ErrorKind::Service, Some(RefusalKind::Transient | RefusalKind::Replayed)) => {
            Outcome::Unknown { throttled: false }
        }
        (ErrorKind::Service | ErrorKind::Response, Some(RefusalKind::Throttled)) => {
            Outcome::Unknown { throttled: true }
        }
        (ErrorKind::Response, _) if failed.broken => Outcome::Unknown { throttled: false },
        // This may be a proxy's response: the proxy may have given up before the service received the request, or
        // after.
        (ErrorKind::Response, _) if failed.status.is_some_and(|status| status >= 500 || status == 408) => {
            Outcome::Unknown { throttled: false }
        }
        _ => Outcome::Lasting,
    }
}

/// What follows a failed attempt. `idempotent` says whether the operation can be sent twice without harm; `random` is
/// uniformly distributed.
pub(crate) fn next(failed: &Failed, idempotent: bool, retries: Retries, random: u64) -> Next {
    let throttled = match outcome(failed) {
        Outcome::Lasting => return Next::Final,
        Outcome::Unknown { .. } if !idempotent => return Next::Final,
        Outcome::Expired if failed.refreshed => return Next::Final,
        Outcome::Expired if failed.attempts >= retries.attempts => return Next::Attempts,
        Outcome::Expired => return Next::Refresh,
        Outcome::NothingDone { throttled } | Outcome::Unknown { throttled } => throttled,
    };
    if failed.attempts >= retries.attempts {
        return Next::Attempts;
    }
    let jitter = retries.pause(failed.attempts, throttled, random);
    // Clients that were given the same time do not all return at the same moment.
    let pause = failed.retry_after.map_or(jitter, |after| after.saturating_add(jitter.min(after / 10)));
    // A custom transport need not know when a request is sent. If the call ended while such a transport still connects,
    // it would be unknown whether the request was sent, which is certain now. So the retry needs as much time as this
    // attempt took.
    let connecting = failed.kind == ErrorKind::Transport && !idempotent;
    let needed = pause.saturating_add(if connecting { failed.took } else { Duration::ZERO });
    if needed >= failed.left { Next::Time(failed.retry_after.unwrap_or(pause)) } else { Next::Again(pause) }
}

/// The budget that the calls of a client have for retries, so that retries do not overload a failing service.
///
/// A retry costs 5, or 10 if there was no response. A successful retry gives its cost back, any other success 1.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

impl Budget {
    const FULL: u32 = 500;

    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }

    /// The cost of retrying a failure.
    pub(crate) const fn cost(kind: ErrorKind) -> u32 {
        if matches!(kind, ErrorKind::Transport | ErrorKind::Timeout) { 10 } else { 5 }
    }

    /// Takes the cost out of the budget, if the budget has it.
    pub(crate) fn spend(&self, cost: u32) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }

    /// Gives back the cost of the last retry, or 1 if there was none.
    pub(crate) fn earn(&self, spent: u32) {
        if self.0.load(Ordering::Relaxed) < Self::FULL {
            let more = |left: u32| Some(left.saturating_add(spent.max(1)).min(Self::FULL));
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

#[cfg(test)]
mod tests;
