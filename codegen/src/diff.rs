//! `aliyun-codegen diff`: what changed between two specifications of a service.

use std::path::Path;

use aliyun_api_formats::{Change, File, diff};
use aliyun_api_spec::model::Service;
use aliyun_api_spec::{Loaded, SourceFile};

/// Compares two folders. It fails if a change is breaking.
pub(crate) fn run(old: &Path, new: &Path) -> Result<(), String> {
    let changes = diff(&service(&aliyun_api_spec::load(old))?, &service(&aliyun_api_spec::load(new))?);
    let breaking = print(&changes);
    match breaking {
        0 => Ok(()),
        1 => Err("1 change is breaking".to_owned()),
        count => Err(format!("{count} changes are breaking")),
    }
}

/// Prints what an import would change.
pub(crate) fn preview(folder: &Path, old: &[File], new: &[File]) -> Result<(), String> {
    let parsed = |files: &[File]| {
        let sources: Vec<SourceFile<'_>> =
            files.iter().map(|file| SourceFile { path: &file.path, text: &file.text }).collect();
        aliyun_api_spec::parse(&sources)
    };
    let after = parsed(new);
    let before = parsed(old);
    let before = if old.is_empty() { None } else { Some(service(&before)?) };
    let Some(before) = before else {
        let count = after.service.map_or(0, |service| service.operations.len());
        let operations = if count == 1 { "1 operation".to_owned() } else { format!("{count} operations") };
        println!("{}: a new folder with {operations}; nothing was written", folder.display());
        return Ok(());
    };
    print(&diff(&before, &service(&after)?));
    println!("{}: nothing was written", folder.display());
    Ok(())
}

/// Prints the changes, and returns how many are breaking.
fn print(changes: &[Change]) -> usize {
    for change in changes {
        println!("{change}");
    }
    let breaking = changes.iter().filter(|change| change.breaking).count();
    println!("{} changes, {breaking} of them breaking", changes.len());
    breaking
}

fn service(loaded: &Loaded) -> Result<Service, String> {
    crate::without_faults(loaded)?;
    loaded.service.clone().ok_or_else(|| "there is no service.json to compare".to_owned())
}
