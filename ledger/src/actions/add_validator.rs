//! `add_validator`: a department runs a validator, whose consensus key signs along.

use polity_proto::v1::{AddValidator, Capability, ObjectKind, Unit, Validator};

use super::{Act, enrolment, validators};
use crate::context::Context;
use crate::judge::{Need, departments, power};
use crate::state::keys::{self, List};
use crate::state::{Read, lists, names};
use crate::{Rejection, evidence, form};

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
        Ok(vec![validators::need(context)?])
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
        validators::check_free(context, &self.key)?;
        validators::check_possession(context, unit.number, &self.key, &self.possession)?;
        let validator = Validator {
            unit: unit.number,
            key: self.key.clone(),
            power: self.power,
            changed_at: context.now().time,
        };
        let mut after = departments::validators(context);
        after.push(validator.clone());
        validators::check_change(context, &after)?;

        context.put_value(key, &validator);
        names::point(context.state, validators::index(&self.key), unit.number);
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

#[cfg(test)]
mod tests {
    use polity_proto::v1::{UnitKind, action::Kind};

    use super::*;
    use crate::world::{World, public};

    fn add(world: &World, unit: &str, name: &str, power: u64) -> AddValidator {
        AddValidator {
            unit: world.unit_ref(unit),
            key: public(name),
            possession: world.consensus_possession(unit, name),
            power,
        }
    }

    #[test]
    fn a_department_validates_when_the_departments_decided() {
        let mut world = World::new();
        let act = add(&world, "acme", "acme validator", 10);
        world.check_decided("ada", Kind::AddValidator(act), "accepted");

        let root = world.unit("acme").number;
        assert!(world.list(List::Validators, 0).contains(&root));
        let validator: Validator = world
            .value(&keys::key(keys::VALIDATOR, &[root]))
            .expect("it validates");
        assert_eq!((validator.power, validator.changed_at), (10, world.time));
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::new();
        let good = add(&world, "acme", "new", 10);
        for (expected, act) in [
            (
                "rejected ref_malformed",
                AddValidator {
                    unit: None,
                    ..good.clone()
                },
            ),
            (
                "rejected key_unfit",
                AddValidator {
                    key: vec![0; 32],
                    ..good.clone()
                },
            ),
            (
                "rejected power_zero",
                AddValidator {
                    power: 0,
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                AddValidator {
                    unit: form::numbered(99),
                    ..good.clone()
                },
            ),
            (
                "rejected already_validates",
                add(&world, "dev", "another", 10),
            ),
            (
                "rejected validator_key_taken",
                add(&world, "acme", "dev validator", 10),
            ),
            (
                "rejected possession_unproven",
                AddValidator {
                    possession: world.consensus_possession("dev", "new"),
                    ..good.clone()
                },
            ),
            (
                "rejected power_too_large",
                AddValidator {
                    power: 20,
                    ..good.clone()
                },
            ),
        ] {
            world.check_decided("ada", Kind::AddValidator(act), expected);
        }
        let role = Some("acme#lead");
        world.check(
            "ada",
            role,
            Kind::AddValidator(good.clone()),
            "rejected needs_decision",
        );
        world.check(
            "finn",
            Some("dev#engineer"),
            Kind::AddValidator(good),
            "rejected no_grant",
        );
    }

    #[test]
    fn no_more_validate_than_consensus_has_room_for() {
        let mut world = World::new();
        let of_others = validators::VALIDATORS_MAX as usize - world.list(List::Validators, 0).len();
        for place in 1..=of_others {
            let (handle, name) = (format!("v{place}"), format!("validator {place}"));
            world.ada(Kind::CreateUnit(world.create_unit(
                "acme",
                &handle,
                UnitKind::Team,
            )));
            let act = Kind::AddValidator(add(&world, &handle, &name, 10));
            world.check_decided("ada", act, "accepted");
        }
        let act = Kind::AddValidator(add(&world, "acme", "one more", 10));
        world.check_decided("ada", act, "rejected too_many_validators");
    }

    #[test]
    fn validators_change_once_a_block() {
        let mut world = World::new();
        let first = Kind::AddValidator(add(&world, "acme", "new", 10));
        let remove = Kind::RemoveValidator(polity_proto::v1::RemoveValidator {
            unit: world.unit_ref("dev"),
        });
        let outcome = world.decided("ada", &[first, remove]);
        assert_eq!(outcome, Err(Rejection::OneChangePerBlock));
    }

    #[test]
    fn a_unit_that_cannot_operate_a_validator_gets_none() {
        let mut world = World::new();
        let dissolved = world.dissolved();
        let bare = world.bare();
        for (unit, expected) in [
            (dissolved, "rejected unit_dissolved"),
            (bare, "rejected not_conferred"),
        ] {
            let act = AddValidator {
                unit,
                ..add(&world, "acme", "new", 10)
            };
            world.check_decided("ada", Kind::AddValidator(act), expected);
        }
    }
}
