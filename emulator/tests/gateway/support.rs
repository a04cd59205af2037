//! Requests assembled by hand, and answers taken apart.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use aliyun_api_spec::model::Service;
use aliyun_emulator::{Builder, DEFAULT_KEY_ID, DEFAULT_KEY_SECRET, Emulator};
use aliyun_protocol::{Parameters, v3};
use aliyun_runtime::testing::SigningKey;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Request, Response};
use serde_json::Value;

/// 2026-03-01T12:34:56Z, when the official clients' requests were recorded.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_368_496)
}

/// The specification of the voice service, without its account: each operation answers with its example.
pub(crate) fn builder() -> Builder {
    static SERVICE: LazyLock<Arc<Service>> = LazyLock::new(|| Arc::new(aliyun_api_spec::dyvmsapi().clone()));
    Emulator::builder(Arc::clone(&SERVICE)).clock(now)
}

pub(crate) fn emulator() -> Emulator {
    builder().build()
}

/// A service with one operation, which takes any parameters. Cloning the voice service for each request takes longer
/// than everything that is tested with it.
pub(crate) fn service_of(version: &str, action: &str) -> Service {
    static EMPTY: LazyLock<Service> = LazyLock::new(|| {
        let mut service = aliyun_api_spec::dyvmsapi().clone();
        service.operations.retain(|operation| operation.action == "QueryRobotTaskCallList");
        service.types.clear();
        service.operations[0].parameters.clear();
        service.operations[0].examples.clear();
        service
    });
    let mut service = EMPTY.clone();
    version.clone_into(&mut service.version);
    action.clone_into(&mut service.operations[0].action);
    service
}

/// A call to be signed and sent in one way or another.
#[derive(Clone)]
pub(crate) struct Call {
    pairs: Vec<(String, String)>,
    pub(crate) method: &'static str,
    pub(crate) secret: &'static str,
}

impl Call {
    /// `QueryRobotTaskCallList` with everything that the protocol asks for.
    pub(crate) fn new() -> Self {
        let call = Self { pairs: Vec::new(), method: "POST", secret: DEFAULT_KEY_SECRET };
        call.set("Action", "QueryRobotTaskCallList")
            .set("Version", "2017-05-25")
            .set("Format", "JSON")
            .set("AccessKeyId", DEFAULT_KEY_ID)
            .set("SignatureMethod", "HMAC-SHA1")
            .set("SignatureVersion", "1.0")
            .set("SignatureNonce", "nonce")
            .set("Timestamp", "2026-03-01T12:34:56Z")
    }

    /// Adds a parameter or replaces it.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.pairs.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.pairs.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn secret(mut self, secret: &'static str) -> Self {
        self.secret = secret;
        self
    }

    /// All parameters with their signature, encoded; the signature comes last.
    pub(crate) fn encoded(&self) -> String {
        let mut parameters = Parameters::default();
        for (name, value) in &self.pairs {
            parameters.push(name, value);
        }
        let signature = SigningKey::new(self.secret).sign_v1(self.method, &mut parameters);
        parameters.push("Signature", signature.as_str());
        str::from_utf8(parameters.encoded()).unwrap().to_owned()
    }

    pub(crate) fn in_query(&self) -> Request<Bytes> {
        request(self.method, &format!("/?{}", self.encoded()), "")
    }

    pub(crate) fn in_form(&self) -> Request<Bytes> {
        request(self.method, "/", &self.encoded())
    }

    /// Sends it as a form to an emulator.
    pub(crate) fn to(&self, emulator: &Emulator) -> Reply {
        send(emulator, self.in_form())
    }
}

/// A call of `QueryRobotTaskCallList` and the headers it signs.
#[derive(Clone)]
pub(crate) struct SignedCall {
    method: &'static str,
    query: Vec<(&'static str, &'static str)>,
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
    wire: Option<(&'static str, &'static str)>,
    authorization: fn(&str) -> String,
}

impl SignedCall {
    pub(crate) fn new() -> Self {
        let headers = vec![
            ("host", "dyvmsapi.aliyuncs.com"),
            ("x-acs-action", "QueryRobotTaskCallList"),
            ("x-acs-version", "2017-05-25"),
            ("x-acs-date", "2026-03-01T12:34:56Z"),
            ("x-acs-signature-nonce", "nonce"),
        ];
        Self {
            method: "POST",
            query: vec![("TaskId", "1045001"), ("PageSize", "1")],
            headers,
            body: "",
            wire: None,
            authorization: str::to_owned,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds a header in place of what it was.
    pub(crate) fn set_header(self, name: &'static str, value: &'static str) -> Self {
        self.without_header(name).header(name, value)
    }

    /// Writes a part of the query otherwise than it was signed.
    pub(crate) fn wire(mut self, signed: &'static str, written: &'static str) -> Self {
        self.wire = Some((signed, written));
        self
    }

    /// Changes the header `Authorization`.
    pub(crate) fn authorization(mut self, authorization: fn(&str) -> String) -> Self {
        self.authorization = authorization;
        self
    }

    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    pub(crate) fn query(mut self, name: &'static str, value: &'static str) -> Self {
        self.query.push((name, value));
        self
    }

    pub(crate) fn body(mut self, body: &'static str) -> Self {
        self.body = body;
        self
    }

    pub(crate) fn signed(&self) -> Request<Bytes> {
        let mut query = Parameters::default();
        for (name, value) in &self.query {
            query.push(name, value);
        }
        let hash = v3::payload_hash(self.body.as_bytes());
        let mut headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|&(name, value)| (name, value.as_bytes())).collect();
        if !self.headers.iter().any(|(name, _)| *name == "x-acs-content-sha256") {
            headers.push(("x-acs-content-sha256", hash.as_str().as_bytes()));
        }
        let (signed, written) = self.wire.unwrap_or_default();
        let mut uri = format!("/?{}", str::from_utf8(query.encoded()).unwrap());
        if !signed.is_empty() {
            uri = uri.replace(signed, written);
        }
        let mut request = Request::builder().method(self.method).uri(uri);
        for &(name, value) in &headers {
            request = request.header(name, value);
        }
        let signature = SigningKey::new("testsecret").sign_v3(self.method, &mut query, &mut headers, hash.as_str());
        let authorization = (self.authorization)(&v3::authorization("testid", &headers, &signature));
        request.header("authorization", authorization).body(Bytes::from_static(self.body.as_bytes())).unwrap()
    }

    pub(crate) fn to(&self, emulator: &Emulator) -> Reply {
        send(emulator, self.signed())
    }
}

pub(crate) fn request(method: &str, uri: &str, form: &str) -> Request<Bytes> {
    let mut request = Request::builder().method(method).uri(uri).header(HOST, "dyvmsapi.aliyuncs.com");
    if !form.is_empty() {
        request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    request.body(Bytes::copy_from_slice(form.as_bytes())).unwrap()
}

pub(crate) fn send(emulator: &Emulator, request: Request<Bytes>) -> Reply {
    Reply(emulator.answer(request))
}

pub(crate) struct Reply(Response<Bytes>);

impl Reply {
    pub(crate) fn status(&self) -> u16 {
        self.0.status().as_u16()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.0.headers()[name].to_str().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.0.body()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.0.body()).unwrap()
    }

    pub(crate) fn member(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", self.text())).to_owned()
    }

    /// Status, code and message, which is what makes a refusal.
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, code: &str, message: &str) {
        let found = (self.status(), self.member("Code"), self.member("Message"));
        assert_eq!(found, (status, code.to_owned(), message.to_owned()));
    }

    #[track_caller]
    pub(crate) fn assert_accepted(&self) {
        assert_eq!((self.status(), self.member("Code").as_str()), (200, "OK"), "{}", self.text());
    }
}
