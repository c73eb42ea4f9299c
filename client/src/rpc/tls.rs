//! Which certificates are believed: those of one file, or the public authorities.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::{Error, Result, files};

/// No file of certificates is larger.
const PEM_BYTES_MAX: u64 = 1 << 20;

/// The TLS configuration of every connection. With a CA file, its certificates are the only
/// roots: a consortium's own authority replaces the public ones, it does not join them.
pub(super) fn client_config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => add_from_file(&mut roots, path)?,
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
    }

    // The provider is named here, so that no process-wide choice by somebody else is met.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::trouble("TLS cannot be set up").with_source(error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn add_from_file(roots: &mut RootCertStore, path: &Path) -> Result<()> {
    let unusable = || Error::usage(format!("no CA certificate in {}", path.display()));
    let pem = files::read(path, PEM_BYTES_MAX).map_err(|error| unusable().with_source(error))?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable().with_source(error.to_string()))?;
    for certificate in certificates {
        roots
            .add(certificate)
            .map_err(|error| unusable().with_source(error))?;
    }

    if roots.is_empty() {
        return Err(unusable());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
