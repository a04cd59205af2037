//! Temporary keys from an address that the operator of a machine provides.

use std::fmt;

use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;

use super::process_environment::{ProcessEnvironment, variable};
use super::temporary::{TemporaryKey, read_json, refusal};
use super::{Context, Credentials, CredentialsError, CredentialsProvider};
use crate::transport::BoxFuture;
use crate::transport::address::{Address, shown};

/// A temporary key from a URL: the answer is JSON with `Code` (`Success`, or left out), `AccessKeyId`,
/// `AccessKeySecret`, `SecurityToken` and `Expiration`.
pub struct CredentialsUri(String);

impl CredentialsUri {
    /// The answer to a GET of this URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// That of the variable `ALIBABA_CLOUD_CREDENTIALS_URI`, unless `ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS`.
    pub(super) fn of(environment: &ProcessEnvironment) -> Result<Self, CredentialsError> {
        const PLACE: &str = "a credentials URI";
        let Some(url) = environment.text(variable::CREDENTIALS_URI) else {
            return Err(CredentialsError::absent(PLACE, format!("{} not set", variable::CREDENTIALS_URI)));
        };
        match environment.switch(variable::DISABLE_EXTERNAL_PROCESS) {
            Ok(false) => Ok(Self(url)),
            Ok(true) => {
                let why = format!("switched off by {}", variable::DISABLE_EXTERNAL_PROCESS);
                Err(CredentialsError::absent(PLACE, why))
            }
            Err(why) => Err(CredentialsError::broken(PLACE, why)),
        }
    }

    async fn fetch(&self, context: &Context) -> Result<Credentials, String> {
        let address = Address::parse(&self.0, None)?;
        if !matches!(address.scheme(), "http" | "https") {
            return Err("it is no http or https URL".to_owned());
        }
        let mut request = Request::get(address.uri());
        if let Some(authorization) = address.basic_auth() {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Bytes::new()).map_err(|error| error.to_string())?;
        let answer = context.fetch(request, context.timeout()).await?;
        if answer.status != 200 {
            return Err(refusal(&answer));
        }
        read_json::<TemporaryKey>(answer)?.credentials()
    }
}

impl CredentialsProvider for CredentialsUri {
    fn credentials<'a>(&'a self, context: &'a Context) -> BoxFuture<'a, Result<Credentials, CredentialsError>> {
        Box::pin(async {
            let place = || format!("the credentials URI {}", shown(&self.0, None));
            self.fetch(context).await.map_err(|why| CredentialsError::broken(place(), why))
        })
    }

    fn place(&self) -> Option<String> {
        Some(format!("the credentials URI {}", shown(&self.0, None)))
    }
}

impl fmt::Debug for CredentialsUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CredentialsUri").field(&shown(&self.0, None)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Reply, StandIn, key, ok};
    use super::*;

    async fn fetch(url: &str, reply: Reply) -> Result<Credentials, String> {
        let http = StandIn::new(move |_| reply.clone());
        CredentialsUri::new(url).credentials(&http.context()).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_key_is_read_with_or_without_a_code() {
        let key = key("testid", "2026-03-01T13:34:56Z");
        let with_code = key.replacen('{', r#"{"Code":"Success","#, 1);
        for body in [key, with_code] {
            let read = fetch("http://localhost:1/keys?token=1", ok(body)).await.unwrap();
            assert_eq!((read.access_key_id(), read.security_token()), ("testid", Some("testtoken")));
        }
    }

    #[tokio::test]
    async fn a_response_without_a_key_is_reported_without_the_query() {
        const PLACE: &str = "the credentials URI http://localhost:1/keys";
        let said = async |reply| fetch("http://localhost:1/keys?token=testsecret", reply).await.unwrap_err();
        assert_eq!(said(ok(r#"{"Code":"Failed"}"#)).await, format!("{PLACE}: the answer has the code Failed"));
        assert_eq!(said(ok("{}")).await, format!("{PLACE}: the answer has no AccessKeyId"));
        let expired = r#"{"AccessKeyId":"a","AccessKeySecret":"b","SecurityToken":"c","Expiration":"soon"}"#;
        assert_eq!(said(ok(expired)).await, format!("{PLACE}: the Expiration of the answer is no time"));
        assert_eq!(said(Reply::Body(404, String::new())).await, format!("{PLACE}: HTTP 404"));
        assert_eq!(said(Reply::Body(302, String::new())).await, format!("{PLACE}: HTTP 302"));
        assert_eq!(
            fetch("ftp://localhost/keys", ok("{}")).await.unwrap_err(),
            "the credentials URI ftp://localhost/keys: it is no http or https URL"
        );
    }

    #[tokio::test]
    async fn an_address_that_cannot_be_read_is_not_shown() {
        for (url, why) in [
            ("file:///etc/keys", "it names no host"),
            ("localhost:1/keys", "it does not begin with a scheme, such as https://"),
            ("http://user:testsecret/1@localhost:1/keys", "it has an @ after the host"),
        ] {
            let said = fetch(url, ok("{}")).await.unwrap_err();
            assert!(said.starts_with(&format!("the credentials URI ***: {why}")), "{said}");
        }
    }

    #[tokio::test]
    async fn user_name_and_password_travel_in_a_header() {
        let http = StandIn::new(|_| ok(key("testid", "2026-03-01T13:34:56Z")));
        let uri = CredentialsUri::new("http://Aladdin:open%20sesame@localhost:1/keys");
        uri.credentials(&http.context()).await.unwrap();
        assert_eq!(http.requests(), ["GET http://localhost:1/keys"]);
        assert_eq!(http.header(0, "authorization").unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn debug_shows_no_query_and_no_user() {
        let uri = CredentialsUri::new("http://user:testsecret@localhost:1/keys?token=testsecret");
        assert_eq!(format!("{uri:?}"), r#"CredentialsUri("http://***@localhost:1/keys")"#);
    }
}
