//! Keeping credentials that expire: one refresh at a time, ahead of the expiration.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::Instant;

use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::HttpAnswer;

/// The credentials of a client: what its provider gives, kept as long as it is good.
///
/// A refresh is a task of its own. So no call that is dropped takes it along, and a call with a short timeout does not
/// cut it short for the calls behind it. Calls wait for it only when they have no valid key.
pub(crate) struct Refresher(Arc<Shared>);

struct Shared {
    provider: Arc<dyn CredentialsProvider>,
    context: Context,
    /// Never held across an await.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    refresh: Option<Refresh>,
    /// The provider gave credentials without an expiration: it is asked each time, and keeps them itself.
    permanent: bool,
}

type Outcome = Result<Credentials, CredentialsError>;

/// A refresh under way.
#[derive(Clone)]
struct Refresh {
    /// Closed once the refresh ended, or its runtime did.
    outcome: watch::Receiver<Option<Outcome>>,
    /// Until then it ends by itself. One that does not is on a runtime that nobody drives, such as one of a single thread
    /// between two calls of `block_on`, and it is no use to wait for it on another.
    deadline: Instant,
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
        let mut still_valid = None;
        let permanent = {
            let now = shared.context.now();
            let mut state = shared.state();
            if let Some(kept) = state.kept.as_ref().filter(|kept| now < kept.expiration) {
                let credentials = kept.credentials.clone();
                if now < kept.late {
                    if now >= kept.early {
                        shared.refresh(&mut state);
                    }
                    return Ok(credentials);
                }
                still_valid = Some(credentials);
            }
            state.permanent
        };
        let outcome = if permanent { shared.ask_again().await } else { shared.wait().await };
        outcome.or_else(|error| still_valid.ok_or(error))
    }

    /// Whether an answer refuses the credentials themselves: then the next call asks for others.
    pub(crate) fn learn(&self, credentials: &Credentials, answer: &HttpAnswer) {
        const CODES: [&[u8]; 2] = [b"InvalidSecurityToken", b"InvalidAccessKeyId"];
        let says = |code: &[u8]| answer.body.windows(code.len()).any(|window| window == code);
        if (400..500).contains(&answer.status) && CODES.into_iter().any(says) {
            self.refused(credentials);
        }
    }

    /// The service refused these credentials: the next call asks for others.
    pub(crate) fn refused(&self, credentials: &Credentials) {
        {
            let mut state = self.0.state();
            match &state.kept {
                // They were replaced meanwhile.
                Some(kept) if !kept.credentials.is(credentials) => return,
                _ => state.kept = None,
            }
        }
        self.0.provider.refused(credentials);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask_again(&self) -> Outcome {
        let outcome = self.provider.credentials(&self.context).await;
        if outcome.as_ref().is_ok_and(|credentials| credentials.expiration().is_some()) {
            self.settle(&outcome);
        }
        outcome
    }

    /// What the refresh brings, be it under way or new.
    async fn wait(self: &Arc<Self>) -> Outcome {
        loop {
            let (mut refresh, own) = self.refresh(&mut self.state());
            let ended = tokio::time::timeout_at(refresh.deadline, refresh.outcome.wait_for(Option::is_some)).await;
            if let Ok(Ok(outcome)) = ended
                && let Some(outcome) = &*outcome
            {
                return outcome.clone();
            }
            // One that another call began ended with the runtime of that call.
            if own {
                return Err(CredentialsError::new(
                    "the provider of the credentials panicked, or its runtime is being shut down",
                ));
            }
        }
    }

    /// The refresh under way, or else a new one, and whether it is new.
    fn refresh(self: &Arc<Self>, state: &mut State) -> (Refresh, bool) {
        let now = Instant::now();
        let under_way = |refresh: &&Refresh| refresh.outcome.has_changed().is_ok() && now < refresh.deadline;
        if let Some(refresh) = state.refresh.as_ref().filter(under_way) {
            return (refresh.clone(), false);
        }
        let (sender, outcome) = watch::channel(None);
        let refresh = Refresh { outcome, deadline: now + LIMIT + GRACE };
        state.refresh = Some(refresh.clone());
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let asked = tokio::time::timeout(LIMIT, shared.provider.credentials(&shared.context)).await;
            let outcome =
                asked.unwrap_or_else(|_| Err(CredentialsError::new(format!("no credentials within {LIMIT:?}"))));
            shared.settle(&outcome);
            sender.send_replace(Some(outcome));
        });
        (refresh, true)
    }

    /// Keeps what came. A failure leaves what is kept, and is not kept itself.
    fn settle(&self, outcome: &Outcome) {
        let now = self.context.now();
        let random = self.context.random();
        let mut state = self.state();
        state.refresh = None;
        match outcome {
            Err(_) => {
                if let Some(kept) = &mut state.kept {
                    kept.early = now + part(PAUSE, random);
                }
            }
            Ok(credentials) => match credentials.expiration() {
                None => {
                    state.permanent = true;
                    state.kept = None;
                }
                // What has expired on arrival is used once, since it may be the clock here that is wrong.
                Some(expiration) => {
                    state.permanent = false;
                    state.kept = Some(Kept::new(credentials.clone(), expiration, now, random));
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use tokio::time::{advance, timeout};

    use super::super::testing::{StandIn, clock};
    use super::*;
    use crate::transport::BoxFuture;

    type Answer = dyn Fn(usize) -> Outcome + Send + Sync;

    /// Gives what its script says for each time it is asked, after a time.
    struct Scripted {
        asked: AtomicUsize,
        refused: AtomicUsize,
        takes: fn(usize) -> Duration,
        answer: Box<Answer>,
    }

    impl CredentialsProvider for Scripted {
        fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Outcome> {
            let turn = self.asked.fetch_add(1, SeqCst);
            Box::pin(async move {
                tokio::time::sleep((self.takes)(turn)).await;
                (self.answer)(turn)
            })
        }

        fn refused(&self, _: &Credentials) {
            self.refused.fetch_add(1, SeqCst);
        }
    }

    /// The key `testid<turn>`, good for this long.
    #[allow(clippy::unnecessary_wraps, reason = "it is the answer of a script, of which others fail")]
    fn lasting(turn: usize, seconds: u64) -> Outcome {
        let key = Credentials::with_token(format!("testid{turn}"), "testsecret", "testtoken");
        Ok(key.expires_at(clock() + Duration::from_secs(seconds)))
    }

    fn scripted(
        takes: fn(usize) -> Duration,
        answer: impl Fn(usize) -> Outcome + Send + Sync + 'static,
    ) -> (Arc<Scripted>, Arc<Refresher>) {
        let provider = Arc::new(Scripted {
            asked: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            takes,
            answer: Box::new(answer),
        });
        let refresher = Refresher::new(provider.clone(), StandIn::nowhere().context());
        (provider, Arc::new(refresher))
    }

    fn at_once(_: usize) -> Duration {
        Duration::ZERO
    }

    async fn id(refresher: &Refresher) -> String {
        refresher.credentials().await.unwrap().access_key_id().to_owned()
    }

    async fn seconds(seconds: u64) {
        advance(Duration::from_secs(seconds)).await;
    }

    /// Lets the refresh that was begun in the background run.
    async fn background() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_waiting_calls_share_one_refresh() {
        let (provider, refresher) = scripted(|_| Duration::from_secs(2), |turn| lasting(turn, 3600));
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let refresher = Arc::clone(&refresher);
                tokio::spawn(async move { id(&refresher).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), "testid0");
        }
        assert_eq!(provider.asked.load(SeqCst), 1);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn calls_on_several_threads_share_one_refresh() {
        let (provider, refresher) = scripted(at_once, |turn| lasting(turn, 3600));
        let calls: Vec<_> = (0..100)
            .map(|_| {
                let refresher = Arc::clone(&refresher);
                tokio::spawn(async move { id(&refresher).await })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), "testid0");
        }
        assert_eq!(provider.asked.load(SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refresh_ahead_of_expiry_keeps_no_call_waiting() {
        let (provider, refresher) = scripted(|_| Duration::from_secs(2), |turn| lasting(turn, 3600));
        assert_eq!(id(&refresher).await, "testid0");
        seconds(2600).await;
        assert_eq!((id(&refresher).await.as_str(), provider.asked.load(SeqCst)), ("testid0", 1));
        seconds(105).await;
        let before = tokio::time::Instant::now();
        assert_eq!(id(&refresher).await, "testid0");
        assert_eq!(id(&refresher).await, "testid0");
        assert_eq!(tokio::time::Instant::now(), before);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!((id(&refresher).await.as_str(), provider.asked.load(SeqCst)), ("testid1", 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_valid_key_survives_failed_refreshes_until_it_expires() {
        let (provider, refresher) = scripted(at_once, |turn| match turn {
            0 => lasting(0, 3600),
            1..6 => Err(CredentialsError::new("no route")),
            _ => lasting(turn, 3600),
        });
        assert_eq!(id(&refresher).await, "testid0");
        seconds(2800).await;
        assert_eq!(id(&refresher).await, "testid0");
        background().await;
        assert_eq!(provider.asked.load(SeqCst), 2);
        // After a pause it is tried again, and fails again.
        seconds(10).await;
        assert_eq!(id(&refresher).await, "testid0");
        background().await;
        assert_eq!(provider.asked.load(SeqCst), 3);
        // In the last seconds a call waits for the refresh, and goes on with the key when that fails.
        seconds(785).await;
        assert_eq!((id(&refresher).await.as_str(), provider.asked.load(SeqCst)), ("testid0", 4));
        seconds(10).await;
        for asked in [5, 6] {
            assert_eq!(refresher.credentials().await.unwrap_err().to_string(), "no route");
            assert_eq!(provider.asked.load(SeqCst), asked);
        }
        // A failure is not kept.
        assert_eq!(id(&refresher).await, "testid6");
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_call_does_not_take_the_refresh_along() {
        let (provider, refresher) = scripted(|_| Duration::from_secs(3), |turn| lasting(turn, 3600));
        for _ in 0..2 {
            assert!(timeout(Duration::from_secs(1), refresher.credentials()).await.is_err());
        }
        let before = tokio::time::Instant::now();
        assert_eq!((id(&refresher).await.as_str(), provider.asked.load(SeqCst)), ("testid0", 1));
        assert_eq!((tokio::time::Instant::now() - before).as_secs(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_hangs_or_panics_ends_in_an_error_and_is_asked_again() {
        let takes = |turn| Duration::from_secs(if turn == 0 { 1_000_000 } else { 0 });
        let (_, refresher) = scripted(takes, |turn| match turn {
            1 => panic!("a provider with a fault"),
            _ => lasting(turn, 3600),
        });
        assert_eq!(refresher.credentials().await.unwrap_err().to_string(), "no credentials within 90s");
        let error = refresher.credentials().await.unwrap_err();
        assert_eq!(error.to_string(), "the provider of the credentials panicked, or its runtime is being shut down");
        assert_eq!(id(&refresher).await, "testid2");
    }

    #[test]
    fn a_refresh_whose_runtime_was_shut_down_is_begun_again() {
        let (provider, refresher) =
            scripted(|turn| Duration::from_secs(if turn == 0 { 60 } else { 0 }), |turn| lasting(turn, 3600));
        let paused = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let cut = paused().block_on(async { timeout(Duration::from_secs(1), refresher.credentials()).await });
        assert!(cut.is_err());
        assert_eq!(paused().block_on(id(&refresher)), "testid1");
        assert_eq!(provider.asked.load(SeqCst), 2);
    }

    #[test]
    fn a_refresh_whose_runtime_nobody_drives_is_begun_again_after_its_time() {
        let (provider, refresher) =
            scripted(|turn| Duration::from_secs(if turn == 0 { 60 } else { 0 }), |turn| lasting(turn, 3600));
        let paused = || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let (idle, driven) = (paused(), paused());
        let cut = idle.block_on(async { timeout(Duration::from_secs(1), refresher.credentials()).await });
        assert!(cut.is_err());
        let found = driven.block_on(async { timeout(Duration::from_secs(600), id(&refresher)).await });
        assert_eq!((found.as_deref(), provider.asked.load(SeqCst)), (Ok("testid1"), 2));
        drop(idle);
        assert_eq!(driven.block_on(id(&refresher)), "testid1");
    }

    #[tokio::test(start_paused = true)]
    async fn credentials_without_expiration_are_asked_for_each_time() {
        let (provider, refresher) = scripted(at_once, |turn| match turn {
            0..3 => Ok(Credentials::new(format!("testid{turn}"), "testsecret")),
            _ => lasting(turn, 3600),
        });
        for expected in ["testid0", "testid1", "testid2", "testid3", "testid3"] {
            assert_eq!(id(&refresher).await, expected);
        }
        assert_eq!(provider.asked.load(SeqCst), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn refused_credentials_are_replaced_once() {
        let (provider, refresher) = scripted(at_once, |turn| lasting(turn, 3600));
        let first = refresher.credentials().await.unwrap();
        refresher.refused(&first);
        assert_eq!((id(&refresher).await.as_str(), provider.refused.load(SeqCst)), ("testid1", 1));
        // A second call that was refused with the same key does not drop the new one.
        refresher.refused(&first);
        assert_eq!((id(&refresher).await.as_str(), provider.refused.load(SeqCst)), ("testid1", 1));
    }

    #[tokio::test(start_paused = true)]
    async fn what_expired_on_arrival_is_used_once() {
        let (provider, refresher) = scripted(at_once, |turn| lasting(turn, 0));
        assert_eq!((id(&refresher).await.as_str(), id(&refresher).await.as_str()), ("testid0", "testid1"));
        assert_eq!(provider.asked.load(SeqCst), 2);
    }

    #[test]
    fn the_window_suits_the_lifetime_and_is_spread() {
        let now = SystemTime::UNIX_EPOCH;
        let window = |lifetime, random| {
            let expiration = now + Duration::from_secs(lifetime);
            let kept = Kept::new(Credentials::new("testid", "testsecret"), expiration, now, random);
            let before = |time: SystemTime| expiration.duration_since(time).unwrap().as_secs();
            (before(kept.early), before(kept.late))
        };
        assert_eq!(window(3600, 0), (900, 10));
        assert_eq!(window(3600, 180 * 1_000_000_000 - 1), (720, 10));
        assert_eq!(window(43200, 0), (900, 10));
        assert_eq!(window(900, 0), (225, 10));
        assert_eq!(window(20, 0), (5, 2));
    }
}
