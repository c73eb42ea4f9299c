//! The chains of an organisation, and where one went on as another.

use polity_ledger::genesis::organisation_digest;
use polity_ledger::{continuation, genesis};

use super::replica::Replica;
use crate::app::{BlockRecord, GenesisRecord};
use crate::fault::{Fault, FaultKind};
use crate::store::{Hash, Snapshot};

/// One of the chains of an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedChain {
    /// Its name.
    pub chain_id: String,
    /// Its first height.
    pub first_height: u64,
    /// What its transactions bind.
    pub digest: Hash,
}

pub(super) fn of(record: &GenesisRecord) -> Vec<VerifiedChain> {
    let chains = record.chains();
    chains
        .iter()
        .map(|chain| VerifiedChain {
            chain_id: chain.chain_id.to_owned(),
            first_height: chain.initial_height.max(1),
            digest: organisation_digest(chain),
        })
        .collect()
}

/// Where a chain ended at this height, compares what the one after it took over.
pub(super) fn compare_seam(
    snapshot: &Snapshot,
    record: &GenesisRecord,
    replica: &Replica,
    height: u64,
) -> Result<(), Fault> {
    for pair in record.chains().windows(2) {
        let (ended, next) = (&pair[0], &pair[1]);
        if next.initial_height != height + 1 {
            continue;
        }
        let ended = genesis::organisation_digest(ended);
        let words = format!("height {height}: this is not what the next chain goes on from");
        let other = || Fault::new(FaultKind::Divergence, words.clone());
        let continuation = continuation::parse(next, &ended).map_err(|_| other())?;
        let block = snapshot.block(height)?.ok_or_else(other)?;
        let is_named = continuation.app_hash == replica.app_hash()
            && continuation.header_hash == BlockRecord::read(&block)?.hash
            && continuation.validators == continuation::validators(replica.state());
        if !is_named {
            return Err(other());
        }
    }
    Ok(())
}
