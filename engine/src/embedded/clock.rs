//! The clock of this machine: handed to the engine, so that no rule about time reads one by itself.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::application::Timestamp;

/// What the machine's clock shows.
#[must_use]
pub fn machine_clock() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp {
        seconds: since.as_secs() as i64,
        nanos: since.subsec_nanos(),
    }
}
