//! `remove_validator`: a department stops validating.

use polity_proto::v1::{ObjectKind, RemoveValidator, Unit};

use super::{Act, validators};
use crate::context::Context;
use crate::judge::{Need, departments};
use crate::state::keys::{self, List};
use crate::state::lists;
use crate::{Rejection, evidence, form};

impl Act for RemoveValidator {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let _: Unit = context.find(&self.unit)?;
        Ok(vec![validators::need(context)?])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit = context.resolve::<Unit>(&self.unit)?;
        let mut after = departments::validators(context);
        let place = after.iter().position(|validator| validator.unit == unit);
        let removed = after.remove(place.ok_or(Rejection::NotValidating)?);
        validators::check_change(context, &after)?;

        lists::remove(context.state, List::Validators, 0, unit);
        context.state.delete(keys::key(keys::VALIDATOR, &[unit]));
        context.state.delete(validators::index(&removed.key));
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
    use crate::world::{Charter, World, public};

    fn remove(world: &World, unit: &str) -> Kind {
        Kind::RemoveValidator(RemoveValidator {
            unit: world.unit_ref(unit),
        })
    }

    #[test]
    fn a_removed_validator_leaves_nothing_behind() {
        let mut world = World::new();
        let unit = world.unit("dev").number;
        let act = remove(&world, "dev");
        world.check_decided("ben", act, "accepted");

        assert!(!world.list(List::Validators, 0).contains(&unit));
        assert_eq!(
            Read::get(&world.state, &keys::key(keys::VALIDATOR, &[unit])),
            None
        );
        let index = validators::index(&public("dev validator"));
        assert_eq!(Read::get(&world.state, &index), None);
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut charter = Charter::acme();
        charter.parameters.validators_min = 4;
        let mut world = World::founded(&charter);
        let nothing = Kind::RemoveValidator(RemoveValidator { unit: None });
        let unknown = Kind::RemoveValidator(RemoveValidator {
            unit: form::numbered(99),
        });
        let (root, dev) = (remove(&world, "acme"), remove(&world, "dev"));
        world.check_decided("ben", nothing, "rejected ref_malformed");
        world.check_decided("ben", unknown, "rejected object_unknown");
        world.check_decided("ben", root, "rejected not_validating");
        world.check_decided("ben", dev.clone(), "rejected validators_min");
        world.check(
            "ben",
            Some("dev#lead"),
            dev.clone(),
            "rejected needs_decision",
        );
        world.check("finn", None, dev, "rejected no_grant");
    }
}
