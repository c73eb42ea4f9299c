//! The table `archive`: headers and signatures of chains that have ended.

use std::collections::BTreeMap;
use std::sync::Arc;

use polity_engine::embedded::canonical::{
    Hash, ShownBlock, ValidatorSet, data_hash, results_hash, shown_validators,
};

use super::replica::Replica;
use super::{DIFFERS, MISSING, STRAY, Source, wrong};
use crate::app::{Executed, GenesisRecord};
use crate::continuation::{ArchivedBlock, block_key, hash_key, validators_key};
use crate::fault::Fault;
use crate::store::{Snapshot, Store, Table};

pub(super) struct ArchiveTable<'a> {
    snapshot: Arc<Snapshot>,
    record: &'a GenesisRecord,
    // The height before the first one of the chain that goes on now.
    last: u64,
    parent: Option<(ShownBlock, ValidatorSet)>,
    // Root over the results of the parent.
    results: Hash,
    sets: BTreeMap<Hash, ValidatorSet>,
    blocks: u64,
}

impl<'a> ArchiveTable<'a> {
    pub(super) fn new(store: &Store, record: &'a GenesisRecord) -> ArchiveTable<'a> {
        ArchiveTable {
            snapshot: store.snapshot(),
            record,
            last: record.newest().initial_height.saturating_sub(1),
            parent: None,
            results: results_hash(&[]),
            sets: BTreeMap::new(),
            blocks: 0,
        }
    }

    /// Compares the archived block of a height with what was executed over `before`.
    pub(super) fn compare(
        &mut self,
        height: u64,
        source: &Source,
        executed: &Executed,
        before: &Replica,
    ) -> Result<(), Fault> {
        if height > self.last {
            return Ok(());
        }
        let chains = self.record.chains();
        let chain = chains.iter().rfind(|chain| chain.initial_height <= height);
        if chain.is_some_and(|chain| chain.initial_height == height) {
            self.parent = None;
            self.results = results_hash(&[]);
        }
        let key = block_key(height);
        let differs = || wrong(Table::Archive, height, &key, DIFFERS);
        let row = self.snapshot.row(Table::Archive, &key)?;
        let row = row.ok_or_else(|| wrong(Table::Archive, height, &key, MISSING))?;
        let shown = read(&row).ok_or_else(differs)?;
        let header = shown.header();
        let validators = self.validators(height, &header.validators_hash)?;

        let parent = self.parent.as_ref();
        let follows = header.height == height
            && chain.is_some_and(|chain| chain.chain_id == header.chain_id)
            && shown.follows(parent.map(|(block, validators)| (block, validators)))
            && header.app_hash == before.app_hash()
            && header.last_results_hash == self.results
            && header.data_hash == data_hash(&source.transactions)
            && header.hash()[..] == source.record.hash[..];
        if !follows || !shown.is_decided_by(&validators) {
            return Err(differs());
        }
        self.compare_height_of(height, &header.hash())?;
        self.results = results_hash(&executed.result.transactions);
        self.parent = Some((shown, validators));
        self.blocks += 1;
        Ok(())
    }

    /// Looks for rows that belong to no block; answers how many headers were verified.
    pub(super) fn finish(self, snapshot: &Snapshot) -> Result<u64, Fault> {
        let mut rows = 0u64;
        let mut newest = Vec::new();
        snapshot.for_each_row(Table::Archive, |key, _| {
            rows += 1;
            newest = key.to_vec();
            Ok(())
        })?;
        // A block, its hash, and the sets.
        if rows == 2 * self.blocks + self.sets.len() as u64 {
            Ok(self.blocks)
        } else {
            Err(wrong(Table::Archive, self.last, &newest, STRAY))
        }
    }

    fn validators(&mut self, height: u64, hash: &Hash) -> Result<ValidatorSet, Fault> {
        if let Some(set) = self.sets.get(hash) {
            return Ok(set.clone());
        }
        let key = validators_key(hash);
        let row = self.snapshot.row(Table::Archive, &key)?;
        let row = row.ok_or_else(|| wrong(Table::Archive, height, &key, MISSING))?;
        let shown: Option<serde_json::Value> = serde_json::from_slice(&row).ok();
        let set = shown.and_then(|shown| shown_validators(&shown).ok());
        let set = set.filter(|set| set.hash() == *hash);
        let set = set.ok_or_else(|| wrong(Table::Archive, height, &key, DIFFERS))?;
        self.sets.insert(*hash, set.clone());
        Ok(set)
    }

    fn compare_height_of(&self, height: u64, hash: &Hash) -> Result<(), Fault> {
        let key = hash_key(hash);
        match self.snapshot.row(Table::Archive, &key)? {
            Some(row) if row == height.to_be_bytes() => Ok(()),
            Some(_) => Err(wrong(Table::Archive, height, &key, DIFFERS)),
            None => Err(wrong(Table::Archive, height, &key, MISSING)),
        }
    }
}

/// A row in the one form that the archive writes.
fn read(row: &[u8]) -> Option<ShownBlock> {
    let archived: ArchivedBlock = serde_json::from_slice(row).ok()?;
    let is_own_form = serde_json::to_vec(&archived).ok()? == row;
    let shown = ShownBlock::read(&archived.block, &archived.commit).ok()?;
    is_own_form.then_some(shown)
}
