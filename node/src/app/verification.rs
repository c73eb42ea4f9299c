//! Signatures, verified once per node: at the door, in a proposal, or in a block, whichever comes first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use polity_ledger::Rejection;
use polity_ledger::check::{self, CheckedTransaction, UnverifiedTransaction};
use polity_proto::v1::Body;
use sha2::{Digest, Sha256};

use super::cores;
use crate::metrics::Metrics;

/// What the bytes of an envelope say, signatures included.
pub(crate) type Checked = Result<Arc<CheckedTransaction>, Rejection>;

/// Bytes of envelopes that one generation remembers; two are kept. Together they hold what waits in a full pool of
/// CometBFT, 100,000 transactions, so that none is verified a second time when its block comes.
const GENERATION_BYTES_MAX: usize = 64 << 20;
/// Signatures of a batch: larger ones gain nothing.
const BATCH_MAX: usize = 1_024;

/// An envelope as far as it is known before its signatures are verified.
pub(crate) enum Seen {
    /// Remembered, or refused by its form.
    Answered(Checked),
    /// Of the right form; nobody has verified its signatures.
    Unverified(Box<UnverifiedTransaction>),
}

/// Verifies envelopes and remembers the outcome by the hash of the whole envelope, never by the
/// transaction's id: one body with another signature is another envelope.
pub(crate) struct Verifier {
    generations: Mutex<Generations>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<[u8; 32], Checked>,
    young_bytes: usize,
    old: HashMap<[u8; 32], Checked>,
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
}

impl Verifier {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Verifier {
        Verifier {
            generations: Mutex::default(),
            metrics,
        }
    }

    /// Checks envelopes: what is remembered is answered at once, the rest is verified in batches over all cores.
    pub(crate) fn check_all(&self, organisation: &[u8; 32], envelopes: &[Bytes]) -> Vec<Checked> {
        self.settle(cores::map(envelopes, |envelope| {
            self.look_at(organisation, envelope)
        }))
    }

    /// What an envelope is before its signatures are verified.
    pub(crate) fn look_at(&self, organisation: &[u8; 32], envelope: &[u8]) -> Seen {
        if let Some(known) = self.recall(&Sha256::digest(envelope).into()) {
            return Seen::Answered(known);
        }
        match check::parse(envelope, organisation) {
            // What the form alone refuses is refused again as fast: nothing to remember.
            Err(rejection) => Seen::Answered(Err(rejection)),
            Ok(unverified) => Seen::Unverified(Box::new(unverified)),
        }
    }

    /// Verifies what is still to be verified, in batches over all cores.
    pub(crate) fn settle(&self, seen: Vec<Seen>) -> Vec<Checked> {
        let mut answers: Vec<Option<Checked>> = Vec::with_capacity(seen.len());
        let mut unseen: Vec<(usize, UnverifiedTransaction)> = Vec::new();
        for (index, seen) in seen.into_iter().enumerate() {
            match seen {
                Seen::Answered(checked) => answers.push(Some(checked)),
                Seen::Unverified(unverified) => {
                    answers.push(None);
                    unseen.push((index, *unverified));
                }
            }
        }
        for (index, envelope_hash, bytes, checked) in self.verify(unseen) {
            self.remember(envelope_hash, bytes, checked.clone());
            answers[index] = Some(checked);
        }
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or(Err(Rejection::BadSignature)))
            .collect()
    }

    /// What is remembered of an envelope.
    pub(crate) fn recall(&self, envelope_hash: &[u8; 32]) -> Option<Checked> {
        let generations = self.lock();
        generations
            .young
            .get(envelope_hash)
            .or_else(|| generations.old.get(envelope_hash))
            .cloned()
    }

    fn verify(
        &self,
        unseen: Vec<(usize, UnverifiedTransaction)>,
    ) -> Vec<(usize, [u8; 32], usize, Checked)> {
        if unseen.is_empty() {
            return Vec::new();
        }
        let signatures: usize = unseen.iter().map(|(_, one)| one.body().signers.len()).sum();
        self.metrics.envelopes.inc_by(unseen.len() as u64);
        self.metrics
            .signature_verifications
            .inc_by(signatures as u64);

        let share = cores::share(unseen.len()).min(BATCH_MAX);
        let mut batches: Vec<Vec<(usize, UnverifiedTransaction)>> = Vec::new();
        for one in unseen {
            match batches.last_mut() {
                Some(batch) if batch.len() < share => batch.push(one),
                _ => batches.push(vec![one]),
            }
        }
        if batches.len() == 1 {
            return batches.into_iter().flat_map(verify_batch).collect();
        }
        let queue = Mutex::new(batches);
        let done = Mutex::new(Vec::new());
        let work = || {
            while let Some(batch) = next(&queue) {
                let verified = verify_batch(batch);
                done.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(verified);
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(work);
            }
            work();
        });
        done.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, envelope_hash: [u8; 32], bytes: usize, checked: Checked) {
        let mut generations = self.lock();
        if generations.young_bytes > GENERATION_BYTES_MAX {
            generations.old = std::mem::take(&mut generations.young);
            generations.young_bytes = 0;
        }
        // A decoded transaction takes about three times its bytes.
        generations.young_bytes += 3 * bytes + 256;
        generations.young.insert(envelope_hash, checked);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Generations> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn next<T>(queue: &Mutex<Vec<T>>) -> Option<T> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn verify_batch(
    batch: Vec<(usize, UnverifiedTransaction)>,
) -> Vec<(usize, [u8; 32], usize, Checked)> {
    let (keys, transactions): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|(index, one)| ((index, *one.envelope_hash(), one.bytes()), one))
        .unzip();
    let verified = match transactions.len() {
        1 => transactions.into_iter().map(check::verify).collect(),
        _ => check::verify_batch(transactions, rand::thread_rng()),
    };
    keys.into_iter()
        .zip(verified)
        .map(|((index, hash, bytes), checked)| (index, hash, bytes, checked.map(Arc::new)))
        .collect()
}
