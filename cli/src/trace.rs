//! `--verbose`: a line on standard error for each attempt, from the spans of the runtime.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use crate::notice;

/// Shows the attempts of all calls from now on.
pub(crate) fn show_attempts() {
    let attempts = Attempts { current: Mutex::default(), show: notice::note };
    // This fails only if a subscriber was set before, and none was.
    let _ = tracing::subscriber::set_global_default(Registry::default().with(attempts));
}

/// Collects attempts. There is one call at a time, so there is one attempt at a time.
struct Attempts<F> {
    current: Mutex<Option<(Id, Attempt)>>,
    show: F,
}

/// The facts of an attempt. The spans of the runtime do not contain values of parameters.
#[derive(Debug, Default)]
struct Attempt {
    /// Number of attempts before it.
    retries: u64,
    status: Option<u64>,
    failure: Option<String>,
    request_id: Option<String>,
    /// Milliseconds until the next attempt.
    delay: Option<u64>,
}

impl Visit for Attempt {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "http.request.resend_count" => self.retries = value,
            "http.response.status_code" => self.status = Some(value),
            "delay_ms" => self.delay = Some(value),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "error.type" => self.failure = Some(value.to_owned()),
            "aliyun.request_id" => self.request_id = Some(value.to_owned()),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {}: ", self.retries + 1)?;
        match (self.status, &self.failure) {
            (Some(status), Some(failure)) => write!(f, "HTTP {status}, {failure}")?,
            (Some(status), None) => write!(f, "HTTP {status}")?,
            (None, Some(failure)) => write!(f, "no response, {failure}")?,
            (None, None) => f.write_str("no response")?,
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request {id}")?;
        }
        match self.delay {
            Some(delay) => write!(f, "; retry in {:?}", Duration::from_millis(delay)),
            None => Ok(()),
        }
    }
}

impl<F: Fn(&str) + 'static> Attempts<F> {
    fn with_current<T>(&self, work: impl FnOnce(&mut Option<(Id, Attempt)>) -> T) -> T {
        work(&mut self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn show(&self, ended: Option<(Id, Attempt)>) {
        if let Some((_, attempt)) = ended {
            (self.show)(&attempt.to_string());
        }
    }
}

impl<S: Subscriber, F: Fn(&str) + 'static> Layer<S> for Attempts<F> {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == "aliyun"
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        if attributes.metadata().name() == "attempt" {
            let mut attempt = Attempt::default();
            attributes.record(&mut attempt);
            let before = self.with_current(|current| current.replace((id.clone(), attempt)));
            self.show(before);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.with_current(|current| {
            if let Some((of, attempt)) = current
                && of == id
            {
                values.record(attempt);
            }
        });
    }

    /// The event of a retry: the attempt is shown before the delay, not after it.
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut ended = self.with_current(Option::take);
        if let Some((_, attempt)) = &mut ended {
            event.record(attempt);
        }
        self.show(ended);
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let ended = self.with_current(|current| current.take_if(|(of, _)| *of == id));
        self.show(ended);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tracing::field::Empty;
    use tracing::{Span, info, info_span};

    use super::*;

    /// A span like those of the runtime.
    fn attempt(call: &Span, resent: Option<u64>) -> Span {
        info_span!(
            target: "aliyun",
            parent: call,
            "attempt",
            http.request.resend_count = resent,
            http.response.status_code = Empty,
            server.port = 443_u64,
            aliyun.request_id = Empty,
            "error.type" = Empty,
        )
    }

    #[test]
    fn an_attempt_is_a_line_once_it_is_over() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&lines);
        let show = move |line: &str| written.lock().unwrap().push(line.to_owned());
        let told = || std::mem::take(&mut *lines.lock().unwrap());
        let subscriber = Registry::default().with(Attempts { current: Mutex::default(), show });
        tracing::subscriber::with_default(subscriber, || {
            let call = info_span!(target: "aliyun", "call", rpc.method = "SingleCallByTts");
            let first = attempt(&call, None);
            first.record("error.type", "transport");
            assert_eq!(told(), [""; 0]);
            info!(target: "aliyun", parent: &call, delay_ms = 120_u64, "another attempt follows");
            assert_eq!(told(), ["attempt 1: no response, transport; retry in 120ms"]);
            drop(first);

            let second = attempt(&call, Some(1));
            second.record("http.response.status_code", 400_u16);
            second.record("error.type", "Throttling.User");
            second.record("aliyun.request_id", "R-2");
            info!(target: "aliyun", parent: &call, delay_ms = 1_500_u64, "another attempt follows");
            let third = attempt(&call, Some(2));
            drop(second);
            third.record("http.response.status_code", 200_u16);
            third.record("aliyun.request_id", "R-3");
            info!(target: "elsewhere", delay_ms = 1_u64, "of no interest");
            drop(third);
        });
        let expected =
            ["attempt 2: HTTP 400, Throttling.User, request R-2; retry in 1.5s", "attempt 3: HTTP 200, request R-3"];
        assert_eq!(told(), expected);
    }
}
