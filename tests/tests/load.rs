//! Many calls at once, and calls that nobody looks after: what they share stays available.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::future::{Future, IntoFuture as _, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use aliyun_runtime::http::{HeaderMap, Request};
use aliyun_runtime::{BoxFuture, Bytes, HttpResponse, TransportError};
use dyvmsapi::call::{IvrCall, SingleCallByTts};
use dyvmsapi::credentials::Context;
use dyvmsapi::robot::QueryRobotTaskCallList;
use dyvmsapi::{
    Client, ClientBuilder, Credentials, CredentialsError, CredentialsProvider, Dyvmsapi, Error, ErrorKind, Retries,
    Sent, Transport,
};
use tokio::time::{Instant, timeout};

/// A service that takes a time for each request, and says what a function makes of the request.
#[derive(Clone)]
struct Service(Arc<State>);

struct State {
    latency: Duration,
    answer: fn(&str) -> (u16, String),
    start: Instant,
    /// When requests came, and their bodies.
    requests: Mutex<Vec<(Duration, String)>>,
    flying: AtomicUsize,
    most: AtomicUsize,
}

impl Service {
    fn new(latency: Duration, answer: fn(&str) -> (u16, String)) -> Self {
        Self(Arc::new(State {
            latency,
            answer,
            start: Instant::now(),
            requests: Mutex::default(),
            flying: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }))
    }

    fn placing(latency: Duration) -> Self {
        Self::new(latency, |_| (200, r#"{"Code":"OK","CallId":"1^2","RequestId":"R-OK"}"#.to_owned()))
    }

    /// The values of a parameter, in the order in which requests came.
    fn values(&self, name: &str) -> Vec<String> {
        let value =
            |body: &str| body.split('&').find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()));
        self.0.requests.lock().unwrap().iter().filter_map(|(_, body)| value(body)).collect()
    }

    /// When requests came, in milliseconds.
    fn times(&self) -> Vec<u128> {
        self.0.requests.lock().unwrap().iter().map(|(at, _)| at.as_millis()).collect()
    }
}

/// One request less is on its way, whether or not it was answered.
struct Flying(Arc<State>);

impl Drop for Flying {
    fn drop(&mut self) {
        self.0.flying.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Transport for Service {
    fn send(&self, request: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let body = String::from_utf8(request.into_body().to_vec()).unwrap();
        let (status, answer) = (self.0.answer)(&body);
        self.0.requests.lock().unwrap().push((self.0.start.elapsed(), body));
        self.0.most.fetch_max(self.0.flying.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let flying = Flying(Arc::clone(&self.0));
        Box::pin(async move {
            tokio::time::sleep(self.0.latency).await;
            drop(flying);
            Ok(HttpResponse::new(status, HeaderMap::new(), answer))
        })
    }
}

fn builder(service: &Service) -> ClientBuilder<Dyvmsapi> {
    Client::builder().credentials(Credentials::new("testid", "testsecret")).transport(service.clone())
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn ivr(number: usize) -> IvrCall {
    IvrCall::new(format!("130{number:08}"), "05710000000", "TTS_10001")
}

fn tts(number: usize) -> SingleCallByTts {
    SingleCallByTts::new(format!("130{number:08}"), "TTS_10001")
}

/// Begins calls one after the other, each in a task of its own, and waits for all.
async fn all<F>(calls: impl IntoIterator<Item = F>) -> Vec<Result<(), Error>>
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let mut calls: Vec<_> = calls.into_iter().map(Box::pin).collect();
    // Polled here, in order, so that this is the order of their arrival.
    let mut ended: Vec<Option<Result<(), Error>>> = calls.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (call, ended) in calls.iter_mut().zip(&mut ended).filter(|(_, ended)| ended.is_none()) {
            if let Poll::Ready(outcome) = call.as_mut().poll(context) {
                *ended = Some(outcome);
            }
        }
        if ended.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    ended.into_iter().flatten().collect()
}

fn documented_rate(action: &str) -> usize {
    let rate = aliyun_api_spec::dyvmsapi().operation(action).unwrap().limits.per_second.unwrap();
    usize::try_from(rate).unwrap()
}

/// 16 in flight at 100 ms each could be 160 a second, of which the documented rate lets 100 pass: neither more nor fewer.
#[tokio::test(start_paused = true)]
async fn a_burst_loses_no_call_and_keeps_both_limits() {
    let rate = documented_rate("IvrCall");
    let service = Service::placing(ms(100));
    let client = builder(&service).max_in_flight(16).build().unwrap();
    let calls = (0..6 * rate).map(|number| {
        let call = client.send(ivr(number));
        async move { call.await.map(|_| ()) }
    });
    let outcomes = all(calls).await;
    assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    let times = service.times();
    for second in 0..6 {
        let share = times.iter().filter(|at| **at / 1000 == second).count();
        assert_eq!(share, rate, "second {second}");
    }
    assert!(times.windows(rate + 1).all(|times| times[rate] - times[0] >= 1000));
    assert_eq!(service.0.most.load(Ordering::SeqCst), 16);
    let numbers: Vec<String> = (0..6 * rate).map(|number| format!("130{number:08}")).collect();
    assert_eq!(service.values("CalledNumber"), numbers);
}

/// Gives the same keys, after a time.
struct Slow(Duration);

impl CredentialsProvider for Slow {
    fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(async {
            tokio::time::sleep(self.0).await;
            Ok(Credentials::new("testid", "testsecret"))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_cold_client_start_in_the_order_of_their_arrival() {
    for in_flight in [None, Some(1), Some(3)] {
        for wait in [Duration::ZERO, ms(1), ms(2_500)] {
            let service = Service::placing(ms(10));
            let mut builder = builder(&service).credentials(Slow(wait)).rate_limit::<SingleCallByTts>(1);
            if let Some(in_flight) = in_flight {
                builder = builder.max_in_flight(in_flight);
            }
            let client = builder.timeout(Duration::from_secs(60)).build().unwrap();
            let calls = (0..20).map(|number| {
                let call = client.send(tts(number));
                async move { call.await.map(|_| ()) }
            });
            assert!(all(calls).await.iter().all(Result::is_ok));
            let numbers: Vec<String> = (0..20).map(|number| format!("130{number:08}")).collect();
            assert_eq!(service.values("CalledNumber"), numbers, "{in_flight:?} in flight, keys after {wait:?}");
            let times = service.times();
            let expected: Vec<u128> = (0..20).map(|number| wait.as_millis() + number * 1_000).collect();
            assert!(times.iter().zip(&expected).all(|(at, expected)| at.abs_diff(*expected) <= 2 * 20), "{times:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_are_dropped_while_they_wait_leave_no_gap() {
    let service = Service::placing(ms(10));
    let client = builder(&service).rate_limit::<SingleCallByTts>(1).timeout(Duration::from_secs(600)).build().unwrap();
    client.send(tts(0)).await.unwrap();
    let waiting: Vec<_> =
        (1..=100).map(|number| Box::pin(timeout(ms(1), client.send(tts(number)).into_future()))).collect();
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for (index, call) in waiting.into_iter().enumerate() {
        if index % 50 == 0 { kept.push(index + 1) } else { dropped.push(call) }
    }
    let ended = all(dropped.into_iter().map(|call| async move {
        assert!(call.await.is_err());
        Ok(())
    }))
    .await;
    assert_eq!(ended.len(), 98);
    let start = Instant::now();
    all(kept.into_iter().map(|number| {
        let call = client.send(tts(number));
        async move { call.await.map(|_| ()) }
    }))
    .await;
    client.send(tts(101)).await.unwrap();
    assert!(start.elapsed() <= Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(service.values("CalledNumber"), ["13000000000", "13000000001", "13000000051", "13000000101"]);
}

/// Polled once, and then forgotten without being dropped.
#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_polls_holds_up_no_other() {
    for (in_flight, rate) in [(Some(1), 0), (None, 1), (Some(1), 1), (Some(1), 100)] {
        let service = Service::placing(ms(100));
        let mut builder = builder(&service).rate_limit::<SingleCallByTts>(rate).timeout(Duration::from_secs(10));
        if let Some(in_flight) = in_flight {
            builder = builder.max_in_flight(in_flight);
        }
        let client = builder.build().unwrap();
        let mut forgotten: Vec<_> = (0..4).map(|number| client.send(tts(number)).into_future()).collect();
        for call in &mut forgotten {
            assert!(timeout(ms(10), call).await.is_err());
        }
        client.send(tts(4)).await.unwrap_or_else(|error| panic!("{in_flight:?}, {rate}: {error}"));
        assert_eq!(service.values("CalledNumber").len(), 5, "{in_flight:?}, {rate}");
        // They ended meanwhile, and their outcome is there.
        for call in forgotten {
            assert_eq!(call.await.unwrap().call_id.as_deref(), Some("1^2"));
        }
    }
}

/// The error still speaks of the operation that was called.
#[test]
fn a_call_whose_runtime_was_shut_down_says_what_it_was() {
    let service = Service::placing(ms(60_000));
    let client = builder(&service).build().unwrap();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = runtime();
    let mut dial = client.send(tts(0)).into_future();
    let mut query = client.send(QueryRobotTaskCallList::new()).into_future();
    begun.block_on(async {
        assert!(timeout(ms(1), &mut dial).await.is_err());
        assert!(timeout(ms(1), &mut query).await.is_err());
    });
    drop(begun);
    let (dial, query) = runtime().block_on(async { (dial.await.unwrap_err(), query.await.unwrap_err()) });
    assert_eq!((dial.action(), dial.sent(), dial.is_outcome_unknown()), ("SingleCallByTts", Sent::Maybe, true));
    assert!(dial.to_string().contains("a phone may be ringing, so look the call up"), "{dial}");
    assert_eq!((query.action(), query.sent()), ("QueryRobotTaskCallList", Sent::Maybe));
    assert!(query.to_string().ends_with("it is not known whether the service received the request"), "{query}");
}

#[tokio::test(start_paused = true)]
async fn pages_that_nobody_asks_for_hold_up_no_other_call() {
    let service = Service::new(ms(100), |body| {
        let page = if body.contains("PageNo=1&") { r#"[{"callId":"1^1"}]"# } else { "[]" };
        (200, format!(r#"{{"Code":"OK","RequestId":"R","CallId":"1^2","Data":{page}}}"#))
    });
    let client = builder(&service).no_rate_limits().max_in_flight(1).build().unwrap();
    let mut pages = client.pages(QueryRobotTaskCallList::new().task_id("1045001"));
    let mut items = client.items(QueryRobotTaskCallList::new().task_id("1045001"));
    assert!(timeout(ms(10), pages.next()).await.is_err());
    assert!(timeout(ms(10), items.next()).await.is_err());
    let start = Instant::now();
    client.send(tts(0)).await.unwrap();
    assert!(start.elapsed() <= ms(300), "{:?}", start.elapsed());
    // Nothing is lost: the call that was begun goes on.
    assert_eq!(pages.next().await.unwrap().unwrap().data.len(), 1);
    assert!(items.next().await.unwrap().is_some());
    assert_eq!(service.times().len(), 3);
}

/// Nothing to sign with.
struct NoKeys;

impl CredentialsProvider for NoKeys {
    fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(async { Err(CredentialsError::new("nobody knows a key")) })
    }
}

#[tokio::test(start_paused = true)]
async fn missing_credentials_are_reported_at_once() {
    let service = Service::placing(ms(10));
    let client =
        builder(&service).credentials(NoKeys).rate_limit::<SingleCallByTts>(1).max_in_flight(1).build().unwrap();
    let start = Instant::now();
    // More than could go in their time, too: what is missing is told first.
    let calls = (0..20).map(|number| {
        let call = client.send(tts(number));
        async move { call.await.map(|_| ()) }
    });
    let outcomes = all(calls).await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(outcomes.len(), 20);
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Credentials, Sent::No), "{error}");
    }
}

/// Temporary keys, another one each time.
#[derive(Clone)]
struct Tokens(Arc<AtomicUsize>);

impl CredentialsProvider for Tokens {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        let number = self.0.fetch_add(1, Ordering::SeqCst);
        let expiration = context.now() + Duration::from_secs(3_600);
        Box::pin(async move {
            let keys = Credentials::with_token("testid", "testsecret", format!("T{number}"));
            Ok(keys.expires_at(expiration))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_expires_under_load_fails_no_call() {
    let service = Service::new(ms(100), |body| {
        if body.contains("SecurityToken=T0&") {
            (400, r#"{"Code":"InvalidSecurityToken.Expired","RequestId":"R-1"}"#.to_owned())
        } else {
            (200, r#"{"Code":"OK","CallId":"1^2","RequestId":"R-OK"}"#.to_owned())
        }
    });
    let tokens = Tokens(Arc::default());
    let client = builder(&service).credentials(tokens.clone()).no_rate_limits().build().unwrap();
    let calls = (0..300).map(|number| {
        let call = client.send(tts(number));
        async move { call.await.map(|_| ()) }
    });
    let outcomes = all(calls).await;
    assert!(outcomes.iter().all(Result::is_ok), "{:?}", outcomes.iter().find(|outcome| outcome.is_err()));
    assert_eq!(service.times().len(), 600);
    assert_eq!(tokens.0.load(Ordering::SeqCst), 2);
}

/// Answers at once with a page of many records.
struct Large(Bytes);

impl Transport for Large {
    fn send(&self, _: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let body = self.0.clone();
        Box::pin(async { Ok(HttpResponse::new(200, HeaderMap::new(), body)) })
    }
}

/// In real time: the timer must go on while the response is read.
#[tokio::test]
async fn reading_counts_towards_the_time_of_the_call_and_blocks_no_other_task() {
    let record = r#"{"callId":"116951045001^103700100003","caller":"05710005001","duration":"60"},"#;
    let body = format!(r#"{{"Code":"OK","RequestId":"R-1-8765","Data":[{}{{}}]}}"#, record.repeat(180_000));
    assert!(body.len() > 13_700_000);
    let client = Client::builder()
        .credentials(Credentials::new("testid", "testsecret"))
        .retries(Retries::never())
        .transport(Large(body.into()))
        .build()
        .unwrap();
    let request = || QueryRobotTaskCallList::new().task_id("1045001");
    // On a busy machine the shortest time ends before the request is sent; reading takes longer than any of these.
    let mut timeout = ms(1);
    let error = loop {
        let error = client.send(request()).timeout(timeout).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        if error.sent() == Sent::Yes {
            break error;
        }
        timeout *= 2;
        assert!(timeout <= ms(64), "{error}");
    };
    assert!(error.is_outcome_unknown());
    assert_eq!(
        error.to_string(),
        format!(
            "QueryRobotTaskCallList: the response could not be read within {timeout:?} (HTTP 200, request R-1-8765)"
        )
    );
    // Another task of the same thread runs meanwhile, and with enough time the page is read.
    let mut reading = pin!(client.send(request()).timeout(Duration::from_secs(600)).into_future());
    let mut turns = 0_u32;
    let page = poll_fn(|context| {
        let polled = reading.as_mut().poll(context);
        if polled.is_pending() {
            turns += 1;
            context.waker().wake_by_ref();
        }
        polled
    })
    .await
    .unwrap();
    assert_eq!(page.data.len(), 180_001);
    assert!(turns > 10, "{turns}");
}
