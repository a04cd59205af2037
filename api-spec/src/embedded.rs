//! The specifications that are embedded in this crate.

use std::sync::OnceLock;

use crate::load::{Loaded, SourceFile, parse};
use crate::model::Service;
use crate::suggest::nearest;

/// A service whose files are embedded in this crate.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedService {
    /// Its id, such as `dyvmsapi`.
    pub id: &'static str,
    /// Its folder under `services/`.
    pub folder: &'static str,
    /// Its files, `service.json` first. Paths are relative to the folder.
    pub files: &'static [SourceFile<'static>],
}

/// Written by the build script, from the folders in `services/`.
const EMBEDDED: &[EmbeddedService] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// All embedded services.
pub fn embedded() -> &'static [EmbeddedService] {
    EMBEDDED
}

/// Reads the embedded service with this id. If there is none, [`nearest_id`] suggests one.
pub fn service(id: &str) -> Option<Loaded> {
    let service = embedded().iter().find(|service| service.id == id)?;
    Some(parse(service.files))
}

/// Returns the id of an embedded service that is most similar to this one, if one is similar enough.
pub fn nearest_id(id: &str) -> Option<&'static str> {
    nearest(id, embedded().iter().map(|service| service.id))
}

/// The voice service. It is read once.
pub fn dyvmsapi() -> &'static Service {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    // A test shows that the files have no fault, so the default is never used.
    SERVICE.get_or_init(|| service("dyvmsapi").and_then(|loaded| loaded.service).unwrap_or_default())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn each_service_has_every_file_of_its_folder() {
        for service in embedded() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("services").join(service.folder);
            let mut found: Vec<String> = Vec::new();
            for kind in ["operations", "receipts"] {
                // A service that reports nothing has no receipts.
                for entry in fs::read_dir(folder.join(kind)).into_iter().flatten() {
                    found.push(format!("{kind}/{}", entry.unwrap().file_name().display()));
                }
            }
            found.push("service.json".to_owned());
            found.sort_by_key(|path| (path != "service.json", path.clone()));
            let embedded: Vec<&str> = service.files.iter().map(|file| file.path).collect();
            assert_eq!(embedded, found, "{}", service.id);
        }
    }

    #[test]
    fn embedded_services_have_no_fault() {
        for service in embedded() {
            let loaded = parse(service.files);
            assert_eq!(loaded.faults, [], "{}", service.id);
            let read = loaded.service.unwrap();
            assert_eq!(read.operations.len() + read.receipts.len(), service.files.len() - 1);
        }
    }

    #[test]
    fn an_embedded_service_is_found_by_its_id() {
        let loaded = service("dyvmsapi").unwrap();
        assert_eq!(loaded.service.unwrap().product, "Dyvmsapi");
        assert_eq!(service("dybaseapi").unwrap().service.unwrap().product, "Dybaseapi");
        assert!(service("dyvmsapi2").is_none());
        assert_eq!(nearest_id("dyvmapi"), Some("dyvmsapi"));
    }

    #[test]
    fn the_voice_service_is_read_once() {
        assert!(std::ptr::eq(dyvmsapi(), dyvmsapi()));
        assert_eq!(dyvmsapi().version, "2017-05-25");
    }
}
