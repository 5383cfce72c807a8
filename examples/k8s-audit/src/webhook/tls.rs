// SPDX-License-Identifier: Apache-2.0
//! TLS from one PEM file that has the key and the certificate, with those that sign it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::WebhookError;

/// What every TLS connection begins with: the type of a handshake record.
pub(super) const HANDSHAKE: u8 = 22;

/// The answer to a client that does not speak TLS, that of Go's server.
pub(super) const NOT_TLS: &[u8] =
    b"HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// TLS 1.2 and 1.3; HTTP/2 and HTTP/1.1 are offered.
pub(super) fn acceptor(path: &Path) -> Result<TlsAcceptor, WebhookError> {
    config(path)
        .map(|config| TlsAcceptor::from(Arc::new(config)))
        .map_err(|reason| WebhookError::Certificate { path: path.to_owned(), reason })
}

fn config(path: &Path) -> Result<ServerConfig, String> {
    let text = fs::read(path).map_err(|error| error.to_string())?;
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    if certificates.is_empty() {
        return Err("there is no certificate in it (it has to have the certificate and its private key)".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            "there is no private key in it (it has to have the certificate and its private key)".to_owned()
        }
        error => error.to_string(),
    })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
