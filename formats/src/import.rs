//! From drafts to the files of a service folder.

mod receipt;

use std::collections::{HashMap, HashSet};

use aliyun_api_spec::{Fault, Report, SourceFile};
use aliyun_protocol::{RefusalKind, gateway};
use serde_json::{Map, Value, json};

use crate::draft::{ErrorCode, Field, Kind, Object, Operation, Service, Shape};
use crate::envelope::Envelope;
use crate::folder::{Existing, File, Imported, Options};
use crate::merge::Earlier;
use crate::names::{Space, camel, name_types};
use crate::note::Notes;
use crate::pages::guess_pages;
use crate::widen::{Change, Widen};
use crate::write::{self, Extent, Writer};
use crate::{metadata, page};

/// Imports the metadata of a product. `source` is the file `api-docs.json`.
#[must_use]
pub fn import_metadata(source: &SourceFile<'_>, options: &Options) -> Imported {
    let mut notes = Notes::new(source.path, source.text);
    let mut report = Report::new(source.path, source.text);
    let mut refused = Vec::new();
    let service = metadata::read(source.text, &mut notes, &mut report, &mut refused);
    // A repeated key is reported, and its first value is used.
    let Some(mut service) = service else {
        return Imported { refused: report.into_faults(), notes: notes.into_notes(), ..Imported::default() };
    };
    for fault in report.into_faults() {
        notes.contradiction_of(fault);
    }
    let mut imported = match Existing::read(&options.existing) {
        Ok(existing) => assemble(&mut service, existing.as_ref(), options, &mut notes, None),
        Err(fault) => Imported { refused: vec![fault], ..Imported::default() },
    };
    imported.refused.splice(0..0, refused);
    imported.notes = notes.into_notes();
    imported
}

/// Imports reference pages, each of one operation.
#[must_use]
pub fn import_pages(sources: &[SourceFile<'_>], options: &Options) -> Imported {
    let mut all = Imported::default();
    let mut existing = options.existing.clone();
    for source in sources {
        let options = Options { existing, ..options.clone() };
        let mut notes = Notes::new(source.path, source.text);
        let mut imported = match Existing::read(&options.existing) {
            Err(fault) => Imported { refused: vec![fault], ..Imported::default() },
            Ok(folder) => match page::read(source.text, &options, folder.as_ref(), &mut notes) {
                Ok(mut service) if service.operations.is_empty() => {
                    receipt::assemble(&mut service, folder.as_ref(), &options, &mut notes)
                }
                Ok(mut service) => assemble(&mut service, folder.as_ref(), &options, &mut notes, Some(source.path)),
                Err(fault) => Imported { refused: vec![fault], ..Imported::default() },
            },
        };
        existing = options.existing;
        for file in std::mem::take(&mut imported.files) {
            for files in [&mut existing, &mut all.files] {
                match files.iter_mut().find(|known| known.path == file.path) {
                    Some(known) => known.text.clone_from(&file.text),
                    None => files.push(file.clone()),
                }
            }
        }
        all.operations.extend(imported.operations);
        all.receipts.extend(imported.receipts);
        all.refused.extend(imported.refused);
        all.notes.extend(notes.into_notes());
    }
    all
}

/// Makes the files of a service. `page` is the source if it is a page of one operation.
fn assemble(
    service: &mut Service,
    existing: Option<&Existing>,
    options: &Options,
    notes: &mut Notes<'_>,
    page: Option<&str>,
) -> Imported {
    let of_folder = existing.and_then(|existing| existing.service.as_ref());
    if let Some(fault) = of_another(service, existing, notes) {
        return Imported { refused: vec![fault], ..Imported::default() };
    }
    let mut said = widen(service, page.is_some(), notes);
    break_cycles(&mut service.components, notes);
    let envelope = match of_folder {
        Some(service) => Envelope::of_file(service),
        None => Envelope::derive(&service.operations, notes),
    };
    for operation in &mut service.operations {
        envelope.strip(operation, notes);
    }
    let mut imported = Imported::default();
    let mut names = name_all(service, existing);
    // Each round refuses what does not pass the check. What is left then passes it.
    for _ in 0..3 {
        if service.operations.is_empty() {
            break;
        }
        let keeps = options.keep_descriptions;
        let built = Build { service, existing, folder: &options.existing, envelope: &envelope, names: &names, keeps };
        let (files, faults) = built.files(notes, &mut said);
        if faults.is_empty() {
            imported.operations = service.operations.iter().map(|operation| operation.action.clone()).collect();
            let old: HashMap<&str, &str> =
                options.existing.iter().map(|file| (file.path.as_str(), file.text.as_str())).collect();
            imported.files =
                files.into_iter().filter(|file| old.get(file.path.as_str()) != Some(&file.text.as_str())).collect();
            break;
        }
        for (action, fault) in faults {
            let at = service
                .operations
                .iter()
                .find(|operation| operation.action == action)
                .map_or(0, |operation| operation.at);
            service.operations.retain(|operation| operation.action != action);
            imported.refused.push(notes.fault(at, format!("{action}: {fault}")));
        }
        names = name_all(service, existing);
    }
    if imported.operations.is_empty() && imported.refused.is_empty() {
        imported.refused.push(notes.fault(0, "there is no operation"));
    }
    imported
}

/// The fault of a service that is not that of the folder.
fn of_another(service: &Service, existing: Option<&Existing>, notes: &Notes<'_>) -> Option<Fault> {
    [("product", &service.product), ("version", &service.version)].into_iter().find_map(|(key, new)| {
        let known = existing.and_then(|existing| existing.word(key)).filter(|known| known != new)?;
        let fault = notes.fault(0, format!("its {key} is {new}, and that of the folder is {known}"));
        Some(fault.with_hint("import into another folder"))
    })
}

/// Gives XML examples without a root element the one that the gateway writes.
fn root_xml(operation: &mut Operation, notes: &mut Notes<'_>) {
    let action = &operation.action;
    for example in &mut operation.examples {
        let Some(xml) = example.xml.as_ref().filter(|xml| aliyun_api_spec::xml_root(xml).is_err()) else { continue };
        let name = if example.fails { "Error".to_owned() } else { format!("{action}Response") };
        let rooted = format!("<{name}>\n{}\n</{name}>", xml.trim());
        if aliyun_api_spec::xml_root(&rooted).is_ok() {
            notes.guess(example.at, format!("{action}: the XML example has no root element; <{name}> is taken"));
            example.xml = Some(rooted);
        }
    }
}

/// Makes types wide enough for the documented responses.
fn widen(service: &mut Service, adds: bool, notes: &mut Notes<'_>) -> HashSet<String> {
    let mut said = HashSet::new();
    let Service { components, operations, .. } = service;
    for operation in operations {
        root_xml(operation, notes);
        let examples = operation.examples.iter().filter(|example| !example.fails);
        for (at, value) in examples.filter_map(|example| Some((example.at, example.json.clone()?))).collect::<Vec<_>>()
        {
            let mut widen = Widen { components: &mut *components, adds, changes: Vec::new(), path: Vec::new() };
            widen.fields(&mut operation.response, &value);
            for (change, what) in widen.changes {
                let what = format!("{}: {what}", operation.action);
                if !said.insert(what.clone()) {
                    continue;
                }
                match change {
                    Change::Type => notes.contradiction(at, what),
                    Change::Added => notes.guess(at, what),
                    Change::Missing => notes.loss(at, what),
                }
            }
        }
    }
    said
}

/// A component that contains itself without a list or a map in between has no size: there any value is taken.
fn break_cycles(components: &mut [(String, Shape)], notes: &mut Notes<'_>) {
    fn direct(shape: &Shape, found: &mut Vec<String>) {
        match &shape.kind {
            Kind::Shared(name) => found.push(name.clone()),
            Kind::Object(object) => object.fields.iter().for_each(|field| direct(&field.shape, found)),
            _ => {}
        }
    }
    fn cut(shape: &mut Shape, name: &str) {
        match &mut shape.kind {
            Kind::Shared(known) if known == name => *shape = Shape::of(Kind::Any),
            Kind::Object(object) => object.fields.iter_mut().for_each(|field| cut(&mut field.shape, name)),
            _ => {}
        }
    }
    let edges_of = |components: &[(String, Shape)]| -> HashMap<String, Vec<String>> {
        let of_one = |(name, shape): &(String, Shape)| {
            let mut found = Vec::new();
            direct(shape, &mut found);
            (name.clone(), found)
        };
        components.iter().map(of_one).collect()
    };
    let names: Vec<String> = components.iter().map(|(name, _)| name.clone()).collect();
    let mut edges = edges_of(components);
    for name in &names {
        // Every component that leads back to this one loses that link.
        let mut reached: HashSet<&str> = HashSet::new();
        let mut open: Vec<&str> = vec![name];
        let mut back: Vec<String> = Vec::new();
        while let Some(holder) = open.pop() {
            for next in edges.get(holder).into_iter().flatten() {
                if next == name {
                    back.push(holder.to_owned());
                } else if reached.insert(next) {
                    open.push(next);
                }
            }
        }
        let is_cut = !back.is_empty();
        for holder in back {
            notes.loss(
                0,
                format!("the component {holder} contains {name}, which contains it; any value is taken there"),
            );
            if let Some((_, shape)) = components.iter_mut().find(|(known, _)| *known == holder) {
                cut(shape, name);
            }
        }
        if is_cut {
            edges = edges_of(components);
        }
    }
}

/// The names of everything in a service.
struct Names {
    /// Of the requests, by action.
    requests: HashMap<String, String>,
    /// Of the types of components.
    components: HashMap<String, String>,
}

/// Names the requests, the components, and the types of all operations.
fn name_all(service: &mut Service, existing: Option<&Existing>) -> Names {
    let mut space = Space::default();
    space.claim_product(&service.product);
    let mut requests = HashMap::new();
    let is_new = |action: &str| service.operations.iter().any(|operation| operation.action == action);
    for (action, file) in existing.iter().flat_map(|existing| &existing.operations) {
        let name = file.get("name").and_then(Value::as_str).unwrap_or(action).to_owned();
        space.claim(&name);
        space.claim(&format!("{name}Response"));
        if is_new(action) {
            requests.insert(action.clone(), name);
            continue;
        }
        for name in file.get("types").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
            space.claim(name);
        }
    }
    for (kind, file) in existing.iter().flat_map(|existing| &existing.receipts) {
        space.claim(kind);
        // The types of a kind that is imported again are named again.
        let is_new = service.receipts.iter().any(|receipt| receipt.kind == *kind);
        let types = file.get("types").and_then(Value::as_object).filter(|_| !is_new);
        for name in types.into_iter().flat_map(Map::keys) {
            space.claim(name);
        }
    }
    for receipt in &service.receipts {
        space.claim(&receipt.kind);
    }
    let shared = existing.and_then(|existing| existing.service.as_ref()?.get("types")?.as_object());
    for name in shared.into_iter().flat_map(Map::keys) {
        space.claim(name);
    }
    // Names that need no change come first.
    let mut actions: Vec<&str> = service.operations.iter().map(|operation| operation.action.as_str()).collect();
    actions.sort_by_key(|action| (camel([*action]) != **action, *action));
    for action in actions {
        if !requests.contains_key(action) {
            requests.insert(action.to_owned(), space.claim_action(action));
        }
    }
    let mut components = HashMap::new();
    for (name, _) in &service.components {
        let is_known = shared.is_some_and(|types| types.contains_key(&camel([name.as_str()])));
        let chosen = match camel([name.as_str()]) {
            plain if is_known => plain,
            plain if plain.is_empty() => space.claim_or("Shared", "Type"),
            plain => space.claim_or(&plain, "Type"),
        };
        components.insert(name.clone(), chosen);
    }
    for (name, shape) in &mut service.components {
        // Objects within a component are named after it.
        if let (Kind::Object(object), Some(name)) = (&mut shape.kind, components.get(name)) {
            name_types(name, &mut [], &mut object.fields, &HashMap::new(), &mut space);
            object.name = Some(name.clone());
        }
    }
    for operation in &mut service.operations {
        let earlier = existing.and_then(|existing| existing.operations.get(&operation.action));
        let known = earlier.map(|file| earlier_of(file, existing).known_types()).unwrap_or_default();
        let name = requests.get(&operation.action).map_or(operation.action.as_str(), String::as_str);
        // The words of the action, where the request has another name.
        let action = if camel([operation.action.as_str()]).is_empty() { name } else { &operation.action };
        name_types(action, &mut operation.parameters, &mut operation.response, &known, &mut space);
    }
    for receipt in &mut service.receipts {
        let earlier = existing.and_then(|existing| existing.receipts.get(&receipt.kind));
        let known = earlier.map(|file| earlier_of(file, existing).known_types()).unwrap_or_default();
        name_types(&receipt.kind, &mut [], &mut receipt.fields, &known, &mut space);
    }
    Names { requests, components }
}

fn earlier_of(file: &Map<String, Value>, existing: Option<&Existing>) -> Earlier {
    let shared = existing.and_then(|existing| existing.service.as_ref()?.get("types")?.as_object());
    Earlier::new(file.clone(), shared.cloned().unwrap_or_default())
}

/// One round of writing and checking.
struct Build<'a> {
    service: &'a Service,
    existing: Option<&'a Existing>,
    /// The files of the folder.
    folder: &'a [File],
    envelope: &'a Envelope,
    names: &'a Names,
    keeps: bool,
}

impl Build<'_> {
    /// All files, and the operations that do not pass the check, with the first fault of each.
    fn files(&self, notes: &mut Notes<'_>, said: &mut HashSet<String>) -> (Vec<File>, Vec<(String, String)>) {
        let sent = self.reached(|operation| &operation.parameters);
        let used: HashSet<String> = sent.union(&self.reached(|operation| &operation.response)).cloned().collect();
        let is_sent = |name: &str| sent.contains(name);
        let component = |name: &str| self.names.components.get(name).cloned().unwrap_or_default();
        let writer = |extent| Writer { keeps_texts: self.keeps, is_sent: &is_sent, component: &component, extent };
        let service = laid_out("service.json", self.service_file(&writer(Extent::All), &used));
        let mut files = vec![service];
        for operation in &self.service.operations {
            files.push(self.operation_file(&writer(Extent::All), operation, notes));
        }
        let mut refused = Vec::new();
        let faults = self.check(&files);
        let broken: HashSet<String> = faults.into_iter().map(|fault| fault.file).collect();
        for operation in &self.service.operations {
            let path = path_of(&operation.action);
            if !broken.contains(&path) {
                continue;
            }
            let mut last = None;
            for extent in Extent::ORDER {
                let file = self.operation_file(&writer(extent), operation, &mut Notes::new("", ""));
                let index = files.iter().position(|known| known.path == path);
                let check = [files[0].clone(), file.clone()];
                match self.check(&check).into_iter().find(|fault| fault.file == path) {
                    None => {
                        if let (Some(index), Some(first)) = (index, last.take()) {
                            files[index] = file;
                            let what = format!("{}: {} are left out: {first}", operation.action, extent.lost());
                            if said.insert(what.clone()) {
                                notes.loss(operation.at, what);
                            }
                        }
                        last = None;
                        break;
                    }
                    Some(fault) => last = Some(last.unwrap_or_else(|| message(&fault))),
                }
            }
            if let Some(fault) = last {
                refused.push((operation.action.clone(), fault));
            }
        }
        if refused.is_empty() {
            // What is left is in service.json, or between files.
            if let Some(fault) = self.check(&files).into_iter().next() {
                let action = fault.file.strip_prefix("operations/").and_then(|name| name.strip_suffix(".json"));
                let first = self.service.operations.first().map(|operation| operation.action.as_str());
                if let Some(action) = action.or(first) {
                    refused.push((action.to_owned(), format!("{}: {}", fault.file, message(&fault))));
                }
            }
        }
        (files, refused)
    }

    /// The faults of files together with those of the folder that they do not replace.
    fn check(&self, files: &[File]) -> Vec<Fault> {
        let others = self.folder.iter().filter(|known| files.iter().all(|file| file.path != known.path));
        let all = files.iter().chain(others);
        let sources: Vec<SourceFile<'_>> = all.map(|file| SourceFile { path: &file.path, text: &file.text }).collect();
        aliyun_api_spec::parse(&sources).faults
    }

    fn operation_file(&self, writer: &Writer<'_>, operation: &Operation, notes: &mut Notes<'_>) -> File {
        let name = self.names.requests.get(&operation.action).map_or(operation.action.as_str(), String::as_str);
        let pages = guess_pages(operation, self.service);
        if pages.is_some() && writer.extent == Extent::All {
            notes.guess(
                operation.at,
                format!("{}: its pages were guessed from the names of its parameters", operation.action),
            );
        }
        let invented = write::without_examples(operation);
        if !invented.is_empty() && writer.extent == Extent::All {
            let names = invented.join(", ");
            let what =
                format!("{}: {names} have no example value; the example request has placeholders", operation.action);
            notes.guess(operation.at, what);
        }
        let earlier = self.existing.and_then(|existing| existing.operations.get(&operation.action));
        let earlier = earlier.map(|file| earlier_of(file, self.existing));
        let file = writer.operation(operation, name, self.envelope, pages, earlier.as_ref());
        laid_out(&path_of(&operation.action), file)
    }

    /// The components that operations use, directly or through others.
    fn reached(&self, fields: impl Fn(&Operation) -> &Vec<Field>) -> HashSet<String> {
        fn collect(shape: &Shape, found: &mut Vec<String>) {
            match &shape.kind {
                Kind::Array(items) | Kind::Map(items) => collect(items, found),
                Kind::Shared(name) => found.push(name.clone()),
                Kind::Object(object) => object.fields.iter().for_each(|field| collect(&field.shape, found)),
                _ => {}
            }
        }
        let mut open = Vec::new();
        for field in self.service.operations.iter().flat_map(fields) {
            collect(&field.shape, &mut open);
        }
        let mut reached = HashSet::new();
        while let Some(name) = open.pop() {
            if let Some((_, shape)) = self.service.components.iter().find(|(known, _)| *known == name)
                && reached.insert(name)
            {
                collect(shape, &mut open);
            }
        }
        reached
    }

    fn service_file(&self, writer: &Writer<'_>, used: &HashSet<String>) -> Map<String, Value> {
        let Service { product, version, title, endpoints, groups, components, errors, operations, .. } = self.service;
        let old = self.existing.and_then(|existing| existing.service.as_ref());
        let mut file = Map::new();
        file.insert("product".to_owned(), product.as_str().into());
        file.insert("version".to_owned(), version.as_str().into());
        file.insert("title".to_owned(), title.as_deref().unwrap_or(product).into());
        let of_endpoints = self::endpoints(product, endpoints);
        let mut types = Map::new();
        let fields = writer.table(&self.envelope.fields, &[], false, &mut types);
        file.insert("envelope".to_owned(), self.envelope.written(fields));
        let line = |line: &Option<String>| {
            let line = line.as_ref().filter(|_| self.keeps);
            Value::from(line.map(|line| crate::prose::flat(line, " ")).unwrap_or_default())
        };
        let mut listed: Map<String, Value> = groups.iter().map(|group| (group.id.clone(), line(&group.line))).collect();
        let known = components.iter().filter(|(name, _)| used.contains(name));
        let objects = known.filter_map(|(name, shape)| match &shape.kind {
            Kind::Object(object) => Some((name.as_str(), object)),
            _ => None,
        });
        let objects: Vec<(&str, &Object)> = objects.collect();
        types.extend(writer.components(objects.into_iter()));
        let own = errors.iter().chain(operations.iter().flat_map(|operation| &operation.errors));
        let mut codes = self::errors(own, self.keeps);
        if let Some(old) = old {
            let merged = |key: &str, new: &Map<String, Value>| {
                let mut all = old.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
                for (name, value) in new {
                    all.entry(name.clone()).or_insert_with(|| value.clone());
                }
                all
            };
            let is_known = |code: &str| {
                let listed = old.get("errors").and_then(Value::as_object).into_iter().flatten();
                listed.into_iter().any(|(known, error)| {
                    let aliases = error.get("aliases").and_then(Value::as_array).into_iter().flatten();
                    known == code || aliases.into_iter().any(|alias| alias == code)
                })
            };
            codes.retain(|code, _| !is_known(code));
            listed = merged("groups", &listed);
            types = merged("types", &types);
            codes = merged("errors", &codes);
            file.clone_from(old);
        }
        if old.is_none() || !endpoints.is_empty() {
            let mut all = of_endpoints;
            // The hosts of a VPC, and whether the default serves all, are not in any source.
            if let (Some(kept), Value::Object(all)) = (old.and_then(|old| old.get("endpoints")?.as_object()), &mut all)
            {
                for (key, value) in kept {
                    if key != "regions" || !all.contains_key(key) {
                        all.insert(key.clone(), value.clone());
                    }
                }
            }
            file.insert("endpoints".to_owned(), all);
        }
        file.insert("groups".to_owned(), listed.into());
        for (key, table) in [("types", types), ("errors", codes)] {
            if !table.is_empty() {
                file.insert(key.to_owned(), table.into());
            }
        }
        file
    }
}

fn path_of(action: &str) -> String {
    format!("operations/{action}.json")
}

fn message(fault: &Fault) -> String {
    match &fault.hint {
        Some(hint) => format!("{}; {hint}", fault.message),
        None => fault.message.clone(),
    }
}

fn laid_out(path: &str, file: Map<String, Value>) -> File {
    let text = Value::Object(file).to_string();
    let text = aliyun_api_spec::format(path, &text).unwrap_or(text);
    File { path: path.to_owned(), text }
}

/// The hosts of a product. A host that several regions share is the default one, and so is that with the product's name.
fn endpoints(product: &str, endpoints: &[(String, String)]) -> Value {
    let product = product.to_lowercase();
    let name = product.split('-').next().unwrap_or_default();
    let usual = [format!("{product}.aliyuncs.com"), format!("{name}.aliyuncs.com")];
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for (_, host) in endpoints {
        match counts.iter_mut().find(|(known, _)| *known == host.as_str()) {
            Some((_, count)) => *count += 1,
            None => counts.push((host, 1)),
        }
    }
    let central = counts.iter().find(|(host, _)| usual.iter().any(|usual| usual == host));
    let shared = counts.iter().filter(|(_, count)| *count > 1).max_by_key(|(_, count)| *count);
    let default = central.or(shared).map(|(host, _)| (*host).to_owned());
    let mut all = Map::new();
    match default {
        Some(host) => {
            all.insert("default".to_owned(), host.into());
        }
        // Without any host the usual one is the only guess.
        None if endpoints.is_empty() => {
            all.insert("default".to_owned(), usual[0].as_str().into());
        }
        None => {}
    }
    if counts.len() == 1 && endpoints.len() > 1 {
        // One host for every region.
        all.insert("defaultServesAll".to_owned(), true.into());
    } else if !endpoints.is_empty() {
        let regions: Map<String, Value> =
            endpoints.iter().map(|(region, host)| (region.clone(), host.as_str().into())).collect();
        all.insert("regions".to_owned(), regions.into());
    }
    all.into()
}

/// A code with its HTTP statuses and its description.
type Documented<'e> = (String, Vec<Option<u16>>, Option<&'e str>);

/// The codes that are not those of every gateway, in the order of the source.
fn errors<'e>(codes: impl Iterator<Item = &'e ErrorCode>, keeps: bool) -> Map<String, Value> {
    let mut merged: Vec<Documented<'_>> = Vec::new();
    for error in codes {
        // `InvalidParameter.%s` stands for a family.
        let code = match error.code.find(['%', '*', '{', '<']) {
            Some(0) => continue,
            Some(at) => format!("{}*", error.code.get(..at).unwrap_or_default()),
            None => error.code.clone(),
        };
        let is_code = |c: char| c.is_ascii_graphic();
        if !code.chars().all(is_code) || gateway::CODES.iter().any(|known| known.codes.contains(&code.as_str())) {
            continue;
        }
        match merged.iter_mut().find(|(known, ..)| *known == code) {
            Some((_, statuses, text)) => {
                statuses.push(error.status);
                *text = text.or(error.description.as_deref());
            }
            None => merged.push((code, vec![error.status], error.description.as_deref())),
        }
    }
    let written = merged.into_iter().map(|(code, statuses, text)| {
        let mut error = Map::new();
        let all = |class: std::ops::Range<u16>| {
            statuses.iter().all(|status| status.is_some_and(|status| class.contains(&status)))
        };
        if all(400..500) {
            error.insert("status".to_owned(), "4xx".into());
        } else if all(500..600) {
            // A failure of the service: something may have been done.
            error.insert("kind".to_owned(), json!(name_of(RefusalKind::Transient)));
        }
        if let Some(text) = text.filter(|_| keeps) {
            let text = crate::prose::flat(text, " ");
            if !text.is_empty() {
                error.insert("description".to_owned(), text.into());
            }
        }
        (code, error.into())
    });
    written.collect()
}

fn name_of(kind: RefusalKind) -> &'static str {
    let known = RefusalKind::ALL.iter().zip(RefusalKind::NAMES);
    known.filter(|(known, _)| **known == kind).map(|(_, name)| *name).next().unwrap_or_default()
}
