//! `polityd status`: the state of a running node, asked of its gateway.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use reqwest::{Certificate, Client, Url};
use serde_json::Value;

use super::{Common, Output, Trouble, has_directory, no_home};
use crate::bounded_file;
use crate::config::Config;
use crate::fault::{Fault, FaultKind};
use crate::keys::{KeyError, NodeKeys};

/// Show the state of a running node.
///
/// Without --node it asks the gateway of this home's configuration. Exit code 4 means that no node
/// answered.
///
/// Example:
///   polityd status -o json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Status {
    /// The gateway to ask, such as https://node.health.example:26657
    #[arg(long, value_name = "URL")]
    node: Option<String>,
    /// Also trust the authority of this certificate (PEM), such as your organisation's own
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

/// No node answered.
#[derive(Debug, thiserror::Error)]
#[error("no node answers at {url}: {words}")]
pub(super) struct NotReached {
    url: String,
    words: String,
}

/// A node that does not answer in this time is as good as absent.
const PATIENCE: Duration = Duration::from_secs(5);
/// No bundle of certificates is longer.
const PEM_BYTES_MAX: u64 = 1 << 20;
/// The bound of an answer: a status is a kilobyte.
const ANSWER_BYTES_MAX: usize = 1 << 20;

impl Status {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let (url, keys) = match self.node {
            Some(url) => (named(&url)?, None),
            None => {
                let config = common.load()?.config;
                (own_gateway(&config)?, Some(config.keys_directory()))
            }
        };

        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let client = client(self.ca.as_deref())?;
        let mut status = runtime.block_on(ask(&client, &url, "status"))?;
        if keys.is_some_and(|keys| is_of_another(&status, &keys)) {
            let words = "the one there is another home's".into();
            return Err(NotReached { url, words }.into());
        }
        // Peers are another question; a node that has no answer to it is told about all the same.
        if let Ok(peers) = runtime.block_on(ask(&client, &url, "net_info")) {
            status["polity"]["peers"] = peers["n_peers"].clone();
        }

        match common.output {
            Output::Text => print!("{}", text(&status)),
            Output::Json => println!("{status:#}"),
        }
        Ok(())
    }
}

/// The address that was given, without what would double the slash before a method.
fn named(address: &str) -> Result<String, Fault> {
    let is_of_node = |url: Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if !Url::parse(address).is_ok_and(is_of_node) {
        let words = format!("`{address}` is not an address of a node");
        return Err(Fault::new(FaultKind::Usage, words));
    }
    Ok(address.trim_end_matches('/').to_owned())
}

fn own_gateway(config: &Config) -> Result<String, Fault> {
    // Somebody else's node may listen at the default address.
    if !has_directory(&config.home)? {
        return Err(no_home(config, ", or a node by --node"));
    }
    if config.gateway.tls_certificate.is_some() {
        // The certificate names a host that only the operator knows.
        let words =
            "the gateway speaks TLS: name it as its certificate does, --node https://HOST:PORT";
        return Err(Fault::new(FaultKind::Usage, words));
    }
    Ok(format!("http://{}", reachable(config.gateway.listen)))
}

/// Whether the node that answered is another than the one whose keys these are: homes may name the same port.
fn is_of_another(status: &Value, keys: &Path) -> bool {
    match NodeKeys::load(keys) {
        Ok(keys) => status["node_info"]["id"] != keys.node_id(),
        // No node runs without keys.
        Err(KeyError::Io(_, error)) if error.kind() == io::ErrorKind::NotFound => true,
        // Whoever may not read them cannot tell.
        Err(_) => false,
    }
}

/// A node that listens everywhere is reached on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Who asks. It trusts the public authorities, and the operator's own.
fn client(authority: Option<&Path>) -> Result<Client, Fault> {
    // An error says that the process has a provider of cryptography already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder().timeout(PATIENCE);
    if let Some(path) = authority {
        let wrong =
            |words: String| Fault::new(FaultKind::Usage, format!("{}: {words}", path.display()));
        let pem =
            bounded_file::read(path, PEM_BYTES_MAX).map_err(|error| wrong(error.to_string()))?;
        let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if certificates.is_empty() {
            return Err(wrong("holds no PEM certificate".into()));
        }
        builder = certificates
            .into_iter()
            .fold(builder, |builder, one| builder.add_root_certificate(one));
    }
    let built = builder.build();
    built.map_err(|error| Fault::new(FaultKind::Usage, innermost(&error)))
}

async fn ask(client: &Client, url: &str, method: &str) -> Result<Value, NotReached> {
    let not_reached = |words: String| NotReached {
        url: url.to_owned(),
        words,
    };
    let mut response = client
        .get(format!("{url}/{method}"))
        .send()
        .await
        .map_err(|error| not_reached(innermost(&error)))?;
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| not_reached(innermost(&error)))?
    {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            return Err(not_reached("the answer has no end".into()));
        }
    }

    let mut answer: Value = serde_json::from_slice(&body)
        .map_err(|_| not_reached("the answer is not a node's".into()))?;
    match answer.get_mut("result").map(Value::take) {
        Some(status) if status.is_object() => Ok(status),
        Some(_) | None => {
            let words = answer["error"]["data"]
                .as_str()
                .or(answer["error"]["message"].as_str());
            Err(not_reached(
                words.unwrap_or("the answer is not a node's").to_owned(),
            ))
        }
    }
}

/// The cause under all the layers: `connection refused`, and not that a request failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// Hashes that CometBFT's form of an answer has in capitals.
const IN_CAPITALS: [&str; 3] = ["app hash", "proposer", "validator address"];

/// The lines that an operator looks for; the whole answer is in the JSON form.
fn text(status: &Value) -> String {
    let rows = [
        ("network", "/node_info/network"),
        ("organisation", "/polity/organisation"),
        ("engine", "/polity/engine"),
        ("height", "/sync_info/latest_block_height"),
        ("block time", "/sync_info/latest_block_time"),
        ("app hash", "/sync_info/latest_app_hash"),
        ("catching up", "/sync_info/catching_up"),
        ("round", "/consensus_info/round"),
        ("proposer", "/consensus_info/proposer"),
        ("missed rounds", "/consensus_info/missed_rounds"),
        ("signed blocks", "/consensus_info/signed/blocks"),
        ("of the newest", "/consensus_info/signed/of"),
        // The same under both engines.
        ("peers", "/polity/peers"),
        ("waiting", "/consensus_info/waiting"),
        ("guard signs", "/consensus_info/guard/signs"),
        ("history from", "/polity/history_base_height"),
        ("node id", "/node_info/id"),
        ("name", "/node_info/moniker"),
        ("validator address", "/validator_info/address"),
        ("voting power", "/validator_info/voting_power"),
    ];
    let lines = rows.iter().filter_map(|(name, pointer)| {
        let value = match status.pointer(pointer)? {
            Value::String(text) if IN_CAPITALS.contains(name) => text.to_ascii_lowercase(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(format!("{name:17}  {value}\n"))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn asker() -> Client {
        client(None).unwrap()
    }

    /// A server that answers once, with these bytes as body.
    async fn answering(body: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /status "));
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body.as_bytes()).await.unwrap();
        });
        format!("http://{address}")
    }

    #[tokio::test]
    async fn an_answer_is_shown_line_by_line() {
        let url = answering(r#"{"result":{"node_info":{"network":"acme"},"sync_info":{"latest_block_height":"7","catching_up":false}}}"#).await;
        let status = ask(&asker(), &url, "status").await.unwrap();
        let expected = "network            acme\nheight             7\ncatching up        false\n";
        assert_eq!(text(&status), expected);
    }

    #[test]
    fn hashes_are_shown_in_lower_case_and_names_as_they_are() {
        let status = json!({
            "sync_info": {"latest_app_hash": "0AB1"},
            "consensus_info": {"proposer": "C0FFEE"},
            "node_info": {"moniker": "LAB"},
            "validator_info": {"address": "FE01"},
        });
        let expected = "app hash           0ab1\nproposer           c0ffee\nname               LAB\n\
                        validator address  fe01\n";
        assert_eq!(text(&status), expected);
    }

    #[tokio::test]
    async fn what_is_not_a_node_counts_as_not_reached() {
        for body in ["", "[]", "{}", "{\"result\":1}", "<html>"] {
            let url = answering(body).await;
            assert!(ask(&asker(), &url, "status").await.is_err(), "{body}");
        }
        let url =
            answering(r#"{"error":{"code":-32603,"message":"m","data":"engine is away"}}"#).await;
        assert!(
            ask(&asker(), &url, "status")
                .await
                .unwrap_err()
                .to_string()
                .contains("engine is away")
        );
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_told_with_its_cause() {
        let error = ask(&asker(), "http://127.0.0.1:1", "status")
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("refused"), "{error}");
    }

    #[test]
    fn what_is_no_address_of_a_node_is_wrong_usage() {
        for address in ["http://127.0.0.1:26657", "http://127.0.0.1:26657/"] {
            assert_eq!(named(address).unwrap(), "http://127.0.0.1:26657");
        }
        for address in ["nonsense", "127.0.0.1:26657", "ftp://a", "unix:/b", ""] {
            let fault = named(address).unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Usage, "{address}");
            assert!(fault.words().contains(address), "{fault}");
        }
    }

    #[test]
    fn a_home_that_is_not_there_is_not_asked_at_the_port_of_another() {
        let config = Config {
            home: "/no/such/home".into(),
            ..Config::default()
        };
        let fault = own_gateway(&config).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Usage);
        assert!(fault.words().contains("/no/such/home"), "{fault}");
    }

    #[test]
    fn a_node_at_the_port_of_a_home_is_that_home_s_by_its_id() {
        let home = tempfile::tempdir().unwrap();
        let keys = home.path().join("keys");
        assert!(is_of_another(&json!({"node_info": {"id": "00"}}), &keys));
        let (ours, _) = NodeKeys::create(&keys).unwrap();
        assert!(is_of_another(&json!({"node_info": {"id": "00"}}), &keys));
        let own = json!({"node_info": {"id": ours.node_id()}});
        assert!(!is_of_another(&own, &keys));
    }

    #[test]
    fn an_authority_is_a_certificate() {
        let tls = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gateway/tests/tls");
        assert!(client(Some(&tls.join("certificate.pem"))).is_ok());
        for wrong in ["key.pem", "absent.pem"] {
            let fault = client(Some(&tls.join(wrong))).unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Usage, "{wrong}");
        }
    }

    #[test]
    fn whoever_listens_everywhere_is_asked_on_loopback() {
        let everywhere: SocketAddr = "0.0.0.0:5".parse().unwrap();
        assert_eq!(reachable(everywhere).to_string(), "127.0.0.1:5");
        assert_eq!(reachable("[::]:5".parse().unwrap()).to_string(), "[::1]:5");
        assert_eq!(text(&json!({})), "");
    }
}
