//! The file of profiles, `~/.aliyun/config.json`. What this command does not know of is kept as it is.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aliyun_api_spec::suggest;
use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::input::SECRETS;
use crate::failure::Failure;
use crate::json::Json;
use crate::whole_file;

/// What a list of profiles shows.
pub(super) const COLUMNS: [&str; 5] = ["profile", "current", "mode", "key", "region"];

/// The file, as it was read.
pub(super) struct Configuration {
    path: PathBuf,
    /// Its content; `None` if there is no file.
    text: Option<String>,
    members: Vec<(String, Json)>,
}

impl Configuration {
    /// Reads a file. One that does not exist has no profiles.
    pub(super) fn read(path: PathBuf) -> Result<Self, Failure> {
        // A link stays a link.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let text = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::system(format!("cannot read {}", path.display()), error)),
        };
        let broken = |what: String| Failure::Usage(format!("{}: {what}; nothing was changed", path.display()));
        let members = match text.as_deref().map(Json::parse) {
            None => Vec::new(),
            Some(Ok(Json::Object(members))) => members,
            Some(Ok(_)) => return Err(broken("expected an object with profiles".to_owned())),
            Some(Err(fault)) => return Err(broken(format!("the file is broken: {fault}"))),
        };
        let configuration = Self { path: path.clone(), text, members };
        for (name, value) in &configuration.members {
            let fits = match name.as_str() {
                "profiles" => matches!(value, Json::List(profiles) if profiles.iter().all(is_profile)),
                "current" => matches!(value, Json::Text(_)),
                _ => true,
            };
            if !fits {
                return Err(broken(format!("{name} has another form than Alibaba's command writes")));
            }
        }
        Ok(configuration)
    }

    /// Where it is, for people.
    pub(super) fn shown(&self) -> String {
        self.path.display().to_string()
    }

    /// Replaces the file, readable by its owner only.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let failed = |error| Failure::system(format!("cannot write {}", self.path.display()), error);
        let now = match fs::read_to_string(&self.path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        if now != self.text {
            let why = format!("{} was changed meanwhile; nothing was written, try again", self.path.display());
            return Err(Failure::Usage(why));
        }
        if let Some(folder) = self.path.parent() {
            create_folder(folder).map_err(failed)?;
        }
        let mut text = Vec::new();
        // As Alibaba's command writes it.
        let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"\t"));
        Json::Object(self.members.clone()).serialize(&mut serializer).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        whole_file::write(&self.path, &text, 0o600).map_err(failed)
    }

    fn profiles(&self) -> &[Json] {
        match member(&self.members, "profiles") {
            Some(Json::List(profiles)) => profiles,
            _ => &[],
        }
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles().iter().filter_map(|profile| text(profile, "name"))
    }

    fn current(&self) -> &str {
        match member(&self.members, "current") {
            Some(Json::Text(name)) if !name.is_empty() => name,
            _ => "default",
        }
    }

    /// The profiles, as a list shows them.
    pub(super) fn summaries(&self) -> Vec<Json> {
        let summary = |profile: &Json| {
            let name = text(profile, "name").unwrap_or_default();
            let key = text(profile, "access_key_id").filter(|key| !key.is_empty());
            let cells = [
                Some(name.to_owned()),
                (name == self.current()).then(|| "yes".to_owned()),
                text(profile, "mode").map(str::to_owned),
                key.map(|key| format!("{}***", key.chars().take(4).collect::<String>())),
                text(profile, "region_id").map(str::to_owned),
            ];
            let cells = cells.map(|cell| cell.map_or(Json::Null, Json::Text));
            Json::Object(COLUMNS.into_iter().map(str::to_owned).zip(cells).collect())
        };
        self.profiles().iter().map(summary).collect()
    }

    /// Whether there is a profile of this name.
    pub(super) fn profile(&self, name: &str) -> Result<(), Failure> {
        if self.names().any(|known| known == name) {
            return Ok(());
        }
        let known: Vec<String> = self.names().map(|name| format!("{name:?}")).collect();
        let hint = match suggest::nearest(name, self.names()) {
            Some(nearest) => format!("did you mean {nearest:?}?"),
            None if known.is_empty() => "`dyvms configure add NAME` adds one".to_owned(),
            None => format!("it has {}", known.join(", ")),
        };
        Err(Failure::Usage(format!("{} has no profile {name:?}; {hint}", self.path.display())))
    }

    /// Adds a profile. The first one becomes the current one.
    pub(super) fn add(&mut self, name: &str, mode: &str) -> Result<(), Failure> {
        if self.names().any(|known| known == name) {
            let why = format!("there is a profile {name:?} already; `dyvms configure set` changes it");
            return Err(Failure::Usage(why));
        }
        let is_first = self.profiles().is_empty();
        let texts = [("name", name), ("mode", mode)];
        let profile = texts.map(|(name, text)| (name.to_owned(), Json::Text(text.to_owned()))).into();
        match self.members.iter_mut().find(|(name, _)| name == "profiles") {
            Some((_, Json::List(profiles))) => profiles.push(Json::Object(profile)),
            _ => self.members.push(("profiles".to_owned(), Json::List(vec![Json::Object(profile)]))),
        }
        if is_first {
            self.set_current(name);
        }
        Ok(())
    }

    /// Sets a member of a profile, at its place.
    pub(super) fn set(&mut self, profile: &str, name: &str, value: Json) {
        let Some((_, Json::List(profiles))) = self.members.iter_mut().find(|(name, _)| name == "profiles") else {
            return;
        };
        let named = profiles.iter_mut().find(|known| text(known, "name") == Some(profile));
        if let Some(Json::Object(members)) = named {
            put(members, name, value);
        }
    }

    pub(super) fn set_current(&mut self, name: &str) {
        let value = Json::Text(name.to_owned());
        if member(&self.members, "current").is_some() {
            put(&mut self.members, "current", value);
        } else {
            self.members.insert(0, ("current".to_owned(), value));
        }
    }
}

/// Whether a profile has a name, and its secrets are texts.
fn is_profile(profile: &Json) -> bool {
    let Json::Object(members) = profile else { return false };
    let is_text = |name: &str| member(members, name).is_none_or(|value| matches!(value, Json::Text(_) | Json::Null));
    text(profile, "name").is_some() && SECRETS.into_iter().all(is_text)
}

fn member<'m>(members: &'m [(String, Json)], name: &str) -> Option<&'m Json> {
    members.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

fn put(members: &mut Vec<(String, Json)>, name: &str, value: Json) {
    match members.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = value,
        None => members.push((name.to_owned(), value)),
    }
}

fn text<'p>(profile: &'p Json, name: &str) -> Option<&'p str> {
    let Json::Object(members) = profile else { return None };
    match member(members, name) {
        Some(Json::Text(text)) => Some(text),
        _ => None,
    }
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
