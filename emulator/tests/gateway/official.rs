//! Requests of official clients and of the documentation, byte for byte, whole and broken.

use std::time::{Duration, SystemTime};

use aliyun_emulator::{Builder, Emulator};
use bytes::Bytes;
use http::Request;
use serde_json::Value;

use crate::support::{Reply, send, service_of};

/// A request as it was put on the wire.
#[derive(Clone)]
pub(crate) struct Recorded {
    name: String,
    is_v3: bool,
    secret: String,
    token: Option<String>,
    /// The documentation's algorithm does not accept it.
    pub(crate) refused: bool,
    /// Unknown where only the signature was published.
    string_to_sign: Option<String>,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

const QUARTER: Duration = Duration::from_secs(15 * 60);

impl Recorded {
    pub(crate) fn all() -> Vec<Self> {
        let data: Value = serde_json::from_str(include_str!("../data/official.json")).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let optional = |value: &Value| value.as_str().map(str::to_owned);
        let recorded = |case: &Value| {
            let headers = case["headers"].as_object().unwrap().iter();
            Self {
                name: format!("{} {}", text(&case["scheme"]), text(&case["name"])),
                is_v3: case["scheme"] == "v3",
                secret: text(&case["secret"]),
                token: optional(&case["token"]),
                refused: case["refused"] == true,
                string_to_sign: optional(&case["string_to_sign"]),
                method: text(&case["method"]),
                url: text(&case["url"]),
                headers: headers.map(|(name, value)| (name.to_lowercase(), text(value))).collect(),
                body: text(&case["body"]),
            }
        };
        data.as_array().unwrap().iter().map(recorded).collect()
    }

    fn accepted() -> impl Iterator<Item = Self> {
        Self::all().into_iter().filter(|recorded| !recorded.refused)
    }

    fn header(&self, name: &str) -> String {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .unwrap_or_else(|| panic!("{}: {name}", self.name))
            .1
            .clone()
    }

    /// The encoded value of a parameter of query or body.
    fn parameter(&self, name: &str) -> Option<String> {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = query.split('&').chain(self.body.split('&'));
        pairs.find_map(|pair| Some(pair.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
    }

    /// A part of the protocol by the name of its parameter.
    fn part(&self, name: &'static str) -> String {
        match self.place(name) {
            Place::Header(name) => self.header(name),
            Place::Parameter(name) => self.parameter(name).unwrap().replace("%3A", ":"),
        }
    }

    fn place(&self, name: &'static str) -> Place {
        match name {
            "Action" if self.is_v3 => Place::Header("x-acs-action"),
            "Version" if self.is_v3 => Place::Header("x-acs-version"),
            "Timestamp" if self.is_v3 => Place::Header("x-acs-date"),
            "SignatureNonce" if self.is_v3 => Place::Header("x-acs-signature-nonce"),
            "SecurityToken" if self.is_v3 => Place::Header("x-acs-security-token"),
            "Signature" if self.is_v3 => Place::Header("authorization"),
            "Timestamp" if self.parameter("Timestamp").is_none() => Place::Parameter("TimeStamp"),
            name => Place::Parameter(name),
        }
    }

    /// The same request with another part of the protocol, or without it.
    fn with(&self, name: &'static str, value: Option<&str>) -> Self {
        match self.place(name) {
            Place::Header(name) => self.with_header(name, value),
            Place::Parameter(name) => self.with_parameter(name, value),
        }
    }

    fn with_header(&self, name: &str, value: Option<&str>) -> Self {
        let mut other = self.clone();
        other.headers.retain(|(known, _)| known != name);
        other.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        other
    }

    fn with_parameter(&self, name: &str, value: Option<&str>) -> Self {
        let new = value.map(|value| format!("{name}={value}"));
        let replace = |encoded: &str| {
            let is_it = |pair: &str| pair.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
            let pairs = encoded.split('&').filter_map(|pair| match &new {
                Some(new) if is_it(pair) => Some(new.as_str()),
                None if is_it(pair) => None,
                _ => Some(pair),
            });
            pairs.collect::<Vec<_>>().join("&")
        };
        let mut other = self.clone();
        if let Some((address, query)) = self.url.split_once('?') {
            other.url = format!("{address}?{}", replace(query));
        }
        other.body = replace(&self.body);
        assert!(other.url != self.url || other.body != self.body, "{}: no {name}", self.name);
        other
    }

    fn with_more_query(&self, pair: &str) -> Self {
        let separator = if self.url.contains('?') { '&' } else { '?' };
        Self { url: format!("{}{separator}{pair}", self.url), ..self.clone() }
    }

    fn key_id(&self) -> String {
        if !self.is_v3 {
            return self.parameter("AccessKeyId").unwrap();
        }
        let authorization = self.header("authorization");
        let (_, rest) = authorization.split_once("Credential=").unwrap();
        rest.split_once(',').unwrap().0.to_owned()
    }

    fn sent_at(&self) -> SystemTime {
        self.part("Timestamp").parse::<jiff::Timestamp>().unwrap().into()
    }

    /// Sets up an emulator of the operation that it calls, at the time when it was sent, without a key or a memory.
    fn builder(&self, late: Duration) -> Builder {
        let service = service_of(&self.part("Version"), &self.part("Action"));
        let now = self.sent_at() + late;
        Emulator::builder(service).clock(move || now)
    }

    fn keyed(&self, builder: Builder, secret: &str) -> Emulator {
        let builder = match &self.token {
            Some(token) => builder.temporary_key(self.key_id(), secret, token, self.sent_at() + 4 * QUARTER),
            None => builder.key(self.key_id(), secret),
        };
        builder.build()
    }

    /// An emulator that accepts it.
    pub(crate) fn emulator(&self) -> Emulator {
        self.keyed(self.builder(Duration::ZERO), &self.secret)
    }

    fn request(&self) -> Request<Bytes> {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(self.body.clone().into()).unwrap()
    }

    /// The code of its refusal, in whichever format it comes.
    #[track_caller]
    fn assert_refused(&self, emulator: &Emulator, how: &str, code: &str) -> Reply {
        let reply = send(emulator, self.request());
        let text = reply.text();
        let found = text.contains(&format!("\"Code\":\"{code}\"")) || text.contains(&format!("<Code>{code}</Code>"));
        assert!(found && reply.status() >= 400, "{} {how}: no {code} in {text}", self.name);
        assert_eq!(emulator.requests().last().unwrap().refusal(), Some(code));
        reply
    }
}

#[derive(Clone, Copy)]
enum Place {
    Header(&'static str),
    Parameter(&'static str),
}

#[test]
fn accepts_requests_of_official_clients_once() {
    assert_eq!(Recorded::accepted().count(), 57);
    for recorded in Recorded::accepted() {
        let emulator = recorded.emulator();
        let reply = send(&emulator, recorded.request());
        assert_eq!(reply.status(), 200, "{}: {}", recorded.name, reply.text());
        let received = emulator.requests().pop().unwrap();
        assert_eq!((received.action(), received.refusal()), (Some(recorded.part("Action").as_str()), None));
        recorded.assert_refused(&emulator, "again", "SignatureNonceUsed");
    }
}

#[test]
fn refuses_a_request_of_an_official_client_that_is_signed_otherwise() {
    let all = Recorded::all();
    let refused: Vec<_> = all.iter().filter(|recorded| recorded.refused).collect();
    assert_eq!(refused.len(), 1);
    for recorded in refused {
        let reply = recorded.assert_refused(&recorded.emulator(), "", "SignatureDoesNotMatch");
        assert!(reply.member("Message").ends_with(recorded.string_to_sign.as_deref().unwrap()));
    }
}

#[test]
fn refuses_each_of_them_broken_in_ten_ways() {
    for recorded in Recorded::accepted() {
        let emulator = recorded.emulator();
        let ways = [
            (recorded.with("Version", Some("1999-01-01")), "InvalidVersion"),
            (recorded.with("Action", Some("Nothing")), "InvalidApi.NotFound"),
            (recorded.with("Action", None), "MissingAction"),
            (recorded.with("Timestamp", Some("now")), "InvalidTimeStamp.Format"),
            (recorded.with("SignatureNonce", Some("another")), "SignatureDoesNotMatch"),
            (
                recorded.with("SignatureNonce", None),
                if recorded.is_v3 { "MissingParameter" } else { "MissingSignatureNonce" },
            ),
            (Recorded { method: "PUT".to_owned(), ..recorded.clone() }, "UnsupportedHTTPMethod"),
            (recorded.with_more_query("More=1"), "SignatureDoesNotMatch"),
            (recorded.with_more_query("More=%9"), "InvalidParameter"),
            (recorded.with_more_query("More=1&More=1"), "InvalidParameter"),
            (recorded.with("Signature", None), if recorded.is_v3 { "IncompleteSignature" } else { "MissingSignature" }),
        ];
        for (index, (broken, code)) in ways.iter().enumerate() {
            broken.assert_refused(&emulator, &format!("way {index}"), code);
        }
        // None of that used up the nonce.
        assert_eq!(send(&emulator, recorded.request()).status(), 200, "{}", recorded.name);
    }
}

#[test]
fn refuses_each_of_them_with_another_key_and_at_another_time() {
    for recorded in Recorded::accepted() {
        let now = Duration::ZERO;
        let second = Duration::from_secs(1);
        let id = recorded.key_id();
        let far = recorded.sent_at() + 4 * QUARTER;
        let emulators = [
            (recorded.keyed(recorded.builder(now), "another"), "SignatureDoesNotMatch"),
            (recorded.builder(now).key("someone", &recorded.secret).build(), "InvalidAccessKeyId.NotFound"),
            (recorded.builder(now).inactive_key(&id, &recorded.secret).build(), "InvalidAccessKeyId.Inactive"),
            (recorded.keyed(recorded.builder(QUARTER + second), &recorded.secret), "InvalidTimeStamp.Expired"),
            match recorded.token {
                Some(_) => (
                    recorded.builder(now).temporary_key(&id, &recorded.secret, "another", far).build(),
                    "InvalidSecurityToken.Malformed",
                ),
                None => (
                    recorded.builder(now).temporary_key(&id, &recorded.secret, "token", far).build(),
                    "MissingSecurityToken",
                ),
            },
        ];
        for (emulator, code) in emulators {
            recorded.assert_refused(&emulator, "with another emulator", code);
        }
        let Some(token) = &recorded.token else { continue };
        recorded.with("SecurityToken", None).assert_refused(&recorded.emulator(), "tokenless", "MissingSecurityToken");
        let theirs = recorded.builder(now).key(&id, &recorded.secret).temporary_key("they", "s", token, far).build();
        recorded.assert_refused(&theirs, "theirs", "InvalidSecurityToken.MismatchWithAccessKey");
        let expired = recorded.builder(now).temporary_key(&id, &recorded.secret, token, recorded.sent_at()).build();
        recorded.assert_refused(&expired, "expired", "InvalidSecurityToken.Expired");
    }
}

#[test]
fn refuses_v3_requests_whose_headers_or_body_are_not_those_that_were_signed() {
    let v3: Vec<Recorded> = Recorded::accepted().filter(|recorded| recorded.is_v3).collect();
    assert_eq!(v3.len(), 28);
    for recorded in v3 {
        let emulator = recorded.emulator();
        let authorization = recorded.header("authorization");
        let other = |piece: &str, with: &str| {
            let changed = authorization.replacen(piece, with, 1);
            assert_ne!(changed, authorization, "{}: {piece}", recorded.name);
            recorded.with_header("authorization", Some(&changed))
        };
        let hash_of_a = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
        let ways = [
            (other(",Signature=", ",Signature=0"), "SignatureDoesNotMatch"),
            (other("host;", ""), "IncompleteSignature"),
            (other("x-acs-date;", ""), "IncompleteSignature"),
            (other("host;", "host;host;"), "IncompleteSignature"),
            (other("x-acs-action;x-acs-content-sha256", "x-acs-content-sha256;x-acs-action"), "IncompleteSignature"),
            (other("Credential=", "Credential:"), "IncompleteSignature"),
            (other("ACS3-HMAC-SHA256", "ACS3-HMAC-SM3"), "InvalidSignatureMethod"),
            (recorded.with_header("x-acs-more", Some("1")), "IncompleteSignature"),
            (recorded.with_header("x-acs-content-sha256", Some(hash_of_a)), "SignatureDoesNotMatch"),
            (recorded.with_header("x-acs-content-sha256", None), "MissingParameter"),
            (recorded.with_header("x-acs-version", Some("")), "MissingVersion"),
            (recorded.with_header("x-acs-bearer-token", Some("token")), "InvalidSignatureType"),
            (recorded.with_header("host", Some("other.example.com")), "SignatureDoesNotMatch"),
            (Recorded { body: format!("{}a", recorded.body), ..recorded.clone() }, "SignatureDoesNotMatch"),
        ];
        for (index, (broken, code)) in ways.iter().enumerate() {
            broken.assert_refused(&emulator, &format!("way {index}"), code);
        }
    }
}

#[test]
fn shows_the_string_that_the_client_signed_where_only_the_signature_is_wrong() {
    for recorded in Recorded::accepted() {
        let Some(string_to_sign) = &recorded.string_to_sign else { continue };
        // A client that signed the names as they are signed another string.
        if recorded.name == "v3 q-v3-names" {
            continue;
        }
        let emulator = recorded.keyed(recorded.builder(Duration::ZERO), "another");
        let reply = recorded.assert_refused(&emulator, "signed with another secret", "SignatureDoesNotMatch");
        let message = if reply.text().starts_with('{') { reply.member("Message") } else { continue };
        if recorded.is_v3 {
            let official = format!(
                "Specified signature does not match our calculation. server StringToSign is [{string_to_sign}]"
            );
            assert!(message.starts_with(&official), "{}: {message}", recorded.name);
        } else {
            let official = "Specified signature is not matched with our calculation. server string to sign is:";
            assert_eq!(message, format!("{official}{string_to_sign}"), "{}", recorded.name);
        }
    }
}
