use super::*;

fn proxies(variables: &[(&str, &str)]) -> Proxies {
    let variable = |name: &str| variables.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned());
    ProxyChoice::Environment.proxies(variable).unwrap()
}

/// The proxy, `direct`, or why there is none.
fn route(proxies: &Proxies, target: &str) -> String {
    match proxies.route(&target.parse().unwrap()) {
        Ok(None) => "direct".to_owned(),
        Ok(Some(proxy)) => proxy.uri.to_string(),
        Err(unusable) => unusable.to_string(),
    }
}

#[test]
fn the_target_decides_which_proxy_it_is() {
    const HTTPS: &[(&str, &str)] = &[("HTTPS_PROXY", "secure:1")];
    const HTTP: &[(&str, &str)] = &[("http_proxy", "plain:2")];
    const ALL: &[(&str, &str)] = &[("ALL_PROXY", "socks5://all")];
    const BOTH: &[(&str, &str)] = &[("https_proxy", "https://secure:1"), ("all_proxy", "all:3")];
    const EMPTY: &[(&str, &str)] = &[("HTTPS_PROXY", " "), ("https_proxy", "small:1"), ("ALL_PROXY", "")];
    const CGI: &[(&str, &str)] = &[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "caller:1")];
    const CGI_SMALL: &[(&str, &str)] = &[("REQUEST_METHOD", ""), ("HTTP_PROXY", "caller:1"), ("http_proxy", "own:1")];
    const A: &str = "https://a.test/";
    const PLAIN: &str = "http://a.test/";
    let table = [
        (&[][..], "", A, "direct"),
        (HTTPS, "", A, "http://secure:1/"),
        (HTTPS, "", "https://a.test:8443/path?query", "http://secure:1/"),
        (HTTPS, "", PLAIN, "direct"),
        (HTTP, "", PLAIN, "http://plain:2/"),
        (HTTP, "", A, "direct"),
        (ALL, "", A, "socks5://all:1080/"),
        (ALL, "", PLAIN, "socks5://all:1080/"),
        (BOTH, "", A, "https://secure:1/"),
        (BOTH, "", PLAIN, "http://all:3/"),
        (EMPTY, "", A, "http://small:1/"),
        (EMPTY, "", PLAIN, "direct"),
        (CGI, "", PLAIN, "direct"),
        (CGI_SMALL, "", PLAIN, "http://own:1/"),
        // This machine, by whatever name, and what only it may ask.
        (ALL, "", "http://127.0.0.1:8080/", "direct"),
        (ALL, "", "https://127.1.2.3/", "direct"),
        (ALL, "", "http://localhost/", "direct"),
        (ALL, "", "http://LOCALHOST./", "direct"),
        (ALL, "", "http://[::1]:80/", "direct"),
        (ALL, "", "http://[::ffff:127.0.0.1]/", "direct"),
        (ALL, "", "http://100.100.100.200/latest/", "direct"),
        (ALL, "", "http://100.100.100.201/latest/", "socks5://all:1080/"),
        (ALL, "", "http://0.0.0.0/", "socks5://all:1080/"),
        (ALL, "", "https://sts.aliyuncs.com/", "socks5://all:1080/"),
        // What NO_PROXY lists.
        (HTTPS, "a.test", A, "direct"),
        (HTTPS, "A.TEST", A, "direct"),
        (HTTPS, ".a.test", A, "direct"),
        (HTTPS, "a.test", "https://b.a.test/", "direct"),
        (HTTPS, "a.test", "https://ba.test/", "http://secure:1/"),
        (HTTPS, "b.test, a.test ,c.test", A, "direct"),
        (HTTPS, "b.test a.test", A, "direct"),
        (HTTPS, "b.test", A, "http://secure:1/"),
        (HTTPS, "*", A, "direct"),
        (HTTPS, "b.test,*", A, "direct"),
        (HTTPS, "*", "https://10.0.0.1/", "direct"),
        (HTTPS, "10.0.0.0/8", "https://10.1.2.3/", "direct"),
        (HTTPS, "10.0.0.0/8", "https://11.1.2.3/", "http://secure:1/"),
        (HTTPS, "[fd00::1]", "https://[fd00::1]:8443/", "direct"),
        (HTTPS, "fd00::/8", "https://[fd00::1]/", "direct"),
        (HTTPS, ",", A, "http://secure:1/"),
        (HTTPS, "*.a.test", "https://b.a.test/", "direct"),
        (HTTPS, "*.a.test", "https://ba.test/", "http://secure:1/"),
        (HTTPS, "a.test:443", A, "direct"),
        (HTTPS, "a.test:8443", A, "http://secure:1/"),
        (HTTPS, "a.test:8443", "https://a.test:8443/", "direct"),
        (HTTPS, "b.test:8443,10.0.0.1:443", "https://10.0.0.1/", "direct"),
        (HTTPS, "[fd00::1]:8443", "https://[fd00::1]:8443/", "direct"),
        (HTTPS, "[fd00::1]:8443", "https://[fd00::1]/", "http://secure:1/"),
        (HTTPS, "a.test:https", A, "http://secure:1/"),
        // Absolute names, on either side.
        (HTTPS, "a.test.", A, "direct"),
        (HTTPS, "a.test", "https://a.test./", "direct"),
        (HTTPS, ".a.test.", "https://b.a.test./", "direct"),
        (HTTPS, "*.a.test.", "https://b.a.test/", "direct"),
        (HTTPS, "a.test.:443", "https://a.test.:443/", "direct"),
        (HTTPS, "a.test.:8443", "https://a.test./", "http://secure:1/"),
        (HTTPS, "a.test.", "https://ba.test./", "http://secure:1/"),
        (HTTPS, "10.0.0.1.", "https://10.0.0.1./", "direct"),
        (HTTPS, ".", A, "http://secure:1/"),
        (HTTPS, ".", "https://a.test./", "http://secure:1/"),
        (HTTPS, "..", "https://a.test./", "http://secure:1/"),
        (HTTPS, "*.", "https://a.test./", "http://secure:1/"),
        // White space of any kind.
        (HTTPS, "b.test\na.test\n", A, "direct"),
        (HTTPS, "b.test\r\na.test\r\n", A, "direct"),
        (HTTPS, "b.test\ta.test\u{a0}c.test", A, "direct"),
        (HTTPS, "b.test,\n  a.test:443,\n", A, "direct"),
        (HTTPS, "b.test\n*", A, "direct"),
        (HTTPS, "b.test\nba.test", A, "http://secure:1/"),
        (ALL, "a.test:80", PLAIN, "direct"),
        (ALL, "a.test:80", A, "socks5://all:1080/"),
    ];
    for (variables, no_proxy, target, expected) in table {
        for name in ["NO_PROXY", "no_proxy"] {
            let variables = [variables, &[(name, no_proxy)]].concat();
            assert_eq!(route(&proxies(&variables), target), expected, "{variables:?}: {target}");
        }
    }
}

#[test]
fn an_explicit_choice_wins_over_the_environment_and_not_over_the_target() {
    let variable = |name: &str| match name {
        "HTTPS_PROXY" => Some("http://environment:1".to_owned()),
        "NO_PROXY" => Some("*".to_owned()),
        _ => None,
    };
    let chosen = ProxyChoice::Url("http://chosen:1".to_owned()).proxies(variable).unwrap();
    for target in ["https://a.test/", "http://a.test/"] {
        assert_eq!(route(&chosen, target), "http://chosen:1/");
    }
    for target in ["https://127.0.0.1/", "http://localhost:1/", "http://100.100.100.200/"] {
        assert_eq!(route(&chosen, target), "direct");
    }
    assert_eq!(route(&ProxyChoice::Direct.proxies(variable).unwrap(), "https://a.test/"), "direct");
}

#[test]
fn a_proxy_that_cannot_be_used_is_an_error_of_the_requests_that_need_it() {
    let proxies = proxies(&[("HTTP_PROXY", "ftp://user:hunter2@proxy"), ("HTTPS_PROXY", "good:1")]);
    assert_eq!(route(&proxies, "https://a.test/"), "http://good:1/");
    assert_eq!(route(&proxies, "http://127.0.0.1/"), "direct");
    assert_eq!(
        route(&proxies, "http://a.test/"),
        "the proxy of the environment variable HTTP_PROXY cannot be used: ftp://***@proxy has a scheme other than \
         http, https, socks5 and socks5h"
    );
    let chosen = |url: &str| ProxyChoice::Url(url.to_owned()).proxies(|_| None).map(drop).unwrap_err().to_string();
    assert_eq!(chosen("http://"), "the proxy cannot be used: it names no host");
    assert_eq!(
        chosen("http://proxy/path?token=hunter2"),
        "the proxy cannot be used: http://proxy/path has a path or a query"
    );
    assert!(chosen("http://user:hunter2?x@127.0.0.1:9").starts_with("the proxy cannot be used: it has an @ after"));
    assert!(chosen("\u{fffd}").contains("outside of ASCII"));
    let long = format!("socks5://{}:1@proxy", "a".repeat(256));
    assert_eq!(
        chosen(&long),
        "the proxy cannot be used: socks5://***@proxy has a user name or password of more than 255 bytes"
    );
}

#[test]
fn user_names_and_passwords_reach_reqwest_encoded() {
    let url = |url: &str| Proxy::parse(url, "the proxy").unwrap().url.to_string();
    assert_eq!(url("socks5://us%40er:p%2Fw@proxy"), "socks5://us%40er:p%2Fw@proxy:1080/");
    assert_eq!(url("socks5h://proxy:9"), "socks5h://proxy:9/");
    assert_eq!(url("http://Aladdin:open%2520sesame@proxy"), "http://Aladdin:open%2520sesame@proxy/");
    assert_eq!(url("user@proxy:80"), "http://user@proxy/");
    assert_eq!(url("https://:word@proxy"), "https://:word@proxy/");
    let shown = format!("{:?}", Proxy::parse("http://user:hunter2@proxy", "the proxy").unwrap());
    assert_eq!(shown, "http://proxy/");
}
