//! A service folder: what an import starts from, and what it makes.

use std::collections::BTreeMap;

use aliyun_api_spec::Fault;
use serde_json::{Map, Value};

use crate::note::Note;

/// What an import does beyond reading the source.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Whether descriptions of the source are copied. Otherwise a person writes them.
    pub keep_descriptions: bool,
    /// The product, for pages that do not name it.
    pub product: Option<String>,
    /// The version, for pages that do not name it.
    pub version: Option<String>,
    /// The files of the folder that is imported into.
    pub existing: Vec<File>,
}

/// A file of a service folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path in the folder: `service.json`, `operations/<Action>.json` or `receipts/<Kind>.json`.
    pub path: String,
    /// Content.
    pub text: String,
}

/// What an import made.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// The files to write, in the project's layout. Files of the folder that do not change are not among them.
    pub files: Vec<File>,
    /// Actions of the operations that were imported.
    pub operations: Vec<String>,
    /// Names of the kinds of receipts that were imported.
    pub receipts: Vec<String>,
    /// Why an input, or an operation of it, was not imported.
    pub refused: Vec<Fault>,
    /// What a person should look at.
    pub notes: Vec<Note>,
}

/// A service folder that exists.
pub(crate) struct Existing {
    pub(crate) service: Option<Map<String, Value>>,
    pub(crate) operations: BTreeMap<String, Map<String, Value>>,
    pub(crate) receipts: BTreeMap<String, Map<String, Value>>,
}

impl Existing {
    pub(crate) fn read(files: &[File]) -> Result<Option<Self>, Fault> {
        if files.is_empty() {
            return Ok(None);
        }
        let mut existing = Self { service: None, operations: BTreeMap::new(), receipts: BTreeMap::new() };
        for file in files {
            let Ok(Value::Object(object)) = serde_json::from_str(&file.text) else {
                let fault = Fault::of_file(&file.path, "is not a JSON object");
                return Err(fault.with_hint("run `aliyun-codegen check` on the folder"));
            };
            match file.path.strip_suffix(".json").and_then(|path| path.split_once('/')) {
                Some(("operations", action)) => {
                    existing.operations.insert(action.to_owned(), object);
                }
                Some((_, kind)) => {
                    existing.receipts.insert(kind.to_owned(), object);
                }
                None => existing.service = Some(object),
            }
        }
        Ok(Some(existing))
    }

    pub(crate) fn word(&self, key: &str) -> Option<&str> {
        self.service.as_ref()?.get(key)?.as_str()
    }
}
