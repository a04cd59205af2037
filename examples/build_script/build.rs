//! Writes the client as a file, for those who want to read or to step through what is generated.

use std::error::Error;
use std::path::Path;

use aliyun_codegen::Options;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("../other_product/spec");
    println!("cargo::rerun-if-changed={}", folder.display());
    let loaded = aliyun_api_spec::load(folder);
    for fault in &loaded.faults {
        println!("cargo::error={fault}");
    }
    let service = loaded.service.ok_or("service.json cannot be used")?;
    let options = Options { path: Some("build_script"), ..Options::default() };
    let source = aliyun_codegen::generate_source(&service, &options)?;
    std::fs::write(Path::new(&std::env::var("OUT_DIR")?).join("client.rs"), source)?;
    Ok(())
}
