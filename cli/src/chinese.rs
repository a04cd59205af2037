//! The help of the command line in Chinese: clap has one language only.
//!
//! [`translated`] replaces the texts of a command by those of [`texts`]. [`print()`] replaces what clap itself adds, such as
//! headings, and wraps lines: clap breaks them at spaces only, which Chinese does not have.

mod texts;

use std::io::{self, Write as _};

use clap::error::ErrorKind;
use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

use self::texts::{PAGES, Page};
use crate::language::Language;
use crate::lines;

/// Page of the options that every action of `call` has.
pub(crate) const CALL: &str = "call ACTION";

/// Page of the options that every action of `export` has.
pub(crate) const EXPORT: &str = "export ACTION";

/// Page of a call of an operation that the specification does not have.
pub(crate) const UNTYPED: &str = "call --untyped";

/// The whole command line with its texts in a language.
pub(crate) fn translated(command: Command, language: Language) -> Command {
    match language {
        Language::English => command,
        // Lines are wrapped when they are printed.
        Language::Chinese => tree(command, "").term_width(0),
    }
}

/// A command with the texts of one page in a language.
pub(crate) fn with_page(command: Command, path: &str, language: Language) -> Command {
    match (language, page(path)) {
        (Language::Chinese, Some(page)) => page_of(command, page).term_width(0),
        _ => command,
    }
}

fn page(path: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.path == path)
}

/// A command and those below it. Actions are created later, and have pages of their own.
fn tree(command: Command, path: &str) -> Command {
    let command = match page(path) {
        Some(page) => page_of(command, page),
        None => command,
    };
    command.mut_subcommands(|below| {
        let path = format!("{path} {}", below.get_name());
        tree(below, path.trim_start())
    })
}

fn page_of(command: Command, page: &'static Page) -> Command {
    let command = match page.about.split_once("\n\n") {
        Some((brief, _)) => command.about(brief).long_about(page.about),
        None if page.about.is_empty() => command,
        None => command.about(page.about),
    };
    command.mut_args(|argument| match page.text(argument.get_id().as_str()) {
        Some(text) => with_text(argument, text, page),
        None => argument,
    })
}

/// An argument with its text, and with those of its values. clap takes these from the type of the value, so they become a
/// part of the text here.
fn with_text(argument: Arg, text: &'static str, page: &'static Page) -> Arg {
    let values: Vec<(String, &'static str)> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .filter_map(|value| {
            let text = page.text(&format!("{}={}", argument.get_id(), value.get_name()))?;
            Some((value.get_name().to_owned(), text))
        })
        .collect();
    let brief = text.split_once("\n\n").map_or(text, |(brief, _)| brief);
    if values.is_empty() {
        return if brief == text { argument.help(text) } else { argument.help(brief).long_help(text) };
    }
    let names: Vec<&str> = values.iter().map(|(name, _)| name.as_str()).collect();
    let brief = format!("{brief} [可选值：{}]", names.join(", "));
    let width = names.iter().map(|name| name.len()).max().unwrap_or_default() + 1;
    let list = values.iter().map(|(name, text)| format!("\n- {:<width$} {text}", format!("{name}:")));
    let full = format!("{text}\n\n可选值：{}", list.collect::<String>());
    let candidates = move || {
        let candidate =
            |(name, text): &(String, &'static str)| CompletionCandidate::new(name).help(Some((*text).into()));
        values.iter().map(candidate).collect()
    };
    argument.hide_possible_values(true).help(brief).long_help(full).add(ArgValueCandidates::new(candidates))
}

/// What clap adds to a help, and what stands for it. A longer text comes before one that it begins with.
const OF_CLAP: &[(&str, &str)] = &[
    ("Usage:\x1b[0m ", "用法：\x1b[0m"),
    ("Commands:", "命令："),
    ("Actions:", "接口："),
    ("Arguments:", "参数："),
    ("Parameters:", "接口参数："),
    ("Options:", "选项："),
    ("[default: ", "[默认值："),
    ("[possible values: ", "[可选值："),
    ("[env: ", "[环境变量："),
    ("Print help (see more with '--help')", "显示帮助（--help 显示详细说明）"),
    ("Print help (see a summary with '-h')", "显示帮助（-h 显示摘要）"),
    ("Print help", "显示帮助"),
    ("Print version", "显示版本"),
    ("Print this message or the help of the given subcommand(s)", "显示本帮助，或指定命令的帮助"),
];

/// Prints an error of clap, or a help, which is not an error. The sentences of errors are clap's own, in English.
pub(crate) fn print(error: &clap::Error, language: Language) -> io::Result<()> {
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    if language == Language::English || !is_help {
        return error.print();
    }
    let text = help(&error.render().ansi().to_string(), lines::width());
    // These take the styles off again unless this is a terminal that wants them.
    if error.use_stderr() {
        anstream::stderr().lock().write_all(text.as_bytes())
    } else {
        anstream::stdout().lock().write_all(text.as_bytes())
    }
}

/// A rendered help in Chinese, wrapped for a width.
fn help(rendered: &str, width: usize) -> String {
    let chinese = OF_CLAP.iter().fold(rendered.to_owned(), |text, (english, chinese)| text.replace(english, chinese));
    lines::wrapped(&chinese, width)
}

#[cfg(test)]
mod tests;
