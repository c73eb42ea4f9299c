//! `retire`: value leaves an account for good, back to its asset's issuance account.

use polity_proto::v1::{Account, Asset, Capability, OwnerKind, Retire, TransferKind};

use super::posting::{self, Move};
use super::{Act, issue, ownership};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for Retire {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)?;
        form::amount(&self.amount)?;
        form::optional_hash(&self.document)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let from: Account = context.find(&self.account)?;
        let asset: Asset = context.get(from.asset)?;
        let owner = posting::owner(&from);
        let issuer = ownership::issuer(context, &asset);
        let of_the_issuer = owner.kind() == OwnerKind::Unit && owner.number == issuer;
        if of_the_issuer {
            return Ok(vec![issue::need(context, &asset)]);
        }
        // Value in somebody else's account is retired only if its holders sign along. Theirs is the basis, because it
        // counts towards their limits.
        let to: Account = context.get(asset.issuance)?;
        let amount = Amount::from_bytes(&self.amount)?;
        let taking = posting::need_to_take(context, Capability::Spend, &from, &to, amount);
        Ok(vec![taking, issue::need(context, &asset)])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let from: Account = context.find(&self.account)?;
        let asset: Asset = context.get(from.asset)?;
        let movement = Move {
            to: context.get(asset.issuance)?,
            from,
            amount: Amount::from_bytes(&self.amount)?,
            kind: TransferKind::Retire,
            line: 0,
            value_date: 0,
        };
        posting::post(context, movement).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::world::{World, by, euros};

    const LEAD: &str = "acme#lead";

    #[test]
    fn the_issuer_retires_its_own_and_others_sign_along() {
        let mut world = World::with_treasury();
        let of = |world: &World, path: &str| {
            Kind::Retire(Retire {
                account: world.account_ref(path),
                amount: euros(50),
                ..Retire::default()
            })
        };
        let (own, dev, finn) = (
            of(&world, "acme:main"),
            of(&world, "dev:main"),
            of(&world, "finn:main"),
        );
        world.check("ada", Some(LEAD), own, "accepted");
        world.check("ada", Some(LEAD), dev.clone(), "rejected no_grant");
        world.check("ben", Some("dev#lead"), dev.clone(), "rejected no_grant");
        let together = by("ben").acting_as("dev#lead").seconded("ada", LEAD);
        world.check_deed(together.does(dev), "accepted");
        world.check("ada", Some(LEAD), finn.clone(), "rejected not_yours");
        world.check_deed(by("finn").seconded("ada", LEAD).does(finn), "accepted");
        assert_eq!(world.balance("dev:main"), 95_000);
        assert_eq!(world.balance("finn:main"), 5_000);
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let good = Retire {
            account: world.account_ref("acme:main"),
            amount: euros(50),
            ..Retire::default()
        };
        let reserve = world.account_ref("acme:reserve");
        for (expected, act) in [
            (
                "rejected ref_malformed",
                Retire {
                    account: None,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_malformed",
                Retire {
                    amount: vec![0],
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                Retire {
                    document: vec![1],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                Retire {
                    account: form::numbered(99),
                    ..good.clone()
                },
            ),
            (
                "rejected amount_zero",
                Retire {
                    amount: vec![],
                    ..good.clone()
                },
            ),
            (
                "rejected insufficient_funds",
                Retire {
                    account: reserve,
                    ..good
                },
            ),
        ] {
            world.check("ada", Some(LEAD), Kind::Retire(act), expected);
        }
    }
}
