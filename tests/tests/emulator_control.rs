//! The emulator's JSON endpoint for tests in other languages, and its HTTPS.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::time::{Duration, SystemTime};

use dyvmsapi::call::SingleCallByTts;
use dyvmsapi::{Client, Credentials, Value};
use dyvmsapi_emulator::Server;
use serde_json::json;

/// A server at a time that stands still, and what a test in another language would hold.
struct Outside {
    server: Server,
    http: reqwest::Client,
}

impl Outside {
    async fn new() -> Self {
        let emulator = dyvmsapi_emulator::builder()
            .time_starts_at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496))
            .time_scale(0)
            .time_window(Duration::from_secs(u32::MAX.into()))
            .build();
        let server = emulator.serve("127.0.0.1:0").await.unwrap();
        Self { server, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let url = format!("{}/_emulator/{path}", self.server.url());
        let request = self.http.request(method.parse().unwrap(), url).body(body.to_owned());
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
    }

    async fn get(&self, path: &str) -> Value {
        let (status, value) = self.ask("GET", path, "").await;
        assert_eq!(status, 200, "{value}");
        value
    }

    fn client(&self) -> Client {
        let credentials = Credentials::new("testid", "testsecret");
        Client::builder().credentials(credentials).endpoint(self.server.url()).build().unwrap()
    }
}

fn call(number: &str) -> SingleCallByTts {
    SingleCallByTts::new(number, "TTS_10001")
}

#[tokio::test]
async fn requests_and_dials_are_shown_whole_but_for_what_signs() {
    let outside = Outside::new().await;
    assert_eq!(outside.get("requests").await, json!({ "count": 0, "requests": [] }));
    outside.client().send(call("13000000000")).await.unwrap();
    outside.client().send_action("Unknown", &[]).await.unwrap_err();

    let shown = outside.get("requests").await;
    let request = &shown["requests"][0];
    assert_eq!((&shown["count"], &shown["requests"][1]["refusal"]), (&json!(2), &json!("InvalidApi.NotFound")));
    let names: Vec<_> = request["parameters"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "AccessKeyId",
            "Action",
            "CalledNumber",
            "Format",
            "SignatureMethod",
            "SignatureNonce",
            "SignatureVersion",
            "Timestamp",
            "TtsCode",
            "Version"
        ]
    );
    let id = request["request_id"].clone();
    let mut rest = request.clone();
    rest.as_object_mut().unwrap().remove("parameters");
    assert_eq!(
        rest,
        json!({
            "at": "2026-03-01T12:34:56Z", "method": "POST", "action": "SingleCallByTts", "request_id": id, "status": 200,
            "refusal": null, "warnings": [], "dialled": ["13000000000"], "fault": null
        })
    );
    assert_eq!(
        outside.get("dials").await,
        json!({ "count": 1, "dials": [{
            "called": "13000000000", "action": "SingleCallByTts", "request_id": id, "at": "2026-03-01T12:34:56Z"
        }]})
    );
}

#[tokio::test]
async fn a_query_selects() {
    let outside = Outside::new().await;
    for number in ["13000000000", "13000000001", "13000000000"] {
        outside.client().send(call(number)).await.unwrap();
    }
    let dials = outside.get("dials?called=13000000000&limit=1").await;
    assert_eq!((&dials["count"], dials["dials"].as_array().unwrap().len()), (&json!(2), 1));
    assert_eq!(dials["dials"][0]["request_id"], outside.get("requests?limit=1").await["requests"][0]["request_id"]);
    assert_eq!(outside.get("requests?action=IvrCall").await["count"], 0);
    for (path, error) in [
        ("requests?limit=0", "limit is not a number from 1 to 10000"),
        ("requests?called=1", "the query takes action and limit, not called"),
        ("dials?called=%zz", "Specified parameter called is not valid. Its percent-encoding is broken."),
    ] {
        assert_eq!(outside.ask("GET", path, "").await, (400, json!({ "error": error })));
    }
}

#[tokio::test]
async fn rules_are_added_shown_and_taken_out_of_force() {
    let outside = Outside::new().await;
    let rules = json!([
        { "when": { "action": "SingleCallByTts", "parameters": { "CalledNumber": "13000000000" } },
          "refuse": { "code": "isv.BUSINESS_LIMIT_CONTROL" }, "times": 1 },
        { "when": {}, "pass": true },
    ]);
    assert_eq!(outside.ask("POST", "rules", &rules.to_string()).await, (201, json!({ "ids": [1, 2] })));
    let client = outside.client();
    assert_eq!(client.send(call("13000000000")).await.unwrap_err().code(), Some("isv.BUSINESS_LIMIT_CONTROL"));
    client.send(call("13000000000")).await.unwrap();
    let when = json!({ "action": "SingleCallByTts", "parameters": { "CalledNumber": "13000000000" } });
    assert_eq!(
        outside.get("rules").await,
        json!({ "rules": [
            { "id": 1, "when": when, "matched": 1, "used_up": true },
            { "id": 2, "when": {}, "matched": 2, "used_up": false },
        ]})
    );
    assert_eq!(outside.ask("DELETE", "rules/1", "").await, (204, Value::Null));
    let unknown = (404, json!({ "error": "there is no rule of this id" }));
    assert_eq!(outside.ask("DELETE", "rules/1", "").await, unknown);
    assert_eq!(outside.ask("DELETE", "rules/x", "").await, unknown);
    assert_eq!(outside.ask("DELETE", "rules", "").await, (204, Value::Null));
    assert_eq!(outside.get("rules").await, json!({ "rules": [] }));
    let mistake = (400, json!({ "error": "line 1, column 21: there is no operation X" }));
    assert_eq!(outside.ask("POST", "rules", r#"{"when": {"action": "X"}, "pass": true}"#).await, mistake);
}

#[tokio::test]
async fn the_clock_is_moved_and_everything_is_reset() {
    let outside = Outside::new().await;
    let clock = |time: &str| (200, json!({ "time": time, "scale": 0 }));
    assert_eq!(outside.ask("GET", "clock", "").await, clock("2026-03-01T12:34:56Z"));
    assert_eq!(outside.ask("POST", "clock", r#"{"advance_seconds": 64}"#).await, clock("2026-03-01T12:36:00Z"));
    assert_eq!(outside.ask("POST", "clock", r#"{"set": "2027-01-01T00:00:00Z"}"#).await, clock("2027-01-01T00:00:00Z"));
    for (body, error) in [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("{}", "expected one of advance_seconds and set"),
        (r#"{"set": "tomorrow"}"#, "set is not a time such as 2026-03-01T12:34:56Z"),
        (r#"{"advance": 1}"#, "unknown field `advance`, expected `advance_seconds` or `set` at line 1 column 10"),
        (r#"{"advance_seconds": -1}"#, "invalid value: integer `-1`, expected u64 at line 1 column 22"),
    ] {
        assert_eq!(outside.ask("POST", "clock", body).await, (400, json!({ "error": error })));
    }
    outside.client().send(call("13000000000")).await.unwrap();
    outside.server.emulator().on_any();
    assert_eq!(outside.ask("POST", "reset", "").await, (204, Value::Null));
    assert_eq!(outside.get("clock").await["time"], "2026-03-01T12:34:56Z");
    assert_eq!(outside.get("requests").await["count"], 0);
    assert_eq!(outside.get("dials").await["count"], 0);
    assert_eq!(outside.get("rules").await, json!({ "rules": [] }));
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let outside = Outside::new().await;
    let error = json!({ "error": "there are requests, dials, rules, clock and reset under /_emulator/" });
    for path in ["", "request", "requests/1", "clock/1/2"] {
        assert_eq!(outside.ask("GET", path, "").await, (404, error.clone()), "{path}");
    }
    for (method, path, allowed) in [
        ("POST", "requests", "GET"),
        ("DELETE", "dials", "GET"),
        ("PUT", "rules", "GET, POST, DELETE"),
        ("GET", "rules/1", "DELETE"),
        ("DELETE", "clock", "GET, POST"),
        ("GET", "reset", "POST"),
    ] {
        let error = json!({ "error": format!("this path takes {allowed}") });
        assert_eq!(outside.ask(method, path, "").await, (405, error), "{method} {path}");
    }
    let (status, value) = outside.ask("POST", "rules", &" ".repeat(10 * 1024 * 1024 + 1)).await;
    assert_eq!((status, value), (413, json!({ "error": "The request body has more than 10485760 bytes." })));
    // None of this is a request of the service.
    assert_eq!(outside.server.requests().len(), 0);
}

#[tokio::test]
async fn https_is_served_with_a_certificate_that_clients_can_trust() {
    let server = dyvmsapi_emulator::emulator().serve_tls("127.0.0.1:0").await.unwrap();
    let url = server.url();
    assert_eq!(url, format!("https://127.0.0.1:{}", server.local_addr().port()));
    let pem = server.certificate_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let trusting = reqwest::Client::builder().no_proxy().tls_certs_only([certificate]).build().unwrap();
    let localhost = url.replace("127.0.0.1", "localhost");
    for url in [&url, &localhost] {
        let response = trusting.get(format!("{url}/?Format=JSON")).send().await.unwrap();
        assert_eq!(response.status(), 400);
        assert!(response.text().await.unwrap().contains("MissingAction"));
    }
    let distrusting = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(distrusting.get(&url).send().await.unwrap_err().is_connect());
    // Who speaks no TLS is not served, and does not stop the others.
    assert!(
        reqwest::Client::builder().no_proxy().build().unwrap().get(url.replace("https", "http")).send().await.is_err()
    );
    trusting.get(format!("{url}/_emulator/clock")).send().await.unwrap().error_for_status().unwrap();
    server.stop().await;
}
