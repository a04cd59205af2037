use std::collections::BTreeSet;

use clap::builder::PossibleValue;

use super::texts::Page;
use super::*;

/// Whether a text has a Chinese character.
fn is_chinese(text: &(impl ToString + ?Sized)) -> bool {
    text.to_string().chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
}

/// What the pages are for: commands with their paths. Actions have the parameters of the specification, too.
fn commands(language: Language) -> Vec<(String, Command)> {
    let list = || Command::new("QueryRobotTaskCallList");
    let mut all: Vec<(String, Command)> = [
        (UNTYPED, crate::untyped::command()),
        (CALL, crate::command::with_arguments(list())),
        (EXPORT, crate::export::with_arguments(list())),
    ]
    .map(|(path, command)| (path.to_owned(), with_page(command, path, language)))
    .into();
    let mut open = vec![(String::new(), translated(crate::command::command(), language))];
    while let Some((path, command)) = open.pop() {
        let below = command.get_subcommands().filter(|below| !below.is_hide_set());
        open.extend(below.map(|below| (format!("{path} {}", below.get_name()).trim_start().to_owned(), below.clone())));
        all.push((path, command));
    }
    all
}

/// The arguments that a help shows, other than the parameters of an action.
fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set() && argument.get_help_heading() != Some("Parameters"))
}

/// The values of an argument that have a text.
fn values(argument: &Arg) -> Vec<PossibleValue> {
    argument
        .get_possible_values()
        .into_iter()
        .filter(|value| !value.is_hide_set() && value.get_help().is_some())
        .collect()
}

#[test]
fn every_command_argument_and_value_has_a_chinese_text() {
    let mut missing = Vec::new();
    let mut count = 0;
    for ((path, english), (_, chinese)) in commands(Language::English).into_iter().zip(commands(Language::Chinese)) {
        // The specification has the summaries of actions.
        if ![CALL, EXPORT].contains(&path.as_str()) {
            let texts = [english.get_long_about(), chinese.get_long_about()];
            let has_details = texts[0].is_none() || texts[1].is_some_and(is_chinese);
            if !chinese.get_about().is_some_and(is_chinese) || !has_details {
                missing.push(format!("dyvms {path}"));
            }
        }
        for (english, chinese) in arguments(&english).zip(arguments(&chinese)) {
            assert_eq!(english.get_id(), chinese.get_id(), "the order of arguments stays");
            count += 1;
            let help = chinese.get_help().map(ToString::to_string).unwrap_or_default();
            let details = chinese.get_long_help().map(ToString::to_string);
            let has_details = english.get_long_help().is_none() || details.as_deref().is_some_and(is_chinese);
            if !is_chinese(&help) || !has_details {
                missing.push(format!("dyvms {path}: {}", english.get_id()));
            }
            for value in values(english) {
                let shown = details.as_deref().unwrap_or_default().lines();
                let mark = format!("- {}: ", value.get_name());
                if !shown.into_iter().any(|line| line.starts_with(&mark) && is_chinese(line)) {
                    missing.push(format!("dyvms {path}: {}={}", english.get_id(), value.get_name()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "chinese/texts.rs has no text for {missing:#?}");
    assert!(count > 100, "{count}");
}

#[test]
fn every_text_is_used() {
    let commands = commands(Language::English);
    let mut paths = BTreeSet::new();
    for Page { path, arguments: texts, .. } in PAGES {
        assert!(paths.insert(*path), "there are two pages for dyvms {path}");
        let (_, command) = commands.iter().find(|(known, _)| known == path).unwrap_or_else(|| panic!("dyvms {path}"));
        let mut keys = BTreeSet::new();
        for argument in arguments(command) {
            keys.insert(argument.get_id().to_string());
            keys.extend(values(argument).iter().map(|value| format!("{}={}", argument.get_id(), value.get_name())));
        }
        let mut used = BTreeSet::new();
        for (key, _) in texts.iter().copied().flatten() {
            assert!(keys.contains(*key), "dyvms {path} has no {key}");
            assert!(used.insert(*key), "dyvms {path} has {key} twice");
        }
    }
}

/// clap may change its words. Then these are to be changed, too.
#[test]
fn what_clap_adds_is_replaced_and_lines_fit() {
    let mut found = BTreeSet::new();
    for (path, command) in commands(Language::Chinese) {
        let mut command = command.term_width(0);
        for rendered in [command.render_help(), command.render_long_help()] {
            let rendered = rendered.ansi().to_string();
            found.extend(OF_CLAP.iter().map(|(english, _)| *english).filter(|english| rendered.contains(english)));
            let shown = anstream::adapter::strip_str(&help(&rendered, 80)).to_string();
            for line in shown.lines() {
                assert!(
                    unicode_width::UnicodeWidthStr::width(line) <= 80 || !line.trim().contains(' '),
                    "{path}: {line}"
                );
            }
            for word in ["Usage", "Options", "Commands", "Arguments", "Print ", "[default: ", "values:", "[env: "] {
                assert!(!shown.contains(word), "{word} in {path}: {shown}");
            }
        }
    }
    let all: BTreeSet<&str> = OF_CLAP.iter().map(|(english, _)| *english).collect();
    assert_eq!(found, all);
}
