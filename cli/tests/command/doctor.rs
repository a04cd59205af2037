//! `dyvms doctor`: each check, as it passes and as it fails.

use serde_json::Value;

use crate::support::{EmulatorProcess, Outcome, command, outcome, with_key};

/// The line of a check.
fn line<'o>(outcome: &'o Outcome, check: &str) -> &'o str {
    let of = |line: &&str| line[6..].starts_with(&format!("{check} "));
    outcome.output.lines().find(of).unwrap_or_else(|| panic!("no {check} in {}", outcome.output))
}

fn doctor(emulator: &EmulatorProcess, secret: &str, options: &[&str]) -> Outcome {
    with_checks(with_key(&[&["doctor", "--endpoint", &emulator.url], options].concat(), "testid", secret))
}

/// What every outcome has: a status that agrees with the checks, and no secret.
fn with_checks(command: std::process::Command) -> Outcome {
    let outcome = outcome(command);
    let failed = outcome.output.lines().filter(|line| line.starts_with("FAIL") || line.contains("\"fail\"")).count();
    assert_eq!(outcome.status, Some(i32::from(failed > 0)), "{}{}", outcome.output, outcome.notices);
    assert_eq!(failed > 0, outcome.notices.contains("failed"), "{}", outcome.notices);
    assert!(!outcome.output.contains("testsecret") && !outcome.output.contains("verysecret"), "{}", outcome.output);
    outcome
}

const CHECKS: [&str; 10] = [
    "version",
    "emulator",
    "credentials",
    "endpoint",
    "proxy",
    "name resolution",
    "connection",
    "clock",
    "signed call",
    "permission",
];

#[test]
fn everything_is_well_with_an_emulator() {
    let emulator = EmulatorProcess::start(&[]);
    for outcome in [with_checks(command(&["doctor", "--local"])), doctor(&emulator, "testsecret", &[])] {
        assert_eq!(outcome.output.lines().count(), CHECKS.len(), "{}", outcome.output);
        for check in CHECKS {
            assert!(line(&outcome, check).starts_with("ok    "), "{}", outcome.output);
        }
    }
    let outcome = doctor(&emulator, "testsecret", &[]);
    assert!(
        line(&outcome, "credentials").ends_with("test*** from the environment variables of a key"),
        "{}",
        outcome.output
    );
    let outcome = doctor(&emulator, "testsecret", &["-o", "json"]);
    let checks: Value = serde_json::from_str(&outcome.output).unwrap();
    let names: Vec<&str> = checks.as_array().unwrap().iter().map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(names, CHECKS);
    assert!(checks.as_array().unwrap().iter().all(|check| check["state"] == "ok" && check["remedy"] == ""));
}

#[test]
fn a_wrong_secret_is_said() {
    let outcome = doctor(&EmulatorProcess::start(&[]), "verysecret", &[]);
    let call = line(&outcome, "signed call");
    assert!(call.starts_with("FAIL") && call.contains("SignatureDoesNotMatch") && call.contains("; to do: "), "{call}");
    assert!(line(&outcome, "permission").starts_with("skip"), "{}", outcome.output);
}

#[test]
fn a_clock_that_is_wrong_is_said() {
    let outcome = doctor(&EmulatorProcess::start(&["--clock", "2026-03-01T12:34:56Z"]), "testsecret", &[]);
    let clock = line(&outcome, "clock");
    assert!(clock.starts_with("FAIL") && clock.contains(" s ahead of the gateway"), "{clock}");
    assert!(clock.ends_with("; to do: set the clock of this machine, preferably by NTP"), "{clock}");
    // The client takes the time of the gateway, so that its calls succeed all the same.
    assert!(line(&outcome, "signed call").starts_with("ok"), "{}", outcome.output);
}

#[test]
fn a_missing_permission_is_said_with_a_policy() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().join("rules.json");
    let denied =
        r#"{"when": {}, "gateway_error": {"status": 403, "code": "Forbidden.RAM", "message": "not authorized"}}"#;
    std::fs::write(&rules, denied).unwrap();
    let outcome = doctor(&EmulatorProcess::start(&["--rules", rules.to_str().unwrap()]), "testsecret", &[]);
    assert!(line(&outcome, "signed call").starts_with("ok"), "{}", outcome.output);
    let permission = line(&outcome, "permission");
    assert!(permission.starts_with("FAIL  permission       Forbidden.RAM: not authorized; to do: "), "{permission}");
    assert!(
        permission.contains("grant the action dyvms:ListCallTask") && permission.contains("\"dyvms:*\""),
        "{permission}"
    );
}

#[test]
fn what_depends_on_a_failed_check_is_skipped() {
    let outcome = with_checks(with_key(&["doctor", "--endpoint", "https://host.invalid"], "testid", "testsecret"));
    assert!(line(&outcome, "name resolution").starts_with("FAIL  name resolution  offline, or the name is wrong"));
    for check in ["connection", "clock", "signed call", "permission"] {
        assert!(line(&outcome, check).starts_with("skip"), "{}", outcome.output);
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = with_checks(with_key(&["doctor", "--endpoint", &format!("http://{closed}")], "testid", "testsecret"));
    let connection = line(&outcome, "connection");
    assert!(connection.starts_with("FAIL") && connection.contains("check that the server runs"), "{connection}");
    let emulator = EmulatorProcess::start(&[]);
    let outcome = with_checks(command(&["doctor", "--endpoint", &emulator.url]));
    let credentials = line(&outcome, "credentials");
    assert!(
        credentials.starts_with("FAIL") && credentials.contains("`dyvms configure add NAME` adds a key"),
        "{credentials}"
    );
    assert!(line(&outcome, "signed call").starts_with("skip  signed call      there are no credentials"));
}

#[test]
fn a_proxy_resolves_names() {
    let mut doctor = with_key(&["doctor", "--endpoint", "https://host.invalid"], "testid", "testsecret");
    doctor.env("HTTPS_PROXY", "http://user:verysecret@127.0.0.1:9");
    let outcome = with_checks(doctor);
    assert!(line(&outcome, "proxy").contains("HTTPS_PROXY is set"), "{}", outcome.output);
    let connection = line(&outcome, "connection");
    assert!(connection.starts_with("FAIL") && connection.contains("check the address of the proxy"), "{connection}");
}
