//! A stand-in for HTTP, and time that tests move.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Request};
use tokio::time::Instant;

use super::Context;
use crate::transport::{BoxFuture, Ending, HttpAnswer, Sent, Transport, TransportError};

/// What the stand-in does with a request.
#[derive(Clone)]
pub(super) enum Reply {
    Body(u16, String),
    Unreachable,
    Silent,
}

/// `200 OK` with this body.
pub(super) fn ok(body: impl Into<String>) -> Reply {
    Reply::Body(200, body.into())
}

/// A temporary key as services write it.
pub(super) fn key(id: &str, expiration: &str) -> String {
    format!(
        r#"{{"AccessKeyId":"{id}","AccessKeySecret":"testsecret","SecurityToken":"testtoken","Expiration":"{expiration}"}}"#
    )
}

/// The same as an answer of the security token service.
pub(super) fn assumed(id: &str) -> Reply {
    ok(format!(r#"{{"RequestId":"1","Credentials":{}}}"#, key(id, "2026-03-01T13:34:56Z")))
}

type Script = dyn Fn(&Request<Bytes>) -> Reply + Send + Sync;

/// Answers each request by a script, and records it.
#[derive(Clone)]
pub(super) struct StandIn {
    script: Arc<Script>,
    seen: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl StandIn {
    pub(super) fn new(script: impl Fn(&Request<Bytes>) -> Reply + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), seen: Arc::default() }
    }

    /// Nothing is reachable.
    pub(super) fn nowhere() -> Self {
        Self::new(|_| Reply::Unreachable)
    }

    pub(super) fn context(&self) -> Context {
        Context::of(Arc::new(self.clone()), clock, || 0x2a, Duration::from_secs(10))
    }

    /// `METHOD url` of each request so far.
    pub(super) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|request| format!("{} {}", request.method(), request.uri())).collect()
    }

    pub(super) fn header(&self, index: usize, name: &str) -> Option<String> {
        let seen = self.seen.lock().unwrap();
        seen[index].headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    /// The fields of a form, decoded, in the order sent.
    pub(super) fn form(&self, index: usize) -> Vec<(String, String)> {
        form_urlencoded::parse(self.seen.lock().unwrap()[index].body()).into_owned().collect()
    }

    pub(super) fn body(&self, index: usize) -> String {
        String::from_utf8(self.seen.lock().unwrap()[index].body().to_vec()).unwrap()
    }
}

impl Transport for StandIn {
    fn send(&self, request: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<HttpAnswer, TransportError>> {
        let reply = (self.script)(&request);
        self.seen.lock().unwrap().push(request);
        Box::pin(async move {
            match reply {
                Reply::Body(status, body) => {
                    Ok(HttpAnswer { status, headers: HeaderMap::new(), body: body.into(), ending: Ending::Complete })
                }
                Reply::Unreachable => Err(TransportError { sent: Sent::No, source: "connection refused".into() }),
                Reply::Silent => std::future::pending().await,
            }
        })
    }
}

/// 2026-03-01T12:34:56Z, and from then on what tokio's paused clock shows.
pub(super) fn clock() -> SystemTime {
    thread_local! {
        static START: OnceCell<Instant> = const { OnceCell::new() };
    }
    let start = START.with(|start| *start.get_or_init(Instant::now));
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496) + (Instant::now() - start)
}
