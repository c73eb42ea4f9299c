//! `polityd restore`: a backup brought back into a home without a ledger.

use std::path::PathBuf;

use clap::Args;

use super::{Common, Trouble, backup};
use crate::home_backup;

/// Bring a backup back into a home without a ledger.
///
/// Every byte is first compared with the backup's lists. Keys, and a genesis or configuration that is
/// there already, stay as they are. At its next start the node catches up with the others.
///
/// Example:
///   polityd restore /mnt/backups/2026-03-01
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Restore {
    /// The directory that `polityd backup` made
    directory: PathBuf,
}

impl Restore {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let config = common.load()?.config;
        let summary = home_backup::restore(&config, &self.directory)?;
        backup::show("restored", &summary, common.output);
        Ok(())
    }
}
