//! From a time to a height.

use std::time::{Duration, UNIX_EPOCH};

use super::Session;
use crate::{Error, Result};

impl Session {
    /// The newest height whose block is not later than a time, Unix seconds. Nodes lead the search; the header that
    /// is found and the one above it are verified.
    pub async fn height_at(&self, seconds: u64) -> Result<u64> {
        let status = self.rpc().status().await?;
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        let mut low = status.earliest_height.max(1);
        let mut high = status.latest_height;
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            let header = self.rpc().commit(Some(middle)).await?;
            if u64::try_from(header.header.time.unix_timestamp()).unwrap_or(0) <= seconds {
                low = middle;
            } else {
                high = middle - 1;
            }
        }

        if self.light().verified_header(low).await?.time() > time {
            return Err(Error::usage(
                "the time lies before the first block that the node has",
            ));
        }
        if low < status.latest_height && self.light().verified_header(low + 1).await?.time() <= time
        {
            return Err(Error::proof("the node's headers do not ascend in time"));
        }
        Ok(low)
    }
}
