//! What an accepted call answers: what the account's state says, or else the first good example of its specification.

use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aliyun_api_spec::model::{Envelope, Operation, Service};
use aliyun_api_spec::types::Types;
use aliyun_protocol::success::Statement;
use serde_json::{Map, Value};

use crate::answer;
use crate::refuse::Refusal;
use crate::state::limit::{Limiter, Limits};
use crate::state::{Account, Pending, Problem, State, Time};
use crate::wire::Parameters;

/// A call that passed every check.
#[derive(Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) service: &'a Service,
    pub(crate) operation: &'a Operation,
    pub(crate) parameters: &'a Parameters,
    pub(crate) request_id: &'a str,
    /// The emulator's time.
    pub(crate) now: SystemTime,
}

/// The state behind the operations, and the limits in front of them.
pub(crate) struct Behaviour {
    account: Option<Mutex<Account>>,
    limiter: Option<Mutex<Limiter>>,
}

impl Behaviour {
    pub(crate) fn new(state: State, limits: Limits, seed: u64) -> Self {
        let account = (state != State::Examples).then(|| Account::new(seed, state == State::Sample, limits));
        let limiter = (limits == Limits::Documented).then(Limiter::default);
        Self { account: account.map(Mutex::new), limiter: limiter.map(Mutex::new) }
    }

    /// The members of the answer, as they travel.
    pub(crate) fn answer(&self, call: Call<'_>) -> Result<Map<String, Value>, Refusal> {
        let now = Time::of(call.now);
        let envelope = &call.service.envelope;
        let mut members = match self.allow(call, now).and_then(|()| self.remember(call, now)) {
            Ok(members) => members,
            Err(Problem::Failed { code, message }) => failed(envelope, code, &message),
            Err(Problem::Refused(refusal)) => return Err(refusal),
        };
        members.insert(envelope.request_id.clone(), call.request_id.into());
        answer::fold_json(Types::of(call.operation, call.service), &call.operation.response, &mut members);
        Ok(members)
    }

    /// What is not over at a moment.
    pub(crate) fn pending(&self, now: SystemTime) -> Pending {
        self.account.as_ref().map(|account| lock(account).pending(Time::of(now))).unwrap_or_default()
    }

    /// Holds the call against the documented number of its operation's queries, which the gateway counts.
    pub(crate) fn admit(&self, call: Call<'_>) -> Result<(), Refusal> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        lock(limiter).query(call.operation, Time::of(call.now)).map_err(|wait| Refusal::throttled(Some(wait)))
    }

    /// Holds the call against the documented number of calls to one number, which the product counts.
    fn allow(&self, call: Call<'_>, now: Time) -> Result<(), Problem> {
        let (Some(limiter), Some(dials)) = (&self.limiter, &call.operation.dials) else { return Ok(()) };
        let value = |name: &str| call.parameters.get(name).map(String::as_str).unwrap_or_default();
        let allowed = lock(limiter).call(call.operation, value(dials), value("CalledShowNumber"), now);
        allowed.map_err(|reached| Problem::Failed {
            code: "isv.BUSINESS_LIMIT_CONTROL",
            message: reached.message().into(),
        })
    }

    fn remember(&self, call: Call<'_>, now: Time) -> Result<Map<String, Value>, Problem> {
        let envelope = &call.service.envelope;
        let account = self.account.as_ref().filter(|_| call.service.product == "Dyvmsapi");
        let answer = account
            .and_then(|account| lock(account).answer(&call.operation.action, call.parameters, now))
            .transpose()?;
        let example = example(envelope, call.operation);
        let Some(answer) = answer else { return Ok(example.cloned().unwrap_or_else(|| accepted(envelope))) };
        // How an operation tells success, its example shows: a few say `200`, or have no message.
        let mut members = example.map_or_else(|| accepted(envelope), |example| envelope_of(envelope, example));
        members.extend(answer.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Ok(members)
    }
}

/// A business error: an accepted request that is not done.
pub(crate) fn refused(call: Call<'_>, code: &str, message: &str) -> Value {
    let envelope = &call.service.envelope;
    let mut members = failed(envelope, code, message);
    members.insert(envelope.request_id.clone(), call.request_id.into());
    Value::Object(members)
}

/// The code of an answer that tells a failure; empty where it names none.
pub(crate) fn failure(envelope: &Envelope, answer: &Value) -> Option<String> {
    let members = answer.as_object().filter(|members| !is_success(envelope, members))?;
    let code = envelope.code.as_ref().and_then(|name| members.get(name)?.as_str());
    Some(code.unwrap_or_default().to_owned())
}

/// An answer that a rule gives, with the members of the envelope that it leaves out or empty, as it travels.
pub(crate) fn completed(call: Call<'_>, answer: Value) -> Value {
    let envelope = &call.service.envelope;
    let Value::Object(mut members) = answer else { return answer };
    let is_empty = |value: Option<&Value>| match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    let mut missing = accepted(envelope);
    missing.insert(envelope.request_id.clone(), call.request_id.into());
    if !is_success(envelope, &members) {
        missing.retain(|name, _| *name == envelope.request_id);
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

/// The members that tell a failure of the product.
fn failed(envelope: &Envelope, code: &str, message: &str) -> Map<String, Value> {
    let mut members = Map::new();
    let texts = [(&envelope.code, code), (&envelope.message, message), (&Some(envelope.request_id.clone()), "")];
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

/// The members of an answer that every answer has.
fn envelope_of(envelope: &Envelope, members: &Map<String, Value>) -> Map<String, Value> {
    let is_common = |name: &String| envelope.fields.iter().any(|field| field.wire_name == *name);
    let common = members.iter().filter(|(name, _)| is_common(name));
    common.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether an answer is a success: it does not state a failure.
fn is_success(envelope: &Envelope, members: &Map<String, Value>) -> bool {
    envelope.statement(members) != Statement::Failure
}

/// The members that tell success, in the order of the envelope.
fn accepted(envelope: &Envelope) -> Map<String, Value> {
    let mut members = Map::new();
    for field in &envelope.fields {
        let name = Some(&field.wire_name);
        let value = if name == envelope.code.as_ref() {
            envelope.success.first().map_or("OK", String::as_str).into()
        } else if name == envelope.message.as_ref() {
            "OK".into()
        } else if name == envelope.ok.as_ref() {
            true.into()
        } else if field.wire_name == envelope.request_id {
            // Holds its place; the caller knows the id.
            Value::Null
        } else {
            continue;
        };
        members.insert(field.wire_name.clone(), value);
    }
    members
}

#[cfg(test)]
mod tests {
    use aliyun_api_spec::model::{Example, Kind, Shape, Style};
    use serde_json::json;

    use super::*;
    use crate::specimen;

    fn answer(examples: Vec<Option<Value>>) -> Value {
        let service = specimen::service();
        let mut operation = specimen::operation("Do");
        let folded = Shape { style: Some(Style::Json), ..specimen::shape(Kind::Any) };
        operation.response = vec![specimen::field("Data", folded)];
        let example = |response| Example { name: String::new(), request: Map::new(), response, xml: None };
        operation.examples = examples.into_iter().map(example).collect();
        let parameters = Parameters::new();
        let now = SystemTime::UNIX_EPOCH;
        let call = Call { service: &service, operation: &operation, parameters: &parameters, request_id: "R-1", now };
        Value::Object(Behaviour::new(State::Sample, Limits::Off, 0).answer(call).unwrap())
    }

    #[test]
    fn answers_the_first_example_that_succeeds_under_its_own_request_id() {
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
    fn answers_an_envelope_where_no_example_succeeds() {
        let expected = r#"{"Code":"OK","Message":"OK","RequestId":"R-1","Success":true}"#;
        assert_eq!(answer(vec![]).to_string(), expected);
        assert_eq!(answer(vec![Some(json!({ "Code": "isv.FAILED" }))]).to_string(), expected);
    }
}
