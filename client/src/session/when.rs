//! From a time to a height.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Session;
use crate::{Error, Result};

impl Session {
    /// The first height that the node says it has.
    pub async fn first_height(&self) -> Result<u64> {
        Ok(self.rpc().status().await?.earliest_height.max(1))
    }

    /// The newest height that a node tells of, none below what was proven before.
    pub async fn newest_height(&self) -> Result<u64> {
        self.light().newest_height().await
    }

    /// The newest height whose block is not later than a time, Unix seconds.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Usage`] where the time lies before the first block.
    pub async fn height_at(&self, seconds: u64) -> Result<u64> {
        self.height_not_after(seconds)
            .await?
            .ok_or_else(|| Error::usage("the time lies before the first block that the node has"))
    }

    /// The same; none where the time lies before the first block. Nodes lead the search; the header that is found and
    /// the one above it are verified.
    pub async fn height_not_after(&self, seconds: u64) -> Result<Option<u64>> {
        let earliest = self.first_height().await?;
        let newest = self.light().newest_height().await?;
        let mut low = earliest;
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

        if is_later(self.light().verified_header(low).await?.time(), seconds) {
            return Ok(None);
        }
        if low < newest && !is_later(self.light().verified_header(low + 1).await?.time(), seconds) {
            return Err(Error::proof("the node's headers do not ascend in time"));
        }
        Ok(Some(low))
    }
}

/// Whether a block is later than a time. Block time is told in whole seconds: a block inside that second is not later.
fn is_later(block: SystemTime, seconds: u64) -> bool {
    block >= UNIX_EPOCH + Duration::from_secs(seconds.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_inside_a_second_is_found_by_that_second() {
        let block = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        for (millis, seconds, later) in [
            (5_000, 5, false),
            (5_999, 5, false),
            (6_000, 5, true),
            (5_001, 4, true),
        ] {
            assert_eq!(
                is_later(block(millis), seconds),
                later,
                "{millis} {seconds}"
            );
        }
    }
}
