//! Holding the business parameters of a request against the specification of its operation.
//!
//! Required ones must be there and not empty, values must be of their type and inside their bounds. Parameters that
//! the specification does not know are ignored, and so are values outside the known ones of an open set, as the real
//! gateway does; both give a warning. An empty value of a type other than text counts as absent.

use std::ops::Bound;

use aliyun_api_spec::model::{EnumValue, Field, Kind, Operation, Service, Shape, Style, TypeBody};
use aliyun_api_spec::name::PROTOCOL_PARAMETERS;
use aliyun_api_spec::suggest::nearest;
use serde::de::IgnoredAny;

use crate::refuse::Refusal;
use crate::wire::Parameters;

/// The most parts a flattened name such as `List.1.Key` may have.
const MAX_DEPTH: usize = 32;

/// The most warnings that one request gives.
const MAX_WARNINGS: usize = 20;

/// Refuses what does not fit, and warns of what is not known.
pub(crate) fn check(service: &Service, operation: &Operation, parameters: &Parameters) -> Result<Vec<String>, Refusal> {
    let required = operation.parameters.iter().filter(|field| field.required);
    if let Some(field) = required.into_iter().find(|field| !is_given(&field.wire_name, parameters)) {
        return Err(Refusal::missing(&field.wire_name));
    }
    for group in &operation.at_least_one {
        if let (Some(first), false) = (group.first(), group.iter().any(|name| is_given(name, parameters))) {
            return Err(Refusal::missing(first));
        }
    }
    for group in &operation.at_most_one {
        if let Some(second) = group.iter().filter(|name| is_given(name, parameters)).nth(1) {
            return Err(Refusal::invalid(second));
        }
    }
    let mut warnings = Vec::new();
    for (name, value) in parameters {
        let warning = match find(service, operation, name) {
            None => unknown(operation, name),
            Some((field, path)) => match fit(service, &field.shape, path, value) {
                Fit::Wrong => return Err(Refusal::invalid(&field.wire_name)),
                Fit::Good => None,
                Fit::Unknown(values) => {
                    let values: Vec<&str> = values.iter().map(|known| known.value.as_str()).collect();
                    Some(format!("{name}: its value is none of the known {}", values.join(", ")))
                }
            },
        };
        if warnings.len() < MAX_WARNINGS {
            warnings.extend(warning);
        }
    }
    Ok(warnings)
}

/// The warning of a parameter that the specification does not have; the protocol's own are none of its.
fn unknown(operation: &Operation, name: &str) -> Option<String> {
    /// The region is what the classic client adds, whatever the operation; the other is an older spelling.
    const OF_CLIENTS: [&str; 2] = ["RegionId", "TimeStamp"];
    /// Comparing takes time by length, and what is much longer than every name is near none of them.
    const LONGEST: usize = 64;
    if PROTOCOL_PARAMETERS.contains(&name) || OF_CLIENTS.contains(&name) {
        return None;
    }
    let shown: String = name.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    let known = operation.parameters.iter().map(|field| field.wire_name.as_str());
    let near = if name.len() > LONGEST { None } else { nearest(name, known) };
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Some(format!("{shown}: {} has no such parameter{hint}", operation.action))
}

/// The specified parameter that a name on the wire belongs to, and the rest of a flattened name.
pub(crate) fn find<'s, 'n>(
    service: &'s Service,
    operation: &'s Operation,
    name: &'n str,
) -> Option<(&'s Field, &'n str)> {
    let field = |wanted: &str| {
        let mut fields = operation.parameters.iter().chain(&service.common_parameters);
        fields.find(|field| field.wire_name == wanted)
    };
    let (base, path) = name.split_once('.').unwrap_or((name, ""));
    field(name).map(|field| (field, "")).or_else(|| Some((field(base)?, path)))
}

/// Whether a parameter, or any part of a flattened one, has a value.
fn is_given(name: &str, parameters: &Parameters) -> bool {
    if parameters.get(name).is_some_and(|value| !value.is_empty()) {
        return true;
    }
    let below = format!("{name}.");
    let mut from_there = parameters.range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded));
    from_there.next().is_some_and(|(next, _)| next.starts_with(&below))
}

/// How a value fits its parameter.
enum Fit<'s> {
    Good,
    Wrong,
    /// It is of the type of an open set, and none of the known values.
    Unknown(&'s [EnumValue]),
}

/// Follows the path of a flattened name to the shape it leads to, and holds the value against that.
fn fit<'s>(service: &'s Service, mut shape: &'s Shape, path: &str, value: &str) -> Fit<'s> {
    let mut outer = shape;
    for (depth, part) in path.split('.').filter(|part| !part.is_empty()).enumerate() {
        if depth == MAX_DEPTH || shape.style == Some(Style::Json) || shape.style == Some(Style::Simple) {
            return Fit::Wrong;
        }
        outer = shape;
        shape = match &shape.kind {
            Kind::Array(item) if part.parse::<u32>().is_ok_and(|index| index > 0) => item,
            Kind::Array(_) => return Fit::Wrong,
            Kind::Map(value) => value,
            Kind::Named(name) => {
                let member =
                    record(service, name).and_then(|fields| fields.iter().find(|field| field.wire_name == part));
                match member {
                    Some(field) => &field.shape,
                    None => return Fit::Good,
                }
            }
            _ => return Fit::Good,
        };
    }
    if !value_fits(service, shape, value) || !is_within(outer, value) {
        return Fit::Wrong;
    }
    match unknown_value(service, shape, value) {
        Some(values) => Fit::Unknown(values),
        None => Fit::Good,
    }
}

/// The known values of an open set, where a value is none of them.
fn unknown_value<'s>(service: &'s Service, shape: &'s Shape, value: &str) -> Option<&'s [EnumValue]> {
    if value.is_empty() {
        return None;
    }
    match &shape.kind {
        Kind::Array(item) if shape.style == Some(Style::Simple) => {
            value.split(',').find_map(|part| unknown_value(service, item, part))
        }
        Kind::Named(name) => match &service.named_type(name)?.body {
            TypeBody::Enum { values, .. } if values.iter().all(|known| known.value != value) => Some(values),
            TypeBody::Enum { .. } | TypeBody::Record(_) => None,
        },
        _ => None,
    }
}

fn record<'s>(service: &'s Service, name: &str) -> Option<&'s [Field]> {
    match &service.named_type(name)?.body {
        TypeBody::Record(fields) => Some(fields),
        TypeBody::Enum { .. } => None,
    }
}

fn value_fits(service: &Service, shape: &Shape, value: &str) -> bool {
    match (&shape.kind, shape.style) {
        (_, _) if value.is_empty() => true,
        (Kind::Any | Kind::Array(_) | Kind::Map(_) | Kind::Named(_), Some(Style::Json)) => {
            is_json(value)
                && opening(service, &shape.kind).is_none_or(|bracket| value.trim_start().starts_with(bracket))
        }
        (Kind::Array(item), Some(Style::Simple)) => {
            value.split(',').all(|item_text| value_fits(service, item, item_text) && is_within(shape, item_text))
        }
        (kind, _) => scalar_fits(service, kind, value) && is_within(shape, value),
    }
}

/// The bracket that JSON of this type begins with.
fn opening(service: &Service, kind: &Kind) -> Option<char> {
    match kind {
        Kind::Array(_) => Some('['),
        Kind::Map(_) => Some('{'),
        Kind::Named(name) => record(service, name).map(|_| '{'),
        _ => None,
    }
}

/// Reads without building anything, so a text costs no more memory than itself, however deep it is.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

fn scalar_fits(service: &Service, kind: &Kind, value: &str) -> bool {
    match kind {
        Kind::String | Kind::Any => true,
        Kind::Int32 => value.parse::<i32>().is_ok(),
        Kind::Int64 => value.parse::<i64>().is_ok(),
        Kind::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
        // The Python client writes `True`.
        Kind::Boolean => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
        Kind::Array(_) | Kind::Map(_) => false,
        Kind::Named(name) => match service.named_type(name).map(|named| &named.body) {
            Some(TypeBody::Enum { kind, .. }) => scalar_fits(service, kind, value),
            _ => false,
        },
    }
}

/// Whether a number is inside the bounds; those of a list speak of its items.
fn is_within(shape: &Shape, value: &str) -> bool {
    let Ok(number) = value.parse::<f64>() else { return true };
    shape.minimum.is_none_or(|minimum| number >= minimum) && shape.maximum.is_none_or(|maximum| number <= maximum)
}

#[cfg(test)]
mod tests {
    use aliyun_api_spec::model::{EnumValue, NamedType, Position};

    use super::*;
    use crate::specimen;

    fn shape(kind: Kind) -> Shape {
        specimen::shape(kind)
    }

    fn styled(kind: Kind, style: Style) -> Shape {
        Shape { style: Some(style), ..shape(kind) }
    }

    fn field(name: &str, shape: Shape) -> Field {
        specimen::field(name, shape)
    }

    fn array(item: Shape) -> Kind {
        Kind::Array(Box::new(item))
    }

    /// An operation with one parameter of every kind.
    fn service() -> Service {
        let mut service = specimen::service();
        service.types = vec![
            NamedType {
                name: "Menu".into(),
                description: None,
                body: TypeBody::Record(vec![
                    field("Key", shape(Kind::String)),
                    field("Times", shape(Kind::Int32)),
                    field("Below", styled(array(shape(Kind::Named("Menu".into()))), Style::Flat)),
                ]),
            },
            NamedType {
                name: "Level".into(),
                description: None,
                body: TypeBody::Enum {
                    kind: Kind::Int32,
                    values: vec![EnumValue { value: "1".into(), name: "One".into(), description: None }],
                },
            },
        ];
        let bounded = Shape { minimum: Some(1.0), maximum: Some(10.0), ..shape(Kind::Int32) };
        let menu = || shape(Kind::Named("Menu".into()));
        service.common_parameters = vec![field("OwnerId", shape(Kind::Int64))];
        let mut operation = specimen::operation("Do");
        operation.parameters = vec![
            field("Text", shape(Kind::String)),
            field("Small", bounded),
            field("Big", shape(Kind::Int64)),
            field("Rate", shape(Kind::Number)),
            field("Flag", shape(Kind::Boolean)),
            field("Level", shape(Kind::Named("Level".into()))),
            field("Menus", styled(array(menu()), Style::Flat)),
            field("Numbers", Shape { maximum: Some(5.0), ..styled(array(shape(Kind::Int32)), Style::Flat) }),
            field("Labels", styled(Kind::Map(Box::new(shape(Kind::Boolean))), Style::Flat)),
            field("MenuJson", styled(Kind::Named("Menu".into()), Style::Json)),
            field("ListJson", styled(array(shape(Kind::Any)), Style::Json)),
            field("AnyJson", styled(Kind::Any, Style::Json)),
            field("Simple", Shape { maximum: Some(5.0), ..styled(array(shape(Kind::Int32)), Style::Simple) }),
        ];
        service.operations = vec![operation];
        service
    }

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The code of the refusal of one parameter.
    fn code(name: &str, value: &str) -> Option<String> {
        let service = service();
        check(&service, &service.operations[0], &parameters(&[(name, value)])).err().map(|refusal| refusal.code.into())
    }

    #[test]
    fn accepts_values_of_their_type() {
        for (name, value) in [
            ("Text", "anything"),
            ("Small", "1"),
            ("Small", "10"),
            ("Small", ""),
            ("Big", "-9223372036854775808"),
            ("Rate", "1e+21"),
            ("Flag", "True"),
            ("Flag", "false"),
            ("Level", "99"),
            ("Menus.1.Times", "3"),
            ("Menus.2.Unknown", "x"),
            ("Menus.1.Below.1.Below.2.Times", "3"),
            ("Numbers.1", "5"),
            ("Labels.Any", "true"),
            ("MenuJson", " {\"Key\":1}"),
            ("ListJson", "[1,null,{}]"),
            ("AnyJson", "null"),
            ("Simple", "1,2,5"),
            ("Unknown", "x"),
            ("Text.1", "x"),
            ("OwnerId", "1234567890123"),
        ] {
            assert_eq!(code(name, value), None, "{name}={value}");
        }
    }

    #[test]
    fn warns_of_unknown_values_and_unknown_names_and_shows_no_value() {
        let service = service();
        let warnings = |pairs: &[(&str, &str)]| check(&service, &service.operations[0], &parameters(pairs)).unwrap();
        assert_eq!(warnings(&[("Level", "99")]), ["Level: its value is none of the known 1"]);
        assert_eq!(
            warnings(&[("Smal", "hidden"), ("Xyz\n", "hidden")]),
            ["Smal: Do has no such parameter; did you mean Small?", "Xyz\\n: Do has no such parameter"]
        );
        let known =
            [("Level", "1"), ("Level.1", "x"), ("RegionId", "cn-hangzhou"), ("Signature", "x"), ("OwnerId", "1")];
        assert_eq!(warnings(&known), [""; 0]);
        let many: Vec<String> = (0..100).map(|index| format!("X{index}")).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "")).collect();
        assert_eq!(warnings(&many).len(), MAX_WARNINGS);
    }

    #[test]
    fn refuses_values_of_another_type() {
        for (name, value) in [
            ("Small", "0"),
            ("Small", "11"),
            ("Small", "2147483648"),
            ("Small", "1.0"),
            ("Small", "one"),
            ("Big", "9223372036854775808"),
            ("Rate", "inf"),
            ("Rate", "NaN"),
            ("Flag", "yes"),
            ("Level", "high"),
            ("Menus", "x"),
            ("Menus.0.Times", "1"),
            ("Menus.x.Times", "1"),
            ("Menus.1.Times", "x"),
            ("Menus.1.Below.1.Below.2.Times", "x"),
            ("Numbers.1", "6"),
            ("Numbers.1", "x"),
            ("Labels.Any", "1"),
            ("MenuJson", "[]"),
            ("MenuJson", "{"),
            ("ListJson", "{}"),
            ("AnyJson", "nil"),
            ("Simple", "1,x"),
            ("Simple", "1,6"),
            ("OwnerId", "x"),
        ] {
            let base = name.split('.').next().unwrap();
            assert_eq!(code(name, value), Some(format!("Invalid{base}")), "{name}={value}");
        }
    }

    #[test]
    fn a_name_of_any_depth_and_a_json_text_of_any_depth_end() {
        assert_eq!(code(&format!("Menus{}", ".1.Below".repeat(100_000)), "x"), Some("InvalidMenus".into()));
        let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(code("ListJson", &deep), None);
    }

    #[test]
    fn asks_for_required_parameters_and_groups() {
        let mut service = service();
        let operation = &mut service.operations[0];
        operation.at_least_one = vec![vec!["Big".into(), "Rate".into()]];
        operation.at_most_one = vec![vec!["Flag".into(), "Level".into()]];
        for field in &mut operation.parameters {
            field.required = ["Text", "Menus"].contains(&field.wire_name.as_str());
            assert_eq!(field.position, Position::Query);
        }
        let code = |pairs: &[(&str, &str)]| {
            check(&service, &service.operations[0], &parameters(pairs)).err().map(|refusal| refusal.code.into_owned())
        };
        assert_eq!(code(&[]).as_deref(), Some("MissingText"));
        assert_eq!(code(&[("Text", ""), ("Menus.1.Key", "k")]).as_deref(), Some("MissingText"));
        assert_eq!(code(&[("Text", "t"), ("Menus2", "k")]).as_deref(), Some("MissingMenus"));
        let given = [("Text", "t"), ("Menus.1.Key", "k")];
        assert_eq!(code(&given).as_deref(), Some("MissingBig"));
        assert_eq!(code(&[given.as_slice(), &[("Rate", "1")]].concat()), None);
        let both = [given.as_slice(), &[("Rate", "1"), ("Flag", "true"), ("Level", "1")]].concat();
        assert_eq!(code(&both).as_deref(), Some("InvalidLevel"));
    }
}
