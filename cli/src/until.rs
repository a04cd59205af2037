//! `--until PATH=VALUE`: polls a read operation.

use std::time::Duration;

use aliyun_api_spec::model::{Operation, OperationType};
use aliyun_api_spec::suggest;
use aliyun_api_spec::types::{PathError, Types};
use tokio::time::{Instant, sleep};

use crate::client::Connection;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::json::Json;
use crate::notice::{self, Progress};
use crate::query::Query;
use crate::request::Request;
use crate::slots::Response;
use crate::spec;

/// Options for polling.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(crate) struct Options {
    /// Repeat a read operation until a part of its response has a value, such as Data.state=done, or another value than the
    /// given one, as in Data.state!=running
    ///
    /// Before the = stands a path in the response, or another JMESPath expression. The response that meets the condition is
    /// shown.
    #[arg(long, value_name = "PATH=VALUE", value_parser = Condition::parse, conflicts_with_all = ["all", "limit", "dry_run"])]
    pub(crate) until: Option<Condition>,
    /// Time between two requests of --until
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = time, requires = "until")]
    every: Duration,
    /// Give up --until after this time, with exit status 1
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = time, requires = "until")]
    until_timeout: Duration,
}

/// A condition on a response.
#[derive(Debug, Clone)]
pub(crate) struct Condition {
    path: String,
    query: Query,
    value: String,
    equal: bool,
}

impl Condition {
    fn parse(text: &str) -> Result<Self, String> {
        let Some((path, value)) = text.split_once('=') else {
            return Err("expected PATH=VALUE, such as Data.state=done".to_owned());
        };
        let (path, equal) = path.strip_suffix('!').map_or((path, true), |path| (path, false));
        let (path, value) = (path.trim().to_owned(), value.trim_start_matches('=').trim().to_owned());
        if path.is_empty() {
            return Err("expected a path before the =, such as Data.state=done".to_owned());
        }
        Ok(Self { query: Query::parse(&path)?, path, value, equal })
    }

    /// Whether a response meets it, and what the response has instead.
    fn is_met(&self, response: &Json) -> Result<(bool, String), Failure> {
        let found = self.query.select(response).map_err(Failure::Response)?;
        let found = found.plain();
        Ok(((found == self.value) == self.equal, found.into_owned()))
    }

    /// Checks that the operation only reads, and that its response has the path.
    pub(crate) fn check(&self, operation: Option<&'static Operation>) -> Result<(), Failure> {
        let Some(operation) = operation.filter(|operation| operation.operation_type == OperationType::Read) else {
            return Err(Failure::Usage(
                "--until repeats requests, which it does for operations that only read".to_owned(),
            ));
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        if !self.path.chars().all(plain) {
            return Ok(());
        }
        let service = spec::service();
        let types = Types::of(operation, service);
        match types.follow(service.response_fields(operation), &self.path) {
            Err(PathError::NoField { name, known }) if !known.is_empty() => {
                let hint = suggest::nearest(name, known.iter().copied()).map_or_else(
                    || format!("it has {}", known.join(", ")),
                    |nearest| format!("did you mean {nearest}?"),
                );
                Err(Failure::Usage(format!(
                    "--until: the response of {} has no {}; {hint}",
                    operation.action, self.path
                )))
            }
            Err(PathError::Collection { name }) => {
                let what = format!("--until: {name} is a list or a map; write {name}[0] for its first item");
                Err(Failure::Usage(what))
            }
            _ => Ok(()),
        }
    }
}

/// A positive time, such as `5s`, `500ms`, `2m` or a number of seconds.
fn time(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let named = || text.parse::<jiff::SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    seconds.or_else(named).filter(|time| !time.is_zero()).ok_or("expected a time above 0, such as 5s, 500ms or 2m")
}

/// Sends a request until its response meets a condition, and returns that response.
pub(crate) async fn poll(
    connection: &Connection,
    request: &Request,
    condition: &Condition,
    options: &Options,
    interrupt: &mut Interrupt,
) -> Result<Response, Failure> {
    let progress = Progress::new(false);
    let began = Instant::now();
    let mut sent = 0_usize;
    loop {
        let Some(response) = interrupt.or(connection.send(request)).await else { return Err(Failure::interrupted()) };
        let response = response?;
        sent += 1;
        let (is_met, found) = condition.is_met(&response.show())?;
        if is_met {
            return Ok(response);
        }
        let requests = notice::count(sent, "request");
        let state = format!("{} is {}", condition.path, shown(&found));
        if began.elapsed().saturating_add(options.every) > options.until_timeout {
            let time = options.until_timeout;
            return Err(Failure::Response(format!("--until: {state} after {time:?} and {requests}")));
        }
        progress.show(&format!("{state}, {requests}"));
        if interrupt.or(sleep(options.every)).await.is_none() {
            return Err(Failure::interrupted());
        }
    }
}

/// A value for a message: short, and on one line.
fn shown(found: &str) -> String {
    const LENGTH: usize = 60;
    let text = aliyun_protocol::visible::escaped(found);
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None if text.is_empty() => "empty".to_owned(),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_compare_what_is_shown() {
        let response = Json::read(r#"{"Data":{"state":"done","n":1.50,"list":[{"x":"a=b"}]},"Gone":null}"#);
        for (condition, expected) in [
            ("Data.state=done", true),
            ("Data.state==done", true),
            ("Data.state=Done", false),
            ("Data.state!=running", true),
            ("Data.state!=done", false),
            ("Data.n=1.50", true),
            ("Data.list[0].x=a=b", true),
            ("length(Data.list)=1", true),
            ("Gone=null", true),
            ("Data.absent=done", false),
            (" Data.state = done ", true),
        ] {
            assert_eq!(Condition::parse(condition).unwrap().is_met(&response).unwrap().0, expected, "{condition}");
        }
        for wrong in ["Data.state", "=done", "!=done", "Data[=1"] {
            assert!(Condition::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_have_units_or_are_seconds() {
        let times =
            [("5s", 5_000), ("500ms", 500), ("2m", 120_000), ("1m 30s", 90_000), ("2.5", 2_500), ("10", 10_000)];
        for (text, milliseconds) in times {
            assert_eq!(time(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for wrong in ["0", "0s", "-5s", "soon", "", "inf", "NaN"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
