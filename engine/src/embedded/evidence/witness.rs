//! Votes that were heard, kept for a while. Consensus compares the votes of a height until it is finalized; a second
//! vote that contradicts the first convicts its validator also where it comes later.

use std::collections::BTreeMap;

use crate::embedded::canonical::{Address, SignedVote, VoteKind};
use crate::embedded::tip::Tip;

/// Heights for which votes are kept; what contradicts an older one goes unnoticed.
const HEIGHTS_MAX: u64 = 1_000;
/// Rounds of a height that are listened to.
const ROUNDS_MAX: u32 = 16;

/// Rounds in which a vote is kept unverified: whoever sends forged ones fills no others.
const ROUNDS_USUAL: u32 = 2;

/// Two votes of one validator that contradict each other.
pub(in crate::embedded) type Contradiction = (SignedVote, SignedVote);

/// The first vote of each validator in each round of the newest heights.
#[derive(Default)]
pub(in crate::embedded) struct Witness {
    heard: BTreeMap<u64, BTreeMap<Place, SignedVote>>,
    // Until their height is decided: one for each validator, because one convicts.
    waiting: BTreeMap<Address, Contradiction>,
}

/// Where a validator votes once.
type Place = (u32, VoteKind, Address);

impl Witness {
    /// Hears a vote whose signature nobody has looked at yet, and looks at it where it contradicts an earlier one.
    pub(in crate::embedded) fn hear(
        &mut self,
        vote: SignedVote,
        tip: &Tip,
    ) -> Option<Contradiction> {
        let said = &vote.vote;
        let height = said.height;
        let is_near = height <= tip.next_height() && height + HEIGHTS_MAX > tip.height;
        if !is_near || said.round >= ROUNDS_MAX {
            return None;
        }
        let of_either = [&tip.validators, &tip.last_validators];
        let validator = of_either.iter().find_map(|set| set.find(&said.address))?;
        let is_signed = |vote: &SignedVote| vote.is_signed_by(&tip.chain_id, &validator.public_key);

        let place = (said.round, said.kind, said.address);
        let of_height = self.heard.entry(height).or_default();
        let Some(first) = of_height.get_mut(&place) else {
            // The first rounds are what a height comes to, and cost no second look. Later ones are for whoever signs.
            if said.round < ROUNDS_USUAL || is_signed(&vote) {
                of_height.insert(place, vote);
            }
            return None;
        };
        if first.vote == vote.vote || !is_signed(&vote) {
            return None;
        }
        if !is_signed(first) {
            *first = vote;
            return None;
        }
        let contradiction = (first.clone(), vote);
        if height <= tip.height {
            return Some(contradiction);
        }
        // Evidence names the time of its block, which is not decided yet.
        self.waiting.entry(place.2).or_insert(contradiction);
        None
    }

    /// A height is decided: answers what waited for it, and forgets what is old.
    pub(in crate::embedded) fn decided(&mut self, height: u64) -> Vec<Contradiction> {
        self.heard = self
            .heard
            .split_off(&(height + 1).saturating_sub(HEIGHTS_MAX));
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::canonical::BlockId;
    use crate::embedded::sample::{Chain, key, vote};

    fn chain(heights: usize) -> Chain {
        let mut chain = Chain::found(&[10; 4]);
        for _ in 0..heights {
            chain.grow(0, 0, &[], Vec::new());
        }
        chain
    }

    fn block(number: u8) -> Option<BlockId> {
        Some(BlockId {
            hash: [number; 32],
            ..BlockId::default()
        })
    }

    fn said(by: u8, height: u64, block: Option<BlockId>) -> SignedVote {
        vote(&key(by), VoteKind::Prevote, height, 0, block)
    }

    #[test]
    fn a_vote_that_contradicts_an_earlier_one_is_noticed_whenever_it_comes() {
        let mut chain = chain(1);
        let mut witness = Witness::default();
        let first = said(2, 2, block(1));
        assert_eq!(witness.hear(first.clone(), &chain.tip), None);
        chain.tip.height += HEIGHTS_MAX;
        assert!(witness.decided(chain.tip.height).is_empty());
        for second in [block(2), None] {
            let second = said(2, 2, second);
            let found = witness.hear(second.clone(), &chain.tip);
            assert_eq!(found, Some((first.clone(), second)));
        }

        chain.tip.height += 1;
        witness.decided(chain.tip.height);
        assert_eq!(witness.hear(said(2, 2, None), &chain.tip), None, "too late");
    }

    #[test]
    fn what_contradicts_nothing_is_no_contradiction() {
        let chain = chain(3);
        let mut witness = Witness::default();
        let others = [
            said(2, 3, block(1)),
            said(2, 3, block(1)),
            said(3, 3, block(2)),
            said(2, 2, block(2)),
            vote(&key(2), VoteKind::Precommit, 3, 0, block(2)),
            vote(&key(2), VoteKind::Prevote, 3, 1, block(2)),
        ];
        for vote in others {
            assert_eq!(witness.hear(vote, &chain.tip), None);
        }
    }

    #[test]
    fn a_contradiction_waits_until_its_height_is_decided() {
        let chain = chain(1);
        let mut witness = Witness::default();
        let (one, other) = (said(2, 2, block(1)), said(2, 2, block(2)));
        assert_eq!(witness.hear(one.clone(), &chain.tip), None);
        assert_eq!(witness.hear(other.clone(), &chain.tip), None);
        assert_eq!(witness.decided(2), [(one, other)]);
        assert!(witness.decided(3).is_empty());
    }

    #[test]
    fn a_forged_vote_convicts_nobody_and_hides_nobody() {
        let chain = chain(2);
        let forged = |number| SignedVote {
            signature: said(3, 2, block(number)).signature,
            ..said(2, 2, block(number))
        };
        let mut witness = Witness::default();
        assert_eq!(witness.hear(forged(9), &chain.tip), None);
        let (one, other) = (said(2, 2, block(1)), said(2, 2, block(2)));
        assert_eq!(witness.hear(one.clone(), &chain.tip), None);
        assert_eq!(witness.hear(forged(8), &chain.tip), None);
        assert_eq!(witness.hear(other.clone(), &chain.tip), Some((one, other)));
    }

    #[test]
    fn strangers_and_far_rounds_take_no_room() {
        let chain = chain(2);
        let mut witness = Witness::default();
        for far in [
            said(9, 2, None),
            said(2, 4, None),
            vote(&key(2), VoteKind::Prevote, 2, ROUNDS_MAX, None),
        ] {
            assert_eq!(witness.hear(far, &chain.tip), None);
        }
        assert!(witness.heard.is_empty());

        for round in 0..ROUNDS_MAX {
            let signed = vote(&key(2), VoteKind::Prevote, 2, round, None);
            let forged = SignedVote {
                signature: said(3, 2, None).signature,
                ..vote(&key(2), VoteKind::Precommit, 2, round, None)
            };
            for vote in [signed, forged] {
                assert_eq!(witness.hear(vote, &chain.tip), None);
            }
        }
        assert_eq!(witness.heard[&2].len() as u32, ROUNDS_MAX + ROUNDS_USUAL);
    }
}
