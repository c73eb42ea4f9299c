//! New blocks as they come, over the node's websocket. A hint to look, never a proof.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
};

use super::Client;
use super::json::number;
use crate::visible::of_node;
use crate::{Error, Result};

/// The heights of new blocks from one node.
pub struct BlockStream {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The last height that it gave.
    told: u64,
}

impl Client {
    /// Subscribes to new blocks at the first node that accepts.
    pub async fn subscribe_blocks(&self) -> Result<BlockStream> {
        let mut failures = Vec::new();
        for place in self.nodes().in_order() {
            let node = self.nodes().url(place);
            match timeout(self.connect_limit(), self.open(node)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(why)) => failures.push(format!("{node}: {why}")),
                Err(_) => failures.push(format!("{node}: no websocket in time")),
            }
        }
        Err(Error::not_reached(failures.join("; ")))
    }

    async fn open(&self, node: &Url) -> Result<BlockStream, String> {
        let address = websocket_address(node)?;
        let connector = match node.scheme() {
            "https" => Connector::Rustls(self.tls().clone()),
            _ => Connector::Plain,
        };
        let config = WebSocketConfig::default()
            .max_message_size(Some(self.answer_bytes_max()))
            .max_frame_size(Some(self.answer_bytes_max()));

        let (mut socket, _) =
            connect_async_tls_with_config(address.as_str(), Some(config), true, Some(connector))
                .await
                .map_err(|error| of_node(&error.to_string()))?;
        let subscribe = json!({
            "jsonrpc": "2.0",
            "id": 1,
            "method": "subscribe",
            "params": {"query": "tm.event='NewBlockHeader'"},
        });
        socket
            .send(Message::text(subscribe.to_string()))
            .await
            .map_err(|error| error.to_string())?;
        Ok(BlockStream { socket, told: 0 })
    }
}

impl BlockStream {
    /// Gives no height up to this one.
    pub(crate) fn begin_after(&mut self, height: u64) {
        self.told = self.told.max(height);
    }

    /// The height of the next new block, or an error when none comes within `limit` or the
    /// connection ends. What a node tells again is not new. A stream that failed is not used again.
    pub async fn next_height(&mut self, limit: Duration) -> Result<u64> {
        timeout(limit, self.next_event())
            .await
            .map_err(|_| Error::not_reached("no new block in time"))?
    }

    async fn next_event(&mut self) -> Result<u64> {
        loop {
            let message = self
                .socket
                .next()
                .await
                .ok_or_else(|| Error::not_reached("the node closed the websocket"))?
                .map_err(|error| {
                    Error::not_reached("the websocket broke off").with_source(error.to_string())
                })?;

            match message {
                Message::Text(text) => {
                    let height = height_of(text.as_bytes())?;
                    if let Some(height) = height.filter(|height| *height > self.told) {
                        self.told = height;
                        return Ok(height);
                    }
                }
                Message::Close(_) => {
                    return Err(Error::not_reached("the node closed the websocket"));
                }
                // Pings are answered by the library; nothing else concerns us.
                Message::Ping(_) | Message::Pong(_) | Message::Binary(_) | Message::Frame(_) => {}
            }
        }
    }
}

fn websocket_address(node: &Url) -> Result<Url, String> {
    let mut address = node.clone();
    let scheme = if node.scheme() == "https" {
        "wss"
    } else {
        "ws"
    };
    let path = format!("{}/websocket", node.path().trim_end_matches('/'));

    address
        .set_scheme(scheme)
        .map_err(|()| "the address has no websocket".to_owned())?;
    address.set_path(&path);
    Ok(address)
}

/// The height in an event; none in the answer to the subscription itself.
fn height_of(text: &[u8]) -> Result<Option<u64>> {
    let event: Event = serde_json::from_slice(text).map_err(|error| {
        Error::trouble("the node sent an event without sense").with_source(error)
    })?;
    if let Some(error) = event.error {
        // Also of a subscription that it had accepted, when the node stops: another may be asked.
        let mut told = ["data", "message"].into_iter();
        let why = told.find_map(|name| error[name].as_str());
        let why = why.unwrap_or("without a reason");
        return Err(
            Error::not_reached("the node refused or ended the subscription")
                .with_source(of_node(why)),
        );
    }

    let data = event.result.and_then(|result| result.data);
    let header = data
        .and_then(|data| data.value)
        .and_then(|value| value.header);
    Ok(header.map(|header| header.height))
}

#[derive(Deserialize)]
struct Event {
    error: Option<serde_json::Value>,
    result: Option<EventResult>,
}

#[derive(Deserialize)]
struct EventResult {
    data: Option<EventData>,
}

#[derive(Deserialize)]
struct EventData {
    value: Option<EventValue>,
}

#[derive(Deserialize)]
struct EventValue {
    header: Option<EventHeader>,
}

#[derive(Deserialize)]
struct EventHeader {
    #[serde(deserialize_with = "number")]
    height: u64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;

    use super::*;

    /// What is told comes in less, on a busy machine too.
    const QUIET: Duration = Duration::from_secs(30);

    #[test]
    fn an_event_gives_its_height_and_the_acknowledgement_none() {
        let event = r#"{"result":{"data":{"type":"tendermint/event/NewBlockHeader",
            "value":{"header":{"height":"12"}}}}}"#;

        assert_eq!(height_of(event.as_bytes()).expect("an event"), Some(12));
        assert_eq!(height_of(br#"{"result":{}}"#).expect("acknowledged"), None);
        let ended = height_of(br#"{"error":{"code":-1}}"#).expect_err("an end");
        assert_eq!(ended.kind(), crate::ErrorKind::NotReached);
        let ended = height_of(br#"{"error":{"message":"no","data":"it stops"}}"#);
        let ended = ended.expect_err("an end");
        let why = std::error::Error::source(&ended).expect("a reason");
        assert_eq!(why.to_string(), "it stops");
    }

    #[tokio::test]
    async fn what_a_node_tells_again_is_no_new_block() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let telling = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a caller");
            let mut socket = accept_async(stream).await.expect("a websocket");
            for height in [5, 5, 4, 6, 6, 5] {
                let event = json!({"result": {"data": {"value": {"header": {"height": height}}}}});
                let told = socket.send(Message::text(event.to_string())).await;
                told.expect("it listens");
            }
            socket
        });
        let client = crate::recorded::client([url]);
        let mut stream = client.subscribe_blocks().await.expect("subscribed");
        let short = Duration::from_millis(100);

        let (first, second) = (
            stream.next_height(QUIET).await,
            stream.next_height(QUIET).await,
        );
        assert_eq!((first.expect("5"), second.expect("6")), (5, 6));
        let _open = telling.await.expect("all told");
        let quiet = stream.next_height(short).await.expect_err("nothing new");
        assert_eq!(quiet.kind(), crate::ErrorKind::NotReached);
    }

    #[test]
    fn the_websocket_of_a_node_is_beside_its_calls() {
        for (node, expected) in [
            ("http://127.0.0.1:26657", "ws://127.0.0.1:26657/websocket"),
            ("https://a.example/rpc/", "wss://a.example/rpc/websocket"),
        ] {
            let node = Url::parse(node).expect("an address");
            let address = websocket_address(&node).expect("an address");
            assert_eq!(address.as_str(), expected);
        }
    }

    proptest! {
        #[test]
        fn garbage_is_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = height_of(&bytes);
        }
    }
}
