//! What is known of envelopes, and which of them a thread is verifying right now.

use std::collections::{HashMap, HashSet};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::Checked;

/// SHA-256 of a whole envelope, never a transaction's id: one body with another signature is another envelope.
type EnvelopeHash = [u8; 32];

/// Bytes that one generation remembers. Two are kept, and the younger one alone holds what waits in a full pool, 100,000
/// transactions of one transfer, so that none is verified a second time when its block comes.
const GENERATION_BYTES_MAX: usize = 96 << 20;

/// An envelope whose signatures were verified, well or not.
pub(super) struct Verified {
    pub(super) envelope_hash: EnvelopeHash,
    /// Size of the envelope.
    pub(super) bytes: usize,
    pub(super) checked: Checked,
}

/// What is remembered of an envelope, and the bytes that this takes.
struct Known {
    checked: Checked,
    bytes: usize,
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
    outcomes: Mutex<Outcomes>,
    landed: Condvar,
}

#[derive(Default)]
struct Outcomes {
    young: HashMap<EnvelopeHash, Known>,
    young_bytes: usize,
    old: HashMap<EnvelopeHash, Known>,
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
        let mut outcomes = self.lock();
        let standings = envelopes.map(|envelope| {
            if let Some(checked) = outcomes.recall(&envelope) {
                return Standing::Known(checked);
            }
            if !outcomes.in_flight.insert(envelope) {
                return Standing::InFlight;
            }
            claim.envelopes.push(envelope);
            Standing::Ours
        });
        let standings = standings.collect();
        (claim, standings)
    }

    /// Forgets envelopes.
    pub(super) fn forget<'e>(&self, envelopes: impl Iterator<Item = &'e EnvelopeHash>) {
        let mut outcomes = self.lock();
        envelopes.for_each(|envelope| outcomes.forget(envelope));
    }

    /// Waits until none of these envelopes is in flight.
    pub(super) fn wait_for(&self, envelopes: impl Iterator<Item = EnvelopeHash>) {
        let envelopes: Vec<_> = envelopes.collect();
        let flies = |outcomes: &mut Outcomes| {
            let mut envelopes = envelopes.iter();
            envelopes.any(|envelope| outcomes.in_flight.contains(envelope))
        };
        let waited = self.landed.wait_while(self.lock(), flies);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let outcomes = self.lock();
        outcomes.young.is_empty() && outcomes.old.is_empty() && outcomes.young_bytes == 0
    }

    fn lock(&self) -> MutexGuard<'_, Outcomes> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim<'_> {
    /// Remembers what became of the claimed envelopes.
    pub(super) fn settle(self, verified: Vec<Verified>) {
        let mut outcomes = self.memory.lock();
        verified.into_iter().for_each(|one| outcomes.remember(one));
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if self.envelopes.is_empty() {
            return;
        }
        let mut outcomes = self.memory.lock();
        for envelope in &self.envelopes {
            outcomes.in_flight.remove(envelope);
        }
        self.memory.landed.notify_all();
    }
}

impl Outcomes {
    fn recall(&self, envelope: &EnvelopeHash) -> Option<Checked> {
        let found = self.young.get(envelope);
        let found = found.or_else(|| self.old.get(envelope));
        found.map(|known| known.checked.clone())
    }

    fn remember(&mut self, verified: Verified) {
        if self.young_bytes > GENERATION_BYTES_MAX {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        // A decoded transaction takes about three times its bytes.
        let bytes = 3 * verified.bytes + 256;
        let known = Known {
            checked: verified.checked,
            bytes,
        };
        if self.young.insert(verified.envelope_hash, known).is_none() {
            self.young_bytes += bytes;
        }
    }

    fn forget(&mut self, envelope: &EnvelopeHash) {
        match self.young.remove(envelope) {
            Some(known) => self.young_bytes -= known.bytes,
            None => drop(self.old.remove(envelope)),
        }
    }
}
