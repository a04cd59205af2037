//! The service that the command works with: the voice service, or that of the folder after `--spec`.

use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;

use aliyun_api_spec::dyvmsapi;
use aliyun_api_spec::model::{Envelope, Field, Operation, Service};
use aliyun_runtime::generated::{EnvelopeFacts, ErrorFacts, ServiceFacts};

use crate::failure::Failure;

/// The service of a folder, and what the client knows of it.
struct Chosen {
    service: &'static Service,
    facts: &'static ServiceFacts,
}

static CHOSEN: OnceLock<Chosen> = OnceLock::new();

/// The option that chooses the folder. It comes before the command.
pub(crate) const OPTION: &str = "--spec";

/// The service of this run.
pub(crate) fn service() -> &'static Service {
    CHOSEN.get().map_or_else(dyvmsapi, |chosen| chosen.service)
}

/// What the client knows of the service of a folder. `None` for the voice service, whose client is generated.
pub(crate) fn facts() -> Option<&'static ServiceFacts> {
    CHOSEN.get().map(|chosen| chosen.facts)
}

/// The parameters of an operation, and those that every operation accepts.
pub(crate) fn parameters(operation: &'static Operation) -> impl Iterator<Item = &'static Field> {
    operation.parameters.iter().chain(&service().common_parameters)
}

/// Takes `--spec FOLDER` off a command line, and chooses that folder for this run.
pub(crate) fn take(arguments: &mut Vec<OsString>) -> Result<(), Failure> {
    let Some(first) = arguments.get(1).and_then(|argument| argument.to_str()).map(str::to_owned) else { return Ok(()) };
    let folder = if first == OPTION {
        if arguments.len() < 3 {
            return Err(Failure::Usage(format!("{OPTION} needs a folder with service.json and operations/")));
        }
        arguments.remove(1);
        arguments.remove(1)
    } else if let Some(folder) = first.strip_prefix(&format!("{OPTION}=")) {
        arguments.remove(1);
        folder.into()
    } else {
        return Ok(());
    };
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
    let errors: Vec<ErrorFacts> = service
        .errors
        .iter()
        .map(|error| {
            let codes: Vec<&'static str> =
                std::iter::once(&error.code).chain(&error.aliases).map(String::as_str).collect();
            let facts = ErrorFacts::new(codes.leak(), error.kind, &error.advice);
            if error.only_4xx { facts.only_4xx() } else { facts }
        })
        .collect();
    let endpoint = service.endpoints.default.as_deref().unwrap_or_default();
    let envelope = envelope_facts(&service.envelope);
    let facts = ServiceFacts::new(&service.product, &service.version, endpoint, envelope, errors.leak())
        .regions(hosts(&service.endpoints.regions))
        .vpc(hosts(&service.endpoints.vpc));
    Box::leak(Box::new(if service.endpoints.default_serves_all { facts.serves_all() } else { facts }))
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
