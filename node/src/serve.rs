//! A running node: the store, the ledger, the engine, the gateway, the operator's door.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use polity_engine::abci::{self, Endpoint};
use polity_engine::application::Timestamp;
use polity_engine::cometbft::{
    CometBinary, CometProcess, Genesis, GenesisValidator, Home, Key, Peer, Settings,
};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::app::{APPEND_ONLY_ROWS, App, AppOptions, Quota};
use crate::backend::Backend;
use crate::config::Config;
use crate::fault::{Fault, FaultKind};
use crate::gateway::{self, Comet, CometLimits, Gateway, TlsFiles};
use crate::genesis_file::GenesisFile;
use crate::keys::NodeKeys;
use crate::metrics::{self, Metrics, StoreMetrics};
use crate::store::{HistoryKept, Store, StoreOptions};

/// CometBFT gets so long to stop by itself.
const STOP_TIME: Duration = Duration::from_secs(20);

/// Runs a node until `shutdown` is ready, or a fault ends it.
///
/// # Errors
/// The fault; the process then exits with its code.
pub async fn run(config: Config, shutdown: impl Future<Output = ()>) -> Result<(), Fault> {
    let genesis = GenesisFile::read(&config.genesis_file())?;
    let founded = genesis.verify()?;
    let keys = NodeKeys::load(&config.keys_directory())
        .map_err(|error| Fault::new(FaultKind::Io, error.to_string()))?;
    let binary = CometBinary::find(configured(&config))
        .await
        .map_err(|error| engine(error.to_string()))?;

    let mut registry = Registry::with_prefix("polity");
    let metrics = Arc::new(Metrics::register(&mut registry, "cometbft"));
    let store = Arc::new(Store::open(
        &config.store_directory(),
        store_options(&config),
    )?);
    registry.register_collector(Box::new(StoreMetrics(Arc::clone(&store))));
    let app = Arc::new(App::open(
        store,
        app_options(&config),
        Arc::clone(&metrics),
    )?);
    check_organisation(&app, &genesis)?;

    let home = Home::new(config.cometbft_home());
    prepare_home(&home, &config, &keys, &genesis, &founded)?;

    let backend = Arc::new(Backend::new(Arc::clone(&app)));
    let comet = Comet::new(
        &config.cometbft.rpc_listen.to_string(),
        CometLimits::default(),
    )
    .map_err(|error| engine(error.to_string()))?;
    let comet: Arc<dyn gateway::Blocks> = Arc::new(comet);
    let gateway = Gateway::new(
        Arc::clone(&backend) as Arc<dyn gateway::Queries>,
        Arc::clone(&comet),
        config.gateway.limits.clone(),
        &mut registry,
    )
    .map_err(|error| Fault::new(FaultKind::Io, error.to_string()))?;
    let tls = tls_files(&config)?;
    let gateway_listener = bind(config.gateway.listen).await?;
    let operator_listener = bind(config.operator.listen).await?;
    let limits = abci::Limits {
        frame_bytes_max: config.abci.frame_bytes_max,
        ..abci::Limits::default()
    };
    let server = abci::Server::bind(&Endpoint::Unix(config.abci_socket()), limits)
        .await
        .map_err(|error| engine(error.to_string()))?;

    let (stop, stopping) = watch::channel(false);
    let ready = readiness(Arc::clone(&app));
    let routes = gateway::ops_router(Arc::new(registry), ready);
    let operator = tokio::spawn(gateway::serve_ops(
        operator_listener,
        routes,
        stopping.clone(),
    ));
    let announcing = tokio::spawn(backend.announce());
    let gateway = tokio::spawn(gateway::serve(
        gateway,
        gateway_listener,
        tls,
        stopping.clone(),
    ));
    let observed = Arc::clone(&metrics);
    let mut stop_server = stopping.clone();
    let mut serving = tokio::spawn(server.run(
        Arc::clone(&app),
        Arc::new(move |method, took| observed.observe_engine_call(method, took)),
        async move {
            let _ = stop_server.wait_for(|stop| *stop).await;
        },
    ));
    let mut process = CometProcess::start(&binary, &home, &config.home.join("cometbft.log"))
        .await
        .map_err(|error| engine(error.to_string()))?;
    tracing::info!(
        height = app.snapshot().height(),
        gateway = %config.gateway.listen,
        engine = "cometbft",
        "polityd started"
    );

    let watching = tokio::spawn(metrics::watch(comet, Arc::clone(&metrics)));

    let outcome = tokio::select! {
        () = shutdown => Ok(()),
        ended = process.ended() => Err(engine(match ended {
            Ok(status) => format!("cometbft ended by itself: {status}; see cometbft.log"),
            Err(error) => error.to_string(),
        })),
        served = &mut serving => Err(match served {
            Ok(Err(error)) => engine(error.to_string()),
            Ok(Ok(())) | Err(_) => engine("the ABCI server ended".into()),
        }),
    };

    // The engine first: it may still ask the application for what it needs to stop whole.
    if let Err(error) = process.stop(STOP_TIME).await {
        tracing::warn!(%error, "cometbft did not stop");
    }
    stop.send_replace(true);
    if !serving.is_finished() {
        let _ = serving.await;
    }
    let _ = gateway.await;
    let _ = operator.await;
    announcing.abort();
    watching.abort();
    tracing::info!(height = app.snapshot().height(), "polityd stopped");
    outcome
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
        append_only_row_prefixes: APPEND_ONLY_ROWS.to_vec(),
        ..StoreOptions::default()
    }
}

/// The ledger's settings that a configuration means.
pub fn app_options(config: &Config) -> AppOptions {
    let share = &config.share;
    let quota = match share.transactions_per_second {
        0 => Quota {
            burst: f64::INFINITY,
            per_second: f64::INFINITY,
        },
        rate => Quota {
            burst: share.transactions_burst.into(),
            per_second: rate.into(),
        },
    };
    let peers = config
        .cometbft
        .persistent_peers
        .iter()
        .chain(&config.cometbft.bootstrap_peers);
    AppOptions {
        quota,
        bootstrap_peers: peers
            .filter_map(|peer| peer.split_once('@').map(|(id, _)| id.to_owned()))
            .collect(),
        engine: "cometbft".into(),
    }
}

fn configured(config: &Config) -> Option<&std::path::Path> {
    let binary = config.cometbft.binary.as_path();
    // A bare name is looked up; a path is meant.
    (binary.components().count() > 1).then_some(binary)
}

fn check_organisation(app: &App, genesis: &GenesisFile) -> Result<(), Fault> {
    let (_, organisation) = genesis.found()?;
    let stored = app.organisation();
    if stored != [0; 32] && stored != organisation {
        let words = "the store belongs to another organisation than genesis.json";
        return Err(Fault::new(FaultKind::GenesisMismatch, words));
    }
    Ok(())
}

fn prepare_home(
    home: &Home,
    config: &Config,
    keys: &NodeKeys,
    genesis: &GenesisFile,
    founded: &polity_ledger::genesis::Founded,
) -> Result<(), Fault> {
    let wrong = |error: String| engine(format!("cometbft's home directory: {error}"));
    let validators = founded
        .validators
        .iter()
        .map(|validator| {
            Ok(GenesisValidator {
                public_key: validator
                    .key
                    .as_slice()
                    .try_into()
                    .map_err(|_| wrong("a consensus key is not 32 bytes".into()))?,
                power: validator.power,
                name: String::new(),
            })
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    let time = Timestamp {
        seconds: i64::try_from(genesis.time()?).map_err(|_| wrong("genesis time".into()))?,
        nanos: 0,
    };
    let comet_genesis = Genesis::new(&genesis.chain_id, time, validators, genesis.app_state()?);
    let node_key = Key::from_seed(&keys.node.to_bytes());
    let validator_key = Key::from_seed(&keys.consensus.to_bytes());
    home.create(&node_key, &validator_key, &comet_genesis)
        .map_err(|error| wrong(error.to_string()))?;

    let peers = config
        .cometbft
        .persistent_peers
        .iter()
        .chain(&config.cometbft.bootstrap_peers);
    let mut settings = Settings::new(
        Endpoint::Unix(config.abci_socket()),
        &keys.node_id()[..8],
        config.cometbft.rpc_listen,
        config.cometbft.p2p_listen,
    );
    settings.filter_peers = true;
    settings.persistent_peers = peers
        .filter_map(|peer| {
            let (node_id, address) = peer.split_once('@')?;
            Some(Peer {
                node_id: node_id.to_owned(),
                address: address.to_owned(),
            })
        })
        .collect();
    home.write_settings(&settings)
        .map_err(|error| wrong(error.to_string()))
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
    files
        .load()
        .map(Some)
        .map_err(|error| Fault::new(FaultKind::Io, error.to_string()))
}

async fn bind(address: std::net::SocketAddr) -> Result<TcpListener, Fault> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Fault::from_io(&format!("listening on {address}"), &error))
}

/// Ready once the organisation is founded and a block is committed.
fn readiness(app: Arc<App>) -> gateway::Readiness {
    Arc::new(move || match app.snapshot().height() {
        0 => Err("no block yet".into()),
        _ => Ok(()),
    })
}

fn engine(words: String) -> Fault {
    Fault::new(FaultKind::Engine, words)
}
