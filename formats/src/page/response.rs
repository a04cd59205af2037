//! The response of a page. A table has lost the depth of its rows, and the JSON example shows it: each row belongs to the
//! innermost open level whose example has its name.

use serde_json::{Map, Value};

use super::examples::json;
use super::request::scalar;
use super::row::{Line, Written};
use crate::draft::{At, Field, Kind, Object, Shape};
use crate::note::Notes;
use crate::widen::{field_of, shape_of};

/// The deepest nesting of rows. Pages have up to seven levels.
const DEEPEST: usize = 32;

/// The members, in the order of the page.
pub(crate) fn fields(lines: &[Line], example: Option<&Value>, notes: &mut Notes<'_>) -> Vec<Field> {
    let uses_marks = lines.iter().any(|line| line.marks > 0);
    let mut levels = vec![Level::root(example)];
    for (index, line) in lines.iter().enumerate() {
        let target = place(&levels, line, uses_marks, notes);
        while levels.len() > target + 1 {
            close(&mut levels);
        }
        let Some(level) = levels.last() else { break };
        if let Some(known) = level.fields.iter().find(|field| field.name == line.name) {
            let is_same = known.description.as_deref() == Some(line.description.as_str());
            let how = if is_same { "; both are the same" } else { ", and differently; the first one is taken" };
            let what = format!("the member {} is listed twice{how}", line.name);
            if is_same {
                notes.loss(line.at, what);
            } else {
                notes.contradiction(line.at, what);
            }
            continue;
        }
        let value = level.members.as_ref().and_then(|members| members.get(&line.name)).cloned();
        let below = lines.get(index + 1..).unwrap_or_default();
        let opened = open(&levels, line, value.as_ref(), below, uses_marks);
        if opened.is_some() && levels.len() > DEEPEST {
            notes.loss(line.at, format!("{} is nested too deeply; it is taken for any value", line.name));
            add(&mut levels, member(line, Shape::of(Kind::Any)));
        } else if let Some(opened) = opened {
            add(&mut levels, member(line, Shape::of(Kind::Any)));
            levels.push(opened);
        } else {
            let shape = leaf(line, value.as_ref(), notes);
            add(&mut levels, member(line, shape));
        }
    }
    while levels.len() > 1 {
        close(&mut levels);
    }
    levels.pop().map(|level| level.fields).unwrap_or_default()
}

fn add(levels: &mut [Level], field: Field) {
    if let Some(level) = levels.last_mut() {
        level.fields.push(field);
    }
}

fn member(line: &Line, shape: Shape) -> Field {
    Field {
        at: At(line.at),
        name: line.name.clone(),
        shape,
        required: false,
        form: false,
        deprecated: false,
        description: Some(line.description.clone()).filter(|text| !text.trim().is_empty()),
    }
}

/// An object whose members are being read.
struct Level {
    /// The members of its example; of all items, if it is an item of a list. `None` if there is no example.
    members: Option<Map<String, Value>>,
    fields: Vec<Field>,
    /// What its object becomes part of, from the inside out.
    wraps: Wrap,
    /// Number of depth marks of the row that opened it.
    marks: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Wrap {
    /// The object itself.
    Object,
    /// A list of it.
    List,
    /// An object whose only member, with this name, is a list of it.
    Wrapped(String),
}

impl Level {
    fn root(example: Option<&Value>) -> Self {
        let members = example.and_then(Value::as_object).cloned();
        Self { members, fields: Vec::new(), wraps: Wrap::Object, marks: 0 }
    }

    fn has(&self, name: &str) -> bool {
        self.members.as_ref().is_some_and(|members| members.contains_key(name))
    }

    /// Whether its example has one member, which was read.
    fn is_full_wrapper(&self) -> bool {
        let names = self.members.as_ref().map(|members| members.keys());
        names.is_some_and(|mut names| names.next().is_some_and(|name| self.is_taken(name)) && names.next().is_none())
    }

    fn is_taken(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }
}

/// The level that a row belongs to.
fn place(levels: &[Level], line: &Line, uses_marks: bool, notes: &mut Notes<'_>) -> usize {
    let innermost = levels.len() - 1;
    // Where marks are used, a row without one is at the top.
    if uses_marks && line.marks == 0 {
        return 0;
    }
    let lowest = usize::from(uses_marks).min(innermost);
    // More than one mark tells the depth itself.
    if let Some(level) = (lowest..=innermost)
        .rev()
        .find(|index| line.marks > 1 && levels.get(*index).is_some_and(|level| level.marks + 1 == line.marks))
    {
        return level;
    }
    let fits =
        |index: &usize| levels.get(*index).is_some_and(|level| level.has(&line.name) && !level.is_taken(&line.name));
    let mut fitting = (lowest..=innermost).rev().filter(fits);
    if let Some(inner) = fitting.next() {
        // Siblings are sorted: a name that goes back belongs further out, if it can.
        let before = levels.get(inner).and_then(|level| level.fields.last());
        let goes_back = before.is_some_and(|before| before.name.to_lowercase() > line.name.to_lowercase());
        if goes_back && let Some(outer) = fitting.find(|index| follows(levels, *index, &line.name)) {
            return outer;
        }
        return inner;
    }
    // No example has it. The wrapper of a list has no other member, and siblings are sorted.
    let is_open = |index: &usize| levels.get(*index).is_some_and(|level| !level.is_full_wrapper());
    let is_sorted = |index: &usize| is_open(index) && follows(levels, *index, &line.name);
    let inward = || (lowest..=innermost).rev();
    let chosen = inward().find(is_sorted).or_else(|| inward().find(is_open)).unwrap_or(innermost);
    if levels.get(chosen).is_some_and(|level| level.members.is_none()) {
        return chosen;
    }
    if innermost > 0 {
        notes.guess(
            line.at,
            format!("{}: no example shows where it belongs; its place is taken from the order of the rows", line.name),
        );
    }
    chosen
}

/// Whether a name follows the last one of a level in alphabetical order.
fn follows(levels: &[Level], index: usize, name: &str) -> bool {
    // Any name can be the first one.
    let last = levels.get(index).and_then(|level| level.fields.last());
    last.is_none_or(|last| last.name.to_lowercase() < name.to_lowercase())
}

/// The level that a row opens, if it is a structure with rows below.
fn open(levels: &[Level], line: &Line, value: Option<&Value>, below: &[Line], uses_marks: bool) -> Option<Level> {
    if !matches!(line.kind, Written::Container | Written::List(None)) {
        return None;
    }
    let is_below = |next: &Line| !uses_marks || next.marks > 0;
    let next = below.first().filter(|next| is_below(next))?;
    let level = |members: Option<Map<String, Value>>, wraps: Wrap| Level {
        members,
        fields: Vec::new(),
        wraps,
        marks: line.marks,
    };
    // The first row whose place is known: a row that no example has may come before it.
    let leads_into = |members: &Map<String, Value>| {
        let is_outer =
            |name: &str| levels.iter().any(|level| level.has(name) && !level.is_taken(name) && name != line.name);
        let known = below
            .iter()
            .take_while(|next| is_below(next))
            .find(|next| members.contains_key(&next.name) || is_outer(&next.name));
        known.is_some_and(|next| members.contains_key(&next.name))
    };
    match value {
        // A row that another level shows is not below this one.
        None if levels.iter().any(|level| level.has(&next.name) && !level.is_taken(&next.name)) && !uses_marks => None,
        None if line.kind == Written::List(None) => Some(level(None, Wrap::List)),
        None => Some(level(None, Wrap::Object)),
        // An example without items shows nothing.
        Some(Value::Array(items)) if items.is_empty() && line.kind == Written::Container => {
            Some(level(None, Wrap::List))
        }
        Some(Value::Array(items)) => {
            let members = merged(items);
            leads_into(&members).then(|| level(Some(members), Wrap::List))
        }
        Some(Value::Object(members)) => {
            // The wrapper of a list, which the table does not show.
            let mut only = members.iter();
            if let (Some((name, Value::Array(items))), None) = (only.next(), only.next())
                && *name != next.name
            {
                let of_items = merged(items);
                return leads_into(&of_items).then(|| level(Some(of_items), Wrap::Wrapped(name.clone())));
            }
            leads_into(members).then(|| level(Some(members.clone()), Wrap::Object))
        }
        Some(_) => None,
    }
}

/// The members of all objects of a list. Lists and objects in them are merged too, so that no member is missing.
fn merged(items: &[Value]) -> Map<String, Value> {
    let mut all = Map::new();
    for members in items.iter().filter_map(Value::as_object) {
        for (name, value) in members {
            match (all.get_mut(name), value) {
                (Some(Value::Array(known)), Value::Array(more)) => known.extend(more.iter().cloned()),
                (Some(Value::Object(known)), Value::Object(more)) => {
                    for (name, value) in more {
                        known.entry(name.clone()).or_insert_with(|| value.clone());
                    }
                }
                (Some(_), _) => {}
                (None, value) => {
                    all.insert(name.clone(), value.clone());
                }
            }
        }
    }
    all
}

/// Ends the innermost level: its object becomes the type of the row that opened it.
fn close(levels: &mut Vec<Level>) {
    let Some(level) = levels.pop() else { return };
    let Some(field) = levels.last_mut().and_then(|outer| outer.fields.last_mut()) else { return };
    if level.fields.is_empty() {
        // Nothing is known of it but its example.
        return;
    }
    let object = Shape::of(Kind::Object(Object { fields: level.fields, ..Object::default() }));
    field.shape = match level.wraps {
        Wrap::Object => object,
        Wrap::List => Shape::of(Kind::Array(Box::new(object))),
        Wrap::Wrapped(name) => {
            let list = Shape::of(Kind::Array(Box::new(object)));
            let inner = Field { shape: list, ..field_of(&name, &Value::Null) };
            Shape::of(Kind::Object(Object { fields: vec![inner], ..Object::default() }))
        }
    };
}

/// The type of a row without rows below.
fn leaf(line: &Line, value: Option<&Value>, notes: &mut Notes<'_>) -> Shape {
    match &line.kind {
        Written::Scalar(Kind::String) => {
            json_text(line, value, notes).unwrap_or_else(|| scalar_of(line, Kind::String, notes))
        }
        Written::Scalar(kind) => scalar_of(line, kind.clone(), notes),
        Written::Map => Shape::of(Kind::Map(Box::new(Shape::of(Kind::String)))),
        Written::List(Some(items)) => Shape::of(Kind::Array(Box::new(Shape::of(items.clone())))),
        Written::List(None) | Written::Container | Written::Any => match value {
            Some(value) if !value.is_null() => {
                let shape = shape_of(value);
                if !shape.kind.is_scalar() {
                    notes.guess(line.at, format!("{}: its structure is taken from the example", line.name));
                    return shape;
                }
                // An empty type of a scalar, or a structure that the example does not show.
                if line.kind == Written::Container { shape } else { Shape::of(Kind::Any) }
            }
            _ => Shape::of(Kind::Any),
        },
    }
}

/// A scalar of a response: bounds of its values are not documented there.
fn scalar_of(line: &Line, kind: Kind, notes: &mut Notes<'_>) -> Shape {
    let mut shape = scalar(line, kind, notes);
    (shape.minimum, shape.maximum, shape.default) = (None, None, None);
    shape.guessed.retain(|key| *key == "enum");
    shape
}

/// A text that contains JSON: the example shows its structure, and the bullets of its description list members.
fn json_text(line: &Line, value: Option<&Value>, notes: &mut Notes<'_>) -> Option<Shape> {
    let parsed = match value {
        Some(value @ (Value::Array(_) | Value::Object(_))) => Some(value.clone()),
        Some(Value::String(text)) => json(text),
        _ => None,
    };
    let parsed = parsed.or_else(|| json(&line.example)).filter(|value| value.is_array() || value.is_object());
    let plain = line.plain();
    let bullets = bullets(&line.description);
    let says_json = plain.to_lowercase().contains("json");
    let parsed = match parsed {
        Some(parsed) => parsed,
        // Bullets alone are the members of an object only if the text says that it is JSON.
        None if says_json && bullets.len() >= 2 => Value::Object(Map::new()),
        None => return None,
    };
    let is_structure = value.is_some_and(|value| value.is_array() || value.is_object());
    if !is_structure && !says_json && bullets.len() < 2 {
        return None;
    }
    let mut shape = match shape_of(&parsed) {
        shape if matches!(shape.kind, Kind::Any) => Shape::of(Kind::Object(Object::default())),
        shape => shape,
    };
    shape.style = Some("json");
    let added = add_bullets(&mut shape, &bullets);
    if matches!(&shape.kind, Kind::Object(object) if object.fields.is_empty()) {
        return None;
    }
    let what = format!(
        "{}: it is documented as a string, and contains JSON; its members are taken from the example",
        line.name
    );
    if is_structure {
        notes.contradiction(line.at, what);
    } else {
        notes.guess(line.at, what);
    }
    if added > 0 {
        notes.guess(
            line.at,
            format!(
                "{}: {added} of its members are only in the list of its description; they are taken for strings",
                line.name
            ),
        );
    }
    Some(shape)
}

/// A member that a description lists, and those that are listed below it.
struct Bullet {
    name: String,
    text: String,
    below: Vec<Bullet>,
}

/// Lines such as `-   **startDate**：when it began`, `• taskId ：the task` and `called ：the number`.
fn bullets(description: &str) -> Vec<Bullet> {
    let mut bullets: Vec<Bullet> = Vec::new();
    for line in description.lines() {
        let indent = line.len() - line.trim_start().len();
        let text = line.trim().trim_start_matches(['•', '·', '-', '*', ' ', '\u{a0}']);
        let text = text.replace("**", "").replace('`', "");
        let Some(at) = text.find(['：', ':']) else { continue };
        let (name, rest) = text.split_at(at);
        let name = crate::prose::unescaped(name.trim());
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && name.len() <= 60;
        if !is_name || name == "http" || name == "https" {
            continue;
        }
        let rest = rest.trim_start_matches(['：', ':']).trim();
        let bullet = Bullet { name, text: rest.to_owned(), below: Vec::new() };
        match bullets.last_mut() {
            Some(last) if indent >= 4 => last.below.push(bullet),
            _ => bullets.push(bullet),
        }
    }
    bullets
}

/// Describes members, and adds those that the example does not have. Returns how many were added.
fn add_bullets(shape: &mut Shape, bullets: &[Bullet]) -> usize {
    let mut added = 0;
    match &mut shape.kind {
        Kind::Array(items) => added += add_bullets(items, bullets),
        Kind::Object(object) => {
            for bullet in bullets {
                let index = object.fields.iter().position(|field| field.name == bullet.name).unwrap_or_else(|| {
                    added += 1;
                    let kind = if bullet.below.is_empty() { Kind::String } else { Kind::Object(Object::default()) };
                    object.fields.push(Field { shape: Shape::of(kind), ..field_of(&bullet.name, &Value::Null) });
                    object.fields.len() - 1
                });
                let Some(field) = object.fields.get_mut(index) else { continue };
                field.description.get_or_insert_with(|| bullet.text.clone());
                // Bullets below a scalar are its values.
                if !field.shape.kind.is_scalar() && !bullet.below.is_empty() {
                    added += add_bullets(&mut field.shape, &bullet.below);
                }
            }
        }
        _ => {}
    }
    added
}
