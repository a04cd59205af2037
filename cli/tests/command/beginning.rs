//! The paths of a new user, who knows `dyvms --help` only. Each command is one that an output before it shows.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Canned, ServerProcess, command, outcome, with_key};

/// The lines of the help under this heading, from the text that begins a line to the command for it.
fn beginning(help: &str, text: &str) -> String {
    let lines = help.split("\nWhere to begin:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let line = lines.lines().find(|line| line.trim_start().starts_with(text)).unwrap();
    line.split_once("  dyvms ").unwrap().1.to_owned()
}

fn help() -> String {
    outcome(command(&["--help"])).output
}

/// Words of a command of an output.
fn words(command: &str) -> Vec<String> {
    command.replace("\\\n", " ").split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect()
}

#[test]
fn one_command_leads_from_an_error_line_to_cause_and_remedy() {
    assert_eq!(beginning(&help(), "an error"), "explain 'ERROR OR CODE'");
    let limited = r#"{"Code":"isv.BUSINESS_LIMIT_CONTROL","Message":"Trigger a flow control","RequestId":"R-1"}"#;
    let denied = r#"{"Code":"Forbidden.RAM","Message":"User not authorized","RequestId":"R-1"}"#;
    let dial = ["SingleCallByTts", "--CalledNumber", "13000000000", "--TtsCode", "TTS_10001"];
    for (status, response, expected) in [
        (
            200,
            limited,
            "isv.BUSINESS_LIMIT_CONTROL (an error code)\n  This number has been called too often: by default once a minute, 5 times an hour and \
             20 times in 24 hours.\n  Nothing was done.\n  Wait until the window has passed.\n",
        ),
        (403, denied, "Forbidden.RAM (an error code)\n  "),
    ] {
        let failed = Canned::serve(vec![(status, response.to_owned())]).call(&dial);
        let line = failed.notices.lines().find(|line| line.starts_with("error: ")).unwrap();
        let explained = outcome(command(&["explain", line]));
        assert_eq!(explained.status, Some(0), "{line}: {}", explained.notices);
        assert!(explained.output.starts_with(expected), "{line}: {}", explained.output);
        assert!(explained.output.lines().count() >= 4, "{}", explained.output);
    }
}

#[test]
fn two_commands_lead_from_a_call_that_did_not_reach_somebody_to_its_outcome() {
    // The call, whose id is in the response.
    let emulator =
        ServerProcess::start(&["--clock", "2026-03-09T02:00:00Z", "--time-scale", "0", "--time-window", "4000000000"]);
    let dialled = emulator.call(&["SingleCallByTts", "--CalledNumber", "13000000002", "--TtsCode", "TTS_10001"]);
    let response: serde_json::Value = serde_json::from_str(&dialled.output).unwrap();
    let id = response["CallId"].as_str().unwrap();
    assert_eq!(emulator.http("POST", "/_emulator/clock", "", r#"{"advance_seconds": 600}"#).0, 200);

    let search = beginning(&help(), "a call that did not arrive");
    let search = search.split_once(", and what it shows").unwrap().0;
    let found = outcome(command(&words(search).iter().map(String::as_str).collect::<Vec<_>>()));
    assert!(found.output.lines().nth(2).unwrap().starts_with("| QueryCallDetailByCallId "), "{}", found.output);
    let (_, example) = found.notices.split_once("note: an example of the first one:\n  dyvms ").unwrap();
    assert_eq!(example.matches("2022-12-21").count(), 1, "the day is written as people do: {example}");

    // The same command, for this call and its day.
    let example = example.replace("116012354148^102813780000", id).replace("2022-12-21", "2026-03-09");
    let mut call: Vec<String> = words(&example);
    call.extend(["--endpoint", &emulator.url, "-o", "table"].map(str::to_owned));
    let call: Vec<&str> = call.iter().map(String::as_str).collect();
    let shown = outcome(with_key(&call, "testid", "testsecret"));
    assert_eq!(shown.status, Some(0), "{}", shown.notices);
    assert!(shown.output.contains("| Data.state            | 200002 "), "{}", shown.output);
    assert_eq!(shown.notices, "note: Data.state 200002: the line was busy\n");

    // Another day has no such call, and the note says why.
    let other: Vec<&str> = call.iter().map(|word| if *word == "2026-03-09" { "2026-03-01" } else { word }).collect();
    let shown = outcome(with_key(&other, "testid", "testsecret"));
    assert!(
        shown.notices.starts_with("note: the response has no Data: The call; absent or empty where "),
        "{}",
        shown.notices
    );
    // What is missing is explained.
    let missing = outcome(command(&["call", "QueryCallDetailByCallId", "--CallId", id]));
    assert_eq!(missing.status, Some(2));
    for part in [
        "error: QueryCallDetailByCallId needs these parameters, too:\n  --ProdId <INTEGER>\n      Product that ",
        "\n        11000000300006  voice notification",
        "\n  --QueryDate <INTEGER>\n      Start of the 24 hours ",
        "A date can be given too, such as 2026-03-01 or 2026-03-01T12:34:56, in UTC+08:00.\nExample:\n  dyvms call QueryCallDetailByCallId ",
    ] {
        assert!(missing.notices.contains(part), "{part:?} is not in {}", missing.notices);
    }
}

#[test]
fn three_commands_lead_from_nothing_to_a_verified_configuration() {
    let home = tempfile::tempdir().unwrap();
    let emulator = ServerProcess::start(&[]);
    let run = |arguments: &[&str], lines: &str| {
        let mut command = command(arguments);
        command.env("HOME", home.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(beginning(&help(), "a new machine"), "configure add NAME, then dyvms doctor");
    // Who begins with the check is led to the other command.
    let (status, checks, _) = run(&["doctor", "--endpoint", &emulator.url], "");
    assert_eq!(status, Some(1));
    assert!(checks.contains("`dyvms configure add NAME` sets up a profile"), "{checks}");
    let (status, _, notes) = run(&["configure", "add", "work"], "testid\ntestsecret\n");
    assert_eq!(status, Some(0), "{notes}");
    let (_, next) = notes.split_once('`').unwrap();
    let next = next.split_once('`').unwrap().0.strip_prefix("dyvms ").unwrap();
    assert_eq!(next, "doctor --profile work");
    let check: Vec<&str> = next.split(' ').chain(["--endpoint", &emulator.url]).collect();
    let (status, checks, notes) = run(&check, "");
    assert_eq!(status, Some(0), "{checks}{notes}");
    assert!(checks.lines().all(|line| line.starts_with("ok ")), "{checks}");
    assert!(
        checks.contains("access key test*** of the CLI profile ~/.aliyun/config.json, profile \"work\""),
        "{checks}"
    );
    assert!(checks.contains("ok           permission   "), "{checks}");
}
