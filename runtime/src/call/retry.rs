//! Whether a failed attempt is followed by another, and when.
//!
//! Nothing that dials a phone is repeated unless it surely was not sent, or the gateway surely refused it before it was
//! handed on. Everything else may be repeated only where the operation may be repeated without harm.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aliyun_protocol::RefusalKind;

use crate::error::{Error, ErrorKind, Sent};

/// How often a call is attempted, and with what pauses.
///
/// Whether a failure may be answered by another attempt is not settable: any operation is repeated where nothing was
/// sent or the gateway throttled it, and after other failures that may pass only those that may be repeated without
/// harm. Pauses are drawn at random between nothing and a ceiling that doubles from attempt to attempt; where the
/// service says how long to wait, at least so long. All attempts and pauses share the time of the call, and clients
/// whose calls fail again and again stop repeating until some succeed.
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
    /// 3 attempts in all; ceilings of pauses from 100 ms to 20 s; an attempt may take as long as the call.
    #[must_use]
    pub const fn new() -> Self {
        Self { attempts: 3, attempt_timeout: None, first: Duration::from_millis(100), most: Duration::from_secs(20) }
    }

    /// One attempt.
    #[must_use]
    pub const fn never() -> Self {
        Self::new().attempts(1)
    }

    /// The most attempts of one call, the first included; 0 counts as 1.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// How long one attempt may take, from credentials to answer, without the time in which it waits for its turn. One
    /// that ends so after it was sent may have been received: then only operations that may be repeated without harm are
    /// repeated.
    #[must_use]
    pub const fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// The ceiling of the pause before the second attempt, which doubles with every further one, and the highest.
    /// After throttling it is five times as high.
    #[must_use]
    pub const fn back_off(mut self, first: Duration, most: Duration) -> Self {
        self.first = first;
        self.most = most;
        self
    }

    pub(crate) const fn time_of_attempt(self) -> Option<Duration> {
        self.attempt_timeout
    }

    /// A pause after so many attempts: `random` is spread evenly over all numbers.
    fn pause(self, attempts: u32, throttled: bool, random: u64) -> Duration {
        let factor = 2_u32.checked_pow(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
        let factor = if throttled { factor.saturating_mul(5) } else { factor };
        let ceiling = self.first.saturating_mul(factor).min(self.most);
        // 584 years and more are one and the same pause.
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

/// What is known of a failed attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failed {
    pub(crate) kind: ErrorKind,
    pub(crate) refusal: Option<RefusalKind>,
    /// Whether the gateway refused before it passed the request on: see [`crate::error::Verdict`].
    pub(crate) before_effect: bool,
    pub(crate) sent: Sent,
    pub(crate) status: Option<u16>,
    /// Whether the answer broke off or was empty.
    pub(crate) broken: bool,
    /// Attempts so far.
    pub(crate) attempts: u32,
    /// Time that is left of the call.
    pub(crate) left: Duration,
    /// How long the attempt took.
    pub(crate) took: Duration,
    /// How long the service asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// Whether credentials that had expired were already fetched anew in this call.
    pub(crate) refreshed: bool,
}

impl Failed {
    /// What the error of an attempt says. The rest is known to the call.
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
    /// Another attempt after this pause.
    Again(Duration),
    /// Another attempt at once, with other credentials.
    Refresh,
    /// Nothing: the failure would not pass, or a repetition could do harm.
    Final,
    /// Nothing: there were enough attempts.
    Attempts,
    /// Nothing: this pause does not fit into the time that is left.
    Time(Duration),
}

/// What a failure means for another attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Nothing was sent, or the gateway refused before anything was done.
    NothingDone { throttled: bool },
    /// Refused before anything was done, because the credentials are past their end.
    Expired,
    /// It may pass, and something may have been done.
    Unknown { throttled: bool },
    /// It would not pass.
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
        // The random nonces of a client do not repeat: one that was used is the sign that somebody on the way sent the
        // same bytes twice, and what became of the first is not known.
        (ErrorKind::Service, Some(RefusalKind::Transient | RefusalKind::Replayed)) => {
            Outcome::Unknown { throttled: false }
        }
        (ErrorKind::Service | ErrorKind::Response, Some(RefusalKind::Throttled)) => {
            Outcome::Unknown { throttled: true }
        }
        (ErrorKind::Response, _) if failed.broken => Outcome::Unknown { throttled: false },
        // A proxy's word: it may have given up before the service or after it.
        (ErrorKind::Response, _) if failed.status.is_some_and(|status| status >= 500 || status == 408) => {
            Outcome::Unknown { throttled: false }
        }
        _ => Outcome::Lasting,
    }
}

/// What follows a failed attempt of an operation that may be repeated without harm, or must not. `random` is spread
/// evenly over all numbers.
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
    // Those that were told the same time do not all come back at the same moment.
    let pause = failed.retry_after.map_or(jitter, |after| after.saturating_add(jitter.min(after / 10)));
    // A transport need not know when a request leaves. With such a one, an attempt that ends with the call while it still
    // connects would leave open whether it was sent, which is plain now: it needs as much time as this one took.
    let connecting = failed.kind == ErrorKind::Transport && !idempotent;
    let needed = pause.saturating_add(if connecting { failed.took } else { Duration::ZERO });
    if needed >= failed.left { Next::Time(failed.retry_after.unwrap_or(pause)) } else { Next::Again(pause) }
}

/// What the calls of a client may spend on repetitions: a service that is down is not made to fall deeper.
///
/// A repetition costs 5, after no answer 10; the success of a repetition gives its cost back, every other success 1.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

impl Budget {
    const FULL: u32 = 500;

    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }

    /// What the repetition of a failure costs.
    pub(crate) const fn cost(kind: ErrorKind) -> u32 {
        if matches!(kind, ErrorKind::Transport | ErrorKind::Timeout) { 10 } else { 5 }
    }

    /// Takes the cost out, if it is there.
    pub(crate) fn spend(&self, cost: u32) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(cost)).is_ok()
    }

    /// Gives back what the last repetition cost, or 1 where there was none.
    pub(crate) fn earn(&self, spent: u32) {
        if self.0.load(Ordering::Relaxed) < Self::FULL {
            let more = |left: u32| Some(left.saturating_add(spent.max(1)).min(Self::FULL));
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }
}

#[cfg(test)]
mod tests;
