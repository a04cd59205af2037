//! What all calls of a client share. It knows no operation and no type of a service.

use std::sync::Arc;

use crate::call::limit::Admission;
use crate::call::retry::{Budget, Retries};
use crate::credential::Refresher;
use crate::request::RequestSettings;
use crate::response::body::ResponseLimits;
use crate::transport::Transport;
use crate::transport::timeout::Timeouts;

/// What all calls of a client share.
pub(crate) struct Core {
    pub(crate) request: RequestSettings,
    pub(crate) credentials: Refresher,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) timeouts: Timeouts,
    pub(crate) limits: ResponseLimits,
    pub(crate) retries: Retries,
    pub(crate) budget: Budget,
    pub(crate) admission: Admission,
}
