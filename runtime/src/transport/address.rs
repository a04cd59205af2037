//! Addresses that people configure: one strict parser, and one form to show them in.
//!
//! An address can hold a password. A parser that guesses what a malformed one means can take a part of the password for a
//! host, a port or a path, and an error would show it. So an address is shown only after it was read, and it is read only
//! if there is one way to understand it.

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

/// What is wrong with an address, without a word of it: "it ...".
pub(crate) type Reason = &'static str;

impl Address {
    /// Reads `scheme://[user[:password]@]host[:port][/path][?query]`. `default_scheme` is assumed where there is none.
    ///
    /// Reserved characters in user name and password must be percent-encoded, and `@` must be elsewhere too.
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

    /// Whether it has a user name, be it an empty one.
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
        // A name ends at the first colon. A second one is part of the password, and there it may be left as it is.
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
    // HTTP cannot carry them, and whoever receives them may take them for something else.
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

/// The address as it may be shown: one that cannot be read may be anything.
pub(crate) fn shown(text: &str, default_scheme: Option<&str>) -> String {
    Address::parse(text, default_scheme).map_or_else(|_| "***".to_owned(), |address| address.to_string())
}

/// Whether a host is this machine, by its name or address. IPv6 addresses may be in brackets.
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
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    fn parse(text: &str) -> Result<Address, Reason> {
        Address::parse(text, Some("http"))
    }

    #[test]
    fn an_address_is_shown_without_user_and_query() {
        let table = [
            ("proxy", "http://proxy"),
            (" proxy:3128\n", "http://proxy:3128"),
            ("HTTPS://proxy:3128/", "https://proxy:3128"),
            ("socks5h://user@proxy:1080", "socks5h://***@proxy:1080"),
            ("user:hunter2@proxy:3128", "http://***@proxy:3128"),
            ("http://user:a:b@proxy", "http://***@proxy"),
            ("http://@proxy", "http://***@proxy"),
            ("http://[::1]:8080/keys?token=hunter2", "http://[::1]:8080/keys"),
            ("http://[::1]", "http://[::1]"),
            ("http://proxy?token=hunter2", "http://proxy"),
            ("http://my_proxy.internal.:65535", "http://my_proxy.internal.:65535"),
        ];
        for (text, expected) in table {
            let address = parse(text).unwrap_or_else(|reason| panic!("{text}: {reason}"));
            assert_eq!(address.to_string(), expected, "{text}");
            assert_eq!(format!("{address:?}"), format!("{expected:?}"), "{text}");
        }
    }

    #[test]
    fn user_and_password_are_decoded() {
        let user = |text: &str| parse(text).unwrap().user().map(|(name, word)| (name.to_owned(), word.to_owned()));
        let pair = |name: &str, password: &str| Some((name.to_owned(), password.to_owned()));
        assert_eq!(user("http://proxy"), None);
        assert_eq!(user("http://us%40er:a%3Ab%2F%3f%23%25@proxy"), pair("us@er", "a:b/?#%"));
        assert_eq!(user("http://user:a:b@proxy"), pair("user", "a:b"));
        assert_eq!(user("http://user@proxy"), pair("user", ""));
        assert_eq!(user("http://%E7%94%A8:%E5%AF%86@proxy"), pair("用", "密"));
        let header = parse("http://Aladdin:open%20sesame@proxy").unwrap().basic_auth().unwrap();
        assert_eq!((header.to_str().unwrap(), header.is_sensitive()), ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", true));
    }

    #[test]
    fn what_can_be_understood_in_two_ways_is_refused() {
        const AT: &str = "it has an @ after the host";
        const ENCODE: &str = "must be percent-encoded";
        const PORT: &str = "its port is not a number";
        const HOST: &str = "its host is not a valid name";
        const SCHEME: &str = "does not begin with a valid scheme";
        let table = [
            ("", "it is empty"),
            ("  ", "it is empty"),
            ("http://", "it names no host"),
            ("http://user:hunter2@", "it names no host"),
            ("http://:3128", "it names no host"),
            ("http:///path", "it names no host"),
            ("http://a b", "it has a space"),
            ("http://proxy\u{7f}", "it has a space, a control character"),
            ("http://пример", "a character outside of ASCII"),
            ("://proxy", SCHEME),
            ("1http://proxy", SCHEME),
            ("ht tp://proxy", "it has a space"),
            ("http://user:hunter2?x@127.0.0.1:9", AT),
            ("http://user:hunter2/x@127.0.0.1:9", AT),
            ("http://user:2222/x@127.0.0.1:9", AT),
            ("http://user:2222?x@127.0.0.1:9", AT),
            ("http://user:2222#x@127.0.0.1:9", "it has a #"),
            ("http://user:2222\\x@127.0.0.1:9", "it has a # or a \\"),
            ("http:/user:hunter2@proxy", AT),
            ("http://user:hun@ter2@proxy", ENCODE),
            ("http://user:hun[ter2@proxy", ENCODE),
            ("http://user:hun^ter2@proxy", ENCODE),
            ("http://user:hun%ter2@proxy", ENCODE),
            ("http://user:hunter2%@proxy", ENCODE),
            ("http://user:hunter2%f@proxy", ENCODE),
            ("http://user:%FF@proxy", "is not UTF-8"),
            ("http://user:%0Ahunter2@proxy", "has a control character"),
            ("http://proxy:", PORT),
            ("http://proxy:0", PORT),
            ("http://proxy:65536", PORT),
            ("http://proxy:+80", PORT),
            ("http://proxy:80:80", PORT),
            ("http://user:hunter2", PORT),
            ("http://[::1", HOST),
            ("http://[::1]80", HOST),
            ("http://[proxy]", HOST),
            ("http://::1", "it names no host"),
            ("http://pro%78y", HOST),
            ("http://pro,xy", HOST),
            ("http://proxy/a|b", ""),
            ("http://proxy/<>", ""),
        ];
        for (text, expected) in table {
            match parse(text) {
                Err(reason) => assert!(reason.contains(expected), "{text}: {reason}"),
                Ok(address) => assert_eq!(expected, "", "{text} is read as {address}"),
            }
            assert!(!shown(text, Some("http")).contains("hunter2"), "{text}");
        }
        assert!(Address::parse("proxy:80", None).unwrap_err().contains("scheme"));
    }

    #[test]
    fn this_machine_has_many_names() {
        for host in
            ["localhost", "LocalHost", "localhost.", "127.0.0.1", "127.9.9.9", "[::1]", "::1", "[::ffff:127.0.0.1]"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in
            ["", "localhost.example.com", "0.0.0.0", "128.0.0.1", "[::2]", "example.com", "127.0.0.1.example.com"]
        {
            assert!(!is_loopback(host), "{host}");
        }
    }

    const SCHEMES: [&str; 6] = ["", "http://", "https://", "socks5://", "socks5h://", "HTTP://"];
    /// Servers that share no text with the passwords.
    const SERVERS: [&str; 4] = ["127.0.0.1:9", "proxy.example.com", "[::1]:3128", "p:1/path?query"];

    proptest! {
        #![proptest_config(ProptestConfig {
            rng_seed: RngSeed::Fixed(20_170_525),
            failure_persistence: None,
            ..ProptestConfig::with_cases(1_000)
        })]

        /// Reserved characters at every place of a user name and password: whatever is made of them, they are not shown.
        #[test]
        fn no_password_is_shown(
            scheme in 0..SCHEMES.len(),
            user in "[a-zA-Z:/?#@%\\[\\]!$&'()*+,;= \\\\^\"<>{}|`~._-]{0,6}",
            // No digits, which a port could be made of, and none of the letters of the servers and the reasons.
            before in "[QXZJ]{3,6}",
            between in "[:/?#@%\\[\\]!$&'()*+,;= \\\\^\"<>{}|`~._-]{1,3}",
            after in "[QXZJ]{3,6}",
            server in 0..SERVERS.len(),
        ) {
            let text = format!("{}{user}:{before}{between}{after}@{}", SCHEMES[scheme], SERVERS[server]);
            let said = match Address::parse(&text, Some("http")) {
                Ok(address) => format!("{address} {address:?}"),
                Err(reason) => reason.to_owned(),
            };
            for said in [said, shown(&text, Some("http"))] {
                prop_assert!(!said.contains(&before) && !said.contains(&after), "{text}: {said}");
            }
        }

        /// Of a password of digits only a part could be taken for a port.
        #[test]
        fn no_password_of_digits_is_shown(
            scheme in 0..SCHEMES.len(),
            password in "7[0-9]{2,4}",
            between in "[:/?#@%\\[\\]\\\\]{1,2}",
            server in 0..3_usize,
        ) {
            let text = format!("{}user:{password}{between}x@{}", SCHEMES[scheme], SERVERS[server]);
            let said = shown(&text, Some("http"));
            prop_assert!(!said.contains(&password), "{text}: {said}");
        }

        /// What is percent-encoded is understood, and comes out as it was.
        #[test]
        fn encoded_passwords_are_understood(
            scheme in 0..SCHEMES.len(),
            user in "\\PC{1,8}",
            password in "\\PC{0,12}",
            server in 0..3_usize,
        ) {
            let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
            let text = format!("{}{}:{}@{}", SCHEMES[scheme], encoded(&user), encoded(&password), SERVERS[server]);
            let address = Address::parse(&text, Some("http")).unwrap();
            prop_assert_eq!(address.user(), Some((user.as_str(), password.as_str())));
            let shown = format!("://***@{}", SERVERS[server]);
            prop_assert!(address.to_string().ends_with(&shown));
        }
    }
}
