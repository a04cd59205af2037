//! The parameters of a page: rows such as `Tag.N.Key` become lists and objects.

use aliyun_protocol::parameter;

use super::row::{Line, Written};
use crate::draft::{At, Field, Kind, Object, Shape};
use crate::note::Notes;
use crate::prose;

/// The most parts of a name. Pages have up to five.
const DEEPEST: usize = 32;

/// The parameters, in the order of the page.
pub(crate) fn fields(lines: &[Line], has_required: bool, notes: &mut Notes<'_>) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    let mut seen: Vec<&Line> = Vec::new();
    // The names of containers around a row with depth marks.
    let mut around: Vec<String> = Vec::new();
    for line in lines {
        if parameter::ALL.contains(&line.name.as_str()) {
            continue;
        }
        around.truncate(line.marks);
        let path = around.iter().map(String::as_str).chain([line.name.as_str()]).collect::<Vec<_>>().join(".");
        if line.kind == Written::Container || matches!(line.kind, Written::List(None)) {
            around.truncate(line.marks);
            around.push(line.name.clone());
        }
        match seen.iter().find(|known| known.name == line.name && known.marks == line.marks && line.marks == 0) {
            Some(known)
                if (&known.kind, &known.required, &known.description)
                    == (&line.kind, &line.required, &line.description) =>
            {
                notes.loss(line.at, format!("the parameter {} is listed twice; both are the same", line.name));
                continue;
            }
            Some(_) => {
                notes.contradiction(
                    line.at,
                    format!("the parameter {} is listed twice, and differently; the first one is taken", line.name),
                );
                continue;
            }
            None => seen.push(line),
        }
        let segments: Vec<&str> = path.split('.').collect();
        if segments.len() > DEEPEST || segments.iter().any(|segment| segment.is_empty()) {
            notes.loss(line.at, format!("{} is not the name of a parameter", line.name));
            continue;
        }
        insert(&mut fields, &segments, line, notes);
    }
    if !has_required && !fields.is_empty() {
        let at = lines.first().map_or(0, |line| line.at);
        notes.guess(at, "the table does not say which parameters are required; all are taken for optional");
    }
    for field in &mut fields {
        finish(field);
    }
    fields
}

/// Whether a part of a name stands for a number.
fn is_number(segment: &str) -> bool {
    matches!(segment, "N" | "n" | "M" | "m" | "X" | "x" | "Y" | "#")
        || segment.bytes().all(|byte| byte.is_ascii_digit())
}

fn insert(fields: &mut Vec<Field>, segments: &[&str], line: &Line, notes: &mut Notes<'_>) {
    let Some((name, rest)) = segments.split_first() else { return };
    let index = fields.iter().position(|field| field.name == *name).unwrap_or_else(|| {
        fields.push(Field {
            at: At(line.at),
            name: (*name).to_owned(),
            // Replaced by what the row says, or by what is below.
            shape: Shape::of(Kind::Object(Object::default())),
            required: false,
            form: false,
            deprecated: false,
            description: None,
        });
        fields.len() - 1
    });
    let Some(field) = fields.get_mut(index) else { return };
    if rest.is_empty() {
        field.required |= line.required;
        field.description = Some(line.description.clone());
        let is_open = matches!(&field.shape.kind, Kind::Object(object) if object.fields.is_empty());
        if is_open {
            field.shape = shape(line, notes);
        }
        return;
    }
    // A required part makes the whole required only if it is not one of many.
    field.required |= line.required && !is_number(rest[0]) && rest.len() == 1;
    let is_item = is_number(rest[0]) && rest.len() == 1;
    if is_item && field.description.is_none() {
        field.description = Some(line.description.clone());
        field.required |= line.required;
    }
    insert_below(&mut field.shape, rest, line, notes);
}

fn insert_below(shape: &mut Shape, segments: &[&str], line: &Line, notes: &mut Notes<'_>) {
    let Some((first, rest)) = segments.split_first() else { return };
    if is_number(first) {
        if !matches!(shape.kind, Kind::Array(_)) {
            shape.kind = Kind::Array(Box::new(Shape::of(Kind::Object(Object::default()))));
        }
        let Kind::Array(items) = &mut shape.kind else { return };
        if rest.is_empty() {
            **items = item(line, notes);
        } else {
            if !matches!(items.kind, Kind::Object(_) | Kind::Array(_)) {
                **items = Shape::of(Kind::Object(Object::default()));
            }
            insert_below(items, rest, line, notes);
        }
        return;
    }
    if let Kind::Array(items) = &mut shape.kind {
        // A list whose number is left out, or a container with depth marks.
        if !matches!(items.kind, Kind::Object(_)) {
            **items = Shape::of(Kind::Object(Object::default()));
        }
        return insert_below(items, segments, line, notes);
    }
    if !matches!(shape.kind, Kind::Object(_)) {
        *shape = Shape::of(Kind::Object(Object::default()));
    }
    if let Kind::Object(object) = &mut shape.kind {
        insert(&mut object.fields, segments, line, notes);
    }
}

/// The type of an item of a list, whose row may call it a list itself: `TagKey.N`, `RepeatList`.
fn item(line: &Line, notes: &mut Notes<'_>) -> Shape {
    match &line.kind {
        Written::List(kind) => {
            let kind = kind.clone().unwrap_or(Kind::String);
            scalar(line, kind, notes)
        }
        _ => shape(line, notes),
    }
}

/// The type that a row states.
fn shape(line: &Line, notes: &mut Notes<'_>) -> Shape {
    match &line.kind {
        Written::Scalar(kind) => scalar(line, kind.clone(), notes),
        Written::Map => Shape::of(Kind::Map(Box::new(Shape::of(Kind::String)))),
        Written::List(items) => {
            let items = items.clone().unwrap_or(Kind::String);
            let example = items.value_of(&line.example).filter(|_| !line.example.is_empty());
            Shape::of(Kind::Array(Box::new(Shape { example, ..Shape::of(items) })))
        }
        // Rows below may follow.
        Written::Container => Shape::of(Kind::Object(Object::default())),
        Written::Any => {
            let example = Some(line.example.as_str()).filter(|text| !text.is_empty());
            let example = example.map(|text| serde_json::from_str(text).unwrap_or_else(|_| text.into()));
            Shape { example, ..Shape::of(Kind::Any) }
        }
    }
}

/// A scalar, with its example and what its description says about its values.
pub(crate) fn scalar(line: &Line, kind: Kind, notes: &mut Notes<'_>) -> Shape {
    let mut shape = Shape::of(kind);
    if !line.example.is_empty() {
        shape.example = shape.kind.value_of(&line.example);
        if shape.example.is_none() {
            let example: String = line.example.chars().take(40).collect();
            notes.loss(
                line.at,
                format!("{}: the example {example:?} is not of the type {}", line.name, shape.kind.word()),
            );
        }
    }
    let hints = prose::hints(&line.description);
    let is_number = matches!(shape.kind, Kind::Int32 | Kind::Int64 | Kind::Number);
    if let Some((least, most)) = hints.range.filter(|_| is_number) {
        (shape.minimum, shape.maximum) = (Some(least), Some(most));
        shape.guessed.extend(["minimum", "maximum"]);
        notes.guess(line.at, format!("{}: the range {least} to {most} was read from prose", line.name));
    }
    if let Some(default) = hints.default.as_deref().and_then(|text| shape.kind.value_of(text)) {
        notes.guess(line.at, format!("{}: the default {default} was read from prose", line.name));
        shape.default = Some(default);
        shape.guessed.push("default");
    }
    let canonical = |value: &str| match &shape.kind {
        Kind::String => true,
        kind => kind.value_of(value).is_some_and(|read| read == value),
    };
    if !hints.values.is_empty() && hints.values.iter().all(|(value, _)| canonical(value)) {
        let values: Vec<&str> = hints.values.iter().map(|(value, _)| value.as_str()).collect();
        notes.guess(line.at, format!("{}: the values {} were read from prose", line.name, values.join(", ")));
        shape.values = hints.values;
        shape.guessed.push("enum");
    }
    shape
}

/// Gives a parameter its style. A container without anything below it is any value.
fn finish(field: &mut Field) {
    fn empty(shape: &mut Shape) {
        match &mut shape.kind {
            Kind::Object(object) if object.fields.is_empty() => *shape = Shape::of(Kind::Any),
            Kind::Object(object) => object.fields.iter_mut().for_each(|field| empty(&mut field.shape)),
            Kind::Array(items) | Kind::Map(items) => empty(items),
            _ => {}
        }
    }
    empty(&mut field.shape);
    field.shape.style = match &field.shape.kind {
        kind if kind.is_scalar() => None,
        // A map is one parameter with JSON unless its keys are parameters.
        Kind::Map(_) | Kind::Any => Some("json"),
        _ => Some("flat"),
    };
}
