//! The gateway's certificate.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::bounded_file;

/// Bytes of a certificate or key file.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// Where certificate and key lie, as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those that lead to a root.
    pub certificate: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}", path = .0.display(), source = .1)]
    Unreadable(PathBuf, std::io::Error),
    /// Others than the owner can read the key.
    #[error("{path}: others can read it; run: chmod 600 {path}", path = .0.display())]
    Open(PathBuf),
    /// The certificate file holds no certificate.
    #[error("{} holds no PEM certificate", .0.display())]
    NoCertificate(PathBuf),
    /// The key file holds no private key.
    #[error("{} holds no PEM private key", .0.display())]
    NoKey(PathBuf),
    /// Certificate and key do not go together, or are of a kind that is not supported.
    #[error("certificate or key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}

impl TlsFiles {
    /// Reads the files; the result goes to [`serve`](super::serve).
    pub fn load(&self) -> Result<TlsAcceptor, TlsError> {
        let certificates = read_certificates(&self.certificate)?;
        let key = read_key(&self.key)?;

        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(path)?;
    let certificates: Vec<_> = rustls_pemfile::certs(&mut pem.as_slice())
        .collect::<Result<_, _>>()
        .map_err(|error| TlsError::Unreadable(path.to_owned(), error))?;
    if certificates.is_empty() {
        return Err(TlsError::NoCertificate(path.to_owned()));
    }
    Ok(certificates)
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let about = fs::metadata(path).map_err(|error| TlsError::Unreadable(path.to_owned(), error))?;
    // A group may read it: certificates are often shared with the service in that way.
    if about.permissions().mode() & 0o027 != 0 {
        return Err(TlsError::Open(path.to_owned()));
    }
    let pem = read(path)?;
    rustls_pemfile::private_key(&mut pem.as_slice())
        .map_err(|error| TlsError::Unreadable(path.to_owned(), error))?
        .ok_or_else(|| TlsError::NoKey(path.to_owned()))
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    bounded_file::read(path, PEM_BYTES_MAX)
        .map_err(|error| TlsError::Unreadable(path.to_owned(), error))
}
