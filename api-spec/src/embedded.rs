//! The specifications that travel inside this crate.

use std::sync::OnceLock;

use crate::load::{Loaded, SourceFile, parse};
use crate::model::Service;
use crate::suggest::nearest;

/// A service whose files are part of this crate.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedService {
    /// What it is asked for by, such as `dyvmsapi`.
    pub id: &'static str,
    /// Its folder under `services/`.
    pub folder: &'static str,
    /// Its files, `service.json` first; paths are inside the folder.
    pub files: &'static [SourceFile<'static>],
}

macro_rules! files {
    ($folder:literal: $($path:literal,)*) => {
        &[$(SourceFile { path: $path, text: include_str!(concat!("../services/", $folder, "/", $path)) },)*]
    };
}

/// A test holds this list equal to the folder.
const DYVMSAPI: &[SourceFile<'static>] = files![
    "dyvmsapi-2017-05-25":
    "service.json",
    "operations/QueryRobotTaskCallList.json",
];

/// All embedded services.
pub fn embedded() -> &'static [EmbeddedService] {
    &[EmbeddedService { id: "dyvmsapi", folder: "dyvmsapi-2017-05-25", files: DYVMSAPI }]
}

/// Reads the embedded service of that id; [`nearest_id`] helps where there is none.
pub fn service(id: &str) -> Option<Loaded> {
    let service = embedded().iter().find(|service| service.id == id)?;
    Some(parse(service.files))
}

/// The id of an embedded service that was most likely meant, if any comes close.
pub fn nearest_id(id: &str) -> Option<&'static str> {
    nearest(id, embedded().iter().map(|service| service.id))
}

/// The voice service, read once.
pub fn dyvmsapi() -> &'static Service {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    // A test proves that the files have no fault, so that the service is never the empty one.
    SERVICE.get_or_init(|| parse(DYVMSAPI).service.unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_list_of_files_equals_the_folder() {
        for service in embedded() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("services").join(service.folder);
            let operations = fs::read_dir(folder.join("operations")).expect("a folder of operations");
            let found: BTreeSet<String> = operations
                .map(|entry| format!("operations/{}", entry.unwrap().file_name().display()))
                .chain(["service.json".to_owned()])
                .collect();
            let listed: BTreeSet<String> = service.files.iter().map(|file| file.path.to_owned()).collect();
            let lines = |paths: &mut dyn Iterator<Item = &String>| {
                paths.fold(String::new(), |lines, path| lines + "    \"" + path + "\",\n")
            };
            assert!(
                found == listed,
                "src/embedded.rs, list of {}\nadd these lines:\n{}remove these lines:\n{}",
                service.id,
                lines(&mut found.difference(&listed)),
                lines(&mut listed.difference(&found)),
            );
            let sorted = service.files.iter().skip(1).is_sorted_by_key(|file| file.path);
            assert!(sorted, "src/embedded.rs: sort the operations of {}", service.id);
        }
    }

    #[test]
    fn embedded_services_have_no_fault() {
        for service in embedded() {
            let loaded = parse(service.files);
            assert_eq!(loaded.faults, [], "{}", service.id);
            let operations = loaded.service.unwrap().operations.len();
            assert_eq!(operations, service.files.len() - 1);
        }
    }

    #[test]
    fn an_embedded_service_is_found_by_its_id() {
        let loaded = service("dyvmsapi").unwrap();
        assert_eq!(loaded.service.unwrap().product, "Dyvmsapi");
        assert!(service("dyvmsapi2").is_none());
        assert_eq!(nearest_id("dyvmapi"), Some("dyvmsapi"));
    }

    #[test]
    fn the_voice_service_is_read_once() {
        assert!(std::ptr::eq(dyvmsapi(), dyvmsapi()));
        assert_eq!(dyvmsapi().version, "2017-05-25");
    }
}
