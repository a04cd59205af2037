//! Configured addresses: one strict parser, and one form in which they are shown.
//!
//! An address can contain a password. A parser that guesses what a malformed address means can take a part of the
//! password for a host, a port or a path, and an error would show it. So an address is shown only after it was parsed,
//! and it is parsed only if there is one way to understand it.

use std::borrow::Cow;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// An absolute URL. `Display` and `Debug` show it without user name, password and query.
#[derive(Clone)]
pub(crate) struct Address {
    /// Without user name and password.
    uri: Uri,
    user: Option<User>,
}

#[derive(Clone)]
struct User {
    name: String,
    password: Option<Zeroizing<String>>,
}

/// What is wrong with an address, without any part of it: "it ...".
pub(crate) type Reason = &'static str;

impl Address {
    /// Parses `scheme://[user[:password]@]host[:port][/path][?query]`. Without a scheme, `default_scheme` is assumed.
    ///
    /// Reserved characters in user name and password must be percent-encoded, and so must `@` elsewhere.
    pub(crate) fn parse(text: &str, default_scheme: Option<&str>) -> Result<Self, Reason> {
        let text = text.trim();
        if text.is_empty() {
            return Err("it is empty");
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("it has a space, a control character or a character outside of ASCII; percent-encode it");
        }
        let (scheme, rest) = match (text.split_once("://"), default_scheme) {
            (Some((scheme, rest)), _) => (Cow::Owned(scheme.to_ascii_lowercase()), rest),
            (None, Some(scheme)) => (Cow::Borrowed(scheme), text),
            (None, None) => return Err("it does not begin with a scheme, such as https://"),
        };
        let scheme = checked_scheme(&scheme)?;
        if rest.contains(['#', '\\']) {
            return Err("it has a # or a \\; percent-encode them as %23 and %5C");
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, server) = match authority.rsplit_once('@') {
            Some((user, server)) => (Some(User::parse(user)?), server),
            None => (None, authority),
        };
        if path.contains('@') {
            return Err(
                "it has an @ after the host; in a user name or a password percent-encode /, ?, # and @ as %2F, \
                        %3F, %23 and %40, and elsewhere @ as %40",
            );
        }
        let path = match path {
            "" => Cow::Borrowed("/"),
            path if path.starts_with('?') => Cow::Owned(format!("/{path}")),
            path => Cow::Borrowed(path),
        };
        let mut parts = Parts::default();
        parts.scheme = Some(scheme);
        parts.authority = Some(checked_server(server)?);
        parts.path_and_query =
            Some(PathAndQuery::try_from(&*path).map_err(|_| "its path has a character that must be percent-encoded")?);
        let uri = Uri::from_parts(parts).map_err(|_| "it is not a valid URL")?;
        Ok(Self { uri, user })
    }

    /// Without user name and password.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(crate) fn scheme(&self) -> &str {
        self.uri.scheme_str().unwrap_or_default()
    }

    /// An IPv6 address is in brackets.
    pub(crate) fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    pub(crate) fn port(&self) -> Option<u16> {
        self.uri.port_u16()
    }

    /// Whether it has a user name, even an empty one.
    pub(crate) fn has_user(&self) -> bool {
        self.user.is_some()
    }

    /// Whether there is more than scheme, host and port.
    pub(crate) fn has_path_or_query(&self) -> bool {
        self.uri.path() != "/" || self.uri.query().is_some()
    }

    /// User name and password, decoded.
    pub(crate) fn user(&self) -> Option<(&str, &str)> {
        let user = self.user.as_ref()?;
        Some((&user.name, user.password.as_ref().map_or("", |password| password.as_str())))
    }

    /// The header value that states user name and password (RFC 7617).
    pub(crate) fn basic_auth(&self) -> Option<HeaderValue> {
        let (name, password) = self.user()?;
        let pair = Zeroizing::new(format!("{name}:{password}"));
        let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair.as_bytes()))).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl User {
    fn parse(text: &str) -> Result<Self, Reason> {
        let (name, password) = match text.split_once(':') {
            Some((name, password)) => (name, Some(password)),
            None => (text, None),
        };
        // A name ends at the first colon. A second colon is part of the password, and need not be encoded.
        Ok(Self { name: decoded(name)?, password: password.map(decoded).transpose()?.map(Zeroizing::new) })
    }
}

/// A part of a user name and password (RFC 3986, section 3.2.1), decoded.
fn decoded(text: &str) -> Result<String, Reason> {
    const ENCODE: Reason = "its user name or password has a character that must be percent-encoded";
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%".contains(&byte);
    let escapes = text.split('%').skip(1);
    let whole = |escape: &str| escape.len() >= 2 && escape.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    if !text.bytes().all(plain) || !escapes.into_iter().all(whole) {
        return Err(ENCODE);
    }
    let text = percent_decode_str(text).decode_utf8().map_err(|_| "its user name or password is not UTF-8")?;
    // HTTP cannot send them, and a receiver may misread them.
    if text.chars().any(char::is_control) {
        return Err("its user name or password has a control character");
    }
    Ok(text.into_owned())
}

fn checked_scheme(text: &str) -> Result<Scheme, Reason> {
    const SCHEME: Reason = "it does not begin with a valid scheme, such as https://";
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    if !text.starts_with(|first: char| first.is_ascii_alphabetic()) || !text.bytes().all(plain) {
        return Err(SCHEME);
    }
    text.parse().map_err(|_| SCHEME)
}

/// Host and port.
fn checked_server(text: &str) -> Result<Authority, Reason> {
    const HOST: Reason = "its host is not a valid name or IP address";
    let end =
        if text.starts_with('[') { text.find(']').ok_or(HOST)? + 1 } else { text.find(':').unwrap_or(text.len()) };
    let (host, port) = text.split_at(end);
    if host.is_empty() {
        return Err("it names no host");
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let valid = match host.strip_prefix('[') {
        Some(address) => address.trim_end_matches(']').parse::<Ipv6Addr>().is_ok(),
        None => host.bytes().all(plain),
    };
    if !valid {
        return Err(HOST);
    }
    if let Some(number) = port.strip_prefix(':') {
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || !number.parse::<u16>().is_ok_and(|number| number > 0) {
            return Err("its port is not a number from 1 to 65535");
        }
    } else if !port.is_empty() {
        return Err(HOST);
    }
    text.parse().map_err(|_| HOST)
}

/// The address as it may be shown: an address that cannot be parsed may contain anything.
pub(crate) fn shown(text: &str, default_scheme: Option<&str>) -> String {
    Address::parse(text, default_scheme).map_or_else(|_| "***".to_owned(), |address| address.to_string())
}

/// Whether a host is this machine, by name or address. IPv6 addresses may have brackets.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    name.eq_ignore_ascii_case("localhost")
        || host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = if self.has_user() { "***@" } else { "" };
        let authority = self.uri.authority().map_or("", Authority::as_str);
        let path = Some(self.uri.path()).filter(|path| *path != "/").unwrap_or_default();
        write!(f, "{}://{user}{authority}{path}", self.scheme())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests;
