//! The services of an emulator, and which of them a request is for.

use std::fmt;
use std::sync::Arc;

use aliyun_api_spec::model::{Operation, Service};

use crate::account::{Account, AccountSettings, NewAccount};

/// A service to emulate: its checked specification, and perhaps the state behind its operations.
#[derive(Clone)]
pub struct EmulatedService {
    pub(crate) specification: Arc<Service>,
    pub(crate) account: Option<Arc<NewAccount>>,
}

impl EmulatedService {
    /// A service without state: each operation answers with the first successful example of its specification.
    pub fn new(specification: impl Into<Arc<Service>>) -> Self {
        Self { specification: specification.into(), account: None }
    }

    /// Adds state: `account` makes it, when the emulator is built and whenever it is [reset](crate::Emulator::reset).
    #[must_use]
    pub fn account(mut self, account: impl Fn(AccountSettings) -> Box<dyn Account> + Send + Sync + 'static) -> Self {
        self.account = Some(Arc::new(account));
        self
    }
}

impl From<Service> for EmulatedService {
    fn from(specification: Service) -> Self {
        Self::new(specification)
    }
}

impl From<Arc<Service>> for EmulatedService {
    fn from(specification: Arc<Service>) -> Self {
        Self::new(specification)
    }
}

impl From<&Service> for EmulatedService {
    fn from(specification: &Service) -> Self {
        Self::new(specification.clone())
    }
}

impl fmt::Debug for EmulatedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmulatedService")
            .field("product", &self.specification.product)
            .field("version", &self.specification.version)
            .field("has_account", &self.account.is_some())
            .finish_non_exhaustive()
    }
}

/// An emulator has one service of a product and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateService {
    product: String,
    version: String,
}

impl fmt::Display for DuplicateService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { product, version } = self;
        write!(f, "the emulator has {product} {version} already; add each product and version once")
    }
}

impl std::error::Error for DuplicateService {}

/// The services of an emulator: at least one.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    first: EmulatedService,
    others: Vec<EmulatedService>,
}

/// Where a request is sent, and what it asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) version: &'a str,
    /// The host that the client called, with or without a port.
    pub(crate) host: &'a str,
    pub(crate) action: &'a str,
}

impl Services {
    pub(crate) fn of(first: EmulatedService) -> Self {
        Self { first, others: Vec::new() }
    }

    pub(crate) fn add(&mut self, service: EmulatedService) -> Result<(), DuplicateService> {
        let Service { product, version, .. } = &*service.specification;
        let is_same = |other: &EmulatedService| {
            other.specification.product.eq_ignore_ascii_case(product) && other.specification.version == *version
        };
        if self.iter().any(is_same) {
            return Err(DuplicateService { product: product.clone(), version: version.clone() });
        }
        self.others.push(service);
        Ok(())
    }

    /// In the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &EmulatedService> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The service that stands for the emulator where a request names none.
    pub(crate) fn first(&self) -> &Arc<Service> {
        &self.first.specification
    }

    /// The operations of this name, each with its service.
    pub(crate) fn operations<'a>(&'a self, action: &'a str) -> impl Iterator<Item = (&'a Service, &'a Operation)> {
        self.iter().filter_map(move |service| Some((&*service.specification, service.specification.operation(action)?)))
    }

    /// The names of all operations.
    pub(crate) fn actions(&self) -> impl Iterator<Item = &str> {
        self.iter().flat_map(|service| &service.specification.operations).map(|operation| operation.action.as_str())
    }

    /// The service that a request is for; `None` if no service has its version.
    ///
    /// A version usually belongs to one product. If several services share it, the host decides, as it does at Alibaba:
    /// a service's own host, or one that begins with its product. If the host does not decide, such as that of a server
    /// on this machine, the first service that has the operation is taken, or else the first one.
    pub(crate) fn select(&self, target: Target<'_>) -> Option<&Arc<Service>> {
        let services = self.iter().map(|service| &service.specification);
        let candidates: Vec<&Arc<Service>> = services.filter(|service| service.version == target.version).collect();
        let of_host = candidates.iter().find(|service| has_host(service, target.host));
        let of_action = || candidates.iter().find(|service| service.operation(target.action).is_some());
        of_host.or_else(of_action).or(candidates.first()).copied()
    }
}

/// Whether a host belongs to a service.
fn has_host(service: &Service, host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let endpoints = &service.endpoints;
    let is_own = |own: &str| own.eq_ignore_ascii_case(name);
    endpoints.default.iter().any(|own| is_own(own))
        || endpoints.regions.iter().chain(&endpoints.vpc).any(|(_, own)| is_own(own))
        || name.split(['.', '-']).next().is_some_and(|label| label.eq_ignore_ascii_case(&service.product))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen;

    fn service(product: &str, version: &str, actions: &[&str]) -> EmulatedService {
        let mut service = specimen::service();
        product.clone_into(&mut service.product);
        version.clone_into(&mut service.version);
        service.endpoints.default = Some(format!("{}.example.com", product.to_lowercase()));
        service.operations = actions.iter().map(|action| specimen::operation(action)).collect();
        service.operations.sort_by(|one, other| one.action.cmp(&other.action));
        EmulatedService::new(service)
    }

    #[test]
    fn version_then_host_then_operation_decide() {
        let mut services = Services::of(service("Voice", "2017", &["Call", "List"]));
        services.add(service("Text", "2017", &["Send", "List"])).unwrap();
        services.add(service("Text", "2018", &["Send"])).unwrap();
        for (version, host, action, expected) in [
            // The version is that of one service.
            ("2018", "voice.example.com", "Call", Some(2)),
            // Of several, whose host it is.
            ("2017", "text.example.com", "Call", Some(1)),
            ("2017", "TEXT.example.com:8443", "List", Some(1)),
            ("2017", "text-vpc.cn-hangzhou.example.com", "List", Some(1)),
            ("2017", "voice.cn-shanghai.aliyuncs.com", "Send", Some(0)),
            // A host of no service: the one that has the operation.
            ("2017", "127.0.0.1:8080", "Send", Some(1)),
            ("2017", "127.0.0.1:8080", "List", Some(0)),
            ("2017", "texts.example.com", "Call", Some(0)),
            ("2017", "localhost", "Other", Some(0)),
            ("2017", "", "", Some(0)),
            ("2019", "voice.example.com", "Call", None),
            ("", "voice.example.com", "Call", None),
        ] {
            let selected = services.select(Target { version, host, action });
            let position = selected.map(|selected| {
                services.iter().position(|service| Arc::ptr_eq(&service.specification, selected)).unwrap()
            });
            assert_eq!(position, expected, "{version} {host} {action}");
        }
    }

    #[test]
    fn a_product_and_version_is_added_once() {
        let mut services = Services::of(service("Voice", "2017", &[]));
        assert_eq!(services.add(service("Voice", "2018", &[])), Ok(()));
        assert_eq!(services.add(service("Text", "2017", &[])), Ok(()));
        let error = services.add(service("voice", "2017", &[])).unwrap_err();
        assert_eq!(error.to_string(), "the emulator has voice 2017 already; add each product and version once");
        assert_eq!(services.iter().count(), 3);
    }
}
