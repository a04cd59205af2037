//! `dyvms receipts show`.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::path::PathBuf;

use aliyun_api_spec::model::TypeBody;
use aliyun_receipts::FileInbox;
use dyvmsapi::receipt::Receipt;
use dyvmsapi::types::CallStatusCode;
use dyvmsapi::{CallState, Phase};
use terminal_size::Width;

use crate::failure::Failure;
use crate::json::Json;
use crate::notice;
use crate::output;
use crate::rows::Column;
use crate::table;

/// Options of `dyvms receipts show`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// A file of receipts; it may be in use
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Format of the result
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Format {
    /// A table with one line for each call
    #[default]
    Table,
    /// A list of objects
    Json,
}

/// The calls of a file, in the order of their first receipts.
#[derive(Default)]
struct Calls {
    in_order: Vec<(CallState, Option<String>)>,
    by_id: HashMap<String, usize>,
    /// Receipts that belong to no call.
    others: usize,
}

impl Calls {
    fn add(&mut self, receipt: &Receipt) {
        let Some(id) = receipt.id() else {
            self.others += 1;
            return;
        };
        let next = self.in_order.len();
        let place = *self.by_id.entry(id.to_owned()).or_insert(next);
        if place == next {
            self.in_order.push((CallState::new(id), None));
        }
        if let Some((state, own_id)) = self.in_order.get_mut(place) {
            state.add(receipt);
            if own_id.is_none() {
                *own_id = receipt.own_id().map(str::to_owned);
            }
        }
    }
}

/// Shows the calls.
pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut calls = Calls::default();
    for arrival in FileInbox::read(&options.file).map_err(Failure::Inbox)? {
        match arrival {
            Ok(arrival) => calls.add(&Receipt::read(arrival.kind(), arrival.raw().as_str())),
            Err(error) => notice::error(&error.to_string()),
        }
    }
    if calls.others > 0 {
        let receipts = notice::count(calls.others, "receipt");
        notice::note(&format!("{receipts} without the id of a call, which this does not show"));
    }
    let rows: Vec<Json> = calls.in_order.iter().map(|(state, own_id)| row(state, own_id.as_deref())).collect();
    if options.output == Format::Json {
        return Ok(output::write_json(io::stdout().lock(), &Json::List(rows))?);
    }
    let width = terminal_size::terminal_size_of(io::stdout()).map(|(Width(width), _)| width);
    match table::draw(&columns(), &rows, width) {
        None => notice::note("there is no receipt of a call in the file"),
        Some(drawing) => {
            writeln!(io::stdout().lock(), "{}", drawing.text)?;
            if !drawing.hidden.is_empty() {
                notice::note(&format!("no room for {}; -o json shows everything", notice::names(&drawing.hidden)));
            }
        }
    }
    Ok(())
}

const COLUMNS: [&str; 7] = ["call", "ownId", "phase", "outcome", "meaning", "keys", "lastChange"];

fn columns() -> Vec<Column> {
    COLUMNS.map(Column::text).into()
}

fn row(state: &CallState, own_id: Option<&str>) -> Json {
    let outcome = state.outcome();
    let outcome = outcome.as_ref().map(CallStatusCode::as_str);
    let keys: String = state.keys().collect::<Vec<_>>().join(" ");
    let last_change = state.changes().last().map(|(time, _)| time);
    let cells = [
        Some(state.id()),
        own_id,
        Some(phase(state.phase())),
        outcome,
        outcome.and_then(meaning),
        Some(keys.as_str()).filter(|keys| !keys.is_empty()),
        last_change,
    ];
    let member = |(name, cell): (&str, Option<&str>)| {
        (name.to_owned(), cell.map_or(Json::Null, |cell| Json::Text(cell.to_owned())))
    };
    Json::Object(COLUMNS.into_iter().zip(cells).map(member).collect())
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Started => "started",
        Phase::Ringing => "ringing",
        Phase::Answered => "answered",
        Phase::CalleeRinging => "calleeRinging",
        Phase::Talking => "talking",
        Phase::HungUp => "hungUp",
        Phase::Ended => "ended",
        _ => "unknown",
    }
}

/// What a code means, from the specification of the voice service.
fn meaning(code: &str) -> Option<&'static str> {
    let known = aliyun_api_spec::dyvmsapi().types.iter().find(|known| known.name == "CallStatusCode")?;
    let TypeBody::Enum { values, .. } = &known.body else { return None };
    values.iter().find(|value| value.value == code)?.description.as_deref()
}
