//! The access keys that the emulator knows.

use std::collections::HashMap;
use std::time::SystemTime;

use aliyun_protocol::{Parameters, parameter, v1, v3};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::Sha256;

use crate::refusal::Refusal;

/// Access keys by id.
#[derive(Clone, Default)]
pub(crate) struct Keys(HashMap<String, Key>);

#[derive(Clone)]
struct Key {
    secret: Secret,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Permanent,
    Inactive,
    Temporary { token: String, expires: SystemTime },
}

/// A secret prepared for checking: the key blocks of both signatures are hashed once.
#[derive(Clone)]
pub(crate) struct Secret {
    v1: Option<Hmac<Sha1>>,
    v3: Option<Hmac<Sha256>>,
}

impl Secret {
    fn new(secret: &str) -> Self {
        // HMAC takes keys of every length, so both are always `Some`.
        let v1 = Hmac::new_from_slice(&[secret.as_bytes(), v1::SECRET_END].concat()).ok();
        Self { v1, v3: Hmac::new_from_slice(secret.as_bytes()).ok() }
    }

    /// Whether it made a V1 signature of parameters. This sorts them.
    pub(super) fn signed_v1(&self, method: &str, parameters: &mut Parameters, signature: &str) -> bool {
        let Some(mut mac) = self.v1.clone() else { return false };
        v1::string_to_sign_pieces(method, parameters, |piece| mac.update(piece));
        v1::signature(&mac.finalize().into_bytes().into()).matches(signature.as_bytes())
    }

    /// Whether it made a V3 signature of the request with this hash.
    pub(super) fn signed_v3(&self, request_hash: &v3::Hash, signature: &str) -> bool {
        let Some(mut mac) = self.v3.clone() else { return false };
        v3::string_to_sign_pieces(request_hash, |piece| mac.update(piece));
        v3::signature(&mac.finalize().into_bytes().into()).matches(signature.as_bytes())
    }
}

impl Keys {
    pub(crate) fn permanent(&mut self, id: String, secret: &str) {
        self.insert(id, secret, Kind::Permanent);
    }

    pub(crate) fn inactive(&mut self, id: String, secret: &str) {
        self.insert(id, secret, Kind::Inactive);
    }

    pub(crate) fn temporary(&mut self, id: String, secret: &str, token: String, expires: SystemTime) {
        self.insert(id, secret, Kind::Temporary { token, expires });
    }

    fn insert(&mut self, id: String, secret: &str, kind: Kind) {
        self.0.insert(id, Key { secret: Secret::new(secret), kind });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The secret of a key, if it may be used at this time with this token; an empty token means none.
    pub(crate) fn find(&self, id: &str, token: &str, now: SystemTime) -> Result<&Secret, Refusal> {
        let key = self.0.get(id).ok_or_else(Refusal::access_key_not_found)?;
        match &key.kind {
            Kind::Inactive => return Err(Refusal::access_key_inactive()),
            Kind::Permanent if token.is_empty() => {}
            Kind::Temporary { .. } if token.is_empty() => return Err(Refusal::missing(parameter::SECURITY_TOKEN)),
            Kind::Temporary { token: own, expires } if own == token => {
                if now >= *expires {
                    return Err(Refusal::token_expired());
                }
            }
            Kind::Permanent | Kind::Temporary { .. } => {
                let is_of = |key: &Key| matches!(&key.kind, Kind::Temporary { token: other, .. } if other == token);
                let known = self.0.values().any(is_of);
                return Err(if known { Refusal::token_mismatch() } else { Refusal::token_malformed() });
            }
        }
        Ok(&key.secret)
    }

    /// The ids, sorted: they may be shown.
    pub(crate) fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.0.keys().map(String::as_str).collect();
        ids.sort_unstable();
        ids
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_key_is_found_with_its_token_until_it_expires() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut keys = Keys::default();
        keys.permanent("lasting".to_owned(), "s");
        keys.inactive("off".to_owned(), "s");
        keys.temporary("one".to_owned(), "s", "token-1".to_owned(), at(10));
        keys.temporary("two".to_owned(), "s", "token-2".to_owned(), at(20));
        assert_eq!(keys.ids(), ["lasting", "off", "one", "two"]);
        let code = |id, token, seconds| keys.find(id, token, at(seconds)).err().map(|refusal| refusal.code);
        for (id, token, seconds, expected) in [
            ("lasting", "", 0, None),
            ("lasting", "token-1", 0, Some("InvalidSecurityToken.MismatchWithAccessKey")),
            ("lasting", "nonsense", 0, Some("InvalidSecurityToken.Malformed")),
            ("nobody", "token-1", 0, Some("InvalidAccessKeyId.NotFound")),
            ("off", "", 0, Some("InvalidAccessKeyId.Inactive")),
            ("one", "", 0, Some("MissingSecurityToken")),
            ("one", "token-1", 9, None),
            ("one", "token-1", 10, Some("InvalidSecurityToken.Expired")),
            ("one", "token-2", 9, Some("InvalidSecurityToken.MismatchWithAccessKey")),
            ("one", "nonsense", 9, Some("InvalidSecurityToken.Malformed")),
            ("two", "token-2", 19, None),
        ] {
            assert_eq!(code(id, token, seconds).as_deref(), expected, "{id} {token} {seconds}");
        }
    }
}
