//! JSON as YAML, with all digits of its numbers.

use saphyr::{Mapping, ScalarStyle, Yaml, YamlEmitter};

use crate::json::Json;

/// A value as a YAML document.
pub(crate) fn text(value: &Json) -> Result<String, saphyr::EmitError> {
    let mut text = String::new();
    YamlEmitter::new(&mut text).dump(&node(value))?;
    text.push('\n');
    Ok(text)
}

fn node(value: &Json) -> Yaml<'_> {
    match value {
        // The emitter writes `~`, which fewer readers know.
        Json::Null => plain("null"),
        Json::Bool(true) => plain("true"),
        Json::Bool(false) => plain("false"),
        // YAML has the numbers and the texts of JSON.
        Json::Number(digits) | Json::Raw(digits) => plain(digits),
        Json::Text(text) => Yaml::Value(saphyr::Scalar::String(text.as_str().into())),
        Json::List(items) => Yaml::Sequence(items.iter().map(node).collect()),
        Json::Object(members) => {
            let text = |name| Yaml::Value(saphyr::Scalar::String(name));
            Yaml::Mapping(
                members.iter().map(|(name, value)| (text(name.as_str().into()), node(value))).collect::<Mapping<'_>>(),
            )
        }
    }
}

fn plain(text: &str) -> Yaml<'_> {
    Yaml::Representation(text.into(), ScalarStyle::Plain, None)
}

#[cfg(test)]
mod tests {
    use saphyr::LoadableYamlNode as _;

    use super::*;

    #[test]
    fn order_digits_and_texts_are_kept() {
        let json = Json::read(
            r#"{"b":100.00,"a":123456789012345678901234,"e":1e3,"t":"停机","n":null,"l":[],"o":{},"list":[{"x":true,"y":"1"},["z"]]}"#,
        );
        let expected = "\
---
b: 100.00
a: 123456789012345678901234
e: 1e3
t: 停机
n: null
l: []
o: {}
list:
  - x: true
    y: \"1\"
  - - z
";
        assert_eq!(text(&json).unwrap(), expected);
        assert_eq!(text(&Json::read("\"a\"")).unwrap(), "---\na\n");
    }

    /// Texts that YAML would read as something else, or not at all.
    #[test]
    fn every_text_is_read_as_it_was() {
        let texts = [
            "",
            " a ",
            "yes",
            "no",
            "null",
            "~",
            "true",
            "1",
            "1e3",
            "0x1f",
            "1:30",
            "2026-03-01",
            "a: b",
            "a #b",
            "# a",
            "- a",
            "-",
            "?",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "'a'",
            "\"a\"",
            "%a",
            "@a",
            "`a",
            "{a}",
            "[a]",
            "a\nb",
            "a\r\nb\n",
            "\ta",
            "---",
            "...",
            ".inf",
            "\u{85}",
            "\u{2028}",
            "占线",
            "📞",
            "=",
            "<<",
            "\\",
            "a\u{0}b",
            "\u{1b}[2J",
            "1_000",
            "0o7",
            "+1",
        ];
        for original in texts {
            let json = Json::Object(vec![
                ("k".to_owned(), Json::Text(original.to_owned())),
                (original.to_owned(), Json::Null),
            ]);
            let yaml = text(&json).unwrap();
            let read = Yaml::load_from_str(&yaml).unwrap_or_else(|error| panic!("{yaml:?}: {error}"));
            let Yaml::Mapping(members) = &read[0] else { panic!("{yaml:?}") };
            let value = members.get(&Yaml::Value(saphyr::Scalar::String("k".into())));
            assert_eq!(value.and_then(Yaml::as_str), Some(original), "{yaml:?}");
            let names: Vec<&str> = members.keys().filter_map(|name| name.as_str()).collect();
            assert_eq!(names, ["k", original], "{yaml:?}");
        }
    }
}
