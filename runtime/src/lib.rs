//! A call of an Alibaba Cloud RPC service: credentials, signature, sending, retries, reading, errors, pages. It knows no
//! operation.
//!
//! Applications use it through the crate of a service, such as `dyvmsapi`, which re-exports what they need.
//! Generated code builds on [`generated`].

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod call;
mod client;
mod credential;
mod error;
#[doc(hidden)]
pub mod generated;
mod receipt;
mod request;
mod response;
#[cfg_attr(not(feature = "test-util"), allow(unreachable_pub, reason = "public with the feature only"))]
mod sign;
mod transport;

pub use aliyun_protocol::{By, Method, RefusalKind};
pub use bytes::Bytes;
pub use http;
#[cfg(feature = "jiff")]
#[doc(hidden)]
pub use jiff;
pub use serde_json::Value;

pub use self::call::page::{Items, Pages};
pub use self::call::paginator::{Paginator, Position};
pub use self::call::pending::{PendingRequest, ResponseFuture};
pub use self::call::retry::Retries;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub use self::client::Tls;
pub use self::client::{Client, ClientBuilder};
pub use self::credential::{
    ACCESS_KEY_ID, ACCESS_KEY_SECRET, Credentials, CredentialsError, CredentialsProvider, SECURITY_TOKEN,
};
pub use self::error::{BoxError, Error, ErrorBuilder, ErrorKind, Sent};
pub use self::generated::operation::{
    EnvelopeFacts, ErrorFacts, Facts, Operation, Paged, Paging, Reach, Service, ServiceFacts, Step, Words,
};
pub use self::generated::receipt::{Raw, ReceiptKind};
pub use self::request::encode::parameters_of;
pub use self::request::{Format, Signature};
#[doc(hidden)]
pub use self::response::receipt::read_receipt;
pub use self::transport::endpoint::Endpoint;
pub use self::transport::{BoxFuture, Ending, HttpResponse, Transport, TransportError};

/// Providers of credentials, each for [`ClientBuilder::credentials`], and the context that a custom provider gets.
pub mod credentials {
    pub use crate::credential::{
        AssumeRole, Context, CredentialsUri, DefaultChain, EcsRamRole, Environment, OidcRole, Profile,
    };

    /// The profiles in `~/.aliyun/config.json`, for a program that shows or changes them.
    pub mod tool {
        pub use crate::credential::{MemberKind, Outline, ProfileOutline, ProfileState, ToolFile, members, modes};
    }
}

/// Single steps of a call: for tests, benches and stand-ins of a service.
#[cfg(feature = "test-util")]
#[cfg_attr(docsrs, doc(cfg(feature = "test-util")))]
pub mod testing {
    pub use crate::response::body::read_body;
    pub use crate::sign::SigningKey;
}
