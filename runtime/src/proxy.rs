//! Which proxy a request goes through.

use http::Uri;
use http::uri::Scheme;

use crate::endpoint::shown;
use crate::error::Error;

/// Where requests go out.
#[derive(Clone, Default)]
pub(crate) enum ProxyChoice {
    /// Through the proxies that the environment names.
    #[default]
    Environment,
    /// Through this one.
    Url(String),
    /// Directly.
    Direct,
}

/// A proxy for requests of one scheme.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) scheme: &'static str,
    pub(crate) url: String,
    /// Hosts that are reached directly, in the form of `NO_PROXY`.
    pub(crate) direct: String,
}

/// What no proxy reaches in our place: this machine, and the metadata service of an ECS instance, whose answer depends
/// on who asks.
const DIRECT: &str = "localhost,127.0.0.0/8,::1,100.100.100.200";

impl ProxyChoice {
    /// The rules of this choice, given the environment's variables. A proxy that is named and cannot be used is an
    /// error: going around it could be what it is there to prevent.
    pub(crate) fn rules(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Vec<Rule>, Error> {
        let rule =
            |scheme, url: &str, direct: String, source: &str| Ok(Rule { scheme, url: checked(url, source)?, direct });
        match self {
            Self::Direct => Ok(Vec::new()),
            Self::Url(url) => {
                let of = |scheme| rule(scheme, url, DIRECT.to_owned(), "the proxy");
                Ok(vec![of("https")?, of("http")?])
            }
            Self::Environment => {
                let first = |names: &[&'static str]| {
                    names.iter().find_map(|name| {
                        let value = variable(name)?.trim().to_owned();
                        (!value.is_empty()).then_some((*name, value))
                    })
                };
                let direct = match first(&["NO_PROXY", "no_proxy"]) {
                    Some((_, hosts)) => format!("{DIRECT},{hosts}"),
                    None => DIRECT.to_owned(),
                };
                // In a CGI program the client of the server sets `HTTP_PROXY`, by a header of that name.
                let cgi = variable("REQUEST_METHOD").is_some();
                let http: &[&str] = if cgi { &["http_proxy"] } else { &["HTTP_PROXY", "http_proxy"] };
                let schemes: [(&str, &[&str]); 2] = [("https", &["HTTPS_PROXY", "https_proxy"]), ("http", http)];
                let named = schemes.into_iter().filter_map(|(scheme, names)| {
                    let (name, url) = first(names).or_else(|| first(&["ALL_PROXY", "all_proxy"]))?;
                    Some(rule(scheme, &url, direct.clone(), &format!("the proxy of the environment variable {name},")))
                });
                named.collect()
            }
        }
    }
}

/// The URL of a proxy, with its scheme.
fn checked(url: &str, source: &str) -> Result<String, Error> {
    let url = url.trim();
    let refuse = |why: &str| {
        let error = Error::configuration(format!("{source} {:?} {why}", shown(url)));
        Err(error.hint("give it as \"http://host:port\", or build the client with no_proxy()"))
    };
    let with_scheme = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let Ok(uri) = with_scheme.parse::<Uri>() else { return refuse("is no URL") };
    if uri.host().is_none_or(str::is_empty) {
        return refuse("names no host");
    }
    if uri.scheme() != Some(&Scheme::HTTP) && uri.scheme() != Some(&Scheme::HTTPS) {
        return refuse("has a scheme other than http and https");
    }
    if uri.path().len() > 1 || uri.query().is_some() {
        return refuse("has a path or a query");
    }
    Ok(with_scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(choice: &ProxyChoice, variables: &[(&str, &str)]) -> Result<Vec<(&'static str, String, String)>, String> {
        let variable = |name: &str| variables.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned());
        let rules = choice.rules(variable).map_err(|error| error.to_string())?;
        Ok(rules.into_iter().map(|rule| (rule.scheme, rule.url, rule.direct)).collect())
    }

    #[test]
    fn the_environment_names_a_proxy_for_each_scheme_and_what_goes_around_it() {
        let environment = ProxyChoice::Environment;
        assert_eq!(rules(&environment, &[]).unwrap(), []);
        assert_eq!(
            rules(&environment, &[("https_proxy", "proxy:3128"), ("HTTPS_PROXY", ""), ("NO_PROXY", "a.test, .b.test")])
                .unwrap(),
            [("https", "http://proxy:3128".to_owned(), format!("{DIRECT},a.test, .b.test"))]
        );
        assert_eq!(
            rules(&environment, &[("ALL_PROXY", "http://all:1"), ("HTTP_PROXY", "https://http:2")]).unwrap(),
            [
                ("https", "http://all:1".to_owned(), DIRECT.to_owned()),
                ("http", "https://http:2".to_owned(), DIRECT.to_owned())
            ]
        );
        let cgi = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://of.the.caller")];
        assert_eq!(rules(&environment, &cgi).unwrap(), []);
    }

    #[test]
    fn an_explicit_choice_wins_over_the_environment() {
        let variables = [("HTTPS_PROXY", "http://environment:1"), ("NO_PROXY", "*")];
        let chosen = rules(&ProxyChoice::Url("http://chosen:1".to_owned()), &variables).unwrap();
        assert_eq!(
            chosen,
            [
                ("https", "http://chosen:1".to_owned(), DIRECT.to_owned()),
                ("http", "http://chosen:1".to_owned(), DIRECT.to_owned())
            ]
        );
        assert_eq!(rules(&ProxyChoice::Direct, &variables).unwrap(), []);
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_refused_with_its_source() {
        let refused = |url| rules(&ProxyChoice::Environment, &[("HTTPS_PROXY", url)]).unwrap_err();
        assert_eq!(
            refused("socks5://user:secret@proxy:1080"),
            "the proxy of the environment variable HTTPS_PROXY, \"socks5://***@proxy:1080\" has a scheme other than \
             http and https; give it as \"http://host:port\", or build the client with no_proxy()"
        );
        assert!(refused("http://a b").contains("is no URL"));
        assert!(refused("http://proxy/path?token=secret").contains("\"http://proxy/path\" has a path or a query"));
        let chosen = rules(&ProxyChoice::Url("http://".to_owned()), &[]).unwrap_err();
        assert!(chosen.starts_with("the proxy \"http://\" is no URL"), "{chosen}");
    }
}
