//! Checks the business parameters of a request against the specification of its operation.
//!
//! Required parameters must be present and not blank, values must have their type and be inside their bounds, JSON must
//! have the shape of its type. Unknown parameters and values outside the known ones of an open set are accepted with a
//! warning, as the real gateway does. An empty value counts as absent.

use std::ops::Bound;

use aliyun_api_spec::model::{Operation, Service};
use aliyun_api_spec::suggest::nearest;
use aliyun_api_spec::wire;
use aliyun_protocol::parameter;

use crate::parameters::Parameters;
use crate::refusal::Refusal;

/// Maximum number of warnings for one request.
const MAX_WARNINGS: usize = 20;

/// Refuses values that do not fit. Adds warnings about unknown parameters and values, and the reason for a refusal,
/// which the service's own text does not contain.
pub(crate) fn check(
    service: &Service,
    operation: &Operation,
    parameters: &Parameters,
    warnings: &mut Vec<String>,
) -> Result<(), Refusal> {
    let required = operation.parameters.iter().filter(|field| field.required);
    if let Some(field) = required.into_iter().find(|field| !is_given(&field.wire_name, parameters)) {
        return Err(Refusal::missing(&field.wire_name));
    }
    for group in &operation.at_least_one {
        if let (Some(first), false) = (group.first(), group.iter().any(|name| is_given(name, parameters))) {
            return Err(Refusal::missing(first));
        }
    }
    for group in &operation.at_most_one {
        if let Some(second) = group.iter().filter(|name| is_given(name, parameters)).nth(1) {
            return Err(Refusal::invalid(second));
        }
    }
    let mut warn = |warning| {
        if warnings.len() < MAX_WARNINGS {
            warnings.push(warning);
        }
    };
    for name in parameters.keys().filter(|name| wire::parameter_of(service, operation, name).is_none()) {
        unknown(operation, name).map(&mut warn);
    }
    for field in operation.parameters.iter().chain(&service.common_parameters) {
        let name = field.wire_name.as_str();
        let found = wire::check(service, operation, field, parameters);
        let is_refused = !found.misfits.is_empty();
        for line in found.misfits.into_iter().chain(found.notes) {
            // A line begins with a path inside the parameter, or is about the whole value.
            let separator = if line.starts_with('[') { "" } else { ": " };
            warn(format!("{name}{separator}{line}"));
        }
        if is_refused {
            return Err(Refusal::invalid(name));
        }
    }
    Ok(())
}

/// The warning about a parameter that the specification does not have; the protocol's own parameters get none.
fn unknown(operation: &Operation, name: &str) -> Option<String> {
    /// The classic client always adds the region; the other name is an older spelling.
    const OF_CLIENTS: [&str; 2] = ["RegionId", "TimeStamp"];
    /// Comparing takes time by length, and a name that is much longer than every known one is close to none.
    const LONGEST: usize = 64;
    if parameter::ALL.contains(&name) || OF_CLIENTS.contains(&name) {
        return None;
    }
    let shown: String = name.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    let known = operation.parameters.iter().map(|field| field.wire_name.as_str());
    let near = if name.len() > LONGEST { None } else { nearest(name, known) };
    let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Some(format!("{shown}: {} has no such parameter{hint}", operation.action))
}

/// Whether a parameter, or any part of a flattened one, has a value that is not blank.
fn is_given(name: &str, parameters: &Parameters) -> bool {
    let has_text = |value: &String| !value.trim().is_empty();
    if parameters.get(name).is_some_and(has_text) {
        return true;
    }
    let below = format!("{name}.");
    let from_there = parameters.range::<str, _>((Bound::Included(below.as_str()), Bound::Unbounded));
    from_there.take_while(|(name, _)| name.starts_with(&below)).any(|(_, value)| has_text(value))
}

#[cfg(test)]
mod tests;
