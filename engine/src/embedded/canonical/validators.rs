//! Who votes: the validators of a height, in CometBFT's order, and whose turn it is to propose.

use std::collections::BTreeMap;
use std::sync::Arc;

use ed25519_dalek::VerifyingKey;
use prost::Message;
use tendermint_proto::v0_38::crypto::{PublicKey, public_key::Sum};
use tendermint_proto::v0_38::types as wire;

use super::{Address, Hash, merkle};
use crate::application::ValidatorUpdate;
use crate::cometbft::address;

/// The sum of all power, so that CometBFT's arithmetic never overflows.
pub const TOTAL_POWER_MAX: u64 = i64::MAX as u64 / 8;
/// Turns after which the order of proposers begins anew. Shares of power finer than this are rounded.
const TURNS_MAX: u64 = 4_096;
/// Each has a turn.
pub(super) const VALIDATORS_MAX: usize = TURNS_MAX as usize;

/// A validator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validator {
    /// Its address.
    pub address: Address,
    /// Its key.
    pub public_key: VerifyingKey,
    /// Its power, at least 1.
    pub power: u64,
}

/// The validators of a height: by power, the largest first, then by address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatorSet {
    validators: Arc<[Validator]>,
    // Places in `validators`, as their turns to propose follow each other.
    turns: Arc<[u16]>,
    total_power: u64,
}

/// Why there is no such set of validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValidatorSetError {
    /// Nobody is left.
    #[error("a chain needs a validator")]
    Empty,
    /// More power, or more validators, than can be counted.
    #[error("validators have more power than can be counted")]
    TooMuch,
    /// The bytes are no point of the curve.
    #[error("a validator's key is no Ed25519 key")]
    Key,
}

impl ValidatorSet {
    /// The set that results from nothing by these updates.
    pub fn new(updates: &[ValidatorUpdate]) -> Result<Self, ValidatorSetError> {
        Self::arrange(&BTreeMap::new(), updates)
    }

    /// The set after these updates; power 0 removes a validator.
    pub fn updated(&self, updates: &[ValidatorUpdate]) -> Result<Self, ValidatorSetError> {
        if updates.is_empty() {
            return Ok(self.clone());
        }
        let powers = self
            .iter()
            .map(|validator| (validator.public_key.to_bytes(), validator.power))
            .collect();
        Self::arrange(&powers, updates)
    }

    fn arrange(
        powers: &BTreeMap<[u8; 32], u64>,
        updates: &[ValidatorUpdate],
    ) -> Result<Self, ValidatorSetError> {
        let mut powers = powers.clone();
        for update in updates {
            match update.power {
                0 => powers.remove(&update.public_key),
                power => powers.insert(update.public_key, power),
            };
        }
        let total_power = powers
            .values()
            .try_fold(0u64, |sum, power| sum.checked_add(*power))
            .filter(|total| *total <= TOTAL_POWER_MAX)
            .ok_or(ValidatorSetError::TooMuch)?;
        let mut validators = powers
            .into_iter()
            .map(|(key, power)| {
                let public_key =
                    VerifyingKey::from_bytes(&key).map_err(|_| ValidatorSetError::Key)?;
                Ok(Validator {
                    address: Address(address(&key)),
                    public_key,
                    power,
                })
            })
            .collect::<Result<Vec<_>, ValidatorSetError>>()?;
        if validators.is_empty() {
            return Err(ValidatorSetError::Empty);
        }
        if validators.len() > VALIDATORS_MAX {
            return Err(ValidatorSetError::TooMuch);
        }
        validators
            .sort_by(|one, other| (other.power, one.address).cmp(&(one.power, other.address)));

        Ok(Self {
            turns: turns(&validators, total_power).into(),
            validators: validators.into(),
            total_power,
        })
    }

    /// How many there are.
    #[must_use]
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.validators.len()
    }

    /// All, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Validator> {
        self.validators.iter()
    }

    /// The one at a place.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Validator> {
        self.validators.get(index)
    }

    /// The place of an address.
    #[must_use]
    pub fn index_of(&self, address: &Address) -> Option<usize> {
        self.validators
            .iter()
            .position(|validator| validator.address == *address)
    }

    /// The one with an address.
    #[must_use]
    pub fn find(&self, address: &Address) -> Option<&Validator> {
        self.index_of(address).map(|index| &self.validators[index])
    }

    /// The sum of all power.
    #[must_use]
    pub fn total_power(&self) -> u64 {
        self.total_power
    }

    /// Whether this power is more than two thirds of all.
    #[must_use]
    pub fn is_decisive(&self, power: u64) -> bool {
        u128::from(power) * 3 > u128::from(self.total_power) * 2
    }

    /// Whose turn it is. Over heights, each proposes as often as its power is of all power. A further round of a
    /// height goes to the next validator that had no turn in it yet, so one that is down costs one round.
    #[must_use]
    pub fn proposer(&self, height: u64, round: u32) -> &Validator {
        let start = (height % self.turns.len() as u64) as usize;
        let wanted = round as usize % self.validators.len();
        let (before, from) = self.turns.split_at(start);
        let mut seen = Vec::with_capacity(wanted + 1);
        for place in from.iter().chain(before) {
            if !seen.contains(place) {
                seen.push(*place);
            }
            if seen.len() > wanted {
                break;
            }
        }
        // Everybody has a turn, so the last one seen is the one that is wanted.
        let place = seen.last().copied().unwrap_or_default();
        &self.validators[usize::from(place)]
    }

    /// The hash that headers carry.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let entries: Vec<Vec<u8>> = self
            .iter()
            .map(|validator| {
                wire::SimpleValidator {
                    pub_key: Some(PublicKey {
                        sum: Some(Sum::Ed25519(validator.public_key.to_bytes().to_vec())),
                    }),
                    voting_power: validator.power as i64,
                }
                .encode_to_vec()
            })
            .collect();
        merkle::root(&entries)
    }

    /// The set as the updates that make it: for the store.
    #[must_use]
    pub fn to_updates(&self) -> Vec<ValidatorUpdate> {
        self.iter()
            .map(|validator| ValidatorUpdate {
                public_key: validator.public_key.to_bytes(),
                power: validator.power,
            })
            .collect()
    }
}

/// Turns by smooth weighted round robin: each step gives everybody its power, and the richest pays all of it.
fn turns(validators: &[Validator], total_power: u64) -> Vec<u16> {
    let divisor = validators.iter().fold(total_power, |divisor, validator| {
        gcd(divisor, validator.power)
    });
    let scaled = |power: u64| {
        if total_power / divisor <= TURNS_MAX {
            power / divisor
        } else {
            let share = u128::from(power) * u128::from(TURNS_MAX) / u128::from(total_power);
            (share as u64).max(1)
        }
    };
    let weights: Vec<i64> = validators
        .iter()
        .map(|validator| scaled(validator.power) as i64)
        .collect();
    let total: i64 = weights.iter().sum();

    let mut credits = vec![0i64; weights.len()];
    (0..total)
        .map(|_| {
            let mut richest = 0;
            for place in 0..credits.len() {
                credits[place] += weights[place];
                if credits[place] > credits[richest] {
                    richest = place;
                }
            }
            credits[richest] -= total;
            richest as u16
        })
        .collect()
}

fn gcd(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}
