//! A running node: the store, the ledger, the engine, the gateway, the operator's door.

mod attendance;
mod cometbft;
mod embedded;
mod readiness;

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use polity_engine::application::Timestamp;
use polity_engine::cometbft::{Genesis, GenesisValidator};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle, spawn_blocking};

use crate::app::{App, AppOptions, GenesisRecord, Quota, internal};
use crate::backend::Backend;
use crate::config::{Config, Engine};
use crate::continuation::{Archive, Continued, Stand};
use crate::fault::{Fault, FaultKind};
use crate::gateway::{self, Gateway, TlsFiles};
use crate::genesis_file::GenesisFile;
use crate::keys::NodeKeys;
use crate::metrics::{self, Metrics, StoreMetrics};
use crate::open_files;
use crate::store::{HistoryKept, Store, StoreOptions, free_bytes};

/// What an engine is started with.
struct Startup<'a> {
    config: &'a Config,
    keys: &'a NodeKeys,
    genesis: Genesis,
    app: Arc<App>,
    store: Arc<Store>,
    metrics: Arc<Metrics>,
}

/// The engine in use.
enum Running {
    Cometbft(Box<cometbft::Cometbft>),
    Embedded(Box<embedded::Embedded>),
}

/// What serves members and the operator as long as the node runs.
struct Serving {
    stop: watch::Sender<bool>,
    gateway: JoinHandle<()>,
    operator: JoinHandle<io::Result<()>>,
    announcing: JoinHandle<()>,
    watching: JoinHandle<()>,
}

/// A node that runs.
struct Node {
    app: Arc<App>,
    engine: Running,
    serving: Serving,
}

/// What a node has before its engine starts.
struct Opened {
    genesis: GenesisFile,
    keys: NodeKeys,
    store: Arc<Store>,
    app: Arc<App>,
    metrics: Arc<Metrics>,
    registry: Registry,
}

/// Runs a node until `shutdown` is ready, or a fault ends it. A node that is told to stop while it starts does not
/// start; once its store is open, what it began of that ends with the process, as by a death.
///
/// # Errors
/// The fault; the process then exits with its code.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> Result<(), Fault> {
    let mut shutdown = pin!(shutdown);
    let unwanted = Arc::new(AtomicBool::new(false));
    let (of_files, is_unwanted) = (config.clone(), Arc::clone(&unwanted));
    let mut opening = spawn_blocking(move || Opened::open(&of_files, &is_unwanted));
    let opened = tokio::select! {
        opened = &mut opening => opened,
        () = &mut shutdown => {
            // A process must not end while RocksDB opens: its C++ would use what has just been taken down.
            unwanted.store(true, Ordering::Relaxed);
            let _ = opening.await;
            return stopped_early();
        }
    };
    let opened = opened.map_err(|error| internal(format!("the start broke off: {error}")))??;
    let node = tokio::select! {
        started = Node::start(config, opened) => started?,
        () = &mut shutdown => return stopped_early(),
    };
    node.run(shutdown).await
}

fn stopped_early() -> Result<(), Fault> {
    tracing::info!("polityd stopped before it had started");
    Ok(())
}

impl Opened {
    /// Reads the node's files, and builds the tree over its state: of a large one that takes its time, so it breaks off
    /// where it is `unwanted`.
    fn open(config: &Config, unwanted: &AtomicBool) -> Result<Opened, Fault> {
        let genesis = GenesisFile::read(&config.genesis_file())?;
        genesis.verify()?;
        let keys = NodeKeys::load(&config.keys_directory())?;
        open_files::allow(config)?;

        let mut registry = Registry::with_prefix("polity");
        let metrics = Arc::new(Metrics::register(&mut registry, config.engine.name()));
        let store = Arc::new(Store::open(
            &config.store_directory(),
            store_options(config),
        )?);
        registry.register_collector(Box::new(StoreMetrics(Arc::clone(&store))));
        let app = Arc::new(App::open_while_wanted(
            Arc::clone(&store),
            app_options(config),
            Arc::clone(&metrics),
            unwanted,
        )?);
        check_organisation(&app, &genesis)?;
        Ok(Opened {
            genesis,
            keys,
            store,
            app,
            metrics,
            registry,
        })
    }
}

impl Node {
    async fn start(config: Config, opened: Opened) -> Result<Node, Fault> {
        let Opened {
            genesis,
            keys,
            store,
            app,
            metrics,
            mut registry,
        } = opened;

        let gateway_listener = bind(config.gateway.listen).await?;
        let operator_listener = bind(config.operator.listen).await?;
        let tls = tls_files(&config)?;
        let startup = Startup {
            config: &config,
            keys: &keys,
            genesis: engine_genesis(&genesis)?,
            app: Arc::clone(&app),
            store: Arc::clone(&store),
            metrics: Arc::clone(&metrics),
        };
        let engine = Running::start(startup).await?;
        let blocks = all_blocks(engine.blocks(), &store)?;
        let backend = Arc::new(Backend::new(Arc::clone(&app)));
        let gateway = Gateway::new(
            Arc::clone(&backend) as Arc<dyn gateway::Queries>,
            Arc::clone(&blocks),
            config.gateway.limits.clone(),
            gateway::Origins::parse(&config.gateway.cors_allowed_origins).map_err(usage)?,
            &mut registry,
        )
        .map_err(usage)?;

        let (stop, stopping) = watch::channel(false);
        let key = keys.consensus.verifying_key().to_bytes();
        let ready = readiness::readiness(Arc::clone(&app), Arc::clone(&metrics), key);
        let routes = gateway::ops_router(Arc::new(registry), ready);
        let operator = gateway::serve_ops(operator_listener, routes, stopping.clone());
        let serving = Serving {
            stop,
            operator: tokio::spawn(operator),
            announcing: tokio::spawn(backend.announce()),
            gateway: tokio::spawn(gateway::serve(gateway, gateway_listener, tls, stopping)),
            watching: tokio::spawn(metrics::watch(blocks, metrics)),
        };
        warn_of_a_full_disk(&store);
        tracing::info!(
            height = app.snapshot().height(),
            gateway = %config.gateway.listen,
            engine = config.engine.name(),
            "polityd started"
        );
        Ok(Node {
            app,
            engine,
            serving,
        })
    }

    async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<(), Fault> {
        let outcome = tokio::select! {
            () = shutdown => Ok(()),
            fault = self.engine.ended() => Err(fault),
            fault = self.serving.ended() => Err(fault),
        };

        // The engine first: it may still ask the application for what it needs to stop whole.
        self.engine.stop().await;
        self.serving.stop().await;
        tracing::info!(height = self.app.snapshot().height(), "polityd stopped");
        outcome
    }
}

impl Serving {
    /// Waits until one of them ends by itself: always a fault.
    async fn ended(&mut self) -> Fault {
        tokio::select! {
            ended = &mut self.gateway => ended_early("serving members", ended.map(Ok)),
            ended = &mut self.operator => ended_early("serving the operator", ended),
        }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        if !self.gateway.is_finished() {
            let _ = self.gateway.await;
        }
        if !self.operator.is_finished() {
            let _ = self.operator.await;
        }
        self.announcing.abort();
        self.watching.abort();
    }
}

/// Such a node starts, and serves what it has.
fn warn_of_a_full_disk(store: &Store) {
    let wanted = store.options().free_bytes_min;
    if let Ok(free) = free_bytes(store.directory())
        && free < wanted
    {
        tracing::warn!(
            free,
            wanted,
            "the disk has less free than store.free_bytes_min: the node stops before its next commit"
        );
    }
}

/// What serves as long as the node runs has ended before it: without it the node would go on half dead.
fn ended_early(doing: &str, ended: Result<io::Result<()>, JoinError>) -> Fault {
    match ended {
        Ok(Err(error)) => Fault::from_io(doing, &error),
        Ok(Ok(())) | Err(_) => Fault::new(FaultKind::Internal, format!("{doing} ended by itself")),
    }
}

impl Running {
    async fn start(startup: Startup<'_>) -> Result<Self, Fault> {
        Ok(match startup.config.engine {
            Engine::Cometbft => {
                Running::Cometbft(Box::new(cometbft::Cometbft::start(startup).await?))
            }
            Engine::Embedded => {
                Running::Embedded(Box::new(embedded::Embedded::start(startup).await?))
            }
        })
    }

    fn blocks(&self) -> Arc<dyn gateway::Blocks> {
        match self {
            Running::Cometbft(engine) => engine.blocks(),
            Running::Embedded(engine) => engine.blocks(),
        }
    }

    /// Waits until the engine ends by itself: always a fault.
    async fn ended(&mut self) -> Fault {
        match self {
            Running::Cometbft(engine) => engine.ended().await,
            Running::Embedded(engine) => engine.ended().await,
        }
    }

    async fn stop(self) {
        match self {
            Running::Cometbft(engine) => engine.stop().await,
            Running::Embedded(engine) => engine.stop().await,
        }
    }
}

/// The settings of the store that a configuration means.
pub fn store_options(config: &Config) -> StoreOptions {
    StoreOptions {
        history_kept: match config.store.history_heights {
            0 => HistoryKept::All,
            heights => HistoryKept::NewestHeights(heights),
        },
        hot_bytes_max: config.store.hot_bytes_max,
        block_cache_bytes: config.store.block_cache_bytes,
        write_buffer_bytes: config.store.write_buffer_bytes,
        free_bytes_min: config.store.free_bytes_min,
        ..StoreOptions::of_the_ledger()
    }
}

/// The ledger's settings that a configuration means.
pub fn app_options(config: &Config) -> AppOptions {
    let share = &config.share;
    let quota = match share.actions_per_second {
        0 => Quota {
            burst: f64::INFINITY,
            per_second: f64::INFINITY,
            refused_cost: 0.0,
        },
        rate => Quota {
            burst: share.actions_burst.into(),
            per_second: rate.into(),
            refused_cost: share.refused_cost.into(),
        },
    };
    AppOptions {
        quota,
        block_actions_max: share.block_actions_max,
        bootstrap_peers: config.p2p.peers().map(|peer| peer.node_id).collect(),
        engine: config.engine.name().into(),
    }
}

fn check_organisation(app: &App, genesis: &GenesisFile) -> Result<(), Fault> {
    let stored = app.organisation();
    if stored == genesis.digest()? {
        // The store may be somebody's backup: what it went on as was signed, or it is not what it seems.
        if let Some(stand) = Stand::before(&app.snapshot())? {
            genesis.verify_continuation(&stand)?;
        }
        return Ok(());
    }
    let ended = genesis.continues.as_deref().map(GenesisFile::digest);
    let words = match (ended.transpose()?, stored == [0; 32]) {
        (None, true) => return Ok(()),
        (Some(_), true) => {
            "the chain of genesis.json goes on from another one, and the store is empty: restore a backup of a node that went on"
        }
        (Some(ended), false) if ended == stored => {
            "the store has not gone on as the chain of genesis.json: `polityd continue` does that"
        }
        (_, false) => "the store belongs to another organisation or chain than genesis.json",
    };
    Err(Fault::new(FaultKind::GenesisMismatch, words))
}

/// The blocks of the engine, and those of the chains before its own.
fn all_blocks(
    engine: Arc<dyn gateway::Blocks>,
    store: &Arc<Store>,
) -> Result<Arc<dyn gateway::Blocks>, Fault> {
    let record = GenesisRecord::read(&store.snapshot())?;
    let first = record.map_or(1, |record| record.newest().initial_height);
    Ok(match first {
        0 | 1 => engine,
        first => Arc::new(Continued {
            engine,
            archive: Archive::new(Arc::clone(store), first - 1),
        }),
    })
}

/// The genesis in the engine's form.
fn engine_genesis(genesis: &GenesisFile) -> Result<Genesis, Fault> {
    let validators = genesis
        .validators
        .iter()
        .map(|validator| {
            Ok(GenesisValidator {
                public_key: validator.public_key()?,
                power: validator.power()?,
                name: String::new(),
            })
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    let time = Timestamp {
        seconds: i64::try_from(genesis.time()?)
            .map_err(|_| engine("genesis: the time is out of range".into()))?,
        nanos: 0,
    };
    Ok(Genesis {
        initial_height: genesis.initial_height()?,
        ..Genesis::new(&genesis.chain_id, time, validators, genesis.app_state()?)
    })
}

fn tls_files(config: &Config) -> Result<Option<tokio_rustls::TlsAcceptor>, Fault> {
    let (Some(certificate), Some(key)) = (&config.gateway.tls_certificate, &config.gateway.tls_key)
    else {
        return Ok(None);
    };
    let files = TlsFiles {
        certificate: config.path(certificate),
        key: config.path(key),
    };
    files.load().map(Some).map_err(usage)
}

async fn bind(address: std::net::SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Fault::from_listening(address, &error))
}

/// A setting that was read, and does not serve.
fn usage(error: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Usage, error.to_string())
}

fn engine(words: String) -> Fault {
    Fault::new(FaultKind::Engine, words)
}
