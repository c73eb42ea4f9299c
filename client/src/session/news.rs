//! New blocks, as they come.

use super::Session;
use crate::Result;
use crate::rpc::BlockStream;
use crate::trust::VerifiedHeader;

impl Session {
    /// The newest header, verified, and the heights of blocks after it as a node tells of them: what it tells of those
    /// before is no news. A hint to look, never a proof.
    pub async fn new_blocks(&self) -> Result<(VerifiedHeader, BlockStream)> {
        let mut stream = self.rpc().subscribe_blocks().await?;
        let newest = self.light().newest().await?;
        stream.begin_after(newest.height());
        Ok((newest, stream))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::SinkExt;
    use serde_json::json;
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;
    use tokio_tungstenite::tungstenite::Message;

    use crate::made::Made;
    use crate::recorded::Node;

    #[tokio::test]
    async fn a_block_of_before_is_no_news_whatever_a_node_tells() {
        let mut chain = Made::founded();
        let chain = chain.block().block().block().clone().signed();
        let answering = chain.clone();
        let node =
            Node::start(move |method, params| answering.answer(method, params).to_string().into());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let telling = format!("http://{}", listener.local_addr().expect("an address"));
        let told = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a caller");
            let mut socket = accept_async(stream).await.expect("a websocket");
            for height in [1, 2, 3, 4] {
                let event = json!({"result": {"data": {"value": {"header": {"height": height}}}}});
                let told = socket.send(Message::text(event.to_string())).await;
                told.expect("it listens");
            }
            socket
        });

        // The first has no websocket.
        let session = chain.session([node.await.url.clone(), telling]);
        let (newest, mut stream) = session.new_blocks().await.expect("it begins");

        let next = stream.next_height(Duration::from_secs(30)).await;
        assert_eq!((newest.height(), next.expect("told")), (3, 4));
        let _open = told.await.expect("all told");
    }
}
