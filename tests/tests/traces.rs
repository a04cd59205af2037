//! What is traced, and what is never shown: in errors, their causes, and traces.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aliyun_runtime::http::{HeaderMap, HeaderValue};
use aliyun_runtime::{BoxFuture, Bytes, Ending, HttpResponse, TransportError};
use dyvmsapi::call::SingleCallByTts;
use dyvmsapi::credentials::Context;
use dyvmsapi::{Client, Credentials, CredentialsError, CredentialsProvider, Error, Format, Method, Retries, Sent};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use workspace_tests::Canned;

/// Writes down all spans and events, one a line, in the order in which things are said.
#[derive(Clone, Default)]
struct Recorder(Arc<(Mutex<Vec<String>>, AtomicU64)>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

/// Wants nothing, and is asked each time. While it stands, no place in the code is remembered as one that nobody listens
/// to, whichever test came there first.
struct Listening;

impl Subscriber for Listening {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

impl Recorder {
    fn new() -> Self {
        // The first one stays.
        let _ = tracing::subscriber::set_global_default(Listening);
        Self::default()
    }

    fn write(&self, line: Line) {
        self.0.0.lock().unwrap().push(line.0);
    }

    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.0.0.lock().unwrap())
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "aliyun"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.0.1.fetch_add(1, Ordering::Relaxed) + 1;
        let above = span.parent().map_or(String::new(), |parent| format!(" in {}", parent.into_u64()));
        let mut line = Line(format!("{id} {}{above}:", span.metadata().name()));
        span.record(&mut line);
        self.write(line);
        Id::from_u64(id)
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut line = Line(format!("{}:", span.into_u64()));
        values.record(&mut line);
        self.write(line);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("event in {}:", event.parent().map_or(0, Id::into_u64)));
        event.record(&mut line);
        self.write(line);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

const NUMBER: &str = "13000000000";
const SPOKEN: &str = "hush, little baby";
const SECRET: &str = "testsecret";
const TOKEN: &str = "to+ken/of=testid";

fn request() -> SingleCallByTts {
    SingleCallByTts::new(NUMBER, "TTS_10001").tts_param([("text", SPOKEN), ("code", "4711")]).out_id("order-4711")
}

fn builder() -> dyvmsapi::ClientBuilder<dyvmsapi::Dyvmsapi> {
    Client::builder()
        .credentials(Credentials::with_token("testid", SECRET, TOKEN))
        .clock_and_nonce(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496), || 0x1234)
}

#[tokio::test(start_paused = true)]
async fn there_is_a_span_for_the_call_and_one_for_each_attempt() {
    let recorder = Recorder::new();
    let _guard = tracing::subscriber::set_default(recorder.clone());
    let throttled = r#"{"Code":"Throttling.User","Message":"slower","RequestId":"R-1"}"#;
    let canned =
        Canned::default().then(400, throttled).then(200, r#"{"Code":"OK","CallId":"1^2","RequestId":"R-2-8765"}"#);
    builder().transport(canned).build().unwrap().send(request()).await.unwrap();
    let attempt = |id: u32, resent: &str| {
        format!(
            "{id} attempt in 1: otel.name=\"POST\" otel.kind=\"client\" http.request.method=\"POST\"{resent} \
             server.address=\"dyvmsapi.aliyuncs.com\" server.port=443 url.scheme=\"https\""
        )
    };
    assert_eq!(
        recorder.lines(),
        [
            "1 call: otel.name=Dyvmsapi/SingleCallByTts otel.kind=\"client\" rpc.system=\"aliyun\" \
             rpc.service=\"Dyvmsapi\" rpc.method=\"SingleCallByTts\" server.address=\"dyvmsapi.aliyuncs.com\" \
             server.port=443",
            &attempt(2, ""),
            "2: http.response.status_code=400",
            "2: otel.status_code=\"ERROR\"",
            "2: error.type=\"Throttling.User\"",
            "2: aliyun.request_id=\"R-1\"",
            "event in 1: message=another attempt follows error.type=\"Throttling.User\" delay_ms=0",
            &attempt(3, " http.request.resend_count=1"),
            "3: http.response.status_code=200",
            "3: aliyun.request_id=\"R-2-8765\"",
        ]
    );
    let failing = builder().transport(Canned::default().then_answer(Err(lost()))).endpoint("http://127.0.0.1:8080");
    failing.build().unwrap().send(request()).await.unwrap_err();
    let lines = recorder.lines();
    assert!(lines[0].ends_with("server.address=\"127.0.0.1\" server.port=8080"), "{lines:#?}");
    assert_eq!(
        lines[2..],
        [
            "5: otel.status_code=\"ERROR\"",
            "5: error.type=\"transport\"",
            "4: otel.status_code=\"ERROR\"",
            "4: error.type=\"transport\""
        ]
    );
}

fn lost() -> TransportError {
    let everything = format!(
        "connection to http://x/?CalledNumber={NUMBER}&TtsParam=%7B%22text%22%3A%22hush%2C%20little%20baby%22%7D&x={SPOKEN} \
         with {TOKEN} lost"
    );
    TransportError::new(Sent::Maybe, everything)
}

/// The service, a proxy or whoever echoes what it was sent, in every form in which that can come.
fn echoes() -> Vec<(&'static str, Canned)> {
    let echo =
        format!("no call to {NUMBER} or 130-0000-0000 with {SPOKEN} or hush%2C%20little%20baby, 4711 and {TOKEN}");
    let json = |code: &str, message: &str| {
        serde_json::json!({"Code": code, "Message": message, "RequestId": NUMBER, "Data": message}).to_string()
    };
    let form = "hush%2C+little+baby to%2Bken%2Fof%3Dtestid";
    let twice = "CalledNumber%3D13000000000%26TtsParam%3D%257B%2522text%2522%253A%2522hush%252C%2520little%2520baby%2522\
                 %257D%26SecurityToken%3Dto%252Bken%252Fof%253Dtestid";
    let signed =
        format!("Specified signature is not matched with our calculation. server string to sign is:POST&%2F&{twice}");
    let redirect = HttpResponse::new(
        302,
        HeaderMap::from_iter([(
            "location".parse().unwrap(),
            HeaderValue::from_static("https://x/?CalledNumber=13000000000&t=hush%2C%20little%20baby"),
        )]),
        Bytes::new(),
    );
    let cut = HttpResponse::new(
        200,
        HeaderMap::from_iter([("x-acs-request-id".parse().unwrap(), HeaderValue::from_static("13000000000"))]),
        json("OK", &echo).into_bytes()[..90].to_vec(),
    )
    .ending(Ending::CutShort(echo.clone().into()));
    let long = format!("{}{SPOKEN} {SPOKEN}", "x".repeat(105));
    let deep = format!("<Error><Code>{NUMBER}</Code><Message>{echo}</Message><{SPOKEN}/></Error>");
    vec![
        ("refused at 200", Canned::ok(json("isv.X", &echo))),
        ("refused at 400", Canned::default().then(400, json("InvalidParameter", &echo))),
        ("refused with a code that is an echo", Canned::default().then(400, json(&echo, form))),
        ("refused with a code that is a number", Canned::default().then(400, json(NUMBER, twice))),
        ("refused with a long message", Canned::default().then(400, json("x", &"hush, little baby ".repeat(60)))),
        (
            "refused after one more attempt",
            Canned::default().then(400, json("Throttling", &echo)).then(400, json("A", &echo)),
        ),
        ("XML", Canned::default().then(400, format!("<Error><Code>X</Code><Message>{echo}</Message></Error>"))),
        ("broken XML", Canned::default().then(400, deep)),
        ("other XML", Canned::ok(format!("<feed a=\"{SPOKEN}\">{echo}</feed>"))),
        ("a string to sign", Canned::default().then(400, json("SignatureDoesNotMatch", &signed))),
        (
            "a string to sign of V3",
            Canned::default().then(
                400,
                json("SignatureDoesNotMatch", &format!("no. server StringToSign is [x]\nPOST\n/\n{form}\n{twice}")),
            ),
        ),
        ("a string to sign with another code", Canned::default().then(400, json("IncompleteSignature", &signed))),
        ("HTML", Canned::default().then(502, format!("<html><p>{echo}</p></html>"))),
        ("HTML at 200", Canned::ok(format!("<!doctype html><p>{form} {SPOKEN}</p>"))),
        ("cut JSON", Canned::ok(json("OK", &echo)[..70].to_owned())),
        ("a cut answer", Canned::default().then_answer(Ok(cut))),
        ("another JSON", Canned::ok(format!("[\"{echo}\", {NUMBER}]"))),
        ("JSON without a code", Canned::default().then(500, format!("{{\"{SPOKEN}\": 1, \"a\": \"{echo}\"}}"))),
        ("a text", Canned::ok(format!("{SPOKEN} for {NUMBER} {twice}"))),
        ("a text that is cut within", Canned::ok(long)),
        (
            "a member that does not fit",
            Canned::ok(format!("{{\"Code\":\"OK\",\"CallId\":{{\"{SPOKEN}\":\"{echo}\"}}}}")),
        ),
        ("a redirect", Canned::default().then_answer(Ok(redirect))),
        ("a lost connection", Canned::default().then_answer(Err(lost()))),
        ("no answer", Canned::default()),
    ]
}

fn assert_hidden(case: &str, shown: &str) {
    let needles = [
        NUMBER,
        "130-0000-0000",
        "hush",
        "little",
        "baby",
        "4711",
        SECRET,
        TOKEN,
        "to%2Bken",
        "to%252Bken",
        "ken/of",
        "ken%2Fof",
    ];
    for needle in needles {
        assert!(!shown.contains(needle), "{case}: {needle} in {shown}");
    }
}

/// Everything that can be had of an error, its causes among them.
fn everything(error: &Error) -> String {
    let texts = [error.code(), error.message(), error.request_id(), Some(error.action()), error.advice()];
    let mut all: Vec<String> = texts.into_iter().flatten().map(str::to_owned).collect();
    all.extend([error.to_string(), format!("{error:?}"), format!("{error:#?}")]);
    let mut cause = error.source();
    while let Some(error) = cause {
        all.extend([error.to_string(), format!("{error:?}")]);
        cause = error.source();
    }
    all.join("\n")
}

#[tokio::test(start_paused = true)]
async fn numbers_texts_and_secrets_are_nowhere() {
    for method in [Method::Post, Method::Get] {
        for format in [Format::Json, Format::Xml] {
            for (case, canned) in echoes() {
                let recorder = Recorder::new();
                let _guard = tracing::subscriber::set_default(recorder.clone());
                let client = builder().transport(canned).format(format).build().unwrap();
                let call = client.send(request()).method(method);
                assert_hidden(case, &format!("{call:?} {client:?}"));
                let error = call.await.unwrap_err();
                assert_hidden(case, &everything(&error));
                let lines = recorder.lines();
                assert!(lines.len() > 2, "{case}: {lines:#?}");
                assert_hidden(case, &lines.join("\n"));
            }
        }
    }
}

/// Of a call by name nothing is known, so nothing of it is shown.
#[tokio::test(start_paused = true)]
async fn a_call_by_name_hides_all_its_values() {
    for (case, canned) in echoes() {
        let client = builder().transport(canned).build().unwrap();
        let text = format!(r#"{{"text":"{SPOKEN}","code":"4711"}}"#);
        let call = client.send_action("SingleCallByTts", &[("CalledNumber", NUMBER), ("TtsParam", &text)]);
        match call.await {
            // A free value takes every member.
            Ok(_) => assert_eq!(case, "a member that does not fit"),
            Err(error) => assert_hidden(case, &everything(&error)),
        }
    }
}

/// What is not sensitive helps: the id of a template is shown.
#[tokio::test]
async fn values_that_are_not_sensitive_are_shown() {
    let body = r#"{"Code":"isv.TTS_TEMPLATE_ILLEGAL","Message":"TTS_10001 is not approved","RequestId":"R-1"}"#;
    let client = builder().transport(Canned::ok(body)).build().unwrap();
    assert_eq!(client.send(request()).await.unwrap_err().message(), Some("TTS_10001 is not approved"));
}

#[tokio::test]
async fn what_fails_before_it_is_sent_hides_its_values() {
    struct Nowhere;
    impl CredentialsProvider for Nowhere {
        fn credentials<'a>(&'a self, _: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
            Box::pin(async { Err(CredentialsError::new("no file for 13000000000")) })
        }
    }
    let nobody = builder().credentials(Nowhere).transport(Canned::default()).build().unwrap();
    let client = builder().transport(Canned::default()).build().unwrap();
    let errors = [
        nobody.send(request()).await.unwrap_err(),
        client.send(request()).parameter("CalledNumber", NUMBER).await.unwrap_err(),
        client.send(request()).parameter("SecurityToken", TOKEN).await.unwrap_err(),
        builder().endpoint(format!("https://user:{SECRET}@x/")).build().unwrap_err(),
        client.send(request()).retries(Retries::never()).timeout(Duration::ZERO).await.unwrap_err(),
    ];
    for error in &errors {
        assert_hidden("before", &error.to_string());
        assert_hidden("before", &format!("{error:?}"));
    }
}
