//! Signature V1: HMAC-SHA1 over the parameters of query and form.

use aliyun_runtime::sign::SigningKey;
use aliyun_runtime::sign::v1::string_to_sign;

use super::parameter;
use crate::refuse::Refusal;
use crate::wire::Parameters;

/// The parameters of the protocol that every V1 request carries, beside `Action` and the signature itself. An empty one
/// counts as absent; an empty `Signature` is an incomplete one.
pub(crate) const MANDATORY: [&str; 6] =
    ["Version", "AccessKeyId", "SignatureMethod", "SignatureVersion", "SignatureNonce", "Timestamp"];

pub(super) fn require(parameters: &Parameters) -> Result<(), Refusal> {
    let is_absent = |name: &str| match name {
        "Timestamp" => timestamp(parameters).is_empty(),
        name => parameter(parameters, name).is_empty(),
    };
    if let Some(name) = MANDATORY.iter().find(|name| is_absent(name)) {
        return Err(Refusal::missing(name));
    }
    if parameters.contains_key("Signature") { Ok(()) } else { Err(Refusal::missing("Signature")) }
}

/// The time stamp, under the name that older pages of the documentation sign, too.
pub(super) fn timestamp(parameters: &Parameters) -> &str {
    match parameter(parameters, "Timestamp") {
        "" => parameter(parameters, "TimeStamp"),
        timestamp => timestamp,
    }
}

const METHOD: &str = "HMAC-SHA1";

/// Parts that are written as only some pages write them.
pub(super) fn warnings(parameters: &Parameters) -> Vec<String> {
    let mut warnings = Vec::new();
    if parameter(parameters, "Timestamp").is_empty() {
        warnings.push("TimeStamp: gateways in service answer MissingTimestamp; the name is Timestamp".to_owned());
    }
    if parameter(parameters, "SignatureMethod") != METHOD {
        warnings.push(format!("SignatureMethod: clients write {METHOD}"));
    }
    warnings
}

/// Refuses what is no signature of this kind.
pub(super) fn check(parameters: &Parameters) -> Result<(), Refusal> {
    // Pages of several products write Hmac-SHA1.
    if !parameter(parameters, "SignatureMethod").eq_ignore_ascii_case(METHOD) {
        return Err(Refusal::signature_method());
    }
    // The classic client always sends it, empty, and signs it.
    if !parameter(parameters, "SignatureType").is_empty() {
        return Err(Refusal::invalid("SignatureType"));
    }
    if parameter(parameters, "SignatureVersion") != "1.0" || parameter(parameters, "Signature").is_empty() {
        return Err(Refusal::incomplete_signature(""));
    }
    Ok(())
}

pub(super) fn check_signature(key: &SigningKey, method: &str, parameters: &Parameters) -> Result<(), Refusal> {
    let mut signed = signed_parameters(parameters);
    if key.sign_v1(method, &mut signed).matches(parameter(parameters, "Signature").as_bytes()) {
        return Ok(());
    }
    Err(Refusal::signature_mismatch(&string_to_sign(method, &mut signed)))
}

/// Everything but the signature itself is signed.
fn signed_parameters(parameters: &Parameters) -> aliyun_runtime::Parameters {
    let bytes = parameters.iter().map(|(name, value)| name.len() + value.len() + 2).sum();
    let mut signed = aliyun_runtime::Parameters::with_capacity(parameters.len(), bytes);
    for (name, value) in parameters.iter().filter(|(name, _)| *name != "Signature") {
        signed.push(name, value);
    }
    signed
}
