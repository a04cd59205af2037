//! Where a service is reached.

use std::net::IpAddr;

use http::Uri;
use http::uri::{PathAndQuery, Scheme};

use crate::error::Error;

/// A checked endpoint.
#[derive(Clone)]
pub(crate) struct Endpoint(Uri);

impl Endpoint {
    /// Understands `host`, `host:port` and `scheme://host[:port][/]`.
    pub(crate) fn parse(text: &str, plain_http: bool) -> Result<Self, Error> {
        let trimmed = text.trim();
        let refuse = |why: &str| Err(Error::configuration(format!("the endpoint {:?} {why}", shown(trimmed))));
        let with_scheme = if trimmed.contains("://") { trimmed.to_owned() } else { format!("https://{trimmed}") };
        let Ok(uri) = with_scheme.parse::<Uri>() else {
            return refuse("is no host, host:port or URL");
        };
        let Some(host) = uri.host().filter(|host| !host.is_empty()) else {
            return refuse("names no host");
        };
        if uri.path().len() > 1 || uri.query().is_some() {
            return refuse("has a path or a query; give scheme, host and port only");
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return refuse("has a user name; credentials are given apart");
        }
        if uri.scheme() == Some(&Scheme::HTTP) {
            if !plain_http && !is_loopback(host) {
                return refuse(
                    "is plain HTTP, which would send phone numbers in the clear; use https, or allow plain HTTP in the client's settings",
                );
            }
        } else if uri.scheme() != Some(&Scheme::HTTPS) {
            return refuse("has a scheme other than https and http");
        }
        Ok(Self(uri))
    }

    /// Whether it is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        self.0.host().is_some_and(is_loopback)
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.scheme() == "http" { 80 } else { 443 })
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn scheme(&self) -> &str {
        self.0.scheme_str().unwrap_or_default()
    }

    /// The URL of a request, with a query for GET.
    pub(crate) fn uri(&self, query: Option<&[u8]>) -> Result<Uri, http::Error> {
        let Some(query) = query else { return Ok(self.0.clone()) };
        let mut parts = self.0.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from([b"/?", query].concat())?);
        Ok(Uri::from_parts(parts)?)
    }
}

/// An endpoint as far as it may be shown: what stands before an `@` or after a `?` can be a secret.
pub(crate) fn shown(endpoint: &str) -> String {
    let address = endpoint.split('?').next().unwrap_or_default();
    match address.rsplit_once('@') {
        None => address.to_owned(),
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            let separator = if scheme.is_empty() { "" } else { "://" };
            format!("{scheme}{separator}***@{host}")
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, String> {
        Endpoint::parse(text, false).map(|endpoint| format!("{endpoint:?}")).map_err(|error| error.to_string())
    }

    #[test]
    fn hosts_and_urls_are_understood() {
        assert_eq!(parsed("dyvmsapi.aliyuncs.com").unwrap(), "https://dyvmsapi.aliyuncs.com/");
        assert_eq!(parsed("gateway.internal:8443").unwrap(), "https://gateway.internal:8443/");
        assert_eq!(parsed(" http://127.0.0.1:8080/ ").unwrap(), "http://127.0.0.1:8080/");
        assert_eq!(parsed("http://[::1]:8080").unwrap(), "http://[::1]:8080/");
        assert_eq!(parsed("http://localhost").unwrap(), "http://localhost/");
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_the_reason() {
        assert_eq!(
            parsed("http://example.com").unwrap_err(),
            "the endpoint \"http://example.com\" is plain HTTP, which would send phone numbers in the clear; \
             use https, or allow plain HTTP in the client's settings"
        );
        assert!(Endpoint::parse("http://example.com", true).is_ok());
        assert!(parsed("https://example.com/path").unwrap_err().contains("has a path"));
        let secret = parsed("https://user:secret@example.com/?token=secret").unwrap_err();
        assert_eq!(
            secret,
            "the endpoint \"https://***@example.com/\" has a path or a query; give scheme, host and port only"
        );
        assert!(parsed("https://user@example.com").unwrap_err().contains("has a user name"));
        assert!(parsed("ftp://example.com").unwrap_err().contains("scheme other than"));
        assert!(parsed("").unwrap_err().contains("is no host"));
        assert!(parsed("a b").unwrap_err().contains("is no host"));
    }

    #[test]
    fn a_query_follows_the_root_path() {
        let endpoint = Endpoint::parse("example.com:1", false).unwrap();
        assert_eq!(endpoint.uri(Some(b"A=1")).unwrap().to_string(), "https://example.com:1/?A=1");
        assert_eq!(endpoint.uri(None).unwrap().to_string(), "https://example.com:1/");
    }
}
