//! `dyvms doctor`: whether this machine can call the service, and what to do if not.

mod check;
mod network;

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::Duration;

use aliyun_api_spec::model::{Operation, OperationType};
use aliyun_runtime::credentials::{Context, DefaultChain, Profile};
use aliyun_runtime::{Credentials, CredentialsProvider, Transport};
use dyvmsapi::{Error, ErrorKind};
use jiff::Timestamp;

use self::check::{Check, Checks};
use crate::client::{self, Connection};
use crate::failure::Failure;
use crate::request::Request;
use crate::{output, spec};

/// Options of `dyvms doctor`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    #[command(flatten)]
    client: client::Options,
    /// Format of the result
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// One line for each check
    #[default]
    Text,
    /// A list of objects
    Json,
}

/// Time limit of a look-up of credentials: a machine outside of Alibaba Cloud has no metadata service.
const PATIENCE: Duration = Duration::from_secs(10);

/// Checks one thing after the other. What depends on a failed check is skipped.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let operation = harmless().ok_or_else(|| {
        Failure::Usage("the service has no operation that only reads and needs no parameters".to_owned())
    })?;
    let request = Request::typed(operation, Vec::new());
    let connection = Connection::new(&options.client, &request).await?;
    let mut checks = Checks::default();
    checks.add(version());
    checks.add(emulator().await);
    let target = network::Target::of(&options.client, &connection);
    let transport = connection.transport();
    let credentials = credentials(&options.client, Arc::clone(&transport)).await;
    let has_key = credentials.is_ok();
    checks.add(credentials);
    let is_reached = network::check(&mut checks, target, &*transport).await;
    if !is_reached {
        for name in ["signed call", "permission"] {
            checks.add(Check::skipped(name, "the service is not reached"));
        }
    } else if has_key {
        called(&mut checks, operation, connection.send(&request).await.map(drop));
    } else {
        for name in ["signed call", "permission"] {
            checks.add(Check::skipped(name, "there are no credentials"));
        }
    }
    if options.output == Format::Json {
        output::write_json(io::stdout().lock(), &checks.as_json())?;
    } else {
        io::stdout().lock().write_all(checks.as_text().as_bytes())?;
    }
    match checks.failed() {
        0 => Ok(()),
        failed => Err(Failure::Checks(failed)),
    }
}

/// An operation that changes nothing, reaches nobody and needs no parameters: a list, if there is one.
fn harmless() -> Option<&'static Operation> {
    let fits = |operation: &&Operation| {
        operation.operation_type == OperationType::Read
            && operation.reaches.is_none()
            && operation.signed
            && operation.at_least_one.is_empty()
            && operation.parameters.iter().all(|field| !field.required)
    };
    let fitting = || spec::service().operations.iter().filter(fits);
    fitting().find(|operation| operation.pagination.is_some()).or_else(|| fitting().next())
}

fn version() -> Check {
    let service = spec::service();
    let (own, product, version) = (env!("CARGO_PKG_VERSION"), &service.product, &service.version);
    let operations = service.operations.len();
    Check::passed("version", format!("dyvms {own}, {product} {version} with {operations} operations"))
}

/// The emulator of `--local`.
async fn emulator() -> Check {
    let emulator = dyvmsapi_emulator::emulator();
    match emulator.serve((std::net::Ipv4Addr::LOCALHOST, 0)).await {
        Ok(server) => {
            server.stop().await;
            Check::passed("emulator", "it can listen on this machine, for --local and `dyvms emulator`")
        }
        Err(error) => Check::failed(
            "emulator",
            format!("it cannot listen on 127.0.0.1: {error}"),
            "allow this program to listen on the loopback address",
        ),
    }
}

async fn credentials(options: &client::Options, transport: Arc<dyn Transport>) -> Result<Check, Check> {
    const NAME: &str = "credentials";
    if options.local {
        return Ok(Check::passed(NAME, "those of the emulator"));
    }
    let context = Context::new(transport);
    let (found, source) = if let Some(name) = options.profile() {
        let profile = Profile::named(name);
        let found = tokio::time::timeout(PATIENCE, profile.credentials(&context)).await;
        (found, profile.source().map(str::to_owned))
    } else {
        let chain = DefaultChain::new();
        let found = tokio::time::timeout(PATIENCE, chain.credentials(&context)).await;
        (found, chain.source().map(str::to_owned))
    };
    let remedy = "`dyvms configure add NAME` adds a key; or set ALIBABA_CLOUD_ACCESS_KEY_ID and \
                  ALIBABA_CLOUD_ACCESS_KEY_SECRET";
    match found {
        Ok(Ok(credentials)) => {
            Ok(Check::passed(NAME, format!("{} from {}", shown(&credentials), source.unwrap_or_default())))
        }
        Ok(Err(error)) => Err(Check::failed(NAME, error.to_string(), remedy)),
        Err(_) => Err(Check::failed(NAME, format!("no source answered within {PATIENCE:?}"), remedy)),
    }
}

/// The beginning of the id of a key, and its end in time.
fn shown(credentials: &Credentials) -> String {
    let beginning: String = credentials.access_key_id().chars().take(4).collect();
    let until = credentials.expiration().and_then(|time| Timestamp::try_from(time).ok());
    match until {
        Some(until) => format!("{beginning}***, until {until:.0}"),
        None => format!("{beginning}***"),
    }
}

/// What a signed call says about the key and its permissions.
fn called(checks: &mut Checks, operation: &Operation, outcome: Result<(), Failure>) {
    let (call, permission) = ("signed call", "permission");
    let action = &operation.action;
    let error = match outcome {
        Ok(()) => {
            checks.add(Check::passed(call, format!("{action} succeeded")));
            checks.add(Check::passed(permission, format!("the key may call {action}")));
            return;
        }
        Err(Failure::Call { error, .. }) => error,
        Err(other) => {
            checks.add(Check::failed(call, format!("{other:?}"), "see the message"));
            checks.add(Check::skipped(permission, "the call was not made"));
            return;
        }
    };
    if error.is_denied() {
        checks.add(Check::passed(call, format!("the signature of {action} was accepted")));
        checks.add(Check::failed(permission, what(&error), policy(&error)));
    } else if error.kind() == ErrorKind::Service && !error.is_credentials() && !error.is_transient() {
        // The product answered, so the gateway accepted the signature, and the key may call it.
        checks.add(Check::passed(call, format!("the signature of {action} was accepted")));
        checks.add(Check::passed(permission, format!("the key may call {action}, which answers {}", what(&error))));
    } else {
        let advice = error.advice().unwrap_or("send it again, and look up the code with `dyvms explain`");
        checks.add(Check::failed(call, error.to_string(), advice));
        checks.add(Check::skipped(permission, "the call did not succeed"));
    }
}

fn what(error: &Error) -> String {
    let code = error.code().unwrap_or("no code");
    error.message().map_or_else(|| code.to_owned(), |message| format!("{code}: {message}"))
}

/// A policy that allows what was denied.
fn policy(error: &Error) -> String {
    let product = spec::service().product.to_lowercase();
    // The product that policies name it by; that of the voice service differs from its endpoint.
    let product = if product == "dyvmsapi" { "dyvms".to_owned() } else { product };
    format!(
        "grant the action {product}:{action} to the user or role, with a policy such as {{\"Version\":\"1\",\
         \"Statement\":[{{\"Effect\":\"Allow\",\"Action\":\"{product}:*\",\"Resource\":\"*\"}}]}}",
        action = error.action()
    )
}
