//! What a node answers, as plain data. All of it is hearsay until it is proven.

use serde::Deserialize;

use super::json::{base64_bytes, base64_hashes, base64_list, hex_bytes, hex_hash, number};

/// What a node says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusAnswer {
    /// The node's id, 40 lower-case hexadecimal digits.
    pub node_id: String,
    /// The chain's name.
    pub chain_id: String,
    /// The newest height that this node has.
    pub latest_height: u64,
    /// The oldest height that this node still has.
    pub earliest_height: u64,
    /// Whether the node is still behind its peers.
    pub catching_up: bool,
}

/// What became of a transaction at a node's door. Not yet its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct BroadcastAnswer {
    /// 0, or the number of the rejection.
    #[serde(default)]
    pub code: u32,
    /// The node's words.
    #[serde(default)]
    pub log: String,
    /// The SHA-256 of the bytes that were sent.
    #[serde(deserialize_with = "hex_hash")]
    pub hash: [u8; 32],
}

/// The answer to a question about state.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
pub struct QueryAnswer {
    /// 0, or why there is no answer.
    #[serde(default)]
    pub code: u32,
    /// The node's words.
    #[serde(default)]
    pub log: String,
    /// The key that was asked for.
    #[serde(default, deserialize_with = "base64_bytes")]
    pub key: Vec<u8>,
    /// The value; empty means absent.
    #[serde(default, deserialize_with = "base64_bytes")]
    pub value: Vec<u8>,
    /// The height whose state this is: the header above it proves it.
    #[serde(default, deserialize_with = "number")]
    pub height: u64,
    /// The proof's steps.
    #[serde(
        default,
        rename = "proof_ops",
        alias = "proofOps",
        deserialize_with = "proof_ops"
    )]
    pub proof_ops: Vec<ProofOp>,
}

/// One step of a proof.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
pub struct ProofOp {
    /// The form of `data`.
    #[serde(rename = "type", alias = "field_type")]
    pub form: String,
    /// The key that it is about.
    #[serde(default, deserialize_with = "base64_bytes")]
    pub key: Vec<u8>,
    /// The encoded proof.
    #[serde(default, deserialize_with = "base64_bytes")]
    pub data: Vec<u8>,
}

/// A block: its header and the transactions in order.
#[derive(Clone, Debug)]
pub struct BlockAnswer {
    /// The header as the node gave it.
    pub header: tendermint::block::Header,
    /// The envelopes, in the block's order.
    pub transactions: Vec<Vec<u8>>,
}

/// Where a transaction is, found by the hash of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TransactionAnswer {
    /// The height of its block.
    #[serde(deserialize_with = "number")]
    pub height: u64,
    /// Its place in the block.
    #[serde(default, deserialize_with = "number")]
    pub index: u64,
    /// Its bytes.
    #[serde(rename = "tx", deserialize_with = "base64_bytes")]
    pub transaction: Vec<u8>,
    /// Its result.
    #[serde(rename = "tx_result")]
    pub result: TransactionResult,
    /// The proof that the block has it, where one was asked for.
    #[serde(default)]
    pub proof: Option<TransactionProof>,
}

/// A transaction's result, as far as the next header's results hash covers it.
#[derive(Clone, Debug, PartialEq, Eq, Default, Deserialize)]
pub struct TransactionResult {
    /// 0, or the number of the rejection.
    #[serde(default)]
    pub code: u32,
    /// The receipt's bytes.
    #[serde(default, deserialize_with = "base64_bytes")]
    pub data: Vec<u8>,
}

/// That a block has a transaction: the path from it to the block's data hash.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "TransactionProofForm")]
pub struct TransactionProof {
    /// Its place among the leaves.
    pub index: u64,
    /// How many leaves there are.
    pub total: u64,
    /// The sibling hashes, from the leaf upwards.
    pub aunts: Vec<[u8; 32]>,
}

#[derive(Deserialize)]
struct TransactionProofForm {
    proof: PathForm,
}

#[derive(Deserialize)]
struct PathForm {
    #[serde(default, deserialize_with = "number")]
    index: u64,
    #[serde(deserialize_with = "number")]
    total: u64,
    #[serde(default, deserialize_with = "base64_hashes")]
    aunts: Vec<[u8; 32]>,
}

impl From<TransactionProofForm> for TransactionProof {
    fn from(form: TransactionProofForm) -> Self {
        Self {
            index: form.proof.index,
            total: form.proof.total,
            aunts: form.proof.aunts,
        }
    }
}

fn proof_ops<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<ProofOp>, D::Error> {
    #[derive(Deserialize)]
    struct Form {
        #[serde(default)]
        ops: Option<Vec<ProofOp>>,
    }

    let form = Option::<Form>::deserialize(deserializer)?;
    Ok(form.and_then(|form| form.ops).unwrap_or_default())
}

/// The answer to `abci_query`, as it lies in the result.
#[derive(Deserialize)]
pub(super) struct QueryForm {
    pub(super) response: QueryAnswer,
}

/// The answer to `status`, as it lies in the result.
#[derive(Deserialize)]
pub(super) struct StatusForm {
    node_info: NodeInfoForm,
    sync_info: SyncInfoForm,
}

#[derive(Deserialize)]
struct NodeInfoForm {
    #[serde(default, deserialize_with = "hex_bytes")]
    id: Vec<u8>,
    network: String,
}

#[derive(Deserialize)]
struct SyncInfoForm {
    #[serde(deserialize_with = "number")]
    latest_block_height: u64,
    #[serde(default, deserialize_with = "number")]
    earliest_block_height: u64,
    #[serde(default)]
    catching_up: bool,
}

impl From<StatusForm> for StatusAnswer {
    fn from(form: StatusForm) -> Self {
        Self {
            node_id: hex::encode(form.node_info.id),
            chain_id: form.node_info.network,
            latest_height: form.sync_info.latest_block_height,
            earliest_height: form.sync_info.earliest_block_height,
            catching_up: form.sync_info.catching_up,
        }
    }
}

/// The answer to `commit`, as it lies in the result.
#[derive(Deserialize)]
pub(super) struct CommitForm {
    pub(super) signed_header: tendermint::block::signed_header::SignedHeader,
}

/// The answer to `blockchain`.
#[derive(Deserialize)]
pub(super) struct BlockchainForm {
    pub(super) block_metas: Vec<MetaForm>,
}

/// What it tells of one block.
#[derive(Deserialize)]
pub(super) struct MetaForm {
    pub(super) header: tendermint::block::Header,
}

/// One page of the answer to `validators`.
#[derive(Deserialize)]
pub(super) struct ValidatorsForm {
    #[serde(deserialize_with = "number")]
    pub(super) block_height: u64,
    #[serde(default)]
    pub(super) validators: Option<Vec<ValidatorForm>>,
    #[serde(deserialize_with = "number")]
    pub(super) total: u64,
}

/// One validator. The address is left out: it follows from the key.
#[derive(Deserialize)]
pub(super) struct ValidatorForm {
    pub(super) pub_key: tendermint::PublicKey,
    #[serde(rename = "voting_power", alias = "power", deserialize_with = "number")]
    pub(super) power: u64,
}

/// The answer to `block`, as it lies in the result.
#[derive(Deserialize)]
pub(super) struct BlockForm {
    block: BlockBodyForm,
}

#[derive(Deserialize)]
struct BlockBodyForm {
    header: tendermint::block::Header,
    data: BlockDataForm,
}

#[derive(Deserialize)]
struct BlockDataForm {
    #[serde(default, deserialize_with = "base64_list")]
    txs: Vec<Vec<u8>>,
}

impl From<BlockForm> for BlockAnswer {
    fn from(form: BlockForm) -> Self {
        Self {
            header: form.block.header,
            transactions: form.block.data.txs,
        }
    }
}

/// The answer to `genesis`, as it lies in the result.
#[derive(Deserialize)]
pub(super) struct GenesisForm {
    pub(super) genesis: serde_json::Value,
}
