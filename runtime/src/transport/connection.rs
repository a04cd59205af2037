//! The settings of connections.

use crate::transport::proxy::ProxyChoice;

/// How connections are made.
#[derive(Clone, Default)]
pub(crate) struct ConnectionSettings {
    pub(crate) proxy: ProxyChoice,
    /// Certificates that are trusted in addition to those of the system, in PEM.
    pub(crate) roots: Vec<u8>,
    /// The TLS library, if the caller chose one.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub(crate) tls: Option<Tls>,
}

/// A TLS library.
#[cfg(any(feature = "rustls", feature = "native-tls"))]
#[cfg_attr(docsrs, doc(cfg(any(feature = "rustls", feature = "native-tls"))))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tls {
    /// rustls with aws-lc-rs, which trusts the certificates of the system.
    #[cfg(feature = "rustls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls")))]
    Rustls,
    /// The library of the system: `OpenSSL`, Secure Transport or `SChannel`.
    #[cfg(feature = "native-tls")]
    #[cfg_attr(docsrs, doc(cfg(feature = "native-tls")))]
    Native,
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
impl Tls {
    /// What is used if the caller does not choose. It is rustls wherever that is enabled: features are united over a
    /// program, so that a default of the system's library would let a third crate change the choice.
    pub(super) const DEFAULT: Self = {
        #[cfg(feature = "rustls")]
        {
            Self::Rustls
        }
        #[cfg(not(feature = "rustls"))]
        {
            Self::Native
        }
    };
}
