//! The command line, and the task that it asks for.

use std::ffi::OsString;

use aliyun_api_spec::model::Operation;
use aliyun_api_spec::suggest;
use aliyun_api_spec::types::{Sensitivity, Types};
use aliyun_protocol::visible::is_invisible;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, ValueHint};

use crate::argument::{BEGINS_LIKE_AN_OPTION, is_hyphened, option, with_parameters};
#[cfg(feature = "explorer")]
use crate::explore;
use crate::failure::{Failure, exit_status};
use crate::language::{Language, pick};
use crate::params;
use crate::request::Request;
use crate::{
    call, candidates, catalogue, chinese, completion, configure, doctor, emulator, explain, export, file_argument,
    foreign, help, lines, man, openapi, receipts, spec, terminal, untyped,
};

/// The task of a command line.
#[derive(Debug)]
pub(crate) enum Task {
    /// Call an operation.
    Call(Request, call::Options),
    /// Write all items of a list to a file.
    Export(Request, export::Options),
    /// Serve an emulator.
    Emulator(emulator::Options),
    /// List operations.
    Operations(catalogue::Search),
    /// Describe an operation or a type.
    Describe(catalogue::Describe),
    /// Change the profiles.
    Configure(configure::Options),
    /// Check the machine.
    Doctor(doctor::Options),
    /// Print a script for a shell.
    Completions(completion::Options),
    /// Write manual pages.
    Man(man::Options),
    /// Explain codes.
    Explain(explain::Options),
    /// Serve the explorer.
    #[cfg(feature = "explorer")]
    Explore(explore::Options),
    /// Write an OpenAPI document.
    OpenApi(openapi::Options),
    /// Receive receipts, or show them.
    Receipts(receipts::Options),
}

/// Heading of the options that every action has. It is set explicitly, so that they come after the parameters.
const OPTIONS: &str = "Options";

/// Parses a command line.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Task, Failure> {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    spec::take(&mut arguments)?;
    if let Some((action, rest)) = untyped::call(&arguments) {
        let (request, options) = untyped::parse(action, rest)?;
        return Ok(Task::Call(request, options));
    }
    let matches = command().try_get_matches_from(&arguments).map_err(|error| hyphened(&arguments, error))?;
    match matches.subcommand() {
        Some(("call", matches)) => parse_call(matches),
        Some(("export", matches)) => parse_export(matches),
        Some(("emulator", matches)) => Ok(Task::Emulator(emulator::Options::from_arg_matches(matches)?)),
        Some(("operations", matches)) => Ok(Task::Operations(catalogue::Search::from_arg_matches(matches)?)),
        Some(("describe", matches)) => Ok(Task::Describe(catalogue::Describe::from_arg_matches(matches)?)),
        Some(("receipts", matches)) => Ok(Task::Receipts(receipts::Options::from_arg_matches(matches)?)),
        Some(("configure", matches)) => Ok(Task::Configure(configure::Options::from_arg_matches(matches)?)),
        Some(("doctor", matches)) => Ok(Task::Doctor(doctor::Options::from_arg_matches(matches)?)),
        Some(("completions", matches)) => Ok(Task::Completions(completion::Options::from_arg_matches(matches)?)),
        Some(("man", matches)) => Ok(Task::Man(man::Options::from_arg_matches(matches)?)),
        Some(("explain", matches)) => Ok(Task::Explain(explain::Options::from_arg_matches(matches)?)),
        #[cfg(feature = "explorer")]
        Some(("explore", matches)) => Ok(Task::Explore(explore::Options::from_arg_matches(matches)?)),
        Some(("openapi", matches)) => Ok(Task::OpenApi(openapi::Options::from_arg_matches(matches)?)),
        _ => Err(Failure::Usage("no command is given".to_owned())),
    }
}

fn parse_call(matches: &ArgMatches) -> Result<Task, Failure> {
    let Some((action, matches)) = matches.subcommand() else {
        return Err(Failure::Usage("no action is given".to_owned()));
    };
    let Some(operation) = spec::service().operation(action) else {
        return Err(Failure::Usage(unknown_action(action)));
    };
    let options = call::Options::from_arg_matches(matches)?;
    options.check(Some(operation))?;
    Ok(Task::Call(Request::of(operation, matches, options.is_paged())?, options))
}

fn parse_export(matches: &ArgMatches) -> Result<Task, Failure> {
    let Some((action, matches)) = matches.subcommand() else {
        return Err(Failure::Usage("no action is given".to_owned()));
    };
    let operation = spec::service().operation(action);
    let Some(operation) = operation.filter(|operation| operation.pagination.is_some()) else {
        return Err(Failure::Usage(export::not_a_list(action, operation)));
    };
    let options = export::Options::from_arg_matches(matches)?;
    Ok(Task::Export(Request::of(operation, matches, true)?, options))
}

fn unknown_action(action: &str) -> String {
    let actions = spec::service().operations.iter().map(|operation| operation.action.as_str());
    let hint = match suggest::nearest(action, actions) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "`dyvms call --help` lists them;".to_owned(),
    };
    format!("the specification has no action \"{action}\"; {hint} --untyped calls an operation that it does not have")
}

/// Explains parameters that are missing, how to write a value that looks like an option, and what an option of another command is called here.
fn hyphened(arguments: &[OsString], error: clap::Error) -> Failure {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let advice = match error.kind() {
        ErrorKind::UnknownArgument => {
            context(ContextKind::InvalidArg).and_then(|argument| match argument.strip_prefix("--") {
                Some(name) => foreign::advice(name.split('=').next().unwrap_or(name)),
                None => foreign::output_advice(argument).map(str::to_owned),
            })
        }
        ErrorKind::InvalidValue => {
            context(ContextKind::InvalidValue).and_then(foreign::output_advice).map(str::to_owned)
        }
        _ => None,
    };
    if let Some(advice) = advice {
        return Failure::Usage(advice);
    }
    let action = arguments.get(2).and_then(|action| action.to_str());
    let Some(operation) = action.and_then(|action| spec::service().operation(action)).filter(|_| error.use_stderr())
    else {
        return error.into();
    };
    if error.kind() == ErrorKind::MissingRequiredArgument
        && let Some(message) = missing(operation, &error)
    {
        return Failure::Usage(message);
    }
    let command = describe(Command::new(operation.action.as_str()), operation);
    for pair in arguments.windows(2).skip(3) {
        let [Some(name), Some(value)] = [&pair[0], &pair[1]].map(|argument| argument.to_str()) else { continue };
        // With an equals sign, the name has its value.
        if name.contains('=') {
            continue;
        }
        let field = option(&command, name).and_then(Arg::get_long).and_then(|name| operation.parameter(name));
        let Some(field) = field.filter(|_| is_hyphened(value)) else { continue };
        let sensitivity = Types::of(operation, spec::service()).sensitivity(&field.shape);
        let is_shown = sensitivity == Sensitivity::None && !value.contains(is_invisible);
        let shown = if is_shown { help::quoted(value) } else { "VALUE".into() };
        return Failure::Usage(format!("{name} {BEGINS_LIKE_AN_OPTION} {name}={shown}"));
    }
    error.into()
}

/// The parameters that a call of an operation needs too, as its help describes them. `None` if something else is missing.
fn missing(operation: &'static Operation, error: &clap::Error) -> Option<String> {
    let Some(ContextValue::Strings(arguments)) = error.get(ContextKind::InvalidArg) else { return None };
    let types = Types::of(operation, spec::service());
    let mut message = format!("{} needs these parameters, too:", operation.action);
    for argument in arguments {
        let name = argument.strip_prefix("--")?.split([' ', '=']).next()?;
        let text = help::argument(operation.parameter(name)?, types).full;
        message.extend(["\n  ", argument]);
        let text: String = text.lines().flat_map(|line| ["\n      ", line]).collect();
        message.push_str(lines::fitted(&text, 0, terminal::note_width()).trim_end());
    }
    if let Some(call) = help::example_call(operation) {
        message.extend(["\nExample:\n", &call]);
    }
    Some(message)
}

/// Where a new user begins, for the help.
fn beginning() -> &'static str {
    pick(
        "Where to begin:
  an error or a code          dyvms explain 'ERROR OR CODE'
  a call that did not arrive  dyvms operations outcome call, and what it shows;
                              with receipts in a file: dyvms receipts show FILE
  a new machine               dyvms configure add NAME, then dyvms doctor
  a test without an account   dyvms call ACTION --local",
        Some(
            "从这里开始：
  错误信息、错误码或呼叫状态  dyvms explain '错误信息或错误码'
  电话没有打通                dyvms operations 呼叫 结果，再运行它给出的调用；若回执保存在文件中：dyvms receipts show FILE
  新机器                      dyvms configure add NAME，然后 dyvms doctor
  没有账号时试用              dyvms call ACTION --local",
        ),
    )
}

/// The whole command line, in the language of this run. Actions are created only for `call` and `export`, since that needs the specification, and the
/// arguments of an action only for a call of this action or its help.
pub(crate) fn command() -> Command {
    chinese::translated(english(), Language::current())
}

fn english() -> Command {
    let call = Command::new("call")
        .about("Call an operation of the service and show the response")
        .long_about(format!(
            "Call an operation of the service and show the response.\n\n\
             Credentials are looked up in this order: the environment variables {id} and {secret} (and {token}, for \
             temporary ones), an OIDC role in the environment, the current profile of the aliyun command \
             (~/.aliyun/config.json), the file ~/.alibabacloud/credentials, the RAM role of an ECS instance, \
             ALIBABA_CLOUD_CREDENTIALS_URI. --profile selects a profile of one of the two files instead. With --local, \
             the request is sent to an emulator inside this command, which needs no credentials.\n\n\
             `dyvms call <ACTION> --help` describes an action and its parameters. Use `dyvms call <ACTION> --untyped \
             --Name value` for an operation that is not in the specification: parameters are sent unchanged, without \
             retries, and the operation is treated as one that calls somebody.\n\n{file}",
            file = file_argument::help(),
            id = aliyun_runtime::ACCESS_KEY_ID,
            secret = aliyun_runtime::ACCESS_KEY_SECRET,
            token = aliyun_runtime::SECURITY_TOKEN,
        ))
        .after_help(exit_status())
        .override_usage("dyvms call <ACTION> [--Name value]... [OPTIONS]")
        .defer(|call| {
            call.subcommands(spec::service().operations.iter().map(|action| of_action(action, with_arguments)))
        });
    let call = takes_action(call);
    let export = takes_action(export::command()).defer(|export| {
        let lists = spec::service().operations.iter().filter(|operation| operation.pagination.is_some());
        export.subcommands(lists.map(|list| of_action(list, export::with_arguments)))
    });
    let emulator = emulator::Options::augment_args(Command::new("emulator"))
        .about("Run an emulator of the service on this machine, which calls nobody")
        .long_about(
            "Run an emulator of the service on this machine, which calls nobody.\n\n\
             It checks requests as strictly as the service does. The first line on standard output is its address, for \
             `dyvms call --endpoint`. It runs until it is interrupted.",
        );
    let operations = catalogue::Search::augment_args(Command::new("operations"))
        .about("List the operations of the service, or those that have all of some words");
    let describe = catalogue::Describe::augment_args(Command::new("describe"))
        .about("Show the parameters and the response of an operation, or the members or values of a type or a receipt");
    let explain = explain::Options::augment_args(Command::new("explain"))
        .about("Explain a code, an HTTP status or a pasted error: what it means, and what to do");
    let configure = configure::Options::augment_args(Command::new("configure"))
        .about("Show or change the profiles that Alibaba's own command uses too")
        .long_about(configure::HELP);
    let doctor = doctor::Options::augment_args(Command::new("doctor"))
        .about("Check whether this machine can call the service: settings, network, clock, credentials, permissions")
        .long_about(doctor::HELP);
    let completions = completion::Options::augment_args(Command::new("completions"))
        .about("Print a script that makes a shell complete command lines")
        .long_about(completion::HELP);
    let man = man::Options::augment_args(Command::new("man")).about("Write manual pages");
    let openapi = openapi::Options::augment_args(Command::new("openapi"))
        .about("Write an OpenAPI document of the service, for other tools")
        .long_about(
            "Write an OpenAPI document of the service, for other tools.\n\n\
             It has one path for each operation, POST /v1/<Action>, of a gateway that signs: the service itself has one path \
             for all, and OpenAPI cannot express its signature.",
        );
    #[cfg(feature = "explorer")]
    let explore = explore::Options::augment_args(Command::new("explore"))
        .about("Search, read and call every operation in the browser")
        .long_about(explore::HELP)
        .mut_arg("local", |local| local.hide(true));
    let receipts = receipts::Options::augment_args(Command::new("receipts"))
        .about("Receive what the service reports about calls, and show what became of them");
    // It is taken off before; here it is for the help only.
    let folder = Arg::new("spec")
        .long("spec")
        .value_name("FOLDER")
        .value_hint(ValueHint::DirPath)
        .help("Work with the service of this specification folder instead of the voice service; comes first");
    let language = Arg::new("lang")
        .long("lang")
        .value_name("LANGUAGE")
        .add(candidates::languages())
        .help("Explain in this language, en or zh, instead of that of the locale; comes first");
    let command = Command::new("dyvms")
        .arg(folder)
        .arg(language)
        .version(env!("CARGO_PKG_VERSION"))
        .about("Unofficial command for Alibaba Cloud's voice service (Dyvmsapi 2017-05-25)")
        .after_help(format!("{}\n\n{}", beginning(), exit_status()))
        .max_term_width(100)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(call)
        .subcommand(export)
        .subcommand(operations)
        .subcommand(describe)
        .subcommand(explain)
        .subcommand(configure)
        .subcommand(doctor)
        .subcommand(emulator)
        .subcommand(receipts)
        .subcommand(openapi)
        .subcommand(completions)
        .subcommand(man);
    #[cfg(feature = "explorer")]
    let command = command.subcommand(explore);
    command
}

/// A command whose next word is an action.
fn takes_action(command: Command) -> Command {
    command
        .subcommand_help_heading("Actions")
        .subcommand_value_name("ACTION")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        // The error for an unknown action suggests the nearest known one.
        .allow_external_subcommands(true)
}

/// An action, with its arguments when they are needed.
fn of_action(operation: &'static Operation, with_arguments: fn(Command) -> Command) -> Command {
    Command::new(operation.action.as_str())
        .about(pick(&operation.summary, operation.summary_zh.as_deref()))
        .defer(with_arguments)
}

/// Adds the parameters of an action, and the options that every action has.
pub(crate) fn with_arguments(command: Command) -> Command {
    let Some(operation) = spec::service().operation(command.get_name()) else { return command };
    chinese::with_page(describe(command, operation), chinese::CALL, Language::current())
}

fn describe(command: Command, operation: &'static Operation) -> Command {
    let command = with_parameters(command, operation, &["all", "limit", params::ID])
        .after_help(help::example(operation))
        .after_long_help(help::example(operation) + file_argument::help() + "\n\n" + exit_status())
        .override_usage(help::usage(operation))
        .disable_help_flag(true)
        .next_help_heading(OPTIONS);
    let explain = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    call::Options::augment_args(command)
        .about(pick(&operation.summary, operation.summary_zh.as_deref()))
        .long_about(help::about(operation))
        .arg(explain.help("Describe the action (-h: summary, --help: details)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argument::RESERVED;
    use crate::specimen;

    fn parsed(line: &str) -> Result<Task, Failure> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn every_action_has_arguments_that_do_not_clash() {
        let mut command = command();
        command.build();
        command.debug_assert();
        for operation in &spec::service().operations {
            for field in &operation.parameters {
                assert!(!RESERVED.contains(&field.wire_name.as_str()), "{} of {}", field.wire_name, operation.action);
            }
            let help = describe(Command::new(operation.action.as_str()), operation).render_long_help().to_string();
            assert!(
                operation.parameters.iter().all(|field| help.contains(&format!("--{}", field.wire_name))),
                "{help}"
            );
        }
    }

    #[test]
    fn every_option_of_a_call_without_types_is_reserved() {
        let export = export::Options::augment_args(Command::new("export"));
        for argument in untyped::command().get_arguments().chain(export.get_arguments()) {
            assert!(argument.get_long().is_none_or(|long| RESERVED.contains(&long)), "{argument}");
        }
    }

    #[test]
    fn every_option_of_a_call_is_reserved() {
        let command = call::Options::augment_args(Command::new("call"));
        for argument in command.get_arguments() {
            assert!(argument.get_long().is_none_or(|long| RESERVED.contains(&long)), "{argument}");
        }
    }

    #[test]
    fn parameters_are_known_by_both_spellings() {
        let expected = [("TaskId".to_owned(), "1045001".to_owned()), ("PageNo".to_owned(), "2".to_owned())];
        for line in ["--TaskId 1045001 --PageNo 2", "--task-id=1045001 --page-no 2"] {
            let Task::Call(request, _) = parsed(&format!("dyvms call QueryRobotTaskCallList {line}")).unwrap() else {
                panic!("{line} is a call");
            };
            assert_eq!(request.pairs(), expected, "{line}");
        }
    }

    #[test]
    fn required_parameters_are_named_when_they_are_missing() {
        let refused = |line: &str| {
            let command = describe(Command::new("Specimen"), specimen::operation());
            let error = command.try_get_matches_from(line.split(' ')).unwrap_err();
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::MissingRequiredArgument, 2));
            error.to_string().split("Usage:").next().unwrap().to_owned()
        };
        let both = refused("Specimen --local");
        assert!(both.contains("--CalledNumber <TEXT>") && both.contains("--Start <INTEGER>"), "{both}");
        // With --all, paging sets the start.
        let one = refused("Specimen --local --all");
        assert!(one.contains("--CalledNumber <TEXT>") && !one.contains("--Start"), "{one}");
    }

    #[test]
    fn a_parameter_named_like_an_option_has_its_wire_name_only() {
        let command = describe(Command::new("Specimen"), specimen::operation());
        let aliases = |name: &str| {
            let argument = command.get_arguments().find(|argument| argument.get_long() == Some(name)).unwrap();
            argument.get_all_aliases().unwrap_or_default().join(" ")
        };
        assert_eq!(aliases("CalledNumber"), "called-number");
        assert_eq!(aliases("Timeout"), "");
    }

    #[test]
    fn an_action_that_resembles_none_leads_to_the_list() {
        let Err(Failure::Usage(message)) = parsed("dyvms call Xyz --TaskId 1") else { panic!("it is refused") };
        let expected = "the specification has no action \"Xyz\"; `dyvms call --help` lists them; \
                        --untyped calls an operation that it does not have";
        assert_eq!(message, expected);
    }
}
