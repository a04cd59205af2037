//! The command at a terminal: widths, questions, colours, Ctrl-C.

use std::io::{Read as _, Write as _};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use unicode_width::UnicodeWidthStr as _;

use crate::support::{Canned, LIST, ServerProcess, Stalling, command, outcome};

const OK: &str = r#"{"Code":"OK","RequestId":"R-1","CallId":"1^2"}"#;
const DIAL: &[&str] = &["call", "SingleCallByTts", "--CalledNumber", "13000000000", "--TtsCode", "TTS_10001"];

/// The command with a terminal of its own.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keyboard: Box<dyn std::io::Write + Send>,
    screen: mpsc::Receiver<Vec<u8>>,
    shown: Vec<u8>,
    master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    fn start(columns: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let size = PtySize { rows: 50, cols: columns, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        // The same program and environment as without a terminal.
        let plain = command(arguments);
        let mut built = CommandBuilder::new(plain.get_program());
        built.args(plain.get_args());
        built.cwd(std::env::current_dir().unwrap());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => built.env(name, value),
                None => built.env_remove(name),
            }
        }
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"] {
            built.env_remove(name);
        }
        let key = [("ALIBABA_CLOUD_ACCESS_KEY_ID", "testid"), ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "testsecret")];
        for (name, value) in key.iter().chain(&[("TERM", "xterm-256color")]).chain(environment) {
            built.env(name, value);
        }
        let child = pair.slave.spawn_command(built).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let keyboard = pair.master.take_writer().unwrap();
        let (sender, screen) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The end of the process ends the terminal with an error.
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                let _ = sender.send(bytes[..count].to_vec());
            }
        });
        Self { child, keyboard, screen, shown: Vec::new(), master: pair.master }
    }

    /// Waits until a text is on the screen.
    fn wait_for(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.shown).contains(text) {
            let more = self.screen.recv_timeout(Duration::from_secs(30));
            let Ok(more) = more else { panic!("{text:?} is not in {:?}", String::from_utf8_lossy(&self.shown)) };
            self.shown.extend(more);
        }
    }

    /// Waits until what is typed is not shown.
    fn wait_for_silence(&self) {
        let start = Instant::now();
        while self.is_shown() {
            assert!(start.elapsed() < Duration::from_secs(30), "the terminal shows what is typed");
            std::thread::yield_now();
        }
    }

    /// Whether the terminal shows what is typed.
    fn is_shown(&self) -> bool {
        const ECHO: u64 = 0x8;
        self.master.get_termios().is_some_and(|modes| u64::from(modes.local_flags.bits()) & ECHO != 0)
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
        self.keyboard.flush().unwrap();
    }

    /// The exit status, and everything that was shown.
    fn ended(mut self) -> (u32, String) {
        while let Ok(more) = self.screen.recv_timeout(Duration::from_secs(30)) {
            self.shown.extend(more);
        }
        let status = self.child.wait().unwrap();
        (status.exit_code(), String::from_utf8(self.shown).unwrap().replace("\r\n", "\n"))
    }
}

/// The lines that are on the screen after all movements of the cursor to the start of a line.
fn lines(shown: &str) -> Vec<&str> {
    shown.lines().map(|line| line.rsplit("\u{1b}[K").next().unwrap_or(line)).collect()
}

#[test]
fn a_table_fits_the_terminal_and_says_what_is_left_out() {
    for columns in [80, 120, 20] {
        let (status, shown) = Terminal::start(columns, &[LIST, &["--local"]].concat(), &[]).ended();
        assert_eq!(status, 0, "{shown}");
        let table: Vec<&str> = lines(&shown).into_iter().filter(|line| line.starts_with('|')).collect();
        assert!(table.len() >= 22, "{shown}");
        assert!(table.iter().all(|line| line.width() <= usize::from(columns)), "{columns}: {shown}");
        assert!(shown.contains("no room for "), "{shown}");
        assert_eq!(table[0].contains("callStartTime"), columns == 120, "{shown}");
    }
    let chosen = [LIST, &["--local", "--columns", "callId,callResult,caller,callStartTime"]].concat();
    for language in ["C", "zh_CN.UTF-8"] {
        let (_, shown) = Terminal::start(80, &chosen, &[("LANG", language), ("LC_ALL", language)]).ended();
        assert!(shown.contains("| 停机       |") && !shown.contains("no room"), "{language}: {shown}");
    }
}

#[test]
fn a_long_cell_is_shortened_and_a_file_gets_it_whole() {
    let long = "停机".repeat(100);
    let body = format!(r#"{{"Code":"OK","RequestId":"R-1","TotalCount":1,"Data":[{{"id":1,"taskName":"{long}"}}]}}"#);
    let server = Canned::ok(&body);
    let call = ["call", "QueryRobotTaskList", "--endpoint", &server.url];
    for columns in [80, 120] {
        let (_, shown) = Terminal::start(columns, &call, &[]).ended();
        assert!(shown.contains("note: 1 cell is shortened; to see all, "), "{shown}");
        assert!(
            shown.contains('…')
                && lines(&shown).iter().all(|line| !line.starts_with('|') || line.width() <= usize::from(columns))
        );
        let (_, shown) = Terminal::start(columns, &[&["--lang", "zh"], &call[..]].concat(), &[]).ended();
        assert!(shown.contains("note: 1 个单元格已截短；要查看全部内容，"), "{shown}");
        assert!(lines(&shown).iter().all(|line| line.width() <= usize::from(columns)), "{shown}");
    }
    assert!(server.call(&["QueryRobotTaskList", "-o", "table"]).output.contains(&long));
}

#[test]
fn a_person_is_asked_before_somebody_is_called_or_something_is_deleted() {
    let delete = ["call", "DeleteRobotTask", "--TaskId", "1"];
    let untyped = ["call", "Anything", "--untyped"];
    for (arguments, question) in [
        (DIAL, "SingleCallByTts calls the person behind --CalledNumber. Go on? [y/N] "),
        (&delete[..], "DeleteRobotTask deletes or cancels something. Go on? [y/N] "),
        (&untyped, "Anything is not in the specification, so it may call somebody. Go on? [y/N] "),
    ] {
        for (answer, sent) in [("y\n", 1), ("YES\n", 1), ("n\n", 0), ("\n", 0), ("yeah\n", 0), ("\u{4}", 0)] {
            let server = Canned::ok(OK);
            let mut terminal = Terminal::start(80, &[arguments, &["--endpoint", &server.url]].concat(), &[]);
            terminal.wait_for(question);
            terminal.press(answer);
            let (status, shown) = terminal.ended();
            assert_eq!((server.sent("Action").len(), status), (sent, u32::from(sent == 0)), "{answer:?}: {shown}");
            assert_eq!(shown.contains("error: not confirmed; nothing was sent"), sent == 0, "{shown}");
            assert!(!shown.contains("13000000000"), "{shown}");
        }
        // Not with --yes, and not of a request that is only shown.
        for (option, sent) in [("--yes", 1), ("-y", 1), ("--dry-run", 0)] {
            let server = Canned::ok(OK);
            let (status, shown) =
                Terminal::start(80, &[arguments, &["--endpoint", &server.url, option]].concat(), &[]).ended();
            assert_eq!((status, server.sent("Action").len()), (0, sent), "{shown}");
            assert!(!shown.contains("Go on?"), "{shown}");
        }
    }
    let server = Canned::ok(OK);
    let (status, shown) = Terminal::start(80, &["call", "QueryRobotTaskList", "--endpoint", &server.url], &[]).ended();
    assert_eq!((status, shown.contains("Go on?")), (0, false), "{shown}");
}

#[test]
fn ctrl_c_at_a_terminal_ends_with_130() {
    let page = r#"{"Code":"OK","RequestId":"R-1","TotalCount":6,"Data":[{"id":1},{"id":2}]}"#;
    let server = Stalling::serve(vec![page.to_owned()]);
    let call = ["call", "QueryRobotTaskList", "--all", "--endpoint", &server.url];
    let mut terminal = Terminal::start(120, &call, &[]);
    let stalled = server.stalled();
    terminal.wait_for("page 1, 2 items");
    terminal.press("\u{3}");
    let (status, shown) = terminal.ended();
    drop(stalled);
    assert_eq!(status, 130, "{shown}");
    assert!(
        shown.contains("| 1  |\n| 2  |\n") && shown.contains("it has 2 items of 1 page, because it was interrupted"),
        "{shown}"
    );
}

#[test]
fn colours_are_for_terminals_only_and_can_be_switched_off() {
    let wrong = ["call", "QueryRobotTaskCallList", "--Taskid", "1"];
    let (status, shown) = Terminal::start(80, &wrong, &[]).ended();
    assert_eq!(status, 2);
    assert!(shown.contains("\u{1b}["), "{shown:?}");
    let (_, plain) = Terminal::start(80, &wrong, &[("NO_COLOR", "1")]).ended();
    assert!(!plain.contains('\u{1b}'), "{plain:?}");
    for arguments in [&wrong[..], &["call", "QueryRobotTaskCallList", "--help"], &[LIST, &["--local"]].concat()] {
        let piped = outcome(command(arguments));
        assert!(!piped.output.contains('\u{1b}') && !piped.notices.contains('\u{1b}'), "{}", piped.notices);
    }
}

#[test]
fn an_export_shows_its_progress_and_asks_before_it_replaces_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("calls.csv");
    let out = out.to_str().unwrap();
    let export = ["export", "QueryRobotTaskCallList", "--TaskId", "1045001", "--local", "--out", out];
    let (status, shown) = Terminal::start(80, &export, &[]).ended();
    assert_eq!(status, 0, "{shown}");
    assert!(
        shown.contains("items, ") && shown.contains("/s") && shown.contains(&format!("note: 347 items in {out}\n")),
        "{shown}"
    );
    let written = std::fs::read_to_string(out).unwrap();
    for (answer, status) in [("n\n", 2), ("y\n", 0)] {
        let mut terminal = Terminal::start(80, &export, &[]);
        terminal.wait_for("calls.csv exists and will be replaced. Go on? [y/N] ");
        terminal.press(answer);
        let (ended, shown) = terminal.ended();
        assert_eq!(ended, status, "{shown}");
        assert_eq!(std::fs::read_to_string(out).unwrap(), written);
    }
}

#[test]
fn a_secret_is_not_shown_while_it_is_typed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap();
    let mut terminal = Terminal::start(80, &["configure", "add", "work"], &[("HOME", path)]);
    terminal.wait_for("access_key_id: ");
    terminal.press("testid\n");
    terminal.wait_for("access_key_secret: ");
    terminal.wait_for_silence();
    terminal.press("testsecret\n");
    let (status, shown) = terminal.ended();
    assert_eq!(status, 0, "{shown}");
    assert!(shown.contains("testid") && !shown.contains("testsecret"), "{shown}");
    let file = std::fs::read_to_string(home.path().join(".aliyun/config.json")).unwrap();
    assert!(file.contains("\"access_key_secret\": \"testsecret\""), "{file}");
}

#[test]
fn questions_are_chinese_in_a_chinese_locale() {
    let home = tempfile::tempdir().unwrap();
    let environment = [("HOME", home.path().to_str().unwrap()), ("LANG", "zh_CN.UTF-8")];
    let mut terminal = Terminal::start(80, &["configure", "add", "work"], &environment);
    terminal.wait_for("access_key_id：");
    terminal.press("testid\n");
    terminal.wait_for("access_key_secret（输入不回显）：");
    terminal.wait_for_silence();
    terminal.press("testsecret\n");
    let (status, shown) = terminal.ended();
    assert!(status == 0 && shown.contains("凭证配置 \"work\" 已添加到 "), "{shown}");
    let server = Canned::ok(OK);
    let mut terminal = Terminal::start(80, &[DIAL, &["--endpoint", &server.url]].concat(), &environment);
    terminal.wait_for("SingleCallByTts 会呼叫 --CalledNumber 指定的人。是否继续？[y/N] ");
    terminal.press("n\n");
    assert_eq!((terminal.ended().0, server.sent("Action").len()), (1, 0));
}

#[test]
fn the_first_page_of_the_help_fits_80_columns() {
    for language in ["en", "zh"] {
        let (_, shown) = Terminal::start(80, &["--lang", language, "--help"], &[]).ended();
        assert!(shown.lines().all(|line| fits(line, 80)), "{shown}");
        // The commands stay in their column, which another wrapping would break.
        let begin = shown.split(if language == "en" { "Where to begin" } else { "从这里开始" }).nth(1).unwrap();
        let tasks = begin.lines().skip(1).take_while(|line| !line.is_empty());
        let columns: Vec<usize> = tasks.filter_map(|line| Some(line.split_once("dyvms ")?.0.width())).collect();
        assert!(
            columns.len() >= 4 && columns.iter().filter(|column| **column == 30).count() >= 4,
            "{columns:?}: {shown}"
        );
    }
}

#[test]
fn a_help_at_a_terminal_has_styles_and_its_width() {
    let (status, shown) = Terminal::start(60, &["--lang", "zh", "configure", "--help"], &[]).ended();
    assert!(status == 0 && shown.contains("\n\u{1b}[1m\u{1b}[4m选项：\u{1b}[0m\n"), "{shown}");
    let width = |line: &str| anstream::adapter::strip_str(line).to_string().width();
    assert_eq!(shown.lines().map(width).max(), Some(60), "{shown}");
}

#[test]
fn nothing_is_written_after_ctrl_c_at_the_question_for_a_secret() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().to_str().unwrap();
    let mut terminal = Terminal::start(80, &["configure", "add", "work", "access_key_id=testid"], &[("HOME", path)]);
    terminal.wait_for("access_key_secret: ");
    terminal.wait_for_silence();
    terminal.press("test\u{3}");
    terminal.wait_for("error: interrupted");
    assert!(terminal.is_shown(), "the terminal shows again what is typed");
    let (status, shown) = terminal.ended();
    assert!(status == 130 && shown.contains("error: interrupted"), "{status}: {shown}");
    assert!(!home.path().join(".aliyun").exists());
}

/// Whether a line fits a terminal. A word that is wider, such as a code or an address, stays whole, so that it can be copied,
/// and so does each line of a command with its parameters.
fn fits(line: &str, columns: u16) -> bool {
    let line = anstream::adapter::strip_str(line).to_string();
    let is_of_command = line.starts_with("  dyvms ") || line.starts_with("    --");
    line.width() <= usize::from(columns) || !line.trim().contains(' ') || is_of_command
}

#[test]
fn twenty_columns_are_enough() {
    let emulator = ServerProcess::start(&[]);
    let doctor = ["doctor", "--endpoint", &emulator.url];
    let call = ["call", "QueryCallDetailByCallId", "--local", "--CallId", "1^2", "--ProdId", "11000000300006"];
    let call = [&call[..], &["--QueryDate", "1671552000000"]].concat();
    let commands: [(&[&str], u32, &str); 6] = [
        (&["operations", "busy"], 0, "no room for 2"),
        (&["describe", "CallTaskKind"], 0, "VMS_VOICE_TTS"),
        (&["explain", "isv.BUSINESS_LIMIT_CONTROL"], 0, "Nothing was done."),
        (&call, 0, "| member"),
        (&[LIST, &["--local"]].concat(), 0, "no room for "),
        (&doctor, 0, "permission"),
    ];
    for (arguments, status, expected) in commands {
        for language in ["en", "zh"] {
            let arguments = [&["--lang", language], arguments].concat();
            let (ended, shown) = Terminal::start(20, &arguments, &[]).ended();
            assert_eq!(ended, status, "{arguments:?}: {shown}");
            for line in lines(&shown) {
                assert!(fits(line, 20), "{arguments:?}: {line:?} in {shown}");
            }
            assert!(language == "zh" || shown.contains(expected), "{arguments:?}: {shown}");
        }
    }
    // The members and their explanations; a command and a program that are copied are not wrapped.
    let (_, shown) = Terminal::start(20, &["describe", "QueryRobotTaskCallList"], &[]).ended();
    let (text, code) = shown.split_once("\nExample:\n").unwrap();
    assert!(text.lines().all(|line| fits(line, 20)), "{text}");
    assert!(code.contains("\n    --PageNo 1 \\\n"), "{code}");
}

#[test]
fn descriptions_and_checks_fit_the_terminal() {
    let emulator = ServerProcess::start(&[]);
    let commands: [&[&str]; 4] = [
        &["describe", "VoiceReport"],
        &["describe", "QueryCallDetailByCallId"],
        &["explain", "isv.BUSINESS_LIMIT_CONTROL", "200003"],
        &["doctor", "--endpoint", &emulator.url],
    ];
    for (columns, language) in [(80, "en"), (80, "zh"), (120, "en"), (120, "zh")] {
        for arguments in commands {
            let (_, shown) = Terminal::start(columns, &[&["--lang", language], arguments].concat(), &[]).ended();
            let text = shown.split("Rust").next().unwrap();
            assert!(text.lines().all(|line| fits(line, columns)), "{columns}: {shown}");
        }
    }
    // What was found goes on in its column.
    let (_, shown) = Terminal::start(80, &["doctor", "--endpoint", "http://127.0.0.1:9"], &[]).ended();
    assert!(shown.contains(&format!("\n{:26}", "")), "{shown}");
}
