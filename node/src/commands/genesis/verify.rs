//! `polityd genesis verify`: the check that every node makes before it starts.

use clap::Args;
use serde_json::json;

use super::{Common, File, Trouble, digest_to_compare};
use crate::commands::Output;
use crate::genesis_file::GenesisFile;

/// Check the genesis as every node does before it starts; of a chain that goes on, before it continues
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    file: File,
}

impl Verify {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let genesis = GenesisFile::read(&self.file.path(common)?)?;
        let founded = genesis.verify()?;
        if genesis.continues.is_some() {
            genesis.verify_continuation(&super::stand(common)?)?;
        }
        let digest = genesis.digest()?;
        let signed_by: Vec<&str> = genesis
            .signatures
            .iter()
            .map(|signature| signature.department.as_str())
            .collect();

        match common.output {
            Output::Text => {
                println!("chain         {}", genesis.chain_id);
                if let Some(ended) = &genesis.continues {
                    let first = &genesis.initial_height;
                    println!(
                        "checked       it goes on from {} at height {first}, where this node stands",
                        ended.chain_id
                    );
                }
                println!("organisation  {}", digest_to_compare(&digest));
                println!(
                    "checked       the founding actions pass the ledger's rules: {} events, {} state entries",
                    founded.receipt.events.len(),
                    founded.changes.len()
                );
                println!(
                    "checked       every key of a member and a validator proved its possession for this chain"
                );
                println!(
                    "checked       the {} validators are those of the {}",
                    genesis.validators.len(),
                    match genesis.continues {
                        Some(_) => "state that it goes on from",
                        None => "founding actions",
                    }
                );
                println!(
                    "checked       all of it is signed by the operators of {}",
                    signed_by.join(", ")
                );
                println!("the genesis holds");
            }
            Output::Json => {
                let whole = json!({
                    "chain_id": genesis.chain_id,
                    "organisation": hex::encode(digest),
                    "events": founded.receipt.events.len(),
                    "validators": genesis.validators.len(),
                    "signed_by": signed_by,
                });
                println!("{whole:#}");
            }
        }
        Ok(())
    }
}
