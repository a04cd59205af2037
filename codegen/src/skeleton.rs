//! `aliyun-codegen new`: the skeleton of an operation. JSON has no comments, so its texts say what to write.

use std::fs;
use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Name of the operation, such as `CancelCall`
    action: String,
    /// Service folder to write it into; without it, it is printed
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let action = &arguments.action;
    if !aliyun_api_spec::name::is_camel_case(action) {
        return Err(format!("{action:?} is not the name of an operation, such as CancelCall"));
    }
    let Some(folder) = &arguments.out else {
        print!("{}", skeleton(action, "call"));
        return Ok(());
    };
    let service = folder.join("service.json");
    let text = fs::read_to_string(&service).map_err(|error| {
        format!("{}: {error}; a service folder has it, and docs/dialect.md shows how to write it", service.display())
    })?;
    let loaded = aliyun_api_spec::parse(&[aliyun_api_spec::SourceFile { path: "service.json", text: &text }]);
    let group = loaded.service.and_then(|service| service.groups.first().map(|group| group.id.clone()));
    let operations = folder.join("operations");
    let path = operations.join(format!("{action}.json"));
    fs::create_dir_all(&operations).map_err(|error| format!("{}: {error}", operations.display()))?;
    let file = fs::File::options().write(true).create_new(true).open(&path);
    let written = file.and_then(|mut file| {
        std::io::Write::write_all(&mut file, skeleton(action, group.as_deref().unwrap_or("call")).as_bytes())
    });
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => format!("{} exists already; it was not changed", path.display()),
        _ => format!("{}: {error}", path.display()),
    })?;
    println!("{} written; fill it in, and run `aliyun-codegen check {}`", path.display(), folder.display());
    Ok(())
}

/// An operation that passes the check.
fn skeleton(action: &str, group: &str) -> String {
    let text = format!(
        r#"{{
            "action": "{action}",
            "group": "{group}",
            "operationType": "write",
            "summary": "What it does, in one sentence. Write operationType `read` if it changes nothing.",
            "parameters": {{
                "Example": {{ "type": "string", "required": true, "example": "1045001",
                    "description": "Replace it by the parameters: one line for each, with the name of the request as key." }}
            }},
            "response": {{
                "Data": {{ "type": "string", "description": "Replace it by the members of the response, without those of the envelope." }}
            }},
            "examples": [
                {{ "name": "what the example shows", "request": {{ "Example": "1045001" }}, "response": {{ "Data": "x" }} }}
            ]
        }}"#
    );
    aliyun_api_spec::format("operation.json", &text).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skeleton_passes_the_check() {
        let service = r#"{ "product": "P", "version": "1", "title": "P", "endpoints": { "default": "p.example.com" },
            "envelope": { "fields": {} }, "groups": { "g": "" } }"#;
        let files = [("service.json", service.to_owned()), ("operations/DoIt.json", skeleton("DoIt", "g"))];
        let files: Vec<_> = files.iter().map(|(path, text)| aliyun_api_spec::SourceFile { path, text }).collect();
        assert_eq!(aliyun_api_spec::parse(&files).faults, []);
    }
}
