//! A second node as a witness: validators who sign two chains are seen by whoever asks two nodes.
//!
//! Signatures alone do not tell: with more than a third of the power somebody can sign one chain for
//! some and another one for others. So each header that is newly believed is compared with that of
//! another node, where more than one is known. A node that is away, or does not have the height yet,
//! is no witness; then the signatures stand alone, as with one node.

use std::time::Duration;

use super::block::LightBlock;
use crate::rpc::Client;
use crate::{Error, Result};

/// A witness that takes longer does not count.
const PATIENCE: Duration = Duration::from_secs(1);

/// Compares a header with what another node has at its height.
///
/// # Errors
/// [`crate::ErrorKind::ProofFailed`] where the two differ, whichever of them is right.
pub(super) async fn compare(rpc: &Client, block: &LightBlock) -> Result<()> {
    let height = block.height();
    let Some(told) = rpc.second_commit(Some(height), PATIENCE).await else {
        return Ok(());
    };
    let (one, other) = (
        block.signed_header().header.hash(),
        told.answer.header.hash(),
    );
    if one == other {
        return Ok(());
    }
    Err(Error::proof(format!(
        "two nodes tell different headers of height {height}: {} has {one}, {} has {other}; \
         one of them lies, or the validators signed twice: compare with other departments",
        told.first, told.second,
    )))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ErrorKind;
    use crate::recorded::{Node, chain, client, genesis_root, honest, options};
    use crate::trust::{LightClient, VerifiedHeader};

    async fn verified(first: &Node, second: &Node) -> crate::Result<VerifiedHeader> {
        let rpc = client([first.url.clone(), second.url.clone()]);
        let light = LightClient::new(rpc, genesis_root(), options(), None).expect("opens");
        light.verified_header(7).await
    }

    #[tokio::test]
    async fn a_witness_that_agrees_is_asked_and_changes_nothing() {
        let (first, second) = (Node::of_chain(|_| {}).await, Node::of_chain(|_| {}).await);
        let header = verified(&first, &second).await.expect("both agree");
        assert_eq!(header.height(), 7);
        assert!(second.calls() > 0);
    }

    #[tokio::test]
    async fn a_witness_that_tells_another_header_is_a_failed_proof() {
        let first = Node::of_chain(|_| {}).await;
        let second = Node::of_chain(|chain| {
            let header = &mut chain["commits"]["7"]["signed_header"]["header"];
            header["app_hash"] = json!("77".repeat(8));
        })
        .await;

        let error = verified(&first, &second).await.expect_err("they differ");

        assert_eq!(error.kind(), ErrorKind::ProofFailed);
        let words = error.to_string();
        assert!(words.contains("different headers of height 7"), "{words}");
        assert!(words.contains(&second.url), "{words}");
    }

    #[tokio::test]
    async fn a_node_that_has_nothing_to_tell_is_no_witness() {
        let error = json!({"error": {"code": -32603, "message": "no such height"}});
        for answer in ["nonsense", "", &error.to_string()] {
            let first = Node::of_chain(|_| {}).await;
            let recorded = chain();
            let answer = answer.to_owned();
            let second = Node::start(move |method, params| match method {
                "commit" => answer.clone().into(),
                _ => honest(&recorded, method, params).to_string().into(),
            })
            .await;
            assert!(verified(&first, &second).await.is_ok());
        }
    }
}
