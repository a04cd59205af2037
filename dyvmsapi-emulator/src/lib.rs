//! An emulated account of Alibaba Cloud's voice service (Dyvmsapi 2017-05-25), for tests without a network and without
//! ringing anyone.
//!
//! [`emulator`] starts one: the gateway of [`aliyun_emulator`], which checks requests as strictly as the service, with an
//! account behind it that remembers what was requested. Its [`transport`](Emulator::transport) plugs into a client of the
//! same process; [`serve`](Emulator::serve) starts an HTTP server for clients of any language.
//!
//! ```
//! use serde_json::json;
//!
//! let emulator = dyvmsapi_emulator::emulator();
//! // The first call is throttled by the gateway, the second one by the limit for one number.
//! emulator
//!     .on_action("SingleCallByTts")
//!     .fault(dyvmsapi_emulator::Fault::throttled())
//!     .times(1)
//!     .refuse("isv.BUSINESS_LIMIT_CONTROL", "Trigger a flow control")
//!     .times(1)
//!     .reply(json!({ "CallId": "116012354148^102813780000" }));
//! assert_eq!(emulator.dials().len(), 0);
//! emulator.assert_nothing_pending();
//! ```
//!
//! # What has state
//!
//! The operations below answer from the account, by the emulator's clock ([`Builder::clock`], [`Emulator::advance`]). All
//! others answer with the first successful example of their specification. Nothing runs in the background: the outcome of
//! a call is decided when the call is placed, so equal requests at equal times with an equal [`Builder::seed`] have equal
//! answers. [`builder_with`] chooses the initial state, or none.
//!
//! ## Calls to one number
//!
//! `SingleCallByTts`, `SingleCallByVoice`, `SingleCallByVideo`, `IvrCall` and `SmartCall` place a call and return its id.
//! `QueryCallDetailByCallId` returns its state: 200101 (being set up), 200201 (ringing) after two seconds, then 200102
//! (answered), 200100 (over), and the outcome three minutes after the end; the service needs three to five minutes. The
//! response has no `Data` if the id, the product and the day of `QueryDate` do not belong together. `SmartCallOperate`
//! succeeds while a smart call is answered. `CancelCall` and `GetCallProgress` have no state: the operation that the first
//! one cancels does not exist any more, and the second one is not documented.
//!
//! **The last two digits of a number choose the outcome of its calls.** For any other number the outcome is random:
//!
//! | a number ending in | outcome |
//! | --- | --- |
//! | 00 | 200000, answered, and played to the end |
//! | 01 | 200001, answered, and hung up early |
//! | 02 | 200002, busy |
//! | 03 | 200003, no answer within a minute |
//! | 04 | 200004, not in use |
//! | 05 | 200005, unreachable |
//! | 07 | 200007, out of coverage |
//! | 10 | 200010, switched off |
//! | 11 | 200011, suspended |
//! | 12 | 200012, lost |
//!
//! A called number that is not made of digits is answered with `isv.MOBILE_NUMBER_ILLEGAL`, and a caller ID that is
//! neither a number nor an id with `isv.DISPLAY_NUMBER_ILLEGAL`. [`Emulator::assert_nothing_pending`] checks that all
//! calls are over.
//!
//! ## Receipts
//!
//! Calls to one number are reported if a [`Builder::push_receipts`] says where to: each state as a `VoiceCallReport` when it
//! begins, the key that a person presses who hears a call with a menu to its end, and the outcome as a `VoiceReport` one
//! second after the end. A call with `RecordFlag` that was answered has a `VoiceRecordReport`. Calls of tasks are not
//! reported.
//!
//! ## Robot tasks
//!
//! The initial state has three, all completed: `1045001` with 347 calls, `1045002` with 512 and `1045003` with 260, the
//! same in every run. `CreateRobotTask` and `BatchRobotSmartCall` add others. A task that is started reads its numbers for
//! two seconds, and then calls one number per second; it calls again after the outcomes that were requested for that.
//! `StopRobotTask` pauses it, `StartRobotTask` resumes it. A request that the state of the task does not allow is answered
//! with `isv.INVALID_PARAMETERS` and changes nothing, a task that does not exist with `100008.0`; stopping, ending or
//! cancelling a second time is not a failure. The documentation names no codes for these cases, so they are the closest
//! ones of the service's table.
//!
//! `QueryRobotTaskList`, `QueryRobotTaskDetail`, `QueryRobotTaskCallList`, `QueryRobotTaskCallDetail` and
//! `QueryCallDetailByTaskId` return them and apply every filter. A call is listed once it is over.
//!
//! ## Call tasks and virtual numbers
//!
//! `CreateCallTask`, `ExecuteCallTask`, `ListCallTask` and `ListCallTaskDetail` work in the same way, without calling
//! again; what their state does not allow is answered with `InvalidParameters`. `AddVirtualNumberRelation` binds numbers,
//! each once, and names those that it could not bind; `QueryVirtualNumberRelation` and
//! `QueryVmsVirtualNumberRelationByPage` list them. The initial state has none of either.
//!
//! A page has the documented default size, and at most 100 records.
//!
//! # Limits
//!
//! With [`Limits::Documented`], more calls to one number than documented are answered with `isv.BUSINESS_LIMIT_CONTROL`.
//! Calls with the same caller ID are counted together, whatever became of them. Call tasks pause from 12:00 to 14:00 and
//! from 21:00 to 9:00 in China.
//!
//! # Bounds of memory
//!
//! The account keeps the latest 100,000 calls to one number, the latest 1,000 robot tasks with 1,000,000 numbers in all,
//! the latest 1,000 call tasks, and 10,000 bound numbers. Limits count the 100,000 numbers that were called last. When
//! there is no more room, the oldest entry is evicted.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking"))]

mod account;
mod arguments;
mod call;
mod life;
mod limit;
mod number;
mod pending;
mod robot;
mod run;
mod task;
mod time;

use std::sync::{Arc, LazyLock};

use aliyun_api_spec::model::Service;
pub use aliyun_emulator::{
    Accepted, Builder, Connection, DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Dial, DuplicateService, EmulatedService,
    Emulator, Fault, InProcess, InvalidAddress, Limits, Push, ReceiptState, Received, Rule, RulesError, SentReceipt,
    Server,
};

use crate::account::VoiceAccount;

/// The specification, shared by all emulators: it is large.
static SPECIFICATION: LazyLock<Arc<Service>> = LazyLock::new(|| Arc::new(aliyun_api_spec::dyvmsapi().clone()));

/// The initial state of the account, and whether it remembers anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum State {
    /// Three completed robot tasks with their calls, and everything that requests add.
    #[default]
    Sample,
    /// Nothing at first, and everything that requests add.
    Empty,
    /// Nothing at any time: each operation answers with the first successful example of its specification.
    Examples,
}

/// An emulator of the voice service, with [`State::Sample`], the default key and the system's clock.
#[must_use]
pub fn emulator() -> Emulator {
    builder().build()
}

/// Sets up an emulator of the voice service, with [`State::Sample`].
pub fn builder() -> Builder {
    builder_with(State::default())
}

/// Sets up an emulator of the voice service with this initial state.
pub fn builder_with(state: State) -> Builder {
    Emulator::builder(service(state))
}

/// The voice service, to be added to an emulator of several services with [`Builder::service`].
#[must_use]
pub fn service(state: State) -> EmulatedService {
    EmulatedService::new(Arc::clone(&SPECIFICATION))
        .account(move |settings| Box::new(VoiceAccount::new(state, settings.seed, settings.limits)))
}
