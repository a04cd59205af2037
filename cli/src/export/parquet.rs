//! Converts the data of an export, which is lines of JSON, to Parquet.
//!
//! A Parquet file ends with an index of all its parts, so an interrupted one cannot be continued. That is why it is written
//! at the end, from data that can. Rows are read one by one and written in groups, of which one at a time is in memory.

mod chunk;

use std::fs::File;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{Type, TypePtr};

use self::chunk::Chunk;
use super::part::Part;
use crate::json::Json;
use crate::notice;
use crate::rows::{self, Column, Rows, Values};

/// The size at which a group of rows is written.
#[derive(Debug, Clone, Copy)]
struct Group {
    rows: usize,
    /// Bytes of all texts.
    bytes: usize,
}

/// Readers read whole groups, so small ones cost time. Large ones need memory here.
const GROUP: Group = Group { rows: 50_000, bytes: 8 * 1024 * 1024 };

/// Number of rows between two calls of `go_on`.
const STEP: u64 = 1_000;

/// The most columns that are taken from the rows, where the specification does not describe them.
const MOST_COLUMNS: usize = 1_000;

/// How the reading of all rows has ended.
#[derive(Debug, PartialEq, Eq)]
enum Pass {
    /// The file is whole. It has no columns for these members, of which some are named.
    Written { left_out: Vec<String> },
    /// The file is not whole, because these columns have values that are not of their type.
    Misfits(Vec<usize>),
    /// `go_on` has said no.
    Ended,
}

/// A file that is whole.
#[derive(Debug)]
pub(super) struct Converted {
    /// Its length.
    pub(super) bytes: u64,
    /// What it does not have as it was sent.
    pub(super) notes: Vec<String>,
}

/// Converts the data to a file. `go_on` is told the number of rows that were read, and says whether to go on. `None` if it
/// has said no.
pub(super) fn convert(
    part: &mut Part,
    rows: &Rows,
    path: &Path,
    mut go_on: impl FnMut(u64) -> bool,
) -> io::Result<Option<Converted>> {
    let mut columns = columns(rows, part.reader()?)?;
    let mut texts: Vec<String> = Vec::new();
    loop {
        let file = File::create(path)?;
        match write(part.reader()?, &file, &columns, GROUP, &mut go_on)? {
            Pass::Ended => return Ok(None),
            // Texts always fit, so the second pass is the last.
            Pass::Misfits(misfits) => {
                for (_, column) in columns.iter_mut().enumerate().filter(|(at, _)| misfits.contains(at)) {
                    texts.push(column.name.clone());
                    column.values = Values::Text;
                }
            }
            Pass::Written { left_out } => {
                file.sync_all()?;
                let notes = without_type(&texts).into_iter().chain(without_columns(&left_out)).collect();
                return Ok(Some(Converted { bytes: file.metadata()?.len(), notes }));
            }
        }
    }
}

/// The note about columns that are texts although the specification says otherwise.
fn without_type(columns: &[String]) -> Option<String> {
    let (verb, its) = if columns.len() == 1 { ("is", "its") } else { ("are", "their") };
    let why = format!("because not all of {its} values fit the type in the specification");
    (!columns.is_empty()).then(|| format!("{} {verb} text, {why}", notice::names(columns)))
}

/// The note about members for which the file has no column.
fn without_columns(members: &[String]) -> Option<String> {
    let columns = if members.len() == 1 { "column" } else { "columns" };
    let what = format!("the file has no {columns} for {}, which a .jsonl file has", notice::names(members));
    (!members.is_empty()).then_some(what)
}

/// The columns of the specification. Where it does not describe the rows, all members that they have.
fn columns(rows: &Rows, lines: impl BufRead) -> io::Result<Vec<Column>> {
    if !rows.columns().is_empty() {
        return Ok(rows.columns().to_vec());
    }
    let mut columns: Vec<Column> = Vec::new();
    for line in lines.lines() {
        let Json::Object(members) = Json::read(&line?) else { continue };
        for (name, _) in members {
            if columns.len() < MOST_COLUMNS && columns.iter().all(|column| column.name != name) {
                columns.push(Column::text(name));
            }
        }
    }
    // A file needs a column. This one has the rows that are not records.
    if columns.is_empty() {
        columns.push(Column::text("value"));
    }
    Ok(columns)
}

/// Writes all rows. `go_on` is told the number of rows that were read, and says whether to go on.
fn write(
    mut lines: impl BufRead,
    output: impl Write + Send,
    columns: &[Column],
    group: Group,
    go_on: &mut impl FnMut(u64) -> bool,
) -> io::Result<Pass> {
    let mut writer =
        SerializedFileWriter::new(output, schema(columns).map_err(io_error)?, properties().into()).map_err(io_error)?;
    let mut chunks: Vec<Chunk> = columns.iter().map(|column| Chunk::of(column.values)).collect();
    let mut left_out = Vec::new();
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        if lines.read_line(&mut line)? == 0 {
            break;
        }
        let row = Json::read(&line);
        notice_left_out(&row, columns, &mut left_out);
        for (chunk, column) in chunks.iter_mut().zip(columns) {
            chunk.push(rows::cell(&row, column));
        }
        let is_full = is_full(&chunks, group);
        if is_full {
            write_group(&mut writer, &mut chunks).map_err(io_error)?;
        }
        if (is_full || number % STEP == 0) && !go_on(number) {
            return Ok(Pass::Ended);
        }
    }
    if chunks.iter().any(|chunk| chunk.is_misfit) {
        let misfits = chunks.iter().enumerate().filter(|(_, chunk)| chunk.is_misfit);
        return Ok(Pass::Misfits(misfits.map(|(at, _)| at).collect()));
    }
    if rows(&chunks) > 0 {
        write_group(&mut writer, &mut chunks).map_err(io_error)?;
    }
    writer.close().map_err(io_error)?;
    Ok(Pass::Written { left_out })
}

fn notice_left_out(row: &Json, columns: &[Column], left_out: &mut Vec<String>) {
    let Json::Object(members) = row else { return };
    for (name, value) in members {
        let is_known = columns.iter().any(|column| column.name == *name) || left_out.contains(name);
        // One more than a message names, so that it says that there are others.
        if !is_known && !value.is_null() && left_out.len() <= notice::MOST_NAMES {
            left_out.push(name.clone());
        }
    }
}

fn schema(columns: &[Column]) -> Result<TypePtr> {
    let field = |column: &Column| {
        let (physical, logical) = match column.values {
            Values::Text => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
            Values::Integers => (PhysicalType::INT64, None),
            Values::Numbers => (PhysicalType::DOUBLE, None),
            Values::Booleans => (PhysicalType::BOOLEAN, None),
        };
        let field = Type::primitive_type_builder(&column.name, physical);
        field.with_repetition(Repetition::OPTIONAL).with_logical_type(logical).build().map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<_>>>()?;
    Type::group_type_builder("schema").with_fields(fields).build().map(Arc::new)
}

fn properties() -> WriterProperties {
    // An index of all pages would be kept in memory until the end.
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .build()
}

fn rows(chunks: &[Chunk]) -> usize {
    chunks.first().map_or(0, Chunk::rows)
}

fn is_full(chunks: &[Chunk], group: Group) -> bool {
    rows(chunks) >= group.rows || chunks.iter().map(Chunk::bytes).sum::<usize>() >= group.bytes
}

/// Writes the rows that were collected, unless the file is of no use because of a misfit, and forgets them.
fn write_group(writer: &mut SerializedFileWriter<impl Write + Send>, chunks: &mut [Chunk]) -> Result<()> {
    if chunks.iter().any(|chunk| chunk.is_misfit) {
        chunks.iter_mut().for_each(Chunk::clear);
        return Ok(());
    }
    let mut group = writer.next_row_group()?;
    for chunk in chunks {
        let column = group.next_column()?;
        chunk.write(column.ok_or_else(|| ParquetError::General("the schema lacks a column".to_owned()))?)?;
    }
    group.close().map(drop)
}

/// The error of the file, so that a full disk is recognised.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(cause) => io::Error::other(cause),
        },
        other => io::Error::other(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Group = Group { rows: 100, bytes: 1024 * 1024 };

    fn columns_of_calls() -> Vec<Column> {
        let duration = Column { name: "duration".to_owned(), values: Values::Integers };
        vec![Column::text("callId"), Column::text("callResult"), duration]
    }

    fn lines(count: usize) -> String {
        let line = |number| format!("{{\"callId\":\"{number:>40}\",\"callResult\":\"占线\",\"duration\":{number}}}\n");
        (0..count).map(line).collect()
    }

    #[test]
    fn memory_does_not_grow_with_the_rows() {
        let most_bytes = |groups: usize, group: Group| {
            let lines = lines(groups * SMALL.rows);
            let used = allocation_counter::measure(|| {
                let written = write(lines.as_bytes(), io::sink(), &columns_of_calls(), group, &mut |_| true);
                assert_eq!(written.unwrap(), Pass::Written { left_out: Vec::new() });
            });
            used.bytes_max
        };
        let growth = |group| most_bytes(110, group) - most_bytes(10, group);
        // For each group, its entry in the index at the end remains: positions, lengths and bounds of its columns.
        assert!(growth(SMALL) < 100 * 3_000, "{}", growth(SMALL));
        assert!(growth(GROUP) > 100 * 10_000, "all rows are in one group: {}", growth(GROUP));
    }

    #[test]
    fn a_group_ends_with_its_rows_or_its_bytes() {
        let ends = |group| {
            let mut ends = Vec::new();
            let lines = lines(10);
            let mut go_on = |row| {
                ends.push(row);
                true
            };
            write(lines.as_bytes(), io::sink(), &columns_of_calls(), group, &mut go_on).unwrap();
            ends
        };
        assert_eq!(ends(Group { rows: 4, bytes: 1_000_000 }), [4, 8]);
        // 40 bytes of the id and 6 of the result.
        assert_eq!(ends(Group { rows: 1_000, bytes: 3 * 46 }), [3, 6, 9]);
        assert_eq!(ends(GROUP), [0; 0]);
    }

    #[test]
    fn reading_ends_when_it_is_told_to() {
        let lines = lines(2_500);
        let mut steps = Vec::new();
        let mut go_on = |row| {
            steps.push(row);
            row < 2_000
        };
        let pass = write(lines.as_bytes(), io::sink(), &columns_of_calls(), GROUP, &mut go_on).unwrap();
        assert_eq!((pass, steps), (Pass::Ended, vec![1_000, 2_000]));
    }

    #[test]
    fn misfits_of_all_groups_are_found_in_one_pass() {
        let columns = ["a", "b", "c"].map(|name| Column { name: name.to_owned(), values: Values::Integers });
        let lines = "{\"a\":1,\"b\":2,\"c\":3}\n{\"a\":1.5}\n{\"b\":1}\n{\"c\":\"x\"}\n";
        let pass = write(lines.as_bytes(), io::sink(), &columns, Group { rows: 1, bytes: 1 }, &mut |_| true).unwrap();
        assert_eq!(pass, Pass::Misfits(vec![0, 2]));
    }
}
