//! `polityd backup`: a stopped node's home, its keys excepted, copied into a directory.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{Common, Output, Trouble, require_ledger};
use crate::home_backup;
use crate::store::BackupSummary;

/// Copy this node's ledger, blocks and configuration into a directory.
///
/// The node must be stopped; the others go on meanwhile. The keys are not copied: keep them
/// elsewhere. Every byte is copied, and the whole copy is read again before the command reports
/// success. Make the copy on another disk.
///
/// Example:
///   polityd backup /mnt/backups/2026-03-01
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Backup {
    /// The directory to make
    directory: PathBuf,
}

impl Backup {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let config = common.load_home()?.config;
        require_ledger(&config)?;
        let summary = home_backup::back_up(&config, &self.directory)?;
        show("saved", &summary, common.output);
        Ok(())
    }
}

/// Prints what a backup holds.
pub(super) fn show(done: &str, summary: &BackupSummary, output: Output) {
    let app_hash = hex::encode(summary.app_hash);
    match output {
        Output::Text => println!(
            "{done} height {} with app hash {app_hash}: {} files, {} bytes of ledger",
            summary.height, summary.files, summary.bytes
        ),
        Output::Json => {
            let whole = json!({
                "height": summary.height,
                "app_hash": app_hash,
                "organisation": summary.organisation.map(hex::encode),
                "files": summary.files,
                "bytes": summary.bytes,
            });
            println!("{whole:#}");
        }
    }
}
