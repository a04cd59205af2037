//! What receiving costs, with an inbox in a file: `cargo bench -p aliyun-receipts`.
//!
//! Sender and receiver share the process and two threads. The floors, in the same run: a server that answers every push with
//! the same constant, and a plain append and synchronization of the same bytes to a file in the same folder.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::convert::Infallible;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use aliyun_receipts::{FileInbox, ReceiptKind, Receiver, Secret, Server};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const KINDS: &[ReceiptKind] = &[ReceiptKind::new("VoiceReport", &["call_id"]).id("call_id")];
const PATH: &str = "/receipts/0123456789abcdef/voice-report";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(measure());
}

async fn measure() {
    println!("{:<58} {:>10} {:>10} {:>7}", "", "ours", "floor", "ratio");
    // Batches of ten from 16 connections: the service sends several at once.
    let (ours, _) = receive(16, 10, 2_000, false).await;
    let floor = constant(16, 10, 2_000).await;
    line("receipts/s, batches of 10, 16 connections; constant", ours * 10.0, floor * 10.0);
    // One at a time, so that each batch has a synchronization of its own.
    let (ours, _) = receive(1, 1, 2_000, false).await;
    let floor = constant(1, 1, 2_000).await;
    line("batches/s of one receipt, 1 connection; constant", ours, floor);
    let floor = append(1, 2_000);
    line("batches/s of one receipt, 1 connection; append and sync", ours, floor);
    let (_, mut slowest) = receive(16, 1, 10_000, true).await;
    slowest.sort_unstable();
    let of = |share: usize| slowest[(slowest.len() - 1) * share / 1000].as_secs_f64() * 1000.0;
    println!(
        "response to 10,000 batches while the disk is busy, in ms: median {:.1}, 99.9 % {:.1}, slowest {:.1}",
        of(500),
        of(999),
        of(1000)
    );
}

fn line(what: &str, ours: f64, floor: f64) {
    println!("{what:<58} {ours:>10.0} {floor:>10.0} {:>7.2}", ours / floor);
}

/// A batch of receipts that no other batch has.
fn batch(number: usize, size: usize) -> String {
    let receipt = |place: usize| {
        format!(
            "{{\"call_id\":\"{number}^{place}\",\"status_code\":\"200000\",\"out_id\":\"order-4711\",\
             \"start_time\":\"2026-03-09 10:00:00\",\"end_time\":\"2026-03-09 10:00:18\",\"duration\":\"18\",\
             \"caller\":\"05710000000\",\"callee\":\"13000000000\",\"toll_type\":\"UNKNOWN\",\
             \"originate_time\":\"2026-03-09 09:59:50\",\"ring_time\":\"2026-03-09 09:59:53\",\"voice_type\":\"voice\"}}"
        )
    };
    format!("[{}]", (0..size).map(receipt).collect::<Vec<_>>().join(","))
}

/// Batches per second that a receiver with a file acknowledges, and how long each took.
async fn receive(connections: usize, size: usize, batches: usize, busy: bool) -> (f64, Vec<Duration>) {
    let folder = tempfile::tempdir_in(".").unwrap();
    let inbox = FileInbox::open(folder.path().join("receipts.jsonl")).unwrap();
    let receiver = Receiver::new(inbox, Secret::new("0123456789abcdef").unwrap()).kinds(KINDS);
    let server = Server::start(receiver, "127.0.0.1:0").await.unwrap();
    let writing = Arc::new(AtomicBool::new(busy));
    let writer = std::thread::spawn({
        let (writing, path) = (Arc::clone(&writing), folder.path().join("other"));
        move || keep_busy(&path, &writing)
    });
    let measured = send(server.local_addr(), connections, size, batches).await;
    writing.store(false, Ordering::Relaxed);
    writer.join().unwrap();
    server.stop().await;
    let stored = FileInbox::read(folder.path().join("receipts.jsonl")).unwrap().count();
    assert_eq!(stored, batches * size);
    measured
}

/// Writes and synchronizes large pieces of another file.
fn keep_busy(path: &Path, goes_on: &AtomicBool) {
    let piece = vec![b'x'; 8 * 1024 * 1024];
    while goes_on.load(Ordering::Relaxed) {
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).open(path).unwrap();
        for _ in 0..8 {
            file.write_all(&piece).unwrap();
            file.sync_data().unwrap();
        }
    }
}

/// The same with a server that answers with a constant.
async fn constant(connections: usize, size: usize, batches: usize) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accepting = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service_fn(async |request: Request<Incoming>| {
                request.into_body().collect().await.unwrap();
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"{\"code\":0,\"msg\":\"stored\"}"))))
            });
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    let (rate, _) = send(address, connections, size, batches).await;
    accepting.abort();
    rate
}

/// Appends and synchronizations per second of the same bytes.
fn append(size: usize, batches: usize) -> f64 {
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("plain");
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    let began = Instant::now();
    for number in 0..batches {
        file.write_all(batch(number, size).as_bytes()).unwrap();
        file.sync_data().unwrap();
    }
    rate(batches, began)
}

#[allow(clippy::cast_precision_loss, reason = "numbers are small")]
fn rate(batches: usize, began: Instant) -> f64 {
    batches as f64 / began.elapsed().as_secs_f64()
}

/// Sends batches on several connections: batches per second, and the time of each.
async fn send(address: SocketAddr, connections: usize, size: usize, batches: usize) -> (f64, Vec<Duration>) {
    let began = Instant::now();
    let senders: Vec<_> = (0..connections)
        .map(|sender| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let mut times = Vec::new();
                for number in (sender..batches).step_by(connections) {
                    let body = batch(number, size);
                    let head =
                        format!("POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    let sent = Instant::now();
                    stream.write_all(head.as_bytes()).await.unwrap();
                    let mut answer = Vec::new();
                    while !answer.ends_with(b"\"stored\"}") {
                        assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
                    }
                    assert!(answer.starts_with(b"HTTP/1.1 200"));
                    times.push(sent.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for sender in senders {
        times.extend(sender.await.unwrap());
    }
    (rate(batches, began), times)
}
