//! From a time to a height.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Session;
use crate::{Error, Result};

impl Session {
    /// The newest height whose block is not later than a time, Unix seconds.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Usage`] where the time lies before the first block.
    pub async fn height_at(&self, seconds: u64) -> Result<u64> {
        self.height_not_after(seconds)
            .await?
            .ok_or_else(|| Error::usage("the time lies before the first block"))
    }

    /// The same; none where the time lies before the first block, which is that of height 1 whatever a node says that it
    /// has. Nodes lead the search; the header that is found and the one above it are verified.
    pub async fn height_not_after(&self, seconds: u64) -> Result<Option<u64>> {
        let newest = self.light().newest().await?.height();
        let mut low = 1;
        let mut high = newest;
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let header = self.rpc().commit(Some(middle)).await?;
            if u64::try_from(header.header.time.unix_timestamp()).unwrap_or(0) <= seconds {
                low = middle;
            } else {
                high = middle - 1;
            }
        }

        let is_above = is_later(self.light().verified_header(low).await?.time(), seconds);
        if is_above && low == 1 {
            return Ok(None);
        }
        let ends_early =
            low < newest && !is_later(self.light().verified_header(low + 1).await?.time(), seconds);
        if is_above || ends_early {
            Err(Error::proof("the node's headers do not ascend in time"))
        } else {
            Ok(Some(low))
        }
    }
}

/// Whether a block is later than a time. Block time is told in whole seconds: a block inside that second is not later.
fn is_later(block: SystemTime, seconds: u64) -> bool {
    let next = UNIX_EPOCH.checked_add(Duration::from_secs(seconds.saturating_add(1)));
    next.is_some_and(|next| block >= next)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use serde_json::json;

    use super::*;
    use crate::ErrorKind;
    use crate::made::{FOUNDED, Made};
    use crate::recorded::Node;

    /// A chain of five blocks, one each second after its founding.
    fn five() -> crate::made::Signed {
        let mut chain = Made::founded();
        for _ in 1..=5 {
            chain.block();
        }
        chain.signed()
    }

    #[tokio::test]
    async fn a_node_that_says_that_the_chain_begins_later_hides_no_block() {
        let chain = five();
        let lying = chain.clone();
        let node = Node::start(move |method, params| {
            let mut answer = lying.answer(method, params);
            if method == "status" {
                answer["result"]["sync_info"]["earliest_block_height"] = json!("4");
            }
            answer.to_string().into()
        })
        .await;
        let session = chain.session([node.url.clone()]);

        for (seconds, height) in [(0, None), (1, Some(1)), (2, Some(2)), (9, Some(5))] {
            let found = session.height_not_after(FOUNDED + seconds).await;
            assert_eq!(found.expect("found"), height, "{seconds}");
        }
    }

    #[tokio::test]
    async fn a_search_that_a_node_misled_finds_nothing() {
        let chain = five();
        // Once it tells the header of another height: the search ends late, or early.
        for (told, seconds) in [("1", 2), ("5", 4)] {
            let (lying, is_first) = (chain.clone(), AtomicBool::new(true));
            let node = Node::start(move |method, params| {
                let mut params = params.clone();
                if params["height"] == "3" && is_first.swap(false, Ordering::SeqCst) {
                    params["height"] = json!(told);
                }
                lying.answer(method, &params).to_string().into()
            })
            .await;
            let session = chain.session([node.url.clone()]);
            let error = session.height_not_after(FOUNDED + seconds).await;
            let error = error.expect_err("misled");
            assert_eq!(error.kind(), ErrorKind::ProofFailed, "{told}: {error}");
        }
    }

    #[test]
    fn a_block_inside_a_second_is_found_by_that_second() {
        let block = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        for (millis, seconds, later) in [
            (5_000, 5, false),
            (5_999, 5, false),
            (6_000, 5, true),
            (5_001, 4, true),
            (5_001, u64::MAX, false),
        ] {
            assert_eq!(
                is_later(block(millis), seconds),
                later,
                "{millis} {seconds}"
            );
        }
    }
}
