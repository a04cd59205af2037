//! `dyvms emulator`: what each option does, and what is refused before anything starts.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use aliyun_protocol::Parameters;
use aliyun_runtime::testing::SigningKey;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{LIST, ServerProcess, command, outcome, refused, with_key};

const RING: &[&str] = &["SingleCallByTts", "--CalledNumber", "13000000000", "--TtsCode", "TTS_10001"];

/// When [`signed`] requests were.
const RECORDED: &str = "2026-03-01T12:34:56Z";

/// The body of a request that was signed at [`RECORDED`].
fn signed(nonce: u64) -> String {
    let mut parameters = Parameters::default();
    for (name, value) in [
        ("AccessKeyId", "testid"),
        ("Action", "SingleCallByTts"),
        ("CalledNumber", "13000000000"),
        ("Format", "JSON"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce.to_string()),
        ("SignatureVersion", "1.0"),
        ("Timestamp", RECORDED),
        ("TtsCode", "TTS_10001"),
        ("Version", "2017-05-25"),
    ] {
        parameters.push(name, value);
    }
    let signature = SigningKey::new("testsecret").sign_v1("POST", &mut parameters);
    parameters.push("Signature", signature.as_str());
    String::from_utf8(parameters.encoded().to_vec()).unwrap()
}

/// Sends such a body: the HTTP status, and the answer.
fn send(emulator: &ServerProcess, body: &str, headers: &str) -> (u16, Value) {
    let headers = format!("Content-Type: application/x-www-form-urlencoded\r\n{headers}");
    let (status, body) = emulator.http("POST", "/", &headers, body);
    (status, serde_json::from_str(&body).unwrap())
}

fn file(folder: &TempDir, name: &str, content: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn with_rules(content: &str, options: &[&str]) -> ServerProcess {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "rules.json", content);
    ServerProcess::start(&[&["--rules", path.to_str().unwrap()], options].concat())
}

fn json(emulator: &ServerProcess, path: &str) -> Value {
    let (status, body) = emulator.http("GET", path, "", "");
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

#[test]
fn an_emulator_of_its_own_checks_keys() {
    let emulator = ServerProcess::start(&["--key", "id-a:secret-a", "--key", "id-b:secret-b"]);
    let arguments = [LIST, &["--endpoint", &emulator.url, "-o", "jsonl"]].concat();
    for (id, secret) in [("id-a", "secret-a"), ("id-b", "secret-b")] {
        let outcome = outcome(with_key(&arguments, id, secret));
        assert_eq!((outcome.status, outcome.output.lines().count()), (Some(0), 20), "{}", outcome.notices);
    }
    let wrong =
        [("id-a", "secret-b", "SignatureDoesNotMatch"), ("testid", "testsecret", "InvalidAccessKeyId.NotFound")];
    for (id, secret, code) in wrong {
        let outcome = outcome(with_key(&arguments, id, secret));
        assert_eq!((outcome.status, outcome.output.as_str()), (Some(3), ""));
        assert!(outcome.notices.contains(code), "{}", outcome.notices);
        assert!(!outcome.notices.contains(secret), "{}", outcome.notices);
        assert_eq!(outcome.notices.lines().count(), 1, "{}", outcome.notices);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_emulator_ends_in_order() {
    for signal in ["-INT", "-TERM"] {
        let mut emulator = ServerProcess::start(&[]);
        let id = emulator.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(emulator.child.wait().unwrap().code(), Some(0), "{signal}");
        let mut rest = String::new();
        emulator.output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "the address is all that it prints");
    }
}

#[test]
fn a_key_with_a_token_is_a_temporary_one() {
    let emulator = ServerProcess::start(&["--key", "STS.id:secret-a:to:ken"]);
    let arguments = [LIST, &["--endpoint", &emulator.url, "-o", "jsonl"]].concat();
    let with_token = |token: Option<&str>| {
        let mut command = with_key(&arguments, "STS.id", "secret-a");
        if let Some(token) = token {
            command.env("ALIBABA_CLOUD_SECURITY_TOKEN", token);
        }
        outcome(command)
    };
    assert_eq!(with_token(Some("to:ken")).status, Some(0));
    for (token, code) in [(Some("another"), "InvalidSecurityToken"), (None, "MissingSecurityToken")] {
        let outcome = with_token(token);
        assert_eq!(outcome.status, Some(3));
        assert!(outcome.notices.contains(code), "{}", outcome.notices);
    }
    let said = emulator.said();
    assert!(said.contains("it accepts the given access key;"), "{said}");
    assert!(!said.contains("secret-a") && !said.contains("ken;") && !said.contains("to:ken"), "{said}");
}

#[test]
fn bad_values_are_refused_before_anything_starts() {
    for (arguments, said) in [
        (&["--port", "70000"][..], "invalid value '70000' for '--port <N>'"),
        (&["--state", "full"], "invalid value 'full' for '--state <STATE>'"),
        (&["--limits", "some"], "invalid value 'some' for '--limits <LIMITS>'"),
        (&["--seed", "x"], "invalid value 'x' for '--seed <N>'"),
        (&["--time-scale", "0.5"], "invalid value '0.5' for '--time-scale <N>'"),
        (&["--time-window", "day"], "invalid value 'day' for '--time-window <SECONDS>'"),
        (&["--clock", "noon"], "'--clock <TIME>': expected a time such as 2026-03-01T12:34:56Z"),
        (&["--tls-certificate", "c.pem"], "--tls"),
        (&["--rules", "no/such/file.json"], "error: --rules: cannot read no/such/file.json: "),
    ] {
        let message = refused(&[&["emulator"], arguments].concat());
        assert!(message.contains(said), "{arguments:?}: {message}");
    }
    for key in ["hidden", ":hidden", "id:", "id:hidden:", "::"] {
        let message = refused(&["emulator", "--key", key]);
        let expected = "error: --key: expected ID:SECRET or ID:SECRET:TOKEN; the given value is not shown\n";
        assert_eq!(message, expected, "{key}");
    }
    let message = refused(&["emulator", "--key", "id-a:hidden", "--key", "id-a:another"]);
    assert_eq!(message, "error: --key: the id \"id-a\" is given twice\n");
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let outcome = outcome(command(&["emulator", "--port", &port]));
    assert_eq!((outcome.status, outcome.output.as_str()), (Some(1), ""));
    let expected = format!("error: cannot listen on 127.0.0.1:{port}: ");
    assert!(outcome.notices.starts_with(&expected), "{}", outcome.notices);
}

#[test]
fn every_mistake_in_the_rules_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "[\n  { \"when\": {}, \"fault\": \"rest\" },\n  { \"when\": { \"action\": \"SingleCalByTts\" } }\n]";
    let path = file(&folder, "rules.json", rules);
    let message = refused(&["emulator", "--rules", path.to_str().unwrap()]);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 2, "{message}");
    for (line, (place, what)) in lines.iter().zip([(":2:", "there is no fault `rest`"), (":3:25: ", "SingleCallByTts")])
    {
        assert!(line.starts_with(&format!("error: {}{place}", path.display())), "{message}");
        assert!(line.contains(what), "{message}");
    }
}

#[test]
fn the_data_that_it_begins_with_can_be_chosen() {
    let count = |state: &str| {
        let emulator = ServerProcess::start(&["--state", state]);
        let outcome = emulator.call(&["QueryRobotTaskList", "-o", "jsonl"]);
        assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
        outcome.output.lines().count()
    };
    assert_eq!([count("sample"), count("empty"), count("examples")], [3, 0, 2]);
}

#[test]
fn rules_of_a_file_are_followed() {
    let refuse = r#"{ "code": "isv.BUSINESS_LIMIT_CONTROL", "message": "Trigger a flow control" }"#;
    let rules = format!(
        r#"[{{ "when": {{ "action": "SingleCallByTts" }}, "fault": {{ "kind": "reset", "after_effect": true }} }},
            {{ "when": {{ "action": "SingleCallByTts" }}, "refuse": {refuse}, "times": 1 }}]"#
    );
    let emulator = with_rules(&rules, &[]);
    let first = emulator.call(RING);
    assert_eq!(first.status, Some(3), "{}", first.notices);
    assert!(first.notices.contains("isv.BUSINESS_LIMIT_CONTROL: Trigger a flow control"), "{}", first.notices);
    let second = emulator.call(RING);
    assert_eq!(second.status, Some(5), "{}", second.notices);
    let advice = "a phone may be ringing, so look the call up before you place it again";
    assert!(second.notices.contains(advice), "{}", second.notices);
    let dials = json(&emulator, "/_emulator/dials?called=13000000000");
    assert_eq!(dials["count"], 1, "and it is");
}

#[test]
fn the_seed_decides_what_chance_does() {
    let drawn = |seed: &str| {
        let rules = r#"{ "when": {}, "probability": 0.5, "fault": "throttled" }"#;
        let emulator = with_rules(rules, &["--seed", seed, "--clock", RECORDED]);
        (0..32).map(|nonce| send(&emulator, &signed(nonce), "").0).collect::<Vec<_>>()
    };
    let one = drawn("1");
    assert!(one.contains(&200) && one.contains(&400), "{one:?}");
    assert_eq!(drawn("1"), one);
    assert_ne!(drawn("2"), one);
}

#[test]
fn documented_limits_are_enforced_when_requested() {
    for (limits, second) in [("off", 0), ("documented", 3)] {
        let emulator = ServerProcess::start(&["--limits", limits]);
        assert_eq!(emulator.call(RING).status, Some(0));
        let outcome = emulator.call(RING);
        assert_eq!(outcome.status, Some(second), "{limits}: {}", outcome.notices);
        assert_eq!(outcome.notices.contains("isv.BUSINESS_LIMIT_CONTROL"), second == 3, "{}", outcome.notices);
    }
}

#[test]
fn a_recorded_request_is_accepted_at_its_time() {
    let (status, answer) = send(&ServerProcess::start(&[]), &signed(1), "");
    assert_eq!((status, answer["Code"].as_str()), (400, Some("InvalidTimeStamp.Expired")), "{answer}");
    for options in
        [&["--clock", RECORDED][..], &["--clock", "2026-03-01T20:40:00+08:00"], &["--time-window", "4000000000"]]
    {
        let (status, answer) = send(&ServerProcess::start(options), &signed(1), "");
        assert_eq!((status, answer["Code"].as_str()), (200, Some("OK")), "{answer}");
    }
}

#[test]
fn time_stands_still_until_it_is_advanced() {
    let emulator = ServerProcess::start(&["--clock", RECORDED, "--time-scale", "0"]);
    let clock = json(&emulator, "/_emulator/clock");
    assert_eq!((clock["time"].as_str(), clock["scale"].as_u64()), (Some(RECORDED), Some(0)));
    let (status, _) = emulator.http("POST", "/_emulator/clock", "", r#"{"advance_seconds": 64}"#);
    assert_eq!(status, 200);
    assert_eq!(json(&emulator, "/_emulator/clock")["time"], "2026-03-01T12:36:00Z");
}

#[test]
fn a_fault_in_a_header_is_played_when_that_is_allowed() {
    let header = "x-emulator-fault: throttled\r\n";
    let forbidden = ServerProcess::start(&["--clock", RECORDED]);
    assert_eq!(send(&forbidden, &signed(1), header).1["Code"], "OK");
    let allowed = ServerProcess::start(&["--clock", RECORDED, "--fault-header"]);
    assert_eq!(send(&allowed, &signed(1), header).1["Code"], "Throttling.User");
}

#[test]
fn requests_are_logged_without_what_they_say() {
    let emulator = ServerProcess::start(&["--clock", RECORDED, "--time-scale", "0"]);
    send(&emulator, &signed(1), "");
    send(&emulator, &signed(1), "");
    let said = emulator.said();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 3, "{said}");
    let placed = "2026-03-01T12:34:56Z SingleCallByTts POST 200, dialled 1 (request ";
    assert!(lines[1].starts_with(placed), "{said}");
    assert!(
        lines[2].starts_with("2026-03-01T12:34:56Z SingleCallByTts POST 400 SignatureNonceUsed (request "),
        "{said}"
    );
    assert!(!said.contains("13000000000") && !said.contains("TTS_10001"), "{said}");

    let warned = ServerProcess::start(&[]);
    assert_eq!(warned.call(&[&LIST[1..], &["--CallResult", "999999"]].concat()).status, Some(0));
    let said = warned.said();
    assert!(said.contains("); warning: CallResult: its value is none of the known "), "{said}");
    assert!(!said.contains("999999"), "{said}");

    let quiet = ServerProcess::start(&["--quiet", "--clock", RECORDED]);
    send(&quiet, &signed(1), "");
    let said = quiet.said();
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn https_is_served_with_a_certificate_that_clients_can_trust() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("emulator.pem");
    let path = path.to_str().unwrap();
    let emulator = ServerProcess::start(&["--tls", "--tls-certificate", path]);
    assert!(emulator.url.starts_with("https://127.0.0.1:"), "{}", emulator.url);
    let trusting = emulator.call(&[&LIST[1..], &["-o", "jsonl", "--ca", path]].concat());
    assert_eq!((trusting.status, trusting.output.lines().count()), (Some(0), 20), "{}", trusting.notices);
    let stranger = emulator.call(&LIST[1..]);
    assert_eq!(stranger.status, Some(4), "{}", stranger.notices);
    assert!(stranger.notices.contains("certificate"), "{}", stranger.notices);
}

#[test]
fn a_log_that_nobody_reads_does_not_block_responses() {
    let emulator = ServerProcess::start(&[]);
    // More than a pipe holds.
    for _ in 0..1000 {
        assert_eq!(emulator.http("GET", "/?Action=Unknown", "", "").0, 400);
    }
    let said = emulator.said();
    assert!(said.lines().count() > 100 && said.lines().count() < 1000, "{} lines", said.lines().count());
}

/// A folder of a service that no other test has, with one operation.
fn specification(product: &str, version: &str, action: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let service = format!(
        r#"{{
  "product": "{product}",
  "version": "{version}",
  "title": "A service of a test",
  "endpoints": {{ "default": "{}.example.com" }},
  "envelope": {{
    "fields": {{
      "Code": {{ "type": "string", "description": "OK, or what went wrong." }},
      "RequestId": {{ "type": "string", "description": "Id of the request." }}
    }},
    "code": "Code",
    "requestId": "RequestId",
    "success": ["OK"]
  }},
  "groups": {{ "all": "All operations." }}
}}"#,
        product.to_lowercase()
    );
    let operation = format!(
        r#"{{
  "action": "{action}",
  "operationType": "read",
  "group": "all",
  "summary": "Returns a greeting.",
  "parameters": {{}},
  "response": {{ "Greeting": {{ "type": "string", "description": "The greeting." }} }},
  "examples": [
    {{ "name": "hello", "request": {{}}, "response": {{ "Code": "OK", "RequestId": "R-1", "Greeting": "hello from {product}" }} }}
  ]
}}"#
    );
    file(&folder, "service.json", &service);
    std::fs::create_dir(folder.path().join("operations")).unwrap();
    file(&folder, &format!("operations/{action}.json"), &operation);
    folder
}

#[test]
fn any_checked_service_is_emulated_and_several_at_once() {
    let (one, two) = (specification("One", "2020-01-01", "Greet"), specification("Two", "2021-01-01", "Greet"));
    let folders = [one.path().to_str().unwrap(), two.path().to_str().unwrap()];
    let clock = ["--clock", RECORDED];
    let emulator = ServerProcess::start(&[&["--spec", folders[0], "--spec", folders[1]][..], &clock].concat());
    for (nonce, version, greeting) in [(1, "2020-01-01", "hello from One"), (2, "2021-01-01", "hello from Two")] {
        let mut parameters = Parameters::default();
        for (name, value) in [
            ("AccessKeyId", "testid"),
            ("Action", "Greet"),
            ("Format", "JSON"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", &nonce.to_string()),
            ("SignatureVersion", "1.0"),
            ("Timestamp", RECORDED),
            ("Version", version),
        ] {
            parameters.push(name, value);
        }
        let signature = SigningKey::new("testsecret").sign_v1("POST", &mut parameters);
        parameters.push("Signature", signature.as_str());
        let (status, answer) = send(&emulator, std::str::from_utf8(parameters.encoded()).unwrap(), "");
        assert_eq!((status, &answer["Greeting"]), (200, &greeting.into()), "{answer}");
    }
    // The voice service is not among them.
    let (status, answer) = send(&emulator, &signed(3), "");
    assert_eq!((status, &answer["Code"]), (400, &"InvalidVersion".into()), "{answer}");
}

#[test]
fn the_voice_service_of_a_folder_answers_with_examples_and_applies_rules() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../api-spec/services/dyvmsapi-2017-05-25");
    let rules = r#"{ "when": { "action": "SingleCallByTts" }, "refuse": { "code": "isv.RULE", "message": "ruled" } }"#;
    let emulator = with_rules(rules, &["--spec", folder]);
    let listed = emulator.call(&["QueryRobotTaskList", "-o", "jsonl"]);
    assert_eq!((listed.status, listed.output.lines().count()), (Some(0), 2), "{}", listed.notices);
    let refused = emulator.call(RING);
    assert_eq!(refused.status, Some(3), "{}", refused.notices);
    assert!(refused.notices.contains("isv.RULE: ruled"), "{}", refused.notices);
}

#[test]
fn a_specification_that_cannot_be_served_is_refused_with_its_faults() {
    let refused = |arguments: &[&str]| refused(&[&["emulator"], arguments].concat());
    let (one, same) = (specification("One", "2020-01-01", "Greet"), specification("One", "2020-01-01", "Greet"));
    let (one, same) = (one.path().to_str().unwrap(), same.path().to_str().unwrap());
    let message = refused(&["--spec", one, "--spec", same]);
    assert_eq!(
        message,
        format!("error: --spec {same}: the emulator has One 2020-01-01 already; add each product and version once\n")
    );
    let broken = specification("Three", "2020-01-01", "Greet");
    file(&broken, "operations/Greet.json", "{\n  \"action\": \"Greet\",\n  \"sumary\": \"\"\n}");
    let message = refused(&["--spec", broken.path().to_str().unwrap()]);
    assert!(
        message.contains("operations/Greet.json:3:3: ") && message.contains("did you mean \"summary\""),
        "{message}"
    );
    let message = refused(&["--spec", "no/such/folder"]);
    assert!(message.contains("no/such/folder: no such folder"), "{message}");
    // Even the initial state that is the default.
    for state in ["empty", "sample"] {
        let message = refused(&["--spec", one, "--state", state]);
        assert!(message.contains("'--spec <FOLDER>' cannot be used with '--state <STATE>'"), "{message}");
    }
}
