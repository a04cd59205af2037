//! Parameters from a JSON object: the file of `--params`, or the body of a request.

use aliyun_api_spec::model::{Field, Operation};
use aliyun_api_spec::suggest;
use aliyun_api_spec::types::Types;

use crate::failure::Failure;
use crate::json::{self, Json};
use crate::{file_argument, parameter, spec};

/// Id of the argument with the file.
pub(crate) const ID: &str = "params";

/// The parameters of a file, by their wire names.
pub(crate) fn typed(path: &str, operation: &'static Operation) -> Result<Vec<(String, String)>, Failure> {
    of_object(&content(path)?, operation).map_err(|why| refused(path, &why))
}

/// The parameters in a JSON object, by their wire names, or what is wrong with them. Texts are taken as they are; other values
/// as the JSON that the object has.
pub(crate) fn of_object(text: &str, operation: &'static Operation) -> Result<Vec<(String, String)>, String> {
    let types = Types::of(operation, spec::service());
    let mut taken: Vec<(String, String)> = Vec::new();
    for (name, text) in members(text)? {
        let field = spec::parameters(operation).find(|field| is_named(field, &name));
        let Some(field) = field else {
            let known = spec::parameters(operation).map(|field| field.wire_name.as_str());
            let hint = suggest::nearest(&name, known).map_or_else(
                || format!("`dyvms call {} --help` lists them", operation.action),
                |nearest| format!("did you mean {nearest}?"),
            );
            let name = json::shown(&name);
            return Err(format!("{} has no parameter {name}; {hint}", operation.action));
        };
        if taken.iter().any(|(known, _)| *known == field.wire_name) {
            return Err(format!("the parameter {} is given twice, in both spellings", field.wire_name));
        }
        let text = parameter::checked(field, &text, types).map_err(|why| format!("{}: {why}", field.wire_name))?;
        taken.push((field.wire_name.clone(), text));
    }
    Ok(taken)
}

/// The parameters of a file, for an operation that is not known.
pub(crate) fn untyped(path: &str) -> Result<Vec<(String, String)>, Failure> {
    members(&content(path)?).map_err(|why| refused(path, &why))
}

fn content(path: &str) -> Result<String, Failure> {
    file_argument::file(path).map_err(|why| Failure::Usage(format!("--params: {why}")))
}

/// The members of an object. `null` is not sent.
fn members(text: &str) -> Result<Vec<(String, String)>, String> {
    let text = text.trim_start_matches('\u{feff}');
    match Json::parse(text) {
        Ok(Json::Object(_)) => {}
        Ok(_) => return Err("expected an object of parameters, such as {\"TaskId\": \"1045001\"}".to_owned()),
        Err(fault) => return Err(format!("expected an object of parameters: {fault}")),
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
