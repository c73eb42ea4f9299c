//! `polityd verify`: the whole chain executed again, and every row compared.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde_json::json;

use super::{Common, Output, Trouble, read_store};
use crate::verify::{Verified, verify};

/// Execute all blocks again from this node's own store, and compare everything.
///
/// The node must be stopped. The organisation is founded anew and every block executed over it;
/// every row of every table must be what follows: receipts, values of the past as far back as they
/// are kept, indexes, what it takes to roll back, and under the embedded engine each header with
/// the signatures that decided it. An organisation that went on under another chain id is verified
/// as a whole, from its founding. Exit code 76 names the first row that differs: its table, its
/// key, its height.
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
        let config = common.load_home()?.config;
        let begun = Instant::now();
        let store = read_store(&config)?;
        let store = Arc::new(store);
        let newest = store.height();
        let shows_progress = std::io::stderr().is_terminal();
        let verified = verify(&store, config.engine, |height| {
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
                println!("headers       {}", headers(&verified));
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
                    "headers": verified.headers,
                    "history_base_height": verified.history_base_height,
                    "app_hash": hex::encode(verified.app_hash),
                });
                println!("{whole:#}");
            }
        }
        Ok(())
    }
}

/// Under CometBFT headers are not in the store.
fn headers(verified: &Verified) -> String {
    match verified.heights - verified.headers {
        0 => format!("{}, each with its signatures", verified.headers),
        elsewhere => format!(
            "{}, each with its signatures; {elsewhere} are with CometBFT, and were not read",
            verified.headers
        ),
    }
}
