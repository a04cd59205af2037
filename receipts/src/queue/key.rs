//! The temporary key of a queue: requested when it is needed, ahead of its expiration, and after it was rejected.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aliyun_protocol::mns;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderValue;
use sha1::Sha1;
use zeroize::Zeroizing;

use super::error::Fault;
use crate::dybaseapi::Client;
use crate::dybaseapi::token::{MessageTokenDTO, QueryTokenForMnsQueue};

/// How long before its expiration a key is replaced.
const AHEAD: Duration = Duration::from_secs(120);

/// How long a key is kept at least, and how long until the next attempt to replace one that is still valid. Without it, a
/// wrong clock would request a key for each poll.
const LEAST: Duration = Duration::from_secs(30);

/// A key of a queue.
pub(super) struct QueueKey {
    id: String,
    token: HeaderValue,
    mac: Hmac<Sha1>,
    expires: Option<SystemTime>,
    used: AtomicBool,
}

impl QueueKey {
    pub(super) fn new(issued: MessageTokenDTO) -> Option<Self> {
        let (id, secret) = (issued.access_key_id?, Zeroizing::new(issued.access_key_secret?));
        let mut token = HeaderValue::try_from(Zeroizing::new(issued.security_token?).as_str()).ok()?;
        token.set_sensitive(true);
        let is_sendable = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic());
        is_sendable.then_some(())?;
        // HMAC takes keys of every length.
        let mac = Hmac::new_from_slice(secret.as_bytes()).ok()?;
        let expires = issued.expire_time.as_deref().and_then(point_in_time);
        Some(Self { id, token, mac, expires, used: AtomicBool::new(false) })
    }

    /// Whether no request was accepted with it before.
    pub(super) fn is_unused(&self) -> bool {
        !self.used.load(Ordering::Relaxed)
    }

    pub(super) fn set_used(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    /// The header with the token.
    pub(super) fn token(&self) -> HeaderValue {
        self.token.clone()
    }

    /// The header `Authorization` for a string to sign.
    pub(super) fn authorization(&self, text: &str) -> Option<HeaderValue> {
        let mut mac = self.mac.clone();
        mac.update(text.as_bytes());
        let signature = mns::signature(&mac.finalize().into_bytes().into());
        let mut value = HeaderValue::try_from(mns::authorization(&self.id, &signature)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    fn is_valid(&self, now: SystemTime) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}

/// Without the key.
impl fmt::Debug for QueueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueKey").field("expires", &self.expires).finish_non_exhaustive()
    }
}

/// A time of the service: wall-clock time in UTC+8.
fn point_in_time(text: &str) -> Option<SystemTime> {
    let local: jiff::civil::DateTime = text.trim().parse().ok()?;
    jiff::tz::offset(8).to_timestamp(local).ok().map(SystemTime::from)
}

/// The current key of a queue.
pub(super) struct Keys {
    client: Client,
    message_type: String,
    queue_name: String,
    held: Mutex<Option<Held>>,
}

#[derive(Clone)]
struct Held {
    key: Arc<QueueKey>,
    /// When it is replaced; `None` if it is not known when it expires.
    due: Option<SystemTime>,
}

impl Held {
    fn new(key: QueueKey, now: SystemTime) -> Self {
        let ahead = key.expires.map(|expires| expires.checked_sub(AHEAD).unwrap_or(SystemTime::UNIX_EPOCH));
        Self { due: ahead.map(|ahead| ahead.max(now.checked_add(LEAST).unwrap_or(now))), key: Arc::new(key) }
    }
}

impl Keys {
    pub(super) fn new(client: Client, message_type: String, queue_name: String) -> Self {
        Self { client, message_type, queue_name, held: Mutex::default() }
    }

    /// The key for the next request.
    pub(super) async fn key(&self, clock: &(dyn Fn() -> SystemTime + Send + Sync)) -> Result<Arc<QueueKey>, Fault> {
        let now = clock();
        let held = self.with_held(|held| held.clone());
        if let Some(held) = held.as_ref().filter(|held| held.due.is_none_or(|due| now < due)) {
            return Ok(Arc::clone(&held.key));
        }
        match self.request().await {
            Ok(key) => {
                let new = Held::new(key, clock());
                let key = Arc::clone(&new.key);
                self.with_held(|held| *held = Some(new));
                Ok(key)
            }
            // There is some time left until the old one expires.
            Err(fault) => match held.filter(|held| held.key.is_valid(clock())) {
                Some(Held { key, .. }) => {
                    let due = clock().checked_add(LEAST);
                    self.with_held(|held| *held = Some(Held { key: Arc::clone(&key), due }));
                    Ok(key)
                }
                None => Err(fault),
            },
        }
    }

    /// Requests a key. If this future is dropped, nothing has changed.
    async fn request(&self) -> Result<QueueKey, Fault> {
        let request = QueryTokenForMnsQueue::new(&*self.message_type).queue_name(&*self.queue_name);
        let response = self.client.send(request).await.map_err(|error| Fault::Key(Box::new(error)))?;
        let key = response.message_token_dto.and_then(QueueKey::new);
        key.ok_or_else(|| Fault::unavailable("the response with its key has no usable key"))
    }

    /// Forgets a key that was not accepted.
    pub(super) fn invalidate(&self, key: &Arc<QueueKey>) {
        self.with_held(|held| {
            if held.as_ref().is_some_and(|held| Arc::ptr_eq(&held.key, key)) {
                *held = None;
            }
        });
    }

    fn with_held<T>(&self, work: impl FnOnce(&mut Option<Held>) -> T) -> T {
        work(&mut self.held.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
