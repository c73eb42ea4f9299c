//! What is known of envelopes, and which of them a thread is verifying right now.

use std::collections::{HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Checked;

/// SHA-256 of a whole envelope, never a transaction's id: one body with another signature is another envelope.
type EnvelopeHash = [u8; 32];

/// Bytes of envelopes that one generation remembers. Two are kept, and the younger one alone holds what waits in a
/// full pool, 100,000 transactions of one transfer, so that none is verified a second time when its block comes.
const GENERATION_BYTES_MAX: usize = 96 << 20;

/// An envelope whose signatures were verified, well or not.
pub(super) struct Verified {
    pub(super) envelope_hash: EnvelopeHash,
    /// Size of the envelope.
    pub(super) bytes: usize,
    pub(super) checked: Checked,
}

/// How an envelope stands with the one who wants to verify it.
pub(super) enum Standing {
    /// It was verified.
    Known(Checked),
    /// The one who asked has to verify it now.
    Ours,
    /// Somebody is verifying it.
    InFlight,
}

/// The outcomes of verifications, shared by all threads.
#[derive(Default)]
pub(super) struct Memory {
    known: Mutex<Known>,
    landed: Condvar,
}

#[derive(Default)]
struct Known {
    young: HashMap<EnvelopeHash, Checked>,
    young_bytes: usize,
    old: HashMap<EnvelopeHash, Checked>,
    in_flight: HashSet<EnvelopeHash>,
}

/// Envelopes that one thread verifies. Dropped without an outcome, by a panic, it leaves them to whoever waits.
pub(super) struct Claim<'m> {
    memory: &'m Memory,
    envelopes: Vec<EnvelopeHash>,
}

impl Memory {
    /// What is remembered of an envelope.
    pub(super) fn recall(&self, envelope: &EnvelopeHash) -> Option<Checked> {
        self.lock().recall(envelope)
    }

    /// Claims what of these envelopes is neither known nor in flight, and tells how each of them stands. One that
    /// comes twice is in flight the second time.
    pub(super) fn claim(
        &self,
        envelopes: impl Iterator<Item = EnvelopeHash>,
    ) -> (Claim<'_>, Vec<Standing>) {
        let mut claim = Claim {
            memory: self,
            envelopes: Vec::new(),
        };
        let mut known = self.lock();
        let standings = envelopes.map(|envelope| {
            if let Some(checked) = known.recall(&envelope) {
                return Standing::Known(checked);
            }
            if !known.in_flight.insert(envelope) {
                return Standing::InFlight;
            }
            claim.envelopes.push(envelope);
            Standing::Ours
        });
        let standings = standings.collect();
        (claim, standings)
    }

    /// Waits until none of these envelopes is in flight.
    pub(super) fn wait_for(&self, envelopes: impl Iterator<Item = EnvelopeHash>) {
        let envelopes: Vec<_> = envelopes.collect();
        let flies = |known: &mut Known| {
            let mut envelopes = envelopes.iter();
            envelopes.any(|envelope| known.in_flight.contains(envelope))
        };
        let waited = self.landed.wait_while(self.lock(), flies);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim<'_> {
    /// Remembers what became of the claimed envelopes.
    pub(super) fn settle(self, verified: Vec<Verified>) {
        let mut known = self.memory.lock();
        verified.into_iter().for_each(|one| known.remember(one));
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if self.envelopes.is_empty() {
            return;
        }
        let mut known = self.memory.lock();
        for envelope in &self.envelopes {
            known.in_flight.remove(envelope);
        }
        self.memory.landed.notify_all();
    }
}

impl Known {
    fn recall(&self, envelope: &EnvelopeHash) -> Option<Checked> {
        let found = self.young.get(envelope);
        found.or_else(|| self.old.get(envelope)).cloned()
    }

    fn remember(&mut self, verified: Verified) {
        if self.young_bytes > GENERATION_BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        // A decoded transaction takes about three times its bytes.
        self.young_bytes += 3 * verified.bytes + 256;
        self.young.insert(verified.envelope_hash, verified.checked);
    }
}
