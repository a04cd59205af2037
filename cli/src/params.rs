//! `--params FILE`: parameters from a JSON object.

use aliyun_api_spec::model::{Field, Operation};
use aliyun_api_spec::suggest;
use aliyun_api_spec::types::Types;

use crate::failure::Failure;
use crate::json::{self, Json};
use crate::{file_argument, parameter, spec};

/// Id of the argument with the file.
pub(crate) const ID: &str = "params";

/// The parameters of a file, by their wire names. Texts are taken as they are; other values as the JSON that the file has.
pub(crate) fn typed(path: &str, operation: &'static Operation) -> Result<Vec<(String, String)>, Failure> {
    let types = Types::of(operation, spec::service());
    let mut taken: Vec<(String, String)> = Vec::new();
    for (name, text) in untyped(path)? {
        let field = spec::parameters(operation).find(|field| is_named(field, &name));
        let Some(field) = field else {
            let known = spec::parameters(operation).map(|field| field.wire_name.as_str());
            let hint = suggest::nearest(&name, known).map_or_else(
                || format!("`dyvms call {} --help` lists them", operation.action),
                |nearest| format!("did you mean {nearest}?"),
            );
            return Err(refused(path, &format!("{} has no parameter {name:?}; {hint}", operation.action)));
        };
        if taken.iter().any(|(known, _)| *known == field.wire_name) {
            return Err(refused(path, &format!("the parameter {} is given twice, in both spellings", field.wire_name)));
        }
        let text = parameter::checked(field, &text, types)
            .map_err(|why| refused(path, &format!("{}: {why}", field.wire_name)))?;
        taken.push((field.wire_name.clone(), text));
    }
    Ok(taken)
}

/// The members of a file, for an operation that is not known. `null` is not sent.
pub(crate) fn untyped(path: &str) -> Result<Vec<(String, String)>, Failure> {
    let text = file_argument::file(path).map_err(|why| Failure::Usage(format!("--params: {why}")))?;
    let text = text.trim_start_matches('\u{feff}');
    match Json::parse(text) {
        Ok(Json::Object(_)) => {}
        Ok(_) => return Err(refused(path, "expected an object of parameters, such as {\"TaskId\": \"1045001\"}")),
        Err(fault) => return Err(refused(path, &format!("expected an object of parameters: {fault}"))),
    }
    let value = |(name, raw): (String, &str)| match Json::read(raw) {
        Json::Null => None,
        Json::Text(text) => Some((name, text)),
        _ => Some((name, raw.to_owned())),
    };
    Ok(json::members(text).into_iter().filter_map(value).collect())
}

/// Whether a name is that of a parameter, on the wire or on the command line.
fn is_named(field: &Field, name: &str) -> bool {
    field.wire_name == name || field.rust_name.replace('_', "-") == name
}

fn refused(path: &str, why: &str) -> Failure {
    Failure::Usage(format!("--params {path}: {why}"))
}
