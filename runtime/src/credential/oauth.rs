//! Credentials of an OAuth login that the command line tool of Alibaba Cloud left in its profile. The profile is read
//! only: logging in, and renewing a login, which gives it a new refresh token, stay with that tool.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use zeroize::Zeroizing;

use super::temporary::{TemporaryKey, bearer, bought, read_json, refusal};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;

/// A login: what buys temporary keys until it ends.
pub(super) struct OAuth {
    /// Where the login is, if the profile says so.
    pub(super) host: Result<&'static str, String>,
    pub(super) access_token: Option<Zeroizing<String>>,
    pub(super) access_token_expires: Option<SystemTime>,
    /// The temporary key that the tool bought last.
    pub(super) bought: Option<Credentials>,
}

/// The host of a site: where accounts of China or of the rest of the world log in.
pub(super) fn host(site: &str) -> Option<&'static str> {
    const HOSTS: [(&str, &str); 2] = [("CN", "oauth.aliyun.com"), ("INTL", "oauth.alibabacloud.com")];
    HOSTS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(site)).map(|(_, host)| host)
}

impl OAuth {
    async fn buy(&self, context: &Context) -> Result<Credentials, String> {
        const RENEW: &str = "renew it by running any command of aliyun with this profile";
        let host = self.host.as_ref().map_err(Clone::clone)?;
        let token = self.access_token.as_ref().ok_or_else(|| format!("oauth_access_token is missing; {RENEW}"))?;
        if self.access_token_expires.is_none_or(|expires| expires <= context.now()) {
            return Err(format!("the OAuth login and its temporary key have expired; {RENEW}"));
        }
        let token = bearer(token).ok_or_else(|| format!("oauth_access_token is no value of a header; {RENEW}"))?;
        let request = Request::post(format!("https://{host}/v1/exchange"))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, token)
            .body(Bytes::new())
            .map_err(|error| error.to_string())?;
        let at = |why: String| format!("OAuth at {host}: {why}");
        let answer = context.fetch(request, context.timeout()).await.map_err(at)?;
        if answer.status != 200 {
            return Err(at(refusal(&answer)));
        }
        read_json::<TemporaryKey>(answer).and_then(TemporaryKey::credentials).map_err(at)
    }
}

impl CredentialsProvider for OAuth {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        let buy = self.buy(context);
        Box::pin(async { bought(self.bought.as_ref(), context.now(), buy).await.map_err(CredentialsError::new) })
    }
}
