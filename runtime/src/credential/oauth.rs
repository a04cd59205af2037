//! Credentials of an OAuth login that Alibaba Cloud's command line tool stored in its profile. The profile is only
//! read: the tool logs in, and renews a login, which changes its refresh token.

use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use zeroize::Zeroizing;

use super::temporary::{TemporaryKey, bearer, bought, read_json, refusal};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;

/// A login, which buys temporary keys until it expires.
pub(super) struct OAuth {
    /// The site of the login, if the profile states it.
    pub(super) host: Result<&'static str, String>,
    pub(super) access_token: Option<Zeroizing<String>>,
    pub(super) access_token_expires: Option<SystemTime>,
    /// The last temporary key that the tool bought.
    pub(super) bought: Option<Credentials>,
}

/// The host of a site: accounts of China or of the rest of the world.
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
