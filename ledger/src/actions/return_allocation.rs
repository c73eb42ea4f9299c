//! `return_allocation`: a unit gives budget money back.

use polity_proto::v1::{Account, Capability, ReturnAllocation, TransferKind};

use super::posting::{self, Move};
use super::{Act, allocate};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for ReturnAllocation {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.from)?;
        form::reference(&self.to)?;
        form::amount(&self.amount)?;
        form::line(&self.reference, form::REFERENCE_BYTES_MAX)?;
        form::optional_hash(&self.document)?;
        form::date(self.value_date)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        let amount = Amount::from_bytes(&self.amount)?;
        let capability = Capability::Allocate;
        let need = posting::need_to_take(context, capability, &from, &to, amount);
        Ok(vec![need])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let from: Account = context.find(&self.from)?;
        let to: Account = context.find(&self.to)?;
        allocate::check_units(&from, &to)?;
        let movement = Move {
            from,
            to,
            amount: Amount::from_bytes(&self.amount)?,
            kind: TransferKind::ReturnAllocation,
            line: 0,
            value_date: self.value_date,
        };
        posting::post(context, movement).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::world::{World, euros};

    #[test]
    fn a_unit_gives_back_by_its_own_act_and_each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let lead = Some("dev#lead");
        let good = ReturnAllocation {
            from: world.account_ref("dev:main"),
            to: world.account_ref("acme:main"),
            amount: euros(200),
            ..ReturnAllocation::default()
        };
        let act = Kind::ReturnAllocation(good.clone());
        world.check(
            "ada",
            Some("acme#lead"),
            act.clone(),
            "rejected own_decision_only",
        );
        world.check("ben", lead, act, "accepted");
        assert_eq!(world.balance("dev:main"), 80_000);

        let to_member = world.account_ref("finn:main");
        for (expected, act) in [
            (
                "rejected ref_malformed",
                ReturnAllocation {
                    from: None,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_malformed",
                ReturnAllocation {
                    amount: vec![0],
                    ..good.clone()
                },
            ),
            (
                "rejected text_malformed",
                ReturnAllocation {
                    reference: "\0".into(),
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                ReturnAllocation {
                    document: vec![1],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                ReturnAllocation {
                    to: form::numbered(99),
                    ..good.clone()
                },
            ),
            (
                "rejected not_between_units",
                ReturnAllocation {
                    to: to_member,
                    ..good.clone()
                },
            ),
            (
                "rejected insufficient_funds",
                ReturnAllocation {
                    amount: euros(801),
                    ..good
                },
            ),
        ] {
            world.check("ben", lead, Kind::ReturnAllocation(act), expected);
        }
    }
}
