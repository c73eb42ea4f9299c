//! Signatures, verified once per node: at the door, in a proposal, or in a block, whichever comes first.

mod memory;
mod points;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use polity_ledger::Rejection;
use polity_ledger::check::{self, CheckedTransaction, UnverifiedTransaction};
use polity_ledger::validity::Validity;
use polity_proto::v1::Body;
use sha2::{Digest, Sha256};

use crate::cores::{self, Beside};
use crate::metrics::Metrics;
use memory::{Memory, Standing, Verified};
use points::Points;

/// What the bytes of an envelope say, signatures included.
pub(crate) type Checked = Result<Arc<CheckedTransaction>, Rejection>;

/// Envelopes of a batch: larger ones gain nothing.
const BATCH_MAX: usize = 1_024;
/// Fewer than these are not divided among cores: in smaller batches a signature costs more, and a node under
/// load has other work for its other cores.
const BATCH_MIN: usize = 512;
/// Envelopes that are verified together while earlier ones are executed: the execution waits for the first of them,
/// and other cores have nothing to do while it is busy with the last.
const BATCH_AHEAD_MAX: usize = 512;
/// Envelopes that are verified together ahead of their block: whoever shares a work among the cores waits so long at most.
const BATCH_EARLY_MAX: usize = 256;
/// Fewer than these are verified when their turn comes: a thread for them gains nothing.
const EARLY_MIN: usize = 64;

/// An envelope as far as it is known before its signatures are verified.
pub(crate) enum Seen {
    /// Remembered, or refused by its form.
    Answered(Checked),
    /// Of the right form; nobody had verified its signatures when it was looked at.
    Unverified(Box<UnverifiedTransaction>),
}

/// Verifies envelopes, each once, however many threads ask for it at the same moment.
pub(crate) struct Verifier {
    memory: Memory,
    points: Points,
    metrics: Arc<Metrics>,
    expected: Mutex<Option<Expected>>,
    /// Blocks that were executed.
    executed: AtomicU64,
}

/// The proposal that was accepted last, which as a rule is the next block.
struct Expected {
    organisation: [u8; 32],
    envelopes: Vec<Bytes>,
    checked: Vec<Checked>,
}

impl Seen {
    /// What is signed, or would be; the rejection where the envelope was refused.
    pub(crate) fn body(&self) -> Result<&Body, Rejection> {
        match self {
            Seen::Answered(Ok(checked)) => Ok(checked.body()),
            Seen::Answered(Err(rejection)) => Err(*rejection),
            Seen::Unverified(unverified) => Ok(unverified.body()),
        }
    }

    /// Whether a block at that time could take it in.
    pub(crate) fn check(&self, validity: &Validity<'_>) -> Result<(), Rejection> {
        match self {
            Seen::Answered(Ok(checked)) => validity.check(checked),
            Seen::Answered(Err(rejection)) => Err(*rejection),
            Seen::Unverified(unverified) => validity.check_unverified(unverified),
        }
    }
}

impl Verifier {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Verifier {
        Verifier {
            memory: Memory::default(),
            points: Points::default(),
            metrics,
            expected: Mutex::default(),
            executed: AtomicU64::new(0),
        }
    }

    /// Checks envelopes: what is remembered is answered at once, the rest is verified in batches, each on a
    /// core of its own.
    pub(crate) fn check_all(&self, organisation: &[u8; 32], envelopes: &[Bytes]) -> Vec<Checked> {
        let batches = envelopes.chunks(batch_size(envelopes.len())).collect();
        let checked = cores::each(batches, |batch| self.check_batch(organisation, batch));
        checked.into_iter().flatten().collect()
    }

    /// Keeps what a proposal's envelopes came to: executed next, they are not hashed and looked up once more.
    pub(crate) fn expect(
        &self,
        organisation: [u8; 32],
        envelopes: Vec<Bytes>,
        checked: Vec<Checked>,
    ) {
        *self.expected() = Some(Expected {
            organisation,
            envelopes,
            checked,
        });
    }

    /// Hands envelopes to `consume` in order, checked, while other cores verify those that follow.
    pub(crate) fn check_ahead<O>(
        &self,
        organisation: &[u8; 32],
        envelopes: &[Bytes],
        consume: impl FnOnce(&mut dyn Iterator<Item = Checked>) -> O,
    ) -> O {
        let is_this = |expected: &Expected| {
            expected.organisation == *organisation && expected.envelopes == envelopes
        };
        let expected = self.expected().take();
        if let Some(expected) = expected.filter(is_this) {
            return consume(&mut expected.checked.into_iter());
        }
        let size = cores::share(envelopes.len())
            .div_ceil(2)
            .clamp(cores::SHARE_MIN, BATCH_AHEAD_MAX);
        let batches = envelopes.chunks(size).collect();
        let check = |batch| self.check_batch(organisation, batch);
        cores::ahead(batches, check, |batches| {
            let mut checked = batches.flatten();
            let next = |_| checked.next().expect("every envelope is answered");
            // An iterator that knows how many there are: whoever consumes them makes room once.
            consume(&mut (0..envelopes.len()).map(next))
        })
    }

    /// Begins to verify the envelopes of the block after the next one, and to hand each to `prepare`, beside what the caller
    /// does next. Whoever asks for one of them then waits for it.
    pub(crate) fn begin_early(
        self: &Arc<Self>,
        beside: &Beside,
        organisation: [u8; 32],
        envelopes: &[Bytes],
        prepare: impl Fn(&CheckedTransaction) + Send + 'static,
    ) {
        if envelopes.len() < EARLY_MIN {
            return;
        }
        let (verifier, envelopes) = (Arc::clone(self), envelopes.to_vec());
        let until = self.executed.load(Ordering::Relaxed) + 2;
        beside.begin(move || verifier.check_early(&organisation, &envelopes, until, prepare));
    }

    fn check_early(
        &self,
        organisation: &[u8; 32],
        envelopes: &[Bytes],
        until: u64,
        prepare: impl Fn(&CheckedTransaction),
    ) {
        for batch in envelopes.chunks(BATCH_EARLY_MAX) {
            cores::give_way();
            // Their own block was faster: verified now, they would be verified twice.
            if self.executed.load(Ordering::Relaxed) >= until {
                return;
            }
            let checked = self.check_batch(organisation, batch);
            checked.iter().flatten().for_each(|one| prepare(one));
        }
    }

    /// What an envelope is before its signatures are verified.
    pub(crate) fn look_at(&self, organisation: &[u8; 32], envelope: &[u8]) -> Seen {
        let hash = Sha256::digest(envelope).into();
        if let Some(known) = self.memory.recall(&hash) {
            return Seen::Answered(known);
        }
        match check::parse_hashed(envelope, hash, organisation) {
            // What the form alone refuses is refused again as fast: nothing to remember.
            Err(rejection) => Seen::Answered(Err(rejection)),
            Ok(unverified) => Seen::Unverified(Box::new(unverified)),
        }
    }

    /// Verifies what is still to be verified, in the same way.
    pub(crate) fn settle(&self, seen: Vec<Seen>) -> Vec<Checked> {
        let size = batch_size(seen.len());
        let mut seen = seen.into_iter();
        let mut batches: Vec<Vec<Seen>> = Vec::new();
        while seen.len() > 0 {
            batches.push(seen.by_ref().take(size).collect());
        }
        let checked = cores::each(batches, |batch| self.settle_batch(batch));
        checked.into_iter().flatten().collect()
    }

    /// Forgets a block that was executed: its ids are consumed, so the door refuses a copy before it asks for signatures.
    pub(crate) fn forget(&self, executed: &[Checked]) {
        self.executed.fetch_add(1, Ordering::Relaxed);
        let executed = executed.iter().flatten();
        self.memory
            .forget(executed.map(|checked| checked.envelope_hash()));
    }

    fn expected(&self) -> MutexGuard<'_, Option<Expected>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_batch(&self, organisation: &[u8; 32], envelopes: &[Bytes]) -> Vec<Checked> {
        let envelopes = envelopes.iter();
        self.settle_batch(envelopes.map(|envelope| self.look_at(organisation, envelope)))
    }

    /// Verifies one batch on this core, except for what another thread is verifying: for that it waits.
    fn settle_batch(&self, seen: impl IntoIterator<Item = Seen>) -> Vec<Checked> {
        let mut answers: Vec<Option<Checked>> = Vec::new();
        let mut open: Vec<(usize, UnverifiedTransaction)> = Vec::new();
        for (place, seen) in seen.into_iter().enumerate() {
            match seen {
                Seen::Answered(checked) => answers.push(Some(checked)),
                Seen::Unverified(unverified) => {
                    answers.push(None);
                    open.push((place, *unverified));
                }
            }
        }
        while !open.is_empty() {
            let hashes = open.iter().map(|(_, one)| *one.envelope_hash());
            let (claim, standings) = self.memory.claim(hashes);
            let (mut ours, mut elsewhere) = (Vec::new(), Vec::new());
            for ((place, one), standing) in open.into_iter().zip(standings) {
                match standing {
                    Standing::Known(checked) => answers[place] = Some(checked),
                    Standing::Ours => ours.push((place, one)),
                    Standing::InFlight => elsewhere.push((place, one)),
                }
            }
            // Ours first: whoever waits for others holds nothing that others wait for.
            let (places, ours): (Vec<usize>, Vec<_>) = ours.into_iter().unzip();
            let verified = self.verify(ours);
            for (place, verified) in places.into_iter().zip(&verified) {
                answers[place] = Some(verified.checked.clone());
            }
            claim.settle(verified);
            self.memory
                .wait_for(elsewhere.iter().map(|(_, one)| *one.envelope_hash()));
            // Remembered by now, or given up by a thread that panicked.
            open = elsewhere;
        }
        let answers = answers.into_iter();
        answers
            .map(|answer| answer.expect("every envelope of a batch is answered"))
            .collect()
    }

    fn verify(&self, batch: Vec<UnverifiedTransaction>) -> Vec<Verified> {
        let signatures: usize = batch.iter().map(|one| one.body().signers.len()).sum();
        self.metrics.envelopes.inc_by(batch.len() as u64);
        self.metrics
            .signature_verifications
            .inc_by(signatures as u64);

        let keys: Vec<_> = batch
            .iter()
            .map(|one| (*one.envelope_hash(), one.bytes()))
            .collect();
        let checked = match batch.len() {
            0 | 1 => batch.into_iter().map(check::verify).collect(),
            _ => check::verify_batch(batch, |key| self.points.of(key), rand::rng()),
        };
        keys.into_iter()
            .zip(checked)
            .map(|((envelope_hash, bytes), checked)| Verified {
                envelope_hash,
                bytes,
                checked: checked.map(Arc::new),
            })
            .collect()
    }
}

fn batch_size(envelopes: usize) -> usize {
    cores::share(envelopes).clamp(BATCH_MIN, BATCH_MAX)
}
