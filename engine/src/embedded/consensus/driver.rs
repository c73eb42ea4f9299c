//! The conversation with Malachite, one message after the other.
//!
//! What blocks (the application, the store) runs away from the event loop, but in order: a height is executed and
//! durable before the next message is looked at.

mod candidates;
mod deciding;
mod pacing;
mod proposing;
mod syncing;

use std::hash::RandomState;
use std::sync::Arc;

use ed25519_dalek::SigningKey;
use malachitebft_app_channel::app::consensus::VoteExtensionError;
use malachitebft_app_channel::app::engine::util::events::Event;
use malachitebft_app_channel::app::events::RxEvent;
use malachitebft_app_channel::app::types::SignedConsensusMsg;
use malachitebft_app_channel::app::types::core::{HeightParams, Round};
use malachitebft_app_channel::{AppMsg, NetworkMsg};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use self::candidates::Candidates;
use self::pacing::Pacing;
pub(super) use self::syncing::BLOCKS_BYTES_MAX;
use super::ahead::Ahead;
use super::context::{EmbeddedContext, Height, timeouts};
use super::parts::Streams;
use super::voters::Voters;
use crate::Fault;
use crate::application::{Application, Timestamp};
use crate::embedded::canonical::Address;
use crate::embedded::evidence::{Pending, Witness};
use crate::embedded::gossip::{Heights, Peer};
use crate::embedded::guard::Guard;
use crate::embedded::pool::Pool;
use crate::embedded::progress::Progress;
use crate::embedded::rows::Rows;
use crate::embedded::tip::Tip;

/// What the driver works with.
pub(in crate::embedded) struct Dependencies {
    pub(in crate::embedded) application: Arc<dyn Application>,
    pub(in crate::embedded) rows: Rows,
    pub(in crate::embedded) pool: Pool,
    pub(in crate::embedded) guard: Arc<Guard>,
    pub(in crate::embedded) key: SigningKey,
    pub(in crate::embedded) address: Address,
    pub(in crate::embedded) clock: fn() -> Timestamp,
    pub(in crate::embedded) first_height: u64,
    pub(in crate::embedded) tip: Tip,
    pub(in crate::embedded) progress: watch::Sender<Progress>,
    pub(in crate::embedded) heights: Heights,
    /// The nodes that may be spoken with.
    pub(in crate::embedded) registered: watch::Receiver<Vec<Peer>>,
    pub(in crate::embedded) ahead: Ahead,
    pub(in crate::embedded) voters: Voters,
}

/// The application's side of consensus.
pub(in crate::embedded) struct Driver {
    dependencies: Dependencies,
    tip: Arc<Tip>,
    candidates: Candidates,
    streams: Streams,
    evidence: Pending,
    witness: Witness,
    // At this height the log may hold words of before the start.
    first_height: u64,
    heights_watched: u32,
    pacing: Pacing,
    network: mpsc::Sender<NetworkMsg<EmbeddedContext>>,
    streams_begun: u64,
    stream_numbers: RandomState,
}

/// What to do about a write-ahead log that does not fit.
const MOVE_AWAY: &str = "Move the file `wal` of the engine away and start again: the guard beside the key still knows \
                         what was signed";

/// Why consensus is over, in words that say what to do.
#[derive(Default)]
struct Ending(Option<String>);

impl Driver {
    /// Takes up the work where the store stands.
    pub(in crate::embedded) fn new(
        dependencies: Dependencies,
        network: mpsc::Sender<NetworkMsg<EmbeddedContext>>,
    ) -> Result<Self, Fault> {
        let tip = Arc::new(dependencies.tip.clone());
        let mut candidates = Candidates::default();
        let now = (dependencies.clock)();
        for kept in dependencies.rows.kept(tip.next_height())? {
            candidates.restore(kept, now);
        }
        Ok(Self {
            first_height: tip.next_height(),
            tip,
            candidates,
            dependencies,
            streams: Streams::default(),
            evidence: Pending::default(),
            witness: Witness::default(),
            heights_watched: 0,
            pacing: Pacing::new(Instant::now()),
            network,
            streams_begun: 0,
            stream_numbers: RandomState::new(),
        })
    }

    /// Answers Malachite until it ends, which it does only when something is wrong.
    pub(in crate::embedded) async fn run(
        mut self,
        mut consensus: mpsc::Receiver<AppMsg<EmbeddedContext>>,
        mut events: RxEvent<EmbeddedContext>,
    ) -> Fault {
        let mut ending = Ending::default();
        let mut pool = self.dependencies.pool.watch();
        let mut ahead = self.dependencies.heights.ahead();
        loop {
            let start = self.start_time(pool.borrow_and_update().transactions > 0);
            tokio::select! {
                message = consensus.recv() => {
                    let Some(message) = message else {
                        return ending.into_fault(&mut events);
                    };
                    if let Err(fault) = self.handle(message).await {
                        return fault;
                    }
                }
                event = events.recv() => match event {
                    Ok(event) => if let Err(fault) = self.observe(&event, &mut ending) {
                        return fault;
                    },
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return ending.into_fault(&mut events),
                },
                Ok(()) = pool.changed(), if start.is_some() => {}
                Ok(()) = ahead.changed() => self.hear_of_blocks(),
                () = sleep_until(start.unwrap_or_else(Instant::now)), if start.is_some() => {
                    self.start_next();
                }
            }
        }
    }

    async fn handle(&mut self, message: AppMsg<EmbeddedContext>) -> Result<(), Fault> {
        // A reply that nobody waits for any more is no trouble: Malachite went on without it.
        match message {
            AppMsg::ConsensusReady { reply } => {
                let _ = reply.send((Height(self.tip.next_height()), self.height_params()));
            }
            AppMsg::StartedRound {
                height,
                round,
                proposer,
                role: _,
                reply_value,
            } => {
                self.note_round(height, round, proposer);
                let (height, round) = (self.tip.next_height(), self.round());
                let mut values = self.look_at_early(height, round).await?;
                values.extend(self.candidates.untold(height));
                let _ = reply_value.send(values);
            }
            AppMsg::GetValue {
                height,
                round,
                timeout: _,
                reply,
            } => self.propose(height, round, reply).await?,
            AppMsg::ExtendVote { reply, .. } => {
                let _ = reply.send(None);
            }
            AppMsg::VerifyVoteExtensions {
                extensions, reply, ..
            } => {
                let refused = extensions
                    .into_iter()
                    .map(|(address, ())| (address, Err(VoteExtensionError::InvalidVoteExtension)));
                let _ = reply.send(refused.collect());
            }
            AppMsg::RestreamProposal {
                height,
                round,
                address,
                value_id,
                valid_round: _,
            } => self.restream(height, round, address, value_id).await,
            AppMsg::GetHistoryMinHeight { reply } => {
                let _ = reply.send(Height(self.dependencies.first_height));
            }
            AppMsg::ReceivedProposalPart {
                from,
                published_by,
                part,
                reply,
            } => {
                let publisher = published_by.unwrap_or(from);
                let proposed = self.receive(&publisher, part).await?;
                let _ = reply.send(proposed);
            }
            AppMsg::Decided {
                certificate,
                extensions: _,
                reply,
            } => {
                self.decide(certificate).await?;
                let _ = reply.send(());
            }
            AppMsg::Finalized {
                certificate,
                extensions: _,
                evidence,
                reply,
            } => self.finalize(certificate, evidence, reply)?,
            AppMsg::GetDecidedValues { range, reply } => {
                let _ = reply.send(self.decided_values(range).await?);
            }
            AppMsg::ProcessSyncedValue {
                height,
                round,
                proposer,
                value_bytes,
                reply,
            } => {
                let outcome = self.synced(height, round, proposer, value_bytes).await?;
                let _ = reply.send(outcome);
            }
        }
        Ok(())
    }

    fn height_params(&self) -> HeightParams<EmbeddedContext> {
        let (next, validators) = (self.tip.next_height(), &self.tip.validators);
        let is_late = self.pacing.is_late_for(next, validators);
        HeightParams::new(
            self.tip.validators.clone(),
            timeouts(&self.tip.params.pace),
            (!is_late).then(|| self.tip.params.block_interval()),
        )
    }

    fn note_round(&mut self, height: Height, round: Round, proposer: Address) {
        self.dependencies.voters.work_on(height, &self.tip);
        let round = round.as_u32().unwrap_or_default();
        let is_validator = self
            .tip
            .validators
            .index_of(&self.dependencies.address)
            .is_some();
        self.dependencies.progress.send_modify(|progress| {
            progress.working_height = height.0;
            progress.round = round;
            progress.proposer = Some(proposer);
            progress.is_validator = is_validator;
            progress.missed_rounds += u64::from(round > 0);
        });
    }

    /// Looks at what Malachite heard: others may be at work on the next height, validators may contradict themselves,
    /// and logs may be damaged.
    fn observe(
        &mut self,
        event: &Event<EmbeddedContext>,
        ending: &mut Ending,
    ) -> Result<(), Fault> {
        match event {
            Event::Received(SignedConsensusMsg::Vote(vote)) => self.hear(vote)?,
            _ => ending.hear(event),
        }
        Ok(())
    }
}

impl Ending {
    fn hear(&mut self, event: &Event<EmbeddedContext>) {
        match event {
            Event::WalCorrupted(error) => self.note("is damaged", error),
            Event::WalReplayError(error) => self.note("contradicts itself", error),
            Event::WalResetError(error) => self.note("cannot be read", error),
            _ => {}
        }
    }

    /// What the node ends with. The reason may have been said just before the end, and behind more events than were
    /// read.
    fn into_fault(mut self, events: &mut RxEvent<EmbeddedContext>) -> Fault {
        loop {
            match events.try_recv() {
                Ok(event) => self.hear(&event),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        Fault(self.0.unwrap_or_else(|| {
            "consensus ended by itself; the lines before this one say why".to_owned()
        }))
    }

    fn note(&mut self, what: &str, error: &dyn std::fmt::Display) {
        self.0 = Some(format!(
            "consensus' write-ahead log {what} ({error}). {MOVE_AWAY}"
        ));
    }
}

/// Does what blocks, away from the event loop.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Fault(format!("the engine's work broke off: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use malachitebft_app_channel::app::types::core::Validity;
    use tempfile::TempDir;
    use tokio::sync::{broadcast, oneshot};

    use super::*;
    use crate::embedded::canonical::{BlockId, SealedBlock};
    use crate::embedded::consensus::parts::{Announcement, Arrived};
    use crate::embedded::pool::Limits;
    use crate::embedded::pool::sentences::Sentences;
    use crate::embedded::sample::{Chain, address_of, key};

    /// The driver of the first validator of a chain.
    fn driver(chain: &Chain, home: &TempDir) -> Driver {
        let guard = home.path().join("consensus.guard");
        Guard::create(&guard).unwrap();
        let application = Arc::new(Sentences::default());
        let (pool, _) = Pool::new(application.clone(), Limits::default());
        let dependencies = Dependencies {
            application,
            rows: chain.rows.clone(),
            pool,
            guard: Arc::new(Guard::open(&guard).unwrap()),
            key: key(1),
            address: address_of(&key(1)),
            clock: || Timestamp {
                seconds: 1_700_000_001,
                nanos: 0,
            },
            first_height: 1,
            tip: chain.tip.clone(),
            progress: watch::Sender::new(Progress::default()),
            heights: Heights::new(chain.tip.height),
            registered: watch::Sender::new(Vec::new()).subscribe(),
            ahead: Ahead::default(),
            voters: Voters::new(&chain.tip),
        };
        Driver::new(dependencies, mpsc::channel(1).0).unwrap()
    }

    /// A block of the first height, as the proposer of a round sends it.
    fn arrived(chain: &Chain, block: &SealedBlock, round: u32) -> Arrived {
        let proposer = chain.tip.validators.proposer(1, round).address;
        let by = chain.keys.iter().find(|key| address_of(key) == proposer);
        let chain_id = &chain.tip.chain_id;
        Arrived {
            announcement: Announcement::new(block, round, proposer, chain_id, by.unwrap()),
            bytes: block.bytes().clone(),
        }
    }

    /// What this validator proposes in a round of the first height.
    async fn proposed(driver: &mut Driver, round: u32) -> BlockId {
        let (reply, answer) = oneshot::channel();
        let asked = driver.propose(Height(1), Round::new(round), reply).await;
        asked.unwrap();
        answer.await.unwrap().value
    }

    #[tokio::test]
    async fn a_proposer_that_is_asked_again_gives_the_same_block_also_after_a_restart() {
        let chain = Chain::found(&[10; 4]);
        let home = tempfile::tempdir().unwrap();
        // Made anew, a block would have another time.
        let later = || Timestamp {
            seconds: 1_700_000_002,
            nanos: 0,
        };
        let mut driver = self::driver(&chain, &home);
        let first = proposed(&mut driver, 0).await;
        driver.dependencies.clock = later;
        assert_eq!(proposed(&mut driver, 0).await, first);
        let second = proposed(&mut driver, 1).await;
        assert_ne!(second, first);

        drop(driver);
        let mut driver = self::driver(&chain, &home);
        assert_eq!(proposed(&mut driver, 0).await, first);
        assert_eq!(proposed(&mut driver, 1).await, second);
    }

    #[tokio::test]
    async fn consensus_is_told_of_a_block_when_its_height_starts_however_often_it_came_before() {
        let chain = Chain::found(&[10; 4]);
        let home = tempfile::tempdir().unwrap();
        let mut driver = driver(&chain, &home);
        let block = chain.next_block(Vec::new());
        for _ in 0..3 {
            let early = driver.arrived(arrived(&chain, &block, 0)).await;
            assert_eq!(early, Ok(None));
        }

        driver.note_round(Height(1), Round::new(0), driver.dependencies.address);
        let told = driver.candidates.untold(1);
        assert_eq!(told.len(), 1);
        assert_eq!(
            (told[0].value, told[0].validity),
            (block.id(), Validity::Valid)
        );
        assert_eq!(driver.candidates.untold(1), []);
        let again = driver.arrived(arrived(&chain, &block, 0)).await;
        assert_eq!(again, Ok(Some(told[0].clone())));
    }

    #[tokio::test]
    async fn a_rest_ends_at_once_for_a_proof_or_a_transaction_and_else_after_a_minute() {
        let chain = Chain::found(&[10; 4]);
        let home = tempfile::tempdir().unwrap();
        let mut driver = driver(&chain, &home);
        let rest = |driver: &mut Driver| driver.pacing.rest(oneshot::channel().0);
        assert_eq!(driver.start_time(true), None, "it does not rest");
        rest(&mut driver);
        let is_at_once = |driver: &Driver, transactions_wait| {
            let start = driver.start_time(transactions_wait);
            start.unwrap() <= Instant::now()
        };
        assert!(is_at_once(&driver, false), "the founding is to be proven");

        let begun = Instant::now();
        driver.start_next();
        assert_eq!(driver.start_time(true), None, "it works");
        rest(&mut driver);
        Arc::make_mut(&mut driver.tip).proof_due = false;
        assert!(is_at_once(&driver, true));
        let minute = Duration::from_secs(60);
        // Whose turn it is does not wait for others.
        for (turn, longest) in [(0, minute), (1, minute + pacing::GRACE)] {
            driver.dependencies.address = chain.tip.validators.proposer(1, turn).address;
            let start = driver.start_time(false).unwrap();
            assert!(begun + longest <= start && start <= Instant::now() + longest);
        }
    }

    #[tokio::test]
    async fn a_block_is_judged_when_its_round_has_come_and_not_before() {
        let chain = Chain::found(&[10; 4]);
        let home = tempfile::tempdir().unwrap();
        let mut driver = driver(&chain, &home);
        let block = chain.next_block(Vec::new());
        let proposer = chain.tip.validators.proposer(1, 2).address;

        driver.note_round(Height(1), Round::new(0), proposer);
        let early = driver.arrived(arrived(&chain, &block, 2)).await;
        assert_eq!(early, Ok(None));
        for (round, expected) in [(1, 0), (2, 1), (3, 0)] {
            driver.note_round(Height(1), Round::new(round), proposer);
            let proposed = driver.look_at_early(1, round).await.unwrap();
            assert_eq!(proposed.len(), expected, "in round {round}");
            assert_eq!(driver.candidates.get(&block.id()).is_some(), round > 1);
            for proposed in proposed {
                assert_eq!(proposed.round, Round::new(2));
                assert_eq!(proposed.validity, Validity::Valid);
            }
        }
    }

    #[tokio::test]
    async fn other_bytes_under_its_announcement_do_not_take_the_place_of_a_block_that_came_early() {
        let chain = Chain::found(&[10; 4]);
        let home = tempfile::tempdir().unwrap();
        let mut driver = driver(&chain, &home);
        let block = chain.next_block(Vec::new());
        driver.note_round(Height(1), Round::new(0), driver.dependencies.address);
        let genuine = arrived(&chain, &block, 2);
        let forged = Arrived {
            bytes: vec![0; genuine.bytes.len()].into(),
            announcement: genuine.announcement.clone(),
        };
        for early in [genuine, forged] {
            assert_eq!(driver.arrived(early).await, Ok(None));
        }

        driver.note_round(Height(1), Round::new(2), driver.dependencies.address);
        let proposed = driver.look_at_early(1, 2).await.unwrap();
        assert_eq!(proposed.len(), 1);
        assert_eq!(proposed[0].value, block.id());
    }

    #[test]
    fn the_reason_of_the_end_is_told_also_after_more_than_was_listened_to() {
        let (sender, mut events) = broadcast::channel(2);
        for height in 1..9 {
            sender.send(Event::WalReplayDone(Height(height))).unwrap();
        }
        let damage = io::Error::from(io::ErrorKind::InvalidData);
        sender.send(Event::WalCorrupted(Arc::new(damage))).unwrap();
        let fault = Ending::default().into_fault(&mut events);
        assert!(fault.0.contains(MOVE_AWAY), "{fault}");
    }
}
