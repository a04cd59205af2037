//! The examples of docs/receipts.md, as programs: they run against an emulator, and stand in the guide as they are.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use dyvmsapi::call::SingleCallByTts;
use dyvmsapi::{Client, Credentials};

const GUIDE: &str = include_str!("../../docs/receipts.md");
const SECRET: &str = "0123456789abcdef";

/// An example of the package dyvmsapi that runs in a folder of its own.
struct Example {
    child: Child,
    output: BufReader<ChildStdout>,
    _folder: tempfile::TempDir,
}

impl Example {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(built(name))
            .args(arguments)
            .env("DYVMS_RECEIPTS_SECRET", SECRET)
            .env("ALIBABA_CLOUD_ACCESS_KEY_ID", "testid")
            .env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret")
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, output, _folder: folder }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program of an example, built as a person would.
fn built(name: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let arguments = ["build", "--quiet", "--locked", "-p", "dyvmsapi", "--example", name];
    assert!(Command::new(cargo).args(arguments).current_dir(root).status().unwrap().success());
    let folder = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_path_buf();
    folder.join("examples").join(name)
}

fn client(emulator: &dyvmsapi_emulator::Emulator) -> Client {
    Client::builder()
        .credentials(Credentials::new("testid", "testsecret"))
        .transport(emulator.transport())
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_program_learns_the_outcome_of_a_call_from_a_push() {
    let mut example = Example::start("receive_receipts", &["127.0.0.1:0"]);
    let address = format!("{}/receipts/{SECRET}/voice-report", example.line());
    let emulator = dyvmsapi_emulator::builder().push_receipts("VoiceReport", &address).unwrap().build();
    let call = SingleCallByTts::new("13000000002", "TTS_10001").out_id("order-4711");
    client(&emulator).send(call).await.unwrap();
    emulator.advance(Duration::from_secs(60));
    assert_eq!(emulator.deliver_receipts().await, 1);
    assert_eq!(example.line(), r#"Some("order-4711") ended with Some(Busy)"#);
}

#[tokio::test]
async fn a_program_learns_the_outcome_of_a_call_from_a_queue() {
    const QUEUE: &str = "Alicom-Queue-1000000000000000-VoiceReport";
    let emulator = dyvmsapi_emulator::builder().queue_receipts("VoiceReport", QUEUE).build();
    let server = emulator.serve("127.0.0.1:0").await.unwrap();
    let mut example = Example::start("poll_queue", &[QUEUE, &server.url()]);
    let call = SingleCallByTts::new("13000000010", "TTS_10001").out_id("order-4711");
    client(&emulator).send(call).await.unwrap();
    emulator.advance(Duration::from_secs(60));
    // The server delivers by itself while this waits.
    let line = tokio::task::spawn_blocking(move || example.line()).await.unwrap();
    assert_eq!(line, r#"Some("order-4711") ended with Some(PoweredOff)"#);
}

#[test]
fn the_guide_shows_the_examples_as_they_are() {
    let examples = [
        ("receive_receipts", include_str!("../../dyvmsapi/examples/receive_receipts.rs")),
        ("poll_queue", include_str!("../../dyvmsapi/examples/poll_queue.rs")),
    ];
    for (name, text) in &examples {
        assert!(GUIDE.contains(&format!("```rust,no_run\n{text}```\n")), "docs/receipts.md does not show {name}.rs");
        let link = format!("(../dyvmsapi/examples/{name}.rs)");
        assert!(GUIDE.contains(&link), "docs/receipts.md does not name {name}.rs");
    }
}
