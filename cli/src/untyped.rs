//! `dyvms call <ACTION> --untyped`: calls of operations that the specification does not have.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Args as _, Command, FromArgMatches as _};

use crate::argument::{BEGINS_LIKE_AN_OPTION, is_hyphened, option};
use crate::failure::{Failure, exit_status};
use crate::language::Language;
use crate::request::Request;
use crate::{call, chinese, file_argument, foreign, params};

const SWITCH: &str = "--untyped";

/// The action and the arguments after it, if the command line has the switch, which may also come before the action.
pub(crate) fn call(arguments: &[OsString]) -> Option<(&str, &[OsString])> {
    let [_, command, arguments @ ..] = arguments else { return None };
    let [first, rest @ ..] = arguments else { return None };
    let (asked, arguments) = if first == SWITCH { (true, rest) } else { (false, arguments) };
    let [action, rest @ ..] = arguments else { return None };
    let asked = command == "call" && (asked || rest.iter().any(|argument| argument == SWITCH));
    action.to_str().filter(|action| asked && !action.starts_with('-')).map(|action| (action, rest))
}

/// Parses the arguments of such a call. Every argument that is not an option is a parameter.
pub(crate) fn parse(action: &str, arguments: &[OsString]) -> Result<(Request, call::Options), Failure> {
    let command = command();
    let mut options = vec![OsString::from("dyvms")];
    let mut parameters: Vec<(String, String)> = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let Some(text) = argument.to_str() else {
            return Err(Failure::Usage("an argument is not UTF-8".to_owned()));
        };
        if let Some(option) = option(&command, text) {
            options.push(argument.clone());
            if option.get_action().takes_values() && !has_value(text) {
                options.extend(rest.next().cloned());
            }
            continue;
        }
        if let Some(advice) = text.strip_prefix("--").and_then(foreign::advice) {
            return Err(Failure::Usage(advice));
        }
        let Some(name) = text.strip_prefix("--").filter(|name| !name.is_empty()) else {
            let what = if text.starts_with('-') {
                "unknown short option; write a parameter as --Name value"
            } else {
                "a value without a name; write --Name value, and quote values with spaces"
            };
            return Err(Failure::Usage(what.to_owned()));
        };
        let (name, value) = if let Some((name, value)) = name.split_once('=') {
            (name, value.to_owned())
        } else {
            (name, value(name, rest.next().map(OsString::as_os_str))?)
        };
        parameters.push((name.to_owned(), content(name, &value)?));
    }
    let options = call::Options::from_arg_matches(&command.try_get_matches_from(options)?)?;
    options.check(None)?;
    if let Some(path) = &options.params {
        let file = params::untyped(path)?;
        let given = |name: &str| parameters.iter().any(|(known, _)| known == name);
        let others: Vec<_> = file.into_iter().filter(|(name, _)| !given(name)).collect();
        parameters.extend(others);
    }
    Ok((Request::untyped(action.to_owned(), parameters), options))
}

/// The value of a parameter. Errors do not show it, since it may be a phone number.
fn value(name: &str, value: Option<&OsStr>) -> Result<String, Failure> {
    let refuse = |what: &str| Failure::Usage(format!("--{name} has no value{what}"));
    let Some(value) = value else { return Err(refuse("; write --Name value")) };
    let Some(value) = value.to_str() else { return Err(refuse(" that is UTF-8")) };
    if is_hyphened(value) {
        return Err(Failure::Usage(format!("--{name} {BEGINS_LIKE_AN_OPTION} --{name}=VALUE")));
    }
    Ok(value.to_owned())
}

/// What a value stands for.
fn content(name: &str, value: &str) -> Result<String, Failure> {
    file_argument::text(value).map_err(|why| Failure::Usage(format!("--{name}: {why}")))
}

/// Whether the word of an option contains its value: `--output=json`, `-ojson`.
fn has_value(text: &str) -> bool {
    if text.starts_with("--") { text.contains('=') } else { text.chars().count() > 2 }
}

/// The options of such a call, with its help.
pub(crate) fn command() -> Command {
    let switch = Arg::new("untyped").long("untyped").action(ArgAction::SetTrue);
    let explain = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let command = call::Options::augment_args(Command::new("dyvms"))
        .about("Call an operation that the specification does not have")
        .long_about(
            "Call an operation that the specification does not have.\n\n\
             Each --Name value is sent as a parameter, without checks and unchanged. Write --Name.1 for a list, and JSON \
             where the service expects JSON. A parameter with the name of one of the options below cannot be sent. There \
             are no retries, and the operation is treated as one that calls somebody: if its outcome is unknown, the exit \
             status is 5.",
        )
        .override_usage("dyvms call <ACTION> --untyped [--Name value]... [OPTIONS]")
        .after_help(exit_status())
        .max_term_width(100)
        .disable_help_flag(true)
        .arg(switch.help("Send parameters unchanged, even if the specification has the operation"))
        .arg(explain.help("Print this help"));
    chinese::with_page(command, chinese::UNTYPED, Language::current())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<(Request, call::Options), Failure> {
        let arguments: Vec<OsString> = ["dyvms", "call"].iter().chain(line).map(OsString::from).collect();
        let (action, rest) = call(&arguments).unwrap();
        parse(action, rest)
    }

    fn pairs(line: &[&str]) -> Vec<(String, String)> {
        match parsed(line) {
            Ok((request, _)) => request.pairs(),
            other => panic!("{line:?} is a call: {other:?}"),
        }
    }

    fn refused(line: &[&str]) -> String {
        match parsed(line) {
            Err(Failure::Usage(message)) => message,
            other => panic!("{line:?} is refused: {other:?}"),
        }
    }

    #[test]
    fn everything_that_is_not_an_option_is_a_parameter() {
        let expected = [("Name", "v"), ("a.1", "-5"), ("Json", "{\"a\": 1.00}"), ("Empty", ""), ("B", "--x=y")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let line =
            ["Xyz", "--Name", "v", "-ojson", "--a.1", "-5", "--untyped", "--timeout", "3", "--Json={\"a\": 1.00}"];
        let rest = ["-o", "csv", "--Empty", "", "--B=--x=y", "--no-retry", "-v"];
        assert_eq!(pairs(&[&line[..], &rest[2..]].concat()), expected);
        assert_eq!(pairs(&["Xyz", "--untyped"]), []);
        assert_eq!(pairs(&["--untyped", "Xyz", "--A", "1"]), [("A".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused_and_no_value_is_shown() {
        let name = "a value without a name; write --Name value, and quote values with spaces";
        assert_eq!(refused(&["Xyz", "--untyped", "13000000000"]), name);
        let short = "unknown short option; write a parameter as --Name value";
        assert_eq!(refused(&["Xyz", "--untyped", "-q"]), short);
        assert_eq!(refused(&["Xyz", "--untyped", "--Name"]), "--Name has no value; write --Name value");
        let hyphen = "--Name has no value, because an option follows; to pass that text as the value, \
                      write --Name=VALUE";
        assert_eq!(refused(&["Xyz", "--untyped", "--Name", "-a"]), hyphen);
        let all = "--all needs to know the pages, which --untyped does not: leave out one of them";
        assert_eq!(refused(&["Xyz", "--untyped", "--all"]), all);
        assert!(matches!(parsed(&["Xyz", "--untyped", "--timeout", "x"]), Err(Failure::CommandLine(_))));
    }
}
