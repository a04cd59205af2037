//! The proxy of a request: decided for each target.

use std::fmt;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use crate::transport::address::{Address, is_loopback};
use crate::transport::setting::InvalidSetting;

/// How requests leave this machine.
#[derive(Clone, Default)]
pub(crate) enum ProxyChoice {
    /// Through the proxies of the environment.
    #[default]
    Environment,
    /// Through this one.
    Url(String),
    /// Directly.
    Direct,
}

/// The metadata service of an ECS instance. Its response depends on the machine that asks.
const METADATA: &str = "100.100.100.200";

/// The proxies for targets of each scheme, and the targets without a proxy.
#[derive(Default)]
pub(crate) struct Proxies {
    https: Option<Named>,
    http: Option<Named>,
    direct: NoProxy,
}

/// A proxy, or what is wrong with the value that states it.
type Named = Result<Proxy, Unusable>;

/// A proxy that can be used.
#[derive(Clone)]
pub(crate) struct Proxy {
    /// Without user name and password; with the port, if HTTP has no default for it.
    pub(crate) uri: Uri,
    /// With user name and password.
    url: Url,
}

/// Without user name and password.
impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uri, f)
    }
}

/// Why the value of a proxy cannot be used. It never shows the value, any part of which can be a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unusable(String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

impl Unusable {
    const HINT: &str = "give it as \"http://host:port\", \"https://host:port\", \"socks5://host:port\" or \
                        \"socks5h://host:port\"; to do without one, unset its variable or list the host in \
                        NO_PROXY, or in a program call no_proxy() of the client";
}

impl From<Unusable> for InvalidSetting {
    fn from(unusable: Unusable) -> Self {
        Self::new(unusable.0).hint(Unusable::HINT)
    }
}

impl ProxyChoice {
    /// The proxies of this choice, given the environment's variables. A proxy that the caller chose must be usable; one
    /// of the environment only if a request would use it.
    pub(crate) fn proxies(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Proxies, Unusable> {
        match self {
            Self::Direct => Ok(Proxies::default()),
            Self::Url(url) => {
                let proxy = Proxy::parse(url, "the proxy")?;
                Ok(Proxies { https: Some(Ok(proxy.clone())), http: Some(Ok(proxy)), direct: NoProxy::default() })
            }
            Self::Environment => Ok(Proxies::of(variable)),
        }
    }
}

impl Proxies {
    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|name| {
                let value = variable(name)?.trim().to_owned();
                (!value.is_empty()).then_some((*name, value))
            })
        };
        let no_proxy = first(&["NO_PROXY", "no_proxy"]).map(|(_, hosts)| hosts).unwrap_or_default();
        let Some(direct) = NoProxy::parse(&no_proxy) else { return Self::default() };
        let named = |names: &[&'static str]| {
            let (name, url) = first(names).or_else(|| first(&["ALL_PROXY", "all_proxy"]))?;
            Some(Proxy::parse(&url, &format!("the proxy of the environment variable {name}")))
        };
        // In a CGI program, the client of the web server sets `HTTP_PROXY` by a header of that name.
        let cgi = variable("REQUEST_METHOD").is_some();
        Self {
            https: named(&["HTTPS_PROXY", "https_proxy"]),
            http: named(if cgi { &["http_proxy"] } else { &["HTTP_PROXY", "http_proxy"] }),
            direct,
        }
    }

    /// Whether no target has a proxy.
    pub(crate) fn is_empty(&self) -> bool {
        self.https.is_none() && self.http.is_none()
    }

    /// The proxy for a target; `None` if it has none. A proxy that is set and cannot be used is an error: a direct
    /// connection could be what the proxy is there to prevent.
    ///
    /// Requests to this machine and to its metadata service never use a proxy.
    pub(crate) fn route(&self, target: &Url) -> Result<Option<&Proxy>, Unusable> {
        let named = if target.scheme() == "https" { &self.https } else { &self.http };
        let (Some(named), Some(host)) = (named, target.host_str()) else { return Ok(None) };
        if is_loopback(host) || host == METADATA || self.direct.lists(target) {
            return Ok(None);
        }
        named.as_ref().map(Some).map_err(Unusable::clone)
    }

    /// The proxy for a target, for reqwest. The target has a [`route`](Self::route).
    pub(crate) fn url(&self, target: &Url) -> Option<Url> {
        let mut url = self.route(target).ok()??.url.clone();
        // An IPv6 address needs no name resolution, and reqwest would not resolve the form with brackets.
        if url.scheme() == "socks5" && target.host_str().is_some_and(|host| host.starts_with('[')) {
            let _ = url.set_scheme("socks5h");
        }
        Some(url)
    }
}

/// The targets of `NO_PROXY`, grouped by their port.
#[derive(Default)]
struct NoProxy(Vec<(Option<u16>, Matcher)>);

impl NoProxy {
    /// Parses names with their subdomains, IP addresses and networks, each with or without a port, separated by commas
    /// or white space; `None` for all targets, `*`. The dot at the end of an absolute name makes no difference.
    fn parse(text: &str) -> Option<Self> {
        let mut by_port: Vec<(Option<u16>, Vec<&str>)> = Vec::new();
        for entry in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty()) {
            if entry == "*" {
                return None;
            }
            // An IPv6 address has colons itself, and brackets before a port.
            let (host, port) = match entry.rsplit_once(':') {
                Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
                    Ok(port) => (host, Some(port)),
                    // It matches nothing: a request must not bypass the proxy by mistake.
                    Err(_) => (entry, None),
                },
                _ => (entry, None),
            };
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let host = host.strip_suffix('.').filter(|name| *name != "*").unwrap_or(host);
            let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
            match by_port.iter_mut().find(|(known, _)| *known == port) {
                Some((_, hosts)) => hosts.push(host),
                None => by_port.push((port, vec![host])),
            }
        }
        // The matcher only decides whether a target is listed. The proxy that it returns does not matter.
        let matcher = |hosts: Vec<&str>| Matcher::builder().all("http://proxy").no(hosts.join(",")).build();
        Some(Self(by_port.into_iter().map(|(port, hosts)| (port, matcher(hosts))).collect()))
    }

    fn lists(&self, target: &Url) -> bool {
        let Some(host) = target.host_str().map(|host| host.strip_suffix('.').unwrap_or(host)) else { return false };
        let Ok(uri) = format!("{}://{host}", target.scheme()).parse() else { return false };
        let port = target.port_or_known_default();
        self.0.iter().any(|(listed, hosts)| (listed.is_none() || *listed == port) && hosts.intercept(&uri).is_none())
    }
}

impl Proxy {
    fn parse(text: &str, source: &str) -> Named {
        let refuse = |why: &str| Err(Unusable(format!("{source} cannot be used: {why}")));
        let address = match Address::parse(text, Some("http")) {
            Ok(address) => address,
            Err(reason) => return refuse(reason),
        };
        if address.has_path_or_query() {
            return refuse(&format!("{address} has a path or a query"));
        }
        let socks = match address.scheme() {
            "http" | "https" => false,
            "socks5" | "socks5h" => true,
            _ => return refuse(&format!("{address} has a scheme other than http, https, socks5 and socks5h")),
        };
        // The protocol has one byte for each length.
        if socks && address.user().is_some_and(|(name, password)| name.len() > 255 || password.len() > 255) {
            return refuse(&format!("{address} has a user name or password of more than 255 bytes"));
        }
        let uri = match address.port() {
            None if socks => format!("{}://{}:1080", address.scheme(), address.host()).parse().ok(),
            _ => Some(address.uri().clone()),
        };
        match uri.and_then(|uri| Some((url(&uri, address.user())?, uri))) {
            Some((url, uri)) => Ok(Self { uri, url }),
            None => refuse("it is not a valid URL"),
        }
    }
}

/// The URL of a proxy with a user name and password, if it is one.
fn url(uri: &Uri, user: Option<(&str, &str)>) -> Option<Url> {
    let mut url = Url::parse(&uri.to_string()).ok()?;
    if let Some((name, password)) = user {
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        url.set_username(&encoded(name)).ok()?;
        url.set_password(Some(&encoded(password))).ok()?;
    }
    Some(url)
}

#[cfg(test)]
mod tests;
