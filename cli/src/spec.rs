//! The service that the command works with: the voice service, or that of the folder after `--spec`.

use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;

use aliyun_api_spec::dyvmsapi;
use aliyun_api_spec::model::{Envelope, Field, Operation, Service};
use aliyun_runtime::generated::{EnvelopeFacts, ErrorFacts, ServiceFacts};

use crate::failure::Failure;
use crate::language::Language;

/// The service of a folder, and what the client knows of it.
struct Chosen {
    service: &'static Service,
    facts: &'static ServiceFacts,
}

static CHOSEN: OnceLock<Chosen> = OnceLock::new();

/// The option that chooses the folder. It comes before the command.
pub(crate) const OPTION: &str = "--spec";

/// The option that chooses the language. It comes before the command.
const LANGUAGE: &str = "--lang";

/// The service of this run.
pub(crate) fn service() -> &'static Service {
    CHOSEN.get().map_or_else(dyvmsapi, |chosen| chosen.service)
}

/// What the client knows of the service of a folder. `None` for the voice service, whose client is generated.
pub(crate) fn facts() -> Option<&'static ServiceFacts> {
    CHOSEN.get().map(|chosen| chosen.facts)
}

/// The error codes of the service.
pub(crate) fn errors() -> &'static [ErrorFacts] {
    static OF_THE_VOICE_SERVICE: OnceLock<&'static [ErrorFacts]> = OnceLock::new();
    facts().map_or_else(|| *OF_THE_VOICE_SERVICE.get_or_init(|| errors_of(dyvmsapi())), |facts| facts.errors)
}

/// The parameters of an operation, and those that every operation accepts.
pub(crate) fn parameters(operation: &'static Operation) -> impl Iterator<Item = &'static Field> {
    operation.parameters.iter().chain(&service().common_parameters)
}

/// Takes `--spec FOLDER` and `--lang LANGUAGE` off a command line, and chooses these for this run.
pub(crate) fn take(arguments: &mut Vec<OsString>) -> Result<(), Failure> {
    loop {
        if let Some(folder) = first(arguments, OPTION, "a folder with service.json and operations/")? {
            choose(&folder)?;
        } else if let Some(name) = first(arguments, LANGUAGE, "a language: en or zh")? {
            let name = name.to_string_lossy();
            let language = Language::of_name(&name)
                .ok_or_else(|| Failure::Usage(format!("{LANGUAGE}: {name:?} is not one of en and zh")))?;
            language.choose();
        } else {
            return Ok(());
        }
    }
}

/// Takes an option with its value off the beginning of a command line.
fn first(arguments: &mut Vec<OsString>, option: &str, what: &str) -> Result<Option<OsString>, Failure> {
    let Some(first) = arguments.get(1).and_then(|argument| argument.to_str()) else { return Ok(None) };
    if let Some(value) = first.strip_prefix(option).and_then(|rest| rest.strip_prefix('=')) {
        let value = value.into();
        arguments.remove(1);
        return Ok(Some(value));
    }
    if first != option {
        return Ok(None);
    }
    if arguments.len() < 3 {
        return Err(Failure::Usage(format!("{option} needs {what}")));
    }
    arguments.remove(1);
    Ok(Some(arguments.remove(1)))
}

fn choose(folder: &std::ffi::OsStr) -> Result<(), Failure> {
    let service: &'static Service = Box::leak(Box::new(load(folder.as_ref())?));
    let facts = facts_of(service);
    // Only the first choice of a run counts; there is no second one.
    CHOSEN.get_or_init(|| Chosen { service, facts });
    Ok(())
}

/// The checked specification in a folder. Each fault is a line of its own, as editors find it.
pub(crate) fn load(folder: &Path) -> Result<Service, Failure> {
    let loaded = aliyun_api_spec::load(folder);
    match loaded.service {
        Some(service) if loaded.faults.is_empty() => Ok(service),
        _ => {
            let faults: Vec<String> = loaded.faults.iter().map(ToString::to_string).collect();
            Err(Failure::Usage(faults.join("\nerror: ")))
        }
    }
}

/// The facts that a generated client would have. They live as long as the process.
fn facts_of(service: &'static Service) -> &'static ServiceFacts {
    let hosts = |hosts: &'static [(String, String)]| -> &'static [(&'static str, &'static str)] {
        hosts.iter().map(|(region, host)| (region.as_str(), host.as_str())).collect::<Vec<_>>().leak()
    };
    let errors = errors_of(service);
    let endpoint = service.endpoints.default.as_deref().unwrap_or_default();
    let envelope = envelope_facts(&service.envelope);
    let facts = ServiceFacts::new(&service.product, &service.version, endpoint, envelope, errors)
        .regions(hosts(&service.endpoints.regions))
        .vpc(hosts(&service.endpoints.vpc));
    Box::leak(Box::new(if service.endpoints.default_serves_all { facts.serves_all() } else { facts }))
}

fn errors_of(service: &'static Service) -> &'static [ErrorFacts] {
    let errors = service.errors.iter().map(|error| {
        let codes: Vec<&'static str> = std::iter::once(&error.code).chain(&error.aliases).map(String::as_str).collect();
        let facts = ErrorFacts::new(codes.leak(), error.kind, &error.advice);
        if error.only_4xx { facts.only_4xx() } else { facts }
    });
    errors.collect::<Vec<_>>().leak()
}

fn envelope_facts(envelope: &'static Envelope) -> EnvelopeFacts {
    let name = |member: &'static Option<String>| member.as_deref().unwrap_or_default();
    let success: Vec<&'static str> = envelope.success.iter().map(String::as_str).collect();
    EnvelopeFacts::new(
        name(&envelope.code),
        name(&envelope.message),
        name(&envelope.request_id),
        success.leak(),
        name(&envelope.ok),
    )
}

/// The members of the responses of an operation that state their outcome, if the operation has its own.
pub(crate) fn rule_of(operation: &'static Operation) -> Option<&'static EnvelopeFacts> {
    let envelope = operation.envelope.as_ref()?;
    Some(Box::leak(Box::new(envelope_facts(envelope))))
}
