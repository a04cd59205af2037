//! A stand-in for HTTP, and time that tests move.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::Instant;

use super::process_environment::ProcessEnvironment;
use super::{Context, Credentials, CredentialsProvider as _, Profile};
use crate::error::Sent;
use crate::transport::{BoxFuture, Ending, HttpResponse, Transport, TransportError};

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
    fn send(&self, request: Request<Bytes>, _: usize) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        let reply = (self.script)(&request);
        self.seen.lock().unwrap().push(request);
        Box::pin(async move {
            match reply {
                Reply::Body(status, body) => {
                    Ok(HttpResponse { status, headers: HeaderMap::new(), body: body.into(), ending: Ending::Complete })
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

/// A home directory, an HTTP server, and variables to find credentials with.
pub(super) struct Home {
    pub(super) folder: TempDir,
    pub(super) http: StandIn,
    variables: Vec<(&'static str, String)>,
}

impl Home {
    pub(super) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            http: StandIn::new(|_| assumed("STS.testid")),
            variables: Vec::new(),
        }
    }

    /// One whose tool has these profiles.
    pub(super) fn tool(profiles: &Value) -> Self {
        let home = Self::new();
        home.write(".aliyun/config.json", &json!({ "current": "default", "profiles": profiles }).to_string());
        home
    }

    /// One whose tool has one profile: a key, and these members.
    pub(super) fn profile(members: &Value) -> Self {
        let mut profile = json!({ "name": "default", "access_key_id": "testid", "access_key_secret": "testsecret" });
        for (name, value) in members.as_object().unwrap() {
            profile[name] = value.clone();
        }
        Self::tool(&json!([profile]))
    }

    pub(super) fn ini(text: &str) -> Self {
        let home = Self::new();
        home.write(".alibabacloud/credentials", text);
        home
    }

    pub(super) fn answering(
        mut self,
        script: impl Fn(&http::Request<bytes::Bytes>) -> Reply + Send + Sync + 'static,
    ) -> Self {
        self.http = StandIn::new(script);
        self
    }

    pub(super) fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.variables.push((variable, value.to_owned()));
        self
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(super) fn environment(&self) -> ProcessEnvironment {
        let variables: Vec<(&str, &str)> = self.variables.iter().map(|(name, it)| (*name, it.as_str())).collect();
        ProcessEnvironment::new(&variables, self.folder.path())
    }

    pub(super) fn named(&self, name: &str) -> Profile {
        Profile::of(&self.environment(), name.to_owned())
    }

    pub(super) async fn get(&self) -> Result<Credentials, String> {
        let error = match self.named("default").credentials(&self.http.context()).await {
            Ok(credentials) => return Ok(credentials),
            Err(error) => error.to_string(),
        };
        for secret in ["testsecret", "testtoken", "testlogin", "testrefresh"] {
            assert!(!error.contains(secret), "{error}");
        }
        Err(error)
    }

    /// What is wrong with the profile `default` of the tool, which begins in the first line.
    pub(super) async fn fault(&self) -> String {
        const PLACE: &str = r#"the CLI profile ~/.aliyun/config.json, profile "default" (line 1): "#;
        let error = self.get().await.unwrap_err();
        error.strip_prefix(PLACE).unwrap_or_else(|| panic!("{error}")).to_owned()
    }

    /// All that can be seen of what the profile `default` leads to: the key or the error, and the requests.
    pub(super) async fn observed(&self) -> String {
        let found = match self.get().await {
            Ok(key) => format!("{} {:?} {:?}", key.access_key_id(), key.security_token(), key.expiration()),
            Err(error) => error,
        };
        let requests = self.http.requests().into_iter().enumerate();
        let requests = requests.map(|(index, request)| {
            format!("{request} {:?} {}", self.http.header(index, "authorization"), self.http.body(index))
        });
        format!("{found}\n{}", requests.collect::<Vec<_>>().join("\n"))
    }

    pub(super) fn sent(&self, name: &str) -> Option<String> {
        self.http.form(0).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}
