use clap::{Args, Subcommand};
use serde_json::json;

use super::{Common, Output, Trouble};
use crate::keys::NodeKeys;

/// Make and show this node's keys.
///
/// A node has two: one signs blocks in the department's name, the other names the node among its
/// peers. They are made on this machine and never leave it; what others need is what `show` prints.
///
/// Example:
///   polityd keys show -o json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make the keys that are not there yet; those that are stay as they are
    New,
    /// Print the public key, the validator's address and the node's id
    Show,
}

impl Keys {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let directory = common.load()?.config.keys_directory();
        let keys = match self.action {
            Action::New => {
                let (keys, made) = NodeKeys::create(&directory)?;
                let verb = if made { "made" } else { "kept" };
                eprintln!("{verb} the keys in {}", directory.display());
                keys
            }
            Action::Show => NodeKeys::load(&directory)?,
        };
        show(&keys, common.output);
        Ok(())
    }
}

/// Prints what others need to know of the keys.
pub(super) fn show(keys: &NodeKeys, output: Output) {
    let (public_key, address, id) = (
        keys.consensus_public_key(),
        keys.consensus_address(),
        keys.node_id(),
    );
    match output {
        Output::Text => {
            println!("consensus public key  {public_key}");
            println!("validator address     {address}");
            println!("node id               {id}");
        }
        Output::Json => {
            let whole = json!({
                "consensus_public_key": public_key,
                "validator_address": address,
                "node_id": id,
            });
            println!("{whole:#}");
        }
    }
}
