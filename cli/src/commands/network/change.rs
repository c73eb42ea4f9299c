//! Who validates, and which nodes there are: `add-validator | remove-validator | rotate-key`, which the
//! departments decide, and `register-node | remove-node`, which each department does for itself.

use clap::Args;
use polity_client::Result;
use polity_client::ledger::form;
use polity_client::ledger::state::keys;
use polity_client::v1::{
    AddValidator, Index, RegisterNode, RemoveNode, RemoveValidator, RotateValidatorKey,
    action::Kind,
};
use sha2::{Digest, Sha256};

use crate::context::Context;
use crate::digits;
use crate::failure::usage;

/// Bytes of a node's public key, and of a consensus key.
const KEY_BYTES: usize = 32;
/// Bytes of a proof of possession: a signature.
const PROOF_BYTES: usize = 64;
/// Bytes of a node's id.
const NODE_ID_BYTES: usize = 20;

/// Registers a node of a department, so that the others accept it as a peer.
#[derive(Args, Debug)]
pub(super) struct RegisterNodeVerb {
    /// The department.
    unit: String,
    /// The node's public key, 64 hexadecimal digits: `polityd keys prove` prints it.
    #[arg(long, value_name = "KEY")]
    node_key: String,
    /// Where others reach it, HOST:PORT: no address to listen at, such as 0.0.0.0.
    #[arg(long, default_value = "")]
    address: String,
}

impl RegisterNodeVerb {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let key = digits::read::<KEY_BYTES>("a node's key", &self.node_key)?;
        check_address(&self.address)?;
        let register = RegisterNode {
            unit: context.unit_ref(&self.unit).await?,
            // Peers name a node by the beginning of its key's hash.
            id: Sha256::digest(key)[..NODE_ID_BYTES].to_vec(),
            address: self.address,
            key: key.to_vec(),
        };
        context.act(vec![Kind::RegisterNode(register)]).await
    }
}

/// Takes a node off the list: the others accept it as a peer no longer.
#[derive(Args, Debug)]
pub(super) struct RemoveNodeVerb {
    /// The node's id, 40 hexadecimal digits.
    id: String,
}

impl RemoveNodeVerb {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let id = digits::read::<NODE_ID_BYTES>("a node's id", &self.id)?;
        let key = keys::key_with(keys::NODE_ID, &[], &id);
        let index: Option<Index> = context.session().await?.value(key).await?;
        let number = index.map(|index| index.number);
        let number = number.ok_or_else(|| usage(format!("there is no node {}", self.id)))?;
        let remove = RemoveNode {
            node: form::numbered(number),
        };
        context.act(vec![Kind::RemoveNode(remove)]).await
    }
}

/// A consensus key with the proof that its department possesses it: `polityd keys prove` prints both.
#[derive(Args, Debug)]
struct ConsensusKey {
    /// The public consensus key, 64 hexadecimal digits.
    #[arg(long, value_name = "KEY")]
    consensus_key: String,
    /// The proof, 128 hexadecimal digits.
    #[arg(long, value_name = "PROOF")]
    possession: String,
}

/// Makes a department a validator. The departments decide: open a proposal with it.
#[derive(Args, Debug)]
pub(super) struct AddValidatorVerb {
    /// The department.
    unit: String,
    #[command(flatten)]
    key: ConsensusKey,
    /// Its power beside the others'.
    #[arg(long, default_value_t = 10)]
    power: u64,
}

impl AddValidatorVerb {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let add = AddValidator {
            unit: context.unit_ref(&self.unit).await?,
            key: digits::read::<KEY_BYTES>("a consensus key", &self.key.consensus_key)?.to_vec(),
            possession: digits::read::<PROOF_BYTES>("a proof", &self.key.possession)?.to_vec(),
            power: self.power,
        };
        context.act(vec![Kind::AddValidator(add)]).await
    }
}

/// Ends a department's validator. The departments decide: open a proposal with it.
#[derive(Args, Debug)]
pub(super) struct RemoveValidatorVerb {
    /// The department.
    unit: String,
}

impl RemoveValidatorVerb {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let unit = context.unit_ref(&self.unit).await?;
        let remove = RemoveValidator { unit };
        context.act(vec![Kind::RemoveValidator(remove)]).await
    }
}

/// Gives a department's validator another consensus key. The departments decide: open a proposal with it.
#[derive(Args, Debug)]
pub(super) struct RotateKeyVerb {
    /// The department.
    unit: String,
    #[command(flatten)]
    key: ConsensusKey,
}

impl RotateKeyVerb {
    pub(super) async fn run(self, context: &Context) -> Result<()> {
        let rotate = RotateValidatorKey {
            unit: context.unit_ref(&self.unit).await?,
            key: digits::read::<KEY_BYTES>("a consensus key", &self.key.consensus_key)?.to_vec(),
            possession: digits::read::<PROOF_BYTES>("a proof", &self.key.possession)?.to_vec(),
        };
        context.act(vec![Kind::RotateValidatorKey(rotate)]).await
    }
}

/// Refuses what the ledger would not take for an address of a node. A node that only dials the others has none.
fn check_address(text: &str) -> Result<()> {
    form::optional_address(text).map_err(|_| {
        usage(format!(
            "others reach a node at HOST:PORT, and not where it listens, such as 0.0.0.0: not {text}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use polity_client::ErrorKind;

    use super::*;

    #[test]
    fn an_address_by_which_nobody_reaches_a_node_is_a_usage_error() {
        for text in ["", "lab.example:26656"] {
            assert!(check_address(text).is_ok(), "{text}");
        }
        for text in ["foo", "0.0.0.0:26656"] {
            let error = check_address(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::Usage, "{text}");
        }
    }
}
