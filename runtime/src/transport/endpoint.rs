//! The endpoint of a service.

use bytes::Bytes;
use http::Uri;
use http::header::HeaderValue;
use http::uri::{PathAndQuery, Scheme};

use crate::generated::operation::ServiceFacts;
use crate::transport::address::{Address, is_loopback};
use crate::transport::setting::InvalidSetting;

/// The settings that choose the endpoint of a service.
#[derive(Clone, Default)]
pub(crate) struct EndpointChoice {
    /// A host or URL, which overrides the rest.
    pub(crate) address: Option<String>,
    pub(crate) region: Option<String>,
    /// Whether the client is inside a VPC and uses the host there.
    pub(crate) vpc: bool,
    /// Whether plain HTTP is allowed for other machines.
    pub(crate) plain_http: bool,
}

impl EndpointChoice {
    /// The endpoint of a service.
    pub(crate) fn endpoint(&self, service: &ServiceFacts) -> Result<Endpoint, InvalidSetting> {
        let plain_http = if self.plain_http {
            PlainHttp::Allowed
        } else {
            PlainHttp::Refused {
                sends: "all that requests say",
                hint: "use https; a program that wants it can allow plain HTTP with allow_plain_http()",
            }
        };
        Endpoint::parse(self.host(service)?, plain_http)
    }

    fn host<'a>(&'a self, service: &ServiceFacts) -> Result<&'a str, InvalidSetting> {
        if let Some(address) = &self.address {
            return Ok(address);
        }
        let region = self.region.as_deref();
        if let Some(region) = region.filter(|region| !is_region(region)) {
            return Err(InvalidSetting::new(format!("{region:?} is not a region id, such as \"cn-shanghai\"")));
        }
        let find =
            |hosts: &[(&str, &'static str)]| hosts.iter().find(|(of, _)| Some(*of) == region).map(|(_, host)| *host);
        if !self.vpc {
            return self.public_host(service, find(service.regions));
        }
        find(service.vpc).ok_or_else(|| {
            let what = match region {
                Some(region) => format!("{} has no VPC endpoint in {region}", service.product),
                None => format!("the VPC endpoint of {} depends on the region, and none is given", service.product),
            };
            let known: Vec<&str> = service.vpc.iter().map(|(region, _)| *region).collect();
            let hint = if known.is_empty() {
                "no region has one; leave it out, or give the endpoint itself".to_owned()
            } else {
                format!("regions that have one: {}; for another give the endpoint itself", known.join(", "))
            };
            InvalidSetting::new(what).hint(hint)
        })
    }

    /// The host outside of a VPC. `of_region` is that of the chosen region, if it is listed.
    fn public_host(
        &self,
        service: &ServiceFacts,
        of_region: Option<&'static str>,
    ) -> Result<&'static str, InvalidSetting> {
        let has_default = !service.endpoint.is_empty();
        let what = match &self.region {
            None if has_default => return Ok(service.endpoint),
            None => format!("the endpoint of {} depends on the region, and none is given", service.product),
            Some(_) if of_region.is_some() => return Ok(of_region.unwrap_or_default()),
            Some(_) if service.serves_all && has_default => return Ok(service.endpoint),
            Some(region) => format!("{} has no endpoint in {region}", service.product),
        };
        let known: Vec<&str> = service.regions.iter().map(|(region, _)| *region).collect();
        let without =
            if has_default { "leave the region out, or give the endpoint itself" } else { "give the endpoint itself" };
        let hint = match known.as_slice() {
            [] => without.to_owned(),
            known => format!("regions that have one: {}; for another {without}", known.join(", ")),
        };
        Err(InvalidSetting::new(what).hint(hint))
    }
}

/// Whether a text can be a region id, which becomes a part of hosts.
pub(crate) fn is_region(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.bytes().all(legal)
}

/// Whether plain HTTP is allowed for other machines.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PlainHttp {
    Allowed,
    Refused {
        /// What would be sent without encryption.
        sends: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
}

/// Where requests are sent: a checked scheme, host and port. `Debug` shows them.
#[derive(Clone)]
pub struct Endpoint {
    uri: Uri,
    /// As in the `Host` header: with the port, unless it is the default of the scheme.
    host: HeaderValue,
}

impl Endpoint {
    /// Parses `host`, `host:port` and `scheme://host[:port][/]`.
    pub(crate) fn parse(text: &str, plain_http: PlainHttp) -> Result<Self, InvalidSetting> {
        let configuration = |what: String| Err(InvalidSetting::new(what));
        let address = match Address::parse(text, Some("https")) {
            Ok(address) => address,
            Err(reason) => return configuration(format!("the endpoint is not a host, host:port or URL: {reason}")),
        };
        let refuse = |why: &str| configuration(format!("the endpoint {address:?} {why}"));
        if address.has_path_or_query() {
            return refuse("has a path or a query; give scheme, host and port only");
        }
        if address.has_user() {
            return refuse("has a user name; credentials are given apart");
        }
        match (address.scheme(), plain_http) {
            ("https", _) | ("http", PlainHttp::Allowed) => {}
            ("http", _) if is_loopback(address.host()) => {}
            ("http", PlainHttp::Refused { sends, hint }) => {
                return refuse(&format!("is plain HTTP, which would send {sends} in the clear; {hint}"));
            }
            _ => return refuse("has a scheme other than https and http"),
        }
        let default_port = if address.scheme() == "http" { 80 } else { 443 };
        let port = address.port().filter(|port| *port != default_port);
        let named = port.map_or_else(|| address.host().to_owned(), |port| format!("{}:{port}", address.host()));
        let Ok(host) = HeaderValue::from_maybe_shared(Bytes::from(named)) else {
            return refuse("has a host that cannot be named in a header");
        };
        Ok(Self { uri: address.uri().clone(), host })
    }

    /// The `Host` header of requests.
    pub fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// The root of the endpoint.
    pub(crate) fn target(&self) -> &Uri {
        &self.uri
    }

    /// Whether it is reached over TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.uri.scheme() == Some(&Scheme::HTTPS)
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn address(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.scheme() == "http" { 80 } else { 443 })
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn scheme(&self) -> &str {
        self.uri.scheme_str().unwrap_or_default()
    }

    /// The URL of a resource: a path that begins with `/`, and perhaps a query.
    pub fn url(&self, resource: &str) -> Result<Uri, http::Error> {
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(resource)?);
        Ok(Uri::from_parts(parts)?)
    }

    /// The URL of a request, with a query for GET.
    pub(crate) fn uri(&self, query: Option<&[u8]>) -> Result<Uri, http::Error> {
        let Some(query) = query else { return Ok(self.uri.clone()) };
        let mut parts = self.uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from([b"/?", query].concat())?);
        Ok(Uri::from_parts(parts)?)
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.uri)
    }
}

#[cfg(test)]
mod tests;
