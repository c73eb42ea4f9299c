//! A block and its signatures as CometBFT's JSON shows them, whichever engine made them: enough to verify both.
//!
//! CometBFT's votes carry the times of their validators, and votes for nothing are shown; so its commits are more than
//! ours can hold.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost::Message;
use serde_json::Value;
use tendermint_proto::v0_38::types::{self as wire, evidence::Sum};

use super::{BlockId, Hash, Header, Malformed, Signature, ValidatorSet, merkle};
use crate::application::ValidatorUpdate;

/// A block without its transactions, and the signatures that decided it.
#[derive(Debug)]
pub struct ShownBlock {
    header: Header,
    id: BlockId,
    last_commit: wire::Commit,
    commit: wire::Commit,
}

impl ShownBlock {
    /// Reads the answer of `block`, and a commit. What the header names by a hash must be there: the signatures that
    /// decided the parent, and the evidence.
    pub fn read(block: &Value, commit: &Value) -> Result<ShownBlock, Malformed> {
        let id = serde_json::from_value(block["block_id"].clone()).map_err(|_| Malformed)?;
        let shown: Result<wire::Block, _> = serde_json::from_value(block["block"].clone());
        let shown = shown.map_err(|_| Malformed)?;
        let header = Header::from_wire(shown.header)?;
        let id = BlockId::from_wire(Some(id))?;
        let last_commit = shown.last_commit.ok_or(Malformed)?;
        let evidence = shown.evidence.ok_or(Malformed)?;
        let commit: Result<wire::Commit, _> = serde_json::from_value(commit.clone());
        let commit = commit.map_err(|_| Malformed)?;

        let is_whole = id.hash == header.hash()
            && commit_hash(&last_commit) == header.last_commit_hash
            && evidence_hash(evidence) == header.evidence_hash;
        if is_whole {
            Ok(ShownBlock {
                header,
                id,
                last_commit,
                commit,
            })
        } else {
            Err(Malformed)
        }
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The block's name.
    #[must_use]
    pub fn id(&self) -> BlockId {
        self.id
    }

    /// Whether validators with more than two thirds of the power signed this block, and every signature is good.
    #[must_use]
    pub fn is_decided_by(&self, validators: &ValidatorSet) -> bool {
        validators.hash() == self.header.validators_hash
            && self.is_decided_with(&self.commit, validators)
    }

    /// Whether this is the next block after `parent`, and carries what decided it; without a parent, the first one.
    #[must_use]
    pub fn follows(&self, parent: Option<(&ShownBlock, &ValidatorSet)>) -> bool {
        let Some((parent, validators)) = parent else {
            return self.header.last_block_id.is_none()
                && self.last_commit.height == 0
                && self.last_commit.round == 0
                && self.last_commit.signatures.is_empty();
        };
        self.header.last_block_id == parent.id
            && self.header.height == parent.header.height + 1
            && (self.last_commit == parent.commit
                || parent.is_decided_with(&self.last_commit, validators))
    }

    fn is_decided_with(&self, commit: &wire::Commit, validators: &ValidatorSet) -> bool {
        let is_named = commit.height == self.header.height as i64
            && commit.block_id == Some(self.id.to_wire());
        if !is_named || commit.signatures.len() != validators.len() {
            return false;
        }
        let mut power = 0u64;
        for (entry, validator) in commit.signatures.iter().zip(validators.iter()) {
            let block = match wire::BlockIdFlag::try_from(entry.block_id_flag) {
                Ok(wire::BlockIdFlag::Absent) if entry.signature.is_empty() => continue,
                Ok(wire::BlockIdFlag::Commit) => Some(self.id),
                Ok(wire::BlockIdFlag::Nil) => None,
                Ok(wire::BlockIdFlag::Absent | wire::BlockIdFlag::Unknown) | Err(_) => {
                    return false;
                }
            };
            let vote = wire::CanonicalVote {
                r#type: wire::SignedMsgType::Precommit as i32,
                height: commit.height,
                round: commit.round.into(),
                block_id: block.map(BlockId::to_canonical),
                timestamp: entry.timestamp,
                chain_id: self.header.chain_id.clone(),
            };
            let signature = Signature::from_slice(&entry.signature);
            let is_signed = entry.validator_address == validator.address.0
                && signature.is_ok_and(|signature| {
                    let message = vote.encode_length_delimited_to_vec();
                    signature.is_by(&validator.public_key, &message)
                });
            if !is_signed {
                return false;
            }
            power += block.map_or(0, |_| validator.power);
        }
        validators.is_decisive(power)
    }
}

/// Reads the validators of an answer of `validators`.
pub fn shown_validators(validators: &Value) -> Result<ValidatorSet, Malformed> {
    let shown = validators.as_array().ok_or(Malformed)?;
    let updates = shown.iter().map(|validator| {
        let key = validator["pub_key"]["value"].as_str().ok_or(Malformed)?;
        let power = validator["voting_power"].as_str().ok_or(Malformed)?;
        let key = STANDARD.decode(key).map_err(|_| Malformed)?;
        Ok(ValidatorUpdate {
            public_key: key.try_into().map_err(|_| Malformed)?,
            power: power.parse().map_err(|_| Malformed)?,
        })
    });
    let set = ValidatorSet::new(&updates.collect::<Result<Vec<_>, Malformed>>()?);
    let set = set.map_err(|_| Malformed)?;
    let addresses = shown.iter().map(|validator| validator["address"].as_str());
    let expected = set.iter().map(|validator| validator.address.to_string());
    let expected: Vec<String> = expected.collect();
    if addresses.eq(expected.iter().map(|address| Some(address.as_str()))) {
        Ok(set)
    } else {
        Err(Malformed)
    }
}

fn commit_hash(commit: &wire::Commit) -> Hash {
    let entries = commit.signatures.iter();
    let entries: Vec<Vec<u8>> = entries.map(Message::encode_to_vec).collect();
    merkle::root(&entries)
}

fn evidence_hash(list: wire::EvidenceList) -> Hash {
    let pieces = list.evidence.into_iter().filter_map(|piece| piece.sum);
    let pieces: Vec<Vec<u8>> = pieces
        .map(|piece| match piece {
            Sum::DuplicateVoteEvidence(double) => double.encode_to_vec(),
            Sum::LightClientAttackEvidence(attack) => attack.encode_to_vec(),
        })
        .collect();
    merkle::root(&pieces)
}
