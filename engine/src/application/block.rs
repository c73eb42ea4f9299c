//! One height: checked transactions, a proposal, its execution, its commit.

use bytes::Bytes;

use super::{ConsensusParams, Timestamp, ValidatorUpdate};

/// A transaction at the door of the pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// The transaction's bytes, unjudged.
    pub transaction: Bytes,
    /// Whether it is new, was in the pool already, or is looked at before.
    pub kind: CheckKind,
}

/// Why a transaction is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// It came from a client or a peer.
    New,
    /// It waits in the pool, and a block was committed since it was last checked.
    Recheck,
    /// It came from a client and goes on to an engine, whose own check follows: what it costs is charged there.
    Look,
}

/// What became of one transaction. Code and data are hashed into the next header; the log is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TxResult {
    /// 0 when it was done, otherwise the number of the refusal.
    pub code: u32,
    /// The receipt's bytes.
    pub data: Bytes,
    /// A sentence for people; may differ from node to node.
    pub log: String,
}

/// What the door says of one transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckResult {
    /// Code 0 lets it into the pool.
    pub result: TxResult,
    /// Whose transaction it is, in bytes that only the application understands. Transactions of one lane wait in
    /// the order of their arrival; lanes take turns. Empty is a lane like any other.
    pub lane: Bytes,
    /// The last second of block time, of the Unix epoch, in which it can be done; `None`: it never expires.
    pub valid_until: Option<i64>,
    /// A correct node never passes on such bytes: whoever sent them, client or peer, is charged.
    pub blames_sender: bool,
}

/// A check that says no more than yes or no.
impl From<TxResult> for CheckResult {
    fn from(result: TxResult) -> Self {
        Self {
            result,
            ..Self::default()
        }
    }
}

/// The request to choose the content of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrepareProposal {
    /// Upper bound of the answer's transactions, in bytes as protobuf counts them (each with tag and length).
    pub max_transaction_bytes: u64,
    /// What the pool offers, in its order.
    pub transactions: Vec<Bytes>,
    /// Evidence that the block will carry.
    pub misbehavior: Vec<Misbehavior>,
    /// The block's height.
    pub height: u64,
    /// The block's time.
    pub time: Timestamp,
}

/// A block that was proposed, before anyone votes for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessProposal {
    /// The block's transactions, in order.
    pub transactions: Vec<Bytes>,
    /// Evidence that the block carries.
    pub misbehavior: Vec<Misbehavior>,
    /// The block's height.
    pub height: u64,
    /// The block's time.
    pub time: Timestamp,
}

/// The answer to [`ProcessProposal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProposalVerdict {
    /// This node can vote for the block.
    Accept,
    /// This node votes for no block in this round.
    Reject,
}

/// A block that was decided and must be executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FinalizeBlock {
    /// The block's transactions, in order.
    pub transactions: Vec<Bytes>,
    /// Evidence that the block carries.
    pub misbehavior: Vec<Misbehavior>,
    /// The block's hash.
    pub hash: Bytes,
    /// The block's height.
    pub height: u64,
    /// The block's time.
    pub time: Timestamp,
    /// Address of the proposing validator, 20 bytes.
    pub proposer_address: Bytes,
}

/// The answer to [`FinalizeBlock`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockResult {
    /// One result for each transaction, in the block's order.
    pub transactions: Vec<TxResult>,
    /// Validators whose power changes; it counts from two heights later.
    pub validator_updates: Vec<ValidatorUpdate>,
    /// Parameters that change from the next height on.
    pub consensus_param_updates: Option<ConsensusParams>,
    /// App hash after this block, carried by the next header.
    pub app_hash: Bytes,
}

/// The answer to a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The engine may forget blocks below this height; 0 keeps all.
    pub retain_height: u64,
    /// Which of the transactions that wait must pass the door again.
    pub recheck: Recheck,
}

/// What a block may have spoiled among the transactions that wait. What it contained and what has expired is left
/// out: the pool knows both by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Recheck {
    /// Anything: the application does not tell.
    #[default]
    All,
    /// Transactions of these lanes; none when the list is empty.
    Lanes(Vec<Bytes>),
}

/// Proof, carried by a block, that a validator broke the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misbehavior {
    /// What it did.
    pub kind: MisbehaviorKind,
    /// Its address, 20 bytes.
    pub validator_address: Bytes,
    /// Its power at that height.
    pub validator_power: u64,
    /// Height at which it happened.
    pub height: u64,
    /// Time of the block at that height.
    pub time: Timestamp,
    /// Power of all validators at that height.
    pub total_voting_power: u64,
}

/// The kinds of [`Misbehavior`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MisbehaviorKind {
    /// A kind that this version does not know.
    Unknown,
    /// Two votes for different blocks in one round.
    DuplicateVote,
    /// A false header shown to light clients.
    LightClientAttack,
}
