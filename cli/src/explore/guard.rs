//! Which requests the page's server accepts: those of its own page, and of programs on this machine that know its token.
//!
//! A page of another site can send requests to this machine, too. Its browser names that site in `Origin`; if the site's name
//! was made to point to this machine ("DNS rebinding"), it is in `Host`; and neither can read the token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use rand::RngExt as _;
use subtle::ConstantTimeEq as _;

use super::problem::Problem;

/// The header with the token of this run, which every call needs.
pub(crate) const TOKEN: &str = "x-dyvms-token";

/// The header with which a person confirms a real call to somebody; its value is `yes`.
pub(crate) const CONFIRM: &str = "x-dyvms-confirm-dial";

/// What responses say to a browser. Swagger UI draws its arrows with pictures in its style sheet (`data:`).
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The names of this server, and the token of this run.
pub(crate) struct Guard {
    hosts: Vec<String>,
    token: String,
}

impl Guard {
    pub(crate) fn new(port: u16) -> Self {
        Self::with_token(port, format!("{:032x}", rand::rng().random::<u128>()))
    }

    fn with_token(port: u16, token: String) -> Self {
        let names = ["127.0.0.1", "localhost"];
        let mut hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
        if port == 80 {
            hosts.extend(names.map(str::to_owned));
        }
        Self { hosts, token }
    }

    /// The token of this run.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Refuses a request that is not from the page or somebody who knows the token.
    fn check(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
        let is_host = |host: &str| self.hosts.iter().any(|known| known == host);
        let forbidden = |why: &str| Err(Problem::refused(StatusCode::FORBIDDEN, "Forbidden", why));
        let hosts: Vec<&HeaderValue> = headers.get_all(header::HOST).iter().collect();
        let [host] = hosts[..] else { return forbidden("expected one Host header") };
        // A host in the request line counts more than the header (RFC 9112, section 3.2.2).
        let is_asked = uri.authority().is_none_or(|authority| is_host(authority.as_str()));
        if !is_asked || !host.to_str().is_ok_and(is_host) {
            return forbidden("the Host is not this server: open the address that the command printed");
        }
        for origin in headers.get_all(header::ORIGIN) {
            if !origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://")).is_some_and(is_host) {
                return forbidden("the request comes from another page");
            }
        }
        if *method == Method::GET || *method == Method::HEAD {
            return Ok(());
        }
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
            let why = "expected the header Content-Type: application/json";
            return Err(Problem::refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Request", why));
        }
        let token = headers.get(TOKEN).map(HeaderValue::as_bytes).unwrap_or_default();
        if !bool::from(token.ct_eq(self.token.as_bytes())) {
            return forbidden(
                "the header X-Dyvms-Token is missing, or is not that of this run: reload the page, or copy the curl command from it again",
            );
        }
        Ok(())
    }
}

/// Without the token.
impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// Checks a request before everything else, and adds what every response says to a browser.
pub(crate) async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = match guard.check(request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    // The page has the token of this run. What never changes says so itself.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &Method, headers: &[(&str, &str)]) -> u16 {
        let guard = Guard::with_token(8080, "secret".to_owned());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        guard
            .check(method, &Uri::from_static("/"), &map)
            .map_or_else(|problem| problem.into_response().status().as_u16(), |()| 200)
    }

    #[test]
    fn only_this_server_is_a_host_or_an_origin() {
        let hosts = [
            ("127.0.0.1:8080", 200),
            ("localhost:8080", 200),
            ("127.0.0.1", 403),
            ("127.0.0.1:8081", 403),
            ("localhost", 403),
            ("localhost.:8080", 403),
            ("LOCALHOST:8080", 403),
            ("127.0.0.1:8080.evil.example", 403),
            ("evil.example:8080", 403),
            ("[::1]:8080", 403),
            ("", 403),
        ];
        for (host, expected) in hosts {
            assert_eq!(status(&Method::GET, &[("host", host)]), expected, "{host}");
            let origin = format!("http://{host}");
            let headers = [("host", "localhost:8080"), ("origin", origin.as_str())];
            assert_eq!(status(&Method::GET, &headers), expected, "{origin}");
        }
        for origin in ["null", "", "https://127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            assert_eq!(status(&Method::GET, &[("host", "127.0.0.1:8080"), ("origin", origin)]), 403, "{origin}");
        }
        assert_eq!(status(&Method::GET, &[]), 403);
        assert_eq!(status(&Method::GET, &[("host", "127.0.0.1:8080"), ("host", "evil.example")]), 403);
        let origins =
            [("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080"), ("origin", "http://evil.example")];
        assert_eq!(status(&Method::GET, &origins), 403);
        let guard = Guard::with_token(80, String::new());
        assert!(guard.hosts.contains(&"127.0.0.1".to_owned()) && guard.hosts.contains(&"127.0.0.1:80".to_owned()));
    }

    #[test]
    fn a_host_in_the_request_line_is_this_server_as_well() {
        let guard = Guard::with_token(8080, String::new());
        let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("127.0.0.1:8080"))]);
        let is_accepted = |uri: &str| guard.check(&Method::GET, &uri.parse().unwrap(), &headers).is_ok();
        assert!(is_accepted("/") && is_accepted("http://localhost:8080/"));
        assert!(!is_accepted("http://evil.example/") && !is_accepted("http://a@127.0.0.1:8080/"));
    }

    #[test]
    fn a_call_needs_json_and_the_token() {
        let call = |kind: &str, token: &str| {
            let mut headers = vec![("host", "127.0.0.1:8080")];
            headers.extend((!kind.is_empty()).then_some(("content-type", kind)));
            headers.extend((!token.is_empty()).then_some((TOKEN, token)));
            status(&Method::POST, &headers)
        };
        assert_eq!(call("application/json", "secret"), 200);
        assert_eq!(call("Application/JSON; charset=utf-8", "secret"), 200);
        for token in ["", "Secret", "secre", "secret1"] {
            assert_eq!(call("application/json", token), 403, "{token}");
        }
        for kind in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"]
        {
            assert_eq!(call(kind, "secret"), 415, "{kind}");
        }
    }

    #[test]
    fn every_run_has_its_own_token() {
        let [one, other] = [Guard::new(1), Guard::new(1)];
        assert!(one.token.len() == 32 && one.token != other.token);
        assert!(!format!("{one:?}").contains(&one.token));
    }
}
