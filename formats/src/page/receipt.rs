//! Pages of receipts: a table of fields, perhaps with receipts as examples, and no request.

use aliyun_api_spec::Fault;
use serde_json::Value;

use super::row::{Columns, Line};
use super::{Page, Topic, response, texts};
use crate::draft::Receipt;
use crate::note::Notes;

/// Whether a page describes a kind of receipt: it has no request, and its name or its text says so.
pub(super) fn is_receipt(page: &Page<'_>, name: &str) -> bool {
    let has_request = [Topic::Parameters, Topic::Syntax].iter().any(|topic| page.of(*topic).next().is_some());
    let is_named = ["Report", "Receipt", "Callback", "Notification"].iter().any(|word| name.ends_with(word));
    let says = || ["回执", "订阅", "receipt", "callback"].iter().any(|word| page.text.to_lowercase().contains(word));
    !has_request && page.in_link("api").is_none() && (is_named || says())
}

/// Reads a kind of receipt. The error is why the page does not become one.
pub(super) fn read(page: &Page<'_>, kind: String, notes: &mut Notes<'_>) -> Result<Receipt, Fault> {
    let examples = examples(page, &kind, notes);
    let mut lines: Option<Vec<Line>> = None;
    for table in page.sections.iter().flat_map(|section| page.tables(section)) {
        let Some(columns) = Columns::of(&table.header) else { continue };
        if lines.is_some() {
            notes.loss(table.header.at, format!("{kind}: a second table of fields is not read"));
            continue;
        }
        lines = Some(table.rows.iter().filter_map(|row| Line::of(row, &columns, notes)).collect());
    }
    let Some(lines) = lines.filter(|lines| !lines.is_empty()) else {
        let what = "there is neither a section with the request parameters nor a table of the fields of a receipt";
        return Err(notes.fault(page.title.at, format!("{kind}: {what}")));
    };
    let fields = response::fields(&lines, examples.first().map(|(_, example)| example), notes);
    let (summary, description) = texts(page);
    Ok(Receipt { at: page.title.at, kind, summary, description, fields, examples })
}

/// The receipts that the page shows: an object each, or a list of them.
fn examples(page: &Page<'_>, kind: &str, notes: &mut Notes<'_>) -> Vec<(usize, Value)> {
    let mut found = Vec::new();
    for block in page.blocks.iter().filter(|block| block.content.trim_start().starts_with(['{', '['])) {
        let at = block.whole.start;
        let items = match serde_json::from_str(block.content) {
            Ok(Value::Array(items)) => items,
            Ok(value) => vec![value],
            Err(error) => {
                notes.loss(at, format!("{kind}: the example is not JSON: {error}"));
                continue;
            }
        };
        for item in items {
            if item.is_object() {
                found.push((at, item));
            } else {
                notes.loss(at, format!("{kind}: the example is not an object"));
            }
        }
    }
    found
}
