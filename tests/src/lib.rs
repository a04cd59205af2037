//! Tests that cross packages: see `tests/`. Here stands a transport that answers what a test says.
//!
//! A client takes the operations of its own service:
//!
//! ```
//! aliyun_codegen_macros::client!("services/specimens", operations = [Ring]);
//!
//! fn call(client: &Client) {
//!     let _call = client.send(shapes::Ring::new("13000000000"));
//! }
//! # fn main() {}
//! ```
//!
//! and of no other, which the compiler says:
//!
//! ```compile_fail,E0271
//! aliyun_codegen_macros::client!("services/specimens", operations = [Ring]);
//!
//! fn call(client: &dyvmsapi::Client) {
//!     let _call = client.send(shapes::Ring::new("13000000000"));
//! }
//! # fn main() {}
//! ```
//!
//! A service that is not embedded is refused; `tests/macro_ui.rs` reads what the macro says:
//!
//! ```
//! aliyun_codegen_macros::client!(dyvmsapi, operations = [QueryRobotTaskCallList]);
//! # fn main() {}
//! ```
//!
//! ```compile_fail
//! aliyun_codegen_macros::client!(dysmsapi, operations = [QueryRobotTaskCallList]);
//! # fn main() {}
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use aliyun_runtime::http::{HeaderMap, Request};
use aliyun_runtime::{BoxFuture, Bytes, Ending, HttpResponse, Transport, TransportError};

// One of everything that the dialect can say: the examples in its documentation are compiled with those of this crate.
aliyun_codegen_macros::client!("services/specimens");

/// The code of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// The code of the Chinese README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.zh-CN.md")]
pub struct ReadmeInChinese;

/// The code of docs/testing.md, run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
pub struct Guide;

/// The code of docs/reliability.md, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../docs/reliability.md")]
pub struct Reliability;

/// The code of docs/receipts.md, run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/receipts.md")]
pub struct Receipts;

/// The code of the README of aliyun-api-spec, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../api-spec/README.md")]
pub struct ReadmeOfAliyunApiSpec;

/// The code of the README of aliyun-codegen, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../codegen/README.md")]
pub struct ReadmeOfAliyunCodegen;

/// The code of the README of aliyun-codegen-macros, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../codegen/macros/README.md")]
pub struct ReadmeOfAliyunCodegenMacros;

/// The code of the README of aliyun-runtime, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../runtime/README.md")]
pub struct ReadmeOfAliyunRuntime;

/// The code of the README of dyvmsapi, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../dyvmsapi/README.md")]
pub struct ReadmeOfDyvmsapi;

/// The code of the README of aliyun-emulator, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../emulator/README.md")]
pub struct ReadmeOfAliyunEmulator;

/// The code of the README of dyvmsapi-emulator, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../dyvmsapi-emulator/README.md")]
pub struct ReadmeOfDyvmsapiEmulator;

/// Answers requests with prepared answers, in order, and keeps what was sent.
#[derive(Clone, Default)]
pub struct Canned(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: VecDeque<Result<HttpResponse, TransportError>>,
    requests: Vec<Request<Bytes>>,
}

impl Canned {
    /// One answer with status 200.
    #[must_use]
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::default().then(200, body)
    }

    /// A further answer.
    #[must_use]
    pub fn then(self, status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = Bytes::from(body.into());
        self.then_answer(Ok(HttpResponse::new(status, HeaderMap::new(), body)))
    }

    /// A further answer or failure, in full.
    #[must_use]
    pub fn then_answer(self, answer: Result<HttpResponse, TransportError>) -> Self {
        self.state().answers.push_back(answer);
        self
    }

    /// Bodies of the requests that were sent.
    #[must_use]
    pub fn bodies(&self) -> Vec<String> {
        let state = self.state();
        state.requests.iter().map(|request| String::from_utf8_lossy(request.body()).into_owned()).collect()
    }

    /// The requests that were sent.
    #[must_use]
    pub fn requests(&self) -> Vec<Request<Bytes>> {
        self.state().requests.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Canned {
    fn send(&self, request: Request<Bytes>, body_limit: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let mut state = self.state();
        state.requests.push(request);
        let answer = state.answers.pop_front();
        drop(state);
        Box::pin(async move {
            match answer {
                Some(Ok(mut answer)) if answer.body.len() > body_limit => {
                    answer.body.truncate(body_limit);
                    answer.ending = Ending::TooLong;
                    Ok(answer)
                }
                Some(answer) => answer,
                // A test that waits for a timeout prepares no answer.
                None => std::future::pending().await,
            }
        })
    }
}

/// An error and its causes, as the printer of an error chain shows them.
pub fn chain(error: &aliyun_runtime::Error) -> String {
    let mut chain = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}
