//! Tables for people. Columns fit the terminal, and Chinese characters are two columns wide.

use std::borrow::Cow;

use aliyun_protocol::visible::escaped;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::json::Json;
use crate::language::{pick, text};
use crate::rows::{self, Column};
use crate::{lines, notice};

/// Longer cells are wrapped on a terminal if there are other columns to show.
const WIDEST: usize = 40;

/// Longer cells are shortened on a terminal: a cell takes three lines of the widest column at most.
const LONGEST: usize = 3 * WIDEST;

/// A column of sentences is not narrower, unless it is the only one.
const NARROWEST: usize = 16;

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

impl Drawing {
    /// What is not shown: columns, and the ends of long cells. `None` if everything is.
    pub(crate) fn not_shown(&self) -> Option<String> {
        let count = self.hidden.len();
        let room = self.hidden.first().map(|first| {
            let (first, columns) = (escaped(first), notice::count(count, "column"));
            text!("no room for {columns}, from {first} on", "从 {first} 起有 {count} 列放不下")
        });
        let cells = (self.shortened > 0).then(|| {
            let verb = if self.shortened == 1 { "is" } else { "are" };
            let (count, cells) = (self.shortened, notice::count(self.shortened, "cell"));
            text!("{cells} {verb} shortened", "{count} 个单元格已截短")
        });
        let parts: Vec<String> = room.into_iter().chain(cells).collect();
        (!parts.is_empty()).then(|| parts.join(pick(", and ", Some("，"))))
    }
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
    let widths = width.map(|width| fitting(&columns, usize::from(width)));
    let shown = widths.as_ref().map_or(columns.len(), Vec::len);
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
    }
    for (column, width) in table.column_iter_mut().zip(widths.into_iter().flatten()) {
        let width = u16::try_from(width + PADDING - 1).unwrap_or(u16::MAX);
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
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

/// The widths of the columns that fit, at least of one. Where all fit, long cells get the room that is left.
fn fitting(columns: &[(&Column, Vec<String>)], width: usize) -> Vec<usize> {
    let mut left = width.saturating_sub(1);
    let mut widths = Vec::new();
    for (column, cells) in columns {
        let texts = || cells.iter().map(String::as_str).chain([column.name.as_str()]);
        let wanted = texts().map(|text| escaped(text).width()).max().unwrap_or_default().min(WIDEST);
        let room = left.saturating_sub(PADDING);
        // Sentences can be wrapped; numbers and names are hard to read in parts.
        let least = texts().map(lines::longest_word).max().unwrap_or_default().max(NARROWEST);
        let given = match wanted {
            wanted if wanted <= room => wanted,
            _ if least <= room => room,
            wanted if widths.is_empty() => wanted.min(room).max(2),
            _ => break,
        };
        widths.push(given);
        left = left.saturating_sub(given + PADDING);
    }
    if widths.len() == columns.len() {
        for ((_, cells), width) in columns.iter().zip(&mut widths) {
            let longest = cells.iter().map(|cell| cell.width()).max().unwrap_or_default().min(LONGEST);
            let more = longest.saturating_sub(*width).min(left);
            *width += more;
            left -= more;
        }
    }
    widths
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
    fn sentences_take_the_room_that_is_left() {
        let rows = [r#"{ "callId": "116^1", "label": "one two three four five six seven eight nine ten eleven" }"#];
        let rows = rows.map(Json::read);
        let expected = "\
| callId | label            |
|--------|------------------|
| 116^1  | one two three    |
|        | four five six    |
|        | seven eight nine |
|        | ten eleven       |";
        assert_eq!(draw(&columns(), &rows, Some(29)).unwrap().text, expected);
        assert_eq!(draw(&columns(), &rows, Some(28)).unwrap().hidden, ["label"]);
        // Where there is room, nothing is wrapped.
        assert!(
            draw(&columns(), &rows, Some(80))
                .unwrap()
                .text
                .contains("| 116^1  | one two three four five six seven eight nine ten eleven |")
        );
        // A name is not broken.
        let names = [Json::read(r#"{ "callId": "116^1", "label": "QueryRobotTaskCallList" }"#)];
        assert_eq!(draw(&columns(), &names, Some(33)).unwrap().hidden, ["label"]);
    }

    #[test]
    fn columns_without_room_and_shortened_cells_are_counted() {
        let note = |hidden: &[&str], shortened| {
            let hidden = hidden.iter().map(|name| (*name).to_owned()).collect();
            Drawing { text: String::new(), hidden, shortened }.not_shown()
        };
        assert_eq!(note(&[], 0), None);
        assert_eq!(note(&[], 1).unwrap(), "1 cell is shortened");
        assert_eq!(note(&["a\u{202e}"], 0).unwrap(), r"no room for 1 column, from a\u{202e} on");
        assert_eq!(note(&["a", "b"], 2).unwrap(), "no room for 2 columns, from a on, and 2 cells are shortened");
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
