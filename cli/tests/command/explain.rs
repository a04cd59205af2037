//! `dyvms explain`, and the language of texts.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{command, outcome, refused, with_key};

#[test]
fn a_pasted_error_is_explained() {
    let call = ["call", "SingleCallByTts", "--CalledNumber", "x", "--TtsCode", "TTS_10001", "--local"];
    let failed = outcome(with_key(&call, "testid", "testsecret"));
    assert_eq!(failed.status, Some(3), "{}", failed.notices);
    let explained = outcome(command(&["explain", &failed.notices]));
    assert_eq!(explained.status, Some(0), "{}", explained.notices);
    assert!(explained.output.starts_with("isv.MOBILE_NUMBER_ILLEGAL (an error code)\n  "), "{}", explained.output);

    let mut child = command(&["explain", "-", "-o", "json"]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(failed.notices.as_bytes()).unwrap();
    let output: Value = serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(output[0]["code"], "isv.MOBILE_NUMBER_ILLEGAL");
    assert!(!output[0]["advice"].as_str().unwrap().is_empty());
}

#[test]
fn a_text_without_a_code_is_refused_with_a_hint() {
    assert_eq!(
        refused(&["explain", "Throtling.User"]),
        "error: the text contains no known code; did you mean Throttling.User?\n"
    );
    assert!(refused(&["explain"]).contains("<CODE|TEXT>"));
    assert!(refused(&["--lang", "fr", "explain", "503"]).contains("--lang: \"fr\" is not one of en and zh"));
    assert!(refused(&["--lang"]).contains("--lang needs a language: en or zh"));
}

#[test]
fn texts_are_chinese_if_the_option_or_the_locale_says_so() {
    let chinese = |arguments: &[&str]| outcome(command(&[&["--lang", "zh"], arguments].concat())).output;
    assert!(chinese(&["explain", "200002"]).contains("占线"));
    assert!(chinese(&["explain", "503"]).starts_with("503 (HTTP 状态码)\n"));
    assert!(chinese(&["describe", "CallStatusCode"]).contains("占线"));
    assert!(chinese(&["operations", "占线"]).contains("QueryCallDetailByCallId"));
    assert!(chinese(&["call", "CancelCall", "-h"]).chars().any(|character| character > '\u{4e00}'));
    let mut by_locale = command(&["explain", "200002"]);
    by_locale.env("LANG", "zh_CN.UTF-8");
    assert!(outcome(by_locale).output.contains("占线"));
    let mut by_locale = command(&["--lang=en", "explain", "200002"]);
    by_locale.env("LC_ALL", "zh_CN.UTF-8");
    assert_eq!(outcome(by_locale).output, "200002 (a value of CallStatusCode)\n  the line was busy\n");
    // An error of a call is followed by what its code means.
    let call = ["call", "SingleCallByTts", "--CalledNumber", "x", "--TtsCode", "TTS_10001", "--local"];
    let failed = outcome(command(&[&["--lang", "zh"], &call[..]].concat()));
    assert!(failed.notices.contains("\nnote: ") && failed.notices.contains("请求未被执行"), "{}", failed.notices);
}

#[test]
fn operations_are_found_by_the_meaning_of_their_codes_and_in_chinese() {
    for (words, operation) in [
        (&["busy"][..], "QueryCallDetailByCallId"),
        (&["机器人", "任务"], "CreateRobotTask"),
        (&["SingleCallByTts"], "SingleCallByTts"),
    ] {
        let found = outcome(command(&[&["operations"], words].concat()));
        assert!(found.output.contains(operation), "{}", found.output);
        // Marks are for terminals.
        assert!(!found.output.contains('\u{1b}'), "{}", found.output);
    }
}

#[test]
fn an_operation_is_described_with_its_codes_a_command_and_a_program() {
    let described = outcome(command(&["describe", "SingleCallByTts"])).output;
    for part in [
        "\nErrors of the service; `dyvms explain CODE` says what to do\n  ",
        "isv.BUSINESS_LIMIT_CONTROL",
        "\n  dyvms call SingleCallByTts \\\n",
        "\nIn Rust:\n  use dyvmsapi::Client;\n  use dyvmsapi::call::SingleCallByTts;\n\n  #[tokio::main]\n",
        "client.send(SingleCallByTts::new(\"13000000000\", ",
    ] {
        assert!(described.contains(part), "{part} is not in {described}");
    }
    // Those of the gateway are the same for every service.
    assert!(!described.contains("SignatureDoesNotMatch") && !described.contains("isv.*"), "{described}");
}
