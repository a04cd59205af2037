//! From the members of a request to its parameters.

use std::fmt::Write as _;

use aliyun_protocol::Parameters;
use serde_json::Value;

use crate::generated::field::{Entry, Fields, Flags, Member, Sent, View, Viewer, joined};

/// Appends the parameters of a request, in the order of its table.
///
/// Returns that table, and the fault if a value cannot be written: it names the parameter and never its value.
pub(crate) fn encode(
    request: &dyn Fields,
    region: Option<&str>,
    into: &mut Parameters,
) -> (&'static [Entry], Option<String>) {
    let mut encoder = Encoder { into, region, table: None, name: String::new(), style: Flags::NONE, fault: None };
    request.walk(&mut encoder);
    (encoder.table.unwrap_or_default(), encoder.fault)
}

/// The parameters of a request as they are sent, decoded. A stand-in of a service compares them.
pub fn parameters_of(request: &dyn Fields) -> Result<Vec<(String, String)>, String> {
    let mut parameters = Parameters::default();
    match encode(request, None, &mut parameters) {
        (_, None) => Ok(parameters.decoded()),
        (_, Some(fault)) => Err(fault),
    }
}

struct Encoder<'a> {
    into: &'a mut Parameters,
    /// What parameters that the client fills are filled with.
    region: Option<&'a str>,
    /// The table of the request itself.
    table: Option<&'static [Entry]>,
    /// Name of the parameter, with `.1` or `.Key` for each level below it.
    name: String,
    /// The style of the level above, for structured values without a style of their own.
    style: Flags,
    fault: Option<String>,
}

impl Viewer for Encoder<'_> {
    fn members(&mut self, _: &str, table: &'static [Entry], members: &[&dyn Member]) {
        self.table.get_or_insert(table);
        let inherited = self.style;
        for ((name, flags), member) in table.iter().zip(members) {
            let style = if has_style(*flags) { *flags } else { inherited };
            let before = self.into.len();
            match member.view() {
                View::Absent => {
                    if let Some(region) = self.region.filter(|_| flags.has(Flags::REGION)) {
                        self.into.push(name, region);
                    }
                }
                // Nearly all parameters are scalars at the top: no name is built for them.
                View::Text(text) if self.name.is_empty() => self.into.push(name, text),
                View::Integer(number) if self.name.is_empty() => push_integer(self.into, name, number),
                view => self.below(name, |encoder| encoder.value(style, view)),
            }
            if flags.has(Flags::FORM) {
                self.into.mark_form(before);
            }
        }
    }
}

fn push_integer(into: &mut Parameters, name: &str, value: i64) {
    into.push(name, itoa::Buffer::new().format(value));
}

fn has_style(flags: Flags) -> bool {
    flags.has(Flags::FLAT) || flags.has(Flags::JSON) || flags.has(Flags::SIMPLE)
}

impl Encoder<'_> {
    fn below(&mut self, part: &str, encode: impl FnOnce(&mut Self)) {
        let length = self.name.len();
        if length > 0 {
            self.name.push('.');
        }
        self.name.push_str(part);
        encode(self);
        self.name.truncate(length);
    }

    fn value(&mut self, style: Flags, view: View<'_>) {
        match view {
            View::Absent | View::Value(Value::Null) => {}
            View::Bool(value) => self.into.push(&self.name, if value { "true" } else { "false" }),
            View::Integer(number) => push_integer(self.into, &self.name, number),
            View::Float(number) if number.is_finite() => self.into.push_display(&self.name, &number),
            View::Float(_) => self.refuse("has a number that is infinite or not a number"),
            View::Text(text) => self.into.push(&self.name, text),
            View::Value(Value::String(text)) => self.into.push(&self.name, text),
            View::Value(Value::Bool(value)) => self.value(style, View::Bool(*value)),
            View::Value(Value::Number(number)) => self.into.push_display(&self.name, number),
            structured if style.has(Flags::FLAT) => self.flat(style, structured),
            structured if style.has(Flags::SIMPLE) => self.joined(structured),
            structured => self.json(structured),
        }
    }

    fn refuse(&mut self, what: &str) {
        if self.fault.is_none() {
            self.fault = Some(format!("parameter {} {what}", self.name));
        }
    }

    fn json(&mut self, view: View<'_>) {
        if self.into.push_with(&self.name, |encoder| serde_json::to_writer(encoder, &Sent(view))).is_err() {
            self.refuse("cannot be written as JSON");
        }
    }

    /// `Name.1`, `Name.Key`; an absent item leaves its number unused, an empty list sends nothing.
    fn flat(&mut self, style: Flags, view: View<'_>) {
        match view {
            View::Record(record) => {
                let above = std::mem::replace(&mut self.style, style);
                record.walk(self);
                self.style = above;
            }
            View::List(list) => {
                for index in 0..list.count() {
                    self.numbered(index, style, list.item(index));
                }
            }
            View::Map(map) => map.entries(&mut |key, view| self.below(key, |encoder| encoder.value(style, view))),
            View::Value(Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    self.numbered(index, style, View::Value(item));
                }
            }
            View::Value(Value::Object(members)) => {
                for (key, value) in members {
                    self.below(key, |encoder| encoder.value(style, View::Value(value)));
                }
            }
            _ => {}
        }
    }

    fn numbered(&mut self, index: usize, style: Flags, view: View<'_>) {
        let mut number = String::new();
        let _ = write!(number, "{}", index + 1);
        self.below(&number, |encoder| encoder.value(style, view));
    }

    fn joined(&mut self, view: View<'_>) {
        match joined(view) {
            Ok(text) => self.into.push(&self.name, &text),
            Err(what) => self.refuse(what),
        }
    }
}
