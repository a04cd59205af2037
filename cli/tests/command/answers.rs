//! `dyvms call` with servers that send unexpected responses.

#[cfg(unix)]
use std::process::Stdio;

use aliyun_api_spec::dyvmsapi;
use aliyun_api_spec::model::{Kind, Operation};
use aliyun_api_spec::types::Types;
use serde_json::Value;

use crate::support::{Canned, command, outcome, refused, with_key};

/// Without it, the output is JSON, since it is not a terminal.
const TABLE: &[&str] = &["-o", "table"];
const LIST: &[&str] = &["QueryRobotTaskCallList", "--TaskId", "1"];
const DIAL: &[&str] = &["SingleCallByTts", "--CalledNumber", "13000000000", "--TtsCode", "TTS_10001"];
const WRITE: &[&str] = &["CancelRobotTask", "--TaskId", "1"];

/// The action and the parameters of its first example.
fn example(operation: &Operation) -> Vec<String> {
    let mut arguments = vec![operation.action.clone()];
    for (name, value) in &operation.examples[0].request {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        arguments.push(format!("--{name}={text}"));
    }
    arguments
}

/// A response with `value` at a path.
fn with(path: &str, value: &str) -> String {
    let nested = path.rsplit('.').fold(value.to_owned(), |inner, name| format!(r#"{{"{name}":{inner}}}"#));
    format!(r#"{{"Code":"OK","RequestId":"R-1",{}"#, &nested[1..])
}

/// A text member of the items of a list, if they are records that have one.
fn text_member(operation: &'static Operation, path: &str) -> Option<&'static str> {
    let types = Types::of(operation, dyvmsapi());
    let items = types.follow(&operation.response, path).ok()?.last()?.shape.kind.innermost();
    types.fields(items).iter().find(|field| field.shape.kind == Kind::String).map(|field| field.wire_name.as_str())
}

#[test]
fn what_does_not_fit_a_list_is_an_error_in_every_format() {
    let lists = dyvmsapi().operations.iter().filter(|operation| operation.pagination.is_some());
    for (operation, turn) in lists.zip(0..) {
        let items = &operation.pagination.as_ref().unwrap().items;
        let member = text_member(operation, items);
        let arguments = example(operation);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        for (format, index) in ["table", "json", "jsonl", "csv", "yaml"].into_iter().zip(turn..) {
            let misfit = match (index % 4, member) {
                // Half a character within a text that holds the items, or the end of it; an item that is not a record; no
                // list at all.
                (0, Some(member)) if turn % 2 == 0 => {
                    format!(r#""[{{\"{member}\":\"good \\ud83d\"}},{{\"{member}\":\"1^2\"}}]""#)
                }
                (0, Some(member)) => format!(r#""[{{\"{member}\":\"good\"}},{{\"{member}\":\"1^2""#),
                (1, Some(_)) => "[{},7]".to_owned(),
                (2, _) => r#"{"a":1}"#.to_owned(),
                _ => r#""soon""#.to_owned(),
            };
            let server = Canned::ok(&with(items, &misfit));
            for all in [&[][..], &["--all"]] {
                // One of both is enough for most lists.
                if !all.is_empty() && turn % 8 != 0 {
                    continue;
                }
                let outcome = server.call(&[&arguments, &["-o", format][..], all].concat());
                assert_eq!((outcome.status, outcome.output.as_str()), (Some(1), ""), "{}", outcome.notices);
                let expected = format!("error: {}: the answer does not fit the operation: {items}", operation.action);
                assert!(outcome.notices.starts_with(&expected), "{misfit}: {}", outcome.notices);
            }
        }
    }
}

#[test]
fn a_response_keeps_its_digits_its_order_and_unknown_members() {
    let record = r#"{"callId":123456789012345678,"duration":"60","new":100.00,"big":123456789012345678901234,"e":1e3}"#;
    let server = Canned::ok(&format!(r#"{{"Odd":-0.10,"Data":[{record}],"Code":"OK","RequestId":"R-1"}}"#));
    let shown = r#"{"callId":"123456789012345678","duration":60,"new":100.00,"big":123456789012345678901234,"e":1e3}"#;
    assert_eq!(server.call(&[LIST, &["-o", "jsonl"]].concat()).output.trim_end(), shown);
    let json = server.call(&[LIST, &["-o", "json"]].concat()).output;
    let compact: String = json.split_whitespace().collect();
    assert_eq!(compact, format!(r#"{{"Odd":-0.10,"Data":[{shown}],"Code":"OK","RequestId":"R-1"}}"#));
    let table = server.call(&[LIST, TABLE].concat()).output;
    let row: Vec<&str> = table.lines().nth(2).unwrap().split('|').map(str::trim).collect();
    assert_eq!(row[1..6], ["123456789012345678", "60", "100.00", "123456789012345678901234", "1e3"], "{table}");
    let server = Canned::ok(r#"{"Data":[{"dialogCount":100.00,"knowledgeCount":6.0e1}],"Code":"OK","RequestId":"R"}"#);
    let csv = server.call(&[LIST, &["-o", "csv"]].concat()).output;
    assert!(csv.contains(",100.00,") && csv.contains(",6.0e1,"), "{csv}");
}

#[test]
fn json_parameters_are_sent_byte_for_byte() {
    let text = r#" {"amount":100.00, "order":123456789012345678901234,"code":1e3 } "#;
    let server = Canned::ok(r#"{"Code":"OK","RequestId":"R-1","CallId":"1^2"}"#);
    let outcome = server.call(&[DIAL, &["--TtsParam", text]].concat());
    assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
    assert_eq!(server.sent("TtsParam"), [Some(text.to_owned())]);
    let message = refused(&[&["call"], DIAL, &["--local", "--TtsParam", r#"{"a":2,"b":{"c":1,"c":3}}"#]].concat());
    let expected = r#"(the member "c" is given twice, again at line 1 column 19)"#;
    assert!(message.contains(expected), "{message}");
}

/// Lists what has a total.
const TASKS: &[&str] = &["QueryRobotTaskList", "--all"];

/// A page of two tasks.
fn page(number: usize, total: usize) -> (u16, String) {
    let tasks = format!(r#"[{{"id":"{number}1"}},{{"id":"{number}2"}}]"#);
    (200, format!(r#"{{"Code":"OK","RequestId":"R-1","TotalCount":{total},"Data":{tasks}}}"#))
}

#[test]
fn pages_before_an_error_are_shown_and_the_result_is_said_to_be_incomplete() {
    let refusal = (400, r#"{"Code":"InvalidParameter","Message":"no","RequestId":"R-4"}"#.to_owned());
    let server = || Canned::serve(vec![page(1, 50), page(2, 50), page(3, 50), refusal.clone()]);
    let note = "note: the result is incomplete: it has 6 items of 3 pages, because the next page failed\n\
                error: QueryRobotTaskList: ";
    let expected = [("table", 8), ("json", 20), ("jsonl", 6), ("csv", 7)];
    for (format, lines) in expected {
        let outcome = server().call(&[TASKS, &["-o", format]].concat());
        assert_eq!((outcome.status, outcome.output.lines().count()), (Some(3), lines), "{format}: {}", outcome.output);
        assert!(
            outcome.notices.starts_with(note) && outcome.notices.contains("InvalidParameter"),
            "{}",
            outcome.notices
        );
        if format == "json" {
            let items: Value = serde_json::from_str(&outcome.output).unwrap();
            assert_eq!(items.as_array().unwrap().len(), 6);
        }
    }
    // An empty page before the total; a page that does not fit.
    let endings = [
        (r#"{"Code":"OK","RequestId":"R-1","TotalCount":50,"Data":[]}"#, "6 of 50 items came, and then an empty page"),
        (r#"{"Code":"OK","RequestId":"R-1","TotalCount":50,"Data":[1]}"#, "Data[0]: expected an object, found 1"),
    ];
    for (ending, expected) in endings {
        let server = Canned::serve(vec![page(1, 50), page(2, 50), page(3, 50), (200, ending.to_owned())]);
        let outcome = server.call(&[TASKS, &["-o", "csv"]].concat());
        assert_eq!((outcome.status, outcome.output.lines().count()), (Some(1), 7), "{}", outcome.notices);
        assert!(outcome.notices.starts_with(note) && outcome.notices.contains(expected), "{}", outcome.notices);
    }
    // Nothing is shown of nothing.
    for format in ["table", "json", "jsonl", "csv", "yaml"] {
        let outcome = Canned::serve(vec![refusal.clone()]).call(&[TASKS, &["-o", format]].concat());
        assert_eq!((outcome.status, outcome.output.as_str(), outcome.notices.lines().count()), (Some(3), "", 1));
    }
}

#[test]
fn all_pages_come_where_some_are_short() {
    let body = |ids: &[usize]| {
        let calls: Vec<String> = ids.iter().map(|id| format!(r#"{{"Id":"{id}"}}"#)).collect();
        (200, format!(r#"{{"Code":"OK","RequestId":"R-1","Data":{{"List":[{}]}}}}"#, calls.join(",")))
    };
    let bare = dyvmsapi().operations.iter().find(|operation| {
        operation
            .pagination
            .as_ref()
            .is_some_and(|pagination| pagination.total.is_none() && pagination.items == "Data.List")
    });
    let arguments = example(bare.unwrap());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let server = Canned::serve(vec![body(&[1, 2, 3]), body(&[4, 5]), body(&[6, 7, 8]), body(&[])]);
    let outcome = server.call(&[&arguments, &["--all", "-o", "jsonl"][..]].concat());
    assert_eq!((outcome.status, outcome.output.lines().count()), (Some(0), 8), "{}", outcome.notices);
}

#[test]
fn only_what_rings_somebody_leaves_a_phone_that_may_be_ringing() {
    let untyped: &[&str] = &["Anything", "--untyped", "--Name", "13000000000"];
    let silent = || Canned::serve(vec![(0, String::new())]);
    for (arguments, status) in [(DIAL, 5), (untyped, 5), (WRITE, 1), (LIST, 1)] {
        let outcome = silent().call(&[arguments, &["--no-retry"]].concat());
        assert_eq!((outcome.status, outcome.output.as_str()), (Some(status), ""), "{}", outcome.notices);
        assert_eq!(outcome.notices.contains("a phone may be ringing"), status == 5, "{}", outcome.notices);
    }
    let unreadable = Canned::ok(r#"{"Code":"OK","RequestId":"R-1","CallId":{"a":1}}"#);
    assert_eq!(unreadable.call(DIAL).status, Some(5));
    let refusal = || Canned::serve(vec![(400, r#"{"Code":"InvalidParameter","RequestId":"R-1"}"#.to_owned())]);
    for arguments in [DIAL, untyped, WRITE, LIST] {
        assert_eq!(refusal().call(arguments).status, Some(3), "{arguments:?}");
    }
    let help = outcome(command(&["call", "--help"])).output;
    assert!(help.contains("  5  a phone may be ringing: ") && help.contains("--untyped --Name value"), "{help}");
}

/// Operations that place a call, change something and read, with what is said of them without their result.
const EFFECTS: [(&[&str], Option<&str>); 5] = [
    (DIAL, Some("the call was placed (CallId 1^1)")),
    (&["Anything", "--untyped"], Some("the call was placed (CallId 1^1)")),
    (WRITE, Some("the change was made (CallId 1^1)")),
    (&["ExecuteCallTask", "--TaskId", "1", "--Status", "STOP"], Some("the change was made (CallId 1^1)")),
    (&["QueryRobotTaskList"], None),
];

/// Serves one of them.
fn effective(done: Option<&str>) -> Canned {
    Canned::ok(match done {
        Some(_) => r#"{"Code":"OK","RequestId":"R-1","CallId":"1^1"}"#,
        None => r#"{"Code":"OK","RequestId":"R-1","TotalCount":1,"Data":[{"id":"1"}]}"#,
    })
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_done_is_said_where_the_result_cannot_be_written() {
    for (arguments, done) in EFFECTS {
        let server = effective(done);
        let before = done.map(|done| format!("{done}, but ")).unwrap_or_default();
        let full = format!("error: {before}the result cannot be written: No space left on device (os error 28)\n");
        for format in ["table", "json", "jsonl", "csv", "yaml"] {
            let arguments = [arguments, &["-o", format]].concat();
            assert_eq!(server.call_redirected(&arguments, "> /dev/full"), (Some(1), full.clone()), "{format}");
        }
        let lost = done.map(|done| format!("note: {done}; standard output is closed or discards the result\n"));
        assert_eq!(server.call_redirected(arguments, ">&-"), (Some(0), lost.unwrap_or_default()));
        assert_eq!(server.call_redirected(arguments, "> /dev/null"), (Some(0), String::new()));
    }
    // Without the id of a call, that of the request; and nothing that steers a terminal.
    for (answer, id) in [
        (r#"{"Code":"OK","RequestId":"R-1"}"#, " (RequestId R-1)"),
        (r#"{"Code":"OK","RequestId":"R-1","CallId":null}"#, " (RequestId R-1)"),
        (r#"{"Code":"OK"}"#, ""),
        (r#"{"Code":"OK","CallId":"1\u202e\n"}"#, r" (CallId 1\u{202e}\n)"),
    ] {
        let (status, said) = Canned::ok(answer).call_redirected(&["Anything", "--untyped"], "> /dev/full");
        assert_eq!(status, Some(1));
        assert!(said.starts_with(&format!("error: the call was placed{id}, but the result cannot")), "{said}");
    }
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_is_reported_unless_the_call_only_reads() {
    for (arguments, done) in EFFECTS {
        let server = effective(done);
        let mut call = with_key(&[&["call"], arguments, &["--endpoint", &server.url]].concat(), "testid", "testsecret");
        let mut child = call.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        let expected =
            done.map(|done| format!("error: {done}, but the result cannot be written: Broken pipe (os error 32)\n"));
        assert_eq!((ended.status.code(), said), (Some(i32::from(done.is_some())), expected.unwrap_or_default()));
    }
    let help = outcome(command(&["call", "--help"])).output;
    let stated =
        "or a result that cannot be\n     written; the error says whether the call was placed or the change was made";
    assert!(help.contains(stated), "{help}");
}

#[test]
fn a_csv_names_the_members_that_it_has_no_column_for() {
    let page = |number: usize| {
        let tasks = format!(r#"[{{"id":"{number}1","new":1}},{{"id":"{number}2","zz":[2],"new":3}}]"#);
        (200, format!(r#"{{"Code":"OK","RequestId":"R-1","TotalCount":4,"Data":{tasks}}}"#))
    };
    let server = || Canned::serve(vec![page(1), page(2)]);
    let outcome = server().call(&[TASKS, &["-o", "csv"]].concat());
    assert_eq!(outcome.status, Some(0));
    assert_eq!(outcome.notices, "note: a CSV has no columns for new, zz; -o jsonl shows them\n");
    for format in ["table", "json", "jsonl", "yaml"] {
        assert_eq!(server().call(&[TASKS, &["-o", format]].concat()).notices, "", "{format}");
    }
    // Also of an answer without a list.
    let server = Canned::ok(r#"{"Code":"OK","RequestId":"R-1","CallId":"1^1","New":1}"#);
    let outcome = server.call(&[DIAL, &["-o", "csv"]].concat());
    assert_eq!(outcome.notices, "note: a CSV has no column for New; -o jsonl shows it\n");
}

#[test]
fn what_the_service_says_does_not_steer_a_terminal() {
    let server =
        Canned::ok(r#"{"Code":"OK","RequestId":"R-1","Data":[{"callId":"1\u202e\u200b","n\u202e":"\u001b[2J"}]}"#);
    let outcome = server.call(&[LIST, TABLE].concat());
    assert!(
        outcome.output.contains(r"1\u{202e}\u{200b}") && outcome.output.contains(r"n\u{202e}"),
        "{}",
        outcome.output
    );
    assert!(!outcome.output.contains(['\u{202e}', '\u{200b}', '\u{1b}']), "{}", outcome.output.escape_unicode());
}

#[test]
fn one_item_is_not_counted_as_many() {
    let first = r#"{"Code":"OK","RequestId":"R-1","TotalCount":5,"Data":[{"id":"1"}]}"#.to_owned();
    let server = Canned::serve(vec![(200, first), (400, r#"{"Code":"InvalidParameter","RequestId":"R"}"#.to_owned())]);
    let said = server.call(TASKS).notices;
    assert!(
        said.starts_with("note: the result is incomplete: it has 1 item of 1 page, because the next page failed\n"),
        "{said}"
    );
    let server = Canned::ok(r#"{"Code":"OK","RequestId":"R-1","TotalCount":1,"Data":[{}]}"#);
    let outcome = server.call(&[TASKS, TABLE].concat());
    assert_eq!((outcome.output.as_str(), outcome.notices.as_str()), ("", "note: 1 item without any content\n"));
}

#[test]
fn what_the_specification_does_not_have_is_called_once_and_sent_as_it_is() {
    let throttled = (400, r#"{"Code":"Throttling.User","RequestId":"R-1"}"#.to_owned());
    let server = Canned::serve(vec![throttled]);
    let outcome = server.call(&["Anything", "--untyped", "--Json", r#"{"a": 1.00,"a":2}"#, "--n.1", "-5", "--Out=-a"]);
    assert_eq!(outcome.status, Some(3), "{}", outcome.notices);
    assert_eq!(server.sent("Action"), [Some("Anything".to_owned())], "there is one attempt");
    assert_eq!(server.sent("Json"), [Some(r#"{"a": 1.00,"a":2}"#.to_owned())]);
    assert_eq!((server.sent("n.1"), server.sent("Out")), (vec![Some("-5".to_owned())], vec![Some("-a".to_owned())]));
    let server = Canned::ok(r#"{"Code":"OK","RequestId":"R-1","Sum":100.00,"Deep":{"id":123456789012345678901234}}"#);
    let table = server.call(&[&["Anything", "--untyped"], TABLE].concat()).output;
    assert!(
        table.contains("| Sum       | 100.00 ") && table.contains("| Deep.id   | 123456789012345678901234 |"),
        "{table}"
    );
    let csv = server.call(&["Anything", "--untyped", "-o", "csv"]).output;
    assert_eq!(csv, "Code,RequestId,Sum,Deep\nOK,R-1,100.00,\"{\"\"id\"\":123456789012345678901234}\"\n");
    // What the specification has can be called so too, such as with a parameter that is new.
    let server = Canned::ok(r#"{"Code":"OK","RequestId":"R-1","CallId":"1^2"}"#);
    assert_eq!(server.call(&[DIAL, &["--untyped", "--New", "x"]].concat()).status, Some(0));
    assert_eq!(server.sent("New"), [Some("x".to_owned())]);
    let message = refused(&["call", "Anything", "--Name", "x"]);
    assert!(message.contains("--untyped calls an operation that it does not have"), "{message}");
}

#[test]
fn a_csv_is_safe_in_a_spreadsheet_and_begins_with_a_mark_on_request() {
    let server = Canned::ok(
        r#"{"Code":"OK","RequestId":"R","Data":[{"label":"=1+1","caller":"-5","called":"+8613000000000"}]}"#,
    );
    let csv = |options: &[&str]| server.call(&[LIST, &["-o", "csv"], options].concat()).output;
    let row = |csv: &str| csv.lines().nth(1).unwrap().trim_matches(',').to_owned();
    assert_eq!(row(&csv(&[])), "-5,+8613000000000,,,,,'=1+1");
    assert_eq!(row(&csv(&["--plain-csv"])), "-5,+8613000000000,,,,,=1+1");
    assert!(csv(&["--bom"]).starts_with("\u{feff}taskId,") && csv(&[]).starts_with("taskId,"));
    assert_eq!(csv(&["--bom", "--all"]).matches('\u{feff}').count(), 1);
    let message = refused(&[&["call"], LIST, &["--local", "--bom"]].concat());
    assert_eq!(message, "error: --bom needs --output csv: add it, or leave out --bom\n");
}

#[test]
fn a_value_that_begins_like_an_option_is_written_with_an_equals_sign() {
    // Some look like numbers, and some begin like an option that there is.
    for value in ["-a", "-inf", "-nan", "-.5", "-1E+5", "-1.2.3", "-v", "-office", "--local", "--CalledNumber"] {
        for name in ["--OutId", "--out-id"] {
            let message = refused(&[&["call"], DIAL, &["--local", name, value]].concat());
            let expected = format!(
                "error: {name} has no value, because an option follows; to pass that text as the value, \
                 write {name}={value}\n"
            );
            assert_eq!(message, expected);
        }
    }
    // The advice is for an option without a value only, whatever else is wrong.
    let message =
        refused(&[&["call"], DIAL, &["--local", "--OutId=-a", "--CalledShowNumber=-b", "--Nothing=1"]].concat());
    assert!(message.contains("--Nothing") && !message.contains("has no value"), "{message}");
    // What is shown can be typed.
    for (value, typed) in
        [("-1 2", "'-1 2'"), ("-$(reboot)", "'-$(reboot)'"), ("-it's", r"'-it'\''s'"), ("-a\u{202e}", "VALUE")]
    {
        let message = refused(&[&["call"], DIAL, &["--local", "--OutId", value]].concat());
        assert!(message.ends_with(&format!("write --OutId={typed}\n")), "{message}");
    }
    // Where something else is wrong, a negative number is not blamed.
    for value in ["-5", "-5.", "-1.5", "-1e5"] {
        let message = refused(&[&["call"], DIAL, &["--local", "--OutId", value, "--Unknown", "1"]].concat());
        assert!(message.contains("unexpected argument '--Unknown'"), "{message}");
    }
    let message = refused(&[&["call"], DIAL, &["--local", "--TtsParam", "-secret"]].concat());
    assert!(message.contains("write --TtsParam=VALUE") && !message.contains("secret"), "{message}");
    let server = Canned::ok(r#"{"Code":"OK","RequestId":"R-1","CallId":"1^2"}"#);
    assert_eq!(server.call(&[DIAL, &["--OutId=-a"]].concat()).status, Some(0));
    assert_eq!(server.sent("OutId"), [Some("-a".to_owned())]);
}
