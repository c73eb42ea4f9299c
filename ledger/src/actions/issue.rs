//! `issue`: new value enters an account from its asset's issuance account.

use polity_proto::v1::{Account, Asset, Capability, Issue, ObjectKind, TransferKind};

use super::posting::{self, Move};
use super::{Act, ownership, set_credit_limit};
use crate::context::Context;
use crate::judge::{Need, ValueNeed};
use crate::{Amount, Rejection, form};

impl Act for Issue {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)?;
        form::amount(&self.amount)?;
        form::optional_hash(&self.document)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let account: Account = context.find(&self.account)?;
        let asset: Asset = context.get(account.asset)?;
        Ok(vec![Need {
            value: Some(ValueNeed {
                asset: asset.number,
                amount: Amount::from_bytes(&self.amount)?,
                account: asset.issuance,
                counterparty: posting::owner(&account),
                payee: posting::owner(&account),
            }),
            ..need(context, &asset)
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let to: Account = context.find(&self.account)?;
        if context.is_of_one() && set_credit_limit::is_of_who_gives(context, &to) {
            return Err(Rejection::GrantToSelf);
        }
        let asset: Asset = context.get(to.asset)?;
        let movement = Move {
            from: context.get(asset.issuance)?,
            to,
            amount: Amount::from_bytes(&self.amount)?,
            kind: TransferKind::Issue,
            line: 0,
            value_date: 0,
        };
        posting::post(context, movement).map(|_| ())
    }
}

/// The asset is the unit's that defined it: whoever issues or retires acts in that unit's name.
pub(super) fn need(context: &Context<'_, '_>, asset: &Asset) -> Need {
    Need {
        object: Some((ObjectKind::Asset, asset.number)),
        ..Need::of(Capability::Issue, ownership::issuer(context, asset))
    }
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::action::Kind;

    use super::*;
    use crate::world::{World, euros};

    #[test]
    fn new_value_enters_and_each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let lead = Some("acme#lead");
        let good = Issue {
            account: world.account_ref("ops:main"),
            amount: euros(7),
            ..Issue::default()
        };
        world.check("ada", lead, Kind::Issue(good.clone()), "accepted");
        let own = Issue {
            account: world.account_ref("ada:main"),
            ..good.clone()
        };
        world.check("ada", lead, Kind::Issue(own), "rejected grant_to_self");
        assert_eq!(world.balance("ops:main"), 700);

        for (expected, act) in [
            (
                "rejected ref_malformed",
                Issue {
                    account: None,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_malformed",
                Issue {
                    amount: vec![0],
                    ..good.clone()
                },
            ),
            (
                "rejected hash_malformed",
                Issue {
                    document: vec![1],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                Issue {
                    account: form::numbered(99),
                    ..good.clone()
                },
            ),
            (
                "rejected amount_zero",
                Issue {
                    amount: vec![],
                    ..good.clone()
                },
            ),
            (
                "rejected same_account",
                Issue {
                    account: form::numbered(1),
                    ..good.clone()
                },
            ),
            (
                "rejected overflow",
                Issue {
                    amount: vec![0xff; 16],
                    ..good.clone()
                },
            ),
        ] {
            world.check("ada", lead, Kind::Issue(act), expected);
        }
        world.check(
            "ben",
            Some("dev#lead"),
            Kind::Issue(good),
            "rejected no_grant",
        );
    }
}
