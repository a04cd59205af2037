//! Sections of a credentials file: what they may say, and where the credentials of one come from.

use std::sync::Arc;

use super::Source;
use super::entry::{Entry, Known, RoleNames, Shape, Value};
use super::ini::Section;
use super::process_environment::{ProcessEnvironment, variable};

const fn text(name: &'static str, variable: Option<&'static str>) -> Known {
    Known { name, shape: Shape::Text, variable }
}

/// All that the official readers of credentials files know.
const MEMBERS: [Known; 16] = [
    text("type", None),
    text("enable", None),
    text("access_key_id", None),
    text("access_key_secret", None),
    text("security_token", None),
    text("role_arn", Some(variable::ROLE_ARN)),
    text("role_session_name", Some(variable::ROLE_SESSION_NAME)),
    text("external_id", Some(variable::EXTERNAL_ID)),
    text("policy", None),
    text("region_id", Some(variable::STS_REGION)),
    text("oidc_provider_arn", Some(variable::OIDC_PROVIDER_ARN)),
    text("oidc_token_file_path", Some(variable::OIDC_TOKEN_FILE)),
    text("role_name", Some(variable::ECS_METADATA)),
    text("public_key_id", None),
    text("private_key_file", None),
    text("bearer_token", None),
];

const ROLE: RoleNames = RoleNames {
    arn: "role_arn",
    session_name: &["role_session_name"],
    external_id: "external_id",
    duration: &[],
    oidc_provider_arn: "oidc_provider_arn",
    oidc_token_file: "oidc_token_file_path",
    endpoint: None,
    // As the official readers that know it: the region whose host is asked.
    region: "region_id",
    vpc: None,
};

/// Where the credentials of a section come from; `None` if it is switched off.
pub(super) fn source(section: &Section, environment: &ProcessEnvironment) -> Result<Option<Source>, String> {
    let mut entry = Entry::new(&MEMBERS, environment);
    for value in &section.values {
        if let Some(known) = MEMBERS.iter().find(|known| known.name == value.key) {
            entry.set(known, Value::Text(value.text.clone()), value.line);
        }
    }
    entry.fill()?;
    match entry.text("enable") {
        None => {}
        Some(enable) if enable.eq_ignore_ascii_case("true") => {}
        Some(enable) if enable.eq_ignore_ascii_case("false") => return Ok(None),
        Some(_) => return Err(format!("{}: expected true or false", entry.at("enable"))),
    }
    let kind = entry.required("type")?;
    let unsupported = |why: &str| Err(format!("{}: {kind} is not supported by this client: {why}", entry.at("type")));
    Ok(Some(match kind {
        "access_key" => Arc::new(entry.key(None)?),
        "sts" => Arc::new(entry.key(Some("security_token"))?),
        "ram_role_arn" => Arc::new(entry.assume(&ROLE, entry.key(None)?)?),
        "oidc_role_arn" => Arc::new(entry.oidc(&ROLE)?),
        "ecs_ram_role" => Arc::new(entry.ecs("role_name")?),
        "rsa_key_pair" => return unsupported("use an access key or a role"),
        "bearer" => return unsupported("its calls are signed; use an access key or a role"),
        _ => {
            let known = "access_key, sts, ram_role_arn, oidc_role_arn, ecs_ram_role";
            return Err(format!("{}: it is not known to this client; expected one of {known}", entry.at("type")));
        }
    }))
}

#[cfg(test)]
mod tests;
