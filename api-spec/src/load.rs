//! Reads the files of a service into a [`Service`], and reports every fault in them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::check::{self, Draft};
use crate::fault::{Fault, Report, file_name};
use crate::form;
use crate::keys::{self, Form};
use crate::model::Service;
use crate::read;

/// A specification file: its path, for messages, and its text.
///
/// The file named `service.json` describes the service, a file in a folder `receipts` a kind of receipt, every other file
/// an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceFile<'t> {
    /// Path, with `/` between folders.
    pub path: &'t str,
    /// Content.
    pub text: &'t str,
}

/// A service as it was read, with the faults that were found.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The service with every operation that has no fault. `None` if `service.json` cannot be used.
    pub service: Option<Service>,
    /// Every fault, sorted by position.
    pub faults: Vec<Fault>,
    /// The files that were read: `service.json`, then the operations and the receipts by name.
    pub files: Vec<PathBuf>,
}

/// Reads the folder of a service: `service.json`, `operations/*.json` and `receipts/*.json`.
///
/// Faults name each file by its path, which starts with `folder`.
///
/// ```no_run
/// let loaded = aliyun_api_spec::load("services/dyvmsapi-2017-05-25".as_ref());
/// for fault in &loaded.faults {
///     eprintln!("{fault}");
/// }
/// ```
pub fn load(folder: &Path) -> Loaded {
    if !folder.is_dir() {
        let rule = if folder.exists() { "is not a folder" } else { "no such folder" };
        let fault = Fault::of_file(shown(folder), rule)
            .with_hint("expected a folder with service.json, and operations/ or receipts/");
        return Loaded { service: None, faults: vec![fault], files: Vec::new() };
    }
    let mut faults = Vec::new();
    let mut paths = vec![folder.join("service.json")];
    // Most services send no receipts, and a program that only receives needs no operations.
    let (operations, receipts) = (folder.join("operations"), folder.join("receipts"));
    let folders = match (operations.exists(), receipts.exists()) {
        (_, false) => &[operations][..],
        (false, true) => &[receipts],
        (true, true) => &[operations, receipts],
    };
    for folder in folders {
        match json_files(folder) {
            Ok(files) => paths.extend(files),
            Err(error) => faults.push(unreadable(folder, &error)),
        }
    }
    let mut texts = Vec::new();
    for path in paths {
        match fs::read_to_string(&path) {
            Ok(text) => texts.push((path, text)),
            Err(error) => faults.push(unreadable(&path, &error)),
        }
    }
    let names: Vec<String> = texts.iter().map(|(path, _)| shown(path)).collect();
    let files: Vec<SourceFile<'_>> =
        names.iter().zip(&texts).map(|(path, (_, text))| SourceFile { path, text }).collect();
    let complete = faults.is_empty();
    let mut loaded = assemble(&files, complete);
    loaded.faults.extend(faults);
    loaded.faults.sort();
    loaded.files = texts.into_iter().map(|(path, _)| path).collect();
    loaded
}

/// Reads a service from texts.
///
/// ```
/// use aliyun_api_spec::{SourceFile, parse};
///
/// let loaded = parse(&[SourceFile { path: "service.json", text: "{" }]);
/// assert!(loaded.service.is_none());
/// assert_eq!(
///     loaded.faults[0].to_string(),
///     "service.json:1:1: not JSON: EOF while parsing an object",
/// );
/// ```
pub fn parse(files: &[SourceFile<'_>]) -> Loaded {
    let mut loaded = assemble(files, true);
    let services = files.iter().filter(|file| is_service(file.path)).count();
    if services == 0 {
        let fault = Fault::of_file("service.json", "is missing");
        loaded.faults.push(fault);
        loaded.faults.sort();
    }
    loaded
}

/// Reads and checks files. `complete` means that the service has no other files.
fn assemble(files: &[SourceFile<'_>], mut complete: bool) -> Loaded {
    let mut faults = Vec::new();
    let mut service = None;
    let mut operations = Vec::new();
    let mut receipts = Vec::new();
    for file in files {
        let mut report = Report::new(file.path, file.text);
        let Some(node) = crate::json::parse(file.text, &mut report) else {
            complete = false;
            faults.extend(report.into_faults());
            continue;
        };
        if is_service(file.path) {
            form::check(&node, &Form::Object(&keys::SERVICE), &mut report);
            let model = read::service(&node);
            service = Some(Draft { report, node, model });
        } else if is_receipt(file.path) {
            form::check(&node, &Form::Object(&keys::RECEIPT), &mut report);
            complete &= report.is_clean();
            let model = read::receipt(&node, &format!("receipts/{}", file_name(file.path)));
            receipts.push(Draft { report, node, model });
        } else {
            form::check(&node, &Form::Object(&keys::OPERATION), &mut report);
            // Values of a wrong form are not in the model. One of them may have been the only use of a type.
            complete &= report.is_clean();
            let model = read::operation(&node, &inside_service(file.path));
            operations.push(Draft { report, node, model });
        }
    }
    operations.sort_by(|a, b| (&a.model.action, a.report.file()).cmp(&(&b.model.action, b.report.file())));
    receipts.sort_by(|a, b| (&a.model.kind, a.report.file()).cmp(&(&b.model.kind, b.report.file())));
    let (service, found) = check::check(service, operations, receipts, complete);
    faults.extend(found);
    faults.sort();
    Loaded { service, faults, files: files.iter().map(|file| PathBuf::from(file.path)).collect() }
}

/// Whether a file describes the service, and not an operation.
pub(crate) fn is_service(path: &str) -> bool {
    file_name(path) == "service.json"
}

/// Whether a file describes a receipt: its folder says so.
pub(crate) fn is_receipt(path: &str) -> bool {
    path.rsplit(['/', '\\']).nth(1) == Some("receipts")
}

fn inside_service(path: &str) -> String {
    format!("operations/{}", file_name(path))
}

fn json_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn shown(path: &Path) -> String {
    path.display().to_string().replace('\\', "/")
}

fn unreadable(path: &Path, error: &io::Error) -> Fault {
    let rule = match error.kind() {
        io::ErrorKind::NotFound => "is missing".to_owned(),
        io::ErrorKind::InvalidData => "is not UTF-8".to_owned(),
        kind => format!("cannot be read: {kind}"),
    };
    Fault::of_file(shown(path), rule)
}
