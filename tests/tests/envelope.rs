//! What no decision needs of a response never spoils a success: a placed call is reported as placed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use dyvmsapi::call::SingleCallByTts;
use dyvmsapi::{Client, Credentials, Error, ErrorKind, Retries};
use workspace_tests::Canned;

/// Values of every type, and strings that a strict parser refuses.
const ODD: [&str; 12] = [
    "{}",
    r#"{"PolicyType":"x","Depth":[[[]]]}"#,
    "[]",
    "null",
    "true",
    "12.50",
    "1e999",
    r#""""#,
    r#""half \ud83d""#,
    r#""\udc00 \ud83d\ud83d""#,
    r#""\x \u12""#,
    "\"a\tb\"",
];

fn request() -> SingleCallByTts {
    SingleCallByTts::new("13000000000", "TTS_10001")
}

fn client(body: &str) -> Client {
    Client::builder()
        .retries(Retries::never())
        .credentials(Credentials::new("testid", "testsecret"))
        .transport(Canned::ok(body))
        .build()
        .unwrap()
}

async fn call_id(body: &str) -> Result<Option<String>, Error> {
    client(body).send(request()).await.map(|answer| answer.call_id)
}

#[tokio::test]
async fn members_that_no_decision_needs_may_be_anything() {
    let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
    for value in ODD.into_iter().chain([&*deep]) {
        for name in ["Message", "RequestId", "AccessDeniedDetail", "HostId"] {
            for body in [
                format!(r#"{{"{name}":{value},"Code":"OK","CallId":"1^2"}}"#),
                format!(r#"{{"Code":"OK","CallId":"1^2","{name}":{value}}}"#),
            ] {
                assert_eq!(call_id(&body).await.unwrap().as_deref(), Some("1^2"), "{body}");
            }
        }
    }
    let answer = client(r#"{"Code":"OK","CallId":"1^2","Message":"half \ud83d","AccessDeniedDetail":{}}"#)
        .send(request())
        .await
        .unwrap();
    assert_eq!((&*answer.message, &*answer.access_denied_detail), ("half \u{fffd}", ""));
}

#[tokio::test]
async fn what_a_decision_needs_has_to_fit() {
    for (body, what) in [
        (r#"{"Code":{},"CallId":"1^2"}"#, "Code: expected a text, found an object"),
        (r#"{"Code":"OK","CallId":{}}"#, "CallId: expected a text, found an object"),
        (
            r#"{"Code":"OK","CallId":"\ud83d"}"#,
            "CallId: expected a text, found a text with an invalid escape, such as half of a surrogate pair",
        ),
    ] {
        let error = call_id(body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Response);
        assert!(error.to_string().contains(what), "{error}");
    }
}
