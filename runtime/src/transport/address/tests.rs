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
    for host in ["localhost", "LocalHost", "localhost.", "127.0.0.1", "127.9.9.9", "[::1]", "::1", "[::ffff:127.0.0.1]"]
    {
        assert!(is_loopback(host), "{host}");
    }
    for host in ["", "localhost.example.com", "0.0.0.0", "128.0.0.1", "[::2]", "example.com", "127.0.0.1.example.com"] {
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
