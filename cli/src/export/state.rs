//! How far an export is, and of what it is one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};

use aliyun_protocol::v3::payload_hash;
use aliyun_runtime::Position;
use serde_json::{Map, Value, json};

use super::Options;
use super::part::Paths;
use crate::failure::Failure;
use crate::request::Request;
use crate::spec;

/// The layout of the file.
const VERSION: u64 = 1;

/// What an export is one of: two with the same identity go on with each other. Values are kept as hashes, so that the file does
/// not show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    operation: String,
    /// Hashes of parameters and options by their names on the command line.
    settings: BTreeMap<String, String>,
}

impl Identity {
    pub(super) fn of(request: &Request, options: &Options) -> Self {
        let service = spec::service();
        let mut settings = BTreeMap::new();
        let mut add = |name: String, value: &str| {
            settings.insert(name, payload_hash(value.as_bytes()).as_str().to_owned());
        };
        for (name, value) in request.pairs() {
            add(format!("--{name}"), &value);
        }
        for (name, value) in options.client.target() {
            add(name.to_owned(), &value);
        }
        add("--columns".to_owned(), &options.columns.join(","));
        add("the format of --out".to_owned(), &format!("{:?}", options.out.format));
        add("--bom or --plain-csv".to_owned(), &format!("{:?}", options.csv));
        Self { operation: format!("{} {} {}", service.product, service.version, request.action()), settings }
    }

    /// Why an export with another identity cannot go on with this one.
    fn difference(&self, other: &Self) -> Option<String> {
        if self.operation != other.operation {
            return Some(format!("it is an export of {}", self.operation));
        }
        let names = self.settings.keys().chain(other.settings.keys());
        let mut different: Vec<&str> =
            names.filter(|name| self.settings.get(*name) != other.settings.get(*name)).map(String::as_str).collect();
        different.sort_unstable();
        different.dedup();
        (!different.is_empty()).then(|| format!("its {} differ", different.join(", ")))
    }
}

/// How far an export is.
#[derive(Debug, Clone)]
pub(super) struct State {
    identity: Identity,
    /// Where the next page begins; `None` before the first one.
    pub(super) position: Option<Position>,
    /// Whether the last page is there.
    pub(super) is_complete: bool,
    /// Length of the data.
    pub(super) bytes: u64,
    pub(super) items: u64,
    /// The number of items in the state on the disk.
    pub(super) saved_items: u64,
    /// Columns of the CSV.
    pub(super) header: Option<Vec<String>>,
    /// Members without a column.
    pub(super) left_out: Vec<String>,
    /// Length of the converted result, which may have its final name.
    pub(super) converted: Option<u64>,
}

impl State {
    pub(super) fn new(identity: Identity) -> Self {
        Self {
            identity,
            position: None,
            is_complete: false,
            bytes: 0,
            items: 0,
            saved_items: 0,
            header: None,
            left_out: Vec::new(),
            converted: None,
        }
    }

    /// Whether the export has ended, and only its data is left.
    pub(super) fn has_ended(&self, paths: &Paths) -> bool {
        let length = || std::fs::metadata(&paths.out).map(|file| file.len()).ok();
        self.converted.is_some() && self.converted == length()
    }

    /// The state, or why the export that is asked for cannot go on from it.
    pub(super) fn check(self, identity: &Identity, paths: &Paths, length: u64) -> Result<Self, String> {
        let other = format!(
            "delete {} and {} to start again, or choose another --out",
            paths.resume.display(),
            paths.part.display()
        );
        if let Some(why) = self.identity.difference(identity) {
            return Err(format!("{} belongs to another export: {why}; {other}", paths.resume.display()));
        }
        if length < self.bytes {
            let (part, bytes) = (paths.part.display(), self.bytes);
            return Err(format!("{part} has {length} bytes, and {bytes} were written, so it was changed; {other}"));
        }
        Ok(self)
    }

    fn json(&self) -> Value {
        let position = match &self.position {
            None => Value::Null,
            Some(Position::Start) => json!({}),
            Some(Position::Number(number)) => json!({ "number": number }),
            Some(Position::Token(token)) => json!({ "token": token }),
        };
        json!({
            "version": VERSION,
            "operation": self.identity.operation,
            "settings": self.identity.settings,
            "position": position,
            "complete": self.is_complete,
            "bytes": self.bytes,
            "items": self.items,
            "header": self.header,
            "leftOut": self.left_out,
            "converted": self.converted,
        })
    }

    fn of(value: &Value) -> Option<Self> {
        let texts = |value: &Value| -> Option<Vec<String>> {
            value.as_array()?.iter().map(|text| text.as_str().map(str::to_owned)).collect()
        };
        let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        let object = |name: &str| value.get(name).and_then(Value::as_object);
        if value.get("version")?.as_u64()? != VERSION {
            return None;
        }
        let position = |position: &Map<String, Value>| match (position.get("number"), position.get("token")) {
            (Some(number), None) => number.as_i64().map(Position::Number),
            (None, Some(token)) => token.as_str().map(|token| Position::Token(token.to_owned())),
            (None, None) => Some(Position::Start),
            _ => None,
        };
        let items = value.get("items")?.as_u64()?;
        Some(Self {
            identity: Identity {
                operation: value.get("operation")?.as_str()?.to_owned(),
                settings: object("settings")?.iter().map(text).collect::<Option<_>>()?,
            },
            position: match value.get("position")? {
                Value::Null => None,
                Value::Object(members) => Some(position(members)?),
                _ => return None,
            },
            is_complete: value.get("complete")?.as_bool()?,
            bytes: value.get("bytes")?.as_u64()?,
            items,
            saved_items: items,
            header: match value.get("header")? {
                Value::Null => None,
                names => Some(texts(names)?),
            },
            left_out: texts(value.get("leftOut")?)?,
            converted: value.get("converted").and_then(Value::as_u64),
        })
    }
}

/// The state on the disk; `None` if there is none.
pub(super) fn load(paths: &Paths) -> Result<Option<State>, Failure> {
    let text = match std::fs::read_to_string(&paths.resume) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::system(format!("cannot read {}", paths.resume.display()), error)),
    };
    let state = serde_json::from_str(&text).ok().and_then(|value| State::of(&value));
    match state {
        Some(state) => Ok(Some(state)),
        None => Err(Failure::Usage(format!(
            "{} is not the state of an export of this version; delete it and {} to start again",
            paths.resume.display(),
            paths.part.display()
        ))),
    }
}

/// Replaces the state on the disk, so that there is always a whole one, even after the machine has failed.
pub(super) fn save(paths: &Paths, state: &State) -> io::Result<()> {
    let mut file = File::create(&paths.new_resume)?;
    file.write_all(state.json().to_string().as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&paths.new_resume, &paths.resume)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(settings: &[(&str, &str)]) -> Identity {
        let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Identity { operation: "P V List".to_owned(), settings }
    }

    #[test]
    fn a_state_is_read_as_it_was_written() {
        for position in
            [None, Some(Position::Start), Some(Position::Number(7)), Some(Position::Token("t=\"1\"".to_owned()))]
        {
            let mut state = State::new(identity(&[("--A", "1")]));
            state.position = position;
            (state.bytes, state.items, state.saved_items) = (12, 3, 3);
            (state.header, state.left_out) = (Some(vec!["占".to_owned()]), vec!["new".to_owned()]);
            state.converted = state.position.is_some().then_some(5);
            let read = State::of(&serde_json::from_str(&state.json().to_string()).unwrap()).unwrap();
            assert_eq!(format!("{read:?}"), format!("{state:?}"));
        }
        for broken in ["{}", "[]", r#"{"version":2}"#, r#"{"version":1,"operation":"a"}"#] {
            assert!(State::of(&serde_json::from_str(broken).unwrap()).is_none(), "{broken}");
        }
    }

    #[test]
    fn what_differs_is_named_without_its_value() {
        let one = identity(&[("--A", "1"), ("--B", "2")]);
        assert_eq!(one.difference(&one.clone()), None);
        let other = identity(&[("--A", "13000000000"), ("--C", "3")]);
        assert_eq!(one.difference(&other).unwrap(), "its --A, --B, --C differ");
        let operation = Identity { operation: "P V Other".to_owned(), ..one.clone() };
        assert_eq!(operation.difference(&one).unwrap(), "it is an export of P V Other");
    }
}
