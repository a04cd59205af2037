//! Tables of reference pages. Most are no tables of Markdown: a cell goes on over several lines, blank ones included, until
//! the pipe that completes the number of cells in the header.

/// A cell with its byte position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell<'t> {
    pub(crate) at: usize,
    pub(crate) text: &'t str,
}

/// A row. Its number of cells is that of the header, unless `fault` says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row<'t> {
    pub(crate) at: usize,
    pub(crate) cells: Vec<Cell<'t>>,
    /// What is wrong with it.
    pub(crate) fault: Option<&'static str>,
}

#[derive(Debug)]
pub(crate) struct Table<'t> {
    pub(crate) header: Row<'t>,
    pub(crate) rows: Vec<Row<'t>>,
}

/// The tables in a part of a page, `text[start..end]`. Blocks of code are given by `skipped`: they have no tables.
pub(crate) fn tables<'t>(
    text: &'t str,
    start: usize,
    end: usize,
    skipped: &[std::ops::Range<usize>],
) -> Vec<Table<'t>> {
    let mut tables = Vec::new();
    let mut at = start;
    while let Some(begin) = next_row(text, at, end, skipped) {
        let (header, one_line) = header(text, begin, end);
        let mut table = Table { header: header.0, rows: Vec::new() };
        at = header.1;
        let count = table.header.cells.len();
        if count == 0 {
            at = at.max(begin + 1);
            continue;
        }
        while at < end {
            let blank = skip_blank(text, at, end);
            if blank >= end || text.as_bytes().get(blank) != Some(&b'|') || !starts_line(text, blank) {
                break;
            }
            let (row, next) = row(text, blank, end, count, one_line);
            // A row above a line of dashes is the header of another table.
            let after = skip_blank(text, next, end);
            if !is_separator(&row) && !table.rows.is_empty() && is_dashes(text, after, end) {
                break;
            }
            at = next;
            if !is_separator(&row) {
                table.rows.push(row);
            }
        }
        at = at.max(begin + 1);
        if count > 1 {
            tables.push(table);
        }
    }
    tables
}

/// The position of the next line that starts with a pipe.
fn next_row(text: &str, mut at: usize, end: usize, skipped: &[std::ops::Range<usize>]) -> Option<usize> {
    while at < end {
        let block = skipped.iter().find(|block| block.contains(&at));
        if let Some(block) = block {
            at = block.end.max(at + 1);
            continue;
        }
        if starts_line(text, at) && text.as_bytes().get(at) == Some(&b'|') {
            return Some(at);
        }
        at = text.get(at..end)?.find('\n').map_or(end, |line| at + line + 1);
    }
    None
}

fn starts_line(text: &str, at: usize) -> bool {
    at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n')
}

/// The end of the line that contains a position.
fn line_end(text: &str, at: usize, end: usize) -> usize {
    text.get(at..end).and_then(|rest| rest.find('\n')).map_or(end, |line| at + line)
}

fn skip_blank(text: &str, at: usize, end: usize) -> usize {
    let rest = text.get(at..end).unwrap_or_default();
    at + (rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{a0}']).len())
}

/// The header, where it ends, and whether it is on one line. Otherwise each cell of the table starts a line.
fn header(text: &str, begin: usize, end: usize) -> ((Row<'_>, usize), bool) {
    let line = line_end(text, begin, end);
    let whole = text.get(begin..line).unwrap_or_default().trim_end();
    let pipes = pipes(whole).count();
    if pipes >= 3 && whole.ends_with('|') {
        return (((row(text, begin, end, pipes - 1, true)).0, line), true);
    }
    if pipes >= 2 && !whole.ends_with('|') {
        // The last pipe of the line is missing.
        return ((row(text, begin, end, pipes, true).0, line), true);
    }
    // `|name`, a blank line, `|description`, a blank line, `|`.
    let mut cells = Vec::new();
    let mut at = begin;
    loop {
        let line = line_end(text, at, end);
        let cell = text.get(at + 1..line).unwrap_or_default();
        if cell.trim().is_empty() {
            at = line;
            break;
        }
        cells.push(Cell { at: at + 1, text: cell.trim().trim_end_matches('|') });
        let next = skip_blank(text, line, end);
        if text.as_bytes().get(next) != Some(&b'|') || next >= end {
            at = line;
            break;
        }
        at = next;
    }
    ((Row { at: begin, cells, fault: None }, at), false)
}

/// The positions of pipes that delimit cells: those after an even number of backslashes.
fn pipes(text: &str) -> impl Iterator<Item = usize> {
    let mut backslashes = 0;
    text.bytes().enumerate().filter_map(move |(at, byte)| {
        let is_escaped = backslashes % 2 == 1;
        backslashes = if byte == b'\\' { backslashes + 1 } else { 0 };
        (byte == b'|' && !is_escaped).then_some(at)
    })
}

/// A row of `count` cells, and where it ends.
fn row(text: &str, begin: usize, end: usize, count: usize, one_line: bool) -> (Row<'_>, usize) {
    let rest = text.get(begin..end).unwrap_or_default();
    let mut cells = Vec::new();
    let mut open = 1;
    let mut fault = None;
    for at in pipes(rest).skip(1) {
        // A pipe at the start of a line begins the next row.
        if one_line && starts_line(rest, at) {
            fault = Some("the row has too few cells");
            cells.push(cell(begin, rest, open, at));
            open = at;
            break;
        }
        cells.push(cell(begin, rest, open, at));
        open = at + 1;
        if cells.len() == count {
            break;
        }
    }
    let mut stop = begin + open;
    if cells.len() == count && fault.is_none() {
        let line = line_end(text, stop, end);
        let extra = text.get(stop..line).unwrap_or_default();
        if !extra.trim().is_empty() {
            fault = Some("the row has too many cells");
        }
        stop = line;
    } else if fault.is_none() {
        // The page ends within the row.
        let line = line_end(text, stop, end);
        if cells.len() < count {
            cells.push(cell(begin, rest, open, line.saturating_sub(begin).max(open)));
        }
        fault = (cells.len() < count).then_some("the row has too few cells");
        stop = line;
    }
    (Row { at: begin, cells, fault }, stop.max(begin + 1))
}

fn cell(begin: usize, rest: &str, from: usize, to: usize) -> Cell<'_> {
    let text = rest.get(from..to).unwrap_or_default();
    let trimmed = text.trim_matches([' ', '\t', '\r', '\n', '\u{a0}']);
    let lead = text.len() - text.trim_start_matches([' ', '\t', '\r', '\n', '\u{a0}']).len();
    Cell { at: begin + from + lead, text: trimmed }
}

/// Whether a line is `|--|:-|`.
fn is_dashes(text: &str, at: usize, end: usize) -> bool {
    let line = text.get(at..line_end(text, at, end)).unwrap_or_default().trim();
    line.starts_with('|') && line.contains('-') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

/// `|--|:-|`.
fn is_separator(row: &Row<'_>) -> bool {
    let is_line = |cell: &Cell<'_>| !cell.text.is_empty() && cell.text.chars().all(|c| matches!(c, '-' | ':' | ' '));
    !row.cells.is_empty() && row.cells.iter().all(is_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(Vec<&str>, Option<&'static str>)> {
        let tables = tables(text, 0, text.len(), &[]);
        let rows = tables.into_iter().flat_map(|table| table.rows);
        rows.map(|row| (row.cells.iter().map(|cell| cell.text).collect(), row.fault)).collect()
    }

    #[test]
    fn a_cell_goes_on_until_the_row_is_complete() {
        let text = "|名称|类型|描述|\n|--|--|--|\n|A|String|One.\n\n -   x\n-   y\n\n |\n|B|Long|Two.|\n\n|C|Long|Three. |\nend\n";
        assert_eq!(
            read(text),
            [
                (vec!["A", "String", "One.\n\n -   x\n-   y"], None),
                (vec!["B", "Long", "Two."], None),
                (vec!["C", "Long", "Three."], None),
            ]
        );
    }

    #[test]
    fn backslashes_before_a_pipe_are_counted() {
        let text = "|a|b|\n|-|-|\n|x\\|y|1|\n|x\\\\|2|\n";
        assert_eq!(read(text), [(vec!["x\\|y", "1"], None), (vec!["x\\\\", "2"], None)]);
    }

    #[test]
    fn rows_with_too_few_and_too_many_cells_are_found() {
        let text = "|a|b|c|\n|-|-|-|\n|1|2|\n|3|4|5|\n|6|7|8|9|\n|x|y";
        assert_eq!(
            read(text),
            [
                (vec!["1", "2", ""], Some("the row has too few cells")),
                (vec!["3", "4", "5"], None),
                (vec!["6", "7", "8"], Some("the row has too many cells")),
                (vec!["x", "y"], Some("the row has too few cells")),
            ]
        );
    }

    #[test]
    fn a_table_may_have_one_cell_per_line_and_no_separator() {
        let text = "|名称\n\n|描述\n\n|\n|--|--|\n|A\n\n|One\n\n|\n|B\n|Two\n|\n";
        assert_eq!(read(text), [(vec!["A", "One"], None), (vec!["B", "Two"], None)]);
        assert_eq!(read("|a|b|\n|1|2|\n"), [(vec!["1", "2"], None)]);
    }

    #[test]
    fn no_text_makes_it_stop_or_loop() {
        for text in ["", "|", "||", "|||", "|\n|\n|", "|a|\n|b|", "|a|b|\n|", "|a|b|\n\\|", "|a|b|\n|\u{a0}|\n|é|"] {
            let _ = read(text);
        }
    }
}
