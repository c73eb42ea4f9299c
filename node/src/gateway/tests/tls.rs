//! The gateway behind a certificate. The files under `tls/` are for these tests alone.

use std::fs;
use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::server::{Engine, Server};
use super::wire::get;
use crate::gateway::{Limits, TlsError, TlsFiles};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/gateway/tests/tls")
        .join(name)
}

/// The files as they lie in a home: the key is a copy with this mode.
struct Home {
    files: TlsFiles,
    _directory: TempDir,
}

fn home(certificate: &str, key: &str, mode: u32) -> Home {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("key.pem");
    fs::copy(file(key), &copy).unwrap();
    fs::set_permissions(&copy, fs::Permissions::from_mode(mode)).unwrap();
    Home {
        files: TlsFiles {
            certificate: file(certificate),
            key: copy,
        },
        _directory: directory,
    }
}

#[tokio::test]
async fn calls_are_answered_over_tls_and_not_without_it() {
    let home = home("certificate.pem", "key.pem", 0o600);
    let acceptor = home.files.load().unwrap();
    let engine = Arc::new(Engine::default());
    let server =
        Server::start_before(Limits::default(), engine.clone(), engine, Some(acceptor)).await;

    let mut roots = RootCertStore::empty();
    let pem = std::fs::read(file("certificate.pem")).unwrap();
    for certificate in rustls_pemfile::certs(&mut pem.as_slice()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let config =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
    let stream = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    let request = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#""result":{}}"#),
        "{answer}"
    );

    assert_eq!(get(server.address, "/health").await.status, 0);
}

#[test]
fn files_that_cannot_be_used_are_refused_by_name() {
    let refused = |certificate, key| {
        let home = home(certificate, key, 0o400);
        home.files.load().map(|_| ()).unwrap_err()
    };
    assert!(matches!(
        refused("absent.pem", "key.pem"),
        TlsError::Unreadable(..)
    ));
    assert!(matches!(
        refused("key.pem", "key.pem"),
        TlsError::NoCertificate(_)
    ));
    assert!(matches!(
        refused("certificate.pem", "certificate.pem"),
        TlsError::NoKey(_)
    ));
    assert!(matches!(
        refused("certificate.pem", "other_key.pem"),
        TlsError::Unusable(_)
    ));
}

#[test]
fn no_more_of_a_file_is_read_than_its_bound_whatever_its_length_says() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let writing = std::thread::spawn(move || writer.write_all(&[b'x'; (1 << 20) + 1]));
    let files = TlsFiles {
        certificate: format!("/proc/self/fd/{}", reader.as_raw_fd()).into(),
        key: file("key.pem"),
    };
    let refused = files.load().map(|_| ()).unwrap_err().to_string();
    assert!(refused.ends_with("is larger than 1 MiB"), "{refused}");
    writing.join().unwrap().unwrap();
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    for mode in [0o644, 0o660, 0o604] {
        let home = home("certificate.pem", "key.pem", mode);
        let refused = home.files.load().map(|_| ()).unwrap_err();
        assert!(matches!(refused, TlsError::Open(_)), "{mode:o}");
    }
}
