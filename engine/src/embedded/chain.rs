//! Reading the chain: what the gateway answers from.

use std::sync::Arc;

use malachitebft_app_channel::NetworkRequest;
use tokio::sync::{mpsc, watch};

use super::canonical::{Address, Commit, Outline, SealedBlock, ValidatorSet};
use super::consensus::network;
use super::gossip::GossipView;
use super::guard::{Guard, GuardState};
use super::params::Params;
use super::peers::ConnectedPeer;
use super::pool::Pool;
use super::progress::Progress;
use super::rows::Rows;
use super::tip::Tip;
use crate::Fault;

/// A running chain, to be read and to be sent transactions. Cheap to copy. Methods that read block on the disk.
#[derive(Clone)]
pub struct Chain {
    pub(super) rows: Rows,
    pub(super) pool: Pool,
    pub(super) gossip: GossipView,
    pub(super) guard: Arc<Guard>,
    pub(super) progress: watch::Receiver<Progress>,
    pub(super) network: mpsc::Sender<NetworkRequest>,
    pub(super) founding: Arc<Tip>,
    pub(super) own: Own,
}

/// What this node is on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The key with which it votes.
    pub consensus_key: [u8; 32],
    /// The validator's address.
    pub address: Address,
    /// The key that names the node among its peers.
    pub node_key: [u8; 32],
}

impl Chain {
    /// The chain's name.
    #[must_use]
    pub fn chain_id(&self) -> &str {
        &self.founding.chain_id
    }

    /// The height of its first block.
    #[must_use]
    pub fn first_height(&self) -> u64 {
        self.founding.next_height()
    }

    /// What this node is.
    #[must_use]
    pub fn own(&self) -> &Own {
        &self.own
    }

    /// Where the chain stands, and what consensus does.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let mut progress = self.progress.borrow().clone();
        // On a network at rest no further block would tell that this was the last one that it lacked.
        progress.is_catching_up &= self.gossip.is_behind();
        progress
    }

    /// What the guard against signing twice shows.
    #[must_use]
    pub fn guard(&self) -> GuardState {
        self.guard.state()
    }

    /// A decided block.
    pub fn block(&self, height: u64) -> Result<Option<SealedBlock>, Fault> {
        self.rows.block(height)
    }

    /// What a decided block says of itself: much cheaper than the block.
    pub fn outline(&self, height: u64) -> Result<Option<Outline>, Fault> {
        self.rows.outline(height)
    }

    /// The height of a block by the hash of its header.
    pub fn height_of(&self, hash: &[u8]) -> Result<Option<u64>, Fault> {
        self.rows.height_of(hash)
    }

    /// The signatures that decided a height: those that the next block carries, or, for the newest, those that this
    /// node saw. Says whether the next block carries them.
    pub fn commit(&self, height: u64) -> Result<Option<(Commit, bool)>, Fault> {
        self.rows.commit_shown(height)
    }

    /// The validators of a height, up to two above the newest.
    pub fn validators(&self, height: u64) -> Result<Option<ValidatorSet>, Fault> {
        if let Some(block) = self.rows.outline(height)? {
            return self.rows.validators(&block.header.validators_hash);
        }
        let newest = self.progress.borrow().height;
        let tip = if newest == self.founding.height {
            (*self.founding).clone()
        } else {
            self.rows.tip(self.chain_id(), newest)?
        };
        Ok(match height.checked_sub(newest) {
            Some(1) => Some(tip.validators),
            Some(2) => Some(tip.next_validators),
            Some(_) | None => None,
        })
    }

    /// The parameters with which the block of a height is made.
    pub fn params(&self, height: u64) -> Result<Option<Params>, Fault> {
        match height.checked_sub(1) {
            Some(parent) if parent > self.founding.height => self.rows.params_after(parent),
            Some(_) | None => Ok(Some(self.founding.params)),
        }
    }

    /// The transactions that wait, and the door to them.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// How transactions travel between nodes.
    #[must_use]
    pub fn gossip(&self) -> &GossipView {
        &self.gossip
    }

    /// The peers that this node is connected with.
    pub async fn peers(&self) -> Vec<ConnectedPeer> {
        let Ok(Some(dump)) = NetworkRequest::dump_state(&self.network).await else {
            return Vec::new();
        };
        let mut peers: Vec<ConnectedPeer> = dump
            .peers
            .iter()
            .filter_map(|(id, info)| {
                Some(ConnectedPeer {
                    public_key: network::public_key(&id.to_bytes())?,
                    moniker: info.moniker.clone(),
                    address: info.address.to_string(),
                    is_outbound: info
                        .connection_direction
                        .is_some_and(|direction| direction.as_str() == "outbound"),
                })
            })
            .collect();
        peers.sort_by_key(|peer| peer.public_key);
        peers
    }
}
