//! Providers of credentials over real HTTP, as a client uses them: nothing beyond this machine is called.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::specimen::chain;
use crate::voice::Voice;
use aliyun_runtime::credentials::{AssumeRole, CredentialsUri, EcsRamRole, OidcRole};
use aliyun_runtime::{Client, Credentials, CredentialsProvider, Error, ErrorKind, Sent, Value};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A server that answers by a script of `method path`, and records the bodies of requests with them.
#[derive(Clone)]
struct Server {
    url: String,
    seen: Arc<Mutex<Vec<(String, String)>>>,
}

type Script = dyn Fn(&str, usize) -> (u16, String) + Send + Sync;

impl Server {
    /// `script` is told how many requests of this kind came before.
    async fn start(script: impl Fn(&str, usize) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { url: format!("http://{}", listener.local_addr().unwrap()), seen: Arc::default() };
        let (seen, script): (_, Arc<Script>) = (Arc::clone(&server.seen), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&script)));
            }
        });
        server
    }

    fn count(&self, request: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|(seen, _)| seen == request).count()
    }

    /// Values of a form field in all requests of a kind.
    fn values(&self, request: &str, field: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let bodies = seen.iter().filter(|(seen, _)| seen == request).map(|(_, body)| body.as_bytes());
        let fields = bodies.flat_map(form_urlencoded::parse).filter(|(name, _)| name == field);
        fields.map(|(_, value)| value.into_owned()).collect()
    }

    fn client(&self, provider: impl CredentialsProvider) -> Client<Voice> {
        Client::builder().endpoint(&self.url).credentials(provider).build().unwrap()
    }
}

async fn serve(stream: TcpStream, seen: Arc<Mutex<Vec<(String, String)>>>, script: Arc<Script>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let request = line.rsplit_once(' ')?.0.to_owned();
        let mut length = 0;
        loop {
            line.clear();
            stream.read_line(&mut line).await.ok()?;
            match line.trim_end().split_once(": ") {
                None => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        let (status, answer) = {
            let mut seen = seen.lock().unwrap();
            let before = seen.iter().filter(|(other, _)| *other == request).count();
            let answer = script(&request, before);
            seen.push((request, String::from_utf8(body).unwrap()));
            answer
        };
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

fn key(id: &str) -> String {
    format!(
        r#"{{"Code":"Success","AccessKeyId":"{id}","AccessKeySecret":"testsecret","SecurityToken":"testtoken","Expiration":"2999-01-01T00:00:00Z"}}"#
    )
}

fn served() -> (u16, String) {
    (200, r#"{"Code":"OK","RequestId":"1"}"#.to_owned())
}

async fn call(client: &Client<Voice>) -> Result<Value, Error> {
    client.send_action("Ring", &[]).await
}

#[tokio::test]
async fn calls_are_signed_with_a_key_of_a_credentials_uri_that_is_requested_once() {
    let server = Server::start(|request, _| if request == "GET /keys" { (200, key("uri")) } else { served() }).await;
    let client = server.client(CredentialsUri::new(format!("{}/keys", server.url)));
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { call(&client).await.unwrap() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(server.count("GET /keys"), 1);
    assert_eq!(server.values("POST /", "AccessKeyId"), vec!["uri"; 100]);
    assert_eq!(server.values("POST /", "SecurityToken"), vec!["testtoken"; 100]);
}

#[tokio::test]
async fn a_role_is_assumed_with_the_role_of_the_machine() {
    const ROLE: &str = "/latest/meta-data/ram/security-credentials/";
    let metadata = Server::start(|request, _| match request.split_once(' ').unwrap() {
        ("PUT", "/latest/api/token") => (200, "testtoken".to_owned()),
        ("GET", ROLE) => (200, "operator".to_owned()),
        ("GET", _) => (200, key("ecs")),
        _ => (404, String::new()),
    })
    .await;
    let sts = Server::start(|_, _| (200, format!(r#"{{"RequestId":"1","Credentials":{}}}"#, key("STS.assumed")))).await;
    let server = Server::start(|_, _| served()).await;
    let source = EcsRamRole::new().endpoint(&metadata.url).timeout(Duration::from_secs(10));
    let client = server.client(AssumeRole::new(source, "acs:ram::1:role/operator").endpoint(&sts.url));
    call(&client).await.unwrap();
    call(&client).await.unwrap();
    assert_eq!(metadata.count(&format!("GET {ROLE}operator")), 1);
    assert_eq!(sts.values("POST /", "AccessKeyId"), ["ecs"]);
    assert_eq!(server.values("POST /", "AccessKeyId"), ["STS.assumed", "STS.assumed"]);
}

#[tokio::test]
async fn a_token_of_an_identity_provider_becomes_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "testtoken\n").unwrap();
    let sts = Server::start(|_, _| (200, format!(r#"{{"RequestId":"1","Credentials":{}}}"#, key("STS.pod")))).await;
    let server = Server::start(|_, _| served()).await;
    let role = OidcRole::new("acs:ram::1:role/pod", "acs:ram::1:oidc-provider/cluster", &file).endpoint(&sts.url);
    call(&server.client(role)).await.unwrap();
    assert_eq!(sts.values("POST /", "OIDCToken"), ["testtoken"]);
    assert_eq!(server.values("POST /", "AccessKeyId"), ["STS.pod"]);
}

#[tokio::test]
async fn a_key_that_the_gateway_calls_expired_is_replaced_within_the_call() {
    let server = Server::start(|request, before| match request {
        "GET /keys" => (200, key(&format!("uri{before}"))),
        _ if before == 1 => {
            (400, r#"{"Code":"InvalidSecurityToken.Expired","Message":"Expired.","RequestId":"1"}"#.to_owned())
        }
        _ => served(),
    })
    .await;
    let client = server.client(CredentialsUri::new(format!("{}/keys", server.url)));
    call(&client).await.unwrap();
    // The service lists no codes; those of the gateway are known for every service.
    call(&client).await.unwrap();
    assert_eq!(server.values("POST /", "AccessKeyId"), ["uri0", "uri0", "uri1"]);
}

#[tokio::test]
async fn a_failed_refresh_is_an_error_that_sends_nothing_and_is_tried_again() {
    const KEYS: &str = "GET /keys?token=testsecret";
    let server = Server::start(|request, before| match request {
        KEYS if before == 0 => (503, "busy".to_owned()),
        KEYS => (200, key("uri")),
        _ => served(),
    })
    .await;
    let client = server.client(Arc::new(CredentialsUri::new(format!("{}/keys?token=testsecret", server.url))));
    let error = call(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Credentials, Sent::No));
    let expected = format!(
        "Ring: there are no credentials to sign with; correct what the cause names, or use other credentials: \
         ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, another profile, or in a program \
         credentials() of the client: the credentials URI {}/keys: HTTP 503",
        server.url
    );
    assert_eq!(chain(&error), expected);
    call(&client).await.unwrap();
    assert_eq!(server.values("POST /", "AccessKeyId"), ["uri"]);
}

/// Polls a call once on a runtime that is not run any more, and then makes another call on the runtime of this test.
async fn after_a_call_that_was_polled_once(provider: impl CredentialsProvider) {
    let server = Server::start(|request, _| if request == "GET /keys" { (200, key("uri")) } else { served() }).await;
    let client = server.client(provider);
    let other = client.clone();
    let (idle, held) = std::thread::spawn(move || {
        let idle = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut held = Box::pin(async move { call(&other).await });
        idle.block_on(std::future::poll_fn(|context| {
            assert!(held.as_mut().poll(context).is_pending());
            std::task::Poll::Ready(())
        }));
        (idle, held)
    })
    .join()
    .unwrap();
    // Neither the call nor what it began goes on.
    call(&client).await.unwrap();
    drop(held);
    call(&client).await.unwrap();
    idle.shutdown_background();
    call(&client).await.unwrap();
    assert_eq!(server.count("POST /"), 3);
}

#[tokio::test]
async fn permanent_keys_do_not_depend_on_another_runtime() {
    after_a_call_that_was_polled_once(Credentials::new("testid", "testsecret")).await;
}

#[tokio::test]
async fn temporary_keys_do_not_depend_on_another_runtime() {
    let keys = Server::start(|_, _| (200, key("uri"))).await;
    after_a_call_that_was_polled_once(CredentialsUri::new(format!("{}/keys", keys.url))).await;
}
