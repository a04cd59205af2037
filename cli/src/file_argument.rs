//! Values that come from a file or from standard input: `@FILE` and `-`. `@@text` is the text `@text`.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::language::pick;

/// Larger values are refused: no parameter is that long, and a device such as `/dev/zero` has no end.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How to write such values, for the help.
pub(crate) fn help() -> &'static str {
    pick(
        "A value @FILE is the content of a file, - that of standard input, both unchanged; @@text is the text @text.",
        Some("参数值 @FILE 是文件的内容，- 是标准输入的内容，均不作改动；@@text 是文本 @text。"),
    )
}

/// The text that a value stands for.
pub(crate) fn text(given: &str) -> Result<String, String> {
    if given == "-" {
        return standard_input();
    }
    match given.strip_prefix('@') {
        None => Ok(given.to_owned()),
        Some(literal) if literal.starts_with('@') => Ok(literal.to_owned()),
        Some("") => Err("the value @ names no file; write @FILE, or @@ for the text @".to_owned()),
        Some(path) => file(path),
    }
}

/// How to write a text as a value. It is the text itself, unless that would name a file.
pub(crate) fn literal(text: &str) -> Cow<'_, str> {
    if text.starts_with('@') { Cow::Owned(format!("@{text}")) } else { Cow::Borrowed(text) }
}

/// The content of a file, or of standard input for `-`.
pub(crate) fn file(path: &str) -> Result<String, String> {
    if path == "-" {
        return standard_input();
    }
    let file = File::open(path).and_then(|file| if file.metadata()?.is_dir() { Err(directory()) } else { Ok(file) });
    let file = file.map_err(|error| format!("cannot read the file {path:?}: {error}"))?;
    content(file, &format!("the file {path:?}"))
}

fn directory() -> io::Error {
    io::Error::new(io::ErrorKind::IsADirectory, "it is a directory")
}

fn standard_input() -> Result<String, String> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    if TAKEN.swap(true, Ordering::Relaxed) {
        return Err("standard input can be read once only: write - for one value, and @FILE for others".to_owned());
    }
    content(io::stdin().lock(), "standard input")
}

fn content(source: impl Read, name: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    source.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| format!("cannot read {name}: {error}"))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("{name} is longer than {} MiB", LARGEST / (1024 * 1024)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("{name} is not UTF-8: byte {} does not belong to a character", at + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_itself_and_two_signs_stand_for_one() {
        for (given, expected) in
            [("a", "a"), ("", ""), ("a@b", "a@b"), ("@@b", "@b"), ("@@", "@"), ("@@@b", "@@b"), ("--", "--")]
        {
            assert_eq!(text(given).as_deref(), Ok(expected), "{given}");
            assert_eq!(text(&literal(given)).as_deref(), Ok(given), "{given}");
        }
        assert_eq!(text("@").unwrap_err(), "the value @ names no file; write @FILE, or @@ for the text @");
    }

    #[test]
    fn a_file_is_taken_as_it_is_or_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let written = |name: &str, bytes: &[u8]| {
            std::fs::write(path(name), bytes).unwrap();
            text(&format!("@{}", path(name)))
        };
        assert_eq!(written("text", "占线\r\n\n".as_bytes()).as_deref(), Ok("占线\r\n\n"));
        assert_eq!(written("empty", b"").as_deref(), Ok(""));
        let fault = written("latin", b"ab\xe9").unwrap_err();
        assert!(fault.ends_with("latin\" is not UTF-8: byte 3 does not belong to a character"), "{fault}");
        let fault = text(&format!("@{}", path("absent"))).unwrap_err();
        assert!(fault.starts_with("cannot read the file ") && fault.contains("absent"), "{fault}");
        let fault = text(&format!("@{}", path(""))).unwrap_err();
        assert!(fault.ends_with(": it is a directory"), "{fault}");
    }

    #[test]
    fn the_longest_value_is_taken_and_one_more_byte_is_not() {
        let most = usize::try_from(LARGEST).unwrap();
        assert_eq!(content(io::repeat(b'a').take(LARGEST), "it").unwrap().len(), most);
        assert_eq!(content(io::repeat(b'a'), "it").unwrap_err(), "it is longer than 16 MiB");
    }
}
