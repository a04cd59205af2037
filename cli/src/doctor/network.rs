//! The way to the endpoint: name, proxy, connection, certificate, and what answers there.

use std::error::Error as StdError;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aliyun_runtime::http::{Request, Uri};
use aliyun_runtime::{Bytes, HttpResponse, Transport};
use dyvmsapi::Client;

use super::Check;
use crate::language::{pick, text};

pub(super) const ENDPOINT: &str = "endpoint";
pub(super) const NAME: &str = "name";
pub(super) const REACHED: &str = "connection";
pub(super) const EMULATOR: &str = "emulator";

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
        Check::passed(ENDPOINT, self.root.to_string().trim_end_matches('/'))
    }

    /// The proxy of the environment.
    pub(super) fn proxy(&self) -> Option<String> {
        self.proxy.clone()
    }

    /// Whether the name of the endpoint can be resolved.
    pub(super) async fn name(&self, by_proxy: bool) -> Check {
        let host = self.host();
        if host.parse::<IpAddr>().is_ok() {
            return Check::passed(NAME, text!("{host} is an address", "{host} 是 IP 地址"));
        }
        if by_proxy {
            return Check::passed(NAME, text!("the proxy resolves {host}", "由代理解析 {host}"));
        }
        let port = self.root.port_u16().unwrap_or(if self.is_tls() { 443 } else { 80 });
        let why = match tokio::time::timeout(self.limit, tokio::net::lookup_host((host, port))).await {
            Ok(Ok(mut addresses)) => match addresses.next() {
                Some(first) => return Check::passed(NAME, text!("{host} is {}", "{host} 解析为 {}", first.ip())),
                None => pick("it has no address", Some("没有对应的地址")).to_owned(),
            },
            Ok(Err(error)) => error.to_string(),
            Err(_) => self.no_answer(),
        };
        let remedy = pick(
            "check the network, VPN and DNS settings, or the region and the endpoint if they were given",
            Some("请检查网络、VPN 和 DNS 设置；如指定了地域或接入点，也请检查"),
        );
        Check::failed(NAME, text!("{host} cannot be resolved: {why}", "无法解析 {host}：{why}"), remedy)
    }

    /// Whether the endpoint answers, and the `Date` of its answer. A request without an action does nothing.
    pub(super) async fn reach(&self) -> (Check, Option<String>) {
        let start = Instant::now();
        match self.get("/").await {
            Ok(response) => {
                let time = start.elapsed().as_millis();
                let tls = if self.is_tls() {
                    pick(", with a trusted certificate", Some("，证书受信任"))
                } else {
                    pick(", without TLS", Some("，未使用 TLS"))
                };
                let date = response.headers.get("date").and_then(|date| date.to_str().ok()).map(str::to_owned);
                (Check::passed(REACHED, text!("an answer after {time} ms{tls}", "{time} 毫秒后收到响应{tls}")), date)
            }
            Err(why) => (Check::failed(REACHED, text!("{why}", "无法连接：{why}"), self.remedy(&why)), None),
        }
    }

    fn remedy(&self, why: &str) -> String {
        let why = why.to_lowercase();
        if why.contains("certificate") {
            return pick(
                "give the certificate of the gateway or proxy with --ca, and check the clock of this machine",
                Some("请用 --ca 指定网关或代理的证书，并检查本机时钟"),
            )
            .to_owned();
        }
        if let Some(proxy) = &self.proxy {
            let host = self.host();
            return text!(
                "check the proxy {proxy}, or list {host} in NO_PROXY",
                "请检查代理 {proxy}，或将 {host} 加入 NO_PROXY"
            );
        }
        if self.is_loopback() {
            return start_the_emulator().to_owned();
        }
        let port = if self.is_tls() { 443 } else { 80 };
        text!(
            "check the network, and that a firewall lets requests to port {port} out",
            "请检查网络，并确认防火墙允许访问 {port} 端口"
        )
    }

    fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether an emulator answers, if the endpoint is on this machine.
    pub(super) async fn emulator(&self, is_reached: bool) -> Option<Check> {
        if !self.is_loopback() {
            return None;
        }
        if !is_reached {
            return Some(Check::not_checked(EMULATOR, pick("there is no connection", Some("没有连接"))));
        }
        Some(match self.get("/_emulator/clock").await {
            Ok(response) if response.status == 200 => {
                Check::passed(EMULATOR, pick("it answers, and calls nobody", Some("有应答，不会拨打任何电话")))
            }
            _ => Check::failed(
                EMULATOR,
                pick(
                    "what answers on this machine is not the emulator, so that calls may reach people",
                    Some("在本机应答的不是模拟器，因此可能真的拨打电话"),
                ),
                start_the_emulator(),
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
            Err(_) => Err(self.no_answer()),
        }
    }

    fn no_answer(&self) -> String {
        text!("no answer within {:?}", "{:?} 内没有应答", self.limit)
    }
}

fn start_the_emulator() -> &'static str {
    pick(
        "start the emulator with `dyvms emulator --port N`, and give the address that it prints",
        Some("请用 `dyvms emulator --port N` 启动模拟器，并使用它打印的地址"),
    )
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
