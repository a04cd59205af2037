//! `dyvms call <ACTION> --untyped`: operations that the specification does not have.

use std::ffi::{OsStr, OsString};

use clap::{Arg, ArgAction, Args as _, Command, FromArgMatches as _};

use crate::argument::{BEGINS_LIKE_AN_OPTION, is_hyphened, option};
use crate::call;
use crate::failure::Failure;
use crate::request::Request;

const SWITCH: &str = "--untyped";

/// The action and the arguments behind it, if the command line asks for such a call. The switch may stand before the
/// action too.
pub(crate) fn call(arguments: &[OsString]) -> Option<(&str, &[OsString])> {
    let [_, command, arguments @ ..] = arguments else { return None };
    let [first, rest @ ..] = arguments else { return None };
    let (asked, arguments) = if first == SWITCH { (true, rest) } else { (false, arguments) };
    let [action, rest @ ..] = arguments else { return None };
    let asked = command == "call" && (asked || rest.iter().any(|argument| argument == SWITCH));
    action.to_str().filter(|action| asked && !action.starts_with('-')).map(|action| (action, rest))
}

/// Reads the arguments of such a call: whatever is not an option is a parameter.
pub(crate) fn parse(action: &str, arguments: &[OsString]) -> Result<(Request, call::Options), Failure> {
    let command = command();
    let mut options = vec![OsString::from("dyvms")];
    let mut parameters = Vec::new();
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
        let Some(name) = text.strip_prefix("--").filter(|name| !name.is_empty()) else {
            let what = if text.starts_with('-') {
                "unknown short option; give a parameter as --Name value"
            } else {
                "a value follows no name; write --Name value, and quote a value that has blanks"
            };
            return Err(Failure::Usage(what.to_owned()));
        };
        parameters.push(match name.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (name.to_owned(), value(name, rest.next().map(OsString::as_os_str))?),
        });
    }
    let options = call::Options::from_arg_matches(&command.try_get_matches_from(options)?)?;
    if options.all {
        return Err(Failure::Usage(
            "--all turns pages, and --untyped does not know how: leave one of them out".to_owned(),
        ));
    }
    options.check()?;
    Ok((Request::untyped(action.to_owned(), parameters), options))
}

/// What is sent is not shown: nothing tells whether it is a number of a person.
fn value(name: &str, value: Option<&OsStr>) -> Result<String, Failure> {
    let refuse = |what: &str| Failure::Usage(format!("--{name} has no value{what}"));
    let Some(value) = value else { return Err(refuse("; write --Name value")) };
    let Some(value) = value.to_str() else { return Err(refuse(" that is UTF-8")) };
    if is_hyphened(value) {
        return Err(Failure::Usage(format!("--{name} {BEGINS_LIKE_AN_OPTION} --{name}=VALUE")));
    }
    Ok(value.to_owned())
}

/// Whether an option brings its value with it: `--output=json`, `-ojson`.
fn has_value(text: &str) -> bool {
    if text.starts_with("--") { text.contains('=') } else { text.chars().count() > 2 }
}

/// The options of such a call, and its help.
pub(crate) fn command() -> Command {
    let switch = Arg::new("untyped").long("untyped").action(ArgAction::SetTrue);
    let explain = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    call::Options::augment_args(Command::new("dyvms"))
        .about("Calls an operation that the specification does not have")
        .long_about(
            "Calls an operation that the specification does not have.\n\n\
             Each --Name value is sent as a parameter of that name, unchecked and unchanged: Name.1 for lists, JSON text \
             where the service takes JSON. A name of one of the options below cannot be sent. The request is attempted \
             once, and as if it rang somebody: where its outcome is not known, the exit status is 5.",
        )
        .override_usage("dyvms call <ACTION> --untyped [--Name value]... [OPTIONS]")
        .after_help(crate::failure::EXIT_STATUS)
        .max_term_width(100)
        .disable_help_flag(true)
        .arg(switch.help("Sends parameters as they are, whether the specification has the operation or not"))
        .arg(explain.help("Explains such calls"))
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
    fn whatever_is_not_an_option_is_a_parameter() {
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
        let name = "a value follows no name; write --Name value, and quote a value that has blanks";
        assert_eq!(refused(&["Xyz", "--untyped", "13000000000"]), name);
        let short = "unknown short option; give a parameter as --Name value";
        assert_eq!(refused(&["Xyz", "--untyped", "-q"]), short);
        assert_eq!(refused(&["Xyz", "--untyped", "--Name"]), "--Name has no value; write --Name value");
        let hyphen = "--Name has no value, because what follows it begins like an option; if it is meant as the value, \
                      write --Name=VALUE";
        assert_eq!(refused(&["Xyz", "--untyped", "--Name", "-a"]), hyphen);
        let all = "--all turns pages, and --untyped does not know how: leave one of them out";
        assert_eq!(refused(&["Xyz", "--untyped", "--all"]), all);
        assert!(matches!(parsed(&["Xyz", "--untyped", "--timeout", "x"]), Err(Failure::CommandLine(_))));
    }
}
