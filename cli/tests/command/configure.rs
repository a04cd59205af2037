//! `dyvms configure`: profiles are changed as asked, and nothing else in their file.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{LIST, Outcome, command, outcome};

struct File {
    path: PathBuf,
    _folder: TempDir,
}

impl File {
    fn new(content: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".aliyun/config.json");
        if let Some(content) = content {
            fs::create_dir(folder.path().join(".aliyun")).unwrap();
            fs::write(&path, content).unwrap();
        }
        Self { path, _folder: folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&[&["configure"], arguments].concat());
        command.env("ALIBABA_CLOUD_CONFIG_FILE", &self.path);
        command
    }

    /// The outcome with these lines as standard input.
    fn configure(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A command that is refused reads nothing.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Outcome {
            status: output.status.code(),
            output: String::from_utf8(output.stdout).unwrap(),
            notices: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn ok(&self, arguments: &[&str], input: &str) -> Outcome {
        let outcome = self.configure(arguments, input);
        assert_eq!(outcome.status, Some(0), "{}", outcome.notices);
        outcome
    }

    /// What it says when it refuses, and that the file stays as it is.
    fn refused(&self, arguments: &[&str], input: &str) -> String {
        let before = fs::read(&self.path).ok();
        let outcome = self.configure(arguments, input);
        assert_eq!((outcome.status, outcome.output.as_str()), (Some(2), ""), "{}", outcome.notices);
        assert_eq!(fs::read(&self.path).ok(), before);
        outcome.notices
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }
}

#[test]
fn a_new_profile_signs_calls() {
    let file = File::new(None);
    assert!(file.ok(&["list"], "").notices.contains("has no profiles; `dyvms configure add NAME` adds one"));
    file.ok(&["add", "night", "region_id=cn-hangzhou"], "testid\ntestsecret\n");
    assert_eq!(
        file.text(),
        "{\n\t\"current\": \"night\",\n\t\"profiles\": [\n\t\t{\n\t\t\t\"name\": \"night\",\n\t\t\t\"mode\": \"AK\",\n\t\t\t\
         \"access_key_id\": \"testid\",\n\t\t\t\"access_key_secret\": \"testsecret\",\n\t\t\t\"region_id\": \"cn-hangzhou\"\n\
         \t\t}\n\t]\n}\n"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file.path), mode(file.path.parent().unwrap())), (0o600, 0o700));
    }
    let emulator = crate::support::EmulatorProcess::start(&[]);
    let mut call = command(&[LIST, &["--endpoint", &emulator.url, "-o", "jsonl"]].concat());
    call.env("ALIBABA_CLOUD_CONFIG_FILE", &file.path);
    let called = outcome(call);
    assert_eq!((called.status, called.output.lines().count()), (Some(0), 20), "{}", called.notices);
}

/// What another version of Alibaba's command may have written.
const FOREIGN: &str = r#"{
	"future": {"z": 1, "a": [1.50, 12345678901234567890123]},
	"profiles": [
		{"zone": "x", "name": "default", "mode": "Anonymous2", "retry_count": 0, "access_key_id": "LTAI12345678"},
		{"name": "夜班", "mode": "CloudSSO", "access_token": "testsecret", "unknown": null}
	],
	"current": "default",
	"meta_path": ""
}"#;

#[test]
fn nothing_of_an_existing_file_is_lost() {
    let file = File::new(Some(FOREIGN));
    file.ok(&["use", "夜班"], "");
    file.ok(&["set", "default", "region_id=cn-shanghai", "retry_count=3", "sts_token"], "testtoken\n");
    let written: Value = serde_json::from_str(&file.text()).unwrap();
    let mut expected: Value = serde_json::from_str(FOREIGN).unwrap();
    expected["current"] = "夜班".into();
    expected["profiles"][0]["region_id"] = "cn-shanghai".into();
    expected["profiles"][0]["retry_count"] = 3.into();
    expected["profiles"][0]["sts_token"] = "testtoken".into();
    assert_eq!(written, expected);
    // Order and digits, too.
    let text = file.text();
    assert!(text.contains("1.50") && text.contains("12345678901234567890123"), "{text}");
    let places: Vec<_> =
        ["future", "profiles", "zone", "retry_count", "current", "meta_path"].map(|name| text.find(name)).into();
    assert!(places.is_sorted(), "{text}");
    let listed = file.ok(&["list"], "").output;
    assert!(listed.contains("| LTAI*** |") && listed.contains("| 夜班    | yes     | CloudSSO"), "{listed}");
    assert!(!listed.contains("testsecret") && !listed.contains("12345678"), "{listed}");
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_written() {
    let file = File::new(Some(FOREIGN));
    for (arguments, input, what) in [
        (&["use", "defualt"][..], "", "has no profile \"defualt\"; did you mean \"default\"?"),
        (&["set", "nobody", "region_id=x"], "", "it has \"default\", \"夜班\""),
        (&["add", "default"], "a\nb\n", "there is a profile \"default\" already; `dyvms configure set` changes it"),
        (&["add", "x", "--mode", "Magic"], "", "--mode: \"Magic\" is not one of AK, StsToken,"),
        (&["add", "x"], "testid\n", "access_key_secret is missing: enter it"),
        (&["add", "x"], "", "access_key_id is missing"),
        (
            &["set", "default", "access_key_secret=verysecret"],
            "",
            "access_key_secret is a secret, which others can see",
        ),
        (&["set", "default", "=verysecret"], "", "expected MEMBER=VALUE with a name such as region_id"),
        (&["set", "default", "verysecret!"], "", "expected MEMBER=VALUE"),
        (&["set", "default", "expired_seconds=soon"], "", "expired_seconds: expected a whole number, 0 or more"),
    ] {
        let said = file.refused(arguments, input);
        assert!(said.contains(what) && !said.contains("verysecret"), "{said}");
    }
}

#[test]
fn a_broken_file_is_not_touched() {
    for (content, what) in [
        ("{\n \"profiles\": [}", "the file is broken: "),
        ("", "the file is broken: "),
        ("[]", "expected an object with profiles"),
        ("{\"profiles\": {}}", "profiles has another form than Alibaba's command writes"),
        ("{\"profiles\": [{\"mode\": \"AK\"}]}", "profiles has another form"),
        ("{\"profiles\": [{\"name\": \"x\", \"access_key_secret\": 7}]}", "profiles has another form"),
        ("{\"current\": 1}", "current has another form"),
        ("{\"a\": 1, \"a\": 2}", "the file is broken: "),
    ] {
        let file = File::new(Some(content));
        for arguments in [&["list"][..], &["use", "x"], &["add", "x"], &["set", "x", "region_id=y"]] {
            let said = file.refused(arguments, "testid\ntestsecret\n");
            assert!(said.contains(what) && said.contains("; nothing was changed"), "{content}: {said}");
        }
    }
    let file = File::new(Some(""));
    fs::write(&file.path, [0xff, 0xfe]).unwrap();
    let listed = file.configure(&["list"], "");
    assert_eq!(listed.status, Some(1));
    assert!(listed.notices.contains("cannot read "), "{}", listed.notices);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let file = File::new(Some(FOREIGN));
    let link = file.path.with_file_name("link.json");
    std::os::unix::fs::symlink(&file.path, &link).unwrap();
    let mut command = file.command(&["use", "夜班"]);
    command.env("ALIBABA_CLOUD_CONFIG_FILE", &link);
    assert_eq!(outcome(command).status, Some(0));
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(file.text().contains("\"current\": \"夜班\""));
}
