//! Changes of the file's text that leave everything else as it is: members, their order, digits and white space.

use std::fs;
use std::io;
use std::path::Path;

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstObject, CstRootNode};

use super::setting::Value;

/// The object of the file.
pub(super) type Root = CstObject;

/// What a new file begins with. Alibaba's command indents with tabs.
const NEW: &str = "{\n\t\"current\": \"\",\n\t\"profiles\": []\n}\n";

/// The text after a change. It was accepted as a configuration before.
pub(super) fn changed(text: Option<&str>, change: impl FnOnce(&Root)) -> Result<String, String> {
    let root = CstRootNode::parse(text.unwrap_or(NEW), &ParseOptions::default()).map_err(|error| error.to_string())?;
    let object = root.object_value().ok_or("it is not a JSON object")?;
    change(&object);
    Ok(root.to_string())
}

/// Selects a profile.
pub(super) fn select(root: &Root, name: &str) {
    put(root, "current", CstInputValue::from(name));
}

/// Adds a profile after the others.
pub(super) fn add(root: &Root, members: Vec<(&str, Value)>) {
    let members = members.into_iter().map(|(name, value)| (name.to_owned(), input(&value))).collect();
    // It replaces `null`, which Go writes for an empty list.
    root.array_value_or_set("profiles").append(CstInputValue::Object(members));
}

/// Changes members of a profile, and adds those that it does not have.
pub(super) fn set(root: &Root, name: &str, members: Vec<(&str, Value)>) {
    let profiles = root.array_value("profiles").map(|profiles| profiles.elements()).unwrap_or_default();
    let named = |profile: &CstObject| {
        let found = last(profile, "name").and_then(|name| name.value()?.as_string_lit()?.decoded_value().ok());
        found.as_deref() == Some(name)
    };
    // The first of several, as for those who read the file.
    if let Some(profile) = profiles.iter().filter_map(jsonc_parser::cst::CstNode::as_object).find(named) {
        for (name, value) in members {
            put(&profile, name, input(&value));
        }
    }
}

fn put(object: &CstObject, name: &str, value: CstInputValue) {
    match last(object, name) {
        Some(member) => member.set_value(value),
        None => drop(object.append(name, value)),
    }
}

/// A member of an object. If it occurs twice, the last one counts, as for those who read the file.
fn last(object: &CstObject, name: &str) -> Option<jsonc_parser::cst::CstObjectProp> {
    object.properties().into_iter().rev().find(|member| member.decoded_name().as_deref() == Some(name))
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Text(text) => CstInputValue::from(text.as_str()),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::Switch(on) => CstInputValue::Bool(*on),
    }
}

/// Writes to a path. A link to a file elsewhere stays one, and a missing folder is created for its owner only.
pub(super) fn write(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    match fs::canonicalize(path) {
        Ok(path) => write(&path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                let mut builder = fs::DirBuilder::new();
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
                builder.recursive(true).create(folder)?;
            }
            write(path)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{
	"current": "a",
	"profiles": [
		{ "name": "x", "mode": "OAuth", "oauth_access_token": "testtoken", "later": [1.00, 1e400, "中"] },
		{
			"mode": "AK",
			"access_key_id": "testid",
			"name": "\u0061",
			"retry_timeout": 10
		}
	],
	"meta_path": "", "big": 123456789012345678901234567890
}
"#;

    #[test]
    fn everything_else_stays_as_it_is() {
        let text = |value: &str| Value::text(value);
        let set = |members: Vec<(&str, Value)>| changed(Some(FILE), |root| set(root, "a", members)).unwrap();
        let expected = FILE.replace("\"testid\"", r#""new \"\\ 中""#);
        assert_eq!(set(vec![("access_key_id", text("new \"\\ 中"))]), expected);
        let expected = FILE.replace("timeout\": 10", "timeout\": 20,\n\t\t\t\"sts_region\": \"cn-hangzhou\"");
        assert_eq!(set(vec![("retry_timeout", Value::Number(20)), ("sts_region", text("cn-hangzhou"))]), expected);
        assert_eq!(changed(Some(FILE), |root| select(root, "x")).unwrap(), FILE.replace("\"a\",", "\"x\","));
        let added =
            changed(Some(FILE), |root| add(root, vec![("name", text("n")), ("enable_vpc", Value::Switch(true))]));
        let profile = "10\n\t\t},\n\t\t{\n\t\t\t\"name\": \"n\",\n\t\t\t\"enable_vpc\": true\n\t\t}\n";
        assert_eq!(added.unwrap(), FILE.replace("10\n\t\t}\n", profile));
    }

    #[test]
    fn a_new_file_is_written_as_the_tool_writes_it() {
        let new = |text| {
            let change = |root: &Root| {
                add(root, vec![("name", Value::text("n"))]);
                select(root, "n");
            };
            changed(text, change).unwrap()
        };
        let expected = "{\n\t\"current\": \"n\",\n\t\"profiles\": [\n\t\t{\n\t\t\t\"name\": \"n\"\n\t\t}\n\t]\n}\n";
        assert_eq!(new(None), expected);
        assert_eq!(new(Some("{\n\t\"current\": \"\",\n\t\"profiles\": null\n}\n")), expected);
        let parsed: serde_json::Value = serde_json::from_str(&new(Some("{}"))).unwrap();
        assert_eq!(parsed, serde_json::json!({ "current": "n", "profiles": [{ "name": "n" }] }));
    }

    #[test]
    fn the_last_of_two_members_counts_as_for_readers() {
        let twice = r#"{"current":"a","current":"b","profiles":[]}"#;
        let expected = r#"{"current":"a","current":"c","profiles":[]}"#;
        assert_eq!(changed(Some(twice), |root| select(root, "c")).unwrap(), expected);
    }
}
