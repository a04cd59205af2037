//! Time and memory of the command, beside named floors in the same run.
//!
//! `cargo bench -p dyvms` prints a table: the whole process of `--help` and of a local call, the size of the binary, and an
//! export of a million records from the emulator in another process, beside the client's own pagination over the same
//! answers. `cargo bench -p dyvms -- 100000` exports another number, and `--features parquet` exports to Parquet, too. Memory
//! is read from `/proc`, so it is known on Linux only.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a bench fails by panicking")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use dyvmsapi::task::ListCallTaskDetail;
use dyvmsapi::{Client, Credentials};
use serde_json::{Value, json};

/// Items of a page. With fewer, the limit of the operation, 100 requests in a second, would be measured.
const PAGE: usize = 1_000;

fn dyvms() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dyvms"));
    command.stdin(Stdio::null()).env("ALIBABA_CLOUD_ACCESS_KEY_ID", "testid");
    command.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret");
    command
}

/// The emulator in a process of its own, with a rule that answers every page.
struct Emulator {
    process: Child,
    url: String,
}

impl Emulator {
    fn start(folder: &Path, records: usize) -> Self {
        let rules = folder.join("rules.json");
        let rule = json!([{ "when": { "action": "ListCallTaskDetail" }, "reply": page(records) }]);
        std::fs::write(&rules, rule.to_string()).unwrap();
        let mut command = dyvms();
        command.args(["emulator", "--quiet", "--rules"]).arg(&rules).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim().to_owned() }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The response of the example, with a full page and the announced total.
fn page(records: usize) -> Value {
    let operation = aliyun_api_spec::dyvmsapi().operation("ListCallTaskDetail").unwrap();
    let mut response = operation.examples[0].response.clone().unwrap();
    let item = response["Data"][0].clone();
    response["Data"] = (0..PAGE).map(|_| item.clone()).collect();
    response["Total"] = records.into();
    response
}

/// Records in a second of the client's own pagination.
fn floor(url: &str, records: usize) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client =
            Client::builder().credentials(Credentials::new("testid", "testsecret")).endpoint(url).build().unwrap();
        let mut items = client.items(ListCallTaskDetail::new(123_456).page_size(i32::try_from(PAGE).unwrap()));
        let began = Instant::now();
        let mut count = 0;
        while items.next().await.unwrap().is_some() {
            count += 1;
        }
        assert_eq!(count, records);
        rate(records, began.elapsed())
    })
}

fn rate(records: usize, time: Duration) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a rate")]
    let records = records as f64;
    records / time.as_secs_f64()
}

/// Records in a second of an export, and its resident memory after a tenth of the time, and at most, in kB.
fn export(url: &str, file: &Path, records: usize) -> (f64, u64, u64) {
    let began = Instant::now();
    let limit = PAGE.to_string();
    let mut process = dyvms()
        .args(["export", "ListCallTaskDetail", "--TaskId", "123456", "--PageSize", &limit, "--endpoint", url, "--out"])
        .arg(file)
        .spawn()
        .unwrap();
    let (mut early, mut peak) = (0, 0);
    let status = loop {
        if let Some(status) = process.try_wait().unwrap() {
            break status;
        }
        let memory = resident(process.id());
        if began.elapsed() < Duration::from_secs(1) {
            early = memory;
        }
        peak = peak.max(memory);
        std::thread::sleep(Duration::from_millis(20));
    };
    let time = began.elapsed();
    assert!(status.success());
    assert_eq!(rows(file), records);
    (rate(records, time), early, peak)
}

/// Number of records in a file.
fn rows(file: &Path) -> usize {
    let opened = std::fs::File::open(file).unwrap();
    #[cfg(feature = "parquet")]
    if file.extension().is_some_and(|extension| extension == "parquet") {
        use parquet::file::reader::{FileReader as _, SerializedFileReader};
        let reader = SerializedFileReader::new(opened).unwrap();
        return usize::try_from(reader.metadata().file_metadata().num_rows()).unwrap();
    }
    let header = usize::from(file.extension().is_some_and(|extension| extension == "csv"));
    BufReader::new(opened).lines().count() - header
}

fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// The median time of a whole process, in milliseconds.
fn time(arguments: &[&str]) -> f64 {
    let mut times: Vec<Duration> = (0..31)
        .map(|_| {
            let began = Instant::now();
            let mut command = dyvms();
            command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
            assert!(command.status().unwrap().success());
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1_000.0
}

/// The size of the binary without symbols, in MB.
fn size(folder: &Path) -> Option<f64> {
    let stripped = folder.join("dyvms");
    let status = Command::new("strip").arg("-o").arg(&stripped).arg(env!("CARGO_BIN_EXE_dyvms")).status().ok()?;
    #[allow(clippy::cast_precision_loss, reason = "a size")]
    let bytes = std::fs::metadata(stripped).ok().filter(|_| status.success())?.len() as f64;
    Some(bytes / 1_000_000.0)
}

fn main() {
    let records = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(1_000_000_usize);
    let records = records.div_ceil(PAGE) * PAGE;
    let folder = tempfile::tempdir().unwrap();
    println!("| what | measured | target |");
    println!("| --- | --- | --- |");
    println!("| `dyvms --help`, whole process | {:.1} ms | under 20 ms |", time(&["--help"]));
    let call = ["call", "QueryRobotTaskCallList", "--TaskId", "1045001", "--local"];
    println!("| `dyvms call QueryRobotTaskCallList --local`, whole process | {:.1} ms | under 60 ms |", time(&call));
    println!("| `dyvms openapi`, 159 operations, whole process | {:.1} ms | under 100 ms |", time(&["openapi"]));
    if let Some(size) = size(folder.path()) {
        println!("| stripped binary | {size:.1} MB | under 16 MB |");
    }
    let emulator = Emulator::start(folder.path(), records);
    let floor = floor(&emulator.url, records);
    println!("| floor: the client reads {records} records in pages of {PAGE} | {floor:.0} records/s | |");
    let mut names = vec!["list.jsonl", "list.csv"];
    if cfg!(feature = "parquet") {
        names.push("list.parquet");
    }
    for name in names {
        let (rate, early, peak) = export(&emulator.url, &folder.path().join(name), records);
        println!(
            "| `dyvms export --out {name}` | {rate:.0} records/s, {:.2} of the floor | at least 0.60 |",
            rate / floor
        );
        println!(
            "| its resident memory within the first second, and at most | {early} kB, {peak} kB | flat, under 60 MB |"
        );
    }
}
