//! Receives the receipts of Alibaba Cloud's messaging services: what became of something that was started.
//!
//! A service reports that in *receipts*. It pushes them over HTTP ([`Receiver`]), or puts them into a queue ([`Consumer`]).
//! Both channels put what arrives into an [`Inbox`], and tell the service that a receipt arrived only once it is stored
//! there. Receipts arrive more than once and in any order, so an inbox keeps each one once. The package knows no kind of
//! receipt: kinds are [`ReceiptKind`]s, which generated code lists.
//!
//! This project is not affiliated with Alibaba Cloud.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod arrival;
mod batch;
#[cfg(feature = "queue")]
#[cfg_attr(docsrs, doc(cfg(feature = "queue")))]
pub mod dybaseapi;
mod file_inbox;
mod inbox;
mod listeners;
mod memory_inbox;
#[cfg(feature = "queue")]
mod queue;
mod receiver;
mod secret;
mod server;

pub use aliyun_runtime::{BoxFuture, Raw, ReceiptKind};

pub use self::arrival::{Arrival, Identity};
pub use self::batch::{NotJson, read_batch, set_aside};
pub use self::file_inbox::{FileInbox, Records};
pub use self::inbox::{Inbox, InboxError, Stored};
pub use self::listeners::Problem;
pub use self::memory_inbox::MemoryInbox;
#[cfg(feature = "queue")]
#[cfg_attr(docsrs, doc(cfg(feature = "queue")))]
pub use self::queue::{Consumer, Polled, QueueError, QueueErrorKind};
pub use self::receiver::{Receiver, ResponseBody};
pub use self::secret::{Secret, SecretError};
pub use self::server::Server;

/// The code of the README, compiled.
#[cfg(all(doctest, feature = "queue"))]
#[doc = include_str!("../README.md")]
struct Readme;
