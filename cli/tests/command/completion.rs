//! `dyvms completions` and `dyvms man`: what a shell is offered, and the manual pages.

use std::process::Command;

use tempfile::TempDir;

use crate::support::{command, outcome, refused};

/// What a shell is offered for the last word of a command line.
fn offered(shell: &str, words: &[&str], home: Option<&TempDir>) -> Vec<String> {
    let mut command = command(&[&["--", "dyvms"], words].concat());
    command.env("DYVMS_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", words.len().to_string()).env("_CLAP_IFS", "\n");
    if let Some(home) = home {
        command.env("HOME", home.path());
    }
    let outcome = outcome(command);
    assert_eq!((outcome.status, outcome.notices.as_str()), (Some(0), ""), "{words:?}");
    outcome.output.lines().map(str::to_owned).collect()
}

#[test]
fn every_shell_is_offered_what_the_specification_knows() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        // Some shells get a description, too.
        let begins = |words: &[&str]| -> Vec<String> {
            let offered = offered(shell, words, None);
            offered.iter().map(|line| line.split(['\t', ':']).next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(begins(&["call", "CancelC"]), ["CancelCall"], "{shell}");
        assert_eq!(begins(&["call", "CancelCall", "--CallI"]), ["--CallId"], "{shell}");
        assert_eq!(begins(&["export", "QueryRobotTaskCallL"]), ["QueryRobotTaskCallList"], "{shell}");
        assert_eq!(begins(&["call", "QueryRobotTaskCallList", "--HangupDirection", ""]), ["0", "1"], "{shell}");
        assert_eq!(begins(&["describe", "CallStatusC"]), ["CallStatusCode"], "{shell}");
        assert_eq!(begins(&["explain", "isv.BUSINESS_LIMIT_C"]), ["isv.BUSINESS_LIMIT_CONTROL"], "{shell}");
        assert_eq!(begins(&["doct"]), ["doctor"], "{shell}");
        // Nothing is known of the words of a line that is wrong.
        assert_eq!(begins(&["call", "Nothing", "--x"]), [""; 0], "{shell}");
    }
}

#[test]
fn profiles_and_their_members_are_offered() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(offered("bash", &["configure", "use", ""], Some(&home)), ["--help"]);
    std::fs::create_dir(home.path().join(".aliyun")).unwrap();
    let file = r#"{"profiles": [{"name": "work", "mode": "AK", "access_key_secret": "testsecret"}, {"name": "web"}]}"#;
    std::fs::write(home.path().join(".aliyun/config.json"), file).unwrap();
    for words in [
        &["configure", "use", "w"][..],
        &["configure", "set", "w"],
        &["doctor", "--profile", "w"],
        &["call", "CancelCall", "--profile", "w"],
    ] {
        assert_eq!(offered("bash", words, Some(&home)), ["work", "web"], "{words:?}");
    }
    assert_eq!(
        offered("bash", &["configure", "set", "work", "access-key"], None),
        ["access_key_id=", "access_key_secret"]
    );
    assert_eq!(offered("bash", &["configure", "add", "x", "--mode", "Ecs"], None), ["EcsRamRole"]);
    std::fs::write(home.path().join(".aliyun/config.json"), "{").unwrap();
    assert_eq!(offered("bash", &["configure", "use", "w"], Some(&home)), [""; 0], "a broken file is no hindrance");
}

#[test]
fn another_service_is_completed_from_its_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/other_product/spec");
    let actions = offered("bash", &["--spec", folder, "call", ""], None);
    assert!(!actions.is_empty() && !actions.iter().any(|action| action == "CancelCall"), "{actions:?}");
}

#[cfg(unix)]
#[test]
fn the_script_for_bash_works_in_bash() {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_dyvms"));
    let path = std::env::join_paths(
        std::iter::once(program.parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let script = "eval \"$(dyvms completions bash)\"; COMP_LINE='dyvms call CancelC'; \
                  COMP_WORDS=(dyvms call CancelC); COMP_CWORD=2; _dyvms dyvms CancelC call; echo \"${COMPREPLY[*]}\"; complete -p dyvms";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script]).env("PATH", path.unwrap());
    let outcome = outcome(bash);
    let mut lines = outcome.output.lines();
    assert_eq!(lines.next(), Some("CancelCall"), "{}", outcome.notices);
    assert!(lines.next().unwrap_or_default().contains("-F _dyvms dyvms"), "{}", outcome.output);
}

#[test]
fn each_shell_has_a_script_and_others_are_refused() {
    for (shell, expected) in [
        ("bash", "_clap_complete_dyvms()"),
        ("zsh", "#compdef dyvms"),
        ("fish", "complete --keep-order --exclusive --command dyvms"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let script = outcome(command(&["completions", shell])).output;
        assert!(script.contains(expected) && script.contains("DYVMS_COMPLETE"), "{script}");
    }
    let script = outcome(command(&["completions", "powershell"])).output;
    let (guard, evaluation) = (script.find("{ return }"), script.find("Invoke-Expression"));
    assert!(guard.is_some() && guard < evaluation, "{script}");
    assert!(refused(&["completions", "csh"]).contains("[possible values: bash, zsh, fish, powershell]"));
    assert!(refused(&["completions"]).contains("<SHELL>"));
}

#[test]
fn every_command_and_action_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("man1");
    let target = target.to_str().unwrap();
    for _ in 0..2 {
        let written = outcome(command(&["man", target]));
        assert_eq!((written.status, written.output.as_str()), (Some(0), ""), "{}", written.notices);
    }
    let page = |name: &str| std::fs::read_to_string(format!("{target}/{name}.1")).unwrap();
    assert!(page("dyvms").contains("dyvms\\-doctor(1)"), "{}", page("dyvms"));
    assert!(page("dyvms-call-CancelCall").contains("\\-\\-CallId"));
    assert!(page("dyvms-configure-add").contains("\\-\\-mode"));
    let actions = std::fs::read_dir(target).unwrap().flatten();
    let actions = actions.filter(|entry| entry.file_name().to_string_lossy().starts_with("dyvms-call-"));
    assert_eq!(actions.count(), 159);

    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let failed = outcome(command(&["man", file.to_str().unwrap()]));
    assert!(failed.status == Some(1) && failed.notices.contains("cannot write to "), "{}", failed.notices);
}
