//! Arguments of a command line: those of an operation, and whether a word is one.

use aliyun_api_spec::model::Operation;
use aliyun_api_spec::types::Types;
use clap::{Arg, Command};

use crate::language::text;
use crate::request::{self, PAGE_SIZE};
use crate::{candidates, parameter, params, spec};

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

/// Options that `call` has or will have. A parameter with such a name has no alias, only its wire name, such as
/// `--Timeout`.
pub(crate) const RESERVED: &[&str] = &[
    "all",
    "bom",
    "ca",
    "columns",
    "dry-run",
    "endpoint",
    "every",
    "force",
    "help",
    "limit",
    "local",
    "no-retry",
    "nonce",
    "out",
    "output",
    "params",
    "plain-csv",
    "profile",
    "query",
    "region",
    "show-sensitive",
    "signature",
    "timeout",
    "timestamp",
    "until",
    "until-timeout",
    "untyped",
    "verbose",
    "version",
    "vpc",
    "yes",
];

/// Adds the parameters of an operation. One that paging sets is not needed where one of `paging` is given; an empty list
/// means that it never is.
pub(crate) fn with_parameters(command: Command, operation: &'static Operation, paging: &[&'static str]) -> Command {
    let types = Types::of(operation, spec::service());
    let size = operation.pagination.as_ref().and_then(|pagination| pagination.size.as_deref());
    let parameters = operation.parameters.iter().map(|field| {
        let argument = candidates::with_values(parameter::argument(field, types), field, types)
            .required(field.required)
            .help_heading("Parameters");
        let turned = request::position_path(operation) == Some(field.wire_name.as_str());
        let argument = match (field.required, turned, paging) {
            (false, _, _) => argument,
            (true, true, []) => argument.required(false),
            (true, true, paging) => argument.required(false).required_unless_present_any(paging.iter().copied()),
            (true, false, _) => argument.required(false).required_unless_present(params::ID),
        };
        let argument = with_alias(argument, &field.rust_name);
        let sizes = size == Some(field.wire_name.as_str())
            && argument.get_all_aliases().is_none_or(|known| !known.contains(&PAGE_SIZE));
        if sizes { argument.alias(PAGE_SIZE) } else { argument }
    });
    let common = spec::service().common_parameters.iter().map(|field| parameter::argument(field, types).hide(true));
    let inner = size.filter(|path| path.contains('.')).map(|path| {
        let range = clap::value_parser!(i64).range(1..);
        let help = text!("Number of items per page: {path} of the parameter", "每页的条目数，即参数中的 {path}");
        Arg::new(PAGE_SIZE)
            .long(PAGE_SIZE)
            .value_name("INTEGER")
            .help(help)
            .value_parser(range)
            .help_heading("Parameters")
    });
    command.args(parameters).args(inner).args(common)
}

/// Accepts `--task-id` for `--TaskId`.
fn with_alias(argument: Arg, rust_name: &str) -> Arg {
    let alias = rust_name.replace('_', "-");
    if RESERVED.contains(&alias.as_str()) || argument.get_long() == Some(alias.as_str()) {
        return argument;
    }
    argument.alias(alias)
}
