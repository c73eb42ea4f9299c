//! `polityd genesis continue`: the genesis of a chain that goes on from this stopped node.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::json;

use super::{Common, Trouble, digest_to_compare, stand};
use crate::commands::Output;
use crate::genesis_file::GenesisFile;

/// Make the genesis of a chain that goes on from where this stopped node stands
///
/// All nodes are stopped at one height, whose block changed nothing: when the network rests, that is
/// so. The new chain has the same state, another id, and a link to the old one. Every department signs
/// the file at its own stopped node, which must stand at the same height with the same state.
#[derive(Debug, Args)]
pub(super) struct Continue {
    /// The id of the chain that goes on, such as acme-2
    chain_id: String,
    /// Where the file is written
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

impl Continue {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        if self.file.exists() {
            return Err(format!("{} is there already", self.file.display()).into());
        }
        let ended = GenesisFile::read(&common.load_home()?.config.genesis_file())?;
        let stand = stand(common)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        // A block may be stamped a little later than this clock says.
        let time = now.max(stand.time + 1);
        let genesis = GenesisFile::going_on(ended, &self.chain_id, time, &stand)?;
        let digest = genesis.digest()?;

        super::write(&self.file, &genesis)?;
        match common.output {
            Output::Text => {
                println!(
                    "chain         {} from height {} on",
                    self.chain_id,
                    stand.height + 1
                );
                println!("digest        {}", digest_to_compare(&digest));
                println!("state         {}", hex::encode(&stand.app_hash));
                println!("wrote {}, which nobody has signed yet", self.file.display());
            }
            Output::Json => {
                let whole = json!({
                    "chain_id": self.chain_id,
                    "initial_height": stand.height + 1,
                    "organisation": hex::encode(digest),
                    "app_hash": hex::encode(&stand.app_hash),
                });
                println!("{whole:#}");
            }
        }
        Ok(())
    }
}
