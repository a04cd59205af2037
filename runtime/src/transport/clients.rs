//! The reqwest clients behind one transport.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::runtime;

use crate::transport::connection::ConnectionSettings;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use crate::transport::connection::Tls;
use crate::transport::proxy::Proxies;
use crate::transport::setting::InvalidSetting;
use crate::transport::timeout::Timeouts;

/// Clients with the same settings. Each takes some milliseconds and about 100 KiB for the root certificates, so they
/// are built when they are needed. The first one is built at once, to check the settings.
pub(super) struct Clients {
    settings: Settings,
    /// The most recently used ones first.
    groups: Mutex<Vec<Arc<Group>>>,
}

/// The clients of one tokio runtime. The runtime drives the connections that were opened in it: while it does not run,
/// requests of another runtime on these connections would get no response.
struct Group {
    /// Empty before the first use.
    runtime: OnceLock<Option<runtime::Id>>,
    /// Two that keep connections, and one that opens a new one for each request.
    clients: [OnceLock<reqwest::Client>; 3],
    /// The number of server failures on kept connections; after each one the other client is used. So a connection to a
    /// broken server is not used again, unless the other client fails too before the connection was closed as idle.
    failures: AtomicUsize,
}

/// The client of a group that keeps no connections.
const UNPOOLED: usize = 2;

/// Maximum number of groups. A program that creates a runtime for each call would otherwise fill the memory with them.
const GROUPS: usize = 64;

/// The client that one request goes through.
pub(super) struct Chosen {
    pub(super) http: reqwest::Client,
    group: Arc<Group>,
    /// The failures at that time; `None` if the connection is not kept.
    failures: Option<usize>,
}

impl Chosen {
    /// Switches to the other client, if the connection is kept.
    pub(super) fn server_failed(&self) {
        if let Some(failures) = self.failures {
            // If several requests fail at the same time, one switch is enough.
            let next = failures.wrapping_add(1);
            let _ = self.group.failures.compare_exchange(failures, next, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

impl Clients {
    pub(super) fn new(settings: Settings) -> Result<Self, InvalidSetting> {
        let first = Group::default();
        first.client(0, &settings)?;
        Ok(Self { settings, groups: Mutex::new(vec![Arc::new(first)]) })
    }

    /// The client for the next request: with a fresh connection, or with one that may have been used.
    pub(super) fn client(&self, fresh: bool) -> Result<Chosen, InvalidSetting> {
        let group = self.group();
        let failures = (!fresh).then(|| group.failures.load(Ordering::Relaxed));
        let http = group.client(failures.map_or(UNPOOLED, |failures| failures % 2), &self.settings)?;
        Ok(Chosen { http, group, failures })
    }

    /// The group of this runtime.
    fn group(&self) -> Arc<Group> {
        let here = runtime::Handle::try_current().ok().map(|runtime| runtime.id());
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let known = groups.iter().position(|group| *group.runtime.get_or_init(|| here) == here);
        if let Some(at) = known {
            groups[..=at].rotate_right(1);
        } else {
            groups.insert(0, Arc::new(Group { runtime: here.into(), ..Group::default() }));
            groups.truncate(GROUPS);
        }
        Arc::clone(&groups[0])
    }
}

impl Default for Group {
    fn default() -> Self {
        Self { runtime: OnceLock::new(), clients: Default::default(), failures: AtomicUsize::new(0) }
    }
}

impl Group {
    fn client(&self, which: usize, settings: &Settings) -> Result<reqwest::Client, InvalidSetting> {
        if let Some(client) = self.clients[which].get() {
            return Ok(client.clone());
        }
        let built = settings.build(which)?;
        Ok(self.clients[which].get_or_init(|| built).clone())
    }
}

/// The settings of a client.
pub(super) struct Settings {
    pub(super) proxies: Arc<Proxies>,
    pub(super) timeouts: Timeouts,
    pub(super) connections: ConnectionSettings,
}

impl Settings {
    fn build(&self, which: usize) -> Result<reqwest::Client, InvalidSetting> {
        // Without a rule of its own, reqwest would read the environment.
        let mut builder = reqwest::Client::builder().no_proxy();
        if !self.proxies.is_empty() {
            let proxies = Arc::clone(&self.proxies);
            builder = builder.proxy(reqwest::Proxy::custom(move |target| proxies.url(target)));
        }
        if which == UNPOOLED {
            builder = builder.pool_max_idle_per_host(0);
        }
        let built = with_tls(builder, &self.connections)?
            .connect_timeout(self.timeouts.connect)
            .pool_idle_timeout(self.timeouts.idle)
            .tcp_keepalive(self.timeouts.keepalive)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            .build();
        built.map_err(|error| {
            let error = InvalidSetting::new("the HTTP client cannot be set up").caused_by(error.without_url());
            if self.connections.roots.is_empty() { error } else { error.hint(CHECK_ROOTS) }
        })
    }
}

const CHECK_ROOTS: &str = "check the root certificates given in PEM";

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn with_tls(
    builder: reqwest::ClientBuilder,
    connections: &ConnectionSettings,
) -> Result<reqwest::ClientBuilder, InvalidSetting> {
    let roots = &*connections.roots;
    let builder = match connections.tls.unwrap_or(Tls::DEFAULT) {
        #[cfg(feature = "rustls")]
        Tls::Rustls => builder.tls_backend_rustls(),
        #[cfg(feature = "native-tls")]
        Tls::Native => builder.tls_backend_native(),
    };
    if roots.is_empty() {
        return Ok(builder);
    }
    let refuse = |why: String| Err(InvalidSetting::new(format!("the root certificates {why}")));
    let text = String::from_utf8_lossy(roots);
    let labels: Vec<&str> =
        text.split("-----BEGIN ").skip(1).filter_map(|rest| Some(rest.split_once("-----")?.0)).collect();
    if labels.is_empty() {
        return refuse("are no PEM: there is no line \"-----BEGIN CERTIFICATE-----\"".to_owned());
    }
    if !labels.contains(&"CERTIFICATE") {
        return refuse(format!("hold no CERTIFICATE, but {}", labels.join(", ")));
    }
    match reqwest::Certificate::from_pem_bundle(roots) {
        Ok(roots) if roots.len() == labels.iter().filter(|label| **label == "CERTIFICATE").count() => {
            Ok(builder.tls_certs_merge(roots))
        }
        Ok(_) => refuse("are cut short: a certificate has no end".to_owned()),
        Err(error) => {
            Err(InvalidSetting::new("the root certificates cannot be read").caused_by(error).hint(CHECK_ROOTS))
        }
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn with_tls(
    builder: reqwest::ClientBuilder,
    connections: &ConnectionSettings,
) -> Result<reqwest::ClientBuilder, InvalidSetting> {
    if connections.roots.is_empty() {
        return Ok(builder);
    }
    Err(InvalidSetting::new("root certificates are for TLS, and this build has none")
        .hint("turn on the feature rustls or native-tls"))
}
