//! Tables for people. Columns fit the terminal, and Chinese characters are two columns wide.

use std::borrow::Cow;

use aliyun_protocol::visible::escaped;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::json::Json;
use crate::rows::{self, Column};

/// Longer cells are wrapped on a terminal, so that a long text leaves room for other columns.
const WIDEST: u16 = 40;

/// Longer cells are shortened on a terminal: a cell takes three lines of the widest column at most.
const LONGEST: usize = 3 * WIDEST as usize;

/// A space on both sides, and the line before a column.
const PADDING: usize = 3;

/// A table as text, and what there was no room for.
#[derive(Debug)]
pub(crate) struct Drawing {
    /// Its lines.
    pub(crate) text: String,
    /// Names of the columns that are left out.
    pub(crate) hidden: Vec<String>,
    /// Number of cells that are shortened.
    pub(crate) shortened: usize,
}

/// Draws rows with all columns that have a value, or with as many of them as fit the width. `None` if no column has a value.
pub(crate) fn draw(columns: &[Column], rows: &[Json], width: Option<u16>) -> Option<Drawing> {
    let columns: Vec<(&Column, Vec<String>)> = columns
        .iter()
        .map(|column| (column, rows.iter().map(|row| shown(row, column)).collect::<Vec<_>>()))
        .filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()))
        .collect();
    if columns.is_empty() {
        return None;
    }
    let shown = width.map_or(columns.len(), |width| fitting(&columns, width));
    let (columns, hidden) = columns.split_at_checked(shown).unwrap_or((&columns, &[]));
    let mut shortened = 0;
    let mut table = table(columns.iter().map(|(column, _)| escaped(&column.name)).collect(), width);
    for row in 0..rows.len() {
        table.add_row(columns.iter().filter_map(|(_, cells)| cells.get(row)).map(|cell| {
            let short = width.and_then(|_| beginning(cell));
            shortened += usize::from(short.is_some());
            short.map_or(Cow::Borrowed(cell.as_str()), Cow::Owned)
        }));
    }
    for (column, (known, _)) in table.column_iter_mut().zip(columns) {
        if known.values.are_numbers() {
            column.set_cell_alignment(CellAlignment::Right);
        }
        if width.is_some() {
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(WIDEST)));
        }
    }
    let hidden = hidden.iter().map(|(column, _)| column.name.clone()).collect();
    Some(Drawing { text: table.to_string(), hidden, shortened })
}

/// The beginning of a cell that is too long, with an ellipsis.
fn beginning(cell: &str) -> Option<String> {
    if cell.width() <= LONGEST {
        return None;
    }
    let mut width = 1;
    let fits = |c: &char| {
        width += c.width().unwrap_or_default();
        width <= LONGEST
    };
    Some(cell.chars().take_while(fits).chain(['…']).collect())
}

fn shown(row: &Json, column: &Column) -> String {
    rows::cell(row, column).map(|value| escaped(&value.plain()).into_owned()).unwrap_or_default()
}

/// Draws members and their values in two columns.
pub(crate) fn draw_members(members: &[(String, String)], width: Option<u16>) -> String {
    let mut table = table(vec!["member".into(), "value".into()], width);
    for (name, value) in members {
        table.add_row([escaped(name), escaped(value)]);
    }
    table.to_string()
}

/// A table with ASCII lines, since Chinese terminals may draw other lines at double width.
fn table(header: Vec<Cow<'_, str>>, width: Option<u16>) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(header);
    match width {
        Some(width) => table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table
}

/// The number of columns that fit, at least 1.
fn fitting(columns: &[(&Column, Vec<String>)], width: u16) -> usize {
    let mut left = usize::from(width).saturating_sub(1);
    let fit = columns.iter().take_while(|(column, cells)| {
        let mut table = Table::new();
        table.set_header([escaped(&column.name)]).add_rows(cells.iter().map(|cell| [cell]));
        let widest = table.column_max_content_widths().first().copied().unwrap_or_default();
        let needed = usize::from(widest.min(WIDEST)) + PADDING;
        let fits = needed <= left;
        left = left.saturating_sub(needed);
        fits
    });
    fit.count().max(1)
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::rows::Values;

    fn columns() -> Vec<Column> {
        let duration = Column { name: "duration".to_owned(), values: Values::Integers };
        vec![Column::text("callId"), Column::text("callResult"), Column::text("label"), duration]
    }

    fn rows() -> [Json; 2] {
        [
            r#"{ "callId": "116^1", "callResult": "无法接通", "label": null, "duration": 7 }"#,
            r#"{ "callId": "116^2", "callResult": "占线", "duration": 60 }"#,
        ]
        .map(Json::read)
    }

    #[test]
    fn chinese_text_keeps_its_width_and_empty_columns_are_dropped() {
        let drawing = draw(&columns(), &rows(), None).unwrap();
        let expected = "\
| callId | callResult | duration |
|--------|------------|----------|
| 116^1  | 无法接通   |        7 |
| 116^2  | 占线       |       60 |";
        assert_eq!(drawing.text, expected);
        assert_eq!(drawing.hidden, Vec::<String>::new());
    }

    #[test]
    fn a_narrow_terminal_gets_the_first_columns() {
        let drawing = draw(&columns(), &rows(), Some(24)).unwrap();
        let expected = "\
| callId | callResult |
|--------|------------|
| 116^1  | 无法接通   |
| 116^2  | 占线       |";
        assert_eq!(drawing.text, expected);
        assert_eq!(drawing.hidden, ["duration"]);
        assert_eq!(draw(&columns(), &rows(), Some(34)).unwrap().hidden, Vec::<String>::new());
        assert_eq!(draw(&columns(), &rows(), Some(33)).unwrap().hidden, ["duration"]);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let text = "这是一段很长的中文文本，会被折行显示".repeat(3);
        let member = |name: &str| (name.to_owned(), Json::Text(text.clone()));
        let rows = [Json::Object(vec![member("callId"), member("callResult")])];
        let members = [("Data.Text".to_owned(), text.clone())];
        for width in [20, 33, 60, 90, 200] {
            let drawings = [draw(&columns(), &rows, Some(width)).unwrap().text, draw_members(&members, Some(width))];
            for drawing in drawings {
                let widest = drawing.lines().map(UnicodeWidthStr::width).max().unwrap();
                assert!(widest <= usize::from(width), "{widest} > {width}\n{drawing}");
                let shown: String = drawing.chars().filter(|c| !c.is_ascii()).collect();
                assert!(shown.chars().count() >= text.chars().count(), "nothing is lost:\n{drawing}");
            }
        }
    }

    #[test]
    fn long_cells_are_shortened_on_a_terminal_and_counted() {
        let row = |text: String| Json::Object(vec![("a".to_owned(), Json::Text(text))]);
        let columns = [Column::text("a")];
        for (text, shortened) in [("x", 120), ("占", 60)].map(|(c, most)| (c.repeat(most), c.repeat(most + 1))) {
            let rows = [row(text), row(shortened.clone())];
            let drawing = draw(&columns, &rows, Some(80)).unwrap();
            assert_eq!((drawing.shortened, drawing.text.matches('…').count()), (1, 1), "{}", drawing.text);
            let whole = draw(&columns, &rows, None).unwrap();
            assert_eq!(whole.shortened, 0);
            assert!(whole.text.contains(&shortened), "a file gets all");
        }
    }

    #[test]
    fn names_and_values_show_what_would_move_the_cursor() {
        let row = Json::read(r#"{"a\u202e":"b\u202e\n"}"#);
        let rows = std::slice::from_ref(&row);
        let columns = rows::with_unknown_columns(&[], rows);
        for width in [None, Some(80)] {
            for drawing in [draw(&columns, rows, width).unwrap().text, draw_members(&rows::members(&row), width)] {
                assert!(drawing.contains(r"a\u{202e}") && drawing.contains(r"b\u{202e}\n"), "{drawing}");
                assert!(!drawing.contains('\u{202e}'), "{drawing}");
            }
        }
    }
}
