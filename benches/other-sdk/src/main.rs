//! This client against `aliyun-openapi-core-rust-sdk` as published: the same operation of the same server, by the
//! processor time of the process that calls. The server is another process, which is this program called again, and
//! answers every request with the same page of 20 calls.
//!
//! ```text
//! cargo run --release --manifest-path benches/other-sdk/Cargo.toml
//! ```
//!
//! The other client knows no operations: it is given names and values of the same ten parameters, and its answer is read
//! as `serde_json::Value`, with `Data` as a text in it. It makes a new HTTP client, with a connection of its own, for each
//! call.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use aliyun_openapi_core_rust_sdk::client::rpc::RPClient;
use cpu_time::ProcessTime;
use dyvmsapi::robot::QueryRobotTaskCallList;
use dyvmsapi::{Client, Credentials};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

const PARAMETERS: [(&str, &str); 10] = [
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
];

fn request() -> QueryRobotTaskCallList {
    QueryRobotTaskCallList::new()
        .task_id("1045001")
        .called("13000000000")
        .call_result("200002")
        .hangup_direction("1")
        .dialog_count_from("0")
        .dialog_count_to("5")
        .duration_from("0")
        .duration_to("60")
        .page_no(1)
        .page_size(20)
}

fn page() -> String {
    let calls: Vec<Value> = (0..20)
        .map(|index| {
            json!({
                "taskId": 1_045_001, "callId": format!("116950320375^1037501003{index:02}"), "caller": "05710000000",
                "called": "13000000000", "callResult": "占线", "callStartTime": "2026.03.01 12:34:56",
                "callEndTime": "2026.03.01 12:35:56", "duration": "60", "label": "", "dialogCount": "3",
                "hangupDirection": "1", "transferResult": "3", "recallCurTimes": 2, "sureCount": 2, "denyCount": 0,
                "rejectCount": 0, "customCount": 0, "konwledgeCount": 1, "defaultCount": 0,
            })
        })
        .collect();
    json!({
        "Code": "OK", "Message": "OK", "RequestId": "D9CB3933-9FE3-4870-BA8E-2BEE91B69D23",
        "Data": Value::from(calls).to_string(),
    })
    .to_string()
}

/// Whether a request is there as a whole: its head, and as much of a body as that announces.
fn is_whole(received: &[u8]) -> bool {
    let text = String::from_utf8_lossy(received).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}

async fn attend(mut stream: TcpStream, answer: Vec<u8>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut received, mut chunk) = (Vec::new(), [0; 16384]);
    loop {
        match stream.read(&mut chunk).await? {
            0 => return Ok(()),
            length => received.extend_from_slice(chunk.get(..length).unwrap_or_default()),
        }
        if is_whole(&received) {
            received.clear();
            stream.write_all(&answer).await?;
        }
    }
}

async fn serve() -> Outcome {
    let page = page();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", page.len());
    let answer = (head + &page).into_bytes();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        // A connection that breaks is the other side's to notice.
        tokio::spawn(attend(stream, answer.clone()));
    }
}

struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?).arg("--serve").stdout(Stdio::piped()).spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url)?;
        Ok(Self { process, url: url.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Processor time of a call in microseconds: `each` calls by each of `in_flight` tasks.
fn measure<F: Future<Output = Outcome> + Send + 'static>(
    runtime: &Runtime,
    in_flight: u32,
    each: u32,
    call: impl Fn() -> F + Clone + Send + 'static,
) -> Outcome<f64> {
    let start = ProcessTime::now();
    runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for _ in 0..in_flight {
            let call = call.clone();
            tasks.spawn(async move {
                for _ in 0..each {
                    call().await?;
                }
                Outcome::Ok(())
            });
        }
        while let Some(task) = tasks.join_next().await {
            task??;
        }
        Outcome::Ok(())
    })?;
    Ok(start.elapsed().as_secs_f64() * 1e6 / f64::from(in_flight * each))
}

fn main() -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if std::env::args().nth(1).is_some_and(|argument| argument == "--serve") {
        return runtime.block_on(serve());
    }
    let server = Server::start()?;
    let client =
        Client::builder().no_rate_limits().credentials(Credentials::new("testid", "testsecret")).endpoint(&server.url).build()?;
    let ours = move || {
        let call = client.send(request());
        async move {
            let page = call.await?;
            if black_box(page).data.len() == 20 { Outcome::Ok(()) } else { Err("a page has another length".into()) }
        }
    };
    let other = RPClient::new("testid", "testsecret", server.url.as_str()).version("2017-05-25");
    let theirs = move || {
        let call = other.clone().get("QueryRobotTaskCallList").query(PARAMETERS);
        async move {
            let answer: Value = call.json().await?;
            if black_box(answer)["Code"] == "OK" { Outcome::Ok(()) } else { Err("the answer has another code".into()) }
        }
    };
    println!("{:<12} {:>14} {:>14} {:>8}", "in flight", "ours, µs", "theirs, µs", "ratio");
    for in_flight in [1, 16] {
        // Rounds alternate and the fastest of each counts: what else the machine does only adds.
        let (mut least, mut least_of_theirs) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..7 {
            least = least.min(measure(&runtime, in_flight, 800 / in_flight, ours.clone())?);
            least_of_theirs = least_of_theirs.min(measure(&runtime, in_flight, 80 / in_flight, theirs.clone())?);
        }
        println!("{in_flight:<12} {least:>14.1} {least_of_theirs:>14.1} {:>8.1}", least_of_theirs / least);
    }
    Ok(())
}
