//! Keeping credentials that expire: one refresh at a time, ahead of the expiration.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, SystemTime};

use tokio::runtime::{self, Handle};
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::{BoxFuture, HttpResponse};

/// The credentials of a client: what its provider gives, kept as long as it is good.
///
/// No call depends on another one. A provider that answers at once is asked within the call. One that waits goes on in
/// a task of the call's own runtime, so that a call that is dropped does not end it and a short timeout does not cut it
/// short for the others. Calls of another runtime do not wait for that task, since it may never be run again: they ask
/// for themselves. Calls wait only when they have no valid key.
pub(crate) struct Refresher(Arc<Shared>);

struct Shared {
    provider: Arc<dyn CredentialsProvider>,
    context: Context,
    /// Never held across an await, nor while the provider runs.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    /// Under way, at most one for each runtime. What is not listed here any more is not kept when it ends.
    refreshes: Vec<Refresh>,
    /// Of the refresh that was begun last.
    number: u64,
    /// The provider gave credentials without an expiration: it is asked each time, and keeps them itself.
    permanent: bool,
}

type Outcome = Result<Credentials, CredentialsError>;

/// A refresh under way.
#[derive(Clone)]
struct Refresh {
    number: u64,
    runtime: runtime::Id,
    /// Closed once the refresh ended, or its runtime did.
    outcome: watch::Receiver<Option<Outcome>>,
    /// Until then it ends by itself, unless its runtime was not run in the meantime: a runtime of a single thread stands
    /// still between two calls of `block_on`.
    deadline: Instant,
}

/// What a call does for credentials.
enum Next {
    /// It uses what is kept.
    Use(Credentials),
    /// It asks the provider, which keeps them itself.
    Ask,
    Refresh {
        /// What is kept and still good.
        valid: Option<Credentials>,
        /// Whether the call waits for the refresh.
        wait: bool,
        refresh: Refresh,
        /// If the refresh is new: the call begins it.
        sender: Option<watch::Sender<Option<Outcome>>>,
    },
}

struct Kept {
    credentials: Credentials,
    /// From then on a refresh is begun, while calls go on with what is kept.
    early: SystemTime,
    /// From then on calls wait for the refresh: a request on its way would arrive too late.
    late: SystemTime,
    expiration: SystemTime,
}

/// Longest time ahead of the expiration, as Alibaba's clients have it.
const AHEAD: Duration = Duration::from_secs(15 * 60);
/// Longest time that a request may take to arrive.
const UNDERWAY: Duration = Duration::from_secs(10);
/// Longest pause after a refresh that failed while the key was good: no call is kept waiting by it.
const PAUSE: Duration = Duration::from_secs(10);
/// Longest time that a provider may take. A command of a profile may take 60 seconds.
const LIMIT: Duration = Duration::from_secs(90);
/// What a busy runtime may take on top to notice.
const GRACE: Duration = Duration::from_secs(1);

impl Kept {
    /// Short sessions are refreshed in their last quarter. The moment is spread over a fifth of that time, so that
    /// machines that began together do not come back together.
    fn new(credentials: Credentials, expiration: SystemTime, now: SystemTime, random: u128) -> Self {
        let lifetime = expiration.duration_since(now).unwrap_or_default();
        let ahead = AHEAD.min(lifetime / 4);
        let early = expiration - ahead + part(ahead / 5, random);
        Self { credentials, early, late: expiration - UNDERWAY.min(lifetime / 10), expiration }
    }
}

/// A random part of a time.
fn part(whole: Duration, random: u128) -> Duration {
    let nanoseconds = random % whole.as_nanos().max(1);
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or_default())
}

impl Refresher {
    pub(crate) fn new(provider: Arc<dyn CredentialsProvider>, context: Context) -> Self {
        Self(Arc::new(Shared { provider, context, state: Mutex::default() }))
    }

    /// The credentials to sign the next request with.
    pub(crate) async fn credentials(&self) -> Outcome {
        let shared = &self.0;
        let mut joined = false;
        loop {
            let (valid, wait, refresh, sender) = match shared.next() {
                Next::Use(credentials) => return Ok(credentials),
                Next::Ask => return shared.ask_again().await,
                Next::Refresh { valid, wait, refresh, sender } => (valid, wait, refresh, sender),
            };
            let own = sender.is_some();
            if let Some(sender) = sender {
                shared.begin(refresh.number, sender);
            }
            let outcome = match valid {
                Some(credentials) if !wait => return Ok(credentials),
                Some(credentials) => return refresh.outcome().await.or(Ok(credentials)),
                None => refresh.outcome().await,
            };
            // One that began before this call does not decide: it may have failed since its runtime stood still.
            if outcome.is_ok() || own || joined {
                return outcome;
            }
            joined = true;
        }
    }

    /// Invalidates credentials if the response refuses the credentials themselves.
    pub(crate) fn invalidate_if_refused(&self, credentials: &Credentials, answer: &HttpResponse) {
        const CODES: [&[u8]; 3] = [b"InvalidSecurityToken", b"MissingSecurityToken", b"InvalidAccessKeyId"];
        let says = |code: &[u8]| answer.body.windows(code.len()).any(|window| window == code);
        if (400..500).contains(&answer.status) && CODES.into_iter().any(says) {
            self.invalidate(credentials);
        }
    }

    /// The service refused these credentials: the next call asks for others.
    pub(crate) fn invalidate(&self, credentials: &Credentials) {
        let shared = &self.0;
        // Otherwise they were replaced meanwhile.
        let current = |state: &State| state.kept.as_ref().is_none_or(|kept| kept.credentials.is(credentials));
        if !current(&shared.state()) {
            return;
        }
        // First, or a call in between would get from the provider what it still keeps.
        shared.provider.invalidate(credentials);
        let mut state = shared.state();
        if current(&state) && state.kept.take().is_some() {
            // What began before may bring the same key again.
            state.refreshes.clear();
        }
    }
}

impl Refresh {
    async fn outcome(mut self) -> Outcome {
        let ended = tokio::time::timeout_at(self.deadline, self.outcome.wait_for(Option::is_some)).await;
        let outcome = ended.ok().and_then(Result::ok).and_then(|outcome| outcome.clone());
        outcome.unwrap_or_else(|| Err(CredentialsError::new("the runtime of the refresh is being shut down")))
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the provider. Its panic is an error, so that it ends no task but this attempt.
    async fn ask(&self) -> Outcome {
        // Within it, since a provider may also panic before it has a future.
        let mut asked = pin!(async { self.provider.credentials(&self.context).await });
        poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| asked.as_mut().poll(context)));
            polled
                .unwrap_or_else(|_| Poll::Ready(Err(CredentialsError::new("the provider of the credentials panicked"))))
        })
        .await
    }

    async fn ask_again(&self) -> Outcome {
        let outcome = self.ask().await;
        if let Ok(credentials) = &outcome
            && credentials.expiration().is_some()
        {
            let now = self.context.now();
            let random = self.context.random();
            self.state().keep(credentials, now, random);
        }
        outcome
    }

    /// What a call does for credentials. A refresh that is not under way yet on this runtime is listed at once, so that
    /// one call of many begins it.
    fn next(&self) -> Next {
        let now = self.context.now();
        let mut state = self.state();
        let (valid, wait) = match state.kept.as_ref().filter(|kept| now < kept.expiration) {
            Some(kept) if now < kept.early => return Next::Use(kept.credentials.clone()),
            Some(kept) => (Some(kept.credentials.clone()), now >= kept.late),
            None if state.permanent => return Next::Ask,
            None => (None, true),
        };
        let (now, runtime) = (Instant::now(), Handle::current().id());
        state.refreshes.retain(|refresh| refresh.outcome.has_changed().is_ok() && now < refresh.deadline);
        if let Some(refresh) = state.refreshes.iter().find(|refresh| refresh.runtime == runtime) {
            return Next::Refresh { valid, wait, refresh: refresh.clone(), sender: None };
        }
        let (sender, outcome) = watch::channel(None);
        state.number += 1;
        let refresh = Refresh { number: state.number, runtime, outcome, deadline: now + LIMIT + GRACE };
        state.refreshes.push(refresh.clone());
        Next::Refresh { valid, wait, refresh, sender: Some(sender) }
    }

    fn begin(self: &Arc<Self>, number: u64, sender: watch::Sender<Option<Outcome>>) {
        let shared = Arc::clone(self);
        let mut attempt: BoxFuture<'static, ()> = Box::pin(async move {
            let asked = tokio::time::timeout(LIMIT, shared.ask()).await;
            let outcome =
                asked.unwrap_or_else(|_| Err(CredentialsError::new(format!("no credentials within {LIMIT:?}"))));
            shared.settle(number, &outcome);
            sender.send_replace(Some(outcome));
        });
        // Most providers answer at once. The task is woken by its own waker, which its first poll hands out.
        if attempt.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())).is_pending() {
            tokio::spawn(attempt);
        }
    }

    /// Keeps what a refresh brought. A failure leaves what is kept, and is not kept itself.
    fn settle(&self, number: u64, outcome: &Outcome) {
        let now = self.context.now();
        let random = self.context.random();
        let mut state = self.state();
        let Some(index) = state.refreshes.iter().position(|refresh| refresh.number == number) else { return };
        state.refreshes.swap_remove(index);
        match outcome {
            Err(_) => {
                if let Some(kept) = &mut state.kept {
                    kept.early = now + part(PAUSE, random);
                }
            }
            Ok(credentials) => {
                // An older one on another runtime must not put an older key in the place of this one.
                state.refreshes.retain(|refresh| refresh.number > number);
                state.keep(credentials, now, random);
            }
        }
    }
}

impl State {
    fn keep(&mut self, credentials: &Credentials, now: SystemTime, random: u128) {
        // What has expired on arrival is used once, since it may be the clock here that is wrong.
        let kept = credentials.expiration().map(|time| Kept::new(credentials.clone(), time, now, random));
        self.permanent = kept.is_none();
        self.kept = kept;
    }
}

#[cfg(test)]
mod tests;
