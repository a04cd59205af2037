//! `dyvms receipts`: what the service reports is received, kept and shown.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{ServerProcess, command, outcome, with_key};

const SECRET: &str = "0123456789abcdef";

/// A receiver that runs in a process of its own.
struct Receiving {
    child: Child,
    address: String,
}

impl Receiving {
    fn start(file: &Path, options: &[&str]) -> Self {
        let file = file.to_str().unwrap();
        let mut child = command(&[&["receipts", "serve", "--out", file], options].concat())
            .env("DYVMS_RECEIPTS_SECRET", SECRET)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let address = url.trim_end().strip_prefix("http://").unwrap_or_else(|| panic!("{url:?}")).to_owned();
        Self { child, address }
    }

    fn url(&self, kind: &str) -> String {
        format!("http://{}/receipts/{SECRET}/{kind}", self.address)
    }

    /// Pushes a body: the status, or `None` if the process is gone.
    fn push(&self, kind: &str, body: &str) -> Option<u16> {
        push(&self.address, kind, body)
    }

    /// Ends it, as Ctrl-C does: what it said on standard error.
    fn said(mut self) -> String {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(self.child.wait().unwrap().success());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn push(address: &str, kind: &str, body: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = body.len();
    let path = format!("/receipts/{SECRET}/{kind}");
    write!(stream, "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}")
        .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

fn show(file: &Path, options: &[&str]) -> String {
    let outcome = outcome(command(&[&["receipts", "show", file.to_str().unwrap()], options].concat()));
    assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
    outcome.output
}

/// What a command says that fails.
fn refused(command: Command, status: i32) -> String {
    let outcome = outcome(command);
    assert_eq!((outcome.status, outcome.output.as_str()), (Some(status), ""), "{}", outcome.notices);
    outcome.notices
}

#[cfg(unix)]
#[test]
fn what_became_of_a_call_is_received_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipts.jsonl");
    let seen = folder.path().join("seen.txt");
    let exec = format!("{{ echo $RECEIPT_KIND; cat; }} >> {}", seen.display());
    let receiving = Receiving::start(&file, &["--exec", &exec]);
    let pushes = ["VoiceReport", "VoiceCallReport"].map(|kind| format!("{kind}={}", receiving.url(kind)));
    let emulator = ServerProcess::start(&["--push", &pushes[0], "--push", &pushes[1], "--time-scale", "0"]);
    for number in ["13000000000", "13000000002", "13000000010"] {
        let call = ["SingleCallByTts", "--CalledNumber", number, "--TtsCode", "TTS_10001", "--OutId", "order-4711"];
        assert_eq!(emulator.call(&call).status, Some(0));
    }
    let (status, _) = emulator.http("POST", "/_emulator/clock", "", r#"{"advance_seconds": 600}"#);
    assert_eq!(status, 200);
    let calls = loop {
        let calls: Value = serde_json::from_str(&show(&file, &["-o", "json"])).unwrap();
        let is_over = |call: &Value| call["phase"] == "ended";
        if calls.as_array().unwrap().iter().filter(|call| is_over(call)).count() == 3 {
            break calls;
        }
        thread::yield_now();
    };
    let mut outcomes: Vec<&str> =
        calls.as_array().unwrap().iter().map(|call| call["outcome"].as_str().unwrap()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["200000", "200002", "200010"]);
    let table = show(&file, &[]);
    assert!(table.contains("| order-4711 | ended | 200002  | the line was busy"), "{table}");
    assert!(!table.contains("13000000"), "{table}");

    let said = receiving.said();
    assert_eq!(said.matches("VoiceReport 200010 ").count(), 1, "{said}");
    for hidden in ["13000000", SECRET] {
        assert!(!said.contains(hidden), "{said}");
    }
    let lines = std::fs::read_to_string(&file).unwrap().lines().count();
    let seen = std::fs::read_to_string(seen).unwrap();
    assert_eq!(seen.lines().filter(|line| line.starts_with('{')).count(), lines);
    assert_eq!(seen.lines().filter(|line| *line == "VoiceReport").count(), 3);
}

#[cfg(unix)]
#[test]
fn what_became_of_a_call_is_polled_from_a_queue() {
    const QUEUE: &str = "Alicom-Queue-1000000000000000-VoiceReport";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipts.jsonl");
    let emulator = ServerProcess::start(&["--queue", &format!("VoiceReport={QUEUE}"), "--time-scale", "0"]);
    let poll = ["receipts", "poll", "--queue", QUEUE, "--endpoint", &emulator.url, "--out", file.to_str().unwrap()];
    let mut polling = with_key(&poll, "testid", "testsecret").stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(polling.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, format!("note: receives from {QUEUE}; Ctrl-C ends it\n"));
    let call = ["SingleCallByTts", "--CalledNumber", "13000000011", "--TtsCode", "TTS_10001"];
    assert_eq!(emulator.call(&call).status, Some(0));
    assert_eq!(emulator.http("POST", "/_emulator/clock", "", r#"{"advance_seconds": 600}"#).0, 200);
    line.clear();
    said.read_line(&mut line).unwrap();
    assert!(line.starts_with("VoiceReport 200011 "), "{line}");
    let _ = Command::new("kill").args(["-INT", &polling.id().to_string()]).status().unwrap();
    assert!(polling.wait().unwrap().success());
    assert!(show(&file, &[]).contains("| 200011  | "), "{}", show(&file, &[]));
}

#[test]
fn a_queue_that_cannot_be_polled_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("receipts.jsonl");
    let out = out.to_str().unwrap();
    let emulator = ServerProcess::start(&["--queue", "VoiceReport=known-VoiceReport"]);
    let poll = |queue: &str, secret: &str| {
        with_key(&["receipts", "poll", "--queue", queue, "--endpoint", &emulator.url, "--out", out], "testid", secret)
    };
    let said = refused(poll("unknown-VoiceReport", "testsecret"), 3);
    assert!(said.contains("the account is not subscribed to these receipts"), "{said}");
    let said = refused(poll("known-VoiceReport", "wrong"), 3);
    assert!(said.contains("SignatureDoesNotMatch") && !said.contains("wrong\""), "{said}");
    let said = refused(poll("known", "testsecret"), 2);
    assert!(said.contains("--kind says which receipts it has"), "{said}");
    let said = refused(poll("a/VoiceReport-VoiceReport", "testsecret"), 2);
    assert!(said.contains("copy it from the console"), "{said}");
    let said = refused(command(&["receipts", "poll", "--queue", "known-VoiceReport", "--out", out]), 6);
    assert!(said.contains("no credentials"), "{said}");
    for queue in ["VoiceReport", "=x", "VoiceReport="] {
        let said = refused(command(&["emulator", "--queue", queue]), 2);
        assert!(said.contains("--queue: expected KIND=NAME"), "{said}");
    }
}

/// Whatever was acknowledged is in the file after a kill at any moment, and no receipt twice. `KILLS` sets their number.
#[test]
fn a_killed_receiver_has_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipts.jsonl");
    let mut acknowledged: HashSet<String> = HashSet::new();
    let body = |sender: usize, number: usize| {
        let text = "x".repeat(number * 37 % 3000);
        format!("[{{\"call_id\":\"{sender}-{number}\",\"text\":\"{text}\"}}]")
    };
    let rounds = std::env::var("KILLS").map_or(10, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let mut receiving = Receiving::start(&file, &["--quiet"]);
        let (told, tells) = mpsc::channel();
        let senders: Vec<_> = (0..4)
            .map(|sender| {
                let (told, address) = (told.clone(), receiving.address.clone());
                let sender = round * 4 + sender;
                thread::spawn(move || {
                    for number in 0.. {
                        if push(&address, "voice-report", &body(sender, number)) != Some(200) {
                            return;
                        }
                        told.send(format!("{sender}-{number}")).unwrap();
                    }
                })
            })
            .collect();
        drop(told);
        // Another moment in each round.
        for id in tells.iter().take(20 + round % 10 * 7) {
            acknowledged.insert(id);
        }
        receiving.child.kill().unwrap();
        acknowledged.extend(tells);
        for sender in senders {
            sender.join().unwrap();
        }
    }
    // The one that starts again removes half a line, if there is one, and knows the others.
    let receiving = Receiving::start(&file, &[]);
    for id in &acknowledged {
        let (sender, number) = id.split_once('-').unwrap();
        let body = body(sender.parse().unwrap(), number.parse().unwrap());
        assert_eq!(receiving.push("voice-report", &body), Some(200));
    }
    drop(receiving);
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stored: HashSet<String> =
        lines.iter().map(|line| line["receipt"]["call_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(stored.len(), lines.len(), "a receipt is stored twice");
    assert!(acknowledged.is_subset(&stored), "{} of {}", acknowledged.difference(&stored).count(), acknowledged.len());
    assert!(acknowledged.len() >= rounds * 20);
}

#[cfg(unix)]
#[test]
fn what_the_command_does_wrong_is_said_and_the_receipt_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipts.jsonl");
    let receiving = Receiving::start(&file, &["--exec", "exit 3"]);
    assert_eq!(receiving.push("voice-report", r#"[{"call_id":"1"},{"call_id":"2"}]"#), Some(200));
    assert_eq!(receiving.push("voice-report", "no json"), Some(400));
    assert_eq!(receiving.push("voice-report/x", "[]"), Some(404));
    let said = receiving.said();
    let failed = "error: --exec: the command failed: exit status: 3; the receipt is in the file";
    assert_eq!(said.matches(failed).count(), 2, "{said}");
    assert!(said.contains("error: a batch of VoiceReport was refused: the body is not JSON: "), "{said}");
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 2);
}

#[cfg(unix)]
#[test]
fn a_command_that_hangs_is_ended_and_the_next_receipt_is_treated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipts.jsonl");
    // It reads from a pipe that nobody writes to.
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let exec = format!("read line; case $line in *hang*) exec cat {};; esac", pipe.display());
    let receiving = Receiving::start(&file, &["--exec", &exec, "--exec-timeout", "0.2"]);
    assert_eq!(receiving.push("voice-report", r#"[{"call_id":"hang"},{"call_id":"2"}]"#), Some(200));
    let said = receiving.said();
    assert_eq!(said.matches("the command took longer than 200ms and was ended").count(), 1, "{said}");
    assert!(said.contains("VoiceReport 2"), "{said}");
}

#[test]
fn what_cannot_be_served_or_shown_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let serve = |options: &[&str]| command(&[&["receipts", "serve"], options].concat());
    let file = path("receipts.jsonl");
    for secret in ["", "short", "0123456789abcde/"] {
        let said = refused(serve(&["--out", &file, "--secret", secret]), 2);
        assert!(said.contains("--secret: the secret needs 16 to 256 letters"), "{said}");
    }
    let said = refused(serve(&["--out", &file]), 2);
    assert!(said.contains("--secret <SECRET>"), "{said}");
    assert!(!folder.path().join("receipts.jsonl").exists());

    std::fs::write(path("notes.txt"), "shopping list").unwrap();
    let said = refused(serve(&["--secret", SECRET, "--out", &path("notes.txt")]), 1);
    assert!(said.contains("notes.txt is not the file of an inbox, and nothing was changed in it"), "{said}");

    let receiving = Receiving::start(Path::new(&file), &[]);
    let said = refused(serve(&["--secret", SECRET, "--out", &file]), 1);
    assert!(said.contains("is open in another process; stop that, or use another file"), "{said}");
    let (_, port) = receiving.address.split_once(':').unwrap();
    let said = refused(serve(&["--secret", SECRET, "--out", &path("other.jsonl"), "--port", port]), 1);
    assert!(said.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{said}");

    let said = refused(command(&["receipts", "show", &path("missing.jsonl")]), 1);
    assert!(said.contains("missing.jsonl cannot be read: "), "{said}");
    let said = refused(command(&["emulator", "--push", "VoiceReport=https://x"]), 2);
    assert!(said.contains("--push: the address for receipts is not usable"), "{said}");
}

#[test]
fn lines_that_are_no_receipts_are_said_and_the_others_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipts.jsonl");
    let receiving = Receiving::start(&file, &[]);
    assert_eq!(receiving.push("voice-report", r#"[{"call_id":"1","status_code":"299999"},{"x":1},7]"#), Some(200));
    drop(receiving);
    let mut text = std::fs::read_to_string(&file).unwrap();
    text.push_str("something else\n");
    std::fs::write(&file, text).unwrap();
    let outcome = outcome(command(&["receipts", "show", file.to_str().unwrap()]));
    assert_eq!(outcome.status, Some(0));
    assert!(outcome.notices.contains("receipts.jsonl:4: the line is not a receipt"), "{}", outcome.notices);
    assert!(outcome.notices.contains("2 receipts without the id of a call"), "{}", outcome.notices);
    assert!(outcome.output.contains("| 1    | ended | 299999  |"), "{}", outcome.output);
}

#[test]
fn a_kind_of_receipt_is_described() {
    let described = outcome(command(&["describe", "VoiceCallReport"]));
    assert_eq!(described.status, Some(0), "{}", described.notices);
    for part in [
        "VoiceCallReport (receipt)\n\nReports, during a call,",
        "\n  status_code: CallStatusCode  ",
        "\nThe same receipt has the same call_id, biz_id, status_code, smart_status_code, status_time, dtmf\n",
        "\nExample: a key was pressed\n{\n  \"call_id\": ",
    ] {
        assert!(described.output.contains(part), "{}", described.output);
    }
    let said = refused(command(&["describe", "VoiceReprt"]), 2);
    assert!(
        said.contains("there is no operation, type or receipt \"VoiceReprt\"; did you mean VoiceReport?"),
        "{said}"
    );
}
