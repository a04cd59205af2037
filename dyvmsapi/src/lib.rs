//! Client of Alibaba Cloud's voice service (语音服务, Dyvmsapi 2017-05-25): typed, asynchronous, unofficial.
//!
//! This project is not affiliated with Alibaba Cloud, which publishes no Rust client of the service.
//!
//! # A call
//!
//! ```no_run
//! # async fn example() -> Result<(), dyvmsapi::Error> {
//! use dyvmsapi::Client;
//! use dyvmsapi::robot::QueryRobotTaskCallList;
//!
//! let client = Client::from_env()?;
//!
//! let page = client.send(QueryRobotTaskCallList::new().task_id("1045001").page_size(50)).await?;
//! for call in &page.data {
//!     println!("{:?} took {:?} seconds", call.call_id, call.duration);
//! }
//!
//! // Requests the pages as they are needed, and holds one at a time.
//! let mut calls = client.items(QueryRobotTaskCallList::new().task_id("1045001"));
//! while let Some(call) = calls.next().await? {
//!     println!("{:?}", call.call_result);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A request is a plain value that can be stored, cloned, printed (with sensitive values masked) and sent by any client.
//! Its parameters are fields and setters; options of one call, such as [`PendingRequest::timeout`], are set on what
//! [`Client::send`] returns. Each group of operations is a module below.
//!
//! # Credentials
//!
//! [`Client::from_env`] searches where Alibaba's own clients search: in the environment
//! (`ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and, for temporary keys,
//! `ALIBABA_CLOUD_SECURITY_TOKEN`), for an OIDC role, in the profiles of the `aliyun` command and of credentials files,
//! for the RAM role of an ECS instance, and at a credentials URI. [`credentials::DefaultChain`] has the details.
//! A builder accepts other [`credentials`]:
//!
//! ```
//! use std::time::Duration;
//!
//! use dyvmsapi::{Client, Credentials};
//!
//! # fn main() -> Result<(), dyvmsapi::Error> {
//! let client = Client::builder()
//!     .credentials(Credentials::new("testid", "testsecret"))
//!     .endpoint("http://127.0.0.1:8080")
//!     .timeout(Duration::from_secs(3))
//!     .build()?;
//! # let _ = client;
//! # Ok(())
//! # }
//! ```
//!
//! A role, a profile by its name, or your own [`CredentialsProvider`] are set in the same way. Temporary keys are refreshed
//! ahead of their expiration, once for all calls of a client and its clones:
//!
//! ```
//! # fn main() -> Result<(), dyvmsapi::Error> {
//! use dyvmsapi::Client;
//! use dyvmsapi::credentials::{AssumeRole, Profile};
//!
//! let operator = AssumeRole::new(Profile::named("office"), "acs:ram::1:role/operator").session_name("night-shift");
//! let client = Client::builder().credentials(operator).build()?;
//! # let _ = client;
//! # Ok(())
//! # }
//! ```
//!
//! # Signature, region, network
//!
//! Requests are signed with HMAC-SHA1 and have their parameters in the body, so that no phone number is in a URL.
//! [`Signature::V3`] is ACS3-HMAC-SHA256, with parameters in the URL. The service has one host for all regions, and in some
//! of them one within the VPC. The environment's proxies are used unless the builder sets one.
//!
//! ```
//! use dyvmsapi::{Client, Credentials, Signature};
//!
//! # fn main() -> Result<(), dyvmsapi::Error> {
//! let client = Client::builder()
//!     .credentials(Credentials::new("testid", "testsecret"))
//!     .signature(Signature::V3)
//!     .region("cn-shanghai")
//!     .vpc()
//!     .proxy("http://proxy.example.com:3128")
//!     .user_agent("alerting/1.2")
//!     .build()?;
//! # assert!(format!("{client:?}").contains("https://dyvmsapi.vpc-proxy.aliyuncs.com/"));
//! # Ok(())
//! # }
//! ```
//!
//! The feature `rustls`, enabled by default, and the feature `native-tls`, the library of the system, provide TLS. If both
//! are enabled, rustls is used unless `ClientBuilder::tls` chooses the other one.
//!
//! # Errors
//!
//! There is one type, [`Error`]. `Display` is one line that says what happened and what to do. For programs it has
//! [`Error::kind`], [`Error::code`], [`Error::request_id`], the kind of a refusal ([`Error::refusal`],
//! [`Error::is_throttled`], [`Error::is_quota`] and others), what to do about the code ([`Error::advice`]), and
//! [`Error::is_outcome_unknown`], which says whether a phone may be ringing although the call failed. [`Error::builder`] makes
//! errors for tests of your own code.
//!
//! # Retries
//!
//! A call is attempted up to three times within its time limit, by default 10 seconds. An operation that rings a phone, or
//! would do harm if it were sent twice, is retried only if nothing was sent, or if the gateway throttled it; other
//! operations also if the service or the network failed. Each attempt is signed again, with an increasing back-off, which is
//! at least the wait that the service asks for. [`Retries`] sets this for a client or for one call:
//!
//! ```no_run
//! # async fn example(client: dyvmsapi::Client) -> Result<(), dyvmsapi::Error> {
//! use dyvmsapi::Retries;
//! use dyvmsapi::call::SingleCallByTts;
//!
//! let call = client.send(SingleCallByTts::new("13000000000", "TTS_10001")).retries(Retries::never());
//! if let Err(error) = call.await {
//!     eprintln!("{error}");
//!     if error.is_outcome_unknown() {
//!         // A phone may be ringing: look the call up before it is placed again.
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! If the requests per second of an operation are documented, a client and its clones keep to that number: further requests
//! wait. [`ClientBuilder::rate_limit`] sets another number, [`ClientBuilder::no_rate_limits`] removes the limits, and
//! [`ClientBuilder::max_in_flight`] limits the requests in flight. A call that would have to wait longer than its time limit
//! fails at once, and nothing is sent.
//!
//! # Traces
//!
//! With the feature `tracing` each call is a span of the target `aliyun`, and each of its attempts a span in it, with the
//! attribute names of OpenTelemetry: operation, status, request id, how it failed, never a value of a parameter.
//!
//! # Parameters of every operation
//!
//! Every operation accepts `OwnerId`, `ResourceOwnerAccount` and `ResourceOwnerId`, and no request type has them: they are
//! added as options, like any further parameter.
//!
//! ```no_run
//! # async fn example(client: dyvmsapi::Client) -> Result<(), dyvmsapi::Error> {
//! use dyvmsapi::robot::QueryRobotTaskCallList;
//!
//! let page = client.send(QueryRobotTaskCallList::new().task_id("1045001")).parameter("OwnerId", "1").await?;
//! # let _ = page;
//! # Ok(())
//! # }
//! ```
//!
//! # Operations that are not listed
//!
//! [`Client::send_action`] sends any operation by its name, with texts as parameters, and returns a JSON [`Value`].
//!
//! # Blocking code
//!
//! Calls need a tokio runtime with timers and I/O. Code without one creates its own, one for the whole program: a connection
//! belongs to the runtime that opened it, and makes no progress without it.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use dyvmsapi::robot::QueryRobotTaskCallList;
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! let client = dyvmsapi::Client::from_env()?;
//! let page = runtime.block_on(client.send(QueryRobotTaskCallList::new().task_id("1045001")).into_future())?;
//! # let _ = page;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod call_state;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub use aliyun_runtime::Tls;
pub use aliyun_runtime::{
    BoxError, BoxFuture, Bytes, ClientBuilder, Credentials, CredentialsError, CredentialsProvider, Ending, Error,
    ErrorBuilder, ErrorKind, Facts, Format, HttpResponse, Items, Method, Operation, Paged, Pages, PendingRequest, Raw,
    ReceiptKind, RefusalKind, ResponseFuture, Retries, Sent, Service, Signature, Transport, TransportError, Value,
    credentials, http,
};

pub use self::call_state::{CallState, Phase};

aliyun_codegen_macros::client!(dyvmsapi);
