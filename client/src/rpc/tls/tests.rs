use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::SinkExt;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::ErrorKind;
use crate::recorded::{answer_one, chain, honest};
use crate::rpc::{Client, ClientOptions};

fn fixture(name: &str) -> PathBuf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls");
    fixtures.join(name)
}

fn acceptor() -> TlsAcceptor {
    let chain = CertificateDer::pem_file_iter(fixture("node.pem")).expect("the fixture");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("the fixture");
    let key = PrivateKeyDer::from_pem_file(fixture("node.key")).expect("the fixture");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate");
    TlsAcceptor::from(Arc::new(config))
}

fn client(url: String, ca_file: Option<PathBuf>) -> Result<Client> {
    Client::new(ClientOptions {
        ca_file,
        ..ClientOptions::for_nodes([url])
    })
}

/// A node behind TLS that answers calls.
async fn start() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = acceptor();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(stream) = acceptor.accept(stream).await {
                let answer = |method: &str, params: &serde_json::Value| {
                    honest(&chain(), method, params).to_string().into_bytes()
                };
                answer_one(stream, &answer).await;
            }
        }
    });
    format!("https://localhost:{port}")
}

#[tokio::test]
async fn a_node_is_reached_over_tls_by_the_authority_of_a_file_only() {
    let url = start().await;

    let with = client(url.clone(), Some(fixture("authority.pem"))).expect("a client");
    assert_eq!(with.status().await.expect("reached").latest_height, 15);

    let without = client(url, None).expect("a client");
    let refused = without.status().await.expect_err("an unknown authority");
    assert_eq!(refused.kind(), ErrorKind::NotReached);
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

#[tokio::test]
async fn whoever_calls_it_without_tls_is_told_of_https() {
    let url = start().await.replace("https://", "http://");

    let refused = client(url, None).expect("a client").status().await;

    let refused = refused.expect_err("no HTTP");
    assert_eq!(refused.kind(), ErrorKind::NotReached);
    assert!(refused.to_string().contains("https://"), "{refused}");
}

#[tokio::test]
async fn the_websocket_trusts_the_same_authority() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let acceptor = acceptor();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else {
                continue;
            };
            let socket = tokio_tungstenite::accept_async(stream).await;
            let mut socket = socket.expect("a websocket");
            let event = r#"{"result":{"data":{"value":{"header":{"height":"9"}}}}}"#;
            socket.send(Message::text(event)).await.expect("sent");
        }
    });
    let url = format!("https://localhost:{port}");

    let without = client(url.clone(), None).expect("a client");
    assert!(without.subscribe_blocks().await.is_err());

    let with = client(url, Some(fixture("authority.pem"))).expect("a client");
    let mut blocks = with.subscribe_blocks().await.expect("subscribed");
    let height = blocks.next_height(Duration::from_secs(5)).await;
    assert_eq!(height.expect("an event"), 9);
}

#[test]
fn a_file_without_a_certificate_is_refused() {
    let empty = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
    for text in ["", "nonsense", empty] {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text.as_bytes()).expect("written");

        let refused = client_config(Some(file.path())).expect_err(text);

        assert_eq!(refused.kind(), ErrorKind::Usage, "{text}");
    }
    // One is not there, and one never ends.
    for path in [fixture("nothing.pem"), "/dev/zero".into()] {
        let refused = client_config(Some(&path)).expect_err("no certificates");
        assert_eq!(refused.kind(), ErrorKind::Usage);
    }
}
