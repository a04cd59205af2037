//! `dyvms call`: sends one request, or requests all pages of a list.

use std::io::{self, IsTerminal as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aliyun_api_spec::model;
use aliyun_protocol::visible::escaped;
use aliyun_runtime::generated::Member as _;
use aliyun_runtime::{By, Facts, Words};
use dyvmsapi::credentials::Profile;
use dyvmsapi::{Client, Credentials, Retries, Signature};
use dyvmsapi_emulator::{DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator, Server};

use crate::failure::Failure;
use crate::notice::{self, Progress};
use crate::output::{self, Csv, Format, Writer};
use crate::request::Request;
use crate::rows::Rows;
use crate::slots::Response;
use crate::spec;
use crate::trace;

/// Options of `dyvms call`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    #[command(flatten)]
    client: ClientOptions,
    /// Request all pages and show their items
    #[arg(long)]
    pub(crate) all: bool,
    /// Format of the result
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    pub(crate) output: Format,
    #[command(flatten)]
    pub(crate) csv: Csv,
    /// Show every attempt on standard error: HTTP status or failure, request id, delay before a retry
    #[arg(short, long)]
    verbose: bool,
}

impl Options {
    /// Checks for options that exclude each other.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let option = match self.csv {
            _ if self.output == Format::Csv => return Ok(()),
            Csv { bom: true, .. } => "--bom",
            Csv { plain_csv: true, .. } => "--plain-csv",
            Csv { .. } => return Ok(()),
        };
        Err(Failure::Usage(format!("{option} needs --output csv: add it, or leave out {option}")))
    }
}

/// Options of the client.
#[derive(Debug, clap::Args)]
#[group(skip)]
struct ClientOptions {
    /// Call an emulator inside this command: without account or network, and nobody is called
    #[arg(long)]
    local: bool,
    /// Call this endpoint instead of the default one: a host, host:port or URL
    #[arg(long, value_name = "URL", conflicts_with_all = ["local", "vpc"])]
    endpoint: Option<String>,
    /// Call the host of this region, such as cn-shanghai, unless an endpoint is given; operations with a parameter for the
    /// region get it
    #[arg(long, value_name = "ID")]
    region: Option<String>,
    /// Call the host of the region for use inside a VPC
    #[arg(long, requires = "region", conflicts_with = "local")]
    vpc: bool,
    /// Trust the certificates in this PEM file, in addition to those of the system
    #[arg(long, value_name = "FILE", conflicts_with = "local")]
    ca: Option<PathBuf>,
    /// Use the credentials of this profile in ~/.aliyun/config.json or ~/.alibabacloud/credentials
    #[arg(long, value_name = "NAME", conflicts_with = "local")]
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
fn seconds(text: &str) -> Result<Duration, &'static str> {
    let time = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.filter(|time| !time.is_zero()).ok_or("expected seconds above 0, such as 10 or 2.5")
}

/// Sends the request and writes the response to standard output.
pub(crate) async fn run(request: Request, options: Options) -> Result<(), Failure> {
    if options.verbose {
        trace::show_attempts();
    }
    let caller = Caller::new(&options, &request).await?;
    if options.all { caller.all(request).await } else { caller.once(&request).await }
}

/// The client, and the format of results.
struct Caller {
    client: Client,
    /// The local emulator. It runs until this is dropped.
    _local: Option<Server>,
    format: Format,
    csv: Csv,
    /// The region of the client.
    region: Option<String>,
}

impl Caller {
    async fn new(options: &Options, request: &Request) -> Result<Self, Failure> {
        let Options { client: options, output, csv, .. } = options;
        let mut builder = Client::builder().signature(options.signature.into()).timeout(options.timeout);
        if let Some(facts) = spec::facts() {
            builder = builder.facts(facts);
        }
        let mut local = None;
        if options.local {
            let emulator = match spec::facts() {
                Some(_) => Emulator::builder(spec::service().clone()).build(),
                None => dyvmsapi_emulator::emulator(),
            };
            let server = emulator
                .serve((Ipv4Addr::LOCALHOST, 0))
                .await
                .map_err(|error| Failure::system("the local emulator cannot listen", error))?;
            let credentials = Credentials::new(DEFAULT_KEY_ID, DEFAULT_KEY_SECRET);
            builder = builder.endpoint(server.url()).credentials(credentials);
            local = Some(server);
        }
        // An operation that is not known may call somebody.
        if options.no_retry || request.operation().is_none() {
            builder = builder.retries(Retries::never());
        }
        if let Some(endpoint) = &options.endpoint {
            builder = builder.endpoint(endpoint);
        }
        if let Some(region) = &options.region {
            builder = builder.region(region);
        }
        if options.vpc {
            builder = builder.vpc();
        }
        if let Some(path) = &options.ca {
            let pem = std::fs::read(path)
                .map_err(|error| Failure::Usage(format!("--ca: cannot read {}: {error}", path.display())))?;
            builder = builder.root_certificate_pem(pem);
        }
        if let Some(profile) = &options.profile {
            builder = builder.credentials(Profile::named(profile));
        }
        Ok(Self { client: builder.build()?, _local: local, format: *output, csv: *csv, region: options.region.clone() })
    }

    async fn send(&self, request: &Request) -> Result<Response, Failure> {
        let operation = request.operation();
        let mut pairs = request.pairs();
        self.fill_region(operation, &mut pairs);
        // Form parameters come last.
        let (query, form): (Vec<_>, Vec<_>) = pairs.iter().partition(|(name, _)| !is_form(operation, name));
        let all = query.iter().chain(&form).map(|(name, value)| (name.as_str(), value.as_str()));
        let all: Vec<(&str, &str)> = all.collect();
        let call = self.client.send_action(request.action(), &all).facts(facts(request)).form_after(query.len());
        call.read_into(move || Response::of(operation)).await.map_err(|error| Failure::call(error, dials(request)))
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

    fn writer(&self, request: &Request) -> Writer<io::StdoutLock<'static>> {
        let rows = request.operation().map_or_else(|| Rows::Response(Vec::new()), Rows::of);
        Writer::new(io::stdout().lock(), self.format, self.csv, rows)
    }

    async fn once(&self, request: &Request) -> Result<(), Failure> {
        let response = self.send(request).await?;
        let done = done(request, &response);
        if let Some(done) = done.as_ref().filter(|_| is_closed("1")) {
            notice::note(&format!("{done}; standard output is closed or discards the result"));
        }
        self.show(request, &response).map_err(|failure| failure.after(done))
    }

    fn show(&self, request: &Request, response: &Response) -> Result<(), Failure> {
        // One page was requested, so an error in the number of pages does not matter.
        let more = request.paginator().is_some_and(|mut paginator| {
            paginator.turn(response.view()).unwrap_or(false) && !matches!(paginator.position(), Ok(None))
        });
        if self.format == Format::Json {
            output::write_json(io::stdout().lock(), &response.show())?;
        } else {
            let mut writer = self.writer(request);
            let count = writer.page(response.show())?;
            finish(writer, count)?;
        }
        if more {
            notice::note("there may be more pages; --all shows the items of all of them");
        }
        Ok(())
    }

    /// If a page fails, the pages before it are shown even so.
    async fn all(&self, mut request: Request) -> Result<(), Failure> {
        request.prepare();
        let Some(mut paginator) = request.paginator() else { return self.once(&request).await };
        let mut writer = self.writer(&request);
        let progress = Progress::new(self.format.is_streamed());
        let (mut pages, mut items) = (0_usize, 0_usize);
        let failure = loop {
            let position = match paginator.position() {
                Ok(Some(position)) => position,
                Ok(None) => break None,
                Err(error) => break Some(error.into()),
            };
            request.move_to(position);
            let response = match self.send(&request).await {
                Ok(response) => response,
                Err(failure) => break Some(failure),
            };
            match paginator.turn(response.view()) {
                // An empty last page has no rows. An empty first page still has the header of a CSV.
                Ok(false) => {}
                Ok(true) => {
                    items += writer.page(response.show())?;
                    pages += 1;
                    progress.show(&format!("page {pages}, {}", notice::count(items, "item")));
                }
                Err(error) => break Some(error.into()),
            }
        };
        drop(progress);
        let Some(failure) = failure else { return finish(writer, items) };
        if pages > 0 {
            if let Some(note) = writer.finish(terminal_width())? {
                notice::note(&note);
            }
            let (items, pages) = (notice::count(items, "item"), notice::count(pages, "page"));
            notice::note(&format!("the result is incomplete: it has {items} of {pages}, because the next page failed"));
        }
        Err(failure)
    }
}

/// Whether a parameter, or one of those that it becomes, is declared as a form parameter.
fn is_form(operation: Option<&model::Operation>, name: &str) -> bool {
    let field = operation.and_then(|operation| operation.parameter(name.split('.').next().unwrap_or(name)));
    field.is_some_and(|field| field.position == model::Position::Form)
}

/// Whether the operation may call somebody: if the specification says so, or does not have it.
fn dials(request: &Request) -> bool {
    request.operation().is_none_or(|operation| operation.reaches.is_some())
}

/// What the request has done, for an error that its result cannot be shown. `None` if the operation only reads.
fn done(request: &Request, response: &Response) -> Option<String> {
    let operation = request.operation();
    if operation.is_some_and(|operation| operation.operation_type == model::OperationType::Read) {
        return None;
    }
    let what = if request.places_call() { "the call was placed" } else { "the change was made" };
    let response = response.show();
    let ids = [operation.and_then(|operation| operation.id.as_deref()), Some("CallId"), Some("RequestId")];
    let id = ids.into_iter().flatten().find_map(|name| match response.get(name)?.plain() {
        id if id.is_empty() || id == "null" => None,
        id => Some(format!(" ({name} {})", escaped(&id))),
    });
    Some(format!("{what}{}", id.unwrap_or_default()))
}

/// Whether a standard stream was closed when the command started. The standard library of Rust then opens the null device
/// for reading and writing, while a shell opens it for one of them. Only Linux shows the difference.
fn is_closed(descriptor: &str) -> bool {
    let process = Path::new("/proc/self");
    let is_null =
        std::fs::read_link(process.join("fd").join(descriptor)).is_ok_and(|path| path == Path::new("/dev/null"));
    let state = std::fs::read_to_string(process.join("fdinfo").join(descriptor)).unwrap_or_default();
    let flags = state.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    is_null && flags.is_some_and(|flags| flags & 0b11 == 0b10)
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

fn finish(writer: Writer<impl io::Write>, items: usize) -> Result<(), Failure> {
    let note = writer.finish(terminal_width())?;
    if items == 0 {
        notice::note("the response has no items");
    }
    if let Some(note) = note {
        notice::note(&note);
    }
    Ok(())
}

/// Width of the terminal to which the result is written, if it is one.
pub(crate) fn terminal_width() -> Option<u16> {
    if !io::stdout().is_terminal() {
        return None;
    }
    terminal_size::terminal_size().map(|(terminal_size::Width(width), _)| width)
}
