//! Signature V1: HMAC-SHA1 over the parameters of query and form.

use aliyun_protocol::{parameter, v1};

use super::key::Secret;
use super::parameter_text;
use crate::parameters::Parameters;
use crate::refusal::Refusal;

/// The parameters of the protocol that every V1 request has, in addition to `Action` and the signature. An empty one
/// counts as absent; an empty `Signature` is an incomplete one.
const MANDATORY: [&str; 6] = [
    parameter::VERSION,
    parameter::ACCESS_KEY_ID,
    parameter::SIGNATURE_METHOD,
    parameter::SIGNATURE_VERSION,
    parameter::SIGNATURE_NONCE,
    parameter::TIMESTAMP,
];

pub(super) fn require(parameters: &Parameters) -> Result<(), Refusal> {
    let is_absent = |name: &str| match name {
        parameter::TIMESTAMP => timestamp(parameters).is_empty(),
        name => parameter_text(parameters, name).is_empty(),
    };
    if let Some(name) = MANDATORY.iter().find(|name| is_absent(name)) {
        return Err(Refusal::missing(name));
    }
    if parameters.contains_key(parameter::SIGNATURE) { Ok(()) } else { Err(Refusal::missing(parameter::SIGNATURE)) }
}

/// The time stamp, also under the name of older pages of the documentation.
pub(super) fn timestamp(parameters: &Parameters) -> &str {
    match parameter_text(parameters, parameter::TIMESTAMP) {
        "" => parameter_text(parameters, "TimeStamp"),
        timestamp => timestamp,
    }
}

/// Forms that only some pages document.
pub(super) fn warnings(parameters: &Parameters) -> Vec<String> {
    let mut warnings = Vec::new();
    if parameter_text(parameters, parameter::TIMESTAMP).is_empty() {
        warnings.push("TimeStamp: gateways in service answer MissingTimestamp; the name is Timestamp".to_owned());
    }
    if parameter_text(parameters, parameter::SIGNATURE_METHOD) != v1::METHOD {
        warnings.push(format!("SignatureMethod: clients write {}", v1::METHOD));
    }
    warnings
}

/// Refuses other signatures.
pub(super) fn check(parameters: &Parameters) -> Result<(), Refusal> {
    // The pages of several products use Hmac-SHA1.
    if !parameter_text(parameters, parameter::SIGNATURE_METHOD).eq_ignore_ascii_case(v1::METHOD) {
        return Err(Refusal::signature_method());
    }
    // The classic client always sends it, empty, and signs it.
    if !parameter_text(parameters, parameter::SIGNATURE_TYPE).is_empty() {
        return Err(Refusal::invalid(parameter::SIGNATURE_TYPE));
    }
    if parameter_text(parameters, parameter::SIGNATURE_VERSION) != v1::VERSION
        || parameter_text(parameters, parameter::SIGNATURE).is_empty()
    {
        return Err(Refusal::incomplete_signature(""));
    }
    Ok(())
}

pub(super) fn check_signature(secret: &Secret, method: &str, parameters: &Parameters) -> Result<(), Refusal> {
    let mut signed = signed_parameters(parameters);
    if secret.signed_v1(method, &mut signed, parameter_text(parameters, parameter::SIGNATURE)) {
        return Ok(());
    }
    Err(Refusal::signature_mismatch(&v1::string_to_sign(method, &mut signed)))
}

/// Everything except the signature is signed.
fn signed_parameters(parameters: &Parameters) -> aliyun_protocol::Parameters {
    let bytes = parameters.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut signed = aliyun_protocol::Parameters::with_capacity(parameters.len(), bytes);
    for (name, value) in parameters.iter().filter(|(name, _)| *name != parameter::SIGNATURE) {
        signed.push(name, value);
    }
    signed
}
