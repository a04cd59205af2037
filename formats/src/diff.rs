//! What changed between two specifications of a service, and what that means for programs that use its client.

use std::collections::BTreeMap;
use std::fmt;

use aliyun_api_spec::model::{Field, Kind, NamedType, Operation, Receipt, Service, Shape, TypeBody};

/// A change of one fact.
///
/// Prints as one line, such as `breaking: CancelCall: parameter CallId: it is required now`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Whether a program may not compile any more, or not read what it read before.
    pub breaking: bool,
    /// The operation or the kind of receipt; empty if the change concerns the service.
    pub operation: String,
    /// What changed.
    pub what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.breaking { "breaking: " } else { "compatible: " })?;
        if !self.operation.is_empty() {
            write!(f, "{}: ", self.operation)?;
        }
        f.write_str(&self.what)
    }
}

/// The changes from one specification to another: those of the service, then those of each operation and kind of
/// receipt by name.
#[must_use]
pub fn diff(old: &Service, new: &Service) -> Vec<Change> {
    let mut changes = Changes::default();
    changes.value("the product", &old.product, &new.product, true);
    changes.value("the version", &old.version, &new.version, true);
    changes.value(
        "the default host",
        &shown(old.endpoints.default.as_ref()),
        &shown(new.endpoints.default.as_ref()),
        false,
    );
    let hosts = |service: &Service| service.endpoints.regions.iter().cloned().collect::<BTreeMap<_, _>>();
    let (before, after) = (hosts(old), hosts(new));
    changes.keyed("the region", &before, &after, |changes, region, old, new| {
        changes.value(&format!("the host of {region}"), old, new, false);
    });
    let groups = |service: &Service| {
        service.groups.iter().map(|group| (group.id.clone(), group.id.clone())).collect::<BTreeMap<_, _>>()
    };
    changes.keyed("the group", &groups(old), &groups(new), |_, _, _, _| {});
    let errors = |service: &Service| {
        service.errors.iter().map(|error| (error.code.clone(), error.clone())).collect::<BTreeMap<_, _>>()
    };
    let (before, after) = (errors(old), errors(new));
    for (code, error) in &after {
        match before.get(code) {
            None => changes.add(false, format!("the code {code} is new")),
            Some(known) => changes.value(
                &format!("the kind of the code {code}"),
                &format!("{:?}", known.kind),
                &format!("{:?}", error.kind),
                false,
            ),
        }
    }
    for code in before.keys().filter(|code| !after.contains_key(*code)) {
        changes.add(false, format!("the code {code} is gone"));
    }
    changes.fields("the member of the envelope", &old.envelope.fields, &new.envelope.fields, false);
    changes.types(&old.types, &new.types);
    let operations = |service: &Service| {
        service
            .operations
            .iter()
            .map(|operation| (operation.action.clone(), operation.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    let (before, after) = (operations(old), operations(new));
    for (action, operation) in &after {
        changes.operation.clone_from(action);
        match before.get(action) {
            None => changes.add(false, "it is new".to_owned()),
            Some(known) => changes.operation(known, operation),
        }
    }
    for action in before.keys().filter(|action| !after.contains_key(*action)) {
        changes.operation.clone_from(action);
        changes.add(true, "it is gone".to_owned());
    }
    let receipts = |service: &Service| {
        service.receipts.iter().map(|receipt| (receipt.kind.clone(), receipt.clone())).collect::<BTreeMap<_, _>>()
    };
    let (before, after) = (receipts(old), receipts(new));
    for (kind, receipt) in &after {
        changes.operation.clone_from(kind);
        match before.get(kind) {
            None => changes.add(false, "it is new".to_owned()),
            Some(known) => changes.receipt(known, receipt),
        }
    }
    for kind in before.keys().filter(|kind| !after.contains_key(*kind)) {
        changes.operation.clone_from(kind);
        changes.add(true, "it is gone".to_owned());
    }
    let mut all = changes.all;
    all.sort_by(|one, other| one.operation.cmp(&other.operation));
    all
}

#[derive(Default)]
struct Changes {
    all: Vec<Change>,
    operation: String,
}

impl Changes {
    fn add(&mut self, breaking: bool, what: String) {
        self.all.push(Change { breaking, operation: self.operation.clone(), what });
    }

    fn value(&mut self, what: &str, old: &str, new: &str, breaking: bool) {
        if old != new {
            self.add(breaking, format!("{what} was {old}, and is {new}"));
        }
    }

    /// Entries that are new, gone, or in both. One that is gone breaks a program.
    fn keyed<T>(
        &mut self,
        what: &str,
        old: &BTreeMap<String, T>,
        new: &BTreeMap<String, T>,
        mut both: impl FnMut(&mut Self, &str, &T, &T),
    ) {
        for (name, value) in new {
            match old.get(name) {
                None => self.add(false, format!("{what} {name} is new")),
                Some(known) => both(self, name, known, value),
            }
        }
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            self.add(true, format!("{what} {name} is gone"));
        }
    }

    fn operation(&mut self, old: &Operation, new: &Operation) {
        self.value("its name", &old.name, &new.name, true);
        self.value("its group", &old.group, &new.group, true);
        self.value("its type", &format!("{:?}", old.operation_type), &format!("{:?}", new.operation_type), false);
        self.value("idempotent", &old.idempotent.to_string(), &new.idempotent.to_string(), false);
        self.value("its method", old.method.as_str(), new.method.as_str(), false);
        self.value("signed", &old.signed.to_string(), &new.signed.to_string(), false);
        match (&old.deprecated, &new.deprecated) {
            (None, Some(_)) => self.add(false, "it is deprecated now".to_owned()),
            (Some(_), None) => self.add(false, "it is not deprecated any more".to_owned()),
            _ => {}
        }
        match (&old.pagination, &new.pagination) {
            (None, Some(_)) => self.add(false, "it has pages now".to_owned()),
            (Some(_), None) => self.add(true, "it has no pages any more".to_owned()),
            (Some(old), Some(new)) => {
                self.value("the items of its pages", &old.items, &new.items, true);
                self.value("the parameter of its pages", old.position.parameter(), new.position.parameter(), false);
            }
            (None, None) => {}
        }
        self.fields("parameter", &old.parameters, &new.parameters, true);
        self.fields("response member", &old.response, &new.response, false);
        self.types(&old.types, &new.types);
    }

    fn receipt(&mut self, old: &Receipt, new: &Receipt) {
        self.value("its key", &old.key.join(", "), &new.key.join(", "), false);
        self.value("its id", &shown(old.id.as_ref()), &shown(new.id.as_ref()), false);
        self.value("its own id", &shown(old.own_id.as_ref()), &shown(new.own_id.as_ref()), false);
        self.fields("field", &old.fields, &new.fields, false);
        self.types(&old.types, &new.types);
    }

    fn types(&mut self, old: &[NamedType], new: &[NamedType]) {
        let named = |types: &[NamedType]| {
            types.iter().map(|named| (named.name.clone(), named.clone())).collect::<BTreeMap<_, _>>()
        };
        self.keyed("the type", &named(old), &named(new), |changes, name, old, new| match (&old.body, &new.body) {
            (TypeBody::Record(old), TypeBody::Record(new)) => changes.fields(&format!("{name}: field"), old, new, true),
            (TypeBody::Enum { values: old, .. }, TypeBody::Enum { values: new, .. }) => {
                let values = |values: &[aliyun_api_spec::model::EnumValue]| {
                    values.iter().map(|value| (value.value.clone(), value.name.clone())).collect::<BTreeMap<_, _>>()
                };
                changes.keyed(&format!("{name}: the value"), &values(old), &values(new), |changes, value, old, new| {
                    changes.value(&format!("{name}: the name of {value}"), old, new, true);
                });
            }
            _ => changes.add(true, format!("the type {name} is of another kind")),
        });
    }

    fn fields(&mut self, what: &str, old: &[Field], new: &[Field], sent: bool) {
        let known = |fields: &[Field], name: &str| fields.iter().find(|field| field.wire_name == name).cloned();
        for field in new {
            let name = &field.wire_name;
            let Some(before) = known(old, name) else {
                let required = sent && field.required;
                self.add(required, format!("{what} {name} is new{}", if required { ", and required" } else { "" }));
                continue;
            };
            let label = format!("{what} {name}");
            self.value(&format!("the Rust name of {label}"), &before.rust_name, &field.rust_name, true);
            self.value(&format!("the type of {label}"), &kind(&before.shape), &kind(&field.shape), true);
            if sent && before.required != field.required {
                let now = if field.required { "required" } else { "optional" };
                self.add(true, format!("{label} is {now} now"));
            }
            let style = |field: &Field| format!("{:?}", field.shape.style);
            self.value(&format!("the style of {label}"), &style(&before), &style(field), false);
            if before.shape.sensitive != field.shape.sensitive {
                let now = if field.shape.sensitive { "sensitive" } else { "not sensitive" };
                self.add(false, format!("{label} is {now} now"));
            }
            let bounds = |shape: &Shape| {
                format!(
                    "{:?} to {:?}, length {:?} to {:?}, {:?} items",
                    shape.minimum, shape.maximum, shape.min_length, shape.max_length, shape.max_items
                )
                .replace("Some(", "")
                .replace(')', "")
                .replace("None", "any")
            };
            self.value(&format!("the bounds of {label}"), &bounds(&before.shape), &bounds(&field.shape), false);
        }
        for field in old.iter().filter(|field| known(new, &field.wire_name).is_none()) {
            self.add(true, format!("{what} {} is gone", field.wire_name));
        }
    }
}

fn shown(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "none".to_owned())
}

/// A type as the dialect writes it.
fn kind(shape: &Shape) -> String {
    match &shape.kind {
        Kind::String => "string".to_owned(),
        Kind::Int32 => "int32".to_owned(),
        Kind::Int64 => "int64".to_owned(),
        Kind::Number => "number".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::Any => "any".to_owned(),
        Kind::Array(items) => format!("array of {}", kind(items)),
        Kind::Map(items) => format!("map of {}", kind(items)),
        Kind::Named(name) => name.clone(),
    }
}
