//! Credentials, and a signed call of an operation that only reads.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aliyun_api_spec::model::{Operation, OperationType};
use aliyun_runtime::credentials::Context;
use aliyun_runtime::{BoxFuture, Credentials, CredentialsError, CredentialsProvider};
use dyvmsapi::{Error, ErrorKind};
use jiff::Timestamp;

use super::Check;
use crate::failure::Failure;
use crate::request::Request;
use crate::slots::Response;
use crate::spec;

const CALL: &str = "call";
const PERMISSION: &str = "permission";
const CREDENTIALS: &str = "credentials";

/// The request to try: of a read operation that needs no parameters, the one with the fewest.
pub(super) fn request() -> Option<Request> {
    let is_harmless = |operation: &&Operation| {
        let reads = operation.operation_type == OperationType::Read && operation.reaches.is_none();
        reads && operation.signed && operation.parameters.iter().all(|field| !field.required)
    };
    let operations = spec::service().operations.iter().filter(is_harmless);
    let operation = operations.min_by_key(|operation| (operation.parameters.len(), operation.action.as_str()))?;
    Some(Request::typed(operation, Vec::new()))
}

/// What a provider of credentials said.
type Seen = Result<Found, String>;

/// Credentials, without what is secret.
#[derive(Debug)]
struct Found {
    place: String,
    access_key: String,
    expiration: Option<SystemTime>,
}

/// A provider whose answer is kept.
pub(super) struct Observed {
    provider: Arc<dyn CredentialsProvider>,
    seen: Mutex<Option<Seen>>,
}

impl Observed {
    /// The provider for the client, and the same one for its answer.
    pub(super) fn new(provider: Arc<dyn CredentialsProvider>) -> (Arc<Self>, Arc<Self>) {
        let observed = Arc::new(Self { provider, seen: Mutex::default() });
        (Arc::clone(&observed), observed)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Option<Seen>) -> T) -> T {
        work(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether there are credentials.
    pub(super) fn is_found(&self) -> bool {
        self.with(|seen| matches!(seen, Some(Ok(_))))
    }

    /// Whether there are credentials, and where they come from.
    pub(super) fn check(&self) -> Check {
        let remedy = "`dyvms configure add NAME` sets up a profile; --profile NAME selects one";
        self.with(|seen| match seen {
            Some(Ok(Found { place, access_key, expiration })) => {
                let until = expiration.and_then(|time| Timestamp::try_from(time).ok());
                let until = until.map(|time| format!(", valid until {time:.0}")).unwrap_or_default();
                Check::passed(CREDENTIALS, format!("access key {access_key} of {place}{until}"))
            }
            Some(Err(why)) => Check::failed(CREDENTIALS, why.clone(), remedy),
            None => Check::failed(CREDENTIALS, "the source of credentials did not answer in time", remedy),
        })
    }
}

impl CredentialsProvider for Observed {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(async move {
            let answer = self.provider.credentials(context).await;
            let seen = match &answer {
                Ok(credentials) => Ok(Found {
                    place: self.provider.place().unwrap_or_else(|| "the emulator".to_owned()),
                    access_key: credentials.redacted_access_key_id(),
                    expiration: credentials.expiration(),
                }),
                Err(error) => Err(error.to_string()),
            };
            self.with(|kept| *kept = Some(seen));
            answer
        })
    }

    fn invalidate(&self, credentials: &Credentials) {
        self.provider.invalidate(credentials);
    }
}

/// Whether the signed call succeeded, and whether it is allowed.
pub(super) fn checks(
    request: &Request,
    outcome: Result<Response, Failure>,
    has_credentials: bool,
    is_reached: bool,
) -> [Check; 2] {
    let action = request.action();
    let error = match outcome {
        Ok(_) => {
            let allowed = format!("{} is allowed", policy_action(action));
            return [Check::passed(CALL, format!("{action} succeeded")), Check::passed(PERMISSION, allowed)];
        }
        Err(_) if !has_credentials => {
            let why = "there are no credentials to sign with";
            return [Check::not_checked(CALL, why), Check::not_checked(PERMISSION, why)];
        }
        Err(_) if !is_reached => {
            let why = "there is no connection";
            return [Check::not_checked(CALL, why), Check::not_checked(PERMISSION, why)];
        }
        Err(Failure::Call { error, .. }) => error,
        // Sending has no other failures.
        Err(_) => {
            let why = format!("{action} failed");
            return [Check::failed(CALL, why, "run `dyvms call`"), Check::not_checked(PERMISSION, "the call failed")];
        }
    };
    if error.is_denied() {
        return [Check::passed(CALL, "the service accepted the signature"), denied(action, &error)];
    }
    let remedy = match error.kind() {
        // The advice is part of the error.
        ErrorKind::Service if error.advice().is_some() => String::new(),
        ErrorKind::Service => format!("`dyvms explain {}` may say more", error.code().unwrap_or("CODE")),
        ErrorKind::Timeout => "try again with a longer --timeout".to_owned(),
        _ => "run `dyvms call` with -v to see each attempt".to_owned(),
    };
    [
        Check::failed(CALL, error.to_string(), remedy),
        Check::not_checked(PERMISSION, "the call failed for another reason"),
    ]
}

/// Which action was denied, and which policy allows it.
fn denied(action: &str, error: &Error) -> Check {
    let named = error.message().and_then(named_action).unwrap_or_else(|| policy_action(action));
    let code = error.code().unwrap_or_default();
    let policy = format!(r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"{named}","Resource":"*"}}]}}"#);
    let remedy = format!("attach a RAM policy that allows it to the user or role, such as {policy}");
    Check::failed(PERMISSION, format!("{named} is denied ({code})"), remedy)
}

/// The name of an operation in RAM policies: there, the product has no `api` at its end.
fn policy_action(action: &str) -> String {
    let product = spec::service().product.to_lowercase();
    format!("{}:{action}", product.strip_suffix("api").unwrap_or(&product))
}

/// The action that a message names, such as `dyvms:QueryRobotTaskCallList`.
fn named_action(message: &str) -> Option<String> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, ':' | '-');
    let is_name = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.contains(':');
    message.split(|character| !is_part(character)).find_map(|word| {
        let (product, action) = word.split_once(':')?;
        let fits = is_name(product) && is_name(action) && action.starts_with(|c: char| c.is_ascii_uppercase());
        fits.then(|| word.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_to_try_reads_and_needs_nothing() {
        assert_eq!(request().unwrap().action(), "QueryRobotv2AllList");
    }

    #[test]
    fn the_denied_action_is_that_of_the_message_or_of_the_operation() {
        assert_eq!(policy_action("QueryRobotv2AllList"), "dyvms:QueryRobotv2AllList");
        for (message, expected) in [
            (
                "user is not authorized to perform dyvms:QueryRobotv2AllList on acs:dyvms:*",
                Some("dyvms:QueryRobotv2AllList"),
            ),
            ("Action: dyvms:SingleCallByTts.", Some("dyvms:SingleCallByTts")),
            ("You are not authorized to do this action. Time: 12:30", None),
            ("on acs:dyvms::1:task/x", None),
        ] {
            assert_eq!(named_action(message).as_deref(), expected, "{message}");
        }
    }
}
