//! `set_parameters`: waits, terms and bounds, inside of bounds that no decision widens.

use polity_proto::v1::{ObjectKind, SetParameters};

use super::{Act, validators};
use crate::context::Context;
use crate::judge::{Need, departments};
use crate::state::keys;
use crate::{Rejection, parameters};

impl Act for SetParameters {
    fn check(&self) -> Result<(), Rejection> {
        let changes = self.parameters.as_ref().ok_or(Rejection::FieldMissing)?;
        parameters::check(changes)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        Ok(vec![validators::need(context)?])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let changes = self.parameters.as_ref().ok_or(Rejection::FieldMissing)?;
        let merged = parameters::merge(&context.parameters(), changes)?;
        // A genesis has its validators at its end.
        let validators = departments::validators(context).len();
        if !context.is_genesis() && validators < merged.validators_min as usize {
            return Err(Rejection::ValidatorsMin);
        }

        context.put_value(keys::key(keys::PARAMETERS, &[]), &merged);
        context.event(
            ObjectKind::Organisation,
            0,
            &[(ObjectKind::Organisation, 0)],
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{Parameters, action::Kind};

    use super::*;
    use crate::world::World;

    fn set(parameters: Parameters) -> Kind {
        Kind::SetParameters(SetParameters {
            parameters: Some(parameters),
        })
    }

    #[test]
    fn what_is_zero_keeps_its_value() {
        let mut world = World::new();
        let before = parameters::get(&world.state);
        let entries = world.history_count(ObjectKind::Organisation, 0);
        let act = set(Parameters {
            hold_max: 7,
            ..Parameters::default()
        });
        world.check_decided("ada", act, "accepted");

        let expected = Parameters {
            hold_max: 7,
            ..before
        };
        assert_eq!(parameters::get(&world.state), expected);
        assert_eq!(
            world.history_count(ObjectKind::Organisation, 0),
            entries + 1
        );
    }

    #[test]
    fn what_is_not_said_is_judged_as_it_stands() {
        let mut world = World::new();
        let [gap, interval] = [
            Parameters {
                outage_gap: 3_600,
                ..Parameters::default()
            },
            Parameters {
                idle_interval: 500,
                ..Parameters::default()
            },
        ];
        let together = Parameters {
            outage_gap: 900,
            ..interval
        };
        for (parameters, expected) in [
            (interval, "rejected parameter_bounds"),
            (gap, "accepted"),
            (interval, "accepted"),
            (together, "rejected parameter_bounds"),
        ] {
            world.check_decided("ada", set(parameters), expected);
        }
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::new();
        let nothing = Kind::SetParameters(SetParameters { parameters: None });
        let out_of_bounds = set(Parameters {
            outage_gap: 1,
            ..Parameters::default()
        });
        let too_many = set(Parameters {
            validators_min: 5,
            ..Parameters::default()
        });
        world.check_decided("ada", nothing, "rejected field_missing");
        world.check_decided("ada", out_of_bounds, "rejected parameter_bounds");
        world.check_decided("ada", too_many.clone(), "rejected validators_min");
        world.check(
            "ada",
            Some("acme#lead"),
            too_many,
            "rejected needs_decision",
        );
    }
}
