//! What `dyvms call` shows of a response: columns, queries, limits, and what it waits for.

use serde_json::Value;

use crate::support::{Canned, LIST, Outcome, command, outcome, refused};

fn listed(options: &[&str]) -> Outcome {
    let outcome = outcome(command(&[LIST, &["--local"], options].concat()));
    assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
    outcome
}

/// A page of two tasks, of an announced total.
fn page(number: usize, total: usize) -> (u16, String) {
    let tasks = format!(r#"[{{"id":"{number}1","taskName":"停机"}},{{"id":"{number}2","taskName":"x"}}]"#);
    (200, format!(r#"{{"Code":"OK","RequestId":"R-1","TotalCount":{total},"Data":{tasks}}}"#))
}

const TASKS: &[&str] = &["QueryRobotTaskList"];

#[test]
fn chosen_columns_are_shown_in_their_order_in_every_format() {
    let choose = ["--PageSize", "2", "--columns", "callResult,callId", "-o"];
    let show = |format: &str| listed(&[&choose[..], &[format]].concat()).output;
    assert_eq!(show("csv"), "callResult,callId\n停机,116951045001^103700100003\n接通,116951045001^103700100010\n");
    let line = r#"{"callResult":"停机","callId":"116951045001^103700100003"}"#;
    assert_eq!(show("jsonl").lines().next(), Some(line));
    assert_eq!(show("json").split_whitespace().collect::<String>().matches(line).count(), 1);
    assert_eq!(
        show("yaml").lines().take(3).collect::<Vec<_>>(),
        ["---", "- callResult: 停机", "  callId: 116951045001^103700100003"]
    );
    assert!(show("table").starts_with("| callResult | callId "), "{}", show("table"));
    let message = refused(&[LIST, &["--local", "--columns", "callID"]].concat());
    assert_eq!(message, "error: --columns: there is no column \"callID\"; did you mean callId?\n");
}

#[test]
fn a_limit_requests_only_the_pages_that_it_needs() {
    for (limit, requests, items) in [("1", 1, 1), ("2", 1, 2), ("3", 2, 3), ("4", 2, 4), ("5", 3, 5), ("99", 3, 6)] {
        let server = Canned::serve(vec![page(1, 6), page(2, 6), page(3, 6)]);
        let outcome = server.call(&[TASKS, &["--limit", limit, "-o", "jsonl"]].concat());
        assert_eq!((outcome.status, outcome.output.lines().count()), (Some(0), items), "{}", outcome.notices);
        assert_eq!(server.sent("Action").len(), requests, "--limit {limit}");
        assert_eq!(outcome.notices, "");
    }
    let server = Canned::serve(vec![page(1, 6), page(2, 6), page(3, 6)]);
    let json: Value = serde_json::from_str(&server.call(&[TASKS, &["--limit", "3"]].concat()).output).unwrap();
    assert_eq!(json.as_array().unwrap().len(), 3, "it is the list of items, as with --all");
    for wrong in ["0", "-1", "x"] {
        let message = refused(&[LIST, &["--local", &format!("--limit={wrong}")]].concat());
        assert!(message.contains("--limit <N>"), "{message}");
    }
    let message = refused(&["call", "CancelCall", "--CallId", "1", "--local", "--limit", "1"]);
    assert_eq!(message, "error: CancelCall has no list of items: leave out --limit\n");
    let message = refused(&["call", "Anything", "--untyped", "--limit", "1"]);
    assert!(message.starts_with("error: --limit needs to know the pages"), "{message}");
}

#[test]
fn the_page_size_has_one_name_for_every_list() {
    for (arguments, sent, expected) in [
        (&["QueryRobotTaskList"][..], "PageSize", "7"),
        (&["ClinkListCdrIb", "--EnterpriseId", "1"], "Limit", "7"),
        (
            &["ListServiceInstanceForPage", "--Pager", r#"{"PageIndex": 2}"#],
            "Pager",
            r#"{"PageIndex": 2,"PageSize":7}"#,
        ),
    ] {
        let server = Canned::ok(r#"{"Code":"OK","RequestId":"R-1"}"#);
        let outcome = server.call(&[arguments, &["--page-size", "7"]].concat());
        assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
        assert_eq!(server.sent(sent), [Some(expected.to_owned())]);
    }
    let message = refused(&["call", "CancelCall", "--CallId", "1", "--local", "--page-size", "7"]);
    assert!(message.contains("unexpected argument '--page-size'"), "{message}");
}

#[test]
fn a_query_selects_from_the_response_or_from_all_items() {
    let found = |options: &[&str]| listed(options).output;
    assert_eq!(found(&["--query", "Data[0].callResult"]), "\"停机\"\n");
    assert_eq!(found(&["--query", "Data[0].callResult", "-o", "table"]), "停机\n");
    assert_eq!(found(&["--query", "length(@)", "--all"]), "347\n");
    assert_eq!(found(&["--query", "length(@)", "--limit", "30", "-o", "yaml"]), "---\n30\n");
    let pick = "Data[?callResult=='接通'].{result: callResult, id: callId} | [:2]";
    let rows = "| result | id                        |\n|--------|---------------------------|\n";
    assert!(found(&["--query", pick, "-o", "table"]).starts_with(rows));
    assert!(found(&["--query", pick, "-o", "csv"]).starts_with("result,id\n接通,116951045001^"));
    assert!(found(&["--query", "Data[].callResult", "-o", "jsonl"]).starts_with("\"停机\"\n\"接通\"\n"));
    assert!(found(&["--query", "Data[].callResult", "-o", "csv"]).starts_with("value\n停机\n接通\n"));
    let message = refused(&[LIST, &["--local", "--query", "Data[?"]].concat());
    assert!(message.contains("not a JMESPath expression") && message.contains("Data[?\n"), "{message}");
    // The request was sent, so the command line is not to blame alone.
    let server = Canned::ok(r#"{"Code":"OK","RequestId":"R-1","CallId":"1^1"}"#);
    let dial = ["SingleCallByTts", "--CalledNumber", "13000000000", "--TtsCode", "T", "--query", "sum(CallId)"];
    let outcome = server.call(&dial);
    assert_eq!(outcome.status, Some(1));
    assert!(
        outcome.notices.starts_with("error: the call was placed (CallId 1^1), but --query: "),
        "{}",
        outcome.notices
    );
}

#[test]
fn a_read_is_repeated_until_its_response_has_a_value() {
    let tasks = |status: &str| {
        (200, format!(r#"{{"Code":"OK","RequestId":"R-1","TotalCount":1,"Data":[{{"id":1,"status":"{status}"}}]}}"#))
    };
    let server = Canned::serve(vec![tasks("EXCUTING"), tasks("EXCUTING"), tasks("FINISHED")]);
    let wait = ["--until", "Data[0].status!=EXCUTING", "--every", "1ms", "--query", "Data[0].status"];
    let outcome = server.call(&[TASKS, &wait].concat());
    assert_eq!((outcome.status, outcome.output.as_str(), outcome.notices.as_str()), (Some(0), "\"FINISHED\"\n", ""));
    assert_eq!(server.sent("Action").len(), 3);

    let server = Canned::serve(vec![tasks("EXCUTING")]);
    let wait = ["--until", "Data[0].status=FINISHED", "--every", "1s", "--until-timeout", "500ms"];
    let outcome = server.call(&[TASKS, &wait].concat());
    assert_eq!((outcome.status, outcome.output.as_str()), (Some(1), ""));
    assert_eq!(outcome.notices, "error: --until: Data[0].status is EXCUTING after 500ms and 1 request\n");
}

#[test]
fn only_reads_are_repeated() {
    let only = "error: --until repeats requests, which it does for operations that only read\n";
    let dial =
        ["call", "SingleCallByTts", "--CalledNumber", "13000000000", "--TtsCode", "T", "--local", "--until", "Code=OK"];
    assert_eq!(refused(&dial), only);
    assert_eq!(refused(&["call", "Anything", "--untyped", "--until", "Code=OK"]), only);
    for (condition, expected) in [
        ("Data.status=x", "--until: Data is a list or a map; write Data[0] for its first item"),
        ("Cod=OK", "--until: the response of QueryRobotTaskCallList has no Cod; did you mean Code?"),
        ("Code", "expected PATH=VALUE, such as Data.state=done"),
    ] {
        let message = refused(&[LIST, &["--local", "--until", condition]].concat());
        assert!(message.contains(expected), "{message}");
    }
    let message = refused(&[LIST, &["--local", "--until", "Code=OK", "--all"]].concat());
    assert!(message.contains("cannot be used with '--all'"), "{message}");
    let message = refused(&[LIST, &["--local", "--until", "Code=OK", "--every", "0s"]].concat());
    assert!(message.contains("expected a time above 0, such as 5s, 500ms or 2m"), "{message}");
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_every_command_without_an_error() {
    let commands: [&[&str]; 8] = [
        &["operations"],
        &["operations", "-o", "json"],
        &["describe", "QueryRobotTaskCallList"],
        &["explain", "503"],
        &["doctor", "--local"],
        &["call", "QueryRobotTaskList", "--local", "-o", "table"],
        &["--help"],
        &["completions", "bash"],
    ];
    for arguments in commands {
        // Nobody reads from the start.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = command(arguments);
        command.stdout(writer);
        let ended = outcome_without_output(command);
        assert!(
            ended.0 == Some(0) && !ended.1.contains("error") && !ended.1.contains("panicked"),
            "{arguments:?}: {ended:?}"
        );
    }
}

/// The exit status and the notices of a command whose output goes elsewhere.
#[cfg(unix)]
fn outcome_without_output(mut command: std::process::Command) -> (Option<i32>, String) {
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(command);
    let ended = child.wait_with_output().unwrap();
    (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
}
