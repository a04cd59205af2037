//! `dyvms export`: what is in its file, whatever happens on the way.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use aliyun_protocol::v3::payload_hash;
use tempfile::TempDir;

use crate::support::{Canned, Outcome, Stalling, command, limited, outcome, refused, with_key};

pub(crate) const LOCAL: &[&str] = &["export", "QueryRobotTaskCallList", "--TaskId", "1045001", "--local"];
const TASKS: &[&str] = &["export", "QueryRobotTaskList"];

/// A page of two tasks, of an announced total.
pub(crate) fn page(number: usize, total: usize) -> String {
    let tasks = format!(r#"[{{"id":"{number}1","taskName":"停机"}},{{"id":"{number}2"}}]"#);
    format!(r#"{{"Code":"OK","RequestId":"R-1","TotalCount":{total},"Data":{tasks}}}"#)
}

pub(crate) fn refusal() -> (u16, String) {
    (400, r#"{"Code":"InvalidParameter","Message":"no","RequestId":"R-4"}"#.to_owned())
}

/// The lines of `pages` pages.
fn lines(pages: usize) -> String {
    let page = |number| format!("{{\"id\":\"{number}1\",\"taskName\":\"停机\"}}\n{{\"id\":\"{number}2\"}}\n");
    (1..=pages).map(page).collect()
}

/// A folder for the files of an export.
pub(crate) struct Files {
    folder: TempDir,
    /// Name of the result.
    out: &'static str,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self::of("tasks.jsonl")
    }

    pub(crate) fn of(out: &'static str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), out }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn export(&self, url: &str, options: &[&str]) -> Outcome {
        outcome(self.command(url, options))
    }

    pub(crate) fn command(&self, url: &str, options: &[&str]) -> Command {
        let out = self.path(self.out);
        let arguments = [TASKS, options, &["--endpoint", url, "--out", out.to_str().unwrap()]].concat();
        with_key(&arguments, "testid", "testsecret")
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Makes the export go on at another endpoint, since the first one does not answer any more.
    fn move_to(&self, from: &str, to: &str) {
        let identity = |url: &str| payload_hash(url.as_bytes()).as_str().to_owned();
        let moved = self.read("tasks.jsonl.resume").replace(&identity(from), &identity(to));
        std::fs::write(self.path("tasks.jsonl.resume"), moved).unwrap();
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = names.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn responses(pages: &[(u16, String)]) -> Vec<(u16, String)> {
    pages.to_vec()
}

#[test]
fn a_whole_list_is_written_as_it_is_shown() {
    let files = Files::new();
    for (name, format) in [("calls.csv", "csv"), ("calls.jsonl", "jsonl")] {
        let path = files.path(name);
        let exported = outcome(command(&[LOCAL, &["--page-size", "50", "--out", path.to_str().unwrap()]].concat()));
        assert_eq!((exported.status, exported.output.as_str(), exported.notices.as_str()), (Some(0), "", ""));
        let shown = ["call", "QueryRobotTaskCallList", "--TaskId", "1045001", "--local", "--all", "-o", format];
        assert_eq!(files.read(name), outcome(command(&shown)).output, "{name}");
    }
    assert_eq!(files.names(), ["calls.csv", "calls.jsonl"], "nothing else is left");
    let path = files.path("some.csv");
    let options = ["--columns", "callResult,callId", "--bom", "--out", path.to_str().unwrap()];
    assert_eq!(outcome(command(&[LOCAL, &options].concat())).status, Some(0));
    assert!(files.read("some.csv").starts_with("\u{feff}callResult,callId\n停机,116951045001^103700100003\n"));
}

#[test]
fn an_export_goes_on_after_a_failure_without_loss_or_duplicates() {
    let files = Files::new();
    let server = Canned::serve(responses(&[(200, page(1, 6)), (200, page(2, 6)), refusal(), (200, page(3, 6))]));
    let first = files.export(&server.url, &[]);
    assert_eq!((first.status, first.output.as_str()), (Some(3), ""));
    let kept =
        format!("note: {} has 4 items; the same command goes on\nerror: ", files.path("tasks.jsonl.part").display());
    assert!(first.notices.starts_with(&kept), "{}", first.notices);
    assert_eq!(files.names(), ["tasks.jsonl.part", "tasks.jsonl.resume"]);
    assert_eq!(files.read("tasks.jsonl.part"), lines(2));
    // What was written after the last state is not trusted.
    let part = files.path("tasks.jsonl.part");
    std::fs::write(&part, lines(2) + "{\"id\":3").unwrap();

    let second = files.export(&server.url, &[]);
    assert_eq!((second.status, second.notices.as_str()), (Some(0), ""));
    assert_eq!((files.read("tasks.jsonl"), files.names()), (lines(3), vec!["tasks.jsonl".to_owned()]));
    // The announced total ends it, as if it had not been interrupted.
    assert_eq!(server.sent("PageNo"), ["1", "2", "3", "3"].map(|number| Some(number.to_owned())));
}

#[test]
fn a_csv_goes_on_with_its_header() {
    let files = Files::new();
    let out = files.path("tasks.csv");
    let server = Canned::serve(responses(&[(200, page(1, 4)), refusal(), (200, page(2, 4))]));
    let arguments =
        [TASKS, &["--columns", "taskName,id", "--endpoint", &server.url, "--out", out.to_str().unwrap()]].concat();
    assert_eq!(outcome(with_key(&arguments, "testid", "testsecret")).status, Some(3));
    assert_eq!(outcome(with_key(&arguments, "testid", "testsecret")).status, Some(0));
    assert_eq!(files.read("tasks.csv"), "taskName,id\n停机,11\n,12\n停机,21\n,22\n");
}

#[test]
fn another_export_does_not_go_on() {
    let files = Files::new();
    let server = Canned::serve(responses(&[(200, page(1, 4)), refusal(), (200, page(1, 4)), (200, page(2, 4))]));
    assert_eq!(files.export(&server.url, &[]).status, Some(3));
    let (resume, part) = (files.path("tasks.jsonl.resume"), files.path("tasks.jsonl.part"));
    let again = format!("delete {} and {} to start again, or choose another --out", resume.display(), part.display());
    let other = files.export(&server.url, &["--task-name", "13000000000", "--columns", "id"]);
    let expected =
        format!("error: {} belongs to another export: its --TaskName, --columns differ; {again}\n", resume.display());
    assert_eq!((other.status, other.notices), (Some(2), expected));
    assert!(!files.read("tasks.jsonl.resume").contains("testsecret"));

    let whole = files.read("tasks.jsonl.part");
    std::fs::write(&part, "{").unwrap();
    let shorter = files.export(&server.url, &[]);
    assert_eq!(shorter.status, Some(2));
    assert!(
        shorter.notices.contains("has 1 bytes, and ") && shorter.notices.contains("so it was changed"),
        "{}",
        shorter.notices
    );
    std::fs::write(&part, &whole).unwrap();
    std::fs::write(&resume, "{\"version\":9}").unwrap();
    let unknown = files.export(&server.url, &[]);
    assert_eq!(unknown.status, Some(2));
    assert!(unknown.notices.contains("is not the state of an export of this version"), "{}", unknown.notices);

    std::fs::remove_file(&resume).unwrap();
    let foreign = files.export(&server.url, &[]);
    let expected = format!(
        "error: {} exists without {}, so it is not known what it is; --force replaces it, or choose another --out\n",
        part.display(),
        resume.display()
    );
    assert_eq!((foreign.status, foreign.notices), (Some(2), expected));
    assert_eq!(files.read("tasks.jsonl.part"), whole, "nothing is overwritten");
    std::fs::remove_file(&part).unwrap();
    assert_eq!(files.export(&server.url, &[]).status, Some(0));
    assert_eq!(files.read("tasks.jsonl"), lines(2), "it starts again");
}

#[test]
fn force_replaces_a_file_and_discards_another_export() {
    let files = Files::new();
    let server = Canned::serve(responses(&[(200, page(1, 2))]));
    std::fs::write(files.path("tasks.jsonl"), "mine").unwrap();
    let message = files.export(&server.url, &[]);
    let expected = format!(
        "error: {} exists; --force replaces it, or choose another --out\n",
        files.path("tasks.jsonl").display()
    );
    assert_eq!((message.status, message.notices), (Some(2), expected));
    assert_eq!((files.read("tasks.jsonl").as_str(), server.sent("Action").len()), ("mine", 0));

    let failing = Canned::serve(responses(&[(200, page(1, 4)), refusal()]));
    assert_eq!(files.export(&failing.url, &["--force"]).status, Some(3));
    assert_eq!(files.read("tasks.jsonl"), "mine", "the file stays until the new one is whole");
    assert_eq!(files.export(&server.url, &["--force"]).status, Some(0));
    assert_eq!((files.read("tasks.jsonl"), files.names()), (lines(1), vec!["tasks.jsonl".to_owned()]));
}

#[test]
fn ctrl_c_keeps_what_was_fetched_and_the_same_command_goes_on() {
    let files = Files::new();
    let server = Stalling::serve(vec![page(1, 6), page(2, 6)]);
    let mut command = files.command(&server.url, &[]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stalled = server.stalled();
    interrupt(child.id());
    let ended = child.wait_with_output().unwrap();
    drop(stalled);
    let part = files.path("tasks.jsonl.part");
    let expected = format!("error: interrupted; {} has 4 items; the same command goes on\n", part.display());
    assert_eq!((ended.status.code(), String::from_utf8(ended.stderr).unwrap()), (Some(130), expected));
    assert_eq!(files.read("tasks.jsonl.part"), lines(2));
    assert!(files.read("tasks.jsonl.resume").contains(r#""position":{"number":3}"#));
    let rest = Canned::ok(&page(3, 6));
    files.move_to(&server.url, &rest.url);
    let resumed = files.export(&rest.url, &[]);
    assert_eq!(resumed.status, Some(0), "{}", resumed.notices);
    assert_eq!((files.read("tasks.jsonl"), files.names()), (lines(3), vec!["tasks.jsonl".to_owned()]));
    assert_eq!(rest.sent("Action").len(), 1, "no page is requested twice");
}

#[test]
fn an_export_that_is_killed_at_any_page_loses_and_repeats_nothing() {
    const PAGES: usize = 5;
    for answered in 0..PAGES {
        let files = Files::new();
        let server = Stalling::serve((1..=answered).map(|number| page(number, 2 * PAGES)).collect());
        let mut child = files.command(&server.url, &[]).spawn().unwrap();
        let stalled = server.stalled();
        // Another export to the same file would mix both.
        let second = files.export(&server.url, &[]);
        assert_eq!(second.status, Some(2));
        assert!(second.notices.contains("tasks.jsonl.part; wait for its end, or choose another --out"));
        child.kill().unwrap();
        child.wait().unwrap();
        drop(stalled);
        // The state may be older than the last pages. Its endpoint is another one now.
        let state: serde_json::Value = serde_json::from_str(&files.read("tasks.jsonl.resume")).unwrap();
        let next = state["position"]["number"].as_u64().map_or(1, |number| usize::try_from(number).unwrap());
        assert!(next <= answered + 1, "{state}");
        let rest = Canned::serve((next..=PAGES).map(|number| (200, page(number, 2 * PAGES))).collect());
        files.move_to(&server.url, &rest.url);
        assert_eq!(files.export(&rest.url, &[]).status, Some(0));
        assert_eq!((files.read("tasks.jsonl"), files.names()), (lines(PAGES), vec!["tasks.jsonl".to_owned()]));
    }
}

#[test]
fn a_page_that_does_not_lead_on_is_requested_again() {
    let files = Files::new();
    let service = r#"{"product":"Boxes","version":"2020-01-01","title":"Boxes","endpoints":{"default":"boxes.example.com"},
        "envelope":{"fields":{"RequestId":{"type":"string"}},"requestId":"RequestId"},"groups":{"boxes":"Boxes."}}"#;
    let list = r#"{"action":"ListBoxes","group":"boxes","operationType":"read","summary":"Lists boxes.",
        "parameters":{"Token":{"type":"string"}},
        "response":{"Next":{"type":"string"},"Boxes":{"type":"array","items":"string"}},
        "pagination":{"token":"Token","next":"Next","items":"Boxes"}}"#;
    std::fs::create_dir_all(files.path("spec/operations")).unwrap();
    std::fs::write(files.path("spec/service.json"), service).unwrap();
    std::fs::write(files.path("spec/operations/ListBoxes.json"), list).unwrap();
    let page = |item: &str, next: &str| (200, format!(r#"{{"RequestId":"R-1","Boxes":["{item}"],"Next":"{next}"}}"#));
    // The token of the second page is the one with which it was requested.
    let server = Canned::serve(vec![page("a", "t1"), page("b", "t1"), page("b", "t2"), page("c", "")]);
    let (spec, out) = (files.path("spec"), files.path("boxes.jsonl"));
    let [spec, out] = [&spec, &out].map(|path| path.to_str().unwrap());
    let arguments = ["--spec", spec, "export", "ListBoxes", "--endpoint", &server.url, "--out", out];
    let first = outcome(with_key(&arguments, "testid", "testsecret"));
    assert_eq!(first.status, Some(1), "{}", first.notices);
    assert!(first.notices.contains("boxes.jsonl.part has 1 item; the same command goes on"), "{}", first.notices);
    assert!(first.notices.contains("the service gave a token twice"), "{}", first.notices);
    assert_eq!(outcome(with_key(&arguments, "testid", "testsecret")).status, Some(0));
    assert_eq!(files.read("boxes.jsonl"), "\"a\"\n\"b\"\n\"c\"\n");
    let tokens = [None, Some("t1"), Some("t1"), Some("t2")];
    assert_eq!(server.sent("Token"), tokens.map(|token| token.map(str::to_owned)));
}

/// Sends what Ctrl-C sends.
pub(crate) fn interrupt(process: u32) {
    let sent = Command::new("kill").args(["-INT", &process.to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn ctrl_c_during_a_call_keeps_the_pages_and_says_what_is_not_known() {
    let interrupted = |arguments: &[&str], answers: Vec<String>| {
        let server = Stalling::serve(answers);
        let mut command =
            with_key(&[&["call"], arguments, &["--endpoint", &server.url]].concat(), "testid", "testsecret");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stalled = server.stalled();
        interrupt(child.id());
        let ended = child.wait_with_output().unwrap();
        drop(stalled);
        assert_eq!(ended.status.code(), Some(130));
        (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap())
    };
    let note =
        "note: the result is incomplete: it has 2 items of 1 page, because it was interrupted\nerror: interrupted\n";
    for (format, lines) in [("jsonl", 2), ("csv", 3), ("table", 4), ("json", 9), ("yaml", 4)] {
        let (output, notices) = interrupted(&["QueryRobotTaskList", "--all", "-o", format], vec![page(1, 6)]);
        assert_eq!((output.lines().count(), notices.as_str()), (lines, note), "{format}: {output}");
    }
    let all = ["QueryRobotTaskList", "--all", "--query", "length(@)"];
    assert_eq!(interrupted(&all, vec![page(1, 6)]), ("2\n".to_owned(), note.to_owned()));
    assert_eq!(interrupted(&["QueryRobotTaskList"], Vec::new()), (String::new(), "error: interrupted\n".to_owned()));
    let dial = ["SingleCallByTts", "--CalledNumber", "13000000000", "--TtsCode", "T"];
    let before = "error: interrupted before the response came; ";
    let (_, notices) = interrupted(&dial, Vec::new());
    assert_eq!(notices, format!("{before}a phone may be ringing, so look it up before you send it again\n"));
    let (_, notices) = interrupted(&["CancelRobotTask", "--TaskId", "1"], Vec::new());
    assert_eq!(notices, format!("{before}the change may have been made, so look it up before you send it again\n"));
    let until = ["QueryRobotTaskList", "--until", "Code=x", "--every", "1ms"];
    assert_eq!(interrupted(&until, vec![page(1, 6)]), (String::new(), "error: interrupted\n".to_owned()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_nothing_is_lost() {
    let files = Files::new();
    let server = Canned::serve(responses(&[(200, page(1, 2))]));
    std::os::unix::fs::symlink("/dev/full", files.path("tasks.jsonl.part")).unwrap();
    let full = files.export(&server.url, &[]);
    let part = files.path("tasks.jsonl.part");
    let expected = format!(
        "error: cannot write {}; free some space; it keeps 0 items, and the same command goes on: No space left on device (os \
         error 28)\n",
        part.display()
    );
    assert_eq!((full.status, full.notices), (Some(1), expected));
    assert!(!files.path("tasks.jsonl").exists());

    // A file that may not grow, after the first pages were saved.
    std::fs::remove_file(&part).unwrap();
    let many = (1..=100).map(|number| (200, page(number, 200)));
    let server = Canned::serve(many.clone().take(60).chain([refusal()]).chain(many.skip(60)).collect());
    assert_eq!(files.export(&server.url, &[]).status, Some(3));
    let before = files.read("tasks.jsonl.part");
    assert!(before.len() > 2048);
    let stopped = outcome(limited(&files.command(&server.url, &[]), 4));
    assert_eq!(stopped.status, Some(1), "{}", stopped.notices);
    assert!(
        stopped.notices.contains("it keeps 120 items, and the same command goes on: File too large"),
        "{}",
        stopped.notices
    );
    assert!(files.read("tasks.jsonl.part").starts_with(&before));
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_command_without_parquet_says_how_to_get_it() {
    let message = refused(&["export", "QueryRobotTaskList", "--out", "a.parquet"]);
    let expected = "invalid value 'a.parquet' for '--out <FILE>': this command was built without Parquet; `cargo install \
                    dyvms --features parquet` installs it with Parquet, or export .jsonl, which tools for Parquet read";
    assert!(message.contains(expected), "{message}");
}

#[test]
fn what_cannot_be_exported_is_refused_before_anything_is_sent() {
    for (arguments, expected) in [
        (
            &["export", "CancelCall", "--out", "a.csv"][..],
            "CancelCall does not list items in pages; `dyvms call CancelCall`",
        ),
        (
            &["export", "QueryRobotTaskLst", "--out", "a.csv"],
            "no list operation \"QueryRobotTaskLst\"; did you mean QueryRobotTaskList?",
        ),
        (
            &["export", "QueryRobotTaskList", "--out", "a.txt"],
            "expected a file name that ends in .csv, .jsonl or .parquet",
        ),
        (&["export", "QueryRobotTaskList"], "--out <FILE>"),
        (
            &["export", "QueryRobotTaskCallList", "--local", "--columns", "x", "--out", "a.csv"],
            "there is no column \"x\"",
        ),
    ] {
        let message = refused(arguments);
        assert!(message.contains(expected), "{message}");
    }
    let folder = Files::new();
    let out = Path::new("no/such/folder/a.csv");
    let absent = outcome(command(&[LOCAL, &["--out", out.to_str().unwrap()]].concat()));
    assert_eq!(absent.status, Some(1));
    assert!(absent.notices.starts_with("error: cannot write no/such/folder/a.csv.part: "), "{}", absent.notices);
    assert_eq!(folder.names(), [""; 0]);
}
