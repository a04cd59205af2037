//! `dyvms openapi`: the service as an OpenAPI document, for other tools.

use std::io::{self, Write as _};
use std::path::PathBuf;

use aliyun_api_formats::{OpenApiOptions, OpenApiVersion, openapi};

use crate::failure::Failure;
use crate::spec;
use crate::whole_file::{self, Readers};

/// Options of `dyvms openapi`.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Version of OpenAPI
    #[arg(long, value_name = "VERSION", value_enum, default_value_t)]
    openapi: Version,
    /// File to write; standard output by default
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Address of a gateway that signs; may be given several times
    #[arg(long = "server", value_name = "URL", default_value = "http://127.0.0.1:8080/emulator")]
    servers: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Version {
    /// For current tools
    #[default]
    #[value(name = "3.1")]
    New,
    /// For tools that read nothing newer
    #[value(name = "3.0")]
    Old,
}

/// Writes the document.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let version = match options.openapi {
        Version::New => OpenApiVersion::V3_1,
        Version::Old => OpenApiVersion::V3_0,
    };
    let servers = options.servers.iter().map(|url| (url.clone(), "A gateway that signs.".to_owned())).collect();
    let document = openapi(spec::service(), &OpenApiOptions { version, servers });
    let text = format!("{document:#}\n");
    match &options.out {
        None => Ok(io::stdout().lock().write_all(text.as_bytes())?),
        Some(path) => whole_file::write(path, &text, Readers::AsUsual)
            .map_err(|error| Failure::system(format!("cannot write {}", path.display()), error)),
    }
}
