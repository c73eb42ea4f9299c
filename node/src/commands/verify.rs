use std::io::{IsTerminal, Write};
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::{Common, Output, Trouble};
use crate::serve::store_options;
use crate::store::Store;
use crate::verify::verify;

/// Execute all blocks again from this node's own store, and compare everything.
///
/// The node must be stopped. The organisation is founded anew and every block executed over it; each
/// app hash, each receipt, the values of the past as far back as they are kept, and at last every value
/// must be what the store holds. An organisation that went on under another chain id is verified as a
/// whole, from its founding. Exit code 76 names the first height that differs.
///
/// Example:
///   polityd verify --home /var/lib/polity
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Verify {}

/// Heights between two signs of progress.
const PROGRESS_HEIGHTS: u64 = 100;

impl Verify {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let config = common.load()?.config;
        let begun = Instant::now();
        let store = Store::open(&config.store_directory(), store_options(&config))?;
        // The files first: a row that cannot be read is another trouble than one that differs.
        store.check()?;
        let snapshot = store.snapshot();
        let newest = snapshot.height();
        let shows_progress = std::io::stderr().is_terminal();
        let verified = verify(&snapshot, |height| {
            if shows_progress && (height % PROGRESS_HEIGHTS == 0 || height == newest) {
                eprint!("\rheight {height} of {newest}");
                let _ = std::io::stderr().flush();
            }
        })?;
        if shows_progress {
            eprintln!();
        }

        match common.output {
            Output::Text => {
                println!("organisation  {}", hex::encode(verified.organisation));
                for chain in &verified.chains {
                    println!(
                        "chain         {} from height {} on",
                        chain.chain_id, chain.first_height
                    );
                }
                println!("heights       {}", verified.heights);
                println!("transactions  {}", verified.transactions);
                println!("values        {}", verified.values);
                println!("app hash      {}", hex::encode(verified.app_hash));
                println!(
                    "the past      as of every height from {} on",
                    verified.history_base_height
                );
                println!(
                    "everything is as this program computes it ({:.1?})",
                    begun.elapsed()
                );
            }
            Output::Json => {
                let whole = json!({
                    "organisation": hex::encode(verified.organisation),
                    "chains": verified.chains.iter().map(|chain| json!({
                        "chain_id": chain.chain_id,
                        "first_height": chain.first_height,
                        "digest": hex::encode(chain.digest),
                    })).collect::<Vec<_>>(),
                    "heights": verified.heights,
                    "transactions": verified.transactions,
                    "values": verified.values,
                    "history_base_height": verified.history_base_height,
                    "app_hash": hex::encode(verified.app_hash),
                });
                println!("{whole:#}");
            }
        }
        Ok(())
    }
}
