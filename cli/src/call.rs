//! `dyvms call`: sends one request, or requests all pages of a list.

use std::io;
use std::path::Path;

use aliyun_api_spec::model;
use aliyun_protocol::visible::escaped;
use aliyun_runtime::generated::Member as _;

use crate::client::{self, Connection};
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::json::Json;
use crate::notice::{self, Progress};
use crate::output::{self, Csv, Format, Writer};
use crate::query::Query;
use crate::request::Request;
use crate::rows::Rows;
use crate::slots::Response;
use crate::terminal::result_width;
use crate::{dry_run, meaning, prompt, trace, until};

/// Options of `dyvms call`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    #[command(flatten)]
    client: client::Options,
    /// Take parameters from this file, a JSON object; - is standard input. Parameters of the command line override those of
    /// the file
    #[arg(long, value_name = "FILE.json", value_hint = clap::ValueHint::FilePath)]
    pub(crate) params: Option<String>,
    /// Request all pages and show their items
    #[arg(long)]
    pub(crate) all: bool,
    /// Stop after this number of items, and request only as many pages as they need
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Format of the result [default: table on a terminal, otherwise json]
    #[arg(short, long, value_name = "FORMAT", value_enum)]
    output: Option<Format>,
    /// Show these columns of a list, or members of a response, in this order
    #[arg(long, value_name = "A,B,...", value_delimiter = ',')]
    columns: Vec<String>,
    /// Show the part of the response that this JMESPath expression selects; with --all and --limit, of the list of items
    #[arg(long, value_name = "EXPRESSION", value_parser = Query::parse)]
    query: Option<Query>,
    #[command(flatten)]
    csv: Csv,
    #[command(flatten)]
    dry_run: dry_run::Options,
    #[command(flatten)]
    until: until::Options,
    /// Do not ask before an operation that calls somebody, or that deletes something
    #[arg(short, long)]
    yes: bool,
    /// Show every attempt on standard error: HTTP status or failure, request id, delay before a retry
    #[arg(short, long)]
    verbose: bool,
}

impl Options {
    /// Whether pages are requested, so that paging sets the position.
    pub(crate) fn is_paged(&self) -> bool {
        self.all || self.limit.is_some()
    }

    /// Checks for options that exclude each other, or that the operation does not have.
    pub(crate) fn check(&self, operation: Option<&'static model::Operation>) -> Result<(), Failure> {
        let csv = match self.csv {
            _ if self.format() == Format::Csv => None,
            Csv { bom: true, .. } => Some("--bom"),
            Csv { plain_csv: true, .. } => Some("--plain-csv"),
            Csv { .. } => None,
        };
        if let Some(option) = csv {
            return Err(Failure::Usage(format!("{option} needs --output csv: add it, or leave out {option}")));
        }
        if let Some(condition) = &self.until.until {
            condition.check(operation)?;
        }
        let Some(operation) = operation else {
            if self.is_paged() {
                let option = if self.all { "--all" } else { "--limit" };
                let why = format!("{option} needs to know the pages, which --untyped does not: leave out one of them");
                return Err(Failure::Usage(why));
            }
            return Ok(());
        };
        let rows = Rows::of(operation);
        if self.all && operation.pagination.is_none() {
            return Err(Failure::Usage(format!("{} has no pages: leave out --all", operation.action)));
        }
        if self.limit.is_some() && !matches!(rows, Rows::List { .. }) {
            return Err(Failure::Usage(format!("{} has no list of items: leave out --limit", operation.action)));
        }
        if self.query.is_none() { rows.check(&self.columns).map_err(Failure::Usage) } else { Ok(()) }
    }

    fn format(&self) -> Format {
        self.output.unwrap_or_else(Format::by_default)
    }
}

/// Sends the request and writes the response to standard output.
pub(crate) async fn run(request: Request, options: Options) -> Result<(), Failure> {
    if options.verbose {
        trace::show_attempts();
    }
    if options.dry_run.dry_run {
        let mut request = request;
        if options.is_paged() {
            request.prepare();
        }
        let connection = Connection::unconnected(&options.client, &request)?;
        return dry_run::run(&connection, &request, &options.dry_run, options.format()).await;
    }
    // The emulator calls nobody, and forgets everything.
    if !(options.yes || options.client.local) {
        prompt::confirm(&request)?;
    }
    let interrupt = Interrupt::listen();
    let connection = Connection::new(&options.client, &request).await?;
    let mut caller = Caller { connection, options, interrupt };
    if caller.options.is_paged() { caller.list(request).await } else { caller.once(&request).await }
}

/// The client, and what is done with results.
struct Caller {
    connection: Connection,
    options: Options,
    interrupt: Interrupt,
}

impl Caller {
    async fn send(&mut self, request: &Request) -> Result<Response, Failure> {
        let sent = self.interrupt.or(self.connection.send(request)).await;
        sent.unwrap_or_else(|| Err(interrupted(request)))
    }

    fn writer(&self, request: &Request) -> Writer<io::StdoutLock<'static>> {
        let rows = request.operation().map_or_else(|| Rows::Response(Vec::new()), Rows::of);
        let writer = Writer::new(io::stdout().lock(), self.options.format(), self.options.csv, rows);
        if self.options.columns.is_empty() { writer } else { writer.columns(self.options.columns.clone()) }
    }

    async fn once(&mut self, request: &Request) -> Result<(), Failure> {
        let response = match &self.options.until.until {
            Some(condition) => {
                until::poll(&self.connection, request, condition, &self.options.until, &mut self.interrupt).await?
            }
            None => self.send(request).await?,
        };
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
        let format = self.options.format();
        if let Some(query) = &self.options.query {
            self.show_selected(query, &response.show())?;
        } else if format.is_whole() && self.options.columns.is_empty() {
            output::write_whole(io::stdout().lock(), format, &response.show())?;
        } else {
            let mut writer = self.writer(request);
            let shown = response.show();
            let notes = match request.operation() {
                Some(operation) if format == Format::Table && matches!(Rows::of(operation), Rows::Response(_)) => {
                    meaning::notes(operation, &shown)
                }
                _ => Vec::new(),
            };
            let count = writer.page(shown, usize::MAX)?;
            finish(writer, count)?;
            for note in notes {
                notice::note(&note);
            }
        }
        if more {
            notice::note("there may be more pages; --all shows the items of all of them");
        }
        Ok(())
    }

    fn show_selected(&self, query: &Query, value: &Json) -> Result<(), Failure> {
        let selected = query.select(value).map_err(Failure::Response)?;
        let Options { csv, columns, .. } = &self.options;
        let output = io::stdout().lock();
        let note = output::write_selected(output, self.options.format(), *csv, columns, selected, result_width())?;
        if let Some(note) = note {
            notice::note(&note);
        }
        Ok(())
    }

    /// Requests pages. If one fails, or Ctrl-C comes, the pages before it are shown even so.
    async fn list(&mut self, mut request: Request) -> Result<(), Failure> {
        request.prepare();
        let mut paginator = request.paginator();
        let mut result = match &self.options.query {
            Some(query) => Items::Queried(
                query.clone(),
                request.operation().map_or_else(|| Rows::Response(Vec::new()), Rows::of),
                Vec::new(),
            ),
            None => Items::Written(self.writer(&request)),
        };
        let most = self.options.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let progress = Progress::new(self.options.format().is_streamed() && self.options.query.is_none());
        let (mut pages, mut items) = (0_usize, 0_usize);
        let failure = loop {
            // An operation without pages has one.
            if let Some(paginator) = &paginator {
                match paginator.position() {
                    Ok(Some(position)) => request.move_to(position),
                    Ok(None) => break None,
                    Err(error) => break Some(error.into()),
                }
            }
            let response = match self.send(&request).await {
                Ok(response) => response,
                Err(failure) => break Some(failure),
            };
            match paginator.as_mut().map(|paginator| paginator.turn(response.view())) {
                // An empty last page has no rows. An empty first page still has the header of a CSV.
                Some(Ok(false)) => {}
                Some(Err(error)) => break Some(error.into()),
                Some(Ok(true)) | None => {
                    items += result.page(response.show(), most - items)?;
                    pages += 1;
                    progress.show(&format!("page {pages}, {}", notice::count(items, "item")));
                }
            }
            if items == most || paginator.is_none() {
                break None;
            }
        };
        drop(progress);
        let Some(failure) = failure else { return self.end(result, items) };
        if pages > 0 {
            self.end_incomplete(result)?;
            let (items, pages) = (notice::count(items, "item"), notice::count(pages, "page"));
            let why =
                if matches!(failure, Failure::Interrupted(_)) { "it was interrupted" } else { "the next page failed" };
            notice::note(&format!("the result is incomplete: it has {items} of {pages}, because {why}"));
        }
        Err(failure)
    }

    fn end(&self, result: Items, items: usize) -> Result<(), Failure> {
        match result {
            Items::Written(writer) => finish(writer, items),
            Items::Queried(query, _, items) => self.show_selected(&query, &Json::List(items)),
        }
    }

    fn end_incomplete(&self, result: Items) -> Result<(), Failure> {
        match result {
            Items::Written(writer) => {
                if let Some(note) = writer.finish(result_width())? {
                    notice::note(&note);
                }
                Ok(())
            }
            Items::Queried(query, _, items) => self.show_selected(&query, &Json::List(items)),
        }
    }
}

/// The items of pages: they are written, or kept until a query selects from all of them.
enum Items {
    Written(Writer<io::StdoutLock<'static>>),
    Queried(Query, Rows, Vec<Json>),
}

impl Items {
    fn page(&mut self, response: Json, most: usize) -> io::Result<usize> {
        match self {
            Self::Written(writer) => writer.page(response, most),
            Self::Queried(_, rows, items) => {
                let before = items.len();
                items.extend(rows.take(response).into_iter().take(most));
                Ok(items.len() - before)
            }
        }
    }
}

/// Ctrl-C came while a request was on its way: its outcome is not known, unless it only reads.
fn interrupted(request: &Request) -> Failure {
    let is_read = request.operation().is_some_and(|operation| operation.operation_type == model::OperationType::Read);
    if is_read {
        return Failure::interrupted();
    }
    let what = if request.places_call() { "a phone may be ringing" } else { "the change may have been made" };
    Failure::Interrupted(format!(
        "interrupted before the response came; {what}, so look it up before you send it again"
    ))
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

fn finish(writer: Writer<impl io::Write>, items: usize) -> Result<(), Failure> {
    let note = writer.finish(result_width())?;
    if items == 0 {
        notice::note("the response has no items");
    }
    if let Some(note) = note {
        notice::note(&note);
    }
    Ok(())
}
