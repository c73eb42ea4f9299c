//! The validator set: what every change of it must keep.

use polity_proto::v1::{Counter, Organisation, Validator};

use super::possession;
use crate::context::Context;
use crate::judge::Need;
use crate::state::{keys, names};
use crate::{Rejection, check};

/// Most validators. Each verifies the vote of every other in each round, and a block is proven by the signatures of
/// more than two thirds. Engines take several times as many in one certificate, so no decision of departments can
/// exceed what they take.
pub(crate) const VALIDATORS_MAX: u32 = 100;
/// From so many validators on, none has a third of the power.
const VALIDATORS_FAIR: usize = 4;
/// Most power of all validators together: what consensus engines can count.
pub(crate) const POWER_SUM_MAX: u128 = i64::MAX as u128 / 8;

/// The departments decide about the set, in the name of the whole organisation.
pub(crate) fn need(context: &Context<'_, '_>) -> Result<Need, Rejection> {
    let organisation: Organisation = context.get(0)?;
    Ok(Need::departments(organisation.root_unit))
}

/// Refuses a key that validates already.
pub(crate) fn check_free(context: &Context<'_, '_>, key: &[u8]) -> Result<(), Rejection> {
    match names::find(context, &index(key)) {
        Some(_) => Err(Rejection::ValidatorKeyTaken),
        None => Ok(()),
    }
}

/// Key of the index from a consensus key to its unit.
pub(crate) fn index(key: &[u8]) -> Vec<u8> {
    keys::key_with(keys::CONSENSUS_KEY, &[], key)
}

/// Refuses a consensus key that did not sign for its unit.
pub(crate) fn check_possession(
    context: &Context<'_, '_>,
    unit: u64,
    key: &[u8],
    proof: &[u8],
) -> Result<(), Rejection> {
    possession::require(context, key, proof, |organisation| {
        check::consensus_possession_bytes(organisation, unit, key)
    })
}

/// At most one change per block, evidence counted. A genesis founds the whole set at once and is
/// judged at its end.
pub(crate) fn check_change(
    context: &Context<'_, '_>,
    after: &[Validator],
) -> Result<(), Rejection> {
    if context.is_genesis() {
        return Ok(());
    }
    let changed: Counter = context.value(&keys::key(keys::VALIDATORS_CHANGED, &[]));
    if changed.last == context.block.height {
        return Err(Rejection::OneChangePerBlock);
    }
    check_set(after, context.parameters().validators_min)
}

/// Whether these validators may be the set: enough of them, none too mighty.
pub(crate) fn check_set(validators: &[Validator], validators_min: u32) -> Result<(), Rejection> {
    if validators.len() < validators_min as usize {
        return Err(Rejection::ValidatorsMin);
    }
    if validators.len() > VALIDATORS_MAX as usize {
        return Err(Rejection::TooManyValidators);
    }
    let powers = validators
        .iter()
        .map(|validator| u128::from(validator.power));
    let sum: u128 = powers.clone().sum();
    let unfair =
        validators.len() >= VALIDATORS_FAIR && powers.clone().any(|power| 3 * power >= sum);
    if unfair {
        return Err(Rejection::PowerTooLarge);
    }
    if sum > POWER_SUM_MAX {
        return Err(Rejection::PowerSum);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(powers: &[u64], validators_min: u32, expected: Result<(), Rejection>) {
        let validators: Vec<Validator> = powers
            .iter()
            .map(|power| Validator {
                power: *power,
                ..Validator::default()
            })
            .collect();
        assert_eq!(
            check_set(&validators, validators_min),
            expected,
            "{powers:?}"
        );
    }

    #[test]
    fn none_has_a_third_once_there_are_four() {
        check(&[1], 1, Ok(()));
        check(&[9, 1, 1], 1, Ok(()));
        check(&[1, 1, 1, 1], 4, Ok(()));
        check(&[2, 1, 1, 1], 4, Err(Rejection::PowerTooLarge));
        check(&[3, 2, 2, 2], 4, Err(Rejection::PowerTooLarge));
        check(&[5, 4, 4, 3], 4, Ok(()));
    }

    #[test]
    fn enough_remain_and_their_power_can_be_counted() {
        check(&[1, 1, 1], 4, Err(Rejection::ValidatorsMin));
        check(&[], 1, Err(Rejection::ValidatorsMin));
        check(&[u64::MAX], 1, Err(Rejection::PowerSum));
        check(&[1 << 59; 4], 4, Err(Rejection::PowerSum));
        check(&[1 << 57; 4], 4, Ok(()));
    }

    #[test]
    fn there_are_as_many_as_a_certificate_holds_several_times() {
        let max = VALIDATORS_MAX as usize;
        check(&vec![1; max], 4, Ok(()));
        check(&vec![1; max + 1], 4, Err(Rejection::TooManyValidators));
    }
}
