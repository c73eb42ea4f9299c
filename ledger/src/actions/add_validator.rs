//! `add_validator`: a unit runs a validator.

use polity_proto::v1::{
    AddValidator, Capability, Counter, ObjectKind, Organisation, Unit, Validator,
};

use super::{Act, enrolment};
use crate::context::Context;
use crate::judge::{Need, policies, power};
use crate::state::keys::{self, List};
use crate::state::{Read, lists, names};
use crate::{Rejection, check, evidence, form};

/// From so many validators on, none has a third of the power.
const VALIDATORS_FAIR: usize = 4;

impl Act for AddValidator {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        enrolment::check_fit(&self.key)?;
        if self.power == 0 {
            return Err(Rejection::PowerZero);
        }
        Ok(())
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Unit = context.find(&self.unit)?;
        let organisation: Organisation = context.get(0)?;
        Ok(vec![Need::departments(organisation.root_unit)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        let holds = power::unit_capabilities(context, unit.number);
        if !holds.contain(Capability::OperateValidator) {
            return Err(Rejection::NotConferred);
        }
        let key = keys::key(keys::VALIDATOR, &[unit.number]);
        if context.state.get(&key).is_some() {
            return Err(Rejection::AlreadyValidates);
        }
        let key_index = keys::key_with(keys::CONSENSUS_KEY, &[], &self.key);
        if names::find(context, &key_index).is_some() {
            return Err(Rejection::ValidatorKeyTaken);
        }
        check_possession(self, context, unit.number)?;
        let mut validators = policies::validators(context);
        let changed: Counter = context.value(&keys::key(keys::VALIDATORS_CHANGED, &[]));
        if !context.is_genesis() && changed.last == context.block.height {
            return Err(Rejection::OneChangePerBlock);
        }
        let validator = Validator {
            unit: unit.number,
            key: self.key.clone(),
            power: self.power,
            changed_at: context.now().time,
        };
        validators.push(validator.clone());
        check_powers(&validators)?;

        context.put_value(key, &validator);
        names::point(context.state, key_index, unit.number);
        lists::append(context.state, List::Validators, 0, unit.number);
        evidence::mark_changed(context.state, context.block);
        context.event(
            ObjectKind::Unit,
            unit.number,
            &[(ObjectKind::Unit, unit.number)],
        );
        Ok(())
    }
}

fn check_possession(
    act: &AddValidator,
    context: &Context<'_, '_>,
    unit: u64,
) -> Result<(), Rejection> {
    let organisation: Organisation = context.get(0)?;
    let message = if context.is_genesis() {
        check::founding_possession_bytes(&organisation.chain_id, &act.key)
    } else {
        let digest: [u8; 32] = organisation
            .digest
            .as_slice()
            .try_into()
            .map_err(|_| Rejection::WrongOrganisation)?;
        check::consensus_possession_bytes(&digest, unit, &act.key)
    };
    let proven = <&[u8; 64]>::try_from(act.possession.as_slice())
        .is_ok_and(|signature| check::signature_is_valid(&act.key, signature, &message));
    if proven {
        Ok(())
    } else {
        Err(Rejection::PossessionUnproven)
    }
}

/// No unit has a third of the power or more, once there are four.
fn check_powers(validators: &[Validator]) -> Result<(), Rejection> {
    let total: u128 = validators
        .iter()
        .map(|validator| u128::from(validator.power))
        .sum();
    let unfair = validators
        .iter()
        .any(|validator| 3 * u128::from(validator.power) >= total);
    if unfair && validators.len() >= VALIDATORS_FAIR {
        return Err(Rejection::PowerTooLarge);
    }
    Ok(())
}
