//! Many calls at once over loopback, and what they leave behind.
//!
//! ```text
//! cargo run --release -p dyvmsapi --example load -- --calls 100000 --in-flight 64 --nonces 1000000
//! ```
//!
//! The emulator serves in another process, which is this program called again. Prints errors, calls per second, resident
//! memory of the client early and at the end, and the most sockets that were open, and fails where there was an error,
//! where memory grew by more than a tenth, where there were more than twice as many sockets as calls in flight, or where
//! a nonce came twice. Memory and sockets are read from `/proc`, so they are known on Linux only.

use std::collections::HashSet;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dyvmsapi::robot::QueryRobotTaskCallList;
use dyvmsapi::{Client, Credentials};

type Outcome<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// What the command line says.
struct Options {
    calls: usize,
    in_flight: usize,
    nonces: usize,
    serve: bool,
}

impl Options {
    fn parse() -> Outcome<Self> {
        let mut options = Self { calls: 100_000, in_flight: 64, nonces: 1_000_000, serve: false };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number = || -> Outcome<usize> {
                let number = arguments.next().ok_or_else(|| format!("{argument} needs a number"))?;
                number.parse().map_err(|_| format!("{argument} needs a number, not {number}").into())
            };
            match argument.as_str() {
                "--calls" => options.calls = number()?,
                "--in-flight" => options.in_flight = number()?.max(1),
                "--nonces" => options.nonces = number()?,
                "--serve" => options.serve = true,
                _ => return Err(format!("{argument} is not one of --calls, --in-flight, --nonces").into()),
            }
        }
        Ok(options)
    }
}

/// The emulator in a process of its own.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
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

/// Serves until the process that asked for it is gone.
async fn serve() -> Outcome {
    let server = dyvmsapi_emulator::emulator().serve("127.0.0.1:0").await?;
    println!("{}", server.url());
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await??;
    Ok(())
}

/// What all workers count.
#[derive(Default)]
struct Counts {
    begun: AtomicUsize,
    done: AtomicUsize,
    failed: AtomicUsize,
}

async fn work(client: Client, calls: usize, counts: Arc<Counts>) {
    while counts.begun.fetch_add(1, Ordering::Relaxed) < calls {
        let request = QueryRobotTaskCallList::new().task_id("1045001").page_size(20);
        let outcome = client.send(request).timeout(Duration::from_secs(30)).await;
        let failure = match outcome {
            Ok(page) if page.data.len() == 20 => None,
            Ok(page) => Some(format!("{} calls on a page of 20", page.data.len())),
            Err(error) => Some(error.to_string()),
        };
        if let Some(failure) = failure
            && counts.failed.fetch_add(1, Ordering::Relaxed) == 0
        {
            eprintln!("the first failure: {failure}");
        }
        counts.done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Resident memory of this process, in kilobytes.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Sockets that this process has open.
fn sockets() -> Option<usize> {
    let files = std::fs::read_dir("/proc/self/fd").ok()?;
    let is_socket = |target: std::path::PathBuf| target.to_string_lossy().starts_with("socket:");
    Some(
        files
            .filter_map(|file| std::fs::read_link(file.ok()?.path()).ok())
            .filter(|target| is_socket(target.clone()))
            .count(),
    )
}

async fn load(options: &Options) -> Outcome {
    let server = Server::start()?;
    let client = Client::builder()
        .no_rate_limits()
        .credentials(Credentials::new("testid", "testsecret"))
        .endpoint(&server.url)
        .build()?;
    let counts = Arc::new(Counts::default());
    let start = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..options.in_flight {
        workers.spawn(work(client.clone(), options.calls, Arc::clone(&counts)));
    }
    let (mut early, mut most_sockets) = (None, None);
    while tokio::time::timeout(Duration::from_millis(20), workers.join_next()).await.is_err() {
        most_sockets = most_sockets.max(sockets());
        if early.is_none() && counts.done.load(Ordering::Relaxed) >= options.calls / 10 {
            early = resident();
        }
    }
    while let Some(worker) = workers.join_next().await {
        worker?;
    }
    let (seconds, late) = (start.elapsed().as_secs_f64(), resident());
    let (done, failed) = (counts.done.load(Ordering::Relaxed), counts.failed.load(Ordering::Relaxed));
    let shown = |number: Option<u64>| number.map_or_else(|| "not known here".to_owned(), |number| number.to_string());
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = done as f64 / seconds;
    println!("calls                       {done} at {} in flight", options.in_flight);
    println!("errors                      {failed}");
    println!("calls per second            {rate:.0}");
    println!("resident after a tenth, kB  {}", shown(early));
    println!("resident at the end, kB     {}", shown(late));
    println!("most sockets open           {}", shown(most_sockets.map(|count| count as u64)));
    if failed > 0 || done != options.calls {
        return Err(format!("{failed} of {done} calls failed, {} were to be made", options.calls).into());
    }
    if let (Some(early), Some(late)) = (early, late)
        && late > early + early / 10
    {
        return Err(format!("memory grew from {early} to {late} kB").into());
    }
    if most_sockets.is_some_and(|count| count > 2 * options.in_flight) {
        return Err(format!("{most_sockets:?} sockets were open for {} calls in flight", options.in_flight).into());
    }
    Ok(())
}

/// Signs requests and compares their nonces.
fn draw_nonces(count: usize) -> Outcome {
    let credentials = Credentials::new("testid", "testsecret");
    let client = Client::builder().no_rate_limits().build()?;
    let mut seen = HashSet::with_capacity(count);
    for _ in 0..count {
        let body = client.send(QueryRobotTaskCallList::new()).signed_body(&credentials);
        let text = std::str::from_utf8(&body)?;
        let nonce = text.split('&').find_map(|pair| pair.strip_prefix("SignatureNonce=")).ok_or("there is no nonce")?;
        if !seen.insert(u128::from_str_radix(nonce, 16)?) {
            return Err(format!("the nonce {nonce} came twice in {} requests", seen.len() + 1).into());
        }
    }
    println!("nonces without a repeat     {}", seen.len());
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome {
    let options = Options::parse()?;
    if options.serve {
        return serve().await;
    }
    load(&options).await?;
    draw_nonces(options.nonces)
}
