//! The client of a command line: its options, and how it sends a request.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aliyun_api_spec::model;
use aliyun_runtime::{By, CredentialsProvider, Facts, PendingRequest, Value, Words};
use dyvmsapi::credentials::{DefaultChain, Profile};
use dyvmsapi::{Client, ClientBuilder, Credentials, Dyvmsapi, Retries, Signature};
use dyvmsapi_emulator::{DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator, Server};

use crate::failure::Failure;
use crate::request::Request;
use crate::slots::Response;
use crate::{candidates, spec};

/// Options of the client.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Call an emulator inside this command: without account or network, and nobody is called
    #[arg(long)]
    pub(crate) local: bool,
    /// Call this endpoint instead of the default one: a host, host:port or URL
    #[arg(long, value_name = "URL", conflicts_with_all = ["local", "vpc"])]
    endpoint: Option<String>,
    /// Call the host of this region, such as cn-shanghai, unless an endpoint is given; operations with a parameter for the
    /// region get it
    #[arg(long, value_name = "ID", add = candidates::regions())]
    region: Option<String>,
    /// Call the host of the region for use inside a VPC
    #[arg(long, requires = "region", conflicts_with = "local")]
    vpc: bool,
    /// Trust the certificates in this PEM file, in addition to those of the system
    #[arg(long, value_name = "FILE", conflicts_with = "local")]
    ca: Option<PathBuf>,
    /// Use the credentials of this profile in ~/.aliyun/config.json or ~/.alibabacloud/credentials
    #[arg(long, value_name = "NAME", conflicts_with = "local", add = candidates::profiles())]
    profile: Option<String>,
    /// Version of the signature
    #[arg(long, value_name = "VERSION", value_enum, default_value_t)]
    signature: Signing,
    /// Time limit for the call, retries included (with --all, for each page)
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,
    /// Never retry; by default, requests that were not sent or were throttled are retried
    #[arg(long)]
    no_retry: bool,
}

/// Versions of the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Signing {
    /// HMAC-SHA1; parameters are sent in the body
    #[default]
    V1,
    /// ACS3-HMAC-SHA256; parameters are sent in the URL
    V3,
}

impl From<Signing> for Signature {
    fn from(signing: Signing) -> Self {
        match signing {
            Signing::V1 => Self::V1,
            Signing::V3 => Self::V3,
        }
    }
}

/// Parses a positive time in seconds.
pub(crate) fn seconds(text: &str) -> Result<Duration, &'static str> {
    let time = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero()).ok_or("expected seconds above 0, such as 10 or 2.5")
}

/// A client, and the emulator that it calls with `--local`.
pub(crate) struct Connection {
    client: Client,
    /// The local emulator. It runs until this is dropped.
    _local: Option<Server>,
    /// The region of the client.
    region: Option<String>,
    /// The facts of the operation.
    facts: Facts,
}

impl Connection {
    /// The client for a request, and the local emulator if it is asked for.
    pub(crate) async fn new(options: &Options, request: &Request) -> Result<Self, Failure> {
        Self::with(options, request, options.builder(request)?).await
    }

    /// The same with further settings.
    pub(crate) async fn with(
        options: &Options,
        request: &Request,
        mut builder: ClientBuilder<Dyvmsapi>,
    ) -> Result<Self, Failure> {
        let mut local = None;
        if options.local {
            let server = emulator().await?;
            builder = builder.endpoint(server.url());
            local = Some(server);
        }
        Ok(Self { client: builder.build()?, _local: local, region: options.region.clone(), facts: facts(request) })
    }

    /// A request of a client that others use as well.
    #[cfg(feature = "explorer")]
    pub(crate) fn shared(client: &Client, options: &Options, request: &Request) -> Self {
        Self { client: client.clone(), _local: None, region: options.region.clone(), facts: facts(request) }
    }

    /// The client for a request that is signed and not sent, so that there is no emulator.
    pub(crate) fn unconnected(options: &Options, request: &Request) -> Result<Self, Failure> {
        Ok(Self {
            client: options.builder(request)?.build()?,
            _local: None,
            region: options.region.clone(),
            facts: facts(request),
        })
    }

    /// The client itself.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The request of the client.
    pub(crate) fn pending(&self, request: &Request) -> PendingRequest<Value> {
        let operation = request.operation();
        let mut pairs = request.pairs();
        self.fill_region(operation, &mut pairs);
        // Form parameters come last.
        let (query, form): (Vec<_>, Vec<_>) = pairs.iter().partition(|(name, _)| !is_form(operation, name));
        let all = query.iter().chain(&form).map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = all.collect();
        self.client.send_action(request.action(), &all).facts(self.facts).form_after(query.len())
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, Failure> {
        let operation = request.operation();
        let call = self.pending(request).read_into(move || Response::of(operation));
        call.await.map_err(|error| Failure::call(error, request.may_dial()))
    }

    /// Adds the region to the parameters that the client fills with it.
    fn fill_region(&self, operation: Option<&model::Operation>, pairs: &mut Vec<(String, String)>) {
        let (Some(operation), Some(region)) = (operation, &self.region) else { return };
        for field in operation.parameters.iter().filter(|field| field.filled_by_region) {
            if pairs.iter().all(|(name, _)| *name != field.wire_name) {
                pairs.push((field.wire_name.clone(), region.clone()));
            }
        }
    }
}

/// Starts an emulator of the service inside this command.
pub(crate) async fn emulator() -> Result<Server, Failure> {
    let emulator = match spec::facts() {
        Some(_) => Emulator::builder(spec::service().clone()).build(),
        None => dyvmsapi_emulator::emulator(),
    };
    let server = emulator.serve((Ipv4Addr::LOCALHOST, 0)).await;
    server.map_err(|error| Failure::system("the local emulator cannot listen", error))
}

impl Options {
    /// The same options for the emulator at this address.
    #[cfg(feature = "explorer")]
    pub(crate) fn emulated(&self, url: String) -> Self {
        Self { local: true, endpoint: Some(url), region: None, vpc: false, ca: None, profile: None, ..*self }
    }

    /// The settings that decide whose service is called, by their options.
    pub(crate) fn target(&self) -> Vec<(&'static str, String)> {
        [
            ("--local", self.local.then(String::new)),
            ("--endpoint", self.endpoint.clone()),
            ("--region", self.region.clone()),
            ("--vpc", self.vpc.then(String::new)),
            ("--profile", self.profile.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// One of these settings.
    #[cfg(feature = "explorer")]
    pub(crate) fn target_of(&self, option: &str) -> Option<String> {
        self.target().into_iter().find(|(name, _)| *name == option).map(|(_, value)| value)
    }

    /// Where credentials come from.
    pub(crate) fn credentials(&self) -> Arc<dyn CredentialsProvider> {
        match &self.profile {
            _ if self.local => Arc::new(Credentials::new(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET)),
            Some(profile) => Arc::new(Profile::named(profile)),
            None => Arc::new(DefaultChain::new()),
        }
    }

    /// The time limit of a call.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The settings of the client for a request.
    pub(crate) fn builder(&self, request: &Request) -> Result<ClientBuilder<Dyvmsapi>, Failure> {
        let builder = self.settings()?;
        // An operation that is not known may call somebody.
        Ok(if request.operation().is_none() { builder.retries(Retries::never()) } else { builder })
    }

    /// The settings of the client for operations of the specification.
    pub(crate) fn settings(&self) -> Result<ClientBuilder<Dyvmsapi>, Failure> {
        let mut builder =
            Client::builder().signature(self.signature.into()).timeout(self.timeout).credentials(self.credentials());
        if let Some(facts) = spec::facts() {
            builder = builder.facts(facts);
        }
        if self.no_retry {
            builder = builder.retries(Retries::never());
        }
        if let Some(endpoint) = &self.endpoint {
            builder = builder.endpoint(endpoint);
        }
        if let Some(region) = &self.region {
            builder = builder.region(region);
        }
        if self.vpc {
            builder = builder.vpc();
        }
        if let Some(path) = &self.ca {
            let pem = std::fs::read(path)
                .map_err(|error| Failure::Usage(format!("--ca: cannot read {}: {error}", path.display())))?;
            builder = builder.root_certificate_pem(pem);
        }
        Ok(builder)
    }
}

/// Whether a parameter, or one of those that it becomes, is declared as a form parameter.
fn is_form(operation: Option<&model::Operation>, name: &str) -> bool {
    let field = operation.and_then(|operation| operation.parameter(name.split('.').next().unwrap_or(name)));
    field.is_some_and(|field| field.position == model::Position::Form)
}

/// What errors say of operations that reach a person.
fn words(by: By) -> Words {
    let own = spec::service().wording.iter().find(|(known, _)| *known == by);
    own.map_or(Words::of(by), |(_, words)| Words { maybe: &words.maybe, nobody: &words.nobody })
}

/// The facts of an operation, for the client.
fn facts(request: &Request) -> Facts {
    let mut facts = Facts::operation(request.action());
    let Some(operation) = request.operation() else {
        // The name of the parameter with the called number is not known, and not needed.
        return facts.reaches(By::Call, "").worded(words(By::Call));
    };
    facts = facts.method(operation.method);
    if let Some(rule) = spec::rule_of(operation) {
        facts = facts.envelope(rule);
    }
    if !operation.signed {
        facts = facts.unsigned();
    }
    if operation.operation_type == model::OperationType::Read {
        facts = facts.reads();
    }
    if operation.idempotent {
        facts = facts.idempotent();
    }
    if let Some(member) = &operation.id {
        facts = facts.id(member);
    }
    if let Some(reach) = &operation.reaches {
        facts = facts.reaches(reach.by, &reach.whom).worded(words(reach.by));
    }
    match operation.limits.per_second {
        Some(requests) => facts.per_second(requests),
        None => facts,
    }
}
