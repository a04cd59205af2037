//! `aliyun-codegen`: checks, prints and formats specifications.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aliyun_api_spec::Loaded;
use aliyun_codegen::{Options, generate_source};
use clap::{Parser, Subcommand};

/// Checks, prints and formats specifications of Alibaba Cloud operations.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reports every fault of a service folder, a line each.
    Check {
        /// Folder with service.json and operations/.
        folder: PathBuf,
    },
    /// Prints the generated Rust source.
    Print {
        /// Folder with service.json and operations/, or the name of an embedded service such as dyvmsapi.
        service: String,
        /// Only this operation; may be given several times.
        #[arg(long = "operation", value_name = "ACTION")]
        operations: Vec<String>,
        /// Path of the module the source will stand in, for the examples in its documentation.
        #[arg(long, value_name = "PATH")]
        path: Option<String>,
    },
    /// Writes the files of a service folder in the one-field-a-line layout.
    Format {
        /// Folder with service.json and operations/.
        folder: PathBuf,
        /// Writes nothing and fails if a file would change.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Check { folder } => check(&folder),
        Command::Print { service, operations, path } => print(&service, &operations, path.as_deref()),
        Command::Format { folder, check } => format(&folder, check),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn check(folder: &Path) -> Result<(), String> {
    let loaded = aliyun_api_spec::load(folder);
    let operations = loaded.service.as_ref().map_or(0, |service| service.operations.len());
    faultless(&loaded)?;
    println!("{}: {operations} operations, no fault", folder.display());
    Ok(())
}

/// Every fault, a line each, and how many there are.
fn faultless(loaded: &Loaded) -> Result<(), String> {
    if loaded.faults.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = loaded.faults.iter().map(ToString::to_string).collect();
    let count = lines.len();
    Err(format!("{}\n{count} {}", lines.join("\n"), if count == 1 { "fault" } else { "faults" }))
}

fn print(service: &str, operations: &[String], path: Option<&str>) -> Result<(), String> {
    let folder = Path::new(service);
    let loaded = match aliyun_api_spec::service(service) {
        Some(embedded) if !folder.join("service.json").is_file() => embedded,
        _ => aliyun_api_spec::load(folder),
    };
    faultless(&loaded)?;
    let service = loaded.service.ok_or("there is no service to print")?;
    let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
    if let Some(unknown) = aliyun_codegen::unknown_operations(&service, &operations).first() {
        return Err(format!("{} has no operation {unknown}", service.product));
    }
    let source = generate_source(&service, &Options { operations, path, link: None });
    print!("{}", source.map_err(|error| error.to_string())?);
    Ok(())
}

fn format(folder: &Path, check: bool) -> Result<(), String> {
    let loaded = aliyun_api_spec::load(folder);
    if loaded.files.is_empty() {
        return faultless(&loaded);
    }
    let mut outcome = Ok(());
    for file in loaded.files {
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy();
        match aliyun_api_spec::format(&name, &text) {
            Err(faults) => {
                let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
                eprintln!("{}", lines.join("\n"));
                outcome = Err("files with a fault were left as they are".to_owned());
            }
            Ok(formatted) if formatted == text => {}
            Ok(_) if check => {
                println!("{name} is not in the layout");
                outcome = Err("run `aliyun-codegen format` on the folder".to_owned());
            }
            Ok(formatted) => {
                std::fs::write(&file, formatted).map_err(|error| format!("{}: {error}", file.display()))?;
                println!("{name} formatted");
            }
        }
    }
    outcome
}
