//! When the next height starts.
//!
//! Malachite waits for the answer to a finalized height, and so an idle network rests there: until a transaction
//! waits, a proof is due, others have begun, or the idle interval has passed.

use std::time::Duration;

use malachitebft_app_channel::Reply;
use malachitebft_app_channel::app::engine::host::Next;
use tokio::time::Instant;

use super::Driver;
use crate::embedded::consensus::context::{Height, Ours};
use crate::embedded::consensus::parts::HEIGHTS_AHEAD_MAX;

/// Others than the proposer wait a little longer at the end of an idle interval: its block wakes them.
const GRACE: Duration = Duration::from_secs(1);

/// The rest between two heights.
pub(super) struct Pacing {
    reply: Option<Reply<Next<Ours>>>,
    last_start: Instant,
    is_stirred: bool,
    is_behind: bool,
    // The greatest height that somebody spoke of, as far as it can be true.
    heard: u64,
}

impl Pacing {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            reply: None,
            last_start: now,
            is_stirred: false,
            is_behind: false,
            heard: 0,
        }
    }

    /// Others are at work on a height above this one. What is said is not proven, so a height that they cannot have
    /// reached is not remembered.
    pub(super) fn stir(&mut self, tip: u64, height: u64) {
        self.is_stirred = true;
        if height <= tip + HEIGHTS_AHEAD_MAX {
            self.heard = self.heard.max(height);
        }
    }

    /// The height is finalized: the rest begins.
    pub(super) fn rest(&mut self, reply: Reply<Next<Ours>>) {
        self.reply = Some(reply);
    }

    /// A height was decided; a node that is behind does not rest.
    pub(super) fn decided(&mut self, height: u64, is_behind: bool) {
        self.is_behind = is_behind;
        self.is_stirred = self.heard > height;
    }

    /// Whether others have decided this height already, so that nobody waits for what it is paced by.
    pub(super) fn is_late_for(&self, height: u64) -> bool {
        self.heard > height
    }
}

impl Driver {
    /// When to end the rest; none while there is none.
    pub(super) fn start_time(&self, transactions_wait: bool) -> Option<Instant> {
        let pacing = &self.pacing;
        pacing.reply.as_ref()?;
        if transactions_wait || self.tip.proof_due || pacing.is_stirred || pacing.is_behind {
            return Some(Instant::now());
        }
        let proposer = self.tip.validators.proposer(self.tip.next_height(), 0);
        let grace = if proposer.address == self.parts.address {
            Duration::ZERO
        } else {
            GRACE
        };
        Some(pacing.last_start + self.tip.params.idle_interval() + grace)
    }

    pub(super) fn start_next(&mut self) {
        let params = self.height_params();
        if let Some(reply) = self.pacing.reply.take() {
            self.pacing.last_start = Instant::now();
            let _ = reply.send(Next::Start(Height(self.tip.next_height()), params));
        }
    }
}
