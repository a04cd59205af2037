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
//! // Turns the pages itself and holds one at a time.
//! let mut calls = client.items(QueryRobotTaskCallList::new().task_id("1045001"));
//! while let Some(call) = calls.next().await? {
//!     println!("{:?}", call.call_result);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A request is a plain value that can be stored, cloned, printed (with numbers of people masked) and sent by any
//! client. Its parameters are fields and setters; options of one call, such as [`PendingRequest::timeout`], are set on what
//! [`Client::send`] returns. Each group of operations is a module below.
//!
//! # Credentials
//!
//! [`Client::from_env`] looks where Alibaba's own clients look: in the environment
//! (`ALIBABA_CLOUD_ACCESS_KEY_ID`, `ALIBABA_CLOUD_ACCESS_KEY_SECRET` and, for temporary keys,
//! `ALIBABA_CLOUD_SECURITY_TOKEN`), for an OIDC role, in the profiles of the `aliyun` command and of credentials files,
//! for the RAM role of an ECS instance, and at a credentials URI. [`credentials::DefaultChain`] says when and how.
//! A builder takes other [`credentials`]:
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
//! A role, a profile by its name, or your own [`CredentialsProvider`] stand in the same place. Temporary keys are
//! refreshed ahead of their expiration, once for all calls of a client and its clones:
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
//! Requests are signed by HMAC-SHA1 and carry their parameters in the body, so that no phone number lands in a URL.
//! [`Signature::V3`] is ACS3-HMAC-SHA256, whose parameters travel in the URL. The service has one host for all regions,
//! and in some of them one within the VPC. Proxies are those of the environment unless the builder names one.
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
//! TLS is that of the feature `rustls`, which is on by default. The feature `native-tls` takes the library of the system
//! instead, and wins where both are on.
//!
//! # Errors
//!
//! There is one [`Error`]. It shows as one line that says what happened and what to do, and answers what a program may
//! ask: [`Error::kind`], [`Error::code`], [`Error::request_id`], what kind of code it is ([`Error::is_throttled`],
//! [`Error::is_quota`] and their like), what to do about it ([`Error::advice`]), and [`Error::sent`], which tells whether
//! a phone may be ringing although no answer came.
//!
//! # Repetition
//!
//! A call is attempted up to three times within its time limit, of 10 seconds unless set. An operation that rings a
//! phone, or changes what a second request would change again, is repeated only where nothing was sent, or where the
//! gateway refused it as too much; other operations also where the service or the way to it failed. Each attempt is
//! signed afresh, pauses between them grow, and a pause that the service asks for is kept. [`Retries`] changes all that
//! for a client or for one call:
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
//! Where it is documented how many requests of an operation an account may send in a second, a client and its clones keep
//! to it: further calls wait for their turn. [`ClientBuilder::rate_limit`] sets another number,
//! [`ClientBuilder::no_rate_limits`] none, and [`ClientBuilder::max_in_flight`] limits how many requests are on their way
//! at once. A call whose turn would come after its time fails at once, and nothing was sent.
//!
//! # Traces
//!
//! With the feature `tracing` each call is a span of the target `aliyun`, and each of its attempts a span in it, with the
//! attribute names of OpenTelemetry: operation, status, request id, how it failed, never a value of a parameter.
//!
//! # Parameters that every operation takes
//!
//! `OwnerId`, `ResourceOwnerAccount` and `ResourceOwnerId` are accepted everywhere and stand in no request: a call carries
//! them as an option, as it can any further parameter.
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
//! [`Client::send_action`] sends any operation by its name, with texts for parameters, and gives the
//! answer as a JSON [`Value`].
//!
//! # Blocking code
//!
//! Calls need a tokio runtime with its timers and its I/O. Code without one makes its own, one for the whole program: a
//! connection is kept by the runtime that opened it, and stands still with it.
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

#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
pub use aliyun_runtime::Tls;
pub use aliyun_runtime::{
    BoxError, BoxFuture, Bytes, ClientBuilder, Credentials, CredentialsError, CredentialsProvider, Ending, Error,
    ErrorBuilder, ErrorKind, Facts, Format, HttpResponse, Items, Method, Operation, Paged, Pages, PendingRequest,
    RefusalKind, ResponseFuture, Retries, Sent, Service, Signature, Transport, TransportError, Value, credentials,
    http,
};

aliyun_codegen_macros::client!(dyvmsapi);
