//! Parameters of `dyvms call` from the command line, files and standard input, and a request that is only shown.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Canned, Outcome, command, outcome, refused, with_key};

const DIAL: &[&str] = &["SingleCallByTts", "--called-number", "13000000000", "--tts-code", "TTS_10001"];
const OK: &str = r#"{"Code":"OK","RequestId":"R-1","CallId":"1^2"}"#;

fn file(folder: &TempDir, name: &str, content: &[u8]) -> String {
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The value of `OutId` that is sent.
fn sent(value: &str) -> Option<String> {
    let server = Canned::ok(OK);
    let outcome = server.call(&[DIAL, &["--out-id", value]].concat());
    assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
    server.sent("OutId").pop().flatten()
}

#[test]
fn a_value_comes_from_a_file_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(&folder, "text", "您好，\r\n 占线\n".as_bytes());
    assert_eq!(sent(&format!("@{path}")).as_deref(), Some("您好，\r\n 占线\n"));
    assert_eq!(sent("@@office").as_deref(), Some("@office"));
    let server = Canned::ok(OK);
    let at = format!("--Name=@{path}");
    assert_eq!(server.call(&["Anything", "--untyped", &at, "--Other", "@@x"]).status, Some(0));
    assert_eq!(server.sent("Name"), [Some("您好，\r\n 占线\n".to_owned())]);
    assert_eq!(server.sent("Other"), [Some("@x".to_owned())]);
}

#[test]
fn a_value_comes_from_standard_input_once() {
    let piped = |arguments: &[&str], input: &str| -> Outcome {
        let mut command = command(&[&["call"], arguments].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Who refuses the command line does not read it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Outcome { status: output.status.code(), output: text(output.stdout), notices: text(output.stderr) }
    };
    let dry = ["--dry-run", "--show-sensitive", "--local", "-o", "json"];
    let shown = piped(&[DIAL, &["--tts-param", "-"], &dry].concat(), r#"{"code": 1.00}"#);
    let shown: Value = serde_json::from_str(&shown.output).unwrap();
    assert_eq!(shown["form"]["TtsParam"], r#"{"code": 1.00}"#);
    let shown =
        piped(&[&["SingleCallByTts", "--params", "-"], &dry[..]].concat(), r#"{"CalledNumber":"1","tts-code":"T"}"#);
    let shown: Value = serde_json::from_str(&shown.output).unwrap();
    assert_eq!((&shown["form"]["CalledNumber"], &shown["form"]["TtsCode"]), (&"1".into(), &"T".into()));
    let twice = piped(&[DIAL, &["--tts-param", "-", "--out-id", "-"], &dry].concat(), "{}");
    assert_eq!(twice.status, Some(2));
    assert!(twice.notices.contains("standard input can be read once only"), "{}", twice.notices);
}

#[test]
fn a_file_that_cannot_be_a_value_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let latin = file(&folder, "latin", b"caf\xe9");
    let json = file(&folder, "broken.json", b"{\"a\": 1,\n \"a\": 2}");
    for (value, expected) in [
        ("@no/such/file".to_owned(), "--OutId: cannot read the file \"no/such/file\": No such file".to_owned()),
        (format!("@{latin}"), format!("--OutId: the file {latin:?} is not UTF-8: byte 4 does not")),
        (
            format!("@{}", folder.path().display()),
            format!("--OutId: cannot read the file {:?}: it is a directory", folder.path()),
        ),
        ("@".to_owned(), "--OutId: the value @ names no file; write @FILE, or @@ for the text @".to_owned()),
    ] {
        let message = refused(&[&["call"], DIAL, &["--local", "--out-id", &value]].concat());
        assert!(message.starts_with(&format!("error: {expected}")), "{message}");
    }
    let message = refused(&[&["call"], DIAL, &["--local", "--tts-param", &format!("@{json}")]].concat());
    assert!(message.contains("the member \"a\" is given twice, again at line 2 column 2"), "{message}");
    // A file that can be opened and not read, even by the superuser.
    #[cfg(target_os = "linux")]
    {
        let message = refused(&[&["call"], DIAL, &["--local", "--out-id", "@/proc/self/mem"]].concat());
        assert!(message.starts_with("error: --OutId: cannot read the file \"/proc/self/mem\": "), "{message}");
    }
}

#[test]
fn json_that_does_not_parse_is_refused_with_the_position() {
    for (json, position) in [
        ("{\"a\": 1,}", "line 1 column 9"),
        ("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3 column 3"),
        ("{\"a\": \"停机", "line 1 column "),
        ("{", "line 1 column 1"),
    ] {
        let message = refused(&[&["call"], DIAL, &["--local", "--tts-param", json]].concat());
        assert!(message.starts_with("error: --TtsParam: expected a JSON object ("), "{message}");
        assert!(message.contains(position), "{json}: {message}");
        assert!(!message.contains("停机"), "a spoken text is not shown: {message}");
    }
}

#[test]
fn a_file_of_parameters_is_overridden_by_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(
        &folder,
        "params.json",
        "\u{feff}{\"CalledNumber\": \"13000000001\", \"tts-code\": \"TTS_1\", \"PlayTimes\": 2,\n \"TtsParam\": {\"a\": 1.00}, \
         \"OutId\": null}"
            .as_bytes(),
    );
    let server = Canned::ok(OK);
    let outcome = server.call(&["SingleCallByTts", "--params", &path, "--TtsCode", "TTS_2"]);
    assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
    for (name, value) in [
        ("CalledNumber", Some("13000000001")),
        ("TtsCode", Some("TTS_2")),
        ("PlayTimes", Some("2")),
        ("TtsParam", Some("{\"a\": 1.00}")),
        ("OutId", None),
    ] {
        assert_eq!(server.sent(name), [value.map(str::to_owned)], "{name}");
    }
    let server = Canned::ok(OK);
    assert_eq!(server.call(&["Anything", "--untyped", "--params", &path, "--PlayTimes", "3"]).status, Some(0));
    assert_eq!(
        (server.sent("PlayTimes"), server.sent("tts-code")),
        (vec![Some("3".into())], vec![Some("TTS_1".into())])
    );
}

#[test]
fn what_is_wrong_with_a_file_of_parameters_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("{\n \"TaskId\": \"1\",,}", "expected an object of parameters: key must be a string at line 2 column 16"),
        ("[]", "expected an object of parameters, such as {\"TaskId\": \"1045001\"}"),
        ("{\"CalledNumbr\": \"1\"}", "SingleCallByTts has no parameter \"CalledNumbr\"; did you mean CalledNumber?"),
        ("{\"TtsCode\": \"1\", \"tts-code\": \"2\"}", "the parameter TtsCode is given twice, in both spellings"),
        ("{\"PlayTimes\": \"x\"}", "PlayTimes: expected a 32-bit integer, found \"x\""),
        ("{\"TtsParam\": \"13000000000\"}", "TtsParam: expected a JSON object; the given value is not shown"),
    ];
    for (content, expected) in cases {
        let path = file(&folder, "params.json", content.as_bytes());
        let message = refused(&["call", "SingleCallByTts", "--local", "--params", &path]);
        assert_eq!(message, format!("error: --params {path}: {expected}\n"), "{content}");
    }
    let path = file(&folder, "params.json", b"{\"TtsCode\": \"TTS_1\"}");
    let message = refused(&["call", "SingleCallByTts", "--local", "--params", &path]);
    assert_eq!(message, "error: neither the command line nor the file of --params has --CalledNumber\n");
    let message = refused(&["call", "SingleCallByTts", "--local", "--params", "no/such.json"]);
    assert!(message.starts_with("error: --params: cannot read the file \"no/such.json\": "), "{message}");
}

#[test]
fn a_list_is_given_by_repetition() {
    let server = Canned::ok(r#"{"Code":"OK","RequestId":"R-1","CallId":"1^2"}"#);
    let numbers = ["IvrCall", "--CalledNumber", "13000000000", "--CalledShowNumber", "05710000000"];
    let arguments = [&numbers[..], &["--StartCode", "TTS_1"]].concat();
    let keys = ["--menu-key-map", r#"{"Key":"1","Code":"a"}"#, "--menu-key-map", r#"{"Key":"2","Code":"b"}"#];
    let outcome = server.call(&[&arguments[..], &keys].concat());
    assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
    assert_eq!(server.sent("MenuKeyMap.2.Code"), [Some("b".to_owned())]);
    let message = refused(&["call", "QueryRobotTaskCallList", "--TaskId", "1", "--TaskId", "2", "--local"]);
    assert!(message.contains("'--TaskId <TEXT>' cannot be used multiple times"), "{message}");
}

/// Requests of @alicloud/pop-core 1.8.0, as it put them on the wire.
#[test]
fn a_dry_run_has_the_signature_of_another_client() {
    let stamp =
        |nonce: &'static str| ["--dry-run", "-o", "json", "--timestamp", "2026-03-01T12:34:56Z", "--nonce", nonce];
    let dial =
        ["SingleCallByTts", "--untyped", "--CalledNumber", "13700000000", "--TtsParam", "您好 📞 *~+", "--OutId", ""];
    let mut dial = with_key(&[&["call"], &dial[..], &stamp("nonce-js-pop-post")].concat(), "testid", "testsecret");
    let shown = outcome_of(&mut dial);
    assert_eq!(shown["signature"], "Vu/s6yX/ldoqtY/01eOBRMp3HiE=");
    let whole = shown.to_string();
    assert!(!whole.contains("13700000000") && !whole.contains("您好") && !whole.contains("testsecret"), "{whole}");
    assert!(shown["canonicalQuery"].as_str().unwrap().contains("&CalledNumber=***&Format=JSON&OutId=***&"), "{whole}");

    let mut shown_whole = dial;
    shown_whole.arg("--show-sensitive");
    let shown = outcome_of(&mut shown_whole);
    assert_eq!(shown["signature"], "Vu/s6yX/ldoqtY/01eOBRMp3HiE=");
    let expected = "POST&%2F&AccessKeyId%3Dtestid%26Action%3DSingleCallByTts%26CalledNumber%3D13700000000%26Format%3DJSON%26\
                    OutId%3D%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3Dnonce-js-pop-post%26SignatureVersion%3D1.0%26\
                    Timestamp%3D2026-03-01T12%253A34%253A56Z%26TtsParam%3D%25E6%2582%25A8%25E5%25A5%25BD%2520%25F0%259F%2593\
                    %259E%2520%252A~%252B%26Version%3D2017-05-25";
    assert_eq!(shown["stringToSign"], expected);

    // A temporary key: its token is signed and never shown.
    let cancel =
        [&["call", "CancelCall", "--call-id", "1^2", "--show-sensitive"][..], &stamp("nonce-js-pop-sts")].concat();
    let mut cancel = with_key(&cancel, "testid", "testsecret");
    cancel.env("ALIBABA_CLOUD_SECURITY_TOKEN", "tok/+==");
    let shown = outcome_of(&mut cancel);
    assert_eq!(shown["signature"], "Z+mDZ/kxUaPxShgJDM4+Paufryw=");
    assert!(!shown.to_string().contains("tok"), "{shown}");
    assert_eq!(shown["redacted"], serde_json::json!(["SecurityToken"]));
}

fn outcome_of(command: &mut std::process::Command) -> Value {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_dry_run_sends_nothing_and_can_be_repeated() {
    // Nobody listens there, and there is no emulator.
    let arguments = [&["call"], DIAL, &["--dry-run", "--timestamp", "2026-03-01T12:34:56Z", "--nonce", "n"]].concat();
    for signature in ["v1", "v3"] {
        for format in ["table", "json", "jsonl", "yaml"] {
            let run = |options: &[&str]| {
                let all = [&arguments[..], &["--signature", signature, "-o", format], options].concat();
                outcome(with_key(&all, "testid", "testsecret"))
            };
            let first = run(&[]);
            assert_eq!(first.status, Some(0), "{}", first.notices);
            assert_eq!(first.output, run(&[]).output);
            assert!(first.output.contains("dyvmsapi.aliyuncs.com") && !first.output.contains("13000000000"));
            let note = "note: not shown: CalledNumber; the signature is that of the whole request\n";
            assert_eq!(first.notices, note);
            let other = run(&["--endpoint", "http://127.0.0.1:1"]);
            assert!(other.output.contains("127.0.0.1:1"), "{}", other.output);
        }
    }
    let message = refused(&[&arguments[..], &["--local", "-o", "csv"]].concat());
    assert_eq!(message, "error: a dry run has no CSV: use -o json\n");
    for (option, value) in [("--timestamp", "yesterday"), ("--nonce", "a b")] {
        let message = refused(&[&["call"], DIAL, &["--local", "--dry-run", option, value]].concat());
        assert!(message.contains("expected "), "{message}");
    }
    let message = refused(&[&["call"], DIAL, &["--local", "--nonce", "n"]].concat());
    assert!(message.contains("--dry-run"), "{message}");
}

#[test]
fn options_of_other_commands_lead_to_those_here() {
    let list = ["call", "QueryRobotTaskCallList", "--TaskId", "1", "--local"];
    for (option, expected) in [
        (&["--pager"][..], "there is no option --pager here: --all requests all pages"),
        (&["--waiter", "expr=x"], "--until PATH=VALUE repeats a request"),
        (&["--cli-dry-run"], "--dry-run shows the signed request"),
        (&["--cli-query", "Data"], "--query selects a part of the response by JMESPath"),
        (&["--max-items=5"], "--limit N stops after N items"),
        (&["--output", "cols=callId", "rows=Data"], "write -o table --columns A,B"),
    ] {
        let message = refused(&[&list[..], option].concat());
        assert!(message.contains(expected), "{message}");
        // Without the specification, a name with a value is a parameter.
        if option[0] != "--output" && !option[0].contains('=') {
            let message = refused(&[&list[..1], &["Anything", "--untyped"], &option[..1]].concat());
            assert!(message.contains(expected), "{message}");
        }
    }
}
