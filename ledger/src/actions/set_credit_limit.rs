//! `set_credit_limit`: how far below zero an account may go. Whoever owes has spent what nobody else had: credit is value
//! of the asset like what is issued, and the unit that defined the asset gives it.

use polity_proto::v1::{Account, Asset, Capability, ObjectKind, OwnerKind, SetCreditLimit};

use super::{Act, ownership, posting};
use crate::context::Context;
use crate::judge::Need;
use crate::{Amount, Rejection, form};

impl Act for SetCreditLimit {
    fn check(&self) -> Result<(), Rejection> {
        form::reference(&self.account)?;
        form::amount(&self.limit)
    }

    fn needs(&self, context: &Context<'_, '_>) -> Result<Vec<Need>, Rejection> {
        let account: Account = context.find(&self.account)?;
        let asset: Asset = context.get(account.asset)?;
        Ok(vec![Need {
            object: Some((ObjectKind::Asset, asset.number)),
            ..Need::of(Capability::SetCredit, ownership::issuer(context, &asset))
        }])
    }

    fn apply(&self, context: &mut Context<'_, '_>) -> Result<(), Rejection> {
        let mut account: Account = context.find(&self.account)?;
        if is_of_who_gives(context, &account) {
            return Err(Rejection::GrantToSelf);
        }
        if account.unlimited {
            return Err(Rejection::AccountUnlimited);
        }
        if account.closed_at != 0 {
            return Err(Rejection::AccountClosed);
        }
        let limit = Amount::from_bytes(&self.limit)?;
        let of = |counter: &[u8]| Amount::from_state(counter);
        let owed = of(&account.debits_posted).plus(of(&account.debits_pending))?;
        if of(&account.credits_posted).plus(limit)? < owed {
            return Err(Rejection::CreditTooLow);
        }
        let history = ownership::history(context, &account)?;

        account.credit_limit = self.limit.clone();
        context.put(&account);
        context.event(ObjectKind::Account, account.number, &[history]);
        Ok(())
    }
}

/// Whether the account is theirs who give: nobody lends to themselves, or issues into their own pocket.
pub(super) fn is_of_who_gives(context: &Context<'_, '_>, account: &Account) -> bool {
    let owner = posting::owner(account);
    owner.kind() == OwnerKind::Member && context.gives_themselves(owner.number)
}

#[cfg(test)]
mod tests {
    use polity_proto::v1::{GiveGrant, ScopeKind, ScopeRef, action::Kind};

    use super::*;
    use crate::world::{World, euros};

    const LEAD: Option<&str> = Some("acme#lead");

    fn set(world: &World, path: &str, limit: u128) -> Kind {
        Kind::SetCreditLimit(SetCreditLimit {
            account: world.account_ref(path),
            limit: euros(limit),
        })
    }

    #[test]
    fn an_account_goes_below_zero_as_far_as_its_limit() {
        let mut world = World::with_treasury();
        let grant = set(&world, "acme:reserve", 100);
        world.ada(grant);
        let pay = |world: &World, amount| world.payment("acme:reserve", "ops:main", amount);
        let (too_much, enough) = (pay(&world, 101), pay(&world, 60));
        world.check("ada", LEAD, too_much, "rejected insufficient_funds");
        world.ada(enough);
        let hold = Kind::PlaceHold(world.hold("acme:reserve", "ops:main", 30));
        world.ada(hold);
        let (below, exact) = (
            set(&world, "acme:reserve", 89),
            set(&world, "acme:reserve", 90),
        );
        world.check("ada", LEAD, below, "rejected credit_too_low");
        world.ada(exact);
        let one_more = pay(&world, 1);
        world.check("ada", LEAD, one_more, "rejected insufficient_funds");
    }

    #[test]
    fn the_unit_of_the_asset_gives_credit_in_it_whoever_owns_the_account() {
        let mut world = World::with_treasury();
        let grant = Kind::GiveGrant(world.grant("dev#engineer", Capability::SetCredit, "dev"));
        world.check("ben", Some("dev#lead"), grant, "accepted");
        let over_one = GiveGrant {
            scope: Some(ScopeRef {
                kind: ScopeKind::Object as i32,
                unit: None,
                object_kind: ObjectKind::Account as i32,
                object: world.account_ref("dev:main"),
            }),
            ..world.grant("dev#engineer", Capability::SetCredit, "dev")
        };
        let over_one = Kind::GiveGrant(over_one);
        world.check("ben", Some("dev#lead"), over_one, "accepted");
        for account in ["dev:main", "finn:main"] {
            let credit = set(&world, account, 100);
            let engineer = Some("dev#engineer");
            world.check("gia", engineer, credit.clone(), "rejected no_grant");
            world.ada(credit);
        }
    }

    #[test]
    fn nobody_lends_to_themselves() {
        let mut world = World::with_treasury();
        let lent = set(&world, "finn:main", 100);
        let mut own = world.account("finn:main");
        let owner = own.owner.as_mut().expect("an account has an owner");
        owner.number = world.member("ada").number;
        world.put_for_test(&own);
        world.check("ada", LEAD, lent, "rejected grant_to_self");
    }

    #[test]
    fn each_refusal_has_its_name() {
        let mut world = World::with_treasury();
        let good = SetCreditLimit {
            account: world.account_ref("acme:main"),
            limit: euros(1),
        };
        let overflow = SetCreditLimit {
            limit: vec![0xff; 16],
            ..good.clone()
        };
        let bank = SetCreditLimit {
            account: world.account_ref("bank:main"),
            ..good.clone()
        };
        for (expected, act) in [
            (
                "rejected ref_malformed",
                SetCreditLimit {
                    account: None,
                    ..good.clone()
                },
            ),
            (
                "rejected amount_malformed",
                SetCreditLimit {
                    limit: vec![0],
                    ..good.clone()
                },
            ),
            (
                "rejected object_unknown",
                SetCreditLimit {
                    account: form::numbered(99),
                    ..good.clone()
                },
            ),
            ("rejected account_unlimited", bank),
            ("rejected overflow", overflow),
        ] {
            world.check("ada", LEAD, Kind::SetCreditLimit(act), expected);
        }
        world.check(
            "ben",
            Some("dev#lead"),
            Kind::SetCreditLimit(good),
            "rejected no_grant",
        );
        let mut closed = world.account("acme:reserve");
        closed.closed_at = 1;
        world.put_for_test(&closed);
        let act = set(&world, "acme:reserve", 1);
        world.check("ada", LEAD, act, "rejected account_closed");
    }
}
