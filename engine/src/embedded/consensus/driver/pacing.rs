//! When the next height starts.
//!
//! Malachite waits for the answer to a finalized height, and so an idle network rests there: until a transaction
//! waits, a proof is due, others have begun, or the idle interval has passed. That others have begun is believed of
//! the proposer whose turn it is, and of more than a third of the voting power, by their signatures: so many are
//! never all faulty. What a peer only says ends a rest now and then, because this node may lack a block.

use std::collections::BTreeMap;
use std::time::Duration;

use malachitebft_app_channel::Reply;
use malachitebft_app_channel::app::engine::host::Next;
use tokio::time::Instant;

use super::Driver;
use crate::embedded::canonical::{Address, SignedVote, ValidatorSet};
use crate::embedded::consensus::context::{EmbeddedContext, Height};
use crate::embedded::consensus::parts::Announcement;

/// Others than the proposer wait a little longer at the end of an idle interval: its block wakes them.
pub(super) const GRACE: Duration = Duration::from_secs(1);
/// How often the unproven word of a peer ends a rest at most: a lie costs an empty block.
const HEARSAY_EVERY: Duration = Duration::from_secs(10);
/// So many heights a busy validator may lag behind the others, and still take part.
const LAG_MAX: u64 = 8;

/// The rest between two heights.
pub(super) struct Pacing {
    reply: Option<Reply<Next<EmbeddedContext>>>,
    last_start: Instant,
    is_stirred: bool,
    is_behind: bool,
    // The greatest height above the newest that each validator was seen to work on.
    seen: BTreeMap<Address, u64>,
    hearsay: Option<Instant>,
}

impl Pacing {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            reply: None,
            last_start: now,
            is_stirred: false,
            is_behind: false,
            seen: BTreeMap::new(),
            hearsay: None,
        }
    }

    /// A validator signed something at a height above the newest.
    fn see(&mut self, validator: Address, height: u64, newest: u64, validators: &ValidatorSet) {
        let seen = self.seen.entry(validator).or_default();
        *seen = height.max(*seen);
        self.is_stirred |= self.is_left_behind(newest, validators);
    }

    /// A peer says that it has more blocks; `true` where that ends the rest.
    fn hear(&mut self, now: Instant) -> bool {
        let is_early = |at: Instant| now < at + HEARSAY_EVERY;
        if self.reply.is_none() || self.hearsay.is_some_and(is_early) {
            return false;
        }
        self.hearsay = Some(now);
        self.is_stirred = true;
        true
    }

    /// Whether more than a third of the voting power was seen above a height: so at least one correct validator was.
    fn is_left_behind(&self, height: u64, validators: &ValidatorSet) -> bool {
        let above = self.seen.iter().filter(|(_, seen)| **seen > height);
        let power: u64 = above
            .filter_map(|(address, _)| validators.find(address))
            .map(|validator| validator.power)
            .sum();
        power > validators.total_power() / 3
    }

    /// The height is finalized: the rest begins.
    pub(super) fn rest(&mut self, reply: Reply<Next<EmbeddedContext>>) {
        self.reply = Some(reply);
    }

    /// A height was decided; a node that is behind does not rest.
    pub(super) fn decided(&mut self, height: u64, is_behind: bool, validators: &ValidatorSet) {
        self.seen.retain(|_, seen| *seen > height);
        self.is_behind = is_behind;
        self.is_stirred = self.is_left_behind(height, validators);
    }

    /// Whether others have decided this height already, so that nobody waits for what it is paced by.
    pub(super) fn is_late_for(&self, height: u64, validators: &ValidatorSet) -> bool {
        self.is_behind || self.is_left_behind(height, validators)
    }
}

impl Driver {
    /// A vote was heard that nobody has looked at. Its signature is verified where it would tell something new.
    pub(super) fn see_voter(&mut self, vote: &SignedVote) {
        let (address, height) = (vote.vote.address, vote.vote.height);
        let known = self.pacing.seen.get(&address).copied();
        if height <= self.tip.height.max(known.unwrap_or_default()) {
            return;
        }
        let sets = [&self.tip.validators, &self.tip.next_validators];
        let voter = sets.iter().find_map(|set| set.find(&address));
        if voter.is_some_and(|voter| vote.is_signed_by(&self.tip.chain_id, &voter.public_key)) {
            let tip = &self.tip;
            self.pacing
                .see(address, height, tip.height, &tip.validators);
            self.tell_lag();
        }
    }

    /// Whoever is left far behind lacks blocks, also where it took none from others lately: something may keep it from
    /// taking them, such as another state than theirs.
    fn tell_lag(&self) {
        let tip = &self.tip;
        let lags = self
            .pacing
            .is_left_behind(tip.height + LAG_MAX, &tip.validators);
        self.dependencies.progress.send_if_modified(|progress| {
            let is_news = lags && !progress.is_catching_up;
            progress.is_catching_up |= lags;
            is_news
        });
    }

    /// A whole block arrived, announced by the proposer of a round.
    pub(super) fn see_proposer(&mut self, announcement: &Announcement) {
        let tip = &self.tip;
        let (proposer, height) = (announcement.proposer, announcement.height);
        self.pacing
            .see(proposer, height, tip.height, &tip.validators);
        self.pacing.is_stirred |= height == tip.next_height() && announcement.round == 0;
    }

    /// A peer says that it has blocks above the newest here.
    pub(super) fn hear_of_blocks(&mut self) {
        if self.pacing.hear(Instant::now()) {
            tracing::debug!("a peer says that it is ahead");
        }
    }

    /// When to end the rest; none while there is none.
    pub(super) fn start_time(&self, transactions_wait: bool) -> Option<Instant> {
        let pacing = &self.pacing;
        pacing.reply.as_ref()?;
        if transactions_wait || self.tip.proof_due || pacing.is_stirred || pacing.is_behind {
            return Some(Instant::now());
        }
        let proposer = self.tip.validators.proposer(self.tip.next_height(), 0);
        let grace = if proposer.address == self.dependencies.address {
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

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;
    use crate::embedded::sample::{Chain, address_of};

    const FAR: u64 = 1_000;

    fn resting() -> (Pacing, oneshot::Receiver<Next<EmbeddedContext>>) {
        let (reply, start) = oneshot::channel();
        let mut pacing = Pacing::new(Instant::now());
        pacing.rest(reply);
        (pacing, start)
    }

    #[test]
    fn one_validator_of_four_cannot_keep_the_others_awake() {
        let chain = Chain::found(&[10; 4]);
        let validators = &chain.tip.validators;
        let mut pacing = Pacing::new(Instant::now());
        let [one, other] = [0, 1].map(|place| address_of(&chain.keys[place]));

        pacing.see(one, FAR, 0, validators);
        pacing.see(one, FAR + 1, 0, validators);
        assert!(!pacing.is_stirred && !pacing.is_late_for(1, validators));

        pacing.see(other, 2, 0, validators);
        assert!(pacing.is_stirred && pacing.is_late_for(1, validators));
        assert!(!pacing.is_late_for(2, validators));
        pacing.decided(1, false, validators);
        assert!(pacing.is_stirred, "both were seen at work on the next one");
        pacing.decided(2, false, validators);
        assert!(!pacing.is_stirred);
        assert_eq!(pacing.seen.len(), 1, "what is decided is forgotten");
    }

    #[test]
    fn strangers_have_no_weight() {
        let chain = Chain::found(&[10; 4]);
        let mut pacing = Pacing::new(Instant::now());
        for stranger in 0..100 {
            pacing.see(Address([stranger; 20]), FAR, 0, &chain.tip.validators);
        }
        assert!(!pacing.is_stirred);
    }

    #[test]
    fn a_rumour_ends_a_rest_now_and_then() {
        let (mut pacing, _start) = resting();
        let now = Instant::now();
        assert!(pacing.hear(now));
        assert!(!pacing.hear(now + HEARSAY_EVERY / 2));
        assert!(pacing.hear(now + HEARSAY_EVERY));
        pacing.reply = None;
        assert!(!pacing.hear(now + 2 * HEARSAY_EVERY), "it is awake");
    }
}
