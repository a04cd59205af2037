//! Speed of a call and of its parts, each against a named floor in the same run.
//!
//! `cargo bench -p dyvmsapi` prints criterion's estimates and then a table of ratios. The floors:
//!
//! * encode and sign: one HMAC-SHA1 over the same string to sign, the least that a V1 signature costs; for V3 one SHA-256
//!   over the same canonical request and one HMAC-SHA256 over its hash;
//! * decode: serde derives over the same bytes in two steps, the answer and then the JSON text in `Data`;
//! * read a receipt: serde derives with the same fields, and a copy of the text;
//! * whole call: bare `reqwest` that posts a constant body and decodes with the same serde derives. The server is
//!   another process, and what is compared is the processor time of this one.

#![allow(missing_docs, reason = "criterion's macros generate undocumented items")]
#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use aliyun_protocol::Parameters;
use aliyun_protocol::v1::string_to_sign;
use aliyun_protocol::v3::{EMPTY_PAYLOAD, Header, canonical_request};
use aliyun_runtime::Bytes;
use aliyun_runtime::http::{HeaderName, HeaderValue};
use aliyun_runtime::testing::SigningKey;
use aliyun_runtime::testing::read_body;

use cpu_time::ProcessTime;
use criterion::Criterion;
use dyvmsapi::receipt::Receipt;
use dyvmsapi::robot::{QueryRobotTaskCallList, QueryRobotTaskCallListResponse};
use dyvmsapi::{Client, Credentials};
use floor::request;

mod floor;

fn decode(body: &[u8]) -> QueryRobotTaskCallListResponse {
    let mut answer = QueryRobotTaskCallListResponse::default();
    read_body(body, &mut answer).unwrap();
    answer
}

/// A client whose time stands still and whose nonces count, so that the floor signs the same text.
fn client(endpoint: Option<String>) -> Client {
    // The documented rate of the operation would be what is measured.
    let builder = Client::builder().credentials(Credentials::new("testid", "testsecret")).no_rate_limits();
    match endpoint {
        Some(endpoint) => builder.endpoint(endpoint).build().unwrap(),
        None => builder
            .clock_and_nonce(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496), || 1)
            .build()
            .unwrap(),
    }
}

/// A body as the emulator answers it: 20 calls as JSON text.
fn page() -> Bytes {
    let emulator =
        dyvmsapi_emulator::builder().clock(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496)).build();
    let body = client(None)
        .send(QueryRobotTaskCallList::new().task_id("1045001").page_size(20))
        .signed_body(&Credentials::new("testid", "testsecret"));
    let request = aliyun_runtime::http::Request::post("/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .unwrap();
    let answer = emulator.answer(request).into_body();
    assert_eq!(decode(&answer).data.len(), 20);
    assert_eq!(floor::decode(&answer).unwrap().len(), 20);
    answer
}

/// A further line of the table of ratios.
fn ratio(what: &str, ours: f64, floor: f64, unit: &str, most: &str) {
    println!("{what:<44} {ours:>10.2} {floor:>10.2} {unit:<12} {:>6.2}   {most}", ours / floor);
}

/// Processor time of one run of each, in microseconds. Rounds alternate, so that what else the machine does meets
/// both; the fastest round of each counts, since other work only adds.
fn compare(rounds: usize, runs: u32, ours: &dyn Fn(u32), floor: &dyn Fn(u32)) -> (f64, f64) {
    let measure = |run: &dyn Fn(u32)| {
        let start = ProcessTime::now();
        run(runs);
        start.elapsed().as_secs_f64() * 1e6 / f64::from(runs)
    };
    ours(runs);
    floor(runs);
    let rounds: Vec<(f64, f64)> = (0..rounds).map(|_| (measure(ours), measure(floor))).collect();
    let fastest = |of: fn(&(f64, f64)) -> f64| rounds.iter().map(of).fold(f64::INFINITY, f64::min);
    (fastest(|round| round.0), fastest(|round| round.1))
}

/// As a closure for [`compare`].
fn repeated<T>(run: impl Fn() -> T) -> impl Fn(u32) {
    move |runs| {
        for _ in 0..runs {
            black_box(run());
        }
    }
}

fn allocations<T>(run: impl FnOnce() -> T) -> f64 {
    let mut kept = None;
    let counted = allocation_counter::measure(|| kept = Some(run()));
    drop(kept);
    #[allow(clippy::cast_precision_loss, reason = "a handful")]
    let count = counted.count_total as f64;
    count
}

/// The string to sign of the request that [`signing`] signs.
fn text_to_sign(client: &Client, credentials: &Credentials) -> String {
    let mut parameters = Parameters::default();
    for pair in client.send(request()).signed_body(credentials).split(|&byte| byte == b'&') {
        let text = String::from_utf8_lossy(pair);
        let (name, value) = text.split_once('=').unwrap();
        if name != "Signature" {
            parameters.push(name, &value.replace("%3A", ":"));
        }
    }
    string_to_sign("POST", &mut parameters)
}

/// The query and the headers of the request that [`signing`] signs by V3.
fn parts_to_sign(client: &Client, credentials: &Credentials) -> (Parameters, Vec<(HeaderName, HeaderValue)>) {
    let headers = client.send(request()).signed_headers(credentials);
    let signed = headers.into_iter().filter(|(name, _)| name != "authorization").collect();
    let mut query = Parameters::default();
    // None of the values needs encoding.
    for (name, value) in [
        ("TaskId", "1045001"),
        ("Called", "13000000000"),
        ("CallResult", "200002"),
        ("HangupDirection", "1"),
        ("DialogCountFrom", "0"),
        ("DialogCountTo", "5"),
        ("DurationFrom", "0"),
        ("DurationTo", "60"),
        ("PageNo", "1"),
        ("PageSize", "20"),
    ] {
        query.push(name, value);
    }
    (query, signed)
}

/// Encode and sign against the hashes alone over as many bytes, in microseconds: V1 and its floor, V3 and its floor.
fn signing(criterion: &mut Criterion) -> [f64; 4] {
    let client = client(None);
    let credentials = Credentials::new("testid", "testsecret");
    let request = request();
    let key = SigningKey::new("testsecret");
    let text_v1 = text_to_sign(&client, &credentials);
    let (mut query, headers) = parts_to_sign(&client, &credentials);
    let mut headers: Vec<Header<'_>> = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let text_v3 = canonical_request("POST", &mut query, &mut headers, EMPTY_PAYLOAD);
    // A call takes its request, so what is measured clones one; the clone alone is measured beside.
    let v1 = || client.send(black_box(&request).clone()).signed_body(&credentials);
    let v3 = || client.send(black_box(&request).clone()).signed_headers(&credentials);
    let clone = || black_box(&request).clone();
    let floor_v1 = || key.sign_v1_text(black_box(text_v1.as_bytes()));
    let floor_v3 = || key.sign_v3_request(black_box(&text_v3));
    let mut group = criterion.benchmark_group("sign");
    group.bench_function("v1", |bencher| bencher.iter(v1));
    group.bench_function("v3", |bencher| bencher.iter(v3));
    group.bench_function("clone", |bencher| bencher.iter(clone));
    group.bench_function("v1 floor", |bencher| bencher.iter(floor_v1));
    group.bench_function("v3 floor", |bencher| bencher.iter(floor_v3));
    group.finish();
    let (with_clone_v1, clone_v1) = compare(101, 5000, &repeated(v1), &repeated(clone));
    let (with_clone_v3, clone_v3) = compare(101, 5000, &repeated(v3), &repeated(clone));
    let (floor_v1, floor_v3) = compare(101, 5000, &repeated(floor_v1), &repeated(floor_v3));
    [with_clone_v1 - clone_v1, floor_v1, with_clone_v3 - clone_v3, floor_v3]
}

/// Decode a page against serde derives, in microseconds.
fn decoding(criterion: &mut Criterion) -> (f64, f64) {
    let page = page();
    let ours = || decode(black_box(&page));
    let floor = || floor::decode(black_box(&page)).unwrap();
    let mut group = criterion.benchmark_group("decode");
    group.bench_function("ours", |bencher| bencher.iter(ours));
    group.bench_function("floor", |bencher| bencher.iter(floor));
    group.finish();
    compare(101, 200, &repeated(ours), &repeated(floor))
}

/// The example of a receipt of a call that was answered.
fn receipt() -> String {
    let kinds = &aliyun_api_spec::dyvmsapi().receipts;
    let (_, example) = &kinds.iter().find(|kind| kind.kind == "VoiceReport").unwrap().examples[0];
    let text = serde_json::to_string(example).unwrap();
    floor::receipt::read(&text).unwrap();
    text
}

/// Read a receipt against serde derives, in microseconds.
fn reading(criterion: &mut Criterion) -> (f64, f64) {
    let text = receipt();
    let ours = || Receipt::read("VoiceReport", black_box(&text));
    let floor = || floor::receipt::read(black_box(&text)).unwrap();
    let mut group = criterion.benchmark_group("receipt");
    group.bench_function("ours", |bencher| bencher.iter(ours));
    group.bench_function("floor", |bencher| bencher.iter(floor));
    group.finish();
    compare(101, 2000, &repeated(ours), &repeated(floor))
}

/// The emulator in a process of its own: this bench, called again.
struct ServerProcess {
    process: Child,
    url: String,
}

impl ServerProcess {
    fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .env(SERVE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim().to_owned() }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Set in the process that serves.
const SERVE: &str = "DYVMSAPI_BENCH_SERVE";

/// Answers every request with the same page, so that the server costs both sides the same.
fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let page = page();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json;charset=utf-8\r\ncontent-length: {}\r\n\r\n",
            page.len()
        );
        let answer = [head.as_bytes(), &page].concat();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                stream.set_nodelay(true).unwrap();
                let mut received = Vec::new();
                let mut chunk = [0; 16384];
                while let Ok(length @ 1..) = stream.read(&mut chunk).await {
                    received.extend_from_slice(&chunk[..length]);
                    // The signature ends each body; both sides send requests of this form.
                    if received.ends_with(b"%3D") {
                        received.clear();
                        stream.write_all(&answer).await.unwrap();
                    }
                }
            });
        }
    });
}

/// A whole call against bare reqwest, in microseconds of processor time. More than a third of it is the kernel's, and what
/// that costs differs from connection to connection: so there are many, and the median one counts.
fn whole_call(in_flight: u32) -> (f64, f64) {
    const SERVERS: usize = 21;
    let measured: Vec<(f64, f64)> = (0..SERVERS).map(|_| whole_call_to_one_server(in_flight)).collect();
    let median = |of: fn(&(f64, f64)) -> f64| {
        let mut sorted: Vec<f64> = measured.iter().map(of).collect();
        sorted.sort_by(f64::total_cmp);
        sorted[SERVERS / 2]
    };
    (median(|pair| pair.0), median(|pair| pair.1))
}

fn whole_call_to_one_server(in_flight: u32) -> (f64, f64) {
    let server = ServerProcess::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = client(Some(server.url.clone()));
    let http = reqwest::Client::builder().http1_only().build().unwrap();
    let body = client.send(request()).signed_body(&Credentials::new("testid", "testsecret"));
    // So many tasks at once, each with its share of the calls, one after the other.
    let ours = |calls| {
        runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..in_flight {
                let client = client.clone();
                tasks.spawn(async move {
                    for _ in 0..calls / in_flight {
                        black_box(client.send(request()).await.unwrap());
                    }
                });
            }
            tasks.join_all().await;
        });
    };
    let floor = |calls| {
        runtime.block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            for _ in 0..in_flight {
                let (http, url, body) = (http.clone(), server.url.clone(), body.clone());
                tasks.spawn(async move {
                    for _ in 0..calls / in_flight {
                        black_box(floor::call(&http, &url, body.clone()).await.unwrap());
                    }
                });
            }
            tasks.join_all().await;
        });
    };
    compare(5, 208, &ours, &floor)
}

fn main() {
    if std::env::var_os(SERVE).is_some() {
        return serve();
    }
    let mut criterion = Criterion::default().configure_from_args();
    let [sign_v1, hash_v1, sign_v3, hash_v3] = signing(&mut criterion);
    let (decode_ours, derived) = decoding(&mut criterion);
    let (read_ours, read_derived) = reading(&mut criterion);
    criterion.final_summary();
    // `cargo test --benches` runs everything once and measures nothing.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let client = client(None);
    let credentials = Credentials::new("testid", "testsecret");
    let (prepared, page) = (request(), page());
    let cloned = allocations(|| prepared.clone());
    let (one, bare_one) = whole_call(1);
    let (sixteen, bare_sixteen) = whole_call(16);
    println!("\n{:<44} {:>10} {:>10} {:<12} {:>6}   allowed", "", "ours", "floor", "", "ratio");
    let counted = |ours: f64, most: u8| {
        println!("{:<44} {ours:>10.2} {:>10} {:<12} {:>6}   at most {most}", "", "", "allocations", "");
    };
    ratio("encode and sign ten parameters / HMAC alone", sign_v1, hash_v1, "µs", "ours at most 2.2 µs");
    counted(allocations(|| client.send(prepared.clone()).signed_body(&credentials)) - cloned, 4);
    ratio("the same by V3 / hash and HMAC alone", sign_v3, hash_v3, "µs", "ours at most 3 µs");
    counted(allocations(|| client.send(prepared.clone()).signed_headers(&credentials)) - cloned, 6);
    ratio("decode a page of 20 calls / serde derives", decode_ours, derived, "µs", "at most 1.05");
    ratio(
        "",
        allocations(|| decode(&page)),
        allocations(|| floor::decode(&page).unwrap()),
        "allocations",
        "at most 1.10",
    );
    ratio("read a receipt / serde derives", read_ours, read_derived, "µs", "at most 1.1");
    ratio("whole call on loopback / bare reqwest", one, bare_one, "µs of CPU", "at most 1.05");
    ratio("the same, 16 in flight", sixteen, bare_sixteen, "µs of CPU", "at most 1.05");
}
