//! A chain for tests: made by the keys of its validators, without a network.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use ed25519_dalek::{Signer, SigningKey};

use super::canonical::{
    Address, Block, BlockId, Commit, Hash, Header, SealedBlock, Signature, ValidatorSet, Vote,
    VoteKind, consensus_hash, results_hash,
};
use super::params::Params;
use super::rows::{Rows, decided};
use super::tip::Tip;
use crate::Fault;
use crate::application::{
    BlockParams, BlockResult, EngineRow, EngineStore, EvidenceParams, PaceParams, Timestamp,
    TxResult, ValidatorUpdate,
};
use crate::cometbft::address;

/// A chain and the keys of everybody who ever votes on it.
pub(super) struct Chain {
    pub(super) tip: Tip,
    pub(super) keys: Vec<SigningKey>,
    pub(super) blocks: Vec<SealedBlock>,
    pub(super) commits: Vec<Commit>,
    pub(super) validators: Vec<ValidatorSet>,
    pub(super) rows: Rows,
}

pub(super) fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

pub(super) fn address_of(key: &SigningKey) -> Address {
    Address(address(&key.verifying_key().to_bytes()))
}

pub(super) fn update(key: &SigningKey, power: u64) -> ValidatorUpdate {
    ValidatorUpdate {
        public_key: key.verifying_key().to_bytes(),
        power,
    }
}

pub(super) fn params() -> Params {
    Params {
        block: BlockParams {
            max_bytes: 4 << 20,
            max_gas: -1,
        },
        evidence: EvidenceParams {
            max_age_blocks: 100,
            max_age_nanos: 1_000_000_000,
            max_bytes: 10_000,
        },
        pace: PaceParams::default(),
        app_version: 1,
    }
}

/// The word of a validator.
pub(super) fn vote(
    key: &SigningKey,
    kind: VoteKind,
    height: u64,
    round: u32,
    block: Option<BlockId>,
) -> super::canonical::SignedVote {
    let vote = Vote {
        kind,
        height,
        round,
        block,
        address: address_of(key),
    };
    let signature = key.sign(&vote.sign_bytes(CHAIN_ID)).to_bytes();
    super::canonical::SignedVote {
        vote,
        signature: Signature(signature),
    }
}

pub(super) const CHAIN_ID: &str = "sample-1";

impl Chain {
    /// Founded by validators of these powers.
    pub(super) fn found(powers: &[u64]) -> Self {
        let keys: Vec<SigningKey> = (1..=powers.len() as u8).map(key).collect();
        let updates: Vec<_> = keys
            .iter()
            .zip(powers)
            .map(|(key, power)| update(key, *power))
            .collect();
        let validators = ValidatorSet::new(&updates).unwrap();
        Self {
            tip: Tip {
                chain_id: CHAIN_ID.to_owned(),
                height: 0,
                block_id: BlockId::default(),
                time: Timestamp {
                    seconds: 1_700_000_000,
                    nanos: 0,
                },
                app_hash: vec![1; 32],
                results_hash: results_hash(&[]),
                proof_due: true,
                last_validators: validators.clone(),
                validators: validators.clone(),
                next_validators: validators,
                params: params(),
                commit: Commit::default(),
            },
            keys,
            blocks: Vec::new(),
            commits: Vec::new(),
            validators: Vec::new(),
            rows: Rows(Arc::new(Memory::default())),
        }
    }

    /// The block that would follow, with these transactions.
    pub(super) fn next_block(&self, transactions: Vec<Bytes>) -> SealedBlock {
        let tip = &self.tip;
        Block {
            header: Header {
                app_version: 1,
                chain_id: tip.chain_id.clone(),
                height: tip.next_height(),
                time: Timestamp {
                    seconds: tip.time.seconds + 1,
                    nanos: 7,
                },
                last_block_id: tip.block_id,
                last_commit_hash: Hash::default(),
                data_hash: Hash::default(),
                validators_hash: tip.validators.hash(),
                next_validators_hash: tip.next_validators.hash(),
                consensus_hash: consensus_hash(&tip.params.block),
                app_hash: tip.app_hash.clone(),
                last_results_hash: tip.results_hash,
                evidence_hash: Hash::default(),
                proposer_address: tip.validators.proposer(tip.next_height(), 0).address,
            },
            transactions,
            evidence: Vec::new(),
            last_commit: tip.commit.clone(),
        }
        .seal()
    }

    /// The signatures of all validators of the next height but those absent, who are named by their place.
    pub(super) fn sign(&self, id: BlockId, round: u32, absent: &[usize]) -> Commit {
        let height = self.tip.next_height();
        let signatures = self
            .tip
            .validators
            .iter()
            .enumerate()
            .filter(|(place, _)| !absent.contains(place))
            .map(|(_, validator)| {
                let key = self
                    .keys
                    .iter()
                    .find(|key| address_of(key) == validator.address)
                    .unwrap();
                let signed = vote(key, VoteKind::Precommit, height, round, Some(id));
                (validator.address, signed.signature)
            });
        Commit::arrange(height, round, id, signatures, &self.tip.validators)
    }

    /// One more block.
    pub(super) fn grow(
        &mut self,
        transactions: usize,
        round: u32,
        absent: &[usize],
        validator_updates: Vec<ValidatorUpdate>,
    ) {
        let transactions: Vec<Bytes> = (0..transactions)
            .map(|number| Bytes::from(format!("{}/{number}", self.tip.next_height())))
            .collect();
        let result = BlockResult {
            transactions: transactions
                .iter()
                .map(|bytes| TxResult {
                    code: 3,
                    data: bytes.clone(),
                    log: "not hashed".to_owned(),
                })
                .collect(),
            validator_updates,
            consensus_param_updates: None,
            app_hash: Bytes::from(vec![self.tip.next_height() as u8; 32]),
        };
        let block = self.next_block(transactions);
        let commit = self.sign(block.id(), round, absent);
        self.validators.push(self.tip.validators.clone());
        self.tip = self.tip.after(&block, commit.clone(), &result).unwrap();
        self.rows.0.write(decided(&block, &self.tip, &[])).unwrap();
        self.blocks.push(block);
        self.commits.push(commit);
    }
}

/// A store in memory.
#[derive(Default)]
pub(super) struct Memory(Mutex<BTreeMap<Vec<u8>, Bytes>>);

impl EngineStore for Memory {
    fn read(&self, key: &[u8]) -> Result<Option<Bytes>, Fault> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }

    fn scan(&self, prefix: &[u8]) -> Result<Vec<(Vec<u8>, Bytes)>, Fault> {
        let rows = self.0.lock().unwrap();
        let found = rows.range(prefix.to_vec()..);
        Ok(found
            .take_while(|(key, _)| key.starts_with(prefix))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn write(&self, changes: Vec<EngineRow>) -> Result<(), Fault> {
        let mut rows = self.0.lock().unwrap();
        for row in changes {
            match row.value {
                Some(value) => rows.insert(row.key, value),
                None => rows.remove(&row.key),
            };
        }
        Ok(())
    }
}
