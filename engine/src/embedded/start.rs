//! The engine, from its start to its end.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use malachitebft_app_channel::{Channels, EngineHandle};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::canonical::{Address, BlockId};
use super::chain::{Chain, Own};
use super::consensus::ahead::Ahead;
use super::consensus::context::EmbeddedContext;
use super::consensus::driver::{Dependencies, Driver};
use super::consensus::network::{self, Setup};
use super::consensus::trouble::{Failed, Trouble};
use super::consensus::voters::Voters;
use super::founding::take_up;
use super::gossip::{self, Gossip, Heights};
use super::guard::{Guard, GuardError};
use super::peers::{GOSSIP_PORT_OFFSET, PeerAddress, Peers, gossip_peers};
use super::pool::{Limits, Pool};
use super::predecessor::{free, open_guard};
use super::progress::Progress;
use super::rows::Rows;
use super::stop::{STOP_TIME, closed, on_their_own, stop_actors, stopped};
use super::tip::Tip;
use crate::Fault;
use crate::application::{Application, EngineStore, Timestamp};
use crate::cometbft::{Genesis, Key, address};

/// What a node decides for itself.
pub struct Settings {
    /// What this node calls itself among its peers.
    pub moniker: String,
    /// What all nodes have in common.
    pub genesis: Genesis,
    /// The key that votes.
    pub consensus_key: SigningKey,
    /// The key that names the node.
    pub node_key: SigningKey,
    /// The guard's file, beside the key and outside of the data.
    pub guard_file: PathBuf,
    /// Consensus' write-ahead log.
    pub log_file: PathBuf,
    /// Where peers reach this node's consensus; its gossip listens two ports above.
    pub listen: SocketAddr,
    /// The peers that it speaks with; all others are refused.
    pub peers: Vec<PeerAddress>,
    /// By which it dates its blocks and judges the dates of others.
    pub clock: fn() -> Timestamp,
}

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The guard against signing twice does not work.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// The application or its store.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// A file of the engine's own, or its directory, cannot be made or written.
    #[error("{path}: {1}", path = .0.display())]
    Disk(PathBuf, #[source] io::Error),
    /// An address that cannot be listened on.
    #[error("listening on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The genesis, a peer's address, or Malachite itself.
    #[error("{0}")]
    Other(String),
}

/// Why the engine ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// What must be on the disk before a word is said cannot be written.
    #[error("{path}: {1}", path = .0.display())]
    Disk(PathBuf, #[source] io::Error),
    /// The application, its store, or Malachite.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// A running engine.
pub struct Embedded {
    chain: Chain,
    peers: Peers,
    driver: JoinHandle<Fault>,
    admission: JoinHandle<Result<(), Fault>>,
    trouble: mpsc::Receiver<Failed>,
    gossip: JoinHandle<()>,
    is_stopping: watch::Sender<bool>,
    actors: EngineHandle,
    log_file: PathBuf,
}

impl Embedded {
    /// Starts the engine over an application and its store. Answers once it listens to its peers.
    pub async fn start(
        settings: Settings,
        application: Arc<dyn Application>,
        store: Arc<dyn EngineStore>,
    ) -> Result<Embedded, StartError> {
        Self::start_through(settings, application, store, |channels| channels).await
    }

    /// The same, with somebody between Malachite and the driver: tests put hostile validators there.
    pub(in crate::embedded) async fn start_through(
        settings: Settings,
        application: Arc<dyn Application>,
        store: Arc<dyn EngineStore>,
        between: impl FnOnce(Channels<EmbeddedContext>) -> Channels<EmbeddedContext>,
    ) -> Result<Embedded, StartError> {
        let key = settings.consensus_key;
        let own = own(&key, &settings.node_key);
        let guard = Arc::new(open_guard(&settings.guard_file).await?);
        let rows = Rows(store);
        let (founding, tip) =
            take_up_chain(Arc::clone(&application), rows.clone(), settings.genesis).await?;
        network::make_directory(&settings.log_file)
            .map_err(|error| StartError::Disk(settings.log_file.clone(), error))?;

        let (pool, admission) = Pool::new(Arc::clone(&application), Limits::default());
        let heights = Heights::new(tip.height);
        let (gossip_sender, registered) = watch::channel(gossip_peers(&settings.peers));
        let gossip = bind_gossip(
            settings.listen,
            &settings.node_key,
            &tip.chain_id,
            &pool,
            &heights,
            &registered,
        )
        .await?;

        let mut progress = Progress::default();
        // It cannot know that it has all blocks until it heard of the others' heights, or decided with them.
        let has_others = tip.validators.iter().any(|one| one.address != own.address);
        progress.decided(&tip, has_others);
        let (progress, watched) = watch::channel(progress);
        let ahead = Ahead::default();
        let voters = Voters::new(&tip);
        let (tell_trouble, trouble) = Trouble::new();
        let (is_stopping, stopping) = watch::channel(false);
        let setup = Setup {
            moniker: settings.moniker,
            chain_id: tip.chain_id.as_str().into(),
            address: own.address,
            key: key.clone(),
            guard: Arc::clone(&guard),
            node_key: &settings.node_key,
            listen: settings.listen,
            peers: &settings.peers,
            block_bytes_max: tip.params.block_bytes_max(),
            log: settings.log_file.clone(),
            has_block: Box::new(has_block(rows.clone(), Arc::clone(&guard))),
            trouble: tell_trouble,
            ahead: ahead.clone(),
            voters: voters.clone(),
        };

        // Malachite would say it in its log alone, and end.
        free(settings.listen)
            .await
            .map_err(|error| StartError::Listen(settings.listen, error))?;
        let (channels, actors) = network::start(setup).await?;
        let channels = between(channels);
        let dependencies = Dependencies {
            application: Arc::clone(&application),
            rows: rows.clone(),
            pool: pool.clone(),
            guard: Arc::clone(&guard),
            key,
            address: own.address,
            first_height: founding.next_height(),
            tip,
            clock: settings.clock,
            progress,
            heights,
            registered,
            ahead,
            voters,
        };

        let driver = Driver::new(dependencies, channels.network)?;
        let events = channels.events.subscribe();
        let driver = tokio::spawn(driver.run(channels.consensus, events));
        let peers = Peers::new(
            channels.net_requests.clone(),
            gossip_sender,
            &settings.peers,
        );
        let gossip_view = gossip.view();
        let gossip = tokio::spawn(gossip.run(stopped(stopping)));
        let chain = Chain {
            rows,
            pool,
            gossip: gossip_view,
            guard,
            progress: watched,
            network: channels.net_requests,
            founding: Arc::new(founding),
            own,
        };
        Ok(Embedded {
            chain,
            peers,
            driver,
            admission: tokio::spawn(admission.run()),
            trouble,
            gossip,
            is_stopping,
            actors,
            log_file: settings.log_file,
        })
    }

    /// The chain, to be read.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Whom consensus speaks with.
    #[must_use]
    pub fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Waits until the engine ends by itself, which it does only for a fault.
    pub async fn ended(&mut self) -> Ended {
        let broken = |error| Fault(format!("the engine broke off: {error}"));
        let fault = tokio::select! {
            // Consensus ends of it too, with fewer words.
            biased;
            Some((file, error)) = self.trouble.recv() => return Ended::Disk(file, error),
            ended = &mut self.driver => ended.unwrap_or_else(broken),
            ended = &mut self.admission => match ended {
                Ok(Err(fault)) => fault,
                Ok(Ok(())) => Fault("the door of the pool closed by itself".to_owned()),
                Err(error) => broken(error),
            },
        };
        fault.into()
    }

    /// Stops the engine: nothing is signed or committed any more when this returns, and another may start
    /// over the same files; for the address it waits where it starts.
    pub async fn stop(self) {
        let actors = on_their_own(&self.actors);
        self.is_stopping.send_replace(true);
        let _ = self.gossip.await;
        stop_actors(actors, self.actors).await;
        let _ = tokio::time::timeout(STOP_TIME, closed(&self.log_file)).await;
        // It ends by itself where Malachite is gone; a block in hand is still made durable.
        // Where its end was the reason to stop, there is nothing left to wait for.
        let mut driver = self.driver;
        if !driver.is_finished() && tokio::time::timeout(STOP_TIME, &mut driver).await.is_err() {
            driver.abort();
        }
        self.admission.abort();
    }
}

/// What this node is on the chain.
fn own(key: &SigningKey, node_key: &SigningKey) -> Own {
    let consensus_key = key.verifying_key().to_bytes();
    Own {
        consensus_key,
        address: Address(address(&consensus_key)),
        node_key: node_key.verifying_key().to_bytes(),
    }
}

/// How the chain was founded and where it stands, off the threads that must not wait: blocks may have to be executed again.
async fn take_up_chain(
    application: Arc<dyn Application>,
    rows: Rows,
    genesis: Genesis,
) -> Result<(Tip, Tip), StartError> {
    tokio::task::spawn_blocking(move || take_up(&*application, &rows, &genesis))
        .await
        .map_err(|error| StartError::Other(error.to_string()))?
}

/// Gossip that listens beside consensus.
async fn bind_gossip(
    consensus: SocketAddr,
    node_key: &SigningKey,
    chain_id: &str,
    pool: &Pool,
    heights: &Heights,
    registered: &watch::Receiver<Vec<gossip::Peer>>,
) -> Result<Gossip, StartError> {
    let address = gossip_address(consensus).ok_or_else(|| {
        StartError::Other(format!("{consensus}: gossip has no port above this one"))
    })?;
    let key = Key::from_seed(node_key.as_bytes());
    let (pool, heights, registered) = (pool.clone(), heights.clone(), registered.clone());
    Gossip::bind(address, &key, chain_id, pool, heights, registered)
        .await
        .map_err(|error| StartError::Listen(address, error))
}

/// Whether a block that the log speaks of is still there.
fn has_block(
    rows: Rows,
    guard: Arc<Guard>,
) -> impl Fn(u64, &BlockId) -> io::Result<bool> + Send + 'static {
    move |height, id: &BlockId| {
        // A block of this node's own is not kept where it must not be shown, and nobody can vote for it.
        if !guard.may_sign_at(height) {
            return Ok(true);
        }
        let kept = rows
            .kept(height)
            .map_err(|fault| io::Error::other(fault.0))?;
        Ok(kept.iter().any(|kept| kept.block.id() == *id))
    }
}

/// Where gossip listens beside consensus; none where there is no port so far above.
pub fn gossip_address(consensus: SocketAddr) -> Option<SocketAddr> {
    let port = consensus.port().checked_add(GOSSIP_PORT_OFFSET)?;
    Some(SocketAddr::new(consensus.ip(), port))
}
