//! `polityd genesis create`: the genesis that a charter describes.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::json;

use super::{Common, File, Trouble, digest_to_compare};
use crate::charter::Charter;
use crate::commands::Output;
use crate::fault::{Fault, FaultKind};

/// Make the genesis from the file that describes the organisation
///
/// The ledger judges every entry as it would a transaction; what it refuses is named with the rule.
/// The file is not overwritten without --replace, because signatures would be lost.
#[derive(Debug, Args)]
pub(super) struct Create {
    /// The description of the organisation (TOML)
    charter: PathBuf,
    #[command(flatten)]
    file: File,
    /// Overwrite a genesis file that is there
    #[arg(long)]
    replace: bool,
}

impl Create {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let path = self.file.path(common)?;
        if path.exists() && !self.replace {
            let words = format!("{} is there already: give --replace", path.display());
            return Err(Fault::new(FaultKind::Usage, words).into());
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let genesis = Charter::read(&self.charter)?.genesis(now)?;
        let (_, digest) = genesis.found()?;

        super::write(&path, &genesis)?;
        eprintln!("wrote {}, which nobody has signed yet", path.display());
        match common.output {
            Output::Text => println!("organisation  {}", digest_to_compare(&digest)),
            Output::Json => {
                let whole = json!({
                    "chain_id": genesis.chain_id,
                    "organisation": hex::encode(digest),
                    "file": path.display().to_string(),
                });
                println!("{whole:#}");
            }
        }
        Ok(())
    }
}
