//! What a client puts on the wire under signature V3, seen by a transport that keeps it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::specimen::chain;
use aliyun_protocol::v3::{self, EMPTY_PAYLOAD};
use aliyun_protocol::{Parameters, v1};
use aliyun_runtime::http::{HeaderMap, Request};
use aliyun_runtime::testing::SigningKey;
use aliyun_runtime::{
    BoxFuture, Bytes, Client, ClientBuilder, Credentials, EnvelopeFacts, ErrorFacts, ErrorKind, Format, HttpResponse,
    Method, RefusalKind, Sent, Service, ServiceFacts, Signature, Transport, TransportError,
};
use proptest::prelude::*;

/// The service of the documentation's worked examples.
enum Ecs {}

impl Service for Ecs {
    const FACTS: &'static ServiceFacts = &ServiceFacts::new(
        "Ecs",
        "2014-05-26",
        "ecs.cn-shanghai.aliyuncs.com",
        EnvelopeFacts::new("Code", "Message", "RequestId", &["OK"], ""),
        &[ErrorFacts::new(&["SignatureDoesNotMatch"], Some(RefusalKind::Credentials), "Check the secret.")],
    );
}

/// Keeps requests and gives prepared answers.
#[derive(Clone, Default)]
struct Kept {
    requests: Arc<Mutex<Vec<Request<Bytes>>>>,
    answers: Arc<Mutex<VecDeque<(u16, String)>>>,
}

impl Transport for Kept {
    fn send(&self, request: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        self.requests.lock().unwrap().push(request);
        let answer = self.answers.lock().unwrap().pop_front();
        let (status, body) = answer.unwrap_or((200, r#"{"Code":"OK","RequestId":"R-1"}"#.to_owned()));
        let answer = HttpResponse::new(status, HeaderMap::new(), body);
        Box::pin(std::future::ready(Ok(answer)))
    }
}

impl Kept {
    fn client(&self, credentials: Credentials) -> ClientBuilder<Ecs> {
        Client::<Ecs>::builder()
            .signature(Signature::V3)
            .credentials(credentials)
            .transport(self.clone())
            // The time and the nonce of a worked example.
            .clock_and_nonce(
                || SystemTime::UNIX_EPOCH + Duration::from_secs(1_698_315_752),
                || 0x3156_8532_99f3_13e2_3d16_73dc_12e1_703d,
            )
    }

    fn only(&self) -> Request<Bytes> {
        let mut requests = std::mem::take(&mut *self.requests.lock().unwrap());
        assert_eq!(requests.len(), 1);
        requests.pop().unwrap()
    }
}

fn header<'r>(request: &'r Request<Bytes>, name: &str) -> &'r str {
    request.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// What a server does: it signs what it received, over the headers that the request names.
fn is_authentic(request: &Request<Bytes>, secret: &str) -> bool {
    let authorization = header(request, "authorization");
    let named = authorization.split_once("SignedHeaders=").unwrap().1.split_once(',').unwrap().0;
    let mut headers: Vec<v3::Header<'_>> =
        named.split(';').map(|name| (name, request.headers().get(name).unwrap().as_bytes())).collect();
    let mut query = Parameters::default();
    for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
        query.push(&name, &value);
    }
    assert_eq!(v3::payload_hash(request.body()).as_str(), header(request, "x-acs-content-sha256"));
    let key = SigningKey::new(secret);
    let signature = key.sign_v3(request.method().as_str(), &mut query, &mut headers, EMPTY_PAYLOAD);
    signature.matches(authorization.rsplit_once("Signature=").unwrap().1.as_bytes())
}

#[tokio::test]
async fn the_documented_example_is_reproduced_byte_for_byte() {
    let kept = Kept::default();
    let client = kept.client(Credentials::new("YourAccessKeyId", "YourAccessKeySecret")).build().unwrap();
    let parameters = [("RegionId", "cn-shanghai"), ("ImageId", "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd")];
    client.send_action("RunInstances", &parameters).await.unwrap();
    let request = kept.only();
    assert_eq!(
        header(&request, "authorization"),
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;\
         x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    );
    assert_eq!(
        (request.method().as_str(), request.uri().to_string().as_str()),
        (
            "POST",
            "https://ecs.cn-shanghai.aliyuncs.com/?RegionId=cn-shanghai&ImageId=win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
        )
    );
    let expected = [
        ("host", "ecs.cn-shanghai.aliyuncs.com"),
        ("content-length", "0"),
        ("accept", "application/json"),
        ("x-acs-action", "RunInstances"),
        ("x-acs-version", "2014-05-26"),
        ("x-acs-date", "2023-10-26T10:22:32Z"),
        ("x-acs-signature-nonce", "3156853299f313e23d1673dc12e1703d"),
        ("x-acs-content-sha256", EMPTY_PAYLOAD),
    ];
    for (name, value) in expected {
        assert_eq!(header(&request, name), value, "{name}");
    }
    assert!(request.body().is_empty());
    assert_eq!(request.headers().len(), expected.len() + 2, "and user-agent and authorization");
}

#[tokio::test]
async fn a_temporary_key_sends_its_token_signed_and_hidden() {
    let kept = Kept::default();
    let credentials = Credentials::with_token("testid", "testsecret", "testtoken");
    let client = kept.client(credentials).endpoint("127.0.0.1:8443").build().unwrap();
    client.send_action("RunInstances", &[("A b", "1 2")]).method(Method::Get).await.unwrap();
    let request = kept.only();
    assert_eq!(request.uri().to_string(), "https://127.0.0.1:8443/?A%20b=1%202");
    assert_eq!(header(&request, "host"), "127.0.0.1:8443");
    assert_eq!(header(&request, "content-length"), "");
    assert!(header(&request, "authorization").contains(
        "SignedHeaders=host;x-acs-accesskey-id;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-security-token;\
         x-acs-signature-nonce;x-acs-version,"
    ));
    assert_eq!(
        (header(&request, "x-acs-security-token"), header(&request, "x-acs-accesskey-id")),
        ("testtoken", "testid")
    );
    assert!(is_authentic(&request, "testsecret"));
    assert!(!is_authentic(&request, "testsecre"));
    let shown = format!("{:?}", request.headers());
    assert!(!shown.contains("testtoken") && !shown.contains("Signature="), "{shown}");
}

#[tokio::test]
async fn a_refused_signature_distinguishes_a_wrong_secret_from_a_changed_request() {
    let kept = Kept::default();
    let client = kept.client(Credentials::new("testid", "testsecret")).build().unwrap();
    let refusal = |end: &str| {
        let words = "Specified signature does not match our calculation.";
        let body = serde_json::json!({"Code": "SignatureDoesNotMatch", "RequestId": "R-1", "Message": format!("{words}{end}")});
        kept.answers.lock().unwrap().push_back((400, body.to_string()));
    };
    client.send_action("A", &[("CalledNumber", "13000000000")]).await.unwrap();
    let request = kept.only();
    let mut headers: Vec<v3::Header<'_>> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .filter(|(name, _)| *name == "host" || name.starts_with("x-acs-"))
        .collect();
    let mut query = Parameters::default();
    query.push("CalledNumber", "13000000000");
    let ours = v3::string_to_sign("POST", &mut query, &mut headers, EMPTY_PAYLOAD);

    let beginning = "A: the service refused the request: SignatureDoesNotMatch: Specified signature does not match our \
                     calculation; signature V3 (ACS3-HMAC-SHA256) was refused";
    for (end, explained) in [
        (
            format!(" server StringToSign is [{ours}] and 13000000000"),
            " although both sides signed the same text: the access key secret is not that of the access key id",
        ),
        (
            format!(" server StringToSign is [{}{}]", v3::ALGORITHM, "\n00"),
            ": the service received another request than was signed, so something on the way, such as a proxy, changed \
             the method, the path, the query or one of the signed headers host, x-acs-action, x-acs-content-sha256, \
             x-acs-date, x-acs-signature-nonce, x-acs-version",
        ),
        (String::new(), ", and the service does not say what it signed"),
    ] {
        refusal(&end);
        let error = client.send_action("A", &[("CalledNumber", "13000000000")]).await.unwrap_err();
        assert_eq!(error.to_string(), format!("{beginning}{explained} (HTTP 400, request R-1). Check the secret."));
    }
}

#[test]
fn settings_that_do_not_fit_are_refused_when_the_client_is_built() {
    let refused = |builder: ClientBuilder<Ecs>| {
        let error = builder.transport(Kept::default()).build().unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Configuration, Sent::No));
        error.to_string()
    };
    assert_eq!(
        refused(Client::builder().signature(Signature::V3).format(Format::Xml)),
        "responses to signature V3 are JSON; XML requires signature V1"
    );
    assert_eq!(
        refused(Client::builder().user_agent("alerting\n1.2")),
        "the user agent \"alerting\\n1.2\" is not a valid header value; use printable ASCII such as \"alerting/1.2\""
    );
}

/// Connections are made by HTTP: a transport of one's own would ignore these, whatever the order of the calls.
#[test]
fn settings_of_connections_are_refused_with_a_transport_of_ones_own() {
    type Set = fn(ClientBuilder<Ecs>) -> ClientBuilder<Ecs>;
    let settings: &[(&str, Set)] = &[
        ("proxy", |builder| builder.proxy("http://proxy:1")),
        ("no_proxy", |builder| builder.no_proxy()),
        ("root_certificate_pem", |builder| builder.root_certificate_pem("")),
        ("connect_timeout", |builder| builder.connect_timeout(Duration::from_secs(5))),
        #[cfg(feature = "rustls")]
        ("tls", |builder| builder.tls(aliyun_runtime::Tls::Rustls)),
    ];
    for (name, set) in settings {
        for builder in
            [set(Client::builder()).transport(Kept::default()), set(Client::builder().transport(Kept::default()))]
        {
            let error = builder.build().unwrap_err();
            assert_eq!((error.kind(), error.sent()), (ErrorKind::Configuration, Sent::No));
            assert_eq!(
                error.to_string(),
                format!(
                    "a transport of your own has no use for {name}, which only HTTP has; leave out either the transport or \
                     these settings"
                )
            );
        }
    }
    let both = Client::<Ecs>::builder().no_proxy().connect_timeout(Duration::ZERO).no_proxy();
    let error = both.transport(Kept::default()).build().unwrap_err();
    assert!(error.to_string().contains("no use for no_proxy, connect_timeout, which"), "{error}");
}

#[tokio::test]
async fn the_caller_is_named_behind_the_client() {
    let kept = Kept::default();
    for signature in [Signature::V1, Signature::V3] {
        let builder = kept.client(Credentials::new("testid", "testsecret")).signature(signature);
        builder.user_agent("alerting/1.2").build().unwrap().send_action("A", &[]).await.unwrap();
        let own = concat!("aliyun-rust/", env!("CARGO_PKG_VERSION"));
        assert_eq!(header(&kept.only(), "user-agent"), format!("{own} alerting/1.2"));
    }
}

#[tokio::test]
async fn an_action_that_is_not_a_valid_header_value_is_not_sent() {
    let kept = Kept::default();
    let client = kept.client(Credentials::new("testid", "testsecret")).build().unwrap();
    let error = client.send_action("A\nB", &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Request, Sent::No));
    assert_eq!(kept.requests.lock().unwrap().len(), 0);
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof!["[A-Z][A-Za-z0-9.]{0,12}", "\\PC{1,6}"];
    proptest::collection::btree_map(name, "\\PC{0,24}", 0..12).prop_map(|pairs| pairs.into_iter().collect())
}

proptest! {
    /// Both signatures sign the same query, in whatever order it was written.
    #[test]
    fn both_signatures_canonicalise_alike(pairs in pairs().prop_shuffle()) {
        let mut parameters = Parameters::default();
        for (name, value) in &pairs {
            parameters.push(name, value);
        }
        let text = v3::canonical_request("GET", &mut parameters.clone(), &mut [], EMPTY_PAYLOAD);
        let query = String::from_utf8(text).unwrap().split('\n').nth(2).unwrap().to_owned();
        let mut encoded_again = Parameters::default();
        encoded_again.push(&query, "");
        let encoded_again = String::from_utf8(encoded_again.encoded().to_vec()).unwrap();
        prop_assert_eq!(
            v1::string_to_sign("GET", &mut parameters),
            format!("GET&%2F&{}", encoded_again.trim_end_matches('='))
        );
        prop_assert_eq!(query, parameters.canonical_query());
    }

    /// What is sent verifies with the secret, and with no other.
    #[test]
    fn every_request_is_authentic(pairs in pairs(), token in proptest::option::of("[ -~]{1,40}")) {
        let kept = Kept::default();
        let credentials = match &token {
            Some(token) => Credentials::with_token("testid", "testsecret", token.as_str()),
            None => Credentials::new("testid", "testsecret"),
        };
        let client = kept.client(credentials).build().unwrap();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { client.send_action("A", &pairs).await }).unwrap();
        let request = kept.only();
        prop_assert!(is_authentic(&request, "testsecret"));
        prop_assert!(!is_authentic(&request, "testsecret2"));
    }
}

#[tokio::test]
async fn a_request_that_http_cannot_represent_is_named_with_the_reason() {
    let kept = Kept::default();
    let refused = async |credentials, value: &str| {
        let client = kept.client(credentials).build().unwrap();
        let error = client.send_action("RunInstances", &[("ImageId", value)]).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Request, Sent::No));
        chain(&error)
    };
    let shown = refused(Credentials::with_token("testid", "testsecret", "test\ntoken"), "1").await;
    assert_eq!(
        shown,
        "RunInstances: the request cannot be written; the access key id or the security token holds a line break or another \
         character that no header may hold: failed to parse header value"
    );
    let shown = refused(Credentials::new("testid", "testsecret"), &"x".repeat(70_000)).await;
    assert_eq!(
        shown,
        "RunInstances: the request cannot be written; its parameters are more than a URL may hold: send them by POST with \
         signature V1, in the body: uri too long"
    );
    assert!(kept.requests.lock().unwrap().is_empty());
}
