//! Whose words may wait for their height.
//!
//! Malachite keeps what is said of a height above the one at work, unseen, until its turn comes: so much of each
//! height, and no more. So what nobody who votes has signed is not taken in, nor more of one validator than it may have
//! to say, nor what is of a height too far: it would fill that place before the others come. The validators of two
//! heights are known; of those above it is assumed that nothing changes. Whose word is dropped here repeats it for as
//! long as its height lasts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ed25519_dalek::VerifyingKey;
use malachitebft_app_channel::app::types::SignedConsensusMsg;
use malachitebft_app_channel::app::types::core::{SignedProposal, SignedVote};

use super::context::{EmbeddedContext, Height};
use super::parts::HEIGHTS_AHEAD_MAX;
use crate::embedded::canonical::{Address, Signature, ValidatorSet};
use crate::embedded::tip::Tip;

/// Words of one validator that wait for one height: what it says in twenty rounds. Those of a hundred validators have room
/// beside each other in what Malachite keeps of a height.
const WORDS_MAX: usize = 64;

/// Shared by whoever reads messages and whoever knows the height at work.
#[derive(Clone, Debug)]
pub(in crate::embedded) struct Voters(Arc<Mutex<Known>>);

#[derive(Clone, Debug)]
struct Known {
    chain_id: Arc<str>,
    at_work: u64,
    validators: ValidatorSet,
    next_validators: ValidatorSet,
    /// What each validator signed that waits, by height: a word that somebody repeats waits once.
    waiting: BTreeMap<u64, BTreeMap<Address, BTreeSet<Signature>>>,
}

impl Voters {
    /// Those of a chain whose next height nobody works on yet.
    pub(in crate::embedded) fn new(tip: &Tip) -> Voters {
        Voters(Arc::new(Mutex::new(Known {
            chain_id: tip.chain_id.as_str().into(),
            at_work: tip.height,
            validators: tip.validators.clone(),
            next_validators: tip.next_validators.clone(),
            waiting: BTreeMap::new(),
        })))
    }

    /// Consensus works on this height, after this tip.
    pub(super) fn work_on(&self, height: Height, tip: &Tip) {
        let mut known = self.lock();
        known.at_work = height.0;
        known.waiting = known.waiting.split_off(&(height.0 + 1));
        known.validators.clone_from(&tip.validators);
        known.next_validators.clone_from(&tip.next_validators);
    }

    /// How many validators the heights have that are known.
    pub(super) fn count(&self) -> usize {
        let known = self.lock();
        known.validators.len().max(known.next_validators.len())
    }

    pub(super) fn may_speak(&self, message: &SignedConsensusMsg<EmbeddedContext>) -> bool {
        match message {
            SignedConsensusMsg::Vote(vote) => self.may_vote(vote),
            SignedConsensusMsg::Proposal(proposal) => self.may_propose(proposal),
        }
    }

    pub(super) fn may_vote(&self, vote: &SignedVote<EmbeddedContext>) -> bool {
        let speaker = (vote.address, vote.signature);
        self.is_due_or_signed(vote.height, speaker, |chain_id, key| {
            vote.canonical()
                .is_some_and(|word| vote.signature.is_by(key, &word.sign_bytes(chain_id)))
        })
    }

    fn may_propose(&self, proposal: &SignedProposal<EmbeddedContext>) -> bool {
        let speaker = (proposal.address, proposal.signature);
        self.is_due_or_signed(proposal.height, speaker, |chain_id, key| {
            let bytes = proposal.sign_bytes(chain_id);
            proposal.signature.is_by(key, &bytes)
        })
    }

    /// Whether a word does not wait, so that Malachite looks at its signature itself, or is a new one of a validator who may
    /// say more.
    fn is_due_or_signed(
        &self,
        height: Height,
        (speaker, signature): (Address, Signature),
        is_signed: impl FnOnce(&str, &VerifyingKey) -> bool,
    ) -> bool {
        let known = self.lock();
        if height.0 <= known.at_work {
            return true;
        }
        let Some(key) = known.key_with_room(height.0, &speaker, &signature) else {
            return false;
        };
        let chain_id = Arc::clone(&known.chain_id);
        drop(known);
        if !is_signed(&chain_id, &key) {
            return false;
        }

        let mut known = self.lock();
        let words = known.waiting.entry(height.0).or_default();
        words.entry(speaker).or_default().insert(signature)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The key of a validator of whom this word may wait beside those of the same height that do.
    fn key_with_room(
        &self,
        height: u64,
        speaker: &Address,
        signature: &Signature,
    ) -> Option<VerifyingKey> {
        let words = self.waiting.get(&height);
        let words = words.and_then(|words| words.get(speaker));
        let has_room =
            words.is_none_or(|words| words.len() < WORDS_MAX && !words.contains(signature));
        let is_near = height - self.at_work <= HEIGHTS_AHEAD_MAX;
        if !is_near || !has_room {
            return None;
        }
        let validator = self.validators.find(speaker);
        let validator = validator.or_else(|| self.next_validators.find(speaker));
        validator.map(|validator| validator.public_key)
    }
}

#[cfg(test)]
mod tests {
    use malachitebft_app_channel::app::types::core::{Context as _, NilOrVal, Round};

    use super::*;
    use crate::embedded::canonical::{Signature, VoteKind};
    use crate::embedded::sample::{Chain, address_of, key, vote};

    #[test]
    fn a_vote_above_the_height_at_work_is_taken_in_where_a_validator_signed_it() {
        let chain = Chain::found(&[10; 4]);
        let voters = Voters::new(&chain.tip);
        voters.work_on(Height(1), &chain.tip);
        let may_vote = |speaker, signer, height: u64| {
            let signed = vote(&key(signer), VoteKind::Prevote, height, 0, None);
            let (height, round) = (Height(height), Round::new(0));
            let speaker = address_of(&key(speaker));
            let word = EmbeddedContext.new_prevote(height, round, NilOrVal::Nil, speaker);
            voters.may_vote(&SignedVote::new(word, signed.signature))
        };

        for height in [2, 3, 60] {
            assert!(may_vote(1, 1, height));
            assert!(!may_vote(9, 9, height), "a stranger's");
            assert!(!may_vote(1, 9, height), "under another's name");
        }
        // Malachite looks at these itself.
        assert!(may_vote(9, 9, 1));
        voters.work_on(Height(2), &chain.tip);
        assert!(may_vote(9, 9, 2));
    }

    #[test]
    fn one_validator_says_so_much_of_a_height_before_its_turn_and_no_more() {
        let chain = Chain::found(&[10; 4]);
        let voters = Voters::new(&chain.tip);
        voters.work_on(Height(1), &chain.tip);
        let said = |speaker, signer, height: u64, round: u32| {
            let signed = vote(&key(signer), VoteKind::Prevote, height, round, None);
            let speaker = address_of(&key(speaker));
            let (height, round) = (Height(height), Round::new(round));
            let word = EmbeddedContext.new_prevote(height, round, NilOrVal::Nil, speaker);
            voters.may_vote(&SignedVote::new(word, signed.signature))
        };
        let may_vote = |validator, height, round| said(validator, validator, height, round);

        // Words that others forge in its name, or repeat, take no place of its own.
        assert!(!(0..100).any(|round| said(1, 9, 2, round)));
        assert_eq!((0..100).filter(|_| may_vote(1, 2, 0)).count(), 1);
        let taken_in = (0..1_000).filter(|round| may_vote(1, 2, *round));
        assert_eq!(taken_in.count(), WORDS_MAX - 1);
        assert!(may_vote(2, 2, 0), "the others are heard");
        assert!(may_vote(1, 3, 0), "and it is, of other heights");
        assert!(may_vote(1, 1 + HEIGHTS_AHEAD_MAX, 0));
        assert!(!may_vote(1, 2 + HEIGHTS_AHEAD_MAX, 0), "but not so far");
        assert!(!may_vote(1, u64::MAX, 0));

        voters.work_on(Height(2), &chain.tip);
        assert!(may_vote(1, 2, 999), "its turn has come");
        assert!(!voters.lock().waiting.contains_key(&2));
    }

    #[test]
    fn a_proposal_of_an_invented_address_is_not_taken_in() {
        let chain = Chain::found(&[10; 4]);
        let voters = Voters::new(&chain.tip);
        let id = chain.tip.block_id;
        let address = address_of(&key(9));
        let proposal =
            EmbeddedContext.new_proposal(Height(5), Round::new(0), id, Round::Nil, address);
        let proposal = SignedProposal::new(proposal, Signature([1; 64]));
        assert!(!voters.may_speak(&SignedConsensusMsg::Proposal(proposal)));
    }
}
