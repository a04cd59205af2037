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
#[doc(hidden)]
pub mod generated;
mod limit;
mod mask;
mod operation;
mod page;
mod proxy;
mod read;
mod refusal;
mod request;
mod retry;
mod retry_after;
mod sign;
mod slot;
mod timeout;
mod trace;
mod transport;
mod xml;

pub use aliyun_protocol::{Method, RefusalKind};
pub use bytes::Bytes;
pub use call::{Call, CallFuture};
pub use client::{Client, ClientBuilder, Format, Signature};
pub use credential::{
    ACCESS_KEY_ID, ACCESS_KEY_SECRET, Credentials, CredentialsError, CredentialsProvider, SECURITY_TOKEN,
};
pub use error::{Error, ErrorKind};
pub use http;
pub use operation::{EnvelopeFacts, ErrorFacts, Facts, Operation, Paged, Paging, Service, ServiceFacts, Step};
pub use page::{Items, PageTurner, Pages, Position};
pub use retry::Retries;
pub use serde_json::Value;
pub use transport::{BoxError, BoxFuture, Ending, HttpAnswer, Sent, Transport, TransportError};

/// Providers of credentials, each for [`ClientBuilder::credentials`], and what one of your own is asked with.
pub mod credentials {
    pub use crate::credential::{
        AssumeRole, Context, CredentialsUri, DefaultChain, EcsRamRole, Environment, OidcRole, Profile,
    };
}

/// What tests and benches of this project sign by hand with. Not part of the interface.
#[doc(hidden)]
pub mod testing {
    pub use crate::sign::SigningKey;
}
