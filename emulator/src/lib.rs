//! An embedded emulator of Alibaba Cloud's RPC gateway: it checks requests as strictly as the service, and answers from
//! specifications, without a network and without any effect on anyone.
//!
//! It emulates every service that has a checked specification ([`aliyun_api_spec`]), and several at once. The package
//! `dyvmsapi-emulator` adds the account of the voice service, and is what tests of the voice service start.
//!
//! [`Emulator::transport`] plugs into a client of the same process; [`Emulator::serve`] starts an HTTP server for clients
//! of any language:
//!
//! ```
//! # async fn example(service: aliyun_api_spec::model::Service) -> std::io::Result<()> {
//! use aliyun_emulator::Emulator;
//!
//! let emulator = Emulator::new(service);
//! let server = emulator.serve("127.0.0.1:0").await?;
//! println!("point a client with the key testid and the secret testsecret at {}", server.url());
//! // ...
//! for request in emulator.requests() {
//!     println!("{:?} was refused with {:?}", request.action(), request.refusal());
//! }
//! server.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! # Checks
//!
//! The emulator checks signatures V1 (HMAC-SHA1, over the parameters of query and form body) and V3 (ACS3-HMAC-SHA256, over
//! method, query, the headers that the request names, and the body), GET and POST; access keys, security tokens and their
//! expiry, time stamp (15 minutes, see [`Builder::time_window`]) and nonce; action and version. It refuses with the codes,
//! HTTP statuses and texts of the service, in JSON or XML as `Format` asks; without `Format`, V3 gets JSON and V1 gets XML.
//! Where the service's text for a case is not published, the emulator adds its own sentence after the published one.
//!
//! V3 is checked strictly: `SignedHeaders` names, in order, the host and every `x-acs-` header of the request, and
//! `x-acs-content-sha256` is the hash of the body. One deviation of the official clients is accepted: names of query
//! parameters that are signed without encoding.
//!
//! Unknown parameters are ignored, as the service does, and listed in [`Received::warnings`]. What no official client can
//! send, such as a parameter that is given twice or broken percent-encoding, is refused with `InvalidParameter`.
//!
//! ## Parameters
//!
//! Every parameter is checked against the specification. The code is `Missing<Name>` if a required one is absent or blank,
//! and `Invalid<Name>` if one does not fit; [`Received::warnings`] then states the reason, which the service does not.
//!
//! | refused | example |
//! | --- | --- |
//! | an integer in any form but JSON's, or out of the range of its type | `1.0`, `+1`, ` 1`, `1e3`, `01` |
//! | a number that JSON does not have | `NaN`, `.5` |
//! | a Boolean other than `true` and `false`, in any case | `yes`, `1` |
//! | a number, a text or a list out of its bounds; an item out of those of its list | `PlayTimes=4` |
//! | a time in another form than specified | `2026-3-1` |
//! | a text that is not JSON, or JSON of another shape: list, object, types of members, required members | `TtsParam=[]` |
//! | JSON with more than 128 levels | |
//! | flattened names that are not numbered from 1 | `MenuKeyMap.0.Key` |
//!
//! An empty value counts as absent. Values outside the known ones of a set are accepted with a warning, and so are unknown
//! members of JSON, and numbers where a map has texts, as in the variables of a template. It is not known what the service
//! does with a member of JSON that is given twice, and with `null`: here the last of two counts, and `null` is absent.
//!
//! ## Deviations of other clients
//!
//! In addition to what official clients send, the emulator accepts what the service is known to accept from other clients,
//! with a warning: time stamps with milliseconds, `SignatureMethod` in another case, spaces after the commas of
//! `Authorization`. The old name `TimeStamp` is accepted too, although the service rejects it today.
//!
//! # Several services
//!
//! [`Builder::service`] adds a service. A request is for the service that has its version; if several have it, for the one
//! whose host was called (`product.example.com`), and for another host for the first one that has the operation. A rule
//! names an operation, and applies to it in every service that has it.
//!
//! # Responses
//!
//! An operation answers with the first example of its specification that shows a success, with a request id of its own,
//! unless an [`Account`] of the service answers for it. Time is the emulator's own: [`Builder::clock`] and
//! [`Emulator::advance`] move it.
//!
//! # Limits
//!
//! No limits are enforced, unless [`Builder::limits`] is set to [`Limits::Documented`].
//!
//! # Rules
//!
//! A test decides what is answered, and what goes wrong, with a [`Rule`]: [`Emulator::on`] a typed request,
//! [`Emulator::on_action`] a name, [`Emulator::on_any`] request or [`Emulator::on_connection`]. [`Fault`] lists what can go
//! wrong. [`Emulator::add_rules`] reads rules from JSON.
//!
//! ```
//! use aliyun_emulator::{Emulator, Fault};
//! use serde_json::json;
//!
//! let emulator = Emulator::new(aliyun_api_spec::dyvmsapi());
//! // Every tenth call has its effect, and the client does not learn of it.
//! emulator.on_action("SingleCallByTts").with_probability(0.1).fault(Fault::reset().after_effect());
//! // Two refusals, and then it works.
//! let limited = emulator
//!     .on_action("IvrCall")
//!     .with_parameter("CalledNumber", "13000000000")
//!     .refuse("isv.BUSINESS_LIMIT_CONTROL", "Trigger a flow control")
//!     .times(2)
//!     .reply(json!({ "CallId": "116012354148^102813780000" }));
//! // The third connection is reset before anything is read from it.
//! emulator.on_connection().pass().times(2).reset().times(1);
//! assert_eq!(limited.matched(), 0);
//! ```
//!
//! # Observation
//!
//! [`Emulator::requests`] returns every request. [`Emulator::dials`] returns everyone who would have been called: a
//! specification marks the operations that dial, and the parameter that says whom. A test of an alarm ends with
//! [`Emulator::assert_dialled_once`]. The gateway's clock, against which time stamps are checked, follows the clients'
//! unless the time was set.
//!
//! # Queues
//!
//! [`Builder::queue`] declares a queue of the Message Service (MNS), into which services put receipts, and
//! [`Emulator::put_message`] fills it. `QueryTokenForMnsQueue` of the service `Dybaseapi` issues the keys. Every host serves
//! `GET` and `DELETE` of `/queues/<name>/messages`: receiving, with waiting by tokio's clock, and deleting in batches. Version,
//! date, key, token and signature are checked. A message that was received is invisible for a while by the emulator's clock,
//! and comes again unless it is deleted before. [`Emulator::queued`] tells how many messages a queue has.
//!
//! Rules apply to `BatchReceiveMessage` and `BatchDeleteMessage`, with the parameters `QueueName`, `numOfMessages` and
//! `waitseconds`: they refuse a request or play a fault; there is no other response to put in place of its own. It is not
//! published which code an expired token has, and for which queues a token is good: here it is `AccessDenied`, and every
//! queue.
//!
//! # Control over HTTP
//!
//! A server answers JSON under `/_emulator/`, to peers on a loopback address and not to pages in a browser (a request has
//! no `Origin`, and its `Host` is `localhost` or an address), unless [`Builder::control_from_anywhere`] allows more. Times
//! are UTC, such as `2026-03-01T12:34:56Z`. If something is wrong, the status is 400, 403, 404, 405 or 413 and the body
//! `{"error": "what"}`.
//!
//! | request | response |
//! | --- | --- |
//! | `GET requests`, `?action=X`, `?limit=N` | `{"count": 2, "requests": [R, ..]}`: the number of matching requests, and the latest of them, oldest first; 1,000 unless limited, at most 10,000 |
//! | `GET dials`, `?called=X`, `?limit=N` | `{"count": 1, "dials": [{"called": "13000000000", "action": "IvrCall", "request_id": "..", "at": ".."}]}` likewise |
//! | `POST rules` with what [`Emulator::add_rules`] reads | 201 `{"ids": [1, 2]}` |
//! | `GET rules` | `{"rules": [{"id": 1, "when": {..}, "matched": 3, "used_up": false}]}` |
//! | `DELETE rules/1`, `DELETE rules` | 204 |
//! | `GET clock` | `{"time": "..", "scale": 1}` |
//! | `POST clock` with `{"advance_seconds": 60}` or `{"set": "2026-03-01T12:34:56Z"}` | the clock, after [`Emulator::advance`] or [`Emulator::set_time`] |
//! | `POST reset` | 204, after [`Emulator::reset`] |
//!
//! R is `{"at": "..", "method": "POST", "action": "IvrCall", "parameters": {"CalledNumber": "13000000000", ..},
//! "request_id": "..", "status": 200, "refusal": null, "warnings": [], "dialled": ["13000000000"], "fault": null}`, with
//! numbers and texts as they were sent; `Signature` and `SecurityToken` are left out.
//!
//! # Bounds of memory
//!
//! A request has at most 10 MiB of body and 10,000 parameters and must arrive within [`Builder::read_timeout`]. The
//! latest 10,000 requests and 200,000 dials are kept, and 1,000,000 nonces. A queue keeps 100,000 messages, and all queues
//! 1,000 keys. JSON adds no rule beyond 10,000. When there is no more room, the oldest entry is evicted.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod account;
mod answer;
mod behaviour;
mod builder;
mod check;
mod control;
mod courier;
mod delivery;
mod dial;
mod emulator;
mod engine;
mod fault;
mod in_process;
mod limit;
mod parameters;
mod queue;
mod queue_endpoint;
mod random;
mod receipt;
mod received;
mod refusal;
mod rule;
mod rule_file;
mod server;
mod service;
#[cfg(test)]
mod specimen;
mod time;
#[cfg(feature = "tls")]
mod tls;
mod verify;

pub use account::{Account, AccountSettings, Members, Problem, ValidRequest};
pub use builder::{Builder, InvalidAddress};
pub use dial::Dial;
pub use emulator::{DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator};
pub use fault::Fault;
pub use in_process::InProcess;
pub use limit::Limits;
pub use queue::UnknownQueue;
pub use random::Random;
pub use receipt::{DueReceipt, ReceiptState, SentReceipt};
pub use received::Received;
pub use rule::{Accepted, Connection, Push, Rule};
pub use rule_file::RulesError;
pub use server::Server;
pub use service::{DuplicateService, EmulatedService};
