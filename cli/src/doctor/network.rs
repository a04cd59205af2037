//! The way to the endpoint: name, proxy, connection, certificate, and what answers there.

use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aliyun_runtime::http::{Request, Uri};
use aliyun_runtime::{Bytes, HttpResponse, Transport};
use dyvmsapi::Client;

use super::Check;

const REACHED: &str = "connection";
const NAME: &str = "name";

/// The endpoint of a client, and its transport.
pub(super) struct Network {
    root: Uri,
    proxy: Option<String>,
    transport: Arc<dyn Transport>,
    limit: Duration,
}

impl Network {
    pub(super) fn new(client: &Client, limit: Duration) -> Self {
        let endpoint = client.endpoint();
        // The client was built, so its proxy can be used; and "/" is a path.
        let proxy = endpoint.proxy().unwrap_or_default();
        Self { root: endpoint.url("/").unwrap_or_default(), proxy, transport: client.transport(), limit }
    }

    fn host(&self) -> &str {
        self.root.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    fn is_tls(&self) -> bool {
        self.root.scheme_str() == Some("https")
    }

    /// Which endpoint is called.
    pub(super) fn endpoint(&self) -> Check {
        Check::passed("endpoint", self.root.to_string().trim_end_matches('/'))
    }

    /// The proxy of the environment.
    pub(super) fn proxy(&self) -> Option<String> {
        self.proxy.clone()
    }

    /// Whether the name of the endpoint can be resolved.
    pub(super) async fn name(&self, by_proxy: bool) -> Check {
        let host = self.host();
        if host.parse::<IpAddr>().is_ok() {
            return Check::passed(NAME, format!("{host} is an address"));
        }
        if by_proxy {
            return Check::passed(NAME, format!("the proxy resolves {host}"));
        }
        let port = self.root.port_u16().unwrap_or(if self.is_tls() { 443 } else { 80 });
        let why = match tokio::time::timeout(self.limit, tokio::net::lookup_host((host, port))).await {
            Ok(Ok(mut addresses)) => match addresses.next() {
                Some(first) => return Check::passed(NAME, format!("{host} is {}", first.ip())),
                None => "it has no address".to_owned(),
            },
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {:?}", self.limit),
        };
        let remedy = "check the network, VPN and DNS settings, or the region and the endpoint if they were given";
        Check::failed(NAME, format!("{host} cannot be resolved: {why}"), remedy)
    }

    /// Whether the endpoint answers, and the `Date` of its answer. A request without an action does nothing.
    pub(super) async fn reach(&self) -> (Check, Option<String>) {
        let start = Instant::now();
        match self.get("/").await {
            Ok(response) => {
                let time = start.elapsed().as_millis();
                let tls = if self.is_tls() { ", with a trusted certificate" } else { ", without TLS" };
                let date = response.headers.get("date").and_then(|date| date.to_str().ok()).map(str::to_owned);
                (Check::passed(REACHED, format!("an answer after {time} ms{tls}")), date)
            }
            Err(why) => (Check::failed(REACHED, why.clone(), self.remedy(&why)), None),
        }
    }

    fn remedy(&self, why: &str) -> String {
        let why = why.to_lowercase();
        if why.contains("certificate") {
            return "give the certificate of the gateway or proxy with --ca, and check the clock of this machine"
                .to_owned();
        }
        if let Some(proxy) = &self.proxy {
            return format!("check the proxy {proxy}, or list {} in NO_PROXY", self.host());
        }
        if self.is_loopback() {
            return "start the emulator with `dyvms emulator --port N`, and give the address that it prints".to_owned();
        }
        let port = if self.is_tls() { 443 } else { 80 };
        format!("check the network, and that a firewall lets requests to port {port} out")
    }

    fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether an emulator answers, if the endpoint is on this machine.
    pub(super) async fn emulator(&self, is_reached: bool) -> Option<Check> {
        const EMULATOR: &str = "emulator";
        if !self.is_loopback() {
            return None;
        }
        if !is_reached {
            return Some(Check::not_checked(EMULATOR, "there is no connection"));
        }
        Some(match self.get("/_emulator/clock").await {
            Ok(response) if response.status == 200 => Check::passed(EMULATOR, "it answers, and calls nobody"),
            _ => Check::failed(
                EMULATOR,
                "what answers on this machine is not the emulator, so that calls may reach people",
                "start the emulator with `dyvms emulator --port N`, and give the address that it prints",
            ),
        })
    }

    async fn get(&self, path: &str) -> Result<HttpResponse, String> {
        const LARGEST: usize = 64 << 10;
        let mut parts = self.root.clone().into_parts();
        parts.path_and_query = path.parse().ok();
        let uri = Uri::from_parts(parts).map_err(|error| error.to_string())?;
        let request = Request::get(uri).body(Bytes::new()).map_err(|error| error.to_string())?;
        match tokio::time::timeout(self.limit, self.transport.send(request, LARGEST)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(causes(&*error.source)),
            Err(_) => Err(format!("no answer within {:?}", self.limit)),
        }
    }
}

/// An error with its causes, on one line.
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |cause: &&dyn StdError| (**cause).source()) {
        let cause = cause.to_string();
        if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}
