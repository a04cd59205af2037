//! The command `aliyun-codegen`: checks specifications, formats them, and prints the generated code.

mod diff;
mod import;
mod report;
mod skeleton;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aliyun_api_spec::Loaded;
use aliyun_codegen::{Options, generate_source};
use clap::{Parser, Subcommand};

/// Check and format specifications of Alibaba Cloud operations, and print the generated code
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Report every fault of a service folder, and count the descriptions that nobody has written yet
    Check {
        /// Folder with service.json, operations/ and receipts/
        folder: PathBuf,
    },
    /// List what changed between two service folders, and fail if a change is breaking
    Diff {
        /// Folder before the change
        old: PathBuf,
        /// Folder after the change
        new: PathBuf,
    },
    /// Write specifications from reference pages or from the metadata of a product
    Import(import::Arguments),
    /// Write the skeleton of an operation, to be filled in
    New(skeleton::Arguments),
    /// Print the JSON Schema of specifications, for editors
    Schema,
    /// Print the generated Rust source
    Print {
        /// Folder with service.json and operations/, or the id of an embedded service such as dyvmsapi
        service: String,
        /// Print only this operation; may be given several times
        #[arg(long = "operation", value_name = "ACTION")]
        operations: Vec<String>,
        /// Print only this kind of receipt; may be given several times
        #[arg(long = "receipt", value_name = "KIND")]
        receipts: Vec<String>,
        /// Path of the module that will contain the source, for the examples in its documentation
        #[arg(long, value_name = "PATH")]
        path: Option<String>,
    },
    /// Format the files of a service folder, one field per line
    Format {
        /// Folder with service.json, operations/ and receipts/
        folder: PathBuf,
        /// Change nothing, and fail if a file would change
        #[arg(long)]
        check: bool,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check { folder } => check(&folder),
        Command::Diff { old, new } => diff::run(&old, &new),
        Command::Import(arguments) => import::run(&arguments),
        Command::New(arguments) => skeleton::run(&arguments),
        Command::Schema => {
            println!("{}", aliyun_api_spec::schema());
            Ok(())
        }
        Command::Print { service, operations, receipts, path } => {
            print(&service, &operations, &receipts, path.as_deref())
        }
        Command::Format { folder, check } => format(&folder, check),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn check(folder: &Path) -> Result<(), String> {
    let loaded = aliyun_api_spec::load(folder);
    let (operations, receipts) =
        loaded.service.as_ref().map_or((0, 0), |service| (service.operations.len(), service.receipts.len()));
    without_faults(&loaded)?;
    let missing = loaded.service.as_ref().map_or(0, |service| service.undescribed().len());
    let missing = match missing {
        0 => String::new(),
        1 => "; 1 description is missing".to_owned(),
        count => format!("; {count} descriptions are missing"),
    };
    let operations = if operations == 1 { "1 operation".to_owned() } else { format!("{operations} operations") };
    let receipts = match receipts {
        0 => String::new(),
        1 => ", 1 kind of receipt".to_owned(),
        count => format!(", {count} kinds of receipts"),
    };
    println!("{}: {operations}{receipts}, no fault{missing}", folder.display());
    Ok(())
}

/// Shows every fault in its line. The error is their number.
fn without_faults(loaded: &Loaded) -> Result<(), String> {
    report::show(&loaded.faults);
    match loaded.faults.len() {
        0 => Ok(()),
        1 => Err("1 fault".to_owned()),
        count => Err(format!("{count} faults")),
    }
}

fn print(service: &str, operations: &[String], receipts: &[String], path: Option<&str>) -> Result<(), String> {
    let folder = Path::new(service);
    let loaded = match aliyun_api_spec::service(service) {
        Some(embedded) if !folder.join("service.json").is_file() => embedded,
        _ => aliyun_api_spec::load(folder),
    };
    without_faults(&loaded)?;
    let service = loaded.service.ok_or("there is no service.json to print")?;
    let operations: Vec<&str> = operations.iter().map(String::as_str).collect();
    if let Some(unknown) = aliyun_codegen::unknown_operations(&service, &operations).first() {
        return Err(format!("{} has no operation {unknown}", service.product));
    }
    let receipts: Vec<&str> = receipts.iter().map(String::as_str).collect();
    if let Some(unknown) = aliyun_codegen::unknown_receipts(&service, &receipts).first() {
        return Err(format!("{} has no receipt {unknown}", service.product));
    }
    let source = generate_source(&service, &Options { operations, receipts, path, link: None });
    print!("{}", source.map_err(|error| error.to_string())?);
    Ok(())
}

fn format(folder: &Path, check: bool) -> Result<(), String> {
    let loaded = aliyun_api_spec::load(folder);
    if loaded.files.is_empty() {
        return without_faults(&loaded);
    }
    let mut result = Ok(());
    for file in loaded.files {
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy();
        match aliyun_api_spec::format(&name, &text) {
            Err(faults) => {
                let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
                eprintln!("{}", lines.join("\n"));
                result = Err("files with a fault were not formatted".to_owned());
            }
            Ok(formatted) if formatted == text => {}
            Ok(_) if check => {
                println!("{name} is not formatted");
                result = Err("run `aliyun-codegen format` on the folder".to_owned());
            }
            Ok(formatted) => {
                std::fs::write(&file, formatted).map_err(|error| format!("{}: {error}", file.display()))?;
                println!("{name} formatted");
            }
        }
    }
    result
}
