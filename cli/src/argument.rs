//! Single words of a command line: whether one is an option, and which.

use clap::{Arg, Command};

/// Follows the name of a parameter; the name and the value follow it.
pub(crate) const BEGINS_LIKE_AN_OPTION: &str =
    "has no value, because what follows it begins like an option; if it is meant as the value, write";

/// Whether a value could be an option. A negative number is none, if the reader of the command line takes it as one: it
/// does not know `-inf`, `-.5` and `-1E+5`.
pub(crate) fn is_hyphened(value: &str) -> bool {
    let Some(rest) = value.strip_prefix('-').filter(|rest| !rest.is_empty()) else { return false };
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e');
    !rest.starts_with(|first: char| first.is_ascii_digit()) || !rest.bytes().all(plain) || rest.parse::<f64>().is_err()
}

/// The argument that a word names: `--output`, `--output=json`, `-o` or `-ojson`.
pub(crate) fn option<'c>(command: &'c Command, word: &str) -> Option<&'c Arg> {
    let long = word.strip_prefix("--").map(|name| name.split('=').next().unwrap_or_default());
    let short = word.strip_prefix('-').and_then(|name| name.chars().next());
    command.get_arguments().find(|argument| match long {
        Some(long) => {
            argument.get_long() == Some(long) || argument.get_all_aliases().unwrap_or_default().contains(&long)
        }
        None => short.is_some() && argument.get_short() == short,
    })
}
