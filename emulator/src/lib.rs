//! An embedded stand-in for Alibaba Cloud's RPC gateway: it checks requests as strictly as the service and answers
//! from the specification, without a network and without ringing anyone.
//!
//! An [`Emulator`] has two doors. [`Emulator::transport`] plugs into a client of the same process;
//! [`Emulator::serve`] is an HTTP server for clients of any language:
//!
//! ```
//! # async fn example() -> std::io::Result<()> {
//! use aliyun_emulator::Emulator;
//!
//! let emulator = Emulator::new();
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
//! # What it checks
//!
//! Signatures V1 (HMAC-SHA1, over the parameters of query and form body) and V3 (ACS3-HMAC-SHA256, over method, query,
//! the headers that the request names, and the body), GET and POST; access keys, security tokens and their expiry, time
//! stamp (15 minutes, see [`Builder::time_window`]) and nonce; action and version. It refuses with the codes, HTTP statuses and texts of the service, in JSON or XML as `Format`
//! asks; who asks for nothing gets JSON for V3 and XML for V1. Where the service's own text for a case is not published,
//! the emulator adds a sentence of its own behind the one that is.
//!
//! V3 is held to its letter: `SignedHeaders` names, in order, the host and every `x-acs-` header that is there, and
//! `x-acs-content-sha256` is the hash of the body. The official clients' one deviation is accepted: names of query
//! parameters that are signed unencoded.
//!
//! What it does not know it ignores, as the service does, and tells in [`Received::warnings`]; what no official client
//! can send, such as a parameter that is given twice or broken percent-encoding, it refuses with `InvalidParameter`.
//!
//! ## Parameters
//!
//! Every parameter is held against the specification. The code is `Missing<Name>` where a required one is absent or blank,
//! and `Invalid<Name>` where one does not fit; [`Received::warnings`] then tells the reason, which the service does not.
//!
//! | refused | example |
//! | --- | --- |
//! | an integer in any form but JSON's, or beyond its type | `1.0`, `+1`, ` 1`, `1e3`, `01` |
//! | a number that JSON does not have | `NaN`, `.5` |
//! | a truth value other than `true` and `false`, in any case | `yes`, `1` |
//! | a number, a text or a list beyond its bounds; an item beyond those of its list | `PlayTimes=4` |
//! | a time that is not written as specified | `2026-3-1` |
//! | what is not JSON, or is JSON of another shape: list, object, types of members, required members | `TtsParam=[]` |
//! | JSON in more than 128 levels | |
//! | flattened names that are not numbered from 1 | `MenuKeyMap.0.Key` |
//!
//! An empty value counts as absent. Values outside the known ones of a set are accepted with a warning, and so are unknown
//! members of JSON, and numbers where a map has texts, as in the variables of a template. What the service does with a
//! member of JSON that is given twice, and with `null`, is not known: here the last of two counts, and `null` is absent.
//!
//! ## What clients write differently
//!
//! Beyond what official clients send, the emulator accepts what is known of the service from clients that are written by
//! hand, with a warning: time stamps with milliseconds, `SignatureMethod` in another case, blanks behind the commas of
//! `Authorization`. The old name `TimeStamp` is accepted too, although the service does not take it any more.
//!
//! # What it answers
//!
//! Operations without state answer the first example of their specification that shows a success, under a request id
//! of their own. Those of the following stories remember what was asked and answer from it, true to the time that has
//! passed by the emulator's clock ([`Builder::clock`]). Nothing runs in the background: what will become of a call is
//! decided when it is placed, so equal requests at equal times under an equal [`Builder::seed`] have equal answers.
//! [`Builder::state`] chooses what is there at first, or no state at all.
//!
//! ## Calls to one number
//!
//! `SingleCallByTts`, `SingleCallByVoice`, `SingleCallByVideo`, `IvrCall` and `SmartCall` place a call under an id of
//! its own. `QueryCallDetailByCallId` tells its state: 200101 (being set up), after two seconds 200201 (ringing), then
//! 200102 (answered), 200100 (over), and three minutes after its end the outcome, as the service needs three to five.
//! It has no `Data` where id, product and the day of `QueryDate` do not belong together. `SmartCallOperate` is done
//! while a smart call is answered. `CancelCall` and `GetCallProgress` have no state: the one is for calls of an operation
//! that is no more, and the other is documented nowhere.
//!
//! **The last two digits of a number choose its outcome**; those of any other number are chance:
//!
//! | a number ending in | outcome |
//! | --- | --- |
//! | 00 | 200000, answered, and heard to the end |
//! | 01 | 200001, answered, and hung up early |
//! | 02 | 200002, busy |
//! | 03 | 200003, no answer after a minute |
//! | 04 | 200004, not in use |
//! | 05 | 200005, unreachable |
//! | 07 | 200007, out of coverage |
//! | 10 | 200010, switched off |
//! | 11 | 200011, suspended |
//! | 12 | 200012, lost |
//!
//! A number that is not of digits is answered with `isv.MOBILE_NUMBER_ILLEGAL`, one to be shown that is neither a number
//! nor an id with `isv.DISPLAY_NUMBER_ILLEGAL`. [`Emulator::assert_no_call_pending`] holds once all calls are over.
//!
//! ## Robot tasks
//!
//! There are three at first, all done: `1045001` with 347 calls, `1045002` with 512 and `1045003` with 260, the same in
//! every run. `CreateRobotTask` and `BatchRobotSmartCall` add others. A task that is started reads its numbers for two
//! seconds and then calls one a second, again after the outcomes that it was told. `StopRobotTask` makes it stand
//! still and `StartRobotTask` go on. What its state does not allow is answered with `isv.INVALID_PARAMETERS` and changes
//! nothing, what does not exist with `100008.0`; stopping, ending or calling off a second time is no failure. No page
//! names codes for these, so they are the nearest ones of the service's table.
//!
//! `QueryRobotTaskList`, `QueryRobotTaskDetail`, `QueryRobotTaskCallList`, `QueryRobotTaskCallDetail` and
//! `QueryCallDetailByTaskId` tell of them and honour every filter. A call is listed once it is over.
//!
//! ## Call tasks and virtual numbers
//!
//! `CreateCallTask`, `ExecuteCallTask`, `ListCallTask` and `ListCallTaskDetail` work alike, without calling again, and
//! answer `InvalidParameters`. `AddVirtualNumberRelation` binds numbers, each once, and names those that it could not
//! bind; `QueryVirtualNumberRelation` and `QueryVmsVirtualNumberRelationByPage` list them. Nothing of either is there at
//! first.
//!
//! A page has the size of the documentation unless asked otherwise, and at most 100 records.
//!
//! # What it limits
//!
//! Nothing, unless [`Builder::limits`] is told [`Limits::Documented`].
//!
//! # Rules
//!
//! A test says what is answered, and what goes wrong, with a [`Rule`]: [`Emulator::on`] a typed request,
//! [`Emulator::on_action`] a name, [`Emulator::on_any`] request or [`Emulator::on_connection`]. [`Fault`] lists what can go
//! wrong. [`Emulator::add_rules`] reads rules from JSON.
//!
//! ```
//! use aliyun_emulator::{Emulator, Fault};
//! use serde_json::json;
//!
//! let emulator = Emulator::new();
//! // A phone rings in every tenth call without the client being told.
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
//! # What it saw
//!
//! [`Emulator::requests`] is everything that came, [`Emulator::dials`] every phone that would have rung, and
//! [`Emulator::assert_dialled_once`] what a test of an alarm ends with. Time is the emulator's own:
//! [`Emulator::advance`] moves it. The gateway's clock, against which time stamps are held, goes with that of the clients
//! unless the time was set.
//!
//! # From other languages
//!
//! A server answers JSON under `/_emulator/`, to peers on a loopback address and to no page in a browser (a request has
//! no `Origin`, and its `Host` is `localhost` or an address), unless [`Builder::control_from_anywhere`] says otherwise.
//! Times are UTC as `2026-03-01T12:34:56Z`. Where something is wrong, the status is 400, 403, 404, 405 or 413 and the body
//! `{"error": "what"}`.
//!
//! | request | answer |
//! | --- | --- |
//! | `GET requests`, `?action=X`, `?limit=N` | `{"count": 2, "requests": [R, ..]}`: how many fit, and the latest of them, oldest first, 1,000 unless limited and 10,000 at most |
//! | `GET dials`, `?called=X`, `?limit=N` | `{"count": 1, "dials": [{"called": "13000000000", "action": "IvrCall", "request_id": "..", "at": ".."}]}` likewise |
//! | `POST rules` with what [`Emulator::add_rules`] reads | 201 `{"ids": [1, 2]}` |
//! | `GET rules` | `{"rules": [{"id": 1, "when": {..}, "matched": 3, "used_up": false}]}` |
//! | `DELETE rules/1`, `DELETE rules` | 204 |
//! | `GET clock` | `{"time": "..", "scale": 1}` |
//! | `POST clock` with `{"advance_seconds": 60}` or `{"set": "2026-03-01T12:34:56Z"}` | the clock, after [`Emulator::advance`] or [`Emulator::set_time`] |
//! | `POST reset` | 204, after [`Emulator::reset`] |
//!
//! R is `{"at": "..", "method": "POST", "action": "IvrCall", "parameters": {"CalledNumber": "13000000000", ..},
//! "request_id": "..", "status": 200, "refusal": null, "warnings": [], "dialled": ["13000000000"], "fault": null}`: numbers and texts
//! stand there as they came; `Signature` and `SecurityToken` are left out.
//!
//! # What it bounds
//!
//! A request has at most 10 MiB of body and 10,000 parameters and must arrive within [`Builder::read_timeout`]; the
//! latest 10,000 requests and 200,000 dials are kept. JSON adds no rule beyond 10,000. The latest 100,000 calls to one
//! number are kept, the latest 1,000 robot tasks with 1,000,000 numbers in all, the latest 1,000 call tasks, and 10,000
//! bound numbers. Limits count the 100,000 numbers that were called last, and 1,000,000 nonces are remembered. Where there
//! is no more room, the oldest entry is evicted.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod answer;
mod behaviour;
mod builder;
mod check;
mod control;
mod delivery;
mod dial;
mod door;
mod emulator;
mod engine;
mod fault;
mod random;
mod received;
mod refuse;
mod rule;
mod rule_file;
mod server;
#[cfg(test)]
mod specimen;
mod state;
mod time;
#[cfg(feature = "tls")]
mod tls;
mod verify;
mod wire;

pub use builder::Builder;
pub use dial::Dial;
pub use door::InProcess;
pub use emulator::{DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator};
pub use fault::Fault;
pub use received::Received;
pub use rule::{Accepted, Connection, Rule};
pub use rule_file::RulesError;
pub use server::Server;
pub use state::State;
pub use state::limit::Limits;
