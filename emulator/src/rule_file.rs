//! Rules in JSON: a file of the command, or the body of a request to a server.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aliyun_api_spec::model::{Operation, Service};
use aliyun_api_spec::suggest::nearest;
use aliyun_api_spec::wire;
use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::fault::Fault;
use crate::refusal::Refusal;
use crate::rule::{Action, Mishap, Ready, Rule, Rules, When};
use crate::service::Services;

/// Maximum number of rules when rules are added from JSON.
const MAX_RULES: usize = 10_000;

/// What is wrong with rules in JSON: every mistake with its line and column, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesError {
    mistakes: Vec<Mistake>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Mistake {
    line: usize,
    column: usize,
    what: String,
}

impl RulesError {
    fn of(mistake: Mistake) -> Self {
        Self { mistakes: vec![mistake] }
    }

    /// Line and column of each mistake, and what it is.
    pub fn mistakes(&self) -> impl Iterator<Item = (usize, usize, &str)> {
        self.mistakes.iter().map(|mistake| (mistake.line, mistake.column, mistake.what.as_str()))
    }
}

impl fmt::Display for RulesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Mistake { line, column, what }) in self.mistakes.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}line {line}, column {column}: {what}")?;
        }
        Ok(())
    }
}

impl Error for RulesError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    when: WhenText,
    probability: Option<f64>,
    reply: Option<Value>,
    refuse: Option<RefuseText>,
    gateway_error: Option<GatewayErrorText>,
    fault: Option<Value>,
    delivery: Option<MishapText>,
    pass: Option<bool>,
    times: Option<u64>,
    #[serde(default)]
    then: Vec<StepText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WhenText {
    action: Option<String>,
    #[serde(default)]
    parameters: Map<String, Value>,
    #[serde(default)]
    connection: bool,
    receipt: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StepText {
    reply: Option<Value>,
    refuse: Option<RefuseText>,
    gateway_error: Option<GatewayErrorText>,
    fault: Option<Value>,
    delivery: Option<MishapText>,
    pass: Option<bool>,
    times: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefuseText {
    code: String,
    #[serde(default)]
    message: String,
}

/// What happens to a receipt on its way: the methods of a rule for receipts.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum MishapText {
    Repeat,
    LoseResponse,
    Fail,
    Drop,
    DelaySeconds(u32),
}

impl From<MishapText> for Mishap {
    fn from(text: MishapText) -> Self {
        match text {
            MishapText::Repeat => Self::Repeat,
            MishapText::LoseResponse => Self::LoseResponse,
            MishapText::Fail => Self::Fail,
            MishapText::Drop => Self::Drop,
            MishapText::DelaySeconds(seconds) => Self::Delay(Duration::from_secs(seconds.into())),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GatewayErrorText {
    status: u16,
    code: String,
    #[serde(default)]
    message: String,
}

/// Adds the rules of a text, all or none: one rule, or a list of them.
pub(crate) fn add(json: &str, services: &Services, rules: &Arc<Rules>) -> Result<Vec<Rule>, RulesError> {
    let parts = split(json).map_err(|error| RulesError::of(mistake(json, 0, &error)))?;
    let too_many = || {
        let what = format!("there would be more than {MAX_RULES} rules; take some out of force first");
        RulesError::of(Mistake { line: 1, column: 1, what })
    };
    if parts.len() > MAX_RULES {
        return Err(too_many());
    }
    let mut ready = Vec::new();
    let mut mistakes = Vec::new();
    for part in parts {
        // Both are slices of the same text.
        let offset = part.get().as_ptr().addr() - json.as_ptr().addr();
        match serde_json::from_str::<RuleText>(part.get()) {
            Err(error) => mistakes.push(mistake(json, offset, &error)),
            Ok(text) => match check(text, services) {
                Ok(rule) => ready.push(rule),
                Err(Wrong { what, token }) => {
                    let quoted = token.and_then(|token| serde_json::to_string(&token).ok());
                    let inside = quoted.and_then(|quoted| part.get().find(&quoted)).unwrap_or(0);
                    let (line, column) = position(json, offset + inside);
                    mistakes.push(Mistake { line, column, what });
                }
            },
        }
    }
    if !mistakes.is_empty() {
        return Err(RulesError { mistakes });
    }
    rules.add_all(ready, MAX_RULES).ok_or_else(too_many)
}

fn split(json: &str) -> Result<Vec<&RawValue>, serde_json::Error> {
    if json.trim_start().starts_with('[') {
        serde_json::from_str(json)
    } else {
        serde_json::from_str(json).map(|rule| vec![rule])
    }
}

/// serde's error, at its position in the whole text.
fn mistake(json: &str, offset: usize, error: &serde_json::Error) -> Mistake {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what).to_owned();
    let (line, column) = position(json, offset);
    let column = if error.line() > 1 { error.column() } else { column + error.column().saturating_sub(1) };
    Mistake { line: line + error.line().saturating_sub(1), column: column.max(1), what }
}

/// Line and column of a byte, as serde counts them.
fn position(json: &str, offset: usize) -> (usize, usize) {
    let before = json.get(..offset).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1;
    (line, column)
}

/// What is wrong with a rule.
struct Wrong {
    what: String,
    /// The text in the rule that is wrong: its first occurrence is the reported position.
    token: Option<String>,
}

impl Wrong {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), token: None }
    }

    fn at(token: &str, what: impl Into<String>) -> Self {
        Self { what: what.into(), token: Some(token.to_owned()) }
    }

    /// An unknown name.
    fn unknown<'k>(mut what: String, name: &str, known: impl Iterator<Item = &'k str>) -> Self {
        if let Some(known) = nearest(name, known) {
            what.extend(["; did you mean ", known, "?"]);
        }
        Self { what, token: Some(name.to_owned()) }
    }
}

fn check(text: RuleText, services: &Services) -> Result<Ready, Wrong> {
    let RuleText { when, probability, reply, refuse, gateway_error, fault, delivery, pass, times, then } = text;
    let when = check_when(when, services)?;
    if probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
        return Err(Wrong::at("probability", "probability is not within 0.0 to 1.0"));
    }
    let first = StepText { reply, refuse, gateway_error, fault, delivery, pass, times };
    let steps = std::iter::once(first).chain(then);
    let steps = steps.map(|step| check_step(step, &when)).collect::<Result<_, _>>()?;
    Ok(Ready { when, probability, steps })
}

fn check_when(when: WhenText, services: &Services) -> Result<When, Wrong> {
    let WhenText { action, parameters, connection, receipt } = when;
    let is_request = action.is_some() || !parameters.is_empty();
    if connection {
        if is_request || receipt.is_some() {
            return Err(Wrong::at("connection", "a connection has neither action nor parameters, and is no receipt"));
        }
        return Ok(When::Connection);
    }
    if let Some(kind) = receipt {
        if is_request {
            return Err(Wrong::at("receipt", "a receipt has neither action nor parameters"));
        }
        let receipts = services.iter().flat_map(|service| &service.specification.receipts);
        let known: Vec<&str> = receipts.map(|receipt| receipt.kind.as_str()).collect();
        if known.contains(&kind.as_str()) {
            return Ok(When::Receipt(kind));
        }
        return Err(Wrong::unknown(format!("there is no kind of receipts {kind}"), &kind, known.into_iter()));
    }
    if let Some(action) = &action {
        let named: Vec<(&Service, &Operation)> = services.operations(action).collect();
        if named.is_empty() {
            return Err(Wrong::unknown(format!("there is no operation {action}"), action, services.actions()));
        }
        let is_known = |name: &String| {
            named.iter().any(|(service, operation)| wire::parameter_of(service, operation, name).is_some())
        };
        if let Some(name) = parameters.keys().find(|name| !is_known(name)) {
            let fields = named.iter().flat_map(|(_, operation)| &operation.parameters);
            let known = fields.map(|field| field.wire_name.as_str());
            return Err(Wrong::unknown(format!("{action} has no parameter {name}"), name, known));
        }
    }
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let parameters = parameters.into_iter().map(|(name, value)| (name, text(value))).collect();
    Ok(When::Request { action, parameters })
}

fn check_step(step: StepText, when: &When) -> Result<(Action, Option<u64>), Wrong> {
    let StepText { reply, refuse, gateway_error, fault, delivery, pass, times } = step;
    let mut actions = Vec::new();
    actions.extend(pass.filter(|&pass| pass).map(|_| Action::Pass));
    actions.extend(reply.map(Action::Reply));
    actions.extend(refuse.map(|RefuseText { code, message }| Action::Refuse { code, message }));
    if let Some(GatewayErrorText { status, code, message }) = gateway_error {
        let known = StatusCode::from_u16(status).ok().filter(|_| (200..600).contains(&status));
        let status =
            known.ok_or_else(|| Wrong::at("gateway_error", format!("status {status} is not within 200 to 599")))?;
        actions.push(Action::GatewayError(Refusal::by_rule(status, code, message)));
    }
    if let Some(fault) = fault {
        let fault = Fault::deserialize(fault).map_err(|error| Wrong::at("fault", error.to_string()))?;
        actions.push(Action::Fault(fault));
    }
    actions.extend(delivery.map(|mishap| Action::Mishap(mishap.into())));
    let (Some(action), None) = (actions.pop(), actions.pop()) else {
        return Err(Wrong::new("expected one of reply, refuse, gateway_error, fault, delivery and pass"));
    };
    match (when, &action) {
        (_, Action::Pass) | (When::Receipt(_), Action::Mishap(_)) => {}
        (When::Connection, Action::Fault(fault)) if *fault == Fault::reset() || *fault == Fault::silence() => {}
        (When::Connection, _) => {
            return Err(Wrong::at("connection", "a connection can pass, or have the fault reset or silence"));
        }
        (When::Receipt(_), _) => {
            return Err(Wrong::at(
                "receipt",
                "a receipt can pass, or have a delivery: repeat, lose_response, fail, drop or {\"delay_seconds\": 60}",
            ));
        }
        (_, Action::Mishap(_)) => return Err(Wrong::at("delivery", "only a receipt has a delivery")),
        _ => {}
    }
    Ok((action, times))
}
