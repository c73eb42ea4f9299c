//! Stopping Malachite, whose actors and thread end in their own time.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use malachitebft_app_channel::EngineHandle;
use malachitebft_app_channel::app::engine::consensus;
use ractor::ActorCell;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::consensus::context::EmbeddedContext;

/// Malachite's actors get so long to end.
pub(super) const STOP_TIME: Duration = Duration::from_secs(5);

/// How often to look whether the log is closed.
const GLANCE: Duration = Duration::from_millis(5);

/// Waits until the engine is asked to stop.
pub(super) async fn stopped(mut stopping: watch::Receiver<bool>) {
    let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
}

/// Malachite's actors. Their supervisor kills all others when it hears of the first that ended, and a network that is
/// killed listens on; so it hears of none from here on.
pub(super) fn on_their_own(engine: &EngineHandle) -> Vec<ActorCell> {
    let supervisor = engine.actor.get_cell();
    let children = supervisor.get_children();
    for actor in &children {
        actor.unlink(supervisor.clone());
    }
    children
}

/// Stops Malachite's actors, each in its own time. Consensus comes first, because it waits without end for an answer of
/// one that is gone.
pub(super) async fn stop_actors(children: Vec<ActorCell>, engine: EngineHandle) {
    let is_consensus = |actor: &ActorCell| {
        actor.is_message_type_of::<consensus::Msg<EmbeddedContext>>() == Some(true)
    };
    let (consensus, others): (Vec<_>, Vec<_>) = children.into_iter().partition(is_consensus);
    for actors in [consensus, others] {
        let mut stopping = JoinSet::new();
        for actor in actors {
            stopping.spawn(async move { actor.stop_and_wait(reason(), Some(STOP_TIME)).await });
        }
        while stopping.join_next().await.is_some() {}
    }
    engine.actor.stop(reason());
    let _ = tokio::time::timeout(STOP_TIME, engine.handle).await;
}

fn reason() -> Option<String> {
    Some("the node stops".to_owned())
}

/// Waits until nobody has Malachite's log open. A thread of its own writes it, which nobody can join and
/// which outlives its actor by a moment; its lock on the file tells when it is gone.
pub(super) async fn closed(log: &Path) {
    while let Ok(file) = File::open(log) {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) => tokio::time::sleep(GLANCE).await,
            _ => return,
        }
    }
}
