//! Credentials of a `CloudSSO` login that Alibaba Cloud's command line tool stored in its profile. The profile is only
//! read: the tool logs in.

use std::time::SystemTime;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{Request, Uri};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::temporary::{TemporaryKey, bearer, bought, read_json, refusal};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;
use crate::transport::address::{Address, is_loopback};

/// A login, which buys temporary keys until it expires.
pub(super) struct CloudSso {
    /// The URL to buy keys, on the host of the sign-in URL.
    pub(super) exchange: Uri,
    pub(super) account: String,
    pub(super) access_configuration: String,
    pub(super) access_token: Zeroizing<String>,
    pub(super) access_token_expires: SystemTime,
    /// The last temporary key that the tool bought.
    pub(super) bought: Option<Credentials>,
}

/// The URL to buy keys for a login of this sign-in URL.
pub(super) fn exchange(sign_in_url: &str) -> Result<Uri, String> {
    let address = Address::parse(sign_in_url, None)?;
    if address.has_user() {
        return Err("it has a user name; give the URL that the administrator gave".to_owned());
    }
    match address.scheme() {
        "https" => {}
        "http" if is_loopback(address.host()) => {}
        "http" => return Err(format!("{address} is plain HTTP, which would send the login in the clear; use https")),
        _ => return Err("it is not an https URL".to_owned()),
    }
    let mut parts = address.uri().clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::from_static("/cloud-credentials"));
    Uri::from_parts(parts).map_err(|error| error.to_string())
}

impl CloudSso {
    async fn buy(&self, context: &Context) -> Result<Credentials, String> {
        #[derive(Deserialize)]
        struct Bought {
            #[serde(rename = "CloudCredential")]
            key: TemporaryKey,
        }
        if self.access_token_expires <= context.now() {
            return Err("the CloudSSO login has expired; log in again with the aliyun command".to_owned());
        }
        let token = bearer(&self.access_token)
            .ok_or("access_token is no value of a header; log in again with the aliyun command")?;
        let body = json!({ "AccountId": self.account, "AccessConfigurationId": self.access_configuration });
        let request = Request::post(&self.exchange)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, token)
            .body(body.to_string().into())
            .map_err(|error| error.to_string())?;
        let at = |why: String| format!("CloudSSO at {}: {why}", self.exchange.host().unwrap_or_default());
        let answer = context.fetch(request, context.timeout()).await.map_err(at)?;
        if answer.status != 200 {
            return Err(at(refusal(&answer)));
        }
        read_json::<Bought>(answer).and_then(|bought| bought.key.credentials()).map_err(at)
    }
}

impl CredentialsProvider for CloudSso {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(async {
            bought(self.bought.as_ref(), context.now(), self.buy(context)).await.map_err(CredentialsError::new)
        })
    }
}
