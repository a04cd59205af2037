//! What is fuzzed: bytes become a request, the emulator answers it, and the answer is held to what every answer is.
//!
//! Bytes that begin with `!` are an action and a form, signed here, so that what lies behind the signature is reached.
//! Other bytes are a message as on the wire, with a line feed after each line: method and target, headers, an empty
//! line, body.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use aliyun_protocol::Parameters;
use aliyun_runtime::testing::SigningKey;
use bytes::Bytes;
use dyvmsapi_emulator::Emulator;
use http::{Request, Response};

const SECRET: &str = "testsecret";

static EMULATOR: LazyLock<Emulator> = LazyLock::new(|| {
    // 2026-03-01T12:34:56Z.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496);
    dyvmsapi_emulator::builder().key("testid", SECRET).clock(move || now).build()
});

/// Panics where the emulator does, or where its answer is none.
pub(crate) fn read(bytes: &[u8]) {
    let request = match bytes.strip_prefix(b"!") {
        Some(call) => signed(call),
        None => message(bytes),
    };
    // What is no request at all is hyper's to refuse.
    let Some(request) = request else { return };
    hold(&EMULATOR.answer(request));
}

fn hold(answer: &Response<Bytes>) {
    let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert!(matches!(answer.status().as_u16(), 200 | 400 | 404 | 413), "{}", answer.status());
    assert_eq!(header("x-acs-request-id").len(), 36);
    assert_eq!(header("date"), "Sun, 01 Mar 2026 12:34:56 GMT");
    let body = answer.body();
    assert!(!String::from_utf8_lossy(body).contains(SECRET), "the secret is told");
    if header("content-type") == "application/json;charset=utf-8" {
        let members: serde_json::Value = serde_json::from_slice(body).expect("the body is JSON");
        assert!(members.is_object());
    } else {
        assert_eq!(header("content-type"), "text/xml;charset=utf-8");
        assert!(body.starts_with(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><") && body.ends_with(b">"));
        assert!(std::str::from_utf8(body).is_ok());
    }
}

fn message(bytes: &[u8]) -> Option<Request<Bytes>> {
    let mut rest = bytes;
    let mut line = || {
        let end = rest.iter().position(|&byte| byte == b'\n')?;
        let (line, more) = rest.split_at(end);
        rest = &more[1..];
        Some(line)
    };
    let first = line()?;
    let space = first.iter().position(|&byte| byte == b' ')?;
    let mut request = Request::builder().method(&first[..space]).uri(&first[space + 1..]);
    for _ in 0..100 {
        let header = line()?;
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|&byte| byte == b':')?;
        request = request.header(&header[..colon], header[colon + 1..].trim_ascii());
    }
    request.body(Bytes::copy_from_slice(rest)).ok()
}

fn signed(call: &[u8]) -> Option<Request<Bytes>> {
    static NONCES: AtomicU64 = AtomicU64::new(0);
    let end = call.iter().position(|&byte| byte == b'\n')?;
    let (action, form) = (&call[..end], &call[end + 1..]);
    let mut parameters = Parameters::default();
    for pair in form.split(|&byte| byte == b'&') {
        let equals = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        parameters.push_bytes(&pair[..equals], pair.get(equals + 1..).unwrap_or_default());
    }
    parameters.push_bytes(b"Action", action);
    let nonce = NONCES.fetch_add(1, Ordering::Relaxed).to_string();
    for (name, value) in [
        ("AccessKeyId", "testid"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureVersion", "1.0"),
        ("Timestamp", "2026-03-01T12:34:56Z"),
        ("Version", "2017-05-25"),
    ] {
        parameters.push(name, value);
    }
    let signature = SigningKey::new(SECRET).sign_v1("POST", &mut parameters);
    parameters.push("Signature", signature.as_str());
    let request = Request::builder().method("POST").uri("/").header("host", "dyvmsapi.aliyuncs.com");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(Bytes::copy_from_slice(parameters.encoded())).ok()
}
