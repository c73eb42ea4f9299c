//! `rotate_validator_key`: a department validates with another consensus key from now on.

use polity_proto::v1::{ObjectKind, RotateValidatorKey, Unit, Validator};

use super::{Act, enrolment, validators};
use crate::context::Context;
use crate::judge::{Need, departments};
use crate::state::{keys, names};
use crate::{Rejection, evidence, form};

impl Act for RotateValidatorKey {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        enrolment::check_fit(&self.key)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Unit = context.find(&self.unit)?;
        Ok(vec![validators::need(context)?])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit = context.resolve::<Unit>(&self.unit)?;
        let mut after = departments::validators(context);
        let validator = after
            .iter_mut()
            .find(|validator| validator.unit == unit)
            .ok_or(Rejection::NotValidating)?;
        validators::check_free(context, &self.key)?;
        validators::check_possession(context, unit, &self.key, &self.possession)?;
        let old_key = std::mem::replace(&mut validator.key, self.key.clone());
        validator.changed_at = context.now().time;
        let rotated: Validator = validator.clone();
        validators::check_change(context, &after)?;

        context.put_value(keys::key(keys::VALIDATOR, &[unit]), &rotated);
        context.state.delete(validators::index(&old_key));
        names::point(context.state, validators::index(&self.key), unit);
        evidence::mark_changed(context.state, context.block);
        context.event(ObjectKind::Unit, unit, &[(ObjectKind::Unit, unit)]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::state::Read;
    use crate::world::{World, public};

    fn rotate(world: &World, unit: &str, name: &str) -> RotateValidatorKey {
        RotateValidatorKey {
            unit: world.unit_ref(unit),
            key: public(name),
            possession: world.consensus_possession(unit, name),
        }
    }

    #[test]
    fn the_new_key_has_the_power_of_the_old_one() {
        let mut world = World::new();
        let act = Kind::RotateValidatorKey(rotate(&world, "dev", "fresh"));
        world.check_decided("ben", act, "accepted");

        let unit = world.unit("dev").number;
        let validators = departments::validators(&world.state);
        let validator = validators
            .iter()
            .find(|validator| validator.unit == unit)
            .expect("it validates");
        assert_eq!(
            (validator.key.clone(), validator.power),
            (public("fresh"), 10)
        );
        let index = |name: &str| names::find(&world.state, &validators::index(&public(name)));
        assert_eq!((index("fresh"), index("dev validator")), (Some(unit), None));
        assert!(Read::get(&world.state, &validators::index(&public("fresh"))).is_some());
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::new();
        let good = rotate(&world, "dev", "fresh");
        for (expected, act) in [
            (
                "rejected ref_malformed",
                RotateValidatorKey {
                    unit: None,
                    ..good.clone()
                },
            ),
            (
                "rejected key_unfit",
                RotateValidatorKey {
                    key: vec![1; 3],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                RotateValidatorKey {
                    unit: form::numbered(99),
                    ..good.clone()
                },
            ),
            ("rejected not_validating", rotate(&world, "acme", "fresh")),
            (
                "rejected validator_key_taken",
                rotate(&world, "dev", "ops validator"),
            ),
            (
                "rejected possession_unproven",
                RotateValidatorKey {
                    possession: Vec::new(),
                    ..good.clone()
                },
            ),
        ] {
            world.check_decided("ben", Kind::RotateValidatorKey(act), expected);
        }
        let twice = [
            Kind::RotateValidatorKey(good.clone()),
            Kind::RotateValidatorKey(rotate(&world, "dev", "fresher")),
        ];
        assert_eq!(
            world.decided("ben", &twice),
            Err(Rejection::OneChangePerBlock)
        );
        let act = Kind::RotateValidatorKey(good);
        world.check("ben", Some("dev#lead"), act, "rejected needs_decision");
    }
}
