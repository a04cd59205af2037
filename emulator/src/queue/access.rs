//! The temporary keys of queues, and whether a request is signed with one.

use std::time::{Duration, SystemTime};

use aliyun_protocol::mns::{self, Signed};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::request::Parts;
use sha1::Sha1;

use super::Queues;
use super::xml::Failure;
use crate::random;
use crate::time::Moment;

/// A temporary key.
#[derive(Clone)]
pub(super) struct Issued {
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: String,
    pub(super) expires: SystemTime,
}

impl Issued {
    pub(super) fn new(seed: u64, number: u64, expires: SystemTime) -> Self {
        let text = |what: u64| random::request_id(seed.rotate_left(17) ^ what, number);
        Self {
            number,
            id: format!("STS.{}", text(1)),
            secret: format!("queue-secret-{}", text(2)),
            token: format!("queue-token-{}", text(3)),
            expires,
        }
    }

    fn signature(&self, text: &str) -> mns::Signature {
        let mut hmac = [0; 20];
        // HMAC takes keys of every length.
        if let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(self.secret.as_bytes()) {
            mac.update(text.as_bytes());
            hmac = mac.finalize().into_bytes().into();
        }
        mns::signature(&hmac)
    }
}

impl Queues {
    /// Checks version, date, key, token and signature of a request, in this order.
    pub(crate) fn check(&self, parts: &Parts, moment: Moment, window: Duration) -> Result<(), Failure> {
        let header = |name: &str| {
            parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim_ascii).unwrap_or_default()
        };
        if header(mns::VERSION_HEADER) != mns::VERSION {
            return Err(Failure::bad("InvalidArgument", "The header x-mns-version is not 2015-06-06."));
        }
        let date = header(DATE.as_str());
        if date.is_empty() {
            return Err(Failure::bad("MissingDateHeader", "Date header is required."));
        }
        let sent = jiff::fmt::rfc2822::parse(date)
            .map_err(|_| Failure::bad("InvalidDateHeader", "The Date header format is invalid."))?;
        let sent = SystemTime::from(sent.timestamp());
        if moment.stamps.duration_since(sent).unwrap_or_else(|error| error.duration()) > window {
            return Err(Failure::time_expired());
        }
        let authorization = header(AUTHORIZATION.as_str());
        if authorization.is_empty() {
            return Err(Failure::bad("MissingAuthorizationHeader", "Authorization header is required."));
        }
        let (id, signature) = mns::parse_authorization(authorization)
            .ok_or_else(|| Failure::bad("InvalidAuthorizationHeader", "The Authorization header format is invalid."))?;
        let key = self
            .key(id)
            .ok_or_else(|| Failure::forbidden("InvalidAccessKeyId", "The AccessKey Id you provided is not exist."))?;
        // The code of an expired token is not published.
        if header(mns::SECURITY_TOKEN) != key.token {
            return Err(Failure::forbidden("AccessDenied", "The security token does not belong to the AccessKey Id."));
        }
        if moment.now >= key.expires {
            return Err(Failure::forbidden("AccessDenied", "The security token is expired."));
        }
        let signed_headers: Vec<(&str, &str)> = parts
            .headers
            .iter()
            .filter(|(name, _)| name.as_str().starts_with(mns::PREFIX))
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
            .collect();
        let signed = Signed {
            method: parts.method.as_str(),
            content_md5: header(mns::CONTENT_MD5),
            content_type: header(CONTENT_TYPE.as_str()),
            date,
            resource: parts.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str),
        };
        if !key.signature(&mns::string_to_sign(signed, &signed_headers)).matches(signature.as_bytes()) {
            return Err(Failure::forbidden(
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided.",
            ));
        }
        Ok(())
    }
}
