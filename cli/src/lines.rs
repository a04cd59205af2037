//! Lines that are wrapped at spaces and between Chinese characters.

use unicode_width::UnicodeWidthChar as _;

/// The longest line, as in English.
const LONGEST: usize = 100;

/// Where the text of an entry begins that does not stand beside its name, as clap has it.
const BELOW: usize = 10;

/// The width for a help: that of the terminal, but lines that are too long are hard to read.
pub(crate) fn width() -> usize {
    let terminal = terminal_size::terminal_size().map(|(terminal_size::Width(width), _)| usize::from(width));
    let variable = || std::env::var("COLUMNS").ok()?.parse().ok();
    terminal.or_else(variable).unwrap_or(LONGEST).min(LONGEST)
}

/// What stands before the form of a command.
pub(crate) const USAGE: &str = "用法：";

/// Wraps the lines of a text, which may have styles.
///
/// A line goes on where its text began: below the text of an entry, which two spaces separate from its name, below that of an
/// item of a list or of a usage, or below its own beginning.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let all: Vec<Line<'_>> = text.lines().map(Line::of).collect();
    let mut lines = Vec::new();
    // Entries below each other are shown alike.
    for block in all.chunk_by(|one, other| one.entry == other.entry) {
        let is_wide = |line: &Line<'_>| width_of(line.text) > width;
        let below = block.iter().any(is_wide) && block.iter().all(|line| line.is_narrow(width));
        for line in block {
            match line.entry {
                Some(column) if below => {
                    let (name, text) = line.text.split_at(offset(line.text, column));
                    lines.push(name.trim_end().to_owned());
                    lines.push(filled(&format!("{:BELOW$}{text}", ""), BELOW, width));
                }
                _ => lines.push(filled(line.text, line.indent, width)),
            }
        }
    }
    let mut wrapped = lines.join("\n");
    wrapped.push('\n');
    wrapped
}

/// A line, and where its text begins.
struct Line<'t> {
    text: &'t str,
    /// The column of the text of an entry.
    entry: Option<usize>,
    /// The column where the text goes on.
    indent: usize,
}

impl<'t> Line<'t> {
    fn of(text: &'t str) -> Self {
        let plain: String = visible(text).map(|(_, character)| character).collect();
        let inner = plain.trim_start();
        let start = plain.len() - inner.len();
        let hanging = ["- ", USAGE].into_iter().find(|mark| inner.starts_with(mark));
        if let Some(mark) = hanging {
            return Self { text, entry: None, indent: start + width_of(mark) };
        }
        let entry = inner.split_once("  ").map(|(name, rest)| {
            let gap = rest.len() - rest.trim_start().len() + 2;
            start + width_of(name) + gap
        });
        // A line that ends with spaces is not an entry.
        let entry = entry.filter(|column| *column < width_of(text));
        Self { text, entry, indent: entry.unwrap_or(start) }
    }

    /// Whether too little room is left beside the name of an entry.
    fn is_narrow(&self, width: usize) -> bool {
        self.entry.is_some_and(|column| column * 5 > width * 2)
    }
}

/// The characters of a text without its styles, with their offsets.
fn visible(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut in_style = false;
    text.char_indices().filter(move |(_, character)| {
        let was_in_style = in_style;
        in_style = if in_style { *character != 'm' } else { *character == '\x1b' };
        !(was_in_style || in_style)
    })
}

pub(crate) fn width_of(text: &str) -> usize {
    visible(text).filter_map(|(_, character)| character.width()).sum()
}

/// The offset of a column.
fn offset(text: &str, column: usize) -> usize {
    let mut at = 0;
    let found = visible(text).find(|(_, character)| {
        let here = at;
        at += character.width().unwrap_or_default();
        here >= column
    });
    found.map_or(text.len(), |(offset, _)| offset)
}

/// A line, broken into lines of a width that begin at `indent` from the second one on. A word that is longer stays whole, so
/// that it can be copied.
pub(crate) fn filled(line: &str, indent: usize, width: usize) -> String {
    let mut filled = String::new();
    let mut used = 0;
    for word in words(line) {
        let needed = width_of(word.trim_end());
        if used > indent && used + needed > width {
            filled.truncate(filled.trim_end().len());
            filled.extend(["\n", &" ".repeat(indent)]);
            used = indent;
        }
        filled.push_str(word);
        used += width_of(word);
    }
    filled.truncate(filled.trim_end().len());
    filled
}

/// The width of the longest part of a text that is not broken.
pub(crate) fn longest_word(text: &str) -> usize {
    words(text).into_iter().map(|word| width_of(word.trim_end())).max().unwrap_or_default()
}

/// Wraps each line of a text for the width of a terminal, if there is one. A line that is moved to the right, as an entry is,
/// goes on `hanging` columns to the right of its beginning.
pub(crate) fn fitted(text: &str, hanging: usize, width: Option<u16>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let line = |line: &str| {
        let start = line.len() - line.trim_start_matches(' ').len();
        filled(line, if start > 0 { start + hanging } else { 0 }, usize::from(width)) + "\n"
    };
    text.lines().map(line).collect()
}

/// The parts of a line that are not broken, each with the spaces after it.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let mut before: Option<char> = None;
    for (at, character) in visible(line) {
        if before.is_some_and(|before| may_break(before, character)) {
            words.push(&line[start..at]);
            start = at;
        }
        before = Some(character);
    }
    words.push(&line[start..]);
    words
}

/// Whether a line may be broken between two characters: after a space, and beside a Chinese character, but not before a mark
/// that ends something, nor after one that begins something.
fn may_break(before: char, after: char) -> bool {
    const BEGINS: &str = "（《「“‘([{<`";
    const ENDS: &str = "，。；：、！？）》」”’…,.;:!?)]}>`";
    let is_wide = |character: char| character.width() == Some(2);
    if before == ' ' {
        return after != ' ';
    }
    after != ' ' && (is_wide(before) || is_wide(after)) && !BEGINS.contains(before) && !ENDS.contains(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_is_broken_anywhere_but_before_marks_and_within_names() {
        for (text, expected) in [
            ("查看回执，状态", "查看回\n执，状\n态\n"),
            ("一二三。四", "一二\n三。四\n"),
            ("一二（三）", "一二\n（三）\n"),
            ("按 --local 调用", "按\n--local\n调用\n"),
            ("~/.aliyun/config", "~/.aliyun/config\n"),
            ("  一二三", "  一二\n  三\n"),
            ("ab cd ef", "ab cd\nef\n"),
        ] {
            assert_eq!(wrapped(text, 7), expected, "{text}");
        }
    }

    #[test]
    fn an_entry_goes_on_below_its_text() {
        let entries = "  0  一二三四五六\n130  七八九十甲乙\n";
        assert_eq!(wrapped(entries, 14), "  0  一二三四\n     五六\n130  七八九十\n     甲乙\n");
        assert_eq!(wrapped("用法：dyvms <A> [B]", 16), "用法：dyvms <A>\n      [B]\n");
        let list = "    - csv:  一二三四五六";
        assert_eq!(wrapped(list, 18), "    - csv:  一二三\n      四五六\n");
    }

    #[test]
    fn texts_stand_below_their_names_if_there_is_no_room_beside_them() {
        let entries = "  --first <N>   一二三四五\n  --second <N>  六\n\n  -h  帮助";
        let expected = "  --first <N>\n          一二三四\n          五\n  --second <N>\n          六\n\n  -h  帮助\n";
        assert_eq!(wrapped(entries, 18), expected);
        // There is room for all of them.
        assert_eq!(wrapped(entries, 26), format!("{entries}\n"));
    }

    #[test]
    fn a_text_fits_a_terminal_and_is_unchanged_elsewhere() {
        let text = "  one two three\n\nSingleCallByTts: 占线占线占线\n";
        assert_eq!(fitted(text, 2, None), text);
        let expected = "  one two\n    three\n\nSingleCallByTts:\n占线占线占\n线\n";
        assert_eq!(fitted(text, 2, Some(11)), expected);
        assert_eq!([longest_word("SingleCallByTts: ab"), longest_word("占线 ab"), longest_word("")], [16, 2, 0]);
    }

    #[test]
    fn styles_have_no_width_and_stay() {
        let styled = "  \x1b[1m--all\x1b[0m  一二三四五";
        assert_eq!(wrapped(styled, 30), format!("{styled}\n"));
        assert_eq!(wrapped(styled, 24), "  \x1b[1m--all\x1b[0m  一二三四五\n".to_owned());
        assert_eq!(wrapped(styled, 23), "  \x1b[1m--all\x1b[0m  一二三四五\n".to_owned());
        assert_eq!(wrapped(styled, 18), "  \x1b[1m--all\x1b[0m\n          一二三四\n          五\n");
    }
}
