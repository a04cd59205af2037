//! Temporary keys as the services that give them write them.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderValue;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::{Zeroize as _, Zeroizing};

use super::Credentials;
use crate::error::redaction;
use crate::transport::HttpResponse;

/// A temporary key; the same members in answers of the security token service, of ECS and of credentials URIs.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TemporaryKey {
    /// `Success` where the metadata service or a credentials URI answers; the security token service has none.
    code: Option<String>,
    #[serde(alias = "accessKeyId")]
    access_key_id: Option<String>,
    #[serde(alias = "accessKeySecret")]
    access_key_secret: Option<Zeroizing<String>>,
    #[serde(alias = "securityToken")]
    security_token: Option<Zeroizing<String>>,
    #[serde(alias = "expiration")]
    expiration: Option<String>,
}

impl TemporaryKey {
    pub(super) fn credentials(self) -> Result<Credentials, String> {
        if let Some(code) = self.code.filter(|code| code != "Success") {
            return Err(format!("the answer has the code {}", redaction::line(&code)));
        }
        let missing = |member: &str| format!("the answer has no {member}");
        let id = self.access_key_id.filter(|id| !id.is_empty()).ok_or_else(|| missing("AccessKeyId"))?;
        let secret = self.access_key_secret.filter(|it| !it.is_empty()).ok_or_else(|| missing("AccessKeySecret"))?;
        let token = self.security_token.filter(|it| !it.is_empty()).ok_or_else(|| missing("SecurityToken"))?;
        let expiration = self.expiration.ok_or_else(|| missing("Expiration"))?;
        let expiration = time(&expiration).ok_or("the Expiration of the answer is no time")?;
        Ok(Credentials::make(&id, &secret, Some(&token)).expires_at(expiration))
    }
}

/// The key that a login bought last, unless it is about to end; then what `buy` gives, or else the last key as long as
/// it is good.
pub(super) async fn bought(
    last: Option<&Credentials>,
    now: SystemTime,
    buy: impl Future<Output = Result<Credentials, String>>,
) -> Result<Credentials, String> {
    /// As Alibaba's clients have it.
    const STALE: Duration = Duration::from_secs(15 * 60);
    let valid_at = |time: SystemTime| last.filter(|last| last.expiration() > Some(time)).cloned();
    match valid_at(now + STALE) {
        Some(last) => Ok(last),
        None => buy.await.or_else(|why| valid_at(now).ok_or(why)),
    }
}

/// The header that shows the token of a login.
pub(super) fn bearer(token: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// A time such as `2026-03-01T12:34:56Z`.
pub(super) fn time(text: &str) -> Option<SystemTime> {
    text.trim().parse::<Timestamp>().ok().map(SystemTime::from)
}

/// A time in seconds since 1970; 0 stands for none.
pub(super) fn seconds(seconds: i64) -> Option<SystemTime> {
    let seconds = u64::try_from(seconds).ok().filter(|&seconds| seconds > 0)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// The body as JSON, after which it is wiped out as far as it is not shared. What serde says of a value that does not
/// fit quotes it, so only the position is told.
pub(super) fn read_json<T: DeserializeOwned>(answer: HttpResponse) -> Result<T, String> {
    let read =
        serde_json::from_slice(&answer.body).map_err(|error| format!("the answer {}", misfit(&answer.body, &error)));
    wipe(answer.body);
    read
}

/// What is wrong with JSON text, without a word of it.
pub(super) fn misfit(text: &[u8], error: &serde_json::Error) -> String {
    if text.trim_ascii().is_empty() {
        return "is empty".to_owned();
    }
    let what = if error.is_data() { "has a member of another type than expected" } else { "is broken JSON" };
    format!("{what} at line {}, column {}", error.line(), error.column())
}

fn wipe(body: Bytes) {
    if let Ok(mut body) = body.try_into_mut() {
        body.as_mut().zeroize();
    }
}

/// What an answer other than HTTP 200 says of itself: its code and message, if it has them.
pub(super) fn refusal(answer: &HttpResponse) -> String {
    #[derive(Deserialize)]
    struct Refusal {
        #[serde(alias = "code", alias = "ErrorCode", alias = "error", rename = "Code")]
        code: Option<String>,
        #[serde(alias = "message", alias = "ErrorMessage", alias = "error_description", rename = "Message")]
        message: Option<String>,
        #[serde(alias = "requestId", rename = "RequestId")]
        request_id: Option<String>,
    }
    let status = answer.status;
    let read: Option<Refusal> = serde_json::from_slice(&answer.body).ok();
    let Some(Refusal { code: Some(code), message, request_id }) = read else {
        return format!("HTTP {status}");
    };
    let mut text = redaction::line(&code);
    // The string to sign that such a message goes on with holds a security token.
    let message = message.unwrap_or_default();
    let message = message.split("server string").next().unwrap_or_default();
    if !message.trim().is_empty() {
        text.push_str(": ");
        text.push_str(redaction::line(&redaction::digits(message)).trim_end().trim_end_matches('.'));
    }
    match request_id {
        Some(id) => format!("{text} (HTTP {status}, request {})", redaction::line(&id)),
        None => format!("{text} (HTTP {status})"),
    }
}
