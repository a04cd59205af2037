//! The state behind the operations of a service, which another package provides.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::SystemTime;

use aliyun_api_spec::model::{Envelope, Operation, Service};
use serde_json::Value;

use crate::limit::Limits;
use crate::receipt::DueReceipt;

/// The state behind the operations of a service: what requests leave behind, and what becomes of it with time.
///
/// Nothing runs in the background: an account answers from its state and the time of the request. Equal requests at
/// equal times have equal answers.
pub trait Account: Send {
    /// The members that the operation adds to the envelope of its response. `None` if the account has no state for this
    /// operation: then the response is the first successful example of its specification.
    fn answer(&mut self, request: ValidRequest<'_>) -> Option<Result<Members, Problem>>;

    /// The receipts that became due since the last call, by a time. It is called only if receipts are sent anywhere. By
    /// default there are none.
    fn receipts(&mut self, until: SystemTime) -> Vec<DueReceipt> {
        let _ = until;
        Vec::new()
    }

    /// What has been started and is not finished at a time, in words that show no number of a person; `None` if nothing is
    /// pending.
    fn pending(&self, now: SystemTime) -> Option<String>;
}

/// Members of a response.
pub type Members = Vec<(&'static str, Value)>;

/// What an account is made with.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AccountSettings {
    /// Chance is made from this, so that a run can be repeated.
    pub seed: u64,
    /// Whether documented limits are enforced.
    pub limits: Limits,
}

/// Makes an account in its initial state.
pub(crate) type NewAccount = dyn Fn(AccountSettings) -> Box<dyn Account> + Send + Sync;

/// A request that passed every check of the gateway.
#[derive(Clone, Copy)]
pub struct ValidRequest<'a> {
    pub(crate) service: &'a Service,
    pub(crate) operation: &'a Operation,
    pub(crate) parameters: &'a BTreeMap<String, String>,
    pub(crate) request_id: &'a str,
    pub(crate) now: SystemTime,
}

impl<'a> ValidRequest<'a> {
    /// The operation, as its specification describes it.
    pub fn operation(&self) -> &'a Operation {
        self.operation
    }

    /// The members that state the outcome of the operation.
    pub(crate) fn envelope(&self) -> &'a Envelope {
        self.service.envelope_of(self.operation)
    }

    /// The parameters by name, decoded; those of the protocol are among them if the request is signed with V1.
    pub fn parameters(&self) -> &'a BTreeMap<String, String> {
        self.parameters
    }

    /// The request id of the response.
    pub fn request_id(&self) -> &'a str {
        self.request_id
    }

    /// The emulator's time.
    pub fn now(&self) -> SystemTime {
        self.now
    }
}

/// Why an account does not do what a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A parameter has a value that cannot be used: the gateway refuses the request with `Invalid<Name>`.
    InvalidParameter(String),
    /// The product reports a failure: HTTP 200 with this code and message.
    Failed {
        /// The code.
        code: Cow<'static, str>,
        /// The message.
        message: Cow<'static, str>,
    },
}

impl Problem {
    /// A parameter has a value that cannot be used.
    pub fn invalid(parameter: impl Into<String>) -> Self {
        Self::InvalidParameter(parameter.into())
    }

    /// The product reports a failure.
    pub fn failed(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Failed { code: code.into(), message: message.into() }
    }
}
