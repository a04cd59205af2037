//! The access keys that the emulator knows.

use std::collections::HashMap;
use std::time::SystemTime;

use aliyun_protocol::parameter;
use aliyun_runtime::sign::SigningKey;

use crate::refuse::Refusal;

/// Access keys by id.
#[derive(Clone, Default)]
pub(crate) struct Keys(HashMap<String, Key>);

#[derive(Clone)]
struct Key {
    signing: SigningKey,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Permanent,
    Inactive,
    Temporary { token: String, expires: SystemTime },
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
        self.0.insert(id, Key { signing: SigningKey::new(secret), kind });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a key signs with, where it may be used at this time with this token; an empty token is none.
    pub(crate) fn find(&self, id: &str, token: &str, now: SystemTime) -> Result<&SigningKey, Refusal> {
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
        Ok(&key.signing)
    }

    /// The ids, sorted: what may be shown.
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
