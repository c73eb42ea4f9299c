//! Evidence of double signing: made from what consensus saw, judged inside a block, told to the application.

use super::canonical::{DoubleVote, SignedVote, ValidatorSet};
use super::rows::Rows;
use super::tip::Tip;
use crate::Fault;
use crate::application::{Misbehavior, MisbehaviorKind, Timestamp};

/// Pieces of evidence that wait for a block; more are forgotten, because one piece convicts.
const PENDING_MAX: usize = 100;

/// Evidence that no block carries yet.
#[derive(Default)]
pub(super) struct Pending(Vec<DoubleVote>);

impl Pending {
    /// Notes two votes of one validator that contradict each other.
    pub(super) fn note(
        &mut self,
        rows: &Rows,
        one: SignedVote,
        other: SignedVote,
    ) -> Result<(), Fault> {
        let (first, second) = DoubleVote::order(one, other);
        let Some(context) = Context::of(rows, first.vote.height)? else {
            return Ok(());
        };
        let Some(double) = context.evidence(first, second) else {
            return Ok(());
        };
        if self.0.len() < PENDING_MAX && !self.0.contains(&double) && !rows.has_evidence(&double)? {
            tracing::warn!(
                validator = %double.first.vote.address,
                height = double.first.vote.height,
                "a validator signed twice"
            );
            self.0.push(double);
        }
        Ok(())
    }

    /// What a block on this tip may carry.
    pub(super) fn for_block(&mut self, rows: &Rows, tip: &Tip) -> Result<Vec<DoubleVote>, Fault> {
        let mut kept = Vec::new();
        for double in self.0.drain(..) {
            if is_young(&double, tip) && !rows.has_evidence(&double)? {
                kept.push(double);
            }
        }
        self.0 = kept;

        let mut left = u64::try_from(tip.params.evidence.max_bytes).unwrap_or_default();
        let mut chosen: Vec<DoubleVote> = Vec::new();
        for double in &self.0 {
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
    let mut left = u64::try_from(tip.params.evidence.max_bytes).unwrap_or_default();
    for (index, double) in evidence.iter().enumerate() {
        let bytes = double.bytes().len() as u64;
        if bytes > left || evidence[..index].contains(double) {
            return Ok(false);
        }
        left -= bytes;
        if double.first.vote.height > tip.height
            || !is_young(double, tip)
            || rows.has_evidence(double)?
        {
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
        let Some(block) = rows.block(height)? else {
            return Ok(None);
        };
        let header = block.header();
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
