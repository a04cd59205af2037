//! From the draft of a kind of receipt to its file.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{Build, earlier_of, laid_out, message, name_all, of_another};
use crate::draft::{Field, Kind, Receipt, Service};
use crate::envelope::Envelope;
use crate::folder::{Existing, File, Imported, Options};
use crate::note::Notes;
use crate::widen::{Change, Widen};
use crate::write::{self, Extent, Writer};

/// Makes the file of the only kind of receipt of a service, and `service.json` if the folder has none.
pub(super) fn assemble(
    service: &mut Service,
    existing: Option<&Existing>,
    options: &Options,
    notes: &mut Notes<'_>,
) -> Imported {
    if let Some(fault) = of_another(service, existing, notes) {
        return Imported { refused: vec![fault], ..Imported::default() };
    }
    widen(service, notes);
    let names = name_all(service, existing);
    let of_folder = existing.and_then(|existing| existing.service.as_ref());
    let envelope = match of_folder {
        Some(service) => Envelope::of_file(service),
        None => Envelope::derive(&[], notes),
    };
    let keeps = options.keep_descriptions;
    let build = Build { service, existing, folder: &options.existing, envelope: &envelope, names: &names, keeps };
    let component = |name: &str| name.to_owned();
    let writer = |extent| Writer { keeps_texts: keeps, is_sent: &|_| false, component: &component, extent };
    let mut imported = Imported::default();
    for receipt in &service.receipts {
        let mut files = Vec::new();
        if of_folder.is_none() {
            files.push(laid_out("service.json", build.service_file(&writer(Extent::All), &HashSet::new())));
        }
        let path = format!("receipts/{}.json", receipt.kind);
        let mut first = None;
        // What the examples contradict is left out with them.
        for extent in [Extent::All, Extent::WithoutExamples, Extent::WithoutValues] {
            let file = laid_out(&path, written(receipt, &writer(extent), existing, notes));
            files.retain(|known: &File| known.path != path);
            files.push(file);
            let is_of_these = |fault: &aliyun_api_spec::Fault| files.iter().any(|file| file.path == fault.file);
            let Some(fault) = build.check(&files).into_iter().find(is_of_these) else {
                if let Some(first) = &first {
                    notes.loss(receipt.at, format!("{}: {} are left out: {first}", receipt.kind, extent.lost()));
                }
                imported.receipts.push(receipt.kind.clone());
                let is_new = |file: &File| options.existing.iter().all(|known| known != file);
                imported.files = files.into_iter().filter(is_new).collect();
                return imported;
            };
            first = first.or_else(|| Some(message(&fault)));
        }
        let why = first.unwrap_or_default();
        imported.refused.push(notes.fault(receipt.at, format!("{}: {why}", receipt.kind)));
    }
    imported
}

/// Makes types wide enough for the documented receipts.
fn widen(service: &mut Service, notes: &mut Notes<'_>) {
    let Service { components, receipts, .. } = service;
    for receipt in receipts {
        let mut said = HashSet::new();
        for (at, example) in &receipt.examples {
            let mut widen = Widen { components: &mut *components, adds: true, changes: Vec::new(), path: Vec::new() };
            widen.fields(&mut receipt.fields, example);
            for (change, what) in widen.changes {
                let what = format!("{}: {what}", receipt.kind);
                if !said.insert(what.clone()) {
                    continue;
                }
                match change {
                    Change::Type => notes.contradiction(*at, what),
                    Change::Added => notes.guess(*at, what),
                    Change::Missing => notes.loss(*at, what),
                }
            }
        }
    }
}

fn written(
    receipt: &Receipt,
    writer: &Writer<'_>,
    existing: Option<&Existing>,
    notes: &mut Notes<'_>,
) -> Map<String, Value> {
    let kind = &receipt.kind;
    let earlier = existing.and_then(|existing| existing.receipts.get(kind));
    let mut file = Map::new();
    let mut put = |key: &str, value: Value| file.insert(key.to_owned(), value);
    put("kind", kind.as_str().into());
    // Nothing is lost if only receipts that agree in everything are duplicates.
    let scalars = receipt.fields.iter().filter(|field| field.shape.kind.is_scalar());
    put("key", scalars.map(|field| field.name.as_str()).collect::<Vec<_>>().into());
    for (key, names) in [("id", &["callid", "bizid", "messageid", "taskid"][..]), ("ownId", &["outid"][..])] {
        if let Some(field) = text_named(&receipt.fields, names) {
            put(key, field.into());
        }
    }
    if earlier.is_none() && writer.extent == Extent::All {
        notes.guess(
            receipt.at,
            format!("{kind}: a page does not say what identifies a receipt; all its fields together are taken, so a person should look at `key`, `id` and `ownId`"),
        );
    }
    for (key, text, between) in [("summary", &receipt.summary, " "), ("description", &receipt.description, "\n\n")] {
        if let Some(text) = writer.text(text.as_ref(), between) {
            put(key, text.into());
        }
    }
    let mut types = Map::new();
    put("fields", writer.table(&receipt.fields, &[], false, &mut types).into());
    if !types.is_empty() {
        put("types", types.into());
    }
    let examples = examples(receipt);
    if writer.extent < Extent::WithoutExamples && !examples.is_empty() {
        put("examples", examples.into());
    }
    if let Some(earlier) = earlier {
        let gives_up: &[&str] = if writer.extent < Extent::WithoutExamples { &[] } else { &["examples"] };
        earlier_of(earlier, existing).merge_receipt(&mut file, gives_up);
    }
    file
}

/// The first text with one of these names, written in any way.
fn text_named<'f>(fields: &'f [Field], names: &[&str]) -> Option<&'f str> {
    let is_named = |field: &&Field| {
        let plain = field.name.to_ascii_lowercase().replace('_', "");
        field.shape.kind == Kind::String && names.contains(&plain.as_str())
    };
    fields.iter().find(is_named).map(|field| field.name.as_str())
}

/// The receipts that the page shows, or else one of the example values of the fields.
fn examples(receipt: &Receipt) -> Vec<Value> {
    let mut shown: Vec<Value> = receipt.examples.iter().map(|(_, example)| example.clone()).collect();
    if shown.is_empty() {
        let values =
            receipt.fields.iter().filter_map(|field| Some((field.name.clone(), write::of_shape(&field.shape)?)));
        let values: Map<String, Value> = values.collect();
        shown.extend((!values.is_empty()).then(|| values.into()));
    }
    let named = shown.into_iter().map(|receipt| json!({ "name": "documented", "receipt": receipt }));
    write::numbered(named.collect())
}
