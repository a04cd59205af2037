//! Every fault of the emulator through both doors, as the client sees it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::ErrorKind::ConnectionReset;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aliyun_runtime::http::{HeaderValue, Request};
use aliyun_runtime::{BoxFuture, Bytes, HttpResponse, Transport, TransportError};
use dyvmsapi::call::{SingleCallByTts, SingleCallByTtsResponse};
use dyvmsapi::{Client, Credentials, Error, ErrorKind, Format, Retries, Sent};
use dyvmsapi_emulator::{Emulator, Fault, InProcess, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

const NUMBER: &str = "13000000000";

fn credentials() -> Credentials {
    Credentials::new("testid", "testsecret")
}

/// A client of each door, which attempts every call once. The server must live as long as they are used.
async fn clients(emulator: &Emulator, format: Format) -> (Server, [Client; 2]) {
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    let builder = || Client::builder().credentials(credentials()).format(format).retries(Retries::never());
    let in_process = builder().transport(emulator.transport()).build().unwrap();
    let over_http = builder().endpoint(server.url()).build().unwrap();
    (server, [in_process, over_http])
}

async fn call(client: &Client) -> Result<SingleCallByTtsResponse, Error> {
    client.send(SingleCallByTts::new(NUMBER, "TTS_10001")).await
}

/// Plays a fault through both doors in both formats, and holds against it what the client says, how often it dialled and
/// what is shown of the error.
async fn assert_fails(fault: Fault, kind: ErrorKind, sent: Sent, dials: usize, shown: &str) {
    assert_fails_in(&[Format::Json, Format::Xml], fault, kind, sent, dials, shown).await;
}

async fn assert_fails_in(formats: &[Format], fault: Fault, kind: ErrorKind, sent: Sent, dials: usize, shown: &str) {
    for &format in formats {
        let emulator = dyvmsapi_emulator::emulator();
        let (_server, clients) = clients(&emulator, format).await;
        for (door, client) in ["in-process", "HTTP"].iter().zip(clients) {
            let rule = emulator.on_any().fault(fault.clone());
            let before = emulator.dials().len();
            let error = call(&client).await.unwrap_err();
            let found = (error.kind(), error.sent(), emulator.dials().len() - before);
            assert_eq!(found, (kind, sent, dials), "{fault:?} {door} {format:?}: {error}");
            assert!(error.to_string().contains(shown), "{fault:?} {door} {format:?}: {error}");
            rule.remove();
            assert_eq!(emulator.requests().last().unwrap().fault(), Some(fault.name()));
            // The next request is served as ever.
            call(&client).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_throttled_request_is_refused_without_effect() {
    let code = "Throttling.User: Request was denied due to user flow control";
    assert_fails(Fault::throttled(), ErrorKind::Service, Sent::Yes, 0, code).await;
    assert_fails(Fault::throttled().after_effect(), ErrorKind::Service, Sent::Yes, 0, "(HTTP 400, request ").await;
}

#[tokio::test]
async fn errors_of_the_server_come_in_every_dress_before_or_after_the_effect() {
    let service = (ErrorKind::Service, Sent::Yes);
    let answer = (ErrorKind::Response, Sent::Maybe);
    for (fault, (kind, sent), shown) in [
        (Fault::server_error(503), service, "ServiceUnavailable"),
        (Fault::server_error(500), service, "InternalError"),
        (Fault::xml_error(500), service, "InternalError"),
        (Fault::no_code(503), answer, "a failure that names no code"),
        (Fault::html(502), answer, "<title>502 Bad Gateway</title>"),
        (Fault::html(200), answer, "<title>200 OK</title>"),
        (Fault::empty(200), answer, "(HTTP 200)"),
        (Fault::empty(504), answer, "(HTTP 504)"),
    ] {
        assert_fails(fault.clone(), kind, sent, 0, shown).await;
        assert_fails(fault.after_effect(), kind, sent, 1, shown).await;
    }
}

#[tokio::test]
async fn a_reset_connection_leaves_the_outcome_open() {
    let unknown = "it is not known whether the service received the request";
    assert_fails(Fault::reset(), ErrorKind::Transport, Sent::Maybe, 0, unknown).await;
    assert_fails(Fault::reset().after_effect(), ErrorKind::Transport, Sent::Maybe, 1, unknown).await;
}

#[tokio::test]
async fn a_damaged_response_follows_the_effect() {
    let (answer, yes) = (ErrorKind::Response, Sent::Yes);
    assert_fails(Fault::reset_within_answer(), answer, yes, 1, "the answer was cut short").await;
    assert_fails(Fault::wrong_length(), answer, yes, 1, "the answer was cut short").await;
    for (fault, shown) in [(Fault::cut(), "the answer was cut short"), (Fault::malformed(), "the text is not JSON")] {
        assert_fails_in(&[Format::Json], fault.clone(), answer, yes, 1, shown).await;
        assert_fails_in(&[Format::Xml], fault, answer, Sent::Maybe, 1, "the answer is not XML").await;
    }
}

#[tokio::test(start_paused = true)]
async fn silence_lasts_until_the_client_gives_up() {
    let shown = "no answer within 10s";
    assert_fails(Fault::silence(), ErrorKind::Timeout, Sent::Maybe, 0, shown).await;
    assert_fails(Fault::silence().after_effect(), ErrorKind::Timeout, Sent::Maybe, 1, shown).await;
}

#[tokio::test(start_paused = true)]
async fn silence_ends_with_a_reset_after_ten_minutes() {
    let emulator = dyvmsapi_emulator::emulator();
    emulator.on_any().fault(Fault::silence());
    let (_server, clients) = clients(&emulator, Format::Json).await;
    for client in clients {
        let begun = Instant::now();
        let request = SingleCallByTts::new(NUMBER, "TTS_10001");
        let error = client.send(request).timeout(Duration::from_secs(3600)).await.unwrap_err();
        assert_eq!((error.kind(), begun.elapsed().as_secs()), (ErrorKind::Transport, 600));
    }
}

#[tokio::test(start_paused = true)]
async fn slow_responses_take_their_time() {
    for (fault, seconds) in [
        (Fault::delay(Duration::from_secs(4)), 4),
        // Eight pieces have seven pauses between them.
        (Fault::slow(Duration::from_secs(1)), 7),
    ] {
        let emulator = dyvmsapi_emulator::emulator();
        emulator.on_any().fault(fault);
        let (_server, clients) = clients(&emulator, Format::Json).await;
        for client in clients {
            let begun = Instant::now();
            assert_eq!(call(&client).await.unwrap().code, "OK");
            assert_eq!(begun.elapsed().as_secs(), seconds);
        }
        assert_eq!(emulator.dials().len(), 2);
    }
}

#[tokio::test]
async fn a_fault_decides_the_delivery_and_other_rules_the_response() {
    let emulator = dyvmsapi_emulator::emulator();
    let (_server, clients) = clients(&emulator, Format::Json).await;
    let older = emulator.on_any().fault(Fault::html(500));
    emulator.on_any().refuse("isv.BUSINESS_LIMIT_CONTROL", "");
    emulator.on_any().fault(Fault::slow(Duration::ZERO));
    for client in &clients {
        assert_eq!(call(client).await.unwrap_err().code(), Some("isv.BUSINESS_LIMIT_CONTROL"));
    }
    assert_eq!((older.matched(), emulator.dials().len()), (0, 0));
    assert_eq!(emulator.requests()[0].fault(), Some("slow"));
}

#[tokio::test]
async fn connections_are_reset_by_their_number_before_anything_is_read() {
    let emulator = dyvmsapi_emulator::emulator();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    for over_http in [false, true] {
        let rule = emulator.on_connection().pass().reset().times(2);
        let mut outcomes = Vec::new();
        for _ in 0..4 {
            // Each has connections of its own.
            let builder = Client::builder().credentials(credentials()).retries(Retries::never());
            let builder =
                if over_http { builder.endpoint(server.url()) } else { builder.transport(emulator.transport()) };
            let outcome = call(&builder.build().unwrap()).await.map(|_| ());
            // Over HTTP the reset may come before the request could leave, and is then known not to have dialled.
            outcomes.push(outcome.map_err(|error| (error.kind(), error.sent() != Sent::Yes)));
        }
        let reset = Err((ErrorKind::Transport, true));
        assert_eq!(outcomes, [Ok(()), reset, reset, Ok(())], "over HTTP: {over_http}");
        assert_eq!(rule.matched(), 3);
    }
    assert_eq!(emulator.requests().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_accepted_and_not_read() {
    let emulator = dyvmsapi_emulator::emulator();
    emulator.on_connection().silence();
    let (_server, clients) = clients(&emulator, Format::Json).await;
    for client in clients {
        assert_eq!(call(&client).await.unwrap_err().kind(), ErrorKind::Timeout);
    }
    assert_eq!(emulator.requests().len(), 0);
}

/// Half of the requests: the same ones whichever door they come through.
#[tokio::test]
async fn faults_by_chance_are_the_same_in_every_run() {
    let mut runs = Vec::new();
    for door in 0..2 {
        let emulator = dyvmsapi_emulator::builder().seed(7).build();
        emulator.on_any().with_probability(0.5).fault(Fault::reset().after_effect());
        let (_server, clients) = clients(&emulator, Format::Json).await;
        let mut run = Vec::new();
        for _ in 0..40 {
            run.push(call(&clients[door]).await.is_ok());
        }
        assert_eq!(emulator.dials_to(NUMBER).len(), 40);
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    let count = runs[0].iter().filter(|&&ok| ok).count();
    assert!((10..30).contains(&count), "{count} of 40");
}

/// Adds a header, and keeps the `Date` of the answer.
#[derive(Clone)]
struct Tap {
    inner: InProcess,
    fault: Option<&'static str>,
    date: Arc<Mutex<String>>,
}

impl Tap {
    fn new(emulator: &Emulator, fault: Option<&'static str>) -> Self {
        Self { inner: emulator.transport(), fault, date: Arc::default() }
    }

    async fn call(&self) -> Result<SingleCallByTtsResponse, Error> {
        call(&Client::builder().credentials(credentials()).transport(self.clone()).build().unwrap()).await
    }
}

impl Transport for Tap {
    fn send(&self, mut request: Request<Bytes>, limit: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        if let Some(fault) = self.fault {
            request.headers_mut().insert("x-emulator-fault", HeaderValue::from_static(fault));
        }
        Box::pin(async move {
            let answer = self.inner.send(request, limit).await?;
            answer.headers["date"].to_str().unwrap().clone_into(&mut self.date.lock().unwrap());
            Ok(answer)
        })
    }
}

#[tokio::test]
async fn a_request_asks_for_a_fault_where_the_builder_allows_it() {
    let emulator = dyvmsapi_emulator::builder().fault_header(true).build();
    let error = Tap::new(&emulator, Some("reset")).call().await.unwrap_err();
    assert_eq!((error.kind(), emulator.dials().len()), (ErrorKind::Transport, 0));
    let error =
        Tap::new(&emulator, Some(r#"{"kind":"html","status":502,"after_effect":true}"#)).call().await.unwrap_err();
    assert_eq!((error.kind(), emulator.dials().len()), (ErrorKind::Response, 1));
    let error = Tap::new(&emulator, Some("rest")).call().await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidFault"));
    assert!(error.message().unwrap().contains("there is no fault `rest`; known are throttled, "), "{error}");
    let closed = dyvmsapi_emulator::emulator();
    assert_eq!(Tap::new(&closed, Some("reset")).call().await.unwrap().code, "OK");
}

#[tokio::test]
async fn a_wrong_clock_shows_in_the_date_and_refuses_beyond_the_window() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496);
    let emulator =
        dyvmsapi_emulator::builder().clock(move || now).time_window(Duration::from_secs(u32::MAX.into())).build();
    let tap = Tap::new(&emulator, None);
    let minute = Duration::from_secs(60);
    emulator
        .on_any()
        .pass()
        .fault(Fault::clock_ahead(5 * minute))
        .fault(Fault::clock_behind(5 * minute))
        .fault(Fault::clock_ahead(Duration::from_secs(u64::from(u32::MAX) + 1)));
    let mut seen = Vec::new();
    for _ in 0..4 {
        let code = tap.call().await.map_or_else(|error| error.code().unwrap().to_owned(), |answer| answer.code);
        seen.push((code, tap.date.lock().unwrap().clone()));
    }
    let line = |code: &str, date: &str| (code.to_owned(), date.to_owned());
    assert_eq!(
        seen,
        [
            line("OK", "Sun, 01 Mar 2026 12:34:56 GMT"),
            line("OK", "Sun, 01 Mar 2026 12:39:56 GMT"),
            line("OK", "Sun, 01 Mar 2026 12:29:56 GMT"),
            line("InvalidTimeStamp.Expired", "Wed, 07 Apr 2162 19:03:12 GMT"),
        ]
    );
    assert_eq!(emulator.dials().len(), 3);
}

/// What clients are told, and what the emulator counted, agree under every fault at once.
#[tokio::test]
async fn dials_agree_with_what_clients_are_told() {
    const CALLS: usize = 300;
    let emulator = dyvmsapi_emulator::emulator();
    let (_server, clients) = clients(&emulator, Format::Json).await;
    for fault in [
        Fault::reset(),
        Fault::reset().after_effect(),
        Fault::reset_within_answer(),
        Fault::html(502),
        Fault::html(502).after_effect(),
        Fault::throttled(),
        Fault::wrong_length(),
        Fault::slow(Duration::ZERO),
    ] {
        emulator.on_any().with_probability(0.08).fault(fault);
    }
    emulator.on_connection().with_probability(0.08).reset();
    let mut calls = tokio::task::JoinSet::new();
    for index in 0..CALLS {
        let client = clients[index % 2].clone();
        let number = format!("1300000{index:04}");
        calls.spawn(async move {
            let outcome = client.send(SingleCallByTts::new(number.clone(), "TTS_10001")).await;
            (number, outcome.map(|_| ()).map_err(|error| (error.kind(), error.sent())))
        });
    }
    let (mut placed, mut open, mut refused) = (0, 0, 0);
    while let Some(call) = calls.join_next().await {
        let (number, outcome) = call.unwrap();
        let dials = emulator.dials_to(&number).len();
        match outcome {
            Ok(()) | Err((ErrorKind::Response, Sent::Yes)) => {
                assert_eq!(dials, 1);
                placed += 1;
            }
            Err((_, Sent::Maybe)) => {
                assert!(dials <= 1);
                open += 1;
            }
            Err(_) => {
                assert_eq!(dials, 0);
                refused += 1;
            }
        }
    }
    assert!(placed > CALLS / 3 && open > CALLS / 20 && refused > CALLS / 100, "{placed} {open} {refused}");
}

/// A signed request as it goes over the wire.
fn raw() -> String {
    let client = Client::builder().credentials(credentials()).build().unwrap();
    let body = client.send(SingleCallByTts::new(NUMBER, "TTS_10001")).signed_body(&credentials());
    let body = std::str::from_utf8(&body).unwrap();
    format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: \
         {}\r\n\r\n{body}",
        body.len()
    )
}

/// What comes until the connection ends, and how it ends.
async fn exchange(server: &Server, request: &str) -> (String, Option<std::io::ErrorKind>) {
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let _ = stream.write_all(request.as_bytes()).await;
    let mut read = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut read)).await.unwrap();
    (String::from_utf8(read).unwrap(), end.err().map(|error| error.kind()))
}

#[tokio::test]
async fn resets_are_resets_on_the_wire() {
    let emulator = dyvmsapi_emulator::emulator();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    let rule = emulator.on_connection().reset();
    assert_eq!(exchange(&server, &raw()).await, (String::new(), Some(ConnectionReset)));
    rule.remove();
    let rule = emulator.on_any().fault(Fault::reset());
    assert_eq!(exchange(&server, &raw()).await, (String::new(), Some(ConnectionReset)));
    rule.remove();
    emulator.on_any().fault(Fault::reset_within_answer());
    let (answer, end) = exchange(&server, &raw()).await;
    assert_eq!(end, Some(ConnectionReset));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(body.len(), length.parse::<usize>().unwrap() / 2);
}

#[tokio::test]
async fn a_request_over_http_asks_for_a_fault() {
    let emulator = dyvmsapi_emulator::builder().fault_header(true).build();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    let request = raw().replace("\r\nHost", "\r\nX-Emulator-Fault: {\"kind\":\"reset\",\"after_effect\":true}\r\nHost");
    assert_eq!(exchange(&server, &request).await, (String::new(), Some(ConnectionReset)));
    emulator.assert_dialled_once(NUMBER);
    assert_eq!(emulator.requests()[0].status(), None);
}

#[tokio::test]
async fn a_wrong_length_ends_with_a_close_too_early() {
    let emulator = dyvmsapi_emulator::emulator();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    emulator.on_any().fault(Fault::wrong_length());
    let (answer, end) = exchange(&server, &raw()).await;
    assert_eq!(end, None);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert_eq!(length.parse::<usize>().unwrap(), body.len() + 100);
    assert!(body.ends_with('}'), "{body}");
}

#[tokio::test]
async fn the_time_to_wait_travels_in_milliseconds() {
    let emulator = dyvmsapi_emulator::emulator();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    emulator.on_any().fault(Fault::throttled_for(Duration::from_millis(1500))).times(1).fault(Fault::throttled());
    let request = raw().replace("\r\nHost", "\r\nConnection: close\r\nHost");
    let (answer, _) = exchange(&server, &request).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("x-acs-retry-after: 1500\r\n"), "{answer}");
    let request = raw().replace("\r\nHost", "\r\nConnection: close\r\nHost");
    let (answer, _) = exchange(&server, &request).await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && !answer.contains("x-acs-retry-after"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_in_its_time() {
    let emulator = dyvmsapi_emulator::builder().idle_timeout(Duration::from_secs(5)).build();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    let begun = Instant::now();
    let (answer, end) = exchange(&server, &raw()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with('}'), "{answer}");
    assert_eq!((end, begun.elapsed().as_secs()), (None, 5));
}
