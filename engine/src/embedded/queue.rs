//! Transactions that wait for a block, in the order of their arrival.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

/// Transactions that wait.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    filled: watch::Sender<bool>,
}

#[derive(Default)]
struct Waiting {
    order: VecDeque<([u8; 32], Bytes)>,
    known: HashSet<[u8; 32]>,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            filled: watch::Sender::new(false),
        }
    }

    /// Takes a transaction in; `false` when it is there already.
    pub(super) fn add(&self, transaction: Bytes) -> bool {
        let id: [u8; 32] = Sha256::digest(&transaction).into();
        let mut waiting = self.lock();
        if !waiting.known.insert(id) {
            return false;
        }
        waiting.order.push_back((id, transaction));
        self.filled.send_replace(true);
        true
    }

    /// The first ones, of at most so many bytes.
    pub(super) fn reap(&self, bytes_max: u64) -> Vec<Bytes> {
        let mut bytes = 0;
        self.lock()
            .order
            .iter()
            .map(|(_, transaction)| transaction.clone())
            .take_while(|transaction| {
                bytes += transaction.len() as u64;
                bytes <= bytes_max
            })
            .collect()
    }

    /// Forgets what a block contained.
    pub(super) fn committed(&self, transactions: &[Bytes]) {
        let committed: HashSet<[u8; 32]> = transactions
            .iter()
            .map(|transaction| Sha256::digest(transaction).into())
            .collect();
        let mut waiting = self.lock();
        waiting.order.retain(|(id, _)| !committed.contains(id));
        waiting.known.retain(|id| !committed.contains(id));
        self.filled.send_replace(!waiting.order.is_empty());
    }

    /// Whether something waits.
    pub(super) fn filled(&self) -> watch::Receiver<bool> {
        self.filled.subscribe()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
