//! The floor: what was once proven stays proven, so no newest state lies below the newest height that was believed.
//!
//! Signatures do not tell how old they are. A node that keeps back what came since shows the past as the present, and
//! every proof of it holds; but a home remembers what it has seen, and another node may have seen more.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::header::VerifiedHeader;
use super::light::LightClient;
use super::verify::{Step, step};
use crate::{Error, Result};

/// How long nodes that are behind may take to catch up.
const CATCH_UP: Duration = Duration::from_secs(5);
/// Before one that is behind is asked again.
const PAUSE: Duration = Duration::from_millis(50);
/// Another node that takes longer than this has nothing to tell.
const PATIENCE: Duration = Duration::from_secs(1);

impl LightClient {
    /// The newest header that a node has, verified; none below the floor.
    pub async fn newest(&self) -> Result<VerifiedHeader> {
        let floor = self.floor().await;
        let mut behind = self.behind(floor);
        loop {
            let height = self.rpc.status().await?.latest_height;
            if height >= floor {
                return self.verified_header(height).await;
            }
            behind.wait(height).await?;
        }
    }

    /// The newest height that is believed, by this run or an earlier one of the same home. The first time, another node
    /// is asked whether it can prove a newer one.
    pub(crate) async fn floor(&self) -> u64 {
        self.looked_around
            .get_or_init(|| async {
                // One that cannot prove anything is no reason to believe less.
                let _ = self.look_around().await;
            })
            .await;
        self.newest_believed().map_or(0, |block| block.height())
    }

    /// Patience with nodes that are below the floor.
    pub(crate) fn behind(&self, floor: u64) -> Behind<'_> {
        Behind {
            light: self,
            floor,
            deadline: Instant::now() + CATCH_UP,
        }
    }

    async fn look_around(&self) -> Result<()> {
        let Some(told) = self.rpc.second_commit(None, PATIENCE).await else {
            return Ok(());
        };
        let now = self.options.now()?;
        self.believe_root(now).await?;
        let Some(newest) = self.newest_believed() else {
            return Ok(());
        };
        let height = told.answer.header.height.value();
        if height <= newest.height() {
            return Ok(());
        }

        let known = [
            newest.validators().clone(),
            newest.next_validators().clone(),
        ];
        let block = self.complete(told.answer, height, &known).await?;
        if step(&newest, &block, &self.options, now)? == Step::Trusted {
            self.keep(&block.into());
        }
        Ok(())
    }
}

/// Patience with nodes that are below the floor.
pub(crate) struct Behind<'l> {
    light: &'l LightClient,
    floor: u64,
    deadline: Instant,
}

impl Behind<'_> {
    /// Waits a little, and asks another node first from now on.
    ///
    /// # Errors
    /// [`crate::ErrorKind::ProofFailed`] once the patience is over.
    pub(crate) async fn wait(&mut self, height: u64) -> Result<()> {
        if Instant::now() >= self.deadline {
            return Err(Error::proof(format!(
                "the newest that the node shows is of height {height}, and height {} is proven already: \
                 it is behind, or shows the past as the present",
                self.floor
            )));
        }
        self.light.rpc.prefer_another();
        sleep(PAUSE).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ErrorKind;
    use crate::recorded::{NEWEST, Node, chain, client, genesis_root, honest, options};
    use crate::trust::{LightClient, TrustStore};

    /// A node that ends at a height: it is behind, or keeps back what came since.
    async fn ending_at(height: u64) -> Node {
        let recorded = chain();
        Node::start(move |method, params| {
            let mut params = params.clone();
            if method == "commit" && params["height"].is_null() {
                params["height"] = json!(height.to_string());
            }
            let mut answer = honest(&recorded, method, &params);
            if method == "status" {
                answer["result"]["sync_info"]["latest_block_height"] = json!(height.to_string());
            }
            answer.to_string().into()
        })
        .await
    }

    #[tokio::test]
    async fn what_was_believed_once_is_not_taken_back() {
        let home = tempfile::tempdir().expect("a directory");
        let open = |node: &Node| {
            let store = Some(TrustStore::in_home(home.path(), &genesis_root()));
            LightClient::new(node.client(), genesis_root(), options(), store).expect("opens")
        };
        let honest = ending_at(NEWEST).await;
        assert_eq!(
            open(&honest).newest().await.expect("verified").height(),
            NEWEST
        );

        let replaying = ending_at(10).await;
        let error = open(&replaying).newest().await.expect_err("the past");

        assert_eq!(error.kind(), ErrorKind::ProofFailed);
        assert!(error.to_string().contains("height 15 is proven"), "{error}");
    }

    #[tokio::test]
    async fn another_node_that_proves_a_newer_height_is_asked_instead() {
        let (first, second) = (ending_at(5).await, ending_at(6).await);
        let rpc = client([first.url.clone(), second.url.clone()]);
        let light = LightClient::new(rpc, genesis_root(), options(), None).expect("opens");

        assert_eq!(light.newest().await.expect("verified").height(), 6);
    }
}
