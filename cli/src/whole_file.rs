//! Files that are written as a whole or not at all.

use std::io::{self, Write as _};
use std::path::Path;

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// As for any new file: the umask decides.
    AsUsual,
    /// Nobody but its owner.
    Owner,
}

/// Writes a text, and replaces a file that is there.
pub(crate) fn write(path: &Path, text: &str, readers: Readers) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // Temporary files are for their owner only.
    #[cfg(unix)]
    if readers == Readers::AsUsual {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = readers;
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    // A crash of the machine must not leave an empty file in the place of one with keys.
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
