//! What client and server of Alibaba Cloud's RPC protocol must agree on: the names of its parameters and headers, the
//! methods, the kinds of refusals, the codes of the gateway, what states success, which scalars stand for which, which characters are
//! invisible, percent-encoding, the canonical query, and the strings to sign. The queues of the Message Service, which
//! receipts are put into, have a protocol of their own: [`mns`].
//!
//! There are no keys, no sockets and no operations in this package. A client uses it to send a request, and a server to
//! check what it received, so that each rule of the protocol is written once.

pub mod gateway;
pub mod header;
mod method;
pub mod mns;
pub mod parameter;
mod parameters;
pub mod percent;
mod reach;
mod refusal;
pub mod scalar;
mod signature;
pub mod success;
pub mod v1;
pub mod v3;
pub mod visible;

pub use method::Method;
pub use parameters::Parameters;
pub use reach::By;
pub use refusal::RefusalKind;
pub use signature::SignatureText;

/// The code of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
