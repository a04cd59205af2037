//! TLS with a certificate made for one server.

use std::io;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::server::TlsStream;

use crate::delivery::Line;

/// A key and the certificate of it.
#[derive(Clone)]
pub(crate) struct Identity {
    acceptor: TlsAcceptor,
    certificate_pem: Arc<str>,
}

impl Identity {
    /// A new one, for this machine and for these names and addresses.
    pub(crate) fn new(names: &[&str]) -> io::Result<Self> {
        let names = ["localhost", "127.0.0.1", "::1"].iter().chain(names).map(|&name| name.to_owned());
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(names.collect::<Vec<_>>()).map_err(io::Error::other)?;
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        // The provider is named, so that it does not matter which others a program links.
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key.into()))
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate_pem: cert.pem().into() })
    }

    pub(crate) fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    pub(crate) async fn accept(&self, line: Line) -> io::Result<TlsStream<Line>> {
        self.acceptor.accept(line).await
    }
}
