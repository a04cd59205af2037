//! `aliyun-codegen import`: reads sources, and writes the files of a service folder, all of them or none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aliyun_api_formats::{File, Imported, NoteKind, Options, import_metadata, import_pages};
use aliyun_api_spec::SourceFile;
use clap::{Args, ValueEnum};

/// The largest file that is read, in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Reference pages in Markdown, each of one operation or one kind of receipt
    #[arg(long = "page", value_name = "FILE", num_args = 1.., required_unless_present = "metadata", conflicts_with = "metadata")]
    pages: Vec<PathBuf>,
    /// Metadata of a product, the file api-docs.json
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
    /// Product code, for pages that do not name it
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
    /// API version, for pages that do not name it
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Service folder to write; an existing one is merged
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// What happens to the descriptions of the source
    #[arg(long, value_name = "WHAT", default_value = "omit")]
    descriptions: Descriptions,
    /// Write nothing, and list what would change
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Descriptions {
    /// Leave them out, to be written by you
    Omit,
    /// Copy them
    Keep,
}

/// Imports, prints notes and changes, and fails if an input did not produce an operation.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let options = Options {
        keep_descriptions: arguments.descriptions == Descriptions::Keep,
        product: arguments.product.clone(),
        version: arguments.version.clone(),
        existing: existing(&arguments.out)?,
    };
    let imported = if let Some(file) = &arguments.metadata {
        let text = read(file)?;
        import_metadata(&SourceFile { path: &shown(file), text: &text }, &options)
    } else {
        let mut texts = Vec::new();
        for file in &arguments.pages {
            texts.push((shown(file), read(file)?));
        }
        let sources: Vec<SourceFile<'_>> = texts.iter().map(|(path, text)| SourceFile { path, text }).collect();
        import_pages(&sources, &options)
    };
    report(&imported);
    if arguments.dry_run {
        crate::diff::preview(&arguments.out, &options.existing, &merged(&options.existing, &imported.files))?;
    } else {
        write(&arguments.out, &imported.files).map_err(|error| format!("nothing was written: {error}"))?;
        let folder = arguments.out.display();
        println!("{folder}: {} imported, {} files written", counted(&imported), imported.files.len());
    }
    match imported.refused.len() {
        0 => Ok(()),
        count => Err(format!("{count} {} not imported", if count == 1 { "operation was" } else { "operations were" })),
    }
}

/// The number of operations, and of kinds of receipts if there are any.
fn counted(imported: &Imported) -> String {
    let (operations, receipts) = (imported.operations.len(), imported.receipts.len());
    let operations = format!("{operations} {}", plural(operations, "operation"));
    match receipts {
        0 => operations,
        1 => format!("{operations} and 1 kind of receipt"),
        count => format!("{operations} and {count} kinds of receipts"),
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// Prints what was noticed, and how much of each kind.
fn report(imported: &Imported) {
    for note in &imported.notes {
        eprintln!("{note}");
    }
    for fault in &imported.refused {
        eprintln!("{fault}");
    }
    let counts = [NoteKind::Guess, NoteKind::Contradiction, NoteKind::Loss].map(|kind| {
        let count = imported.notes.iter().filter(|note| note.kind == kind).count();
        let word = match (kind, count) {
            (kind, 1) => kind.word().to_owned(),
            (NoteKind::Guess, _) => "guesses".to_owned(),
            (NoteKind::Contradiction, _) => "contradictions".to_owned(),
            (NoteKind::Loss, _) => "losses".to_owned(),
        };
        format!("{count} {word}")
    });
    if !imported.notes.is_empty() {
        eprintln!("{} {}: {}", imported.notes.len(), plural(imported.notes.len(), "warning"), counts.join(", "));
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

fn read(path: &Path) -> Result<String, String> {
    let error = |what: String| format!("{}: {what}", path.display());
    let size = fs::metadata(path).map_err(|why| error(cause(&why)))?.len();
    if size > LARGEST {
        return Err(error(format!("is larger than {} MB", LARGEST / 1024 / 1024)));
    }
    let text = fs::read_to_string(path).map_err(|why| error(cause(&why)))?;
    // A byte order mark is no part of either format.
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::InvalidData => "is not UTF-8".to_owned(),
        io::ErrorKind::NotFound => "no such file".to_owned(),
        _ => error.to_string(),
    }
}

/// The files of a service folder, if there is one.
pub(crate) fn existing(folder: &Path) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    let service = folder.join("service.json");
    if !folder.exists() {
        return Ok(files);
    }
    if service.is_file() {
        files.push(File { path: "service.json".to_owned(), text: read(&service)? });
    }
    for kind in ["operations", "receipts"] {
        let within = folder.join(kind);
        let entries = match fs::read_dir(&within) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(format!("{}: {error}", within.display())),
        };
        let mut paths = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| format!("{}: {error}", within.display()))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                paths.push(path);
            }
        }
        paths.sort();
        for path in paths {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            files.push(File { path: format!("{kind}/{name}"), text: read(&path)? });
        }
    }
    Ok(files)
}

/// The files of a folder after an import.
fn merged(existing: &[File], new: &[File]) -> Vec<File> {
    let mut files = existing.to_vec();
    for file in new {
        match files.iter_mut().find(|known| known.path == file.path) {
            Some(known) => known.text.clone_from(&file.text),
            None => files.push(file.clone()),
        }
    }
    files
}

/// Writes all files or none: each is written beside its place first, and then moved there.
fn write(folder: &Path, files: &[File]) -> io::Result<()> {
    let mut staged: Vec<(PathBuf, PathBuf)> = Vec::new();
    let result = stage(folder, files, &mut staged).and_then(|()| {
        for (temporary, path) in &staged {
            fs::rename(temporary, path)?;
        }
        Ok(())
    });
    if result.is_err() {
        for (temporary, _) in &staged {
            // What is left of a failed import.
            let _ = fs::remove_file(temporary);
        }
    }
    result
}

fn stage(folder: &Path, files: &[File], staged: &mut Vec<(PathBuf, PathBuf)>) -> io::Result<()> {
    let named = |path: &Path, error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    if files.is_empty() {
        return Ok(());
    }
    for file in files {
        let path = folder.join(&file.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| named(parent, error))?;
        }
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".importing");
        let temporary = path.with_file_name(name);
        staged.push((temporary.clone(), path));
        fs::write(&temporary, &file.text).map_err(|error| named(&temporary, error))?;
    }
    Ok(())
}
