//! The dials: who would have been called.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aliyun_api_spec::model::{Operation, Style};
use serde_json::Value;

use crate::parameters::Parameters;

/// A dial: a number that a successful operation was asked to call, whether or not the response reached the client.
///
/// The specification names the parameter with the number. For a few operations it contains a task whose numbers were
/// given before; then [`Dial::called`] is the id of that task. `Debug` masks it.
#[derive(Clone)]
pub struct Dial {
    called: String,
    by: Arc<Dialler>,
}

/// The request that dialled.
struct Dialler {
    action: String,
    request_id: String,
    at: SystemTime,
}

impl Dial {
    /// The number, or the task, as in the request.
    pub fn called(&self) -> &str {
        &self.called
    }

    /// The operation.
    pub fn action(&self) -> &str {
        &self.by.action
    }

    /// The request that dialled: the request id of its response. A request with several numbers makes several dials.
    pub fn request_id(&self) -> &str {
        &self.by.request_id
    }

    /// When, by the emulator's clock.
    pub fn at(&self) -> SystemTime {
        self.by.at
    }
}

impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial")
            .field("called", &format_args!("***"))
            .field("action", &self.by.action)
            .field("request_id", &self.by.request_id)
            .finish_non_exhaustive()
    }
}

/// The latest dials.
#[derive(Default)]
pub(crate) struct Dials(VecDeque<Dial>);

impl Dials {
    /// About 40 MB.
    pub(crate) const MAX: usize = 200_000;

    pub(crate) fn add(&mut self, called: &[String], action: &str, request_id: &str, at: SystemTime) {
        if called.is_empty() {
            return;
        }
        // Never holds more than the maximum, even for a moment.
        let called = called.get(called.len().saturating_sub(Self::MAX)..).unwrap_or_default();
        let surplus = (self.0.len() + called.len()).saturating_sub(Self::MAX);
        self.0.drain(..surplus);
        let by = Arc::new(Dialler { action: action.to_owned(), request_id: request_id.to_owned(), at });
        let dial = |called: &String| Dial { called: called.clone(), by: Arc::clone(&by) };
        self.0.extend(called.iter().map(dial));
    }

    pub(crate) fn all(&self) -> Vec<Dial> {
        self.0.iter().cloned().collect()
    }

    pub(crate) fn to(&self, number: &str) -> Vec<Dial> {
        self.0.iter().filter(|dial| dial.called == number).cloned().collect()
    }
}

/// The numbers that an operation dials with these parameters.
pub(crate) fn called(operation: &Operation, parameters: &Parameters) -> Vec<String> {
    let Some(reach) = &operation.reaches else { return Vec::new() };
    let name = &reach.whom;
    let has = |(name, value): &(String, String)| parameters.get(name) == Some(value);
    if !reach.when.iter().all(has) {
        return Vec::new();
    }
    let style = operation.parameter(name).and_then(|field| field.shape.style);
    let below = format!("{name}.");
    let flat = parameters.range(below.clone()..).take_while(|(name, _)| name.starts_with(&below));
    let values = parameters.get(name).into_iter().chain(flat.map(|(_, value)| value));
    let mut called = Vec::new();
    for value in values {
        match style {
            Some(Style::Json) => called.extend(items(value)),
            Some(Style::Simple) => called.extend(value.split(',').map(|item| item.trim().to_owned())),
            _ => called.push(value.clone()),
        }
    }
    called.retain(|called| !called.is_empty());
    called
}

/// The texts and numbers of a JSON list, or the single value.
fn items(json: &str) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    match serde_json::from_str(json) {
        Ok(Value::Array(items)) => items.iter().filter_map(text).collect(),
        Ok(value) => text(&value).into_iter().collect(),
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use aliyun_api_spec::model::{Kind, Shape};

    use aliyun_api_spec::model::{By, Reach};

    use super::*;
    use crate::specimen::{field, operation, shape};

    fn dialled(style: Option<Style>, pairs: &[(&str, &str)]) -> Vec<String> {
        let mut operation = operation("Ring");
        operation.reaches = Some(reach("Called", Vec::new()));
        let list = Kind::Array(Box::new(shape(Kind::String)));
        operation.parameters = vec![field("Called", Shape { style, ..shape(list) })];
        let parameters = pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        called(&operation, &parameters)
    }

    fn reach(whom: &str, when: Vec<(String, String)>) -> Reach {
        Reach { by: By::Call, whom: whom.to_owned(), when }
    }

    #[test]
    fn reads_numbers_in_every_style() {
        assert_eq!(dialled(None, &[("Called", "1,2"), ("Called2", "3")]), ["1,2"]);
        assert_eq!(dialled(Some(Style::Simple), &[("Called", "1, 2,")]), ["1", "2"]);
        assert_eq!(dialled(Some(Style::Json), &[("Called", r#"["1", 2, null]"#)]), ["1", "2"]);
        assert_eq!(dialled(Some(Style::Json), &[("Called", "{")]), Vec::<String>::new());
        assert_eq!(dialled(Some(Style::Flat), &[("Called.1", "1"), ("Called.2", "2"), ("Calls", "3")]), ["1", "2"]);
        assert_eq!(dialled(None, &[]), Vec::<String>::new());
    }

    #[test]
    fn dials_only_with_the_values_that_the_specification_names() {
        let mut operation = operation("Execute");
        operation.reaches = Some(reach("TaskId", vec![("Status".to_owned(), "RUNNING".to_owned())]));
        operation.parameters = ["TaskId", "Status"].map(|name| field(name, shape(Kind::String))).into();
        let dialled = |status: &str| {
            let pairs = [("TaskId", "123456"), ("Status", status)];
            called(&operation, &pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into())
        };
        assert_eq!(dialled("RUNNING"), ["123456"]);
        assert_eq!([dialled("STOP"), dialled("CANCEL")], [Vec::<String>::new(), Vec::new()]);
    }

    #[test]
    fn keeps_the_latest() {
        let mut dials = Dials::default();
        for number in 0..Dials::MAX + 3 {
            dials.add(&[number.to_string()], "Ring", "R", SystemTime::UNIX_EPOCH);
        }
        assert_eq!(dials.all().len(), Dials::MAX);
        assert_eq!((dials.to("2").len(), dials.to("3").len()), (0, 1));
        let many: Vec<String> = (0..=Dials::MAX).map(|number| format!("a{number}")).collect();
        dials.add(&many, "Ring", "R", SystemTime::UNIX_EPOCH);
        assert_eq!(
            (dials.all().len(), dials.to("3").len(), dials.to("a0").len(), dials.to("a1").len()),
            (Dials::MAX, 0, 0, 1)
        );
    }
}
