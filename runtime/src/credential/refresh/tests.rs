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

    fn invalidate(&self, _: &Credentials) {
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
async fn a_provider_that_hangs_or_panics_is_an_error_and_is_called_again() {
    let takes = |turn| Duration::from_secs([1_000_000, 1, 0, 0][turn]);
    let (_, refresher) = scripted(takes, |turn| match turn {
        1 | 2 => panic!("a provider with a fault"),
        _ => lasting(turn, 3600),
    });
    assert_eq!(refresher.credentials().await.unwrap_err().to_string(), "no credentials within 90s");
    for when in ["in its task", "within the call"] {
        let error = refresher.credentials().await.unwrap_err();
        assert_eq!(error.to_string(), "the provider of the credentials panicked", "{when}");
    }
    assert_eq!(id(&refresher).await, "testid3");
}

/// Panics before it has a future: the first time, and after it gave a key without an expiration.
#[tokio::test]
async fn a_provider_that_panics_when_it_is_called_fails_that_call_only() {
    struct Faulty(AtomicUsize);
    impl CredentialsProvider for Faulty {
        fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Outcome> {
            let turn = self.0.fetch_add(1, SeqCst);
            assert!(turn % 2 == 1, "a provider with a fault");
            Box::pin(async { Ok(Credentials::new("testid", "testsecret")) })
        }
    }
    let refresher = Refresher::new(Arc::new(Faulty(AtomicUsize::new(0))), StandIn::nowhere().context());
    for _ in 0..2 {
        let error = refresher.credentials().await.unwrap_err();
        assert_eq!(error.to_string(), "the provider of the credentials panicked");
        assert_eq!(id(&refresher).await, "testid");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_wait_do_not_fail_with_an_attempt_that_began_before_them() {
    let (provider, refresher) = scripted(
        |turn| Duration::from_secs(if turn == 0 { 2 } else { 0 }),
        |turn| if turn == 0 { panic!("a provider with a fault") } else { lasting(turn, 3600) },
    );
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let refresher = Arc::clone(&refresher);
            tokio::spawn(async move { refresher.credentials().await.map(|key| key.access_key_id().to_owned()) })
        })
        .collect();
    let mut found = Vec::new();
    for call in calls {
        found.push(call.await.unwrap());
    }
    let failed = found.iter().filter(|outcome| outcome.is_err()).count();
    assert_eq!((failed, provider.asked.load(SeqCst)), (1, 2));
    assert!(found.iter().flatten().all(|id| id == "testid1"));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

/// Begins a call on a runtime and polls it once.
fn polled_once(on: &tokio::runtime::Runtime, refresher: &Arc<Refresher>) -> BoxFuture<'static, Outcome> {
    let refresher = Arc::clone(refresher);
    let mut call: BoxFuture<'static, Outcome> = Box::pin(async move { refresher.credentials().await });
    on.block_on(poll_fn(|context| {
        let _ = call.as_mut().poll(context);
        Poll::Ready(())
    }));
    call
}

#[test]
fn a_provider_that_is_ready_at_once_needs_no_task() {
    for expires in [false, true] {
        let (_, refresher) = scripted(at_once, move |turn| {
            if expires { lasting(turn, 3600) } else { Ok(Credentials::new("testid0", "testsecret")) }
        });
        let runtime = runtime();
        drop(polled_once(&runtime, &refresher));
        assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    }
    let (_, refresher) = scripted(|_| Duration::from_secs(1), |turn| lasting(turn, 3600));
    let runtime = runtime();
    drop(polled_once(&runtime, &refresher));
    assert_eq!(runtime.metrics().num_alive_tasks(), 1);
}

/// What may become of the call that began a refresh.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Dropped,
    NotPolled,
    RuntimeShutDown,
}

#[test]
fn no_call_depends_on_what_becomes_of_another_on_its_own_runtime_or_elsewhere() {
    let keys: [fn(usize) -> Outcome; 2] =
        [|turn| lasting(turn, 3600), |turn| Ok(Credentials::new(format!("testid{turn}"), "testsecret"))];
    let times: [fn(usize) -> Duration; 2] = [at_once, |_| Duration::from_secs(2)];
    for ((answer, takes), fate) in keys
        .into_iter()
        .flat_map(|key| times.map(|time| (key, time)))
        .flat_map(|what| [Fate::Dropped, Fate::NotPolled, Fate::RuntimeShutDown].map(|fate| (what, fate)))
    {
        let (provider, refresher) = scripted(takes, answer);
        let (first, second) = (runtime(), runtime());
        let call = polled_once(&first, &refresher);
        let (held, idle) = match fate {
            Fate::Dropped => {
                drop(call);
                (None, Some(first))
            }
            Fate::NotPolled => (Some(call), Some(first)),
            Fate::RuntimeShutDown => {
                drop(first);
                (Some(call), None)
            }
        };
        let time = takes(1);
        second.block_on(async {
            let before = Instant::now();
            let calls: Vec<_> = (0..10).map(|_| polled(&refresher)).collect();
            for call in calls {
                call.await.unwrap().unwrap();
            }
            assert_eq!((Instant::now() - before).as_secs(), time.as_secs(), "{fate:?}, {time:?}");
        });
        let asked = provider.asked.load(SeqCst);
        // Also on the runtime that stood still.
        if let Some(idle) = idle {
            assert!(idle.block_on(refresher.credentials()).is_ok(), "{fate:?}, {time:?}");
        }
        drop(held);
        if answer(0).unwrap().expiration().is_some() {
            assert_eq!(asked, if time.is_zero() { 1 } else { 2 }, "{fate:?}, {time:?}");
        }
    }
}

fn polled(refresher: &Arc<Refresher>) -> tokio::task::JoinHandle<Outcome> {
    let refresher = Arc::clone(refresher);
    tokio::spawn(async move { refresher.credentials().await })
}

#[test]
fn a_runtime_that_stood_still_for_long_begins_anew() {
    let (provider, refresher) = scripted(
        |turn| Duration::from_secs(if turn == 0 { 60 } else { 0 }),
        |turn| if turn == 0 { Err(CredentialsError::new("late")) } else { lasting(turn, 3600) },
    );
    let runtime = runtime();
    drop(polled_once(&runtime, &refresher));
    // As if nobody had run it for that long.
    runtime.block_on(seconds(60));
    assert_eq!(runtime.block_on(id(&refresher)), "testid1");
    assert_eq!(provider.asked.load(SeqCst), 2);
}

#[test]
fn an_older_refresh_on_another_runtime_does_not_replace_a_newer_key() {
    let (provider, refresher) =
        scripted(|turn| Duration::from_secs(if turn == 0 { 60 } else { 0 }), |turn| lasting(turn, 3600));
    let (slow, quick) = (runtime(), runtime());
    drop(polled_once(&slow, &refresher));
    assert_eq!(quick.block_on(id(&refresher)), "testid1");
    slow.block_on(async { tokio::time::sleep(Duration::from_secs(61)).await });
    assert_eq!(provider.asked.load(SeqCst), 2);
    for runtime in [slow, quick] {
        assert_eq!(runtime.block_on(id(&refresher)), "testid1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_result_from_before_a_refusal_is_not_kept() {
    let (provider, refresher) =
        scripted(|turn| Duration::from_secs(if turn == 1 { 5 } else { 0 }), |turn| lasting(turn, 3600));
    let first = refresher.credentials().await.unwrap();
    seconds(2800).await;
    assert_eq!(id(&refresher).await, "testid0");
    assert_eq!(provider.asked.load(SeqCst), 2);
    for _ in 0..300 {
        refresher.invalidate(&first);
    }
    assert_eq!((id(&refresher).await.as_str(), provider.asked.load(SeqCst)), ("testid2", 3));
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!((id(&refresher).await.as_str(), provider.asked.load(SeqCst)), ("testid2", 3));
}

#[tokio::test(start_paused = true)]
async fn credentials_without_expiration_are_requested_each_time() {
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
    refresher.invalidate(&first);
    assert_eq!((id(&refresher).await.as_str(), provider.refused.load(SeqCst)), ("testid1", 1));
    // A second call that was refused with the same key does not drop the new one.
    refresher.invalidate(&first);
    assert_eq!((id(&refresher).await.as_str(), provider.refused.load(SeqCst)), ("testid1", 1));
}

#[tokio::test(start_paused = true)]
async fn a_response_that_refuses_the_key_makes_the_next_call_get_another() {
    let (provider, refresher) = scripted(at_once, |turn| lasting(turn, 3600));
    let mut asked = 1;
    for (status, code, refused) in [
        (400, "InvalidSecurityToken.Expired", true),
        (403, "InvalidSecurityToken.MismatchWithAccessKey", true),
        (400, "MissingSecurityToken", true),
        (404, "InvalidAccessKeyId.NotFound", true),
        (400, "InvalidParameter", false),
        (503, "InvalidSecurityToken.Expired", false),
    ] {
        let key = refresher.credentials().await.unwrap();
        let answer = HttpResponse {
            status,
            headers: http::HeaderMap::new(),
            body: format!(r#"{{"Code":"{code}"}}"#).into(),
            ending: crate::transport::Ending::Complete,
        };
        refresher.invalidate_if_refused(&key, &answer);
        refresher.credentials().await.unwrap();
        asked += usize::from(refused);
        assert_eq!(provider.asked.load(SeqCst), asked, "{status} {code}");
    }
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
