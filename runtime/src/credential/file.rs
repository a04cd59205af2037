//! Small files with secrets in them.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

use zeroize::{Zeroize as _, Zeroizing};

/// Why a file cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FileError {
    /// There is none.
    Absent,
    /// It may not be read, or not even be searched for.
    Denied,
    /// It is there, and cannot be read.
    Unreadable(String),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no such file"),
            Self::Denied => f.write_str("permission denied"),
            Self::Unreadable(why) => f.write_str(why),
        }
    }
}

/// Much larger than any file with credentials.
const LONGEST: u64 = 1 << 20;
/// The byte order mark.
const MARK: char = '\u{feff}';

/// The text of a file, without the byte order mark that some editors put before it.
///
/// Reading blocks the thread, for a short time: the file is small, and it is read about once an hour.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, FileError> {
    let unreadable = |why: &str| Err(FileError::Unreadable(why.to_owned()));
    // A pipe or a device could block the thread.
    match std::fs::metadata(path) {
        Err(error) => return Err(refused(&error)),
        Ok(metadata) if !metadata.is_file() => return unreadable("it is no file"),
        Ok(metadata) if metadata.len() > LONGEST => return unreadable("it is longer than a megabyte"),
        Ok(_) => {}
    }
    let bytes = std::fs::read(path).map_err(|error| refused(&error))?;
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            if text.starts_with(MARK) {
                text.drain(..MARK.len_utf8());
            }
            Ok(Zeroizing::new(text))
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            error.into_bytes().zeroize();
            Err(FileError::Unreadable(format!("it is not UTF-8 from byte {at}; save it as UTF-8")))
        }
    }
}

fn refused(error: &io::Error) -> FileError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FileError::Absent,
        ErrorKind::PermissionDenied => FileError::Denied,
        _ => FileError::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_text_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&folder.path().join("none")).unwrap_err(), FileError::Absent);
        assert_eq!(read(folder.path()).unwrap_err().to_string(), "it is no file");
        let file = folder.path().join("latin-1");
        std::fs::write(&file, b"ab\xe9").unwrap();
        assert_eq!(read(&file).unwrap_err().to_string(), "it is not UTF-8 from byte 2; save it as UTF-8");
        std::fs::write(&file, "\u{feff}text\u{feff}").unwrap();
        assert_eq!(*read(&file).unwrap(), "text\u{feff}");
        std::fs::write(&file, vec![b' '; 1 << 21]).unwrap();
        assert_eq!(read(&file).unwrap_err().to_string(), "it is longer than a megabyte");
        let denied = refused(&io::Error::from(ErrorKind::PermissionDenied));
        assert_eq!((denied.to_string().as_str(), denied), ("permission denied", FileError::Denied));
    }
}
