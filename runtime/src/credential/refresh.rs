//! Keeps credentials that expire, and refreshes them ahead of the expiration, one refresh at a time.

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

/// The credentials of a client: those of its provider, kept while they are valid.
///
/// No call depends on another one. A provider that is ready at once is polled within the call. A provider that waits
/// continues in a task of the call's own runtime, so that dropping the call does not end it, and a short time limit
/// does not end it for others. Calls of another runtime do not wait for that task, since it may never run again: they
/// ask the provider themselves. Calls wait only if they have no valid key.
pub(crate) struct Refresher(Arc<Shared>);

struct Shared {
    provider: Arc<dyn CredentialsProvider>,
    context: Context,
    /// Never locked across an await, nor while the provider runs.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    /// Refreshes in progress, at most one for each runtime. The result of a refresh that is no longer listed is not
    /// kept.
    refreshes: Vec<Refresh>,
    /// The number of the latest refresh.
    number: u64,
    /// The provider returned credentials without an expiration: it is called each time, and keeps them itself.
    permanent: bool,
}

type Outcome = Result<Credentials, CredentialsError>;

/// A refresh in progress.
#[derive(Clone)]
struct Refresh {
    number: u64,
    runtime: runtime::Id,
    /// Closed when the refresh or its runtime ends.
    outcome: watch::Receiver<Option<Outcome>>,
    /// It ends by itself before this time, unless its runtime did not run meanwhile: a current-thread runtime stops
    /// between two calls of `block_on`.
    deadline: Instant,
}

/// How a call gets credentials.
enum Next {
    /// It uses the kept ones.
    Use(Credentials),
    /// It calls the provider, which keeps them itself.
    Ask,
    Refresh {
        /// The kept credentials, if they are still valid.
        valid: Option<Credentials>,
        /// Whether the call waits for the refresh.
        wait: bool,
        refresh: Refresh,
        /// The refresh to start, if it is new.
        sender: Option<watch::Sender<Option<Outcome>>>,
    },
}

struct Kept {
    credentials: Credentials,
    /// From this time on a refresh is started, while calls use the kept credentials.
    early: SystemTime,
    /// From this time on calls wait for the refresh: the key could expire before a request arrives.
    late: SystemTime,
    expiration: SystemTime,
}

/// Longest time ahead of the expiration, as in Alibaba's clients.
const AHEAD: Duration = Duration::from_secs(15 * 60);
/// Longest time that a request needs to arrive.
const UNDERWAY: Duration = Duration::from_secs(10);
/// Longest delay after a refresh that failed while the key was valid. No call waits for it.
const PAUSE: Duration = Duration::from_secs(10);
/// Longest time for a provider. A command of a profile may take 60 seconds.
const LIMIT: Duration = Duration::from_secs(90);
/// Additional time for a busy runtime to notice.
const GRACE: Duration = Duration::from_secs(1);

impl Kept {
    /// Short sessions are refreshed in their last quarter. The time is spread over a fifth of that, so that machines
    /// that started together do not refresh together.
    fn new(credentials: Credentials, expiration: SystemTime, now: SystemTime, random: u128) -> Self {
        let lifetime = expiration.duration_since(now).unwrap_or_default();
        let ahead = AHEAD.min(lifetime / 4);
        let early = expiration - ahead + part(ahead / 5, random);
        Self { credentials, early, late: expiration - UNDERWAY.min(lifetime / 10), expiration }
    }
}

/// A random part of a duration.
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
            // A refresh that started before this call does not decide: it may have failed since its runtime did not
            // run.
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

    /// The service refused these credentials: the next call gets others.
    pub(crate) fn invalidate(&self, credentials: &Credentials) {
        let shared = &self.0;
        // Otherwise they were replaced meanwhile.
        let current = |state: &State| state.kept.as_ref().is_none_or(|kept| kept.credentials.is(credentials));
        if !current(&shared.state()) {
            return;
        }
        // First the provider: otherwise a call in between would get what it still keeps.
        shared.provider.invalidate(credentials);
        let mut state = shared.state();
        if current(&state) && state.kept.take().is_some() {
            // A refresh that started before may return the same key again.
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

    /// Calls the provider. A panic is an error, so that it ends only this attempt.
    async fn ask(&self) -> Outcome {
        // Inside the async block, since a provider may also panic before it returns a future.
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

    /// How a call gets credentials. A refresh that is not in progress on this runtime is listed at once, so that only
    /// one of many calls starts it.
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
        // Most providers are ready at once. The task is woken by its own waker, from its first poll on.
        if attempt.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())).is_pending() {
            tokio::spawn(attempt);
        }
    }

    /// Keeps the result of a refresh. A failure leaves the kept credentials unchanged.
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
                // An older refresh on another runtime must not replace this key by an older one.
                state.refreshes.retain(|refresh| refresh.number > number);
                state.keep(credentials, now, random);
            }
        }
    }
}

impl State {
    fn keep(&mut self, credentials: &Credentials, now: SystemTime, random: u128) {
        // A key that has expired on arrival is used once, since the local clock may be wrong.
        let kept = credentials.expiration().map(|time| Kept::new(credentials.clone(), time, now, random));
        self.permanent = kept.is_none();
        self.kept = kept;
    }
}

#[cfg(test)]
mod tests;
