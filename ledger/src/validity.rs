//! Whether a block of one moment may hold a transaction: its size, its time, and that it was in none before.

use polity_proto::v1::{Body, Parameters};

use crate::check::{CheckedTransaction, UnverifiedTransaction};
use crate::state::{Read, consumed};
use crate::{Rejection, parameters};

/// What every transaction of one moment is held to: read once for many of them.
pub struct Validity<'s> {
    state: &'s dyn Read,
    now: u64,
    parameters: Parameters,
}

impl<'s> Validity<'s> {
    /// As the state tells at a time in Unix seconds.
    pub fn at(state: &'s dyn Read, now: u64) -> Self {
        Self {
            state,
            now,
            parameters: parameters::get(state),
        }
    }

    /// Whether an envelope of so many bytes may be in a block: asked of bytes that nobody has decoded yet.
    pub fn fits(&self, bytes: usize) -> Result<(), Rejection> {
        if bytes > self.parameters.transaction_bytes_max as usize {
            return Err(Rejection::TooLarge);
        }
        Ok(())
    }

    /// Size, time and replay, as the parent state tells them.
    pub fn check(&self, checked: &CheckedTransaction) -> Result<(), Rejection> {
        self.admits(checked.id(), checked.bytes(), checked.body())
    }

    /// The same at the door, where signatures are verified last.
    pub fn check_unverified(&self, transaction: &UnverifiedTransaction) -> Result<(), Rejection> {
        self.admits(transaction.id(), transaction.bytes(), transaction.body())
    }

    fn admits(&self, id: &[u8; 32], bytes: usize, body: &Body) -> Result<(), Rejection> {
        self.fits(bytes)?;
        let valid_until = body.valid_until;
        if valid_until < self.now {
            return Err(Rejection::Expired);
        }
        if valid_until - self.now > self.parameters.validity_max {
            return Err(Rejection::ValidTooLong);
        }
        if consumed::contains(self.state, id) {
            return Err(Rejection::Consumed);
        }
        Ok(())
    }
}
