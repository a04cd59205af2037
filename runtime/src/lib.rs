//! Signing, sending, decoding and errors of Alibaba Cloud RPC calls: everything that is not a fact about one
//! operation.
//!
//! Applications use it through the crate of a service, such as `dyvmsapi`, which re-exports what they need.
//! Generated code builds on [`generated`].

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod address;
mod answer;
mod call;
mod client;
mod credential;
mod encode;
mod endpoint;
mod error;
mod fault;
mod field;
mod limit;
mod mask;
mod operation;
mod page;
mod parameter;
mod proxy;
mod read;
mod refusal;
mod request;
mod retry;
mod retry_after;
pub mod sign;
mod slot;
mod timeout;
mod trace;
mod transport;
mod xml;

pub use bytes::Bytes;
pub use call::{Call, CallFuture};
pub use client::{Client, ClientBuilder, Format, Signature};
pub use credential::{
    ACCESS_KEY_ID, ACCESS_KEY_SECRET, Credentials, CredentialsError, CredentialsProvider, SECURITY_TOKEN,
};
pub use error::{Error, ErrorKind};
pub use http;
pub use operation::{
    EnvelopeFacts, ErrorFacts, Facts, Method, Operation, Paged, Paging, RefusalKind, Service, ServiceFacts, Step,
};
pub use page::{Items, PageTurner, Pages, Position};
pub use parameter::Parameters;
pub use retry::Retries;
pub use serde_json::Value;
pub use transport::{BoxError, BoxFuture, Ending, HttpAnswer, Sent, Transport, TransportError};

/// Providers of credentials, each for [`ClientBuilder::credentials`], and what one of your own is asked with.
pub mod credentials {
    pub use crate::credential::{
        AssumeRole, Context, CredentialsUri, DefaultChain, EcsRamRole, Environment, OidcRole, Profile,
    };
}

/// What generated code is made of. Not for use by hand: it changes with the generator.
#[doc(hidden)]
pub mod generated {
    pub use serde;
    pub use serde_json::Value;

    pub use crate::answer::{Answer, read_body};
    pub use crate::client::Client;
    pub use crate::encode::parameters_of;
    pub use crate::field::{Entry, Fields, Flags, List, Map, Member, View, Viewer, debug, serialize};
    pub use crate::operation::{
        EnvelopeFacts, ErrorFacts, Facts, Operation, Paged, Paging, RefusalKind, Service, ServiceFacts, Step,
    };
    pub use crate::slot::{Blank, Choice, Filler, Grow, Keyed, Make, Place, Record, Slot};
}
