//! The rules of the dialect beyond the form of each key. Every fault of every file is reported, and what builds
//! on a broken part stays silent about it.

mod field;
mod names;
mod operation;
mod pagination;
mod service;
mod types;
mod xml;

use std::str::FromStr;

use self::names::Space;
use crate::fault::Fault;
use crate::load::Draft;
use crate::model::{Field, Kind, NamedType, Operation, Service, TypeBody};

/// The types that a file can name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'m> {
    /// Types of the operation.
    own: &'m [NamedType],
    /// Types of the service.
    shared: &'m [NamedType],
    /// Names of all files; `None` where `service.json` could not be read, so that names may be missing.
    space: Option<&'m Space>,
}

impl<'m> Scope<'m> {
    /// Of an operation that was checked.
    pub(crate) fn of(operation: &'m Operation, service: &'m Service) -> Self {
        Self { own: &operation.types, shared: &service.types, space: None }
    }

    fn all(self) -> impl Iterator<Item = &'m NamedType> {
        self.own.iter().chain(self.shared)
    }

    pub(crate) fn find(self, name: &str) -> Option<&'m NamedType> {
        self.all().find(|named| named.name == name)
    }

    /// Members of a type, where it is a record.
    fn members(self, kind: &Kind) -> Option<&'m [Field]> {
        let Kind::Named(name) = kind else { return None };
        match &self.find(name)?.body {
            TypeBody::Record(fields) => Some(fields),
            TypeBody::Enum { .. } => None,
        }
    }
}

/// Whether a text is the number as it is printed: no sign `+`, no zeros in front, nothing around it. So no two texts
/// are one number.
pub(crate) fn is_shortest<T: FromStr + ToString>(text: &str) -> bool {
    text.parse::<T>().is_ok_and(|number| number.to_string() == text)
}

/// Checks all files together; hands out the service with the operations that are sound, and all faults.
///
/// `complete` tells whether every file of the service could be read.
pub(crate) fn check(
    mut service: Option<Draft<'_, Service>>,
    mut operations: Vec<Draft<'_, Operation>>,
    complete: bool,
) -> (Option<Service>, Vec<Fault>) {
    let space = names::check_space(service.as_mut(), &mut operations);
    let shared = service.as_ref().map(|draft| &draft.model);
    let mut reach = types::Reach::default();
    let mut uses = Vec::with_capacity(operations.len());
    for draft in &mut operations {
        let of_this = operation::check(draft, shared, &space);
        reach.extend(&of_this);
        uses.push(of_this);
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
    let service = service.and_then(|draft| {
        faults.extend(draft.report.into_faults());
        let broken = broken?;
        let mut service = draft.model;
        service.types.retain(|named| !broken.contains(&named.name));
        service.operations = sound;
        Some(service)
    });
    (service, faults)
}
