//! `dyvms export`: writes all items of a list to a file, and goes on after an interruption.
//!
//! Items are written to `FILE.part`. `FILE.resume` says up to which byte that file is complete, and where the next page
//! begins. It is replaced after the data is on the disk, so that it never says more than there is. What the data has after
//! that byte is dropped when the export goes on: no item is lost, and none is there twice. `FILE` appears at the end, whole.
//! Parquet cannot be continued: its data is JSON, which is converted at the end.

#[cfg(feature = "parquet")]
mod parquet;
mod part;
mod state;

use std::collections::HashSet;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use aliyun_api_spec::model::Operation;
use aliyun_api_spec::suggest;
use aliyun_runtime::Paginator;
use aliyun_runtime::generated::Member as _;
use clap::{Arg, ArgAction, Args as _, Command, ValueHint};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::part::{Part, Paths, items};
use self::state::{Identity, State};
use crate::argument::with_parameters;
use crate::client::{self, Connection};
use crate::failure::{Failure, exit_status};
use crate::interrupt::Interrupt;
use crate::json::Json;
use crate::language::{Language, pick, text};
use crate::output::{Csv, Format, Writer};
use crate::request::Request;
use crate::rows::Rows;
use crate::{chinese, file_argument, help, notice, prompt, spec, trace};

/// Options of `dyvms export`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Write to this file, whose name ends in .csv, .jsonl, or .parquet if the command has the feature parquet
    #[arg(long, value_name = "FILE", value_parser = out, value_hint = ValueHint::FilePath, required = true)]
    out: Out,
    /// Replace the file if it exists, and discard an unfinished export of something else
    #[arg(long)]
    force: bool,
    /// Take parameters from this file, a JSON object; - is standard input. Parameters of the command line override those of
    /// the file
    #[arg(long, value_name = "FILE.json", value_hint = ValueHint::FilePath)]
    params: Option<String>,
    /// Write these columns only, in this order
    #[arg(long, value_name = "A,B,...", value_delimiter = ',')]
    columns: Vec<String>,
    #[command(flatten)]
    csv: Csv,
    #[command(flatten)]
    client: client::Options,
    /// Show every attempt on standard error: HTTP status or failure, request id, delay before a retry
    #[arg(short, long)]
    verbose: bool,
}

/// A file with its format.
#[derive(Debug, Clone)]
struct Out {
    path: PathBuf,
    format: FileFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileFormat {
    Csv,
    Jsonl,
    #[cfg(feature = "parquet")]
    Parquet,
}

impl FileFormat {
    /// The format of the data until the export ends.
    fn of_data(self) -> Format {
        match self {
            Self::Csv => Format::Csv,
            Self::Jsonl => Format::Jsonl,
            #[cfg(feature = "parquet")]
            Self::Parquet => Format::Jsonl,
        }
    }
}

fn out(text: &str) -> Result<Out, &'static str> {
    let path = PathBuf::from(text);
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    match extension.as_deref() {
        Some("csv") => Ok(Out { path, format: FileFormat::Csv }),
        Some("jsonl") => Ok(Out { path, format: FileFormat::Jsonl }),
        #[cfg(feature = "parquet")]
        Some("parquet") => Ok(Out { path, format: FileFormat::Parquet }),
        #[cfg(not(feature = "parquet"))]
        Some("parquet") => Err("this command was built without Parquet; `cargo install dyvms --features parquet` \
                                installs it with Parquet, or export .jsonl, which tools for Parquet read"),
        _ => Err("expected a file name that ends in .csv, .jsonl or .parquet"),
    }
}

/// The command without its actions.
pub(crate) fn command() -> Command {
    Command::new("export")
        .about("Write all items of a list to a file; after an interruption, the same command goes on")
        .long_about(
            "Write all items of a list to a file; after an interruption, the same command goes on.\n\n\
             Items are written to FILE.part while FILE.resume says how far the export is. Both are removed at the end, when \
             FILE appears. Parquet is written at the end, to FILE.new. After Ctrl-C, a failure or a full disk, the same command goes on where it was, without losing or \
             repeating an item. To start again instead, delete both files.",
        )
        .after_help(exit_status())
        .override_usage("dyvms export <ACTION> --out <FILE> [--Name value]... [OPTIONS]")
}

/// Adds the parameters of an action, and the options that every export has.
pub(crate) fn with_arguments(command: Command) -> Command {
    let Some(operation) = spec::service().operation(command.get_name()) else { return command };
    chinese::with_page(describe(command, operation), chinese::EXPORT, Language::current())
}

fn describe(command: Command, operation: &'static Operation) -> Command {
    let explain = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let command = with_parameters(command, operation, &[])
        .after_help(file_argument::help())
        .override_usage(format!("dyvms export {} --out <FILE> [--Name value]... [OPTIONS]", operation.action))
        .disable_help_flag(true)
        .next_help_heading("Options");
    Options::augment_args(command)
        .about(pick(&operation.summary, operation.summary_zh.as_deref()))
        .long_about(help::about(operation))
        .arg(explain.help("Describe the action (-h: summary, --help: details)"))
}

/// The error for an action that is unknown, or that has no pages.
pub(crate) fn not_a_list(action: &str, operation: Option<&'static Operation>) -> String {
    if operation.is_some() {
        return format!("{action} does not list items in pages; `dyvms call {action}` shows its response");
    }
    let lists = spec::service().operations.iter().filter(|operation| operation.pagination.is_some());
    let hint = suggest::nearest(action, lists.map(|operation| operation.action.as_str()))
        .map_or_else(|| "`dyvms export --help` lists them".to_owned(), |nearest| format!("did you mean {nearest}?"));
    format!("the specification has no list operation \"{action}\"; {hint}")
}

/// Time between two states on the disk. More frequent ones would slow an export down, and fewer let it repeat more pages.
const BETWEEN_STATES: Duration = Duration::from_millis(500);

/// Exports a list.
pub(crate) async fn run(mut request: Request, mut options: Options) -> Result<(), Failure> {
    if options.verbose {
        trace::show_attempts();
    }
    without_duplicates(&mut options.columns);
    request.prepare();
    let rows = request.operation().map_or_else(|| Rows::Response(Vec::new()), Rows::of);
    rows.check(&options.columns).map_err(Failure::Usage)?;
    let paths = Paths::of(&options.out.path);
    let identity = Identity::of(&request, &options);
    let may_replace = may_replace(&paths, options.force)?;
    let interrupt = Interrupt::listen();
    let connection = Connection::new(&options.client, &request).await?;
    // A state without its data is left of an export that has ended.
    let has_data = paths.part.exists();
    let part = Part::open(&paths)?;
    let state = if has_data { resumed(&identity, &paths, part.bytes(), options.force)? } else { None };
    let state = state.unwrap_or_else(|| State::new(identity));
    let export = Export { may_replace, ..Export::new(request, &options, paths, rows, part, state)? };
    export.run(&connection, interrupt).await
}

/// A record cannot have a member twice, and so cannot its data.
fn without_duplicates(columns: &mut Vec<String>) {
    let mut seen = HashSet::new();
    columns.retain(|column| seen.insert(column.clone()));
}

/// The state from which an export goes on, where there is data of this length. `None` if it starts again.
fn resumed(identity: &Identity, paths: &Paths, length: u64, force: bool) -> Result<Option<State>, Failure> {
    let state = match state::load(paths)? {
        Some(state) if state.has_ended(paths) => return Ok(None),
        Some(state) => state.check(identity, paths, length),
        None if length == 0 => return Ok(None),
        None => Err(format!(
            "{} exists without {}, so it is not known what it is; --force replaces it, or choose another --out",
            paths.part.display(),
            paths.resume.display()
        )),
    };
    match state {
        Ok(state) => Ok(Some(state)),
        Err(_) if force => Ok(None),
        Err(why) => Err(Failure::Usage(why)),
    }
}

/// Asks before an existing file is replaced, if a person is at the terminal.
fn may_replace(paths: &Paths, force: bool) -> Result<bool, Failure> {
    if force || !paths.out.exists() {
        return Ok(force);
    }
    let what = format!("{} exists", paths.out.display());
    let question = text!("{} exists and will be replaced", "{} 已存在，将被替换", paths.out.display());
    let asked = io::stdin().is_terminal() && io::stderr().is_terminal();
    if asked && prompt::is_confirmed(&question)? {
        return Ok(true);
    }
    Err(Failure::Usage(format!("{what}; --force replaces it, or choose another --out")))
}

/// An export in progress.
struct Export {
    request: Request,
    paginator: Paginator,
    writer: Writer<Part>,
    #[cfg(feature = "parquet")]
    format: FileFormat,
    paths: Paths,
    /// Whether a file with the name of the result may be replaced.
    may_replace: bool,
    state: State,
    saved: Instant,
    progress: ProgressBar,
    /// Path of the total in a response.
    total: Option<&'static str>,
}

impl Export {
    fn new(
        request: Request,
        options: &Options,
        paths: Paths,
        rows: Rows,
        mut part: Part,
        state: State,
    ) -> Result<Self, Failure> {
        // Data never exists without a state, so that data of something else is recognised.
        state::save(&paths, &state).map_err(|error| paths.not_written(error, state.items))?;
        part.rewind(&paths, state.bytes)?;
        let writer = Writer::new(part, options.out.format.of_data(), options.csv, rows);
        let writer = if options.columns.is_empty() { writer } else { writer.columns(options.columns.clone()) };
        let writer = writer.resume(state.header.clone(), state.left_out.clone());
        let paginator = match &state.position {
            Some(position) => request.paginator_after(position.clone(), state.items),
            None => request.paginator(),
        };
        let Some(paginator) = paginator else {
            return Err(Failure::Usage(format!("{} has no pages", request.action())));
        };
        let total = request.operation().and_then(|operation| operation.pagination.as_ref()?.total.as_deref());
        let progress = progress(state.items);
        if state.items > 0 && io::stderr().is_terminal() {
            notice::note(&format!("going on after {}", items(state.items)));
        }
        let saved = Instant::now();
        Ok(Self {
            request,
            paginator,
            writer,
            #[cfg(feature = "parquet")]
            format: options.out.format,
            paths,
            may_replace: false,
            state,
            saved,
            progress,
            total,
        })
    }

    async fn run(mut self, connection: &Connection, mut interrupt: Interrupt) -> Result<(), Failure> {
        let ended = self.pages(connection, &mut interrupt).await;
        self.progress.finish_and_clear();
        match ended {
            #[cfg(feature = "parquet")]
            Ok(()) if self.format == FileFormat::Parquet => self.convert(&interrupt),
            Ok(()) => self.finish(),
            // What could not be written is not in the state either.
            Err(failure @ Failure::System(..)) => Err(failure),
            Err(failure) => {
                self.save()?;
                let kept =
                    format!("{} has {}; the same command goes on", self.paths.part.display(), items(self.state.items));
                if matches!(failure, Failure::Interrupted(_)) {
                    return Err(Failure::Interrupted(format!("interrupted; {kept}")));
                }
                notice::note(&kept);
                Err(failure)
            }
        }
    }

    /// Requests pages until there are no more.
    async fn pages(&mut self, connection: &Connection, interrupt: &mut Interrupt) -> Result<(), Failure> {
        // They may all be there already, if the file could not be renamed.
        while !self.state.is_complete {
            let Some(position) = self.paginator.position()?.cloned() else { break };
            self.request.move_to(&position);
            let sent = interrupt.or(connection.send(&self.request)).await;
            let response = sent.ok_or_else(Failure::interrupted)??;
            let is_shown = self.paginator.turn(response.view())?;
            // A page that does not lead on is not written: it is requested again when the export goes on.
            let next = self.paginator.position()?.cloned();
            if is_shown {
                self.write(response.show())?;
            }
            // No state is saved between the data and its position.
            match next {
                Some(next) => self.state.position = Some(next),
                None => self.state.is_complete = true,
            }
            if self.saved.elapsed() >= BETWEEN_STATES {
                self.save()?;
            }
        }
        self.state.is_complete = true;
        Ok(())
    }

    fn write(&mut self, response: Json) -> Result<(), Failure> {
        if let Some(total) = self.total.and_then(|path| total(&response, path))
            && self.progress.length() != Some(total)
        {
            self.progress.set_length(total);
            styled(self.progress.clone(), "{human_pos} of {human_len} items, {per_sec}, {eta} left");
        }
        let count = self
            .writer
            .page(response, usize::MAX)
            .map_err(|error| self.paths.not_written(error, self.state.saved_items))?;
        self.state.items += count as u64;
        self.progress.set_position(self.state.items);
        Ok(())
    }

    /// Writes the state, after the data that it speaks of.
    fn save(&mut self) -> Result<(), Failure> {
        let kept = self.state.saved_items;
        let bytes = self.writer.output().sync().map_err(|error| self.paths.not_written(error, kept))?;
        self.state.bytes = bytes;
        self.state.header = self.writer.header();
        self.state.left_out = self.writer.left_out().to_vec();
        self.state.saved_items = self.state.items;
        self.saved = Instant::now();
        state::save(&self.paths, &self.state).map_err(|error| self.paths.not_written(error, kept))
    }

    fn finish(mut self) -> Result<(), Failure> {
        self.save()?;
        let Self { writer, paths, may_replace, state, .. } = self;
        let note = writer.finish(None).map_err(|error| paths.not_written(error, state.items))?;
        paths.publish(may_replace)?;
        tell_end(note, &state, &paths);
        Ok(())
    }

    /// Writes the result from the data, which has all items.
    #[cfg(feature = "parquet")]
    fn convert(mut self, interrupt: &Interrupt) -> Result<(), Failure> {
        self.save()?;
        let Self { mut writer, paths, may_replace, mut state, .. } = self;
        let all = state.items;
        let bar = progress(0);
        bar.set_length(all);
        let bar = styled(bar, "{human_pos} of {human_len} items written as Parquet, {per_sec}, {eta} left");
        let rows = writer.rows().clone();
        let converted = parquet::convert(writer.output(), &rows, &paths.converted, |rows| {
            bar.set_position(rows);
            !interrupt.has_come()
        });
        bar.finish_and_clear();
        if !matches!(converted, Ok(Some(_))) {
            // What is left of it is replaced in any case.
            let _ = std::fs::remove_file(&paths.converted);
        }
        let Some(converted) = converted.map_err(|error| paths.not_converted(error, all))? else {
            let kept = format!("{} has all {}; the same command goes on", paths.part.display(), items(all));
            return Err(Failure::Interrupted(format!("interrupted; {kept}")));
        };
        // If the data stays behind, a later export does not take it for its own.
        state.converted = Some(converted.bytes);
        state::save(&paths, &state).map_err(|error| paths.not_converted(error, all))?;
        paths.publish_converted(may_replace)?;
        tell_end(converted.notes, &state, &paths);
        Ok(())
    }
}

/// Says what the result lacks, and at a terminal where it is.
fn tell_end(notes: impl IntoIterator<Item = String>, state: &State, paths: &Paths) {
    for note in notes {
        notice::note(&note);
    }
    if io::stderr().is_terminal() {
        notice::note(&format!("{} in {}", items(state.items), paths.out.display()));
    }
}

/// The announced number of all items.
fn total(response: &Json, path: &str) -> Option<u64> {
    let total = path.split('.').try_fold(response, |value, step| value.get(step))?;
    total.plain().trim().parse().ok().filter(|total| *total > 0)
}

/// The line with the rate, and the remaining time if the total is known. It is not shown if standard error is not a
/// terminal.
fn progress(done: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_position(done);
    bar.reset_eta();
    styled(bar, "{human_pos} items, {per_sec}")
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    // The templates are valid. Without one, the line has the default form.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
