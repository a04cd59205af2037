//! Examples of responses in XML.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// The name of the root element of an XML text. The error says why the text is not well-formed.
pub fn root(text: &str) -> Result<String, String> {
    if let Some(illegal) =
        text.chars().find(|&c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{7f}'..='\u{9f}'))
    {
        return Err(format!("the character U+{:04X} is not allowed", u32::from(illegal)));
    }
    let mut reader = Reader::from_str(text);
    let mut depth = 0_usize;
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let outside = depth == 0;
        match event {
            Event::Start(start) => {
                begin(&start, outside, &mut root)?;
                depth += 1;
            }
            Event::Empty(start) => begin(&start, outside, &mut root)?,
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(text) if outside && !text.xml10_content().trim().is_empty() => {
                return Err("there is text outside of the root element".to_owned());
            }
            Event::CData(_) if outside => return Err("there is text outside of the root element".to_owned()),
            Event::GeneralRef(reference) => check_entity(&reference)?,
            Event::Eof if outside => return root.ok_or_else(|| "there is no root element".to_owned()),
            Event::Eof => return Err("the root element is not closed".to_owned()),
            _ => {}
        }
    }
}

fn begin(start: &BytesStart<'_>, outside: bool, root: &mut Option<String>) -> Result<(), String> {
    let name = start.name().as_ref().to_owned();
    if !name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | ':')) {
        return Err(format!("an element cannot have the name \"{name}\""));
    }
    for attribute in start.attributes() {
        attribute.map_err(|error| error.to_string())?;
    }
    if outside && root.replace(name).is_some() {
        return Err("there are two root elements".to_owned());
    }
    Ok(())
}

fn check_entity(reference: &BytesRef<'_>) -> Result<(), String> {
    let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
    let name = reference.xml10_content();
    if character.is_none() && resolve_predefined_entity(&name).is_none() {
        return Err(format!("the entity &{name}; is not defined"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_root() {
        let texts = [
            "<R/>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<R a=\"1\"><A>1 &amp; &#x4E2D;</A><A/></R>\n<!-- end -->",
            "<R><![CDATA[<a>]]></R>",
        ];
        for text in texts {
            assert_eq!(root(text).as_deref(), Ok("R"), "{text}");
        }
    }

    #[test]
    fn says_why_a_text_is_not_well_formed() {
        let texts = [
            "{}",
            "<R>",
            "<R><A></R>",
            "<R></A></R>",
            "</R>",
            "<R/><R/>",
            "<R/>text",
            "<![CDATA[a]]><R/>",
            "<R>a & b</R>",
            "<R>&nbsp;</R>",
            "<R>&#0;</R>",
            "<R a=1/>",
            "<R a=\"1\" a=\"2\"/>",
            "<1/>",
            "<R>\u{1}</R>",
            "<R",
            "<!-- -->",
            "&lt;R/>",
        ];
        for text in texts {
            assert!(root(text).is_err(), "{text}");
        }
    }
}
