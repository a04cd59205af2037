//! The client of the service that issues keys for queues of receipts (Dybaseapi 2017-05-25).
//!
//! A [`Consumer`](crate::Consumer) uses it. It takes the same settings as every client of the project: credentials, region,
//! proxy, transport.

pub use aliyun_runtime::{Credentials, CredentialsProvider, Error, credentials};

aliyun_codegen_macros::client!(dybaseapi, module = dybaseapi);
