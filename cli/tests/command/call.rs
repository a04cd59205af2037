//! `dyvms call`: what it prints, and how it exits.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use crate::support::{LIST, Outcome, ServerProcess, command, outcome, refused, with_key};

/// Calls of task 1045001 in the emulator's data.
const CALLS: usize = 347;

/// Lists calls of the emulator inside the command.
fn listed(options: &[&str]) -> Outcome {
    let outcome = outcome(command(&[LIST, &["--local"], options].concat()));
    assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
    outcome
}

#[test]
fn a_table_shows_calls_with_chinese_text_in_straight_columns() {
    let outcome = listed(&["-o", "table"]);
    let lines: Vec<&str> = outcome.output.lines().collect();
    assert_eq!(lines.len(), 22, "a header, a line below it, and 20 calls");
    let header: Vec<&str> = lines[0].split('|').map(str::trim).filter(|name| !name.is_empty()).collect();
    assert_eq!(header[..5], ["taskId", "callId", "caller", "called", "callResult"]);
    assert!(header.contains(&"knowledgeCount"), "a misspelt member stands under its right name: {header:?}");
    let first: Vec<&str> = lines[2].split('|').map(str::trim).collect();
    assert_eq!(first[1..6], ["1045001", "116951045001^103700100003", "05710005001", "13000009073", "停机"]);
    let widths: Vec<usize> = lines.iter().map(|line| line.width()).collect();
    assert_eq!(widths, vec![widths[0]; lines.len()]);
    assert_eq!(outcome.notices, "note: there may be more pages; --all shows the items of all of them\n");
}

#[test]
fn json_is_the_whole_response() {
    let json = listed(&["--PageSize", "3", "-o", "json"]).output;
    let without_id =
        |json: &str| json.lines().filter(|line| !line.contains("RequestId")).collect::<Vec<_>>().join("\n");
    assert_eq!(without_id(&listed(&["--PageSize", "3"]).output), without_id(&json), "it is the default in a pipe");
    let answer: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(answer["Code"], "OK");
    assert_eq!(answer["Data"].as_array().unwrap().len(), 3);
    let call = &answer["Data"][0];
    assert_eq!(call["callResult"], "停机");
    assert_eq!((&call["taskId"], &call["duration"]), (&"1045001".into(), &0.into()), "as the specification types them");
}

#[test]
fn lines_of_json_are_the_calls_of_the_page() {
    let outcome = listed(&["--PageSize", "7", "--PageNo", "2", "-o", "jsonl"]);
    let calls: Vec<Value> = outcome.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(calls.len(), 7);
    assert!(calls.iter().all(|call| call["taskId"] == "1045001"), "{calls:?}");
}

#[test]
fn csv_has_a_header_and_a_row_for_each_call() {
    let outcome = listed(&["--PageSize", "5", "-o", "csv"]);
    let mut reader = csv::Reader::from_reader(outcome.output.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(header.len(), 23);
    let result = header.iter().position(|name| name == "callResult").unwrap();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 5);
    assert_eq!(&rows[0][result], "停机");
}

#[test]
fn all_pages_bring_every_call_once() {
    let outcome = listed(&["--all", "-o", "jsonl"]);
    let mut ids: Vec<String> = outcome
        .output
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["callId"].as_str().unwrap().to_owned())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), CALLS);
    assert_eq!(outcome.notices, "", "progress is for terminals");

    let json: Value = serde_json::from_str(&listed(&["--all", "--PageSize", "100", "-o", "json"]).output).unwrap();
    assert_eq!(json.as_array().unwrap().len(), CALLS);
    assert_eq!(listed(&["--all", "-o", "table"]).output.lines().count(), CALLS + 2);
    let csv = listed(&["--all", "-o", "csv"]).output;
    assert_eq!(csv::Reader::from_reader(csv.as_bytes()).records().count(), CALLS);
    let rest = listed(&["--all", "--PageNo", "17", "-o", "jsonl"]).output;
    assert_eq!(rest.lines().count(), CALLS - 16 * 20, "pages before the given one are not read");
}

#[test]
fn filters_reach_the_service_in_both_spellings() {
    for spelling in ["--CallResult", "--call-result"] {
        let outcome = listed(&[spelling, "200010", "--all", "-o", "jsonl"]);
        let results: Vec<Value> = outcome
            .output
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["callResult"].take())
            .collect();
        assert!(results.len() > 1 && results.iter().all(|result| result == "关机"), "{results:?}");
    }
}

#[test]
fn an_empty_list_is_said_to_be_one() {
    let outcome = listed(&["--Called", "13900000000", "-o", "table"]);
    assert_eq!((outcome.output.as_str(), outcome.notices.as_str()), ("", "note: the response has no items\n"));
}

#[test]
fn a_reader_that_stops_early_is_not_a_failure() {
    let mut command = command(&[LIST, &["--local", "--all", "-o", "jsonl"]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    // More is to come than a pipe holds, so the command meets the closed end.
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(first.starts_with('{'), "{first}");
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(0), ""));
}

#[test]
fn an_unknown_action_is_refused_with_the_nearest_one() {
    let expected = "error: the specification has no action \"QueryRobotTaskCalList\"; did you mean \
                    QueryRobotTaskCallList? --untyped calls an operation that it does not have\n";
    assert_eq!(refused(&["call", "QueryRobotTaskCalList", "--TaskId", "1045001", "--local"]), expected);
}

#[test]
fn an_unknown_parameter_is_refused_with_the_nearest_one() {
    let message = refused(&["call", "QueryRobotTaskCallList", "--TaskID", "1045001", "--local"]);
    assert!(message.contains("unexpected argument '--TaskID'"), "{message}");
    assert!(message.contains("a similar argument exists: '--TaskId'"), "{message}");
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_its_parameter() {
    let message = refused(&[LIST, &["--PageNo", "two", "--local"]].concat());
    assert_eq!(message.lines().next(), Some("error: --PageNo: expected a 32-bit integer, found \"two\""));
    let message = refused(&[LIST, &["--page-size", "3000000000", "--local"]].concat());
    assert_eq!(message.lines().next(), Some("error: --PageSize: expected a 32-bit integer, found \"3000000000\""));
}

#[test]
fn a_stray_value_is_refused_and_not_repeated() {
    let message = refused(&[LIST, &["--Called", "130", "00000000", "--local"]].concat());
    let expected = "error: a value without a name; write --Name value, and quote values with spaces\n";
    assert_eq!(message, expected);
}

#[test]
fn what_contradicts_itself_is_refused() {
    let message = refused(&[LIST, &["--local", "--endpoint", "http://127.0.0.1:1"]].concat());
    assert!(message.contains("'--local' cannot be used with '--endpoint <URL>'"), "{message}");
    let message = refused(&[LIST, &["--local", "--vpc"]].concat());
    assert!(message.contains("'--local' cannot be used with '--vpc'"), "{message}");
    let message = refused(&[LIST, &["--endpoint", "http://example.com"]].concat());
    assert!(message.contains("is plain HTTP"), "{message}");
}

#[test]
fn missing_credentials_name_the_places_that_were_looked_at() {
    let outcome = outcome(command(LIST));
    assert_eq!((outcome.status, outcome.output.as_str()), (Some(6), ""));
    for place in [
        "looked at: the environment (ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET not set); ",
        "; the CLI profile ~/.aliyun/config.json (no such file); ",
        "; the ECS RAM role (switched off by ALIBABA_CLOUD_ECS_METADATA_DISABLED); ",
    ] {
        assert!(outcome.notices.contains(place), "{}", outcome.notices);
    }
}

#[test]
fn an_endpoint_that_does_not_respond_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    let outcome = outcome(with_key(&[LIST, &["--endpoint", &url]].concat(), "testid", "testsecret"));
    assert_eq!((outcome.status, outcome.output.as_str()), (Some(4), ""));
    let expected = format!("error: QueryRobotTaskCallList: no answer from {url}");
    assert!(outcome.notices.starts_with(&expected), "{}", outcome.notices);
    let causes: Vec<&str> = outcome.notices.lines().skip(1).collect();
    assert!(causes.iter().all(|cause| cause.starts_with("  caused by: ")), "{}", outcome.notices);
    assert!(causes.last().unwrap().contains("Connection refused"), "{}", outcome.notices);
}

#[test]
fn a_request_without_a_response_has_an_unknown_outcome() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let silent = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read(&mut [0; 1024]).unwrap()
    });
    let outcome = outcome(with_key(&[LIST, &["--endpoint", &url]].concat(), "testid", "testsecret"));
    assert!(silent.join().unwrap() > 0);
    assert_eq!((outcome.status, outcome.output.as_str()), (Some(1), ""), "a query rings nobody: {}", outcome.notices);
    assert!(
        outcome.notices.contains("it is not known whether the service received the request"),
        "{}",
        outcome.notices
    );
}

#[test]
fn both_signatures_are_accepted() {
    let emulator = ServerProcess::start(&[]);
    for (signature, method) in [("v1", "V1"), ("v3", "V3")] {
        let outcome = emulator.call(&[&LIST[1..], &["-o", "jsonl", "--signature", signature]].concat());
        assert_eq!((outcome.status, outcome.output.lines().count()), (Some(0), 20), "{}", outcome.notices);
        assert_eq!(listed(&["--signature", signature, "-o", "jsonl"]).output, outcome.output, "{method}");
    }
    let (_, seen) = emulator.http("GET", "/_emulator/requests", "", "");
    let seen: Value = serde_json::from_str(&seen).unwrap();
    // V3 puts the parameters of the protocol into headers.
    let signed: Vec<bool> = seen["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["parameters"]["SignatureNonce"].is_string())
        .collect();
    assert_eq!(signed, [true, false]);
}

#[test]
fn a_response_that_takes_too_long_is_not_awaited() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let arguments = ["call", "SingleCallByTts", "--CalledNumber", "13000000000", "--TtsCode", "TTS_10001"];
    let outcome = outcome(with_key(
        &[&arguments[..], &["--endpoint", &url, "--timeout", "0.2"]].concat(),
        "testid",
        "testsecret",
    ));
    assert_eq!((outcome.status, outcome.output.as_str()), (Some(5), ""), "{}", outcome.notices);
    assert!(outcome.notices.contains("no answer within 200ms"), "{}", outcome.notices);
    for time in ["0", "-1", "soon", "inf", "nan"] {
        let message = refused(&[LIST, &["--local", &format!("--timeout={time}")]].concat());
        assert!(message.contains("expected seconds above 0, such as 10 or 2.5"), "{message}");
    }
}

#[test]
fn attempts_are_shown_and_can_be_limited_to_one() {
    let arguments = ["SingleCallByTts", "--CalledNumber", "13000000000", "--TtsCode", "TTS_10001", "-o", "json"];
    let throttled = |options: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let rules = folder.path().join("rules.json");
        let rule = r#"{ "when": {}, "fault": { "kind": "throttled", "milliseconds": 1 }, "times": 1 }"#;
        std::fs::write(&rules, rule).unwrap();
        let emulator = ServerProcess::start(&["--rules", rules.to_str().unwrap()]);
        emulator.call(&[&arguments[..], options].concat())
    };
    let repeated = throttled(&["-v"]);
    let lines: Vec<&str> = repeated.notices.lines().collect();
    assert_eq!((repeated.status, lines.len()), (Some(0), 2), "{}", repeated.notices);
    assert!(lines[0].starts_with("note: attempt 1: HTTP 400, Throttling.User, request "), "{}", repeated.notices);
    assert!(lines[0].contains("; retry in ") && lines[0].ends_with("ms"), "{}", repeated.notices);
    let answer: Value = serde_json::from_str(&repeated.output).unwrap();
    assert_eq!(lines[1], format!("note: attempt 2: HTTP 200, request {}", answer["RequestId"].as_str().unwrap()));

    let single = throttled(&["--no-retry", "--verbose"]);
    let lines: Vec<&str> = single.notices.lines().collect();
    assert_eq!((single.status, lines.len()), (Some(3), 2), "{}", single.notices);
    assert!(lines[0].starts_with("note: attempt 1: HTTP 400, Throttling.User, request "), "{}", single.notices);
    assert!(!lines[0].contains("the next one"), "{}", single.notices);
    assert!(lines[1].starts_with("error: SingleCallByTts: "), "{}", single.notices);
    for notices in [&repeated.notices, &single.notices] {
        assert!(!notices.contains("13000000000") && !notices.contains("testsecret"), "{notices}");
    }
    assert_eq!(throttled(&[]).notices, "", "attempts are shown on request only");
}

#[test]
fn a_profile_of_either_file_signs() {
    let home = tempfile::tempdir().unwrap();
    let files = [
        (
            ".aliyun/config.json",
            r#"{"current":"a","profiles":[
                {"name":"a","mode":"AK","access_key_id":"id-a","access_key_secret":"secret-a"},
                {"name":"b","mode":"AK","access_key_id":"id-b","access_key_secret":"secret-b"}]}"#,
        ),
        (
            ".alibabacloud/credentials",
            "[office]\ntype = access_key\naccess_key_id = id-c\naccess_key_secret = secret-c\n",
        ),
    ];
    for (path, content) in files {
        let path = home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let emulator =
        ServerProcess::start(&["--key", "id-a:secret-a", "--key", "id-b:secret-b", "--key", "id-c:secret-c"]);
    let ask = |options: &[&str]| {
        let mut command = command(&[LIST, &["-o", "json", "--endpoint", &emulator.url], options].concat());
        command.env("HOME", home.path());
        outcome(command)
    };
    for options in [&[][..], &["--profile", "b"], &["--profile", "office"]] {
        let outcome = ask(options);
        assert_eq!(outcome.status, Some(0), "{options:?}: {}", outcome.notices);
    }
    let (_, seen) = emulator.http("GET", "/_emulator/requests", "", "");
    let seen: Value = serde_json::from_str(&seen).unwrap();
    let keys: Vec<&str> = seen["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["parameters"]["AccessKeyId"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["id-a", "id-b", "id-c"]);
    let unknown = ask(&["--profile", "elsewhere"]);
    assert_eq!(unknown.status, Some(6), "{}", unknown.notices);
    assert!(unknown.notices.contains(r#"there is no profile "elsewhere""#), "{}", unknown.notices);
}

#[test]
fn a_region_and_its_vpc_are_checked_before_anything_is_sent() {
    let message = refused(&[LIST, &["--region", "cn-hangzhou", "--vpc"]].concat());
    assert!(message.contains("has no VPC endpoint in cn-hangzhou"), "{message}");
    let message = refused(&[LIST, &["--region", "Shanghai"]].concat());
    assert!(message.contains("is not a region id"), "{message}");
    let message = refused(&[LIST, &["--vpc"]].concat());
    assert!(message.contains("--region <ID>"), "{message}");
}

#[test]
fn certificates_that_cannot_be_trusted_are_refused() {
    let message = refused(&[LIST, &["--ca", "no/such/file.pem"]].concat());
    assert!(message.starts_with("error: --ca: cannot read no/such/file.pem: "), "{message}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.pem");
    std::fs::write(&path, "nothing\n").unwrap();
    let message = refused(&[LIST, &["--ca", path.to_str().unwrap()]].concat());
    assert!(message.contains("certificate"), "{message}");
}

#[test]
fn help_explains_parameters_and_exit_status() {
    let outcome = outcome(command(&["call", "QueryRobotTaskCallList", "--help"]));
    assert_eq!((outcome.status, outcome.notices.as_str()), (Some(0), ""));
    for part in [
        "Lists the calls that a robot call task has made",
        "--TaskId <TEXT>",
        "200002  the line was busy",
        "[at least 1; example 1]",
        "--PageNo <INTEGER>",
        "Exit status:\n  0  ",
    ] {
        assert!(outcome.output.contains(part), "{part} in\n{}", outcome.output);
    }
    assert!(outcome.output.lines().all(|line| line.width() <= 100), "{}", outcome.output);
}
