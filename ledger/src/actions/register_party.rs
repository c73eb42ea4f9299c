//! `register_party`: an external counterparty, such as a customer, a supplier or a bank.

use polity_proto::v1::{Capability, ObjectKind, Party, RegisterParty, Unit};

use super::Act;
use crate::context::Context;
use crate::judge::Need;
use crate::state::keys::List;
use crate::state::{lists, names};
use crate::{Rejection, form};

impl Act for RegisterParty {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.unit)?;
        form::handle(&self.handle)?;
        form::external_id(&self.external_id)?;
        form::optional_hash(&self.commitment)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        Ok(vec![Need::of(Capability::RegisterParties, unit.number)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let unit: Unit = context.find(&self.unit)?;
        if unit.dissolved_at != 0 {
            return Err(Rejection::UnitDissolved);
        }
        names::check_handle(context, ObjectKind::Party, unit.number, &self.handle)?;
        names::check_external_id(context, ObjectKind::Party, &self.external_id)?;

        let number = context.next_number(ObjectKind::Party);
        context.put(&Party {
            number,
            unit: unit.number,
            handle: self.handle.clone(),
            external_id: self.external_id.clone(),
            commitment: self.commitment.clone(),
        });
        names::claim(
            context.state,
            ObjectKind::Party,
            unit.number,
            &self.handle,
            &self.external_id,
            number,
        );
        lists::append(context.state, List::Parties, unit.number, number);
        context.event(
            ObjectKind::Party,
            number,
            &[(ObjectKind::Unit, unit.number)],
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::world::World;

    #[test]
    fn a_party_is_registered_once_and_each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let lead = Some("acme#lead");
        let good = RegisterParty {
            unit: world.unit_ref("acme"),
            handle: "supplier".into(),
            external_id: "DE-1".into(),
            commitment: vec![1; 32],
        };
        let unit = world.unit("acme").number;
        world.check("ada", lead, Kind::RegisterParty(good.clone()), "accepted");
        let party: Party = world.get(world.list(List::Parties, unit)[1]);
        assert_eq!((party.unit, party.handle.as_str()), (unit, "supplier"));

        for (expected, act) in [
            (
                "rejected ref_malformed",
                RegisterParty {
                    unit: None,
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                RegisterParty {
                    commitment: vec![1],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                RegisterParty {
                    unit: form::numbered(99),
                    ..good.clone()
                },
            ),
            (
                "rejected handle_malformed",
                RegisterParty {
                    handle: "A".into(),
                    ..good.clone()
                },
            ),
            ("rejected handle_taken", good.clone()),
            (
                "rejected external_id_malformed",
                RegisterParty {
                    handle: "other".into(),
                    external_id: "\u{e9}".into(),
                    ..good.clone()
                },
            ),
            (
                "rejected external_id_taken",
                RegisterParty {
                    handle: "other".into(),
                    ..good.clone()
                },
            ),
        ] {
            world.check("ada", lead, Kind::RegisterParty(act), expected);
        }
        world.check(
            "ben",
            Some("dev#lead"),
            Kind::RegisterParty(good.clone()),
            "rejected no_grant",
        );
        let act = RegisterParty {
            unit: world.dissolved(),
            ..good
        };
        world.check_decided("ada", Kind::RegisterParty(act), "rejected unit_dissolved");
    }
}
