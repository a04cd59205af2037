//! The client of a service.

mod builder;

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde_json::Value;

pub use self::builder::ClientBuilder;
use crate::call::core::Core;
use crate::call::page::{Items, Pages};
use crate::call::pending::PendingRequest;
use crate::error::Error;
use crate::generated::operation::{Operation, Paged, Service};
use crate::transport::Transport;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
pub use crate::transport::connection::Tls;
use crate::transport::endpoint::Endpoint;

/// A client of the service `S`. Clones share connections, credentials and limits.
pub struct Client<S> {
    core: Arc<Core>,
    service: PhantomData<fn() -> S>,
}

impl<S: Service> Client<S> {
    /// A client with the credentials that the [`DefaultChain`](crate::credentials::DefaultChain) finds: first in the
    /// environment variables `ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and, for temporary
    /// credentials, `ALIBABA_CLOUD_SECURITY_TOKEN`, then wherever Alibaba's own clients look.
    ///
    /// The chain is searched at the first call, which fails if it finds none.
    pub fn from_env() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// Sets up a client.
    pub fn builder() -> ClientBuilder<S> {
        ClientBuilder::new()
    }

    /// A request of an operation that is ready to be sent: `.await` it, or set its options first.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a request is built where it is sent; `&` would stand in every call"
    )]
    pub fn send<O: Operation<Service = S>>(&self, operation: O) -> PendingRequest<O::Output> {
        PendingRequest::of(&self.core, O::FACTS, &operation)
    }

    /// A request of any operation by its name, with parameters by their wire names. The response is a JSON value.
    ///
    /// Nothing is known of such an operation, so it is treated as one that must not be sent twice, unless
    /// [`PendingRequest::facts`] states otherwise. Structured parameters are given in their wire form: `Name.1` for
    /// flat lists, JSON text for JSON parameters.
    pub fn send_action(&self, action: impl Into<String>, parameters: &[(&str, &str)]) -> PendingRequest<Value> {
        let mut request = PendingRequest::untyped(&self.core, action.into());
        for (name, value) in parameters {
            request = request.parameter(name, value);
        }
        request
    }

    /// The transport of this client. What speaks another protocol for the same account uses it too, so that it has the
    /// same proxy and certificates, or the same emulator.
    pub fn transport(&self) -> Arc<dyn Transport> {
        Arc::clone(&self.core.transport)
    }

    /// Where this client sends requests.
    pub fn endpoint(&self) -> &Endpoint {
        &self.core.request.endpoint
    }

    /// The pages of an operation, one by one.
    pub fn pages<O: Paged<Service = S>>(&self, operation: O) -> Pages<O> {
        Pages::new(&self.core, operation)
    }

    /// The items of all pages of an operation, one by one.
    pub fn items<O: Paged<Service = S>>(&self, operation: O) -> Items<O> {
        Items::new(self.pages(operation))
    }
}

impl<S> Clone for Client<S> {
    fn clone(&self) -> Self {
        Self { core: Arc::clone(&self.core), service: PhantomData }
    }
}

impl<S> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("product", &self.core.request.service.product)
            .field("endpoint", &self.core.request.endpoint)
            .finish_non_exhaustive()
    }
}
