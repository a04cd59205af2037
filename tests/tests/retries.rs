//! What follows a failed attempt, and what keeps an attempt waiting.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aliyun_runtime::http::{HeaderMap, HeaderValue, Request};
use aliyun_runtime::{BoxFuture, Bytes, Ending, HttpResponse, TransportError};
use dyvmsapi::call::SingleCallByTts;
use dyvmsapi::credentials::Context;
use dyvmsapi::robot::QueryRobotTaskCallList;
use dyvmsapi::{
    Client, ClientBuilder, Credentials, CredentialsError, CredentialsProvider, Dyvmsapi, Error, ErrorKind, Facts,
    Retries, Sent, Transport,
};
use tokio::time::Instant;
use workspace_tests::chain;

/// What a transport does with one request.
#[derive(Clone)]
enum Step {
    Answer { status: u16, retry_after: Option<&'static str>, date: Option<&'static str>, body: String },
    Cut,
    Fail(Sent, Duration),
    Hang,
}

fn answer(status: u16, body: impl Into<String>) -> Step {
    Step::Answer { status, retry_after: None, date: None, body: body.into() }
}

fn ok() -> Step {
    answer(200, r#"{"Code":"OK","CallId":"1^2","RequestId":"R-OK"}"#)
}

fn refusal(status: u16, code: &str) -> Step {
    answer(status, format!(r#"{{"Code":"{code}","Message":"no","RequestId":"R-1"}}"#))
}

fn throttled(retry_after: &'static str) -> Step {
    let body = r#"{"Code":"Throttling.User","Message":"slower","RequestId":"R-1"}"#.to_owned();
    Step::Answer { status: 400, retry_after: Some(retry_after), date: None, body }
}

fn fail(sent: Sent) -> Step {
    Step::Fail(sent, Duration::ZERO)
}

/// Does one step after the other, the last one again and again, and keeps what was sent and when.
#[derive(Clone)]
struct Scripted(Arc<State>);

struct State {
    steps: Mutex<VecDeque<Step>>,
    requests: Mutex<Vec<(Duration, String)>>,
    start: Instant,
}

impl Scripted {
    fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self(Arc::new(State {
            steps: Mutex::new(steps.into_iter().collect()),
            requests: Mutex::default(),
            start: Instant::now(),
        }))
    }

    fn bodies(&self) -> Vec<String> {
        self.0.requests.lock().unwrap().iter().map(|(_, body)| body.clone()).collect()
    }

    /// When requests came, in milliseconds.
    fn times(&self) -> Vec<u128> {
        self.0.requests.lock().unwrap().iter().map(|(time, _)| time.as_millis()).collect()
    }
}

impl Transport for Scripted {
    fn send(&self, request: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let body = String::from_utf8(request.into_body().to_vec()).unwrap();
        self.0.requests.lock().unwrap().push((self.0.start.elapsed(), body));
        let mut steps = self.0.steps.lock().unwrap();
        let step = if steps.len() > 1 { steps.pop_front() } else { steps.front().cloned() };
        Box::pin(async move {
            let (status, body, ending, mut headers) = match step.unwrap() {
                Step::Hang => std::future::pending().await,
                Step::Fail(sent, after) => {
                    tokio::time::sleep(after).await;
                    return Err(TransportError::new(sent, "connection lost"));
                }
                Step::Cut => (200, r#"{"Co"#.to_owned(), Ending::CutShort("reset".into()), HeaderMap::new()),
                Step::Answer { status, retry_after, date, body } => {
                    let mut headers = HeaderMap::new();
                    for (name, value) in [("x-acs-retry-after", retry_after), ("date", date)] {
                        if let Some(value) = value {
                            headers.insert(name, HeaderValue::from_static(value));
                        }
                    }
                    (status, body, Ending::Complete, headers)
                }
            };
            headers.insert("server", HeaderValue::from_static("script"));
            Ok(HttpResponse::new(status, headers, body).ending(ending))
        })
    }
}

/// Neither time nor chance: pauses are as short as can be, and every attempt has the same nonce.
fn builder(transport: &Scripted) -> ClientBuilder<Dyvmsapi> {
    Client::builder()
        .credentials(Credentials::new("testid", "testsecret"))
        .clock_and_nonce(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496), || 0x1234)
        .transport(transport.clone())
}

fn client(transport: &Scripted) -> Client {
    builder(transport).build().unwrap()
}

/// Rings a phone.
fn dial() -> SingleCallByTts {
    SingleCallByTts::new("13000000000", "TTS_10001")
}

/// Reads only.
fn look() -> QueryRobotTaskCallList {
    QueryRobotTaskCallList::new().task_id("1045001")
}

#[tokio::test(start_paused = true)]
async fn a_throttled_dial_is_attempted_again() {
    let transport = Scripted::new([refusal(400, "Throttling.User"), refusal(429, "Throttling.Odd"), ok()]);
    client(&transport).send(dial()).await.unwrap();
    let bodies = transport.bodies();
    assert_eq!(bodies.len(), 3);
    // With the same time and nonce: what is signed afresh is the same request, whole.
    assert!(bodies[0].starts_with("CalledNumber=13000000000&TtsCode=TTS_10001&AccessKeyId=testid&"), "{}", bodies[0]);
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_a_time_and_a_nonce_of_its_own() {
    static SECONDS: AtomicU64 = AtomicU64::new(1_772_368_496);
    let transport = Scripted::new([refusal(400, "Throttling"), ok()]);
    let clock = || SystemTime::UNIX_EPOCH + Duration::from_secs(SECONDS.fetch_add(1, Ordering::Relaxed));
    let nonce = || u128::from(SECONDS.load(Ordering::Relaxed));
    client_with(builder(&transport).clock_and_nonce(clock, nonce)).send(dial()).await.unwrap();
    let bodies = transport.bodies();
    let value = |body: &str, name: &str| {
        let pair = body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned);
        pair.unwrap_or_else(|| panic!("no {name} in {body}"))
    };
    assert_eq!(bodies.len(), 2);
    for name in ["SignatureNonce", "Timestamp", "Signature"] {
        assert_ne!(value(&bodies[0], name), value(&bodies[1], name), "{name}");
        assert_eq!(bodies[1].matches(&format!("&{name}=")).count(), 1, "{name}");
    }
}

fn client_with(builder: ClientBuilder<Dyvmsapi>) -> Client {
    builder.build().unwrap()
}

/// After each of these a phone may be ringing.
fn ambiguous() -> Vec<(&'static str, Step, Sent)> {
    let html = "<html><h1>busy</h1></html>";
    vec![
        ("reset", fail(Sent::Maybe), Sent::Maybe),
        ("no answer", Step::Hang, Sent::Maybe),
        ("a failure of the service", refusal(500, "InternalError"), Sent::Yes),
        ("a failure of the platform", refusal(200, "isp.SYSTEM_ERROR"), Sent::Yes),
        ("503 with a code", refusal(503, "ServiceUnavailable"), Sent::Yes),
        ("503 with a code of throttling", refusal(503, "Throttling"), Sent::Yes),
        ("503 of a proxy", answer(503, html), Sent::Maybe),
        ("429 of a proxy", answer(429, html), Sent::Maybe),
        ("429 of a proxy that names a code", answer(429, r#"{"code":429,"message":"slower"}"#), Sent::Yes),
        ("throttling without a request id", answer(400, r#"{"Code":"Throttling"}"#), Sent::Yes),
        ("an empty answer", answer(200, ""), Sent::Maybe),
        ("an answer that broke off", Step::Cut, Sent::Yes),
        ("a nonce that was used", refusal(400, "SignatureNonceUsed"), Sent::Maybe),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_dial_that_may_have_been_placed_is_never_repeated() {
    for (case, step, sent) in ambiguous() {
        let transport = Scripted::new([step, ok()]);
        let error = client(&transport).send(dial()).await.unwrap_err();
        assert_eq!((transport.bodies().len(), error.sent(), error.attempts()), (1, sent, 1), "{case}: {error}");
        assert!(error.to_string().contains("a phone may be ringing, so look the call up"), "{case}: {error}");
        assert!(error.is_transient(), "{case}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_after_all_of_them() {
    for (case, step, _) in ambiguous() {
        let transport = Scripted::new([step, ok()]);
        let retries = Retries::new().attempt_timeout(Duration::from_secs(2));
        client(&transport).send(look()).retries(retries).await.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(transport.bodies().len(), 2, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_action_that_dials_is_never_retried_whatever_its_other_facts() {
    let facts = Facts::operation("SingleCallByTts").idempotent();
    for (facts, sent) in [(facts.reaches(aliyun_runtime::By::Call, "CalledNumber"), 1), (facts, 2)] {
        let transport = Scripted::new([fail(Sent::Maybe), ok()]);
        let call = client(&transport).send_action("SingleCallByTts", &[("CalledNumber", "13000000000")]).facts(facts);
        assert_eq!((call.await.is_ok(), transport.bodies().len()), (sent == 2, sent));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_dial_rings_nobody() {
    for code in ["isv.BUSINESS_LIMIT_CONTROL", "Throttling.User", "InvalidParameter"] {
        let error = client(&Scripted::new([refusal(400, code)])).send(dial()).await.unwrap_err();
        assert_eq!(error.sent(), Sent::Yes, "{code}");
        assert!(!error.to_string().contains("ringing"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_permanent_failure_is_not_retried() {
    for code in ["isv.BUSINESS_LIMIT_CONTROL", "isv.AMOUNT_NOT_ENOUG", "Forbidden.RAM", "InvalidParameter", "isv.NEW"] {
        for status in [200, 400] {
            let transport = Scripted::new([refusal(status, code), ok()]);
            let error = client(&transport).send(look()).await.unwrap_err();
            assert_eq!((transport.bodies().len(), error.code()), (1, Some(code)), "{status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_not_sent_is_retried_for_every_operation() {
    let transport = Scripted::new([fail(Sent::No), fail(Sent::No), ok()]);
    client(&transport).send(dial()).await.unwrap();
    let error = client(&Scripted::new([fail(Sent::No)])).send(dial()).await.unwrap_err();
    assert_eq!((error.sent(), error.attempts()), (Sent::No, 3));
    assert_eq!(
        chain(&error),
        "SingleCallByTts: no answer from https://dyvmsapi.aliyuncs.com/; nothing was sent, so no phone rings; check the \
         network, the endpoint and the proxy settings, and over TLS that the certificate of the other side is trusted; \
         the attempt before ended with transport (3 attempts): connection lost"
    );
}

/// A last attempt that ends with the call while it connects would leave open what was plain before.
#[tokio::test(start_paused = true)]
async fn a_dial_that_cannot_connect_stays_unsent() {
    let transport = Scripted::new([Step::Fail(Sent::No, Duration::from_secs(5)), Step::Hang]);
    let error = client(&transport).send(dial()).await.unwrap_err();
    assert_eq!((error.sent(), transport.bodies().len()), (Sent::No, 1), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_may_have_done_is_not_forgotten() {
    let transport = Scripted::new([fail(Sent::Maybe), fail(Sent::No)]);
    let error = client(&transport).send(look()).await.unwrap_err();
    assert_eq!((error.sent(), error.attempts()), (Sent::Maybe, 3));
    // A request that was refused before anything was done leaves nothing behind.
    let transport = Scripted::new([refusal(400, "Throttling"), fail(Sent::No)]);
    assert_eq!(client(&transport).send(dial()).await.unwrap_err().sent(), Sent::No);
}

/// What may be repeated may have changed something the first time, whatever is said of the last.
#[tokio::test(start_paused = true)]
async fn the_outcome_stays_unknown_where_an_earlier_attempt_left_it_so() {
    let open = [fail(Sent::Maybe), refusal(500, "InternalError"), Step::Cut];
    let last = [refusal(400, "InvalidParameter"), fail(Sent::No)];
    for (first, last) in open.iter().flat_map(|first| last.iter().map(move |last| (first, last))) {
        let transport = Scripted::new([first.clone(), last.clone()]);
        let error = client(&transport).send(look()).await.unwrap_err();
        assert!(error.attempts() > 1 && error.is_outcome_unknown(), "{error}");
    }
    for first in [refusal(400, "Throttling"), fail(Sent::No)] {
        let transport = Scripted::new([first, refusal(400, "InvalidParameter")]);
        assert!(!client(&transport).send(look()).await.unwrap_err().is_outcome_unknown());
    }
}

#[tokio::test(start_paused = true)]
async fn retries_are_set_for_a_client_and_for_a_call() {
    let transport = Scripted::new([refusal(400, "Throttling")]);
    let three = client(&transport);
    assert_eq!(three.send(look()).await.unwrap_err().attempts(), 3);
    assert_eq!(three.send(look()).retries(Retries::new().attempts(5)).await.unwrap_err().attempts(), 5);
    assert_eq!(three.send(look()).retries(Retries::never()).await.unwrap_err().attempts(), 1);
    let never = client_with(builder(&transport).retries(Retries::never()));
    assert_eq!(never.send(look()).await.unwrap_err().attempts(), 1);
    assert_eq!(never.send(look()).retries(Retries::new().attempts(2)).await.unwrap_err().attempts(), 2);
    assert_eq!(transport.bodies().len(), 3 + 5 + 1 + 1 + 2);
}

#[tokio::test(start_paused = true)]
async fn back_offs_grow_and_are_longer_after_throttling() {
    let times = async |step: Step| {
        let transport = Scripted::new([step]);
        // The upper half of the nonce is the chance: nearly one.
        let longest = builder(&transport).clock_and_nonce(SystemTime::now, || u128::MAX);
        client_with(longest).send(look()).retries(Retries::new().attempts(4)).await.unwrap_err();
        transport.times()
    };
    assert_eq!(times(fail(Sent::No)).await, [0, 100, 300, 700]);
    assert_eq!(times(refusal(400, "Throttling")).await, [0, 500, 1500, 3500]);
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_the_service_asks_for_is_kept() {
    let transport = Scripted::new([throttled("2500"), ok()]);
    client(&transport).send(dial()).await.unwrap();
    assert_eq!(transport.times(), [0, 2500]);
    for nonsense in ["", "soon", "-5", "0", "1.5"] {
        let transport = Scripted::new([throttled(nonsense), ok()]);
        client(&transport).send(dial()).await.unwrap();
        assert_eq!(transport.times(), [0, 0], "{nonsense:?}");
    }
}

/// What stands before the service asks for a pause too, and names no code.
#[tokio::test(start_paused = true)]
async fn the_wait_that_a_proxy_asks_for_is_kept() {
    for status in [429, 502, 503, 504] {
        for body in ["", "<html><body>Busy</body></html>", "{}", "busy"] {
            let step = Step::Answer { status, retry_after: Some("2500"), date: None, body: body.to_owned() };
            let transport = Scripted::new([step.clone(), ok()]);
            client(&transport).send(look()).await.unwrap();
            assert_eq!(transport.times(), [0, 2500], "{status} {body:?}");
            let transport = Scripted::new([step]);
            let error = client(&transport).send(dial()).await.unwrap_err();
            assert_eq!((transport.times().len(), error.sent()), (1, Sent::Maybe), "{status} {body:?}");
            assert_eq!(error.retry_after(), Some(Duration::from_millis(2500)), "{status} {body:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_longer_than_the_time_left_ends_the_call_at_once() {
    let transport = Scripted::new([throttled("60000"), ok()]);
    let start = Instant::now();
    let error = client(&transport).send(dial()).timeout(Duration::from_secs(4)).await.unwrap_err();
    assert_eq!((start.elapsed(), transport.bodies().len()), (Duration::ZERO, 1));
    assert!(error.is_throttled());
    assert_eq!((error.retry_after(), error.attempts()), (Some(Duration::from_secs(60)), 1));
    assert_eq!(
        error.to_string(),
        "SingleCallByTts: the service refused the request: Throttling.User: slower; the service asks for a pause of 60s, \
         and 4s are left of the call: send it again after that (HTTP 400, request R-1). Wait and send again; spread the \
         load, or ask for a larger quota."
    );
}

#[tokio::test(start_paused = true)]
async fn all_attempts_share_the_time_of_the_call() {
    let transport = Scripted::new([Step::Hang]);
    let retries = Retries::new().attempts(9).attempt_timeout(Duration::from_secs(2));
    let start = Instant::now();
    let error = client(&transport).send(look()).timeout(Duration::from_secs(5)).retries(retries).await.unwrap_err();
    assert_eq!((transport.times(), start.elapsed()), (vec![0, 2000, 4000], Duration::from_secs(5)));
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Timeout, Sent::Maybe, 3));
    assert_eq!(
        error.to_string(),
        "QueryRobotTaskCallList: no answer within 5s from https://dyvmsapi.aliyuncs.com/; it is not known whether the \
         service received the request; the attempt before ended with timeout (3 attempts)"
    );
    let once = client(&transport).send(dial()).retries(retries).await.unwrap_err();
    assert!(once.to_string().starts_with("SingleCallByTts: no answer within 2s from"), "{once}");
    assert_eq!((once.sent(), once.attempts()), (Sent::Maybe, 1));
}

/// Hands out one set of temporary credentials after the other, the last one again and again.
struct Tokens(AtomicUsize, &'static [&'static str]);

impl CredentialsProvider for Tokens {
    fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        let token = self.1[self.0.fetch_add(1, Ordering::Relaxed).min(self.1.len() - 1)];
        Box::pin(async move { Ok(Credentials::with_token("testid", "testsecret", token)) })
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_have_expired_are_fetched_anew_once() {
    let expired = || refusal(400, "InvalidSecurityToken.Expired");
    let send = async |tokens, steps: Vec<Step>| {
        let transport = Scripted::new(steps);
        let client = client_with(builder(&transport).credentials(Tokens(AtomicUsize::new(0), tokens)));
        let outcome = client.send(dial()).await.map(|_| ());
        let token = |body: String| body.split("SecurityToken=").nth(1).unwrap()[..2].to_owned();
        (outcome, transport.bodies().into_iter().map(token).collect::<Vec<_>>())
    };
    let (outcome, tokens) = send(&["T1", "T2"], vec![expired(), ok()]).await;
    outcome.unwrap();
    assert_eq!(tokens, ["T1", "T2"]);
    let (outcome, tokens) = send(&["T1", "T2", "T3"], vec![expired(), expired(), ok()]).await;
    let error = outcome.unwrap_err();
    assert!(error.is_credentials());
    assert_eq!((tokens, error.attempts()), (vec!["T1".to_owned(), "T2".to_owned()], 2));
    let (outcome, tokens) = send(&["T1"], vec![expired(), ok()]).await;
    let error = outcome.unwrap_err();
    assert_eq!((tokens, error.attempts()), (vec!["T1".to_owned()], 1));
    assert!(error.to_string().contains("there are no other credentials yet"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_is_down_is_not_hammered() {
    let transport = Scripted::new([fail(Sent::Maybe)]);
    let client = client(&transport);
    let mut last: Option<Error> = None;
    for _ in 0..100 {
        last = client.clone().send(look()).await.err();
    }
    // 100 calls, and 50 repetitions among them.
    assert_eq!(transport.bodies().len(), 150);
    let shown = last.unwrap().to_string();
    assert!(shown.contains("it was not repeated, because too many calls of this client failed lately"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_is_named_with_the_difference() {
    let message = async |date: Option<&'static str>| {
        let body = r#"{"Code":"InvalidTimeStamp.Expired","Message":"expired","RequestId":"R-1"}"#.to_owned();
        let transport = Scripted::new([Step::Answer { status: 400, retry_after: None, date, body }]);
        client(&transport).send(dial()).await.unwrap_err().to_string()
    };
    // This side's clock says 2026-03-01T12:34:56Z.
    for (date, said) in [
        ("Sun, 01 Mar 2026 13:22:00 GMT", "; this machine's clock is 47 minutes behind the service's ("),
        ("Sun, 01 Mar 2026 12:33:30 GMT", "; this machine's clock is 1 minute ahead of the service's ("),
        ("Mon, 02 Mar 2026 12:35:00 GMT", "; this machine's clock is 24 hours behind the service's ("),
        ("Thu, 01 Jan 2026 12:34:56 GMT", "; this machine's clock is 59 days ahead of the service's ("),
        (
            "Sun, 01 Mar 2026 12:35:20 GMT",
            "; this machine's clock agrees with the service's, so the request was held up",
        ),
    ] {
        let shown = message(Some(date)).await;
        assert!(shown.contains(said), "{shown}");
    }
    for date in [None, Some("yesterday")] {
        let shown = message(date).await;
        assert!(
            shown.ends_with("expired (HTTP 400, request R-1). Set the clock of this machine, best by NTP."),
            "{shown}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_code_means_is_known_in_every_spelling() {
    type Question = fn(&Error) -> bool;
    let kinds: [(&str, Question); 6] = [
        ("throttled", Error::is_throttled),
        ("denied", Error::is_denied),
        ("not found", Error::is_not_found),
        ("transient", Error::is_transient),
        ("credentials", Error::is_credentials),
        ("quota", Error::is_quota),
    ];
    for (status, code, expected, advice) in [
        (
            400,
            "Throttling.Api",
            "throttled transient",
            "Wait and send again; keep to the documented number per second.",
        ),
        (400, "Throttling.Other", "throttled transient", "Wait and send again, with increasing delays."),
        (403, "NoPermission", "denied", "Grant the action, such as dyvms:QueryRobotTaskCallList, to the user or role."),
        (403, "Forbidden.New", "denied", "Read the message; it says what the account or its user may not do."),
        (200, "isv.AMOUNT_NOT_ENOUG", "quota", "Top up the account."),
        (200, "isv.AMOUNT_NOT_ENOUGH", "quota", "Top up the account."),
        (200, "BillidNotExist", "not found", "Use a number that the account has bought."),
        (200, "isp.GATEWAY_ERROR", "transient", "If it persists, contact Alibaba's support with the request id."),
        (404, "InvalidAccessKeyId.NotFound", "credentials", "Check the key id for stray blanks"),
        (400, "MissingTtsCode", "", "Add the parameter that the message names."),
        (400, "InvalidSpeed", "", "Compare the parameter that the message names"),
        (400, "isv.TTS_TEMPLATE_ILLEGAL", "", "Check the template's code"),
        (429, "New.Code", "throttled transient", ""),
        (403, "New.Code", "denied", ""),
        (404, "New.Code", "not found", ""),
        (502, "New.Code", "transient", ""),
        (400, "New.Code", "", ""),
    ] {
        let error =
            client(&Scripted::new([refusal(status, code)])).send(dial()).retries(Retries::never()).await.unwrap_err();
        let is: Vec<&str> = kinds.iter().filter(|(_, question)| question(&error)).map(|(name, _)| *name).collect();
        assert_eq!(is.join(" "), expected, "{code}");
        assert_eq!(error.advice().is_some(), !advice.is_empty(), "{code}");
        assert!(error.advice().unwrap_or_default().starts_with(advice), "{code}: {error}");
        assert!(error.to_string().ends_with(error.advice().unwrap_or("R-1)")), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_wait_for_their_turn_of_the_operation() {
    let transport = Scripted::new([ok()]);
    let limited = client_with(builder(&transport).rate_limit::<QueryRobotTaskCallList>(2));
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let client = limited.clone();
            tokio::spawn(async move { client.send(look()).await.map(|_| ()) })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(transport.times(), [0, 0, 1000, 1000, 2000]);
    // Another operation is not kept waiting, and a call by name is the same operation.
    limited.send(dial()).await.unwrap();
    limited.send_action("QueryRobotTaskCallList", &[]).await.unwrap();
    limited.send_action("QueryRobotTaskCallList", &[]).await.unwrap();
    assert_eq!(transport.times()[5..], [2000, 2000, 3000]);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_is_over_is_not_begun() {
    let transport = Scripted::new([ok()]);
    let client = client(&transport);
    let no_attempt = Retries::new().attempt_timeout(Duration::ZERO);
    for call in [client.send(dial()).timeout(Duration::ZERO), client.send(dial()).retries(no_attempt)] {
        let error = call.await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error}");
    }
    // The turn comes in time, but nobody looks before the time is over.
    let limited = client_with(builder(&transport).rate_limit::<SingleCallByTts>(1));
    limited.send(dial()).await.unwrap();
    let late = tokio::spawn(limited.send(dial()).timeout(Duration::from_millis(1500)).into_future());
    tokio::task::yield_now().await;
    tokio::time::advance(Duration::from_secs(2)).await;
    let error = late.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.sent(), transport.bodies().len()), (ErrorKind::Timeout, Sent::No, 1));
    assert_eq!(
        error.to_string(),
        "SingleCallByTts: no time was left of 1.5s when it was its turn; nothing was sent, so no phone rings"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_that_would_wait_too_long_is_refused_at_once_and_not_sent() {
    let transport = Scripted::new([ok()]);
    let limited = client_with(builder(&transport).rate_limit::<SingleCallByTts>(1).timeout(Duration::from_millis(900)));
    limited.send(dial()).await.unwrap();
    let start = Instant::now();
    let error = limited.send(dial()).await.unwrap_err();
    assert_eq!((start.elapsed(), transport.bodies().len()), (Duration::ZERO, 1));
    assert_eq!((error.kind(), error.sent(), error.attempts()), (ErrorKind::Timeout, Sent::No, 0));
    assert_eq!(
        error.to_string(),
        "SingleCallByTts: this client sends no more than 1 requests of this operation in a second, and it would be this \
         one's turn in 1s, after the time of the call; nothing was sent, so no phone rings; make fewer calls at once, give \
         the call more time, or raise the limit of the client"
    );
}

/// What the service said is not lost because the rate leaves no time for another attempt.
#[tokio::test(start_paused = true)]
async fn a_retry_that_does_not_fit_the_rate_ends_with_what_the_service_said() {
    let transport = Scripted::new([refusal(400, "Throttling.User")]);
    let limited = client_with(builder(&transport).rate_limit::<SingleCallByTts>(1));
    let error = limited.send(dial()).timeout(Duration::from_millis(900)).await.unwrap_err();
    assert_eq!((error.code(), error.sent(), error.attempts()), (Some("Throttling.User"), Sent::Yes, 1));
    assert!(error.is_throttled() && !error.is_outcome_unknown());
    assert!(error.to_string().contains("there is no time left for another attempt within the limits"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn documented_rates_are_kept_unless_the_client_overrides_them() {
    let operation = aliyun_api_spec::dyvmsapi().operation("QueryRobotTaskCallList").unwrap();
    let rate = operation.limits.per_second.unwrap() as usize;
    let times = async |client: ClientBuilder<Dyvmsapi>, transport: Scripted| {
        let client = client_with(client);
        for _ in 0..=rate {
            client.send(look()).await.unwrap();
        }
        transport.times()
    };
    let transport = Scripted::new([ok()]);
    assert_eq!(times(builder(&transport), transport).await[rate - 1..], [0, 1000]);
    let transport = Scripted::new([ok()]);
    assert_eq!(times(builder(&transport).no_rate_limits(), transport).await[rate - 1..], [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_kept_after_every_kind_of_waiting() {
    // Keys that take three seconds: moments kept before would all have passed.
    struct Slow;
    impl CredentialsProvider for Slow {
        fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
            Box::pin(async {
                tokio::time::sleep(Duration::from_secs(3)).await;
                Ok(Credentials::new("testid", "testsecret"))
            })
        }
    }
    let times = async |transport: Scripted, client: Client| {
        let calls: Vec<_> = (0..6).map(|_| tokio::spawn(client.send(dial()).into_future())).collect();
        for call in calls {
            call.await.unwrap().unwrap_err();
        }
        transport.times()
    };
    let refused = || refusal(400, "isv.OUT_OF_SERVICE");
    let transport = Scripted::new([refused()]);
    let slow = client_with(builder(&transport).credentials(Slow).rate_limit::<SingleCallByTts>(2));
    assert_eq!(times(transport, slow).await, [3000, 3000, 4000, 4000, 5000, 5000]);

    // One request at a time, of which the first takes three seconds.
    let transport = Scripted::new([Step::Fail(Sent::Maybe, Duration::from_secs(3)), refused()]);
    let narrow = client_with(builder(&transport).max_in_flight(1).rate_limit::<SingleCallByTts>(2));
    let went = times(transport, narrow).await;
    assert_eq!(went.len(), 6);
    assert!(went.windows(3).all(|three| three[2] - three[0] >= 1000), "{went:?}");
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_are_on_their_way_than_the_client_may_have() {
    let transport = Scripted::new([Step::Fail(Sent::Maybe, Duration::from_secs(1))]);
    let narrow = client_with(builder(&transport).no_rate_limits().max_in_flight(1).retries(Retries::never()));
    let send = || {
        let client = narrow.clone();
        tokio::spawn(async move { client.send(dial()).timeout(Duration::from_millis(2500)).await.unwrap_err() })
    };
    let calls = [send(), send(), send(), send()];
    let mut errors = Vec::new();
    for call in calls {
        errors.push(call.await.unwrap());
    }
    assert_eq!(transport.times(), [0, 1000, 2000]);
    // The third was on its way when its time was over; the fourth never was.
    let ends: Vec<_> = errors.iter().map(|error| (error.kind(), error.sent(), error.attempts())).collect();
    assert_eq!(ends[0], (ErrorKind::Transport, Sent::Maybe, 1));
    assert_eq!(ends[2], (ErrorKind::Timeout, Sent::Maybe, 1));
    assert_eq!(ends[3], (ErrorKind::Timeout, Sent::No, 0));
    let shown = errors[3].to_string();
    assert!(shown.contains("as many requests on their way as it may have at once"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_makes_room() {
    let transport = Scripted::new([Step::Hang, ok()]);
    let narrow = client_with(builder(&transport).max_in_flight(1));
    let dropped = tokio::time::timeout(Duration::from_secs(1), narrow.send(dial()).into_future()).await;
    assert!(dropped.is_err());
    narrow.send(dial()).await.unwrap();
    assert_eq!(transport.times(), [0, 1000]);
}
