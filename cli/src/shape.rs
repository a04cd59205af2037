//! The types of the specification, with names resolved.

use aliyun_api_spec::dyvmsapi;
use aliyun_api_spec::model::{Field, Kind, Operation, Shape, TypeBody};

/// What a value is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Type {
    /// A text, a number or a truth value.
    Scalar(&'static Kind),
    /// A value of an open set, with the type of its values.
    Code(&'static Kind),
    /// Any JSON value.
    Any,
    /// A list.
    List(&'static Shape),
    /// Text keys and values.
    Map(&'static Shape),
    /// A record.
    Record(&'static [Field]),
}

impl Type {
    /// The type of a value of this shape.
    pub(crate) fn of(shape: &'static Shape) -> Self {
        match &shape.kind {
            Kind::Any => Self::Any,
            Kind::Array(items) => Self::List(items),
            Kind::Map(values) => Self::Map(values),
            Kind::Named(name) => match dyvmsapi().named_type(name).map(|named| &named.body) {
                Some(TypeBody::Record(fields)) => Self::Record(fields),
                Some(TypeBody::Enum { kind, .. }) => Self::Code(kind),
                // A checked specification names no other type.
                None => Self::Any,
            },
            kind => Self::Scalar(kind),
        }
    }

    /// Whether it reads best with its last digits below each other.
    pub(crate) fn is_numeric(self) -> bool {
        matches!(self, Self::Scalar(kind) | Self::Code(kind) if matches!(kind, Kind::Int32 | Kind::Int64 | Kind::Number))
    }
}

/// Whether a value of this shape is marked as one that must not be shown, or the items of its list or map are.
pub(crate) fn is_marked_sensitive(shape: &Shape) -> bool {
    shape.sensitive || matches!(&shape.kind, Kind::Array(inner) | Kind::Map(inner) if is_marked_sensitive(inner))
}

/// Whether a value of this shape, or anything in it, must not be shown in errors.
pub(crate) fn is_sensitive(shape: &'static Shape) -> bool {
    // Types may contain themselves through lists and maps.
    fn within(shape: &'static Shape, above: &mut Vec<&'static [Field]>) -> bool {
        if shape.sensitive {
            return true;
        }
        match Type::of(shape) {
            Type::List(inner) | Type::Map(inner) => within(inner, above),
            Type::Record(fields) if above.iter().all(|seen| !std::ptr::eq(*seen, fields)) => {
                above.push(fields);
                fields.iter().any(|field| within(&field.shape, above))
            }
            _ => false,
        }
    }
    within(shape, &mut Vec::new())
}

/// Members of an answer: its own, and those that every answer has.
pub(crate) fn members(operation: &'static Operation) -> impl Iterator<Item = &'static Field> + Clone {
    operation.response.iter().chain(&dyvmsapi().envelope.fields)
}

/// The field at a dotted path, through records.
pub(crate) fn at_path(mut fields: impl Iterator<Item = &'static Field>, path: &'static str) -> Option<&'static Field> {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let field = fields.find(|field| field.wire_name == name)?;
    match Type::of(&field.shape) {
        _ if rest.is_empty() => Some(field),
        Type::Record(fields) => at_path(fields.iter(), rest),
        _ => None,
    }
}
