//! XML bodies, as JSON.
//!
//! The client asks for JSON, but gateways send some errors in XML all the same, and a caller may ask for XML. XML is
//! rare, so it is converted to JSON text and then read like every response.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use crate::error::redaction;

/// Deepest nesting, as in JSON.
const DEPTH: usize = 128;

/// An XML document as JSON: the name of its root, and its content. An element with children is an object, an element
/// without children a text, and repeated elements are a list.
///
/// `memory` limits what the elements may take, in bytes.
pub(crate) fn to_json(text: &str, memory: usize) -> Result<(String, Value), String> {
    // An element of a tree with its own map of children, and its share of the parent's map.
    const ELEMENT: usize = 1024;
    let mut reader = Reader::from_str(text);
    let mut left = memory;
    // The open elements, from the outside in.
    let mut open: Vec<Element> = Vec::new();
    loop {
        let event = reader.read_event().map_err(|error| said(&error))?;
        if matches!(event, Event::Start(_) | Event::Empty(_)) {
            left = left
                .checked_sub(ELEMENT)
                .ok_or_else(|| format!("its elements would need more than {memory} bytes of memory"))?;
        }
        match event {
            Event::Start(start) => {
                if open.len() == DEPTH {
                    return Err(format!("elements are nested more than {DEPTH} deep"));
                }
                open.push(Element::new(name(start.name().as_ref())));
            }
            Event::Empty(start) => {
                let element = Element::new(name(start.name().as_ref()));
                match open.last_mut() {
                    Some(parent) => parent.add(element),
                    None => return Ok(element.finish()),
                }
            }
            Event::End(_) => {
                let Some(element) = open.pop() else { return Err("an element ends that did not begin".to_owned()) };
                match open.last_mut() {
                    Some(parent) => parent.add(element),
                    None => return Ok(element.finish()),
                }
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.xml10_content());
                }
            }
            Event::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text.xml10_content());
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(element) = open.last_mut() {
                    let character = reference.resolve_char_ref().map_err(|error| said(&error))?;
                    let entity = reference.xml10_content();
                    match (character, resolve_predefined_entity(&entity)) {
                        (Some(character), _) => element.text.push(character),
                        (None, Some(resolved)) => element.text.push_str(resolved),
                        (None, None) => return Err("an entity is not one of XML's own".to_owned()),
                    }
                }
            }
            Event::Eof => return Err("it ends before its root element does".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
        }
    }
}

/// The parser quotes names, which may be anything.
fn said(error: &quick_xml::Error) -> String {
    redaction::line(&redaction::digits(&error.to_string()))
}

fn name(bytes: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(bytes.as_ref()).into_owned()
}

struct Element {
    name: String,
    text: String,
    children: Map<String, Value>,
}

impl Element {
    fn new(name: String) -> Self {
        Self { name, text: String::new(), children: Map::new() }
    }

    fn add(&mut self, child: Self) {
        let (name, value) = child.finish();
        match self.children.get_mut(&name) {
            None => _ = self.children.insert(name, value),
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }

    fn finish(self) -> (String, Value) {
        let value = if self.children.is_empty() { Value::String(self.text) } else { Value::Object(self.children) };
        (self.name, value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_become_members_and_repeated_ones_a_list() {
        let (root, value) = to_json(
            "<?xml version='1.0'?><R><Code>OK</Code><D><I>1</I><I>a &amp; &#x5360;</I></D><E/><J><![CDATA[[{}]]]></J></R>",
            1 << 20,
        )
        .unwrap();
        assert_eq!(root, "R");
        assert_eq!(value, json!({"Code": "OK", "D": {"I": ["1", "a & 占"]}, "E": "", "J": "[{}]"}));
    }

    #[test]
    fn a_text_that_is_not_a_document_is_refused() {
        assert_eq!(to_json("<R><A>", 1 << 20).unwrap_err(), "it ends before its root element does");
        assert!(to_json("<R></A>", 1 << 20).is_err());
        assert_eq!(to_json("<R>&x;</R>", 1 << 20).unwrap_err(), "an entity is not one of XML's own");
        assert_eq!(to_json(&"<a>".repeat(1000), 1 << 20).unwrap_err(), "elements are nested more than 128 deep");
        let many = format!("<R>{}</R>", "<a/>".repeat(2000));
        assert_eq!(to_json(&many, 1 << 20).unwrap_err(), "its elements would need more than 1048576 bytes of memory");
    }
}
