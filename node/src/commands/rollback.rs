//! `polityd rollback`: the newest height taken back.

use clap::Args;
use serde_json::json;

use super::{Common, Output, Trouble, open_store};

/// Take back the ledger's newest height, as if it had never been committed.
///
/// For a node whose ledger is ahead of its engine after a power cut. The node must be stopped; at its
/// next start the engine supplies the height again. Only the newest heights can be taken back.
///
/// Example:
///   polityd rollback --home /var/lib/polity
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Rollback {}

impl Rollback {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let config = common.load_home()?.config;
        let store = open_store(&config)?;
        if store.heights_to_roll_back()? == 0 {
            return Err(format!("height {} cannot be taken back", store.height()).into());
        }
        let height = store.roll_back()?;
        let app_hash = hex::encode(store.snapshot().app_hash());

        match common.output {
            Output::Text => println!("the newest height is {height} now, app hash {app_hash}"),
            Output::Json => println!("{:#}", json!({ "height": height, "app_hash": app_hash })),
        }
        Ok(())
    }
}
