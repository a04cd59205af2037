//! `dyvms receipts show`.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use aliyun_api_spec::model::TypeBody;
use aliyun_receipts::FileInbox;
use dyvmsapi::receipt::Receipt;
use dyvmsapi::types::CallStatusCode;
use dyvmsapi::{CallState, Phase};

use crate::failure::Failure;
use crate::json::Json;
use crate::language::{Language, pick, text};
use crate::rows::Column;
use crate::{notice, output};

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
        let (others, receipts) = (calls.others, notice::count(calls.others, "receipt"));
        notice::note(&text!(
            "{receipts} without the id of a call, which this does not show",
            "有 {others} 条回执没有呼叫 ID，此处不显示"
        ));
    }
    // Programs get the English names and meanings.
    let language = if options.output == Format::Json { Language::English } else { Language::current() };
    let rows = calls.in_order.iter().map(|(state, own_id)| row(state, own_id.as_deref(), language));
    let rows: Vec<Json> = rows.collect();
    if options.output == Format::Json {
        return Ok(output::write_json(io::stdout().lock(), &Json::List(rows))?);
    }
    let columns = names(language).map(Column::text);
    if !output::write_table(&columns, &rows, str::to_owned)? {
        notice::note(pick("there is no receipt of a call in the file", Some("文件中没有呼叫的回执")));
    }
    Ok(())
}

/// Names of the columns.
fn names(language: Language) -> [&'static str; 7] {
    match language {
        Language::English => ["call", "ownId", "phase", "outcome", "meaning", "keys", "lastChange"],
        Language::Chinese => ["呼叫", "外部编号", "阶段", "结果", "含义", "按键", "最近变化"],
    }
}
fn row(state: &CallState, own_id: Option<&str>, language: Language) -> Json {
    let outcome = state.outcome();
    let outcome = outcome.as_ref().map(CallStatusCode::as_str);
    let keys: String = state.keys().collect::<Vec<_>>().join(" ");
    let last_change = state.changes().last().map(|(time, _)| time);
    let cells = [
        Some(state.id()),
        own_id,
        Some(phase(state.phase(), language)),
        outcome,
        outcome.and_then(|code| meaning(code, language)),
        Some(keys.as_str()).filter(|keys| !keys.is_empty()),
        last_change,
    ];
    let member = |(name, cell): (&str, Option<&str>)| {
        (name.to_owned(), cell.map_or(Json::Null, |cell| Json::Text(cell.to_owned())))
    };
    Json::Object(names(language).into_iter().zip(cells).map(member).collect())
}

fn phase(phase: Phase, language: Language) -> &'static str {
    let (english, chinese) = match phase {
        Phase::Started => ("started", "已发起"),
        Phase::Ringing => ("ringing", "响铃中"),
        Phase::Answered => ("answered", "已接听"),
        Phase::CalleeRinging => ("calleeRinging", "被叫响铃中"),
        Phase::Talking => ("talking", "通话中"),
        Phase::HungUp => ("hungUp", "已挂断"),
        Phase::Ended => ("ended", "已结束"),
        _ => ("unknown", "未知"),
    };
    language.pick(english, Some(chinese))
}

/// What a code means, from the specification of the voice service.
fn meaning(code: &str, language: Language) -> Option<&'static str> {
    let known = aliyun_api_spec::dyvmsapi().types.iter().find(|known| known.name == "CallStatusCode")?;
    let TypeBody::Enum { values, .. } = &known.body else { return None };
    let value = values.iter().find(|value| value.value == code)?;
    Some(language.pick(value.description.as_deref()?, value.description_zh.as_deref()))
}
