//! `polityd continue`: this stopped node goes on as the chain of another genesis file.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Common, Output, Trouble, require_ledger};
use crate::continuation::go_on;
use crate::fault::Fault;
use crate::genesis_file::GenesisFile;

/// Continue as the chain of another genesis file, from the height of this stopped node.
///
/// The file is made by `polityd genesis continue` and signed by every department. The state, the
/// histories and the receipts stay as they are; the old chain's blocks are put into the store, so
/// that they can be read and verified for good. Afterwards `engine` in config.toml may name the
/// other engine. A file that does not continue from exactly this height and state, or that a
/// department has not signed, is refused and changes nothing.
///
/// Example:
///   polityd continue next.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Continue {
    /// The genesis file of the new chain
    file: PathBuf,
}

/// Heights between two signs of progress.
const PROGRESS_HEIGHTS: u64 = 100;

impl Continue {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let config = common.load_home()?.config;
        require_ledger(&config)?;
        let file = GenesisFile::read(&self.file)?;
        let shows_progress = std::io::stderr().is_terminal();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Fault::from_io("starting a thread", &error))?;
        let first = runtime.block_on(go_on(&config, &file, |height| {
            if shows_progress && height % PROGRESS_HEIGHTS == 0 {
                eprint!("\rblocks up to {height} are kept");
                let _ = std::io::stderr().flush();
            }
        }))?;
        if shows_progress {
            eprintln!();
        }

        match common.output {
            Output::Text => println!(
                "this node goes on as {} from height {first} on: set `engine`, and start it",
                file.chain_id
            ),
            Output::Json => {
                println!(
                    "{:#}",
                    json!({ "chain_id": file.chain_id, "first_height": first })
                );
            }
        }
        Ok(())
    }
}
