//! Lists the files of the embedded services, so that adding an operation means adding one file.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=services");
    let services = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("services");
    let mut list = "&[\n".to_owned();
    for folder in names(&services)? {
        let mut files = vec!["service.json".to_owned()];
        for kind in ["operations", "receipts"] {
            let path = services.join(&folder).join(kind);
            let names = if path.exists() { names(&path)? } else { Vec::new() };
            let is_json = |name: &String| Path::new(name).extension().is_some_and(|extension| extension == "json");
            files.extend(names.into_iter().filter(is_json).map(|name| format!("{kind}/{name}")));
        }
        // The name of the folder is the id and the version of the API.
        let id = folder.len().checked_sub("-2017-05-25".len()).and_then(|end| folder.get(..end)).unwrap_or(&folder);
        writeln!(list, "EmbeddedService {{ id: {id:?}, folder: {folder:?}, files: &[")?;
        for file in files {
            let path = format!("/services/{folder}/{file}");
            writeln!(
                list,
                "SourceFile {{ path: {file:?}, text: include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?})) }},"
            )?;
        }
        list.push_str("] },\n");
    }
    list.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded.rs"), list)?;
    Ok(())
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let mut names: Vec<String> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}
