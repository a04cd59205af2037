//! `dyvms configure`: the file that Alibaba's own command uses too.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

#[cfg(unix)]
use crate::support::limited;
use crate::support::{Outcome, ServerProcess, command, outcome};

const FILE: &str = r#"{
	"current": "work",
	"profiles": [
		{ "name": "sso", "mode": "CloudSSO", "access_token": "testtoken", "later": { "b": 1.00, "a": [] } },
		{
			"name": "work",
			"mode": "AK",
			"access_key_id": "testid",
			"access_key_secret": "testsecret"
		}
	],
	"meta_path": ""
}
"#;

/// A home directory of its own.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(text: &str) -> Self {
        let home = Self::new();
        std::fs::create_dir(home.0.path().join(".aliyun")).unwrap();
        std::fs::write(home.path(), text).unwrap();
        home
    }

    fn path(&self) -> PathBuf {
        self.0.path().join(".aliyun/config.json")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = command(&[&["configure"], arguments].concat());
        command.env("HOME", self.0.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        outcome(self.command(arguments))
    }

    /// Runs it with these lines on standard input.
    fn answer(&self, arguments: &[&str], lines: &str) -> Outcome {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // What is refused is not read.
        let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
        let output = child.wait_with_output().unwrap();
        Outcome {
            status: output.status.code(),
            output: String::from_utf8(output.stdout).unwrap(),
            notices: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs what is refused, and changes nothing.
    fn refused(&self, arguments: &[&str]) -> String {
        let before = std::fs::read(self.path()).ok();
        let outcome = self.answer(arguments, "");
        assert_eq!((outcome.status, outcome.output.as_str()), (Some(2), ""), "{}", outcome.notices);
        assert_eq!(std::fs::read(self.path()).ok(), before, "{arguments:?}");
        outcome.notices
    }
}

#[test]
fn a_profile_is_added_to_nothing_and_calls_with_it_succeed() {
    let home = Home::new();
    let added = home.answer(&["add", "work"], "testid\ntestsecret\n");
    assert_eq!(added.status, Some(0), "{}", added.notices);
    let expected =
        "note: profile \"work\" is added to ~/.aliyun/config.json; `dyvms doctor --profile work` checks it\n";
    assert_eq!(added.notices, expected);
    let file: Value = serde_json::from_str(&home.text()).unwrap();
    let profile = serde_json::json!({
        "name": "work", "mode": "AK", "access_key_id": "testid", "access_key_secret": "testsecret",
        "region_id": "cn-hangzhou", "output_format": "json", "language": "en",
    });
    assert_eq!(file, serde_json::json!({ "current": "work", "profiles": [profile] }));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&home.path()), mode(home.path().parent().unwrap())), (0o600, 0o700));
    }
    let emulator = ServerProcess::start(&[]);
    let mut call = command(&["call", "QueryRobotv2AllList", "--endpoint", &emulator.url]);
    call.env("HOME", home.0.path());
    let called = outcome(call);
    assert_eq!(called.status, Some(0), "{}", called.notices);
}

#[test]
fn only_what_is_asked_for_is_changed() {
    let home = Home::with(FILE);
    let set = home.answer(&["set", "work", "region-id=cn-shanghai", "access_key_secret"], "new\"secret\n");
    assert_eq!(set.status, Some(0), "{}", set.notices);
    let region = ",\n\t\t\t\"region_id\": \"cn-shanghai\"\n";
    let expected = FILE.replace("\"testsecret\"\n", &format!("\"new\\\"secret\"{region}"));
    assert_eq!(home.text(), expected);
    assert_eq!(home.run(&["use", "sso"]).status, Some(0));
    assert_eq!(home.text(), expected.replace("\"current\": \"work\"", "\"current\": \"sso\""));
    let added = home.run(&[
        "add",
        "role",
        "--mode",
        "ChainableRamRoleArn",
        "source_profile=work",
        "ram_role_arn=acs:ram::1:role/x",
    ]);
    assert!(
        added.notices.ends_with("note: \"sso\" stays selected; `dyvms configure use role` changes it\n"),
        "{}",
        added.notices
    );
    let file: Value = serde_json::from_str(&home.text()).unwrap();
    assert_eq!((&file["current"], file["profiles"].as_array().unwrap().len()), (&"sso".into(), 3));
    assert!(home.text().contains(
        r#"{ "name": "sso", "mode": "CloudSSO", "access_token": "testtoken", "later": { "b": 1.00, "a": [] } }"#
    ));
}

#[test]
fn profiles_are_listed_without_secrets() {
    let home = Home::with(FILE);
    let listed = home.run(&["list", "-o", "json"]);
    let profiles: Value = serde_json::from_str(&listed.output).unwrap();
    assert_eq!((&profiles[1]["profile"], &profiles[1]["access key"]), (&"work".into(), &"test***".into()));
    assert_eq!((&profiles[0]["current"], &profiles[1]["current"]), (&false.into(), &true.into()));
    assert!(profiles[0]["state"].as_str().unwrap().contains("cloud_sso_sign_in_url is missing"));
    let table = home.run(&["list"]);
    assert!(table.output.contains("| *       | work    | AK       | test***    |"), "{}", table.output);
    for output in [listed.output, table.output] {
        assert!(!output.contains("testsecret") && !output.contains("testtoken"), "{output}");
    }
    let mut selected = home.command(&["list"]);
    selected.env("ALIBABA_CLOUD_PROFILE", "sso");
    assert!(outcome(selected).notices.contains("ALIBABA_CLOUD_PROFILE selects \"sso\""));
    let empty = Home::new().run(&["list"]);
    let expected = "note: ~/.aliyun/config.json has no profiles; `dyvms configure add NAME` adds one\n";
    assert_eq!((empty.output.as_str(), empty.notices.as_str()), ("", expected));
}

#[test]
fn what_cannot_be_meant_is_refused_and_nothing_is_written() {
    let home = Home::with(FILE);
    for (arguments, expected) in [
        (&["use", "wrk"][..], "there is no profile \"wrk\" in ~/.aliyun/config.json; it has sso, work"),
        (&["set", "wrk", "region_id=x"], "it has sso, work"),
        (&["add", "work"], "there is a profile \"work\" already; `dyvms configure set work KEY=VALUE` changes it"),
        (&["add", " "], "the name of a profile is a text"),
        (&["add", "new"], "access_key_id is missing: give it as a line of standard input"),
        (&["add", "new", "access_key_id=", "access_key_secret="], "access_key_id is empty; mode AK needs it"),
        (&["add", "new", "--mode", "CloudSSO"], "logins (CloudSSO, OAuth) are set up with `aliyun configure`"),
        (&["add", "new", "mode=AK"], "give the mode as --mode"),
        (&["set", "work", "access_key_secret=testother"], "access_key_secret is a secret"),
        (&["set", "work", "regionid=x"], "did you mean region_id?"),
        (&["set", "work"], "<KEY=VALUE|KEY>"),
    ] {
        let notices = home.refused(arguments);
        assert!(notices.contains(expected) && !notices.contains("testother"), "{arguments:?}: {notices}");
    }
    assert!(Home::new().refused(&["use", "a"]).contains("it has none; `dyvms configure add NAME` adds one"));
}

#[test]
fn a_broken_file_is_an_error_with_its_position_and_stays() {
    for (text, expected) in [
        ("{\"current\": \"a\",\n\"profiles\": [}", "the file is broken JSON at line 2, column 14"),
        ("", "the file is empty"),
        ("[]", "the file is not a JSON object"),
        ("{\"profiles\": {}}", "profiles (line 1): expected a list of profiles, found an object"),
        ("{\"profiles\": [],} // x", "the file is broken JSON at line 1, column 17"),
    ] {
        for arguments in [&["list"][..], &["add", "n"], &["set", "a", "region_id=x"], &["use", "a"]] {
            let home = Home::with(text);
            let outcome = home.answer(arguments, "testid\ntestsecret\n");
            assert_eq!((outcome.status, outcome.output.as_str()), (Some(1), ""), "{}", outcome.notices);
            assert!(outcome.notices.contains(expected), "{}", outcome.notices);
            assert_eq!(home.text(), text);
        }
    }
}

#[test]
fn secrets_are_asked_for_last_and_written_in_the_usual_place() {
    let home = Home::new();
    let added = home.answer(&["add", "role", "--mode", "ramrolearn"], "testid\nacs:ram::1:role/x\ntestsecret\n");
    assert_eq!(added.status, Some(0), "{}", added.notices);
    let file: Value = serde_json::from_str(&home.text()).unwrap();
    let profile: Vec<(&String, &Value)> = file["profiles"][0].as_object().unwrap().iter().take(5).collect();
    let expected = [
        ("name", "role"),
        ("mode", "RamRoleArn"),
        ("access_key_id", "testid"),
        ("access_key_secret", "testsecret"),
        ("ram_role_arn", "acs:ram::1:role/x"),
    ];
    assert_eq!(
        profile.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect::<Vec<_>>(),
        expected
    );
}

#[test]
fn a_profile_that_cannot_be_used_yet_is_said_to_be_one() {
    let home = Home::with(FILE);
    let set = home.run(&["set", "work", "mode=RamRoleArn"]);
    let expected = "is changed, but it cannot be used yet: ram_role_arn is missing";
    assert!(set.status == Some(0) && set.notices.contains(expected), "{}", set.notices);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_file_that_cannot_be_written_stays() {
    let home = Home::with(FILE);
    let target = home.0.path().join("dotfiles.json");
    std::fs::rename(home.path(), &target).unwrap();
    std::os::unix::fs::symlink(&target, home.path()).unwrap();
    assert_eq!(home.run(&["use", "sso"]).status, Some(0));
    assert!(std::fs::symlink_metadata(home.path()).unwrap().is_symlink());
    assert_eq!(std::fs::read_to_string(&target).unwrap(), FILE.replace("\"work\",\n\t\"p", "\"sso\",\n\t\"p"));
    // The folder of the file cannot be created.
    let nowhere = Home::new();
    std::fs::write(nowhere.0.path().join(".aliyun"), "").unwrap();
    let failed = nowhere.answer(&["add", "a"], "testid\ntestsecret\n");
    assert!(
        failed.status == Some(1) && failed.notices.contains("cannot write ~/.aliyun/config.json"),
        "{}",
        failed.notices
    );
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_named_and_the_file_stays() {
    // More than fits before the disk is full.
    let large = FILE.replace("\"meta_path\": \"\"", &format!("\"meta_path\": \"{}\"", "x".repeat(5000)));
    let home = Home::with(&large);
    for arguments in [
        &["use", "sso"][..],
        &["set", "work", "region_id=cn-beijing"],
        &["add", "day", "--mode", "EcsRamRole", "ram_role_name=role"],
    ] {
        let full = outcome(limited(&home.command(arguments), 2));
        assert_eq!((full.status, full.output.as_str()), (Some(1), ""), "{}", full.notices);
        assert!(
            full.notices.starts_with("error: cannot write ~/.aliyun/config.json")
                && full.notices.contains("File too large"),
            "{}",
            full.notices
        );
        assert_eq!(home.text(), large, "{arguments:?}");
        let left: Vec<_> =
            std::fs::read_dir(home.path().parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["config.json"], "nothing is left of the new file");
    }
    // With room, the same command does it.
    assert_eq!(home.run(&["use", "sso"]).status, Some(0));
    assert_eq!(home.text(), large.replace("\"work\",\n\t\"p", "\"sso\",\n\t\"p"));
}
