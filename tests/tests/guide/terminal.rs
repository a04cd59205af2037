//! The examples of docs/cli.md in a real terminal: what its screen shows, at both widths and in both languages.
//!
//! The commands come from the guide itself. Review changes with `cargo insta review`, or look at the `.snap` files in git.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::path::Path;

use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use unicode_width::UnicodeWidthStr as _;

use super::{AT_A_SHELL, blocks, executable};

/// More lines than any example shows, so that nothing leaves the screen.
const ROWS: u16 = 400;

/// What the screen of a terminal shows after a command. A line that is too long for it is one line here, too.
fn screen(arguments: &[String], folder: &Path, columns: u16) -> String {
    let size = PtySize { rows: ROWS, cols: columns, pixel_width: 0, pixel_height: 0 };
    let terminal = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(executable("dyvms"));
    command.args(arguments);
    command.cwd(folder);
    command.env_clear();
    command.env("HOME", folder);
    for (name, value) in [("LANG", "C"), ("TERM", "xterm-256color"), ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true")] {
        command.env(name, value);
    }
    let mut child = terminal.slave.spawn_command(command).unwrap();
    // The last one that has it open is the command, whose end is then that of the output.
    drop(terminal.slave);
    let mut output = terminal.master.try_clone_reader().unwrap();
    let mut keyboard = terminal.master.take_writer().unwrap();
    let [rows, columns] = [ROWS, columns].map(|size| NonZeroU16::new(size).unwrap());
    let mut screen = vt100::Parser::new(rows, columns, 0);
    let mut bytes = [0; 4096];
    let mut is_asked = false;
    while let Ok(count @ 1..) = output.read(&mut bytes) {
        screen.process(&bytes[..count]);
        if !is_asked && screen.screen().contents().trim_end().ends_with("[y/N]") {
            is_asked = true;
            keyboard.write_all(b"n\n").unwrap();
        }
    }
    child.wait().unwrap();
    let shown = screen.screen().contents();
    // The screen has no end, and no spaces at the ends of its lines.
    shown.trim_end().lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// Whether a line may be wider than the terminal: JSON is data, and an error is copied.
fn may_be_wide(line: &str, command: &str) -> bool {
    command.contains(" -o json") || line.starts_with("error: ")
}

/// Runs the examples of the guide, and returns the screens after them.
fn screens(columns: u16, language: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut screens = String::new();
    for block in blocks(AT_A_SHELL) {
        match block.language {
            "jsonl" => std::fs::write(folder.path().join(block.file().unwrap()), block.content).unwrap(),
            "console" => {
                for (command, _) in block.commands() {
                    let mut arguments = shlex::split(command.strip_prefix("dyvms ").unwrap()).unwrap();
                    if language != "en" && arguments[0] != "--lang" {
                        arguments.splice(..0, ["--lang", language].map(str::to_owned));
                    }
                    let shown = screen(&arguments, folder.path(), columns);
                    check(command, &shown, columns);
                    screens.extend(["$ ", command, "\n", &shown, "\n"]);
                }
            }
            _ => {}
        }
    }
    screens
}

/// Lines fit the terminal, columns of tables are straight, and a note says if a cell was shortened.
fn check(command: &str, shown: &str, columns: u16) {
    for line in shown.lines().filter(|line| !may_be_wide(line, command)) {
        assert!(line.width() <= usize::from(columns), "{columns} columns, {command}: {line}");
    }
    let table: Vec<&str> = shown.lines().filter(|line| line.starts_with('|')).collect();
    for line in &table {
        assert!(line.ends_with('|') && line.width() == table[0].width(), "{columns} columns, {command}: {shown}");
    }
    let is_shortened = table.iter().any(|line| line.contains('…'));
    let is_said = ["shortened", "截短"].iter().any(|word| shown.contains(word));
    assert_eq!(is_shortened, is_said, "{columns} columns, {command}: {shown}");
}

fn snapshot(columns: u16, language: &str) -> String {
    let screens = screens(columns, language);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../snapshots/guide");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("{columns}-{language}"), screens));
    screens
}

#[test]
fn the_examples_at_a_shell_fit_80_columns() {
    let screens = snapshot(80, "en");
    assert_eq!(screens.matches("\n$ ").count() + 1, 16, "every example of the guide is run");
    assert!(
        screens.contains("\nnote: no room for 1 column, from lastChange on; -o json shows everything\n"),
        "{screens}"
    );
}

#[test]
fn the_examples_at_a_shell_fit_120_columns() {
    assert!(!snapshot(120, "en").contains("no room"), "everything has room");
}

#[test]
fn the_examples_at_a_shell_fit_80_columns_in_chinese() {
    let screens = snapshot(80, "zh");
    assert!(screens.contains("\nnote: 从 最近变化 起有 1 列放不下；-o json 显示全部内容\n"), "{screens}");
}

#[test]
fn the_examples_at_a_shell_fit_120_columns_in_chinese() {
    assert!(!snapshot(120, "zh").contains("放不下"), "everything has room");
}
