//! Writing results: tables for people, JSON and CSV for programs.

use std::io::{self, Write};

use serde_json::Value;

use crate::answer::{self, Column, Rows};
use crate::table;

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Format {
    /// A table: the items of the answer, or its members where it has no list
    #[default]
    Table,
    /// The whole answer as one JSON value; with --all, the list of all items
    Json,
    /// One item on a line, as JSON
    Jsonl,
    /// One item in a row, with a header; lists and objects as JSON
    Csv,
}

impl Format {
    /// Whether items are written as they come.
    pub(crate) fn is_streamed(self) -> bool {
        matches!(self, Self::Jsonl | Self::Csv)
    }
}

/// Writes a whole answer.
pub(crate) fn write_json(mut output: impl Write, answer: &Value) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut output, answer)?;
    writeln!(output)?;
    output.flush()
}

/// Writes rows, page by page.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    output: W,
    format: Format,
    rows: Rows,
    /// Columns of a CSV, once its header is written.
    header: Option<Vec<Column>>,
    /// Rows that wait for all others.
    kept: Vec<Value>,
}

impl<W: Write> Writer<W> {
    pub(crate) fn new(output: W, format: Format, rows: Rows) -> Self {
        Self { output, format, rows, header: None, kept: Vec::new() }
    }

    /// Takes the rows of an answer; tells how many they are.
    pub(crate) fn page(&mut self, answer: Value) -> io::Result<usize> {
        let mut rows = self.rows.take(answer);
        let count = rows.len();
        match self.format {
            Format::Table | Format::Json => self.kept.append(&mut rows),
            Format::Jsonl => self.write_lines(&rows)?,
            Format::Csv => self.write_csv(&rows)?,
        }
        Ok(count)
    }

    /// Ends the result; `width` is that of the terminal. Tells which columns of a table had no room.
    pub(crate) fn finish(mut self, width: Option<u16>) -> io::Result<Vec<String>> {
        let mut hidden = Vec::new();
        match (self.format, &self.rows) {
            (Format::Jsonl | Format::Csv, _) => {}
            (Format::Json, _) => write_json(&mut self.output, &self.kept.into())?,
            (Format::Table, Rows::Answer(_)) => {
                for answer in &self.kept {
                    writeln!(self.output, "{}", table::draw_members(&answer::members(answer), width))?;
                }
            }
            (Format::Table, Rows::List { .. }) if self.kept.is_empty() => {}
            (Format::Table, Rows::List { columns, .. }) => {
                let columns = answer::with_unknown_columns(columns, &self.kept);
                let drawing = table::draw(&columns, &self.kept, width);
                writeln!(self.output, "{}", drawing.text)?;
                hidden = drawing.hidden;
            }
        }
        self.output.flush()?;
        Ok(hidden)
    }

    fn write_lines(&mut self, rows: &[Value]) -> io::Result<()> {
        for row in rows {
            serde_json::to_writer(&mut self.output, row)?;
            writeln!(self.output)?;
        }
        self.output.flush()
    }

    /// The header is that of the specification, whatever the rows hold, and where it leaves them open, that of the
    /// first page.
    fn write_csv(&mut self, rows: &[Value]) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(&mut self.output);
        let columns = match &mut self.header {
            Some(columns) => columns,
            header => {
                let known = self.rows.columns();
                let columns = if known.is_empty() { answer::with_unknown_columns(&[], rows) } else { known.to_vec() };
                writer.write_record(columns.iter().map(|column| &column.name)).map_err(io_error)?;
                header.insert(columns)
            }
        };
        for row in rows {
            writer.write_record(columns.iter().map(|column| answer::cell(row, column))).map_err(io_error)?;
        }
        writer.flush()
    }
}

/// The error of the output below, so that a broken pipe is seen as one.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(names: &[&str]) -> Rows {
        let columns = names.iter().map(|name| Column { name: (*name).to_owned(), numeric: false }).collect();
        Rows::List { path: "Data.List".to_owned(), columns }
    }

    fn written(format: Format, rows: Rows, pages: &[Value]) -> String {
        let mut output = Vec::new();
        let mut writer = Writer::new(&mut output, format, rows);
        for page in pages {
            writer.page(json!({ "Code": "OK", "Data": { "List": page } })).unwrap();
        }
        writer.finish(None).unwrap();
        String::from_utf8(output).unwrap()
    }

    fn pages() -> [Value; 2] {
        [json!([{ "a": "x,\"y\"\nz", "b": [1, { "c": 2 }] }]), json!([{ "b": 7, "new": true }, { "a": null }])]
    }

    #[test]
    fn csv_has_one_header_and_quotes_what_needs_it() {
        let expected = "a,b\n\"x,\"\"y\"\"\nz\",\"[1,{\"\"c\"\":2}]\"\n,7\n,\n";
        assert_eq!(written(Format::Csv, list(&["a", "b"]), &pages()), expected);
        assert_eq!(written(Format::Csv, list(&["a", "b"]), &[json!([])]), "a,b\n");
        assert_eq!(written(Format::Csv, list(&[]), &[json!([{ "k": 1 }])]), "k\n1\n");
    }

    #[test]
    fn lines_and_lists_of_json_hold_all_items() {
        let lines = "{\"a\":\"x,\\\"y\\\"\\nz\",\"b\":[1,{\"c\":2}]}\n{\"b\":7,\"new\":true}\n{\"a\":null}\n";
        assert_eq!(written(Format::Jsonl, list(&["a"]), &pages()), lines);
        let list: Value = serde_json::from_str(&written(Format::Json, list(&["a"]), &pages())).unwrap();
        assert_eq!(list.as_array().unwrap().len(), 3);
    }

    #[test]
    fn tables_show_what_the_specification_does_not_know() {
        let expected = "\
| b | new  |
|---|------|
| 7 | true |";
        let rows = json!([{ "b": 7, "new": true }]);
        assert_eq!(written(Format::Table, list(&["a", "b"]), &[rows]).trim_end(), expected);
        assert_eq!(written(Format::Table, list(&["a", "b"]), &[json!([])]), "");
    }

    #[test]
    fn an_answer_without_a_list_is_a_table_of_members() {
        let expected = "\
| member         | value |
|----------------|-------|
| Data.List.Size | 3     |
| Code           | OK    |";
        assert_eq!(written(Format::Table, Rows::Answer(Vec::new()), &[json!({ "Size": 3 })]).trim_end(), expected);
    }
}
