//! `polityd start`: the node runs until it is told to stop.

use std::future::Future;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Common, Trouble};
use crate::fault::{Fault, abort_on_panic};
use crate::{logs, serve};

/// Run the node until it is told to stop.
///
/// It checks the genesis file and its signatures, opens the store, starts the engine and serves the
/// gateway. SIGTERM and an interrupt from the terminal stop it cleanly; SIGKILL loses nothing either.
/// If a fault stops it, it ends with an exit code from 70 to 77 and says what to do.
///
/// Example:
///   polityd start --home /var/lib/polity
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct Start {
    /// Threads for sockets and timers; the ledger's own work takes all cores beside them
    #[arg(long, value_name = "COUNT", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: u8,
}

/// What still runs after the node has stopped gets so long to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

impl Start {
    pub(super) fn run(self, common: &Common) -> Result<(), Trouble> {
        let config = common.load_home()?.config;
        logs::start(&config.log).map_err(Fault::from)?;
        abort_on_panic();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.threads.into())
            .enable_all()
            .build()
            .map_err(|error| Fault::from_io("starting threads", &error))?;

        let outcome = runtime.block_on(async {
            // Before anything is opened, so that a signal that comes early is not lost.
            let shutdown = told_to_stop()?;
            serve::run(config, shutdown).await
        });
        runtime.shutdown_timeout(LAST_WORDS);

        if let Err(fault) = &outcome {
            let exit_code = fault.kind().exit_code();
            tracing::error!(kind = fault.kind().name(), exit_code, "{}", fault.words());
        }
        Ok(outcome?)
    }
}

fn told_to_stop() -> Result<impl Future<Output = ()>, Fault> {
    let listen =
        |kind| signal(kind).map_err(|error| Fault::from_io("listening to signals", &error));
    let mut terminate: Signal = listen(SignalKind::terminate())?;
    let mut interrupt: Signal = listen(SignalKind::interrupt())?;
    Ok(async move {
        let name = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        tracing::info!(signal = name, "stopping");
        logs::stop_was_asked_for();
    })
}
