//! A chain at rest: what its blocks were, read from the rows alone, without an engine that runs.

use std::sync::Arc;

use super::canonical::{Commit, Hash, SealedBlock, ValidatorSet};
use super::rows::Rows;
use crate::Fault;
use crate::application::EngineStore;

/// The blocks that a stopped engine left in the application's store.
#[derive(Clone)]
pub struct Past(Rows);

impl Past {
    /// What is in this store.
    #[must_use]
    pub fn new(store: Arc<dyn EngineStore>) -> Self {
        Self(Rows(store))
    }

    /// A decided block.
    pub fn block(&self, height: u64) -> Result<Option<SealedBlock>, Fault> {
        self.0.block(height)
    }

    /// The signatures that decided it.
    pub fn commit(&self, height: u64) -> Result<Option<Commit>, Fault> {
        Ok(self.0.commit_shown(height)?.map(|(commit, _)| commit))
    }

    /// A set of validators by its hash.
    pub fn validators(&self, hash: &Hash) -> Result<Option<ValidatorSet>, Fault> {
        self.0.validators(hash)
    }
}
