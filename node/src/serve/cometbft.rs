//! CometBFT as the engine: a process beside this one, which drives the ledger through a socket.

use std::sync::Arc;
use std::time::Duration;

use polity_engine::abci::{self, Endpoint};
use polity_engine::cometbft::{CometBinary, CometProcess, Home, Key, Peer, Settings};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{Startup, engine};
use crate::fault::Fault;
use crate::gateway::{self, Comet, CometLimits};
use crate::keys::NodeKeys;

/// CometBFT gets so long to stop by itself.
const STOP_TIME: Duration = Duration::from_secs(20);

/// A running CometBFT.
pub(super) struct Cometbft {
    blocks: Arc<dyn gateway::Blocks>,
    process: CometProcess,
    serving: JoinHandle<Result<(), abci::ServerError>>,
    stop: watch::Sender<bool>,
}

impl Cometbft {
    pub(super) async fn start(startup: Startup<'_>) -> Result<Self, Fault> {
        let config = startup.config;
        let binary = CometBinary::find(config.cometbft_binary())
            .await
            .map_err(|error| engine(error.to_string()))?;
        let home = Home::new(config.cometbft_home());
        prepare_home(&home, &startup)?;
        let comet = Comet::new(
            &config.cometbft.rpc_listen.to_string(),
            CometLimits::default(),
        )
        .map_err(|error| engine(error.to_string()))?;
        let limits = abci::Limits {
            frame_bytes_max: config.abci.frame_bytes_max,
            ..abci::Limits::default()
        };
        let server = abci::Server::bind(&Endpoint::Unix(config.abci_socket()), limits)
            .await
            .map_err(|error| engine(error.to_string()))?;

        let (stop, mut stopping) = watch::channel(false);
        let observed = Arc::clone(&startup.metrics);
        let serving = tokio::spawn(server.run(
            Arc::clone(&startup.app),
            Arc::new(move |method, took| observed.observe_engine_call(method, took)),
            async move {
                let _ = stopping.wait_for(|stop| *stop).await;
            },
        ));
        let process = CometProcess::start(&binary, &home, &config.home.join("cometbft.log"))
            .await
            .map_err(|error| engine(error.to_string()))?;
        Ok(Self {
            blocks: Arc::new(comet),
            process,
            serving,
            stop,
        })
    }

    pub(super) fn blocks(&self) -> Arc<dyn gateway::Blocks> {
        Arc::clone(&self.blocks)
    }

    pub(super) async fn ended(&mut self) -> Fault {
        tokio::select! {
            ended = self.process.ended() => engine(match ended {
                Ok(status) => format!("cometbft ended by itself: {status}; see cometbft.log"),
                Err(error) => error.to_string(),
            }),
            served = &mut self.serving => match served {
                Ok(Err(error)) => engine(error.to_string()),
                Ok(Ok(())) | Err(_) => engine("the ABCI server ended".into()),
            },
        }
    }

    /// The process first: it may still ask the application for what it needs to stop whole.
    pub(super) async fn stop(mut self) {
        if let Err(error) = self.process.stop(STOP_TIME).await {
            tracing::warn!(%error, "cometbft did not stop");
        }
        self.stop.send_replace(true);
        if !self.serving.is_finished() {
            let _ = self.serving.await;
        }
    }
}

fn prepare_home(home: &Home, startup: &Startup<'_>) -> Result<(), Fault> {
    let wrong = |error: String| engine(format!("cometbft's home directory: {error}"));
    let (config, keys) = (startup.config, startup.keys);
    let node_key = Key::from_seed(&keys.node.to_bytes());
    let validator_key = Key::from_seed(&keys.consensus.to_bytes());
    let mark = NodeKeys::mark_file(&config.keys_directory());
    home.create(&node_key, &validator_key, &startup.genesis, &mark)
        .map_err(|error| wrong(error.to_string()))?;

    let mut settings = Settings::new(
        Endpoint::Unix(config.abci_socket()),
        &keys.node_id()[..8],
        config.cometbft.rpc_listen,
        config.p2p.listen,
    );
    settings.filter_peers = true;
    settings.persistent_peers = config
        .p2p
        .peers()
        .map(|peer| Peer {
            address: format!("{}:{}", peer.host, peer.port),
            node_id: peer.node_id,
        })
        .collect();
    home.write_settings(&settings)
        .map_err(|error| wrong(error.to_string()))
}
