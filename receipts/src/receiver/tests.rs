use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio::sync::{Notify, mpsc};

use super::*;
use crate::arrival::Arrival;
use crate::inbox::{InboxError, Stored};
use crate::memory_inbox::MemoryInbox;

const KINDS: &[ReceiptKind] =
    &[ReceiptKind::new("EndReport", &["id", "code"]).id("id"), ReceiptKind::new("EndRTASRReport", &["id"]).id("id")];

const SECRET: &str = "0123456789abcdef";

fn secret() -> Secret {
    Secret::new(SECRET).unwrap()
}

fn receiver(inbox: &MemoryInbox) -> Receiver {
    Receiver::new(inbox.clone(), secret()).kinds(KINDS)
}

fn push(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post(format!("/receipts/{SECRET}/end-report")).body(Full::new(body.into())).unwrap()
}

/// Status and text of the response, whose body is dropped then.
async fn send<B>(receiver: &Receiver, request: Request<B>) -> (u16, String)
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    let response = receiver.clone().call(request).await.unwrap();
    let (status, body) = (response.status(), response.into_body().collect().await.unwrap().to_bytes());
    (status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
}

fn texts(inbox: &MemoryInbox) -> Vec<String> {
    inbox.arrivals().iter().map(|arrival| format!("{} {}", arrival.kind(), arrival.raw().as_str())).collect()
}

const STORED: (u16, &str) = (200, r#"{"code":0,"msg":"stored"}"#);

fn assert_stored(answer: &(u16, String)) {
    assert_eq!((answer.0, answer.1.as_str()), STORED);
}

#[tokio::test]
async fn a_batch_is_stored_and_each_receipt_once() {
    let inbox = MemoryInbox::new();
    let receiver = receiver(&inbox);
    for _ in 0..2 {
        assert_stored(&send(&receiver, push(r#"[{"id":"1","code":2},{"id":"1","code":"2","x":1},{"id":"2"}]"#)).await);
    }
    assert_eq!(texts(&inbox), [r#"EndReport {"id":"1","code":2}"#, r#"EndReport {"id":"2"}"#]);
}

/// The console's test button sends an undocumented body, and one malformed element must not affect the others.
#[tokio::test]
async fn any_json_is_stored() {
    let inbox = MemoryInbox::new();
    let receiver = receiver(&inbox);
    let bodies =
        ["[]", "{}", "null", "\"test\"", "1", "[[]]", r#"[{"id":"1"},17,{"code":true},{"id":["a"]},{"id":"2"}]"#];
    for body in bodies {
        assert_stored(&send(&receiver, push(body)).await);
    }
    assert_eq!(inbox.arrivals().len(), 5 + 5);
    let many = format!("[{}]", (10..100_010).map(|id| format!("{{\"id\":{id}}}")).collect::<Vec<_>>().join(","));
    assert_stored(&send(&receiver, push(many)).await);
    assert_eq!(inbox.arrivals().len(), 100_010);
}

#[tokio::test]
async fn empty_times_of_unanswered_calls_are_stored() {
    let inbox = MemoryInbox::new();
    let body = r#"[{"id":"1","start_time":"","end_time":"","duration":"0"},{"id":2,"start_time":null,"duration":0}]"#;
    assert_stored(&send(&receiver(&inbox), push(body)).await);
    assert_eq!(inbox.arrivals().len(), 2);
}

#[tokio::test]
async fn what_is_not_json_is_refused_and_reported() {
    let (told, mut problems) = mpsc::unbounded_channel();
    let inbox = MemoryInbox::new();
    let receiver = receiver(&inbox).on_problem(move |problem| told.send(problem.to_string()).unwrap());
    for (body, what) in [
        (&b""[..], "line 1 column 0"),
        (b"[{\"id\":\"13000000000\"}", "line 1 column 21"),
        (b"id=13000000000", "line 1 column 1"),
        (b"[\"\xff\"]", "from index 2"),
    ] {
        let (status, text) = send(&receiver, push(body)).await;
        assert_eq!(status, 400);
        let problem = problems.recv().await.unwrap();
        for shown in [&text, &problem] {
            assert!(shown.contains(what) && !shown.contains("13000000000"), "{shown}");
        }
        assert!(text.starts_with(r#"{"code":400,"msg":"the body is not JSON: "#), "{text}");
        assert!(problem.starts_with("a batch of EndReport was refused: the body is not JSON: "), "{problem}");
    }
    assert_eq!(inbox.arrivals(), []);
}

#[tokio::test]
async fn the_path_needs_the_secret_and_a_kind() {
    let inbox = MemoryInbox::new();
    let receiver = receiver(&inbox);
    let ask = async |path: &str| {
        let request = Request::post(path).body(Full::new(Bytes::from(format!("{{\"path\":\"{path}\"}}")))).unwrap();
        send(&receiver, request).await.0
    };
    for (path, kind) in [
        (format!("/receipts/{SECRET}/end-report"), "EndReport"),
        (format!("/{SECRET}/EndReport"), "EndReport"),
        (format!("/a/b/{SECRET}/end-rtasr-report?x=1"), "EndRTASRReport"),
        (format!("/{SECRET}/an-other_Kind"), "an-other_Kind"),
        (format!("/{SECRET}/{}", "k".repeat(64)), &*"k".repeat(64)),
    ] {
        assert_eq!(ask(&path).await, 200, "{path}");
        assert_eq!(inbox.arrivals().last().unwrap().kind(), kind);
    }
    let stored = inbox.arrivals().len();
    for path in [
        "/".to_owned(),
        "/end-report".to_owned(),
        format!("/{SECRET}"),
        format!("/{SECRET}/"),
        format!("/{SECRET}/{}", "k".repeat(65)),
        format!("/{SECRET}/end%2Dreport"),
        format!("/{SECRET}/end-report/"),
        format!("/{SECRET}0/end-report"),
        format!("/{}/end-report", SECRET.to_uppercase()),
        format!("/{}/end-report", &SECRET[1..]),
        "//end-report".to_owned(),
    ] {
        assert_eq!(ask(&path).await, 404, "{path}");
    }
    assert_eq!(inbox.arrivals().len(), stored);
    assert!(!format!("{receiver:?}").contains(SECRET));
}

#[tokio::test]
async fn only_posts_are_received() {
    let receiver = receiver(&MemoryInbox::new());
    for method in ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"] {
        let path = format!("/{SECRET}/end-report");
        let request = Request::builder().method(method).uri(path).body(Full::new(Bytes::from("[]"))).unwrap();
        let response = receiver.clone().call(request).await.unwrap();
        assert_eq!((response.status().as_u16(), response.headers()[ALLOW].as_bytes()), (405, &b"POST"[..]), "{method}");
    }
}

#[tokio::test]
async fn the_size_of_a_body_is_limited() {
    let inbox = MemoryInbox::new();
    let limited = receiver(&inbox).body_limit(100);
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    assert_stored(&send(&limited, push(text(100))).await);
    assert_eq!(send(&limited, push(text(101))).await.0, 413);
    // A body whose length is not announced.
    let streamed = |length: usize| {
        let frames = text(length).into_bytes();
        let frames: Vec<_> = frames.chunks(30).map(Bytes::copy_from_slice).collect();
        let frames = frames.into_iter().map(|part| Ok::<_, Infallible>(http_body::Frame::data(part)));
        Request::post(format!("/{SECRET}/x")).body(StreamBody::new(futures_util::stream::iter(frames))).unwrap()
    };
    assert_stored(&send(&limited, streamed(100)).await);
    assert_eq!(send(&limited, streamed(101)).await.0, 413);
    // By default there is room for 10 MB, and an end.
    let receiver = receiver(&inbox);
    assert_stored(&send(&receiver, push(text(16 * 1024 * 1024))).await);
    assert_eq!(send(&receiver, push(text(16 * 1024 * 1024 + 1))).await.0, 413);
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_stops_halfway_is_refused_after_a_while() {
    let receiver = receiver(&MemoryInbox::new());
    let (parts, half) = mpsc::channel::<Result<http_body::Frame<Bytes>, BoxError>>(3);
    let body = |parts: mpsc::Receiver<Result<http_body::Frame<Bytes>, BoxError>>| {
        let stream = futures_util::stream::unfold(parts, async |mut parts| Some((parts.recv().await?, parts)));
        Request::post(format!("/{SECRET}/x")).body(StreamBody::new(Box::pin(stream))).unwrap()
    };
    parts.send(Ok(http_body::Frame::data(Bytes::from("[")))).await.unwrap();
    let before = tokio::time::Instant::now();
    assert_eq!(send(&receiver, body(half)).await.0, 408);
    assert_eq!(before.elapsed(), Duration::from_secs(10));
    // Or the connection ends.
    let (parts, half) = mpsc::channel(3);
    parts.send(Ok(http_body::Frame::data(Bytes::from("[]")))).await.unwrap();
    parts.send(Err("reset".into())).await.unwrap();
    assert_eq!(send(&receiver, body(half)).await.0, 400);
}

/// An inbox that fails, panics, or waits, as a test says.
#[derive(Clone, Default)]
struct Troubled {
    inbox: MemoryInbox,
    full: Arc<AtomicBool>,
    panics: Arc<AtomicBool>,
    go: Option<Arc<Notify>>,
}

impl Inbox for Troubled {
    fn store(&self, batch: Vec<Arrival>) -> BoxFuture<'_, Result<Stored, InboxError>> {
        Box::pin(async move {
            if let Some(go) = &self.go {
                go.notified().await;
            }
            assert!(!self.panics.load(Ordering::Relaxed));
            if self.full.load(Ordering::Relaxed) {
                return Err(InboxError::new("the inbox cannot be written: no space left"));
            }
            self.inbox.store(batch).await
        })
    }
}

/// A receiver whose new receipts and problems are sent to channels.
fn watched(inbox: impl Inbox) -> (Receiver, mpsc::UnboundedReceiver<Vec<Arrival>>, mpsc::UnboundedReceiver<String>) {
    let (new, news) = mpsc::unbounded_channel();
    let (told, problems) = mpsc::unbounded_channel();
    let receiver = Receiver::new(inbox, secret())
        .kinds(KINDS)
        .on_new(move |arrivals| {
            let new = new.clone();
            async move { new.send(arrivals).unwrap() }
        })
        .on_problem(move |problem| told.send(problem.to_string()).unwrap());
    (receiver, news, problems)
}

#[tokio::test]
async fn a_full_disk_is_503_and_the_next_batch_works() {
    let inbox = Troubled::default();
    let (receiver, mut news, mut problems) = watched(inbox.clone());
    for trouble in [&inbox.full, &inbox.panics] {
        trouble.store(true, Ordering::Relaxed);
        let (status, text) = send(&receiver, push(r#"[{"id":"1"}]"#)).await;
        assert_eq!(
            (status, text.as_str()),
            (503, r#"{"code":503,"msg":"the receipts are not stored; send them again"}"#)
        );
        trouble.store(false, Ordering::Relaxed);
    }
    assert_eq!(
        problems.recv().await.unwrap(),
        "a batch of EndReport was not stored: the inbox cannot be written: no space left"
    );
    assert_eq!(problems.recv().await.unwrap(), "a batch of EndReport was not stored: the inbox panicked");
    assert!(news.try_recv().is_err());
    assert_stored(&send(&receiver, push(r#"[{"id":"1"}]"#)).await);
    assert_eq!(news.recv().await.unwrap(), inbox.inbox.arrivals());
}

#[tokio::test(start_paused = true)]
async fn an_inbox_that_is_too_slow_is_503_and_its_news_are_passed_on_later() {
    let go = Arc::new(Notify::new());
    let inbox = Troubled { go: Some(Arc::clone(&go)), ..Troubled::default() };
    let (receiver, mut news, mut problems) = watched(inbox.clone());
    let before = tokio::time::Instant::now();
    assert_eq!(send(&receiver, push(r#"[{"id":"1"}]"#)).await.0, 503);
    assert_eq!(before.elapsed(), Duration::from_millis(500));
    assert!(problems.recv().await.unwrap().contains("needs more than 500ms"));
    go.notify_one();
    assert_eq!(news.recv().await.unwrap().len(), 1);
    // The repeated push is known then.
    go.notify_one();
    assert_stored(&send(&receiver, push(r#"[{"id":"1"}]"#)).await);
    assert!(news.try_recv().is_err());
    // No setting makes the service wait longer.
    let before = tokio::time::Instant::now();
    assert_eq!(send(&receiver.store_timeout(Duration::MAX), push("{}")).await.0, 503);
    assert_eq!(before.elapsed(), Duration::from_millis(700));
}

#[tokio::test(start_paused = true)]
async fn news_are_passed_on_if_the_sender_is_gone() {
    for polls in 0..3 {
        let go = Arc::new(Notify::new());
        let inbox = Troubled { go: Some(Arc::clone(&go)), ..Troubled::default() };
        let (receiver, mut news, _problems) = watched(inbox.clone());
        let mut receiving = receiver.clone().call(push(r#"[{"id":"1"}]"#));
        // Not polled, it has no effect; afterwards it goes on by itself.
        for _ in 0..polls {
            assert!(futures_util::poll!(&mut receiving).is_pending());
            tokio::task::yield_now().await;
        }
        drop(receiving);
        go.notify_one();
        if polls > 0 {
            assert_eq!(news.recv().await.unwrap().len(), 1);
        } else {
            assert_eq!(inbox.inbox.arrivals(), []);
        }
    }
}

#[tokio::test]
async fn news_are_passed_on_after_the_response_and_once() {
    let (receiver, mut news, _problems) = watched(MemoryInbox::new());
    let response = receiver.clone().call(push(r#"[{"id":"1"},{"id":"1"}]"#)).await.unwrap();
    tokio::task::yield_now().await;
    assert!(news.try_recv().is_err());
    let body = response.into_body();
    let (text, rest) = {
        let mut body = body;
        (body.frame().await.unwrap().unwrap().into_data().unwrap(), body)
    };
    assert_eq!(text, STORED.1);
    assert!(news.try_recv().is_err());
    drop(rest);
    assert_eq!(news.recv().await.unwrap().len(), 1);
    assert_stored(&send(&receiver, push(r#"[{"id":"1"}]"#)).await);
    tokio::task::yield_now().await;
    assert!(news.try_recv().is_err());
}

#[tokio::test]
async fn the_same_batch_twice_at_the_same_time_is_stored_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipts.jsonl");
    let (receiver, mut news, _problems) = watched(crate::FileInbox::open(&path).unwrap());
    let pushes = (0..20).map(|_| send(&receiver, push(r#"[{"id":"1"},{"id":"2"}]"#)));
    for answer in futures_util::future::join_all(pushes).await {
        assert_stored(&answer);
    }
    assert_eq!(news.recv().await.unwrap().len(), 2);
    assert_eq!(crate::FileInbox::read(&path).unwrap().count(), 2);
}

#[tokio::test]
async fn the_time_of_arrival_is_that_of_the_clock() {
    let inbox = MemoryInbox::new();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_416_800);
    let now = Arc::new(Mutex::new(time));
    let receiver = receiver(&inbox).clock(move || *now.lock().unwrap());
    assert_stored(&send(&receiver, push("{}")).await);
    assert_eq!(inbox.arrivals()[0].received(), time);
}

#[test]
fn a_kind_has_one_name_in_paths() {
    for (name, path) in [
        ("VoiceReport", "voice-report"),
        ("VoiceRTASRReport", "voice-rtasr-report"),
        ("SmsUp", "sms-up"),
        ("CDR", "cdr"),
        ("V2Report", "v2report"),
    ] {
        assert_eq!(in_path(name), path);
    }
}
