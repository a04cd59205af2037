//! What is never shown: numbers of people, spoken texts and secrets, in any form, in whatever can be printed of a client,
//! a call, an error with its causes, an answer, and of the emulator's own record. Over real sockets, where HTTP, its
//! errors and proxies have their say too; `traces.rs` does the same for traces, and for answers that no server gives.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::error::Error as StdError;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use dyvmsapi::call::{CallProduct, QueryCallDetailByCallId, SingleCallByTts};
use dyvmsapi::credentials::{AssumeRole, CredentialsUri, EcsRamRole, OidcRole};
use dyvmsapi::{
    Client, ClientBuilder, Credentials, CredentialsProvider, Dyvmsapi, Error, ErrorKind, Format, Method, Retries,
    Signature,
};
use dyvmsapi_emulator::{Emulator, Fault};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const CALLED: &str = "13000000000";
const SHOWN: &str = "05710000000";
const SPOKEN: &str = "hush, little baby";
const PIN: &str = "4711-0815";
const SECRET: &str = "don't say a word";
const TOKEN: &str = "mama/is+going=to";
const PROXY_PASSWORD: &str = "mockingbird";

/// What must not be found, and its parts that alone would tell too much.
const HIDDEN: [&str; 14] = [
    CALLED,
    "130-0000-0000",
    "130 0000 0000",
    SHOWN,
    SPOKEN,
    "hush",
    "little",
    "baby",
    PIN,
    SECRET,
    "a word",
    TOKEN,
    "mama",
    PROXY_PASSWORD,
];

/// Finds hidden values, and those of one run: signatures.
struct Watch(Mutex<Vec<String>>);

impl Watch {
    fn new() -> Self {
        let watch = Self(Mutex::default());
        for value in HIDDEN {
            watch.hide(value);
        }
        // As HTTP's Basic authentication sends it.
        watch.hide("bW9ja2luZ2JpcmQ");
        watch
    }

    /// Watches for a value as it is, and as URLs and forms encode it, once and twice.
    fn hide(&self, value: &str) {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let once = encoded(value);
        let forms =
            [value.to_owned(), once.replace('+', "%20"), encoded(&once.replace('+', "%20")), encoded(&once), once];
        self.0.lock().unwrap().extend(forms);
    }

    fn finds(&self, text: &str) -> Option<String> {
        self.0.lock().unwrap().iter().find(|value| text.contains(value.as_str())).cloned()
    }

    fn look(&self, case: &str, text: &str) {
        let found = self.finds(text);
        assert_eq!(found, None, "{case}: {text}");
    }

    fn debug(&self, case: &str, value: &dyn Debug) {
        self.look(case, &format!("{value:?}\n{value:#?}"));
    }

    /// All that can be had of an error.
    fn error(&self, case: &str, error: &Error) {
        self.look(case, &error.to_string());
        self.debug(case, error);
        for text in [error.code(), error.message(), error.request_id(), error.advice(), Some(error.action())] {
            self.look(case, text.unwrap_or_default());
        }
        let mut below = error.source();
        while let Some(cause) = below {
            self.look(case, &cause.to_string());
            self.debug(case, cause);
            below = cause.source();
        }
    }

    /// What an emulator can show of what came to it, whose signatures are hidden from here on.
    fn emulator(&self, case: &str, emulator: &Emulator) {
        for request in emulator.requests() {
            if let Some(signature) = request.parameter("Signature") {
                self.hide(signature);
            }
            self.debug(case, &request);
            self.look(case, &request.to_string());
            self.look(case, &request.warnings().join("\n"));
        }
        self.debug(case, emulator);
        for dial in emulator.dials() {
            self.debug(case, &dial);
        }
    }
}

#[test]
fn what_is_shown_is_found_in_every_form() {
    let watch = Watch::new();
    for text in [CALLED, "x little+baby", "mama%2Fis%2Bgoing%3Dto", "mama%252Fis%252Bgoing%253Dto", "a%20word"] {
        assert_ne!(watch.finds(text), None, "{text}");
    }
    assert_eq!(watch.finds("a call to *** was refused"), None);
}

/// With a hidden value wherever there is place for one.
fn request() -> SingleCallByTts {
    let params = [("text", SPOKEN), ("pin", PIN)];
    SingleCallByTts::new(CALLED, "TTS_10001").called_show_number(SHOWN).tts_param(params).out_id("order-1")
}

/// What somebody says who has seen all of it.
fn echo() -> String {
    format!("no call from {SHOWN} to {CALLED} or 130-0000-0000 with {SPOKEN} and {PIN} by {TOKEN}")
}

/// All ways to sign and place a request.
fn forms() -> Vec<(Signature, Method, Format)> {
    let mut forms = Vec::new();
    for method in [Method::Post, Method::Get] {
        forms.push((Signature::V1, method, Format::Json));
        forms.push((Signature::V1, method, Format::Xml));
        forms.push((Signature::V3, method, Format::Json));
    }
    forms
}

fn builder(signature: Signature, format: Format) -> ClientBuilder<Dyvmsapi> {
    Client::builder()
        .credentials(Credentials::with_token("testid", SECRET, TOKEN))
        .signature(signature)
        .format(format)
        .retries(Retries::never())
}

/// Places the call, looks at all that is there before it fails, and at how it does.
async fn fails(watch: &Watch, case: &str, builder: ClientBuilder<Dyvmsapi>, method: Method) -> Error {
    watch.debug(case, &builder);
    let client = builder.build().unwrap();
    watch.debug(case, &client);
    watch.debug(case, &request());
    let call = client.send(request()).method(method);
    watch.debug(case, &call);
    let sending = call.into_future();
    watch.debug(case, &sending);
    let error = sending.await.unwrap_err();
    watch.error(case, &error);
    error
}

fn emulator() -> Emulator {
    let expires = SystemTime::now() + Duration::from_secs(3_600);
    dyvmsapi_emulator::builder().temporary_key("testid", SECRET, TOKEN, expires).key("permanent", SECRET).build()
}

/// What an emulator is told to do before a call.
type Setup = fn(&Emulator);

#[tokio::test]
async fn what_the_service_says_and_does() {
    let cases: [(&str, Setup); 22] = [
        ("a refusal", |e| drop(e.on_any().refuse("isv.X", echo()))),
        ("a code that is a number", |e| drop(e.on_any().refuse(CALLED, echo()))),
        ("a refusal of the gateway", |e| drop(e.on_any().gateway_error(400, "InvalidParameter", echo()))),
        ("a code that is an echo", |e| drop(e.on_any().gateway_error(403, echo(), echo()))),
        ("a string to sign", |e| {
            let text = "mismatch. server string to sign is:POST&%2F&CalledNumber%3D13000000000%26TtsParam%3D%257B%2522text\
                        %2522%253A%2522hush%252C%2520little%2520baby%2522%257D%26SecurityToken%3Dmama%252Fis%252Bgoing%253Dto";
            drop(e.on_any().gateway_error(400, "SignatureDoesNotMatch", text));
        }),
        ("a string to sign of V3", |e| {
            let text = "mismatch. server StringToSign is [POST\n/\nCalledNumber=13000000000&TtsParam=%7B%22text%22%3A%22hush%2C%20little%20baby%22%7D]";
            drop(e.on_any().gateway_error(400, "SignatureDoesNotMatch", text));
        }),
        ("an answer that does not fit", |e| drop(e.on_any().reply_json(json!({ "CallId": { CALLED: echo() } })))),
        ("an answer that is a text", |e| drop(e.on_any().reply_json(json!(echo())))),
        ("an answer without an envelope", |e| drop(e.on_any().reply_json(json!([CALLED, echo()])))),
        ("throttling", |e| drop(e.on_any().fault(Fault::throttled_for(Duration::from_secs(60))))),
        ("HTTP 500", |e| drop(e.on_any().fault(Fault::server_error(500).after_effect()))),
        ("HTTP 500 in XML", |e| drop(e.on_any().fault(Fault::xml_error(500)))),
        ("no code", |e| drop(e.on_any().fault(Fault::no_code(503)))),
        ("HTML", |e| drop(e.on_any().fault(Fault::html(502)))),
        ("nothing", |e| drop(e.on_any().fault(Fault::empty(200)))),
        ("a wrong clock", |e| drop(e.on_any().fault(Fault::clock_ahead(Duration::from_secs(7_200))))),
        ("a reset", |e| drop(e.on_any().fault(Fault::reset().after_effect()))),
        ("a reset connection", |e| drop(e.on_connection().reset())),
        // The answer itself is left to the rule that was made before.
        ("a reset within the answer", |e| {
            e.on_any().reply_json(json!({ "CallId": echo() }));
            e.on_any().fault(Fault::reset_within_answer());
        }),
        ("a wrong length", |e| {
            e.on_any().reply_json(json!({ "CallId": echo() }));
            e.on_any().fault(Fault::wrong_length());
        }),
        ("half of an answer", |e| {
            e.on_any().reply_json(json!({ "CallId": echo() }));
            e.on_any().fault(Fault::cut());
        }),
        ("an answer that is no JSON", |e| {
            e.on_any().reply_json(json!({ "CallId": echo() }));
            e.on_any().fault(Fault::malformed());
        }),
    ];
    for (case, set_up) in cases {
        for (signature, method, format) in forms() {
            let (watch, emulator) = (Watch::new(), emulator());
            set_up(&emulator);
            let server = emulator.serve("127.0.0.1:0").await.unwrap();
            let case = format!("{case}, {signature:?} {method:?} {format:?}");
            let over_http = builder(signature, format).endpoint(server.url());
            let in_process = builder(signature, format).transport(emulator.transport());
            let errors =
                [fails(&watch, &case, over_http, method).await, fails(&watch, &case, in_process, method).await];
            watch.debug(&case, &server);
            // A code is the rule's own word, and shown as it is.
            if !case.starts_with("a code") {
                watch.emulator(&case, &emulator);
            }
            // The signatures are known by now.
            for error in &errors {
                watch.error(&case, error);
            }
        }
    }
}

#[tokio::test]
async fn what_the_gateway_refuses() {
    let (watch, emulator) = (Watch::new(), emulator());
    for (signature, method, format) in forms() {
        let case = format!("{signature:?} {method:?} {format:?}");
        let of = |id: &str, secret: &str, token: &str| {
            let credentials = Credentials::with_token(id, secret, token);
            builder(signature, format).credentials(credentials).transport(emulator.transport())
        };
        let wrong_secret = format!("another way to {SECRET}");
        let refused = [
            (of("testid", &wrong_secret, TOKEN), "SignatureDoesNotMatch"),
            (of("testid", SECRET, &format!("{TOKEN}{TOKEN}")), "InvalidSecurityToken"),
            (of("permanent", SECRET, TOKEN), "InvalidSecurityToken"),
            (of("nobody", SECRET, TOKEN), "InvalidAccessKeyId"),
            (of("testid", SECRET, TOKEN).clock_and_nonce(|| SystemTime::UNIX_EPOCH, || 7), "InvalidTimeStamp"),
        ];
        for (builder, code) in refused {
            let error = fails(&watch, &case, builder, method).await;
            assert!(error.code().is_some_and(|found| found.starts_with(code)), "{case}: {error}");
        }
        let client = of("testid", SECRET, TOKEN).build().unwrap();
        let bad = [
            client.send(request()).parameter("Speed", "fast").parameter("Speeds", &echo()).method(method),
            client.send(request()).parameter("OwnerId", CALLED).parameter("OwnerId", CALLED).method(method),
            client.send(request()).parameter("SecurityToken", TOKEN).method(method),
        ];
        for call in bad {
            watch.debug(&case, &call);
            watch.error(&case, &call.await.unwrap_err());
        }
        // Of a call by name nothing is known, so nothing of it is shown.
        let call =
            client.send_action("SingleCallByTts", &[("CalledNumbers", CALLED), ("TtsParam", &echo())]).method(method);
        watch.debug(&case, &call);
        watch.error(&case, &call.await.unwrap_err());
    }
    watch.emulator("the gateway", &emulator);
    assert!(emulator.requests().len() > 40);
}

#[tokio::test]
async fn no_answer_in_time() {
    for (signature, method, format) in forms() {
        let (watch, emulator) = (Watch::new(), emulator());
        emulator.on_any().fault(Fault::silence().after_effect());
        let server = emulator.serve("127.0.0.1:0").await.unwrap();
        let soon = builder(signature, format).endpoint(server.url()).timeout(Duration::from_millis(100));
        let error = fails(&watch, "silence", soon, method).await;
        assert_eq!(error.kind(), ErrorKind::Timeout);
        watch.emulator("silence", &emulator);
    }
}

#[tokio::test]
async fn what_is_answered_is_masked() {
    let (watch, emulator) = (Watch::new(), emulator());
    let detail =
        json!({ "caller": SHOWN, "callee": CALLED, "calleeShowNumber": SHOWN, "callerShowNumber": SHOWN }).to_string();
    emulator.on_any().reply_json(json!({ "Data": detail, "Message": "OK" }));
    let client = builder(Signature::V1, Format::Json).transport(emulator.transport()).build().unwrap();
    let query = QueryCallDetailByCallId::new("1^2", CallProduct::VerificationCode, 1_671_552_000_000);
    let answer = client.send(query).await.unwrap();
    assert_eq!(answer.data.as_ref().unwrap().callee.as_deref(), Some(CALLED));
    watch.debug("an answer", &answer);
}

/// A server that answers every connection with this, in which `{}` is the request as it came.
struct Parrot {
    url: String,
    accepting: JoinHandle<()>,
    heard: Arc<Mutex<String>>,
}

impl Parrot {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(String::new()));
        let hearing = Arc::clone(&heard);
        let accepting = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = vec![0; 65_536];
                let length = stream.read(&mut bytes).await.unwrap_or_default();
                let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
                let on_one_line = text.replace("\r\n", " ");
                let answer = if answer.contains("Location") {
                    answer.replace("{}", &on_one_line)
                } else {
                    answer.replace("{}", &text)
                };
                hearing.lock().unwrap().push_str(&text);
                // The client may have gone.
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, accepting, heard }
    }

    /// Watches for the signatures that came.
    fn teach(&self, watch: &Watch) {
        let heard = self.heard.lock().unwrap();
        for signature in heard.split(['&', ',', ' ', '\r']).filter_map(|part| part.strip_prefix("Signature=")) {
            watch.hide(signature);
            for (decoded, _) in form_urlencoded::parse(signature.as_bytes()) {
                watch.hide(&decoded);
            }
        }
    }
}

impl Drop for Parrot {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Ways to tell a client all that it has said.
const ECHOES: [&str; 14] = [
    "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/?{}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 301 Moved\r\nLocation: {}\r\nConnection: close\r\n\r\n<html>{}</html>",
    "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n{\"Code\":\"InvalidParameter\",\"Message\":\"{}\",\"RequestId\":\"{}\"}",
    "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n<Error><Code>X</Code><Message>{}</Message></Error>",
    "HTTP/1.1 500 Bad\r\nConnection: close\r\n\r\n<html><body>{}</body></html>",
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<!DOCTYPE html><pre>{}</pre>",
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n{\"Code\":\"OK\",\"CallId\":\"{}",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}",
    "HTTP/1.1 {}",
    "{}",
    "\0{}",
    "",
];

#[tokio::test]
async fn what_a_stranger_says_over_http() {
    for answer in ECHOES {
        for (signature, method, format) in forms() {
            let (watch, parrot) = (Watch::new(), Parrot::start(answer).await);
            let case = format!("{answer:?}, {signature:?} {method:?} {format:?}");
            let calling = builder(signature, format).endpoint(&*parrot.url).timeout(Duration::from_secs(5));
            let error = fails(&watch, &case, calling, method).await;
            parrot.teach(&watch);
            assert!(parrot.heard.lock().unwrap().contains("Signature"), "{case}: nothing was heard");
            watch.error(&case, &error);
        }
    }
}

#[tokio::test]
async fn what_a_proxy_says() {
    for answer in
        ["HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"{}\"\r\n\r\n{}", "HTTP/1.1 403 {}\r\n\r\n", "{}", ""]
    {
        for endpoint in ["http://voice.example.com", "https://voice.example.com"] {
            for (signature, method, format) in forms() {
                let (watch, parrot) = (Watch::new(), Parrot::start(answer).await);
                let case = format!("{answer:?}, {endpoint} {signature:?} {method:?}");
                let proxy = parrot.url.replace("http://", &format!("http://user:{PROXY_PASSWORD}@"));
                let calling = builder(signature, format).endpoint(endpoint).allow_plain_http().proxy(proxy);
                let error = fails(&watch, &case, calling.timeout(Duration::from_secs(5)), method).await;
                parrot.teach(&watch);
                watch.error(&case, &error);
            }
        }
    }
}

#[test]
fn what_a_client_is_not_built_with() {
    let watch = Watch::new();
    let plain = || builder(Signature::V1, Format::Json);
    let refused = [
        plain().proxy(format!("socks4://user:{PROXY_PASSWORD}@proxy:1080")),
        plain().proxy(format!("socks5://user:{}{PROXY_PASSWORD}@proxy:1080", "a".repeat(256))),
        plain().proxy(format!("http://user:{PROXY_PASSWORD}?x@proxy:9")),
        plain().proxy(format!("http://user:{PROXY_PASSWORD}/x@proxy:9")),
        plain().proxy(format!("http://user:x#{PROXY_PASSWORD}@proxy:9")),
        plain().proxy(format!("http://user:{PROXY_PASSWORD}")),
        plain().proxy(format!("http://user:{PROXY_PASSWORD}@proxy/path?{PROXY_PASSWORD}")),
        plain().proxy(format!("http://user:{PROXY_PASSWORD}@")),
        plain().endpoint(format!("https://user:{PROXY_PASSWORD}@voice.example.com")),
        plain().endpoint(format!("https://user:{PROXY_PASSWORD}?x@voice.example.com")),
        plain().endpoint(format!("https://voice.example.com/?CalledNumber={CALLED}")),
        plain().endpoint(format!("ftp://user:{PROXY_PASSWORD}@voice.example.com")),
        plain().root_certificate_pem(format!(
            "-----BEGIN PRIVATE KEY-----\n{PROXY_PASSWORD}\n-----END PRIVATE KEY-----\n"
        )),
    ];
    for builder in refused {
        watch.debug("a builder", &builder);
        watch.error("a client that is not built", &builder.build().unwrap_err());
    }
}

#[tokio::test]
async fn what_a_provider_says() {
    let token_file = format!("{}/never_shown_token", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&token_file, TOKEN).unwrap();
    // Keys, in forms that do not serve, and what was asked.
    let said = [
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"Code\":\"Failed\",\"AccessKeySecret\":\"don't say a word\",\"SecurityToken\":\"mama/is+going=to\"}",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"AccessKeyId\":\"i\",\"AccessKeySecret\":\"don't say a word\",\"SecurityToken\":\"mama/is+going=to\",\"Expiration\":\"soon\"}",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"AccessKeySecret\":\"don't say a word\",,",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>don't say a word</html>",
        "HTTP/1.1 403 No\r\nConnection: close\r\n\r\n{\"Code\":\"NoPermission\",\"Message\":\"{}\",\"RequestId\":\"R-1\"}",
        "HTTP/1.1 500 No\r\nConnection: close\r\n\r\n{}",
        "{}",
    ];
    for answer in said {
        let parrot = Parrot::start(answer).await;
        let watch = Watch::new();
        let key = || Credentials::with_token("testid", SECRET, TOKEN);
        let role = "acs:ram::1:role/operator";
        let url = format!("{}/keys?token={PROXY_PASSWORD}", parrot.url);
        gives_nothing(&watch, &parrot, CredentialsUri::new(url)).await;
        let assumed = AssumeRole::new(key(), role).endpoint(&*parrot.url).external_id(PROXY_PASSWORD);
        gives_nothing(&watch, &parrot, assumed).await;
        let oidc = OidcRole::new(role, "acs:ram::1:oidc-provider/one", &token_file).endpoint(&*parrot.url);
        gives_nothing(&watch, &parrot, oidc).await;
        gives_nothing(&watch, &parrot, EcsRamRole::new().role("operator").endpoint(&*parrot.url)).await;
    }
}

async fn gives_nothing(watch: &Watch, parrot: &Parrot, provider: impl CredentialsProvider + Debug) {
    let case = format!("{provider:?}");
    watch.look(&case, &case);
    let calling =
        builder(Signature::V1, Format::Json).credentials(provider).transport(dyvmsapi_emulator::emulator().transport());
    let error = fails(watch, &case, calling, Method::Post).await;
    assert_eq!(error.kind(), ErrorKind::Credentials, "{error}");
    parrot.teach(watch);
    watch.error(&case, &error);
}
