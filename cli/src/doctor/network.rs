//! The way to the service: proxy, name, connection, clock.

use std::time::{Duration, SystemTime};

use aliyun_runtime::http::header::DATE;
use aliyun_runtime::http::{Request, Uri};
use aliyun_runtime::{Bytes, Transport};
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::check::{Check, Checks};
use crate::client::{self, Connection};

/// Time limits of a look-up of a name, and of a request.
const PATIENCE: Duration = Duration::from_secs(5);

/// The gateway refuses requests from further away.
const WINDOW: i64 = 15 * 60;

/// From this difference on, the clock is on its way to be refused.
const SUSPICIOUS: i64 = 60;

/// What is to be reached.
pub(super) struct Target {
    uri: Uri,
    is_local: bool,
}

impl Target {
    pub(super) fn of(options: &client::Options, connection: &Connection) -> Self {
        Self { uri: connection.endpoint(), is_local: options.local }
    }

    fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    fn is_https(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_https() { 443 } else { 80 })
    }
}

/// Checks the way to the service, and returns whether it leads there.
pub(super) async fn check(checks: &mut Checks, target: Target, transport: &dyn Transport) -> bool {
    let whose = if target.is_local { ", the emulator of --local" } else { "" };
    checks.add(Check::passed("endpoint", format!("{}{whose}", target.uri)));
    let proxy = proxy(&target);
    let is_resolved = if let Some(variable) = &proxy {
        checks.add(Check::passed("proxy", format!("{variable} is set; the proxy resolves names")));
        true
    } else {
        checks.add(Check::passed("proxy", "none"));
        resolve(checks, &target).await
    };
    if !is_resolved {
        for name in ["connection", "clock"] {
            checks.add(Check::skipped(name, "the host has no address"));
        }
        return false;
    }
    connect(checks, &target, proxy.is_some(), transport).await
}

/// The variable of a proxy for this target, if one is set. Whether `NO_PROXY` excludes the host is decided by the client.
fn proxy(target: &Target) -> Option<&'static str> {
    let names: [&str; 4] = if target.is_https() {
        ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
    } else {
        ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    };
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let host = target.host();
    let excluded = ["NO_PROXY", "no_proxy"].into_iter().filter_map(|name| std::env::var(name).ok()).any(|list| {
        list.split(',')
            .map(|part| part.trim().trim_start_matches('.'))
            .any(|part| part == "*" || (!part.is_empty() && (host == part || host.ends_with(&format!(".{part}")))))
    });
    names.into_iter().find(is_set).filter(|_| !excluded)
}

async fn resolve(checks: &mut Checks, target: &Target) -> bool {
    const NAME: &str = "name resolution";
    let host = target.host().trim_matches(['[', ']']);
    let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, target.port()))).await;
    let (what, remedy) = match found {
        Ok(Ok(addresses)) => {
            let count = addresses.count();
            checks
                .add(Check::passed(NAME, format!("{host} has {count} address{}", if count == 1 { "" } else { "es" })));
            return true;
        }
        Ok(Err(error)) => (error.to_string(), "connect this machine to a network, or check its name servers"),
        Err(_) => (format!("no answer within {PATIENCE:?}"), "check the name servers of this machine"),
    };
    checks.add(Check::failed(NAME, format!("offline, or the name is wrong: {host}: {what}"), remedy));
    false
}

/// Sends a request that nobody signed: the gateway refuses it, and its response has its time.
async fn connect(checks: &mut Checks, target: &Target, by_proxy: bool, transport: &dyn Transport) -> bool {
    let Ok(request) = Request::get(target.uri.clone()).header("host", authority(&target.uri)).body(Bytes::new()) else {
        checks.add(Check::failed("connection", "the endpoint is not an address", "give another one with --endpoint"));
        return false;
    };
    let answered = tokio::time::timeout(PATIENCE, transport.send(request, 64 * 1024)).await;
    let what = match answered {
        Ok(Ok(response)) => {
            let how = if target.is_https() { "TLS, and its certificate is trusted" } else { "HTTP without TLS" };
            checks.add(Check::passed("connection", format!("{how}; the gateway answers HTTP {}", response.status)));
            let date = response.headers.get(DATE).and_then(|date| date.to_str().ok());
            checks.add(clock(date, SystemTime::now()));
            return true;
        }
        Ok(Err(error)) => causes(&*error.source),
        Err(_) => format!("no answer within {PATIENCE:?}"),
    };
    let remedy = if by_proxy {
        "check the address of the proxy and its password, and that it allows this host"
    } else if target.is_https() {
        "allow outgoing connections to port 443; trust a proxy that inspects TLS with --ca"
    } else {
        "check that the server runs, and its port"
    };
    checks.add(Check::failed("connection", what, remedy));
    checks.add(Check::skipped("clock", "there is no response with a time"));
    false
}

fn authority(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}

fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    all.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Compares the clock of this machine with that of the gateway.
fn clock(date: Option<&str>, now: SystemTime) -> Check {
    const NAME: &str = "clock";
    let theirs = date.and_then(|date| rfc2822::DateTimeParser::new().parse_timestamp(date).ok());
    let (Some(theirs), Ok(ours)) = (theirs, Timestamp::try_from(now)) else {
        return Check::skipped(NAME, "the response has no time");
    };
    let ahead = ours.as_second() - theirs.as_second();
    let way = if ahead < 0 { "behind" } else { "ahead of" };
    let found = format!("{} s {way} the gateway, which allows {WINDOW} s", ahead.abs());
    if ahead.abs() < SUSPICIOUS {
        return Check::passed(NAME, found);
    }
    Check::failed(NAME, found, "set the clock of this machine, preferably by NTP")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_differ_by_less_than_a_minute() {
        // Mon, 02 Mar 2026 02:00:00 GMT
        let gateway = 1_772_416_800;
        let check = |seconds: i64| {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(gateway + seconds).unwrap());
            let mut checks = Checks::default();
            checks.add(clock(Some("Mon, 02 Mar 2026 02:00:00 GMT"), now));
            (checks.failed(), checks.as_text())
        };
        assert_eq!(check(0), (0, "ok    clock  0 s ahead of the gateway, which allows 900 s\n".to_owned()));
        assert_eq!((check(59).0, check(60).0, check(-59).0, check(-60).0), (0, 1, 0, 1));
        let (_, text) = check(-700);
        assert!(
            text.starts_with("FAIL  clock  700 s behind the gateway, which allows 900 s; to do: set the clock"),
            "{text}"
        );
        let mut checks = Checks::default();
        for date in [None, Some("yesterday")] {
            checks.add(clock(date, SystemTime::UNIX_EPOCH));
        }
        assert!(checks.as_text().lines().all(|line| line.starts_with("skip  clock  ")), "{}", checks.as_text());
    }
}
