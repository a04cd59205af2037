//! Receipts on their way from the emulator to an application: pushed in virtual time, stored once, and what the application
//! knows of its calls in the end.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aliyun_receipts::{Arrival, BoxFuture, FileInbox, MemoryInbox, Receiver, ResponseBody, Secret, Server};
use aliyun_runtime::Bytes;
use aliyun_runtime::http::{Request, Response};
use dyvmsapi::call::{IvrCall, SingleCallByTts, SmartCall};
use dyvmsapi::receipt::{KINDS, Receipt};
use dyvmsapi::types::CallStatusCode;
use dyvmsapi::{CallState, Client, Credentials, Phase};
use dyvmsapi_emulator::{Builder, Emulator, ReceiptState, SentReceipt};
use http_body_util::Full;
use tower_service::Service;

const SECRET: &str = "0123456789abcdef";

/// 2026-03-02 10:00:00 in China.
fn start() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_772_416_800)
}

/// An emulator whose time stands still, and pushes to a receiver in this process.
fn builder() -> Builder {
    dyvmsapi_emulator::builder()
        .time_starts_at(start())
        .time_scale(0)
        .time_window(Duration::from_secs(1000 * 365 * 86_400))
}

fn client(emulator: &Emulator) -> Client {
    Client::builder()
        .credentials(Credentials::new("testid", "testsecret"))
        .transport(emulator.transport())
        .build()
        .unwrap()
}

fn receiver(inbox: impl aliyun_receipts::Inbox) -> Receiver {
    Receiver::new(inbox, Secret::new(SECRET).unwrap()).kinds(KINDS)
}

fn push_to<S>(builder: Builder, receiver: &S) -> Builder
where
    S: Service<Request<Full<Bytes>>, Response = Response<ResponseBody>, Error = Infallible, Future = Answer>,
    S: Clone + Send + Sync + 'static,
{
    KINDS.iter().fold(builder, |builder, kind| {
        let path = format!("/{SECRET}/{}", kind.name);
        builder.push_receipts_to(kind.name, &path, receiver.clone()).unwrap()
    })
}

type Answer = BoxFuture<'static, Result<Response<ResponseBody>, Infallible>>;

/// Seconds after the start.
fn seconds(times: &[(SystemTime, bool)]) -> Vec<(u64, bool)> {
    times.iter().map(|(time, acknowledged)| (time.duration_since(start()).unwrap().as_secs(), *acknowledged)).collect()
}

fn codes(receipts: &[SentReceipt]) -> Vec<&str> {
    receipts.iter().map(|receipt| receipt.body["status_code"].as_str().unwrap()).collect()
}

fn state_of(arrivals: &[Arrival], id: &str) -> CallState {
    let mut state = CallState::new(id);
    for arrival in arrivals {
        state.add(&Receipt::read(arrival.kind(), arrival.raw().as_str()));
    }
    state
}

#[tokio::test]
async fn the_states_of_a_call_arrive_when_they_begin() {
    let inbox = MemoryInbox::new();
    let emulator = push_to(builder(), &receiver(inbox.clone())).build();
    let call = IvrCall::new("13000000000", "02500000000", "TTS_10001")
        .out_id("order-4711")
        .menu_key_map([dyvmsapi::call::IvrCallMenuKey::new().key("7").code("TTS_10002")]);
    let id = client(&emulator).send(call).await.unwrap().call_id.unwrap();
    let phase = || state_of(&inbox.arrivals(), &id).phase();
    let mut phases = Vec::new();
    for _ in 0..90 {
        emulator.deliver_receipts().await;
        if phases.last() != Some(&phase()) {
            phases.push(phase());
        }
        emulator.advance(Duration::from_secs(1));
    }
    assert_eq!(phases, [Phase::Started, Phase::Ringing, Phase::Answered, Phase::HungUp, Phase::Ended]);
    let state = state_of(&inbox.arrivals(), &id);
    assert_eq!(state.outcome(), Some(CallStatusCode::Completed));
    assert_eq!(state.keys().collect::<Vec<_>>(), ["7"]);
    let sent = emulator.receipts();
    assert_eq!(codes(&sent), ["200101", "200201", "200102", "300000", "200100", "200000"]);
    assert!(sent.iter().all(|receipt| receipt.state == ReceiptState::Acknowledged && receipt.attempts.len() == 1));
    assert!(sent.iter().all(|receipt| receipt.body["out_id"] == "order-4711"));
    // Nothing is sent twice, and nothing shows a number.
    assert_eq!(emulator.deliver_receipts().await, 0);
    assert!(!format!("{sent:?}").contains("13000000000"));
    emulator.reset();
    assert_eq!(emulator.receipts(), []);
}

#[tokio::test]
async fn a_recorded_call_has_a_recording_and_an_unanswered_one_has_empty_times() {
    let inbox = MemoryInbox::new();
    let emulator = push_to(builder(), &receiver(inbox.clone())).build();
    let client = client(&emulator);
    let call = |number: &str| SmartCall::new(number, "02500000000", ["a.wav"]).record_flag(true);
    client.send(call("13000000001")).await.unwrap();
    client.send(call("13000000002")).await.unwrap();
    emulator.advance(Duration::from_secs(300));
    assert!(emulator.deliver_receipts().await > 0);
    let of_kind =
        |kind: &str| emulator.receipts().into_iter().filter(|receipt| receipt.kind == kind).collect::<Vec<_>>();
    assert_eq!(of_kind("VoiceRecordReport").len(), 1);
    let mut outcomes = of_kind("VoiceReport");
    outcomes.sort_by_key(|receipt| receipt.body["status_code"].to_string());
    assert_eq!(codes(&outcomes), ["200001", "200002"]);
    assert_eq!((&outcomes[1].body["start_time"], &outcomes[1].body["duration"]), (&"".into(), &"0".into()));
    assert_eq!(inbox.arrivals().len(), emulator.receipts().len());
}

/// A receiver that takes its time or fails, as a test says.
#[derive(Clone)]
struct Troubled {
    receiver: Receiver,
    trouble: Arc<Mutex<Trouble>>,
}

#[derive(Clone, Copy)]
enum Trouble {
    None,
    Slow(Duration),
    Status(u16),
    Body(&'static str),
}

impl Service<Request<Full<Bytes>>> for Troubled {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Answer {
        let answer = self.receiver.call(request);
        let trouble = *self.trouble.lock().unwrap();
        Box::pin(async move {
            let mut response = answer.await?;
            match trouble {
                Trouble::None => {}
                Trouble::Slow(time) => tokio::time::sleep(time).await,
                Trouble::Status(status) => *response.status_mut() = status.try_into().unwrap(),
                Trouble::Body(text) => return Ok(response.map(|_| text.to_owned().into())),
            }
            Ok(response)
        })
    }
}

/// One call that nobody answers, and what a receiver in trouble gets of it within an hour.
async fn in_trouble(trouble: Trouble) -> (Vec<SentReceipt>, usize) {
    let inbox = MemoryInbox::new();
    let trouble = Arc::new(Mutex::new(trouble));
    let emulator = push_to(builder(), &Troubled { receiver: receiver(inbox.clone()), trouble }).build();
    client(&emulator).send(SingleCallByTts::new("13000000002", "TTS_10001")).await.unwrap();
    emulator.advance(Duration::from_secs(3600));
    emulator.deliver_receipts().await;
    (emulator.receipts(), inbox.arrivals().len())
}

#[tokio::test(start_paused = true)]
async fn what_is_not_acknowledged_in_time_is_pushed_again_after_one_five_and_ten_minutes() {
    for (trouble, acknowledged) in [
        (Trouble::None, true),
        (Trouble::Slow(Duration::from_millis(699)), true),
        (Trouble::Slow(Duration::from_millis(701)), false),
        (Trouble::Status(201), false),
        (Trouble::Status(404), false),
        (Trouble::Status(503), false),
        (Trouble::Body(r#"{"code":17}"#), true),
        (Trouble::Body(r#"{"code":"0"}"#), false),
        (Trouble::Body("{}"), false),
        (Trouble::Body("OK"), false),
    ] {
        let (sent, stored) = in_trouble(trouble).await;
        assert_eq!((sent.len(), stored), (3, 3));
        let first = &sent[0];
        if acknowledged {
            assert_eq!((first.state, seconds(&first.attempts)), (ReceiptState::Acknowledged, vec![(0, true)]));
        } else {
            assert_eq!(first.state, ReceiptState::Dropped);
            assert_eq!(seconds(&first.attempts), [(0, false), (60, false), (300, false), (600, false)]);
        }
    }
}

#[tokio::test]
async fn a_receiver_that_recovers_gets_what_it_missed() {
    let inbox = MemoryInbox::new();
    let trouble = Arc::new(Mutex::new(Trouble::Status(503)));
    let emulator = push_to(builder(), &Troubled { receiver: receiver(inbox), trouble: Arc::clone(&trouble) }).build();
    client(&emulator).send(SingleCallByTts::new("13000000002", "TTS_10001")).await.unwrap();
    assert_eq!(emulator.deliver_receipts().await, 1);
    // Both bounds of the first repetition.
    *trouble.lock().unwrap() = Trouble::None;
    emulator.advance(Duration::from_millis(59_999));
    emulator.deliver_receipts().await;
    assert_eq!(emulator.receipts()[0].state, ReceiptState::Waiting);
    emulator.advance(Duration::from_millis(1));
    assert_eq!(emulator.deliver_receipts().await, 1);
    assert_eq!(seconds(&emulator.receipts()[0].attempts), [(0, false), (60, true)]);
}

#[tokio::test]
async fn rules_decide_what_happens_to_receipts() {
    let inbox = MemoryInbox::new();
    let emulator = push_to(builder(), &receiver(inbox.clone())).build();
    let rule = emulator
        .on_receipt("VoiceCallReport")
        .delay(Duration::from_secs(100))
        .times(1)
        .repeat()
        .times(1)
        .fail()
        .times(1)
        .lose_response()
        .times(1)
        .pass();
    let dropped = emulator.on_receipt("VoiceReport").drop();
    client(&emulator).send(SingleCallByTts::new("13000000000", "TTS_10001")).await.unwrap();
    emulator.advance(Duration::from_secs(1000));
    emulator.deliver_receipts().await;
    let sent = emulator.receipts();
    assert_eq!(codes(&sent), ["200101", "200201", "200102", "200100", "200000"]);
    let attempts: Vec<_> = sent.iter().map(|receipt| (receipt.state, receipt.attempts.len())).collect();
    assert_eq!(
        attempts,
        [
            (ReceiptState::Acknowledged, 1),
            (ReceiptState::Acknowledged, 1),
            (ReceiptState::Acknowledged, 2),
            (ReceiptState::Acknowledged, 2),
            (ReceiptState::Dropped, 0),
        ]
    );
    assert_eq!(seconds(&sent[0].attempts), [(100, true)]);
    assert_eq!((rule.matched(), dropped.matched()), (7, 1));
    // Delayed, repeated, sent in vain, and twice: each is stored once.
    let mut stored: Vec<_> = inbox.arrivals().iter().map(|one| one.raw().get("status_code").unwrap()).collect();
    assert_eq!(stored.last().unwrap(), "200101");
    stored.sort_by_key(ToString::to_string);
    assert_eq!(stored, ["200100", "200101", "200102", "200201"]);
}

#[tokio::test]
async fn rules_for_receipts_can_be_json() {
    let inbox = MemoryInbox::new();
    let emulator = push_to(builder(), &receiver(inbox.clone())).build();
    let rules = r#"[
      { "when": { "receipt": "VoiceReport" }, "delivery": "lose_response", "times": 1,
        "then": [{ "delivery": { "delay_seconds": 30 }, "times": 1 }, { "delivery": "repeat" }] },
      { "when": { "receipt": "VoiceCallReport" }, "delivery": "fail", "times": 1, "then": [{ "delivery": "drop" }] }
    ]"#;
    assert_eq!(emulator.add_rules(rules).unwrap().len(), 2);
    client(&emulator).send(SingleCallByTts::new("13000000002", "TTS_10001")).await.unwrap();
    emulator.advance(Duration::from_secs(1000));
    emulator.deliver_receipts().await;
    let sent = emulator.receipts();
    let states: Vec<_> = sent.iter().map(|receipt| (receipt.state, receipt.attempts.len())).collect();
    assert_eq!(states, [(ReceiptState::Dropped, 1), (ReceiptState::Dropped, 0), (ReceiptState::Acknowledged, 2)]);
    let [first, second] = [0, 1].map(|at| sent[2].attempts[at].0);
    assert_eq!(second.duration_since(first).unwrap(), Duration::from_secs(60 + 30));
    assert_eq!(inbox.arrivals().len(), 1);
}

#[tokio::test]
async fn a_server_pushes_over_http_by_itself() {
    let inbox = MemoryInbox::new();
    let (told, mut news) = tokio::sync::mpsc::unbounded_channel();
    let receiver = receiver(inbox.clone()).on_new(move |arrivals| {
        let told = told.clone();
        async move { told.send(arrivals).unwrap() }
    });
    let receiving = Server::start(receiver, "127.0.0.1:0").await.unwrap();
    let address = format!("{}/receipts/{SECRET}/voice-report", receiving.url());
    let emulator = builder().push_receipts("VoiceReport", &address).unwrap().build();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    let client =
        Client::builder().credentials(Credentials::new("testid", "testsecret")).endpoint(server.url()).build().unwrap();
    let id = client.send(SingleCallByTts::new("13000000010", "TTS_10001")).await.unwrap().call_id.unwrap();
    emulator.advance(Duration::from_secs(300));
    let state = state_of(&news.recv().await.unwrap(), &id);
    assert_eq!((state.phase(), state.outcome()), (Phase::Ended, Some(CallStatusCode::PoweredOff)));
    server.stop().await;
    receiving.stop().await;
    assert_eq!(emulator.receipts().len(), 1);
}

#[test]
fn an_address_is_http() {
    for address in ["https://example.com/x", "ftp://x", "", "/x", "http://", "http:// /"] {
        let error = builder().push_receipts("VoiceReport", address).unwrap_err();
        assert!(error.to_string().contains("http://127.0.0.1:8080"), "{address}");
    }
}

/// A receiver whose process is killed and started again: meanwhile nobody listens.
#[derive(Clone)]
struct Restarting {
    path: PathBuf,
    receiver: Arc<Mutex<Option<Receiver>>>,
}

impl Restarting {
    fn restart(&self) {
        // The old process releases the file before the new one opens it.
        *self.receiver.lock().unwrap() = None;
        *self.receiver.lock().unwrap() = Some(receiver(FileInbox::open(&self.path).unwrap()));
    }
}

impl Service<Request<Full<Bytes>>> for Restarting {
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Answer {
        self.receiver.lock().unwrap().as_mut().unwrap().call(request)
    }
}

/// 10,000 calls, while receipts are delayed, repeated, lost and sent in vain, and the receiver is restarted.
#[tokio::test]
async fn the_final_state_of_every_call_is_that_of_the_emulator() {
    const CALLS: usize = 10_000;
    let folder = tempfile::tempdir().unwrap();
    let restarting = Restarting { path: folder.path().join("receipts.jsonl"), receiver: Arc::default() };
    restarting.restart();
    let emulator = push_to(builder(), &restarting).build();
    for kind in KINDS {
        emulator.on_receipt(kind.name).with_probability(0.3).delay(Duration::from_secs(400));
        emulator.on_receipt(kind.name).with_probability(0.2).delay(Duration::from_secs(90));
        emulator.on_receipt(kind.name).with_probability(0.1).repeat();
        // Rarely enough that no receipt fails four times: that one would be lost, as the service loses it.
        emulator.on_receipt(kind.name).with_probability(0.01).lose_response();
        emulator.on_receipt(kind.name).with_probability(0.01).fail();
    }
    let client = client(&emulator);
    let mut expected: HashMap<String, String> = HashMap::new();
    for order in 0..CALLS {
        let endings = ["00", "01", "02", "03", "04", "05", "07", "10", "11", "12"];
        let ending = endings[order % endings.len()];
        let number = format!("130000000{ending}");
        let id = client.send(SingleCallByTts::new(number, "TTS_10001")).await.unwrap().call_id.unwrap();
        expected.insert(id, format!("2000{ending}"));
        if order % 1000 == 0 {
            emulator.advance(Duration::from_secs(20));
            emulator.deliver_receipts().await;
            restarting.restart();
        }
    }
    emulator.advance(Duration::from_secs(3600));
    emulator.deliver_receipts().await;
    let sent = emulator.receipts();
    let again = sent.iter().filter(|receipt| receipt.attempts.len() > 1).count();
    assert!(again > sent.len() / 100, "{again} of {}", sent.len());
    let lost: Vec<_> = sent.iter().filter(|receipt| receipt.state != ReceiptState::Acknowledged).collect();
    assert_eq!(lost, Vec::<&SentReceipt>::new());
    restarting.restart();

    let mut states: BTreeMap<String, CallState> = BTreeMap::new();
    let mut stored = 0;
    for arrival in FileInbox::read(&restarting.path).unwrap() {
        let arrival = arrival.unwrap();
        let receipt = Receipt::read(arrival.kind(), arrival.raw().as_str());
        let id = receipt.id().unwrap().to_owned();
        states.entry(id).or_insert_with_key(|id| CallState::new(id.as_str())).add(&receipt);
        stored += 1;
    }
    assert_eq!((stored, states.len()), (sent.len(), CALLS));
    for (id, state) in &states {
        assert_eq!(state.phase(), Phase::Ended, "{id}");
        assert_eq!(state.outcome().unwrap().as_str(), expected[id], "{id}");
    }
}
