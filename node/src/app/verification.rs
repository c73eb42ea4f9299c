//! Signatures, verified once per node: at the door, in a proposal, or in a block, whichever comes first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use polity_ledger::Rejection;
use polity_ledger::check::{self, CheckedTransaction, UnverifiedTransaction};
use sha2::{Digest, Sha256};

use crate::metrics::Metrics;

/// What the bytes of an envelope say, signatures included.
pub(crate) type Checked = Result<Arc<CheckedTransaction>, Rejection>;

/// Bytes of envelopes that one generation remembers; two are kept.
const GENERATION_BYTES_MAX: usize = 24 << 20;
/// Signatures of a batch: larger ones gain nothing.
const BATCH_MAX: usize = 1_024;

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

impl Verifier {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Verifier {
        Verifier {
            generations: Mutex::default(),
            metrics,
        }
    }

    /// Checks envelopes: what is remembered is answered at once, the rest is verified in batches over all cores.
    pub(crate) fn check_all(&self, organisation: &[u8; 32], envelopes: &[Bytes]) -> Vec<Checked> {
        let mut answers: Vec<Option<Checked>> = Vec::with_capacity(envelopes.len());
        let mut unseen: Vec<(usize, UnverifiedTransaction)> = Vec::new();
        for (index, envelope) in envelopes.iter().enumerate() {
            let hash: [u8; 32] = Sha256::digest(envelope).into();
            match self.recall(&hash) {
                Some(known) => answers.push(Some(known)),
                None => match check::parse(envelope, organisation) {
                    // What the form alone refuses is refused again as fast: nothing to remember.
                    Err(rejection) => answers.push(Some(Err(rejection))),
                    Ok(unverified) => {
                        answers.push(None);
                        unseen.push((index, unverified));
                    }
                },
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

        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = unseen.len().div_ceil(cores).clamp(1, BATCH_MAX);
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
        std::thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| {
                    while let Some(batch) = next(&queue) {
                        let verified = verify_batch(batch);
                        done.lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .extend(verified);
                    }
                });
            }
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
