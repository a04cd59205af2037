//! `--lang zh`: the help, tables, `doctor`, `configure` and `explain` in Chinese.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::support::{Outcome, ServerProcess, command, outcome, refused, with_key};

fn chinese(arguments: &[&str]) -> Outcome {
    outcome(command(&[&["--lang", "zh"], arguments].concat()))
}

/// A help, which is on standard output.
fn help(arguments: &[&str]) -> String {
    let outcome = chinese(arguments);
    assert_eq!((outcome.status, outcome.notices.as_str()), (Some(0), ""), "{arguments:?}");
    outcome.output
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
}

#[test]
fn the_help_of_the_command_is_chinese() {
    let all = help(&["--help"]);
    let parts = [
        "阿里云语音服务（Dyvmsapi 2017-05-25）的非官方命令行工具\n\n用法：dyvms [OPTIONS] <COMMAND>\n\n命令：\n",
        "\n  doctor       检查本机能否调用服务：设置、网络、时钟、凭证、权限\n",
        "\n  help         显示本帮助，或指定命令的帮助\n\n选项：\n",
        "\n  -V, --version          显示版本\n\n从这里开始：\n  错误信息、错误码或呼叫状态  dyvms explain ",
        "\n\n退出码：\n  0  成功\n",
    ];
    contains(&all, &parts);
    let mut by_locale = command(&["--help"]);
    by_locale.env("LANG", "zh_CN.UTF-8");
    assert_eq!(outcome(by_locale).output, all);
    // Without a command, the help is an error.
    let without = chinese(&[]);
    assert_eq!((without.status, without.output.as_str(), &without.notices), (Some(2), "", &all));
    assert!(outcome(command(&["--help"])).output.contains("\nUsage: dyvms [OPTIONS] <COMMAND>\n"));
}

#[test]
fn the_help_of_each_command_is_chinese() {
    let call = help(&["call", "--help"]);
    assert!(call.starts_with("调用一个接口并显示响应\n\n按以下顺序查找凭证：环境变量 "), "{call}");
    contains(
        &call,
        &["\n\n用法：dyvms call <ACTION> [--Name value]... [OPTIONS]\n\n接口：\n  AddVirtualNumberRelation"],
    );
    let serve = help(&["receipts", "serve", "--help"]);
    contains(&serve, &["\n          [环境变量：DYVMS_RECEIPTS_SECRET]\n", "\n          [默认值：127.0.0.1]\n"]);
    let emulator = help(&["emulator", "--help"]);
    let values =
        "          可选值：\n          - documented: 执行，以模拟器的时间计算\n          - off:        不执行\n";
    contains(&emulator, &[values, "\n          [默认值：off]\n"]);
    contains(&help(&["openapi", "-h"]), &["OpenAPI 的版本 [可选值：3.1, 3.0] [默认值：3.1]\n"]);
    contains(&help(&["completions", "--help"]), &["\n参数：\n", "[可选值：bash, zsh, fish, powershell]\n"]);
    contains(&help(&["call", "Xyz", "--untyped", "--help"]), &["调用接口描述中没有的接口\n", "显示本帮助\n"]);
}

#[test]
fn the_help_of_an_action_is_chinese_but_for_its_parameters() {
    let action = help(&["call", "QueryRobotTaskCallList", "--help"]);
    let parts = [
        "列出机器人外呼任务的通话，及其结果和对话情况。\n",
        "\n不改变任何数据。每个账号每秒最多 100 次请求。\n",
        "\n接口参数：\n      --TaskId <TEXT>\n          Id of the robot call task",
        "Page to read, counted from 1. [至少 1；示例 1]\n",
        "\n选项：\n      --local\n          调用命令内置的模拟器：",
        "\n  -h, --help\n          说明该接口（-h 显示摘要，--help 显示详情）\n",
        "\n示例：\n  dyvms call QueryRobotTaskCallList --TaskId 1045001",
        "\n参数值 @FILE 是文件的内容，",
        "\n退出码：\n",
    ];
    contains(&action, &parts);
    contains(
        &help(&["call", "SingleCallByTts", "-h"]),
        &["How loud the text is spoken. [0 到 100；默认 100；示例 100]\n"],
    );
    let export = help(&["export", "QueryRobotTaskCallList", "--help"]);
    contains(&export, &["\n      --out <FILE>\n          写入该文件，文件名以 .csv 或 .jsonl 结尾\n"]);
    let described = help(&["describe", "SingleCallByTts"]);
    contains(&described, &["(call, 写)\n", "\n接口参数\n  CalledNumber: 文本，必填  Number to call", "\n响应\n"]);
}

#[test]
fn lines_fit_the_terminal() {
    for columns in ["60", "100", "200"] {
        for arguments in [&["--help"][..], &["receipts", "serve", "--help"], &["call", "QueryRobotTaskCallList", "-h"]]
        {
            let mut narrow = command(&[&["--lang", "zh"], arguments].concat());
            narrow.env("COLUMNS", columns);
            let width: usize = columns.parse::<usize>().unwrap().min(100);
            let widths: Vec<usize> = outcome(narrow).output.lines().map(UnicodeWidthStr::width).collect();
            let longest = widths.iter().max().unwrap();
            assert!(*longest <= width && width - longest < 15, "{arguments:?}: {longest} of {columns}");
        }
    }
}

#[test]
fn errors_of_the_command_line_are_english() {
    let wrong = refused(&["--lang", "zh", "call", "CancelCall", "--local", "--xyz"]);
    assert!(wrong.starts_with("error: unexpected argument '--xyz' found\n"), "{wrong}");
    assert!(
        refused(&["--lang", "zh", "completions", "csh"]).contains("[possible values: bash, zsh, fish, powershell]")
    );
}

#[test]
fn a_shell_gets_chinese_explanations_of_options_and_values() {
    let mut zsh = command(&["--", "dyvms", "--lang", "zh", "call", "CancelCall", "--signature", ""]);
    zsh.env("DYVMS_COMPLETE", "zsh").env("_CLAP_COMPLETE_INDEX", "6").env("_CLAP_IFS", "\n");
    let offered = outcome(zsh).output;
    assert!(offered.starts_with("v1:HMAC-SHA1；参数放在请求体中\n"), "{offered}");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(chinese(&["man", folder.path().to_str().unwrap()]).status, Some(0));
    let page = std::fs::read_to_string(folder.path().join("dyvms-doctor.1")).unwrap();
    assert!(page.contains("\n检查本机能否调用服务："), "{page}");
}

#[test]
fn doctor_says_in_chinese_what_it_found() {
    let passed = chinese(&["doctor", "--local"]);
    let lines: Vec<&str> = passed.output.lines().collect();
    assert_eq!((passed.status, lines.len(), passed.notices.as_str()), (Some(0), 10, ""), "{}", passed.output);
    for (line, expected) in [
        (0, "通过      版本      dyvms "),
        (2, "通过      域名解析  127.0.0.1 是 IP 地址"),
        (3, "通过      代理      未使用"),
        (5, "通过      时钟      与服务器一致"),
        (6, "通过      模拟器    有应答，不会拨打任何电话"),
        (7, "通过      凭证      AccessKey test***，来自模拟器"),
        (8, "通过      调用      QueryRobotv2AllList 成功"),
        (9, "通过      权限      允许 dyvms:QueryRobotv2AllList"),
    ] {
        assert!(lines[line].starts_with(expected), "{}", passed.output);
    }
    let closed = chinese(&["doctor", "--endpoint", "http://127.0.0.1:9"]);
    let parts = [
        "失败      连接      无法连接：error sending request: ",
        "；请用 `dyvms emulator --port N` 启动模拟器，并使用它打印的地址\n",
        "未检查    时钟      没有可供比较的响应\n",
        "失败      凭证      没有可用的凭证：looked at: ",
        "；可用 `dyvms configure add NAME` 添加凭证配置，用 --profile NAME 选择凭证配置\n",
    ];
    contains(&closed.output, &parts);
    let notices =
        "note: 未连接到接入点，本机可能处于离线状态：只检查了不需要网络的项目\nerror: 10 项检查中有 6 项未通过\n";
    assert_eq!((closed.status, closed.notices.as_str()), (Some(1), notices));
}

#[test]
fn doctor_explains_a_refusal_in_chinese_and_programs_get_english_names() {
    let emulator = ServerProcess::start(&[]);
    let doctor = ["--lang", "zh", "doctor", "--endpoint", &emulator.url, "-o", "json"];
    let wrong = outcome(with_key(&doctor, "testid", "testother"));
    let checks: Value = serde_json::from_str(&wrong.output).unwrap();
    let check = |name: &str| checks.as_array().unwrap().iter().find(|check| check["check"] == name).unwrap();
    assert_eq!(check("call")["result"], "failed");
    let detail = check("call")["detail"].as_str().unwrap();
    assert!(detail.starts_with("调用失败：") && detail.contains("SignatureDoesNotMatch"), "{detail}");
    assert!(check("call")["remedy"].as_str().unwrap().contains("请求未被执行"), "{}", wrong.output);
    assert_eq!(check("permission")["detail"], "调用因其他原因失败");
    let key = "AccessKey test***，来自环境变量 ALIBABA_CLOUD_ACCESS_KEY_ID 和 ALIBABA_CLOUD_ACCESS_KEY_SECRET";
    assert_eq!(check("credentials")["detail"], key);
}

#[test]
fn configure_speaks_chinese_to_people_and_english_to_programs() {
    let home = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], lines: &str| {
        let mut command = command(&[&["--lang", "zh"], arguments].concat());
        command.env("HOME", home.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may have ended.
        let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (_, said) = run(&["configure", "list"], "");
    assert_eq!(said, "note: ~/.aliyun/config.json 中没有凭证配置；可用 `dyvms configure add NAME` 添加\n");
    let (_, said) = run(&["configure", "add", "work"], "testid\ntestsecret\n");
    let added = "note: 凭证配置 \"work\" 已添加到 ~/.aliyun/config.json；可用 `dyvms doctor --profile work` 检查\n";
    assert_eq!(said, added);
    let (_, said) = run(&["configure", "add", "day"], "testid\ntestsecret\n");
    assert!(said.ends_with("\nnote: 当前凭证配置仍为 \"work\"；可用 `dyvms configure use day` 切换\n"), "{said}");
    let (_, said) = run(&["configure", "set", "day", "region_id=cn-beijing"], "");
    assert!(said.starts_with("note: 已修改凭证配置 \"day\"（~/.aliyun/config.json）；"), "{said}");
    let (_, said) = run(&["configure", "use", "day"], "");
    assert!(said.starts_with("note: 已将 \"day\" 设为当前凭证配置（~/.aliyun/config.json）；"), "{said}");
    let table = "\
| 当前 | 名称 | 模式 | AccessKey | 地域        | 状态 |
|------|------|------|-----------|-------------|------|
|      | work | AK   | test***   | cn-hangzhou | 可用 |
| *    | day  | AK   | test***   | cn-beijing  | 可用 |
";
    assert_eq!(run(&["configure", "list"], "").0, table);
    let json: Value = serde_json::from_str(&run(&["configure", "list", "-o", "json"], "").0).unwrap();
    assert_eq!((&json[1]["profile"], &json[1]["state"]), (&"day".into(), &"complete".into()));
    let emulator = ServerProcess::start(&[]);
    let (checked, _) = run(&["doctor", "--profile", "day", "--endpoint", &emulator.url], "");
    contains(&checked, &["AccessKey test***，来自阿里云 CLI 的 ~/.aliyun/config.json 中的凭证配置 \"day\"（第 "]);
}

#[test]
fn explain_says_in_chinese_that_a_code_is_unknown() {
    let unknown = chinese(&["explain", "Throtling.User"]);
    let notices = "error: 文本中没有已知的错误码或状态码；是否指 Throttling.User？\n";
    assert_eq!((unknown.status, unknown.notices.as_str()), (Some(2), notices));
}

#[test]
fn operations_have_chinese_headings_for_people_and_english_ones_for_programs() {
    let words = ["operations", "outcome", "one call", "detail"];
    let found = chinese(&words);
    let table = "\
| 接口                        | 分组  | 说明                                                             |
|-----------------------------|-------|------------------------------------------------------------------|
| QueryCallDetailByCallId     | call  | 查询一次呼叫的详情：开始和结束时间、时长以及结果。               |
";
    assert!(found.output.starts_with(table), "{}", found.output);
    assert!(
        found.notices.starts_with("note: 共 3 个接口；`dyvms describe <ACTION>` 显示其中一个"),
        "{}",
        found.notices
    );
    let json: Value = serde_json::from_str(&chinese(&[&words[..], &["-o", "json"]].concat()).output).unwrap();
    assert_eq!((&json[0]["operation"], &json[0]["group"]), (&"QueryCallDetailByCallId".into(), &"call".into()));
    assert_eq!(json[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["operation", "group", "what"]);
}

#[test]
fn calls_of_a_file_are_shown_in_chinese_and_programs_get_the_same_as_ever() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipts.jsonl");
    let line = |key: u8, kind: &str, receipt: &str| {
        format!(
            "{{\"key\":\"{key:032}\",\"received\":\"2026-03-09T02:00:02Z\",\"kind\":\"{kind}\",\"receipt\":{receipt}}}\n"
        )
    };
    let ringing =
        r#"{"call_id":"1^2","status_code":"200101","status_time":"2026-03-09 09:59:50","out_id":"order-4711"}"#;
    let ended = r#"{"call_id":"1^2","status_code":"200003","out_id":"order-4711"}"#;
    let other = r#"{"call_id":"1^3","status_code":"200201","status_time":"2026-03-09 10:00:39"}"#;
    let lines = [
        line(1, "VoiceCallReport", ringing),
        line(2, "VoiceReport", ended),
        line(3, "VoiceCallReport", other),
        line(4, "VoiceReport", r#"{"x":1}"#),
    ];
    std::fs::write(&file, lines.concat()).unwrap();
    let show = ["receipts", "show", file.to_str().unwrap()];
    let shown = chinese(&show);
    let table = "\
| 呼叫 | 外部编号   | 阶段   | 结果   | 含义     | 最近变化            |
|------|------------|--------|--------|----------|---------------------|
| 1^2  | order-4711 | 已结束 | 200003 | 无人接听 | 2026-03-09 09:59:50 |
| 1^3  |            | 响铃中 |        |          | 2026-03-09 10:00:39 |
";
    assert_eq!((shown.output.as_str(), shown.status), (table, Some(0)));
    assert_eq!(shown.notices, "note: 有 1 条回执没有呼叫 ID，此处不显示\n");
    let json = [&show[..], &["-o", "json"]].concat();
    let english = outcome(command(&json)).output;
    assert!(
        english.contains("\"meaning\": \"nobody answered\"") && english.contains("\"phase\": \"ended\""),
        "{english}"
    );
    assert_eq!(chinese(&json).output, english);
    std::fs::write(&file, line(4, "VoiceReport", r#"{"x":1}"#)).unwrap();
    assert!(chinese(&show).notices.ends_with("\nnote: 文件中没有呼叫的回执\n"));
}

#[test]
fn the_locale_c_is_english_and_changes_no_value() {
    let with_locale = |arguments: &[&str], locale: Option<&str>| {
        let mut command = command(arguments);
        for name in ["LANG", "LC_ALL"] {
            match locale {
                Some(locale) => command.env(name, locale),
                None => command.env_remove(name),
            };
        }
        outcome(command)
    };
    let list = ["call", "QueryRobotTaskCallList", "--task-id", "1045001", "--local", "--limit", "2", "-o", "table"];
    let list = [&list[..], &["--columns", "callId,callResult"]].concat();
    let table = "\
| callId                    | callResult |
|---------------------------|------------|
| 116951045001^103700100003 | 停机       |
| 116951045001^103700100010 | 接通       |
";
    let explained = "200003 (a value of CallStatusCode)\n  nobody answered\n";
    for locale in [Some("C"), Some("POSIX"), Some("C.UTF-8"), None] {
        let shown = with_locale(&list, locale);
        assert_eq!((shown.output.as_str(), shown.status), (table, Some(0)), "{locale:?}: {}", shown.notices);
        assert_eq!(with_locale(&["explain", "200003"], locale).output, explained, "{locale:?}");
        assert!(with_locale(&["--help"], locale).output.contains("\nCommands:\n"), "{locale:?}");
        // A word that is given, and the language that is asked for, do not depend on it.
        assert!(with_locale(&["operations", "占线"], locale).output.contains("| QueryRobotTaskCallList"), "{locale:?}");
        assert_eq!(
            with_locale(&["--lang", "zh", "explain", "200003"], locale).output,
            chinese(&["explain", "200003"]).output
        );
    }
}
