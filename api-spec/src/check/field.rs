//! Fields, and the rules for their values.

use std::borrow::Cow;

use super::Scope;
use crate::fault::Report;
use crate::fit::{self, Reading};
use crate::json::{Member, Node};
use crate::keys::{BUILT_IN, GUESSES};
use crate::model::{Field, Kind, Shape, Style, Time};
use crate::suggest::did_you_mean;
use crate::text::is_shortest;
use crate::types::{Type, Types};

/// Where a field is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A parameter of a request.
    Parameter,
    /// A member of a response.
    Response,
    /// A field of a named type.
    Member {
        /// Whether requests use the type.
        sent: bool,
    },
    /// An item of a list or a value of a map.
    Item,
}

/// Classes of types, for the rules of `style`.
enum Class {
    Scalar,
    Any,
    ScalarList,
    OtherStructure,
    /// A type that does not exist. It is reported where it is named.
    Unknown,
}

fn class(kind: &Kind, types: Types<'_>) -> Class {
    match types.resolve(kind) {
        Type::Scalar(_) | Type::Enum { .. } => Class::Scalar,
        Type::Any => Class::Any,
        Type::Map(_) | Type::Record(_) => Class::OtherStructure,
        Type::Array(items) => match class(&items.kind, types) {
            Class::Scalar => Class::ScalarList,
            Class::Unknown => Class::Unknown,
            _ => Class::OtherStructure,
        },
        Type::Unknown => Class::Unknown,
    }
}

/// Checks a table of fields, except for their names.
pub(super) fn check_table(
    fields: &[Field],
    members: &[Member<'_>],
    role: Role,
    scope: Scope<'_>,
    report: &mut Report<'_>,
) {
    for (field, member) in fields.iter().zip(members) {
        let node = &member.value;
        if role != Role::Parameter && node.get("in").is_some() {
            report.add(node.at_key("in"), "`in` is only for parameters");
        }
        let sent = matches!(role, Role::Parameter | Role::Member { sent: true });
        if field.required && !sent {
            report.add(node.at_key("required"), "`required` is only for parameters and for types in requests");
        }
        if field.filled_by_region && (role != Role::Parameter || field.required || field.shape.kind != Kind::String) {
            report.add(node.at_key("fill"), "`fill` is for parameters that are optional strings");
        }
        check_shape(&field.shape, node, member.at, role, scope, report);
    }
}

/// Checks a shape. A fault of the whole field is reported at `at`.
fn check_shape(shape: &Shape, node: &Node<'_>, at: usize, role: Role, scope: Scope<'_>, report: &mut Report<'_>) {
    check_reference(&shape.kind, node.get("type"), scope, report);
    check_items(shape, node, scope, report);
    check_style(shape, node, at, role, scope, report);
    check_values(shape, node, scope, report);
    check_time(shape, node, report);
    check_order(shape, node, report);
    for guessed in node.get("guessed").map_or(&[][..], Node::elements) {
        if let Some(key) = guessed.text().filter(|key| GUESSES.contains(key) && node.get(key).is_none()) {
            report.add(guessed.at, format!("the field has no `{key}`"));
        }
    }
    let items = match &shape.kind {
        Kind::Array(items) => items,
        _ => shape,
    };
    // The default of an array is that of its items; the example is a whole array.
    for (key, value, of) in [("default", &shape.default, items), ("example", &shape.example, shape)] {
        let (Some(value), Some(node)) = (value, node.get(key)) else {
            continue;
        };
        for misfit in fit::value(value, of, scope.types, Reading::Strict) {
            let message = format!("the {key} does not fit the type: {}", misfit.describe());
            report.add_with(misfit.locate(node), message, misfit.hint);
        }
    }
}

/// A named type must exist.
fn check_reference(kind: &Kind, node: Option<&Node<'_>>, scope: Scope<'_>, report: &mut Report<'_>) {
    let (Kind::Named(name), Some(node)) = (kind, node) else {
        return;
    };
    let Some(space) = scope.space.filter(|_| !name.is_empty()) else {
        return;
    };
    if scope.types.named(name).is_some() {
        return;
    }
    let hint = if let Some(place) = space.place_of_type(name) {
        Some(format!("to share the type at {place}, move it to service.json").into())
    } else {
        let known = scope.types.all().map(|named| named.name.as_str());
        did_you_mean(name, BUILT_IN.iter().copied().chain(known))
    };
    report.add_with(node.at, format!("unknown type \"{name}\""), hint);
}

fn check_items(shape: &Shape, node: &Node<'_>, scope: Scope<'_>, report: &mut Report<'_>) {
    let (Kind::Array(items) | Kind::Map(items)) = &shape.kind else {
        if node.get("items").is_some() && node.get("type").is_some() {
            report.add(node.at_key("items"), "`items` is for arrays and maps");
        }
        return;
    };
    let Some(of_items) = node.get("items") else {
        report.add_with(node.at, "an array or a map needs `items`", Cow::Borrowed("name the type of its items"));
        return;
    };
    match of_items.text() {
        Some("array" | "map") => {
            let hint = "write \"items\": { \"type\": \"array\", \"items\": ... }";
            report.add_with(of_items.at, "an array or a map needs `items`", Cow::Borrowed(hint));
        }
        Some(_) => check_reference(&items.kind, Some(of_items), scope, report),
        None => check_shape(items, of_items, of_items.at, Role::Item, scope, report),
    }
}

fn check_style(shape: &Shape, node: &Node<'_>, at: usize, role: Role, scope: Scope<'_>, report: &mut Report<'_>) {
    if role == Role::Item {
        if node.get("style").is_some() {
            report.add(node.at_key("style"), "`style` is for fields, not for items");
        }
        return;
    }
    let class = class(&shape.kind, scope.types);
    let at_style = node.at_value("style");
    match (shape.style, class) {
        (_, Class::Unknown)
        | (None, Class::Scalar)
        | (Some(Style::Json), _)
        | (Some(Style::Simple), Class::ScalarList) => {}
        (None, _) => {
            if role == Role::Parameter && node.get("style").is_none() {
                report.add_with(at, "a structured parameter needs a `style`", Cow::Borrowed("flat, json or simple"));
            }
        }
        (Some(Style::Flat | Style::Simple), Class::Scalar) => {
            report.add(at_style, "the only style of a scalar is json");
        }
        (Some(Style::Simple), _) => report.add(at_style, "the style simple is for arrays of scalars"),
        (Some(Style::Flat), _) => {
            if role != Role::Parameter {
                let hint = "everything in a flat parameter is flat, without a `style` of its own";
                report.add_with(at_style, "the style flat is for parameters of an operation", Cow::Borrowed(hint));
            }
        }
    }
}

/// Known values must fit the type.
fn check_values(shape: &Shape, node: &Node<'_>, scope: Scope<'_>, report: &mut Report<'_>) {
    let (fits, wanted): (fn(&str) -> bool, _) = match shape.kind.innermost() {
        Kind::Int32 => (is_shortest::<i32>, "a 32-bit integer without leading zeros or `+`"),
        Kind::Int64 => (is_shortest::<i64>, "an integer without leading zeros or `+`"),
        Kind::Number => (|text| text.parse::<f64>().is_ok(), "a number"),
        Kind::Boolean => (|text| matches!(text, "true" | "false"), "true or false"),
        Kind::Named(name) if scope.types.named(name).is_some() && node.get("enum").is_some() => {
            let message = format!("the values of \"{name}\" belong into that type");
            report.add(node.at_key("enum"), message);
            return;
        }
        _ => return,
    };
    for member in node.table("enum").iter().filter(|member| !fits(&member.name)) {
        report.add(member.at, format!("expected {wanted} as a value, found \"{}\"", member.name));
    }
}

fn check_time(shape: &Shape, node: &Node<'_>, report: &mut Report<'_>) {
    let Some(time) = &shape.time else { return };
    if !matches!(shape.kind.innermost(), Kind::String | Kind::Int32 | Kind::Int64 | Kind::Named(_)) {
        report.add(node.at_key("time"), "`time` is for strings and integers");
    }
    let legal = |c: char| !c.is_ascii_alphabetic() || "yMdHhmsSaTZXx".contains(c);
    if let Time::Pattern(pattern) = time
        && !pattern.chars().all(legal)
    {
        let rule = "expected unix-s, unix-ms or a pattern such as yyyy-MM-dd HH:mm:ss";
        report.add(node.at_value("time"), format!("{rule}, found \"{pattern}\""));
    }
}

fn check_order(shape: &Shape, node: &Node<'_>, report: &mut Report<'_>) {
    if shape.minimum.zip(shape.maximum).is_some_and(|(least, most)| least > most) {
        report.add(node.at_value("maximum"), "`maximum` is less than `minimum`");
    }
    if shape.min_length.zip(shape.max_length).is_some_and(|(least, most)| least > most) {
        report.add(node.at_value("maxLength"), "`maxLength` is less than `minLength`");
    }
}
