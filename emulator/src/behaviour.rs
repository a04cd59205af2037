//! The response to a valid request: what the account of its service answers, or else the first successful example of the
//! operation.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aliyun_api_spec::model::{Envelope, Operation, Service};
use aliyun_api_spec::types::Types;
use aliyun_protocol::success::Statement;
use http::StatusCode;
use serde_json::{Map, Value};

use crate::account::{Account, AccountSettings, Problem, ValidRequest};
use crate::answer;
use crate::limit::{Limiter, Limits};
use crate::receipt::DueReceipt;
use crate::refusal::Refusal;
use crate::service::Services;

/// The state behind the operations of each service, and the limits in front of them.
pub(crate) struct Behaviour {
    of_services: Vec<OfService>,
}

struct OfService {
    specification: Arc<Service>,
    account: Option<Mutex<Box<dyn Account>>>,
    limiter: Option<Mutex<Limiter>>,
}

impl Behaviour {
    /// The initial state.
    pub(crate) fn new(services: &Services, settings: AccountSettings) -> Self {
        let of_service = |service: &crate::service::EmulatedService| OfService {
            specification: Arc::clone(&service.specification),
            account: service.account.as_ref().map(|account| Mutex::new(account(settings))),
            limiter: (settings.limits == Limits::Documented).then(Mutex::default),
        };
        Self { of_services: services.iter().map(of_service).collect() }
    }

    /// The account and limits of the request's service.
    fn of(&self, request: ValidRequest<'_>) -> Option<&OfService> {
        self.of_services.iter().find(|of| std::ptr::eq(&raw const *of.specification, request.service))
    }

    /// The members of the response, as on the wire.
    pub(crate) fn answer(&self, call: ValidRequest<'_>) -> Result<Map<String, Value>, Refusal> {
        let mut members = match self.remember(call) {
            Ok(members) => members,
            Err(Problem::Failed { code, message }) => return refused(call, &code, &message),
            Err(Problem::InvalidParameter(name)) => return Err(Refusal::invalid(&name)),
        };
        identify(call, &mut members);
        answer::fold_json(Types::of(call.operation, call.service), &call.operation.response, &mut members);
        Ok(members)
    }

    /// The receipts that became due by a time, oldest first.
    pub(crate) fn receipts(&self, until: SystemTime) -> Vec<DueReceipt> {
        let accounts = self.of_services.iter().filter_map(|of| of.account.as_ref());
        let mut due: Vec<DueReceipt> = accounts.flat_map(|account| lock(account).receipts(until)).collect();
        due.sort_by_key(|receipt| receipt.due);
        due
    }

    /// What is unfinished at a time, if anything.
    pub(crate) fn pending(&self, now: SystemTime) -> Option<String> {
        let accounts = self.of_services.iter().filter_map(|of| of.account.as_ref());
        let pending: Vec<String> = accounts.filter_map(|account| lock(account).pending(now)).collect();
        (!pending.is_empty()).then(|| pending.join("; "))
    }

    /// Counts the request, and refuses it beyond the documented number per second of its operation.
    pub(crate) fn admit(&self, request: ValidRequest<'_>) -> Result<(), Refusal> {
        let Some(limiter) = self.of(request).and_then(|of| of.limiter.as_ref()) else { return Ok(()) };
        lock(limiter).count(request.operation, request.now).map_err(|wait| Refusal::throttled(Some(wait)))
    }

    fn remember(&self, call: ValidRequest<'_>) -> Result<Map<String, Value>, Problem> {
        let envelope = call.envelope();
        let account = self.of(call).and_then(|of| of.account.as_ref());
        let answer = account.and_then(|account| lock(account).answer(call)).transpose()?;
        let example = example(envelope, call.operation);
        let Some(answer) = answer else { return Ok(example.cloned().unwrap_or_else(|| accepted(envelope))) };
        // The example shows how the operation states success: a few use `200`, or have no message.
        let mut members = example.map_or_else(|| accepted(envelope), |example| envelope_of(call, example));
        members.extend(answer.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Ok(members)
    }
}

/// A business error: an accepted request that failed. A service whose responses cannot state a failure answers with an
/// HTTP status of failure.
pub(crate) fn refused(call: ValidRequest<'_>, code: &str, message: &str) -> Result<Map<String, Value>, Refusal> {
    let envelope = call.envelope();
    let mut members = failed(envelope, code, message);
    if is_success(envelope, &members) {
        return Err(Refusal::by_rule(StatusCode::BAD_REQUEST, code.to_owned(), message.to_owned()));
    }
    identify(call, &mut members);
    Ok(members)
}

/// Adds the request id, if responses have one.
fn identify(call: ValidRequest<'_>, members: &mut Map<String, Value>) {
    if let Some(name) = &call.envelope().request_id {
        members.insert(name.clone(), call.request_id.into());
    }
}

/// The code of a response that states a failure; empty if it has none.
pub(crate) fn failure(envelope: &Envelope, answer: &Value) -> Option<String> {
    let members = answer.as_object().filter(|members| !is_success(envelope, members))?;
    let code = envelope.code.as_ref().and_then(|name| members.get(name)?.as_str());
    Some(code.unwrap_or_default().to_owned())
}

/// The response of a rule, as on the wire, with the members of the envelope that are absent or empty filled in.
pub(crate) fn completed(call: ValidRequest<'_>, answer: Value) -> Value {
    let envelope = call.envelope();
    let Value::Object(mut members) = answer else { return answer };
    let is_empty = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    let mut missing = accepted(envelope);
    identify(call, &mut missing);
    if !is_success(envelope, &members) {
        missing.retain(|name, _| Some(name) == envelope.request_id.as_ref());
    }
    for (name, value) in missing {
        if is_empty(members.get(&name)) {
            members.insert(name, value);
        }
    }
    answer::fold_json(Types::of(call.operation, call.service), &call.operation.response, &mut members);
    Value::Object(members)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The members that state a failure of the product.
fn failed(envelope: &Envelope, code: &str, message: &str) -> Map<String, Value> {
    let mut members = Map::new();
    let texts = [(&envelope.code, code), (&envelope.message, message), (&envelope.request_id, "")];
    for (name, text) in texts {
        if let Some(name) = name {
            members.insert(name.clone(), text.into());
        }
    }
    if let Some(ok) = &envelope.ok {
        members.insert(ok.clone(), false.into());
    }
    members
}

/// The first example that shows a success.
fn example<'o>(envelope: &Envelope, operation: &'o Operation) -> Option<&'o Map<String, Value>> {
    let answers = operation.examples.iter().filter_map(|example| example.response.as_ref()?.as_object());
    answers.into_iter().find(|members| is_success(envelope, members))
}

/// The members of a response that every response has.
fn envelope_of(call: ValidRequest<'_>, members: &Map<String, Value>) -> Map<String, Value> {
    let roles = call.envelope();
    let roles = [&roles.code, &roles.message, &roles.request_id, &roles.ok];
    let is_common = |name: &String| {
        roles.contains(&&Some(name.clone()))
            || call.service.envelope_fields(call.operation).any(|field| field.wire_name == *name)
    };
    let common = members.iter().filter(|(name, _)| is_common(name));
    common.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether an answer is a success: it does not state a failure.
fn is_success(envelope: &Envelope, members: &Map<String, Value>) -> bool {
    envelope.statement(members) != Statement::Failure
}

/// The members that state success.
fn accepted(envelope: &Envelope) -> Map<String, Value> {
    let code = envelope.success.first().map_or("OK", String::as_str);
    // The caller adds the request id.
    let texts = [(&envelope.code, code.into()), (&envelope.message, "OK".into()), (&envelope.request_id, Value::Null)];
    let flag = [(&envelope.ok, true.into())];
    let members = texts.into_iter().chain(flag).filter_map(|(name, value)| Some((name.clone()?, value)));
    members.collect()
}

#[cfg(test)]
mod tests {
    use aliyun_api_spec::model::{Example, Kind, Shape, Style};
    use serde_json::json;

    use std::collections::BTreeMap;

    use super::*;
    use crate::account::Members;
    use crate::service::EmulatedService;
    use crate::specimen;

    fn answer(examples: Vec<Option<Value>>) -> Value {
        let mut service = specimen::service();
        let mut operation = specimen::operation("Do");
        let folded = Shape { style: Some(Style::Json), ..specimen::shape(Kind::Any) };
        operation.response = vec![specimen::field("Data", folded)];
        let example = |response| Example { name: String::new(), request: Map::new(), response, xml: None };
        operation.examples = examples.into_iter().map(example).collect();
        service.operations = vec![operation];
        ask(service.into(), "Do").unwrap()
    }

    /// What a service answers to a request without parameters.
    fn ask(service: EmulatedService, action: &str) -> Result<Value, Refusal> {
        let services = Services::of(service);
        let behaviour = Behaviour::new(&services, AccountSettings { seed: 0, limits: Limits::Off });
        let parameters = BTreeMap::new();
        let (service, operation) = services.operations(action).next().unwrap();
        let now = SystemTime::UNIX_EPOCH;
        let request = ValidRequest { service, operation, parameters: &parameters, request_id: "R-1", now };
        behaviour.answer(request).map(Value::Object)
    }

    /// Answers by the name of the operation.
    struct Small;

    impl Account for Small {
        fn answer(&mut self, request: ValidRequest<'_>) -> Option<Result<Members, Problem>> {
            match &*request.operation().action {
                "Do" => Some(Ok(vec![("Data", 1.into())])),
                "Fail" => Some(Err(Problem::failed("isv.SMALL", "too small"))),
                "Refuse" => Some(Err(Problem::invalid("Size"))),
                _ => None,
            }
        }

        fn pending(&self, now: SystemTime) -> Option<String> {
            (now == SystemTime::UNIX_EPOCH).then(|| "1 job is pending".to_owned())
        }
    }

    #[test]
    fn an_account_answers_for_its_operations_only() {
        let service = || {
            let mut service = specimen::service();
            service.operations = ["Do", "Fail", "Other", "Refuse"].map(specimen::operation).into();
            EmulatedService::new(service).account(|_| Box::new(Small))
        };
        let answer = |action| ask(service(), action).unwrap().to_string();
        assert_eq!(answer("Do"), r#"{"Code":"OK","Message":"OK","RequestId":"R-1","Success":true,"Data":1}"#);
        assert_eq!(answer("Fail"), r#"{"Code":"isv.SMALL","Message":"too small","RequestId":"R-1","Success":false}"#);
        assert_eq!(answer("Other"), r#"{"Code":"OK","Message":"OK","RequestId":"R-1","Success":true}"#);
        assert_eq!(ask(service(), "Refuse").unwrap_err().code, "InvalidSize");
    }

    #[test]
    fn pending_work_of_all_accounts_is_listed() {
        let mut services = Services::of(EmulatedService::new(specimen::service()).account(|_| Box::new(Small)));
        let mut second = specimen::service();
        "2021-01-01".clone_into(&mut second.version);
        services.add(EmulatedService::new(second).account(|_| Box::new(Small))).unwrap();
        let behaviour = Behaviour::new(&services, AccountSettings { seed: 0, limits: Limits::Off });
        let pending = behaviour.pending(SystemTime::UNIX_EPOCH);
        assert_eq!(pending.as_deref(), Some("1 job is pending; 1 job is pending"));
        assert_eq!(behaviour.pending(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1)), None);
    }

    #[test]
    fn answers_with_the_first_successful_example_and_its_own_request_id() {
        let answer = answer(vec![
            None,
            Some(json!({ "Code": "isv.FAILED", "RequestId": "old" })),
            Some(json!({ "Code": "OK", "Success": false })),
            Some(json!({ "RequestId": "old", "Code": 200, "Data": { "a": 1 } })),
            Some(json!({ "Code": "OK" })),
        ]);
        assert_eq!(answer.to_string(), r#"{"RequestId":"R-1","Code":200,"Data":"{\"a\":1}"}"#);
    }

    #[test]
    fn answers_with_an_envelope_if_no_example_succeeds() {
        let expected = r#"{"Code":"OK","Message":"OK","RequestId":"R-1","Success":true}"#;
        assert_eq!(answer(vec![]).to_string(), expected);
        assert_eq!(answer(vec![Some(json!({ "Code": "isv.FAILED" }))]).to_string(), expected);
    }
}
