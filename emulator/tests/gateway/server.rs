//! The HTTP server, through bare sockets.

use std::fmt::Write as _;
use std::time::Duration;

use aliyun_emulator::Server;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::official::Recorded;
use crate::support::{Call, builder, emulator};

async fn serve() -> Server {
    emulator().serve("127.0.0.1:0").await.unwrap()
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.local_addr()).await.unwrap()
}

/// Everything until the server closes the connection. The time limit turns a server that hangs into a failure.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await;
    // A server that closes with something of ours unread resets the connection: closed is closed.
    let _ = read.expect("the server closes the connection");
    String::from_utf8(bytes).unwrap()
}

/// Status and headers of an answer.
async fn head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(bytes).unwrap()
}

/// One answer of a connection that stays open.
async fn answer(stream: &mut TcpStream) -> (String, Value) {
    let head = head(stream).await;
    let mut bytes = Vec::new();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    bytes.resize(length.parse().unwrap(), 0);
    stream.read_exact(&mut bytes).await.unwrap();
    (head, serde_json::from_slice(&bytes).unwrap())
}

fn post(form: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// A fresh connection that says it closes after its one request, and what comes back.
async fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut stream = connect(server).await;
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    rest(&mut stream).await
}

/// The body of the answer to a GET.
pub(crate) async fn get(server: &Server, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answer = exchange(server, request.as_bytes()).await;
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Fails where the server no longer serves.
async fn assert_alive(server: &Server) {
    let mut stream = connect(server).await;
    stream.write_all(b"GET /?Format=JSON HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(answer(&mut stream).await.1["Code"], "MissingAction");
}

#[tokio::test]
async fn answers_one_request_after_another_on_a_connection() {
    let server = serve().await;
    assert_eq!(server.url(), format!("http://127.0.0.1:{}", server.local_addr().port()));
    let mut stream = connect(&server).await;
    for nonce in ["1", "2"] {
        stream.write_all(post(&Call::new().set("SignatureNonce", nonce).encoded()).as_bytes()).await.unwrap();
        let (head, body) = answer(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("content-type: application/json;charset=utf-8\r\n"), "{head}");
        assert!(head.contains("date: Sun, 01 Mar 2026 12:34:56 GMT\r\n"), "{head}");
        assert_eq!(body["Code"], "OK");
    }
    stream.write_all(post("Format=JSON").as_bytes()).await.unwrap();
    let (head, body) = answer(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert_eq!((&body["Code"], &body["HostId"]), (&"MissingAction".into(), &"localhost".into()));
    assert_eq!(server.requests().len(), 3);
    assert_eq!(server.emulator().requests().len(), 3);
}

#[tokio::test]
async fn answers_recorded_official_requests() {
    for recorded in Recorded::all() {
        let server = recorded.emulator().serve("127.0.0.1:0").await.unwrap();
        let mut stream = connect(&server).await;
        let (_, target) = recorded.url.split_once("://").unwrap();
        let (host, target) = target.split_once('/').unwrap();
        let mut bytes = format!("{} /{target} HTTP/1.1\r\n", recorded.method);
        let has = |name: &str| recorded.headers.iter().any(|(known, _)| known == name);
        for (name, value) in &recorded.headers {
            write!(bytes, "{name}: {value}\r\n").unwrap();
        }
        if !has("host") {
            write!(bytes, "host: {host}\r\n").unwrap();
        }
        let chunked = has("transfer-encoding");
        if !chunked && !has("content-length") {
            write!(bytes, "content-length: {}\r\n", recorded.body.len()).unwrap();
        }
        bytes += "\r\n";
        // Two chunks, the first of a single byte.
        match recorded.body.split_at_checked(1) {
            Some((first, more)) if chunked => {
                write!(bytes, "1\r\n{first}\r\n{:x}\r\n{more}\r\n0\r\n\r\n", more.len()).unwrap();
            }
            _ => bytes += &recorded.body,
        }
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let head = head(&mut stream).await;
        assert_eq!(head.starts_with("HTTP/1.1 200 OK\r\n"), !recorded.refused, "{bytes}: {head}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_turned_away() {
    let server = serve().await;
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello".as_slice(),
        b"how do you do\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
    ] {
        let answer = exchange(&server, bytes).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
        assert!(!answer.contains("RequestId"), "{answer}");
    }
    assert_eq!(server.requests().len(), 0);
    assert_alive(&server).await;
}

#[tokio::test]
async fn headers_without_an_end_are_turned_away() {
    let server = serve().await;
    let mut stream = connect(&server).await;
    stream.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    // The server closes in the middle of this, so that the writing fails.
    let _ = stream.write_all(&vec![b'x'; 4 * 1024 * 1024]).await;
    let answer = rest(&mut stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_refused_unread() {
    let server = serve().await;
    let mut stream = connect(&server).await;
    let head = "POST /?Format=JSON HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1073741824\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
    assert!(answer.contains("connection: close\r\n"), "{answer}");
    assert!(answer.contains(r#""Code":"RequestEntityTooLarge""#), "{answer}");
    assert_alive(&server).await;
}

#[tokio::test]
async fn a_body_that_grows_too_large_is_refused() {
    let server = serve().await;
    let mut stream = connect(&server).await;
    let head = "POST /?Format=JSON HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\na00001\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&vec![b'x'; 0xa0_0001]).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{answer}");
    assert!(answer.contains(r#""Message":"The request body has more than 10485760 bytes.""#), "{answer}");
    assert_eq!(server.requests()[0].refusal(), Some("RequestEntityTooLarge"));
    assert_alive(&server).await;
}

/// Sends what does not end until the server has enough, and returns how much it took.
async fn pour(stream: &mut TcpStream, piece: &[u8]) -> usize {
    let mut poured = 0;
    while poured < 1024 * 1024 * 1024 {
        match tokio::time::timeout(Duration::from_secs(20), stream.write_all(piece)).await {
            Ok(Ok(())) => poured += piece.len(),
            Ok(Err(_)) => break,
            Err(elapsed) => panic!("the server neither reads nor closes after {poured} bytes: {elapsed}"),
        }
    }
    poured
}

#[tokio::test]
async fn a_gigabyte_is_not_read_to_its_end() {
    let server = serve().await;
    let chunk = [b"100000\r\n".as_slice(), &vec![b'x'; 0x10_0000], b"\r\n"].concat();
    for (head, piece) in [
        ("Transfer-Encoding: chunked", chunk.as_slice()),
        ("Content-Length: 1073741824", vec![b'x'; 0x10_0000].as_slice()),
    ] {
        let mut stream = connect(&server).await;
        let head = format!("POST /?Format=JSON HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let poured = pour(&mut stream, piece).await;
        // What the kernel holds in between is not the server's.
        assert!(poured < 64 * 1024 * 1024, "{poured} bytes were taken of {head}");
    }
    let refusals: Vec<_> = server.requests().iter().map(|request| request.refusal().map(str::to_owned)).collect();
    assert_eq!(refusals, vec![Some("RequestEntityTooLarge".to_owned()); 2]);
    assert_alive(&server).await;
}

#[tokio::test]
async fn more_large_bodies_than_are_read_at_a_time_are_all_answered() {
    let server = builder().read_timeout(Duration::from_secs(20)).build().serve("127.0.0.1:0").await.unwrap();
    let form = format!("Format=JSON&More={}", "x".repeat(200_000));
    let request = post(&form);
    let mut streams = Vec::new();
    for _ in 0..40 {
        let mut stream = connect(&server).await;
        stream.write_all(&request.as_bytes()[..request.len() - 1]).await.unwrap();
        streams.push(stream);
    }
    for mut stream in streams {
        stream.write_all(b"x").await.unwrap();
        assert_eq!(answer(&mut stream).await.1["Code"], "MissingAction");
    }
}

#[tokio::test]
async fn a_hundred_thousand_parameters_are_refused() {
    let server = serve().await;
    let mut stream = connect(&server).await;
    let mut form = "Format=JSON".to_owned();
    for index in 0..100_000 {
        write!(form, "&P{index}=").unwrap();
    }
    stream.write_all(post(&form).as_bytes()).await.unwrap();
    let (head, body) = answer(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert_eq!(body["Message"], "The request has more than 10000 parameters.");
    assert_eq!(server.requests()[0].parameters().len(), 10_000);
    assert_alive(&server).await;
}

#[tokio::test]
async fn deep_json_is_read_without_a_deep_stack() {
    let server = serve().await;
    let mut stream = connect(&server).await;
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    for (nonce, text, code) in [
        ("1", deep(r#"{"a":"#, "}"), "InvalidTtsParam"),
        ("2", format!(r#"{{"a":{}}}"#, deep("[", "]")), "InvalidTtsParam"),
        ("3", deep(r#"{"a":["#, "}"), "InvalidTtsParam"),
    ] {
        let call =
            Call::new().set("Action", "SingleCallByTts").set("SignatureNonce", nonce).set("TtsCode", "TTS_10001");
        let call = call.set("CalledNumber", "13000000000").set("TtsParam", &text);
        stream.write_all(post(&call.encoded()).as_bytes()).await.unwrap();
        assert_eq!(answer(&mut stream).await.1["Code"], code);
    }
}

#[tokio::test]
async fn a_thousand_idle_connections_do_not_stop_the_next() {
    /// Too many open files: a process may hold fewer than the test asks for.
    const EMFILE: i32 = 24;
    let server = serve().await;
    let mut idle = Vec::new();
    while idle.len() < 1000 {
        match TcpStream::connect(server.local_addr()).await {
            Ok(stream) => idle.push(stream),
            Err(error) if error.raw_os_error() == Some(EMFILE) => break,
            Err(error) => panic!("after {} connections: {error}", idle.len()),
        }
    }
    assert!(idle.len() > 100, "{} connections", idle.len());
    if idle.len() < 1000 {
        idle.truncate(idle.len() / 4);
    }
    assert_alive(&server).await;
    server.stop().await;
    for stream in &mut idle {
        assert_eq!(rest(stream).await, "");
    }
}

#[tokio::test]
async fn a_client_that_closed_its_side_still_gets_the_response() {
    let server = serve().await;
    let answer = exchange(&server, post(&Call::new().encoded()).as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with('}'), "{answer}");
}

#[tokio::test]
async fn a_request_that_breaks_off_is_not_answered() {
    let server = serve().await;
    let whole = post(&Call::new().encoded());
    for length in [0, 1, 20, whole.find("\r\n\r\n").unwrap() + 2, whole.len() - 1] {
        let answer = exchange(&server, &whole.as_bytes()[..length]).await;
        assert_eq!(answer, "", "after {length} bytes");
    }
    assert_eq!(server.requests().len(), 0);
    assert_alive(&server).await;
}

#[tokio::test]
async fn slow_senders_are_not_waited_for() {
    let server = builder().read_timeout(Duration::from_millis(200)).build().serve("127.0.0.1:0").await.unwrap();
    for silent in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: localhost\r\n"] {
        let mut stream = connect(&server).await;
        stream.write_all(silent.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    let mut stream = connect(&server).await;
    let head = "POST /?Format=JSON HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf ";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.contains(r#""Code":"RequestTimeout""#), "{answer}");
    let refusals: Vec<_> = server.requests().iter().map(|request| request.refusal().map(str::to_owned)).collect();
    assert_eq!(refusals, [Some("RequestTimeout".to_owned())]);
}

#[tokio::test]
async fn stops_and_closes_idle_connections() {
    let server = serve().await;
    let address = server.local_addr();
    let mut used = connect(&server).await;
    used.write_all(post("Format=JSON").as_bytes()).await.unwrap();
    answer(&mut used).await;
    let mut unused = connect(&server).await;
    server.stop().await;
    assert_eq!((rest(&mut used).await, rest(&mut unused).await), (String::new(), String::new()));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn stops_when_dropped() {
    let server = serve().await;
    let address = server.local_addr();
    let mut used = connect(&server).await;
    used.write_all(post("Format=JSON").as_bytes()).await.unwrap();
    answer(&mut used).await;
    drop(server);
    assert_eq!(rest(&mut used).await, "");
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_address_in_use_is_an_error() {
    let server = serve().await;
    let error = emulator().serve(server.local_addr()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}
