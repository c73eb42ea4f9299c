//! Binding an empty store to its organisation.

use std::collections::BTreeMap;

use super::commit::{LeafChange, SPACE_FACTOR, check_state, tip};
use super::table::{Meta, Table};
use super::{Durability, Hash, Store, free_space_check};
use crate::fault::{Fault, FaultKind};

/// What a store begins with, at height 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Genesis {
    /// Digest of the organisation: a store belongs to one for ever.
    pub organisation: Hash,
    /// The genesis as the node wants to see it again.
    pub bytes: Vec<u8>,
    /// Root of the state tree at height 0.
    pub app_hash: Hash,
    /// The state at height 0; may be empty if the first commit brings it.
    pub changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    /// The leaf of each authenticated key in `changes`.
    pub leaves: Vec<LeafChange>,
}

impl Store {
    /// Binds an empty store to its organisation, with the state of height 0. Can be repeated with the same content.
    ///
    /// # Errors
    /// `GenesisMismatch` if the store belongs to another organisation, began with another genesis, or is at work
    /// already without belonging to one.
    pub fn begin(&self, genesis: Genesis) -> Result<(), Fault> {
        let _writing = self.begin_writing();
        let before = self.snapshot();
        if let Some(organisation) = before.organisation()? {
            check_genesis(&genesis, &organisation, before.genesis()?.as_deref())?;
            if before.height() == 0 && before.app_hash() != genesis.app_hash {
                let words = "this program makes another state of the genesis than the one stored";
                return Err(Fault::new(FaultKind::Divergence, words));
            }
            return Ok(());
        }
        if before.height() > 0 {
            let words = "the store has blocks but belongs to no organisation";
            return Err(Fault::new(FaultKind::GenesisMismatch, words));
        }
        check_state(&genesis.changes, &genesis.leaves)?;

        let mut batch = self.rocks.batch()?;
        self.put_state(&mut batch, 0, &genesis.changes, &genesis.leaves);
        batch.put(Table::Meta, Meta::Organisation.key(), &genesis.organisation);
        batch.put(Table::Meta, Meta::Genesis.key(), &genesis.bytes);
        batch.put(Table::Meta, Meta::Tip.key(), &tip(0, &genesis.app_hash));
        free_space_check(
            self.rocks.directory(),
            self.options
                .free_bytes_min
                .saturating_add(SPACE_FACTOR * batch.bytes() as u64),
        )?;
        let epoch = self.write_state(batch, genesis.changes, Durability::Now)?;
        self.show(epoch)
    }
}

fn check_genesis(
    genesis: &Genesis,
    organisation: &Hash,
    bytes: Option<&[u8]>,
) -> Result<(), Fault> {
    if genesis.organisation != *organisation {
        let words = "the store belongs to another organisation than the genesis describes";
        return Err(Fault::new(FaultKind::GenesisMismatch, words));
    }
    if Some(genesis.bytes.as_slice()) != bytes {
        return Err(Fault::new(
            FaultKind::GenesisMismatch,
            "the store began with another genesis",
        ));
    }
    Ok(())
}
