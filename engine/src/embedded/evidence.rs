//! Evidence of double signing: made from what consensus and the [`Witness`] saw, judged inside a block, told to the
//! application.

mod witness;

use std::collections::BTreeMap;

pub(super) use witness::Witness;

use super::canonical::{Address, DoubleVote, SignedVote, ValidatorSet};
use super::rows::Rows;
use super::tip::Tip;
use crate::Fault;
use crate::application::{Misbehavior, MisbehaviorKind, Timestamp};

/// Evidence that no block carries yet: one piece for each validator, because one convicts, and a validator that signed
/// twice a hundred times hides no other.
#[derive(Default)]
pub(super) struct Pending {
    waiting: Vec<DoubleVote>,
    // At which height each was found guilty last: what it did until then needs no look at a block again.
    guilty: BTreeMap<Address, u64>,
}

impl Pending {
    /// Notes two votes of one validator that contradict each other.
    pub(super) fn note(
        &mut self,
        rows: &Rows,
        one: SignedVote,
        other: SignedVote,
    ) -> Result<(), Fault> {
        let (first, second) = DoubleVote::order(one, other);
        let (guilty, height) = (first.vote.address, first.vote.height);
        if self.guilty.get(&guilty).is_some_and(|last| height <= *last) {
            return Ok(());
        }
        let Some(context) = Context::of(rows, height)? else {
            return Ok(());
        };
        let Some(double) = context.evidence(first, second) else {
            return Ok(());
        };
        self.guilty.insert(guilty, height);
        let is_known = |known: &DoubleVote| known.first.vote.address == guilty;
        if !self.waiting.iter().any(is_known) && !rows.has_evidence(&double)? {
            tracing::warn!(validator = %guilty, height, "a validator signed twice");
            self.waiting.push(double);
        }
        Ok(())
    }

    /// What a block on this tip may carry.
    pub(super) fn for_block(&mut self, rows: &Rows, tip: &Tip) -> Result<Vec<DoubleVote>, Fault> {
        let mut kept = Vec::new();
        for double in self.waiting.drain(..) {
            if is_young(&double, tip) && !rows.has_evidence(&double)? {
                kept.push(double);
            }
        }
        self.waiting = kept;

        let mut left = u64::try_from(tip.params.evidence.max_bytes).unwrap_or_default();
        let mut chosen: Vec<DoubleVote> = Vec::new();
        for double in &self.waiting {
            let bytes = double.bytes().len() as u64;
            if bytes <= left {
                left -= bytes;
                chosen.push(double.clone());
            }
        }
        Ok(chosen)
    }
}

/// Whether a block on this tip may carry this evidence, in this order.
pub(super) fn is_admissible(
    rows: &Rows,
    tip: &Tip,
    evidence: &[DoubleVote],
) -> Result<bool, Fault> {
    for double in evidence {
        if rows.has_evidence(double)? {
            return Ok(false);
        }
    }
    is_proven(rows, tip, evidence)
}

/// The same, whether or not a block carried it already.
pub(super) fn is_proven(rows: &Rows, tip: &Tip, evidence: &[DoubleVote]) -> Result<bool, Fault> {
    let mut left = u64::try_from(tip.params.evidence.max_bytes).unwrap_or_default();
    for (index, double) in evidence.iter().enumerate() {
        let bytes = double.bytes().len() as u64;
        let guilty = double.first.vote.address;
        // One convicts. A validator may sign against itself without end, and each piece costs a look at a block.
        let is_known = |known: &DoubleVote| known.first.vote.address == guilty;
        if bytes > left || evidence[..index].iter().any(is_known) {
            return Ok(false);
        }
        left -= bytes;
        if double.first.vote.height > tip.height || !is_young(double, tip) {
            return Ok(false);
        }
        let context = Context::of(rows, double.first.vote.height)?;
        let expected = context
            .as_ref()
            .and_then(|context| context.evidence(double.first.clone(), double.second.clone()));
        let key = context
            .as_ref()
            .and_then(|context| context.validators.find(&double.first.vote.address))
            .map(|validator| validator.public_key);
        let (Some(expected), Some(key)) = (expected, key) else {
            return Ok(false);
        };
        if expected != *double || !double.is_proven(&tip.chain_id, &key) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The evidence of a block in the application's words.
pub(super) fn misbehavior(evidence: &[DoubleVote]) -> Vec<Misbehavior> {
    evidence
        .iter()
        .map(|double| Misbehavior {
            kind: MisbehaviorKind::DuplicateVote,
            validator_address: double.first.vote.address.0.to_vec().into(),
            validator_power: double.validator_power,
            height: double.first.vote.height,
            time: double.time,
            total_voting_power: double.total_power,
        })
        .collect()
}

/// It expires when it is older than both bounds.
fn is_young(double: &DoubleVote, tip: &Tip) -> bool {
    let bounds = &tip.params.evidence;
    let blocks = tip.next_height().saturating_sub(double.first.vote.height);
    let nanos = |time: Timestamp| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    i128::from(blocks) <= i128::from(bounds.max_age_blocks)
        || nanos(tip.time) - nanos(double.time) <= i128::from(bounds.max_age_nanos)
}

/// What a height tells of its validators.
struct Context {
    validators: ValidatorSet,
    time: Timestamp,
}

impl Context {
    fn of(rows: &Rows, height: u64) -> Result<Option<Self>, Fault> {
        let Some(block) = rows.outline(height)? else {
            return Ok(None);
        };
        let header = block.header;
        Ok(rows
            .validators(&header.validators_hash)?
            .map(|validators| Self {
                validators,
                time: header.time,
            }))
    }

    fn evidence(&self, first: SignedVote, second: SignedVote) -> Option<DoubleVote> {
        let index = self.validators.index_of(&first.vote.address)?;
        let validator = self.validators.get(index)?;
        Some(DoubleVote {
            first,
            second,
            validator_index: index as u32,
            validator_power: validator.power,
            total_power: self.validators.total_power(),
            time: self.time,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::canonical::{SealedBlock, VoteKind};
    use super::super::sample::{Chain, key, vote};
    use super::*;

    fn chain() -> Chain {
        let mut chain = Chain::found(&[10; 4]);
        for _ in 0..3 {
            chain.grow(1, 0, &[], Vec::new());
        }
        chain
    }

    fn noted(chain: &Chain) -> Vec<DoubleVote> {
        let mut pending = twice_said(chain, 2, 2);
        pending.for_block(&chain.rows, &chain.tip).unwrap()
    }

    /// A validator's votes for two blocks of a height, heard in either order.
    fn twice_said(chain: &Chain, by: u8, height: u64) -> Pending {
        let said =
            |block: &SealedBlock| vote(&key(by), VoteKind::Prevote, height, 0, Some(block.id()));
        let (one, other) = (said(&chain.blocks[0]), said(&chain.blocks[1]));
        let mut pending = Pending::default();
        pending
            .note(&chain.rows, one.clone(), other.clone())
            .unwrap();
        pending.note(&chain.rows, other, one).unwrap();
        pending
    }

    #[test]
    fn what_one_node_saw_another_one_admits_and_the_application_hears() {
        let chain = chain();
        let evidence = noted(&chain);
        assert_eq!(evidence.len(), 1, "the same votes are one piece");
        assert_eq!(is_admissible(&chain.rows, &chain.tip, &evidence), Ok(true));

        let told = misbehavior(&evidence).remove(0);
        assert_eq!(told.kind, MisbehaviorKind::DuplicateVote);
        assert_eq!(
            (told.height, told.validator_power, told.total_voting_power),
            (2, 10, 40)
        );
        assert_eq!(told.time, chain.blocks[1].header().time);
    }

    #[test]
    fn no_piece_is_carried_twice() {
        let chain = chain();
        let evidence = noted(&chain);
        let twice = [evidence.clone(), evidence.clone()].concat();
        assert_eq!(is_admissible(&chain.rows, &chain.tip, &twice), Ok(false));
        let more = twice_said(&chain, 2, 3).for_block(&chain.rows, &chain.tip);
        let [one, other] = [evidence.clone(), more.unwrap()];
        for (pieces, expected) in [(&other, true), (&[one, other.clone()].concat(), false)] {
            assert_eq!(is_admissible(&chain.rows, &chain.tip, pieces), Ok(expected));
        }
        let others = twice_said(&chain, 3, 2).for_block(&chain.rows, &chain.tip);
        let both = [evidence.clone(), others.unwrap()].concat();
        assert_eq!(is_admissible(&chain.rows, &chain.tip, &both), Ok(true));

        let mut block = chain.next_block(Vec::new()).block().clone();
        block.evidence.clone_from(&evidence);
        let block = block.seal();
        let rows = super::super::rows::decided(&block, &chain.tip, &[]);
        chain.rows.0.write(rows).unwrap();
        assert_eq!(is_admissible(&chain.rows, &chain.tip, &evidence), Ok(false));
        assert!(noted(&chain).is_empty());
    }

    #[test]
    fn what_is_not_proven_is_not_admitted() {
        let chain = chain();
        let good = noted(&chain).remove(0);
        type Change = fn(&mut DoubleVote);
        let changes: [(&str, Change); 7] = [
            ("power", |double| double.validator_power = 11),
            ("total power", |double| double.total_power = 41),
            ("time", |double| double.time.seconds += 1),
            ("place", |double| double.validator_index = 3),
            ("signature", |double| {
                double.first.signature = double.second.signature
            }),
            ("order", |double| {
                std::mem::swap(&mut double.first, &mut double.second)
            }),
            ("height", |double| {
                double.first.vote.height = 99;
                double.second.vote.height = 99;
            }),
        ];
        for (name, change) in changes {
            let mut changed = good.clone();
            change(&mut changed);
            assert_eq!(
                is_admissible(&chain.rows, &chain.tip, &[changed]),
                Ok(false),
                "{name}"
            );
        }
    }

    #[test]
    fn evidence_expires_when_it_is_old_by_both_bounds() {
        let mut chain = chain();
        let evidence = noted(&chain);
        chain.tip.params.evidence.max_age_nanos = 1_000_000_000;
        chain.tip.params.evidence.max_age_blocks = 3;
        for (heights, expected) in [(1, true), (2, false)] {
            for _ in 0..heights {
                chain.grow(0, 0, &[], Vec::new());
            }
            assert_eq!(
                is_admissible(&chain.rows, &chain.tip, &evidence),
                Ok(expected)
            );
        }
    }
}
