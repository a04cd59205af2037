//! `dyvms doctor`: what is wrong is a line with a remedy, and an exit status.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;

use crate::support::{Outcome, ServerProcess, command, outcome, with_key};

/// The checks, as `name: result`.
fn results(outcome: &Outcome) -> Vec<String> {
    let checks: Value = serde_json::from_str(&outcome.output).unwrap();
    let text = |check: &Value, member: &str| check[member].as_str().unwrap().to_owned();
    checks.as_array().unwrap().iter().map(|check| text(check, "check") + ": " + &text(check, "result")).collect()
}

/// What is said of a check, and what to do.
fn said(outcome: &Outcome, name: &str) -> (String, String) {
    let checks: Value = serde_json::from_str(&outcome.output).unwrap();
    let check = checks.as_array().unwrap().iter().find(|check| check["check"] == name).unwrap();
    let text = |member: &str| check[member].as_str().unwrap().to_owned();
    (text("detail"), text("remedy"))
}

fn doctor(arguments: &[&str], secret: &str, variables: &[(&str, &str)]) -> Outcome {
    let mut command = with_key(&[&["doctor", "-o", "json"], arguments].concat(), "testid", secret);
    command.envs(variables.iter().copied());
    let outcome = outcome(command);
    assert!(!outcome.output.contains(secret) && !outcome.notices.contains(secret), "{}", outcome.output);
    outcome
}

fn with_rules(rules: &str) -> ServerProcess {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.json");
    std::fs::write(&path, rules).unwrap();
    ServerProcess::start(&["--rules", path.to_str().unwrap()])
}

#[test]
fn all_checks_pass_at_an_emulator() {
    let emulator = ServerProcess::start(&[]);
    let passed = doctor(&["--endpoint", &emulator.url], "testsecret", &[]);
    let all = [
        "version",
        "endpoint",
        "name",
        "proxy",
        "connection",
        "clock",
        "emulator",
        "credentials",
        "call",
        "permission",
    ];
    assert_eq!(results(&passed), all.map(|name| format!("{name}: passed")), "{}", passed.output);
    assert_eq!((passed.status, passed.notices.as_str()), (Some(0), ""));
    let key =
        "access key test*** of ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET of the environment";
    assert_eq!(said(&passed, "credentials").0, key);
    assert_eq!(said(&passed, "endpoint").0, emulator.url);
    // As lines, and without colours.
    let lines = outcome(command(&["doctor", "--local"]));
    assert_eq!((lines.status, lines.output.lines().count()), (Some(0), 10), "{}", lines.output);
    assert!(lines.output.contains("ok           proxy        none is used\n"), "{}", lines.output);
}

#[test]
fn the_profile_that_credentials_come_from_is_named() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aliyun")).unwrap();
    let profile = r#"{"name": "work", "mode": "AK", "access_key_id": "testid", "access_key_secret": "testsecret"}"#;
    std::fs::write(home.path().join(".aliyun/config.json"), format!("{{\"profiles\": [\n{profile}]}}")).unwrap();
    let emulator = ServerProcess::start(&[]);
    let run = |profile: &str| {
        let mut command = command(&["doctor", "-o", "json", "--endpoint", &emulator.url, "--profile", profile]);
        command.env("HOME", home.path());
        outcome(command)
    };
    let expected = "access key test*** of the CLI profile ~/.aliyun/config.json, profile \"work\" (line 2)";
    assert_eq!(said(&run("work"), "credentials").0, expected);
    let unknown = run("wrk");
    let (why, remedy) = said(&unknown, "credentials");
    assert!(why.contains("there is no profile \"wrk\"") && remedy.contains("`dyvms configure add NAME`"), "{why}");
    assert_eq!(said(&unknown, "call").0, "there are no credentials to sign with");
    assert_eq!(unknown.status, Some(1));
    assert!(unknown.notices.ends_with("error: 3 of 10 checks did not pass\n"), "{}", unknown.notices);
}

#[test]
fn a_denied_action_is_named_with_a_policy_that_allows_it() {
    let rule = r#"[{ "when": { "action": "QueryRobotv2AllList" }, "refuse": { "code": "Forbidden.RAM" } }]"#;
    let emulator = with_rules(rule);
    let denied = doctor(&["--endpoint", &emulator.url], "testsecret", &[]);
    assert_eq!(said(&denied, "call").0, "the service accepted the signature");
    let (why, remedy) = said(&denied, "permission");
    assert_eq!(why, "dyvms:QueryRobotv2AllList is denied (Forbidden.RAM)");
    let policy =
        r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"dyvms:QueryRobotv2AllList","Resource":"*"}]}"#;
    assert!(remedy.ends_with(policy), "{remedy}");
    assert_eq!((denied.status, denied.notices.as_str()), (Some(1), "error: 1 of 10 checks did not pass\n"));
}

#[test]
fn a_wrong_secret_is_a_failed_call() {
    let emulator = ServerProcess::start(&[]);
    let wrong = doctor(&["--endpoint", &emulator.url], "testother", &[]);
    let (why, _) = said(&wrong, "call");
    assert!(why.contains("SignatureDoesNotMatch") && why.contains("Check the key secret"), "{why}");
    assert_eq!(said(&wrong, "permission").0, "the call failed for another reason");
    assert_eq!(wrong.status, Some(1));
}

#[test]
fn without_a_connection_it_says_what_was_not_checked() {
    let closed = doctor(&["--endpoint", "http://127.0.0.1:9"], "testsecret", &[]);
    let expected = ["version: passed", "endpoint: passed", "name: passed", "proxy: passed", "connection: failed"];
    let others = [
        "clock: notChecked",
        "emulator: notChecked",
        "credentials: passed",
        "call: notChecked",
        "permission: notChecked",
    ];
    assert_eq!(results(&closed), [expected, others].concat());
    assert!(said(&closed, "connection").1.starts_with("start the emulator with `dyvms emulator --port N`"));
    assert_eq!(closed.status, Some(1));
    assert!(closed.notices.starts_with("note: the endpoint was not reached, so that this machine may be offline"));

    // No server has such a name.
    let nowhere = doctor(&["--endpoint", "voice.invalid"], "testsecret", &[]);
    assert!(said(&nowhere, "name").0.starts_with("voice.invalid cannot be resolved: "));
    assert_eq!(results(&nowhere).len(), 9, "an emulator is on this machine");
    let proxied = doctor(&[], "testsecret", &[("HTTPS_PROXY", "http://user:hunter2@127.0.0.1:9")]);
    assert_eq!(said(&proxied, "proxy").0, "http://127.0.0.1:9");
    assert_eq!(said(&proxied, "name").0, "the proxy resolves dyvmsapi.aliyuncs.com");
    let (_, remedy) = said(&proxied, "connection");
    assert_eq!(remedy, "check the proxy http://127.0.0.1:9, or list dyvmsapi.aliyuncs.com in NO_PROXY");
    assert!(!proxied.output.contains("hunter2"), "{}", proxied.output);
}

#[test]
fn a_certificate_that_is_not_trusted_is_an_error_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = folder.path().join("emulator.pem");
    let certificate = certificate.to_str().unwrap();
    let emulator = ServerProcess::start(&["--tls", "--tls-certificate", certificate]);
    let unknown = doctor(&["--endpoint", &emulator.url], "testsecret", &[]);
    let (why, remedy) = said(&unknown, "connection");
    assert!(why.contains("certificate") && remedy.contains("--ca"), "{why}; {remedy}");
    let trusted = doctor(&["--endpoint", &emulator.url, "--ca", certificate], "testsecret", &[]);
    assert_eq!(trusted.status, Some(0), "{}", trusted.output);
    assert!(said(&trusted, "connection").0.ends_with("with a trusted certificate"));
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    let wrong = doctor(&["--endpoint", "http://127.0.0.1:9/path"], "testsecret", &[]);
    assert_eq!(results(&wrong), ["version: passed", "settings: failed"]);
    assert!(said(&wrong, "settings").0.contains("has a path or a query"), "{}", wrong.output);
    assert_eq!(wrong.status, Some(1));
    let region = doctor(&["--region", "mars-1", "--vpc"], "testsecret", &[]);
    assert!(said(&region, "settings").0.contains("mars-1"), "{}", region.output);
}

/// A server with a clock of long ago, which knows nothing.
fn old_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 8192];
            // Requests are shorter than this, and arrive as a whole.
            let _ = stream.read(&mut request);
            let head =
                "HTTP/1.1 404 X\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\nConnection: close";
            let _ = stream.write_all(format!("{head}\r\n\r\n").as_bytes());
        }
    });
    url
}

#[test]
fn a_clock_that_differs_and_a_server_that_is_no_emulator_are_failed_checks() {
    let old = doctor(&["--endpoint", &old_server()], "testsecret", &[]);
    let (why, remedy) = said(&old, "clock");
    assert!(why.ends_with("seconds ahead of that of the server") && remedy.starts_with("set the clock"), "{why}");
    let (why, remedy) = said(&old, "emulator");
    assert!(why.contains("is not the emulator") && remedy.contains("dyvms emulator"), "{why}");
    let failed: Vec<String> = results(&old).into_iter().filter(|result| !result.ends_with(": passed")).collect();
    assert_eq!(failed, ["clock: failed", "emulator: failed", "call: failed", "permission: notChecked"]);
    assert_eq!(old.status, Some(1));
}
