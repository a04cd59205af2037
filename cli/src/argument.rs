//! Words of a command line: whether one is an option, and which one.

use clap::{Arg, Command};

/// The middle of an error. The name of the parameter comes before it; the name with the value comes after it.
pub(crate) const BEGINS_LIKE_AN_OPTION: &str =
    "has no value, because an option follows; to pass that text as the value, write";

/// Whether a value looks like an option. A negative number does not if clap accepts it as a number, which it does not do
/// for `-inf`, `-.5` and `-1E+5`.
pub(crate) fn is_hyphened(value: &str) -> bool {
    let Some(rest) = value.strip_prefix('-').filter(|rest| !rest.is_empty()) else { return false };
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'e');
    !rest.starts_with(|first: char| first.is_ascii_digit()) || !rest.bytes().all(plain) || rest.parse::<f64>().is_err()
}

/// The option that a word names: `--output`, `--output=json`, `-o` or `-ojson`.
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
