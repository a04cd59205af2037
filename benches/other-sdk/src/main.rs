//! This client beside other published ones, by the processor time of the process that calls, for each call and relative
//! to a floor: bare `reqwest` that posts a constant body, and serde derives. The server is another process, and answers
//! every request with the same page of 20 calls as JSON in a text.
//!
//! ```text
//! benches/other-sdk/run.sh
//! ```
//!
//! * This client sends ten parameters, by signature V1 and by V3, and reads a typed page.
//! * `ali-acs` knows other services only. It sends the six parameters of a short message, signed by V3. What comes back as
//!   the id of the message is the same page, and the serde derives of the floor read it. `run.sh` tells how it is
//!   made to call this server.
//! * `aliyun-openapi-core-rust-sdk` knows no operations: it is given the names and values of the same ten parameters, and
//!   its response is read as `serde_json::Value`, with the page as a text in it. It makes an HTTP client, with a
//!   connection of its own, for each call.
//!
//! More than a third of a call is the kernel's, and what that costs differs from connection to connection: so there are
//! many servers, each with a process of its own that calls it, and the median counts.

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use ali_acs::AccessKeySecret;
use ali_acs::sms::{Connection, Endpoint, SendSms};
use aliyun_openapi_core_rust_sdk::client::rpc::RPClient;
use cpu_time::ProcessTime;
use dyvmsapi::{Client, Credentials, Signature};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

#[path = "../../../dyvmsapi/benches/floor/mod.rs"]
mod floor;

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// What `ali-acs` calls, once `run.sh` has changed it.
const URL: &str = "ALI_ACS_URL";

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

/// The page is where each client has a text: in `Data`, or in the id of a short message.
fn page(member: &str) -> String {
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
        member: Value::from(calls).to_string(),
    })
    .to_string()
}

/// Whether a page is whole; the compiler may not drop what was read for it.
fn is_page<T>(calls: &[T]) -> Outcome {
    if black_box(calls).len() == 20 { Ok(()) } else { Err("a page has another length".into()) }
}

/// Whether a request is there as a whole: its head, and as much of a body as that announces.
fn is_whole(received: &[u8]) -> bool {
    let text = String::from_utf8_lossy(received).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn response(page: &str) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", page.len());
    (head + page).into_bytes()
}

async fn attend(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (data, message_id) = (response(&page("Data")), response(&page("BizId")));
    let (mut received, mut chunk) = (Vec::new(), [0; 16384]);
    loop {
        match stream.read(&mut chunk).await? {
            0 => return Ok(()),
            length => received.extend_from_slice(chunk.get(..length).unwrap_or_default()),
        }
        if is_whole(&received) {
            let sms = String::from_utf8_lossy(&received).contains("SendSms");
            received.clear();
            stream.write_all(if sms { &message_id } else { &data }).await?;
        }
    }
}

async fn serve() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        // A connection that breaks is the other side's to notice.
        tokio::spawn(attend(stream));
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

const CLIENTS: [&str; 5] =
    ["floor: bare reqwest and serde derives", "ours, V1", "ours, V3", "ali-acs", "aliyun-openapi-core-rust-sdk"];
const IN_FLIGHT: [u32; 2] = [1, 16];

/// The cost of each client, in microseconds for a call, with one and with sixteen calls in flight.
type Costs = [[f64; CLIENTS.len()]; IN_FLIGHT.len()];

/// Calls one server.
fn measure_all(runtime: &Runtime, url: &str) -> Outcome<Costs> {
    let client = |signature| {
        let credentials = Credentials::new("testid", "testsecret");
        Client::builder().no_rate_limits().credentials(credentials).endpoint(url).signature(signature).build()
    };
    let typed = |client: Client| {
        move || {
            let call = client.send(floor::request());
            async move { is_page(&call.await?.data) }
        }
    };
    let v1 = client(Signature::V1)?;
    let body = v1.send(floor::request()).signed_body(&Credentials::new("testid", "testsecret"));
    let (v1, v3) = (typed(v1), typed(client(Signature::V3)?));
    let http = reqwest::Client::builder().http1_only().build()?;
    let at = url.to_owned();
    let floor = move || {
        let (http, at, body) = (http.clone(), at.clone(), body.clone());
        async move { is_page(&floor::call(&http, &at, body).await?) }
    };
    let connection = Connection::new(Endpoint::CnShenzhen, AccessKeySecret::new("testid", "testsecret"));
    let ali_acs = move || {
        let message = SendSms::new("13000000000", "name", "SMS_10001");
        let message = message
            .template_param("{\"code\":\"1234\"}".to_owned())
            .sms_up_extend_code("1".to_owned())
            .out_id("1045001".to_owned());
        let connection = connection.clone();
        async move {
            let response = connection.send_sms(message).await?;
            is_page(&floor::decode_calls(&response.biz_id.unwrap_or_default())?)
        }
    };
    let core = RPClient::new("testid", "testsecret", url).version("2017-05-25");
    let core = move || {
        let call = core.clone().get("QueryRobotTaskCallList").query(PARAMETERS);
        async move {
            let response: Value = call.json().await?;
            if black_box(response)["Code"] == "OK" { Ok(()) } else { Err("the response has another code".into()) }
        }
    };
    let mut costs = [[f64::INFINITY; CLIENTS.len()]; IN_FLIGHT.len()];
    for (costs, in_flight) in costs.iter_mut().zip(IN_FLIGHT) {
        // Rounds alternate and the fastest of each counts: what else the machine does only adds.
        for round in 0..6 {
            let each = 208 / in_flight;
            let [of_floor, of_v1, of_v3, of_ali_acs, of_core] = costs;
            for (cost, spent) in [
                (of_floor, measure(runtime, in_flight, each, floor.clone())?),
                (of_v1, measure(runtime, in_flight, each, v1.clone())?),
                (of_v3, measure(runtime, in_flight, each, v3.clone())?),
                (of_ali_acs, measure(runtime, in_flight, each, ali_acs.clone())?),
            ] {
                *cost = cost.min(spent);
            }
            // A call of it takes a thousand times as long.
            if round == 0 {
                *of_core = measure(runtime, in_flight, 16 / in_flight, core.clone())?;
            }
        }
    }
    Ok(costs)
}

/// In a process of its own: `ali-acs` is told once whom to call.
fn measure_one_server() -> Outcome<Costs> {
    let server = Server::start()?;
    let output = Command::new(std::env::current_exe()?).arg("--measure").env(URL, &server.url).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn main() -> Outcome {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    match std::env::args().nth(1).as_deref() {
        Some("--serve") => return runtime()?.block_on(serve()),
        Some("--measure") => {
            println!("{}", serde_json::to_string(&measure_all(&runtime()?, &std::env::var(URL)?)?)?);
            return Ok(());
        }
        _ => {}
    }
    const SERVERS: usize = 21;
    let measured = (0..SERVERS).map(|_| measure_one_server()).collect::<Outcome<Vec<_>>>()?;
    let median = |row: usize, client: usize| {
        let mut sorted = measured.iter().map(|costs| costs[row][client]).collect::<Vec<_>>();
        sorted.sort_by(f64::total_cmp);
        sorted[SERVERS / 2]
    };
    println!("{:<10} {:<40} {:>14} {:>12}", "in flight", "client", "µs of CPU", "of the floor");
    for (row, in_flight) in IN_FLIGHT.into_iter().enumerate() {
        for (client, name) in CLIENTS.into_iter().enumerate() {
            let cost = median(row, client);
            println!("{in_flight:<10} {name:<40} {cost:>14.1} {:>12.2}", cost / median(row, 0));
        }
    }
    Ok(())
}
