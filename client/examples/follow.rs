//! Follows the chain: every new header, verified, until it is stopped.
//!
//! ```text
//! cargo run --release -p polity-client --example follow -- ~/.polity
//! ```

use std::path::Path;
use std::time::Duration;

use polity_client::session::{HomeConfig, Session};
use polity_client::{Error, ErrorKind, Result, time};

/// An idle network makes a block a minute.
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::main]
async fn main() -> Result<()> {
    let Some(home) = std::env::args().nth(1) else {
        return Err(Error::new(ErrorKind::Usage, "usage: follow HOME"));
    };
    let session = Session::open(Path::new(&home), HomeConfig::default(), None)?;
    let mut blocks = session.rpc().subscribe_blocks().await?;
    loop {
        // The websocket says where to look; what is shown was verified.
        let height = blocks.next_height(PATIENCE).await?;
        let header = session.light().verified_header(height).await?;
        let seconds = header
            .time()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        println!(
            "{height} {} app hash {}",
            time::shown(seconds),
            hex::encode(header.app_hash())
        );
    }
}
