//! Writes results: tables for people, JSON and CSV for programs.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write};

use aliyun_protocol::visible::escaped;

use crate::json::{self, Json};
use crate::language::text;
use crate::rows::{self, Column, Rows};
use crate::{notice, table, terminal, yaml};

/// Formats of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table of the items of the response, or of its members if it has no list
    Table,
    /// The whole response as one JSON value; with --all, the list of all items
    Json,
    /// One item per line, as JSON
    Jsonl,
    /// One item per row, with a header; lists and objects are JSON
    Csv,
    /// The same as json, in YAML
    Yaml,
}

/// Options of the format CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::Args)]
#[group(skip)]
pub(crate) struct Csv {
    /// Start a CSV with a byte order mark, which Excel needs to read UTF-8
    #[arg(long)]
    pub(crate) bom: bool,
    /// Write texts to a CSV unchanged, even if a spreadsheet would run them as formulas
    ///
    /// By default, a single quote is added before a text that starts with =, +, -, @, a tab or a line break. Numbers such
    /// as -5 or +8613000000000 are not changed.
    #[arg(long)]
    pub(crate) plain_csv: bool,
}

impl Csv {
    /// A text as it is written to a CSV.
    fn text(self, text: Cow<'_, str>) -> Cow<'_, str> {
        if self.plain_csv { text } else { protected(text) }
    }
}

impl Format {
    /// The format if none is given: for a person at a terminal, or for a program.
    pub(crate) fn by_default() -> Self {
        if io::stdout().is_terminal() { Self::Table } else { Self::Json }
    }

    /// Whether a whole response is shown, and not its rows.
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Self::Json | Self::Yaml)
    }

    /// Whether items are written as soon as they arrive.
    pub(crate) fn is_streamed(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv)
    }
}

/// Writes a whole response as JSON.
pub(crate) fn write_json(output: impl Write, response: &Json) -> io::Result<()> {
    write_whole(output, Format::Json, response)
}

/// Writes a whole response, as YAML or as JSON.
pub(crate) fn write_whole(mut output: impl Write, format: Format, response: &Json) -> io::Result<()> {
    match format {
        Format::Yaml => output.write_all(yaml::text(response).map_err(io::Error::other)?.as_bytes())?,
        _ => write_text(&mut output, serde_json::to_string_pretty(response)?)?,
    }
    output.flush()
}

/// Writes what a query has selected, and returns a note if a part of it is not shown.
pub(crate) fn write_selected(
    mut output: impl Write,
    format: Format,
    csv: Csv,
    columns: &[String],
    mut value: Json,
    width: Option<u16>,
) -> io::Result<Option<String>> {
    if format.is_whole() && columns.is_empty() {
        return write_whole(output, format, &value).map(|()| None);
    }
    if !matches!(value, Json::List(_) | Json::Object(_)) {
        if format == Format::Table {
            write_text(&mut output, escaped(&value.plain()).into_owned())?;
            return output.flush().map(|()| None);
        }
        value = Json::List(vec![value]);
    }
    let rows = Rows::of_selected(&mut value);
    let writer = Writer::new(output, format, csv, rows);
    let mut writer = if columns.is_empty() { writer } else { writer.columns(columns.to_vec()) };
    writer.page(value, usize::MAX)?;
    writer.finish(width)
}

/// Writes rows as a table to standard output, for a command that has JSON for programs. A note names columns that do not fit.
/// Returns `false` if no column has a value.
pub(crate) fn write_table(columns: &[Column], rows: &[Json], style: impl Fn(&str) -> String) -> io::Result<bool> {
    let Some(drawing) = table::draw(columns, rows, terminal::result_width()) else { return Ok(false) };
    // It takes styles off again unless this is a terminal that wants them.
    write_text(&mut anstream::stdout().lock(), style(&drawing.text))?;
    if let Some(what) = drawing.not_shown() {
        notice::note(&text!("{what}; -o json shows everything", "{what}；-o json 显示全部内容"));
    }
    Ok(true)
}

/// Writes a text at once. A reader that stops after the first line then does not close the output before the rest.
fn write_text(output: &mut impl Write, mut text: String) -> io::Result<()> {
    text.push('\n');
    output.write_all(text.as_bytes())
}

/// Writes rows, page by page.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    output: W,
    format: Format,
    csv: Csv,
    rows: Rows,
    /// Columns to show. If empty, all of them.
    chosen: Vec<String>,
    /// Columns of the CSV, after its header was written.
    header: Option<Vec<Column>>,
    /// Members of rows for which the CSV has no column.
    left_out: Vec<String>,
    /// Rows that are written at the end.
    kept: Vec<Json>,
}

/// One more name than a message shows, so that the message can say that there are others.
const MOST_LEFT_OUT: usize = notice::MOST_NAMES + 1;

impl<W: Write> Writer<W> {
    pub(crate) fn new(output: W, format: Format, csv: Csv, rows: Rows) -> Self {
        Self { output, format, csv, rows, chosen: Vec::new(), header: None, left_out: Vec::new(), kept: Vec::new() }
    }

    /// Shows these columns only, in this order.
    pub(crate) fn columns(mut self, chosen: Vec<String>) -> Self {
        self.rows.choose(&chosen);
        self.chosen = chosen;
        self
    }

    /// Goes on with a CSV that has this header, and that had no columns for these members.
    pub(crate) fn resume(mut self, header: Option<Vec<String>>, left_out: Vec<String>) -> Self {
        self.header = header.map(|names| names.into_iter().map(Column::text).collect());
        self.left_out = left_out;
        self
    }

    /// Names of the columns of the CSV, after its header was written.
    pub(crate) fn header(&self) -> Option<Vec<String>> {
        self.header.as_ref().map(|columns| columns.iter().map(|column| column.name.clone()).collect())
    }

    /// Members of rows for which the CSV has no column.
    pub(crate) fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The rows with their columns.
    #[cfg(feature = "parquet")]
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Where rows are written to.
    pub(crate) fn output(&mut self) -> &mut W {
        &mut self.output
    }

    /// Takes the rows of a response, at most `most`, and returns their number.
    pub(crate) fn page(&mut self, response: Json, most: usize) -> io::Result<usize> {
        let mut rows = self.rows.take(response);
        rows.truncate(most);
        let count = rows.len();
        if !self.chosen.is_empty() {
            rows = rows.into_iter().map(|row| rows::select(row, &self.chosen)).collect();
        }
        match self.format {
            Format::Table | Format::Json | Format::Yaml => self.kept.append(&mut rows),
            Format::Jsonl => self.write_lines(&rows)?,
            Format::Csv => self.write_csv(&rows)?,
        }
        Ok(count)
    }

    /// Ends the result. `width` is that of the terminal. Returns a note if a part of the rows is not shown.
    pub(crate) fn finish(mut self, width: Option<u16>) -> io::Result<Option<String>> {
        let mut note = None;
        match (self.format, &self.rows) {
            (Format::Jsonl, _) => {}
            (Format::Csv, _) => note = without_columns(&self.left_out),
            (Format::Json | Format::Yaml, _) => write_whole(&mut self.output, self.format, &Json::List(self.kept))?,
            (Format::Table, Rows::Response(_)) => {
                for response in &self.kept {
                    write_text(&mut self.output, table::draw_members(&rows::members(response), width))?;
                }
            }
            (Format::Table, _) if self.kept.is_empty() => {}
            (Format::Table, Rows::List { columns, .. } | Rows::Items(columns)) => {
                let columns = rows::with_unknown_columns(columns, &self.kept);
                if let Some(drawing) = table::draw(&columns, &self.kept, width) {
                    note = drawing.not_shown().map(|what| {
                        text!(
                            "{what}; to see all, choose --columns, use another --output or write to a file",
                            "{what}；要查看全部内容，请用 --columns 选择列，用 --output 换一种格式，或写入文件"
                        )
                    });
                    write_text(&mut self.output, drawing.text)?;
                } else {
                    note = Some(format!("{} without any content", notice::count(self.kept.len(), "item")));
                }
            }
        }
        self.output.flush()?;
        Ok(note)
    }

    fn write_lines(&mut self, rows: &[Json]) -> io::Result<()> {
        for row in rows {
            serde_json::to_writer(&mut self.output, row)?;
            writeln!(self.output)?;
        }
        self.output.flush()
    }

    /// The header has the columns in the specification. If it does not describe the rows, it has those of the first page.
    fn write_csv(&mut self, rows: &[Json]) -> io::Result<()> {
        if self.csv.bom && self.header.is_none() {
            write!(self.output, "\u{feff}")?;
        }
        let csv = self.csv;
        let mut writer = csv::Writer::from_writer(&mut self.output);
        if self.header.is_none() {
            let known = self.rows.columns();
            let columns = if known.is_empty() { rows::with_unknown_columns(&[], rows) } else { known.to_vec() };
            let names = columns.iter().map(|column| csv.text(Cow::Borrowed(&column.name)));
            writer.write_record(names.map(Cow::into_owned)).map_err(io_error)?;
            self.header = Some(columns);
        }
        let columns = self.header.as_deref().unwrap_or_default();
        for row in rows {
            let Json::Object(members) = row else { continue };
            for (name, value) in members {
                let known = columns.iter().any(|column| column.name == *name) || self.left_out.contains(name);
                if !known && !value.is_null() && self.left_out.len() < MOST_LEFT_OUT {
                    self.left_out.push(name.clone());
                }
            }
        }
        for row in rows {
            let cells = columns.iter().map(|column| match rows::cell(row, column) {
                Some(Json::Number(digits)) => Cow::Borrowed(digits.as_str()),
                Some(value) => csv.text(value.plain()),
                None => Cow::Borrowed(""),
            });
            writer.write_record(cells.map(Cow::into_owned)).map_err(io_error)?;
        }
        writer.flush()
    }
}

/// The note about members for which a CSV has no column.
fn without_columns(members: &[String]) -> Option<String> {
    let (columns, them) = match members.len() {
        0 => return None,
        1 => ("column", "it"),
        _ => ("columns", "them"),
    };
    Some(format!("a CSV has no {columns} for {}; -o jsonl shows {them}", notice::names(members)))
}

/// A text that a spreadsheet does not run as a formula. A single quote before it prevents that; the quotes of CSV do not.
fn protected(text: Cow<'_, str>) -> Cow<'_, str> {
    // Chinese and Japanese spreadsheets treat the full-width signs like the others.
    const FORMULA: &[char] = &['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    let positive = || text.strip_prefix('+').filter(|digits| !digits.starts_with('-'));
    let number = || json::is_number(positive().unwrap_or(&text));
    if text.starts_with(FORMULA) && !number() { Cow::Owned(format!("'{text}")) } else { text }
}

/// The error of the output, so that a broken pipe is recognised.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Rows {
        let columns = names.iter().map(|name| Column::text(*name)).collect();
        Rows::List { path: "Data.List".to_owned(), columns }
    }

    fn written(format: Format, csv: Csv, rows: Rows, pages: &[&str]) -> String {
        noted(format, csv, rows, pages).0
    }

    /// The result and the note about it.
    fn noted(format: Format, csv: Csv, rows: Rows, pages: &[&str]) -> (String, String) {
        let mut output = Vec::new();
        let mut writer = Writer::new(&mut output, format, csv, rows);
        for page in pages {
            writer.page(Json::read(&format!(r#"{{"Code":"OK","Data":{{"List":{page}}}}}"#)), usize::MAX).unwrap();
        }
        let note = writer.finish(None).unwrap().unwrap_or_default();
        (String::from_utf8(output).unwrap(), note)
    }

    fn csv(rows: Rows, pages: &[&str]) -> String {
        written(Format::Csv, Csv::default(), rows, pages)
    }

    const PAGES: [&str; 2] = [r#"[{"a":"x,\"y\"\nz","b":[1,{"c":2.50}]}]"#, r#"[{"b":7,"new":true},{"a":null}]"#];

    #[test]
    fn csv_has_one_header_and_quotes_what_needs_it() {
        let expected = "a,b\n\"x,\"\"y\"\"\nz\",\"[1,{\"\"c\"\":2.50}]\"\n,7\n,\n";
        assert_eq!(csv(list(&["a", "b"]), &PAGES), expected);
        assert_eq!(csv(list(&["a", "b"]), &["[]"]), "a,b\n");
        assert_eq!(csv(list(&[]), &[r#"[{"k":1}]"#]), "k\n1\n");
    }

    #[test]
    fn members_without_a_column_of_a_csv_are_named_once() {
        let note = |names: &[&str], pages: &[&str]| noted(Format::Csv, Csv::default(), list(names), pages).1;
        assert_eq!(note(&["a", "b"], &PAGES), "a CSV has no column for new; -o jsonl shows it");
        let pages = [r#"[{"a":1,"new":2,"zz":{"b":1}},{"new":3,"gone":null}]"#, r#"[{"zz":[1]},{"a":1}]"#];
        assert_eq!(note(&["a"], &pages), "a CSV has no columns for new, zz; -o jsonl shows them");
        // With the header of the first page.
        assert_eq!(note(&[], &pages), "");
        assert_eq!(
            note(&[], &[r#"[{"a":1}]"#, r#"[{"b\u202e":1}]"#]),
            r"a CSV has no column for b\u{202e}; -o jsonl shows it"
        );
        assert_eq!(note(&["a"], &[r#"[{"a":1},{"new":null}]"#, "[]"]), "");
        let many: Vec<String> = (0..1000).map(|number| format!(r#"{{"n{number}":1}}"#)).collect();
        let note = note(&["a"], &[&format!("[{}]", many.join(","))]);
        assert_eq!(
            note,
            "a CSV has no columns for n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and others; -o jsonl shows them"
        );
        for format in [Format::Json, Format::Jsonl, Format::Table] {
            assert_eq!(noted(format, Csv::default(), list(&["a", "b"]), &PAGES).1, "", "{format:?}");
        }
    }

    #[test]
    fn items_without_a_member_make_no_table() {
        for (page, note) in [
            ("[{}]", "1 item without any content"),
            (r#"[{"a":null},{"b":null}]"#, "2 items without any content"),
            (r#"[{"a":""}]"#, "1 item without any content"),
        ] {
            for columns in [&["a"][..], &[]] {
                let written = noted(Format::Table, Csv::default(), list(columns), &[page]);
                assert_eq!(written, (String::new(), note.to_owned()), "{page}");
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_written_once_at_the_start() {
        let bom = Csv { bom: true, ..Csv::default() };
        assert_eq!(written(Format::Csv, bom, list(&["a"]), &[r#"[{"a":1}]"#, r#"[{"a":2}]"#]), "\u{feff}a\n1\n2\n");
        assert_eq!(written(Format::Csv, bom, list(&["a"]), &["[]", "[]"]), "\u{feff}a\n");
    }

    #[test]
    fn no_value_is_run_as_a_formula_by_a_spreadsheet() {
        let dangerous =
            ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "-", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "--5", "+-5", "-5 "];
        let harmless = ["", "a=1", " =1", "'=1", "-5", "+8613000000000", "-0.50", "-1e3", "占线", "[-1]"];
        let both = |text: &str| (protected(Cow::Borrowed(text)).into_owned(), text.to_owned());
        for text in dangerous {
            let (shown, text) = both(text);
            assert_eq!(shown, format!("'{text}"));
        }
        for text in harmless {
            let (shown, text) = both(text);
            assert_eq!(shown, text);
        }
        let rows = r#"[{"=a":"=1","b":-5},{"=a":"-5","b":[-1]}]"#;
        assert_eq!(csv(list(&[]), &[rows]), "'=a,b\n'=1,-5\n-5,[-1]\n");
        let plain = Csv { plain_csv: true, ..Csv::default() };
        assert_eq!(written(Format::Csv, plain, list(&[]), &[rows]), "=a,b\n=1,-5\n-5,[-1]\n");
    }

    #[test]
    fn lines_and_lists_of_json_hold_all_items() {
        let lines = "{\"a\":\"x,\\\"y\\\"\\nz\",\"b\":[1,{\"c\":2.50}]}\n{\"b\":7,\"new\":true}\n{\"a\":null}\n";
        assert_eq!(written(Format::Jsonl, Csv::default(), list(&["a"]), &PAGES), lines);
        let Json::List(items) = Json::read(&written(Format::Json, Csv::default(), list(&["a"]), &PAGES)) else {
            panic!("it is a list")
        };
        assert_eq!(items.len(), 3);
    }

    #[test]
    fn every_form_has_all_digits() {
        let page = r#"[{"a":100.00,"b":123456789012345678901234,"c":1e3,"d":-0.10}]"#;
        for (format, expected) in [
            (Format::Csv, "a,b,c,d\n100.00,123456789012345678901234,1e3,-0.10\n".to_owned()),
            (Format::Jsonl, page.trim_matches(['[', ']']).to_owned() + "\n"),
            (
                Format::Json,
                "[\n  {\n    \"a\": 100.00,\n    \"b\": 123456789012345678901234,\n    \"c\": 1e3,\n    \"d\": -0.10\n  }\n]\n"
                    .to_owned(),
            ),
            (
                Format::Table,
                "\
| a      | b                        | c   | d     |
|--------|--------------------------|-----|-------|
| 100.00 | 123456789012345678901234 | 1e3 | -0.10 |
"
                .to_owned(),
            ),
        ] {
            assert_eq!(written(format, Csv::default(), list(&["a", "b", "c", "d"]), &[page]), expected, "{format:?}");
        }
    }

    #[test]
    fn tables_show_what_the_specification_does_not_know() {
        let expected = "\
| b | new  |
|---|------|
| 7 | true |";
        let rows = r#"[{"b":7,"new":true}]"#;
        assert_eq!(written(Format::Table, Csv::default(), list(&["a", "b"]), &[rows]).trim_end(), expected);
        assert_eq!(written(Format::Table, Csv::default(), list(&["a", "b"]), &["[]"]), "");
    }

    #[test]
    fn a_response_without_a_list_is_a_table_of_members() {
        let expected = "\
| member         | value |
|----------------|-------|
| Data.List.Size | 3     |
| Code           | OK    |";
        let written = written(Format::Table, Csv::default(), Rows::Response(Vec::new()), &[r#"{"Size":3}"#]);
        assert_eq!(written.trim_end(), expected);
    }
}
