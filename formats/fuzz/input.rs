//! What every target does: it imports its input, and what was imported passes the check.

use aliyun_api_formats::{Imported, Options, import_metadata, import_pages};
use aliyun_api_spec::SourceFile;

/// A reference page.
pub(crate) fn page(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let options = Options {
        product: Some("Mailroom".to_owned()),
        version: Some("2020-02-02".to_owned()),
        keep_descriptions: data.len().is_multiple_of(2),
        ..Options::default()
    };
    check(&import_pages(&[SourceFile { path: "page.md", text: &text }], &options));
}

/// Metadata of a product.
pub(crate) fn metadata(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let options = Options { keep_descriptions: data.len().is_multiple_of(2), ..Options::default() };
    check(&import_metadata(&SourceFile { path: "docs.json", text: &text }, &options));
}

fn check(imported: &Imported) {
    if imported.files.is_empty() {
        assert!(imported.operations.is_empty() && !imported.refused.is_empty(), "{imported:?}");
        return;
    }
    let files: Vec<SourceFile<'_>> =
        imported.files.iter().map(|file| SourceFile { path: &file.path, text: &file.text }).collect();
    let loaded = aliyun_api_spec::parse(&files);
    assert_eq!(loaded.faults, []);
    for file in &imported.files {
        assert_eq!(aliyun_api_spec::format(&file.path, &file.text).as_deref(), Ok(file.text.as_str()));
    }
}
