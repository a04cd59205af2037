//! From the parameters of an operation to the signed HTTP request. Each attempt of a call builds its own request, with
//! its own nonce and time stamp.

mod difference;
pub(crate) mod encode;

use std::borrow::Cow;
use std::io;
use std::time::SystemTime;

use aliyun_protocol::v3::{EMPTY_PAYLOAD, Hash, Header};
use aliyun_protocol::{Method, Parameters, header, parameter, v1, v3};
use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, InvalidHeaderValue, USER_AGENT,
};
use jiff::Timestamp;

use crate::credential::Credentials;
use crate::error::redaction;
use crate::generated::operation::ServiceFacts;
use crate::request::difference::first_difference;
use crate::sign::{NONCE_LENGTH, ProtocolParameters, nonce_text};
use crate::transport::endpoint::Endpoint;

/// The format that responses are asked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// XML, which older gateways answer by default.
    Xml,
}

/// How requests are signed. Both prove the identity of the caller; they differ in where parameters are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Signature {
    /// HMAC-SHA1 over all parameters; Alibaba also calls it version 1.0 and V2. The parameters of a POST are in its
    /// body, so that no phone number is in a URL.
    #[default]
    V1,
    /// ACS3-HMAC-SHA256 over the request: parameters are in the URL, or in the body if they are declared as form
    /// parameters, as Alibaba's own clients send them; the rest is in headers. Servers limit the length of a URL, so V1 is better for a request with many numbers. Responses are JSON.
    V3,
}

/// Settings that all requests of a client share.
pub(crate) struct RequestSettings {
    pub(crate) service: &'static ServiceFacts,
    pub(crate) endpoint: Endpoint,
    /// The region of the client, for parameters that it fills.
    pub(crate) region: Option<String>,
    pub(crate) format: Format,
    pub(crate) signature: Signature,
    pub(crate) user_agent: HeaderValue,
    pub(crate) clock: fn() -> SystemTime,
    /// Makes the nonces of requests. The upper half is also the random number of back-offs.
    pub(crate) nonce: fn() -> u128,
}

/// The time stamp and the nonce of a request, where they are given and not made.
#[derive(Debug, Default)]
pub(crate) struct Stamp {
    pub(crate) time: Option<SystemTime>,
    pub(crate) nonce: Option<String>,
}

impl Stamp {
    /// For requests that are sent: each has its own.
    pub(crate) const NEW: &'static Self = &Self { time: None, nonce: None };

    /// The nonce. A new one is written into `room`, so that it needs no memory of its own.
    fn nonce<'n>(&'n self, settings: &RequestSettings, room: &'n mut [u8; NONCE_LENGTH]) -> &'n [u8] {
        if let Some(given) = &self.nonce {
            return given.as_bytes();
        }
        *room = nonce_text((settings.nonce)());
        room
    }

    fn timestamp(&self, settings: &RequestSettings) -> Timestamp {
        timestamp(self.time.unwrap_or_else(settings.clock))
    }
}

/// What is signed, without the credentials.
pub(crate) struct Unsigned<'a> {
    pub(crate) settings: &'a RequestSettings,
    pub(crate) action: &'a Cow<'static, str>,
    pub(crate) method: Method,
    /// The parameters of the operation. Signing leaves them unchanged, except for the order in which they are visited.
    pub(crate) parameters: &'a mut Parameters,
    pub(crate) stamp: &'a Stamp,
}

/// What was signed, to explain a refused signature.
pub(crate) enum Signed {
    /// The parameters as they were sent, with the signature last.
    V1 { method: Method, encoded: Bytes },
    /// Nothing: the operation needs no signature.
    Nothing,
    /// The hash of the canonical request, and whether it contains a security token.
    V3 { hash: Hash, token: bool },
}

impl Unsigned<'_> {
    /// The request, and what was signed of it.
    pub(crate) fn sign(
        mut self,
        credentials: Option<&Credentials>,
    ) -> Result<(http::Request<Bytes>, Signed), http::Error> {
        let Some(credentials) = credentials else {
            let encoded = self.v1_parameters(None);
            return Ok((self.v1_request(encoded)?, Signed::Nothing));
        };
        match self.settings.signature {
            Signature::V1 => {
                let encoded = self.v1(credentials);
                let signed = Signed::V1 { method: self.method, encoded: encoded.clone() };
                Ok((self.v1_request(encoded)?, signed))
            }
            Signature::V3 => {
                let form = self.split_form();
                let body = form.as_ref().map(|(_, form)| Bytes::copy_from_slice(form.encoded()));
                let (headers, hash) = self.v3(credentials)?;
                let signed = Signed::V3 { hash, token: credentials.security_token().is_some() };
                let query = form.as_ref().map_or(self.parameters.encoded(), |(query, _)| query.encoded());
                Ok((self.v3_request(query, body, headers)?, signed))
            }
        }
    }

    /// The parameters of the operation and of the protocol, with the signature over all of them.
    pub(crate) fn v1(&mut self, credentials: &Credentials) -> Bytes {
        self.v1_parameters(Some(credentials))
    }

    /// The same, without a signature if there are no credentials.
    fn v1_parameters(&mut self, credentials: Option<&Credentials>) -> Bytes {
        let Self { settings, action, method, ref mut parameters, stamp } = *self;
        let mut room = [0; NONCE_LENGTH];
        let own = parameters.encoded().len();
        let protocol = ProtocolParameters {
            method,
            action,
            format: match settings.format {
                Format::Json => "JSON",
                Format::Xml => "XML",
            },
            version: settings.service.version,
            nonce: stamp.nonce(settings, &mut room),
            timestamp: stamp.timestamp(settings),
        };
        protocol.add_to(parameters, credentials.map(Credentials::signer));
        let encoded = Bytes::copy_from_slice(parameters.encoded());
        parameters.truncate(own);
        encoded
    }

    fn v1_request(&self, encoded: Bytes) -> Result<http::Request<Bytes>, http::Error> {
        let accept = HeaderValue::from_static(match self.settings.format {
            Format::Json => "application/json",
            Format::Xml => "text/xml",
        });
        let request = http::Request::builder().header(USER_AGENT, &self.settings.user_agent).header(ACCEPT, accept);
        let request = request.method(self.method.as_str());
        if self.method.has_body() {
            request.uri(self.settings.endpoint.uri(None)?).header(CONTENT_TYPE, FORM).body(encoded)
        } else {
            request.uri(self.settings.endpoint.uri(Some(&encoded))?).body(Bytes::new())
        }
    }

    /// The headers that carry signature V3, and the hash of the canonical request.
    ///
    /// Signed are `host` and `x-acs-*`. Headers that a proxy may change, such as `user-agent`, are not.
    pub(crate) fn v3(&mut self, credentials: &Credentials) -> Result<(SignedHeaders, Hash), http::Error> {
        let settings = self.settings;
        let mut date = [0; DATE_LENGTH];
        // Only years that no service accepts have a date of another length.
        let _ = io::Write::write_fmt(&mut date.as_mut_slice(), format_args!("{:.0}", self.stamp.timestamp(settings)));
        let mut room = [0; NONCE_LENGTH];
        let nonce = self.stamp.nonce(settings, &mut room);

        let mut headers = Vec::with_capacity(10);
        headers.push((HOST, settings.endpoint.host().clone()));
        headers.push((ACTION, shared(self.action.clone())?));
        let mut form = self.split_form();
        let hash_of_form = form.as_ref().map(|(_, form)| v3::payload_hash(form.encoded()));
        let (payload, header) = match &hash_of_form {
            Some(hash) => (hash.as_str(), HeaderValue::from_str(hash.as_str())?),
            None => (EMPTY_PAYLOAD, HeaderValue::from_static(EMPTY_PAYLOAD)),
        };
        headers.push((PAYLOAD, header));
        headers.push((VERSION, shared(Cow::Borrowed(settings.service.version))?));
        if let Some(token) = credentials.security_token() {
            let mut token = HeaderValue::from_str(token)?;
            token.set_sensitive(true);
            headers.push((KEY_ID, HeaderValue::from_str(credentials.access_key_id())?));
            headers.push((TOKEN, token));
        }

        let mut signed: [Header<'_>; 8] = [("", b""); 8];
        let made: [Header<'_>; 2] = [(DATE, &date), (NONCE, nonce)];
        let sent = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        let signed = &mut signed[..headers.len() + made.len()];
        for (place, header) in signed.iter_mut().zip(sent.chain(made)) {
            *place = header;
        }
        let query = form.as_mut().map_or(&mut *self.parameters, |(query, _)| query);
        let hash = v3::request_hash(self.method.as_str(), query, signed, payload);
        let signature = credentials.key().sign_v3_hash(&hash);

        // One buffer has all values that are new in each request.
        let mut text = Vec::with_capacity(AUTHORIZATION_LENGTH + credentials.access_key_id().len());
        text.extend_from_slice(&date);
        text.extend_from_slice(nonce);
        v3::authorization_pieces(credentials.access_key_id(), signed, &signature, |piece| {
            text.extend_from_slice(piece.as_bytes());
        });
        let text = Bytes::from(text);
        headers.push((HeaderName::from_static(DATE), HeaderValue::from_maybe_shared(text.slice(..DATE_LENGTH))?));
        headers.push((
            HeaderName::from_static(NONCE),
            HeaderValue::from_maybe_shared(text.slice(DATE_LENGTH..DATE_LENGTH + nonce.len()))?,
        ));
        let mut authorization = HeaderValue::from_maybe_shared(text.slice(DATE_LENGTH + nonce.len()..))?;
        authorization.set_sensitive(true);
        headers.push((AUTHORIZATION, authorization));
        Ok((headers, hash))
    }

    /// The parameters of the URL and those of the body, if there are form parameters and the request has a body.
    fn split_form(&self) -> Option<(Parameters, Parameters)> {
        self.method.has_body().then(|| self.parameters.split_form()).flatten()
    }

    /// As Alibaba's own clients do: parameters in the URL, and only form parameters in the body.
    fn v3_request(
        &self,
        query: &[u8],
        body: Option<Bytes>,
        headers: SignedHeaders,
    ) -> Result<http::Request<Bytes>, http::Error> {
        let uri = self.settings.endpoint.uri(Some(query))?;
        let request = http::Request::builder().uri(uri).method(self.method.as_str());
        let request = match &body {
            Some(_) => request.header(CONTENT_TYPE, FORM),
            None if self.method.has_body() => request.header(CONTENT_LENGTH, HeaderValue::from_static("0")),
            None => request,
        };
        let accept = HeaderValue::from_static("application/json");
        let request = request.header(USER_AGENT, &self.settings.user_agent).header(ACCEPT, accept);
        let mut request = request.body(body.unwrap_or_default())?;
        request.headers_mut().extend(headers);
        Ok(request)
    }
}

impl Signed {
    /// What was sent, by the names of V1: the parameters, the token and the signature.
    pub(crate) fn sent(&self, parameters: &Parameters, credentials: Option<&Credentials>) -> Vec<(String, String)> {
        match self {
            Self::V1 { encoded, .. } => Parameters::of_encoded(encoded).decoded(),
            Self::Nothing => parameters.decoded(),
            Self::V3 { hash, .. } => {
                let mut sent = parameters.decoded();
                if let Some(credentials) = credentials {
                    let signature = credentials.key().sign_v3_hash(hash);
                    sent.push((parameter::SIGNATURE.to_owned(), signature.as_str().to_owned()));
                    let token = credentials.security_token();
                    sent.extend(token.map(|token| (parameter::SECURITY_TOKEN.to_owned(), token.to_owned())));
                }
                sent
            }
        }
    }

    /// Why a signature was refused, as far as the service's own string to sign shows it. Values of the request are not
    /// shown.
    pub(crate) fn explain(&self, theirs: Option<&str>) -> String {
        match self {
            Self::V1 { method, encoded } => {
                const REFUSED: &str = "signature V1 (HMAC-SHA1) was refused";
                let Some(theirs) = theirs else { return unexplained(REFUSED) };
                let signature = encoded.windows(SIGNATURE.len()).rposition(|window| window == SIGNATURE);
                let mut parameters = Parameters::of_encoded(&encoded[..signature.unwrap_or(encoded.len())]);
                let ours = v1::string_to_sign(method.as_str(), &mut parameters);
                if ours == theirs {
                    wrong_secret(REFUSED)
                } else {
                    format!("{REFUSED}: {}", redaction::line(&redaction::digits(&first_difference(&ours, theirs))))
                }
            }
            Self::Nothing => "the request was sent without a signature, as the operation is specified".to_owned(),
            Self::V3 { hash, token } => {
                const REFUSED: &str = "signature V3 (ACS3-HMAC-SHA256) was refused";
                let hashes = theirs.map(|theirs| theirs.trim_start_matches([' ', '[']).strip_prefix(v3::ALGORITHM));
                let Some(Some(theirs)) = hashes else { return unexplained(REFUSED) };
                if theirs.trim_start().starts_with(hash.as_str()) {
                    return wrong_secret(REFUSED);
                }
                let token = if *token { "x-acs-accesskey-id, x-acs-security-token, " } else { "" };
                format!(
                    "{REFUSED}: the service received another request than was signed, so something on the way, such as \
                     a proxy, changed the method, the path, the query or one of the signed headers host, {token}\
                     x-acs-action, x-acs-content-sha256, x-acs-date, x-acs-signature-nonce, x-acs-version"
                )
            }
        }
    }
}

fn unexplained(refused: &str) -> String {
    format!("{refused}, and the service does not say what it signed")
}

fn wrong_secret(refused: &str) -> String {
    format!(
        "{refused} although both sides signed the same text: the access key secret is not that of the access key id"
    )
}

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Begins the last parameter of a request that is signed by V1.
const SIGNATURE: &[u8] = b"&Signature=";

/// Headers of a request that carry its signature or are signed.
pub(crate) type SignedHeaders = Vec<(HeaderName, HeaderValue)>;

const ACTION: HeaderName = HeaderName::from_static(header::ACTION);
const DATE: &str = header::DATE;
const KEY_ID: HeaderName = HeaderName::from_static(header::ACCESS_KEY_ID);
const NONCE: &str = header::SIGNATURE_NONCE;
const PAYLOAD: HeaderName = HeaderName::from_static(header::CONTENT_SHA256);
const TOKEN: HeaderName = HeaderName::from_static(header::SECURITY_TOKEN);
const VERSION: HeaderName = HeaderName::from_static(header::VERSION);

/// `2026-03-01T12:34:56Z`.
const DATE_LENGTH: usize = 20;
/// Length of the values that are new in each request, without the access key id.
const AUTHORIZATION_LENGTH: usize = 384;

/// A text as the value of a header, without a copy of a constant.
fn shared(text: Cow<'static, str>) -> Result<HeaderValue, InvalidHeaderValue> {
    HeaderValue::from_maybe_shared(match text {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => Bytes::from(text),
    })
}

fn timestamp(time: SystemTime) -> Timestamp {
    // A clock beyond the year 9999 is not supported.
    Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH)
}
