//! The received requests, for tests.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use aliyun_api_spec::model::Service;
use aliyun_api_spec::types::{Sensitivity, Types};
use aliyun_api_spec::wire;
use aliyun_protocol::parameter;
use aliyun_runtime::Operation;
use aliyun_runtime::parameters_of;
use http::{Method, StatusCode};

use crate::parameters::Parameters;
use crate::queue;
use crate::rule::includes;
use crate::time;

/// A request that the emulator received, accepted or not.
///
/// `Debug` shows the values of parameters only if the specification describes them as not sensitive: phone numbers,
/// spoken texts and unknown values are masked. `Display` is one line for a log, without any parameter.
#[derive(Clone)]
pub struct Received {
    pub(crate) service: Arc<Service>,
    pub(crate) at: SystemTime,
    pub(crate) method: Method,
    /// Empty if the request names none.
    pub(crate) action: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) request_id: String,
    pub(crate) parameters: Arc<Parameters>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) refusal: Option<String>,
    pub(crate) dialled: Vec<String>,
    pub(crate) fault: Option<&'static str>,
}

impl Received {
    /// The operation that the request names, if any.
    pub fn action(&self) -> Option<&str> {
        Some(self.action.as_str()).filter(|action| !action.is_empty())
    }

    /// What the service accepts but a test should know: unknown parameters, values outside the known ones of a set,
    /// parts of the protocol in an undocumented form; and the reason if a parameter was refused. Warnings name
    /// parameters and show no values. Empty if the request was refused before its parameters were checked.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// All parameters of query and form body by name, decoded. Those of the protocol are among them if the request is
    /// signed with V1; V3 uses headers.
    pub fn parameters(&self) -> &BTreeMap<String, String> {
        &self.parameters
    }

    /// One of the parameters.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// The HTTP method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// When it was received, by the emulator's clock.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// The request id of its response.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The code if it was refused: the gateway's, such as `SignatureDoesNotMatch`, or with HTTP 200 the operation's,
    /// such as `isv.BUSINESS_LIMIT_CONTROL`.
    pub fn refusal(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// Whether it is a request of this operation with the parameters that are set in `request`, like
    /// [`Emulator::on`](crate::Emulator::on). An empty text matches any value.
    pub fn matches<O: Operation>(&self, request: &O) -> bool {
        let wanted = parameters_of(request);
        self.action() == Some(O::FACTS.action) && wanted.is_ok_and(|wanted| includes(&self.parameters, &wanted))
    }

    /// HTTP status of its response; `None` if a fault left it without one.
    pub fn status(&self) -> Option<StatusCode> {
        self.status
    }

    /// The numbers that it dialled: see [`Dial`](crate::Dial).
    pub fn dialled(&self) -> &[String] {
        &self.dialled
    }

    /// The name of the fault that was played, such as `reset`.
    pub fn fault(&self) -> Option<&str> {
        self.fault
    }

    /// Whether the value of a parameter may be shown.
    fn is_plain(&self, name: &str) -> bool {
        // The classic client adds the region, whatever the operation.
        if parameter::is_public(name) || name == "RegionId" {
            return true;
        }
        let Some(operation) = self.action().and_then(|action| self.service.operation(action)) else { return false };
        let Some((field, _)) = wire::parameter_of(&self.service, operation, name) else { return false };
        let types = Types::of(operation, &self.service);
        // A list or a record may contain anything, so it is masked as a whole.
        types.resolve(&field.shape.kind).is_scalar() && types.sensitivity(&field.shape) == Sensitivity::None
    }

    /// Its approximate memory: many small texts take more than their length.
    fn size(&self) -> usize {
        const TEXT: usize = 64;
        let parameters = self.parameters.iter().flat_map(|(name, value)| [name, value]);
        let texts = parameters.chain(&self.dialled).chain(&self.warnings);
        texts.map(|text| text.len() + TEXT).sum::<usize>() + self.action.len()
    }
}

/// Such as `2026-03-01T12:34:56Z SingleCallByTts POST 200, dialled 1, fault reset (request D9CB3933-...)`.
impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An unknown name is the client's text, so it is not shown.
        let known = self.action().and_then(|action| self.service.operation(action));
        let of_queue = queue::ACTIONS.into_iter().find(|action| *action == self.action);
        let action = known.map(|operation| operation.action.as_str()).or(of_queue).unwrap_or("(no known operation)");
        write!(f, "{} {action} {}", time::text(self.at), self.method)?;
        match self.status {
            Some(status) => write!(f, " {}", status.as_u16())?,
            None => f.write_str(" unanswered")?,
        }
        if let Some(refusal) = &self.refusal {
            // Codes name the missing parameter, which the specification knows.
            write!(f, " {}", refusal.escape_debug())?;
        }
        if !self.dialled.is_empty() {
            write!(f, ", dialled {}", self.dialled.len())?;
        }
        if let Some(fault) = self.fault {
            write!(f, ", fault {fault}")?;
        }
        write!(f, " (request {})", self.request_id.escape_debug())
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value): (&'_ String, &'_ String)| {
            (name.clone(), if self.is_plain(name) { value.clone() } else { "***".to_owned() })
        };
        f.debug_struct("Received")
            .field("method", &self.method)
            .field("action", &self.action)
            .field("parameters", &self.parameters.iter().map(shown).collect::<BTreeMap<_, _>>())
            .field("request_id", &self.request_id)
            .field("refusal", &self.refusal)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

/// The latest requests, within a limit of memory.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    requests: VecDeque<Received>,
    bytes: usize,
}

impl Journal {
    pub(crate) const MAX_REQUESTS: usize = 10_000;
    const MAX_BYTES: usize = 64 * 1024 * 1024;

    pub(crate) fn add(&mut self, request: Received) {
        self.bytes += request.size();
        self.requests.push_back(request);
        while self.requests.len() > Self::MAX_REQUESTS || self.bytes > Self::MAX_BYTES {
            let Some(oldest) = self.requests.pop_front() else { break };
            self.bytes -= oldest.size();
        }
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        self.requests.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests;
