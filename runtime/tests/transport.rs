//! Connections: what surely was not sent, what goes through a proxy, what is trusted, and that nothing is left behind.

#![cfg(any(feature = "rustls", feature = "native-tls"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::specimen::chain;
use crate::voice::Voice;
use aliyun_runtime::credentials::{AssumeRole, CredentialsUri};
use aliyun_runtime::{
    Client, ClientBuilder, Credentials, Error, ErrorKind, Facts, Method, Retries, Sent, Signature, Value,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-length: 31\r\n\r\n{\"Code\":\"OK\",\"RequestId\":\"R-1\"}";

fn client(endpoint: &str) -> ClientBuilder<Voice> {
    Client::builder().endpoint(endpoint).credentials(Credentials::new("testid", "testsecret")).retries(Retries::never())
}

async fn call(builder: ClientBuilder<Voice>) -> Result<Value, Error> {
    builder.build().unwrap().send_action("Place", &[("CalledNumber", "13000000000")]).await
}

async fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Reads one request, whose end is known by its length.
async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut received = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0, "the request ends early");
        let text = String::from_utf8(received.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() == length.map_or(0, |length| length.parse().unwrap()) {
            return text;
        }
    }
}

fn assert_unsent(error: &Error, kind: ErrorKind, what: &str) {
    let shown = chain(error);
    assert_eq!((error.kind(), error.sent()), (kind, Sent::No), "{shown}");
    assert!(shown.contains(what) && !shown.contains("13000000000"), "{shown}");
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let (_, port) = listener().await;
    let error = call(client(&format!("http://127.0.0.1:{port}"))).await.unwrap_err();
    assert_unsent(&error, ErrorKind::Transport, "Connection refused");
}

#[tokio::test]
async fn a_name_without_address_was_not_sent() {
    // No resolver asks for a label of more than 63 bytes.
    let name = format!("http://{}.test", "a".repeat(64));
    let error = call(client(&name).allow_plain_http().no_proxy()).await.unwrap_err();
    assert_unsent(&error, ErrorKind::Transport, "dns error");
}

#[tokio::test]
async fn a_server_without_tls_was_not_sent_to() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 1];
        stream.read_exact(&mut hello).await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        hello
    });
    let error = call(client(&format!("https://127.0.0.1:{port}"))).await.unwrap_err();
    assert_unsent(&error, ErrorKind::Transport, "no answer from https://127.0.0.1");
    assert_eq!(server.await.unwrap(), [22], "a TLS handshake, and no request");
}

/// An authority of this name, as its certificate in PEM, and a server that it certifies.
fn certified(authority: &str) -> (String, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, authority);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![server.der().clone()], key).unwrap();
    (issuer.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn an_untrusted_certificate_was_not_sent_to() {
    let (listener, port) = listener().await;
    let (_, acceptor) = certified("one");
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        acceptor.accept(stream).await.is_err()
    });
    let error = call(client(&format!("https://127.0.0.1:{port}"))).await.unwrap_err();
    assert_unsent(&error, ErrorKind::Transport, "certificate");
    assert!(server.await.unwrap(), "the client ends the handshake");
}

/// The libraries name an untrusted certificate in words of their own.
#[cfg(all(feature = "rustls", feature = "native-tls"))]
#[tokio::test]
async fn rustls_is_the_default_and_the_builder_chooses() {
    use aliyun_runtime::Tls;

    let (listener, port) = listener().await;
    let (_, acceptor) = certified("one");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    for (tls, words) in [
        (None, "UnknownIssuer"),
        (Some(Tls::Rustls), "UnknownIssuer"),
        (Some(Tls::Native), "certificate verify failed"),
    ] {
        let builder = client(&format!("https://127.0.0.1:{port}"));
        let builder = match tls {
            Some(tls) => builder.tls(tls),
            None => builder,
        };
        assert_unsent(&call(builder).await.unwrap_err(), ErrorKind::Transport, words);
    }
}

#[tokio::test]
async fn a_root_certificate_of_the_caller_is_trusted() {
    let (listener, port) = listener().await;
    let (pem, acceptor) = certified("one");
    let (other, _) = certified("other");
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = acceptor.accept(stream).await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(ANSWER.as_bytes()).await.unwrap();
        request
    });
    let builder = client(&format!("https://127.0.0.1:{port}")).root_certificate_pem(other.trim_end());
    let answer = call(builder.root_certificate_pem(pem)).await.unwrap();
    assert_eq!(answer["RequestId"], "R-1");
    assert!(server.await.unwrap().starts_with("POST / HTTP/1.1\r\n"));
}

#[test]
fn root_certificates_that_cannot_be_read_are_refused_with_the_reason() {
    let refused = |pem: &str| {
        let error = client("voice.example.com").root_certificate_pem(pem).build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        chain(&error)
    };
    assert_eq!(
        refused("testsecret"),
        "the root certificates are no PEM: there is no line \"-----BEGIN CERTIFICATE-----\""
    );
    assert_eq!(
        refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        "the root certificates hold no CERTIFICATE, but PRIVATE KEY"
    );
    let (pem, _) = certified("one");
    let cut_short = refused(pem.split_once("-----END").unwrap().0);
    assert!(
        cut_short.starts_with("the root certificates cannot be read; check the root certificates given in PEM: "),
        "{cut_short}"
    );
    // The libraries for TLS read what is within at different times.
    let no_certificate = refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let when = ["the root certificates cannot be read", "the HTTP client cannot be set up"];
    let expected = when.map(|when| format!("{when}; check the root certificates given in PEM: "));
    assert!(expected.iter().any(|expected| no_certificate.starts_with(expected)), "{no_certificate}");
}

#[tokio::test]
async fn a_proxy_that_refuses_the_tunnel_has_not_sent_the_request_on() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        request
    });
    let proxy = format!("http://user:testsecret@127.0.0.1:{port}");
    let error = call(client("voice.example.com").proxy(proxy)).await.unwrap_err();
    assert_unsent(&error, ErrorKind::Transport, "tunnel");
    assert!(!error.to_string().contains("testsecret"));
    let request = server.await.unwrap();
    assert!(request.starts_with("CONNECT voice.example.com:443 HTTP/1.1\r\n"), "{request}");
    assert!(request.to_lowercase().contains("proxy-authorization: basic "), "{request}");
}

#[tokio::test]
async fn plain_http_goes_to_the_proxy_as_a_whole() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(ANSWER.as_bytes()).await.unwrap();
        request
    });
    let builder = client("http://voice.example.com").allow_plain_http().proxy(format!("127.0.0.1:{port}"));
    call(builder).await.unwrap();
    assert!(server.await.unwrap().starts_with("POST http://voice.example.com/ HTTP/1.1\r\n"));
}

#[tokio::test]
async fn this_machine_is_reached_without_the_proxy() {
    let (proxy, proxy_port) = listener().await;
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(ANSWER.as_bytes()).await.unwrap();
    });
    call(client(&format!("http://127.0.0.1:{port}")).proxy(format!("127.0.0.1:{proxy_port}"))).await.unwrap();
    server.await.unwrap();
    drop(proxy);
}

/// A server that accepts connections, says nothing, and waits for the end of each.
async fn silent(listener: TcpListener, connections: usize) {
    for _ in 0..connections {
        let (stream, _) = listener.accept().await.unwrap();
        ended(stream).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_connection_in_time_was_not_sent() {
    // A handshake without an answer: no connection stands before it is done.
    let (listener, port) = listener().await;
    let server = tokio::spawn(silent(listener, 1));
    let endpoint = format!("https://127.0.0.1:{port}");
    let error = call(client(&endpoint)).await.unwrap_err();
    assert_unsent(&error, ErrorKind::Timeout, &format!("no connection within 5s to {endpoint}"));
    server.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_ends_before_there_is_a_connection_was_not_sent() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(silent(listener, 2));
    let endpoint = format!("https://127.0.0.1:{port}");
    for signature in [Signature::V1, Signature::V3] {
        let builder = client(&endpoint).signature(signature).timeout(Duration::from_secs(3));
        let error = call(builder).await.unwrap_err();
        assert_unsent(&error, ErrorKind::Timeout, &format!("no connection within 3s to {endpoint}"));
    }
    server.await.unwrap();
}

/// All forms of a request: those with a body and those without one.
fn forms() -> [(Signature, Method); 4] {
    [Signature::V1, Signature::V3]
        .map(|signature| [Method::Post, Method::Get].map(|method| (signature, method)))
        .concat()[..]
        .try_into()
        .unwrap()
}

#[tokio::test]
async fn a_request_that_was_read_may_have_been_received() {
    for (signature, method) in forms() {
        let (listener, port) = listener().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await
        });
        let client = client(&format!("http://127.0.0.1:{port}")).signature(signature).build().unwrap();
        let error = client.send_action("Place", &[("CalledNumber", "13000000000")]).method(method).await.unwrap_err();
        let request = server.await.unwrap();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Transport, Sent::Maybe), "{request}");
        assert!(!error.to_string().contains("13000000000"), "{error}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_answered_in_time_may_have_been_received() {
    for (signature, method) in forms() {
        let (listener, port) = listener().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let request = read_request(&mut stream).await;
            // From here on the clock runs as soon as there is nothing else to do.
            tokio::time::pause();
            assert_eq!(stream.read(&mut [0]).await.unwrap_or_default(), 0, "the client closes");
            request
        });
        let client = client(&format!("http://127.0.0.1:{port}")).signature(signature).build().unwrap();
        let error = client.send_action("Place", &[]).method(method).await.unwrap_err();
        let request = server.await.unwrap();
        tokio::time::resume();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::Maybe), "{request}");
        assert!(error.to_string().contains("no answer within 10s"), "{error}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_not_written_to() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(ANSWER.as_bytes()).await.unwrap();
    });
    let client = client(&format!("http://127.0.0.1:{port}")).build().unwrap();
    client.send_action("Place", &[]).await.unwrap();
    // Connection and listener are closed by now; the client's side sees it when it is its turn.
    server.await.unwrap();
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let error = client.send_action("Place", &[]).await.unwrap_err();
    assert_unsent(&error, ErrorKind::Transport, "Connection refused");
}

#[tokio::test]
async fn connections_are_kept_for_a_while() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let mut requests = Vec::new();
        for expected in [2, 1] {
            let (mut stream, _) = listener.accept().await.unwrap();
            for _ in 0..expected {
                requests.push(read_request(&mut stream).await);
                stream.write_all(ANSWER.as_bytes()).await.unwrap();
            }
            if expected == 2 {
                assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "an idle connection is closed");
            }
        }
        requests.len()
    });
    let client = client(&format!("http://127.0.0.1:{port}")).build().unwrap();
    client.send_action("Place", &[]).await.unwrap();
    client.send_action("Place", &[]).await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(11)).await;
    tokio::time::resume();
    client.send_action("Place", &[]).await.unwrap();
    assert_eq!(server.await.unwrap(), 3);
}

#[tokio::test]
async fn what_travels_under_v3_is_what_the_protocol_says() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(ANSWER.as_bytes()).await.unwrap();
        request
    });
    call(client(&format!("http://127.0.0.1:{port}")).signature(Signature::V3)).await.unwrap();
    let request = server.await.unwrap();
    assert!(request.starts_with("POST /?CalledNumber=13000000000 HTTP/1.1\r\n"), "{request}");
    let names: Vec<&str> = request.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0)).collect();
    let count = |name: &str| names.iter().filter(|found| **found == name).count();
    for name in ["host", "content-length", "accept", "accept-encoding", "user-agent", "authorization", "x-acs-date"] {
        assert_eq!(count(name), 1, "{name} in {names:?}");
    }
    assert_eq!((count("transfer-encoding"), count("content-type")), (0, 0), "{names:?}");
    assert!(request.contains(&format!("host: 127.0.0.1:{port}\r\n")) && request.contains("content-length: 0\r\n"));
    assert!(request.contains("accept-encoding: identity\r\n"), "{request}");
}

#[tokio::test]
async fn too_many_headers_are_a_failure() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        let headers = "a: b\r\n".repeat(101);
        stream.write_all(format!("HTTP/1.1 200 OK\r\n{headers}\r\n").as_bytes()).await.unwrap();
    });
    let error = call(client(&format!("http://127.0.0.1:{port}"))).await.unwrap_err();
    server.await.unwrap();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Transport, Sent::Maybe));
}

/// Waits until the other side ends a connection, be it with a reset.
async fn ended(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new()).await;
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    // Once while the answer is awaited, once during the handshake.
    for scheme in ["http", "https"] {
        let (listener, port) = listener().await;
        let client = client(&format!("{scheme}://127.0.0.1:{port}")).build().unwrap();
        let mut call = std::pin::pin!(Some(client.send_action("Place", &[]).into_future()));
        let accepted = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut first = [0; 1];
            stream.read_exact(&mut first).await.unwrap();
            (stream, first)
        };
        let (stream, first) = tokio::select! {
            accepted = accepted => accepted,
            answer = async { call.as_mut().as_pin_mut().unwrap().await } => panic!("answered: {answer:?}"),
        };
        assert_eq!(first[0], if scheme == "http" { b'P' } else { 22 });
        call.set(None);
        tokio::time::timeout(Duration::from_secs(10), ended(stream)).await.expect("the connection is closed");
    }
}

/// Answers requests until the other side ends the connection, and keeps the marks of those that arrived.
async fn answer_all(mut stream: TcpStream, arrived: Arc<Mutex<HashSet<usize>>>) {
    let mut received = Vec::new();
    while let Ok(1..) = stream.read_buf(&mut received).await {
        let text = String::from_utf8_lossy(&received);
        // The beginning of a request arrives at once, so a mark is never cut.
        let marks: Vec<usize> =
            text.split("Mark=").skip(1).filter_map(|rest| rest.split(['&', ' ']).next()?.parse().ok()).collect();
        arrived.lock().unwrap().extend(&marks);
        if !marks.is_empty() {
            received.clear();
            let _ = stream.write_all(ANSWER.as_bytes()).await;
        }
    }
}

/// Timeouts that strike at every moment of a call, while its connection is served by another thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_that_counts_as_unsent_arrives() {
    const CALLS: usize = 2000;
    let (listener, port) = listener().await;
    let arrived = Arc::new(Mutex::new(HashSet::new()));
    let server = tokio::spawn({
        let arrived = Arc::clone(&arrived);
        async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(answer_all(stream, Arc::clone(&arrived)));
            }
        }
    });
    let clients = [Signature::V1, Signature::V3]
        .map(|signature| client(&format!("http://127.0.0.1:{port}")).signature(signature).build().unwrap());
    let (mut answered, mut unsent) = (HashSet::new(), HashSet::new());
    for first in (0..CALLS).step_by(16) {
        let mut calls = JoinSet::new();
        for mark in first..first + 16 {
            let client = clients[mark % 2].clone();
            calls.spawn(async move {
                let call = client.send_action("Place", &[("Mark", mark.to_string().as_str())]);
                (mark, call.timeout(Duration::from_micros(50 * (mark as u64 % 60))).await)
            });
        }
        while let Some(outcome) = calls.join_next().await {
            match outcome.unwrap() {
                (mark, Ok(_)) => answered.insert(mark),
                (mark, Err(error)) if error.sent() == Sent::No => unsent.insert(mark),
                // The time limit can end between the head and the body of the response: then the request has arrived.
                (mark, Err(error)) if error.sent() == Sent::Yes => {
                    assert!(error.kind() == ErrorKind::Timeout && error.is_outcome_unknown(), "{error}");
                    answered.insert(mark)
                }
                (_, Err(error)) => {
                    assert_eq!(error.sent(), Sent::Maybe);
                    false
                }
            };
        }
    }
    drop(clients);
    server.abort();
    let _ = server.await;
    let arrived = arrived.lock().unwrap();
    assert_eq!(unsent.intersection(&arrived).count(), 0, "of {} unsent and {} answered", unsent.len(), answered.len());
    assert_eq!(answered.difference(&arrived).count(), 0);
    assert!(!unsent.is_empty(), "a timeout of nothing strikes before there is a connection");
}

/// A client that outlives a runtime, as one in a static does between tests.
#[test]
fn a_client_serves_one_runtime_after_the_other() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap())).build().unwrap();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let server = runtime();
    listener.set_nonblocking(true).unwrap();
    let _guard = server.enter();
    let listener = TcpListener::from_std(listener).unwrap();
    let arrived = Arc::new(Mutex::new(HashSet::new()));
    let kept = Arc::clone(&arrived);
    let serving = std::thread::spawn(move || {
        server.block_on(async move {
            for _ in 0..3 {
                let (stream, _) = listener.accept().await.unwrap();
                answer_all(stream, Arc::clone(&kept)).await;
            }
        });
    });
    for mark in ["1", "2", "3"] {
        runtime()
            .block_on(client.send_action("Place", &[("Mark", mark)]).retries(Retries::never()).into_future())
            .unwrap();
    }
    drop(client);
    serving.join().unwrap();
    assert_eq!(*arrived.lock().unwrap(), HashSet::from([1, 2, 3]));
}

/// A connection is moved by the runtime that opened it, and by no other.
#[test]
fn a_runtime_that_does_not_run_does_not_block_calls_of_another() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(&format!("http://{}", listener.local_addr().unwrap())).build().unwrap();
    let serving = std::thread::spawn(move || {
        let server = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        listener.set_nonblocking(true).unwrap();
        server.block_on(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let mut connections = JoinSet::new();
            for _ in 0..2 {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(async move { answer_each(stream, ANSWER.as_bytes()).await });
            }
            connections.join_all().await
        })
    });
    let runtimes = [1, 2].map(|_| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());
    // Each in its turn; between its turns a runtime stands still.
    for _ in 0..2 {
        for runtime in &runtimes {
            let call = async {
                let answer = client.send_action("Place", &[]).await;
                // The connection is kept from here on.
                tokio::task::yield_now().await;
                answer
            };
            runtime.block_on(call).unwrap();
        }
    }
    drop((client, runtimes));
    assert_eq!(serving.join().unwrap(), [2, 2]);
}

/// Reads requests of one connection, of which each has the same answer, until the other side ends it; counts them.
async fn answer_each(mut stream: TcpStream, answer: &[u8]) -> usize {
    for count in 0.. {
        let mut first = [0; 1];
        match stream.peek(&mut first).await {
            Ok(1..) => {}
            _ => return count,
        }
        read_request(&mut stream).await;
        stream.write_all(answer).await.unwrap();
    }
    unreachable!("connections end")
}

/// A call that may be repeated without harm.
async fn query(client: &Client<Voice>) -> Result<Value, Error> {
    let retries = Retries::new().back_off(Duration::ZERO, Duration::ZERO);
    client.send_action("Query", &[]).facts(Facts::operation("Query").idempotent()).retries(retries).await
}

/// A load balancer whose first connection is bound to a broken server, which answers so, and the others to a good one;
/// the numbers of requests of each connection so far.
async fn first_broken(failure: String) -> (Client<Voice>, Arc<Mutex<Vec<usize>>>) {
    let (listener, port) = listener().await;
    let counts = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&counts);
    tokio::spawn(async move {
        for connection in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            kept.lock().unwrap().push(0);
            let (counts, answer) =
                (Arc::clone(&kept), if connection == 0 { failure.clone() } else { ANSWER.to_owned() });
            tokio::spawn(async move {
                while let Ok(1..) = stream.peek(&mut [0]).await {
                    read_request(&mut stream).await;
                    counts.lock().unwrap()[connection] += 1;
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (client(&format!("http://127.0.0.1:{port}")).build().unwrap(), counts)
}

#[tokio::test]
async fn a_connection_that_failed_is_not_used_again() {
    let body = r#"{"Code":"ServiceUnavailable","RequestId":"R-1"}"#;
    let bodies = [String::new(), body.to_owned(), format!("{body:>60000}")];
    let failures = [500, 502, 503, 504, 599].iter().flat_map(|status| bodies.iter().map(move |body| (status, body)));
    for (status, body) in failures {
        let failure = format!("HTTP/1.1 {status} Failure\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let (client, counts) = first_broken(failure).await;
        for _ in 0..3 {
            assert_eq!(query(&client).await.unwrap()["RequestId"], "R-1", "{status}");
        }
        // The second attempt of the first call had a connection of its own; the other calls share one that was kept.
        assert_eq!(*counts.lock().unwrap(), [1, 1, 2], "{status}");
    }
}

#[tokio::test]
async fn a_call_that_is_not_repeated_leaves_its_failed_connection_to_nobody() {
    let (client, counts) = first_broken("HTTP/1.1 503 Failure\r\ncontent-length: 0\r\n\r\n".to_owned()).await;
    assert_eq!(client.send_action("Place", &[]).await.unwrap_err().http_status(), Some(503));
    for _ in 0..3 {
        assert_eq!(client.send_action("Place", &[]).await.unwrap()["RequestId"], "R-1");
    }
    assert_eq!(*counts.lock().unwrap(), [1, 3]);
}

#[tokio::test]
async fn the_response_on_a_closing_connection_is_read() {
    let (listener, port) = listener().await;
    let body = format!(r#"{{"Code":"isp.BROKEN","RequestId":"R-9","Message":"{}"}}"#, "m".repeat(100_000));
    let failure = format!("HTTP/1.1 503 Failure\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        answer_each(stream, failure.as_bytes()).await;
    });
    let error = call(client(&format!("http://127.0.0.1:{port}"))).await.unwrap_err();
    assert_eq!((error.code(), error.request_id()), (Some("isp.BROKEN"), Some("R-9")));
}

#[tokio::test]
async fn a_connection_that_refused_is_used_again() {
    for status in [400, 403, 404, 429] {
        let (listener, port) = listener().await;
        let body = r#"{"Code":"InvalidAction","RequestId":"R-1"}"#;
        let refusal = format!("HTTP/1.1 {status} Refusal\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            answer_each(stream, refusal.as_bytes()).await
        });
        let client = client(&format!("http://127.0.0.1:{port}")).build().unwrap();
        for _ in 0..3 {
            assert_eq!(client.send_action("Query", &[]).await.unwrap_err().http_status(), Some(status));
        }
        drop(client);
        assert_eq!(server.await.unwrap(), 3, "{status}");
    }
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The outcome of a call that is answered by this head and this body, after which the connection ends.
async fn answered(head: &str, body: &[u8], limit: usize) -> Result<Value, Error> {
    let (listener, port) = listener().await;
    let answer = [head.as_bytes(), b"\r\n\r\n", body].concat();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        // The client may end it when it has read enough.
        let _ = stream.write_all(&answer).await;
    });
    let outcome = call(client(&format!("http://127.0.0.1:{port}")).max_response_bytes(limit)).await;
    server.await.unwrap();
    outcome
}

#[tokio::test]
async fn an_encoded_response_is_decoded_or_its_encoding_is_named() {
    let text = r#"{"Code":"OK","RequestId":"R-1"}"#;
    let encoded = gzip(text);
    let head = |encoding: &str, length: usize| {
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {length}")
    };
    let answer = answered(&head("gzip", encoded.len()), &encoded, text.len()).await.unwrap();
    assert_eq!(answer["RequestId"], "R-1");
    for encoding in ["br", "gzip, br", "x-gzip"] {
        let error = answered(&head(encoding, encoded.len()), &encoded, 1_000).await.unwrap_err();
        let first = encoding.split(',').next().unwrap();
        assert!(
            error.to_string().contains(&format!("and has the encoding {first:?}, which is not supported")),
            "{error}"
        );
        assert!(error.is_outcome_unknown(), "{error}");
    }
    // A header that means something else spoils nothing.
    assert!(answered(&head("utf-8", text.len()), text.as_bytes(), 1_000).await.is_ok());

    let bomb = gzip(&" ".repeat(10_000_000));
    let error = answered(&head("gzip", bomb.len()), &bomb, 100_000).await.unwrap_err();
    assert!(error.to_string().contains("the answer is longer than the limit of 100000 bytes"), "{error}");

    // Cut short by the connection, or by whoever encoded it.
    let half = &encoded[..encoded.len() / 2];
    for length in [encoded.len(), half.len()] {
        let error = answered(&head("gzip", length), half, 1_000).await.unwrap_err();
        assert!(error.to_string().contains("the answer was cut short"), "{error}");
        assert_eq!((error.kind(), error.is_outcome_unknown()), (ErrorKind::Response, true), "{error}");
    }
}

#[tokio::test]
async fn headers_that_are_not_text_spoil_nothing() {
    const NAMES: [&str; 8] = [
        "x-acs-request-id",
        "x-acs-retry-after",
        "retry-after",
        "x-ratelimit-user",
        "date",
        "content-type",
        "content-encoding",
        "location",
    ];
    for value in [&b"\xff\xfe"[..], b"", b"\t \xe5", b"99999999999999999999", b"-1"] {
        let headers: Vec<u8> =
            NAMES.iter().flat_map(|name| [b"\r\n", name.as_bytes(), b": ", value].concat().repeat(2)).collect();
        let answer = async |status: &str, body: &str| {
            let (listener, port) = listener().await;
            let length = format!("\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            let answer = [b"HTTP/1.1 ", status.as_bytes(), &headers, length.as_bytes()].concat();
            let server = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                read_request(&mut stream).await;
                stream.write_all(&answer).await.unwrap();
            });
            let outcome = call(client(&format!("http://127.0.0.1:{port}"))).await;
            server.await.unwrap();
            outcome
        };
        let placed = answer("200 OK", r#"{"Code":"OK","RequestId":"R-1"}"#).await.unwrap();
        assert_eq!(placed["RequestId"], "R-1", "{value:?}");
        let refused = answer("400 Bad Request", r#"{"Code":"InvalidAction","RequestId":"R-2"}"#).await.unwrap_err();
        assert_eq!((refused.code(), refused.request_id()), (Some("InvalidAction"), Some("R-2")), "{value:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_reported_whatever_its_body() {
    for status in [300, 301, 302, 303, 307, 308] {
        for body in ["", "<html>moved</html>", r#"{"Code":"OK","RequestId":"R-1"}"#] {
            let head = format!(
                "HTTP/1.1 {status} Moved\r\nlocation: http://127.0.0.1:1/?token=testsecret\r\ncontent-length: {}",
                body.len()
            );
            let error = answered(&head, body.as_bytes(), 1_000).await.unwrap_err();
            let shown = error.to_string();
            assert!(shown.contains("answered with a redirect, which is not followed"), "{shown}");
            assert!(!shown.contains("testsecret"), "{shown}");
            assert_eq!(
                (error.http_status(), error.sent(), error.is_outcome_unknown()),
                (Some(status), Sent::Maybe, true)
            );
        }
    }
}

/// What a SOCKS proxy is told: user and password, and the target.
#[derive(Debug, PartialEq)]
struct Told {
    user: Option<(String, String)>,
    target: String,
}

async fn exactly<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await.unwrap();
    bytes
}

async fn text_of_length(stream: &mut TcpStream) -> String {
    let [length] = exactly::<1>(stream).await;
    let mut text = vec![0; length.into()];
    stream.read_exact(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

/// The proxy's side of a handshake (RFC 1928 and 1929), which ends with this reply; 0 is success.
async fn socks(stream: &mut TcpStream, reply: u8) -> Told {
    let [version, methods] = exactly(stream).await;
    let mut offered = vec![0; methods.into()];
    stream.read_exact(&mut offered).await.unwrap();
    assert_eq!(version, 5);
    let with_user = offered.contains(&2);
    stream.write_all(&[5, if with_user { 2 } else { 0 }]).await.unwrap();
    let user = if with_user {
        assert_eq!(exactly(stream).await, [1]);
        let user = (text_of_length(stream).await, text_of_length(stream).await);
        stream.write_all(&[1, 0]).await.unwrap();
        Some(user)
    } else {
        None
    };
    let [version, command, _, kind] = exactly(stream).await;
    assert_eq!((version, command), (5, 1));
    let host = match kind {
        1 => std::net::Ipv4Addr::from(exactly::<4>(stream).await).to_string(),
        3 => text_of_length(stream).await,
        _ => std::net::Ipv6Addr::from(exactly::<16>(stream).await).to_string(),
    };
    let port = u16::from_be_bytes(exactly(stream).await);
    stream.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    Told { user, target: format!("{host}:{port}") }
}

#[tokio::test]
async fn a_socks_proxy_gets_the_target_and_forwards_the_request() {
    let user = Some(("us@er".to_owned(), "test/secret".to_owned()));
    let table = [
        ("socks5h", "", "http://voice.example.com", None, "voice.example.com:80"),
        ("socks5h", "us%40er:test%2Fsecret@", "http://voice.example.com:8080", user.clone(), "voice.example.com:8080"),
        ("socks5", "", "http://0.0.0.0:81", None, "0.0.0.0:81"),
        ("socks5", "us%40er:test%2Fsecret@", "http://[::]:81", user, ":::81"),
    ];
    for (scheme, login, endpoint, user, target) in table {
        let (listener, port) = listener().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let told = socks(&mut stream, 0).await;
            let request = read_request(&mut stream).await;
            stream.write_all(ANSWER.as_bytes()).await.unwrap();
            (told, request)
        });
        let builder = client(endpoint).allow_plain_http().proxy(format!("{scheme}://{login}127.0.0.1:{port}"));
        call(builder).await.unwrap();
        let (told, request) = server.await.unwrap();
        assert_eq!(told, Told { user, target: target.to_owned() });
        assert!(request.starts_with("POST / HTTP/1.1\r\n"), "{request}");
        assert!(!request.to_lowercase().contains("proxy-authorization"), "{request}");
    }
}

#[tokio::test]
async fn tls_goes_through_a_socks_proxy_to_the_target() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let told = socks(&mut stream, 0).await;
        // A handshake: its record, and within it the name of the target.
        let mut hello = [0; 512];
        let length = stream.read(&mut hello).await.unwrap();
        (told.target, hello[0], String::from_utf8_lossy(&hello[..length]).contains("voice.example.com"))
    });
    let builder = client("voice.example.com").proxy(format!("socks5h://127.0.0.1:{port}"));
    assert_unsent(&call(builder).await.unwrap_err(), ErrorKind::Transport, "no answer from https://voice.example.com");
    assert_eq!(server.await.unwrap(), ("voice.example.com:443".to_owned(), 22, true));
}

#[tokio::test]
async fn a_socks_proxy_that_does_not_connect_has_not_sent_the_request_on() {
    // Refused by rule, host unreachable, connection refused: and one that speaks another language.
    for reply in [2, 4, 5, 255] {
        let (listener, port) = listener().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            if reply == 255 {
                let _ = exactly::<3>(&mut stream).await;
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
            } else {
                socks(&mut stream, reply).await;
            }
            assert_eq!(stream.read(&mut [0]).await.unwrap_or_default(), 0, "no request follows");
        });
        let proxy = format!("socks5h://user:testsecret@127.0.0.1:{port}");
        let error = call(client("http://voice.example.com").allow_plain_http().proxy(proxy)).await.unwrap_err();
        assert_unsent(&error, ErrorKind::Transport, "SOCKS error");
        assert!(!format!("{error} {error:?}").contains("testsecret"), "{error:?}");
        server.await.unwrap();
    }
    let (_, port) = listener().await;
    let builder = client("voice.example.com").proxy(format!("socks5h://user:testsecret@127.0.0.1:{port}"));
    let error = call(builder).await.unwrap_err();
    assert_unsent(&error, ErrorKind::Transport, &format!("through the proxy socks5h://127.0.0.1:{port}: "));
    assert!(!format!("{error} {error:?}").contains("testsecret"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_socks_proxy_that_says_nothing_was_not_sent_to() {
    let (listener, port) = listener().await;
    let server = tokio::spawn(silent(listener, 1));
    let error = call(client("voice.example.com").proxy(format!("socks5h://127.0.0.1:{port}"))).await.unwrap_err();
    assert_unsent(&error, ErrorKind::Timeout, "no connection within 5s to https://voice.example.com");
    server.await.unwrap();
}

#[tokio::test]
async fn credentials_of_a_loopback_endpoint_are_fetched_through_the_proxy() {
    let (endpoint, endpoint_port) = listener().await;
    let (proxy, proxy_port) = listener().await;
    let at_proxy = tokio::spawn(async move {
        let (mut stream, _) = proxy.accept().await.unwrap();
        let request = read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        request
    });
    let role = AssumeRole::new(Credentials::new("testid", "testsecret"), "acs:ram::1:role/operator");
    let builder = Client::<Voice>::builder()
        .endpoint(format!("http://127.0.0.1:{endpoint_port}"))
        .credentials(role)
        .retries(Retries::never())
        .proxy(format!("http://127.0.0.1:{proxy_port}"));
    let error = call(builder).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Credentials, Sent::No), "{error}");
    assert!(at_proxy.await.unwrap().starts_with("CONNECT sts.aliyuncs.com:443 HTTP/1.1\r\n"));
    drop(endpoint);
}

#[tokio::test]
async fn a_response_with_credentials_has_a_limit_too() {
    let (listener, port) = listener().await;
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        // Without an end, in small chunks.
        let chunk = format!("40\r\n{}\r\n", " ".repeat(64));
        while stream.write_all(chunk.repeat(100).as_bytes()).await.is_ok() {}
    });
    let builder = client("http://127.0.0.1:9");
    let uri = CredentialsUri::new(format!("http://127.0.0.1:{port}/keys"));
    let error = call(builder.credentials(uri)).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Credentials, Sent::No), "{error}");
    assert!(chain(&error).contains("the answer is longer than 262144 bytes"), "{error:?}");
}

#[test]
fn a_chosen_proxy_that_cannot_be_used_is_refused_and_not_shown() {
    for endpoint in ["voice.example.com", "http://127.0.0.1:1"] {
        let builder = client(endpoint).proxy("http://user:hunter2?x@127.0.0.1:9");
        let error = builder.build().map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("the proxy cannot be used: it has an @ after the host"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

/// A server that sends a whole response but for its end, and then nothing: what came is told, with the id in it.
#[tokio::test]
async fn a_stalled_body_is_reported_with_the_part_that_was_received() {
    let heads = ["content-length: 100", "transfer-encoding: chunked", "connection: close"];
    for (index, head) in heads.into_iter().enumerate() {
        let (listener, port) = listener().await;
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            read_request(&mut stream).await;
            let body = r#"{"Code":"OK","CallId":"1^2","RequestId":"R-1-8765"}"#;
            let body = if index == 1 { format!("{:x}\r\n{body}\r\n", body.len()) } else { body.to_owned() };
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
            // Silent until the client goes.
            let _ = stream.read(&mut [0]).await;
        });
        let client = client(&format!("http://127.0.0.1:{port}")).retries(Retries::never()).build().unwrap();
        let facts = Facts::operation("Dial").reaches(aliyun_runtime::By::Call, "CalledNumber").id("CallId");
        let call = client.send_action("Dial", &[("CalledNumber", "13000000000")]).facts(facts);
        let error = call.timeout(Duration::from_millis(300)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.sent(), error.http_status()),
            (ErrorKind::Timeout, Sent::Yes, Some(200)),
            "{head}"
        );
        assert_eq!((error.id(), error.request_id(), error.is_outcome_unknown()), (Some("1^2"), Some("R-1-8765"), true));
        let line = error.to_string();
        assert!(line.starts_with("Dial: the answer did not come whole within 300ms"), "{line}");
        assert!(line.contains("CallId 1^2"), "{line}");
        server.await.unwrap();
    }
}
