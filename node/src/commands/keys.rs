//! `polityd keys show | new | prove | member`: a node's keys, and a member's for a founding.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ed25519_dalek::{Signer as _, SigningKey};
use polity_ledger::check::{consensus_possession_bytes, founding_possession_bytes};
use serde_json::json;

use super::{Common, Output, Trouble};
use crate::config::Config;
use crate::fault::Fault;
use crate::genesis_file::GenesisFile;
use crate::keys::NodeKeys;
use crate::member_key::{self, PassphraseSource};

/// Make and show this node's keys.
///
/// A node has two keys: one signs blocks in the department's name, the other identifies the node
/// among its peers. They are made on this machine and never leave it. `show` prints what others
/// need, with the address at which they dial this node (p2p.address).
///
/// Example:
///   polityd keys show --chain acme-1
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Keys {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make the keys that are missing; the others stay as they are
    New,
    /// Print the public key, the validator's address and the node's id
    Show {
        /// Print the entries for the description of a new organisation with this chain id instead,
        /// with the proof that this node possesses its key
        #[arg(long, value_name = "ID")]
        chain: Option<String>,
    },
    /// Prove that this node possesses its consensus key, to an organisation that exists already
    ///
    /// For a department that joins as a validator, or changes its key. Prints the values for `polity network
    /// register-node`, `add-validator` and `rotate-key`. The organisation is the one of
    /// genesis.json in the home directory.
    Prove {
        /// The department's number, such as u7: `polity unit show` tells it
        #[arg(long, value_name = "NUMBER", value_parser = unit_number)]
        unit: u64,
    },
    /// Make a member's key for a new organisation, and print the entry for its description
    ///
    /// The key file is encrypted by a passphrase (POLITY_PASSPHRASE, a file descriptor, or the
    /// terminal) and is the one that `polity` uses.
    Member(NewMember),
}

#[derive(Debug, Args)]
struct NewMember {
    /// The member's handle, and the name of the key file
    handle: String,
    /// The chain id of the new organisation
    #[arg(long, value_name = "ID")]
    chain: String,
    /// The directory of the key file [default: keys in the home directory]
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Read the passphrase from this file descriptor
    #[arg(long, value_name = "NUMBER")]
    passphrase_fd: Option<u32>,
}

impl Keys {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let config = match self.action {
            Action::New | Action::Member(_) => common.load()?.config,
            Action::Show { .. } | Action::Prove { .. } => common.load_home()?.config,
        };
        let directory = config.keys_directory();
        match self.action {
            Action::New => {
                let (keys, made) = NodeKeys::create(&directory).map_err(Fault::from)?;
                let verb = if made { "made" } else { "kept" };
                eprintln!("{verb} the keys in {}", directory.display());
                show(&keys, common.output);
            }
            Action::Show { chain: None } => show(&load(&directory)?, common.output),
            Action::Show { chain: Some(chain) } => {
                let address = dialed(&config);
                show_for_chain(&load(&directory)?, &chain, &address, common.output);
            }
            Action::Prove { unit } => {
                let genesis = GenesisFile::read(&config.genesis_file())?;
                let (_, organisation) = genesis.found()?;
                let address = dialed(&config);
                let keys = load(&directory)?;
                prove(&keys, &organisation, unit, &address, common.output);
            }
            Action::Member(new) => new.run(directory, common.output)?,
        }
        Ok(())
    }
}

/// Where others dial this node. Nobody has to know it yet: keys are shown without it, and a key is changed without it.
fn dialed(config: &Config) -> String {
    config.dialed_address().unwrap_or_else(|unknown| {
        eprintln!("the address is left open: {unknown}");
        String::new()
    })
}

fn load(directory: &Path) -> Result<NodeKeys, Fault> {
    Ok(NodeKeys::load(directory)?)
}

impl NewMember {
    fn run(self, keys_directory: PathBuf, output: Output) -> Result<(), Trouble> {
        polity_ledger::form::handle(&self.handle).map_err(|rejection| rejection.to_string())?;
        let directory = self.directory.unwrap_or(keys_directory);
        let source = match self.passphrase_fd {
            Some(number) => PassphraseSource::Descriptor(number),
            None => PassphraseSource::EnvironmentOrTerminal,
        };
        let passphrase = source.obtain_new(&format!("new passphrase for {}", self.handle))?;
        let key = member_key::create(&directory, &self.handle, &passphrase)?;

        let public = hex::encode(key.verifying_key());
        let possession = prove_possession(&key, &self.chain);
        match output {
            Output::Text => println!(
                "[[people]]\nhandle = \"{}\"\nkey = \"{public}\"\npossession = \"{possession}\"",
                self.handle
            ),
            Output::Json => {
                let whole = json!({"handle": self.handle, "key": public, "possession": possession});
                println!("{whole:#}");
            }
        }
        Ok(())
    }
}

/// Entries for the description of a new organisation; the department fills in what only it knows.
fn show_for_chain(keys: &NodeKeys, chain: &str, address: &str, output: Output) {
    let (key, id, node_key) = (
        keys.consensus_public_key(),
        keys.node_id(),
        keys.node_public_key(),
    );
    let possession = prove_possession(&keys.consensus, chain);
    match output {
        Output::Text => {
            println!("# for the description of {chain}: fill in your unit");
            println!("[[validators]]\nunit = \"\"\nkey = \"{key}\"");
            println!("possession = \"{possession}\"\npower = 10\n");
            println!("[[nodes]]\nunit = \"\"\nid = \"{id}\"\nkey = \"{node_key}\"");
            println!("address = \"{address}\"");
        }
        Output::Json => {
            let whole = json!({
                "key": key,
                "possession": possession,
                "id": id,
                "node_key": node_key,
                "address": address,
            });
            println!("{whole:#}");
        }
    }
}

/// What the departments need to know of a validator that joins them or changes its key.
fn prove(keys: &NodeKeys, organisation: &[u8; 32], unit: u64, address: &str, output: Output) {
    let (key, node_key) = (keys.consensus_public_key(), keys.node_public_key());
    let message = consensus_possession_bytes(
        organisation,
        unit,
        keys.consensus.verifying_key().as_bytes(),
    );
    let possession = hex::encode(keys.consensus.sign(&message).to_bytes());
    match output {
        Output::Text => {
            println!("unit        u{unit}");
            println!("key         {key}");
            println!("possession  {possession}");
            println!("node key    {node_key}");
            println!("address     {address}");
        }
        Output::Json => {
            let whole = json!({
                "unit": format!("u{unit}"),
                "key": key,
                "possession": possession,
                "node_key": node_key,
                "address": address,
            });
            println!("{whole:#}");
        }
    }
}

fn unit_number(text: &str) -> Result<u64, String> {
    let number = text.strip_prefix('u').unwrap_or(text).parse();
    number.map_err(|_| "a unit's number, such as u7".into())
}

/// What a key signs before the organisation exists.
fn prove_possession(key: &SigningKey, chain: &str) -> String {
    let message = founding_possession_bytes(chain, key.verifying_key().as_bytes());
    hex::encode(key.sign(&message).to_bytes())
}

/// Prints what others need to know of the keys.
pub(super) fn show(keys: &NodeKeys, output: Output) {
    let (public_key, address, id, node_key) = (
        keys.consensus_public_key(),
        keys.consensus_address(),
        keys.node_id(),
        keys.node_public_key(),
    );
    match output {
        Output::Text => {
            println!("consensus public key  {public_key}");
            println!("validator address     {address}");
            println!("node id               {id}");
            println!("node public key       {node_key}");
        }
        Output::Json => {
            let whole = json!({
                "consensus_public_key": public_key,
                "validator_address": address,
                "node_id": id,
                "node_public_key": node_key,
            });
            println!("{whole:#}");
        }
    }
}
