//! The receiver behind real sockets: its own server, and another one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use aliyun_receipts::{FileInbox, MemoryInbox, Receiver, Secret, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::Instant;

const SECRET: &str = "0123456789abcdef";

fn receiver(inbox: MemoryInbox) -> Receiver {
    Receiver::new(inbox, Secret::new(SECRET).unwrap())
}

fn post(body: &str) -> String {
    format!("POST /receipts/{SECRET}/x HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// Sends text on a connection and returns everything that comes back until the end of the connection.
async fn talk(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Reads one response, whose body ends with a brace.
async fn response(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "{}", String::from_utf8_lossy(&answer));
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn pushes_are_received_on_one_connection() {
    let inbox = MemoryInbox::new();
    let server = Server::start(receiver(inbox.clone()), "127.0.0.1:0").await.unwrap();
    assert_eq!(server.url(), format!("http://{}", server.local_addr()));
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    for id in 0..3 {
        stream.write_all(post(&format!("[{{\"id\":{id}}}]")).as_bytes()).await.unwrap();
        let answer = response(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with("\r\n\r\n{\"code\":0,\"msg\":\"stored\"}"), "{answer}");
    }
    assert_eq!(inbox.arrivals().len(), 3);
    server.stop().await;
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_refused_body_does_not_become_the_next_request() {
    let inbox = MemoryInbox::new();
    let server = Server::start(receiver(inbox.clone()).body_limit(10), "127.0.0.1:0").await.unwrap();
    let smuggled = post("{}");
    for (request, status) in [
        (format!("POST /wrong/x HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{smuggled}", smuggled.len()), "404"),
        (post(&smuggled), "413"),
    ] {
        let answer = talk(server.local_addr(), &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
    }
    assert_eq!(inbox.arrivals(), []);
}

#[tokio::test]
async fn an_application_that_never_finishes_does_not_delay_the_response() {
    let (told, mut news) = mpsc::unbounded_channel();
    let receiver = receiver(MemoryInbox::new()).on_new(move |arrivals| {
        told.send(arrivals.len()).unwrap();
        std::future::pending()
    });
    let server = Server::start(receiver, "127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    for id in 0..3 {
        stream.write_all(post(&format!("{{\"id\":{id}}}")).as_bytes()).await.unwrap();
        assert!(response(&mut stream).await.starts_with("HTTP/1.1 200"));
        assert_eq!(news.recv().await.unwrap(), 1);
    }
}

#[tokio::test]
async fn a_server_that_stops_finishes_what_it_received() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("receipts.jsonl");
    let receiver = Receiver::new(FileInbox::open(&path).unwrap(), Secret::new(SECRET).unwrap());
    let server = Server::start(receiver, "127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let text = post("{\"id\":1}");
    let (first, rest) = text.split_at(text.len() - 3);
    stream.write_all(first.as_bytes()).await.unwrap();
    // The request is in progress once another connection was answered.
    talk(server.local_addr(), "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let stopping = tokio::spawn(server.stop());
    tokio::task::yield_now().await;
    stream.write_all(rest.as_bytes()).await.unwrap();
    assert!(response(&mut stream).await.starts_with("HTTP/1.1 200"));
    stopping.await.unwrap();
    assert_eq!(FileInbox::read(&path).unwrap().count(), 1);
    // The file is unlocked, too.
    FileInbox::open(&path).unwrap();
}

#[tokio::test]
async fn an_axum_router_contains_a_receiver() {
    let inbox = MemoryInbox::new();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().nest_service("/receipts", receiver(inbox.clone()));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(post("{}").as_bytes()).await.unwrap();
    assert!(response(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
    assert_eq!(inbox.arrivals().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn headers_have_ten_seconds() {
    let server = Server::start(receiver(MemoryInbox::new()), "127.0.0.1:0").await.unwrap();
    let text = post("{}");
    let (first, rest) = text.split_at(20);
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    // The server has the first part once another connection was answered.
    talk(server.local_addr(), "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    tokio::time::advance(Duration::from_millis(9_900)).await;
    stream.write_all(rest.as_bytes()).await.unwrap();
    assert!(response(&mut stream).await.starts_with("HTTP/1.1 200"));

    let began = Instant::now();
    let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
    stream.write_all(first.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(!answer.contains("200"), "{answer}");
    assert!(began.elapsed() >= Duration::from_secs(10), "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_connection_after_the_most_waits_for_a_place() {
    const MOST: usize = 256;
    let inbox = MemoryInbox::new();
    let server = Server::start(receiver(inbox.clone()), "127.0.0.1:0").await.unwrap();
    let mut open = Vec::new();
    for id in 0..MOST {
        let mut stream = TcpStream::connect(server.local_addr()).await.unwrap();
        stream.write_all(post(&format!("{{\"id\":{id}}}")).as_bytes()).await.unwrap();
        assert!(response(&mut stream).await.starts_with("HTTP/1.1 200"));
        open.push(stream);
    }
    let mut waiting = TcpStream::connect(server.local_addr()).await.unwrap();
    waiting.write_all(post("{\"id\":\"waits\"}").as_bytes()).await.unwrap();
    // Another request of the first connection is answered meanwhile.
    open[0].write_all(post("{\"id\":\"again\"}").as_bytes()).await.unwrap();
    response(&mut open[0]).await;
    assert_eq!(inbox.arrivals().len(), MOST + 1);
    drop(open.pop());
    assert!(response(&mut waiting).await.starts_with("HTTP/1.1 200"));
    assert_eq!(inbox.arrivals().len(), MOST + 2);
}
