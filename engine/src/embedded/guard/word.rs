//! One thing that a validator says, and the order in which it may say them.

use crate::embedded::canonical::BlockId;

/// The steps of a round, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The proposal.
    Proposal = 1,
    /// The first vote.
    Prevote = 2,
    /// The second vote.
    Precommit = 3,
}

/// What is about to be signed.
#[derive(Clone, PartialEq, Eq)]
pub struct Word {
    /// The height.
    pub height: u64,
    /// The round.
    pub round: u32,
    /// The step.
    pub step: Step,
    /// The block's whole name; zeros for none.
    pub said: [u8; BlockId::BYTES],
    /// The earlier round that a proposal refers to.
    pub pol_round: Option<u32>,
}

impl Word {
    /// Bytes of [`Self::to_bytes`].
    pub(super) const BYTES: usize = 8 + 4 + 1 + BlockId::BYTES + 8;

    /// Whether this comes after everything that came with the other.
    pub(super) fn is_after(&self, other: &Word) -> bool {
        (self.height, self.round, self.step) > (other.height, other.round, other.step)
    }

    pub(super) fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..8].copy_from_slice(&self.height.to_be_bytes());
        bytes[8..12].copy_from_slice(&self.round.to_be_bytes());
        bytes[12] = self.step as u8;
        bytes[13..13 + BlockId::BYTES].copy_from_slice(&self.said);
        let pol_round = self.pol_round.map_or(-1, i64::from);
        bytes[13 + BlockId::BYTES..].copy_from_slice(&pol_round.to_be_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (height, rest) = bytes.split_first_chunk::<8>()?;
        let (round, rest) = rest.split_first_chunk::<4>()?;
        let (step, rest) = rest.split_first()?;
        let (said, pol_round) = rest.split_first_chunk::<{ BlockId::BYTES }>()?;
        Some(Self {
            height: u64::from_be_bytes(*height),
            round: u32::from_be_bytes(*round),
            step: match step {
                1 => Step::Proposal,
                2 => Step::Prevote,
                3 => Step::Precommit,
                _ => return None,
            },
            said: *said,
            pol_round: u32::try_from(i64::from_be_bytes(pol_round.try_into().ok()?)).ok(),
        })
    }
}

impl std::fmt::Debug for Word {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{:?} of {}/{}: {}…",
            self.step,
            self.height,
            self.round,
            hex::encode(&self.said[..4])
        )
    }
}
