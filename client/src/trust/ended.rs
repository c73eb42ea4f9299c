//! The chain that another one goes on from: its headers, and whether the two belong together.

use super::block::LightBlock;
use super::genesis::{Genesis, Link};
use super::header::VerifiedHeader;
use super::light::LightClient;
use super::root::{Checkpoint, TrustRoot};
use super::store::TrustStore;
use super::verify::TrustOptions;
use crate::rpc::Client;
use crate::{Error, Result};

/// A chain that ended. Its last header is verified from its own genesis, and those below it by their hashes: keys of
/// its validators that somebody gets hold of later, when nobody guards them any more, make no other past.
pub(super) struct Ended {
    /// From its genesis up.
    whole: Box<LightClient>,
    /// From its last header down.
    below: Box<LightClient>,
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
        // Nobody signs it any more, so its headers never get younger. The newer genesis names its last one.
        let options = TrustOptions {
            trusting_period: None,
            ..options.clone()
        };
        let from = |root: TrustRoot| {
            let store = store.map(|store| store.of_root(&root));
            LightClient::new(rpc.clone(), root, options.clone(), store)
        };
        Ok(Some(Ended {
            whole: Box::new(from(TrustRoot::Genesis(link.ended.clone()))?),
            below: Box::new(from(TrustRoot::Checkpoint(link.last()?))?),
            link: link.clone(),
        }))
    }

    /// Whether a height belongs to it.
    pub(super) fn has(&self, height: u64) -> bool {
        height <= self.link.height
    }

    /// A header of it, or of a chain before it, verified.
    pub(super) async fn verified_header(&self, height: u64) -> Result<VerifiedHeader> {
        if self.whole.goes_on_from(height) {
            return self.whole.verified_header(height).await;
        }
        self.last().await?;
        self.below.verified_header(height).await
    }

    /// Verifies the link: the last header names the state that was taken over and the validators who sign the first
    /// block here.
    pub(super) async fn check(&self, first: &LightBlock) -> Result<()> {
        let last = self.last().await?;
        let is_linked = last.next_validators_hash() == first.signed_header().header.validators_hash
            && last.app_hash() == first.signed_header().header.app_hash.as_bytes();
        if is_linked {
            Ok(())
        } else {
            Err(self.not_linked())
        }
    }

    /// The last header, signed by the chain's validators: the one that the newer genesis names, with the state that was
    /// taken over.
    async fn last(&self) -> Result<VerifiedHeader> {
        let last = self.whole.verified_header(self.link.height).await?;
        let is_named =
            last.hash()[..] == self.link.header_hash && last.app_hash() == self.link.app_hash;
        if is_named {
            Ok(last)
        } else {
            Err(self.not_linked())
        }
    }

    fn not_linked(&self) -> Error {
        Error::proof(format!(
            "the chain does not go on from {} at height {}",
            self.link.ended.chain_id(),
            self.link.height
        ))
    }
}

impl Link {
    /// The last header that the newer genesis names.
    fn last(&self) -> Result<Checkpoint> {
        let header_hash = self.header_hash[..].try_into();
        Ok(Checkpoint {
            chain_id: self.ended.chain_id().to_owned(),
            height: self.height,
            header_hash: header_hash
                .map_err(|_| Error::usage("the genesis file names no last header"))?,
        })
    }
}
