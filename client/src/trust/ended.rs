//! The chain that another one goes on from: its headers, and whether the two belong together.

use super::block::LightBlock;
use super::genesis::{Genesis, Link};
use super::light::LightClient;
use super::root::TrustRoot;
use super::store::TrustStore;
use super::verify::TrustOptions;
use crate::rpc::Client;
use crate::{Error, Result};

/// A chain that ended, verified from its own genesis.
pub(super) struct Ended {
    pub(super) light: Box<LightClient>,
    link: Link,
}

impl Ended {
    /// The chain that this one goes on from, if it goes on from any.
    pub(super) fn of(
        genesis: &Genesis,
        rpc: &Client,
        options: &TrustOptions,
        store: Option<&TrustStore>,
    ) -> Result<Option<Ended>> {
        let Some(link) = genesis.link.as_deref() else {
            return Ok(None);
        };
        let root = TrustRoot::Genesis(link.ended.clone());
        let store = store.map(|store| store.of_root(&root));
        // Nobody signs it any more, so its headers never get younger. The newer genesis names its last one.
        let options = TrustOptions {
            trusting_period: None,
            ..options.clone()
        };
        let light = LightClient::new(rpc.clone(), root, options, store)?;
        Ok(Some(Ended {
            light: Box::new(light),
            link: link.clone(),
        }))
    }

    /// Whether a height belongs to it.
    pub(super) fn has(&self, height: u64) -> bool {
        height <= self.link.height
    }

    /// Verifies the link: the last header of the ended chain, signed by its validators, is the one that the genesis
    /// names, and itself names the state that was taken over and the validators who sign the first block here.
    pub(super) async fn check(&self, first: &LightBlock) -> Result<()> {
        let last = self.light.verified_header(self.link.height).await?;
        let is_linked = last.hash()[..] == self.link.header_hash
            && last.app_hash() == self.link.app_hash
            && last.next_validators_hash() == first.signed_header().header.validators_hash
            && last.app_hash() == first.signed_header().header.app_hash.as_bytes();
        match is_linked {
            true => Ok(()),
            false => Err(Error::proof(format!(
                "the chain does not go on from {} at height {}",
                self.link.ended.chain_id(),
                self.link.height
            ))),
        }
    }
}
