//! The rules of the dialect beyond the form of each key. Every fault of every file is reported once, where it is; parts that
//! depend on a broken part do not report it again.

mod field;
mod names;
mod operation;
mod pagination;
mod receipt;
mod service;
mod types;

use self::names::Space;
use crate::fault::{Fault, Report};
use crate::json::Node;
use crate::model::{Operation, Receipt, Service};
use crate::types::Types;

/// A file that is valid JSON, with its model and its faults so far.
pub(crate) struct Draft<'t, T> {
    pub(crate) report: Report<'t>,
    pub(crate) node: Node<'t>,
    pub(crate) model: T,
}

/// The types that a file can name.
#[derive(Debug, Clone, Copy)]
struct Scope<'m> {
    types: Types<'m>,
    /// The names in all files. `None` if `service.json` could not be read, since names may then be missing.
    space: Option<&'m Space>,
}

/// Checks all files together. Returns the service with the operations that have no fault, and all faults.
///
/// `complete` means that every file of the service could be read.
pub(crate) fn check(
    mut service: Option<Draft<'_, Service>>,
    mut operations: Vec<Draft<'_, Operation>>,
    mut receipts: Vec<Draft<'_, Receipt>>,
    complete: bool,
) -> (Option<Service>, Vec<Fault>) {
    let space = names::check_space(service.as_mut(), &mut operations, &mut receipts);
    let shared = service.as_ref().map(|draft| &draft.model);
    let mut reach = types::Reach::default();
    let mut uses = Vec::with_capacity(operations.len());
    for draft in &mut operations {
        let of_this = operation::check(draft, shared, &space);
        reach.extend(&of_this);
        uses.push(of_this);
    }
    let mut uses_of_receipts = Vec::with_capacity(receipts.len());
    for draft in &mut receipts {
        let of_this = receipt::check(draft, shared, &space);
        reach.extend(&of_this);
        uses_of_receipts.push(of_this);
    }
    let reach = (complete && !operations.is_empty()).then_some(&reach);
    let broken = service.as_mut().and_then(|draft| service::check(draft, reach, &space));
    let mut faults = Vec::new();
    let mut sound = Vec::with_capacity(operations.len());
    for (draft, uses) in operations.into_iter().zip(uses) {
        let usable = broken.as_ref().is_some_and(|broken| !uses.any_of(broken));
        if usable && draft.report.is_clean() {
            sound.push(draft.model);
        }
        faults.extend(draft.report.into_faults());
    }
    let mut sound_receipts = Vec::with_capacity(receipts.len());
    for (draft, uses) in receipts.into_iter().zip(uses_of_receipts) {
        let usable = broken.as_ref().is_some_and(|broken| !uses.any_of(broken));
        if usable && draft.report.is_clean() {
            sound_receipts.push(draft.model);
        }
        faults.extend(draft.report.into_faults());
    }
    let service = service.and_then(|draft| {
        faults.extend(draft.report.into_faults());
        let broken = broken?;
        let mut service = draft.model;
        service.types.retain(|named| !broken.contains(&named.name));
        service.operations = sound;
        service.receipts = sound_receipts;
        Some(service)
    });
    (service, faults)
}
