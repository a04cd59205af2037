//! Credentials of a `CloudSSO` login that the command line tool of Alibaba Cloud left in its profile. The profile is read
//! only: logging in stays with that tool.

use std::time::SystemTime;

use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::json;
use zeroize::Zeroizing;

use super::temporary::{TemporaryKey, bearer, bought, read_json, refusal};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::address::{Address, is_loopback};
use crate::transport::BoxFuture;

/// A login: what buys temporary keys until it ends.
pub(super) struct CloudSso {
    pub(super) sign_in_url: String,
    pub(super) account: String,
    pub(super) access_configuration: String,
    pub(super) access_token: Zeroizing<String>,
    pub(super) access_token_expires: SystemTime,
    /// The temporary key that the tool bought last.
    pub(super) bought: Option<Credentials>,
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
        let address = Address::parse(&self.sign_in_url, None)
            .map_err(|reason| format!("cloud_sso_sign_in_url is no https URL: {reason}"))?;
        // A login does not travel in the clear.
        let secure = address.scheme() == "https" || address.scheme() == "http" && is_loopback(address.host());
        let authority = address.uri().authority().filter(|_| secure && !address.has_user());
        let (scheme, authority) = (address.scheme(), authority.ok_or("cloud_sso_sign_in_url is no https URL")?);
        let token = bearer(&self.access_token)
            .ok_or("access_token is no value of a header; log in again with the aliyun command")?;
        let body = json!({ "AccountId": self.account, "AccessConfigurationId": self.access_configuration });
        let request = Request::post(format!("{scheme}://{authority}/cloud-credentials"))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, token)
            .body(body.to_string().into())
            .map_err(|error| error.to_string())?;
        let at = |why: String| format!("CloudSSO at {}: {why}", authority.host());
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
