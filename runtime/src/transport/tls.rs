//! TLS over a stream: by the system's library where the feature `native-tls` is on, which nobody turns on by accident,
//! else by rustls.

use crate::error::Error;

#[cfg(any(feature = "rustls", feature = "native-tls"))]
pub(super) use self::with::{Https, Tls, settings};
#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
pub(super) use self::without::{Tls, settings};

/// Whether this build has TLS.
pub(super) const AVAILABLE: bool = cfg!(any(feature = "rustls", feature = "native-tls"));

#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod with {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject as _;

    use super::{Error, cannot_be_set_up};

    #[cfg(feature = "native-tls")]
    pub(in super::super) type Https<T> = hyper_tls::HttpsConnector<T>;
    #[cfg(feature = "native-tls")]
    pub(in super::super) type Tls = tokio_native_tls::TlsConnector;

    #[cfg(not(feature = "native-tls"))]
    pub(in super::super) type Https<T> = hyper_rustls::HttpsConnector<T>;
    #[cfg(not(feature = "native-tls"))]
    pub(in super::super) type Tls = std::sync::Arc<rustls::ClientConfig>;

    const HTTP1: &str = "http/1.1";
    const CHECK_ROOTS: &str = "check the root certificates given in PEM";

    /// What connections trust: the certificates of the system, and `roots` in PEM.
    pub(in super::super) fn settings(roots: &[u8]) -> Result<Tls, Error> {
        let read = certificates(roots)?;
        connector(read).map_err(|error| if roots.is_empty() { error } else { error.hint(CHECK_ROOTS) })
    }

    #[cfg(feature = "native-tls")]
    fn connector(roots: Vec<CertificateDer<'static>>) -> Result<Tls, Error> {
        let mut builder = native_tls::TlsConnector::builder();
        builder.request_alpns(&[HTTP1]);
        for root in roots {
            let root = native_tls::Certificate::from_der(&root)
                .map_err(|error| Error::configuration("the root certificates cannot be read").caused_by(error))?;
            builder.add_root_certificate(root);
        }
        builder.build().map(Tls::from).map_err(cannot_be_set_up)
    }

    #[cfg(not(feature = "native-tls"))]
    fn connector(roots: Vec<CertificateDer<'static>>) -> Result<Tls, Error> {
        use rustls::crypto::{CryptoProvider, aws_lc_rs};
        use rustls_platform_verifier::Verifier;

        // A program may have chosen one, such as a certified one.
        let provider =
            CryptoProvider::get_default().map_or_else(|| aws_lc_rs::default_provider().into(), std::sync::Arc::clone);
        let builder = rustls::ClientConfig::builder_with_provider(std::sync::Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(cannot_be_set_up)?;
        let verifier =
            if roots.is_empty() { Verifier::new(provider) } else { Verifier::new_with_extra_roots(roots, provider) };
        let verifier = std::sync::Arc::new(verifier.map_err(cannot_be_set_up)?);
        let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.alpn_protocols = vec![HTTP1.into()];
        Ok(config.into())
    }

    fn certificates(roots: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
        if roots.is_empty() {
            return Ok(Vec::new());
        }
        let refuse = |why: String| Err(Error::configuration(format!("the root certificates {why}")));
        let text = String::from_utf8_lossy(roots);
        let labels: Vec<&str> =
            text.split("-----BEGIN ").skip(1).filter_map(|rest| Some(rest.split_once("-----")?.0)).collect();
        if labels.is_empty() {
            return refuse("are no PEM: there is no line \"-----BEGIN CERTIFICATE-----\"".to_owned());
        }
        if !labels.contains(&"CERTIFICATE") {
            return refuse(format!("hold no CERTIFICATE, but {}", labels.join(", ")));
        }
        match CertificateDer::pem_slice_iter(roots).collect::<Result<Vec<_>, _>>() {
            Ok(roots) if roots.len() == labels.iter().filter(|label| **label == "CERTIFICATE").count() => Ok(roots),
            Ok(_) => refuse("are cut short: a certificate has no end".to_owned()),
            Err(_) => refuse(format!("cannot be read: invalid certificate encoding; {CHECK_ROOTS}")),
        }
    }
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
mod without {
    use super::Error;

    pub(in super::super) type Tls = ();

    pub(in super::super) fn settings(roots: &[u8]) -> Result<Tls, Error> {
        if roots.is_empty() {
            return Ok(());
        }
        Err(Error::configuration("root certificates are for TLS, and this build has none")
            .hint("turn on the feature rustls or native-tls"))
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn cannot_be_set_up(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::configuration("the HTTP client cannot be set up").caused_by(error)
}
