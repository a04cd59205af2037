//! Types with their names resolved: what a value is, where a path leads, which types are used, what is sensitive.
//!
//! Whoever follows the name of a type or a dotted path does it here, so that all readers of a specification agree.

use crate::model::{EnumValue, Field, Kind, NamedType, Operation, Receipt, Service, Shape, TypeBody};

/// The types that an operation or a kind of receipt can name: its own, then those of the service.
#[derive(Debug, Clone, Copy, Default)]
pub struct Types<'s> {
    own: &'s [NamedType],
    shared: &'s [NamedType],
}

/// The type of a value, with its name resolved.
#[derive(Debug, Clone, Copy)]
pub enum Type<'s> {
    /// A text, a number or a boolean.
    Scalar(&'s Kind),
    /// A value of an open set.
    Enum {
        /// The type on the wire: `String`, `Int32` or `Int64`.
        kind: &'s Kind,
        /// The known values.
        values: &'s [EnumValue],
    },
    /// Any JSON value.
    Any,
    /// A list of such items.
    Array(&'s Shape),
    /// Text keys with such values.
    Map(&'s Shape),
    /// A record with these fields.
    Record(&'s [Field]),
    /// The name of a type that does not exist. A checked service has none.
    Unknown,
}

/// Which part of a value must not be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitivity {
    /// Nothing in it is sensitive.
    None,
    /// It is a structure with a sensitive field at some depth.
    Part,
    /// It is sensitive itself, or each of its items is.
    Whole,
}

/// Why a path leads to no field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathError<'s, 'p> {
    /// No field has this name.
    NoField {
        /// The part of the path.
        name: &'p str,
        /// The fields that exist there; empty below a value without fields.
        known: Vec<&'s str>,
    },
    /// The path goes on below this list or map.
    Collection {
        /// The part of the path.
        name: &'p str,
    },
    /// The type of a field does not exist. Not in a checked service.
    UnknownType,
}

impl<'s> Types<'s> {
    /// The types that an operation of the service can name.
    #[must_use]
    pub fn of(operation: &'s Operation, service: &'s Service) -> Self {
        Self { own: &operation.types, shared: &service.types }
    }

    /// The types that a kind of receipt can name.
    #[must_use]
    pub fn of_receipt(receipt: &'s Receipt, service: Option<&'s Service>) -> Self {
        Self { own: &receipt.types, shared: service.map_or(&[], |service| &service.types) }
    }

    /// The types that every operation of the service can name.
    #[must_use]
    pub fn shared(service: &'s Service) -> Self {
        Self { own: &[], shared: &service.types }
    }

    /// The types of an operation, of which the service could not be read.
    pub(crate) fn without_service(operation: &'s Operation) -> Self {
        Self { own: &operation.types, shared: &[] }
    }

    /// Every type.
    pub fn all(self) -> impl Iterator<Item = &'s NamedType> {
        self.own.iter().chain(self.shared)
    }

    /// The type of that name.
    #[must_use]
    pub fn named(self, name: &str) -> Option<&'s NamedType> {
        self.all().find(|named| named.name == name)
    }

    /// Whether the operation itself declares the type of that name.
    #[must_use]
    pub fn is_own(self, name: &str) -> bool {
        self.own.iter().any(|named| named.name == name)
    }

    /// What a value of this kind is.
    #[must_use]
    pub fn resolve(self, kind: &'s Kind) -> Type<'s> {
        match kind {
            Kind::Any => Type::Any,
            Kind::Array(items) => Type::Array(items),
            Kind::Map(values) => Type::Map(values),
            Kind::Named(name) => match self.named(name).map(|named| &named.body) {
                Some(TypeBody::Record(fields)) => Type::Record(fields),
                Some(TypeBody::Enum { kind, values }) => Type::Enum { kind, values },
                None => Type::Unknown,
            },
            kind => Type::Scalar(kind),
        }
    }

    /// The fields of a record; none of any other kind.
    #[must_use]
    pub fn fields(self, kind: &'s Kind) -> &'s [Field] {
        match self.resolve(kind) {
            Type::Record(fields) => fields,
            _ => &[],
        }
    }

    /// The fields on a dotted path of wire names such as `Data.List`, from the first to the one that it leads to. It
    /// passes through records only.
    pub fn follow<'p>(
        self,
        fields: impl IntoIterator<Item = &'s Field>,
        path: &'p str,
    ) -> Result<Vec<&'s Field>, PathError<'s, 'p>> {
        let mut candidates: Vec<&Field> = fields.into_iter().collect();
        let mut passed = Vec::new();
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            let Some(field) = candidates.iter().copied().find(|field| field.wire_name == name) else {
                let known = candidates.iter().map(|field| field.wire_name.as_str()).collect();
                return Err(PathError::NoField { name, known });
            };
            passed.push(field);
            candidates = match self.resolve(&field.shape.kind) {
                Type::Unknown => return Err(PathError::UnknownType),
                Type::Array(_) | Type::Map(_) if names.peek().is_some() => {
                    return Err(PathError::Collection { name });
                }
                Type::Record(fields) => fields.iter().collect(),
                _ => Vec::new(),
            };
        }
        Ok(passed)
    }

    /// The named types that these fields use, each once, through lists, maps and records.
    #[must_use]
    pub fn used_by(self, fields: impl IntoIterator<Item = &'s Field>) -> Vec<&'s NamedType> {
        self.used(fields.into_iter().map(|field| &field.shape.kind).collect())
    }

    fn used(self, mut open: Vec<&'s Kind>) -> Vec<&'s NamedType> {
        let mut used: Vec<&NamedType> = Vec::new();
        while let Some(kind) = open.pop() {
            let Kind::Named(name) = kind.innermost() else { continue };
            let is_new = |named: &&NamedType| used.iter().all(|known| known.name != named.name);
            let Some(named) = self.named(name).filter(is_new) else { continue };
            used.push(named);
            if let TypeBody::Record(fields) = &named.body {
                open.extend(fields.iter().map(|field| &field.shape.kind));
            }
        }
        used
    }

    /// Which part of a value of this shape must not be shown.
    #[must_use]
    pub fn sensitivity(self, shape: &'s Shape) -> Sensitivity {
        let has_sensitive_field = |named: &NamedType| match &named.body {
            TypeBody::Record(fields) => fields.iter().any(|field| is_marked(&field.shape)),
            TypeBody::Enum { .. } => false,
        };
        if is_marked(shape) {
            Sensitivity::Whole
        } else if self.used(vec![&shape.kind]).into_iter().any(has_sensitive_field) {
            Sensitivity::Part
        } else {
            Sensitivity::None
        }
    }
}

impl Type<'_> {
    /// Whether it is one value: neither a structure nor any JSON value.
    #[must_use]
    pub fn is_scalar(self) -> bool {
        matches!(self, Self::Scalar(_) | Self::Enum { .. })
    }

    /// Whether it is a number.
    #[must_use]
    pub fn is_number(self) -> bool {
        let (Self::Scalar(kind) | Self::Enum { kind, .. }) = self else { return false };
        matches!(kind, Kind::Int32 | Kind::Int64 | Kind::Number)
    }
}

/// Whether a shape, or that of its items, is marked as sensitive.
fn is_marked(shape: &Shape) -> bool {
    shape.sensitive || matches!(&shape.kind, Kind::Array(inner) | Kind::Map(inner) if is_marked(inner))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{SourceFile, parse};

    const SERVICE: &str = r#"{
        "product": "Example", "version": "2020-01-01", "title": "An example",
        "endpoints": { "default": "example.aliyuncs.com" },
        "envelope": { "requestId": "RequestId", "fields": { "RequestId": { "type": "string" } } },
        "groups": { "all": "All." },
        "types": {
            "Person": { "fields": { "Number": { "type": "string", "sensitive": true }, "State": { "type": "State" } } },
            "State": { "enum": { "1": { "name": "One" } }, "type": "int32" }
        }
    }"#;

    const OPERATION: &str = r#"{
        "action": "Get", "group": "all", "operationType": "read", "summary": "Gets.", "parameters": {},
        "response": {
            "Count": { "type": "int64" },
            "Data": { "type": "Data" },
            "Secrets": { "type": "array", "items": { "type": "string", "sensitive": true } },
            "States": { "type": "map", "items": "State" },
            "Free": { "type": "any" }
        },
        "types": {
            "Data": { "fields": {
                "People": { "type": "array", "items": "Person" },
                "More": { "type": "array", "items": "Data" },
                "Owner": { "type": "Person" }
            } }
        }
    }"#;

    fn service() -> Service {
        let file = |path, text| SourceFile { path, text };
        let loaded = parse(&[file("service.json", SERVICE), file("operations/Get.json", OPERATION)]);
        assert_eq!(loaded.faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
        loaded.service.unwrap()
    }

    #[test]
    fn a_path_passes_through_records_only() {
        let service = service();
        let operation = service.operation("Get").unwrap();
        let types = Types::of(operation, &service);
        let follow = |path| {
            let passed = types.follow(&operation.response, path)?;
            Ok(passed.into_iter().map(|field| field.wire_name.as_str()).collect::<Vec<_>>())
        };
        assert_eq!(follow("Count"), Ok(vec!["Count"]));
        assert_eq!(follow("Data.Owner.State"), Ok(vec!["Data", "Owner", "State"]));
        assert_eq!(follow("Data.People"), Ok(vec!["Data", "People"]));
        let known = vec!["People", "More", "Owner"];
        assert_eq!(follow("Data.Person"), Err(PathError::NoField { name: "Person", known }));
        assert_eq!(follow("Count.More"), Err(PathError::NoField { name: "More", known: Vec::new() }));
        assert_eq!(follow("Data.People.Number"), Err(PathError::Collection { name: "People" }));
        assert_eq!(follow("States.a"), Err(PathError::Collection { name: "States" }));
        // The shared types alone do not have the operation's.
        let shared = Types::shared(&service);
        assert_eq!(shared.follow(&operation.response, "Data.More").err(), Some(PathError::UnknownType));
    }

    #[test]
    fn fields_use_each_type_once() {
        let service = service();
        let operation = service.operation("Get").unwrap();
        let types = Types::of(operation, &service);
        let used = |name: &str| {
            let fields = operation.response.iter().filter(|field| field.wire_name == name);
            let mut used: Vec<&str> = types.used_by(fields).into_iter().map(|named| named.name.as_str()).collect();
            used.sort_unstable();
            used
        };
        assert_eq!(used("Data"), ["Data", "Person", "State"]);
        assert_eq!(used("States"), ["State"]);
        assert_eq!(used("Count"), [""; 0]);
    }

    #[test]
    fn sensitive_is_what_is_marked_and_what_holds_it() {
        let service = service();
        let operation = service.operation("Get").unwrap();
        let types = Types::of(operation, &service);
        let sensitivity =
            |path| types.sensitivity(&types.follow(&operation.response, path).unwrap().last().unwrap().shape);
        assert_eq!(sensitivity("Secrets"), Sensitivity::Whole);
        assert_eq!(sensitivity("Data.Owner.Number"), Sensitivity::Whole);
        for path in ["Data", "Data.Owner", "Data.People", "Data.More"] {
            assert_eq!(sensitivity(path), Sensitivity::Part, "{path}");
        }
        for path in ["Count", "States", "Free", "Data.Owner.State"] {
            assert_eq!(sensitivity(path), Sensitivity::None, "{path}");
        }
    }

    #[test]
    fn a_name_is_resolved_among_own_and_shared_types() {
        let service = service();
        let operation = service.operation("Get").unwrap();
        let types = Types::of(operation, &service);
        let resolve =
            |path| types.resolve(&types.follow(&operation.response, path).unwrap().last().unwrap().shape.kind);
        assert!(matches!(resolve("Data"), Type::Record(fields) if fields.len() == 3));
        assert!(matches!(resolve("Data.Owner.State"), Type::Enum { kind: Kind::Int32, values } if values.len() == 1));
        assert!(resolve("Data.Owner.State").is_number() && resolve("Count").is_number());
        assert!(resolve("Data.Owner.Number").is_scalar() && !resolve("Data.Owner.Number").is_number());
        assert!(!resolve("States").is_scalar() && !resolve("Free").is_scalar());
        assert!(types.is_own("Data") && !types.is_own("Person"));
    }
}
