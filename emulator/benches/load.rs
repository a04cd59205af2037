//! What a request costs the emulator, beside a server that answers a constant: `cargo bench -p aliyun-emulator`.
//!
//! Sender and server share the process and two threads, so that processor time is that of both. Every request is signed
//! beforehand, with a nonce of its own; rounds of all kinds alternate, and the cheapest round of each counts, because
//! other work on the machine only adds.

use std::convert::Infallible;
use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use aliyun_emulator::Emulator;
use aliyun_protocol::{Parameters, v3};
use aliyun_runtime::generated::{EnvelopeFacts, Service, ServiceFacts};
use aliyun_runtime::testing::SigningKey;
use aliyun_runtime::{Client, Credentials, Transport as _};
use bytes::Bytes;
use cpu_time::ProcessTime;
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderValue, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const CONNECTIONS: usize = 32;
const REQUESTS: usize = 16_000;
const ROUNDS: usize = 5;

type AnyError = Box<dyn Error + Send + Sync>;

/// What a call that dials carries beside the protocol's parameters.
const BUSINESS: [(&str, &str); 5] = [
    ("CalledNumber", "13000000000"),
    ("CalledShowNumber", "05710000000"),
    ("OutId", "order-4711"),
    ("TtsCode", "TTS_10001"),
    ("TtsParam", r#"{"code":"123456","name":"Agent One"}"#),
];

fn main() -> Result<(), AnyError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<(), AnyError> {
    // Without an account, which would remember every call and be measured too.
    let emulator = Emulator::new(aliyun_api_spec::dyvmsapi());
    let server = emulator.serve("127.0.0.1:0").await?;
    let constant = serve_constant(emulator.answer(signed_v1(&mut Nonces::default()).request()?)).await?;
    let mut nonces = Nonces { next: 1 };
    let (mut floor, mut v1, mut v3) = (Cost::WORST, Cost::WORST, Cost::WORST);
    let (mut door, mut signing) = (Cost::WORST, Cost::WORST);
    let (mut called, mut called_inside) = (Cost::WORST, Cost::WORST);
    let builder = || Client::<Voice>::builder().credentials(Credentials::new("testid", "testsecret"));
    let outside = builder().endpoint(server.url()).build()?;
    let inside = builder().transport(emulator.transport()).build()?;
    for _ in 0..ROUNDS {
        let requests = |sign: fn(&mut Nonces) -> Signed, nonces: &mut Nonces| -> Vec<Signed> {
            (0..REQUESTS).map(|_| sign(nonces)).collect()
        };
        floor = floor.min(over_loopback(constant, &requests(signed_v1, &mut nonces)).await?);
        v1 = v1.min(over_loopback(server.local_addr(), &requests(signed_v1, &mut nonces)).await?);
        v3 = v3.min(over_loopback(server.local_addr(), &requests(signed_v3, &mut nonces)).await?);
        door = door.min(in_process(&emulator, &requests(signed_v1, &mut nonces)).await?);
        signing = signing.min(sign_alone(&requests(signed_v1, &mut nonces)));
        called = called.min(call(&outside).await?);
        called_inside = called_inside.min(call(&inside).await?);
    }
    if let Some(refused) = emulator.requests().iter().find(|request| request.refusal().is_some()) {
        return Err(format!("a request was refused: {:?}", refused.refusal()).into());
    }
    println!(
        "| {REQUESTS} requests, the cheapest of {ROUNDS} rounds | requests a second | processor time each | of the floor |"
    );
    println!("| --- | --- | --- | --- |");
    let row = |what: &str, cost: Cost| {
        println!(
            "| {what} | {:.0} | {:.1} µs | {:.2} |",
            cost.per_second(),
            cost.processor_micros(),
            cost.processor_micros() / floor.processor_micros()
        );
    };
    row("floor: hyper reads the form and answers a constant, loopback", floor);
    row("signature V1, loopback", v1);
    row("signature V3, loopback", v3);
    row("signature V1, in the process", door);
    row("of which: encode, sort and sign the parameters again", signing);
    let share = signing.processor_micros() / v1.processor_micros();
    println!("\nshare of the signature over loopback: {:.1} %", 100.0 * share);
    let (outside, inside) = (called.processor_micros(), called_inside.processor_micros());
    println!(
        "a call of this project's client, both sides: over loopback {outside:.1} µs, in the process {inside:.1} µs"
    );
    println!("in the process cheaper by: {:.1}", outside / inside);
    server.stop().await;
    Ok(())
}

#[derive(Clone, Copy)]
struct Cost {
    elapsed: Duration,
    processor: Duration,
}

impl Cost {
    const WORST: Self = Self { elapsed: Duration::MAX, processor: Duration::MAX };

    fn since(start: Instant, processor: ProcessTime) -> Self {
        Self { elapsed: start.elapsed(), processor: processor.elapsed() }
    }

    fn min(self, other: Self) -> Self {
        Self { elapsed: self.elapsed.min(other.elapsed), processor: self.processor.min(other.processor) }
    }

    #[allow(clippy::cast_precision_loss, reason = "a small number")]
    fn per_second(self) -> f64 {
        REQUESTS as f64 / self.elapsed.as_secs_f64()
    }

    #[allow(clippy::cast_precision_loss, reason = "a small number")]
    fn processor_micros(self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / REQUESTS as f64
    }
}

#[derive(Default)]
struct Nonces {
    next: u64,
}

impl Nonces {
    fn take(&mut self) -> String {
        self.next += 1;
        format!("{:032x}", self.next)
    }
}

/// A request whose parts are ready, for a socket as well as for the door inside the process.
struct Signed {
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

impl Signed {
    fn request(&self) -> Result<Request<Bytes>, http::Error> {
        let mut request = Request::builder().method("POST").uri(&self.target);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request.body(self.body.clone())
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("POST {} HTTP/1.1\r\n", self.target);
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let _ = write!(head, "content-length: {}\r\n\r\n", self.body.len());
        [head.as_bytes(), &self.body].concat()
    }
}

fn timestamp() -> String {
    let now = jiff::Timestamp::try_from(SystemTime::now()).unwrap_or_default();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// As this project's client sends it: everything in a form.
fn signed_v1(nonces: &mut Nonces) -> Signed {
    let mut parameters = Parameters::default();
    for (name, value) in BUSINESS {
        parameters.push(name, value);
    }
    for (name, value) in [
        ("AccessKeyId", "testid"),
        ("Action", "SingleCallByTts"),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonces.take()),
        ("SignatureVersion", "1.0"),
        ("Timestamp", &timestamp()),
        ("Version", "2017-05-25"),
    ] {
        parameters.push(name, value);
    }
    let signature = SigningKey::new("testsecret").sign_v1("POST", &mut parameters);
    parameters.push("Signature", signature.as_str());
    Signed {
        target: "/".to_owned(),
        headers: vec![
            ("host", "127.0.0.1".to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ],
        body: Bytes::copy_from_slice(parameters.encoded()),
    }
}

/// As the official clients send it: everything in the query.
fn signed_v3(nonces: &mut Nonces) -> Signed {
    let mut query = Parameters::default();
    for (name, value) in BUSINESS {
        query.push(name, value);
    }
    let mut headers = vec![
        ("host", "127.0.0.1".to_owned()),
        ("x-acs-action", "SingleCallByTts".to_owned()),
        ("x-acs-version", "2017-05-25".to_owned()),
        ("x-acs-date", timestamp()),
        ("x-acs-signature-nonce", nonces.take()),
        ("x-acs-content-sha256", v3::EMPTY_PAYLOAD.to_owned()),
    ];
    let target = format!("/?{}", String::from_utf8_lossy(query.encoded()));
    let mut signed: Vec<(&str, &[u8])> = headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    let signature = SigningKey::new("testsecret").sign_v3("POST", &mut query, &mut signed, v3::EMPTY_PAYLOAD);
    let authorization = v3::authorization("testid", &signed, &signature);
    headers.push(("authorization", authorization));
    Signed { target, headers, body: Bytes::new() }
}

/// Sends the requests over connections that stay open, each with one request on its way.
async fn over_loopback(address: SocketAddr, requests: &[Signed]) -> Result<Cost, AnyError> {
    let mut streams = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let batches: Vec<Arc<[Vec<u8>]>> =
        requests.chunks(REQUESTS / CONNECTIONS).map(|batch| batch.iter().map(Signed::bytes).collect()).collect();
    let (start, processor) = (Instant::now(), ProcessTime::now());
    let mut senders = Vec::new();
    for (stream, batch) in streams.into_iter().zip(batches) {
        senders.push(tokio::spawn(send(stream, batch)));
    }
    for sender in senders {
        sender.await??;
    }
    Ok(Cost::since(start, processor))
}

/// Answers to requests of one kind have one length, so that only the first has to be taken apart.
async fn send(mut stream: TcpStream, requests: Arc<[Vec<u8>]>) -> Result<(), AnyError> {
    let mut answer = Vec::new();
    for request in &*requests {
        stream.write_all(request).await?;
        if answer.is_empty() {
            answer = first_answer(&mut stream).await?;
        } else {
            stream.read_exact(&mut answer).await?;
        }
        if !answer.starts_with(b"HTTP/1.1 200 OK\r\n") {
            return Err(String::from_utf8_lossy(&answer).into());
        }
    }
    Ok(())
}

async fn first_answer(stream: &mut TcpStream) -> Result<Vec<u8>, AnyError> {
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&answer).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).ok_or("no length")?;
    let mut body = vec![0; length.parse()?];
    stream.read_exact(&mut body).await?;
    answer.extend(body);
    Ok(answer)
}

async fn in_process(emulator: &Emulator, requests: &[Signed]) -> Result<Cost, AnyError> {
    let transport = emulator.transport();
    let requests = requests.iter().map(Signed::request).collect::<Result<Vec<_>, _>>()?;
    let (start, processor) = (Instant::now(), ProcessTime::now());
    for request in requests {
        let answer = transport.send(request, usize::MAX).await?;
        if answer.status != 200 {
            return Err(String::from_utf8_lossy(&answer.body).into());
        }
    }
    Ok(Cost::since(start, processor))
}

/// Stands for the voice service without its generated types.
struct Voice;

impl Service for Voice {
    const FACTS: &'static ServiceFacts = &ServiceFacts::new(
        "Dyvmsapi",
        "2017-05-25",
        "dyvmsapi.aliyuncs.com",
        EnvelopeFacts::new("Code", "Message", "RequestId", &["OK"], ""),
        &[],
    );
}

/// A whole call: encoded, signed, sent, checked, answered and read, one after another.
async fn call(client: &Client<Voice>) -> Result<Cost, AnyError> {
    let (start, processor) = (Instant::now(), ProcessTime::now());
    for _ in 0..REQUESTS {
        black_box(client.send_action("SingleCallByTts", &BUSINESS).await?);
    }
    Ok(Cost::since(start, processor))
}

/// What the check of a V1 signature does beside looking things up.
fn sign_alone(requests: &[Signed]) -> Cost {
    let key = SigningKey::new("testsecret");
    let pairs = |request: &Signed| -> Vec<(String, String)> {
        form_urlencoded::parse(&request.body).into_owned().filter(|(name, _)| name != "Signature").collect()
    };
    let requests: Vec<_> = requests.iter().map(pairs).collect();
    let (start, processor) = (Instant::now(), ProcessTime::now());
    for pairs in &requests {
        let mut parameters = Parameters::with_capacity(pairs.len(), 1024);
        for (name, value) in pairs {
            parameters.push(name, value);
        }
        black_box(key.sign_v1("POST", &mut parameters).as_str());
    }
    Cost::since(start, processor)
}

/// A server that reads a request and gives the answer that it was made with.
async fn serve_constant(answer: Response<Bytes>) -> Result<SocketAddr, AnyError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let body = answer.into_body();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let body = body.clone();
            tokio::spawn(async move {
                let _ = stream.set_nodelay(true);
                let service = service_fn(|request: Request<Incoming>| answer_constant(request, body.clone()));
                let mut server = http1::Builder::new();
                server.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(30)).half_close(true);
                let _ = server.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Ok(address)
}

async fn answer_constant(request: Request<Incoming>, body: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    let _ = black_box(request.into_body().collect().await);
    let mut response = Response::new(Full::new(body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=utf-8"));
    headers.insert(DATE, HeaderValue::from_static("Sun, 01 Mar 2026 12:34:56 GMT"));
    headers.insert("x-acs-request-id", HeaderValue::from_static("D9CB3933-9FE3-4870-BA8E-2BEE91B60002"));
    Ok(response)
}
